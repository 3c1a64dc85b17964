"""Workbook and document in an office: the same figures as the CSVs, and nothing to repair."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree as ET

import docx
import pytest
from python_calamine import CalamineWorkbook
from tests.unit.test_report import made, plans
from tests.unit.test_tables import full, make

from parkgap import frames
from parkgap.publish import reports
from parkgap.publish.cells import unguard
from parkgap.publish.districts import areas
from parkgap.publish.printing import footer, header, paper_for
from parkgap.publish.sites import _CALLED
from parkgap.publish.tables import write_csv, write_workbook
from parkgap.publish.text import LANGUAGES, Text
from parkgap.standard import load

# Which sheets hold the rows of a CSV, by the key of their name.
SHEETS = {
    "ranking": ("sheet.ranking",),
    "shortfall": ("sheet.shortfall", "workbook.unverified"),
    "rollup": ("sheet.rollup",),
    "housing": ("sheet.housing",),
    "sites": ("sheet.sites",),
    "changes": ("sheet.changes",),
}
SCHEMAS = {s.name: s for s in frames.SCHEMAS if s.name in SHEETS}
PARTS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
Row = tuple[object, ...]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that a result can hold, in Chinese: made up for the test."""
    path = tmp_path_factory.mktemp("office")
    results: Any = full(load(), "zh")
    results.plans, results.compared_with = plans(), {"run": "x"}
    write_csv(results, path)
    write_workbook(results, path / "parkgap.xlsx")
    reports.write_report(made(plans=plans()), path)
    return path


def figures(rows: Iterable[Sequence[object]], columns: Sequence[int]) -> Counter[Row]:
    """Count rows by their ids and figures; empty ones are None."""

    def figure(value: object) -> object:
        if value is None or value == "":
            return None
        try:
            return round(float(str(value)), 9)
        except ValueError:
            return str(value)

    return Counter(tuple(figure(row[c]) for c in columns) for row in rows)


def compare(folder: Path, book: CalamineWorkbook) -> set[str]:
    """Hold every figure of every CSV against the workbook; return which CSVs there were."""
    t = Text("zh")
    seen = set()
    for path in folder.glob("*.csv"):
        schema = SCHEMAS[path.stem]
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, *rows = csv.reader(file)
        told = [[unguard(v) for v in row] for row in rows]
        if path.stem == "changes":  # figures there are texts as they stand
            kept = ["park_id"]
        else:
            kept = [c.name for c in schema.columns if c.kind in ("int", "float")]
            kept += [n for n in ("park_id", "park_name", "area") if n in head]
        expected = figures(told, [head.index(n) for n in kept])
        found: Counter[Row] = Counter()
        for key in SHEETS[path.stem]:
            if t(key) not in book.sheet_names:
                continue
            top, *below = book.get_sheet_by_name(t(key)).to_python()
            called = _CALLED if path.stem == "sites" else {}
            at = [top.index(t(f"column.{called.get(n, n)}")) for n in kept]
            whole = [r for r in below if sum(v != "" for v in r) > 1]  # notes stand below
            found += figures(whole, at)
        assert found == expected, path.name
        seen.add(path.stem)
    return seen


def test_the_figures_of_the_workbook_are_those_of_the_csvs(folder: Path) -> None:
    book = CalamineWorkbook.from_path(folder / "parkgap.xlsx")
    assert compare(folder, book) == set(SHEETS)


