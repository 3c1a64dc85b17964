"""What a table's contract is: columns, types, units, key, order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from parkgap.errors import FrameError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["str", "float", "int", "bool", "geometry", "list"]
#: What a figure says of people, see :attr:`Column.counts`.
Counts = Literal["", "workers", "part", "share", "needed", "sum", "supply", "order"]


@dataclass(frozen=True)
class Column:
    """One column: its name, type, unit, whether it may be empty, and what it means.

    Attributes
    ----------
    counts
        What it says of people, for :mod:`parkgap.editions`, which knows no column by name alone:
        ``workers`` (all of a park who are judged), ``part`` (some of them, or beds for some),
        ``share`` (of them: times the headcount it is a number), ``needed`` (a count that grows
        with them), ``sum`` (over parks), ``supply`` (seats or beds of a place), ``order`` (a place
        in an order by them); empty: nothing.
    """

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    nullable: bool = False
    counts: Counts = ""


@dataclass(frozen=True)
class Schema:
    """A table's contract: columns, key, and the order of its rows."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sort: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]

    def frame(self, columns: Mapping[str, object] | None = None) -> pd.DataFrame:
        """Build a frame of this schema (an empty one by default) with its dtypes."""
        import pandas as pd

        data = dict(columns or {})
        unknown = set(data) - set(self.names)
        if unknown:
            raise FrameError(f"{self.name}: unknown columns {sorted(unknown)}")
        dtypes: dict[tuple[str, bool], type | str] = {
            ("float", False): "float64",
            ("float", True): "float64",
            ("int", False): "int64",
            ("int", True): "Int64",
            ("bool", False): bool,
        }
        series = {
            c.name: pd.Series(
                data.get(c.name, []),
                dtype=dtypes.get((c.kind, c.nullable), object),
            )
            for c in self.columns
        }
        return pd.DataFrame(series)

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` if it keeps the contract.

        Raises
        ------
        FrameError
            A column is missing or empty where it may not be, or the key repeats.
        """
        missing = [n for n in self.names if n not in frame.columns]
        if missing:
            raise FrameError(f"{self.name}: columns missing: {', '.join(missing)}")
        for column in self.columns:
            values = frame[column.name]
            if not column.nullable and values.isna().any():
                raise FrameError(f"{self.name}: {column.name} may not be empty")
            if column.kind == "float" and values.dtype.kind != "f":
                raise FrameError(f"{self.name}: {column.name} is {values.dtype}, not float")
        if self.key and frame.duplicated(list(self.key)).any():
            raise FrameError(f"{self.name}: key {self.key} repeats")
        return frame


def columns(text: str) -> tuple[Column, ...]:
    """Read ``name kind[?] [unit] [#counts] - doc`` lines; ``?`` marks what may be empty.

    A line that is indented deeper goes on with the meaning of the column before it.
    """
    found = []
    for line in re.sub(r"\n {8,}", " ", text.strip()).splitlines():
        head, doc = line.split(" - ", 1)
        head, _, counts = head.partition(" #")
        name, kind, *unit = head.split()
        found.append(
            Column(
                *(name, kind.rstrip("?"), doc.strip(), " ".join(unit), kind.endswith("?")),  # type: ignore[arg-type]
                counts=counts.strip(),  # type: ignore[arg-type]
            )
        )
    return tuple(found)
