"""The office's tables: taken whole with the right meaning, or refused with every reason."""

from __future__ import annotations

import collections
import csv
import datetime as dt
import json
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from parkgap import frames
from parkgap.errors import TableError
from parkgap.source_keys import (
    EnterprisesTable,
    GatesTable,
    ParksTable,
    ResidencesTable,
    ShiftsTable,
    Table,
)
from parkgap.sources import datum, tables
from parkgap.sources.reading import Read

if TYPE_CHECKING:
    import pandas as pd

Feature = tuple[dict[str, object], shapely.Geometry | None]

GEOD = Geod(ellps="WGS84")
PARK = shapely.box(120.10, 36.00, 120.11, 36.01)  # about 0.9 by 1.1 km


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def geojson(path: Path, *features: Feature) -> None:
    shapes = [
        {
            "type": "Feature",
            "properties": p,
            "geometry": json.loads(shapely.to_geojson(g) or "null"),
        }
        for p, g in features
    ]
    write(path, json.dumps({"type": "FeatureCollection", "features": shapes}))


def project(shape: shapely.Geometry, forth: Transformer) -> shapely.Geometry:
    """Project with pyproj alone."""
    return shapely.transform(shape, lambda c: np.column_stack(forth.transform(c[:, 0], c[:, 1])))


def parks(folder: Path, text: str, **keys: object) -> Read:
    write(folder / "parks.csv", text)
    return tables.read_parks(
        ParksTable.model_validate({"file": "parks.csv", "crs": "WGS84", **keys}), root=folder
    )


def shapes(folder: Path, *features: Feature, **keys: object) -> Read:
    geojson(folder / "parks.geojson", *features)
    return tables.read_parks(
        ParksTable.model_validate({"file": "parks.geojson", **keys}), root=folder
    )


def refused(call: Callable[[], object]) -> list[tuple[int | None, str | None, str]]:
    """Call what must be refused; (row, column, what) of every problem."""
    with pytest.raises(TableError) as error:
        call()
    for problem in error.value.problems:
        assert problem.file
        assert " / " in problem.what  # both languages
    return [(p.row, p.column, p.what.split(" / ", 1)[1]) for p in error.value.problems]


@pytest.fixture
def two() -> pd.DataFrame:
    """Two parks, P1 of 1000 workers and P2 of unknown headcount."""
    return two_parks()


def two_parks() -> pd.DataFrame:
    square = np.array([PARK, shapely.box(120.30, 36.00, 120.31, 36.01)], dtype=object)
    return frames.PARKS.frame(
        {
            "park_id": ["P1", "P2"],
            "name": ["西园", "东园"],
            "workers": [1000.0, np.nan],
            "source": ["test", "test"],
            "geometry": square,
            **{c: [None, None] for c in ("zone", "district", "subdistrict")},
            **{c: [None, None] for c in ("headcount_basis", "headcount_date")},
        }
    )


# --- parks ---------------------------------------------------------------------------------


def test_polygons_and_attributes_are_kept(tmp_path: Path) -> None:
    frame, warnings = shapes(
        tmp_path,
        (
            dict(
                zip(
                    "编号 园区名称 职工人数 人数来源 统计日期 功能区 区市 街道".split(),
                    "b 西园 1,200 街道统计 2026年6月 保税区 黄岛区 长江路".split(),
                    strict=True,
                )
            ),
            PARK,
        ),
        ({"编号": "a", "园区名称": "东园"}, shapely.MultiPolygon([PARK])),
    )
    assert warnings == []
    assert list(frame["park_id"]) == ["a", "b"]  # sorted
    west = frame.iloc[1]
    assert (west["name"], west["workers"]) == ("西园", 1200.0)
    assert (west["zone"], west["district"], west["subdistrict"]) == ("保税区", "黄岛区", "长江路")
    assert (west["headcount_basis"], west["headcount_date"]) == ("街道统计", "2026-06")
    assert west["source"] == "parks.geojson"
    assert west["geometry"].equals(PARK)
    assert np.isnan(frame.iloc[0]["workers"])
    assert frame["geometry"].iloc[0].geom_type == "Polygon"


