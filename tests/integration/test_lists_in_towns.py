"""Projects, housing stock, timetables, shuttles and duties in towns worked out by hand.

The extract is of 2025-03-01, which is the day asked about where a study names none.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import CalamineWorkbook
from tests.towns import Town, degrees, judged, village, walk

from parkgap import pipeline, rerun
from parkgap.example import write_example
from parkgap.publish.explain import explain_park
from parkgap.study import load_study

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.results import Results

METRE = 0.05
PARCEL, HOMES = "parcel_point", "worker_housing"
MEAL = "canteen_or_meal"


def add(town: Town, table: str, at: tuple[float, float], **columns: object) -> Town:
    town._row(table, at, **columns)
    return town


def project(town: Town, at: tuple[float, float], opens: str, **more: object) -> Town:
    given = {"id": "X1", "name": "Parcels", "item": PARCEL, "status": "planned", **more}
    return add(town, "projects", at, open_date=opens, **given)


def coming(results: Results) -> pd.DataFrame:
    return results.beside.pipeline


# --- projects -------------------------------------------------------------------------------------


def test_the_day_before_its_opening_a_place_is_only_coming(tmp_path: Path) -> None:
    # 100 m to the gate, 20 to the street, 150 along it, 10 to the door: 280 m, within the 300.
    soon = project(village(), (150, 10), "2025-03-02").results(tmp_path / "soon")
    short = judged(soon, "P", PARCEL)
    assert (short["status"], short["found"], short["short_by"]) == ("short", 0, 1)
    (row,) = coming(soon).to_dict("records")
    assert (row["park_id"], row["item"], row["origin"]) == ("P", PARCEL, "work")
    assert row["metres"] == pytest.approx(280, abs=METRE)
    assert row["minutes"] == pytest.approx(280 / 67, abs=0.01)
    assert len(soon.facilities) == 0
    said = explain_park(soon, "P", PARCEL)
    assert "planned: Parcels, 2025-03-02, 280 m on foot" in said

    there = project(village(), (150, 10), "2025-02-28").results(tmp_path / "there")
    assert judged(there, "P", PARCEL)["status"] == "met"
    assert there.facilities["facility_id"].tolist() == ["list:projects/X1"]
    assert walk(there, "P", "list:projects/X1") == pytest.approx(280, abs=METRE)
    assert len(coming(there)) == len(there.beside.planned) == 0


def test_only_what_lies_within_the_binding_limit_is_said_to_help(tmp_path: Path) -> None:
    # 120 + 171 + 10 = 301 m by street, 182 m as the crow flies.
    beyond = project(village(), (171, 10), "2026-01").results(tmp_path / "beyond")
    assert len(coming(beyond)) == 0
    assert beyond.beside.planned_near["metres"].tolist() == pytest.approx([301], abs=METRE)
    # Another park's own parcel point is nobody else's; this park's is its people's.
    town = village()
    town.park("Q", (2000, 2000, 2200, 2200))
    others = project(town, (150, 10), "2026-01", access="park:Q").results(tmp_path / "others")
    assert len(coming(others)) == 0
    own = project(village(), (150, 10), "2026-01", access="park:P").results(tmp_path / "own")
    assert len(coming(own)) == 1


def test_where_no_street_leads_yet_the_walk_is_unknown_not_zero(tmp_path: Path) -> None:
    # 155 m south of the street, beyond the 150 of a snap; 275 m from the firm in a straight line.
    near = project(village(), (0, -155), "2026-01").results(tmp_path / "near")
    (row,) = coming(near).to_dict("records")
    assert row["metres"] != row["metres"]
    assert "no street there yet" in explain_park(near, "P", PARCEL)
    far = project(village(), (0, -190), "2026-01").results(tmp_path / "far")  # 310 m
    assert len(coming(far)) == 0
    # Across a river, 230 m from the firm and at a street, but a walk of kilometres: no help.
    town = village()
    town.street((-1500, -100), (1500, -100))
    across = project(town, (0, -110), "2026-01").results(tmp_path / "across")
    assert len(coming(across)) == 0


def test_what_is_planned_changes_no_figure_of_the_assessment(tmp_path: Path) -> None:
    plain = village().results(tmp_path / "plain")
    town = project(village(), (150, 10), "2026-01")
    add(town, "housing_stock", (50, 10), id="H", kind="宿舍", beds=400, status="在建")
    full = town.results(tmp_path / "full")
    assert len(full.beside.planned) == 2
    for name in ("assessment", "ranking", "shortfall", "rollup", "facilities", "nearby"):
        ours, theirs = getattr(full, name), getattr(plain, name)
        assert ours.to_json() == theirs.to_json(), name


def test_where_something_is_planned_is_no_site_for_additions(tmp_path: Path) -> None:
    # Firms 500 m apart, each 40 m off the street: the middle is 290 m from both, within the 300,
    # but streets have corners at the gates alone, and from one gate it is 540 m to the other firm.
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (500, 0), (1500, 0))
    for name, x in (("P", 0.0), ("Q", 500.0)):
        town.street((x, 0), (x, 40), highway="service")
        town.park(name, (x - 100, 20, x + 100, 220), district="D")
        town.firm(f"F{name}", name, (x, 40))
    results = project(town, (250, 0), "2026-01").results(tmp_path)
    assert coming(results)["metres"].tolist() == pytest.approx([290, 290], abs=METRE)
    area = results.rollup[results.rollup["item"] == PARCEL]
    assert area["short_by"].tolist() == [2]


def test_a_list_whose_places_nobody_could_locate_proves_no_absence(tmp_path: Path) -> None:
    write_example(tmp_path)
    placed = judged(pipeline.compute(load_study(tmp_path)), "SF04", MEAL)
    assert placed["status"] == "short"
    file = tmp_path / "canteens.csv"
    with file.open(encoding="gb18030", newline="") as opened:
        heading, *rows = csv.reader(opened)
    at = [heading.index("经度"), heading.index("纬度")]
    blank = [["" if i in at else cell for i, cell in enumerate(row)] for row in rows]
    with file.open("w", encoding="gb18030", newline="") as opened:
        csv.writer(opened).writerows([heading, *blank])
    results = pipeline.compute(load_study(tmp_path))
    assert judged(results, "SF04", MEAL)["status"] == "unverified"
    said = [zh for zh, _ in results.warnings if "canteens.csv" in zh]
    assert [("不能定位，未计入" in zh, "完整性声明" in zh) for zh in said] == [
        (True, False),
        (False, True),
    ]


# --- housing --------------------------------------------------------------------------------------


def test_a_list_of_housing_makes_presence_and_only_a_complete_one_absence(tmp_path: Path) -> None:
    bare = judged(village().results(tmp_path / "bare"), "P", HOMES)
    assert (bare["status"], bare["reason_unverified"]) == ("unverified", "needs_list")

    def stock(name: str, at: tuple[float, float], complete: str = "", **more: object) -> Results:
        town = village(district="区")
        given = {"id": "H", "name": "Homes", "kind": "公租房", "beds": None, "status": None}
        add(town, "housing_stock", at, **{**given, **more})
        study = town.write(tmp_path / name)
        file = study.root / "study.toml"
        text = file.read_text(encoding="utf-8")
        text = text.replace("[housing_stock]\n", f"[housing_stock]\n{complete}\n")
        file.write_text(text, encoding="utf-8")
        return pipeline.compute(load_study(study.root))

    # 120 + 869 + 10 = 999 m; the limit is 1,000.
    there = stock("there", (869, 10))
    found = judged(there, "P", HOMES)
    assert (found["status"], found["evidence"]) == ("met", "list:housing_stock/H")
    assert "Homes: number of beds unknown" in explain_park(there, "P", HOMES)
    # Two metres farther it is out of reach: the list does not say that it names all there is.
    assert judged(stock("far", (871, 10)), "P", HOMES)["status"] == "unverified"
    declared = 'complete = { area = "区", issuer = "局", as_of = 2025-01-31 }'
    assert judged(stock("all", (871, 10), declared), "P", HOMES)["status"] == "short"
    lapsed = declared.replace("2025-01-31", "2024-02-29")
    assert judged(stock("lapsed", (871, 10), lapsed), "P", HOMES)["status"] == "unverified"
    later = stock("later", (869, 10), ready_date="2025-03-02")
    assert judged(later, "P", HOMES)["status"] == "unverified"
    assert coming(later)["planned_id"].tolist() == ["list:housing_stock/H"]


# --- buses ----------------------------------------------------------------------------------------


def stop_town() -> Town:
    """Put a stop at the street, 120 + 100 + 10 m from the firm, whose lines nobody mapped."""
    town = village()
    town.node(100, 10, highway="bus_stop", name="人民路")
    return town


def timetable(
    town: Town, at: tuple[float, float], line: str = "示1路", stop: str = "人民路站"
) -> Town:
    times = {"first": "06:10", "last": "21:40", "headway": 15}
    return add(town, "bus_lines", at, line=line, stop=stop, **times)


def test_a_timetable_tells_the_lines_of_a_stop_without_relations(tmp_path: Path) -> None:
    bare = stop_town().results(tmp_path / "bare")
    unsure = judged(bare, "P", "bus_lines")
    assert (unsure["status"], unsure["reason_unverified"]) == ("unverified", "no_lines")
    # 1,000 workers who share 2 lines per 5,000: one.
    told = timetable(stop_town(), (120, 12)).results(tmp_path / "told")
    met = judged(told, "P", "bus_lines")
    assert (met["status"], met["found"], met["needed"]) == ("met", 1, 1)
    assert len(told.facilities) == 1
    said = explain_park(told, "P", "bus_lines")
    assert "timetable, 人民路: 示1路 06:10–21:40, every 15 min" in said


def test_relation_and_timetable_count_one_line_once(tmp_path: Path) -> None:
    town = timetable(timetable(stop_town(), (100, 10), "示1"), (100, 10), "示2路")
    stop = f"node/{list(town.nodes).index((100.0, 10.0)) + 1}"
    town.relation([(stop, "platform")], type="route", route="bus", ref="示1路")
    results = town.results(tmp_path)
    assert results.facilities["lines"].tolist() == [["示1路", "示2路"]]
    assert judged(results, "P", "bus_lines")["found"] == 2


def test_a_stop_of_the_table_alone_is_walked_to(tmp_path: Path) -> None:
    results = timetable(village(), (-150, 10)).results(tmp_path)
    (stop,) = results.facilities["facility_id"]
    assert stop.startswith("list:bus_lines/示1路/")
    assert walk(results, "P", stop) == pytest.approx(280, abs=METRE)
    assert judged(results, "P", "bus_stop")["status"] == "met"


def test_a_shuttle_raises_no_count_and_is_told_beside(tmp_path: Path) -> None:
    plain = village().results(tmp_path / "plain")
    town = village()
    for n, at in enumerate([(800.0, 0.0), (0.0, 10.0)], 1):
        add(
            *(town, "shuttles", at),
            line="班车",
            enterprise_id="F",
            stop=f"S{n}",
            order=n,
            times="05:40;21:40",
            seats=40,
        )
    with_bus = town.results(tmp_path / "bus")
    for name in ("assessment", "ranking", "shortfall", "facilities", "nearby"):
        assert getattr(with_bus, name).to_json() == getattr(plain, name).to_json(), name
    said = explain_park(with_bus, "P", "bus_stop")
    assert "80 seats a day (40 seats × 2 trips)" in said
    assert "S1 > S2" in said
    assert "80 seats" not in explain_park(with_bus, "P", MEAL)


# --- whose duty -----------------------------------------------------------------------------------


def sheet(book: CalamineWorkbook, name: str) -> list[dict[str, Any]]:
    head, *rows = book.get_sheet_by_name(name).to_python()
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def test_the_departments_stand_beside_every_gap(tmp_path: Path) -> None:
    # Two firms 3 km apart lack a pharmacy each: two of them; no place is near enough for both.
    town = village()
    town.extent = (-6000, -6000, 6000, 6000)
    town.street((1500, 0), (3000, 0), (3500, 0))
    town.street((3000, 0), (3000, 120), highway="service")
    town.park("Q", (2900, 20, 3100, 220), 200)
    town.firm("G", "Q", (3000, 120), 200)
    town.mapped(2600, -900)
    town.node(3010, 10, shop="convenience", name="Shop")
    owners = [("pharmacy", "Health"), ("pharmacy", "Trade"), ("convenience_store", "Trade")]
    town.tables["owners"] = [{"item": i, "department": d} for i, d in owners]
    study = town.write(tmp_path / "town")
    rerun.run(study, tmp_path / "out")
    results = pipeline.compute(study)
    assert "department: Health, Trade" in explain_park(results, "P", "pharmacy")
    record = json.loads(explain_park(results, "P", "pharmacy", as_json=True))["items"][0]
    assert record["department"] == "Health, Trade"
    assert (
        "department" not in json.loads(explain_park(results, "P", MEAL, as_json=True))["items"][0]
    )
    page = (tmp_path / "out/parks/P.html").read_text(encoding="utf-8")
    assert ">Department<" in page
    assert "Health, Trade" in page
    book = CalamineWorkbook.from_path(tmp_path / "out/parkgap.xlsx")
    gaps = {(r["Park id"], r["Item"]): r["Department"] for r in sheet(book, "Shortfall")}
    assert gaps["P", "Pharmacy"] == "Health, Trade"
    assert gaps["P", "Canteen or meal"] == ""
    due = {(r["Department"], r["Item"]): r for r in sheet(book, "Duties")}
    assert len(due) == 3
    both = due["Health", "Pharmacy"]
    assert (both["Parks short"], both["Workers not served"]) == (2, 1200)
    assert both["Fewest additions"] == 2
    shops = due["Trade", "Convenience store"]
    assert (shops["Parks short"], shops["Workers not served"]) == (1, 1000)
    assert "Shuttles" not in book.sheet_names
    assert "Under way" not in book.sheet_names


def test_a_study_without_lists_has_no_empty_room_for_them(tmp_path: Path) -> None:
    rerun.run(village().write(tmp_path / "town"), tmp_path / "out")
    book = CalamineWorkbook.from_path(tmp_path / "out/parkgap.xlsx")
    assert not {"Shuttles", "Under way", "Duties"} & set(book.sheet_names)
    assert "Department" not in book.get_sheet_by_name("Shortfall").to_python()[0]
    page = (tmp_path / "out/parks/P.html").read_text(encoding="utf-8")
    for words in ("Shuttle buses", "Lines at the stops", "Department", 'data-layer="planned"'):
        assert words not in page


def test_an_enterprise_s_own_canteen_feeds_its_people_alone(tmp_path: Path) -> None:
    # Two firms of one park at its drive, 20 m apart; one has a canteen with 300 seats.  No other
    # meal is anywhere: the one firm's people are served at the door, the other's are not.
    town = village()
    town.firm("G", "P", (0, 100), workers=1000)
    first, second = town.tables["enterprises"]
    first |= {"canteen_seats": 300, "canteen_hours": "11:00-13:00"}
    second |= {"canteen_seats": "", "canteen_hours": ""}
    results = town.results(tmp_path)
    row = judged(results, "P", MEAL)
    assert (row["status"], row["served_share"]) == ("short", 0.5)
    (canteen,) = results.facilities.to_dict("records")
    assert (canteen["access"], canteen["opening_hours"]) == ("enterprise:F", "11:00-13:00")
    assert canteen["facility_id"] == "list:enterprises/F"


def canteens(folder: Path, town: Town, **row: object) -> Town:
    """Give a town an official list of one canteen, at its firm unless told otherwise."""
    lon, lat = degrees(0, 100)
    row = {"id": "C1", "name": "Canteen", "lon": lon, "lat": lat, **row}
    with (folder / "canteens.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([list(row), list(row.values())])
    town.settings += f'[[facilities]]\nfile = "canteens.csv"\nitem = "{MEAL}"\ncrs = "WGS84"\n'
    return town


def own_canteen(**more: object) -> Town:
    """Make the village's firm feed its people."""
    town = village()
    town.tables["enterprises"][0] |= {"canteen_seats": 300, **more}
    return town


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"lon": "", "lat": ""}, "met"),
        ({"status": "planned", "open_date": "2027-01-01"}, "met"),
        ({"status": "removed"}, "short"),
    ],
)
def test_only_a_list_that_places_or_removes_it_speaks_for_a_firm_s_own_canteen(
    tmp_path: Path, row: dict[str, object], status: str
) -> None:
    town = canteens(tmp_path, own_canteen(), access="enterprise:F", **row)
    results = town.results(tmp_path)
    assert judged(results, "P", MEAL)["status"] == status


