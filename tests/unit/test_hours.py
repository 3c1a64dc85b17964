"""What is open when each shift is free; expected minutes are worked out by hand."""

from __future__ import annotations

import datetime as dt
import math
import time

import numpy as np
import pandas as pd
import pytest

from parkgap import frames
from parkgap.access.hours import PATTERN, Places, openness, patterns, unknown_years
from parkgap.openness import WINDOWS, Openness
from parkgap.standard import Standard, load

MONDAY = dt.date(2026, 11, 2)  # four whole weeks from here: 20 workdays, 8 days of rest
BEFORE, BREAK, AFTER, REST = range(4)
DAY = ("08:00", "17:00", "12:00", 60.0, None)
NIGHT = ("22:00", "06:00", "02:00", 30.0, "Mo-Su")


@pytest.fixture(scope="module")
def standard() -> Standard:
    return load()


def table(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(PATTERN))


def places(
    *hours: str | None, category: str = "dining", at: tuple[float, float] = (120.1, 36.1)
) -> Places:
    n = len(hours)
    return Places(
        hours=pd.Series(list(hours), dtype=object),
        category=pd.Series([category] * n),
        lon=np.full(n, at[0]),
        lat=np.full(n, at[1]),
    )


def short(standard: Standard, days: float) -> Standard:
    assert standard.hours is not None
    period = standard.hours.period.model_copy(update={"v": days})
    hours = standard.hours.model_copy(update={"period": period})
    return standard.model_copy(update={"hours": hours})


def judged(
    standard: Standard,
    shift: tuple[object, ...],
    *hours: str | None,
    as_of: dt.date = MONDAY,
    calendar: str = "none",
    category: str = "dining",
) -> Openness:
    given = places(*hours, category=category)
    return openness(given, table(shift), standard, as_of, calendar=calendar)


def of(found: Openness, window: int, place: int = 0) -> tuple[float, bool, bool]:
    at = (place, 0, window)
    return float(found.minutes[at]), bool(found.known[at]), bool(found.assumed[at])


# --- patterns --------------------------------------------------------------------------------


def test_shifts_of_one_pattern_are_free_at_the_same_times() -> None:
    shifts = frames.SHIFTS.frame(
        {
            "park_id": ["P1", "P1", "P2", "P3"],
            "shift": ["day", "night", "day", "short"],
            "start": ["08:00", "22:00", "08:00", "08:00"],
            "end": ["17:00", "06:00", "17:00", "17:00"],
            "break_start": ["12:00", None, "12:00", "12:00"],
            "break_minutes": [60.0, np.nan, 60.0, 60.0],
            "share": [0.5, 0.5, 1.0, 1.0],
            "workdays": [None, "Mo-Su", None, "Mo-Sa"],
            "source": ["made up"] * 4,
        }
    )
    found, row = patterns(shifts)
    assert len(found) == 3
    assert row[0] == row[2] != row[3]
    for i in range(4):
        for column in PATTERN:
            one, two = found[column].iloc[row[i]], shifts[column].iloc[i]
            assert one == two or (pd.isna(one) and pd.isna(two))


def test_no_shifts_and_no_places_are_no_error(standard: Standard) -> None:
    found, row = patterns(frames.SHIFTS.frame())
    assert len(found) == len(row) == 0
    assert openness(places("24/7"), found, standard, MONDAY).minutes.shape == (1, 0, 5)
    assert openness(places(), table(DAY), standard, MONDAY).known.shape == (0, 1, 5)


# --- free times ------------------------------------------------------------------------------


def test_free_times_of_a_day_shift(standard: Standard) -> None:
    found = judged(standard, DAY, "24/7")
    assert WINDOWS == ("before", "break", "after", "rest", "between")
    # From 17:00 to 08:00 the next day it is 15 hours.
    assert found.length[0].tolist() == [60, 60, 120, 720, 900]
    assert found.minutes[0, 0].tolist() == [60, 60, 120, 720, 900]
    assert found.known.all()


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("Mo-Fr 07:30-12:20", [30, 20, 0, 0, 30]),
        ("Mo-Su 16:00-18:15", [0, 0, 75, 135, 75]),
        ("Sa,Su 08:00-10:30", [0, 0, 0, 90, 0]),
        # Open while the shift works, and early, when who is at home may go.
        ("Mo-Fr 06:00-07:00,13:00-17:00", [0, 0, 0, 0, 60]),
        ("off", [0, 0, 0, 0, 0]),
        ("周一至周五 7：30—12：20", [30, 20, 0, 0, 30]),
    ],
)
def test_minutes_within_free_times(standard: Standard, hours: str, expected: list[float]) -> None:
    found = judged(standard, DAY, hours)
    assert found.minutes[0, 0].tolist() == expected
    assert found.known.all()
    assert not found.assumed.any()


