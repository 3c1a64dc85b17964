"""Park pages in a real browser: shifts, squares of homes, the address, jumps, phone and paper."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

PHONE, DESK = (390, 844), (1366, 768)
PAGE = "parks/A.html"


@pytest.fixture(scope="module")
def parkpage(checkout: Path) -> Any:
    path = checkout / "tests" / "unit" / "test_parkpage.py"
    spec = importlib.util.spec_from_file_location("made_parkpage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, parkpage: Any) -> Path:
    out = tmp_path_factory.mktemp("parkpage")
    parkpage.written(out, parkpage.around())
    return out


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory, parkpage: Any) -> Path:
    out = tmp_path_factory.mktemp("parkpage-en")
    parkpage.written(out, parkpage.around(shift="night"), language="en")
    return out


def chosen(visit: Any, address: str = "", size: tuple[int, int] = DESK) -> Any:
    """Open the page of park A with something behind its address."""
    visit.page.set_viewport_size({"width": size[0], "height": size[1]})
    visit.page.goto("about:blank")
    visit.page.goto((visit.folder / PAGE).as_uri() + address)
    visit.page.wait_for_function("document.documentElement.dataset.map === 'drawn'")
    return visit.page


def counts(page: Any) -> list[str]:
    return [str(t) for t in page.locator("[data-count]").all_text_contents()]


def test_a_shift_fades_what_is_closed_and_counts_what_serves(visit: Any) -> None:
    page = chosen(visit)
    plain = counts(page)
    assert plain == ["1", "1"]
    assert not page.locator("#shift-legend").is_visible()
    page.locator("#shift").select_option(index=1)  # by day the meal is open by assumption
    assert [c[:1] for c in counts(page)] == ["1", "1"]
    page.locator("#shift").select_option(index=2)  # at night nobody knows
    assert [c[:1] for c in counts(page)] == ["0", "1"]
    assert page.locator("#shift-legend").is_visible()
    visit.picture("parkpage-shift")
    page.locator("#shift").select_option(index=0)
    assert counts(page) == plain
    assert visit.complaints == []


def test_the_popup_tells_every_shift_and_item(visit: Any) -> None:
    page = chosen(visit)
    page.mouse.click(*spot(page, 120.012, 36.001))
    page.wait_for_selector(".openings")
    said = page.locator(".openings li").all_text_contents()
    assert len(said) == 2
    words = page.evaluate(
        "JSON.parse(document.getElementById('parkgap-data').textContent).shifts.words"
    )
    # Breakfast is closed and the meal assumed by day; too short and unknown at night.
    for line, letters in zip(said, ("ca", "tu"), strict=True):
        assert all(words[letter] in line for letter in letters)


def spot(page: Any, lon: float, lat: float) -> tuple[float, float]:
    x, y = page.evaluate(
        """([lon, lat]) => {
            const map = Object.values(window).find((v) => v instanceof L.Map);
            const p = map.latLngToContainerPoint([lat, lon]);
            const b = map.getContainer().getBoundingClientRect();
            return [p.x + b.left, p.y + b.top];
        }""",
        [lon, lat],
    )
    return float(x), float(y)


def test_the_address_keeps_shift_and_layers_and_gives_them_back(visit: Any) -> None:
    page = chosen(visit)
    page.locator("#shift").select_option(index=2)
    page.locator("input[data-layer=gates]").uncheck()
    page.locator("input[data-layer=homes]").check()
    address = "#" + page.url.split("#")[1]
    assert "shift=" in address
    assert "layer=" in address
    again = chosen(visit, address)
    assert again.locator("#shift").evaluate("e => e.selectedIndex") == 2
    assert not again.locator("input[data-layer=gates]").is_checked()
    assert again.locator(".gate.derived").count() == 1  # the legend's own
    assert len(squares(again)) == 2
    # As it was, it says nothing.
    again.locator("#shift").select_option(index=0)
    again.locator("input[data-layer=gates]").check()
    again.locator("input[data-layer=homes]").uncheck()
    assert "#" not in again.url or again.url.endswith("#")
    assert visit.complaints == []


@pytest.mark.parametrize(
    "address",
    [
        "#shift=%3Cimg%20src=x%3E&layer=__proto__,constructor",
        "#%%%",
        "#shift",
        "#layer=" + "c0," * 999,
    ],
    ids=["names", "broken", "bare", "long"],
)
def test_a_hostile_address_does_nothing(visit: Any, address: str) -> None:
    page = chosen(visit, address)
    assert page.locator("#shift").evaluate("e => e.selectedIndex") == 0
    assert page.locator("img[src=x]").count() == 0
    assert visit.complaints == []


def squares(page: Any) -> list[bool]:
    """Of each square on the map, whether all of it is in view."""
    found = page.evaluate(
        """() => {
            const map = Object.values(window).find((v) => v instanceof L.Map);
            const out = [];
            map.eachLayer((layer) => {
                if (layer instanceof L.Rectangle) {
                    out.push(map.getBounds().contains(layer.getBounds()));
                }
            });
            return out;
        }"""
    )
    return [bool(f) for f in found]


def test_squares_are_off_at_first_and_come_into_view(visit: Any) -> None:
    page = chosen(visit)
    assert squares(page) == []
    page.locator("input[data-layer=homes]").check()
    page.wait_for_timeout(400)
    assert squares(page) == [True, True]
    page.mouse.move(*spot(page, 120.0195, 36.009))
    page.wait_for_selector(".pg-tip")
    assert "200–999" in page.locator(".pg-tip").inner_text()
    visit.picture("parkpage-homes")
    # What lies on a square can still be clicked.
    page.mouse.click(*spot(page, 120.012, 36.001))
    page.wait_for_selector(".openings")


def test_a_jump_moves_the_focus_and_keeps_the_address(visit: Any) -> None:
    page = chosen(visit, "#layer=c0")
    link = page.locator(".contents a").last
    link.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    assert page.locator("#every-item details").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") < DESK[1]
    assert page.url.endswith("#layer=c0")


def test_the_facilities_are_a_table_for_the_keyboard_too(visit: Any) -> None:
    page = chosen(visit)
    assert page.locator("#place-list table").count() == 0  # made when it is asked for
    page.locator("#places summary").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#place-list table")
    rows = page.locator("#place-list tbody tr").all_inner_texts()
    assert len(rows) == 2
    assert "433" in rows[0]  # the meal: dining comes before transit
    words = page.evaluate(
        "JSON.parse(document.getElementById('parkgap-data').textContent).shifts.words"
    )
    assert words["a"] in rows[0]
    assert words["u"] in rows[0]
    page.locator("input[data-layer=c0]").uncheck()
    page.locator("#place-list button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".openings")
    assert page.locator("input[data-layer=c0]").is_checked()


def test_headings_go_down_one_step_at_a_time(visit: Any) -> None:
    page = chosen(visit)
    levels = page.evaluate(
        "Array.from(document.querySelectorAll('h1,h2,h3,h4'), (e) => Number(e.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_rows_are_cards_on_a_phone_and_still_a_table_to_a_reader(visit: Any) -> None:
    page = chosen(visit, size=PHONE)
    for details in page.locator("details").all():
        details.evaluate("e => { e.open = true; }")
    visit.picture("parkpage-phone", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    wide = page.evaluate(
        """Array.from(document.querySelectorAll('body.park .scroll'),
            (e) => e.scrollWidth - e.clientWidth)"""
    )
    assert max(wide) <= 1
    cell = page.locator("#main-table tbody td").first
    label = cell.evaluate("e => getComputedStyle(e, '::before').content")
    heading = page.locator("#main-table thead th").first.text_content()
    assert label.strip('"') == heading
    assert page.locator("#main-table").get_attribute("role") == "table"
    assert page.get_by_role("row").count() > 2
    assert page.get_by_role("rowheader").count() >= 2


@pytest.mark.parametrize("size", [(683, 384), DESK, PHONE], ids=["zoomed", "desk", "phone"])
def test_nothing_sticks_out(visit: Any, english: Path, size: tuple[int, int]) -> None:
    visit.folder = english
    page = chosen(visit, "#shift=night", size=size)
    visit.picture(f"parkpage-en-{size[0]}", whole=True)
    assert page.locator("#shift").evaluate("e => e.selectedIndex") == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_on_paper_the_map_is_whole_and_the_legend_is_of_what_is_on(visit: Any) -> None:
    page = chosen(visit, "#layer=c0")
    # Were the canvases drawn anew while printing, they would be shapes, and wipe what lies beneath.
    assert page.pdf().count(b"/Subtype /Image") >= 2
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    box = page.locator(".mapbox").bounding_box()
    assert box is not None
    assert box["width"] <= 719
    assert box["height"] <= 473
    shown = [t for t in page.locator(".layers .legend li").all() if t.is_visible()]
    assert len(shown) == 1
    for away in (".contents", "#shift", "button[data-all]", "input[type=search]"):
        assert not page.locator(away).first.is_visible()
    for kept in (".mark.edition", ".map-marks", "#main-table thead th"):
        assert page.locator(kept).first.is_visible()
