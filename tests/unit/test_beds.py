"""Giving out beds, against a linear programme written another way, and brute force."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from parkgap.assess.beds import Offers, give


@st.composite
def offers(draw: st.DrawFn, most: int = 40, groups: int = 5, houses: int = 4) -> Offers:
    """Draw some groups in some parks, some houses, and ways between some of them."""
    count = draw(st.integers(1, groups))
    stock = draw(st.integers(1, houses))
    parks = draw(st.integers(1, 3))
    number = st.integers(0, most)
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, count - 1), st.integers(0, stock - 1)),
            unique=True,
            max_size=count * stock,
        )
    )
    minutes = draw(st.lists(st.integers(0, 450), min_size=len(pairs), max_size=len(pairs)))

    def whole(size: int) -> np.ndarray:
        return np.array(draw(st.lists(number, min_size=size, max_size=size)), dtype=np.int64)

    return Offers(
        group=np.array([g for g, _ in pairs], dtype=np.int64),
        house=np.array([h for _, h in pairs], dtype=np.int64),
        cost=np.array(minutes, dtype=np.int64),
        park_of=np.array(
            draw(st.lists(st.integers(0, parks - 1), min_size=count, max_size=count)),
            dtype=np.int64,
        ),
        group_most=whole(count),
        park_most=whole(parks),
        house_most=whole(stock),
    )


def plain(o: Offers) -> tuple[float, float]:
    """Most beds, and the least minutes for so many: a dense programme over a full matrix."""
    groups, houses = len(o.group_most), len(o.house_most)
    cost = np.zeros((groups, houses))
    open_ = np.zeros((groups, houses))
    for g, h, c in zip(o.group, o.house, o.cost, strict=True):
        cost[g, h], open_[g, h] = c, 1e6
    rows, most = [], []
    for g in range(groups):
        rows.append([float(i == g) for i in range(groups) for _ in range(houses)])
        most.append(o.group_most[g])
    for p in range(len(o.park_most)):
        rows.append([float(o.park_of[i] == p) for i in range(groups) for _ in range(houses)])
        most.append(o.park_most[p])
    for h in range(houses):
        rows.append([float(j == h) for _ in range(groups) for j in range(houses)])
        most.append(o.house_most[h])
    bounds = [(0.0, top) for top in open_.ravel()]
    solve: Any = linprog
    limits = {"A_ub": rows, "b_ub": most, "bounds": bounds, "method": "highs"}
    beds = -solve(-np.ones(groups * houses), **limits).fun
    exact = {"A_eq": [np.ones(groups * houses)], "b_eq": [beds]}
    return beds, solve(cost.ravel(), **limits, **exact).fun


@settings(max_examples=100, deadline=None)
@given(offers())
def test_as_many_beds_and_as_few_minutes_as_a_plain_programme(o: Offers) -> None:
    found = give(o)
    beds, minutes = plain(o)
    assert found.sum() == pytest.approx(beds, abs=1e-6)
    assert (found * o.cost).sum() == pytest.approx(minutes, abs=1e-4)


@settings(max_examples=100, deadline=None)
@given(offers())
def test_no_bed_is_given_twice_and_nobody_gets_two(o: Offers) -> None:
    found = give(o)
    assert (found >= 0).all()
    assert (np.bincount(o.house, found, len(o.house_most)) <= o.house_most).all()
    assert (np.bincount(o.group, found, len(o.group_most)) <= o.group_most).all()
    park = o.park_of[o.group]
    assert (np.bincount(park, found, len(o.park_most)) <= o.park_most).all()


@settings(max_examples=60, deadline=None)
@given(offers(most=2, groups=3, houses=2))
def test_the_best_of_all_ways_to_give_the_beds(o: Offers) -> None:
    best = (0, 0)
    for beds in itertools.product(range(3), repeat=len(o.group)):
        x = np.array(beds, dtype=np.int64)
        park = o.park_of[o.group]
        if (
            (np.bincount(o.house, x, len(o.house_most)) <= o.house_most).all()
            and (np.bincount(o.group, x, len(o.group_most)) <= o.group_most).all()
            and (np.bincount(park, x, len(o.park_most)) <= o.park_most).all()
        ):
            best = min(best, (-int(x.sum()), int((x * o.cost).sum())))
    found = give(o)
    assert (-int(found.sum()), int((found * o.cost).sum())) == best


@settings(max_examples=50, deadline=None)
@given(offers(), st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_decides_nothing(o: Offers, random: object) -> None:
    order = list(range(len(o.group)))
    random.shuffle(order)  # type: ignore[attr-defined]
    at = np.array(order, dtype=np.int64)
    other = Offers(
        o.group[at], o.house[at], o.cost[at], o.park_of, o.group_most, o.park_most, o.house_most
    )
    found, again = give(o), give(other)
    assert again.sum() == found.sum()
    assert (again * other.cost).sum() == (found * o.cost).sum()


def test_more_beds_come_before_fewer_minutes() -> None:
    # A is 1 minute from both houses, B 40 from the first alone; one bed each. Given the least
    # minutes A would take the first; then B has none. So A goes to the second: 2 beds, 41 minutes.
    o = Offers(
        group=np.array([0, 0, 1]),
        house=np.array([0, 1, 0]),
        cost=np.array([10, 10, 400]),
        park_of=np.array([0, 1]),
        group_most=np.array([1, 1]),
        park_most=np.array([1, 1]),
        house_most=np.array([1, 1]),
    )
    assert give(o).tolist() == [0, 1, 1]


def test_of_equal_ways_the_first_park_is_served() -> None:
    # One bed, two parks as far from it.
    o = Offers(
        group=np.array([0, 1]),
        house=np.array([0, 0]),
        cost=np.array([50, 50]),
        park_of=np.array([0, 1]),
        group_most=np.array([1, 1]),
        park_most=np.array([1, 1]),
        house_most=np.array([1]),
    )
    assert give(o).tolist() == [1, 0]
