"""Opening hours evaluated: each distinct text once, as stretches of minutes."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.access.calendars import CHINA, Days
from parkgap.access.hour_text import normalise, rules_of, tells_opening, with_holidays

if TYPE_CHECKING:
    from parkgap.standards.model import Hours

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

MARGIN = 2  # days around the period that a shift's free times may reach into
_DAY = 1440  # minutes
_SUN = re.compile(r"\b(?:sunrise|sunset|dawn|dusk)\b")
_BEIJING = "Asia/Shanghai"
#: Opening hours that can be evaluated, and where (latitude, longitude) if the sun matters.
Text = tuple[str, tuple[float, float] | None]


@dataclass(frozen=True)
class Places:
    """Of whose hours the question is; all of one length.

    Attributes
    ----------
    hours
        Opening hours as given; None: nobody knows.
    category
        The standard's category, for the hours that are assumed.
    lon, lat
        WGS-84 degrees; only sunrise and sunset ask for them.
    """

    hours: pd.Series
    category: pd.Series
    lon: Floats
    lat: Floats


def distinct(places: Places, rules: Hours) -> tuple[list[Text], Ints, Bools]:
    """Distinct opening hours (with a place where the sun matters).

    Returns
    -------
    texts
        Each once; assumed hours among them.
    row
        Of each place, shape (places,).
    stated
        Whether the place's own hours are it, shape (places,).
    """
    codes, given = pd.factorize(places.hours, use_na_sentinel=True)
    read = [_readable(str(value)) for value in given]
    by_code = np.array([*read, None], dtype=object)[codes]
    kinds, names = pd.factorize(places.category.fillna(""))
    spans = (rules.assumed_of(str(name)).v for name in names)
    assumed = np.array([f"{_hhmm(a)}-{_hhmm(b)}" for a, b in spans] or [""], dtype=object)[kinds]
    sunny = np.array([v is not None and _SUN.search(v) is not None for v in [*read, None]])[codes]
    placed = np.isfinite(places.lon) & np.isfinite(places.lat)
    stated = np.array([v is not None for v in by_code], dtype=bool) & (placed | ~sunny)
    text = np.where(stated, by_code, assumed)
    # Rounded, so that one town is one place: the sun's times differ by seconds.
    lon = np.where(sunny & stated, np.round(places.lon, 1), np.nan)
    lat = np.where(sunny & stated, np.round(places.lat, 1), np.nan)
    keys = pd.DataFrame({"text": text, "lon": lon, "lat": lat})
    groups = keys.groupby(["text", "lon", "lat"], dropna=False, sort=True)
    row = np.asarray(groups.ngroup(), dtype=np.int64)
    first = keys.iloc[np.unique(row, return_index=True)[1]]
    texts = [
        (str(t), None if np.isnan(x) else (float(y), float(x)))
        for t, x, y in zip(first["text"], first["lon"], first["lat"], strict=True)
    ]
    return texts, row, stated


def _readable(value: str) -> str | None:
    """Hours that say when a place is open; "closed on holidays" alone says nothing of it."""
    found = normalise(value)
    return found if found is not None and tells_opening(found) else None


def _hhmm(hour: float) -> str:
    minutes = round(hour * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def open_times(text: Text, around: Days, calendar: str) -> tuple[Floats, Floats]:
    """Evaluate opening hours.

    Parameters
    ----------
    text
        One of :func:`distinct`'s.
    around
        The period, with `MARGIN` more days at both ends.
    calendar
        ``CN`` or ``none``.

    Returns
    -------
    sure, maybe
        Stretches in which it is open, and open or perhaps open: ascending, apart from one
        another, shape (stretches, 2), minutes from the period's first midnight by the clock on
        the wall.
    """
    said, at = text
    holidays = around.holidays()
    said = with_holidays(said, holidays) if holidays else said
    # All of mainland China goes by Beijing's clock, whatever the map of time zones says.
    zone = _BEIJING if calendar == CHINA else None
    return evaluated(said, at, around.first, len(around.weekday), zone)


@lru_cache(maxsize=20_000)
def evaluated(
    text: str, at: tuple[float, float] | None, first: dt.date, count: int, zone: str | None
) -> tuple[Floats, Floats]:
    """Open, and open or perhaps open; what follows ``||`` holds where the rules before do not."""
    begin = dt.datetime.combine(first, dt.time())
    sure, maybe = np.zeros((0, 2)), np.zeros((0, 2))
    for k, part in enumerate(text.split("||")):
        opens, perhaps = _states(part.strip(), at, begin, count, zone)
        perhaps = np.concatenate([perhaps, *_past_midnight(part, at, begin, count, zone)])
        if k:
            opens, perhaps = (_without(found, maybe) for found in (opens, perhaps))
        sure = _joined(sure, opens)
        maybe = _joined(maybe, opens, perhaps) if k or len(perhaps) else sure
    origin = MARGIN * _DAY
    return sure - origin, maybe - origin


def _states(
    text: str, at: tuple[float, float] | None, begin: dt.datetime, count: int, zone: str | None
) -> tuple[Floats, Floats]:
    """Open stretches, and those of which it is not known; (stretches, 2), minutes from `begin`."""
    from zoneinfo import ZoneInfo

    from opening_hours import OpeningHours, State

    place: dict[str, Any] = {} if at is None else {"coords": at, "auto_country": False}
    if zone is not None and at is not None:
        place["timezone"] = ZoneInfo(zone)
    found = OpeningHours(text, **place).intervals(begin, begin + dt.timedelta(days=count))
    named = [(a, b, state == State.OPEN) for a, b, state, _ in found if state != State.CLOSED]
    if at is not None:  # the clock on the wall, whatever zone
        named = [(a.replace(tzinfo=None), b.replace(tzinfo=None), yes) for a, b, yes in named]
    since = [(a - begin, b - begin) for a, b, _ in named]
    rows = [(a.days * _DAY + a.seconds / 60, b.days * _DAY + b.seconds / 60) for a, b in since]
    minutes = np.array(rows, dtype=float).reshape(-1, 2)
    opened = np.array([yes for _, _, yes in named], dtype=bool)
    return minutes[opened], minutes[~opened]


def _past_midnight(
    text: str, at: tuple[float, float] | None, begin: dt.datetime, count: int, zone: str | None
) -> list[Floats]:
    """What each of several rules says of the hours after midnight, taken by itself.

    ``Mo-Fr 17:00-03:00; Sa,Su 18:00-03:00``: to the letter another day's rule may end the night
    at midnight, libraries do not agree when, and whoever wrote it meant it to go on: unknown.
    """
    rules = rules_of(text)
    late = [rule for rule in rules if _crosses(rule)] if len(rules) > 1 else []
    found = []
    for rule in late:
        stretches = _states(rule, at, begin, count, zone)[0]
        midnight = (np.floor(stretches[:, 0] / _DAY) + 1) * _DAY
        over = (stretches[:, 1] > midnight) & (stretches[:, 1] - stretches[:, 0] < _DAY)
        found.append(np.column_stack([midnight, stretches[:, 1]])[over])
    return found


def _crosses(rule: str) -> bool:
    """Tell whether any stretch of a rule ends on the next day."""
    spans = re.findall(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", rule)
    clocks = [(int(a) * 60 + int(b), int(c) * 60 + int(d)) for a, b, c, d in spans]
    return any(end <= start or end > _DAY for start, end in clocks)


def _without(stretches: Floats, taken: Floats) -> Floats:
    """Leave out of stretches what lies in others (ascending, apart from one another)."""
    edges = [-np.inf, *taken.ravel().tolist(), np.inf]
    gaps = list(zip(edges[::2], edges[1::2], strict=True))
    left = [(max(a, c), min(b, d)) for a, b in stretches.tolist() for c, d in gaps]
    return np.array([(a, b) for a, b in left if a < b], dtype=float).reshape(-1, 2)


def _joined(*parts: Floats) -> Floats:
    """Join stretches that touch; shape (stretches, 2), ascending."""
    given = [part for part in parts if len(part)]
    if not given:
        return np.zeros((0, 2))
    stretches = given[0] if len(given) == 1 else np.concatenate(given)
    begins, ends = stretches.T
    if (begins[1:] > ends[:-1]).all():
        return stretches
    stretches = stretches[np.argsort(begins, kind="stable")]
    until = np.maximum.accumulate(stretches[:, 1])
    apart = np.flatnonzero(np.append(stretches[1:, 0] > until[:-1], True))
    first = np.concatenate([[0], apart[:-1] + 1])
    return np.column_stack([stretches[first, 0], until[apart]])
