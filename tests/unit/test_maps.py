"""The pages and their base map: same bytes, no outside address, nothing lost, nothing run."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import shapely
from branca.element import Figure, JavascriptLink
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from parkgap import frames
from parkgap.errors import OutputError
from parkgap.publish import basemap, skeleton
from parkgap.publish.drawer import assumptions
from parkgap.publish.html import page_name
from parkgap.publish.layers import DOTTED, HATCH
from parkgap.publish.legend import shade
from parkgap.publish.maps import write_maps
from parkgap.publish.shell import SCORE_COLOURS, context
from parkgap.publish.text import Text
from parkgap.results import Base, Drawn, Results
from parkgap.standard import load
from parkgap.study import Privacy

NAN = float("nan")
HOSTILE = '<img src=x onerror="window.__pwned=1">${1}`{{ 7*7 }}</script>\u202e\x00\''


def shapes(*geometries: Any) -> np.ndarray[Any, np.dtype[np.object_]]:
    out = np.empty(len(geometries), dtype=object)
    out[:] = geometries
    return out


def frame(schema: frames.Schema, rows: list[dict[str, Any]]) -> pd.DataFrame:
    kinds = {"float": "float64", "int": "Int64", "bool": "bool"}
    out = pd.DataFrame(rows, columns=schema.names, dtype=object)
    return out.astype({c.name: kinds[c.kind] for c in schema.columns if c.kind in kinds})


def park(ident: str, name: str, x: float, y: float) -> dict[str, Any]:
    return {
        "park_id": ident,
        "name": name,
        "source": "test",
        "geometry": box(x, y, x + 0.004, y + 0.003),
    }


def rank(ident: str, name: str, place: int | None, **changes: Any) -> dict[str, Any]:
    row = {
        "rank": place,
        "tier": "upper" if place else "unverified",
        "rank_low": place,
        "rank_high": place,
        "rank_severity": 1,
        "park_id": ident,
        "park_name": name,
        "district": "黄岛区",
        "workers": 12345.0,
        "score": 39.96,
        "score_low": 30.0,
        "score_high": 49.92,
        "weight_unverified": 0.1,
        "core_missing": "bus_stop",
        "top_gaps": "canteen_or_meal;bus_stop",
    }
    return row | changes


def judged(ident: str, item: str, status: str, **changes: Any) -> dict[str, Any]:
    row = {
        "priority": 1,
        "park_id": ident,
        "park_name": ident,
        "category": "dining" if item == "canteen_or_meal" else "transit",
        "item": item,
        "origin": "work",
        "shift": "all",
        "status": status,
        "level": "mandatory",
        "weight": 0.1,
        "needed": 3.0,
        "found": 1.0,
        "found_inside": 0.0,
        "short_by": 2.0 if status == "short" else NAN,
        "unit": "处",
        "limit": 500.0,
        "limit_unit": "m",
        "nearest_name": "老王快餐",
        "nearest_m": 433.3,
        "nearest_min": 6.46,
        "workers": 12345.0,
        "workers_unserved": 2000.0,
        "clause": "条文甲",
        "basis": "assumption",
        "tests": "300 m: 1/1; 500 m: 1/3",
        "evidence": "node/1",
    }
    return row | changes


def place(ident: str, name: str | None, item: str, x: float, y: float) -> dict[str, Any]:
    return {
        "facility_id": ident,
        "name": name,
        "items": [item],
        "category": "dining" if item == "canteen_or_meal" else "transit",
        "lon": x,
        "lat": y,
        "access": "public",
        "lines": ["1路"] if item == "bus_stop" else [],
        "source": "osm",
        "source_ids": [ident],
    }


def ground() -> Base:
    return Base(
        streets=shapes(
            LineString([(120.0, 36.0), (120.03, 36.0)]),
            LineString([(120.01, 36.0), (120.01, 36.02)]),
        ),
        street_class=np.array(["main", "path"], dtype=object),
        water=shapes(
            box(120.02, 36.004, 120.024, 36.006), LineString([(120, 36.01), (120.02, 36.011)])
        ),
        green=shapes(box(120.004, 36.006, 120.008, 36.009)),
        built=shapes(box(120.0, 36.0, 120.02, 36.01)),
        buildings=shapes(box(120.011, 36.001, 120.012, 36.002)),
        places=pd.DataFrame(
            {
                "id": ["node/9"],
                "name": [HOSTILE],
                "lon": [120.01],
                "lat": [36.005],
                "kind": ["village"],
            }
        ),
        ids=named(2, 2, 1, 1),
    )


def named(*counts: int) -> dict[str, Any]:
    """Ids for so many streets, waters, greens and built-up areas."""
    layers = ("streets", "water", "green", "built")
    return {
        name: np.array([f"way/{name}{i}" for i in range(n)], dtype=object)
        for name, n in zip(layers, counts, strict=True)
    }


def study(**changes: Any) -> Any:
    known = {"name": "s", "title": HOSTILE, "language": "zh", "edition": "internal", "whatif": None}
    return SimpleNamespace(**(known | {"as_of": "2026-11-01"} | changes))


def results(**changes: Any) -> Results:
    """Three parks: one ranked, one to be verified, one of unknown headcount and hostile name."""
    parks = [park("A", "甲园", 120.01, 36.0), park("b/2", "乙园", 120.02, 36.01)]
    parks.append(park(HOSTILE, HOSTILE, 120.0, 36.005))
    gaps = [
        judged("A", "canteen_or_meal", "short"),
        judged("A", "bus_stop", "unverified", reason_unverified="edge+thin_data"),
        judged("b/2", "bus_stop", "unverified", reason_unverified="gate"),
    ]
    unknown = {"tier": "unknown_headcount", "workers": NAN, "score": NAN, "score_low": NAN}
    made: dict[str, Any] = {
        "study": study(),
        "standard": load(),
        "parks": frame(frames.PARKS, parks),
        "gates": frame(
            frames.GATES,
            [{"gate_id": "g", "park_id": "A", "kind": "derived", "lon": 120.01, "lat": 36.0}],
        ),
        "facilities": frame(
            frames.FACILITIES,
            [
                place("node/1", HOSTILE, "canteen_or_meal", 120.012, 36.001),
                place("node/2", None, "bus_stop", 120.013, 36.002),
                place("node/3", "远处", "bus_stop", 120.5, 36.5),
            ],
        ),
        "completeness": frame(
            frames.COMPLETENESS,
            [
                {
                    "park_id": "A",
                    "kind": "work",
                    "places": 1234.0,
                    "buildings_ha": 5.55,
                    "streets_km": 7.0,
                    "index": 0.125,
                    "thin": True,
                    "cut": False,
                }
            ],
        ),
        "assessment": frame(
            frames.ASSESSMENT,
            [
                {k: v for k, v in g.items() if k in frames.ASSESSMENT.names}
                for g in [*gaps, judged("A", "rail_station", "not_applicable")]
            ],
        ),
        "ranking": frame(
            frames.RANKING,
            [
                rank("A", "甲园", 1),
                rank("b/2", "乙园", None, weight_unverified=0.42),
                rank(HOSTILE, HOSTILE, None, **unknown),
            ],
        ),
        "shortfall": frame(frames.SHORTFALL, [{**g, "priority": i} for i, g in enumerate(gaps)]),
        "rollup": frames.ROLLUP.frame(),
        "nearby": pd.DataFrame(
            {
                "park_id": ["A", "A"],
                "facility_id": ["node/1", "node/2"],
                "metres": [433.3, 1001.0],
                "minutes": [6.46, 15.0],
            }
        ),
        "coverage": box(119.9, 35.9, 120.1, 36.1),
        "data_date": "2026-10-01",
        "made_up": True,
        "warnings": (("提示甲", "note a"),),
    }
    base = changes.pop("base", None) or ground()
    made |= changes
    return Results(**made, drawn=drawn(base, made["parks"]))


def drawn(base: Base, parks: pd.DataFrame) -> Drawn:
    """Draw the ground as a run with one shard does."""
    areas = parks["geometry"].to_numpy()
    extent = basemap.extent_of(areas) or (-1.0, -1.0, 1.0, 1.0)
    outline = basemap.outlined(base, basemap.tolerance_of(extent))
    cells = set(basemap.cells_around(areas))
    sheets = {s.name: s.content for s in basemap.sheets(base, cells)}
    return Drawn(basemap.overview(outline, base.places, extent).content, sheets)


class Page(HTMLParser):
    """What a page loads, links to and says; text of scripts apart."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.said: list[str] = []
        self.data = ""
        self._inside = ""
        self.feed(content)
        self.text = "\n".join(self.said)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.links += [v for k, v in attrs if k in ("src", "href") and v]
        self.handlers += [k for k, _ in attrs if k.startswith("on")]
        if tag in ("script", "style", "title"):
            self._inside = "data" if values.get("id") == "parkgap-data" else tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "data":
            self.data += data
        elif not self._inside:
            self.said.append(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("maps")
    write_maps(results(), out)
    return out


def pages(folder: Path) -> dict[str, Page]:
    names = [folder / "index.html", *sorted((folder / "parks").iterdir())]
    return {p.name: Page(p.read_text(encoding="utf-8")) for p in names}


# --- what is written --------------------------------------------------------------------------


def test_every_file_named_is_written_and_every_page_is_there(tmp_path: Path) -> None:
    written = write_maps(results(), tmp_path)
    assert sorted(written) == sorted(p for p in tmp_path.rglob("*") if p.is_file())
    names = {p.name for p in (tmp_path / "parks").iterdir()}
    assert names == {page_name(p) for p in ("A", "b/2", HOSTILE)}
    assert "A.html" in names


def test_pages_load_and_link_only_what_lies_in_the_folder(folder: Path) -> None:
    for name, seen in pages(folder).items():
        base = folder if name == "index.html" else folder / "parks"
        for link in seen.links:
            if link != "data:," and not link.startswith("#"):
                assert not re.match(r"[a-z]+:|//", link), link
                assert (base / link).resolve().is_relative_to(folder.resolve())
                assert (base / link).is_file(), link
        assert "assets/leaflet/leaflet.js" in " ".join(seen.links)


def test_two_processes_write_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util as u; from pathlib import Path\n"
        "spec = u.spec_from_file_location('made', sys.argv[1])\n"
        "made = u.module_from_spec(spec); spec.loader.exec_module(made)\n"
        "made.write_maps(made.results(), Path(sys.argv[2]))\n"
    )
    source = Path(basemap.__file__).parents[2]
    env = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": str(source)}
    subprocess.run([sys.executable, "-c", code, __file__, str(tmp_path)], check=True, env=env)
    files = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert [f for f in files if (folder / f).read_bytes() != (tmp_path / f).read_bytes()] == []


