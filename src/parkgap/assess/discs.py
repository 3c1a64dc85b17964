"""Discs over places: how many kinds lie within a radius of a point, and the best point there is.

Distances are straight, in true metres: plane distance (Mercator) times the scale at the mean
latitude of the two points, which is right to a millimetre over some hundred metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from parkgap import geo

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

GRAZE_M = 0.02  # a place on the rim is within: the resolution of OpenStreetMap, and of the rim
_CHUNK = 50_000  # points looked at together


@dataclass(frozen=True)
class Places:
    """Places with what they show.

    Attributes
    ----------
    x, y, lat
        Mercator metres, and latitude, shape (places,).
    kinds
        What each shows, shape (places, kinds).
    radius
        Of a disc, metres.
    tree
        Over `x` and `y`.
    """

    x: Floats
    y: Floats
    lat: Floats
    kinds: Bools
    radius: float
    tree: cKDTree

    @classmethod
    def of(cls, lon: Floats, lat: Floats, kinds: Bools, radius: float) -> Places:
        """Take places by longitude and latitude (WGS-84)."""
        x, y = geo.mercator(lon, lat)
        return cls(x, y, lat, kinds, radius, cKDTree(np.column_stack([x, y])))

    def within(self) -> Bools:
        """Kinds within the radius of each place, shape (places, kinds)."""
        return self.shown(self.x, self.y, self.radius)

    def bound(self) -> Ints:
        """Most kinds that any disc which holds a place can show, shape (places,).

        Such a disc lies within twice the radius of the place.
        """
        reach = 2 * (self.radius + GRAZE_M)
        return np.asarray(self.shown(self.x, self.y, reach).sum(axis=1), dtype=np.int64)

    def shown(self, x: Floats, y: Floats, metres: float) -> Bools:
        """Kinds within so many metres of points (Mercator), shape (points, kinds)."""
        parts = [
            self._shown(x[i : i + _CHUNK], y[i : i + _CHUNK], metres)
            for i in range(0, len(x), _CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.kinds.shape[1]), dtype=bool)

    def _shown(self, x: Floats, y: Floats, metres: float) -> Bools:
        lat = geo.degrees(x, y)[1]
        tree = cKDTree(np.column_stack([x, y]))
        reach = _wide(metres + GRAZE_M, lat)
        found = tree.sparse_distance_matrix(self.tree, reach, output_type="coo_matrix")
        scale = geo.scale((lat[found.row] + self.lat[found.col]) / 2)
        near = found.data * scale <= metres + GRAZE_M
        point, place = found.row[near], found.col[near]
        ones = np.ones(len(point), dtype=np.int32)
        counted = csr_array((ones, (point, place)), shape=(len(x), len(self.x)))
        counts = counted @ self.kinds.astype(np.int32)
        return np.asarray(counts, dtype=np.int32) > 0


def best_between(places: Places, most: int) -> tuple[Floats, Floats, Bools] | None:
    """Find the points, at no place, whose discs show more kinds than `most`.

    A disc can be moved until two of its places lie on its rim, or one in its middle, and loses
    none on the way.  So it is enough to look at the points that are a radius away from two
    places each, and at the places themselves (which the caller has done).

    Returns
    -------
    x, y, shows
        All points with the most kinds (Mercator), and what they show, shape (points, kinds); None
        where none shows more than `most`.
    """
    # All places of such a disc have a bound above `most`.
    x, y = _crossings(places, np.flatnonzero(places.bound() > most))
    shows = places.shown(x, y, places.radius)
    count = shows.sum(axis=1)
    top = count == count.max(initial=0)
    if not len(x) or count.max() <= most:
        return None
    return x[top], y[top], shows[top]


def _crossings(places: Places, rows: Ints) -> tuple[Floats, Floats]:
    """Points that are a radius away from two of the places each (Mercator)."""
    if not len(rows):
        return np.empty(0), np.empty(0)
    x, y, lat = places.x[rows], places.y[rows], places.lat[rows]
    tree = cKDTree(np.column_stack([x, y]))
    pairs = tree.query_pairs(_wide(2 * places.radius, lat), output_type="ndarray")
    i, j = pairs[:, 0], pairs[:, 1]
    radius = places.radius / geo.scale((lat[i] + lat[j]) / 2)
    half = np.hypot(x[j] - x[i], y[j] - y[i]) / 2
    use = (half > 0) & (half <= radius)
    i, j, half, radius = i[use], j[use], half[use], radius[use]
    dx, dy = x[j] - x[i], y[j] - y[i]
    up = np.sqrt(radius**2 - half**2) / (2 * half)
    mx, my = (x[i] + x[j]) / 2, (y[i] + y[j]) / 2
    return (
        np.concatenate([mx - up * dy, mx + up * dy]),
        np.concatenate([my + up * dx, my - up * dx]),
    )


def _wide(metres: float, lat: Floats) -> float:
    """Plane metres (Mercator) that are at least so many true ones near any of some latitudes."""
    farthest = np.abs(lat).max(initial=0.0) + 0.1
    return metres / float(geo.scale(np.array([farthest]))[0])