def test_declared_headings_win_over_usual_ones(tmp_path: Path) -> None:
    text = "编号,代号,名称,全称,lon,lat\n1,A,甲,甲园,120.1,36\n"
    frame, _ = parks(tmp_path, text, columns={"id": "代号", "name": "全称"})
    assert (frame["park_id"][0], frame["name"][0]) == ("A", "甲园")


def test_a_declared_heading_that_is_not_there_is_named(tmp_path: Path) -> None:
    text = "编号,园区名称,lon,lat\n1,甲,120.1,36\n"
    found = refused(lambda: parks(tmp_path, text, columns={"workers": "园区人数"}))
    assert found == [(None, "园区人数", "no such column")]


@pytest.mark.parametrize("area", ["", "100"])
def test_points_become_circles_and_that_is_said(tmp_path: Path, area: str) -> None:
    frame, (warning,) = parks(tmp_path, f"id,name,lon,lat,面积（公顷）\nP,a,120.1,36.0,{area}\n")
    circle = frame["geometry"][0]
    metres, _ = GEOD.geometry_area_perimeter(circle)
    # 150 m of radius are 7.07 ha; a circle drawn with 128 corners lacks 0.04 %.
    assert abs(metres) / 1e4 == pytest.approx(100 if area else np.pi * 1.5**2, rel=2e-3)
    assert (circle.centroid.x, circle.centroid.y) == pytest.approx((120.1, 36.0), abs=1e-6)
    _, _, edge = GEOD.inv(120.1, 36.0, *circle.exterior.coords[0])
    assert edge == pytest.approx(np.sqrt(100e4 / np.pi) if area else 150, rel=2e-3)
    assert "circles" in warning.what


@pytest.mark.parametrize("area", ["-5", "850000"])
def test_an_absurd_area_is_refused(tmp_path: Path, area: str) -> None:
    found = refused(lambda: parks(tmp_path, f"id,name,lon,lat,area_ha\nP,a,120.1,36.0,{area}\n"))
    assert found == [(2, "area_ha", "an absurd area")]


@pytest.mark.parametrize("area", ["0", "一期191.55 二期43.38"])
def test_an_area_that_says_nothing_is_unknown_and_said(tmp_path: Path, area: str) -> None:
    frame, warnings = parks(tmp_path, f"id,name,lon,lat,area_ha\nP,a,120.1,36.0,{area}\n")
    metres, _ = GEOD.geometry_area_perimeter(frame["geometry"][0])
    assert abs(metres) / 1e4 == pytest.approx(np.pi * 1.5**2, rel=2e-3)
    assert (warnings[0].row, warnings[0].value) == (2, area)
    assert "taken as unknown" in warnings[0].what


def test_gcj02_points_are_moved(tmp_path: Path) -> None:
    x, y = datum.wgs84_to_gcj02(120.1, 36.0)
    text = f"id,name,lon,lat\nP,a,{x[0]},{y[0]}\n"
    frame, _ = parks(tmp_path, text, crs="GCJ02")
    middle = frame["geometry"][0].centroid
    assert (middle.x, middle.y) == pytest.approx((120.1, 36.0), abs=1e-7)


def test_projected_polygons_are_brought_to_degrees(tmp_path: Path) -> None:
    forth = Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True)
    flat = project(PARK, forth)
    frame, _ = shapes(tmp_path, ({"id": "P"}, flat), crs="EPSG:4549")
    assert shapely.hausdorff_distance(frame["geometry"][0], PARK) < 1e-8


def test_a_table_without_a_datum_is_refused(tmp_path: Path) -> None:
    found = refused(lambda: parks(tmp_path, "id,name,lon,lat\nP,a,120.1,36\n", crs=None))
    assert found == [(None, None, "the coordinate system is not said")]


