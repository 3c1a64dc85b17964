"""The public edition: nothing that tells what a single enterprise's headcount is.

What is withheld, by which rule and why: docs/method.md, "What is withheld".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.ranking import shortfalls
from parkgap.disclosure import is_disclosive
from parkgap.edition_frames import SHARES, frame_of, published, to_multiples, with_frames
from parkgap.edition_ranks import without_ranks
from parkgap.edition_scores import coarse_scores
from parkgap.edition_sums import safe_sums
from parkgap.edition_words import said_of, word_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from parkgap.details import Detail
    from parkgap.frames import Schema
    from parkgap.results import Results

Bools = npt.NDArray[np.bool_]

#: What a headcount or an order says that the edition withholds.
WITHHELD = "withheld"
_COUNT = re.compile(r"/(\d+)")
_ROUNDED, _PEOPLE = frozenset({"workers", "part", "sum"}), ("persons", "beds")


@dataclass(frozen=True)
class Firms:
    """Parks by what their figures would tell of enterprises.

    Attributes
    ----------
    listed
        Parks of which enterprises are listed: what is said of a part of their workers may be one
        enterprise's.
    sole
        Of those, the parks whose whole headcount tells one's.
    share
        p of the p % rule, as a share.
    """

    listed: frozenset[str]
    sole: frozenset[str]
    share: float

    @classmethod
    def of(cls, parks: pd.DataFrame, enterprises: pd.DataFrame, share: float) -> Firms:
        """Part the parks.

        Parameters
        ----------
        parks, enterprises
            Frames of these schemas.
        share
            p of the p % rule, as a share.
        """
        total = parks.set_index("park_id")["workers"].astype("float64")
        own = {
            str(park): group.to_numpy(dtype=float)
            for park, group in enterprises.groupby("park_id")["workers"]
            if park in total.index
        }
        sole = {p for p, parts in own.items() if is_disclosive(float(total[p]), parts, share)}
        return cls(frozenset(own), frozenset(sole), share)

    @property
    def most_needed(self) -> float:
        """The largest count that grows with a headcount and bounds it no closer than p % a side.

        A count of k is asked for by headcounts that differ by up to one k-th of the largest.
        """
        return 1.0 / (2.0 * self.share)


def without_firms(results: Results, firms: Firms) -> Results:
    """Withhold what tells one enterprise's headcount, and round the rest.

    Parameters
    ----------
    results
        Of which few workers are withheld already.
    firms
        The parks.
    """
    few, before = results.study.privacy.min_workers, results
    basis = word_of(results.study.language, "withheld")
    changed = {
        path: _by_park(path, schema, frame, firms, basis)
        for path, schema, frame in published(results)
    }
    changed |= _of_places(results, firms)
    results = with_frames(results, {p: f for p, f in changed.items() if f is not None})
    results = safe_sums(before, results, firms.share)
    results, tight = coarse_scores(before, results, firms.share, firms.sole)
    results = without_ranks(results, firms.sole | tight)
    results = _ordered(results)
    results = with_frames(
        results, {p: _rounded(s, f, few) for p, s, f in published(results) if p != "whatif"}
    )
    detail = results.detail
    if detail is not None:
        results = replace(
            results, detail=lambda park, item: _crowds(detail(park, item), park, firms)
        )
    return _said(before, results, firms)


def _by_park(
    path: str, schema: Schema, frame: pd.DataFrame, firms: Firms, basis: str
) -> pd.DataFrame | None:
    """Withhold what a frame says of parks, column by column; None: it says nothing of parks."""
    marked = [c for c in schema.columns if c.counts]
    if "park_id" not in frame or not marked or path == "whatif":
        return None
    listed, sole = (frame["park_id"].isin(list(p)) for p in (firms.listed, firms.sole))
    if "shared_with" in frame:  # what others come by tells of those with whom they share it
        near = frame["shared_with"].fillna("").str.split(";")
        listed |= near.map(lambda ids: any(i.strip() in firms.listed for i in ids))
    told = frame.copy()
    large = listed & _large(frame, firms)
    for column in marked:
        name, values = column.name, frame[column.name]
        if column.counts == "workers":
            told[name] = values.mask(sole)
        elif column.counts == "part":
            every = listed & ~sole & (column.unit == "persons") & _all_of(frame, values)
            told[name] = values.mask(listed & (values != 0) & ~every)
        elif column.counts == "share" and path == "assessment":
            told[name] = values.mask(listed & (values > 0) & (values < 1))
        elif column.counts == "needed":  # what is short grows with the largest test's count
            told[name] = values.mask(large & ((name == "short_by") | (values > firms.most_needed)))
    if "tests" in frame:
        told["tests"] = frame["tests"].mask(large, frame["tests"].map(_without_counts(firms)))
    if "need_basis" in frame:
        told["need_basis"] = frame["need_basis"].mask(listed, basis)
    if "headcount_basis" in frame:
        known = sole & frame["workers"].notna()
        told["headcount_basis"] = frame["headcount_basis"].mask(known, WITHHELD)
    return told


def _all_of(frame: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Where a part is everybody: it says no more than the headcount does."""
    if "workers" not in frame:
        return pd.Series(data=False, index=frame.index)
    return values == frame["workers"]


