"""`parkgap watch`: a study's own run, watched; its results shown; ended by Ctrl-C."""

from __future__ import annotations

import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from parkgap.errors import InputError, OutputError, ParkgapError, Problem
from parkgap.study import load_study
from parkgap.watch import TICK_S, Kind, RunOutcome, Said, Status, Watcher
from parkgap.watched import DEBOUNCE_S, StudyFiles, toml_of

if TYPE_CHECKING:
    from types import FrameType

    from parkgap.serve import Pages
    from parkgap.study import Study


def said(error: Exception) -> tuple[Said, ...]:
    """Say what is wrong, each problem in Chinese and in English."""
    from parkgap.sources.report import texts

    if isinstance(error, InputError):
        return tuple(texts(p) for p in error.problems)
    if isinstance(error, ParkgapError):
        return (texts(Problem(what=str(error))),)
    # What the system says of a file: a share that is gone, a lock of another program.
    text = str(error)
    return ((f"文件无法读写：{text}", f"a file cannot be read or written: {text}"),)


def run_study(
    study: Callable[[], Study], out: Callable[[Study], Path], progress: Callable[[str], None]
) -> RunOutcome:
    """Load and run a study, once; faults of the inputs and of the disk become its outcome."""
    folder = None
    try:
        loaded = study()
        folder = out(loaded)
        from parkgap import rerun

        rerun.run(loaded, folder, tell=progress)
        ranking = rerun.summary(folder).ranking
    except (ParkgapError, OSError) as error:
        passing = isinstance(error, OutputError) or not isinstance(error, ParkgapError)
        return RunOutcome(folder, said(error), retry=passing)
    parks, page = len(ranking), folder / "index.html"
    ranked = sum(row["rank"] is not None for row in ranking)
    line = (
        f"{parks} 个园区，{ranked} 个已排序，{page}",
        f"{parks} parks, {ranked} ranked, {page}",
    )
    return RunOutcome(folder, line=line)


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """End quietly on Ctrl-C, Ctrl-Break and SIGTERM; only the first one counts.

    Some libraries turn the interrupt into an error of their own: whatever comes after it is
    its consequence.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [n for n in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, n)]
    numbers = [signal.Signals[n] for n in names]

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [(n, signal.signal(n, end)) for n in numbers]
    try:
        yield
    except (KeyboardInterrupt, Exception):
        if not stop.is_set():
            raise
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@dataclass(frozen=True)
class Desk:
    """How the one who watches is spoken to.

    Attributes
    ----------
    say
        Is handed every sentence, and what it is about.
    progress
        Shows the stages of one run.
    show
        Opens an address in the browser; None: nothing is opened.
    """

    say: Callable[[Said, Kind], None]
    progress: Callable[[], AbstractContextManager[Callable[[str], None]]]
    show: Callable[[str], object] | None = None


def watch_study(
    path: Path,
    out: Callable[[Study], Path],
    desk: Desk,
    *,
    language: str | None = None,
    port: int | None = None,
    poll: bool = False,
    debounce: float = DEBOUNCE_S,
    stop: threading.Event | None = None,
    tick: float = TICK_S,
) -> None:
    """Watch a study until Ctrl-C, SIGTERM or `stop`.

    Parameters
    ----------
    path
        The study's folder or its ``study.toml``.
    out
        Where the results of a loaded study go.
    desk
        How to speak to the user.
    language
        Of the results; None: the study's own.
    port
        Serve the result folder on this port of 127.0.0.1, 0: on any free one; None: do not.
    poll, debounce, tick
        As :class:`parkgap.watch.Watcher` has them.
    stop
        Ends the watch when set.

    Raises
    ------
    StudyError
        There is no ``study.toml``.
    OutputError
        The port is taken.
    """
    if not toml_of(path).is_file():
        load_study(path)  # refuses it, in the usual words
    stop = stop or threading.Event()

    def load() -> Study:
        study = load_study(path)
        return study if language is None else study.model_copy(update={"language": language})

    def once() -> RunOutcome:
        with desk.progress() as tell:

            def stage(name: str) -> None:
                watcher.check()
                tell(name)

            return run_study(load, out, stage)

    with interruptible(stop), _serving(port) as pages:
        listener = Listener(desk, pages)
        listener.begin()
        watcher = Watcher(
            once,
            StudyFiles(path, out),
            listener,
            debounce=debounce,
            poll=poll,
            stop=stop,
            tick=tick,
        )
        watcher.loop()
    desk.say(("已停止监视", "the watch has ended"), "good")


def _serving(port: int | None) -> AbstractContextManager[Pages | None]:
    if port is None:
        return nullcontext()
    from parkgap.serve import Pages

    return Pages(port)


@dataclass
class Listener:
    """Hands each status on: to the user, to the open pages, to the browser the first time."""

    desk: Desk
    pages: Pages | None
    # Pages that are open from an earlier watch on the same port are older than all of this one's.
    run_id: str = field(default_factory=lambda: secrets.token_hex(4))
    opened: bool = False

    def begin(self) -> None:
        """Say where the pages are, and open them."""
        if self.pages is not None:
            self.desk.say((f"网页：{self.pages.url}", f"pages: {self.pages.url}"), "good")
            self._open(self.pages.url)

    def __call__(self, status: Status) -> None:
        """Hand on one status."""
        self.desk.say(status.headline(), status.kind)
        if status.kind == "broken":
            for problem in status.outcome.problems:
                self.desk.say(problem, "broken")
        folder = status.folder
        if self.pages is not None and status.kind != "running":
            self.pages.post(f"{self.run_id}-{status.version}", status.notice(), folder)
        elif self.pages is None and status.kind == "good" and folder is not None:
            self._open((folder / "index.html").resolve().as_uri())

    def _open(self, address: str) -> None:
        if self.desk.show is not None and not self.opened:
            self.opened = True
            self.desk.show(address)
