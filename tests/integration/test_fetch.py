"""`parkgap fetch` and the first `run` download a map once; every later run reads the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import shapely
from tests.overpass_server import Answer, Server, serving, wrap
from tests.towns import Town, degrees, village
from typer.testing import CliRunner

from parkgap.cli import app
from parkgap.pipeline import compute
from parkgap.study import Study, load_study

if TYPE_CHECKING:
    from typer.testing import Result

REMARK = Answer(wrap("<remark>runtime error: Query timed out</remark>"))


def draw() -> Town:
    town = village()
    town.node(300, 10, shop="convenience", name="Corner")
    return town


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(draw().write_osm(tmp_path / "world.osm")) as stand_in:
        yield stand_in


@pytest.fixture
def study(tmp_path: Path, server: Server) -> Path:
    """A study that names a box; nothing of its map is on disk."""
    folder = tmp_path / "study"
    draw().write(folder)
    (folder / "town.osm").unlink()
    text = (folder / "study.toml").read_text(encoding="utf-8")
    box = [*degrees(-4000, -4000), *degrees(4000, 4000)]
    asks = f'bbox = {box}\noverpass = "{server.url}/api"'
    (folder / "study.toml").write_text(text.replace('file = "town.osm"', asks), encoding="utf-8")
    return folder


def parkgap(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def maps(study: Path) -> list[Path]:
    return sorted((study / ".parkgap" / "osm").glob("*.osm.pbf"))


def test_the_first_run_downloads_and_later_runs_do_not(
    study: Path, server: Server, tmp_path: Path
) -> None:
    out = [tmp_path / "one", tmp_path / "two"]
    first = parkgap("run", study, "--out", out[0])
    assert first.exit_code == 0, first.output
    assert len(server.asked) == 1
    second = parkgap("run", study, "--out", out[1])
    assert second.exit_code == 0, second.output
    assert len(server.asked) == 1
    for name in ("ranking.csv", "run.json", "parkgap.gpkg"):
        assert (out[0] / name).read_bytes() == (out[1] / name).read_bytes()
    record = json.loads((out[0] / "run.json").read_text(encoding="utf-8"))
    (file,) = maps(study)
    assert f".parkgap/osm/{file.name}" in record["inputs"]
    assert record["data"]["osm_date"] == "2025-06-01"
    assert record["parameters"]["osm"]["bbox"][0] == degrees(-4000, -4000)[0]
    assert str(tmp_path) not in (out[0] / "run.json").read_text(encoding="utf-8")


def test_a_downloaded_map_judges_as_the_whole_one(
    study: Path, server: Server, tmp_path: Path
) -> None:
    mine = compute(load_study(study))
    theirs = compute(draw().write(tmp_path / "local"))
    pd.testing.assert_frame_equal(mine.assessment, theirs.assessment)
    assert shapely.equals_exact(mine.coverage, theirs.coverage, tolerance=1e-7)
    assert server.most_at_once == 1


def test_fetch_asks_once_and_again_when_told(study: Path, server: Server) -> None:
    first = parkgap("fetch", study)
    assert first.exit_code == 0, first.output
    assert str(maps(study)[0]) in first.stdout
    assert "2025-06-01" in first.stdout
    assert "tile 1 of 1" in first.stderr
    assert parkgap("fetch", study, "-q").output == ""
    assert len(server.asked) == 1
    server.base = "2025-07-01T00:00:00Z"
    for file in list((study / ".parkgap" / "osm").iterdir()):  # fetched some time ago
        file.rename(file.with_name(f"20240101T000000Z-{file.name.split('-')[1]}"))
    again = parkgap("fetch", study, "--refresh", "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["data_date"] == "2025-07-01T00:00:00Z"
    assert len(server.asked) == 2
    assert len(maps(study)) == 2
    assert json.loads(parkgap("fetch", study, "--json").stdout)["path"] == str(maps(study)[1])
    assert len(server.asked) == 2


def test_a_refresh_that_fails_leaves_the_old_map_in_use(
    study: Path, server: Server, tmp_path: Path
) -> None:
    parkgap("fetch", study, "-q")
    before = {p: p.read_bytes() for p in study.rglob("*") if p.is_file()}
    server.script = [REMARK]
    failed = parkgap("fetch", study, "--refresh")
    assert failed.exit_code == 1
    assert "tile 1 of 1" in failed.stderr
    assert "Query timed out" in failed.stderr
    assert {p: p.read_bytes() for p in study.rglob("*") if p.is_file()} == before
    assert parkgap("run", study, "--out", tmp_path / "out", "-q").exit_code == 0
    assert len(server.asked) == 2


def test_a_run_whose_download_fails_ends_with_one_and_writes_nothing(
    study: Path, server: Server, tmp_path: Path
) -> None:
    server.script = [REMARK]
    failed = parkgap("run", study, "--out", tmp_path / "out", "--json")
    assert failed.exit_code == 1
    (said,) = json.loads(failed.stdout)["errors"]
    assert "第 1/1 块" in said
    assert not (tmp_path / "out").exists()
    assert maps(study) == []


def test_a_study_with_its_own_map_has_nothing_to_fetch(server: Server, tmp_path: Path) -> None:
    loaded: Study = draw().write(tmp_path / "own")
    said = parkgap("fetch", loaded.root)
    assert said.exit_code == 0
    assert "town.osm" in said.stdout
    assert server.asked == []
