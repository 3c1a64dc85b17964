"""Read where something may be built, and what it costs."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from parkgap import frames
from parkgap.sources import cells as read
from parkgap.sources import checks, places
from parkgap.sources.headings import plain
from parkgap.sources.list_columns import item_of
from parkgap.sources.reading import Columns, Reader, sources

if TYPE_CHECKING:
    from parkgap.siting_keys import CostsTable, LandTable
    from parkgap.sources.list_columns import Known
    from parkgap.sources.report import Cells

PLOT, BUILDING = "plot", "building"
_KINDS = {
    PLOT: ("plot", "land", "地块", "土地", "空地", "闲置土地", "宗地", "用地"),
    BUILDING: ("building", "建筑", "楼宇", "房屋", "厂房", "现有建筑", "闲置建筑", "商铺"),
}
_KIND_OF = {plain(name): kind for kind, names in _KINDS.items() for name in names}
_APART = re.compile(r"[;；、,，|]+")
_MOST_M2 = 1e8
_MOST_YUAN = 1e12


def _land(table: Cells, source: LandTable, known: Known) -> Columns:
    """Read plots and buildings; one without a position is an error."""
    lon, lat = places.positions(table, source, required=True)
    places.abroad(table, lon, lat, None)
    return {
        "land_id": checks.ids(table),
        "name": table.read("name", read.text),
        "kind": [k or PLOT for k in table.read("kind", _kind)],
        "items": [i or [] for i in table.read("items", partial(_items, known=known))],
        "area_m2": checks.amounts(table, "area_m2", _MOST_M2, unit="m2"),
        "lon": lon,
        "lat": lat,
        "source": sources(table),
    }


read_land: Reader[LandTable, Known] = Reader("land", frames.LAND, ("id",), _land)


def _costs(table: Cells, source: CostsTable, known: Known) -> Columns:
    """Read what a place of each item costs; nothing is free."""
    del source  # costs lie nowhere
    items = table.read("item", partial(item_of, known=known), required=True)
    checks.duplicates(table, "item", items)
    found = {
        "cost": checks.amounts(table, "cost", _MOST_YUAN, unit="yuan", required=True),
        "capacity": checks.amounts(table, "capacity", checks.MOST_WORKERS, unit="persons"),
    }
    for field, values in found.items():
        for i in np.flatnonzero(values == 0).tolist():
            table.error(
                i,
                field,
                "不能为 0 / may not be 0",
                rule="> 0",
                remedy="填写实际数值；未知的留空或删去该行 / "
                "fill in the figure; leave what is unknown empty, or delete the row",
            )
    return {"item": items, **found, "source": sources(table)}


read_costs: Reader[CostsTable, Known] = Reader("costs", frames.COSTS, ("item", "cost"), _costs)


def _kind(cell: object) -> str | None:
    said = read.text(cell)
    if said is None:
        return None
    kind = _KIND_OF.get(plain(said))
    if kind is None:
        raise read.CellError(
            "不认识的类型 / unknown kind",
            "plot, building",
            "写作 地块 或 建筑 / write plot or building",
        )
    return kind


def _items(cell: object, known: Known) -> list[str] | None:
    said = read.text(cell)
    if said is None:
        return None
    # An item may be named in full, with a mark in its name.
    if known.items is not None and plain(said) in known.items:
        return [known.items[plain(said)]]
    parts = [part.strip() for part in _APART.split(said) if part.strip()]
    return sorted({item for part in parts if (item := item_of(part, known)) is not None})
