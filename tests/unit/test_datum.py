"""Offset and projected coordinates come to WGS-84; expected values are other people's."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from parkgap.sources import datum, regions

LON = st.floats(100.0, 120.0)  # well inside China
LAT = st.floats(26.0, 40.0)


# The test vectors that the project eviltransform publishes (WGS-84 lat, lon; GCJ-02 lat, lon).
@pytest.mark.parametrize(
    ("lat", "lon", "gcj_lat", "gcj_lon"),
    [
        (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
        (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
        (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
    ],
)
def test_gcj02_agrees_with_published_vectors(
    lat: float, lon: float, gcj_lat: float, gcj_lon: float
) -> None:
    x, y = datum.wgs84_to_gcj02(lon, lat)
    assert (x[0], y[0]) == pytest.approx((gcj_lon, gcj_lat), abs=1e-9)
    x, y = datum.gcj02_to_wgs84(gcj_lon, gcj_lat)
    assert (x[0], y[0]) == pytest.approx((lon, lat), abs=1e-9)


# The test vectors that the project coordtransform publishes for 116.404, 39.915.
def test_offsets_agree_with_coordtransform() -> None:
    x, y = datum.gcj02_to_bd09(116.404, 39.915)
    assert (x[0], y[0]) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-12)
    x, y = datum.wgs84_to_gcj02(116.404, 39.915)
    assert (x[0], y[0]) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-12)


@given(LON, LAT)
def test_inverses_are_exact_to_a_hundredth_of_a_millimetre(lon: float, lat: float) -> None:
    gcj = datum.wgs84_to_gcj02(lon, lat)
    bd = datum.gcj02_to_bd09(*gcj)
    for back in (datum.gcj02_to_wgs84(*gcj), datum.bd09_to_wgs84(*bd)):
        assert back[0][0] == pytest.approx(lon, abs=1e-10)
        assert back[1][0] == pytest.approx(lat, abs=1e-10)


def test_the_offset_is_hundreds_of_metres_in_qingdao() -> None:
    x, y = datum.wgs84_to_gcj02(120.15, 35.98)
    _, _, metres = Geod(ellps="WGS84").inv(120.15, 35.98, x[0], y[0])
    assert 300 < metres < 900


@pytest.mark.parametrize(("lon", "lat"), [(13.26, 53.55), (-15.4, 28.1), (151.2, -33.9)])
@pytest.mark.parametrize("crs", ["GCJ02", "BD09"])
def test_points_outside_china_are_untouched(lon: float, lat: float, crs: str) -> None:
    x, y = datum.to_wgs84(lon, lat, crs)
    assert (x[0], y[0]) == (lon, lat)


def test_inputs_are_not_changed_and_empty_ones_do_no_harm() -> None:
    lon, lat = np.array([120.0]), np.array([36.0])
    datum.to_wgs84(lon, lat, "BD09")
    assert (lon[0], lat[0]) == (120.0, 36.0)
    assert datum.to_wgs84([], [], "GCJ02")[0].shape == (0,)


def test_cgcs2000_degrees_are_taken_as_they_are() -> None:
    for crs in ("CGCS2000", "EPSG:4490", "WGS84"):
        x, y = datum.to_wgs84([120.15], [35.98], crs)
        assert (x[0], y[0]) == (120.15, 35.98)


def test_gauss_kruger_by_hand() -> None:
    # On the central meridian (120 E in EPSG:4549) easting is the false easting, and northing is
    # the length of the meridian; 10 000 km from equator to pole was how the metre was defined.
    x, y = datum.to_wgs84([500000.0], [0.0], "EPSG:4549")
    assert (x[0], y[0]) == pytest.approx((120.0, 0.0), abs=1e-9)
    _, _, quarter = Geod(ellps="GRS80").inv(120.0, 0.0, 120.0, 36.0)
    x, y = datum.to_wgs84([500000.0], [quarter], "EPSG:4549")
    assert (x[0], y[0]) == pytest.approx((120.0, 36.0), abs=1e-8)


def test_geometries_move_vertex_by_vertex() -> None:
    shapes = np.array([shapely.box(120.0, 36.0, 120.1, 36.1), None], dtype=object)
    moved = datum.geometry_to_wgs84(shapes, "GCJ02")
    lon, lat = datum.gcj02_to_wgs84([120.0], [36.0])
    assert shapely.get_coordinates(moved).shape == shapely.get_coordinates(shapes).shape
    corner = shapely.get_coordinates(moved)
    assert np.abs(corner - [lon[0], lat[0]]).sum(axis=1).min() < 1e-12
    assert moved[1] is None
    assert shapes[0].bounds == (120.0, 36.0, 120.1, 36.1)


def test_unknown_systems_are_refused() -> None:
    with pytest.raises(datum.DatumError):
        datum.to_wgs84([1.0], [1.0], "EPSG:999999")


def test_systems_are_compared_by_what_they_mean() -> None:
    assert datum.same_system("WGS84", "CGCS2000")
    assert datum.same_system("EPSG:3826", "epsg:3826")
    assert not datum.same_system("EPSG:3826", "EPSG:4549")
    assert not datum.same_system("GCJ02", "WGS84")


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Every twentieth of a degree of China, some 420,000 points."""
    lon, lat = np.meshgrid(np.arange(73.0, 136.0, 0.05), np.arange(17.0, 54.5, 0.05))
    lon, lat = lon.ravel(), lat.ravel()
    inside = regions.in_china(lon, lat)
    return lon[inside], lat[inside]


