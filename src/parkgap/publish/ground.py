"""The drawn ground of the maps, read back from their scripts for the report's pictures.

See :mod:`parkgap.publish.basemap` for how a script is written: the pictures show what the pages
show, and nothing else is kept of the extract.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from parkgap.publish.basemap import STEPS, rings

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_CALL = "parkgapSheet("
_DEGREE = 111_320.0  # metres; good enough for drawing, and no figure depends on it


@dataclass(frozen=True)
class Lines:
    """Lines or rings: all points one after another, and where each begins.

    Attributes
    ----------
    points
        Shape (n, 2): degrees, or metres of a view.
    starts
        First point of each line, shape (k,), increasing.
    """

    points: Floats
    starts: Ints


@dataclass(frozen=True)
class View:
    """A picture's part of the world: its middle (degrees), and half its sides (metres)."""

    lon: float
    lat: float
    half_width: float
    half_height: float

    @property
    def _per_degree(self) -> Floats:
        return np.array([_DEGREE * max(np.cos(np.radians(self.lat)), 0.05), _DEGREE])

    def plane(self, degrees: Floats) -> Floats:
        """Turn degrees, shape (n, 2), into metres around the middle."""
        return np.asarray((degrees - [self.lon, self.lat]) * self._per_degree)

    @property
    def window(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        aside, up = np.array([self.half_width, self.half_height]) / self._per_degree
        return (self.lon - aside, self.lat - up, self.lon + aside, self.lat + up)


def view_of(box: Sequence[float], margin_m: float, aspect: float) -> View:
    """Look at a box from above.

    Parameters
    ----------
    box
        West, south, east, north in degrees.
    margin_m
        Metres to show around it.
    aspect
        Width of the picture by its height.
    """
    west, south, east, north = box
    lon, lat = (west + east) / 2, (south + north) / 2
    corner = View(lon, lat, 1.0, 1.0).plane(np.array([[east, north]]))[0] + margin_m
    height = max(corner[1], corner[0] / aspect)
    return View(lon, lat, float(height * aspect), float(height))


def read_sheet(script: str) -> tuple[dict[str, Lines], list[list[Any]]]:
    """Read a sheet: its layers in degrees, and the settlements that it names.

    Settlements are lists of name, longitude, latitude (degrees) and rank of their kind.
    """
    data, labels = json.loads(f"[{script.strip()[len(_CALL) : -2]}]")
    origin = np.array(data.pop("o"), dtype=np.int64)
    layers = {name: _lines(counts, moves, origin) for name, (counts, moves) in data.items()}
    named = [[name, x / STEPS, y / STEPS, rank] for name, x, y, rank in labels]
    return layers, named


def _lines(counts: list[int], moves: list[int], origin: Ints) -> Lines:
    """Turn moves from point to point into points."""
    step = np.array(moves, dtype=np.int64).reshape(-1, 2)
    ends = np.cumsum(np.array(counts, dtype=np.int64))
    starts = ends - counts
    walked = np.cumsum(step, axis=0)
    before = walked[starts] - step[starts]
    points = walked - np.repeat(before, counts, axis=0) + origin
    return Lines(points / STEPS, np.asarray(starts, dtype=np.int64))


def seen(sheets: Iterable[Mapping[str, Lines]], view: View) -> dict[str, Lines]:
    """Put layers of sheets together: of each what meets the view, in its metres."""
    parts: dict[str, list[Lines]] = {}
    for layers in sheets:
        for name, lines in layers.items():
            parts.setdefault(name, []).append(within(lines, view))
    return {name: _joined(several) for name, several in parts.items()}


def within(lines: Lines, view: View) -> Lines:
    """Keep the lines whose box meets the view; in its metres."""
    if not len(lines.starts):
        return lines
    points = view.plane(lines.points)
    low = np.minimum.reduceat(points, lines.starts, axis=0)
    high = np.maximum.reduceat(points, lines.starts, axis=0)
    half = np.array([view.half_width, view.half_height])
    keep = ((low <= half) & (high >= -half)).all(axis=1)
    counts = np.diff(np.r_[lines.starts, len(points)])
    kept = counts[keep]
    return Lines(points[np.repeat(keep, counts)], np.cumsum(kept) - kept)


def _joined(parts: Sequence[Lines]) -> Lines:
    shift = np.cumsum([0, *(len(p.points) for p in parts[:-1])])
    return Lines(
        np.concatenate([p.points for p in parts]),
        np.concatenate([p.starts + s for p, s in zip(parts, shift, strict=True)]),
    )


def outline(shapes: Sequence[BaseGeometry], view: View) -> Lines:
    """Take polygons (degrees) apart into rings in the metres of a view."""
    areas = np.empty(len(shapes), dtype=object)
    areas[:] = shapes
    points, ring = shapely.get_coordinates(rings(areas), return_index=True)
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    return Lines(view.plane(points), np.asarray(starts, dtype=np.int64))
