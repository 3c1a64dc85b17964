"""Count, item by item, what every group of workers reaches while it is open to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap import geo
from parkgap.assess.groups import ESTIMATED, REASONS, SLACK, WORK, Ground, by_park
from parkgap.assess.outcomes import Counts
from parkgap.crews import NO_PATTERN
from parkgap.standard import Item, Standard, Test

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

_COLUMNS = ("origin", "target", "metres", "minutes", "metres_worst", "minutes_worst")


@dataclass
class Rows:
    """One row an origin and facility, for one item, of whoever may use it.

    Sorted by origin, then from near to far.
    """

    origin: Ints
    facility: Ints
    metres: Floats
    minutes: Floats
    metres_worst: Floats
    minutes_worst: Floats
    sure: bool = field(init=False)  # no walk depends on which gate is open
    _first: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.sure = np.array_equal(self.minutes, self.minutes_worst)
        self._first = np.searchsorted(
            self.origin, np.arange((self.origin.max() if len(self.origin) else -1) + 2)
        )

    def of(self, origin: int) -> slice:
        """Rows of one origin."""
        if origin + 1 >= len(self._first):
            return slice(0, 0)
        return slice(int(self._first[origin]), int(self._first[origin + 1]))

    def of_each(self, origin: Ints) -> tuple[Ints, Ints]:
        """Rows of some origins: places in `origin`, ascending, and rows; each shape (walks,)."""
        first, size = self._span(origin)
        owner = np.repeat(np.arange(len(origin)), size)
        return owner, np.arange(len(owner)) + np.repeat(first - np.cumsum(size) + size, size)

    def nearest(self, origin: Ints) -> tuple[Ints, Bools]:
        """First row of each origin that has any; and which do, shape (origins,)."""
        first, size = self._span(origin)
        return first[size > 0], size > 0

    def _span(self, origin: Ints) -> tuple[Ints, Ints]:
        """First row of each origin, and how many it has."""
        last = len(self._first) - 1
        first = self._first[np.minimum(origin, last)]
        return first, self._first[np.minimum(origin + 1, last)] - first

    def within(self, test: Test, *, worst: bool = False) -> Bools:
        """Rows within a test's limit."""
        unit = "metres" if test.unit == "m" else "minutes"
        cost = getattr(self, unit + ("_worst" if worst else ""))
        return np.asarray(cost <= test.limit + SLACK)


