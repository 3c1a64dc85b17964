"""Choose where to build: the sites from which most workers gain most, for every number of them.

The needs fall into areas that share no candidate.  Each is solved for every number of places
(:mod:`parkgap.assess.siting_area`), and the numbers are dealt out among them by dynamic
programming, which loses nothing: what is gained in one area depends on no other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from parkgap.assess.siting_area import Choice, choices, least
from parkgap.assess.siting_needs import Needs
from parkgap.assess.siting_program import Area, Rule

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_SAME = 1e-9


@dataclass(frozen=True)
class Spots:
    """Where candidates lie: metres in a plane, and how willingly each is taken (0 first)."""

    x: Floats
    y: Floats
    rank: Ints


@dataclass(frozen=True)
class Plan:
    """The best choices for one item.

    Attributes
    ----------
    chosen
        For each number of places (0, 1, ...): candidates, each as often as it is built, sorted.
    gain
        What each adds: workers x weight x satisfaction, shape (numbers,).
    gap
        Proven distance of each to the optimum, share of its gain; 0: optimal, shape (numbers,).
    least
        Fewest places with which everybody gets what candidates can give; NaN: spacing forbids.
    whole
        What all candidates together would add.
    """

    chosen: list[Ints]
    gain: Floats
    gap: Floats
    least: float
    whole: float


def plan(needs: Needs, spots: Spots, most: int, rule: Rule) -> Plan:
    """Choose sites for 0 to `most` places.

    Parameters
    ----------
    needs
        Of one item, or of several that one site would serve at once.
    spots
        Of the candidates.
    most
        Most places.
    rule
        Spacing, capacity, and the gap to prove.
    """
    found = areas(needs, spots, rule)
    single = [choices(area, most, rule) for area in found]
    whole = sum(area.gain(area.most) for area in found)
    gain, chosen, bound = _dealt(single, most)
    gap = np.where(gain > 0, (bound - gain) / np.where(gain > 0, gain, 1.0), 0.0)
    few = 0.0
    for area, own in zip(found, single, strict=True):
        done = own[-1].gain >= area.gain(area.most) * (1.0 - _SAME)
        few += len(own) - 1 if done else least(area, rule)
    return Plan(chosen, gain, np.maximum(gap, 0.0), few if np.isfinite(few) else np.nan, whole)


# --- areas ------------------------------------------------------------------------------------


def areas(needs: Needs, spots: Spots, rule: Rule) -> list[Area]:
    """Part the needs into areas that share no candidate, and lie farther apart than the spacing."""
    needs = _helpable(needs)
    if not len(needs.unit):
        return []
    size = len(needs.sure)
    pairs = np.flatnonzero(needs.b >= 0)
    one = [needs.unit, needs.a[pairs]]
    other = [size + needs.site, needs.b[pairs]]
    if rule.spacing_m > 0:
        from scipy.spatial import cKDTree

        used = np.unique(needs.site)
        tree = cKDTree(np.column_stack([spots.x, spots.y])[used])
        near = tree.query_pairs(rule.spacing_m, output_type="ndarray")
        one.append(size + used[near[:, 0]])
        other.append(size + used[near[:, 1]])
    rows, columns = np.concatenate(one), np.concatenate(other)
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(size + needs.sites,) * 2)
    _, label = connected_components(graph, directed=False)
    names = np.unique(label[needs.unit])
    return [_area(needs, spots, label[:size] == n, label[needs.unit] == n) for n in names]


def _helpable(needs: Needs) -> Needs:
    """Leave out entries of units that no place helps: met, or short of a test nothing reaches."""
    size, tests = needs.sure.shape
    covered = np.zeros((size, tests), dtype=bool)
    np.logical_or.at(covered, needs.unit, needs.reaches)
    ratio = np.minimum(1.0, needs.sure / needs.needed)
    most = np.where(covered, 1.0, ratio).min(axis=1)
    term = np.zeros(size, dtype=bool)  # some term of weight speaks of it
    term[needs.a[needs.weight > 0]] = True
    term[needs.b[(needs.weight > 0) & (needs.b >= 0)]] = True
    use = (most > ratio.min(axis=1) + _SAME) & term
    lacks = (ratio < 1.0)[needs.unit] & needs.reaches
    keep = use[needs.unit] & lacks.any(axis=1)
    parts = {n: getattr(needs, n)[keep] for n in ("unit", "site", "reaches", "metres")}
    return replace(needs, **parts)


def _area(needs: Needs, spots: Spots, own: Bools, entry: Bools) -> Area:
    """Lay one area out densely, its sites by preference: rank, then short ways for workers.

    Squared, so that of two sites that serve the same the one is taken to which nobody walks far.
    """
    unit, site = needs.unit[entry], needs.site[entry]
    units = np.flatnonzero(own)
    names, column = np.unique(site, return_inverse=True)
    row = np.searchsorted(units, unit)
    cover = np.zeros((len(units), needs.sure.shape[1], len(names)), dtype=bool)
    cover[row, :, column] = needs.reaches[entry]
    load = np.bincount(needs.a, needs.weight, minlength=len(needs.sure))[unit]
    way = np.bincount(column, np.nan_to_num(needs.metres[entry]) ** 2 * load, minlength=len(names))
    order = np.lexsort((names, way.round(3), spots.rank[names]))
    names, cover = names[order], cover[:, :, order]
    term = own[needs.a]
    new = np.cumsum(own) - 1
    return Area(
        sure=needs.sure[units],
        needed=needs.needed[units],
        a=new[needs.a[term]],
        b=np.where(needs.b[term] >= 0, new[needs.b[term]], -1),
        weight=needs.weight[term],
        load=needs.load[term],
        cover=cover,
        site=names,
        x=spots.x[names],
        y=spots.y[names],
    )


# --- numbers dealt out among areas ------------------------------------------------------------


def _dealt(single: list[list[Choice]], most: int) -> tuple[Floats, list[Ints], Floats]:
    """Combine the areas' best choices for every number: gain, candidates, and the bound."""
    gain, bound = np.zeros(1), np.zeros(1)
    taken: list[list[int]] = [[]]
    for own in single:
        size = min(most + 1, len(gain) + len(own) - 1)
        best, high = np.full(size, -np.inf), np.full(size, -np.inf)
        picks: list[list[int]] = [[] for _ in range(size)]
        for n, c in enumerate(own):
            for before in range(min(len(gain), size - n)):
                value = gain[before] + c.gain
                high[before + n] = max(high[before + n], bound[before] + c.bound)
                # Ties go to fewer in the later area: the first found stays.
                if value > best[before + n] + _SAME * max(1.0, abs(value)):
                    best[before + n], picks[before + n] = value, [*taken[before], n]
        gain, bound, taken = best, high, picks
    chosen = []
    for picks_ in taken:
        parts = [own[n].built for own, n in zip(single, picks_, strict=True)]
        rows = np.concatenate([np.empty((0, 2)), *parts]).astype(np.int64)
        chosen.append(np.sort(np.repeat(rows[:, 0], rows[:, 1])))
    # Numbers beyond the one that brings all are none.
    upto = 1 + int(np.argmax(gain >= gain.max() - _SAME * max(1.0, float(gain.max()))))
    return gain[:upto], chosen[:upto], np.maximum.accumulate(bound)[:upto]


