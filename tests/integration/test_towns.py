"""Whole runs on towns small enough to work every expected figure out by hand."""

from __future__ import annotations

import filecmp
import math
import os
import random
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.towns import Town, degrees, judged, points, scored, statuses, village, walk

from parkgap import rerun
from parkgap.errors import ExtractError
from parkgap.standard import load

if TYPE_CHECKING:
    from parkgap.results import Results

METRE = 0.05  # places are written to 1e-7 degrees, a centimetre
MEAL, SHOP, DRUGS, MARKET = "canteen_or_meal", "convenience_store", "pharmacy", "fresh_market"
HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}`</script>"


# --- walks ---------------------------------------------------------------------------------------


def test_across_a_river_a_place_is_in_reach_by_the_bridge_alone(tmp_path: Path) -> None:
    # The pharmacy stands at the street beyond the river, 200 m south.  By a bridge at x 150 it is
    # 120 m to the main street, 150 along it, 200 over the river, 50 back and 10 to the door.
    def river(*, bridge: bool) -> Results:
        town = village()
        town.street(*points([0, 150, 1500]))
        town.way((-1500, -100), (1500, -100), waterway="river")
        town.street((-1500, -200), (150, -200), (1500, -200))
        town.node(100, -210, amenity="pharmacy", name="Beyond")
        if bridge:
            town.street((150, 0), (150, -200), bridge="yes")
        return town.results(tmp_path / str(bridge))

    without = judged(river(bridge=False), "P", DRUGS)
    assert (without["status"], without["found"]) == ("short", 0)
    assert math.isnan(without["nearest_m"])
    over = judged(river(bridge=True), "P", DRUGS)
    assert over["nearest_m"] == pytest.approx(530, abs=METRE)
    assert over["nearest_min"] == pytest.approx(530 / 67, abs=0.01)
    assert (over["status"], over["nearest_name"]) == ("met", "Beyond")


def two_ways_round() -> Town:
    """Draw a park with a way through it, between two streets that meet in the west alone.

    ::

        =======*==========+==== y 240, pharmacy * at x 0, 10 m off
        |            +----+----+
        |            | A  F    |   F (0, 120), gates (0, 20) and (0, 220)
        |            +----+----+
        ==================+==== y 0
        x -500       +----+----+
                     | B  G    |   G (0, -120)
                     +---------+
    """
    town = Town().mapped()
    town.street((-500, 240), (-500, 0), (0, 0), (600, 0))
    town.street((-500, 240), (0, 240), (600, 240))
    town.street((0, 0), (0, 240), highway="service")
    town.street((0, 0), (0, -120), highway="service")
    town.park("A", (-100, 20, 100, 220))
    town.park("B", (-100, -220, 100, -20))
    town.firm("F", "A", (0, 120))
    town.firm("G", "B", (0, -120))
    town.node(0, 250, amenity="pharmacy", name="North")
    return town


def test_a_way_through_a_park_is_a_short_cut_for_its_own_people_alone(tmp_path: Path) -> None:
    results = two_ways_round().results(tmp_path)
    (north,) = results.facilities["facility_id"]
    # A: 100 m to the north gate, 20 and 10 m more.  B: 120 m to its street, 500 west, 240 north,
    # 500 east, 10 to the door.
    assert walk(results, "A", north) == pytest.approx(130, abs=METRE)
    assert walk(results, "B", north) == pytest.approx(1370, abs=METRE)
    assert judged(results, "B", DRUGS)["status"] == "short"
    # Which of A's gates is open nobody said: by the south gate it is 1370 m, beyond the 536.
    gates = results.gates[results.gates["park_id"] == "A"]
    assert gates["kind"].tolist() == ["derived", "derived"]
    unsure = judged(results, "A", DRUGS)
    assert (unsure["status"], unsure["reason_unverified"]) == ("unverified", "gate")
    assert (unsure["satisfaction_low"], unsure["satisfaction_high"]) == (0, 1)


@pytest.mark.parametrize(
    ("gate", "metres", "status"), [((0, 220), 130, "met"), ((0, 20), 1370, "short")]
)
def test_a_gate_that_somebody_named_decides(
    tmp_path: Path, gate: tuple[float, float], metres: float, status: str
) -> None:
    town = two_ways_round()
    town.gate("main", "A", gate)
    results = town.results(tmp_path)
    found = judged(results, "A", DRUGS)
    assert found["status"] == status
    assert found["nearest_m"] == pytest.approx(metres, abs=METRE)
    assert results.gates.set_index("park_id").loc["A", "kind"] == "given"


def test_an_area_is_reached_where_it_can_be_entered(tmp_path: Path) -> None:
    town = village()
    # Its entrance is at the back: 120 to the street, 600 along it, 130 up, 200 back, 20 to the
    # door; its front would be 120 + 300 + 10 away.
    town.street(*points([0, 600, 1500]))
    town.street((600, 0), (600, 130), (300, 130))
    front = [(300.0, 10.0), (500.0, 10.0), (500.0, 110.0)]
    door = town.way(*front, (400, 110), (300, 110), (300, 10), shop="supermarket", name="Door")
    town.node(400, 110, entrance="main")
    # Two footpaths lead up to its outline; either park takes its own: 120 + 250 + 20.
    town.street(*points([-1500, -800, -550, -250, 0]))
    town.street((-250, 0), (-250, -20), highway="footway")
    town.street((-550, 0), (-550, -20), highway="footway")
    sides = [(-200.0, -20.0), (-200.0, -80.0), (-600.0, -80.0), (-600.0, -20.0)]
    paths = town.way(
        *sides, (-550, -20), (-250, -20), (-200, -20), shop="supermarket", name="Paths"
    )
    town.street((-800, 0), (-800, 120), highway="service")
    town.park("Q", (-900, 20, -700, 220))
    town.firm("G", "Q", (-800, 120))
    # No more than an outline: 120 + 200, and 30 to its nearest corner; its middle is farther.
    corner = [(200.0, -30.0), (260.0, -60.0), (230.0, -100.0), (200.0, -30.0)]
    bare = town.way(*corner, shop="supermarket", name="Bare")
    results = town.results(tmp_path)
    assert walk(results, "P", door) == pytest.approx(120 + 600 + 130 + 200 + 20, abs=METRE)
    assert walk(results, "P", paths) == pytest.approx(120 + 250 + 20, abs=METRE)
    assert walk(results, "Q", paths) == pytest.approx(120 + 250 + 20, abs=METRE)
    assert walk(results, "P", bare) == pytest.approx(120 + 200 + 30, abs=METRE)


def test_a_park_off_the_streets_is_left_for_the_nearest_or_reported(tmp_path: Path) -> None:
    town = Town().mapped()
    town.street(*points([-1500, 0, 1500]))
    # N: no street crosses its edge, the nearest is 100 m south of the firm: 1.3 x 100 to it.
    town.park("N", (-100, 50, 100, 250))
    town.firm("F", "N", (0, 100))
    # L: nothing but open ground for 180 m around.
    town.park("L", (-100, -380, 100, -180))
    town.firm("G", "L", (0, -280))
    shop = town.node(200, 5, amenity="pharmacy", name="Near")
    results = town.results(tmp_path)
    assert walk(results, "N", shop) == pytest.approx(130 + 200 + 5, abs=METRE)
    (gate,) = results.gates.itertuples()
    assert (gate.park_id, gate.kind) == ("N", "nearest_street")
    assert (gate.lon, gate.lat) == pytest.approx(degrees(0, 0), abs=2e-7)
    assert walk(results, "L", shop) is None
    assert judged(results, "L", DRUGS)["reason_unverified"] == "no_street"
    assert statuses(results, "L") == {"unverified", "not_applicable"}
    said = [english for _, english in results.warnings]
    assert any("nearest street" in s and "N" in s for s in said)
    assert any("no street within 150 m" in s and s.endswith("L") for s in said)


# --- whose it is, and for how many ---------------------------------------------------------------


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Run two parks on either side of one street; places on the drive inside P."""
    town = village(district="East")
    town.street((0, 0), (0, -120), highway="service")
    town.park("Q", (-100, -220, 100, -20), district="East")
    town.firm("G", "Q", (0, -120))
    town.node(20, 100, amenity="canteen", name="Works canteen")
    town.node(-20, 60, shop="convenience", name="Staff shop", access="private")
    town.node(-20, 100, amenity="pharmacy", name="Open pharmacy")
    town.node(30, 40, shop="greengrocer", name=HOSTILE)
    return town.results(tmp_path_factory.mktemp("neighbours"))


def test_a_canteen_behind_the_gate_serves_its_own_workers_alone(neighbours: Results) -> None:
    own, other = judged(neighbours, "P", MEAL), judged(neighbours, "Q", MEAL)
    # From the firm 20 m down the drive, 20 m aside.  Q's workers are 140 m from P's gate.
    assert own["nearest_m"] == pytest.approx(40, abs=METRE)
    assert (own["status"], own["nearest_name"]) == ("met", "Works canteen")
    assert (other["status"], other["found"]) == ("short", 0)
    assert math.isnan(other["nearest_m"])
    shop = [judged(neighbours, p, SHOP)["status"] for p in "PQ"]
    assert shop == ["met", "short"]


def test_a_public_place_in_a_park_serves_its_neighbours_too(neighbours: Results) -> None:
    assert [judged(neighbours, p, DRUGS)["status"] for p in "PQ"] == ["met", "met"]


def test_a_hostile_name_comes_through_as_data(neighbours: Results) -> None:
    assert HOSTILE in neighbours.facilities["name"].tolist()
    assert judged(neighbours, "P", MARKET)["nearest_name"] == HOSTILE


def test_what_both_parks_lack_one_addition_meets(neighbours: Results) -> None:
    hair = [judged(neighbours, p, "hair")["short_by"] for p in "PQ"]
    assert hair == [1, 1]
    rollup = neighbours.rollup
    (east,) = rollup[(rollup["area"] == "East") & (rollup["item"] == "hair")].itertuples()
    assert (east.parks, east.parks_short, east.short_by, east.workers) == (2, 2, 1, 2000)


def test_homes_are_judged_by_their_own_walks(tmp_path: Path) -> None:
    town = village()
    town.home("H", "P", (600, 30), workers=400)
    town.node(1000, -10, amenity="pharmacy", name="By the homes")
    town.node(300, -5, shop="bakery", name="On the way")  # 425 m from work, 335 m from home
    results = town.results(tmp_path)
    # 30 + 400 + 10 m are 6.6 minutes: of homes nothing finer than whole minutes is told.
    drugs = judged(results, "P", DRUGS)
    assert (drugs["status"], drugs["origin"], drugs["workers"]) == ("met", "home", 400)
    assert drugs["nearest_min"] == 7
    assert math.isnan(drugs["nearest_m"])
    assert judged(results, "P", "breakfast")[["status", "origin"]].tolist() == ["met", "either"]


# --- what is known -------------------------------------------------------------------------------


def test_nothing_is_short_in_a_town_that_nobody_mapped(tmp_path: Path) -> None:
    town = Town()
    town.street(*points([-1500, 0, 1500]))
    town.street((0, 0), (0, 120), highway="service")
    town.park("P", (-100, 20, 100, 220))
    town.node(2000, 2000, amenity="restaurant", name="The only one")
    results = town.results(tmp_path)
    assert statuses(results) == {"unverified", "not_applicable"}
    assert results.shortfall["status"].unique().tolist() == ["unverified"]
    park = scored(results, "P")
    assert park["tier"] == "unverified"
    assert results.ranking["rank"].isna().all()
    assert park["score_high"] >= park["score_low"]
    assert (park["weight_unverified"], park["core_missing"]) == (pytest.approx(1), "")


def test_nothing_is_short_where_the_data_ends_nearby(tmp_path: Path) -> None:
    town = village()
    town.node(100, -5, amenity="pharmacy", name="Found")
    whole = town.results(tmp_path / "whole")
    town.extent = (-500, -950, 500, 500)
    cropped = town.results(tmp_path / "cropped")
    assert "short" in statuses(whole)
    assert statuses(cropped) == {"met", "unverified", "not_applicable"}
    assert judged(cropped, "P", DRUGS)["status"] == "met"
    assert "edge" in judged(cropped, "P", MEAL)["reason_unverified"]


def test_an_extract_of_another_place_is_refused_with_both_boxes(tmp_path: Path) -> None:
    town = village()
    town.extent = (40_000, 40_000, 44_000, 44_000)
    (w, s), (e, n) = degrees(-100, 20), degrees(100, 220)
    with pytest.raises(ExtractError, match=r"town\.osm") as refused:
        town.results(tmp_path)
    assert f"parks {w:.4f}, {s:.4f}, {e:.4f}, {n:.4f}" in str(refused.value)
    (w, s), (e, n) = degrees(40_000, 40_000), degrees(44_000, 44_000)
    assert f"OSM {w:.4f}, {s:.4f}, {e:.4f}, {n:.4f}" in str(refused.value)


# --- adding a facility ---------------------------------------------------------------------------

# How each item that is judged by places of its own is mapped: the first rule of the standard.
# The railway is there before, for a first one anywhere makes every park lack it.
MAPPED_AS = {i.id: i.rule.any[0] for i in load().scored if not i.of_items}
# Blocks of a grid: 250 m with a corner halfway, where a park's drive may begin.
BLOCKS = [
    [(x + 125 * step * east, y + 125 * step * (1 - east)) for step in (0, 1, 2)]
    for x in range(0, 1001, 250)
    for y in range(0, 1001, 250)
    for east in (0, 1)
]


def random_town(seed: int) -> Town:
    """Draw a grid of streets with gaps, three parks, homes, and up to two places an item."""
    rng = random.Random(seed)  # noqa: S311 - a town, not a secret
    town = Town().mapped(west=100, south=-350)
    for block in BLOCKS:
        if rng.random() < 0.8:
            town.street(*block)
    cells = [(250 * i, 250 * j) for i in range(4) for j in range(4)]
    for park, (x, y) in zip("ABC", rng.sample(cells, 3), strict=True):
        town.park(park, (x + 20, y + 20, x + 230, y + 230), rng.choice([30, 3000, 12_000]))
        for side in rng.sample([(x, y + 125), (x + 250, y + 125)], rng.choice([1, 2])):
            town.street(side, (x + 125, y + 125), highway="service")
        if rng.random() < 0.6:
            town.home(f"H{park}", park, (rng.uniform(0, 1000), 250 * rng.randrange(5)), 20)
    for number, tags in enumerate([*MAPPED_AS.values()] * 2):
        if rng.random() < 0.6 or "railway" in tags:
            along, line = rng.uniform(0, 1000), rng.randrange(5)
            town.node(along, 250 * line + 6, name=f"old {number}", **tags)
    return town


@lru_cache(maxsize=4)
def before(seed: int) -> Results:
    with TemporaryDirectory() as folder:
        return random_town(seed).results(Path(folder))


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(2, 5),
    item=st.sampled_from(sorted(MAPPED_AS)),
    along=st.floats(0, 1000),
    line=st.integers(0, 4),
)
def test_adding_a_facility_lowers_no_score(seed: int, item: str, along: float, line: int) -> None:
    town = random_town(seed)
    town.node(along, 250 * line - 6, name="new", **MAPPED_AS[item])
    with TemporaryDirectory() as folder:
        after = town.results(Path(folder))
    old, new = (r.ranking.set_index("park_id").sort_index() for r in (before(seed), after))
    assert not before(seed).completeness["thin"].any()
    assert not after.completeness["thin"].any()
    for score in ("score_low", "score", "score_high"):
        assert (new[score] >= old[score] - 1e-9).all(), score
    needs = [r.assessment.set_index(["park_id", "item"])["short_by"] for r in (before(seed), after)]
    assert not (needs[1] > needs[0]).any()


# --- the same again ------------------------------------------------------------------------------


def test_two_fresh_runs_write_the_same_bytes(tmp_path: Path) -> None:
    town = random_town(1)
    town.node(300, 6, amenity="restaurant", name=HOSTILE)
    study = town.write(tmp_path / "study")
    rerun.run(study, tmp_path / "one")
    # Another process, whose sets and dicts of text run in another order.
    program = (
        "import sys; from pathlib import Path; from parkgap import load_study, run; "
        "run(load_study(sys.argv[1]), Path(sys.argv[2]))"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(study.root), str(tmp_path / "two")],
        check=True,
        env={
            **os.environ,
            "PYTHONHASHSEED": "7",
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        },
    )
    assert differing(tmp_path / "one", tmp_path / "two") == ["timings.json"]


def differing(one: Path, two: Path) -> list[str]:
    files = [
        sorted(p.relative_to(d).as_posix() for p in d.rglob("*") if p.is_file()) for d in (one, two)
    ]
    assert files[0] == files[1]
    assert len(files[0]) > 9
    return [f for f in files[0] if not filecmp.cmp(one / f, two / f, shallow=False)]
