"""Areas of reach: the ground along the streets that a park's people reach on foot.

An area is drawn from the reached parts of streets alone (:mod:`parkgap.access.reached`), by
buffers, never from straight distances.  Every step moves an outline by a stated length at most,
and these lengths together are what the three promises of docs/method.md ("Areas of reach") stand
on: every drawn point lies within `WITHIN_M` of a reached street, every reached street lies
inside, and so an unreached street farther than that from all reached ones lies outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.access.reached import Parts, Walker
from parkgap.access.slopes import FASTEST
from parkgap.frame_areas import BANDS, BESIDE_M, REACH_AREAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from parkgap.access.gate_plans import Plan
    from parkgap.access.streets import Streets

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

#: No drawn point is farther from a reached street, metres.  The ground beside streets (`BESIDE_M`)
#: and all that the steps below may add to it stay under it: 24 + 1 + 2 + 1.5 + 0.8 = 29.3.
WITHIN_M = 30.0
_BEND_M = 1.0  # bends of streets smaller than this are drawn straight
_SHALLOW_M = 2.0  # a gap between streets that goes no deeper is filled
_EDGE_M = 1.5  # outlines are simplified by at most this
_GRID = 1e-5  # degrees: the precision of the pages, 0.8 m at most
_ROUND = 2  # segments of a quarter circle
#: A street on a bridge, a dam or a pier is drawn this far to both sides of its middle, metres.
BRIDGE_M = 3.0
#: Half the width of a river or canal that is mapped as a line only, metres (assumption).
RIVER_M = 3.0
_COAST_M = 0.5
_CM = 2  # decimals of metres to which ends are rounded, so that equal streets are equal numbers

_WATER_AREAS = frozenset("water bay riverbank dock reservoir basin".split())
_WATER_LINES = frozenset({"river", "canal"})
_COAST = "coastline"


@dataclass(frozen=True)
class Water:
    """Water that nobody walks over: areas and lines, WGS-84, shape (n,) each.

    Lines carry half the width that is cut out for them, metres, in `half`.
    """

    areas: Objects
    lines: Objects
    half: Floats


def water_of(ground: pd.DataFrame) -> Water:
    """Take the water out of an extract's ground.

    Parameters
    ----------
    ground
        ``osm_id, value, geometry`` (WGS-84).

    Returns
    -------
    Water
        Water areas; rivers and canals as lines; and the coast, which the sea lies behind.
        Streams, ditches and drains are left out: they are stepped over, or run in pipes.
    """
    value, shape = ground["value"], ground["geometry"].to_numpy()
    solid = geo.is_area(shape)
    areas = value.isin(_WATER_AREAS).to_numpy() & solid
    coast = (value == _COAST).to_numpy()
    lines = (value.isin(_WATER_LINES).to_numpy() & ~solid) | coast
    # A closed coastline is an island; the sea is outside.
    drawn = np.where(solid, shapely.boundary(shape), shape)
    half = np.where(coast, _COAST_M, RIVER_M)
    return Water(_in_order(shape[areas]), *_with(drawn[lines], half[lines]))


def _in_order(shapes: Objects) -> Objects:
    """Sort shapes by where they lie, so that a window's order of rows makes no difference."""
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    return np.asarray(shapes[np.lexsort((shapely.length(shapes), *bounds.T))], dtype=object)


def _with(shapes: Objects, half: Floats) -> tuple[Objects, Floats]:
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    order = np.lexsort((half, shapely.length(shapes), *bounds.T))
    return np.asarray(shapes[order], dtype=object), half[order]


