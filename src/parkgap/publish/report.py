"""What the report is made of: headings, paragraphs, lists, tables, pictures, in one order.

Both writers (:mod:`parkgap.publish.docx_report`, :mod:`parkgap.publish.html_report`) take the same
:class:`Report`, so that the document and the page say the same.  All text goes through
:func:`said` on its way in: control characters and turned writing directions stay out of both.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from parkgap.publish.cells import clean

WIDTH, HEIGHT = 180.0, 269.0  # millimetres between the margins of A4
CELL = 8.0  # points; texts of tables
POINT = 0.3528  # millimetres
_WIDE, _NARROW = 1.0, 0.54  # widths of characters in ems, on average
LEADING = 1.33  # line spacing by size, set exactly: fonts of readers differ in theirs by a tenth
# Lines break before they are full, short ones of cells more; room beside texts of a table, and
# rules between its rows (millimetres).
_RAGGED, _RAGGED_CELL, _PADDING, _RULED = 1.05, 1.15, 2.3, 0.95

Look = Literal["body", "lead", "mark", "meta", "note", "caption"]
# Size, and space before and after, in points.
LOOKS: dict[str, tuple[float, float, float]] = {
    "body": (9.5, 0, 3),
    "lead": (10, 0, 3),
    "mark": (9.5, 0, 0),
    "meta": (8.5, 0, 3),
    "note": (8, 1, 3),
    "caption": (8.5, 3, 2),
}
HEADINGS = {1: (19.0, 0.0, 4.0), 2: (13.0, 5.0, 3.0), 3: (11.0, 6.0, 2.0)}
BULLET = (9.0, 0.0, 1.0)
_LONGEST = 600  # characters of one text; no sentence of ours is longer, only hostile names are


def said(text: object) -> str:
    """Make a text fit to be written: one line, no control characters, not endless."""
    line = clean(text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def short(text: object, longest: int = 48) -> str:
    """Cut a name that would burst a cell or a line."""
    line = clean(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def width_of(text: str, size: float) -> float:
    """Width of a line of text in millimetres, about, in a font of `size` points."""
    ems = (_WIDE if unicodedata.east_asian_width(c) in "WF" else _NARROW for c in text)
    return sum(ems) * size * POINT


def fitting(
    rows: Sequence[Sequence[str]], widths: Sequence[float], room: float
) -> list[Sequence[str]]:
    """Take as many rows of a table as `room` millimetres hold, at least one."""
    taken: list[Sequence[str]] = []
    for row in rows:
        room -= _row_height(row, widths)
        if room < 0 and taken:
            break
        taken.append(row)
    return taken


@dataclass(frozen=True)
class Heading:
    """A heading; `level` 1 is the title, `new_page` begins a page."""

    text: str
    level: int
    new_page: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A paragraph and its look."""

    text: str
    look: Look = "body"


@dataclass(frozen=True)
class Bullets:
    """A list of short texts."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    headings, rows
        Texts.
    widths
        Share of the page's width that each column takes; they sum to 1.
    figures
        Columns of figures, which are set to the right.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    figures: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A picture: as vectors and as points, its size in millimetres, and what it shows."""

    svg: bytes
    png: bytes
    width: float
    alt: str
    height: float


Block = Heading | Paragraph | Bullets | Table | Picture


@dataclass(frozen=True)
class Report:
    """The whole report.

    Attributes
    ----------
    title, lang
        Title, and language ("zh" or "en").
    stamp
        The day that the files carry.
    foot
        What stands at the foot of every page of the document.
    blocks
        What it says, in order.
    chinese_font
        Whether the pictures' labels could be written in Chinese.
    """

    title: str
    lang: str
    stamp: dt.date
    foot: str
    blocks: Sequence[Block]
    chinese_font: bool


def cleaned(blocks: Iterable[Block]) -> list[Block]:
    """Put every text of the blocks through :func:`said`."""
    return [_cleaned(block) for block in blocks]


def _cleaned(block: Block) -> Block:
    match block:
        case Heading(text, level, new_page):
            return Heading(said(text), level, new_page)
        case Paragraph(text, look):
            return Paragraph(said(text), look)
        case Bullets(lines):
            return Bullets([said(line) for line in lines])
        case Table(headings, rows, widths, figures):
            body = [[said(cell) for cell in row] for row in rows]
            return Table([said(h) for h in headings], body, widths, figures)
        case Picture(svg, png, width, alt, height):
            return Picture(svg, png, width, said(alt), height)


def texts(report: Report) -> Iterator[str]:
    """Give every text of a report in the order in which it is read, pictures' words aside."""
    for block in report.blocks:
        match block:
            case Heading(text) | Paragraph(text):
                yield text
            case Bullets(lines):
                yield from lines
            case Table(headings, rows):
                yield from headings
                for row in rows:
                    yield from row
            case Picture():
                pass


# --- how high it is ------------------------------------------------------------------------------


def height_of(block: Block) -> float:
    """Give the height of a block in millimetres, about: rather too much than too little."""
    match block:
        case Heading(text, level):
            return _lines_height(text, HEADINGS[level])
        case Paragraph(text, look):
            return _lines_height(text, LOOKS[look])
        case Bullets(lines):
            return sum(_lines_height(line, BULLET, WIDTH - 12) for line in lines)
        case Table(headings, rows, widths):
            return sum(_row_height(row, widths) for row in [headings, *rows]) + 2.0
        case Picture(_, _, _, _, height):
            return height


def _lines_height(text: str, look: tuple[float, float, float], room: float = WIDTH) -> float:
    size, before, after = look
    lines = math.ceil(width_of(text, size) * _RAGGED / room) or 1
    return (lines * size * LEADING + before + after) * POINT


def _row_height(row: Sequence[str], widths: Sequence[float]) -> float:
    lines = (
        math.ceil(width_of(cell, CELL) * _RAGGED_CELL / (share * WIDTH - _PADDING))
        for cell, share in zip(row, widths, strict=True)
    )
    return max(*lines, 1) * CELL * LEADING * POINT + _RULED