def test_shipped_leaflet_is_the_one_its_notice_names() -> None:
    assets = Path(str(resources.files("parkgap.publish"))) / "assets" / "leaflet"
    rows = re.findall(r"\| (\S+) \| ([0-9a-f]{64}) \|", (assets / "NOTICE.md").read_text("utf-8"))
    assert len(rows) == 5
    for name, digest in rows:
        assert hashlib.sha256((assets / name).read_bytes()).hexdigest() == digest
    assert "BSD" in (assets / "LICENSE").read_text("utf-8")


def test_a_link_without_a_local_file_is_an_error() -> None:
    figure = Figure()
    figure.header.add_child(JavascriptLink("https://example.org/x.js"), name="cluster")
    with pytest.raises(OutputError, match=r"example\.org"):
        skeleton.local_links(figure)


# --- what pages say ---------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_says_what_it_is(tmp_path: Path, lang: str) -> None:
    made = results(study=study(title="Prüfung 体检", language=lang))
    write_maps(made, tmp_path)
    t = Text(lang)
    for seen in pages(tmp_path).values():
        for key in ("screening", "internal", "made_up", "odbl_long", "not_missing"):
            assert t(f"notice.{key}") in seen.text
        for words in ("Prüfung 体检", "2026-10-01", "2026-11-01", made.standard.id):
            assert words in seen.text
        assert made.standard.version in seen.text
        drawn = json.loads(seen.data)
        assert drawn["credit"].startswith("© OpenStreetMap contributors, ODbL 1.0")
        assert drawn["credit"].endswith("2026-10-01")
        assert drawn["marks"] == [t("notice.internal"), t("notice.made_up")]