def reach_areas(
    streets: Streets,
    plans: Sequence[Plan],
    park_ids: Sequence[str],
    told: Bools,
    water: Water,
) -> pd.DataFrame:
    """Draw the areas that the people of parks reach on foot from their workplaces.

    Parameters
    ----------
    streets
        The network.
    plans
        How each park is left (:func:`parkgap.access.gate_plans.make_plans`).
    park_ids
        Ids of their parks, in their order.
    told
        Origins that count: workplaces of which walks may be told, shape (origins,).
    water
        What is cut out of the areas.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.REACH_AREAS`, WGS-84 on a grid of 1e-5 degrees; no row where
        nothing is reached.
    """
    limit = float(BANDS[-1])
    walker = Walker(streets, limit, limit * streets.speed * (1.0 if streets.flat else FASTEST))
    lines, cutter = _Lines.all(streets), _Cutter.of(water)
    rows: list[tuple[str, int, shapely.Geometry]] = []
    for park, plan in zip(park_ids, plans, strict=True):
        rays = walker.rays(plan, told[plan.rows])
        parts = [walker.within(rays, float(m)) for m in BANDS]
        shapes = _nested(lines, parts, cutter)
        rows += [(park, m, s) for m, s in zip(BANDS, shapes, strict=True) if s is not None]
    shape = np.empty(len(rows), dtype=object)
    shape[:] = [s for _, _, s in rows]
    frame = REACH_AREAS.frame(
        {
            "park_id": [park for park, _, _ in rows],
            "minutes": [minutes for _, minutes, _ in rows],
            "area_km2": np.round(geo.hectares(shape) / 100.0, 3) if len(rows) else [],
            "geometry": shape,
        }
    )
    frame = frame.sort_values(list(REACH_AREAS.sort), ignore_index=True)
    return REACH_AREAS.check(frame)


# --- one park -------------------------------------------------------------------------------


def _nested(
    lines: _Lines, bands: Sequence[Parts], cutter: _Cutter
) -> list[shapely.Geometry | None]:
    """Draw one park's areas, each of which holds the one before; None: nothing is reached."""
    if len(bands[-1]) == 0:
        return [None] * len(bands)
    k = lines.scale(bands[-1])
    drawn = _smooth(lines, bands, k)
    widest = drawn[-1]
    wet = None if widest is None else cutter.near(widest, k)
    out: list[shapely.Geometry | None] = []
    for parts, shape in zip(bands, drawn, strict=True):
        if shape is None:
            out.append(None)
            continue
        dry = shape if wet is None else _cut(shape, wet, lines.of(parts), k)
        (lonlat,) = geo.unproject(np.array([dry], dtype=object))
        out.append(_whole(shapely.set_precision(lonlat, _GRID)))
    return out


def _smooth(lines: _Lines, bands: Sequence[Parts], k: float) -> list[shapely.Geometry | None]:
    """Draw areas as if there were no water; what a band adds is drawn once."""
    rough: shapely.Geometry | None = None
    fine: shapely.Geometry | None = None
    before = bands[0].take(np.empty(0, dtype=np.int64))
    out = []
    for parts in bands:
        if len(parts):
            grown = _grown(lines.of(parts.take(_new(parts, before))), k)
            rough = grown if rough is None else shapely.union(rough, grown)
            smooth = shapely.simplify(_filled(rough, k), _EDGE_M / k)
            fine = smooth if fine is None else shapely.union(smooth, fine)
            before = parts
        out.append(fine)
    return out


def _new(parts: Parts, before: Parts) -> Bools:
    """Parts that are not among those before: whole pieces by their row, the others in any case."""
    known = before.piece[(before.low <= 0) & (before.high >= 1)]
    return np.asarray(~np.isin(parts.piece, known), dtype=bool)


def _grown(segments: Objects, k: float) -> shapely.Geometry:
    """Buffer parts of streets: joined to lines first, for a hundred bends are as many buffers."""
    joined = shapely.line_merge(shapely.multilinestrings(segments))
    lines = shapely.simplify(shapely.get_parts(joined), _BEND_M / k)
    return shapely.union_all(shapely.buffer(lines, BESIDE_M / k, quad_segs=_ROUND))


def _filled(shape: shapely.Geometry, k: float) -> shapely.Geometry:
    """Fill gaps between streets that are nowhere deeper than a step."""
    parts = shapely.get_parts(shape)
    rings, of = shapely.get_rings(parts, return_index=True)
    hole = np.r_[False, of[1:] == of[:-1]]
    ground = np.asarray(shapely.polygons(rings[hole]), dtype=object)
    deep = np.asarray(shapely.area(ground) > np.pi * (_SHALLOW_M / k) ** 2)
    deep[deep] = ~shapely.is_empty(shapely.buffer(ground[deep], -_SHALLOW_M / k))
    keep = ~hole
    keep[hole] = deep
    return _joined(np.asarray(shapely.polygons(rings[keep], indices=of[keep]), dtype=object))


def _whole(shape: shapely.Geometry) -> shapely.Geometry:
    """Make a multipolygon of an area, its parts and rings in one order."""
    parts = shapely.get_parts(shape)
    whole: shapely.Geometry = shapely.normalize(_joined(parts[geo.is_area(parts)]))
    return whole


