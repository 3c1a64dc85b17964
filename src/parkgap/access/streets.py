"""The walkable streets: who may walk where, metres and minutes both ways, folded for search.

The street network keeps three sizes of the same thing:

- *pieces*: straight parts between two mapped nodes, cut where a park's edge crosses them;
  points are snapped to pieces and maps are drawn from them;
- *edges*: chains of pieces between junctions, folded at nodes where nothing branches;
- the *search graph*: one weight per ordered pair of junctions, the least of parallel edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from parkgap import geo
from parkgap.access.pieces import (
    PUBLIC,
    Raw,
    access_of,
    cut_at,
    gates_of,
    inside_of,
    lines_between,
    part_at_doors,
    pieces_of,
    walkable,
    with_drives,
)
from parkgap.access.slopes import Climb, Ground, climb

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
_ISLAND_M = 1000.0  # less street than this (or a quarter of all) hangs together: an island
_NANO = 1e9
_THROUGH = 2  # pieces at a node that nothing branches from


@dataclass(frozen=True)
class Streets:
    """The walkable network.

    Attributes
    ----------
    nodes
        ``node_id`` (OSM id; negative where a park's edge cuts a street), ``lon, lat, x, y``
        (x, y: Mercator metres), ``junction`` (row of the search graph, -1 where folded away).
    pieces
        Sorted along their edges: ``a, b`` (rows of `nodes`), ``edge``, ``start`` (metres from the
        edge's first end), ``metres``, ``minutes, minutes_back, start_minutes,
        start_minutes_back``, ``way_id``, ``main`` (public, and no island), ``known`` (heights are).
    edges
        ``u, v`` (junctions), ``metres``, ``minutes, minutes_back``, ``forward, backward``
        (may it be walked that way), ``access`` (`PUBLIC` or `OWN`), ``way_id``, ``first, count``
        (pieces).
    inside
        Rows (piece, owner) of pieces inside a park or residence; a piece may have several.
    gates
        Rows ``node, owner`` where a street passes an owner's edge, with ``mapped`` (a gate or
        entrance is mapped there), ``inner`` (the node of the streets inside, where the gate is
        closed to the public) and ``joined`` (the street outside is no island).
    junction_node
        Row of `nodes` of each junction, shape (j,).
    flat
        True where minutes are metres / speed everywhere, so that one search gives both.
    speed
        Metres a minute on the flat.
    islands
        Number of parts of the public network that do not hang together.
    heights_known
        Share of the streets' length whose heights are known; None: nobody asked.
    """

    nodes: pd.DataFrame
    pieces: pd.DataFrame
    edges: pd.DataFrame
    inside: pd.DataFrame
    gates: pd.DataFrame
    junction_node: Ints
    flat: bool
    speed: float
    islands: int
    heights_known: float | None = None

    def public_pieces(self) -> Ints:
        """Rows of the pieces that everybody may walk."""
        return np.flatnonzero(
            self.edges["access"].to_numpy()[self.pieces["edge"].to_numpy()] == PUBLIC
        )

    def measured(self) -> tuple[Floats, Floats, Floats]:
        """Longitude and latitude of one end, and metres, of every piece."""
        a = self.pieces["a"].to_numpy()
        lon, lat = self.nodes["lon"].to_numpy()[a], self.nodes["lat"].to_numpy()[a]
        return lon, lat, self.pieces["metres"].to_numpy()

    def lines(self, piece: Ints) -> Objects:
        """Return pieces as two-point LineStrings in Mercator metres, shape of `piece`."""
        x, y = self.nodes["x"].to_numpy(), self.nodes["y"].to_numpy()
        a, b = self.pieces["a"].to_numpy()[piece], self.pieces["b"].to_numpy()[piece]
        return lines_between(x[a], y[a], x[b], y[b])


def build_streets(
    tags: pd.DataFrame,
    offset: Ints,
    node: Ints,
    lon: Floats,
    lat: Floats,
    *,
    speed: float,
    doors: pd.DataFrame | None = None,
    owners: Objects | None = None,
    ground: Ground | None = None,
    whole_m: float | None = None,
) -> Streets:
    """Build the walkable network from ways as they are mapped.

    Parameters
    ----------
    tags, offset, node, lon, lat
        Ways and their nodes as :class:`parkgap.sources.extract.Ways` holds them.
    speed
        Walking speed on the flat, metres a minute (the standard's).
    doors
        Nodes with ``barrier`` or ``entrance``: gates at parks' edges, and closed gates.
    owners
        Polygons (WGS-84) of parks and residences; streets are cut at their edges, and private and
        service ways inside are open to their own people only.
    ground
        Heights of the ground; None, or where it knows none: level.
    whole_m
        Metres of street in the whole extract, where this is a window of it: what is an island does
        not depend on the window.

    Returns
    -------
    Streets
    """
    owners = np.empty(0, dtype=object) if owners is None else np.asarray(owners, dtype=object)
    ok, private, forward, backward = walkable(tags)
    raw = pieces_of(offset, node, lon, lat, ok)
    planar = geo.project(owners)
    raw = cut_at(raw, planar)
    inside = with_drives(raw, planar, private, inside_of(raw, planar))
    access = access_of(tags, raw, private, inside)
    gates = gates_of(raw, inside, doors)
    metres = whole_nano(geo.lengths(raw.lon[raw.a], raw.lat[raw.a], raw.lon[raw.b], raw.lat[raw.b]))
    # Pieces stay what they are where streets are parted at doors; only nodes are doubled there.
    slopes = climb(raw, metres, tags, ground, speed) if ground is not None and len(metres) else None
    raw, gates = part_at_doors(raw, doors, inside, gates)
    return _fold(
        raw,
        _Cost(metres, slopes, speed),
        way_id=tags["way_id"].to_numpy().astype(np.int64),
        access=access,
        forward=forward[raw.part],
        backward=backward[raw.part],
        inside=inside,
        gates=gates,
        whole_m=whole_m,
    )


@dataclass(frozen=True)
class _Cost:
    """What pieces cost before they are folded: metres, and minutes where heights are known."""

    metres: Floats
    slopes: Climb | None
    speed: float


def _fold(
    raw: Raw,
    cost: _Cost,
    *,
    way_id: Ints,
    access: npt.NDArray[np.int8],
    forward: Bools,
    backward: Bools,
    inside: pd.DataFrame,
    gates: pd.DataFrame,
    whole_m: float | None,
) -> Streets:
    metres, slopes, speed = cost.metres, cost.slopes, cost.speed
    count = len(raw.a)
    owner = np.full(count, -1)
    # Rows are sorted, so the first owner wins where polygons overlap.
    first = inside.drop_duplicates("piece")
    owner[first["piece"].to_numpy()] = first["owner"].to_numpy()
    two_way = forward & backward
    keep = _kept_nodes(raw, np.column_stack([access, owner]), two_way)
    keep[gates["node"].to_numpy()] = True
    keep[gates["inner"].to_numpy()] = True
    chain, rank, turned = _chains(raw, keep)
    order = np.lexsort((rank, chain))
    a = np.where(turned, raw.b, raw.a)[order]
    b = np.where(turned, raw.a, raw.b)[order]
    metres, chain, access = metres[order], chain[order], access[order]
    fwd = np.where(turned, backward, forward)[order]
    back = np.where(turned, forward, backward)[order]
    begins = (
        np.flatnonzero(np.r_[True, chain[1:] != chain[:-1]]) if count else np.empty(0, np.int64)
    )
    edge = np.cumsum(np.r_[False, chain[1:] != chain[:-1]]) if count else np.empty(0, np.int64)
    sizes = np.diff(np.r_[begins, count])
    start = running(metres, begins, sizes)
    total = np.add.reduceat(metres, begins) if count else metres
    ends = begins + sizes - 1
    at_gates = gates[["node", "inner"]].to_numpy().ravel()
    junction_node = np.unique(np.concatenate([a[begins], b[ends], at_gates]))
    junction = np.full(len(raw.node_id), -1)
    junction[junction_node] = np.arange(len(junction_node))
    new_row = np.empty(count, dtype=np.int64)
    new_row[order] = np.arange(count)
    times = _times(metres, start, total, speed)
    if slopes is not None and slopes.known.any():
        ahead = whole_nano(np.where(turned, slopes.back, slopes.there)[order])
        behind = whole_nano(np.where(turned, slopes.there, slopes.back)[order])
        times = _climbing(ahead, behind, begins, sizes)
    edges = pd.DataFrame(
        {
            "u": junction[a[begins]],
            "v": junction[b[ends]],
            "metres": total,
            "minutes": times.whole,
            "minutes_back": times.whole_back,
            "forward": fwd[begins],
            "backward": back[begins],
            "access": access[begins],
            "way_id": way_id[raw.part[order]][begins],
            "first": begins,
            "count": sizes,
        }
    )
    pieces = pd.DataFrame(
        {
            "a": a,
            "b": b,
            "edge": edge,
            "start": start,
            "metres": metres,
            "minutes": times.there,
            "minutes_back": times.back,
            "start_minutes": times.start,
            "start_minutes_back": times.start_back,
            "way_id": way_id[raw.part[order]],
        }
    )
    nodes = pd.DataFrame(
        {
            "node_id": raw.node_id,
            "lon": raw.lon,
            "lat": raw.lat,
            "x": raw.x,
            "y": raw.y,
            "junction": junction,
        }
    )
    moved = pd.DataFrame({"piece": new_row[inside["piece"].to_numpy()], "owner": inside["owner"]})
    public = edges["access"].to_numpy()[edge] == PUBLIC
    main, node_main, islands = _main(pieces, public, moved["piece"].to_numpy(), len(nodes), whole_m)
    return Streets(
        nodes=nodes,
        pieces=pieces.assign(main=main, known=False if slopes is None else slopes.known[order]),
        edges=edges,
        inside=moved.sort_values(["owner", "piece"], ignore_index=True),
        gates=gates.assign(joined=node_main[gates["node"].to_numpy()]).sort_values(
            ["owner", "node"], ignore_index=True
        ),
        junction_node=junction_node,
        flat=times.flat,
        speed=speed,
        islands=islands,
        heights_known=None if slopes is None else _share(slopes.known[order], metres),
    )


def whole_nano(cost: Floats) -> Floats:
    """Round metres or minutes to whole billionths, so that they can be added up exactly."""
    return np.asarray(np.rint(cost * _NANO) / _NANO)


def running(cost: Floats, begins: Ints, sizes: Ints) -> Floats:
    """Add up along each chain what lies before each piece, shape (p,).

    In whole billionths: a sum over the whole network would end in other digits where the network
    is another, and a shard of a country would not get the figures of the whole.
    """
    if len(begins) == 0:
        return cost
    nano = np.rint(cost * _NANO).astype(np.int64)
    before = np.cumsum(nano) - nano
    return np.asarray((before - np.repeat(before[begins], sizes)) / _NANO)


@dataclass(frozen=True)
class _Times:
    """Minutes of pieces, from their edge's first end to them, and of edges, both ways."""

    flat: bool
    there: Floats
    back: Floats
    start: Floats
    start_back: Floats
    whole: Floats
    whole_back: Floats


def _times(metres: Floats, start: Floats, total: Floats, speed: float) -> _Times:
    """Minutes on level ground."""
    part, before, whole = metres / speed, start / speed, total / speed
    return _Times(True, part, part, before, before, whole, whole)


def _share(known: Bools, metres: Floats) -> float:
    return float(metres[known].sum() / metres.sum()) if metres.sum() > 0 else 0.0


def _climbing(there: Floats, back: Floats, begins: Ints, sizes: Ints) -> _Times:
    """Minutes of pieces that lie in the order of their edges."""

    def along(part: Floats) -> tuple[Floats, Floats]:
        return running(part, begins, sizes), np.add.reduceat(part, begins)

    start, whole = along(there)
    start_back, whole_back = along(back)
    return _Times(False, there, back, start, start_back, whole, whole_back)


def _kept_nodes(raw: Raw, kind: Ints, two_way: Bools) -> Bools:
    """Nodes that stay: where streets branch or end, or where what may be walked changes."""
    size = len(raw.node_id)
    ends = np.concatenate([raw.a, raw.b])
    degree = np.bincount(ends, minlength=size)
    keep = degree != _THROUGH
    # At a node of degree 2 both pieces must be of one kind: compare the sums of two hashes.
    code = np.unique(np.column_stack([kind, two_way]), axis=0, return_inverse=True)[1].ravel()
    both = np.tile(code, 2).astype(np.float64)
    total = np.bincount(ends, weights=both, minlength=size)
    squares = np.bincount(ends, weights=both**2, minlength=size)
    keep |= ~np.isclose(2 * squares, total**2)
    one_way = ends[np.tile(~two_way, 2)]
    keep[one_way] = True
    # A ring without a junction keeps its first node, so that it has somewhere to begin.
    graph = coo_array((np.ones(len(raw.a), dtype=np.int8), (raw.a, raw.b)), shape=(size, size))
    parts, label = connected_components(graph, directed=False)
    anchored = np.zeros(parts, dtype=bool)
    anchored[label[keep]] = True
    loose = np.flatnonzero(~anchored[label] & (degree > 0))
    if len(loose):
        _, first = np.unique(label[loose], return_index=True)
        keep[loose[first]] = True
    return np.asarray(keep, dtype=bool)


def _chains(raw: Raw, keep: Bools) -> tuple[Ints, Ints, Bools]:
    """Number the chains of pieces between kept nodes.

    Every piece is two half-pieces (2p towards b, 2p+1 towards a).  Each has at most one
    successor through a folded node; the end of its chain is found by pointer doubling
    (Wyllie's list ranking), so that no loop runs over nodes.

    Returns
    -------
    chain, rank, turned
        Chain number, place in the chain, and whether the piece runs against it; shape (p,).
    """
    count = len(raw.a)
    head = np.empty(2 * count, dtype=np.int64)
    head[0::2], head[1::2] = raw.b, raw.a
    tail = np.empty(2 * count, dtype=np.int64)
    tail[0::2], tail[1::2] = raw.a, raw.b
    # The two half-pieces that leave a folded node.
    folded = np.flatnonzero(~keep[tail])
    by_node = folded[np.argsort(tail[folded], kind="stable")]
    leaving = np.full((len(raw.node_id), 2), -1)
    pairs = by_node.reshape(-1, 2)
    leaving[tail[pairs[:, 0]]] = pairs
    half = np.arange(2 * count)
    options = leaving[head]
    back = half ^ 1
    following = np.where(options[:, 0] == back, options[:, 1], options[:, 0])
    jump = np.where(options[:, 0] >= 0, following, half)
    steps = (jump != half).astype(np.int64)
    while True:
        further = jump[jump]
        if np.array_equal(further, jump):
            break
        steps = steps + steps[jump]
        jump = further
    last_forward, last_back = jump[0::2], jump[1::2]
    turned = last_forward < last_back
    chain = np.minimum(last_forward, last_back)
    rank = -np.where(turned, steps[1::2], steps[0::2])
    return chain, rank, turned


def _main(
    pieces: pd.DataFrame, public: Bools, inside: Ints, size: int, whole_m: float | None
) -> tuple[Bools, Bools, int]:
    """Tell the network from its islands, which a gap in the map may have cut off.

    Returns
    -------
    pieces, nodes, islands
        Whether each public piece, and each node by the public streets outside all parks, hangs
        together with enough street; and how many parts the public network has.
    """
    a, b = pieces["a"].to_numpy(), pieces["b"].to_numpy()
    metres = pieces["metres"].to_numpy()
    enough = min(_ISLAND_M, (metres[public].sum() if whole_m is None else whole_m) / 4)
    outside = public.copy()
    outside[inside] = False
    results = []
    for use in (public, outside):
        rows = np.flatnonzero(use)
        graph = coo_array(
            (np.ones(len(rows), dtype=np.int8), (a[rows], b[rows])), shape=(size, size)
        )
        _, label = connected_components(graph, directed=False)
        length = np.bincount(label[a[rows]], weights=metres[rows], minlength=size)
        results.append((label, length >= enough))
    label, main = results[0]
    islands = len(np.unique(label[a[public]]))
    outer, outer_main = results[1]
    node_main = outer_main[outer]
    # Between two parks there is no street outside all of them: there the whole network counts.
    touched = np.zeros(size, dtype=bool)
    touched[np.concatenate([a[outside], b[outside]])] = True
    node_main = np.where(touched, node_main, main[label])
    return public & main[label[a]], node_main, islands


def search_graph(u: Ints, v: Ints, forward: Floats, backward: Floats, size: int) -> csr_array:
    """Build the directed search graph: the least weight per ordered pair.

    Parameters
    ----------
    u, v
        Ends of each edge, shape (e,).
    forward, backward
        Weight u to v and v to u; infinite where it may not be walked, shape (e,).
    size
        Number of junctions.

    Notes
    -----
    scipy's CSR adds up duplicates, so parallel edges are reduced to their minimum first.  A weight
    of zero would vanish from a sparse graph and is held at a nanometre.
    """
    tail, head = np.concatenate([u, v]), np.concatenate([v, u])
    weight = np.concatenate([forward, backward])
    keep = np.isfinite(weight) & (tail != head)
    tail, head, weight = tail[keep], head[keep], weight[keep]
    # One key a pair sorts twice as fast as two; the least of equal keys is taken afterwards.
    key = tail * np.int64(size) + head
    order = np.argsort(key, kind="stable")
    key, weight = key[order], weight[order]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else order
    tail, head = np.divmod(key[first], size)
    weight = np.minimum.reduceat(weight, first) if len(key) else weight
    pointer = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=size), out=pointer[1:])
    return csr_array((np.maximum(weight, 1e-9), head, pointer), shape=(size, size))
