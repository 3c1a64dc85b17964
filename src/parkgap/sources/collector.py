"""What is taken of an OpenStreetMap file while it streams, object by object.

Nothing is decided here: which street can be walked and which object is a facility is said by
:mod:`parkgap.access`.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping

import numpy as np
import osmium
import pandas as pd

from parkgap.sources.extract import Ways

STREET_TAGS = (
    "highway",
    "name",
    "access",
    "foot",
    "foot:forward",
    "foot:backward",
    "oneway:foot",
    "conveying",
    "motorroad",
    "bridge",
    "tunnel",
    "service",
    "area",
)
NAME_TAGS = ("name", "name:zh", "name:en", "brand", "operator")
PLACE_TAGS = (
    *NAME_TAGS,
    "access",
    "opening_hours",
    "opening_date",
    "start_date",
    "building",
    "public_transport",
    "highway",
    "railway",
    "landuse",
    "place",
    "disused",
    "abandoned",
)
ROUTES = frozenset({"bus", "trolleybus", "tram", "light_rail", "subway", "train", "share_taxi"})
GROUND_KEYS = ("natural", "waterway", "landuse", "leisure")
_TRACKS = frozenset({"subway", "light_rail", "tram", "monorail"})
NODE_KEYS = ("building", "entrance", "barrier", "place", "highway", "public_transport", "railway")
WAY_KEYS = ("highway", "building", "railway", *GROUND_KEYS)
_NOT_A_PLACE = frozenset(
    "crossing street_lamp traffic_signals stop give_way turning_circle turning_loop "
    "speed_camera milestone mini_roundabout motorway_junction passing_place".split()
)
OLDEST = 1970  # a timestamp of that year was left out by the writer
_INVALID = 2147483647  # osmium's raw coordinate of a node that is not in the file
DOOR_TYPES = {"node_id": "int64", "lon": "float64", "lat": "float64"}


def _ground(get: Callable[[str], str | None]) -> tuple[str, str] | None:
    for key in GROUND_KEYS:
        value = get(key)
        if value is not None and not (key == "waterway" and _piped(get)):
            return key, value
    return None


def _piped(get: Callable[[str], str | None]) -> bool:
    """Whether a waterway runs below the ground, where nobody sees or has to cross it."""
    return get("tunnel") not in (None, "no")


def _day(o: osmium.osm.Node | osmium.osm.Way | osmium.osm.Area) -> float:
    """Day of an object's last edit, counted as dates are; NaN where the writer left it out."""
    stamp = o.timestamp
    return float(stamp.toordinal()) if stamp.year > OLDEST else math.nan


