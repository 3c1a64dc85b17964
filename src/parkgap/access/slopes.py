"""Minutes along streets that climb: the speed on a slope, bridges, tunnels, steps and lifts.

Speed on a slope s: v0 * exp(-3.5 * (|s + 0.05| - 0.05)): the shape of Tobler's hiking function
(*Three presentations on geographical analysis and modeling*, NCGIA 93-1, 1993), scaled so
that level ground is v0.  A gentle descent is the fastest, 1.19 v0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from parkgap.access.pieces import Raw

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Metres above sea at longitudes and latitudes (WGS-84), NaN where unknown; arrays of one shape.
HeightsAt = Callable[[Floats, Floats], Floats]

_STEEP = 3.5
_BEST = 0.05
#: The fastest slope walks this many times as fast as the flat; bounds searches by time.
FASTEST = float(np.exp(_STEEP * _BEST))


@dataclass(frozen=True)
class Ground:
    """What is known of the ground under the streets.

    Attributes
    ----------
    at
        Heights by place; asked once, for all places.
    step_m
        A piece longer than this is measured in parts of at most this length, metres.
    steps_floor
        Steps are never slower than this share of the speed on the flat.
    """

    at: HeightsAt
    step_m: float
    steps_floor: float


@dataclass(frozen=True)
class Climb:
    """Minutes along each piece, from its first end to its second and back, shape (p,).

    `known` says where they come from heights alone.  Of a piece of several parts that is known in
    part, the parts between known heights climb and the others are level; it counts as unknown.
    """

    there: Floats
    back: Floats
    known: Bools


def pace(slope: Floats) -> Floats:
    """Time on a slope (rise over run, uphill positive) as a multiple of the flat's, elementwise.

    >>> pace(np.array([0.0, 0.1, -0.05])).round(4).tolist()
    [1.0, 1.4191, 0.8395]
    """
    return np.asarray(np.exp(_STEEP * (np.abs(slope + _BEST) - _BEST)))


def climb(raw: Raw, metres: Floats, tags: pd.DataFrame, ground: Ground, speed: float) -> Climb:
    """Time every piece in both directions.

    Parameters
    ----------
    raw
        Pieces before folding.
    metres
        Length of each, shape (p,).
    tags
        ``highway, bridge, tunnel`` of the ways, by part.
    ground
        The heights.
    speed
        Metres a minute on the flat.
    """
    highway = tags["highway"].to_numpy()[raw.part]
    steps, lift = highway == "steps", highway == "elevator"
    # Decks and tubes do not follow the ground that an elevation model sees.
    carried = (_is(tags["bridge"]) | _is(tags["tunnel"]))[raw.part] & ~steps & ~lift
    parts = np.where(carried | steps | lift, 1, np.ceil(metres / ground.step_m))
    parts = np.maximum(parts, 1).astype(np.int64)
    heights, first = _heights(raw, metres, parts, carried, steps | lift, ground)
    # Each piece is as many parts as its heights less one; a part between two pieces is none.
    rise = np.delete(np.diff(heights), first[1:-1] - 1)
    of = np.repeat(np.arange(len(metres)), parts)
    known = np.logical_and.reduceat(np.isfinite(rise), np.cumsum(parts) - parts) | lift
    run = (metres / parts)[of]
    slope = np.divide(rise, run, out=np.zeros(len(rise)), where=run > 0)
    slope[~np.isfinite(slope) | lift[of]] = 0.0
    most = np.where(steps, 1.0 / ground.steps_floor, np.inf)[of]
    there, back = (
        np.bincount(of, run * np.minimum(pace(s), most), minlength=len(metres)) / speed
        for s in (slope, -slope)
    )
    return Climb(there, back, known)


def _is(tag: pd.Series) -> Bools:
    return np.asarray((tag.notna() & (tag != "no")).to_numpy(), dtype=bool)


def _heights(
    raw: Raw, metres: Floats, parts: Ints, carried: Bools, stairs: Bools, ground: Ground
) -> tuple[Floats, Ints]:
    """Heights along each piece, its ends included, and where each piece's begin, shape (p + 1,)."""
    first = np.concatenate([[0], np.cumsum(parts + 1)])
    of = np.repeat(np.arange(len(parts)), parts + 1)
    step = np.arange(first[-1]) - first[of]
    share = step / parts[of]
    inner = np.flatnonzero((step > 0) & (step < parts[of]))
    a, b = raw.a[of[inner]], raw.b[of[inner]]
    t = share[inner]
    lon = raw.lon[a] * (1 - t) + raw.lon[b] * t
    lat = raw.lat[a] * (1 - t) + raw.lat[b] * t
    z = ground.at(np.concatenate([raw.lon, lon]), np.concatenate([raw.lat, lat]))
    at_node = _carry(raw, metres, carried, stairs, z[: len(raw.lon)])
    out = np.where(step == 0, at_node[raw.a[of]], at_node[raw.b[of]])
    between = z[len(raw.lon) :]
    # A gap in the middle of a piece is bridged between its ends.
    out[inner] = np.where(np.isfinite(between), between, at_node[a] * (1 - t) + at_node[b] * t)
    return out, first.astype(np.int64)


def _carry(raw: Raw, metres: Floats, carried: Bools, stairs: Bools, z: Floats) -> Floats:
    """Heights of nodes, those on bridges and in tunnels linear between where these end.

    Along one bridge that is plain interpolation by length; where bridges branch, it is the
    surface that is linear along each of them and level on the whole at the fork (harmonic).
    """
    rows = np.flatnonzero(carried & (metres > 0))
    if len(rows) == 0:
        return z
    node, index = np.unique(np.concatenate([raw.a[rows], raw.b[rows]]), return_inverse=True)
    a, b = index[: len(rows)], index[len(rows) :]
    size = len(node)

    def touched(use: Bools) -> Bools:
        seen = np.zeros(len(z), dtype=bool)
        seen[raw.a[use]] = seen[raw.b[use]] = True
        return np.asarray(seen[node], dtype=bool)

    # It rests on the ground where a street goes on, or where it ends; stairs and lifts join the
    # deck far above the ground, and only count where nothing else says how high it lies.
    street = touched(~carried & ~stairs) | (np.bincount(index, minlength=size) == 1) & ~touched(
        stairs
    )
    known = np.isfinite(z[node])
    graph = coo_array((1.0 / metres[rows], (a, b)), shape=(size, size)).tocsr()
    graph = graph + graph.T
    _, label = connected_components(graph, directed=False)
    rests = street & known
    held = np.zeros(label.max() + 1, dtype=bool)
    held[label[rests]] = True
    rests |= ~held[label] & touched(stairs) & known
    held[label[rests]] = True
    free = np.flatnonzero(~rests & held[label])
    height = z[node].copy()
    height[~held[label]] = np.nan
    if len(free):
        fixed = np.flatnonzero(rests)
        laplace: csr_array = (diags_array(graph.sum(axis=0)) - graph).tocsr()
        pull = -(laplace[free][:, fixed] @ height[fixed])
        height[free] = spsolve(laplace[free][:, free].tocsc(), pull)
    out = z.copy()
    out[node] = height
    return out
