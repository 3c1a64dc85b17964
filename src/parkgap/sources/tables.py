"""Read the office's tables of parks, gates, enterprises, residences and shifts.

A table is taken whole or refused whole: every row that cannot be right is named, with file,
sheet, row, column, value, rule and remedy, and none is dropped.  What is odd but usable
comes back as warnings beside the frame.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import shapely

from parkgap import frames
from parkgap.sources import cells as read
from parkgap.sources import checks, places, shapes
from parkgap.sources.headings import name_them, usual_headings
from parkgap.sources.reading import Columns, Read, Reader, Told, finish, open_table, sources
from parkgap.sources.report import Cells, texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    import pandas as pd

    from parkgap.source_keys import (
        EnterprisesTable,
        GatesTable,
        ParksTable,
        ResidencesTable,
        ShiftsTable,
    )

__all__ = [
    "is_made_up",
    "read_enterprises",
    "read_gates",
    "read_parks",
    "read_residences",
    "read_shifts",
    "texts",
]

MADE_UP = ("made up", "虚构")
MOST_HECTARES = 100_000.0  # 1000 km²; more are most likely mu or square metres
_MOST_FLOOR = 1e9  # square metres: 1000 km² of floor
NEAR_PARK_M = 500.0  # gates and enterprises farther from their park are odd
NEAR_HOME_M = 50_000.0  # residences farther from the park are odd

KINDS = {
    "dormitory": ("dormitory", "宿舍", "职工宿舍", "员工宿舍", "集体宿舍", "員工宿舍", "dorm"),
    "public_rental": (
        *("public_rental", "public rental", "公租房", "公共租赁住房", "保障性租赁住房"),
        *("保租房", "蓝领公寓"),
    ),
    "talent_apartment": ("talent_apartment", "talent apartment", "人才公寓", "人才住房"),
    "other": ("other", "其他", "其它", "自有住房", "自购房", "租房", "市场租赁", "村居"),
}
_KIND_OF = {name.casefold(): kind for kind, names in KINDS.items() for name in names}


def is_made_up(*tables: pd.DataFrame) -> bool:
    """Tell whether any row of the tables says that it is made up."""
    return any(
        frame[column].dropna().astype(str).str.contains("|".join(MADE_UP), case=False).any()
        for frame in tables
        for column in ("source", "headcount_basis")
        if column in frame.columns and len(frame)
    )


def read_parks(source: ParksTable, *, root: Path, told: Told = None) -> Read:
    """Read the parks.

    A park without an id takes its name as id.  A park given as a point becomes a circle of
    its area, or of 150 m radius where none is given, and a warning says so.

    Parameters
    ----------
    source
        The section ``[parks]``, with a file.
    root
        The study's folder.

    Returns
    -------
    frame
        Schema ``frames.PARKS``; geometry in WGS-84.
    warnings
        What the user should know.

    Raises
    ------
    TableError
        Everything that is wrong with the table.
    ValueError
        The parks are to come from OpenStreetMap.
    """
    if source.file is None:
        raise ValueError("parks come from OpenStreetMap here, not from a table")
    table = open_table(source.file, source, root, "parks", (), told)
    if "id" not in table and "name" not in table:
        table.report.error(
            "编号列和名称列都缺 / there is neither a column of ids nor one of names",
            remedy=name_them(table.raw, "id", "name"),
        )
    if not len(table):
        table.report.error(
            "表中一个园区也未列 / the table holds no park", remedy="填写园区 / fill it in"
        )
    geometry = _park_shapes(table, source)
    names = table.read("name", read.text)
    ids = checks.park_ids(table, names)
    workers = checks.headcounts(table, required=False)
    columns = {
        "park_id": ids,
        "name": [name or key for name, key in zip(names, ids, strict=True)],
        **{f: table.read(f, read.known) for f in ("zone", "district", "subdistrict")},
        "workers": workers,
        "headcount_basis": table.read("headcount_basis", read.known),
        "headcount_date": table.read("headcount_date", read.day),
        "source": sources(table),
        "geometry": geometry,
        **_land(table),
    }
    frame, warnings = finish(frames.PARKS, columns, table)
    frame.attrs["unplaced"] = tuple((ids[i], names[i]) for i in sorted(table.left_out))
    return frame, warnings


def _land(table: Cells) -> dict[str, npt.NDArray[np.float64]]:
    """Read land and floor area of parks, and what of them is for administration and living."""
    found = {
        field: checks.amounts(table, field, most, unit=unit)
        for field, most, unit in (
            *(("site_ha", MOST_HECTARES, "ha"), ("support_ha", MOST_HECTARES, "ha")),
            *(("floor_m2", _MOST_FLOOR, "m2"), ("support_floor_m2", _MOST_FLOOR, "m2")),
        )
    }
    for part, whole in (("support_ha", "site_ha"), ("support_floor_m2", "floor_m2")):
        checks.not_more(table, part, found[part], whole, found[whole])
    return found


def park_keys(source: ParksTable, *, root: Path) -> pd.DataFrame:
    """Read no more than ids and names of a table of parks that is otherwise wrong.

    So that the other tables can be checked all the same.

    Returns
    -------
    Frame of schema ``frames.PARKS``, unchecked, without places and headcounts.

    Raises
    ------
    TableError
        The file cannot be opened.
    ValueError
        The parks are to come from OpenStreetMap.
    """
    if source.file is None:
        raise ValueError("parks come from OpenStreetMap here, not from a table")
    table = open_table(source.file, source, root, "parks", (), None)
    names = table.read("name", read.text)
    ids = checks.park_ids(table, names)
    rows = [(key, name or key) for key, name in zip(ids, names, strict=True) if key]
    return frames.PARKS.frame(
        {
            "park_id": [key for key, _ in rows],
            "name": [name for _, name in rows],
            "workers": [np.nan] * len(rows),
            "geometry": [None] * len(rows),
            "source": [source.file] * len(rows),
            **{
                c.name: [None] * len(rows)
                for c in frames.PARKS.columns
                if c.nullable and c.name != "workers"
            },
        }
    ).drop_duplicates("park_id", ignore_index=True)


def _gates(table: Cells, source: GatesTable, parks: pd.DataFrame | None) -> Columns:
    """Read gates of parks; a gate far from its park is a warning."""
    park_ids = checks.known_parks(table, parks)
    lon, lat = places.positions(table, source, required=True)
    places.abroad(table, lon, lat, parks)
    places.near(table, park_ids, shapes.spots(lon, lat), parks, NEAR_PARK_M)
    return {
        "gate_id": checks.ids(table),
        "park_id": park_ids,
        "name": table.read("name", read.text),
        "lon": lon,
        "lat": lat,
        "source": sources(table),
    }


read_gates = Reader("gates", frames.GATES_GIVEN, ("id", "park_id"), _gates)


def _enterprises(table: Cells, source: EnterprisesTable, parks: pd.DataFrame | None) -> Columns:
    """Read enterprises; one far from its park, or more workers than the park's, is a warning."""
    park_ids = checks.known_parks(table, parks)
    lon, lat = places.positions(table, source, required=False)
    places.abroad(table, lon, lat, parks)
    places.near(table, park_ids, shapes.spots(lon, lat), parks, NEAR_PARK_M)
    workers = checks.headcounts(table, required=True)
    checks.sums(table, park_ids, workers, parks)
    return {
        "enterprise_id": checks.ids(table),
        "park_id": park_ids,
        "name": table.read("name", read.text),
        "workers": workers,
        "lon": lon,
        "lat": lat,
        "source": sources(table),
        **_staff(table, workers),
    }


