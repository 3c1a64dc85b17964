"""An extract in pieces by tile, made once and read again by whoever needs some surroundings.

The file is streamed once; what it holds goes, layer by layer, to square tiles by the middle of
each object's box.  A study, or a shard of one, then reads only the tiles that reach into its
window, and of them only the objects whose box does.  Pieces are named by their content: an edit
in one corner of a country leaves all other pieces what they were.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap import geo
from parkgap.sources.collector import DOOR_TYPES, Collector, Columns
from parkgap.sources.extract import Extract, Ways, Whole, with_geometry
from parkgap.sources.osm_file import box_of, date_of, hull_of, stream, tags_of

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LAYERS = ("objects", "ways", "buildings", "ground", "doors", "routes")
TILE = 0.25  # degrees
_BATCH = 100_000  # objects read between two looks
_PENDING = 4_000_000  # rows, and tenths of street nodes, that wait in memory for their tile
_STOP_KEYS = ("highway", "railway", "public_transport")
_KINDS = {"n": 0, "w": 1, "r": 2}
_TILES_ROW = 10_000  # more columns of tiles than a globe has


class Shelf(Protocol):
    """Keeps pieces by content."""

    def put(self, value: object) -> str:
        """Keep a value; return its name."""

    def get(self, name: str) -> Any:
        """Return what was kept; raises LookupError where it is gone or damaged."""


@dataclass(frozen=True)
class Prepared:
    """An extract in pieces.

    Attributes
    ----------
    pieces
        ``layer, name`` (on the shelf), ``west, south, east, north`` (degrees, around all objects
        of the piece), ``rows``; sorted.
    empty
        Every layer without rows, for a window in which there is nothing.
    coverage, coverage_from, date, counts, whole
        As in :class:`parkgap.sources.extract.Extract`, of the whole file.
    """

    pieces: pd.DataFrame
    empty: dict[str, Any]
    coverage: shapely.Geometry
    coverage_from: str
    date: str
    counts: dict[str, int]
    whole: Whole


def prepare(
    path: Path,
    shelf: Shelf,
    *,
    place_keys: Iterable[str],
    place_values: Mapping[str, Collection[str]] | None = None,
    tag_keys: Iterable[str] = (),
    is_place: Callable[[pd.DataFrame], Bools],
    batch: int = _BATCH,
    pending: int = _PENDING,
) -> Prepared:
    """Read an extract once and put it away in pieces.

    Parameters
    ----------
    path, place_keys, place_values, tag_keys
        As for :func:`parkgap.sources.osm_file.read_extract`.
    shelf
        Takes the pieces.
    is_place
        Tells the mapped places among objects, shape (objects,), which are counted.
    batch
        Objects read between two looks.
    pending
        How much waits in memory before pieces are put away: memory follows this, not the file.

    Raises
    ------
    ExtractError
        As :func:`parkgap.sources.osm_file.read_extract`.
    """
    tags, keys, values = tags_of(place_keys, place_values, tag_keys)
    collector = Collector(keys, values, tags)
    tiler = _Tiler(collector, shelf, is_place, batch, pending)
    with TemporaryDirectory(prefix="parkgap-", ignore_cleanup_errors=True) as scratch:
        header = stream(path, collector, tiler, Path(scratch))
    tiler.flush()
    coverage = box_of(header)
    return Prepared(
        pieces=tiler.pieces(),
        empty=tiler.empty(),
        coverage=tiler.hull if coverage is None else coverage,
        coverage_from="hull" if coverage is None else "header",
        date=date_of(header, collector),
        counts=tiler.counts(),
        whole=tiler.whole(),
    )


class _Tiler:
    """Deals out to tiles what a collector took, from time to time."""

    def __init__(
        self,
        collector: Collector,
        shelf: Shelf,
        is_place: Callable[[pd.DataFrame], Bools],
        batch: int,
        pending: int,
    ) -> None:
        self.batch = batch
        self.used = True
        self.hull: shapely.Geometry = shapely.Point()
        self._collector, self._shelf, self._is_place = collector, shelf, is_place
        self._most, self._waiting = pending, 0
        self._pending: dict[tuple[str, int], list[tuple[Any, Floats]]] = {}
        self._pieces: list[tuple[Any, ...]] = []
        self._stop_tile: dict[object, int] = {}
        self._modes: set[str] = set()
        self._places = 0
        self._hectares = self._street_m = 0.0
        self._count = dict.fromkeys(("objects", "streets", "buildings", "routes"), 0)

    # --- from time to time ----------------------------------------------------------------------

    def cut(self) -> None:
        """Deal out what came since the last time."""
        c = self._collector
        self._objects(_taken(c.objects, partial(with_geometry, points=True)))
        houses = _taken(c.buildings, with_geometry)
        self._count["buildings"] += len(houses)
        self._hectares += float(geo.hectares(houses["geometry"].to_numpy()).sum())
        self._deal("buildings", houses, shapely.bounds(houses["geometry"].to_numpy()))
        ground = _taken(c.ground, with_geometry)
        self._deal("ground", ground, shapely.bounds(ground["geometry"].to_numpy()))
        doors = _taken(c.doors, lambda frame: frame.astype(DOOR_TYPES))
        self._deal("doors", doors, doors[["lon", "lat", "lon", "lat"]].to_numpy(dtype=float))
        self._ways(c.take_ways())
        self._routes(c.routes)
        if self._waiting > self._most:
            self.flush()

    def _objects(self, objects: pd.DataFrame) -> None:
        geometry = objects["geometry"].to_numpy()
        bounds = shapely.bounds(geometry).reshape(-1, 4)
        point = shapely.is_missing(geometry)
        at = objects[["lon", "lat"]].to_numpy(dtype=float)[point]
        bounds[point] = np.column_stack([at, at])
        if len(objects):
            self._count["objects"] += len(objects)
            self._places += int(self._is_place(objects).sum())
            stop = objects[[k for k in _STOP_KEYS if k in objects]].notna().any(axis=1)
            if "amenity" in objects:
                stop |= objects["amenity"].isin({"bus_station", "ferry_terminal"})
            ids = objects["osm_id"].to_numpy()[stop]
            self._stop_tile.update(zip(ids, _tile(bounds[stop]).tolist(), strict=True))
        self._deal("objects", objects, bounds)

    def _ways(self, ways: Ways) -> None:
        if not len(ways.tags):
            return
        begin, bounds = ways.offset[:-1], ways.bounds()
        ids = ways.tags["way_id"].to_numpy()
        self._count["streets"] += len(np.unique(ids))
        inner = np.ones(len(ways.node), dtype=bool)
        inner[begin] = False
        at = np.flatnonzero(inner)
        self._street_m += float(
            geo.lengths(ways.lon[at - 1], ways.lat[at - 1], ways.lon[at], ways.lat[at]).sum()
        )
        self.hull = shapely.convex_hull(shapely.union_all([hull_of(ways), self.hull]))
        # All parts of a way that the extract cuts lie in one piece, in their order.
        first = np.unique(ids, return_index=True, return_inverse=True)
        tile = _tile(bounds)[first[1]][first[2]]
        self._deal_by("ways", tile, bounds, lambda rows: take_ways(ways, rows), weight=len(at) / 10)

    def _routes(self, routes: Columns) -> None:
        """Deal out lines of public transport to the tiles of their stops.

        Relations come after nodes and ways, so that all stops are known by then.
        """
        rows, routes.rows = routes.rows, []
        self._count["routes"] += len(rows)
        dealt: dict[int, list[tuple[object, ...]]] = {}
        for route_id, mode, line, members in rows:
            self._modes.add(str(mode))
            own: dict[int, list[object]] = {}
            for member in members:  # type: ignore[attr-defined]
                if (tile := self._stop_tile.get(member)) is not None:
                    own.setdefault(tile, []).append(member)
            for tile, here in own.items():
                dealt.setdefault(tile, []).append((route_id, mode, line, here))
        for tile, listed in dealt.items():
            # Stops have no more than a tile between them and its lines.
            box = np.array([_tile_box(tile)])
            self._pending.setdefault(("routes", tile), []).append((routes.frame(listed), box))

    # --- pieces ---------------------------------------------------------------------------------

    def _deal(self, layer: str, frame: pd.DataFrame, bounds: Floats) -> None:
        if len(frame):
            bounds = bounds.reshape(-1, 4)
            take = partial(_take_rows, frame)
            self._deal_by(layer, _tile(bounds), bounds, take, weight=len(frame))

    def _deal_by(
        self,
        layer: str,
        tile: Ints,
        bounds: Floats,
        take: Callable[[Ints], Any],
        *,
        weight: float,
    ) -> None:
        order = np.argsort(tile, kind="stable")
        cuts = np.flatnonzero(np.r_[True, np.diff(tile[order]) != 0])
        for rows in np.split(order, cuts[1:]):
            key = (layer, int(tile[rows[0]]))
            self._pending.setdefault(key, []).append((take(rows), bounds[rows]))
        self._waiting += int(weight)

    def flush(self) -> None:
        """Put away what waits."""
        for (layer, tile), parts in sorted(self._pending.items()):
            bounds = np.concatenate([b for _, b in parts])
            values = [v for v, _ in parts]
            piece = join_ways(values) if layer == "ways" else _join(values)
            name = self._shelf.put(piece)
            low, high = np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)
            self._pieces.append((layer, tile, name, *low, *high, len(bounds)))
        self._pending.clear()
        self._waiting = 0

    def pieces(self) -> pd.DataFrame:
        """List the pieces."""
        columns = ["layer", "tile", "name", "west", "south", "east", "north", "rows"]
        frame = pd.DataFrame(self._pieces, columns=columns)
        frame = frame.astype(
            {"tile": "int64", "rows": "int64"} | dict.fromkeys(columns[3:7], float)
        )
        return frame.sort_values(["layer", "tile", "name"], ignore_index=True)

    def counts(self) -> dict[str, int]:
        """Count what was read, kept and cut."""
        return {**self._count, **self._collector.faults()}

    def empty(self) -> dict[str, Any]:
        """Make every layer without rows."""
        c = self._collector
        return {
            "objects": with_geometry(c.objects.frame([]), points=True),
            "ways": c.take_ways(),
            "buildings": with_geometry(c.buildings.frame([])),
            "ground": with_geometry(c.ground.frame([])),
            "doors": c.doors.frame([]).astype(DOOR_TYPES),
            "routes": c.routes.frame([]),
        }

    def whole(self) -> Whole:
        """Sum up the whole file."""
        return Whole(
            places=self._places,
            buildings_ha=self._hectares,
            streets_m=self._street_m,
            modes=frozenset(self._modes),
        )


def _taken(columns: Columns, decode: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """Take the rows of a collector's table away from it."""
    frame = decode(columns.frame())
    columns.rows = []
    return frame


