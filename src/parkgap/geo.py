"""Plane geometry that does not depend on where a study's middle is.

All plane work (nearest street, crossings, areas) happens in the ellipsoidal Mercator
projection of WGS-84 (EPSG:3395).  It is conformal, so "nearest" is right on it, and one
number, :func:`scale`, turns its metres into true ones at a latitude.  A shard of a
country therefore gets the very figures that the whole gets.

Source: Snyder, *Map Projections: A Working Manual*, USGS PP 1395 (1987), eqs. 7-7 and 7-8.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

A = 6378137.0  # WGS-84 semi-major axis, metres
E2 = 0.0066943799901413165  # WGS-84 first eccentricity squared
_E = E2**0.5

_AREA = 2  # dimensions of a polygon

Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]


def mercator(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Project WGS-84 degrees to Mercator metres (EPSG:3395), elementwise."""
    phi = np.radians(np.asarray(lat, dtype=np.float64))
    x = A * np.radians(np.asarray(lon, dtype=np.float64))
    es = _E * np.sin(phi)
    y = A * (np.arctanh(np.sin(phi)) - _E * np.arctanh(es))
    return x, y


def degrees(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Invert :func:`mercator` by fixed point (to under 1e-11 degrees)."""
    lon = np.degrees(np.asarray(x, dtype=np.float64) / A)
    psi = np.asarray(y, dtype=np.float64) / A
    phi = np.arcsin(np.tanh(psi))
    for _ in range(6):
        phi = np.arcsin(np.tanh(psi + _E * np.arctanh(_E * np.sin(phi))))
    return lon, np.degrees(phi)


def scale(lat: npt.ArrayLike) -> Floats:
    """True metres per Mercator metre at a latitude (degrees), elementwise; 1 at the equator."""
    phi = np.radians(np.asarray(lat, dtype=np.float64))
    return np.asarray(np.cos(phi) / np.sqrt(1.0 - E2 * np.sin(phi) ** 2))


def points(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Objects:
    """Points (Mercator metres) at WGS-84 degrees, shape (n,)."""
    return planar_points(*mercator(lon, lat))


def is_area(geometry: Objects) -> npt.NDArray[np.bool_]:
    """Tell polygons and multipolygons from everything else, elementwise."""
    return np.asarray(shapely.get_dimensions(geometry) == _AREA, dtype=bool)


def lonlat_points(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Objects:
    """Points (WGS-84 degrees), shape (n,)."""
    return planar_points(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))


def planar_points(x: npt.ArrayLike, y: npt.ArrayLike) -> Objects:
    """Points at Mercator metres, shape (n,)."""
    made = shapely.points(np.atleast_1d(np.asarray(x)), np.atleast_1d(np.asarray(y)))
    return np.asarray(made, dtype=object)


def project(geometry: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Project shapely geometries from WGS-84 degrees to Mercator metres."""
    return np.asarray(
        shapely.transform(geometry, lambda c: np.column_stack(mercator(c[:, 0], c[:, 1])))
    )


def unproject(geometry: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Bring shapely geometries from Mercator metres back to WGS-84 degrees."""
    return np.asarray(
        shapely.transform(geometry, lambda c: np.column_stack(degrees(c[:, 0], c[:, 1])))
    )


def lengths(lon: Floats, lat: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """True metres of short straight pieces between two points, elementwise.

    The Mercator chord times the scale at the middle latitude; for pieces up to 1 km the
    error stays below 1 mm at 60 degrees.
    """
    x, y = mercator(lon, lat)
    x2, y2 = mercator(lon2, lat2)
    return np.hypot(x2 - x, y2 - y) * scale((np.asarray(lat) + np.asarray(lat2)) / 2)


def hectares(geometry: npt.NDArray[np.object_]) -> Floats:
    """True area, in hectares, of small WGS-84 polygons (scale taken at each one's middle)."""
    geometry = np.asarray(geometry, dtype=object)
    bounds = shapely.bounds(geometry)
    k = scale((bounds[..., 1] + bounds[..., 3]) / 2)
    return np.asarray(shapely.area(project(geometry)) * k**2 / 1e4)
