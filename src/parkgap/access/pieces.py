"""Straight pieces of street before they are folded: who may walk them, and where parks cut them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from parkgap import geo

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

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
_DRIVE_M = 150.0  # as far as the snap limit
_AT_GATE_M = 25.0  # a mapped gate this close to a crossing is its gate
_TOUCH_M = 0.5  # closer to a park's edge than this, a street runs along it, not inside


def lines_between(xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Objects:
    """Two-point LineStrings in Mercator metres, shape (n,)."""
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
    flags = (~closed, private & ~closed, forward, backward)
    walk, own, there, back = (np.asarray(flag, dtype=bool) for flag in flags)
    return walk, own, there, back


def _foot_is_own_rule(highway: pd.Series, access: pd.Series) -> pd.Series:
    # On footways `access=no` is how mappers close them to vehicles; `private` stays private.
    return highway.isin(_ON_FOOT_ONLY) & access.isin({"no", "agricultural", "forestry", "delivery"})


@dataclass(frozen=True)
class Raw:
    """Pieces before folding: node rows a -> b, the way's part, and the nodes' places."""

    a: Ints
    b: Ints
    part: Ints
    node_id: Ints
    lon: Floats
    lat: Floats
    x: Floats
    y: Floats


def pieces_of(offset: Ints, node: Ints, lon: Floats, lat: Floats, ok: Bools) -> Raw:
    """Pair the nodes of the ways that may be walked; nodes are told by their OSM ids."""
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
    return Raw(a[keep], b[keep], part[head][keep], node_id, lon, lat, x, y)


def cut_at(raw: Raw, owners: Objects) -> Raw:
    """Cut pieces where they pass an owner's edge (owners: polygons in Mercator metres)."""
    if len(owners) == 0 or len(raw.a) == 0:
        return raw
    rings = shapely.boundary(owners)
    lines = lines_between(raw.x[raw.a], raw.y[raw.a], raw.x[raw.b], raw.y[raw.b])
    owner, piece = shapely.STRtree(lines).query(rings, predicate="intersects")
    order = np.lexsort((piece, owner))
    owner, piece = owner[order], piece[order]
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
    return Raw(
        np.concatenate([raw.a[whole], stop_node[pair]]),
        np.concatenate([raw.b[whole], stop_node[pair + 1]]),
        np.concatenate([raw.part[whole], raw.part[stop_piece[pair]]]),
        np.concatenate([raw.node_id, -1 - np.arange(count)]),
        np.concatenate([raw.lon, nlon]),
        np.concatenate([raw.lat, nlat]),
        np.concatenate([raw.x, nx]),
        np.concatenate([raw.y, ny]),
    )


def inside_of(raw: Raw, owners: Objects) -> pd.DataFrame:
    """Pieces inside an owner's polygon; one that runs along its edge is outside."""
    if len(owners) == 0 or len(raw.a) == 0:
        return pd.DataFrame({"piece": np.empty(0, np.int64), "owner": np.empty(0, np.int64)})
    mid = geo.planar_points((raw.x[raw.a] + raw.x[raw.b]) / 2, (raw.y[raw.a] + raw.y[raw.b]) / 2)
    owner, piece = shapely.STRtree(mid).query(owners, predicate="contains")
    k = geo.scale((raw.lat[raw.a[piece]] + raw.lat[raw.b[piece]]) / 2)
    rings = shapely.boundary(owners)
    shapely.prepare(rings)
    # Whatever has its middle or an end away from the edge is inside; mostly the middle tells.
    near: Any = shapely.dwithin  # takes a distance a pair, which its types do not say
    deep = ~near(rings[owner], mid[piece], _TOUCH_M / k)
    for end in (raw.a, raw.b):
        left = np.flatnonzero(~deep)
        node = end[piece[left]]
        at = geo.planar_points(raw.x[node], raw.y[node])
        deep[left] = ~near(rings[owner[left]], at, _TOUCH_M / k[left])
    frame = pd.DataFrame({"piece": piece[deep], "owner": owner[deep]})
    return frame.sort_values(["piece", "owner"], ignore_index=True)


def with_drives(raw: Raw, owners: Objects, private: Bools, inside: pd.DataFrame) -> pd.DataFrame:
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


def access_of(
    tags: pd.DataFrame, raw: Raw, private: Bools, inside: pd.DataFrame
) -> npt.NDArray[np.int8]:
    """Say of each piece whether everybody may walk it, or the people of the place only."""
    open_by_tag = (tags["access"].isin(_OPEN) | tags["foot"].isin(_OPEN)).to_numpy()
    service = (tags["highway"] == "service").to_numpy() & ~open_by_tag
    owned = np.zeros(len(raw.a), dtype=bool)
    owned[inside["piece"].to_numpy()] = True
    return np.where(private[raw.part] | (service[raw.part] & owned), OWN, PUBLIC).astype(np.int8)


def gates_of(raw: Raw, inside: pd.DataFrame, doors: pd.DataFrame | None) -> pd.DataFrame:
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


def _is_mapped_gate(raw: Raw, found: pd.DataFrame, doors: pd.DataFrame | None) -> Bools:
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


def part_at_doors(
    raw: Raw, doors: pd.DataFrame | None, inside: pd.DataFrame, gates: pd.DataFrame
) -> tuple[Raw, pd.DataFrame]:
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
    grown = Raw(
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


def _shut_rows(raw: Raw, doors: pd.DataFrame | None) -> Ints:
    """Rows of the nodes where a gate is mapped that is closed to the public."""
    if doors is None or doors.empty:
        return np.empty(0, dtype=np.int64)
    shut = doors[
        doors["barrier"].isin(_GATES)
        & doors["access"].isin({"private", "no", "permit", "employees"})
        & ~doors["foot"].isin(_OPEN)
    ]
    return np.flatnonzero(np.isin(raw.node_id, shut["node_id"].to_numpy()))
