"""From mapped objects to real-world places: classify, merge, say who may use them.

One place is often mapped several times (node and building, platform and stop, both sides of
the street); here it becomes one facility, which keeps all its OSM ids.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from parkgap import geo
from parkgap.access.snap import Snapper, Snaps, concat
from parkgap.frames import FACILITIES
from parkgap.standard import Item, Rule, Standard

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]

NAME_COLUMNS = ("name", "name:zh", "brand", "operator")
# Keys that make an object a place or a building; a street named after a dormitory is neither.
PLACE_KEYS = ("amenity", "shop", "leisure", "office", "healthcare", "tourism", "craft", "building")
_MOVING = ("highway", "railway", "public_transport")
_CAMPUS = frozenset({"university", "college", "school", "kindergarten", "hospital"})
_OWN_USE = frozenset({"private", "no", "employees", "permit", "residents", "members"})
_OPEN_USE = frozenset({"yes", "public", "permissive", "customers", "destination"})
_CANTEEN = re.compile("食堂|职工餐厅|员工餐厅|职工之家|canteen|kantine|mensa", re.IGNORECASE)
_PUBLIC_CANTEEN = re.compile("社区食堂|市民食堂|public", re.IGNORECASE)
_KINDS = {"node": 0, "way": 1, "relation": 2}
_ENTRANCE_M = 1.5  # an entrance is drawn on the outline, give or take a drawing error
_STOP_LINE_M = 60.0  # a stop position lies in the carriageway, its stop beside it


@lru_cache(maxsize=1)
def _simplify() -> Callable[[str], str]:
    # Loaded only where a name is Chinese.
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


def fold_text(text: str) -> str:
    """Fold a name for matching: full to half width, traditional to simplified Chinese."""
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii() and re.search("[\u4e00-\u9fff]", plain):
        plain = _simplify()(plain)
    return plain


def classify(objects: pd.DataFrame, standard: Standard) -> Bools:
    """Say which objects count for which items of the standard.

    Parameters
    ----------
    objects
        Objects of an extract: one column a tag, ``geometry`` (None for nodes), ``lon, lat``.
    standard
        The standard with its tag rules.

    Returns
    -------
    Boolean matrix, shape (objects, items), in the order of ``standard.items``.
    """
    names = _Names.of(objects)
    is_place = _has_any(objects, PLACE_KEYS) & ~_has_any(objects, _MOVING)
    out = np.zeros((len(objects), len(standard.items)), dtype=bool)
    for column, item in enumerate(standard.items):
        if not item.of_items:
            out[:, column] = _matches(objects, item.rule, names, is_place)
    homes = [i for i, item in enumerate(standard.items) if _is_worker_housing(item)]
    if homes:
        out[:, homes] &= ~_on_campus(objects)[:, None]
    return out


def _is_worker_housing(item: Item) -> bool:
    return any(value == "dormitory" for rule in item.rule.any for value in rule.values())


def _has_any(objects: pd.DataFrame, keys: Sequence[str]) -> Bools:
    have = [k for k in keys if k in objects.columns]
    return np.asarray(objects[have].notna().to_numpy().any(axis=1), dtype=bool)


@dataclass(frozen=True)
class _Names:
    """All names of each object, folded, one to a line; each distinct text is kept once.

    `code` is the row of `texts` of each object, shape (objects,).
    """

    code: Ints
    texts: list[str]
    found: dict[str, Bools] = field(default_factory=dict)

    @classmethod
    def of(cls, objects: pd.DataFrame) -> _Names:
        columns = [objects[c].fillna("") for c in NAME_COLUMNS if c in objects.columns]
        joined = columns[0].astype(object)
        for more in columns[1:]:
            joined = joined + "\n" + more
        code, texts = pd.factorize(joined)
        return cls(code, [fold_text(str(t)) for t in texts])

    def match(self, pattern: str) -> Bools:
        """Objects any of whose names the expression is found in, shape (objects,)."""
        if pattern not in self.found:
            search = re.compile(pattern, re.IGNORECASE).search
            hit = np.array([search(t) is not None for t in self.texts], dtype=bool)
            self.found[pattern] = hit[self.code]
        return self.found[pattern]


def _matches(objects: pd.DataFrame, rule: Rule, names: _Names, is_place: Bools) -> Bools:
    hit = _any_of(objects, rule.any)
    if rule.name_requires:
        hit &= names.match(rule.name_requires)
    if rule.name_adds:
        hit |= is_place & names.match(rule.name_adds)
    hit &= ~_any_of(objects, rule.exclude)
    if rule.name_excludes:
        hit &= ~names.match(rule.name_excludes)
    for gone in ("disused", "abandoned"):
        if gone in objects.columns:
            hit &= (objects[gone] != "yes").to_numpy()
    return hit


def _any_of(objects: pd.DataFrame, conditions: Sequence[Mapping[str, str]]) -> Bools:
    hit = np.zeros(len(objects), dtype=bool)
    for condition in conditions:
        every = np.ones(len(objects), dtype=bool)
        for key, value in condition.items():
            if key not in objects.columns:
                every[:] = False
            elif value == "*":
                every &= objects[key].notna().to_numpy()
            else:
                every &= (objects[key] == value).to_numpy()
        hit |= every
    return hit


def _on_campus(objects: pd.DataFrame) -> Bools:
    """Objects inside the grounds of a university, school or hospital: student or staff homes."""
    geometry = objects["geometry"].to_numpy()
    amenity = objects["amenity"] if "amenity" in objects.columns else pd.Series(dtype=object)
    grounds = amenity.isin(_CAMPUS).to_numpy() & geo.is_area(geometry)
    out = np.zeros(len(objects), dtype=bool)
    if grounds.any():
        points = geo.lonlat_points(objects["lon"], objects["lat"])
        _, inside = shapely.STRtree(points).query(geometry[grounds], predicate="intersects")
        out[inside] = True
    return out


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
    facilities["lines"] = _lines(objects, routes, sub, facility, facilities)
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


def _lines(
    objects: pd.DataFrame,
    routes: pd.DataFrame,
    sub: pd.DataFrame,
    facility: Ints,
    facilities: pd.DataFrame,
) -> list[list[str]]:
    """Distinct lines at each stop; a line's stop position hands its line to the stop beside it."""
    if routes.empty or facilities.empty:
        return [[] for _ in range(len(facilities))]
    served = routes.dropna(subset=["line"])[["line", "members"]].explode("members").dropna()
    served = served.drop_duplicates()
    direct = pd.DataFrame({"members": sub["osm_id"].to_numpy(), "facility": facility})
    known = served.merge(direct, on="members")[["line", "facility"]]
    stops = facilities["items"].map(lambda i: "bus_stop" in i or "rail_station" in i).to_numpy()
    position = objects[objects["public_transport"] == "stop_position"]
    position = position[~position["osm_id"].isin(sub["osm_id"])]
    if len(position) and stops.any():
        rows = np.flatnonzero(stops)
        fx, fy = geo.mercator(
            facilities["lon"].to_numpy()[rows], facilities["lat"].to_numpy()[rows]
        )
        px, py = geo.mercator(position["lon"].astype(float), position["lat"].astype(float))
        limit = _STOP_LINE_M / float(geo.scale(position["lat"].astype(float)).min())
        # To every stop beside it, not the nearest alone: a new stop takes no line from an old one.
        stop, place = cKDTree(np.column_stack([fx, fy])), cKDTree(np.column_stack([px, py]))
        near = place.sparse_distance_matrix(stop, limit, output_type="coo_matrix")
        beside = pd.DataFrame(
            {"members": position["osm_id"].to_numpy()[near.row], "facility": rows[near.col]}
        )
        known = pd.concat([known, served.merge(beside, on="members")[["line", "facility"]]])
    lines = known.drop_duplicates().sort_values(["facility", "line"])
    by_facility = lines.groupby("facility")["line"].agg(list)
    return [by_facility.get(i, []) for i in range(len(facilities))]


