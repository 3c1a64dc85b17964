"""From what every group reaches to what a park's workers have: satisfaction, served, short.

Formulas: docs/method.md, "Tests and groups".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from parkgap.assess.groups import ESTIMATED, HOME, PROXY, WORK, Ground, Groups
from parkgap.standard import Item

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

ROUNDING = 1e-9  # sums of shares


@dataclass(frozen=True)
class Counts:
    """What each group reaches for one item; arrays of shape (groups, tests).

    `found` through the best gate, `sure` whichever gate is open; `needed`; `confirmed` where
    finding less would be believed; `reasons` (groups, tests, reasons) why not.
    """

    found: Floats
    sure: Floats
    needed: Floats
    reasons: Bools

    @cached_property
    def met(self) -> Bools:
        """Met whichever gate is open."""
        return self.sure >= self.needed

    @cached_property
    def short(self) -> Bools:
        """Confirmed short: not met through any gate, and the data could have shown it."""
        return (self.found < self.needed) & ~self.reasons.any(axis=2)

    @cached_property
    def low(self) -> Floats:
        """Satisfaction with what was found, shape (groups,)."""
        return np.asarray(np.minimum(1.0, self.sure / self.needed).min(axis=1))

    @cached_property
    def high(self) -> Floats:
        """The same with what is not confirmed taken as met, shape (groups,)."""
        ratio = np.minimum(1.0, self.found / self.needed)
        return np.asarray(np.where(self.short, ratio, 1.0).min(axis=1))


@dataclass(frozen=True)
class Ends:
    """From where an item is judged: groups in use at work and at home, shape (groups,).

    A group is in use at one end at most. Of a crew either, both or none of the ends are in use.
    """

    work: Bools
    home: Bools

    @property
    def used(self) -> tuple[tuple[str, Bools], tuple[str, Bools]]:
        """Both ends by name."""
        return ("work", self.work), ("home", self.home)


class Kinds:
    """Says for each item from which groups it is judged."""

    def __init__(self, ground: Ground) -> None:
        groups, origins = ground.groups, ground.origins
        based = origins["based_on"].to_numpy(dtype=object)[groups.origin]
        kind = origins["kind"].to_numpy(dtype=object)[groups.origin]
        self._work, self._home, self._based = kind == "work", kind == "home", based
        size = len(ground.parks)
        park = groups.park[groups.crew]
        self._park = park
        self._has_home = np.bincount(park[self._home], minlength=size)[park] > 0
        # Homes that nobody has seen cannot excuse a lack at work, nor make up for it.
        guessed = self._home & (based == ESTIMATED)
        self._guessed = np.bincount(park[guessed], minlength=size)[park] > 0

    def ends(self, item: Item) -> Ends:
        """Groups that an item is judged from."""
        none = np.zeros_like(self._work)
        if item.residence_kind is not None:
            return Ends(none, self._home & (self._based == item.residence_kind))
        if item.origin == "work":
            return Ends(self._work, none)
        if item.origin == "home":
            return Ends(self._work & ~self._has_home, self._home)
        return Ends(self._work, self._home & ~self._guessed)

    def where(self, item: Item, ends: Ends) -> Objects:
        """From where each group goes to places of an item, as hours see it, shape (groups,).

        A workplace stands for the home, too, of workers of whom no home is judged.
        """
        here = np.where(self._home, HOME, WORK).astype(object)
        if item.origin != "work":
            park = self._park
            homes = np.bincount(park[ends.home], minlength=int(park.max(initial=-1)) + 1)[park] > 0
            here[self._work & ~homes] = PROXY
        return here


@dataclass(frozen=True)
class Outcome:
    """Worker-weighted outcome of one item for crews or parks, each shape (n,).

    Satisfaction with what was found and at best, share of workers served and confirmed short;
    NaN where there is nobody to judge.
    """

    low: Floats
    high: Floats
    met: Floats
    short: Floats

    @property
    def status(self) -> Objects:
        """Met for everybody, confirmed short for somebody, or neither."""
        rest = np.where(self.short > ROUNDING, "short", "unverified")
        return np.where(self.met >= 1 - ROUNDING, "met", rest).astype(object)


@dataclass(frozen=True)
class Judgement:
    """Outcome of one item by crew and by park, and that of each end by itself."""

    crew: Outcome
    park: Outcome
    low_at: dict[str, tuple[Floats, Floats]]


def judge(groups: Groups, counts: Counts, ends: Ends) -> Judgement:
    """Sum up over the workers of every crew and park.

    With both ends in use a worker is served where either end serves; where a worker lives is
    taken not to depend on where in the park the worker works (docs/method.md), but both ends are
    of one shift.
    """
    size = len(groups.park)
    met, short = (flag.astype(float) for flag in (counts.met.all(axis=1), counts.short.any(axis=1)))
    parts, weights = {}, {}
    for name, use in ends.used:
        rows = np.flatnonzero(use)
        crew = groups.crew[rows]
        total = np.bincount(crew, groups.share[rows], minlength=size)
        weight = groups.share[rows] / np.where(total > 0, total, 1.0)[crew]
        weights[name] = (rows, weight)
        parts[name] = [
            np.where(total > 0, np.bincount(crew, weight * value[rows], minlength=size), np.nan)
            for value in (counts.low, counts.high, met, short)
        ]
    work, home = parts["work"], parts["home"]
    only_home = np.isnan(work[0])
    low, high, served, lacking = (
        np.where(only_home, h, w) for w, h in zip(work, home, strict=True)
    )
    both = np.flatnonzero(~only_home & ~np.isnan(home[0]))
    if len(both):
        served[both] = 1.0 - (1.0 - work[2][both]) * (1.0 - home[2][both])
        lacking[both] = work[3][both] * home[3][both]
        for one in both.tolist():
            (w, at_w), (h, at_h) = (_of_crew(groups, one, *weights[n]) for n in ("work", "home"))
            low[one] = at_w @ np.maximum.outer(counts.low[w], counts.low[h]) @ at_h
            high[one] = at_w @ np.maximum.outer(counts.high[w], counts.high[h]) @ at_h
    by_crew = Outcome(low, high, served, lacking)
    by_park = Outcome(*(groups.to_parks(v) for v in (low, high, served, lacking)))
    low_at = {name: (own[0], groups.to_parks(own[0])) for name, own in parts.items()}
    return Judgement(by_crew, by_park, low_at)


def _of_crew(groups: Groups, crew: int, rows: Ints, weight: Floats) -> tuple[Ints, Floats]:
    """Groups of one crew among those in use, and their weights."""
    low, high = np.searchsorted(rows, groups.first[crew : crew + 2])
    return rows[low:high], weight[low:high]


def lacking_core(ground: Ground, core: list[tuple[Item, Counts, Ends]]) -> Floats:
    """Share of each park's workers who lack at least one core item, confirmed.

    Parameters
    ----------
    ground
        Parks and groups.
    core
        Each core item, what its groups reach, and from which it is judged.

    Returns
    -------
    Shape (parks,).  Work and home ends are taken as independent, as everywhere; an item of either
    end counts at work.
    """
    groups = ground.groups
    lacks = np.zeros(len(groups.origin), dtype=bool)
    for item, counts, ends in core:
        use = ends.work if item.origin == "either" else ends.work | ends.home
        lacks |= use & counts.short.any(axis=1)
    kind = ground.origins["kind"].to_numpy(dtype=object)[groups.origin]
    good = np.ones(len(groups.park))
    for name in ("work", "home"):
        rows = np.flatnonzero(kind == name)
        crew, share = groups.crew[rows], groups.share[rows]
        total = np.bincount(crew, share, minlength=len(good))
        lack = np.bincount(crew, share * lacks[rows], minlength=len(good))
        good *= 1.0 - lack / np.where(total > 0, total, 1.0)
    return 1.0 - groups.to_parks(good)
