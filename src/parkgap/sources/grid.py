"""Find the table in a grid of cells: headings below titles, rows above totals.

Offices put a title over the headings, split headings over two rows, merge cells, and close
with sums and notes.  What is left out or filled in is always said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from parkgap.errors import Problem, TableError
from parkgap.sources.headings import forms
from parkgap.sources.raw import RawTable, refuse

Record = Sequence[object]
#: First and last row and column of merged cells, counted from 0.
Merged = tuple[tuple[int, int], tuple[int, int]]

_LOOK = 30  # rows in which headings are looked for
_SUM_WORDS = ("合计", "总计", "小计", "共计", "合計", "總計", "小計", "共計")
_SUMS = frozenset(
    form
    for word in _SUM_WORDS
    for bare in (word, *(f"{word[0]}{gap}{word[1]}" for gap in (" ", "  ", "   ", "　", "　　")))
    for form in (bare, f"{bare}:", f"{bare}：", f"本页{bare}", f"全部{bare}", f"{bare}（人）")
) | {f"{a}{b}" for a in ("Total", "total", "TOTAL", "Sum", "Subtotal") for b in ("", ":")}
_NOTES = ("注", "备注", "備註", "说明", "說明", "填表", "制表", "審核", "审核", "Note", "note")


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet or text file.

    Attributes
    ----------
    records
        Rows of cells as they are.
    merged
        Ranges of merged cells.
    faulty
        Cells whose formula has no value or an error: (row, column), counted from 0, to what
        the file says there.
    """

    records: Sequence[Record]
    file: str
    sheet: str | None = None
    merged: Sequence[Merged] = ()
    faulty: dict[tuple[int, int], str] | None = None


def tabulate(grid: Grid, wanted: Collection[str], *, header: int | None = None) -> RawTable:
    """Make a table of a grid.

    Parameters
    ----------
    wanted
        Folded headings that would be recognised; they tell the headings from a title.
    header
        Row of the headings as the user counts, where the study says it.

    Raises
    ------
    TableError
        The grid is empty, the row of headings is, or a row is wider than the headings.
    """
    records = grid.records
    filled = [n for n, record in enumerate(records) if not _empty(record)]
    if not filled:
        refuse(
            grid.file, "表为空 / the table is empty", sheet=grid.sheet, remedy="填写 / fill it in"
        )
    if header is not None and header - 1 not in filled:
        refuse(
            grid.file,
            "表头行是空的 / the row of headings is empty",
            sheet=grid.sheet,
            row=header,
            remedy="改正 study.toml 中的 header / correct `header` in study.toml",
        )
    first, last = _headings_at(records, filled, wanted, header)
    headings = _joined(records[first], records[last])
    below = [n for n in filled if n > last]
    _refuse_wide(grid, below, len(headings))
    columns = _columns(records, below, len(headings))
    warnings: list[Problem] = []
    if any(map(_has_sums, columns)):
        below, warnings = _without_sums(grid, below)
        columns = _columns(records, below, len(headings))
    warnings += _fill_merged(grid, columns, below)
    place = {n: i for i, n in enumerate(below)}
    faulty = {
        (place[n], c): said
        for (n, c), said in (grid.faulty or {}).items()
        if n in place and c < len(headings)
    }
    return RawTable(
        grid.file,
        grid.sheet,
        headings,
        columns,
        [n + 1 for n in below],
        header=last + 1,
        faulty=faulty,
        warnings=tuple(warnings),
    )


def _columns(records: Sequence[Record], rows: Sequence[int], width: int) -> list[list[object]]:
    """Turn rows into columns; what a short row lacks is None."""
    found = [list(column) for column in zip_longest(*map(records.__getitem__, rows))][:width]
    return found + [[None] * len(rows) for _ in range(width - len(found))]


def _has_sums(column: Sequence[object]) -> bool:
    """Tell, column by column, whether a row may be one of sums or a note: hardly ever."""
    return not _SUMS.isdisjoint(column) or any(
        isinstance(cell, str) and cell.startswith(_NOTES) for cell in column
    )


def _blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _empty(record: Record) -> bool:
    # The first cell settles it for nearly every row.
    return not record or (_blank(record[0]) and all(map(_blank, record)))


def _words(record: Record) -> tuple[str, ...]:
    return tuple("" if _blank(cell) else str(cell).strip() for cell in record)


