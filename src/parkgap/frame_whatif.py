"""The schemas of a what-if: the plan that is tried, and what it does to places of the map."""

from __future__ import annotations

from parkgap.frame_schema import Schema, columns

PLAN = Schema(
    "plan",
    "One row an action of the plan that a what-if tries.",
    columns("""
    row int - row of the plan's file as its reader sees it
    action str - add, move, close, retime, beds, headcount or shift
    target str? - id of what it is about; of what is new, the id that it gets
    park_id str? - park that a headcount or shift is of, also where the row names an enterprise
    item str? - item of the standard that a new place counts for
    name str? - name of what is new
    kind str? - of new housing: dormitory, public_rental, talent_apartment or other
    lon float? degrees - longitude of what is new or moved
    lat float? degrees - latitude
    access str? - of what is new: public, or park:ID, or enterprise:ID
    hours str? - opening hours, as given
    seats float? seats - capacity
    area_m2 float? m2 - floor area
    opening str? - opening date, as exact as given; empty: at once
    beds float? beds - beds that there are then, in all
    vacant float? beds - of those, vacant
    workers float? persons - workers that there are then, in all
    shift str? - the shift's name
    start str? - HH:MM
    end str? - HH:MM, may lie on the next day
    break_start str? - HH:MM
    break_minutes float? minutes - length of the break
    share float? - share of those workers; 0: the shift is given up
    workdays str? - as in the table of shifts
    source str - file, or a note that it is made up
    """),
    key=("row",),
    sort=("row",),
)

EDITS = Schema(
    "edits",
    "What a plan does to places of the map and of the lists, whatever joined into them.",
    columns("""
    target str - any id of the place, OSM's or a list's
    action str - new (it is no place that is mapped already), close, move or retime
    lon float? degrees - longitude of where it is; empty: nobody says
    lat float? degrees - latitude
    to_lon float? degrees - longitude of where it moves
    to_lat float? degrees - latitude
    hours str? - its opening hours from then on
    """),
    key=("target", "action"),
    sort=("target", "action"),
)
