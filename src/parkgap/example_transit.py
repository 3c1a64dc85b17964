"""The made-up district's timetable as GTFS: its bus lines by frequency, and a night bus."""

from __future__ import annotations

import csv
import io
import zipfile
from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING

from parkgap.example_town import MADE_UP, line_stops, lonlat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FILE = "gtfs.zip"
_PER_MINUTE = 300.0  # metres that a bus makes, stops included
_FIRST = "06:00:00"
# Last departure and headway in seconds, line by line as in the office's own table.
_LAST_AND_HEADWAY = (
    *(("21:00:00", 720), ("21:00:00", 900), ("21:00:00", 900)),
    *(("18:30:00", 2400), ("21:00:00", 1200)),
)
# The night bus follows the first line past two parks; its last run ends after midnight.
_NIGHT, _FOLLOWS, _NIGHT_RUNS = "示夜1路", 0, ("22:15:00", "23:55:00", "05:25:00")
_NEVER = "20261001"  # National Day
_FROM, _UNTIL = "20260101", "20271231"
_DATE = (1980, 1, 1, 0, 0, 0)  # of every file in the archive, so that its bytes are the same


def write_gtfs(folder: Path) -> None:
    """Write ``gtfs.zip``: two directions of every line, on working days."""
    with zipfile.ZipFile(folder / FILE, "w", zipfile.ZIP_STORED) as archive:
        for name, text in _files().items():
            about = zipfile.ZipInfo(f"{name}.txt", _DATE)
            about.create_system = 3  # the same on Windows
            archive.writestr(about, text.encode())


def _files() -> dict[str, str]:
    lines = line_stops()
    ids: dict[str, str] = {}
    stops, routes, trips, times, often = [], [], [], [], []
    for _, called in lines:
        for name, x, y in called:
            if name not in ids:
                ids[name] = f"S{len(ids) + 1:03d}"
                # Where the pole stands: some metres from where the map has it.
                lon, lat = lonlat(x + 15, y + 4)
                stops.append((ids[name], name, lat, lon))
    runs: list[tuple[str, list[tuple[str, float, float]], Sequence[str]]] = [
        (line, called, (_FIRST,)) for line, called in lines
    ]
    runs.append((_NIGHT, lines[_FOLLOWS][1], _NIGHT_RUNS))
    for number, (line, called, begins) in enumerate(runs, 1):
        routes.append((f"R{number}", "A1", line.removesuffix("路"), f"{line}（{MADE_UP}）", 3))
        for way, ordered in enumerate((called, called[::-1])):
            for run, begin in enumerate(begins, 1):
                trip = f"R{number}-{way}-{run}"
                trips.append((f"R{number}", "WORK", trip, ordered[-1][0], way))
                times += _calls(trip, begin, [(ids[n], x, y) for n, x, y in ordered])
                if number <= len(_LAST_AND_HEADWAY):
                    last, headway = _LAST_AND_HEADWAY[number - 1]
                    often.append((trip, _FIRST, _after(last, 1), headway, 1))
    agency = (f"示范公交（{MADE_UP}）", "https://example.invalid/", "Asia/Shanghai", "zh")
    return {
        "agency": _csv(
            "agency_id agency_name agency_url agency_timezone agency_lang", [("A1", *agency)]
        ),
        "calendar": _csv(
            "service_id monday tuesday wednesday thursday friday saturday sunday "
            "start_date end_date",
            [("WORK", 1, 1, 1, 1, 1, 0, 0, _FROM, _UNTIL)],
        ),
        "calendar_dates": _csv("service_id date exception_type", [("WORK", _NEVER, 2)]),
        "frequencies": _csv("trip_id start_time end_time headway_secs exact_times", often),
        "routes": _csv("route_id agency_id route_short_name route_long_name route_type", routes),
        "stop_times": _csv("trip_id arrival_time departure_time stop_id stop_sequence", times),
        "stops": _csv("stop_id stop_name stop_lat stop_lon", stops),
        "trips": _csv("route_id service_id trip_id trip_headsign direction_id", trips),
    }


def _calls(
    trip: str, begin: str, stops: Sequence[tuple[str, float, float]]
) -> list[tuple[str, str, str, str, int]]:
    """List the calls of one run, with times by the way between its stops."""
    minutes = [0.0]
    for (_, x1, y1), (_, x2, y2) in pairwise(stops):
        minutes.append(minutes[-1] + hypot(x2 - x1, y2 - y1) / _PER_MINUTE)
    at = [_after(begin, round(60 * m)) for m in minutes]
    return [
        (trip, t, t, stop, i) for i, (t, (stop, _, _)) in enumerate(zip(at, stops, strict=True))
    ]


def _after(clock: str, seconds: int) -> str:
    """Add seconds to HH:MM:SS, beyond 24:00 where it comes to that, as GTFS wants it.

    >>> _after("23:55:00", 600)
    '24:05:00'
    """
    hours, minutes, rest = (int(part) for part in clock.split(":"))
    whole = hours * 3600 + minutes * 60 + rest + seconds
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _csv(headings: str, rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headings.split())
    writer.writerows(rows)
    return text.getvalue()
