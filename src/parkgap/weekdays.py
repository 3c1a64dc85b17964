"""Days of the week as people write them, in Chinese and English, brought to OpenStreetMap's."""

from __future__ import annotations

import re
import unicodedata

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
WEEK = "Mo-Su"
WORKING = "Mo-Fr"
_ENGLISH = (
    *("mon(?:day)?s?", "tue(?:s(?:day)?)?s?", "wed(?:nesday)?s?", "thu(?:rs?(?:day)?)?s?"),
    *("fri(?:day)?s?", "sat(?:urday)?s?", "sun(?:day)?s?"),
)
_HAN = "一二三四五六日"
_PREFIX = r"(?:周|週|星期|礼拜|禮拜)"
_EVERY = r"每天|每日|天天|每周七天|一周七天|全周|全年无休|无休|daily|every ?day"
_WORKING = r"工作日|平日|五天工作制|5天工作制|双休(?!日)|weekdays?"
_WEEKEND = r"周末|週末|双休日|weekends?"
_HOLIDAY = r"法定节假日|法定假日|国定假日|节假日|節假日|假日|public holidays?"
_RANGE = re.compile(r"\s*(?:-|–|—|~|～|至|到|\bto\b|\bthrough\b)+\s*", re.IGNORECASE)
_AND = re.compile(r"\s*(?:[、,，;；/&+]|和|与|及|\band\b|\s)\s*", re.IGNORECASE)
_ONE_TO_SEVEN = re.compile(r"[1-7](?:-[1-7])?(?:,[1-7](?:-[1-7])?)*")
_ROTA = re.compile(
    r"(?:做|上|干)?([一二两三四五六七八九十\d]{1,2})(?:天)?(?:休|歇)([一二两三四五六七\d])天?"
)
_NUMBERS = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
_OSM_ROTA = re.compile(r"(\d{1,2})/(\d{1,2})")
_LEAST_RUN = 3  # consecutive days that are written as a range


def english(text: str) -> str:
    """Write the Chinese and long English names of days in a text as OpenStreetMap does.

    >>> english("周一至周五 9:00, 周六、日 10:00"), english("Monday to Friday"), english("工作日")
    ('Mo-Fr 9:00, Sa,Su 10:00', 'Mo-Fr', 'Mo-Fr')
    """
    for words, osm in ((_EVERY, WEEK), (_WEEKEND, "Sa,Su"), (_WORKING, WORKING)):
        text = re.sub(words, osm, text, flags=re.IGNORECASE)
    text = re.sub(_HOLIDAY, "PH", text, flags=re.IGNORECASE)
    for day, name in zip(DAYS, _ENGLISH, strict=True):
        text = re.sub(rf"(?<![A-Za-z]){name}(?![A-Za-z])", day, text, flags=re.IGNORECASE)
    # 周一至五, 周六、日: the prefix holds for what follows.
    link = rf"(?:\s*(?:[-–—~～至到、,，和及]|{_PREFIX})+\s*)?"
    chain = re.compile(rf"{_PREFIX}[{_HAN}天](?:{link}[{_HAN}天](?![十点點时時]))*")
    text = chain.sub(lambda m: _chain(m[0]), text)
    day = "|".join(DAYS)
    return re.sub(rf"({day})\s*(?:至|到|\bto\b|\bthrough\b)\s*(?={day})", r"\1-", text)


def _chain(said: str) -> str:
    bare = re.sub(_PREFIX, "", said).replace("天", "日")
    bare = re.sub(r"\s*[-–—~～至到]+\s*", "-", bare)
    bare = re.sub(r"\s*[、,，和及]+\s*", ",", bare)
    bare = re.sub(rf"(?<=[{_HAN}])(?=[{_HAN}])", ",", bare)
    return "".join(DAYS[_HAN.index(c)] if c in _HAN else c for c in bare)


def workdays(text: str) -> str | None:
    """Read on which days a shift works: ``Mo-Fr``, or ``6/7`` for six days of seven, whichever.

    None: it cannot be read.

    >>> workdays("一至五"), workdays("周一至周六"), workdays("1-5"), workdays("Mon-Fri")
    ('Mo-Fr', 'Mo-Sa', 'Mo-Fr', 'Mo-Fr')
    >>> workdays("每天"), workdays("做六休一"), workdays("周一、三、五"), workdays("某些天")
    ('Mo-Su', '6/7', 'Mo,We,Fr', None)
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    rota = _ROTA.fullmatch(re.sub(r"[\s,，、制]", "", plain))
    if rota:
        on, off = _number(rota[1]), _number(rota[2])
        return f"{on}/{on + off}" if on and off else None
    if plain in ("单休", "單休", "六天工作制", "6天工作制"):
        return "6/7"
    written = _OSM_ROTA.fullmatch(plain)
    if written:
        on, of = int(written[1]), int(written[2])
        return plain if 0 < on < of else None
    bare = english(plain)
    for n, day in enumerate(DAYS, start=1):
        bare = re.sub(rf"(?<![A-Za-z]){day}(?![A-Za-z])", str(n), bare, flags=re.IGNORECASE)
    bare = "".join(str(_HAN.index(c) + 1) if c in _HAN else c for c in bare)
    bare = _AND.sub(",", _RANGE.sub("-", bare)).strip(",")
    if re.fullmatch(r"[1-7]{2,7}", bare):
        bare = ",".join(bare)
    return _written(bare) if _ONE_TO_SEVEN.fullmatch(bare) else None


def _number(said: str) -> int:
    return int(said) if said.isdigit() else _NUMBERS.get(said, 0)


def _written(numbers: str) -> str:
    """Write 1-3,5 as Mo-We,Fr; each day once, in the week's order."""
    on: set[int] = set()
    for part in numbers.split(","):
        first, last = int(part[0]) - 1, int(part[-1]) - 1
        on |= {(first + k) % 7 for k in range((last - first) % 7 + 1)}
    return compact(on)


def compact(days: set[int]) -> str:
    """Write days (0 is Monday) as OpenStreetMap does.

    >>> compact({0, 1, 2, 4}), compact({5, 6})
    ('Mo-We,Fr', 'Sa,Su')
    """
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    said = [
        f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
        if len(run) >= _LEAST_RUN
        else ",".join(DAYS[d] for d in run)
        for run in runs
    ]
    return ",".join(said)


def days_of(written: str) -> frozenset[int]:
    """Give the days (0 is Monday) of what :func:`workdays` wrote; empty for 6/7 and the like.

    >>> sorted(days_of("Mo-We,Fr")), sorted(days_of("6/7"))
    ([0, 1, 2, 4], [])
    """
    if "/" in written:
        return frozenset()
    on: set[int] = set()
    for part in written.split(","):
        first, last = DAYS.index(part[:2]), DAYS.index(part[-2:])
        on |= set(range(first, last + 1))
    return frozenset(on)
