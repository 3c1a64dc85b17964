"""A run does again only what has changed, and what it gives is what a fresh run gives."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.towns import Town
from typer.testing import CliRunner

from parkgap import pipeline, work
from parkgap.cli import app
from parkgap.errors import InputError, ShardError
from parkgap.inputs import read_tables
from parkgap.rerun import Means, run, unchanged
from parkgap.shards import split
from parkgap.store import FOLDER
from parkgap.study import Study, load_study

HISTORY = {"timings.json"}


def three_parks() -> Town:
    """Draw three parks along a main street, two of them wall to wall, and a way through a wall."""
    town = Town().mapped()
    town.street((-1500, 0), (-400, 0), (0, 0), (150, 0), (400, 0), (1500, 0), name="主街")
    for x, name in ((-400, "A"), (0, "B"), (150, "C")):
        town.street((x, 0), (x, 120), highway="service")
        town.park(name, (x - 75, 20, x + 75, 220), district="东区", workers=1000)
        town.firm(f"F{name}", name, (x, 120), workers=800)
    town.street((-60, 150), (210, 150), highway="service")  # crosses the wall between B and C
    town.street((0, 120), (0, 150), highway="service")
    town.street((150, 120), (150, 150), highway="service")
    town.home("H1", "A", (-900, 40), workers=300)
    town.home("H2", "C", (-900, 40), workers=200)
    town.node(300, 10, amenity="restaurant", name="老王快餐")
    town.node(75, 160, shop="convenience", name="墙边小店")
    town.node(-700, 10, amenity="pharmacy", name="大药房")
    stop = town.node(20, 5, highway="bus_stop", name="主街站")
    town.relation([(stop, "platform")], type="route", route="bus", ref="1")
    return town


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a result folder that does not tell of its history."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in HISTORY
    }


def fresh(study: Study, folder: Path, onto: Path | None = None) -> dict[str, bytes]:
    """Run without any store; onto a copy of earlier results, with which a run compares."""
    if onto is not None:
        shutil.copytree(onto, folder, dirs_exist_ok=True)
    with TemporaryDirectory() as store:
        run(study, folder, Means(fresh=True, store=Path(store)))
    return files(folder)


def reused(folder: Path) -> set[str]:
    timings = json.loads((folder / "timings.json").read_text(encoding="utf-8"))
    return {name.split(" ")[0] for stage in timings["stages"] for name in stage["reused"]}


def test_an_unchanged_study_is_not_run_and_nothing_is_written(tmp_path: Path) -> None:
    study, out = three_parks().write(tmp_path / "s"), tmp_path / "out"
    assert not run(study, out).reused
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    for path in study.input_files():
        os.utime(path)  # touched, not changed
    assert run(load_study(tmp_path / "s"), out).reused
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before


def test_a_result_that_was_edited_is_made_good(tmp_path: Path) -> None:
    study, out = three_parks().write(tmp_path / "s"), tmp_path / "out"
    run(study, out)
    whole = files(out)
    (out / "ranking.csv").write_bytes(b"")
    (out / "parks" / "A.html").unlink()
    assert not run(study, out).reused
    assert files(out) == whole


def test_a_renamed_map_is_not_read_again(tmp_path: Path) -> None:
    folder, out = tmp_path / "s", tmp_path / "out"
    run(three_parks().write(folder), out)
    (folder / "town.osm").rename(folder / "stadt.osm")
    toml = folder / "study.toml"
    toml.write_text(toml.read_text("utf-8").replace("town.osm", "stadt.osm"), "utf-8")
    done = run(load_study(folder), out)
    stages = {name.split(" ")[0] for s in done.stages for name in s.reused}
    assert {"tables", "prepared", "survey", "drawn", "park"} <= stages


def test_another_headcount_leaves_streets_facilities_and_reach_alone(tmp_path: Path) -> None:
    folder, out = tmp_path / "s", tmp_path / "out"
    run(three_parks().write(folder), out)
    before = files(out)
    layer = json.loads((folder / "parks.geojson").read_text("utf-8"))
    layer["features"][1]["properties"]["workers"] = 3000
    (folder / "parks.geojson").write_text(json.dumps(layer), "utf-8")
    written = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    whole = fresh(load_study(folder), tmp_path / "fresh", onto=out)
    done = run(load_study(folder), out)
    assert {"prepared", "streets", "facilities", "reach", "drawn", "park"} <= reused(out)
    parks = next(n for s in done.stages for n in s.reused if n.startswith("park"))
    assert parks == "park x2"  # of three, one is judged again
    mine = files(out)
    assert mine == whole
    changed = {name for name in whole if whole[name] != before.get(name)}
    touched = {
        p.relative_to(out).as_posix()
        for p in out.rglob("*")
        if p.is_file() and written.get(p) != p.stat().st_mtime_ns
    }
    assert touched - HISTORY == changed
    assert "parks/B.html" in changed
    assert not any(name.startswith("assets/") for name in changed)


def test_inputs_that_change_while_they_are_read_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = three_parks().write(tmp_path / "s")

    def meddle(given: Study, parks: pd.DataFrame | None = None) -> object:
        tables = read_tables(given, parks)
        (given.root / "enterprises.csv").write_bytes(b"id,park_id\n")
        return tables

    monkeypatch.setattr("parkgap.pipeline.read_tables", meddle)
    with pytest.raises(InputError, match=r"enterprises\.csv"):
        run(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- edits at random -----------------------------------------------------------------------------

EDITS: dict[str, Callable[[Town], object]] = {
    "headcount": lambda t: t.parks[0].update(workers=4000),
    "no headcount": lambda t: t.parks[2].update(workers=None),
    "a shop": lambda t: t.node(-380, 8, shop="convenience", name="新店"),
    "a far shop": lambda t: t.node(-1400, 8, amenity="restaurant"),
    "a street": lambda t: t.street((400, 0), (400, 300), (300, 300)),
    "a building": lambda t: t.area((160, 60, 200, 100), building="industrial"),
    "a home": lambda t: t.home("H3", "B", (600, 30), workers=400, kind="dormitory"),
    "a gate": lambda t: t.gate("G", "B", (0, 20)),
    "a firm": lambda t: t.firm("FX", "C", (190, 60), workers=100),
    "another name": lambda t: t.parks[1].update(name="乙园"),
    "a parameter": lambda t: setattr(t, "settings", t.settings + "[reach]\nlimit_m = 1200.0\n"),
    "a weight": lambda t: setattr(
        t, "settings", t.settings + '[standard]\nset = { "dining.weight" = 0.3 }\n'
    ),
}


@pytest.fixture(scope="module")
def before_edits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the three parks once; each edit begins with a copy."""
    folder = tmp_path_factory.mktemp("edits")
    run(three_parks().write(folder / "s"), folder / "out")
    return folder


