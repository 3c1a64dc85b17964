"""Make the tables of the embedded study from its OpenStreetMap extract.

    python make_tables.py                              # parks.geojson and the CSV files
    python make_tables.py --extract osm.osm.bz2        # first write osm.osm.pbf from this

Real: the outlines, names and ids of the parks, the streets that the gates lie on, and the
buildings that enterprises, residences and housing stand in; all are OpenStreetMap's.  MADE
UP: every headcount, gate, enterprise, residence, shift and bed.  Each row's ``source`` says
so.  Nobody employs or houses these people; the numbers only let the program show what it does.

The same extract gives the same bytes: every choice comes from a random generator seeded with
the park's OSM id, and rows are written in a fixed order.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import shapely

from parkgap import geo

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

HERE = Path(__file__).resolve().parent
EXTRACT = HERE / "osm.osm.pbf"
DATA_DATE = "2016-02-10T20:41:25Z"  # the newest object in the extract
MADE_UP = "made up / 虚构示例"

MIN_AREA_HA = 3.0
MERGE_M = 50.0  # areas of one name this close together are one park
# Named business areas of the extract that are no industrial park.
LEFT_OUT = {
    "Behördenzentrum": "government offices",
    "Kiestagebau": "a gravel pit",
    "Kiestagebau Kreuzbruchhof": "a gravel pit",
}
PUBLIC_STREETS = {
    *("primary", "secondary", "tertiary", "unclassified", "residential", "living_street"),
}
HOMES = {"apartments", "residential", "dormitory"}
WITHOUT_GATES = {"Webasto", "Telekom"}  # there the program derives gates from the streets
WITH_ENTERPRISES = {"Gewerbepark Weitin", "Datzeberg Nord-Ost", "Am Stargarder Bruch"}
ONE_SHIFT = {"Webasto", "Telekom"}
SHARED_DORMITORY = ("Datzeberg Nord-Ost", "Gewerbegebiet Hellfeld")  # the first's houses both
# The municipality is that of the mapped addresses in the park, else around it; the quarter is
# the nearest suburb's node, in the only municipality here that has suburbs.
ADDRESS_M = (0.0, 300.0, 600.0)
TOWN, SUBURB_M = "Neubrandenburg", 1000.0

WORKERS_PER_HA = (35.0, 85.0)
INSIDE_M = 30.0  # a street must run this far into a park to give it a gate
GATES_APART_M = 150.0
MAX_GATES = 5
# kind: share of the park's workers (from, to), metres from the park's edge (from, to)
RESIDENCES = {
    "dormitory": ((0.10, 0.18), (100.0, 1500.0)),
    "public_rental": ((0.06, 0.12), (600.0, 3000.0)),
    "talent_apartment": ((0.03, 0.06), (800.0, 4000.0)),
    "other": ((0.10, 0.20), (1000.0, 5000.0)),
}
KIND_NAMES = {
    "dormitory": "示例职工宿舍",
    "public_rental": "示例公租房",
    "talent_apartment": "示例人才公寓",
    "other": "示例居住点",
}
# kind: beds as a share of the park's workers (from, to), metres from its edge (from, to)
HOUSING = {
    "public_rental": ((0.04, 0.09), (300.0, 1500.0)),
    "talent_apartment": ((0.01, 0.03), (600.0, 3000.0)),
}
VACANT = (0.2, 0.6)
MIN_BEDS = 40
MIN_GROUP = 30  # no residence group is smaller: nobody could be told from it
SHIFTS = (  # name, start, end, break start, break minutes, share
    ("白班 day", "07:00", "15:30", "11:30", 30, 0.6),
    ("中班 late", "14:00", "22:00", "18:00", 30, 0.25),
    ("夜班 night", "22:00", "06:00", "02:00", 30, 0.15),
)
DAY_SHIFT = ("白班 day", "08:00", "16:30", "12:00", 30, 1.0)


@dataclass
class Town:
    """What is wanted of the extract; geometry in Mercator metres (EPSG:3395)."""

    areas: list[tuple[str, int, BaseGeometry]] = field(default_factory=list)
    streets: list[tuple[int, BaseGeometry]] = field(default_factory=list)
    homes: list[tuple[int, BaseGeometry]] = field(default_factory=list)
    buildings: list[tuple[int, BaseGeometry]] = field(default_factory=list)
    suburbs: list[tuple[str, BaseGeometry]] = field(default_factory=list)
    addresses: list[tuple[str, BaseGeometry]] = field(default_factory=list)


@dataclass
class Park:
    """A park: OSM way ids (smallest first), name, outline in Mercator metres, workers."""

    ways: list[int]
    name: str
    outline: BaseGeometry
    workers: int = 0

    @property
    def park_id(self) -> str:
        """The OSM id with a dash."""
        return f"way-{self.ways[0]}"

    @property
    def hectares(self) -> float:
        """True area."""
        return float(geo.hectares(np.array([wgs84(self.outline)], dtype=object))[0])

    def dice(self, purpose: str) -> random.Random:
        """Return the park's own random generator, so that one park never moves another."""
        return random.Random(f"{self.ways[0]} {purpose}")  # noqa: S311 - not a secret


