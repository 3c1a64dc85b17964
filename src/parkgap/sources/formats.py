"""Open a file of any accepted format as one raw table: headings, cells, geometry.

Nothing is interpreted here: cells stay what the file has, and rows keep the numbers that
the user sees (a line of a CSV or a sheet, heading included; the n-th feature of a layer).
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from parkgap.errors import Problem, TableError
from parkgap.sources.layers import read_geojson, read_layer, read_shapefile
from parkgap.sources.raw import RawTable, decoded_text, refuse, with_warning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from parkgap.source_keys import Table

_DELIMITERS = (",", ";", "\t")


def read_raw(file: str, table: Table, root: Path) -> RawTable:
    """Open a table or layer, chosen by the file's extension.

    Parameters
    ----------
    file
        Path relative to `root`, as ``study.toml`` has it.
    table
        The section of ``study.toml`` (encoding, sheet, layer).

    Raises
    ------
    TableError
        The file is missing, empty, broken, locked, of an unknown format or encoding.
    """
    path = root / file
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        refuse(
            file,
            "不支持的文件格式 / a format that is not read",
            rule=", ".join(_READERS),
            remedy="另存为 .xlsx 或 .csv / save it as .xlsx or .csv",
        )
    try:
        if path.stat().st_size == 0:
            refuse(file, "文件为空 / the file is empty", remedy="重新导出 / export it again")
        return reader(path, file, table)
    except FileNotFoundError:
        refuse(
            file,
            "找不到文件 / the file is not there",
            remedy="核对 study.toml 中的 file / check `file` in study.toml",
        )
    except PermissionError:
        refuse(
            file,
            "文件打不开 / the file cannot be opened",
            remedy="在 Excel 等程序中关闭它 / close it in Excel or any other program",
        )


# --- tables --------------------------------------------------------------------------------


def _read_csv(path: Path, file: str, table: Table) -> RawTable:
    content = decoded_text(path, file, table)
    first = next((line for line in content.splitlines() if line.strip()), "")
    outside_quotes = re.sub(r'"[^"]*"', "", first)
    delimiter = max(_DELIMITERS, key=outside_quotes.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    records: list[Sequence[object]] = []
    try:
        records.extend(reader)
    except csv.Error as error:
        refuse(
            file,
            f"不是完整的 CSV（{error}） / not a whole CSV ({error})",
            row=len(records) + 1,
            remedy="检查引号是否成对 / check that quotes are paired",
        )
    return _tabulate(records, file, None)


def _read_workbook(path: Path, file: str, table: Table) -> RawTable:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheet = table.sheet or book.sheet_names[0]
        if sheet not in book.sheet_names:
            refuse(
                file,
                "找不到这个工作表 / no such sheet",
                value=sheet,
                rule=", ".join(book.sheet_names),
                remedy="改正 study.toml 中的 sheet / correct `sheet` in study.toml",
            )
        # Not skipping the empty area keeps row numbers as the user sees them.
        records = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except PasswordError:
        refuse(
            file,
            "工作簿有密码 / the workbook has a password",
            remedy="去掉密码后保存 / save it without one",
        )
    except CalamineError as error:
        refuse(
            file,
            f"工作簿损坏（{error}） / the workbook is broken ({error})",
            remedy="在 Excel 中打开并另存为 .xlsx / open it in Excel and save it as .xlsx",
        )
    found = _tabulate(records, file, sheet)
    if table.sheet is None and len(book.sheet_names) > 1:
        return with_warning(
            found,
            "有多个工作表，只读了第一个 / several sheets; only the first was read",
            sheet,
            "在 study.toml 中写明 sheet / say `sheet` in study.toml",
        )
    return found


def _blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _tabulate(records: Sequence[Sequence[object]], file: str, sheet: str | None) -> RawTable:
    """Take the first row that is not blank as headings, the others as rows; blank ones go."""
    filled = [n for n, record in enumerate(records) if not all(map(_blank, record))]
    if not filled:
        refuse(file, "表为空 / the table is empty", sheet=sheet, remedy="填写 / fill it in")
    head = records[filled[0]]
    headings = tuple("" if _blank(cell) else str(cell).strip() for cell in head)
    width = len(headings)
    wide = [n for n in filled[1:] if not all(map(_blank, records[n][width:]))]
    if wide:
        raise TableError(
            *(
                Problem(
                    what="这一行的格数多于表头 / the row has more cells than there are headings",
                    file=file,
                    sheet=sheet,
                    row=n + 1,
                    value=next(cell for cell in records[n][width:] if not _blank(cell)),
                    remedy="含逗号的文字要加引号 / put text that holds a comma in quotes",
                )
                for n in wide
            )
        )
    columns: list[list[object]] = [
        [records[n][c] if c < len(records[n]) else None for n in filled[1:]] for c in range(width)
    ]
    return RawTable(file, sheet, headings, columns, [n + 1 for n in filled[1:]])


_READERS: dict[str, Callable[[Path, str, Table], RawTable]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".xlsx": _read_workbook,
    ".xlsm": _read_workbook,
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".gpkg": read_layer,
    ".shp": read_shapefile,
}
