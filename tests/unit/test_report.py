"""The report: what its first page answers, that both forms say the same, and that nothing runs."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docx
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from tests.unit.test_maps import HOSTILE, frame, judged, park, place, rank, results, study

from parkgap import frames
from parkgap.publish import fonts, pdf, reports
from parkgap.publish.answers import Gap, answers
from parkgap.publish.fonts import Labels, find_fonts
from parkgap.publish.ground import Lines, View, read_sheet, seen, view_of
from parkgap.publish.pictures import Canvas
from parkgap.publish.report import Heading, Paragraph, Picture, Report, Table, fitting, texts
from parkgap.publish.report_maps import _apart, _class
from parkgap.results import Plans, Results

NAN = float("nan")
NAMES = {"A": "甲园", "B": "乙园", "C": "丙园", "D": "丁园"}


def gap(park_id: str, item: str, by: float, workers: float, **changes: Any) -> dict[str, Any]:
    row = judged(
        park_id, item, "short", short_by=by, workers_unserved=workers, reason_unverified=None
    )
    return row | changes


def area(item: str, name: str, by: float, parks: int, level: str = "district") -> dict[str, Any]:
    row: dict[str, Any] = {"level": level, "area": name, "category": "dining", "item": item}
    row |= {"parks": parks, "parks_short": parks, "parks_unverified": 0, "short_by": by}
    return row | {"unit": "处", "workers": 1.0, "workers_unserved": 1.0}


def made(language: str = "zh", **changes: Any) -> Results:
    """Four parks of one district; A, B and C are ranked.

    ::

        A  1,000 workers, short of 2 canteens (all 1,000) and 1 bus stop (400)
        B    800 workers, short of 1 canteen (all 800)
        C    600 workers, short of nothing; a bus stop is to be verified
        D    500 workers, too much to verify

    Canteens: A and B are neighbours, and 2 serve both (the roll-up's figure), for 1,800 workers.
    """
    parks = [park(i, n, 120.01 + 0.01 * k, 36.0) for k, (i, n) in enumerate(NAMES.items())]
    gaps = [
        gap("A", "canteen_or_meal", 2.0, 1000.0, priority=1),
        gap("B", "canteen_or_meal", 1.0, 800.0, priority=2),
        gap("A", "bus_stop", 1.0, 400.0, priority=3),
        judged("C", "bus_stop", "unverified", priority=4, reason_unverified="edge"),
    ]
    ranked = [
        rank("A", NAMES["A"], 1, workers=1000.0, workers_lacking_core=1000.0),
        rank("B", NAMES["B"], 2, workers=800.0, workers_lacking_core=800.0),
        rank("C", NAMES["C"], 3, workers=600.0, workers_lacking_core=0.0),
        rank("D", NAMES["D"], None, workers=500.0, workers_lacking_core=NAN),
    ]
    judged_rows = [{k: v for k, v in g.items() if k in frames.ASSESSMENT.names} for g in gaps]
    about: dict[str, Any] = {
        "study": study(
            title="甲乙丙",
            language=language,
            map_review_no=None,
            whatif=None,
            report=SimpleNamespace(write=True, parks=2),
        ),
        "parks": frame(frames.PARKS, parks),
        "ranking": frame(frames.RANKING, ranked),
        "shortfall": frame(frames.SHORTFALL, gaps),
        "assessment": frame(frames.ASSESSMENT, judged_rows),
        "rollup": frame(
            frames.ROLLUP,
            [area("canteen_or_meal", "黄岛区", 2.0, 2), area("bus_stop", "黄岛区", 1.0, 1)],
        ),
        "facilities": frame(
            frames.FACILITIES, [place("node/1", "某某饭店", "canteen_or_meal", 120.012, 36.001)]
        ),
        "nearby": pd.DataFrame(
            {"park_id": ["A"], "facility_id": ["node/1"], "metres": [433.3], "minutes": [6.46]}
        ),
    }
    return results(**(about | changes))


def plans() -> Plans:
    """Beds: A lacks 120, B 30, C none, nobody knows of D: 150. Two sites for meals."""
    park_ids = list(NAMES)
    housing = frames.HOUSING.frame(
        {
            **{c.name: [NAN] * 4 for c in frames.HOUSING.columns if c.kind == "float"},
            "rank": [1, 2, 3, None],
            "park_id": park_ids,
            "park_name": list(NAMES.values()),
            "district": ["黄岛区"] * 4,
            "need_basis": ["35%"] * 4,
            "housing_basis": ["complete"] * 4,
            "lodging_need_low": [200.0, 100.0, 50.0, NAN],
            "lodging_need": [300.0, 150.0, 100.0, NAN],
            "lodging_need_high": [400.0, 200.0, 150.0, NAN],
            "beds_short": [120.0, 30.0, 0.0, NAN],
            "beds_short_after_pipeline": [20.0, 30.0, 0.0, NAN],
            "beds_unknown": [0, 2, 0, 0],
            "beds_pipeline": [100.0, 0.0, 0.0, 0.0],
        }
    )
    sites = frames.SITES.frame(
        {
            "site_id": ["x", "y", "z"],
            "item": ["canteen_or_meal", "canteen_or_meal", "bus_stop"],
            "lon": [120.012, 120.02, NAN],
            "lat": [36.001, 36.002, NAN],
            "search_radius_m": [250.0, 250.0, NAN],
            "park_ids": ["A", "A;B", "A"],
            "workers_gained": [1000.0, 700.0, NAN],
            "score_gain": [2.0, 1.0, NAN],
            "order": [1, 2, None],
            "reason": [None, None, "无候选地点"],
        }
    )
    curve = frames.COVER_CURVE.frame(
        {
            "item": ["canteen_or_meal"] * 2,
            "sites": [1, 2],
            "workers_served": [1000.0, 1700.0],
            "cost": [800_000.0, 1_600_000.0],
            "workers_per_yuan": [0.00125, 0.00106],
            "gap": [0.0, 0.0],
        }
    )
    return Plans(housing=housing, sites=sites, curve=curve)


def first_page(report: Report) -> list[str]:
    """Texts before the first heading that begins a page."""
    pages = [n for n, b in enumerate(report.blocks) if isinstance(b, Heading) and b.new_page]
    return list(texts(dataclasses.replace(report, blocks=report.blocks[: pages[0]])))


@pytest.fixture(scope="module")
def full() -> Report:
    return reports.make_report(made(plans=plans()))


# --- the answers ---------------------------------------------------------------------------------


def test_the_first_page_answers_which_how_many_where_and_for_whom(full: Report) -> None:
    said = "\n".join(first_page(full))
    for name in ("甲园", "乙园", "丙园"):
        assert name in said
    assert "合计职工 2,400 人" in said  # 1,000 + 800 + 600
    assert "已知至少缺一项核心设施的职工 1,800 人" in said  # 1,000 + 800 + 0; D is not known
    assert "共缺 150 张，其中上述园区缺 150 张" in said  # 120 + 30 + 0
    assert "需要住宿的职工 550 人（低 350，高 750）" in said
    assert "建成后仍缺 50 张" in said
    assert "1 个园区的床位缺口不明" in said
    assert "1 个园区可达范围内有空置床位不明的住房" in said
    assert "食堂/社区食堂/正餐快餐至少增设 2 处（1,800 名职工未覆盖）" in said
    assert "S1 甲园旁 120.012, 36.001" in said
    assert "S2 甲园、乙园旁 120.020, 36.002" in said
    assert "1,700" in said  # gained by both sites
    assert "甲园无法选址，无候选地点" in said
    assert "判断了 4 项（园区×项目），其中 1 项（25%）未检出（待核实）" in said
    assert "4 个园区中 3 个排名，1 个待核实项目过多不排名" in said
    assert "地图数据日期：2026-10-01" in said
    for mark in (
        "内部资料，未经地图审核，不得公开",
        "筛查结果，不作规划核实或验收依据",
        "示例数据",
    ):
        assert mark in said


def test_the_same_in_english() -> None:
    said = "\n".join(first_page(reports.make_report(made("en", plans=plans()))))
    assert "Workers of these 3 parks: 2,400" in said
    assert "short of 150 in all parks of which need and housing are known" in said
    assert "at least 2 处 more (1,800 workers not served)" in said


def test_without_plans_it_answers_with_what_is_known() -> None:
    report = reports.make_report(made())
    said = "\n".join(texts(report))
    assert "床位：" not in said
    assert "选址" not in said
    assert "图 3" not in said
    assert "至少增设 2 处" in said


def test_additions_of_several_districts_are_summed_and_of_none_by_park() -> None:
    two = made().ranking.assign(district=["东区", "西区", "东区", "西区"])
    rollup = frame(
        frames.ROLLUP,
        [area("canteen_or_meal", "东区", 2.0, 1), area("canteen_or_meal", "西区", 1.0, 1)],
    )
    several = answers(made(ranking=two, rollup=rollup))
    assert (several.summed, several.level, several.gaps[0].additions) == ("areas", "district", 3.0)
    none = answers(made(ranking=two.assign(district=None)))
    assert (none.summed, none.gaps[0].additions) == ("parks", 3.0)  # 2 + 1, each by itself


def test_what_is_withheld_is_not_taken_for_nothing() -> None:
    rows = made().shortfall
    rows.loc[rows["park_id"] == "B", "workers_unserved"] = NAN
    found = answers(made(shortfall=rows))
    assert found.gaps[0] == Gap("canteen_or_meal", "处", 2, 0, 2.0, None)
    said = "\n".join(first_page(reports.make_report(made(shortfall=rows))))
    assert "食堂/社区食堂/正餐快餐至少增设 2 处；" in said


def test_shifts_of_one_park_share_what_is_added() -> None:
    shifts = [
        gap("A", "canteen_or_meal", 2.0, 600.0, shift="早班", priority=1),
        gap("A", "canteen_or_meal", 3.0, 400.0, shift="夜班", priority=2),
    ]
    ranking = made().ranking.assign(district=None)
    (found,) = answers(made(shortfall=frame(frames.SHORTFALL, shifts), ranking=ranking)).gaps
    assert (found.additions, found.unserved, found.parks_short) == (3.0, 1000.0, 1)


def test_a_long_list_of_items_with_sites_does_not_crowd_out_what_is_short() -> None:
    given = plans()
    items = ["canteen_or_meal", "bus_stop", *(f"more_{n}" for n in range(20))]
    row = given.sites.iloc[:1]
    rows = pd.concat([row.assign(site_id=i, item=i) for i in items])
    none = pd.concat([given.sites.iloc[2:].assign(site_id=f"none/{n}") for n in range(5)])
    sites = pd.concat([rows, none], ignore_index=True)
    found = dataclasses.replace(given, sites=sites)
    said = "\n".join(first_page(reports.make_report(made(plans=found))))
    (sentence,) = re.findall("推荐选址 22 处（[^（）]*）", said)
    assert sentence.count("、") == 3
    assert "另有 18 项" in sentence
    assert "另有 3 条未选址的原因见 sites.csv" in said  # of 5, two are told


@pytest.mark.parametrize(("gap", "said"), [(0.0, "最优解"), (0.002, "不超过 1%"), (0.05, "5%")])
def test_a_proven_distance_is_rounded_up(gap: float, said: str) -> None:
    given = plans()
    found = dataclasses.replace(given, curve=given.curve.assign(gap=gap))
    report = reports.make_report(made(plans=found))
    (caption,) = [b.text for b in report.blocks if isinstance(b, Paragraph) and "图 3" in b.text]
    assert said in caption


def test_a_withheld_point_of_a_curve_is_no_figure() -> None:
    given = plans()
    found = dataclasses.replace(given, curve=given.curve.assign(workers_served=NAN, cost=NAN))
    report = reports.make_report(made(plans=found))
    said = [*texts(report), *(b.alt for b in report.blocks if isinstance(b, Picture))]
    assert not [text for text in said if re.search(r"\bnan\b", text)]


def test_without_a_rank_no_park_is_called_the_worst() -> None:
    ranking = made().ranking.assign(rank=pd.array([pd.NA] * 4, dtype="Int64"))
    said = first_page(reports.make_report(made(ranking=ranking)))
    assert any("暂无园区获得名次" in text for text in said)
    assert not any(text.startswith("表 1") for text in said)


# --- both forms ----------------------------------------------------------------------------------


class Said(HTMLParser):
    """The texts of a page's body, block by block."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open = False
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("h1", "h2", "h3", "p", "li", "th", "td"):
            self._open = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h1", "h2", "h3", "p", "li", "th", "td"):
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1] += data


