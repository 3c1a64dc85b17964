"""The office's tables in the order in which they refer to each other, read in one pass."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parkgap import frames
from parkgap.access.facilities import fold_text
from parkgap.areas import area_doubts
from parkgap.errors import InputError, Problem
from parkgap.sources import land, lists, tables
from parkgap.sources.headcounts import read_headcounts, with_headcounts
from parkgap.sources.list_columns import Known
from parkgap.sources.reading import Given, Read, Reader
from parkgap.sources.report import Report
from parkgap.standard import Standard

if TYPE_CHECKING:
    import pandas as pd


#: Tables whose rows belong to a park.
_OF_PARKS: Mapping[str, Reader[Any, Any]] = {
    "gates": tables.read_gates,
    "enterprises": tables.read_enterprises,
    "residences": tables.read_residences,
}
_LISTS: Mapping[str, Reader[Any, Known]] = {
    "housing_stock": lists.read_housing_stock,
    "projects": lists.read_projects,
    "shuttles": lists.read_shuttles,
    "bus_lines": lists.read_bus_lines,
    "owners": lists.read_owners,
}


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
    reading = _Reading(office, sections, root)
    source = sections.get("parks")
    if source is not None and source.file is not None:
        parks = office.parks = reading.take("parks", partial(tables.read_parks, source, root=root))
        if parks is None:
            try:
                parks = tables.park_keys(source, root=root)
            except InputError:
                parks = None  # why it cannot be opened was said above
    else:
        office.parks = parks
    counted = sections.get("headcounts")
    if counted is not None:
        call = partial(read_headcounts, counted, root=root, parks=parks, fold=fold_text)
        parks = _count(office, counted, reading.take("headcounts", call), parks)
    office.frames.setdefault("headcounts", frames.HEADCOUNTS.frame())
    reading.each(_OF_PARKS, parks)
    # Of a table that was refused nobody knows which enterprises there are.
    told = sections.get("enterprises") is not None and "enterprises" not in reading.refused
    firms = office.frames["enterprises"] if told else None
    reading.each({"shifts": tables.shifts_reader(firms)}, parks)
    known = Known.of(standard, parks, firms)
    reading.facilities(known)
    reading.each(_LISTS, known)
    reading.each({"land": land.read_land, "costs": land.read_costs}, known.with_centres())
    _declare(sections, office, known)
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


@dataclass(frozen=True)
class _Reading:
    """Reads the tables of some sections into an office, noting what is said of them."""

    office: Office
    sections: Mapping[str, Any]
    root: Path
    refused: set[str] = field(default_factory=set)

    def take(self, name: str, call: Callable[..., Read]) -> pd.DataFrame | None:
        """Read one table; None where it was refused."""
        told: list[Report] = []
        try:
            frame, said = call(told=told)
        except InputError as error:
            self.office.errors += error.problems
            self.office.warnings += [w for report in told for w in report.warnings]
            self.refused.add(name)
            return None
        finally:
            self.office.reports += [(name, report) for report in told]
        self.office.warnings += said
        return frame

    def each(self, readers: Mapping[str, Reader[Any, Given]], known: Given) -> None:
        """Read the tables that there are; the others stay empty."""
        for name, reader in readers.items():
            source = self.sections.get(name)
            found = None
            if source is not None:
                found = self.take(name, partial(reader, source, root=self.root, known=known))
            self.office.frames[name] = reader.schema.frame() if found is None else found

    def facilities(self, known: Known) -> None:
        """Read the official lists of facilities."""
        found = None
        if self.sections.get("facilities"):
            call = partial(
                lists.read_facilities, self.sections["facilities"], root=self.root, known=known
            )
            found = self.take("facilities", call)
        self.office.frames["facilities"] = frames.OFFICIAL.frame() if found is None else found


def _declare(sections: Mapping[str, Any], office: Office, known: Known) -> None:
    """Gather the declarations of completeness of the lists that could be read."""
    stock = sections.get("housing_stock")
    complete, said = lists.complete_lists(
        sections.get("facilities") or (),
        office.frames["facilities"],
        stock if len(office.frames["housing_stock"]) else None,
        office.frames["housing_stock"],
        known=known,
    )
    office.frames["complete"] = complete
    office.warnings += [*said, *area_doubts(office.parks, sections)]
