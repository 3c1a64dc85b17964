"""The GeoPackage: what is in it, read back by SQLite and by GDAL, and that nothing else is."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon, box

from parkgap import frames
from parkgap.errors import OutputError
from parkgap.publish.geopackage import write_geopackage
from parkgap.results import Beside, Plans, Results

PARKS = {
    "p1": box(120.0, 36.0, 120.01, 36.01),
    "p2": MultiPolygon([box(120.1, 36.0, 120.11, 36.01), box(120.2, 36.0, 120.21, 36.01)]),
    "p3": Polygon([(120.3, 36), (120.31, 36), (120.3, 36.01)], []),
}
HOSTILE = "=1+1'; DROP TABLE parks; --\x00<script>"
NAN = float("nan")


def table(schema: frames.Schema, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Make a frame of a schema; what a row does not say is empty."""
    return pd.DataFrame(rows, columns=schema.names)


def assessed(**changes: Any) -> dict[str, Any]:
    """Judge one item, of which few workers lack it: their number is withheld."""
    row = {"park_id": "p1", "category": "transit", "item": "bus_stop", "status": "short"}
    known = {"workers": 1000.0, "served_share": 0.995, "satisfaction_high": 0.995}
    return {**row, **known, **changes}


def make(**changes: Any) -> Results:
    study = {
        "name": "huangdao",
        "title": "黄岛区",
        "language": "zh",
        "edition": "internal",
        "whatif": None,
        "as_of": dt.date(2026, 11, 1),
        "gis": SimpleNamespace(crs="EPSG:4326"),
    }
    items = (
        SimpleNamespace(id="bus_stop", zh="公交站", en="Bus stop", level="mandatory", tests=()),
    )
    category = SimpleNamespace(id="transit", zh="公共交通", en="Transit", level="x", items=items)
    ranked: list[dict[str, Any]] = [
        {"park_id": "p2", "park_name": HOSTILE, "rank": 1, "workers": 1200.0, "score": 33.333},
        {"park_id": "p1", "park_name": "海尔", "rank": 2, "workers": NAN, "score": NAN},
        {"park_id": "p3", "park_name": "保税区", "rank": None, "workers": 12.0, "score": 50.0},
    ]
    place = {"category": "transit", "items": ["bus_stop"], "source": "osm", "access": "public"}
    stop = {"lon": 120.5, "lat": 36.5, "lines": ["1路", "2路"], "source_ids": ["node/1", "way/9"]}
    hidden = {"facility_id": "node/2", "lon": 1.0, "lat": 2.0, "lines": [], "source_ids": []}
    given = {
        "study": SimpleNamespace(**{**study, **changes.pop("study", {})}),
        "clusters": frames.CLUSTERS.frame(),
        "standard": SimpleNamespace(id="cn", version="1", categories=(category,)),
        "parks": pd.DataFrame({"park_id": list(PARKS), "geometry": list(PARKS.values())}),
        "gates": table(
            frames.GATES,
            [{"gate_id": "g", "park_id": "p1", "kind": "given", "lon": 120.0, "lat": 36.005}],
        ),
        "facilities": table(
            frames.FACILITIES,
            [
                {**place, **stop, "facility_id": "node/1", "name": "-站"},
                {**place, **hidden, "access": "park:p1", "name": "内部食堂"},
                {**place, **hidden, "access": "enterprise:e1", "name": "厂内食堂"},
            ],
        ),
        "ranking": table(frames.RANKING, ranked),
        "shortfall": table(
            frames.SHORTFALL,
            [
                {
                    "priority": 1,
                    "park_id": "p1",
                    "item": "bus_stop",
                    "status": "short",
                    "short_by": 2.0,
                },
                {"priority": 2, "park_id": "p2", "item": "其他", "status": "unverified"},
            ],
        ),
        "assessment": table(frames.ASSESSMENT, [assessed()]),
        "nearby": table(
            frames.NEARBY,
            [{"park_id": "p1", "facility_id": "node/1", "metres": 12.34, "minutes": 0.2}],
        ),
        "closed": ("node/9",),
        "areas": frames.REACH_AREAS.frame(),
        "beside": Beside(),
        "plans": Plans(),
        "changes": (),
        "compared_with": None,
        "data_date": "2026-10-30",
        "made_up": True,
        **changes,
    }
    return cast("Results", SimpleNamespace(**given))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_geopackage(make(), tmp_path_factory.mktemp("gpkg") / "parkgap.gpkg")


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def columns(path: Path, layer: str) -> list[str]:
    return [row[1] for row in query(path, f"PRAGMA table_info({layer})")]


