"""The schemas of capacity: what facilities offer, and what of it workers come by."""

from __future__ import annotations

from parkgap.frame_schema import Schema, columns

SUPPLY = Schema(
    "supply",
    "How much a facility offers, where somebody has said so, or it is a building (estimated).",
    columns("""
    facility_id str - the facility; enterprise:ID for an enterprise's own canteen that no list has
    item str - the item that it is offered for
    unit str - seats, m2, beds or line_stops
    amount float - how much
    basis str - declared (a list or table says so), building (footprint x levels) or mapped (lines)
    """),
    key=("facility_id", "item", "unit"),
    sort=("facility_id", "item", "unit"),
)

CAPACITY = Schema(
    "capacity",
    "What the facilities within 15 minutes offer a park, shared with all who walk there.",
    columns("""
    park_id str - the park
    category str - category id
    item str - item id
    unit str - seats, m2, beds or line_stops
    workers float? persons #workers - headcount; empty: unknown, or too few to be told
    factor float - persons that one worker counts for in this category
    residents float? persons - residents within 15 minutes of the busiest facility; empty: unknown
    facilities float - facilities of the item within 15 minutes of a workplace, open to its workers
    facilities_unknown float - of those, the ones whose capacity nobody has said
    supply float? #part - what those with a known capacity offer, before it is shared
    supply_basis str? - declared, building (estimated), mapped; joined by +
    per_1000 float? #part - what 1,000 workers come by of what is known, shared; empty: nothing is
        known
    needed_per_1000 float? - what the standard asks for 1,000 workers (its figure x factor)
    short_per_1000 float? #part - what they lack of it (mean over workplaces); empty unless short
    short_by float? #part - the same for all workers of the park; empty unless short
    status str - met, short, unverified or not_applicable
    reason_unverified str? - why not met or short, codes joined by +
    shared_with str - other parks whose workers walk to the same facilities, joined by ;
    clause str - where the needed figure stands, Chinese / English; published in the study's
        language; empty: there is none
    basis str? - source or assumption, of that figure
    """),
    key=("park_id", "item", "unit"),
    sort=("park_id", "category", "item", "unit"),
)
