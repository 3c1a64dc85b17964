"""Every broken input gets its message: in one pass, without a traceback, with nothing written.

Beside each fault the corpus has the place, the value and what is wrong.  Whole messages, with
rule and remedy as an office reads them in Chinese and English, stand in ``golden/faults.txt``;
they were read one by one, and are compared to the letter.  After a change on purpose,
``python -m tests.faults.test_faults`` writes them anew, to be read again.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest
from tests.faults.corpus import FAULTS, Fault, base
from tests.faults.corpus_rasters import RASTERS
from tests.faults.corpus_tables import MORE
from typer.testing import CliRunner

from parkgap.cli import app

ALL = [*FAULTS, *MORE, *RASTERS]
GOLDEN = Path(__file__).parents[1] / "golden" / "faults.txt"
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


def whole(fault: Fault, found: dict[str, list[dict[str, object]]]) -> str:
    """Write all messages of a fault as a user reads them.

    A library's own words and the path of the folder are left out.
    """
    lines = [f"## {fault.name}"]
    # What stands beside errors is of no matter; alone it is what the fault is about.
    both = (("errors", fault.errors), ("warnings", fault.warnings))
    for kind, expected in both if not fault.errors or fault.warnings else both[:1]:
        for problem in found[kind]:
            short = said(problem)
            cut = short not in expected and without_details(short) in expected
            what = problem["what"]
            assert isinstance(what, dict)
            for language, detail in (("zh", r"（.*）$"), ("en", r" \(.*\)$")):
                text = str(problem[language])
                if cut:
                    plain = re.sub(detail, "", what[language], flags=re.DOTALL)
                    text = text.replace(what[language], plain)
                if problem["file"] is not None:
                    file = str(problem["file"])
                    text = text.replace(file, Path(file).name if Path(file).is_absolute() else file)
                lines.append(f"{kind[0].upper()} {text}")
    return "\n".join(lines) + "\n"


def golden() -> dict[str, str]:
    """Sections of the file of whole messages, by the fault's name."""
    parts = re.split(r"^(?=## )", GOLDEN.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.rstrip("\n") + "\n" for part in parts}


def test_whole_messages_are_those_of_the_corpus() -> None:
    assert list(golden()) == [fault.name for fault in ALL]


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
    assert whole(fault, found) == golden()[fault.name]

    if fault.errors:
        result = CliRunner().invoke(app, ["run", str(folder), "--out", str(out)])
        assert isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == 1
        assert "Traceback" not in result.output
        assert not out.exists()
        assert not (tmp_path / "maps").exists()
    assert before == {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


if __name__ == "__main__":
    sections = []
    for each in ALL:
        with tempfile.TemporaryDirectory() as place:
            base(Path(place))
            each.make(Path(place))
            answer = CliRunner().invoke(app, ["check", place, "--json"])
            sections.append(whole(each, json.loads(answer.stdout)))
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text("\n".join(sections), encoding="utf-8", newline="\n")
