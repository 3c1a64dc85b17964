"""The GeoPackage's coordinate system: WGS-84, CGCS2000 degrees, or a Gauss-Krüger zone.

CGCS2000's degrees are taken as WGS-84's, from which they differ by less than the data's accuracy
(docs/method.md, Coordinates).  Coordinates always run east, north, as GeoPackage and GDAL store
them, whatever order the register names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from parkgap.errors import InputError, Problem
from parkgap.gauss_kruger import CGCS2000, Zone, best_zone, zone_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Geometries = npt.NDArray[np.object_]

DIGITS = 7  # decimals of a published coordinate in degrees: 1 cm
_FAR = 10.0  # degrees from the middle meridian: another part of the country


def epsg_of(crs: str) -> int:
    """Give the number of ``EPSG:n``."""
    return int(crs.partition(":")[2])


def projected(shapes: Geometries, crs: str) -> Geometries:
    """Bring shapes from WGS-84 degrees into a coordinate system.

    Before they are projected, degrees are rounded as they are published, so that
    :func:`in_degrees` gives the very same ones back.

    Parameters
    ----------
    shapes
        Geometries in WGS-84 degrees, east and north, shape (n,).
    crs
        ``EPSG:4326``, ``EPSG:4490`` (the same degrees) or one of EPSG:4491-4554 (metres).
    """
    if zone_of(epsg_of(crs)) is None:
        return shapes
    change = _transformer(CGCS2000, epsg_of(crs))
    return np.asarray(shapely.transform(shapes, lambda xy: change(np.round(xy, DIGITS))))


def in_degrees(shapes: Geometries, crs: str) -> Geometries:
    """Bring shapes of a published layer back to WGS-84 degrees, rounded as they are published."""
    if zone_of(epsg_of(crs)) is None:
        return shapes
    change = _transformer(epsg_of(crs), CGCS2000)
    return np.asarray(shapely.transform(shapes, lambda xy: np.round(change(xy), DIGITS)))


def _transformer(one: int, other: int) -> Any:
    from pyproj import Transformer

    found = Transformer.from_crs(one, other, always_xy=True)

    def change(points: Any) -> Any:
        return np.column_stack(found.transform(points[:, 0], points[:, 1]))

    return change


def zone_doubts(shapes: Any, crs: str) -> list[tuple[str, str]]:
    """Say (zh, en) where parks lie outside the zone of their map.

    Raises
    ------
    InputError
        They lie more than 10° from its middle meridian: it is the zone of another place.
    """
    zone = zone_of(epsg_of(crs))
    if zone is None:
        return []
    west, _, east, _ = shapely.total_bounds(np.asarray(shapes, dtype=object))
    off = max(abs(west - zone.middle), abs(east - zone.middle))
    if not off > zone.width / 2:
        return []
    better = f"EPSG:{best_zone((west + east) / 2, like=zone)}"
    if off > _FAR:
        raise InputError(
            Problem(
                what="园区不在成果坐标系的投影带内 / the parks lie far from the zone asked for",
                column="gis.crs",
                value=f"{crs} ({zone.middle:.0f}°E); {west:.2f}–{east:.2f}°E",
                rule=f"离中央经线不超过 {_FAR:.0f}° / within {_FAR:.0f}° of its middle meridian",
                remedy=f'crs = "{better}"',
            )
        )
    return [_outside(zone, crs, better, float(off))]


def _outside(zone: Zone, crs: str, better: str, off: float) -> tuple[str, str]:
    zh = (
        f"parkgap.gpkg：有园区离 {crs} 的中央经线 {zone.middle:.0f}°E 达 {off:.1f}°，"
        f"超出 {zone.width}° 带，长度有变形；多数园区适用 {better}"
    )
    en = (
        f"parkgap.gpkg: some parks lie {off:.1f}° from the middle meridian of {crs} "
        f"({zone.middle:.0f}°E), outside the {zone.width}° zone, where lengths are distorted; "
        f"{better} fits most"
    )
    return zh, en
