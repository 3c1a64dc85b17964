"""What ``parkgap init --example`` writes: a made-up district that runs at once."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from parkgap import pipeline
from parkgap.check import check_study
from parkgap.cli import app
from parkgap.errors import InputError, OutputError
from parkgap.example import write_example
from parkgap.example_town import MADE_UP, PARKS, build
from parkgap.inputs import read_tables
from parkgap.results import Results
from parkgap.study import TABLES, load_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("example") / "示范区"
    write_example(place)
    return place


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return pipeline.compute(load_study(folder))


def _rows(file: Path) -> list[list[str]]:
    """Read a table with other eyes than the program's."""
    if file.suffix == ".xlsx":
        book = CalamineWorkbook.from_path(file)
        return [[str(c) for c in r] for r in book.get_sheet_by_index(0).to_python()][1:]
    data = file.read_bytes()
    text = data.decode("utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "gbk")
    return list(csv.reader(text.splitlines()))


def test_every_table_that_a_study_may_name_is_there_and_full(folder: Path) -> None:
    study = load_study(folder)
    tables = read_tables(study)
    for name in TABLES:
        assert getattr(study, name) is not None, name
        assert len(getattr(tables, name)), name
    assert len(study.facilities) == 2
    assert len(tables.facilities)
    assert list(tables.complete["item"]) == ["canteen_or_meal", "worker_housing"]
    assert tables.facilities["removed"].sum() == 1


def test_every_row_of_every_file_says_that_it_is_made_up(folder: Path) -> None:
    files = [f for f in sorted(folder.iterdir()) if f.suffix in (".csv", ".xlsx")]
    assert len(files) == len(TABLES) + 3  # two lists of facilities, and a plan
    for file in files:
        head, *rows = _rows(file)
        at = head.index("数据来源")
        assert rows
        assert {row[at] for row in rows} == {MADE_UP}, file.name


def test_the_four_parks_show_what_they_are_for(results: Results) -> None:
    ranking = results.ranking.set_index("park_id")
    assert results.made_up
    assert sorted(ranking.index) == [park.id for park in PARKS] == ["SF01", "SF02", "SF03", "SF04"]
    # Hardly anything is mapped around the fourth; the other three are judged.
    assert ranking["tier"]["SF04"] == "unverified"
    assert sorted(ranking["rank"].dropna()) == [1, 2, 3]
    assert ranking["rank"].isna()["SF04"]
    # The one beside the old town is the best served.
    assert ranking["score_low"].idxmax() == "SF01"
    work = results.completeness[results.completeness["kind"] == "work"]
    assert work.set_index("park_id")["thin"].to_dict() == {
        "SF01": False,
        "SF02": False,
        "SF03": False,
        "SF04": True,
    }


def test_the_river_cuts_the_third_park_off(results: Results) -> None:
    gate = results.gates[results.gates["park_id"] == "SF03"]
    meals = results.facilities[
        results.facilities["items"].map(lambda items: "canteen_or_meal" in items)
        & (results.facilities["access"] == "public")
    ]
    n = len(meals)
    _, _, metres = Geod(ellps="WGS84").inv(
        np.full(n, gate["lon"].item()), np.full(n, gate["lat"].item()), meals["lon"], meals["lat"]
    )
    # Half a kilometre for a crow; on foot none within the farthest walk that is looked at.
    assert metres.min() < 700
    frame = results.shortfall
    row = frame[(frame["park_id"] == "SF03") & (frame["item"] == "canteen_or_meal")]
    # So for every shift: what one firm has is for its own people.
    assert set(row["shift"]) == {"早班", "中班", "夜班"}
    assert set(row["status"]) == {"short"}
    assert set(row["found"]) == {0}


def test_a_canteen_behind_the_gate_serves_its_own_park(results: Results) -> None:
    places = results.facilities
    inside = places[places["name"].fillna("").str.contains("海晶智造园职工食堂")]
    assert list(inside["access"]) == ["park:SF02"]


def test_listed_canteens_and_mapped_ones_are_one_with_both_ids(results: Results) -> None:
    both = [
        ids
        for ids in results.facilities["source_ids"]
        if any("canteens.csv" in i for i in ids) and any(i.startswith("node/9") for i in ids)
    ]
    listed = [
        ids for ids in results.facilities["source_ids"] if any("canteens.csv" in i for i in ids)
    ]
    assert len(listed) > 50
    # All of them are drawn on the map too; shifted coordinates would join none.
    assert len(both) == len(listed)


def test_a_list_in_the_wrong_datum_is_found_out(folder: Path, tmp_path: Path) -> None:
    # What the README invites to try.
    place = tmp_path / "wrong"
    shutil.copytree(folder, place)
    assert not check_study(place).errors
    text = (place / "study.toml").read_text(encoding="utf-8")
    head, lists = text.split("[[facilities]]", 1)
    wrong = head + "[[facilities]]" + lists.replace('crs = "GCJ02"', 'crs = "WGS84"', 1)
    (place / "study.toml").write_text(wrong, encoding="utf-8")
    (problem,) = check_study(place).errors
    assert problem.file == "canteens.csv"
    assert "GCJ02" in str(problem)
    # A run refuses it as well: every canteen would stand hundreds of metres off.
    with pytest.raises(InputError, match="GCJ02"):
        pipeline.compute(load_study(place))


def test_some_three_hundred_streets_have_names_of_their_own() -> None:
    names = {tags["name"] for _, tags in build().lines if "highway" in tags}
    assert 280 <= len(names) <= 330


def test_two_writes_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = write_example(tmp_path / "again")
    assert sorted(p.name for p in again) == sorted(p.name for p in folder.iterdir())
    for path in again:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_the_command_writes_it_and_refuses_a_used_folder(tmp_path: Path) -> None:
    place = tmp_path / "x"
    done = CliRunner().invoke(app, ["init", str(place), "--example", "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert load_study(place).language == "en"
    assert "made up" in (place / "README.md").read_text(encoding="utf-8")
    assert CliRunner().invoke(app, ["init", str(place), "--example"]).exit_code == 1
    with pytest.raises(OutputError):
        write_example(place)
    with pytest.raises(ValueError, match="language"):
        write_example(tmp_path / "y", language="fr")


def test_its_rasters_are_small_made_up_and_used(folder: Path, results: Results) -> None:
    import rasterio

    for name in ("dem.tif", "population.tif"):
        assert (folder / name).stat().st_size < 100_000
        with rasterio.open(folder / name) as raster:
            assert raster.tags()["source"] == MADE_UP
            values = raster.read(1)
        assert values.max() > 50
    # Both are among the inputs whose hashes are recorded, and nothing in them is odd.
    assert {"dem.tif", "population.tif"} <= set(results.inputs)
    said = [en for _, en in results.warnings]
    assert "residences of 1 parks are estimated from the population raster: SF04" in said
    assert not [text for text in said if "elevation" in text or "nobody" in text]


def test_the_old_towns_hill_makes_walks_differ_from_level_ones(results: Results) -> None:
    near = results.nearby.dropna(subset=["minutes"])
    pace = near["metres"] / near["minutes"]
    by_park = pace.groupby(near["park_id"])
    # East of the river's bridge all is level: 67 m a minute.  Up the old town's hill it is slower.
    assert by_park.min()["SF02"] > 66
    assert by_park.min()["SF01"] < 64
    assert pace.max() < 67 * 1.1913


def test_estimated_homes_confirm_no_lack(results: Results) -> None:
    frame = results.assessment
    home = frame[(frame["park_id"] == "SF04") & (frame["origin"] == "home")]
    judged = home[home["status"] != "not_applicable"]
    assert len(judged)
    assert set(judged["status"]) <= {"met", "unverified"}
    reasons = judged.loc[judged["status"] == "unverified", "reason_unverified"]
    assert reasons.str.contains("estimated_homes").all()
