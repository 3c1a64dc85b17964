"""People of a raster are shared out by the exact part of each cell, and none is lost."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from tests.rasters import tif

from parkgap.sources.population import people_at, people_in
from parkgap.sources.rasters import usable

if TYPE_CHECKING:
    import pandas as pd

WEST, NORTH, CELL = 120.0, 36.0, 0.001


def people(path: Path, *areas: shapely.Polygon) -> pd.DataFrame:
    names, problems = usable(path.parent, [path.name], "population.raster")
    assert not problems
    return people_in(names[0], np.array(areas, dtype=object))


def box(left: float, top: float, right: float, foot: float) -> shapely.Polygon:
    """A box in cells from the raster's corner, to the right and down."""
    return shapely.box(
        WEST + left * CELL, NORTH - foot * CELL, WEST + right * CELL, NORTH - top * CELL
    )


@pytest.fixture(scope="module")
def raster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # 20 x 30 cells; one unknown, one negative, one that is no number.
    values = np.random.default_rng(7).uniform(1, 40, (20, 30))
    values[2, 3], values[4, 5], values[6, 7] = -200.0, -1.0, np.nan
    path = tmp_path_factory.mktemp("pop") / "pop.tif"
    tif(path, values, west=WEST, north=NORTH, cell=CELL, nodata=-200.0, dtype="float64")
    return path


def test_a_part_of_a_cell_has_the_same_part_of_its_people(tmp_path: Path) -> None:
    path = tmp_path / "pop.tif"
    tif(path, [[10, 20], [30, 40]], west=WEST, north=NORTH, cell=CELL)
    # All of the first cell, half of the second, a quarter of the third, an eighth of the fourth.
    found = people(path, box(0, 0, 1.5, 1.25))
    assert found["persons"].tolist() == pytest.approx([10.0, 10.0, 7.5, 5.0], rel=1e-9)
    inside = shapely.points(found["lon"], found["lat"])
    assert shapely.covers(box(0, 0, 1.5, 1.25), inside).all()
    assert found["key"].is_unique


def test_unknown_and_negative_cells_hold_nobody(raster: Path) -> None:
    assert len(people(raster, box(3, 2, 4, 3), box(5, 4, 6, 5), box(7, 6, 8, 7))) == 0
    assert len(people(raster, box(-9, 0, -1, 5), box(0, 100, 5, 120))) == 0


@settings(max_examples=30)
@given(st.lists(st.floats(0.5, 29.5), max_size=5), st.lists(st.floats(0.5, 19.5), max_size=5))
def test_areas_that_tile_the_ground_share_out_all_people(
    raster: Path, across: list[float], down: list[float]
) -> None:
    import rasterio

    with rasterio.open(raster) as source:
        values = source.read(1, masked=True).filled(0.0)
    total = float(np.nansum(np.where(values > 0, values, 0)))
    xs, ys = sorted({-1.0, *across, 31.0}), sorted({-1.0, *down, 21.0})
    tiles = [box(x1, y1, x2, y2) for x1, x2 in pairwise(xs) for y1, y2 in pairwise(ys)]
    assert people(raster, *tiles)["persons"].sum() == pytest.approx(total, abs=1e-6)


def test_a_raster_in_metres_is_asked_in_metres(tmp_path: Path) -> None:
    # An equal-area world grid (Mollweide), as global population rasters have it: cells of 100 m.
    to = Transformer.from_crs("EPSG:4326", "ESRI:54009", always_xy=True)
    x, y = (float(v) for v in to.transform(120.0, 36.0))
    path = tmp_path / "pop.tif"
    tif(path, np.full((60, 60), 5.0), west=x - 3000, north=y + 3000, cell=100.0, crs="ESRI:54009")
    # A box of 1,000 x 2,000 m in the raster's own plane holds 10 x 20 cells.
    corners = shapely.segmentize(shapely.box(x - 400, y - 900, x + 600, y + 1100), 10)
    area = shapely.transform(
        corners, lambda c: np.column_stack(to.transform(c[:, 0], c[:, 1], direction="INVERSE"))
    )
    found = people(path, area)
    assert found["persons"].sum() == pytest.approx(1000.0, rel=1e-6)
    assert found["lat"].between(35.9, 36.1).all()


# --- spread over points ---------------------------------------------------------------------------

GRIDS = {
    # cell in the raster's own units, and how many parts of at most 250 m that makes
    "EPSG:4326": (1 / 120, 4 * 4),  # 30 seconds of arc, as global rasters: under 930 m
    "ESRI:54009": (1000.0, 4 * 4),  # Mollweide, 1 km
    "EPSG:4550": (100.0, 1),  # CGCS2000, a zone of three degrees, 100 m
    "EPSG:32651": (260.0, 2 * 2),
}


@pytest.mark.parametrize("crs", list(GRIDS))
def test_a_spread_keeps_the_total_in_any_coordinate_system(tmp_path: Path, crs: str) -> None:
    cell, parts = GRIDS[crs]
    to = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = (float(v) for v in to.transform(120.4, 36.1))
    values = np.random.default_rng(2).uniform(0, 900, (30, 20))
    values[2:4, 5], values[9, 9] = -99999.0, np.nan
    path = tmp_path / "pop.tif"
    void = -99999.0
    tif(path, values, west=x, north=y, cell=cell, crs=crs, nodata=void, dtype="float64")
    known = np.isfinite(values) & (values >= 0)
    whole = shapely.box(119.0, 35.0, 122.0, 37.0)
    found = people_at(str(path), whole)
    assert found["persons"].sum() == pytest.approx(values[known].sum(), abs=1e-6)
    assert len(found) == known.sum() * parts
    # Each part stands in its own cell, and the parts of a cell share its people alike.
    px, py = to.transform(found["lon"].to_numpy(), found["lat"].to_numpy())
    row, column = np.floor((y - py) / cell).astype(int), np.floor((px - x) / cell).astype(int)
    assert found["persons"].to_numpy() == pytest.approx(values[row, column] / parts, rel=1e-12)
    # Half of the ground: the same points with the same people, and no other.
    half = people_at(str(path), shapely.box(119.0, 35.0, float(found["lon"].median()), 37.0))
    kept = found[found["lon"] <= found["lon"].median()].reset_index(drop=True)
    assert half.equals(kept)


def test_two_areas_that_share_cells_count_nobody_twice(tmp_path: Path) -> None:
    path = tmp_path / "pop.tif"
    tif(path, np.full((10, 10), 16.0), west=WEST, north=NORTH, cell=1 / 120)
    ell = shapely.MultiPolygon(
        [shapely.box(WEST, 35.0, WEST + 0.02, 36.0), shapely.box(WEST + 0.021, 35.0, 121.0, 36.0)]
    )
    found = people_at(str(path), ell)
    assert not found.duplicated(["lon", "lat"]).any()
    assert len(people_at(str(path), shapely.box(0, 0, 1, 1))) == 0