def test_hours_and_shifts_that_cross_midnight(standard: Standard) -> None:
    found = judged(standard, NIGHT, "Mo-Su 17:00-02:15")
    # Before: 21-22 o'clock; the break from 02:00, of which 15 minutes; after 06:00 all is shut.
    # At home, from 06:00 to 22:00, the five hours from 17:00.
    assert found.minutes[0, 0].tolist() == [60, 15, 0, 0, 300]
    # The night of Friday: its break is on Saturday, when the hours of Friday still hold.
    friday = ("22:00", "06:00", "02:00", 30.0, "Fr")
    assert of(judged(standard, friday, "Fr 20:00-04:00"), BREAK) == (30, True, False)
    assert of(judged(standard, friday, "Sa 20:00-04:00"), BREAK) == (0, True, False)
    # A shift from 00:30: the hour before begins on the day before, on the first day too.
    early = ("00:30", "08:30", None, np.nan, "Mo")
    assert of(judged(standard, early, "Su 23:00-24:00"), BEFORE) == (30, True, False)


def test_free_times_reach_past_both_ends_of_the_period(standard: Standard) -> None:
    # One week from Monday: the hour before Monday 00:30 begins on Sunday, the two hours after
    # Sunday's night lie on the next Monday.
    week = short(standard, 7.0)
    early = ("00:30", "08:30", None, np.nan, "Mo")
    assert of(judged(week, early, "Su 23:00-24:00"), BEFORE) == (30, True, False)
    late = ("22:00", "06:00", None, np.nan, "Su")
    assert of(judged(week, late, "Mo 06:30-12:00"), AFTER) == (90, True, False)


def test_a_night_that_the_next_day_s_rule_may_cut_is_unknown(standard: Standard) -> None:
    hours = "Mo-Fr 17:00-03:00; Sa,Su 18:00-03:00"
    monday = judged(standard, ("22:00", "06:00", "02:00", 30.0, "Mo"), hours)
    assert of(monday, BREAK) == (30, True, False)  # Monday's night under Tuesday's same rule
    sunday = judged(standard, ("22:00", "06:00", "02:00", 30.0, "Su"), hours)
    assert of(sunday, BREAK) == (0, False, False)  # Monday's rule may have ended it at midnight
    later = judged(standard, ("23:00", "07:00", "03:15", 30.0, "Su"), hours)
    assert of(later, BREAK) == (0, True, False)  # shut, whoever is right


def test_a_rest_day_needs_days_of_rest(standard: Standard) -> None:
    found = judged(standard, NIGHT, "24/7")
    assert found.length[0, REST] == 0
    assert of(found, REST) == (0, True, False)
    rota = judged(standard, ("08:00", "20:00", "12:00", 60.0, "6/7"), "Su 09:00-12:00")
    assert rota.length[0].tolist() == [60, 60, 120, 720, 720]  # every day is somebody's day of rest
    assert of(rota, REST) == (0, True, False)  # but Sunday is one day of seven


def test_a_free_time_counts_with_what_it_has_on_more_than_half_of_its_days(
    standard: Standard,
) -> None:
    found = judged(standard, DAY, "Mo-We 12:00-13:00", "Mo,Tu 12:00-13:00")
    assert of(found, BREAK, 0) == (60, True, False)  # three days of five
    assert of(found, BREAK, 1) == (0, True, False)
    half = judged(standard, (*DAY[:4], "Mo,Tu"), "Mo 12:00-13:00")
    assert of(half, BREAK) == (0, True, False)


