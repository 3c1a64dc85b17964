"""Certainty on the gathered tables, by hand: other parks, fallbacks, categories."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from parkgap.assess.certainty import References
from parkgap.assess.known import against_study, by_category, fallback_shares, thin_items
from parkgap.frames import COMPLETENESS, FACILITIES
from parkgap.standard import load

STANDARD = load()
ASKED = References(outlier=2.5)


def windows(
    places: list[float],
    streets: list[float],
    *,
    floor: float = 10.0,
    index: float = 1.0,
    thin: bool = False,
    age: float = math.nan,
) -> pd.DataFrame:
    """Lay out windows of one study, all with the same buildings."""
    size = len(places)
    return COMPLETENESS.frame(
        {
            "park_id": [f"P{n}" for n in range(size)],
            "kind": ["work"] * size,
            "places": places,
            "streets_km": streets,
            **{n: [floor] * size for n in ("buildings_ha", "floor_ha")},
            **{n: [index] * size for n in ("index", "certainty", "index_built")},
            **{n: [math.nan] * size for n in ("index_people", "index_streets", "spread")},
            "edit_age": [age] * size,
            "fallbacks": [0.0] * size,
            "thin": [thin] * size,
            "cut": [False] * size,
        }
    )


def sure(frame: pd.DataFrame, fallbacks: float = 0.0) -> pd.DataFrame:
    return against_study(frame, np.full(len(frame), fallbacks), ASKED)


# --- the study's other parks ---------------------------------------------------------------------


def test_a_corner_with_far_fewer_places_and_streets_than_the_rest_is_thin() -> None:
    # All alike but the last: the deviation is taken as 0.25.  16 of 160 places (+1) and 3.9 of
    # 39.9 km (+0.1): ln(17/161) = -2.248 and ln(4/40) = -2.303, over 0.25, and their mean.
    found = sure(windows([160.0] * 7 + [16.0], [39.9] * 7 + [3.9]))
    assert found["spread"].tolist()[:7] == [0.0] * 7
    assert found["spread"].iat[7] == pytest.approx((-2.248 - 2.303) / 2 / 0.25, abs=0.01)
    assert found["thin"].tolist() == [False] * 7 + [True]


def test_few_places_among_streets_like_everybodys_are_a_lack_and_not_thin_data() -> None:
    # ln(65/161) / 0.25 = -3.63 for the places, 0 for the streets: a mean of -1.81.
    found = sure(windows([160.0] * 7 + [64.0], [39.9] * 8))
    assert found["spread"].iat[7] == pytest.approx(-1.81, abs=0.01)
    assert not found["thin"].any()


def test_seven_parks_are_no_distribution() -> None:
    found = sure(windows([160.0] * 6 + [16.0], [39.9] * 6 + [3.9]))
    assert found["spread"].isna().all()
    assert not found["thin"].any()


def test_a_uniformly_empty_study_stays_uniformly_thin() -> None:
    # Nobody differs from anybody, and still nothing is known.
    found = sure(windows([1.0] * 9, [40.0] * 9, index=0.1, thin=True))
    assert (found["spread"] == 0).all()
    assert found["thin"].all()


def test_others_never_make_a_window_less_thin() -> None:
    frame = windows([160.0] * 8, [40.0] * 8).assign(thin=[True] + [False] * 7)
    assert sure(frame)["thin"].tolist() == frame["thin"].tolist()


def test_homes_are_compared_with_homes() -> None:
    frame = windows([160.0] * 7 + [16.0], [39.9] * 7 + [3.9])
    frame["kind"] = ["work"] * 7 + ["home"]
    assert sure(frame)["spread"].isna().all()


@pytest.mark.parametrize(
    ("age", "fallbacks", "certainty"),
    [
        (math.nan, 0.0, 0.8),
        (3.0, 0.0, 0.8),
        (6.5, 0.0, 0.8 * 0.75),  # half way from 3 to 10 years
        (12.0, 0.0, 0.4),
        (1.0, 1.0, 0.4),
        (10.0, 0.5, 0.8 * 0.5 * 0.75),
    ],
)
def test_old_edits_and_fallbacks_take_certainty_away(
    age: float, fallbacks: float, certainty: float
) -> None:
    found = sure(windows([160.0], [40.0], index=0.8, age=age), fallbacks)
    assert found["certainty"].iat[0] == pytest.approx(certainty, abs=6e-4)
    assert not found["thin"].any()  # they do not decide


# --- fallbacks -----------------------------------------------------------------------------------


def test_shares_of_what_stands_in_for_better_knowledge() -> None:
    frame = windows([1.0] * 3, [1.0] * 3).assign(
        park_id=["A", "A", "B"], kind=["home", "work", "work"]
    )
    origins = pd.DataFrame(
        {
            "park_id": ["A", "A", "A", "A", "B"],
            "kind": ["work", "work", "home", "home", "work"],
            "based_on": ["enterprise", "building", "dormitory", "estimated", "building"],
        }
    )
    gates = pd.DataFrame({"park_id": ["A"] * 4, "kind": ["given", "mapped", "mapped", "derived"]})
    straight = np.array([False, True, False, False, False])
    # A: one of two homes; 1 of 4 gates and one of two workplaces.  B has no gate at all.
    assert fallback_shares(frame, origins, straight, gates) == pytest.approx(
        [0.5, (0.25 + 0.5) / 2, (1.0 + 0.0) / 2]
    )


# --- categories ----------------------------------------------------------------------------------


def facilities(**items: int) -> pd.DataFrame:
    """Make so many facilities of each item."""
    listed = [[name] for name, n in items.items() for _ in range(n)]
    size = len(listed)
    return FACILITIES.frame(
        {
            c.name: [""] * size if c.kind == "str" else [0.0] * size
            for c in FACILITIES.columns
            if c.kind != "list"
        }
        | {"facility_id": [f"node/{n}" for n in range(size)], "items": listed}
        | {"lines": [[]] * size, "source_ids": [[f"node/{n}"] for n in range(size)]}
    )


def test_a_category_that_the_whole_study_hardly_maps_is_thin_everywhere() -> None:
    # 100 facilities; of such, well-mapped towns have 12.3 in transit, 14.8 in dining, 6.1 in
    # health.  Bus stops are 6: 0.488 of that.  Pharmacies are 2: 0.328.  Parcel points are 0, but
    # only 0.4 are to be expected: that says nothing.
    known = facilities(canteen_or_meal=92, bus_stop=6, pharmacy=2, charging=50)
    reached = pd.DataFrame({"park_id": ["P0"] * 3, "facility_id": ["node/0", "node/92", "node/93"]})
    frame = windows([100.0, 100.0], [40.0, 40.0], index=0.9)
    frame["certainty"] = 0.6
    found = by_category(frame, known, reached, STANDARD).set_index(["park_id", "category"])
    mapped = found["mapped"]["P0"]
    assert mapped["dining"] == mapped["parcel"] == 1
    assert mapped["transit"] == pytest.approx(0.488, abs=6e-4)
    assert mapped["health"] == pytest.approx(2 / 6.1, abs=6e-4)
    assert found["index"]["P0", "transit"] == pytest.approx(0.9 * 6 / 12.3, abs=6e-4)
    assert found["certainty"]["P0", "health"] == pytest.approx(0.6 * 2 / 6.1, abs=6e-4)
    thin = found["thin"]["P1"]
    assert (thin["transit"], thin["health"], thin["dining"], thin["parcel"]) == (
        *(True, True, False, False),
    )
    near = found["facilities"]
    assert (near["P0", "dining"], near["P0", "transit"], near["P1", "dining"]) == (1, 2, 0)
    assert "charging_parking" not in mapped.index  # shown only


def test_from_homes_no_facilities_are_counted() -> None:
    frame = windows([100.0], [40.0]).assign(kind="home")
    reached = pd.DataFrame({"park_id": ["P0"], "facility_id": ["node/0"]})
    found = by_category(frame, facilities(pharmacy=1), reached, STANDARD)
    assert found["facilities"].isna().all()


def test_flags_by_origin_and_item() -> None:
    frame = windows([100.0, 1.0], [40.0, 40.0]).assign(thin=[False, True])
    known = facilities(canteen_or_meal=98, pharmacy=2)
    reached = pd.DataFrame({"park_id": [], "facility_id": []})
    certainty = by_category(frame, known, reached, STANDARD)
    origins = pd.DataFrame({"park_id": ["P0", "P1", "P0"], "kind": ["work", "work", "home"]})
    flags = thin_items(certainty, origins, [i.category for i in STANDARD.items])
    ids = [i.id for i in STANDARD.items]
    assert flags.shape == (3, len(ids))
    own = dict(zip(ids, flags[0], strict=True))
    # Health and all else that is to be expected among 100 is hardly there; meals are, and parcel
    # points are too few to tell.  What is only shown goes by the window.
    assert own["pharmacy"]
    assert own["primary_care"]
    assert not own["canteen_or_meal"]
    assert not own["parcel_point"]
    assert not own["charging"]
    assert flags[1].all()  # the window is thin
    assert flags[2].all()  # nobody has measured around these homes


def test_what_only_a_list_has_says_nothing_of_how_well_the_map_is_kept() -> None:
    frame, reached = windows([100.0], [40.0]), pd.DataFrame({"park_id": [], "facility_id": []})
    drawn = facilities(canteen_or_meal=98, bus_stop=2)
    told = facilities(bus_stop=40)
    told["facility_id"] = [f"list:bus_lines/{n}" for n in range(40)]
    told["source_ids"] = [[i] for i in told["facility_id"]]
    both = pd.concat([drawn, told], ignore_index=True)
    alone, listed = (by_category(frame, f, reached, STANDARD) for f in (drawn, both))
    assert listed["mapped"].tolist() == alone["mapped"].tolist()
    assert listed.loc[listed["category"] == "transit", "thin"].all()
