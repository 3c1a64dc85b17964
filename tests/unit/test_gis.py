"""The GeoPackage for a bureau's GIS: coordinate systems asked for, and styles for QGIS."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from tests.unit.test_geopackage import PARKS, make, query

from parkgap.errors import InputError, StudyError
from parkgap.gauss_kruger import best_zone, zone_of
from parkgap.publish.crs import in_degrees, projected, zone_doubts
from parkgap.publish.geopackage import write_geopackage
from parkgap.publish.qml import style_of
from parkgap.publish.shell import SCORE_COLOURS
from parkgap.publish.text import LANGUAGES, Text
from parkgap.publish.words import Words
from parkgap.standard import load
from parkgap.study import load_study

# Qingdao's city hall, WGS-84 (made-up to the metre), and where the program must put it.
QINGDAO = (120.3826, 36.0671)


def written(crs: str, folder: Path) -> Path:
    return write_geopackage(make(study={"gis": SimpleNamespace(crs=crs)}), folder / "x.gpkg")


# --- coordinate systems --------------------------------------------------------------------------


@pytest.mark.parametrize("epsg", range(4491, 4555))
def test_every_zone_is_the_one_of_the_register(epsg: int) -> None:
    zone = zone_of(epsg)
    crs = pyproj.CRS.from_epsg(epsg)
    assert zone is not None
    assert crs.geodetic_crs is not None
    assert crs.geodetic_crs.to_epsg() == 4490
    said = {p.name: p.value for p in crs.coordinate_operation.params}  # type: ignore[union-attr]
    assert zone.middle == said["Longitude of natural origin"]
    assert zone.numbered == (float(said["False easting"]) > 1e6)
    assert ("3-degree" in crs.name) == (zone.width == 3)


def test_numbers_beside_the_zones_are_none_of_them() -> None:
    assert [zone_of(n) for n in (4326, 4490, 4555, 3857, 32651)] == [None] * 5


@pytest.mark.parametrize(("lon", "best"), [(120.38, 4549), (116.4, 4548), (103.9, 4544)])
def test_the_zone_that_holds_a_place(lon: float, best: int) -> None:
    like = zone_of(4534)
    assert like is not None
    assert best_zone(lon, like=like) == best


@pytest.mark.parametrize("crs", ["EPSG:4549", "EPSG:4528", "EPSG:4510", "EPSG:4498"])
def test_a_zone_is_projected_as_pyproj_does_easting_first(crs: str) -> None:
    (found,) = projected(np.array([shapely.Point(QINGDAO)], dtype=object), crs)
    # the register's own order is northing, easting; with degrees as latitude, longitude
    north, east = pyproj.Transformer.from_crs("EPSG:4490", crs).transform(QINGDAO[1], QINGDAO[0])
    assert (found.x, found.y) == pytest.approx((east, north), abs=1e-6)
    # by the sphere of 6,371 km: 36.0671 degrees are 4,010 km; east of the middle, plus 500 km
    assert found.y == pytest.approx(4_010_500, abs=20_000)


def test_the_easting_of_a_zone_by_hand() -> None:
    """0.3826 degrees east of 120: N cos(lat) dlon, N = a / sqrt(1 - e2 sin2(lat)) = 6,385,556 m."""
    (found,) = projected(np.array([shapely.Point(QINGDAO)], dtype=object), "EPSG:4549")
    arc = 6_385_556 * np.cos(np.radians(36.0671)) * np.radians(0.3826)
    assert found.x == pytest.approx(500_000 + arc, abs=1.0)


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4549"])
def test_layers_are_in_the_system_asked_for_and_come_back(crs: str, tmp_path: Path) -> None:
    path = written(crs, tmp_path)
    for layer in ("parks", "gates", "facilities"):
        meta, _, geometry, _ = pyogrio.raw.read(str(path), layer=layer)
        assert meta["crs"] == crs
        back = in_degrees(shapely.from_wkb(geometry), meta["crs"])
        west, south, east, north = shapely.total_bounds(back)
        assert 120 <= west <= east < 121
        assert 36 <= south <= north < 37
    assert set(query(path, "SELECT DISTINCT srs_id FROM gpkg_geometry_columns")) == {
        (int(crs[5:]),)
    }
    meta, _, geometry, data = pyogrio.raw.read(str(path), layer="parks", columns=["park_id"])
    parks = dict(zip(data[0], in_degrees(shapely.from_wkb(geometry), meta["crs"]), strict=True))
    for park, shape in PARKS.items():
        whole = shapely.MultiPolygon(shapely.get_parts(shape).tolist())
        assert shapely.equals_exact(shapely.normalize(parks[park]), shapely.normalize(whole))


def test_a_place_to_seven_decimals_comes_back_to_the_last_digit() -> None:
    random = np.random.default_rng(7)
    degrees = np.round(random.uniform((118.5, 20.0), (121.5, 45.0), (20_000, 2)), 7)
    points = np.asarray(shapely.points(degrees), dtype=object)
    back = in_degrees(projected(points, "EPSG:4549"), "EPSG:4549")
    np.testing.assert_array_equal(shapely.get_coordinates(back), degrees)


def test_parks_outside_the_zone_are_told_and_far_ones_refused() -> None:
    near, beside, far = (shapely.box(x, 36, x + 0.01, 36.01) for x in (120.4, 121.8, 104.0))
    assert zone_doubts([near], "EPSG:4549") == []
    assert zone_doubts([far], "EPSG:4490") == []
    ((zh, en),) = zone_doubts([beside], "EPSG:4549")
    assert "EPSG:4550" in zh
    assert "1.8° from the middle meridian" in en
    with pytest.raises(InputError, match=r"EPSG:4544"):
        zone_doubts([far], "EPSG:4549")


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("WGS84", "EPSG:4326"),
        ("cgcs2000", "EPSG:4490"),
        ("epsg:4549", "EPSG:4549"),
        ("EPSG:4491", "EPSG:4491"),
    ],
)
def test_study_toml_names_the_system(given: str, taken: str, tmp_path: Path) -> None:
    assert load_study(_study(tmp_path, f'[gis]\ncrs = "{given}"')).gis.crs == taken
    assert load_study(_study(tmp_path, "")).gis.crs == "EPSG:4326"


@pytest.mark.parametrize("given", ["GCJ02", "gcj-02", "BD09", "BD09MC", "火星坐标"])
def test_offset_systems_are_refused_as_such(given: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError) as refused:
        load_study(_study(tmp_path, f'[gis]\ncrs = "{given}"'))
    (problem,) = refused.value.problems
    assert problem.column == "gis.crs"
    assert problem.row == 7
    assert "带偏移" in problem.what
    assert "offset" in problem.what
    assert "EPSG:4490" in str(problem.remedy)


@pytest.mark.parametrize("given", ['"EPSG:3857"', '"EPSG:4555"', '"北京54"', '""', "4549"])
def test_other_systems_are_refused(given: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError) as refused:
        load_study(_study(tmp_path, f"[gis]\ncrs = {given}"))
    assert [p.column for p in refused.value.problems] == ["gis.crs"]


def _study(folder: Path, lines: str) -> Path:
    for name in ("x.osm.pbf", "parks.csv"):
        (folder / name).write_bytes(b"")
    text = 'name = "s"\n[osm]\nfile = "x.osm.pbf"\n[parks]\nfile = "parks.csv"\n' + lines
    (folder / "study.toml").write_text(text + "\n", encoding="utf-8")
    return folder


# --- styles --------------------------------------------------------------------------------------


def styles(path: Path) -> dict[str, ET.Element]:
    rows = query(path, "SELECT f_table_name, styleQML FROM layer_styles")
    return {name: ET.fromstring(qml) for name, qml in rows}  # noqa: S314 - our own file


def test_the_table_of_styles_is_as_qgis_makes_it(tmp_path: Path) -> None:
    """Columns and types as QGIS creates them in a GeoPackage (its provider for OGR)."""
    path = written("EPSG:4326", tmp_path)
    found = {r[1]: r[2] for r in query(path, "PRAGMA table_info(layer_styles)")}
    assert list(found) == [
        *("id", "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column"),
        *("styleName", "styleQML", "styleSLD", "description", "owner", "ui"),
        *("useAsDefault", "update_time"),
    ]
    assert found["useAsDefault"] == "BOOLEAN"
    assert found["update_time"] == "DATETIME"
    # as QGIS looks for the style of a layer
    sql = (
        "SELECT count(*), min(useAsDefault), max(update_time) FROM layer_styles "
        "WHERE f_table_schema = '' AND f_table_name = 'parks' AND f_geometry_column = 'geom'"
    )
    assert query(path, sql) == [(1, 1, "2026-11-01T00:00:00")]


def test_every_style_is_of_a_layer_that_is_there_and_its_columns_too(tmp_path: Path) -> None:
    path = written("EPSG:4326", tmp_path)
    layers = {n for (n,) in query(path, "SELECT table_name FROM gpkg_geometry_columns")}
    found = styles(path)
    assert set(found) == layers == {"parks", "gates", "facilities"}
    for layer, root in found.items():
        columns = {r[1] for r in query(path, f"PRAGMA table_info({layer})")}
        said = [r.get("filter", "") for r in root.iter("rule")]
        said += [f'"{t.get("fieldName")}"' for t in root.iter("text-style")]
        assert {c for s in said for c in re.findall(r'"(\w+)"', s)} <= columns


def test_rules_and_symbols_of_a_style_belong_together() -> None:
    words = Words(Text("zh"), load())
    for layer in (
        "parks",
        "facilities",
        "gates",
        "sites",
        "housing",
        "lodging",
        "clusters",
        "reach_areas",
    ):
        text = style_of(layer, words)
        assert text is not None
        assert text.startswith("<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis ")
        root = ET.fromstring(text)  # noqa: S314 - our own
        (renderer,) = root.findall("renderer-v2")
        assert renderer.get("type") == "RuleRenderer"
        symbols = {s.get("name"): s for s in renderer.findall("symbols/symbol")}
        rules = renderer.findall("rules/rule")
        assert [r.get("symbol") for r in rules] == list(symbols)
        assert len({r.get("key") for r in rules}) == len(rules)
        kind = "fill" if root.findtext("layerGeometryType") == "2" else "marker"
        for symbol in symbols.values():
            assert symbol.get("type") == kind
            for part in symbol.findall("layer"):
                assert part.get("class") in ("SimpleFill", "SimpleMarker")
                options = {o.get("name"): o.get("value") for o in part.findall("Option/Option")}
                assert options == {p.get("k"): p.get("v") for p in part.findall("prop")}
                assert re.fullmatch(r"(\d+,){3}\d+", str(options["color"]))
    assert style_of("shortfall", words) is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"rank": 1, "tier": "upper", "score": 5.0}, [0]),
        ({"rank": 2, "tier": "lower", "score": 20.0}, [1]),
        ({"rank": 2, "tier": "lower", "score": 99.9}, [4]),
        ({"rank": 2, "tier": "lower", "score": 100.0}, [4]),
        ({"rank": None, "tier": "unverified", "score": 99.0}, [5]),
        ({"rank": None, "tier": "unverified", "score": None}, [5]),
        ({"rank": None, "tier": "unknown_headcount", "score": 5.0}, [0, 6]),
        ({"rank": None, "tier": "withheld", "score": 5.0}, [0, 6]),
        ({"rank": None, "tier": "unknown_headcount", "score": None}, [7]),
    ],
)
def test_parks_are_shaded_as_on_the_maps(row: dict[str, Any], expected: list[int]) -> None:
    """The rules' expressions, which are SQL too, asked of SQLite."""
    root = ET.fromstring(str(style_of("parks", Words(Text("en"), load()))))  # noqa: S314
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE parks (rank, tier, score)")
        base.execute("INSERT INTO parks VALUES (:rank, :tier, :score)", row)
        matching = [
            n
            for n, rule in enumerate(root.iter("rule"))
            if base.execute(f"SELECT 1 FROM parks WHERE {rule.get('filter')}").fetchone()  # noqa: S608
        ]
    assert matching == expected
    fills = [
        s.find("layer/Option/Option[@name='color']").get("value")  # type: ignore[union-attr]
        for s in root.findall("renderer-v2/symbols/symbol")
    ]
    colours = [",".join(str(int(c[i : i + 2], 16)) for i in (1, 3, 5)) for c in SCORE_COLOURS]
    assert fills[:5] == [f"{c},255" for c in colours]
    hatched = root.findall("renderer-v2/symbols/symbol")[5].findall("layer")
    styles = [h.find("Option/Option[@name='style']").get("value") for h in hatched]  # type: ignore[union-attr]
    assert styles == ["solid", "f_diagonal"]


