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
NO_PATTERN = -1  # of a crew whose times nobody gave: every hour counts
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
    """Make the empty table of crews' times: ``park_id, shift, share, pattern``."""
    kinds = {"park_id": str, "shift": str, "share": float, "pattern": np.int64}
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
        o = self.openness
        known = o.known[:, pattern, windows]
        told = (known | o.assumed[:, pattern, windows])[place]
        good = told & (o.time_there(place, pattern, walk, windows) >= stay - SLACK)
        if maybe:
            enough = o.could_stay(pattern, walk, windows) >= stay - SLACK
            good |= (~known[place] & enough) | ~np.isfinite(minutes)[:, None]
        return np.asarray(good.any(axis=1), dtype=bool)

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
        visits = [(item, list(windows), stay) for item, (windows, stay) in self.visits.items()]
        arrays = (o.known, o.assumed, o.opens, o.closes)
        return (sorted(visits), o.length[own], *(a[place][:, own] for a in arrays))


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
        ``park_id, shift, share, pattern`` of the crews, in their order; parks that are not in it
        have one crew, whose times nobody gave.
    times
        When places serve, by the patterns of `shifts`.
    unplaced
        Items of which a park has a place that nobody located, shape (parks, items); None: none.
    thin
        Whether the data around an origin is too thin to say that an item is missing, shape
        (origins, items); None: as `completeness` says, whatever the item.
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
    """Part the workers of every origin by shift."""
    rows = pd.Series(np.arange(len(g.parks)), index=g.parks["park_id"])
    shifts = g.shifts[g.shifts["park_id"].isin(rows.index)]
    given = rows.reindex(shifts["park_id"]).to_numpy(dtype=np.int64)
    plain = np.setdiff1d(np.arange(len(g.parks)), given)
    park = np.concatenate([given, plain])
    order = np.argsort(park, kind="stable")
    name = np.concatenate(
        [shifts["shift"].to_numpy(dtype=object), np.full(len(plain), ALL, dtype=object)]
    )
    part = np.concatenate([shifts["share"].to_numpy(dtype=float), np.ones(len(plain))])
    pattern = np.concatenate(
        [shifts["pattern"].to_numpy(dtype=np.int64), np.full(len(plain), NO_PATTERN)]
    )
    park, name, part, pattern = park[order], name[order], part[order], pattern[order]
    part = part / np.bincount(park, part, minlength=len(g.parks))[park]
    count = np.bincount(park, minlength=len(g.parks))
    own = count[g.origin_park]
    origin = np.repeat(np.arange(len(own)), own)
    first = np.cumsum(count) - count
    step = np.arange(len(origin)) - np.repeat(np.cumsum(own) - own, own)
    crew = first[g.origin_park[origin]] + step
    by_crew = np.lexsort((origin, crew))
    origin, crew = origin[by_crew], crew[by_crew]
    share = g.origins["share"].to_numpy(dtype=float)[origin]
    return Groups(park, name, part, pattern, origin, crew, share)


def by_park(park: Ints, use: Bools, size: int) -> list[Ints]:
    """Rows of the origins in use, park by park."""
    rows = np.flatnonzero(use)
    order = rows[np.argsort(park[rows], kind="stable")]
    cuts = np.searchsorted(park[order], np.arange(size + 1))
    return [order[cuts[p] : cuts[p + 1]] for p in range(size)]
