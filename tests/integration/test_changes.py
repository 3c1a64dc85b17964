"""What changed between two runs, and why: on towns where both runs' answers are plain by hand."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.towns import Town, degrees, village
from typer.testing import CliRunner

import parkgap
from parkgap import pipeline
from parkgap.cli import app
from parkgap.errors import InputError
from parkgap.publish.causes import cause_text
from parkgap.publish.changes import compare
from parkgap.publish.reading import Published, of_results, read_published
from parkgap.publish.sheets import changes_grid
from parkgap.publish.text import Text
from parkgap.publish.walks import changed_walks
from parkgap.publish.words import Words
from parkgap.publish.workbook import write_workbook
from parkgap.results import Cause, Change, Results
from parkgap.standard import load
from parkgap.study import load_study

DRUGS, SHOP, MEAL = "pharmacy", "convenience_store", "canteen_or_meal"
Made = Callable[[Town], Published]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Run towns, each in a folder of its own, and give them as published."""
    numbers = count()
    return lambda town: of_results(town.results(tmp_path / str(next(numbers))))


def town(year: int = 2025, **park: object) -> Town:
    """Draw the village, and ask of the first of March; a place at x is 120 + |x| m away."""
    drawn = village(**park)
    drawn.head = f"as_of = {year}-03-01"
    return drawn


def found(changes: tuple[Change, ...], what: str, park: str = "P") -> Change:
    """Look up one change."""
    (one,) = [c for c in changes if (c.park_id, c.what) == (park, what)]
    return one


def codes(changes: tuple[Change, ...], what: str) -> list[tuple[str, ...]]:
    """Give the causes of a change as code and ids."""
    return [(c.code, *c.ids) for c in found(changes, what).causes]


def said(change: Change, lang: str = "en") -> str:
    return cause_text(change, Words(Text(lang), load()))


# --- facilities ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({}, "facility_mapped"),
        ({"start_date": "2025-09-01"}, "facility_opened"),
        ({"opening_date": "2026-03-01"}, "facility_opened"),  # on the later day itself
        ({"start_date": "2025-03-01"}, "facility_mapped"),  # on the earlier day it was open
        ({"start_date": "1998"}, "facility_mapped"),
        ({"start_date": "2025-09"}, "facility_opened"),  # any day of it lies in between
        ({"start_date": "2025"}, "facility_new"),  # January 2025 would, December would not
        ({"start_date": "long ago"}, "facility_mapped"),
    ],
)
def test_opened_and_newly_mapped_are_told_apart(
    made: Made, tags: dict[str, str], code: str
) -> None:
    later = town(2026)
    shop = later.node(100, 0, amenity="pharmacy", name="New", **tags)
    changes = compare(made(town(2025)), made(later))
    status = found(changes, f"status:{DRUGS}")
    assert (status.before, status.after) == ("short", "met")
    assert codes(changes, f"status:{DRUGS}") == [(code, shop)]
    assert (found(changes, f"found:{DRUGS}").before, found(changes, f"found:{DRUGS}").after) == (
        "0",
        "1",
    )
    short = found(changes, f"short_by:{DRUGS}")
    assert (short.before, short.after) == ("1", None)
    # the same causes stand behind the score
    (item,) = found(changes, "score").causes
    assert (item.code, item.ids, item.inner[0].code) == ("item", (DRUGS,), code)
    assert {c.what.partition(":")[0] for c in changes} == {"score", "status", "found", "short_by"}


def test_gone_from_the_map_may_be_closed_or_deleted_and_says_so(made: Made) -> None:
    earlier = town(2025)
    shop = earlier.node(100, 0, amenity="pharmacy", name="Old")
    changes = compare(made(earlier), made(town(2026)))
    status = found(changes, f"status:{DRUGS}")
    assert (status.before, status.after) == ("met", "short")
    assert codes(changes, f"status:{DRUGS}") == [("facility_removed", shop)]
    assert "closed or deleted: cannot be told apart" in said(status)
    assert said(status, "zh").startswith(f"facility_removed {shop}（地图上已不见：Old")


def test_a_name_cannot_part_causes_or_pass_for_one(made: Made) -> None:
    later = town(2026)
    shop = later.node(100, 0, amenity="pharmacy", name="A; facility_closed node/1；(B")
    cause = said(found(compare(made(town(2025)), made(later)), f"status:{DRUGS}"))
    assert cause.split("; ") == [cause]
    assert cause.startswith(f"facility_mapped {shop} (")


def test_a_list_that_calls_a_place_removed_closed_it(tmp_path: Path, made: Made) -> None:
    drawn = town(2026)
    shop = drawn.node(100, 0, amenity="pharmacy", name="Linden")
    later = town(2026)
    later.node(100, 0, amenity="pharmacy", name="Linden")
    lon, lat = degrees(100, 0)
    (tmp_path / "2").mkdir()
    row = f"id,name,lon,lat,status\n7,Linden,{lon},{lat},removed\n"
    (tmp_path / "2" / "list.csv").write_text(row, encoding="utf-8")
    later.settings = f'[[facilities]]\nfile = "list.csv"\nitem = "{DRUGS}"\ncrs = "WGS84"\n'
    before = made(drawn)
    made(town(2026))  # folder 1
    changes = compare(before, made(later))
    assert codes(changes, f"status:{DRUGS}") == [("facility_closed", shop)]