def entrances(
    objects: pd.DataFrame,
    facility_of: Ints,
    doors: tuple[Ints, Objects],
    snapper: Snapper,
) -> Snaps:
    """Where each facility is reached, as snaps whose ``of`` is the facility's row.

    An area is reached at the entrances mapped on its outline, else where streets touch it, else
    at the place of its outline nearest to a street; a node where it lies.  Where a place is mapped
    as area and node, the area counts.  `doors` come from :func:`door_points`.
    """
    rows = np.flatnonzero(facility_of >= 0)
    geometry = objects["geometry"].to_numpy()[rows]
    facility = facility_of[rows]
    has_area = np.zeros(int(facility.max(initial=-1)) + 1, dtype=bool)
    solid = shapely.get_dimensions(geometry) >= 1
    has_area[facility[solid]] = True
    node = ~solid & ~has_area[facility]
    lon, lat = (objects[c].to_numpy(dtype=float)[rows[node]] for c in ("lon", "lat"))
    at = geo.points(lon, lat)
    parts = [_of(snapper.nearest(at), facility[node])]
    outline = geo.project(geometry[solid])
    area_facility = facility[solid]
    by_door = _of(snapper.nearest(doors[1]), doors[0])
    parts.append(by_door)
    rest = ~np.isin(area_facility, by_door.of)
    # A line (an open pitch, a platform) has end points for a boundary: its own course counts.
    flat = shapely.get_dimensions(outline[rest]) == 1
    course = np.where(flat, outline[rest], shapely.boundary(outline[rest]))
    touched = _of(snapper.touching(course), area_facility[rest])
    parts.append(touched)
    left = rest & ~np.isin(area_facility, touched.of)
    parts.append(_of(snapper.nearest(outline[left]), area_facility[left]))
    joined = concat(parts)
    return joined.take(np.lexsort((joined.t, joined.piece, joined.of)))