def test_real_data_is_not_called_made_up(tmp_path: Path) -> None:
    write_maps(results(made_up=False), tmp_path)
    for seen in pages(tmp_path).values():
        assert Text("zh")("notice.made_up") not in seen.text
        assert json.loads(seen.data)["marks"] == [Text("zh")("notice.internal")]


def test_the_public_edition_shows_its_review_number(tmp_path: Path) -> None:
    write_maps(results(study=study(edition="public", map_review_no="鲁S(2026)001号")), tmp_path)
    for seen in pages(tmp_path).values():
        assert "审图号：鲁S(2026)001号" in seen.text
        assert Text("zh")("notice.internal") not in seen.text


def test_overrides_of_the_standard_are_shown(tmp_path: Path) -> None:
    write_maps(results(standard=load(overrides={"canteen_or_meal.d5.limit": 250})), tmp_path)
    for seen in pages(tmp_path).values():
        assert "canteen_or_meal.d5.limit = 250" in seen.text


def test_hostile_names_are_text_everywhere(folder: Path) -> None:
    shown = HOSTILE.replace("\u202e", "\ufffd").replace("\x00", "\ufffd")
    for seen in pages(folder).values():
        assert seen.handlers == []
        assert shown in seen.text  # the study's title; "{{ 7*7 }}" is still there, unread
    assert "49`" not in "".join(seen.text for seen in pages(folder).values())
    data = json.loads(pages(folder)["A.html"].data)
    assert data["f"][-1][0] == shown
    for script in (folder / "assets" / "base").iterdir():
        assert "<" not in script.read_text(encoding="utf-8")


