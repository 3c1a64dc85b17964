"""The watch's course from good to broken and back, driven step by step, without a clock."""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from parkgap.errors import InputError, OutputError, Problem
from parkgap.serve import Pages
from parkgap.watch import InputsChanged, RunOutcome, Status, Watcher, after, made_at
from parkgap.watch_study import Desk, Listener, interruptible, said
from parkgap.watched import Inputs, key

UTC = dt.UTC
NOON = dt.datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
FAULT = RunOutcome(Path("maps"), problems=(("坏", "bad"),))


class Moved(threading.Event):
    """An event on which nobody waits: the clock jumps instead."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds += timeout or 0.0
        return self.is_set()


@dataclass
class Bench:
    """A watcher on two files, whose runs a test writes down beforehand."""

    folder: Path
    script: list[Callable[[], RunOutcome]] = field(default_factory=list)
    told: list[Status] = field(default_factory=list)
    runs: int = 0
    time: dt.datetime = NOON

    def __post_init__(self) -> None:
        self.stop = Moved()
        self.files: tuple[Path, ...] = (self.folder / "study.toml", self.folder / "parks.csv")
        for file in self.files:
            file.write_text("0", encoding="utf-8")
        self.watcher = Watcher(
            self.run,
            lambda: Inputs(self.files),
            self.told.append,
            stop=self.stop,
            now=lambda: self.time,
            clock=lambda: self.stop.seconds,
        )

    def run(self) -> RunOutcome:
        self.runs += 1
        return self.script.pop(0)() if self.script else RunOutcome(self.folder)

    def edit(self, text: str = "1", file: int = 1) -> None:
        """Save other content; sizes differ, so that no disk's clock matters."""
        path = self.files[file]
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    def touch(self) -> None:
        os.utime(self.files[1], (1_800_000_000 + self.runs, 1_800_000_000 + self.runs))

    def look(self, *heard: Path) -> Status:
        self.watcher.step(frozenset(key(p) for p in heard))
        return self.watcher.status

    def kinds(self) -> list[str]:
        return [s.kind for s in self.told]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# --- when it runs ---------------------------------------------------------------------------------


def test_it_runs_once_and_then_only_for_other_content(bench: Bench) -> None:
    bench.watcher.judge()
    assert bench.kinds() == ["running", "good"]
    bench.look()
    bench.look(*bench.files)  # an event without a change
    bench.touch()
    bench.look(bench.files[1])
    assert bench.runs == 1
    bench.edit()
    bench.look()  # no event told of it: the look itself finds it
    assert bench.runs == 2
    assert bench.watcher.status.version == 2


def test_it_waits_until_the_files_are_quiet(bench: Bench) -> None:
    bench.watcher.judge()
    before = bench.stop.seconds
    bench.edit()
    bench.look()
    assert bench.stop.seconds - before == pytest.approx(0.8)


def test_a_change_to_study_toml_runs_too(bench: Bench) -> None:
    bench.watcher.judge()
    bench.edit(file=0)
    bench.look()
    assert bench.runs == 2


def test_files_that_study_toml_names_anew_are_looked_at(bench: Bench) -> None:
    bench.watcher.judge()
    more = bench.folder / "gates.csv"
    more.write_text("g", encoding="utf-8")
    bench.files = (*bench.files, more)
    bench.edit(file=0)
    bench.look()
    more.write_text("gg", encoding="utf-8")
    bench.look()
    assert bench.runs == 3


def test_a_file_that_vanishes_is_a_change(bench: Bench) -> None:
    bench.watcher.judge()
    bench.files[1].unlink()
    bench.script = [lambda: FAULT]
    assert bench.look().kind == "broken"


# --- good, broken, good ---------------------------------------------------------------------------


