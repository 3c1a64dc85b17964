"""Read the bureaus' lists: facilities, projects, housing stock, buses, duties.

Like the office's other tables, a list is taken whole or refused with every reason.  A row
without coordinates is kept, and said: it cannot be placed (a bus line can be matched by name), and
what a list could not place it does not prove absent.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from parkgap import frames
from parkgap.errors import InputError, Problem, TableError
from parkgap.list_keys import ITEM_OF_STOCK, lapses
from parkgap.sources import cells as read
from parkgap.sources import checks
from parkgap.sources.headings import plain
from parkgap.sources.list_columns import (
    MOST,
    REMOVED,
    Known,
    accesses,
    item_of,
    listed,
    orders,
    positions,
    row_ids,
    status_of,
)
from parkgap.sources.reading import Columns, Read, Reader, Told, finish, open_table, sources
from parkgap.sources.tables import kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parkgap.list_keys import (
        BusLinesTable,
        Complete,
        FacilitiesTable,
        HousingStockTable,
        ListedTable,
        OwnersTable,
        ProjectsTable,
        ShuttlesTable,
    )
    from parkgap.sources.report import Cells

_TIMES = re.compile(r"[;；、,，/\s]+")


def read_facilities(
    lists: Sequence[FacilitiesTable], *, root: Path, known: Known, told: Told = None
) -> Read:
    """Read the official lists of facilities.

    Parameters
    ----------
    lists
        The sections ``[[facilities]]``.
    known
        What their rows may refer to.

    Returns
    -------
    Frame of schema ``frames.OFFICIAL``: every row of every list, whatever its state; and warnings.

    Raises
    ------
    TableError
        Everything that is wrong with any of them.
    """
    problems: list[Problem] = []
    warnings: list[Problem] = []
    known = known.with_centres()
    found = [frames.OFFICIAL.frame()]
    for source in lists:
        try:
            frame, said = _facilities(source, root, known, told)
        except InputError as error:
            problems.extend(error.problems)
            continue
        warnings += said
        found.append(frame)
    if problems:
        raise TableError(*problems)
    official = pd.concat([f for f in found if len(f)] or found[:1], ignore_index=True)
    return frames.OFFICIAL.check(official), warnings


def complete_lists(
    lists: Sequence[FacilitiesTable],
    official: pd.DataFrame,
    stock: HousingStockTable | None,
    housing: pd.DataFrame,
    *,
    known: Known,
) -> Read:
    """Gather what is declared complete, and can be believed.

    A place that a list names without a position may lie anywhere: of its item the list proves no
    absence.

    Parameters
    ----------
    lists, official
        The sections ``[[facilities]]``, and the rows read from them.
    stock, housing
        The section ``[housing_stock]``, which can only speak of workers' housing, and its rows.
    known
        Gives the items' ids.

    Returns
    -------
    Frame of schema ``frames.COMPLETE``; and a warning for each list that does not prove all.
    """
    declared: list[tuple[ListedTable, Complete, str, bool]] = []
    known = known.with_centres()
    for source in lists:
        if source.complete is None:
            continue
        own = official[official["list_id"] == _list_id(source)]
        lost = set(own.loc[_unplaced(own, own["open_date"], source.complete), "item"])
        of = sorted(set(own["item"])) if source.item is None else [_own_item(source, known)]
        declared += [(source, source.complete, item, item in lost) for item in of]
    if stock is not None and stock.complete is not None:
        item = ITEM_OF_STOCK["dormitory"]
        own = housing[housing["kind"].map(ITEM_OF_STOCK) == item].assign(removed=False)
        lacks = bool(_unplaced(own, own["ready_date"], stock.complete).any())
        declared.append((stock, stock.complete, item, lacks))
    rows = [
        (_list_id(table), item, c.area, c.issuer, c.as_of.isoformat())
        for table, c, item, lacks in declared
        if not lacks
    ]
    columns = {n: [r[i] for r in rows] for i, n in enumerate(frames.COMPLETE.names)}
    unproven: dict[str, tuple[ListedTable, list[str]]] = {}
    for table, _, item, lacks in declared:
        if lacks:
            unproven.setdefault(_list_id(table), (table, []))[1].append(item)
    warnings = [_unproven(table, items) for table, items in unproven.values()]
    return frames.COMPLETE.check(frames.COMPLETE.frame(dict(columns))), warnings


def _unplaced(rows: pd.DataFrame, opens: pd.Series, complete: Complete) -> pd.Series:
    """Rows without a position that may exist on a day on which the declaration holds."""
    there = rows["status"] == "existing"
    last_day = lapses(complete.as_of.isoformat())
    # Of a month or a year the last day counts, as everywhere ("2027": 2027-99-99).
    opened = opens.notna() & ((opens.fillna("") + "-99-99").str.slice(0, 10) <= last_day)
    return rows["lon"].isna() & ~rows["removed"].astype(bool) & (there | opened)


def _unproven(source: ListedTable, items: Sequence[str]) -> Problem:
    """Say for which items a list's declaration proves nothing."""
    return Problem(
        what="清单中有不能定位的设施，其完整性声明对下列指标不作数 / the list names places that "
        "cannot be placed; its declaration of completeness does not hold for these items",
        file=source.file,
        sheet=source.sheet,
        column="complete",
        value=", ".join(items),
        rule="不知所在的设施可能就在近旁，不能判为缺口 / "
        "a place that lies nobody knows where may be near, and is not missing",
        remedy="填写经纬度 / fill in longitude and latitude",
    )


