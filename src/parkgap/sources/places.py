"""Where the rows of a table lie: in columns, in one column of pairs, as WKT, or as a layer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.sources import cells as read
from parkgap.sources import regions, shapes
from parkgap.sources.headings import name_them

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from parkgap.source_keys import Table
    from parkgap.sources.report import Cells

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

_SRID = re.compile(r"\s*SRID=(\d+);", re.IGNORECASE)
_BORDER = 2.0  # degrees around the parks in which no country is told from another
_ENOUGH = 0.5  # share of rows with a position at which the others are forgotten, not wrong


def from_wkt(table: Cells) -> None:
    """Turn a column of WKT into the table's geometry; what cannot be read is noted."""
    at = table.places["wkt"]
    texts = [read.text(cell) for cell in table.raw.columns[at]]
    srids = {m[1] if (m := _SRID.match(t)) else None for t in texts if t is not None}
    bare = np.array([None if t is None else _SRID.sub("", t) for t in texts], dtype=object)
    found = np.asarray(shapely.from_wkt(bare, on_invalid="ignore"), dtype=object)
    for i, said in enumerate(texts):
        if said is not None and found[i] is None:
            table.noted.add(i)
            table.error(
                i,
                "wkt",
                "不是有效的 WKT / not valid WKT",
                rule="POINT(120.1 36.0), POLYGON((…))",
                remedy="重新导出该列 / export the column again",
            )
    own = srids.pop() if len(srids) == 1 else None
    table.raw = replace(table.raw, geometry=found, crs=None if own is None else f"EPSG:{own}")


def positions(
    table: Cells, source: Table, *, required: bool, spare: bool = False
) -> tuple[Floats, Floats]:
    """Read positions in WGS-84 degrees; shape (n,).

    A polygon stands for a point inside it.  Nan: the row has no position (an error where
    `required`; where `spare`, and at least half of the rows have one, the row is left out with
    a warning).
    """
    n = len(table)
    nothing = np.full(n, np.nan)
    if table.raw.geometry is not None:
        crs = shapes.system(table, source)
        if crs is None:
            return nothing, nothing
        points = shapely.point_on_surface(
            shapes.areas(table, table.raw.geometry, crs, required=required)
        )
        return shapely.get_x(points), shapely.get_y(points)
    given = _given(table, required=required)
    if given is None:
        return nothing, nothing
    lon, lat = given
    _note_missing(table, lon, lat, required=required, spare=spare)
    if np.isnan(lon).all():
        return nothing, nothing
    crs = shapes.system(table, source)
    return (nothing, nothing) if crs is None else shapes.points(table, lon, lat, crs)


def _given(table: Cells, *, required: bool) -> tuple[Floats, Floats] | None:
    """Read coordinates as they are given; None where there are no columns of them."""
    missing = [field for field in ("lon", "lat") if field not in table]
    if missing and "lonlat" in table:
        pairs = [p or (np.nan, np.nan) for p in table.read("lonlat", read.pair)]
        both = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        return both[:, 0], both[:, 1]
    if missing:
        if required or len(missing) == 1:
            table.report.error(
                "缺少经纬度列 / there are no columns of longitude and latitude",
                rule=", ".join(missing),
                remedy=name_them(table.raw, "lon", "lat"),
            )
        return None
    lon, lat = (table.numbers(axis, partial(read.angle, axis=axis)) for axis in ("lon", "lat"))
    return lon, lat


def _note_missing(table: Cells, lon: Floats, lat: Floats, *, required: bool, spare: bool) -> None:
    """Note rows without coordinates: as errors, or as left out."""
    fields = ("lonlat",) if "lon" not in table or "lat" not in table else ("lon", "lat")
    lacking = np.flatnonzero(np.isnan(lon) | np.isnan(lat))
    spare = spare and len(lacking) <= _ENOUGH * len(lon)
    faulty, places = table.raw.faulty, table.places
    for i in lacking.tolist():
        empty = [
            f
            for f in fields
            if read.known(table.values(f)[i]) is None and (i, places[f]) not in faulty
        ]
        if spare and len(empty) == len(fields):
            table.left_out.add(i)
            shown = "name" if "name" in table else "id"
            table.warning(
                i,
                shown,
                "缺少坐标，未落图、未评估 / no coordinates: not placed and not judged",
                remedy="填写经纬度 / fill in longitude and latitude",
            )
        elif empty and (required or len(empty) < len(fields)):
            table.error(
                i, empty[0], "缺少坐标 / no coordinates", remedy="填写经纬度 / fill them in"
            )


