"""Collect everything that is wrong with a table, with the place in it, and tell it at once."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict, TypeVar

from parkgap.errors import Problem, TableError
from parkgap.sources.cells import CellError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Unpack

    import numpy as np
    import numpy.typing as npt

    from parkgap.sources.raw import RawTable

T = TypeVar("T")

_MANY = 1000  # cells from which reading in one go pays
_DECIMALS = re.compile(r"(?:-?[0-9]{1,12}(?:\.[0-9]{1,9})?\n)*")


class Where(TypedDict, total=False):
    """The place in a table, the rule and the remedy, as :class:`Problem` takes them."""

    row: int | None
    column: str | None
    value: object
    rule: str | None
    remedy: str | None


class Report:
    """Errors and warnings about one file; `what`, rule and remedy are each "zh / en"."""

    def __init__(self, file: str, sheet: str | None = None) -> None:
        self.file, self.sheet = file, sheet
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self.rows = 0
        self.header: int | None = None
        self.matched: dict[str, str] = {}  # field to heading

    def error(self, what: str, **where: Unpack[Where]) -> None:
        """Note an error: the table will be refused."""
        self.errors.append(Problem(what=what, file=self.file, sheet=self.sheet, **where))

    def warning(self, what: str, **where: Unpack[Where]) -> None:
        """Note a warning: the table is used, and the user told."""
        self.warnings.append(Problem(what=what, file=self.file, sheet=self.sheet, **where))

    def stop(self) -> None:
        """Refuse the table if anything is wrong with it.

        Raises
        ------
        TableError
            With every error noted so far, in the order of rows.
        """
        if self.errors:
            raise TableError(*sorted(self.errors, key=lambda p: p.row or 0))


class Cells:
    """A raw table seen by the program's own names for its columns."""

    def __init__(self, raw: RawTable, places: Mapping[str, int], report: Report) -> None:
        self.raw, self.places, self.report = raw, places, report
        self.left_out: set[int] = set()  # rows that a warning has named and no frame has
        self.noted: set[int] = set()  # rows whose position an error has named already

    def __len__(self) -> int:
        return len(self.raw.rows)

    def __contains__(self, field: object) -> bool:
        return field in self.places

    def heading(self, field: str) -> str:
        """Name the column as the user sees it."""
        if field not in self.places:
            return field
        return " ".join(self.raw.headings[self.places[field]].split())

    def values(self, field: str) -> list[object]:
        """Return a field's cells as they are; Nones where there is no such column."""
        if field not in self.places:
            return [None] * len(self)
        return self.raw.columns[self.places[field]]

    def read(
        self, field: str, reader: Callable[[object], T | None], *, required: bool = False
    ) -> list[T | None]:
        """Read a field's cells; what cannot be read is noted as an error and left None.

        Parameters
        ----------
        reader
            One of :mod:`parkgap.sources.cells`.
        required
            An empty cell is an error too.
        """
        if field not in self.places:
            return [None] * len(self)
        found, wrong = _readings(self.values(field), reader)
        at, faulty = self.places[field], self.raw.faulty
        if not (wrong or faulty or required):
            return found
        for i in (i for i, value in enumerate(found) if value is None):
            if i in wrong:
                self.error(i, field, wrong[i].what, rule=wrong[i].rule, remedy=wrong[i].remedy)
            elif (i, at) in faulty:
                self._faulty(i, field, faulty[i, at])
            elif required:
                self.error(i, field, "不能为空 / must not be empty", remedy="填写此格 / fill it in")
        return found

    def numbers(
        self, field: str, reader: Callable[[object], float | None], *, required: bool = False
    ) -> npt.NDArray[np.float64]:
        """Read a field of numbers, shape (n,); nan where there is none.

        As :meth:`read`; a column of nothing but plain decimals is read in one go.
        """
        import numpy as np

        cells = self.values(field)
        kinds = {type(cell) for cell in cells} if len(cells) > _MANY else set()
        plain = kinds == {str} and _DECIMALS.fullmatch("".join(f"{cell}\n" for cell in cells))
        if plain or kinds == {float}:
            found = np.array(cells, dtype=np.float64)
            if np.isfinite(found).all():
                return found
        read = self.read(field, reader, required=required)
        return np.array([np.nan if v is None else v for v in read], dtype=np.float64)

    def _faulty(self, i: int, field: str, said: str) -> None:
        self.error(
            i,
            field,
            f"公式出错（{said}） / the formula gives an error ({said})"
            if said
            else "公式未算出值 / the formula has no value",
            remedy="在 Excel 中打开、重算并保存，或粘贴为数值 / "
            "open, recalculate and save it in Excel, or paste values",
        )

    def error(
        self, i: int, field: str, what: str, *, rule: str | None = None, remedy: str | None = None
    ) -> None:
        """Note an error in a field of row `i` (counted from 0), with the value found there."""
        self.report.error(what, **self._where(i, field, rule, remedy))

    def warning(
        self, i: int, field: str, what: str, *, rule: str | None = None, remedy: str | None = None
    ) -> None:
        """Note a warning about a field of row `i` (counted from 0)."""
        self.report.warning(what, **self._where(i, field, rule, remedy))

    def _where(self, i: int, field: str, rule: str | None, remedy: str | None) -> Where:
        return Where(
            row=self.raw.rows[i],
            column=self.heading(field) if field in self.places else None,
            value=self.values(field)[i],
            rule=rule,
            remedy=remedy,
        )