def test_a_list_that_opens_a_place_opened_it(tmp_path: Path, made: Made) -> None:
    lon, lat = degrees(100, 0)
    rows = f"id,name,lon,lat,open_date\n7,Linden,{lon},{lat},2025-09-01\n"
    later = town(2026)
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "list.csv").write_text(rows, encoding="utf-8")
    later.settings = f'[[facilities]]\nfile = "list.csv"\nitem = "{DRUGS}"\ncrs = "WGS84"\n'
    changes = compare(made(town(2025)), made(later))
    assert codes(changes, f"status:{DRUGS}") == [("facility_opened", "list:list.csv/7")]
    assert "2025-09-01" in said(found(changes, f"status:{DRUGS}"))


def test_the_same_object_with_other_tags_is_retagged(made: Made) -> None:
    earlier, later = town(), town()
    shop = earlier.node(100, 0, shop="convenience", name="Corner")
    assert later.node(100, 0, amenity="pharmacy", name="Corner") == shop
    changes = compare(made(earlier), made(later))
    for what in (f"status:{DRUGS}", f"status:{SHOP}"):
        (cause,) = found(changes, what).causes
        assert (cause.code, cause.ids) == ("facility_retagged", (shop,))
        facts = dict(cause.facts)
        assert (facts["items_before"], facts["items_after"]) == (SHOP, DRUGS)


def test_a_new_object_of_the_same_name_beside_is_the_old_place(made: Made) -> None:
    # The pharmacy is drawn anew 20 m on, beyond the limit of 8 min x 67 = 536 m: 530 -> 550 m.
    earlier, later = town(), town()
    old = earlier.node(410, 0, amenity="pharmacy", name="Edge")
    later.node(700, 700)  # so that it gets another id
    new = later.node(430, 0, amenity="pharmacy", name="Edge")
    assert old != new
    changes = compare(made(earlier), made(later))
    assert codes(changes, f"status:{DRUGS}") == [("facility_redrawn", old, new)]


def test_one_place_that_became_two_and_two_that_became_one(made: Made) -> None:
    # Two pharmacies of one name 30 m apart are one place; named apart they are two.
    def two(name: str) -> Town:
        drawn = town()
        drawn.node(100, 0, amenity="restaurant", name="Linden")
        drawn.node(115, 0, amenity="restaurant", name=name)
        return drawn

    one, other = made(two("Linden")), made(two("Ahorn"))
    ids = ("node/61", "node/62")
    assert codes(compare(one, other), f"found:{MEAL}") == [("facility_split", *ids)]
    assert codes(compare(other, one), f"found:{MEAL}") == [("facility_merged", *ids)]


def test_a_place_beyond_the_limit_explains_nothing(made: Made) -> None:
    # 120 + 600 m is beyond 536 m: the pharmacy there is new, and the row's cause is the near one.
    later = town(2026)
    later.node(600, 0, amenity="pharmacy", name="Far")
    near = later.node(100, 0, amenity="pharmacy", name="Near")
    changes = compare(made(town(2025)), made(later))
    assert codes(changes, f"found:{DRUGS}") == [("facility_mapped", near)]


def test_what_opened_and_what_closed_are_both_listed_the_fitting_first(made: Made) -> None:
    earlier, later = town(2025), town(2026)
    gone = earlier.node(-50, 0, amenity="restaurant", name="Gone")
    later.node(-50, 0)  # the same object, without its tags
    for i, x in enumerate((100, 120, 140)):
        later.node(x, 0, amenity="restaurant", name=f"New {i}")
    changes = compare(made(earlier), made(later))
    listed = codes(changes, f"found:{MEAL}")
    assert [c[0] for c in listed] == ["facility_mapped"] * 3 + ["facility_removed"]
    assert listed[-1][1] == gone


def roundabout(*, path: bool) -> Town:
    """Put a pharmacy behind a park: round by the streets, or by a new footpath.

    Round by the streets it is 120 + 300 + 200 + 150 = 770 m; the footpath makes it
    120 + 150 + 200 = 470 m, within 8 min x 67 = 536 m.
    """
    drawn = Town(head="as_of = 2025-03-01").mapped()
    drawn.street((-1500, 0), (0, 0), (300, 0), (1500, 0))
    drawn.street((0, 0), (0, 120), highway="service")
    drawn.park("P", (-100, 20, 100, 220))
    drawn.firm("F", "P", (0, 120))
    drawn.street((300, 0), (300, 200), (150, 200))
    drawn.node(150, 200, amenity="pharmacy", name="Behind")
    if path:
        drawn.street((150, 200), (150, 0), highway="footway")
        drawn.street((-1500, 0), (0, 0), (150, 0), (300, 0), (1500, 0))
    return drawn


def test_a_shorter_way_is_said_with_its_metres(made: Made) -> None:
    changes = compare(made(roundabout(path=False)), made(roundabout(path=True)))
    status = found(changes, f"status:{DRUGS}")
    assert (status.before, status.after) == ("short", "met")
    walk, why = status.causes
    assert dict(walk.facts) == {"name": "Behind", "before": "770", "after": "470"}
    assert why.code == "streets"


