"""Heights of the ground from elevation rasters, read only where somebody asks.

Several tiles with one grid are one surface, without seams; what no tile knows is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from parkgap import geo
from parkgap.sources.rasters import cells, opened

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SMOOTH_M = 20.0  # least standard deviation of the smoothing, metres
_OF_CELL = 0.5  # of a cell, where cells are larger
_TRUNCATE = 3.0  # standard deviations
_LOWEST, _HIGHEST = -1000.0, 9000.0  # beyond these no ground lies: an undeclared "no data"
_BLOCK = 512  # cells that are read at once, each way
_HALF = 0.5
_PHASE = 3  # decimals of a cell by which two lattices differ


@dataclass(frozen=True)
class _Grid:
    """Tiles of one coordinate system and cell size; cells are counted from `west, north`."""

    names: tuple[str, ...]
    bounds: Floats  # west, south, east, north of each tile, in its own units
    wkt: str
    west: float
    north: float
    dx: float
    dy: float
    factor: float  # a stored value times this, plus `shift`, is metres
    shift: float


@dataclass(frozen=True)
class Heights:
    """What the elevation rasters know; ask with :meth:`at`.

    Attributes
    ----------
    grids
        Tiles by coordinate system and cell size, in the order in which they are asked.
    step_m
        Metres of the smallest cell, at least `SMOOTH_M`: heights closer together say nothing new.
    """

    grids: tuple[_Grid, ...]
    step_m: float

    def at(self, lon: Floats, lat: Floats) -> Floats:
        """Metres above sea at WGS-84 degrees, shape (n,); NaN where no raster knows.

        The rasters are smoothed first (Gaussian; standard deviation half a cell, at least
        `SMOOTH_M`), for a single cell of SRTM is noise; then bilinear.  Unknown cells have no
        part in either.
        """
        out = np.full(len(lon), np.nan)
        for grid in self.grids:
            rows = np.flatnonzero(np.isnan(out))
            if len(rows):
                out[rows] = _ask(grid, lon[rows], lat[rows])
        return out

    def covers(self, lon: Floats, lat: Floats) -> bool:
        """Whether any of the points lies within any of the rasters, known or not."""
        return any(_near(g, *_project(g, lon, lat)).any() for g in self.grids)


def heights_of(names: Sequence[str]) -> Heights:
    """Group rasters (GDAL names, checked by :func:`parkgap.sources.rasters.usable`)."""
    tiles: dict[tuple[Any, ...], list[tuple[str, Any]]] = {}
    for name in names:
        with opened(name) as source:
            t = source.transform
            dx, dy = round(float(t.a), 12), round(float(-t.e), 12)
            # Tiles that do not lie on one lattice of cells are surfaces of their own.
            phase = tuple(round(v % 1.0, _PHASE) % 1.0 for v in (t.c / dx, t.f / dy))
            stored = float(source.scales[0]), float(source.offsets[0])
            key = (source.crs.to_wkt(), dx, dy, *stored, phase)
            tiles.setdefault(key, []).append((name, tuple(source.bounds)))
    grids = []
    for (wkt, dx, dy, factor, shift, _), same in tiles.items():
        bounds = np.array([b for _, b in same], dtype=float)
        corner = float(bounds[:, 0].min()), float(bounds[:, 3].max())
        grids.append(_Grid(tuple(n for n, _ in same), bounds, wkt, *corner, dx, dy, factor, shift))
    sides = [min(_cell_m(g, *_middle(g))) for g in grids]
    return Heights(tuple(grids), max(SMOOTH_M, min(sides, default=SMOOTH_M)))


def _middle(grid: _Grid) -> tuple[float, float]:
    return (grid.west + grid.bounds[:, 2].max()) / 2, (grid.north + grid.bounds[:, 1].min()) / 2


def _transformer(grid: _Grid) -> Any:
    from pyproj import CRS, Transformer

    return Transformer.from_crs("EPSG:4326", CRS.from_wkt(grid.wkt), always_xy=True)


def _project(grid: _Grid, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = _transformer(grid).transform(lon, lat)
    return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


def _cell_m(grid: _Grid, x: float, y: float) -> tuple[float, float]:
    """True metres of a cell's sides at a place of the grid."""
    xs, ys = np.array([x, x + grid.dx, x]), np.array([y, y, y + grid.dy])
    lon, lat = _transformer(grid).transform(xs, ys, direction="INVERSE")
    metres = geo.lengths(lon[:1], lat[:1], lon[1:], lat[1:])
    return float(metres[0]), float(metres[1])


def _near(grid: _Grid, x: Floats, y: Floats) -> Bools:
    """Points within any of the tiles, shape (n,)."""
    b = grid.bounds[:, None, :]
    inside = (b[..., 0] <= x) & (x <= b[..., 2]) & (b[..., 1] <= y) & (y <= b[..., 3])
    return np.asarray(inside.any(axis=0), dtype=bool)


