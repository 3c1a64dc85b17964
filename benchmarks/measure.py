"""Run a command once and say what it cost: wall seconds and peak memory."""

from __future__ import annotations

import os
import subprocess
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
    """
    arguments = [str(a) for a in command]
    began = time.perf_counter()
    with subprocess.Popen(
        arguments, cwd=cwd, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE
    ) as process:
        if process.stdout is None:  # pragma: no cover (PIPE was asked for)
            raise RuntimeError("no pipe to the measured process")
        output = process.stdout.read().decode("utf-8", "replace")
        # wait4, because getrusage(RUSAGE_CHILDREN) holds the greatest of *all* children so far.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, arguments, output)
    return Cost(seconds, usage.ru_maxrss * 1024 / 1e6, output)