def of_docx(path: Path) -> list[str]:
    """Texts of a document's body, in order."""
    document = docx.Document(str(path))
    found: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, docx.table.Table):
            found += [cell.text for row in block.rows for cell in row.cells]
        else:
            found.append(block.text)
    return [text for text in found if text]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    reports.write_report(made(plans=plans()), out)
    return out


def test_document_and_page_say_the_same(folder: Path, full: Report) -> None:
    page = Said((folder / "report.html").read_text(encoding="utf-8"))
    expected = [text for text in texts(full) if text]
    assert [t for t in page.found if t] == expected
    assert of_docx(folder / "report.docx") == expected


def test_two_runs_give_the_same_bytes_and_no_date(folder: Path, tmp_path: Path) -> None:
    reports.write_report(made(plans=plans()), tmp_path)
    for name in ("report.docx", "report.html"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
    with zipfile.ZipFile(folder / "report.docx") as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\d", core)) == {"2026-11-01"}  # the day asked about


def test_pages_of_parks_follow_and_pictures_stand_in_both(folder: Path, full: Report) -> None:
    pictures = [b for b in full.blocks if isinstance(b, Picture)]
    assert len(pictures) == 3 + 2  # all parks, bars, curve; two parks
    page = Said((folder / "report.html").read_text(encoding="utf-8"))
    shown = [a for tag, a in page.tags if tag == "img"]
    assert [a["alt"] for a in shown] == [p.alt for p in pictures]
    assert all(str(a["src"]).startswith("data:image/svg+xml;base64,") for a in shown)
    with zipfile.ZipFile(folder / "report.docx") as archive:
        assert sum(n.startswith("word/media/") for n in archive.namelist()) == len(pictures)
    headings = [b.text for b in full.blocks if isinstance(b, Heading) and b.new_page]
    assert headings[1:3] == ["第 1 名 甲园", "第 2 名 乙园"]


def test_the_page_asks_nobody_and_runs_nothing(folder: Path) -> None:
    content = (folder / "report.html").read_text(encoding="utf-8")
    page = Said(content)
    assert {tag for tag, _ in page.tags} & {"script", "iframe", "object", "embed"} == set()
    assert "default-src 'none'" in content
    addresses = [v for _, a in page.tags for k, v in a.items() if k in ("src", "href") and v]
    assert all(v.startswith("data:") for v in addresses)


def test_chinese_letters_have_a_font_in_every_style(folder: Path) -> None:
    document = docx.Document(str(folder / "report.docx"))
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "List Bullet"):
        (named,) = document.styles[name].element.xpath("./w:rPr/w:rFonts")
        values = {k.split("}")[1]: v for k, v in named.attrib.items()}
        assert values["eastAsia"] == "Microsoft YaHei", name
        assert not [k for k in values if k.endswith("Theme")], name