class Columns:
    """Rows collected column by column."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self.rows: list[tuple[object, ...]] = []

    def frame(self, rows: list[tuple[object, ...]] | None = None) -> pd.DataFrame:
        """Make a frame of all rows, or of those given."""
        data = {}
        taken = self.rows if rows is None else rows
        columns = list(zip(*taken, strict=True)) or [()] * len(self.names)
        for name, values in zip(self.names, columns, strict=True):
            # Filled by hand: numpy would make a matrix of lists that happen to be of one length.
            data[name] = np.empty(len(values), dtype=object)
            data[name][:] = values
        return pd.DataFrame(data, dtype=object)


class Collector:
    """Takes the objects of the pass one by one; holds no more than what is kept."""

    def __init__(
        self,
        place_keys: Iterable[str],
        place_values: Mapping[str, Collection[str]],
        tags: tuple[str, ...],
    ) -> None:
        self.place_keys = tuple(sorted(place_keys))
        self.place_values = tuple(sorted((k, frozenset(v)) for k, v in place_values.items()))
        self.building_kinds = frozenset(place_values.get("building", ()))
        self.tags = tags
        self.objects = Columns(("osm_id", "lon", "lat", "wkb", "closed", "edited", *tags))
        self.streets = Columns(("way_id", *STREET_TAGS))
        self.part_cut = array("b")
        self.offset = array("q", [0])
        self.node, self.x, self.y = array("q"), array("q"), array("q")
        self.buildings = Columns(("osm_id", "kind", "levels", "wkb", "closed"))
        self.ground = Columns(("osm_id", "key", "value", "name", "wkb", "closed"))
        self.doors = Columns(("node_id", "lon", "lat", "entrance", "barrier", "access", "foot"))
        self.routes = Columns(("route_id", "mode", "line", "members"))
        self.wkb = osmium.geom.WKBFactory()
        self.cut_ways = self.cut_areas = self.broken_areas = self.seen = self.tracks = 0
        self.newest = ""
        self.streets_seen = 0
        self.dated = True

    def _is_place(self, tags: osmium.osm.TagList) -> bool:
        # Plain loops: a generator would cost more than the look-ups.
        for key in self.place_keys:
            if key in tags:
                return True
        for key, values in self.place_values:  # noqa: SIM110
            if tags.get(key) in values:
                return True
        return False

    # The hot spots look keys up one by one: a walk over all tags costs twenty times as much.

    def node_object(self, o: osmium.osm.Node) -> None:
        """Take a node."""
        get = o.tags.get
        entrance, barrier = get("entrance"), get("barrier")
        if entrance is not None or barrier is not None:
            loc = o.location
            self.doors.rows.append(
                (o.id, loc.lon, loc.lat, entrance, barrier, get("access"), get("foot"))
            )
        if get("highway") in _NOT_A_PLACE and get("public_transport") is None:
            return
        named = get("building") not in (None, "no") and get("name") is not None
        if named or self._is_place(o.tags) or "place" in o.tags:
            loc = o.location
            values = [get(k) for k in self.tags]
            edited = _day(o)
            self.objects.rows.append(
                (f"node/{o.id}", loc.lon, loc.lat, None, False, edited, *values)
            )

    def way(self, o: osmium.osm.Way) -> None:
        """Take a way."""
        tags = o.tags
        get = tags.get
        building = get("building")
        if building is not None and len(tags) == 1 and building not in self.building_kinds:
            # Most of any extract: an outline that says nothing but that it is a building.
            self._outline(o, get, is_place=False, building=building, ground=None)
            return
        highway = get("highway")
        is_place = self._is_place(tags)
        if highway is not None:
            self._street(o, get)
            if not is_place or highway in _NOT_A_PLACE:
                return
        ground = _ground(get)
        if building in (None, "no"):
            building = None
            if not is_place and ground is None:
                self.tracks += get("railway") in _TRACKS
                return
        self._outline(o, get, is_place=is_place, building=building, ground=ground)

    def _outline(
        self,
        o: osmium.osm.Way,
        get: Callable[[str], str | None],
        *,
        is_place: bool,
        building: str | None,
        ground: tuple[str, str] | None,
    ) -> None:
        try:
            wkb = self.wkb.create_linestring(o)
        except (RuntimeError, osmium.InvalidLocationError):
            self.cut_areas += 1
            return
        closed = o.is_closed() and get("area") != "no"
        self._area(f"way/{o.id}", wkb, closed, o, is_place, building, ground)

    def area(self, o: osmium.osm.Area) -> None:
        """Take an area that a relation makes."""
        if o.from_way():
            return
        tags = o.tags
        get = tags.get
        building = get("building")
        is_place = self._is_place(tags)
        ground = _ground(get)
        if building in (None, "no"):
            building = None
            if not is_place and ground is None:
                return
        try:
            wkb = self.wkb.create_multipolygon(o)
        except RuntimeError:
            self.broken_areas += 1
            return
        self._area(f"relation/{o.orig_id()}", wkb, True, o, is_place, building, ground)

    def relation(self, o: osmium.osm.Relation) -> None:
        """Take a line of public transport."""
        get = o.tags.get
        mode = get("route")
        if get("type") != "route" or mode not in ROUTES:
            return
        line = get("ref") or get("name")
        kind = {"n": "node", "w": "way", "r": "relation"}
        members = [f"{kind[m.type]}/{m.ref}" for m in o.members]
        self.routes.rows.append((f"relation/{o.id}", mode, line, members))

    def _area(
        self,
        osm_id: str,
        wkb: str,
        closed: bool,
        o: osmium.osm.Way | osmium.osm.Area,
        is_place: bool,
        building: str | None,
        ground: tuple[str, str] | None,
    ) -> None:
        get = o.tags.get
        if building is not None and closed:
            self.buildings.rows.append((osm_id, building, get("building:levels"), wkb, closed))
        if ground is not None:
            self.ground.rows.append((osm_id, *ground, get("name"), wkb, closed))
        if is_place or (building is not None and get("name") is not None):
            values = [get(k) for k in self.tags]
            self.objects.rows.append((osm_id, math.nan, math.nan, wkb, closed, _day(o), *values))

    def _street(self, o: osmium.osm.Way, get: Callable[[str], str | None]) -> None:
        row = (o.id, *[get(k) for k in STREET_TAGS])
        start = len(self.node)
        cut = False
        for n in o.nodes:
            place = n.location
            x = place.x
            if x == _INVALID:
                # A node outside the extract: the way ends here; its neighbours are not joined.
                cut = True
                self._close(row, start)
                start = len(self.node)
                continue
            self.node.append(n.ref)
            self.x.append(x)
            self.y.append(place.y)
        self._close(row, start)
        self.cut_ways += cut
        self.part_cut.extend([cut] * (len(self.streets.rows) - len(self.part_cut)))

    def faults(self) -> dict[str, int]:
        """Count what was cut, broken, or only counted."""
        return {
            "urban_rail_tracks": self.tracks,
            "ways_cut_at_edge": self.cut_ways,
            "outlines_cut_at_edge": self.cut_areas,
            "multipolygons_broken": self.broken_areas,
        }

    def take_ways(self) -> Ways:
        """Take the streets away that were collected so far."""
        tags = self.streets.frame()
        tags["way_id"] = tags["way_id"].astype("int64")
        tags["cut"] = np.array(self.part_cut, dtype=bool)
        x, y = (np.array(v, dtype=np.int64) / 1e7 for v in (self.x, self.y))
        ways = Ways(
            tags=tags,
            offset=np.array(self.offset, dtype=np.int64),
            node=np.array(self.node, dtype=np.int64),
            lon=x,
            lat=y,
        )
        self.streets.rows = []
        self.part_cut = array("b")
        self.offset = array("q", [0])
        self.node, self.x, self.y = array("q"), array("q"), array("q")
        return ways

    def _close(self, row: tuple[object, ...], start: int) -> None:
        if len(self.node) - start <= 1:
            del self.node[start:], self.x[start:], self.y[start:]
            return
        self.streets.rows.append(row)
        self.streets_seen += 1
        self.offset.append(len(self.node))
