"""How well the surroundings of a park are mapped: whether "not found" may be read as "not there".

The formula and its reasons stand in docs/method.md, "Completeness".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.frames import COMPLETENESS
from parkgap.standards.model import Certainty

if TYPE_CHECKING:
    import pandas as pd

Objects = npt.NDArray[np.object_]

_CUT_SHARE = 0.05  # of the window beyond the data's edge: drawing error, not missing ground


def completeness(
    windows: pd.DataFrame,
    *,
    places: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    buildings: Objects,
    streets: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]],
    coverage: shapely.Geometry,
    rule: Certainty,
) -> pd.DataFrame:
    """Measure the mapping around each park and around its workers' homes.

    Parameters
    ----------
    windows
        Rows ``park_id, kind, geometry``: the park, or the homes of its workers (WGS-84).
    places
        Longitudes and latitudes of mapped places of any kind.
    buildings
        Building outlines (WGS-84).
    streets
        Longitude, latitude and metres of walkable street pieces.
    coverage
        The area that the data covers (WGS-84).
    rule
        Window and floors (the standard's).

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.COMPLETENESS`.
    """
    if windows.empty:
        return COMPLETENESS.frame()
    core = geo.project(windows["geometry"].to_numpy())
    bounds = shapely.bounds(windows["geometry"].to_numpy())
    k = geo.scale((bounds[:, 1] + bounds[:, 3]) / 2)
    window = shapely.buffer(core, rule.window_m.v / k, quad_segs=8)
    footprint = geo.hectares(buildings)
    middle = geo.points(*_middle(buildings))
    at_street = geo.points(streets[0], streets[1])
    at_place = geo.points(*places)
    count = _sum_in(window, at_place, np.ones(len(at_place)))
    built = _sum_in(window, middle, footprint)
    metres = _sum_in(window, at_street, streets[2])
    own_ground = shapely.buffer(core, np.where(shapely.area(core) > 0, 0.0, rule.home_m.v / k))
    own_ha = shapely.area(own_ground) * k**2 / 1e4
    # Where buildings are not mapped either, few places must not look like many per building.
    expected = np.maximum(built, rule.built_share.v * own_ha)
    whole = len(at_place) / max(float(footprint.sum()), 1e-9)
    reference = max(rule.places_per_ha.v, rule.study_share.v * whole)
    index = np.minimum(1.0, count / (reference * np.maximum(expected, 1e-9)))
    planar_coverage = geo.project(np.array([coverage], dtype=object))[0]
    lost = 1.0 - shapely.area(shapely.intersection(window, planar_coverage)) / shapely.area(window)
    frame = COMPLETENESS.frame(
        {
            "park_id": windows["park_id"].to_numpy(),
            "kind": windows["kind"].to_numpy(),
            "places": count,
            "buildings_ha": np.round(built, 2),
            "streets_km": np.round(metres / 1000.0, 2),
            "index": np.round(index, 3),
            "thin": (count < rule.places_min.v) | (np.round(index, 3) < rule.index_min.v),
            "cut": lost > _CUT_SHARE,
        }
    )
    return COMPLETENESS.check(frame.sort_values(list(COMPLETENESS.sort), ignore_index=True))


def _middle(geometry: Objects) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    bounds = shapely.bounds(geometry) if len(geometry) else np.empty((0, 4))
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def _sum_in(
    window: Objects, points: Objects, weight: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Sum of the weights of the points in each window, shape (windows,)."""
    if len(points) == 0:
        return np.zeros(len(window))
    row, point = shapely.STRtree(points).query(window, predicate="contains")
    return np.bincount(row, weights=weight[point], minlength=len(window)).astype(np.float64)


def edge_distance(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], coverage: shapely.Geometry
) -> npt.NDArray[np.float64]:
    """True metres from points to the edge of the data, 0 outside it, shape (n,)."""
    planar = geo.project(np.array([coverage], dtype=object))[0]
    points = geo.points(lon, lat)
    far = shapely.distance(points, shapely.boundary(planar)) * geo.scale(lat)
    return np.where(shapely.contains(planar, points), far, 0.0)
