"""Bring coordinates of any declared datum to WGS-84.

GCJ-02 (Gaode, Tencent) and BD-09 (Baidu) are offset grids without a published formula;
the one used here is the one in common use (first published as "eviltransform").  Their
inverse is found by fixed point, vectorised, to under 1e-6 m, because the usual one-step
inverse errs by up to 4 m.  Outside a coarse outline of China (:mod:`.regions`) points are
left as they are: there the map portals publish WGS-84.

Baidu's plane coordinates (BD-09 Mercator) are a polynomial of latitude, band by band; its
coefficients are those of Baidu's own scripts, its inverse again by fixed point.

Everything else goes through pyproj, which is imported only when it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from parkgap.sources.regions import in_china

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = npt.NDArray[np.float64]
Pair = tuple[Floats, Floats]

_A = 6378245.0  # Krasovsky 1940 semi-major axis, metres
_EE = 0.00669342162296594323  # its first eccentricity squared
_BD = np.pi * 3000.0 / 180.0
_STEPS = 30
_CLOSE = 1e-11  # degrees, about a micrometre
_BAIDU_RADIUS = 6370996.81  # of Baidu's sphere, metres

#: Spelled-out geographic systems whose numbers are WGS-84's to within a few decimetres:
#: CGCS2000 (EPSG:4490) differs from WGS-84 by less than the data's accuracy, and pyproj
#: itself treats the step as no change.
SAME_AS_WGS84 = frozenset({"WGS84", "CGCS2000"})
_AS_WGS84 = {"EPSG:4326": "WGS84", "EPSG:4490": "CGCS2000"}
OFFSET = frozenset({"GCJ02", "BD09", "BD09MC"})

# Lower end of each band of latitude, degrees; easting of one degree; polynomial of northing
# in latitude / the last number.
_MC_BANDS = (0.0, 15.0, 30.0, 45.0, 60.0)
_MC = np.array(
    [
        (
            *(-0.0003218135878613132, 111320.7020701615, 0.00369383431289, 823725.6402795718),
            *(0.46104986909093, 2351.343141331292, 1.58060784298199, 8.77738589078284),
            *(0.37238884252424, 7.45),
        ),
        (
            *(-0.0003441963504368392, 111320.7020576856, 278.2353980772752, 2485758.690035394),
            *(6070.750963243378, 54821.18345352118, 9540.606633304236, -2710.55326746645),
            *(1405.483844121726, 22.5),
        ),
        (
            *(0.00220636496208, 111320.7020209128, 51751.86112841131, 3796837.749470245),
            *(992013.7397791013, -1221952.21711287, 1340652.697009075, -620943.6990984312),
            *(144416.9293806241, 37.5),
        ),
        (
            *(0.00337398766765, 111320.7020202162, 4481351.045890365, -23393751.19931662),
            *(79682215.47186455, -115964993.2797253, 97236711.15602145, -43661946.33752821),
            *(8477230.501135234, 52.5),
        ),
        (
            *(0.0008277824516172526, 111320.7020463578, 647795574.6671607, -4082003173.641316),
            *(10774905663.51142, -15171875531.51559, 12053065338.62167, -5124939663.577472),
            *(913311935.9512032, 67.5),
        ),
    ]
)


class DatumError(ValueError):
    """A coordinate system is unknown, or cannot be brought to WGS-84."""


def _shift(lon: Floats, lat: Floats) -> Pair:
    """Offset of GCJ-02 from WGS-84 at a WGS-84 point, degrees."""
    x, y = lon - 105.0, lat - 35.0
    pi = np.pi
    waves = 20.0 * np.sin(6.0 * x * pi) + 20.0 * np.sin(2.0 * x * pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    north += waves * 2.0 / 3.0
    north += (20.0 * np.sin(y * pi) + 40.0 * np.sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * pi) + 320.0 * np.sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    east += waves * 2.0 / 3.0
    east += (20.0 * np.sin(x * pi) + 40.0 * np.sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * pi) + 300.0 * np.sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    w2 = 1.0 - _EE * np.sin(phi) ** 2
    w = np.sqrt(w2)
    return (
        np.degrees(east / (_A / w * np.cos(phi))),
        np.degrees(north / (_A * (1.0 - _EE) / (w2 * w))),
    )


def _floats(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    return np.array(lon, dtype=np.float64, ndmin=1), np.array(lat, dtype=np.float64, ndmin=1)


def _where(here: npt.NDArray[np.bool_], moved: Pair, lon: Floats, lat: Floats) -> Pair:
    return np.where(here, moved[0], lon), np.where(here, moved[1], lat)


def _inverse(step: Callable[[Floats, Floats], Pair], lon: Floats, lat: Floats) -> Pair:
    """Invert a step that moves points a little, by fixed point."""
    x, y = lon.copy(), lat.copy()
    for _ in range(_STEPS):
        forth_x, forth_y = step(x, y)
        dx, dy = forth_x - lon, forth_y - lat
        x -= dx
        y -= dy
        if max(np.abs(dx).max(initial=0.0), np.abs(dy).max(initial=0.0)) < _CLOSE:
            break
    return x, y


def _gcj(lon: Floats, lat: Floats) -> Pair:
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def _bd(lon: Floats, lat: Floats) -> Pair:
    r = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD)
    return r * np.cos(angle) + 0.0065, r * np.sin(angle) + 0.006


def wgs84_to_gcj02(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Offset WGS-84 degrees to GCJ-02, elementwise; points outside China are untouched."""
    x, y = _floats(lon, lat)
    return _where(in_china(x, y), _gcj(x, y), x, y)


