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


def _one(
    source: DatasetReader, shape: shapely.Geometry
) -> tuple[Objects, Floats, Floats, Floats] | None:
    """Cells of one area in the raster's units: key, x, y, persons; None where there are none."""
    from rasterio.windows import Window

    if shapely.is_empty(shape):
        return None
    t = source.transform
    west, south, east, north = shapely.bounds(shape)
    left, right = max(0, floor((west - t.c) / t.a)), min(source.width, ceil((east - t.c) / t.a))
    top, foot = max(0, floor((north - t.f) / t.e)), min(source.height, ceil((south - t.f) / t.e))
    if left >= right or top >= foot:
        return None
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
