"""Cut an extract to a window while it streams, so that memory follows the study, not the file.

From time to time what was collected is looked at in bulk, and what lies outside the window is
let go.  What a run wants to know of the whole file is added up on the way: how densely places
and buildings are mapped, where the streets lie, which kinds of lines there are.  Objects are
kept whole wherever they reach into the window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.sources.osm_file import Collector, Columns

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """What of an extract is wanted.

    Attributes
    ----------
    shape
        Area (WGS-84); objects that do not reach into its parts' boxes are let go.
    is_place
        Tells the mapped places among objects, shape (objects,): counted over the whole file.
    batch
        Objects read between two looks; a file that holds fewer is not cut at all.
    """

    shape: shapely.Geometry
    is_place: Callable[[pd.DataFrame], Bools]
    batch: int = 100_000


@dataclass(frozen=True)
class Beyond:
    """What was let go: mapped places, hectares of buildings, objects of any kind."""

    places: int = 0
    buildings_ha: float = 0.0
    objects: int = 0


class Cutter:
    """Lets go of what lies outside a window.

    Parameters
    ----------
    window
        What is wanted.
    collector
        What was read so far.
    decode
        Makes geometry of the collected rows.
    """

    def __init__(
        self,
        window: Window,
        collector: Collector,
        decode: Callable[[pd.DataFrame], pd.DataFrame],
    ) -> None:
        self.batch = window.batch
        self._window, self._collector, self._decode = window, collector, decode
        shapely.prepare(window.shape)
        self._done: dict[str, int] = {}
        self._parts = 0
        self._known: set[object] = set()
        self._modes: set[object] = set()
        self._places = self._objects = 0
        self._hectares = 0.0
        self._hull: shapely.Geometry = shapely.Point()
        self.used = False

    def cut(self) -> None:
        """Look at what came since the last time."""
        self.used = True
        c = self._collector
        gone = self._outlines("objects", c.objects)
        if gone is not None:
            self._places += int(self._window.is_place(gone).sum())
        houses = self._outlines("buildings", c.buildings)
        if houses is not None:
            self._hectares += float(geo.hectares(houses["geometry"].to_numpy()).sum())
        self._outlines("ground", c.ground)
        self._doors(c.doors)
        self._streets()
        self._routes(c.routes)

    def beyond(self) -> Beyond:
        """Tell what was let go."""
        return Beyond(self._places, self._hectares, self._objects)

    def hull(self, at: Floats) -> shapely.Geometry:
        """Convex hull of points (WGS-84, shape (n, 2)) and the whole streets that were let go."""
        points = np.array([shapely.multipoints(at), self._hull], dtype=object)
        return shapely.convex_hull(shapely.union_all(points))

    def _inside(self, bounds: Floats) -> Bools:
        boxes = shapely.box(*np.ascontiguousarray(bounds.T))
        return np.asarray(shapely.intersects(self._window.shape, boxes), dtype=bool)

    def _outlines(self, name: str, columns: Columns) -> pd.DataFrame | None:
        """Sieve rows with geometry; the ones let go as a frame, None where all stay."""
        done = self._done.get(name, 0)
        new = columns.rows[done:]
        if not new:
            return None
        frame = self._decode(columns.frame(new))
        geometry = frame["geometry"].to_numpy()
        bounds = shapely.bounds(geometry)
        if "lon" in frame:
            point = shapely.is_missing(geometry)
            at = frame[["lon", "lat"]].to_numpy(dtype=float)[point]
            bounds[point] = np.column_stack([at, at])
        stays = self._inside(bounds)
        if name == "objects":
            self._known.update(frame["osm_id"].to_numpy()[stays])
        self._keep(name, columns, stays)
        return None if stays.all() else frame[~stays]

    def _keep(self, name: str, columns: Columns, stays: Bools) -> None:
        done = self._done.get(name, 0)
        columns.rows[done:] = [
            r for r, stay in zip(columns.rows[done:], stays.tolist(), strict=True) if stay
        ]
        self._done[name] = len(columns.rows)
        self._objects += int(np.count_nonzero(~stays))

    def _doors(self, doors: Columns) -> None:
        new = doors.rows[self._done.get("doors", 0) :]
        if new:
            at = np.array([row[1:3] for row in new], dtype=float)
            self._keep("doors", doors, self._inside(np.column_stack([at, at])))

    def _streets(self) -> None:
        c = self._collector
        start, first = self._parts, c.offset[self._parts]
        offset = np.frombuffer(c.offset, dtype=np.int64)[start:].copy()
        if len(offset) <= 1:
            return
        node, x, y = (np.frombuffer(v, dtype=np.int64)[first:].copy() for v in (c.node, c.x, c.y))
        begin = offset[:-1] - first
        bounds = np.column_stack(
            [f.reduceat(v, begin) / 1e7 for f in (np.minimum, np.maximum) for v in (x, y)]
        )
        stays = self._inside(bounds)
        size = np.diff(offset)
        of_node = np.repeat(stays, size)
        cut = np.array(c.part_cut[start:], dtype=bool)
        whole = ~of_node & ~np.repeat(cut, size)
        if whole.any():
            self._hull = self.hull(np.column_stack([x[whole], y[whole]]) / 1e7)
        for values, new in ((c.node, node), (c.x, x), (c.y, y)):
            del values[first:]
            values.frombytes(new[of_node].tobytes())
        del c.offset[start + 1 :], c.part_cut[start:]
        c.offset.frombytes((first + np.cumsum(size[stays])).tobytes())
        c.part_cut.extend(cut[stays].tolist())
        self._keep("streets", c.streets, stays)
        self._parts = len(c.offset) - 1

    def _routes(self, routes: Columns) -> None:
        """Keep lines at the stops that are kept, and one line of every kind there is.

        Relations come after nodes and ways, so that all stops are known by then.
        """
        done = self._done.get("routes", 0)
        kept = []
        for route_id, mode, line, members in routes.rows[done:]:
            here = [m for m in members if m in self._known]  # type: ignore[attr-defined]
            if here or mode not in self._modes:
                kept.append((route_id, mode, line, here))
                self._modes.add(mode)
        self._objects += len(routes.rows) - done - len(kept)
        routes.rows[done:] = kept
        self._done["routes"] = len(kept) + done


def around(shapes: npt.NDArray[np.object_], metres: float) -> shapely.Geometry:
    """Boxes (WGS-84) that reach `metres` beyond each shape on every side, joined.

    Parameters
    ----------
    shapes
        Geometries in WGS-84 degrees, shape (n,), none of them empty.
    metres
        Distance on the ground.
    """
    west, south, east, north = shapely.bounds(shapes).T
    left, bottom = geo.mercator(west, south)
    right, top = geo.mercator(east, north)
    # The scale grows towards the poles: taken beyond the far edge, so never too little.
    far = np.minimum(np.maximum(np.abs(south), np.abs(north)) + metres / 1e5, 89.0)
    wide = metres / geo.scale(far)
    low = geo.degrees(left - wide, bottom - wide)
    high = geo.degrees(right + wide, top + wide)
    return shapely.union_all(shapely.box(*low, *high))
