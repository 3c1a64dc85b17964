"""Areas of reach on a park's page: drawn, switched, explained; absent where nothing is known."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import shapely

from parkgap import frames
from parkgap.publish.maps import write_maps

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("folder")]

# Degrees around the made-up park A: a ring with a hole, and a part by itself.
WIDE = shapely.box(120.0, 35.99, 120.03, 36.01).difference(
    shapely.box(120.012, 36.002, 120.02, 36.006)
)
APART = shapely.box(120.032, 36.0, 120.034, 36.002)
AREAS = {5: (120.005, 35.998, 120.01, 36.001), 10: (120.003, 35.995, 120.015, 36.0015)}


def areas(made: Any) -> Any:
    shapes: dict[int, Any] = {
        m: shapely.multipolygons([shapely.box(*box)]) for m, box in AREAS.items()
    }
    shapes[15] = shapely.multipolygons([WIDE, APART])
    rows = [
        {"park_id": "A", "minutes": m, "area_km2": m / 8, "geometry": s} for m, s in shapes.items()
    ]
    return made.frame(frames.REACH_AREAS, rows)


@pytest.fixture(scope="module", params=["zh", "en"])
def folder(tmp_path_factory: pytest.TempPathFactory, made: Any, request: Any) -> Path:
    out = tmp_path_factory.mktemp("areas")
    study = made.study(language=request.param)
    write_maps(made.results(areas=areas(made), study=study), out)
    return out


def test_the_layer_is_drawn_in_three_looks_and_can_be_switched(visit: Any) -> None:
    page = visit.open("parks/A.html")
    drawn = page.locator("path.reach-area")
    assert drawn.count() == 3
    looks = {
        (p.get_attribute("stroke-dasharray"), p.get_attribute("fill-opacity")) for p in drawn.all()
    }
    assert len(looks) == 3
    # the widest first, so that the others lie on it; its hole and its second part are rings
    assert "m15" in str(drawn.first.get_attribute("class"))
    assert len(re.findall("M", str(drawn.first.get_attribute("d")))) == 3
    assert page.locator(".reach-label").count() == 3
    visit.picture("areas-on")
    page.locator('input[data-layer="areas"]').uncheck()
    assert drawn.count() == 0
    assert page.locator(".reach-label").count() == 0
    page.locator('input[data-layer="areas"]').check()
    assert drawn.count() == 3
    assert visit.complaints == []
    assert visit.outside() == []


def test_the_legend_says_from_where_and_how_far(visit: Any) -> None:
    page = visit.open("parks/A.html", (390, 844))
    side = page.locator(".side").inner_text()
    zh = page.locator("html").get_attribute("lang").startswith("zh")
    for said in (
        ("5 分钟以内", "1.88", "上班地点步行") if zh else ("within 5 minutes", "1.88", "workplaces")
    ):
        assert said in side
    assert "24" in side
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_park_without_areas_has_no_switch_and_no_data(visit: Any, folder: Path) -> None:
    (other,) = [p for p in (folder / "parks").iterdir() if p.name.startswith("b-2")]
    page = visit.open(f"parks/{other.name}")
    assert page.locator('input[data-layer="areas"]').count() == 0
    data = json.loads(
        page.locator("#parkgap-data").inner_text()
        or page.evaluate("document.getElementById('parkgap-data').textContent")
    )
    assert "areas" not in data
    assert page.locator("path.reach-area").count() == 0
    assert visit.complaints == []
