"""Judging items: from walks written out by hand to status, reason, need and shortfall."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from parkgap.assess.coming import duties
from parkgap.assess.groups import Ground
from parkgap.assess.items import Assessor
from parkgap.assess.outcomes import lacking_core
from parkgap.assess.rollup import roll_up
from parkgap.frames import COMPLETENESS, FACILITIES, ORIGINS, OWNERS, PARKS
from parkgap.standard import Standard, load

if TYPE_CHECKING:
    import numpy.typing as npt

MEAL, SHOP, DRUGS, BREAKFAST = "canteen_or_meal", "convenience_store", "pharmacy", "breakfast"
MARKET, EITHER = "fresh_market", "bank_atm"  # judged from home; from either end
SPEED = 67.0
FAR = 1e6

STANDARD = load()


@dataclass(frozen=True)
class Group:
    """Workers of a park who start from one place, and metres from there to what they reach.

    A walk is a number, or (best, worst) where it depends on which gate is open.
    """

    park: str
    share: float
    walks: Mapping[str, float | tuple[float, float]]
    kind: str = "work"
    based_on: str = "enterprise"
    edge_m: float = FAR
    firm: str | None = None
    hidden: bool = False
    lat: float = 36.0
    reached: bool = True


@dataclass(frozen=True)
class Place:
    """A facility, or (without items) a candidate site."""

    items: Sequence[str] = ()
    access: str = "public"
    lines: Sequence[str] = ()


def judge(
    parks: Mapping[str, float],
    places: Mapping[str, Place],
    groups: Sequence[Group],
    *,
    thin: Sequence[tuple[str, str]] = (),
    cut: Sequence[tuple[str, str]] = (),
    residents: Mapping[str, float] | None = None,
    standard: Standard = STANDARD,
    min_workers: int = 10,
    region_has: frozenset[str] = frozenset(),
) -> Assessor:
    """Set the assessor up."""
    text = {c.name: [""] * len(parks) for c in PARKS.columns if c.kind in ("str", "geometry")}
    park_frame = PARKS.frame(
        text
        | {"park_id": list(parks), "name": list(parks), "workers": list(parks.values())}
        | {"district": ["D"] * len(parks)}
    )
    facilities = [n for n, p in places.items() if p.items]
    order = [*facilities, *(n for n, p in places.items() if not p.items)]
    of = [places[n] for n in facilities]
    facility_frame = FACILITIES.frame(
        {
            "facility_id": facilities,
            "name": [f"the {n}" for n in facilities],
            "items": [list(p.items) for p in of],
            "category": [""] * len(of),
            "lon": np.zeros(len(of)),
            "lat": np.zeros(len(of)),
            "access": [p.access for p in of],
            "lines": [list(p.lines) for p in of],
        }
    )
    origins = ORIGINS.frame(
        {
            "origin_id": [f"o{i}" for i in range(len(groups))],
            "kind": [g.kind for g in groups],
            "park_id": [g.park for g in groups],
            "enterprise_id": [g.firm for g in groups],
            "based_on": [g.based_on for g in groups],
            "share": [g.share for g in groups],
            "lon": np.full(len(groups), 120.0),
            "lat": [g.lat for g in groups],
            "reached": [g.reached for g in groups],
        }
    )
    rows = []
    for i, group in enumerate(groups):
        for name, far in group.walks.items():
            best, worst = far if isinstance(far, tuple) else (far, far)
            rows.append((i, order.index(name), best, best / SPEED, worst, worst / SPEED))
    columns = ["origin", "target", "metres", "minutes", "metres_worst", "minutes_worst"]
    reach = pd.DataFrame(rows, columns=columns).astype({"origin": "int64", "target": "int64"})
    windows = sorted({(g.park, g.kind) for g in groups})
    known = COMPLETENESS.frame(
        {
            "park_id": [p for p, _ in windows],
            "kind": [k for _, k in windows],
            "thin": [w in thin for w in windows],
            "cut": [w in cut for w in windows],
        }
    )
    member: npt.NDArray[np.bool_] = np.array(
        [[i.id in p.items for i in standard.items] for p in of], dtype=bool
    ).reshape(len(of), len(standard.items))
    ground = Ground(
        parks=park_frame,
        origins=origins,
        facilities=facility_frame,
        reach=reach.sort_values(["origin", "target"], ignore_index=True),
        member=member,
        park_of=np.full(len(of), -1),
        edge_m=np.array([g.edge_m for g in groups], dtype=float),
        completeness=known,
        residents=pd.Series(dict(residents or {}), dtype=float),
        region_has=region_has,
        hidden=np.array([g.hidden for g in groups], dtype=bool),
    )
    return Assessor(ground, standard, language="en", min_workers=min_workers)


def row(assessor: Assessor, item: str, park: str = "P") -> pd.Series:
    frame = assessor.assess()
    (found,) = np.flatnonzero((frame["park_id"] == park) & (frame["item"] == item))
    return frame.iloc[int(found)]


# Five canteens 200 m away, and a site at the door.
FIVE = {f"m{i}": Place([MEAL]) for i in range(5)} | {"door": Place()}
TO_FIVE = {f"m{i}": 200.0 for i in range(5)} | {"door": 0.0}


# --- how many are needed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workers", "needed", "short_by"),
    # Five within 1000 m are for 5,000 workers: 5 x 12 / 5000, 5 x 20,000 / 5000.  As stated where
    # nobody knows how many there are.
    [
        (12, 1, math.nan),
        (5000, 5, math.nan),
        (5001, 6, 1),
        (20_000, 20, 15),
        (math.nan, 5, math.nan),
    ],
)
def test_larger_counts_grow_with_the_headcount(
    workers: float, needed: float, short_by: float
) -> None:
    found = row(judge({"P": workers}, FIVE, [Group("P", 1.0, TO_FIVE)]), MEAL)
    assert found["status"] == ("met" if math.isnan(short_by) else "short")
    assert found["short_by"] == pytest.approx(short_by, nan_ok=True)
    assert found["tests"].endswith(f"1000 m: 5/{needed:g}")
    assert found["satisfaction_low"] == pytest.approx(min(1, 5 / needed))
    if found["status"] == "short":
        assert (found["needed"], found["found"], found["limit"]) == (needed, 5, 1000)


def test_a_count_is_for_those_who_share_it() -> None:
    # 10,000 workers at two ends of a park 1.2 km long: 5,000 within 1000 m of either end.
    ends = [Group("P", 0.5, TO_FIVE, lat=36.0), Group("P", 0.5, TO_FIVE, lat=36.0108)]
    assert row(judge({"P": 10_000}, FIVE, ends), MEAL)["status"] == "met"
    near = [Group("P", 0.5, TO_FIVE, lat=36.0), Group("P", 0.5, TO_FIVE, lat=36.008)]
    assert row(judge({"P": 10_000}, FIVE, near), MEAL)["short_by"] == 5


def test_a_place_at_the_very_limit_counts() -> None:
    places = {"a": Place([DRUGS])}
    at = row(judge({"P": 9}, places, [Group("P", 1.0, {"a": 8 * SPEED})]), DRUGS)
    beyond = row(judge({"P": 9}, places, [Group("P", 1.0, {"a": 8 * SPEED + 0.1})]), DRUGS)
    assert (at["status"], beyond["status"]) == ("met", "short")
    assert (at["nearest_m"], at["nearest_min"], at["nearest_name"]) == (536.0, 8.0, "the a")


def test_lines_are_counted_once_however_many_stops_they_have() -> None:
    stops = {
        "east": Place(["bus_stop", "bus_lines"], lines=["1", "2"]),
        "west": Place(["bus_stop", "bus_lines"], lines=["2"]),
        "bare": Place(["bus_stop", "bus_lines"]),
    }
    # 10,000 workers need 2 x 10,000 / 5000 = 4 lines and have lines 1 and 2.
    two = row(
        judge({"P": 10_000}, stops, [Group("P", 1.0, {"east": 100, "west": 100})]), "bus_lines"
    )
    assert (two["status"], two["found"], two["needed"], two["short_by"]) == ("short", 2, 4, 2)
    # A stop whose lines nobody mapped may have the other two.
    walks = {"east": 100.0, "west": 100.0, "bare": 100.0}
    unsure = row(judge({"P": 10_000}, stops, [Group("P", 1.0, walks)]), "bus_lines")
    assert (unsure["status"], unsure["reason_unverified"]) == ("unverified", "no_lines")


# --- who may use it ------------------------------------------------------------------------------


def test_a_place_is_for_those_to_whom_it_is_open() -> None:
    places = {
        "park": Place([MEAL], access="park:P"),
        "firm": Place([SHOP], access="enterprise:F"),
        "nobody": Place([DRUGS], access="private"),
    }
    walks = {"park": 50.0, "firm": 50.0, "nobody": 50.0}
    groups = [
        Group("P", 1.0, walks, firm="F"),
        Group("Q", 1.0, walks, firm="G"),
        Group("R", 1.0, walks),
    ]
    frame = judge(dict.fromkeys("PQR", 9.0), places, groups).assess()
    status = frame.set_index(["item", "park_id"])["status"]
    assert status[MEAL].tolist() == ["met", "short", "short"]
    assert status[SHOP].tolist() == ["met", "short", "short"]
    assert status[DRUGS].tolist() == ["short"] * 3


# --- what is not known ---------------------------------------------------------------------------


def unverified(assessor: Assessor, item: str) -> str:
    """Check that an item is unverified, with all that follows, and return the reason."""
    found = row(assessor, item)
    assert found["status"] == "unverified"
    assert math.isnan(found["short_by"])
    assert found["satisfaction_high"] == 1.0
    return str(found["reason_unverified"])


def test_what_thin_data_a_missing_list_or_no_street_hides_is_unverified() -> None:
    nothing = [Group("P", 1.0, {})]
    assert unverified(judge({"P": 9}, {}, nothing, thin=[("P", "work")]), DRUGS) == "thin_data"
    assert unverified(judge({"P": 9}, {}, nothing), "worker_housing") == "needs_list"
    lost = [Group("P", 1.0, {}, reached=False)]
    assert unverified(judge({"P": 9}, {}, lost), DRUGS) == "no_street"
    assert (
        unverified(judge({"P": 9}, {}, lost, thin=[("P", "work")]), DRUGS) == "no_street+thin_data"
    )


def test_a_test_that_reaches_past_the_datas_edge_is_unverified() -> None:
    # The pharmacy's 8 minutes are 536 m.
    def at(edge_m: float) -> Assessor:
        return judge({"P": 9}, {}, [Group("P", 1.0, {}, edge_m=edge_m)])

    assert unverified(at(535.0), DRUGS) == "edge"
    assert row(at(537.0), DRUGS)["status"] == "short"
    assert (
        unverified(judge({"P": 9}, {}, [Group("P", 1.0, {})], cut=[("P", "work")]), DRUGS) == "edge"
    )
    # One test of three is whole, and what it finds short is short, whatever lies past the edge.
    assert row(at(400.0), MEAL)["status"] == "short"


def test_gates_that_would_judge_differently_leave_it_unverified() -> None:
    # Needed is one within 536 m.
    places = {"a": Place([DRUGS])}
    assert (
        unverified(judge({"P": 9}, places, [Group("P", 1.0, {"a": (500, 600)})]), DRUGS) == "gate"
    )
    either_way = row(judge({"P": 9}, places, [Group("P", 1.0, {"a": (400, 500)})]), DRUGS)
    neither_way = row(judge({"P": 9}, places, [Group("P", 1.0, {"a": (600, math.inf)})]), DRUGS)
    assert (either_way["status"], neither_way["status"]) == ("met", "short")


def test_thin_data_does_not_hide_what_was_found() -> None:
    found = judge(
        {"P": 9}, {"a": Place([DRUGS])}, [Group("P", 1.0, {"a": 100})], thin=[("P", "work")]
    )
    assert row(found, DRUGS)["status"] == "met"


def test_where_few_work_the_nearest_place_is_told_in_whole_minutes() -> None:
    # The group of few is the worst served: 600 m are 8.96 minutes, beyond the 8.
    groups = [Group("P", 0.99, {"a": 300.0}), Group("P", 0.01, {"a": 600.0}, hidden=True)]
    at = row(judge({"P": 900}, {"a": Place([DRUGS])}, groups), DRUGS)
    assert (at["status"], at["found"], at["nearest_min"]) == ("short", 0, 9.0)
    assert math.isnan(at["nearest_m"])


# --- work and home -------------------------------------------------------------------------------


def homes(*walks: Mapping[str, float], share: float = 1.0, kind: str = "other") -> list[Group]:
    each = share / len(walks)
    return [Group("P", each, w, kind="home", based_on=kind) for w in walks]


def test_home_items_are_judged_at_work_where_no_home_is_known() -> None:
    work = Group("P", 1.0, {"a": 100.0})
    without = row(judge({"P": 900}, {"a": Place([DRUGS])}, [work]), DRUGS)
    assert (without["status"], without["origin"], without["nearest_m"]) == ("met", "work", 100.0)
    town = [work, *homes({"a": 1000.0})]
    at_home = row(judge({"P": 900}, {"a": Place([DRUGS])}, town, residents={"P": 400}), DRUGS)
    assert (at_home["status"], at_home["origin"], at_home["workers"]) == ("short", "home", 400)
    # 1000 m at 67 m a minute are 14.9: homes give whole minutes and no metres.
    assert math.isnan(at_home["nearest_m"])
    assert at_home["nearest_min"] == 15.0


def test_an_either_item_is_served_from_either_end() -> None:
    places = {"a": Place([BREAKFAST])}
    at_work = [Group("P", 0.5, {"a": 100.0}), Group("P", 0.5, {})]
    town = [*at_work, *homes({"a": 100.0}, {})]
    found = row(judge({"P": 900}, places, town, residents={"P": 400}), BREAKFAST)
    # Half of them at work, half of the others at home: 0.5 + 0.5 x 0.5.
    assert (found["origin"], found["status"]) == ("either", "short")
    assert found["served_share"] == pytest.approx(0.75)
    assert found["satisfaction_low"] == pytest.approx(0.75)
    assert found["workers_unserved"] == 225
    served = [*at_work, *homes({"a": 100.0})]
    assert row(judge({"P": 900}, places, served), BREAKFAST)["status"] == "met"


def test_services_of_a_dormitory_are_judged_from_dormitories_alone() -> None:
    places = {"m": Place([MEAL]), "s": Place([SHOP])}
    town = [
        Group("P", 1.0, {}),
        *homes({"s": 200.0}, share=0.5, kind="dormitory"),
        *homes({}, share=0.5),
    ]
    found = row(judge({"P": 900}, places, town, residents={"P": 400}), "dorm_convenience")
    assert (found["status"], found["origin"], found["workers"]) == ("met", "home", 200)
    without = row(judge({"P": 900}, places, [Group("P", 1.0, {})]), "dorm_convenience")
    assert without["status"] == "not_applicable"


def test_a_home_of_fewer_than_ten_is_not_shown() -> None:
    # 4 of 100 live where the pharmacy is 900 m away, the others where it is 100 m away.
    town = [
        Group("P", 1.0, {}),
        Group("P", 0.96, {"a": 100.0}, kind="home", based_on="other"),
        Group("P", 0.04, {"a": 900.0}, kind="home", based_on="other"),
    ]
    found = row(judge({"P": 900}, {"a": Place([DRUGS])}, town, residents={"P": 100}), DRUGS)
    assert (found["status"], found["nearest_min"]) == ("short", 2.0)
    assert math.isnan(found["workers_unserved"])


# --- what does not apply -------------------------------------------------------------------------


def test_weights_of_what_applies_sum_to_one() -> None:
    frame = judge({"P": 900}, {}, [Group("P", 1.0, {})]).assess().set_index("item")
    gone = frame.index[frame["status"] == "not_applicable"]
    assert set(gone) == {"rail_station", "dorm_convenience"}
    assert frame.loc[gone, "weight"].tolist() == [0.0, 0.0]
    assert frame["weight"].sum() == pytest.approx(1.0)
    # Canteens weigh 0.16 x 0.75 of what is left without rail (0.16 x 0.2) and without the
    # services of dormitories (0.16 x 0.1765).
    rest = 1 - 0.16 * 0.2 - 0.16 * 0.1765
    assert frame.loc[MEAL, "weight"] == pytest.approx(0.12 / rest)


def test_a_railway_somewhere_makes_the_station_apply() -> None:
    rail = frozenset({"rail_station"})
    town = judge({"P": 900}, {}, [Group("P", 1.0, {})], region_has=rail)
    assert row(town, "rail_station")["status"] == "short"
    # A stop alone is no line: were it one, a new stop would lower every park's score.
    town = judge({"P": 900}, {"r": Place(["rail_station"])}, [Group("P", 1.0, {})])
    assert row(town, "rail_station")["status"] == "not_applicable"


def test_nothing_applies_to_a_park_without_workers() -> None:
    frame = judge({"P": 0}, {"a": Place([DRUGS])}, [Group("P", 1.0, {"a": 100.0})]).assess()
    assert set(frame["status"]) == {"not_applicable"}
    assert frame["weight"].sum() == 0.0


def test_an_unknown_headcount_is_judged_without_workers() -> None:
    found = row(judge({"P": math.nan}, {"door": Place()}, [Group("P", 1.0, {"door": 0.0})]), MEAL)
    assert (found["status"], found["short_by"]) == ("short", 5)
    assert math.isnan(found["workers"])
    assert math.isnan(found["workers_unserved"])


# --- who lacks what, and what would meet it ------------------------------------------------------


def test_workers_who_lack_any_core_item_are_counted_once() -> None:
    core = {i.id: Place([i.id]) for i in STANDARD.items if i.core}
    assert set(core) == {MEAL, SHOP, "bus_stop", "parcel_point", DRUGS}
    near = dict.fromkeys(core, 100.0)
    hungry = {k: v for k, v in near.items() if k != MEAL}
    stranded = {k: v for k, v in near.items() if k != "bus_stop"}
    town = [
        *[Group("P", 0.5, near), Group("P", 0.25, hungry), Group("P", 0.25, stranded)],
        *homes({DRUGS: 100.0}, {}),
    ]
    assessor = judge({"P": 12}, core, town, residents={"P": 12})
    judged = [assessor.judge(i) for i in STANDARD.items if i.core]
    counts = [(j.item, j.counts, j.ends) for j in judged]
    # Half lack something at work; of the others half have no pharmacy at home.
    assert lacking_core(assessor.g, counts).tolist() == [pytest.approx(0.75)]


def test_one_facility_between_two_parks_makes_the_area_short_of_one() -> None:
    places = {"between": Place(), "own P": Place(), "own Q": Place()}
    groups = [
        Group("P", 1.0, {"between": 500.0, "own P": 0.0}),
        Group("Q", 1.0, {"between": 500.0, "own Q": 0.0}),
    ]
    assessor = judge({"P": 900, "Q": 900}, places, groups)
    frame = assessor.assess()
    drugs = frame[frame["item"] == DRUGS]
    assert drugs["short_by"].tolist() == [1, 1]
    parks = assessor.g.parks
    area = roll_up(frame, parks, assessor, STANDARD, min_workers=10).set_index("item")
    assert area["level"].unique().tolist() == ["district"]
    assert (area["parks_short"][DRUGS], area["short_by"][DRUGS]) == (2, 1)
    # The canteen's 300 m do not reach from the spot between them.
    assert area["short_by"][MEAL] == 2


def test_no_sum_of_workers_gives_a_withheld_figure_away() -> None:
    # P has 900 workers, Q 7: with the sum 907 and P's own 900 anybody has Q's.  One pharmacy is
    # near P's firm only: P lacks no worker, Q lacks 7.  R (500, 495 of them beside a pharmacy)
    # lacks 5, and its headcount may be told.
    places = {"near": Place([DRUGS]), "own": Place()}
    groups = [
        Group("P", 1.0, {"near": 100.0, "own": 0.0}),
        Group("Q", 1.0, {"own": 0.0}),
        Group("R", 0.99, {"near": 100.0, "own": 0.0}),
        Group("R", 0.01, {"own": 0.0}),
    ]
    owners = OWNERS.frame({"item": [DRUGS], "department": ["Health"]})

    def sums(min_workers: int, *parks: str) -> list[float | None]:
        heads = {"P": 900.0, "Q": 7.0, "R": 500.0}
        own = [g for g in groups if g.park in parks]
        assessor = judge({p: heads[p] for p in parks}, places, own, min_workers=min_workers)
        frame = assessor.assess()
        rule = (assessor, STANDARD)
        area = roll_up(frame, assessor.g.parks, *rule, min_workers=min_workers)
        due = duties(frame, owners, *rule, min_workers=min_workers)
        rows = area[area["item"] == DRUGS]
        found = pd.concat([rows["workers"], rows["workers_unserved"], due["workers_unserved"]])
        return [None if np.isnan(v) else v for v in found.to_numpy(dtype=float, na_value=np.nan)]

    assert sums(1, "P", "Q", "R") == [1407, 12, 12]
    assert sums(6, "P", "Q", "R") == [1407, None, None]
    assert sums(10, "P", "Q", "R") == [None, None, None]
    assert sums(10, "P", "R") == [1400, None, None]
    assert sums(10, "P") == [900, 0, None]  # nothing short, so that no duty has a figure
    assert sums(10, "Q") == [None, None, None]


def test_the_fewest_additions_meet_all_tests_of_an_item_at_once() -> None:
    # 5,000 workers have one canteen at 800 m.  They lack 1 within 300 m, 3 within 500 m and
    # 4 within 1000 m; four canteens at the door are all three, not eight.
    places = {"m": Place([MEAL]), "door": Place()}
    found = row(judge({"P": 5000}, places, [Group("P", 1.0, {"m": 800.0, "door": 0.0})]), MEAL)
    assert found["short_by"] == 4


def test_estimated_homes_confirm_no_lack_and_excuse_none() -> None:
    # A market is judged from home.  Nobody has said where the workers live.
    work = Group("P", 1.0, {})

    def home(based_on: str, walks: Mapping[str, float], item: str) -> Assessor:
        group = Group("P", 1.0, walks, kind="home", based_on=based_on)
        places = {name: Place([item]) for name in walks}
        return judge({"P": 90}, places, [work, group], residents={"P": 90.0})

    assert row(home("other", {}, MARKET), MARKET)["status"] == "short"
    assert unverified(home("estimated", {}, MARKET), MARKET) == "estimated_homes"
    # What is found from them all is met all the same.
    assert row(home("estimated", {"m": 100.0}, MARKET), MARKET)["status"] == "met"
    # Where either end serves, a lack at work stays one, whatever lies beside homes nobody has seen.
    assert row(home("other", {"s": 100.0}, EITHER), EITHER)["status"] == "met"
    either = row(home("estimated", {"s": 100.0}, EITHER), EITHER)
    assert (either["status"], either["origin"]) == ("short", "work")


def test_figures_of_small_estimated_groups_are_not_shown() -> None:
    # 90 workers over two cells: 81 and 9.  The worse-off nine are fewer than ten.
    groups = [
        Group("P", 1.0, {}),
        Group("P", 0.9, {"m": 400.0}, kind="home", based_on="estimated"),
        Group("P", 0.1, {}, kind="home", based_on="estimated"),
    ]
    places = {"m": Place([MARKET])}
    found = row(judge({"P": 90}, places, groups, residents={"P": 90.0}), MARKET)
    assert found["status"] == "unverified"
    assert found["nearest_id"] == "m"
    assert pd.isna(found["workers_unserved"])
