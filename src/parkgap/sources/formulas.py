"""Find the cells of a workbook whose formula has no value, or an error for a value.

The reader of workbooks gives both as empty cells; a headcount would be lost without a word.
"""

from __future__ import annotations

import io
import re
import zipfile
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# A cell with a formula, or one of type "error"; what follows up to its end.
_CELL = re.compile(rb'<c\b([^>]*\bt="e"[^>]*)>(.*?)</c>|<c\b([^>]*)>(<f\b.*?)</c>', re.DOTALL)
_VALUE = re.compile(rb"<v>([^<]+)</v>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d+)"')
_TEXT = re.compile(rb'\bt="str"')

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_KIND = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_P = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"
# What a program shows in the place of a value; LibreOffice has numbers besides.
_SHOWN = re.compile(r"#(DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)|(Err|错误|錯誤)[:：]\d+")
_MOST = 1000  # repetitions that are looked at: more are the empty rest of a sheet


def faulty_cells(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """Look for formulas without a value and for errors in a sheet of an .xlsx or .ods.

    Returns
    -------
    (row, column), counted from 0, to the error (``#DIV/0!``) or "" where there is no value.
    Nothing is found in formats that keep no formula for us to see.
    """
    suffix = path.suffix.lower()
    if suffix == ".ods":
        return _faulty_in_ods(path, sheet)
    return _faulty_in_xlsx(path, sheet) if suffix in {".xlsx", ".xlsm"} else {}


def _faulty_in_xlsx(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    try:
        with zipfile.ZipFile(path) as book:
            data = book.read(_part_of(book, sheet))
    except (KeyError, StopIteration, ET.ParseError, zipfile.BadZipFile):
        return {}  # the reader of workbooks has seen it already, and says what is wrong
    if b"<f" not in data and b't="e"' not in data:
        return {}
    found = {}
    for match in _CELL.finditer(data):
        error = match[1] is not None
        place = _PLACE.search(match[1] if error else match[3])
        value = _VALUE.search(match[2] if error else match[4])
        if place is None or (value is not None and not error):
            continue
        if not error and _TEXT.search(match[3]) and b"<v" in match[4]:
            continue  # a formula whose value is an empty text
        column = 0
        for letter in place[1]:
            column = column * 26 + letter - 64
        found[int(place[2]) - 1, column - 1] = value[1].decode() if value is not None else ""
    return found


def _part_of(book: zipfile.ZipFile, sheet: str) -> str:
    """Name the member of the package that holds a sheet."""
    listed = ET.fromstring(book.read("xl/workbook.xml"))  # noqa: S314 - expat bounds entities
    links = ET.fromstring(book.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - as above
    link = next(s.get(_REL) for s in listed.iter(f"{_MAIN}sheet") if s.get("name") == sheet)
    target = next(str(r.get("Target")) for r in links if r.get("Id") == link)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _faulty_in_ods(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    try:
        with zipfile.ZipFile(path) as book:
            data = book.read("content.xml")
        if b":formula=" not in data:
            return {}
        events = ET.iterparse(io.BytesIO(data), events=("start", "end"))  # noqa: S314 - as above
        return _faulty_rows(events, sheet)
    except (KeyError, ET.ParseError, zipfile.BadZipFile):
        return {}  # as above


def _faulty_rows(events: Iterable[tuple[str, Any]], sheet: str) -> dict[tuple[int, int], str]:
    """Follow the rows of one sheet; a row or cell that is repeated counts as often."""
    found: dict[tuple[int, int], str] = {}
    inside, at = False, 0
    for event, element in events:
        if element.tag == f"{_TABLE}table":
            inside = event == "start" and element.get(f"{_TABLE}name") == sheet
        elif element.tag == f"{_TABLE}table-row" and event == "end":
            times = int(element.get(f"{_TABLE}number-rows-repeated", 1))
            if inside:
                cells = _faulty_in_row(element)
                found |= {
                    (n, c): said for n in islice(range(at, at + times), _MOST) for c, said in cells
                }
                at += times
            element.clear()
    return found


def _faulty_in_row(row: Any) -> list[tuple[int, str]]:
    """Columns of a row's faulty cells, and what they show."""
    found: list[tuple[int, str]] = []
    column = 0
    for cell in row:
        times = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        if cell.get(f"{_TABLE}formula") is not None:
            shown = "".join(cell.find(_P).itertext()).strip() if cell.find(_P) is not None else None
            if cell.get(_KIND) == "error" or _SHOWN.fullmatch(shown or ""):
                found += [(c, shown or "") for c in islice(range(column, column + times), _MOST)]
            elif shown is None and cell.get(f"{_OFFICE}value-type") is None:
                found += [(c, "") for c in islice(range(column, column + times), _MOST)]
        column += times
    return found
