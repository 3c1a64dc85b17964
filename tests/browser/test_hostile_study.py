"""A whole study whose every name is hostile, run by the real pipeline: text everywhere.

It is held against a twin with harmless names in the same places (``tests/hostile.py``): an
element more or less was made by a name.
"""

from __future__ import annotations

import csv
import re
import sqlite3
import unicodedata
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from docx import Document
from filelock import FileLock
from tests.hostile import NAMES, RAN, harmless, hostile, town
from tests.page_studies import shared_by_workers
from typer.testing import CliRunner

from parkgap import rerun
from parkgap.cli import app
from parkgap.study import load_study

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
KINDS = {"evil": hostile, "twin": harmless}
SIZES = [(1366, 768), (390, 844)]


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Run the town with hostile names and its twin, once for all workers; their folders."""
    base = shared_by_workers(tmp_path_factory.getbasetemp())
    done = base / "hostile.done"
    found = {kind: base / f"hostile {kind}" for kind in KINDS}
    with FileLock(base / "hostile.lock"):
        if not done.is_file():
            for kind, folder in found.items():
                study = town(folder / "study", KINDS[kind])
                rerun.run(load_study(study), folder / "results")
            done.touch()
    return found


@pytest.fixture
def folder(both: dict[str, Path]) -> Path:
    return both["evil"] / "results"


def pages(visit: Any, folder: Path) -> list[str]:
    """List the pages of a result folder, parks as they are ranked: alike in both studies."""
    go(visit, folder / "index.html")
    links = [str(a.get_attribute("href")) for a in visit.page.locator("#main-table a").all()]
    return ["index.html", *map(unquote, links), "report.html"]


def go(visit: Any, file: Path, size: tuple[int, int] = SIZES[0]) -> Page:
    page: Page = visit.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(file.as_uri())
    if page.locator(".folium-map").count():
        page.wait_for_selector("html[data-map='drawn']", state="attached")
    return page


def spoken(text: str) -> str:
    """Reduce a text to what is seen of it: no controls, no direction marks, no spaces."""
    kept = (c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Cn", "Co"})
    return re.sub(r"[\s\u2028\u2029\ufffd?']+", "", "".join(kept))


# How often each element stands in the page; and in what popups and tooltips would show.
CENSUS = """() => {
  const census = root => {
    const seen = {};
    for (const e of root.querySelectorAll('*')) {
      const name = e.tagName.toLowerCase();
      seen[name] = (seen[name] || 0) + 1;
      for (const a of e.attributes) {
        if (/^on|^srcdoc$/i.test(a.name)) seen['@' + a.name] = (seen['@' + a.name] || 0) + 1;
      }
    }
    return seen;
  };
  const tips = [];
  const visit = layer => {
    if (layer.getLayers) { layer.getLayers().forEach(visit); return; }
    for (const kind of ['getPopup', 'getTooltip']) {
      const tip = layer[kind] && layer[kind]();
      if (!tip) continue;
      const content = typeof tip._content === 'function' ? tip._content(layer) : tip._content;
      const box = document.createElement('div');
      document.body.appendChild(box);
      if (typeof content === 'string') box.innerHTML = content; else box.appendChild(content);
      tips.push([box.textContent, census(box)]);
      box.remove();
    }
  };
  const own = census(document);
  const map = Object.entries(window).find(([k]) => /^map_/.test(k));
  if (map) Object.values(map[1]._layers).forEach(visit);
  return {own, tips, text: document.body.textContent, wide: document.documentElement.scrollWidth,
          high: document.documentElement.scrollHeight};
}"""


def test_no_name_runs_or_becomes_an_element_or_bursts_a_page(
    visit: Any, both: dict[str, Path]
) -> None:
    names = {kind: pages(visit, both[kind] / "results") for kind in both}
    assert len(names["evil"]) == len(names["twin"]) == 6
    said = []
    for size in SIZES:
        for evil, twin in zip(names["evil"], names["twin"], strict=True):
            page = go(visit, both["evil"] / "results" / evil, size)
            seen = page.evaluate(CENSUS)
            assert page.evaluate(RAN) is None
            assert page.evaluate("Object.keys({}.__proto__).length") == 0
            if evil in ("index.html", names["evil"][3]):
                visit.picture(f"hostile-{names['evil'].index(evil)}-{size[0]}")
            usual = go(visit, both["twin"] / "results" / twin, size).evaluate(CENSUS)
            if evil == "report.html":  # long names leave room for fewer rows
                assert set(seen["own"]) == set(usual["own"])
                assert all(n <= usual["own"][tag] for tag, n in seen["own"].items())
            else:
                assert seen["own"] == usual["own"], evil
            assert tags(seen) == tags(usual), evil
            assert seen["wide"] <= size[0]
            assert seen["high"] < 1.25 * usual["high"]
            said += [seen["text"], *(text for text, _ in seen["tips"])]
    shown = spoken(" ".join(said))
    missing = [name[:40] for name in NAMES if spoken(name[:200]) not in shown]
    assert missing == []
    assert visit.complaints == []
    assert visit.outside_of(both["evil"] / "results", both["twin"] / "results") == []


def tags(seen: dict[str, Any]) -> Counter[str]:
    """Count what popups are made of."""
    return Counter(str(sorted(made.items())) for _, made in seen["tips"])


def test_an_opened_popup_and_tooltip_are_text(visit: Any, both: dict[str, Path]) -> None:
    for name in pages(visit, both["evil"] / "results")[:2]:
        page = go(visit, both["evil"] / "results" / name)
        opened = page.evaluate(
            """() => {
              const map = Object.entries(window).find(([k]) => /^map_/.test(k))[1];
              let opened = 0;
              const visit = layer => {
                if (layer.getLayers) { layer.getLayers().forEach(visit); return; }
                if (opened < 60 && (layer.getPopup && layer.getPopup() ||
                                    layer.getTooltip && layer.getTooltip())) {
                  layer.fire('click'); layer.openPopup(); opened++;
                }
              };
              Object.values(map._layers).forEach(visit);
              return opened;
            }"""
        )
        assert opened > 3
        page.wait_for_timeout(100)  # what fails to load would do so now
        assert page.evaluate(RAN) is None
    assert visit.complaints == []


# --- other files ----------------------------------------------------------------------------------


def test_no_file_lands_elsewhere_and_every_file_has_a_plain_name(both: dict[str, Path]) -> None:
    for folder in both.values():
        assert {p.name for p in folder.iterdir()} == {"study", "results"}
    evil, twin = (
        sorted(p for p in f.rglob("*") if ".parkgap" not in p.parts) for f in both.values()
    )
    assert len(evil) == len(twin)
    for file in evil:
        assert file.resolve().is_relative_to(both["evil"])
        assert re.fullmatch(r"[A-Za-z0-9_.~-]{1,90}", file.name)


def test_no_cell_of_a_list_is_a_formula_or_holds_a_control_character(folder: Path) -> None:
    for file in folder.glob("*.csv"):
        text = file.read_text(encoding="utf-8-sig")
        for row in csv.reader(text.splitlines()):
            for cell in row:
                number = re.fullmatch(r"[-+]?[0-9.]+(e[-+]?\d+)?", cell)
                assert number or cell.lstrip(" ")[:1] not in set("=+-@＝＋－＠\t\r"), cell[:80]
                assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", cell)


def test_the_workbook_has_no_formula_and_links_only_to_its_own_pages(folder: Path) -> None:
    with zipfile.ZipFile(folder / "parkgap.xlsx") as book:
        for name in book.namelist():
            root = ET.fromstring(book.read(name))  # noqa: S314 - made by us, and well formed
            if name.startswith("xl/worksheets/sheet"):
                assert root.findall(f".//{SHEET}c/{SHEET}f") == []
            for link in root.iter(LINK):
                target = unquote(link.get("Target", "")).replace("\\", "/")
                if link.get("TargetMode") == "External":
                    assert (folder / target).resolve().is_relative_to(folder), target
                    assert (folder / target).is_file(), target


def test_the_document_opens_and_says_the_names_as_text(folder: Path) -> None:
    document = Document(str(folder / "report.docx"))
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    said = spoken(" ".join([*(p.text for p in document.paragraphs), *cells]))
    for name in (NAMES[1], "longword" * 4, "长" * 20):
        assert spoken(name) in said
    with zipfile.ZipFile(folder / "report.docx") as package:
        for part in package.namelist():
            if part.endswith((".xml", ".rels")):
                raw = package.read(part)
                assert b"<!ENTITY" not in raw
                assert b'TargetMode="External"' not in raw
                ET.fromstring(raw)  # noqa: S314


def test_the_geopackage_holds_every_name_as_text(folder: Path) -> None:
    with closing(sqlite3.connect(f"file:{folder / 'parkgap.gpkg'}?mode=ro", uri=True)) as database:
        tables = [
            row[0] for row in database.execute("SELECT table_name FROM gpkg_contents ORDER BY 1")
        ]
        texts = []
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                texts += [v for v in row if isinstance(v, str)]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert "facilities" in tables
    assert not [t for t in texts if re.search("[\x00-\x08\x0e-\x1f\u202a-\u202e]", t)]
    all_of_it = spoken(" ".join(texts))
    missing = [name[:40] for name in NAMES if spoken(name[:200]) not in all_of_it]
    assert missing == []


def test_the_console_says_nothing_that_steers_a_terminal(both: dict[str, Path]) -> None:
    study, out = both["evil"] / "study", both["evil"] / "results"
    for command in (["run", str(study), "--out", str(out)], ["check", str(study)]):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output[-400:]
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", done.output)
    refused = CliRunner().invoke(app, ["explain", str(study), "\x1b[31mSF01\u202e"])
    assert refused.exit_code == 1
    assert "\x1b" not in refused.output
    assert "\u202e" not in refused.output
