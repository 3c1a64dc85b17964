"""What-if: a plan tried on a town says what the same town says whose tables a hand has edited."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.towns import degrees, judged, scored, village, walk
from typer.testing import CliRunner

import parkgap
from parkgap import frames, pipeline, rerun
from parkgap.cli import app
from parkgap.inputs import Tables
from parkgap.plans import settled
from parkgap.publish.plancauses import PlanCauses
from parkgap.publish.reading import read_published
from parkgap.results import Results
from parkgap.store import Store
from parkgap.study import Study, load_study
from parkgap.whatif import with_plan

METRE = 0.05
PARCEL, DRUGS, SHOP, MEAL, HOMES = (
    *("parcel_point", "pharmacy", "convenience_store"),
    *("canteen_or_meal", "worker_housing"),
)
LISTED = '[[facilities]]\nfile = "canteens.csv"\nitem = "canteen_or_meal"\ncrs = "WGS84"\n'
BY_HAND = '[[facilities]]\nfile = "plan.csv"\ncrs = "WGS84"\n'
_FRAMES = (
    *("assessment", "ranking", "shortfall", "rollup", "facilities", "nearby", "gates", "parks"),
    *("completeness", "certainty", "comparison", "clusters"),
)


def at(x: float, y: float) -> dict[str, float]:
    return dict(zip(("lon", "lat"), degrees(x, y), strict=True))


def write_rows(file: Path, rows: list[dict[str, Any]], encoding: str = "utf-8") -> Path:
    heads = list(dict.fromkeys(k for row in rows for k in row)) or ["action", "target"]
    with file.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, heads)
        writer.writeheader()
        writer.writerows(rows)
    return file


def whatif(study: Study, rows: list[dict[str, Any]], **how: Any) -> Results:
    plan = write_rows(study.root / "plan.csv", rows)
    return pipeline.compute(with_plan(study, plan, "WGS84"), **how)


def said(results: Results) -> dict[str, str]:
    """Everything that is told, as text; a plan's list and one of a hand have one name."""
    found = {name: getattr(results, name) for name in _FRAMES}
    found |= {f"beside.{f.name}": getattr(results.beside, f.name) for f in fields(results.beside)}
    found |= {f"firm.{n}": getattr(results.firm, n) for n in ("parks", "sets", "to_check")}
    texts = {n: v.to_csv() for n, v in found.items() if isinstance(v, pd.DataFrame)}
    return {n: t.replace("list:plan.csv/", "list:plan/") for n, t in texts.items()}


def agree(one: Results, two: Results) -> None:
    ours, theirs = said(one), said(two)
    assert {n for n in ours if ours[n] != theirs[n]} == set()


# --- the town -------------------------------------------------------------------------------------


class Desk:
    """The village with every table, as it is or as a hand has edited it.

    Along the main street (a place at x is 120 + |x| m from the firm): a pharmacy at 100, a shop at
    -100, a listed canteen at 200, housing of the stock at 50, a parcel point planned at 150.  There
    are two shifts, and two firms of 500.
    """

    def __init__(self) -> None:
        self.drugs: dict[str, Any] = {"x": 100.0, "opening_hours": "Mo-Su 08:00-20:00"}
        self.workers: float = 1000
        self.basis: str | None = None
        self.firms = {"F": 500.0, "G": 500.0}
        self.canteen: dict[str, Any] = {
            "id": "C1",
            "name": "Canteen",
            **at(200, 10),
            "hours": "06:00-20:00",
            "seats": 200,
            "status": "现有",
        }
        self.stock = [{"id": "H1", "kind": "宿舍", "beds": 400, "beds_vacant": 20, **at(50, -10)}]
        self.projects = [
            {"id": "X1", "item": PARCEL, "status": "planned", "open_date": "2026", **at(150, 10)}
        ]
        self.shifts = [
            {"shift": "day", "start": "08:00", "end": "17:00", "share": 0.6},
            {"shift": "night", "start": "20:00", "end": "05:00", "share": 0.4},
        ]
        self.more: list[dict[str, Any]] = []

    def write(self, folder: Path) -> Study:
        columns = {} if self.basis is None else {"headcount_basis": self.basis}
        town = village(workers=self.workers, **columns)
        x = self.drugs["x"]
        town.node(x, 0, amenity="pharmacy", name="D", opening_hours=self.drugs["opening_hours"])
        town.node(-100, 0, shop="convenience", name="S")
        town.tables.clear()
        for firm, workers in self.firms.items():
            town.firm(firm, "P", (0, 120), workers)
        town.tables["shifts"] = [
            {"park_id": "P", "break_start": "", "break_minutes": "", **s} for s in self.shifts
        ]
        for name in ("stock", "projects"):
            if getattr(self, name):
                town.tables["housing_stock" if name == "stock" else name] = getattr(self, name)
        folder.mkdir(parents=True)
        write_rows(folder / "canteens.csv", [self.canteen])
        town.settings = LISTED
        if self.more:
            write_rows(folder / "plan.csv", self.more)
            town.settings += BY_HAND
        return town.write(folder)


