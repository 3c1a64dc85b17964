"""What the readers of tables share: open one, find its columns, refuse it or build its frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from parkgap.sources import cells as read
from parkgap.sources import places
from parkgap.sources.formats import read_raw
from parkgap.sources.headings import match, wanted
from parkgap.sources.report import Cells, Report

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from parkgap.errors import Problem
    from parkgap.frames import Schema
    from parkgap.source_keys import FileTable, Table

Read = tuple["pd.DataFrame", "list[Problem]"]
Columns = Mapping[str, object]
#: Where a reader leaves its report, for whoever wants to know what was matched to what.
Told = list[Report] | None

EXAMPLE = ("example row", "示例行")


Source = TypeVar("Source", bound="FileTable")
Given = TypeVar("Given")


@dataclass(frozen=True)
class Reader(Generic[Source, Given]):
    """Reads the tables of one kind.

    Attributes
    ----------
    kind
        A key of :data:`parkgap.sources.headings.USUAL`.
    schema
        Of the frame that comes out.
    needed
        Fields without which the table means nothing.
    columns
        Reads the columns of an opened table, noting what is wrong with them.
    """

    kind: str
    schema: Schema
    needed: Sequence[str]
    columns: Callable[[Cells, Source, Given], Columns]

    def __call__(self, source: Source, *, root: Path, known: Given, told: Told = None) -> Read:
        """Read one table.

        Parameters
        ----------
        source
            Its section.
        root
            The study's folder.
        known
            What its rows may refer to.
        told
            Gets the table's report, if it is a list.

        Returns
        -------
        Frame of the schema, and warnings.

        Raises
        ------
        TableError
            Everything that is wrong with the table.
        """
        table = open_table(source.file, source, root, self.kind, self.needed, told)
        return finish(self.schema, self.columns(table, source, known), table)


def open_table(
    file: str, source: Table, root: Path, kind: str, required: Sequence[str], told: Told
) -> Cells:
    """Open a table and find its columns.

    Parameters
    ----------
    kind
        A key of :data:`parkgap.sources.headings.USUAL`.
    required
        Fields without which the table means nothing.
    told
        Gets the table's report, if it is a list.
    """
    raw = read_raw(file, source, root, wanted(kind, source.columns))
    report = Report(raw.file, raw.sheet)
    report.rows, report.header = len(raw.rows), raw.header
    if told is not None:
        told.append(report)
    report.warnings.extend(raw.warnings)
    found = match(raw, kind, source.columns, required, report)
    report.matched = {field: raw.headings[at] for field, at in found.items()}
    if not raw.rows and kind != "parks":
        report.warning("表中只有表头 / the table holds nothing but headings")
    table = Cells(raw, found, report)
    if raw.geometry is None and "wkt" in table:
        places.from_wkt(table)
    return table


def sources(table: Cells) -> list[str]:
    """Read the column ``source``, else the file's name (and sheet)."""
    own = table.raw.file if table.raw.sheet is None else f"{table.raw.file} [{table.raw.sheet}]"
    found = [said or own for said in table.read("source", read.text)]
    examples = {said for said in set(found) if any(mark in said for mark in EXAMPLE)}
    for i, said in enumerate(found if examples else ()):
        if said in examples:
            table.warning(
                i,
                "source",
                "示例行还在 / the example row is still there",
                remedy="删去 / delete it",
            )
    return found


def finish(schema: Schema, columns: Mapping[str, object], table: Cells) -> Read:
    """Refuse the table if anything is wrong, else build its frame, sorted.

    Rows that the table leaves out (each was named in a warning) are not in the frame.
    """
    table.report.stop()
    frame = schema.frame(dict(columns))
    if table.left_out:
        frame = frame.drop(index=sorted(table.left_out))
    frame = frame.sort_values(list(schema.sort), kind="stable")
    return schema.check(frame.reset_index(drop=True)), table.report.warnings
