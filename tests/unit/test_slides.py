"""Pictures for slides: one of each map, 16:9, with its title and marks, the same bytes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image
from tests.unit.test_maps import HOSTILE
from tests.unit.test_report import made, plans

from parkgap.publish.fonts import find_fonts
from parkgap.publish.pictures import Canvas, cut
from parkgap.publish.slides import NO_FONT, picture_names, write_pictures
from parkgap.results import Results
from parkgap.study import load_study

SVG = "{http://www.w3.org/2000/svg}"


def asked(parks: int | None = None, **changes: Any) -> Results:
    given = made(plans=plans(), **changes)
    extra = {"pictures": SimpleNamespace(write=True, parks=parks)}
    study: Any = SimpleNamespace(**(vars(given.study) | extra))
    return dataclasses.replace(given, study=study)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("slides")
    write_pictures(asked(parks=2), path)
    return path


def test_the_overview_and_each_park_have_both_forms(folder: Path) -> None:
    found = sorted(p.name for p in (folder / "pictures").iterdir())
    assert found == ["A.png", "A.svg", "B.png", "B.svg", "overview.png", "overview.svg"]


def test_pictures_fill_a_slide(folder: Path) -> None:
    for path in (folder / "pictures").glob("*.png"):
        with Image.open(path) as image:
            assert image.size == (1920, 1080)
        assert path.stat().st_size < 400_000
    for path in (folder / "pictures").glob("*.svg"):
        root = ET.parse(path).getroot()  # noqa: S314 - our own file
        assert float(root.get("width", "0")[:-2]) * 9 == pytest.approx(
            float(root.get("height", "0")[:-2]) * 16, rel=1e-4
        )
        assert not list(root.iter(f"{SVG}text"))  # letters are outlines: no font is needed
        assert not [a for e in root.iter() for a in e.attrib.values() if a.startswith("http")]


def test_the_same_results_make_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    paths, notes = write_pictures(asked(parks=2), tmp_path)
    assert notes == [] or not find_fonts().chinese
    for path in paths:
        assert path.read_bytes() == (folder / "pictures" / path.name).read_bytes()


def said(monkeypatch: pytest.MonkeyPatch, given: Results, tmp_path: Path, fonts: Any) -> list[str]:
    """Write pictures, and gather every text on them."""
    texts: list[str] = []
    say = Canvas.say

    def heard(self: Canvas, x: float, y: float, text: str, **style: Any) -> None:
        texts.append(text)
        say(self, x, y, text, **style)

    monkeypatch.setattr(Canvas, "say", heard)
    write_pictures(given, tmp_path, fonts)
    return texts


def test_what_must_stand_on_a_picture_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fonts = find_fonts()
    if not fonts.chinese:
        pytest.skip("no Chinese font here")
    texts = said(monkeypatch, asked(parks=1), tmp_path, fonts)
    for once in ("甲乙丙", "全部园区总览", "第 1 名 甲园"):
        assert texts.count(once) == 1
    for both in ("内部资料，未经地图审核，不得公开", "© OpenStreetMap contributors, ODbL 1.0"):
        assert texts.count(both) == 2
    assert sum("筛查结果，不作规划核实或验收依据" in t and "地图数据日期" in t for t in texts) == 2
    assert sum(t.endswith("N ↑") for t in texts) == 2  # the scale
    assert "推荐选址（编号同报告）" in texts  # the legend


def test_without_a_chinese_font_nothing_is_a_box(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    none = find_fonts([])
    given = asked(parks=2)
    texts = said(monkeypatch, given, tmp_path, none)  # a missing glyph would be an error
    assert all(none.knows(t) for t in texts)
    assert "No. 1 A" in texts  # by its id
    assert "recommended site (numbered as in the report)" in texts
    assert not [t for t in texts if t.startswith("[")]
    assert write_pictures(given, tmp_path, none)[1] == [NO_FONT]


def test_hostile_names_are_drawn_and_name_no_file_outside(tmp_path: Path) -> None:
    evil = HOSTILE + "\x0b$x_1^2$" + "长" * 10_000
    given = asked()
    study: Any = SimpleNamespace(**(vars(given.study) | {"title": evil}))
    parks = given.parks.assign(park_id=["../../x", "A", "overview", "con"])
    ranking = given.ranking.assign(park_id=parks["park_id"], park_name=evil)
    changed = dataclasses.replace(given, study=study, parks=parks, ranking=ranking)
    paths, _ = write_pictures(changed, tmp_path)
    assert len(paths) == len(set(paths)) == 10
    assert {p.parent for p in paths} == {tmp_path / "pictures"}
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(paths)


def test_a_park_called_overview_does_not_write_over_it() -> None:
    assert picture_names(["overview.html", "Overview_.html"]) == ["overview_", "Overview__"]


def test_pictures_are_written_only_where_they_are_asked_for(tmp_path: Path) -> None:
    for name in ("x.osm.pbf", "parks.csv"):
        (tmp_path / name).write_bytes(b"")
    text = 'name = "s"\n[osm]\nfile = "x.osm.pbf"\n[parks]\nfile = "parks.csv"\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    assert not load_study(tmp_path).pictures.write
    more = text + "[pictures]\nwrite = true\nparks = 3\n"
    (tmp_path / "study.toml").write_text(more, encoding="utf-8")
    assert load_study(tmp_path).pictures.parks == 3


def test_a_title_that_is_too_wide_is_cut() -> None:
    assert cut("长" * 200, 100.0, 10.0).endswith("…")