PHARMACY = "node/61"  # after 40 florists, 16 corners of houses, 3 + 1 of the streets


def _added(d: Desk) -> None:
    d.more = [{"id": "N", "name": "New", "item": PARCEL, **at(80, 10), "hours": "", "status": ""}]


def _closed(d: Desk) -> None:
    d.canteen["status"] = "已关闭"


def _moved(d: Desk) -> None:
    d.canteen |= at(700, 10)


def _timed(d: Desk) -> None:
    d.canteen["hours"] = "11:00-13:00"


def _beds(d: Desk) -> None:
    d.stock[0] |= {"beds": 500, "beds_vacant": 120}


def _housing(d: Desk) -> None:
    row = {"id": "H2", "kind": "公租房", "beds": 60, "beds_vacant": 60, **at(-300, 10)}
    d.stock = [{**d.stock[0], "source": ""}, {**row, "source": "plan.csv"}]


def _no_housing(d: Desk) -> None:
    d.stock = []


def _workers(d: Desk) -> None:
    d.workers, d.basis = 4000, "plan"


def _firm(d: Desk) -> None:
    d.firms["G"], d.workers, d.basis = 800.0, 1300, "plan"


def _shifted(d: Desk) -> None:
    d.shifts = [
        {"shift": "day", "start": "08:00", "end": "17:00", "share": 0.9},
        {"shift": "night", "start": "21:00", "end": "05:00", "share": 0.1},
    ]


def _one_shift(d: Desk) -> None:
    d.shifts = [{"shift": "night", "start": "20:00", "end": "05:00", "share": 1}]


def _firms_own(d: Desk) -> None:
    d.shifts = [{"enterprise_id": "", **s} for s in d.shifts]
    d.shifts.append({"enterprise_id": "G", **d.shifts[1], "share": 1} | {"enterprise_id": "G"})


def _cancelled(d: Desk) -> None:
    d.projects = []


def _planned_elsewhere(d: Desk) -> None:
    d.projects[0] |= at(-60, 10)


def _walked(d: Desk) -> None:
    d.drugs["x"] = 600.0


def _late(d: Desk) -> None:
    d.drugs["opening_hours"] = "24/7"


