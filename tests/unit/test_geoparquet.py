"""GeoParquet as its specification has it, written by pyarrow and, independently, by geopandas."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from parkgap.errors import TableError
from parkgap.source_keys import ParksTable, Table
from parkgap.sources.formats import read_raw
from parkgap.sources.tables import read_parks

WEST = shapely.box(120.100, 36.000, 120.110, 36.010)
EAST = shapely.box(120.120, 36.000, 120.130, 36.010)
NAMES = ["西园", "东园"]


def write(path: Path, facts: dict[str, Any] | None, **columns: Any) -> None:
    """Write a file as the specification asks, by hand; `facts` are those of ``geometry``."""
    table = pa.table(columns)
    if facts is not None:
        geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": facts}}
        table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(table, path)


def refusal(folder: Path, file: str = "p.parquet", table: Table | None = None) -> str:
    with pytest.raises(TableError) as refused:
        read_raw(file, table or Table(), folder)
    (problem,) = refused.value.problems
    assert problem.remedy
    return str(problem)


def test_wkb_without_a_system_is_longitude_and_latitude(tmp_path: Path) -> None:
    wkb = [shapely.to_wkb(WEST), None, shapely.to_wkb(shapely.force_3d(EAST, 7.0))]
    write(tmp_path / "p.parquet", {"encoding": "WKB", "geometry_types": []}, id=[1, 2, 3],
          geometry=wkb)  # fmt: skip
    raw = read_raw("p.parquet", Table(), tmp_path)
    assert (raw.headings, raw.columns, raw.rows) == (("id",), [[1, 2, 3]], [1, 2, 3])
    assert raw.crs == "WGS84"
    assert raw.geometry is not None
    assert raw.geometry[1] is None
    assert raw.geometry[0].equals(WEST)
    assert not raw.geometry[2].has_z
    assert raw.geometry[2].equals(EAST)


def test_a_system_of_null_is_unknown(tmp_path: Path) -> None:
    write(tmp_path / "p.parquet", {"encoding": "WKB", "geometry_types": [], "crs": None},
          geometry=[shapely.to_wkb(WEST)])  # fmt: skip
    assert read_raw("p.parquet", Table(), tmp_path).crs is None
    with pytest.raises(TableError, match="coordinate system is not said"):
        read_parks(ParksTable(file="p.parquet"), root=tmp_path)


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
@pytest.mark.parametrize(
    ("shapes", "system"),
    [
        ([shapely.Point(120.1, 36.0), shapely.Point(120.2, 36.1)], 4490),
        ([WEST, EAST.difference(EAST.buffer(-0.002))], 4326),
        ([shapely.union(WEST, EAST), shapely.MultiPolygon([EAST])], 4326),
        ([shapely.LineString([(120, 36), (121, 36)]), shapely.LineString([(1, 2), (3, 4)])], 4326),
        ([shapely.MultiPoint([(1, 2), (3, 4)]), shapely.MultiPoint([(5, 6)])], 4326),
        ([shapely.MultiLineString([[(1, 2), (3, 4)], [(5, 6), (7, 8)]])] * 2, 4326),
    ],
    ids=["points", "polygons", "multipolygons", "lines", "multipoints", "multilines"],
)
def test_what_geopandas_writes(
    tmp_path: Path, encoding: Any, shapes: list[shapely.Geometry], system: int
) -> None:
    frame = geopandas.GeoDataFrame(
        {"name": [*NAMES, "无"]}, geometry=np.array([*shapes, None]), crs=system
    )
    frame.to_parquet(tmp_path / "p.geoparquet", geometry_encoding=encoding, schema_version="1.1.0")
    raw = read_raw("p.geoparquet", Table(), tmp_path)
    assert raw.headings == ("name",)
    assert raw.columns == [[*NAMES, "无"]]
    assert raw.geometry is not None
    assert [*shapely.equals_exact(raw.geometry[:2], np.array(shapes, dtype=object))] == [True] * 2
    assert raw.geometry[2] is None
    assert raw.crs is not None
    assert pyproj.CRS(raw.crs) == pyproj.CRS(system)


def test_parks_in_a_plane_system_of_their_own_come_to_wgs84(tmp_path: Path) -> None:
    plane = pyproj.CRS.from_proj4("+proj=tmerc +lat_0=0 +lon_0=120.1 +x_0=50000 +ellps=GRS80")
    frame = geopandas.GeoDataFrame(
        {"id": ["P1", "P2"], "name": NAMES, "workers": [1000, 500],
         "headcount_date": [dt.date(2026, 6, 30)] * 2},
        geometry=[WEST, EAST], crs=4326,
    ).to_crs(plane)  # fmt: skip
    frame.to_parquet(tmp_path / "p.parquet", write_covering_bbox=True)
    parks, warnings = read_parks(ParksTable(file="p.parquet"), root=tmp_path)
    assert not warnings
    assert list(parks["name"]) == NAMES
    assert list(parks["workers"]) == [1000, 500]
    assert list(parks["headcount_date"]) == ["2026-06-30"] * 2
    assert shapely.hausdorff_distance(parks["geometry"][1], EAST) < 1e-7  # a centimetre


def test_plain_parquet_has_columns_of_coordinates(tmp_path: Path) -> None:
    names = pa.array(NAMES).dictionary_encode()
    write(tmp_path / "p.parquet", None, 编号=["P1", "P2"], 园区名称=names,
          职工人数=[1000, None], 经度=[120.1, 120.2], 纬度=[36.0, 36.1])  # fmt: skip
    with pytest.raises(TableError, match="coordinate system is not said"):
        read_parks(ParksTable(file="p.parquet"), root=tmp_path)
    parks, _ = read_parks(ParksTable(file="p.parquet", crs="WGS84"), root=tmp_path)
    assert list(parks["name"]) == NAMES
    assert list(parks["workers"].isna()) == [False, True]


def test_of_two_columns_of_geometry_the_primary_one_is_read_and_said(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(
        {"door": geopandas.GeoSeries([shapely.Point(1, 2)], crs=4326)}, geometry=[WEST], crs=4326
    )
    frame.to_parquet(tmp_path / "p.parquet")
    raw = read_raw("p.parquet", Table(), tmp_path)
    assert raw.geometry is not None
    assert raw.geometry[0].equals(WEST)
    (warning,) = raw.warnings
    assert warning.value == "geometry"
    chosen = read_raw("p.parquet", Table(layer="door"), tmp_path)
    assert chosen.geometry is not None
    assert chosen.geometry[0].equals(shapely.Point(1, 2))
    assert not chosen.warnings
    assert "door" in refusal(tmp_path, table=Table(layer="gate"))


def test_bytes_are_left_out_and_said(tmp_path: Path) -> None:
    write(tmp_path / "p.parquet", None, id=[1], wkb=[shapely.to_wkb(WEST)])
    raw = read_raw("p.parquet", Table(), tmp_path)
    assert raw.headings == ("id",)
    assert [w.value for w in raw.warnings] == ["wkb"]


def test_what_is_no_parquet(tmp_path: Path) -> None:
    good = tmp_path / "good.parquet"
    write(good, {"encoding": "WKB", "geometry_types": []}, geometry=[shapely.to_wkb(WEST)] * 99)
    data = good.read_bytes()
    for broken in (b"PAR1", b"not parquet at all", data[:-9], data[: len(data) // 2], data[9:]):
        (tmp_path / "p.parquet").write_bytes(broken)
        assert "not a whole Parquet file" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"{", "metadata `geo` is wrong"),
        (b"[]", "metadata `geo` is wrong"),
        (b'{"columns": {}, "primary_column": "geometry"}', "metadata `geo` is wrong"),
        (b'{"columns": {"geometry": {"encoding": "WKB"}}}', "metadata `geo` is wrong"),
        (b'{"columns": {"geometry": {}}, "primary_column": "geometry"}', "`geo` is wrong"),
        (
            b'{"columns": {"shape": {"encoding": "WKB"}}, "primary_column": "shape"}',
            "no such column of geometry",
        ),
        (
            b'{"columns": {"geometry": {"encoding": "TWKB"}}, "primary_column": "geometry"}',
            "an unknown encoding of geometry",
        ),
        (
            b'{"columns": {"geometry": {"encoding": "polygon"}}, "primary_column": "geometry"}',
            "the geometry cannot be read",
        ),
        (
            (
                b'{"columns": {"geometry": {"encoding": "WKB", "crs": "EPSG:4326"}}, '
                b'"primary_column": "geometry"}'
            ),
            "no PROJJSON",
        ),
        (
            (
                b'{"columns": {"geometry": {"encoding": "WKB", "crs": {"type": "Moon"}}}, '
                b'"primary_column": "geometry"}'
            ),
            "no PROJJSON",
        ),
    ],
)
def test_metadata_that_does_not_hold_together(tmp_path: Path, said: bytes, message: str) -> None:
    table = pa.table({"geometry": [shapely.to_wkb(WEST)]}).replace_schema_metadata({"geo": said})
    pq.write_table(table, tmp_path / "p.parquet")
    assert message in refusal(tmp_path)


def test_geometry_that_is_no_wkb(tmp_path: Path) -> None:
    write(tmp_path / "p.parquet", {"encoding": "WKB", "geometry_types": []}, geometry=[b"\x01no"])
    assert "the geometry cannot be read" in refusal(tmp_path)
