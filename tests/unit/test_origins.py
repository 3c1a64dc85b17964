"""Who starts where: shares over enterprises, buildings and homes, worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.test_reach import LAT, LON, M_LAT, M_LON, town

from parkgap.access.homes import home_areas, is_district
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


def origins(
    firms: pd.DataFrame,
    homes: pd.DataFrame,
    built: pd.DataFrame,
    people: pd.DataFrame | None = None,
) -> pd.DataFrame:
    return make_origins(park(), firms, homes, built, STREETS, people)


def counted(*rows: tuple[int, float, float, float]) -> pd.DataFrame:
    """People of raster cells: the area's row, metres to the east and north, persons."""
    return pd.DataFrame(
        {
            "area": [r[0] for r in rows],
            "key": [f"cell@{r[1]:g},{r[2]:g}" for r in rows],
            "lon": [LON + r[1] * M_LON for r in rows],
            "lat": [LAT + r[2] * M_LAT for r in rows],
            "persons": [r[3] for r in rows],
        }
    )


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


DISTRICT = RESIDENCES.frame(
    {"residence_id": ["H"], "park_id": ["P"], "name": [None], "kind": ["other"]}
    | {"workers": [400.0], "geometry": [box(-1000, -1100, 1000, -100)], "source": ["s"]}
)


def test_a_district_is_spread_over_the_people_counted_in_it_before_the_homes_mapped() -> None:
    # 30 and 10 people in one square of 250 m, 120 in another: a quarter and three quarters.
    built = buildings(("way/1", "apartments", "6", box(-900, -700, -800, -600)))
    areas = home_areas(park(), DISTRICT)
    assert areas[["kind", "id"]].to_numpy().tolist() == [["home", "H"]]
    people = counted((0, 300, -500, 30), (0, 310, -510, 10), (0, -600, -700, 120))
    found = origins(ENTERPRISES.frame(), DISTRICT, built, people)
    at_home = found[found["kind"] == "home"].set_index("origin_id")
    assert at_home["share"].to_dict() == pytest.approx(
        {"H:cell@-600,-700": 0.75, "H:cell@300,-500": 0.25}, rel=1e-9
    )
    assert set(at_home["based_on"]) == {"other"}


def test_a_district_in_which_the_raster_has_nobody_falls_back_on_its_homes() -> None:
    built = buildings(("way/1", "apartments", "6", box(-900, -700, -800, -600)))
    found = origins(ENTERPRISES.frame(), DISTRICT, built, counted())
    assert found[found["kind"] == "home"]["origin_id"].tolist() == ["H:way/1"]


def test_homes_of_a_park_without_any_are_estimated_from_the_people_around_it() -> None:
    areas = home_areas(park(), RESIDENCES.frame())
    assert areas[["kind", "id"]].to_numpy().tolist() == [["park", "P"]]
    # The park's box of 500 x 500 m and 3 km around it; the corners are round (64 sides).
    reach = shapely.total_bounds(areas["geometry"].to_numpy())
    assert (reach[0] - LON) / M_LON == pytest.approx(-3000, abs=5)
    assert (reach[3] - LAT) / M_LAT == pytest.approx(3500, abs=5)
    people = counted((0, 1200, 900, 300), (0, -2000, 100, 100))
    found = origins(ENTERPRISES.frame(), RESIDENCES.frame(), buildings(), people)
    at_home = found[found["kind"] == "home"].set_index("origin_id")
    assert at_home["share"].to_dict() == pytest.approx(
        {"P:cell@1200,900": 0.75, "P:cell@-2000,100": 0.25}, rel=1e-9
    )
    assert set(at_home["based_on"]) == {"estimated"}
    # A park of which one home is known is not guessed at.
    known = origins(ENTERPRISES.frame(), DISTRICT, buildings(), counted((0, 300, -500, 9)))
    assert "estimated" not in set(known["based_on"])


@settings(max_examples=20)
@given(st.lists(st.floats(0.001, 5000), min_size=1, max_size=60), st.floats(1, 90_000))
def test_spreading_keeps_every_worker(persons: list[float], workers: float) -> None:
    people = counted(*((0, 37.0 * i - 900, 13.0 * i - 1000, p) for i, p in enumerate(persons)))
    homes = DISTRICT.assign(workers=workers)
    for frame in (homes, RESIDENCES.frame()):
        found = origins(ENTERPRISES.frame(), frame, buildings(), people)
        share = found.loc[found["kind"] == "home", "share"]
        assert (share * workers).sum() == pytest.approx(workers, abs=1e-6)
