"""The schemas of what is planned from the gaps: beds, who gets them, and sites to build at."""

from __future__ import annotations

from parkgap.frame_schema import Schema, columns

HOUSING = Schema(
    "housing",
    "One row a park: beds needed against vacant, eligible, existing beds in reach.",
    columns("""
    rank int? - by workers without a bed, then by the way of those housed; 1 is worst
    park_id str - the park
    park_name str - its name
    district str? - district
    workers float? persons - headcount
    lodging_need_low float? persons - workers who need lodging, lower end
    lodging_need float? persons - the same, middle; empty: nobody said
    lodging_need_high float? persons - the same, upper end
    need_basis str - what the need rests on, with its figures
    housed float? persons - of those, already housed in workers' housing
    beds_allocated float? beds - vacant, eligible, existing beds that the allocation gives it
    beds_short float? beds - workers who need lodging, are not housed, and get no bed
    units_short float? - the same in dwellings, where persons a dwelling are given
    beds_unknown int - housing in reach of which nobody knows the vacant beds
    beds_pipeline float beds - beds that are coming and that the allocation would give it
    beds_short_after_pipeline float? beds - short when these are ready
    workers_over_15min float? persons - of those given a bed, who need over 15 minutes
    workers_over_45min float? persons - of those given a bed, who need over 45 minutes
    """),
    key=("park_id",),
)

BEDS = Schema(
    "beds",
    "One row a park x place of housing: the beds that the allocation gives, and the way there.",
    columns("""
    park_id str - the park
    stock_id str - the place of housing, as in the list of housing
    name str? - its name
    beds float beds - beds given to workers of the park
    minutes float? minutes - the way between park and housing; empty where few are meant
    mode str - walk, shuttle, bus, gtfs or speed
    when str - now, or after: once what is coming is ready
    basis str - source or assumption
    """),
    key=("park_id", "stock_id", "when"),
    sort=("park_id", "when", "stock_id"),
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
    park_ids str - parks that gain, joined by ;
    workers_gained float? persons - more workers served, those before it in the order built
    score_gain float? - the same, points of the workers' mean score
    order int? - order in which to build, by item; empty: not a site
    reason str? - why there is no site, or what bounds it
    """),
    key=("site_id", "item"),
    sort=("item", "order", "site_id"),
)

COVER_CURVE = Schema(
    "cover_curve",
    "One row an item and number of sites: how many workers so many serve at best, and the cost.",
    columns("""
    item str - item of the standard
    sites int - number of sites
    workers_served float persons - workers of short parks served with so many sites
    cost float? yuan - what they cost; empty: nobody gave a unit cost
    workers_per_yuan float? persons per yuan - workers gained for each yuan
    gap float - proven distance to the optimum, share; 0: optimal
    """),
    key=("item", "sites"),
    sort=("item", "sites"),
)
