"""Whole runs with shifts: what the night shift finds open, worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.towns import Town, judged, scored, village

from parkgap.errors import InputError
from parkgap.publish.explain import explain_park
from parkgap.results import Results

MEAL, PARCEL, DRUGS = "canteen_or_meal", "parcel_point", "pharmacy"
WORKERS = 4600


def shifts(town: Town, *rows: tuple[str, str, str, str, float, float]) -> Town:
    """Give park P shifts: name, start, end, break, its minutes, share."""
    names = ("shift", "start", "end", "break_start", "break_minutes", "share")
    town.tables["shifts"] = [{"park_id": "P", **dict(zip(names, row, strict=True))} for row in rows]
    return town


def two_shifts(town: Town, minutes: float = 60) -> Town:
    """By day 60 %, by night (22:00 to 06:00) 40 %: 2,760 and 1,840 of 4,600 workers."""
    return shifts(
        town,
        ("day", "08:00", "17:00", "12:00", minutes, 0.6),
        ("night", "22:00", "06:00", "02:00", minutes, 0.4),
    )


def works(**hours: str) -> Town:
    """The village with 4,600 workers and five restaurants 225 to 265 m from the firm."""
    town = village(workers=WORKERS)
    town.tables["enterprises"][0]["workers"] = WORKERS
    for i in range(5):
        town.node(100 + 10.0 * i, -5, amenity="restaurant", name=f"Table {i}", **hours)
    return town


def of_shift(results: Results, item: str, shift: str) -> dict[str, Any]:
    a = results.assessment
    (row,) = a[(a["item"] == item) & (a["shift"] == shift)].to_dict("records")
    return {str(k): v for k, v in row.items()}


def test_nothing_to_eat_for_the_night_shift_is_a_line_of_its_own(tmp_path: Path) -> None:
    results = two_shifts(works(opening_hours="Mo-Su 10:00-21:00")).results(tmp_path)
    # Five within 1,000 m, three within 500 m and one within 300 m: enough for 4,600 by day.
    assert of_shift(results, MEAL, "day")["status"] == "met"
    night = of_shift(results, MEAL, "night")
    assert (night["status"], night["found"], night["workers_unserved"]) == ("short", 0, 1840)
    meals = results.shortfall[results.shortfall["item"] == MEAL]
    assert meals[["shift", "workers_unserved"]].to_numpy().tolist() == [["night", 1840]]
    assert judged(results, "P", "hair")["shift"] == "all"
    assert scored(results, "P")["workers_lacking_core"] == WORKERS  # no shop, stop or parcel at all
    said = explain_park(results, "P", MEAL)
    assert "night: 1,840 workers" in said
    assert "Mo-Su 10:00-21:00" in said
    assert "night: in the break 0 min" in said


def test_nobody_knows_whether_it_is_open_at_night(tmp_path: Path) -> None:
    results = two_shifts(works()).results(tmp_path)
    night = of_shift(results, MEAL, "night")
    assert (night["status"], night["reason_unverified"]) == ("unverified", "hours")
    # By day it is taken to be open (07:00 to 20:00), which is an assumption of the standard.
    assert of_shift(results, MEAL, "day")["status"] == "met"


@pytest.mark.parametrize(("minutes", "status"), [(28, "met"), (26, "short")])
def test_a_break_holds_the_walk_out_and_back_and_the_meal(
    tmp_path: Path, minutes: float, status: str
) -> None:
    # One restaurant 225 m away, 3.36 minutes: 2 x 3.36 + 20 = 26.7 minutes.  For 100 workers one
    # place is enough for every test.
    town = village(workers=100)
    town.tables["enterprises"][0]["workers"] = 100
    town.node(100, -5, amenity="restaurant", name="Table", opening_hours="24/7")
    results = two_shifts(town, minutes).results(tmp_path)
    assert judged(results, "P", MEAL)["status"] == status


def test_what_opens_around_the_clock_serves_every_shift(tmp_path: Path) -> None:
    parted = two_shifts(works(opening_hours="24/7")).results(tmp_path / "parted")
    a = parted.assessment
    assert set(a.loc[a["item"] == MEAL, "shift"]) == {"all"}
    plain = works(opening_hours="24/7").results(tmp_path / "plain")
    same = ["status", "found", "needed", "served_share"]
    assert judged(parted, "P", MEAL)[same].tolist() == judged(plain, "P", MEAL)[same].tolist()


def test_a_parcel_point_that_closes_early_is_reached_after_work(tmp_path: Path) -> None:
    # Open 10:00 to 18:00: the day shift goes there after 17:00, the night shift neither before
    # 22:00 nor after 06:00 nor in its break, and nobody walks there from work on a day of rest.
    town = village(workers=WORKERS)
    town.tables["enterprises"][0]["workers"] = WORKERS
    for x in (100, 200):
        town.node(x, -5, amenity="parcel_locker", name=f"L{x}", opening_hours="10:00-18:00")
    results = two_shifts(town).results(tmp_path)
    assert of_shift(results, PARCEL, "day")["status"] == "met"
    assert of_shift(results, PARCEL, "night")["status"] == "short"


def test_the_pharmacy_near_home_is_open_on_days_of_rest(tmp_path: Path) -> None:
    town = village()
    town.home("H", "P", (600, 30), workers=1000)
    hours = "Mo-Su 09:00-19:00"
    town.node(700, -5, amenity="pharmacy", name="By the homes", opening_hours=hours)
    results = two_shifts(town).results(tmp_path)
    assert judged(results, "P", DRUGS)["status"] == "met"
    assert judged(results, "P", DRUGS)["origin"] == "home"


def test_a_shift_of_a_few_workers_is_not_told_apart(tmp_path: Path) -> None:
    town = works(opening_hours="10:00-21:00")
    shifts(
        town,
        ("day", "08:00", "17:00", "12:00", 60, 0.999),
        ("night", "22:00", "06:00", "02:00", 60, 0.001),
    )
    results = town.results(tmp_path)
    rows = results.assessment[results.assessment["item"] == MEAL]
    # 0.1 % of 4,600 are 5 workers, fewer than ten.
    assert rows["shift"].tolist() == ["all"]
    assert rows["workers_unserved"].isna().all()


def test_a_shift_may_not_bear_the_name_of_all_shifts(tmp_path: Path) -> None:
    town = shifts(village(), ("all", "08:00", "17:00", "12:00", 60, 1.0))
    with pytest.raises(InputError, match="no shift may be called"):
        town.results(tmp_path)