def _list_id(source: ListedTable) -> str:
    return source.file if source.sheet is None else f"{source.file} [{source.sheet}]"


def _own_item(source: FacilitiesTable, known: Known) -> str:
    said = source.item or ""
    return said if known.items is None else known.items.get(plain(said), said)


def _facilities(source: FacilitiesTable, root: Path, known: Known, told: Told) -> Read:
    needed = ("name",) if source.item is not None else ("name", "item")
    table = open_table(source.file, source, root, "facilities", needed, told)
    if source.item is None:
        items = table.read("item", partial(item_of, known=known), required=True)
    else:
        items = [_own_item(source, known)] * len(table)
        if known.items is not None and items and items[0] not in known.items.values():
            table.report.error(
                "标准中查无此指标 / no such item in the standard",
                column="item",
                value=source.item,
                remedy="parkgap standard show",
            )
    columns = listed(table, source, known)
    removed = [
        bool(said) or status == REMOVED
        for said, status in zip(table.read("removed", read.flag), columns["status"], strict=True)
    ]
    status = ["existing" if s == REMOVED else s for s in columns["status"]]
    return finish(
        frames.OFFICIAL,
        {
            "list_id": [_list_id(source)] * len(table),
            "row_id": row_ids(table),
            "item": items,
            **columns,
            "status": status,
            "area_m2": checks.amounts(table, "area_m2", MOST, unit="m2"),
            "removed": removed,
            "project_id": table.read("project_id", read.text),
        },
        table,
    )


def _projects(table: Cells, source: ProjectsTable, known: Known) -> Columns:
    """Read projects under way."""
    return {
        "project_id": checks.ids(table),
        "item": table.read("item", partial(item_of, known=known), required=True),
        **listed(table, source, known),
        "area_m2": checks.amounts(table, "area_m2", MOST, unit="m2"),
        "units": checks.amounts(table, "units", MOST, unit=""),
        "beds": checks.amounts(table, "beds", MOST, unit="beds"),
    }


read_projects = Reader("projects", frames.PROJECTS, ("id", "item", "status"), _projects)


def _housing_stock(table: Cells, source: HousingStockTable, known: Known) -> Columns:
    """Read the stock of housing.

    A vacancy larger than the stock is an error; beds that are not said stay unknown.
    """
    counts = {
        field: checks.amounts(table, field, MOST, unit=field)
        for field in ("units", "beds", "beds_vacant")
    }
    checks.not_more(table, "beds_vacant", counts["beds_vacant"], "beds", counts["beds"])
    lon, lat = positions(table, source)
    return {
        "stock_id": checks.ids(table),
        "name": table.read("name", read.text),
        "provider": table.read("provider", read.known),
        "kind": table.read("kind", kind, required=True),
        **counts,
        "eligible": table.read("eligible", read.known),
        "access": accesses(table, known),
        "status": [s or "existing" for s in table.read("status", status_of)],
        "ready_date": table.read("ready_date", read.day),
        "as_of": table.read("as_of", read.day),
        "lon": lon,
        "lat": lat,
        "source": sources(table),
        **_floor(table),
    }