@pytest.mark.parametrize("edit", sorted(EDITS))
def test_after_an_edit_a_run_gives_what_a_fresh_one_gives(
    edit: str, before_edits: Path, tmp_path: Path
) -> None:
    shutil.copytree(before_edits, tmp_path, dirs_exist_ok=True)
    town, out = three_parks(), tmp_path / "out"
    before = files(out)
    EDITS[edit](town)
    study = town.write(tmp_path / "s")
    whole = fresh(study, tmp_path / "fresh" / "out", onto=out)
    run(study, out)
    assert files(out) == whole
    assert files(out).keys() == whole.keys()
    assert before != whole, "the edit changes nothing"


@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(sorted(EDITS)), st.integers(2, 3))
def test_after_any_edits_a_run_gives_what_a_fresh_one_gives(
    order: Sequence[str], count: int
) -> None:
    with TemporaryDirectory() as place:
        folder, out = Path(place) / "s", Path(place) / "out"
        town = three_parks()
        run(town.write(folder), out)
        for edit in order[:count]:
            EDITS[edit](town)
            study = town.write(folder)
            with TemporaryDirectory() as other:
                whole = fresh(study, Path(other) / "town", onto=out)
            run(study, out)
            mine = files(out)
            assert [n for n in {*mine, *whole} if mine.get(n) != whole.get(n)] == [], edit


