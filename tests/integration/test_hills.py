"""Whole runs on sloping ground, and with people counted; every figure worked out by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS
from tests.rasters import tif
from tests.towns import LAT, LON, Town, degrees, judged, village

from parkgap import pipeline, rerun
from parkgap.publish.explain import explain_park
from parkgap.results import Results
from parkgap.study import load_study

DRUGS, MARKET = "pharmacy", "fresh_market"  # 8 minutes from work; 800 m from home
METRES_LAT = 110_956.0  # of a degree at 36 N, from the WGS-84 radius of curvature


def tilted(folder: Path, rise: float, *, void: bool = False) -> str:
    """Write ground that rises by `rise` to the north; the setting that names it."""
    folder.mkdir(parents=True, exist_ok=True)
    cell = 1 / 3600
    lines, columns = 400, 400
    lat = LAT + 200 * cell - (np.arange(lines) + 0.5) * cell
    z = 500.0 + rise * METRES_LAT * (lat - LAT)[:, None] + np.zeros(columns)
    if void:
        z[:, 200:] = -9999.0
    tif(
        folder / "dem.tif",
        z,
        west=LON - 200 * cell,
        north=LAT + 200 * cell,
        cell=cell,
        nodata=-9999.0,
    )
    return '[terrain]\ndem = "dem.tif"\n'


def run(folder: Path, town: Town, rise: float | None) -> Results:
    town.settings = "" if rise is None else tilted(folder, rise)
    return town.results(folder)


def test_leaving_a_park_downhill_is_quicker_than_leaving_it_uphill(tmp_path: Path) -> None:
    # From the firm 120 m south to the main street, through the gate, then 300 m along it, level.
    town = village()
    town.node(300, 0, amenity="pharmacy", name="D")
    for name, rise, pace in (("down", 0.05, math.exp(-0.175)), ("up", -0.05, math.exp(0.175))):
        found = judged(run(tmp_path / name, town, rise), "P", DRUGS)
        assert found["nearest_m"] == pytest.approx(420, abs=0.1)
        assert found["nearest_min"] == pytest.approx((120 * pace + 300) / 67, abs=0.005), name
    level = judged(run(tmp_path / "level", town, None), "P", DRUGS)
    assert level["nearest_min"] == pytest.approx(420 / 67, abs=0.005)


def southwards() -> Town:
    """Draw a street that leads south from the village's crossing."""
    town = village()
    town.street((0, 0), (0, -200), (0, -1700))
    return town


def test_a_test_in_minutes_is_met_downhill_beyond_its_metres_on_the_flat(tmp_path: Path) -> None:
    # 600 m at -5 %: 600 / 67 / 1.19125 = 7.52 minutes; on the flat 8.96.  The limit is 8.
    town = southwards()
    town.node(0, -480, amenity="pharmacy", name="D")
    assert judged(run(tmp_path / "level", town, None), "P", DRUGS)["status"] == "short"
    down = judged(run(tmp_path / "down", town, 0.05), "P", DRUGS)
    assert (down["status"], down["nearest_m"]) == ("met", pytest.approx(600, abs=0.1))
    assert down["nearest_min"] == pytest.approx(600 / 67 / math.exp(0.175), abs=0.005)


def test_the_farthest_walk_is_kept_in_either_unit(tmp_path: Path) -> None:
    # A limit of 1500 m is 22.39 minutes.  1620 m down at 5 % are 20.30 minutes: in reach.
    town = southwards()
    town.node(0, -1500, amenity="pharmacy", name="D")
    down = judged(run(tmp_path / "down", town, 0.05), "P", DRUGS)
    assert down["nearest_m"] == pytest.approx(1620, abs=0.1)
    assert down["nearest_min"] == pytest.approx(1620 / 67 / math.exp(0.175), abs=0.005)
    assert down["status"] == "short"
    assert math.isnan(judged(run(tmp_path / "level", town, None), "P", DRUGS)["nearest_m"])
    # 1420 m up at 15 % are 35.7 minutes: in reach by metres, and the minutes are not known.
    town = southwards()
    town.node(0, -1300, amenity="pharmacy", name="D")
    up = judged(run(tmp_path / "up", town, -0.15), "P", DRUGS)
    assert up["nearest_m"] == pytest.approx(1420, abs=0.1)
    assert math.isnan(up["nearest_min"])
    assert up["status"] == "short"
    out = tmp_path / "out"
    results = run(tmp_path / "published", town, -0.15)
    near = results.nearby.set_index("metres")["minutes"]
    assert near[near.index > 1400].isna().all()
    assert "nan" not in explain_park(results, "P", DRUGS).lower()
    pipeline.publish(results, out, pipeline.Clock(lambda _: None))
    assert "inf" not in (out / "shortfall.csv").read_text(encoding="utf-8-sig").replace(
        "information", ""
    )


