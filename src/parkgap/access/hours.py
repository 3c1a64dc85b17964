"""What is open when each shift is free.

Opening hours are evaluated once for each distinct text, over a period of some weeks from the
study's day; each shift's free times are laid over them all at once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.access.calendars import PLAIN, Days, days
from parkgap.access.open_times import MARGIN, Places, distinct, open_times
from parkgap.crews import PATTERN
from parkgap.openness import WINDOWS, Openness

if TYPE_CHECKING:
    from parkgap.standard import Standard
    from parkgap.standards.model import Hours

__all__ = ["PATTERN", "WINDOWS", "Openness", "Places", "openness", "patterns"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_DAY = 1440  # minutes
_WEEK = 7
_BEFORE, _BREAK, _AFTER, _REST, _BETWEEN = range(len(WINDOWS))


def patterns(shifts: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """Find the distinct patterns of shifts.

    Parameters
    ----------
    shifts
        Schema ``frames.SHIFTS``.

    Returns
    -------
    patterns
        Columns `PATTERN`, sorted, each once.
    pattern
        Row of each shift's pattern, shape (shifts,).
    """
    keys = shifts[list(PATTERN)].reset_index(drop=True)
    groups = keys.groupby(list(PATTERN), dropna=False, sort=True)
    number = np.asarray(groups.ngroup(), dtype=np.int64)
    first = np.unique(number, return_index=True)[1]
    return keys.iloc[first].reset_index(drop=True), number


def openness(
    places: Places,
    patterns: pd.DataFrame,
    standard: Standard,
    as_of: dt.date,
    *,
    calendar: str = PLAIN,
) -> Openness:
    """Find what of each shift pattern's free times each place is open.

    Parameters
    ----------
    places
        The places, n of them.
    patterns
        Columns `PATTERN`, one row a pattern.
    standard
        With hours; see ``docs/method.md``.
    as_of
        First day of the period.
    calendar
        ``CN`` (mainland China) or ``none`` (plain weeks).

    Returns
    -------
    Arrays of shape (n, patterns, windows).

    Raises
    ------
    ValueError
        The standard says nothing of hours.
    """
    rules = standard.hours
    if rules is None:
        raise ValueError(f"the standard {standard.id} says nothing of hours")
    span = days(calendar, as_of, int(rules.period.v))
    free = _free_times(patterns, span, rules)
    texts, row, stated = distinct(places, rules)
    around = days(calendar, as_of - dt.timedelta(days=MARGIN), len(span.weekday) + 2 * MARGIN)
    found = [_overlaps(free, *open_times(text, around, calendar)) for text in texts]
    minutes, opens, closes, sure = (
        np.stack([f[k] for f in found])[row] if found else np.zeros((0, *free.shape))
        for k in range(4)
    )
    known = stated[:, None, None] & (sure > 0) & ~free.assumed
    return Openness(
        minutes=minutes,
        known=known,
        assumed=~known & (minutes > 0),
        opens=opens,
        closes=closes,
        length=free.length,
    )


def unknown_years(standard: Standard, as_of: dt.date, calendar: str) -> tuple[int, ...]:
    """Years of the period whose public holidays the calendar does not know."""
    count = 0 if standard.hours is None else int(standard.hours.period.v)
    return days(calendar, as_of, count).unknown_years


# --- free times ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Free:
    """Free times of all patterns: from and to (minutes from the period's first midnight).

    `cell` numbers pattern and window (pattern × windows + window), ascending; `typical` says of
    each cell that has any which of its days counts, from the least open one; `length` (minutes)
    and `assumed` (the break's time is not given) have shape (patterns, windows).
    """

    start: Floats
    end: Floats
    cell: Ints
    length: Floats
    assumed: Bools
    typical: Ints

    @cached_property
    def _groups(self) -> tuple[Ints, Ints]:
        cells, first = np.unique(self.cell, return_index=True)
        return cells, first

    @property
    def cells(self) -> Ints:
        """Cells that have any free time, ascending."""
        return self._groups[0]

    @property
    def first(self) -> Ints:
        """First free time of each of `cells`."""
        return self._groups[1]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.length.shape


def _free_times(patterns: pd.DataFrame, span: Days, rules: Hours) -> _Free:
    count = len(patterns)
    length = np.zeros((count, len(WINDOWS)))
    assumed = np.zeros((count, len(WINDOWS)), dtype=bool)
    starts: list[npt.NDArray[np.floating[Any]]] = []
    ends: list[npt.NDArray[np.floating[Any]]] = []
    cells: list[Ints] = []
    typical: list[int] = []
    # One day of rest is enough to go on: as many of them count as most of the weeks are.
    most = max(1, len(span.weekday) // _WEEK) // 2 + 1
    for p, shift in enumerate(patterns.itertuples(index=False)):
        work, rest = (
            np.flatnonzero(on) * float(_DAY) for on in span.work_and_rest(_text(shift.workdays))
        )
        begin = _clock(str(shift.start))
        finish = begin + (_clock(str(shift.end)) - begin) % _DAY
        pause, pause_end, assumed[p, _BREAK] = _break(shift, begin, finish, rules)
        free = (
            (work, begin - rules.before.v, begin),
            (work, pause, pause_end),
            (work, finish, finish + rules.after.v),
            (rest, rules.rest.v[0] * 60, rules.rest.v[1] * 60),
            (work, finish, begin + _DAY),
        )
        for w, (on, a, b) in enumerate(free):
            if len(on) and b > a:
                length[p, w] = b - a
                starts.append(on + a)
                ends.append(on + b)
                cells.append(np.full(len(on), p * len(WINDOWS) + w))
                # In a rota every day is somebody's day of rest, but not everybody's.
                own = w == _REST and not len(np.intersect1d(work, rest))
                typical.append(max(len(on) - most, 0) if own else (len(on) - 1) // 2)
    empty = np.zeros(0)
    return _Free(
        start=np.concatenate([*starts, empty]).astype(np.float64),
        end=np.concatenate([*ends, empty]).astype(np.float64),
        cell=np.concatenate([*cells, empty]).astype(np.int64),
        length=length,
        assumed=assumed,
        typical=np.array(typical, dtype=np.int64),
    )


def _break(shift: object, begin: float, finish: float, rules: Hours) -> tuple[float, float, bool]:
    """From when to when the break lasts, and whether any of it is assumed.

    A break whose begin is not given lies in the middle of the shift.
    """
    said, told = getattr(shift, "break_start", None), getattr(shift, "break_minutes", None)
    lasts = rules.break_length.v if pd.isna(told) else float(str(told))
    lasts = min(lasts, finish - begin)
    if pd.isna(said):
        start = begin + (finish - begin - lasts) / 2
        return start, start + lasts, True
    start = begin + (_clock(str(said)) - begin) % _DAY
    return start, min(start + lasts, max(finish, start)), bool(pd.isna(told))


def _clock(said: str) -> float:
    hours, minutes = said.split(":")
    return int(hours) * 60.0 + int(minutes)


def _text(cell: object) -> str | None:
    return cell if isinstance(cell, str) else None


# --- one over the other ----------------------------------------------------------------------


def _overlaps(free: _Free, sure: Floats, maybe: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Lay opening hours over the free times.

    Returns
    -------
    minutes, opens, closes, certain
        Shape (patterns, windows): open minutes on the typical day; the longest stretch there, in
        minutes from the free time's beginning; and 1 where no hours are merely possible.
    """
    shape = free.shape
    size = shape[0] * shape[1]
    out = np.zeros((4, size))
    if len(free.cell):
        open_min = _within(sure, free.start, free.end)
        cells, typical = free.cells, _typical(free, open_min)
        out[0, cells] = open_min[typical]
        out[1, cells], out[2, cells] = _longest(sure, free.start[typical], free.end[typical])
        if np.array_equal(maybe, sure):
            out[3] = 1.0
        else:
            perhaps = _within(maybe, free.start, free.end)
            out[3, cells] = perhaps[_typical(free, perhaps)] == open_min[typical]
    return (
        out[0].reshape(shape),
        out[1].reshape(shape),
        out[2].reshape(shape),
        out[3].reshape(shape),
    )


def _within(stretches: Floats, start: Floats, end: Floats) -> Floats:
    """Minutes of stretches within each free time."""
    if not len(stretches):
        return np.zeros(len(start))
    before = np.concatenate([[0.0], np.cumsum(stretches[:, 1] - stretches[:, 0])])
    begins = np.append(stretches[:, 0], np.inf)

    def until(moment: Floats) -> Floats:
        over = np.searchsorted(stretches[:, 1], moment, side="right")
        return np.asarray(before[over] + np.maximum(moment - begins[over], 0.0), dtype=float)

    return until(end) - until(start)


def _typical(free: _Free, minutes: Floats) -> Ints:
    """Free time of the typical day of each cell; ties: the first."""
    order = np.lexsort((minutes, free.cell))
    return np.asarray(order[free.first + free.typical], dtype=np.int64)


def _longest(stretches: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """From and to of the longest stretch within each free time, minutes from its beginning."""
    opens, closes = np.zeros(len(start)), np.zeros(len(start))
    first = np.searchsorted(stretches[:, 1], start, side="right")
    last = np.searchsorted(stretches[:, 0], end, side="left")
    for k in range(int((last - first).max(initial=0))):
        at = np.flatnonzero(first + k < last)
        a = np.maximum(stretches[first[at] + k, 0], start[at]) - start[at]
        b = np.minimum(stretches[first[at] + k, 1], end[at]) - start[at]
        better = b - a > closes[at] - opens[at]
        opens[at[better]], closes[at[better]] = a[better], b[better]
    return opens, closes
