"""An extract is read as far as it goes, or refused by its name; nothing is guessed."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from tests.towns import Town, degrees

from parkgap.errors import ExtractError
from parkgap.sources.extract import Extract
from parkgap.sources.osm_file import read_extract

BOX = (-500.0, -500.0, 500.0, 500.0)


def read(file: Path) -> Extract:
    return read_extract(file, place_keys=["amenity", "shop"], tag_keys=["bus"])


def little_town() -> Town:
    """Draw a crossing, a school with a yard cut out of it, a shop, and a bus line."""
    town = Town(extent=BOX)
    town.street((-100, 0), (0, 0), (100, 0), name="East Road")
    town.street((0, 0), (0, 100))
    outer = town.area((200, 200, 300, 300))
    inner = town.area((240, 240, 260, 260))
    town.relation(
        [(outer, "outer"), (inner, "inner")], type="multipolygon", amenity="school", name="S"
    )
    town.node(50, 10, shop="kiosk")
    stop = town.node(20, -5, highway="bus_stop", public_transport="platform")
    town.relation([(stop, "platform")], type="route", route="bus", ref="12", name="Line 12")
    return town


@pytest.fixture(scope="module")
def xml(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return little_town().write_osm(tmp_path_factory.mktemp("osm") / "town.osm").read_bytes()


def as_pbf(plain: Path) -> Path:
    file = plain.with_suffix(".osm.pbf")
    first = osmium.FileProcessor(str(plain))
    with osmium.SimpleWriter(str(file), header=first.header) as writer:
        for thing in first:
            writer.add(thing)
    return file


def test_streets_places_areas_and_lines_are_read(tmp_path: Path) -> None:
    extract = read(little_town().write_osm(tmp_path / "town.osm"))
    assert extract.ways.tags["way_id"].tolist() == [1, 2]
    assert extract.ways.tags["name"].tolist() == ["East Road", None]
    assert extract.ways.offset.tolist() == [0, 3, 5]
    assert extract.ways.node[1] == extract.ways.node[3]  # both streets have the crossing's node
    objects = extract.objects.set_index("osm_id")
    assert len(objects) == 3  # school, shop and stop; the streets and the yard are no places
    (school,) = np.flatnonzero(objects.index == "relation/1")
    lon, lat = (objects[c].to_numpy(dtype=float)[school] for c in ("lon", "lat"))
    # 100 x 100 m less a yard of 20 x 20 m; the point that stands for it is not in the yard.
    yard = shapely.box(*degrees(240, 240), *degrees(260, 260))
    hull = shapely.box(*degrees(200, 200), *degrees(300, 300))
    assert shapely.area(objects["geometry"].to_numpy()[school]) / hull.area == pytest.approx(
        0.96, abs=1e-3
    )
    assert not yard.contains(shapely.points(lon, lat))
    (shop,) = objects[objects["shop"] == "kiosk"].itertuples()
    assert (shop.lon, shop.lat) == degrees(50, 10)
    (stop,) = objects.index[objects["public_transport"] == "platform"]
    line = extract.routes.iloc[0]
    assert (line["mode"], line["line"], line["members"]) == ("bus", "12", [stop])
    assert extract.date == "2025-03-01"


def test_all_four_formats_read_the_same(tmp_path: Path, xml: bytes) -> None:
    plain = tmp_path / "town.osm"
    plain.write_bytes(xml)
    (tmp_path / "town.osm.gz").write_bytes(gzip.compress(xml))
    (tmp_path / "town.osm.bz2").write_bytes(bz2.compress(xml))
    as_pbf(plain)
    want = read(plain)
    for suffix in ("osm.gz", "osm.bz2", "osm.pbf"):
        got = read(tmp_path / f"town.{suffix}")
        for name in ("objects", "buildings", "ground", "doors", "routes"):
            pd.testing.assert_frame_equal(getattr(got, name), getattr(want, name))
        pd.testing.assert_frame_equal(got.ways.tags, want.ways.tags)
        assert got.ways.lon.tolist() == want.ways.lon.tolist()
        assert (got.coverage, got.date, got.counts) == (want.coverage, want.date, want.counts)


def test_a_way_that_lacks_a_node_is_broken_there_and_counted(tmp_path: Path) -> None:
    town = Town(extent=BOX)
    gone = town.cut_off(0, 40)
    town.street((-200, 0), (-100, 0), gone, (100, 0), (200, 0))
    town.street((0, 300), (100, 300))
    town.street((0, 400), town.cut_off(0, 700))  # one node left: nothing to walk on
    extract = read(town.write_osm(tmp_path / "town.osm"))
    ways = extract.ways
    parts = [ways.lon[a:b].tolist() for a, b in zip(ways.offset, ways.offset[1:], strict=False)]
    east = [degrees(x, 0)[0] for x in (-200, -100, 100, 200)]
    assert parts[:2] == [east[:2], east[2:]]  # never from -100 to 100
    assert ways.tags["way_id"].tolist() == [1, 1, 2]
    assert ways.tags["cut"].tolist() == [True, True, False]
    assert extract.counts["ways_cut_at_edge"] == 2
    assert extract.counts["streets"] == 2


def test_coverage_is_the_headers_box_else_the_hull_of_whole_ways(tmp_path: Path) -> None:
    town = Town(extent=BOX)
    town.street((-100, -100), (100, -100), (100, 100))
    town.street((0, 0), (0, 900), town.cut_off(0, 1200))  # goes on outside: tells of no edge
    declared = read(town.write_osm(tmp_path / "declared.osm"))
    assert declared.coverage_from == "header"
    assert tuple(shapely.bounds(declared.coverage)) == (*degrees(-500, -500), *degrees(500, 500))
    town.extent = None
    guessed = read(town.write_osm(tmp_path / "guessed.osm"))
    assert guessed.coverage_from == "hull"
    corners = [degrees(-100, -100), degrees(100, -100), degrees(100, 100)]
    assert shapely.equals(guessed.coverage, shapely.Polygon(corners))


NOT_OSM = {
    "empty.osm": b"",
    "empty.osm.pbf": b"",
    "empty.osm.gz": gzip.compress(b""),
    "nothing.osm": b"<?xml version='1.0'?><osm version='0.6'></osm>",
    "page.osm": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "page.osm.pbf": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "map.osm": b"<?xml version='1.0'?><kml><Placemark/></kml>",
    "layer.osm": b'{"type": "FeatureCollection", "features": []}',
    "zip.osm.pbf": b"PK\x03\x04" + bytes(400),
    "layer.geojson": b'{"type": "FeatureCollection", "features": []}',
    "town.zip": b"PK\x03\x04" + bytes(400),
}


@pytest.mark.parametrize("name", NOT_OSM)
def test_what_is_no_extract_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(NOT_OSM[name])
    with pytest.raises(ExtractError, match=name):
        read(tmp_path / name)


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match=r"gone\.osm\.pbf"):
        read(tmp_path / "gone.osm.pbf")


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused_in_every_format(
    tmp_path: Path, xml: bytes, share: float
) -> None:
    (tmp_path / "town.osm").write_bytes(xml)
    pbf = as_pbf(tmp_path / "town.osm").read_bytes()
    whole = {"osm": xml, "osm.gz": gzip.compress(xml), "osm.bz2": bz2.compress(xml), "osm.pbf": pbf}
    for suffix, data in whole.items():
        file = tmp_path / f"half.{suffix}"
        file.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(ExtractError, match=f"half.{suffix}"):
            read(file)