def _large(frame: pd.DataFrame, firms: Firms) -> pd.Series:
    """Rows with a count so large that it bounds the headcount behind it too closely."""
    if "needed" not in frame:
        return pd.Series(data=False, index=frame.index)
    most = frame["tests"].map(lambda said: max(map(int, _COUNT.findall(said)), default=0))
    return (most > firms.most_needed) | (frame["needed"].fillna(0.0) > firms.most_needed)


def _without_counts(firms: Firms) -> Callable[[str], str]:
    """Make what takes large counts out of the text of tests."""

    def told(text: str) -> str:
        return _COUNT.sub(lambda m: m[0] if int(m[1]) <= firms.most_needed else "/…", text)

    return told


def _of_places(results: Results, firms: Firms) -> dict[str, pd.DataFrame]:
    """Withhold what places offer to one enterprise, and what sites would gain."""
    out: dict[str, pd.DataFrame] = {}
    access = results.facilities.set_index("facility_id")["access"]
    of_stock = results.beside.stock["facility_id"].map(access).fillna("public")
    for path, owner in (
        ("beside.planned", results.beside.planned["access"]),
        ("beside.stock", of_stock),
        ("plans.lodging", results.plans.lodging["access"]),
    ):
        frame = frame_of(results, path)
        own = owner.astype(str).str.startswith("enterprise")
        own |= owner.astype(str).str.removeprefix("park:").isin(list(firms.sole))
        names = [n for n in ("seats", "beds", "beds_vacant") if n in frame]
        out[path] = frame.assign(**frame[names].mask(own))
        if path == "plans.lodging":
            closed = frame.loc[own, "stock_id"]
            checks = results.plans.lodging_checks
            gone = (checks["subject"] == "stock") & checks["subject_id"].isin(closed)
            out["plans.lodging_checks"] = checks[~gone].reset_index(drop=True)
    buses = results.beside.shuttles
    one = buses["enterprise"].fillna("") != ""
    seats = buses[["seats", "seats_day"]]
    out["beside.shuttles"] = buses.assign(**seats.mask(one))
    return out | _of_sites(results, firms)


def _of_sites(results: Results, firms: Firms) -> dict[str, pd.DataFrame]:
    """Withhold the gain of sites for parks of listed enterprises, and the curves it is part of."""
    sites, curve = results.plans.sites, results.plans.curve

    def concerned(ids: object) -> bool:
        return any(i.strip() in firms.listed for i in str(ids).split(";"))

    own = sites["park_ids"].map(concerned).astype(bool)
    a = results.assessment
    short = a.loc[(a["status"] == "short") & a["park_id"].isin(list(firms.listed)), "item"]
    items = {*short, *sites.loc[own, "item"]}
    gains = sites[["workers_gained", "score_gain"]]
    served = curve[["workers_served", "workers_per_yuan"]]
    return {
        "plans.sites": sites.assign(**gains.mask(own | sites["item"].isin(list(items)))),
        "plans.curve": curve.assign(**served.mask(curve["item"].isin(list(items)))),
    }


def _ordered(results: Results) -> Results:
    """Bring the lists into an order that follows from what is told alone."""
    a = results.assessment
    # What is withheld of a gap stands where the worst would.
    worst = {n: a[n].fillna(0.0) for n in SHARES[:2]}
    shortfall = shortfalls(a.assign(**worst), results.parks)
    changed = {"shortfall": shortfall}
    checks = results.firm.to_check
    if len(checks):
        last = checks["gain"].isna().to_numpy()
        key = (
            *(checks[n].to_numpy(dtype=str) for n in ("shift", "item", "park_id")),
            -np.where(last, checks["weight"], 0.0),
            np.where(last, 0, checks["order"]),
            last,
        )
        checks = checks.iloc[np.lexsort(key)].reset_index(drop=True)
        changed["firm.to_check"] = checks.assign(order=np.arange(1, len(checks) + 1))
    return with_frames(results, changed)


def _rounded(schema: Schema, frame: pd.DataFrame, few: int) -> pd.DataFrame:
    """Round every number of workers to multiples of `few`: one worker more or less is not told."""
    names = [c.name for c in schema.columns if c.counts in _ROUNDED and c.unit in _PEOPLE]
    return frame.assign(**{n: to_multiples(frame[n], few) for n in names}) if names else frame


def _crowds(detail: Detail, park: str, firms: Firms) -> Detail:
    """Withhold the numbers of workers behind one judgement."""
    if park not in firms.listed:
        return detail
    crowds = detail.crowds
    part = (crowds["served"] > 0) & (crowds["served"] < crowds["workers"])
    told = crowds.assign(served=crowds["served"].mask(part | (park in firms.sole)))
    names = ["workers", "needed"] if park in firms.sole else []
    return replace(detail, crowds=told.assign(**{n: told[n].mask(told[n] != 0) for n in names}))


def _said(before: Results, after: Results, firms: Firms) -> Results:
    """Say in the warnings, which every page and list shows, that and what is withheld."""
    privacy = before.study.privacy
    said = [said_of("rounded", n=privacy.min_workers)]
    if firms.sole:
        said.append(said_of("sole", n=len(firms.sole), p=f"{privacy.p_percent:g}"))
    if firms.listed:
        said.append(said_of("listed", n=len(firms.listed)))
    counts = {**before.counts, "parks_withheld": len(firms.sole)}
    return replace(after, warnings=(*said, *after.warnings), counts=counts)
