"""The standard: its figures, its checks with their lines, and a study's overrides."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from parkgap import standards
from parkgap.errors import OutputError, StandardError
from parkgap.standard import Standard, available, explain, export, load

NAME = "cn-industrial-15min"
SIX = ("dining", "housing", "transit", "retail", "culture_sport", "parcel")
SHOWN = {"any_housing", "short_stay", "public_toilet", "charging", "parking_bike"}

# The profile's categories and subcategories, copied by hand.
PROFILE = {
    "dining": ["canteen_or_meal", "breakfast"],
    "housing": ["worker_housing", "dorm_convenience", "any_housing", "short_stay"],
    "retail": ["convenience_store", "supermarket", "fresh_market"],
    "transit": ["bus_stop", "bus_lines", "rail_station"],
    "culture_sport": ["sport", "culture"],
    "parcel": ["parcel_point"],
    "health": ["pharmacy", "primary_care"],
    "community_gov": ["service_point"],
    "daily_services": ["hair", "laundry", "repair_print"],
    "education_childcare": ["childcare_kindergarten", "primary_school"],
    "finance": ["bank_atm"],
    "green": ["public_green"],
    "toilets": ["public_toilet"],
    "charging_parking": ["charging", "parking_bike"],
}

# Limits as SOURCES.md has them, in the clause's own unit: limit, unit, count, basis, grade, refs.
CLAUSES = {
    "canteen_or_meal.d5": (300, "m", 1, "source", "R", {"QD_SHINAN_2009"}),
    "canteen_or_meal.d10": (500, "m", 3, "assumption", "A", set()),
    "canteen_or_meal.d15": (1000, "m", 5, "assumption", "A", set()),
    "breakfast.d10": (10, "min", 1, "source", "R", {"BJ_2018"}),
    "worker_housing.d15": (1000, "m", 1, "assumption", "A", set()),
    "dorm_convenience.d5": (250, "m", 1, "source", "R", {"JGJ36_2005"}),
    "any_housing.d15": (1000, "m", 1, "assumption", "A", set()),
    "short_stay.d15": (1000, "m", 1, "assumption", "A", set()),
    "convenience_store.d5": (5, "min", 1, "source", "R", {"SD_5_8_15"}),
    "convenience_store.d15": (1000, "m", 3, "assumption", "A", set()),
    "supermarket.d15": (15, "min", 1, "source", "R", {"SD_5_8_15"}),
    "fresh_market.d15": (800, "m", 1, "source", "R", {"QD_SHINAN_2009"}),
    "bus_stop.d5": (300, "m", 1, "assumption", "A", {"GB50220"}),
    "bus_stop.d10": (500, "m", 1, "source", "R", {"GB50220", "BUS500", "FJ2012"}),
    "bus_lines.d10": (500, "m", 2, "assumption", "A", {"FJ2012"}),
    "rail_station.d15": (800, "m", 1, "assumption", "A", {"GBT51328_933"}),
    "sport.d10": (500, "m", 1, "assumption", "M", {"GB50180_APPB_M"}),
    "sport.d15": (15, "min", 1, "source", "R", {"SD_5_8_15"}),
    "culture.d15": (1000, "m", 1, "assumption", "M", {"GB50180_APPB_M"}),
    "parcel_point.d5": (300, "m", 1, "assumption", "A", set()),
    "parcel_point.d15": (1000, "m", 2, "assumption", "A", set()),
    "pharmacy.d10": (8, "min", 1, "source", "R", {"SD_5_8_15"}),
    "primary_care.d15": (1000, "m", 1, "source", "S", {"TDT1062_EVG"}),
    "service_point.d15": (1000, "m", 1, "source", "S", {"TDT1062_EVG"}),
    "hair.d10": (500, "m", 1, "source", "R", {"QD_SHINAN_2009"}),
    "laundry.d10": (500, "m", 1, "source", "R", {"QD_SHINAN_2009"}),
    "repair_print.d15": (15, "min", 1, "source", "R", {"SD_5_8_15"}),
    "childcare_kindergarten.d15": (1000, "m", 1, "assumption", "A", set()),
    "primary_school.d15": (1000, "m", 1, "assumption", "A", set()),
    "bank_atm.d15": (800, "m", 1, "source", "R", {"QD_SHINAN_2009"}),
    "public_green.d10": (500, "m", 1, "source", "R", {"GB50180_ZGBK"}),
    "public_toilet.d5": (300, "m", 1, "source", "R", {"TOILET300"}),
    "charging.d15": (1000, "m", 1, "assumption", "A", set()),
    "parking_bike.d10": (500, "m", 1, "assumption", "A", set()),
}


@pytest.fixture(scope="module")
def standard() -> Standard:
    return load()


@pytest.fixture(scope="module")
def text() -> str:
    return standards.text_of(standards.HERE / f"{NAME}.yaml")


def refused(source: str | Path = NAME, overrides: dict[str, object] | None = None) -> StandardError:
    with pytest.raises(StandardError) as caught:
        load(source, overrides)
    return caught.value


# --- what is in it ---------------------------------------------------------------------------


def test_every_category_and_item_of_the_profile_is_kept(standard: Standard) -> None:
    assert {c.id: [i.id for i in c.items] for c in standard.categories} == PROFILE
    assert (len(standard.categories), len(standard.items)) == (14, 28)


def test_each_test_keeps_its_clauses_own_limit_and_unit(standard: Standard) -> None:
    found = {
        t.id: (t.limit, t.unit, t.count, t.basis, t.grade, set(t.ref))
        for item in standard.items
        for t in item.tests
    }
    assert found == CLAUSES


def test_every_test_cites_its_clause_in_both_languages(standard: Standard) -> None:
    for item in standard.items:
        for test in item.tests:
            assert re.search("[\u4e00-\u9fff]", test.clause_zh), test.id
            assert re.search("[a-z]{3}", test.clause_en), test.id
            assert bool(test.note) == bool(test.note_zh), test.id


def test_a_count_above_one_is_never_sourced(standard: Standard) -> None:
    tests = [t for item in standard.items for t in item.tests if t.count > 1]
    assert tests
    assert {t.basis for t in tests} == {"assumption"}


def test_weights_sum_to_one_and_the_six_named_carry_four_fifths(standard: Standard) -> None:
    for name, weights in standard.weight_sets.items():
        assert math.isclose(math.fsum(weights.values()), 1, abs_tol=1e-9), name
        assert math.isclose(math.fsum(standard.weights(name).values()), 1, abs_tol=1e-9), name
    for name in ("article_first", "named_six_equal"):
        six = math.fsum(standard.weight_sets[name][c] for c in SIX)
        assert math.isclose(six, 0.8, abs_tol=1e-9), name
    assert {round(w, 12) for w in standard.weight_sets["all_equal"].values()} == {
        0.0,
        round(1 / 12, 12),
    }
    assert next(iter(standard.weight_sets)) == standard.default_set == "article_first"
    assert standard.weights("article_first") == {i.id: i.weight for i in standard.items}


def test_what_is_shown_only_weighs_nothing(standard: Standard) -> None:
    assert {i.id for i in standard.items if i.level == "shown"} == SHOWN
    assert {i.id for i in standard.items} - {i.id for i in standard.scored} == SHOWN
    assert all(standard.item(i).weight == 0 for i in SHOWN)
    for weights in standard.weight_sets.values():
        assert weights["toilets"] == weights["charging_parking"] == 0


def test_effective_weights_by_hand(standard: Standard) -> None:
    assert standard.item("canteen_or_meal").weight == pytest.approx(0.16 * 0.75)
    # 0.7 and 0.15 of the profile are the scored 0.85 of housing.
    assert standard.item("worker_housing").share == pytest.approx(0.7 / 0.85, abs=5e-5)
    assert standard.item("dorm_convenience").share == pytest.approx(0.15 / 0.85, abs=5e-5)
    assert [c.weight for c in standard.categories if c.id in ("health", "daily_services")] == [
        0.07,
        0.04,
    ]


def test_counts_grow_with_the_headcount_and_presence_stays_one(standard: Standard) -> None:
    five, one = standard.item("canteen_or_meal").tests[2], standard.item("pharmacy").tests[0]
    assert (five.count, one.count) == (5, 1)
    for workers, needed in ((12, 1), (0, 1), (1000, 1), (1001, 2), (5000, 5), (5001, 6), (2e4, 20)):
        assert standard.needed(five, workers) == needed
        assert standard.needed(one, workers) == 1
    assert standard.needed(five, None) == standard.needed(five, math.nan) == 5


def test_how_items_are_judged(standard: Standard) -> None:
    assert {i.id for i in standard.items if i.core} == {
        "canteen_or_meal",
        "convenience_store",
        "bus_stop",
        "parcel_point",
        "pharmacy",
    }
    assert [i.id for i in standard.items if i.needs_list] == ["worker_housing"]
    assert [i.id for i in standard.items if i.needs_region] == ["rail_station"]
    assert standard.item("rail_station").level == "optional"
    lines = standard.item("bus_lines")
    assert (lines.counts, lines.unit_zh, lines.unit_en) == ("lines", "条", "line")
    assert lines.rule.any == standard.item("bus_stop").rule.any
    dorm = standard.item("dorm_convenience")
    assert (dorm.origin, dorm.residence_kind) == ("home", "dormitory")
    assert dorm.of_items == ("canteen_or_meal", "convenience_store")
    home = {"fresh_market", "culture", "sport", "public_green", "primary_care", "pharmacy"}
    home |= {"childcare_kindergarten", "primary_school", "dorm_convenience"}
    assert {i.id for i in standard.items if i.origin == "home"} == home
    assert standard.item("worker_housing").origin == "work"
    assert [standard.item(i).dedupe_m for i in ("bus_stop", "rail_station", "pharmacy")] == [
        80,
        500,
        30,
    ]


def test_police_government_and_holiday_flats_do_not_count(standard: Standard) -> None:
    service = standard.item("service_point").rule
    assert {"amenity": "police"} not in service.any
    assert {"amenity": "police"} in service.exclude
    assert {"office": "government"} not in service.any
    assert {"tourism": "apartment"} not in standard.item("worker_housing").rule.any


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("男生宿舍16栋", True),
        ("女生宿舍", True),
        ("教师宿舍", True),
        ("第二教学区学生宿舍", True),
        ("东海大学_二校宿舍", True),
        ("Studentenwohnheim", True),
        ("员工宿舍", False),
        ("海尔人才公寓", False),
        ("学院路公租房", False),
        ("大学科技园人才公寓", False),
    ],
)
def test_student_and_staff_homes_are_told_by_name(
    standard: Standard, name: str, student: bool
) -> None:
    rule = standard.item("worker_housing").rule
    assert bool(re.search(rule.name_excludes or "", name)) is student


@pytest.mark.parametrize(
    ("name", "primary"),
    [
        ("东海国小", True),
        ("青岛开发区实验学校", True),
        ("青岛第一中学", False),
        ("Grundschule Süd", True),
        ("CEIP León y Castillo", True),
        ("Albert-Einstein-Gymnasium", False),
        ("某某驾校附属小学", False),
        ("", False),
        ("\n\n\n", False),
    ],
)
def test_primary_schools_abroad_need_no_chinese_name(
    standard: Standard, name: str, primary: bool
) -> None:
    rule = standard.item("primary_school").rule
    assert rule.name_requires
    assert rule.name_excludes
    fits = re.search(rule.name_requires, name) and not re.search(rule.name_excludes, name)
    assert bool(fits) is primary


@pytest.mark.parametrize(
    ("name", "parcel"),
    [("菜鸟驿站", True), ("骑手驿站", False), ("中国邮政储蓄银行", False), ("顺丰转运中心", False)],
)
def test_a_parcel_point_is_no_bank_and_no_sorting_centre(
    standard: Standard, name: str, parcel: bool
) -> None:
    rule = standard.item("parcel_point").rule
    assert rule.name_adds
    assert rule.name_excludes
    fits = re.search(rule.name_adds, name) and not re.search(rule.name_excludes, name)
    assert bool(fits) is parcel


def test_expressions_are_written_in_simplified_characters(standard: Standard) -> None:
    traditional = set("學師單職國員館廳樓餐廳網郵遞檢驗區縣銀醫藥圖書體育動場館廠")
    traditional -= set("餐育")  # the same in both
    for item in standard.items:
        for expression in (item.rule.name_adds, item.rule.name_requires, item.rule.name_excludes):
            assert not traditional & set(expression or ""), item.id


def test_where_figures_come_from_is_kept(standard: Standard) -> None:
    beds = standard.item("worker_housing").figures["beds_per_1000_workers"]
    assert (beds.v, beds.basis) == (None, "assumption")
    area = next(c for c in standard.categories if c.id == "retail").figures["community_commerce"]
    assert (area.v, area.grade, area.ref) == ((800, 1000), "R", ("QD_SHINAN_2009",))
    assert standard.item("rail_station").figures["radius"].basis == "source"
    assert standard.bands["d15"].v == 1000
    speeds = (standard.walk_speed_low, standard.walk_speed, standard.walk_speed_high)
    assert [s.v for s in speeds] == [60, 67, 80]
    assert standard.scale_workers.v == 5000
    assert standard.scale_workers.basis == "assumption"
    assert standard.certainty["window_m"] is standard.certainty.window_m
    assert standard.certainty["window_m"].v >= max(
        t.limit for item in standard.items for t in item.tests if t.unit == "m"
    )
    assert set(standard.item("sport").provenance) >= {"share", "origin", "dedupe_m"}
    assert standard.neighbourhood_centre is not None
    assert len(standard.neighbourhood_centre.functions) == 12


def test_what_is_asked_for_by_room_is_cited_in_both_languages(standard: Standard) -> None:
    asked = {(i.id, u): i.figures[n] for i in standard.items for u, n in i.asked.items()}
    assert {key: figure.least for key, figure in asked.items()} == {
        ("canteen_or_meal", "m2"): 240,  # of ranges the lower end
        ("convenience_store", "m2"): 10,
        ("fresh_market", "m2"): 50,
    }
    for (item, _), figure in asked.items():
        zh, en = standard.cited(figure)
        assert re.search("[\u4e00-\u9fff]", zh), item
        assert en.isascii(), item
        assert "per_1000" not in zh + en
        assert zh.startswith("筛查假设") is (figure.basis == "assumption")
        assert en.startswith("Assumption") is (figure.basis == "assumption")


def test_a_figure_without_a_clause_is_cited_by_its_documents(tmp_path: Path) -> None:
    head = "area_per_1000: {v: [20, 9], u: m2, basis: assumption, grade: M"
    clause = ", clause: {zh: 丁, en: d}"
    for rest, said in (
        (clause, ("丁（未经原文核实）", "d (not confirmed in the original text)")),
        (", ref: [READ]", ("Something read", "Something read")),
        ("", ("小标准", "A small standard")),
    ):
        at = "    tests:\n      d5: {limit: 300"
        made = load(write(tmp_path, MINI.replace(at, f"    figures: {{{head}{rest}}}}}\n{at}")))
        (name,) = made.item("meal").asked.values()
        figure = made.item("meal").figures[name]
        assert (name, figure.least, made.cited(figure)) == ("area_per_1000", 9, said)


# --- how it is read --------------------------------------------------------------------------


def test_the_copy_read_at_start_is_that_of_the_yaml(text: str) -> None:
    kept = json.loads((standards.HERE / f"{NAME}.json").read_text(encoding="utf-8"))
    parsed = standards.content(Path("elsewhere") / f"{NAME}.yaml", text)
    assert kept["content"] == parsed, "run parkgap.standards.freeze()"
    changed = text.replace('version: "0.2"', 'version: "9"')
    assert changed != text
    assert standards.content(standards.HERE / f"{NAME}.yaml", text) == kept["content"]
    fresh = standards.content(standards.HERE / f"{NAME}.yaml", changed)
    assert isinstance(fresh, dict)
    assert fresh["version"] == "9"


def test_reading_the_shipped_standard_loads_neither_yaml_nor_frames() -> None:
    code = (
        "import sys; from parkgap.standard import load; load()\n"
        "print([m for m in ('ruamel.yaml', 'pandas', 'shapely', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_exported_standard_reads_as_the_shipped_one(standard: Standard, tmp_path: Path) -> None:
    assert NAME in available()
    export(NAME, tmp_path)
    copy = tmp_path / f"{NAME}.yaml"
    assert load(str(copy)) == standard
    with pytest.raises(OutputError, match="exists already"):
        export(NAME, copy)
    with pytest.raises(StandardError, match=r"did you mean 'cn-industrial-15min'"):
        export("cn-industrial", tmp_path / "other.yaml")
    with pytest.raises(OutputError):
        export(NAME, tmp_path / "no such folder" / "x.yaml")


def test_a_file_saved_by_windows_notepad_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "标准.yaml"
    path.write_bytes(("\ufeff" + MINI).replace("\n", "\r\n").encode())
    assert load(path) == load(write(tmp_path, MINI))
    path.write_bytes(MINI.encode("gb18030"))
    assert "not UTF-8" in str(refused(path))


def test_a_standard_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "did you mean 'cn-industrial-15min'?" in str(refused("cn-industrial-15mins"))
    assert "no such standard" in str(refused(tmp_path / "x.yaml"))
    assert "no such standard" in str(refused(tmp_path))


# --- what is refused, and on which line ------------------------------------------------------

# A small standard of one's own; the shipped one takes a second to parse.
MINI = """\
id: mini
version: "1"
title: {zh: 小标准, en: A small standard}
bands:
  d5: {v: 300, u: m, basis: source, grade: S, ref: [SECOND]}
  d10: {v: 500, u: m, basis: source, grade: S, ref: [SECOND]}
  d15: {v: 1000, u: m, basis: source, grade: S, ref: [SECOND]}
