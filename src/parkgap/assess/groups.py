"""What the judgement stands on: groups of workers, what they reach, and what may be believed.

A *group* is the workers of one park who share an origin and a shift; the workers of one park and
shift, wherever they start from, are a *crew* here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.crews import COLUMNS, NO_PATTERN
from parkgap.details import ALL
from parkgap.openness import WINDOWS, Openness

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

SLACK = 1e-6  # metres or minutes: a facility at the limit is within it, whatever the last bit says
REASONS = (
    *("no_street", "island", "edge", "needs_list", "no_lines", "thin_data", "gate"),
    *("estimated_homes", "hours", "unplaced"),
)
ESTIMATED = "estimated"  # of home origins: what they are based on
WORK, HOME, PROXY = "work", "home", "proxy"  # ends; a workplace that stands for unknown homes, too
# Nobody goes home in the break, or walks from work on a day of rest.  Who is at home after work is
# so until the next shift, whenever that person sleeps.
_NEVER = {WORK: ("rest",), HOME: ("break",), PROXY: ()}
_AFTER, _BETWEEN = WINDOWS.index("after"), WINDOWS.index("between")
_ENDLESS = 1e9  # minutes of a walk that does not end


def nothing_beside() -> pd.DataFrame:
    """Make the empty table of facilities that the mapped network does not reach."""
    columns = {"origin": np.empty(0, np.int64), "facility": np.empty(0, np.int64)}
    return pd.DataFrame(columns | {"metres": np.empty(0)})


def no_shifts() -> pd.DataFrame:
    """Make the empty table of crews' times: `COLUMNS` of :mod:`parkgap.crews`."""
    kinds = dict(zip(COLUMNS, (object, object, object, float, np.int64), strict=True))
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


@dataclass(frozen=True)
class Times:
    """When places serve whom.

    Attributes
    ----------
    visits
        Of each item that depends on hours: in which free times it is used (numbers of
        :data:`parkgap.openness.WINDOWS`), and the minutes of a visit without the walk.  Items
        that are not here never close.
    openness
        When places are open, by the patterns of shifts; None: no shift has times.
    """

    visits: dict[str, tuple[tuple[int, ...], float]] = field(default_factory=dict)
    openness: Openness | None = None

    def bears_on(self, item: str) -> bool:
        """Whether hours bear on an item."""
        return self.openness is not None and item in self.visits

    def serving(
        self,
        item: str,
        pattern: int,
        end: str,
        place: Ints,
        minutes: Floats,
        *,
        maybe: bool = False,
    ) -> Bools:
        """Tell which walks lead to a place that is open when the shift is free, shape (walks,).

        With `maybe`, also those to places of unknown hours from which the walk leaves time for
        a visit, were they open, and those whose minutes are not known (up a hill, farther than
        was searched).
        """
        if self.openness is None or pattern == NO_PATTERN or item not in self.visits:
            return np.ones(len(place), dtype=bool)
        windows, stay = self.visit(item, end)
        walk = np.where(np.isfinite(minutes), minutes, _ENDLESS)
        o, enough = self.openness, stay - SLACK
        good = ~np.isfinite(minutes) if maybe and windows else np.zeros(len(place), dtype=bool)
        for window in windows:  # one alone is seldom enough to know, but leaves fewer to ask of
            own = [window]
            known = o.known[:, pattern, window]
            told = known | o.assumed[:, pattern, window]
            left = np.flatnonzero(~good & told[place])
            good[left] = o.time_there(place[left], pattern, walk[left], own)[:, 0] >= enough
            if maybe:
                left = np.flatnonzero(~good & ~known[place])
                good[left] = o.could_stay(pattern, walk[left], own)[:, 0] >= enough
        return good

    def farthest(self, item: str, pattern: Ints, end: str) -> Floats:
        """Farthest walk (minutes) from which a place that never closes could serve, by pattern."""
        if self.openness is None or item not in self.visits or not len(self.openness.length):
            return np.full(len(pattern), np.inf)
        windows, stay = self.visit(item, end)
        # One way or both come off the free time: what stays with no walk, less with a minute of it.
        still, minute = (
            np.array([self.openness.could_stay(p, np.array([w]))[0] for p in range(self.patterns)])
            for w in (0.0, 1.0)
        )
        with np.errstate(invalid="ignore"):  # a shift without that free time
            far = np.where(np.isfinite(still), (still - stay) / (still - minute), -np.inf)
        spare = far[:, windows].max(axis=1, initial=-np.inf)[np.maximum(pattern, 0)]
        return np.where(pattern == NO_PATTERN, np.inf, spare)

    @property
    def patterns(self) -> int:
        """Number of patterns."""
        return 0 if self.openness is None else len(self.openness.length)

    def visit(self, item: str, end: str) -> tuple[list[int], float]:
        """Free times in which an item is used at an end of the day, and the length of a visit."""
        windows, stay = self.visits[item]
        own = [w for w in windows if WINDOWS[w] not in _NEVER[end]]
        return [*own, *([_BETWEEN] if end != WORK and _AFTER in own else [])], stay

    def of(self, pattern: Ints, place: Ints) -> tuple[object, ...]:
        """Everything that is said of some patterns and places, whatever they are numbered."""
        if self.openness is None:
            return ()
        own, o = pattern[pattern != NO_PATTERN], self.openness
        arrays = (o.known, o.assumed, o.opens, o.closes)
        return (o.length[own], *(a[place[:, None], own] for a in arrays))


