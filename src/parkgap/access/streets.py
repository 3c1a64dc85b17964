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
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from parkgap import geo

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

STREET_COLUMNS = (
    "highway",
    "access",
    "foot",
    "foot:forward",
    "foot:backward",
    "oneway:foot",
    "conveying",
    "motorroad",
)
PUBLIC, OWN = 0, 1  # who may walk: everybody; only the people of the park or residence around it

# OSM wiki, Key:highway and Key:access; motorways are closed to walkers in China
# (道路交通安全法, art. 67), other classes are open unless their tags say otherwise.
_NEVER = frozenset(
    "motorway motorway_link construction proposed planned raceway bus_guideway busway abandoned "
    "razed demolished removed platform rest_area services escape emergency_bay via_ferrata "
    "no bus_stop traffic_island".split()
)
_OPEN = frozenset(
    {"yes", "designated", "permissive", "public", "destination", "customers", "official"}
)
_CLOSED = frozenset(
    {
        "private",
        "no",
        "permit",
        "employees",
        "residents",
        "military",
        "agricultural",
        "forestry",
        "delivery",
        "restricted",
    }
)
_ON_FOOT_ONLY = frozenset({"footway", "path", "pedestrian", "steps", "corridor", "elevator"})
_GATES = frozenset(
    "gate lift_gate swing_gate sliding_gate sliding_beam wicket_gate door turnstile "
    "full-height_turnstile hampshire_gate kissing_gate entrance bump_gate".split()
)
_ISLAND_M = 1000.0  # less street than this (or a quarter of all) hangs together: an island
_DRIVE_M = 150.0  # as far as the snap limit
_AT_GATE_M = 25.0  # a mapped gate this close to a crossing is its gate
_THROUGH = 2  # pieces at a node that nothing branches from
_TOUCH_M = 0.5  # closer to a park's edge than this, a street runs along it, not inside


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
        start_minutes_back``, ``way_id``.
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
        return _lines(x[a], y[a], x[b], y[b])


def _lines(xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Objects:
    return np.asarray(
        shapely.linestrings(
            np.stack([np.column_stack([xa, ya]), np.column_stack([xb, yb])], axis=1)
        )
    )


def walkable(tags: pd.DataFrame) -> tuple[Bools, Bools, Bools, Bools]:
    """Say of each way whether it can be walked, by whom, and in which direction.

    Parameters
    ----------
    tags
        Columns ``highway, access, foot, foot:forward, foot:backward, oneway:foot, conveying,
        motorroad``.

    Returns
    -------
    walkable, private, forward, backward
        Boolean arrays, shape (n,).  Private ways are open to the people of the place only.
    """
    highway, access, foot = tags["highway"], tags["access"], tags["foot"]
    allowed = foot.isin(_OPEN)
    closed = foot.isin({"no"}) | (highway.isin(_NEVER) | (tags["motorroad"] == "yes")) & ~allowed
    private = (access.isin(_CLOSED) & ~allowed & ~_foot_is_own_rule(highway, access)) | foot.isin(
        _CLOSED - {"no"}
    )
    conveying = tags["conveying"]
    one_way = tags["oneway:foot"]
    forward = ~((one_way == "-1") | (conveying == "backward") | (tags["foot:forward"] == "no"))
    backward = ~((one_way == "yes") | (conveying == "forward") | (tags["foot:backward"] == "no"))
    out = (~closed, private & ~closed, forward, backward)
    return tuple(np.asarray(c, dtype=bool) for c in out)  # type: ignore[return-value]


def _foot_is_own_rule(highway: pd.Series, access: pd.Series) -> pd.Series:
    # On footways `access=no` is how mappers close them to vehicles; `private` stays private.
    return highway.isin(_ON_FOOT_ONLY) & access.isin({"no", "agricultural", "forestry", "delivery"})


@dataclass(frozen=True)
class _Raw:
    """Pieces before folding: node rows a -> b, the way's part, and the nodes' places."""

    a: Ints
    b: Ints
    part: Ints
    node_id: Ints
    lon: Floats
    lat: Floats
    x: Floats
    y: Floats


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
) -> Streets:
    """Build the walkable network from ways as they are mapped.

    Parameters
    ----------
    tags, offset, node, lon, lat
        Ways and their nodes as :class:`parkgap.sources.osm_file.Ways` holds them.
    speed
        Walking speed on the flat, metres a minute (the standard's).
    doors
        Nodes with ``barrier`` or ``entrance``: gates at parks' edges, and closed gates.
    owners
        Polygons (WGS-84) of parks and residences; streets are cut at their edges, and private and
        service ways inside are open to their own people only.

    Returns
    -------
    Streets
    """
    owners = np.empty(0, dtype=object) if owners is None else np.asarray(owners, dtype=object)
    ok, private, forward, backward = walkable(tags)
    raw = _pieces(offset, node, lon, lat, ok)
    planar = geo.project(owners)
    raw, edge_node = _cut(raw, planar)
    inside = _annexed(raw, planar, private, _inside(raw, planar))
    access = _access(tags, raw, private, inside)
    gates = _gates(raw, inside, edge_node, planar, doors)
    raw, gates = _closed_doors(raw, doors, inside, gates)
    return _fold(
        raw,
        way_id=tags["way_id"].to_numpy().astype(np.int64),
        access=access,
        forward=forward[raw.part],
        backward=backward[raw.part],
        inside=inside,
        gates=gates,
        speed=speed,
    )


