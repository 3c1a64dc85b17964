"""A large extract is cut to the study while it streams, and nothing that is judged changes."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from tests.towns import Town, degrees

from parkgap import inputs, pipeline
from parkgap.sources.cut import Window, around
from parkgap.sources.osm_file import Extract, read_extract
from parkgap.study import Study, load_study

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


def read(file: Path, batch: int | None) -> Extract:
    window = None if batch is None else Window(NEAR, shops, batch)
    return read_extract(file, place_keys=["shop"], window=window)


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 13])
def test_what_reaches_into_the_window_stays_whole(tmp_path: Path, batch: int) -> None:
    file = draw().write_osm(tmp_path / "town.osm")
    whole, mine = read(file, None), read(file, batch)
    ways = mine.ways
    assert ways.tags["name"].tolist() == ["near", "through"]
    assert ways.offset.tolist() == [0, *np.cumsum([len(w) for w in lines(ways)])]
    assert lines(ways) == lines(whole.ways)[:2]  # not cut at the window's edge
    assert ways.tags["cut"].tolist() == [False, False]
    assert len(mine.objects) == 2
    assert mine.objects["shop"].tolist() == ["kiosk", None]
    assert len(mine.doors) == 1
    assert mine.ground["value"].tolist() == ["industrial", "wood"]
    areas = zip(mine.ground["geometry"], whole.ground["geometry"].iloc[[0, 2]], strict=True)
    assert all(shapely.equals(a, b) for a, b in areas)
    assert len(mine.buildings) == 1
    # Lines at stops that are kept; and one of each kind, since a metro anywhere makes a region.
    assert mine.routes["line"].tolist() == ["1", "M"]
    assert [len(m) for m in mine.routes["members"]] == [1, 0]
    # What was let go is counted; the file's own coverage and date are as they were.
    assert mine.beyond.places == 2
    assert mine.beyond.buildings_ha == pytest.approx(1, abs=0.001)
    assert (mine.coverage, mine.coverage_from, mine.date) == (
        whole.coverage,
        "header",
        whole.date,
    )


def lines(ways: object) -> list[list[tuple[float, float]]]:
    offset, lon, lat = (getattr(ways, n).tolist() for n in ("offset", "lon", "lat"))
    pairs = itertools.pairwise(offset)
    return [list(zip(lon[a:b], lat[a:b], strict=True)) for a, b in pairs]


@pytest.mark.parametrize("batch", [1, 4])
def test_the_hull_is_that_of_the_whole_file(tmp_path: Path, batch: int) -> None:
    file = draw(extent=False).write_osm(tmp_path / "town.osm")
    whole, mine = read(file, None), read(file, batch)
    assert (whole.coverage_from, mine.coverage_from) == ("hull", "hull")
    assert shapely.equals(whole.coverage, mine.coverage)


def test_a_small_file_is_not_cut(tmp_path: Path) -> None:
    file = draw().write_osm(tmp_path / "town.osm")
    whole, mine = read(file, None), read(file, 100)
    pd.testing.assert_frame_equal(mine.objects, whole.objects)
    assert (mine.counts, mine.beyond) == (whole.counts, whole.beyond)


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


@pytest.fixture(scope="module")
def one_park(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The embedded town with one of its parks."""
    source, folder = checkout / "data" / "neubrandenburg", tmp_path_factory.mktemp("one")
    (folder / "osm.osm.pbf").write_bytes((source / "osm.osm.pbf").read_bytes())
    layer = json.loads((source / "parks.geojson").read_text(encoding="utf-8"))
    layer["features"] = layer["features"][:1]
    (folder / "parks.geojson").write_text(json.dumps(layer), encoding="utf-8")
    lines = ['name = "one"', '[osm]\nfile = "osm.osm.pbf"', '[parks]\nfile = "parks.geojson"']
    (folder / "study.toml").write_text("\n".join([*lines, 'crs = "WGS84"']), encoding="utf-8")
    return load_study(folder)


def test_a_park_in_a_cut_town_is_judged_as_in_the_whole_one(
    one_park: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pipeline.compute(one_park)
    make = inputs.window_of

    def small(*arguments: object) -> Window:
        made = make(*arguments)  # type: ignore[arg-type]
        assert made is not None
        return dataclasses.replace(made, batch=5000)

    monkeypatch.setattr(pipeline, "window_of", small)
    mine = pipeline.compute(one_park)
    assert mine.counts["objects_outside_the_window"] > 1000
    for name in ("assessment", "completeness", "ranking", "shortfall", "nearby", "gates"):
        pd.testing.assert_frame_equal(getattr(mine, name), getattr(whole, name))
    assert shapely.equals(mine.coverage, whole.coverage)
