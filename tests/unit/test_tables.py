"""CSV and workbook: promised columns, plain numbers, text that stays text, the same bytes."""

from __future__ import annotations

import csv
import datetime as dt
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from shapely.geometry import box

import parkgap
from parkgap import frames
from parkgap.publish.cells import cell, clean, empty, guard, unguard
from parkgap.publish.html import page_name
from parkgap.publish.tables import write_csv, write_workbook
from parkgap.publish.text import LANGUAGES, Text
from parkgap.results import Beside, Cause, Change, Firm, Plans, Results
from parkgap.standard import Standard, load

# DESIGN, section 5, letter for letter.
RANKING = (
    "rank,tier,rank_low,rank_high,rank_severity,park_id,park_name,zone,district,subdistrict,"
    "workers,headcount_basis,score,score_low,score_high,weight_unverified,score_work,score_home,"
    "core_missing,workers_lacking_core,top_gaps"
)
SHORTFALL = (
    "priority,park_id,park_name,category,item,origin,shift,status,reason_unverified,needed,found,"
    "found_inside,short_by,unit,limit,limit_unit,nearest_name,nearest_m,nearest_min,workers,"
    "workers_unserved,clause,basis,tests,evidence"
)
MORE_SHEETS = (
    *("standards", "clusters", "pipeline", "shuttles", "duties", "stability", "weight_sets"),
    *("completeness", "certainty", "transit", "departures", "stop_departures", "capacity"),
)
FORMULA = '=HYPERLINK("http://x","免费")'
HOSTILE = "<img src=x onerror=alert(1)> & ${x} `y` </script>\x00\x07"
NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def standard() -> Standard:
    return load()


def ranking() -> pd.DataFrame:
    parks = {
        "park_id": ["p1", "p2", "p3", "001"],
        "park_name": ["海尔工业园", FORMULA, HOSTILE, "-保税区"],
        "rank": pd.array([1, 2, None, None], dtype="Int64"),
        "tier": ["upper", "lower", "unverified", "unknown_headcount"],
        "rank_low": pd.array([1, 1, None, None], dtype="Int64"),
        "rank_high": pd.array([2, 2, None, None], dtype="Int64"),
        "rank_severity": [2.0, 1.0, NAN, 3.0],
        "zone": [None] * 4,
        "district": ["黄岛区"] * 4,
        "subdistrict": [None, "", "长江路街道", "长江路街道"],
        "workers": [1200.0, 33.0, 12.0, NAN],
        "headcount_basis": ["register", "made_up", "年报", None],
        "score": [12.04, 33.333, NAN, 100.0],
        "score_low": [10.0, 30.05, NAN, 100.0],
        "score_high": [14.08, 36.616, NAN, 100.0],
        "weight_unverified": [0.1, 0.123456, 0.5, 0.0],
        "score_work": [12.04, NAN, NAN, NAN],
        "score_home": [NAN] * 4,
        "core_missing": ["bus_stop;parcel_point", "", "", ""],
        "workers_lacking_core": [600.4, 0.0, NAN, NAN],
        "top_gaps": ["canteen_or_meal;bus_stop", "bus_stop", "", ""],
    }
    return pd.DataFrame(parks)[frames.RANKING.names]


def gap(priority: int, park: str, item: str, **changes: Any) -> dict[str, Any]:
    row = {
        "priority": priority,
        "park_id": park,
        "park_name": {"p1": "海尔工业园", "p2": FORMULA}.get(park, "x"),
        "category": "transit",
        "item": item,
        "origin": "work",
        "shift": "all",
        "status": "short",
        "reason_unverified": None,
        "needed": 3.0,
        "found": 1.0,
        "found_inside": 0.0,
        "short_by": 2.0,
        "unit": "处",
        "limit": 500.0,
        "limit_unit": "m",
        "nearest_name": "+1站",
        "nearest_m": 612.345,
        "nearest_min": 9.149,
        "workers": 1200.0,
        "workers_unserved": 600.4,
        "clause": "GB 50220-95",
        "basis": "source",
        "tests": "500 m: 1/3",
        "evidence": "node/1;way/2",
    }
    return {**row, **changes}


