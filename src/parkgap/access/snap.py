"""Snap points and outlines to the nearest place on a street.

A snap lies *on* a piece, between its ends: both part-lengths of the edge count, and so does
the straight leg from the point to the street.  What lies farther than the limit from every
street is left unsnapped and reported, never moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.access.streets import Streets

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]

_AT_END = 1e-6


@dataclass(frozen=True)
class Snaps:
    """Points on streets.

    Attributes
    ----------
    of
        Row of whatever was snapped; one row may have several snaps, shape (n,).
    piece
        Row of the streets' pieces, shape (n,).
    t
        Place on the piece, 0 at its first end to 1, shape (n,).
    leg
        Straight metres from the point (or outline) to the street, shape (n,).
    """

    of: Ints
    piece: Ints
    t: Floats
    leg: Floats

    def __len__(self) -> int:
        return len(self.of)

    def take(self, rows: npt.NDArray[np.bool_] | Ints) -> Snaps:
        """Return the snaps of the given rows."""
        return Snaps(self.of[rows], self.piece[rows], self.t[rows], self.leg[rows])

    def xy(self, streets: Streets) -> tuple[Floats, Floats]:
        """Mercator metres of the snapped points."""
        a = streets.pieces["a"].to_numpy()[self.piece]
        b = streets.pieces["b"].to_numpy()[self.piece]
        x, y = streets.nodes["x"].to_numpy(), streets.nodes["y"].to_numpy()
        return x[a] * (1 - self.t) + x[b] * self.t, y[a] * (1 - self.t) + y[b] * self.t


@dataclass(frozen=True)
class Ends:
    """What it costs to walk between a snap and the two ends of its edge, one unit, shape (n,) each.

    ``to_u, to_v`` from the point to the ends, ``from_u, from_v`` from the ends to the point;
    infinite where it may not be walked that way.  The leg is counted in all four.  `along` and
    `along_back` are the place on the edge in that unit, for two snaps on one edge.
    """

    edge: Ints
    u: Ints
    v: Ints
    to_u: Floats
    to_v: Floats
    from_u: Floats
    from_v: Floats
    along: Floats
    along_back: Floats
    leg: Floats
    forward: npt.NDArray[np.bool_]
    backward: npt.NDArray[np.bool_]


def ends(streets: Streets, snaps: Snaps, unit: str) -> Ends:
    """Cost of each snap to and from the ends of its edge, in ``metres`` or ``minutes``."""
    pieces, edges = streets.pieces, streets.edges
    row = snaps.piece
    edge = pieces["edge"].to_numpy()[row]
    if unit == "metres":
        names = ("start", "start", "metres", "metres", "metres", "metres")
        leg = snaps.leg
    else:
        names = (
            "start_minutes",
            "start_minutes_back",
            "minutes",
            "minutes_back",
            "minutes",
            "minutes_back",
        )
        leg = snaps.leg / streets.speed
    start, start_back, part, part_back = (pieces[c].to_numpy()[row] for c in names[:4])
    whole, whole_back = (edges[c].to_numpy()[edge] for c in names[4:])
    along = start + snaps.t * part
    along_back = start_back + snaps.t * part_back
    forward = edges["forward"].to_numpy()[edge]
    backward = edges["backward"].to_numpy()[edge]
    no = np.inf
    at_u, at_v = along <= _AT_END, whole - along <= _AT_END
    return Ends(
        edge=edge,
        u=edges["u"].to_numpy()[edge],
        v=edges["v"].to_numpy()[edge],
        # A snap on the very end of a one-way edge is at that end whichever way the edge runs.
        to_u=np.where(backward | at_u, along_back + leg, no),
        to_v=np.where(forward | at_v, np.maximum(whole - along, 0) + leg, no),
        from_u=np.where(forward | at_u, along + leg, no),
        from_v=np.where(backward | at_v, np.maximum(whole_back - along_back, 0) + leg, no),
        along=along,
        along_back=along_back,
        leg=leg,
        forward=forward,
        backward=backward,
    )


class Snapper:
    """The spatial index over some of the streets' pieces.

    Parameters
    ----------
    streets
        The network.
    piece
        Rows of the pieces that may be snapped to (for example the public ones).
    limit
        Farthest straight metres from a point to a street.
    """

    def __init__(self, streets: Streets, piece: Ints, limit: float) -> None:
        self.streets = streets
        self.piece = piece
        self.limit = limit
        self.lines = streets.lines(piece)
        self.tree = shapely.STRtree(self.lines)

    def nearest(self, geometry: Objects) -> Snaps:
        """Snap each geometry (Mercator metres; point, line or area) to its nearest street.

        Of an area, the place of its outline that is nearest to a street counts.
        """
        if len(geometry) == 0 or len(self.piece) == 0:
            return _none()
        lat = _latitude(geometry)
        reach = self.limit / float(geo.scale(lat).min())
        of, hit = self.tree.query_nearest(geometry, max_distance=reach, all_matches=True)
        # At a corner several pieces are equally near: the first of them, whatever the tree's order.
        order = np.lexsort((hit, of))
        of, hit = of[order], hit[order]
        first = np.r_[True, of[1:] != of[:-1]] if len(of) else np.empty(0, dtype=bool)
        of, hit = of[first], hit[first]
        line = self.lines[hit]
        joint = shapely.shortest_line(line, geometry[of])
        foot = shapely.get_point(joint, 0)
        leg = shapely.length(joint) * geo.scale(lat[of])
        t = shapely.line_locate_point(line, foot, normalized=True)
        near = leg <= self.limit
        return Snaps(of, self.piece[hit], np.nan_to_num(t), leg).take(near)

    def touching(self, outline: Objects) -> Snaps:
        """Snap each area to every street that crosses or touches its outline (Mercator metres)."""
        if len(outline) == 0 or len(self.piece) == 0:
            return _none()
        of, hit = self.tree.query(outline, predicate="intersects")
        order = np.lexsort((hit, of))
        of, hit = of[order], hit[order]
        met = shapely.intersection(self.lines[hit], outline[of])
        xy, at = shapely.get_coordinates(met, return_index=True)
        of, hit = of[at], hit[at]
        t = shapely.line_locate_point(self.lines[hit], shapely.points(xy), normalized=True)
        t = np.nan_to_num(t)
        # A node shared by two pieces is met once on each; one is enough.
        key = np.column_stack([of, np.round(xy, 2)])
        _, first = np.unique(key, axis=0, return_index=True)
        first.sort()
        return Snaps(of[first], self.piece[hit[first]], t[first], np.zeros(len(first)))


def _latitude(geometry: Objects) -> Floats:
    bounds = shapely.bounds(geometry)
    _, lat = geo.degrees(np.zeros(len(geometry)), (bounds[:, 1] + bounds[:, 3]) / 2)
    return lat


def _none() -> Snaps:
    empty = np.empty(0, dtype=np.int64)
    return Snaps(empty, empty, np.empty(0), np.empty(0))


def concat(parts: list[Snaps]) -> Snaps:
    """Join snaps into one set, in order."""
    if not parts:
        return _none()
    return Snaps(
        *[np.concatenate([getattr(p, f) for p in parts]) for f in ("of", "piece", "t", "leg")]
    )
