"""Small GTFS feeds for tests, written by hand as text."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

# A line with three runs: by the clock, over midnight, and every twenty minutes for an hour.
FEED: Mapping[str, str] = {
    "agency": "agency_name,agency_url,agency_timezone\n测试公交,https://example.invalid,Asia/Shanghai",
    "stops": (
        "stop_id,stop_name,stop_lat,stop_lon\nA,甲站,36.0,120.0\nB,乙站,36.0,120.005\n"
        "C,丙站,36.0,120.01\nX,无车站,36.0,120.02"
    ),
    "routes": "route_id,route_short_name,route_long_name,route_type\nR,1,甲丙线,3\nF,,渡线,4",
    "trips": (
        "route_id,service_id,trip_id,trip_headsign\nR,WORK,day,丙\nR,WORK,night,丙\n"
        "R,WORK,often,丙\nR,EXTRA,more,丙\nF,WORK,ferry,岛"
    ),
    "stop_times": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type\n"
        "day,08:00:00,08:00:00,A,1,\nday,,,B,2,\nday,08:20:00,08:20:00,C,3,\n"
        "night,23:50:00,23:50:00,A,1,\nnight,24:10:00,24:10:30,B,2,\nnight,24:30:00,24:30:00,C,9,\n"
        "often,00:00:00,00:00:00,A,1,0\noften,00:05:00,00:05:00,B,2,0\n"
        "often,00:10:00,00:10:00,C,3,0\n"
        "more,12:00:00,12:00:00,A,1,1\nmore,12:05:00,12:05:00,B,2,0\nmore,12:10:00,12:10:00,C,3,0\n"
        "ferry,09:00:00,09:00:00,X,1,0\nferry,09:30:00,09:30:00,A,2,0"
    ),
    "frequencies": (
        "trip_id,start_time,end_time,headway_secs,exact_times\noften,06:00:00,07:00:00,1200,1"
    ),
    "calendar": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "WORK,1,1,1,1,1,0,0,20260101,20261231"
    ),
    # 2 November 2026 is a Monday; on Thursday the 12th one run more.
    "calendar_dates": "service_id,date,exception_type\nWORK,20261102,2\nEXTRA,20261112,1",
}


def write_feed(
    path: Path, changes: Mapping[str, str | None] | None = None, *, inside: str = ""
) -> Path:
    """Write the feed, with files in another wording or (None) left out, as an archive or folder."""
    texts = {name: text for name, text in {**FEED, **(changes or {})}.items() if text is not None}
    if path.suffix != ".zip":
        path.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (path / f"{name}.txt").write_text(text, encoding="utf-8-sig")
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(f"{inside}{name}.txt", text)
    return path
