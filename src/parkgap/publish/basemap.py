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
WIDE_M = (1800.0, MARGIN_M)  # ground around a park; screens are wider than high
_OVERLAP = 3e-5  # sheets overlap by this many degrees, so that no seam shows
_SHEET_TOLERANCE = 2e-5  # degrees; invisible at the closest zoom that planners use
_MINOR_POINTS = 400_000  # an overview with more points than this shows main streets only
_PAD = 0.002  # degrees around the parks in a first view
_LABELS = 3000  # settlements named on an overview
OUTLINED = ("built", "green", "water", "water_line", "minor_line", "main_line")
_KINDS = ("city", "town", "suburb", "village", "quarter", "neighbourhood", "hamlet")

Geometries = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sheet:
    """One shared script of the base map: its name below ``assets/base`` and its content."""

    name: str
    content: str


def _moves(lines: Geometries, origin: Ints) -> tuple[Ints, Ints]:
    """Turn lines into moves from point to point, all at once.

    Parameters
    ----------
    lines
        LineStrings or LinearRings in WGS-84 degrees, shape (n,).
    origin
        What the first point of each line is relative to, in steps; shape (n, 2) or (2,).

    Returns
    -------
    counts, moves
        Points left of each line, shape (n,), 0 where it is no line any more; and the moves,
        shape (sum of counts, 2).
    """
    coords, line = shapely.get_coordinates(lines, return_index=True)
    steps = np.rint(coords * STEPS).astype(np.int64)
    first = np.diff(line, prepend=-1) != 0
    apart = np.diff(steps, axis=0, prepend=0).any(axis=1)
    keep = first | apart
    counts = np.bincount(line[keep], minlength=len(lines))
    counts[counts == 1] = 0
    keep &= counts[line] > 0
    steps, line, first = steps[keep], line[keep], first[keep]
    moves = np.diff(steps, axis=0, prepend=0)
    moves[first] = steps[first] - np.broadcast_to(origin, (len(lines), 2))[line[first]]
    return counts, moves


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
    counts, moves = _moves(lines, np.array(origin))
    return counts[counts > 0].tolist(), moves.ravel().tolist()


def _parts(geometries: Geometries, kind: int) -> tuple[Geometries, Ints]:
    """Take collections apart and keep what is of one kind; with the place each comes from."""
    if (shapely.get_type_id(geometries) == kind).all():
        return geometries, np.arange(len(geometries))
    parts, source = shapely.get_parts(geometries, return_index=True)
    kept = shapely.get_type_id(parts) == kind
    return parts[kept], source[kept]


def _lines(geometries: Geometries, name: str) -> tuple[Geometries, Ints]:
    """Take a layer apart into lines, or rings where it holds areas; with their sources.

    Shells turn one way and holes the other.  Drawn together by the nonzero rule, overlapping
    polygons then do not cancel each other, and holes stay holes.
    """
    if name.endswith("_line"):
        return _parts(geometries, shapely.GeometryType.LINESTRING)
    polygons, source = _parts(geometries, shapely.GeometryType.POLYGON)
    rings, polygon = shapely.get_rings(shapely.orient_polygons(polygons), return_index=True)
    return np.asarray(rings, dtype=object), source[polygon]


def rings(polygons: Geometries) -> Geometries:
    """Take polygons apart into rings, shells one way round and holes the other."""
    return _lines(polygons, "area")[0]


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


def _script(
    origin: tuple[int, int], parts: Mapping[str, tuple[list[int], list[int]]], labels: object
) -> str:
    """Write one sheet's script."""
    data = {"o": list(origin)} | {name: list(flat) for name, flat in parts.items()}
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


def tolerance_of(extent: Box) -> float:
    """How coarse an overview's lines may be, degrees, for its first view."""
    wide = max(extent[2] - extent[0], extent[3] - extent[1])
    return float(np.clip(wide / 6000, 2e-5, 1e-3))


