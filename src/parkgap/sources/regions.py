"""Which country or sea a point lies in, coarsely: enough to name a gross mistake.

The tables are our own, drawn by hand on whole and half degrees.  The outline of China errs
outwards by up to half a degree, so that no place of the mainland falls outside; the boxes of
other countries and of seas err inwards, so that what lies in one is really there.  A point in
none of them is not named, and nothing is said about it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: Mainland China with Hong Kong, Macau and Hainan, clockwise from the far west; lon, lat.
#: Taiwan and Penghu lie outside; Kinmen and Matsu, within sight of the coast, inside.
_CHINA = (
    *((73.3, 39.0), (73.5, 40.2), (76.0, 40.9), (79.8, 42.3), (79.8, 45.1), (82.1, 45.5)),
    *((82.1, 47.4), (85.1, 47.3), (85.3, 48.6), (87.0, 49.4), (88.2, 49.4), (90.3, 48.0)),
    *((91.5, 46.2), (91.3, 45.4), (95.6, 44.6), (97.0, 43.0), (101.0, 42.8), (105.0, 42.0)),
    *((107.5, 42.6), (110.2, 43.0), (111.6, 43.9), (111.6, 45.2), (114.0, 45.2), (116.0, 46.5)),
    *((119.5, 47.0), (118.4, 47.8), (115.6, 47.6), (115.3, 48.3), (116.5, 50.1), (119.2, 50.4)),
    *((119.6, 52.5), (120.6, 53.6), (125.0, 53.7), (126.3, 52.6), (127.8, 50.0), (131.3, 48.2)),
    *((135.2, 48.7), (134.9, 47.7), (133.3, 45.0), (131.2, 44.7), (131.6, 43.0), (130.9, 42.3)),
    *((130.1, 42.8), (128.5, 41.3), (126.4, 40.8), (124.6, 39.9), (124.0, 39.3), (123.0, 37.6)),
    *((123.0, 36.5), (121.5, 35.0), (123.0, 32.0), (123.4, 30.0), (122.5, 28.0), (120.9, 26.5)),
    *((119.5, 24.9), (118.5, 23.5), (116.5, 22.0), (112.5, 20.9), (111.4, 17.8), (108.3, 17.9)),
    *((108.3, 21.4), (107.2, 21.5), (106.5, 21.9), (106.5, 22.8), (105.3, 23.0), (104.0, 22.4)),
    *((102.4, 22.3), (101.9, 21.1), (101.0, 21.1), (99.8, 21.6), (98.8, 22.9), (98.4, 23.9)),
    *((97.4, 23.7), (97.5, 24.8), (98.5, 26.5), (97.3, 27.9), (96.0, 27.9), (93.5, 27.5)),
    *((91.5, 27.5), (89.2, 27.1), (88.3, 27.7), (86.0, 27.7), (84.0, 28.5), (81.0, 30.0)),
    *((78.5, 30.9), (78.3, 34.0), (75.9, 35.6), (74.5, 37.0)),
)
_OUTLINE = shapely.Polygon(_CHINA)
shapely.prepare(_OUTLINE)

#: Hong Kong and Macau, which keep holidays of their own; drawn on their side of the border, so
#: that no place of Shenzhen or Zhuhai falls inside.
_OWN_HOLIDAYS = shapely.MultiPolygon(
    [
        shapely.Polygon(
            (
                *((113.82, 22.15), (113.82, 22.30), (113.98, 22.47), (114.03, 22.49)),
                *((114.08, 22.505), (114.12, 22.525), (114.16, 22.54), (114.21, 22.54)),
                *((114.42, 22.46), (114.45, 22.15)),
            )
        ),
        shapely.Polygon(
            (
                *((113.548, 22.10), (113.548, 22.15), (113.536, 22.17), (113.534, 22.21)),
                *((113.556, 22.21), (113.60, 22.16), (113.60, 22.10)),
            )
        ),
    ]
)

#: Boxes wholly on the far side of a border, and of Taiwan, which the outline leaves out because
#: coordinates come unshifted there: name and west, south, east, north.
_COUNTRIES: tuple[tuple[str, tuple[float, float, float, float]], ...] = (
    ("中国 / China", (120.0, 21.8, 122.1, 25.4)),
    ("日本 / Japan", (130.0, 31.0, 132.0, 34.0)),
    ("日本 / Japan", (132.0, 33.0, 136.0, 35.4)),
    ("日本 / Japan", (136.0, 34.0, 141.0, 37.5)),
    ("日本 / Japan", (139.8, 37.5, 142.0, 45.5)),
    ("韩国 / South Korea", (126.4, 34.5, 129.4, 37.5)),
    ("韩国 / South Korea", (126.8, 37.4, 128.3, 37.8)),
    ("朝鲜 / North Korea", (125.2, 38.2, 127.2, 40.2)),
    ("蒙古 / Mongolia", (98.0, 44.0, 110.5, 49.5)),
    ("俄罗斯 / Russia", (30.0, 56.5, 180.0, 72.0)),
    ("俄罗斯 / Russia", (132.0, 49.5, 141.0, 56.5)),
    ("哈萨克斯坦 / Kazakhstan", (52.0, 44.5, 79.0, 50.5)),
    ("吉尔吉斯斯坦 / Kyrgyzstan", (72.0, 41.5, 77.5, 42.5)),
    ("巴基斯坦 / Pakistan", (67.0, 26.0, 70.5, 33.0)),
    ("印度 / India", (74.0, 12.0, 80.0, 29.0)),
    ("印度 / India", (80.0, 18.0, 86.5, 26.0)),
    ("尼泊尔 / Nepal", (82.0, 28.0, 83.2, 28.7)),
    ("孟加拉国 / Bangladesh", (89.5, 23.0, 91.0, 24.8)),
    ("缅甸 / Myanmar", (94.5, 17.0, 97.2, 23.3)),
    ("泰国 / Thailand", (99.0, 13.5, 102.3, 18.0)),
    ("老挝 / Laos", (102.0, 19.0, 103.2, 20.7)),
    ("越南 / Vietnam", (105.0, 18.8, 106.8, 21.4)),
    ("越南 / Vietnam", (106.5, 10.3, 108.8, 14.5)),
    ("柬埔寨 / Cambodia", (103.3, 11.2, 105.5, 13.9)),
    ("马来西亚 / Malaysia", (101.0, 2.8, 103.3, 5.8)),
    ("菲律宾 / Philippines", (120.2, 14.0, 121.5, 18.3)),
    ("印度尼西亚 / Indonesia", (106.2, -7.6, 112.8, -6.2)),
    ("澳大利亚 / Australia", (116.0, -33.0, 149.0, -20.0)),
    ("土耳其 / Turkey", (28.0, 37.5, 42.0, 40.8)),
    ("沙特阿拉伯 / Saudi Arabia", (39.5, 20.0, 49.5, 28.0)),
    ("埃及 / Egypt", (26.0, 23.0, 32.5, 30.8)),
    ("德国 / Germany", (8.0, 48.0, 12.0, 54.0)),
    ("德国 / Germany", (12.0, 51.0, 14.0, 54.0)),
    ("法国 / France", (-0.5, 44.0, 6.0, 49.0)),
    ("英国 / United Kingdom", (-2.8, 51.0, 0.3, 54.5)),
    ("西班牙 / Spain", (-6.5, 38.0, -1.0, 42.5)),
    ("西班牙 / Spain", (-18.2, 27.6, -13.4, 29.3)),
    ("意大利 / Italy", (8.5, 44.2, 12.0, 45.8)),
    ("美国 / United States", (-120.0, 33.0, -82.0, 48.5)),
    ("加拿大 / Canada", (-125.0, 50.0, -66.0, 60.0)),
    ("墨西哥 / Mexico", (-105.0, 18.5, -97.0, 26.0)),
    ("巴西 / Brazil", (-60.0, -25.0, -40.0, -5.0)),
)
#: Boxes wholly at sea.
_SEAS: tuple[tuple[str, tuple[float, float, float, float]], ...] = (
    ("渤海 / the Bohai Sea", (119.3, 38.2, 120.3, 39.2)),
    ("黄海 / the Yellow Sea", (121.9, 33.2, 125.0, 36.4)),
    ("黄海 / the Yellow Sea", (122.9, 36.4, 124.4, 37.9)),
    ("黄海 / the Yellow Sea", (120.6, 34.7, 121.9, 35.8)),
    ("东海 / the East China Sea", (123.3, 25.5, 126.3, 32.5)),
    ("南海 / the South China Sea", (112.5, 11.5, 119.0, 15.5)),
    ("南海 / the South China Sea", (112.8, 17.2, 119.5, 20.4)),
    ("日本海 / the Sea of Japan", (131.0, 38.0, 138.0, 41.0)),
    ("菲律宾海 / the Philippine Sea", (123.5, 15.0, 128.0, 23.5)),
    ("太平洋 / the Pacific", (146.0, 0.0, 180.0, 42.0)),
    ("太平洋 / the Pacific", (-150.0, -40.0, -112.0, 15.0)),
    ("孟加拉湾 / the Bay of Bengal", (84.0, 10.0, 91.5, 17.5)),
    ("阿拉伯海 / the Arabian Sea", (60.0, 5.0, 70.0, 19.0)),
    ("印度洋 / the Indian Ocean", (60.0, -38.0, 95.0, -22.0)),
    ("大西洋 / the Atlantic", (-45.0, 5.0, -22.0, 50.0)),
    ("几内亚湾 / the Gulf of Guinea", (-10.0, -20.0, 4.0, 3.0)),
)
CHINA = "中国 / China"


def in_china(lon: Floats, lat: Floats) -> Flags:
    """Tell which WGS-84 points lie inside the coarse outline of China, elementwise.

    Hong Kong and Macau lie inside; Taiwan and Penghu outside (see docs/method.md).
    """
    return np.asarray(shapely.contains_xy(_OUTLINE, lon, lat), dtype=bool)


def in_mainland(lon: Floats, lat: Floats) -> Flags:
    """Tell which WGS-84 points lie where mainland China's public holidays hold, elementwise."""
    own = np.asarray(shapely.contains_xy(_OWN_HOLIDAYS, lon, lat), dtype=bool)
    return np.asarray(in_china(lon, lat) & ~own, dtype=bool)


def whereabouts(lon: Floats, lat: Floats) -> tuple[list[str | None], Flags]:
    """Name the country (or region) or sea of WGS-84 points, "zh / en", where the tables know one.

    Returns
    -------
    names
        One for each point; None where no table has it.
    sea
        True where the name is that of a sea, shape (n,).
    """
    found: list[str | None] = [None] * len(lon)
    sea = np.zeros(len(lon), dtype=bool)
    for at in np.flatnonzero(in_china(lon, lat)):
        found[at] = CHINA
    for table, wet in ((_COUNTRIES, False), (_SEAS, True)):
        for name, (west, south, east, north) in table:
            here = (lon > west) & (lon < east) & (lat > south) & (lat < north)
            for at in np.flatnonzero(here):
                found[at] = name
                sea[at] = wet
    return found, sea
