"""Where something might be put: points on streets, vacant and commercial ground, listed plots.

What a street point stands for is the ground beside it.  Motorways, trunk roads, bridges, tunnels
and steps have none; nothing stands in water, nor inside a factory that is no park of the study.
On a park's own streets, where only its people may walk, something may stand for them alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap import geo
from parkgap.access.places import close_to
from parkgap.access.snap import Snapper, Snaps, concat

if TYPE_CHECKING:
    from parkgap.access.streets import Streets

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

#: Kinds of candidates, the ones taken first (of those that serve the same) first.
KINDS = ("plot", "building", "vacant", "commercial", "street", "inside")
INSIDE = "inside"  # on a park's own streets
_NO_GROUND = frozenset(
    "motorway motorway_link trunk trunk_link steps corridor elevator ladder".split()
)
_UNBRIDGED = frozenset({"", "no"})
_WATER = {
    "natural": frozenset({"water", "bay", "strait", "wetland", "glacier"}),
    "waterway": frozenset({"riverbank", "dock", "canal", "river"}),
    "landuse": frozenset({"reservoir", "basin", "salt_pond", "aquaculture"}),
}
# Land that belongs to somebody's plant, or on which nothing for workers can stand.
_CLOSED = {
    "landuse": frozenset({"industrial", "military", "quarry", "landfill", "railway", "port"}),
}
_VACANT = {"landuse": frozenset({"brownfield", "greenfield", "construction"})}
_COMMERCIAL = {"landuse": frozenset({"commercial", "retail"})}
_SHOPS = frozenset({"commercial", "retail"})  # of buildings
_STRETCH_M = 20.0  # as fine as the finest grid
_BEYOND_M = 1000.0  # more than a cell: no cell near a park is looked at in part
_TOLD = ("yes", "building")  # values of disused=*


def no_candidates() -> pd.DataFrame:
    """Make the empty table.

    Columns ``candidate_id, kind, land_id, name, items, public, x, y, lon, lat``.
    """
    kinds: dict[str, type] = dict.fromkeys(("candidate_id", "kind", "land_id", "name"), object)
    kinds |= {"items": object, "public": bool, **dict.fromkeys(("x", "y", "lon", "lat"), float)}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


@dataclass(frozen=True)
class Search:
    """What is looked for: candidates about `grid_m` apart, or only those listed."""

    grid_m: float
    only_listed: bool = False


@dataclass(frozen=True)
class Candidates:
    """Candidates, and where each is walked to.

    Attributes
    ----------
    frame
        As :func:`no_candidates`: sorted by id.  `x, y` (Mercator metres) and `lon, lat` are
        the point on the street, where mapped ground comes nearest to it, or the listed position;
        `items` those that may stand there (empty: any); `public` whether it is walked to by public
        streets, too, or on the own streets of parks alone.
    snaps
        ``of`` is the row of `frame`.
    """

    frame: pd.DataFrame
    snaps: Snaps


@dataclass(frozen=True)
class Ground:
    """What of the map decides: ``osm_id, key, value, geometry`` of ground, and buildings."""

    ground: pd.DataFrame
    buildings: pd.DataFrame
    objects: pd.DataFrame
    street_tags: pd.DataFrame


def find_candidates(
    streets: Streets,
    mapped: Ground,
    land: pd.DataFrame,
    parks: Objects,
    around: Objects,
    *,
    inner: pd.DataFrame,
    search: Search,
    limit_m: float,
    snap_m: float,
) -> Candidates:
    """Find candidates near parks and homes.

    Parameters
    ----------
    streets
        The network.
    mapped
        Ground, buildings, places and street tags of the extract.
    land
        Of :data:`parkgap.frames.LAND`.
    parks
        Outlines of all parks (WGS-84): what lies in one is no other factory.
    around
        Parks and homes (WGS-84) whose workers are to be served.
    inner
        Rows ``piece, owner`` of the streets' pieces inside parks; owners are rows of `parks`.
    search
        How closely to look.
    limit_m, snap_m
        Farthest walk, and farthest straight metres to a street.

    Notes
    -----
    Which point stands for a cell depends on nothing but what lies in it, so that shards that
    both see a cell choose the same.
    """
    public = streets.public_pieces()
    joined = public[streets.pieces["main"].to_numpy()[public]]  # no island
    usable = _usable(streets, joined, mapped.street_tags)
    snapper = Snapper(streets, usable, snap_m)
    barred = _Barred.of(mapped.ground, parks)
    own = inner[~inner["piece"].isin(public)]
    drives = _usable(streets, own["piece"].to_numpy(), mapped.street_tags)
    own = own[own["piece"].isin(drives)]
    parts = [_listed(land, snapper, Snapper(streets, np.unique(drives), snap_m), barred.parks)]
    if not search.only_listed:
        parts += _mapped(mapped, snapper, barred, search.grid_m)
        points = _on_streets(streets, usable)
        at_parks = _inside(streets, own, barred.parks)
        for kind, (along, owner) in (("street", (points, None)), (INSIDE, at_parks)):
            lon, lat = geo.degrees(*along.xy(streets))
            near = close_to(lon, lat, around, limit_m + _BEYOND_M)
            group = None if owner is None else owner[near]
            made = _one_a_cell(kind, along.take(near), streets, barred, search.grid_m, apart=group)
            parts.append(made)
    frame = pd.concat([f for f, _ in parts], ignore_index=True)
    first = np.cumsum([0, *(len(f) for f, _ in parts[:-1])])
    snaps = concat(
        [Snaps(s.of + n, s.piece, s.t, s.leg) for (_, s), n in zip(parts, first, strict=True)]
    )
    near = close_to(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float), around, limit_m)
    order = np.flatnonzero(near)
    order = order[np.argsort(frame["candidate_id"].to_numpy(dtype=str)[order], kind="stable")]
    row = np.full(len(frame), -1)
    row[order] = np.arange(len(order))
    snaps = snaps.take(row[snaps.of] >= 0)
    moved = Snaps(row[snaps.of], snaps.piece, snaps.t, snaps.leg)
    return Candidates(frame.iloc[order].reset_index(drop=True), moved)


def _usable(streets: Streets, rows: Ints, tags: pd.DataFrame) -> Ints:
    """Those of some pieces beside which something can stand."""
    lacks = tags["highway"].isin(_NO_GROUND)
    for key in ("bridge", "tunnel"):
        lacks |= ~tags[key].fillna("").isin(_UNBRIDGED)
    bare = tags.loc[lacks.to_numpy(dtype=bool), "way_id"].to_numpy().astype(np.int64)
    return rows[~np.isin(streets.pieces["way_id"].to_numpy()[rows], bare)]


def _having(frame: pd.DataFrame, wanted: dict[str, frozenset[str]]) -> Bools:
    out = np.zeros(len(frame), dtype=bool)
    for key, values in wanted.items():
        out |= ((frame["key"] == key) & frame["value"].isin(list(values))).to_numpy(dtype=bool)
    return out


@dataclass(frozen=True)
class _Barred:
    """Areas in Mercator metres: other people's plants, the study's parks, and water."""

    plants: Objects
    parks: Objects
    water: Objects

    @classmethod
    def of(cls, ground: pd.DataFrame, parks: Objects) -> _Barred:
        area = geo.is_area(ground["geometry"].to_numpy())
        planar = geo.project(ground["geometry"].to_numpy()[area])
        wet, closed = (_having(ground, of)[area] for of in (_WATER, _CLOSED))
        return cls(planar[closed], geo.project(parks), planar[wet])

    def free(self, x: Floats, y: Floats) -> Bools:
        """Points where something may stand; a park's own ground is no other factory."""
        tree = shapely.STRtree(geo.planar_points(x, y))

        def inside(areas: Objects) -> Bools:
            out = np.zeros(len(x), dtype=bool)
            out[tree.query(areas, predicate="intersects")[1]] = True
            return out

        shut = inside(self.plants) & ~inside(self.parks)
        return np.asarray(~(shut | inside(self.water)), dtype=bool)


