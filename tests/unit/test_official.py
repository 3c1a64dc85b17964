"""Official lists join OpenStreetMap: one place, both ids; a chain's branches stay apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from parkgap import standard as standards
from parkgap.access.lists import open_places, proven
from parkgap.access.official import join, match, plain
from parkgap.frames import COMPLETE, FACILITIES, OFFICIAL, PARKS

if TYPE_CHECKING:
    import pandas as pd

STANDARD = standards.load()
ITEMS = [i.id for i in STANDARD.items]
MEAL, SHOP = "canteen_or_meal", "convenience_store"
LON, LAT = 120.0, 36.0
M_LON = 1 / 90163.0  # one metre of longitude at 36 N (cos 36 x 111,321 x 1.0011)


def mapped(*rows: tuple[str, str, str, float]) -> tuple[pd.DataFrame, np.ndarray]:
    """Facilities (id, name, item, metres east) as OpenStreetMap has them."""
    frame = FACILITIES.frame(
        {
            "facility_id": [r[0] for r in rows],
            "name": [r[1] or None for r in rows],
            "items": [[r[2]] for r in rows],
            "category": [STANDARD.item(r[2]).category for r in rows],
            "lon": [LON + r[3] * M_LON for r in rows],
            "lat": [LAT for _ in rows],
            "access": ["public"] * len(rows),
            "lines": [[] for _ in rows],
            "opening_hours": [None] * len(rows),
            "source": ["osm"] * len(rows),
            "source_ids": [[r[0]] for r in rows],
        }
    )
    member = np.array([[i == r[2] for i in ITEMS] for r in rows], dtype=bool)
    return frame, member.reshape(len(rows), len(ITEMS))


def listed(*rows: dict[str, object]) -> pd.DataFrame:
    base: dict[str, object] = {
        "list_id": "L",
        "item": MEAL,
        "name": None,
        "lon": LON,
        "lat": LAT,
        "access": "public",
        "status": "existing",
        "open_date": None,
        "hours": None,
        "seats": np.nan,
        "area_m2": np.nan,
        "removed": False,
        "project_id": None,
        "source": "名单.csv",
    }
    full = [base | {"row_id": str(i + 1)} | r for i, r in enumerate(rows)]
    return OFFICIAL.frame({n: [r[n] for r in full] for n in OFFICIAL.names})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("友客便利店（长江路店）", "友客便利店"),
        ("青島友客便利店", "青岛友客便利店"),
        ("ＣＯＣＯ食堂", "coco 食堂"),
        ("某某餐饮有限公司", "某某餐饮"),
    ],
)
def test_names_that_mean_one_place_have_one_plain_form(one: str, other: str) -> None:
    assert plain(one) == plain(other)


def test_the_same_canteen_in_both_is_one_with_the_lists_attributes_and_both_ids() -> None:
    frame, member = mapped(("node/1", "职工食堂", MEAL, 60.0))
    rows = listed({"name": "职工食堂（东区）", "hours": "11:00-13:00", "access": "park:P"})
    both, counts, closed = join(frame, member, rows, STANDARD)
    assert both["facility_id"].tolist() == ["node/1"]
    assert both["access"].tolist() == ["park:P"]
    assert both["opening_hours"].tolist() == ["11:00-13:00"]
    assert both["source_ids"].tolist() == [["node/1", "list:L/1"]]
    assert not closed.any()
    assert counts[0, ITEMS.index(MEAL)]


def test_two_branches_of_a_chain_and_two_unlike_names_stay_apart() -> None:
    frame, member = mapped(("node/1", "友客", SHOP, 400.0), ("node/2", "美宜佳", SHOP, 20.0))
    rows = listed({"name": "友客", "item": SHOP})
    assert match(frame, member, rows, STANDARD).tolist() == [-1]
    both, _, _ = join(frame, member, rows, STANDARD)
    assert both["facility_id"].tolist() == ["node/1", "node/2", "list:L/1"]


def test_a_nameless_place_joins_only_close_by_and_of_one_item() -> None:
    frame, member = mapped(("node/1", "", MEAL, 25.0))
    assert match(frame, member, listed({"name": "食堂甲"}), STANDARD).tolist() == [0]
    frame, member = mapped(("node/1", "", MEAL, 35.0))
    assert match(frame, member, listed({"name": "食堂甲"}), STANDARD).tolist() == [-1]


def test_two_rows_of_one_list_are_never_one_place() -> None:
    frame, member = mapped(("node/1", "一食堂", MEAL, 10.0))
    rows = listed({"name": "一食堂"}, {"name": "一食堂", "lon": LON + 90 * M_LON})
    assert match(frame, member, rows, STANDARD).tolist() == [0, -1]


def test_a_removed_row_closes_what_is_still_mapped() -> None:
    frame, member = mapped(("node/1", "旧食堂", MEAL, 10.0), ("node/2", "新食堂", MEAL, 20.0))
    _, _, closed = join(frame, member, listed({"name": "旧食堂", "removed": True}), STANDARD)
    assert closed.tolist() == [True, False]


def test_what_is_planned_counts_from_its_opening_day() -> None:
    rows = listed({"status": "planned", "open_date": "2026-09-01"}, {"status": "planned"})
    assert len(open_places(rows, "2026-08-31")) == 0
    assert len(open_places(rows, "2026-09-01")) == 1
    assert len(open_places(rows, "")) == 0


def test_a_complete_list_speaks_for_its_area_and_item_and_lapses() -> None:
    text = {c.name: [""] * 2 for c in PARKS.columns if c.kind in ("str", "geometry")}
    parks = PARKS.frame(
        text | {"park_id": ["P", "Q"], "district": ["黄岛区", "城阳区"], "workers": [1.0, 1.0]}
    )
    declared = COMPLETE.frame(
        {
            "list_id": ["L"],
            "item": [MEAL],
            "area": ["黄岛区"],
            "issuer": ["局"],
            "as_of": ["2026-06-30"],
        }
    )
    column = ITEMS.index(MEAL)
    assert proven(declared, parks, STANDARD, "2026-11-01")[:, column].tolist() == [True, False]
    assert proven(declared, parks, STANDARD, "2026-11-01").sum() == 1
    assert not proven(declared, parks, STANDARD, "2027-07-01").any()
    assert not proven(declared, parks, STANDARD, "2026-06-29").any()
