"""The assumptions that ranks are tried under: which there are, and what each does to a test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parkgap.assess.scenarios import (
    Satisfactions,
    Scenario,
    joined,
    of_assessment,
    scenario_grid,
    scenario_standard,
    under,
    variants,
    widest_m,
)
from parkgap.frames import ASSESSMENT
from parkgap.standard import Standard, load

if TYPE_CHECKING:
    import pandas as pd

MEAL, BREAKFAST, SHOP = "canteen_or_meal", "breakfast", "convenience_store"


@pytest.fixture(scope="module")
def standard() -> Standard:
    return load()


def test_every_combination_of_what_the_standard_leaves_open(standard: Standard) -> None:
    grid = scenario_grid(standard)
    assert grid[0] == Scenario(1.0, 1.0, 1.0)
    # 67, 60 and 80 m/min; 1000, 800 and 1500 m; as stated, presence alone, half.
    assert {s.speed for s in grid} == {1.0, 60 / 67, 80 / 67}
    assert {s.limit for s in grid} == {1.0, 0.8, 1.5}
    assert {s.count for s in grid} == {1.0, 0.0, 0.5}
    assert len(grid) == len(set(grid)) == 27


def test_what_a_file_does_not_name_is_not_varied(standard: Standard) -> None:
    bare = standard.model_copy(update={"figures": {}})
    assert {(s.limit, s.count) for s in scenario_grid(bare)} == {(1.0, 1.0)}
    still = bare.model_copy(
        update={"walk_speed_low": bare.walk_speed, "walk_speed_high": bare.walk_speed}
    )
    assert scenario_grid(still) == (Scenario(),)


@pytest.mark.parametrize(
    ("item", "scenario", "limits", "counts"),
    [
        # 1 within 300 m, 3 within 500, 5 within 1000: only the last is a circle of 15 minutes.
        (MEAL, Scenario(), [300, 500, 1000], [1, 3, 5]),
        (MEAL, Scenario(limit=0.8), [300, 500, 800], [1, 3, 5]),
        (MEAL, Scenario(limit=1.5, count=0.5), [300, 500, 1500], [1, 2, 3]),
        (MEAL, Scenario(speed=80 / 67, count=0.0), [300, 500, 1000], [1, 1, 1]),
        # 10 minutes at 80 m/min are 800 m, for which 67 m/min take 11.94 minutes.
        (BREAKFAST, Scenario(speed=80 / 67, limit=1.5), [800 / 67], [1]),
        # 5 minutes, and 3 within 1000 m.
        (SHOP, Scenario(speed=60 / 67, limit=0.8), [300 / 67, 800], [1, 3]),
        # 15 minutes stay 15 minutes, whatever their metres are taken to be.
        ("supermarket", Scenario(limit=1.5), [15], [1]),
    ],
)
def test_a_scenario_changes_limits_and_counts(
    standard: Standard, item: str, scenario: Scenario, limits: list[float], counts: list[int]
) -> None:
    found = under(standard.item(item), scenario)
    assert [t.limit for t in found] == pytest.approx(limits)
    assert [t.count for t in found] == counts
    assert scenario_standard(standard, scenario).item(item).tests == found
    stated = standard.item(item).tests
    assert [(t.id, t.unit, t.band) for t in found] == [(t.id, t.unit, t.band) for t in stated]


def test_most_scenarios_leave_most_items_alone(standard: Standard) -> None:
    grid = scenario_grid(standard)
    for item in standard.items:
        distinct, which = variants(item, grid)
        assert [distinct[w] for w in which] == [under(item, s) for s in grid]
    # A bus stop within 300 and 500 m: neither minutes, nor the last band, nor a count above 1.
    assert len(variants(standard.item("bus_stop"), grid)[0]) == 1
    assert len(variants(standard.item("bus_lines"), grid)[0]) == 2  # 2 lines, or 1


def test_the_search_must_go_as_far_as_the_widest_scenario(standard: Standard) -> None:
    assert widest_m(standard) == 1500  # 1000 m x 1.5; 15 minutes at 80 m/min are 1200
    brisk = load(overrides={"supermarket.d15.limit": 20})
    assert widest_m(brisk) == pytest.approx(1600)


# --- from the frame of the assessment --------------------------------------------------------


def frame(rows: list[tuple[str, str, str, str, float, float, float, float]]) -> pd.DataFrame:
    names = ["park_id", "item", "shift", "status", "weight"]
    names += ["satisfaction_low", "satisfaction_high", "workers"]
    records = [dict(zip(names, row, strict=True)) | {"level": "mandatory"} for row in rows]
    return ASSESSMENT.frame(
        {
            c.name: [r.get(c.name, "" if c.kind == "str" else math.nan) for r in records]
            for c in ASSESSMENT.columns
        }
    )


def test_one_scenario_is_read_from_the_assessment(standard: Standard) -> None:
    rows = [
        ("A", MEAL, "day", "short", 0.3, 0.5, 0.6, 70.0),
        ("A", MEAL, "night", "unverified", 0.1, 0.0, 1.0, 30.0),
        ("A", SHOP, "all", "met", 0.6, 1.0, 1.0, 100.0),
        ("B", MEAL, "all", "not_applicable", 0.0, math.nan, math.nan, math.nan),
        ("B", SHOP, "all", "short", 1.0, 0.25, 0.25, math.nan),
    ]
    known = of_assessment(frame(rows), ["B", "A"], standard)
    ids = [standard.items[i].id for i in known.item]
    assert ids == [MEAL, MEAL, MEAL, SHOP]  # day, night and all of a meal: all, day, night
    assert known.share == pytest.approx(np.array([[0, 0, 0, 1], [0, 0.75, 0.25, 1]]))
    assert known.low[0].tolist() == [[1, 1, 1, 0.25], [1, 0.5, 0, 1]]
    assert known.high[0].tolist() == [[1, 1, 1, 0.25], [1, 0.6, 1, 1]]
    assert known.short[0].tolist() == [[False] * 3 + [True], [False, True, False, False]]
    assert known.unverified[0].tolist() == [[False] * 4, [False, False, True, False]]
    assert known.workers[1].tolist()[1:] == [70, 30, 100]
    assert math.isnan(known.workers[0, 3])


def test_parks_judged_apart_are_put_together(standard: Standard) -> None:
    rng = np.random.default_rng(1)
    shape = (3, 4, 2)
    whole = Satisfactions(
        park_ids=("A", "B", "C", "D"),
        item=np.array([0, 5]),
        share=rng.random(shape[1:]),
        workers=rng.random(shape[1:]),
        low=rng.random(shape),
        high=rng.random(shape),
        short=rng.random(shape) < 0.5,
        unverified=rng.random(shape) < 0.5,
    )
    parts = [whole.of_parks(np.array(rows)) for rows in ([2], [0, 3], [1])]
    again = joined(parts).of_parks(np.array([1, 3, 0, 2]))
    assert again.park_ids == whole.park_ids
    for name in ("item", "share", "workers", "low", "high", "short", "unverified"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
