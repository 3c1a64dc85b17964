"""What an OpenStreetMap extract holds, once it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

if TYPE_CHECKING:
    import pandas as pd

_TRIANGLE = 3  # a ring needs one coordinate more than its corners


@dataclass(frozen=True)
class Ways:
    """Highways as they are mapped, cut where the extract cuts them.

    Attributes
    ----------
    tags
        One row a part: ``way_id``, the columns of ``collector.STREET_TAGS``, and ``cut``, true
        where the way lacks nodes; shape (n,).
    offset
        Part i owns nodes ``offset[i]:offset[i+1]``; shape (n+1,).
    node, lon, lat
        OSM node ids and WGS-84 degrees; shape (m,).
    """

    tags: pd.DataFrame
    offset: npt.NDArray[np.int64]
    node: npt.NDArray[np.int64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]

    def bounds(self) -> npt.NDArray[np.float64]:
        """West, south, east, north of each part, shape (n, 4)."""
        begin = self.offset[:-1]
        if not len(begin):
            return np.empty((0, 4))
        ends = [
            f.reduceat(v, begin) for f in (np.minimum, np.maximum) for v in (self.lon, self.lat)
        ]
        return np.column_stack(ends)


@dataclass(frozen=True)
class Whole:
    """Sums over a whole extract.

    Attributes
    ----------
    places
        Mapped places.
    buildings_ha
        Hectares of building outlines.
    streets_m
        Metres of highways of any kind.
    modes
        Kinds of public transport of which there is a line.
    """

    places: int
    buildings_ha: float
    streets_m: float
    modes: frozenset[str]


@dataclass(frozen=True)
class Extract:
    """What was read from one extract; coordinates in WGS-84 degrees.

    Attributes
    ----------
    objects
        Objects with a place key, and named buildings: ``osm_id`` (node/1), ``lon, lat`` (the
        node, or a point inside the area), ``geometry`` (None for nodes), ``edited`` (day of the
        last edit, counted as dates are; NaN: not told) and a column a tag.
    ways
        Highways.
    buildings
        ``osm_id, kind, levels, geometry`` of every building outline.
    ground
        ``osm_id, key, value, name, geometry`` of land use, green, water and coast.
    doors
        Nodes with ``entrance`` or ``barrier``: ``node_id, lon, lat, entrance, barrier, access,
        foot``.
    routes
        ``route_id, mode, line, members`` of public transport; members are osm ids.
    coverage
        The area that the data covers: the header's box, else the hull of the complete ways.
    coverage_from
        ``header`` or ``hull``.
    date
        ISO date of the data, or "" where the file does not tell.
    counts
        What was read, kept and cut.
    whole
        Sums over the whole file, where this is only a window of it; else None.
    """

    objects: pd.DataFrame
    ways: Ways
    buildings: pd.DataFrame
    ground: pd.DataFrame
    doors: pd.DataFrame
    routes: pd.DataFrame
    coverage: shapely.Geometry
    coverage_from: str
    date: str
    counts: dict[str, int]
    whole: Whole | None = None


def with_geometry(frame: pd.DataFrame, *, points: bool = False) -> pd.DataFrame:
    """Decode WKB in bulk; closed lines become polygons; a point inside stands for an area."""
    wkb = np.array(
        [None if h is None else bytes.fromhex(h) for h in frame.pop("wkb")], dtype=object
    )
    closed = frame.pop("closed").to_numpy().astype(bool)
    geometry = shapely.from_wkb(wkb)
    is_line = shapely.get_type_id(geometry) == shapely.GeometryType.LINESTRING
    ring = closed & is_line & (shapely.get_num_coordinates(geometry) > _TRIANGLE)
    if ring.any():
        geometry[ring] = shapely.polygons(_rings(geometry[ring]))
    bad = ~shapely.is_missing(geometry) & ~shapely.is_valid(geometry)
    if bad.any():
        geometry[bad] = shapely.make_valid(geometry[bad])
    frame["geometry"] = geometry
    if points:
        frame["edited"] = frame["edited"].astype("float64")
        area = ~shapely.is_missing(geometry)
        inside = shapely.point_on_surface(geometry[area])
        for axis, get in (("lon", shapely.get_x), ("lat", shapely.get_y)):
            values = frame[axis].to_numpy().astype(float)
            values[area] = get(inside)
            frame[axis] = values
    return frame


def _rings(lines: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    coordinates, index = shapely.get_coordinates(lines, return_index=True)
    return np.asarray(shapely.linearrings(coordinates, indices=index))
