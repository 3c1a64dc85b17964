"""The inner network of one park or estate: walks that do not leave it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import dijkstra

from parkgap import geo
from parkgap.access.snap import Snapper, Snaps
from parkgap.access.streets import Streets, search_graph

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Inner:
    """The inner network of one park and walks on it from its workplaces."""

    def __init__(self, streets: Streets, piece: Ints, x: Floats, y: Floats, snap_m: float) -> None:
        self.streets = streets
        self.piece = piece
        self.snapper = Snapper(streets, piece, snap_m)
        pieces = streets.pieces
        a, b = pieces["a"].to_numpy()[piece], pieces["b"].to_numpy()[piece]
        self.node = np.unique(np.concatenate([a, b]))
        self.starts = self.snapper.nearest(geo.planar_points(x, y))
        self.count = len(x)
        self.cost = {
            u: self._search(a, b, u) for u in ("metres", "minutes")[: 1 if streets.flat else 2]
        }

    def _directed(self, unit: str, piece: Ints) -> tuple[Floats, Floats]:
        pieces, edges = self.streets.pieces, self.streets.edges
        edge = pieces["edge"].to_numpy()[piece]
        there = pieces["metres" if unit == "metres" else "minutes"].to_numpy()[piece]
        back = pieces["metres" if unit == "metres" else "minutes_back"].to_numpy()[piece]
        return (
            np.where(edges["forward"].to_numpy()[edge], there, np.inf),
            np.where(edges["backward"].to_numpy()[edge], back, np.inf),
        )

    def _search(self, a: Ints, b: Ints, unit: str) -> Floats:
        """Cost from every workplace to every inner node, shape (w, n); inf: there is no way."""
        size = len(self.node)
        la, lb = np.searchsorted(self.node, a), np.searchsorted(self.node, b)
        there, back = self._directed(unit, self.piece)
        s = self.starts
        pieces = self.streets.pieces
        sa = np.searchsorted(self.node, pieces["a"].to_numpy()[s.piece])
        sb = np.searchsorted(self.node, pieces["b"].to_numpy()[s.piece])
        s_there, s_back = self._directed(unit, s.piece)
        leg = s.leg if unit == "metres" else s.leg / self.streets.speed
        me = size + np.arange(len(s))
        none = np.full(2 * len(s), np.inf)
        graph = search_graph(
            np.concatenate([la, me, me]),
            np.concatenate([lb, sa, sb]),
            np.concatenate([there, _part(s.t, s_back) + leg, _part(1 - s.t, s_there) + leg]),
            np.concatenate([back, none]),
            size + len(s),
        )
        out = np.full((self.count, size), np.inf)
        if len(s):
            out[s.of] = dijkstra(graph, indices=me)[:, :size]
        return out

    def to_nodes(self, node: Ints, unit: str) -> Floats:
        """Cost to nodes (rows of the streets' nodes; not all need be inner), shape (w, k)."""
        at = np.searchsorted(self.node, node)
        at = np.minimum(at, len(self.node) - 1)
        known = self.node[at] == node
        cost = self.cost[unit][:, at]
        return np.where(known[None, :], cost, np.inf)

    def to_snaps(self, snaps: Snaps, unit: str) -> Floats:
        """Cost to points on inner pieces, shape (w, k)."""
        pieces = self.streets.pieces
        a = np.searchsorted(self.node, pieces["a"].to_numpy()[snaps.piece])
        b = np.searchsorted(self.node, pieces["b"].to_numpy()[snaps.piece])
        there, back = self._directed(unit, snaps.piece)
        cost = self.cost[unit]
        leg = snaps.leg if unit == "metres" else snaps.leg / self.streets.speed
        total = np.minimum(
            cost[:, a] + _part(snaps.t, there), cost[:, b] + _part(1 - snaps.t, back)
        )
        s = self.starts
        same = s.piece[:, None] == snaps.piece[None, :]
        if same.any():
            ahead = snaps.t[None, :] - s.t[:, None]
            along = np.where(ahead >= 0, _part(ahead, there[None, :]), _part(-ahead, back[None, :]))
            own = s.leg if unit == "metres" else s.leg / self.streets.speed
            direct = np.where(same, along + own[:, None], np.inf)
            total[s.of] = np.minimum(total[s.of], direct)
        return np.asarray(total + leg)


def _part(share: Floats, whole: Floats) -> Floats:
    """A share of a cost; none of an infinite cost is nothing, not undefined."""
    share, whole = np.broadcast_arrays(share, whole)
    return np.multiply(share, whole, out=np.zeros(share.shape), where=share > 0)
