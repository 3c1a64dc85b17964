"""The pages in a real browser, offline, from disk: drawn, quiet, safe, usable."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from parkgap import frames
from parkgap.publish.html import page_name
from parkgap.publish.maps import write_maps
from parkgap.results import Beside, Cause, Change

pytestmark = pytest.mark.browser

PWNED = "window.__pwned"
# Each runs in some place where folium or a careless page would put a name.
HOSTILE = [
    '<img src=x onerror="window.__pwned=1">',
    "</script><script>window.__pwned=2</script>",
    "${window.__pwned=3}",
    "`+(window.__pwned=4)+`",
    "{{ 7*7 }}{% raw %}",
    "\"'><svg onload=window.__pwned=5>",
    "javascript:window.__pwned=6",
    "\u202egnikcart\u2028\u2029\x00",
    "\\u003cimg src=x onerror=window.__pwned=7\\u003e",
    "<!--<script>",
]
EVIL = " ".join(HOSTILE)
SHOWN = EVIL.replace("\u202e", "\ufffd").replace("\x00", "\ufffd")
SHOWN = SHOWN.replace("\u2028", " ").replace("\u2029", " ")
VIEWS = pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["desk", "phone"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, made: Any) -> Path:
    """Results whose every name is hostile: study, park, facility, gate, shift, area, settlement."""
    parks = made.results().parks
    parks["name"] = EVIL
    changed = {
        "parks": parks,
        "ranking": made.results().ranking.assign(park_name=EVIL, district=EVIL, zone=EVIL),
        "shortfall": made.results().shortfall.assign(nearest_name=EVIL, clause=EVIL, shift=EVIL),
        "assessment": made.results().assessment.assign(nearest_name=EVIL, tests=EVIL, clause=EVIL),
        "facilities": made.results().facilities.assign(name=EVIL, opening_hours=EVIL),
        "gates": made.results().gates.assign(gate_id=EVIL),
        "beside": lists(made),
        "data_date": EVIL,
        "warnings": ((EVIL, EVIL),),
    }
    changed["facilities"]["lines"] = [[EVIL]] * 3
    changed["changes"] = hostile_changes(str(parks["park_id"].iloc[0]))
    changed["compared_with"] = {"as_of": EVIL, "osm_date": None, "program": EVIL}
    places = made.ground().places.assign(name=EVIL)
    base = made.Base(*(made.ground().__dict__ | {"places": places}).values())
    out = tmp_path_factory.mktemp("evil 地图 #1")
    write_maps(made.results(study=made.study(title=EVIL), base=base, **changed), out)
    return out


def lists(made: Any) -> Any:
    """Make what the office's lists say, every text of it hostile."""
    place: dict[str, Any] = {"planned_id": "p", "name": EVIL, "item": "bus_stop"}
    place |= {"lon": 120.0105, "lat": 36.0015}
    place |= {"access": "public", "status": "planned", "opening": EVIL, "seats": None, "beds": None}
    walk = {"park_id": "A", "planned_id": "p", "metres": 250.0, "minutes": 3.7}
    gap = {**walk, "item": "canteen_or_meal", "origin": "work"}
    times: dict[str, Any] = {"facility_id": "node/1", "line": EVIL, "direction": EVIL, "stop": EVIL}
    times |= {"first": EVIL, "last": EVIL, "headway": 12.0}
    bus: dict[str, Any] = {
        "park_id": "A",
        "line": EVIL,
        "enterprise": EVIL,
        "stops": EVIL,
        "times": EVIL,
    }
    bus |= {"departures": 2.0, "seats": 40.0, "seats_day": 80.0}
    owner = {"item": "canteen_or_meal", "department": EVIL, "duty": EVIL, "contact": EVIL}
    return Beside(
        planned=made.frame(frames.PLANNED, [{**place, "source": EVIL}]),
        pipeline=made.frame(frames.PIPELINE, [gap]),
        timetable=made.frame(frames.TIMETABLE, [times]),
        shuttles=made.frame(frames.SHUTTLE_LINES, [bus]),
        owners=made.frame(frames.OWNERS, [{**owner, "source": EVIL}]),
        planned_near=made.pd.DataFrame([walk]),
    )


