"""``parkgap.xlsx``: the same tables for the office, with headings in the study's language.

Every string is written as a string, never as a formula, number or link; the only links are
those from a park to its page.  The bytes depend on the results alone.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from parkgap.errors import OutputError
from parkgap.frames import COMPARISON, RANKING, ROLLUP, SHORTFALL
from parkgap.publish.beside import (
    Besides,
    duties_grid,
    pipeline_grid,
    shuttles_grid,
    with_departments,
)
from parkgap.publish.cells import clean, formula_like
from parkgap.publish.clusters import clusters_grid, note
from parkgap.publish.competing import capacity_grid
from parkgap.publish.firm import CHECKED, firm_grids, with_checks
from parkgap.publish.housed import housing_grids
from parkgap.publish.html import page_names
from parkgap.publish.notices import whatif_mark
from parkgap.publish.several import comparison_grid, unconfirmed_grid
from parkgap.publish.sheets import (
    changes_grid,
    dictionary_grid,
    notices,
    published,
    source_grids,
    stamp,
    standard_grid,
    summary,
    title,
)
from parkgap.publish.sites import note as sites_note
from parkgap.publish.sites import sites_grids
from parkgap.publish.text import Text
from parkgap.publish.transit import transit_grids
from parkgap.publish.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from parkgap.publish.sheets import Grid, Value
    from parkgap.results import Results

A3, A4 = 8, 9
_LONGEST = 32_000  # Excel holds 32,767 UTF-16 units in a cell
_INK, _RULE, _HEAD, _ALARM, _LINK = "#1F2933", "#D5DAE0", "#E3ECF4", "#B42318", "#0B5CAD"
_BARS = {"score": "#7FB2DC", "short_by": "#F0A35E"}
_BOX = {"border": 1, "border_color": _RULE}

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
    "nearest_m": "#,##0.0",
    "nearest_min": "0.0",
}
# Columns of long text: how wide they may get (in digits) before their lines break.
_BROKEN = {
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
_LINE, _MOST_LINES = 16.5, 6  # points; lists of ids may be cut, all else is shown whole
_UNMEASURED = frozenset({"evidence"})  # rows do not grow for these
_ONE_PAGE = 70  # rows of the summary that are still read when printed on one page
_NOT_PRINTED = ("tests", "evidence")  # the last columns of the lists of gaps


def write_workbook(results: Results, path: Path) -> Path:
    """Write the workbook.

    Sheets: summary, ranking, confirmed gaps, items to verify, the roll-up by area, the
    standard, its sources, and a dictionary of the columns; how firm the ranks are, what they would
    be under each weight set, and how well the surroundings are mapped; and, where the office has
    such lists, what is planned, the shuttle buses, and the duties of departments; and
    public transport, with departures by timetable where the study has one; and what is known of
    capacity.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    options = {
        "in_memory": True,  # its parts then carry a fixed date, and no scratch files are left
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(str(path), options)
    words = Words(Text(results.study.language), results.standard)
    _Sheets(book, results, words).write()
    try:
        book.close()
    except FileCreateError as error:
        if error.args and isinstance(error.args[0], OSError):
            raise error.args[0] from None
        raise OutputError(f"{path}：无法写入 / cannot be written: {error}") from error
    return path


@dataclass(frozen=True)
class _Look:
    """Formats of a cell: for text, for text that looks like a formula, and for numbers."""

    text: Any
    literal: Any
    figure: Any


class _Sheets:
    """Writes the sheets of one workbook; holds its formats and the words of its language."""

    def __init__(self, book: Any, results: Results, words: Words) -> None:
        self.book, self.results, self.words, self.t = book, results, words, words.t
        self._formats: dict[tuple[tuple[str, object], ...], Any] = {}

    def write(self) -> None:
        results, words, t = self.results, self.words, self.t
        properties = {
            "title": title(results),
            "subject": t("notice.screening"),
            "comments": t("notice.odbl"),
            "created": dt.datetime.combine(stamp(results), dt.time()),
        }
        self.book.set_properties(properties)
        self._summary()
        self._ranking()
        short = results.shortfall["status"] == "short"
        self._gaps(t("sheet.shortfall"), results.shortfall[short])
        if not short.all():
            self._gaps(t("workbook.unverified"), results.shortfall[~short])
        rollup = published(ROLLUP, results.rollup, words)
        self._table(t("sheet.rollup"), rollup, A4, bar="short_by", frozen=2)
        lists = self._lists()
        for name, grid in lists:
            sheet = self._table(name, grid, A4, frozen=1)
            if name == t("sheet.standards"):
                below = unconfirmed_grid(results, words)
                self._lay(sheet, len(grid.rows) + 2, below, widths=False)
            elif name in (t("sheet.clusters"), t("sheet.sites")):
                said = note(results, words) if name == t("sheet.clusters") else sites_note(words)
                self._put(sheet, len(grid.rows) + 2, 0, said, {"font_color": _ALARM})
        if results.changes:
            self._table(t("sheet.changes"), changes_grid(results, words), A3, frozen=2)
        standard = standard_grid(results, words)
        self._table(t("workbook.standard"), standard, A3, frozen=2)
        self._sources()
        dictionary = dictionary_grid(
            words,
            lists,
            departments=Besides(results, words).has_owners,
            changes=bool(results.changes),
            checks=CHECKED if len(results.firm.to_check) else (),
        )
        self._table(t("sheet.dictionary"), dictionary, A4)

    def _lists(self) -> list[tuple[str, Grid]]:
        """Give the sheets that not every study has: the office's lists, and what is compared."""
        made = {
            "standards": comparison_grid(self.results, self.words, COMPARISON),
            "clusters": clusters_grid(self.results, self.words),
            **housing_grids(self.results, self.words),
            **sites_grids(self.results, self.words),
            "pipeline": pipeline_grid(self.results, self.words),
            "shuttles": shuttles_grid(self.results, self.words),
            "duties": duties_grid(self.results, self.words),
            **firm_grids(self.results, self.words),
            **transit_grids(self.results, self.words),
            "capacity": capacity_grid(self.results, self.words),
        }
        return [(self.t(f"sheet.{k}"), grid) for k, grid in made.items() if grid is not None]

    # --- sheets ---

    def _summary(self) -> None:
        sheet = self._sheet(self.t("workbook.summary"), A4)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 110)
        self._put(sheet, 0, 0, title(self.results), {"bold": True, "font_size": 16})
        row = 1
        for line in notices(self.results, self.words):
            self._put(sheet, row, 0, line, {"bold": True, "font_color": _ALARM})
            row += 1
        head = {"bold": True, "bg_color": _HEAD}
        for heading, facts in summary(self.results, self.words):
            row += 1
            self._put(sheet, row, 0, heading, head)
            self._put(sheet, row, 1, None, head)
            for label, value in facts:
                row += 1
                shape = {"text_wrap": True, "align": "left", "valign": "top"}
                self._put(sheet, row, 0, label, shape)
                self._put(sheet, row, 1, value, {**shape, "num_format": "#,##0"})
                _grow(sheet, row, max(_lines(label, 30), _lines(value, 110)))
            row += 1
        sheet.fit_to_pages(1, 1 if row < _ONE_PAGE else 0)

    def _ranking(self) -> None:
        frame = self.results.ranking
        grid = published(RANKING, frame, self.words, first=("rank", "park_name"))
        sheet = self._table(self.t("sheet.ranking"), grid, A3, bar="score", frozen=2)
        pages = page_names(self.results.parks["park_id"])
        blue = {**_shape("park_name", ""), "font_color": _LINK, "underline": 1}
        link = self._look(blue, blue)
        for row, (park_id, cells) in enumerate(zip(frame["park_id"], grid.rows, strict=True), 1):
            if cells[1] and park_id in pages:
                name = str(cells[1])[:_LONGEST]
                style = link.literal if formula_like(name) else link.text
                sheet.write_url(row, 1, f"external:parks/{pages[park_id]}", style, name)

    def _gaps(self, name: str, frame: Any) -> None:
        grid = published(SHORTFALL, frame, self.words, first=("priority", "park_name"))
        besides = Besides(self.results, self.words)
        if besides.has_owners:
            grid = with_departments(grid, frame["item"].tolist(), besides)
        if name == self.t("workbook.unverified"):
            grid = with_checks(grid, frame, self.results, self.words)
        sheet = self._table(name, grid, A3, bar="short_by", frozen=2)
        printed = len(grid.ids) - len(_NOT_PRINTED)
        sheet.print_area(0, 0, len(grid.rows), printed - 1)

    def _sources(self) -> None:
        cited, grades = source_grids(self.results, self.words)
        sheet = self._table(self.t("workbook.sources"), cited, A4)
        self._lay(sheet, len(cited.rows) + 2, grades, widths=False)

    # --- layout ---

    def _sheet(self, name: str, paper: int) -> Any:
        sheet = self.book.add_worksheet(name[:31])
        sheet.set_landscape()
        sheet.set_paper(paper)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
        # & begins a code in headers and footers, and 255 characters are Excel's limit
        # and a printed sheet must say by itself that it is a what-if
        named = " ".join([*whatif_mark(self.results.study, self.t), title(self.results)])
        heading = named[:100].replace("&", "&&")
        sheet.set_header(f"&L{heading}&R{name}")
        notice = f"{self.t('notice.screening')}  {self.t('notice.odbl')}"[:180]
        sheet.set_footer(f"&L&8{notice.replace('&', '&&')}&R&8{self.t('workbook.page')}")
        sheet.hide_gridlines(2)
        return sheet

    def _table(
        self, name: str, grid: Grid, paper: int, *, bar: str | None = None, frozen: int = 0
    ) -> Any:
        """Lay a grid out on a sheet of its own: frozen heading, filter, print titles, bars."""
        sheet = self._sheet(name, paper)
        self._lay(sheet, 0, grid, widths=True)
        sheet.freeze_panes(1, frozen)
        sheet.repeat_rows(0)
        sheet.autofilter(0, 0, len(grid.rows), len(grid.ids) - 1)
        if bar is not None and grid.rows:
            column = grid.ids.index(bar)
            top = {"max_type": "num", "max_value": 100} if bar == "score" else {}
            bottom = {"min_type": "num", "min_value": 0}
            colour = {"bar_color": _BARS[bar], "bar_solid": True}
            shape = {"type": "data_bar", **colour, **bottom, **top}
            sheet.conditional_format(1, column, len(grid.rows), column, shape)
        return sheet

    def _lay(self, sheet: Any, top: int, grid: Grid, *, widths: bool) -> None:
        """Write heading and rows; with `widths`, fit columns and rows to what they hold."""
        head = {**_BOX, "bold": True, "bg_color": _HEAD, "text_wrap": True, "valign": "vcenter"}
        room = [0.0] * len(grid.ids)
        for column, (name, heading) in enumerate(zip(grid.ids, grid.headings, strict=True)):
            self._put(sheet, top, column, heading, head)
            if widths:
                room[column] = _width(name, heading, (row[column] for row in grid.rows))
                sheet.set_column(column, column, room[column])
        if widths:
            sheet.set_row(top, 2 * _LINE)
        looks = [self._look(_shape(name, ""), _shape(name, 0)) for name in grid.ids]
        broken = [c for c, n in enumerate(grid.ids) if n in _BROKEN and n not in _UNMEASURED]
        for number, row in enumerate(grid.rows, start=top + 1):
            for column, value in enumerate(row):
                _write(sheet, number, column, value, looks[column])
            if widths:
                lines = max((_lines(row[c], room[c]) for c in broken), default=1)
                _grow(sheet, number, min(lines, _MOST_LINES))

    def _put(
        self, sheet: Any, row: int, column: int, value: Value, shape: Mapping[str, object]
    ) -> None:
        _write(sheet, row, column, value, self._look(shape, shape))

    def _look(self, text: Mapping[str, object], figure: Mapping[str, object]) -> _Look:
        # Excel's own mark for text: it stays text even after the cell was edited
        literal = {**text, "quote_prefix": True}
        return _Look(self._format(text), self._format(literal), self._format(figure))

    def _format(self, shape: Mapping[str, object]) -> Any:
        key = tuple(shape.items())
        if key not in self._formats:
            font = "Microsoft YaHei" if self.t.lang == "zh" else "Calibri"
            base = {"font_name": font, "font_size": 10, "font_color": _INK}
            self._formats[key] = self.book.add_format({**base, **shape})
        return self._formats[key]