def test_another_program_does_not_take_the_results_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, out = three_parks().write(tmp_path / "s"), tmp_path / "out"
    run(study, out)
    assert unchanged(study, out)
    monkeypatch.setattr("parkgap.program.fingerprint", lambda: "another")
    assert not unchanged(study, out)


def test_another_privacy_limit_is_judged_anew(tmp_path: Path) -> None:
    folder, out, town = tmp_path / "s", tmp_path / "out", three_parks()
    run(town.write(folder), out)
    town.settings += "[privacy]\nmin_workers = 250\n"
    study = town.write(folder)
    whole = fresh(study, tmp_path / "fresh", onto=out)
    run(study, out)
    assert files(out) == whole


# --- shards --------------------------------------------------------------------------------------


@contextmanager
def parted(groups: Sequence[Sequence[str]]) -> Iterator[None]:
    """Run with the parks put into these shards."""
    with pytest.MonkeyPatch.context() as patch:
        put = sorted(tuple(sorted(g)) for g in groups)
        patch.setattr("parkgap.pipeline.split", lambda _: put)
        yield


def partitions(ids: Sequence[str]) -> st.SearchStrategy[list[list[str]]]:
    return st.lists(st.integers(0, len(ids) - 1), min_size=len(ids), max_size=len(ids)).map(
        lambda at: [[i for i, a in zip(ids, at, strict=True) if a == n] for n in sorted(set(at))]
    )


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(partitions("ABC"))
def test_however_parks_are_put_together_the_results_are_the_same(groups: list[list[str]]) -> None:
    with TemporaryDirectory() as place:
        study = three_parks().write(Path(place) / "s")
        whole = fresh(study, Path(place) / "whole")
        with parted(groups):
            assert fresh(study, Path(place) / "parts") == whole


@pytest.mark.parametrize("most", [1, 3])
def test_a_real_town_in_shards_is_the_town(checkout: Path, tmp_path: Path, most: int) -> None:
    # One language: the other one's pages come by the same way.
    one = {"both_languages": False}
    study = load_study(checkout / "data" / "neubrandenburg").model_copy(update=one)
    whole = fresh(study, tmp_path / "whole")
    results = pipeline.compute(study)
    groups = split(results.parks, most=most)
    assert len(groups) > 1
    with parted(groups):
        mine = fresh(study, tmp_path / "parts")
    assert {n for n in whole if mine.get(n) != whole[n]} == set()
    assert mine.keys() == whole.keys()


def test_shards_hold_every_park_once_and_no_more_than_they_may() -> None:
    at = [(0.01 * i, 0.0) for i in range(40)] + [(3.0, 0.01 * i) for i in range(10)]
    frame = pd.DataFrame(
        {"park_id": [f"p{i:02}" for i in range(50)], "geometry": [shapely.Point(p) for p in at]}
    )
    groups = split(frame, most=16, widest=0.5)
    assert sorted(p for g in groups for p in g) == frame["park_id"].tolist()
    assert max(map(len, groups)) <= 16
    place = dict(zip(frame["park_id"], at, strict=True))
    for group in groups:
        for axis in (0, 1):
            middles = sorted(place[p][axis] for p in group)
            assert middles[-1] - middles[0] <= 0.5
            assert all(b - a <= 0.5 for a, b in pairwise(middles))
    assert groups == split(frame.sample(frac=1, random_state=1), most=16, widest=0.5)


def test_two_workers_give_the_same_bytes_as_one_process(tmp_path: Path) -> None:
    study = three_parks().write(tmp_path / "s")
    whole = fresh(study, tmp_path / "whole")
    with parted([["A"], ["B"], ["C"]]):
        done = run(study, tmp_path / "two", Means(workers=2, store=tmp_path / "store"))
    assert files(tmp_path / "two") == whole
    assert not done.reused
    # Streets may come from another shard of the same run; what a shard is made of cannot.
    again = {name.split(" ")[0] for stage in done.stages for name in stage.reused}
    assert not again & {"survey", "drawn", "park"}