def outlined(base: Base, tolerance: float) -> pd.DataFrame:
    """Simplify the ground to what an overview can show.

    Parameters
    ----------
    base
        The drawn ground.
    tolerance
        How coarse lines may be, degrees.

    Returns
    -------
    DataFrame
        ``layer, id, geometry`` (WGS-84), by layer from the bottom up.
    """
    import pandas as pd

    ids, kind = base.ids, np.asarray(base.street_class)
    river = np.isin(shapely.get_type_id(np.asarray(base.water, dtype=object)), (1, 5))
    names = {
        "built": ids["built"],
        "green": ids["green"],
        "water": ids["water"][~river],
        "water_line": ids["water"][river],
        "minor_line": ids["streets"][kind == "minor"],
        "main_line": ids["streets"][kind == "main"],
    }
    parts = []
    for name, geometries in layers(base).items():
        if name not in names:
            continue
        simple = shapely.simplify(geometries, tolerance, preserve_topology=False)
        keep = ~shapely.is_empty(simple)
        if not name.endswith("_line"):
            keep &= shapely.area(simple) > (4 * tolerance) ** 2
        parts.append(
            pd.DataFrame({"layer": name, "id": names[name][keep], "geometry": simple[keep]})
        )
    return pd.concat(parts, ignore_index=True)


def overview(outline: pd.DataFrame, places: pd.DataFrame, extent: Box) -> Sheet:
    """Draw the whole area, simplified to what its overview can show.

    Parameters
    ----------
    outline
        Of :func:`outlined`; what several shards see stands in it once.
    places
        Settlements to label: ``name, lon, lat, kind``.
    extent
        West, south, east, north of the first view, degrees.
    """
    parts = {
        str(name): group["geometry"].to_numpy()
        for name, group in outline.groupby("layer", sort=False)
    }
    minor = parts.get("minor_line")
    if minor is not None and shapely.get_num_coordinates(minor).sum() > _MINOR_POINTS:
        del parts["minor_line"]
    origin = (round(extent[0] * STEPS), round(extent[1] * STEPS))
    flat = {name: encode(_lines(g, name)[0], origin) for name, g in parts.items()}
    drawn = {name: lines for name, lines in flat.items() if lines[0]}
    return Sheet("overview.js", _script(origin, drawn, _labels(places)[:_LABELS]))


def extent_of(shapes: Geometries) -> Box | None:
    """First view of an overview: around all parks (WGS-84); None where none has a shape."""
    box = shapely.bounds(shapes).reshape(-1, 4)
    box = box[np.isfinite(box).all(axis=1)]
    if not len(box):
        return None
    west, south = box[:, :2].min(axis=0) - _PAD
    east, north = box[:, 2:].max(axis=0) + _PAD
    return (float(west), float(south), float(east), float(north))


# --- sheets around parks ----------------------------------------------------------------------


def windows(
    bounds: npt.NDArray[np.float64], margin: tuple[float, float] = (MARGIN_M, MARGIN_M)
) -> npt.NDArray[np.float64]:
    """Widen boxes by about so many metres.

    Parameters
    ----------
    bounds
        West, south, east, north in degrees, shape (n, 4).
    margin
        Metres to either side, and up and down.
    """
    middle = np.radians((bounds[:, 1] + bounds[:, 3]) / 2)
    degree = 111_320.0  # metres; good enough for drawing, and no figure depends on it
    aside = margin[0] / degree / np.maximum(np.cos(middle), 0.05)
    up = np.full_like(aside, margin[1] / degree)
    return bounds + np.column_stack([-aside, -up, aside, up])