def wgs84(shape: BaseGeometry) -> BaseGeometry:
    """Bring a Mercator geometry back to degrees."""
    degrees: BaseGeometry = geo.unproject(np.array([shape], dtype=object))[0]
    return degrees


def true_metres(shape: BaseGeometry) -> float:
    """Tell the true metres of a Mercator metre at a geometry."""
    return float(geo.scale(wgs84(shape.centroid).bounds[1]))


def distance(one: BaseGeometry, other: BaseGeometry) -> float:
    """Straight distance in true metres."""
    return float(one.distance(other)) * true_metres(one)


def write_extract(source: Path) -> None:
    """Convert an extract to PBF: all objects and tags, no editing history, a data date."""
    with osmium.io.Reader(str(source)) as reader:
        box = reader.header().box()
    header = osmium.io.Header()
    header.add_box(box)
    header.set("generator", "parkgap")
    header.set("osmosis_replication_timestamp", DATA_DATE)
    target = osmium.io.File(str(EXTRACT), "pbf,add_metadata=false")
    with osmium.SimpleWriter(target, header=header, overwrite=True) as writer:
        thing: Any
        for thing in osmium.FileProcessor(str(source)):
            writer.add(thing)


def read_town() -> Town:
    """Read streets, named business areas, buildings and suburbs."""
    town = Town()
    keys = osmium.filter.KeyFilter("landuse", "highway", "building", "place", "addr:city")
    thing: Any
    for thing in osmium.FileProcessor(str(EXTRACT)).with_locations().with_filter(keys):
        tags = thing.tags
        if thing.is_node():
            x, y = geo.mercator(thing.lon, thing.lat)
            point = shapely.Point(float(x), float(y))
            if tags.get("place") == "suburb" and "name" in tags:
                town.suburbs.append((tags["name"], point))
            if "addr:city" in tags:
                town.addresses.append((tags["addr:city"], point))
        elif thing.is_way() and len(thing.nodes) > 1:
            sort_way(town, thing)
    return town


def sort_way(town: Town, way: Any) -> None:
    """Put one way where it belongs."""
    tags = way.tags
    degrees = np.array([(n.lon, n.lat) for n in way.nodes if n.location.valid()])
    if len(degrees) != len(way.nodes):
        return  # cut at the extract's edge: no park, home or gate is made of it
    line = np.column_stack(geo.mercator(degrees[:, 0], degrees[:, 1]))
    if tags.get("highway") in PUBLIC_STREETS and tags.get("access") not in {"private", "no"}:
        town.streets.append((way.id, shapely.LineString(line)))
    if not way.is_closed() or len(line) < 4:  # noqa: PLR2004 - a ring's least
        return
    area = shapely.Polygon(line)
    if "addr:city" in tags:
        town.addresses.append((tags["addr:city"], area.centroid))
    if tags.get("landuse") in {"industrial", "commercial"} and "name" in tags:
        town.areas.append((tags["name"], way.id, area))
    if tags.get("building") in HOMES:
        town.homes.append((way.id, area))
    elif "building" in tags:
        town.buildings.append((way.id, area))


def make_parks(town: Town) -> list[Park]:
    """Merge areas of one name that lie close together, and keep the large ones."""
    parks: list[Park] = []
    for name, way, area in sorted(town.areas, key=lambda a: a[1]):
        if name in LEFT_OUT:
            continue
        near = [p for p in parks if p.name == name and distance(p.outline, area) <= MERGE_M]
        if near:
            near[0].ways.append(way)
            near[0].outline = near[0].outline.union(area)
        else:
            parks.append(Park([way], name, area))
    parks = [p for p in parks if p.hectares >= MIN_AREA_HA]
    for park in parks:
        density = park.dice("workers").uniform(*WORKERS_PER_HA)
        park.workers = round(park.hectares * density / 10) * 10
    return sorted(parks, key=lambda p: p.park_id)