def test_a_shard_that_fails_replaces_nothing_and_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, out = three_parks().write(tmp_path / "s"), tmp_path / "out"
    run(study, out)
    before = files(out)
    town = three_parks()
    town.node(300, 12, amenity="restaurant", name="新店")
    study = town.write(tmp_path / "s")
    # A worker of another version refuses, on every try.
    monkeypatch.setattr("parkgap.program.fingerprint", lambda: "another")
    with parted([["A"], ["B", "C"]]), pytest.raises(ShardError, match="parks A"):
        run(study, out, Means(workers=2))
    assert files(out) == before
    ran = CliRunner().invoke(app, ["run", str(study.root), "--out", str(out), "--workers", "2"])
    assert ran.exit_code == 4
    assert files(out) == before


def test_workers_are_called_only_for_what_the_store_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parkgap.cluster._FOUND_S", 0.5)
    nowhere = Means(scheduler="tcp://127.0.0.1:9")
    study, out = three_parks().write(tmp_path / "s"), tmp_path / "out"
    with parted([["A"], ["B"], ["C"]]):
        run(study, out)
        whole = files(out)
        (out / "run.json").unlink()
        done = run(study, out, nowhere)
        assert not done.reused
        assert files(out) == whole
        # One shard is gone: that one is asked for.
        next((study.root / FOLDER / "survey").rglob("*.entry")).unlink()
        (out / "run.json").unlink()
        with pytest.raises(ShardError, match="does not answer"):
            run(study, out, nowhere)
        asked: list[int] = []
        alone = vars(work)["one_by_one"]
        monkeypatch.setattr("parkgap.cluster._client", lambda *_: nullcontext())

        def do_all(_client: object, works: list[Any], *_: object) -> Any:
            asked.append(len(works))
            return alone(works)

        monkeypatch.setattr("parkgap.cluster._do_all", do_all)
        run(study, out, Means(workers=2))
        assert asked == [1]
    assert files(out) == whole


def test_a_scheduler_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parkgap.cluster._FOUND_S", 0.5)
    study = three_parks().write(tmp_path / "s")
    with pytest.raises(ShardError, match="does not answer"):
        run(study, tmp_path / "out", Means(scheduler="tcp://127.0.0.1:9"))


# --- the command line ----------------------------------------------------------------------------


def test_the_store_is_shown_and_cleared(tmp_path: Path) -> None:
    study = three_parks().write(tmp_path / "s")
    call = CliRunner().invoke
    run(study, tmp_path / "out")
    shown = json.loads(call(app, ["store", str(study.root), "--json"]).stdout)
    assert shown["entries"] > 10
    assert shown["bytes"] > 10_000
    assert "survey" in call(app, ["store", str(study.root)]).stdout
    kept = call(app, ["store", str(study.root), "--older-than", "1", "--json"])
    assert json.loads(kept.stdout)["removed"] == 0
    gone = json.loads(call(app, ["store", str(study.root), "--clear", "--json"]).stdout)
    assert gone["removed"] == shown["entries"]
    whole = files(tmp_path / "out")
    (tmp_path / "out" / "run.json").unlink()
    run(study, tmp_path / "out")
    assert files(tmp_path / "out") == whole


def test_a_map_whose_pieces_were_thrown_away_is_read_again(tmp_path: Path) -> None:
    study, out = three_parks().write(tmp_path / "s"), tmp_path / "out"
    run(study, out)
    whole = files(out)
    for piece in (study.root / FOLDER / "piece").rglob("*.entry"):
        piece.unlink()
    for stage in ("survey", "drawn"):
        for entry in (study.root / FOLDER / stage).rglob("*.entry"):
            entry.unlink()
    (out / "run.json").unlink()
    run(study, out)
    assert files(out) == whole
