"""A real browser without a net, and the log of what a page asked for, said and ran."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


def find_browser() -> str | None:
    """Find Debian's chromium, or what CHROMIUM names."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; where there is none, a failure in CI, elsewhere a said skip."""
    path = find_browser()
    if path is None:
        said = "no chromium here (apt install chromium, or name one with CHROMIUM)"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@dataclass
class Visit:
    """One page in the browser, and all that it did."""

    page: Page
    folder: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, name: str, size: tuple[int, int] = (1366, 768)) -> Page:
        """Open a page of the folder from disk and wait until its map is drawn."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.goto((self.folder / name).as_uri())
        self.page.wait_for_function("document.documentElement.dataset.map === 'drawn'")
        return self.page

    def outside(self) -> list[str]:
        """List the requests for anything that is not a file of the folder."""
        return self.outside_of(self.folder)

    def outside_of(self, *folders: Path) -> list[str]:
        """List the requests for anything that is not a file of these folders."""
        inside = tuple(folder.as_uri() + "/" for folder in folders)
        return [u for u in self.requests if not u.startswith((*inside, "data:"))]

    def dismiss(self, dialog: Dialog) -> None:
        """Note that a page put up a dialog: some name ran as code."""
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def picture(self, name: str, *, whole: bool = False) -> bytes:
        """Keep a picture of the page, for people to look at."""
        PICTURES.mkdir(exist_ok=True)
        return self.page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open a fresh window, offline, on the folder that the test's ``folder`` fixture made."""
    context = browser.new_context(offline=True, locale="zh-CN")
    seen = Visit(context.new_page(), request.getfixturevalue("folder"))
    seen.page.on("request", lambda r: seen.requests.append(r.url))
    seen.page.on(
        "console",
        lambda m: seen.complaints.append(m.text) if m.type in ("error", "warning") else None,
    )
    seen.page.on("pageerror", lambda e: seen.complaints.append(str(e)))
    seen.page.on("dialog", seen.dismiss)
    yield seen
    context.close()


@pytest.fixture(scope="session")
def made(checkout: Path) -> Any:
    """Give the made-up results of the unit tests (``results`` and its rows)."""
    path = checkout / "tests" / "unit" / "test_maps.py"
    spec = importlib.util.spec_from_file_location("made_results", path)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


AXE = Path(__file__).parents[1] / "js" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def axe() -> str:
    """Source of axe-core; where it is not installed, a failure in CI, elsewhere a said skip."""
    if not AXE.is_file():
        said = "axe-core is not installed: npm ci --prefix tests/js"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    return AXE.read_text(encoding="utf-8")
