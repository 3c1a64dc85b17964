"""Ranks under other assumptions, how far is searched for them, and what is to be checked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from python_calamine import CalamineWorkbook
from tests.towns import Town, judged, village

from parkgap import pipeline

if TYPE_CHECKING:
    from parkgap.results import Results

HALL = "service_point"  # one within 1000 m, from work


def with_places(settings: str = "") -> Town:
    """Draw the village with halls 620 and 1420 m, and a school 2300 m from the firm's door."""
    town = village()
    town.node(500, 0, amenity="townhall", name="Near")
    town.node(1300, 0, amenity="townhall", name="Far")
    town.settings = settings
    return town


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return with_places("[reach]\nlimit_m = 300").results(tmp_path_factory.mktemp("narrow"))


def test_a_narrow_view_calls_nothing_missing_that_a_test_asks_for(narrow: Results) -> None:
    found = judged(narrow, "P", HALL)
    assert (found["status"], found["found"]) == ("met", 1)
    assert found["nearest_m"] == pytest.approx(620, abs=0.1)


def test_a_wider_search_shows_no_more_than_was_asked_for(narrow: Results) -> None:
    assert narrow.nearby.empty
    # What an item names stays; the other, 1420 m away, is beyond 300 m and the margin of 500.
    assert narrow.facilities["name"].tolist() == ["Near"]
    assert narrow.counts["facilities"] == 1


def test_a_wide_view_shows_both(tmp_path: Path) -> None:
    found = with_places().results(tmp_path)
    assert found.nearby["metres"].tolist() == pytest.approx([620, 1420], abs=0.1)
    assert found.counts["facilities"] == 2


# --- what is published -------------------------------------------------------------------------


def two_parks() -> Town:
    """Draw two parks whose workers all lack something else, and one lists no bus lines."""
    town = village(name="West")
    town.language = "zh"
    town.park("Q", (700, 20, 900, 220), workers=900, name="East")
    town.street((0, 0), (800, 0))
    town.street((800, 0), (800, 120), highway="service")
    town.firm("G", "Q", (800, 120))
    town.node(30, 0, highway="bus_stop", name="Stop")
    town.node(60, 0, amenity="restaurant", name="Diner")
    town.node(830, 0, amenity="pharmacy", name="Drugs")
    return town


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Path]:
    folder = tmp_path_factory.mktemp("two")
    results = two_parks().results(folder)
    pipeline.publish(results, folder / "out", pipeline.Clock(lambda _: None))
    return results, folder / "out"


def test_ranks_sets_and_what_was_tried_are_in_the_results(
    published: tuple[Results, Path],
) -> None:
    results, out = published
    firm, ranking = results.firm, results.ranking
    assert sorted(firm.parks["park_id"]) == ["P", "Q"]
    both = firm.parks.merge(ranking, on="park_id", suffixes=("", "_r"))
    assert (both["rank_low"] == both["rank_low_r"]).all()
    assert (both["tier"] == both["tier_r"]).all()
    assert len(firm.sets) == 2 * len(results.standard.weight_sets)
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["ranks_tried"] == dict(firm.tried)
    assert record["ranks_tried"]["draws"] == 1000
    default = firm.sets[firm.sets["weight_set"] == results.standard.default_set]
    scores = default.set_index("park_id")["score"].to_dict()
    assert scores == pytest.approx(ranking.set_index("park_id")["score"].to_dict())


def test_the_workbook_lists_what_to_check_in_its_order(published: tuple[Results, Path]) -> None:
    results, out = published
    book = CalamineWorkbook.from_path(out / "parkgap.xlsx")
    rows = book.get_sheet_by_name("待核实清单").to_python()
    head = rows[0]
    checks = ["核实后会变", "核实影响", "现名次", "若确认不足的名次"]
    assert head[:6] == ["核实次序", "园区名称", *checks]
    found = results.firm.to_check
    assert [r[0] for r in rows[1:]] == list(range(1, len(found) + 1))
    words = {i.id: i.zh for i in results.standard.items}
    assert [r[head.index("项目")] for r in rows[1:]] == [words[i] for i in found["item"]]
    assert {r[2] for r in rows[1:]} <= {"名次会变", "可获得名次", "只影响得分"}
    firm = book.get_sheet_by_name("名次稳定性").to_python()
    assert firm[0][:3] == ["名次", "园区名称", "园区编号"]
    assert sorted(r[1] for r in firm[1:]) == ["East", "West"]
    sets = book.get_sheet_by_name("各权重方案").to_python()
    assert len(sets) == 1 + 2 * 3
    assert {r[2] for r in sets[1:]} == {"文件所列六项优先", "六项等权", "各类等权"}
    known = book.get_sheet_by_name("数据完整程度").to_python()
    assert {r[known[0].index("数据稀疏")] for r in known[1:]} == {"否"}
    kinds = book.get_sheet_by_name("分类完整程度").to_python()
    assert len(kinds) > 2 * 10
    told = book.get_sheet_by_name("字段说明").to_python()
    fields = {(r[0], r[2]) for r in told[1:]}
    assert {("名次稳定性", "moved_by"), ("待核实清单", "gain")} <= fields
    assert ("分类完整程度", "mapped") in fields


def test_the_pages_say_how_firm_a_rank_is_and_what_to_check(
    published: tuple[Results, Path],
) -> None:
    results, out = published
    index = (out / "index.html").read_text(encoding="utf-8")
    assert f"共 {len(results.firm.to_check)} 项" in index
    assert 'id="to-check"' in index
    page = (out / "parks" / "P.html").read_text(encoding="utf-8")
    assert "在 1,000 种假设组合下重新排名" in page
    assert "各类等权" in page


def test_nothing_to_check_no_list(tmp_path: Path) -> None:
    results = two_parks().results(tmp_path)
    sure = results.shortfall["status"] == "short"
    none = replace(
        results,
        shortfall=results.shortfall[sure],
        firm=replace(results.firm, to_check=results.firm.to_check[:0]),
    )
    pipeline.publish(none, tmp_path / "out", pipeline.Clock(lambda _: None))
    book = CalamineWorkbook.from_path(tmp_path / "out" / "parkgap.xlsx")
    assert "待核实清单" not in book.sheet_names
    assert 'id="to-check"' not in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
