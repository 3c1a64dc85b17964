"""Read an OpenStreetMap extract (.osm.pbf, .osm, .osm.gz, .osm.bz2) in one streaming pass.

A first, short look at the relations is what area assembly needs; everything else comes
from one pass, in which objects without a wanted key never reach Python.  Nothing is
decided here: which street can be walked and which object is a facility is said by
:mod:`parkgap.access`.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import osmium
import pandas as pd
import shapely

from parkgap.errors import ExtractError, Problem
from parkgap.sources.extract import Extract, Ways, with_geometry

__all__ = [
    "DOOR_TYPES",
    "NAME_TAGS",
    "PLACE_TAGS",
    "ROUTES",
    "STREET_TAGS",
    "Collector",
    "Columns",
    "read_extract",
    "stream",
    "tags_of",
]

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
_GROUND_KEYS = ("natural", "waterway", "landuse", "leisure")
_TRACKS = frozenset({"subway", "light_rail", "tram", "monorail"})
_NODE_KEYS = ("building", "entrance", "barrier", "place", "highway", "public_transport", "railway")
_WAY_KEYS = ("highway", "building", "railway", *_GROUND_KEYS)
_NOT_A_PLACE = frozenset(
    "crossing street_lamp traffic_signals stop give_way turning_circle turning_loop "
    "speed_camera milestone mini_roundabout motorway_junction passing_place".split()
)
_OLDEST = 1970  # a timestamp of that year was left out by the writer
_INVALID = 2147483647  # osmium's raw coordinate of a node that is not in the file
_LARGE = 64_000_000  # bytes; from here on the places of nodes take more memory than a study does
DOOR_TYPES = {"node_id": "int64", "lon": "float64", "lat": "float64"}
_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.xml")


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
        self.objects = Columns(("osm_id", "lon", "lat", "wkb", "closed", *tags))
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
        return any(tags.get(key) in values for key, values in self.place_values)

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
            self.objects.rows.append((f"node/{o.id}", loc.lon, loc.lat, None, False, *values))

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
        ground = next(((k, v) for k in _GROUND_KEYS if (v := get(k)) is not None), None)
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
        self._area(f"way/{o.id}", wkb, closed, get, is_place, building, ground)

    def area(self, o: osmium.osm.Area) -> None:
        """Take an area that a relation makes."""
        if o.from_way():
            return
        tags = o.tags
        get = tags.get
        building = get("building")
        is_place = self._is_place(tags)
        ground = next(((k, v) for k in _GROUND_KEYS if (v := get(k)) is not None), None)
        if building in (None, "no"):
            building = None
            if not is_place and ground is None:
                return
        try:
            wkb = self.wkb.create_multipolygon(o)
        except RuntimeError:
            self.broken_areas += 1
            return
        self._area(f"relation/{o.orig_id()}", wkb, True, get, is_place, building, ground)

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
        get: Callable[[str], str | None],
        is_place: bool,
        building: str | None,
        ground: tuple[str, str] | None,
    ) -> None:
        if building is not None and closed:
            self.buildings.rows.append((osm_id, building, get("building:levels"), wkb, closed))
        if ground is not None:
            self.ground.rows.append((osm_id, *ground, get("name"), wkb, closed))
        if is_place or (building is not None and get("name") is not None):
            values = [get(k) for k in self.tags]
            self.objects.rows.append((osm_id, math.nan, math.nan, wkb, closed, *values))

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


class Sieve(Protocol):
    """Looks from time to time at what was collected, and takes of it."""

    batch: int

    def cut(self) -> None:
        """Look at what came since the last time."""


def tags_of(
    place_keys: Iterable[str],
    place_values: Mapping[str, Collection[str]] | None,
    tag_keys: Iterable[str],
) -> tuple[tuple[str, ...], set[str], dict[str, Collection[str]]]:
    """Say which tags become columns, and which keys and values make a place."""
    keys, values = set(place_keys), dict(place_values or {})
    tags = tuple(dict.fromkeys((*PLACE_TAGS, *sorted(keys), *sorted({*values, *tag_keys}))))
    return tags, keys | {"public_transport"}, values


def read_extract(
    path: Path,
    *,
    place_keys: Iterable[str],
    place_values: Mapping[str, Collection[str]] | None = None,
    tag_keys: Iterable[str] = (),
) -> Extract:
    """Read one extract into memory.

    Parameters
    ----------
    path
        .osm.pbf, .osm, .osm.gz or .osm.bz2.
    place_keys
        Keys whose objects may be facilities, whatever the value (``amenity``, ``shop``, ...).
    place_values
        Keys of which only some values may be (``building``: ``dormitory``).
    tag_keys
        Further keys to keep as columns of the objects.

    Raises
    ------
    ExtractError
        The file is missing, broken, truncated, empty or not OpenStreetMap data.
    """
    tags, keys, values = tags_of(place_keys, place_values, tag_keys)
    collector = Collector(keys, values, tags)
    header = stream(path, collector)
    objects = with_geometry(collector.objects.frame(), points=True)
    ways = collector.take_ways()
    ground = with_geometry(collector.ground.frame())
    coverage = box_of(header)
    counts = {
        "objects": len(objects),
        "streets": int(ways.tags["way_id"].nunique()),
        "buildings": len(collector.buildings.rows),
        "routes": len(collector.routes.rows),
        **collector.faults(),
    }
    return Extract(
        objects=objects,
        ways=ways,
        buildings=with_geometry(collector.buildings.frame()),
        ground=ground,
        doors=collector.doors.frame().astype(DOOR_TYPES),
        routes=collector.routes.frame(),
        coverage=hull_of(ways) if coverage is None else coverage,
        coverage_from="hull" if coverage is None else "header",
        date=date_of(header, collector),
        counts=counts,
    )


def box_of(header: osmium.io.Header) -> shapely.Geometry | None:
    """Return the box that a file declares (WGS-84), or None."""
    box = header.box()
    if not box.valid() or box.size() <= 0:
        return None
    low, high = box.bottom_left, box.top_right
    return shapely.box(low.lon, low.lat, high.lon, high.lat)


def hull_of(ways: Ways) -> shapely.Geometry:
    """Convex hull (WGS-84) of the streets that are whole; empty where there is none."""
    whole = np.repeat(~ways.tags["cut"].to_numpy(), np.diff(ways.offset))
    at = np.column_stack([ways.lon[whole], ways.lat[whole]])
    return shapely.convex_hull(shapely.MultiPoint(at))


def date_of(header: osmium.io.Header, collector: Collector) -> str:
    """Tell the day of the data (ISO), or "" where the file does not."""
    date = header.get("osmosis_replication_timestamp", "") or header.get("timestamp", "")
    return (date or collector.newest)[:10]


def stream(
    path: Path, collector: Collector, sieve: Sieve | None = None, scratch: Path | None = None
) -> osmium.io.Header:
    """Stream a file through the collector; translate every fault of the file.

    Parameters
    ----------
    path, collector
        The file, and what takes its objects.
    sieve
        Called from time to time, and at the end.
    scratch
        A folder where the places of a large file's nodes may wait.

    Raises
    ------
    ExtractError
        The file is missing, broken, truncated, empty or not OpenStreetMap data.
    """
    if not path.is_file():
        raise ExtractError(
            Problem(
                what="找不到 OpenStreetMap 文件 / the OpenStreetMap file is not there",
                file=path,
                remedy="核对 study.toml 中 [osm] 的 file / check `file` under [osm] in study.toml",
            )
        )
    if not path.name.lower().endswith(_SUFFIXES):
        raise ExtractError(
            Problem(
                what="扩展名不是 OpenStreetMap 格式 / not an OpenStreetMap file by its name",
                file=path,
                rule=", ".join(_SUFFIXES),
                remedy="把该区域导出为 .osm.pbf 并写明文件名 / "
                "export the area as .osm.pbf and name that file",
            )
        )
    if path.stat().st_size == 0:
        raise ExtractError(
            Problem(
                what="文件为空 / the file is empty",
                file=path,
                remedy="重新下载或导出 / download or export it again",
            )
        )
    flt = osmium.filter
    place = (*collector.place_keys, *(k for k, _ in collector.place_values))
    relation_keys = flt.KeyFilter("building", *_GROUND_KEYS, *place)
    processor = _located(path, scratch).with_areas(
        flt.EntityFilter(osmium.osm.RELATION), relation_keys
    )
    # One filter an entity, in C++: what has none of the keys never reaches Python.
    for entity, keys in (
        (osmium.osm.NODE, (*_NODE_KEYS, *place)),
        (osmium.osm.WAY | osmium.osm.AREA, (*_WAY_KEYS, *place)),
        (osmium.osm.RELATION, ("route",)),
    ):
        by_key = flt.KeyFilter(*keys)
        by_key.enable_for(entity)
        processor = processor.with_filter(by_key)
    try:
        header = processor.header
        dated = bool(header.get("osmosis_replication_timestamp", ""))
        _feed(processor, collector, sieve, dated=dated)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        detail = re.sub(r"\s+", " ", str(error)).strip()
        raise ExtractError(
            Problem(
                what=f"文件损坏、不完整或不是 OpenStreetMap 数据（{detail}） / "
                f"the file is broken, cut off or not OpenStreetMap data ({detail})",
                file=path,
                remedy="重新下载或导出；其内容未使用 / "
                "download or export it again; nothing of it was used",
            )
        ) from error
    if collector.cut_ways and not collector.streets_seen:
        raise ExtractError(
            Problem(
                what=f"{collector.cut_ways} 条道路引用的节点在文件中均找不到 / "
                f"none of {collector.cut_ways} streets finds its nodes",
                file=path,
                rule="节点在道路之前，编号为正 / nodes come before ways, ids are positive",
                remedy="重新排序，或重新导出（勿用未上传的编辑） / "
                "sort it, or export it again (not an unsaved edit)",
            )
        )
    if collector.seen == 0:
        raise ExtractError(
            Problem(
                what="文件中找不到任何道路、建筑或设施 / "
                "the file holds no streets, buildings or places",
                file=path,
                remedy="重新导出该区域 / export the area again",
            )
        )
    return header


def _located(path: Path, scratch: Path | None) -> osmium.FileProcessor:
    """Open a file so that ways know their nodes; of a large one the nodes wait on disk."""
    if scratch is not None and path.stat().st_size > _LARGE:
        try:
            return osmium.FileProcessor(str(path)).with_locations(
                f"sparse_file_array,{scratch / 'nodes'}"
            )
        except RuntimeError:  # a folder that osmium cannot name, or no space: in memory then
            pass
    return osmium.FileProcessor(str(path)).with_locations()


def _feed(
    processor: osmium.FileProcessor, collector: Collector, sieve: Sieve | None, *, dated: bool
) -> None:
    newest = None
    seen = 0
    batch = 0 if sieve is None else sieve.batch
    for o in processor:
        seen += 1
        if sieve is not None and not seen % batch:
            sieve.cut()
        if isinstance(o, osmium.osm.Node):
            collector.node_object(o)
        elif isinstance(o, osmium.osm.Way):
            collector.way(o)
        elif isinstance(o, osmium.osm.Area):
            collector.area(o)
            continue
        elif isinstance(o, osmium.osm.Relation):
            collector.relation(o)
        else:
            continue
        if not dated:
            stamp = o.timestamp
            if newest is None or stamp > newest:
                newest = stamp
    collector.seen = seen
    if sieve is not None:
        sieve.cut()
    if newest is not None and newest.year > _OLDEST:
        collector.newest = newest.date().isoformat()
