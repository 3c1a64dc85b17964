"""The report of a whole run: written unless it is not wanted, printed where that is asked."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import docx
import pytest
from tests.towns import Town, degrees, village

from parkgap import rerun
from parkgap.study import load_study

PDF = "b\"%PDF /ModDate (D:20990102030405+00'00')\""


def town() -> Town:
    """One park without anything in reach but a shop; 40 of its workers live at (300, 50)."""
    drawn = village()
    drawn.report = True
    drawn.node(100, 0, shop="convenience", name="S")
    drawn.home("H", "P", (300, 50), workers=40)
    return drawn


def outputs(folder: Path) -> set[str]:
    listed = json.loads((folder / "run.json").read_text(encoding="utf-8"))["outputs"]
    return {n for n in listed if n.startswith("report.")}


def run(study: Path, out: Path, *, pdf: bool = False) -> rerun.Outcome:
    return rerun.run(load_study(study), out, rerun.Means(pdf=pdf))


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program in the browser's place that notes each call."""
    if sys.platform == "win32":
        pytest.skip("a script is no program there")
    script = tmp_path / "chromium"
    body = (
        f"#!{sys.executable}\nimport sys, pathlib\n"
        "out = next(a.split('=', 1)[1] for a in sys.argv if a.startswith('--print-to-pdf='))\n"
        f"pathlib.Path(out).write_bytes({PDF})\n"
    )
    script.write_text(body, encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("CHROMIUM", str(script))
    return script


def test_a_run_writes_the_report_unless_it_is_not_wanted(tmp_path: Path) -> None:
    drawn = town()
    drawn.write(tmp_path / "s")
    run(tmp_path / "s", tmp_path / "out")
    assert outputs(tmp_path / "out") == {"report.docx", "report.html"}
    drawn.report = False
    drawn.write(tmp_path / "s")
    run(tmp_path / "s", tmp_path / "out")
    assert outputs(tmp_path / "out") == set()
    assert not (tmp_path / "out/report.docx").exists()


def test_a_pdf_of_a_report_that_is_not_wanted_is_said_to_be_missing(tmp_path: Path) -> None:
    drawn = town()
    drawn.report = False
    drawn.write(tmp_path / "s")
    for reused in (False, True):
        outcome = run(tmp_path / "s", tmp_path / "out", pdf=True)
        assert outcome.reused is reused
        assert outcome.notes == (rerun.NO_REPORT,)
    assert run(tmp_path / "s", tmp_path / "out").notes == ()


def test_two_processes_write_the_same_report(tmp_path: Path) -> None:
    town().write(tmp_path / "s")
    for seed in ("1", "2"):
        code = (
            "import sys; from pathlib import Path; from parkgap import rerun; "
            "from parkgap.study import load_study; "
            "rerun.run(load_study(sys.argv[1]), Path(sys.argv[2]), rerun.Means(fresh=True))"
        )
        command = [sys.executable, "-c", code, str(tmp_path / "s"), str(tmp_path / seed)]
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
        subprocess.run(command, check=True, env={**environment, "HOME": str(tmp_path)})
    for name in ("report.docx", "report.html"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


def test_the_report_does_not_say_where_workers_live(tmp_path: Path) -> None:
    town().write(tmp_path / "s")
    run(tmp_path / "s", tmp_path / "out")
    lon, lat = degrees(300, 50)
    said = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    document = docx.Document(str(tmp_path / "out/report.docx"))
    said += "\n".join(p.text for p in document.paragraphs)
    for value in (lon, lat):
        assert f"{value:.4f}" not in said


def test_a_pdf_is_made_where_it_is_asked_for_and_goes_with_the_results(
    tmp_path: Path, browser: Path
) -> None:
    drawn = town()
    drawn.write(tmp_path / "s")
    out = tmp_path / "out"
    run(tmp_path / "s", out)
    assert not run(tmp_path / "s", out, pdf=True).reused  # nothing has changed, but there is none
    assert outputs(out) == {"report.docx", "report.html", "report.pdf"}
    assert run(tmp_path / "s", out, pdf=True).reused
    assert run(tmp_path / "s", out).reused
    assert (out / "report.pdf").exists()
    shutil.rmtree(tmp_path / "s")
    drawn.parks[0]["workers"] = 2000
    drawn.write(tmp_path / "s")
    run(tmp_path / "s", out)  # a PDF of other results would be wrong
    assert outputs(out) == {"report.docx", "report.html"}
    assert not (out / "report.pdf").exists()