def _of(snaps: Snaps, facility: Ints) -> Snaps:
    return Snaps(facility[snaps.of], snaps.piece, snaps.t, snaps.leg)


def door_points(
    objects: pd.DataFrame, facility_of: Ints, doors: pd.DataFrame
) -> tuple[Ints, Objects]:
    """Find the entrances mapped on the outlines of facilities.

    Returns
    -------
    facility, point
        The facility's row and the entrance (Mercator), shape (d,) each.
    """
    rows = np.flatnonzero((facility_of >= 0) & (objects["geometry"].notna().to_numpy()))
    usable = doors[
        (doors["entrance"].notna() & ~doors["entrance"].isin({"no", "emergency", "exit", "garage"}))
        | doors["barrier"].isin({"gate", "entrance", "lift_gate", "swing_gate", "sliding_gate"})
    ]
    if usable.empty or len(rows) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=object)
    lon, lat = usable["lon"].to_numpy(), usable["lat"].to_numpy()
    points = geo.points(lon, lat)
    reach = _ENTRANCE_M / float(geo.scale(lat).min())
    outline = shapely.boundary(geo.project(objects["geometry"].to_numpy()[rows]))
    edge, door = shapely.STRtree(points).query(outline, predicate="dwithin", distance=reach)
    return facility_of[rows[edge]], points[door]


# Mapped things that say nothing of how well shops and services are mapped.
_FURNITURE = {
    "amenity": frozenset(
        "bench waste_basket parking parking_space parking_entrance bicycle_parking recycling "
        "vending_machine hunting_stand shelter drinking_water waste_disposal grit_bin fountain "
        "clock telephone post_box bbq watering_place grave_yard".split()
    ),
    "leisure": frozenset("swimming_pool garden picnic_table common slipway".split()),
    "tourism": frozenset("information artwork viewpoint picnic_site".split()),
}


def mapped_places(objects: pd.DataFrame) -> Bools:
    """Objects that count as mapped places when completeness is measured, shape (objects,)."""
    keys = [k for k in PLACE_KEYS if k != "building"]
    place = _has_any(objects, keys)
    for key, values in _FURNITURE.items():
        if key in objects.columns:
            place &= ~objects[key].isin(values).to_numpy()
    return place


def shapes(objects: pd.DataFrame, facility_of: Ints, size: int) -> Objects:
    """Outline (else point) of each facility in Mercator metres; of several the largest."""
    rows = np.flatnonzero(facility_of >= 0)
    geometry = objects["geometry"].to_numpy()[rows]
    missing = shapely.is_missing(geometry)
    lon, lat = (objects[c].to_numpy(dtype=float)[rows] for c in ("lon", "lat"))
    geometry[missing] = geo.lonlat_points(lon[missing], lat[missing])
    planar = geo.project(geometry)
    out = np.empty(size, dtype=object)
    order = np.argsort(shapely.area(planar), kind="stable")
    out[facility_of[rows][order]] = planar[order]
    return out
