"""Leaving a park: which gates, the inner part of the walk, and the walk as a whole.

A walk from a workplace runs along the park's own streets to a gate (private and service ways
are open to its people), and from there along public streets.  The two parts are searched
apart and put together here, so that every gate's part in the answer is known: where nobody
has said which gates are open, the best and the worst of them bound what is true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap import geo
from parkgap.access.homes import is_district
from parkgap.access.inner import Inner
from parkgap.access.reach import reach
from parkgap.access.snap import Snapper, Snaps, concat
from parkgap.access.streets import Streets
from parkgap.frames import GATES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Targets:
    """What is walked to: facilities first, then candidate sites, by row.

    Attributes
    ----------
    public
        Snaps on public pieces; ``of`` is the target's row.
    shape
        Outline or point of each target (Mercator), for walks to it inside a park, shape (t,).
    door_of, door
        Entrances mapped on outlines: the target's row, and the point (Mercator), shape (d,) each.
    """

    public: Snaps
    shape: Objects
    door_of: Ints
    door: Objects


@dataclass(frozen=True)
class Walks:
    """Walks of all origins, and how the parks are left.

    Attributes
    ----------
    reach
        ``origin, target, metres, minutes, metres_worst, minutes_worst`` (rows of the origins frame
        and of the targets).
    gates
        Frame of :data:`parkgap.frames.GATES`.
    reached
        For each origin, whether it gets out to a street at all, shape (origins,).
    straight
        For each origin, whether its inner part is a straight line times the detour factor.
    """

    reach: pd.DataFrame
    gates: pd.DataFrame
    reached: Bools
    straight: Bools


@dataclass(frozen=True)
class _Gate:
    """The gates of one park, with where each stands in the inner and in the public network."""

    node: Ints  # row of nodes on its inner side, -1 for a gate that is not a node
    x: Floats
    y: Floats
    kind: str | list[str]
    ids: list[str]
    outer: Snaps
    joined: Bools  # the street that it opens to is no island


def compounds(parks: pd.DataFrame, residences: pd.DataFrame) -> pd.DataFrame:
    """Grounds whose private and service streets are open to their own people only.

    Parks, and residences given as areas that are no districts
    (:func:`parkgap.access.homes.is_district`).

    Returns
    -------
    DataFrame
        ``kind`` (park or home), ``id``, ``geometry`` (WGS-84): parks first, in their order.
    """
    own = parks[["park_id", "geometry"]].rename(columns={"park_id": "id"}).assign(kind="park")
    homes = residences.drop_duplicates("residence_id")
    shape = homes["geometry"].to_numpy()
    homes = homes[geo.is_area(shape)]
    homes = homes[~is_district(homes)]
    estates = homes[["residence_id", "geometry"]].rename(columns={"residence_id": "id"})
    both: pd.DataFrame = pd.concat([own, estates.assign(kind="home")], ignore_index=True)
    return both


def walk_all(
    streets: Streets,
    origins: pd.DataFrame,
    grounds: pd.DataFrame,
    given: pd.DataFrame,
    targets: Targets,
    *,
    limit_m: float,
    snap_m: float,
    detour: float,
) -> Walks:
    """Walk from every origin to every target within the limit.

    Parameters
    ----------
    streets
        The network; its owners are `grounds` in their order.
    origins, given
        Frames of :data:`~parkgap.frames.ORIGINS` and :data:`~parkgap.frames.GATES_GIVEN`.
    grounds
        Parks and housing estates (:func:`compounds`).
    targets
        What is walked to.
    limit_m
        Farthest walk, metres.
    snap_m
        Farthest straight metres to a street.
    detour
        Factor on the straight line where a park has no inner streets (the standard's).
    """
    public = streets.public_pieces()
    snapper = Snapper(streets, public, snap_m)
    plans = _plans(streets, origins, grounds, given, snapper, public, snap_m, detour)
    planned = np.zeros(len(origins), dtype=bool)
    planned[np.concatenate([p.rows for p in plans])] = True
    homes = np.flatnonzero(~planned)
    lon, lat = origins["lon"].to_numpy(), origins["lat"].to_numpy()
    at_home = snapper.nearest(geo.points(lon[homes], lat[homes]))
    first: Ints = np.cumsum([0] + [len(p.gates.ids) for p in plans]).astype(np.int64)
    sources = concat(
        [
            Snaps(p.gates.outer.of + f, *_rest(p.gates.outer))
            for p, f in zip(plans, first, strict=False)
        ]
        + [Snaps(at_home.of + first[-1], *_rest(at_home))]
    )
    outer = reach(streets, sources, targets.public, limit_m=limit_m)
    cuts = np.append(first, first[-1] + len(homes))
    begin: Ints = np.searchsorted(outer["source"].to_numpy(), cuts).astype(np.int64)
    rows = []
    reached = np.zeros(len(origins), dtype=bool)
    straight = np.zeros(len(origins), dtype=bool)
    inner_of = _inside_targets(grounds, targets)
    outer_leg = np.full(len(targets.shape), np.inf)
    np.minimum.at(outer_leg, targets.public.of, targets.public.leg)
    for number, plan in enumerate(plans):
        part = outer.iloc[begin[number] : begin[number + 1]]
        rows.append(
            _through(plan, part, first[number], inner_of, targets, streets, outer_leg, limit_m)
        )
        reached[plan.rows] = np.isfinite(plan.inner).any(axis=1)
        straight[plan.rows] = plan.straight
    home = outer.iloc[begin[len(plans)] :]
    rows.append(
        pd.DataFrame(
            {
                "origin": homes[home["source"].to_numpy() - first[-1]],
                "target": home["target"].to_numpy(),
                "metres": home["metres"].to_numpy(),
                "minutes": home["minutes"].to_numpy(),
                "metres_worst": home["metres"].to_numpy(),
                "minutes_worst": home["minutes"].to_numpy(),
            }
        )
    )
    on_main = streets.pieces["main"].to_numpy()[at_home.piece]
    reached[homes[at_home.of[on_main]]] = True
    table = pd.concat(rows, ignore_index=True)
    table = table.sort_values(["origin", "target"], ignore_index=True)
    return Walks(table, _gate_frame(plans, grounds), reached, straight)


def _rest(snaps: Snaps) -> tuple[Ints, Floats, Floats]:
    return snaps.piece, snaps.t, snaps.leg


# --- the plan of each park: its gates, and the walk from each workplace to each of them ------


@dataclass(frozen=True)
class _Plan:
    """How one park or housing estate is left.

    `rows` are the origins in it; `inner` metres from each of them to each gate, shape (w, g);
    `own` its inner network.
    """

    ground: int
    rows: Ints
    gates: _Gate
    certain: Bools
    inner: Floats
    inner_minutes: Floats
    straight: Bools
    own: Inner | None
    x: Floats
    y: Floats


def _plans(
    streets: Streets,
    origins: pd.DataFrame,
    grounds: pd.DataFrame,
    given: pd.DataFrame,
    snapper: Snapper,
    public: Ints,
    snap_m: float,
    detour: float,
) -> list[_Plan]:
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
    gates: _Gate,
    certain: Bools,
    inner: Inner | None,
    x: Floats,
    y: Floats,
    snapper: Snapper,
    detour: float,
) -> _Plan:
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
    return _Plan(
        ground, rows, gates, certain, cost["metres"], cost["minutes"], straight, inner, x, y
    )


def _straight(x: Floats, y: Floats, gates: _Gate) -> Floats:
    """Straight true metres from origins to gates, shape (w, g)."""
    _, lat = geo.degrees(x, y)
    far = np.hypot(x[:, None] - gates.x, y[:, None] - gates.y)
    return np.asarray(far * geo.scale(lat)[:, None])


def _near_street(
    x: Floats, y: Floats, gates: _Gate, inner: Inner | None, snapper: Snapper
) -> Bools:
    """Origins within the snap limit of a public street, of an inner one, or of a gate."""
    near = np.zeros(len(x), dtype=bool)
    near[snapper.nearest(geo.planar_points(x, y)).of] = True
    if inner is not None:
        near[inner.starts.of] = True
    if len(gates.ids) and len(x):
        near |= (_straight(x, y, gates) <= snapper.limit).any(axis=1)
    return near


def _to_gates(inner: Inner, gates: _Gate, unit: str) -> Floats:
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


def _given(table: pd.DataFrame, snapper: Snapper) -> tuple[_Gate, Bools]:
    x, y = geo.mercator(table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float))
    outer = snapper.nearest(geo.planar_points(x, y))
    use = np.zeros(len(table), dtype=bool)
    use[outer.of] = True
    renumber = np.cumsum(use) - 1
    gates = _Gate(
        node=np.full(int(use.sum()), -1),
        x=x[use],
        y=y[use],
        kind="given",
        ids=list(table["gate_id"].to_numpy()[use]),
        outer=Snaps(renumber[outer.of], *_rest(outer)),
        joined=snapper.streets.pieces["main"].to_numpy()[outer.piece],
    )
    return gates, np.ones(len(gates.ids), dtype=bool)


def _crossings(
    streets: Streets, park_id: str, crossing: pd.DataFrame, public_at: tuple[Ints, Floats]
) -> tuple[_Gate, Bools]:
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
    gates = _Gate(
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
) -> tuple[_Gate, Bools]:
    """No street passes the park's edge: leave for the nearest street within the snap limit."""
    bounds = shapely.bounds(polygon)
    _, lat = geo.degrees(np.zeros(1), np.array([(bounds[1] + bounds[3]) / 2]))
    near = snapper.tree.query(
        polygon, predicate="dwithin", distance=snapper.limit / float(geo.scale(lat)[0])
    )
    none = np.empty(0, dtype=np.int64)
    if len(near) == 0 or len(x) == 0:
        return _Gate(
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
    gates = _Gate(
        np.full(len(first), -1), fx[first], fy[first], "nearest_street", ids, outer, joined
    )
    return gates, np.ones(len(first), dtype=bool)


# --- putting the two parts together ---------------------------------------------------------


def _inside_targets(grounds: pd.DataFrame, targets: Targets) -> dict[int, Ints]:
    polygons = geo.project(grounds["geometry"].to_numpy())
    point = shapely.point_on_surface(targets.shape)
    park, target = shapely.STRtree(point).query(polygons, predicate="intersects")
    order = np.lexsort((target, park))
    park, target = park[order], target[order]
    cuts = np.searchsorted(park, np.arange(len(grounds) + 1))
    return {p: target[cuts[p] : cuts[p + 1]] for p in range(len(grounds))}


def _through(
    plan: _Plan,
    outer: pd.DataFrame,
    first: int,
    inner_of: dict[int, Ints],
    targets: Targets,
    streets: Streets,
    outer_leg: Floats,
    limit_m: float,
) -> pd.DataFrame:
    """Put inner and outer walks of one park together, over its best and its worst gate."""
    inside = inner_of[plan.ground]
    seen = np.union1d(outer["target"].to_numpy(), inside).astype(np.int64)
    gate = outer["source"].to_numpy() - first
    column = np.searchsorted(seen, outer["target"].to_numpy())
    own = np.searchsorted(seen, inside)
    cost: dict[str, Floats] = {}
    for unit, inner in (("metres", plan.inner), ("minutes", plan.inner_minutes)):
        dense = np.full((len(plan.gates.ids), len(seen)), np.inf)
        dense[gate, column] = outer[unit].to_numpy()
        best, worst = _bounds(inner, dense, plan.certain)
        if len(own):
            within, leg = _within(plan, inside, targets, unit, streets)
            # Its own people go by the street nearest to it; from outside only where that is one.
            instead = np.isfinite(within) & (leg < outer_leg[inside])
            for whole in (best, worst):
                less = np.minimum(whole[:, own], within)
                whole[:, own] = np.where(instead, within, less)
        cost[unit], cost[unit + "_worst"] = best, worst
    # On level ground the two limits are one; elsewhere either brings a pair into reach.
    near = cost["metres"] <= limit_m
    if not streets.flat:
        near |= cost["minutes"] <= limit_m / streets.speed
    i, j = np.nonzero(near)
    frame = pd.DataFrame({"origin": plan.rows[i], "target": seen[j]})
    for name in ("metres", "minutes", "metres_worst", "minutes_worst"):
        frame[name] = cost[name][i, j]
    return frame


def _bounds(inner: Floats, outer: Floats, certain: Bools) -> tuple[Floats, Floats]:
    """Least cost through any gate; and through the certain gates, or through the worst alone.

    Parameters
    ----------
    inner, outer
        Origin to gate, shape (w, g); gate to target, shape (g, t).
    certain
        Gates that somebody said or mapped, shape (g,).

    Returns
    -------
    best, worst
        Shape (w, t).
    """
    shape = (inner.shape[0], outer.shape[1])
    best = np.full(shape, np.inf)
    sure = np.full(shape, np.inf)
    worst = np.zeros(shape)
    for g in range(inner.shape[1]):
        whole = inner[:, g, None] + outer[g]
        np.minimum(best, whole, out=best)
        if certain[g]:
            np.minimum(sure, whole, out=sure)
        else:
            # A gate that this workplace cannot get to says nothing about it.
            can = np.isfinite(inner[:, g])[:, None]
            np.maximum(worst, np.where(can, whole, 0.0), out=worst)
    worst[~np.isfinite(best)] = np.inf
    worst = np.maximum(worst, best)
    # Certain gates decide for those who can get to one.
    decided = np.asarray(np.isfinite(inner[:, certain]).any(axis=1), dtype=bool)
    return best, np.where(decided[:, None], sure, worst)


def _within(
    plan: _Plan, inside: Ints, targets: Targets, unit: str, streets: Streets
) -> tuple[Floats, Floats]:
    """Walks to the targets inside the park that never leave it, shape (w, k), and their legs (k,).

    A target with mapped entrances is reached at these, any other where its outline is nearest.
    """
    out = np.full((len(plan.rows), len(inside)), np.inf)
    leg = np.full(len(inside), np.inf)
    if plan.own is None:
        return out, leg
    at_door = np.flatnonzero(np.isin(targets.door_of, inside))
    without = np.flatnonzero(~np.isin(inside, targets.door_of))
    column = np.concatenate([np.searchsorted(inside, targets.door_of[at_door]), without])
    shape = np.concatenate([targets.door[at_door], targets.shape[inside[without]]])
    snaps = plan.own.snapper.nearest(shape)
    if len(snaps):
        key = unit if unit in plan.own.cost else "metres"
        cost = plan.own.to_snaps(snaps, key)
        np.minimum.at(out.T, column[snaps.of], (cost if key == unit else cost / streets.speed).T)
        np.minimum.at(leg, column[snaps.of], snaps.leg)
    return out, leg


def _gate_frame(plans: list[_Plan], grounds: pd.DataFrame) -> pd.DataFrame:
    """Gates of the parks; those of housing estates would show where workers live."""
    ids = grounds["id"].to_numpy()
    parts = []
    for plan in plans:
        if grounds["kind"].iat[plan.ground] != "park":
            continue
        lon, lat = geo.degrees(plan.gates.x, plan.gates.y)
        parts.append(
            pd.DataFrame(
                {
                    "gate_id": plan.gates.ids,
                    "park_id": ids[plan.ground],
                    "kind": plan.gates.kind,
                    "lon": lon,
                    "lat": lat,
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True) if parts else GATES.frame()
    frame = frame.drop_duplicates(["park_id", "gate_id"])
    return GATES.check(frame.sort_values(list(GATES.sort), ignore_index=True))