def _write(sheet: Any, row: int, column: int, value: Value, look: _Look) -> None:
    if value is None:
        sheet.write_blank(row, column, None, look.figure)
    elif isinstance(value, str):
        text = clean(value)[:_LONGEST]
        sheet.write_string(row, column, text, look.literal if formula_like(text) else look.text)
    else:
        sheet.write_number(row, column, value, look.figure)


def _shape(column: str, value: Value) -> dict[str, object]:
    shape: dict[str, object] = {**_BOX, "valign": "vcenter"}
    if isinstance(value, str):
        shape |= {"text_wrap": column in _BROKEN, "indent": 1}
    elif column in _NUMBERS:
        shape["num_format"] = _NUMBERS[column]
    return shape


def _width(column: str, heading: str, cells: Iterable[Value]) -> float:
    """Give the width of a column, in digits: what its cells need, its heading on two lines."""
    longest = max((_span(v) for v in cells), default=0.0)
    head = _span(heading) / 2 + 4  # the filter's button takes room too
    return max(min(max(longest + 3, 7.0), float(_BROKEN.get(column, _WIDEST))), head)


def _lines(value: Value, room: float) -> int:
    """Give the lines that a value takes in a column of a width; words break unevenly."""
    return math.ceil(_span(value) / max(room - 2, 1)) or 1


def _grow(sheet: Any, row: int, lines: int) -> None:
    """Set the height of a row of several lines; not every program measures them itself."""
    if lines > 1:
        sheet.set_row(row, lines * _LINE)


@lru_cache(maxsize=4096)
def _span(value: Value) -> float:
    """Give the room that a value takes, in digits; a Chinese character takes two."""
    if not isinstance(value, str):
        return 0.0 if value is None else float(len(f"{value:,}"))
    if value.isascii():
        return float(len(value))
    return sum(1.9 if unicodedata.east_asian_width(ch) in "WF" else 1.0 for ch in value)