def municipality(park: Park, town: Town) -> str | None:
    """Tell the municipality by the addresses mapped in the park, or next to it."""
    away = [(distance(park.outline, at), city) for city, at in town.addresses]
    for radius in ADDRESS_M:
        cities = Counter(city for metres, city in away if metres <= radius)
        if cities:
            return min(cities, key=lambda city: (-cities[city], city))
    return None


def quarter(park: Park, town: Town) -> str | None:
    """Tell the nearest quarter."""
    metres, name = min((distance(park.outline, at), name) for name, at in town.suburbs)
    return name if metres <= SUBURB_M else None


def park_features(parks: list[Park], town: Town) -> list[dict[str, Any]]:
    """Write the parks as GeoJSON features, outlines to 7 decimals as OSM has them."""
    features = []
    for park in parks:
        city = municipality(park, town)
        outline = shapely.set_precision(wgs84(park.outline), 1e-7, mode="pointwise")
        ways = ", ".join(f"way/{way}" for way in park.ways)
        properties = {
            "park_id": park.park_id,
            "name": park.name,
            "zone": None,
            "district": city,
            "subdistrict": quarter(park, town) if city == TOWN else None,
            "workers": park.workers,
            "headcount_basis": MADE_UP,
            "headcount_date": DATA_DATE[:10],
            "source": f"OSM {ways}; headcount made up / 人数为虚构示例",
        }
        shape = json.loads(shapely.to_geojson(outline.normalize()))
        features.append({"type": "Feature", "properties": properties, "geometry": shape})
    return features


def place(shape: BaseGeometry) -> tuple[str, str]:
    """Write a point's longitude and latitude, to about a decimetre."""
    lon, lat = wgs84(shape).bounds[:2]
    return f"{lon:.6f}", f"{lat:.6f}"


def make_gates(parks: list[Park], town: Town) -> list[tuple[object, ...]]:
    """Declare some of the crossings of public streets with a park's edge open gates."""
    rows: list[tuple[object, ...]] = []
    for park in parks:
        if park.name in WITHOUT_GATES:
            continue
        scale = true_metres(park.outline)
        crossings = [
            point
            for _, street in sorted(town.streets, key=lambda s: s[0])
            if street.intersection(park.outline).length * scale >= INSIDE_M
            for point in shapely.get_parts(street.intersection(park.outline.boundary))
            if point.geom_type == "Point"
        ]
        park.dice("gates").shuffle(crossings)
        chosen: list[BaseGeometry] = []
        for point in crossings:
            apart = all(point.distance(other) * scale >= GATES_APART_M for other in chosen)
            if apart and len(chosen) < MAX_GATES:
                chosen.append(point)
        for n, point in enumerate(sorted(chosen, key=lambda p: p.bounds), start=1):
            gate_id = f"{park.park_id}-g{n}"
            rows.append((gate_id, park.park_id, f"{n} 号门", *place(point), MADE_UP))
    return rows


def make_enterprises(parks: list[Park], town: Town) -> list[tuple[object, ...]]:
    """Put enterprises into the largest buildings of some parks; together under the park's."""
    rows: list[tuple[object, ...]] = []
    for park in parks:
        if park.name not in WITH_ENTERPRISES:
            continue
        inside = [b for b in town.buildings if park.outline.contains(b[1])]
        largest = sorted(inside, key=lambda b: (-b[1].area, b[0]))[:5]
        dice = park.dice("enterprises")
        parts = [dice.uniform(1.0, 4.0) for _ in largest]
        total = park.workers * dice.uniform(0.6, 0.8)
        for n, ((_, building), part) in enumerate(zip(largest, parts, strict=True), start=1):
            workers = int(total * part / sum(parts))
            at = place(building.representative_point())
            key = f"{park.park_id}-e{n}"
            rows.append((key, park.park_id, f"示例企业 {n}", workers, *at, MADE_UP))
    return rows