def test_it_is_a_geopackage_with_the_promised_layers_and_no_other(path: Path) -> None:
    assert query(path, "PRAGMA application_id") == [(0x47504B47,)]  # "GPKG", OGC 12-128r18, req. 2
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    layers = query(path, "SELECT table_name, data_type, srs_id FROM gpkg_contents ORDER BY 1")
    assert layers == [
        ("assessment", "attributes", 0),
        ("closed", "attributes", 0),
        ("facilities", "features", 4326),
        ("facilities_own", "attributes", 0),
        ("gates", "features", 4326),
        ("layer_styles", "attributes", 0),
        ("nearby", "attributes", 0),
        ("parks", "features", 4326),
        ("shortfall", "attributes", 0),
    ]
    kinds = query(path, "SELECT table_name, geometry_type_name FROM gpkg_geometry_columns")
    assert dict(kinds) == {"parks": "MULTIPOLYGON", "gates": "POINT", "facilities": "POINT"}


def test_areas_of_reach_are_a_layer_where_anything_is_reached(tmp_path: Path) -> None:
    ring = shapely.box(120, 36, 120.02, 36.02).difference(
        shapely.box(120.005, 36.005, 120.01, 36.01)
    )
    drawn = {"park_id": "p1", "minutes": 15, "area_km2": 3.75, "geometry": ring}
    made = make(areas=table(frames.REACH_AREAS, [drawn]))
    file = write_geopackage(made, tmp_path / "with.gpkg")
    assert query(file, "SELECT park_id, minutes, area_km2 FROM reach_areas") == [("p1", 15, 3.75)]
    kinds = query(file, "SELECT table_name, geometry_type_name FROM gpkg_geometry_columns")
    assert dict(kinds)["reach_areas"] == "MULTIPOLYGON"
    (bounds,) = query(file, "SELECT min_x, max_y FROM gpkg_contents WHERE table_name='reach_areas'")
    assert bounds == pytest.approx((120, 36.02))


def test_parks_carry_the_ranking(path: Path) -> None:
    assert columns(path, "parks") == ["fid", "geom", *frames.RANKING.names]
    rows = query(path, "SELECT park_id, park_name, rank, workers, score, typeof(rank) FROM parks")
    assert rows == [
        ("p2", HOSTILE.replace("\x00", ""), 1, 1200.0, 33.3, "integer"),
        ("p1", "海尔", 2, None, None, "integer"),
        ("p3", "保税区", None, 12.0, 50.0, "null"),
    ]


@pytest.mark.parametrize(
    ("layer", "ids", "expected"),
    [
        ("parks", "park_id", PARKS),
        ("gates", "gate_id", {"g": Point(120.0, 36.005)}),
        ("facilities", "facility_id", {"node/1": Point(120.5, 36.5)}),
    ],
)
def test_gdal_reads_the_same_geometry_back(
    path: Path, layer: str, ids: str, expected: dict[str, shapely.Geometry]
) -> None:
    meta, _, geometry, data = pyogrio.raw.read(str(path), layer=layer, columns=[ids])
    assert meta["crs"] == "EPSG:4326"
    found = dict(zip(data[0], shapely.from_wkb(geometry), strict=True))
    assert set(found) == set(expected)
    for key, shape in expected.items():
        assert shapely.equals(found[key], shape)