def test_one_day_of_rest_a_week_is_enough_to_go_on(standard: Standard) -> None:
    # Open on Saturdays alone: each week has one, though half of the days of rest are Sundays.
    assert of(judged(standard, DAY, "Sa 09:00-13:00"), REST) == (240, True, False)
    # On the first Saturday of the month alone: one week of four.
    assert of(judged(standard, DAY, "Sa[1] 09:00-13:00"), REST) == (0, True, False)


def test_a_break_that_the_table_does_not_give_is_assumed(standard: Standard) -> None:
    # 08:00-17:00: an hour in the middle, 12:00-13:00.
    found = judged(standard, ("08:00", "17:00", None, np.nan, None), "12:30-14:00", "06:00-11:00")
    assert found.length[0, BREAK] == 60
    assert of(found, BREAK, 0) == (30, False, True)
    assert of(found, BREAK, 1) == (0, False, False)  # not surely shut: nobody said when it is
    assert of(found, BEFORE, 1) == (60, True, False)
    # Its begin is known, its length is not; and one of 30 minutes somewhere: 12:15-12:45.
    begin = judged(standard, ("08:00", "17:00", "11:30", np.nan, None), "12:00-14:00")
    assert of(begin, BREAK) == (30, False, True)
    length = judged(standard, ("08:00", "17:00", None, 30.0, None), "12:30-14:00")
    assert of(length, BREAK) == (15, False, True)


# --- unknown hours ---------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [None, "看情况", "PH off", "unknown"])
def test_unknown_hours_are_open_by_day_by_assumption_and_unknown_at_night(
    standard: Standard, hours: str | None
) -> None:
    day = judged(standard, DAY, hours)
    # 09:00-20:00 of the day of rest; 17:00-20:00 and 07:00-08:00 between shifts.
    assert day.minutes[0, 0].tolist() == [60, 60, 120, 660, 240]
    assert not day.known.any()
    assert day.assumed.all()
    night = judged(standard, NIGHT, hours)
    assert of(night, BEFORE) == (0, False, False)  # 21-22 o'clock: neither open nor shut
    assert of(night, BREAK) == (0, False, False)
    assert of(night, AFTER) == (60, False, True)  # 06:00-08:00, of which 07:00-08:00
    assert (night.opens[0, 0, AFTER], night.closes[0, 0, AFTER]) == (60, 120)


def test_assumed_hours_are_the_category_s_own(standard: Standard) -> None:
    found = judged(standard, DAY, None, category="community_gov")  # 09:00-17:00
    assert found.minutes[0, 0].tolist() == [0, 60, 0, 480, 0]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        # A comment without a state: nobody knows whether it is open then, but shut otherwise.
        ('Mo-Su 10:00-14:00 "by appointment"', (0, False, False)),
        ("Mo-Su 10:00-14:00 unknown", (0, False, False)),
        # Half of the break is sure.
        ("Mo-Su 10:00-12:30, Mo-Su 12:30-14:00 unknown", (30, False, True)),
        ('Mo-Su 10:00-12:30 || "ask"', (30, False, True)),
        ("Mo-Su 10:00-12:30 || Mo-Su 12:45-14:00", (45, True, False)),
        # An open end: open until then, unknown after it; shut before it begins.
        ("12:30+", (0, False, False)),
        ("10:00-12:30+", (30, False, True)),
        ("17:00+", (0, True, False)),
    ],
)
def test_hours_that_are_partly_unsure(
    standard: Standard, hours: str, expected: tuple[float, bool, bool]
) -> None:
    found = judged(standard, DAY, hours)
    assert of(found, BREAK) == expected
    if "||" not in hours:
        assert of(found, BEFORE) == (0, True, False)


# --- the calendar ----------------------------------------------------------------------------


def test_public_holidays_are_days_of_rest_and_of_closed_shops(standard: Standard) -> None:
    # From 1 October 2026: 1-7 off, Saturday 10 is worked.  Days of rest: these seven, 11, 17, 18,
    # 24, 25: on seven of twelve it is shut, but three of the four weeks have one when it is open.
    first = dt.date(2026, 10, 1)
    hours = "Mo-Su 09:00-17:00; PH off"
    assert of(judged(standard, DAY, hours, as_of=first, calendar="CN"), REST) == (480, True, False)
    shut = hours.replace("PH off", "Sa[-1] off; Su off; PH off")  # of 10 to 25 October 17 is left
    assert of(judged(standard, DAY, shut, as_of=first, calendar="CN"), REST) == (0, True, False)
    # Plain weeks: eight days of rest, and no holidays.
    assert of(judged(standard, DAY, hours, as_of=first), REST) == (480, True, False)


