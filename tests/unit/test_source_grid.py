"""Headings below titles, sums above nothing, merged cells, formulas, and the less usual formats."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
import xlsxwriter
import xlwt  # type: ignore[import-untyped]

from parkgap.errors import TableError
from parkgap.source_keys import GatesTable, ParksTable, ShiftsTable, Table
from parkgap.sources import tables
from parkgap.sources.formats import read_raw
from parkgap.sources.grid import Grid, tabulate
from parkgap.sources.headings import plain, wanted
from parkgap.sources.reading import Read

SQUARE = shapely.box(120.0, 36.0, 120.01, 36.01)
KNOWN = wanted("gates", {})


def test_headings_are_found_below_titles() -> None:
    rows: list[list[object]] = [
        ["黄岛区产业园区出入口一览表", "", "", ""],
        ["填报单位：某局", "", "", "2026年6月"],
        [],
        ["编号", "园区编号", "经度", "纬度"],
        ["G1", "P1", 120.1, 36.0],
    ]
    found = tabulate(Grid(rows, "a.xlsx"), KNOWN)
    assert found.headings == ("编号", "园区编号", "经度", "纬度")
    assert (found.header, found.rows) == (4, [5])


def test_headings_may_take_two_rows() -> None:
    rows: list[list[object]] = [
        ["编号", "园区编号", "坐标", ""],
        ["", "", "经度", "纬度"],
        ["G1", "P1", 120.1, 36.0],
    ]
    found = tabulate(Grid(rows, "a.xlsx"), KNOWN)
    assert found.headings == ("编号", "园区编号", "经度", "纬度")
    assert found.rows == [3]


def test_a_first_row_of_data_is_no_second_row_of_headings() -> None:
    rows: list[list[object]] = [
        ["编号", "园区编号", "名称"],
        ["G1", "P1", "北门"],
        ["G2", "P1", ""],
    ]
    assert tabulate(Grid(rows, "a.csv"), KNOWN).rows == [2, 3]


def test_unknown_headings_stand_in_the_first_row() -> None:
    rows: list[list[object]] = [["甲", "乙"], ["1", "2"]]
    assert tabulate(Grid(rows, "a.csv"), KNOWN).headings == ("甲", "乙")


def test_the_declared_row_of_headings_wins() -> None:
    rows: list[list[object]] = [["编号", "园区编号"], ["甲", "乙"], ["1", "2"]]
    found = tabulate(Grid(rows, "a.csv"), KNOWN, header=2)
    assert (found.headings, found.rows) == (("甲", "乙"), [3])


@pytest.mark.parametrize("word", ["合计", "合 计", "总计：", "小计", "Total", "合計"])
def test_rows_of_sums_are_left_out_and_said(word: str) -> None:
    rows: list[list[object]] = [["编号", "园区编号"], ["G1", "P1"], [None, word], ["G2", "P1"]]
    found = tabulate(Grid(rows, "a.csv"), KNOWN)
    assert found.rows == [2, 4]
    (warning,) = found.warnings
    assert (warning.row, warning.value) == (3, word)


def test_a_park_with_a_sum_in_its_name_is_a_park() -> None:
    rows: list[list[object]] = [["编号", "园区编号"], ["合计园区", "P1"]]
    assert tabulate(Grid(rows, "a.csv"), KNOWN).rows == [2]


def test_text_of_merged_cells_is_filled_down_and_numbers_are_not() -> None:
    rows: list[list[object]] = [
        ["园区编号", "编号", "职工人数"],
        ["P1", "a", 900.0],
        ["", "b", ""],
        ["P2", "c", 1.0],
    ]
    grid = Grid(rows, "a.xlsx", merged=[((1, 0), (2, 0)), ((1, 2), (2, 2))])
    found = tabulate(grid, KNOWN)
    assert found.columns[0] == ["P1", "P1", "P2"]
    assert found.columns[2] == [900.0, "", 1.0]
    assert [w.row for w in found.warnings] == [2]


def gates(folder: Path, name: str, **keys: object) -> Read:
    source = GatesTable.model_validate({"file": name, "crs": "WGS84", **keys})
    return tables.read_gates(source, root=folder, known=None)


def test_an_old_workbook_reads(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("出入口")
    sheet.write_merge(0, 0, 0, 3, "出入口一览表")
    for c, head in enumerate(("编号", "园区编号", "经度", "纬度")):
        sheet.write(1, c, head)
    for n, (key, lon) in enumerate((("G1", 120.1), ("G2", 120.2)), start=2):
        sheet.write(n, 0, key)
        sheet.write(n, 2, lon)
        sheet.write(n, 3, 36.0)
    sheet.write_merge(2, 3, 1, 1, "P1")
    book.save(str(tmp_path / "a.xls"))
    frame, (warning,) = gates(tmp_path, "a.xls")
    assert list(frame["gate_id"]) == ["G1", "G2"]
    assert list(frame["park_id"]) == ["P1", "P1"]
    assert "merged" in warning.what


def ods(path: Path, rows: list[list[object]]) -> None:
    """Write the least that is an OpenDocument sheet."""

    def cell(value: object) -> str:
        if isinstance(value, str) and value.startswith("<"):
            return value
        if isinstance(value, float):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        return (
            '<table:table-cell office:value-type="string">'
            f"<text:p>{value}</text:p></table:table-cell>"
        )

    names = "".join(
        f' xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"'
        for p in ("office", "table", "text")
    )
    names += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{names}><office:body>'
        f'<office:spreadsheet><table:table table:name="门">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr("content.xml", content)


def test_an_opendocument_sheet_reads(tmp_path: Path) -> None:
    ods(tmp_path / "a.ods", [["编号", "园区编号", "经度", "纬度"], ["G1", "P1", 120.1, 36.0]])
    frame, warnings = gates(tmp_path, "a.ods")
    assert warnings == []
    assert frame[["gate_id", "lon", "lat"]].to_numpy().tolist() == [["G1", 120.1, 36.0]]


# As LibreOffice 24.2 writes them, but for the one that keeps a number behind the error.
FORMULA = (
    '<table:table-cell table:formula="of:=1/0" office:value-type={}><text:p>{}</text:p>'
    "</table:table-cell>"
)
ERROR = '"string" office:string-value="" calcext:value-type="error"'
DIV0, ERR502 = FORMULA.format(ERROR, "#DIV/0!"), FORMULA.format(ERROR, "Err:502")
KEPT = FORMULA.format('"float" office:value="0"', "#N/A")
GOOD = FORMULA.format('"float" office:value="36" calcext:value-type="float"', "36")
NO_VALUE = '<table:table-cell table:formula="of:=[.Z9]"/>'
EMPTY_TEXT = '<table:table-cell table:formula="of:=&quot;&quot;"><text:p/></table:table-cell>'
GAP = '<table:table-cell table:number-columns-repeated="2"/>'


def test_formulas_of_an_ods_that_give_an_error_or_no_value_are_named(tmp_path: Path) -> None:
    head: list[object] = ["编号", "园区编号", "名称", "备注", "经度", "纬度"]
    good: list[object] = ["G1", "P1", EMPTY_TEXT, "", 120.1, 36.0]
    ods(tmp_path / "a.ods", [head, good])
    assert len(gates(tmp_path, "a.ods")[0]) == 1
    for cell, said in (
        (DIV0, "(#DIV/0!)"),
        (ERR502, "(Err:502)"),
        (KEPT, "(#N/A)"),
        (NO_VALUE, "the formula has no value"),
    ):
        ods(tmp_path / "a.ods", [head, good, ["G2", "P1", GAP, cell, 36.0]])
        with pytest.raises(TableError) as refused:
            gates(tmp_path, "a.ods")
        (problem,) = refused.value.problems
        assert (problem.row, problem.column) == (3, "经度")
        assert said in problem.what
    ods(tmp_path / "a.ods", [head, good, ["G2", "P1", GAP, 120.1, GOOD]])
    assert len(gates(tmp_path, "a.ods")[0]) == 2


def test_repeated_rows_of_an_ods_are_counted(tmp_path: Path) -> None:
    ods(tmp_path / "a.ods", [["编号", "园区编号", "经度", "纬度"], ["G1", "P1", DIV0, 36.0]])
    with zipfile.ZipFile(tmp_path / "a.ods") as book:
        parts = {name: book.read(name) for name in book.namelist()}
    text = parts["content.xml"].decode()
    empty = '<table:table-row table:number-rows-repeated="7"><table:table-cell/></table:table-row>'
    first = text.index("<table:table-row>") + 1
    at = text.index("<table:table-row>", first)
    parts["content.xml"] = (text[:at] + empty + text[at:]).encode()
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as book:
        for name, part in parts.items():
            book.writestr(name, part)
    with pytest.raises(TableError) as refused:
        gates(tmp_path, "a.ods")
    assert [(p.row, p.column) for p in refused.value.problems] == [(9, "经度")]


def test_a_formula_with_a_value_is_its_value_and_others_are_named(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("门")
        sheet.write_row(0, 0, ["编号", "园区编号", "经度", "纬度", "名称"])
        for n in (1, 2):
            sheet.write_row(n, 0, [f"G{n}", "P1"])
            sheet.write(n, 3, 36.0)
        sheet.write_formula(1, 2, "=100+20.1", value=120.1)
        sheet.write_formula(2, 2, "=100+20.1", value="")
        sheet.write_formula(1, 4, "=1/0", value="#DIV/0!")
    with pytest.raises(TableError) as error:
        gates(tmp_path, "a.xlsx")
    said = {(p.row, p.column): p.what.split(" / ", 1)[1] for p in error.value.problems}
    assert said == {
        (3, "经度"): "the formula has no value",
        (2, "名称"): "the formula gives an error (#DIV/0!)",
    }


def layer(path: Path, **options: object) -> None:
    import pyogrio.raw

    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array([SQUARE, SQUARE], dtype=object)),
        [np.array(["P1", "P2"], dtype=object), np.array(["黄岛园区", "城阳园区"], dtype=object)],
        np.array(["编号", "名称"], dtype=object),
        geometry_type="Polygon",
        crs="EPSG:4490",
        **options,
    )


@pytest.mark.parametrize("inside", ["", "数据/"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_zipped_shapefile_reads(tmp_path: Path, inside: str, encoding: str) -> None:
    layer(tmp_path / "p.shp", encoding=encoding)
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as packed:
        for part in sorted(tmp_path.glob("p.*")):
            if part.suffix != ".zip":
                packed.write(part, f"{inside}园区{part.suffix.upper()}")
        packed.writestr("__MACOSX/._园区.shp", b"x")
    raw = read_raw("p.zip", Table(), tmp_path)
    assert raw.columns[raw.headings.index("名称")] == ["黄岛园区", "城阳园区"]
    assert raw.crs == "EPSG:4490"
    assert raw.geometry is not None
    assert raw.geometry[1].equals(SQUARE)


def test_a_member_that_climbs_out_of_the_zip_stays_inside(tmp_path: Path) -> None:
    layer(tmp_path / "p.shp")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for part in tmp_path.glob("p.*"):
            packed.writestr(f"../../climber-of-the-zip{part.suffix}", part.read_bytes())
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "p.zip").write_bytes(buffer.getvalue())
    assert len(read_raw("p.zip", Table(), tmp_path / "study").rows) == 2
    assert not [*tmp_path.parent.rglob("climber-of-the-zip*")]


KML = """<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Folder><name>一</name><Placemark><name>西园</name><Polygon><outerBoundaryIs><LinearRing>
<coordinates>120,36,5 120.01,36,5 120.01,36.01,5 120,36.01,5 120,36,5</coordinates></LinearRing>
</outerBoundaryIs></Polygon></Placemark></Folder>
<Folder><name>二</name><Placemark><name>东园</name><Point><coordinates>120.1,36</coordinates>
</Point></Placemark></Folder></Document></kml>"""


@pytest.mark.parametrize("suffix", ["kml", "kmz"])
def test_every_folder_of_a_kml_reads(tmp_path: Path, suffix: str) -> None:
    if suffix == "kml":
        (tmp_path / "p.kml").write_text(KML, encoding="utf-8")
    else:
        with zipfile.ZipFile(tmp_path / "p.kmz", "w") as packed:
            packed.writestr("doc.kml", KML)
    frame, _ = tables.read_parks(ParksTable(file=f"p.{suffix}"), root=tmp_path)
    assert sorted(frame["name"]) == sorted(["西园", "东园"])
    (west,) = frame.loc[frame["name"] == "西园", "geometry"]
    assert west.equals(SQUARE)
    one = read_raw(f"p.{suffix}", Table(layer="二"), tmp_path)
    assert one.columns[one.headings.index("Name")] == ["东园"]


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("经度,纬度", "120°06′00″E,36°00′00″N"),
        ("经度,纬度", "东经120度6分,北纬36度"),
        ("经度,纬度", "120-06-00,36-00-00"),
        ("经纬度", '"120.1,36.0"'),
        ("坐标", '"120.1，36"'),
        ("WKT", "POINT (120.1 36)"),
        ("geometry", "SRID=4490;POINT(120.1 36)"),
    ],
)
def test_points_as_offices_write_them(tmp_path: Path, head: str, cells: str) -> None:
    (tmp_path / "g.csv").write_text(f"编号,园区编号,{head}\nG,P,{cells}\n", encoding="utf-8")
    frame, warnings = gates(tmp_path, "g.csv")
    assert warnings == []
    assert (frame["lon"][0], frame["lat"][0]) == pytest.approx((120.1, 36.0), abs=1e-12)


def test_a_latitude_in_brackets_is_no_pair(tmp_path: Path) -> None:
    text = "编号,园区编号,坐标(纬度),坐标(经度)\nG,P,36,120.1\n"
    (tmp_path / "g.csv").write_text(text, encoding="utf-8")
    frame, _ = gates(tmp_path, "g.csv")
    assert (frame["lon"][0], frame["lat"][0]) == (120.1, 36.0)


def test_days_as_workbooks_count_them(tmp_path: Path) -> None:
    # 2026-06-30 is 46203 days after 1899-12-30.
    (tmp_path / "p.csv").write_text("编号,统计日期,经度,纬度\nP,46203,120.1,36\n", encoding="utf-8")
    frame, _ = tables.read_parks(ParksTable(file="p.csv", crs="WGS84"), root=tmp_path)
    assert frame["headcount_date"][0] == "2026-06-30"


def test_shifts_as_stretches_of_time(tmp_path: Path) -> None:
    text = "园区编号,班次,起止时间,比例\nP,白,8:00-16:00,0.5\nP,夜,22:00～次日6:00,0.5\n"
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    frame, _ = tables.read_shifts(ShiftsTable(file="s.csv"), root=tmp_path, known=None)
    assert sorted(zip(frame["start"], frame["end"], strict=True)) == [
        ("08:00", "16:00"),
        ("22:00", "06:00"),
    ]


def test_parks_without_a_place_are_named_and_their_rows_left_out(tmp_path: Path) -> None:
    text = "编号,园区名称,经度,纬度\nP1,西园,120.1,36\nP2,东园,,\nP3,南园,120.2,36\n"
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    parks, warnings = tables.read_parks(ParksTable(file="p.csv", crs="WGS84"), root=tmp_path)
    assert list(parks["park_id"]) == ["P1", "P3"]
    assert [w.row for w in warnings if "not placed" in w.what] == [3]
    (tmp_path / "g.csv").write_text(
        "编号,园区编号,经度,纬度\nG1,P1,120.1,36\nG2,P2,120.1,36\nG3,东园,120.1,36\n",
        encoding="utf-8",
    )
    source = GatesTable(file="g.csv", crs="WGS84")
    frame, warnings = tables.read_gates(source, root=tmp_path, known=parks)
    assert list(frame["gate_id"]) == ["G1"]
    assert [w.row for w in warnings] == [3, 4]


def test_known_headings_are_folded() -> None:
    assert plain("园区编号") in KNOWN
    assert plain("门号") in wanted("gates", {"id": "门 号"})
