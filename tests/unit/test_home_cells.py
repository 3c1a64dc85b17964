"""Squares of homes: what is told locates nobody, however it is put together; by brute force."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from parkgap.assess.home_cells import home_cells
from parkgap.frames import ORIGINS

Ints = npt.NDArray[np.int64]
Spot = tuple[float, float]

FEW = 10


def told(
    homes: Sequence[tuple[str, float, float, float]], few: int = FEW, based_on: str = "dormitory"
) -> list[tuple[str, float, float, float, float, float | None]]:
    """Squares told of homes given as park, longitude, latitude, workers."""
    frame = home_cells(*origins(homes, based_on), few)
    plain = frame.astype(object).where(frame.notna(), None)
    return [tuple(row) for row in plain.to_numpy().tolist()]


def origins(
    homes: Sequence[tuple[str, float, float, float]], based_on: str = "dormitory"
) -> tuple[pd.DataFrame, pd.Series]:
    park, lon, lat, workers = (list(v) for v in zip(*homes, strict=True))
    given = pd.Series(workers, dtype=float)
    total = given.groupby(np.array(park)).sum()
    share = given.to_numpy() / np.maximum(total.reindex(park).to_numpy(), 1.0)
    frame = ORIGINS.frame(
        {
            "origin_id": [f"R{i}" for i in range(len(homes))],
            "kind": ["home"] * len(homes),
            "park_id": park,
            "enterprise_id": [None] * len(homes),
            "based_on": [based_on] * len(homes),
            "share": share,
            "lon": lon,
            "lat": lat,
            "reached": [True] * len(homes),
        }
    )
    return frame, total


# --- by hand ----------------------------------------------------------------------------------


def test_a_square_tells_its_class_and_not_its_number() -> None:
    assert told([("A", 120.0049, 36.0051, 30)]) == [("A", 120.0, 36.0, 0.08, 10, 50)]
    assert told([("A", 120.0049, 36.0051, 49.0)]) == told([("A", 120.0049, 36.0051, 10.0)])
    assert told([("A", 120.0049, 36.0051, 9.0)]) == []


def test_where_many_live_the_square_is_small() -> None:
    assert told([("A", 120.0049, 36.0051, 50)]) == [("A", 120.0, 36.0, 0.01, 50, 200)]
    assert told([("A", 120.0049, 36.0051, 4321)]) == [("A", 120.0, 36.0, 0.01, 1000, None)]


def test_few_beside_many_are_not_told() -> None:
    # 120.005 and 120.015 are quarters of one square of 0.02 degrees; so is the third, to the north.
    homes = [("A", 120.005, 36.005, 60), ("A", 120.015, 36.005, 9), ("A", 120.005, 36.015, 12)]
    assert told(homes) == [
        ("A", 120.0, 36.0, 0.01, 50, 200),
        ("A", 120.0, 36.01, 0.01, 10, 50),
    ]


def test_scattered_homes_are_gathered_in_wider_squares() -> None:
    # Four times six, each in a quarter of its own: none of them alone, all of them together.
    spots = [(x, y) for x in (120.005, 120.015) for y in (36.005, 36.015)]
    assert told([("A", x, y, 6) for x, y in spots]) == [("A", 120.0, 36.0, 0.08, 10, 50)]


def test_the_grid_is_the_same_for_every_park_and_west_of_greenwich() -> None:
    homes = [("A", -15.4237, 28.1, 60), ("B", -15.4201, 28.1, 60), ("B", -15.43001, 28.1, 60)]
    assert [row[:3] for row in told(homes)] == [
        ("A", -15.43, 28.1),
        ("B", -15.44, 28.1),
        ("B", -15.43, 28.1),
    ]


def test_homes_that_nobody_has_seen_are_not_shown() -> None:
    assert told([("A", 120.0, 36.0, 500)], based_on="estimated") == []


def test_a_park_s_squares_do_not_depend_on_other_parks() -> None:
    alone = [("A", 120.005, 36.005, 60), ("A", 120.015, 36.005, 12)]
    others = [("B", 120.005, 36.005, 7), ("C", 120.015, 36.005, 900)]
    assert [row for row in told([*others, *alone]) if row[0] == "A"] == told(alone)


# --- by brute force ---------------------------------------------------------------------------

# What could be: how many workers live at each of four spots.  Whoever reads the map may know that
# nobody can live anywhere else around (water, works), and how many workers there are in all, some
# of them anywhere else.  "Few" is 1 where two may be told.
LEAST = 2
MOST = 10
QUARTERS = ((120.005, 36.005), (120.015, 36.005), (120.005, 36.015), (120.015, 36.015))
NESTED = ((120.005, 36.005), (120.015, 36.005), (120.025, 36.005), (120.045, 36.005))
BESIDE = ((120.005, 36.005), (120.015, 36.005), (120.025, 36.005), (120.035, 36.005))


@cache
def worlds(spots: tuple[Spot, ...]) -> tuple[Ints, Ints]:
    """Every way to live at the spots, and the number of what is told of it."""
    axes = np.meshgrid(*([np.arange(MOST + 1)] * len(spots)), indexing="ij")
    people = np.stack([a.ravel() for a in axes], axis=1)
    park = np.repeat([f"{i:06d}" for i in range(len(people))], len(spots))
    lon, lat = np.tile(np.array(spots), (len(people), 1)).T
    homes = list(zip(park, lon, lat, people.ravel().astype(float), strict=True))
    frame = home_cells(*origins(homes), LEAST)
    square = frame.groupby(["west", "south", "size", "least"]).ngroup().to_numpy()
    said = np.full((len(people), len(spots)), -1)
    said[frame["park_id"].astype(int), frame.groupby("park_id").cumcount()] = square
    return people, np.unique(said, axis=0, return_inverse=True)[1].ravel()


def known(people: Ints, said: Ints) -> tuple[npt.NDArray[np.uint64], Ints, Ints]:
    """What follows for every union of spots: which counts are possible, the least, the most.

    Shape (things said, totals, unions); the total is of all the park's workers, so that no more
    than it live at the spots.
    """
    size = people.shape[1]
    unions = [list(u) for n in range(1, size + 1) for u in combinations(range(size), n)]
    counts = np.stack([people[:, u].sum(axis=1) for u in unions], axis=1)
    total = people.sum(axis=1)
    shape = (int(said.max()) + 1, MOST * size + 1, len(unions))
    mask = np.zeros(shape, dtype=np.uint64)
    least, most = np.full(shape, MOST * size + 1), np.full(shape, -1)
    order = np.lexsort((total, said))
    first = np.flatnonzero(np.diff(said[order] * shape[1] + total[order], prepend=-1))
    at = (said[order][first], total[order][first])
    counts = counts[order]
    mask[at] = np.bitwise_or.reduceat(np.uint64(1) << counts.astype(np.uint64), first)
    least[at] = np.minimum.reduceat(counts, first)
    most[at] = np.maximum.reduceat(counts, first)
    return (
        np.bitwise_or.accumulate(mask, axis=1),
        np.minimum.accumulate(least, axis=1),
        np.maximum.accumulate(most, axis=1),
    )


def habitable(spots: tuple[Spot, ...]) -> list[list[int]]:
    return [list(u) for n in range(1, len(spots) + 1) for u in combinations(range(len(spots)), n)]


@pytest.mark.parametrize("spots", [QUARTERS, NESTED, BESIDE], ids=["quarters", "nested", "beside"])
def test_nothing_that_is_told_locates_a_few(spots: tuple[Spot, ...]) -> None:
    people, said = worlds(spots)
    for own in habitable(spots):
        others = np.setdiff1d(np.arange(len(spots)), own)
        there = (people[:, others] == 0).all(axis=1)
        _, number = np.unique(said[there], return_inverse=True)
        _, least, most = known(people[there][:, own], number)
        # Some are known to live in a union of spots, and fewer than may be told.
        assert not ((least >= 1) & (most >= 0) & (most < LEAST)).any()


@pytest.mark.parametrize("spots", [QUARTERS, NESTED], ids=["quarters", "nested"])
def test_two_runs_with_one_worker_moved_tell_no_few_that_moved(spots: tuple[Spot, ...]) -> None:
    people, said = worlds(spots)
    mask, least, most = known(people, said)
    base = MOST + 1
    number = people @ base ** np.arange(len(spots))[::-1]
    pairs = []
    for x, y in permutations(range(len(spots)), 2):  # one moves from x to y
        can = (people[:, x] > 0) & (people[:, y] < MOST)
        step = base ** (len(spots) - 1 - y) - base ** (len(spots) - 1 - x)
        pairs.append(np.column_stack([said[can], said[number[can] + step]]))
    before, after = np.unique(np.concatenate(pairs), axis=0).T
    exists = (most[before] >= 0) & (most[after] >= 0)
    changed = exists & ((mask[before] & mask[after]) == 0)
    far = np.maximum(most[before] - least[after], most[after] - least[before])
    assert changed.any()  # some pairs do tell that something moved
    assert not (changed & (far < LEAST)).any()


def test_no_square_of_fewer_is_told_and_none_overlaps_another() -> None:
    rng = np.random.default_rng(15)
    homes = [
        (f"P{p}", *rng.uniform((120, 36), (120.05, 36.05)).tolist(), float(rng.integers(1, 40)))
        for p in range(30)
        for _ in range(int(rng.integers(1, 40)))
    ]
    rows = told(homes)
    assert {row[3] for row in rows} >= {0.01, 0.02, 0.04}
    for park, west, south, size, least, below in rows:
        inside = [h for h in homes if h[0] == park]
        inside = [h for h in inside if 0 <= h[1] - west < size and 0 <= h[2] - south < size]
        people = sum(h[3] for h in inside)
        assert people >= FEW
        assert least <= people < (below or np.inf)
    for park in {row[0] for row in rows}:
        boxes = [row[1:4] for row in rows if row[0] == park]
        for (w, s, d), (x, y, e) in combinations(boxes, 2):
            apart = w + d <= x + 1e-9 or x + e <= w + 1e-9 or s + d <= y + 1e-9 or y + e <= s + 1e-9
            assert apart
