"""The overview in a real browser: layers, areas, the table that follows the map, links, tiles."""

from __future__ import annotations

import io
import json
import math
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import shapely

from parkgap import frames
from parkgap.basemap_keys import Basemap
from parkgap.publish.layers import DOTTED, HATCH, looks
from parkgap.publish.maps import write_maps
from parkgap.publish.shell import SCORE_COLOURS
from parkgap.sources.datum import gcj02_to_wgs84, to_wgs84, wgs84_to_gcj02
from parkgap.sources.regions import _CHINA

pytestmark = pytest.mark.browser

NAN = float("nan")
DARK = SCORE_COLOURS[0]
NAMES = {"A": "甲产业园", "b/2": "乙产业园"}


def studied(made: Any, **changes: Any) -> Any:
    """Give three parks: categories, two shifts and two subdistricts, worked out by hand."""

    def row(park: str, item: str, status: str, low: float, high: float, **more: Any) -> Any:
        served = {"satisfaction_low": low, "satisfaction_high": high}
        found = made.judged(park, item, status, **served, **more)
        return {k: v for k, v in found.items() if k in frames.ASSESSMENT.names}

    rows = [
        row("A", "canteen_or_meal", "short", 0.1, 0.1),
        row("A", "canteen_or_meal", "short", 0.5, 0.5, shift="早班"),
        row("A", "canteen_or_meal", "short", 0.0, 0.0, shift="夜班"),
        row("A", "bus_stop", "met", 1.0, 1.0),
        row("b/2", "canteen_or_meal", "unverified", 0.0, 1.0),
        row("b/2", "bus_stop", "short", 0.5, 0.5),
    ]
    names = NAMES | {made.HOSTILE: "丙产业园"}
    parks, ranking = made.results().parks, made.results().ranking
    parks["name"] = parks["park_id"].map(names)
    ranking["park_name"] = ranking["park_id"].map(names)
    ranking["subdistrict"] = ["东街道", "西街道", "西街道"]
    rollup = made.frame(
        frames.ROLLUP,
        [
            {
                "level": "subdistrict",
                "area": "东街道",
                "category": "dining",
                "item": "canteen_or_meal",
                "parks": 1,
                "parks_short": 1,
                "short_by": 2.0,
                "parks_unverified": 0,
                "unit": "处",
            }
        ],
    )
    known = {"parks": parks, "ranking": ranking, "rollup": rollup, "title": "某区体检"}
    known["assessment"] = made.frame(frames.ASSESSMENT, rows)
    known["shifts"] = {"A": ("早班", "夜班")}
    known |= changes
    title = known.pop("title")
    more = {"basemap": known.pop("basemap", None), "language": known.pop("language", "zh")}
    return made.results(study=made.study(title=title, **more), **known)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, made: Any) -> Path:
    """Write the pages once."""
    out = tmp_path_factory.mktemp("overview")
    write_maps(studied(made), out)
    return out


def fills(page: Any) -> list[str]:
    """Read the parks' fills, in the order of the table."""
    found: list[str] = page.locator("path.park").evaluate_all(
        "ps => ps.map((p) => p.getAttribute('fill'))"
    )
    return found


def scores(page: Any) -> list[str]:
    """Read the table's scores, top down."""
    cells = page.locator("#main-table tbody tr:visible td.score").all_inner_texts()
    return [text.split("\n")[0].strip() for text in cells]


def names(page: Any) -> list[str]:
    """Read the names of the rows that are there, top down."""
    found: list[str] = page.locator("#main-table tbody tr:visible th a").all_inner_texts()
    return found


def status(page: Any) -> str:
    """Read what the table says of its rows."""
    return str(page.locator("#main-table-status").inner_text())


def hash_of(page: Any) -> str:
    """Read the part of the address behind #."""
    return str(page.url).partition("#")[2]


def settled(page: Any) -> None:
    """Wait until the map moves no more."""
    page.wait_for_timeout(400)


