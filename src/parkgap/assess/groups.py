"""What the judgement stands on: groups of workers, what they reach, and what may be believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.standard import Test

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SLACK = 1e-6  # metres or minutes: a facility at the limit is within it, whatever the last bit says
_ROUNDING = 1e-9  # sums of shares
REASONS = (
    *("no_street", "island", "edge", "needs_list", "no_lines", "thin_data", "gate"),
    "estimated_homes",
)
ESTIMATED = "estimated"  # of home origins: what they are based on


def nothing_beside() -> pd.DataFrame:
    """Make the empty table of facilities that the mapped network does not reach."""
    columns = {"origin": np.empty(0, np.int64), "facility": np.empty(0, np.int64)}
    return pd.DataFrame(columns | {"metres": np.empty(0)})


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


@dataclass(frozen=True)
class Counts:
    """What each origin reaches for one item; arrays of shape (origins, tests).

    `found` through the best gate, `sure` whichever gate is open; `needed`; `confirmed` where
    finding less would be believed; `reasons` (origins, tests, reasons) why not.
    """

    found: Floats
    sure: Floats
    needed: Floats
    reasons: Bools

    @property
    def met(self) -> Bools:
        """Met whichever gate is open."""
        return self.sure >= self.needed

    @cached_property  # asked for by every park and item
    def short(self) -> Bools:
        """Confirmed short: not met through any gate, and the data could have shown it."""
        return (self.found < self.needed) & ~self.reasons.any(axis=2)

    @property
    def low(self) -> Floats:
        """Satisfaction with what was found, shape (origins,)."""
        return np.asarray(np.minimum(1.0, self.sure / self.needed).min(axis=1))

    @property
    def high(self) -> Floats:
        """The same with what is not confirmed taken as met, shape (origins,)."""
        ratio = np.minimum(1.0, self.found / self.needed)
        return np.asarray(np.where(self.short, ratio, 1.0).min(axis=1))


@dataclass
class Rows:
    """One row an origin and facility, for one item, of whoever may use it; sorted by origin."""

    origin: Ints
    facility: Ints
    metres: Floats
    minutes: Floats
    metres_worst: Floats
    minutes_worst: Floats
    _first: Ints = field(init=False)

    def __post_init__(self) -> None:
        self._first = np.searchsorted(
            self.origin, np.arange((self.origin.max() if len(self.origin) else -1) + 2)
        )

    def of(self, origin: int) -> slice:
        """Rows of one origin."""
        if origin + 1 >= len(self._first):
            return slice(0, 0)
        return slice(int(self._first[origin]), int(self._first[origin + 1]))

    def within(self, test: Test, *, worst: bool = False) -> Bools:
        """Rows within a test's limit."""
        unit = "metres" if test.unit == "m" else "minutes"
        cost = getattr(self, unit + ("_worst" if worst else ""))
        return np.asarray(cost <= test.limit + SLACK)


def by_park(park: Ints, use: Bools, size: int) -> list[Ints]:
    """Rows of the origins in use, park by park."""
    rows = np.flatnonzero(use)
    order = rows[np.argsort(park[rows], kind="stable")]
    cuts = np.searchsorted(park[order], np.arange(size + 1))
    return [order[cuts[p] : cuts[p + 1]] for p in range(size)]


@dataclass(frozen=True)
class Outcome:
    """Worker-weighted outcome of one item for one park: satisfaction, share met, share short."""

    low: float
    high: float
    met: float
    short: float

    @property
    def status(self) -> str:
        """Met for everybody, confirmed short for somebody, or neither."""
        if self.met >= 1 - _ROUNDING:
            return "met"
        return "short" if self.short > _ROUNDING else "unverified"


def outcome(share: Floats, counts: Counts, kinds: list[tuple[str, Ints]]) -> Outcome:
    """Sum up over a park's workers.

    Parameters
    ----------
    share
        Share of each origin, shape (origins,).
    counts
        What each origin reaches.
    kinds
        Origins to judge from, one or two kinds.  With two (work and home) a worker is served
        where either end serves; where a worker lives is taken not to depend on where in the
        park the worker works (docs/method.md).
    """
    ends = []
    for _, rows in kinds:
        weight = share[rows] / share[rows].sum()
        met = float(weight @ counts.met[rows].all(axis=1))
        short = float(weight @ counts.short[rows].any(axis=1))
        ends.append((weight, counts.low[rows], counts.high[rows], met, short))
    if len(ends) == 1:
        weight, low, high, met, short = ends[0]
        return Outcome(float(weight @ low), float(weight @ high), met, short)
    (w, low_w, high_w, met_w, short_w), (h, low_h, high_h, met_h, short_h) = ends
    return Outcome(
        low=float(w @ np.maximum.outer(low_w, low_h) @ h),
        high=float(w @ np.maximum.outer(high_w, high_h) @ h),
        met=1.0 - (1.0 - met_w) * (1.0 - met_h),
        short=short_w * short_h,
    )