def _pieces(offset: Ints, node: Ints, lon: Floats, lat: Floats, ok: Bools) -> _Raw:
    part = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
    head = np.flatnonzero(part[1:] == part[:-1]) if len(part) else np.empty(0, np.int64)
    head = head[ok[part[head]]]
    used = np.union1d(head, head + 1)
    node_id, first, index = np.unique(node[used], return_index=True, return_inverse=True)
    row = np.full(len(node), -1)
    row[used] = index
    lon, lat = lon[used][first], lat[used][first]
    a, b = row[head], row[head + 1]
    keep = a != b
    x, y = geo.mercator(lon, lat)
    return _Raw(a[keep], b[keep], part[head][keep], node_id, lon, lat, x, y)


def _cut(raw: _Raw, owners: Objects) -> tuple[_Raw, pd.DataFrame]:
    """Cut pieces where they pass an owner's edge; return also which nodes lie on which edge."""
    if len(owners) == 0 or len(raw.a) == 0:
        return raw, pd.DataFrame({"node": np.empty(0, np.int64), "owner": np.empty(0, np.int64)})
    rings = shapely.boundary(owners)
    lines = _lines(raw.x[raw.a], raw.y[raw.a], raw.x[raw.b], raw.y[raw.b])
    owner, piece = shapely.STRtree(lines).query(rings, predicate="intersects")
    met = shapely.intersection(lines[piece], rings[owner])
    xy, at = shapely.get_coordinates(met, return_index=True)
    owner, piece = owner[at], piece[at]
    ax, ay = raw.x[raw.a[piece]], raw.y[raw.a[piece]]
    bx, by = raw.x[raw.b[piece]], raw.y[raw.b[piece]]
    length = np.maximum(np.hypot(bx - ax, by - ay), 1e-9)
    t = np.hypot(xy[:, 0] - ax, xy[:, 1] - ay) / length
    near = 0.01 / length  # a centimetre: the edge passes through the node itself
    at_a, at_b = t <= near, t >= 1 - near
    middle = ~(at_a | at_b)
    new_key, new = np.unique(
        np.column_stack([piece[middle], np.round(t[middle] * length[middle], 2)]),
        axis=0,
        return_inverse=True,
    )
    count = len(new_key)
    base = len(raw.node_id)
    new = new.ravel()
    new_piece = new_key[:, 0].astype(np.int64)
    new_t = np.zeros(count)
    new_t[new] = t[middle]
    nx = raw.x[raw.a[new_piece]] * (1 - new_t) + raw.x[raw.b[new_piece]] * new_t
    ny = raw.y[raw.a[new_piece]] * (1 - new_t) + raw.y[raw.b[new_piece]] * new_t
    on_edge = pd.DataFrame(
        {
            "node": np.concatenate([raw.a[piece[at_a]], raw.b[piece[at_b]], base + new]),
            "owner": np.concatenate([owner[at_a], owner[at_b], owner[middle]]),
        }
    ).drop_duplicates()
    nlon, nlat = geo.degrees(nx, ny)
    # Each cut piece a-b becomes a-n1, n1-n2, ..., nk-b: list all its stops in order and pair them.
    whole = np.ones(len(raw.a), dtype=bool)
    whole[new_piece] = False
    cut = np.flatnonzero(~whole)
    stop_piece = np.concatenate([cut, new_piece, cut])
    stop_t = np.concatenate([np.zeros(len(cut)), new_t, np.ones(len(cut))])
    stop_node = np.concatenate([raw.a[cut], base + np.arange(count), raw.b[cut]])
    order = np.lexsort((stop_t, stop_piece))
    stop_piece, stop_node = stop_piece[order], stop_node[order]
    pair = np.flatnonzero(stop_piece[1:] == stop_piece[:-1])
    return _Raw(
        np.concatenate([raw.a[whole], stop_node[pair]]),
        np.concatenate([raw.b[whole], stop_node[pair + 1]]),
        np.concatenate([raw.part[whole], raw.part[stop_piece[pair]]]),
        np.concatenate([raw.node_id, -1 - np.arange(count)]),
        np.concatenate([raw.lon, nlon]),
        np.concatenate([raw.lat, nlat]),
        np.concatenate([raw.x, nx]),
        np.concatenate([raw.y, ny]),
    ), on_edge


