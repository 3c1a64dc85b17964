"""Make the inputs of the reach comparison from an extract: one .npz, the same for every engine.

The streets, the workplaces and the places are read and snapped here by code that shares
nothing with parkgap, so that a fault of parkgap's cannot hide in its own inputs.  None of
this is timed.

Arrays of the file, true metres but for the Mercator ones:

======================  ========================================================
``x, y``                junctions, shape (n,), in Mercator (EPSG:3395)
``u, v, metres``        two-way streets between junctions, folded, shape (e,)
``origin_edge``         row of the street that an origin snapped to, shape (o,)
``origin_u, origin_v``  along that street to its two ends
``origin_leg``          straight from the point to the street
``origin_x, origin_y``  the point on the street, in Mercator
``place_*``             the same of the destinations, shape (d,)
``limit``               farthest walk, both legs included
======================  ========================================================
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyproj
import shapely

CLOSED = frozenset({"motorway", "motorway_link", "construction", "proposed", "platform", "raceway"})
PLACE_KEYS = ("amenity", "shop", "leisure", "healthcare", "office", "tourism", "public_transport")
LIMIT_M = 1500.0
SNAP_M = 150.0
LEAST_HA = 1.0
COPY_EVERY_M = 100_000.0

Arrays = dict[str, Any]


@dataclass
class Read:
    """What one pass over the extract found, in WGS-84 degrees."""

    lines: list[list[int]] = field(default_factory=list)
    at: dict[int, tuple[float, float]] = field(default_factory=dict)
    places: list[tuple[float, float]] = field(default_factory=list)
    buildings: list[tuple[float, float]] = field(default_factory=list)
    industrial: list[Any] = field(default_factory=list)


def read(extract: Path) -> Read:
    """Read streets, places, buildings and industrial areas from `extract`."""
    found = Read()
    for entity in osmium.FileProcessor(str(extract)).with_locations():
        if isinstance(entity, osmium.osm.Node):
            if any(key in entity.tags for key in PLACE_KEYS):
                found.places.append((entity.lon, entity.lat))
        elif isinstance(entity, osmium.osm.Way):
            _read_way(entity, found)
    return found


def _read_way(way: osmium.osm.Way, found: Read) -> None:
    tags = way.tags
    nodes = [(n.ref, n.lon, n.lat) if n.location.valid() else None for n in way.nodes]
    known = [n for n in nodes if n is not None]
    if not known:
        return
    if "highway" in tags and tags["highway"] not in CLOSED and tags.get("foot") != "no":
        part: list[int] = []
        for node in nodes:  # a way is broken where the extract lacks a node
            if node is None:
                found.lines.append(part)
                part = []
            else:
                part.append(node[0])
                found.at[node[0]] = node[1:]
        found.lines.append(part)
    middle = known[0][1:]
    if any(key in tags for key in PLACE_KEYS):
        found.places.append(middle)
    if "building" in tags:
        found.buildings.append(middle)
    if tags.get("landuse") == "industrial" and way.is_closed() and None not in nodes:
        found.industrial.append(shapely.Polygon([n[1:] for n in known]))


def fold(lines: list[list[int]]) -> list[list[int]]:
    """Join lines at nodes where exactly two of their pieces meet; rings keep one node.

    Parameters
    ----------
    lines
        Node ids along each way.

    Returns
    -------
    list of list of int
        Node ids along each street between two junctions.
    """
    beside: dict[int, list[int]] = defaultdict(list)
    pieces: list[tuple[int, int]] = []
    for line in lines:
        for a, b in pairwise(line):
            if a != b:
                beside[a].append(len(pieces))
                beside[b].append(len(pieces))
                pieces.append((a, b))
    used = [False] * len(pieces)
    chains: list[list[int]] = []

    def follow(start: int, piece: int) -> None:
        chain = [start]
        while not used[piece]:
            used[piece] = True
            a, b = pieces[piece]
            chain.append(b if chain[-1] == a else a)
            here = beside[chain[-1]]
            if len(here) == 2:  # noqa: PLR2004 (nothing branches here)
                piece = here[0] if here[1] == piece else here[1]
        chains.append(chain)

    for junctions in (True, False):  # rings without a junction come last
        for node, meeting in beside.items():
            if junctions == (len(meeting) != 2):  # noqa: PLR2004
                for piece in meeting:
                    if not used[piece]:
                        follow(node, piece)
    return chains


def snap(points: Any, lines: Any, limit: float) -> Arrays:
    """Snap points to their nearest line.

    Parameters
    ----------
    points, lines
        Shapely geometries in metres, shapes (p,) and (e,).
    limit
        Farthest straight metres.

    Returns
    -------
    dict of arrays
        ``edge, u, v, leg`` of the points that have a line within `limit`, and ``at``, the
        points on the lines.
    """
    tree = shapely.STRtree(lines)
    (point, edge), leg = tree.query_nearest(
        points, max_distance=limit, return_distance=True, all_matches=False
    )
    along = shapely.line_locate_point(lines[edge], points[point])
    return {
        "edge": edge,
        "u": along,
        "v": shapely.length(lines[edge]) - along,
        "leg": leg,
        "at": shapely.line_interpolate_point(lines[edge], along),
    }


def make(extract: Path, copies: int = 1) -> Arrays:
    """Make the arrays from `extract`.

    Parameters
    ----------
    extract
        Any OpenStreetMap file.
    copies
        So many copies of the streets and places lie side by side, without a link; the origins
        lie in the first alone.  It shows what a larger country costs an origin.
    """
    found = read(extract)
    lon, lat = np.transpose(list(found.at.values()))
    plane = pyproj.Proj(proj="tmerc", lon_0=lon.mean(), lat_0=lat.mean(), ellps="WGS84")

    def projected(degrees: list[tuple[float, float]]) -> Any:
        return np.column_stack(plane(*np.transpose(degrees)))

    xy = dict(zip(found.at, projected(list(found.at.values())), strict=True))
    chains = [chain for chain in fold(found.lines) if len(chain) > 1]
    lines = np.array([shapely.LineString([xy[n] for n in chain]) for chain in chains])
    ids, rows = np.unique([(c[0], c[-1]) for c in chains], return_inverse=True)
    uv = rows.reshape(-1, 2)

    outlines = [
        shapely.transform(area, lambda c: np.column_stack(plane(*c.T))) for area in found.industrial
    ]
    parks = shapely.union_all([area for area in outlines if area.area >= LEAST_HA * 1e4])
    shapely.prepare(parks)
    works = shapely.points(projected(found.buildings))
    origin = snap(works[shapely.contains(parks, works)], lines, SNAP_M)
    place = snap(shapely.points(projected(found.places)), lines, SNAP_M)

    to_mercator = pyproj.Transformer.from_crs(plane.crs, 3395, always_xy=True)

    def mercator(points: Any) -> Any:
        return to_mercator.transform(*np.transpose(points))

    x, y = mercator([xy[n] for n in ids])
    for snapped in (origin, place):
        snapped["x"], snapped["y"] = mercator(shapely.get_coordinates(snapped.pop("at")))
    step = np.arange(copies)[:, None]
    return {
        "x": (x + COPY_EVERY_M * step).ravel(),
        "y": np.tile(y, copies),
        "u": (uv[:, 0] + len(ids) * step).ravel(),
        "v": (uv[:, 1] + len(ids) * step).ravel(),
        "metres": np.tile(shapely.length(lines), copies),
        **{f"origin_{k}": a for k, a in origin.items()},
        **{f"place_{k}": np.tile(a, copies) for k, a in place.items()},
        "place_edge": (place["edge"] + len(lines) * step).ravel(),
        "place_x": (place["x"] + COPY_EVERY_M * step).ravel(),
        "limit": np.array(LIMIT_M),
    }


def main() -> None:
    """Write the arrays of an extract to an .npz file."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("extract", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--copies", type=int, default=1)
    given = parser.parse_args()
    arrays = make(given.extract, given.copies)
    np.savez(given.out, **arrays)
    print({name: values.shape for name, values in arrays.items()})


if __name__ == "__main__":
    main()
