"""What the command line says of a run, and the exit code that goes with it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import typer

from parkgap import console

fail = vars(console)["_fail"]


def ranked(**scores: float | None) -> SimpleNamespace:
    rows = [{"park_id": park, "score_high": score} for park, score in scores.items()]
    return SimpleNamespace(ranking=rows)


def test_a_park_under_the_score_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    fail(ranked(A=60.0, B=59.9), None)
    fail(ranked(A=60.0, B=61.0), 60.0)
    assert capsys.readouterr().err == ""
    with pytest.raises(typer.Exit) as end:
        fail(ranked(A=60.0, B=59.9), 60.0)
    assert end.value.exit_code == 3
    assert capsys.readouterr().err == "score_high < 60: B\n"


def test_a_score_that_nobody_knows_is_said_to_be_untested(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fail(ranked(A=60.0, B=None), 60.0)
    said = capsys.readouterr().err
    assert "not tested: B" in said
    assert "A" not in said.removeprefix("score_high").replace("--fail-under", "")