def hostile_changes(park_id: str) -> tuple[Change, ...]:
    """Changes whose every text is hostile, of a park that is there and of one that vanished."""
    cause = Cause("facility_retagged", (EVIL,), (("name", EVIL), ("items_after", EVIL)))
    nested = Cause("item", (EVIL,), (("item", EVIL),), (cause,))
    return (
        Change(park_id, EVIL, "status:pharmacy", "short", EVIL, (cause, nested)),
        Change(EVIL, EVIL, "park", EVIL, None, (Cause("parameter", (EVIL,), (("before", EVIL),)),)),
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, made: Any) -> Path:
    """Results with ordinary names, in Chinese."""
    out = tmp_path_factory.mktemp("plain")
    write_maps(ordinary(made, "zh"), out)
    return out


def ordinary(made: Any, lang: str) -> Any:
    """Make three parks with ordinary names."""
    title = "黄岛区产业园区生活配套体检" if lang == "zh" else "Amenities near industrial parks"
    names = {"A": "甲产业园", "b/2": "乙产业园", made.HOSTILE: "丙产业园"}
    parks, ranking = made.results().parks, made.results().ranking
    parks["name"] = parks["park_id"].map(names)
    ranking["park_name"] = ranking["park_id"].map(names)
    ranking.loc[1, "workers"] = 900.0
    facilities = made.results().facilities.assign(name=["老王快餐", None, "远处"])
    places = made.ground().places.assign(name="红石崖")
    base = made.Base(*(made.ground().__dict__ | {"places": places}).values())
    changed = {"parks": parks, "ranking": ranking, "facilities": facilities, "base": base}
    return made.results(study=made.study(title=title, language=lang), **changed)


def clicked(visit: Any, lon: float, lat: float) -> None:
    """Click on a spot of the map."""
    spot = visit.page.evaluate(
        """([lat, lon]) => {
            const map = Object.entries(window).find(([k]) => /^map_/.test(k))[1];
            const p = map.latLngToContainerPoint([lat, lon]);
            const box = map.getContainer().getBoundingClientRect();
            return [box.left + p.x, box.top + p.y];
        }""",
        [lat, lon],
    )
    visit.page.mouse.move(*spot)
    visit.page.mouse.click(*spot)


# --- hostile names ------------------------------------------------------------------------------


def test_hostile_names_run_nothing_on_any_page(visit: Any, folder: Path) -> None:
    names = ["index.html", *(f"parks/{p.name}" for p in sorted((folder / "parks").iterdir()))]
    assert len(names) == 4
    for name in names:
        page = visit.open(name)
        for details in page.locator("details").all():
            details.evaluate("d => { d.open = true; }")
        assert page.title() == " ".join(SHOWN.split())
        assert SHOWN in page.locator("body").text_content()
        assert page.locator("img, svg[onload]").count() == 0
        assert page.evaluate(PWNED) is None
    assert visit.complaints == []
    assert visit.outside() == []


def test_hostile_lists_are_text_in_tables_and_on_the_map(visit: Any) -> None:
    page = visit.open("parks/A.html")
    for table in ("#shuttles", "#timetable"):
        assert page.locator(f"{table} bdi").first.text_content() == SHOWN
    assert SHOWN in page.locator("#main-table .coming").text_content()
    assert SHOWN in page.locator("#main-table").text_content()  # the department, too
    page.locator(".anchor > .planned").click(force=True)
    page.wait_for_selector(".facility h3")
    assert page.locator(".facility h3").text_content() == SHOWN
    assert page.evaluate(PWNED) is None
    page.locator('input[data-layer="planned"]').uncheck()
    assert page.locator(".anchor > .planned").count() == 0
    assert visit.complaints == []


def test_hostile_changes_run_nothing_and_are_text(visit: Any, folder: Path) -> None:
    page = visit.page
    page.goto((folder / "changes.html").as_uri())
    assert page.locator("table.sortable").count() == 2
    assert SHOWN in page.locator("tbody").first.text_content()
    page.locator("button.sort").first.click()  # its script runs, and runs nothing else
    assert page.locator("th[aria-sort]").count() == 1
    assert page.locator("img, svg[onload], main script").count() == 0
    assert page.evaluate(PWNED) is None
    # the park that is there is linked, the one that vanished is not
    links = [a.get_attribute("href") for a in page.locator("main h2 a").all()]
    assert links == ["parks/A.html"]
    assert visit.complaints == []
    assert visit.outside() == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    visit.picture("changes-390", whole=True)
    # and back and forth between the two pages
    page.get_by_role("link", name="返回总览").click()
    page.wait_for_selector("html[data-map='drawn']", state="attached")
    page.locator("a[href='changes.html']").click()
    assert page.url.endswith("/changes.html")


def test_a_hostile_tooltip_is_text(visit: Any) -> None:
    page = visit.open("index.html")
    page.locator("path.park").first.hover(force=True)
    page.wait_for_selector(".pg-tip")
    assert page.locator(".pg-tip strong").text_content() == SHOWN
    assert page.evaluate(PWNED) is None


