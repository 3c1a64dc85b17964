"""What goes into one cell of a table: text that is only text, and numbers that are plain.

Names come from OpenStreetMap and from other people's tables.  A spreadsheet takes a cell
that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, so such text is kept as text:
in CSV by an apostrophe in front (:func:`guard`), in the workbook by the cell's own type.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parkgap.frames import Column

# The full-width forms count too: Excel reads them as operators when typed by an input method.
# Source: OWASP, "CSV Injection".
_FORMULA = frozenset("=+-@＝＋－＠")
_SPACES = {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029}
_DROPPED = (
    *range(0x20),
    *range(0x7F, 0xA0),
    *range(0x202A, 0x202F),  # these and the next turn the reading direction of what follows
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),  # lone surrogates have no UTF-8
    0xFEFF,
    0xFFFE,
    0xFFFF,
)
_CLEAN: dict[int, str | None] = {**dict.fromkeys(_DROPPED), **dict.fromkeys(_SPACES, " ")}

_DIGITS = {"m": 1, "min": 1, "persons": 0, "ha": 1, "km": 1, "degrees": 7}


def empty(value: object) -> bool:
    """Tell whether a value means "unknown": None, NaN, NA, or not finite (out of reach)."""
    if value is None:
        return True
    if isinstance(value, str | list | tuple | int):
        return False
    try:
        return not math.isfinite(value)  # type: ignore[arg-type]
    except TypeError:  # no number: a date, say, or one of pandas' marks for unknown
        pass
    try:
        return bool(value != value)  # noqa: PLR0124 - NaT differs from itself
    except TypeError:  # pandas.NA refuses to answer
        return True


def clean(value: object) -> str:
    """Make one line of harmless text: no control or direction characters, "" if unknown.

    Lists are joined by ``;``.
    """
    if isinstance(value, str):
        # printable text, by far the most of it, holds none of the characters in question
        return (value if value.isprintable() else value.translate(_CLEAN)).strip()
    if isinstance(value, list | tuple):
        return ";".join(clean(v).replace(";", ",") for v in value)
    return "" if empty(value) else clean(str(value))


def formula_like(text: str) -> bool:
    """Tell whether a spreadsheet might take this text for a formula."""
    return text.lstrip(" ")[:1] in _FORMULA and text.strip() != ""


def guard(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Examples
    --------
    >>> guard("=1+1"), guard("1+1"), guard("'=1")
    ("'=1+1", '1+1', "''=1")
    """
    return f"'{text}" if formula_like(text.lstrip("'")) else text


def unguard(text: str) -> str:
    """Undo :func:`guard`.

    Examples
    --------
    >>> unguard("'=1+1"), unguard("'s-Hertogenbosch")
    ('=1+1', "'s-Hertogenbosch")
    """
    return text[1:] if text.startswith("'") and formula_like(text.lstrip("'")) else text


def digits(column: Column) -> int:
    """Decimals that a number of this column is published with."""
    if column.kind == "int":
        return 0
    if column.name == "score_gain":
        return 3
    if column.name in ("gap", "workers_per_yuan"):
        return 9
    if column.name.startswith("score"):
        return 1
    if column.name.startswith("weight"):
        return 4
    return _DIGITS.get(column.unit, 2)


def number(value: object, decimals: int) -> float | int | None:
    """Round; whole numbers become int, unknown and unreachable ones None.

    Examples
    --------
    >>> number(12.04, 1), number(3.456, 1), number(float("inf"), 1)
    (12, 3.5, None)
    """
    if empty(value):
        return None
    rounded = round(float(value), decimals)  # type: ignore[arg-type]
    return int(rounded) if rounded.is_integer() else rounded


def cell(value: object, column: Column) -> str | float | int | None:
    """Give a value as it is published: clean text, or a rounded number, or None if unknown."""
    return _published([value], column)[0]


def values(frame: Any, columns: Iterable[Column]) -> list[list[str | float | int | None]]:
    """Give the rows of a frame as they are published, in the order of `columns`."""
    by_column = [_published(frame[c.name].tolist(), c) for c in columns]
    return [list(row) for row in zip(*by_column, strict=True)]


def _published(given: list[Any], column: Column) -> list[str | float | int | None]:
    if column.kind in ("str", "list"):
        return [clean(v) or None for v in given]
    decimals = digits(column)
    return [number(v, decimals) for v in given]
