"""Every page of three whole studies in a real browser: quiet, offline, usable, accessible.

The studies are made by the real pipeline (``tests/page_studies.py``).  What a page has is asked
of the page, by role and data attribute, so that these tests hold for whatever it shows.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from tests.page_studies import NAMES, REVIEW, once, shared_by_workers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parent / "pictures"
DESK, PHONE = (1366, 768), (390, 844)
CHINESE = re.compile("[\u3400-\u9fff]+")
# Marks are in Chinese too, whoever reads them; gates, housing and sources are made up in it.
MARKS = {
    *("内部资料", "未经地图审核", "不得公开", "筛查结果", "不作规划核实或验收依据"),
    *("示例", "虚构示例", "示例公租房", "示例人才公寓", "号门", "白班", "中班", "夜班"),
}
Study = Callable[[str], Path]
# One of each kind of page, in both languages.
KINDS = [
    ("real", "index.html"),
    ("real", "en/parks/way-28535660.html"),
    ("real", "report.html"),
    ("town", "index.html"),
    ("town", "en/index.html"),
    ("town", "parks/SF01.html"),
    ("town", "en/parks/SF01.html"),
    ("town", "changes.html"),
    ("whatif", "index.html"),
    ("whatif", "en/changes.html"),
    ("thin", "index.html"),
    ("thin", "zh/parks/*.html"),
]


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Run a study when it is first asked for, once for all workers; gives its result folder."""
    shared = shared_by_workers(tmp_path_factory.getbasetemp())

    def result(name: str) -> Path:
        found = once("town" if name == "whatif" else name, shared)
        return found.parent / "whatif" if name == "whatif" else found

    return result


@pytest.fixture
def folder(study: Study) -> Path:
    return study("real")


def pages(folder: Path) -> list[str]:
    """List all pages of a result folder, relative to it."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.html"))


def go(visit: Any, folder: Path, name: str, size: tuple[int, int] = DESK) -> Page:
    """Open any page of a folder, and wait for its map if it has one."""
    visit.folder = folder
    page: Page = visit.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    (file,) = list(folder.glob(name))[:1]
    page.goto(file.as_uri())
    if page.locator(".folium-map").count():
        page.wait_for_selector("html[data-map='drawn']", state="attached")
    return page


def plain(name: str) -> str:
    """Make a file name for a picture of a page."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name.removesuffix(".html")).strip("-")


# --- every page -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "whatif"])
def test_every_page_is_quiet_and_asks_for_nothing_outside(
    visit: Any, study: Study, name: str
) -> None:
    folder = study(name)
    found = pages(folder)
    assert "index.html" in found
    assert sum(p.count("parks/") for p in found) >= 2  # in each language
    titles = set()
    for one in found:
        page = go(visit, folder, one)
        titles.add((one.startswith(("en/", "zh/")), page.title()))
        # Folders of the other language say so; everything else is in the study's.
        own = "en" if name == "thin" else "zh"
        lang = {"en/": "en", "zh/": "zh"}.get(one[:3], own)
        assert str(page.locator("html").get_attribute("lang")).startswith(lang)
        for details in page.locator("details").all():
            details.evaluate("d => { d.open = true; }")
        assert visit.complaints == [], one
        assert page.evaluate("document.documentElement.scrollWidth") <= DESK[0], one
    assert all(title for _, title in titles)
    assert visit.outside() == []


