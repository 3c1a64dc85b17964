"""Schemas of what the study brings: the office's tables, and parks from OpenStreetMap.

They are read in ``sources/``; :mod:`parkgap.frames` has them all.
"""

from __future__ import annotations

from parkgap.frame_schema import Schema, columns

PARKS = Schema(
    "parks",
    "Industrial parks.",
    columns("""
    park_id str - the input's id, or the OSM id (way/1, relation/2) with / as -
    name str - name as given; the id where there is none
    zone str? - functional zone
    district str? - district
    subdistrict str? - subdistrict
    workers float? persons #workers - workers of the park; empty where nobody said
    headcount_basis str? - where the headcount comes from (e.g. register, estimate, made up)
    headcount_date str? - date of the headcount
    source str - file or OSM id
    geometry geometry - polygon or multipolygon (points are buffered by the reader, and said)
    site_ha float? ha - industrial land of the park, as the land bureau counts it
    support_ha float? ha - of that, land for administration and living
    floor_m2 float? m2 - floor area of all buildings
    support_floor_m2 float? m2 - of that, floor area for administration and living
    """),
    key=("park_id",),
    sort=("park_id",),
)

HEADCOUNTS = Schema(
    "headcounts",
    "Headcounts of parks whose outlines come from a map.",
    columns("""
    park_id str - the park that the row was matched to
    zone str? - functional zone
    district str? - district
    subdistrict str? - subdistrict
    workers float? persons - workers of the park; empty where nobody said
    headcount_basis str? - where the headcount comes from (e.g. register, estimate, made up)
    headcount_date str? - date of the headcount
    source str - file, or a note that it is made up
    """),
    key=("park_id",),
    sort=("park_id",),
)

GATES_GIVEN = Schema(
    "gates_given",
    "Gates from the office's own table; where a park has any, only these are open.",
    columns("""
    gate_id str - the input's id
    park_id str - the park it opens
    name str? - name
    lon float degrees - longitude
    lat float degrees - latitude
    source str - file, or a note that it is made up
    """),
    key=("gate_id",),
    sort=("park_id", "gate_id"),
)

ENTERPRISES = Schema(
    "enterprises",
    "Firms in parks, at their actual workplace.",
    columns("""
    enterprise_id str - the input's id
    park_id str - the park it stands in
    name str? - name
    workers float persons - workers on site
    lon float? degrees - longitude; empty: somewhere in the park
    lat float? degrees - latitude
    source str - file, or a note that it is made up
    address str? - address of the actual workplace
    dispatched float? persons - of the workers, those whom an agency sends
    peak float? persons - workers on site in the peak months
    peak_months str? - the peak months, as given
    canteen_seats float? seats - seats of its own canteen
    canteen_hours str? - when its canteen serves, as given
    beds_own float? beds - beds of its own dormitories
    beds_occupied float? beds - of those, occupied
    lodging_need float? persons - of its workers, those who need lodging, as it says itself
    """),
    key=("enterprise_id",),
    sort=("park_id", "enterprise_id"),
)

RESIDENCES = Schema(
    "residences",
    "Where workers of a park live.  Never published as they are.",
    columns("""
    residence_id str - the input's id
    park_id str - the park whose workers live there
    name str? - name
    kind str - dormitory, public_rental, talent_apartment or other
    workers float persons - workers of that park who live there
    geometry geometry - point or polygon
    source str - file, or a note that it is made up
    """),
    key=("residence_id", "park_id"),
    sort=("park_id", "residence_id"),
)

SHIFTS = Schema(
    "shifts",
    "Shifts of a park's workers, or of one of its enterprises.",
    columns("""
    park_id str - the park
    enterprise_id str? - whose shifts; empty: of all whose enterprise has none of its own
    shift str - the shift's name
    start str - HH:MM
    end str - HH:MM, may lie on the next day
    break_start str? - HH:MM
    break_minutes float? minutes - length of the break
    share float - share of those workers, summing to 1 over the shifts of each
    workdays str? - Mo-Fr, or 6/7 (six days of seven, whichever); empty: the calendar's workdays
    source str - file, or a note that it is made up
    """),
    key=("park_id", "enterprise_id", "shift"),
    sort=("park_id", "shift", "enterprise_id"),
)

