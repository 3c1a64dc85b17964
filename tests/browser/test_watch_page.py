"""A served page in a real browser: renewed by itself, warned by itself, hostile words as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.watching import WAIT_S, watching

pytestmark = pytest.mark.browser

WAIT_MS = WAIT_S * 1000
EVIL = "</script><img src=x onerror=window.__pwned=1>"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    yield context.new_page()
    context.close()


def test_an_open_page_shows_new_figures_and_broken_inputs_by_itself(
    page: Page, tmp_path: Path
) -> None:
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    with watching(tmp_path, port=0) as watched:
        url = watched.until("good", "pages: ")[1].removeprefix("pages: ")
        watched.until("good", "1 parks")
        page.goto(url)
        page.wait_for_function("document.documentElement.dataset.map === 'drawn'")
        table = page.locator("#main-table, table").first
        expect(table).to_contain_text("1,000", timeout=WAIT_MS)

        watched.save(watched.headcount(2345))
        expect(table).to_contain_text("2,345", timeout=WAIT_MS)
        page.wait_for_function("document.documentElement.dataset.map === 'drawn'")
        expect(page.locator("#parkgap-notice")).to_have_count(0)

        watched.save(watched.headcount(f'"{EVIL}"'))
        notice = page.locator("#parkgap-notice")
        expect(notice).to_contain_text("showing results of", timeout=WAIT_MS)
        expect(notice).to_contain_text(EVIL)
        expect(table).to_contain_text("2,345")
        assert notice.locator("img").count() == 0
        assert page.evaluate("window.__pwned") is None

        watched.save(watched.headcount(3456))
        expect(table).to_contain_text("3,456", timeout=WAIT_MS)
        expect(notice).to_have_count(0)
        assert complaints == []


def test_a_page_that_came_too_early_shows_the_results_when_they_are_there(
    page: Page, tmp_path: Path
) -> None:
    with watching(tmp_path, port=0) as watched:
        url = watched.until("good", "pages: ")[1].removeprefix("pages: ")
        page.goto(url)
        expect(page.locator("table").first).to_contain_text("1,000", timeout=WAIT_MS)
    expect(page.locator("#parkgap-notice")).to_contain_text("out of reach", timeout=WAIT_MS)
