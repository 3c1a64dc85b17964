"""The tables that one stage hands to the next, each declared once.

A schema says what every column holds (type, unit, whether it may be empty), what the key
is and how rows are sorted.  :meth:`Schema.check` stands at the gates between stages;
``docs/data-dictionary.md`` and the workbook's dictionary sheet are made from it.

Geometry columns hold shapely geometries in WGS-84 degrees (EPSG:4326).  Ids derive from
OpenStreetMap ids or from input ids, never from row numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from parkgap.errors import FrameError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["str", "float", "int", "bool", "geometry", "list"]


@dataclass(frozen=True)
class Column:
    """One column: its name, type, unit, whether it may be empty, and what it means."""

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    nullable: bool = False


@dataclass(frozen=True)
class Schema:
    """A table's contract: columns, key, and the order of its rows."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sort: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]

    def frame(self, columns: Mapping[str, object] | None = None) -> pd.DataFrame:
        """Build a frame of this schema (an empty one by default) with its dtypes."""
        import pandas as pd

        data = dict(columns or {})
        unknown = set(data) - set(self.names)
        if unknown:
            raise FrameError(f"{self.name}: unknown columns {sorted(unknown)}")
        dtypes: dict[tuple[str, bool], type | str] = {
            ("float", False): "float64",
            ("float", True): "float64",
            ("int", False): "int64",
            ("int", True): "Int64",
            ("bool", False): bool,
        }
        series = {
            c.name: pd.Series(
                data.get(c.name, []),
                dtype=dtypes.get((c.kind, c.nullable), object),
            )
            for c in self.columns
        }
        return pd.DataFrame(series)

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` if it keeps the contract.

        Raises
        ------
        FrameError
            A column is missing or empty where it may not be, or the key repeats.
        """
        missing = [n for n in self.names if n not in frame.columns]
        if missing:
            raise FrameError(f"{self.name}: columns missing: {', '.join(missing)}")
        for column in self.columns:
            values = frame[column.name]
            if not column.nullable and values.isna().any():
                raise FrameError(f"{self.name}: {column.name} may not be empty")
            if column.kind == "float" and values.dtype.kind != "f":
                raise FrameError(f"{self.name}: {column.name} is {values.dtype}, not float")
        if self.key and frame.duplicated(list(self.key)).any():
            raise FrameError(f"{self.name}: key {self.key} repeats")
        return frame


def _columns(text: str) -> tuple[Column, ...]:
    """Read ``name kind[?] [unit] - doc`` lines; ``?`` marks a column that may be empty."""
    found = []
    for line in text.strip().splitlines():
        head, doc = line.split(" - ", 1)
        name, kind, *unit = head.split()
        found.append(
            Column(name, kind.rstrip("?"), doc.strip(), " ".join(unit), kind.endswith("?"))  # type: ignore[arg-type]
        )
    return tuple(found)


# --- what the study brings (sources/tables.py, or OpenStreetMap) --------------------------

PARKS = Schema(
    "parks",
    "Industrial parks.",
    _columns("""
    park_id str - the input's id, or the OSM id (way/1, relation/2) with / as -
    name str - name as given; the id where there is none
    zone str? - functional zone
    district str? - district
    subdistrict str? - subdistrict
    workers float? persons - workers of the park; empty where nobody said
    headcount_basis str? - where the headcount comes from (e.g. register, estimate, made up)
    headcount_date str? - date of the headcount
    source str - file or OSM id
    geometry geometry - polygon or multipolygon (points are buffered by the reader, and said)
    """),
    key=("park_id",),
    sort=("park_id",),
)

GATES_GIVEN = Schema(
    "gates_given",
    "Gates from the office's own table; where a park has any, only these are open.",
    _columns("""
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
    _columns("""
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
    """),
    key=("enterprise_id",),
    sort=("park_id", "enterprise_id"),
)

RESIDENCES = Schema(
    "residences",
    "Where workers of a park live.  Never published as they are.",
    _columns("""
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
    "Shifts of a park's workers.",
    _columns("""
    park_id str - the park
    shift str - the shift's name
    start str - HH:MM
    end str - HH:MM, may lie on the next day
    break_start str? - HH:MM
    break_minutes float? minutes - length of the break
    share float - share of the park's workers, summing to 1 over a park's shifts
    source str - file, or a note that it is made up
    """),
    key=("park_id", "shift"),
    sort=("park_id", "shift"),
)

OFFICIAL = Schema(
    "official",
    "Facilities of the bureaus' lists, whatever their state.",
    _columns("""
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
    _columns("""
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
    _columns("""
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
    _columns("""
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
    """),
    key=("stock_id",),
    sort=("stock_id",),
)

SHUTTLES = Schema(
    "shuttles",
    "Shuttle buses of enterprises, a row a stop.",
    _columns("""
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
    _columns("""
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
    _columns("""
    item str - item of the standard
    department str - the department
    duty str? - what it does about it
    contact str? - whom to ask
    source str - file, or a note that it is made up
    """),
    key=("item", "department"),
    sort=("item", "department"),
)

# --- places (access/facilities.py) ---------------------------------------------------------

FACILITIES = Schema(
    "facilities",
    "Real-world places, each once, whatever number of times it is mapped.",
    _columns("""
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
    "Least walk from any workplace of a park to each facility within the farthest limit.",
    _columns("""
    park_id str - the park
    facility_id str - the facility
    metres float m - length of the shortest walk
    minutes float min - time of the quickest walk
    """),
    key=("park_id", "facility_id"),
    sort=("park_id", "metres", "facility_id"),
)

# --- who starts a walk where (access/origins.py) ---------------------------------------------

GATES = Schema(
    "gates",
    "Where a park is left, and how that is known.",
    _columns("""
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
    _columns("""
    origin_id str - from the enterprise, building, street or residence it stands for
    kind str - work or home
    park_id str - whose workers
    enterprise_id str? - the enterprise, where workers are given by enterprise
    based_on str - enterprise, building, street or polygon; of homes the kind of residence
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
    "Walks from origins to facilities within the farthest limit; no row: out of reach.",
    _columns("""
    origin int - row of the origins frame
    facility int - row of the facilities frame
    metres float m - length of the shortest walk through the best gate
    minutes float min - time of the quickest walk through the best gate
    metres_worst float m - the same where only the worst uncertain gate is open; inf: not reached
    minutes_worst float min - as metres_worst
    """),
    key=("origin", "facility"),
    sort=("origin", "facility"),
)

# --- what it means (assess/) -----------------------------------------------------------------

ASSESSMENT = Schema(
    "assessment",
    "Every park x item x kind of origin x shift, whatever its status.",
    _columns("""
    park_id str - the park
    category str - category id
    item str - item id
    origin str - work, home or either
    shift str - all, or the shift's name where it makes a difference
    status str - met, short, unverified or not_applicable
    reason_unverified str? - edge, gate, thin_data, needs_list, no_street; joined by +
    level str - mandatory, optional or shown
    weight float - share of the whole score that the item carries
    satisfaction_low float? - worker-weighted satisfaction with what was found
    satisfaction_high float? - the same with unverified tests taken as met
    served_share float? - share of workers whose every test is met
    needed float? - needed in the binding test
    found float? - found in the binding test by the worst-served group
    found_inside float? - of those, inside the park
    short_by float? - fewest additions that meet all tests; empty unless short
    unit str - what is counted
    limit float? - limit of the binding test
    limit_unit str? - m or min
    nearest_id str? - facility id of the nearest one to the worst-served group
    nearest_name str? - its name
    nearest_m float? m - metres to it; empty from homes
    nearest_min float? min - minutes to it; whole from homes
    workers float? persons - workers judged; empty where the headcount is unknown
    workers_unserved float? persons - of those, not served
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
    _columns("""
    park_id str - the park
    kind str - work or home
    places float - mapped places of any kind in the window
    buildings_ha float ha - building footprints in the window
    streets_km float km - walkable streets in the window
    index float - completeness, 0 to 1
    thin bool - true: what is not found here is unverified
    cut bool - true: the window reaches past the data's edge
    """),
    key=("park_id", "kind"),
    sort=("park_id", "kind"),
)

# --- what is published (publish/): the promised columns of the result folder -----------------

RANKING = Schema(
    "ranking",
    "One row a park: ranked ones, then those of unknown headcount, then those to be verified.",
    _columns("""
    rank int? - by burden, 1 is worst; empty: unranked
    tier str? - upper, middle or lower third of the ranked; unverified; unknown_headcount
    rank_low int? - best rank over the published weight sets
    rank_high int? - worst rank over the published weight sets
    rank_severity int? - rank without workers
    park_id str - the park
    park_name str - its name
    zone str? - functional zone
    district str? - district
    subdistrict str? - subdistrict
    workers float? persons - headcount
    headcount_basis str? - where it comes from
    score float? - 0 to 100, mean of score_low and score_high
    score_low float? - unverified items at what was found
    score_high float? - unverified items as met
    weight_unverified float - share of the weight that is unverified
    score_work float? - over items judged at work
    score_home float? - over items judged at home
    core_missing str - core items confirmed short, joined by ;
    workers_lacking_core float? persons - workers who lack at least one core item
    top_gaps str - the confirmed gaps that weigh most, joined by ;
    """),
    key=("park_id",),
)

SHORTFALL = Schema(
    "shortfall",
    "One row a park x item x kind of origin x shift that is short or unverified, worst first.",
    _columns("""
    priority int - 1 is worst: confirmed gaps by weight x lack x workers, then unverified
    park_id str - the park
    park_name str - its name
    category str - category id
    item str - item id
    origin str - work, home or either
    shift str - all, or the shift's name
    status str - short or unverified
    reason_unverified str? - why it is not known
    needed float? - needed in the binding test
    found float? - found there by the worst-served group
    found_inside float? - of those, inside the park
    short_by float? - fewest additions that meet all tests; empty unless short
    unit str - what is counted
    limit float? - limit of the binding test
    limit_unit str? - m or min
    nearest_name str? - nearest one to the worst-served group
    nearest_m float? m - metres to it; empty from homes
    nearest_min float? min - minutes to it; whole from homes
    workers float? persons - workers judged
    workers_unserved float? persons - of those, not served
    clause str - clause(s) behind the tests
    basis str - source or assumption, of the binding test
    tests str - every test: limit, found/needed
    evidence str - ids of the facilities found, nearest first
    """),
    key=("park_id", "item", "origin", "shift"),
)

ROLLUP = Schema(
    "rollup",
    "Shortfall by area: the fewest additions for the area, not sums of rows.",
    _columns("""
    level str - district, subdistrict or zone
    area str - its name
    category str - category id
    item str - item id
    parks int - parks judged there
    parks_short int - of those, confirmed short
    parks_unverified int - of those, unverified
    short_by float? - fewest additions that meet all tests of all its short parks
    unit str - what is counted
    workers float? persons - workers of its parks
    workers_unserved float? persons - of those, not served
    """),
    key=("level", "area", "item"),
    sort=("level", "area", "category", "item"),
)

CHANGES = Schema(
    "changes",
    "What differs from an earlier run, and why; see docs/method.md, What changed.",
    _columns("""
    park_id str - the park
    what str - park, rank, tier, score or workers; status:ITEM, found:ITEM or short_by:ITEM
    before str? - value of the earlier run; empty: none, unknown or withheld
    after str? - value of this run; empty: none, unknown or withheld
    cause str - why, the most direct first, joined by ; (a code, ids, and words in brackets)
    """),
    key=("park_id", "what"),
)

# --- what a result folder gives back (publish/reading.py) --------------------------------------

OUTLINES = Schema(
    "outlines",
    "Outlines of the parks, as a result folder holds them.",
    _columns("""
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
    _columns("""
    source_id str - OSM id of the mapped place, or list:LIST/ROW
    """),
    key=("source_id",),
    sort=("source_id",),
)

SCHEMAS: tuple[Schema, ...] = (
    PARKS,
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
    FACILITIES,
    NEARBY,
    GATES,
    ORIGINS,
    REACH,
    ASSESSMENT,
    COMPLETENESS,
    RANKING,
    SHORTFALL,
    ROLLUP,
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