def within_budget(gains: list[Floats], costs: list[float], budget: float) -> list[int]:
    """Deal a budget out among items: how many places of each gain most in all.

    Parameters
    ----------
    gains
        Of each item: what 0, 1, 2, ... places add.
    costs
        What a place of each costs.
    budget
        What all may cost.

    Returns
    -------
    The number of places of each item; of equal plans the cheaper one.
    """
    plans: list[tuple[float, float, tuple[int, ...]]] = [(0.0, 0.0, ())]
    for gain, cost in zip(gains, costs, strict=True):
        made = [
            (spent + n * cost, got + float(g), (*numbers, n))
            for spent, got, numbers in plans
            for n, g in enumerate(gain)
            if spent + n * cost <= budget * (1 + _SAME)
        ]
        made.sort(key=lambda p: (p[0], -p[1], p[2]))
        plans = []
        for one in made:  # what costs more must bring more
            if not plans or one[1] > plans[-1][1] + _SAME * max(1.0, one[1]):
                plans.append(one)
    return list(plans[-1][2])


def in_order(needs: Needs, chosen: Ints) -> Ints:
    """Order the chosen: first what adds most, then what adds most to that, ..."""
    left, out = list(chosen), []
    built = np.zeros(needs.sites)
    while left:
        gains = []
        for site in sorted(set(left)):
            more = built.copy()
            more[site] += 1
            gains.append((-round(needs.worth(needs.satisfied(more)), 9), site))
        site = min(gains)[1]
        built[site] += 1
        out.append(site)
        left.remove(site)
    return np.array(out, dtype=np.int64)


def parks_helped(needs: Needs, parks: int) -> Bools:
    """Whether any candidate helps each park, shape (parks,)."""
    helped = np.zeros(parks, dtype=bool)
    helped[needs.park[_helpable(needs).unit]] = True
    return helped
