"""Parks unlike the usual one, in towns small enough to work the answers out by hand.

The village (``tests.towns.village``): a main street along y = 0; north of it a park with one
firm, one drive and one gate.  From the firm a place at the main street's x is 120 + |x| m away.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.towns import SPEED, Town, judged, points, scored, statuses, village, walk

METRE = 0.05
MEAL, SHOP, DRUGS, MARKET, RAIL = (
    *("canteen_or_meal", "convenience_store", "pharmacy", "fresh_market"),
    "rail_station",
)


def meals(town: Town, xs: list[float]) -> Town:
    for x in xs:
        town.node(x, -5, amenity="restaurant", name=f"Table {x:g}")
    return town


def test_two_gates_the_nearer_one_counts_and_a_closed_one_does_not(tmp_path: Path) -> None:
    # The park has a drive to the main street in the south (120 m from the firm) and one to a back
    # street in the north (y 300: 180 m from the firm).  The pharmacy is at the back street, 50 m
    # east of the northern drive: 180 + 50 m by the north gate.  By the south gate alone one walks
    # 120 m out, 400 m east, 300 m north, and 350 m back west: 1,170 m, which is 17.5 minutes.
    def town(*gates: str) -> Town:
        out = village()
        out.street(*points([-1500, 0, 400, 1500]))
        out.street((0, 120), (0, 300), highway="service")
        out.street((0, 300), (50, 300), (400, 300))
        out.street((400, 300), (400, 0))
        out.node(50, 305, amenity="pharmacy", name="Behind")
        for gate in gates:
            out.gate(gate, "P", (0, 220) if gate == "north" else (0, 20))
        return out

    both = town("north", "south").results(tmp_path / "both")
    assert walk(both, "P", str(both.facilities["facility_id"].iat[0])) == pytest.approx(
        235, abs=0.5
    )
    assert judged(both, "P", DRUGS)["status"] == "met"
    south = judged(town("south").results(tmp_path / "south"), "P", DRUGS)
    # 8 minutes are asked for; the search ends before 1,170 m, so that no walk is told at all.
    assert (south["status"], south["found"]) == ("short", 0)
    # Nobody says which gate is open: met through one, not through the other.
    derived = judged(town().results(tmp_path / "derived"), "P", DRUGS)
    assert (derived["status"], derived["reason_unverified"]) == ("unverified", "gate")


def test_in_a_port_of_320_hectares_a_place_at_one_end_does_not_serve_the_other(
    tmp_path: Path,
) -> None:
    # 3.2 km by 1 km, an inner road along its middle, a gate at either end; 3,000 workers near the
    # west gate and 2,000 near the east one.  The only meals, five of them, stand 100 m outside
    # the west gate.
    town = Town(extent=(-5000, -5000, 5000, 5000)).mapped(west=-2500, south=-900)
    town.mapped(west=1500, south=-900)
    town.street((-3000, 0), (-1600, 0))
    town.street((1600, 0), (3000, 0))
    town.street((-1600, 0), (1600, 0), highway="service")
    town.park("P", (-1600, -500, 1600, 500), workers=5000)
    town.gate("w", "P", (-1600, 0))
    town.gate("e", "P", (1600, 0))
    town.firm("W", "P", (-1500, 0), workers=3000)
    town.firm("E", "P", (1500, 0), workers=2000)
    meals(town, [-1700, -1710, -1720, -1730, -1740])
    results = town.results(tmp_path)
    row = judged(results, "P", MEAL)
    assert row["status"] == "short"
    # Five within 1,000 m for 5,000 workers: 3,000 share them in the west, which takes three of
    # five, and three within 500 m takes two; all five are within 300 m (100 + 140 + 5 m).
    assert row["served_share"] == pytest.approx(0.6)
    assert row["workers_unserved"] == 2000
    # In the east nothing: one within 300 m, two (3 x 2,000 / 5,000) within 500, two within 1,000.
    assert (row["found"], row["short_by"]) == (0, 2)


def test_a_workshop_of_a_hectare_is_judged_like_any_other_park(tmp_path: Path) -> None:
    # 100 m by 100 m at the main street: its own gate, 30 workers; one meal 150 m away.
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (1500, 0))
    town.street((0, 0), (0, 60), highway="service")
    town.park("P", (-50, 20, 50, 120), workers=30)
    town.firm("F", "P", (0, 60), workers=30)
    meals(town, [90])
    row = judged(town.results(tmp_path), "P", MEAL)
    # 60 m to the street, 90 m along it, 5 m to the door; 30 workers need one place, not five.
    assert (row["status"], row["needed"]) == ("met", 1)
    assert row["nearest_m"] == pytest.approx(155, abs=METRE)


@pytest.mark.parametrize(
    ("workers", "needed", "status", "short_by"),
    # Five within 1,000 m are for 5,000 workers: 12 workers need one, 20,000 need twenty.
    [(12, (1, 1, 1), "met", math.nan), (20_000, (1, 12, 20), "short", 15)],
)
def test_twelve_workers_need_less_than_twenty_thousand(
    tmp_path: Path, workers: int, needed: tuple[int, int, int], status: str, short_by: float
) -> None:
    town = meals(village(workers=workers), [100, 110, 120, 130, 140])
    town.tables["enterprises"][0]["workers"] = workers
    row = judged(town.results(tmp_path), "P", MEAL)
    asked = [int(part.split("/")[1]) for part in str(row["tests"]).split("; ")]
    assert asked == list(needed)
    assert (row["status"], row["short_by"]) == (status, pytest.approx(short_by, nan_ok=True))


def test_without_streets_nothing_is_called_missing(tmp_path: Path) -> None:
    # A park in the fields: the nearest street is 700 m from its edge.
    town = Town().mapped()
    town.street((-1500, 0), (1500, 0))
    town.park("P", (-100, 700, 100, 900))
    town.firm("F", "P", (0, 800))
    meals(town, [0])
    results = town.results(tmp_path)
    assert statuses(results, "P") == {"unverified", "not_applicable"}
    assert "no_street" in judged(results, "P", MEAL)["reason_unverified"]
    assert scored(results, "P")["tier"] == "unverified"
    assert any("way" not in en and "P" in en for _, en in results.warnings)


def test_beside_the_old_city_its_places_serve_the_park(tmp_path: Path) -> None:
    # The old city begins across the main street; what serves it is within 300 m of the firm.
    town = meals(village(workers=5000), [5, 10, 20, 25, 30])
    town.tables["enterprises"][0]["workers"] = 5000
    for x in (40, 50, 60):
        town.node(x, -5, shop="convenience", name=f"Corner {x}")
    town.node(70, -5, amenity="pharmacy", name="Old pharmacy")
    results = town.results(tmp_path)
    assert [judged(results, "P", i)["status"] for i in (MEAL, SHOP, DRUGS)] == ["met"] * 3
    assert judged(results, "P", MEAL)["found_inside"] == 0


def test_an_unknown_headcount_is_ranked_by_severity_alone(tmp_path: Path) -> None:
    town = village(workers=None)
    town.tables = {}
    town.park("Q", (-400, 20, -200, 220), workers=800)
    town.street((-300, 0), (-300, 120), highway="service")
    town.street(*points([-1500, -300, 0]))
    results = town.results(tmp_path)
    park, other = scored(results, "P"), scored(results, "Q")
    assert math.isnan(park["workers"])
    assert (park["tier"], other["rank"]) == ("unknown_headcount", 1)
    assert str(park["rank"]) == "<NA>"
    assert park["rank_severity"] in (1, 2)
    row = judged(results, "P", MEAL)
    # Three within 500 m and five within 1,000 as stated, for nobody knows how many share them.
    assert (row["status"], row["short_by"]) == ("short", 5)
    assert math.isnan(row["workers_unserved"])


def test_where_no_railway_runs_its_stations_are_outside_the_score(tmp_path: Path) -> None:
    without = village().results(tmp_path / "without")
    assert judged(without, "P", RAIL)["status"] == "not_applicable"
    town = village()
    town.way((-3000, 2500), (3000, 2500), railway="subway")
    far = town.results(tmp_path / "far")
    # Tracks run in the region, but there is no station within reach.
    assert judged(far, "P", RAIL)["status"] != "not_applicable"
    for results in (without, far):
        a = results.assessment
        assert a[a["status"] != "not_applicable"]["weight"].sum() == pytest.approx(1)


def test_plenty_at_home_does_not_hide_a_lack_at_work(tmp_path: Path) -> None:
    # Everybody lives in the old city, 1,200 m east along the main street, with all they need at
    # the door; at the park's gate there is nothing.
    town = village()
    town.home("H", "P", (1200, 10), workers=1000)
    meals(town, [1190, 1195, 1205, 1210, 1215])
    for x in (1180, 1185, 1188):
        town.node(x, -5, shop="convenience", name=f"Corner {x}")
    town.node(1220, -5, amenity="pharmacy", name="At home")
    town.node(1225, -5, amenity="marketplace", name="Market")
    results = town.results(tmp_path)
    for item in (MEAL, SHOP):
        row = judged(results, "P", item)
        assert (row["origin"], row["status"], row["found"]) == ("work", "short", 0)
    for item in (DRUGS, MARKET):
        row = judged(results, "P", item)
        assert (row["origin"], row["status"], row["served_share"]) == ("home", "met", 1)
    park = scored(results, "P")
    assert park["score_home"] > park["score_work"]
    assert MEAL in park["core_missing"]
    assert park["workers_lacking_core"] == 1000


def test_walks_are_as_long_as_they_are_drawn(tmp_path: Path) -> None:
    # The measure of all the above: 120 m to the street, 400 m along it, 5 m to the door.
    town = meals(village(), [400])
    row = judged(town.results(tmp_path), "P", MEAL)
    assert row["nearest_m"] == pytest.approx(525, abs=METRE)
    assert row["nearest_min"] == pytest.approx(525 / SPEED, abs=0.001)
