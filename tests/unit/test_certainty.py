"""Whether "not found" may be read as "not there": completeness and the data's edge, by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import shapely
from tests.towns import Box, Point, corners, degrees

from parkgap.assess.certainty import References, completeness, edge_distance, windows_around
from parkgap.standard import load

STANDARD = load()
RULE = STANDARD.certainty
DAY = 738_000.0
EVERYWHERE: Box = (-20_000, -20_000, 20_000, 20_000)
PARK: Box = (0, 0, 400, 400)  # 16 ha


def shape(box: Box) -> shapely.Polygon:
    return shapely.Polygon([degrees(*p) for p in corners(box)])


def block(hectares: float, at: Point = (-600, -600)) -> shapely.Polygon:
    """Make a building 500 m long of so many hectares."""
    return shape((*at, at[0] + 500, at[1] + hectares * 1e4 / 500))


def measure(
    places: list[Point],
    buildings: list[shapely.Polygon],
    *,
    park: Box = PARK,
    covered: Box = EVERYWHERE,
    people: float = math.nan,
    ages: tuple[float, ...] = (math.nan,),
    levels: float = math.nan,
    references: References | None = None,
) -> pd.Series:
    lon, lat = np.array([degrees(*p) for p in places], dtype=float).reshape(-1, 2).T
    frame = completeness(
        pd.DataFrame(
            {"park_id": ["P"], "kind": ["work"], "geometry": [shape(park)], "people": [people]}
        ),
        places=(lon, lat, DAY - 365.25 * np.resize(np.array(ages, dtype=float), len(places))),
        buildings=np.array(buildings, dtype=object),
        levels=np.full(len(buildings), levels),
        streets=(np.array([120.0, 121.0]), np.array([36.0, 36.0]), np.array([1500.0, 99.0])),
        coverage=shape(covered),
        rule=RULE,
        references=references,
        day=DAY,
    )
    return frame.iloc[0]


def near(count: int) -> list[Point]:
    """Put so many places 1.4 km west of the park: inside the window of 1.5 km."""
    return [(-1400.0, 5.0 * i) for i in range(count)]


def far(count: int) -> list[Point]:
    """Put so many places 1.6 km west of the park: outside."""
    return [(-1600.0, 5.0 * i) for i in range(count)]


def test_what_lies_in_the_window_is_counted() -> None:
    found = measure([*near(20), *far(30)], [block(10), block(5, at=(5000, 5000))])
    assert found["places"] == 20
    assert found["buildings_ha"] == pytest.approx(10.0, abs=0.01)
    assert found["streets_km"] == 1.5
    # 20 places to 10 ha, where the reference is 1 place per ha: complete.
    assert (found["index"], found["thin"], found["cut"]) == (1.0, False, False)


@pytest.mark.parametrize(
    ("places", "buildings", "index", "thin"),
    [
        # 20 places to 50 ha of buildings; the reference is 1 place per ha.
        (near(20), [block(50)], 0.4, True),
        (near(25), [block(50)], 0.5, False),
        # Fewer than 15 places are too few, however few houses there are.
        (near(14), [block(1)], 1.0, True),
        (near(15), [block(1)], 1.0, False),
        # No building mapped near the park: a tenth of its own 16 ha is taken to be built over.
        # The whole extract has 60 places to 12 ha, a quarter of which is 1.25: 20 / (1.25 x 1.6).
        ([*near(20), *far(40)], [block(12, at=(5000, 5000))], 1.0, False),
        # The extract as a whole has 200 places to 20 ha, so that 2.5 per ha are looked for:
        # 10 ha with 20 places are 20 / 25, with 10 places 10 / 25.
        ([*near(20), *far(180)], [block(10), block(10, at=(5000, 5000))], 0.8, False),
        ([*near(10), *far(190)], [block(10), block(10, at=(5000, 5000))], 0.4, True),
        ([], [], 0.0, True),
    ],
)
def test_index_and_floors(
    places: list[Point], buildings: list[shapely.Polygon], index: float, thin: bool
) -> None:
    found = measure(places, buildings)
    assert found["index"] == pytest.approx(index, abs=0.002)
    assert found["thin"] == thin


def test_a_large_park_without_mapped_buildings_is_not_complete_for_a_few_places() -> None:
    # 400 ha, of which 40 ha are taken to be built over: 15 places are 0.375 of what is expected.
    found = measure(near(15), [block(60, at=(9000, 9000))], park=(0, 0, 2000, 2000))
    assert found["index"] == pytest.approx(0.375, abs=0.002)
    assert found["thin"]


@pytest.mark.parametrize(("edge_m", "cut"), [(1125, True), (1275, False)])
def test_a_window_that_the_datas_edge_cuts_is_told(edge_m: float, cut: bool) -> None:
    # Of a circle of 1500 m a chord at 0.75 radii cuts off 7.2 %, one at 0.85 radii 3.4 %.
    covered = (-20_000.0, -20_000.0, edge_m, 20_000.0)
    assert measure(near(20), [block(10)], park=(-1, -1, 1, 1), covered=covered)["cut"] == cut


def test_metres_to_the_datas_edge_and_none_outside_it() -> None:
    at = [(0, 0), (450, -100), (0, 420), (600, 0), (5000, 5000)]
    lon, lat = np.array([degrees(*p) for p in at]).T
    far_off = edge_distance(lon, lat, shape((-500, -500, 500, 500)))
    assert far_off.tolist() == pytest.approx([500, 50, 80, 0, 0], abs=0.1)


# --- against reference densities ------------------------------------------------------------------

ASKED = References(places_per_1000=2.0, streets_per_ha=0.5, stale_years=10.0)


@pytest.mark.parametrize(
    ("people", "index", "thin"),
    [
        (8_000, 1.0, False),  # 20 places, where 16 are asked for
        (20_000, 0.5, False),
        (25_000, 0.4, True),
        (math.nan, math.nan, False),
    ],
)
def test_few_places_for_many_people_are_thin(people: float, index: float, thin: bool) -> None:
    found = measure(near(20), [block(2)], people=people, references=ASKED)
    assert found["index_people"] == pytest.approx(index, nan_ok=True)
    assert found["index"] == pytest.approx(1.0 if math.isnan(index) else index)
    assert found["thin"] == thin


@pytest.mark.parametrize(
    ("hectares", "index", "thin"), [(3, 1.0, False), (6, 0.5, False), (8, 0.375, True)]
)
def test_few_streets_for_many_buildings_are_thin(hectares: float, index: float, thin: bool) -> None:
    # 1.5 km of street, where half a kilometre is asked for to a hectare of buildings.
    found = measure(near(20), [block(hectares)], references=ASKED)
    assert found["index_streets"] == pytest.approx(index, abs=0.002)
    assert (found["index_built"], found["thin"]) == (1.0, thin)


def test_what_a_standard_does_not_ask_for_is_not_measured() -> None:
    found = measure(near(20), [block(8)], people=25_000)
    assert math.isnan(found["index_people"])
    assert math.isnan(found["index_streets"])
    assert (found["index"], found["thin"]) == (1.0, False)
    assert References.of(STANDARD.model_copy(update={"figures": {}})).places_per_1000 is None
    assert References.of(STANDARD).shares["dining"] == 0.148


@pytest.mark.parametrize(
    ("ages", "age", "thin"),
    [
        # Of 20 edits the latest two are a tenth: 1 and 9, or 11 and 11.
        ((1, 9, *[30] * 18), 9, False),
        ((1, 11, *[30] * 18), 11, True),
        ((11,), 11, True),
        ((math.nan,), math.nan, False),
        # Where the day is told of five only, the latest one of these is a tenth.
        ((*[math.nan] * 15, 12, 3, 4, 5, 6), 3, False),
    ],
)
def test_where_nobody_has_looked_for_long_the_data_is_thin(
    ages: tuple[float, ...], age: float, thin: bool
) -> None:
    found = measure(near(20), [block(2)], ages=ages, references=ASKED)
    assert found["edit_age"] == pytest.approx(age, abs=0.01, nan_ok=True)
    assert found["thin"] == thin


def test_floor_area_counts_storeys_where_they_are_mapped() -> None:
    assert measure(near(20), [block(10)], levels=3)["floor_ha"] == pytest.approx(30, abs=0.01)
    assert measure(near(20), [block(10)])["floor_ha"] == pytest.approx(10, abs=0.01)
    # Where no building is mapped a tenth of the park's 16 ha is taken to be built over.
    assert measure(near(20), [])["floor_ha"] == pytest.approx(1.6, abs=0.01)


def test_the_window_on_the_ground_is_the_one_that_is_measured_in() -> None:
    west, south, east, north = shapely.bounds(
        windows_around(np.array([shape(PARK)], dtype=object), 1500)[0]
    )
    # The park is 400 m wide; a degree of latitude at 36 N has 110,956 m, one of longitude 90,163.
    assert (north - south) * 110_956 == pytest.approx(3400, abs=5)
    assert (east - west) * 90_163 == pytest.approx(3400, abs=5)