def _inside(streets: Streets, own: pd.DataFrame, parks: Objects) -> tuple[Snaps, Ints]:
    """Points on parks' own streets, and whose they are: of a drive only what lies in its park."""
    points = _on_streets(streets, own["piece"].to_numpy())
    owner = own["owner"].to_numpy()[points.of]
    within = shapely.intersects(parks[owner], geo.planar_points(*points.xy(streets)))
    return points.take(within), owner[within]


def _on_streets(streets: Streets, usable: Ints) -> Snaps:
    """Points along pieces (``of`` is the row), in the middle of every stretch of 20 m or less."""
    metres = streets.pieces["metres"].to_numpy()[usable]
    count = np.maximum(1, np.ceil(metres / _STRETCH_M)).astype(np.int64)
    of = np.repeat(np.arange(len(usable)), count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    t = (step + 0.5) / np.repeat(count, count)
    return Snaps(of, usable[of], t, np.zeros(len(of)))


def _one_a_cell(
    kind: str,
    snaps: Snaps,
    streets: Streets,
    barred: _Barred,
    grid_m: float,
    *,
    apart: Ints | None = None,
    ground: Objects | None = None,
) -> tuple[pd.DataFrame, Snaps]:
    """Keep of the free points the one nearest to the middle of each cell.

    Parameters
    ----------
    apart
        Groups of the points, each with cells of its own, shape (points,).
    ground
        What stands back from the street, by ``snaps.of``: the candidate is where it comes nearest.
    """
    x, y = snaps.xy(streets)
    free = np.flatnonzero(barred.free(x, y))
    x, y = x[free], y[free]
    _, lat = geo.degrees(x, y)
    # One scale per band of 0.01 degrees of latitude: no study's extent moves the grid.
    band = np.floor(lat * 100).astype(np.int64)
    step = grid_m / geo.scale(band / 100)
    column, row = np.floor(x / step), np.floor(y / step)
    off = np.hypot(x / step - column - 0.5, y / step - row - 0.5).round(6)
    order = np.lexsort((y.round(2), x.round(2), off))
    group = np.zeros(len(x), dtype=np.int64) if apart is None else apart[free]
    cell = np.column_stack([group, band, column, row])[order]
    _, first = np.unique(cell, axis=0, return_index=True)
    chosen = order[np.sort(first)]
    names = np.array([f"{kind}/{x[i]:.2f}/{y[i]:.2f}" for i in chosen], dtype=str)
    ids, first = np.unique(names, return_index=True)  # a point of two groups is one
    taken = snaps.take(free[chosen[first]])
    at = geo.planar_points(*taken.xy(streets))
    if ground is not None:
        at = shapely.get_point(shapely.shortest_line(ground[taken.of], at), 0)
    frame = _frame(kind, ids.tolist(), shapely.get_x(at), shapely.get_y(at))
    return frame, Snaps(np.arange(len(ids)), taken.piece, taken.t, taken.leg)


def _frame(kind: str, ids: list[str], x: Floats, y: Floats) -> pd.DataFrame:
    blank = np.full(len(ids), None, dtype=object)
    columns = {"candidate_id": ids, "kind": kind, "land_id": blank, "name": blank}
    frame = pd.DataFrame(columns | {"items": [[] for _ in ids]})
    lon, lat = geo.degrees(x, y)
    frame = frame.assign(public=kind != INSIDE, x=x, y=y, lon=lon, lat=lat)
    return frame.astype(no_candidates().dtypes.to_dict())


def _mapped(
    mapped: Ground, snapper: Snapper, barred: _Barred, grid_m: float
) -> list[tuple[pd.DataFrame, Snaps]]:
    """Vacant and commercial ground as mapped: where a street comes nearest to each."""
    ground, buildings, objects = mapped.ground, mapped.buildings, mapped.objects
    area = geo.is_area(ground["geometry"].to_numpy())
    vacant, trade = (
        [ground["geometry"].to_numpy()[area & _having(ground, of)]] for of in (_VACANT, _COMMERCIAL)
    )
    trade.append(buildings["geometry"].to_numpy()[buildings["kind"].isin(list(_SHOPS)).to_numpy()])
    if "disused" in objects:
        unused = objects["disused"].isin(_TOLD).to_numpy(dtype=bool)
        outlines = objects["geometry"].to_numpy()
        vacant.append(outlines[unused & ~shapely.is_missing(outlines)])
    made = []
    for kind, shapes in (("vacant", vacant), ("commercial", trade)):
        own = geo.project(np.concatenate(shapes))
        snaps = snapper.nearest(own)
        made.append(_one_a_cell(kind, snaps, snapper.streets, barred, grid_m, ground=own))
    return made


def _listed(
    land: pd.DataFrame, snapper: Snapper, drives: Snapper, parks: Objects
) -> tuple[pd.DataFrame, Snaps]:
    """Plots and buildings of the user's list at a street; those without one cannot be reached.

    Inside a park and far from public streets its own streets lead to one.
    """
    lon, lat = (land[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    points = geo.points(lon, lat)
    snaps, inside = snapper.nearest(points), drives.nearest(points)
    within = np.unique(shapely.STRtree(points).query(parks, predicate="intersects")[1])
    inside = inside.take(np.isin(inside.of, within) & ~np.isin(inside.of, snaps.of))
    public = np.repeat([True, False], [len(snaps), len(inside)])
    snaps = concat([snaps, inside])
    x, y = geo.mercator(lon, lat)
    own = snaps.of
    frame = pd.DataFrame(
        {
            "candidate_id": [f"list:land/{i}" for i in land["land_id"].to_numpy()[own]],
            "kind": land["kind"].to_numpy()[own],
            "land_id": land["land_id"].to_numpy()[own],
            "name": land["name"].to_numpy()[own],
            "items": list(land["items"].to_numpy()[own]),
            "public": public,
            "x": x[own],
            "y": y[own],
            "lon": lon[own],
            "lat": lat[own],
        }
    ).astype(no_candidates().dtypes.to_dict())
    return frame, Snaps(np.arange(len(own)), snaps.piece, snaps.t, snaps.leg)