@pytest.mark.parametrize("name", ["index.html", "parks/SF01.html", "report.html"])
def test_pages_print_to_pdf_with_their_marks(
    visit: Any, study: Study, tmp_path: Path, name: str
) -> None:
    page = go(visit, study("town"), name)
    for paper, landscape in (("A4", False), ("A3", True)):
        file = tmp_path / f"{paper}.pdf"
        page.pdf(path=file, format=paper, landscape=landscape, print_background=True)
        assert file.read_bytes().startswith(b"%PDF")
        if shutil.which("pdftotext") is None:
            continue
        said = subprocess.run(
            ["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True
        ).stdout.decode()
        assert "内部资料" in said
        assert "筛查结果" in said
        assert "OpenStreetMap" in said
    assert visit.complaints == []


# --- use ------------------------------------------------------------------------------------------

USED = [
    ("real", "index.html"),
    ("town", "en/index.html"),
    ("town", "parks/SF01.html"),
    ("whatif", "changes.html"),
    ("whatif", "en/parks/SF03.html"),
    ("thin", "index.html"),
]
# Clicks every heading twice; what each column holds then, from top to bottom.
SORT = """() => {
  const seen = [];
  for (const table of document.querySelectorAll('table.sortable')) {
    for (const button of table.querySelectorAll('button.sort')) {
      for (const way of ['ascending', 'descending']) {
        button.click();
        const th = button.closest('th');
        seen.push({
          way, said: th.getAttribute('aria-sort'), number: th.classList.contains('num'),
          others: table.querySelectorAll('th[aria-sort]').length,
          values: [...table.tBodies[0].rows].map(r => r.cells[th.cellIndex].dataset.v ?? null),
        });
      }
    }
  }
  return seen;
}"""
# Types a word into every field of search; which rows are left, and which hold the word.
SEARCH = """() => {
  const seen = [];
  for (const field of document.querySelectorAll('input[type=search][data-search]')) {
    const rows = [...document.getElementById(field.dataset.search).tBodies[0].rows];
    const type = word => {
      field.value = word;
      field.dispatchEvent(new Event('input', {bubbles: true}));
      return rows.filter(r => !r.hidden).length;
    };
    const word = rows.at(-1).querySelector('th').textContent.trim().slice(0, 6);
    const held = rows.filter(r => r.textContent.toLowerCase().includes(word.toLowerCase()));
    seen.push({word, held: held.length, left: type(word.toUpperCase()),
               none: type('no such thing anywhere'), all: type(''), rows: rows.length});
  }
  return seen;
}"""
# Clicks every box of a layer twice; what the map draws, and whether the box is as it was.
SWITCH = """() => {
  const map = Object.entries(window).find(([k]) => /^map_/.test(k))[1];
  const drawn = () => Object.values(map._layers).filter(l => !(l instanceof L.Renderer)).length;
  for (const d of document.querySelectorAll('details')) d.open = true;
  return [...document.querySelectorAll('main input[data-layer][type=checkbox]')].map(box => {
    const was = box.checked, counts = [drawn()];
    for (const i of [0, 1]) { box.click(); counts.push(drawn()); }
    return {layer: box.dataset.layer, kept: box.checked === was, counts};
  });
}"""


@pytest.mark.parametrize(("name", "file"), USED)
def test_tables_sort_and_search_layers_switch_and_can_be_taken_back(
    visit: Any, study: Study, name: str, file: str
) -> None:
    page = go(visit, study(name), file)
    columns = page.evaluate(SORT)
    assert len(columns) > 6
    for column in columns:
        assert column["said"] == column["way"]
        assert column["others"] == 1
        values = column["values"]
        known = [v for v in values if v is not None]
        assert values == known + [None] * (len(values) - len(known))  # the unknown stand below
        if column["number"]:
            down = column["way"] == "descending"
            assert [float(v) for v in known] == sorted(map(float, known), reverse=down)
    fields = page.evaluate(SEARCH)
    assert len(fields) >= ("changes" not in file)
    for field in fields:
        assert 0 < field["left"] == field["held"]
        assert (field["none"], field["all"]) == (0, field["rows"])
    if "changes" not in file:
        boxes = page.evaluate(SWITCH)
        assert boxes
        for box in boxes:
            before, switched, after = box["counts"]
            assert before == after != switched, box
            assert box["kept"]
    # Whatever else can be chosen (score layers, shifts): every choice once, quietly.
    for choice in page.locator("main select:visible").all():
        for value in choice.locator("option").evaluate_all("all => all.map(o => o.value)"):
            choice.select_option(value)
    for radio in page.locator("main input[type=radio]").all():
        radio.evaluate("b => b.click()")
        assert radio.is_checked()
    for button in page.locator("main button[data-layer], main button[data-shift]").all():
        button.evaluate("b => b.click()")
    assert visit.complaints == []
    assert visit.outside() == []


def focused(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        """() => {
          const e = document.activeElement;
          const style = getComputedStyle(e);
          return {tag: e.tagName, css: e.className, href: e.getAttribute('href'),
                  outline: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
                  switch: e.matches('a[data-switch]'), search: e.matches('input[type=search]'),
                  sort: e.matches('button.sort'), park: e.matches('tbody a')};
        }"""
    )
    return found


@pytest.mark.parametrize("file", ["index.html", "en/index.html"])
def test_the_keyboard_alone_leads_from_the_overview_to_a_park_and_back(
    visit: Any, study: Study, file: str
) -> None:
    page = go(visit, study("town"), file)
    page.keyboard.press("Tab")
    assert "skip" in focused(page)["css"]
    passed: set[str] = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        here = focused(page)
        if here["tag"] == "BODY":
            break
        assert here["outline"], here  # one sees where one is
        if here["sort"] and "sort" not in passed:
            page.keyboard.press("Enter")
            assert page.locator("th[aria-sort]").count() >= 1
        passed |= {k for k in ("switch", "search", "sort", "park") if here[k]}
        if here["park"]:
            break
    assert passed == {"switch", "search", "sort", "park"}
    page.keyboard.press("Enter")
    page.wait_for_url("**/parks/*.html")
    page.wait_for_selector("html[data-map='drawn']", state="attached")
    for _ in range(10):
        page.keyboard.press("Tab")
        if str(focused(page)["href"]).endswith("../index.html"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{file}")
    assert visit.complaints == []


# --- two languages --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "whatif"])
def test_every_page_leads_to_the_same_page_in_the_other_language(study: Study, name: str) -> None:
    folder = study(name)
    other = "zh/" if name == "thin" else "en/"
    found = [p for p in pages(folder) if p != "report.html"]
    for file in found:
        text = (folder / file).read_text(encoding="utf-8")
        (link,) = re.findall('<a href="([^"]*)" lang="[^"]*" hreflang="[^"]*" data-switch>', text)
        twin = file.removeprefix(other) if file.startswith(other) else other + file
        assert ((folder / file).parent / unquote(link)).resolve() == (folder / twin).resolve()
        assert twin in found


@pytest.mark.parametrize("file", ["index.html", "parks/SF02.html", "changes.html"])
def test_the_language_switch_keeps_what_the_address_says_and_what_is_shown(
    visit: Any, study: Study, file: str
) -> None:
    folder, state = study("whatif"), "#park=SF01&layer=dining"

    def settled() -> Page:
        page: Page = visit.page
        page.wait_for_load_state("load")
        return page

    page = go(visit, folder, file)
    page.evaluate("h => history.replaceState(null, '', h)", state)
    heading, rows = page.locator("h1").text_content(), page.locator("tbody tr").count()
    page.locator("a[data-switch]").click()
    page = settled()
    assert page.url == (folder / "en" / file).as_uri() + state
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("tbody tr").count() == rows
    if file != "changes.html":
        assert page.locator("h1").text_content() == heading  # a name, not a word
    page.locator("a[data-switch]").click()
    page = settled()
    assert page.url == (folder / file).as_uri() + state
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert visit.complaints == []
    assert visit.outside() == []


def test_an_english_page_has_no_chinese_word_and_a_chinese_page_is_chinese(
    visit: Any, study: Study
) -> None:
    """The embedded study is of a German town: every Chinese character would be ours."""
    folder = study("real")
    for file in pages(folder):
        if file == "report.html":
            continue
        page = go(visit, folder, file)
        # All that can be seen: texts, attributes that are read out, and what popups say.
        said = page.evaluate(
            """() => {
              const own = document.body.cloneNode(true);
              for (const e of own.querySelectorAll('a[data-switch], script')) e.remove();
              const names = [...own.querySelectorAll('[aria-label], [title], [placeholder]')]
                .flatMap(e => ['aria-label', 'title', 'placeholder'].map(a => e.getAttribute(a)));
              const data = document.getElementById('parkgap-data').textContent;
              return [own.textContent, ...names.filter(Boolean), data].join('\\n');
            }"""
        )
        chinese = set(CHINESE.findall(said)) - MARKS
        if file.startswith("en/"):
            assert chinese == set(), file
        else:
            assert len(chinese) > 50


# --- accessibility --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge(browser: Browser, axe: str) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Let axe-core judge a page; it comes from a file, so that window alone has no policy."""
    context = browser.new_context(offline=True, locale="zh-CN", bypass_csp=True)
    page = context.new_page()

    def faults(file: Path, size: tuple[int, int], picture: str = "") -> list[dict[str, Any]]:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(file.as_uri())
        if page.locator(".folium-map").count():
            page.wait_for_selector("html[data-map='drawn']", state="attached")
        if picture:
            PICTURES.mkdir(exist_ok=True)
            page.screenshot(path=PICTURES / f"{picture}.png", full_page=size == PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true;")
        page.evaluate(axe)
        found: list[dict[str, Any]] = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)"
        )
        return found

    yield faults
    context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize(("name", "file"), KINDS)
def test_axe_finds_no_serious_fault_and_nothing_sticks_out(
    judge: Any, study: Study, name: str, file: str, size: tuple[int, int]
) -> None:
    (page,) = list(study(name).glob(file))[:1]
    found = judge(page, size, f"{name}-{plain(file)}-{size[0]}")
    serious = [
        (fault["impact"], fault["id"], fault["nodes"][0]["html"][:160], len(fault["nodes"]))
        for fault in found
        if fault["impact"] in {"serious", "critical"}
    ]
    assert serious == [], json.dumps(serious, ensure_ascii=False, indent=1)


def test_axe_does_find_a_fault(judge: Any, tmp_path: Path) -> None:
    """The instrument itself: a picture without words, grey on grey."""
    page = tmp_path / "bad.html"
    page.write_text(
        '<!DOCTYPE html><html><title>t</title><body><main><p style="color:#ccc">grey on white</p>'
        '<img src="data:,"></main></body></html>',
        encoding="utf-8",
    )
    found = {fault["id"] for fault in judge(page, DESK)}
    assert {"color-contrast", "image-alt", "html-has-lang"} <= found


# --- the public edition ---------------------------------------------------------------------------


def test_the_thin_study_says_its_review_number_and_has_nothing_empty(
    visit: Any, study: Study
) -> None:
    folder = study("thin")
    for file in pages(folder):
        page = go(visit, folder, file)
        assert REVIEW in str(page.locator("body").text_content())
        for table in page.locator("table.sortable").all():
            assert table.locator("tbody tr").count() > 0
        for section in page.locator("section.panel").all():
            assert len(str(section.text_content()).strip()) > 20
    names = {p.name for p in folder.iterdir()}
    assert not names & {"housing.csv", "changes.csv", "changes.html", "sites.csv"}