CASES: list[tuple[list[dict[str, Any]], Callable[[Desk], None]]] = [
    ([{"action": "add", "id": "N", "name": "New", "item": PARCEL, **at(80, 10)}], _added),
    ([{"action": "close", "target": "list:canteens.csv/C1"}], _closed),
    ([{"action": "move", "target": "list:canteens.csv/C1", **at(700, 10)}], _moved),
    ([{"action": "retime", "target": "list:canteens.csv/C1", "hours": "11:00-13:00"}], _timed),
    ([{"action": "move", "target": PHARMACY, **at(600, 0)}], _walked),
    ([{"action": "retime", "target": PHARMACY, "hours": "24/7"}], _late),
    ([{"action": "beds", "target": "H1", "beds": 500, "vacant": 120}], _beds),
    (
        [
            {
                "action": "beds",
                "id": "H2",
                "kind": "公租房",
                "beds": 60,
                "vacant": 60,
                **at(-300, 10),
            }
        ],
        _housing,
    ),
    ([{"action": "close", "target": "list:housing_stock/H1"}], _no_housing),
    ([{"action": "headcount", "park_id": "P", "workers": 4000}], _workers),
    ([{"action": "headcount", "target": "G", "workers": 800}], _firm),
    (
        [
            {"action": "shift", "park_id": "P", "shift": "day", "share": "90%"},
            {"action": "shift", "park_id": "P", "shift": "night", "start": "21:00", "share": 0.1},
        ],
        _shifted,
    ),
    (
        [
            {"action": "shift", "park_id": "P", "shift": "day", "share": 0},
            {"action": "shift", "park_id": "P", "shift": "night", "share": "100%"},
        ],
        _one_shift,
    ),
    (
        [
            {"action": "shift", "enterprise_id": "G", "shift": "night", "share": 1}
            | {"start": "20:00", "end": "05:00"}
        ],
        _firms_own,
    ),
    ([{"action": "close", "target": "list:projects/X1"}], _cancelled),
    ([{"action": "move", "target": "list:projects/X1", **at(-60, 10)}], _planned_elsewhere),
]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Give the results of the study as it is."""
    return pipeline.compute(Desk().write(tmp_path_factory.mktemp("plain") / "town"))


@pytest.mark.parametrize(("rows", "edit"), CASES, ids=[edit.__name__ for _, edit in CASES])
def test_a_plan_says_what_edited_tables_say(
    tmp_path: Path, plain: Results, rows: list[dict[str, Any]], edit: Callable[[Desk], None]
) -> None:
    tried = whatif(Desk().write(tmp_path / "plan"), rows)
    assert said(tried) != said(plain)
    hand = Desk()
    edit(hand)
    agree(tried, pipeline.compute(hand.write(tmp_path / "hand")))


def test_an_empty_plan_changes_nothing(tmp_path: Path, plain: Results) -> None:
    assert PHARMACY in set(plain.facilities["facility_id"])
    agree(whatif(Desk().write(tmp_path / "town"), []), plain)


# --- what is done to places -----------------------------------------------------------------------


def test_a_mapped_place_is_closed_by_its_id_alone(tmp_path: Path) -> None:
    # Two shops of one name, 30 m apart: the one at 130 m is closed, the one at 100 m stays.
    town = village()
    near = town.node(100, 0, shop="convenience", name="A")
    far = town.node(130, 0, shop="convenience", name="B")
    study = town.write(tmp_path)
    left = whatif(study, [{"action": "close", "target": far}])
    assert left.facilities["facility_id"].tolist() == [near]
    assert left.closed == (far,)
    assert judged(left, "P", SHOP)["status"] == "met"
    none = whatif(study, [{"action": "close", "target": i} for i in (near, far)])
    assert none.facilities.empty
    assert judged(none, "P", SHOP)["status"] == "short"


def test_any_id_of_a_merged_place_closes_all_of_it(tmp_path: Path) -> None:
    town = village()
    node = town.node(104, 12, amenity="pharmacy", name="D")
    way = town.area((100, 8, 110, 18), amenity="pharmacy", name="D")
    study = town.write(tmp_path)
    assert len(pipeline.compute(study).facilities) == 1
    for target in (node, way):
        tried = whatif(study, [{"action": "close", "target": target}])
        assert tried.facilities.empty
        assert set(tried.closed) == {node, way}


def test_the_stock_follows_a_dormitory_that_is_closed_or_moved_by_its_id_of_the_map(
    tmp_path: Path,
) -> None:
    # The stock's H1 lies 10 m from the mapped dormitory of its name: one place, id of the map.
    town = village()
    dorm = town.node(50, 0, building="dormitory", name="职工宿舍")
    row = {"id": "H1", "name": "职工宿舍", "kind": "宿舍", "beds": 400, "beds_vacant": 100}
    town.tables["housing_stock"] = [{**row, **at(50, -10)}]
    study = town.write(tmp_path)
    base = pipeline.compute(study)
    assert base.beside.stock[["facility_id", "stock_id"]].to_numpy().tolist() == [[dorm, "H1"]]
    for target in (dorm, "list:housing_stock/H1"):
        closed = whatif(study, [{"action": "close", "target": target}])
        assert closed.beside.stock.empty
        assert closed.facilities.empty
        moved = whatif(study, [{"action": "move", "target": target, **at(-300, 10)}])
        assert moved.beside.stock["stock_id"].tolist() == ["H1"]
        assert walk(moved, "P", dorm) == pytest.approx(430, abs=METRE)


def test_housing_of_the_stock_lies_where_its_place_moved_to() -> None:
    stock = frames.HOUSING_STOCK.frame(
        {
            **{c.name: [None, None] for c in frames.HOUSING_STOCK.columns if c.nullable},
            "stock_id": ["H1", "H2"],
            "kind": ["dormitory"] * 2,
            "access": ["public"] * 2,
            "status": ["existing"] * 2,
            "source": ["t"] * 2,
            "lon": [120.0, 120.1],
            "lat": [36.0, 36.1],
        }
    )
    empty = {f.name: frames.PARKS.frame() for f in fields(Tables) if f.name != "warnings"}
    tables = Tables(**{**empty, "housing_stock": stock}, warnings=())
    places = pd.DataFrame(
        {
            "lon": [120.5, 120.1],
            "lat": [36.5, 36.1],
            "source_ids": [["node/1", "list:housing_stock/H1"], ["list:housing_stock/H2"]],
        }
    )
    edits = frames.EDITS.frame(
        {
            "target": ["node/1"],
            "action": ["move"],
            "lon": [120.0],
            "lat": [36.0],
            "to_lon": [120.5],
            "to_lat": [36.5],
            "hours": [None],
        }
    )
    made = settled(tables, edits, places, ("list:housing_stock/H2",)).housing_stock
    assert made[["stock_id", "lon", "lat"]].to_numpy().tolist() == [["H1", 120.5, 36.5]]
    assert tables.housing_stock is stock
    assert len(stock) == 2


def test_what_moves_keeps_its_name_hours_and_access_and_is_walked_to_anew(tmp_path: Path) -> None:
    town = village()
    area = town.area(
        (100, 8, 110, 18), amenity="pharmacy", name="D", opening_hours="Mo-Su 08:00-20:00"
    )
    study = town.write(tmp_path)
    before = pipeline.compute(study).facilities.iloc[0]
    tried = whatif(study, [{"action": "move", "target": area, **at(-200, 10)}])
    after = tried.facilities.iloc[0]
    kept = ["facility_id", "name", "items", "access", "opening_hours", "source_ids"]
    assert after[kept].tolist() == before[kept].tolist()
    assert walk(tried, "P", area) == pytest.approx(330, abs=METRE)  # 120 + 200 + 10 to its door


def test_a_place_moves_from_one_park_to_another_that_is_looked_at_by_itself(
    tmp_path: Path,
) -> None:
    # Two parks 60 km apart are two shards; the pharmacy at the one moves to the other.
    town = village()
    town.extent = (-4000, -4000, 64_000, 4000)
    town.street((58_500, 0), (60_000, 0), (61_500, 0))
    town.street((60_000, 0), (60_000, 120), highway="service")
    town.park("Q", (59_900, 20, 60_100, 220))
    town.firm("G", "Q", (60_000, 120))
    shop = town.node(60_100, 0, amenity="pharmacy", name="D")
    study = town.write(tmp_path)
    base = pipeline.compute(study)
    assert walk(base, "P", shop) is None
    assert walk(base, "Q", shop) == pytest.approx(220, abs=0.3)
    tried = whatif(study, [{"action": "move", "target": shop, **at(-150, 0)}])
    assert walk(tried, "P", shop) == pytest.approx(270, abs=0.3)
    assert walk(tried, "Q", shop) is None
    assert tried.facilities["name"].tolist() == ["D"]


def test_what_is_built_is_a_place_of_its_own_beside_one_of_its_name(tmp_path: Path) -> None:
    town = village()
    town.node(100, 0, amenity="pharmacy", name="D")
    row = {"action": "add", "item": DRUGS, "name": "D", "access": "park:P", **at(110, 0)}
    tried = whatif(town.write(tmp_path), [row])
    assert tried.facilities["access"].tolist() == ["public", "park:P"]


def test_a_planned_canteen_stands_beside_the_firms_own(tmp_path: Path) -> None:
    town = village()
    town.tables["enterprises"][0] |= {"canteen_seats": 100}
    row = {"action": "add", "item": MEAL, "name": "K", "access": "enterprise:F", **at(200, 0)}
    tried = whatif(town.write(tmp_path), [row])
    assert tried.facilities["facility_id"].tolist() == ["list:enterprises/F", "list:plan/K"]
    closed = whatif(load_study(tmp_path), [{"action": "close", "target": "list:enterprises/F"}])
    assert closed.facilities.empty


def test_a_neighbourhood_centre_is_a_place_of_each_of_its_functions(tmp_path: Path) -> None:
    row = {"action": "add", "item": "neighbourhood_centre", "name": "N", **at(100, 0)}
    tried = whatif(village().write(tmp_path), [row])
    centre = tried.standard.neighbourhood_centre
    assert centre is not None
    items = {i for i in centre.functions.values() if i is not None}
    assert len(items) == 11  # twelve functions, of which stationery has no item
    assert {i for row in tried.facilities["items"] for i in row} == items
    assert tried.clusters["functions"].tolist() == [11] if "functions" in tried.clusters else True


def test_building_lowers_no_score_low_and_closing_it_again_gives_the_base_back(
    tmp_path: Path,
) -> None:
    study = Desk().write(tmp_path / "town")
    store = Store(tmp_path / "store")
    base = pipeline.compute(study, store=store)
    items = [i.id for i in base.standard.scored if not i.of_items]
    low = float(scored(base, "P")["score_low"])
    for n, item in enumerate(items):
        for access in ("public", "park:P", "enterprise:F"):
            row = {"action": "add", "item": item, "access": access, **at(150.0 - 20 * n, 5)}
            if access != "public" and n % 5:
                continue
            tried = whatif(study, [row], store=store)
            assert float(scored(tried, "P")["score_low"]) >= low - 1e-9, (item, access)
    # The plan's own list in the study, and a plan that closes it.
    _added(hand := Desk())
    built = hand.write(tmp_path / "built")
    ids = [f"list:plan.csv/{r['id']}" for r in hand.more]
    closing = write_rows(tmp_path / "close.csv", [{"action": "close", "target": i} for i in ids])
    agree(pipeline.compute(with_plan(built, closing)), base)


def test_another_headcount_by_plan_reads_walks_from_the_store(tmp_path: Path) -> None:
    study = Desk().write(tmp_path / "town")
    store = Store(tmp_path / "store")
    pipeline.compute(study, store=store)
    clock = pipeline.Clock(lambda _: None)
    row = {"action": "headcount", "target": "enterprise:G", "workers": 800}
    whatif(study, [row], store=store, clock=clock)
    reused = {stage.name: stage.reused for stage in clock.stages}
    assert {n.split(" ")[0] for n in reused["reach"]} >= {"streets", "facilities", "reach"}
    assert "tables" in reused["tables"]


# --- a published list of sites --------------------------------------------------------------------


def test_published_sites_are_a_plan_and_serve_whom_they_were_worked_out_to_serve(
    tmp_path: Path,
) -> None:
    # Two parks of 1,000 and 600; a parcel point is due within 300 m.  One site 120 + 100 + 10 =
    # 230 m from the first park's firm; the second park, 1,500 m east, has none in reach.
    town = village().mapped(west=1100, south=-900)
    town.street((1500, 0), (1500, 120), highway="service")
    town.park("Q", (1400, 20, 1600, 220), workers=600)
    town.firm("G", "Q", (1500, 120), 600)
    study = town.write(tmp_path)
    (file := tmp_path / "sites.csv").write_text(
        "site_id,item,lon,lat,search_radius_m,park_ids,workers_gained,score_gain,order,reason\n"
        f"s1,{PARCEL},{at(100, 10)['lon']},{at(100, 10)['lat']},125,P,1000,3.1,1,\n"
        f"s2,{PARCEL},,,,Q,,,,no candidate\n"
        f"s1,{DRUGS},{at(100, 10)['lon']},{at(100, 10)['lat']},125,P,1000,3.1,1,\n",
        encoding="utf-8-sig",
    )
    base, tried = pipeline.compute(study), pipeline.compute(with_plan(study, file))
    for item in (PARCEL, DRUGS):
        unserved = [
            float(r.shortfall.loc[r.shortfall["item"] == item, "workers_unserved"].sum())
            for r in (base, tried)
        ]
        assert unserved == [1600, 600], item
        assert judged(tried, "P", item)["status"] == "met"
        assert judged(tried, "Q", item)["status"] == "short"
    assert tried.facilities["facility_id"].tolist() == [
        *(f"list:plan/s1-{i}" for i in sorted((PARCEL, DRUGS))),
    ]
    assert any("sites.csv" in en and "row 3" in en for _, en in tried.warnings)


# --- the command ----------------------------------------------------------------------------------


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["whatif", *map(str, arguments)])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    Desk().write(tmp_path / "town")
    monkeypatch.chdir(tmp_path)
    return tmp_path


PLAN: list[dict[str, Any]] = [
    {"action": "新增", "id": "N", "name": "<img src=x onerror=alert(1)>", "item": PARCEL}
    | at(80, 10),
    {"action": "关闭", "target": PHARMACY},
    {"action": "人数", "target": "G", "workers": 800},
]


def test_the_base_is_run_first_and_said_and_the_causes_name_the_plan(desk: Path) -> None:
    plan = write_rows(desk / "方案 一.csv", PLAN, "gb18030")
    done = command("town", plan, "--crs", "wgs84")
    assert done.exit_code == 0, done.output
    assert "run first: maps/town" in done.output
    out = desk / "maps" / "town-whatif-方案 一"
    causes = {r["what"]: r["cause"] for r in _rows(out / "changes.csv")}
    assert causes[f"status:{PARCEL}"].startswith("plan_added list:plan/N (plan 方案 一.csv, row 2")
    assert (
        causes[f"status:{DRUGS}"] == f"plan_closed {PHARMACY} (plan 方案 一.csv, row 3, closes: D)"
    )
    assert causes["workers"] == "plan_headcount P (plan 方案 一.csv, row 4, sets headcounts)"
    for text in causes.values():
        assert "facility_" not in text
        assert "headcount_" not in text.replace("plan_headcount", "")
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["whatif"]["file"] == "方案 一.csv"
    assert "enterprise:G" not in json.dumps(record["whatif"])
    assert "方案 一.csv" in record["inputs"]
    base = json.loads((desk / "maps" / "town" / "run.json").read_text(encoding="utf-8"))
    assert record["compared_with"]["seal"] == base["seal"]
    assert "whatif" not in base
    for page in [out / "index.html", out / "changes.html", *(out / "parks").glob("*.html")]:
        text = page.read_text(encoding="utf-8")
        assert "What if: not the present state, but the plan “方案 一.csv”" in text, page
        assert "<img src=x" not in text
    notice = (out / "NOTICE.txt").read_text(encoding="utf-8-sig")
    assert "方案推演：非现状，假设计划“方案 一.csv”已实施" in notice
    again = command("town", plan, "--crs", "wgs84")
    assert "Nothing has changed" in again.output
    assert "run first" not in again.output


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_two_runs_are_the_same_bytes_and_a_record_repeats_the_what_if(desk: Path) -> None:
    plan = write_rows(desk / "town" / "plan.csv", PLAN)
    for out in ("one", "two"):
        done = command("town", plan, "--crs", "WGS84", "--out", out, "--fresh", "-q")
        assert done.exit_code == 0, done.output
    again = CliRunner().invoke(app, ["run", "town", "--from", "one", "--out", "three", "-q"])
    assert again.exit_code == 0, again.output
    first = _bytes(desk / "one")
    assert _bytes(desk / "two") == first
    assert _bytes(desk / "three") == first
    plan.write_text(plan.read_text(encoding="utf-8") + " ", encoding="utf-8")
    refused = CliRunner().invoke(app, ["run", "town", "--from", "one", "--out", "four"])
    assert refused.exit_code == 1
    assert "plan.csv: 内容已不同" in refused.output
    assert not (desk / "four").exists()


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "timings.json"
    }


def test_an_edited_plan_or_study_is_run_again(desk: Path) -> None:
    plan = write_rows(desk / "plan.csv", PLAN[1:2])
    assert command("town", plan, "-q").exit_code == 0
    write_rows(plan, PLAN[2:])
    said = json.loads(_json(command("town", plan, "--json").output))
    assert (said["unchanged"], said["base_run"], said["base"]) == (False, False, "maps/town")
    assert {row["what"] for row in said["changes"]} >= {"workers"}
    shop = desk / "town" / "canteens.csv"
    shop.write_text(shop.read_text(encoding="utf-8").replace("200,", "300,"), encoding="utf-8")
    edited = json.loads(_json(command("town", plan, "--json").output))
    assert (edited["unchanged"], edited["base_run"]) == (False, True)
    said = json.loads(_json(command("town", plan, "--json").output))
    assert said["unchanged"] is True


def _json(output: str) -> str:
    return output[output.index("{") :]


def test_a_base_of_something_else_and_one_folder_for_both_are_refused(desk: Path) -> None:
    plan = write_rows(desk / "plan.csv", PLAN[1:2])
    assert command("town", plan, "-q").exit_code == 0
    whatifs = desk / "maps" / "town-whatif-plan"
    before = _bytes(whatifs)
    for arguments, text in (
        (("--base", whatifs), "此处不是本研究的现状结果"),
        (("--out", "maps/town"), "方案结果与现状结果不能是同一文件夹"),
        (("--crs", "mars"), "不认识的坐标系"),
    ):
        refused = command("town", plan, *arguments)
        assert refused.exit_code == 1, arguments
        assert text in refused.output
        assert "Traceback" not in refused.output
    assert _bytes(whatifs) == before
    assert command("town", "nowhere.csv").exit_code == 1
    bad = write_rows(desk / "bad.csv", [{"action": "close", "target": "node/7777"}])
    refused = command("town", bad, "--json")
    assert refused.exit_code == 1
    (error,) = json.loads(refused.output)["errors"]
    assert error.startswith("bad.csv, row 2, column target: 查无此设施 / no such facility")
    assert not (desk / "maps" / "town-whatif-bad").exists()
    assert command("town", plan, "--fail-under", "99", "-q").exit_code == 3


def test_a_run_over_a_what_if_is_not_compared_with_it(desk: Path) -> None:
    plan = write_rows(desk / "plan.csv", PLAN[1:2])
    assert command("town", plan, "--out", "both", "-q").exit_code == 0
    assert (desk / "both" / "changes.csv").is_file()
    rerun.run(load_study(desk / "town"), desk / "both")
    assert read_published(desk / "both").record["compared_with"] is None
    assert not (desk / "both" / "changes.csv").exists()


def test_a_plan_without_rows_changes_nothing(desk: Path) -> None:
    plan = write_rows(desk / "plan.csv", [])
    assert command("town", plan, "-q").exit_code == 0
    out = desk / "maps" / "town-whatif-plan"
    assert _rows(out / "changes.csv") == []
    ours = _rows(out / "ranking.csv")
    assert ours == _rows(desk / "maps" / "town" / "ranking.csv")


def test_study_toml_cannot_name_a_plan(tmp_path: Path) -> None:
    town = village()
    town.settings = '[whatif]\nfile = "plan.csv"'
    with pytest.raises(ValueError, match="unknown key"):
        town.write(tmp_path)


def test_an_archive_that_is_named_as_the_base_is_never_written_over(desk: Path) -> None:
    plan = write_rows(desk / "plan.csv", PLAN[1:2])
    archive = desk / "archive"
    assert command("town", plan, "--base", archive, "-q").exit_code == 0
    before = _bytes(archive)
    assert before
    shop = desk / "town" / "canteens.csv"
    shop.write_text(shop.read_text(encoding="utf-8").replace("200,", "300,"), encoding="utf-8")
    refused = command("town", plan, "--base", archive)
    assert refused.exit_code == 1
    assert "out of date or were changed, and are not replaced" in refused.output
    assert _bytes(archive) == before
    # A record that cannot be read is no leave to write over the rest.
    record = archive / "run.json"
    record.write_bytes(record.read_bytes()[:-100])
    before = _bytes(archive)
    assert command("town", plan, "--base", archive).exit_code == 1
    assert _bytes(archive) == before


def test_a_firm_that_shrinks_needs_no_more_beds_than_it_has_workers(tmp_path: Path) -> None:
    # Of the 500 of F 300 need lodging, says F; with 100 workers it can be 100 at most.
    town = village(workers=500)
    town.tables["enterprises"][0] |= {"workers": 500, "lodging_need": 300}
    study = town.write(tmp_path)
    rows = [{"action": "headcount", "target": "enterprise:F", "workers": w} for w in (100, 400)]
    said = [_need(whatif(study, [row])) for row in rows]
    assert said == [100, 300]


def _need(results: Results) -> float:
    return float(results.plans.housing["lodging_need"].iloc[0])


def test_of_two_ids_the_longer_of_which_begins_with_the_other_each_has_its_row() -> None:
    ids = [["list:plan/A/1"], ["list:plan/A"], ["list:plan/N/pharmacy"]]
    frame = pd.DataFrame({"facility_id": [i[0] for i in ids], "source_ids": ids})
    rows = [
        {"row": n, "action": "add", "target": target, "park_id": None}
        for n, target in enumerate(("A", "A/1", "N"), start=2)
    ]
    after = {"whatif": {"file": "p.csv", "rows": rows}}
    causes = PlanCauses.of({}, after, frame).places
    told = {key: [dict(c.facts)["row"] for c in found] for key, found in causes.items()}
    assert told == {
        "list:plan/A": ["2"],
        "list:plan/A/1": ["3"],
        "list:plan/N": ["4"],
        "list:plan/N/pharmacy": ["4"],
    }


def test_more_beds_are_told_as_fewer_lacking(desk: Path) -> None:
    # A fifth of 1,000 workers need a bed and nobody is known to have one: 200.  Of the house 170 m
    # away 20 beds are vacant, and 120 with the plan.
    toml = desk / "town" / "study.toml"
    asked = "\n[housing]\nneed_share = { low = 0.1, mid = 0.2, high = 0.3 }\n"
    toml.write_text(toml.read_text(encoding="utf-8") + asked, encoding="utf-8")
    row = {"action": "beds", "target": "H1", "beds": 500, "vacant": 120}
    assert command("town", write_rows(desk / "plan.csv", [row]), "-q").exit_code == 0
    out = desk / "maps" / "town-whatif-plan"
    told = {r["what"]: r for r in _rows(out / "changes.csv")}["beds_short"]
    assert (told["before"], told["after"]) == ("180", "80")
    assert "plan_beds" in told["cause"]
    assert "plan.csv" in told["cause"]
    assert parkgap.read_results(out)["housing"]["beds_allocated"].tolist() == [120]
