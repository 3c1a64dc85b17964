"""The measurements still fit the program that they measure; costs are not looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.towns import Town

from parkgap.sources.osm_file import read_extract


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    town = Town()
    town.street((-200, 0), (200, 0))
    town.node(10, 10, shop="kiosk")
    town.node(20, 10, shop="kiosk")
    return town.write_osm(tmp_path / "town.osm")


def called(script: Path, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, script, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.parametrize("way", ["prepare", "read_extract"])
def test_readers_are_called_as_a_run_calls_them(checkout: Path, extract: Path, way: str) -> None:
    told = called(checkout / "benchmarks" / "reading.py", way, extract, "--repeat", "1")
    assert json.loads(told)["objects"] >= 1  # pieces of the map, or shops


def test_copies_lie_apart_with_ids_of_their_own(
    checkout: Path, extract: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copies.osm"
    called(checkout / "benchmarks" / "copies.py", extract, target, "--copies", "3")
    one = read_extract(extract, place_keys=["shop"]).objects
    three = read_extract(target, place_keys=["shop"]).objects
    ids = [int(i.removeprefix("node/")) for i in one["osm_id"]]
    assert list(three["osm_id"]) == [f"node/{i + n * 10**11}" for n in range(3) for i in ids]
    lon = one["lon"].to_numpy()
    for n in range(3):
        assert three["lon"].to_numpy()[2 * n : 2 * n + 2] == pytest.approx(lon + 0.6 * n, abs=2e-7)