def test_an_unknown_datum_is_refused(tmp_path: Path) -> None:
    text = "id,name,lon,lat\nP,a,120.1,36\n"
    found = refused(lambda: parks(tmp_path, text, crs="EPSG:999999"))
    assert found == [(None, None, "the coordinate system is not known")]


def test_a_declared_system_that_contradicts_the_files_is_said(tmp_path: Path) -> None:
    _, warnings = shapes(tmp_path, ({"id": "P"}, PARK), crs="GCJ02")
    assert warnings == []  # offset degrees are always labelled WGS-84
    forth = Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True)
    flat = project(PARK, forth)
    _, (warning,) = shapes(tmp_path, ({"id": "P"}, flat), crs="EPSG:4549")
    assert "differs" in warning.what


def test_a_park_without_an_id_takes_its_name(tmp_path: Path) -> None:
    frame, warnings = shapes(tmp_path, ({"name": "西园(A/B)"}, PARK), ({"name": "东园"}, PARK))
    assert set(frame["park_id"]) == {"西园(A-B)", "东园"}
    assert set(frame["name"]) == {"西园(A/B)", "东园"}
    assert "names are taken as ids" in warnings[0].what


def test_ids_made_of_one_name_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    other = shapely.box(120.2, 36.0, 120.21, 36.01)
    one, _ = shapes(tmp_path, ({"name": "园"}, PARK), ({"name": "园"}, other))
    two, _ = shapes(tmp_path, ({"name": "园"}, other), ({"name": "园"}, PARK))
    assert len(set(one["park_id"])) == 2
    assert list(one["park_id"]) == list(two["park_id"])
    assert [g.bounds for g in one["geometry"]] == [g.bounds for g in two["geometry"]]


def test_all_that_is_wrong_with_a_table_of_parks_is_told_at_once(tmp_path: Path) -> None:
    text = (
        "编号,园区名称,职工人数,经度,纬度\n"
        "P1,a,-5,120.1,36.0\n"  # negative
        "P1,b,10,120.2,36.0\n"  # id again
        "P3,c,2000000,120.3,36.0\n"  # absurd
        "P4,d,many,120.4,36.0\n"  # no number
        "P5,e,10,36.0,120.5\n"  # swapped
        "P6,f,10,190.0,36.0\n"  # out of range
        "P7,g,10,,36.0\n"  # no longitude
        ",h,10,120.8,36.0\n"  # no id
        "a/b,i,10,120.9,36.0\n"  # names no page
        "P10,j,10,0,0\n"
        "P11,k,10,519000,3980000\n"  # metres
        "p3,l,10,120.3,36.0\n"  # the same page on Windows
    )
    found = refused(lambda: parks(tmp_path, text))
    by_row = {row: (column, what) for row, column, what in found}
    assert len(found) == 12
    assert by_row[2] == ("职工人数", "an absurd headcount")
    assert by_row[3] == ("编号", "repeated")
    assert by_row[4] == ("职工人数", "an absurd headcount")
    assert by_row[5] == ("职工人数", "not a number")
    assert by_row[6][1] == "longitude and latitude look swapped"
    assert by_row[7][1] == "the coordinates are out of range"
    assert by_row[8] == ("经度", "no coordinates")
    assert by_row[9] == ("编号", "must not be empty")
    assert by_row[10] == ("编号", "the id cannot name a file")
    assert by_row[11][1] == "the coordinates are 0,0"
    assert by_row[12][1] == "the coordinates look like metres, not degrees"
    assert by_row[13] == ("编号", "repeated")


def test_swapped_coordinates_of_the_far_west_are_seen_too(tmp_path: Path) -> None:
    found = refused(lambda: parks(tmp_path, "id,name,lon,lat\nP,乌鲁木齐,43.8,87.6\n"))
    assert found[0][2] == "longitude and latitude look swapped"


@pytest.mark.parametrize(
    "at",
    ["3986000,519000", "3000000,3986000"],  # swapped; 27 degrees east of the zone's middle
)
def test_projected_coordinates_outside_of_their_zone_are_refused(tmp_path: Path, at: str) -> None:
    text = f"id,name,x,y\nP,a,{at}\n"
    found = refused(lambda: parks(tmp_path, text, crs="EPSG:4549"))
    assert "outside of where the system is meant for" in found[0][2]