def test_a_walk_is_no_cause_of_the_opposite(made: Made) -> None:
    # Three pharmacies close while the footpath brings one more into reach: 3 were found, 1 is now.
    earlier = roundabout(path=False)
    gone = [earlier.node(x, 0, amenity="pharmacy", name=f"Old {x}") for x in (50, 70, 90)]
    changes = compare(made(earlier), made(roundabout(path=True)))
    row = found(changes, f"found:{DRUGS}")
    assert (row.before, row.after) == ("3", "1")
    assert [(c.code, *c.ids) for c in row.causes] == [("facility_removed", i) for i in gone]


def test_of_walks_that_do_not_fit_only_the_map_is_named(made: Made) -> None:
    # The walk of 770 m is 470 m now; that a row of the same two runs is worse has another reason.
    round_about, straight = (made(roundabout(path=p)) for p in (False, True))
    before, after = round_about.frames["assessment"], straight.frames["assessment"]
    one = Published(round_about.record, {**round_about.frames, "assessment": after})
    two = Published(straight.record, {**straight.frames, "assessment": before})
    changes = compare(one, two)
    status = found(changes, f"status:{DRUGS}")
    assert (status.before, status.after) == ("met", "short")
    assert codes(changes, f"status:{DRUGS}") == [("map_data",)]


def test_a_rule_of_privacy_is_no_cause_of_what_is_told_in_both_runs(made: Made) -> None:
    # A pharmacy came: the stricter rule has no part in it.
    earlier, later = few_told(1000, 10), few_told(1000, 50)
    shop = later.node(100, 0, amenity="pharmacy", name="New")
    changes = compare(made(earlier), made(later))
    assert codes(changes, f"status:{DRUGS}") == [("facility_mapped", shop)]
    assert "privacy" not in " ".join(said(c) for c in changes)


# --- headcount, rules, parameters ----------------------------------------------------------------


def canteens(year: int = 2025, **park: object) -> Town:
    """Put four places to eat within 300 m of the firm."""
    drawn = town(year, **park)
    for x in (50, 60, 70, 80):
        drawn.node(x, 0, amenity="restaurant", name=f"Meal {x}")
    return drawn


def test_more_workers_need_more_places(made: Made) -> None:
    # d15 asks 5 for 5,000 workers: 1 for 1,000, and ceil(5 x 20000 / 5000) = 20 for 20,000.
    changes = compare(made(canteens()), made(canteens(workers=20000)))
    status = found(changes, f"status:{MEAL}")
    assert (status.before, status.after) == ("met", "short")
    assert said(status) == "headcount (workers 1000 → 20000)"
    assert found(changes, f"short_by:{MEAL}").after == "16"
    workers = found(changes, "workers")
    assert (workers.before, workers.after) == ("1000", "20000")
    assert [(c.code, *c.ids) for c in workers.causes] == [("input_changed", "parks")]


def test_a_change_of_few_workers_is_said_without_figures(made: Made) -> None:
    changes = compare(made(canteens()), made(canteens(workers=1005)))
    workers = found(changes, "workers")
    assert (workers.before, workers.after) == (None, None)
    assert workers.causes[0].code == "headcount_few"
    assert not any("1005" in said(c) for c in changes)
    # ten and more are shown
    more = found(compare(made(canteens()), made(canteens(workers=1010))), "workers")
    assert (more.before, more.after) == ("1000", "1010")


def few_told(workers: int, min_workers: int) -> Town:
    """Lay out a park of few workers, under a rule of privacy of its own."""
    drawn = canteens(workers=workers)
    drawn.tables["enterprises"][0]["workers"] = workers
    drawn.settings = f"[privacy]\nmin_workers = {min_workers}"
    return drawn


def test_the_stricter_rule_withholds_a_headcount_and_is_named(made: Made) -> None:
    # 30 are told under the rule of 10 and withheld under the rule of 50: either way round.
    lax, strict = made(few_told(30, 10)), made(few_told(30, 50))
    for one, two, values in ((lax, strict, "10 → 50"), (strict, lax, "50 → 10")):
        (workers,) = compare(one, two)
        assert (workers.what, workers.before, workers.after) == ("workers", None, None)
        assert said(workers) == f"parameter privacy.min_workers (parameter: {values})"


@pytest.mark.parametrize("limits", [(10, 30), (30, 10)])
def test_of_a_change_the_stricter_rule_of_the_two_runs_holds(
    limits: tuple[int, int], made: Made
) -> None:
    def counted(workers: int, min_workers: int) -> Published:
        drawn = canteens(workers=workers)
        drawn.settings = f"[privacy]\nmin_workers = {min_workers}"
        return made(drawn)

    # Twenty more are told under the rule of 10, withheld under that of 30; thirty more under both.
    first, then = limits
    changes = compare(counted(1000, first), counted(1020, then))
    workers = found(changes, "workers")
    assert (workers.before, workers.after) == (None, None)
    assert "headcount_few" in [c.code for c in workers.causes]
    assert not any("1020" in said(c) for c in changes)
    more = found(compare(counted(1000, first), counted(1030, then)), "workers")
    assert (more.before, more.after) == ("1000", "1030")


