"""What is mapped becomes places: each once, for the items that it serves, to whom it is open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from tests.towns import Town, points

from parkgap.access.entrances import door_points
from parkgap.access.facilities import classify, fold_text, mapped_places
from parkgap.access.merging import merge
from parkgap.access.stops import mapped_lines
from parkgap.inputs import prepared_of, read_tables
from parkgap.sources.prepared import read_window
from parkgap.standard import Standard, load
from parkgap.store import Memo, Shelf

HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}`</script>"


@pytest.fixture(scope="module")
def standard() -> Standard:
    return load()


@pytest.fixture
def town() -> Town:
    """A street, and a park P east of it (x 1000 to 1300)."""
    drawn = Town()
    drawn.street(*points([-2000, 2000]))
    drawn.park("P", (1000, 20, 1300, 220))
    return drawn


def facilities(town: Town, standard: Standard, folder: Path) -> pd.DataFrame:
    """Read the town's extract and make its facilities."""
    study = town.write(folder)
    shelf = Shelf(None)
    prepared = prepared_of(study, [standard], Memo(None, ""), shelf, mapped_places)
    extract = read_window(prepared, shelf)
    parks = read_tables(study).parks
    assert parks is not None
    frame, facility_of = merge(
        extract.objects,
        classify(extract.objects, standard),
        standard,
        routes=extract.routes,
        parks=parks,
        language=study.language,
    )
    assert sorted({*facility_of} - {-1}) == list(range(len(frame)))
    return frame


def serving(frame: pd.DataFrame, item: str) -> list[str]:
    """Names of the facilities that count for an item."""
    return sorted(str(name) for name in frame["name"][[item in row for row in frame["items"]]])


def test_a_place_mapped_as_node_building_and_relation_is_one(
    town: Town, standard: Standard, tmp_path: Path
) -> None:
    # A hall of 200 m: its node stands at one end, farther than one name holds places together.
    tags = {"shop": "supermarket", "name": "Golden Rice"}
    node = town.node(10, 60, **tags)
    building = town.area((0, 50, 200, 150), building="yes", **tags)
    outer, yard = town.area((-20, 40, 220, 190)), town.area((90, 160, 110, 180))
    site = town.relation([(outer, "outer"), (yard, "inner")], type="multipolygon", **tags)
    frame = facilities(town, standard, tmp_path)
    (ids,) = frame["source_ids"]
    assert sorted(ids) == sorted([node, building, site])
    assert frame["facility_id"].tolist() == [node]
    assert frame["name"].tolist() == ["Golden Rice"]


def test_a_stop_mapped_as_platform_position_and_pole_on_both_sides_is_one(
    town: Town, standard: Standard, tmp_path: Path
) -> None:
    # South side: pole, platform and stop position; north side, 12 m over and 40 m on, the same.
    for x, y, line in ((0, -6, "12"), (40, 6, "12 back")):
        town.node(x, y, highway="bus_stop", name="East Gate")
        platform = town.node(x + 3, y, public_transport="platform", bus="yes", name="East Gate")
        position = town.node(x, 0, public_transport="stop_position", bus="yes", name="East Gate")
        town.relation(
            [(position, "stop"), (platform, "platform")], type="route", route="bus", ref=line
        )
    # A line of which nothing but the stop position is mapped belongs to the stop beside it too.
    alone = town.node(20, 0, public_transport="stop_position", bus="yes")
    town.relation([(alone, "stop")], type="route", route="bus", ref="7")
    frame = facilities(town, standard, tmp_path)
    assert serving(frame, "bus_stop") == ["East Gate"]
    assert frame["lines"].tolist() == [["12", "12 back", "7"]]


def test_shops_of_one_chain_400_m_apart_are_two(
    town: Town, standard: Standard, tmp_path: Path
) -> None:
    for x in (0, 400):
        town.node(x, 10, shop="convenience", name="Lawson", brand="Lawson")
    assert serving(facilities(town, standard, tmp_path), "convenience_store") == ["Lawson"] * 2


def test_neighbours_of_different_names_are_two(
    town: Town, standard: Standard, tmp_path: Path
) -> None:
    town.node(0, 10, amenity="restaurant", name="Alpha")
    town.node(8, 10, amenity="restaurant", name="Beta")
    assert serving(facilities(town, standard, tmp_path), "canteen_or_meal") == ["Alpha", "Beta"]


def test_a_hall_around_several_places_is_none_of_them(
    town: Town, standard: Standard, tmp_path: Path
) -> None:
    # An unnamed food court around two named restaurants does not make one place of them.
    town.area((0, 10, 60, 40), amenity="food_court")
    town.node(10, 25, amenity="restaurant", name="Alpha")
    town.node(50, 25, amenity="restaurant", name="Beta")
    assert serving(facilities(town, standard, tmp_path), "canteen_or_meal") == [
        "Alpha",
        "Beta",
        "None",
    ]