def test_a_park_page_tells_the_gap_in_full(folder: Path) -> None:
    seen = pages(folder)["A.html"].text
    for words in (
        "食堂/社区食堂/正餐快餐",  # the item by name
        "2 处",  # short by
        "≤ 500 米",  # the limit in its clause's unit
        "300 米: 1/1",  # each test
        "老王快餐",  # nearest
        "6.5 分钟、433 米",  # worked by hand from 6.46 min and 433.3 m
        "2,000",  # workers not served
        "条文甲",
        "假设",
        "确认不足",
        "未检出（待核实）",
        "12,345",
        "40.0",  # score 39.96
        "1,234",  # places mapped
        "0.12",  # completeness index 0.125, to two places
    ):
        assert words in seen, words


def test_a_park_page_says_why_things_are_unverified(folder: Path) -> None:
    t = Text("zh")
    seen = pages(folder)["A.html"].text
    assert t("reason_help.edge") in seen
    assert t("reason_help.thin_data") in seen
    assert t("reason_help.gate") not in seen
    other = pages(folder)["b-2~" + hashlib.sha256(b"b/2").hexdigest()[:10] + ".html"].text
    assert t("reason_help.gate") in other
    assert t("tier_help.unverified", share="42%") in other


def test_an_unknown_reason_is_shown_as_it_is(tmp_path: Path) -> None:
    odd = judged("A", "bus_stop", "unverified", reason_unverified="tide")
    kept = {k: v for k, v in odd.items() if k in frames.ASSESSMENT.names}
    write_maps(results(assessment=frame(frames.ASSESSMENT, [kept])), tmp_path)
    assert "tide" in pages(tmp_path)["A.html"].text


