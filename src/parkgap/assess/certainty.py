"""How well the surroundings of a park are mapped: whether "not found" may be read as "not there".

The formula and its reasons stand in docs/method.md, "Completeness".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from parkgap import geo
from parkgap.assess.groups import nothing_beside
from parkgap.frames import COMPLETENESS
from parkgap.standards.model import Certainty

if TYPE_CHECKING:
    from parkgap.standard import Category, Standard

Objects = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

_MOST = 3.0  # times the absolute floor
_YEAR = 365.25
_CUT_SHARE = 0.05  # of the window beyond the data's edge: drawing error, not missing ground


@dataclass(frozen=True)
class References:
    """What mapping is measured against besides :class:`Certainty`; None: that is not asked.

    Attributes
    ----------
    places_per_1000
        Mapped places that 1,000 people have where the data counts as complete.
    streets_per_ha
        Kilometres of walkable street to a hectare of building footprint, likewise.
    stale_years
        Where the latest tenth of the edits is older than this, nobody has looked for so long.
    outlier
        So many robust standard deviations below the other parks of the study is too far.
    shares
        Of the facilities of all categories, those of one, by category.
    """

    places_per_1000: float | None = None
    streets_per_ha: float | None = None
    stale_years: float | None = None
    outlier: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, standard: Standard) -> References:
        """Read them from a standard's figures."""
        shares = {c.id: c.figures["reference_share"].v for c in standard.categories if _has(c)}
        return cls(
            places_per_1000=standard.figure("certainty_places_per_1000"),
            streets_per_ha=standard.figure("certainty_streets_per_ha"),
            stale_years=standard.figure("certainty_stale_years"),
            outlier=standard.figure("certainty_outlier"),
            shares={k: v for k, v in shares.items() if isinstance(v, float)},
        )


def _has(category: Category) -> bool:
    return "reference_share" in category.figures


