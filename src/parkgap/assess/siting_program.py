"""The program of one area: what any choice of sites must keep to, and HiGHS, which solves it.

The model is in docs/method.md, "Sites".  One thread and a fixed seed, until the gap that was asked
for is proven, however long that takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from parkgap.assess.siting_needs import better

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rule:
    """How sites may be chosen: metres apart, workers a place can take, and the gap to prove."""

    spacing_m: float = 0.0
    capacity: float = np.inf
    gap: float = 0.0


@dataclass(frozen=True)
class Area:
    """Needs and sites that hang together; as :class:`~parkgap.assess.siting_needs.Needs`, dense.

    Attributes
    ----------
    cover
        Whether a place at a site counts for a unit's test, shape (units, tests, sites).
    site
        Number of each site among all candidates, the preferred of equals first, shape (sites,).
    x, y
        Where they lie, metres in a plane, shape (sites,).
    """

    sure: Floats
    needed: Floats
    a: Ints
    b: Ints
    weight: Floats
    load: Floats
    cover: Bools
    site: Ints
    x: Floats
    y: Floats

    def satisfied(self, built: Floats) -> Floats:
        """Satisfaction of each unit, shape (units,)."""
        found = self.sure + self.cover @ built
        return np.asarray(np.minimum(1.0, found / self.needed).min(axis=1))

    def gain(self, satisfied: Floats) -> float:
        """What satisfactions add to those without any site."""
        before = better(self.satisfied(np.zeros(len(self.site))), self.a, self.b)
        return float(self.weight @ (better(satisfied, self.a, self.b) - before))

    @property
    def most(self) -> Floats:
        """Satisfaction of each unit if there were enough places at every site, (units,)."""
        reach = np.where(self.cover.any(axis=2), 1.0, np.minimum(1.0, self.sure / self.needed))
        return np.asarray(reach.min(axis=1))

    @property
    def useful(self) -> int:
        """More places than this at one site help nobody."""
        lack = np.where(self.cover.any(axis=2), self.needed - self.sure, 0.0)
        return max(1, int(np.ceil(lack.max(initial=1.0))))


@dataclass(frozen=True)
class Program:
    """Columns x (sites), z (units x sites, with a capacity), f (units), v (pairs), u (which end).

    Rows ``low <= matrix @ columns <= high``.
    """

    cost: Floats
    upper: Floats
    whole: Bools
    matrix: csr_array
    low: Floats
    high: Floats


class Rows:
    """Gathers rows of a sparse matrix, block by block."""

    def __init__(self) -> None:
        self.parts: list[tuple[Ints, Ints, Floats]] = []
        self.low: list[Floats] = []
        self.high: list[Floats] = []
        self.size = 0

    def add(self, column: Ints, value: float | Floats, low: float, high: float) -> None:
        """Add one row."""
        row = np.zeros(len(column), dtype=np.int64)
        self.block([(row, np.asarray(column), value)], np.array([low]), np.array([high]))

    def block(self, parts: list[tuple[Ints, Ints, Any]], low: Floats, high: Floats) -> None:
        """Add rows: parts of (row in the block, column, value)."""
        for row, column, value in parts:
            values = np.broadcast_to(np.asarray(value, dtype=float), row.shape)
            self.parts.append((row + self.size, column, values))
        self.low.append(low)
        self.high.append(high)
        self.size += len(low)

    def matrix(self, columns: int) -> csr_array:
        """Give the matrix of all rows."""
        row, column, value = (np.concatenate(p) for p in zip(*self.parts, strict=True))
        return csr_array((value, (row, column)), shape=(self.size, columns))

    def bounds(self) -> tuple[Floats, Floats]:
        """Give the rows' bounds."""
        return np.concatenate(self.low), np.concatenate(self.high)


@dataclass(frozen=True)
class _Columns:
    """Where each kind of column of an area's program begins, and which rows of the area have one.

    `shares`: unit and site of each z; `pairs`: terms of each v; `ends`: terms of each u.
    """

    shares: Ints
    pairs: Ints
    ends: Ints
    z: int
    f: int
    v: int
    u: int
    size: int

    @classmethod
    def of(cls, area: Area, *, limited: bool) -> _Columns:
        shares = np.argwhere(area.cover.any(axis=1)) if limited else np.empty((0, 2), np.int64)
        pairs = np.flatnonzero(area.b >= 0)
        # Of units that are met or not at all either end bounds the better of them: no choice.
        met = area.sure >= area.needed
        plain: Bools = np.asarray(((area.needed <= 1) | met).all(axis=1) & ~met.all(axis=1))
        ends = pairs[~(plain[area.a[pairs]] & plain[area.b[pairs]])]
        z = len(area.site)
        f = z + len(shares)
        v = f + len(area.sure)
        u = v + len(pairs)
        return cls(shares, pairs, ends, z, f, v, u, u + len(ends))


