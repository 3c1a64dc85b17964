"""The office's tables in the order in which they refer to each other, read in one pass."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parkgap import frames
from parkgap.access.facilities import fold_text
from parkgap.errors import InputError, Problem
from parkgap.sources import lists, tables
from parkgap.sources.headcounts import read_headcounts, with_headcounts
from parkgap.sources.lists import Known
from parkgap.sources.report import Report
from parkgap.standard import Standard

if TYPE_CHECKING:
    import pandas as pd

#: Tables whose rows belong to a park.
_OF_PARKS = {
    "gates": (tables.read_gates, frames.GATES_GIVEN),
    "enterprises": (tables.read_enterprises, frames.ENTERPRISES),
    "residences": (tables.read_residences, frames.RESIDENCES),
    "shifts": (tables.read_shifts, frames.SHIFTS),
}
_LISTS = {
    "housing_stock": (lists.read_housing_stock, frames.HOUSING_STOCK),
    "projects": (lists.read_projects, frames.PROJECTS),
    "shuttles": (lists.read_shuttles, frames.SHUTTLES),
    "bus_lines": (lists.read_bus_lines, frames.BUS_LINES),
    "owners": (lists.read_owners, frames.OWNERS),
}
#: What is read and checked, and does not change a result yet.
UNUSED = frozenset(_LISTS)


@dataclass
class Office:
    """What the tables held.

    Attributes
    ----------
    parks
        Of their table, or as they were handed in, with what ``[headcounts]`` says of them; None
        where there is no table of them, or it was refused.
    frames
        Every other table by its section's name, and ``complete``; empty where the study has
        none.  A table that was refused is empty too.
    errors, warnings
        What was said of all tables, in their order.
    reports
        One for each table that could be opened, by section.
    """

    parks: pd.DataFrame | None = None
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    reports: list[tuple[str, Report]] = field(default_factory=list)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Spare the search for cycles among millions of cells, which have none: a tenth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def read_office(
    sections: Mapping[str, Any],
    root: Path,
    *,
    standard: Standard | None = None,
    parks: pd.DataFrame | None = None,
) -> Office:
    """Read every table that there is; nothing stops at the first error.

    Parameters
    ----------
    sections
        Sections of ``study.toml`` by name: the tables', and ``facilities``, a list of them.
    root
        The study's folder.
    standard
        To check the items that lists name; None: they are not checked.
    parks
        Parks that come from elsewhere, for the tables that refer to them.
    """
    with _collector_paused():
        return _read_office(sections, root, standard, parks)


def _read_office(
    sections: Mapping[str, Any],
    root: Path,
    standard: Standard | None,
    parks: pd.DataFrame | None,
) -> Office:
    office = Office()

    def take(name: str, call: Callable[[list[Report]], tables.Read]) -> pd.DataFrame | None:
        told: list[Report] = []
        try:
            frame, said = call(told)
        except InputError as error:
            office.errors += error.problems
            office.warnings += [w for report in told for w in report.warnings]
            return None
        finally:
            office.reports += [(name, report) for report in told]
        office.warnings += said
        return frame

    source = sections.get("parks")
    if source is not None and source.file is not None:
        parks = office.parks = take(
            "parks", lambda told: tables.read_parks(source, root=root, told=told)
        )
        if parks is None:
            try:
                parks = tables.park_keys(source, root=root)
            except InputError:
                parks = None  # why it cannot be opened was said above
    else:
        office.parks = parks
    counted = sections.get("headcounts")
    if counted is not None:
        given = take(
            "headcounts",
            lambda told: read_headcounts(
                counted, root=root, parks=parks, fold=fold_text, told=told
            ),
        )
        parks = _count(office, counted, given, parks)
    office.frames.setdefault("headcounts", frames.HEADCOUNTS.frame())
    for name, (reader, schema) in _OF_PARKS.items():
        table = sections.get(name)
        found = None
        if table is not None:
            found = take(
                name,
                lambda told, table=table, reader=reader: reader(  # type: ignore[misc]
                    table, root=root, parks=parks, told=told
                ),
            )
        office.frames[name] = schema.frame() if found is None else found
    firms = office.frames["enterprises"] if sections.get("enterprises") is not None else None
    _read_lists(office, sections, root, Known.of(standard, parks, firms), take)
    return office


def _count(
    office: Office, source: Any, given: pd.DataFrame | None, parks: pd.DataFrame | None
) -> pd.DataFrame | None:
    """Put headcounts into the parks, and say which of them their own table gives otherwise."""
    if given is None or parks is None:
        return parks
    office.frames["headcounts"] = given
    parks, changed = with_headcounts(parks, given)
    if office.parks is not None:
        office.parks = parks
    office.warnings += [
        Problem(
            what="两张表的人数不一致 / the headcounts of two tables do not add up",
            file=source.file,
            sheet=source.sheet,
            column="workers",
            value=value,
            rule="以 [headcounts] 为准 / [headcounts] is taken",
            remedy="核对统计口径和日期 / check whom the tables count, and when",
        )
        for value in changed
    ]
    return parks


def _read_lists(
    office: Office,
    sections: Mapping[str, Any],
    root: Path,
    known: Known,
    take: Callable[[str, Callable[[list[Report]], tables.Read]], pd.DataFrame | None],
) -> None:
    """Read the bureaus' lists into `office`."""
    complete = frames.COMPLETE.frame()

    def facilities(told: list[Report]) -> tables.Read:
        nonlocal complete
        official, complete, said = lists.read_facilities(
            sections["facilities"], root=root, known=known, told=told
        )
        return official, said

    found = take("facilities", facilities) if sections.get("facilities") else None
    office.frames["facilities"] = frames.OFFICIAL.frame() if found is None else found
    office.frames["complete"] = complete
    for name, (reader, schema) in _LISTS.items():
        table = sections.get(name)
        found = None
        if table is not None:
            found = take(
                name,
                lambda told, table=table, reader=reader: reader(  # type: ignore[misc]
                    table, root=root, known=known, told=told
                ),
            )
        office.frames[name] = schema.frame() if found is None else found


def unused(sections: Mapping[str, Any]) -> list[Problem]:
    """Warn of tables that are read and checked, and that no stage uses yet."""
    found = []
    for name in sorted(UNUSED):
        source = sections.get(name)
        if source is None:
            continue
        found.append(
            Problem(
                what="此表已读入并检查，本版本的评估尚未使用 / "
                "read and checked; the assessment of this version does not use it yet",
                file=source.file,
                sheet=source.sheet,
                rule=f"[{name}]",
            )
        )
    return found