def test_no_park_and_no_heading_are_refused(tmp_path: Path) -> None:
    assert refused(lambda: parks(tmp_path, "id,name,lon,lat\n"))[0][2] == "the table holds no park"
    found = {what for *_, what in refused(lambda: parks(tmp_path, "a,b\n1,2\n"))}
    assert found == {
        "there is neither a column of ids nor one of names",
        "there are no columns of longitude and latitude",
    }


def test_a_polygon_that_repairing_hardly_changes_is_repaired_and_said(tmp_path: Path) -> None:
    # A spike out and back along one line adds no area, but makes the ring invalid.
    spike = shapely.Polygon(
        [(120.1, 36), (120.11, 36), (120.12, 36), (120.11, 36), (120.11, 36.01), (120.1, 36.01)]
    )
    assert not spike.is_valid
    frame, (warning,) = shapes(tmp_path, ({"id": "P"}, spike))
    assert frame["geometry"][0].is_valid
    assert frame["geometry"][0].area == pytest.approx(1e-4)
    assert frame["geometry"][0].geom_type == "Polygon"
    assert "repaired" in warning.what


def test_a_polygon_that_crosses_itself_is_refused(tmp_path: Path) -> None:
    bow = shapely.Polygon([(120.1, 36), (120.11, 36.01), (120.11, 36), (120.1, 36.01)])
    found = refused(lambda: shapes(tmp_path, ({"id": "P"}, PARK), ({"id": "Q"}, bow)))
    assert found == [(2, None, "the polygon crosses itself; repairing it would change its area")]


def test_lines_and_missing_geometry_are_refused(tmp_path: Path) -> None:
    line = shapely.LineString([(120, 36), (121, 36)])
    found = refused(lambda: shapes(tmp_path, ({"id": "P"}, line), ({"id": "Q"}, None)))
    assert [row for row, *_ in found] == [1, 2]


def test_parks_from_osm_are_none_of_the_tables_business(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="OpenStreetMap"):
        tables.read_parks(ParksTable.model_validate({"from_osm": {}}), root=tmp_path)


# --- gates, enterprises, residences ---------------------------------------------------------


def test_gates(tmp_path: Path, two: pd.DataFrame) -> None:
    write(
        tmp_path / "g.csv",
        "编号,所属园区,出入口名称,经度,纬度,来源\nG2,P1,北门,120.105,36.01,made up / 虚构示例\n"
        "G1,东园,,120.30,36.00,\n",
    )
    frame, warnings = tables.read_gates(
        GatesTable(file="g.csv", crs="WGS84"), root=tmp_path, known=two
    )
    assert warnings == []
    assert list(frame.itertuples(index=False, name=None)) == [
        ("G2", "P1", "北门", 120.105, 36.01, "made up / 虚构示例"),
        ("G1", "P2", None, 120.3, 36.0, "g.csv"),
    ]
    assert tables.is_made_up(frame)
    assert not tables.is_made_up(frame.iloc[1:], two, frame.iloc[:0])


def test_unknown_parks_are_errors_with_a_suggestion(tmp_path: Path, two: pd.DataFrame) -> None:
    write(tmp_path / "g.csv", "gate_id,park_id,lon,lat\nG1,P9,120.1,36\nG2,西圆,120.1,36\n")
    with pytest.raises(TableError) as error:
        tables.read_gates(GatesTable(file="g.csv", crs="WGS84"), root=tmp_path, known=two)
    first, second = error.value.problems
    assert (first.row, first.column, first.value) == (2, "park_id", "P9")
    assert "did you mean '西园'" in (second.remedy or "")