def test_facilities_carry_walk_item_and_clause(folder: Path) -> None:
    data = json.loads(pages(folder)["A.html"].data)
    far, near = data["f"]  # the farthest first, so that the nearest is drawn on top
    assert [near[5], near[6]] == ["433", "6.5"]
    assert [far[5], far[6]] == ["1,001", "15"]
    assert (near[1], near[2]) == (12001200, 3600100)
    assert data["items"][near[4][0]] == ["食堂/社区食堂/正餐快餐", "条文甲"]
    assert far[8] == "1路"
    assert data["gates"] == [[12001000, 3600000, "derived", Text("zh")("gate.derived")]]


def test_only_facilities_around_a_park_are_dotted_on_the_overview(folder: Path) -> None:
    data = json.loads(pages(folder)["index.html"].data)
    assert sorted(d["d"] for d in data["dots"]) == [[12001200, 3600100], [12001300, 3600200]]


# --- missing data -----------------------------------------------------------------------------


def test_empty_tables_still_make_pages(tmp_path: Path) -> None:
    empty = {
        name: frames_schema.frame()
        for name, frames_schema in (
            ("gates", frames.GATES),
            ("facilities", frames.FACILITIES),
            ("completeness", frames.COMPLETENESS),
            ("assessment", frames.ASSESSMENT),
            ("ranking", frames.RANKING),
            ("shortfall", frames.SHORTFALL),
        )
    }
    none = shapes()
    base = Base(none, none, none, none, none, none, ground().places.iloc[:0], named(0, 0, 0, 0))
    nearby = results().nearby.iloc[:0]
    write_maps(results(**empty, base=base, nearby=nearby, data_date="", warnings=()), tmp_path)
    seen = pages(tmp_path)
    t = Text("zh")
    assert len(seen) == 4
    assert t("section.shortfall_none") in seen["A.html"].text
    assert t("section.gates_none") in seen["A.html"].text
    assert t("section.facilities_none") in seen["A.html"].text
    assert t("about.unknown_date") in seen["A.html"].text


def test_no_park_at_all_makes_an_overview(tmp_path: Path) -> None:
    none = {n: getattr(results(), n).iloc[:0] for n in ("parks", "ranking", "shortfall", "gates")}
    write_maps(results(**none, nearby=results().nearby.iloc[:0]), tmp_path)
    assert json.loads(Page((tmp_path / "index.html").read_text("utf-8")).data)["parks"] == []


def test_a_park_without_an_outline_keeps_its_page(tmp_path: Path) -> None:
    parks = results().parks
    parks["geometry"] = [None, Polygon(), parks["geometry"][2]]
    write_maps(results(parks=parks), tmp_path)
    seen = pages(tmp_path)
    assert Text("zh")("map.no_map") in seen["A.html"].text
    assert "老王快餐" in seen["A.html"].text
    assert len(json.loads(seen["index.html"].data)["parks"]) == 1


def test_unknown_figures_are_dashes_not_zeros(folder: Path) -> None:
    row = next(
        line
        for line in (folder / "index.html").read_text("utf-8").splitlines()
        if line.startswith("<tr data-row") and "人数未知" in line
    )
    assert row.count("—") >= 3  # rank, score, workers
    assert 'data-v="nan"' not in row
    assert ">0<" not in row


@pytest.mark.parametrize(
    ("score", "colour"),
    [(0, 0), (19.99, 0), (20, 1), (39.99, 1), (40, 2), (60, 3), (79.9, 3), (80, 4), (100, 4)],
)
def test_scores_fall_into_five_classes(score: float, colour: int) -> None:
    assert shade({"rank": 1, "score": score})[0] == SCORE_COLOURS[colour]


def test_parks_to_be_verified_are_hatched_whatever_their_score() -> None:
    assert shade({"rank": None, "tier": "unverified", "score": 95.0})[0] == HATCH
    assert shade({})[0] == HATCH


def test_parks_of_unknown_headcount_are_dotted_in_their_class() -> None:
    row = {"rank": pd.NA, "tier": "unknown_headcount", "score": 25.0}
    assert shade(row)[0] == "url(#pg-dotted-1)"
    assert shade(row | {"score": NAN})[0] == DOTTED


