"""A made-up Chinese district on paper: streets, houses, places and buses, in metres.

Everything here is invented; only the spot on the globe (a piece of Shandong) exists, because
datums must be shifted somewhere in China.  The same seed draws the same town every time.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

MADE_UP = "made up / 虚构示例"
XY = tuple[float, float]
Box = tuple[int, int, int, int]

_EAST, _NORTH = 119.95, 35.95  # WGS-84 of x = y = 0
_METRES_LON, _METRES_LAT = 90_200.0, 110_950.0  # of a degree, there
_SEED = 15
_BLOCK, _CELL = 400, 100  # metres between main roads, and between lanes
_THROUGH, _FLATS, _SHOPS = 0.8, 0.55, 0.42  # shares of lanes, of cells, of their sides
_COMMON = 6  # kinds of place that are drawn so often stand twice in a centre
_OLD_TOWN: Box = (0, 200, 2400, 3000)
_VILLAGE: Box = (-1200, -1000, -400, -200)
_NEW_TOWN: Box = (2800, 1400, 3600, 2200)
_GREEN = frozenset({(1200, 1400), (400, 2200)})  # blocks that are public gardens
_FIELDS = frozenset({(0, 2600), (1600, 2600), (2000, 2600), (2000, 2200)})  # not built yet
#: What the map covers.
EXTENT: Box = (-6600, -3000, 5800, 4800)


@dataclass(frozen=True)
class Park:
    """An industrial park: its box in metres, and what the tables say of it."""

    id: str
    name: str
    zone: str
    subdistrict: str
    workers: int
    box: Box


PARKS = (
    Park("SF01", "示范东风产业园", "老城片区", "老城街道", 6200, (-1000, 400, -200, 1200)),
    Park("SF02", "示范海晶智造园", "河东片区", "河东街道", 4800, (2800, 400, 3600, 1200)),
    Park("SF03", "示范南岸工业园", "南岸片区", "南岸街道", 5400, (400, -1100, 1200, -300)),
    Park("SF04", "示范西岭新材料园", "西岭片区", "西岭镇", 2600, (-4600, 400, -3800, 1200)),
)

# How often a kind of place is drawn, the end of its name, and its tags.
_KINDS: tuple[tuple[int, str, dict[str, str]], ...] = (
    (9, "小馆", {"amenity": "restaurant"}),
    (6, "快餐", {"amenity": "fast_food"}),
    (4, "早餐铺", {"amenity": "fast_food", "opening_hours": "Mo-Su 05:30-10:30"}),
    (9, "便利店", {"shop": "convenience", "opening_hours": "Mo-Su 06:30-23:00"}),
    (2, "超市", {"shop": "supermarket", "opening_hours": "Mo-Su 08:00-21:00"}),
    (2, "鲜果蔬菜", {"shop": "greengrocer"}),
    (1, "农贸市场", {"amenity": "marketplace", "opening_hours": "Mo-Su 05:00-19:00"}),
    (5, "驿站", {"amenity": "parcel_locker", "opening_hours": "24/7"}),
    (3, "大药房", {"amenity": "pharmacy", "opening_hours": "Mo-Su 08:00-21:30"}),
    (2, "社区卫生服务站", {"amenity": "clinic", "opening_hours": "Mo-Sa 08:00-17:00"}),
    (3, "理发", {"shop": "hairdresser"}),
    (2, "洗衣", {"shop": "laundry"}),
    (2, "手机维修", {"shop": "mobile_phone"}),
    (2, "幼儿园", {"amenity": "kindergarten"}),
    (1, "小学", {"amenity": "school"}),
    (2, "银行", {"amenity": "bank", "opening_hours": "Mo-Fr 09:00-17:00"}),
    (2, "健身广场", {"leisure": "pitch"}),
    (1, "文化活动站", {"amenity": "community_centre"}),
    (1, "图书馆", {"amenity": "library", "opening_hours": "Tu-Su 09:00-18:00"}),
    (2, "儿童乐园", {"leisure": "playground"}),
    (2, "公厕", {"amenity": "toilets"}),
    (2, "充电站", {"amenity": "charging_station"}),
    (3, "自行车停放点", {"amenity": "bicycle_parking"}),
)
_FIRST = "永福安康和兴盛文德仁义礼信嘉瑞祥明春"
_SECOND = "宁泰昌平顺达乐华丰庆荣祺远新秀清朗润"
_ROADS_NS = "望海路 学前路 解放中街 钟楼路 团结路 建国路 东环路".split()
_ROADS_EW = "滨河路 劳动路 青年路 示范大道 新华街 胜利路 北园路 北环路".split()


@dataclass
class Town:
    """What is on the map.

    Attributes
    ----------
    places
        Single points: x, y, tags.
    lines
        Ways: corners in metres, tags; an area repeats its first corner.
    routes
        Bus lines: reference, and their stops' places in `places`.
    """

    places: list[tuple[float, float, dict[str, str]]] = field(default_factory=list)
    lines: list[tuple[list[XY], dict[str, str]]] = field(default_factory=list)
    routes: list[tuple[str, list[int]]] = field(default_factory=list)

    def street(self, ends: Box, kind: str, name: str, **tags: str) -> None:
        """Lay a street along the lattice; streets that cross share a node there."""
        x1, y1, x2, y2 = ends
        steps = max(abs(x2 - x1), abs(y2 - y1)) // _CELL
        dx, dy = (x2 - x1) // steps, (y2 - y1) // steps
        way: list[XY] = [(x1 + dx * i, y1 + dy * i) for i in range(steps + 1)]
        self.lines.append((way, {"highway": kind, "name": name, **tags}))

    def area(self, box: tuple[float, float, float, float], **tags: str) -> None:
        """Draw a box."""
        self.lines.append((ring(box), tags))

    def place(self, x: float, y: float, name: str, tags: Mapping[str, str]) -> None:
        """Put down a place."""
        self.places.append((x, y, {"name": name, **tags}))


def lonlat(x: float, y: float) -> XY:
    """Longitude and latitude (WGS-84) of metres, bent a little so that streets look grown."""
    east = x + 38.0 * math.sin(y / 650.0) + 16.0 * math.sin(x / 410.0)
    north = y + 32.0 * math.sin(x / 800.0) + 14.0 * math.sin(y / 370.0)
    return round(_EAST + east / _METRES_LON, 7), round(_NORTH + north / _METRES_LAT, 7)


def ring(box: tuple[float, float, float, float]) -> list[XY]:
    """Corners of a box, with one each 200 m, so that it bends as the streets do."""
    x1, y1, x2, y2 = box
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
    out: list[XY] = []
    for (ax, ay), (bx, by) in pairwise(corners):
        n = max(1, int(max(abs(bx - ax), abs(by - ay)) // 200))
        out += [(ax + (bx - ax) * i / n, ay + (by - ay) * i / n) for i in range(n)]
    return [*out, out[0]]


def build() -> Town:
    """Draw the whole district."""
    draw = random.Random(_SEED)  # noqa: S311 - a drawing, no secret
    town = Town()
    names = [a + b for a in _FIRST for b in _SECOND]
    draw.shuffle(names)
    lanes = (n + ("巷", "里", "街", "胡同")[i % 4] for i, n in enumerate(names))
    _river(town)
    _main_roads(town)
    for quarter in (_OLD_TOWN, _VILLAGE, _NEW_TOWN):
        _quarter(town, quarter, lanes, draw)
    for park in PARKS:
        _park(town, park)
    _beside_the_first(town)
    _inside_parks(town)
    _buses(town)
    return town


def _river(town: Town) -> None:
    bends = [(x, 40.0 * math.sin(x / 900.0)) for x in range(-6600, 5801, 200)]
    town.lines.append(([(x, y) for x, y in bends], {"waterway": "river", "name": "示范河"}))
    banks = [(x, y - 70.0) for x, y in bends] + [(x, y + 70.0) for x, y in reversed(bends)]
    town.lines.append(([*banks, banks[0]], {"natural": "water", "water": "river"}))


def _main_roads(town: Town) -> None:
    west, south, east, north = _OLD_TOWN
    for i, x in enumerate(range(west, east + 1, _BLOCK)):
        town.street((x, south, x, north), "secondary", _ROADS_NS[i])
    for i, y in enumerate(range(south, north + 1, _BLOCK)):
        if y not in (200, 1400):
            town.street((west, y, east, y), "secondary", _ROADS_EW[i])
    town.street((-5000, 200, 3800, 200), "primary", "滨河路")
    town.street((-1200, 1400, 3800, 1400), "primary", "示范大道")
    for x, name in ((-1200, "西环路"), (2600, "河东路"), (3800, "海晶路")):
        town.street((x, 200, x, 1400), "secondary", name)
    for x, name in ((2800, "新区西路"), (3200, "新区中路"), (3600, "新区东路")):
        town.street((x, 1400, x, 2200), "tertiary", name)
    for y, name in ((1800, "新区一街"), (2200, "新区二街")):
        town.street((2800, y, 3600, y), "tertiary", name)
    # The only two bridges: between them, the near bank is a long walk away.
    for x, name in ((-1600, "西桥"), (3800, "东桥")):
        town.street((x, 200, x, -200), "secondary", name, bridge="yes", layer="1")
    town.street((-1600, -200, 3800, -200), "secondary", "南岸路")
    for x, name in ((-1200, "南村西路"), (-800, "南村中路"), (-400, "南村东路")):
        town.street((x, -200, x, -1000), "tertiary", name)
    for y, name in ((-600, "南村一街"), (-1000, "南村二街")):
        town.street((-1200, y, -400, y), "tertiary", name)
    for x, name in ((300, "南工一路"), (1300, "南工二路")):
        town.street((x, -200, x, -1200), "tertiary", name)
    town.street((300, -1200, 1300, -1200), "tertiary", "南工环路")


def _quarter(town: Town, quarter: Box, lanes: Iterator[str], draw: random.Random) -> None:
    west, south, east, north = quarter
    for x in range(west, east, _BLOCK):
        for y in range(south, north, _BLOCK):
            if (x, y) in _FIELDS:
                continue
            if (x, y) in _GREEN:
                town.area((x + 20, y + 20, x + 380, y + 380), leisure="park", name="示范公园")
                continue
            for k in (1, 2, 3):
                # Some lanes are dead ends, as lanes are.
                half = _BLOCK if draw.random() < _THROUGH else _BLOCK // 2
                town.street((x + k * _CELL, y, x + k * _CELL, y + half), "residential", next(lanes))
                town.street((x, y + k * _CELL, x + half, y + k * _CELL), "residential", next(lanes))
            town.area((x + 8, y + 8, x + 392, y + 392), landuse="residential")
            for cx in range(x, x + _BLOCK, _CELL):
                for cy in range(y, y + _BLOCK, _CELL):
                    _cell(town, cx, cy, draw)


def _cell(town: Town, x: int, y: int, draw: random.Random) -> None:
    """Build a cell between lanes: slabs of flats or small houses, and perhaps some shops."""
    shops: list[tuple[int, int]] = []
    if draw.random() < _FLATS:
        for dy in (22, 66):
            town.area((x + 18, y + dy, x + 82, y + dy + 13), building="apartments")
            shops.append((x + draw.randint(20, 74), y + dy + 6))
    else:
        for dx, dy in ((14, 16), (56, 20), (18, 60), (58, 58)):
            w, h = draw.randint(16, 26), draw.randint(14, 22)
            town.area((x + dx, y + dy, x + dx + w, y + dy + h), building="house")
            shops.append((x + dx + 4, y + dy + 9))
    # On a ground floor, as shops are: by that, the check of datums can tell a shifted list.
    for at in (shops[0], shops[-1]):
        if draw.random() < _SHOPS:
            _, ending, tags = draw.choices(_KINDS, [k[0] for k in _KINDS])[0]
            stem = draw.choice(_FIRST) + draw.choice(_SECOND)
            town.place(*at, stem + ending, tags)


def _park(town: Town, park: Park) -> None:
    west, south, east, north = park.box
    town.area(park.box, landuse="industrial", name=park.name)
    middle, across = (west + east) // 2, (south + north) // 2
    own = {"access": "private"} if park.id == "SF02" else {}
    number = int(park.id[-2:])
    name = f"工业{'一二三四'[number - 1]}路"
    town.street((middle, south, middle, north), "service", name, **own)
    # Outside its gates, the same street is everybody's.
    if park.id == "SF03":  # its gate looks at the river
        town.street((middle, north, middle, north + _CELL), "tertiary", name)
    else:
        town.street((middle, south - 2 * _CELL, middle, south), "tertiary", name)
    side = (west, across, east, across)
    if park.id == "SF01":
        town.street((middle, north, middle, north + 2 * _CELL), "tertiary", name)
        side = (-1200, across, 0, across)
        for x, lane in ((west + 200, "东风西路"), (east - 200, "东风东路")):
            town.street((x, south, x, north), "service", lane)
    kind = "tertiary" if park.id == "SF01" else "service"
    town.street(side, kind, f"园中{'一二三四'[number - 1]}路", **own)
    for off in (-200, 200):
        cross = (west, across + off, east, across + off)
        town.street(cross, "service", f"车间{'一二三四'[number - 1]}{'南北'[off > 0]}路", **own)
    if park.id == "SF04":  # where hardly anybody has mapped
        town.area((west + 40, south + 40, west + 160, south + 110), building="industrial")
        return
    for x in range(west, east, 200):
        for y in range(south, north, 200):
            town.area((x + 25, y + 30, x + 165, y + 95), building="industrial")
            town.area((x + 25, y + 120, x + 110, y + 175), building="warehouse")


def _beside_the_first(town: Town) -> None:
    """Serve the first park well: two centres on its own street, and shops towards the old town."""
    for i, (often, ending, tags) in enumerate(_KINDS):
        town.place(-185 + (i % 4) * 45, 500 + (i // 4) * 100, f"东风{ending}", tags)
        town.place(-900 + i * 32, 215, f"滨河{ending}", tags)
        for n, x in enumerate((-880, -480)):
            stem = f"东风{'西东'[n]}区"
            for k in range(1 + (often >= _COMMON)):
                off = (18 + 22 * k) * (1 if i % 2 else -1)
                town.place(x + i * 8, 800 + off, f"{stem}{'甲乙'[k]}{ending}", tags)
    for i in range(6):
        town.area((-180, 420 + i * 120, -120, 520 + i * 120), building="retail")


def _inside_parks(town: Town) -> None:
    own = {"amenity": "restaurant", "access": "private", "opening_hours": "Mo-Su 06:00-19:30"}
    town.place(3215, 700, "海晶智造园职工食堂", own)
    town.place(-585, 810, "东风产业园职工食堂", {"amenity": "restaurant"})
    town.place(820, -690, "南岸便利店", {"shop": "convenience", "opening_hours": "24/7"})
    town.area((200, -420, 260, -400), building="dormitory", name="南岸职工宿舍一号楼")
    town.area((200, -460, 260, -440), building="dormitory", name="南岸职工宿舍二号楼")
    town.area((2640, 480, 2720, 505), building="dormitory", name="海晶职工宿舍")


def line_stops() -> list[tuple[str, list[tuple[str, float, float]]]]:
    """Bus lines: their names, and the names and metres of their stops."""
    ways: list[tuple[str, list[XY]]] = [
        ("示1路", [(x, 800.0) for x in (-1200, -800, -400, 0)]),
        ("示2路", [(x, 1400.0) for x in (-1200, -600, 0, 800, 1600, 2400, 3200, 3800)]),
        ("示3路", [(800.0, y) for y in (200, 600, 1000, 1400, 1800, 2200, 2600, 3000)]),
        ("示4路", [(-1600.0, 200.0), *((x, -200.0) for x in (-1200, -400, 800, 3800))]),
    ]
    ways[0][1].extend((x, 200.0) for x in (0, 800, 1600, 2400, 3200, 3800))
    ways.append(("示5路", [(-800.0, 800.0), (-400.0, 800.0), (0.0, 800.0), (0.0, 1400.0)]))
    named: dict[XY, str] = {}
    for _, stops in ways:
        for at in stops:
            # Far more names than stops: taken in the order of the lines.
            named.setdefault(at, f"{_SECOND[len(named) % 18]}{_FIRST[len(named) // 2 % 18]}站")
    return [(line, [(named[(x, y)], x, y) for x, y in stops]) for line, stops in ways]


def _buses(town: Town) -> None:
    placed: dict[str, int] = {}
    for line, stops in line_stops():
        members = []
        for name, x, y in stops:
            if name not in placed:
                placed[name] = len(town.places)
                town.place(x + 12, y + 8, name, {"highway": "bus_stop"})
            members.append(placed[name])
        town.routes.append((line, members))
