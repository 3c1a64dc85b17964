"""Bounded many-to-many walks on the street graph: the hot path.

Sources are gathered by tile.  For each tile the search graph is cut to what lies within the
limit of its sources (a walk of `limit` metres cannot leave that box), one directed row is added
for every source, and scipy's bounded Dijkstra (Fibonacci heap, in C) runs once for all of them.
The cost per source therefore does not depend on the size of the country around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from parkgap import geo
from parkgap.access.pieces import PUBLIC
from parkgap.access.slopes import FASTEST
from parkgap.access.snap import Ends, Snaps, ends
from parkgap.access.streets import Streets, search_graph

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CELL = 512.0  # Mercator metres: tiles and index cells lie on one grid for every study
_ROW = np.int64(1 << 32)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class _Index:
    """Points sorted by grid cell, so that a box is a few runs of rows."""

    order: Ints
    key: Ints

    @classmethod
    def of(cls, x: Floats, y: Floats) -> _Index:
        key = np.floor(y / _CELL).astype(np.int64) * _ROW + np.floor(x / _CELL).astype(np.int64)
        order = np.argsort(key, kind="stable")
        return cls(order, key[order])

    def box(self, west: float, south: float, east: float, north: float) -> Ints:
        """Rows of the points in all cells that the box touches."""
        rows = (
            np.arange(np.floor(south / _CELL), np.floor(north / _CELL) + 1, dtype=np.int64) * _ROW
        )
        first = np.searchsorted(self.key, rows + np.int64(np.floor(west / _CELL)))
        last = np.searchsorted(self.key, rows + np.int64(np.floor(east / _CELL)), side="right")
        return np.concatenate([self.order[a:b] for a, b in zip(first, last, strict=True)])


@dataclass(frozen=True)
class Table:
    """A sparse table of walks: rows (source, target, cost), sorted, each pair once."""

    source: Ints
    target: Ints
    cost: Floats

    def of(self, rows: Ints) -> Table:
        """Rows of the given sources; the table is sorted by source."""
        first = np.searchsorted(self.source, rows)
        count = np.searchsorted(self.source, rows, side="right") - first
        at = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        return Table(self.source[at], self.target[at], self.cost[at])


def walks(
    graph: csr_array,
    xy: tuple[Floats, Floats],
    sources: Ends,
    source_xy: tuple[Floats, Floats],
    targets: Ends,
    target_xy: tuple[Floats, Floats],
    target_of: Ints,
    *,
    limit: float,
    limit_m: float,
) -> Table:
    """Least cost from every source to every target within a limit.

    Parameters
    ----------
    graph
        Directed search graph, shape (j, j), in the unit of the costs.
    xy
        Mercator metres of the junctions, shape (j,) each.
    sources, source_xy
        Costs from each source to the ends of its edge, and where it is, shape (s,).
    targets, target_xy
        Costs from the ends of its edge to each target, and where it is, shape (t,).
    target_of
        What each target belongs to (a facility may have several entrances), shape (t,).
    limit
        Farthest cost, in the unit of the graph.
    limit_m
        True metres that no walk within `limit` can exceed.

    Returns
    -------
    Table
        With `target` numbered as `target_of`; pairs farther than the limit have no row.

    Notes
    -----
    Peak memory is one tile's rows times the junctions around it.
    """
    if len(sources.edge) == 0 or len(target_of) == 0:
        return _join([])
    junctions = _Index.of(*xy)
    places = _Index.of(*target_xy)
    local = np.full(graph.shape[0], -1, dtype=np.int64)
    tiles = _Index.of(*source_xy)
    cuts = np.flatnonzero(np.r_[True, tiles.key[1:] != tiles.key[:-1]])
    on_edge = _same_edge(sources, targets, target_of, limit)
    found = []
    for begin, end in zip(cuts, [*cuts[1:], len(tiles.key)], strict=True):
        rows = tiles.order[begin:end]
        x, y = source_xy[0][rows], source_xy[1][rows]
        margin = _margin(y, limit_m)
        box = (x.min() - margin, y.min() - margin, x.max() + margin, y.max() + margin)
        near = places.box(*box)
        if len(near):
            direct = on_edge.of(rows)
            nodes = junctions.box(*box)
            found.append(
                _tile(graph, nodes, local, sources, rows, targets, near, target_of, direct, limit)
            )
    return _join(found)


def _margin(y: Floats, limit_m: float) -> float:
    """Mercator metres that hold `limit_m` true metres anywhere the walk can lead."""
    _, lat = geo.degrees(np.zeros(2), np.array([y.min() - 2 * limit_m, y.max() + 2 * limit_m]))
    return limit_m / float(geo.scale(lat).min()) + 1.0


def _tile(
    graph: csr_array,
    nodes: Ints,
    local: Ints,
    sources: Ends,
    rows: Ints,
    targets: Ends,
    near: Ints,
    target_of: Ints,
    direct: Table,
    limit: float,
) -> Table:
    size, count = len(nodes), len(rows)
    local[nodes] = np.arange(size)
    cut = _cut(graph, nodes, local, sources, rows)
    cost = dijkstra(cut, indices=np.arange(size, size + count), limit=limit)[:, :size]
    # One more column, never reached, stands for ends that lie outside the cut.
    cost = np.column_stack([cost, np.full(count, np.inf)])
    u, v = local[targets.u[near]], local[targets.v[near]]
    local[nodes] = -1
    total = np.minimum(cost[:, u] + targets.from_u[near], cost[:, v] + targets.from_v[near])
    order = np.argsort(target_of[near], kind="stable")
    whom = target_of[near][order]
    first = np.flatnonzero(np.r_[True, whom[1:] != whom[:-1]])
    least = np.minimum.reduceat(total[:, order], first, axis=1)
    whom = whom[first]
    at = np.searchsorted(rows, direct.source), np.searchsorted(whom, direct.target)
    np.minimum.at(least, at, direct.cost)
    i, j = np.nonzero(least <= limit)
    return Table(rows[i], whom[j], least[i, j])


def _cut(graph: csr_array, nodes: Ints, local: Ints, sources: Ends, rows: Ints) -> csr_array:
    """The part of the graph among `nodes`, with a row for each source at its end."""
    size, count = len(nodes), len(rows)
    begin = graph.indptr[nodes].astype(np.int64)
    length = graph.indptr[nodes + 1] - begin
    flat = np.repeat(begin - np.cumsum(length) + length, length) + np.arange(length.sum())
    head = local[graph.indices[flat]]
    tail = np.repeat(np.arange(size), length)
    keep = head >= 0
    ends_u, ends_v = local[sources.u[rows]], local[sources.v[rows]]
    loop = (ends_u == ends_v) & (ends_u >= 0)
    to_u, to_v = sources.to_u[rows], sources.to_v[rows]
    # Both ends of a ring are one node: only the shorter way there may enter (CSR adds duplicates).
    to_u = np.where(loop, np.minimum(to_u, to_v), to_u)
    ok_u = (ends_u >= 0) & np.isfinite(to_u)
    ok_v = (ends_v >= 0) & np.isfinite(to_v) & ~loop
    own_tail = np.concatenate([np.flatnonzero(ok_u), np.flatnonzero(ok_v)]) + size
    own_head = np.concatenate([ends_u[ok_u], ends_v[ok_v]])
    own_cost = np.maximum(np.concatenate([to_u[ok_u], to_v[ok_v]]), 1e-9)
    by_tail = np.argsort(own_tail, kind="stable")
    degree = np.bincount(np.concatenate([tail[keep], own_tail]), minlength=size + count)
    pointer = np.zeros(size + count + 1, dtype=np.int32)
    np.cumsum(degree, out=pointer[1:])
    return csr_array(
        (
            np.concatenate([graph.data[flat][keep], own_cost[by_tail]]),
            np.concatenate([head[keep], own_head[by_tail]]).astype(np.int32),
            pointer,
        ),
        shape=(size + count, size + count),
    )


def _same_edge(sources: Ends, targets: Ends, target_of: Ints, limit: float) -> Table:
    """Walks between two points of one edge that stay on it."""
    order = np.argsort(targets.edge, kind="stable")
    edge = targets.edge[order]
    first = np.searchsorted(edge, sources.edge)
    count = np.searchsorted(edge, sources.edge, side="right") - first
    i = np.repeat(np.arange(len(sources.edge)), count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    j = order[np.repeat(first, count) + step]
    ahead = targets.along[j] - sources.along[i]
    behind = sources.along_back[i] - targets.along_back[j]
    # Two snaps at one place are together, whichever way the edge runs.
    cost = np.select(
        [ahead > 0, ahead < 0],
        [
            np.where(sources.forward[i], ahead, np.inf),
            np.where(sources.backward[i], behind, np.inf),
        ],
        0.0,
    )
    cost = cost + sources.leg[i] + targets.leg[j]
    keep = cost <= limit
    return Table(i[keep], target_of[j[keep]], cost[keep])


def _join(parts: list[Table]) -> Table:
    """Put the tiles' tables, which share no source, in the order of their sources."""
    if not parts:
        return Table(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    source, target, cost = (
        np.concatenate([getattr(p, f) for p in parts]) for f in ("source", "target", "cost")
    )
    order = np.argsort(source, kind="stable")
    return Table(source[order], target[order], cost[order])


def _least(found: Table) -> Table:
    """Keep the least of the rows that several snaps of one source gave."""
    order = np.lexsort((found.cost, found.target, found.source))
    source, target, cost = found.source[order], found.target[order], found.cost[order]
    if len(source) == 0:
        return found
    first = np.r_[True, (source[1:] != source[:-1]) | (target[1:] != target[:-1])]
    return Table(source[first], target[first], cost[first])


def reach(streets: Streets, sources: Snaps, targets: Snaps, *, limit_m: float) -> pd.DataFrame:
    """Walk from every source to every target along public streets, within a limit.

    Parameters
    ----------
    streets
        The network.
    sources, targets
        Points on public pieces; ``of`` says what each belongs to (several snaps of one thing
        count as one, the nearest).
    limit_m
        Farthest walk in metres; in minutes the same at the walking speed on the flat.  A pair
        within either is in reach.

    Returns
    -------
    DataFrame
        ``source, target`` (as ``of``), ``metres`` of the least-length walk, ``minutes`` of the
        least-time walk (infinite beyond the limit in minutes, where the ground is not flat);
        sorted; pairs out of reach have no row.
    """
    # Whoever walks downhill gets farther in the same time: their metres must be known too.
    far_m = limit_m if streets.flat else limit_m * FASTEST * (1 + _ROUNDING)
    metres = _one_unit(streets, sources, targets, "metres", limit=far_m, limit_m=far_m)
    found = pd.DataFrame({"source": metres.source, "target": metres.target, "metres": metres.cost})
    if streets.flat:
        return found.assign(minutes=metres.cost / streets.speed)
    minutes = _one_unit(
        streets, sources, targets, "minutes", limit=limit_m / streets.speed, limit_m=far_m
    )
    timed = pd.DataFrame(
        {"source": minutes.source, "target": minutes.target, "minutes": minutes.cost}
    )
    both = found.merge(timed, on=["source", "target"], how="left")
    both = both[(both["metres"] <= limit_m) | both["minutes"].notna()]
    both = both.sort_values(["source", "target"], ignore_index=True)
    return both.fillna({"minutes": np.inf})


def _one_unit(
    streets: Streets, sources: Snaps, targets: Snaps, unit: str, *, limit: float, limit_m: float
) -> Table:
    graph, xy = public_graph(streets, unit)
    found = walks(
        graph,
        xy,
        ends(streets, sources, unit),
        sources.xy(streets),
        ends(streets, targets, unit),
        targets.xy(streets),
        targets.of,
        limit=limit,
        limit_m=limit_m,
    )
    named = Table(sources.of[found.source], found.target, found.cost)
    single = bool((np.diff(sources.of) > 0).all())
    return named if single else _least(named)


def public_graph(streets: Streets, unit: str) -> tuple[csr_array, tuple[Floats, Floats]]:
    """Build the public search graph in ``metres`` or ``minutes``; say where junctions are."""
    edges = streets.edges[streets.edges["access"].to_numpy() == PUBLIC]
    there = edges["metres" if unit == "metres" else "minutes"].to_numpy()
    back = edges["metres" if unit == "metres" else "minutes_back"].to_numpy()
    graph = search_graph(
        edges["u"].to_numpy(),
        edges["v"].to_numpy(),
        np.where(edges["forward"], there, np.inf),
        np.where(edges["backward"], back, np.inf),
        len(streets.junction_node),
    )
    at = streets.nodes[["x", "y"]].to_numpy()[streets.junction_node]
    return graph, (at[:, 0].copy(), at[:, 1].copy())


@dataclass(frozen=True)
class Junctions:
    """The public search graph with its junctions in an index, for walks to all of them."""

    graph: csr_array
    xy: tuple[Floats, Floats]
    index: _Index

    @classmethod
    def of(cls, streets: Streets, unit: str) -> Junctions:
        """Build it for ``metres`` or ``minutes``."""
        graph, xy = public_graph(streets, unit)
        return cls(graph, xy, _Index.of(*xy))

    def from_any(
        self,
        sources: Ends,
        source_xy: tuple[Floats, Floats],
        head: Floats,
        *,
        limit: float,
        limit_m: float,
    ) -> tuple[Ints, Floats]:
        """Least cost from whichever source is nearest to every junction within a limit.

        Parameters
        ----------
        sources, source_xy
            Costs from each source to the ends of its edge, and where it is, shape (s,).
        head
            Cost at which the walk gets to each source, shape (s,).
        limit, limit_m
            As for :func:`walks`.

        Returns
        -------
        node, cost
            Junctions within the limit, ascending, and what it costs to get there.
        """
        x, y = source_xy
        margin = _margin(y, limit_m)
        box = (x.min() - margin, y.min() - margin, x.max() + margin, y.max() + margin)
        nodes = np.sort(self.index.box(*box))
        size = len(nodes)
        cut = self.graph[nodes][:, nodes]
        # One more row, from which a walk enters at the ends of all sources.
        to = np.concatenate([sources.u, sources.v])
        begun = np.concatenate([sources.to_u + head, sources.to_v + head])
        at = np.searchsorted(nodes, to)
        use = (np.append(nodes, -1)[at] == to) & (begun <= limit)
        least = np.full(size, np.inf)
        np.minimum.at(least, at[use], begun[use])
        entered = np.flatnonzero(np.isfinite(least))
        pointer = np.append(cut.indptr, cut.indptr[-1] + len(entered))
        graph = csr_array(
            (
                np.concatenate([cut.data, np.maximum(least[entered], _ROUNDING)]),
                np.concatenate([cut.indices, entered]).astype(np.int32),
                pointer.astype(np.int32),
            ),
            shape=(size + 1, size + 1),
        )
        cost = dijkstra(graph, indices=[size], limit=limit)[0, :size]
        near = np.flatnonzero(np.isfinite(cost))
        return nodes[near], cost[near]