def test_every_pattern_that_a_park_may_have_is_defined(folder: Path) -> None:
    content = (folder / "index.html").read_text(encoding="utf-8")
    for name in ("pg-hatch", "pg-dotted", *(f"pg-dotted-{i}" for i in range(5))):
        assert content.count(f'<pattern id="{name}"') == 1


# --- the base map -----------------------------------------------------------------------------


def decoded(flat: tuple[list[int], list[int]], origin: tuple[int, int]) -> list[list[list[float]]]:
    """Read the format back, as the pages' script does, point by point."""
    lines, k = [], 0
    for n in flat[0]:
        x, y = origin
        line = []
        for _ in range(n):
            x, y, k = x + flat[1][k], y + flat[1][k + 1], k + 2
            line.append([x / 1e5, y / 1e5])
        lines.append(line)
    assert k == len(flat[1])
    return lines


def test_lines_survive_the_writing_to_a_metre() -> None:
    lines = [[(120.123456, 36.0), (120.2, 36.1), (119.0, -1.5)], [(0.0, 0.0), (0.5, 0.25)]]
    flat = basemap.encode(shapes(*map(LineString, lines)), (12000000, 3600000))
    for line, read in zip(lines, decoded(flat, (12000000, 3600000)), strict=True):
        np.testing.assert_allclose(read, line, atol=0.5e-5 + 1e-9)


def test_points_that_fall_together_are_one_and_what_is_no_line_is_dropped() -> None:
    double = LineString([(1, 1), (1.000001, 1), (1.1, 1)])
    speck = LineString([(2, 2), (2.000001, 2)])
    assert basemap.encode(shapes(double, speck), (0, 0)) == (
        [2],
        [100000, 100000, 10000, 0],
    )


def turning(ring: Any) -> float:
    """Twice the signed area, by the shoelace formula."""
    p = shapely.get_coordinates(ring)
    return float(np.sum(p[:-1, 0] * p[1:, 1] - p[1:, 0] * p[:-1, 1]))


