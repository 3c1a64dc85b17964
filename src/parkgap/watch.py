"""Run a study again whenever an input changes, and keep the last good results meanwhile.

The files' content decides, events only wake: what the system reports (or, on a network drive,
does not report) is never believed, every file is looked at once a second besides.  A run counts
when its inputs were the same before and after it.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from parkgap.watched import DEBOUNCE_S, Digests, Hasher, Inputs, Marks, Settler, key

Said = tuple[str, str]  # in Chinese, in English
Kind = Literal["running", "good", "broken", "again"]
TICK_S = 1.0
_RETRY_S, _RETRY_MAX_S = 2.0, 300.0


class InputsChanged(Exception):  # noqa: N818  # no error: the run begins again
    """An input changed under a run, which then is worth nothing."""


@dataclass(frozen=True)
class RunOutcome:
    """What one run came to.

    Attributes
    ----------
    folder
        The result folder, as far as the study says.
    problems
        Why there are no new results, in Chinese and English; none: the run is good.
    line
        What the new results hold, in a few words.
    retry
        The fault may pass without any input changing (a result file open in Excel).
    """

    folder: Path | None = None
    problems: tuple[Said, ...] = ()
    line: Said = ("", "")
    retry: bool = False

    @property
    def good(self) -> bool:
        """Whether results were written."""
        return not self.problems


@dataclass(frozen=True)
class Status:
    """What the one who watches should know.

    Attributes
    ----------
    kind
        ``running``; ``good``; ``broken``: refused, the last good results stay; ``again``: an
        input changed during a run, which is made again.
    version
        Counts the results that were called good.
    shown
        When the results that lie in the folder were made, for people; "": there are none.
    mixed
        Those results were written while inputs changed.
    outcome
        Of the last run that counted.
    folder
        Where the results lie that are shown; None: there are none.  A study that was renamed and
        is then refused names a folder in which there is nothing yet.
    """

    kind: Kind = "running"
    version: int = 0
    shown: str = ""
    mixed: bool = False
    outcome: RunOutcome = RunOutcome()
    folder: Path | None = None

    def headline(self) -> Said:
        """One sentence on how it stands."""
        if self.kind == "running":
            return "正在运行……", "running …"
        if self.kind == "again":
            return (
                "运行期间输入有改动，结果不作数，正在重新运行",
                "an input changed during the run; its results do not count, running again",
            )
        zh, en = self.outcome.line
        if self.kind == "good":
            return f"{self.shown} 结果已更新：{zh}", f"{self.shown} results are up to date: {en}"
        if self.outcome.retry:
            head = (
                "未能完成运行，稍后自动重试",
                "the run could not be finished and is tried again shortly",
            )
        else:
            head = (
                "输入有误，改正并保存后自动重新运行",
                "the inputs are refused; it runs again once they are saved corrected",
            )
        zh, en = self._kept()
        return f"{head[0]}；{zh}", f"{head[1]}; {en}"

    def _kept(self) -> Said:
        if self.mixed:
            return (
                "现有结果是在输入改动期间生成的，请勿使用",
                "the results shown were made while inputs changed, do not use them",
            )
        if not self.shown and self.outcome.folder is None:  # who knows where they lie
            return "原有结果未动", "earlier results are as they were"
        if not self.shown:
            return "尚无结果", "there are no results yet"
        return f"仍显示 {self.shown} 的结果", f"showing results of {self.shown}"

    def notice(self) -> list[Said]:
        """Lines for the open page; none where there is nothing to warn of."""
        if self.kind == "broken":
            return [self.headline(), *self.outcome.problems]
        return [self.headline()] if self.kind == "again" else []


def after(status: Status, outcome: RunOutcome, now: dt.datetime) -> Status:
    """Go on from one status to the next by a run whose inputs held still."""
    if outcome.good:
        shown = now.strftime("%H:%M")
        return Status("good", status.version + 1, shown, outcome=outcome, folder=outcome.folder)
    if status.shown:
        return replace(status, kind="broken", outcome=outcome)
    shown = made_at(outcome.folder, now)
    folder = outcome.folder if shown else None
    return replace(status, kind="broken", shown=shown, outcome=outcome, folder=folder)


def made_at(folder: Path | None, now: dt.datetime) -> str:
    """Say when a folder's results were made, with the day where that is not today; "": never."""
    if folder is None:
        return ""
    try:
        stamp = (folder / "run.json").stat().st_mtime
    except OSError:
        return ""
    made = dt.datetime.fromtimestamp(stamp, tz=now.tzinfo)
    return made.strftime("%H:%M" if made.date() == now.date() else "%Y-%m-%d %H:%M")


def _here_and_now() -> dt.datetime:
    return dt.datetime.now().astimezone()


