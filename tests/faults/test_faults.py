"""Every broken input gets its message: in one pass, without a traceback, with nothing written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.faults.corpus import FAULTS, Fault, base
from tests.faults.corpus_rasters import RASTERS
from tests.faults.corpus_tables import MORE
from typer.testing import CliRunner

from parkgap.cli import app

ALL = [*FAULTS, *MORE, *RASTERS]
_DETAIL = re.compile(r"（.*）(?= / )| \(.*\)$")


def said(problem: dict[str, object]) -> str:
    """Write a problem of ``check --json`` as the corpus writes it."""
    what = problem["what"]
    assert isinstance(what, dict)
    sheet = f"[{problem['sheet']}]" if problem["sheet"] is not None else ""
    file = Path(str(problem["file"])).name if problem["file"] is not None else ""
    fields = ("" if problem[k] is None else str(problem[k]) for k in ("row", "column", "value"))
    zh, en = what["zh"], what["en"]
    return f"{file}{sheet}:{':'.join(fields)}: {zh if zh == en else f'{zh} / {en}'}"


def without_details(text: str) -> str:
    """Leave out what a library says in brackets."""
    return _DETAIL.sub("", text)


def agree(found: list[str], expected: tuple[str, ...]) -> bool:
    """Tell whether the messages are the expected ones; a library's own words may be left out."""
    if len(found) != len(expected):
        return False
    return all(
        one == other or without_details(one) == other
        for one, other in zip(sorted(found), sorted(expected), strict=True)
    )


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(ALL) >= 150
    assert len({fault.name for fault in ALL}) == len(ALL)


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_fault(fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = tmp_path / "study", tmp_path / "out"
    folder.mkdir()
    base(folder)
    fault.make(folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, ["check", str(folder), "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    found = json.loads(result.stdout)
    errors = [said(p) for p in found["errors"]]
    warnings = [said(p) for p in found["warnings"]]
    assert agree(errors, fault.errors), "\n".join(sorted(errors))
    # Warnings beside errors are of no matter here; alone they are what the fault is about.
    if fault.warnings or not fault.errors:
        assert agree(warnings, fault.warnings), "\n".join(sorted(warnings))
    for problem in found["errors"]:
        assert problem["remedy"] or problem["rule"], problem
    assert result.exit_code == (1 if fault.errors else 0)

    if fault.errors:
        result = CliRunner().invoke(app, ["run", str(folder), "--out", str(out)])
        assert isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == 1
        assert "Traceback" not in result.output
        assert not out.exists()
        assert not (tmp_path / "maps").exists()
    assert before == {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