def test_shells_and_holes_turn_opposite_ways() -> None:
    holed = Polygon([(0, 0), (0, 9), (9, 9), (9, 0)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    rings = basemap.rings(shapes(MultiPolygon([holed, box(20, 20, 30, 30)]), Point(0, 0)))
    ways = [turning(r) > 0 for r in rings]
    assert len(ways) == 3
    assert ways[0] != ways[1]  # shell and hole
    assert ways[0] == ways[2]  # two shells: overlapping ones add up


def read_sheet(sheet: basemap.Sheet) -> tuple[dict[str, Any], list[Any]]:
    inner = sheet.content.removeprefix("parkgapSheet(").removesuffix(");\n")
    return cast("tuple[dict[str, Any], list[Any]]", tuple(json.loads(f"[{inner}]")))


def test_a_street_is_cut_at_the_sheets_edges_and_no_metre_is_lost() -> None:
    base = ground()
    wanted = {(x, y) for x in range(9600, 9603) for y in range(3600, 3602)}
    total, sheets = 0.0, basemap.sheets(base, wanted)
    for sheet in sheets:
        data, _ = read_sheet(sheet)
        if sheet.name.endswith("y3600.js") and "main_line" in data:
            for line in decoded(data["main_line"], tuple(data["o"])):
                total += sum(b[0] - a[0] for a, b in itertools.pairwise(line))
    # 0.03 degrees of street over three sheets, and the overlap at two inner edges
    assert total == pytest.approx(0.03 + 2 * 2 * 3e-5, abs=3e-5)


def test_a_building_is_drawn_once() -> None:
    base = ground()
    edge = Base(
        **{
            **{k: getattr(base, k) for k in base.__dataclass_fields__},
            "buildings": shapes(box(120.0124, 36.0099, 120.0126, 36.0101)),
        }
    )
    wanted = {(x, y) for x in (9600, 9601) for y in (3600, 3601)}
    drawn = [read_sheet(s)[0].get("building") for s in basemap.sheets(edge, wanted)]
    assert sum(d is not None for d in drawn) == 1


def test_broken_polygons_do_not_stop_a_map() -> None:
    bowtie = Polygon([(120.01, 36.0), (120.03, 36.02), (120.03, 36.0), (120.01, 36.02)])
    odd = Base(
        shapes(LineString([(120.0, 36.0), (120.0, 36.0)]), LineString()),
        np.array(["main", "minor"], dtype=object),
        shapes(bowtie),
        shapes(Polygon(), bowtie),
        shapes(bowtie),
        shapes(bowtie),
        ground().places,
        named(2, 1, 2, 1),
    )
    basemap.overview(basemap.outlined(odd, 2e-5), odd.places, (120.0, 36.0, 120.03, 36.02))
    basemap.sheets(odd, {(9600, 3600), (9601, 3600)})


def test_windows_are_as_wide_as_said() -> None:
    west, south, east, north = basemap.windows(np.array([[120.0, 36.0, 120.0, 36.0]]))[0]
    # 1300 m; a degree at 36 N is 110.96 km north and 90.16 km east (Clarke's tables)
    assert (north - 36.0) * 110_960 == pytest.approx(1300, rel=0.01)
    assert (120.0 - west) * 90_160 == pytest.approx(1300, rel=0.01)
    assert (east - west, north - south) == pytest.approx((2 * (120 - west), 2 * (north - 36)))


def test_pages_name_every_sheet_that_they_load(folder: Path) -> None:
    near = {link for link in pages(folder)["A.html"].links if "base/x" in link}
    assert "../assets/base/" + basemap.sheet_name((9600, 3600)) in near
    assert near <= {f"../assets/base/{p.name}" for p in (folder / "assets/base").iterdir()}


def test_sheets_of_nothing_are_not_written() -> None:
    assert [s.name for s in basemap.sheets(ground(), {(9600, 3600), (9000, 3000)})] == [
        basemap.sheet_name((9600, 3600))
    ]


def test_five_hundred_parks_and_twenty_thousand_places_stay_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    spots = rng.uniform([119.0, 35.5], [121.0, 36.5], size=(500, 2))
    ids = [f"p{i}" for i in range(500)]
    many = [
        park(i, f"第{i}产业园区", float(x), float(y)) for i, (x, y) in zip(ids, spots, strict=True)
    ]
    where = rng.uniform([119.0, 35.5], [121.0, 36.5], size=(20_000, 2))
    there = [
        place(f"node/{i}", "某某便利店", "bus_stop", float(x), float(y))
        for i, (x, y) in enumerate(where)
    ]
    nearby = pd.DataFrame(
        {
            "park_id": np.repeat(ids, 40),
            "facility_id": [p["facility_id"] for p in there],
            "metres": 100.0,
            "minutes": 2.0,
        }
    )
    made = results(
        parks=frame(frames.PARKS, many),
        facilities=frame(frames.FACILITIES, there),
        ranking=frame(frames.RANKING, [rank(p, p, i + 1) for i, p in enumerate(ids)]),
        nearby=nearby,
        base=Base(*(ground().__dict__ | {"buildings": shapes()}).values()),
    )
    write_maps(made, tmp_path)
    index = (tmp_path / "index.html").stat().st_size
    assert index + (tmp_path / "assets/base/overview.js").stat().st_size < 8_000_000
    assert max(p.stat().st_size for p in (tmp_path / "parks").iterdir()) < 600_000


# --- what is assumed --------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "basis"), [(10, "assumption"), (20, "")])
def test_what_the_study_set_is_no_assumption(most: int, basis: str) -> None:
    # By the value: a run repeated from its record has every key set, and must say the same.
    privacy = Privacy(min_workers=most)
    lines = assumptions(context(results(study=study(privacy=privacy))))
    assert [said[2] for said in lines if said[3] == "[privacy] min_workers"] == [basis]