@dataclass(frozen=True)
class Known:
    """What lies near each park, and how well its surroundings are mapped.

    Attributes
    ----------
    mapping, nearby, kinds
        Frames of ``COMPLETENESS`` (against the study's own parks and the standard), of ``NEARBY``,
        and of ``CERTAINTY``, by category.
    """

    mapping: pd.DataFrame
    nearby: pd.DataFrame
    kinds: pd.DataFrame


@dataclass(frozen=True)
class Ground:
    """What the judgement stands on, besides the standard.

    Attributes
    ----------
    parks, origins, facilities
        Frames of the schemas of these names.
    reach
        ``origin, target, metres, minutes, metres_worst, minutes_worst``, sorted by origin; a
        target below ``len(facilities)`` is a facility, above it a candidate site.
    member
        Whether a facility counts for an item, shape (facilities, items of the standard).
    park_of
        Row of the park that each facility stands in, -1 for none.
    edge_m
        Metres from each origin to the edge of the data.
    completeness
        Frame of :data:`parkgap.frames.COMPLETENESS`.
    residents
        Workers with a known residence, by park id.
    beside
        ``origin, facility, metres`` (straight) of facilities that the mapped network does not
        reach (on an island of streets, or off every street), for what may only be a gap in the map.
    hidden
        Workplaces of too few workers for an exact walk from there to be told, shape (origins,)
        (:func:`parkgap.assess.nearest.few_at`).
    proven
        Whether a complete official list makes absence real, shape (parks, items); None: nowhere.
    region_has
        Items that stand and fall with the region (a railway) and can exist here.
    stretch
        How many times as far as on level ground a walk of some minutes can lead.
    shifts
        Who works which shift, as of :func:`parkgap.crews.crews_of`; parks that are not in it have
        one crew, whose times nobody gave.
    times
        When places serve, by the patterns of `shifts`.
    unplaced
        Items of which a park has a place that nobody located, shape (parks, items); None: none.
    thin
        Whether the data around an origin is too thin to say that an item is missing, shape
        (origins, items); None: as `completeness` says, whatever the item.
    known
        What `completeness` and `thin` were made from; nothing is judged by it.
    """

    parks: pd.DataFrame
    origins: pd.DataFrame
    facilities: pd.DataFrame
    reach: pd.DataFrame
    member: Bools
    park_of: Ints
    edge_m: Floats
    completeness: pd.DataFrame
    residents: pd.Series
    hidden: Bools
    beside: pd.DataFrame = field(default_factory=nothing_beside)
    region_has: frozenset[str] = frozenset()
    stretch: float = 1.0
    proven: Bools | None = None
    shifts: pd.DataFrame = field(default_factory=no_shifts)
    times: Times = field(default_factory=Times)
    thin: Bools | None = None
    unplaced: Bools | None = None
    known: Known | None = None

    @cached_property
    def origin_park(self) -> Ints:
        """Row of each origin's park."""
        row = pd.Series(np.arange(len(self.parks)), index=self.parks["park_id"])
        return row.reindex(self.origins["park_id"]).to_numpy(dtype=np.int64)

    @cached_property
    def groups(self) -> Groups:
        """Workers by origin and shift."""
        return make_groups(self)


@dataclass(frozen=True)
class Groups:
    """Crews, in the order of parks; and groups, sorted by crew, then by origin.

    Attributes
    ----------
    park, name, part, pattern
        Of each crew: row of its park, its shift, its share of the park's workers (they sum to 1
        for a park), and its times; shape (crews,).
    origin, crew, share
        Of each group: row of the origin, its crew, and the origin's share (of the workers of its
        kind, work or home); shape (groups,).
    """

    park: Ints
    name: Objects
    part: Floats
    pattern: Ints
    origin: Ints
    crew: Ints
    share: Floats

    @cached_property
    def first_crew(self) -> Ints:
        """First crew of each park, and the end; shape (parks + 1,)."""
        size = int(self.park[-1]) + 1 if len(self.park) else 0
        return np.searchsorted(self.park, np.arange(size + 1))

    @cached_property
    def first(self) -> Ints:
        """First group of each crew, and the end; shape (crews + 1,)."""
        return np.searchsorted(self.crew, np.arange(len(self.park) + 1))

    def crews_of(self, park: int) -> range:
        """Crews of a park."""
        return range(*self.first_crew[park : park + 2].tolist())

    def of_park(self, park: int) -> Ints:
        """Groups of a park."""
        low, high = self.first_crew[park], self.first_crew[park + 1]
        return np.arange(self.first[low], self.first[high])

    def of_crew(self, crew: int) -> Ints:
        """Groups of a crew."""
        return np.arange(self.first[crew], self.first[crew + 1])

    def to_parks(self, by_crew: Floats) -> Floats:
        """Worker-weighted means over the crews of each park, shape (parks,)."""
        out = np.bincount(self.park, by_crew * self.part, minlength=len(self.first_crew) - 1)
        return np.asarray(out, dtype=float)


