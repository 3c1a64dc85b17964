"""A park's page: the panels' order, the letters of shifts, squares of homes; nothing it lacks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
from tests.unit.test_maps import HOSTILE, results, study

from parkgap.frames import HOME_CELLS, OPEN_HOURS, OPEN_SHIFTS
from parkgap.publish.html import page_name, text
from parkgap.publish.maps import write_maps
from parkgap.results import AroundParks


def around(shift: str = "夜班", **changes: Any) -> AroundParks:
    """Two shifts of park A, what they find open, and two squares of homes."""
    shifts = OPEN_SHIFTS.frame(
        {
            "park_id": ["A", "A"],
            "shift": ["白班", shift],
            "start": ["08:00", "20:00"],
            "end": ["17:00", "05:00"],
        }
    )
    hours = OPEN_HOURS.frame(
        {
            "park_id": ["A", "A", "A"],
            "facility_id": ["node/1", "node/1", "node/2"],
            "item": ["breakfast", "canteen_or_meal", "bus_stop"],
            "states": ["ct", "au", "nn"],
        }
    )
    cells = HOME_CELLS.frame(
        {
            "park_id": ["A", "A"],
            "west": [120.01, 120.04],
            "south": [36.0, 36.0],
            "size": [0.01, 0.04],
            "least": [200.0, 10.0],
            "below": [1000.0, 50.0],
        }
    )
    made = {"home_cells": cells, "open_shifts": shifts, "open_hours": hours}
    return AroundParks(**(made | changes))


def written(folder: Path, shown: AroundParks, **changes: Any) -> str:
    """The page of park A."""
    facilities = results().facilities
    facilities["items"] = [["breakfast", "canteen_or_meal"], ["bus_stop"], ["bus_stop"]]
    private = study(privacy=SimpleNamespace(min_workers=10), title="园区", **changes)
    write_maps(results(study=private, facilities=facilities, around=shown), folder)
    return (folder / "parks" / "A.html").read_text(encoding="utf-8")


def data(page: str) -> dict[str, Any]:
    found = re.search(r'id="parkgap-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def test_a_place_serves_a_shift_as_the_best_of_its_items(tmp_path: Path) -> None:
    told = data(written(tmp_path, around()))["shifts"]
    assert told["names"] == ["白班（08:00–17:00）", "夜班（20:00–05:00）"]
    # The stop (farthest first) is never asked; the meal by day, nobody knows at night, breakfast
    # never: first the place, then its items in their order.
    assert [told["codes"][i] for i in told["of"]] == ["nn", "auctau"]


def test_what_a_study_does_not_have_is_not_there(tmp_path: Path) -> None:
    page = written(tmp_path, AroundParks())
    assert 'id="shift"' not in page
    assert 'data-layer="homes"' not in page
    assert not {"shifts", "homes"} & set(data(page))
    shown = written(tmp_path, around())
    assert shown.count('id="shift"') == shown.count('data-layer="homes"') == 1
    # Another park, of which nothing is told.
    other = (tmp_path / "parks" / page_name("b/2")).read_text(encoding="utf-8")
    assert 'id="shift"' not in other
    assert 'data-layer="homes"' not in other


def test_squares_are_told_by_class_and_the_page_says_what_is_not_shown(tmp_path: Path) -> None:
    page = written(tmp_path, around(), language="en")
    first, second = data(page)["homes"]
    assert first[:4] == [12001000, 3600000, 12002000, 3601000]
    # 0.01 degrees: 1.113 km, times cos 36 degrees (0.809) 0.900 km.
    assert first[5:] == [
        "Workers of this park who live here: 200–999 workers",
        "about 0.9 × 1.1 km",
    ]
    assert second[5:] == [
        "Workers of this park who live here: 10–49 workers",
        "about 3.6 × 4.5 km",
    ]
    assert (first[4], second[4]) == (2, 0)
    assert "squares of fewer than 10 workers" in page
    assert "the smallest here about 0.9 × 1.1 km" in page


def test_the_assumption_on_unknown_hours_stands_beside_the_choice(tmp_path: Path) -> None:
    page = written(tmp_path, around(), language="en")
    assert re.search(r"taken to be open 7:00–20:00, [^.]* 9:00–17:00 \(assumption\)", page)


def test_the_list_of_contents_jumps_to_every_panel_in_order(tmp_path: Path) -> None:
    page = written(tmp_path, around())
    links = re.findall(r'<li><a href="#([^"]+)">([^<]+)</a>', page)
    panels = re.findall(r'<section id="([^"]+)" class="panel', page)
    assert [ident for ident, _ in links] == panels
    assert panels[:2] == ["shortfall", "why"]
    assert links[0][1] == "缺口清单"
    assert panels[-1] == "every-item"


def test_hostile_shift_names_are_text(tmp_path: Path) -> None:
    page = written(tmp_path, around(shift=HOSTILE))
    assert f'value="{text(HOSTILE)}"' in page
    assert "<img" not in page


def test_shifts_without_any_place_around_offer_no_choice(tmp_path: Path) -> None:
    hours = OPEN_HOURS.frame()
    assert isinstance(hours, pd.DataFrame)
    assert 'id="shift"' not in written(tmp_path, around(open_hours=hours))
