"""``parkgap check``: one pass over all inputs, with what was matched to what."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.faults.corpus import STUDY, WEST, base, layer, table, write
from tests.rasters import tif
from typer.testing import CliRunner

from parkgap.check import check_study
from parkgap.cli import app
from parkgap.errors import InputError, Problem
from parkgap.inputs import read_tables
from parkgap.sources import datum
from parkgap.sources.report import collapse
from parkgap.study import load_study

RNG = np.random.default_rng(5)
HOMES = "编号,园区编号,类型,居住人数,经度,纬度\n"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    base(tmp_path)
    return tmp_path


def streets(folder: Path) -> None:
    """Lay streets 400 m apart around the parks."""
    nodes, ways = [], []
    for k in range(20):
        lat = 35.97 + 0.004 * k
        for end, lon in enumerate((120.05, 120.20)):
            nodes.append(f'<node id="{2 * k + end + 1}" lat="{lat:.4f}" lon="{lon}" version="1"/>')
        ways.append(
            f'<way id="{k + 1}" version="1"><nd ref="{2 * k + 1}"/><nd ref="{2 * k + 2}"/>'
            '<tag k="highway" v="residential"/></way>'
        )
    bounds = '<bounds minlat="35.9" minlon="120.0" maxlat="36.1" maxlon="120.3"/>'
    text = f'<osm version="0.6">{bounds}{"".join(nodes + ways)}</osm>'
    write(folder, "town.osm", text)


def homes(folder: Path, crs: str, keys: str = "") -> None:
    """Write forty dormitories beside the streets, in GCJ-02, declared as something."""
    lon = 120.09 + RNG.uniform(0, 0.05, 40)
    lat = 35.97 + 0.004 * RNG.integers(4, 12, 40) + RNG.uniform(-12, 12, 40) / 111_000
    x, y = datum.wgs84_to_gcj02(lon, lat)
    rows = "".join(f"R{n},P1,宿舍,5,{x[n]:.7f},{y[n]:.7f}\n" for n in range(40))
    table("residences", HOMES + rows)(folder)
    settings = f'{STUDY}[residences]\nfile = "t.csv"\ncrs = "{crs}"\n{keys}'
    write(folder, "study.toml", settings)


def test_a_study_that_holds_together_has_no_errors(study: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(study)])
    assert result.exit_code == 0
    assert "id = id; name = name; workers = workers" in result.stdout
    assert "0 个错误，0 个警告" in result.stdout


def test_what_was_matched_to_what_is_told(study: Path) -> None:
    table("gates", "出入口一览,,,\n编号,所属园区,经度,纬度\nG1,P1,120.1,36.0\n")(study)
    found = check_study(study)
    (gates,) = [t for t in found.tables if t["section"] == "gates"]
    assert (gates["rows"], gates["header"]) == (1, 2)
    assert gates["columns"] == {"id": "编号", "park_id": "所属园区", "lon": "经度", "lat": "纬度"}


def test_the_language_of_the_study_or_of_the_flag_is_spoken(study: Path) -> None:
    table("gates", "编号,园区编号,经度,纬度\nG1,P9,120.1,36\n")(study)
    for flags, head, word in (
        ([], "错误 t.csv，第 2 行", "查无"),
        (["--lang", "en"], "Error: t.csv, row 2", "no such"),
    ):
        result = CliRunner().invoke(app, ["check", str(study), *flags])
        assert result.exit_code == 1
        assert result.stderr.startswith(head)
        assert word in result.stderr


def test_a_datum_that_does_not_fit_is_an_error_with_numbers(study: Path) -> None:
    streets(study)
    homes(study, "WGS84")
    found = check_study(study)
    (error,) = found.errors
    assert (error.file, error.column, error.value) == ("t.csv", "crs", "WGS84")
    assert (
        "of the points fit better as GCJ02, median distance to a street or building" in error.what
    )
    (fit,) = found.fits
    assert (fit["declared"], fit["best"], fit["points"]) == ("WGS84", "GCJ02", 40)
    assert fit["best_m"] < 12 < fit["declared_m"]


def test_the_right_datum_is_not_doubted(study: Path) -> None:
    streets(study)
    homes(study, "GCJ02")
    found = check_study(study)
    assert found.errors == []
    assert found.fits[0]["best"] == "GCJ02"


def test_a_datum_that_is_vouched_for_is_a_warning_only(study: Path) -> None:
    streets(study)
    homes(study, "WGS84", "crs_sure = true\n")
    found = check_study(study)
    assert found.errors == []
    assert any(w.column == "crs" for w in found.warnings)


def test_json_has_places_values_and_both_languages(study: Path) -> None:
    table("gates", "编号,园区编号,经度,纬度\nG1,P9,120.1,36\n")(study)
    result = CliRunner().invoke(app, ["check", str(study), "--json"])
    assert result.exit_code == 1
    (error,) = json.loads(result.stdout)["errors"]
    assert (error["file"], error["row"], error["column"], error["value"]) == (
        "t.csv",
        2,
        "园区编号",
        "P9",
    )
    assert error["what"] == {
        "zh": "园区表中查无此园区",
        "en": "no such park in the table of parks",
    }
    assert error["rule"]["en"] == "the id must be one of the table of parks"
    assert error["remedy"]["zh"]


def test_parks_from_the_map_are_known_to_the_other_tables(study: Path) -> None:
    plot = "".join(
        f'<node id="{n + 10}" lat="{lat}" lon="{lon}" version="1"/>'
        for n, (lon, lat) in enumerate(
            ((120.1, 36.0), (120.11, 36.0), (120.11, 36.01), (120.1, 36.01))
        )
    )
    way = (
        '<way id="7" version="1"><nd ref="10"/><nd ref="11"/><nd ref="12"/><nd ref="13"/>'
        '<nd ref="10"/><tag k="landuse" v="industrial"/></way>'
    )
    text = (study / "town.osm").read_text(encoding="utf-8")
    head, tail = text.split("<way", 1)
    write(study, "town.osm", f"{head}{plot}<way{tail.replace('</osm>', '')}{way}</osm>")
    table("gates", "编号,园区编号,经度,纬度\nG1,way-7,120.1,36.0\nG2,way-8,120.1,36.0\n")(study)
    settings = (study / "study.toml").read_text(encoding="utf-8")
    write(study, "study.toml", settings.replace('file = "parks.geojson"', "from_osm = {}"))
    (error,) = check_study(study).errors
    assert (error.row, error.value) == (3, "way-8")


def test_a_map_that_is_not_downloaded_is_a_warning(study: Path) -> None:
    settings = STUDY.replace('file = "town.osm"', "bbox = [120.0, 35.9, 120.3, 36.1]")
    write(study, "study.toml", settings)
    found = check_study(study)
    assert found.errors == []
    assert [w.remedy for w in found.warnings] == ["parkgap fetch"]


def test_a_run_reads_the_lists_and_has_nothing_to_excuse(study: Path) -> None:
    table("owners", "指标,部门\ncanteen_or_meal,商务局\n")(study)
    tables = read_tables(load_study(study))
    assert len(tables.owners) == 1
    assert tables.warnings == ()


@pytest.mark.parametrize(
    ("area", "near"),
    [("黄岛", "黄岛区"), ("黄岛区", None), ("辛安街道", None), ("崂山", None), ("青岛市", None)],
)
def test_an_area_that_is_no_parks_is_told_with_the_nearest_spelling(
    area: str, near: str | None, study: Path
) -> None:
    west = {
        "id": "P1",
        "name": "西园",
        "workers": 9,
        "district": "黄岛区",
        "subdistrict": "辛安街道",
    }
    write(study, "parks.geojson", layer((west, WEST)))
    declared = f'complete = {{ area = "{area}", issuer = "局", as_of = 2026-06-30 }}\n'
    rows = "编号,名称,经度,纬度\n1,食堂,120.1,36.0\n"
    table("facilities", rows, f'item = "canteen_or_meal"\n{declared}')(study)
    said = [w for w in check_study(study).warnings if w.column == "complete.area"]
    if area in ("黄岛区", "辛安街道"):
        assert said == []
    else:
        (warning,) = said
        assert (warning.file, warning.value) == ("t.csv", area)
        assert "辛安街道, 黄岛区" in str(warning.rule)
        expected = None if near is None else f"是否为“{near}”？ / did you mean '{near}'?"
        assert warning.remedy == expected
    run = [w for w in read_tables(load_study(study)).warnings if w.column == "complete.area"]
    assert run == said


def test_a_refused_table_of_enterprises_makes_no_faults_elsewhere(study: Path) -> None:
    write(study, "firms.csv", "编号,园区编号,人数,经度,纬度\nE1,P1,many,120.1,36.0\n")
    rows = "线路,企业编号,站点,顺序,时刻\n1,E1,A,1,07:00\n1,E1,B,2,07:20\n"
    firms = '[enterprises]\nfile = "firms.csv"\ncrs = "WGS84"\n'
    table("shuttles", rows)(study)
    settings = (study / "study.toml").read_text(encoding="utf-8")
    write(study, "study.toml", settings + firms)
    assert [(e.file, e.row) for e in check_study(study).errors] == [("firms.csv", 2)]
    # Once that is put right, a firm that there is not is one.
    write(study, "firms.csv", "编号,园区编号,人数,经度,纬度\nE2,P1,5,120.1,36.0\n")
    assert {(e.file, e.value) for e in check_study(study).errors} == {("t.csv", "E1")}


def test_warnings_of_many_rows_are_joined_in_a_run() -> None:
    many = [Problem(what="a / b", file="t.csv", row=n) for n in range(2, 40)]
    other = Problem(what="c / d", file="t.csv", row=9)
    joined, kept = collapse([*many, other])
    assert joined.row is None
    assert str(joined.value).startswith("38 × : 2, 3, 4, ")
    assert kept == other
    assert collapse(many[:5]) == many[:5]


def test_rasters_are_checked_in_the_same_pass_as_everything_else(study: Path) -> None:
    streets(study)
    write(study, "bad.tif", "no raster")
    tif(study / "far.tif", np.ones((9, 9)), west=10.0, north=50.0, cell=0.001)
    rasters = '[terrain]\ndem = ["far.tif", "bad.tif"]\n[population]\nraster = "far.tif"\n'
    write(study, "study.toml", STUDY + rasters + "[privacy]\nmin_worker = 3\n")
    found = check_study(study)
    assert [(p.file, p.column) for p in found.errors] == [
        ("study.toml", "privacy.min_worker"),
        ("bad.tif", "terrain.dem"),
    ]
    said = {p.column: str(p) for p in found.warnings if str(p.column).startswith(("terr", "popu"))}
    assert "lie somewhere else" in said["terrain.dem"]
    assert "nobody where the study is" in said["population.raster"]
    # A run refuses what check calls an error, before it has read the map.
    write(study, "study.toml", STUDY + rasters)
    with pytest.raises(InputError, match=r"bad\.tif.*not a raster"):
        read_tables(load_study(study))


def test_ground_without_data_is_told_from_ground_elsewhere(study: Path) -> None:
    streets(study)
    void = np.full((40, 40), -9999.0)
    tif(study / "a.tif", void, west=120.0, north=36.1, cell=0.01, nodata=-9999.0)
    part = void.copy()
    part[:, :15] = 30.0
    tif(study / "b.tif", part, west=120.0, north=36.1, cell=0.01, nodata=-9999.0)
    said = ""
    for name, text in (
        ("a.tif", "hold no data at all"),
        ("b.tif", "of some streets are not known"),
    ):
        write(study, "study.toml", f'{STUDY}[terrain]\ndem = "{name}"\n')
        found = check_study(study)
        assert not found.errors
        (said,) = [str(p) for p in found.warnings if p.column == "terrain.dem"]
        assert text in said
    assert "50.0%" in said  # the eastern one of every street's two nodes