def cells(window: Iterable[float]) -> list[tuple[int, int]]:
    """List the sheets (column, row) that a window touches."""
    west, south, east, north = window
    return [
        (x, y)
        for y in range(int(south // CELL[1]), int(north // CELL[1]) + 1)
        for x in range(int(west // CELL[0]), int(east // CELL[0]) + 1)
    ]


def cells_around(shapes: Geometries) -> list[tuple[int, int]]:
    """List the sheets that the pages of some parks (WGS-84) load, sorted."""
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    return sorted({cell for window in windows(bounds, WIDE_M) for cell in cells(window)})


def sheet_name(cell: tuple[int, int]) -> str:
    """Name the file of a sheet."""
    return f"x{cell[0]}y{cell[1]}.js"


def _key(cells: Ints) -> Ints:
    """Fold (column, row) pairs, shape (n, 2), into one number each: row by row."""
    return np.asarray(cells[:, 1] * 1_000_000 + cells[:, 0], dtype=np.int64)


def _spread(geometries: Geometries, wanted: Ints, *, clip: bool) -> tuple[Geometries, Ints]:
    """Simplify geometries and deal them out to the wanted cells.

    What lies within one cell goes there whole; what crosses cells is cut at their edges, or,
    where not to be clipped, goes to the cell of its south-western corner.

    Parameters
    ----------
    geometries
        What is drawn in one layer, WGS-84 degrees, shape (n,).
    wanted
        Cells (column, row), shape (k, 2), row by row.
    clip
        Whether to cut.

    Returns
    -------
    geometries, cell
        What to draw, and the place among the wanted of the cell to draw it in; by cell.
    """
    box = shapely.bounds(geometries).reshape(-1, 4)
    good = np.isfinite(box).all(axis=1)
    geometries, box = geometries[good], box[good]
    low = np.floor(box[:, :2] / CELL).astype(np.int64)
    high = np.floor(box[:, 2:] / CELL).astype(np.int64)
    whole = (low == high).all(axis=1) if clip else np.full(len(low), True)
    keys = _key(wanted)
    place = np.minimum(np.searchsorted(keys, _key(low)), len(keys) - 1)
    # Most of a country lies around no park: leave it out before the costly part.
    near = np.where(whole, keys[place] == _key(low), True)
    geometries = np.asarray(
        shapely.simplify(geometries[near], _SHEET_TOLERANCE, preserve_topology=False)
    )
    low, high, whole, place = low[near], high[near], whole[near], place[near]
    found, cells = [geometries[whole]], [place[whole]]
    crossing, low, high = geometries[~whole], low[~whole], high[~whole]
    for i, cell in enumerate(wanted) if len(crossing) else ():
        touch = ((low <= cell) & (high >= cell)).all(axis=1)
        if touch.any():
            found.append(_clip(crossing[touch], cell))
            cells.append(np.full(len(found[-1]), i))
    merged, where = np.concatenate(found), np.concatenate(cells)
    order = np.argsort(where, kind="stable")
    return merged[order], where[order]


def _clip(geometries: Geometries, cell: Ints) -> Geometries:
    """Cut geometries at a cell's edges, with a little overlap."""
    west, south = (cell * CELL - _OVERLAP).tolist()
    east, north = west + CELL[0] + 2 * _OVERLAP, south + CELL[1] + 2 * _OVERLAP
    cut = shapely.clip_by_rect(geometries, west, south, east, north)
    return np.asarray(cut[~shapely.is_empty(cut)], dtype=object)


def _by_cell(
    geometries: Geometries, cell: Ints, name: str, origins: Ints
) -> dict[int, tuple[list[int], list[int]]]:
    """Encode one layer of all cells at once, and part it by cell."""
    lines, source = _lines(geometries, name)
    counts, moves = _moves(lines, origins[cell[source]])
    where, counts = cell[source][counts > 0], counts[counts > 0]
    cells, starts = np.unique(where, return_index=True)
    points = np.r_[0, np.cumsum(counts)]
    ends = np.r_[starts, len(counts)][1:]
    return {
        int(i): (counts[a:b].tolist(), moves[points[a] : points[b]].ravel().tolist())
        for i, a, b in zip(cells, starts, ends, strict=True)
    }


def sheets(base: Base, wanted: set[tuple[int, int]]) -> list[Sheet]:
    """Draw the wanted sheets, in a fixed order; none where there is nothing to draw."""
    if not wanted:
        return []
    ordered = sorted(wanted, key=lambda cell: (cell[1], cell[0]))
    grid = np.array(ordered, dtype=np.int64)
    origins = np.rint(grid * CELL * STEPS).astype(np.int64)
    drawn = {}
    for name, geometries in layers(base).items():
        if len(geometries):
            spread, cell = _spread(geometries, grid, clip=name != "building")
            drawn[name] = _by_cell(spread, cell, name, origins)
    labels: dict[tuple[int, int], list[list[object]]] = {}
    for row in _labels(base.places):
        lon, lat = float(str(row[1])) / STEPS, float(str(row[2])) / STEPS
        labels.setdefault((int(lon // CELL[0]), int(lat // CELL[1])), []).append(row)
    out = []
    for i, place in enumerate(ordered):
        parts = {name: found[i] for name, found in drawn.items() if i in found}
        if parts or place in labels:
            origin = (int(origins[i, 0]), int(origins[i, 1]))
            out.append(Sheet(sheet_name(place), _script(origin, parts, labels.get(place, []))))
    return out
