"""Seats and floor area that parks share with each other and with residents, worked out by hand.

Standard: zones of 5, 10 and 15 minutes (335, 670 and 1005 m at 67 m a minute) weigh 1, 0.68 and
0.22; a worker counts for half a person in dining; 240 m2 of dining for 1,000 persons, which is 120
for 1,000 workers.  All towns and their lists are made up.
"""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Proj
from python_calamine import CalamineWorkbook
from tests.rasters import tif
from tests.towns import LAT, LON, Town, degrees, village

from parkgap import rerun
from parkgap.assess.competition import competition
from parkgap.pipeline import Clock, compute
from parkgap.publish.explain import explain_park
from parkgap.sources.population import people_at
from parkgap.store import Store
from parkgap.study import load_study

if TYPE_CHECKING:
    from parkgap.results import Results

MEAL, SHOP = "canteen_or_meal", "convenience_store"


def listed(folder: Path, town: Town, *rows: dict[str, Any], item: str = MEAL) -> Town:
    """Write an official list; rows have x, y and what it says."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["id", "name", "lon", "lat", "seats", "area_m2", "access"]
    with (folder / f"{item}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        for number, row in enumerate(rows, 1):
            lon, lat = degrees(row.pop("x"), row.pop("y"))
            said = {"id": f"K{number}", "name": f"Canteen {number}", **row}
            writer.writerow({"lon": lon, "lat": lat, **said})
    town.settings += f'[[facilities]]\nfile = "{item}.csv"\nitem = "{item}"\ncrs = "WGS84"\n'
    return town


def two_parks(p: float | None = 1000, q: float | None = 600) -> Town:
    """Draw a park on either side of one street; each firm is 120 m from the crossing.

    ::

              P (F at 0, 120)
        ------+------------------ main street, y 0
              Q (G at 0, -120)
    """
    town = village(workers=p)
    town.tables["enterprises"][0]["workers"] = 1000 if p is None else p
    town.street((0, 0), (0, -120), highway="service")
    town.park("Q", (-100, -220, 100, -20), workers=q)
    town.firm("G", "Q", (0, -120), workers=600 if q is None else q)
    return town


def told(results: Results, park: str, unit: str, item: str = MEAL) -> dict[str, Any]:
    """One row of the capacity, None where it is empty; {} where there is no such row."""
    c = results.beside.capacity
    rows = c[(c["park_id"] == park) & (c["item"] == item) & (c["unit"] == unit)]
    return {
        str(k): None if v != v else v  # noqa: PLR0124 - NaN
        for row in rows.to_dict("records")
        for k, v in row.items()
    }


def test_one_crowded_canteen_is_shared_by_two_parks(tmp_path: Path) -> None:
    # The canteen stands 200 m east of the crossing: 320 m, 4.8 minutes from either firm, weight 1.
    # 1,000 + 600 workers count for 500 + 300 = 800 persons.  160 seats: 0.2 a person, 0.1 a worker,
    # 100 for 1,000 workers.  64 m2: 0.08 a person, 40 m2 for 1,000 workers; 120 are asked for, 80
    # lacking: 80 m2 for P's 1,000 workers, 48 m2 for Q's 600.
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "seats": 160, "area_m2": 64})
    results = town.results(tmp_path)
    for park, other, short in (("P", "Q", 80), ("Q", "P", 48)):
        seats, area = told(results, park, "seats"), told(results, park, "m2")
        assert (seats["supply"], seats["per_1000"], seats["factor"]) == (160, 100, 0.5)
        assert (seats["status"], seats["reason_unverified"]) == ("not_applicable", "no_norm")
        assert (area["per_1000"], area["needed_per_1000"], area["short_per_1000"]) == (40, 120, 80)
        # Nobody has counted the residents: with them it would only be shorter.
        assert (area["status"], area["short_by"]) == ("short", pytest.approx(short))
        assert (area["shared_with"], area["supply_basis"]) == (other, "declared")
        assert (area["facilities"], area["facilities_unknown"]) == (1, 0)
        assert area["basis"] == "assumption"
        assert area["clause"].startswith("筛查假设")
        assert " / Assumption: derived from the Shinan" in area["clause"]


def test_the_factor_stands_where_the_figures_are_explained(tmp_path: Path) -> None:
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "area_m2": 64})
    results = town.results(tmp_path)
    said = explain_park(results, "P", MEAL)
    assert (
        "capacity (m² of floor): confirmed short; for 1,000 workers 40, needed 120 (a worker "
        "counts for 0.5 of a resident); lacking 80 m² of floor; Shared with Q" in said
    )
    (item,) = json.loads(explain_park(results, "P", MEAL, as_json=True))["items"]
    (row,) = item["capacity"]
    assert (row["factor"], row["short_by"], row["shared_with"]) == (0.5, 80, "Q")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_the_figure_stands_is_said_in_the_language_of_the_study(
    tmp_path: Path, lang: str
) -> None:
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "area_m2": 64})
    town.language = lang
    rerun.run(town.write(tmp_path), tmp_path / "out")
    zh = (
        "筛查假设：由市南区社区商业配置指导性标准（试行，2009）推得，每千名居民800—1000平方米，"
        "其中餐饮占30%"
    )
    en = (
        "Assumption: derived from the Shinan community commerce standard (trial, 2009), "
        "800-1000 m2 for 1,000 residents, 30 % of it dining"
    )
    said, other = (zh, en) if lang == "zh" else (en, zh)
    out = tmp_path / "out"
    sheet, column = ("容量与竞争", "条文") if lang == "zh" else ("Capacity", "Clause")
    rows = CalamineWorkbook.from_path(out / "parkgap.xlsx").get_sheet_by_name(sheet).to_python()
    with closing(sqlite3.connect(out / "parkgap.gpkg")) as base:
        layer = [clause for (clause,) in base.execute("SELECT clause FROM capacity")]
    page = (out / "parks" / "P.html").read_text(encoding="utf-8")
    for shown in ([str(row[rows[0].index(column)]) for row in rows[1:]], layer):
        assert said in shown
        assert not any(other in clause or "per_1000" in clause for clause in shown)
    assert said in page
    assert other not in page


def test_it_is_published_beside_the_counts(tmp_path: Path) -> None:
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "area_m2": 64})
    rerun.run(town.write(tmp_path), tmp_path / "out")
    out = tmp_path / "out"
    rows = CalamineWorkbook.from_path(out / "parkgap.xlsx").get_sheet_by_name("Capacity")
    cells = [dict(zip(rows.to_python()[0], r, strict=True)) for r in rows.to_python()[1:]]
    (meal,) = [r for r in cells if r["Park"] == "P" and r["Item"] == "Canteen or meal"]
    assert (meal["Short by"], meal["Shared with"], meal["Basis"]) == (80, "Q", "assumption")
    page = (out / "parks" / "P.html").read_text(encoding="utf-8")
    assert "80 m² of floor" in page
    with closing(sqlite3.connect(out / "parkgap.gpkg")) as base:
        sql = "SELECT short_by FROM capacity WHERE park_id = 'Q' AND item = 'canteen_or_meal'"
        assert base.execute(sql).fetchall() == [(48.0,)]


def test_a_canteen_in_the_next_zone_counts_for_less(tmp_path: Path) -> None:
    # 500 m east: 620 m, 9.3 minutes, weight 0.68 both ways.  337 m2 for (500 + 300) x 0.68 = 544
    # persons: 0.6195; each worker comes by 0.68 x 0.6195 x 0.5: 210.6 for 1,000, told in steps of
    # 210.6 x 10 / 1,000 -> 5 (P) and of 210.6 x 10 / 600 -> 5 (Q): 210.
    town = listed(tmp_path, two_parks(), {"x": 500, "y": 0, "area_m2": 337})
    results = town.results(tmp_path)
    assert [told(results, p, "m2")["per_1000"] for p in "PQ"] == [210, 210]
    # Enough for the workers; how many residents come too, nobody knows.
    assert told(results, "P", "m2")["status"] == "unverified"
    assert told(results, "P", "m2")["reason_unverified"] == "no_population"


def test_seats_that_nobody_has_said_are_not_invented(tmp_path: Path) -> None:
    town = two_parks()
    town.node(-200, 0, amenity="restaurant", name="Open kitchen")
    nothing = town.results(tmp_path / "none")
    row = told(nothing, "P", "m2")
    assert (row["status"], row["reason_unverified"]) == ("unverified", "unknown_supply")
    assert (row["facilities"], row["facilities_unknown"]) == (1, 1)
    assert row["supply"] is None
    assert told(nothing, "P", "seats") == {}
    listed(tmp_path / "some", town, {"x": 200, "y": 0, "seats": 160, "area_m2": 640})
    some = town.results(tmp_path / "some")
    for unit, why in (("seats", "unknown_supply"), ("m2", "unknown_supply+no_population")):
        row = told(some, "Q", unit)
        assert (row["facilities"], row["facilities_unknown"]) == (2, 1)
        assert (row["status"], row["reason_unverified"]) == ("unverified", why)
    assert told(some, "P", "seats")["per_1000"] == 100  # what is known is shared as before


def people(folder: Path, persons: float, *, crs: str = "EPSG:4326", nodata: bool = False) -> str:
    """Write a raster with persons in one cell north of x 200, and none elsewhere; the setting."""
    folder.mkdir(parents=True, exist_ok=True)
    values = np.zeros((40, 40))
    cell = 0.001  # about 90 x 111 m
    values[19, 22] = persons  # its middle lies 2.5 cells east and half a cell north
    if nodata:
        values[:] = -99.0
    tif(
        folder / "pop.tif",
        values,
        west=LON - 20 * cell,
        north=LAT + 20 * cell,
        cell=cell,
        crs=crs,
        nodata=-99.0,
    )
    return '[population]\nraster = "pop.tif"\n'


def test_residents_come_to_the_same_table(tmp_path: Path) -> None:
    # The cell's middle is 225 m east, 55 m north of the street: 55 + 25 m, 1.2 minutes.  200
    # residents beside 800: 64 m2 / 1,000 persons, 0.032 a worker: 32 for 1,000.
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "area_m2": 64})
    town.settings += people(tmp_path, 200)
    results = town.results(tmp_path)
    row = told(results, "P", "m2")
    assert (row["per_1000"], row["short_per_1000"], row["residents"]) == (32, 88, 200)
    assert row["status"] == "short"


@pytest.mark.parametrize("parts", [1, 2])
def test_residents_are_counted_by_their_own_walks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    # Open to all are the street that runs east, and 20 m of both drives outside the parks.  From a
    # place (x, y) it is |y| to the street and |x - 200| along it to the canteen; where a drive is
    # nearer, straight to it, down it, and 200 m along the street.
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "area_m2": 64})
    persons = np.random.default_rng(11).uniform(0, 9, (40, 40))
    persons[3:9, 20] = -99.0
    cell = 0.001
    west, north = LON - 20 * cell, LAT + 20 * cell
    tif(tmp_path / "pop.tif", persons, west=west, north=north, cell=cell, nodata=-99.0)
    town.settings += '[population]\nraster = "pop.tif"\n'
    plane = Proj(proj="aeqd", lon_0=LON, lat_0=LAT, ellps="WGS84")
    at = (np.arange(40) + 0.5) * cell
    x, y = plane(*np.meshgrid(west + at, north - at))
    to_drive = np.hypot(x, np.maximum(np.abs(y) - 20, 0))
    by_drive = to_drive + np.minimum(np.abs(y), 20) + 200
    metres = np.where(to_drive < np.abs(y), by_drive, np.abs(y) + np.abs(x - 200))
    people = np.where(persons < 0, 0, np.float32(persons).astype(float))
    upto = [0, 5 * 67, 10 * 67, 15 * 67]
    expected = [people[(metres > a) & (metres <= b)].sum() for a, b in pairwise(upto)]
    seen: list[Any] = []

    def spy(ground: Any, supply: Any, catchments: Any, *more: Any, **named: Any) -> Any:
        seen.append(catchments)
        return competition(ground, supply, catchments, *more, **named)

    monkeypatch.setattr("parkgap.assessing.competition", spy)
    if parts > 1:
        monkeypatch.setattr("parkgap.pipeline.split", lambda _: [("P",), ("Q",)])
    row = told(town.results(tmp_path), "P", "m2")
    (found,) = seen[0].dropna(subset=["zone_0"])[["zone_0", "zone_1", "zone_2"]].to_numpy()
    assert found == pytest.approx(expected, abs=1e-6)
    asked = 800 + sum(w * n for w, n in zip((1, 0.68, 0.22), expected, strict=True))
    assert row["per_1000"] == pytest.approx(1000 * 64 / asked / 2, abs=1.0)
    assert row["residents"] == round(sum(expected))


def test_shards_share_what_they_both_reach_to_the_last_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # R, 1,000 m east, shares the first canteen; the second is within reach of P and Q alone, the
    # third of R alone, though either shard has it on its map.
    rows = (
        {"x": 200, "y": 0, "area_m2": 64},
        {"x": -100, "y": 5, "seats": 33, "area_m2": 71},
        {"x": 1300, "y": 5, "seats": 35, "area_m2": 72},
    )
    town = listed(tmp_path, two_parks(), *rows)
    town.street((0, 0), (1000, 0), (1300, 0))
    town.street((1000, 0), (1000, 120), highway="service")
    town.park("R", (900, 20, 1100, 220))
    town.firm("H", "R", (1000, 120))
    town.node(400, 10, amenity="restaurant", name="Unknown")
    town.settings += people(tmp_path, 123.4)
    study = town.write(tmp_path)
    rerun.run(study, tmp_path / "one", rerun.Means(fresh=True, store=tmp_path / "s1"))
    monkeypatch.setattr("parkgap.pipeline.split", lambda _: [("P", "Q"), ("R",)])
    rerun.run(study, tmp_path / "two", rerun.Means(fresh=True, store=tmp_path / "s2"))
    names = [
        p.relative_to(tmp_path / "one")
        for p in (tmp_path / "one").rglob("*")
        if p.is_file() and p.name != "timings.json"
    ]
    assert "parkgap.gpkg" in [n.name for n in names]
    for name in names:
        one, two = tmp_path / "one" / name, tmp_path / "two" / name
        assert one.read_bytes() == two.read_bytes(), name


def test_enough_for_workers_and_residents_is_met(tmp_path: Path) -> None:
    # 600 m2 / (800 + 200) = 0.6 a person: 300 m2 for 1,000 workers.
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "area_m2": 600})
    town.settings += people(tmp_path, 200)
    row = told(town.results(tmp_path), "P", "m2")
    assert (row["status"], row["reason_unverified"], row["per_1000"]) == ("met", None, 300)


def test_residents_beyond_the_edge_of_raster_or_map_may_come_too(tmp_path: Path) -> None:
    town = listed(tmp_path / "map", two_parks(), {"x": 200, "y": 0, "area_m2": 600})
    town.extent = (-1900, -4000, 4000, 4000)  # 1,900 m west of the firms; 2 x 1,005 are looked at
    town.settings += people(tmp_path / "map", 200)
    row = told(town.results(tmp_path / "map"), "P", "m2")
    assert (row["status"], row["reason_unverified"]) == ("unverified", "edge")
    # The raster ends 1,800 m east: 900 m from the canteen.
    town = listed(tmp_path / "raster", two_parks(), {"x": 800, "y": 0, "area_m2": 6000})
    town.settings += people(tmp_path / "raster", 200)
    row = told(town.results(tmp_path / "raster"), "P", "m2")
    assert (row["status"], row["reason_unverified"]) == ("unverified", "no_population")


def test_a_raster_that_knows_nothing_there_is_no_raster(tmp_path: Path) -> None:
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "area_m2": 600})
    town.settings += people(tmp_path, 0, nodata=True)
    row = told(town.results(tmp_path), "P", "m2")
    assert (row["status"], row["reason_unverified"]) == ("unverified", "no_population")
    assert row["residents"] is None


def test_a_works_canteen_is_its_own_enterprises_alone(tmp_path: Path) -> None:
    # 50 seats of F for its own 1,000 workers, who count for 500 persons: 50 for 1,000 workers.
    town = two_parks()
    town.tables["enterprises"][0]["canteen_seats"] = 50
    town.tables["enterprises"][1]["canteen_seats"] = ""
    results = town.results(tmp_path)
    assert told(results, "P", "seats")["per_1000"] == 50
    assert told(results, "P", "seats")["shared_with"] == ""
    assert told(results, "Q", "seats") == {}


def test_a_shop_that_is_a_building_is_measured_and_marked(tmp_path: Path) -> None:
    # 20 x 10 m on two levels: 400 m2, estimated.  Shops: 10 m2 for 1,000 persons, 5 for workers.
    town = two_parks()
    town.area((190, 5, 210, 15), building="retail", building__levels="2", shop="convenience")
    row = told(town.results(tmp_path), "P", "m2", SHOP)
    assert (row["supply"], row["supply_basis"]) == (pytest.approx(400, rel=1e-3), "building")
    assert row["per_1000"] == pytest.approx(250, abs=5)


def test_an_estimate_proves_no_lack(tmp_path: Path) -> None:
    # 4 x 2 m: 8 m2 for 8,000 persons, half a square metre for 1,000 workers; 5 are asked for.
    town = two_parks(10000, 6000)
    town.area((200, 5, 204, 7), building="kiosk", shop="convenience")
    row = told(town.results(tmp_path), "P", "m2", SHOP)
    assert 0 < row["per_1000"] < row["needed_per_1000"] == 5
    assert row["short_by"] is None
    assert (row["status"], row["reason_unverified"]) == ("unverified", "estimated_supply")


def test_few_workers_are_told_nothing_of_and_give_nothing_away(tmp_path: Path) -> None:
    # Any number up to ten counts as ten in what P shares with them: 63.53 / 505 / 2 are 62.9 for
    # 1,000 workers, told as 62.  With three it would be 63.3, and told as 64.
    def shared(folder: Path, few: float) -> Results:
        rows = {"x": 200, "y": 0, "seats": 160, "area_m2": 63.53}
        return listed(folder, two_parks(1000, few), rows).results(folder)

    seven, three = shared(tmp_path / "7", 7), shared(tmp_path / "3", 3)
    columns = ["workers", "per_1000", "short_per_1000", "short_by"]
    for results in (seven, three):
        row = told(results, "Q", "m2")
        assert [row[c] for c in columns] == [None] * 4
    assert told(seven, "P", "m2") == told(three, "P", "m2")
    assert told(three, "P", "m2")["per_1000"] == 62


def test_an_unknown_headcount_is_no_headcount_of_nought(tmp_path: Path) -> None:
    town = two_parks(1000, None)
    town.tables["enterprises"].pop()
    listed(tmp_path, town, {"x": 200, "y": 0, "area_m2": 600})
    town.settings += people(tmp_path, 200)
    results = town.results(tmp_path)
    row = told(results, "Q", "m2")
    assert (row["status"], row["reason_unverified"]) == ("unverified", "no_headcount")
    assert row["per_1000"] is None
    # 600 / (500 + 200) would be plenty for P, but not if Q is large.
    row = told(results, "P", "m2")
    assert (row["status"], row["reason_unverified"]) == ("unverified", "others_headcount")


def test_nothing_of_it_changes_a_count(tmp_path: Path) -> None:
    plain = listed(tmp_path / "a", two_parks(), {"x": 200, "y": 0}).results(tmp_path / "a")
    rows = {"x": 200, "y": 0, "seats": 1, "area_m2": 1}
    tight = listed(tmp_path / "b", two_parks(), rows).results(tmp_path / "b")
    assert plain.assessment.equals(tight.assessment)
    assert plain.ranking.equals(tight.ranking)


def test_beds_are_shared_by_workers_alone(tmp_path: Path) -> None:
    # 300 beds 320 m away for 1,000 + 600 workers, each a whole person: 187.5 for 1,000, told in
    # steps of 2 (P: 187.5 x 10 / 1,000) and of 5 (Q: 187.5 x 10 / 600).  No figure is asked for.
    town = two_parks()
    town._row("housing_stock", (200, 0), id="D", kind="dormitory", beds=300, status="existing")
    town.settings += people(tmp_path, 5000)
    results = town.results(tmp_path)
    rows = [told(results, p, "beds", "worker_housing") for p in "PQ"]
    assert [r["per_1000"] for r in rows] == [188, 190]
    assert [(r["factor"], r["residents"]) for r in rows] == [(1, 0)] * 2
    assert {r["reason_unverified"] for r in rows} == {"no_norm"}


def test_where_nobody_maps_no_lack_of_room_is_confirmed(tmp_path: Path) -> None:
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "area_m2": 64})
    florists = [at for at, tags in town.nodes.items() if tags.get("shop") == "florist"]
    for at in florists:
        town.nodes[at].clear()
    row = told(town.results(tmp_path), "P", "m2")
    assert (row["status"], row["reason_unverified"]) == ("unverified", "thin_data")
    assert row["short_by"] is None


def test_how_far_places_are_shown_does_not_change_what_is_shared(tmp_path: Path) -> None:
    # The tests ask for walks of 15 minutes, so they are all looked for, whatever is shown.
    def capacity(folder: Path, settings: str) -> pd.DataFrame:
        town = listed(folder, two_parks(), {"x": 200, "y": 0, "area_m2": 64})
        town.settings += settings
        return town.results(folder).beside.capacity

    whole = capacity(tmp_path / "whole", "")
    assert len(whole)
    near = capacity(tmp_path / "near", "[reach]\nlimit_m = 900\n")
    pd.testing.assert_frame_equal(near, whole)


def test_a_canteen_that_nobody_located_makes_its_park_s_capacity_unknown(tmp_path: Path) -> None:
    town = listed(tmp_path, two_parks(), {"x": 200, "y": 0, "area_m2": 64})
    town.tables["enterprises"][0]["canteen_seats"] = ""
    lost = {"id": "L", "park_id": "P", "workers": 200, "canteen_seats": 80}
    town.tables["enterprises"].append(lost)
    results = town.results(tmp_path)
    for park, expected in (("P", ("unverified", True)), ("Q", ("short", False))):
        row = told(results, park, "m2")
        unknown = "unknown_supply" in (row["reason_unverified"] or "")
        assert (row["status"], unknown) == expected


def test_another_headcount_walks_no_resident_again(tmp_path: Path) -> None:
    def run(q: float) -> tuple[float, list[str]]:
        town = listed(tmp_path, two_parks(1000, q), {"x": 200, "y": 0, "area_m2": 64})
        town.settings += people(tmp_path, 200)
        clock = Clock(lambda _: None)
        results = compute(town.write(tmp_path), clock, store=Store(tmp_path / "store"))
        reused = [name for stage in clock.stages for name in stage.reused]
        return float(told(results, "P", "m2")["per_1000"]), reused

    first, _ = run(600)
    # 64 / (500 + 1,100 + 200) / 2: 17.8 for 1,000 workers, told as lies nearest in steps of 2.
    second, reused = run(2200)
    assert (first, second) == (32, 18)
    assert "residents" in reused


# --- a real town ---------------------------------------------------------------------------------


def test_bayreuth_with_its_hills_keeps_all_people(shared: Path, tmp_path: Path) -> None:
    # Real streets and SRTM heights; people, park, home and shop are made up.
    source = shared / "bayreuth"
    (tmp_path / "town.osm").write_bytes(gzip.decompress((source / "osm.osm.gz").read_bytes()))
    heights = ["N49E011.hgt.zip", "N50E011.hgt.zip"]
    for name in heights:
        (tmp_path / name).write_bytes((source / name).read_bytes())
    persons = np.random.default_rng(4).uniform(0, 60, (160, 260))
    persons[40:50, 100:110] = -200.0
    tif(
        tmp_path / "pop.tif",
        persons,
        west=11.45,
        north=50.05,
        cell=1 / 1200,
        nodata=-200.0,
        dtype="float64",
    )
    total = persons[persons >= 0].sum()
    whole = shapely.box(11.4, 49.9, 11.7, 50.1)
    spread = people_at(str(tmp_path / "pop.tif"), whole)
    assert spread["persons"].sum() == pytest.approx(total, abs=1e-6)
    lon, lat = 11.5000, 50.0170  # Neudrossenfeld
    ring = [(lon, lat), (lon + 0.003, lat), (lon + 0.003, lat + 0.002), (lon, lat + 0.002)]
    park = {
        "type": "Feature",
        "properties": {"park_id": "P", "workers": 1000},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }
    layer = {"type": "FeatureCollection", "features": [park]}
    (tmp_path / "parks.geojson").write_text(json.dumps(layer), encoding="utf-8")
    home = f"id,park_id,workers,kind,lon,lat\nH,P,500,other,{lon},{lat}\n"
    (tmp_path / "homes.csv").write_text(home, encoding="utf-8")
    shop = f"id,name,lon,lat,area_m2\nS,Made up,{lon + 0.004},{lat},500\n"
    (tmp_path / "shops.csv").write_text(shop, encoding="utf-8")
    study = (
        'name = "bay"\n[osm]\nfile = "town.osm"\n[parks]\nfile = "parks.geojson"\ncrs = "WGS84"\n'
        '[residences]\nfile = "homes.csv"\ncrs = "WGS84"\n'
        '[population]\nraster = "pop.tif"\n'
        f"[terrain]\ndem = {json.dumps(heights)}\n"
        f'[[facilities]]\nfile = "shops.csv"\nitem = "{SHOP}"\ncrs = "WGS84"\n'
    )
    (tmp_path / "study.toml").write_text(study, encoding="utf-8")
    row = told(compute(load_study(tmp_path)), "P", "m2", SHOP)
    # Whoever is 15 minutes away lives within 1,005 x 1.19 m: no more than the people of that disc.
    far = np.hypot((spread["lon"] - lon - 0.004) * 71_700, (spread["lat"] - lat) * 111_200)
    near = spread.loc[far <= 1005 * 1.2, "persons"].sum()
    assert 0.2 * near < row["residents"] < near
    # 500 m2 are shared by 500 persons at most 5 minutes away, and by the residents around.
    assert 0 < row["per_1000"] < 1000 * 500 / 500 / 2
