"""The fewest additions are the true optimum of the covering problem, never a sum of rows."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from parkgap.assess.additions import fewest

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def covers(*rows: str) -> Bools:
    """Needs by sites, ``x`` where the site serves the need."""
    return np.array([[c == "x" for c in row] for row in rows], dtype=bool)


def exhaustive(cover: Bools, deficit: Ints) -> int:
    """Try every way to put 0, 1, ... facilities on the sites, the fewest first."""
    lonely = np.flatnonzero(~cover.any(axis=1))
    own = np.zeros((len(deficit), len(lonely)), dtype=int)
    own[lonely, np.arange(len(lonely))] = 1  # a need that no site serves is met where it arises
    every = np.column_stack([cover.astype(int), own])
    columns = list(every.T)
    for total in itertools.count():
        for chosen in itertools.combinations_with_replacement(columns, total):
            if (np.sum(chosen, axis=0) >= deficit).all():
                return total
    raise AssertionError


def test_nothing_short_needs_nothing() -> None:
    assert fewest(np.zeros((0, 3), dtype=bool), np.array([], dtype=np.int64)) == 0


def test_one_spot_that_serves_all_makes_the_largest_need_decide() -> None:
    # Needs of 2, 3 and 1 around one spot: three facilities there, not six.
    assert fewest(covers("xx.", ".xx", ".x."), np.array([2, 3, 1])) == 3


def test_needs_that_share_no_site_add_up() -> None:
    assert fewest(covers("x..", ".x.", "..x"), np.array([2, 3, 1])) == 6


def test_a_need_that_no_site_serves_is_met_where_it_arises() -> None:
    assert fewest(covers("x.", ".."), np.array([1, 2])) == 3
    assert fewest(np.zeros((2, 0), dtype=bool), np.array([1, 1])) == 2


def test_a_ring_of_needs_takes_more_than_its_parts_tell() -> None:
    # Five needs in a ring, each site serves two neighbours: 5 / 2, so 3.  Yet no more than two of
    # the needs share no site, and halves of facilities would do with 2.5.
    ring = covers("x...x", "xx...", ".xx..", "..xx.", "...xx")
    assert fewest(ring, np.ones(5, dtype=np.int64)) == 3
    # With needs of 2 each, halves add up: 10 / 2 = 5, one facility on every site.
    assert fewest(ring, np.full(5, 2)) == 5


def test_the_site_that_helps_most_first_is_not_always_best() -> None:
    # The middle site serves four of six needs, after which either flank wants one of its own: 3.
    # The two outer sites serve three needs each: 2.
    greedy_trap = covers("xx.", "xx.", "x..", ".xx", ".xx", "..x")
    assert fewest(greedy_trap, np.ones(6, dtype=np.int64)) == 2


def test_three_needs_of_which_any_two_share_a_site_take_two() -> None:
    # No two of them share no site, yet no site serves all three: 3 / 2, so 2.
    assert fewest(covers("xx.", "x.x", ".xx"), np.ones(3, dtype=np.int64)) == 2


def test_more_needs_than_a_machine_word_has_bits() -> None:
    # A hundred needs in a row, each site serves two neighbours: every other site will do.
    needs = np.arange(100)
    row = np.abs(needs[:, None] - np.arange(99) - 0.5) < 1
    assert fewest(row, np.ones(100, dtype=np.int64)) == 50
    # A ring of 101, with needs of 1 and of 3 each: halves add up to 50.5 and 151.5.
    own = np.eye(101, dtype=bool)
    ring = own | np.roll(own, 1, axis=0)
    assert fewest(ring, np.ones(101, dtype=np.int64)) == 51
    assert fewest(ring, np.full(101, 3)) == 152


def solved(cover: Bools, deficit: Ints) -> int:
    """Give the whole problem to the solver as it stands."""
    size = cover.shape[1]
    found = milp(
        np.ones(size),
        integrality=np.ones(size, dtype=np.uint8),
        constraints=LinearConstraint(cover.astype(float), deficit, np.inf),
    )
    return round(float(found.fun or 0.0))


@pytest.mark.parametrize("seed", range(40))
def test_large_problems_come_out_as_the_solver_has_them(seed: int) -> None:
    # Needs and sites scattered over a park: what is near serves.
    rng = np.random.default_rng(seed)
    needs, sites = rng.integers(5, 90), rng.integers(5, 60)
    where, at = rng.uniform(0, 1000, (needs, 2)), rng.uniform(0, 1000, (sites, 2))
    limit = rng.choice([200.0, 300.0, 500.0], size=needs)
    cover = np.hypot(*(where[:, None] - at).transpose(2, 0, 1)) <= limit[:, None]
    cover, deficit = cover[cover.any(axis=1)], rng.integers(1, 7, size=needs)
    deficit = deficit[: len(cover)]
    assert fewest(cover, deficit) == solved(cover, deficit)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Bools, Ints]:
    needs, sites = draw(st.integers(1, 6)), draw(st.integers(0, 5))
    row = st.lists(st.booleans(), min_size=sites, max_size=sites)
    cover = draw(st.lists(row, min_size=needs, max_size=needs))
    deficit = draw(st.lists(st.integers(1, 2), min_size=needs, max_size=needs))
    return np.array(cover, dtype=bool).reshape(needs, sites), np.array(deficit, dtype=np.int64)


@settings(max_examples=120)
@given(problems())
def test_it_is_the_optimum_that_exhaustive_search_finds(problem: tuple[Bools, Ints]) -> None:
    cover, deficit = problem
    assert fewest(cover, deficit) == exhaustive(cover, deficit)