def _ask(grid: _Grid, lon: Floats, lat: Floats) -> Floats:
    out = np.full(len(lon), np.nan)
    x, y = _project(grid, lon, lat)
    rows = np.flatnonzero(_near(grid, x, y))
    if len(rows) == 0:
        return out
    # Cells by their middles: 0 is the middle of the first.
    col = (x[rows] - grid.west) / grid.dx - _HALF
    line = (grid.north - y[rows]) / grid.dy - _HALF
    block = np.column_stack([np.floor(line / _BLOCK), np.floor(col / _BLOCK)]).astype(np.int64)
    blocks, of = np.unique(block, axis=0, return_inverse=True)
    order = np.argsort(of.ravel(), kind="stable")
    cuts = np.searchsorted(of.ravel()[order], np.arange(len(blocks) + 1))
    with ExitStack() as stack:
        tiles = [stack.enter_context(opened(name)) for name in grid.names]
        for i, (down, right) in enumerate(blocks):
            own = order[cuts[i] : cuts[i + 1]]
            out[rows[own]] = _in_block(grid, tiles, int(down), int(right), line[own], col[own])
    return out


def _in_block(
    grid: _Grid,
    tiles: list[DatasetReader],
    down: int,
    right: int,
    line: Floats,
    col: Floats,
) -> Floats:
    """Heights at points of one block, given in cells, shape (n,)."""
    middle = (right + _HALF) * _BLOCK, (down + _HALF) * _BLOCK
    # Taken at the block's middle, so that a height depends on nothing but the raster.
    cell = _cell_m(grid, grid.west + middle[0] * grid.dx, grid.north - middle[1] * grid.dy)
    sigma = [max(SMOOTH_M, _OF_CELL * max(cell)) / m for m in (cell[1], cell[0])]
    pad = [int(np.ceil(_TRUNCATE * s)) + 2 for s in sigma]
    top, left = int(np.floor(line.min())) - pad[0], int(np.floor(col.min())) - pad[1]
    size = (
        int(np.floor(line.max())) + pad[0] + 2 - top,
        int(np.floor(col.max())) + pad[1] + 2 - left,
    )
    ground = _read(grid, tiles, top, left, size)
    return _bilinear(_smooth(ground, sigma), line - top, col - left)


def _read(
    grid: _Grid, tiles: list[DatasetReader], top: int, left: int, size: tuple[int, int]
) -> Floats:
    """Cells of the grid, whichever tile has them, shape `size`; NaN where none does."""
    from rasterio.windows import Window

    out = np.full(size, np.nan)
    for tile, bounds in zip(tiles, grid.bounds, strict=True):
        # The tile's first cell, counted in this window.
        first = (
            round((grid.north - bounds[3]) / grid.dy) - top,
            round((bounds[0] - grid.west) / grid.dx) - left,
        )
        begin = [max(0, -f) for f in first]
        end = [min(n, s - f) for n, s, f in zip(tile.shape, size, first, strict=True)]
        if begin[0] >= end[0] or begin[1] >= end[1]:
            continue
        window = Window(begin[1], begin[0], end[1] - begin[1], end[0] - begin[0])
        ground = cells(tile, window, np.nan) * grid.factor + grid.shift
        ground[~((ground > _LOWEST) & (ground < _HIGHEST))] = np.nan
        part = out[first[0] + begin[0] : first[0] + end[0], first[1] + begin[1] : first[1] + end[1]]
        np.copyto(part, ground, where=np.isnan(part))
    return out


def _smooth(ground: Floats, sigma: list[float]) -> Floats:
    """Gaussian mean of the known cells around each known cell."""
    from scipy.ndimage import gaussian_filter

    known = np.isfinite(ground)
    total = gaussian_filter(
        np.where(known, ground, 0.0), sigma, mode="constant", truncate=_TRUNCATE
    )
    weight = gaussian_filter(known.astype(float), sigma, mode="constant", truncate=_TRUNCATE)
    out = np.full(ground.shape, np.nan)
    np.divide(total, weight, out=out, where=known)
    return out


def _bilinear(ground: Floats, line: Floats, col: Floats) -> Floats:
    """Bilinear between the middles of known cells that have at least half the weight."""
    from scipy.ndimage import map_coordinates

    known = np.isfinite(ground)
    at = np.vstack([line, col])
    total = map_coordinates(np.where(known, ground, 0.0), at, order=1, mode="constant")
    weight = map_coordinates(known.astype(float), at, order=1, mode="constant")
    out = np.full(len(line), np.nan)
    np.divide(total, weight, out=out, where=weight >= _HALF - 1e-9)
    return out
