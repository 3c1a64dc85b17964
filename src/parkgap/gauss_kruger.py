"""CGCS2000's Gauss-Krüger zones by their EPSG numbers: middle meridian and width."""

from __future__ import annotations

from dataclasses import dataclass

WGS84, CGCS2000 = 4326, 4490
# First EPSG number, first zone, how many, width in degrees, whether eastings carry the zone.
_SERIES = (
    (4491, 13, 11, 6, True),
    (4502, 13, 11, 6, False),
    (4513, 25, 21, 3, True),
    (4534, 25, 21, 3, False),
)


@dataclass(frozen=True)
class Zone:
    """A zone.

    Attributes
    ----------
    number
        Its number: 13-23 (6°) or 25-45 (3°).
    middle
        Its middle meridian, degrees east.
    width
        6 or 3 degrees.
    numbered
        Whether eastings begin with the zone's number.
    """

    number: int
    middle: float
    width: int
    numbered: bool


def zone_of(epsg: int) -> Zone | None:
    """Tell which zone an EPSG number stands for; None: none of CGCS2000's.

    Source: the EPSG register, 4491-4554.

    Examples
    --------
    >>> zone_of(4549).middle, zone_of(4528).number, zone_of(3857)
    (120.0, 40, None)
    """
    for first, zone, count, width, numbered in _SERIES:
        if first <= epsg < first + count:
            number = zone + epsg - first
            middle = 6 * number - 3 if width == 6 else 3 * number  # noqa: PLR2004 - degrees
            return Zone(number, float(middle), width, numbered)
    return None


def best_zone(lon: float, *, like: Zone) -> int:
    """Give the EPSG number of the zone, of the same width and form, that holds a longitude."""
    for first, zone, count, width, numbered in _SERIES:
        if (width, numbered) == (like.width, like.numbered):
            number = int(lon // 6) + 1 if width == 6 else round(lon / 3)  # noqa: PLR2004
            return first + min(max(number - zone, 0), count - 1)
    raise ValueError(like)