def _joined(polygons: Objects) -> shapely.Geometry:
    return shapely.MultiPolygon(list(polygons))


@dataclass(frozen=True)
class _Lines:
    """The streets' pieces as places: ends in Mercator metres, shape (p, 2) each, and latitudes."""

    a: Floats
    b: Floats
    lat: Floats

    @classmethod
    def all(cls, streets: Streets) -> _Lines:
        xy = streets.nodes[["x", "y"]].to_numpy()
        a, b = (streets.pieces[end].to_numpy() for end in ("a", "b"))
        return cls(xy[a], xy[b], streets.nodes["lat"].to_numpy()[a])

    def scale(self, parts: Parts) -> float:
        """True metres per Mercator metre amid the parts; a few km make no difference."""
        lat = self.lat[parts.piece]
        return float(geo.scale(np.round((lat.min() + lat.max()) / 2, 2)))

    def of(self, parts: Parts) -> Objects:
        """Give parts as two-point lines, each once, in one order whatever the window's rows."""
        a, b = self.a[parts.piece], self.b[parts.piece]
        ends = [np.round(a + (b - a) * t[:, None], _CM) for t in (parts.low, parts.high)]
        (x, y), (x2, y2) = ends[0].T, ends[1].T
        turned = ((x > x2) | ((x == x2) & (y > y2)))[:, None]
        both = [np.where(turned, ends[1], ends[0]), np.where(turned, ends[0], ends[1])]
        rows = np.column_stack(both)
        rows = rows[np.lexsort(rows.T[::-1])]
        again = np.r_[False, (rows[1:] == rows[:-1]).all(axis=1)] if len(rows) else []
        rows = rows[~np.asarray(again, dtype=bool) & (rows[:, :2] != rows[:, 2:]).any(axis=1)]
        return np.asarray(shapely.linestrings(rows.reshape(-1, 2, 2)), dtype=object)


@dataclass(frozen=True)
class _Cutter:
    """Cuts water out of areas; all in Mercator metres."""

    areas: Objects
    lines: Objects
    half: Floats
    area_tree: shapely.STRtree
    line_tree: shapely.STRtree

    @classmethod
    def of(cls, water: Water) -> _Cutter:
        areas, lines = geo.project(water.areas), geo.project(water.lines)
        return cls(areas, lines, water.half, shapely.STRtree(areas), shapely.STRtree(lines))

    def near(self, shape: shapely.Geometry, k: float) -> shapely.Geometry | None:
        """Water that an area meets; None where there is none."""
        areas = np.sort(self.area_tree.query(shape, predicate="intersects"))
        lines = np.sort(self.line_tree.query(shape, predicate="intersects"))
        if len(areas) + len(lines) == 0:
            return None
        west, south, east, north = shapely.bounds(shape)
        box = (west - WITHIN_M, south - WITHIN_M, east + WITHIN_M, north + WITHIN_M)
        # Of a lake or a coast of a hundred kilometres only what lies here counts.
        clipped = shapely.clip_by_rect(self.areas[areas], *box)
        near = shapely.clip_by_rect(self.lines[lines], *box)
        banks = shapely.buffer(near, self.half[lines] / k, cap_style="flat", join_style="mitre")
        both = np.concatenate([shapely.make_valid(clipped), banks])
        # Joined first: simplified one by one, a river's parts would leave a way between them.
        return shapely.simplify(shapely.union_all(both), _BEND_M / k)


def _cut(
    shape: shapely.Geometry, wet: shapely.Geometry, streets: Objects, k: float
) -> shapely.Geometry:
    """Take the water out of an area, but for the streets that run over it.

    What then hangs together with no reached street, such as the far bank of a river, goes.
    """
    dry = shapely.difference(shape, wet)
    shapely.prepare(wet)
    over = streets[shapely.intersects(wet, streets)]
    if len(over):
        strips = shapely.buffer(shapely.intersection(over, wet), BRIDGE_M / k, quad_segs=_ROUND)
        dry = shapely.union_all([dry, *strips])
    parts = shapely.get_parts(dry)
    if len(parts) > 1:
        held, _ = shapely.STRtree(streets).query(parts, predicate="intersects")
        parts = parts[np.unique(held)]
    return _joined(parts)
