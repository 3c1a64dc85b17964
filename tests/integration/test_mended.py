"""Behaviours that were once wrong, on small towns: each stands here so that it stays right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.towns import Town, judged, points, scored, statuses, village, walk
from tests.unit.test_items import BREAKFAST, MEAL, STANDARD, Group, Place, judge, row

from parkgap.assess.rollup import roll_up
from parkgap.errors import ExtractError
from parkgap.pipeline import compute
from parkgap.results import Results
from parkgap.sources.osm_file import read_extract
from parkgap.study import load_study

METRE = 0.05


def test_a_gate_that_is_closed_to_the_public_is_still_the_parks_gate(tmp_path: Path) -> None:
    # The only gate is in the west; the firm is 600 m east of it.  600 + 100 + 20 + 600 + 5.
    town = Town().mapped()
    town.street(*points([-1500, 0, 1500]))
    town.street((0, 0), (0, 20), (0, 120), (600, 120), highway="service")
    town.node(0, 20, barrier="gate", access="private")
    town.park("P", (-100, 20, 700, 220))
    town.firm("F", "P", (600, 120))
    shop = town.node(600, -5, amenity="pharmacy", name="X")
    results = town.results(tmp_path)
    assert results.gates["kind"].tolist() == ["mapped"]
    assert walk(results, "P", shop) == pytest.approx(1325, abs=METRE)
    assert judged(results, "P", "pharmacy")["status"] == "short"


def test_a_private_place_beside_a_public_one_does_not_close_it(tmp_path: Path) -> None:
    town = village()
    town.node(100, -5, amenity="restaurant")
    town.node(110, -5, amenity="fast_food", access="private")
    assert judged(town.results(tmp_path), "P", MEAL)["status"] == "met"


def test_an_unnamed_place_between_two_named_ones_does_not_make_them_one(tmp_path: Path) -> None:
    town = village()
    town.node(100, -5, amenity="restaurant", name="Alpha")
    town.node(125, -5, amenity="restaurant", name="Beta")
    town.node(112.5, -5, amenity="restaurant")
    assert judged(town.results(tmp_path), "P", MEAL)["found"] >= 2


def test_an_unnamed_hall_around_two_named_places_does_not_make_them_one(tmp_path: Path) -> None:
    town = village()
    town.area((100, 10, 160, 40), amenity="food_court")
    town.node(115, 25, amenity="restaurant", name="Alpha")  # 15 m from the hall's middle
    town.node(145, 25, amenity="restaurant", name="Beta")
    assert judged(town.results(tmp_path), "P", MEAL)["found"] >= 2


def test_a_new_stop_does_not_take_the_old_ones_line(tmp_path: Path) -> None:
    def town(*, new: bool) -> Results:
        drawn = village()
        drawn.street(*points([-1500, 0, 372, 1500]))
        drawn.node(340, -5, highway="bus_stop", name="A")  # 465 m from work
        position = drawn.node(372, 0, public_transport="stop_position", bus="yes")
        drawn.relation([(position, "stop")], type="route", route="bus", ref="1")
        if new:
            drawn.node(390, 5, highway="bus_stop", name="B")  # 515 m from work
        return drawn.results(tmp_path / str(new))

    old, new = (scored(town(new=n), "P")["score_low"] for n in (False, True))
    assert new >= old


def test_a_first_station_somewhere_does_not_lower_score_low(tmp_path: Path) -> None:
    def town(*, new: bool) -> Results:
        drawn = village()
        drawn.node(100, -5, amenity="pharmacy", name="Alpha")
        if new:
            drawn.node(1400, -5, railway="tram_stop", name="S")
        return drawn.results(tmp_path / str(new))

    old, new = (scored(town(new=n), "P")["score_low"] for n in (False, True))
    assert new >= old


def test_a_town_without_any_facility_is_unverified(tmp_path: Path) -> None:
    town = Town()
    town.street(*points([-1500, 0, 1500]))
    town.street((0, 0), (0, 120))
    town.park("P", (-100, 20, 100, 220))
    assert statuses(town.results(tmp_path)) == {"unverified", "not_applicable"}


def test_a_park_without_workers_does_not_stop_the_run(tmp_path: Path) -> None:
    town = village(workers=0)
    town.tables.clear()
    town.node(100, -5, amenity="pharmacy", name="A")
    assert statuses(town.results(tmp_path)) == {"not_applicable"}


def test_a_workplace_far_from_any_street_is_reported_and_not_moved(tmp_path: Path) -> None:
    # The inner street ends at y 60, the firm is at y 400: 340 m from any street.
    town = Town().mapped()
    town.street(*points([-1500, 0, 1500]))
    town.street((0, 0), (0, 60), highway="service")
    town.park("P", (-100, 20, 100, 620))
    town.firm("F", "P", (0, 400))
    town.node(10, -5, amenity="pharmacy", name="A")
    found = judged(town.results(tmp_path), "P", "pharmacy")
    assert (found["status"], found["reason_unverified"]) == ("unverified", "no_street")


def test_needs_of_one_workplace_are_met_at_one_spot(tmp_path: Path) -> None:
    # 5,000 workers 400 m up a drive lack 1 / 3 / 5 within 300 / 500 / 1000 m: five, not six.
    town = Town().mapped()
    town.street(*points([-1500, 0, 1500]))
    town.street((0, 0), (0, 420), highway="service")
    town.park("P", (-100, 20, 100, 520), 5000)
    town.firm("F", "P", (0, 420), 5000)
    town.node(1490, 5, amenity="restaurant", name="A")
    assert judged(town.results(tmp_path), "P", MEAL)["short_by"] == 5


def test_without_any_site_the_workplace_itself_is_one() -> None:
    found = row(judge({"P": 5000}, {"m": Place([MEAL])}, [Group("P", 1.0, {"m": 800.0})]), MEAL)
    assert found["short_by"] == 4


def test_an_areas_need_is_no_more_than_the_sum_of_its_parks() -> None:
    # P is met by one at its workplace (its homes are three places), Q by one at its home.
    places = {k: Place() for k in ("pw", "p1", "p2", "p3", "qh", "q1", "q2", "q3")}
    third = 1 / 3
    groups = [Group("P", 1.0, {"pw": 0.0})]
    groups += [Group("P", third, {f"p{i}": 0.0}, kind="home", based_on="other") for i in (1, 2, 3)]
    groups += [Group("Q", third, {f"q{i}": 0.0}) for i in (1, 2, 3)]
    groups += [Group("Q", 1.0, {"qh": 0.0}, kind="home", based_on="other")]
    assessor = judge({"P": 900, "Q": 900}, places, groups, residents={"P": 900, "Q": 900})
    frame = assessor.assess()
    assert frame.loc[frame["item"] == BREAKFAST, "short_by"].tolist() == [1, 1]
    area = roll_up(frame, assessor.g.parks, assessor, STANDARD, min_workers=10).set_index("item")
    assert area["short_by"][BREAKFAST] == 2


def test_a_place_in_the_own_park_is_reached_at_its_entrance_too(tmp_path: Path) -> None:
    # Its door is at the back: 80 m up the drive, 80 over, 80 down, 20 to the door; not 30 m.
    town = village()
    town.street((0, 120), (0, 200), (80, 200), (80, 120), highway="service")
    ring = [
        (10.0, 100.0),
        (60.0, 100.0),
        (60.0, 120.0),
        (60.0, 140.0),
        (10.0, 140.0),
        (10.0, 100.0),
    ]
    place = town.way(*ring, amenity="restaurant", name="K")
    town.node(60, 120, entrance="main")
    assert walk(town.results(tmp_path), "P", place) == pytest.approx(260, abs=METRE)


def test_a_gate_onto_an_island_of_streets_confirms_nothing(tmp_path: Path) -> None:
    # 50 m of street before the gate hang together with nothing: a gap of 5 m in the map.
    town = Town().mapped()
    town.street((-1500, 0), (-30, 0))
    town.street((30, 0), (1500, 0))
    town.street((-25, 0), (0, 0), (25, 0))
    town.street((0, 0), (0, 120), highway="service")
    town.park("P", (-100, 20, 100, 220))
    town.firm("F", "P", (0, 120))
    town.node(200, -5, amenity="pharmacy", name="A")
    assert "short" not in statuses(town.results(tmp_path))


@pytest.mark.parametrize(
    ("pattern", "by"),
    [
        (rb'(<node id="5"[^>]*lat=")3[56]\.', rb"\g<1>x."),  # InvalidLocationError
        (rb'(<node id="5"[^>]*) lat="[^"]*"', rb"\g<1>"),  # InvalidLocationError
        (rb'ref="57"', rb'ref="zz"'),  # ValueError
    ],
)
def test_broken_figures_in_the_extract_are_refused_by_its_name(
    tmp_path: Path, pattern: bytes, by: bytes
) -> None:
    file = village().write_osm(tmp_path / "town.osm")
    file.write_bytes(re.sub(pattern, by, file.read_bytes(), count=1))
    with pytest.raises(ExtractError, match=r"town\.osm"):
        read_extract(file, place_keys=["amenity", "shop"])


@pytest.mark.parametrize("case", ["negative ids, as JOSM saves them", "ways before nodes"])
def test_an_extract_whose_ways_find_no_nodes_is_refused(tmp_path: Path, case: str) -> None:
    town = village()
    town.node(200, -5, amenity="pharmacy", name="A")
    town.write(tmp_path)
    file = tmp_path / "town.osm"
    data = file.read_bytes()
    if case.startswith("negative"):
        data = re.sub(rb'(id|ref)="(\d+)"', rb'\1="-\2"', data)
    else:
        nodes, ways = data.index(b"<node"), data.index(b"<way")
        end = data.index(b"</osm>")
        data = data[:nodes] + data[ways:end] + data[nodes:ways] + data[end:]
    file.write_bytes(data)
    try:
        results = compute(load_study(tmp_path))
    except ExtractError:
        return
    assert results.counts["streets"] == 2


def test_a_node_with_a_building_key_counts_by_its_name(tmp_path: Path) -> None:
    town = village()
    town.node(100, -5, building="yes", name="员工宿舍")
    assert judged(town.results(tmp_path), "P", "worker_housing")["status"] == "met"


# --- where few work ------------------------------------------------------------------------------


def few_near(workers: int, *, beside: int, others: bool) -> tuple[Town, str]:
    """Draw a village with a firm of few workers 60 m nearer to everything than the large one.

    A kiosk and a planned parcel point stand 250 and 150 m along the street.
    """
    town = village() if others else Town().mapped()
    if not others:
        town.street((-1500, 0), (0, 0), (1500, 0))
        town.street((0, 0), (0, 120), highway="service")
        town.park("P", (-100, 20, 100, 220), workers=workers)
    town.firm("S", "P", (0, 60), workers=workers)
    if beside:
        town.firm("T", "P", (0, 60), workers=beside)
    columns = {"name": "Parcels", "item": "parcel_point", "status": "planned"}
    town._row("projects", (150, 10), id="X1", open_date="2026-01", **columns)
    return town, town.node(250, 0, shop="convenience", name="Kiosk")


def told(results: Results, kiosk: str) -> list[float | None]:
    planned = results.beside.planned_near["metres"].tolist()
    return [walk(results, "P", kiosk), *planned, *results.beside.pipeline["metres"].tolist()]


@pytest.mark.parametrize(
    ("workers", "beside", "others", "expected"),
    [
        # From the large firm it is 120 m to the street, from the small one 60.
        pytest.param(9, 0, True, [370, 280, 280], id="told of the large firm alone"),
        pytest.param(10, 0, True, [310, 220, 220], id="ten are not few"),
        pytest.param(6, 4, True, [310, 220, 220], id="ten in one place"),
        pytest.param(9, 0, False, [310, 220, 220], id="the park is the place"),
    ],
)
def test_no_walk_is_told_from_where_few_work(
    workers: int, beside: int, others: bool, expected: list[float], tmp_path: Path
) -> None:
    town, kiosk = few_near(workers, beside=beside, others=others)
    results = town.results(tmp_path)
    assert told(results, kiosk) == pytest.approx(expected, abs=METRE)