def _inside(raw: _Raw, owners: Objects) -> pd.DataFrame:
    """Pieces inside an owner's polygon; one that runs along its edge is outside."""
    if len(owners) == 0 or len(raw.a) == 0:
        return pd.DataFrame({"piece": np.empty(0, np.int64), "owner": np.empty(0, np.int64)})
    mid = geo.planar_points((raw.x[raw.a] + raw.x[raw.b]) / 2, (raw.y[raw.a] + raw.y[raw.b]) / 2)
    owner, piece = shapely.STRtree(mid).query(owners, predicate="contains")
    k = geo.scale((raw.lat[raw.a[piece]] + raw.lat[raw.b[piece]]) / 2)
    rings = shapely.boundary(owners)
    ends = [geo.planar_points(raw.x[n[piece]], raw.y[n[piece]]) for n in (raw.a, raw.b)]
    off = np.maximum.reduce([shapely.distance(p, rings[owner]) * k for p in (mid[piece], *ends)])
    deep = off > _TOUCH_M
    frame = pd.DataFrame({"piece": piece[deep], "owner": owner[deep]})
    return frame.sort_values(["piece", "owner"], ignore_index=True)


def _annexed(raw: _Raw, owners: Objects, private: Bools, inside: pd.DataFrame) -> pd.DataFrame:
    """Add the private drive that leads from a place's gate to the public street.

    Private pieces outside every polygon, within `_DRIVE_M` of an owner and hanging together with a
    street inside it, are open to its people.
    """
    loose = private[raw.part].copy()
    loose[inside["piece"].to_numpy()] = False
    drive = np.flatnonzero(loose)
    if len(drive) == 0 or inside.empty:
        return inside
    size = len(raw.node_id)
    graph = coo_array(
        (np.ones(len(drive), dtype=np.int8), (raw.a[drive], raw.b[drive])), shape=(size, size)
    )
    _, label = connected_components(graph, directed=False)
    own = inside["piece"].to_numpy()
    touching = pd.DataFrame(
        {
            "label": label[np.concatenate([raw.a[own], raw.b[own]])],
            "owner": np.tile(inside["owner"].to_numpy(), 2),
        }
    ).drop_duplicates()
    more = pd.DataFrame({"piece": drive, "label": label[raw.a[drive]]}).merge(touching, on="label")
    piece, owner = more["piece"].to_numpy(), more["owner"].to_numpy()
    mid = geo.planar_points(
        (raw.x[raw.a[piece]] + raw.x[raw.b[piece]]) / 2,
        (raw.y[raw.a[piece]] + raw.y[raw.b[piece]]) / 2,
    )
    near = shapely.distance(mid, owners[owner]) * geo.scale(raw.lat[raw.a[piece]]) <= _DRIVE_M
    joined = pd.concat([inside, more.loc[near, ["piece", "owner"]]])
    return joined.sort_values(["piece", "owner"], ignore_index=True)


def _access(
    tags: pd.DataFrame, raw: _Raw, private: Bools, inside: pd.DataFrame
) -> npt.NDArray[np.int8]:
    open_by_tag = (tags["access"].isin(_OPEN) | tags["foot"].isin(_OPEN)).to_numpy()
    service = (tags["highway"] == "service").to_numpy() & ~open_by_tag
    owned = np.zeros(len(raw.a), dtype=bool)
    owned[inside["piece"].to_numpy()] = True
    return np.where(private[raw.part] | (service[raw.part] & owned), OWN, PUBLIC).astype(np.int8)