@dataclass
class Watcher:
    """Runs once, then whenever an input's content changed.

    Attributes
    ----------
    run
        Performs one run.  An :class:`InputsChanged` from :meth:`check` passes through it.
    look
        Lists the inputs, anew at each call.
    tell
        Is told every status.
    debounce
        Seconds for which files must hold still before they are read.
    poll
        Let the library look at the folders instead of asking the system.
    stop
        Set: the loop ends.
    tick
        Seconds between two looks at the files where no event wakes it.
    now, clock
        The day's time, and seconds that only grow.
    """

    run: Callable[[], RunOutcome]
    look: Callable[[], Inputs]
    tell: Callable[[Status], None]
    debounce: float = DEBOUNCE_S
    poll: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    tick: float = TICK_S
    now: Callable[[], dt.datetime] = _here_and_now
    clock: Callable[[], float] = time.monotonic
    status: Status = Status()
    inputs: Inputs = field(default_factory=lambda: Inputs(()))
    _hash: Hasher = field(default_factory=Hasher)
    _marks: Marks = field(default_factory=dict)
    _digests: Digests = field(default_factory=dict)
    _retry: tuple[float, float] | None = None  # when, and after how long

    def loop(self) -> None:
        """Run, listen, run again, until `stop` is set."""
        self.judge()
        while not self.stop.is_set():
            try:
                self._listen(self.inputs.folders())
            except OSError:  # a folder went away between the look and the listening
                self.stop.wait(self.tick)
                self.step(frozenset())

    def _listen(self, folders: tuple[Path, ...]) -> None:
        """Listen in these folders until other ones are the right ones."""
        from watchfiles import watch

        heard = watch(
            *folders,
            watch_filter=lambda _change, path: self.inputs.counts(path),
            debounce=max(50, int(self.debounce * 1000)),
            step=50,
            stop_event=self.stop,
            rust_timeout=max(1, int(self.tick * 1000)),
            yield_on_timeout=True,
            force_polling=self.poll or None,
            recursive=False,
            ignore_permission_denied=True,
        )
        for changes in heard:
            self.step(frozenset(key(path) for _change, path in changes))
            if self.inputs.folders() != folders:
                return

    def step(self, heard: frozenset[str]) -> None:
        """Look at the files once, and run where that is due.

        Parameters
        ----------
        heard
            Files of which an event told, spelled as :func:`parkgap.watched.key` does.
        """
        if self.due(heard):
            self.judge()

    def due(self, heard: frozenset[str]) -> bool:
        """Tell whether to run: other content; after a fault, a file saved again or time to retry.

        A file that was merely touched runs nothing as long as the results are good.
        """
        if not heard and self.inputs.marks() == self._marks:
            return self._retry is not None and self.clock() >= self._retry[0]
        marks = self.settle()
        if self.stop.is_set():
            return False
        digests = self._hash(self.inputs, doubted=lambda file: key(file) in heard)
        saved_again = self.status.kind == "broken" and marks != self._marks
        self._marks = marks
        return saved_again or digests != self._digests

    def settle(self) -> Marks:
        """Wait until the inputs are quiet; return how they look then."""
        settler = Settler(self.debounce)
        marks = self.inputs.marks()
        while (left := settler.wait(marks, self.clock())) > 0 and not self.stop.is_set():
            self.stop.wait(min(left, self.debounce / 4))
            marks = self.inputs.marks()
        return marks

    def check(self) -> None:
        """Call during a run, as often as one likes: there is no use in finishing a vain one.

        Raises
        ------
        InputsChanged
            An input is no longer as it was when the run began, or the watch ends.
        """
        if self.stop.is_set() or self.inputs.marks() != self._marks:
            raise InputsChanged

    def judge(self) -> None:
        """Run until a run's inputs are the same before and after it."""
        while not self.stop.is_set():
            self._tell(replace(self.status, kind="running"))
            self.inputs = self.look()
            self._marks = self.inputs.marks()
            self._digests = self._hash(self.inputs)
            try:
                outcome = self.run()
            except InputsChanged:
                outcome = None
            if self.stop.is_set():
                return
            if outcome is not None and self._held_still():
                self._conclude(outcome)
                return
            wrote = outcome is not None and outcome.good
            self._tell(replace(self.status, kind="again", mixed=self.status.mixed or wrote))
            self.settle()

    def _held_still(self) -> bool:
        """Tell whether the inputs, by number, marks and content, are what the run began with."""
        inputs = self.look()
        return inputs.marks() == self._marks and self._hash(inputs) == self._digests

    def _conclude(self, outcome: RunOutcome) -> None:
        before = self._retry[1] if self._retry is not None else 0.0
        self._retry = None
        if outcome.retry:
            wait = min(_RETRY_MAX_S, max(_RETRY_S, 2.0 * before))
            self._retry = (self.clock() + wait, wait)
        self._tell(after(self.status, outcome, self.now()))

    def _tell(self, status: Status) -> None:
        self.status = status
        self.tell(status)
