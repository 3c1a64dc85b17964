"""``parkgap.xlsx``: the same tables for the office, with headings in the study's language.

Every string is written as a string, never as a formula, number or link; the only links are
those from a park to its page.  The bytes depend on the results alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import accumulate
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
from parkgap.publish.districts import areas_grid
from parkgap.publish.firm import CHECKED, firm_grids, with_checks
from parkgap.publish.housed import housing_grids
from parkgap.publish.html import page_names
from parkgap.publish.looks import (
    BOX,
    BROKEN,
    HEAD,
    INK,
    LINE,
    MOST_LINES,
    UNMEASURED,
    grow,
    lines_of,
    shape_of,
    width_of,
)
from parkgap.publish.printing import footer, header, paper_for
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
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from parkgap.publish.sheets import Grid, Value
    from parkgap.results import Results

_LONGEST = 32_000  # Excel holds 32,767 UTF-16 units in a cell
_ALARM, _LINK = "#B42318", "#0B5CAD"
_BARS = {"score": "#7FB2DC", "short_by": "#F0A35E"}
_NOTE = 130.0  # digits: as wide as a note below a table gets
_MOST_LINKS = 20_000  # of a sheet; Excel bears 65,530, and opens slowly long before
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
        # ids stand in the tables cleaned
        self._pages = {clean(i): p for i, p in page_names(results.parks["park_id"]).items()}
        blue = {**shape_of("park_name", ""), "font_color": _LINK, "underline": 1}
        self._link = self._look(blue, blue)

    def write(self) -> None:
        results, words, t = self.results, self.words, self.t
        properties = {
            "title": title(results),
            "subject": t("notice.screening"),
            "comments": t("notice.odbl"),
            "created": dt.datetime.combine(stamp(results), dt.time()),
        }
        self.book.set_properties(properties)
        front, row = self._summary()
        self._ranking()
        short = results.shortfall["status"] == "short"
        self._gaps(t("sheet.shortfall"), results.shortfall[short])
        if not short.all():
            self._gaps(t("workbook.unverified"), results.shortfall[~short])
        rollup = published(ROLLUP, results.rollup, words)
        areas = areas_grid(results, words)
        if areas is not None:
            self._table(t("sheet.areas"), areas, frozen=2, note=t("workbook.areas_note"))
        self._table(t("sheet.rollup"), rollup, bar="short_by", frozen=2)
        lists = self._lists()
        notes = {t("sheet.sites"): sites_note(words), t("sheet.clusters"): note(results, words)}
        for name, grid in lists:
            sheet = self._table(name, grid, frozen=1, note=notes.get(name))
            if name == t("sheet.housing"):
                self._links(sheet, grid)
            if name == t("sheet.standards"):
                below = unconfirmed_grid(results, words)
                self._lay(sheet, len(grid.rows) + 2, below, widths=False)
        if results.changes:
            self._table(t("sheet.changes"), changes_grid(results, words), frozen=2)
        standard = standard_grid(results, words)
        self._table(t("workbook.standard"), standard, frozen=2)
        self._sources()
        dictionary = dictionary_grid(
            words,
            [*([] if areas is None else [(t("sheet.areas"), areas)]), *lists],
            departments=Besides(results, words).has_owners,
            changes=bool(results.changes),
            checks=CHECKED if len(results.firm.to_check) else (),
        )
        self._table(t("sheet.dictionary"), dictionary)
        self._contents(front, row)

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

    def _summary(self) -> tuple[Any, int]:
        """Write the first sheet; return it, and its first free row."""
        sheet = self._sheet(self.t("workbook.summary"))
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 110)
        self._put(sheet, 0, 0, title(self.results), {"bold": True, "font_size": 16})
        row = 1
        for line in notices(self.results, self.words):
            self._put(sheet, row, 0, line, {"bold": True, "font_color": _ALARM})
            row += 1
        head = {"bold": True, "bg_color": HEAD}
        for heading, facts in summary(self.results, self.words):
            row += 1
            if heading == self.t("workbook.counts"):  # printed, the second page begins here
                sheet.set_h_pagebreaks([row])
            self._put(sheet, row, 0, heading, head)
            self._put(sheet, row, 1, None, head)
            for label, value in facts:
                row += 1
                shape = {"text_wrap": True, "align": "left", "valign": "top"}
                self._put(sheet, row, 0, label, shape)
                self._put(sheet, row, 1, value, {**shape, "num_format": "#,##0"})
                grow(sheet, row, max(lines_of(label, 30), lines_of(value, 110)))
            row += 1
        return sheet, row + 1

    def _contents(self, sheet: Any, row: int) -> None:
        """List the sheets below the summary, each with a link and what it holds."""
        head = {"bold": True, "bg_color": HEAD}
        self._put(sheet, row, 0, self.t("workbook.contents"), head)
        self._put(sheet, row, 1, None, head)
        keys = [k for k in self.t.keys() if k.startswith("sheet_help.")]  # noqa: SIM118 - no mapping
        names = {self._name(k.partition(".")[2]): self.t(k) for k in keys}
        link = self._format({"font_color": _LINK, "underline": 1, "valign": "top"})
        for other in self.book.worksheets()[1:]:
            row += 1
            name = other.get_name()
            sheet.write_url(row, 0, f"internal:'{name}'!A1", link, name)
            self._put(sheet, row, 1, names[name], {"text_wrap": True, "valign": "top"})

    def _name(self, key: str) -> str:
        """Name a sheet; some are called by the workbook's own texts."""
        return self.t.get(f"sheet.{key}", self.t.get(f"workbook.{key}", key))

    def _ranking(self) -> None:
        frame = self.results.ranking
        grid = published(RANKING, frame, self.words, first=("rank", "park_name"))
        sheet = self._table(self.t("sheet.ranking"), grid, bar="score", frozen=2)
        self._links(sheet, grid)

    def _links(self, sheet: Any, grid: Grid) -> None:
        """Link parks' names to their pages."""
        ids = list(grid.ids)
        name_at, id_at = ids.index("park_name"), ids.index("park_id")
        for row, cells in enumerate(grid.rows[:_MOST_LINKS], start=1):
            page = self._pages.get(str(cells[id_at]))
            if cells[name_at] and page is not None:
                name = str(cells[name_at])[:_LONGEST]
                style = self._link.literal if formula_like(name) else self._link.text
                sheet.write_url(row, name_at, f"external:parks/{page}", style, name)

    def _gaps(self, name: str, frame: Any) -> None:
        grid = published(SHORTFALL, frame, self.words, first=("priority", "park_name"))
        besides = Besides(self.results, self.words)
        if besides.has_owners:
            grid = with_departments(grid, frame["item"].tolist(), besides)
        if name == self.t("workbook.unverified"):
            grid = with_checks(grid, frame, self.results, self.words)
        printed = len(grid.ids) - len(_NOT_PRINTED)
        sheet = self._table(name, grid, bar="short_by", frozen=2, printed=printed)
        self._links(sheet, grid)

    def _sources(self) -> None:
        cited, grades = source_grids(self.results, self.words)
        sheet = self._table(self.t("workbook.sources"), cited)
        self._lay(sheet, len(cited.rows) + 2, grades, widths=False)

    # --- layout ---

    def _sheet(self, name: str) -> Any:
        sheet = self.book.add_worksheet(name[:31])
        sheet.set_landscape()
        sheet.set_paper(paper_for(0)[0])
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
        sheet.set_header(header(self.results, self.t, name))
        sheet.set_footer(footer(self.results, self.t))
        sheet.hide_gridlines(2)
        return sheet

    def _table(
        self,
        name: str,
        grid: Grid,
        *,
        bar: str | None = None,
        frozen: int = 0,
        printed: int | None = None,
        note: str | None = None,
    ) -> Any:
        """Lay a grid out on a sheet of its own: frozen heading, filter, print titles, bars.

        What is frozen is repeated where a sheet is printed on pages side by side; `printed`
        columns are, None: all.  `note` stands below.
        """
        sheet = self._sheet(name)
        room = self._lay(sheet, 0, grid, widths=True)
        paper, pages = paper_for(sum(room[:printed]))
        sheet.set_paper(paper)
        sheet.fit_to_pages(pages, 0)
        sheet.freeze_panes(1, frozen)
        sheet.repeat_rows(0)
        if note is not None:
            self._note(sheet, len(grid.rows) + 2, note, room)
        if pages > 1 and frozen:
            sheet.repeat_columns(0, frozen - 1)
        if printed is not None:
            sheet.print_area(0, 0, len(grid.rows), printed - 1)
        sheet.autofilter(0, 0, len(grid.rows), len(grid.ids) - 1)
        if bar is not None and grid.rows:
            column = grid.ids.index(bar)
            top = {"max_type": "num", "max_value": 100} if bar == "score" else {}
            bottom = {"min_type": "num", "min_value": 0}
            colour = {"bar_color": _BARS[bar], "bar_solid": True}
            shape = {"type": "data_bar", **colour, **bottom, **top}
            sheet.conditional_format(1, column, len(grid.rows), column, shape)
        return sheet

    def _lay(self, sheet: Any, top: int, grid: Grid, *, widths: bool) -> list[float]:
        """Write heading and rows; with `widths`, fit columns and rows to what they hold.

        Returns the columns' widths, in digits; 0 where they were left as they are.
        """
        head = {**BOX, "bold": True, "bg_color": HEAD, "text_wrap": True, "valign": "vcenter"}
        room = [0.0] * len(grid.ids)
        for column, (name, heading) in enumerate(zip(grid.ids, grid.headings, strict=True)):
            self._put(sheet, top, column, heading, head)
            if widths:
                cells = (row[column] for row in grid.rows)
                room[column] = width_of(name, heading, cells, narrow=name in grid.own)
                sheet.set_column(column, column, room[column])
        if widths:
            heads = zip(grid.headings, room, strict=True)
            sheet.set_row(top, max(2, *(lines_of(h, r) for h, r in heads)) * LINE)
        looks = [self._look(shape_of(name, ""), shape_of(name, 0)) for name in grid.ids]
        broken = [c for c, n in enumerate(grid.ids) if n in BROKEN and n not in UNMEASURED]
        for number, row in enumerate(grid.rows, start=top + 1):
            for column, value in enumerate(row):
                _write(sheet, number, column, value, looks[column])
            if widths:
                lines = max((lines_of(row[c], room[c]) for c in broken), default=1)
                grow(sheet, number, min(lines, MOST_LINES))
        return room

    def _note(self, sheet: Any, row: int, text: str, room: Sequence[float]) -> None:
        """Write a note below a table, over as many columns as are read in one line."""
        widths = list(accumulate(room))
        last = next((c for c, w in enumerate(widths) if w >= _NOTE), len(widths) - 1)
        look = self._format({"font_color": _ALARM, "text_wrap": True, "valign": "top"})
        if last:
            sheet.merge_range(row, 0, row, last, "", look)
        sheet.write_string(row, 0, clean(text), look)
        grow(sheet, row, lines_of(text, widths[last]))

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
            base = {"font_name": font, "font_size": 10, "font_color": INK}
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
