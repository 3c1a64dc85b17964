"""Rules and bounds of disclosure control, against figures worked out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from parkgap.disclosure import (
    bounds,
    exchanged,
    is_disclosive,
    is_loose,
    margin,
    sums_to_withhold,
)

OPEN = float("inf")


@pytest.mark.parametrize(
    ("total", "parts", "tells"),
    [
        (500, [], False),  # nobody is known to stand behind it
        (500, [500], True),
        (500, [200], True),  # the rest may be one other's
        (500, [300, 200], True),  # they tell each other
        (1000, [600, 300, 100], False),  # 100 is left beside the two largest; 10 % of 600 are 60
        (1000, [600, 350, 50], True),  # 50 are less than 60
        (1000, [600, 340, 60], False),  # 60 are not
    ],
)
def test_a_total_tells_its_largest_part(total: float, parts: list[float], tells: bool) -> None:
    assert is_disclosive(total, np.array(parts, dtype=float), 0.1) is tells


def test_bounds_of_a_summand_are_those_of_the_sum_and_of_its_neighbours() -> None:
    # a + b = 10, b + c = 4, none negative: b at most 4, so that a is at least 6.
    matrix = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    right = np.array([10.0, 4.0])
    upper = np.full(3, OPEN)
    found = [bounds(matrix, right, right, upper, i) for i in range(3)]
    assert np.allclose(found, [(6, 10), (0, 4), (0, 4)], atol=1e-4)


def test_sums_that_leave_one_summand_by_difference_go_too() -> None:
    # The first sum holds three withheld figures, the second those and a fourth.
    values = np.array([1913.0, 2862.0, 1409.0, 877.0, 2511.0])
    hidden = np.array([True, True, True, True, False])
    rows = [np.array([0, 1, 2, 4]), np.array([0, 1, 2, 3, 4]), np.array([3, 4]), np.array([4])]
    gone = sums_to_withhold(values, np.full(5, OPEN), hidden, rows, 0.1)
    assert gone[2]  # one withheld figure alone
    assert not gone[3]  # nothing withheld in it
    assert gone[:2].tolist() in ([True, False], [False, True])


def test_no_combination_of_told_sums_gives_a_withheld_figure() -> None:
    """Random tables: by brute force over all combinations of told sums with weights -1, 0, 1."""
    rng = np.random.default_rng(5)
    for _ in range(25):
        values = rng.integers(50, 3000, 7).astype(float)
        hidden = rng.random(7) < 0.6
        rows = [np.flatnonzero(rng.random(7) < 0.6) for _ in range(5)]
        rows = [r for r in rows if len(r)]
        gone = sums_to_withhold(values, np.full(7, OPEN), hidden, rows, 0.1)
        left = [row for row, lost in zip(rows, gone, strict=True) if not lost]
        told = np.array([np.isin(np.arange(7), row) & hidden for row in left], dtype=float)
        for weights in itertools.product((-1, 0, 1), repeat=len(told)):
            mixed = np.array(weights) @ told if len(told) else np.zeros(7)
            assert np.count_nonzero(mixed) != 1


def test_what_is_withheld_does_not_depend_on_the_order_of_the_sums() -> None:
    values, hidden = np.array([500.0, 400.0, 300.0, 200.0]), np.ones(4, dtype=bool)
    rows = [np.array([0, 1, 2]), np.array([0, 1, 2, 3])]
    one = sums_to_withhold(values, np.full(4, OPEN), hidden, rows, 0.1)
    two = sums_to_withhold(values, np.full(4, OPEN), hidden, rows[::-1], 0.1)
    assert one.tolist() == two[::-1].tolist()
    assert one.sum() == 1


def test_what_can_be_exchanged_is_as_loose_as_linear_programming_says() -> None:
    rng = np.random.default_rng(11)
    found = 0
    for _ in range(30):
        kind = rng.integers(0, 2, 6)
        weight = rng.uniform(0.5, 3.0, 6)
        matrix = np.array([weight, weight * (kind == 0)])  # a whole, and a part of it
        values, upper = rng.uniform(0, 1, 6), np.ones(6)
        room = margin(values, upper, 0.2)
        total = matrix @ values
        for at in np.flatnonzero(exchanged(matrix, values, upper, room)):
            found += 1
            ends = bounds(matrix, total, total, upper, int(at))
            assert is_loose(float(values[at]), ends, 1.0, float(room[at]))
    assert found > 50