def make_residences(parks: list[Park], town: Town) -> list[tuple[object, ...]]:
    """Put groups of workers into residential buildings around each park."""
    rows: list[tuple[object, ...]] = []
    for park in parks:
        dice = park.dice("residences")
        away = sorted((distance(park.outline, home), way, home) for way, home in town.homes)
        used: set[int] = set()
        for kind, ((low, high), (near, far)) in RESIDENCES.items():
            workers = int(park.workers * dice.uniform(low, high))
            free = [(d, w, home) for d, w, home in away if d >= near and w not in used]
            # Where no home is within the range, the nearest ones beyond it will do.
            options = [o for o in free if o[0] <= far] or free[:10]
            if workers < MIN_GROUP:
                continue
            _, way, home = dice.choice(options)
            used.add(way)
            key = f"{park.park_id}-{kind}"
            at = place(home.representative_point())
            rows.append((key, park.park_id, KIND_NAMES[kind], kind, workers, *at, MADE_UP))
    return rows + shared_dormitory(parks, rows)


def shared_dormitory(parks: list[Park], rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Let one dormitory house workers of two parks."""
    host, guest = (next(p for p in parks if p.name == name) for name in SHARED_DORMITORY)
    row = next(r for r in rows if r[0] == f"{host.park_id}-dormitory")
    workers = max(MIN_GROUP, int(guest.workers * 0.05))
    return [(row[0], guest.park_id, *row[2:4], workers, *row[5:])]


def make_housing(
    parks: list[Park], town: Town, residences: list[tuple[object, ...]]
) -> list[tuple[object, ...]]:
    """List housing with vacant beds around the larger parks, where no group of workers lives."""
    lived_in = {row[5:7] for row in residences}
    free = [home for _, home in town.homes if place(home.representative_point()) not in lived_in]
    rows: list[tuple[object, ...]] = []
    for park in parks:
        dice = park.dice("housing")
        away = sorted((distance(park.outline, home), *home.bounds) for home in free)
        for kind, ((low, high), (near, far)) in HOUSING.items():
            beds = round(park.workers * dice.uniform(low, high) / 10) * 10
            vacant = round(beds * dice.uniform(*VACANT))
            if beds < MIN_BEDS:
                continue
            beyond = [d for d in away if d[0] >= near]
            chosen = dice.choice([d for d in beyond if d[0] <= far] or beyond[:10])
            home = next(h for h in free if h.bounds == chosen[1:])
            free = [h for h in free if h is not home]
            at = place(home.representative_point())
            key = f"{park.park_id}-{kind}-stock"
            rows.append((key, KIND_NAMES[kind], kind, beds, vacant, "public", *at, MADE_UP))
    return rows


def make_shifts(parks: list[Park]) -> list[tuple[object, ...]]:
    """Three shifts, or a day shift only."""
    return [
        (park.park_id, *shift, MADE_UP)
        for park in parks
        for shift in ([DAY_SHIFT] if park.name in ONE_SHIFT else SHIFTS)
    ]


def write_csv(name: str, headings: str, rows: list[tuple[object, ...]]) -> None:
    """Write a table that opens in Excel."""
    with (HERE / name).open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(headings.split(","))
        in_order = sorted(rows, key=lambda r: (str(r[1]), str(r[0])))
        writer.writerows(in_order)


def main() -> None:
    """Write every table beside this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--extract", type=Path, help="write osm.osm.pbf from this file first")
    extract = parser.parse_args().extract
    if extract is not None:
        write_extract(extract)
    town = read_town()
    parks = make_parks(town)
    features = park_features(parks, town)
    body = ",\n".join(json.dumps(f, ensure_ascii=False) for f in features)
    text = '{"type": "FeatureCollection", "features": [\n' + body + "\n]}\n"
    (HERE / "parks.geojson").write_text(text, encoding="utf-8", newline="\n")
    write_csv("gates.csv", "gate_id,park_id,name,lon,lat,source", make_gates(parks, town))
    write_csv(
        "enterprises.csv",
        "enterprise_id,park_id,name,workers,lon,lat,source",
        make_enterprises(parks, town),
    )
    residences = make_residences(parks, town)
    write_csv("residences.csv", "residence_id,park_id,name,kind,workers,lon,lat,source", residences)
    write_csv(
        "housing.csv",
        "id,name,kind,beds,beds_vacant,access,lon,lat,source",
        make_housing(parks, town, residences),
    )
    write_csv(
        "shifts.csv",
        "park_id,shift,start,end,break_start,break_minutes,share,source",
        make_shifts(parks),
    )
    for park in parks:
        print(f"{park.park_id}  {park.name}  {park.hectares:.1f} ha  {park.workers} workers")


if __name__ == "__main__":
    main()