def gcj02_to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Take GCJ-02 degrees back to WGS-84, elementwise; points outside China are untouched."""
    x, y = _floats(lon, lat)
    back = _inverse(_gcj, x, y)
    return _where(in_china(*back), back, x, y)


def gcj02_to_bd09(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Offset GCJ-02 degrees to BD-09, elementwise; points outside China are untouched."""
    x, y = _floats(lon, lat)
    return _where(in_china(*_inverse(_gcj, x, y)), _bd(x, y), x, y)


def wgs84_to_bd09(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Offset WGS-84 degrees to BD-09, elementwise; points outside China are untouched."""
    x, y = _floats(lon, lat)
    return _where(in_china(x, y), _bd(*_gcj(x, y)), x, y)


def bd09_to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Take BD-09 degrees back to WGS-84, elementwise; points outside China are untouched."""
    x, y = _floats(lon, lat)
    back = _inverse(_gcj, *_inverse(_bd, x, y))
    return _where(in_china(*back), back, x, y)


def bd09_to_bd09mc(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Project BD-09 degrees (latitudes of -75 to 75) to Baidu's Mercator metres, elementwise."""
    x, y = _floats(lon, lat)
    far = np.abs(y)
    rows = _MC[np.clip(np.searchsorted(_MC_BANDS, far, side="right") - 1, 0, len(_MC) - 1)]
    part = far / rows[:, 9]
    north = np.zeros_like(far)
    for power in range(8, 1, -1):
        north = north * part + rows[:, power]
    east = rows[:, 0] + rows[:, 1] * np.abs(x)
    return np.copysign(east, x), np.copysign(north, y)


def bd09mc_to_bd09(x: npt.ArrayLike, y: npt.ArrayLike) -> Pair:
    """Take Baidu's Mercator metres back to BD-09 degrees, elementwise."""
    east, north = _floats(x, y)
    lon, lat = east / _MC[0, 1], np.degrees(np.arctan(np.sinh(north / _BAIDU_RADIUS)))
    for _ in range(_STEPS):
        forth_x, forth_y = bd09_to_bd09mc(lon, lat)
        dx = (forth_x - east) / _MC[0, 1]
        dy = (forth_y - north) / _MC[0, 1] * np.cos(np.radians(lat))
        lon, lat = lon - dx, lat - dy
        if max(np.abs(dx).max(initial=0.0), np.abs(dy).max(initial=0.0)) < _CLOSE:
            break
    return lon, lat


def is_geographic(crs: str) -> bool:
    """Tell whether coordinates of `crs` are degrees.

    Raises
    ------
    DatumError
        The system is unknown.
    """
    if crs in SAME_AS_WGS84 | OFFSET:
        return crs != "BD09MC"
    return bool(_pyproj(crs).is_geographic)


def area_of_use(crs: str) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of where a system is meant for; None where not said.

    Raises
    ------
    DatumError
        The system is unknown.
    """
    if crs in SAME_AS_WGS84 | OFFSET:
        return None
    area = _pyproj(crs).area_of_use
    return None if area is None else tuple(area.bounds)


def same_system(one: str, other: str) -> bool:
    """Tell whether two systems give the same numbers (axis order aside).

    Raises
    ------
    DatumError
        One of them is unknown.
    """
    one, other = (_AS_WGS84.get(name.upper(), name) for name in (one, other))
    if one == other or {one, other} <= SAME_AS_WGS84:
        return True
    if OFFSET & {one, other}:
        return False
    return bool(_pyproj(one).equals(_pyproj(other), ignore_axis_order=True))


def to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, crs: str) -> Pair:
    """Bring coordinates to WGS-84 degrees.

    Parameters
    ----------
    lon, lat
        Degrees, or easting and northing in the system's unit, shape (n,).
    crs
        WGS84, CGCS2000, GCJ02, BD09, BD09MC, EPSG:n, or what else pyproj reads (a file's WKT).

    Returns
    -------
    lon, lat
        WGS-84 degrees, shape (n,); infinite where the system does not reach.

    Raises
    ------
    DatumError
        The system is unknown.
    """
    x, y = _floats(lon, lat)
    if crs in SAME_AS_WGS84:
        return x, y
    if crs == "GCJ02":
        return gcj02_to_wgs84(x, y)
    if crs == "BD09":
        return bd09_to_wgs84(x, y)
    if crs == "BD09MC":
        return bd09_to_wgs84(*bd09mc_to_bd09(x, y))
    system = _pyproj(crs)
    if system.to_epsg() in {4326, 4490}:
        return x, y
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        transformer = Transformer.from_crs(system, "EPSG:4326", always_xy=True)
    except ProjError as error:
        raise DatumError(str(error)) from error
    east, north = transformer.transform(x, y)
    return np.asarray(east, dtype=np.float64), np.asarray(north, dtype=np.float64)


def from_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, crs: str) -> Pair:
    """Invert :func:`to_wgs84`: WGS-84 degrees in the system `crs`, elementwise.

    Raises
    ------
    DatumError
        The system is unknown.
    """
    x, y = _floats(lon, lat)
    if crs in SAME_AS_WGS84:
        return x, y
    if crs == "GCJ02":
        return wgs84_to_gcj02(x, y)
    if crs in OFFSET:
        x, y = wgs84_to_bd09(x, y)
        return bd09_to_bd09mc(x, y) if crs == "BD09MC" else (x, y)
    from pyproj import Transformer

    east, north = Transformer.from_crs("EPSG:4326", _pyproj(crs), always_xy=True).transform(x, y)
    return np.asarray(east, dtype=np.float64), np.asarray(north, dtype=np.float64)


def geometry_to_wgs84(geometry: npt.NDArray[np.object_], crs: str) -> npt.NDArray[np.object_]:
    """Bring shapely geometries to WGS-84 degrees, vertex by vertex; None stays None.

    Raises
    ------
    DatumError
        The system is unknown.
    """
    import shapely

    if crs in SAME_AS_WGS84:
        return geometry
    coordinates = shapely.get_coordinates(geometry)
    if len(coordinates) == 0:
        return geometry
    moved = np.column_stack(to_wgs84(coordinates[:, 0], coordinates[:, 1], crs))
    return np.asarray(shapely.set_coordinates(geometry.copy(), moved))


def _pyproj(crs: str) -> Any:
    """Read a system with pyproj; any message of its own becomes ours."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input({"WGS84": "EPSG:4326", "CGCS2000": "EPSG:4490"}.get(crs, crs))
    except CRSError as error:
        raise DatumError(str(error)) from error
