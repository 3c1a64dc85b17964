"""Find the cells of a workbook whose formula has no value, or an error for a value.

The reader of workbooks gives both as empty cells; a headcount would be lost without a word.
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from pathlib import Path

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# A cell with a formula, or one of type "error"; what follows up to its end.
_CELL = re.compile(rb'<c\b([^>]*\bt="e"[^>]*)>(.*?)</c>|<c\b([^>]*)>(<f\b.*?)</c>', re.DOTALL)
_VALUE = re.compile(rb"<v>([^<]+)</v>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d+)"')
_TEXT = re.compile(rb'\bt="str"')


def faulty_cells(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """Look for formulas without a value and for errors in a sheet of an .xlsx.

    Returns
    -------
    (row, column), counted from 0, to the error (``#DIV/0!``) or "" where there is no value.
    """
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