walk_speed:
  default: {v: 67, u: m/min, basis: assumption, grade: A}
  low: {v: 60, u: m/min, basis: source, grade: S, ref: [SECOND]}
  high: {v: 80, u: m/min, basis: source, grade: R, ref: [READ]}
scale_workers: {v: 5000, u: workers, basis: assumption, grade: A}
worker_to_resident:
  high: {v: 0.5, u: person-equivalent, basis: assumption, grade: A}
certainty:
  window_m: {v: 1500, u: m, basis: assumption, grade: A}
  places_min: {v: 30, u: places, basis: assumption, grade: A}
  places_per_ha: {v: 0.6, u: places/ha, basis: assumption, grade: A}
  study_share: {v: 0.3, u: ratio, basis: assumption, grade: A}
  home_m: {v: 300, u: m, basis: assumption, grade: A}
  built_share: {v: 0.1, u: ratio, basis: assumption, grade: A}
  index_min: {v: 0.5, u: ratio, basis: assumption, grade: A}
dedupe:
  named: {v: 50, u: m, basis: assumption, grade: A}
  unnamed: {v: 15, u: m, basis: assumption, grade: A}
weight_sets:
  own_weights: {weights: own, basis: assumption, grade: A}
  other: {weights: {dining: 0.5, housing: 0.5}, basis: assumption, grade: A}
