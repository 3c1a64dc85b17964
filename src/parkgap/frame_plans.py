"""The schemas of what is planned from the gaps: beds, who gets them, sites, and what they cost."""

from __future__ import annotations

from parkgap.frame_schema import Schema, columns

LAND = Schema(
    "land",
    "Plots and buildings of the user's list where something may be put.",
    columns("""
    land_id str - id of the list
    name str? - name
    kind str - plot or building
    items list - items that may stand there; empty: any
    area_m2 float? m2 - area
    lon float degrees - longitude (of an area, a point inside it)
    lat float degrees - latitude
    source str - file, or a note that it is made up
    """),
    key=("land_id",),
    sort=("land_id",),
)

COSTS = Schema(
    "costs",
    "What one new place of an item costs, and how many workers it can serve.",
    columns("""
    item str - item of the standard, or neighbourhood_centre
    cost float yuan - of one place
    capacity float? persons - workers that one can serve; empty: any number
    source str - file, or a note that it is made up
    """),
    key=("item",),
    sort=("item",),
)

HOUSING = Schema(
    "housing",
    "One row a park: beds needed against vacant, eligible, existing beds in reach.",
    columns("""
    rank int? #order - by workers without a bed, then by the way of those housed; 1 is worst
    park_id str - the park
    park_name str - its name
    district str? - district
    workers float? persons #workers - headcount
    lodging_need_low float? persons #part - workers who need lodging, lower end
    lodging_need float? persons #part - the same, middle; empty: nobody said
    lodging_need_high float? persons #part - the same, upper end
    need_basis str - what the need rests on, with its figures
    housed float? persons #part - of those, already housed in workers' housing; empty: not known,
        or few
    beds_allocated float? beds #part - vacant, eligible, existing beds that the allocation gives it
    beds_short float? beds #part - workers who need lodging, are not housed, and get no bed
    units_short float? #part - the same in dwellings, where persons a dwelling are given
    beds_unknown int - housing in reach of which nobody knows the vacant beds
    beds_pipeline float? beds #part - beds that are coming and that those still short would be given
    beds_short_after_pipeline float? beds #part - short when these are ready
    workers_over_15min float? persons #part - of those given a bed, who need over 15 minutes
    workers_over_45min float? persons #part - of those short, whom vacant beds farther away would
        take
    housing_basis str - none (no list of housing: who is short is unknown), own, listed or complete
    """),
    key=("park_id",),
)

BEDS = Schema(
    "beds",
    "One row a park x place of housing: the beds that the allocation gives, and the way there.",
    columns("""
    park_id str - the park
    stock_id str - the place of housing, as in the list of housing
    name str? - its name; empty: not open to the public
    beds float? beds #part - beds given to workers of the park; empty where few are meant
    minutes float? minutes #part - the way between park and housing, whole; empty where few are
        meant
    mode str - walk, shuttle, bus, gtfs or speed; own: an enterprise's own beds, nobody asks where
    when str - now, or after: once what is coming is ready
    basis str - source (the way is measured along streets) or assumption
    ready str? - when the housing is ready, as exact as given
    """),
    key=("park_id", "stock_id", "when"),
    sort=("park_id", "when", "stock_id"),
)

LODGING = Schema(
    "lodging",
    "One row a place of workers' housing: what is there on the day, and what is coming.",
    columns("""
    stock_id str - the place, as in the list of housing, or list:projects/ID
    name str? - its name; empty: not open to the public
    kind str? - dormitory, public_rental or talent_apartment; empty: a project
    when str - now (it exists on the day), or after
    ready str? - when it is ready, as exact as given
    beds float? beds #supply - beds; empty: unknown, which is not none
    beds_vacant float? beds #supply - vacant beds that can be given out, or all that come; empty:
        unknown
    eligible str? - who may move in, as given: shown, never guessed at
    access str - public, or park:ID, or enterprise (whose is not told)
    lon float? degrees - longitude; empty: not given, or not open to the public
    lat float? degrees - latitude
    source str - file, or a note that it is made up
    """),
    key=("stock_id",),
    sort=("when", "stock_id"),
)

LODGING_CHECKS = Schema(
    "lodging_checks",
    "Floor area of a place of housing, or support land of a park, against the standard's figure.",
    columns("""
    subject str - stock or park
    subject_id str - the place of housing, or the park
    name str? - its name
    figure str - name of the figure in the standard
    value float - what was found: m2 a person, or a share
    limit float - the figure
    unit str - m2/person, or share
    status str - met, short (of a least), over (a most) or unverified
    room float? - of a share under its most: what is left, ha or m2
    clause str - where the figure stands
    basis str - source or assumption
    """),
    key=("subject", "subject_id", "figure"),
    sort=("subject", "subject_id", "figure"),
)

DOUBTFUL_HOMES = Schema(
    "doubtful_homes",
    "Mapped dormitories beside those of students, teachers or hospitals: listed, never counted.",
    columns("""
    place_id str - OSM id
    name str? - name as mapped, which does not say whose it is
    lon float degrees - longitude
    lat float degrees - latitude
    """),
    key=("place_id",),
    sort=("place_id",),
)

SITES = Schema(
    "sites",
    "One row a recommended site; a park whose gap no site can close has a row that says why.",
    columns("""
    site_id str - the site
    item str - item of the standard that it is for; neighbourhood_centre: several in one
    lon float? degrees - longitude of the middle of the search area, or of the listed plot
    lat float? degrees - latitude
    search_radius_m float? m - radius of the area to look in; 0: a plot of the user's list
    park_ids str - parks that are short of the item and gain, joined by ;
    workers_gained float? persons #part - more of their workers served, once those before it are
        built
    score_gain float? #part - the same in points of the mean score of all workers
    order int? - order in which to build, by item; empty: not a site
    reason str? - of a park without a site: why there is none
    place str? - street, vacant, commercial (as mapped), plot or building (of the user's list), or
        inside: on the park's own streets, for its people alone
    place_name str? - name of the listed plot or building
    cost float? yuan - what it costs; empty: nobody said
    cost_source str? - who says so
    capacity float? persons - workers that it is taken to serve; empty: no limit
    gap float? - proven distance of the item's plan to the optimum, share; 0: optimal
    access str? - whom it serves: public, or park:ID; empty: parks that share their own streets
    """),
    key=("site_id", "item"),
    sort=("item", "order", "site_id"),
)

COVER_CURVE = Schema(
    "cover_curve",
    "One row an item and number of sites: workers served by the plan that satisfies most; cost.",
    columns("""
    item str - item of the standard
    sites int - number of sites
    workers_served float? persons #part - of short parks, fully served then; may fall with one more
    cost float? yuan - what they cost; empty: nobody gave a unit cost
    workers_per_yuan float? persons per yuan #part - workers gained for each yuan
    gap float - proven distance to the optimum, share; 0: optimal
    closes float? - fewest sites with which everybody gets what sites can give; empty: no room
    """),
    key=("item", "sites"),
    sort=("item", "sites"),
)
