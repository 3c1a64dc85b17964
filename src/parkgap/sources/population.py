"""People by the cells of a population raster, and the exact share of each cell in an area."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap.sources.rasters import cells, opened

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]

PART_M = 250.0  # a larger cell is parted: its middle alone would put a whole quarter at one door
_MOST_PARTS = 40  # of a cell, each way
_DEGREE_M = 111_320.0
_SLIVER = 1e-9  # of a cell: an area that only touches it, by the last bit of a corner
_BENT = 0.002  # degrees: between corners, an edge that is straight in one plane bends in another


def people_in(name: str, areas: Objects) -> pd.DataFrame:
    """Spread the people of a raster over areas.

    Parameters
    ----------
    name
        GDAL name of the raster, persons a cell, any coordinate system (checked by
        :func:`parkgap.sources.rasters.usable`).
    areas
        Polygons, WGS-84, shape (n,).

    Returns
    -------
    DataFrame
        ``area`` (row), ``key`` (the cell's middle, told in the raster's own units), ``lon, lat``
        (a point of the cell in the area) and ``persons``: the cell's people times the share of its
        ground that lies in the area, so that areas which tile the ground share out all of its
        people.  Cells without people, unknown and negative ones are left out.
    """
    from pyproj import CRS, Transformer

    parts = [pd.DataFrame({c: pd.Series(dtype="float64") for c in ("lon", "lat", "persons")})]
    with opened(name) as source:
        crs = CRS.from_wkt(source.crs.to_wkt())
        to = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        bent = areas if crs.is_geographic else shapely.segmentize(areas, _BENT)
        shapes = shapely.transform(bent, lambda c: np.column_stack(to.transform(c[:, 0], c[:, 1])))
        for row, shape in enumerate(shapes):
            found = _one(source, shape)
            if found is None:
                continue
            key, x, y, persons = found
            lon, lat = to.transform(x, y, direction="INVERSE")
            parts.append(
                pd.DataFrame({"area": row, "key": key, "lon": lon, "lat": lat, "persons": persons})
            )
    frame = pd.concat(parts, ignore_index=True)
    columns = ["area", "key", "lon", "lat", "persons"]
    return frame.reindex(columns=columns).astype({"area": "int64", "key": object})


def extent_of(name: str) -> shapely.Geometry:
    """Ground (WGS-84) of which a raster speaks, known cells or not."""
    from pyproj import CRS, Transformer

    with opened(name) as source:
        to = Transformer.from_crs("EPSG:4326", CRS.from_wkt(source.crs.to_wkt()), always_xy=True)
        outline = shapely.segmentize(shapely.box(*source.bounds), source.transform.a * 10)

    def back(c: Floats) -> Floats:
        return np.column_stack(to.transform(c[:, 0], c[:, 1], direction="INVERSE"))

    extent: shapely.Geometry = shapely.transform(outline, back)
    return extent


def people_at(name: str, area: shapely.Geometry) -> pd.DataFrame:
    """Spread the people of a raster over points that stand for its cells.

    Cells wider than `PART_M` are parted into equal parts, each with the same share of the cell's
    people, so that the total is kept.  Points and shares depend on the raster alone: another area
    has other points, never other figures of the same.

    Parameters
    ----------
    name
        As for :func:`people_in`.
    area
        Where people are asked for (WGS-84).

    Returns
    -------
    DataFrame
        ``lon, lat`` and ``persons`` (0 where the raster says that nobody lives there) of every
        point in the area, in the order of the raster; none where a cell is unknown.
    """
    from pyproj import CRS, Transformer

    columns = ["row", "column", "lon", "lat", "persons"]
    parts = [pd.DataFrame({c: pd.Series(dtype="float64") for c in columns})]
    with opened(name) as source:
        crs = CRS.from_wkt(source.crs.to_wkt())
        to = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        metre = _DEGREE_M if crs.is_geographic else float(crs.axis_info[0].unit_conversion_factor)
        t = source.transform
        cut = [min(_MOST_PARTS, max(1, ceil(abs(d) * metre / PART_M))) for d in (t.e, t.a)]
        for shape in shapely.get_parts(area):
            shapely.prepare(shape)
            bent = shape if crs.is_geographic else shapely.segmentize(shape, _BENT)
            planar = shapely.transform(
                bent, lambda c: np.column_stack(to.transform(c[:, 0], c[:, 1]))
            )
            row, column, x, y, persons = _parted(source, planar, (cut[0], cut[1]))
            lon, lat = to.transform(x, y, direction="INVERSE")
            inside = shapely.intersects_xy(shape, lon, lat)
            found = dict(zip(columns, (row, column, lon, lat, persons), strict=True))
            parts.append(pd.DataFrame(found)[inside])
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.drop_duplicates(["row", "column"]).sort_values(["row", "column"])
    return frame[["lon", "lat", "persons"]].reset_index(drop=True)


def _parted(
    source: DatasetReader, planar: shapely.Geometry, cut: tuple[int, int]
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Parts of the known cells around a shape: row and column among all parts, x, y, persons."""
    from rasterio.windows import Window

    none = np.empty(0)
    frame = _frame_of(source, planar)
    if frame is None:
        return none, none, none, none, none
    left, top, right, foot = frame
    t = source.transform
    persons = cells(source, Window(left, top, right - left, foot - top), np.nan)
    i, j = np.nonzero(np.isfinite(persons) & (persons >= 0))
    down, across = (a.ravel() for a in np.meshgrid(*map(np.arange, cut), indexing="ij"))
    row = ((i + top)[:, None] * cut[0] + down).ravel()
    column = ((j + left)[:, None] * cut[1] + across).ravel()
    x = t.c + (column + 0.5) * (t.a / cut[1])
    y = t.f + (row + 0.5) * (t.e / cut[0])
    share = np.repeat(persons[i, j] / (cut[0] * cut[1]), cut[0] * cut[1])
    return row.astype(float), column.astype(float), x, y, share


