"""Which parts of the streets a park's people reach on foot within so many minutes.

The walk is that of the assessment (:mod:`parkgap.access.gates`): from a workplace along the
park's own streets, through a gate, and along public streets.  Of all workplaces and gates the
quickest counts.  A street is cut where the minutes run out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from parkgap.access.pieces import PUBLIC
from parkgap.access.reach import Junctions
from parkgap.access.snap import Ends, Snaps, ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.access.gate_plans import Plan
    from parkgap.access.streets import Streets

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_PIECES = "a b edge minutes minutes_back start_minutes start_minutes_back".split()
_EDGES = "u v minutes_back forward backward access first count".split()


@dataclass(frozen=True)
class Rays:
    """Walks that enter a piece of street and go on along it, shape (n,) each.

    Attributes
    ----------
    piece
        Row of the streets' pieces.
    t
        Where on it the walk enters, 0 at its first end to 1.
    minutes
        When it gets there.
    ahead
        Whether it goes towards the piece's second end.
    """

    piece: Ints
    t: Floats
    minutes: Floats
    ahead: Bools

    def take(self, rows: Bools | Ints) -> Rays:
        """Return some of them."""
        return Rays(self.piece[rows], self.t[rows], self.minutes[rows], self.ahead[rows])


@dataclass(frozen=True)
class Parts:
    """Parts of pieces of street, shape (n,) each: ``piece``, and from ``low`` to ``high`` of it.

    Sorted by piece; the parts of one piece do not touch.
    """

    piece: Ints
    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.piece)

    def take(self, rows: Bools | Ints) -> Parts:
        """Return some of them."""
        return Parts(self.piece[rows], self.low[rows], self.high[rows])


class Walker:
    """Walks from parks' workplaces over the streets, as far as the minutes last.

    Parameters
    ----------
    streets
        The network.
    limit
        Farthest walk, minutes.
    limit_m
        True metres that no such walk exceeds.
    """

    def __init__(self, streets: Streets, limit: float, limit_m: float) -> None:
        self.streets = streets
        self.limit, self.limit_m = limit, limit_m
        self.junctions = Junctions.of(streets, "minutes")
        # Columns as arrays: every look into a frame costs more than what is done with it here.
        self.pieces = {n: streets.pieces[n].to_numpy() for n in _PIECES}
        self.edges = {n: streets.edges[n].to_numpy() for n in _EDGES}
        self._public = self.edges["access"] == PUBLIC
        both = np.concatenate([self.edges["u"], self.edges["v"]])
        self._at = np.argsort(both, kind="stable")
        self._begin = np.searchsorted(both[self._at], np.arange(len(streets.junction_node) + 1))

    def rays(self, plan: Plan, told: Bools) -> Rays:
        """Walk from a park's workplaces.

        Parameters
        ----------
        plan
            How the park is left.
        told
            Workplaces that count, shape (workplaces of the plan,).

        Returns
        -------
        Every entry of a piece that comes before the limit.
        """
        if not told.any():
            return _joined([])
        rays = _joined([*self._outside(plan, told), *self._inside(plan, told)])
        return rays.take(rays.minutes < self.limit)

    def _outside(self, plan: Plan, told: Bools) -> list[Rays]:
        """Walks through the gates and along public streets."""
        at_gate = plan.inner_minutes[told].min(axis=0)
        outer = plan.gates.outer
        out = outer.take(at_gate[outer.of] < self.limit)
        if len(out) == 0:
            return []
        head = at_gate[out.of]
        from_ = ends(self.streets, out, "minutes")
        node, cost = self.junctions.from_any(
            from_, out.xy(self.streets), head, limit=self.limit, limit_m=self.limit_m
        )
        return [*self._along_edges(node, cost), *self._from_gates(out, from_, head)]

    def _along_edges(self, node: Ints, cost: Floats) -> list[Rays]:
        """From the junctions that are reached into their edges."""
        edges, size = self.edges, len(self._public)
        count = self._begin[node + 1] - self._begin[node]
        at = np.repeat(self._begin[node] - np.cumsum(count) + count, count) + np.arange(count.sum())
        end, begun = self._at[at], np.repeat(cost, count)
        at_v = end >= size
        edge = np.where(at_v, end - size, end)
        way = np.where(at_v, edges["backward"][edge], edges["forward"][edge])
        use = self._public[edge] & way
        edge, begun, at_v = edge[use], begun[use], at_v[use]
        return [
            self._ahead(edge[~at_v], begun[~at_v]),
            self._behind(edge[at_v], begun[at_v] + edges["minutes_back"][edge[at_v]]),
        ]

    def _pieces(self, edge: Ints) -> tuple[Ints, Ints]:
        """Rows of the edges' pieces, and to which of the edges given each belongs."""
        first, count = (self.edges[c][edge] for c in ("first", "count"))
        of = np.repeat(np.arange(len(edge)), count)
        return np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum()), of

    def _ahead(self, edge: Ints, begun: Floats, along: Floats | None = None) -> Rays:
        """Along edges from their first end (or what lies beyond `along`), begun at `begun`."""
        piece, of = self._pieces(edge)
        begin = self.pieces["start_minutes"][piece]
        if along is not None:
            keep = begin >= along[of]
            piece, of, begin = piece[keep], of[keep], begin[keep] - along[of[keep]]
        none = np.zeros(len(piece))
        return Rays(piece, none, begun[of] + begin, np.ones(len(piece), dtype=bool))

    def _behind(self, edge: Ints, begun: Floats, along: Floats | None = None) -> Rays:
        """Backwards along edges; `begun` is when their first end would be reached."""
        piece, of = self._pieces(edge)
        end = self.pieces["start_minutes_back"][piece] + self.pieces["minutes_back"][piece]
        if along is not None:
            keep = end <= along[of]
            piece, of, end = piece[keep], of[keep], end[keep]
        return Rays(piece, np.ones(len(piece)), begun[of] - end, np.zeros(len(piece), dtype=bool))

    def _from_gates(self, out: Snaps, from_: Ends, head: Floats) -> list[Rays]:
        """From where the gates stand on their edges, both ways."""
        begun = head + from_.leg
        ahead, behind = np.flatnonzero(from_.forward), np.flatnonzero(from_.backward)
        return [
            _both(out, begun, from_.forward, from_.backward),
            self._ahead(from_.edge[ahead], begun[ahead], from_.along[ahead]),
            self._behind(
                *(from_.edge[behind], begun[behind] + from_.along_back[behind]),
                from_.along_back[behind],
            ),
        ]

    def _inside(self, plan: Plan, told: Bools) -> list[Rays]:
        """Walks along the park's own streets that do not leave it."""
        own, streets, pieces, edges = plan.own, self.streets, self.pieces, self.edges
        if own is None:
            return []
        cost = own.cost["metres"] / streets.speed if streets.flat else own.cost["minutes"]
        best = cost[told].min(axis=0)
        piece = own.piece
        edge = pieces["edge"][piece]
        parts = []
        for end, way, ahead in (("a", "forward", True), ("b", "backward", False)):
            use = edges[way][edge]
            row = piece[use]
            begun = best[np.searchsorted(own.node, pieces[end][row])]
            t = np.full(len(row), 0.0 if ahead else 1.0)
            parts.append(Rays(row, t, begun, np.full(len(row), ahead)))
        starts = own.starts.take(told[own.starts.of])
        at = pieces["edge"][starts.piece]
        ways = (edges[c][at] for c in ("forward", "backward"))
        return [*parts, _both(starts, starts.leg / streets.speed, *ways)]

    def within(self, rays: Rays, minutes: float) -> Parts:
        """Cut the pieces where so many minutes run out (at most the limit)."""
        rays = rays.take(rays.minutes < minutes)
        left = minutes - rays.minutes
        there, back = (self.pieces[n][rays.piece] for n in ("minutes", "minutes_back"))
        whole = np.where(rays.ahead, there, back)
        share = np.divide(left, whole, out=np.ones(len(left)), where=whole > left)
        low = np.where(rays.ahead, rays.t, np.maximum(rays.t - share, 0.0))
        high = np.where(rays.ahead, np.minimum(rays.t + share, 1.0), rays.t)
        return _merged(rays.piece, low, high)


