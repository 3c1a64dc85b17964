"""What can go wrong for a user, as one tree of exceptions.

Every message names the file, the place in it, the value, the rule that it breaks and
the remedy, as far as each is known.  Each class is also a child of the builtin that a
caller who does not know parkgap would catch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class ParkgapError(Exception):
    """Anything that parkgap refuses to do; the command line prints it and exits with 1."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with one place of one input.

    Attributes
    ----------
    what
        The sentence that says what is wrong.
    file, sheet, row, column, value
        Where, as the user sees it (rows count from 1 and include the heading).
    rule
        The rule that is broken.
    remedy
        What to do about it.
    """

    what: str
    file: Path | str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    value: object = None
    rule: str | None = None
    remedy: str | None = None

    def __str__(self) -> str:
        place = [str(self.file)] if self.file is not None else []
        if self.sheet is not None:
            place.append(f"sheet {self.sheet}")
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(f"column {self.column}")
        text = ", ".join(place)
        text = f"{text}: {self.what}" if text else self.what
        if self.value is not None:
            text += f" (value: {str(self.value)[:200]!r})"
        if self.rule:
            text += f"; rule: {self.rule}"
        if self.remedy:
            text += f"; remedy: {self.remedy}"
        return text


class InputError(ParkgapError, ValueError):
    """One or more inputs are refused; nothing was written.

    Parameters
    ----------
    problems
        Everything found wrong in one pass, or a single sentence.
    """

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(what=p) for p in problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class StudyError(InputError):
    """``study.toml`` or what it names does not hold together."""


class StandardError(InputError):
    """A standard's file, or an override of it, breaks a rule."""


class ExtractError(InputError):
    """An OpenStreetMap file is broken, empty, or lies somewhere else."""


class TableError(InputError):
    """A table of parks, gates, enterprises, residences or shifts is refused."""


class OutputError(ParkgapError, OSError):
    """A result cannot be written (open in another program, no space, no right)."""


class ShardError(ParkgapError, RuntimeError):
    """A part of a run failed on a worker: nothing is replaced, finished parts are kept.

    Parameters
    ----------
    problems
        A sentence for each part.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class FrameError(ParkgapError, TypeError):
    """A stage handed on a frame that breaks its declared schema: a fault of the program."""
