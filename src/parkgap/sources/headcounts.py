"""Read headcounts of parks whose outlines come from elsewhere: a layer, or OpenStreetMap.

Offices keep numbers in a sheet and outlines in a map, and the sheet rarely knows the map's ids.
A row is matched by its id, else by the park's exact name after folding; what matches no park is
named, and left out.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from parkgap import frames
from parkgap.sources import cells as read
from parkgap.sources import checks
from parkgap.sources.headings import name_them, plain
from parkgap.sources.reading import Read, Told, finish, open_table, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    from parkgap.source_keys import HeadcountsTable
    from parkgap.sources.report import Cells

_AREAS = ("zone", "district", "subdistrict")


def read_headcounts(
    source: HeadcountsTable,
    *,
    root: Path,
    parks: pd.DataFrame | None,
    fold: Callable[[str], str] = str,
    told: Told = None,
) -> Read:
    """Read headcounts; a row that matches no park, or several, is a warning.

    Parameters
    ----------
    parks
        Schema ``frames.PARKS``; None: they could not be read, and nothing is matched.
    fold
        Folds names besides what :func:`~parkgap.sources.headings.plain` does.

    Returns
    -------
    Frame of schema ``frames.HEADCOUNTS``, and warnings.

    Raises
    ------
    TableError
        Everything that is wrong with the table; not one row matches.
    """
    table = open_table(source.file, source, root, "headcounts", ("workers",), told)
    named = "id" in table or "name" in table
    if not named:
        table.report.error(
            "编号列和名称列都缺 / there is neither a column of ids nor one of names",
            remedy=name_them(table.raw, "name"),
        )
    found = _matched(table, parks, lambda name: plain(fold(name)))
    checks.duplicates(table, "name" if "name" in table else "id", found)
    if parks is not None and named and len(table) and len(table.left_out) == len(table):
        table.report.error(
            "各行均对不上任何园区 / none of the rows matches a park",
            rule="编号一致，或名称一致 / the same id, or the same name",
            remedy="编号和名称照抄 ranking.csv / copy ids and names from ranking.csv",
        )
    columns = {
        "park_id": found,
        **{field: table.read(field, read.known) for field in _AREAS},
        "workers": checks.headcounts(table, required=False),
        "headcount_basis": table.read("headcount_basis", read.known),
        "headcount_date": table.read("headcount_date", read.day),
        "source": sources(table),
    }
    return finish(frames.HEADCOUNTS, columns, table)


def _matched(
    table: Cells, parks: pd.DataFrame | None, fold: Callable[[str], str]
) -> list[str | None]:
    """Find the park of each row; rows without one are left out with a warning."""
    ids, names = table.read("id", read.text), table.read("name", read.text)
    if parks is None:
        table.left_out.update(range(len(table)))
        return [None] * len(table)
    known = checks.spellings(parks)
    by_name: dict[str, list[str]] = {}
    for key, name in zip(parks["park_id"], parks["name"], strict=True):
        by_name.setdefault(fold(str(name)), []).append(str(key))
    spelled = [*parks["name"].astype(str), *known]
    found: list[str | None] = []
    for i, (key, name) in enumerate(zip(ids, names, strict=True)):
        called = by_name.get(fold(name), []) if name is not None else []
        park = known.get(key or "")
        if park is None and len(called) == 1:
            park = called[0]
        elif park is not None and called and park not in called:
            table.error(
                i,
                "id",
                "编号和名称指向不同的园区 / id and name are those of different parks",
                rule=f"{name} = {', '.join(called)}",
                remedy="改正其一 / correct one of them",
            )
        found.append(park)
        if park is None:
            _unmatched(table, i, name or key, called, spelled)
    return found


def _unmatched(
    table: Cells, i: int, said: str | None, called: Sequence[str], spelled: Sequence[str]
) -> None:
    table.left_out.add(i)
    field = "name" if "name" in table else "id"
    if len(called) > 1:
        table.warning(
            i,
            field,
            "不止一个园区叫此名，该行未用 / several parks have this name; the row is not used",
            rule=", ".join(called),
            remedy="在编号列写明是哪一个 / say which one in a column of ids",
        )
        return
    close = difflib.get_close_matches(said or "", spelled, n=1, cutoff=0.5)
    table.warning(
        i,
        field,
        "对不上任何园区，该行未用 / it matches no park; the row is not used",
        rule="编号一致，或名称一致 / the same id, or the same name",
        remedy=f"是否为 {close[0]!r}？ / did you mean {close[0]!r}?"
        if close
        else "补上编号，或核对名称 / add the id, or check the name",
    )


def with_headcounts(parks: pd.DataFrame, given: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Put headcounts into the frame of parks; what they leave empty stays as it was.

    Parameters
    ----------
    parks, given
        Schemas ``frames.PARKS`` and ``frames.HEADCOUNTS``.

    Returns
    -------
    parks
        A new frame.
    changed
        ``P1: 900 (parks) ≠ 1000 (headcounts)`` for each park whose own headcount differs.
    """
    out = parks.copy()
    own = given.set_index("park_id").reindex(out["park_id"])
    told = own["workers"].notna().to_numpy()
    before, after = out["workers"].to_numpy(), own["workers"].to_numpy()
    differs = told & (before != after) & ~(before != before)  # noqa: PLR0124 - nan is unequal to itself
    changed = [
        f"{key}: {a:.0f} (parks) ≠ {b:.0f} (headcounts)"
        for key, a, b in zip(out["park_id"][differs], before[differs], after[differs], strict=True)
    ]
    for field in ("workers", "headcount_basis", "headcount_date"):
        out[field] = out[field].where(~told, own[field].to_numpy())
    for field in _AREAS:
        out[field] = out[field].where(out[field].notna(), own[field].to_numpy())
    return out, changed