# --- layers -----------------------------------------------------------------------------------


def test_a_layer_shades_map_table_tooltip_and_legend(visit: Any) -> None:
    page = visit.open("index.html")
    assert fills(page) == [SCORE_COLOURS[1], HATCH, DOTTED]
    select = page.get_by_role("combobox", name="按", exact=True)
    select.select_option("cat:dining")
    # 0.1 is dark; unverified alone is hatched though it may be all there; the third has none
    assert fills(page) == [DARK, HATCH, looks()[-1][0]]
    assert scores(page) == ["10.0", "50.0", "—"]
    assert hash_of(page) == "layer=cat%3Adining"
    assert "餐饮" in page.locator("#layer-note").inner_text()
    assert "餐饮" in page.locator(".map-legend > summary").inner_text()
    counts = page.locator("li[data-looks]:visible .n").all_inner_texts()
    assert counts == ["1", "", "", "", "", "1", "", "1"]
    page.locator("path.park").first.hover(force=True)
    assert "餐饮：10.0 10.0" in page.locator(".pg-tip").inner_text()
    visit.picture("overview-dining")
    select.select_option("shift:夜班")
    assert scores(page) == ["50.0", "—", "—"]  # (0 + 1) / 2; the others have no such shift
    select.select_option("all")
    assert sorted(fills(page)) == sorted([SCORE_COLOURS[1], HATCH, DOTTED])
    assert scores(page) == ["40.0", "40.0", "—"]
    assert hash_of(page) == ""
    assert visit.complaints == []


def test_every_kind_of_layer_is_offered(visit: Any) -> None:
    page = visit.open("index.html")
    groups = page.locator("#layer optgroup").evaluate_all("gs => gs.map((g) => g.label)")
    assert groups == ["从哪里判断", "类别", "班次"]
    values = page.locator("#layer option").evaluate_all("os => os.map((o) => o.value)")
    assert values == [*("all", "work", "cat:dining", "cat:transit", "shift:夜班", "shift:早班")]


def test_a_sorted_table_is_sorted_again_by_the_layer(visit: Any) -> None:
    page = visit.open("index.html")
    page.get_by_role("button", name="得分").click()
    page.locator("#layer").select_option("cat:transit")
    assert scores(page) == ["50.0", "100.0", "—"]
    assert names(page)[:2] == ["乙产业园", "甲产业园"]


# --- links ------------------------------------------------------------------------------------


def test_an_address_restores_layer_area_and_park(visit: Any) -> None:
    said = quote("subdistrict:西街道")
    page = visit.open("index.html")
    page.goto(f"{page.url}#park=b%2F2&layer=cat:transit&area={said}")
    assert page.locator("#layer").input_value() == "cat:transit"
    assert names(page) == ["乙产业园", "丙产业园"]
    assert page.locator("tr[aria-current=true] th a").inner_text() == "乙产业园"
    # and as it is opened
    page.reload()
    page.wait_for_selector("html[data-map='drawn']", state="attached")
    assert page.locator("#layer").input_value() == "cat:transit"
    assert page.locator("button.area[aria-pressed=true]").inner_text() == "西街道"
    assert page.locator("#area-level").input_value() == "subdistrict"
    page.evaluate("location.hash = '#layer=work'")
    page.wait_for_function(
        f"() => {len(NAMES) + 1} === document.querySelectorAll("
        "'#main-table tbody tr:not([hidden])').length"
    )
    assert page.locator("#layer").input_value() == "work"
    assert page.locator("button.area[aria-pressed=true]").count() == 0
    assert visit.complaints == []