@pytest.mark.parametrize("crs", ["GCJ02", "BD09", "BD09MC"])
def test_a_round_trip_over_all_of_china_is_under_a_centimetre(crs: str) -> None:
    lon, lat = grid()
    assert len(lon) > 400_000
    back = datum.to_wgs84(*datum.from_wgs84(lon, lat, crs), crs)
    _, _, metres = Geod(ellps="WGS84").inv(lon, lat, *back)
    assert metres.max() < 0.01


# Baidu's own example of its conversion service: 116.404, 39.915 in its plane.
def test_baidus_plane_agrees_with_its_published_example() -> None:
    x, y = datum.bd09_to_bd09mc(116.404, 39.915)
    assert (x[0], y[0]) == pytest.approx((12958175.0, 4825923.77), abs=0.01)
    lon, lat = datum.bd09mc_to_bd09(12958175.0, 4825923.77)
    assert (lon[0], lat[0]) == pytest.approx((116.404, 39.915), abs=1e-7)


def test_baidus_plane_is_odd_in_both_axes() -> None:
    x, y = datum.bd09_to_bd09mc([-116.404, 116.404], [39.915, -39.915])
    assert (x[0], y[1]) == pytest.approx((-12958175.0, -4825923.77), abs=0.01)


@pytest.mark.parametrize(
    ("place", "lon", "lat"),
    [
        ("Hong Kong", 114.158, 22.283),
        ("Macau", 113.544, 22.199),
        ("Kashgar", 75.99, 39.47),
        ("Mohe", 122.53, 52.97),
        ("Fuyuan", 134.30, 48.36),
        ("Sanya", 109.50, 18.25),
        ("Dandong", 124.39, 40.13),
        ("Ruili", 97.85, 24.01),
        ("Qingdao", 120.38, 36.07),
        ("Shengsi", 122.45, 30.72),
    ],
)
def test_the_offset_applies_within_china(place: str, lon: float, lat: float) -> None:
    x, y = datum.wgs84_to_gcj02(lon, lat)
    _, _, metres = Geod(ellps="WGS84").inv(lon, lat, x[0], y[0])
    assert 50 < metres < 1200, place


@pytest.mark.parametrize(
    ("place", "lon", "lat"),
    [
        ("Taipei", 121.56, 25.04),
        ("Kaohsiung", 120.30, 22.62),
        ("Seoul", 126.98, 37.57),
        ("Pyongyang", 125.75, 39.03),
        ("Hanoi", 105.85, 21.03),
        ("Ulaanbaatar", 106.9, 47.92),
        ("Vladivostok", 131.89, 43.12),
        ("Almaty", 76.9, 43.24),
        ("Kathmandu", 85.32, 27.71),
    ],
)
@pytest.mark.parametrize("crs", ["GCJ02", "BD09"])
def test_no_offset_applies_beyond(place: str, lon: float, lat: float, crs: str) -> None:
    x, y = datum.to_wgs84(lon, lat, crs)
    assert (x[0], y[0]) == (lon, lat), place


def test_a_point_that_is_shifted_over_the_border_comes_back() -> None:
    # The outline's southernmost side: within a kilometre of it the two readings overlap.
    lon = np.full(400, 109.5)
    lat = np.linspace(17.84, 17.90, 400)
    inside = regions.in_china(lon, lat)
    assert 0 < inside.sum() < 400
    back = datum.gcj02_to_wgs84(*datum.wgs84_to_gcj02(lon, lat))
    assert np.abs(back[0] - lon)[inside].max() < 1e-9
    assert np.abs(back[1] - lat)[inside].max() < 1e-9


# EPSG numbers the zones in a row; on a zone's middle meridian the easting is 500 km, with the
# zone's number before it where the system has one.
@pytest.mark.parametrize(
    ("epsg", "x", "middle"),
    [(4491 + z - 13, z * 1e6 + 500000, 6 * z - 3) for z in (13, 18, 21, 23)]
    + [(4502 + z - 13, 500000, 6 * z - 3) for z in (13, 18, 21, 23)]
    + [(4513 + z - 25, z * 1e6 + 500000, 3 * z) for z in (25, 38, 40, 45)]
    + [(4534 + z - 25, 500000, 3 * z) for z in (25, 38, 40, 45)],
)
def test_every_kind_of_gauss_kruger_zone(epsg: int, x: float, middle: float) -> None:
    _, _, quarter = Geod(ellps="GRS80").inv(middle, 0.0, middle, 36.0)
    lon, lat = datum.to_wgs84([x], [quarter], f"EPSG:{epsg}")
    assert (lon[0], lat[0]) == pytest.approx((middle, 36.0), abs=1e-8)
