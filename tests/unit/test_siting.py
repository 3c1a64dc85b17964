"""Siting against brute force over all choices, and against spopt where the models coincide."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkgap.assess.siting import Spots, areas, in_order, plan, within_budget
from parkgap.assess.siting_needs import Needs, paired_as_one, stacked
from parkgap.assess.siting_program import Rule

SAME = 1e-7


def draw(seed: int, *, tests: int = 2, counts: int = 3, pairs: bool = False) -> tuple[Needs, Spots]:
    """Draw a small instance: up to 7 units, 7 sites, limits that need not be nested."""
    rng = np.random.default_rng(seed)
    units, sites = int(rng.integers(1, 8)), int(rng.integers(1, 8))
    needed = rng.integers(1, counts + 1, (units, tests)).astype(float)
    sure = np.minimum(rng.integers(0, counts + 1, (units, tests)), needed).astype(float)
    cover = rng.random((units, sites, tests)) < 0.35
    unit, site = np.nonzero(cover.any(axis=2))
    terms = int(rng.integers(1, 9))
    a = rng.integers(0, units, terms)
    b = np.where(rng.random(terms) < 0.5, rng.integers(0, units, terms), -1)
    b = np.where(b == a, -1, b) if pairs else np.full(terms, -1)
    needs = Needs(
        sure=sure,
        needed=needed,
        a=a,
        b=b,
        weight=rng.integers(1, 50, terms).astype(float),
        load=rng.integers(1, 50, terms).astype(float),
        unit=unit,
        site=site,
        reaches=cover[unit, site],
        metres=np.ones(len(unit)),
        park=np.zeros(units, dtype=np.int64),
        sites=sites,
    )
    xy = rng.random((2, sites)) * 500
    return needs, Spots(xy[0], xy[1], np.zeros(sites, dtype=np.int64))


def worth(needs: Needs, built: np.ndarray) -> float:
    """Add up term by term, in plain Python: what a planner would do on paper."""
    satisfied = []
    for u in range(len(needs.sure)):
        ratios = []
        for t in range(needs.sure.shape[1]):
            found = needs.sure[u, t]
            for e in range(len(needs.unit)):
                if needs.unit[e] == u and needs.reaches[e, t]:
                    found += built[needs.site[e]]
            ratios.append(min(1.0, found / needs.needed[u, t]))
        satisfied.append(min(ratios))
    total = 0.0
    for a, b, weight in zip(needs.a, needs.b, needs.weight, strict=True):
        total += weight * max(satisfied[a], satisfied[b] if b >= 0 else 0.0)
    return total


def brute(needs: Needs, spots: Spots, most: int, spacing: float = 0.0) -> list[float]:
    """Try every choice of 0 to `most` places."""
    start = worth(needs, np.zeros(needs.sites))
    best = [0.0]
    for count in range(1, most + 1):
        value = best[-1]
        for choice in combinations_with_replacement(range(needs.sites), count):
            if spacing and any(
                np.hypot(spots.x[i] - spots.x[j], spots.y[i] - spots.y[j]) < spacing
                for n, i in enumerate(choice)
                for j in choice[n + 1 :]
            ):
                continue
            built = np.bincount(choice, minlength=needs.sites).astype(float)
            value = max(value, worth(needs, built) - start)
        best.append(value)
    return best


def agrees(needs: Needs, spots: Spots, most: int, rule: Rule, expected: list[float]) -> None:
    found = plan(needs, spots, most, rule)
    for count, value in enumerate(expected):
        own = min(count, len(found.gain) - 1)
        assert found.gain[own] == pytest.approx(value, abs=SAME)
        assert len(found.chosen[own]) <= count
        built = np.bincount(found.chosen[own], minlength=needs.sites).astype(float)
        assert needs.gain(built) == pytest.approx(value, abs=SAME)
    assert found.gap.max(initial=0.0) < SAME


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_the_best_choice_is_that_of_brute_force(seed: int, pairs: bool) -> None:
    needs, spots = draw(seed, pairs=pairs)
    agrees(needs, spots, 3, Rule(), brute(needs, spots, 3))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([100.0, 250.0, 600.0]))
def test_sites_keep_their_distance(seed: int, spacing: float) -> None:
    needs, spots = draw(seed)
    rule = Rule(spacing_m=spacing)
    agrees(needs, spots, 3, rule, brute(needs, spots, 3, spacing))
    for chosen in plan(needs, spots, 3, rule).chosen:
        x, y = spots.x[chosen], spots.y[chosen]
        far = np.hypot(x[:, None] - x, y[:, None] - y) + np.eye(len(chosen)) * 1e9
        assert (far >= spacing).all()


def roomy(needs: Needs, built: np.ndarray, capacity: float) -> float:
    """Most that built places gain where each takes so many workers: a plain program of its own.

    Unlike the model, with one column a place that is built, and no sites.
    """
    from scipy.optimize import linprog

    units, tests = needs.sure.shape
    places = np.repeat(np.arange(needs.sites), built.astype(int))
    load = np.bincount(needs.a, needs.load, minlength=units)
    size = units + units * len(places)
    rows, right = [], []
    reach = np.zeros((units, needs.sites, tests), dtype=bool)
    reach[needs.unit, needs.site] = needs.reaches
    for u in range(units):
        for t in range(tests):
            row = np.zeros(size)
            row[u] = needs.needed[u, t]
            for p, site in enumerate(places):
                row[units + u * len(places) + p] = -float(reach[u, site, t])
            rows.append(row)
            right.append(needs.sure[u, t])
    for p in range(len(places)):
        row = np.zeros(size)
        row[[units + u * len(places) + p for u in range(units)]] = load
        rows.append(row)
        right.append(capacity)
    cost = np.zeros(size)
    np.add.at(cost, needs.a, -needs.weight)
    found = linprog(cost, A_ub=np.array(rows), b_ub=np.array(right), bounds=(0, 1))
    return -float(found.fun or 0.0) - worth(needs, np.zeros(needs.sites))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([10.0, 40.0]))
def test_a_place_takes_no_more_workers_than_it_can(seed: int, capacity: float) -> None:
    needs, spots = draw(seed, tests=1, counts=1)
    found = plan(needs, spots, 2, Rule(capacity=capacity))
    best = [0.0]
    for count in (1, 2):
        tried = [
            roomy(needs, np.bincount(c, minlength=needs.sites), capacity)
            for c in combinations_with_replacement(range(needs.sites), count)
        ]
        best.append(max([best[-1], *tried]))
    for count, value in enumerate(best):
        assert found.gain[min(count, len(found.gain) - 1)] == pytest.approx(value, abs=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pulp's, of how spopt calls it
@pytest.mark.parametrize("seed", range(12))
def test_it_equals_the_maximal_cover_of_spopt(seed: int) -> None:
    # One test that asks for one place, from one end, nothing there yet: Church and ReVelle's MCLP.
    import pulp  # type: ignore[import-untyped]
    from spopt.locate import MCLP  # type: ignore[import-untyped]

    rng = np.random.default_rng(seed)
    units, sites = 25, 12
    cost = rng.random((units, sites)) * 1000
    weight = rng.integers(1, 100, units).astype(float)
    unit, site = np.nonzero(cost <= 300)
    needs = Needs(
        sure=np.zeros((units, 1)),
        needed=np.ones((units, 1)),
        a=np.arange(units),
        b=np.full(units, -1),
        weight=weight,
        load=weight,
        unit=unit,
        site=site,
        reaches=np.ones((len(unit), 1), dtype=bool),
        metres=cost[unit, site],
        park=np.zeros(units, dtype=np.int64),
        sites=sites,
    )
    spots = Spots(np.arange(sites, dtype=float), np.zeros(sites), np.zeros(sites, dtype=np.int64))
    found = plan(needs, spots, 4, Rule())
    for count in range(1, 5):
        model = MCLP.from_cost_matrix(cost, weight, service_radius=300, p_facilities=count)
        model = model.solve(pulp.HiGHS(msg=False))
        own = min(count, len(found.gain) - 1)
        assert found.gain[own] == pytest.approx(float(pulp.value(model.problem.objective)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_areas_solved_apart_are_the_whole(one: int, other: int) -> None:
    (first, spots), (second, more) = draw(one, pairs=True), draw(other, pairs=True)
    far = replace(second, site=second.site + first.sites, sites=first.sites + second.sites)
    both = stacked([replace(first, sites=far.sites), far])
    where = Spots(
        np.r_[spots.x, more.x + 10**6], np.r_[spots.y, more.y], np.r_[spots.rank, more.rank]
    )
    apart = [brute(n, s, 2) for n, s in ((first, spots), (second, more))]
    expected = [max(apart[0][k] + apart[1][n - k] for k in range(n + 1)) for n in range(3)]
    agrees(both, where, 2, Rule(), expected)


def test_needs_that_share_no_site_are_areas_of_their_own() -> None:
    needs, spots = line([0, 1], [(0, 0), (1, 1)])
    assert len(areas(needs, spots, Rule())) == 2
    assert len(areas(needs, spots, Rule(spacing_m=150.0))) == 1  # the sites are 100 m apart


def line(units: list[int], entries: list[tuple[int, int]]) -> tuple[Needs, Spots]:
    """Units of 10, 20, ... workers who lack one place; sites 100 m apart."""
    size = len(units)
    sites = 1 + max(s for _, s in entries)
    workers = (10.0 * (1 + np.arange(size))).astype(np.float64)
    unit, site = (np.array(c) for c in zip(*entries, strict=True))
    needs = Needs(
        sure=np.zeros((size, 1)),
        needed=np.ones((size, 1)),
        a=np.arange(size),
        b=np.full(size, -1),
        weight=workers,
        load=workers,
        unit=unit,
        site=site,
        reaches=np.ones((len(unit), 1), dtype=bool),
        metres=np.ones(len(unit)),
        park=np.arange(size),
        sites=sites,
    )
    return needs, Spots(
        (100.0 * np.arange(sites)).astype(np.float64),
        np.zeros(sites),
        np.zeros(sites, dtype=np.int64),
    )


def test_of_sites_that_serve_the_same_the_preferred_one_is_taken() -> None:
    # Both sites serve everybody; the second is a plot of the user's list.
    needs, spots = line([0, 1], [(0, 0), (0, 1), (1, 0), (1, 1)])
    assert plan(needs, spots, 1, Rule()).chosen[1].tolist() == [0]
    listed = replace(spots, rank=np.array([1, 0]))
    assert plan(needs, listed, 1, Rule()).chosen[1].tolist() == [1]
    # Else the one to which its workers walk less; from homes nobody leans (NaN), the first stays.
    near = replace(needs, metres=np.array([200.0, 100.0, 200.0, 100.0]))
    assert plan(near, spots, 1, Rule()).chosen[1].tolist() == [1]
    homes = replace(needs, metres=np.full(4, np.nan))
    assert plan(homes, spots, 1, Rule()).chosen[1].tolist() == [0]


def test_fewest_sites_that_close_the_gap() -> None:
    # 0-1-2 in a row: the middle two sites serve two units each; three units take two sites.
    needs, spots = line([0, 1, 2], [(0, 0), (1, 0), (1, 1), (2, 1)])
    assert plan(needs, spots, 1, Rule()).least == 2
    assert plan(needs, spots, 9, Rule()).least == 2
    # 150 m apart the two, 100 m apart, do not both fit.
    assert np.isnan(plan(needs, spots, 9, Rule(spacing_m=150.0)).least)
    assert plan(needs, spots, 9, Rule(spacing_m=100.0)).least == 2


def test_a_number_that_helps_nobody_alone_does_not_end_the_search() -> None:
    # Two tests, each met from another site: one place helps nobody, two help all 10.
    needs, spots = line([0], [(0, 0), (0, 1)])
    needs = replace(
        needs,
        sure=np.zeros((1, 2)),
        needed=np.ones((1, 2)),
        reaches=np.array([[True, False], [False, True]]),
    )
    assert plan(needs, spots, 2, Rule()).gain.tolist() == pytest.approx([0.0, 0.0, 10.0])


def test_the_order_begins_with_what_adds_most() -> None:
    # Site 0 serves units 0 and 1 (30), site 1 units 1 and 2 (50): first 1, then 0 for 10 more.
    needs, _ = line([0, 1, 2], [(0, 0), (1, 0), (1, 1), (2, 1)])
    assert in_order(needs, np.array([0, 1])).tolist() == [1, 0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_a_budget_is_dealt_out_as_brute_force_would(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gains = [np.r_[0.0, np.cumsum(rng.integers(0, 20, 3))] for _ in range(3)]
    costs = [float(c) for c in rng.integers(1, 6, 3)]
    budget = float(rng.integers(0, 20))
    best = max(
        gains[0][i] + gains[1][j] + gains[2][k]
        for i in range(4)
        for j in range(4)
        for k in range(4)
        if i * costs[0] + j * costs[1] + k * costs[2] <= budget
    )
    numbers = within_budget(gains, costs, budget)
    assert sum(g[n] for g, n in zip(gains, numbers, strict=True)) == pytest.approx(best)
    assert sum(c * n for c, n in zip(costs, numbers, strict=True)) <= budget


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_a_pair_of_ends_is_one_unit_where_one_place_is_all_they_ask_for(seed: int) -> None:
    needs, _ = draw(seed, tests=1, counts=1, pairs=True)
    one = paired_as_one(needs)
    rng = np.random.default_rng(seed)
    built = rng.integers(0, 2, needs.sites).astype(float)
    assert worth(one, built) == pytest.approx(worth(needs, built))
    assert one.load.sum() == needs.load.sum()
