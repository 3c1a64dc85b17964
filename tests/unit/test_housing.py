"""Beds by park: totals that balance, whatever the town; ways; and what may be told of few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkgap import frames
from parkgap.access import rides
from parkgap.assess import beds
from parkgap.assess.beds import Offers
from parkgap.assess.few_beds import without_few_beds
from parkgap.assess.housing import house
from parkgap.assess.lodging import Lodging, lodging
from parkgap.housing_keys import Housing, NeedShare, Ride
from parkgap.housing_plan import vacant_told

NAN = float("nan")
FEW = 10


def parks_of(*workers: float) -> pd.DataFrame:
    ids = [f"P{i}" for i in range(len(workers))]
    return frames.PARKS.frame(
        {"park_id": ids, "name": ids, "workers": list(workers), "source": ids}
    )


def firms(*rows: dict[str, object]) -> pd.DataFrame:
    known: dict[str, object] = {"park_id": "P0", "workers": 100.0, "source": "t"}
    full = [{**known, "enterprise_id": f"E{i}", **row} for i, row in enumerate(rows)]
    return frames.ENTERPRISES.frame({n: [r.get(n) for r in full] for n in frames.ENTERPRISES.names})


def homes(*rows: tuple[str, float]) -> pd.DataFrame:
    return frames.RESIDENCES.frame(
        {
            "residence_id": [f"R{i}" for i in range(len(rows))],
            "park_id": ["P0"] * len(rows),
            "kind": [kind for kind, _ in rows],
            "workers": [n for _, n in rows],
            "geometry": [None] * len(rows),
            "source": ["t"] * len(rows),
        }
    )


def shifts_of(*rows: tuple[str | None, str, float]) -> pd.DataFrame:
    firm, name, share = zip(*rows, strict=True)
    told = {"park_id": "P0", "start": "08:00", "end": "17:00", "source": "t"}
    full = {k: [v] * len(rows) for k, v in told.items()}
    full |= {"enterprise_id": list(firm), "shift": list(name), "share": list(share)}
    return frames.SHIFTS.frame({n: full.get(n, [None] * len(rows)) for n in frames.SHIFTS.names})


NIGHT = {"night": NeedShare(low=0.6, mid=0.8, high=1)}
THIRD = Housing(need_share=NeedShare(low=0.2, mid=0.35, high=0.5))


def needs(
    parks: pd.DataFrame,
    enterprises: pd.DataFrame | None = None,
    residences: pd.DataFrame | None = None,
    rule: Housing | None = THIRD,
    shifts: pd.DataFrame | None = None,
) -> Lodging:
    return lodging(
        parks,
        firms() if enterprises is None else enterprises,
        homes() if residences is None else residences,
        frames.SHIFTS.frame() if shifts is None else shifts,
        rule,
        min_workers=FEW,
    )


# --- the need -------------------------------------------------------------------------------------


def test_what_firms_state_and_a_share_of_the_others() -> None:
    # E0 states 80 of its 100; the other 900 x 0.35 = 315: 395. Low 80 + 180, high 80 + 450.
    found = needs(parks_of(1000), firms({"lodging_need": 80.0}, {}))
    assert found.need.tolist() == [[260, 395, 530]]
    assert "stated by enterprises (1)" in found.basis[0]
    assert "other workers × 0.2/0.35/0.5" in found.basis[0]


def test_firms_that_state_all_need_no_share() -> None:
    whole = needs(parks_of(100), firms({"lodging_need": 40.0}), rule=None)
    assert whole.need.tolist() == [[40, 40, 40]]
    part = needs(parks_of(150), firms({"lodging_need": 40.0}), rule=None)
    assert np.isnan(part.need).all()
    assert "no share is set for the other workers" in part.basis[0]


def test_halves_are_whole_persons_upwards() -> None:
    assert needs(parks_of(130)).need[0, 1] == 46  # 45.5
    assert needs(parks_of(2)).need[0, 1] == 1  # 0.7


def test_an_enterprises_shifts_are_of_its_own_workers() -> None:
    # E0's 100 all work nights: 100 x 0.8 = 80. Of the other 900 a third does: 600 x 0.35 = 210 and
    # 300 x 0.8 = 240. Low 60 + 600 x 0.2 + 300 x 0.6 = 360; high 100 + 600 x 0.5 + 300 = 700.
    rule = Housing(need_share=THIRD.need_share, need_share_by_shift=NIGHT)
    rows = ((None, "day", 2 / 3), (None, "night", 1 / 3), ("E0", "night", 1.0))
    found = needs(parks_of(1000), firms({}, {}), rule=rule, shifts=shifts_of(*rows))
    assert found.need.tolist() == [[360, 530, 700]]
    assert "day 60% × 0.2/0.35/0.5, night 40% × 0.6/0.8/1" in found.basis[0]
    # E1 works the park's shifts: 100 x (2/3 x 0.35 + 1/3 x 0.8) = 50.
    assert found.groups["beds"].tolist() == [80, 50, 400]
    # What E0 states itself counts once: 30, and 210 + 240 of the others.
    stated = firms({"lodging_need": 30.0}, {})
    assert needs(parks_of(1000), stated, rule=rule, shifts=shifts_of(*rows)).need[0, 1] == 480


def test_who_has_no_shift_takes_the_general_share() -> None:
    # Only E0 has shifts: half of its 100 by night. 50 x 0.8 + 950 x 0.35 = 372.5.
    rule = Housing(need_share=THIRD.need_share, need_share_by_shift=NIGHT)
    shifts = shifts_of(("E0", "day", 0.5), ("E0", "night", 0.5))
    found = needs(parks_of(1000), firms({}, {}), rule=rule, shifts=shifts)
    assert found.need[0, 1] == 373
    assert found.groups["beds"].tolist() == [58, 35, 280]  # 57.5; 35; the others
    # Without a general share nobody knows it of the day shift, nor of the others.
    alone = Housing(need_share_by_shift=NIGHT)
    assert np.isnan(needs(parks_of(1000), firms({}), rule=alone, shifts=shifts).need).all()


def test_a_firm_of_unknown_park_size_and_a_share_of_none() -> None:
    rule = Housing(need_share=NeedShare(low=0, mid=0, high=0.5))
    found = needs(parks_of(NAN), firms({"lodging_need": 40.0}), rule=rule)
    assert np.isnan(found.need).all()
    assert "headcount unknown" in found.basis[0]


def test_who_may_be_the_same_people_is_counted_once() -> None:
    # Dormitories 120, of firms' beds 150 are taken: 150. Rental 60, talent apartments 20 besides.
    told = homes(("dormitory", 120), ("public_rental", 60), ("talent_apartment", 20), ("other", 99))
    found = needs(parks_of(1000), firms({"beds_own": 200.0, "beds_occupied": 150.0}), told)
    assert found.housed.tolist() == [230]
    assert found.lacking.tolist() == [120]


def test_nobody_told_and_few_told_are_not_deducted() -> None:
    assert np.isnan(needs(parks_of(1000)).housed).all()
    few = needs(parks_of(1000), residences=homes(("dormitory", 9)))
    assert np.isnan(few.housed).all()
    assert few.lacking.tolist() == [350]
    assert "fewer than 10 housed" in few.basis[0]
    none = needs(parks_of(1000), residences=homes(("other", 300)))
    assert none.housed.tolist() == [0]  # known to live elsewhere


def test_more_housed_than_need_one_leaves_nobody_short() -> None:
    found = needs(parks_of(100), residences=homes(("dormitory", 80)))
    assert (found.need[0, 1], found.housed[0], found.lacking[0]) == (35, 35, 0)


def test_where_few_live_that_many_beds_are_taken_as_occupied() -> None:
    stock = pd.DataFrame({"beds": [100.0, 100, 100, 5, NAN], "beds_vacant": [94.0, 100, 50, 2, 30]})
    # 6, none, 50, 3 and nobody knows how many live there.
    assert vacant_told(stock, FEW).tolist() == [90, 100, 50, 0, 30]


# --- totals ---------------------------------------------------------------------------------------


@st.composite
def town(draw: st.DrawFn) -> tuple[pd.DataFrame, Lodging, pd.DataFrame, pd.DataFrame]:
    """Draw parks with firms, houses of all kinds, and ways between some of them."""
    count = draw(st.integers(1, 3))
    parks = parks_of(*[float(draw(st.integers(0, 300))) for _ in range(count)])
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "park_id": st.sampled_from(parks["park_id"].tolist()),
                    "workers": st.integers(0, 100).map(float),
                    "beds_own": st.sampled_from([None, 0.0, 40.0]),
                    "beds_occupied": st.sampled_from([None, 0.0, 12.0]),
                }
            ),
            max_size=3,
        )
    )
    who = needs(parks, firms(*rows))
    ids = parks["park_id"].tolist()
    access = [
        "public",
        *(f"park:{p}" for p in ids),
        *(f"enterprise:E{i}" for i in range(len(rows))),
    ]
    houses = pd.DataFrame(
        [
            {
                "stock_id": f"H{i}",
                "name": f"H{i}",
                "access": draw(st.sampled_from(access)),
                "when": draw(st.sampled_from(["now", "after"])),
                "beds": draw(st.sampled_from([NAN, 0.0, 20.0, 75.0])),
                "ready": None,
                "placed": True,
            }
            for i in range(draw(st.integers(1, 4)))
        ]
    )
    pairs = [(g, h) for g in range(len(who.groups)) for h in range(len(houses))]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True))
    ways = pd.DataFrame(
        {
            "group": [g for g, _ in chosen],
            "place": [h for _, h in chosen],
            "minutes": [draw(st.integers(0, 450)) / 10 for _ in chosen],
            "mode": [draw(st.integers(0, 4)) for _ in chosen],
        }
    ).astype({"group": np.int64, "place": np.int64, "minutes": float, "mode": np.int64})
    return parks, who, houses, ways.sort_values(["group", "place"], ignore_index=True)


def rules(parks: pd.DataFrame, persons: float | None = None) -> dict[str, Any]:
    """Every park has a list of housing, declared complete."""
    supply = np.full(len(parks), "complete", dtype=object)
    return {"persons_per_unit": persons, "supply": supply}


@settings(max_examples=40, deadline=None)
@given(town())
def test_totals_balance_and_no_bed_is_given_twice(
    drawn: tuple[pd.DataFrame, Lodging, pd.DataFrame, pd.DataFrame],
) -> None:
    parks, who, houses, ways = drawn
    housing, beds = house(parks, who, houses, ways, rides.MODES, **rules(parks))
    own = housing.fillna({"housed": 0.0})
    parts = own["housed"] + own["beds_allocated"] + own["beds_short"]
    assert (own["lodging_need"] == parts).all()
    assert (own["beds_short"] == own["beds_pipeline"] + own["beds_short_after_pipeline"]).all()
    assert (own[["beds_allocated", "beds_short", "beds_short_after_pipeline"]] >= 0).all(axis=None)
    assert (own["workers_over_15min"] <= own["beds_allocated"]).all()
    assert (own["workers_over_45min"] <= own["beds_short"]).all()
    for when, column in (("now", "beds_allocated"), ("after", "beds_pipeline")):
        given_ = beds[beds["when"] == when]
        by_house = given_[given_["stock_id"] != "own"].groupby("stock_id")["beds"].sum()
        known = houses.set_index("stock_id")
        assert (known["when"].reindex(by_house.index) == when).all()
        assert (by_house <= known["beds"].reindex(by_house.index)).all()
        by_park = given_.groupby("park_id")["beds"].sum().reindex(own["park_id"]).fillna(0.0)
        assert by_park.tolist() == own[column].tolist()
        access = known["access"].reindex(given_["stock_id"])
        for park, said in zip(given_["park_id"], access, strict=True):
            assert not str(said).startswith("park:") or said == f"park:{park}"


def far_away(count: int, access: str, beds: float) -> pd.DataFrame:
    known = {"name": "h", "when": "now", "ready": None, "placed": True}
    rows = [{"stock_id": f"{access}{i}", "access": access, "beds": beds} for i in range(count)]
    return pd.DataFrame([known | row for row in rows])


def test_beds_farther_away_are_counted_by_who_may_have_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # P0 needs 35, E0's 100 in P1 need 35 and P1's others 35. Nothing is in reach. Farther away 30
    # public beds in 15 places, 20 of P0, 10 of E0, 50 of a firm that is not here: 60 can be taken.
    sizes = []

    def give(offers: Offers) -> np.ndarray:
        sizes.append(len(offers.group))
        return beds.give(offers)

    monkeypatch.setattr("parkgap.assess.housing.give", give)
    who = needs(parks_of(100, 200), firms({"park_id": "P1"}))
    kinds = ((15, "public", 2.0), (1, "park:P0", 20.0), (1, "enterprise:E0", 10.0))
    houses = pd.concat(
        [far_away(*kind) for kind in (*kinds, (1, "enterprise:X", 50.0))], ignore_index=True
    )
    none = pd.DataFrame({c: np.zeros(0, dtype=np.int64) for c in ("group", "place", "mode")})
    housing, _ = house(
        *(parks_of(100, 200), who, houses, none.assign(minutes=0.0), rides.MODES),
        **rules(parks_of(100, 200), 1.0),
    )
    took = housing.set_index("park_id")["workers_over_45min"]
    assert took.sum() == 60
    assert 20 <= took["P0"] <= 35
    assert 10 <= took["P1"] <= 40
    # However many places there are, a group asks once for each kind: 3 public, P0's, E0's.
    assert max(sizes) == 5


@settings(max_examples=60, deadline=None)
@given(town())
def test_no_figure_of_a_few_is_told_or_follows_from_others(
    drawn: tuple[pd.DataFrame, Lodging, pd.DataFrame, pd.DataFrame],
) -> None:
    parks, who, houses, ways = drawn
    exact, given_ = house(parks, who, houses, ways, rides.MODES, **rules(parks, 2.0))
    told, told_beds = without_few_beds(exact, given_, FEW)
    persons = [
        c for c in frames.HOUSING.names if c.startswith(("lodging_need", "beds_", "workers"))
    ]
    persons = [c for c in [*persons, "housed"] if c != "beds_unknown"]
    for column in persons:
        small = (told[column] > 0) & (told[column] < FEW)
        assert not small.any(), column
    assert not (told_beds["beds"] < FEW).any()
    for parts in (
        ("beds_allocated", "beds_short", "housed"),
        ("beds_pipeline", "beds_short_after_pipeline"),
    ):
        for (_, seen), (_, true) in zip(told.iterrows(), exact.iterrows(), strict=True):
            known = [p for p in parts if not pd.isna(true[p])]
            hidden = [p for p in known if pd.isna(seen[p])]
            total = sum(true[p] for p in hidden)
            # What is hidden is nothing but zeros, or together no few.
            assert total == 0 or total >= FEW or hidden == known
    # The beds of a park whose sum is withheld are not told one by one.
    merged = told_beds.merge(told[["park_id", "beds_allocated"]], on="park_id")
    closed = merged[(merged["when"] == "now") & merged["beds_allocated"].isna()]
    assert closed["beds"].isna().all()
    for (park, when), rows in told_beds.groupby(["park_id", "when"]):
        real = given_[(given_["park_id"] == park) & (given_["when"] == when)]
        hidden_beds = real.loc[rows["beds"].isna().to_numpy(), "beds"]
        # One alone follows from the park's sum: it is none of a few.
        assert len(hidden_beds) == 0 or hidden_beds.sum() >= FEW or len(hidden_beds) == len(rows)


# --- ways -----------------------------------------------------------------------------------------


def test_the_middle_worker_decides_and_who_gets_nowhere_is_last() -> None:
    members = pd.DataFrame(
        {
            "group": [0, 0, 0, 1, 1],
            "origin": [0, 1, 2, 3, 4],
            "share": [0.2, 0.3, 0.5, 0.4, 0.6],
            "enterprise_id": ["E", "E", "E", None, None],
        }
    )
    found = pd.DataFrame(
        {
            "origin": [0, 1, 1, 2, 3, 4],
            "place": [0, 0, 0, 0, 0, 0],
            "minutes": [3.0, 9.04, 12.0, 20.0, 5.0, 2.0],
            "mode": [0, 1, 4, 4, 0, 1],
            "whose": [None, "E", None, None, None, "E"],
        }
    )
    # Of the first, half have at most 9.04 minutes; of the second only 40 % get there at all.
    got = rides.of_groups(found, members)
    assert got.to_dict("records") == [{"group": 0, "place": 0, "minutes": 9.0, "mode": 1}]


def test_gtfs_waits_half_the_time_between_runs() -> None:
    # Two stops, runs at 06:00, 06:20, 06:40 that take 10, 10 and 12 minutes: 10, and half of 20.
    at = {"lon": [120.0, 120.2], "lat": [36.0, 36.0]}
    stops = pd.DataFrame({"stop_id": ["a", "b"], **at})
    calls = pd.DataFrame(
        {
            "stop_id": ["a", "b"] * 3,
            "trip": [0, 0, 1, 1, 2, 2],
            "minute": [360.0, 370, 380, 390, 400, 412],
        }
    )
    # From work it is 67 m along the street to the one stop: a minute; at the other nobody lives.
    matched = pd.DataFrame({"facility_id": ["B", "A"], "stop_id": ["b", "a"]})
    walk = {"origin": [0], "facility_id": ["B"], "metres": [67.0], "minutes": [1.0]}
    lines = rides.Lines(
        *(frames.SHUTTLES.frame(), frames.BUS_LINES.frame(), stops, calls),
        *(frames.TIMETABLE.frame(), matched, pd.DataFrame(walk)),
    )
    origins = pd.DataFrame(
        {"park_id": ["P"], "enterprise_id": [None], "lon": [120.2], "lat": [36.0]}
    )
    places = pd.DataFrame({"lon": [120.0, NAN], "lat": [36.0, NAN]})
    pace = rides.Pace(walk=67.0, detour=1.3, stop_m=500.0, ride=None)
    on_foot = pd.DataFrame({"origin": [0], "place": [1], "minutes": [15.1]})  # too far to walk
    found = rides.ways(origins, places, on_foot, lines, parks_of(1), pace)
    assert found.drop(columns="whose").to_dict("records") == [
        {"origin": 0, "place": 0, "minutes": 21.0, "mode": 3}
    ]
    # Half a kilometre is the farthest that anybody walks to a stop; no walk, no ride.
    walk["metres"] = [500.1]
    far = replace(lines, on_foot=pd.DataFrame(walk))
    assert rides.ways(origins, places, on_foot, far, parks_of(1), pace).empty
    once = replace(lines, calls=calls[:2])
    assert rides.ways(origins, places, on_foot, once, parks_of(1), pace).empty
    # 18 km (0.2 degrees at 36 N: 18,036 m) at 60 km/h and a detour of 1: 18 minutes; 2 of waiting.
    fast = rides.Pace(67.0, 1.3, 500.0, Ride(speed_kmh=60, wait_min=2, detour=1))
    ridden = rides.ways(origins, places, on_foot, once, parks_of(1), fast)
    assert ridden["minutes"].tolist() == pytest.approx([20.0], abs=0.1)
    assert ridden["mode"].tolist() == [4]


def test_a_walk_of_exactly_fifteen_minutes_counts() -> None:
    lines = rides.Lines(
        frames.SHUTTLES.frame(),
        frames.BUS_LINES.frame(),
        frames.TRANSIT_STOPS.frame(),
        frames.CALLS.frame(),
        frames.TIMETABLE.frame(),
        frames.STOPS_MATCHED.frame(),
        pd.DataFrame({"origin": [], "facility_id": [], "metres": [], "minutes": []}),
    )
    origins = pd.DataFrame(
        {"park_id": ["P"], "enterprise_id": [None], "lon": [120.0], "lat": [36.0]}
    )
    places = pd.DataFrame({"lon": [120.0], "lat": [36.0]})
    on_foot = pd.DataFrame({"origin": [0], "place": [0], "minutes": [15.0]})
    pace = rides.Pace(67.0, 1.3, 500.0, None)
    assert len(rides.ways(origins, places, on_foot, lines, parks_of(1), pace)) == 1