def _joined(upper: Record, lower: Record) -> tuple[str, ...]:
    """Join two rows of headings: the lower one, else what stands above."""
    if upper is lower:
        return _words(upper)
    above, under = _words(upper), _words(lower)
    width = max(len(above), len(under))
    above += ("",) * (width - len(above))
    under += ("",) * (width - len(under))
    return tuple(low or high for high, low in zip(above, under, strict=True))


def _score(headings: Sequence[str], wanted: Collection[str]) -> int:
    return len({n for heading in headings for n in forms(heading) if n and n in wanted})


def _headings_at(
    records: Sequence[Record], filled: Sequence[int], wanted: Collection[str], header: int | None
) -> tuple[int, int]:
    """Tell the first and last row of the headings (they may take two), counted from 0.

    The first row with the most known headings; the first filled row where none has any.
    """
    if header is not None:
        return header - 1, header - 1
    best, found = 0, (filled[0], filled[0])
    for at, n in enumerate(filled[:_LOOK]):
        alone = _score(_words(records[n]), wanted)
        if alone > best:
            best, found = alone, (n, n)
        under = filled[at + 1] if at + 1 < len(filled) else None
        if under != n + 1 or alone == 0 or not _may_be_lower(records[n], records[under]):
            continue
        both = _score(_joined(records[n], records[under]), wanted)
        if both > max(best, _score(_words(records[under]), wanted)):
            best, found = both, (n, under)
    return found


def _may_be_lower(upper: Record, lower: Record) -> bool:
    """Tell whether a row may be the second one of the headings: only words, and with gaps."""
    cells = [cell for cell in lower if not _blank(cell)]
    gaps = sum(not _blank(a) and _blank(b) for a, b in zip(upper, lower, strict=False))
    return bool(cells) and gaps > 0 and all(isinstance(cell, str) for cell in cells)


def _refuse_wide(grid: Grid, rows: Sequence[int], width: int) -> None:
    wide = [
        n
        for n in rows
        if len(grid.records[n]) > width and not all(map(_blank, grid.records[n][width:]))
    ]
    if wide:
        raise TableError(
            *(
                Problem(
                    what="这一行的格数多于表头 / the row has more cells than there are headings",
                    file=grid.file,
                    sheet=grid.sheet,
                    row=n + 1,
                    value=next(cell for cell in grid.records[n][width:] if not _blank(cell)),
                    remedy="含逗号的文字要加引号 / put text that holds a comma in quotes",
                )
                for n in wide
            )
        )


def _without_sums(grid: Grid, rows: Sequence[int]) -> tuple[list[int], list[Problem]]:
    """Leave out rows of sums, and notes that stand alone in a row; each is said."""
    kept, said = [], []
    for n in rows:
        record = grid.records[n]
        first = record[0]
        if not _SUMS.isdisjoint(record):
            what = "合计行，未读入 / a row of sums; it was left out"
        elif isinstance(first, str) and first.startswith(_NOTES) and _alone(record):
            what = "注释行，未读入 / a note, not a row; it was left out"
        else:
            kept.append(n)
            continue
        shown = next(cell for cell in record if not _blank(cell))
        said.append(
            Problem(
                what=what,
                file=grid.file,
                sheet=grid.sheet,
                row=n + 1,
                value=shown,
                remedy="若为数据，改其名称 / if it is data, name it otherwise",
            )
        )
    return kept, said


def _alone(record: Record) -> bool:
    return sum(not _blank(cell) for cell in record) == 1


def _fill_merged(grid: Grid, columns: Sequence[list[object]], rows: Sequence[int]) -> list[Problem]:
    """Fill text down cells merged over several rows; numbers are not (they would count twice)."""
    place = {n: i for i, n in enumerate(rows)}
    said = []
    for (top, left), (bottom, _) in grid.merged:
        if bottom == top or top not in place or left >= len(columns):
            continue
        value = columns[left][place[top]]
        below = [place[n] for n in range(top + 1, bottom + 1) if n in place]
        if not isinstance(value, str) or _blank(value) or not below:
            continue
        for i in below:
            columns[left][i] = value
        said.append(
            Problem(
                what="合并单元格，各行同值 / merged cells; every row takes their text",
                file=grid.file,
                sheet=grid.sheet,
                row=top + 1,
                value=f"{value} → {bottom + 1}",
                remedy="取消合并，逐行填写 / unmerge and fill in every row",
            )
        )
    return said
