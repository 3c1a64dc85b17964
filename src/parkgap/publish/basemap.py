"""The drawn ground of the maps, as small scripts that the pages share.

No tiles from the net: streets, water, green, built-up land and buildings come from the
extract.  The overview gets one simplified sheet; park pages share square sheets of
0.01 x 0.0125 degrees, each written once, however many parks lie around it.

A script pushes one object: ``o`` (origin in steps of 1e-5 degrees), and for each layer
``[n, d]``: the points of each line, and all coordinates as x, y pairs, the first point of a
line relative to the origin and the others to the point before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from parkgap.publish.html import script_json

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.results import Base

STEPS = 1e5  # steps per degree: about one metre
CELL = (0.0125, 0.01)  # size of a sheet in degrees of longitude and latitude
MARGIN_M = 1300.0  # ground drawn around a park: a 15-minute walk and a little
_OVERLAP = 3e-5  # sheets overlap by this many degrees, so that no seam shows
_SHEET_TOLERANCE = 2e-5  # degrees; invisible at the closest zoom that planners use
_MINOR_POINTS = 400_000  # an overview with more points than this shows main streets only
_LABELS = 3000  # settlements named on an overview
_KINDS = ("city", "town", "suburb", "village", "quarter", "neighbourhood", "hamlet")

Geometries = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sheet:
    """One shared script of the base map: its name below ``assets/base`` and its content."""

    name: str
    content: str


def encode(lines: Geometries, origin: tuple[int, int]) -> tuple[list[int], list[int]]:
    """Write LineStrings or rings as flat integer lists.

    Parameters
    ----------
    lines
        LineStrings or LinearRings in WGS-84 degrees, shape (n,).
    origin
        What first points are relative to, in steps of 1e-5 degrees.

    Returns
    -------
    n, d
        Points of each line that is left (points that fall together are one; lines of fewer
        than two are dropped), and the coordinates as relative x, y pairs.
    """
    coords, line = shapely.get_coordinates(lines, return_index=True)
    if len(coords) == 0:
        return [], []
    steps = np.rint(coords * STEPS).astype(np.int64)
    first = np.r_[True, line[1:] != line[:-1]]
    move = np.diff(steps, axis=0, prepend=0)
    keep = first | (move != 0).any(axis=1)
    counts = np.bincount(line[keep], minlength=len(lines))
    keep &= (counts > 1)[line]
    steps, line, first = steps[keep], line[keep], first[keep]
    move = np.diff(steps, axis=0, prepend=0)
    move[first] = steps[first] - np.asarray(origin)
    return counts[counts > 1].tolist(), move.ravel().tolist()


def _parts(geometries: Geometries, kind: int) -> Geometries:
    """Take collections apart and keep what is of one kind, what needs no parting first."""
    types = shapely.get_type_id(geometries)
    whole = geometries[types == kind]
    many = shapely.get_parts(geometries[types > shapely.GeometryType.POLYGON])
    return np.concatenate([whole, many[shapely.get_type_id(many) == kind]])


def rings(polygons: Geometries) -> Geometries:
    """Take polygons apart into rings, shells one way round and holes the other.

    Drawn together by the nonzero rule, overlapping polygons then do not cancel each other,
    and holes stay holes.
    """
    parts = _parts(polygons, shapely.GeometryType.POLYGON)
    return np.asarray(shapely.get_rings(shapely.orient_polygons(parts)), dtype=object)


def _lines(geometries: Geometries) -> Geometries:
    """Take lines apart, and drop what is none."""
    return _parts(geometries, shapely.GeometryType.LINESTRING)


def layers(base: Base) -> dict[str, Geometries]:
    """Sort the drawn ground into layers, from the bottom up; ``*_line`` holds lines."""
    streets, kind = np.asarray(base.streets, dtype=object), np.asarray(base.street_class)
    water = np.asarray(base.water, dtype=object)
    river = np.isin(shapely.get_type_id(water), (1, 5))
    return {
        "built": np.asarray(base.built, dtype=object),
        "green": np.asarray(base.green, dtype=object),
        "water": water[~river],
        "water_line": water[river],
        "building": np.asarray(base.buildings, dtype=object),
        "path_line": streets[kind == "path"],
        "minor_line": streets[kind == "minor"],
        "main_line": streets[kind == "main"],
    }


def _script(origin: tuple[int, int], parts: Mapping[str, Geometries], labels: object) -> str:
    """Write one sheet's script."""
    data: dict[str, object] = {"o": list(origin)}
    for name, geometries in parts.items():
        flat = _lines(geometries) if name.endswith("_line") else rings(geometries)
        counts, moves = encode(flat, origin)
        if counts:
            data[name] = [counts, moves]
    body = json.dumps(data, separators=(",", ":"))
    return f"parkgapSheet({body},{script_json(labels)});\n"


def _labels(places: pd.DataFrame) -> list[list[object]]:
    """List settlements as name, x, y, rank of their kind; the greatest first."""
    ranks = {kind: i for i, kind in enumerate(_KINDS)}
    rows = [
        [str(name), round(lon * STEPS), round(lat * STEPS), ranks.get(str(kind), len(_KINDS))]
        for name, lon, lat, kind in zip(
            places["name"], places["lon"], places["lat"], places["kind"], strict=True
        )
        if isinstance(name, str) and name.strip() and np.isfinite(lon) and np.isfinite(lat)
    ]
    return sorted(rows, key=lambda r: (r[3], r[0], r[1], r[2]))


# --- the overview -----------------------------------------------------------------------------


