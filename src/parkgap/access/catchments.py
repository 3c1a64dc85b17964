"""How many residents can walk to a facility, by zones of minutes.

Residents are those of a population raster: they walk from the points that stand for its cells
(:func:`parkgap.sources.population.people_at`) along public streets, each to the entrance that is
quickest.  Only sums by facility and zone are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from parkgap import geo
from parkgap.access.reach import reach
from parkgap.access.slopes import FASTEST
from parkgap.access.snap import Snapper, Snaps

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.access.streets import Streets

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ask = Callable[[shapely.Geometry], "pd.DataFrame"]
Around = Callable[[npt.NDArray[np.object_], float], shapely.Geometry]

_NANO = 1e9  # persons are added up in whole billionths: no sum depends on the order of its parts
_AT_ONCE = 4096  # points that walk at once, so that the table of walks stays small
_SLACK = 1e-6
_TILE = 2048.0  # Mercator metres


def residents_by_zone(
    streets: Streets,
    entrances: Snaps,
    wanted: Bools,
    minutes: tuple[float, ...],
    *,
    ask: Ask,
    around: Around,
    extent: shapely.Geometry,
) -> Floats:
    """Count who lives within so many minutes of each facility.

    Parameters
    ----------
    streets
        The network.
    entrances
        Of the facilities; ``of`` is the facility's row.
    wanted
        Facilities to count for, shape (facilities,).
    minutes
        Upper ends of the zones, ascending, shape (z,).
    ask
        Gives ``lon, lat, persons`` of a raster in an area (WGS-84); no row: unknown.
    around
        Gives the area (WGS-84) that reaches so many metres beyond some points.
    extent
        Ground (WGS-84) of which the raster speaks.

    Returns
    -------
    Persons in each zone (not in the zones before it), shape (facilities, z); NaN where they cannot
    be counted: not wanted, without an entrance, the raster ends within the farthest walk, or knows
    nothing there.
    """
    out = np.full((len(wanted), len(minutes)), np.nan)
    targets = entrances.take(np.flatnonzero(wanted[entrances.of]))
    if len(targets) == 0:
        return out
    flat_m = minutes[-1] * streets.speed
    far_m = flat_m * (1.0 if streets.flat else FASTEST)
    x, y = targets.xy(streets)
    lon, lat = geo.degrees(x, y)
    people = ask(around(geo.lonlat_points(lon, lat), far_m))
    if people.empty:
        return out
    px, py = geo.mercator(people["lon"].to_numpy(), people["lat"].to_numpy())
    near, _ = cKDTree(np.column_stack([px, py])).query(np.column_stack([x, y]))
    known = np.zeros(len(wanted), dtype=bool)
    known[targets.of[near * geo.scale(lat) <= far_m]] = True
    # A part of the people would make an answer, and a wrong one.
    (ground,) = geo.project(np.array([extent], dtype=object))
    points = geo.planar_points(x, y)
    inside = shapely.contains(ground, points)
    inside &= shapely.distance(shapely.boundary(ground), points) * geo.scale(lat) >= far_m
    known[targets.of[~inside]] = False
    persons = people["persons"].to_numpy(dtype=float)
    lived = np.flatnonzero(persons > 0)
    # Whoever lives off the streets walks to the nearest: nobody is lost on the way.
    homes = Snapper(streets, streets.public_pieces(), far_m).nearest(
        geo.planar_points(px[lived], py[lived])
    )
    counted = _walk(streets, homes, targets, persons[lived], minutes, len(wanted), flat_m)
    out[known] = counted[known]
    return out


def _walk(
    streets: Streets,
    homes: Snaps,
    targets: Snaps,
    persons: Floats,
    minutes: tuple[float, ...],
    size: int,
    limit_m: float,
) -> Floats:
    """Sum persons by facility and zone, shape (size, z)."""
    x, y = homes.xy(streets)
    order = np.lexsort((homes.of, np.floor(x / _TILE), np.floor(y / _TILE)))
    nano = np.rint(persons * _NANO).astype(np.int64)
    upto = np.asarray(minutes) + _SLACK
    total = np.zeros((size, len(minutes)), dtype=np.int64)
    for begin in range(0, len(order), _AT_ONCE):
        # Sources stand in their order: several of one point would be one.
        rows = np.sort(order[begin : begin + _AT_ONCE])
        walks = reach(streets, homes.take(rows), targets, limit_m=limit_m)
        zone = np.searchsorted(upto, walks["minutes"].to_numpy())
        here = zone < len(minutes)
        at = (walks["target"].to_numpy()[here], zone[here])
        np.add.at(total, at, nano[walks["source"].to_numpy()[here]])
    return np.asarray(total / _NANO)