read_enterprises = Reader(
    "enterprises", frames.ENTERPRISES, ("id", "park_id", "workers"), _enterprises
)


def _staff(table: Cells, workers: npt.NDArray[np.float64]) -> dict[str, object]:
    """Read what a table of enterprises says of its people besides their number."""
    people = {
        field: checks.amounts(table, field, checks.MOST_WORKERS, unit=unit)
        for field, unit in (
            *(("dispatched", "persons"), ("peak", "persons"), ("canteen_seats", "seats")),
            *(("beds_own", "beds"), ("beds_occupied", "beds"), ("lodging_need", "persons")),
        )
    }
    checks.not_more(table, "dispatched", people["dispatched"], "workers", workers)
    checks.not_more(table, "lodging_need", people["lodging_need"], "workers", workers)
    checks.not_more(table, "beds_occupied", people["beds_occupied"], "beds_own", people["beds_own"])
    texts_ = ("address", "peak_months", "canteen_hours")
    return {**people, **{field: table.read(field, read.known) for field in texts_}}


def _residences(table: Cells, source: ResidencesTable, parks: pd.DataFrame | None) -> Columns:
    """Read where workers live: points or polygons; one residence may house several parks'."""
    park_ids = checks.known_parks(table, parks)
    if table.raw.geometry is None:
        lon, lat = places.positions(table, source, required=True)
        geometry = shapes.spots(lon, lat)
    else:
        crs = shapes.system(table, source)
        nothing = np.full(len(table), None, dtype=object)
        geometry = nothing if crs is None else shapes.areas(table, table.raw.geometry, crs)
    places.abroad(table, *shapes.middles(geometry), parks)
    places.near(table, park_ids, geometry, parks, NEAR_HOME_M)
    workers = checks.headcounts(table, required=True)
    checks.sums(table, park_ids, workers, parks)
    return {
        "residence_id": checks.ids(table, beside=park_ids),
        "park_id": park_ids,
        "name": table.read("name", read.text),
        "kind": table.read("kind", kind, required=True),
        "workers": workers,
        "geometry": geometry,
        "source": sources(table),
    }


read_residences = Reader(
    "residences", frames.RESIDENCES, ("id", "park_id", "kind", "workers"), _residences
)


