"""What a file holds before anything is interpreted, and how a whole file is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

from parkgap.errors import Problem, TableError
from parkgap.sources import encoding as encodings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from parkgap.source_keys import Table


@dataclass(frozen=True)
class RawTable:
    """One table as its file has it.

    Attributes
    ----------
    file, sheet
        As the user named them.
    headings
        Column names, shape (c,).
    columns
        The cells of each column, c lists of n.
    rows
        Row numbers as the user sees them, n of them.
    geometry
        Shapely geometries in the system `crs` (None where a row has none), shape (n,); None
        where the format has no geometry.
    crs
        The system that the file itself says, as pyproj reads it.
    header
        Row of the headings as the user sees it; None where the format has no such row.
    faulty
        Cells whose formula has no value or an error: (row, column), counted from 0, to what
        the file says there.
    warnings
        What the user should know about how the file was opened.
    """

    file: str
    sheet: str | None
    headings: tuple[str, ...]
    columns: list[list[object]]
    rows: list[int]
    geometry: npt.NDArray[np.object_] | None = None
    crs: str | None = None
    header: int | None = None
    faulty: Mapping[tuple[int, int], str] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = field(default=())


def refuse(
    file: str, what: str, *, rule: str | None = None, remedy: str | None = None, **where: Any
) -> NoReturn:
    """Refuse a whole file for one reason ("zh / en")."""
    raise TableError(Problem(what=what, file=file, rule=rule, remedy=remedy, **where))


def with_warning(found: RawTable, what: str, value: str, remedy: str) -> RawTable:
    """Add a warning about how the file was opened."""
    problem = Problem(what=what, file=found.file, sheet=found.sheet, value=value, remedy=remedy)
    return replace(found, warnings=(*found.warnings, problem))


def decoded_text(path: Path, file: str, table: Table) -> str:
    """Read a file as text, in the declared encoding or the one that fits."""
    data = path.read_bytes()
    name = table.encoding or encodings.detect([data])
    try:
        return data.decode("utf-8-sig" if name in {None, "utf-8"} else name)
    except UnicodeError:
        refuse(
            file,
            "文字编码读不出来 / the text cannot be decoded",
            value=table.encoding,
            rule="utf-8, utf-16 (BOM), gb18030, big5",
            remedy='在 study.toml 中写明 encoding = "gb18030"，或另存为 UTF-8 / '
            'say encoding = "gb18030" in study.toml, or save as UTF-8',
        )
