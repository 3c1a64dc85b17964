"""Bring the positions of a table to WGS-84, and refuse what cannot be right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from parkgap import geo
from parkgap.sources import datum

if TYPE_CHECKING:
    from parkgap.source_keys import Table
    from parkgap.sources.report import Cells

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

POINT_RADIUS_M = 150.0  # a park given as a point without an area
_ARCTIC = 72.0  # degrees of latitude beyond which nobody runs an industrial park
_METRES = 1000.0  # numbers larger than this are metres, not degrees
_SLACK = 5.0  # degrees by which a system may be used outside of its area
_REPAIR = 1e-3  # share of its area by which repairing may change a polygon
_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def system(cells: Cells, table: Table) -> str | None:
    """Tell the coordinate system of a table: the declared one, else the file's own.

    Notes an error, and returns None, where neither says anything or pyproj does not know
    it; a warning where both are projected systems and differ.
    """
    own = cells.raw.crs
    crs = table.crs or own
    if crs is None:
        cells.report.error(
            "未说明坐标系 / the coordinate system is not said",
            rule="WGS84, GCJ02, BD09, CGCS2000, EPSG:n",
            remedy='在 study.toml 中写明，如 crs = "GCJ02" / say it in study.toml: crs = "WGS84"',
        )
        return None
    try:
        datum.is_geographic(crs)
        differs = table.crs is not None and own is not None and _differ(table.crs, own)
    except datum.DatumError:
        cells.report.error(
            "坐标系无法识别 / the coordinate system is not known",
            value=crs[:80],
            remedy='在 study.toml 中写明 crs = "EPSG:n" / say crs = "EPSG:n" in study.toml',
        )
        return None
    if differs:
        cells.report.warning(
            "声明的坐标系与文件自带的不同，按声明的读 / "
            "the declared coordinate system differs from the file's own; the declared one was used",
            value=f"{table.crs} ≠ {(own or '')[:80]}",
            remedy="核对 study.toml 中的 crs / check crs in study.toml",
        )
    return crs


def _differ(declared: str, own: str) -> bool:
    """Tell whether two systems contradict (offset degrees mostly come labelled WGS-84)."""
    if declared in datum.OFFSET and datum.is_geographic(own):
        return False
    return not datum.same_system(declared, own)


def points(cells: Cells, lon: Floats, lat: Floats, crs: str) -> tuple[Floats, Floats]:
    """Bring points to WGS-84 degrees; every row that cannot be right is noted as an error.

    Parameters
    ----------
    lon, lat
        In the system `crs`, shape (n,); nan: the row has no position.
    """
    given = ~np.isnan(lon) & ~np.isnan(lat)
    good = given & _plausible(cells, crs, np.stack([lon, lat, lon, lat], axis=1), given)
    x, y = np.full(len(lon), np.nan), np.full(len(lat), np.nan)
    if good.any():
        x[good], y[good] = datum.to_wgs84(lon[good], lat[good], crs)
        good &= _landed(cells, crs, np.stack([x, y, x, y], axis=1), good)
        x[~good] = y[~good] = np.nan
    return x, y


def areas(cells: Cells, geometry: Shapes, crs: str, *, required: bool = True) -> Shapes:
    """Bring points and polygons to WGS-84 degrees, polygons valid; bad rows are noted.

    Parameters
    ----------
    geometry
        As the file has it, in the system `crs`, shape (n,); None: the row has no geometry.
    required
        A row without geometry is an error.

    Returns
    -------
    Points, polygons and multipolygons, shape (n,); None where the row is in error or has none.
    """
    found = np.array([_polygonal(shape) for shape in geometry], dtype=object)
    kinds = shapely.get_type_id(found)
    wrong = ~np.isin(kinds, (*_POLYGONAL, shapely.GeometryType.POINT)) | shapely.is_empty(found)
    absent = np.array([shape is None for shape in geometry], dtype=bool)
    for i in np.flatnonzero(wrong & (required | ~absent)).tolist():
        if i in cells.noted:
            continue
        cells.error(
            int(i),
            "geometry",
            "几何为空或不是点、面 / the geometry is empty, or neither point nor polygon",
            remedy="重新绘制该要素 / draw the feature again",
        )
    given = ~wrong
    good = given & _plausible(cells, crs, shapely.bounds(found), given)
    found[~good] = None
    found = datum.geometry_to_wgs84(found, crs)
    good &= _landed(cells, crs, shapely.bounds(found), good)
    found[~good] = None
    return _valid(cells, found)


def _polygonal(shape: object) -> object:
    """Unwrap a lone point or polygon, and keep the polygons of a collection."""
    if not isinstance(shape, BaseGeometry):
        return None
    if shape.geom_type == "GeometryCollection":
        parts = shapely.get_parts(shape)
        shape = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), _POLYGONAL)])
    if shape.geom_type in {"MultiPoint", "MultiPolygon"} and shapely.get_num_geometries(shape) == 1:
        shape = shapely.get_geometry(shape, 0)
    return shapely.force_2d(shape)


def _plausible(cells: Cells, crs: str, boxes: Floats, given: Flags) -> Flags:
    """Check coordinates as they are given; shape (n, 4): west, south, east, north."""
    if not datum.is_geographic(crs):
        return given
    x = np.abs(boxes[:, [0, 2]]).max(axis=1)
    y = np.abs(boxes[:, [1, 3]]).max(axis=1)
    nowhere = given & (x == 0) & (y == 0)
    out = given & ((x > 180) | (y > _ARCTIC)) & ~nowhere  # noqa: PLR2004 - degrees
    for i in np.flatnonzero(nowhere | out):
        shown = "geometry" if cells.raw.geometry is not None else "lat"
        if nowhere[i]:
            what = "坐标为 0,0 / the coordinates are 0,0"
            remedy = "填写真实坐标 / give the real coordinates"
        elif max(x[i], y[i]) > _METRES:
            what = "坐标像是米而不是度 / the coordinates look like metres, not degrees"
            remedy = (
                '在 study.toml 中写明投影坐标系，如 crs = "EPSG:4549" / '
                'say the projection in study.toml, such as crs = "EPSG:4549"'
            )
        elif y[i] <= 180 and x[i] <= _ARCTIC:  # noqa: PLR2004 - degrees
            what = "经度和纬度像是颠倒了 / longitude and latitude look swapped"
            remedy = "对调经度列与纬度列 / swap the two columns"
        else:
            what = "坐标超出范围 / the coordinates are out of range"
            if shown == "lat" and y[i] <= _ARCTIC:
                shown = "lon"
            remedy = "核对坐标 / check the coordinates"
        cells.error(int(i), shown, what, rule="|lon| ≤ 180, |lat| ≤ 72", remedy=remedy)
    good: Flags = given & ~nowhere & ~out
    return good


def _landed(cells: Cells, crs: str, boxes: Floats, given: Flags) -> Flags:
    """Check where projected coordinates came to lie."""
    finite = np.isfinite(boxes).all(axis=1)
    inside = finite.copy()
    area = datum.area_of_use(crs)
    if area is not None:
        west, south, east, north = area
        across = west > east  # over the 180th meridian
        inside &= (boxes[:, 1] >= south - _SLACK) & (boxes[:, 3] <= north + _SLACK)
        if not across:
            inside &= (boxes[:, 0] >= west - _SLACK) & (boxes[:, 2] <= east + _SLACK)
    for i in np.flatnonzero(given & ~inside):
        cells.error(
            int(i),
            "geometry" if cells.raw.geometry is not None else "lon",
            "坐标不在该坐标系的适用范围内 / "
            "the coordinates are outside of where the system is meant for",
            rule=crs[:80],
            remedy="核对 crs，以及东、北坐标是否颠倒 / check crs, and whether easting and northing "
            "are swapped",
        )
    return given & inside


def _valid(cells: Cells, geometry: Shapes) -> Shapes:
    """Repair invalid polygons where that hardly changes them; else note an error."""
    fixed = geometry.copy()
    for i in np.flatnonzero(~shapely.is_valid(geometry) & (shapely.get_type_id(geometry) >= 0)):
        mended = _polygonal(shapely.make_valid(geometry[i]))
        before, after = geo.hectares(np.array([geometry[i], mended], dtype=object))
        same = after > 0 and abs(after - before) <= _REPAIR * after
        fixed[i] = mended if same else None
        say = cells.warning if same else cells.error
        say(
            int(i),
            "geometry",
            "多边形有误，已修复，面积变化小于 0.1% / "
            "the polygon was invalid and has been repaired; its area changed by less than 0.1 %"
            if same
            else "多边形自相交，修复会改变面积 / "
            "the polygon crosses itself; repairing it would change its area",
            rule=_reason(geometry[i]),
            remedy="在 GIS 中修正边界 / correct the outline in the GIS",
        )
    return fixed


def _reason(shape: shapely.Geometry) -> str:
    """Say in which place a polygon is invalid ("zh / en")."""
    said = str(shapely.is_valid_reason(shape))
    at = re.fullmatch(r"(.*?)\s*\[(\S+) (\S+)\]", said)
    if at is None:
        return said
    return f"问题在 {at[2]}, {at[3]} 处 / {at[1]} at {at[2]}, {at[3]}"


def spots(lon: Floats, lat: Floats) -> Shapes:
    """Make points, shape (n,); None where a coordinate is nan."""
    found = np.asarray(shapely.points(np.column_stack([lon, lat])), dtype=object)
    found[np.isnan(lon) | np.isnan(lat)] = None
    return found


def middles(geometry: Shapes) -> tuple[Floats, Floats]:
    """Centroids of geometries, shape (n,) each; nan where there is none."""
    if np.isin(shapely.get_type_id(geometry), (-1, shapely.GeometryType.POINT)).all():
        return shapely.get_x(geometry), shapely.get_y(geometry)
    found = shapely.centroid(geometry)
    return shapely.get_x(found), shapely.get_y(found)


def circles(lon: Floats, lat: Floats, radius_m: Floats) -> Shapes:
    """Draw circles of true radius around WGS-84 points, shape (n,)."""
    x, y = geo.mercator(lon, lat)
    round_ = shapely.buffer(shapely.points(x, y), radius_m / geo.scale(lat), quad_segs=32)
    return geo.unproject(np.atleast_1d(np.asarray(round_, dtype=object)))


def radius_of(hectares: Floats) -> Floats:
    """Radius, in metres, of the circle of an area in hectares."""
    return np.sqrt(hectares * 1e4 / np.pi)


def metres_to(geometry: Shapes, target: Shapes) -> Floats:
    """Shortest straight distance between geometries, pairwise, in true metres; shape (n,)."""
    middle = shapely.bounds(geometry)
    k = geo.scale((middle[:, 1] + middle[:, 3]) / 2)
    return np.asarray(shapely.distance(geo.project(geometry), geo.project(target)) * k)
