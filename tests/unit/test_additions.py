"""The fewest additions are the true optimum of the covering problem, never a sum of rows."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

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
