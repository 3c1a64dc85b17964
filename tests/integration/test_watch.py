"""`parkgap watch` at work on a small study: edits as people make them, and how it ends."""

from __future__ import annotations

import hashlib
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.watching import WAIT_S, Watched, drawn, watching
from typer.testing import CliRunner

from parkgap.cli import app


@pytest.mark.parametrize("poll", [False, True], ids=["events", "polled"])
def test_an_edited_table_makes_new_results(tmp_path: Path, poll: bool) -> None:
    with watching(tmp_path, poll=poll) as watched:
        watched.until("good", "1 parks")
        assert watched.workers() == "1000"
        watched.save(watched.headcount(1200))
        watched.until("good", "1 parks")
        assert watched.workers() == "1200"
        watched.replace(watched.headcount(1300))
        watched.until("good", "1 parks")
        assert watched.workers() == "1300"
    kinds = [kind for kind, _ in watched.said]
    assert "broken" not in kinds


def test_broken_inputs_keep_the_last_results_until_they_are_mended(tmp_path: Path) -> None:
    with watching(tmp_path) as watched:
        watched.until("good", "1 parks")
        good = digests(watched.out)
        watched.save(watched.headcount('"many"'))
        zh, en = watched.until("broken", "showing results of")
        assert "仍显示" in zh
        zh, en = watched.until("broken", "parks.geojson")
        assert "many" in zh
        assert "many" in en
        assert digests(watched.out) == good
        watched.save(watched.headcount(1500))
        watched.until("good", "1 parks")
        assert watched.workers() == "1500"


def test_a_study_whose_table_is_gone_runs_when_it_comes_back(tmp_path: Path) -> None:
    with watching(tmp_path) as watched:
        watched.until("good", "1 parks")
        table = (watched.study / "parks.geojson").read_bytes()
        (watched.study / "parks.geojson").unlink()
        watched.until("broken", "parks.geojson")
        (watched.study / "parks.geojson").write_bytes(table)
        watched.until("good", "1 parks")


def test_a_table_saved_during_a_run_is_in_the_results_that_are_called_good(tmp_path: Path) -> None:
    once = threading.Event()

    def during(watched: Watched, stage: str) -> None:
        if stage == "maps" and not once.is_set():  # everything is read and computed by now
            once.set()
            watched.save(watched.headcount(4321))

    with watching(tmp_path, during=during) as watched:
        watched.until("again")
        assert not (watched.out / "run.json").exists()  # broken off before it was published
        watched.until("good", "1 parks")
        assert watched.workers() == "4321"
    assert [kind for kind, _ in watched.said][:4] == ["running", "again", "running", "good"]


def digests(folder: Path) -> dict[str, str]:
    return {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()
    }


# --- from the command line ------------------------------------------------------------------------


def test_a_study_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["watch", str(tmp_path / "nothing")])
    assert result.exit_code == 1
    assert "study.toml" in result.output


def test_help_names_the_command() -> None:
    result = CliRunner().invoke(app, ["watch", "--help"])
    assert result.exit_code == 0
    assert "--serve" in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="signals reach a console's group there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["running", "up to date"])
def test_it_ends_with_0_and_without_a_traceback(
    tmp_path: Path, number: signal.Signals, moment: str
) -> None:
    study = drawn(tmp_path / "研究", "town")
    code = "from parkgap.cli import main; main()"
    # A Chinese Windows console: code page 936.
    environment = {**os.environ, "PYTHONIOENCODING": "cp936", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", code, "watch", str(study), "--serve"]
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="cp936",
        env=environment,
        cwd=tmp_path,
    ) as process:
        lines = read(process)
        try:
            said = []
            while moment not in (line := lines.get(timeout=WAIT_S)):
                said.append(line)
                assert line, said
            process.send_signal(number)
            assert process.wait(WAIT_S) == 0
        finally:
            process.kill()
        while (line := lines.get(timeout=WAIT_S)) != "":
            said.append(line)
    assert "已停止监视 / the watch has ended\n" in said
    assert not any("Traceback" in line or "Aborted" in line for line in said)


def read(process: subprocess.Popen[str]) -> queue.Queue[str]:
    """Read what a process says, line by line, "" at its end."""
    lines: queue.Queue[str] = queue.Queue()
    stream = process.stdout
    assert stream is not None

    def work() -> None:
        for line in stream:
            lines.put(line)
        lines.put("")

    threading.Thread(target=work, daemon=True).start()
    return lines