def test_a_canteen_of_a_firm_that_nobody_located_may_be_near(tmp_path: Path) -> None:
    town = village()
    firm = {"id": "G", "park_id": "P", "workers": 1000, "lon": "", "lat": ""}
    town.tables["enterprises"] = [
        {**town.tables["enterprises"][0], "canteen_seats": ""},
        {**firm, "canteen_seats": 300},
    ]
    row = judged(town.results(tmp_path), "P", MEAL)
    assert (row["status"], row["reason_unverified"]) == ("unverified", "unplaced")


def test_the_canteen_of_a_firm_of_few_is_on_no_page_and_in_no_table(tmp_path: Path) -> None:
    town = village()
    town.firm("G", "P", (0, 90), workers=4)
    first, second = town.tables["enterprises"]
    first |= {"name": "Many", "canteen_seats": 300}
    second |= {"name": "Few", "canteen_seats": 8}
    results = rerun.run(town.write(tmp_path / "town"), tmp_path / "out")
    assert results is not None
    at = degrees(0, 90)
    for file in sorted((tmp_path / "out").rglob("*")):
        if file.suffix in {".csv", ".html"}:
            text = file.read_text(encoding="utf-8-sig")
            assert "list:enterprises/G" not in text, file
            assert str(at[1]) not in text, file
    page = (tmp_path / "out/parks/P.html").read_text(encoding="utf-8")
    assert "list:enterprises/F" in page


def test_a_list_without_any_place_where_nothing_is_mapped_is_no_error(tmp_path: Path) -> None:
    town = canteens(tmp_path, village(), lon="", lat="")
    results = town.results(tmp_path)
    assert results.facilities.empty
    assert any("canteens.csv" in en for _, en in results.warnings)