def test_broken_inputs_keep_the_last_good_results_and_their_time(bench: Bench) -> None:
    bench.script = [lambda: RunOutcome(bench.folder), lambda: FAULT, lambda: FAULT]
    bench.watcher.judge()
    bench.time = NOON + dt.timedelta(minutes=5)
    bench.edit()
    broken = bench.look()
    assert (broken.kind, broken.shown, broken.version) == ("broken", "12:00", 1)
    zh, en = broken.headline()
    assert "仍显示 12:00 的结果" in zh
    assert "showing results of 12:00" in en
    assert broken.notice() == [(zh, en), ("坏", "bad")]
    bench.edit()
    assert bench.look().shown == "12:00"  # broken in another way
    bench.edit()
    mended = bench.look()
    assert (mended.kind, mended.shown, mended.version) == ("good", "12:05", 2)
    assert mended.notice() == []
    assert bench.runs == 4


def test_a_broken_study_is_not_run_again_and_again(bench: Bench) -> None:
    bench.script = [lambda: FAULT]
    bench.watcher.judge()
    for _ in range(5):
        bench.stop.seconds += 1000.0
        bench.look()
    assert bench.runs == 1


def test_saving_a_broken_file_again_runs_again(bench: Bench) -> None:
    bench.script = [lambda: FAULT]
    bench.watcher.judge()
    bench.touch()
    assert bench.look().kind == "good"


def test_what_may_pass_by_itself_is_tried_again_ever_more_seldom(bench: Bench) -> None:
    locked = replace(FAULT, retry=True)
    bench.script = [lambda: locked] * 3
    bench.watcher.judge()
    assert "自动重试" in bench.watcher.status.headline()[0]
    for seconds, runs in ((1.9, 1), (0.2, 2), (3.9, 2), (0.2, 3), (8.1, 4), (1000.0, 4)):
        bench.stop.seconds += seconds
        bench.look()
        assert bench.runs == runs, (seconds, runs)
    assert bench.watcher.status.kind == "good"


def test_what_was_never_made_is_not_said_to_be_shown(tmp_path: Path) -> None:
    nothing = after(Status(), replace(FAULT, folder=tmp_path / "maps"), NOON)
    assert "there are no results yet" in nothing.headline()[1]
    unknown = after(Status(), replace(FAULT, folder=None), NOON)
    assert "earlier results are as they were" in unknown.headline()[1]


def test_a_renamed_study_that_is_refused_leaves_the_last_good_pages(tmp_path: Path) -> None:
    good, renamed = tmp_path / "a", tmp_path / "b"
    good.mkdir()
    (good / "index.html").write_text("good", encoding="utf-8")
    fault = replace(FAULT, folder=renamed)
    with Pages(0) as pages:
        listener = Listener(Desk(lambda *_: None, _no_progress), pages)
        status, shown = Status(), []
        for outcome in (fault, RunOutcome(good), fault, RunOutcome(renamed)):
            status = after(status, outcome, NOON)
            listener(status)
            shown.append(pages.hub.folder)
            if len(shown) == 3:
                assert "showing results of 12:00" in status.headline()[1]
    assert shown == [None, good, good, renamed]


def test_results_of_an_earlier_watch_are_told_with_their_day(tmp_path: Path) -> None:
    record = tmp_path / "run.json"
    record.write_text("{}", encoding="utf-8")
    stamp = dt.datetime(2026, 11, 2, 9, 30, tzinfo=UTC).timestamp()
    os.utime(record, (stamp, stamp))
    assert made_at(tmp_path, NOON) == "2026-11-02 09:30"
    assert made_at(tmp_path, NOON - dt.timedelta(days=1)) == "09:30"
    assert made_at(tmp_path / "gone", NOON) == ""


# --- inputs that change under a run ---------------------------------------------------------------


def test_a_run_whose_inputs_changed_is_made_again_before_it_is_called_good(bench: Bench) -> None:
    def disturbed() -> RunOutcome:
        bench.edit()
        return RunOutcome(bench.folder)

    bench.script = [disturbed]
    bench.watcher.judge()
    assert bench.kinds() == ["running", "again", "running", "good"]
    assert bench.told[1].version == 0
    assert bench.told[1].notice() != []
    assert bench.watcher.status.version == 1
    assert not bench.watcher.status.mixed
    assert bench.runs == 2


def test_a_change_that_is_taken_back_during_the_run_counts(bench: Bench) -> None:
    def disturbed() -> RunOutcome:
        kept = bench.files[1].read_bytes()
        bench.files[1].write_bytes(b"other")
        bench.files[1].write_bytes(kept)
        os.utime(bench.files[1], (1_800_000_000, 1_800_000_000))
        return RunOutcome(bench.folder)

    bench.script = [disturbed]
    bench.watcher.judge()
    assert bench.runs == 2


