"""Run a command once and say what it cost: wall seconds and peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one process cost.

    Attributes
    ----------
    seconds
        Wall time from start to exit, interpreter start and imports included.
    peak_mb
        Greatest resident memory in MB (10**6 bytes) of the process itself.
    output
        What it printed on stdout.
    """

    seconds: float
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
    return Cost(cost["seconds"], cost["peak_mb"], done.stdout.decode("utf-8", "replace"))


def _stand_between(note: Path, command: list[str]) -> int:
    """Run `command`, write its cost to `note`, and return its exit code."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    # wait4, because getrusage(RUSAGE_CHILDREN) tells nothing of a single child.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = {"seconds": seconds, "peak_mb": usage.ru_maxrss * 1024 / 1e6}
    note.write_text(json.dumps(cost), encoding="utf-8")
    return process.returncode


if __name__ == "__main__":
    sys.exit(_stand_between(Path(sys.argv[1]), sys.argv[2:]))
