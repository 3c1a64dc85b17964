"""Read what people type into cells: names, ids, numbers, shares, times, dates.

Every reader takes one raw cell and returns a value, or None for an empty one; what cannot
be read raises :class:`CellError`.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata

_EMPTY = frozenset(
    {
        *("", "-", "--", "—", "——", "/", "\\", "n/a", "#n/a", "na", "nan", "null", "none"),
        *("无", "無", "暂无", "未知", "不详", "待定", "待核实", "unknown"),
    }
)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_UNIT = re.compile(r"(人|名|persons?|people|ha|公顷|公頃|分钟|分鐘|min(utes)?)$", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2})[:时時点點](\d{1,2})?分?(?::(\d{1,2})(?:\.0+)?)?")
# Zero-width and direction marks (they come along from web pages) and control characters.
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x08\x0e-\x1f\x7f]")
# 24:00 in a workbook is the number 1, which a cell formatted as time shows as one of these days.
_DAY_ONE = frozenset({dt.date(1899, 12, 31), dt.date(1900, 1, 1)})
_DAY = 1440  # minutes
_HOUR = 60


class CellError(ValueError):
    """A cell cannot be read: what is wrong, the rule, and the remedy (each "zh / en")."""

    def __init__(self, what: str, rule: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.rule, self.remedy = what, rule, remedy


def text(cell: object) -> str | None:
    r"""Read text: NFC, hidden characters dropped, white space (and line ends) run together.

    >>> text("  黄岛\n园区 "), text(101.0), text("\u200b")
    ('黄岛 园区', '101', None)
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # a workbook keeps 101 as 101.0
    if isinstance(cell, dt.datetime):
        cell = cell.date() if cell.time() == dt.time() else cell
    plain = _HIDDEN.sub("", unicodedata.normalize("NFC", str(cell)))
    return " ".join(plain.split()) or None


def _plain(cell: object) -> str | None:
    """Read a short token: text, in half-width forms, None where it says "unknown"."""
    found = text(cell)
    if found is None:
        return None
    found = unicodedata.normalize("NFKC", found).strip()
    return None if found.casefold() in _EMPTY else found


def known(cell: object) -> str | None:
    """Read text of which ``-``, ``无``, ``n/a`` and the like mean that nobody said."""
    return None if _plain(cell) is None else text(cell)


def number(cell: object) -> float | None:
    """Read a finite number; thousands commas, full-width digits, 万 and units are understood.

    >>> number("１，200人"), number("1.2万"), number("暂无"), number(35)
    (1200.0, 12000.0, None, 35.0)

    Raises
    ------
    CellError
        It is no number.
    """
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if isinstance(cell, float) and math.isnan(cell):
            return None
        if math.isfinite(cell):
            return float(cell)
    plain = _plain(cell)
    if plain is None:
        return None
    bare = _UNIT.sub("", plain).replace(" ", "")
    factor = 1.0
    if bare.endswith(("万", "萬")):
        bare, factor = bare[:-1], 1e4
    if _GROUPED.fullmatch(bare):
        bare = bare.replace(",", "")
    if not _PLAIN.fullmatch(bare) or isinstance(cell, bool):
        raise CellError(
            "不是数字 / not a number",
            "只写一个数 / one number and nothing else",
            "写作 1200 / write 1200",
        )
    return round(float(bare) * factor, 9)


def share(cell: object) -> float | None:
    """Read a share between 0 and 1, or a percentage with its sign.

    >>> share("40%"), share(0.4), share("40％")
    (0.4, 0.4, 0.4)

    Raises
    ------
    CellError
        It is no number, or outside 0 to 1.
    """
    plain = _plain(cell)
    percent = plain is not None and plain.endswith("%")
    value = number(plain[:-1] if percent and plain else cell)
    if value is None:
        return None
    value = round(value / 100, 12) if percent else value
    if not 0 <= value <= 1:
        raise CellError(
            "比例超出 0–1 / the share is outside 0 to 1",
            "0 ≤ 比例 ≤ 1 / 0 ≤ share ≤ 1",
            "写作 0.4 或 40% / write 0.4 or 40%",
        )
    return value


def clock(cell: object) -> str | None:
    """Read a time of day as HH:MM; 24:00 means midnight, 00:00.

    >>> clock("8：30"), clock("24:00"), clock(dt.time(7, 30)), clock(0.25), clock("22时")
    ('08:30', '00:00', '07:30', '06:00', '22:00')

    Raises
    ------
    CellError
        It is no time of day.
    """
    minutes = _minutes(cell)
    if minutes is None:
        return None
    if minutes == _DAY:
        minutes = 0
    return f"{minutes // _HOUR:02d}:{minutes % _HOUR:02d}"


def _minutes(cell: object) -> int | None:
    """Minutes since midnight, 0 to 1440."""
    if isinstance(cell, dt.date):
        whole = cell.date() if isinstance(cell, dt.datetime) else cell
        cell = dt.timedelta(days=1) if whole in _DAY_ONE else cell
    if isinstance(cell, dt.time):
        return cell.hour * _HOUR + cell.minute
    if isinstance(cell, dt.timedelta):
        cell = cell / dt.timedelta(days=1)
    if isinstance(cell, float) and 0 <= cell <= 1:
        return round(cell * _DAY)  # a workbook's share of the day
    plain = _plain(cell)
    if plain is None:
        return None
    match = _CLOCK.fullmatch(plain.replace(" ", ""))
    if match:
        hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
        minutes = hour * _HOUR + minute
        if minute < _HOUR and minutes <= _DAY and second == 0:
            return minutes
    raise CellError(
        "时刻写法有误 / not a time of day",
        "00:00 – 24:00",
        "写作 08:30；跨午夜的班次写 22:00 与 06:00 / write 08:30; a night shift is 22:00 and 06:00",
    )


def day(cell: object) -> str | None:
    """Read a date as ISO text; a year, or year and month, stays as coarse as it is.

    >>> day("2025年6月30日"), day("2025/6"), day(dt.date(2025, 6, 30)), day(2025.0)
    ('2025-06-30', '2025-06', '2025-06-30', '2025')

    Raises
    ------
    CellError
        It is no date.
    """
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    plain = _plain(cell)
    if plain is None:
        return None
    bare = re.sub(r"[年月/.]", "-", plain.replace(" ", "")).rstrip("日-")
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", bare)
    if match:
        year, month, of_month = int(match[1]), int(match[2] or 1), int(match[3] or 1)
        try:
            found = dt.date(year, month, of_month).isoformat()
        except ValueError:
            pass
        else:
            return found[: 10 if match[3] else 7 if match[2] else 4]
    raise CellError(
        "日期写法有误 / not a date",
        "YYYY-MM-DD",
        "写作 2026-06-30 / write 2026-06-30",
    )
