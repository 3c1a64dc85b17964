"""What facilities offer: said by a list, measured from a building, or unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyproj import Proj
from shapely.geometry import Polygon

from parkgap.access.supply import floor_areas, shared_with_residents, supplies
from parkgap.frames import ENTERPRISES, FACILITIES, LISTED
from parkgap.standard import load

STANDARD = load("cn-industrial-15min")
ITEMS = [i.id for i in STANDARD.items]
MEAL, SHOP, HOMES, LINES = "canteen_or_meal", "convenience_store", "worker_housing", "bus_lines"


def box(width: float, depth: float) -> Polygon:
    """A box of so many metres at 120 E, 36 N."""
    plane = Proj(proj="aeqd", lon_0=120, lat_0=36, ellps="WGS84")
    corners = [(0, 0), (width, 0), (width, depth), (0, depth)]
    return Polygon([plane(x, y, inverse=True) for x, y in corners])


def facilities(*rows: dict[str, Any]) -> tuple[pd.DataFrame, Any]:
    """Facilities, and what they count for."""
    blank = {"category": "x", "lon": 120.0, "lat": 36.0, "access": "public", "lines": []}
    full = [{**blank, "source": "osm", "source_ids": [r["facility_id"]], **r} for r in rows]
    frame = FACILITIES.frame({c: [r.get(c) for r in full] for c in FACILITIES.names})
    member = np.array([[i in r["items"] for i in ITEMS] for r in full])
    return frame, member


def listed(*rows: dict[str, Any]) -> pd.DataFrame:
    blank = {"list_id": "L", "access": "public", "status": "existing", "removed": False}
    full = [{**blank, "source": "made up", **r} for r in rows]
    return LISTED.frame({c: [r.get(c) for r in full] for c in LISTED.names})


def found(frame: pd.DataFrame) -> dict[tuple[str, str, str], tuple[float, str]]:
    return {
        (r["facility_id"], r["item"], r["unit"]): (r["amount"], r["basis"])
        for r in frame.to_dict("records")
    }


def objects(*rows: tuple[str, Polygon | None]) -> pd.DataFrame:
    shape = np.empty(len(rows), dtype=object)
    shape[:] = [g for _, g in rows]
    return pd.DataFrame({"osm_id": [i for i, _ in rows], "geometry": shape})


def buildings(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["osm_id", "kind", "levels"], dtype=object)


def test_a_place_is_as_large_as_its_own_building() -> None:
    frame, _ = facilities(
        *({"facility_id": i, "items": [SHOP]} for i in ("way/1", "way/2", "way/3", "node/4")),
        {"facility_id": "way/5", "items": [SHOP], "source_ids": ["node/9", "way/5", "way/6"]},
    )
    things = objects(
        ("way/1", box(20, 10)),
        ("way/2", box(20, 10)),
        ("way/3", box(30, 10)),
        ("node/4", None),
        ("node/9", None),
        ("way/5", box(10, 10)),
        ("way/6", box(40, 10)),
    )
    # On three levels; on the ground floor of flats; an area that is no building; a point; the
    # larger of two outlines, whose levels nobody mapped.
    known = buildings(
        ("way/1", "retail", "3"), ("way/2", "apartments", "6"), ("way/6", "yes", None)
    )
    area = floor_areas(frame, things, known)
    assert area == pytest.approx([600, 200, 300, np.nan, 400], rel=1e-3, nan_ok=True)


def test_what_a_list_says_goes_before_what_a_building_measures() -> None:
    frame, member = facilities(
        {"facility_id": "way/1", "items": [MEAL, SHOP], "source_ids": ["way/1", "list:L/1"]},
        {"facility_id": "way/2", "items": [MEAL]},
        {"facility_id": "node/3", "items": [MEAL]},
    )
    said = listed({"row_id": "1", "item": MEAL, "area_m2": 90.0, "seats": 40.0})
    floor = np.array([200.0, 300.0, np.nan])
    assert found(supplies(frame, member, said, ENTERPRISES.frame(), floor, STANDARD)) == {
        ("way/1", MEAL, "m2"): (90.0, "declared"),
        ("way/1", MEAL, "seats"): (40.0, "declared"),
        ("way/1", SHOP, "m2"): (200.0, "building"),
        ("way/2", MEAL, "m2"): (300.0, "building"),
    }


def test_of_two_lists_the_smaller_and_of_what_is_removed_nothing() -> None:
    frame, member = facilities(
        {"facility_id": "node/1", "items": [MEAL], "source_ids": ["list:L/1", "list:M/1"]},
        {"facility_id": "node/2", "items": [MEAL], "source_ids": ["list:L/2"]},
    )
    said = listed(
        {"row_id": "1", "item": MEAL, "seats": 80.0},
        {"list_id": "M", "row_id": "1", "item": MEAL, "seats": 60.0},
        {"row_id": "2", "item": MEAL, "seats": 50.0, "removed": True},
    )
    nothing = np.full(2, np.nan)
    assert found(supplies(frame, member, said, ENTERPRISES.frame(), nothing, STANDARD)) == {
        ("node/1", MEAL, "seats"): (60.0, "declared")
    }


def test_beds_are_beds_in_either_column_and_no_residents_ask_for_them() -> None:
    frame, member = facilities(
        {"facility_id": "node/1", "items": [HOMES], "source_ids": ["list:L/1"]},
        {"facility_id": "node/2", "items": [HOMES], "source_ids": ["list:housing_stock/2"]},
        {"facility_id": "node/3", "items": [LINES], "lines": ["1", "2"]},
        {"facility_id": "node/4", "items": [LINES]},
        {"facility_id": "node/5", "items": [LINES], "lines": ["3"], "access": "park:P"},
    )
    said = listed(
        {"row_id": "1", "item": HOMES, "seats": 300.0},
        {"list_id": "housing_stock", "row_id": "2", "item": HOMES, "beds": 120.0},
    )
    nothing = np.full(5, np.nan)
    assert found(supplies(frame, member, said, ENTERPRISES.frame(), nothing, STANDARD)) == {
        ("node/1", HOMES, "beds"): (300.0, "declared"),
        ("node/2", HOMES, "beds"): (120.0, "declared"),
        ("node/3", LINES, "line_stops"): (2.0, "mapped"),
        ("node/5", LINES, "line_stops"): (1.0, "mapped"),
    }
    shared = shared_with_residents(frame, member, said, nothing, STANDARD)
    assert shared.tolist() == [False, False, True, False, False]


def test_a_works_canteen_that_a_list_has_too_is_one() -> None:
    frame, member = facilities(
        {
            "facility_id": "node/1",
            "items": [MEAL],
            "access": "enterprise:A",
            "source_ids": ["list:L/1"],
        },
        {
            "facility_id": "node/2",
            "items": [MEAL],
            "access": "enterprise:B",
            "source_ids": ["list:L/2"],
        },
    )
    said = listed({"row_id": "1", "item": MEAL, "seats": 70.0}, {"row_id": "2", "item": MEAL})
    firms = ENTERPRISES.frame(
        {
            "enterprise_id": list("ABCD"),
            "park_id": ["P"] * 4,
            "workers": [100.0] * 4,
            "source": ["made up"] * 4,
            "canteen_seats": [90.0, 55.0, 44.0, np.nan],
        }
    )
    # A's stands in the list with other seats; B's has them from the firm; C's is in no list.
    assert found(supplies(frame, member, said, firms, np.full(2, np.nan), STANDARD)) == {
        ("enterprise:C", MEAL, "seats"): (44.0, "declared"),
        ("node/1", MEAL, "seats"): (70.0, "declared"),
        ("node/2", MEAL, "seats"): (55.0, "declared"),
    }