def soffice(folder: Path, out: Path, kind: str, file: str) -> Path:
    """Convert a file by LibreOffice, with a profile of its own; skip, and say so, without it."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice here (apt install libreoffice-calc libreoffice-writer)")
    profile = f"-env:UserInstallation={(out / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", kind, "--outdir", str(out)]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    subprocess.run([*command, str(folder / file)], check=True, capture_output=True, env=environment)
    return out / f"{Path(file).stem}.{kind.partition(':')[0]}"


def test_libreoffice_reads_the_same_figures(folder: Path, tmp_path: Path) -> None:
    saved = CalamineWorkbook.from_path(soffice(folder, tmp_path, "ods", "parkgap.xlsx"))
    written = CalamineWorkbook.from_path(folder / "parkgap.xlsx")
    assert saved.sheet_names == written.sheet_names
    for name in written.sheet_names:  # nothing was repaired: all cells are there
        one, two = (b.get_sheet_by_name(name).to_python() for b in (written, saved))
        cells = [[str(v) for v in row] for row in one]
        assert [[str(v) for v in row][: len(cells[0])] for row in two] == cells, name
    assert compare(folder, saved) == set(SHEETS)


def test_libreoffice_reads_the_same_words_of_the_document(folder: Path, tmp_path: Path) -> None:
    text = soffice(folder, tmp_path, "txt:Text (encoded):UTF8", "report.docx")
    read = re.sub(r"\s+", "", text.read_text(encoding="utf-8-sig"))
    document = docx.Document(str(folder / "report.docx"))
    said = [p.text for p in document.paragraphs]
    said += [c.text for table in document.tables for row in table.rows for c in row.cells]
    assert len([s for s in said if s.strip()]) > 100
    for line in said:
        assert re.sub(r"\s+", "", line) in read


# --- valid files --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["parkgap.xlsx", "report.docx"])
def test_every_part_is_there_once_and_is_xml(folder: Path, name: str) -> None:
    with zipfile.ZipFile(folder / name) as book:
        names = book.namelist()
        assert len({n.casefold() for n in names}) == len(names)
        types = ET.fromstring(book.read("[Content_Types].xml"))  # noqa: S314 - our own file
        listed = {e.get("PartName", "").lstrip("/") for e in types if e.tag.endswith("Override")}
        usual = {e.get("Extension") for e in types if e.tag.endswith("Default")}
        assert listed <= set(names)
        for part in names:
            assert part in listed or part.rpartition(".")[2] in usual or part.startswith("[")
            if not part.endswith((".xml", ".rels")):
                continue
            root = ET.fromstring(book.read(part))  # noqa: S314 - our own file
            if part.endswith(".rels"):
                ids = [r.get("Id") for r in root.iter(PARTS)]
                assert len(set(ids)) == len(ids)
                base = PurePosixPath(part).parent.parent
                for link in root.iter(PARTS):
                    if link.get("TargetMode") != "External":
                        target = str(link.get("Target"))
                        inside = target.lstrip("/") if target[0] == "/" else str(base / target)
                        assert os.path.normpath(inside) in names


def test_the_workbook_keeps_excels_limits(folder: Path) -> None:
    """Names of sheets: 31 characters, none of :\\/?*[]; headers, widths: 255; links: 65,530."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(folder / "parkgap.xlsx") as book:
        root = ET.fromstring(book.read("xl/workbook.xml"))  # noqa: S314 - our own file
        names = [str(s.get("name")) for s in root.iter(f"{main}sheet")]
        assert len({n.casefold() for n in names}) == len(names) > 20
        assert not [n for n in names if re.search(r"[:\\/?*\[\]]", n) or not 0 < len(n) <= 31]
        for number, _ in enumerate(names, start=1):
            sheet = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314
            for said in (*sheet.iter(f"{main}oddHeader"), *sheet.iter(f"{main}oddFooter")):
                assert len(str(said.text)) <= 255
            assert all(float(str(c.get("width"))) <= 255 for c in sheet.iter(f"{main}col"))
            assert len(list(sheet.iter(f"{main}hyperlink"))) <= 65_530
            merged = [str(m.get("ref")) for m in sheet.iter(f"{main}mergeCell")]
            assert len(merged) <= 1
            places = [c.get("r") for c in sheet.iter(f"{main}c")]
            assert len(set(places)) == len(places)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_of_sheets_fit_whole_in_both_languages(lang: str) -> None:
    t = Text(lang)
    names = [t(k) for k in t.keys() if k.startswith("sheet.")]  # noqa: SIM118 - no mapping
    names += [t(f"workbook.{k}") for k in ("summary", "unverified", "standard", "sources")]
    assert all(len(n) <= 31 for n in names)
    assert len({n.casefold() for n in names}) == len(names)


def test_no_cell_of_a_sheet_is_a_bare_code(folder: Path) -> None:
    """Ids of items, statuses and tiers are for programs; a clerk reads words."""
    codes = {i.id for c in load().categories for i in c.items if "_" in i.id}
    codes |= {"short", "unverified", "not_applicable", "unknown_headcount", "all_equal"}
    book = CalamineWorkbook.from_path(folder / "parkgap.xlsx")
    plain = {Text("zh")("sheet.dictionary"), Text("zh")("workbook.standard")}
    for name in set(book.sheet_names) - plain:
        cells = {str(v) for row in book.get_sheet_by_name(name).to_python() for v in row}
        assert not cells & codes, name


# --- contents, links, print ---------------------------------------------------------------------


def test_the_summary_lists_every_sheet_with_what_it_holds(folder: Path) -> None:
    book = CalamineWorkbook.from_path(folder / "parkgap.xlsx")
    rows = book.get_sheet_by_name("概要").to_python()
    start = next(n for n, row in enumerate(rows) if row[0] == "各表内容")
    assert [row[0] for row in rows[start + 1 :]] == book.sheet_names[1:]
    assert all(row[1] for row in rows[start + 1 :])
    with zipfile.ZipFile(folder / "parkgap.xlsx") as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert re.findall(r"location=\"'(.*?)'!A1\"", sheet) == book.sheet_names[1:]


