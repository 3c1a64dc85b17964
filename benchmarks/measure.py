"""Run a command once and say what it cost: wall and processor seconds, and peak memory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOK_S = 0.2  # seconds between two looks at the workers' memory


@dataclass(frozen=True)
class Cost:
    """What one process, and those that it started, cost.

    Attributes
    ----------
    seconds
        Wall time from start to exit, interpreter start and imports included.
    cpu_s
        Processor seconds, those of workers that it waited for included.  On a machine that
        others use too they say more than wall time.
    peak_mb
        Greatest resident memory in MB (10**6 bytes): of the process itself, or of it and all its
        workers together, whichever was more.
    output
        What it printed on stdout.
    """

    seconds: float
    cpu_s: float
    peak_mb: float
    output: str


def measure(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Cost:
    """Run `command` and measure it.

    Parameters
    ----------
    command
        Program and arguments; no shell takes part.
    cwd
        Folder to run in; the current one by default.
    env
        Variables that are added to, or replace, those of this process.

    Raises
    ------
    subprocess.CalledProcessError
        The command exited with something other than 0; its stderr was passed on.

    Notes
    -----
    A process that Linux starts begins with its parent's peak memory as its own.  So a bare
    interpreter of some 10 MB stands between this process, which may be large, and the command.
    """
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "cost.json"
        done = subprocess.run(
            [sys.executable, "-I", "-S", __file__, note, *command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            check=True,
        )
        cost = json.loads(note.read_text(encoding="utf-8"))
    return Cost(**cost, output=done.stdout.decode("utf-8", "replace"))


def _stand_between(note: Path, command: list[str]) -> int:
    """Run `command`, write its cost to `note`, and return its exit code."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    over, seen = threading.Event(), [0]
    look = threading.Thread(target=_watch, args=(process.pid, over, seen))
    look.start()
    # wait4, because getrusage(RUSAGE_CHILDREN) tells nothing of a single child.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    over.set()
    look.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = {
        "seconds": seconds,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": max(usage.ru_maxrss * 1024, seen[0]) / 1e6,
    }
    note.write_text(json.dumps(cost), encoding="utf-8")
    return process.returncode


def _watch(root: int, over: threading.Event, seen: list[int]) -> None:
    """Note the most bytes that a process and its offspring hold at once, from time to time.

    Pages that several of them share count for each, so that the sum is never too small.
    """
    page = os.sysconf("SC_PAGE_SIZE")
    while not over.wait(_LOOK_S):
        parent, held = {}, {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    about = (folder / "stat").read_text(encoding="utf-8", errors="replace")
                    fields = about.rpartition(")")[2].split()  # the name may hold anything
                    parent[int(folder.name)] = int(fields[1])
                    held[int(folder.name)] = int(fields[21]) * page
        own, before = {root}, 0
        while len(own) > before:
            before = len(own)
            own |= {pid for pid, above in parent.items() if above in own}
        seen[0] = max(seen[0], sum(held.get(pid, 0) for pid in own))


if __name__ == "__main__":
    sys.exit(_stand_between(Path(sys.argv[1]), sys.argv[2:]))
