"""What pages cost with 500 parks and 20,000 places: to write, to open, to pan.

    python benchmarks/pages.py [--parks 500] [--copies 2] [--folder DIR] [WORK]

A study of made-up parks over copies of Las Palmas is run, unless a result folder is given.  Then
its overview is opened from disk in the machine's Chromium, offline: the time until the map is
drawn, until the first click is answered, and the gaps between frames while the map is dragged.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from copies import copy
from studies import cold, make_study, scattered, stages
from tables import Row, markdown

HEAD = ("500 parks, 20,000 places", "measured")
VIEW = {"width": 1366, "height": 768}
TIMES = 5
_SMOOTH_MS = 50.0  # 20 frames a second: a drag is still felt to follow the hand
# The page's own clock, from the start of loading until its map is drawn; asked at every frame.
_WATCH = """
const seen = () => {
  if (document.documentElement && document.documentElement.dataset.map === 'drawn') {
    window.drawnAt = performance.now();
  } else requestAnimationFrame(seen);
};
requestAnimationFrame(seen);
"""
# Sorts by a heading; until the next frame is painted.
_CLICK = """() => new Promise(done => {
  const begin = performance.now();
  document.querySelectorAll('#main-table button.sort')[2].click();
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begin)));
})"""
_SWITCH = """() => new Promise(done => {
  for (const d of document.querySelectorAll('details')) d.open = true;
  const begin = performance.now();
  for (const box of document.querySelectorAll('main input[data-layer][type=checkbox]')) {
    if (!box.checked) box.click();
  }
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begin)));
})"""
_FRAMES = """() => {
  window.gaps = [];
  let last = performance.now();
  const next = now => { window.gaps.push(now - last); last = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""


def main() -> None:
    """Run the study, measure its pages, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", nargs="?", type=Path, default=Path(__file__).parent / "work")
    parser.add_argument("--extract", type=Path, help="an .osm.pbf; default: Las Palmas")
    parser.add_argument("--parks", type=int, default=500)
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="results that are there already")
    told = parser.parse_args()
    out = told.folder or _run(told.work, told.extract, told.parks, told.copies)
    print(markdown(HEAD, [*weights(out), *browsing(out)]))


def _run(work: Path, extract: Path | None, parks: int, copies: int) -> Path:
    """Run a study of so many parks, cold; its result folder."""
    source = extract or Path(__file__).parents[2] / "shared/data/las-palmas/osm.osm.pbf"
    work.mkdir(parents=True, exist_ok=True)
    pbf = work / f"pages-{copies}.osm.pbf"
    if not pbf.is_file():
        copy(source, pbf, copies)
    study = make_study(work, "pages", pbf, scattered(pbf, parks))
    with (study / "study.toml").open("a", encoding="utf-8") as stream:
        stream.write("\n[report]\nwrite = false\n")
    out = work / "maps" / "pages"
    cold(study, out)
    return out


def weights(out: Path) -> list[Row]:
    """Measure what the pages weigh, and how long the run wrote at them."""
    (seconds,) = (s["seconds"] for s in stages(out) if s["name"] == "maps")
    pages = sorted((out / "parks").glob("*.html"))
    index, ground = out / "index.html", out / "assets" / "base" / "overview.js"
    counts = json.loads((out / "run.json").read_text(encoding="utf-8"))["counts"]
    shown = sum(len(dots["d"]) // 2 for dots in _data(index)["dots"])
    return [
        ("parks; facilities in the map; places on the overview", _told(pages, counts, shown)),
        ("`index.html`; the ground it loads", f"{_mb(index)}; {_mb(ground)}"),
        ("the heaviest park page", _mb(max(pages, key=lambda p: p.stat().st_size))),
        ("writing all pages", f"{seconds:.1f} s"),
    ]


def _told(pages: list[Path], counts: dict[str, Any], shown: int) -> str:
    return f"{len(pages)}; {counts.get('facilities', 0):,}; {shown:,}"


def _data(page: Path) -> dict[str, Any]:
    """Read the data that a page carries."""
    text = page.read_text(encoding="utf-8")
    begin = text.index('id="parkgap-data">') + len('id="parkgap-data">')
    found: dict[str, Any] = json.loads(text[begin : text.index("</script>", begin)])
    return found


def _mb(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.2f} MB"


def browsing(out: Path) -> list[Row]:
    """Open the overview several times, use it, and say what a user waits for."""
    path = shutil.which("chromium")
    if path is None:
        print("no chromium here: pages are not opened", file=sys.stderr)
        return []
    drawn, clicks, switched, gaps, full = [], [], [], [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(TIMES):
            page = browser.new_page(viewport=VIEW, offline=True)  # type: ignore[arg-type]
            page.add_init_script(_WATCH)
            page.goto((out / "index.html").as_uri())
            page.wait_for_function("window.drawnAt !== undefined")
            drawn.append(page.evaluate("window.drawnAt"))
            clicks.append(page.evaluate(_CLICK))
            gaps += _dragged(page)
            switched.append(page.evaluate(_SWITCH))
            full += _dragged(page)
            page.close()
        browser.close()
    return [
        ("opened until drawn", _times(drawn)),
        ("first click (sorting) until painted", _times(clicks)),
        ("every kind of place switched on", _times(switched)),
        ("frames while dragging", _frames(gaps)),
        ("the same with all places shown", _frames(full)),
    ]


def _dragged(page: Page) -> list[float]:
    """Drag the map to and fro; the milliseconds between frames."""
    box = page.locator(".folium-map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(_FRAMES)
    for step in range(60):
        page.mouse.move(x + 100 - abs(step % 40 - 20) * 10, y + step % 20 * 5)
        page.wait_for_timeout(16)
    found: list[float] = page.evaluate("window.gaps")
    page.mouse.up()
    page.wait_for_timeout(300)
    return found[1:]


def _times(values: list[float]) -> str:
    middle = statistics.median(values)
    return f"{middle / 1e3:.2f} s ({min(values) / 1e3:.2f} to {max(values) / 1e3:.2f})"


def _frames(gaps: list[float]) -> str:
    ordered = sorted(gaps)
    late = sum(gap > _SMOOTH_MS for gap in ordered) / len(ordered)
    ninety = ordered[int(0.95 * len(ordered))]
    return (
        f"median {statistics.median(ordered):.0f} ms, 95 % {ninety:.0f} ms, longest "
        f"{ordered[-1]:.0f} ms; {late:.1%} over {_SMOOTH_MS:.0f} ms"
    )


if __name__ == "__main__":
    main()
