"""Which datum fits the map is measured, and said with numbers."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod

from parkgap import geo
from parkgap.sources import datum, datum_fit, regions

LON, LAT = 120.15, 35.98
RNG = np.random.default_rng(3)


def town() -> tuple[datum_fit.Reference, np.ndarray, np.ndarray]:
    """Streets every 400 m or so, and 300 places within 15 m of them."""
    step = 0.004
    lines = [
        shapely.LineString([(LON - 0.05, LAT + k * step), (LON + 0.05, LAT + k * step)])
        for k in range(-10, 11)
    ]
    reference = datum_fit.Reference(geo.project(np.array(lines, dtype=object)))
    lon = LON + RNG.uniform(-0.03, 0.03, 300)
    lat = LAT + RNG.integers(-7, 8, 300) * step + RNG.uniform(-15, 15, 300) / 111_000
    return reference, lon, lat


REFERENCE, X, Y = town()


def test_distances_to_the_streets_are_true_ones() -> None:
    found = REFERENCE.metres(np.array([LON]), np.array([LAT + 0.001]))
    assert found[0] == pytest.approx(
        Geod(ellps="WGS84").inv(LON, LAT, LON, LAT + 0.001)[2], rel=1e-4
    )
    assert REFERENCE.metres(np.array([LON]), np.array([LAT + 1.0]))[0] == 300.0


@pytest.mark.parametrize("true", datum_fit.CANDIDATES)
@pytest.mark.parametrize("declared", [*datum_fit.CANDIDATES, "CGCS2000"])
def test_the_datum_that_fits_is_found(true: str, declared: str) -> None:
    raw = datum.from_wgs84(X, Y, true)
    fit = datum_fit.fit(*datum.to_wgs84(*raw, declared), declared, REFERENCE)
    assert fit is not None
    assert fit.best == true
    same = {"CGCS2000": "WGS84"}.get(declared, declared) == true
    assert fit.suspect != same
    assert fit.certain <= fit.suspect
    # The nearest street lies 15 m off at most, and 7.5 m by the median.
    assert fit.best_m == pytest.approx(7.5, abs=1.5)
    assert fit.count == 300


def test_the_message_has_the_numbers() -> None:
    fit = datum_fit.Fit("WGS84", "GCJ02", 120, 0.94, 47.2, 11.1)
    assert fit.certain
    said = datum_fit.problem(fit, "homes.csv", None)
    assert said.what.endswith(
        " / declared WGS84; 94 % of the points fit better as GCJ02, "
        "median distance to a street or building 11 m against 47 m"
    )
    assert "声明 WGS84，但 94% 的点按 GCJ02 更贴合" in said.what


@pytest.mark.parametrize(
    ("share", "declared_m", "best_m", "count"),
    [
        (0.94, 47.0, 11.0, 19),
        (0.55, 12.0, 11.0, 500),
        (0.94, 6.0, 2.0, 500),
        (0.5, 50.0, 10.0, 500),
    ],
)
def test_thin_evidence_is_none(share: float, declared_m: float, best_m: float, count: int) -> None:
    assert not datum_fit.Fit("WGS84", "GCJ02", count, share, declared_m, best_m).suspect


def test_few_points_projected_ones_and_those_abroad_say_nothing() -> None:
    assert datum_fit.fit(X[:19], Y[:19], "WGS84", REFERENCE) is None
    assert datum_fit.fit(X, Y, "EPSG:4549", REFERENCE) is None
    assert datum_fit.fit(X - 107, Y, "WGS84", REFERENCE) is None
    nothing = datum_fit.Reference(np.empty(0, dtype=object))
    assert datum_fit.fit(X, Y, "WGS84", nothing) is None


@pytest.mark.parametrize(
    ("lon", "lat", "name", "sea"),
    [
        (116.4, 39.9, "中国 / China", False),
        (121.5, 25.0, "中国 / China", False),
        (135.5, 34.7, "日本 / Japan", False),
        (123.5, 35.0, "黄海 / the Yellow Sea", True),
        (119.8, 38.7, "渤海 / the Bohai Sea", True),
        (0.0, 0.0, "几内亚湾 / the Gulf of Guinea", True),
        (13.26, 53.55, "德国 / Germany", False),
        (10.75, 59.9, None, False),
    ],
)
def test_gross_mistakes_are_named(lon: float, lat: float, name: str | None, sea: bool) -> None:
    names, wet = regions.whereabouts(np.array([lon]), np.array([lat]))
    assert names == [name]
    assert bool(wet[0]) is sea


def test_no_box_of_another_country_lies_in_china() -> None:
    for name, box in regions._COUNTRIES:
        if name != regions.CHINA:
            assert regions._OUTLINE.intersection(shapely.box(*box)).area == 0, (name, box)
