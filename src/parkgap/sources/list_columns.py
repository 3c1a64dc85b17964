"""What the bureaus' lists have in common: columns, and what their cells may refer to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from parkgap.list_keys import CENTRE, CENTRE_NAMES, BusLinesTable
from parkgap.sources import cells as read
from parkgap.sources import checks, places
from parkgap.sources.headings import plain
from parkgap.sources.reading import sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from parkgap.list_keys import ListedTable, ShuttlesTable
    from parkgap.sources.report import Cells
    from parkgap.standard import Standard

REMOVED = "removed"
_STATUS = {
    "existing": (
        *("existing", "open", "现有", "已建成", "建成", "已建", "运营", "运营中", "营业", "营业中"),
        *("在用", "正常", "已投用", "已启用", "開業", "存续", "在营"),
    ),
    "under_construction": ("under construction", "在建", "建设中", "施工中", "已开工", "装修中"),
    "planned": ("planned", "规划", "规划中", "拟建", "筹建", "筹建中", "未开工", "待建", "計畫"),
    REMOVED: ("removed", "closed", "已拆除", "拆除", "关闭", "已关闭", "停业", "注销", "已注销"),
}
_STATUS_OF = {plain(name): status for status, names in _STATUS.items() for name in names}
_PUBLIC = frozenset(
    map(plain, ("public", "公共", "公开", "对外", "对外开放", "社会开放", "向社会开放", "开放"))
)
_OWNER = re.compile(r"(park|enterprise|园区|企业)[:：]\s*(.+)", re.IGNORECASE)
MOST = 1_000_000.0
_MOST_ORDER = 10_000.0
_NOWHERE = "缺少坐标，不能定位，未计入 / no coordinates; cannot be placed; not counted"
_BY_NAME = "缺少坐标，只能按名称核对 / no coordinates; can be matched by name only"


@dataclass(frozen=True)
class Known:
    """What rows of a list may refer to.

    Attributes
    ----------
    items
        Folded ids and names of the standard's items, to their ids; None: not checked.
    parks, enterprises
        Ids; None: not checked.
    """

    items: Mapping[str, str] | None = None
    parks: frozenset[str] | None = None
    enterprises: frozenset[str] | None = None

    @classmethod
    def of(
        cls,
        standard: Standard | None = None,
        parks: pd.DataFrame | None = None,
        enterprises: pd.DataFrame | None = None,
    ) -> Known:
        """Gather ids and names from the standard and the tables that were read."""
        items = None
        if standard is not None:
            items = {plain(n): i.id for i in standard.items for n in (i.id, i.zh, i.en)}
        return cls(
            items=items,
            parks=None if parks is None else frozenset(parks["park_id"]),
            enterprises=None if enterprises is None else frozenset(enterprises["enterprise_id"]),
        )

    def with_centres(self) -> Known:
        """Let a list of facilities name official neighbourhood centres besides the items."""
        if self.items is None:
            return self
        return replace(self, items={plain(n): CENTRE for n in CENTRE_NAMES} | dict(self.items))


def listed(table: Cells, source: ListedTable, known: Known) -> dict[str, list[object]]:
    """Read the columns that facilities and projects share."""
    lon, lat = positions(table, source)
    return {
        "name": list(table.read("name", read.text)),
        "lon": lon.tolist(),
        "lat": lat.tolist(),
        "access": list(accesses(table, known)),
        "status": [s or "existing" for s in table.read("status", status_of)],
        "open_date": list(table.read("open_date", read.day)),
        "hours": list(table.read("hours", read.known)),
        "seats": checks.amounts(table, "seats", MOST, unit="seats").tolist(),
        "source": list(sources(table)),
    }


def positions(
    table: Cells, source: ListedTable | ShuttlesTable | BusLinesTable
) -> tuple[checks.Floats, checks.Floats]:
    """Read positions; rows without one are said."""
    lon, lat = places.positions(table, source, required=False)
    places.abroad(table, lon, lat, None)
    errors = {problem.row for problem in table.report.errors}
    missing = [i for i in np.flatnonzero(np.isnan(lon)) if table.raw.rows[i] not in errors]
    if missing and not any(p.row is None for p in table.report.errors):
        table.report.warning(
            _BY_NAME if isinstance(source, BusLinesTable) else _NOWHERE,
            value=f"{len(missing)} × : {', '.join(str(table.raw.rows[i]) for i in missing)}",
            remedy="填写经纬度 / fill in longitude and latitude",
        )
    return lon, lat


def row_ids(table: Cells) -> list[str | None]:
    """Read the column ``id``, else take names; a name that repeats is told apart by its place."""
    if "id" in table:
        return checks.ids(table)
    names = table.read("name", read.text, required=True)
    found = checks.named(table, names)
    checks.duplicates(table, "name", found)
    return found


def accesses(table: Cells, known: Known) -> list[str]:
    """Read to whom a place is open; ``public`` where nothing is said."""
    return [a or "public" for a in table.read("access", partial(_access, known=known))]


def _access(cell: object, known: Known) -> str | None:
    said = read.text(cell)
    if said is None:
        return None
    if plain(said) in _PUBLIC:
        return "public"
    match = _OWNER.fullmatch(said)
    if match is not None:
        of_park = match[1].casefold() in {"park", "园区"}
        ids = known.parks if of_park else known.enterprises
        key = match[2].strip()
        if ids is None or key in ids:
            return f"{'park' if of_park else 'enterprise'}:{key}"
        raise read.CellError(
            "查无此园区或企业 / no such park or enterprise",
            "编号须与园区表、企业表一致 / "
            "the id must be one of the tables of parks and enterprises",
            "改正编号 / correct the id",
        )
    raise read.CellError(
        "不认识的开放范围 / unknown access",
        "public, park:ID, enterprise:ID",
        "写作 公共、园区:编号 或 企业:编号 / write public, park:ID or enterprise:ID",
    )


def status_of(cell: object) -> str | None:
    """Read how far a place has come: existing, under_construction, planned or `REMOVED`."""
    said = read.text(cell)
    if said is None:
        return None
    status = _STATUS_OF.get(plain(said))
    if status is None:
        raise read.CellError(
            "不认识的状态 / unknown status",
            ", ".join(_STATUS),
            "写作 现有、在建、规划 或 已拆除 / write one of the four",
        )
    return status


def item_of(cell: object, known: Known) -> str | None:
    """Read an item by its id or one of its names."""
    said = read.text(cell)
    if said is None or known.items is None:
        return said
    if plain(said) in known.items:
        return known.items[plain(said)]
    raise read.CellError(
        "标准中查无此指标 / no such item in the standard",
        "parkgap standard show",
        "写指标编号或名称，如 canteen_or_meal / write an item's id or name",
    )


def orders(table: Cells, lines: Sequence[object]) -> list[float]:
    """Read the column ``order``; without it, stops of a line stand in the order of the rows."""
    if "order" in table:
        found = checks.amounts(table, "order", _MOST_ORDER, unit="", required=True)
        checks.duplicates(table, "order", list(zip(lines, found.tolist(), strict=True)))
        return [float(n) for n in found]
    counts: dict[object, int] = {}
    order = []
    for line in lines:
        counts[line] = counts.get(line, 0) + 1
        order.append(float(counts[line]))
    return order