def test_make_up_workdays_are_worked(standard: Standard) -> None:
    # The week of Saturday 10 October only: Thursday 8, Friday 9, Saturday 10 are worked.
    few = short(standard, 4.0)
    first = dt.date(2026, 10, 8)
    found = judged(few, DAY, "Fr,Sa 12:00-13:00", as_of=first, calendar="CN")
    assert of(found, BREAK) == (60, True, False)  # two days of three
    assert of(judged(few, DAY, "Th,Sa 12:00-13:00", as_of=first), BREAK) == (0, True, False)


def test_a_year_without_data_is_told(standard: Standard) -> None:
    assert unknown_years(standard, dt.date(2090, 1, 1), "CN") == (2090,)
    assert unknown_years(standard, dt.date(2026, 2, 1), "CN") == ()
    assert unknown_years(standard, dt.date(2090, 1, 1), "none") == ()


# --- the sun ---------------------------------------------------------------------------------


def sunrise(lon: float, lat: float, day: dt.date, offset_h: float) -> float:
    """Minutes of the day (NOAA's short formula, good to two minutes)."""
    g = 2 * math.pi / 365 * (day.timetuple().tm_yday - 1)
    equation = 229.18 * (
        0.000075 + 0.001868 * math.cos(g) - 0.032077 * math.sin(g)
        - 0.014615 * math.cos(2 * g) - 0.040849 * math.sin(2 * g)
    )  # fmt: skip
    tilt = (
        0.006918 - 0.399912 * math.cos(g) + 0.070257 * math.sin(g) - 0.006758 * math.cos(2 * g)
        + 0.000907 * math.sin(2 * g) - 0.002697 * math.cos(3 * g) + 0.00148 * math.sin(3 * g)
    )  # fmt: skip
    phi = math.radians(lat)
    angle = math.acos(
        math.cos(math.radians(90.833)) / (math.cos(phi) * math.cos(tilt))
        - math.tan(phi) * math.tan(tilt)
    )
    return 720 - 4 * (lon + math.degrees(angle)) - equation + 60 * offset_h


@pytest.mark.parametrize(("lon", "lat"), [(120.1, 36.1), (87.6, 43.8)])  # Qingdao, Ürümqi
def test_the_sun_is_the_place_s_and_the_clock_beijing_s(
    standard: Standard, lon: float, lat: float
) -> None:
    shift = ("11:00", "19:00", "15:00", 30.0, "Mo-Su")
    wide = standard.hours.before.model_copy(update={"v": 600.0})  # type: ignore[union-attr]
    rules = standard.hours.model_copy(update={"before": wide})  # type: ignore[union-attr]
    found = openness(
        places("sunrise-sunset", at=(lon, lat)),
        table(shift),
        standard.model_copy(update={"hours": rules}),
        MONDAY,
        calendar="CN",
    )
    # The free time is 01:00-11:00.  The sun rises later every day of November: the lower median
    # of 28 days is that of the fifteenth.
    expected = sunrise(lon, lat, MONDAY + dt.timedelta(days=14), 8)
    assert found.opens[0, 0, BEFORE] + 60 == pytest.approx(expected, abs=3)
    assert bool(found.known[0, 0, BEFORE])


def test_without_a_place_the_sun_is_unknown(standard: Standard) -> None:
    given = places("sunrise-sunset", at=(np.nan, np.nan))
    found = openness(given, table(DAY), standard, MONDAY)
    assert not found.known.any()
    assert found.assumed.all()


# --- how it is used --------------------------------------------------------------------------


