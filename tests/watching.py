"""A study that is watched in a thread, for tests: every wait is for an event, and has an end."""

from __future__ import annotations

import csv
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from tests.towns import village

from parkgap.watch import Kind, Said
from parkgap.watch_study import Desk, watch_study

WAIT_S = 60.0  # far more than any wait takes; what exceeds it is a fault


@dataclass
class Watched:
    """A watch at work, and all that it said."""

    study: Path
    out: Path
    heard: queue.Queue[tuple[Kind, Said]] = field(default_factory=queue.Queue)
    said: list[tuple[Kind, Said]] = field(default_factory=list)
    stages: queue.Queue[str] = field(default_factory=queue.Queue)

    def until(self, kind: Kind, part: str = "") -> Said:
        """Wait for a sentence of a kind with a word in its English."""
        while True:
            found = self.heard.get(timeout=WAIT_S)
            self.said.append(found)
            assert "the watch itself failed" not in found[1][1], found
            if found[0] == kind and part in found[1][1]:
                return found[1]

    def workers(self) -> str:
        """Read the headcount of the one park from the published list."""
        with (self.out / "ranking.csv").open(encoding="utf-8-sig", newline="") as stream:
            (row,) = csv.DictReader(stream)
        return row["workers"]

    def headcount(self, number: object) -> str:
        """Text of the parks' table with another headcount."""
        text = (self.study / "parks.geojson").read_text(encoding="utf-8")
        head, rest = text.split('"workers": ', 1)
        return f'{head}"workers": {number}{rest[min(rest.index(c) for c in ",}" if c in rest) :]}'

    def save(self, text: str) -> None:
        """Save the parks' table in one go."""
        (self.study / "parks.geojson").write_text(text, encoding="utf-8")

    def replace(self, text: str) -> None:
        """Save it as Excel does: a new file, the old one away, the new one in its place."""
        table, new = self.study / "parks.geojson", self.study / "A1B2C300"
        (self.study / "~$parks.geojson").write_bytes(b"lock")
        new.write_text(text, encoding="utf-8")
        table.rename(self.study / "B1B2C300.tmp")
        new.rename(table)
        (self.study / "B1B2C300.tmp").unlink()
        (self.study / "~$parks.geojson").unlink()


@contextmanager
def watching(
    folder: Path,
    *,
    port: int | None = None,
    poll: bool = False,
    during: Callable[[Watched, str], None] = lambda *_: None,
    title: str = "town",
) -> Iterator[Watched]:
    """Draw a village, watch it in a thread, and end the watch with the block.

    Parameters
    ----------
    folder
        Where to put study and results.
    port, poll
        As :func:`parkgap.watch_study.watch_study` has them.
    during
        Called at each stage of each run.
    title
        What the study is called.
    """
    study = drawn(folder / "study", title)
    watched = Watched(study, folder / "out")
    stop = threading.Event()

    def tell(stage: str) -> None:
        watched.stages.put(stage)
        during(watched, stage)

    def work() -> None:
        try:
            watch_study(
                study,
                lambda _: watched.out,
                Desk(lambda said, kind: watched.heard.put((kind, said)), lambda: nullcontext(tell)),
                port=port,
                poll=poll,
                debounce=0.1,
                stop=stop,
                tick=0.05,
            )
        except BaseException as error:
            watched.heard.put(("broken", ("", f"the watch itself failed: {error!r}")))
            raise

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield watched
    finally:
        stop.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()


def drawn(folder: Path, title: str) -> Path:
    """Draw a village with a shop and write it as a study; returns its folder."""
    town = village()
    town.node(300, 0, shop="convenience", name="Shop")
    study = town.write(folder)
    text = study.path.read_text(encoding="utf-8")
    study.path.write_text(f'title = "{title}"\n{text}', encoding="utf-8")
    return folder
