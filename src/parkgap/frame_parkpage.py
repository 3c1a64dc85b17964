"""The schemas of what park pages show besides the lists: homes by cells, and who is open when."""

from __future__ import annotations

from parkgap.frame_schema import Schema, columns

HOME_CELLS = Schema(
    "home_cells",
    "Squares of a fixed grid in which enough of a park's workers live, by class; empty in the "
    "public edition.",
    columns("""
    park_id str - whose workers
    west float degrees - western edge
    south float degrees - southern edge
    size float degrees - width and height: 0.01, 0.02, 0.04 or 0.08
    least float persons - at least so many of its workers live there (privacy.min_workers or more)
    below float? persons - and fewer than these; empty: no upper bound
    """),
    key=("park_id", "west", "south", "size"),
    sort=("park_id", "west", "south", "size"),
)

OPEN_SHIFTS = Schema(
    "open_shifts",
    "Shifts of a park for which its page tells what is open, in the order of open_hours.states.",
    columns("""
    park_id str - the park
    shift str - the shift's name
    start str - HH:MM
    end str - HH:MM, may lie on the next day
    """),
    key=("park_id", "shift"),
    sort=("park_id",),
)

OPEN_HOURS = Schema(
    "open_hours",
    "Whether a facility serves an item when a shift is free, for who comes from the park's "
    "nearest workplace: as the assessment judges it.",
    columns("""
    park_id str - the park
    facility_id str - the facility
    item str - what it is used for
    states str - a letter a shift of open_shifts: o open by stated hours, a open by the standard's
        assumption, u nobody knows, c closed, t the free time is too short for walk and visit,
        n its hours are not asked
    """),
    key=("park_id", "facility_id", "item"),
    sort=("park_id", "facility_id", "item"),
)
