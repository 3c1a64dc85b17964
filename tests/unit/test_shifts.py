"""Judging by shift: what is closed, or of unknown hours, when a shift is free; by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.unit.test_items import DRUGS, EITHER, MARKET, MEAL, STANDARD, Group, Place, judge

from parkgap.assess.detail import detail
from parkgap.assess.groups import Times
from parkgap.assess.items import Assessor
from parkgap.assess.outcomes import lacking_core
from parkgap.assess.ranking import rank_parks, shortfalls
from parkgap.openness import WINDOWS, Openness

DAY, NIGHT = 0, 1
OPEN, SHUT, UNKNOWN = "open", "shut", "unknown"
# One pharmacy is asked for, so that what is found decides.
ONE = DRUGS


def times(
    items: Sequence[str],
    hours: Sequence[tuple[str, str]],
    *,
    leave: Sequence[tuple[float, float]] = (),
    spare: tuple[float, float] | None = None,
) -> Times:
    """Set out when places are open by day and by night, and what walk a break leaves.

    Without `spare` there is one free time, the hour before the shift; with it the break alone,
    from which a walk of so many minutes each way leaves the 20 of a visit.
    """
    window = WINDOWS.index("before" if spare is None else "break")
    shape = (len(hours), 2, len(WINDOWS))
    known, assumed = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
    opens, closes = np.zeros(shape), np.zeros(shape)
    length = np.zeros((2, len(WINDOWS)))
    length[:, window] = 60.0 if spare is None else [20.0 + 2 * s for s in spare]
    for i, states in enumerate(hours):
        for p, state in enumerate(states):
            known[i, p, window] = state != UNKNOWN
            closes[i, p, window] = length[p, window] if state == OPEN else 0.0
    for i, walks in enumerate(leave):
        closes[i, :, window] = [20.0 + 2 * w for w in walks]
    openness = Openness(closes - opens, known, assumed, opens, closes, length)
    return Times(dict.fromkeys(items, ((window,), 20.0)), openness)


def by_shift(
    assessor: Assessor, when: Times, night: float = 0.4, park: str = "P", names: str = "DN"
) -> Assessor:
    """The same ground with two shifts in one park."""
    shifts = pd.DataFrame(
        {
            "park_id": [park, park],
            "enterprise_id": None,
            "shift": list(names),
            "share": [1.0 - night, night],
            "pattern": np.array([DAY, NIGHT]),
        }
    )
    ground = replace(assessor.g, shifts=shifts, times=when)
    return Assessor(ground, assessor.standard, language="en", min_workers=assessor.min_workers)


def rows(assessor: Assessor, item: str) -> dict[str, dict[str, Any]]:
    frame = assessor.assess()
    frame = frame[(frame["item"] == item) & (frame["park_id"] == "P")]
    plain = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return {str(r["shift"]): {str(k): v for k, v in r.items()} for r in plain}


def town(
    walks: Mapping[str, float], items: Sequence[str] = (ONE,), workers: float = 1000
) -> Assessor:
    places = {name: Place(items) for name in walks} | {"door": Place()}
    return judge({"P": workers}, places, [Group("P", 1.0, {**walks, "door": 0.0})])


def test_what_is_shut_at_night_is_short_for_the_night_shift_alone() -> None:
    found = rows(by_shift(town({"drugs": 300.0}), times([ONE], [(OPEN, SHUT)])), ONE)
    assert {k: r["status"] for k, r in found.items()} == {"all": "short", "D": "met", "N": "short"}
    # 60 % of 1,000 workers are served; 400 are not, all of them at night.
    assert found["all"]["served_share"] == pytest.approx(0.6)
    assert [found[s]["workers"] for s in ("all", "D", "N")] == [1000, 600, 400]
    assert [found[s]["workers_unserved"] for s in ("all", "D", "N")] == [400, 0, 400]
    assert (found["N"]["found"], found["N"]["short_by"], found["all"]["short_by"]) == (0, 1, 1)
    assert (found["D"]["evidence"], found["N"]["evidence"]) == ("drugs", "")
    assert found["N"]["nearest_id"] == "drugs"


def test_the_list_names_the_shift_that_lacks_instead_of_the_park() -> None:
    assessor = by_shift(town({"drugs": 300.0}), times([ONE], [(OPEN, SHUT)]))
    frame = assessor.assess()
    listed = shortfalls(frame, assessor.g.parks)
    own = listed[listed["item"] == ONE]
    assert own[["shift", "workers", "workers_unserved"]].to_numpy().tolist() == [["N", 400, 400]]
    # Scores are those of the whole park: 0.6 of the item's weight.
    ranking = rank_parks(frame, assessor.g.parks, STANDARD, np.zeros(1))
    plain = town({"drugs": 300.0})
    best = rank_parks(plain.assess(), plain.g.parks, STANDARD, np.zeros(1))
    weight = rows(assessor, ONE)["all"]["weight"]
    gap = float((best["score_low"] - ranking["score_low"]).sum())
    assert gap == pytest.approx(100 * weight * 0.4)


def test_unknown_hours_at_night_are_not_known_and_never_short() -> None:
    found = rows(by_shift(town({"drugs": 300.0}), times([ONE], [(OPEN, UNKNOWN)])), ONE)
    assert {k: (r["status"], r["reason_unverified"]) for k, r in found.items()} == {
        "all": ("unverified", "hours"),
        "D": ("met", None),
        "N": ("unverified", "hours"),
    }
    assert (found["N"]["satisfaction_low"], found["N"]["satisfaction_high"]) == (0, 1)


def test_unknown_hours_excuse_only_what_they_could_provide() -> None:
    # Three meals within 500 m are asked for; one of unknown hours cannot make them.
    here = town({"meal": 100.0}, [MEAL], workers=5000)
    found = rows(by_shift(here, times([MEAL], [(OPEN, UNKNOWN)])), MEAL)
    assert found["all"]["status"] == "short"


def test_a_break_must_hold_the_walk_both_ways() -> None:
    # 335 m are 5 minutes at 67 m/min: a break that leaves 5 minutes each way holds it, 4.9 not.
    near = town({"drugs": 335.0})
    for leaves, status in ((5.0, "met"), (4.9, "short")):
        when = times([ONE], [(SHUT, SHUT)], leave=[(5.0, leaves)], spare=(5.0, leaves))
        assert rows(by_shift(near, when), ONE)["all"]["status"] == status
    # What is added must be within the break, too: at the door it is.
    when = times([ONE], [(SHUT, SHUT)], leave=[(5.0, 4.9)], spare=(5.0, 4.9))
    assert rows(by_shift(near, when), ONE)["N"]["short_by"] == 1


def test_a_site_farther_than_the_break_allows_serves_nobody_from_there() -> None:
    # Two workplaces, one site 300 m (4.5 min) from both: within the limit, but the night's break
    # leaves 4 minutes, so that each workplace needs a place of its own.
    both = [Group("P", 0.5, {"site": 300.0}), Group("P", 0.5, {"site": 300.0})]
    plain = judge({"P": 1000}, {"site": Place()}, both)
    shut = times([ONE], [], spare=(4.0, 4.0))
    roomy = times([ONE], [], spare=(5.0, 5.0))
    assert rows(by_shift(plain, shut), ONE)["all"]["short_by"] == 2
    assert rows(by_shift(plain, roomy), ONE)["all"]["short_by"] == 1


def test_both_ends_are_of_one_shift() -> None:
    # Whoever works by day has it at work, whoever works by night at home: all are served, though
    # 0.6 at work and 0.4 at home, were they independent, would leave 24 % without.
    places = {"by day": Place([EITHER]), "by night": Place([EITHER]), "door": Place()}
    groups = [
        Group("P", 1.0, {"by day": 100.0, "door": 0.0}),
        Group("P", 1.0, {"by night": 100.0, "door": 0.0}, kind="home", based_on="other"),
    ]
    plain = judge({"P": 1000}, places, groups, residents={"P": 1000})
    found = rows(by_shift(plain, times([EITHER], [(OPEN, SHUT), (SHUT, OPEN)])), EITHER)
    assert found["all"]["status"] == "met"
    assert found["all"]["served_share"] == 1.0


def test_home_figures_are_of_the_shift_s_share_of_those_who_live_there() -> None:
    home = Group("P", 1.0, {"market": 200.0, "door": 0.0}, kind="home", based_on="other")
    places = {"market": Place([MARKET]), "door": Place()}
    plain = judge({"P": 1000}, places, [Group("P", 1.0, {}), home], residents={"P": 500})
    found = rows(by_shift(plain, times([MARKET], [(OPEN, SHUT)])), MARKET)
    assert [found[s]["workers"] for s in ("all", "D", "N")] == [500, 300, 200]
    assert [found[s]["workers_unserved"] for s in ("all", "D", "N")] == [200, 0, 200]


def test_a_shift_of_few_workers_has_no_rows_of_its_own() -> None:
    shut = times([ONE], [(OPEN, SHUT)])
    # 0.9 % of 1,000 are 9 workers, fewer than 10; 1 % are 10.
    assert list(rows(by_shift(town({"drugs": 300.0}), shut, night=0.009), ONE)) == ["all"]
    assert list(rows(by_shift(town({"drugs": 300.0}), shut, night=0.01), ONE)) == ["D", "N", "all"]


def test_a_shift_of_which_few_live_there_has_no_rows_of_its_own() -> None:
    # 400 of 1,000 work at night, but of the 20 whose home is known 8.
    home = Group("P", 1.0, {"market": 200.0, "door": 0.0}, kind="home", based_on="other")
    places = {"market": Place([MARKET]), "door": Place()}
    shut = times([MARKET], [(OPEN, SHUT)])
    for residents, told in ((20, ["all"]), (25, ["D", "N", "all"])):
        plain = judge({"P": 1000}, places, [Group("P", 1.0, {}), home], residents={"P": residents})
        assert list(rows(by_shift(plain, shut), MARKET)) == told


def test_shifts_that_fare_alike_are_told_once_and_change_nothing() -> None:
    plain = town({"drugs": 300.0})
    parted = by_shift(plain, times([ONE], [(OPEN, OPEN)]))
    pd.testing.assert_frame_equal(parted.assess(), plain.assess())


def test_items_that_never_close_do_not_depend_on_the_shift() -> None:
    plain = town({"drugs": 300.0})
    parted = by_shift(plain, times([MEAL], [(SHUT, SHUT)]))
    pd.testing.assert_frame_equal(parted.assess(), plain.assess())


def test_who_lacks_a_core_item_is_counted_by_shift() -> None:
    assessor = by_shift(town({"drugs": 300.0}), times([ONE], [(OPEN, SHUT)]))
    judged = assessor.judge(STANDARD.item(ONE))
    core = [(judged.item, judged.counts, judged.ends)]
    assert lacking_core(assessor.g, core).tolist() == [pytest.approx(0.4)]


def test_parks_with_and_without_shifts_stand_side_by_side() -> None:
    places = {"drugs": Place([ONE]), "door": Place()}
    walks = {"drugs": 300.0, "door": 0.0}
    plain = judge({"P": 1000, "Q": 500}, places, [Group("Q", 1.0, walks), Group("P", 1.0, walks)])
    frame = by_shift(plain, times([ONE], [(OPEN, SHUT)])).assess()
    own = frame[frame["item"] == ONE]
    assert own[["park_id", "shift", "status"]].to_numpy().tolist() == [
        ["P", "D", "met"],
        ["P", "N", "short"],
        ["P", "all", "short"],
        ["Q", "all", "met"],
    ]


def test_one_addition_serves_every_shift_that_starts_from_there() -> None:
    # Both shifts lack three meals within 500 m: three are missing, not six.
    plain = town({}, [MEAL], workers=3000)
    parted = by_shift(plain, times([MEAL], []))
    assert rows(parted, MEAL)["all"]["short_by"] == rows(plain, MEAL)["all"]["short_by"]


def test_no_shift_is_told_whose_few_would_follow_by_subtraction() -> None:
    # 1 % of those who start from the far workplace have no pharmacy by day: 6 of 600; at night
    # nobody there and others have none: 14 of 400.  The whole park's 20 would give the 6 away.
    places = {"near": Place([ONE]), "far": Place([ONE]), "door": Place()}
    groups = [
        Group("P", 0.965, {"near": 300.0, "door": 0.0}),
        Group("P", 0.025, {"far": 300.0, "door": 0.0}),
        Group("P", 0.01, {"door": 0.0}),
    ]
    plain = judge({"P": 1000}, places, groups)
    when = times([ONE], [(OPEN, OPEN), (OPEN, SHUT)])
    found = rows(by_shift(plain, when), ONE)
    assert list(found) == ["all"]
    assert found["all"]["workers_unserved"] == 20
    # Fewer withheld, fewer hidden: from six on all three may stand.
    ground = replace(plain.g)
    open_minded = Assessor(ground, STANDARD, language="en", min_workers=6)
    assert [r["workers_unserved"] for r in rows(by_shift(open_minded, when), ONE).values()] == [
        6,
        14,
        20,
    ]


def test_who_is_served_at_the_other_end_adds_nothing_to_what_is_missing() -> None:
    # By day all are served at home.  At night two of three workplaces have a machine, the third
    # and the homes have none: one is missing, not one for each workplace by day too.
    places = {"home": Place([EITHER]), "work": Place([EITHER])}
    places |= {f"door{i}": Place() for i in range(3)} | {"bed": Place()}
    groups = [
        Group("P", 1 / 3, {"door0": 0.0}),
        *(Group("P", 1 / 3, {"work": 100.0, f"door{i}": 0.0}) for i in (1, 2)),
        Group("P", 1.0, {"home": 100.0, "bed": 0.0}, kind="home", based_on="other"),
    ]
    plain = judge({"P": 3000}, places, groups, residents={"P": 3000})
    found = rows(by_shift(plain, times([EITHER], [(OPEN, SHUT), (SHUT, OPEN)])), EITHER)
    assert (found["D"]["status"], found["N"]["status"]) == ("met", "short")
    assert (found["N"]["short_by"], found["all"]["short_by"]) == (1, 1)


def test_a_walk_of_unknown_minutes_is_not_known_to_be_too_long() -> None:
    here = town({"bank": 780.0}, [EITHER])
    reach = here.g.reach.assign(minutes=math.inf, minutes_worst=math.inf)
    steep = Assessor(replace(here.g, reach=reach), STANDARD, language="en", min_workers=10)
    found = rows(by_shift(steep, times([EITHER], [(OPEN, OPEN)])), EITHER)
    assert (found["all"]["status"], found["all"]["reason_unverified"]) == ("unverified", "hours")


def test_two_doubts_that_together_suffice_confirm_nothing() -> None:
    # Three meals within 500 m are asked of 5,000 workers: two have unknown hours at night, one
    # stands beside the mapped network.
    here = town({"a": 100.0, "b": 120.0, "c": 450.0}, [MEAL], workers=5000)
    lost = int(np.flatnonzero(here.g.facilities["facility_id"] == "c")[0])
    reach = here.g.reach[here.g.reach["target"] != lost].reset_index(drop=True)
    beside = pd.DataFrame({"origin": [0], "facility": [lost], "metres": [450.0]})
    item = STANDARD.item(MEAL)
    assert [t.count for t in item.tests] == [1, 3, 5]
    tests = item.tests[:2]
    ground = replace(here.g, reach=reach, beside=beside)
    assessor = Assessor(ground, STANDARD, language="en", min_workers=10)
    parted = by_shift(assessor, times([MEAL], [(OPEN, UNKNOWN), (OPEN, UNKNOWN), (OPEN, OPEN)]))
    shorter = item.model_copy(update={"tests": tests})
    counter = parted.counter
    where = np.full(len(parted.groups.origin), "work", dtype=object)
    counts = counter.counts(shorter, counter.rows(shorter), where)
    assert not counts.short.any()


def test_explain_tells_no_few_of_a_shift() -> None:
    few = by_shift(town({"drugs": 300.0}), times([ONE], [(OPEN, SHUT)]), night=0.005)
    assert detail(few, ONE).crowds.empty
    two = judge(
        {"P": 1000},
        {"drugs": Place([ONE]), "door": Place()},
        [Group("P", 0.995, {"drugs": 300.0}), Group("P", 0.005, {"door": 0.0})],
    )
    # Five of 1,000 are not served: neither they nor the 995 are told.
    assert detail(two, ONE).crowds["served"].isna().all()


def test_of_equally_near_places_the_same_one_is_named_however_many_parks_are_judged() -> None:
    places = {"a": Place([ONE]), "b": Place([ONE]), "door": Place()}
    walks = {"a": 100.0000004, "b": 100.0, "door": 0.0}
    others = [Group("A", 1 / 2000, {"door": 0.0}) for _ in range(2000)]
    both = judge({"A": 1000, "P": 1000}, places, [*others, Group("P", 1.0, walks)])
    alone = judge({"P": 1000}, places, [Group("P", 1.0, walks)])
    assert rows(both, ONE)["all"]["nearest_id"] == rows(alone, ONE)["all"]["nearest_id"] == "b"
