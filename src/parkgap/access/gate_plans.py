"""The plan of each park: its gates, and the walk from each workplace to each of them.

Gates are those that the office gives, else those that are mapped or derived where a street
crosses the park's edge, else the nearest street.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.access.inner import Inner
from parkgap.access.snap import Snapper, Snaps
from parkgap.access.streets import Streets

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Gate:
    """The gates of one park, with where each stands in the inner and in the public network."""

    node: Ints  # row of nodes on its inner side, -1 for a gate that is not a node
    x: Floats
    y: Floats
    kind: str | list[str]
    ids: list[str]
    outer: Snaps
    joined: Bools  # the street that it opens to is no island


def rest_of(snaps: Snaps) -> tuple[Ints, Floats, Floats]:
    """All of the snaps but whose they are."""
    return snaps.piece, snaps.t, snaps.leg


@dataclass(frozen=True)
class Plan:
    """How one park or housing estate is left.

    `rows` are the origins in it; `inner` metres from each of them to each gate, shape (w, g);
    `own` its inner network.
    """

    ground: int
    rows: Ints
    gates: Gate
    certain: Bools
    inner: Floats
    inner_minutes: Floats
    straight: Bools
    own: Inner | None
    x: Floats
    y: Floats


def make_plans(
    streets: Streets,
    origins: pd.DataFrame,
    grounds: pd.DataFrame,
    mine: Bools,
    given: pd.DataFrame,
    snapper: Snapper,
    public: Ints,
    snap_m: float,
    detour: float,
) -> list[Plan]:
    """Plan how every park and housing estate is left.

    Parameters
    ----------
    streets, origins, grounds, given, detour
        As for :func:`parkgap.access.gates.walk_all`.
    mine
        Grounds that are planned, shape (grounds,).
    snapper
        To the public pieces.
    public
        Rows of the public pieces.
    snap_m
        Farthest straight metres to a street.
    """
    x, y = geo.mercator(origins["lon"].to_numpy(), origins["lat"].to_numpy())
    work = origins["kind"] == "work"
    at_work = origins[work].groupby("park_id").indices
    at_home = origins[~work].groupby("origin_id").indices
    rows_of = {"park": np.flatnonzero(work), "home": np.flatnonzero(~work)}
    polygons = geo.project(grounds["geometry"].to_numpy())
    own, crossings = streets.inside, streets.gates
    begin = np.searchsorted(own["owner"].to_numpy(), np.arange(len(grounds) + 1))
    gate_begin = np.searchsorted(crossings["owner"].to_numpy(), np.arange(len(grounds) + 1))
    public_at = _public_at_node(streets, public)
    plans = []
    for ground, (kind, name) in enumerate(zip(grounds["kind"], grounds["id"], strict=True)):
        if not mine[ground]:
            continue
        known = (at_work if kind == "park" else at_home).get(name, np.empty(0, dtype=np.int64))
        at = rows_of[kind][known]
        piece = own["piece"].to_numpy()[begin[ground] : begin[ground + 1]]
        inner = Inner(streets, piece, x[at], y[at], snap_m) if len(piece) else None
        table = given[given["park_id"] == name] if kind == "park" else given[:0]
        crossing = crossings.iloc[gate_begin[ground] : gate_begin[ground + 1]]
        if len(table):
            gates, certain = _given(table, snapper)
        else:
            gates, certain = _crossings(streets, name, crossing, public_at)
        if not len(gates.ids):
            gates, certain = _nearest(name, polygons[ground], x[at], y[at], streets, snapper)
        if kind == "home":
            certain = np.ones(
                len(gates.ids), dtype=bool
            )  # an estate's own people know their ways out
        plans.append(_plan(ground, at, gates, certain, inner, x[at], y[at], snapper, detour))
    return plans


def _plan(
    ground: int,
    rows: Ints,
    gates: Gate,
    certain: Bools,
    inner: Inner | None,
    x: Floats,
    y: Floats,
    snapper: Snapper,
    detour: float,
) -> Plan:
    streets = snapper.streets
    count = len(gates.ids)
    cost = {"metres": np.full((len(rows), count), np.inf)}
    cost["minutes"] = cost["metres"].copy()
    if inner is not None and count:
        for unit in inner.cost:
            cost[unit] = _to_gates(inner, gates, unit)
    if streets.flat:
        cost["minutes"] = cost["metres"] / streets.speed
    # No inner street leads from here to any gate: straight across the yard, times the detour;
    # but only from a place that is near some street: the others are reported, not moved.
    straight = _near_street(x, y, gates, inner, snapper) & ~np.isfinite(cost["metres"]).any(axis=1)
    if straight.any() and count:
        far = _straight(x[straight], y[straight], gates) * detour
        cost["metres"][straight] = far
        cost["minutes"][straight] = far / streets.speed
    # A gate onto an island of streets leads nowhere that the map knows.
    cost["metres"][:, ~gates.joined] = np.inf
    cost["minutes"][:, ~gates.joined] = np.inf
    return Plan(
        ground, rows, gates, certain, cost["metres"], cost["minutes"], straight, inner, x, y
    )


def _straight(x: Floats, y: Floats, gates: Gate) -> Floats:
    """Straight true metres from origins to gates, shape (w, g)."""
    _, lat = geo.degrees(x, y)
    far = np.hypot(x[:, None] - gates.x, y[:, None] - gates.y)
    return np.asarray(far * geo.scale(lat)[:, None])


def _near_street(x: Floats, y: Floats, gates: Gate, inner: Inner | None, snapper: Snapper) -> Bools:
    """Origins within the snap limit of a public street, of an inner one, or of a gate."""
    near = np.zeros(len(x), dtype=bool)
    near[snapper.nearest(geo.planar_points(x, y)).of] = True
    if inner is not None:
        near[inner.starts.of] = True
    if len(gates.ids) and len(x):
        near |= (_straight(x, y, gates) <= snapper.limit).any(axis=1)
    return near


def _to_gates(inner: Inner, gates: Gate, unit: str) -> Floats:
    out = np.full((inner.count, len(gates.ids)), np.inf)
    on = gates.node >= 0
    if on.any():
        out[:, on] = inner.to_nodes(gates.node[on], unit)
    if (~on).any():
        off = np.flatnonzero(~on)
        snaps = inner.snapper.nearest(geo.planar_points(gates.x[off], gates.y[off]))
        out[:, off[snaps.of]] = inner.to_snaps(snaps, unit)
    return out


def _public_at_node(streets: Streets, public: Ints) -> tuple[Ints, Floats]:
    """For each node a public piece that ends there (-1: none), and which end."""
    piece = np.full(len(streets.nodes), -1)
    end = np.zeros(len(streets.nodes))
    a, b = streets.pieces["a"].to_numpy()[public], streets.pieces["b"].to_numpy()[public]
    piece[b[::-1]] = public[::-1]
    end[b] = 1.0
    piece[a[::-1]] = public[::-1]
    end[a] = 0.0
    return piece, end


def _given(table: pd.DataFrame, snapper: Snapper) -> tuple[Gate, Bools]:
    x, y = geo.mercator(table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float))
    outer = snapper.nearest(geo.planar_points(x, y))
    use = np.zeros(len(table), dtype=bool)
    use[outer.of] = True
    renumber = np.cumsum(use) - 1
    gates = Gate(
        node=np.full(int(use.sum()), -1),
        x=x[use],
        y=y[use],
        kind="given",
        ids=list(table["gate_id"].to_numpy()[use]),
        outer=Snaps(renumber[outer.of], *rest_of(outer)),
        joined=snapper.streets.pieces["main"].to_numpy()[outer.piece],
    )
    return gates, np.ones(len(gates.ids), dtype=bool)


def _crossings(
    streets: Streets, park_id: str, crossing: pd.DataFrame, public_at: tuple[Ints, Floats]
) -> tuple[Gate, Bools]:
    node = crossing["node"].to_numpy()
    piece = public_at[0][node]
    open_to_street = piece >= 0
    node, piece = node[open_to_street], piece[open_to_street]
    inner = crossing["inner"].to_numpy()[open_to_street]
    mapped = crossing["mapped"].to_numpy(dtype=bool)[open_to_street]
    nodes = streets.nodes
    osm = nodes["node_id"].to_numpy()[node]
    way = streets.pieces["way_id"].to_numpy()[piece]
    place = [f"{lon:.5f},{lat:.5f}" for lon, lat in nodes[["lon", "lat"]].to_numpy()[node]]
    ids = [
        f"{park_id}:node/{o}" if o > 0 else f"{park_id}:way/{w}@{p}"
        for o, w, p in zip(osm, way, place, strict=True)
    ]
    gates = Gate(
        node=inner,
        x=nodes["x"].to_numpy()[node],
        y=nodes["y"].to_numpy()[node],
        kind=["mapped" if m else "derived" for m in mapped],
        ids=ids,
        outer=Snaps(np.arange(len(node)), piece, public_at[1][node], np.zeros(len(node))),
        joined=crossing["joined"].to_numpy(dtype=bool)[open_to_street],
    )
    return gates, mapped


def _nearest(
    park_id: str,
    polygon: shapely.Geometry,
    x: Floats,
    y: Floats,
    streets: Streets,
    snapper: Snapper,
) -> tuple[Gate, Bools]:
    """No street passes the park's edge: leave for the nearest street within the snap limit."""
    bounds = shapely.bounds(polygon)
    _, lat = geo.degrees(np.zeros(1), np.array([(bounds[1] + bounds[3]) / 2]))
    near = snapper.tree.query(
        polygon, predicate="dwithin", distance=snapper.limit / float(geo.scale(lat)[0])
    )
    none = np.empty(0, dtype=np.int64)
    if len(near) == 0 or len(x) == 0:
        return Gate(
            none,
            np.empty(0),
            np.empty(0),
            "nearest_street",
            [],
            snapper.nearest(np.empty(0, dtype=object)),
            np.empty(0, dtype=bool),
        ), np.empty(0, bool)
    some = Snapper(streets, snapper.piece[np.sort(near)], np.inf)
    feet = (
        some.nearest(geo.planar_points(x, y)) if len(x) else some.nearest(np.empty(0, dtype=object))
    )
    fx, fy = feet.xy(streets)
    # One gate for feet that lie within 25 m of each other keeps the list readable.
    _, first = np.unique(np.round(np.column_stack([fx, fy]) / 25.0), axis=0, return_index=True)
    first.sort()
    gate = feet.take(first)
    lon, lat = geo.degrees(fx[first], fy[first])
    ids = [f"{park_id}:street@{a:.5f},{b:.5f}" for a, b in zip(lon, lat, strict=True)]
    outer = Snaps(np.arange(len(first)), gate.piece, gate.t, np.zeros(len(first)))
    joined = streets.pieces["main"].to_numpy()[gate.piece]
    gates = Gate(
        np.full(len(first), -1), fx[first], fy[first], "nearest_street", ids, outer, joined
    )
    return gates, np.ones(len(first), dtype=bool)
