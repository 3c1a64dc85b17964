"""The record of a run: what went in and came out, the same bytes for the same run."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import parkgap
from parkgap.publish.record import Stage, seal, write_run, write_timings
from parkgap.results import Firm, Results
from parkgap.standard import Standard, load
from parkgap.standards.digest import digest, summary

# SHA-256 of "abc" and of nothing: FIPS 180-2, and RFC 6234's test vectors.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@cache
def judged() -> Standard:
    return load(overrides={"dining.weight": 0.2})


def results(**changes: Any) -> Results:
    study = SimpleNamespace(
        name="huangdao",
        title="黄岛区",
        language="zh",
        edition="internal",
        whatif=None,
        as_of=dt.date(2026, 11, 1),
        path=Path("/home/somebody/study.toml"),
    )
    given = {
        "run": ABC,
        "study": study,
        "standard": judged(),
        "also": (),
        "compared_with": None,
        "whatif": None,
        "data_date": "2026-10-30",
        "made_up": True,
        "counts": {"parks": np.int64(24), "nodes": 3},
        "warnings": (("提示", "note"),),
        "inputs": {"qingdao.osm.pbf": ABC},
        "firm": Firm(tried={"draws": 1000, "scenarios": 27, "seed": 15}),
        **changes,
    }
    return cast("Results", SimpleNamespace(**given))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parks").mkdir()
    (tmp_path / "ranking.csv").write_bytes(b"abc")
    (tmp_path / "parks" / "a.html").write_bytes(b"")
    (tmp_path / "timings.json").write_bytes(b"{}")
    return tmp_path


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_it_names_inputs_standard_program_and_what_was_found(folder: Path) -> None:
    path = write_run(results(), folder, [], {"snap_m": 150.0})
    assert path == folder / "run.json"
    run = read(path)
    assert run["result_schema"] == "3"
    assert run["program"] == {"name": "parkgap", "version": parkgap.__version__}
    assert run["study"] == {
        "file": "study.toml",
        "name": "huangdao",
        "title": "黄岛区",
        "language": "zh",
        "edition": "internal",
        "as_of": "2026-11-01",
    }
    standard = run["standard"]
    assert (standard["id"], standard["version"]) == (judged().id, judged().version)
    assert standard["overrides"] == {"dining.weight": 0.2}
    assert standard["items"]["canteen_or_meal"]["tests"]["d5"] == [300.0, "m", 1]
    assert standard["common"]["walk_speed"] == 67
    assert run["compared_with"] is None
    assert run["inputs"] == {"qingdao.osm.pbf": ABC}
    assert run["parameters"] == {"snap_m": 150.0}
    assert run["data"] == {"osm_date": "2026-10-30", "made_up": True}
    assert run["counts"] == {"parks": 24, "nodes": 3}
    assert run["ranks_tried"] == {"draws": 1000, "scenarios": 27, "seed": 15}
    assert run["warnings"] == [{"zh": "提示", "en": "note"}]
    assert run["notice"]["zh"] == "筛查结果，不作规划核实或验收依据"
    assert "ODbL" in run["licence"]["en"]


def test_outputs_are_hashed_by_content_and_named_within_the_folder(folder: Path) -> None:
    outputs = [folder / "ranking.csv", Path("parks/a.html"), folder / "timings.json"]
    run = read(write_run(results(), folder, outputs, {}))
    assert run["outputs"] == {
        "ranking.csv": {"sha256": ABC, "bytes": 3},
        "parks/a.html": {"sha256": NOTHING, "bytes": 0},
    }


def test_an_output_outside_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="subpath"):
        write_run(results(), folder / "parks", [tmp_path / "ranking.csv"], {})


def test_the_order_in_which_things_were_given_does_not_show(folder: Path) -> None:
    outputs = [folder / "ranking.csv", folder / "parks" / "a.html"]
    one = write_run(results(), folder, outputs, {"a": 1, "b": {"x", "y", "z"}}).read_bytes()
    turned = results(counts={"nodes": 3, "parks": 24})
    two = write_run(turned, folder, outputs[::-1], {"b": {"z", "y", "x"}, "a": 1}).read_bytes()
    assert one == two
    assert one.endswith(b"}\n")
    assert b"\r" not in one


def test_no_clock_and_no_place_of_this_machine_gets_in(folder: Path) -> None:
    given = {"file": folder / "in" / "parks.xlsx", "relative": Path("in") / "gates.csv"}
    text = write_run(results(), folder, [folder / "ranking.csv"], given).read_text("utf-8")
    assert json.loads(text)["parameters"] == {"file": "parks.xlsx", "relative": "in/gates.csv"}
    assert str(folder) not in text
    assert "somebody" not in text
    assert str(dt.datetime.now(dt.UTC).date()) not in text


def test_what_json_does_not_know_is_made_plain(folder: Path) -> None:
    given = {"nan": float("nan"), "inf": np.inf, "n": np.int32(3), "t": (1, 2), "broken": "a\ud800"}
    path = write_run(results(), folder, [], given)
    read_back = read(path)["parameters"]
    assert read_back == {"nan": None, "inf": None, "n": 3, "t": [1, 2], "broken": "a\ud800"}


def test_the_standards_hash_is_of_what_it_says_and_not_of_how_it_was_set() -> None:
    plain, limit = load(), "canteen_or_meal.d5.limit"
    assert digest(load(overrides={limit: 300})) == digest(plain)  # as the file has it
    other = load(overrides={limit: 299})
    assert digest(other) != digest(plain)
    one, two = summary(plain)["items"], summary(other)["items"]
    assert [i for i in one if one[i] != two[i]] == ["canteen_or_meal"]


def test_an_edited_record_breaks_its_seal(folder: Path) -> None:
    record = read(write_run(results(), folder, [], {"snap_m": 150.0}))
    assert seal(record) == record["seal"]
    assert seal({**record, "parameters": {"snap_m": 151.0}}) != record["seal"]


def test_timings_add_up(folder: Path) -> None:
    stages = [
        Stage(name="read", seconds=1.23456, peak_mb=100.04),
        Stage(name="reach", seconds=0.5, peak_mb=250.0, reused=("streets",)),
        Stage(name="publish", seconds=0.25),
    ]
    timings = read(write_timings(folder, stages))
    assert timings["seconds"] == 1.985
    assert timings["peak_mb"] == 250.0
    assert [s["name"] for s in timings["stages"]] == ["read", "reach", "publish"]
    assert timings["stages"][0] == {
        "name": "read",
        "seconds": 1.235,
        "peak_mb": 100.0,
        "reused": [],
    }
    assert timings["stages"][1]["reused"] == ["streets"]


def test_no_stages_make_empty_timings(folder: Path) -> None:
    assert read(write_timings(folder, [])) == {"seconds": 0, "peak_mb": None, "stages": []}