def _readings(
    cells: Sequence[object], reader: Callable[[object], T | None]
) -> tuple[list[T | None], dict[int, CellError]]:
    """Read cells, and say which could not be read; a text that repeats is read once."""
    if not all(type(cell) is str for cell in cells):
        return _one_by_one(cells, reader)
    distinct = list(dict.fromkeys(cells))
    values, wrong = _one_by_one(distinct, reader)
    known = dict(zip(distinct, values, strict=True))
    bad = {distinct[i]: error for i, error in wrong.items()}
    return (
        [known[cell] for cell in cells],
        {i: bad[cell] for i, cell in enumerate(cells) if cell in bad} if bad else {},
    )


def _one_by_one(
    cells: Sequence[object], reader: Callable[[object], T | None]
) -> tuple[list[T | None], dict[int, CellError]]:
    found: list[T | None] = []
    wrong: dict[int, CellError] = {}
    for i, cell in enumerate(cells):
        try:
            found.append(reader(cell))
        except CellError as error:
            found.append(None)
            wrong[i] = error
    return found, wrong


def collapse(problems: Sequence[Problem], most: int = 5) -> list[Problem]:
    """Join warnings that say the same of more than `most` rows of one file into one.

    The order of first appearance is kept; rows and values stand in the joined one's value, as
    many as a message holds, and their number.  ``parkgap check`` lists them all.
    """
    groups: dict[tuple[object, ...], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.file, problem.sheet, problem.what), []).append(problem)
    found = []
    for same in groups.values():
        if len(same) <= most:
            found.extend(same)
            continue
        rows = ", ".join(str(p.row if p.row is not None else p.value) for p in same)
        found.append(replace(same[0], row=None, column=None, value=f"{len(same)} × : {rows}"))
    return found


_WORDS = (
    (
        "，",
        "工作表 {}",
        "第 {} 行",
        "“{}”列",
        "“{}”项",
        "{}：{}",
        "（值：{}）",
        "；规则：{}",
        "；办法：{}",
    ),
    (
        ", ",
        "sheet {}",
        "row {}",
        "column {}",
        "key {}",
        "{}: {}",
        " (value: {})",
        "; rule: {}",
        "; remedy: {}",
    ),
)


def texts(problem: Problem) -> tuple[str, str]:
    """Say a problem in Chinese and in English.

    Parameters
    ----------
    problem
        One of this package's, whose sentences are "zh / en".
    """
    zh, en = (_sentence(problem, language) for language in (0, 1))
    return zh, en


def _sentence(problem: Problem, language: int) -> str:
    comma, sheet, row, column, key, colon, value, rule, remedy = _WORDS[language]
    if str(problem.file).endswith(".toml") or problem.file is None:
        column = key

    def own(said: str) -> str:
        return said.split(" / ", 1)[language] if " / " in said else said

    placed = ((sheet, problem.sheet), (row, problem.row), (column, problem.column))
    place = [str(problem.file)] if problem.file is not None else []
    place += [form.format(what) for form, what in placed if what is not None]
    text = own(problem.what)
    text = colon.format(comma.join(place), text) if place else text
    if problem.value not in (None, ""):
        text += value.format(str(problem.value)[:200])
    if problem.rule:
        text += rule.format(own(problem.rule))
    if problem.remedy:
        text += remedy.format(own(problem.remedy))
    return text
