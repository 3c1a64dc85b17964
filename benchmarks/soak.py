"""Kill real runs at random moments; after each, a normal run must make the bytes of a clean one.

    make soak                              200 kills on the example study; an hour at most
    ... benchmarks/soak.py --kills 20 --seed 7

Four kinds in turn: a run where nothing was before, one after an input was changed, one where
nothing was changed, and two runs at once of which one or both are killed (SIGKILL; on Windows
TerminateProcess).  The moment is drawn evenly over the time that such a run was measured to
take.  Prints a table; exit code 1 at any difference.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

COMMAND = (sys.executable, "-c", "from parkgap.cli import main; main()")
KINDS = ("cold", "changed", "unchanged", "two at once")
STEP_S = 0.002


def parkgap(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start a command, as a user does."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )


def done(process: subprocess.Popen[str]) -> str:
    """Wait for a process; "" where it ended well, else what it said."""
    said, _ = process.communicate()
    return "" if process.returncode == 0 else f"exit {process.returncode}: {said.strip()}"


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of a result folder's files; ``timings.json`` differs from run to run."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "timings.json"
    }


@dataclass
class Soak:
    """A study in two forms, the bytes of clean runs on both, and what was found.

    Parameters
    ----------
    work
        An empty folder.
    seed
        Of the moments.
    """

    work: Path
    seed: int
    clean: dict[str, dict[str, str]] = field(default_factory=dict)
    onto: dict[str, dict[str, str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    amid: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - moments, no secrets
        self.study, self.out = self.work / "study", self.work / "maps" / "town"
        self.forms: dict[str, bytes] = {}

    def prepare(self) -> None:
        """Write the study, make its other form, and measure clean runs."""
        if said := done(parkgap("init", self.study, "--example")):
            raise SystemExit(said)
        toml = self.study / "study.toml"
        text = toml.read_text(encoding="utf-8")
        # The parks' own table is to count their workers.
        toml.write_text(re.sub(r"(?s)\[headcounts\].*?\n\n", "", text), encoding="utf-8")
        table = self.study / "parks.csv"
        self.forms["a"] = table.read_bytes()
        self.forms["b"] = one_more(self.forms["a"])
        for form in "ab":
            self.take(form)
            self.forget()
            self.seconds["cold"] = self.timed()
            self.clean[form] = hashes(self.out)
            shutil.copytree(self.out, self.work / f"clean-{form}")
        self.seconds["unchanged"] = self.timed()
        if self.clean["a"] == self.clean["b"]:
            raise SystemExit("the change of an input changes nothing")
        for form in "ab":  # what changed since the other form is told in the results
            self.take(form)
            self.stand_on_the_other()
            shutil.rmtree(self.study / ".parkgap")
            self.timed()
            self.onto[form] = hashes(self.out)
            self.stand_on_the_other()
            self.seconds["changed"] = self.timed()
            if hashes(self.out) != self.onto[form]:
                raise SystemExit("a run with a store differs from one without")
        self.seconds["two at once"] = 2 * self.seconds["changed"]

    def take(self, form: str) -> None:
        """Give the study one of its forms."""
        self.form = form
        (self.study / "parks.csv").write_bytes(self.forms[form])

    def stand_on_the_other(self) -> None:
        """Put the clean results of the other form where this one's are to come."""
        shutil.rmtree(self.out.parent, ignore_errors=True)
        shutil.copytree(self.work / f"clean-{'b' if self.form == 'a' else 'a'}", self.out)

    def forget(self) -> None:
        """Remove store and results."""
        shutil.rmtree(self.study / ".parkgap", ignore_errors=True)
        shutil.rmtree(self.out.parent, ignore_errors=True)

    def run(self) -> subprocess.Popen[str]:
        """Start a run."""
        return parkgap("run", self.study, "--out", self.out, "-q")

    def timed(self) -> float:
        """Seconds of a run."""
        begin = time.perf_counter()
        if said := done(self.run()):
            raise SystemExit(said)
        return time.perf_counter() - begin

    def kill(self, kind: str) -> None:
        """Kill one run (or two), run again, and compare."""
        wanted = hashes(self.out)
        if kind == "cold":
            self.forget()
            wanted = self.clean[self.form]
        elif kind != "unchanged":
            self.take("b" if self.form == "a" else "a")
            self.stand_on_the_other()
            wanted = self.onto[self.form]
        moment = self.random.uniform(0.0, self.seconds[kind])
        begin = time.perf_counter()
        running = [self.run() for _ in range(2 if kind == "two at once" else 1)]
        victims = running if self.random.random() < 0.5 else running[:1]  # noqa: PLR2004 - a coin
        while time.perf_counter() - begin < moment and victims[0].poll() is None:
            time.sleep(STEP_S)
        at = time.perf_counter() - begin
        self.late[kind] += all(v.poll() is not None for v in victims)
        for victim in victims:
            victim.kill()
        for process in running:
            said = done(process)
            if process not in victims and said:
                self.note(kind, at, f"the run beside the killed one: {said}")
        self.kills[kind] += 1
        left = self.out.parent.glob(".*.part/moves.json")
        self.amid[kind] += any(left)
        if said := done(self.run()):
            self.note(kind, at, said)
        self.compare(kind, at, wanted)

    def compare(self, kind: str, at: float, wanted: dict[str, str]) -> None:
        """Hold the results against those of a clean run."""
        found = hashes(self.out)
        unlike = sorted(n for n in found.keys() | wanted.keys() if found.get(n) != wanted.get(n))
        if unlike:
            self.note(kind, at, f"not the bytes of a clean run: {', '.join(unlike)}")
        beside = sorted(p.name for p in self.out.parent.iterdir() if p != self.out)
        if beside:
            self.note(kind, at, f"left behind: {', '.join(beside)}")

    def note(self, kind: str, at: float, what: str) -> None:
        """Say at once what is wrong, and remember it."""
        text = f"{kind}, killed after {at:.3f} s: {what}"
        print(text, file=sys.stderr, flush=True)
        self.wrong.setdefault(kind, []).append(text)

    def table(self) -> str:
        """What was done and found, as Markdown."""
        lines = [
            "| run | takes, s | killed | amid the moves | had ended before | wrong after |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for kind in KINDS:
            wrong = len(self.wrong.get(kind, []))
            row = (self.kills[kind], self.amid[kind], self.late[kind], wrong)
            lines.append(f"| {kind} | {self.seconds[kind]:.2f} | {' | '.join(map(str, row))} |")
        total = (sum(self.kills.values()), sum(map(len, self.wrong.values())))
        return "\n".join([*lines, f"\n{total[0]} kills, seed {self.seed}: {total[1]} wrong."])


def one_more(table: bytes) -> bytes:
    """Give the first park of a table one worker more."""
    rows = list(csv.reader(table.decode("utf-8-sig").splitlines()))
    at = next(i for i, name in enumerate(rows[0]) if name in {"workers", "职工人数"})
    rows[1][at] = str(int(rows[1][at]) + 1)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def main() -> int:
    """Kill as often as asked; 1 at any difference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parkgap-soak-") as work:
        soak = Soak(Path(work), asked.seed)
        soak.prepare()
        for number in range(asked.kills):
            soak.kill(KINDS[number % len(KINDS)])
        print(soak.table())
        return 1 if soak.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