OFFICIAL = Schema(
    "official",
    "Facilities of the bureaus' lists, whatever their state.",
    columns("""
    list_id str - file (and sheet) of the list
    row_id str - the list's own id of the facility
    item str - item of the standard that it counts for
    name str? - name
    lon float? degrees - longitude; empty: the list gives none
    lat float? degrees - latitude
    access str - public, or park:ID, or enterprise:ID
    status str - existing, under_construction or planned
    open_date str? - opening date, as exact as given
    hours str? - opening hours, as given
    seats float? seats - capacity
    area_m2 float? m2 - floor area
    removed bool - true: the place is closed, whatever OpenStreetMap still has
    project_id str? - the project that it belongs to
    source str - file, or a note that it is made up
    """),
    key=("list_id", "row_id"),
    sort=("list_id", "row_id"),
)

COMPLETE = Schema(
    "complete",
    "Lists that are declared complete: what is not on them is not there.",
    columns("""
    list_id str - file (and sheet) of the list
    item str - item of the standard
    area str - name of the area that it covers
    issuer str - the office that answers for it
    as_of str - ISO date of which it speaks
    """),
    key=("list_id", "item"),
    sort=("list_id", "item"),
)

PROJECTS = Schema(
    "projects",
    "Facilities and housing that are planned or being built.",
    columns("""
    project_id str - the input's id
    name str? - name
    item str - item of the standard that it will count for
    lon float? degrees - longitude; empty: not given
    lat float? degrees - latitude
    access str - public, or park:ID, or enterprise:ID
    status str - existing, under_construction or planned
    open_date str? - opening date, as exact as given
    hours str? - opening hours, as given
    seats float? seats - capacity
    area_m2 float? m2 - floor area
    units float? - dwellings
    beds float? beds - beds
    source str - file, or a note that it is made up
    """),
    key=("project_id",),
    sort=("project_id",),
)

HOUSING_STOCK = Schema(
    "housing_stock",
    "Stock of dormitories, public rental housing and talent apartments.",
    columns("""
    stock_id str - the input's id
    name str? - name
    provider str? - who provides it
    kind str - dormitory, public_rental, talent_apartment or other
    units float? - dwellings
    beds float? beds - beds; empty: unknown, which is not none
    beds_vacant float? beds - of those, vacant
    eligible str? - who may move in, as given
    access str - public, or park:ID, or enterprise:ID
    status str - existing, under_construction or planned
    ready_date str? - when it is ready, as exact as given
    as_of str? - day of the count
    lon float? degrees - longitude; empty: not given
    lat float? degrees - latitude
    source str - file, or a note that it is made up
    area_m2 float? m2 - floor area
    usable_m2 float? m2 - usable floor area of its rooms
    """),
    key=("stock_id",),
    sort=("stock_id",),
)

SHUTTLES = Schema(
    "shuttles",
    "Shuttle buses of enterprises, a row a stop.",
    columns("""
    line str - the line's name
    enterprise_id str? - the enterprise that runs it
    stop str - the stop's name
    order float - place of the stop in the line
    times str - departures HH:MM, joined by ;
    seats float? seats - seats of one bus
    lon float? degrees - longitude; empty: not given
    lat float? degrees - latitude
    source str - file, or a note that it is made up
    """),
    key=("line", "order"),
    sort=("line", "order"),
)

BUS_LINES = Schema(
    "bus_lines",
    "Timetables of bus lines, a row a stop.",
    columns("""
    line str - the line's name
    direction str? - the direction, as given
    stop str - the stop's name
    order float - place of the stop in the line
    first str - first departure, HH:MM
    last str - last departure, HH:MM; may lie on the next day
    headway float minutes - time between departures
    lon float? degrees - longitude; empty: not given
    lat float? degrees - latitude
    source str - file, or a note that it is made up
    """),
    key=("line", "direction", "order"),
    sort=("line", "direction", "order"),
)

OWNERS = Schema(
    "owners",
    "Which department answers for which item.",
    columns("""
    item str - item of the standard
    department str - the department
    duty str? - what it does about it
    contact str? - whom to ask
    source str - file, or a note that it is made up
    """),
    key=("item", "department"),
    sort=("item", "department"),
)
