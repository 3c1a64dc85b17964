"""The tables that one stage hands to the next, each declared once.

A schema says what every column holds (type, unit, whether it may be empty), what the key
is and how rows are sorted.  :meth:`Schema.check` stands at the gates between stages;
``docs/data-dictionary.md`` and the workbook's dictionary sheet are made from it.

Geometry columns hold shapely geometries in WGS-84 degrees (EPSG:4326).  Ids derive from
OpenStreetMap ids or from input ids, never from row numbers.

What a schema is stands in :mod:`parkgap.frame_schema`, those of the office's tables in
:mod:`parkgap.frame_tables`, of what its lists say of the day in :mod:`parkgap.frame_lists`, of
public transport in :mod:`parkgap.frame_transit`, of the published lists in
:mod:`parkgap.frame_results`, of capacity in :mod:`parkgap.frame_capacity`, of areas of reach in
:mod:`parkgap.frame_areas`, of beds and sites in
:mod:`parkgap.frame_plans`, of a what-if in :mod:`parkgap.frame_whatif`; here are those of the
stages, and the list of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from parkgap.frame_areas import REACH_AREAS
from parkgap.frame_capacity import CAPACITY, SUPPLY
from parkgap.frame_lists import LISTED, PLANNED, STOCK, TIMETABLE
from parkgap.frame_parkpage import HOME_CELLS, OPEN_HOURS, OPEN_SHIFTS
from parkgap.frame_plans import (
    BEDS,
    COSTS,
    COVER_CURVE,
    DOUBTFUL_HOMES,
    HOUSING,
    LAND,
    LODGING,
    LODGING_CHECKS,
    SITES,
)
from parkgap.frame_results import (
    CHANGES,
    CLUSTERS,
    COMPARISON,
    RANKING,
    ROLLUP,
    SHORTFALL,
    STABILITY,
    TO_CHECK,
    WEIGHT_SETS,
)
from parkgap.frame_schema import Column, Schema, columns
from parkgap.frame_tables import (
    BUS_LINES,
    COMPLETE,
    ENTERPRISES,
    GATES_GIVEN,
    HEADCOUNTS,
    HOUSING_STOCK,
    OFFICIAL,
    OWNERS,
    PARKS,
    PROJECTS,
    RESIDENCES,
    SHIFTS,
    SHUTTLES,
)
from parkgap.frame_transit import (
    CALLS,
    DEPARTURES,
    STOP_DEPARTURES,
    STOPS_MATCHED,
    TRANSIT,
    TRANSIT_STOPS,
)
from parkgap.frame_whatif import EDITS, PLAN

__all__ = [
    "ASSESSMENT",
    "BEDS",
    "BUS_LINES",
    "CALLS",
    "CAPACITY",
    "CERTAINTY",
    "CHANGES",
    "CLOSED",
    "CLUSTERS",
    "COMPARISON",
    "COMPLETE",
    "COMPLETENESS",
    "COSTS",
    "COVER_CURVE",
    "DEPARTURES",
    "DOUBTFUL_HOMES",
    "DUTIES",
    "EDITS",
    "ENTERPRISES",
    "FACILITIES",
    "FACILITIES_READ",
    "GATES",
    "GATES_GIVEN",
    "HEADCOUNTS",
    "HOME_CELLS",
    "HOUSING",
    "HOUSING_STOCK",
    "LAND",
    "LISTED",
    "LODGING",
    "LODGING_CHECKS",
    "NEARBY",
    "OFFICIAL",
    "OPEN_HOURS",
    "OPEN_SHIFTS",
    "ORIGINS",
    "OUTLINES",
    "OWNERS",
    "PARKS",
    "PIPELINE",
    "PLAN",
    "PLANNED",
    "PROJECTS",
    "RANKING",
    "REACH",
    "REACH_AREAS",
    "RESIDENCES",
    "ROLLUP",
    "SCHEMAS",
    "SHIFTS",
    "SHORTFALL",
    "SHUTTLES",
    "SHUTTLE_LINES",
    "SITES",
    "STABILITY",
    "STOCK",
    "STOPS_MATCHED",
    "STOP_DEPARTURES",
    "SUPPLY",
    "TIMETABLE",
    "TO_CHECK",
    "TRANSIT",
    "TRANSIT_STOPS",
    "WEIGHT_SETS",
    "Column",
    "Schema",
    "dictionary",
]

# --- places (access/facilities.py, access/merging.py) ------------------------------------------

FACILITIES = Schema(
    "facilities",
    "Real-world places, each once, whatever number of times it is mapped.",
    columns("""
    facility_id str - smallest OSM id of the place (node/1, way/2, relation/3)
    name str? - name in the study's language where mapped, else any
    items list - ids of the standard's items it counts for, sorted
    category str - category of its first item
    lon float degrees - a point of it (its own node, else a point inside its area)
    lat float degrees - as lon
    access str - public, or park:ID, or enterprise:ID
    lines list - distinct names of the bus lines that stop there
    opening_hours str? - as mapped
    open_date str? - opening date where known, as exact as given (list, opening_date, start_date)
    source str - osm, or the official list
    source_ids list - all OSM ids merged into it, sorted
    """),
    key=("facility_id",),
    sort=("facility_id",),
)

NEARBY = Schema(
    "nearby",
    "Least walk from any workplace of a park (but those where few work) to each facility.",
    columns("""
    park_id str - the park
    facility_id str - the facility
    metres float m - length of the shortest walk
    minutes float? min - time of the quickest walk; empty: beyond the farthest, up a hill
    """),
    key=("park_id", "facility_id"),
    sort=("park_id", "metres", "facility_id"),
)

# --- who starts a walk where (access/origins.py) ---------------------------------------------

GATES = Schema(
    "gates",
    "Where a park is left, and how that is known.",
    columns("""
    gate_id str - input id, or derived from the park's and the street's OSM ids
    park_id str - the park
    kind str - given, mapped, derived or nearest_street
    lon float degrees - longitude
    lat float degrees - latitude
    """),
    key=("gate_id", "park_id"),
    sort=("park_id", "gate_id"),
)

ORIGINS = Schema(
    "origins",
    "Where a group of workers starts to walk: a workplace, or a residence.",
    columns("""
    origin_id str - from the enterprise, building, street or residence it stands for
    kind str - work or home
    park_id str - whose workers
    enterprise_id str? - the enterprise, where workers are given by enterprise
    based_on str - enterprise, building, street or polygon; of homes their kind, or estimated
    share float - share of the park's workers (of that kind of origin) who start here
    lon float degrees - longitude
    lat float degrees - latitude
    reached bool - false where no street lies within the snap limit
    """),
    key=("origin_id", "park_id", "kind"),
    sort=("park_id", "kind", "origin_id"),
)

REACH = Schema(
    "reach",
    "Walks from origins to facilities and sites within the farthest limit; no row: out of reach.",
    columns("""
    origin int - row of the origins frame
    target int - row of the facilities frame, or beyond its end of the candidate sites
    metres float m - length of the shortest walk through the best gate
    minutes float min - time of the quickest walk through the best gate; inf: beyond the limit
    metres_worst float m - the same where only the worst uncertain gate is open; inf: not reached
    minutes_worst float min - as metres_worst
    """),
    key=("origin", "target"),
    sort=("origin", "target"),
)

# --- what it means (assess/) -----------------------------------------------------------------

ASSESSMENT = Schema(
    "assessment",
    "Every park x item x kind of origin x shift, whatever its status.",
    columns("""
    park_id str - the park
    category str - category id
    item str - item id
    origin str - work, home or either
    shift str - all, or the shift's name where it makes a difference
    status str - met, short, unverified or not_applicable
    reason_unverified str? - edge, gate, thin_data, estimated_homes, ... (method.md, 6); joined by +
    level str - mandatory, optional or shown
    weight float - share of the whole score that the item carries
    satisfaction_low float? #share - worker-weighted satisfaction with what was found
    satisfaction_high float? #share - the same with unverified tests taken as met
    served_share float? #share - share of workers whose every test is met
    needed float? #needed - needed in the binding test
    found float? - found in the binding test by the worst-served group
    found_inside float? - of those, inside the park
    short_by float? #needed - fewest additions that meet all tests of all groups of the row at
        once; empty
        unless short. It may exceed needed, which is of one group: where no addition lies within the
        limit of all who lack it, there must be several
    unit str - what is counted
    limit float? - limit of the binding test
    limit_unit str? - m or min
    nearest_id str? - facility id of the nearest one to the worst-served group, whether or not it
        is open while the row's shift is free
    nearest_name str? - its name
    nearest_m float? m - metres to it; empty from homes, and from where few work
    nearest_min float? min - minutes to it; whole from homes, and from where few work
    workers float? persons #workers - workers judged; empty where the headcount is unknown
    workers_unserved float? persons #part - of those, not served
    clause str - clause(s) behind the tests
    basis str - source or assumption, of the binding test
    tests str - every test: limit, found/needed, of the worst-served group
    evidence str - ids of the facilities found, nearest first, at most ten
    """),
    key=("park_id", "item", "origin", "shift"),
    sort=("park_id", "category", "item", "origin", "shift"),
)

COMPLETENESS = Schema(
    "completeness",
    "How well the surroundings of a park (or its homes) are mapped; see docs/method.md.",
    columns("""
    park_id str - the park
    kind str - work or home
    places float - mapped places of any kind in the window
    buildings_ha float ha - building footprints in the window
    floor_ha float ha - building floor area in the window; at least the share expected of the park
    streets_km float km - walkable streets in the window
    index_built float - places against what its buildings ask for, 0 to 1
    index_people float? - places against what its people ask for; empty: people not known
    index_streets float? - streets against what its buildings ask for
    edit_age float? years - since the latest tenth of the edits; empty: the map does not tell
    spread float? - robust deviations from the study's other parks; empty: fewer than 8
    fallbacks float - share of gates, inner walks or homes that stand in for better knowledge
    index float - completeness, 0 to 1: the least of the three
    certainty float - index, less for old edits and for fallbacks
    thin bool - true: what is not found here is unverified
    cut bool - true: the window reaches past the data's edge
    """),
    key=("park_id", "kind"),
    sort=("park_id", "kind"),
)

CERTAINTY = Schema(
    "certainty",
    "How well the facilities of a category are mapped around a park (or its homes).",
    columns("""
    park_id str - the park
    kind str - work or home
    category str - category id
    facilities float? - those within the farthest walk from its workplaces; empty from homes
    mapped float - share of what is to be expected of the category in the whole study, 0 to 1
    index float - completeness of the window times this
    certainty float - certainty of the window times this
    thin bool - true: what is not found of it here is unverified
    """),
    key=("park_id", "kind", "category"),
    sort=("park_id", "kind", "category"),
)

PIPELINE = Schema(
    "pipeline",
    "What is planned within reach of a park that is short of it, or cannot tell.",
    columns("""
    park_id str - the park
    item str - the item that is short or unverified
    origin str - from where the walk was measured: work or home
    planned_id str - the planned place
    metres float? m - walk from the nearest workplace; empty from homes, or without a street
    minutes float? min - the same in minutes; whole from homes
    """),
    key=("park_id", "item", "planned_id"),
    sort=("park_id", "item", "minutes", "planned_id"),
)

SHUTTLE_LINES = Schema(
    "shuttle_lines",
    "Shuttle buses of a park's enterprises; beside public transport, never counted as it.",
    columns("""
    park_id str - the park whose workers ride
    line str - the line's name
    enterprise str - name of the enterprise; empty text where nobody said
    stops str - names of the stops in their order, joined by >
    times str - departures at the first stop, HH:MM, joined by ;
    departures float - departures a day
    seats float? seats #supply - seats of one bus
    seats_day float? seats #supply - seats x departures
    """),
    key=("park_id", "line", "enterprise"),
    sort=("park_id", "line", "enterprise"),
)

DUTIES = Schema(
    "duties",
    "What each department answers for: one row a department x item.",
    columns("""
    department str - the department
    category str - category id
    item str - item id
    duty str? - what it does about it
    contact str? - whom to ask
    parks_short float - parks that are confirmed short of it
    workers_unserved float? persons #sum - of their workers, not served
    short_by float? - fewest additions that meet all tests of all these parks at once
    unit str - what is counted
    parks_unverified float - parks to verify
    """),
    key=("department", "item"),
    sort=("department", "category", "item"),
)

# --- what a result folder gives back (publish/reading.py) --------------------------------------

OUTLINES = Schema(
    "outlines",
    "Outlines of the parks, as a result folder holds them.",
    columns("""
    park_id str - the park
    geometry geometry - multipolygon
    """),
    key=("park_id",),
)

FACILITIES_READ = Schema(
    "facilities_read",
    "Facilities as a result folder holds them: not open to the public, without name and place.",
    tuple(replace(c, nullable=True) if c.name in ("lon", "lat") else c for c in FACILITIES.columns),
    key=("facility_id",),
    sort=("facility_id",),
)

CLOSED = Schema(
    "closed",
    "Facilities that an official list calls removed.",
    columns("""
    source_id str - OSM id of the mapped place, or list:LIST/ROW
    """),
    key=("source_id",),
    sort=("source_id",),
)

SCHEMAS: tuple[Schema, ...] = (
    PARKS,
    HEADCOUNTS,
    GATES_GIVEN,
    ENTERPRISES,
    RESIDENCES,
    SHIFTS,
    OFFICIAL,
    COMPLETE,
    PROJECTS,
    HOUSING_STOCK,
    SHUTTLES,
    BUS_LINES,
    OWNERS,
    LAND,
    COSTS,
    LISTED,
    PLAN,
    EDITS,
    PLANNED,
    TIMETABLE,
    STOCK,
    SUPPLY,
    FACILITIES,
    NEARBY,
    GATES,
    ORIGINS,
    REACH,
    REACH_AREAS,
    ASSESSMENT,
    COMPLETENESS,
    CERTAINTY,
    PIPELINE,
    CAPACITY,
    SHUTTLE_LINES,
    DUTIES,
    TRANSIT_STOPS,
    CALLS,
    STOPS_MATCHED,
    TRANSIT,
    DEPARTURES,
    STOP_DEPARTURES,
    RANKING,
    SHORTFALL,
    ROLLUP,
    STABILITY,
    WEIGHT_SETS,
    TO_CHECK,
    COMPARISON,
    CLUSTERS,
    HOME_CELLS,
    OPEN_SHIFTS,
    OPEN_HOURS,
    HOUSING,
    BEDS,
    LODGING,
    LODGING_CHECKS,
    DOUBTFUL_HOMES,
    SITES,
    COVER_CURVE,
    CHANGES,
    OUTLINES,
    FACILITIES_READ,
    CLOSED,
)


def dictionary(schemas: Iterable[Schema] = SCHEMAS) -> str:
    """Write the data dictionary (Markdown) from the schemas."""
    out = ["# Data dictionary", "", "Made from `frames.py`; do not edit by hand.", ""]
    for schema in schemas:
        out += [f"## {schema.name}", "", schema.doc, ""]
        out += [f"Key: {', '.join(schema.key)}.", ""]
        out += ["| column | type | unit | may be empty | meaning |", "|---|---|---|---|---|"]
        out += [
            f"| {c.name} | {c.kind} | {c.unit} | {'yes' if c.nullable else ''} | {c.doc} |"
            for c in schema.columns
        ]
        out.append("")
    return "\n".join(out)
