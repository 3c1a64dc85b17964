"""The schemas of the published lists: the columns that the result folder promises."""

from __future__ import annotations

from parkgap.frame_schema import Schema, columns

RANKING = Schema(
    "ranking",
    "One row a park: ranked ones, then those of unknown headcount, then those to be verified.",
    columns("""
    rank int? #order - by burden, 1 is worst; empty: unranked
    tier str? - third of the ranked it is in most often; unverified; unknown_headcount; withheld
    rank_low int? #order - best rank of 90 % of the assumptions tried
    rank_high int? #order - worst rank of 90 % of the assumptions tried
    rank_severity int? - rank without workers
    park_id str - the park
    park_name str - its name
    zone str? - functional zone
    district str? - district
    subdistrict str? - subdistrict
    workers float? persons #workers - headcount
    headcount_basis str? - where it comes from
    score float? #share - 0 to 100, mean of score_low and score_high
    score_low float? #share - unverified items at what was found
    score_high float? #share - unverified items as met
    weight_unverified float - share of the weight that is unverified
    score_work float? #share - over items judged at work
    score_home float? #share - over items judged at home
    core_missing str - core items confirmed short, joined by ;
    workers_lacking_core float? persons #part - workers who lack at least one core item
    top_gaps str - the confirmed gaps that weigh most, joined by ;
    """),
    key=("park_id",),
)

STABILITY = Schema(
    "stability",
    "One row a ranked park: how firm its rank is under other assumptions, and what moves it.",
    columns("""
    rank int #order - by burden, 1 is worst
    park_id str - the park
    rank_low int #order - best rank of 90 % of the assumptions tried
    rank_high int #order - worst rank of 90 % of the assumptions tried
    tier str - upper, middle or lower third, whichever it is in most often
    tier_share float - share of the assumptions tried in which it is in that third
    ranked_share float - share of the assumptions tried in which little enough is unverified
    moved_by str? - weights, speed, limits, counts or workers; empty: nothing moves it
    moved_weights float ranks - standard deviation of the rank where only the weights vary
    moved_speed float ranks - the same for the walking speed
    moved_limits float ranks - the same for the limit of the last band
    moved_counts float ranks - the same for the counts asked for
    moved_workers float ranks - the same for how many persons a worker counts for
    """),
    key=("park_id",),
    sort=("rank", "park_id"),
)

WEIGHT_SETS = Schema(
    "weight_sets",
    "One row a park x published weight set: what score and rank would be under it.",
    columns("""
    park_id str - the park
    weight_set str - the set, as the standard names it
    score float? #share - 0 to 100, mean of score_low and score_high
    score_low float? #share - unverified items at what was found
    score_high float? #share - unverified items as met
    rank int? #order - rank under it; empty: unranked
    """),
    key=("park_id", "weight_set"),
    sort=("park_id", "weight_set"),
)

TO_CHECK = Schema(
    "to_check",
    "One row a park x item x origin x shift that is unverified: what checking it would change.",
    columns("""
    order int #order - 1 is what changes most
    park_id str - the park
    item str - item id
    origin str - work, home or either
    shift str - all, or the shift's name
    weight float - share of the park's score that the item carries
    gain float? persons #part - weight x what is not known of the satisfaction x workers judged
    rank_now int? #order - rank of the park; empty: unranked
    rank_if_missing int? #order - rank if the check finds nothing there
    effect str - rank, ranked (it would get one), or score
    """),
    key=("park_id", "item", "origin", "shift"),
    sort=("order",),
)

SHORTFALL = Schema(
    "shortfall",
    "One row a park x item x kind of origin x shift that is short or unverified, worst first.",
    columns("""
    priority int #order - 1 is worst: confirmed gaps by weight x lack x workers, then unverified
    park_id str - the park
    park_name str - its name
    category str - category id
    item str - item id
    origin str - work, home or either
    shift str - all, or the shift's name
    status str - short or unverified
    reason_unverified str? - why it is not known
    needed float? #needed - needed in the binding test
    found float? - found there by the worst-served group
    found_inside float? - of those, inside the park
    short_by float? #needed - fewest additions that meet all tests of all groups of the row at
        once; empty
        unless short. It may exceed needed, which is of one group: where no addition lies within the
        limit of all who lack it, there must be several
    unit str - what is counted
    limit float? - limit of the binding test
    limit_unit str? - m or min
    nearest_name str? - nearest one to the worst-served group, whether or not it is open while
        the row's shift is free
    nearest_m float? m - metres to it; empty from homes, and from where few work
    nearest_min float? min - minutes to it; whole from homes, and from where few work
    workers float? persons #workers - workers judged
    workers_unserved float? persons #part - of those, not served
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
    columns("""
    level str - district, subdistrict or zone
    area str - its name
    category str - category id
    item str - item id
    parks int - parks judged there
    parks_short int - of those, confirmed short
    parks_unverified int - of those, unverified
    short_by float? - fewest additions that meet all tests of all its short parks
    unit str - what is counted
    workers float? persons #sum - workers of its parks
    workers_unserved float? persons #sum - of those, not served
    """),
    key=("level", "area", "item"),
    sort=("level", "area", "category", "item"),
)

CHANGES = Schema(
    "changes",
    "What differs from an earlier run, and why; see docs/method.md, What changed.",
    columns("""
    park_id str - the park
    what str - park, rank, tier, score or workers; status:ITEM, found:ITEM or short_by:ITEM;
        beds_short or beds_short_after_pipeline
    before str? - value of the earlier run; empty: none, unknown or withheld
    after str? - value of this run; empty: none, unknown or withheld
    cause str - why, the most direct first, joined by ; (a code, ids, and words in brackets)
    """),
    key=("park_id", "what"),
)

COMPARISON = Schema(
    "comparison",
    "One row a park x standard, where a study is judged by several; the study's own comes first.",
    columns("""
    park_id str - the park
    park_name str - its name
    standard str - id of the standard
    rank int? #order - rank by burden under this standard; empty: unranked
    tier str? - upper, middle or lower third of the ranked; unverified; unknown_headcount; withheld
    score float? #share - 0 to 100, mean of score_low and score_high
    score_low float? #share - unverified items at what was found
    score_high float? #share - unverified items as met
    weight_unverified float - share of the weight that is unverified
    short str - scored items confirmed short, in the standard's order, joined by ;
    short_count int - how many they are
    unverified_count int - scored items to be verified
    items_count int - scored items that apply
    weight_unconfirmed float - share of the weight judged by tests recalled, not read (grade M)
    """),
    key=("park_id", "standard"),
)

CLUSTERS = Schema(
    "clusters",
    "The best functional cluster within 15 minutes' walk of each park; see docs/method.md.",
    columns("""
    park_id str - the park
    park_name str - its name
    status str - found, none or unverified
    reason_unverified str? - why it is not known; joined by +
    functions int - functions of a neighbourhood centre within the radius of the point
    functions_all int - functions that the standard names
    functions_least int - how many make a cluster
    functions_found str - functions there, joined by ;
    functions_missing str - functions not found there that the data would show, joined by ;
    functions_unverified str - functions not found there that the data may not show, joined by ;
    place_id str? - facility that the point is reached by; empty: no function in reach
    place_name str? - its name
    lon float? degrees - the point
    lat float? degrees - the point
    metres float? m - walk from the nearest workplace to that facility
    minutes float? min - the same in minutes
    official_name str? - name of the 产业邻里中心 where an official list has one within the radius
    """),
    key=("park_id",),
)