def make_groups(g: Ground) -> Groups:
    """Part the workers of every origin by shift.

    Who works at an enterprise with shifts of its own works these, everybody else the park's.
    Where a worker lives is taken not to depend on the shift.
    """
    rows = _shift_rows(g)
    whole = rows.groupby(["park", "firm"])["share"].transform("sum")
    within = (rows["share"] / whole).to_numpy(dtype=float)
    crews = rows.drop_duplicates(["park", "shift"]).reset_index(drop=True)
    park = crews["park"].to_numpy(dtype=np.int64)
    place = pd.MultiIndex.from_frame(crews[["park", "shift"]])
    crew = place.get_indexer(pd.MultiIndex.from_frame(rows[["park", "shift"]]))
    origins = _whose(g, rows)
    at_work = origins[origins["work"]].merge(
        rows[["park", "firm"]].assign(crew=crew, within=within), on=["park", "firm"]
    )
    mixed = np.isin(park, rows.loc[rows["firm"] != "", "park"])
    part = np.empty(len(crews))
    part[crew] = within  # of a park without firms' shifts each crew is one row
    part[mixed] = _parts(at_work, park)[mixed]
    at_home = origins[~origins["work"]].merge(
        pd.DataFrame({"park": park, "crew": np.arange(len(park)), "within": part}), on="park"
    )
    pairs = pd.concat([at_work, at_home], ignore_index=True)
    own = part[pairs["crew"].to_numpy()]
    some = own > 0
    ratio = np.ones(len(own))
    ratio[some] = pairs["within"].to_numpy()[some] / own[some]
    kept = (part > 0) | ~mixed
    pairs = pairs.assign(share=pairs["share"] * ratio)[kept[pairs["crew"].to_numpy()] & (ratio > 0)]
    order = np.lexsort((pairs["origin"], pairs["crew"]))
    return Groups(
        park=park[kept],
        name=crews["shift"].to_numpy(dtype=object)[kept],
        part=part[kept],
        pattern=crews["pattern"].to_numpy(dtype=np.int64)[kept],
        origin=pairs["origin"].to_numpy(dtype=np.int64)[order],
        crew=(np.cumsum(kept) - 1)[pairs["crew"].to_numpy()[order]],
        share=pairs["share"].to_numpy(dtype=float)[order],
    )


def _parts(at_work: pd.DataFrame, park: Ints) -> Floats:
    """Share of each crew in the workers of its park, shape (crews,)."""
    weight = at_work["share"].to_numpy() * at_work["within"].to_numpy()
    people = np.bincount(at_work["crew"].to_numpy(), weight, minlength=len(park))
    return np.asarray(people / np.bincount(park, people)[park], dtype=float)


def _shift_rows(g: Ground) -> pd.DataFrame:
    """Shifts by rows of parks, in their order: ``park, firm, shift, share, pattern``.

    A park of which nobody gave any has one without times.
    """
    number = pd.Series(np.arange(len(g.parks)), index=g.parks["park_id"])
    given = g.shifts[g.shifts["park_id"].isin(number.index)]
    rows = pd.DataFrame(
        {
            "park": number.reindex(given["park_id"]).to_numpy(dtype=np.int64),
            "firm": given["enterprise_id"].fillna("").to_numpy(dtype=object),
            "shift": given["shift"].to_numpy(dtype=object),
            "share": given["share"].to_numpy(dtype=float),
            "pattern": given["pattern"].to_numpy(dtype=np.int64),
        }
    )
    bare = np.setdiff1d(np.arange(len(g.parks)), rows["park"])
    blank = {"park": bare, "firm": "", "shift": ALL, "share": 1.0, "pattern": NO_PATTERN}
    both = pd.concat([rows, pd.DataFrame(blank)], ignore_index=True)
    return both.sort_values("park", kind="stable", ignore_index=True)


def _whose(g: Ground, rows: pd.DataFrame) -> pd.DataFrame:
    """Origins with whose shifts their workers work: ``origin, park, firm, share, work``."""
    firm = g.origins["enterprise_id"].fillna("").to_numpy(dtype=object)
    own = pd.MultiIndex.from_arrays([g.origin_park, firm])
    known = own.isin(pd.MultiIndex.from_frame(rows[["park", "firm"]]))
    return pd.DataFrame(
        {
            "origin": np.arange(len(g.origins)),
            "park": g.origin_park,
            "firm": np.where(known, firm, ""),
            "share": g.origins["share"].to_numpy(dtype=float),
            "work": (g.origins["kind"] == "work").to_numpy(dtype=bool),
        }
    )


def by_park(park: Ints, use: Bools, size: int) -> list[Ints]:
    """Rows of the origins in use, park by park."""
    rows = np.flatnonzero(use)
    order = rows[np.argsort(park[rows], kind="stable")]
    cuts = np.searchsorted(park[order], np.arange(size + 1))
    return [order[cuts[p] : cuts[p + 1]] for p in range(size)]
