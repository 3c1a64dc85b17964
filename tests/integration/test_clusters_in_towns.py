"""Functional clusters through a whole run: lists, pages, workbook and GeoPackage."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from pyogrio import raw
from python_calamine import CalamineWorkbook
from tests.towns import Town, degrees, village

from parkgap import rerun
from parkgap.check import check_study
from parkgap.errors import InputError
from parkgap.pipeline import compute
from parkgap.publish.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from parkgap.results import Results

EIGHT = (
    {"shop": "supermarket"},
    {"amenity": "bank"},
    {"amenity": "parcel_locker"},
    {"amenity": "restaurant"},
    {"shop": "laundry"},
    {"shop": "hairdresser"},
    {"amenity": "pharmacy"},
    {"amenity": "library"},
)


def row_of_shops(count: int, first: float = 300.0) -> Town:
    """Draw places of so many functions along the main street, 20 m apart, from x = `first`."""
    town = village()
    for i, tags in enumerate(EIGHT[:count]):
        town.node(first + 20.0 * i, 0, name=f"Place {i}", **tags)
    return town


def listed(town: Town, folder: Path, x: float, status: str = "existing", item: str = "") -> Results:
    """Run with an official list of one neighbourhood centre at x on the main street."""
    lon, lat = degrees(x, 0)
    folder.mkdir(parents=True, exist_ok=True)
    head = "name,item,status,lon,lat"
    row = f"示范中心,{item or 'neighbourhood_centre'},{status},{lon},{lat}"
    (folder / "list.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    town.settings = '[[facilities]]\nfile = "list.csv"\ncrs = "WGS84"'
    town.head = "as_of = 2026-01-01"
    return compute(town.write(folder))


def test_eight_functions_in_a_row_are_a_cluster_whose_walk_is_the_nearest(tmp_path: Path) -> None:
    results = row_of_shops(8).results(tmp_path)
    (row,) = results.clusters.to_dict("records")
    assert (row["status"], row["functions"], row["official_name"]) == ("found", 8, None)
    # All eight lie within 140 m of each; the first is next: 120 m to the street and 300 m along.
    assert (row["place_name"], row["metres"]) == ("Place 0", pytest.approx(420, abs=0.05))
    assert row["minutes"] == pytest.approx(420 / 67, abs=0.01)
    assert row["functions_missing"] == "repair; clinic; fresh_market"
    assert row["functions_unverified"] == "stationery"
    seven = row_of_shops(7).results(tmp_path / "7").clusters.iloc[0]
    assert seven["status"] == "unverified"
    # 120 + 850 m are 14.5 minutes to the first, 15.1 to the third: two functions are in reach.
    far = row_of_shops(8, first=850).results(tmp_path / "far").clusters.iloc[0]
    assert (far["status"], far["functions"]) == ("none", 2)


@pytest.mark.parametrize("item", ["neighbourhood_centre", "产业邻里中心"])
def test_an_official_list_names_it_and_counts_for_no_item(tmp_path: Path, item: str) -> None:
    plain = row_of_shops(8).results(tmp_path / "plain")
    results = listed(row_of_shops(8), tmp_path / "listed", x=400, item=item)
    assert results.clusters["official_name"].tolist() == ["示范中心"]
    assert results.assessment.equals(plain.assessment)
    assert results.facilities["facility_id"].equals(plain.facilities["facility_id"])
    away = listed(row_of_shops(8), tmp_path / "away", x=300 + 255)
    assert away.clusters["official_name"].isna().all()
    assert (
        listed(row_of_shops(8), tmp_path / "soon", x=400, status="planned")
        .clusters["official_name"]
        .isna()
        .all()
    )


def test_projects_and_duties_know_no_such_item(tmp_path: Path) -> None:
    town = row_of_shops(8)
    row = "A,示范中心,neighbourhood_centre,planned"
    (tmp_path / "p.csv").write_text(f"id,name,item,status\n{row}\n", encoding="utf-8")
    town.settings = '[projects]\nfile = "p.csv"\ncrs = "WGS84"'
    with pytest.raises(InputError, match="no such item in the standard"):
        compute(town.write(tmp_path))


def test_parkgap_check_takes_a_list_of_centres(tmp_path: Path) -> None:
    listed(row_of_shops(1), tmp_path, x=400)
    assert check_study(tmp_path).errors == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_result_says_what_it_is_and_what_it_may_not_be_called(
    tmp_path: Path, lang: str
) -> None:
    town = row_of_shops(8)
    town.language = lang
    out = tmp_path / "out"
    rerun.run(town.write(tmp_path / "s"), out, rerun.Means())
    t = Text(lang)
    (page,) = (out / "parks").glob("*.html")
    shown = page.read_text("utf-8")
    for said in (
        t("cluster.title"),
        t("cluster_status.found"),
        t("cluster.not_official"),
        t("function.supermarket"),
        {"zh": "未经原文核实", "en": "not confirmed in the original text"}[lang],
    ):
        assert said in shown
    found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', shown, re.DOTALL)
    assert found is not None
    mark = json.loads(found[1])["cluster"]
    assert mark["r"] == 250
    lon, lat = degrees(300, 0)
    assert (mark["x"], mark["y"]) == (round(lon * 1e5), round(lat * 1e5))
    assert 'data-layer="cluster"' in shown
    index = (out / "index.html").read_text("utf-8")
    assert t("cluster.title") in index
    book = CalamineWorkbook.from_path(str(out / "parkgap.xlsx"))
    rows = book.get_sheet_by_name(t("sheet.clusters")).to_python()
    assert rows[1][:2] == ["P", t("cluster_status.found")]
    meta, _, geometry, data = raw.read(str(out / "parkgap.gpkg"), layer="clusters")
    assert len(geometry) == 1
    fields = dict(zip(meta["fields"], data, strict=True))
    assert fields["functions"].tolist() == [8]
    assert fields["status_name"].tolist() == [t("cluster_status.found")]