def abroad(table: Cells, lon: Floats, lat: Floats, parks: pd.DataFrame | None) -> None:
    """Note rows that lie at sea, or in another country than the parks, by name.

    Parameters
    ----------
    lon, lat
        WGS-84 degrees, shape (n,); nan: the row has no position.
    parks
        Schema ``frames.PARKS``; None: the rows are the parks themselves.
    """
    given = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if not len(given):
        return
    x, y = lon[given], lat[given]
    names, sea = regions.whereabouts(x, y)
    home_x, home_y, home_names = x, y, names
    if parks is not None:
        boxes = shapely.bounds(np.asarray(parks["geometry"].to_numpy(), dtype=object))
        boxes = boxes[~np.isnan(boxes).any(axis=1)]
        home_x, home_y = boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)
        home_names, _ = regions.whereabouts(home_x, home_y)
    home = _majority(home_names)
    far = np.zeros(len(x), dtype=bool)
    if len(home_x):
        # Close to the parks no border is drawn: the tables are too coarse for that.
        far = np.abs(x - np.median(home_x)) > _BORDER + np.ptp(home_x) * (parks is not None)
        far |= np.abs(y - np.median(home_y)) > _BORDER + np.ptp(home_y) * (parks is not None)
    shown = next((f for f in ("lon", "lonlat", "wkt") if f in table), "geometry")
    for at in np.flatnonzero(sea | (far & np.array([n not in {None, home} for n in names]))):
        zh, en = str(names[at]).split(" / ")
        if sea[at]:
            what = f"坐标落在海里：{zh} / the point lies at sea: {en}"
        elif home is None:
            continue
        else:
            at_home = home.split(" / ")
            what = f"坐标落在{zh}，园区在{at_home[0]} / "
            what += f"the point lies in {en}, the parks in {at_home[1]}"
        table.error(
            int(given[at]),
            shown,
            what,
            remedy="核对坐标、坐标系，以及经纬度是否颠倒 / "
            "check the coordinates, crs, and whether longitude and latitude are swapped",
        )


def _majority(names: Sequence[str | None]) -> str | None:
    """Name where more than half of the points lie, else None."""
    if not names:
        return None
    name, count = Counter(names).most_common(1)[0]
    return name if 2 * count > len(names) else None


def near(
    table: Cells,
    park_ids: Sequence[str | None],
    geometry: Shapes,
    parks: pd.DataFrame | None,
    limit_m: float,
) -> None:
    """Warn of rows that lie farther than `limit_m` from their park; swapped points are errors."""
    if parks is None:
        return
    number = {key: k for k, key in enumerate(parks["park_id"])}
    outlines = np.asarray(parks["geometry"].to_numpy(), dtype=object)
    of = np.array([number.get(key or "", -1) for key in park_ids], dtype=np.int64)
    usable = (of >= 0) & ~shapely.is_missing(geometry)
    usable[usable] &= ~shapely.is_missing(outlines[of[usable]])
    bounds = shapely.bounds(geometry)
    usable &= ~np.isnan(bounds).any(axis=1)
    if not usable.any():
        return
    flat = geo.project(outlines)  # each park once, however many rows it has
    usable[usable] = _may_be_far(bounds[usable], shapely.bounds(flat)[of[usable]], limit_m)
    k = geo.scale((bounds[usable, 1] + bounds[usable, 3]) / 2)
    metres = np.zeros(len(of))
    metres[usable] = shapely.distance(geo.project(geometry[usable]), flat[of[usable]]) * k
    for i in np.flatnonzero(metres > limit_m).tolist():
        if _swapped_is_near(geometry[i], outlines[of[i]], limit_m):
            table.error(
                i,
                next((f for f in ("lon", "lonlat") if f in table), "geometry"),
                "经度和纬度颠倒了 / longitude and latitude are swapped",
                remedy="对调经度列与纬度列 / swap the two columns",
            )
            continue
        table.report.warning(
            "位置离所属园区很远 / it lies far from its park",
            row=table.raw.rows[i],
            value=f"{park_ids[i]}: {metres[i]:.0f} m",
            rule=f"≤ {limit_m:.0f} m",
            remedy="核对坐标、坐标系和园区编号 / check coordinates, crs and park id",
        )


def _may_be_far(boxes: Floats, parks: Floats, limit_m: float) -> npt.NDArray[np.bool_]:
    """Tell which rows can lie beyond the limit: some corner of theirs is far from some of the park.

    Parameters
    ----------
    boxes
        Bounds of the rows, WGS-84 degrees, shape (n, 4).
    parks
        Bounds of the park of each row, Mercator metres, shape (n, 4).
    """
    west, south = geo.mercator(boxes[:, 0], boxes[:, 1])
    east, north = geo.mercator(boxes[:, 2], boxes[:, 3])
    across = np.maximum(parks[:, 2] - west, east - parks[:, 0])
    along = np.maximum(parks[:, 3] - south, north - parks[:, 1])
    far: npt.NDArray[np.bool_] = np.hypot(across, along) > limit_m
    return far


def _swapped_is_near(shape: shapely.Geometry, park: shapely.Geometry, limit_m: float) -> bool:
    x, y = shapely.get_x(shape), shapely.get_y(shape)
    if np.isnan(x) or abs(x) > 85:  # noqa: PLR2004 - beyond it there is no Mercator
        return False
    swapped = np.array([shapely.Point(y, x)], dtype=object)
    return bool(shapes.metres_to(swapped, np.array([park], dtype=object))[0] <= limit_m)
