"""Reading a plan: every row that cannot be right is named, all at once, in both languages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import shapely
import xlsxwriter

from parkgap import frames
from parkgap.errors import TableError
from parkgap.publish.reading import _read_csv
from parkgap.publish.tables import _write_table
from parkgap.source_keys import PlanTable
from parkgap.sources.headings import plain
from parkgap.sources.list_columns import Known
from parkgap.sources.plan import KnownToPlan, read_plan
from parkgap.sources.plan_actions import ACTIONS
from parkgap.sources.reading import Read
from parkgap.sources.report import texts

PLACES = {"node/1": (120.0, 36.0), "list:canteens.csv/C1": (120.0, 36.0)}


def known() -> KnownToPlan:
    parks = frames.PARKS.frame(
        {
            "park_id": ["P", "Q"],
            "name": ["Park", "东园"],
            "workers": [1000.0, 300.0],
            "source": ["t", "t"],
            "geometry": [shapely.box(119.99, 35.99, 120.01, 36.01)] * 2,
            **{
                c.name: [None] * 2
                for c in frames.PARKS.columns
                if c.nullable and c.name != "workers"
            },
        }
    )
    firms = {
        "enterprise_id": ["F"],
        "park_id": ["P"],
        "workers": [600.0],
        "source": ["t"],
    }
    shifts = {
        "park_id": ["P", "P"],
        "shift": ["day", "night"],
        "start": ["08:00", "20:00"],
        "end": ["17:00", "05:00"],
        "share": [0.6, 0.4],
        "source": ["t", "t"],
    }
    stock = {"stock_id": ["H1"], "kind": ["dormitory"], "access": ["public"]}
    stock |= {"status": ["existing"], "source": ["t"]}

    def filled(schema: frames.Schema, columns: dict[str, list[object]]) -> object:
        size = len(next(iter(columns.values())))
        none: dict[str, list[object]] = {
            c.name: [None] * size for c in schema.columns if c.name not in columns
        }
        return schema.frame({**none, **columns})

    lists = Known(
        items={plain("parcel_point"): "parcel_point", plain("快递驿站"): "parcel_point"},
        parks=frozenset({"P", "Q"}),
        enterprises=frozenset({"F"}),
    )
    return KnownToPlan(
        lists=lists,
        parks=parks,
        enterprises=filled(frames.ENTERPRISES, firms),  # type: ignore[arg-type]
        shifts=filled(frames.SHIFTS, shifts),  # type: ignore[arg-type]
        stock=filled(frames.HOUSING_STOCK, stock),  # type: ignore[arg-type]
        coverage=shapely.box(119.9, 35.9, 120.1, 36.1),
        find=lambda ids: {i: PLACES[i] for i in ids if i in PLACES},
    )


def plan(folder: Path, *lines: str, crs: str | None = "WGS84", encoding: str = "utf-8") -> Read:
    (folder / "p.csv").write_text("\n".join([*lines, ""]), encoding=encoding)
    return read_plan(PlanTable(file="p.csv", crs=crs), root=folder, known=known())


def refused(folder: Path, *lines: str, crs: str | None = "WGS84") -> list[str]:
    """The refusals in short: row, column, value, what (English)."""
    with pytest.raises(TableError) as error:
        plan(folder, *lines, crs=crs)
    found = []
    for p in error.value.problems:
        zh, en = texts(p)
        assert zh != en
        assert "study.toml" not in f"{zh}{en}"
        assert p.file == "p.csv"
        assert p.remedy, p.what
        found.append(f"{p.row}:{p.column}:{p.value}: {p.what.split(' / ')[1]}")
    return found


HEAD = (
    "action,target,item,name,lon,lat,hours,beds,vacant,kind,park_id,workers,shift,start,end,share"
)


def row(**cells: object) -> str:
    return ",".join(str(cells.pop(name, "")) for name in HEAD.split(","))


def test_every_fault_of_a_plan_is_told_at_once(tmp_path: Path) -> None:
    found = refused(
        tmp_path,
        HEAD,
        row(action="build a bridge"),
        row(action="add", item="canteens", lon=120, lat=36),
        row(action="add", lon=120, lat=36),
        row(action="add", item="parcel_point", name="A"),
        row(action="add", item="parcel_point", name="B", lon=121.5, lat=36),
        row(action="close", target="node/7"),
        row(action="move", target="node/1"),
        row(action="retime", target="node/1"),
        row(action="beds", target="H9", beds=10, vacant=10),
        row(action="beds", target="H1", beds=10, vacant=11),
        row(action="beds", name="New", beds=10, vacant=10, lon=120, lat=36),
        row(action="headcount", park_id="R", workers=5),
        row(action="headcount", park_id="P", workers=-5),
        row(action="headcount", park_id="P"),
        row(action="shift", park_id="P", shift="late", share=0.1),
        row(action="shift", park_id="Q", shift="day", start="08:00", end="08:00", share=1),
    )
    assert found == [
        "2:action:build a bridge: unknown action",
        "3:item:canteens: no such item in the standard",
        "4:item:: the action add needs this cell",
        "5:lon:: the action add needs this cell",
        "6:lon:121.5: the position lies outside the map data",
        "7:target:node/7: no such facility",
        "8:lon:: the action move needs this cell",
        "9:hours:: the action retime needs this cell",
        "10:target:H9: no such housing in the stock",
        "11:vacant:11: a part is more than its whole",
        "12:kind:: the action beds needs this cell",
        "13:park_id:R: no such park or enterprise",
        "14:workers:-5: an absurd headcount",
        "15:workers:: the action headcount needs this cell",
        "15:park_id:P: repeated",
        "16:start:: a new shift needs its times",
        "16:end:: a new shift needs its times",
        "16:share:P: 1.1: the shares of the shifts do not sum to 1",
        "17:end:08:00: the shift ends when it starts",
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["target", "node/1"], "the column action is not there"),
        (["action,target", "move,node/1"], "the column lon is not there"),
        (["action,lon,lat", "add,120,36"], "the column item is not there"),
        (["action,target", "retime,node/1"], "the column hours is not there"),
        (["action,name,lon,lat,kind", "beds,A,120,36,宿舍"], "the column beds is not there"),
        (["action,target,lon", "move,node/1,120"], "no columns of longitude and latitude"),
        (["action,target", "close,node/1", "close,node/1"], "repeated"),
        (["action,target,hours", "close,node/1,", "retime,node/1,24/7"], "closes this place"),
        (["action,id,workers", "headcount,,5"], "the column target is not there"),
        (["action,target,workers", "headcount,,5"], "needs this cell"),
        (
            ["action,id,name,kind,beds,vacant,lon,lat", "beds,H1,N,宿舍,5,5,120,36"],
            "the stock has this id already",
        ),
        (["action,target,workers", "headcount,F,-0", "headcount,P,1e9"], "absurd headcount"),
    ],
)
def test_a_missing_column_or_a_contradiction_is_one_message(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    found = refused(tmp_path, *lines)
    assert sum(said in line for line in found) == 1, found
    if said.endswith("latitude"):
        assert len(found) == 1


def test_an_unsaid_datum_is_asked_for_where_there_are_positions(tmp_path: Path) -> None:
    (said,) = refused(tmp_path, "action,item,lon,lat", "add,parcel_point,120,36", crs=None)
    assert said.endswith("the coordinate system is not said")
    frame, _ = plan(tmp_path, "action,target", "close,node/1", crs=None)
    assert list(frame["target"]) == ["node/1"]


def test_chinese_headings_and_actions_in_the_encodings_of_chinese_offices(tmp_path: Path) -> None:
    lines = [
        "动作,对象编号,指标,名称,经度,纬度,营业时间,床位,空置床位,园区,人数,班次,比例",
        "新增,,快递驿站,站,120,36,08:00-20:00,,,,,,",
        "移动,node/1,,,120.001,36,,,,,,,",
        "床位,H1,,,,,,80,40,,,,",
        "人数,,,,,,,,,东园,1.2万,,",
        "班次,,,,,,,,,P,,day,60%",
        "调整时间,list:canteens.csv/C1,,,,,00:00-24:00,,,,,,",
    ]
    (tmp_path / "gbk").mkdir()
    for folder, encoding in ((tmp_path, "utf-8-sig"), (tmp_path / "gbk", "gb18030")):
        frame, warnings = plan(folder, *lines, encoding=encoding)
        assert warnings == []
        assert list(frame["action"]) == [
            *("add", "move", "beds", "headcount", "shift", "retime"),
        ]
        assert list(frame["target"]) == [
            *("站", "node/1", "H1", "park:Q", "park:P", "list:canteens.csv/C1"),
        ]
        assert frame["row"].tolist() == [2, 3, 4, 5, 6, 7]
        assert frame["workers"].dropna().tolist() == [12000]
        # what the row leaves open is as the shift was
        assert list(frame.loc[4, ["shift", "start", "end", "share"]]) == [
            *("day", "08:00", "17:00", 0.6),
        ]


def test_a_workbook_and_a_layer_are_plans_too(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "p.xlsx") as book:
        page = book.add_worksheet("计划")
        page.write_row(0, 0, ["动作", "指标", "名称", "经度", "纬度"])
        page.write_row(1, 0, ["新增", "parcel_point", "站", 120.0, 36.0])
    layer = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"action": "add", "item": "parcel_point", "name": "站"},
                "geometry": {"type": "Point", "coordinates": [120.0, 36.0]},
            },
            {
                "type": "Feature",
                "properties": {"action": "close", "target": "node/1"},
                "geometry": None,
            },
        ],
    }
    (tmp_path / "p.geojson").write_text(json.dumps(layer), encoding="utf-8")
    found, frame = [], frames.PLAN.frame()
    for name, crs in (("p.xlsx", "WGS84"), ("p.geojson", None)):
        frame, _ = read_plan(PlanTable(file=name, crs=crs), root=tmp_path, known=known())
        found.append(list(frame.loc[0, ["action", "target", "lon", "lat"]]))
    assert found == [["add", "站", 120.0, 36.0]] * 2
    assert list(frame["action"]) == ["add", "close"]


def test_sites_as_they_are_published_are_a_plan(tmp_path: Path) -> None:
    sites = frames.SITES.frame(
        {
            "site_id": ["s1", "s2", "Q-none"],
            "item": ["parcel_point"] * 3,
            "lon": [120.0, 120.002, float("nan")],
            "lat": [36.0, 36.0, float("nan")],
            "search_radius_m": [125.0, 0.0, float("nan")],
            "park_ids": ["P", "P;Q", "Q"],
            "workers_gained": [1000.0, 300.0, float("nan")],
            "score_gain": [3.0, 1.0, float("nan")],
            "order": [1, 2, None],
            "reason": [None, None, "=no candidate"],
        }
    )
    _write_table(tmp_path / "sites.csv", frames.SITES, sites)
    assert len(_read_csv(tmp_path / "sites.csv", frames.SITES)) == 3
    frame, warnings = read_plan(PlanTable(file="sites.csv"), root=tmp_path, known=known())
    assert list(frame["action"]) == ["add", "add"]
    assert list(frame["target"]) == ["s1", "s2"]
    assert frame["lon"].tolist() == [120.0, 120.002]
    assert [(w.row, w.value) for w in warnings] == [(4, "Q-none")]


SITES = "site_id,item,lon,lat,access,hours"


def test_sites_that_nothing_tells_apart_are_refused(tmp_path: Path) -> None:
    found = refused(
        tmp_path,
        SITES,
        "s1,parcel_point,120,36,public,",
        "s1,快递驿站,120.001,36,public,",
        ",parcel_point,120.002,36,public,",
    )
    assert found == ["3:site_id:s1: repeated", "4:site_id:: the action add needs this cell"]


def test_a_site_is_always_open_unless_the_list_gives_it_hours(tmp_path: Path) -> None:
    lines = ["s1,parcel_point,120,36,public,", "s2,parcel_point,120,36,public,08:00-18:00"]
    frame, warnings = plan(tmp_path, SITES, *lines)
    assert frame["hours"].tolist() == ["24/7", "08:00-18:00"]
    assert warnings == []


def test_two_cells_that_name_different_people_are_a_contradiction(tmp_path: Path) -> None:
    head = "action,target,enterprise_id,park_id,workers,shift,share"
    found = refused(
        tmp_path,
        head,
        "headcount,F,,Q,700,,",
        "headcount,Q,,P,700,,",
        "shift,,F,Q,,day,100%",
    )
    assert [line.partition(": ")[0] for line in found] == [
        *("2:park_id:Q", "3:park_id:P", "4:park_id:Q"),
    ]
    frame, _ = plan(tmp_path, head, "headcount,F,F,Park,700,,", "headcount,东园,,Q,300,,")
    assert frame["target"].tolist() == ["enterprise:F", "park:Q"]


def test_a_shift_that_nobody_has_cannot_be_given_up(tmp_path: Path) -> None:
    (said,) = refused(tmp_path, "action,park_id,shift,share", "shift,P,nigth,0")
    assert said == "2:shift:nigth: there is no such shift to give up"


def test_headcounts_of_firms_are_checked_all_together(tmp_path: Path) -> None:
    head = "action,target,workers"
    # The table says 600 for F; a park of 300 with 700 fewer would have less than none.
    few = known()
    few.parks.loc[0, "workers"] = 300.0
    source = PlanTable(file="p.csv", crs=None)
    (tmp_path / "p.csv").write_text(f"{head}\nheadcount,F,200\n", encoding="utf-8")
    with pytest.raises(TableError) as error:
        read_plan(source, root=tmp_path, known=few)
    (problem,) = error.value.problems
    assert (problem.row, problem.column, problem.rule) == (2, "workers", "P: -100")
    # Whichever row is first: what another firm gains stays in the park.
    two = few.enterprises.assign(enterprise_id="G", workers=0.0)
    both = pd.concat([few.enterprises, two], ignore_index=True)
    for lines in (("F,200", "G,400"), ("G,400", "F,200")):
        rows = "".join(f"headcount,{line}\n" for line in lines)
        (tmp_path / "p.csv").write_text(f"{head}\n{rows}", encoding="utf-8")
        read_plan(source, root=tmp_path, known=replace(few, enterprises=both))


def test_a_park_that_a_plan_makes_smaller_than_its_firms_is_told(tmp_path: Path) -> None:
    _, warnings = plan(tmp_path, "action,target,workers", "headcount,P,100")
    assert [(w.row, w.value) for w in warnings] == [(2, "100")]
    assert "600" not in str(warnings)
    _, none = plan(tmp_path, "action,target,workers", "headcount,P,100", "headcount,F,90")
    assert none == []


def test_cells_that_an_action_does_not_read_are_told(tmp_path: Path) -> None:
    _, warnings = plan(tmp_path, "action,target,hours", "close,node/1,24/7")
    assert [(w.row, w.column, w.value) for w in warnings] == [(2, "hours", "24/7")]


def test_ids_of_what_is_new_are_its_own_else_its_name_told_apart_by_place(tmp_path: Path) -> None:
    frame, _ = plan(
        tmp_path,
        "action,id,item,name,lon,lat",
        "add,A1,parcel_point,X,120,36",
        "add,,parcel_point,X,120.001,36",
        "add,,parcel_point,,120.002,36",
        "add,,parcel_point,,120.003,36",
    )
    one, two, three, four = frame["target"]
    assert (one, two) == ("A1", "X")
    assert three != four
    assert three.startswith("parcel_point-")
    again, _ = plan(
        tmp_path,
        "action,id,item,name,lon,lat",
        "add,,parcel_point,,120.003,36",
        "add,,parcel_point,,120.002,36",
    )
    assert again["target"].tolist() == [four, three]  # never by the row


def test_an_empty_plan_is_one(tmp_path: Path) -> None:
    frame, _ = plan(tmp_path, "action,target")
    assert frame.empty


def test_no_two_actions_share_a_word() -> None:
    words: Sequence[str] = [w for names in ACTIONS.values() for w in names]
    assert len(words) == len(set(words))