def _gates(
    raw: _Raw,
    inside: pd.DataFrame,
    edge_node: pd.DataFrame,
    owners: Objects,
    doors: pd.DataFrame | None,
) -> pd.DataFrame:
    """Nodes at an owner's edge that join a street inside with one that is not."""
    empty = pd.DataFrame(
        {"node": np.empty(0, np.int64), "owner": np.empty(0, np.int64), "mapped": np.empty(0, bool)}
    )
    if inside.empty:
        return empty
    ends = pd.concat(
        [
            pd.DataFrame(
                {"node": n[inside["piece"].to_numpy()], "owner": inside["owner"].to_numpy()}
            )
            for n in (raw.a, raw.b)
        ]
    )
    inner = ends.groupby(["node", "owner"]).size().rename("inner").reset_index()
    degree = np.bincount(np.concatenate([raw.a, raw.b]), minlength=len(raw.node_id))
    inner["outer"] = degree[inner["node"]] - inner["inner"]
    found = inner[inner["outer"] > 0][["node", "owner"]].reset_index(drop=True)
    found["mapped"] = _is_mapped_gate(raw, found, doors)
    return found if len(found) else empty


def _is_mapped_gate(raw: _Raw, found: pd.DataFrame, doors: pd.DataFrame | None) -> Bools:
    """True where a gate or entrance is mapped within 25 m of the crossing."""
    if doors is None or doors.empty or found.empty:
        return np.zeros(len(found), dtype=bool)
    gate = doors[doors["barrier"].isin(_GATES) | doors["entrance"].isin({"yes", "main", "service"})]
    if gate.empty:
        return np.zeros(len(found), dtype=bool)
    on_street = gate[gate["node_id"].isin(raw.node_id)]
    if on_street.empty:
        return np.zeros(len(found), dtype=bool)
    from scipy.spatial import cKDTree

    gx, gy = geo.mercator(on_street["lon"], on_street["lat"])
    node = found["node"].to_numpy()
    far, _ = cKDTree(np.column_stack([gx, gy])).query(np.column_stack([raw.x[node], raw.y[node]]))
    return np.asarray(far * geo.scale(raw.lat[node]) <= _AT_GATE_M)


def _closed_doors(
    raw: _Raw, doors: pd.DataFrame | None, inside: pd.DataFrame, gates: pd.DataFrame
) -> tuple[_Raw, pd.DataFrame]:
    """Part the streets at gates that are closed to the public.

    At a park's own gate the streets inside get a node of their own (``inner`` of `gates`), to
    which its people may pass; anywhere else outside every piece gets one.  A door within a park
    is left.
    """
    gates = gates.assign(inner=gates["node"])
    row = _shut_rows(raw, doors)
    if len(row) == 0:
        return raw, gates
    owner = np.full(len(raw.a), -1)
    first = inside.drop_duplicates("piece")
    owner[first["piece"].to_numpy()] = first["owner"].to_numpy()
    at_a, at_b = np.flatnonzero(np.isin(raw.a, row)), np.flatnonzero(np.isin(raw.b, row))
    ends = pd.DataFrame(
        {
            "piece": np.concatenate([at_a, at_b]),
            "head": np.repeat([False, True], [len(at_a), len(at_b)]),
            "row": np.concatenate([raw.a[at_a], raw.b[at_b]]),
            "owner": owner[np.concatenate([at_a, at_b])],
        }
    )
    at_gate = ends["row"].isin(gates["node"])
    within = (ends["owner"] >= 0) & (ends.groupby("row")["owner"].transform("nunique") == 1)
    stays = within | (at_gate & (ends["owner"] < 0))
    ends = ends[~stays]
    alone = np.where(ends["owner"] >= 0, -1, np.arange(len(ends)))
    keys = pd.DataFrame({"row": ends["row"], "owner": ends["owner"], "alone": alone})
    number = keys.groupby(["row", "owner", "alone"]).ngroup().to_numpy()
    copy = len(raw.node_id) + number
    old = keys.assign(copy=copy).drop_duplicates("copy").sort_values("copy")
    a, b = raw.a.copy(), raw.b.copy()
    head = ends["head"].to_numpy()
    piece = ends["piece"].to_numpy()
    a[piece[~head]], b[piece[head]] = copy[~head], copy[head]
    source = old["row"].to_numpy()
    grown = _Raw(
        a,
        b,
        raw.part,
        np.concatenate([raw.node_id, raw.node_id.min(initial=0) - 1 - np.arange(len(source))]),
        *[np.concatenate([c, c[source]]) for c in (raw.lon, raw.lat, raw.x, raw.y)],
    )
    own = old[old["owner"] >= 0].rename(columns={"row": "node"})[["node", "owner", "copy"]]
    moved = gates.merge(own, on=["node", "owner"], how="left")
    inner = moved["copy"].fillna(moved["node"]).astype(np.int64)
    return grown, gates.assign(inner=inner.to_numpy())


