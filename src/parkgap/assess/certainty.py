"""How well the surroundings of a park are mapped: whether "not found" may be read as "not there".

The formula and its reasons stand in docs/method.md, "Completeness".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from parkgap import geo
from parkgap.assess.groups import nothing_beside
from parkgap.frames import COMPLETENESS
from parkgap.standards.model import Certainty

Objects = npt.NDArray[np.object_]

_MOST = 3.0  # times the absolute floor
_CUT_SHARE = 0.05  # of the window beyond the data's edge: drawing error, not missing ground


def completeness(
    windows: pd.DataFrame,
    *,
    places: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    buildings: Objects,
    streets: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]],
    coverage: shapely.Geometry,
    rule: Certainty,
    whole: tuple[float, float] | None = None,
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
    whole
        Places, and hectares of buildings, of the whole extract; None: of those given.

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
    every, hectares = whole or (len(at_place), float(footprint.sum()))
    # Where hardly any building is mapped the study's own density means nothing: it is capped.
    density = every / max(hectares, 1e-9)
    own_density = min(rule.study_share.v * density, _MOST * rule.places_per_ha.v)
    reference = max(rule.places_per_ha.v, own_density)
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
    # In a fixed order: a sum's last digit depends on it.
    order = np.lexsort((point, row))
    row, point = row[order], point[order]
    return np.bincount(row, weights=weight[point], minlength=len(window)).astype(np.float64)


def beside_network(
    origins: pd.DataFrame, facilities: pd.DataFrame, reached: npt.NDArray[np.bool_], limit_m: float
) -> pd.DataFrame:
    """Find public facilities near an origin that the mapped streets do not lead to.

    Parameters
    ----------
    origins, facilities
        Frames of these schemas.
    reached
        Facilities with an entrance on the main network, shape (facilities,).
    limit_m
        Farthest straight distance, metres.

    Returns
    -------
    DataFrame
        ``origin, facility`` (rows) and straight ``metres``.
    """
    off = np.flatnonzero(~reached & (facilities["access"] == "public").to_numpy())
    if len(off) == 0 or origins.empty:
        return nothing_beside()
    lat = origins["lat"].to_numpy()
    at = np.column_stack(geo.mercator(origins["lon"].to_numpy(), lat))
    shop = facilities.iloc[off]
    to = np.column_stack(geo.mercator(shop["lon"].to_numpy(), shop["lat"].to_numpy()))
    reach = limit_m / float(geo.scale(lat).min())
    near = cKDTree(at).sparse_distance_matrix(cKDTree(to), reach, output_type="coo_matrix")
    metres = near.data * geo.scale(lat[near.row])
    frame = pd.DataFrame({"origin": near.row, "facility": off[near.col], "metres": metres})
    return frame.sort_values(["origin", "facility"], ignore_index=True)


def edge_distance(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], coverage: shapely.Geometry
) -> npt.NDArray[np.float64]:
    """True metres from points to the edge of the data, 0 outside it, shape (n,)."""
    planar = geo.project(np.array([coverage], dtype=object))[0]
    points = geo.points(lon, lat)
    far = shapely.distance(points, shapely.boundary(planar)) * geo.scale(lat)
    return np.where(shapely.contains(planar, points), far, 0.0)
