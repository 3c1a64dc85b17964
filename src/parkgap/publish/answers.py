"""The answers of the report's first page, as plain figures: from published frames alone.

Which parks, how many beds, how much of what, where, for how many workers, how sure.  A sum is
empty where one of its figures is: what is withheld or unknown is never taken for 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parkgap.publish.cells import clean
from parkgap.publish.words import Row, number, string

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from parkgap.results import Results

WORST = 3
CENTRE = "neighbourhood_centre"  # several items in one; no item of a standard
LEVELS = ("district", "zone", "subdistrict")


@dataclass(frozen=True)
class Site:
    """A recommended site.

    Attributes
    ----------
    label
        How text and maps of this report call it: S1, S2, ...
    item
        What it is for.
    lon, lat, radius_m
        Middle of the area to look in (WGS-84), and its radius; 0: a listed plot.
    park_ids
        Parks that gain.
    inside
        Whether it is on the park's own streets, for its people alone.
    workers, score
        What is gained with it, those before it built.
    """

    label: str
    item: str
    lon: float
    lat: float
    radius_m: float
    park_ids: tuple[str, ...]
    inside: bool
    workers: float | None
    score: float | None


@dataclass(frozen=True)
class Gap:
    """An item that is confirmed short somewhere.

    Attributes
    ----------
    item, unit
        The item, and what is counted.
    parks_short, parks_unverified
        Parks that are confirmed short, and others to verify.
    additions
        Fewest additions for the whole study, as far as the lists tell (:attr:`Answers.summed`).
    unserved
        Workers of short parks who are not served; None: unknown or withheld.
    """

    item: str
    unit: str
    parks_short: int
    parks_unverified: int
    additions: float | None
    unserved: float | None


@dataclass(frozen=True)
class Beds:
    """Beds short; None where nobody knows.

    Attributes
    ----------
    short, short_after
        In all parks of which it is known: now, and once those that are coming are ready.
    worst
        In the worst parks.
    need
        Workers who need lodging: low, middle, high.
    parks_unknown
        Parks of which it is not known.
    parks_doubtful
        Parks within reach of housing of which nobody knows the vacant beds.
    at_most
        Some list of housing is not declared complete: short of so many at most.
    """

    short: float | None
    short_after: float | None
    worst: float | None
    need: tuple[float | None, float | None, float | None]
    parks_unknown: int
    parks_doubtful: int
    at_most: bool


@dataclass(frozen=True)
class Sure:
    """How sure all this is.

    Attributes
    ----------
    judged, unverified
        Pairs of park and item that were judged, and those of them that the data cannot tell.
    parks, ranked, to_verify, unknown
        Parks: all, ranked, not ranked for too much is to be verified, of unknown headcount.
    """

    judged: int
    unverified: int
    parks: int
    ranked: int
    to_verify: int
    unknown: int


@dataclass(frozen=True)
class Answers:
    """The first page in figures.

    Attributes
    ----------
    worst
        Rows of the ranking of the first ranks.
    gaps
        Items confirmed short, the heaviest first.
    summed
        What `additions` are of: ``one`` area that holds all parks (then they are the fewest),
        several ``areas``, or ``parks`` one by one (then fewer may do).
    level
        Level of these areas.
    beds
        None where no bed was reckoned.
    sites, no_site
        Sites to build at; and rows of the sites' frame that say why there is none.
    sure
        How sure it is.
    """

    worst: Sequence[Row]
    gaps: Sequence[Gap]
    summed: str
    level: str
    beds: Beds | None
    sites: Sequence[Site]
    no_site: Sequence[Row]
    sure: Sure


def answers(results: Results) -> Answers:
    """Answer from the results' published frames."""
    ranked = results.ranking[results.ranking["rank"].notna()]
    ranked = ranked.sort_values(["rank", "park_id"], kind="stable").head(WORST)
    summed, level = _summed(results.ranking)
    gaps = _gaps(results, summed, level)
    placed, reasons = _sites(results.plans.sites, [g.item for g in gaps])
    return Answers(
        worst=ranked.to_dict("records"),
        gaps=gaps,
        summed=summed,
        level=level,
        beds=_beds(results.plans.housing, ranked["park_id"].tolist()),
        sites=placed,
        no_site=reasons,
        sure=_sure(results),
    )


def total(figures: Iterable[object]) -> float | None:
    """Sum figures; None where one of them is unknown or withheld, or there is none."""
    known = [number(v) for v in figures]
    told = [v for v in known if v is not None]
    return sum(told) if told and len(told) == len(known) else None


def known_total(figures: Iterable[object]) -> float | None:
    """Sum those that are known; None where none is."""
    told = [v for v in map(number, figures) if v is not None]
    return sum(told) if told else None


