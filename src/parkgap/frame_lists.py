"""The schemas of what the office's lists say of the day that is asked about.

Made in ``access/lists.py`` and ``access/stops.py``.
"""

from __future__ import annotations

from parkgap.frame_schema import Column, Schema, columns
from parkgap.frame_tables import OFFICIAL

LISTED = Schema(
    "listed",
    "Rows of all lists in one form: official facilities, projects, and housing stock.",
    (
        *OFFICIAL.columns,
        Column("beds", "float", "beds; empty: unknown, or not housing", "beds", nullable=True),
    ),
    key=("list_id", "row_id"),
)

PLANNED = Schema(
    "planned",
    "Places that are planned or being built: never counted, shown beside what is short.",
    columns("""
    planned_id str - id of the list's row
    name str? - name
    item str - item of the standard that it will count for
    lon float? degrees - longitude; empty: not given
    lat float? degrees - latitude
    access str - public, or park:ID, or enterprise:ID
    status str - under_construction, planned, or to_open (built, its day has not come)
    opening str? - opening date, as exact as given
    seats float? seats #supply - capacity
    beds float? beds #supply - beds
    source str - file, or a note that it is made up
    """),
    key=("planned_id",),
    sort=("planned_id",),
)

TIMETABLE = Schema(
    "timetable",
    "Lines of the office's timetable at the stops that they were matched to.",
    columns("""
    facility_id str - the stop
    line str - the line's name, as the timetable writes it
    direction str? - the direction, as given
    stop str - the stop's name in the timetable
    first str - first departure, HH:MM
    last str - last departure, HH:MM; may lie on the next day
    headway float minutes - time between departures
    """),
    key=("facility_id", "line", "direction", "stop", "first", "last", "headway"),
    sort=("facility_id", "line", "direction", "first"),
)

STOCK = Schema(
    "stock",
    "Housing of the list that exists on the day, and the facility that it became.",
    columns("""
    facility_id str - the facility
    stock_id str - the list's own id
    name str? - name
    kind str - dormitory, public_rental, talent_apartment or other
    beds float? beds #supply - beds; empty: unknown, which is not none
    beds_vacant float? beds #supply - of those, vacant
    eligible str? - who may move in, as given
    """),
    key=("stock_id",),
    sort=("facility_id", "stock_id"),
)
