"""Collect everything that is wrong with a table, with the place in it, and tell it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, TypeVar

from parkgap.errors import Problem, TableError
from parkgap.sources.cells import CellError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Unpack

    from parkgap.sources.raw import RawTable

T = TypeVar("T")


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
        found: list[T | None] = []
        for i, cell in enumerate(self.values(field)):
            value: T | None = None
            try:
                value = reader(cell)
            except CellError as error:
                self.error(i, field, error.what, rule=error.rule, remedy=error.remedy)
            else:
                if required and value is None and field in self.places:
                    self.error(
                        i, field, "不能为空 / must not be empty", remedy="填写此格 / fill it in"
                    )
            found.append(value)
        return found

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


_WORDS = (
    ("，", "工作表 {}", "第 {} 行", "“{}”列", "{}：{}", "（值：{}）", "；规则：{}", "；办法：{}"),
    (
        ", ",
        "sheet {}",
        "row {}",
        "column {}",
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
    comma, sheet, row, column, colon, value, rule, remedy = _WORDS[language]

    def own(said: str) -> str:
        return said.split(" / ", 1)[language] if " / " in said else said

    placed = ((sheet, problem.sheet), (row, problem.row), (column, problem.column))
    place = [str(problem.file)] if problem.file is not None else []
    place += [form.format(what) for form, what in placed if what is not None]
    text = own(problem.what)
    text = colon.format(comma.join(place), text) if place else text
    if problem.value is not None:
        text += value.format(str(problem.value)[:200])
    if problem.rule:
        text += rule.format(own(problem.rule))
    if problem.remedy:
        text += remedy.format(own(problem.remedy))
    return text
