"""The part `hours` of a standard: its figures, what is refused, and a study's overrides."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from parkgap import standards
from parkgap.errors import StandardError
from parkgap.standard import Standard, explain, load
from parkgap.standards.checks import check

FREE = {"before", "break", "after", "rest"}
# Nobody waits for these to open.
NO_HOURS = {
    *("worker_housing", "any_housing", "short_stay", "bus_stop", "bus_lines", "rail_station"),
    *("sport", "public_green", "public_toilet", "charging", "parking_bike"),
    *("childcare_kindergarten", "primary_school"),
}


@pytest.fixture(scope="module")
def standard() -> Standard:
    return load()


@pytest.fixture
def content() -> dict[str, Any]:
    path = standards.HERE / "cn-industrial-15min.yaml"
    found = standards.content(path, standards.text_of(path))
    assert isinstance(found, dict)
    return copy.deepcopy(found)


def test_every_item_has_visits_or_no_hours(standard: Standard) -> None:
    hours = standard.hours
    assert hours is not None
    assert {i.id for i in standard.items} == set(hours.items) | NO_HOURS
    assert not set(hours.items) & NO_HOURS
    for item in standard.items:
        visit = hours.items.get(item.id)
        if visit is not None and item.origin == "home":
            assert "break" not in visit.free  # nobody is at home in the break


def test_all_of_it_is_an_assumption_and_says_so(standard: Standard) -> None:
    hours = standard.hours
    assert hours is not None
    figures = [hours.period, hours.before, hours.after, hours.rest, hours.break_length]
    for figure in (*figures, *hours.assumed.values(), *hours.items.values()):
        assert (figure.basis, figure.grade) == ("assumption", "A")


def test_the_figures_that_the_design_names(standard: Standard) -> None:
    hours = standard.hours
    assert hours is not None
    assert list(hours.assumed_of("dining").v) == [7, 20]
    assert hours.items["canteen_or_meal"].stay == 20
    assert hours.items["canteen_or_meal"].free == ("break",)
    assert hours.items["breakfast"].free == ("before",)
    assert set(hours.items["parcel_point"].free) == FREE
    assert (hours.before.v, hours.after.v, hours.rest.v) == (60, 120, (9, 21))


def test_a_standard_without_hours_is_read(content: dict[str, Any]) -> None:
    del content["hours"]
    assert check(content) == []


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("before.v", -1, "not a number that fits"),
        ("before.v", True, "not a number that fits"),
        ("after.v", 1441, "not a number that fits"),
        ("period.v", 6, "not a number that fits"),
        ("period.v", 28.5, "not a number that fits"),
        ("break_length.v", 0, "not a number that fits"),
        ("rest.v", [21, 9], "no stretch of the day"),
        ("rest.v", [9, 25], "no stretch of the day"),
        ("rest.v", [9], "no stretch of the day"),
        ("rest.v", 9, "no stretch of the day"),
        ("rest.v", ["9", "21"], "no stretch of the day"),
        ("assumed.default", None, "not a mapping"),
        ("assumed.dinning", {}, "unknown key 'dinning'"),
        ("items.canteen", {}, "unknown key 'canteen'"),
        ("items.breakfast.free", [], "not a list of free times"),
        ("items.breakfast.free", "before", "not a list of free times"),
        ("items.breakfast.free", ["befor"], "unknown free time"),
        ("items.breakfast.stay", -5, "not minutes"),
        ("items.breakfast.stay", "5", "not minutes"),
        ("items.breakfast.basis", "source", "basis source with grade A"),
        ("lunch", 1, "unknown key 'lunch'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    content: dict[str, Any], place: str, value: object, said: str
) -> None:
    node = content["hours"]
    *path, last = place.split(".")
    for key in path:
        node = node[key]
    node[last] = value
    faults = check(content)
    assert faults
    assert any(said in f.what or said in str(f.rule) for f in faults), faults
    assert all(f.steps[0] == "hours" for f in faults)


def test_missing_parts_are_named(content: dict[str, Any]) -> None:
    del content["hours"]["assumed"]["default"]
    del content["hours"]["rest"]
    said = [f.what for f in check(content)]
    assert any("'default' is missing" in s for s in said)
    assert any("'rest' is missing" in s for s in said)


def test_a_study_can_set_hours() -> None:
    changed = load(
        overrides={
            "hours.rest": [8, 22],
            "hours.before": 30,
            "hours.assumed.default": [6, 22],
            "hours.canteen_or_meal.stay": 15,
            "hours.pharmacy.free": ["after"],
        }
    ).hours
    assert changed is not None
    assert list(changed.rest.v) == [8, 22]
    assert changed.before.v == 30
    assert "60" in changed.before.note
    assert list(changed.assumed_of("dining").v) == [6, 22]
    assert changed.items["canteen_or_meal"].stay == 15
    assert "20" in changed.items["canteen_or_meal"].note
    assert changed.items["pharmacy"].free == ("after",)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("hours.rest", [22, 8], "no stretch of the day"),
        ("hours.canteen_or_meal.stay", -1, "not minutes"),
        ("hours.befor", 30, "did you mean 'hours.before'"),
    ],
)
def test_what_a_study_sets_is_checked(path: str, value: object, said: str) -> None:
    with pytest.raises(StandardError, match=said):
        load(overrides={path: value})


def test_explain_says_when_an_item_is_used(standard: Standard) -> None:
    zh, en = explain(standard, "zh"), explain(standard, "en")
    assert "班中休息须开放，停留 20 分钟 [假设 A]" in zh
    assert "open in the break, for a stay of 20 min [assumption A]" in en
    assert "休息日 9—21 点" in zh
    assert "open 9-17 o'clock" in en
