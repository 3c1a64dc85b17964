"""Areas of reach: little towns worked out by hand, and real streets walked by networkx.

The three promises are held on the embedded town, and on Las Palmas where its extract lies beside
the checkout; what is reached there is worked out in `tests/reached.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import pytest
import shapely
from tests.reached import Network, layers, places_along
from tests.towns import LAT, LON, Town, points, village

from parkgap import pipeline, survey
from parkgap.access.slopes import Ground
from parkgap.shards import Rules
from parkgap.store import Store
from parkgap.study import load_study

if TYPE_CHECKING:
    from parkgap.results import Results
    from parkgap.shards import Survey
    from parkgap.study import Study

BANDS = (5, 10, 15)
WITHIN_M, FAR_M = 30.0, 60.0


class EnoughError(Exception):
    """The walks are done; what they mean is no matter here."""


def surveyed(study: Study) -> tuple[Survey, Any]:
    """Do everything up to the assessment; with what the areas were drawn from."""
    kept: dict[str, Any] = {}
    modules: tuple[Any, Any] = (survey, pipeline)
    draw, gather = modules[0].draw_areas, modules[1].gather

    def drawn(*given: Any) -> Any:
        kept["made"] = given[2]
        return draw(*given)

    def gathered(*given: Any) -> Any:
        kept["found"] = gather(*given)
        raise EnoughError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "draw_areas", drawn)
        patch.setattr(pipeline, "gather", gathered)
        with pytest.raises(EnoughError):
            pipeline.compute(study)
    return kept["found"], kept["made"]


def walked(town: Town, folder: Path) -> Survey:
    return surveyed(town.write(folder))[0]


def area(results: Survey | Results, minutes: int, park: str = "P") -> Any:
    """Area of reach of a park, in metres around the town's middle."""
    rows = results.areas
    (shape,) = rows["geometry"][(rows["park_id"] == park) & (rows["minutes"] == minutes)]
    return _flat(shape, _plane(LON, LAT))


def _flat(shape: Any, plane: pyproj.Proj) -> Any:
    return shapely.transform(shape, lambda c: np.column_stack(plane(c[:, 0], c[:, 1])))


def _plane(lon: float, lat: float) -> pyproj.Proj:
    return pyproj.Proj(proj="aeqd", lon_0=lon, lat_0=lat, ellps="WGS84")


def holds(shape: Any, x: float, y: float) -> bool:
    return bool(shapely.contains_xy(shape, x, y))


# --- by hand -------------------------------------------------------------------------------------


def test_streets_are_cut_where_the_minutes_run_out(tmp_path: Path) -> None:
    # From the firm it is 120 m to the main street, so that 5, 10 and 15 minutes at 67 m a minute
    # end 215, 550 and 885 m along it.
    town = village()
    # A dead end: its mouth is 420 m from the firm, so that 10 minutes end 250 m along it.
    town.street(*points([0, 300, 1500]))
    town.street((300, 0), (300, 400))
    results = walked(town, tmp_path)
    for minutes, end in zip(BANDS, (215, 550, 885), strict=True):
        west, south, east, _ = shapely.bounds(area(results, minutes))
        assert end < east < end + WITHIN_M
        assert -end > west > -end - WITHIN_M
        assert -WITHIN_M < south < -20
    ten, fifteen = area(results, 10), area(results, 15)
    assert holds(ten, 300, 249)
    assert not holds(ten, 300, 251 + WITHIN_M)
    assert holds(fifteen, 300, 400)
    assert not holds(fifteen, 300, 400 + WITHIN_M)
    assert holds(fifteen, 500, 20)
    assert not holds(fifteen, 500, WITHIN_M)
    assert not holds(fifteen, 150, 150)  # within 150 m of the firm, but on no street
    assert shapely.get_num_geometries(fifteen) == 1
    assert results.areas["area_km2"].is_monotonic_increasing


