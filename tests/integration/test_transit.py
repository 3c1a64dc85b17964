"""A study with a timetable, from its files to what is published."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from tests.gtfs import FEED, write_feed
from tests.integration.test_shared_extracts import CANTERAS, around, crop
from tests.towns import Town, corners, degrees, judged

from parkgap.check import check_study
from parkgap.errors import TableError
from parkgap.pipeline import compute
from parkgap.publish.explain import explain_park
from parkgap.rerun import Means, run
from parkgap.study import Study, load_study

STOP = "Fernando Guanarteme (Plta. Farray)"


def town_with_timetable(folder: Path, feed: str = FEED["stop_times"]) -> Study:
    """A park at a street with one stop on the map, without lines, and one that no map has."""
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (1500, 0), name="主街")
    town.street((0, 0), (0, 120), highway="service")
    town.park("A", (-100, 20, 100, 220), workers=1000)
    town.firm("F", "A", (0, 120), workers=800)
    town.node(100, 5, highway="bus_stop", name="甲")
    town.tables["shifts"] = [
        {"park_id": "A", "shift": "晚班", "start": "15:00", "end": "23:30", "share": 1.0}
    ]
    town.head = "as_of = 2026-11-02"
    town.settings = '[transit]\ngtfs = "gtfs.zip"\n'
    at = {"A": degrees(110, -5), "B": degrees(-200, 5), "C": degrees(1400, 5)}
    stops = ["stop_id,stop_name,stop_lat,stop_lon"]
    stops += [f"{i},{i}站,{lat},{lon}" for i, (lon, lat) in at.items()]
    text = "\n".join([*stops, "X,渡口,36.0,120.0"]).replace("A站", "甲站")
    changes = {"stops": text, "stop_times": feed, "calendar_dates": None}
    write_feed(folder / "gtfs.zip", changes)
    return town.write(folder)


def reused(folder: Path) -> dict[str, list[str]]:
    timings = json.loads((folder / "timings.json").read_text(encoding="utf-8"))
    return {stage["name"]: stage["reused"] for stage in timings["stages"]}


def test_a_timetable_gives_lines_stops_and_departures(tmp_path: Path) -> None:
    found = compute(town_with_timetable(tmp_path))
    stops = found.facilities.set_index("facility_id")["lines"]
    mapped = next(i for i in stops.index if i.startswith("node/"))
    assert stops[mapped] == ["1"]
    assert stops["list:gtfs.zip/B"] == ["1"]
    # A thousand workers ask for one line; without the timetable nobody knows whether it stops.
    row = judged(found, "A", "bus_lines")
    assert (row["status"], row["found"]) == ("met", 1)
    said = explain_park(found, "A", "bus_lines")
    assert "晚班, hour after the end 23:30–00:30: departures 1, last one 00:10" in said
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(text.partition("[transit]")[0], encoding="utf-8")
    row = judged(compute(load_study(tmp_path)), "A", "bus_lines")
    assert (row["status"], row["reason_unverified"]) == ("unverified", "no_lines")
    late = found.beside.transit.iloc[0]
    assert (late["late_shift"], late["late_end"]) == ("晚班", "23:30")
    assert (late["late_last"], late["late_line"], late["late_stop"]) == ("00:10", "1", "B站")
    after = found.beside.departures.set_index("window").loc["after_end"]
    assert (after["departures_hour"], after["next_departure"]) == (1, "23:50")


def test_a_changed_timetable_reads_the_timetable_again_and_not_the_map(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(town_with_timetable(tmp_path / "s"), out)
    page = (out / "parks" / "A.html").read_text(encoding="utf-8")
    assert "00:10" in page
    later = FEED["stop_times"].replace("24:10:30", "24:15:00").replace("24:10:00", "24:15:00")
    study = town_with_timetable(tmp_path / "s", later)
    assert not run(study, out).reused
    taken = reused(out)
    assert taken["osm"] == ["prepared"]
    assert taken["tables"] == ["tables"]
    assert taken["transit"] == []
    assert "00:15" in (out / "parks" / "A.html").read_text(encoding="utf-8")
    # The hours alone are other ones: who walks where is what it was, and so is every judgement.
    assert "survey" in taken["reach"]
    assert "park" in taken["assess"]
    assert run(study, out).reused


def test_results_of_a_timetable_are_the_same_bytes_again(tmp_path: Path) -> None:
    study = town_with_timetable(tmp_path / "s")
    for out in ("a", "b"):
        run(study, tmp_path / out, Means(fresh=True, store=tmp_path / f"store-{out}"))
    names = {p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()}
    for name in sorted(names - {Path("timings.json")}):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    with closing(sqlite3.connect(tmp_path / "a" / "parkgap.gpkg")) as base:
        layers = {row[0] for row in base.execute("SELECT table_name FROM gpkg_contents")}
        (stop,) = base.execute(
            "SELECT departures_by_hour FROM stop_departures WHERE stop_id = 'gtfs.zip/B'"
        ).fetchone()
    assert {"transit", "departures", "stop_departures"} <= layers
    assert stop == "06=3;08=1;00=1"


def test_a_broken_timetable_is_refused_by_run_and_check_alike(tmp_path: Path) -> None:
    study = town_with_timetable(tmp_path, FEED["stop_times"].replace("23:50:00", "23h50"))
    with pytest.raises(TableError, match=r"stop_times\.txt, row 5"):
        compute(study)
    errors = check_study(tmp_path).errors
    assert [str(p.file) for p in errors] == ["gtfs.zip/stop_times.txt"]
    (tmp_path / "gtfs.zip").unlink()
    said = [p for p in check_study(tmp_path).errors if p.column == "transit.gtfs"]
    assert len(said) == 1


# --- Las Palmas -----------------------------------------------------------------------------------


def counted(feed: Path, stop_name: str, weekday: str, day: str) -> dict[str, Counter[str]]:
    """Departures by stop of that name and hour, from the text files and nothing else."""

    def rows(name: str) -> list[dict[str, str]]:
        with zipfile.ZipFile(feed) as archive, archive.open(name) as stream:
            return list(csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig")))

    running = {
        row["service_id"]
        for row in rows("calendar.txt")
        if row[weekday] == "1" and row["start_date"] <= day <= row["end_date"]
    }
    for row in rows("calendar_dates.txt"):
        if row["date"] == day:
            (running.add if row["exception_type"] == "1" else running.discard)(row["service_id"])
    trips = {row["trip_id"] for row in rows("trips.txt") if row["service_id"] in running}
    stops = {row["stop_id"] for row in rows("stops.txt") if row["stop_name"] == stop_name}
    times = [row for row in rows("stop_times.txt") if row["trip_id"] in trips]
    last: dict[str, int] = {}
    for row in times:
        last[row["trip_id"]] = max(last.get(row["trip_id"], 0), int(row["stop_sequence"]))
    found: dict[str, Counter[str]] = {stop: Counter() for stop in stops}
    for row in times:
        if row["stop_id"] in stops and int(row["stop_sequence"]) < last[row["trip_id"]]:
            hour = int(row["departure_time"].split(":")[0]) % 24
            found[row["stop_id"]][f"{hour:02d}"] += 1
    return found


def test_departures_in_las_palmas_are_those_of_its_stop_times(shared: Path, tmp_path: Path) -> None:
    city = shared / "las-palmas"
    crop(city / "osm.osm.pbf", around(CANTERAS, 1500), tmp_path / "town.osm.pbf")
    (tmp_path / "gtfs.zip").write_bytes((city / "gtfs.zip").read_bytes())
    shape = {"type": "Polygon", "coordinates": [corners(CANTERAS)]}
    park = {"type": "Feature", "properties": {"park_id": "P", "workers": 100}, "geometry": shape}
    layer = {"type": "FeatureCollection", "features": [park]}
    (tmp_path / "parks.geojson").write_text(json.dumps(layer), encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        'name = "here"\nas_of = 2023-02-21\n[osm]\nfile = "town.osm.pbf"\n'
        '[parks]\nfile = "parks.geojson"\n[transit]\ngtfs = "gtfs.zip"\n',
        encoding="utf-8",
    )
    found = compute(load_study(tmp_path)).beside
    # A Friday: the night services of its evening run besides what runs on every working day.
    assert set(found.transit["service_day"]) == {"2023-02-24"}
    named = found.stop_departures[found.stop_departures["stop"] == STOP]
    assert len(named) > 0
    by_hand = counted(city / "gtfs.zip", STOP, "friday", "20230224")
    for row in named.to_dict("records"):
        told = dict(part.split("=") for part in str(row["departures_by_hour"]).split(";"))
        expected = by_hand[str(row["stop_id"]).removeprefix("gtfs.zip/")]
        assert {hour: int(n) for hour, n in told.items()} == dict(expected)
        assert row["departures_day"] == expected.total() > 50