def test_a_canteen_in_a_park_is_the_parks_own(
    town: Town, standard: Standard, tmp_path: Path
) -> None:
    inside = {
        "park:P": [
            town.node(1010, 100, amenity="canteen"),
            town.node(1050, 100, amenity="restaurant", name="三号職工食堂"),
            town.node(1100, 100, amenity="restaurant", name="Locked", access="private"),
        ],
        "public": [
            town.node(1150, 100, amenity="restaurant", name="Open to all"),
            town.node(1200, 100, amenity="canteen", name="Visitors", access="customers"),
            town.node(500, 100, amenity="canteen", name="In the town"),
        ],
        # Nobody is known who may use it.
        "private": [town.node(600, 100, amenity="fast_food", name="Club", access="members")],
    }
    frame = facilities(town, standard, tmp_path)
    access = frame.set_index("facility_id")["access"]
    assert access.to_dict() == {i: whose for whose, ids in inside.items() for i in ids}


def test_names_count_only_on_places_and_in_any_script(
    town: Town, standard: Standard, tmp_path: Path
) -> None:
    town.street((0, 300), (100, 300), name="學生宿舍路 職工宿舍")  # a street is no dormitory
    town.node(0, 400, highway="bus_stop", name="員工宿舍")  # nor is a stop
    town.area(
        (100, 400, 120, 420), building="yes", name="員工宿舍"
    )  # traditional characters, by name
    town.area((200, 400, 220, 420), building="dormitory", name="男生宿舍")  # students
    town.area((300, 400, 500, 600), amenity="university", name="理工大学")
    town.area((350, 450, 370, 470), building="dormitory", name="8 号楼")  # on the campus
    town.area((600, 400, 620, 420), building="dormitory", name="Works Hostel")
    assert serving(facilities(town, standard, tmp_path), "worker_housing") == [
        "Works Hostel",
        "員工宿舍",
    ]


def test_what_looks_like_an_item_but_is_not(town: Town, standard: Standard, tmp_path: Path) -> None:
    town.node(0, 10, amenity="vending_machine", vending="parcel_pickup", name="Locker")
    town.node(100, 10, amenity="vending_machine", vending="drinks", name="Drinks")
    town.node(200, 10, amenity="police", name="Police")
    town.node(300, 10, office="government", name="Office")
    town.node(400, 10, amenity="pharmacy", name="Closed", disused="yes")
    town.node(500, 10, amenity="pharmacy", name="Open")
    town.node(600, 10, tourism="apartment", name="Flat")
    frame = facilities(town, standard, tmp_path)
    assert serving(frame, "parcel_point") == ["Locker"]
    assert serving(frame, "service_point") == []
    assert serving(frame, "pharmacy") == ["Open"]
    assert serving(frame, "worker_housing") == []


def test_hostile_names_come_through_as_they_are(
    town: Town, standard: Standard, tmp_path: Path
) -> None:
    town.node(0, 10, shop="convenience", name=HOSTILE)
    stop = town.node(100, 10, highway="bus_stop", name=HOSTILE)
    town.relation([(stop, "platform")], type="route", route="bus", ref=HOSTILE)
    frame = facilities(town, standard, tmp_path)
    assert frame["name"].tolist() == [HOSTILE, HOSTILE]
    assert frame["lines"].tolist() == [[], [HOSTILE]]


def test_names_are_folded_before_they_are_compared() -> None:
    assert fold_text("職工宿舍 ７－Ｅｌｅｖｅｎ") == "职工宿舍 7-Eleven"


# --- true metres, whatever else lies elsewhere ---------------------------------------------------

FAR_NORTH = 65.0  # one Mercator metre is 0.42 m there, at 36 degrees 0.81 m


def north_of(metres: float, lat: float = 36.0) -> float:
    """Latitude so many metres north of another, by pyproj."""
    return float(Geod(ellps="WGS84").fwd(120.0, lat, 0.0, metres)[1])


@pytest.mark.parametrize(("metres", "expected"), [(59.9, ["1"]), (60.1, []), (110.0, [])])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_line_reaches_60_m_whatever_lies_elsewhere(
    metres: float, expected: list[str], *, elsewhere: bool
) -> None:
    objects = pd.DataFrame(
        {
            "osm_id": ["node/1", "node/2", "node/3"],
            "public_transport": [None, "stop_position", "stop_position"],
            "lon": 120.0,
            "lat": [36.0, north_of(metres), FAR_NORTH],
        }
    )[: 3 if elsewhere else 2]
    routes = pd.DataFrame({"line": ["1"], "members": [["node/2"]]})
    stops = pd.DataFrame({"items": [["bus_stop"]], "lon": [120.0], "lat": [36.0]})
    zero = np.zeros(1, dtype=np.int64)
    assert mapped_lines(objects, routes, objects[:1], zero, stops) == [expected]


@pytest.mark.parametrize(("metres", "count"), [(1.4, 1), (1.6, 0), (2.5, 0)])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_door_is_within_a_step_of_the_outline_whatever_lies_elsewhere(
    metres: float, count: int, *, elsewhere: bool
) -> None:
    house = shapely.box(119.999, 35.999, 120.001, 36.0)
    objects = pd.DataFrame({"geometry": [house]})
    lat = [north_of(metres), FAR_NORTH][: 2 if elsewhere else 1]
    doors = pd.DataFrame({"lon": 120.0, "lat": lat, "entrance": "yes", "barrier": None})
    facility, _ = door_points(objects, np.zeros(1, dtype=np.int64), doors)
    assert len(facility) == count