@pytest.mark.parametrize(
    ("limits", "told"), [((10, 30), False), ((30, 10), False), ((10, 10), True)]
)
def test_a_walk_that_only_one_of_two_rules_of_privacy_tells_is_no_walk_that_changed(
    limits: tuple[int, int], *, told: bool, made: Made
) -> None:
    # A firm of twenty 60 m nearer than the large one: told under the rule of 10 alone.
    def drawn(min_workers: int, *, beside: bool) -> Published:
        town = canteens()
        if beside:
            town.firm("S", "P", (0, 60), workers=20)
        town.settings = f"[privacy]\nmin_workers = {min_workers}"
        return made(town)

    one, two = drawn(limits[0], beside=True), drawn(limits[1], beside=not told)
    count = len(one.frames["facilities"])
    same = np.column_stack([np.arange(count), np.arange(count)])
    assert bool(changed_walks(one, two, same)) is told


def test_a_headcount_below_the_stricter_rule_is_no_figure_of_a_cause(made: Made) -> None:
    # 30 workers need one place and 20,000 need 20; the later run's rule would withhold the 30.
    changes = compare(made(few_told(30, 10)), made(few_told(20000, 50)))
    workers = found(changes, "workers")
    assert (workers.before, workers.after) == (None, "20000")
    assert [(c.code, *c.ids) for c in workers.causes] == [("input_changed", "parks")]
    (heads,) = [c for c in found(changes, f"status:{MEAL}").causes if c.code == "headcount"]
    assert heads.facts == (("after", "20000"),)


def test_what_few_find_at_home_is_withheld_by_the_stricter_rule(made: Made) -> None:
    # 30 live at the only home that is known: what they find is told under the rule of 10 alone.
    def homes(min_workers: int) -> Town:
        drawn = canteens()
        drawn.home("H", "P", (1000, 20), 30)
        drawn.node(1010, 0, shop="supermarket", name="Near")
        drawn.settings = f"[privacy]\nmin_workers = {min_workers}"
        return drawn

    lax, strict = made(homes(10)), made(homes(50))
    a, b = (r.frames["assessment"].set_index("item")["found"] for r in (lax, strict))
    hidden = [item for item in a.index if pd.notna(a[item]) and pd.isna(b[item])]
    assert hidden
    changes = compare(lax, strict)
    for item in hidden:
        row = found(changes, f"found:{item}")
        assert (row.before, row.after) == (None, None)
        assert said(row) == "parameter privacy.min_workers (parameter: 10 → 50)"


def lodged(min_workers: int, beds: int, *, later: str = "", year: int = 2025) -> Town:
    """A fifth of 1,000 need a bed; of the house on the main street so many beds are vacant."""
    drawn = town(year)
    row = {"id": "H", "kind": "宿舍", "beds": beds, "beds_vacant": beds, "ready_date": later}
    lon, lat = degrees(50, -10)
    drawn.tables["housing_stock"] = [{**row, "lon": lon, "lat": lat}]
    need = "[housing]\nneed_share = { low = 0.1, mid = 0.2, high = 0.3 }\n"
    drawn.settings = f"{need}[privacy]\nmin_workers = {min_workers}"
    return drawn


def test_beds_that_the_stricter_rule_withholds_are_told_in_neither_run(made: Made) -> None:
    # 197 of 200 are given a bed: who is short are 3, told under the rule of 1 alone.
    lax, strict = made(lodged(1, 197)), made(lodged(10, 197))
    assert lax.frames["housing"]["beds_short"].tolist() == [3]
    for one, two in ((lax, strict), (strict, lax)):
        row = found(compare(one, two), "beds_short")
        assert (row.before, row.after) == (None, None)
        assert [(c.code, *c.ids) for c in row.causes] == [("parameter", "privacy.min_workers")]
    more = found(compare(made(lodged(1, 197)), made(lodged(10, 100))), "beds_short")
    assert (more.before, more.after) == (None, "100")


def test_beds_of_a_house_that_was_ready_in_between_are_explained_by_the_day(made: Made) -> None:
    one, two = (made(lodged(10, 100, later="2025-09-01", year=y)) for y in (2025, 2026))
    row = found(compare(one, two), "beds_short")
    assert (row.before, row.after) == ("200", "100")
    assert [c.code for c in row.causes] == ["as_of"]


def test_a_table_of_headcounts_that_is_used_no_more_is_another_input(made: Made) -> None:
    counted = canteens()
    counted.tables["headcounts"] = [{"name": "P", "workers": 20000}]
    changes = compare(made(counted), made(canteens()))
    assert codes(changes, "workers") == [("input_changed", "headcounts")]
    assert ("headcount",) in codes(changes, f"status:{MEAL}")
    assert not [c for change in changes for c in change.causes if c.code == "parameter"]


def test_another_limit_is_a_rule_that_changed(made: Made) -> None:
    def limited(minutes: float) -> Town:
        drawn = town()
        drawn.node(100, 0, amenity="pharmacy", name="Same")
        drawn.settings = f'[standard]\nset = {{ "{DRUGS}.d10.limit" = {minutes} }}'
        return drawn

    # 220 m is 3.3 minutes: within 8, beyond 3
    changes = compare(made(limited(8)), made(limited(3)))
    status = found(changes, f"status:{DRUGS}")
    assert (status.before, status.after) == ("met", "short")
    assert said(status) == (
        f"rule_changed {DRUGS}.d10 (rule changed: test (count / limit), 1 / 8 min → 1 / 3 min)"
    )


