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
from parkgap.access.gate_plans import Plan, make_plans, rest_of
from parkgap.access.homes import is_district
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


@dataclass(frozen=True)
class WaysOut:
    """How each park and estate is left, and what snaps to the public streets."""

    snapper: Snapper
    plans: list[Plan]


def ways_out(
    streets: Streets,
    origins: pd.DataFrame,
    grounds: pd.DataFrame,
    given: pd.DataFrame,
    *,
    snap_m: float,
    detour: float,
    own: Bools,
) -> WaysOut:
    """Plan how the parks and estates are left; the parameters are those of :func:`walk_all`."""
    public = streets.public_pieces()
    snapper = Snapper(streets, public, snap_m)
    known = (streets, origins, grounds, own, given, snapper, public, snap_m, detour)
    return WaysOut(snapper, make_plans(*known))


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
    own: Bools | None = None,
    out: WaysOut | None = None,
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
    own
        Grounds whose people walk, shape (grounds,); of the others only the streets are known here.
        None: all.
    out
        Of :func:`ways_out`, where it is at hand.
    """
    own = np.ones(len(grounds), dtype=bool) if own is None else own
    out = out or ways_out(streets, origins, grounds, given, snap_m=snap_m, detour=detour, own=own)
    plans = out.plans
    planned = np.zeros(len(origins), dtype=bool)
    planned[np.concatenate([np.empty(0, np.int64), *(p.rows for p in plans)])] = True
    homes = np.flatnonzero(~planned)
    lon, lat = origins["lon"].to_numpy(), origins["lat"].to_numpy()
    at_home = out.snapper.nearest(geo.points(lon[homes], lat[homes]))
    first: Ints = np.cumsum([0] + [len(p.gates.ids) for p in plans]).astype(np.int64)
    sources = concat(
        [
            Snaps(p.gates.outer.of + f, *rest_of(p.gates.outer))
            for p, f in zip(plans, first, strict=False)
        ]
        + [Snaps(at_home.of + first[-1], *rest_of(at_home))]
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
    plan: Plan,
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
    plan: Plan, inside: Ints, targets: Targets, unit: str, streets: Streets
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


def _gate_frame(plans: list[Plan], grounds: pd.DataFrame) -> pd.DataFrame:
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
