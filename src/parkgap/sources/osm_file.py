"""Read an OpenStreetMap extract (.osm.pbf, .osm, .osm.gz, .osm.bz2) in one streaming pass.

A first, short look at the relations is what area assembly needs; everything else comes
from one pass, in which objects without a wanted key never reach Python.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import osmium
import shapely

from parkgap.errors import ExtractError, Problem
from parkgap.sources.collector import (
    DOOR_TYPES,
    GROUND_KEYS,
    NODE_KEYS,
    OLDEST,
    PLACE_TAGS,
    WAY_KEYS,
    Collector,
)
from parkgap.sources.extract import Extract, Ways, with_geometry

_LARGE = 64_000_000  # bytes; from here on the places of nodes take more memory than a study does
_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.xml")


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
    relation_keys = flt.KeyFilter("building", *GROUND_KEYS, *place)
    processor = _located(path, scratch).with_areas(
        flt.EntityFilter(osmium.osm.RELATION), relation_keys
    )
    # One filter an entity, in C++: what has none of the keys never reaches Python.
    for entity, keys in (
        (osmium.osm.NODE, (*NODE_KEYS, *place)),
        (osmium.osm.WAY | osmium.osm.AREA, (*WAY_KEYS, *place)),
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
    if newest is not None and newest.year > OLDEST:
        collector.newest = newest.date().isoformat()
