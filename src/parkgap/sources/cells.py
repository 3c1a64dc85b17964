"""Read what people type into cells: names, ids, numbers, shares, times, dates.

Every reader takes one raw cell and returns a value, or None for an empty one; what cannot
be read raises :class:`CellError`.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata

from parkgap import weekdays

_EMPTY = frozenset(
    {
        *("", "-", "--", "—", "——", "/", "\\", "n/a", "#n/a", "na", "nan", "null", "none"),
        *("无", "無", "暂无", "未知", "不详", "待定", "待核实", "unknown"),
    }
)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_DIGITS = re.compile(r"-?[0-9]{1,12}(\.[0-9]+)?")  # the plainest of all, and the most frequent
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_UNIT = re.compile(r"(人|名|persons?|people|ha|公顷|公頃|分钟|分鐘|min(utes)?)$", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2})[:时時点點](\d{1,2})?分?(?::(\d{1,2})(?:\.0+)?)?")
# Zero-width and direction marks (they come along from web pages) and control characters.
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x08\x0e-\x1f\x7f]")
# Halves of characters, which JSON can spell: no file in UTF-8 holds them.
_HALVES = re.compile("[\ud800-\udfff]")
# 24:00 in a workbook is the number 1, which a cell formatted as time shows as one of these days.
_DAY_ONE = frozenset({dt.date(1899, 12, 31), dt.date(1900, 1, 1)})
_DAY = 1440  # minutes
_HOUR = 60
# Day numbers of a workbook: 1 is the first of January 1900, counting a 29th of February 1900.
_SERIAL = (20_000, 80_000)  # 1954 to 2119
_SERIAL_ZERO = dt.date(1899, 12, 30)
_NUMBER = r"(\d+(?:\.\d+)?)"
_ANGLE = re.compile(
    rf"([NSEW东南西北東]?[经經纬緯]?)?:?([+-]?){_NUMBER}(?:[°度d:]|-(?=\d))"
    rf"(?:{_NUMBER}(?:['′‘’分m:]|-(?=\d)|$)(?:{_NUMBER}(?:[\"″“”秒s]|''|′′|$))?)?([NSEW]?)",
    re.IGNORECASE,
)
_BEHIND = frozenset("SW南西")
_SIDES = {"lon": "EW东西東", "lat": "NS南北"}
_PAIR = re.compile(r"[,，;；|、\s]+")
_SPAN = re.compile(r"(.+?)(?:-|–|—|~|～|至|到)(.+)")


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
    if isinstance(cell, str):
        # Most cells are clean already; the long way round would take five times as long.
        clean = cell.isprintable() and unicodedata.is_normalized("NFC", cell)
        if clean and "  " not in cell and cell == cell.strip():
            return cell or None
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # a workbook keeps 101 as 101.0
    if isinstance(cell, dt.datetime):
        cell = cell.date() if cell.time() == dt.time() else cell
    plain = _HIDDEN.sub("", unicodedata.normalize("NFC", str(cell)))
    return " ".join(_HALVES.sub("\ufffd", plain).split()) or None


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
    if isinstance(cell, str) and _DIGITS.fullmatch(cell):
        return round(float(cell), 9)
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


def angle(cell: object, axis: str) -> float | None:
    """Read a longitude or latitude: decimal degrees, or degrees, minutes and seconds.

    Parameters
    ----------
    axis
        lon or lat; a letter of the other axis is refused.

    >>> angle("120°06′30.6″E", "lon"), angle("北纬36度6分", "lat"), angle("120-06-30.6", "lon")
    (120.1085, 36.1, 120.1085)
    >>> angle("W15:24:36", "lon"), angle(120.1085, "lon"), angle("36.1°", "lat")
    (-15.41, 120.1085, 36.1)

    Raises
    ------
    CellError
        It is no angle.
    """
    if isinstance(cell, str) and _DIGITS.fullmatch(cell):
        return float(cell)
    if isinstance(cell, float):
        return number(cell)
    plain = _plain(cell)
    if plain is None:
        return None
    bare = plain.replace(" ", "").upper()
    match = _ANGLE.fullmatch(bare)
    if match is None:
        letter = _SIDES[axis]
        side = next((c for c in (bare[0], bare[-1]) if c in letter), "")
        digits = bare.strip(letter + "经經纬緯")
        try:
            found = number(digits if side and digits else cell)
        except CellError as error:
            raise CellError(
                error.what,
                "十进制度，或度分秒 / decimal degrees, or degrees, minutes and seconds",
                "写作 120.1085 或 120°06′30.6″ / write 120.1085 or 120°06′30.6″",
            ) from error
        return -found if side in _BEHIND and found is not None else found
    before, sign, degrees, minutes, seconds, after = match.groups()
    sides = {c for c in f"{before or ''}{after or ''}" if c not in "经經纬緯"}
    whole = float(degrees) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
    good = float(minutes or 0) < _HOUR and float(seconds or 0) < _HOUR
    if not good or len(sides) > 1 or not sides <= set(_SIDES[axis]) or (sign and sides):
        raise CellError(
            "度分秒写法有误 / not degrees, minutes and seconds",
            "0 ≤ 分, 秒 < 60；经度 E/W，纬度 N/S / 0 ≤ minutes, seconds < 60; E or W, N or S",
            "写作 120°06′30.6″ / write 120°06′30.6″",
        )
    return -round(whole, 12) if sign == "-" or sides & _BEHIND else round(whole, 12)


def pair(cell: object) -> tuple[float, float] | None:
    """Read longitude and latitude that stand in one cell, in that order.

    >>> pair("120.1，36.05"), pair("120°06′E 36°03′N")
    ((120.1, 36.05), (120.1, 36.05))

    Raises
    ------
    CellError
        They are not two numbers.
    """
    plain = _plain(cell)
    if plain is None:
        return None
    parts = [part for part in _PAIR.split(plain.strip("()[]")) if part]
    if len(parts) == 2:  # noqa: PLR2004 - a pair
        lon, lat = angle(parts[0], "lon"), angle(parts[1], "lat")
        if lon is not None and lat is not None:
            return lon, lat
    raise CellError(
        "不是一对经纬度 / not a pair of longitude and latitude",
        "经度,纬度 / longitude,latitude",
        "写作 120.1085,36.1 / write 120.1085,36.1",
    )


def flag(cell: object) -> bool | None:
    """Read yes or no.

    >>> flag("是"), flag("否"), flag(1), flag("")
    (True, False, True, None)

    Raises
    ------
    CellError
        It is neither.
    """
    plain = _plain(cell)
    if plain is None:
        return False if text(cell) in {"无", "無"} else None
    said = plain.casefold().removesuffix(".0")
    if said in {"是", "y", "yes", "true", "1", "有", "√", "对", "已拆除", "已撤销", "removed"}:
        return True
    if said in {"否", "n", "no", "false", "0", "×", "x", "非"}:
        return False
    raise CellError(
        "不是“是”或“否” / neither yes nor no", "是, 否 / yes, no", "写作 是 / write yes"
    )


def span(cell: object) -> tuple[str, str] | None:
    """Read a stretch of time: start and end as HH:MM.

    >>> span("22:00–06:00"), span("8时至16时30分"), span("16:00-24:00")
    (('22:00', '06:00'), ('08:00', '16:30'), ('16:00', '00:00'))

    Raises
    ------
    CellError
        It is no stretch of time.
    """
    plain = _plain(cell)
    if plain is None:
        return None
    match = _SPAN.fullmatch(plain.replace(" ", "").replace("次日", ""))
    start, end = (clock(match[1]), clock(match[2])) if match else (None, None)
    if start is None or end is None:
        raise CellError(
            "不是一段时间 / not a stretch of time",
            "08:00-16:00",
            "写作 22:00-06:00 / write 22:00-06:00",
        )
    return start, end


def workdays(cell: object) -> str | None:
    """Read on which days a shift works, as OpenStreetMap writes days; 6/7: six days of seven.

    >>> workdays("周一至周六"), workdays("1-5"), workdays("做六休一"), workdays("")
    ('Mo-Sa', 'Mo-Fr', '6/7', None)

    Raises
    ------
    CellError
        It is none of the forms that are known, or a workbook made a date of it.
    """
    plain = None if isinstance(cell, dt.date) else _plain(cell)
    if plain is None and not isinstance(cell, dt.date):
        return None
    found = None if plain is None else weekdays.workdays(plain)
    if found is None:
        raise CellError(
            "工作日写法有误 / not days of work",
            "一至五，周一至周六，每天，做六休一 / Mo-Fr, Mo-Sa, every day, 6/7",
            "写作 周一至周六；空着即按日历上的工作日 / "
            "write Mo-Sa; empty means the calendar's workdays",
        )
    return found


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

    A number of five figures is a workbook's count of days.

    >>> day("2025年6月30日"), day("2025/6"), day(dt.date(2025, 6, 30)), day(2025.0)
    ('2025-06-30', '2025-06', '2025-06-30', '2025')
    >>> day(45838.0), day("45838")
    ('2025-06-30', '2025-06-30')

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
    if re.fullmatch(r"\d{5}(\.\d+)?", plain) and _SERIAL[0] <= float(plain) <= _SERIAL[1]:
        return (_SERIAL_ZERO + dt.timedelta(days=int(float(plain)))).isoformat()
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