@pytest.mark.parametrize(
    "said",
    [
        "layer=<img src=x onerror=window.__pwned=1>&area=x&park=__proto__",
        "layer=__proto__&area=constructor&park=toString",
        "%E0%A4%A&layer=%00&park=%",
        "layer=" + "x" * 100_000,
        "area=subdistrict:\"]&park='),alert(1)//",
    ],
)
def test_a_hostile_address_does_nothing(visit: Any, said: str) -> None:
    page = visit.open("index.html")
    page.evaluate("said => { location.hash = '#' + said; }", said)
    page.wait_for_timeout(50)
    page.reload()
    page.wait_for_selector("html[data-map='drawn']", state="attached")
    assert page.locator("#layer").input_value() == "all"
    assert len(names(page)) == 3
    assert page.locator("tr[aria-current], button.area[aria-pressed=true]").count() == 0
    assert page.evaluate("window.__pwned") is None
    assert visit.complaints == []


def test_whoever_comes_back_from_a_park_finds_its_row(visit: Any) -> None:
    page = visit.open("index.html")
    spot = page.locator("path.park").first.bounding_box()
    page.mouse.click(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    page.wait_for_url(re.compile(r"/parks/A\.html"))
    page.go_back()
    page.wait_for_selector("html[data-map='drawn']", state="attached")
    assert page.locator("tr[aria-current=true] th a").inner_text() == "甲产业园"


# --- the table beside the map --------------------------------------------------------------------


def test_an_area_narrows_table_and_map(visit: Any) -> None:
    page = visit.open("index.html")
    assert page.locator(".areas:visible").count() == 0
    page.get_by_role("combobox", name="按区域汇总").select_option("subdistrict")
    rows = page.locator(".areas:visible tbody tr")
    assert rows.count() == 2
    assert "食堂/社区食堂/正餐快餐：2 处" in rows.first.inner_text()
    assert "另有 1 个园区人数未知或不列" in rows.last.inner_text()
    page.get_by_role("button", name="东街道").click()
    assert names(page) == ["甲产业园"]
    assert status(page) == "显示 1 / 3 个园区"
    assert page.locator("path.park").count() == 1
    settled(page)
    visit.picture("overview-area")
    page.get_by_role("button", name="东街道").click()  # once more: all of them again
    assert len(names(page)) == 3
    assert page.locator("path.park").count() == 3
    assert hash_of(page) == ""


def test_only_what_the_map_shows(visit: Any) -> None:
    page = visit.open("index.html")
    assert page.locator("tr.in-view").count() == 3
    page.get_by_role("button", name="在图上显示：甲产业园").click()
    settled(page)
    page.evaluate(
        """() => Object.entries(window).find(([k]) => /^map_/.test(k))[1]
            .setView([36.0015, 120.012], 18, { animate: false })"""
    )
    assert page.locator("tr.in-view th a").all_inner_texts() == ["甲产业园"]
    assert len(names(page)) == 3  # marked, and no more
    page.get_by_label("只列图中可见的园区").check()
    assert names(page) == ["甲产业园"]
    assert status(page) == "显示 1 / 3 个园区"
    page.get_by_role("searchbox").fill("乙")
    assert names(page) == []
    assert page.locator("#main-table-none").is_visible()
    page.get_by_label("只列图中可见的园区").uncheck()
    assert names(page) == ["乙产业园"]
    assert page.locator("#main-table-status").get_attribute("role") == "status"


def test_a_click_beside_a_park_brings_its_row(visit: Any) -> None:
    page = visit.open("index.html")
    spot = page.locator("path.park").nth(1).bounding_box()
    page.mouse.click(spot["x"] + spot["width"] / 2, spot["y"] - 8)
    assert page.locator("tr[aria-current=true] th a").inner_text() == "乙产业园"
    assert hash_of(page) == "park=b%2F2"
    assert "index.html" in page.url


def test_a_row_lights_its_park_by_mouse_and_keyboard(visit: Any) -> None:
    page = visit.open("index.html")
    path = page.locator("path.park")
    row = page.locator("#main-table tbody tr").first
    before = path.first.get_attribute("stroke-width")
    row.locator("a").focus()
    widths = path.evaluate_all("ps => ps.map((p) => p.getAttribute('stroke-width'))")
    assert "4" in widths
    assert before != "4"
    page.keyboard.press("Tab")  # the next stop shows the park on the map
    assert page.evaluate("document.activeElement.className") == "locate"
    page.keyboard.press("Enter")
    assert page.locator("tr[aria-current=true]").count() == 1


def test_everything_can_be_reached_by_keyboard(visit: Any) -> None:
    page = visit.open("index.html")
    page.locator("#area-level").select_option("subdistrict")
    page.evaluate("document.body.focus()")
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "(e => e.id || (e.getAttribute('class') || e.tagName).split(' ')[0])"
                "(document.activeElement)"
            )
        )
        shown = page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none' "
            "|| document.activeElement === document.body"
        )
        assert shown, seen
    assert {"skip", "layer", "area-level", "only-view", "area", "sort", "locate"} <= seen
    assert "park" not in seen  # hundreds of shapes before the table


