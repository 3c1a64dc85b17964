"""The bureaus' lists: every column with its meaning, states told apart, absence declared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from parkgap import frames, list_keys
from parkgap.errors import TableError
from parkgap.sources import lists
from parkgap.sources.list_columns import Known, item_of
from parkgap.standard import load

if TYPE_CHECKING:
    import pandas as pd

KNOWN = Known(
    items={"canteenormeal": "canteen_or_meal", "食堂": "canteen_or_meal", "药店": "pharmacy"},
    parks=frozenset({"P1"}),
    enterprises=frozenset({"E1"}),
)


def cells(frame: pd.DataFrame, row: str | int, *columns: str) -> list[object]:
    """Cells of one row, as a list."""
    return [frame.loc[row, column] for column in columns]


def write(folder: Path, text: str, name: str = "t.csv") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def facilities(folder: Path, text: str, **keys: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    write(folder, text)
    source = list_keys.FacilitiesTable.model_validate({"file": "t.csv", "crs": "WGS84", **keys})
    official, _ = lists.read_facilities([source], root=folder, known=KNOWN)
    complete, _ = lists.complete_lists(
        [source], official, None, frames.HOUSING_STOCK.frame(), known=KNOWN
    )
    return official, complete


def test_every_column_of_a_list_of_facilities(tmp_path: Path) -> None:
    official, complete = facilities(
        tmp_path,
        "编号,名称,开放范围,状态,开业日期,营业时间,座位,建筑面积,已拆除,项目编号,经度,纬度,来源\n"
        "2,乙食堂,企业:E1,在建,2027年3月,11:00-13:00,120,300,否,X1,120.1,36,局\n"
        "1,甲食堂,对外,营业中,,,,,,,120.1,36,\n"
        "3,丙食堂,园区：P1,已注销,,,,,,,,,\n",
        item="canteen_or_meal",
        complete={"area": "黄岛区", "issuer": "市场监管局", "as_of": "2026-06-30"},
    )
    frames.OFFICIAL.check(official)
    rows = official.set_index("row_id")
    assert cells(rows, "2", "access", "status", "open_date", "hours") == [
        "enterprise:E1",
        "under_construction",
        "2027-03",
        "11:00-13:00",
    ]
    assert cells(rows, "2", "seats", "area_m2", "removed", "project_id") == [
        120.0,
        300.0,
        False,
        "X1",
    ]
    assert cells(rows, "1", "access", "status", "removed") == ["public", "existing", False]
    assert cells(rows, "3", "access", "removed") == ["park:P1", True]
    assert np.isnan(official["lon"].to_numpy()).tolist() == [False, False, True]
    assert set(official["list_id"]) == {"t.csv"}
    assert complete.to_numpy()[0].tolist() == [
        "t.csv",
        "canteen_or_meal",
        "黄岛区",
        "市场监管局",
        "2026-06-30",
    ]


def test_items_row_by_row_by_id_or_name(tmp_path: Path) -> None:
    official, complete = facilities(
        tmp_path,
        "名称,类别,经度,纬度\n甲,食堂,120.1,36\n乙,药 店,120.1,36\n",
        complete={"area": "区", "issuer": "局", "as_of": "2026-06-30"},
    )
    assert dict(zip(official["row_id"], official["item"], strict=True)) == {
        "甲": "canteen_or_meal",
        "乙": "pharmacy",
    }
    assert sorted(complete["item"]) == ["canteen_or_meal", "pharmacy"]


@pytest.mark.parametrize(
    ("state", "opens", "proves"),
    [
        ("现有", "", False),
        ("在建", "", True),
        ("在建", "2027-06", True),  # ends with 2027-06-99, after the declaration's last day
        ("在建", "2027-06-30", False),
        ("已拆除", "", True),
    ],
)
def test_an_item_with_a_place_that_lies_nobody_knows_where_is_not_proven_absent(
    tmp_path: Path, state: str, opens: str, proves: bool
) -> None:
    _, complete = facilities(
        tmp_path,
        "编号,名称,类别,状态,开业日期,经度,纬度\n"
        f"1,甲,食堂,{state},{opens},,\n2,乙,食堂,现有,,120.1,36\n3,丙,药店,现有,,120.1,36\n",
        complete={"area": "区", "issuer": "局", "as_of": "2026-06-30"},
    )
    assert list(complete["item"]) == (["canteen_or_meal"] if proves else []) + ["pharmacy"]


def test_a_stock_with_homes_that_lie_nobody_knows_where_proves_nothing(tmp_path: Path) -> None:
    declared = {"area": "区", "issuer": "局", "as_of": "2026-06-30"}
    source = list_keys.HousingStockTable.model_validate(
        {"file": "t.csv", "crs": "WGS84", "complete": declared}
    )
    for kind, said in (("其他", []), ("公租房", ["worker_housing"])):
        write(tmp_path, f"编号,类型,经度,纬度\n1,{kind},,\n2,公租房,120.1,36\n")
        stock, _ = lists.read_housing_stock(source, root=tmp_path, known=KNOWN)
        complete, warnings = lists.complete_lists(
            [], frames.OFFICIAL.frame(), source, stock, known=KNOWN
        )
        assert [w.value for w in warnings] == said
        assert len(complete) == 1 - len(said)


def test_branches_of_one_name_are_told_apart_by_place_not_by_row(tmp_path: Path) -> None:
    rows = ["甲店,120.1,36\n", "甲店,120.2,36\n"]
    ids = [
        set(facilities(tmp_path, "名称,经度,纬度\n" + "".join(order), item="食堂")[0]["row_id"])
        for order in (rows, rows[::-1])
    ]
    assert len(ids[0]) == 2
    assert ids[0] == ids[1]


def test_the_standards_own_names_are_known() -> None:
    standard = load("cn-industrial-15min")
    known = Known.of(standard).items
    assert known is not None
    for item in standard.items:
        assert item_of(item.zh, Known(items=known)) == item.id
        assert item_of(item.id.upper(), Known(items=known)) == item.id


def test_problems_of_several_lists_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, "名称,状态\n甲,快了\n", "a.csv")
    write(tmp_path, "名称,座位\n甲,许多\n", "b.csv")
    sources = [
        list_keys.FacilitiesTable.model_validate({"file": f, "item": "食堂"})
        for f in ("a.csv", "b.csv")
    ]
    with pytest.raises(TableError) as error:
        lists.read_facilities(sources, root=tmp_path, known=KNOWN)
    assert [p.file for p in error.value.problems] == ["a.csv", "b.csv"]


def test_housing_stock(tmp_path: Path) -> None:
    write(
        tmp_path,
        "编号,名称,运营单位,类型,套数,床位数,空置床位,申请条件,状态,交付日期,统计日期,经度,纬度\n"
        "S1,蓝领公寓,城投,公租房,100,400,40,园区职工,现有,,2026-06,120.1,36\n"
        "S2,新楼,,人才公寓,80,,,,在建,2027-05,,,\n",
    )
    source = list_keys.HousingStockTable.model_validate({"file": "t.csv", "crs": "WGS84"})
    frame, (warning,) = lists.read_housing_stock(source, root=tmp_path, known=KNOWN)
    assert cells(frame, 0, "provider", "kind", "eligible", "as_of") == [
        "城投",
        "public_rental",
        "园区职工",
        "2026-06",
    ]
    assert cells(frame, 0, "units", "beds", "beds_vacant") == [100.0, 400.0, 40.0]
    assert np.isnan(frame["beds"].to_numpy()[1])  # unknown, which is not none
    assert cells(frame, 1, "status", "ready_date") == ["under_construction", "2027-05"]
    assert warning.value == "1 × : 3"


def test_projects_shuttles_buses_and_owners(tmp_path: Path) -> None:
    write(tmp_path, "项目编号,名称,指标,状态,竣工日期,床位\nX1,甲,食堂,在建,2027-01,20\n")
    projects, _ = lists.read_projects(
        list_keys.ProjectsTable(file="t.csv"), root=tmp_path, known=KNOWN
    )
    assert cells(projects, 0, "item", "status", "open_date", "beds") == [
        "canteen_or_meal",
        "under_construction",
        "2027-01",
        20.0,
    ]
    write(
        tmp_path,
        "班车线路,企业编号,站点,发车时间,座位数\n一号,E1,甲站,7:10；7:40,45\n一号,E1,乙站,7:20,45\n",
    )
    shuttles, _ = lists.read_shuttles(
        list_keys.ShuttlesTable(file="t.csv"), root=tmp_path, known=KNOWN
    )
    assert shuttles[["stop", "order", "times"]].to_numpy().tolist() == [
        ["甲站", 1.0, "07:10;07:40"],
        ["乙站", 2.0, "07:20"],
    ]
    write(tmp_path, "线路,方向,站点,站序,首班,末班,发车间隔\n1路,上行,甲站,1,6:00,24:00,10分钟\n")
    buses, _ = lists.read_bus_lines(
        list_keys.BusLinesTable(file="t.csv"), root=tmp_path, known=KNOWN
    )
    assert cells(buses, 0, "first", "last", "headway") == ["06:00", "00:00", 10.0]
    write(tmp_path, "指标,责任部门,职责\n食堂,商务局,牵头\n")
    owners, _ = lists.read_owners(list_keys.OwnersTable(file="t.csv"), root=tmp_path, known=KNOWN)
    assert cells(owners, 0, "item", "department") == ["canteen_or_meal", "商务局"]


def test_a_shuttle_of_an_unknown_enterprise_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "线路,企业编号,站点,时间\n一号,E9,甲站,7:10\n")
    with pytest.raises(TableError, match="no such enterprise"):
        lists.read_shuttles(list_keys.ShuttlesTable(file="t.csv"), root=tmp_path, known=KNOWN)
