"""A run that is killed, or refused by the disk, at any operation: the next one is right.

Kills leave the disk as it is at that moment; so one run is stopped before each of its
operations, and what lies there is set aside.  Errors are given to a copy of the process
(fork) that then goes on to its end.  From every state that came of either, a normal run must
make the bytes of a clean one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

import dask
import filelock
import pytest
from tests.faulty_files import (
    ERRORS,
    Disk,
    Ended,
    Operations,
    ended,
    forked,
    say_to,
    start,
    tree,
)
from tests.towns import Town, village

from parkgap import pipeline, work
from parkgap.cli import app
from parkgap.publish.folder import Staging
from parkgap.shards import Shard

if sys.platform != "win32":
    import fcntl

_STUCK_S = 120
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here; Windows cannot"),
    # A forked child of a process with threads may hang; these only wait while it forks.
    pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning"),
]


def town(*, other: bool = False) -> Town:
    """Two parks; the other form has one renamed, and another headcount, in the table of parks."""
    drawn = village(workers=900 if other else 1000)
    drawn.park("R" if other else "Q", (-100, 400, 100, 500), workers=300)
    drawn.node(100, 0, shop="convenience", name="S")
    drawn.home("H", "P", (300, 50))
    return drawn


def run(base: Path, out: str = "out", *more: str) -> int:
    """Do ``parkgap run`` in this process."""
    arguments = ["run", str(base / "study"), "--out", str(base / out), *more]
    return app(arguments, standalone_mode=False) or 0


def published(folder: Path) -> dict[str, bytes]:
    """Read a result folder, but for what differs from run to run."""
    return {n: b for n, b in tree(folder).items() if n != "timings.json"}


def clean(base: Path, drawn: Town) -> dict[str, bytes]:
    """Run a study where nothing was before; what comes of it."""
    drawn.write(base / "study")
    assert run(base, "out", "-q") == 0
    return published(base / "out")


def apart(tmp_path: Path, work: Callable[[], None]) -> None:
    """Do a test's work in a process of its own; what fails there fails here."""

    def quietly() -> int:
        warnings.simplefilter("ignore")
        work()
        return 0

    end = forked(quietly, tmp_path / "apart")
    assert end.code == 0, end.said


class ForkedLock:
    """A lock that a copy of the process has too: the real one belongs to one process alone."""

    def __init__(self, path: Path, **_: object) -> None:
        self._path, self._handle = path, -1

    def acquire(self, timeout: float) -> None:
        del timeout  # nobody else is there
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        os.close(self._handle)


# --- every operation -----------------------------------------------------------------------------


