"""Opening hours as people write them, and what is made of them."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opening_hours import OpeningHours, State

from parkgap.access.hour_text import normalise, tells_opening, unreadable, with_holidays

MONDAY = dt.datetime(2026, 11, 2)  # noqa: DTZ001 - local time


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        # Always.
        ("全天", "24/7"),
        ("24小时营业", "24/7"),
        ("二十四小时", "24/7"),
        ("24 hours", "24/7"),
        ("24h", "24/7"),
        ("周一至周五 全天", "Mo-Fr 00:00-24:00"),
        # Signs.
        ("06：00-22：00", "06:00-22:00"),
        ("０８：００－２０：００", "08:00-20:00"),
        ("08:00—22:00", "08:00-22:00"),
        ("8:00–22:00", "8:00-22:00"),
        ("08:00～22:00", "08:00-22:00"),
        ("8:00至20:00", "08:00-20:00"),
        ("Mo - Fr 08:00 - 18:00", "Mo-Fr 08:00-18:00"),
        ("Mo-Fr 08:00-20:00;", "Mo-Fr 08:00-20:00"),
        ("Mo-Fr 08:00-20:00；；Sa 09:00-12:00。", "Mo-Fr 08:00-20:00; Sa 09:00-12:00"),
        ("8.00-22.00", "08:00-22:00"),
        ("Mo-Fr 08h00-18h00", "Mo-Fr 08:00-18:00"),
        ("Mo-Fr 9:00-18:00 Uhr", "Mo-Fr 09:00-18:00"),
        # Days.
        ("周一至周日 06:00-22:00", "Mo-Su 06:00-22:00"),
        ("星期一到星期日 8:00~20:00", "Mo-Su 08:00-20:00"),
        ("周一至五8:00-20:00", "Mo-Fr 08:00-20:00"),
        ("週一、三、五 9:00-11:00", "Mo,We,Fr 09:00-11:00"),
        ("每天 8点-22点", "Mo-Su 08:00-22:00"),
        ("工作日9:00-17:00", "Mo-Fr 09:00-17:00"),
        ("周末 10:00-16:00", "Sa,Su 10:00-16:00"),
        ("Mon-Fri 8am-6pm", "Mo-Fr 08:00-18:00"),
        ("Monday to Friday 10:00 AM - 8:00 PM", "Mo-Fr 10:00-20:00"),
        ("8:00-18:00（周一至周五）", "Mo-Fr 08:00-18:00"),
        ("周一闭馆，周二至周日9:00-17:00", "Mo off; Tu-Su 09:00-17:00"),
        ("周六日休息 周一至周五9:00-17:00", "Sa,Su off; Mo-Fr 09:00-17:00"),
        ("法定节假日休息；周一至周五 8:30-17:00", "PH off; Mo-Fr 08:30-17:00"),
        # Halves of the day.
        ("上午8:30-11:30 下午1:30-5:00", "08:30-11:30,13:30-17:00"),
        ("上午9点至下午5点", "09:00-17:00"),
        ("早上六点到晚上九点半", "06:00-21:30"),
        ("中午11:30-13:30", "11:30-13:30"),
        ("17:00-次日2:00", "17:00-02:00"),
        ("晚上10点-凌晨6点", "22:00-06:00"),
        # Bare hours, where nothing else can be meant.
        ("8-22", "08:00-22:00"),
        ("Mo-Fr 9-18", "Mo-Fr 09:00-18:00"),
        ("0800-2000", "08:00-20:00"),
        # Several stretches and rules.
        ("6:30-8:30、11:00-13:00", "06:30-08:30,11:00-13:00"),
        ("7:00-9:00；11:00-13:00；17:00-19:00", "07:00-09:00,11:00-13:00,17:00-19:00"),
        ("早餐6:30-8:30，午餐11:00-13:00", "06:30-08:30,11:00-13:00"),
        ("Mo-Fr 08:00-13:00 15:00-18:00", "Mo-Fr 08:00-13:00,15:00-18:00"),
        ("Mo-Th 06:30-14:00,Fr-Sa 06:30-15:00", "Mo-Th 06:30-14:00; Fr-Sa 06:30-15:00"),
        ("Mo-Fr 08:30-19:30 | Sa 08:30-16:30", "Mo-Fr 08:30-19:30; Sa 08:30-16:30"),
        ("Mo-Fr, 08:00-12:00", "Mo-Fr 08:00-12:00"),
        ("Mo-Th 09:00-23:00; Fr, Sa 09:00-01:00", "Mo-Th 09:00-23:00; Fr,Sa 09:00-01:00"),
        # What the specification means by them.
        ('"by appointment"', 'unknown "by appointment"'),
        ('Mo-Fr 10:00-12:00 "ask"', 'Mo-Fr 10:00-12:00 unknown "ask"'),
        ('Mo-Fr 10:00-12:00 open "ask"', 'Mo-Fr 10:00-12:00 open "ask"'),
        ("17:00+", "Mo-Su 17:00-27:00 unknown"),
        ("Mo-Sa 09:00-23:00+", "Mo-Sa 09:00-23:00, Mo-Sa 23:00-31:00 unknown"),
        # Left as they are.
        ("Mo-Fr 08:00-12:00,13:00-17:00; PH off", "Mo-Fr 08:00-12:00,13:00-17:00; PH off"),
        ("Apr-Oct: 08:00-20:00", "Apr-Oct: 08:00-20:00"),
        ("sunrise-sunset", "sunrise-sunset"),
        ("off", "off"),
    ],
)
def test_what_is_plain_is_repaired(written: str, meant: str) -> None:
    assert normalise(written) == meant
    assert normalise(meant) == meant  # once is enough


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "-", "暂无", "未知", "看情况", "电话预约", "25:00-26:00", "8:75-9:00"),
        *("1-5", "9-5", "2024", "2000-2200", "Lunes a Viernes de 8:00 a 16:00"),
        *("<script>alert(1)</script>", "'; DROP TABLE x;", "8:00-22:00 or so, ask Bob"),
    ],
)
def test_what_stays_unreadable_is_not_guessed(written: str) -> None:
    assert normalise(written) is None


def test_nothing_given_is_nothing() -> None:
    assert normalise(None) is None


def test_the_unreadable_are_told_with_their_places() -> None:
    hours = pd.Series(["看情况", None, "24/7", "看情况", "-", "Bob knows"], dtype=object)
    ids = pd.Series(["node/9", "node/1", "node/2", "node/10", "node/3", "way/4"])
    found = unreadable(hours, ids)
    assert found.to_dict("list") == {
        "hours": ["看情况", "Bob knows"],
        "ids": ["node/10 node/9", "way/4"],
        "places": [2, 1],
    }
    assert len(unreadable(hours.iloc[:0], ids.iloc[:0])) == 0
    assert len(unreadable(pd.Series([None, None]), pd.Series(["a", "b"]))) == 0


@pytest.mark.parametrize(
    ("hours", "tells"),
    [
        *(("PH off", False), ("Su off; PH off", False), ("Mo closed", False)),
        *(("off", True), ("Mo-Fr 08:00-12:00; PH off", True), ("24/7; PH off", True)),
        ('unknown "off; ask"', True),
    ],
)
def test_days_off_alone_say_nothing_of_the_others(hours: str, *, tells: bool) -> None:
    assert tells_opening(hours) is tells


def test_public_holidays_are_written_as_dates() -> None:
    days = [dt.date(2026, 11, 2), dt.date(2026, 11, 4)]  # a Monday and a Wednesday
    hours = "Mo-Fr,PH 08:00-12:00; PH,Su 13:00-14:00; Sa[1],PH off"
    written = with_holidays(hours, days)
    assert "PH" not in written
    rules = OpeningHours("Mo-Fr 08:00-12:00; PH off")
    assert rules.state(MONDAY.replace(hour=9))[0] == State.OPEN  # the library knows no holiday
    rules = OpeningHours(with_holidays("Mo-Fr 08:00-12:00; PH off", days))
    open_at_nine = [rules.is_open(MONDAY.replace(day=d, hour=9)) for d in range(2, 7)]
    assert open_at_nine == [False, True, False, True, True]
    rules = OpeningHours(with_holidays("Mo,We off; Su,PH 10:00-12:00", days))
    assert [rules.is_open(MONDAY.replace(day=d, hour=11)) for d in (1, 2, 3, 4)] == [
        *(True, True, False, True)
    ]
    assert with_holidays("Mo-Fr 08:00-12:00; PH off", []) == "Mo-Fr 08:00-12:00"
    assert with_holidays("PH 08:00-12:00", []) == "off"
    joined = with_holidays("Mo-Fr 09:00-12:00, PH,Su 10:00-12:00", days[:1])
    assert joined == "Mo-Fr 09:00-12:00, Su 10:00-12:00, 2026 Nov 02 10:00-12:00"


_PIECES = (
    *(
        "周一",
        "至",
        "周五",
        "每天",
        "上午",
        "下午",
        "8",
        "12",
        "30",
        ":",
        "：",
        "点",
        "半",
        "十",
        "-",
    ),
    *("—", ";", "；", ",", "，", " ", "Mo", "-Fr", "Sa", "PH", "off", "休息", "全天", "24/7", "||"),
    *('"', '"ask"', "+", "(", ")", "[1]", "08:00", "22:00", "am", "PM", "Jan", "sunrise", "week 1"),
)


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join) | st.text(max_size=30))
def test_whatever_is_written_is_read_or_unknown(text: str) -> None:
    found = normalise(text)
    if found is not None:
        for part in found.split("||"):
            OpeningHours(part.strip())
        assert normalise(found) is not None
        assert isinstance(tells_opening(found), bool)
        for part in with_holidays(found, [dt.date(2026, 10, 1)]).split("||"):
            OpeningHours(part.strip())