def test_another_tag_rule_is_no_opening(made: Made) -> None:
    def named(pattern: str) -> Town:
        drawn = town()
        drawn.node(100, 0, shop="tea", name="Heilkraut")
        drawn.settings = f"[standard]\nset = {{ \"{DRUGS}.name_adds\" = '{pattern}' }}"
        return drawn

    changes = compare(made(named("Nobody")), made(named("Heilkraut")))
    listed = codes(changes, f"status:{DRUGS}")
    assert ("facility_by_rule", "node/61") in listed
    assert ("rule_changed", f"{DRUGS}.rule") in listed
    assert not {"facility_mapped", "facility_opened", "facility_retagged"} & {c[0] for c in listed}


def test_another_weight_moves_the_score_and_says_so(made: Made) -> None:
    def weighed(weight: float) -> Town:
        drawn = town()
        drawn.node(100, 0, amenity="pharmacy", name="Same")
        drawn.settings = f'[standard]\nset = {{ "health.weight" = {weight} }}'
        return drawn

    changes = compare(made(weighed(0.07)), made(weighed(0.3)))
    assert [c.what for c in changes] == ["score"]
    assert ("rule_changed", "weights") in codes(changes, "score")


def test_a_parameter_is_named_with_both_values(made: Made) -> None:
    def snapping(metres: float) -> Town:
        drawn = town()
        drawn.node(100, -90, amenity="pharmacy", name="Same")
        drawn.settings = f"[walking]\nsnap_m = {metres}"
        return drawn

    status = found(compare(made(snapping(150.0)), made(snapping(80.0))), f"status:{DRUGS}")
    assert said(status).startswith("parameter walking.snap_m (parameter: 150 → 80); ")


def test_another_program_is_a_cause_of_what_nothing_else_explains(made: Made) -> None:
    run = made(canteens())
    ranking = run.frames["ranking"].assign(score=12.5)
    record = {**run.record, "program": {"name": "parkgap", "version": "0.0.9"}}
    old = Published(record, {**run.frames, "ranking": ranking})
    score = found(compare(old, run), "score")
    assert [c.code for c in score.causes] == ["program"]
    same = Published(run.record, {**run.frames, "ranking": ranking})
    assert said(found(compare(same, run), "score")) == "unexplained (cause not known)"


def test_parks_that_appear_or_vanish_and_their_effect_on_others(made: Made) -> None:
    def two(*names: str) -> Town:
        drawn = town()
        drawn.street((400, 0), (400, 120), highway="service")
        drawn.street((-1500, 0), (0, 0), (400, 0), (1500, 0))
        drawn.tables.clear()
        drawn.parks.clear()
        for name, x, workers in (("P", 0, 1000), ("Q", 400, 5000)):
            if name in names:
                drawn.park(name, (x - 100, 20, x + 100, 220), workers)
                drawn.firm(f"F{name}", name, (x, 120), workers)
        return drawn

    one, both = made(two("P")), made(two("P", "Q"))
    changes = compare(one, both)
    assert [(c.park_id, c.what) for c in changes if c.what == "park"] == [("Q", "park")]
    assert codes_of(changes, "Q") == [("input_changed", "parks")]
    # Q has five times the workers, so P is second now, by nothing of its own
    rank = found(changes, "rank")
    assert (rank.before, rank.after) == ("1", "2")
    assert "other_parks" in [c.code for c in rank.causes]
    gone = [c for c in compare(both, one) if c.park_id == "Q"]
    assert [(c.what, c.before, c.after) for c in gone] == [("park", "Q", None)]


@pytest.mark.parametrize("name", ["Infinity", "nan", "007", "1e3"])
def test_the_name_of_a_park_is_no_figure_in_the_workbook(tmp_path: Path, name: str) -> None:
    cause = (Cause("input_changed", ("parks",), (("role", "parks"),)),)
    listed = (
        Change("P", name, "park", None, name, cause),
        Change("P", name, "workers", "7", "1000", cause),
    )
    results = replace(town().results(tmp_path / "s"), changes=listed)
    grid = changes_grid(results, Words(Text("en"), load()))
    assert [row[3:5] for row in grid.rows] == [["—", name], [7, 1000]]
    assert write_workbook(results, tmp_path / "x.xlsx").is_file()


def codes_of(changes: tuple[Change, ...], park: str) -> list[tuple[str, ...]]:
    return [(c.code, *c.ids) for change in changes if change.park_id == park for c in change.causes]


def test_the_same_run_has_no_changes(made: Made) -> None:
    assert compare(made(canteens()), made(canteens())) == ()


# --- a folder read back ---------------------------------------------------------------------------


def publish(drawn: Town, study: Path, out: Path, **options: Any) -> Results:
    results = pipeline.compute(drawn.write(study))
    pipeline.publish(results, out, pipeline.Clock(lambda _: None), **options)
    return results