def shortfall() -> pd.DataFrame:
    thin = {"status": "unverified", "short_by": NAN, "reason_unverified": "thin_data+edge"}
    far = {"nearest_name": None, "nearest_m": INF, "nearest_min": INF}
    rows = [
        gap(1, "p1", "bus_stop"),
        gap(2, "p1", "canteen_or_meal", category="dining", shift="夜班", **far),
        gap(3, "p2", "bus_stop", basis="assumption", limit=5.0, limit_unit="min"),
        gap(4, "p2", "worker_housing", category="housing", **thin),
    ]
    return pd.DataFrame(rows)[frames.SHORTFALL.names]


def make(standard: Standard, lang: str = "zh", **changes: Any) -> Results:
    study = {
        "name": "huangdao",
        "title": "黄岛区 & 体检",
        "language": lang,
        "edition": "internal",
        "whatif": None,
        "as_of": dt.date(2026, 11, 1),
    }
    table = ranking()
    rollup = ("district", "黄岛区", "transit", "bus_stop", 4, 2, 1, 3.0, "处", 1245.0, 600.4)
    given = {
        "also": (),
        "comparison": frames.COMPARISON.frame(),
        "clusters": frames.CLUSTERS.frame(),
        "study": SimpleNamespace(**{**study, **changes.pop("study", {})}),
        "standard": standard,
        "parks": pd.DataFrame(
            {"park_id": table["park_id"], "geometry": [box(120, 36, 121, 37)] * len(table)}
        ),
        "ranking": table,
        "shortfall": shortfall(),
        "rollup": pd.DataFrame([rollup], columns=frames.ROLLUP.names),
        "data_date": "2026-10-30",
        "made_up": True,
        "beside": Beside(),
        "plans": Plans(),
        "firm": Firm(),
        "completeness": frames.COMPLETENESS.frame(),
        "certainty": frames.CERTAINTY.frame(),
        "compared_with": None,
        "changes": (),
        "counts": {"nodes": 383161},
        "warnings": (("六个园区的边界没有道路穿过", "six parks have no street at their edge"),),
        **changes,
    }
    return cast("Results", SimpleNamespace(**given))


@pytest.fixture(scope="module")
def results(standard: Standard) -> Results:
    return make(standard)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


# --- CSV -----------------------------------------------------------------------------------------


def test_csv_columns_are_the_promised_ones_in_their_order(results: Results, tmp_path: Path) -> None:
    write_csv(results, tmp_path)
    heads = {
        p.name: p.read_text(encoding="utf-8-sig").splitlines()[0] for p in tmp_path.glob("*.csv")
    }
    assert heads == {
        "ranking.csv": RANKING,
        "shortfall.csv": SHORTFALL,
        "rollup.csv": ",".join(frames.ROLLUP.names),
    }


def test_csv_opens_right_in_excel(results: Results, tmp_path: Path) -> None:
    for path in write_csv(results, tmp_path):
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        assert raw.endswith(b"\r\n")
        assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
        assert b"\x00" not in raw


def test_numbers_are_plain_and_the_unknown_is_empty(results: Results, tmp_path: Path) -> None:
    write_csv(results, tmp_path)
    one, two, three, four = read_csv(tmp_path / "ranking.csv")
    assert (one["rank"], one["rank_low"], one["rank_severity"]) == ("1", "1", "2")
    assert (one["workers"], one["workers_lacking_core"]) == ("1200", "600")
    assert (one["score"], one["score_low"], one["score_high"]) == ("12", "10", "14.1")
    assert (two["score"], two["weight_unverified"]) == ("33.3", "0.1235")
    assert four["score"] == "100"
    assert [three[c] for c in ("rank", "rank_severity", "score", "zone", "score_home")] == [""] * 5
    assert (four["workers"], four["headcount_basis"]) == ("", "")
    near, far, *_ = read_csv(tmp_path / "shortfall.csv")
    assert (near["nearest_m"], near["nearest_min"]) == ("612.3", "9.1")
    assert (near["needed"], near["short_by"], near["limit"]) == ("3", "2", "500")
    assert (far["nearest_m"], far["nearest_min"], far["nearest_name"]) == ("", "", "")


def test_csv_keeps_codes_that_programs_read(results: Results, tmp_path: Path) -> None:
    write_csv(results, tmp_path)
    row = read_csv(tmp_path / "shortfall.csv")[3]
    assert (row["item"], row["status"], row["reason_unverified"], row["short_by"]) == (
        "worker_housing",
        "unverified",
        "thin_data+edge",
        "",
    )