def test_a_hostile_popup_is_text(visit: Any) -> None:
    page = visit.open("parks/A.html")
    clicked(visit, 120.012, 36.001)
    page.wait_for_selector(".facility")
    assert page.locator(".facility h3").text_content() == SHOWN
    assert page.locator(".facility li").count() == 1
    assert page.locator(".facility small", has_text=SHOWN).count() == 1  # the clause
    assert page.locator(".facility img").count() == 0
    page.wait_for_timeout(200)  # an image that fails to load would do so now
    assert page.evaluate(PWNED) is None
    assert visit.complaints == []


def test_what_slips_through_escaping_is_not_run_either(visit: Any) -> None:
    page = visit.open("index.html")
    page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", HOSTILE[0])
    page.wait_for_timeout(300)
    assert page.locator("body > img").count() == 1  # it did reach the page
    assert page.evaluate(PWNED) is None
    assert any("Content Security Policy" in c for c in visit.complaints)


def test_the_page_cannot_reach_the_net(visit: Any) -> None:
    page = visit.open("index.html")
    said = page.evaluate("fetch('https://example.org/').then(() => 'reached', () => 'refused')")
    assert said == "refused"
    assert any("Content Security Policy" in c for c in visit.complaints)


# --- ordinary use -------------------------------------------------------------------------------


@pytest.fixture
def desk(visit: Any, plain: Path) -> Any:
    """Visit the ordinary results."""
    visit.folder = plain
    return visit


@pytest.mark.parametrize("name", ["index.html", "parks/A.html"])
@VIEWS
def test_pages_are_quiet_and_ask_for_nothing_outside(
    desk: Any, name: str, size: tuple[int, int]
) -> None:
    desk.open(name, size)
    desk.picture(f"{Path(name).stem}-{size[0]}", whole=size[0] < 500)
    assert desk.complaints == []
    assert desk.outside() == []
    assert any(u.endswith("/assets/leaflet/leaflet.js") for u in desk.requests)
    assert any("/assets/base/" in u for u in desk.requests)