categories:
- id: dining
  zh: 餐饮
  en: Dining
  level: mandatory
  weight: {v: 0.6, basis: assumption, grade: A}
  demand: high
  items:
  - id: meal
    zh: 正餐
    en: Meal
    share: {v: 0.75, basis: assumption, grade: A}
    origin: {v: work, basis: assumption, grade: A}
    rule:
      any: [{amenity: restaurant}, {amenity: fast_food, takeaway: "yes"}]
      name_adds: "食堂|餐厅"
    tests:
      d5: {limit: 300, unit: m, count: 1, basis: source, grade: R, ref: [READ],
        clause: {zh: 甲, en: a}}
  - id: breakfast
    zh: 早餐
    en: Breakfast
    share: {v: 0.25, basis: assumption, grade: A}
    origin: {v: either, basis: assumption, grade: A}
    rule: {any: [{shop: bakery}]}
    tests:
      d10: {limit: 10, unit: min, count: 2, basis: assumption, grade: M, clause: {zh: 乙, en: b}}
- id: housing
  zh: 住宿
  en: Housing
  level: optional
  weight: {v: 0.4, basis: assumption, grade: A}
  demand: high
  items:
  - id: near_home
    zh: 宿舍周边
    en: Near homes
    share: {v: 1, basis: assumption, grade: A}
    origin: {v: home, basis: assumption, grade: A}
    residence_kind: dormitory
    of_items: [meal, breakfast]
    tests:
      d5: {limit: 250, unit: m, count: 1, basis: source, grade: R, ref: [READ],
        clause: {zh: 丙, en: c}}
  - id: hotel
    zh: 旅馆
    en: Hotel
    level: shown
    origin: {v: work, basis: assumption, grade: A}
    rule: {any: [{tourism: hotel}]}
    tests:
      d15: {limit: 900, unit: m, count: 1, basis: assumption, grade: A, clause: {zh: 丁, en: d}}