def test_no_cell_of_a_csv_is_a_formula(results: Results, tmp_path: Path) -> None:
    write_csv(results, tmp_path)
    names = [r["park_name"] for r in read_csv(tmp_path / "ranking.csv")]
    assert names[1:] == [f"'{FORMULA}", HOSTILE[:-2], "'-保税区"]
    assert read_csv(tmp_path / "shortfall.csv")[0]["nearest_name"] == "'+1站"
    for path in tmp_path.glob("*.csv"):
        for row in read_csv(path):
            assert not any(re.match(r"\s*[=+\-@＝＋－＠\t\r]", v) for v in row.values())


@pytest.mark.parametrize("sign", [*"=+-@＝＋－＠", " =", "\t=", "\r-", "\n@", "'=", "''+"])
def test_text_that_looks_like_a_formula_is_guarded_and_comes_back(sign: str) -> None:
    text = clean(f"{sign}1+1")
    assert guard(text) == f"'{text}"
    assert unguard(guard(text)) == text


@pytest.mark.parametrize("text", ["", "'s-Hertogenbosch", "1=1", "7-11", "中-西餐", "'", "("])
def test_other_text_is_left_alone(text: str) -> None:
    assert guard(text) == text
    assert unguard(text) == text


@given(st.text(st.characters() | st.sampled_from("'=+-@ \t\r\n\x00")))
def test_any_text_survives_one_line_without_controls(text: str) -> None:
    said = clean(text)
    assert unguard(guard(said)) == said
    assert guard(said)[:1] not in {*"=+-@＝＋－＠\t\r"} - {""}
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", said)
    assert said.encode("utf-8").decode("utf-8") == said


def test_line_breaks_become_spaces_and_lists_are_joined() -> None:
    assert clean("a\r\nb\tc\x00d") == "a  b cd"
    assert clean(["1路", "a;b"]) == "1路;a,b"
    assert clean("\u202egnp.exe") == "gnp.exe"


@pytest.mark.parametrize("value", [None, NAN, INF, -INF, pd.NA, pd.NaT, np.float32("nan")])
def test_the_unknown_is_recognised(value: object) -> None:
    column = frames.Column("x", "float", "")
    assert empty(value)
    assert cell(value, column) is None
    assert clean(value) == ""


@pytest.mark.parametrize("value", [0, 0.0, "", "nan", False, np.int64(0), dt.date(2026, 1, 1)])
def test_nothing_and_no_are_not_unknown(value: object) -> None:
    assert not empty(value)


def test_minus_nothing_is_nothing(standard: Standard, tmp_path: Path) -> None:
    table = ranking()
    table["score"] = -0.04
    write_csv(make(standard, ranking=table), tmp_path)
    assert {r["score"] for r in read_csv(tmp_path / "ranking.csv")} == {"0"}


def test_empty_results_make_tables_of_headings(standard: Standard, tmp_path: Path) -> None:
    none = {n: getattr(frames, n.upper()).frame() for n in ("ranking", "shortfall", "rollup")}
    write_csv(make(standard, **none), tmp_path)
    assert [len(read_csv(p)) for p in sorted(tmp_path.glob("*.csv"))] == [0, 0, 0]
    book = CalamineWorkbook.from_path(write_workbook(make(standard, **none), tmp_path / "x.xlsx"))
    assert len(book.get_sheet_by_name("园区排名").to_python()) == 1


def test_the_notice_beside_the_tables_says_what_they_are(results: Results, tmp_path: Path) -> None:
    notice = write_csv(results, tmp_path)[-1]
    text = notice.read_text(encoding="utf-8-sig")
    assert notice.name == "NOTICE.txt"
    for said in (
        "筛查结果，不作规划核实或验收依据",
        "Screening result",
        "© OpenStreetMap contributors",
        "https://opendatacommons.org/licenses/odbl/1-0/",
        "内部资料，未经地图审核，不得公开",
        "made up",
        "2026-10-30",
    ):
        assert said in text


# --- workbook ------------------------------------------------------------------------------------

Rows = list[list[Any]]


