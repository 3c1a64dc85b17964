"""Schemas of public transport by timetable: what a GTFS feed says, and what it means for parks."""

from __future__ import annotations

from parkgap.frame_schema import Schema, columns

TRANSIT_STOPS = Schema(
    "transit_stops",
    "Stops of the GTFS timetables at which somebody can board on the service day.",
    columns("""
    stop_id str - name of the feed, /, and the feed's own id of the stop
    mode str - bus, or rail (urban: metro, light rail, tram, suburban railway)
    name str? - name
    lon float degrees - longitude
    lat float degrees - latitude
    lines list - distinct names of the lines that depart there
    source str - the feed, and who publishes it
    """),
    key=("stop_id", "mode"),
    sort=("stop_id", "mode"),
)

CALLS = Schema(
    "calls",
    "Departures of one service day by the GTFS timetables: a row a vehicle at a stop.",
    columns("""
    stop_id str - name of the feed, /, and the feed's own id of the stop
    mode str - bus or rail
    line str - name of the line
    headsign str? - where the vehicle goes
    trip int - one run of one vehicle
    minute float min - after midnight at the beginning of the service day; may exceed 1440
    """),
    key=("trip", "stop_id", "minute"),
    sort=("trip", "minute", "stop_id"),
)

STOPS_MATCHED = Schema(
    "stops_matched",
    "Which stop of a timetable is which facility; a stop may lie at several.",
    columns("""
    facility_id str - the facility
    stop_id str - the timetable's stop
    mode str - bus or rail
    """),
    key=("facility_id", "stop_id", "mode"),
    sort=("facility_id", "stop_id", "mode"),
)

DEPARTURES = Schema(
    "departures",
    "Departures around each change of shift from the stops within the standard's walk of a park.",
    columns("""
    park_id str - the park
    shift str - the shift's name; all where the study has no shifts of the park
    window str - before_start, after_end, or hour (of the whole day, without shifts)
    window_begin str - HH:MM
    window_end str - HH:MM, an hour later; not part of it
    departures_hour float? - vehicles that leave; empty: no stop there has a timetable
    lines_hour float? - distinct lines of these
    next_departure str? - after_end: next departure, HH:MM, may lie on the next day
    last_departure str? - after_end: last departure of the service day after the end, HH:MM
    last_line str? - its line
    last_stop str? - name of its stop
    """),
    key=("park_id", "shift", "window", "window_begin"),
    sort=("park_id", "shift", "window", "window_begin"),
)

STOP_DEPARTURES = Schema(
    "stop_departures",
    "Departures of the service day at each stop of a timetable within the walk of any park.",
    columns("""
    stop_id str - name of the feed, /, and the feed's own id of the stop
    stop str? - name in the timetable
    mode str - bus or rail
    facility_id str - the nearest facility that it was matched to
    lon float degrees - longitude
    lat float degrees - latitude
    lines str - lines that depart there, joined by ;
    departures_day float - vehicles that leave on the service day
    first_departure str - first departure, HH:MM; the service day begins at 03:00
    last_departure str - last departure, HH:MM; may lie on the next day
    departures_by_hour str - departures by hour of the clock, as 06=12, joined by ;
    """),
    key=("stop_id", "mode"),
    sort=("stop_id", "mode"),
)

TRANSIT = Schema(
    "transit",
    "Public transport of each park: coverage of its area, and service by timetable.",
    columns("""
    park_id str - the park
    bus_stops float - mapped or listed bus stops within 500 m of the park, straight
    share_300 float - share of the park's area within 300 m of one, straight
    status_300 str? - met, short or unverified by the standard's share; empty: it has none
    share_500 float - share of the park's area within 500 m of one, straight
    status_500 str? - as status_300
    rail_stations float? - rail stations within its radius, straight; empty: no urban rail here
    share_rail float? - share of the park's area within it
    rail_nearest str? - name of the nearest such station
    service_day str? - day of the timetable, ISO; empty: the study has no timetable
    timetable_source str? - the feeds, and who publishes them, joined by ;
    stops_timed float? - stops within the walk that have a timetable
    stops_untimed float? - stops within the walk that have none: departures are at least these
    departures_day float? - vehicles that leave on the service day; empty: no stop has a timetable
    lines_day float? - distinct lines of these
    late_shift str? - the shift that ends latest
    late_end str? - its end, HH:MM
    late_last str? - last departure after it, HH:MM
    late_line str? - its line
    late_stop str? - name of its stop
    """),
    key=("park_id",),
    sort=("park_id",),
)
