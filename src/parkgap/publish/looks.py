"""How cells of the workbook look: formats of numbers, widths of columns, heights of rows."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parkgap.publish.sheets import Value

INK, RULE, HEAD = "#1F2933", "#D5DAE0", "#E3ECF4"
BOX = {"border": 1, "border_color": RULE}

# Display formats by column; other numbers are shown as they are.
_NUMBERS = {
    **dict.fromkeys(("workers", "workers_lacking_core", "workers_unserved"), "#,##0"),
    **dict.fromkeys(("lodging_need_low", "lodging_need", "lodging_need_high", "housed"), "#,##0"),
    **dict.fromkeys(("beds_allocated", "beds_short", "beds_pipeline", "beds_vacant"), "#,##0"),
    **dict.fromkeys(("workers_lacking", "workers_to_verify", "beds", "seats_day"), "#,##0"),
    **dict.fromkeys(("score", "score_low", "score_high", "score_work", "score_home"), "0.0"),
    **dict.fromkeys(("weight", "weight_unverified", "weight_unconfirmed"), "0.0%"),
    **dict.fromkeys(("tier_share", "ranked_share"), "0.0%"),
    "gain": "#,##0.0",
    **dict.fromkeys(("workers_gained", "workers_served", "cost", "capacity"), "#,##0"),
    "score_gain": "0.00",
    "gap": "0.0%",
    "workers_per_yuan": "0.000000",
    **dict.fromkeys(("lon", "lat"), "0.000000"),
    **dict.fromkeys(("share_300", "share_500", "share_rail"), "0%"),
    **dict.fromkeys(("metres", "minutes"), "#,##0.0"),
    **dict.fromkeys(("index", "index_built", "index_people", "index_streets"), "0.00"),
    **dict.fromkeys(("certainty", "mapped", "fallbacks"), "0.00"),
    **dict.fromkeys(("buildings_ha", "floor_ha", "streets_km", "edit_age"), "#,##0.0"),
    "nearest_m": "#,##0.0",
    "nearest_min": "0.0",
}
# Columns of long text: how wide they may get (in digits) before their lines break.
BROKEN = {
    "capacity_reason": 30,
    "category": 20,
    "cause": 90,
    "clause": 34,
    "department": 22,
    "departure_times": 30,
    "departures_by_hour": 60,
    "duty": 30,
    "enterprise": 26,
    "parks_reached": 40,
    "shared_with": 40,
    "planned_name": 28,
    "short": 60,
    "source": 24,
    "standard": 34,
    "stops": 40,
    "core_missing": 28,
    "evidence": 34,
    "functions_found": 40,
    "functions_missing": 40,
    "functions_unverified": 40,
    "official_name": 26,
    "place_name": 26,
    "item": 26,
    "need_basis": 44,
    "housing_basis": 40,
    "stock_name": 26,
    "figure": 34,
    "meaning": 80,
    "nearest_name": 22,
    "note": 48,
    "park_name": 26,
    "park_ids": 40,
    "reason": 34,
    "reason_unverified": 18,
    "source_doc": 70,
    "source_read": 40,
    "tests": 30,
    "top_gaps": 34,
}
_WIDEST = 22
LINE, MOST_LINES = 16.5, 6  # points; lists of ids may be cut, all else is shown whole
UNMEASURED = frozenset({"evidence"})  # rows do not grow for these


def shape_of(column: str, value: Value) -> dict[str, object]:
    """Choose how a value of a column looks."""
    shape: dict[str, object] = {**BOX, "valign": "vcenter"}
    if isinstance(value, str):
        shape |= {"text_wrap": column in BROKEN, "indent": 1}
    elif column in _NUMBERS:
        shape["num_format"] = _NUMBERS[column]
    if not isinstance(value, str):
        shape |= {"align": "right", "indent": 1}
    return shape


def width_of(column: str, heading: str, cells: Iterable[Value], *, narrow: bool = False) -> float:
    """Give the width of a column, in digits: what its cells need, its heading on two lines.

    On four where it is to be `narrow`.
    """
    longest = max((_span(v) for v in cells), default=0.0)
    head = _span(heading) / (4 if narrow else 2) + 4  # the filter's button takes room too
    return max(min(max(longest + 3, 7.0), float(BROKEN.get(column, _WIDEST))), head)


def lines_of(value: Value, room: float) -> int:
    """Give the lines that a value takes in a column of a width; words break unevenly."""
    return math.ceil(_span(value) / max(room - 2, 1)) or 1


def grow(sheet: Any, row: int, lines: int) -> None:
    """Set the height of a row of several lines; not every program measures them itself."""
    if lines > 1:
        sheet.set_row(row, lines * LINE)


@lru_cache(maxsize=4096)
def _span(value: Value) -> float:
    """Give the room that a value takes, in digits; a Chinese character takes two."""
    if not isinstance(value, str):
        return 0.0 if value is None else float(len(f"{value:,}"))
    if value.isascii():
        return float(len(value))
    return sum(1.9 if unicodedata.east_asian_width(ch) in "WF" else 1.0 for ch in value)
