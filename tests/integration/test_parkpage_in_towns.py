"""Whole runs: what park pages tell of shifts is what was judged; of homes, squares at most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.integration.test_shift_towns import MEAL, two_shifts, works
from tests.towns import Town, degrees

from parkgap.pipeline import compute
from parkgap.publish.maps import write_maps

HOURS = ["Mo-Su 10:00-21:00", "Mo-Su 00:00-24:00", "Mo-Fr 10:00-15:00"]
HOMES = [(603.0, 31.0, 57), (611.0, 77.0, 4), (-1913.0, 812.0, 30)]


def town() -> Town:
    made = works()
    for i, hours in enumerate(HOURS):
        made.node(150 + 10.0 * i, -5, amenity="restaurant", name=f"Inn {i}", opening_hours=hours)
    for i, (x, y, workers) in enumerate(HOMES):
        made.home(f"H{i}", "P", (x, y), workers=workers)
    return two_shifts(made)


def test_pages_count_as_open_what_the_assessment_found(tmp_path: Path) -> None:
    results = town().results(tmp_path)
    around, a = results.around, results.assessment
    assert around.open_shifts["shift"].tolist() == ["day", "night"]
    assert around.open_shifts["start"].tolist() == ["08:00", "22:00"]
    meals = around.open_hours[around.open_hours["item"] == MEAL]
    meals = meals.merge(results.nearby, on=["park_id", "facility_id"])
    # By day the five of unknown hours are taken to be open; at night nobody knows, of the three
    # others one is open.
    assert sorted(meals["states"]) == ["au"] * 5 + ["oc", "oc", "oo"]
    for slot, shift in enumerate(("day", "night")):
        (row,) = a[(a["item"] == MEAL) & (a["shift"] == shift)].to_dict("records")
        near = meals[meals["metres"] <= row["limit"]]
        assert near["states"].str[slot].isin(["o", "a"]).sum() == row["found"]


def test_homes_are_squares_and_none_at_all_in_the_public_edition(tmp_path: Path) -> None:
    study = town().write(tmp_path / "study")
    results = compute(study)
    cells = results.around.home_cells
    # 57 and 4 live in one square, 30 in another, 2.5 km away.
    assert sorted(cells["least"]) == [10, 50]
    for row in cells.to_dict("records"):
        inside = [h for h in HOMES if in_square(h, row)]
        assert row["least"] <= sum(h[2] for h in inside) < row["below"]
    write_maps(results, tmp_path / "out")
    searched(tmp_path / "out")
    public = study.model_copy(update={"edition": "public", "map_review_no": "GS (made up) 1"})
    told = compute(public)
    assert told.around.home_cells.empty
    assert not told.around.open_hours.empty
    write_maps(told, tmp_path / "public")
    assert 'data-layer="homes"' not in (tmp_path / "public/parks/P.html").read_text("utf-8")


def in_square(home: tuple[float, float, int], row: Mapping[Any, Any]) -> bool:
    lon, lat = degrees(*home[:2])
    return bool(0 <= lon - row["west"] < row["size"] and 0 <= lat - row["south"] < row["size"])


def searched(folder: Path) -> None:
    """Look for every home in every file, as degrees and as the pages' steps of 1e-5 of them."""
    said = "\n".join(p.read_text("utf-8", errors="replace") for p in folder.rglob("*.*"))
    for x, y, _ in HOMES:
        for value in degrees(x, y):
            assert f"{value:.4f}" not in said
            assert str(round(value * 1e5)) not in said


def test_neither_depends_on_the_order_of_rows(tmp_path: Path) -> None:
    made = town()
    there = made.results(tmp_path / "a").around
    for rows in made.tables.values():
        rows.reverse()
    again = made.results(tmp_path / "b").around
    for name in ("home_cells", "open_shifts", "open_hours"):
        one, other = getattr(there, name), getattr(again, name)
        assert one.equals(other)
        assert len(one)
