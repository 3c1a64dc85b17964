"""Opening hours as people write them, brought to OpenStreetMap's form where that is plain.

Lists of Chinese offices, and a good part of the map, write hours in words of their own.  What
is plain is repaired; what stays unreadable is unknown and is told, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from parkgap.weekdays import english

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)"
_TIME = r"\d{1,2}:\d{2}"
_STATES = ("open", "off", "closed", "unknown")
_SILENT = frozenset({"", "-", "无", "無", "暂无", "未知", "不详", "待定", "unknown", "n/a", "none"})
_ALWAYS = r"(?:全天候|全天|全日|昼夜|24 ?小时|24 ?小時|二十四小时|24 ?hours?|24 ?hrs|24h)"
_WORDS = (
    r"营业时间|營業時間|开放时间|開放時間|服务时间|供餐时间|用餐时间|就餐时间|营业|營業|开放|服务|供应|供餐|"
    r"次日|翌日|约|左右|\bUhr\b|\bhrs?\b|opening hours|\bopen from\b|\bfrom\b|(?:早|午|晚)餐"
)
_CLOSED = r"(?:不营业|不開放|不开放|休息|闭馆|閉館|关闭|關閉|停业|公休|店休|休馆|休)"
_BEFORE_NOON = "上午|早上|早晨|清晨|凌晨|早"
_AFTER_NOON = "中午|午后|下午|傍晚|晚上|晚间|夜间|晚"
_CLOCK = re.compile(
    rf"(?P<half>{_BEFORE_NOON}|{_AFTER_NOON})?\s*"
    r"(?P<hour>\d{1,2})\s*(?:(?P<point>[:.点點时時h])\s*(?P<minute>\d{2}|半)?\s*分?(?!\d))?"
    r"\s*(?P<meridiem>[ap]\.?m\.?)?",
    re.IGNORECASE,
)
_SPAN = re.compile(
    rf"(?P<start>{_CLOCK.pattern})\s*(?:-|至|到|\bto\b)\s*(?P<end>{_CLOCK.pattern})".replace(
        "?P<half>", "?:"
    )
    .replace("?P<hour>", "?:")
    .replace("?P<point>", "?:")
    .replace("?P<minute>", "?:")
    .replace("?P<meridiem>", "?:"),
    re.IGNORECASE,
)
_NUMERAL = re.compile(
    r"([一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])(?=[点點时時])"
)
_DIGIT = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_OPEN_END = re.compile(r"(\d{2}):(\d{2})(?:-(\d{2}):(\d{2}))?\+")
_TIMES_ONLY = re.compile(r"[\d:; -]*;[\d:;, -]*")
_NOON, _FULL, _HOUR = 12, 24, 60
_HOURS_FROM = 8  # 1-5 may be days, 8-5 are hours

WRONG = (
    "营业时间读不出，按未知处理 / opening hours that cannot be read; taken as unknown",
    "写作 Mo-Fr 08:00-20:00 或 周一至周五 8:00-20:00 / write Mo-Fr 08:00-20:00",
)


@lru_cache(maxsize=100_000)
def normalise(value: str | None) -> str | None:
    """Bring opening hours to OpenStreetMap's form; None where they stay unreadable.

    A comment without a state (``"by appointment"``) makes its hours unknown, as the
    specification has it; so is what follows an open end (``17:00+``).

    >>> normalise("全天"), normalise("周一至周五 8：00—18：00；周六休息"), normalise("8-22")
    ('24/7', 'Mo-Fr 08:00-18:00; Sa off', '08:00-22:00')
    >>> normalise("上午8:30-11:30，下午1:30-5:00"), normalise("Mo-Fr 9-18"), normalise("看情况")
    ('08:30-11:30,13:30-17:00', 'Mo-Fr 09:00-18:00', None)
    """
    if value is None:
        return None
    plain = _plain(value)
    if _silent(value):
        return None
    # As it stands if that can be read, else repaired.
    tries = (_repaired,) if _TIMES_ONLY.fullmatch(plain) else (str, _repaired)
    for attempt in tries:
        candidate = attempt(plain)
        if _valid(candidate):
            stated = " || ".join(_stated(part) for part in candidate.split("||"))
            return stated if stated == candidate or _valid(stated) else candidate
    return None


def unreadable(hours: pd.Series, ids: pd.Series) -> pd.DataFrame:
    """List the opening hours that are given, and cannot be read.

    Parameters
    ----------
    hours, ids
        As given (None: nothing given), and of which place; shape (n,).

    Returns
    -------
    Frame of ``hours``, ``ids`` (joined by blanks, in order) and ``places`` (their number), the
    most frequent first.
    """
    given = pd.DataFrame({"hours": hours.to_numpy(), "ids": ids.to_numpy()}).dropna()
    said = given["hours"].astype(str)
    lost = {v for v in said.unique() if not _silent(v) and normalise(v) is None}
    bad = given[said.isin(lost)]
    if bad.empty:
        return pd.DataFrame({"hours": [], "ids": [], "places": []})
    groups = bad.sort_values("ids").groupby("hours", sort=True)["ids"]
    out = pd.DataFrame({"ids": groups.agg(" ".join), "places": groups.size()}).reset_index()
    return out.sort_values(["places", "hours"], ascending=[False, True], ignore_index=True)


def tells_opening(value: str) -> bool:
    """Tell whether readable hours say when a place is open, not only when it is closed.

    >>> tells_opening("PH off"), tells_opening("Mo-Fr 08:00-20:00; PH off"), tells_opening("off")
    (False, True, True)
    """
    rules = [rule.strip() for rule in _outside_quotes(value, ";")]
    closed = re.compile(r'(?P<days>[^"]*?)\s*\b(?:off|closed)\b', re.IGNORECASE)
    found = [closed.match(rule) for rule in rules]
    return not all(m is not None and m["days"] for m in found)


def with_holidays(value: str, holidays: Sequence[dt.date]) -> str:
    """Write given days in the place of PH (public holidays), which the library does not know.

    >>> import datetime as dt
    >>> with_holidays("Mo-Fr 08:00-20:00; Su,PH off", [dt.date(2026, 10, 1)])
    'Mo-Fr 08:00-20:00; Su off; 2026 Oct 01 off'
    """
    if "PH" not in value:
        return value
    dates = ",".join(f"{d:%Y} {_MONTHS[d.month - 1]} {d:%d}" for d in holidays)
    rules = [_dated(rule, dates) for rule in _outside_quotes(value, ";")]
    return "; ".join(rule for rule in rules if rule) or "off"


def _dated(rule: str, dates: str) -> str:
    """Write dates in the place of PH in a rule, or in those that it joins by a comma."""
    also = re.split(rf"(?<=[\d+]),\s+(?={_DAY})", rule.strip())
    parts = [part for one in also for part in _apart(one, dates)]
    joint = ", " if len(also) > 1 else "; "
    return joint.join(parts)


def _apart(rule: str, dates: str) -> list[str]:
    """Part a rule for weekdays and public holidays into one for each."""
    found = re.match(rf"(?P<days>{_DAY}(?:-{_DAY}|\[[^\]]*\]|,\s*(?={_DAY})|{_DAY})*)", rule)
    listed = re.split(r",\s*", found["days"]) if found else []
    if found is None or "PH" not in listed:
        return [rule]
    rest = rule[found.end() :].strip()
    others = ",".join(day for day in listed if day != "PH")
    return [f"{days} {rest}".strip() for days in (others, dates) if days]


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def _silent(value: str) -> bool:
    return _plain(value).casefold() in _SILENT


def _valid(value: str) -> bool:
    from opening_hours import validate

    # Bare numbers are years to the library, and hours to whoever wrote them.
    if re.fullmatch(r"[\d\s,-]*", value):
        return False
    return all(part.strip() and validate(part) for part in value.split("||"))


def _plain(value: str) -> str:
    """Half-width forms, one kind of dash, one kind of each separator, single blanks."""
    text = unicodedata.normalize("NFKC", value)
    text = re.sub(r"\s*[‐‑‒–—―−~〜→]+\s*|-{2,}", "-", text)
    text = text.replace("。", ";").replace("“", '"').replace("”", '"')
    text = re.sub(r"[\r\n]+", ";", text)
    text = " ".join(text.split())
    text = re.sub(r"(?<!\|)\|(?!\|)", ";", text)
    text = re.sub(r"\s*;[\s;]*", "; ", text)
    # "Fr, Sa 09:00-18:00": with the blank, the library would read two rules, all Friday the first.
    text = re.sub(rf"({_DAY}(?:\[[^\]]*\])?),\s+(?={_DAY})", r"\1,", text)
    # Days, then a comma, then times: the comma would mean "and every day".
    text = re.sub(rf"(?<![:\d])({_DAY}),\s+(?=\d{{1,2}}:)", r"\1 ", text)
    return text.strip(" ;,.、")


def _repaired(text: str) -> str:
    """Repair what is plain, rule by rule."""
    quoted = re.split(r'("[^"]*")', text)
    return "".join(part if part.startswith('"') else _words(part) for part in quoted).strip(" ;,")


def _words(text: str) -> str:
    text = english(text)
    text = re.sub(_ALWAYS, "00:00-24:00", text, flags=re.IGNORECASE)
    text = re.sub(_CLOSED, " off", text)
    text = re.sub(_WORDS, " ", text, flags=re.IGNORECASE)
    text = re.sub(r"[()\[\]【】](?![\d-])|(?<![\d-])[()【】]", " ", text)
    text = _NUMERAL.sub(lambda m: str(_numeral(m[1])), text)
    text = re.sub(r"\s*[、,及和与&]\s*|\s+(?:and|/)\s+", ",", text)
    rules = [_rule(rule) for rule in re.split(rf";|(?<=off),|(?<=off)\s+(?={_DAY})", text)]
    rules = [rule for rule in rules if rule]
    # 7:00-9:00; 11:00-13:00: to the letter the second rule would replace the first.
    times = all(re.fullmatch(r"[\d:,-]+", rule) for rule in rules)
    return ("," if times else "; ").join(rules)


def _rule(rule: str) -> str:
    rule = re.sub(rf"({_DAY})\s*[:-]\s*(?={_DAY})", r"\1-", " ".join(rule.split()))
    rule = re.sub(rf"({_DAY})\s*:\s*", r"\1 ", rule).strip(" ,:")
    rule = _spans(rule)
    rule = re.sub(rf"({_DAY})(?=\d|off)", r"\1 ", rule)
    rule = re.sub(rf"({_TIME})\s+(?=\d{{1,2}}:)", r"\1,", rule)  # 08:00-13:00 15:00-18:00
    swapped = re.fullmatch(rf"([\d:,-]+)\s*,?\s*({_DAY}[A-Za-z,-]*)", rule)
    if swapped:
        rule = f"{swapped[2]} {swapped[1]}"
    rule = re.sub(rf"({_TIME}),?\s*(?={_DAY})", r"\1; ", rule)
    return "24/7" if rule == "00:00-24:00" else rule.strip()


def _spans(rule: str) -> str:
    """Write stretches of time as HH:MM-HH:MM; bare hours only where nothing else can be meant."""
    bare = re.sub(_DAY, "", rule)
    only_hours = re.fullmatch(
        r"[\s,-]*\d{1,2}\s*-\s*\d{1,2}(?:\s*,\s*\d{1,2}\s*-\s*\d{1,2})*", bare
    )
    four = re.fullmatch(r"[\s,-]*(\d{2})(\d{2})\s*-\s*(\d{2})(\d{2})", bare)
    if four and four[1] not in ("19", "20", "21"):
        rule = re.sub(r"(\d{2})(\d{2})\s*-\s*(\d{2})(\d{2})", r"\1:\2-\3:\4", rule)

    last_late = False

    def written(match: re.Match[str]) -> str:
        nonlocal last_late
        start, end = (_CLOCK.fullmatch(match[k].strip()) for k in ("start", "end"))
        if start is None or end is None:
            return match[0]
        told = any(m["point"] or m["meridiem"] for m in (start, end))
        if not told and not (only_hours and int(end["hour"]) >= _HOURS_FROM):
            return match[0]
        # 下午1:30-5:00: the half of the day holds for the end too, and for what follows.
        begins = _minutes(
            start, late=last_late and not start["half"] and int(start["hour"]) < _HOURS_FROM
        )
        late = begins >= _NOON * 60 and bool(start["half"] or last_late)
        ends = _minutes(end, late=late and not end["half"] and not end["meridiem"])
        if late and not end["half"] and ends <= begins:
            ends = _minutes(end, late=False)
        last_late = late
        if not (0 <= begins <= _FULL * 60 and 0 <= ends <= 2 * _FULL * 60):
            return match[0]
        return f"{_clock(begins)}-{_clock(ends)}{' ' if match[0].endswith(' ') else ''}"

    return _SPAN.sub(written, rule)


def _minutes(clock: re.Match[str], *, late: bool) -> int:
    """Minutes of a time of day; `late`: it is of the afternoon though nothing says so."""
    hour, said = int(clock["hour"]), clock["minute"] or "0"
    minute = 30 if said == "半" else int(said)
    meridiem = (clock["meridiem"] or "").casefold()[:1]
    half = clock["half"] or ""
    after = meridiem == "p" or (half and re.fullmatch(_AFTER_NOON, half)) or late
    if after and hour < _NOON:
        hour += _NOON if not (half == "中午" and hour > _NOON - 2) else 0
    elif meridiem == "a" and hour == _NOON:
        hour = 0
    return hour * 60 + minute if minute < _HOUR else -1


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _numeral(said: str) -> int:
    """Read 八, 十, 十二, 二十."""
    if "十" not in said:
        return _DIGIT[said]
    tens, ones = said.split("十")
    return (_DIGIT[tens] if tens else 1) * 10 + (_DIGIT[ones] if ones else 0)


def _stated(part: str) -> str:
    """Give rules the state that the specification means: unknown for comments and open ends."""
    return "; ".join(_unsure(rule.strip()) for rule in _outside_quotes(part, ";"))


def _unsure(rule: str) -> str:
    comment = re.fullmatch(r'(?P<head>[^"]*?)\s*(?P<comment>"[^"]*")', rule)
    if comment and not comment["head"].casefold().endswith(_STATES):
        return f"{comment['head']} unknown {comment['comment']}".strip()
    if "+" not in rule or not re.fullmatch(rf"(?:{_DAY}[\w,\-\[\] ]*?\s)?[\d:,+-]+", rule):
        return rule
    first = re.search(_TIME, rule)
    days = rule[: first.start()] if first else ""
    ends = [(int(m[3] or m[1]), int(m[4] or m[2]), bool(m[3])) for m in _OPEN_END.finditer(rule)]
    sure = _OPEN_END.sub(lambda m: m[0].rstrip("+") if m[3] else "", rule[len(days) :])
    sure = ",".join(span for span in sure.split(",") if span)
    maybe = ",".join(f"{h:02d}:{m:02d}-{_clock(_guessed(h * 60 + m))}" for h, m, _ in ends)
    unknown = f"{days or 'Mo-Su '}{maybe} unknown"  # a bare ", 17:00-" would join the rule before
    return f"{days}{sure}, {unknown}" if sure else unknown


def _guessed(begins: int) -> int:
    """Minutes until which an open end may last (the convention of opening_hours.js)."""
    if begins < 17 * 60:
        return _FULL * 60
    return begins + (10 if begins < 22 * 60 else 8) * 60


def rules_of(value: str) -> list[str]:
    """Part readable hours into their rules.

    >>> rules_of('Mo-Fr 08:00-12:00; Sa off "a; b"')
    ['Mo-Fr 08:00-12:00', 'Sa off "a; b"']
    """
    return [rule.strip() for rule in _outside_quotes(value, ";") if rule.strip()]


def _outside_quotes(text: str, separator: str) -> list[str]:
    """Split at a separator that no comment contains."""
    return re.split(rf'{re.escape(separator)}(?=(?:[^"]*"[^"]*")*[^"]*$)', text)
