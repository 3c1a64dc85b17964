"""Measure which of the offset datums fits the map best, whatever the study declares.

GCJ-02 and BD-09 lie some 300 to 1000 m beside WGS-84.  Points of places keep close to
streets and buildings in the right one of the three, and lie anywhere in the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.errors import Problem
from parkgap.sources import datum, regions

if TYPE_CHECKING:
    from parkgap.sources.extract import Extract

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

ENOUGH = 20  # points below which nothing is concluded
CANDIDATES = ("WGS84", "GCJ02", "BD09")
_CAP_M = 300.0  # farther from all streets and buildings, a point says nothing
_MOST = 5000  # points are plenty
_TIE_M = 0.5
# Share of the points that fit better, and ratio of the median distances, beyond which the
# other datum is suspected, or certain.  Calibrated in docs/method.md, section 12.
_SUSPECT = (0.65, 0.6)
_CERTAIN = (0.85, 0.4)
_LEAST_GAIN_M = 5.0
# With many points a smaller difference is telling too.
_SIGMAS, _MANY = 3.5, 0.75


@dataclass(frozen=True)
class Fit:
    """How the declared datum and the best one compare.

    Attributes
    ----------
    declared, best
        Names of the datums.
    count
        Points that could tell.
    share
        Share of those that differ which lie nearer in the best one.
    declared_m, best_m
        Median distance to the nearest street or building, metres.
    """

    declared: str
    best: str
    count: int
    share: float
    declared_m: float
    best_m: float

    @property
    def suspect(self) -> bool:
        """Whether the best datum fits so much better that the user must be told."""
        return self._beyond(*_SUSPECT) or (self.sigmas >= _SIGMAS and self._beyond(0.5, _MANY))

    @property
    def sigmas(self) -> float:
        """How far the share lies from a half, in standard deviations of a fair coin."""
        return (2.0 * self.share - 1.0) * float(np.sqrt(self.count))

    @property
    def certain(self) -> bool:
        """Whether the declared datum can hardly be right."""
        return self._beyond(*_CERTAIN)

    def _beyond(self, share: float, ratio: float) -> bool:
        return (
            self.best != self.declared
            and self.count >= ENOUGH
            and self.share >= share
            and self.best_m <= ratio * self.declared_m
            and self.declared_m - self.best_m >= _LEAST_GAIN_M
        )


class Reference:
    """What points are measured against: streets and buildings, in Mercator metres."""

    def __init__(self, shapes: Shapes) -> None:
        self.tree = shapely.STRtree(shapes)

    @classmethod
    def of(cls, extract: Extract) -> Reference:
        """Take the streets and the buildings of an extract."""
        ways = extract.ways
        x, y = geo.mercator(ways.lon, ways.lat)
        owner = np.repeat(np.arange(len(ways.offset) - 1), np.diff(ways.offset))
        lines = shapely.linestrings(np.column_stack([x, y]), indices=owner)
        streets = np.asarray(lines, dtype=object)
        buildings = geo.project(np.asarray(extract.buildings["geometry"].to_numpy(), dtype=object))
        return cls(np.concatenate([streets, buildings]))

    def metres(self, lon: Floats, lat: Floats) -> Floats:
        """Distance from WGS-84 points to the nearest of it, at most 300 m; shape (n,)."""
        points = geo.points(lon, lat)
        scale = geo.scale(lat)
        found = np.full(len(points), _CAP_M)
        if len(self.tree.geometries):
            (at, _), distance = self.tree.query_nearest(
                points,
                max_distance=_CAP_M / float(scale.min()),
                return_distance=True,
                all_matches=False,
            )
            found[at] = np.minimum(distance * scale[at], _CAP_M)
        return found


def _as_candidate(declared: str) -> str:
    return {"CGCS2000": "WGS84", "BD09MC": "BD09"}.get(declared, declared)


def measurable(lon: Floats, lat: Floats, declared: str) -> bool:
    """Tell whether points (WGS-84, shape (n,)) are enough, in China, and in one of the datums."""
    given = ~np.isnan(lon) & ~np.isnan(lat)
    lon, lat = lon[given], lat[given]
    there = _as_candidate(declared) in CANDIDATES and len(lon) >= ENOUGH
    return there and bool(regions.in_china(lon, lat).all())


def fit(lon: Floats, lat: Floats, declared: str, reference: Reference) -> Fit | None:
    """Compare the datums for points that were read as `declared`.

    Parameters
    ----------
    lon, lat
        WGS-84 degrees, as they came out of the declared datum; shape (n,).
    declared
        Datum of the source.

    Returns
    -------
    None where nothing can be said: a projected system, too few points, or not in China.
    """
    if not measurable(lon, lat, declared):
        return None
    name = _as_candidate(declared)
    given = ~np.isnan(lon) & ~np.isnan(lat)
    lon, lat = lon[given], lat[given]
    step = max(1, len(lon) // _MOST)
    raw = datum.from_wgs84(lon[::step], lat[::step], name)
    metres = {c: reference.metres(*datum.to_wgs84(*raw, c)) for c in CANDIDATES}
    told = np.min(np.stack(list(metres.values())), axis=0) < _CAP_M
    if told.sum() < ENOUGH:
        return None
    medians = {c: float(np.median(m[told])) for c, m in metres.items()}
    best = min(CANDIDATES, key=lambda c: (medians[c], c != name))
    gain = metres[name][told] - metres[best][told]
    differ = np.abs(gain) > _TIE_M
    share = float((gain[differ] > 0).mean()) if differ.any() else 0.0
    return Fit(name, best, int(told.sum()), share, medians[name], medians[best])


def problem(found: Fit, file: str, sheet: str | None) -> Problem:
    """Say, with numbers, that another datum fits better."""
    share, n = round(100 * found.share), found.count
    near, far = round(found.best_m), round(found.declared_m)
    return Problem(
        what=f"声明 {found.declared}，但 {share}% 的点按 {found.best} 更贴合道路和建筑："
        f"中位距离 {near} 米，按声明为 {far} 米 / "
        f"declared {found.declared}; {share} % of the points fit better as {found.best}, "
        f"median distance to a street or building {near} m against {far} m",
        file=file,
        sheet=sheet,
        column="crs",
        value=found.declared,
        rule=f"n = {n}",
        remedy=f'crs = "{found.best}"；确认无误则写 crs_sure = true / '
        f'crs = "{found.best}"; or crs_sure = true where the declared one is right',
    )