sources:
  READ: {doc: Something read, read_at: here, grade: R}
  SECOND: {doc: Something told, read_at: there, grade: S}
"""

# What is changed, into what, where the fault then lies (None: no line), what is said of it.
FIGURE = """\
    figures: {{seats_per_1000: {{v: 9, u: seats, basis: assumption, grade: A, {}}}}}
    tests:
      d5: {{limit: 300"""
FAULTS = {
    "a figure's clause in one language": (
        "    tests:\n      d5: {limit: 300",
        FIGURE.format("clause: {zh: 丁}"),
        "    figures: {seats",
        "key 'en' is missing",
    ),
    "a figure's note in two languages": (
        "    tests:\n      d5: {limit: 300",
        FIGURE.format("clause: {zh: 丁, en: d}, note: {zh: 戊, en: e}"),
        "    figures: {seats",
        "not a text",
    ),
    "unknown key of a category": (
        "  zh: 餐饮\n",
        "  zh: 餐饮\n  wieght: 1\n",
        "  wieght: 1",
        "did you mean 'weight'?",
    ),
    "unknown key at the top": (
        "scale_workers",
        "scale_worker",
        "scale_worker",
        "did you mean 'scale_workers'?",
    ),
    "unknown key of a number": ("{v: 67, u:", "{v: 67, unit:", "{v: 67", "unknown key 'unit'"),
    "unknown key of a test": ("{limit: 250", "{limti: 250", "limti", "did you mean 'limit'?"),
    "unknown key of a rule": ("name_adds", "name_add", "name_add", "did you mean 'name_adds'?"),
    "a missing key": ("    en: Meal\n", "", "- id: meal", "key 'en' is missing"),
    "category weights": (
        "{v: 0.4,",
        "{v: 0.5,",
        "categories:",
        "weights of categories do not sum to 1 (value: '1.1')",
    ),
    "shares": (
        "{v: 0.25,",
        "{v: 0.20,",
        "  items:\n  - id: meal",
        "shares of scored items do not sum to 1 (value: '0.95')",
    ),
    "a weight set": (
        "{dining: 0.5,",
        "{dining: 0.7,",
        "other:",
        "weights of the set other do not sum to 1 (value: '1.2')",
    ),
    "a weight set of others": (
        "{dining: 0.5,",
        "{dinning: 0.5,",
        "other:",
        "did you mean 'dining'?",
    ),
    "no default set": ("weights: own", "weights: equal", "weight_sets:", "not one default set"),
    "a band that is not there": (
        "d10: {limit",
        "d7: {limit",
        "d7: {limit",
        "a band that is not there (value: 'd7')",
    ),
    "an expression that does not compile": (
        "食堂|餐厅",
        "(食堂|餐厅",
        "(食堂",
        "does not compile: missing ), unterminated subpattern at position 0",
    ),
    "an expression that every name fits": ("食堂|餐厅", "食堂|餐厅|", "食堂", "every name fits"),
    "a ref that is not in sources": (
        "u: m/min, basis: source, grade: R, ref: [READ]",
        "u: m/min, basis: source, grade: R, ref: [RAED]",
        "RAED",
        "a ref that is not in sources (value: 'RAED')",
    ),
    "source with grade A": (
        "{limit: 250, unit: m, count: 1, basis: source, grade: R",
        "{limit: 250, unit: m, count: 1, basis: source, grade: A",
        "{limit: 250",
        "basis source with grade A",
    ),
    "source with grade M": (
        "{limit: 250, unit: m, count: 1, basis: source, grade: R",
        "{limit: 250, unit: m, count: 1, basis: source, grade: M",
        "{limit: 250",
        "basis source with grade M",
    ),
    "assumption with grade R": (
        "basis: assumption, grade: M",
        "basis: assumption, grade: R",
        "{limit: 10",
        "basis assumption with grade R",
    ),
    "source without a ref": (
        "{v: 80, u: m/min, basis: source, grade: R, ref: [READ]}",
        "{v: 80, u: m/min, basis: source, grade: R}",
        "{v: 80",
        "basis source without a ref",
    ),
    "a grade better than its source's": (
        "{v: 60, u: m/min, basis: source, grade: S",
        "{v: 60, u: m/min, basis: source, grade: R",
        "{v: 60",
        "graded better than any of its sources",
    ),
    "a duplicate item": (
        "- id: hotel",
        "- id: meal",
        "- id: meal\n    zh: 旅馆",
        "duplicate id (value: 'meal')",
    ),
    "an item named as a category": (
        "- id: hotel",
        "- id: dining",
        "- id: dining\n    zh: 旅馆",
        "duplicate id (value: 'dining')",
    ),
    "an id with a dot": ("- id: hotel", "- id: hotel.one", "hotel.one", "not an id"),
    "a count of 0": ("count: 2", "count: 0", "count: 0", "a whole number of 1 or more"),
    "a count of 1.5": ("count: 2", "count: 1.5", "count: 1.5", "a whole number of 1 or more"),
    "a limit of 0": (
        "{limit: 250",
        "{limit: 0",
        "{limit: 0",
        "not a limit (value: '0'); rule: 大于 0",
    ),
    "a limit in words": (
        "{limit: 250",
        "{limit: near",
        "{limit: near",
        "not a limit (value: 'near')",
    ),
    "a unit of its own": (
        "{limit: 250, unit: m",
        "{limit: 250, unit: feet",
        "feet",
        "known: m, min",
    ),
    "an unknown item": (
        "[meal, breakfast]",
        "[meal, breakfest]",
        "breakfest",
        "did you mean 'breakfast'?",
    ),
    "items of items": (
        "[meal, breakfast]",
        "[meal, near_home]",
        "[meal, near",
        "of_items of of_items",
    ),
    "an empty rule": (
        "rule: {any: [{shop: bakery}]}",
        "rule: {any: []}",
        "rule: {any: []}",
        "an empty rule matches nothing",
    ),
    "no rule at all": (
        "    rule: {any: [{shop: bakery}]}\n",
        "",
        "- id: breakfast",
        "either a rule or of_items",
    ),
    "a tag value that is no text": ('"yes"}', "true}", "true}", 'quote "yes"'),
    "alternatives in a tag": (
        "shop: bakery",
        "shop: bakery|pastry",
        "bakery|",
        "one condition for each value",
    ),
    "an unknown origin": (
        "{v: work,",
        "{v: factory,",
        "{v: factory",
        (
            "unknown origin (value: 'factory'); remedy: 可用：work, home, either / "
            "known: work, home, either"
        ),
    ),
    "an unknown level": (
        "level: optional",
        "level: optionel",
        "optionel",
        "did you mean 'optional'?",
    ),
    "an unknown demand": (
        "demand: high\n  items:\n  - id: meal",
        "demand: hihg\n  items:\n  - id: meal",
        "hihg",
        "did you mean 'high'?",
    ),
    "an unknown kind of residence": (
        "kind: dormitory",
        "kind: dorm",
        "kind: dorm",
        "did you mean 'dormitory'?",
    ),
    "a share above 1": ("share: {v: 1,", "share: {v: 1.2,", "{v: 1.2", "a number from 0 to 1"),
    "a share of what is shown": (
        "    zh: 旅馆\n",
        "    zh: 旅馆\n    share: {v: 1, basis: assumption, grade: A}\n",
        "    share: {v: 1, basis: assumption, grade: A}\n    en: Hotel",
        "shown, yet with a share",
    ),
    "a speed outside its range": (
        "{v: 67,",
        "{v: 97,",
        "{v: 97",
        "low (60) <= default <= high (80)",
    ),
    "an infinite number": ("{v: 1500,", "{v: .inf,", "{v: .inf", "not a number that fits"),
    "a headcount of 0": ("{v: 5000,", "{v: 0,", "{v: 0,", "a number above 0"),
    "a clause in one language": ("{zh: 丙, en: c}", "{zh: 丙}", "{zh: 丙}", "key 'en' is missing"),
    "not YAML": ("id: mini", "id: [mini", None, "not valid YAML"),
    "a key twice": (
        "  zh: 餐饮\n",
        "  zh: 餐饮\n  zh: 吃饭\n",
        "  zh: 吃饭",
        "found duplicate key",
    ),
}


def write(folder: Path, content: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_small_standard_of_ones_own_is_read(tmp_path: Path) -> None:
    own = load(write(tmp_path, MINI))
    assert {i.id: i.weight for i in own.items} == pytest.approx(
        {"meal": 0.45, "breakfast": 0.15, "near_home": 0.4, "hotel": 0.0}
    )
    assert own.default_set == "own_weights"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_line(fault: str, tmp_path: Path) -> None:
    old, new, where, said = FAULTS[fault]
    broken = MINI.replace(old, new, 1)
    assert broken != MINI
    path = write(tmp_path, broken)
    error = refused(path)
    assert said in str(error)
    assert str(path) in str(error)
    if where is None:
        return
    line = broken[: broken.index(where)].count("\n") + 1
    places = (f"{path}, line {line}: ", f"{path}:{line}: ")
    said_of_it = [str(p) for p in error.problems if said in str(p)]
    assert any(s.startswith(places) for s in said_of_it), str(error)


def test_all_faults_are_named_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    broken = MINI
    together = ("an unknown origin", "a limit of 0", "a band that is not there", "category weights")
    for fault in together:
        broken = broken.replace(FAULTS[fault][0], FAULTS[fault][1], 1)
    error = refused(write(tmp_path, broken))
    places = ("categories:", "{v: factory", "d7: {limit", "{limit: 0")
    rows = [broken[: broken.index(place)].count("\n") + 1 for place in places]
    assert rows == sorted(rows)
    assert [p.row for p in error.problems] == rows


def test_items_that_are_no_list_are_refused(tmp_path: Path) -> None:
    hotels = MINI[: MINI.index("  items:\n  - id: near_home")] + "  items: none\n"
    error = refused(write(tmp_path, hotels + MINI[MINI.index("sources:") :]))
    assert "not a list of items (value: 'none')" in str(error)


@pytest.mark.parametrize("content", ["", "- a\n", "just words\n", "{}\n", "id: 5\ncategories: 7\n"])
def test_what_is_no_standard_is_refused_and_not_a_crash(content: str, tmp_path: Path) -> None:
    assert refused(write(tmp_path, content)).problems


def test_a_standard_runs_no_code(tmp_path: Path) -> None:
    version = 'version: !!python/object/apply:os.mkdir ["{}"]'.format(tmp_path / "made")
    refused(write(tmp_path, MINI.replace('version: "1"', version)))
    assert not (tmp_path / "made").exists()


# --- overrides -------------------------------------------------------------------------------


def test_a_changed_weight_scales_the_others_in_proportion() -> None:
    changed = load(overrides={"dining.weight": 0.2})
    weights = {c.id: c.weight for c in changed.categories}
    assert weights["dining"] == 0.2
    assert weights["housing"] == pytest.approx(0.16 * 0.8 / 0.84)
    assert weights["green"] == pytest.approx(0.02 * 0.8 / 0.84)
    assert weights["toilets"] == 0
    assert math.fsum(weights.values()) == pytest.approx(1, abs=1e-12)
    assert changed.overrides == {"dining.weight": 0.2}
    assert changed.rescaled["housing.weight"] == weights["housing"]
    assert "dining.weight" not in changed.rescaled
    assert changed.weight_sets["article_first"] == weights
    assert changed.weight_sets["named_six_equal"]["dining"] == 0.1334
    assert "dining.weight = 0.2" in explain(changed, "en")
    assert "housing.weight = 0.1524" in explain(changed, "zh")


def test_a_changed_share_scales_the_others_of_its_category() -> None:
    changed = load(overrides={"bus_stop.share": 0.8})
    shares = [changed.item(i).share for i in ("bus_stop", "bus_lines", "rail_station")]
    assert shares == pytest.approx([0.8, 0.1, 0.1])
    assert changed.item("bus_stop").weight == pytest.approx(0.16 * 0.8)


def test_a_changed_limit_is_no_longer_the_clauses(standard: Standard) -> None:
    changed = load(overrides={"canteen_or_meal.d5.limit": 250, "canteen_or_meal.d5.unit": "m"})
    test = changed.item("canteen_or_meal").tests[0]
    assert (test.limit, test.basis, test.grade) == (250, "assumption", "A")
    assert "本研究设定" in test.clause_zh
    assert "Set by the study" in test.clause_en
    assert "300" in test.note
    assert changed.item("canteen_or_meal").tests[1:] == standard.item("canteen_or_meal").tests[1:]
    assert load() == standard  # nothing is left behind


def test_other_settings_can_be_changed() -> None:
    changed = load(
        overrides={
            "walk_speed.default": 60,
            "scale_workers": 2500,
            "certainty.places_per_ha": 1.5,
            "pharmacy.origin": "either",
            "hair.core": True,
            "breakfast.name_adds": "早餐",
            "bus_stop.dedupe.named": 100,
        }
    )
    assert changed.walk_speed.v == 60
    assert changed.walk_speed.note
    assert changed.needed(changed.item("canteen_or_meal").tests[2], 5000) == 10
    assert changed.certainty.places_per_ha.v == 1.5
    assert changed.item("pharmacy").origin == "either"
    assert changed.item("hair").core
    assert changed.item("breakfast").rule.name_adds == "早餐"
    assert changed.item("bus_stop").dedupe_m == 100


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("dinning.weight", 0.2, "did you mean 'dining.weight'?"),
        ("canteen_or_meal.d7.limit", 250, "did you mean 'canteen_or_meal.d5.limit'?"),
        ("breakfast.d5.limit", 250, "did you mean 'breakfast.d10.limit'?"),
        ("toilets.weight", 0.1, "no such setting"),
        ("nonsense", 1, "no such setting"),
        ("dining.weight", 1.5, "from 0 to 1"),
        ("dining.weight", -0.1, "from 0 to 1"),
        ("dining.weight", "0.2", "from 0 to 1"),
        ("dining.weight", True, "from 0 to 1"),
        ("dining.weight", math.nan, "from 0 to 1"),
        ("canteen_or_meal.d5.limit", 0, "a number above 0"),
        ("canteen_or_meal.d5.unit", "feet", "known: m, min"),
        ("canteen_or_meal.d5.count", 0, "1 or more"),
        ("canteen_or_meal.d5.count", 2.5, "whole number"),
        ("breakfast.name_adds", "(", "does not compile"),
        ("pharmacy.origin", "factory", "known: work, home, either"),
        ("dorm_convenience.origin", "work", "only walks from home"),
        ("walk_speed.low", 70, "outside its own range"),
        ("hair.core", "yes", "neither true nor false"),
        ("parcel_point.share", 0.5, "cannot sum to 1"),
    ],
)
def test_an_override_is_checked_as_strictly(path: str, value: object, said: str) -> None:
    error = refused(overrides={path: value, "scale_workers": 4000})
    (problem,) = error.problems
    assert f"override {path!r}" in str(problem)
    assert said in str(problem)


def test_all_faults_of_overrides_are_named_at_once() -> None:
    overrides: dict[str, object] = {
        "dining.weight": 0.7,
        "transit.weight": 0.7,
        "x.y": 1,
        "hair.d10.limit": -1,
    }
    error = refused(overrides=overrides)
    said = str(error)
    assert len(error.problems) == 3
    assert "cannot sum to 1" in said
    assert "'x.y'" in said
    assert "'hair.d10.limit'" in said


# --- in words ----------------------------------------------------------------------------------


def test_explain_writes_every_test_with_clause_basis_and_grade(standard: Standard) -> None:
    zh, en = explain(standard, "zh"), explain(standard, "en")
    for item in standard.items:
        assert f"  {item.id} {item.zh} (" in zh
        assert f"  {item.id} {item.en} (" in en
        for test in item.tests:
            assert test.clause_zh in zh
            assert test.clause_en in en
    assert "d5  步行 5 分钟内 1 处  一刻钟便民生活圈" in zh
    assert "[有据 R SD_5_8_15]" in zh
    assert "d10 3 places within 500 m  Assumption" in en
    assert "筛查结果，不作规划核实或验收依据" in zh
    assert "没有" not in zh
    with pytest.raises(StandardError):
        explain(standard, "de")


def test_explain_prints_on_a_chinese_windows_console(standard: Standard) -> None:
    for lang in ("zh", "en"):
        assert explain(standard, lang).encode("cp936")