@pytest.mark.parametrize("mapped", ["area", "line"])
def test_water_is_crossed_by_a_bridge_alone(tmp_path: Path, mapped: str) -> None:
    # The far bank lies 20 m south of the main street, nearer than the ground that is drawn beside
    # it; the street beyond, at 40 m, is reached by the bridge at x 150.
    def river(*, bridge: bool) -> Any:
        town = village()
        town.street(*points([-1500, 0, 150, 1500]))
        town.street(*points([-1500, 150, 1500], y=-40))
        if mapped == "area":
            town.area((-1600, -20, 1600, -10), natural="water")
        else:
            town.way((-1600, -15), (1600, -15), waterway="river")
        if bridge:
            town.street((150, 0), (150, -40), bridge="yes")
        return area(walked(town, tmp_path / str(bridge)), 15)

    without = river(bridge=False)
    assert holds(without, 400, -9)
    for y in (-15, -22, -40):
        assert not holds(without, 400, y)
    over = river(bridge=True)
    assert shapely.get_num_geometries(over) == 1
    assert holds(over, 150, -15)
    assert not holds(over, 156, -15)
    assert holds(over, 400, -40)
    assert holds(over, 400, -24)
    assert not holds(over, 400, -15)


def test_a_river_in_a_pipe_is_no_water(tmp_path: Path) -> None:
    town = village()
    town.way((-1600, -15), (1600, -15), waterway="river", tunnel="culvert")
    assert holds(area(walked(town, tmp_path), 15), 400, -15)


def test_one_polygon_for_each_part_that_is_reached(tmp_path: Path) -> None:
    # Two firms 600 m apart: in 5 minutes each reaches 215 m of the main street to both sides, in
    # 10 minutes 550 m, which meet.
    town = Town().mapped()
    town.street(*points([-1500, -300, 300, 1500]))
    town.park("P", (-400, 20, 400, 220))
    for name, x in (("W", -300), ("E", 300)):
        town.street((x, 0), (x, 120), highway="service")
        town.firm(name, "P", (x, 120), workers=400)
    results = walked(town, tmp_path)
    assert [shapely.get_num_geometries(area(results, m)) for m in BANDS] == [2, 1, 1]
    assert holds(area(results, 5), -90, 0)
    assert not holds(area(results, 5), 0, 0)


def test_neither_few_workers_nor_homes_begin_an_area(tmp_path: Path) -> None:
    def drawn(workers: float, *, alone: bool) -> Any:
        town = Town().mapped()
        town.street(*points([-1500, -300, 300, 1500]))
        town.park("P", (-400, 20, 400, 220), workers=workers if alone else 400 + workers)
        for name, x, count in (("W", -300, 400.0), ("E", 300, workers)):
            if name == "E" or not alone:
                town.street((x, 0), (x, 120), highway="service")
                town.firm(name, "P", (x, 120), workers=count)
        town.home("H", "P", (1300, 0))
        return area(walked(town, tmp_path / f"{workers}{alone}"), 5)

    assert not holds(drawn(9, alone=False), 300, 0)
    enough = drawn(10, alone=False)
    assert holds(enough, 300, 0)
    assert not holds(enough, 1300, 0)
    assert holds(drawn(9, alone=True), 300, 0)  # then the park itself is where so few work


def test_a_private_way_of_others_is_not_walked(tmp_path: Path) -> None:
    town = village()
    town.street(*points([0, 150, 1500]))
    town.street((150, 0), (150, -200), access="private")
    assert not holds(area(walked(town, tmp_path), 15), 150, -40)


def test_where_no_street_is_there_is_no_area(tmp_path: Path) -> None:
    town = Town().mapped()
    town.street((-1500, -3000), (1500, -3000))
    town.park("P", (-100, 20, 100, 220))
    assert walked(town, tmp_path).areas.empty


def test_another_headcount_draws_nothing_again(tmp_path: Path) -> None:
    def stages(workers: float) -> tuple[list[str], Any]:
        town = village(workers=workers)
        clock = pipeline.Clock(lambda _: None)
        results = pipeline.compute(town.write(tmp_path), clock, store=Store(tmp_path / "store"))
        return [r for s in clock.stages for r in s.reused], area(results, 15)

    before, one = stages(2000)
    after, two = stages(3000)
    assert "areas" not in before
    assert {"areas", "streets"} <= set(after)
    assert "survey" not in after
    assert shapely.equals_exact(one, two)