def _frame_of(source: DatasetReader, shape: shapely.Geometry) -> tuple[int, int, int, int] | None:
    """Left, top, right and foot (cells) of what a raster has of a shape; None: nothing."""
    t = source.transform
    west, south, east, north = shapely.bounds(shape)
    left, right = max(0, floor((west - t.c) / t.a)), min(source.width, ceil((east - t.c) / t.a))
    top, foot = max(0, floor((north - t.f) / t.e)), min(source.height, ceil((south - t.f) / t.e))
    return None if left >= right or top >= foot else (left, top, right, foot)


def _one(
    source: DatasetReader, shape: shapely.Geometry
) -> tuple[Objects, Floats, Floats, Floats] | None:
    """Cells of one area in the raster's units: key, x, y, persons; None where there are none."""
    from rasterio.windows import Window

    if shapely.is_empty(shape):
        return None
    frame = _frame_of(source, shape)
    if frame is None:
        return None
    left, top, right, foot = frame
    t = source.transform
    window = Window(left, top, right - left, foot - top)
    persons = cells(source, window, 0.0)
    i, j = np.nonzero(np.isfinite(persons) & (persons > 0))
    x, y = t.c + (j + left) * t.a, t.f + (i + top) * t.e
    boxes = shapely.box(x, y + t.e, x + t.a, y)
    shapely.prepare(shape)
    whole = shapely.contains(shape, boxes)
    meets = np.flatnonzero(~whole & shapely.intersects(shape, boxes))
    met = shapely.intersection(boxes[meets], shape)
    share = whole.astype(float)
    share[meets] = shapely.area(met) / abs(t.a * t.e)
    point = shapely.centroid(boxes)
    key = np.array(
        [f"cell@{a:.6f},{b:.6f}" for a, b in zip(*_xy(point), strict=True)],
        dtype=object,
    )
    point[meets] = shapely.point_on_surface(met)
    use = np.flatnonzero(share > _SLIVER)
    if len(use) == 0:
        return None
    px, py = _xy(point[use])
    return key[use], px, py, persons[i, j][use] * share[use]


def _xy(points: Objects) -> tuple[Floats, Floats]:
    return np.asarray(shapely.get_x(points)), np.asarray(shapely.get_y(points))
