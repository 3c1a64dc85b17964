"""Workdays, days of rest and public holidays; expected days are those of the State Council.

For 2026: Spring Festival 15-23 February, 14 and 28 February worked; National Day 1-7 October,
20 September and 10 October worked.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from parkgap import frames
from parkgap.access.calendars import Days, days
from parkgap.shift_times import calendar_of, hour_warnings
from parkgap.sources import cells as read
from parkgap.sources.regions import in_mainland
from parkgap.standard import load
from parkgap.study import Study, load_study


def on(found: Days, workdays: str | None) -> str:
    work, rest = found.work_and_rest(workdays)
    signs = {(True, False): "w", (False, True): "r", (True, True): "b"}
    return "".join(signs[bool(a), bool(b)] for a, b in zip(work, rest, strict=True))


def test_spring_festival_and_its_make_up_workdays() -> None:
    found = days("CN", dt.date(2026, 2, 12), 17)  # Thursday 12 to Saturday 28
    assert on(found, None) == "ww" + "w" + "r" * 9 + "wwww" + "w"
    assert on(found, "Mo-Fr") == on(found, None)
    assert on(found, "Mo-Sa") == on(found, None)  # both Saturdays are worked anyway
    assert on(found, "Mo-Su") == "w" * 17
    assert on(found, "6/7") == "b" * 17
    assert on(found, "Sa,Su") == "rr" + "w" + "r" * 9 + "rrrr" + "w"
    assert [d.day for d in found.holidays()] == list(range(15, 24))


def test_national_day() -> None:
    found = days("CN", dt.date(2026, 9, 30), 12)  # Wednesday 30 September to Sunday 11 October
    assert on(found, None) == "w" + "r" * 7 + "ww" + "w" + "r"
    assert found.made_up.tolist() == [False] * 10 + [True, False]


def test_plain_weeks_know_no_holidays() -> None:
    found = days("none", dt.date(2026, 9, 28), 14)
    assert on(found, None) == "wwwwwrr" * 2
    assert on(found, "Mo-Sa") == "wwwwwwr" * 2
    assert found.holidays() == []


def test_a_year_without_data_has_plain_weeks() -> None:
    found = days("CN", dt.date(2090, 1, 2), 7)  # a Monday
    assert on(found, None) == "wwwwwrr"
    assert found.unknown_years == (2090,)


def test_where_the_holidays_of_the_mainland_hold() -> None:
    places = {
        "Qingdao": (120.1, 36.1, True),
        "Shenzhen, Luohu": (114.12, 22.545, True),
        "Shenzhen, Shekou": (113.91, 22.48, True),
        "Shenzhen, Yantian": (114.27, 22.57, True),
        "Zhuhai, Gongbei": (113.55, 22.225, True),
        "Zhuhai, Hengqin": (113.54, 22.13, True),
        "Hong Kong, Kwun Tong": (114.22, 22.31, False),
        "Hong Kong, Yuen Long": (114.03, 22.44, False),
        "Hong Kong, Sheung Shui": (114.13, 22.50, False),
        "Macau": (113.55, 22.19, False),
        "Taichung": (120.6, 24.2, False),
        "Las Palmas": (-15.4, 28.1, False),
    }
    lon, lat, inside = (np.array(column) for column in zip(*places.values(), strict=True))
    assert in_mainland(lon, lat).tolist() == inside.tolist(), list(places)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "x.osm.pbf").write_bytes(b"")
    (tmp_path / "p.csv").write_text("id\n", encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        'name = "x"\n[osm]\nfile = "x.osm.pbf"\n[parks]\nfile = "p.csv"\n'
        '[shifts]\nfile = "p.csv"\n',
        encoding="utf-8",
    )
    return load_study(tmp_path)


def parks(*at: tuple[float, float]) -> pd.DataFrame:
    names = [f"P{i}" for i in range(len(at))]
    return frames.PARKS.frame(
        {
            **{c.name: [None] * len(at) for c in frames.PARKS.columns if c.nullable},
            "park_id": names,
            "name": names,
            "workers": [100.0] * len(at),
            "source": ["made up"] * len(at),
            "geometry": [shapely.box(x, y, x + 0.01, y + 0.01) for x, y in at],
        }
    )


def test_the_calendar_is_that_of_most_parks_unless_the_study_says(study: Study) -> None:
    qingdao, bayreuth = (120.1, 36.1), (11.6, 49.9)
    assert calendar_of(study, parks(qingdao, qingdao, bayreuth)) == "CN"
    assert calendar_of(study, parks(qingdao, bayreuth)) == "none"
    assert study.shifts is not None
    said = study.model_copy(update={"shifts": study.shifts.model_copy(update={"calendar": "none"})})
    assert calendar_of(said, parks(qingdao)) == "none"
    assert calendar_of(study.model_copy(update={"shifts": None}), parks(qingdao)) == "CN"


def test_the_reader_is_told_of_what_is_not_known() -> None:
    found = pd.DataFrame(
        {
            "opening_hours": ["看情况", None, "24/7", *(f"ask {i}" for i in range(7))],
            "facility_id": [f"node/{i}" for i in range(10)],
        }
    )
    (years, years_en), (hours, hours_en) = hour_warnings(found, load(), dt.date(2090, 1, 1), "CN")
    assert "2090" in years
    assert "2090" in years_en
    assert hours.startswith("8 处设施")
    assert "8 places" in hours_en
    assert "“ask 0”(node/3)" in hours
    assert "(+3)" in hours
    assert hour_warnings(found.iloc[1:3], load(), dt.date(2026, 3, 1), "CN") == []


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        *(("一至五", "Mo-Fr"), ("周一至周六", "Mo-Sa"), ("Mo-Fr", "Mo-Fr"), ("1-5", "Mo-Fr")),
        *(("每天", "Mo-Su"), ("做六休一", "6/7"), ("做五休二", "5/7"), ("双休", "Mo-Fr")),
        *(
            ("单休", "6/7"),
            ("上二休二", "2/4"),
            ("周一、周三、周五", "Mo,We,Fr"),
            ("六、日", "Sa,Su"),
        ),
        *(("Monday to Saturday", "Mo-Sa"), ("星期一～星期五", "Mo-Fr"), ("6/7", "6/7")),
        *(("周五至周二", "Mo,Tu,Fr-Su"), ("", None), ("-", None), (None, None)),
    ],
)
def test_days_of_work_as_offices_write_them(cell: object, meant: str | None) -> None:
    assert read.workdays(cell) == meant


@pytest.mark.parametrize("cell", ["三班倒", "1-8", "7/7", dt.datetime(2026, 1, 5), "Feiertage"])  # noqa: DTZ001
def test_days_of_work_that_cannot_be_read_are_refused(cell: object) -> None:
    with pytest.raises(read.CellError, match="工作日写法有误"):
        read.workdays(cell)