def _shifts(
    table: Cells,
    source: ShiftsTable,
    parks: pd.DataFrame | None,
    *,
    firms: pd.DataFrame | None,
) -> Columns:
    """Read shifts; 24:00 is midnight (00:00), and 22:00 to 06:00 crosses it.

    Shares of a park or enterprise that do not sum to 1 are an error.
    """
    park_ids = checks.known_parks(table, parks)
    firm_ids = table.read("enterprise_id", read.text)
    checks.known_firms(table, firm_ids, park_ids, firms)
    whose = list(zip(park_ids, (key or "" for key in firm_ids), strict=True))
    names = table.read("shift", read.text, required=True)
    shares = table.read("share", read.share, required=True)
    start, end = _start_and_end(table)
    times: dict[str, Sequence[object]] = {
        "start": start,
        "end": end,
        "break_start": table.read("break_start", read.clock),
        "break_minutes": table.read("break_minutes", read.number),
    }
    keys = ((*who, name) for who, name in zip(whose, names, strict=True))
    checks.duplicates(table, "shift", list(keys))
    checks.shift_names(table, names)
    checks.shift_times(table, times)
    checks.shift_shares(table, whose, shares)
    return {
        "park_id": park_ids,
        "enterprise_id": firm_ids,
        "shift": names,
        **times,
        "share": shares,
        "workdays": table.read("workdays", read.workdays),
        "source": sources(table),
    }


def shifts_reader(firms: pd.DataFrame | None) -> Reader[ShiftsTable, pd.DataFrame | None]:
    """Make the reader of shifts, which may be those of enterprises.

    Parameters
    ----------
    firms
        Frame of :data:`parkgap.frames.ENTERPRISES`; None: nobody knows which there are.
    """
    needed = ("park_id", "shift", "share")
    return Reader("shifts", frames.SHIFTS, needed, partial(_shifts, firms=firms))


read_shifts = shifts_reader(None)


def _start_and_end(table: Cells) -> tuple[list[str | None], list[str | None]]:
    """Read when shifts start and end: two columns, or one of stretches (22:00-06:00)."""
    if "hours" in table and not {"start", "end"} <= set(table.places):
        spans = [s or (None, None) for s in table.read("hours", read.span, required=True)]
        return [start for start, _ in spans], [end for _, end in spans]
    for field in ("start", "end"):
        if field not in table:
            table.report.error(
                f"缺少必需的列 {field} / the column {field} is not there",
                rule=usual_headings("shifts", field),
                remedy=name_them(table.raw, field),
            )
    start, end = (table.read(field, read.clock, required=True) for field in ("start", "end"))
    return start, end


def kind(cell: object) -> str | None:
    said = read.text(cell)
    if said is None:
        return None
    found = _KIND_OF.get(said.casefold())
    if found is None:
        raise read.CellError(
            "不认识的居住类型 / unknown kind of residence",
            ", ".join(KINDS),
            "写作 宿舍、公租房、人才公寓 或 其他 / write one of the four",
        )
    return found


def _park_shapes(table: Cells, source: ParksTable) -> npt.NDArray[np.object_]:
    """Bring the parks' outlines to WGS-84; points become circles, with a warning."""
    if table.raw.geometry is None:
        lon, lat = places.positions(table, source, required=True, spare=True)
        found = shapes.spots(lon, lat)
    else:
        crs = shapes.system(table, source)
        found = np.full(len(table), None, dtype=object)
        if crs is not None:
            found = shapes.areas(table, table.raw.geometry, crs)
        lon, lat = shapely.get_x(found), shapely.get_y(found)
    places.abroad(table, *shapes.middles(found), None)
    at = np.flatnonzero(~np.isnan(lon))
    if not len(at):
        return found
    hectares = _hectares(table)
    sensible = (hectares > 0) & (hectares <= MOST_HECTARES)
    for i in at[~sensible[at] & ~np.isnan(hectares[at])]:
        table.error(
            int(i),
            "area_ha",
            "面积不合理 / an absurd area",
            rule=f"0 < ha ≤ {MOST_HECTARES:,.0f}",
            remedy="填写公顷数（1 平方公里 = 100 公顷） / give hectares (1 km² is 100 ha)",
        )
    radius = shapes.radius_of(np.where(sensible, hectares, np.nan))
    radius = np.where(np.isnan(radius), shapes.POINT_RADIUS_M, radius)
    found[at] = shapes.circles(lon[at], lat[at], radius[at])
    table.report.warning(
        "园区只有点位，按面积（无面积则按半径 150 米）画圆代替边界 / parks given as points; "
        "circles of their area (150 m radius where none is given) stand for their outlines",
        value=len(at),
        remedy="提供园区边界（面） / give their outlines as polygons",
    )
    return found


def _hectares(table: Cells) -> npt.NDArray[np.float64]:
    """Read areas of parks given as points; what says no number, or 0, is unknown, and said."""
    found = np.full(len(table), np.nan)
    for i, cell in enumerate(table.values("area_ha")):
        try:
            value = read.number(cell)
        except read.CellError:
            value = 0.0
        if value == 0 and i not in table.left_out:
            table.warning(
                i,
                "area_ha",
                "面积读不出或为 0，按未知处理 / the area is 0 or no number; taken as unknown",
                remedy="填写公顷数 / give hectares",
            )
        elif value is not None:
            found[i] = value
    return found
