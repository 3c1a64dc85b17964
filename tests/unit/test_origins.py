"""Who starts where: shares over enterprises, buildings and homes, worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
import shapely
from tests.unit.test_reach import LAT, LON, M_LAT, M_LON, town

from parkgap.access.homes import is_district
from parkgap.access.origins import make_origins
from parkgap.frames import ENTERPRISES, PARKS, RESIDENCES


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle in metres around (36 N, 120 E)."""
    return shapely.box(
        LON + west * M_LON, LAT + south * M_LAT, LON + east * M_LON, LAT + north * M_LAT
    )


def park(workers: float = 1000.0) -> pd.DataFrame:
    text = {c.name: [""] for c in PARKS.columns if c.kind == "str"}
    more = {"park_id": ["P"], "workers": [workers], "geometry": [box(0, 0, 500, 500)]}
    return PARKS.frame(text | more)


def buildings(*rows: tuple[str, str, str | None, shapely.Polygon]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["osm_id", "kind", "levels", "geometry"], dtype=object)


STREETS = town([{"highway": "residential", "nodes": [1, 2]}], {1: (0, -20), 2: (500, -20)})


def origins(firms: pd.DataFrame, homes: pd.DataFrame, built: pd.DataFrame) -> pd.DataFrame:
    return make_origins(park(), firms, homes, built, STREETS)


def test_workers_that_no_placed_enterprise_has_are_spread_by_floor_area() -> None:
    # 600 of 1000 at the firm; 400 over 2,500 m2 x 1 and 2,500 m2 x 3 levels: 100 and 300. The house
    # is nobody's workplace.
    firms = ENTERPRISES.frame(
        {c.name: [None] for c in ENTERPRISES.columns if c.kind == "str"}
        | {"enterprise_id": ["E"], "park_id": ["P"], "workers": [600.0], "source": ["s"]}
        | {"lon": [LON + 50 * M_LON], "lat": [LAT + 50 * M_LAT]}
    )
    built = buildings(
        ("way/1", "industrial", None, box(10, 10, 60, 60)),
        ("way/2", "warehouse", "3", box(310, 310, 360, 360)),
        ("way/3", "house", None, box(210, 210, 260, 260)),
    )
    found = origins(firms, RESIDENCES.frame(), built).set_index("origin_id")["share"]
    assert found.to_dict() == pytest.approx({"P:E": 0.6, "P:way/1": 0.1, "P:way/2": 0.3}, rel=1e-4)


def test_workers_of_a_whole_district_are_spread_over_the_homes_in_it() -> None:
    # One ha of six floors in the west, one of two in the east: three quarters and one quarter.
    homes = RESIDENCES.frame(
        {"residence_id": ["H"], "park_id": ["P"], "name": [None], "kind": ["other"]}
        | {"workers": [400.0], "geometry": [box(-1000, -1100, 1000, -100)], "source": ["s"]}
    )
    built = buildings(
        ("way/1", "apartments", "6", box(-900, -700, -800, -600)),
        ("way/2", "apartments", "2", box(800, -700, 900, -600)),
        ("way/3", "industrial", "9", box(0, -700, 100, -600)),
    )
    assert is_district(homes).tolist() == [True]
    found = origins(ENTERPRISES.frame(), homes, built)
    at_home = found[found["kind"] == "home"].set_index("origin_id")["share"]
    assert at_home.to_dict() == pytest.approx({"H:way/1": 0.75, "H:way/2": 0.25}, rel=1e-4)


def test_a_district_without_mapped_homes_stays_one_point() -> None:
    homes = RESIDENCES.frame(
        {"residence_id": ["H"], "park_id": ["P"], "name": [None], "kind": ["other"]}
        | {"workers": [400.0], "geometry": [box(-1000, -1100, 1000, -100)], "source": ["s"]}
    )
    found = origins(ENTERPRISES.frame(), homes, buildings())
    assert found[found["kind"] == "home"]["origin_id"].tolist() == ["H"]


def test_an_estate_is_no_district() -> None:
    homes = RESIDENCES.frame(
        {"residence_id": ["H"], "park_id": ["P"], "name": [None], "kind": ["dormitory"]}
        | {"workers": [400.0], "geometry": [box(0, -900, 500, -100)], "source": ["s"]}
    )
    assert is_district(homes).tolist() == [False]  # 40 ha
