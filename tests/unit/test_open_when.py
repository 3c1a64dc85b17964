"""What park pages tell of opening hours: the assessment's own word, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from tests.unit.test_items import MARKET, MEAL, STANDARD, Group, Place, judge
from tests.unit.test_shifts import ONE, OPEN, SHUT, UNKNOWN, by_shift, times, town

from parkgap.assess.detail import detail
from parkgap.assess.items import Assessor
from parkgap.assess.open_when import open_when
from parkgap.frames import NEARBY, SHIFTS

if TYPE_CHECKING:
    import pandas as pd

WALK = 67.0  # metres a minute


def shifts(names: str = "DN") -> pd.DataFrame:
    hours = {"start": ["08:00", "20:00"], "end": ["17:00", "05:00"]}
    count = len(names)
    blank = dict.fromkeys(("enterprise_id", "break_start", "workdays"), [None] * count)
    return SHIFTS.frame(
        {
            "park_id": ["P"] * count,
            "shift": list(names),
            "share": [1 / count] * count,
            "break_minutes": [np.nan] * count,
            "source": ["made up"] * count,
            **hours,
            **blank,
        }
    )


def states(assessor: Assessor, walks: dict[str, float]) -> dict[tuple[str, str], str]:
    """States by place and item, of places at walks in metres from the only workplace."""
    ids = sorted(walks)
    metres = np.array([walks[i] for i in ids])
    near = NEARBY.frame(
        {
            "park_id": ["P"] * len(ids),
            "facility_id": ids,
            "metres": metres,
            "minutes": metres / WALK,
        }
    )
    _, found = open_when(assessor.g, near, shifts(), STANDARD, assessor.min_workers)
    keys = zip(found["facility_id"], found["item"], strict=True)
    return dict(zip(keys, found["states"], strict=True))


def one(hours: Sequence[tuple[str, str]], walk: float = 300.0, **more: object) -> str:
    when = times([ONE], hours, **more)  # type: ignore[arg-type]
    return states(by_shift(town({"drugs": walk}), when), {"drugs": walk})["drugs", ONE]


def test_open_by_day_and_shut_at_night() -> None:
    assert one([(OPEN, SHUT)]) == "oc"
    assert one([(SHUT, OPEN)]) == "co"


def test_unknown_hours_are_neither_open_nor_closed() -> None:
    assert one([(OPEN, UNKNOWN)]) == "ou"


def test_what_the_standard_assumes_is_said_to_be_assumed() -> None:
    when = times([ONE], [(OPEN, UNKNOWN)])
    assert when.openness is not None
    by_day = np.zeros_like(when.openness.assumed)
    by_day[:, 0] = True
    openness = replace(when.openness, known=when.openness.known & ~by_day, assumed=by_day)
    assessor = by_shift(town({"drugs": 300.0}), replace(when, openness=openness))
    assert states(assessor, {"drugs": 300.0})["drugs", ONE] == "au"


def test_a_free_time_too_short_for_the_walk_is_not_called_closed() -> None:
    # 335 m are 5 minutes; the break leaves 6 and 4 minutes each way beside the visit.
    assert one([(OPEN, OPEN)], 335.0, leave=[(6.0, 4.0)], spare=(6.0, 4.0)) == "ot"
    # Shut at night, when the break would do.
    assert one([(OPEN, SHUT)], 335.0, spare=(6.0, 6.0)) == "oc"


def test_hours_are_not_asked_of_what_never_closes() -> None:
    assessor = by_shift(town({"drugs": 300.0}), times([MEAL], [(SHUT, SHUT)]))
    assert states(assessor, {"drugs": 300.0})["drugs", ONE] == "nn"


def test_a_shift_of_few_is_not_told() -> None:
    when = times([ONE], [(OPEN, SHUT)])
    near = NEARBY.frame(
        {"park_id": ["P"], "facility_id": ["drugs"], "metres": [300.0], "minutes": [4.5]}
    )
    for night, told in ((0.009, ["D"]), (0.01, ["D", "N"])):
        assessor = by_shift(town({"drugs": 300.0}), when, night=night)
        listed, found = open_when(assessor.g, near, shifts(), STANDARD, 10)
        assert listed["shift"].tolist() == told
        assert found["states"].tolist() == ["oc"[: len(told)]]


def test_without_shifts_nothing_is_told() -> None:
    assessor = town({"drugs": 300.0})
    listed, found = open_when(assessor.g, NEARBY.frame(), shifts(), STANDARD, 10)
    assert listed.empty
    assert found.empty


def test_what_is_told_adds_up_to_what_the_assessment_finds() -> None:
    rng = np.random.default_rng(3)
    items = [ONE, MEAL, MARKET]
    places = {f"p{i:02d}": items[i % 3] for i in range(60)}
    walks = {name: float(m) for name, m in zip(places, rng.uniform(20, 1400, 60), strict=True)}
    hours = [tuple(rng.choice([OPEN, SHUT, UNKNOWN], 2).tolist()) for _ in places]
    made = judge(
        {"P": 1000.0},
        {name: Place([item]) for name, item in places.items()},
        [Group("P", 1.0, walks)],
    )
    order = made.g.facilities["facility_id"].tolist()
    assert order == sorted(places)
    assessor = by_shift(made, times(items, hours, spare=(9.0, 12.0)))
    found = states(assessor, walks)
    for item in items:
        crowds = detail(assessor, item).crowds
        assert set(crowds["shift"]) == {"D", "N"}
        for crowd in crowds.to_dict("records"):
            far = crowd["limit"] * (1.0 if crowd["unit"] == "m" else WALK)
            slot = "DN".index(crowd["shift"])
            near = [s[slot] for (p, i), s in found.items() if i == item and walks[p] <= far]
            assert sum(s in "oa" for s in near) == crowd["most"]
    said = "".join(found.values())
    assert all(said.count(s) > 3 for s in "ouct")
