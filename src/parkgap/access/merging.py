"""From mapped objects to real-world places: merge, describe, say who may use them.

One place is often mapped several times (node and building, platform and stop, both sides of
the street); here it becomes one facility, which keeps all its OSM ids.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from parkgap import geo
from parkgap.access.facilities import fold_text
from parkgap.access.stops import mapped_lines
from parkgap.frames import FACILITIES
from parkgap.standard import Item, Standard

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]

_OWN_USE = frozenset({"private", "no", "employees", "permit", "residents", "members"})
_OPEN_USE = frozenset({"yes", "public", "permissive", "customers", "destination"})
_CANTEEN = re.compile("食堂|职工餐厅|员工餐厅|职工之家|canteen|kantine|mensa", re.IGNORECASE)
_PUBLIC_CANTEEN = re.compile("社区食堂|市民食堂|public", re.IGNORECASE)
_KINDS = {"node": 0, "way": 1, "relation": 2}


def merge(
    objects: pd.DataFrame,
    member: Bools,
    standard: Standard,
    *,
    routes: pd.DataFrame,
    parks: pd.DataFrame,
    language: str,
) -> tuple[pd.DataFrame, Ints]:
    """Make one facility of all objects that map the same place.

    Parameters
    ----------
    objects, member
        Objects and what they count for (:func:`classify`).
    standard
        Gives each item's distance within which one name is one place.
    routes
        Public transport lines with their members (OSM ids).
    parks
        Parks (``park_id, geometry``), to know whose canteen a canteen is.
    language
        ``zh`` prefers ``name:zh``.

    Returns
    -------
    facilities
        Frame of :data:`parkgap.frames.FACILITIES`.
    facility_of
        Row of `facilities` for each object, -1 where it is none, shape (objects,).
    """
    used = np.flatnonzero(member.any(axis=1))
    sub = objects.iloc[used]
    member = member[used]
    geometry = sub["geometry"].to_numpy()
    planar = geo.project(geometry)
    x, y = geo.mercator(sub["lon"].to_numpy(dtype=float), sub["lat"].to_numpy(dtype=float))
    k = geo.scale(sub["lat"].to_numpy(dtype=float))
    label = sub["name"].fillna(sub["brand"]).fillna("").map(_plain_name).to_numpy(dtype=str)
    own = sub["access"].isin(_OWN_USE).to_numpy()
    pairs = []
    for column, item in enumerate(standard.items):
        # What is private is another place than the public one beside it.
        for use in (~own, own):
            rows = np.flatnonzero(member[:, column] & use)
            if len(rows) > 1:
                pairs.append(_same_place(rows, item, planar, x, y, k, label))
    group = _components(_one_each(pairs, label), len(used))
    facilities, facility = _describe(sub, member, group, standard, language)
    facilities["access"] = _access(sub, facility, facilities, parks)
    facilities["lines"] = mapped_lines(objects, routes, sub, facility, facilities)
    facility_of = np.full(len(objects), -1)
    facility_of[used] = facility
    return FACILITIES.check(facilities[FACILITIES.names]), facility_of


def _plain_name(name: str) -> str:
    return re.sub(r"[\s\-_.,()·]+", "", fold_text(name)).casefold()


def _same_place(
    rows: Ints,
    item: Item,
    planar: Objects,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    k: npt.NDArray[np.float64],
    label: npt.NDArray[np.str_],
) -> Floats:
    """Pairs of objects of one item that may be one place, and how far apart: shape (n, 3)."""
    found = []
    named = label[rows] != ""
    radius = max(item.dedupe_m, item.dedupe_unnamed_m)
    if radius > 0:
        tree = cKDTree(np.column_stack([x[rows], y[rows]]))
        close = tree.query_pairs(radius / float(k[rows].min()), output_type="ndarray")
        i, j = rows[close[:, 0]], rows[close[:, 1]]
        far = np.hypot(x[i] - x[j], y[i] - y[j]) * (k[i] + k[j]) / 2
        same = (label[i] == label[j]) & (label[i] != "") & (far <= item.dedupe_m)
        blank = ((label[i] == "") | (label[j] == "")) & (far <= item.dedupe_unnamed_m)
        found.append(np.column_stack([i, j, far])[same | blank])
    areas = rows[geo.is_area(planar[rows])]
    if len(areas):
        points = geo.planar_points(x[rows], y[rows])
        area, point = shapely.STRtree(points).query(
            planar[areas], predicate="dwithin", distance=2.0 / k[areas]
        )
        i, j = areas[area], rows[point]
        fits = (i != j) & ((label[i] == label[j]) | (label[i] == "") | (label[j] == ""))
        # An area with differently named places inside is a mall or a campus, not one of them.
        blank = (label[i] == "") & named[point]
        several = pd.Series(label[j[blank]]).groupby(i[blank]).nunique()
        crowded = np.isin(i, several[several > 1].index.to_numpy())
        found.append(np.column_stack([i, j, np.zeros(len(i))])[fits & ~crowded])
    return np.concatenate(found) if found else np.empty((0, 3))


def _one_each(parts: list[Floats], label: npt.NDArray[np.str_]) -> Ints:
    """Let every unnamed object join one other only, so that it never makes two places one.

    The nearest named one comes first, else the nearest unnamed; objects of one name all join.
    """
    pairs = np.concatenate(parts) if parts else np.empty((0, 3))
    i, j, far = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64), pairs[:, 2]
    both = (label[i] != "") & (label[j] != "")
    tail, head = np.concatenate([i, j]), np.concatenate([j, i])
    far = np.tile(far, 2)
    blank = label[tail] == ""
    tail, head, far = tail[blank], head[blank], far[blank]
    order = np.lexsort((head, far, label[head] == "", tail))
    tail, head = tail[order], head[order]
    first = np.r_[True, tail[1:] != tail[:-1]] if len(tail) else np.empty(0, dtype=bool)
    alone = np.column_stack([tail[first], head[first]])
    return np.concatenate([np.column_stack([i, j])[both], alone]).astype(np.int64)


def _components(joined: Ints, size: int) -> Ints:
    graph = coo_array(
        (np.ones(len(joined), dtype=np.int8), (joined[:, 0], joined[:, 1])), shape=(size, size)
    )
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _describe(
    sub: pd.DataFrame, member: Bools, group: Ints, standard: Standard, language: str
) -> tuple[pd.DataFrame, Ints]:
    """One row a group: the smallest OSM id stands for it, its own names first."""
    ids = [str(i).partition("/") for i in sub["osm_id"]]
    order_kind = np.array([_KINDS[kind] for kind, _, _ in ids], dtype=np.int64)
    number = np.array([int(number) for _, _, number in ids], dtype=np.int64)
    order = np.lexsort((number, order_kind, group))
    ordered = group[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(order) else order
    head = order[first]
    wanted = (
        ("name:zh", "name", "brand", "operator")
        if language == "zh"
        else ("name", "brand", "operator")
    )
    best = pd.Series(np.nan, index=sub.index, dtype=object)
    for column in wanted:
        best = best.where(best.notna(), sub[column])
    best_of = pd.Series(best.to_numpy()[order]).groupby(ordered).first()
    hours = pd.Series(sub["opening_hours"].to_numpy()[order]).groupby(ordered).first()
    opened = pd.Series(np.nan, index=sub.index, dtype=object)
    for column in ("opening_date", "start_date"):
        if column in sub.columns:
            opened = opened.where(opened.notna(), sub[column])
    open_date = pd.Series(opened.to_numpy()[order]).groupby(ordered).first()
    parts = np.split(sub["osm_id"].to_numpy()[order], first[1:]) if len(first) else []
    merged = [list(part) for part in parts]
    items = np.zeros((len(head), member.shape[1]), dtype=bool)
    np.logical_or.at(items, group, member)
    item_ids = np.array([i.id for i in standard.items], dtype=object)
    categories = np.array([i.category for i in standard.items], dtype=object)
    osm_id = sub["osm_id"].to_numpy()[head]
    # Groups are renumbered by id, so that rows do not depend on the order of the file.
    rank = np.lexsort((number[head], order_kind[head]))
    facilities = FACILITIES.frame(
        {
            "facility_id": osm_id,
            "name": best_of.to_numpy(),
            "items": [list(item_ids[row]) for row in items],
            "category": categories[items.argmax(axis=1)],
            "lon": sub["lon"].to_numpy(dtype=float)[head],
            "lat": sub["lat"].to_numpy(dtype=float)[head],
            "access": ["public"] * len(head),
            "lines": [[] for _ in head],
            "opening_hours": hours.to_numpy(),
            "open_date": open_date.to_numpy(),
            "source": ["osm"] * len(head),
            "source_ids": merged,
        }
    )
    facilities["name"] = facilities["name"].where(facilities["name"].notna(), None)
    position = np.empty(len(head), dtype=np.int64)
    position[rank] = np.arange(len(head))
    return facilities.iloc[rank].reset_index(drop=True), position[group]


def _access(
    sub: pd.DataFrame, facility: Ints, facilities: pd.DataFrame, parks: pd.DataFrame
) -> Objects:
    """Who may use each facility: the public, or the people of the park around it."""
    tag = sub["access"].where(sub["access"].notna(), "")
    text = sub["name"].fillna("") + " " + sub["operator"].fillna("")
    canteen = (sub["amenity"] == "canteen") | text.map(
        lambda s: bool(_CANTEEN.search(fold_text(s)))
    )
    canteen &= ~text.map(lambda s: bool(_PUBLIC_CANTEEN.search(fold_text(s))))
    own = tag.isin(_OWN_USE) | (canteen & ~tag.isin(_OPEN_USE))
    shut = tag.isin(_OWN_USE)
    own_of = np.zeros(len(facilities), dtype=bool)
    shut_of = np.zeros(len(facilities), dtype=bool)
    own_of[facility[own.to_numpy()]] = True
    shut_of[facility[shut.to_numpy()]] = True
    park = park_of(facilities, parks)
    ids = parks["park_id"].to_numpy()
    access = np.full(len(facilities), "public", dtype=object)
    inside = own_of & (park >= 0)
    access[inside] = [f"park:{p}" for p in ids[park[inside]]]
    access[shut_of & (park < 0)] = "private"
    return access


def park_of(facilities: pd.DataFrame, parks: pd.DataFrame) -> Ints:
    """Row of the park that each facility stands in, -1 for none (the first where parks overlap)."""
    out = np.full(len(facilities), -1)
    points = geo.lonlat_points(facilities["lon"], facilities["lat"])
    park, row = shapely.STRtree(points).query(parks["geometry"].to_numpy(), predicate="intersects")
    order = np.argsort(-park, kind="stable")
    out[row[order]] = park[order]
    return out