def test_a_gate_far_from_its_park_is_a_warning_and_swapped_ones_an_error(
    tmp_path: Path, two: pd.DataFrame
) -> None:
    # 0.01 degrees of latitude are 1110 m.
    write(tmp_path / "g.csv", "gate_id,park_id,lon,lat\nG1,P1,120.105,36.02\n")
    table = GatesTable(file="g.csv", crs="WGS84")
    _, (warning,) = tables.read_gates(table, root=tmp_path, known=two)
    _, _, metres = GEOD.inv(120.105, 36.01, 120.105, 36.02)
    assert warning.row == 2
    assert warning.value == f"P1: {metres:.0f} m"
    near = two.copy()
    near["geometry"] = np.array([shapely.box(53.0, 13.0, 53.01, 13.01)] * 2, dtype=object)
    write(tmp_path / "g.csv", "gate_id,park_id,lon,lat\nG1,P1,13.005,53.005\n")
    found = refused(lambda: tables.read_gates(table, root=tmp_path, known=near))
    assert found == [(2, "lon", "longitude and latitude are swapped")]


def test_gates_need_coordinates(tmp_path: Path, two: pd.DataFrame) -> None:
    write(tmp_path / "g.csv", "gate_id,park_id,lon,lat\nG1,P1,,\nG2,P1,120.1,－\n")
    table = GatesTable(file="g.csv", crs="WGS84")
    found = refused(lambda: tables.read_gates(table, root=tmp_path, known=two))
    assert [(row, what) for row, _, what in found] == [(2, "no coordinates"), (3, "no coordinates")]


def enterprises(folder: Path, two: pd.DataFrame, text: str) -> Read:
    write(folder / "e.csv", text)
    return tables.read_enterprises(
        EnterprisesTable(file="e.csv", crs="WGS84"), root=folder, known=two
    )


def test_enterprises_may_lack_coordinates_but_not_headcounts(
    tmp_path: Path, two: pd.DataFrame
) -> None:
    head = "企业编号,园区编号,企业名称,在岗人数,经度,纬度\n"
    frame, warnings = enterprises(
        tmp_path, two, head + "E1,P1,甲公司,600,120.105,36.005\nE2,P1,乙公司,400,,\n"
    )
    assert warnings == []
    assert list(frame["workers"]) == [600.0, 400.0]
    assert np.isnan(frame["lon"][1])
    found = refused(lambda: enterprises(tmp_path, two, head + "E1,P1,甲,,120.105,\n"))
    assert [(c, w) for _, c, w in found] == [
        ("纬度", "no coordinates"),
        ("在岗人数", "must not be empty"),
    ]
    found = refused(lambda: enterprises(tmp_path, two, "id,name,lon,lat\nE1,甲,120.1,36\n"))
    assert {w for *_, w in found} == {
        "the column park_id is not there",
        "the column workers is not there",
    }


def test_more_workers_than_the_park_has_is_a_warning(tmp_path: Path, two: pd.DataFrame) -> None:
    text = "id,park_id,workers\nE1,P1,600\nE2,P1,500\nE3,P2,9999\n"
    _, (warning,) = enterprises(tmp_path, two, text)
    assert warning.value == "P1: 1100 > 1000"


def test_an_enterprise_layer_may_be_of_polygons(tmp_path: Path, two: pd.DataFrame) -> None:
    plot = shapely.box(120.102, 36.002, 120.104, 36.004)
    geojson(tmp_path / "e.geojson", ({"id": "E", "park_id": "P1", "workers": 5}, plot))
    table = EnterprisesTable(file="e.geojson")
    frame, _ = tables.read_enterprises(table, root=tmp_path, known=two)
    assert plot.contains(shapely.Point(frame["lon"][0], frame["lat"][0]))


def residences(folder: Path, two: pd.DataFrame, text: str) -> Read:
    write(folder / "r.csv", text)
    return tables.read_residences(
        ResidencesTable(file="r.csv", crs="WGS84"), root=folder, known=two
    )