def program_of(area: Area, rule: Rule, cuts: list[Ints], rows: Rows) -> Program:
    """Write down what any choice of sites must keep to; `rows` holds what is asked besides."""
    limited = bool(np.isfinite(rule.capacity))
    c = _Columns.of(area, limited=limited)
    _found_rows(area, c, rows, limited=limited)
    if limited:
        _room_rows(area, c, rows, rule.capacity)
    _better_rows(area, c, rows)
    for cut in cuts:
        rows.add(cut, 1.0, -np.inf, 1.0)
    cost = np.zeros(c.size)
    alone = area.b < 0
    np.add.at(cost, c.f + area.a[alone], area.weight[alone])
    cost[c.v : c.u] = area.weight[c.pairs]
    upper = np.ones(c.size)
    # With a capacity more places than are needed may stand at one site, for more workers.
    upper[: c.z] = np.inf if limited else area.useful
    upper[c.z : c.f] = np.inf
    if rule.spacing_m > 0:
        upper[: c.z] = 1.0
    whole = np.zeros(c.size, dtype=bool)
    whole[: c.z] = True
    whole[c.u :] = True
    return Program(cost, upper, whole, rows.matrix(c.size), *rows.bounds())


def _found_rows(area: Area, c: _Columns, rows: Rows, *, limited: bool) -> None:
    """Satisfaction is at most what is found by what is needed, test by test."""
    unit, test = np.nonzero(area.sure < area.needed)
    number = np.full(area.sure.shape, -1)
    number[unit, test] = np.arange(len(unit))
    by, of, site = np.nonzero(area.cover & (number >= 0)[:, :, None])
    column = site
    if limited:
        place = np.full((len(area.sure), len(area.site)), -1)
        place[c.shares[:, 0], c.shares[:, 1]] = c.z + np.arange(len(c.shares))
        column = place[by, site]
    rows.block(
        [
            (number[by, of], column, -1.0),
            (np.arange(len(unit)), c.f + unit, area.needed[unit, test]),
        ],
        np.full(len(unit), -np.inf),
        area.sure[unit, test],
    )


def _room_rows(area: Area, c: _Columns, rows: Rows, capacity: float) -> None:
    """A place takes so many workers, and none that is not built takes any."""
    load = np.bincount(area.a, area.load, minlength=len(area.sure))
    sites, share = len(area.site), np.arange(len(c.shares))
    unit, site = c.shares[:, 0], c.shares[:, 1]
    rows.block(
        [(site, c.z + share, load[unit]), (np.arange(sites), np.arange(sites), -capacity)],
        np.full(sites, -np.inf),
        np.zeros(sites),
    )
    rows.block(
        [(share, c.z + share, 1.0), (share, site, -1.0)],
        np.full(len(share), -np.inf),
        np.zeros(len(share)),
    )


def _better_rows(area: Area, c: _Columns, rows: Rows) -> None:
    """A pair is satisfied as the better of its ends: by a choice between them where need be."""
    every = np.arange(len(c.pairs))
    f = c.f + np.column_stack([area.a[c.pairs], area.b[c.pairs]])
    chosen = np.isin(c.pairs, c.ends)
    plain = np.flatnonzero(~chosen)
    row = np.arange(len(plain))
    rows.block(
        [
            (row, c.v + every[plain], 1.0),
            (row, f[plain, 0], -1.0),
            (row, f[plain, 1], -1.0),
        ],
        np.full(len(plain), -np.inf),
        np.zeros(len(plain)),
    )
    own = np.flatnonzero(chosen)
    row = np.arange(len(own))
    for end, (sign, most) in enumerate(((-1.0, 0.0), (1.0, 1.0))):
        rows.block(
            [
                (row, c.v + every[own], 1.0),
                (row, f[own, end], -1.0),
                (row, c.u + row, sign),
            ],
            np.full(len(own), -np.inf),
            np.full(len(own), most),
        )


class UnsolvedError(RuntimeError):
    """A program has no solution."""


def solve(program: Program, cost: Floats, gap: float, *, maximise: bool) -> tuple[Floats, float]:
    """Solve a program with HiGHS; return the columns' values and the proven bound.

    One thread, a fixed seed, no time limit: the same program gives the same answer.

    Raises
    ------
    UnsolvedError
        It has no solution.
    """
    import highspy

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(cost), len(program.low)
    lp.sense_ = highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(len(cost)), program.upper
    lp.row_lower_, lp.row_upper_ = program.low, program.high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = program.matrix.indptr
    lp.a_matrix_.index_ = program.matrix.indices
    lp.a_matrix_.value_ = program.matrix.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[int(w)] for w in program.whole]
    # Its wrapper's callbacks print a banner before any option can silence it: they are left out.
    h: Any = highspy.Highs.__new__(highspy.Highs)
    super(highspy.Highs, h).__init__()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", 0),
        ("mip_allow_restart", False),  # they cost these programs more than they save
        ("mip_rel_gap", gap),
        ("mip_abs_gap", 1e-9),
        ("mip_feasibility_tolerance", 1e-9),
        ("primal_feasibility_tolerance", 1e-9),
    ):
        h.setOptionValue(name, value)
    h.passModel(lp)
    h.run()
    if h.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise UnsolvedError(str(h.getModelStatus()))
    info = h.getInfo()
    return np.array(h.getSolution().col_value), float(info.mip_dual_bound)