def test_a_link_leads_to_the_page_of_its_own_row(tmp_path: Path) -> None:
    """Where checks order the list of what is to be verified anew, its links go with the rows."""
    from tests.unit.test_tables import gap, one_row

    thin = {"status": "unverified", "short_by": float("nan"), "reason_unverified": "edge"}
    rows = [gap(n, p, "worker_housing", **thin) for n, p in ((1, "p1"), (2, "p2"), (3, "p3"))]
    checked = one_row(frames.TO_CHECK, park_id="p3", item="worker_housing", origin="work")
    results: Any = make(load())
    results.shortfall = frames.SHORTFALL.frame(
        {n: [r[n] for r in rows] for n in frames.SHORTFALL.names}
    )
    results.firm = type(results.firm)(to_check=checked.assign(shift="all"))
    path = write_workbook(results, tmp_path / "x.xlsx")
    book = CalamineWorkbook.from_path(path)
    top, *below = book.get_sheet_by_name("待核实清单").to_python()
    ids = [row[top.index("园区编号")] for row in below]
    assert ids == ["p3", "p1", "p2"]
    number = book.sheet_names.index("待核实清单") + 1
    with zipfile.ZipFile(path) as parts:
        links = parts.read(f"xl/worksheets/_rels/sheet{number}.xml.rels").decode()
        sheet = parts.read(f"xl/worksheets/sheet{number}.xml").decode()
    target = dict(re.findall(r'Id="(\w+)"[^>]*?Target="parks[/\\](.*?)\.html"', links))
    found = [target[r] for r in re.findall(r'<hyperlink ref="B\d+" r:id="(\w+)"', sheet)]
    assert found == ids


def test_wide_sheets_are_printed_side_by_side_at_a_size_that_is_read() -> None:
    assert paper_for(146 / 0.65) == (9, 1)
    assert paper_for(146 / 0.65 + 1) == (8, 1)
    assert paper_for(2 * 210 / 0.65) == (8, 2)
    assert paper_for(2 * 210 / 0.65 + 1) == (8, 3)


def test_heads_and_feet_hold_their_marks_whatever_the_title() -> None:
    for lang in LANGUAGES:
        results: Any = make(load(), lang, study={"title": "&" * 500})
        t = Text(lang)
        head, foot = header(results, t, "S" * 31), footer(results, t)
        assert len(head) <= 255
        assert len(foot) <= 255
        assert foot.endswith(f"&R&8{t('workbook.page')}")
        assert t("notice.internal") in foot
        assert t("notice.screening") in foot
        assert head.endswith("&R" + "S" * 31)
    public: Any = make(load(), study={"edition": "public", "map_review_no": "GS(2026)1号"})
    assert "审图号：GS(2026)1号" in footer(public, Text("zh"))


# --- areas --------------------------------------------------------------------------------------


def test_an_area_has_its_parks_their_published_workers_and_the_fewest_additions() -> None:
    """Huangdao's 4 parks: 1,200 + 33 + 12 workers, one unknown; short of 3 stops, not of 2 + 2."""
    (area,) = areas(make(load()))
    assert (area.level, area.name, area.parks, area.parks_short) == ("district", "黄岛区", 4, 2)
    assert area.workers == 1245
    assert area.items["bus_stop"]["short_by"] == 3


def test_the_sheet_of_areas_goes_level_by_level(tmp_path: Path) -> None:
    rollup = [
        ("subdistrict", "长江路街道", "transit", "bus_stop", 2, 0, 1, None, "处", 12.0, None),
        ("zone", "保税区", "transit", "bus_stop", 1, 1, 0, 2.0, "处", 33.0, 33.0),
        ("district", "黄岛区", "transit", "bus_stop", 4, 2, 1, 3.0, "处", 1245.0, 600.4),
    ]
    results: Any = make(load())
    results.rollup = frames.ROLLUP.frame(
        {n: [r[i] for r in rollup] for i, n in enumerate(frames.ROLLUP.names)}
    )
    book = CalamineWorkbook.from_path(write_workbook(results, tmp_path / "x.xlsx"))
    top, *rows = book.get_sheet_by_name("区域一览").to_python()
    assert top[-1] == "公交站（处）"
    # the zone's park is not named in the ranking of this test; its workers are not known
    assert [[*row[:3], row[4], *row[5:]] for row in rows[:3]] == [
        ["区县", "黄岛区", 4.0, 1245.0, 1.0, 0.0, 3.0],
        ["街道（镇）", "长江路街道", 2.0, 12.0, 0.0, 1.0, ""],
        ["功能区", "保税区", 0.0, "", 1.0, 0.0, 2.0],
    ]
    assert any("功能区不是行政区" in str(v) for row in rows[3:] for v in row)


def test_a_study_whose_parks_name_no_area_has_no_such_sheet(tmp_path: Path) -> None:
    results: Any = make(load())
    results.rollup = frames.ROLLUP.frame()
    book = CalamineWorkbook.from_path(write_workbook(results, tmp_path / "x.xlsx"))
    assert "区域一览" not in book.sheet_names


def test_csv_text_that_looks_like_a_formula_stays_text(folder: Path) -> None:
    text = (folder / "ranking.csv").read_text(encoding="utf-8-sig")
    (row,) = [r for r in csv.DictReader(io.StringIO(text)) if r["park_id"] == "p2"]
    assert row["park_name"].startswith("'=")