def test_residences_of_every_kind_and_of_two_parks(tmp_path: Path, two: pd.DataFrame) -> None:
    frame, warnings = residences(
        tmp_path,
        two,
        "编号,园区编号,类型,居住人数,经度,纬度\nR1,P1,职工宿舍,500,120.12,36\n"
        "R1,P2,dormitory,70,120.12,36\nR2,P1,公租房,90,120.12,36\n"
        "R3,P1,人才公寓,20,120.12,36\nR4,P1,其他,30,120.12,36\n",
    )
    assert warnings == []
    assert list(frame["park_id"] + frame["residence_id"]) == [
        "P1R1",
        "P1R2",
        "P1R3",
        "P1R4",
        "P2R1",
    ]
    kinds = ["dormitory", "public_rental", "talent_apartment", "other", "dormitory"]
    assert list(frame["kind"]) == kinds
    assert frame["geometry"][0].equals(shapely.Point(120.12, 36))


def test_residences_as_polygons(tmp_path: Path, two: pd.DataFrame) -> None:
    estate = shapely.box(120.12, 36.0, 120.125, 36.005)
    row = {"id": "R", "park_id": "P1", "kind": "宿舍", "workers": 50}
    geojson(tmp_path / "r.geojson", (row, estate))
    table = ResidencesTable(file="r.geojson")
    frame, _ = tables.read_residences(table, root=tmp_path, known=two)
    assert frame["geometry"][0].equals(estate)


def test_wrong_residences_are_refused(tmp_path: Path, two: pd.DataFrame) -> None:
    found = refused(
        lambda: residences(
            tmp_path,
            two,
            "id,park_id,kind,workers,lon,lat\nR1,P1,tent,5,120.1,36\nR2,P1,,5,120.1,36\n"
            "R3,P1,other,5,120.1,36\nR3,P1,other,5,120.1,36\nR4,P1,other,-1,,\n",
        )
    )
    assert found == [
        (2, "kind", "unknown kind of residence"),
        (3, "kind", "must not be empty"),
        (5, "id", "repeated"),
        (6, "lon", "no coordinates"),
        (6, "workers", "an absurd headcount"),
    ]


# --- shifts ----------------------------------------------------------------------------------


def shifts(folder: Path, two: pd.DataFrame, text: str) -> Read:
    write(folder / "s.csv", text)
    return tables.read_shifts(ShiftsTable(file="s.csv"), root=folder, known=two)


def test_shifts_across_midnight(tmp_path: Path, two: pd.DataFrame) -> None:
    frame, warnings = shifts(
        tmp_path,
        two,
        "园区编号,班次,上班时间,下班时间,休息开始,休息分钟,比例\n"
        "P1,白班,8:00,16:00,12:00,30,50%\nP1,中班,16:00,24:00,,,0.3\nP1,夜班,22:00,6:00,2:00,45,0.2\n",
    )
    assert warnings == []
    assert list(frame["shift"]) == sorted(["白班", "中班", "夜班"])
    late = frame.set_index("shift").loc["中班"]
    assert (late["start"], late["end"], late["break_start"]) == ("16:00", "00:00", None)
    assert np.isnan(late["break_minutes"])
    assert frame["share"].sum() == pytest.approx(1)


def test_shares_of_a_park_sum_to_one(tmp_path: Path, two: pd.DataFrame) -> None:
    text = "park_id,shift,start,end,share\n"
    thirds = "".join(f"P1,{n},{n}:00,12:00,0.333\n" for n in (1, 2)) + "P1,3,3:00,12:00,0.334\n"
    shifts(tmp_path, two, text + thirds)
    found = refused(
        lambda: shifts(tmp_path, two, text + "P1,a,8:00,16:00,0.6\nP1,b,16:00,0:00,0.3\n")
    )
    assert found == [(2, "share", "the shares of a park's shifts do not sum to 1")]