@pytest.mark.parametrize("size", [(683, 384), (390, 844)], ids=["zoom-200", "phone"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_small_windows_cut_nothing(
    visit: Any, made: Any, tmp_path: Path, size: tuple[int, int], lang: str
) -> None:
    write_maps(studied(made, language=lang), tmp_path)
    visit.folder = tmp_path
    page = visit.open("index.html", size)
    page.locator("#area-level").select_option("subdistrict")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    box = page.locator(".mapbox").bounding_box()
    for inner in (".map-key", ".map-marks", ".leaflet-control-attribution"):
        own = page.locator(inner).bounding_box()
        assert own["x"] >= box["x"]
        assert own["x"] + own["width"] <= box["x"] + box["width"] + 1
    marks = page.locator(".map-marks").bounding_box()
    credit = page.locator(".leaflet-control-attribution").bounding_box()
    assert marks["y"] + marks["height"] <= credit["y"] + 1
    visit.picture(f"overview-{lang}-{size[0]}", whole=True)


def test_assumptions_stand_in_a_drawer_with_their_basis(visit: Any) -> None:
    page = visit.open("index.html")
    assert not page.locator("#assumptions-table").is_visible()
    page.get_by_role("link", name="假设与依据").click()
    page.locator("#assumptions > summary").click()
    said = page.locator("#assumptions-table").inner_text()
    for words in ("平地步行速度", "67 米/分钟", "07:00–20:00", "假设", "条文", "30%"):
        assert words in said
    assert visit.complaints == []


def test_paper_shows_map_legend_marks_and_table(visit: Any) -> None:
    page = visit.open("index.html")
    page.locator("#layer").select_option("cat:dining")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    box = page.locator(".mapbox").bounding_box()
    assert box["width"] >= 277 / 25.4 * 96 - 1  # as wide as A4 without its margins
    assert (
        page.evaluate(
            "[...document.querySelectorAll('.leaflet-ground-pane canvas')]"
            ".filter((c) => !c.hidden && c.width > 1000).length"
        )
        == 1
    )
    for wanted in (".map-legend .legend", ".map-marks", ".mark.edition", "#main-table"):
        assert page.locator(wanted).first.is_visible(), wanted
    assert "餐饮" in page.locator(".map-legend > summary").inner_text()
    for gone in ("#layer", "#only-view", "button.locate", "input[type=search]"):
        assert not page.locator(gone).first.is_visible(), gone
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator(".leaflet-ground-pane canvas").count() == 1
    for paper in ("A4", "A3"):
        assert page.pdf(format=paper, landscape=True).startswith(b"%PDF")


# --- tiles ------------------------------------------------------------------------------------

MARK = (120.0, 36.0)  # a place, WGS-84


class Tiles(BaseHTTPRequestHandler):
    """Stands in for a map portal: white tiles in GCJ-02, with one dot at the marked place."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        z, x, y = (int(part) for part in self.path.strip("/").removesuffix(".png").split("/"))
        lon, lat = (float(v[0]) for v in wgs84_to_gcj02(*MARK))
        px, py = pixel(lon, lat, z)
        body = picture(px - 256 * x, py - 256 * y)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def pixel(lon: float, lat: float, zoom: int) -> tuple[float, float]:
    """Pixel of a place in the web-mercator grid of 256-pixel tiles (its definition)."""
    size = 256 * 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return (lon + 180) / 360 * size, y * size


def picture(x: float, y: float) -> bytes:
    """Draw one tile, with a red square of 9 pixels around a point that may lie outside."""
    from PIL import Image

    tile = np.full((256, 256, 3), 255, dtype=np.uint8)
    across, down = np.meshgrid(np.arange(256) + 0.5, np.arange(256) + 0.5)
    tile[(np.abs(across - x) <= 4.5) & (np.abs(down - y) <= 4.5)] = (255, 0, 0)
    out = io.BytesIO()
    Image.fromarray(tile).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def portal() -> Iterator[tuple[str, list[str]]]:
    """Run the stand-in on this machine; its address, and what it was asked."""
    handler = type("Handler", (Tiles,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=partial(server.serve_forever, 0.05), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.asked  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


def tiled(made: Any, address: str, datum: str = "GCJ02") -> Any:
    """Results of a study that asks for tiles."""
    said = {"url": address + "/{z}/{x}/{y}.png", "datum": datum, "credit": "© 甲 <b>图</b>"}
    return studied(made, basemap=Basemap.model_validate(said))


@pytest.mark.parametrize("zoom", [11, 13, 16, 17.5])
def test_a_tile_in_gcj02_lies_where_it_belongs(
    browser: Any, made: Any, tmp_path: Path, portal: tuple[str, list[str]], zoom: float
) -> None:
    write_maps(tiled(made, portal[0]), tmp_path)
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.goto((tmp_path / "index.html").as_uri())
    page.wait_for_selector("html[data-map='drawn']", state="attached")
    spot = page.evaluate(
        """([lon, lat, zoom]) => {
            const map = Object.entries(window).find(([k]) => /^map_/.test(k))[1];
            map.setView([lat + 0.0004, lon + 0.0004], zoom, { animate: false });
            for (const red of [".leaflet-parks-pane", ".leaflet-ranks-pane", ".map-key"]) {
                document.querySelector(red).style.display = "none";
            }
            const p = map.project([lat, lon]).subtract(map.getPixelOrigin())
                .add(map.layerPointToContainerPoint([0, 0]));  // not rounded
            const box = map.getContainer().getBoundingClientRect();
            return [box.left + p.x, box.top + p.y];
        }""",
        [*MARK, zoom],
    )
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    from PIL import Image

    seen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    red = (seen[..., 0] > 200) & (seen[..., 1] < 120) & (seen[..., 2] < 120)
    box = page.locator(".mapbox").bounding_box()
    red[:, int(box["x"] + box["width"]) :] = False
    red[: int(box["y"])] = red[int(box["y"] + box["height"]) - 90 :] = False
    down, across = np.nonzero(red)
    metres = 2 * math.pi * 6378137 * math.cos(math.radians(MARK[1])) / (256 * 2**zoom)
    off = math.hypot(across.mean() + 0.5 - spot[0], down.mean() + 0.5 - spot[1])
    # GCJ-02 is 550 m off here. The dot is drawn on whole pixels of its tile, so that its middle is
    # told to a pixel; how exact pieces are is tested in numbers below.
    assert off < 1.5, (off, metres)
    if zoom > 15:
        assert off * metres < 5.0
    hosts = {u.split("/")[2] for u in asked if u.startswith("http")}
    assert hosts == {portal[0].removeprefix("http://")}
    assert "© 甲 <b>图</b>" in page.locator(".leaflet-control-attribution").inner_text()
    page.context.close()


def test_without_the_net_the_drawn_ground_is_seen(visit: Any, made: Any, tmp_path: Path) -> None:
    write_maps(tiled(made, "http://127.0.0.1:9"), tmp_path)
    visit.folder = tmp_path
    page = visit.open("index.html")
    settled(page)
    assert page.locator(".leaflet-ground-pane canvas").is_visible()
    assert page.locator(".leaflet-tile-loaded").count() == 0
    assert page.locator(".leaflet-labels-pane").evaluate("e => e.style.visibility") == ""
    page.get_by_label("在线底图").uncheck()
    assert page.locator(".leaflet-tiles-pane .leaflet-tile").count() == 0
    assert not [c for c in visit.complaints if "ERR_" not in c]


def test_pieces_of_tiles_lie_within_five_metres_at_every_zoom(
    visit: Any, made: Any, tmp_path: Path
) -> None:
    write_maps(tiled(made, "http://127.0.0.1:9"), tmp_path)
    visit.folder = tmp_path
    page = visit.open("index.html")
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(98.0, 120.0, 500), rng.uniform(23.0, 41.0, 500)
    # At the outline, which lies beyond the border, the shift ends; pieces that it cuts are neither.
    inside = shapely.contains_xy(shapely.Polygon(_CHINA).buffer(-0.1), lon, lat)
    lon, lat = lon[inside], lat[inside]
    for datum in ("GCJ02", "BD09"):
        right = np.column_stack(to_wgs84(lon, lat, datum))
        # Farther out five metres are less than a fiftieth of a pixel.
        for zoom in range(8 if datum == "GCJ02" else 10, 19):
            drawn = np.array(
                page.evaluate(
                    "([d, z, ps]) => ps.map(([x, y]) => window.parkgap.drawnAt(d, z, x, y))",
                    [datum, zoom, np.column_stack([lon, lat]).tolist()],
                )
            )
            apart = (
                (drawn - right)
                * 111_320
                * np.column_stack([np.cos(np.radians(lat)), np.ones_like(lat)])
            )
            assert np.hypot(*apart.T).max() < 5.0, (datum, zoom)
        # and it is far from where it would lie unmoved
        moved = (right - np.column_stack([lon, lat])) * 111_320
        assert np.median(np.hypot(*moved.T)) > 300


def test_the_scripts_datums_are_those_of_the_program(visit: Any, made: Any, tmp_path: Path) -> None:
    write_maps(tiled(made, "http://127.0.0.1:9"), tmp_path)
    visit.folder = tmp_path
    page = visit.open("index.html")
    assert page.evaluate("window.parkgap.datum.CHINA") == [list(p) for p in _CHINA]
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(70.0, 136.0, 500), rng.uniform(15.0, 55.0, 500)  # beyond China, too
    for datum in ("GCJ02", "BD09"):
        back = page.evaluate(
            "([d, ps]) => ps.map((p) => window.parkgap.datum.toWgs84(d, p))",
            [datum, np.column_stack([lon, lat]).tolist()],
        )
        assert np.abs(np.array(back) - np.column_stack(to_wgs84(lon, lat, datum))).max() < 1e-9
    forth = page.evaluate(
        "ps => ps.map((p) => window.parkgap.datum.fromWgs84('GCJ02', p))",
        np.column_stack(gcj02_to_wgs84(lon, lat)).tolist(),
    )
    assert np.abs(np.array(forth) - np.column_stack([lon, lat])).max() < 1e-9


def test_a_key_stands_in_pages_and_nowhere_else(made: Any, tmp_path: Path) -> None:
    key = "0123456789abcdef0123456789abcdef"
    asked = Basemap.model_validate({"provider": "tianditu", "key": key})
    write_maps(studied(made, basemap=asked), tmp_path)
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    holding = {p for p in files if key in p.read_text("utf-8", "replace")}
    assert holding == {tmp_path / "index.html", *(tmp_path / "parks").iterdir()}
    data = (tmp_path / "index.html").read_text("utf-8")
    said = json.loads(re.search(r'id="parkgap-data">(.*?)</script>', data)[1])["tiles"]  # type: ignore[index]
    assert said["tokens"] == list("01234567")
    assert said["datum"] == "WGS84"