def test_a_folder_gives_back_what_was_found(tmp_path: Path) -> None:
    drawn = canteens(workers=1234)
    drawn.node(30, 0, amenity="restaurant", name="=1+1", opening_hours="Mo-Fr 07:00-09:00")
    canteen = drawn.node(0, 100, amenity="canteen", access="private", name="Own")
    results = publish(drawn, tmp_path / "s", tmp_path / "out")
    before = content(tmp_path / "out")
    read = parkgap.read_results(tmp_path / "out")
    assert content(tmp_path / "out") == before  # reading leaves nothing behind
    memory = of_results(results).frames
    assert set(read) == set(memory)
    for name, frame in memory.items():
        columns = [c for c in frame.columns if c not in ("lon", "lat", "geometry")]
        keys = [c for c in columns if c.endswith("_id") or c in ("item", "origin", "shift")]
        keys = keys or columns[:2]
        one, two = (
            f[columns].sort_values(keys, kind="stable", ignore_index=True)
            for f in (frame, read[name])
        )
        pd.testing.assert_frame_equal(one, two, check_dtype=False)
    # what a user asks of it
    assessment = read["assessment"]
    assert len(assessment) == len(results.assessment)
    met = assessment[(assessment["item"] == MEAL)].iloc[0]
    assert (met["status"], met["found"]) == ("met", 6)
    own = read["facilities"].set_index("facility_id").loc[canteen]
    assert own["access"] == "park:P"
    assert own[["name", "lon", "lat"]].isna().all()
    assert read["facilities"].set_index("name").loc["=1+1", "opening_hours"] == "Mo-Fr 07:00-09:00"


def test_a_share_that_would_give_few_workers_away_is_empty(made: Made) -> None:
    # 995 of 1,000 workers start at the firm beside the pharmacy, 5 at one 1,400 m from it.
    drawn = Town(head="as_of = 2025-03-01").mapped()
    drawn.street((-1500, 0), (0, 0), (1300, 0), (1500, 0))
    drawn.street((0, 0), (0, 120), highway="service")
    drawn.street((1300, 0), (1300, 120), highway="service")
    drawn.park("P", (-100, 20, 1400, 220))
    drawn.firm("F", "P", (0, 120), 995)
    drawn.firm("G", "P", (1300, 120), 5)
    drawn.node(-10, 0, amenity="pharmacy", name="West")
    frame = made(drawn).frames["assessment"]
    row = frame[frame["item"] == DRUGS].iloc[0]
    assert row["workers"] == 1000
    assert pd.isna(row["workers_unserved"])
    assert pd.isna(row["served_share"])
    assert pd.isna(row["satisfaction_high"])


@pytest.mark.parametrize("name", ["ranking.csv", "parkgap.gpkg", "index.html", "run.json"])
def test_an_edited_folder_is_refused_and_the_file_named(tmp_path: Path, name: str) -> None:
    publish(canteens(), tmp_path / "s", tmp_path / "out")
    path = tmp_path / "out" / name
    path.write_bytes(path.read_bytes().replace(b"1000", b"1001") + b" ")
    with pytest.raises(InputError) as refused:
        parkgap.read_results(tmp_path / "out")
    (problem,) = refused.value.problems
    assert Path(str(problem.file)).name == name


def test_a_folder_half_replaced_is_refused(tmp_path: Path) -> None:
    publish(canteens(), tmp_path / "s", tmp_path / "out")
    publish(canteens(workers=20000), tmp_path / "t", tmp_path / "new")
    for name in ("ranking.csv", "shortfall.csv"):
        shutil.copy(tmp_path / "new" / name, tmp_path / "out" / name)
    (tmp_path / "out" / "NOTICE.txt").unlink()
    with pytest.raises(InputError) as refused:
        parkgap.read_results(tmp_path / "out" / "run.json")
    names = {Path(str(p.file)).name for p in refused.value.problems}
    assert names == {"ranking.csv", "shortfall.csv", "NOTICE.txt"}


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"result_schema": "1"}', b"\xff"])
def test_what_is_no_record_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(InputError) as refused:
        parkgap.read_results(tmp_path)
    assert "run.json" in str(refused.value)


# --- where the base comes from --------------------------------------------------------------------


def rows(folder: Path) -> list[dict[str, str]]:
    raw = (folder / "changes.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def content(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != "timings.json"
    }


def test_the_replaced_results_are_the_base_and_the_same_run_keeps_its_changes(
    tmp_path: Path,
) -> None:
    study, out = tmp_path / "s", tmp_path / "out"
    publish(canteens(), study, out)
    assert not (out / "changes.csv").exists()
    assert not (out / "changes.html").exists()
    first = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert first["compared_with"] is None
    publish(canteens(workers=20000), study, out)
    listed = {r["what"]: r for r in rows(out)}
    assert list(listed["workers"]) == ["park_id", "what", "before", "after", "cause"]
    assert listed[f"status:{MEAL}"]["after"] == "short"
    assert listed[f"status:{MEAL}"]["cause"].startswith("headcount (")
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["compared_with"]["seal"] == first["seal"]
    assert str(tmp_path) not in json.dumps(record)
    assert b"changes.html" in (out / "index.html").read_bytes()
    # the same again: carried over, byte for byte
    before = content(out)
    publish(canteens(workers=20000), study, out)
    assert content(out) == before
    assert parkgap.read_results(out)["changes"]["what"].tolist() == list(listed)
    # in another language: the same changes in other words
    zh = canteens(workers=20000)
    zh.language = "zh"
    publish(zh, study, out)
    again = {r["what"]: r for r in rows(out)}
    assert list(again) == list(listed)
    assert again[f"status:{MEAL}"]["cause"] == "headcount（职工人数 1000 → 20000）"


