"""An extract is put away in pieces by tile, and windows of it are read whole."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from tests.towns import Town, degrees

from parkgap.notes import count
from parkgap.publish.text import LANGUAGES, Text
from parkgap.shards import Survey
from parkgap.sources.extract import Extract
from parkgap.sources.osm_file import read_extract
from parkgap.sources.prepared import Prepared, prepare, read_window
from parkgap.sources.surroundings import around
from parkgap.store import Shelf

NEAR = shapely.box(*degrees(-300, -300), *degrees(300, 300))


def shops(objects: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return objects["shop"].notna().to_numpy()


def draw(extent: bool = True) -> Town:
    """Draw what lies in the window, what only reaches into it, and what lies far away."""
    town = Town() if extent else Town(extent=None)
    town.street((-100, 0), (100, 0), name="near")
    town.street((-3000, 100), (0, 100), (3000, 100), name="through")
    town.street((2000, 1000), (2500, 1500), name="far")
    town.street((-2000, -1500), (-2000, -2000), name="far too")
    town.node(10, 10, shop="kiosk")
    town.node(2010, 10, shop="kiosk")
    town.node(-2010, 10, shop="kiosk")
    town.node(20, 0, barrier="gate")
    town.node(2100, 1100, barrier="gate")
    town.area((200, 200, 1200, 700), landuse="industrial")  # its corner reaches in
    town.area((1500, 200, 1600, 300), landuse="industrial")
    town.area((50, 50, 150, 150), building="yes")
    town.area((1000, -1000, 1100, -900), building="yes")  # 1 ha
    outer = town.area((-1500, -1500, 1500, 1500))  # goes round the window
    town.relation([(outer, "outer")], type="multipolygon", natural="wood")
    far = town.area((1700, 1700, 1800, 1800))
    town.relation([(far, "outer")], type="multipolygon", natural="wood")
    here = town.node(30, 5, public_transport="platform")
    there = town.node(2300, 5, public_transport="platform")
    town.relation([(here, "platform"), (there, "platform")], type="route", route="bus", ref="1")
    town.relation([(there, "platform")], type="route", route="bus", ref="2")
    town.relation([(there, "platform")], type="route", route="subway", ref="M")
    return town


def whole(file: Path) -> Extract:
    """Read it with the plain reader."""
    return read_extract(file, place_keys=["shop"])


def put_away(file: Path, shelf: Shelf, batch: int = 100_000, pending: int = 10**6) -> Prepared:
    return prepare(file, shelf, place_keys=["shop"], is_place=shops, batch=batch, pending=pending)


@pytest.mark.parametrize(("batch", "pending"), [(1, 1), (2, 5), (3, 0), (7, 10**6), (13, 3)])
def test_what_reaches_into_the_window_stays_whole(tmp_path: Path, batch: int, pending: int) -> None:
    file = draw().write_osm(tmp_path / "town.osm")
    shelf = Shelf(None)
    prepared = put_away(file, shelf, batch, pending)
    plain, mine = whole(file), read_window(prepared, shelf, NEAR)
    ways = mine.ways
    assert ways.tags["name"].tolist() == ["near", "through"]
    assert ways.offset.tolist() == [0, *np.cumsum([len(w) for w in lines(ways)])]
    assert lines(ways) == lines(plain.ways)[:2]  # not cut at the window's edge
    assert ways.tags["cut"].tolist() == [False, False]
    assert len(mine.objects) == 2
    assert mine.objects["shop"].tolist() == ["kiosk", None]
    assert len(mine.doors) == 1
    assert mine.ground["value"].tolist() == ["industrial", "wood"]
    areas = zip(mine.ground["geometry"], plain.ground["geometry"].iloc[[0, 2]], strict=True)
    assert all(shapely.equals(a, b) for a, b in areas)
    assert len(mine.buildings) == 1
    # What the whole file holds is counted; its coverage and date are as they were.
    assert mine.whole is not None
    assert (mine.whole.places, mine.whole.modes) == (3, frozenset({"bus", "subway"}))
    assert mine.whole.buildings_ha == pytest.approx(2, abs=0.002)  # 100 m squares, by hand
    assert mine.whole.streets_m == pytest.approx(200 + 6000 + 500 * 2**0.5 + 500, rel=1e-3)
    assert mine.counts == plain.counts
    assert (mine.coverage, mine.coverage_from, mine.date) == (
        plain.coverage,
        "header",
        plain.date,
    )


@pytest.mark.parametrize(("batch", "pending"), [(1, 1), (3, 4), (100, 10**6)])
def test_read_whole_it_is_what_the_plain_reader_reads(
    tmp_path: Path, batch: int, pending: int
) -> None:
    file = draw().write_osm(tmp_path / "town.osm")
    shelf = Shelf(None)
    plain, mine = whole(file), read_window(put_away(file, shelf, batch, pending), shelf)
    assert lines(mine.ways) == lines(plain.ways)
    for layer in ("objects", "buildings", "ground", "doors"):
        one, other = (getattr(e, layer) for e in (plain, mine))
        own = [c for c in one.columns if c != "geometry"]
        pd.testing.assert_frame_equal(one[own], other[own])
        if "geometry" in one:
            assert shapely.equals_exact(one["geometry"], other["geometry"], 0).all() or layer in (
                "objects"  # points have no geometry
            )
    # A line's members are those that are stops.
    own = ["route_id", "mode", "line"]
    pd.testing.assert_frame_equal(mine.routes[own], plain.routes[own])


def test_pieces_are_named_by_their_content_alone(tmp_path: Path) -> None:
    """An edit in one corner leaves the pieces of all others what they were."""

    def far_apart(name: str) -> list[str]:
        town = Town()
        town.street((0, 0), (100, 0), name="here")
        town.street((90_000, 0), (90_100, 0), name=name)
        prepared = put_away(town.write_osm(tmp_path / f"{name}.osm"), Shelf(None))
        return prepared.pieces["name"][prepared.pieces["layer"] == "ways"].tolist()

    one, other = far_apart("there"), far_apart("elsewhere")
    assert len(one) == len(other) == 2
    assert len(set(one) & set(other)) == 1


def lines(ways: object) -> list[list[tuple[float, float]]]:
    offset, lon, lat = (getattr(ways, n).tolist() for n in ("offset", "lon", "lat"))
    pairs = itertools.pairwise(offset)
    return [list(zip(lon[a:b], lat[a:b], strict=True)) for a, b in pairs]


@pytest.mark.parametrize("batch", [1, 4])
def test_the_hull_is_that_of_the_whole_file(tmp_path: Path, batch: int) -> None:
    file = draw(extent=False).write_osm(tmp_path / "town.osm")
    prepared = put_away(file, Shelf(None), batch)
    assert prepared.coverage_from == whole(file).coverage_from == "hull"
    assert shapely.equals(whole(file).coverage, prepared.coverage)


def test_a_lost_piece_is_said(tmp_path: Path) -> None:
    shelf = Shelf(None)
    prepared = put_away(draw().write_osm(tmp_path / "town.osm"), shelf)
    with pytest.raises(LookupError):
        read_window(prepared, Shelf(None))
    assert shelf.has(prepared.pieces["name"])
    assert not Shelf(None).has(prepared.pieces["name"])


def test_the_window_reaches_at_least_as_far_as_it_says() -> None:
    shapes = np.array([shapely.box(120, 36, 120.1, 36.1), shapely.Point(110, 60)], dtype=object)
    window = around(shapes, 4000)
    geod = Geod(ellps="WGS84")
    for shape in shapes:
        west, south, east, north = shapely.bounds(shape)
        for lon, lat in ((west, south), (west, north), (east, south), (east, north)):
            for azimuth in range(0, 360, 10):
                x, y, _ = geod.fwd(lon, lat, azimuth, 3999.9)
                assert shapely.intersects_xy(window, x, y)
    assert not shapely.intersects_xy(window, 120.2, 36.05)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_that_is_counted_has_words(tmp_path: Path, lang: str) -> None:
    prepared = put_away(draw().write_osm(tmp_path / "town.osm"), Shelf(None))
    found = SimpleNamespace(origins=(), facilities=(), off_street=np.zeros(0, dtype=bool))
    counted = count(prepared, cast("Survey", found), pd.DataFrame())
    start = "workbook.counts_of."
    keys = Text(lang).keys()
    public = {"parks_withheld", "sensitive_withheld"}  # what that edition leaves out
    assert set(counted) | public == {k.removeprefix(start) for k in keys if k.startswith(start)}
