"""The functions in which a run spends its time, each on what a real run hands it.

    make bench-hot                                     a table of all
    make bench-hot PYTEST_ARGS="-k walks --benchmark-compare"

One run of the study of Las Palmas is made first, and the calls that it makes of these functions
are recorded; each is then repeated alone.  `make test` does not come here, and nothing here
fails for being slow.  Seconds are those of the processor.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from parkgap import codec, inputs, judging, pipeline, survey
from parkgap.access import reach
from parkgap.access.streets import build_streets
from parkgap.publish.basemap import sheets
from parkgap.sources import prepared
from parkgap.store import Memo, Shelf, Store
from parkgap.study import load_study

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

STUDY = """\
name = "hot"
language = "en"
[osm]
file = "{}"
[parks]
from_osm = {{ landuse = ["industrial"], min_area_ha = 1 }}
"""
ROUNDS = 5
# Where a run finds each function, and under which name.
SPIED = (
    (inputs, "prepare"),
    (survey, "read_window"),
    (survey, "build_streets"),
    (reach, "walks"),
    (survey, "sheets"),
    (pipeline, "Judge"),
)
Call = tuple[tuple[Any, ...], dict[str, Any]]


def spied(
    patch: pytest.MonkeyPatch, module: Any, name: str, calls: dict[str, list[Call]]
) -> Callable[..., Any]:
    """Record the calls of a function of a module; return the function itself."""
    original: Callable[..., Any] = getattr(module, name)

    def record(*args: Any, **kwargs: Any) -> Any:
        calls.setdefault(name, []).append((args, kwargs))
        return original(*args, **kwargs)

    patch.setattr(module, name, record)
    return original


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Call]]:
    """Run Las Palmas once; give the calls of each function."""
    shared = os.environ.get("PARKGAP_SHARED")
    top = Path(shared) if shared else Path(__file__).resolve().parents[2] / "shared" / "data"
    extract = top / "las-palmas" / "osm.osm.pbf"
    if not extract.is_file():
        pytest.skip(f"no extract at {extract}; name its folder's parent with PARKGAP_SHARED")
    folder = tmp_path_factory.mktemp("hot")
    file = folder / "study.toml"
    file.write_text(STUDY.format(extract.resolve().as_posix()), encoding="utf-8")
    made: dict[str, list[Call]] = {}
    with pytest.MonkeyPatch.context() as patch:
        for module, name in SPIED:
            spied(patch, module, name, made)
        pipeline.compute(load_study(file), store=Store(folder / "store"))
    return made


def again(
    benchmark: BenchmarkFixture, function: Callable[..., Any], calls: list[Call]
) -> list[Any]:
    """Measure all calls of one function, one after the other."""
    assert calls, "a run does not call it any more"
    found: list[Any] = benchmark.pedantic(
        lambda: [function(*args, **kwargs) for args, kwargs in calls],
        rounds=ROUNDS,
        warmup_rounds=1,
    )
    return found


def test_prepare(benchmark: BenchmarkFixture, calls: dict[str, list[Call]], tmp_path: Path) -> None:
    """Reading the extract into pieces, in a store on the disk."""
    (path, _), wants = calls["prepare"][0]
    call = ((path, Shelf(Store(tmp_path))), wants)
    assert len(again(benchmark, prepared.prepare, [call])[0].pieces)


def test_read_window(benchmark: BenchmarkFixture, calls: dict[str, list[Call]]) -> None:
    """Reading the surroundings of every shard, from pieces at hand."""
    assert len(again(benchmark, prepared.read_window, calls["read_window"])[0].objects)


def test_build_streets(benchmark: BenchmarkFixture, calls: dict[str, list[Call]]) -> None:
    """The street graph of every shard."""
    assert len(again(benchmark, build_streets, calls["build_streets"])[0].edges)


def test_walks(benchmark: BenchmarkFixture, calls: dict[str, list[Call]]) -> None:
    """Every walk from work and home to places and sites."""
    assert sum(len(t.cost) for t in again(benchmark, reach.walks, calls["walks"]))


def test_sheets(benchmark: BenchmarkFixture, calls: dict[str, list[Call]]) -> None:
    """The base map around every park."""
    assert again(benchmark, sheets, calls["sheets"])[0]


def test_judge(benchmark: BenchmarkFixture, calls: dict[str, list[Call]]) -> None:
    """All parks against the standard, with ranks and areas."""
    (ground, standard, language, few, _), _ = calls["Judge"][0]

    def judge() -> int:
        own = judging.Judge(ground, standard, language, few, Memo(None, ""))
        return len(own.frames()["ranking"])

    assert again(benchmark, judge, [((), {})])[0] == len(ground.parks)


@pytest.fixture(scope="module")
def largest(calls: dict[str, list[Call]]) -> Any:
    """Give the streets of the largest shard: frames, arrays, and texts by the thousand."""
    built = [build_streets(*args, **kwargs) for args, kwargs in calls["build_streets"]]
    return max(built, key=lambda streets: len(streets.edges))


def test_encode(benchmark: BenchmarkFixture, largest: Any) -> None:
    """Writing a street graph as bytes."""
    assert again(benchmark, codec.encode, [((largest,), {})])[0]


def test_decode(benchmark: BenchmarkFixture, largest: Any) -> None:
    """Reading a street graph from bytes."""
    written = b"".join(codec.encode(largest))
    assert len(again(benchmark, codec.decode, [((written,), {})])[0].edges) == len(largest.edges)
