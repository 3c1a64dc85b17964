"""What a study says of its shifts' calendar, and what its reader is told of opening hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from parkgap.assess.groups import Times, no_shifts
from parkgap.crews import crews_of
from parkgap.openness import WINDOWS

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from parkgap.standard import Standard
    from parkgap.store import Memo
    from parkgap.study import Study

Said = list[tuple[str, str]]
_NAMED = 5  # texts that are shown; the others are counted
_LONG = 60  # characters shown of one
_IDS = 3  # places shown of each


def calendar_of(study: Study, parks: pd.DataFrame) -> str:
    """Whose public holidays hold: ``CN`` (mainland China) or ``none`` (plain weeks).

    As ``[shifts] calendar`` says; else mainland China's where more than half of the parks lie
    there.

    Parameters
    ----------
    parks
        Schema ``frames.PARKS``.
    """
    from parkgap.access.calendars import CHINA, PLAIN
    from parkgap.sources.regions import in_mainland

    if study.shifts is not None and study.shifts.calendar is not None:
        return study.shifts.calendar
    at = shapely.centroid(parks["geometry"].to_numpy())
    inside = in_mainland(shapely.get_x(at), shapely.get_y(at))
    return CHINA if 2 * np.count_nonzero(inside) > len(parks) else PLAIN


def crews_and_times(
    study: Study,
    shifts: pd.DataFrame,
    parks: pd.DataFrame,
    enterprises: pd.DataFrame,
    facilities: pd.DataFrame,
    standard: Standard,
    memo: Memo,
) -> tuple[pd.DataFrame, Times]:
    """Give the crews of every park that has shifts, and when places are open to them.

    Nothing of both where there are no shifts, the standard says nothing of hours, or neither the
    study nor its map says of which day.

    Parameters
    ----------
    shifts, parks, enterprises, facilities
        Schemas ``frames.SHIFTS`` (names told apart), ``frames.PARKS``, ``frames.ENTERPRISES`` and
        ``frames.FACILITIES``.
    """
    from parkgap.access.hours import Places, openness, patterns

    hours, day = standard.hours, study.as_of
    if shifts.empty or hours is None or day is None:
        return no_shifts(), Times()
    table, pattern = patterns(shifts)
    calendar = calendar_of(study, parks)
    where = (facilities[c].to_numpy(dtype=float).round(1) for c in ("lon", "lat"))
    places = Places(facilities["opening_hours"], facilities["category"], *where)
    asked = (hours.model_dump_json(), day.isoformat(), calendar, table)
    inputs = (*asked, places.hours, places.category, places.lon, places.lat)
    kept = memo("hours", inputs, lambda: openness(places, table, standard, day, calendar=calendar))
    visits = {
        item: (tuple(WINDOWS.index(w) for w in visit.free), float(visit.stay))
        for item, visit in hours.items.items()
    }
    return crews_of(shifts, pattern, parks, enterprises), Times(visits, kept.value)


def hour_warnings(
    facilities: pd.DataFrame, standard: Standard, as_of: dt.date, calendar: str
) -> Said:
    """Say which opening hours cannot be read, and which years' holidays are not known (zh, en).

    Parameters
    ----------
    facilities
        Schema ``frames.FACILITIES``.
    """
    from parkgap.access.hour_text import unreadable
    from parkgap.access.hours import unknown_years

    said: Said = []
    years = ", ".join(map(str, unknown_years(standard, as_of, calendar)))
    if years:
        said.append(
            (
                f"{years} 年的节假日安排尚无数据，按周一至周五为工作日判断。",
                f"Public holidays of {years} are not known yet: plain weeks are taken.",
            )
        )
    bad = unreadable(facilities["opening_hours"], facilities["facility_id"])
    if len(bad):
        shown = "; ".join(_shown(*row) for row in bad.head(_NAMED).itertuples(index=False))
        more = f" … (+{len(bad) - _NAMED})" if len(bad) > _NAMED else ""
        count = int(bad["places"].sum())
        said.append(
            (
                f"{count} 处设施的营业时间读不出，按未知处理：{shown}{more}",
                (
                    f"The opening hours of {count} places cannot be read and count as unknown: "
                    f"{shown}{more}"
                ),
            )
        )
    return said


def _shown(hours: str, ids: str, places: int) -> str:
    plain = " ".join(hours.split())
    plain = plain if len(plain) <= _LONG else f"{plain[:_LONG]}…"
    named = " ".join(ids.split()[:_IDS])
    return f"“{plain}”({named}{' …' if places > _IDS else ''})"