def test_another_study_toml_with_other_files_counts_as_a_change(bench: Bench) -> None:
    def disturbed() -> RunOutcome:
        bench.files = bench.files[:1]
        return RunOutcome(bench.folder)

    bench.script = [disturbed]
    bench.watcher.judge()
    assert bench.runs == 2


def test_mixed_results_are_not_recommended_when_the_next_run_is_refused(bench: Bench) -> None:
    def disturbed() -> RunOutcome:
        bench.edit()
        return RunOutcome(bench.folder)

    bench.script = [lambda: RunOutcome(bench.folder), disturbed, lambda: FAULT]
    bench.watcher.judge()
    bench.edit()
    status = bench.look()
    assert (status.kind, status.mixed) == ("broken", True)
    assert "请勿使用" in status.headline()[0]
    assert "12:00" not in status.headline()[1]
    bench.edit()
    assert not bench.look().mixed


def test_a_fault_in_half_saved_inputs_is_never_told(bench: Bench) -> None:
    def disturbed() -> RunOutcome:
        bench.edit()
        return FAULT

    bench.script = [disturbed]
    bench.watcher.judge()
    assert "broken" not in bench.kinds()
    assert not any(s.mixed for s in bench.told)  # nothing was written


def test_a_vain_run_is_broken_off(bench: Bench) -> None:
    def checked() -> RunOutcome:
        bench.watcher.check()  # nothing changed: goes on
        bench.edit()
        bench.watcher.check()
        raise AssertionError("the run went on")

    bench.script = [checked]
    bench.watcher.judge()
    assert bench.kinds() == ["running", "again", "running", "good"]
    assert not any(s.mixed for s in bench.told)


def test_a_stopped_watch_breaks_the_run_off_and_tells_nothing_more(bench: Bench) -> None:
    def stopped() -> RunOutcome:
        bench.stop.set()
        bench.watcher.check()
        raise AssertionError("the run went on")

    bench.script = [stopped]
    bench.watcher.loop()
    assert bench.kinds() == ["running"]
    with pytest.raises(InputsChanged):
        bench.watcher.check()


# --- to the user ----------------------------------------------------------------------------------


def test_problems_are_told_in_both_languages() -> None:
    problem = Problem(what="人数须为整数 / a whole number is needed", file="parks.csv", row=3)
    ((zh, en),) = said(InputError(problem))
    assert "人数须为整数" in zh
    assert "a whole number" not in zh
    assert "a whole number is needed" in en
    assert said(OutputError("磁盘空间不足 / the disk is full")) == (
        ("磁盘空间不足", "the disk is full"),
    )
    ((zh, en),) = said(PermissionError(13, "Permission denied", "parks.xlsx"))
    assert "parks.xlsx" in zh
    assert "parks.xlsx" in en


def test_the_browser_is_opened_once_and_only_on_good_results(tmp_path: Path) -> None:
    opened: list[str] = []
    listener = Listener(Desk(lambda *_: None, _no_progress, opened.append), None)
    listener.begin()
    listener(Status("broken", outcome=replace(FAULT, folder=tmp_path)))
    assert opened == []
    for version in (1, 2):
        listener(Status("good", version, outcome=RunOutcome(tmp_path), folder=tmp_path))
    assert opened == [(tmp_path / "index.html").resolve().as_uri()]


def _no_progress() -> AbstractContextManager[Callable[[str], None]]:
    raise AssertionError("nothing runs here")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a library's own")])
def test_an_interrupt_ends_quietly_however_it_comes_out(error: BaseException) -> None:
    stop = threading.Event()

    def interrupted() -> None:
        with interruptible(stop):
            stop.set()
            raise error

    interrupted()


def test_a_fault_of_the_program_is_not_taken_for_an_interrupt() -> None:
    with pytest.raises(RuntimeError), interruptible(threading.Event()):
        raise RuntimeError("a fault of the program is shown")


@pytest.fixture(autouse=True)
def _no_threads_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before
