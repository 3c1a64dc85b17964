"""Which columns speak of people, and what an edition makes of single frames."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import shapely

from parkgap import frames
from parkgap.edition_frames import PUBLISHED, UNDECLARED, to_multiples
from parkgap.editions import without_shares
from parkgap.frame_schema import columns
from parkgap.publish_keys import SENSITIVE, SENSITIVE_NAMES
from parkgap.results import AroundParks, Beside, Firm, Plans, Results
from parkgap.sensitive import Mask, outlined_coarsely

PEOPLE = ("persons", "beds", "seats", "persons per yuan")
LIKE = re.compile(
    r"worker|bed|seat|hous(ed|ing)|lodg|gain|unserved|satisf|served|score|rank|priority"
)
# Figures that no number of workers can be worked out of: what they are instead.
HARMLESS = {
    ("capacity", "factor"),  # of the standard
    ("capacity", "residents"),  # of the raster: nobody's workers
    ("capacity", "needed_per_1000"),  # of the standard
    ("stability", "tier_share"),
    ("stability", "ranked_share"),
    ("stability", "moved_workers"),  # of ranks
    ("housing", "beds_unknown"),  # houses
    ("ranking", "rank_severity"),  # no headcount enters
    ("home_cells", "least"),  # bounds of a class, of min_workers or more; none in public
    ("home_cells", "below"),
    ("sites", "capacity"),  # of the table of costs
    ("plan", "seats"),  # a plan's figures are in no result: run.json names its rows alone
    ("plan", "beds"),
    ("plan", "vacant"),
    ("plan", "workers"),
    ("rollup", "parks_short"),
}  # fmt: skip


def test_every_published_figure_of_people_is_marked_as_such() -> None:
    """A new column that counts workers, beds or seats must say so, or say here why not."""
    open_ = {
        (schema.name, c.name)
        for schema in PUBLISHED.values()
        for c in schema.columns
        if c.kind in ("int", "float") and not c.counts
        and (c.unit in PEOPLE or LIKE.search(c.name))
    }  # fmt: skip
    assert open_ - HARMLESS == set()


def test_every_frame_of_the_results_passes_the_stage() -> None:
    groups = {
        "": Results,
        "beside.": Beside,
        "plans.": Plans,
        "firm.": Firm,
        "around.": AroundParks,
    }
    own = {
        place + f.name
        for place, group in groups.items()
        for f in dataclasses.fields(group)
        if "DataFrame" in str(f.type)
    }
    assert own == set(PUBLISHED) | UNDECLARED


def test_a_mark_stands_between_unit_and_meaning() -> None:
    one, two = columns("""
    a float? persons #workers - all of them
    b int - # of something
    """)
    assert (one.unit, one.counts, one.doc) == ("persons", "workers", "all of them")
    assert (two.counts, two.doc) == ("", "# of something")


def test_a_share_does_not_give_a_withheld_number_away() -> None:
    # 1,000 workers, of whom fewer than are told of are not served: 99.5 % would say that 5.
    known = {"workers": [1000.0, 1000.0], "workers_unserved": [np.nan, 50.0]}
    shares = dict.fromkeys(("satisfaction_low", "satisfaction_high", "served_share"))
    told = without_shares(pd.DataFrame(known | {n: [0.995, 0.95] for n in shares}))
    assert told[list(shares)].isna().all(axis=1).tolist() == [True, False]
    assert told["served_share"][1] == 0.95


def test_numbers_are_rounded_half_up_and_never_to_nothing() -> None:
    given = pd.Series([0.0, 1.0, 4.0, 25.0, 34.9, np.nan])
    assert to_multiples(given, 10).tolist()[:5] == [0, 10, 10, 30, 30]


def mask(decimals: int = 4) -> Mask:
    tags = tuple(tuple(t.split("=")) for t in SENSITIVE)
    return Mask(tags, SENSITIVE_NAMES, decimals)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tags", "hidden"),
    [
        ({"landuse": "military"}, True),
        ({"military": "barracks"}, True),
        ({"amenity": "prison"}, True),
        ({"power": "substation"}, True),
        ({"power": "generator"}, False),  # a panel on a roof
        ({"amenity": "restaurant"}, False),
        ({"landuse": "industrial"}, False),
    ],
)
def test_sensitive_features_are_known_by_their_tags(tags: dict[str, str], hidden: bool) -> None:
    frame = pd.DataFrame(
        [{"landuse": None, "military": None, "amenity": None, "power": None} | tags]
    )
    assert mask().tagged(frame).tolist() == [hidden]


def test_sensitive_features_are_known_by_their_names() -> None:
    names = pd.Series(["某部队食堂", "Canteen", None, "北山监狱站"])
    assert mask().named(names).tolist() == [True, False, False, True]


def test_a_coarse_outline_stays_an_area_however_small_it_was() -> None:
    small = shapely.box(120.00001, 36.00001, 120.00003, 36.00002)
    large = shapely.box(120.001234, 36.001234, 120.009876, 36.009876)
    found = outlined_coarsely(np.array([small, large], dtype=object), 3)
    assert shapely.is_valid(found).all()
    assert (shapely.area(found) > 0).all()
    at = shapely.get_coordinates(found)
    assert np.allclose(at, at.round(3), atol=1e-12)


def test_schemas_of_tables_that_are_never_published_are_not_among_the_published() -> None:
    secret = (frames.ENTERPRISES, frames.RESIDENCES, frames.SHIFTS, frames.ORIGINS)
    assert not {s.name for s in secret} & {s.name for s in PUBLISHED.values()}