@dataclass
class Trial:
    """One run, stopped at every operation; lists what went wrong.

    Parameters
    ----------
    place
        Folder to work in; ``base`` in it holds the study and the results.
    old, new
        Result files before and after.
    every
        An error is tried at every so many operations; kills at all of them.
    """

    place: Path
    old: dict[str, bytes]
    new: dict[str, bytes]
    every: int
    wrong: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    count: int = 0
    _operations: Operations | None = None
    _seen: dict[str, tuple[list[str], dict[str, bytes]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.place / "kept").mkdir()
        self.disk = Disk(self.base, self.place / "kept")

    @property
    def base(self) -> Path:
        return self.place / "base"

    def everywhere(self) -> None:
        """Stop the run at every operation."""
        filelock.FileLock = ForkedLock  # type: ignore[assignment]
        self._operations = Operations(self._stop)
        self._operations.install()
        code = run(self.base, "out", "-q")
        if self._operations.watch is None:  # a copy that saw an error
            os._exit(code)
        self._operations.watch = None
        if code != 0:
            self.wrong.append("the run itself failed")
        self._set_aside("the end", self.disk)

    def _stop(self, name: str) -> None:
        """Come to an operation: note what a kill leaves, and let a copy of the run see an error."""
        assert self._operations is not None
        what = f"{self.count}: {name}"
        self._set_aside(f"killed at {what}", self.disk)
        if name.startswith("half"):
            return
        self.count += 1
        if self.count % self.every:
            return
        writing = [(f, f.tell()) for f in self._operations.open if not f.closed]
        error = ERRORS[self.count // self.every % len(ERRORS)]
        said = self.place / "child"
        said.mkdir(exist_ok=True)
        child = os.fork()
        if child == 0:
            say_to(said)
            signal.alarm(_STUCK_S)
            raise OSError(error, os.strerror(error))
        self._judge(ended(child, said), f"{os.strerror(error)} at {what}")
        seen = Disk(self.base, self.place / "kept", self.disk.known)
        self._set_aside(f"{os.strerror(error)} at {what}", seen)
        self.disk.restore()
        for file, at in writing:
            file.seek(at)

    def _judge(self, end: Ended, what: str) -> None:
        """An error ends the run with one message and the old results, or does it no harm."""
        found = published(self.base / "out")
        if end.code == 0 and found != self.new:
            self.wrong.append(f"{what}: done, but other results: {_unlike(found, self.new)}")
        if end.code == 1 and found != self.old:
            self.wrong.append(f"{what}: old results harmed: {_unlike(found, self.old)}")
        message = end.said.strip()
        one = message.count(" / ") == 1 and "Traceback" not in message
        if end.code not in {0, 1} or (end.code == 1 and not one):
            self.wrong.append(f"{what}: exit {end.code}, {end.said[-1500:]}")

    def _set_aside(self, what: str, disk: Disk) -> None:
        """Keep what lies on the disk now; of states that are alike the last, with most beside."""
        disk.look()
        name = disk.state()
        self.states[name] = what
        self._seen[name] = disk.seen()

    def write_down(self) -> None:
        """Bring the states to the disk."""
        for name, (folders, files) in self._seen.items():
            place = self.place / "states" / name
            for folder in folders:
                (place / Path(folder).relative_to(self.base)).mkdir(parents=True, exist_ok=True)
            for path, data in files.items():
                (place / Path(path).relative_to(self.base)).write_bytes(data)

    def recover(self) -> None:
        """From every state: a normal run, and the bytes of a clean one, and nothing beside."""
        for name, what in self.states.items():
            shutil.rmtree(self.base)
            (self.place / "states" / name).rename(self.base)
            end = forked(lambda: run(self.base, "out", "-q"), self.place / "said")
            found = published(self.base / "out")
            if end.code != 0 or found != self.new:
                self.wrong.append(f"after {what}: {end}, {_unlike(found, self.new)}")
            left = sorted(p.name for p in self.base.iterdir())
            if left != ["out", "study"]:
                self.wrong.append(f"after {what}: left behind: {left}")


def _unlike(found: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    return sorted(n for n in found.keys() | wanted.keys() if found.get(n) != wanted.get(n))


def trial(place: Path, prepare: Callable[[Path], tuple[dict[str, bytes], dict[str, bytes]]]) -> int:
    """Go through a run, operation by operation; leave a report."""
    warnings.simplefilter("ignore")
    place.mkdir()
    (place / "base").mkdir()
    old, new = prepare(place)
    # A kill is looked at everywhere; an error, which costs a copy of the run, at every third
    # operation, and where there are no results to harm at every seventh: `make soak` at all.
    every = 1 if os.environ.get("PARKGAP_EVERY_FAULT") else 3 if old else 7
    tried = Trial(place, old, new, every)
    # What stops the run must not stop those that follow: it is forked too.
    report = place / "report.json"

    def all_of_it() -> int:
        tried.everywhere()
        tried.write_down()
        said = {"states": tried.states, "wrong": tried.wrong, "count": tried.count}
        report.write_text(json.dumps(said), encoding="utf-8")
        return 0

    end = forked(all_of_it, place / "said")
    assert end.code == 0, end
    said = json.loads(report.read_text(encoding="utf-8"))
    tried.states, tried.wrong = said["states"], said["wrong"]
    tried.recover()
    said["wrong"] = tried.wrong
    report.write_text(json.dumps(said), encoding="utf-8")
    return 0


def nothing_before(place: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Prepare a study without store and results."""
    town().write(place / "base" / "study")
    return {}, clean(place / "clean", town())  # here, so that all that follow are warm


def results_before(place: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Prepare a study with store and results, and a table that was changed since."""
    old = clean(place / "base", town())
    # What changed is told beside the rest: a clean run stands on the same earlier results.
    shutil.copytree(place / "base" / "out", place / "clean" / "out")
    new = clean(place / "clean", town(other=True))
    shutil.copy(place / "clean" / "study" / "parks.geojson", place / "base" / "study")
    return old, new


def test_a_fault_at_any_operation_leaves_the_next_run_right(tmp_path: Path) -> None:
    # Both at once: machines have two cores.
    places = {tmp_path / "cold": nothing_before, tmp_path / "changed": results_before}
    children = {
        place: start(
            partial(trial, place, prepare),
            tmp_path / f"{place.name}.said",
        )
        for place, prepare in places.items()
    }
    ends = {p.name: ended(child, tmp_path / f"{p.name}.said") for p, child in children.items()}
    assert {n: e.code for n, e in ends.items()} == {"cold": 0, "changed": 0}, ends
    for place in places:
        report = json.loads((place / "report.json").read_text(encoding="utf-8"))
        assert report["wrong"] == []
        # It did stop where it matters: at entries of the store, and amid the moves.
        assert report["count"] > 200
        assert len(report["states"]) > 20


# --- two at once ---------------------------------------------------------------------------------


@pytest.mark.parametrize("outs", [("one", "one"), ("one", "other")])
def test_two_runs_at_once_are_both_right(tmp_path: Path, outs: tuple[str, str]) -> None:
    def both() -> None:
        new = clean(tmp_path / "clean", town())
        base = tmp_path / "base"
        town().write(base / "study")
        places = [tmp_path / "said0", tmp_path / "said1"]
        children = [
            start(partial(run, base, out, "-q"), said)
            for out, said in zip(outs, places, strict=True)
        ]
        ends = [ended(child, said) for child, said in zip(children, places, strict=True)]
        assert ends == [Ended(0, "")] * 2
        assert [published(base / out) for out in outs] == [new] * 2
        assert {p.name for p in base.iterdir()} == {"study", *outs}

    apart(tmp_path, both)


def test_a_run_that_is_waited_for_is_said_and_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with Staging(target) as first:
        (first.path / "a.csv").write_text("first", encoding="utf-8")
        heard: list[str] = []

        def second() -> int:
            def hear(text: str) -> None:
                heard.append(text)
                raise KeyboardInterrupt

            try:
                with Staging(target, hear):
                    return 1
            except KeyboardInterrupt:
                return 0 if "waiting for another run" in heard[0] else 2

        assert forked(second, tmp_path / "said") == Ended(0, "")
        first.commit()
    assert tree(target) == {"a.csv": b"first"}


# --- a disk that is full -------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("a small disk cannot be made: mounting one needs root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_disk_that_fills_up_at_any_moment_costs_no_result(
    tmp_path: Path, small_disk: Path
) -> None:
    def fill() -> None:
        old, new = results_before(small_disk)
        shutil.rmtree(small_disk / "clean")
        base, before = small_disk / "base", tmp_path / "before"
        shutil.copytree(base, before)
        codes = set()
        for room in (0, 40, 150, 300, 450, 600, 750, 900, 1500):  # kB
            shutil.rmtree(base)
            shutil.copytree(before, base)
            free = shutil.disk_usage(small_disk).free - room * 1000
            (small_disk / "filler").write_bytes(bytes(free))
            end = forked(lambda: run(base, "out", "-q"), tmp_path / "said")
            found = published(base / "out")
            codes.add(end.code)
            if end.code == 0:
                assert found == new, (room, _unlike(found, new))
            else:
                assert (end.code, found) == (1, old), (room, end, _unlike(found, old))
                assert "disk is full" in end.said, (room, end)
                assert end.said.count(" / ") == 1, (room, end)
            (small_disk / "filler").unlink()
            assert run(base, "out", "-q") == 0
            assert published(base / "out") == new, room
        assert codes == {0, 1}

    apart(tmp_path, fill)


# --- what was kept, damaged ----------------------------------------------------------------------


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    if not data:
        return data
    at = len(data) * 2 // 3
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def headless(data: bytes) -> bytes:
    return b"\0" + data[1:]


def nothing(data: bytes) -> bytes:
    return data[:0]


def test_a_damaged_entry_is_never_used_whichever_it_is(tmp_path: Path) -> None:
    def damage() -> None:
        base = tmp_path / "base"
        new = clean(base, town())
        entries = sorted((base / "study" / ".parkgap").rglob("*.entry"))
        assert len(entries) > 10
        whole = {path: path.read_bytes() for path in entries}
        for at, path in enumerate(entries):
            for other, data in whole.items():
                other.write_bytes(data)
            path.write_bytes((half, flipped, nothing, headless)[at % 4](whole[path]))
            shutil.rmtree(base / "out")
            assert run(base, "out", "-q") == 0
            assert published(base / "out") == new, path
        for path in entries:  # every one in another's place
            path.write_bytes(whole[entries[0] if path != entries[0] else entries[1]])
        shutil.rmtree(base / "out")
        assert run(base, "out", "-q") == 0
        assert published(base / "out") == new

    apart(tmp_path, damage)


def test_results_that_somebody_changed_are_made_again(tmp_path: Path) -> None:
    def change() -> None:
        base = tmp_path / "base"
        new = clean(base, town())
        for at, name in enumerate(sorted(n for n in new if not n.startswith("assets/"))):
            if at % 3:
                harm = (half, flipped)[at % 3 - 1]
                (base / "out" / name).write_bytes(harm(new[name]))
            else:
                (base / "out" / name).unlink()
            assert run(base, "out", "-q") == 0
            assert published(base / "out") == new, name
        # The record names all files and is named by none: any letter of it may be another one.
        record = new["run.json"]
        for at in range(0, len(record), len(record) // 7):
            (base / "out" / "run.json").write_bytes(flipped(record[:at]) + record[at:])
            assert run(base, "out", "-q") == 0
            assert published(base / "out") == new, at

    apart(tmp_path, change)


# --- workers that die ----------------------------------------------------------------------------


class Deadly(Shard):
    """A shard that ends every worker that is sent it."""

    def __reduce__(self) -> tuple[Any, ...]:
        died = "__import__('multiprocessing').parent_process() and __import__('os')._exit(1)"
        return eval, (died,)


def test_workers_that_die_again_and_again_end_the_run_with_the_old_results(tmp_path: Path) -> None:
    def die() -> None:
        base = tmp_path / "base"
        old = clean(base, town())
        shutil.copytree(base / "out", tmp_path / "clean" / "out")
        town(other=True).write(base / "study")
        make = vars(pipeline)["make_shard"]

        def deadly(*args: Any) -> Shard:
            shard = make(*args)
            return Deadly(**{f.name: getattr(shard, f.name) for f in fields(shard)})

        vars(pipeline)["make_shard"] = deadly
        vars(work)["is_kept"] = lambda _: False  # a deadly shard has no written form to look up
        with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
            assert run(base, "out", "-q", "--workers", "2") == 4
        assert published(base / "out") == old
        vars(pipeline)["make_shard"] = make
        assert run(base, "out", "-q") == 0
        assert published(base / "out") == clean(tmp_path / "clean", town(other=True))

    apart(tmp_path, die)