@pytest.fixture(scope="module")
def path(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workbook(results, tmp_path_factory.mktemp("book") / "parkgap.xlsx")


@pytest.fixture(scope="module")
def sheets(path: Path) -> dict[str, Rows]:
    book = CalamineWorkbook.from_path(path)
    return {n: cast("Rows", book.get_sheet_by_name(n).to_python()) for n in book.sheet_names}


def parts(path: Path, pattern: str) -> dict[str, str]:
    with zipfile.ZipFile(path) as book:
        names = [n for n in book.namelist() if re.fullmatch(pattern, n)]
        return {n: book.read(n).decode("utf-8") for n in names}


def column(rows: Rows, heading: str) -> list[Any]:
    return [row[rows[0].index(heading)] for row in rows[1:]]


def test_sheets_are_the_promised_ones(sheets: dict[str, Rows]) -> None:
    expected = ["概要", "园区排名", "缺口清单", "待核实清单", "区域一览", "分区汇总"]
    assert list(sheets) == [*expected, "采用标准", "标准出处", "字段说明"]


def test_the_ranking_sheet_holds_the_table_in_words(sheets: dict[str, Rows]) -> None:
    rows = sheets["园区排名"]
    assert rows[0][:3] == ["名次", "园区名称", "档次"]
    assert len(rows[0]) == RANKING.count(",") + 1
    assert column(rows, "园区名称") == ["海尔工业园", FORMULA, HOSTILE[:-2], "-保税区"]
    assert column(rows, "园区编号")[-1] == "001"
    assert column(rows, "档次") == ["前列", "后段", "待核实，不排名", "职工人数未知，不排名"]
    assert column(rows, "得分") == [12.0, 33.3, "", 100.0]
    assert column(rows, "人数来源") == ["登记", "虚构", "年报", ""]
    gaps = "公交站；" + "快递"
    assert column(rows, "缺少的核心项目")[0].startswith(gaps)


def test_confirmed_gaps_and_things_to_verify_are_kept_apart(sheets: dict[str, Rows]) -> None:
    assert column(sheets["缺口清单"], "状态") == ["确认不足"] * 3
    assert column(sheets["缺口清单"], "优先次序") == [1.0, 2.0, 3.0]
    assert column(sheets["待核实清单"], "状态") == ["未检出（待核实）"]
    assert column(sheets["待核实清单"], "待核实原因") == ["超出数据范围、周边数据稀疏"]
    assert column(sheets["缺口清单"], "限值单位") == ["米", "米", "分钟"]
    assert column(sheets["缺口清单"], "依据") == ["条文", "条文", "假设"]
    assert column(sheets["缺口清单"], "班次") == ["全部班次", "夜班", "全部班次"]
    assert column(sheets["缺口清单"], "最近设施") == ["+1站", "", "+1站"]
    assert column(sheets["分区汇总"], "级别") == ["区县"]


def test_no_cell_is_a_formula_and_no_link_leaves_the_folder(path: Path) -> None:
    for xml in parts(path, r"xl/worksheets/.*\.xml").values():
        assert "<f>" not in xml
        assert "<f " not in xml
    links = [
        target
        for xml in parts(path, r"xl/worksheets/_rels/.*").values()
        for target in re.findall(r'Target="([^"]*)"', xml)
    ]
    ranked, short, unverified = ("p1", "p2", "p3", "001"), ("p1", "p1", "p2"), ("p2",)
    expected = [f"parks/{page_name(p)}" for p in (*ranked, *short, *unverified)]
    assert [t.replace("\\", "/") for t in links] == expected


def test_text_that_looks_like_a_formula_is_marked_as_text(path: Path) -> None:
    styles = parts(path, r"xl/styles\.xml")["xl/styles.xml"]
    cells = re.search(r"<cellXfs.*</cellXfs>", styles, re.DOTALL)
    assert cells is not None
    quoted = [i for i, x in enumerate(re.findall(r"<xf .*?>", cells[0])) if "quotePrefix" in x]
    sheet = parts(path, r"xl/worksheets/sheet3\.xml")["xl/worksheets/sheet3.xml"]
    nearest = [int(s) for s in re.findall(r'<c r="Q\d+" s="(\d+)" t="s"', sheet)]
    assert nearest[0] not in quoted  # the heading
    assert all(s in quoted for s in nearest[1:])


def test_sheets_are_ready_to_filter_scroll_and_print(path: Path) -> None:
    xml = parts(path, r"xl/worksheets/sheet\d\.xml")
    assert len(xml) == 9
    for name, sheet in xml.items():
        assert 'orientation="landscape"' in sheet
        assert '<pageSetUpPr fitToPage="1"/>' in sheet
        assert "筛查结果，不作规划核实或验收依据" in sheet
        assert "黄岛区 &amp;&amp; 体检" in sheet
        assert "内部资料，未经地图审核，不得公开" in sheet
        assert "第 &amp;P 页，共 &amp;N 页" in sheet
        if "sheet1." not in name:
            assert 'state="frozen"' in sheet
            assert "<autoFilter" in sheet
            assert 'fitToHeight="0"' in sheet
    bars = [n for n, sheet in xml.items() if "<dataBar>" in sheet]
    assert bars == [f"xl/worksheets/sheet{n}.xml" for n in (2, 3, 4, 6)]
    book = parts(path, r"xl/workbook\.xml")["xl/workbook.xml"]
    assert book.count("_xlnm.Print_Titles") == 8


def test_the_summary_says_what_must_be_said(sheets: dict[str, Rows]) -> None:
    facts = {str(r[0]): str(r[1]) for r in sheets["概要"] if len(r) > 1}
    said = list(facts)
    assert said[:4] == [
        "黄岛区 & 体检",
        "筛查结果，不作规划核实或验收依据",
        "内部资料，未经地图审核，不得公开",
        "示例数据：职工人数、居住地或班次等表格系虚构，仅供演示",
    ]
    assert facts["地图数据日期"] == "2026-10-30"
    assert facts["评估基准日"] == "2026-11-01"
    assert facts["1"] == "六个园区的边界没有道路穿过"
    assert facts["nodes"] == "383161.0"
    assert (facts["园区"], facts["已排名园区"], facts["有确认缺口的园区"]) == ("4.0", "2.0", "2.0")
    assert (facts["确认缺口（行）"], facts["待核实项目（行）"]) == ("3.0", "1.0")
    assert facts["已知职工人数合计"] == "1245.0"  # 1200 + 33 + 12


def test_the_summary_names_the_worst_parks_and_why(standard: Standard, tmp_path: Path) -> None:
    shuffled = make(standard, ranking=ranking().iloc[::-1], shortfall=shortfall().iloc[::-1])
    path = write_workbook(shuffled, tmp_path / "x.xlsx")
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("概要").to_python()
    facts = [(r[0], str(r[1])) for r in rows if str(r[0]).startswith("第")]
    assert [label for label, _ in facts] == ["第 1 名", "第 2 名"]
    worst = "海尔工业园：得分 12（10–14.1）；1,200 人；公交站 缺 2 处；"
    assert facts[0][1].startswith(worst)
    assert facts[1][1].startswith(FORMULA)


def test_without_a_rank_the_summary_says_why(standard: Standard, tmp_path: Path) -> None:
    table = ranking()
    table["rank"] = pd.array([None] * 4, dtype="Int64")
    path = write_workbook(make(standard, ranking=table), tmp_path / "x.xlsx")
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("概要").to_python()
    assert any("暂无园区获得名次" in str(row[1]) for row in rows if len(row) > 1)


def test_overrides_of_the_standard_are_shown(tmp_path: Path) -> None:
    changed = load(overrides={"canteen_or_meal.d10.count": 4})
    path = write_workbook(make(changed), tmp_path / "x.xlsx")
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("概要").to_python()
    values = [str(r[1]) for r in rows if r[0] == "本次修改的标准数值"]
    assert values == ["canteen_or_meal.d10.count = 4"]


def test_every_test_of_the_standard_is_listed(standard: Standard, sheets: dict[str, Rows]) -> None:
    rows = sheets["采用标准"]
    tests = [t for c in standard.categories for i in c.items for t in i.tests]
    assert column(rows, "检验") == [t.id for t in tests]
    assert column(rows, "限值") == [t.limit for t in tests]
    assert column(rows, "需要数量") == [t.count for t in tests]
    assert column(rows, "条文") == [t.clause_zh for t in tests]
    assert column(rows, "出处等级") == [t.grade for t in tests]
    assert set(column(rows, "限值单位")) == {"米", "分钟"}
    assert set(column(rows, "依据")) == {"条文", "假设"}
    cited = {r[0] for r in sheets["标准出处"]}
    assert set(standard.sources) < cited
    assert set("RSMA") < cited


def test_the_dictionary_explains_every_published_column(sheets: dict[str, Rows]) -> None:
    rows = sheets["字段说明"]
    fields = [n for s in (frames.RANKING, frames.SHORTFALL, frames.ROLLUP) for n in s.names]
    areas = ["level", "area", "parks", "parks_short", "workers", "items_short"]
    areas += ["items_unverified", "bus_stop"]
    assert column(rows, "字段") == [*fields, *areas]
    files = [f"{s.name}.csv" for s in (frames.RANKING, frames.SHORTFALL, frames.ROLLUP)]
    assert list(dict.fromkeys(column(rows, "CSV 文件"))) == [*files, ""]
    units = dict(zip(column(rows, "字段"), column(rows, "单位"), strict=True))
    assert units["nearest_m"] == "米"
    assert all(re.search(r"[\u4e00-\u9fff]", meaning) for meaning in column(rows, "含义"))
    english = Text("en")
    for schema in (frames.RANKING, frames.SHORTFALL, frames.ROLLUP):
        for c in schema.columns:
            assert english(f"workbook.doc.{schema.name}.{c.name}") == c.doc


def one_row(schema: frames.Schema, **given: Any) -> pd.DataFrame:
    """Make a row in which every column says something."""
    some = {"str": "x", "float": 1.0, "int": 1, "bool": True, "list": ["x"]}
    row = {c.name: some[c.kind] for c in schema.columns if c.kind != "geometry"}
    return schema.frame(
        {
            name: [value]
            for name, value in {**row, "park_id": "p1", **given}.items()
            if name in schema.names
        }
    )


def full(standard: Standard, lang: str) -> Results:
    """Make results in which every sheet has every column that it can have."""
    here = {"item": "bus_stop"}
    short = {"planned_id": "x", **here}
    said = {
        "planned": one_row(frames.PLANNED, **short),
        "pipeline": one_row(frames.PIPELINE, **short),
        "shuttles": one_row(frames.SHUTTLE_LINES, times="07:00"),
        "owners": one_row(frames.OWNERS, **here),
        "duties": one_row(frames.DUTIES, **here),
        "transit": one_row(frames.TRANSIT),
        "departures": one_row(frames.DEPARTURES),
        "stop_departures": one_row(frames.STOP_DEPARTURES),
        "capacity": one_row(frames.CAPACITY, **here),
    }
    checked = one_row(
        frames.TO_CHECK, park_id="p2", item="worker_housing", origin="work", shift="all"
    )
    names = {"p1": "海尔工业园", "p2": FORMULA}
    outline = box(120, 36, 121, 37)
    return make(
        standard,
        lang,
        parks=pd.DataFrame(
            {"park_id": list(names), "name": names.values(), "geometry": [outline] * 2}
        ),
        beside=Beside(**said),
        firm=Firm(one_row(frames.STABILITY), one_row(frames.WEIGHT_SETS), checked),
        completeness=one_row(frames.COMPLETENESS),
        certainty=one_row(frames.CERTAINTY),
        comparison=one_row(frames.COMPARISON, standard=standard.id, short="bus_stop"),
        clusters=one_row(frames.CLUSTERS, status="found"),
        changes=(Change("p1", "海尔工业园", "rank", "1", "2", (Cause("unexplained"),)),),
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_dictionary_says_of_every_column_of_every_sheet_what_it_means(
    standard: Standard, tmp_path: Path, lang: str
) -> None:
    book = CalamineWorkbook.from_path(write_workbook(full(standard, lang), tmp_path / "x.xlsx"))
    t = Text(lang)
    rows = book.get_sheet_by_name(t("sheet.dictionary")).to_python()
    said = [column(rows, t(f"workbook.{k}")) for k in ("table", "field", "heading", "meaning")]
    both = (t("sheet.shortfall"), t("workbook.unverified"))
    told: dict[str, set[object]] = {}
    for sheet, field, heading, meaning in zip(*said, strict=True):
        for name in both if sheet == t("page.list_comma").join(both) else (sheet,):
            told.setdefault(name, set()).add(heading)
        # What a heading means may be what it says, but then somebody wrote it down as such.
        if name == t("sheet.areas") and field == "bus_stop":
            assert meaning == t("workbook.doc.areas.additions")
            continue
        docs = {t(k) for k in t.keys() if re.fullmatch(rf"workbook\.doc\..+\.{field}", k)}  # noqa: SIM118
        assert meaning in docs, (sheet, field)
    plain = {t(f"workbook.{k}") for k in ("summary", "standard", "sources")}
    assert set(told) == set(book.sheet_names) - plain - {t("sheet.dictionary")}
    more = {t(f"sheet.{k}") for k in MORE_SHEETS}
    assert more <= set(told)
    for name, headings in told.items():
        assert set(book.get_sheet_by_name(name).to_python()[0]) == headings, name


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("schema", [frames.COMPARISON, frames.CLUSTERS])
def test_a_sheet_is_explained_under_its_own_name(schema: frames.Schema, lang: str) -> None:
    start = f"workbook.doc.{schema.name}."
    t = Text(lang)
    own = {k.removeprefix(start) for k in t.keys() if k.startswith(start)}  # noqa: SIM118
    assert {"park_name", "reason_unverified", "weight_unconfirmed"} & own
    assert own <= set(schema.names)


def test_a_sheet_and_its_dictionary_are_made_of_one_grid(
    standard: Standard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for name in ("pipeline_grid", "shuttles_grid", "duties_grid"):
        monkeypatch.setattr(
            f"parkgap.publish.workbook.{name}", lambda *_, name=name: made.append(name)
        )
    write_workbook(make(standard), tmp_path / "x.xlsx")
    assert made == ["pipeline_grid", "shuttles_grid", "duties_grid"]


def test_both_languages_know_the_same_words_of_the_workbook() -> None:
    zh, en = (Text(lang).keys() for lang in LANGUAGES)
    own = [k for k in zh if k.startswith("workbook.")]
    assert own == [k for k in en if k.startswith("workbook.")]


def test_an_english_study_gets_english_headings(standard: Standard, tmp_path: Path) -> None:
    path = write_workbook(make(standard, lang="en"), tmp_path / "x.xlsx")
    book = CalamineWorkbook.from_path(path)
    assert all(name.isascii() for name in book.sheet_names)
    for name in book.sheet_names[1:]:
        assert all(str(h).isascii() for h in book.get_sheet_by_name(name).to_python()[0])


def test_the_program_never_says_there_is_none(standard: Standard, tmp_path: Path) -> None:
    path = write_workbook(make(standard, warnings=()), tmp_path / "x.xlsx")
    assert "没有" not in parts(path, r"xl/sharedStrings\.xml")["xl/sharedStrings.xml"]


def test_the_same_results_make_the_same_bytes(results: Results, path: Path, tmp_path: Path) -> None:
    again = write_workbook(results, tmp_path / "again.xlsx")
    assert again.read_bytes() == path.read_bytes()
    for csv_path in write_csv(results, tmp_path):
        first = csv_path.read_bytes()
        write_csv(results, tmp_path)
        assert csv_path.read_bytes() == first


def test_the_workbook_carries_the_date_asked_about_and_no_clock(
    standard: Standard, path: Path, tmp_path: Path
) -> None:
    core = parts(path, r"docProps/core\.xml")["docProps/core.xml"]
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2026-11-01T00:00:00Z"}
    with zipfile.ZipFile(path) as book:
        assert {i.date_time for i in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    undated = make(standard, study={"as_of": None}, data_date="")
    other = write_workbook(undated, tmp_path / "x.xlsx")
    core = parts(other, r"docProps/core\.xml")["docProps/core.xml"]
    assert "2000-01-01T00:00:00Z" in core


def test_a_very_long_text_still_opens(standard: Standard, tmp_path: Path) -> None:
    table = ranking()
    table["park_name"] = ["很长" * 20_000] * 4
    path = write_workbook(make(standard, ranking=table), tmp_path / "x.xlsx")
    rows = cast("Rows", CalamineWorkbook.from_path(path).get_sheet_by_name("园区排名").to_python())
    assert len(column(rows, "园区名称")[0]) == 32_000


def test_a_workbook_that_cannot_be_written_is_an_os_error(results: Results, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no such folder"):
        write_workbook(results, tmp_path / "no such folder" / "x.xlsx")


def test_heavy_libraries_are_imported_only_when_something_is_written() -> None:
    code = (
        "import sys, parkgap.publish.tables, parkgap.publish.geopackage, parkgap.publish.folder\n"
        "print([m for m in ('xlsxwriter', 'pyogrio', 'geopandas', 'pandas') if m in sys.modules])"
    )
    env = {"PYTHONPATH": str(Path(parkgap.__file__).parents[1])}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True
    )
    assert found.stdout.strip() == "[]"