def _floor(table: Cells) -> dict[str, list[object]]:
    """Read floor areas of housing; what is usable of them is no more."""
    names = ("area_m2", "usable_m2")
    found = {name: checks.amounts(table, name, MOST, unit="m2") for name in names}
    checks.not_more(table, "usable_m2", found["usable_m2"], "area_m2", found["area_m2"])
    return {name: list(values) for name, values in found.items()}


read_housing_stock = Reader("housing_stock", frames.HOUSING_STOCK, ("id", "kind"), _housing_stock)


def _shuttles(table: Cells, source: ShuttlesTable, known: Known) -> Columns:
    """Read shuttle buses, a row a stop."""
    lines = table.read("line", read.text, required=True)
    enterprises = table.read("enterprise_id", read.text)
    for i, key in enumerate(enterprises):
        if key is not None and known.enterprises is not None and key not in known.enterprises:
            table.error(
                i,
                "enterprise_id",
                "企业表中查无此企业 / no such enterprise in the table of enterprises",
                remedy="改正编号，或补充企业表 / correct the id, or add the enterprise",
            )
    lon, lat = positions(table, source)
    order = orders(table, lines)
    return {
        "line": lines,
        "enterprise_id": enterprises,
        "stop": table.read("stop", read.text, required=True),
        "order": order,
        "times": table.read("times", _times, required=True),
        "seats": checks.amounts(table, "seats", 300, unit="seats"),
        "lon": lon,
        "lat": lat,
        "source": sources(table),
    }


read_shuttles = Reader("shuttles", frames.SHUTTLES, ("line", "stop", "times"), _shuttles)


def _times(cell: object) -> str | None:
    said = read.text(cell)
    if not isinstance(cell, str) or said is None:
        return read.clock(cell)
    parts = [part for part in _TIMES.split(said) if part]
    return ";".join(str(read.clock(part)) for part in parts) or None


def _bus_lines(table: Cells, source: BusLinesTable, known: Known) -> Columns:
    """Read timetables of bus lines, a row a stop."""
    del known  # nothing of a bus line refers to another table
    lines = table.read("line", read.text, required=True)
    directions = table.read("direction", read.text)
    headway = checks.amounts(table, "headway", 1440, unit="minutes", required=True)
    for i in np.flatnonzero(headway == 0).tolist():
        table.error(
            i,
            "headway",
            "发车间隔为 0 / the time between departures is 0",
            rule="> 0",
            remedy="填写分钟数 / give minutes",
        )
    lon, lat = positions(table, source)
    return {
        "line": lines,
        "direction": directions,
        "stop": table.read("stop", read.text, required=True),
        "order": orders(table, list(zip(lines, directions, strict=True))),
        "first": table.read("first", read.clock, required=True),
        "last": table.read("last", read.clock, required=True),
        "headway": headway,
        "lon": lon,
        "lat": lat,
        "source": sources(table),
    }


read_bus_lines = Reader(
    "bus_lines", frames.BUS_LINES, ("line", "stop", "first", "last", "headway"), _bus_lines
)


def _owners(table: Cells, source: OwnersTable, known: Known) -> Columns:
    """Read which department answers for which item."""
    items = table.read("item", partial(item_of, known=known), required=True)
    departments = table.read("department", read.text, required=True)
    checks.duplicates(table, "department", list(zip(items, departments, strict=True)))
    return {
        "item": items,
        "department": departments,
        "duty": table.read("duty", read.known),
        "contact": table.read("contact", read.known),
        "source": sources(table),
    }


read_owners = Reader("owners", frames.OWNERS, ("item", "department"), _owners)
