"""Public transport: stops of a timetable and of the map, ground they cover, hours around shifts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from tests.unit.test_lists import rows
from tests.unit.test_official import ITEMS, LAT, LON, M_LON, STANDARD, mapped

from parkgap import frames
from parkgap.access.departures import join_departures
from parkgap.assess.transit import (
    Figures,
    Timetables,
    cover,
    on_clock,
    public_transport,
)
from parkgap.publish.differences import changed_inputs


def stop(
    stop_id: str, name: str | None, east: float, *lines: str, mode: str = "bus"
) -> dict[str, object]:
    place = {"lon": LON + east * M_LON, "lat": LAT}
    return {"stop_id": f"f.zip/{stop_id}", "mode": mode, "name": name, "lines": [*lines], **place}


# --- stops ----------------------------------------------------------------------------------------


def test_a_stop_is_matched_by_name_within_60_m_and_by_place_within_30() -> None:
    frame, member = mapped(
        ("node/1", "人民路", "bus_stop", 0.0),
        ("node/2", "市场", "bus_stop", 1000.0),
        ("node/3", "学校", "bus_stop", 2000.0),
        ("node/4", "饭店", "canteen_or_meal", 3000.0),
    )
    frame["lines"] = [["1路"], [], [], []]
    stops = rows(
        frames.TRANSIT_STOPS,
        stop("A", "人民路站", 59.0, "1", "2"),
        stop("B", "另一名", 1029.0, "3"),
        stop("C", "另一名", 2031.0, "4"),
        stop("D", "饭店", 3001.0, "5"),  # a restaurant is no stop, whatever its name
        stop("E", "人民路站", 61.0, "6"),
    )
    both, counts, matched = join_departures(frame, member, stops, STANDARD)
    assert both["facility_id"].tolist() == [
        *("node/1", "node/2", "node/3", "node/4"),
        *("list:f.zip/C", "list:f.zip/D", "list:f.zip/E"),
    ]
    assert both["lines"].tolist() == [["1路", "2"], ["3"], [], [], ["4"], ["5"], ["6"]]
    assert matched[["facility_id", "stop_id"]].to_numpy().tolist() == [
        ["list:f.zip/C", "f.zip/C"],
        ["list:f.zip/D", "f.zip/D"],
        ["list:f.zip/E", "f.zip/E"],
        ["node/1", "f.zip/A"],
        ["node/2", "f.zip/B"],
    ]
    for item in ("bus_stop", "bus_lines"):
        assert counts[4:, ITEMS.index(item)].all()
    assert both["items"].tolist()[4] == ["bus_lines", "bus_stop"]


def test_a_metro_stops_at_rail_stations_alone() -> None:
    frame, member = mapped(
        ("node/1", "中心", "bus_stop", 0.0), ("node/2", "中心", "rail_station", 10.0)
    )
    stops = rows(frames.TRANSIT_STOPS, stop("M", "中心", 5.0, "1号线", mode="rail"))
    both, _, matched = join_departures(frame, member, stops, STANDARD)
    assert both["lines"].tolist() == [[], ["1号线"]]
    assert matched["facility_id"].tolist() == ["node/2"]


def test_without_a_timetable_facilities_are_what_they_were() -> None:
    frame, member = mapped(("node/1", "人民路", "bus_stop", 0.0))
    both, counts, matched = join_departures(frame, member, frames.TRANSIT_STOPS.frame(), STANDARD)
    pd.testing.assert_frame_equal(both, frame)
    assert (counts == member).all()
    assert matched.empty


# --- ground ---------------------------------------------------------------------------------------


def square(side: float, lon: float, lat: float) -> shapely.Geometry:
    """A square in metres around a point, by a projection that the program does not use."""
    plane = pyproj.Proj(proj="aeqd", lon_0=lon, lat_0=lat, ellps="WGS84")
    half = side / 2
    corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
    return shapely.Polygon([plane(x, y, inverse=True) for x, y in corners])


@pytest.mark.parametrize("lat", [0.0, 36.0, 60.0])
@pytest.mark.parametrize(
    ("side", "metres", "share"),
    [
        (1000.0, 300.0, math.pi * 300**2 / 1000**2),  # the whole circle lies in the square
        (1000.0, 500.0, math.pi / 4),  # the circle touches its sides
        (600.0, 500.0, 1.0),  # the corners are 424 m off
    ],
)
def test_a_stop_in_the_middle_covers_its_circle(
    lat: float, side: float, metres: float, share: float
) -> None:
    park = np.array([square(side, 20.0, lat)], dtype=object)
    found, count = cover(park, np.array([20.0]), np.array([lat]), metres)
    assert found[0] == pytest.approx(share, abs=5e-4)
    assert count.tolist() == [1]


def test_circles_that_overlap_count_once_and_those_outside_count_their_part() -> None:
    park = np.array([square(1000.0, 20.0, 60.0)], dtype=object)
    plane = pyproj.Proj(proj="aeqd", lon_0=20.0, lat_0=60.0, ellps="WGS84")
    # Twice the same stop, on the middle of the western side: half a circle.
    lon, lat = plane(-500.0, 0.0, inverse=True)
    found, count = cover(park, np.array([lon, lon]), np.array([lat, lat]), 300.0)
    assert found[0] == pytest.approx(math.pi * 300**2 / 2 / 1000**2, abs=5e-4)
    assert count.tolist() == [2]
    # 301 m from the park, and far from it.
    lon, lat = plane(-801.0, 0.0, inverse=True)
    far, none = cover(park, np.array([lon]), np.array([lat]), 300.0)
    assert (far[0], none[0]) == (0.0, 0)


# --- service --------------------------------------------------------------------------------------

SHIFTS = (
    {"park_id": "P", "shift": "day", "start": "08:00", "end": "17:00", "share": 0.6},
    {"park_id": "P", "shift": "late", "start": "16:00", "end": "00:30", "share": 0.4},
)


def served(
    *calls: tuple[str, str, int, float],
    shifts: tuple[dict[str, object], ...] = SHIFTS,
    walk: float = 400.0,
    days: tuple[str, ...] = ("2026-11-03",),
    thin: bool = False,
    rail: bool = False,
) -> Figures:
    """Judge a park of 1 km with three stops near its gate; calls: stop, line, run, minute."""
    frame, member = mapped(
        ("node/1", "甲", "bus_stop", 0.0),
        ("node/2", "乙", "bus_stop", 100.0),
        ("node/3", "丙", "bus_stop", 200.0),
        ("node/4", "轨道", "rail_station", 0.0),
    )
    used = sorted({c[0] for c in calls})
    stops = rows(
        frames.TRANSIT_STOPS,
        *(stop(s, {"A": "甲", "B": "乙"}[s], 100.0 * "AB".index(s), "x") for s in used),
    )
    frame, member, matched = join_departures(frame, member, stops, STANDARD)
    table = frames.CALLS.frame(
        {
            "stop_id": [f"f.zip/{c[0]}" for c in calls],
            "mode": ["bus"] * len(calls),
            "line": [c[1] for c in calls],
            "headsign": [None] * len(calls),
            "trip": [c[2] for c in calls],
            "minute": [c[3] for c in calls],
        }
    )
    park = {"park_id": "P", "name": "P", "workers": 100.0}
    parks = frames.PARKS.frame(
        {
            **{n: [park.get(n)] for n in frames.PARKS.names if n != "geometry"},
            "geometry": [square(1000.0, LON, LAT)],
        }
    )
    near = pd.DataFrame(
        {
            "park_id": ["P"] * 4,
            "facility_id": ["node/1", "node/2", "node/3", "node/4"],
            "metres": [walk, walk + 50, walk + 60, 900.0],
            "minutes": [5.0] * 4,
        }
    )
    known = {"park_id": "P", "kind": "work", "thin": thin, "cut": False}
    complete = pd.DataFrame([known]).reindex(columns=frames.COMPLETENESS.names)
    return public_transport(
        *(parks, frame, near, rows(frames.SHIFTS, *shifts), complete),
        Timetables(stops, table, matched, days),
        STANDARD,
        rail=rail,
    )


def window(found: Figures, shift: str, when: str) -> dict[str, object]:
    part = found.departures
    part = part[(part["shift"] == shift) & (part["window"] == when)]
    return {str(k): v for k, v in part.iloc[0].items()}


RUNS = (
    # stop, line, run, minute after midnight
    ("A", "1", 1, 7 * 60 - 1.0),  # before the hour that counts
    ("A", "1", 2, 7 * 60.0),
    ("B", "1", 2, 7 * 60 + 2.0),  # the same vehicle at the next stop
    ("B", "2", 3, 7 * 60 + 59.0),
    ("A", "1", 4, 8 * 60.0),  # the shift has begun
    ("A", "1", 5, 17 * 60.0),
    ("A", "2", 6, 22 * 60.0),
    ("B", "9", 7, 24 * 60 + 40.0),  # of the night: 00:40
    ("A", "9", 7, 24 * 60 + 45.0),
    ("A", "1", 8, 5 * 60 + 10.0),
)


def test_departures_around_shifts_are_those_counted_by_hand() -> None:
    found = served(*RUNS)
    before, after = window(found, "day", "before_start"), window(found, "day", "after_end")
    assert (before["window_begin"], before["window_end"]) == ("07:00", "08:00")
    assert (before["departures_hour"], before["lines_hour"]) == (2, 2)
    assert (after["departures_hour"], after["lines_hour"]) == (1, 1)
    assert (after["next_departure"], after["last_departure"]) == ("17:00", "00:45")
    late = window(found, "late", "after_end")
    assert (late["window_begin"], late["window_end"]) == ("00:30", "01:30")
    assert (late["departures_hour"], late["next_departure"]) == (1, "00:40")
    assert (late["last_departure"], late["last_line"], late["last_stop"]) == ("00:45", "9", "甲")
    row = found.transit.iloc[0]
    assert (row["late_shift"], row["late_end"], row["late_last"]) == ("late", "00:30", "00:45")
    assert (row["departures_day"], row["lines_day"]) == (8, 3)
    assert (row["stops_timed"], row["stops_untimed"]) == (2, 1)


def test_after_the_last_bus_there_is_none_and_the_next_is_tomorrows() -> None:
    found = served(*(run for run in RUNS if run[1] != "9"))
    late = window(found, "late", "after_end")
    assert late["last_departure"] is None
    assert (late["departures_hour"], late["next_departure"]) == (0, "05:10")
    assert found.transit["late_last"].tolist() == [None]


def test_the_service_day_turns_at_three() -> None:
    minutes = [179.0, 180.0, 1440.0, 1619.0, 1620.0, -1.0]
    assert on_clock(minutes).tolist() == [1619.0, 180.0, 1440.0, 1619.0, 180.0, 1439.0]


def test_stops_without_a_timetable_leave_departures_unknown_not_none() -> None:
    found = served()  # a timetable, but no stop of it here
    assert found.departures["departures_hour"].isna().all()
    row = found.transit.iloc[0]
    assert math.isnan(row["departures_day"])
    assert (row["stops_timed"], row["stops_untimed"]) == (0, 3)
    beyond = served(*RUNS, walk=501.0)  # beyond the 500 m of the standard
    assert beyond.departures["departures_hour"].isna().all()
    assert beyond.transit["stops_untimed"].tolist() == [0]


def test_an_enterprises_shift_of_its_parks_name_and_times_is_told_once() -> None:
    mine = [{**shift, "enterprise_id": firm} for shift in SHIFTS for firm in (None, "E", "F")]
    twice, once = served(*RUNS, shifts=tuple(mine)), served(*RUNS)
    pd.testing.assert_frame_equal(twice.departures, once.departures)
    pd.testing.assert_frame_equal(twice.transit, once.transit)


def test_without_shifts_the_day_is_told_by_the_hour() -> None:
    found = served(*RUNS, shifts=())
    assert found.departures["window_begin"].tolist() == [f"{h:02d}:00" for h in range(6, 22)]
    assert found.departures["departures_hour"].tolist() == [
        *(1, 2, 1),
        *([0] * 8),
        *(1, 0, 0, 0, 0),
    ]
    assert found.transit["late_shift"].tolist() == [None]


def test_without_a_timetable_only_the_ground_is_told() -> None:
    found = served(days=())
    assert found.departures.empty
    assert found.stops.empty
    row = found.transit.iloc[0]
    assert row["service_day"] is None
    assert math.isnan(row["stops_timed"])
    assert row["bus_stops"] == 3


def test_stops_are_told_with_their_hours() -> None:
    found = served(*RUNS).stops.set_index("stop_id")
    a = found.loc["f.zip/A"]
    assert (a["departures_day"], a["first_departure"], a["last_departure"]) == (7, "05:10", "00:45")
    assert a["departures_by_hour"] == "05=1;06=1;07=1;08=1;17=1;22=1;00=1"
    assert found.loc["f.zip/B", "departures_by_hour"] == "07=2;00=1"
    assert (a["facility_id"], a["stop"]) == ("node/1", "甲")


def test_coverage_is_compared_with_the_clause_and_thin_maps_confirm_no_lack() -> None:
    # Stops in the middle and 100 and 200 m east of it: a circle, and twice what a circle of 300 m
    # has beyond another 100 m away, pi r2 - (2 r2 acos(1/6) - 50 sqrt(4 r2 - 100^2)) = 59,720 m2.
    row = served(days=()).transit.iloc[0]
    assert row["share_300"] == pytest.approx(0.28274 + 2 * 0.05972, abs=5e-4)
    assert (row["status_300"], row["status_500"]) == ("short", "short")
    thin = served(days=(), thin=True).transit.iloc[0]
    assert (thin["status_300"], thin["status_500"]) == ("unverified", "unverified")


def test_rail_is_told_where_there_is_any() -> None:
    none = served(days=()).transit.iloc[0]
    assert math.isnan(none["rail_stations"])
    some = served(days=(), rail=True).transit.iloc[0]
    assert (some["rail_stations"], some["share_rail"], some["rail_nearest"]) == (1, 1.0, "轨道")


# --- two runs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["gtfs.zip", "feed", "tables/feed"])
def test_another_timetable_is_named_as_the_input_that_differs(named: str) -> None:
    files = [named] if named.endswith(".zip") else [f"{named}/stops.txt", f"{named}/trips.txt"]

    def record(digest: str) -> dict[str, dict[str, object]]:
        inputs = {"parks.csv": "1", **dict.fromkeys(files, "1"), files[-1]: digest}
        sections = {"parks": {"file": "parks.csv"}, "transit": {"gtfs": [named], "crs": "WGS84"}}
        return {"inputs": dict(inputs), "parameters": dict(sections)}

    assert changed_inputs(record("1"), record("1")) == frozenset()
    assert changed_inputs(record("1"), record("2")) == {"transit"}