class Counter:
    """Counts for the groups of a ground; holds what all items share."""

    def __init__(self, ground: Ground, standard: Standard) -> None:
        self.g = ground
        self.groups = ground.groups
        self.standard = standard
        self.index = {item.id: i for i, item in enumerate(standard.items)}
        self._walks = self._laid_out()
        self._estimated = (ground.origins["based_on"] == ESTIMATED).to_numpy(dtype=bool)
        self.workers = ground.parks["workers"].to_numpy(dtype=float)
        self.residents = ground.residents.reindex(ground.parks["park_id"]).to_numpy(dtype=float)
        self._lineless = np.array(
            [len(lines) == 0 for lines in ground.facilities["lines"]], dtype=bool
        )
        flags = ground.completeness.set_index(["park_id", "kind"])[["thin", "cut"]]
        keys = pd.MultiIndex.from_arrays([ground.origins["park_id"], ground.origins["kind"]])
        self._thin, self._cut = flags.reindex(keys).fillna(value=True).to_numpy(dtype=bool).T
        self._local: dict[float, Floats] = {}
        self._serves: dict[tuple[str, int, str], tuple[Bools, ...]] = {}
        self._pattern = self.groups.pattern[self.groups.crew]
        self._patterns = [int(p) for p in np.unique(self.groups.pattern)]

    def _laid_out(self) -> dict[str, npt.NDArray[Any]]:
        """Walks to facilities that may be used, by origin, then from near to far."""
        kinds = dict.fromkeys(_COLUMNS, float) | {"origin": np.int64, "target": np.int64}
        reach = {c: self.g.reach[c].to_numpy(dtype=kind) for c, kind in kinds.items()}
        walks = np.flatnonzero(reach["target"] < len(self.g.facilities))
        walks = walks[self._may_use(reach["origin"][walks], reach["target"][walks])]
        metres = reach["metres"][walks]
        cuts = np.searchsorted(reach["origin"][walks], np.arange(len(self.g.origins) + 1)).tolist()
        # They come by origin and target, which stays the order of equal walks.
        order = [a + np.argsort(metres[a:b], kind="stable") for a, b in pairwise(cuts)]
        walks = walks[np.concatenate(order)] if order else walks
        return {c: own[walks] for c, own in reach.items()}

    def _may_use(self, origin: Ints, target: Ints) -> Bools:
        """Public facilities are everybody's; a park's or an enterprise's only its own people's."""
        access = self.g.facilities["access"].to_numpy(dtype=object)
        may = np.asarray(access == "public", dtype=bool)[target]
        own = np.flatnonzero(~may)
        park = ("park:" + self.g.origins["park_id"]).to_numpy(dtype=object)[origin[own]]
        firm = ("enterprise:" + self.g.origins["enterprise_id"].fillna("")).to_numpy(dtype=object)
        theirs = access[target[own]]
        may[own] = (theirs == park) | (theirs == firm[origin[own]])
        return may

    def rows(self, item: Item) -> Rows:
        """Walks to the facilities of an item (or of the items that it is judged by)."""
        hit = np.flatnonzero(self._counts_for(item)[self._walks["target"]])
        return Rows(*(self._walks[c][hit] for c in _COLUMNS))

    def _counts_for(self, item: Item) -> Bools:
        """Facilities that count for an item, shape (facilities,)."""
        columns = [self.index[i] for i in item.of_items or (item.id,)]
        return np.asarray(self.g.member[:, columns].any(axis=1), dtype=bool)

    def serving(
        self, item: Item, rows: Rows, where: Objects, pattern: int, end: str
    ) -> tuple[Bools, ...]:
        """Rows to places that are open when shifts of a pattern are free, for who is at an end.

        Through the best gate, the worst, and the best if all places of unknown hours were open;
        false of rows of origins from which nobody of that pattern and end starts.
        """
        key = (item.id, pattern, end)
        if key not in self._serves:
            times = self.g.times
            if not times.bears_on(item.id):
                self._serves[key] = (np.ones(len(rows.origin), dtype=bool),) * 3
                return self._serves[key]
            starts = np.zeros(len(self.g.origins), dtype=bool)
            starts[self.groups.origin[self._of(where, pattern, end)]] = True
            own = np.flatnonzero(starts[rows.origin])
            place, minutes = rows.facility[own], rows.minutes[own]
            best = np.zeros(len(rows.origin), dtype=bool)
            best[own] = times.serving(*key, place, minutes)
            worst, most = best, best.copy()
            if not rows.sure:
                worst = np.zeros(len(best), dtype=bool)
                worst[own] = times.serving(*key, place, rows.minutes_worst[own])
            left = np.flatnonzero(~best[own])
            most[own[left]] = times.serving(*key, place[left], minutes[left], maybe=True)
            self._serves[key] = (best, worst, most)
        return self._serves[key]

    def _of(self, where: Objects, pattern: int, end: str) -> Ints:
        """Groups of a pattern that are at an end."""
        return np.flatnonzero((self._pattern == pattern) & (where == end))

    def counts(self, item: Item, rows: Rows, where: Objects) -> Counts:
        """Count what every group reaches, test by test.

        Parameters
        ----------
        item, rows
            The item, and the walks to its places.
        where
            From where each group goes there (:meth:`parkgap.assess.outcomes.Kinds.where`).
        """
        groups, size = self.groups, len(self.g.origins)
        shape = (len(groups.origin), len(item.tests))
        found, sure, most = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        timed = self.g.times.bears_on(item.id)
        ends = sorted(set(where)) if timed else [WORK]
        every = np.arange(len(groups.origin))
        for own, end in product(self._patterns if timed else [NO_PATTERN], ends):
            of = self._of(where, own, end) if timed else every
            at = groups.origin[of]
            best, worst, maybe = self.serving(item, rows, where, own, end)
            for t, test in enumerate(item.tests):
                near, far = rows.within(test), rows.within(test, worst=True)
                found[of, t] = most[of, t] = self._count(item, rows, near & best, size)[at]
                sure[of, t] = self._count(item, rows, far & worst, size)[at]
                if timed:
                    most[of, t] = self._count(item, rows, near & maybe, size)[at]
        needed = self._needed(item)
        return Counts(found, sure, needed, self._reasons(item, rows, found, most, needed))

    def _needed(self, item: Item) -> Floats:
        """How many each test asks for, shape (groups, tests)."""
        needed = np.ones((len(self.groups.origin), len(item.tests)))
        for t, test in enumerate(item.tests):
            if test.count > 1:
                distinct, at = np.unique(
                    self._workers_within(self._straight_m(test)), return_inverse=True
                )
                figure = np.array([self.standard.needed(test, w) for w in distinct], dtype=float)
                needed[:, t] = figure[at][self.groups.origin]
        return needed

    def _straight_m(self, test: Test) -> float:
        """Farthest metres at which a place can lie within a test's limit."""
        return self.standard.metres(test) * (1.0 if test.unit == "m" else self.g.stretch)

    def _reasons(
        self, item: Item, rows: Rows, found: Floats, most: Floats, needed: Floats
    ) -> Bools:
        """Why a lack may not be believed, shape (groups, tests, reasons)."""
        g, origin, size = self.g, self.groups.origin, len(self.g.origins)
        out = np.zeros((*found.shape, len(REASONS)), dtype=bool)
        gap = g.beside[self._counts_for(item)[g.beside["facility"].to_numpy()]]
        beside, far_m = gap["origin"].to_numpy(), gap["metres"].to_numpy()
        proven = self._proven(item)
        by_origin = {
            "no_street": ~g.origins["reached"].to_numpy(dtype=bool),
            "needs_list": item.needs_list & ~proven,
            "estimated_homes": self._estimated,
            "thin_data": self._thin_for(item) & ~proven,
            "unplaced": self._by_park(g.unplaced, item, every=False),
        }
        for name, flag in by_origin.items():
            out[:, :, REASONS.index(name)] = flag[origin][:, None]
        for t, test in enumerate(item.tests):
            limit_m = self._straight_m(test)
            out[:, t, REASONS.index("edge")] = (self._cut | (g.edge_m < limit_m))[origin]
            near = np.bincount(beside[far_m <= limit_m + SLACK], minlength=size)[origin]
            # With the places of unknown hours, open, and those beside the network it may be enough.
            enough = most[:, t] + near >= needed[:, t]
            out[:, t, REASONS.index("island")] = (near > 0) & enough
            out[:, t, REASONS.index("hours")] = (most[:, t] > found[:, t]) & enough
            if item.counts == "lines":
                blank = rows.within(test) & self._lineless[rows.facility]
                stops = np.bincount(rows.origin[blank], minlength=size)[origin]
                out[:, t, REASONS.index("no_lines")] = stops > 0
        return out

    def _thin_for(self, item: Item) -> Bools:
        """Origins around which the data is too thin for an item, shape (origins,)."""
        whole = self.g.thin
        return self._thin if whole is None else np.asarray(whole[:, self.index[item.id]])

    def _proven(self, item: Item) -> Bools:
        """Origins for which a complete official list speaks for an item, shape (origins,)."""
        return self._by_park(self.g.proven, item, every=True)

    def _by_park(self, flags: Bools | None, item: Item, *, every: bool) -> Bools:
        """Spread what is said of parks and items (all or any that one is judged by) to origins."""
        if flags is None:
            return np.zeros(len(self.g.origins), dtype=bool)
        own = flags[:, [self.index[i] for i in item.of_items or (item.id,)]]
        by_park = np.asarray(own.all(axis=1) if every else own.any(axis=1), dtype=bool)
        return np.asarray(by_park[self.g.origin_park], dtype=bool)

    def _workers_within(self, limit_m: float) -> Floats:
        """Workers of the same park who start within `limit_m` (straight) of each origin.

        A larger count is for those who share it: in a park kilometres long, not everybody does.
        NaN where the headcount is unknown.
        """
        if limit_m in self._local:
            return self._local[limit_m]
        origins = self.g.origins
        x, y = geo.mercator(origins["lon"].to_numpy(), origins["lat"].to_numpy())
        k = geo.scale(origins["lat"].to_numpy())
        kinds, share = origins["kind"].to_numpy(), origins["share"].to_numpy()
        out = np.zeros(len(share))
        for kind, whole in (("work", self.workers), ("home", self.residents)):
            of = by_park(self.g.origin_park, kinds == kind, len(self.g.parks))
            for park, rows in enumerate(of):
                far = np.hypot(x[rows][:, None] - x[rows], y[rows][:, None] - y[rows])
                near = far * k[rows][:, None] <= limit_m
                out[rows] = (near @ share[rows]) * whole[park]
        self._local[limit_m] = out
        return out

    def _count(self, item: Item, rows: Rows, within: Bools, size: int) -> Floats:
        origin, facility = rows.origin[within], rows.facility[within]
        if item.counts == "facilities":
            return np.bincount(origin, minlength=size).astype(float)
        lines = self.g.facilities["lines"].to_numpy()[facility]
        pairs = pd.DataFrame({"origin": origin, "line": lines}).explode("line").dropna()
        each = pairs.drop_duplicates()["origin"].to_numpy(dtype=np.int64)
        return np.bincount(each, minlength=size).astype(float)
