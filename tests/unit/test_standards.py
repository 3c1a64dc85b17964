"""The further standards: their numbers against the sources, and what they take by reference."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from parkgap import standards
from parkgap.cli import app
from parkgap.errors import StandardError
from parkgap.standard import Standard, available, explain, export, load

MAIN = "cn-industrial-15min"
FURTHER = ("gb50180-2018", "mofcom-2021", "tdt1062-2021")
MARK = ("未经原文核实", "not confirmed in the original text")

# What the sources say, copied by hand: limit, unit, count, grade, what the number stands on.
NUMBERS = {
    "gb50180-2018": {
        "kindergarten.d5": (300, "m", 1, "S", {"GB50180_RADII"}),  # kindergarten <= 300 [S]
        "primary_school.d10": (500, "m", 1, "S", {"GB50180_RADII"}),  # primary <= 500 [S]
        "junior_school.d15": (1000, "m", 1, "S", {"GB50180_RADII"}),  # junior <= 1000 [S]
        # App. B: what is in which circle [M]; circles of 300 / 500 / 800-1000 m, Table 3.0.4
        "primary_care.d15": (1000, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "sport.d5": (300, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "sport.d10": (500, "m", 1, "M", {"GB50180_APPB_M", "GB50180_ZGBK"}),
        "sport.d15": (1000, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "culture.d15": (1000, "m", 1, "M", {"GB50180_APPB_M"}),  # App. C: 1000 m [M]
        "service_point.d5": (300, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "service_point.d15": (1000, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "elderly_day_care.d5": (300, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "nursing_home.d15": (1000, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "shopping_centre.d15": (1000, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "fresh_market.d10": (500, "m", 1, "M", {"GB50180_APPB_M"}),  # App. C: 500 m [M]
        "eating_place.d10": (500, "m", 1, "M", {"GB50180_APPB_M", "GB50180_ZGBK"}),
        "eating_place.d15": (1000, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "community_shop.d5": (300, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "bank_branch.d10": (500, "m", 1, "M", {"GB50180_APPB_M", "GB50180_ZGBK"}),
        "bank_branch.d15": (1000, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "post_office.d10": (500, "m", 1, "M", {"GB50180_APPB_M", "GB50180_ZGBK"}),
        "post_office.d15": (1000, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
        "bus_stop.d10": (500, "m", 1, "M", {"GB50180_APPB_M"}),  # App. C: 500 m [M]
        "rail_station.d15": (800, "m", 1, "M", {"GB50180_APPB_M"}),  # App. C: 800 m [M]
        "public_green.d10": (500, "m", 1, "R", {"GB50180_ZGBK"}),  # 10 min = 500 m [R]
        "public_toilet.d5": (300, "m", 1, "M", {"GB50180_APPB_M", "GB50180_T304"}),
    },
    "mofcom-2021": {
        "convenience_store.d5": (5, "min", 1, "R", {"SD_5_8_15"}),  # 5 min [R]
        "supermarket.d15": (15, "min", 1, "R", {"SD_5_8_15"}),  # 15 min [R]
        "fresh_market.d10": (8, "min", 1, "R", {"SD_5_8_15"}),  # wet market 8 min [R]
        "fast_food.d10": (8, "min", 1, "R", {"SD_5_8_15"}),
        "pharmacy.d10": (8, "min", 1, "R", {"SD_5_8_15"}),
        "laundry.d10": (8, "min", 1, "R", {"SD_5_8_15"}),
        "hair.d10": (8, "min", 1, "R", {"SD_5_8_15"}),
        "repair.d15": (15, "min", 1, "R", {"SD_5_8_15"}),
        "fitness.d15": (15, "min", 1, "R", {"SD_5_8_15"}),
        # on the basic list [R], no time of their own: in the circle of a quarter of an hour
        "breakfast.d15": (15, "min", 1, "R", {"MOFCOM_2021"}),
        "photo_print.d15": (15, "min", 1, "R", {"MOFCOM_2021"}),
        "housekeeping.d15": (15, "min", 1, "R", {"MOFCOM_2021"}),
        "parcel_point.d15": (15, "min", 1, "R", {"MOFCOM_2021"}),
        # recycling, and what raises quality: [M]
        "recycling.d15": (15, "min", 1, "M", {"MOFCOM_REST_M"}),
        "bakery.d15": (15, "min", 1, "M", {"MOFCOM_REST_M"}),
        "books.d15": (15, "min", 1, "M", {"MOFCOM_REST_M"}),
        "childcare.d15": (15, "min", 1, "M", {"MOFCOM_REST_M"}),
    },
    "tdt1062-2021": {
        "primary_care.d10": (500, "m", 1, "S", {"TDT1062_EVG"}),  # station 500 m [S]
        "primary_care.d15": (1000, "m", 1, "S", {"TDT1062_EVG"}),  # centre, 门诊部 1000 m [S]
        "service_point.d15": (1000, "m", 1, "S", {"TDT1062_EVG"}),  # 街镇 1000 m [S]
        "primary_school.d10": (500, "m", 1, "S", {"TDT1062_EVG"}),  # primary 500 m [S]
        "fresh_market.d10": (500, "m", 1, "S", {"TDT1062_EVG"}),  # market 500 m [S]
        "community_shop.d5": (300, "m", 1, "S", {"TDT1062_EVG"}),  # 社区商业网点 300 m [S]
        "pharmacy.d5": (300, "m", 1, "S", {"TDT1062_EVG"}),  # pharmacies among them [S]
        # employment areas add fitness and dining [S, weak]: no figure, so the limit is ours
        "canteen_or_meal.d15": (15, "min", 1, "A", {"TDT1062_EVG"}),
        "fitness.d15": (15, "min", 1, "A", {"TDT1062_EVG"}),
    },
}


@pytest.fixture(scope="module", params=FURTHER)
def standard(request: pytest.FixtureRequest) -> Standard:
    return load(request.param)


def test_they_come_with_the_program() -> None:
    assert available() == [MAIN, *FURTHER]


def test_each_number_is_that_of_its_source(standard: Standard) -> None:
    found = {
        t.id: (t.limit, t.unit, t.count, t.grade, set(t.ref))
        for item in standard.items
        for t in item.tests
    }
    assert found == NUMBERS[standard.id]


def test_every_reference_names_a_document_and_none_is_idle(standard: Standard) -> None:
    text = standard.model_dump_json()
    cited = set(re.findall(r'"([A-Z][A-Z0-9_]+)"', text.split('"sources":')[0]))
    cited |= {r for t in standard.items for test in t.tests for r in test.ref}
    cited |= {r for c in standard.categories for r in c.level_ref}
    assert cited <= set(standard.sources)
    own = set(standards.content(Path("x"), _text(standard.id))["sources"])  # type: ignore[index]
    figures = {r for f in standard.figures.values() for r in f.ref}
    figures |= {r for i in standard.items for f in i.figures.values() for r in f.ref}
    figures |= {r for f in standard.bands.values() for r in f.ref}
    figures |= set(standard.scale_workers.ref)
    assert own <= cited | figures


def _text(name: str) -> str:
    return standards.text_of(standards.HERE / f"{name}.yaml")


def test_weights_sum_to_one(standard: Standard) -> None:
    for name, weights in standard.weight_sets.items():
        assert math.isclose(math.fsum(weights.values()), 1, abs_tol=1e-9), name
        assert math.isclose(math.fsum(standard.weights(name).values()), 1, abs_tol=1e-9), name
    for category in standard.categories:
        assert category.weight == 0 or category.provenance["weight"].basis == "assumption"


@pytest.mark.parametrize("name", [MAIN, *FURTHER])
def test_what_is_recalled_is_an_assumption_and_says_so_wherever_it_is_shown(name: str) -> None:
    standard = load(name)
    for item in standard.items:
        for test in item.tests:
            recalled = test.grade == "M"
            assert (MARK[0] in test.clause_zh, MARK[1] in test.clause_en) == (recalled,) * 2, test
            assert not recalled or test.basis == "assumption"
            assert not recalled or any(standard.sources[r].grade == "M" for r in test.ref)
    for lang, mark in zip(("zh", "en"), MARK, strict=True):
        shown = [line for line in explain(standard, lang).splitlines() if line.startswith("    d")]
        assert len(shown) == sum(len(i.tests) for i in standard.items)
        marked = [line for line in shown if mark in line]
        assert len(marked) == len(standard.unconfirmed)
        assert all(" M " in line for line in marked)


def test_the_mark_outlives_a_study_that_moves_the_limit() -> None:
    (test,) = load("gb50180-2018", {"culture.d15.limit": 800}).item("culture").tests
    assert (test.limit, test.grade) == (800, "A")
    assert test.clause_zh.startswith("本研究设定（标准原依据：")
    assert MARK[0] in test.clause_zh
    assert MARK[1] in test.clause_en


def test_rules_by_reference_are_those_of_the_other_standard(standard: Standard) -> None:
    main = load(MAIN)
    raw = standards.content(Path("x"), _text(standard.id))
    assert isinstance(raw, dict)
    taken = {
        i["id"]: i["rule_of"].split("/")[1]
        for c in raw["categories"]
        for i in c["items"]
        if "rule_of" in i
    }
    assert taken
    for own, other in taken.items():
        assert standard.item(own).rule == main.item(other).rule
        assert standard.item(own).dedupe_m == main.item(other).dedupe_m
        assert standard.item(own).counts == main.item(other).counts
    # one item of a standard to one of the other: an official list then speaks for just one
    assert len(set(taken.values())) == len(taken)
    assert standard.certainty == main.certainty
    assert standard.walk_speed == main.walk_speed
    assert (standard.detour, standard.steps_floor) == (main.detour, main.steps_floor)


def test_copies_read_at_start_are_those_of_the_yaml() -> None:
    for name in available():
        kept = json.loads((standards.HERE / f"{name}.json").read_text(encoding="utf-8"))
        assert kept["content"] == standards.content(Path("x"), _text(name)), "freeze()"


def test_an_exported_standard_still_finds_what_it_refers_to(tmp_path: Path) -> None:
    export("mofcom-2021", tmp_path)
    assert load(tmp_path / "mofcom-2021.yaml") == load("mofcom-2021")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rule_of: cn-industrial-15min/pharmacy", "rule_of: cn-industrial/pharmacy", "no shipped"),
        ("rule_of: cn-industrial-15min/pharmacy", "rule_of: cn-industrial-15min/farmacy", "farm"),
        (
            "rule_of: cn-industrial-15min/pharmacy",
            "rule_of: cn-industrial-15min/dorm_convenience",
            "no such item with a rule",
        ),
        (
            "rule_of: cn-industrial-15min/pharmacy",
            "rule_of: cn-industrial-15min/pharmacy\n    rule: {any: [{amenity: pharmacy}]}",
            "rule_of beside rule",
        ),
        ("rule_of: cn-industrial-15min/pharmacy", "rule_of: 7", "no shipped"),
        ("head_of: cn-industrial-15min", "head_of: elsewhere", "no shipped"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = _text("tdt1062-2021")
    path = tmp_path / "own.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(StandardError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert said in str(problem)
    if "\n" not in new:
        lines = path.read_text(encoding="utf-8").splitlines()
        (line,) = [n for n, text in enumerate(lines, 1) if text.strip() == new]
        assert problem.row == line


def test_the_list_tells_how_much_of_each_is_unconfirmed() -> None:
    said = CliRunner().invoke(app, ["standard", "list"]).output
    assert "gb50180-2018" in said
    assert "21 of 25 tests are not confirmed in the original text" in said
    rows = json.loads(CliRunner().invoke(app, ["standard", "list", "--json"]).output)
    assert {r["id"]: r["unconfirmed"] for r in rows} == {
        MAIN: 2,
        "gb50180-2018": 21,
        "mofcom-2021": 4,
        "tdt1062-2021": 0,
    }
