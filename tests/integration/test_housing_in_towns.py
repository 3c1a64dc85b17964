"""Who gets which bed in towns worked out by hand; the arithmetic stands beside each figure.

The village: a firm 120 m of drive and gate from the main street, so that a place 10 m off the
street at x is 130 + |x| m on foot.  67 m take a minute; 15 minutes are 1,005 m.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from tests.towns import Town, village

from parkgap import pipeline
from parkgap.check import check_study
from parkgap.errors import StudyError
from parkgap.publish.explain import explain_park
from parkgap.study import load_study

if TYPE_CHECKING:
    from collections.abc import Hashable

    from parkgap.results import Results

ALL_TOLD = "[privacy]\nmin_workers = 1\n"
THIRD = "[housing]\nneed_share = { low = 0.2, mid = 0.35, high = 0.5 }\n"
HALF = "[housing]\nneed_share = { low = 0.5, mid = 0.5, high = 0.5 }\n"


def town_of(settings: str = THIRD, **park: object) -> Town:
    town = village(**park)
    town.settings = settings + ALL_TOLD
    return town


def stock(town: Town, at: tuple[float, float], key: str, **more: object) -> Town:
    known = {"name": key, "kind": "公租房", "beds": "", "beds_vacant": "", "access": "公共"}
    given = {**known, "status": "现有", "ready_date": "", "area_m2": "", "usable_m2": "", **more}
    town._row("housing_stock", at, id=key, **given)
    return town


def row(results: Results, park: str = "P") -> dict[Hashable, object]:
    frame = results.plans.housing
    (found,) = frame[frame["park_id"] == park].to_dict("records")
    return found


def beds(results: Results) -> list[tuple[object, ...]]:
    frame = results.plans.beds
    names = ["park_id", "stock_id", "when", "beds", "minutes", "mode"]
    return [tuple(r) for r in frame[names].itertuples(index=False)]


def test_a_study_that_asks_for_no_beds_has_none(tmp_path: Path) -> None:
    town = stock(village(), (300, 10), "H", beds=400, beds_vacant=200)
    results = town.results(tmp_path / "study")
    assert len(results.plans.housing) == len(results.plans.lodging) == 0
    pipeline.publish(results, tmp_path / "out", pipeline.Clock(lambda _: None))
    assert not (tmp_path / "out" / "housing.csv").exists()
    sheets = CalamineWorkbook.from_path(tmp_path / "out" / "parkgap.xlsx").sheet_names
    assert not {"Housing", "Beds given", "Housing stock"} & set(sheets)


def test_the_need_less_who_is_housed_against_vacant_beds_on_foot(tmp_path: Path) -> None:
    # 1,000 workers x 0.35 = 350; 100 live in a dormitory; 200 beds are vacant at 430 m = 6.4 min.
    # 350 - 100 - 200 = 50 are short: 17 dwellings of 3 (50 / 3 = 16.7).
    town = town_of(THIRD + "persons_per_unit = 3\n")
    town.home("D", "P", (600, 10), 100, kind="dormitory")
    results = stock(town, (300, 10), "H", beds=400, beds_vacant=200).results(tmp_path)
    found = row(results)
    assert [found[c] for c in ("lodging_need_low", "lodging_need", "lodging_need_high")] == [
        200,
        350,
        500,
    ]
    assert (found["housed"], found["beds_allocated"], found["beds_short"]) == (100, 200, 50)
    assert (found["units_short"], found["beds_pipeline"], found["rank"]) == (17, 0, 1)
    assert (found["beds_unknown"], found["workers_over_15min"]) == (0, 0)
    assert beds(results) == [("P", "H", "now", 200, 6, "walk")]
    assert "0.2/0.35/0.5" in str(found["need_basis"])
    said = explain_park(results, "P", "worker_housing")
    assert "need lodging 350 (200–500); housed 100; beds given 200; short 50" in said
    assert "beds (there now): H, 200 beds, 6 min on foot" in said
    told = json.loads(explain_park(results, "P", as_json=True))
    assert told["housing"][0]["beds_short"] == 50
    assert told["beds"][0]["minutes"] == 6


def test_beds_that_are_coming_help_nobody_today(tmp_path: Path) -> None:
    # 350 need one, nobody is housed. 200 now; 100 when H2 (630 m, 9.4 min) is ready, 50 of a
    # project: 150 short now, 0 after. Nobody knows how large H3 will be.
    town = stock(town_of(), (300, 10), "H1", beds=200, beds_vacant=200)
    stock(town, (500, 10), "H2", beds=100, beds_vacant=100, status="在建", ready_date="2026-05")
    stock(town, (550, 10), "H3", status="规划")
    item = {"item": "worker_housing", "status": "planned", "open_date": "2027", "beds": 50}
    town._row("projects", (400, 10), id="X", name="Hostel", **item)
    results = town.results(tmp_path)
    found = row(results)
    assert (found["beds_allocated"], found["beds_short"]) == (200, 150)
    assert (found["beds_pipeline"], found["beds_short_after_pipeline"]) == (150, 0)
    assert beds(results) == [
        ("P", "H2", "after", 100, 9, "walk"),
        ("P", "list:projects/X", "after", 50, 8, "walk"),
        ("P", "H1", "now", 200, 6, "walk"),
    ]
    assert results.plans.beds["ready"].tolist()[:2] == ["2026-05", "2027"]
    without = stock(town_of(), (300, 10), "H1", beds=200, beds_vacant=200)
    today = row(without.results(tmp_path / "without"))
    assert today["beds_short"] == found["beds_short"]
    assert today["beds_allocated"] == found["beds_allocated"]


def test_a_promised_day_that_has_passed_is_no_bed(tmp_path: Path) -> None:
    town = stock(town_of(), (300, 10), "H", beds=400, status="在建", ready_date="2024-12")
    found = row(town.results(tmp_path))
    assert (found["beds_allocated"], found["beds_pipeline"]) == (0, 350)


def test_beds_of_unknown_vacancy_are_neither_none_nor_enough(tmp_path: Path) -> None:
    town = stock(town_of(), (300, 10), "H", beds=400)
    town.area((400, 5, 420, 25), building="dormitory", name="职工宿舍")  # in no list
    found = row(town.results(tmp_path))
    assert (found["beds_unknown"], found["beds_allocated"], found["beds_short"]) == (2, 0, 350)


def test_beds_for_others_help_nobody_here(tmp_path: Path) -> None:
    # G's house has 300 beds for G's 120 (of its 200 workers); Q's own house serves Q alone.
    town = town_of(HALF)
    town.street((0, 0), (0, -40), highway="service")
    town.park("Q", (-100, -200, 100, -20), workers=200)
    town.firm("G", "Q", (0, -40), 200)
    for firm, need in (("F", ""), ("G", 120)):
        rows = [r for r in town.tables["enterprises"] if r["id"] == firm]
        rows[0]["lodging_need"] = need
    stock(town, (300, 10), "HG", beds=300, beds_vacant=300, access="enterprise:G")
    stock(town, (350, 10), "HQ", beds=100, beds_vacant=100, access="park:Q")
    results = town.results(tmp_path)
    p, q = row(results, "P"), row(results, "Q")
    assert (p["lodging_need"], p["beds_allocated"], p["beds_short"]) == (500, 0, 500)
    assert (q["lodging_need"], q["beds_allocated"], q["beds_short"]) == (120, 120, 0)
    # Of two houses the nearer: 40 + 300 + 10 against 40 + 350 + 10 m. Neither is public: no name.
    assert [r[:4] for r in beds(results)] == [("Q", "HG", "now", 120)]
    told = results.plans.lodging
    assert told["name"].isna().all() and told["lon"].isna().all()  # noqa: PT018
    assert told["access"].tolist() == ["enterprise", "park:Q"]


def test_competing_parks_share_so_that_most_are_housed(tmp_path: Path) -> None:
    # A: 530 m from P, 730 from Q. B: 430 m from Q, 1,430 from P, beyond the 1,005 of 15 minutes.
    # P needs 100, Q 150; 100 beds each. Q alone could take all of B and half of A (and would, first
    # come first served); given that P has only A, P takes A and Q takes B: 200 beds, Q lacks 50.
    town = town_of(HALF, workers=200)
    town.tables["enterprises"][0]["workers"] = 200
    (main,) = [w for w, tags in town.ways if tags.get("highway") == "residential"]
    main.insert(2, town._at((1000, 0)))
    town.street((1000, 0), (1000, 120), highway="service")
    town.park("Q", (900, 20, 1100, 220), workers=300)
    town.firm("G", "Q", (1000, 120), 300)
    stock(town, (400, 10), "A", beds=100, beds_vacant=100)
    stock(town, (1300, 10), "B", beds=100, beds_vacant=100)
    results = town.results(tmp_path)
    assert beds(results) == [
        ("P", "A", "now", 100, 8, "walk"),  # 530 / 67 = 7.9
        ("Q", "B", "now", 100, 6, "walk"),  # 430 / 67 = 6.4
    ]
    assert (row(results, "P")["beds_short"], row(results, "Q")["beds_short"]) == (0, 50)
    assert (row(results, "Q")["rank"], row(results, "P")["rank"]) == (1, 2)


def test_a_shuttle_carries_its_own_firm_alone(tmp_path: Path) -> None:
    # F has 600 of 1,000 workers: 300 need a bed, and 200 of the others. The house is 3 km away;
    # F's shuttle takes 12 minutes, its stop is 100 m from the firm (straight x 1.3 / 67 = 1.9).
    town = town_of(HALF)
    town.tables["enterprises"][0]["workers"] = 600
    stock(town, (3000, 10), "H", beds=400, beds_vacant=400)
    for at, times in (((3000, 10), "07:00;19:00"), ((0, 20), "07:12;19:12")):
        town._row("shuttles", at, line="L", enterprise_id="F", stop=f"S{at[0]}", times=times)
    found = town.results(tmp_path / "shuttle")
    assert beds(found) == [("P", "H", "now", 300, 14, "shuttle")]
    p = row(found)
    assert (p["beds_short"], p["workers_over_15min"], p["workers_over_45min"]) == (200, 0, 100)
    # At a stated 20 km/h the others ride too: 8 + 3,000 x 1.4 / 333.3 = 20.6 minutes, for 100.
    town.settings = HALF + "ride = { speed_kmh = 20, wait_min = 8, detour = 1.4 }\n" + ALL_TOLD
    ridden = row(town.results(tmp_path / "ride"))
    assert (ridden["beds_allocated"], ridden["beds_short"]) == (400, 100)
    assert (ridden["workers_over_15min"], ridden["workers_over_45min"]) == (100, 0)


def test_a_firm_of_unknown_place_rides_its_own_shuttle(tmp_path: Path) -> None:
    # G's 400 work nobody knows where, 200 need a bed; its shuttle leaves the gate. F does not ride.
    town = town_of(HALF)
    town.tables["enterprises"][0]["workers"] = 600
    firm = {"id": "G", "park_id": "P", "workers": 400, "lon": "", "lat": ""}
    town.tables["enterprises"].append(firm)
    stock(town, (3000, 10), "H", beds=400, beds_vacant=400)
    for at, times in (((3000, 10), "07:00"), ((0, 20), "07:12")):
        town._row("shuttles", at, line="L", enterprise_id="G", stop=f"S{at[0]}", times=times)
    found = town.results(tmp_path)
    assert [r[:4] for r in beds(found)] == [("P", "H", "now", 200)]
    assert beds(found)[0][-1] == "shuttle"


def bus(town: Town, firsts: tuple[str, str, str]) -> Town:
    places = zip(((3000, 10), (1500, 10), (0, 20)), firsts, strict=True)
    for order, (at, first) in enumerate(places, 1):
        said = {"line": "1", "stop": f"S{order}", "order": order, "first": first}
        town._row("bus_lines", at, **said, last="22:00", headway=10)
    return town


def test_a_bus_by_its_timetable_or_at_the_stated_speed(tmp_path: Path) -> None:
    # 5 minutes of waiting (half of 10), 11 on the bus, 100 m from the stop (1.5): 17.5.
    town = stock(town_of(HALF), (3000, 10), "H", beds=400, beds_vacant=400)
    timed = bus(town, ("06:00", "06:05", "06:11")).results(tmp_path / "timed")
    assert beds(timed) == [("P", "H", "now", 400, 18, "bus")]
    assert row(timed)["workers_over_15min"] == 400
    # The same first bus at every stop says nothing of the way: nobody knows how long it takes.
    town = stock(town_of(HALF), (3000, 10), "H", beds=400, beds_vacant=400)
    bus(town, ("06:00", "06:00", "06:00"))
    assert beds(town.results(tmp_path / "untimed")) == []
    # At 30 km/h (500 m a minute), 3,000 m straight and a detour of 1: 6 + 5 + 1.5 = 12.5 minutes;
    # the stated ride by itself takes 10 + 6.
    town.settings = HALF + "ride = { speed_kmh = 30, wait_min = 10, detour = 1 }\n" + ALL_TOLD
    assert beds(town.results(tmp_path / "ridden")) == [("P", "H", "now", 400, 13, "bus")]


def test_a_stop_behind_the_fence_is_as_far_as_its_street(tmp_path: Path) -> None:
    # The stop is 120 m behind the firm, on a street that meets the main one at 1,500 m: nobody
    # walks there. A gate and 20 m of path at the back: 120 m are 1.8 minutes, 5 + 11 + 1.8 = 17.8.
    town = stock(town_of(HALF), (3000, 10), "H", beds=400, beds_vacant=400)
    town.street((1500, 0), (1500, 240), (0, 240), (-1500, 240))
    for order, (at, first) in enumerate((((3000, 10), "06:00"), ((0, 240), "06:11")), 1):
        said = {"line": "1", "stop": f"S{order}", "order": order, "first": first}
        town._row("bus_lines", at, **said, last="22:00", headway=10)
    assert beds(town.results(tmp_path / "fence")) == []
    town.street((0, 120), (0, 240), highway="footway")
    assert beds(town.results(tmp_path / "gate")) == [("P", "H", "now", 400, 18, "bus")]


def test_own_beds_are_for_the_firm_alone_and_counted_once(tmp_path: Path) -> None:
    # F: 1,000 workers, need 500. 150 of its 250 beds are taken; a dormitory of the residences
    # houses 120, perhaps the same people: the larger counts. 500 - 150 = 350, less 100 vacant beds
    # of its own: 250 are short.
    town = town_of(HALF)
    town.tables["enterprises"][0] |= {"beds_own": 250, "beds_occupied": 150}
    town.home("D", "P", (600, 10), 120, kind="dormitory")
    own = town.results(tmp_path / "own")
    found = row(own)
    assert (found["housed"], found["beds_allocated"], found["beds_short"]) == (150, 100, 250)
    assert [r[:4] for r in beds(own)] == [("P", "own", "now", 100)]
    # The list names the same house, 60 of it vacant: it speaks, and nothing is added up.
    stock(town, (300, 10), "H", beds=250, beds_vacant=60, access="enterprise:F", kind="宿舍")
    listed = row(town.results(tmp_path / "listed"))
    assert (listed["beds_allocated"], listed["beds_short"]) == (60, 290)
    # It does not know how many are vacant: the firm's own row does.
    town.tables["housing_stock"][0]["beds_vacant"] = ""
    firm = row(town.results(tmp_path / "firm"))
    assert (firm["beds_allocated"], firm["beds_unknown"]) == (100, 0)
    # All of it is taken: that is known too.
    town.tables["enterprises"][0]["beds_occupied"] = 250
    full = row(town.results(tmp_path / "full"))
    assert (full["housed"], full["beds_allocated"], full["beds_unknown"]) == (250, 0, 0)
    # Once the list knows of one house, it speaks; of another it does not know.
    stock(town, (310, 10), "K", beds=90, beds_vacant=20, access="enterprise:F", kind="宿舍")
    both = row(town.results(tmp_path / "both"))
    assert (both["beds_allocated"], both["beds_unknown"]) == (20, 1)


def test_without_headcount_or_share_nothing_is_made_up(tmp_path: Path) -> None:
    town = stock(town_of(workers=None), (300, 10), "H", beds=400, beds_vacant=200)
    town.tables["enterprises"][0]["workers"] = 0
    results = town.results(tmp_path / "unknown")
    found = row(results)
    told = ("lodging_need", "beds_allocated", "beds_short", "beds_pipeline", "units_short")
    assert all(found[c] != found[c] for c in told)
    assert results.plans.housing["rank"].isna().all()
    assert "headcount unknown" in str(found["need_basis"])
    none = town_of(
        '[housing]\nneed_share_by_shift = { "night" = { low = 0, mid = 1, high = 1 } }\n'
    )
    without = none.results(tmp_path / "none")
    assert without.plans.housing["beds_short"].isna().all()
    assert any("no park has such a shift" in en for _, en in without.warnings)
    said = [p.what for p in check_study(tmp_path / "none").warnings]
    assert any("no park has such a shift" in what for what in said)


def test_a_share_by_shift(tmp_path: Path) -> None:
    # 1,000 x (0.6 x 0.35 + 0.4 x 0.8) = 530.
    town = town_of(
        THIRD + 'need_share_by_shift = { "night" = { low = 0.8, mid = 0.8, high = 1 } }\n'
    )
    for shift, begin, end, share in (
        ("day", "08:00", "17:00", 0.6),
        ("night", "20:00", "05:00", 0.4),
    ):
        told = {"park_id": "P", "shift": shift, "start": begin, "end": end, "share": share}
        town.tables.setdefault("shifts", []).append(told)
    found = row(town.results(tmp_path))
    assert found["lodging_need"] == 530
    assert found["lodging_need_high"] == 700  # 0.6 x 0.5 + 0.4 x 1
    assert "night 40% × 0.8/0.8/1" in str(found["need_basis"])


def test_floor_area_and_support_land_against_their_figures(tmp_path: Path) -> None:
    town = town_of()
    town.parks[0] |= {"site_ha": 50, "support_ha": 5, "floor_m2": 100_000}
    stock(town, (300, 10), "D1", kind="宿舍", beds=100, units=25, area_m2=390)  # 3.9 < 4, and < 6
    stock(town, (310, 10), "D2", kind="宿舍", beds=100, units=10, area_m2=600, usable_m2=410)
    stock(town, (320, 10), "A", kind="公租房", beds=100, units=50, area_m2=600)  # floor alone
    town.tables["housing_stock"] = [{"units": "", **r} for r in town.tables["housing_stock"]]
    checks = town.results(tmp_path).plans.lodging_checks
    found = {
        (r["subject_id"], r["figure"]): (r["value"], r["status"]) for r in checks.to_dict("records")
    }
    assert found == {
        ("D1", "dorm_usable_area_min"): (3.9, "short"),
        ("D1", "four_person_room_min"): (3.9, "short"),
        ("D2", "dorm_usable_area_min"): (4.1, "met"),  # ten to a room: no room of four
        ("A", "apartment_usable_area_min"): (6.0, "unverified"),
        ("P", "support_land_share_old_max"): (0.1, "over"),  # 10 % of 50 ha against 7 %
        ("P", "support_land_share_max"): (0.1, "met"),
    }
    room = checks.set_index("figure")["room"]
    assert room["support_land_share_max"] == pytest.approx(0.15 * 50 - 5)
    assert (checks["clause"] != "").all()


def test_the_files_say_what_the_frames_say(tmp_path: Path) -> None:
    town = town_of()
    town.home("D", "P", (600, 10), 100, kind="dormitory")
    results = stock(town, (300, 10), "H", beds=400, beds_vacant=200).results(tmp_path / "study")
    out = tmp_path / "out"
    pipeline.publish(results, out, pipeline.Clock(lambda _: None))
    with (out / "housing.csv").open(encoding="utf-8-sig", newline="") as file:
        (told,) = csv.DictReader(file)
    assert [told[c] for c in ("rank", "park_id", "housed", "beds_allocated", "beds_short")] == [
        *("1", "P", "100", "200", "50")
    ]
    assert told["units_short"] == ""  # nobody said how many live in a dwelling
    book = CalamineWorkbook.from_path(out / "parkgap.xlsx")
    heading, own = book.get_sheet_by_name("Housing").to_python()[:2]
    assert own[heading.index("Beds short")] == 50
    assert {"Beds given", "Housing stock"} <= set(book.sheet_names)
    assert "Doubtful dormitories" not in book.sheet_names
    with sqlite3.connect(out / "parkgap.gpkg") as base:
        assert base.execute("SELECT beds_short FROM housing").fetchall() == [(50.0,)]
        assert base.execute("SELECT stock_id, beds_vacant FROM lodging").fetchall() == [
            ("H", 200.0)
        ]
    assert '<table id="housing"' in (out / "index.html").read_text(encoding="utf-8")
    park = (out / "parks" / "P.html").read_text(encoding="utf-8")
    assert 'data-layer="beds"' in park
    again = tmp_path / "again"
    pipeline.publish(results, again, pipeline.Clock(lambda _: None))
    for name in ("housing.csv", "parkgap.xlsx", "parkgap.gpkg", "index.html", "parks/P.html"):
        assert (out / name).read_bytes() == (again / name).read_bytes(), name


def test_dormitories_beside_those_of_students_are_doubtful(tmp_path: Path) -> None:
    town = town_of()
    town.area((700, 100, 720, 120), building="dormitory", name="男生宿舍")
    town.area((800, 100, 820, 120), building="dormitory", name="宿舍30棟")  # 100 m away
    town.area((700, 200, 720, 220), building="dormitory")  # nameless, 100 m away
    town.area((600, 100, 620, 120), building="dormitory", name="東海職工宿舍")  # says whose
    town.area((300, 5, 320, 25), building="dormitory", name="Old Hostel")  # far from any
    results = town.results(tmp_path)
    homes = results.facilities[["worker_housing" in i for i in results.facilities["items"]]]
    assert sorted(homes["name"]) == ["Old Hostel", "東海職工宿舍"]
    assert sorted(results.plans.doubtful["name"].fillna("-")) == ["-", "宿舍30棟"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[housing]\nneed_share = { low = 0.2, mid = 0.1, high = 0.5 }\n", "low ≤ mid ≤ high"),
        ("[housing]\nneed_share = { low = 0.2, mid = 35, high = 50 }\n", "housing.need_share.mid"),
        ("[housing]\nneed_share = { low = 0.2 }\n", "housing.need_share.high"),
        ("[housing]\nride = { speed_kmh = 0, wait_min = 1, detour = 1.2 }\n", "speed_kmh"),
        ("[housing]\nneed_shares = 0.3\n", "need_share"),
        (
            '[housing]\nneed_share_by_shift = { "night" = { low = 0, mid = 0, hihg = 1 } }\n',
            "high",
        ),
    ],
)
def test_a_wrong_section_is_one_clear_message(tmp_path: Path, text: str, said: str) -> None:
    town = village()
    town.settings = text
    with pytest.raises(StudyError) as error:
        town.write(tmp_path)
    assert said in str(error.value)


def test_without_a_list_of_housing_nobody_is_called_short(tmp_path: Path) -> None:
    # 1,000 workers, of whom 350 need lodging. That no bed is listed does not say there is none.
    town = town_of(district="区")
    unlisted = row(town.results(tmp_path / "none"))
    assert (unlisted["lodging_need"], unlisted["housing_basis"]) == (350, "none")
    for column in ("rank", "beds_allocated", "beds_short", "beds_short_after_pipeline"):
        assert pd.isna(pd.Series([unlisted[column]])).all(), column
    # A list of 100 vacant beds: short of at most 250, for there may be beds that it does not know.
    stock(town, (300, 0), "H", beds=100, beds_vacant=100)
    listed = row(town.results(tmp_path / "listed"))
    assert (listed["beds_short"], listed["housing_basis"], listed["rank"]) == (250, "listed", 1)
    # Declared complete for the district: short of 250.
    file = tmp_path / "listed" / "study.toml"
    declared = '[housing_stock]\ncomplete = { area = "区", issuer = "局", as_of = 2025-01-31 }\n'
    text = file.read_text(encoding="utf-8").replace("[housing_stock]\n", declared)
    file.write_text(text, encoding="utf-8")
    known = row(pipeline.compute(load_study(file.parent)))
    assert (known["beds_short"], known["housing_basis"]) == (250, "complete")


def test_a_firm_that_tells_its_own_beds_is_at_most_so_many_short(tmp_path: Path) -> None:
    # 1,000 workers of one firm, 350 need lodging, 150 live in its 250 beds: 100 more, 100 short.
    town = town_of()
    town.tables["enterprises"][0] |= {"beds_own": 250, "beds_occupied": 150}
    found = row(town.results(tmp_path))
    assert (found["beds_allocated"], found["beds_short"]) == (100, 100)
    assert found["housing_basis"] == "own"
