"""The study that the wheel carries: real map, made-up tables that hold together and say so."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import osmium
import pytest
import shapely
from pyproj import Geod

from parkgap.errors import Problem
from parkgap.sources import tables
from parkgap.study import Study, load_study

MADE_UP = "made up / 虚构示例"


@pytest.fixture(scope="module")
def folder(checkout: Path) -> Path:
    return checkout / "data" / "neubrandenburg"


@pytest.fixture(scope="module")
def study(folder: Path) -> Study:
    return load_study(folder)


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def parks(folder: Path) -> dict[str, dict[str, object]]:
    features = json.loads((folder / "parks.geojson").read_text(encoding="utf-8"))["features"]
    return {f["properties"]["park_id"]: f["properties"] for f in features}


def test_every_table_reads_without_a_warning(study: Study) -> None:
    assert study.gates and study.enterprises and study.residences and study.shifts  # noqa: PT018
    found, warnings = tables.read_parks(study.parks, root=study.root)
    said: list[Problem] = [*warnings]
    said += tables.read_gates(study.gates, root=study.root, known=found)[1]
    said += tables.read_enterprises(study.enterprises, root=study.root, known=found)[1]
    said += tables.read_residences(study.residences, root=study.root, known=found)[1]
    said += tables.read_shifts(study.shifts, root=study.root, known=found)[1]
    assert said == []
    assert len(found) == 7


def test_every_row_says_that_it_is_made_up(folder: Path) -> None:
    for name in ("gates", "enterprises", "residences", "housing", "shifts"):
        assert {row["source"] for row in rows(folder, name)} == {MADE_UP}
    for park in parks(folder).values():
        assert park["headcount_basis"] == MADE_UP
        assert str(park["source"]).endswith("headcount made up / 人数为虚构示例")


def test_the_large_parks_have_the_areas_that_were_measured_of_the_extract(folder: Path) -> None:
    features = json.loads((folder / "parks.geojson").read_text(encoding="utf-8"))["features"]
    area = {
        f["properties"]["name"]: abs(
            Geod(ellps="WGS84").geometry_area_perimeter(
                shapely.from_geojson(json.dumps(f["geometry"]))
            )[0]
        )
        / 1e4
        for f in features
    }
    expected = {
        "Gewerbepark Weitin": 73.5,
        "Datzeberg Nord-Ost": 38.9,
        "Am Stargarder Bruch": 31.6,
        "Gewerbegebiet Hellfeld": 30.8,
    }
    assert {name: round(area[name], 1) for name in expected} == expected
    assert min(area.values()) >= 3


def test_made_up_numbers_hold_together(folder: Path) -> None:
    workers = {key: float(str(park["workers"])) for key, park in parks(folder).items()}
    for name in ("residences", "enterprises"):
        total: Counter[str] = Counter()
        for row in rows(folder, name):
            total[row["park_id"]] += int(row["workers"])
        assert all(total[key] <= workers[key] for key in total)
    assert min(int(row["workers"]) for row in rows(folder, "residences")) >= 30
    homes = {(row["lon"], row["lat"]) for row in rows(folder, "residences")}
    for row in rows(folder, "housing"):  # published, hence nowhere where a group of workers lives
        assert (row["lon"], row["lat"]) not in homes
        assert 0 <= int(row["beds_vacant"]) <= int(row["beds"])
    shared = Counter(row["residence_id"] for row in rows(folder, "residences"))
    assert max(shared.values()) == 2


def test_the_extract_is_whole_small_and_without_editing_history(folder: Path) -> None:
    path = folder / "osm.osm.pbf"
    assert sum(p.stat().st_size for p in folder.iterdir() if p.is_file()) < 3_000_000
    with osmium.io.Reader(str(path)) as reader:
        header = reader.header()
    assert header.get("osmosis_replication_timestamp") == "2016-02-10T20:41:25Z"
    box = header.box()
    corners = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
    assert corners == pytest.approx((13.1094, 53.4382, 13.4074, 53.6153))
    count: Counter[str] = Counter()
    for thing in osmium.FileProcessor(str(path)):
        count[thing.type_str()] += 1
        assert not isinstance(thing, osmium.osm.Changeset | osmium.osm.Area)
        assert thing.user == ""
    assert (count["n"], count["w"]) == (152_087, 25_897)


def test_the_script_makes_the_same_tables_again(folder: Path, tmp_path: Path) -> None:
    names = ["parks.geojson", "gates.csv", "enterprises.csv", "residences.csv", "shifts.csv"]
    names.append("housing.csv")
    for name in ("make_tables.py", "osm.osm.pbf"):
        shutil.copy(folder / name, tmp_path / name)
    source = str(Path(tables.__file__).parents[2])
    subprocess.run(
        [sys.executable, str(tmp_path / "make_tables.py")],
        check=True,
        env={**os.environ, "PYTHONPATH": source, "PYTHONUTF8": "1"},
        stdout=subprocess.DEVNULL,
    )
    for name in names:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