def test_ground_that_is_partly_unknown_is_level_there_and_said(tmp_path: Path) -> None:
    town = village()
    town.node(-300, 0, amenity="pharmacy", name="D")
    town.settings = tilted(tmp_path, 0.05, void=True)
    results = town.results(tmp_path)
    said = [en for _, en in results.warnings if "heights" in en]
    assert len(said) == 1
    # The main street's eastern half, 1,500 of 3,120 m, lies where nobody knows; so does its middle.
    assert "terrain.dem" in said[0]
    (share,) = re.findall(r"([0-9.]+)%", said[0])
    assert float(share) == pytest.approx(100 * 1500 / 3120, abs=2)


def test_another_coordinate_system_beside_the_same_heights_is_another_input(
    tmp_path: Path,
) -> None:
    town, study, out = village(), tmp_path / "s", tmp_path / "out"
    town.settings = '[terrain]\ndem = "dem.asc"\n'
    study.mkdir()
    heading = f"ncols 2\nnrows 2\nxllcorner {LON - 0.5}\nyllcorner {LAT - 0.5}\ncellsize 0.5\n"
    (study / "dem.asc").write_text(heading + "1 1\n1 1\n", encoding="utf-8")
    (study / "dem.prj").write_text(CRS(4326).to_wkt("WKT1_ESRI"), encoding="utf-8")
    town.write(study)
    rerun.run(load_study(study), out)
    assert rerun.run(load_study(study), out).reused
    (study / "dem.prj").write_text(CRS(4490).to_wkt("WKT1_ESRI"), encoding="utf-8")
    assert not rerun.run(load_study(study), out).reused


def test_homes_estimated_around_a_park_are_people_of_the_raster_and_said(tmp_path: Path) -> None:
    # 75 people in a cell at (300, 50), 25 at (-700, 50); one market at (300, 0).
    town = village()
    town.node(300, 0, amenity="marketplace", name="M")
    cell = 0.001
    people = np.zeros((40, 40))
    for x, persons in ((300, 75), (-700, 25)):
        lon, lat = degrees(x, 50)
        people[int((LAT + 20 * cell - lat) / cell), int((lon - LON + 20 * cell) / cell)] = persons
    tmp_path.mkdir(exist_ok=True)
    tif(tmp_path / "pop.tif", people, west=LON - 20 * cell, north=LAT + 20 * cell, cell=cell)
    town.settings = '[population]\nraster = "pop.tif"\n'
    results = town.results(tmp_path)
    found = judged(results, "P", MARKET)
    # From the first cell the market is some 100 m off, from the second some 1,000, too far.
    assert found["origin"] == "home"
    assert found["satisfaction_low"] == pytest.approx(0.75)
    assert (found["status"], found["reason_unverified"]) == ("unverified", "estimated_homes")
    said = [en for _, en in results.warnings]
    assert "residences of 1 parks are estimated from the population raster: P" in said
    # The same raster with nobody in it estimates nothing, and says so.
    tif(tmp_path / "pop.tif", 0 * people, west=LON - 20 * cell, north=LAT + 20 * cell, cell=cell)
    empty = town.results(tmp_path)
    assert judged(empty, "P", MARKET)["origin"] == "work"
    assert any("nobody where the study is" in en for _, en in empty.warnings)