@pytest.mark.parametrize("beds", [None, 0, 1, 100, 101, 5000])
def test_every_shortfall_of_beds_has_exactly_one_shade(beds: int | None) -> None:
    root = ET.fromstring(str(style_of("housing", Words(Text("zh"), load()))))  # noqa: S314
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE housing (beds_short)")
        base.execute("INSERT INTO housing VALUES (?)", (beds,))
        filters = [r.get("filter") for r in root.iter("rule")]
        asked = [f"SELECT count(*) FROM housing WHERE {f}" for f in filters]  # noqa: S608
        assert sum(base.execute(sql).fetchone()[0] for sql in asked) == 1


def test_a_category_with_a_quote_in_its_id_is_text_in_the_style(tmp_path: Path) -> None:
    item = SimpleNamespace(id="i", zh="项", en="i", level="mandatory", tests=())
    name = "<b>&\"'\x00"
    odd = SimpleNamespace(id="a'b", zh=name, en=name, level="x", items=(item,))
    standard: Any = SimpleNamespace(id="cn", version="1", categories=(odd,))
    root = ET.fromstring(str(style_of("facilities", Words(Text("zh"), standard))))  # noqa: S314
    (rule,) = root.iter("rule")
    assert rule.get("filter") == "\"category\" = 'a''b'"
    assert rule.get("label") == "<b>&\"'"


def test_layers_are_titled_in_both_languages(tmp_path: Path) -> None:
    path = written("EPSG:4326", tmp_path)
    titles = dict(query(path, "SELECT table_name, identifier FROM gpkg_contents"))
    assert titles["parks"] == "园区 / Parks"
    for layer in set(titles) - {"layer_styles"}:
        assert titles[layer] == " / ".join(Text(lang)(f"gpkg_layer.{layer}") for lang in LANGUAGES)