def _both(at: Snaps, begun: Floats, forward: Bools, backward: Bools) -> Rays:
    """From points on pieces, each way that may be walked."""
    return _joined(
        [
            Rays(at.piece[use], at.t[use], begun[use], np.full(int(use.sum()), ahead))
            for use, ahead in ((forward, True), (backward, False))
        ]
    )


def _joined(parts: Sequence[Rays]) -> Rays:
    if not parts:
        empty = np.empty(0)
        return Rays(np.empty(0, dtype=np.int64), empty, empty, np.empty(0, dtype=bool))
    names = ("piece", "t", "minutes", "ahead")
    return Rays(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def _merged(piece: Ints, low: Floats, high: Floats) -> Parts:
    """Join the parts of each piece that touch; what has no length is none."""
    use = high > low
    piece, low, high = piece[use], low[use], high[use]
    order = np.lexsort((low, piece))
    piece, low, high = piece[order], low[order], high[order]
    if len(piece) == 0:
        return Parts(piece, low, high)
    # Two steps a piece keep those of one apart from those of the next.
    number = np.cumsum(np.r_[0, np.diff(piece) != 0]) * 2
    upto = np.maximum.accumulate(number + high)
    first = np.flatnonzero(np.r_[True, (number + low)[1:] > upto[:-1]])
    last = np.r_[first[1:], len(piece)] - 1
    return Parts(piece[first], low[first], upto[last] - number[last])
