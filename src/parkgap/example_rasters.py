"""The made-up district's rasters: two hills, and people where its houses stand."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from parkgap.example_town import EXTENT, MADE_UP, Town, lonlat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.example_town import XY

FILES = ("dem.tif", "population.tif")
_DEM_CELL = 1 / 1800  # degrees: 50 by 62 m
_PEOPLE_CELL = 0.001  # degrees: 90 by 111 m
_METRES_LON, _METRES_LAT = 90_200.0, 110_950.0  # of a degree, there
_PLAIN_M, _BED_M, _RIVER_M = 12.0, 4.0, 150.0
# One north of the fourth park, so that its street climbs, and one in the old town, where there are
# shops to walk to: middle, height and breadth in metres.
_HILLS: tuple[tuple[XY, float, float], ...] = (
    ((-4200.0, 1500.0), 75.0, 480.0),
    ((400.0, 1700.0), 45.0, 350.0),
)
_FLOORS = {"apartments": 6, "dormitory": 5, "house": 1}
_M2_A_HEAD = 35.0


def write_rasters(folder: Path, town: Town) -> None:
    """Write ``dem.tif`` (metres above sea) and ``population.tif`` (persons a cell), WGS-84."""
    _write(folder / FILES[0], _heights(), _DEM_CELL, "int16", "metres above sea")
    _write(folder / FILES[1], _people(town), _PEOPLE_CELL, "float32", "persons a cell")


def _corner(cell: float) -> tuple[float, float, int, int]:
    """West, north, columns and lines of a raster that covers the map."""
    west, south = lonlat(*EXTENT[:2])
    east, north = lonlat(*EXTENT[2:])
    left, top = math.floor(west / cell) - 1, math.ceil(north / cell) + 1
    right, foot = math.ceil(east / cell) + 1, math.floor(south / cell) - 1
    return left * cell, top * cell, right - left, top - foot


def _heights() -> npt.NDArray[np.float64]:
    """Level ground, a river bed, and the hills."""
    west, north, columns, lines = _corner(_DEM_CELL)
    lon = west + (np.arange(columns) + 0.5) * _DEM_CELL
    lat = (north - (np.arange(lines) + 0.5) * _DEM_CELL)[:, None]
    off = (lat - lonlat(0.0, 0.0)[1]) * _METRES_LAT / _RIVER_M
    out = _PLAIN_M - (_PLAIN_M - _BED_M) * np.exp(-(off**2)) + np.zeros(columns)
    for middle, height, breadth in _HILLS:
        x, y = lonlat(*middle)
        far = ((lon - x) * _METRES_LON) ** 2 + ((lat - y) * _METRES_LAT) ** 2
        out += height * np.exp(-far / (2 * breadth**2))
    return np.asarray(np.round(out))


def _people(town: Town) -> npt.NDArray[np.float64]:
    """Residents of the houses that are drawn, by floor area."""
    west, north, columns, lines = _corner(_PEOPLE_CELL)
    out = np.zeros((lines, columns))
    for ring, tags in town.lines:
        floors = _FLOORS.get(tags.get("building", ""), 0)
        if floors:
            lon, lat = lonlat(*_middle(ring))
            cell = int((north - lat) / _PEOPLE_CELL), int((lon - west) / _PEOPLE_CELL)
            out[cell] += _area(ring) * floors / _M2_A_HEAD
    return np.round(out)


def _middle(ring: Sequence[XY]) -> XY:
    n = len(ring) - 1
    return sum(x for x, _ in ring[:n]) / n, sum(y for _, y in ring[:n]) / n


def _area(ring: Sequence[XY]) -> float:
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(ring))) / 2


def _write(path: Path, values: npt.NDArray[np.float64], cell: float, dtype: str, unit: str) -> None:
    import rasterio
    from rasterio import Affine

    west, north, columns, lines = _corner(cell)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=lines,
        count=1,
        dtype=dtype,
        crs="EPSG:4326",
        transform=Affine(cell, 0.0, west, 0.0, -cell, north),
        nodata=-9999,
        compress="deflate",
    ) as raster:
        raster.write(values.astype(dtype), 1)
        raster.update_tags(TIFFTAG_IMAGEDESCRIPTION=MADE_UP, source=MADE_UP, unit=unit)