def test_what_is_not_open_to_the_public_has_neither_name_nor_place(path: Path) -> None:
    assert not {"lon", "lat", "geom"} & set(columns(path, "facilities_own"))
    rows = query(path, "SELECT name, access FROM facilities_own")
    assert rows == [(None, "park:p1"), (None, "enterprise")]


def test_only_places_open_to_the_public_go_in(path: Path) -> None:
    rows = query(path, "SELECT facility_id, name, category_name, lines, source_ids FROM facilities")
    assert rows == [("node/1", "-站", "公共交通", "1路;2路", "node/1;way/9")]
    raw = path.read_bytes()
    assert "厂内食堂".encode() not in raw
    assert "内部食堂".encode() not in raw


def test_the_shortfall_table_keeps_codes_and_says_them_in_words(path: Path) -> None:
    names = columns(path, "shortfall")
    assert [n for n in names if n not in ("fid", "item_name", "status_name")] == (
        frames.SHORTFALL.names
    )
    sql = "SELECT park_id, item, item_name, status, status_name, short_by, nearest_m FROM shortfall"
    assert query(path, sql) == [
        ("p1", "bus_stop", "公交站", "short", "确认不足", 2.0, None),
        ("p2", "其他", "其他", "unverified", "未检出（待核实）", None, None),
    ]


@pytest.mark.parametrize("layer", ["parks", "gates", "facilities", "shortfall"])
def test_every_layer_says_whose_data_it_is_and_what_it_is_not(path: Path, layer: str) -> None:
    said = pyogrio.read_info(path, layer=layer)["layer_metadata"]
    assert "ODbL" in said["LICENCE"]
    assert "© OpenStreetMap contributors" in said["LICENCE"]
    assert "筛查结果，不作规划核实或验收依据" in said["NOTICE"]
    assert "内部资料，未经地图审核，不得公开" in said["EDITION"]
    assert "made up" in said["MADE_UP"]
    assert said["DATA_DATE"] == "2026-10-30"
    assert said["TITLE"] == "黄岛区"


def test_the_same_results_make_the_same_bytes_without_a_clock(path: Path, tmp_path: Path) -> None:
    again = write_geopackage(make(), tmp_path / "again.gpkg")
    assert again.read_bytes() == path.read_bytes()
    stamps = query(path, "SELECT last_change FROM gpkg_contents")
    stamps += query(path, "SELECT timestamp FROM gpkg_metadata_reference")
    assert set(stamps) == {("2026-11-01T00:00:00.000Z",)}


def test_without_a_day_asked_about_the_data_dates_it(tmp_path: Path) -> None:
    path = write_geopackage(make(study={"as_of": None}), tmp_path / "x.gpkg")
    stamps = query(path, "SELECT DISTINCT last_change FROM gpkg_contents")
    assert stamps == [("2026-10-30T00:00:00.000Z",)]


@pytest.mark.parametrize("before", [None, "2001-02-03T04:05:06.000Z"])
def test_gdal_is_left_as_it_was(tmp_path: Path, before: str | None) -> None:
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    try:
        write_geopackage(make(), tmp_path / "x.gpkg")
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before
        assert pyogrio.get_gdal_config_option("OGR_SQLITE_SYNCHRONOUS") is None
        with pytest.raises(OutputError):
            write_geopackage(make(), tmp_path / "no such folder" / "x.gpkg")
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def test_an_older_file_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(b"not a database")
    write_geopackage(make(), path)
    write_geopackage(make(), path)
    assert query(path, "SELECT count(*) FROM parks") == [(3,)]


def test_empty_results_make_empty_layers(tmp_path: Path) -> None:
    none = {n: table(getattr(frames, n.upper()), []) for n in ("ranking", "shortfall", "gates")}
    path = write_geopackage(
        make(**none, facilities=table(frames.FACILITIES, [])), tmp_path / "x.gpkg"
    )
    for layer in ("parks", "gates", "facilities", "shortfall"):
        assert pyogrio.read_info(path, layer=layer)["features"] == 0
    assert columns(path, "parks") == ["fid", "geom", *frames.RANKING.names]