def test_wrong_shifts_are_refused(tmp_path: Path, two: pd.DataFrame) -> None:
    found = refused(
        lambda: shifts(
            tmp_path,
            two,
            "park_id,shift,start,end,break_start,break_minutes,share\n"
            "P1,a,8:00,25:00,,,0.5\n"
            "P1,b,8:00,8:00,,,0.5\n"
            "P2,a,8:00,16:00,18:00,30,0.5\n"  # the break begins after the end
            "P2,b,22:00,6:00,5:45,30,0.25\n"  # and ends after it
            "P2,b,8:00,16:00,,-5,0.25\n"
            "P2,c,8:00,16:00,,,60\n",
        )
    )
    assert found == [
        (2, "end", "not a time of day"),
        (3, "end", "the shift ends when it starts"),
        (4, "break_minutes", "the break does not fit in the shift"),
        (5, "break_minutes", "the break does not fit in the shift"),
        (6, "shift", "repeated"),
        (6, "break_minutes", "the break does not fit in the shift"),
        (7, "share", "the share is outside 0 to 1"),
    ]


def test_times_of_a_workbook(tmp_path: Path, two: pd.DataFrame) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "s.xlsx")) as book:
        sheet, clock = book.add_worksheet(), book.add_format({"num_format": "hh:mm"})
        share = book.add_format({"num_format": "0%"})
        sheet.write_row(0, 0, ["park_id", "shift", "start", "end", "share"])
        sheet.write_row(1, 0, ["P1", "late"])
        sheet.write(1, 2, dt.time(16, 0), clock)
        sheet.write(1, 3, 1.0, clock)  # what Excel keeps of a typed 24:00
        sheet.write(1, 4, 1.0, share)
    frame, _ = tables.read_shifts(ShiftsTable(file="s.xlsx"), root=tmp_path, known=two)
    assert (frame["start"][0], frame["end"][0], frame["share"][0]) == ("16:00", "00:00", 1.0)


def test_a_table_of_headings_only_is_a_warning(tmp_path: Path, two: pd.DataFrame) -> None:
    frame, (warning,) = shifts(tmp_path, two, "park_id,shift,start,end,share\n")
    assert len(frame) == 0
    assert "headings" in warning.what


def test_a_problem_is_said_in_each_language_alone(tmp_path: Path, two: pd.DataFrame) -> None:
    with pytest.raises(TableError) as error:
        shifts(tmp_path, two, "park_id,shift,start,end,share\nP1,a,8,9:00,1\n")
    zh, en = tables.texts(error.value.problems[0])
    assert zh.startswith("s.csv，第 2 行，“start”列：时刻写法有误（值：8）；规则：")
    assert en.startswith("s.csv, row 2, column start: not a time of day (value: 8); rule: ")


# --- whatever people type -----------------------------------------------------------------------

CELL = st.one_of(
    st.sampled_from(
        ["", "P1", "1", "-1", "0", "120.1", "36", "nan", "inf", "1e400", "24:00", "无"]
    ),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=8),
)


