"""What parks are shaded by: figures worked by hand, and the ranking's own where it has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.unit.test_maps import frame, judged, park, rank, results

from parkgap import frames
from parkgap.assess import stability
from parkgap.assess.ranking import rank_parks
from parkgap.publish import layers as layers_module
from parkgap.publish.layers import HATCHED, NONE, Layer, layer_data, layers, looks
from parkgap.publish.rolled import areas
from parkgap.publish.shell import context
from parkgap.standard import load

NAN = float("nan")


def row(
    park_id: str, item: str, status: str, low: float, high: float, **more: Any
) -> dict[str, Any]:
    """One row of the assessment."""
    served = {"satisfaction_low": low, "satisfaction_high": high, "served_share": low}
    made = judged(park_id, item, status, **served, **more)
    return {k: v for k, v in made.items() if k in frames.ASSESSMENT.names}


def found(rows: list[dict[str, Any]], **more: Any) -> dict[str, Layer]:
    """Layers of three parks; C is of unknown headcount."""
    parks = [park(p, p, 120.0 + i / 100, 36.0) for i, p in enumerate("ABC")]
    ranking = [rank("A", "A", 1), rank("B", "B", 2)]
    ranking += [rank("C", "C", None, tier="unknown_headcount", workers=NAN)]
    made = results(
        parks=frame(frames.PARKS, parks),
        ranking=frame(frames.RANKING, ranking),
        assessment=frame(frames.ASSESSMENT, rows),
        shortfall=frames.SHORTFALL.frame(),
        **more,
    )
    return {layer.id: layer for layer in layers(context(made))}


def test_a_category_is_the_weighted_mean_of_its_items_and_hatched_where_it_is_thin() -> None:
    made = found(
        [
            row("A", "canteen_or_meal", "short", 0.5, 0.5, weight=0.3),
            row("A", "breakfast", "unverified", 0.0, 1.0, weight=0.1, category="dining"),
            row("A", "bus_stop", "unverified", 0.9, 1.0, weight=0.1),
            row("B", "canteen_or_meal", "met", 1.0, 1.0, weight=0.3),
            row("B", "breakfast", "not_applicable", NAN, NAN, weight=0.0, category="dining"),
            row("C", "canteen_or_meal", "short", 0.1, 0.1, weight=0.3),
        ]
    )
    dining = made["cat:dining"]
    # (0.3 x 0.5 + 0.1 x 0) / 0.4 and (0.3 x 0.5 + 0.1 x 1) / 0.4; a quarter of it is unverified
    assert [dining.low[0], dining.high[0], dining.score[0]] == pytest.approx([37.5, 62.5, 50.0])
    assert dining.score.tolist()[1:] == pytest.approx([100.0, 10.0])
    assert dining.look.tolist() == [2, 4, 5]  # 40-60; 80-100; 0-20 with dots
    # a park whose only stop may be there or not looks neither good nor bad
    transit = made["cat:transit"]
    assert transit.score[0] == pytest.approx(95.0)
    assert transit.look.tolist() == [HATCHED, NONE, NONE]
    assert np.isnan(transit.score[1])
    assert "cat:health" not in made  # nothing is judged there


def test_thirty_per_cent_unverified_is_the_most_that_is_shaded() -> None:
    both = {"weight": 0.3, "category": "dining"}, {"weight": 0.7, "category": "dining"}
    rows = [
        row("A", "breakfast", "unverified", 0.0, 1.0, **both[0]),
        row("A", "canteen_or_meal", "met", 1.0, 1.0, **both[1]),
        row("B", "breakfast", "unverified", 0.0, 1.0, weight=0.31, category="dining"),
        row("B", "canteen_or_meal", "met", 1.0, 1.0, weight=0.69),
    ]
    assert found(rows)["cat:dining"].look.tolist() == [4, HATCHED, NONE]
    assert layers_module.MAX_UNVERIFIED == stability.MAX_UNVERIFIED


def test_a_shift_takes_its_own_rows_and_the_parks_where_shifts_are_not_told_apart() -> None:
    meal = {"weight": 0.5}
    made = found(
        [
            row("A", "canteen_or_meal", "short", 0.6, 0.6, **meal),
            row("A", "canteen_or_meal", "met", 1.0, 1.0, shift="早班", **meal),
            row("A", "canteen_or_meal", "short", 0.2, 0.2, shift="夜班", **meal),
            row("A", "bus_stop", "met", 1.0, 1.0, weight=0.5),
            row("B", "canteen_or_meal", "short", 0.4, 0.4, **meal),
            row("C", "canteen_or_meal", "short", 0.4, 0.4, **meal),
        ],
        shifts={"A": ("早班", "夜班"), "B": ("夜班",)},
    )
    night, early = made["shift:夜班"], made["shift:早班"]
    assert night.score.tolist()[:2] == pytest.approx([60.0, 40.0])  # (0.2 + 1) / 2; B as a whole
    assert early.score[0] == pytest.approx(100.0)
    assert np.isnan(early.score[1])  # B has no such shift
    assert early.look[1] == NONE
    assert np.isnan(night.score[2])  # nobody said which shifts C has
    assert night.look[2] == NONE


def test_ends_agree_with_the_ranking_of_the_same_rows() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for park_id in "ABC":
        for item in load().items:
            low, high = sorted(rng.uniform(0, 1, 2))
            status = rng.choice(["short", "unverified", "met"])
            end = str(rng.choice(["work", "home", "either"]))
            more = {"weight": item.weight, "category": item.category, "origin": end}
            rows.append(row(park_id, item.id, status, low, high, **more, level=item.level))
    made = found(rows)
    table = frame(frames.PARKS, [park(p, p, 120.0, 36.0) | {"workers": 500.0} for p in "ABC"])
    ranked = rank_parks(frame(frames.ASSESSMENT, rows), table, load(), np.zeros(3))
    ranked = ranked.set_index("park_id").loc[list("ABC")]
    for end in ("work", "home"):
        assert made[end].score == pytest.approx(ranked[f"score_{end}"].to_numpy(dtype=float))


def test_withheld_shares_are_in_no_layer() -> None:
    hidden = row("A", "canteen_or_meal", "short", NAN, NAN, weight=0.3, workers_unserved=NAN)
    dining = found([hidden])["cat:dining"]
    assert np.isnan(dining.score[0])
    assert dining.look[0] == HATCHED
    assert layer_data([dining])[0]["s"] == [None, None, None]


def test_every_look_has_a_fill_and_an_ink() -> None:
    assert len(looks()) == NONE + 1
    assert all(fill.startswith(("#", "url(#pg-")) and ink.startswith("#") for fill, ink in looks())


# --- areas ------------------------------------------------------------------------------------


def rolled(level: str, area: str, item: str, **figures: Any) -> dict[str, Any]:
    known = {"category": "dining", "parks": 2, "parks_short": 1, "parks_unverified": 0}
    known |= {"short_by": 2.0, "unit": "处", "workers": 100.0, "workers_unserved": 20.0}
    return {"level": level, "area": area, "item": item} | known | figures


def test_areas_list_their_parks_fewest_additions_and_what_is_only_to_verify() -> None:
    rows = [
        rolled("district", "甲区", "canteen_or_meal"),
        rolled("district", "甲区", "bus_stop", parks_short=2, short_by=3.0),
        rolled("district", "甲区", "parcel_point", parks_short=0, short_by=NAN, parks_unverified=2),
        rolled("zone", "北区", "bus_stop"),
    ]
    ranking = [rank("A", "A", 1, district="甲区", workers=700.0, zone="北区")]
    ranking += [rank("b/2", "B", 2, district="甲区", workers=NAN)]
    made = results(
        ranking=frame(frames.RANKING, ranking), rollup=pd.DataFrame(rows)[frames.ROLLUP.names]
    )
    district, zone = areas(context(made))
    assert (district.key, district.parks) == ("district:甲区", ("A", "b/2"))
    assert (district.workers, district.uncounted) == (700.0, 1)  # unknown is not nobody
    assert [much for _, much in district.short] == ["3 处", "2 处"]  # two parks lack it: first
    assert district.unverified == 1
    assert (zone.level, zone.parks) == ("zone", ("A",))
