"""``report.pdf``: the report's page printed by a browser that the machine has, without a net.

Only where it is asked for: no browser comes with the program.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

FILE = "report.pdf"
_NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
_WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_FLAGS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever it asks for, nothing is found
    "--no-pdf-header-footer",
)
_LONGEST_S = 180
_DATES = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}[^)]{7}\)")

_NO_BROWSER_ZH = (
    "未找到 Chromium、Chrome 或 Edge，未生成 report.pdf；"
    "装上其一，或在 Word 中将 report.docx 另存为 PDF"
)
_NO_BROWSER_EN = (
    "no Chromium, Chrome or Edge was found, so there is no report.pdf; install one, or save "
    "report.docx as PDF from Word"
)
NO_BROWSER = (_NO_BROWSER_ZH, _NO_BROWSER_EN)


def find_browser() -> str | None:
    """Find a browser that prints; what the variable CHROMIUM names goes first."""
    return next(_browsers(), None)


def _browsers() -> Iterator[str]:
    named = os.environ.get("CHROMIUM")
    if named and Path(named).is_file():
        yield named
    yield from (path for name in _NAMES if (path := shutil.which(name)))
    roots = [os.environ.get(k) for k in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    places = [str(Path(root) / name) for root in roots if root for name in _WINDOWS]
    yield from (path for path in (*places, *_MAC) if Path(path).is_file())


def write_pdf(page: Path, path: Path, stamp: dt.date) -> tuple[str, str] | None:
    """Print a page of this folder; give a note (zh, en) where that could not be done.

    Parameters
    ----------
    page, path
        The HTML page, and the file to write.
    stamp
        The day that the file carries, so that its bytes depend on the page and the browser alone.
    """
    browser = find_browser()
    if browser is None:
        return NO_BROWSER
    # a browser run by root has no sandbox to start
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = [*_FLAGS, *(["--no-sandbox"] if root else [])]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser, *flags, f"--user-data-dir={profile}", f"--print-to-pdf={path}"]
        try:
            subprocess.run(
                [*command, page.resolve().as_uri()],
                check=True,
                timeout=_LONGEST_S,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            content = path.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            path.unlink(missing_ok=True)
            return _failed(browser, error)
    day = f"D:{stamp:%Y%m%d}000000+00'00'".encode()
    path.write_bytes(_DATES.sub(lambda m: b"/%b (%b)" % (m[1], day), content))
    return None


def _failed(browser: str, error: Exception) -> tuple[str, str]:
    name, why = Path(browser).name, type(error).__name__
    return (
        f"{name} 未能打印 report.html（{why}），未生成 report.pdf",
        f"{name} could not print report.html ({why}), so there is no report.pdf",
    )