# --- on real streets -----------------------------------------------------------------------------


def _agrees(results: Survey, made: Any, parks: list[str]) -> None:
    """Hold the three promises for some parks."""
    streets, origins, grounds, _ = made
    net = Network.of(streets.value)
    work = origins[origins["kind"] == "work"]
    gates = results.gates
    seen = {"drawn": 0, "reached": 0, "away": 0}
    for park in parks:
        owner = int(np.flatnonzero((grounds["id"] == park) & (grounds["kind"] == "park"))[0])
        starts = work[work["park_id"] == park]
        walks = layers(net, owner, starts, gates[gates["park_id"] == park])
        own = results.areas[results.areas["park_id"] == park]
        assert own["minutes"].tolist() == list(BANDS)
        box = shapely.total_bounds(own["geometry"].to_numpy())
        plane = _plane(*((box[:2] + box[2:]) / 2))
        wide = 0.002
        places = places_along(net, walks, plane, box + np.array([-wide, -wide, wide, wide]))
        inner: Any = None
        for minutes, degrees in zip(own["minutes"], own["geometry"], strict=True):
            shape = _flat(degrees, plane)
            assert shapely.is_valid(shape)
            reached = places.near(minutes)
            # every drawn point is within 30 m of a reached street
            far = np.asarray(reached.query(_points_of(shape))[0])
            assert far.max() <= WITHIN_M, (park, minutes)
            # every reached street is inside
            surely = places.xy[places.minutes <= minutes - 1e-4]
            assert shapely.contains_xy(shape, surely).all(), (park, minutes)
            # unreached streets more than 60 m from any reached one are outside
            not_yet = places.xy[places.minutes > minutes + 1e-4]
            away = not_yet[reached.query(not_yet)[0] > FAR_M]
            assert not shapely.contains_xy(shape, away).any(), (park, minutes)
            # the areas lie one in the other (to the grid of the pages)
            if inner is not None:
                assert shapely.buffer(shape, 1.0).covers(inner)
            inner = shape
            seen["drawn"] += len(far)
            seen["reached"] += len(surely)
            seen["away"] += len(away)
    assert min(seen.values()) > 1000


def _points_of(shape: Any) -> Any:
    """Points of an outline every 3 m, and of the ground inside every 5 m."""
    west, south, east, north = shapely.bounds(shape)
    grid = np.stack(np.meshgrid(np.arange(west, east, 5), np.arange(south, north, 5)), axis=-1)
    grid = grid.reshape(-1, 2)
    edge = shapely.get_coordinates(shapely.segmentize(shape, 3.0))
    return np.concatenate([edge, grid[shapely.contains_xy(shape, grid)]])


@pytest.mark.parametrize("ground", ["flat", "hills"])
def test_areas_agree_with_the_streets_of_the_embedded_town(
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ground: str,
) -> None:
    if ground == "hills":  # made up: waves of 30 m, a kilometre apart
        hills = Ground(lambda lon, lat: 30 * np.sin(lon * 400) * np.sin(lat * 700), 60.0, 0.5)
        monkeypatch.setattr(Rules, "ground", property(lambda _: hills))
    folder = shutil.copytree(checkout / "data" / "neubrandenburg", tmp_path / "study")
    found, made = surveyed(load_study(folder))
    assert made[0].value.flat == (ground == "flat")
    parks = sorted(set(found.areas["park_id"]))
    assert len(parks) == 7
    _agrees(found, made, parks if ground == "flat" else parks[:2])


def test_areas_agree_with_the_streets_of_las_palmas(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        f'name = "lp"\n[osm]\nfile = "{shared / "las-palmas" / "osm.osm.pbf"}"\n'
        '[parks]\nfrom_osm = { landuse = ["industrial"], min_area_ha = 1 }\n',
        encoding="utf-8",
    )
    found, made = surveyed(load_study(tmp_path))
    assert {"derived", "mapped", "nearest_street"} <= set(found.gates["kind"])
    parks = sorted(set(found.areas["park_id"]))
    assert len(parks) > 20
    _agrees(found, made, parks[::6])