def completeness(
    windows: pd.DataFrame,
    *,
    places: tuple[Floats, Floats, Floats],
    buildings: Objects,
    levels: Floats,
    streets: tuple[Floats, Floats, Floats],
    coverage: shapely.Geometry,
    rule: Certainty,
    references: References | None = None,
    day: float = math.nan,
    whole: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Measure the mapping around each park and around its workers' homes.

    Parameters
    ----------
    windows
        Rows ``park_id, kind, geometry, people``: the park, or the homes of its workers (WGS-84);
        people who work or live in the window, NaN where nobody knows.
    places
        Longitudes and latitudes of mapped places of any kind, and days of their last edits.
    buildings, levels
        Building outlines (WGS-84), and their storeys (NaN: one).
    streets
        Longitude, latitude and metres of walkable street pieces.
    coverage
        The area that the data covers (WGS-84).
    rule, references
        Window, floors and reference densities (the standard's).
    day
        Day of the data, counted as dates are; NaN: not told.
    whole
        Places, and hectares of buildings, of the whole extract; None: of those given.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.COMPLETENESS`, by the park's own figures alone; what other parks
        of the study say of it is added by :func:`against_study`.
    """
    if windows.empty:
        return COMPLETENESS.frame()
    references = references or References()
    core = geo.project(windows["geometry"].to_numpy())
    bounds = shapely.bounds(windows["geometry"].to_numpy())
    k = geo.scale((bounds[:, 1] + bounds[:, 3]) / 2)
    window = _around(windows["geometry"].to_numpy(), rule.window_m.v)
    footprint = geo.hectares(buildings)
    middle = geo.points(*_middle(buildings))
    at_place = geo.points(places[0], places[1])
    count = _sum_in(window, at_place, np.ones(len(at_place)))
    built = _sum_in(window, middle, footprint)
    floor = _sum_in(window, middle, footprint * np.clip(np.nan_to_num(levels, nan=1.0), 1, 60))
    metres = _sum_in(window, geo.points(streets[0], streets[1]), streets[2])
    own_ground = shapely.buffer(core, np.where(shapely.area(core) > 0, 0.0, rule.home_m.v / k))
    own_ha = shapely.area(own_ground) * k**2 / 1e4
    # Where buildings are not mapped either, few places must not look like many per building.
    expected = np.maximum(built, rule.built_share.v * own_ha)
    density = _reference(rule, whole or (len(at_place), float(footprint.sum())))
    parts: dict[str, Floats] = {
        "index_built": count / (density * np.maximum(expected, 1e-9)),
        "index_people": _per(count, references.places_per_1000, windows["people"] / 1000.0),
        "index_streets": _per(metres / 1000.0, references.streets_per_ha, expected),
    }
    parts = {n: np.asarray(np.minimum(v, 1.0).round(3), dtype=float) for n, v in parts.items()}
    age = (day - _latest(window, at_place, places[2])) / _YEAR
    planar_coverage = geo.project(np.array([coverage], dtype=object))[0]
    lost = 1.0 - shapely.area(shapely.intersection(window, planar_coverage)) / shapely.area(window)
    index = np.nanmin(np.column_stack(list(parts.values())), axis=1)
    stale = age > (references.stale_years or np.inf)
    frame = COMPLETENESS.frame(
        {
            "park_id": windows["park_id"].to_numpy(),
            "kind": windows["kind"].to_numpy(),
            "places": count,
            "buildings_ha": np.round(built, 2),
            "floor_ha": np.round(np.maximum(floor, expected), 2),
            "streets_km": np.round(metres / 1000.0, 2),
            **parts,
            "edit_age": np.round(np.maximum(age, 0.0), 2),
            "spread": np.full(len(count), np.nan),
            "fallbacks": np.zeros(len(count)),
            "index": index,
            "certainty": index,
            "thin": (count < rule.places_min.v) | (index < rule.index_min.v) | stale,
            "cut": lost > _CUT_SHARE,
        }
    )
    return COMPLETENESS.check(frame.sort_values(list(COMPLETENESS.sort), ignore_index=True))


def _around(shapes: Objects, metres: float) -> Objects:
    bounds = shapely.bounds(shapes)
    k = geo.scale((bounds[:, 1] + bounds[:, 3]) / 2)
    return np.asarray(shapely.buffer(geo.project(shapes), metres / k, quad_segs=8))


def windows_around(shapes: Objects, metres: float) -> Objects:
    """Windows (WGS-84) in which mapping is measured around shapes (WGS-84), shape (n,)."""
    planar = _around(shapes, metres)
    return np.asarray(
        shapely.transform(planar, lambda c: np.column_stack(geo.degrees(c[:, 0], c[:, 1])))
    )


def _reference(rule: Certainty, whole: tuple[float, float]) -> float:
    """Places to a hectare of buildings: a share of the study's own density, within bounds.

    Where hardly any building is mapped the study's own density means nothing: it is capped.
    """
    density = whole[0] / max(whole[1], 1e-9)
    own = min(rule.study_share.v * density, _MOST * rule.places_per_ha.v)
    return max(rule.places_per_ha.v, own)


def _per(amount: Floats, reference: float | None, size: npt.ArrayLike) -> Floats:
    """Share of what a reference density asks for; NaN where it is not asked, or size unknown."""
    expected = np.asarray(size, dtype=float) * (np.nan if reference is None else reference)
    return np.asarray(
        np.where(expected > 0, amount / np.where(expected > 0, expected, 1.0), np.nan)
    )


def _latest(window: Objects, points: Objects, edited: Floats) -> Floats:
    """Day since which the latest tenth of the edits in each window were made; NaN: not told."""
    out = np.full(len(window), np.nan)
    known = np.flatnonzero(~np.isnan(edited))
    if len(known) == 0:
        return out
    row, point = shapely.STRtree(points[known]).query(window, predicate="contains")
    order = np.lexsort((-edited[known[point]], row))
    row, day = row[order], edited[known[point[order]]]
    first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.empty(0, int)
    size = np.diff(np.r_[first, len(row)])
    out[row[first]] = day[first + np.maximum(np.ceil(size / 10).astype(int) - 1, 0)]
    return out


def _middle(geometry: Objects) -> tuple[Floats, Floats]:
    bounds = shapely.bounds(geometry) if len(geometry) else np.empty((0, 4))
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def _sum_in(window: Objects, points: Objects, weight: Floats) -> Floats:
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