@pytest.mark.parametrize("lang", ["zh", "en"])
@VIEWS
def test_nothing_overlaps_or_sticks_out(
    visit: Any, made: Any, tmp_path: Path, lang: str, size: tuple[int, int]
) -> None:
    write_maps(ordinary(made, lang), tmp_path)
    visit.folder = tmp_path
    for name in ("index.html", "parks/A.html"):
        page = visit.open(name, size)
        visit.picture(f"{Path(name).stem}-{lang}-{size[0]}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size[0], f"{name} is {wide} px wide"
        boxes = page.evaluate(
            """() => Object.fromEntries(['header', '.mapbox', '.side', '.map-legend',
                '.map-marks', '.leaflet-control-zoom', '.leaflet-control-attribution',
                '.leaflet-control-scale'].map((s) => {
                    const e = document.querySelector(s);
                    if (!e) return [s, null];
                    const b = e.getBoundingClientRect();
                    return [s, [b.left, b.top, b.right, b.bottom]];
                }))"""
        )
        shown = {k: v for k, v in boxes.items() if v}
        assert {"header", ".mapbox", ".side", ".map-marks"} <= set(shown)
        apart = [k for k in shown if k != ".mapbox"]
        for i, a in enumerate(apart):
            for b in apart[i + 1 :]:
                assert not crossing(shown[a], shown[b]), (name, a, b, shown)
        for inner in (".map-legend", ".map-marks"):
            if inner in shown:
                assert within(shown[inner], shown[".mapbox"]), (name, inner, shown)


def crossing(a: list[float], b: list[float]) -> bool:
    """Say whether two boxes (left, top, right, bottom) overlap by more than a pixel."""
    return a[0] < b[2] - 1 and b[0] < a[2] - 1 and a[1] < b[3] - 1 and b[1] < a[3] - 1


def within(a: list[float], b: list[float]) -> bool:
    """Say whether box `a` lies in box `b`."""
    return a[0] >= b[0] and a[1] >= b[1] and a[2] <= b[2] and a[3] <= b[3]


def test_a_click_on_a_park_opens_its_page(desk: Any) -> None:
    page = desk.open("index.html")
    clicked(desk, 120.0135, 36.0005)
    page.wait_for_url(re.compile(r"/parks/A\.html$"))
    assert page.locator("h1").text_content() == "甲产业园"
    page.get_by_role("link", name="返回总览").click()
    page.wait_for_url(re.compile(r"/index\.html$"))


def test_a_row_leads_to_its_park(desk: Any, made: Any) -> None:
    page = desk.open("index.html")
    page.locator("#main-table").get_by_role("link", name="丙产业园").click()
    page.wait_for_url(lambda url: url.endswith(page_name(made.HOSTILE)))
    assert page.locator("h1").text_content() == "丙产业园"


def test_a_popup_tells_item_walk_and_clause(desk: Any) -> None:
    page = desk.open("parks/A.html")
    clicked(desk, 120.012, 36.001)
    page.wait_for_selector(".facility")
    said = page.locator(".facility").inner_text()
    for words in (
        "老王快餐",
        "步行 6.5 分钟，433 米",
        "食堂/社区食堂/正餐快餐",
        "条文甲",
        "node/1",
    ):
        assert words in said
    assert page.locator(".leaflet-popup-close-button").get_attribute("aria-label") == "关闭"


def test_layers_switch_facilities_and_gates_off_and_on(desk: Any) -> None:
    page = desk.open("parks/A.html")
    assert page.locator(".leaflet-marker-icon .gate.derived").count() == 1
    page.locator("input[data-layer=gates]").uncheck()
    assert page.locator(".leaflet-marker-icon .gate.derived").count() == 0
    page.get_by_role("button", name="全部隐藏").click()
    clicked(desk, 120.012, 36.001)
    page.wait_for_timeout(300)
    assert page.locator(".facility").count() == 0
    page.get_by_role("button", name="全部显示").click()
    clicked(desk, 120.012, 36.001)
    page.wait_for_selector(".facility")


def column(page: Any, number: int) -> list[str]:
    """Read a column of the main table, as shown."""
    cells = page.locator(f"#main-table tbody tr:visible > :nth-child({number})")
    return [t.split("\n")[0] for t in cells.all_inner_texts()]


def test_headings_sort_and_unknown_stays_last(desk: Any) -> None:
    page = desk.open("index.html")
    head = page.locator("#main-table thead")
    assert column(page, 5) == ["12,345", "900", "—"]
    head.get_by_role("button", name="园区名称").click()
    assert column(page, 2) == ["丙产业园", "甲产业园", "乙产业园"]  # bǐng, jiǎ, yǐ
    assert column(page, 5) == ["—", "12,345", "900"]
    workers = head.get_by_role("button", name="职工人数")
    workers.click()
    assert column(page, 5) == ["900", "12,345", "—"]  # as numbers, not as text
    workers.click()
    assert column(page, 5) == ["12,345", "900", "—"]
    cell = page.locator("#main-table thead th:nth-child(5)")
    assert cell.get_attribute("aria-sort") == "descending"


def test_the_search_leaves_matching_rows(desk: Any) -> None:
    page = desk.open("index.html")
    page.get_by_role("searchbox").fill("乙产")
    assert column(page, 2) == ["乙产业园"]
    page.get_by_role("searchbox").fill("无此园")
    assert page.locator("#main-table-none").is_visible()
    page.get_by_role("searchbox").fill("")
    assert len(column(page, 2)) == 3


def test_unranked_parks_are_hatched_on_the_map(desk: Any) -> None:
    page = desk.open("index.html")
    fills = page.locator("path.park").evaluate_all("ps => ps.map((p) => p.getAttribute('fill'))")
    assert fills == ["#d95f0e", "url(#pg-hatch)", "url(#pg-dotted)"]
    for pattern in ("pg-hatch", "pg-dotted"):
        assert page.locator(f"pattern#{pattern}").count() == 1


def test_the_keyboard_reaches_table_and_shows_where_it_is(desk: Any) -> None:
    page = desk.open("index.html")
    page.keyboard.press("Tab")  # the way past the map
    assert page.evaluate("document.activeElement.className") == "skip"
    link = page.locator("#main-table tbody a").first
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    style = link.evaluate(
        "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth]"
    )
    assert style == ["solid", "3px"]
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/parks/"))


def test_tables_stand_without_script(browser: Any, plain: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((plain / "parks" / "A.html").as_uri())
    assert "老王快餐" in page.locator("#main-table").inner_text()
    assert page.locator(".mapbox noscript").is_visible()
    context.close()


def test_printing_drops_the_controls_and_keeps_the_marks(desk: Any) -> None:
    page = desk.open("parks/A.html")
    page.emulate_media(media="print")
    assert not page.locator("input[type=search]").first.is_visible()
    assert page.locator(".mark.edition").is_visible()
    assert page.locator(".map-marks").is_visible()
    assert page.pdf().startswith(b"%PDF")
