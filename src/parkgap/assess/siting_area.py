"""One connected area of needs and sites, solved for every number of sites.

What cannot matter is left out first; the rest is a mixed integer program
(:mod:`parkgap.assess.siting_program`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from parkgap.assess.additions import fewest
from parkgap.assess.siting_needs import better
from parkgap.assess.siting_program import Area, Rows, Rule, UnsolvedError, program_of, solve

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_WHOLE = 1e-9  # satisfaction that differs by less is the same
_DIGITS = 9  # worths that differ by less are equal: the preferred site is taken
_BETTER = 1e-9  # share of an area's whole gain that is none


@dataclass(frozen=True)
class Choice:
    """Places at each site of an area (or candidate), what they gain, and at most could be gained.

    `bound` is proven: no choice of as many gains more.
    """

    built: Floats
    gain: float
    bound: float


def choices(area: Area, most: int, rule: Rule) -> list[Choice]:
    """Give the best choice of 0, 1, ... `most` places; no further than where all is gained."""
    area = reduced(area, rule)
    whole = area.gain(area.most)
    out = [Choice(np.zeros(len(area.site)), 0.0, 0.0)]
    cuts: list[Ints] = []
    while len(out) <= most and out[-1].gain < whole * (1.0 - _BETTER):
        found = _best(area, len(out), rule, cuts)
        if found.gain <= out[-1].gain + _BETTER * whole:
            # One more alone helps nobody; whether several more do, or there is no room for any:
            last = _best(area, most, rule, cuts)
            if last.gain <= out[-1].gain + _BETTER * whole:
                break
            found = replace(out[-1], bound=found.bound)
        out.append(found)
    return [replace(c, built=_spread(area, c.built)) for c in out]


def _spread(area: Area, built: Floats) -> Floats:
    """Name the sites that are built: pairs of candidate and number, shape (k, 2)."""
    rows = np.flatnonzero(built)
    return np.column_stack([area.site[rows].astype(float), built[rows]])


def least(area: Area, rule: Rule) -> float:
    """Fewest places that give every unit what it can get at all; infinite: there is no room."""
    area = reduced(area, rule)
    aim = area.most
    plain = (area.b < 0).all() and rule.spacing_m == 0 and np.isinf(rule.capacity)
    if plain:
        lack = np.ceil(area.needed * aim[:, None] - area.sure - _WHOLE)
        unit, test = np.nonzero(lack > 0)
        return fewest(area.cover[unit, test], lack[unit, test].astype(np.int64))
    return _solve_least(area, rule, aim)


# --- what cannot matter is left out ---------------------------------------------------------------


def reduced(area: Area, rule: Rule) -> Area:
    """Merge sites that serve the same, drop those that serve less, merge units served alike.

    With a spacing every site stays: which one is taken decides what else fits.
    """
    area = _without_met(area)
    if rule.spacing_m == 0:
        keep = _first_of_equals(area.cover.reshape(-1, len(area.site)).T)
        area = _with_sites(area, keep)
        area = _with_sites(area, _undominated(area.cover.reshape(-1, len(area.site))))
    return area if np.isfinite(rule.capacity) else _merged(area)


def _with_sites(area: Area, keep: Ints) -> Area:
    parts = {name: getattr(area, name)[keep] for name in ("site", "x", "y")}
    return replace(area, cover=area.cover[:, :, keep], **parts)


def _without_met(area: Area) -> Area:
    """Take what lies within a test that is met already for none of its help."""
    open_ = area.sure < area.needed
    return replace(area, cover=area.cover & open_[:, :, None])


def _first_of_equals(rows: Bools) -> Ints:
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    if packed.shape[1] == 0 or len(packed) == 0:
        return np.arange(min(1, len(rows)))
    kind = np.dtype((np.void, packed.shape[1]))
    return np.sort(np.unique(packed.view(kind).ravel(), return_index=True)[1])


def _undominated(cover: Bools) -> Ints:
    """Sites (columns) that no other replaces."""
    members = cover.T.astype(np.float32)
    inside = (members @ members.T) == members.sum(axis=1)[:, None]
    np.fill_diagonal(inside, val=False)
    return np.flatnonzero(~inside.any(axis=1))


def _merged(area: Area) -> Area:
    """Units that find, need and are reached the same become one."""
    size = len(area.sure)
    key = np.column_stack(
        [
            np.column_stack([area.sure, area.needed]).view(np.uint8).reshape(size, -1),
            np.packbits(area.cover.reshape(size, -1), axis=1),
        ]
    )
    _, first, of = np.unique(key, axis=0, return_index=True, return_inverse=True)
    of = of.ravel()
    a, b = of[area.a], np.where(area.b >= 0, of[area.b], -1)
    low, high = np.where(b >= 0, np.minimum(a, b), a), np.where(b >= 0, np.maximum(a, b), -1)
    high = np.where(low == high, -1, high)  # either end finds the same
    term, at = np.unique(np.column_stack([low, high]), axis=0, return_inverse=True)
    at = at.ravel()
    return replace(
        area,
        sure=area.sure[first],
        needed=area.needed[first],
        cover=area.cover[first],
        a=term[:, 0],
        b=term[:, 1],
        weight=np.bincount(at, area.weight, minlength=len(term)).astype(float),
        load=np.bincount(at, area.load, minlength=len(term)).astype(float),
    )


# --- one number of places ------------------------------------------------------------------------


def _best(area: Area, places: int, rule: Rule, cuts: list[Ints]) -> Choice:
    """Choose the best `places` or fewer; sites too near each other are cut off as they come up."""
    sites = len(area.site)
    if places == 1 and np.isinf(rule.capacity):
        return _single(area)
    scale = float(area.weight.max(initial=0.0)) or 1.0
    base = better(area.satisfied(np.zeros(sites)), area.a, area.b)
    known = float(area.weight @ base)
    while True:
        rows = Rows()
        rows.add(np.arange(sites), 1.0, 0.0, float(places))
        program = program_of(area, rule, cuts, rows)
        values, bound = solve(program, program.cost / scale, rule.gap, maximise=True)
        built = np.rint(values[:sites])
        near = _too_near(area, built, rule.spacing_m)
        if near is None:
            break
        cuts.append(near)
    gain = area.gain(area.satisfied(built))
    if np.isfinite(rule.capacity):
        gain = float(program.cost @ values) - known
    return Choice(built, gain, max(gain, bound * scale - known))


def _single(area: Area) -> Choice:
    """Choose the best single place: by trying each."""
    found = area.sure[:, :, None] + area.cover
    satisfied = np.minimum(1.0, found / area.needed[:, :, None]).min(axis=1)
    other = np.where((area.b >= 0)[:, None], satisfied[area.b], 0.0)
    worth = (area.weight @ np.maximum(satisfied[area.a], other)).round(_DIGITS)
    built = np.zeros(len(area.site))
    built[int(worth.argmax())] = 1.0
    gain = area.gain(area.satisfied(built))
    return Choice(built, gain, gain)


def _solve_least(area: Area, rule: Rule, aim: Floats) -> float:
    """Fewest places that satisfy every unit (or one of a pair) as far as it can be."""
    sites = len(area.site)
    cuts: list[Ints] = []
    whole = area.gain(aim)
    before = better(area.satisfied(np.zeros(sites)), area.a, area.b)
    scale = float(area.weight.max(initial=0.0)) or 1.0
    while True:
        rows = Rows()
        rows.add(np.arange(sites), 1.0, 0.0, np.inf)
        program = program_of(area, rule, cuts, rows)
        gained = np.flatnonzero(program.cost)
        target = (whole + float(area.weight @ before)) / scale
        rows.add(gained, program.cost[gained] / scale, target - 1e-7, np.inf)
        low, high = rows.bounds()
        full = replace(program, matrix=rows.matrix(len(program.cost)), low=low, high=high)
        cost = np.zeros(len(program.cost))
        cost[:sites] = 1.0
        try:
            values, _ = solve(full, cost, 0.0, maximise=False)
        except UnsolvedError:
            return np.inf  # the spacing leaves no room for so many
        built = np.rint(values[:sites])
        near = _too_near(area, built, rule.spacing_m)
        if near is None:
            return float(built.sum())
        cuts.append(near)


def _too_near(area: Area, built: Floats, spacing_m: float) -> Ints | None:
    """Sites of which only one may be built: those around the first two that are too near.

    All that lie within half the spacing of the middle between the two are too near each other.
    """
    rows = np.flatnonzero(built)
    if spacing_m == 0 or len(rows) <= 1:
        return None
    x, y = area.x, area.y
    far = np.hypot(x[rows][:, None] - x[rows], y[rows][:, None] - y[rows])
    far[np.tril_indices(len(rows))] = np.inf
    i, j = np.unravel_index(int(far.argmin()), far.shape)
    if far[i, j] >= spacing_m:
        return None
    one, other = rows[i], rows[j]
    middle = (x[one] + x[other]) / 2, (y[one] + y[other]) / 2
    near = np.hypot(x - middle[0], y - middle[1]) < spacing_m / 2
    near[[one, other]] = True
    return np.flatnonzero(near)