# --- what is short -------------------------------------------------------------------------------


def _summed(ranking: pd.DataFrame) -> tuple[str, str]:
    """Choose by what areas additions are summed: one that holds all parks is best."""
    whole = {level: ranking[level].map(string) for level in LEVELS}
    whole = {level: names for level, names in whole.items() if len(names) and (names != "").all()}
    for level, names in whole.items():
        if (names == names.iloc[0]).all():
            return "one", level
    return ("areas", next(iter(whole))) if whole else ("parks", "")


def _gaps(results: Results, summed: str, level: str) -> list[Gap]:
    rows = results.shortfall.sort_values("priority", kind="stable")
    levels = {i.id: str(i.level) for c in results.standard.categories for i in c.items}
    rows = rows[rows["item"].map(lambda i: levels.get(i) != "shown")]
    short = rows[rows["status"] == "short"]
    open_ = rows[rows["status"] == "unverified"]
    gaps = []
    for item, own in short.groupby("item", sort=False):
        parks = set(own["park_id"])
        doubtful = set(open_.loc[open_["item"] == item, "park_id"]) - parks
        gaps.append(
            Gap(
                item=str(item),
                unit=string(own["unit"].iloc[0]),
                parks_short=len(parks),
                parks_unverified=len(doubtful),
                additions=_additions(results.rollup, own, summed, level),
                unserved=total(own["workers_unserved"]),
            )
        )
    return gaps


def _additions(rollup: pd.DataFrame, own: pd.DataFrame, summed: str, level: str) -> float | None:
    """Sum the fewest additions of all areas, or of all parks where no area holds them all.

    Shifts of one park share what is added, so that the most that one of them lacks counts.
    """
    if summed == "parks":
        return total(own.groupby("park_id")["short_by"].max())
    there = rollup[(rollup["level"] == level) & (rollup["item"] == own["item"].iloc[0])]
    return total(there.loc[there["parks_short"] > 0, "short_by"])


def _beds(housing: pd.DataFrame, worst: Sequence[object]) -> Beds | None:
    if housing.empty:
        return None
    three = housing[housing["park_id"].isin(list(worst))]
    return Beds(
        short=known_total(housing["beds_short"]),
        short_after=known_total(housing["beds_short_after_pipeline"]),
        worst=known_total(three["beds_short"]),
        need=(
            known_total(housing["lodging_need_low"]),
            known_total(housing["lodging_need"]),
            known_total(housing["lodging_need_high"]),
        ),
        parks_unknown=int(housing["beds_short"].isna().sum()),
        parks_doubtful=int((housing["beds_unknown"] > 0).sum()),
        at_most=bool(housing["housing_basis"].isin(("own", "listed")).any()),
    )


def _sites(frame: pd.DataFrame, items: Sequence[str]) -> tuple[list[Site], list[Row]]:
    """Number the sites: combined ones, then the heaviest items, each in the order to build."""
    place = {item: n for n, item in enumerate([CENTRE, *items])}
    found = frame.assign(place=frame["item"].map(lambda i: place.get(str(i), len(place))))
    found = found.sort_values(["place", "item", "order", "site_id"], kind="stable")
    placed = found["order"].notna() & found["lon"].notna() & found["lat"].notna()
    sites = [
        Site(
            label=f"S{n}",
            item=str(row["item"]),
            lon=float(row["lon"]),
            lat=float(row["lat"]),
            radius_m=number(row["search_radius_m"]) or 0.0,
            park_ids=tuple(p for p in map(clean, string(row["park_ids"]).split(";")) if p),
            inside=string(row["place"]) == "inside",
            workers=number(row["workers_gained"]),
            score=number(row["score_gain"]),
        )
        for n, row in enumerate(found[placed].to_dict("records"), start=1)
    ]
    reasons: list[Row] = [*found[~placed].to_dict("records")]
    return sites, reasons


def _sure(results: Results) -> Sure:
    judged = results.assessment
    judged = judged[(judged["status"] != "not_applicable") & (judged["level"] != "shown")]
    short = judged["status"].eq("short").groupby([judged["park_id"], judged["item"]]).any()
    doubt = judged["status"].eq("unverified").groupby([judged["park_id"], judged["item"]]).any()
    ranking = results.ranking
    return Sure(
        judged=len(short),
        unverified=int((doubt & ~short).sum()),
        parks=len(ranking),
        ranked=int(ranking["rank"].notna().sum()),
        to_verify=int((ranking["tier"] == "unverified").sum()),
        unknown=int((ranking["tier"] == "unknown_headcount").sum()),
    )
