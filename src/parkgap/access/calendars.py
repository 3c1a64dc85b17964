"""Workdays, days of rest and public holidays.

Mainland China's come from chinesecalendar, make-up workdays (调休) included.  Elsewhere, and in
years of which it knows nothing yet, plain weeks hold.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from parkgap.weekdays import WEEK, WORKING, days_of

if TYPE_CHECKING:
    from collections.abc import Iterable

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

CHINA = "CN"
PLAIN = "none"
_MONDAY_TO_FRIDAY = days_of(WORKING)


@dataclass(frozen=True)
class Days:
    """Days one after another; arrays (days,).

    Attributes
    ----------
    first
        The first of them.
    weekday
        0 is Monday.
    holiday
        Public holidays, with the days off that were moved to them.
    made_up
        Workdays on a weekend, which make up for a moved one (调休).
    unknown_years
        Years whose holidays are not known: plain weeks there.
    """

    first: dt.date
    weekday: Ints
    holiday: Bools
    made_up: Bools
    unknown_years: tuple[int, ...]

    def work_and_rest(self, workdays: str | None) -> tuple[Bools, Bools]:
        """Tell on which days a shift works, and on which its people rest.

        Parameters
        ----------
        workdays
            As :func:`parkgap.weekdays.workdays` writes it; None: the calendar's workdays.

        Returns
        -------
        work, rest
            Shape (days,).  Public holidays are days of rest, and make-up workdays work wherever
            Monday to Friday do.  A shift that works every day knows no holiday.  One that
            rotates (6/7) has people at work and people at rest on every day.
        """
        always = np.ones(len(self.weekday), dtype=bool)
        if workdays is not None and "/" in workdays:
            return always, always
        if workdays == WEEK:
            return always, ~always
        on = days_of(workdays or WORKING)
        work = np.isin(self.weekday, list(on)) & ~self.holiday
        if on >= _MONDAY_TO_FRIDAY:
            work |= self.made_up
        return work, ~work

    def holidays(self) -> list[dt.date]:
        """Dates of the public holidays, in order."""
        return [self.first + dt.timedelta(days=int(i)) for i in np.flatnonzero(self.holiday)]


def days(calendar: str, first: dt.date, count: int) -> Days:
    """Lay out days by a calendar.

    Parameters
    ----------
    calendar
        ``CN`` (mainland China) or ``none`` (plain weeks).
    first, count
        From which day, and how many.
    """
    dates = [first + dt.timedelta(days=i) for i in range(count)]
    holiday, made_up, unknown = _china(dates) if calendar == CHINA else ([], [], set())
    return Days(
        first=first,
        weekday=np.array([d.weekday() for d in dates], dtype=np.int64),
        holiday=np.isin(np.arange(count), holiday),
        made_up=np.isin(np.arange(count), made_up),
        unknown_years=tuple(sorted(unknown)),
    )


def _china(dates: Iterable[dt.date]) -> tuple[list[int], list[int], set[int]]:
    """Positions of public holidays and make-up workdays, and the years that are not known."""
    import chinese_calendar

    holiday: list[int] = []
    made_up: list[int] = []
    unknown: set[int] = set()
    for i, date in enumerate(dates):
        try:
            off, name = chinese_calendar.get_holiday_detail(date)
        except NotImplementedError:
            unknown.add(date.year)
            continue
        if off and name is not None:  # a weekend has no name
            holiday.append(i)
        elif not off and date.weekday() not in _MONDAY_TO_FRIDAY:
            made_up.append(i)
    return holiday, made_up, unknown