@given(
    st.sampled_from(["parks", "gates", "enterprises", "residences", "shifts"]),
    st.lists(st.lists(CELL, min_size=9, max_size=9), max_size=4),
    st.sampled_from(["WGS84", "GCJ02", "BD09", "EPSG:4549"]),
)
def test_a_table_is_read_by_the_contract_or_refused_with_reasons(
    tmp_path_factory: pytest.TempPathFactory, kind: str, rows: list[list[str]], crs: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    fields = "id name park_id workers lon lat kind area_ha source".split()
    if kind == "shifts":
        fields = "id name park_id shift start end break_minutes share source".split()
    with (folder / "t.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([fields, *rows])
    sections: dict[str, type[Table]] = {
        "parks": ParksTable,
        "gates": GatesTable,
        "enterprises": EnterprisesTable,
        "residences": ResidencesTable,
        "shifts": ShiftsTable,
    }
    table = sections[kind].model_validate(
        {"file": "t.csv", "crs": crs, "columns": {"park_id": "park_id"} if kind != "parks" else {}}
    )
    known = {} if kind == "parks" else {"known": two_parks()}
    try:
        frame, said = getattr(tables, f"read_{kind}")(table, root=folder, **known)
    except TableError as refusal:
        told = refusal.problems
    else:
        filled = [row for row in rows if any(cell.strip() for cell in row)]
        # Nothing is lost: what is not in the frame was named.
        left_out = {w.row for w in said if "not placed" in w.what}
        assert len(frame) + len(left_out) == len(filled)
        return
    assert told
    assert {problem.file for problem in told} == {"t.csv"}


# --- real inputs ------------------------------------------------------------------------------


def test_every_name_of_the_taiwanese_parks_comes_right(shared: Path) -> None:
    folder = shared / "taichung"
    frame, warnings = tables.read_parks(ParksTable(file="產業園區範圍圖.shp"), root=folder)
    # Read anew, without GDAL: NAME is the second field of the dBASE table.
    data = (folder / "產業園區範圍圖.dbf").read_bytes()
    count, head, width = (
        int.from_bytes(data[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12))
    )
    fields = [data[at : at + 32] for at in range(32, head - 32, 32) if data[at] != 0x0D]
    start = 1 + fields[0][16]
    records = (data[head + n * width :][:width] for n in range(count))
    names = [r[start : start + fields[1][16]].decode("cp950").split() for r in records]
    assert count == len(frame) == 212
    assert collections.Counter(frame["name"]) == collections.Counter(" ".join(n) for n in names)
    assert not frame["name"].str.contains("[\ue000-\uf8ff\ufffd]").any()
    assert "臺中港科技產業園區" in set(frame["name"])
    assert sum("repaired" in w.what for w in warnings) == 4
    (taichung,) = frame.loc[frame["name"] == "台中產業園區", "geometry"]
    assert taichung.intersects(shapely.box(120.592, 24.178, 120.613, 24.189))
    hectares = abs(GEOD.geometry_area_perimeter(taichung)[0]) / 1e4
    assert hectares == pytest.approx(506.3, abs=0.5)  # its area in the file's own EPSG:3826


def names_and_places(path: Path) -> tuple[dict[int, str], set[int]]:
    """Read the workbook's XML: names (third column) by row, and rows with a latitude (M)."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as book:
        strings = ET.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 - a file of ours
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    shared = ["".join(t.text or "" for t in s.iter(f"{space}t")) for s in strings]
    names, placed = {}, set()
    for cell in sheet.iter(f"{space}c"):
        place = str(cell.get("r"))
        column, row = place.rstrip("0123456789"), int(place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        value = cell.find(f"{space}v")
        if row == 1 or value is None:
            continue
        if column == "C":
            names[row] = shared[int(str(value.text))] if cell.get("t") == "s" else str(value.text)
        elif column == "M" and cell.get("t") != "s":
            placed.add(row)
    return names, placed


def test_every_row_of_the_taiwanese_list_is_placed_or_named(shared: Path) -> None:
    folder = shared / "taichung"
    source = ParksTable(file="園區名單及座標_114.06.05.xlsx", crs="WGS84")
    frame, warnings = tables.read_parks(source, root=folder)
    names, placed = names_and_places(folder / str(source.file))
    assert len(names) == 341
    said = {w.row: str(w.value) for w in warnings if "not placed" in w.what}
    assert said == {row: name for row, name in names.items() if row not in placed}
    assert len(frame) + len(said) == 341
    # One name is written with a compatibility character, which reads the same.
    whole = (unicodedata.normalize("NFC", names[row]) for row in placed)
    expected = collections.Counter(" ".join(name.split()) for name in whole)
    assert collections.Counter(frame["name"]) == expected
    assert frame["park_id"].is_unique


def test_a_heading_in_two_languages_does_not_part_the_message(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("编号 / id,经度 / lon\n1,120\n", encoding="utf-8")
    with pytest.raises(TableError) as refused:
        tables.read_gates(GatesTable(file="a.csv", crs="WGS84"), root=tmp_path, known=None)
    zh, en = tables.texts(refused.value.problems[0])
    assert zh.endswith("已有的表头：编号/id, 经度/lon")
    assert en.endswith("headings: 编号/id, 经度/lon")
