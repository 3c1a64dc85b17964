"""What ``study.toml`` may say about the lists of the bureaus: facilities, stock, buses, duties."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from parkgap.source_keys import PLACE, FileTable, Section, Text

#: What housing stock counts for, by its kind.
ITEM_OF_STOCK = {
    "dormitory": "worker_housing",
    "public_rental": "worker_housing",
    "talent_apartment": "worker_housing",
    "other": "any_housing",
}
#: Kinds of workers' housing, of stock and of residences alike.
HOME_KINDS = tuple(k for k, item in ITEM_OF_STOCK.items() if item == "worker_housing")
#: What an enterprise's own canteen is to its people.
MEAL = "canteen_or_meal"
#: What a list of facilities calls an official 产业邻里中心: it is no item of a standard.
CENTRE = "neighbourhood_centre"
CENTRE_NAMES = (CENTRE, "产业邻里中心", "邻里中心", "neighbourhood centre")
LAPSE_MONTHS = 12  # a declaration of completeness holds so long


def holds(said: str, as_of: str) -> bool:
    """Tell whether a declaration of one day holds on another (ISO days; "": nobody asked).

    >>> holds("2025-11-01", "2026-11-01"), holds("2025-10-31", "2026-11-01")
    (True, False)
    """
    return not as_of or said[:10] <= as_of <= lapses(said)


def lapses(said: str) -> str:
    """Find the last day on which a declaration holds (ISO days).

    >>> lapses("2025-11-01")
    '2026-11-01'
    """
    return f"{int(said[:4]) + LAPSE_MONTHS // 12:04d}{said[4:10]}"


class Complete(Section):
    """A declaration that a list is complete: what is not on it is not there.

    Attributes
    ----------
    area
        Name of the area that the list covers.
    issuer
        The office that answers for it.
    as_of
        The day of which it speaks.
    """

    area: Text
    issuer: Text
    as_of: date


class ListedTable(FileTable):
    """A table of places that lie somewhere: id, name, position, source."""

    KNOWN: ClassVar[tuple[str, ...]] = ("id", "name", "address", *PLACE, "source")


class FacilitiesTable(ListedTable):
    """An official list of facilities of one item, or of several named row by row.

    Attributes
    ----------
    item
        Item of the standard that all rows count for; else a column says it.
    complete
        Makes absence real for the item within an area.
    """

    KNOWN: ClassVar[tuple[str, ...]] = (
        *(*ListedTable.KNOWN, "item", "access", "status", "open_date", "hours", "seats"),
        *("area_m2", "removed", "project_id"),
    )
    item: Text | None = None
    complete: Complete | None = None


class ProjectsTable(ListedTable):
    """Projects under way: facilities and housing that are planned or being built."""

    KNOWN: ClassVar[tuple[str, ...]] = (
        *(*ListedTable.KNOWN, "item", "access", "status", "open_date", "hours", "seats"),
        *("area_m2", "units", "beds"),
    )


class HousingStockTable(ListedTable):
    """Stock of dormitories, public rental housing and talent apartments.

    Attributes
    ----------
    complete
        Makes absence of workers' housing real within an area, as in a list of facilities.
    """

    KNOWN: ClassVar[tuple[str, ...]] = (
        *(*ListedTable.KNOWN, "provider", "kind", "units", "beds", "beds_vacant", "eligible"),
        *("access", "status", "ready_date", "as_of", "area_m2", "usable_m2"),
    )
    complete: Complete | None = None


class ShuttlesTable(FileTable):
    """Shuttle buses of enterprises, a row a stop."""

    KNOWN: ClassVar[tuple[str, ...]] = (
        *("line", "enterprise_id", "stop", "order", "times", "seats", *PLACE, "source"),
    )


class BusLinesTable(FileTable):
    """Timetables of bus lines, a row a stop."""

    KNOWN: ClassVar[tuple[str, ...]] = (
        *("line", "direction", "stop", "order", "first", "last", "headway", *PLACE, "source"),
    )


class OwnersTable(FileTable):
    """Which department answers for which item."""

    KNOWN: ClassVar[tuple[str, ...]] = ("item", "department", "duty", "contact", "source")
