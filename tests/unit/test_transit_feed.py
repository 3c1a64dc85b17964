"""Reading GTFS: which day is read, what leaves when, and what is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from tests.gtfs import FEED, write_feed

from parkgap.errors import TableError
from parkgap.sources.report import texts
from parkgap.sources.transit import Transit, read_transit

MONDAY = "2026-11-02"


def read(
    tmp_path: Path, changes: Mapping[str, str | None] | None = None, as_of: str = MONDAY
) -> Transit:
    return read_transit([write_feed(tmp_path / "gtfs.zip", changes)], as_of)


def clock(found: Transit, stop: str) -> list[float]:
    """Minutes at which vehicles leave a stop, sorted."""
    calls = found.calls[found.calls["stop_id"] == f"gtfs.zip/{stop}"]
    return sorted(calls["minute"].tolist())


def test_departures_are_those_counted_by_hand(tmp_path: Path) -> None:
    # Without the extra service, every day but Monday (taken out) is like the others: Tuesday.
    dates = "service_id,date,exception_type\nWORK,20261102,2"
    found = read(tmp_path, {"calendar_dates": dates})
    assert found.days == ("2026-11-03",)
    # 06:00, 06:20 and 06:40 (07:00 is no more), 08:00, 23:50
    assert clock(found, "A") == [360.0, 380.0, 400.0, 480.0, 1430.0]
    # five minutes later; 08:10 lies between the times that are given; 24:10:30
    assert clock(found, "B") == [365.0, 385.0, 405.0, 490.0, 1450.5]
    assert clock(found, "C") == []  # nobody boards at a run's last stop
    assert found.calls["trip"].nunique() == 5
    assert found.stops["stop_id"].tolist() == ["gtfs.zip/A", "gtfs.zip/B"]
    assert found.stops["lines"].tolist() == [["1"], ["1"]]
    assert set(found.stops["source"]) == {"gtfs.zip: 测试公交"}
    assert set(found.calls["headsign"]) == {"丙"}


def test_the_day_with_most_runs_is_read_and_frequencies_are_runs(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert found.days == ("2026-11-12",)
    assert clock(found, "A") == [360.0, 380.0, 400.0, 480.0, 1430.0]  # 12:00 takes nobody on
    assert clock(found, "B") == [365.0, 385.0, 405.0, 490.0, 725.0, 1450.5]


def test_a_run_that_begins_before_its_hour_ends_is_a_run(tmp_path: Path) -> None:
    # Every 40 minutes from six to seven: at 06:00 and 06:40, with the two others four runs. On
    # Thursday there are four others instead, and of days alike the first is taken.
    changes = {
        "frequencies": FEED["frequencies"].replace("1200", "2400"),
        "calendar_dates": FEED["calendar_dates"] + "\nWORK,20261112,2",
        "trips": FEED["trips"] + "".join(f"\nR,EXTRA,more{i},丙" for i in range(3)),
    }
    found = read(tmp_path, changes)
    assert found.days == ("2026-11-03",)
    assert clock(found, "A") == [360.0, 400.0, 480.0, 1430.0]


def test_a_weekend_is_no_working_day(tmp_path: Path) -> None:
    dates = "service_id,date,exception_type\n" + "\n".join(
        f"EXTRA,202611{day:02d},1" for day in (7, 8)
    )
    trips = FEED["trips"] + "".join(f"\nR,EXTRA,more{i},丙" for i in range(9))
    assert read(tmp_path, {"calendar_dates": dates, "trips": trips}).days == ("2026-11-02",)


def test_a_feed_without_calendar_lives_by_its_dates(tmp_path: Path) -> None:
    dates = "service_id,date,exception_type\nWORK,20261104,1\nEXTRA,20261105,1\nWORK,20261105,2"
    found = read(tmp_path, {"calendar": None, "calendar_dates": dates})
    assert found.days == ("2026-11-04",)
    assert clock(found, "A")[0] == 360.0


def test_a_feed_of_another_time_is_read_on_its_last_full_week_and_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, {"calendar_dates": None}, "2030-06-01")
    # 2026 ends on a Thursday: the last week of seven days is that of Monday, 21 December.
    assert found.days == ("2026-12-21",)
    said = [texts(w) for w in found.warnings if "14" in w.what]
    assert len(said) == 1
    assert "2026-12-21" in said[0][0]
    assert "2026-12-21" in said[0][1]
    assert "2030-06-01" in said[0][1]
    # Nobody said of what day it is asked: the same.
    assert read(tmp_path, {"calendar_dates": None}, "").days == ("2026-12-21",)


def test_a_feed_of_three_days_is_read_on_one_of_them(tmp_path: Path) -> None:
    dates = "service_id,date,exception_type\nWORK,20261104,1\nWORK,20261105,1\nEXTRA,20261105,1"
    found = read(tmp_path, {"calendar": None, "calendar_dates": dates}, "2030-06-01")
    assert found.days == ("2026-11-05",)


def test_ferries_and_trains_are_left_out_and_counted(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert not found.stops["stop_id"].str.endswith("/X").any()
    said = next(w for w in found.warnings if "routes" in str(w.file))
    assert said.value == "1"
    assert said.rule == "route_type 4"


def test_metro_lines_are_rail(tmp_path: Path) -> None:
    routes = FEED["routes"].replace(",甲丙线,3", ",甲丙线,1")
    assert set(read(tmp_path, {"routes": routes}).stops["mode"]) == {"rail"}


def test_an_archive_of_a_folder_a_folder_and_other_encodings_read_alike(tmp_path: Path) -> None:
    plain = read(tmp_path)
    nested = read_transit([write_feed(tmp_path / "n" / "gtfs.zip", inside="feed/")], MONDAY)
    folder = write_feed(tmp_path / "f" / "gtfs.zip".removesuffix(".zip"))
    unpacked = read_transit([folder], MONDAY)
    chinese = tmp_path / "c" / "gtfs.zip"
    chinese.parent.mkdir()
    with zipfile.ZipFile(chinese, "w") as archive:
        for name, text in FEED.items():
            archive.writestr(f"{name}.txt", text.encode("gb18030"))
    for other in (nested, read_transit([chinese], MONDAY)):
        pd.testing.assert_frame_equal(other.stops, plain.stops)
        pd.testing.assert_frame_equal(other.calls, plain.calls)
    assert unpacked.stops["stop_id"].tolist() == ["gtfs/A", "gtfs/B"]
    assert unpacked.calls["minute"].tolist() == plain.calls["minute"].tolist()


def test_two_feeds_of_one_name_stay_apart(tmp_path: Path) -> None:
    feeds = [write_feed(tmp_path / i / "gtfs.zip") for i in ("1", "2")]
    found = read_transit(feeds, MONDAY)
    assert found.stops["stop_id"].tolist() == [
        *("gtfs.zip/A", "gtfs.zip/B", "gtfs.zip (2)/A", "gtfs.zip (2)/B")
    ]
    assert found.calls["trip"].nunique() == 12
    assert len(found.days) == 2


def test_a_datum_may_be_declared(tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "gtfs.zip")
    moved = read_transit([feed], MONDAY, "GCJ02").stops
    assert (moved["lon"] - read_transit([feed], MONDAY).stops["lon"]).abs().min() > 0.003


@pytest.mark.parametrize(
    ("changes", "file", "row", "parts"),
    [
        ({"stops": None}, "gtfs.zip", None, ("stops.txt",)),
        ({"calendar": None, "calendar_dates": None}, "gtfs.zip", None, ("calendar",)),
        (
            {"stop_times": FEED["stop_times"].replace("08:20:00,08:20:00", "8:20,8:20")},
            "gtfs.zip/stop_times.txt",
            4,
            ("8:20", "HH:MM:SS", "not a time"),
        ),
        (
            {"stop_times": FEED["stop_times"].replace("24:10:30", "24:61:00")},
            "gtfs.zip/stop_times.txt",
            6,
            ("24:61:00",),
        ),
        (
            {"stop_times": FEED["stop_times"].replace("day,08:20:00,08:20:00", "day,,")},
            "gtfs.zip/stop_times.txt",
            4,
            ("has no time",),
        ),
        (
            {"stops": FEED["stops"].replace("B,乙站,36.0", "B,乙站,136.0")},
            "gtfs.zip/stops.txt",
            3,
            ("136.0", "stop_lat"),
        ),
        (
            {"stops": FEED["stops"].replace("B,乙站", "A,乙站")},
            "gtfs.zip/stops.txt",
            3,
            ("twice", "'A'"),
        ),
        (
            {"calendar": FEED["calendar"].replace("20261231", "2026-12-31")},
            "gtfs.zip/calendar.txt",
            2,
            ("2026-12-31", "YYYYMMDD"),
        ),
        (
            {"frequencies": FEED["frequencies"].replace("1200", "0")},
            "gtfs.zip/frequencies.txt",
            2,
            ("headway_secs",),
        ),
        (
            {"routes": FEED["routes"].replace(",3", ",bus")},
            "gtfs.zip/routes.txt",
            2,
            ("route_type", "bus"),
        ),
        (
            {"trips": FEED["trips"].replace("service_id", "service")},
            "gtfs.zip/trips.txt",
            1,
            ("service_id",),
        ),
        (
            {"calendar": None, "calendar_dates": "service_id,date,exception_type\nNONE,20261104,1"},
            "gtfs.zip/trips.txt",
            None,
            ("no urban transport runs",),
        ),
    ],
)
def test_faults_are_named_once_with_file_and_line(
    tmp_path: Path, changes: dict[str, str | None], file: str, row: int | None, parts: tuple[str]
) -> None:
    with pytest.raises(TableError) as caught:
        read(tmp_path, changes)
    (problem,) = caught.value.problems
    assert (str(problem.file), problem.row) == (file, row)
    assert all(part in str(problem) for part in parts), str(problem)
    zh, en = texts(problem)
    assert zh
    assert en
    assert zh != en
    assert problem.remedy


def test_what_is_no_archive_is_said_of_every_feed(tmp_path: Path) -> None:
    whole = write_feed(tmp_path / "gtfs.zip").read_bytes()
    (tmp_path / "text.zip").write_bytes(b"stop_id,stop_name\n")
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TableError) as caught:
        read_transit([tmp_path / "text.zip", tmp_path / "half.zip"], MONDAY)
    assert [p.file for p in caught.value.problems] == ["text.zip", "half.zip"]
    assert all("no zip file" in p.what for p in caught.value.problems)


def test_calls_at_unknown_stops_and_trips_of_unknown_lines_are_counted(tmp_path: Path) -> None:
    times = FEED["stop_times"] + "\nday,08:30:00,08:30:00,Z,4,0\nday,08:40:00,08:40:00,C,5,0"
    trips = FEED["trips"] + "\nQ,WORK,lost,丙"
    found = read(tmp_path, {"stop_times": times, "trips": trips})
    said = {Path(str(w.file)).name: w.value for w in found.warnings}
    assert said["stop_times.txt"] == "1"
    assert said["trips.txt"] == "1"