def test_a_named_base_is_compared_with_and_nothing_different_is_said(tmp_path: Path) -> None:
    publish(canteens(), tmp_path / "s", tmp_path / "old")
    run = read_published(tmp_path / "old")
    publish(canteens(workers=20000), tmp_path / "t", tmp_path / "out", base=run)
    assert {r["what"] for r in rows(tmp_path / "out")} >= {"workers", f"status:{MEAL}"}
    publish(canteens(), tmp_path / "u", tmp_path / "same", base=run)
    assert rows(tmp_path / "same") == []
    assert not (tmp_path / "same" / "changes.html").exists()


def test_spoilt_earlier_results_stop_no_run_and_are_said(tmp_path: Path) -> None:
    study, out = tmp_path / "s", tmp_path / "out"
    publish(canteens(), study, out)
    (out / "ranking.csv").write_text("mine", encoding="utf-8")
    canteens(workers=20000).write(study)
    done = CliRunner().invoke(app, ["run", str(study), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "cannot be compared with (ranking.csv)" in done.output
    assert not (out / "changes.csv").exists()
    # named by hand, they are refused before anything is computed
    (out / "ranking.csv").write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(app, ["run", str(study), "--out", str(out), "--base", str(out)])
    assert done.exit_code == 1
    assert "ranking.csv" in done.output


# --- compare and replay by the command line -------------------------------------------------------


def call(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    return done.exit_code, done.output


def test_compare_prints_the_same_in_both_languages_as_json_and_as_csv(tmp_path: Path) -> None:
    publish(canteens(), tmp_path / "s", tmp_path / "a")
    publish(canteens(workers=20000), tmp_path / "s", tmp_path / "b")
    a, b = tmp_path / "a" / "run.json", tmp_path / "b"
    code, text = call("compare", a, b)
    assert code == 0
    assert "Status: Canteen or meal  Met → Short" in text or "headcount (workers" in text
    code, text = call("compare", a, b, "--lang", "zh")
    assert (code, "headcount（职工人数 1000 → 20000）" in text) == (0, True)
    out = tmp_path / "changes.csv"
    code, text = call("compare", a, b, "--json", "--out", out)
    given = {c["what"]: c for c in json.loads(text)["changes"]}
    assert given[f"status:{MEAL}"]["causes"] == [
        {"code": "headcount", "ids": [], "before": "1000", "after": "20000"}
    ]
    assert [r["what"] for r in rows(tmp_path)] == list(given)
    code, text = call("compare", a, a)
    assert (code, "Nothing differs" in text) == (0, True)
    code, text = call("compare", a, tmp_path)
    assert (code, "run.json" in text) == (1, True)
    assert call("compare", a, b, "--like-for-like")[0] == 2


def test_compare_writes_its_file_to_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(canteens(), tmp_path / "s", tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    for out in (".", "a"):
        code, text = call("compare", "a", "a", "--out", out)
        assert code == 1
        assert f"{out}：这是文件夹" in text
        assert "this is a folder" in text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "s"]


def test_a_standard_that_would_not_be_used_is_a_mistake_of_usage(tmp_path: Path) -> None:
    publish(canteens(), tmp_path / "s", tmp_path / "a")
    own = tmp_path / "own.yaml"
    code, text = call("compare", tmp_path / "a", tmp_path / "a", "--standard", own)
    assert (code, "--like-for-like" in text) == (2, True)


def test_like_for_like_tells_opened_mapped_and_the_rule_apart(tmp_path: Path) -> None:
    # Between the years a pharmacy opens, a hairdresser is mapped, and the meal's limit shrinks
    # so that the four places at 170 to 200 m, which both years have, count no more.
    earlier, later = canteens(2025), canteens(2026)
    opened = later.node(100, 0, amenity="pharmacy", name="New", start_date="2025-09-01")
    mapped = later.node(110, 0, shop="hairdresser", name="Hair")
    later.settings = f'[standard]\nset = {{ "{MEAL}.d5.limit" = 150 }}'
    publish(earlier, tmp_path / "s", tmp_path / "a")
    publish(later, tmp_path / "t", tmp_path / "b")
    arguments = ("compare", tmp_path / "a", tmp_path / "b", "--json")
    plain = json.loads(call(*arguments)[1])
    causes = {c["what"]: [(k["code"], *k["ids"]) for k in c["causes"]] for c in plain["changes"]}
    assert causes[f"status:{DRUGS}"] == [("facility_opened", opened)]
    assert causes["status:hair"] == [("facility_mapped", mapped)]
    assert causes[f"status:{MEAL}"] == [("rule_changed", f"{MEAL}.d5")]
    code, text = call(*arguments, "--like-for-like", "--study", tmp_path / "s")
    assert code == 0, text
    like = json.loads(text)
    causes = {c["what"]: [(k["code"], *k["ids"]) for k in c["causes"]] for c in like["changes"]}
    assert causes[f"status:{DRUGS}"] == [("facility_opened", opened)]
    assert causes["status:hair"] == [("facility_mapped", mapped)]
    assert not [what for what in causes if MEAL in what]
    by_rules = {c["what"]: [k["code"] for k in c["causes"]] for c in like["by_rules"]}
    assert by_rules[f"status:{MEAL}"] == ["rule_changed"]
    assert not [what for what in by_rules if DRUGS in what]
    # other inputs than those of A are refused
    (tmp_path / "s" / "enterprises.csv").write_bytes(b"changed")
    code, text = call(*arguments[:3], "--like-for-like", "--study", tmp_path / "s")
    assert (code, "enterprises.csv" in text) == (1, True)


def test_like_for_like_wants_the_later_runs_own_standard(tmp_path: Path) -> None:
    publish(canteens(2025), tmp_path / "s", tmp_path / "a")
    later = canteens(2026)
    (tmp_path / "t").mkdir()
    assert call("standard", "export", "cn-industrial-15min", tmp_path / "t" / "own.yaml")[0] == 0
    own = tmp_path / "t" / "own.yaml"
    text = own.read_text(encoding="utf-8")
    own.write_text(text.replace("v: 67", "v: 60", 1), encoding="utf-8")
    later.settings = '[standard]\nuse = "own.yaml"'
    publish(later, tmp_path / "t", tmp_path / "b")
    like = ("compare", tmp_path / "a", tmp_path / "b", "--like-for-like", "--study", tmp_path / "s")
    code, said_ = call(*like)
    assert (code, "--standard" in said_) == (1, True)
    assert call(*like, "--standard", own)[0] == 0
    own.write_text(text, encoding="utf-8")
    code, said_ = call(*like, "--standard", own)
    assert (code, "own.yaml" in said_) == (1, True)


def test_a_replayed_run_has_the_same_bytes(tmp_path: Path) -> None:
    study, out = tmp_path / "s", tmp_path / "out"
    drawn = canteens()
    drawn.settings = f'[standard]\nset = {{ "{MEAL}.d5.limit" = 200 }}'
    publish(drawn, study, out)
    code, text = call("run", study, "--from", out / "run.json", "--out", tmp_path / "again")
    assert code == 0, text
    assert content(tmp_path / "again") == content(out)
    # with another study.toml: said, and of no effect
    toml = study / "study.toml"
    text = toml.read_text(encoding="utf-8").replace("= 200", "= 900").replace("2025", "2026")
    toml.write_text(text, encoding="utf-8")
    code, text = call("run", study, "--from", out, "--out", tmp_path / "third")
    assert (code, "study.toml changed since that run" in text) == (0, True)
    assert content(tmp_path / "third") == content(out)
    assert call("run", study, "--from", out, "--lang", "zh")[0] == 2


def test_a_replay_repeats_what_was_compared(tmp_path: Path) -> None:
    study, out = tmp_path / "s", tmp_path / "out"
    publish(canteens(), study, out)
    shutil.copytree(out, tmp_path / "base")
    publish(canteens(workers=20000), study, out)
    assert call("run", study, "--from", out, "--out", tmp_path / "again")[0] == 0
    assert content(tmp_path / "again") == content(out)
    # the record alone: with the base named, and without
    shutil.copy(out / "run.json", tmp_path / "run.json")
    record = tmp_path / "run.json"
    options = ("--base", tmp_path / "base")
    assert call("run", study, "--from", record, "--out", tmp_path / "named", *options)[0] == 0
    assert content(tmp_path / "named") == content(out)
    code, text = call("run", study, "--from", record, "--out", tmp_path / "alone")
    assert (code, "--base" in text) == (0, True)
    code, text = call("run", study, "--from", record, "--base", out)
    assert (code, "--base" in text) == (1, True)


def test_a_replay_lists_every_input_that_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, out = tmp_path / "s", tmp_path / "out"
    publish(canteens(), study, out)
    (study / "enterprises.csv").unlink()
    with (study / "parks.geojson").open("ab") as file:
        file.write(b" ")
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    record["standard"]["sha256"], record["standard"]["version"] = "0" * 64, "0.1"
    from parkgap.publish.record import seal

    record["seal"] = seal(record)
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    code, text = call("run", study, "--from", tmp_path / "run.json", "--out", tmp_path / "no")
    assert code == 1
    for part in ("enterprises.csv", "not there any more", "parks.geojson", "0.1 →"):
        assert part in text
    assert "town.osm" not in text
    assert not (tmp_path / "no").exists()
    # another version of the program is a warning
    canteens().write(study)
    monkeypatch.setattr(parkgap, "__version__", "99.0")
    code, text = call("run", study, "--from", out, "--out", tmp_path / "new")
    assert (code, "results may differ" in text) == (0, True)


def test_a_downloaded_map_and_parks_from_the_map_are_restored(tmp_path: Path) -> None:
    from parkgap.replay import restore

    (tmp_path / "study.toml").write_text(
        'name = "x"\n[osm]\nbbox = [120.0, 36.0, 120.1, 36.1]\n[parks]\n'
        'from_osm = { min_area_ha = 7.0 }\n[standard]\nset = { "dining.weight" = 0.2 }\n',
        encoding="utf-8",
    )
    study = load_study(tmp_path)
    named = study.osm.model_copy(update={"file": ".parkgap/osm/x.osm.pbf"})
    asked = study.model_copy(update={"osm": named})
    parameters = json.loads(json.dumps(asked.parameters()))
    record = {"parameters": parameters, "study": {"file": "study.toml"}}
    assert restore(record, tmp_path).parameters() == asked.parameters()