def _tile(bounds: Floats) -> Ints:
    """Number the tiles of the middles of boxes, shape (n,)."""
    column = np.floor((bounds[:, 0] + bounds[:, 2]) / 2 / TILE)
    row = np.floor((bounds[:, 1] + bounds[:, 3]) / 2 / TILE)
    good = np.isfinite(column) & np.isfinite(row)
    return np.where(good, row * _TILES_ROW + column, 0.0).astype(np.int64)


def _tile_box(tile: int) -> list[float]:
    row, column = divmod(tile + _TILES_ROW // 2, _TILES_ROW)
    column -= _TILES_ROW // 2
    return [column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE]


def _take_rows(frame: pd.DataFrame, rows: Ints) -> pd.DataFrame:
    return frame.iloc[rows].reset_index(drop=True)


def _join(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def take_ways(ways: Ways, rows: Ints) -> Ways:
    """Take some parts of ways, in the order given."""
    size = np.diff(ways.offset)[rows]
    at = np.repeat(ways.offset[:-1][rows] - np.cumsum(size) + size, size) + np.arange(size.sum())
    return Ways(
        tags=_take_rows(ways.tags, rows),
        offset=np.r_[0, np.cumsum(size)].astype(np.int64),
        node=ways.node[at],
        lon=ways.lon[at],
        lat=ways.lat[at],
    )


def join_ways(parts: list[Ways]) -> Ways:
    """Put ways one behind the other."""
    if len(parts) == 1:
        return parts[0]
    size = np.concatenate([np.diff(p.offset) for p in parts])
    return Ways(
        tags=pd.concat([p.tags for p in parts], ignore_index=True),
        offset=np.r_[0, np.cumsum(size)].astype(np.int64),
        node=np.concatenate([p.node for p in parts]),
        lon=np.concatenate([p.lon for p in parts]),
        lat=np.concatenate([p.lat for p in parts]),
    )


# --- reading -------------------------------------------------------------------------------------


def read_window(
    prepared: Prepared,
    shelf: Shelf,
    shape: shapely.Geometry | None = None,
    layers: Collection[str] = LAYERS,
) -> Extract:
    """Read what of a prepared extract reaches into a window.

    Parameters
    ----------
    prepared, shelf
        The pieces, and where they are.
    shape
        The window (WGS-84); objects whose box meets it are kept, whole; None: everything.
    layers
        Other layers stay empty.

    Returns
    -------
    Extract
        Objects in the order of their ids; counts and coverage are those of the whole file.

    Raises
    ------
    LookupError
        A piece is gone or damaged.
    """
    pieces = prepared.pieces
    if shape is not None:
        shapely.prepare(shape)
        boxes = shapely.box(*pieces[["west", "south", "east", "north"]].to_numpy().T)
        pieces = pieces[shapely.intersects(shape, boxes)]
    found = {
        layer: [shelf.get(name) for name in pieces["name"][pieces["layer"] == layer]]
        if layer in layers
        else []
        for layer in LAYERS
    }
    ways = join_ways(found.pop("ways") or [prepared.empty["ways"]])
    order = np.argsort(ways.tags["way_id"].to_numpy(), kind="stable")
    ways = take_ways(ways, order[_inside(shape, ways.bounds())[order]])
    frames = {
        layer: _window(layer, _join(parts or [prepared.empty[layer]]), shape)
        for layer, parts in found.items()
    }
    return Extract(
        ways=ways,
        coverage=prepared.coverage,
        coverage_from=prepared.coverage_from,
        date=prepared.date,
        counts=prepared.counts,
        whole=prepared.whole,
        **frames,
    )


def _inside(shape: shapely.Geometry | None, bounds: Floats) -> Bools:
    if shape is None:
        return np.ones(len(bounds), dtype=bool)
    return np.asarray(shapely.intersects(shape, shapely.box(*np.ascontiguousarray(bounds.T))))


def _window(layer: str, frame: pd.DataFrame, shape: shapely.Geometry | None) -> pd.DataFrame:
    """Keep of one layer what meets the window, by id."""
    if layer == "routes":
        whole = frame.groupby(["route_id", "mode", "line"], dropna=False, sort=False)["members"]
        joined = whole.agg(lambda parts: sorted(m for part in parts for m in part)).reset_index()
        frame = joined[frame.columns].astype(object) if len(frame) else frame
        return frame.iloc[id_order(frame["route_id"])].reset_index(drop=True)
    if layer == "doors":
        bounds = frame[["lon", "lat", "lon", "lat"]].to_numpy(dtype=float)
        order = np.argsort(frame["node_id"].to_numpy(), kind="stable")
    else:
        geometry = frame["geometry"].to_numpy()
        bounds = shapely.bounds(geometry).reshape(-1, 4)
        if layer == "objects":
            point = shapely.is_missing(geometry)
            at = frame[["lon", "lat"]].to_numpy(dtype=float)[point]
            bounds[point] = np.column_stack([at, at])
        order = id_order(frame["osm_id"])
    return frame.iloc[order[_inside(shape, bounds)[order]]].reset_index(drop=True)


def id_order(ids: pd.Series) -> Ints:
    """Order of OSM ids (``node/1``): nodes, ways, relations, each by number."""
    kind = np.array([_KINDS[i[0]] for i in ids], dtype=np.int64)
    number = np.array([int(i[i.index("/") + 1 :]) for i in ids], dtype=np.int64)
    return np.lexsort((number, kind))
