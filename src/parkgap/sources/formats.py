"""Open a file of any accepted format as one raw table: headings, cells, geometry.

Nothing is interpreted here: cells stay what the file has, and rows keep the numbers that
the user sees (a line of a CSV or a sheet, heading included; the n-th feature of a layer).
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from parkgap.sources.formulas import faulty_cells
from parkgap.sources.geoparquet import read_geoparquet
from parkgap.sources.grid import Grid, tabulate
from parkgap.sources.layers import read_geojson, read_kml, read_layer, read_shapefile, read_zip
from parkgap.sources.raw import RawTable, decoded_text, refuse, with_warning

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from parkgap.source_keys import Table

    Reader = Callable[[Path, str, Table, Collection[str]], RawTable]

_DELIMITERS = (",", ";", "\t")
_SAMPLE, _LINES = 100_000, 20  # characters and lines in which delimiters are counted


def read_raw(
    file: str, table: Table, root: Path, wanted: Collection[str] = frozenset()
) -> RawTable:
    """Open a table or layer, chosen by the file's extension.

    Parameters
    ----------
    file
        Path relative to `root`, as ``study.toml`` has it.
    table
        The section of ``study.toml`` (encoding, sheet, header, layer).
    wanted
        Folded headings that would be recognised, to tell the headings from a title above.

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
        return reader(path, file, table, wanted)
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


def _read_csv(path: Path, file: str, table: Table, wanted: Collection[str]) -> RawTable:
    content = decoded_text(path, file, table)
    head = [line for line in content[:_SAMPLE].splitlines() if line.strip()][:_LINES]
    outside_quotes = re.sub(r'"[^"]*"', "", "\n".join(head))
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
    return tabulate(Grid(records, file), wanted, header=table.header)


def _read_workbook(path: Path, file: str, table: Table, wanted: Collection[str]) -> RawTable:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, ZipError

    try:
        book = CalamineWorkbook.from_path(str(path))
        if not book.sheet_names:
            refuse(
                file,
                "工作簿中无工作表 / the workbook has no sheet",
                remedy="重新导出 / export it again",
            )
        sheet = table.sheet or book.sheet_names[0]
        if sheet not in book.sheet_names:
            refuse(
                file,
                "找不到这个工作表 / no such sheet",
                value=sheet,
                rule=", ".join(book.sheet_names),
                remedy="改正 study.toml 中的 sheet / correct `sheet` in study.toml",
            )
        cells = book.get_sheet_by_name(sheet)
        # Not skipping the empty area keeps row numbers as the user sees them.
        records = cells.to_python(skip_empty_area=False)
        merged = cells.merged_cell_ranges or []
    except PasswordError:
        refuse(
            file,
            "工作簿有密码 / the workbook has a password",
            remedy="去掉密码后保存 / save it without one",
        )
    except (CalamineError, ZipError) as error:
        refuse(
            file,
            f"工作簿损坏（{error}） / the workbook is broken ({error})",
            remedy="在 Excel 中打开并另存为 .xlsx / open it in Excel and save it as .xlsx",
        )
    faulty = faulty_cells(path, sheet)
    for row, column in faulty:  # what a program keeps there (0, mostly) is no value
        if row < len(records) and column < len(records[row]):
            records[row][column] = ""
    grid = Grid(records, file, sheet, merged, faulty)
    found = tabulate(grid, wanted, header=table.header)
    if table.sheet is None and len(book.sheet_names) > 1:
        return with_warning(
            found,
            "有多个工作表，只读了第一个 / several sheets; only the first was read",
            sheet,
            "在 study.toml 中写明 sheet / say `sheet` in study.toml",
        )
    return found


def _layer(reader: Callable[[Path, str, Table], RawTable]) -> Reader:
    """Let a reader of map layers stand beside those of tables: its headings have a fixed place."""
    return lambda path, file, table, _: reader(path, file, table)


_READERS: dict[str, Reader] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".xlsx": _read_workbook,
    ".xlsm": _read_workbook,
    ".xls": _read_workbook,
    ".ods": _read_workbook,
    ".et": _read_workbook,
    ".geojson": _layer(read_geojson),
    ".json": _layer(read_geojson),
    ".gpkg": _layer(read_layer),
    ".shp": _layer(read_shapefile),
    ".zip": _layer(read_zip),
    ".kml": _layer(read_kml),
    ".kmz": _layer(read_kml),
    ".parquet": _layer(read_geoparquet),
    ".geoparquet": _layer(read_geoparquet),
}