def _shut_rows(raw: _Raw, doors: pd.DataFrame | None) -> Ints:
    """Rows of the nodes where a gate is mapped that is closed to the public."""
    if doors is None or doors.empty:
        return np.empty(0, dtype=np.int64)
    shut = doors[
        doors["barrier"].isin(_GATES)
        & doors["access"].isin({"private", "no", "permit", "employees"})
        & ~doors["foot"].isin(_OPEN)
    ]
    return np.flatnonzero(np.isin(raw.node_id, shut["node_id"].to_numpy()))


def _fold(
    raw: _Raw,
    *,
    way_id: Ints,
    access: npt.NDArray[np.int8],
    forward: Bools,
    backward: Bools,
    inside: pd.DataFrame,
    gates: pd.DataFrame,
    speed: float,
) -> Streets:
    count = len(raw.a)
    owner = np.full(count, -1)
    # Rows are sorted, so the first owner wins where polygons overlap.
    first = inside.drop_duplicates("piece")
    owner[first["piece"].to_numpy()] = first["owner"].to_numpy()
    two_way = forward & backward
    keep = _kept_nodes(raw, np.column_stack([access, owner]), two_way)
    keep[gates["node"].to_numpy()] = True
    keep[gates["inner"].to_numpy()] = True
    metres = geo.lengths(raw.lon[raw.a], raw.lat[raw.a], raw.lon[raw.b], raw.lat[raw.b])
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
    before = np.cumsum(metres) - metres
    start = before - np.repeat(before[begins], sizes) if count else before
    total = np.add.reduceat(metres, begins) if count else metres
    ends = begins + sizes - 1
    at_gates = gates[["node", "inner"]].to_numpy().ravel()
    junction_node = np.unique(np.concatenate([a[begins], b[ends], at_gates]))
    junction = np.full(len(raw.node_id), -1)
    junction[junction_node] = np.arange(len(junction_node))
    new_row = np.empty(count, dtype=np.int64)
    new_row[order] = np.arange(count)
    minutes = metres / speed
    edges = pd.DataFrame(
        {
            "u": junction[a[begins]],
            "v": junction[b[ends]],
            "metres": total,
            "minutes": total / speed,
            "minutes_back": total / speed,
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
            "minutes": minutes,
            "minutes_back": minutes,
            "start_minutes": start / speed,
            "start_minutes_back": start / speed,
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
    main, node_main, islands = _main(pieces, public, moved["piece"].to_numpy(), len(nodes))
    return Streets(
        nodes=nodes,
        pieces=pieces.assign(main=main),
        edges=edges,
        inside=moved.sort_values(["owner", "piece"], ignore_index=True),
        gates=gates.assign(joined=node_main[gates["node"].to_numpy()]).sort_values(
            ["owner", "node"], ignore_index=True
        ),
        junction_node=junction_node,
        flat=True,
        speed=speed,
        islands=islands,
    )


def _kept_nodes(raw: _Raw, kind: Ints, two_way: Bools) -> Bools:
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


def _chains(raw: _Raw, keep: Bools) -> tuple[Ints, Ints, Bools]:
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


def _main(pieces: pd.DataFrame, public: Bools, inside: Ints, size: int) -> tuple[Bools, Bools, int]:
    """Tell the network from its islands, which a gap in the map may have cut off.

    Returns
    -------
    pieces, nodes, islands
        Whether each public piece, and each node by the public streets outside all parks, hangs
        together with enough street; and how many parts the public network has.
    """
    a, b = pieces["a"].to_numpy(), pieces["b"].to_numpy()
    metres = pieces["metres"].to_numpy()
    enough = min(_ISLAND_M, metres[public].sum() / 4)
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