def test_libreoffice_opens_the_document(folder: Path, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice here")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(folder / "report.docx")], check=True, capture_output=True)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


# --- names ---------------------------------------------------------------------------------------


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    evil = HOSTILE + "\x0b\ufffe$x_1^2$&amp;]]>" + "长" * 10_000
    given = made(plans=plans())
    asked: Any = SimpleNamespace(**(vars(given.study) | {"title": evil}))
    changed = dataclasses.replace(
        given,
        study=asked,
        parks=given.parks.assign(name=evil),
        ranking=given.ranking.assign(park_name=evil, district=evil, headcount_basis=evil),
        shortfall=given.shortfall.assign(
            nearest_name=evil, clause=evil, shift=evil, reason_unverified=evil
        ),
        facilities=given.facilities.assign(name=evil),
        warnings=((evil, evil),),
        inputs={evil: "0"},
        plans=Plans(
            housing=given.plans.housing.assign(need_basis=evil),
            sites=given.plans.sites.assign(reason=evil, item=["canteen_or_meal", evil, evil]),
            curve=given.plans.curve.assign(item=evil),
        ),
    )
    reports.write_report(changed, tmp_path)
    page = Said((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "script" not in {tag for tag, _ in page.tags}
    assert not [k for _, a in page.tags for k in a if k.startswith("on")]
    assert len([1 for tag, _ in page.tags if tag == "img"]) == 5
    said = of_docx(tmp_path / "report.docx")
    assert [t for t in page.found if t] == said
    assert any("onerror=" in t for t in said)  # shown, as text
    assert not [t for t in said if re.search("[\x00-\x08\x0b\u202a-\u202e\ufffe]", t)]
    assert max(map(len, said)) <= 600


# --- pictures ------------------------------------------------------------------------------------


def test_without_a_chinese_font_labels_are_numbers_that_the_text_explains() -> None:
    none = find_fonts([])
    assert not none.chinese
    report = reports.make_report(made(plans=plans()), none)  # a missing glyph would be an error
    notes = [b.text for b in report.blocks if isinstance(b, Paragraph) and "图中编号" in b.text]
    assert len(notes) == 5
    assert "食堂/社区食堂/正餐快餐" in notes[1]
    assert re.search(r"\[1\] .+；\[2\] ", notes[1])
    assert any("未找到中文字体" in text for text in texts(report))


def test_a_label_that_cannot_be_drawn_is_numbered_once() -> None:
    labels = Labels(find_fonts([]))
    assert [labels("abc"), labels("食堂"), labels("商店"), labels("食堂")] == [
        "abc",
        "[1]",
        "[2]",
        "[1]",
    ]
    assert labels("食堂", "meal") == "meal"
    assert labels.told == ["食堂", "商店"]


def test_a_font_is_chosen_by_its_file_and_must_know_chinese(tmp_path: Path) -> None:
    plain = Path(fonts._plain_file())
    fake = tmp_path / "simhei.ttf"  # says that it is Chinese, and is not
    shutil.copy(plain, fake)
    broken = tmp_path / "msyh.ttc"
    broken.write_bytes(b"no font")
    assert not find_fonts([str(fake), str(broken)]).chinese
    found = find_fonts()
    if not found.chinese:
        pytest.skip("no Chinese font here")
    assert found.knows("园区食堂")
    assert not found.knows("\U0010fffd")


def test_the_ground_is_read_back_as_it_was_drawn() -> None:
    layers, names = read_sheet(made().drawn.overview)
    street = layers["main_line"]
    # the main street of the ground: (120.0, 36.0) to (120.03, 36.0)
    np.testing.assert_allclose(street.points, [[120.0, 36.0], [120.03, 36.0]], atol=1e-5)
    assert street.starts.tolist() == [0]
    assert names[0][1:3] == [120.01, 36.005]


def test_a_view_keeps_what_meets_it() -> None:
    # 0.01 degrees of latitude are 1,113.2 m; the street at 36.0 lies that far south
    overview, _ = read_sheet(made().drawn.overview)
    north = View(120.0, 36.01, 400.0, 1000.0)
    assert not len(seen([overview], north)["main_line"].starts)
    assert len(seen([overview], View(120.0, 36.01, 400.0, 1200.0))["main_line"].starts) == 1
    view = view_of((120.0, 36.0, 120.0, 36.0), 500.0, 2.0)
    assert (view.half_width, view.half_height) == (1000.0, 500.0)


def test_what_no_eye_can_tell_is_left_out() -> None:
    """A paper of 100 mm by 100 mm shows 1,000 m: a pixel of 200 an inch is 1.27 m."""
    figure = Figure(figsize=(100 / 25.4, 100 / 25.4))
    land = Canvas(figure, (0, 0, 100, 100), (500, 500))
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], dtype=float)
    # a house of 20 m, one of 1 m, and a line whose second point lies 1 cm from the first
    points = np.r_[20 * square, square, [[7, 7], [7.01, 7], [50, 7]]]
    lines = Lines(points, np.array([0, 5, 10]))
    assert land.snapped(lines).starts.tolist() == [0, 5, 10]
    kept = land.snapped(lines, least=1.0)
    assert kept.starts.tolist() == [0, 5]
    assert len(kept.points) == 5 + 2
    # tenths of a point are 0.353 m here
    np.testing.assert_allclose(kept.points[:5], points[:5], atol=0.18)


def test_marks_that_would_cover_each_other_are_one_the_nearest() -> None:
    sheet: Any = SimpleNamespace(paper=lambda spots: np.asarray(spots) / 10)  # 10 m a millimetre
    far, alone, near = [1.0, 1.0], [500.0, 0.0], [12.0, 3.0]  # the farthest first
    assert _apart(sheet, np.array([far, alone, near])).tolist() == [alone, near]


def test_parks_that_are_not_ranked_are_hatched_grey_whatever_their_score() -> None:
    assert _class({"score": 99.0, "rank": None, "tier": "unverified"}) == ("#eceff2", "/////")
    assert _class({"score": 5.0, "rank": 1, "tier": "upper"}) == ("#993404", None)
    assert _class({"score": 5.0, "rank": None, "tier": "unknown_headcount"}) == ("#993404", "....")


def test_a_table_takes_the_rows_that_a_page_holds() -> None:
    # a line of 8 points, spaced 1.33, and its rule: 8 x 1.33 x 0.3528 + 0.95 = 4.704 mm
    rows = [["x"]] * 10
    assert len(fitting(rows, [1.0], 4.71 * 3)) == 3
    assert len(fitting(rows, [1.0], 0.0)) == 1


def test_every_table_fits_the_width(full: Report) -> None:
    for block in full.blocks:
        if isinstance(block, Table):
            assert sum(block.widths) == pytest.approx(1.0)
            assert {len(row) for row in block.rows} <= {len(block.headings)}


# --- the PDF -------------------------------------------------------------------------------------


def fake_browser(folder: Path, body: str) -> Path:
    script = folder / "chromium"
    script.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{body}", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_a_pdf_carries_the_day_that_was_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (
        "out = next(a.split('=', 1)[1] for a in sys.argv if a.startswith('--print-to-pdf='))\n"
        "assert sys.argv[-1].startswith('file://')\n"
        "pathlib.Path(out).write_bytes(b\"%PDF /CreationDate (D:20990102030405+00'00')\")\n"
    )
    monkeypatch.setenv("CHROMIUM", str(fake_browser(tmp_path, body)))
    page = tmp_path / "report.html"
    page.write_text("x", encoding="utf-8")
    assert pdf.write_pdf(page, tmp_path / "report.pdf", dt.date(2026, 11, 1)) is None
    written = (tmp_path / "report.pdf").read_bytes()
    assert written == b"%PDF /CreationDate (D:20261101000000+00'00')"


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_a_browser_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", str(fake_browser(tmp_path, "sys.exit(3)\n")))
    note = pdf.write_pdf(tmp_path / "x.html", tmp_path / "x.pdf", dt.date(2026, 11, 1))
    assert note is not None
    assert "chromium" in note[0]
    assert not (tmp_path / "x.pdf").exists()


def test_without_a_browser_there_is_a_note_and_no_pdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "find_browser", lambda: None)
    paths, notes = reports.write_report(made(), tmp_path, pdf=True)
    assert [p.name for p in paths] == ["report.docx", "report.html"]
    assert pdf.NO_BROWSER in notes


def test_pictures_say_nothing_of_the_machine(full: Report) -> None:
    for block in full.blocks:
        if isinstance(block, Picture):
            assert b"<dc:date>" not in block.svg
            assert b"matplotlib v" not in block.svg
            assert io.BytesIO(block.png).read(8) == b"\x89PNG\r\n\x1a\n"


def test_a_plan_that_was_tried_is_said_on_the_first_page() -> None:
    given = made(plans=plans())
    asked: Any = SimpleNamespace(**(vars(given.study) | {"whatif": SimpleNamespace(file="p.csv")}))
    said = first_page(reports.make_report(dataclasses.replace(given, study=asked)))
    assert any("p.csv" in text for text in said)