def test_time_at_a_place_is_what_the_walks_leave(standard: Standard) -> None:
    # Open 11:30-12:25, the break is 12:00-13:00.
    found = judged(standard, DAY, "Mo-Su 11:30-12:25,18:00-18:30")
    walk = np.array([5.0, 20.0, 40.0])
    there = found.time_there(np.zeros(3, dtype=np.int64), 0, walk)
    assert there[:, BREAK].tolist() == [20, 5, -20]
    assert there[:, AFTER].tolist() == [30, 30, 30]  # 17:00-19:00, the walk is over by 18:00
    late = judged(standard, DAY, "Mo-Su 12:30-14:00,07:00-07:30")
    there = late.time_there(np.zeros(3, dtype=np.int64), 0, walk)
    assert there[:, BREAK].tolist() == [25, 10, -20]  # back at 13:00
    assert there[:, BEFORE].tolist() == [30, 30, 20]  # at work at 08:00
    assert late.could_stay(0, walk)[:, BREAK].tolist() == [50, 20, -20]


def test_the_longest_stretch_is_told(standard: Standard) -> None:
    found = judged(standard, DAY, "09:30-10:00,11:00-14:00,20:30-23:00")
    assert of(found, REST) == (30 + 180 + 30, True, False)
    assert (found.opens[0, 0, REST], found.closes[0, 0, REST]) == (120, 300)


def test_the_order_of_places_and_patterns_does_not_matter(standard: Standard) -> None:
    hours = ["24/7", None, "Mo-Fr 09:00-12:30", "乱", "sunrise-sunset", "24/7", "PH,Su off"]
    given, shifts = places(*hours), table(DAY, NIGHT)
    found = openness(given, shifts, standard, MONDAY, calendar="CN")
    order = np.array([3, 1, 6, 0, 5, 2, 4])
    mixed = openness(
        Places(
            given.hours.iloc[order],
            given.category.iloc[order],
            given.lon[order],
            given.lat[order],
        ),
        shifts.iloc[::-1],
        standard,
        MONDAY,
        calendar="CN",
    )
    for name in ("minutes", "known", "assumed", "opens", "closes"):
        one, two = getattr(found, name), getattr(mixed, name)
        assert np.array_equal(one[order][:, ::-1], two), name


def test_brute_force_minute_by_minute(standard: Standard) -> None:
    """Every free time's minutes, asked one by one of the library, at the typical day."""
    from opening_hours import OpeningHours

    hours = "Mo-Fr 06:30-12:10,12:40-17:30; Sa 22:00-03:00; Su off"
    rules = OpeningHours(hours)
    found = judged(standard, DAY, hours)
    begin = dt.datetime(2026, 11, 2)  # noqa: DTZ001 - local time
    for window, (a, b) in enumerate([(420, 480), (720, 780), (1020, 1140), (540, 1260)]):
        counts = []
        for day in range(28):
            if (day % 7 >= 5) == (window == REST):
                start = begin + dt.timedelta(days=day)
                minutes = (start + dt.timedelta(minutes=m) for m in range(a, b))
                counts.append(sum(rules.is_open(moment) for moment in minutes))
        assert found.minutes[0, 0, window] == sorted(counts)[(len(counts) - 1) // 2]


def test_thousands_of_places_are_quick(standard: Standard) -> None:
    """20,000 places, 2,000 texts, 10 patterns: 0.8 s of one slow core; bounded with a margin."""
    rng = np.random.default_rng(7)
    texts = [
        f"Mo-Fr {a:02d}:{m:02d}-{b:02d}:00; Sa {a + 1:02d}:00-{b:02d}:{m:02d}"
        for a in range(5, 12)
        for m in range(60)
        for b in range(17, 23)
    ][:2000]
    given = places(*np.array(texts, dtype=object)[rng.integers(0, 2000, 20_000)])
    shifts = table(
        *((f"{h:02d}:00", f"{h + 8:02d}:00", f"{h + 4:02d}:00", 30.0, None) for h in range(10))
    )
    begin = time.process_time()
    found = openness(given, shifts, standard, dt.date(2026, 9, 15), calendar="CN")
    assert time.process_time() - begin < 5
    assert found.minutes.shape == (20_000, 10, 5)


def test_a_standard_without_hours_is_refused_plainly(standard: Standard) -> None:
    with pytest.raises(ValueError, match="says nothing of hours"):
        openness(places("24/7"), table(DAY), standard.model_copy(update={"hours": None}), MONDAY)
