"""Where a facility is entered, and what its outline is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.access.snap import Snapper, Snaps, concat

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
Objects = npt.NDArray[np.object_]

_ENTRANCE_M = 1.5  # an entrance is drawn on the outline, give or take a drawing error


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
    k = geo.scale(lat)
    reach = _ENTRANCE_M / float(k.min())  # wide enough for all of them
    outline = shapely.boundary(geo.project(objects["geometry"].to_numpy()[rows]))
    edge, door = shapely.STRtree(points).query(outline, predicate="dwithin", distance=reach)
    within = shapely.distance(outline[edge], points[door]) * k[door] <= _ENTRANCE_M
    edge, door = edge[within], door[within]
    return facility_of[rows[edge]], points[door]


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