def overview(base: Base, extent: Box) -> Sheet:
    """Draw the whole area, simplified to what its overview can show.

    Parameters
    ----------
    base
        The drawn ground.
    extent
        West, south, east, north of the first view, degrees: it fixes how coarse lines may be.
    """
    tolerance = float(np.clip(max(extent[2] - extent[0], extent[3] - extent[1]) / 6000, 2e-5, 1e-3))
    parts = layers(base)
    del parts["building"], parts["path_line"]
    for name, geometries in parts.items():
        simple = shapely.simplify(geometries, tolerance, preserve_topology=False)
        if not name.endswith("_line"):
            simple = simple[shapely.area(simple) > (4 * tolerance) ** 2]
        parts[name] = simple[~shapely.is_empty(simple)]
    if shapely.get_num_coordinates(parts["minor_line"]).sum() > _MINOR_POINTS:
        del parts["minor_line"]
    origin = (round(extent[0] * STEPS), round(extent[1] * STEPS))
    return Sheet("overview.js", _script(origin, parts, _labels(base.places)[:_LABELS]))


# --- sheets around parks ----------------------------------------------------------------------


def windows(bounds: npt.NDArray[np.float64], margin: float = MARGIN_M) -> npt.NDArray[np.float64]:
    """Widen boxes (west, south, east, north in degrees, shape (n, 4)) by about `margin` metres."""
    middle = np.radians((bounds[:, 1] + bounds[:, 3]) / 2)
    up = margin / 111_320.0  # a margin for drawing; no figure depends on it
    aside = up / np.maximum(np.cos(middle), 0.05)
    return bounds + np.column_stack([-aside, -np.full_like(aside, up), aside, aside * 0 + up])


def cells(window: Iterable[float]) -> list[tuple[int, int]]:
    """List the sheets (column, row) that a window touches."""
    west, south, east, north = window
    return [
        (x, y)
        for y in range(int(south // CELL[1]), int(north // CELL[1]) + 1)
        for x in range(int(west // CELL[0]), int(east // CELL[0]) + 1)
    ]


def sheet_name(cell: tuple[int, int]) -> str:
    """Name the file of a sheet."""
    return f"x{cell[0]}y{cell[1]}.js"


def _key(cells: Ints) -> Ints:
    """Fold (column, row) pairs, shape (n, 2), into one number each."""
    return np.asarray(cells[:, 1] * 1_000_000 + cells[:, 0], dtype=np.int64)


def _spread(
    geometries: Geometries, wanted: set[tuple[int, int]], *, clip: bool
) -> dict[tuple[int, int], list[Geometries]]:
    """Simplify geometries and deal them out to the wanted cells.

    What lies within one cell goes there whole; what crosses cells is cut at their edges, or,
    where not to be clipped, goes to the cell of its south-western corner.
    """
    found: dict[tuple[int, int], list[Geometries]] = {}
    box = shapely.bounds(geometries)
    good = np.isfinite(box).all(axis=1)
    geometries, box = geometries[good], box[good]
    if len(geometries) == 0:
        return found
    low = np.floor(box[:, :2] / CELL).astype(np.int64)
    high = np.floor(box[:, 2:] / CELL).astype(np.int64)
    whole = (low == high).all(axis=1) if clip else np.full(len(low), True)
    # Most of a country lies around no park: leave it out before the costly part.
    near = ~whole | np.isin(_key(low), _key(np.asarray(sorted(wanted), dtype=np.int64)))
    low, high, whole = low[near], high[near], whole[near]
    geometries = shapely.simplify(geometries[near], _SHEET_TOLERANCE, preserve_topology=False)
    order = np.lexsort((low[whole, 0], low[whole, 1]))  # stable: input order within a cell
    sorted_low, sorted_geometries = low[whole][order], geometries[whole][order]
    starts = np.flatnonzero(np.r_[True, (np.diff(sorted_low, axis=0) != 0).any(axis=1)])
    for start, group in zip(starts, np.split(sorted_geometries, starts[1:]), strict=False):
        if len(group):
            cell = (int(sorted_low[start, 0]), int(sorted_low[start, 1]))
            if cell in wanted:
                found[cell] = [group]
    crossing, low, high = geometries[~whole], low[~whole], high[~whole]
    for cell in sorted(wanted) if len(crossing) else ():
        touch = ((low <= cell) & (high >= cell)).all(axis=1)
        if touch.any():
            found.setdefault(cell, []).append(_clip(crossing[touch], cell))
    return found


def _clip(geometries: Geometries, cell: tuple[int, int]) -> Geometries:
    """Cut geometries at a cell's edges, with a little overlap."""
    west, south = cell[0] * CELL[0] - _OVERLAP, cell[1] * CELL[1] - _OVERLAP
    east, north = west + CELL[0] + 2 * _OVERLAP, south + CELL[1] + 2 * _OVERLAP
    cut = shapely.clip_by_rect(geometries, west, south, east, north)
    return np.asarray(cut[~shapely.is_empty(cut)], dtype=object)


def sheets(base: Base, wanted: set[tuple[int, int]]) -> list[Sheet]:
    """Draw the wanted sheets, in a fixed order; none where there is nothing to draw."""
    if not wanted:
        return []
    spread = {}
    for name, geometries in layers(base).items():
        spread[name] = _spread(geometries, wanted, clip=name != "building")
    labels: dict[tuple[int, int], list[list[object]]] = {}
    for row in _labels(base.places):
        lon, lat = float(str(row[1])) / STEPS, float(str(row[2])) / STEPS
        labels.setdefault((int(lon // CELL[0]), int(lat // CELL[1])), []).append(row)
    out = []
    for cell in sorted(wanted):
        origin = (round(cell[0] * CELL[0] * STEPS), round(cell[1] * CELL[1] * STEPS))
        parts = {
            name: np.concatenate(found[cell]) for name, found in spread.items() if cell in found
        }
        if parts or cell in labels:
            out.append(Sheet(sheet_name(cell), _script(origin, parts, labels.get(cell, []))))
    return out
