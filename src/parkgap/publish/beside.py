"""What the office's lists say beside the figures, in words: coming, departments, buses, beds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parkgap.publish.cells import clean
from parkgap.publish.sheets import Grid
from parkgap.publish.words import Row, count, number, plain, string

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from parkgap.publish.sheets import Value
    from parkgap.publish.words import Words
    from parkgap.results import Results


def _by(frame: pd.DataFrame, *keys: str) -> dict[Any, list[Row]]:
    """Sort a frame's rows by one column or several, order kept."""
    found: dict[Any, list[Row]] = {}
    for row in frame.to_dict("records"):
        key = tuple(str(row[k]) for k in keys)
        found.setdefault(key if len(keys) > 1 else key[0], []).append(row)
    return found


class Besides:
    """Looks up what the lists say of a park, an item or a place; empty where there is no list.

    Parameters
    ----------
    results, words
        What was found, and the study's language.
    """

    def __init__(self, results: Results, words: Words) -> None:
        said = results.beside
        self.words, self.t = words, words.t
        self.has_owners = len(said.owners) > 0
        self.results = results
        self._owners = _by(said.owners, "item")
        # The item that is short, which may be judged by the item that the place will count for.
        places = said.planned.drop(columns="item")
        self._coming = _by(said.pipeline.merge(places, on="planned_id"), "park_id", "item")
        self._near = _by(
            said.planned_near.merge(said.planned, on="planned_id").dropna(subset=["lon"]), "park_id"
        )
        self._shuttles = _by(said.shuttles, "park_id")
        self._times = _by(said.timetable, "facility_id")
        self._beds = _by(said.stock, "facility_id")
        self.stop_items = list(results.standard.stop_items)
        self.stop_m = results.standard.farthest(self.stop_items)

    # --- whose duty, and what is coming ---

    def departments(self, item: object) -> str:
        """Name the departments that answer for an item."""
        return self.words.join(string(o["department"]) for o in self._owners.get(str(item), ()))

    def coming(self, park: object, item: object) -> list[str]:
        """Say what is planned for an item within reach of a park, the nearest first."""
        rows = self._coming.get((str(park), str(item)), ())
        return [f"{self.status(r)}{self.t('page.colon')}{self._planned(r)}" for r in rows]

    def _planned(self, row: Row) -> str:
        parts = [string(row["name"]) or self.t("map.unnamed"), string(row["opening"])]
        return self.t("page.comma").join([p for p in parts if p] + [self.walk(row)])

    def status(self, row: Row) -> str:
        """Say how far a planned place has come."""
        return self.words.word("planned", row["status"])

    def walk(self, row: Row) -> str:
        """Write the walk to a planned place: metres, else minutes (from homes), else unknown."""
        if number(row["metres"]) is not None:
            return self.t("format.walk_m", n=count(row["metres"]))
        if number(row["minutes"]) is not None:
            return self.t("format.walk_min", n=plain(row["minutes"]))
        return self.t("format.walk_unknown")

    def planned_near(self, park: str) -> Sequence[Row]:
        """List what is planned within reach of a park's workplaces, for its map."""
        return self._near.get(park, ())

    # --- buses ---

    def shuttles(self, park: object) -> Sequence[Row]:
        """List the shuttle lines of a park's enterprises."""
        return self._shuttles.get(str(park), ())

    def shuttle(self, row: Row) -> str:
        """Say one shuttle line in a sentence."""
        parts = [
            string(row["enterprise"]),
            string(row["stops"]),
            self.times(row["times"]),
            self.seats(row),
        ]
        said = self.t("page.semicolon").join(p for p in parts if p)
        return f"{string(row['line'])}{self.words.bracket(said)}"

    def seats(self, row: Row) -> str:
        """Say how many seats a shuttle line has a day; "" where nobody said."""
        if number(row["seats_day"]) is None:
            return ""
        return self.t(
            "format.seats_day",
            n=count(row["seats_day"]),
            seats=count(row["seats"]),
            trips=count(row["departures"]),
        )

    def times(self, joined: object) -> str:
        """Write times joined by ``;`` as a list."""
        return self.words.join(string(joined).split(";"))

    def departures(self, facility: object) -> list[str]:
        """Say when each line of the timetable calls at a stop."""
        return [
            self.t(
                "format.departures",
                line=string(row["line"]) + self._direction(row),
                first=string(row["first"]),
                last=string(row["last"]),
                n=plain(row["headway"]),
            )
            for row in self._times.get(str(facility), ())
        ]

    def _direction(self, row: Row) -> str:
        way = string(row["direction"])
        return self.words.bracket(way) if way else ""

    def stops(self, park: str) -> list[tuple[Row, Row]]:
        """List stop and line of the timetable within a stop's farthest limit of a park.

        Where there is none, those of the nearest stop in reach that has any.
        """
        if not self._times:
            return []
        near = self.results.nearby
        here = near[(near["park_id"] == park) & near["facility_id"].isin(list(self._times))]
        if here.empty:
            return []
        here = here[here["metres"] <= max(self.stop_m, float(here["metres"].min()))]
        named = here.merge(self.results.facilities[["facility_id", "name"]], on="facility_id")
        return [
            (stop, row)
            for stop in named.sort_values(["metres", "facility_id"]).to_dict("records")
            for row in self._times[str(stop["facility_id"])]
        ]

    # --- beds ---

    def beds(self, facility: object) -> list[str]:
        """Say how many beds the housing list gives for a place; unknown is said too."""
        said = []
        for row in self._beds.get(str(facility), ()):
            beds, vacant = number(row["beds"]), number(row["beds_vacant"])
            if beds is None:
                said.append(self.t("format.beds_unknown"))
            elif vacant is None:
                said.append(self.t("format.beds", n=count(beds)))
            else:
                said.append(self.t("format.beds_vacant", n=count(beds), vacant=count(vacant)))
        return said


# --- sheets of the workbook ---------------------------------------------------------------------


def pipeline_grid(results: Results, words: Words) -> Grid | None:
    """List what is planned, and who lacks it within reach; None where nothing is."""
    said, besides = results.beside, Besides(results, words)
    if said.planned.empty:
        return None
    gaps = _by(results.shortfall, "park_id", "item")
    reached = _by(said.pipeline, "planned_id")
    ids = (
        *("planned_name", "item", "planned_status", "opening", "beds", "seats"),
        *("parks_reached", "workers_lacking", "workers_to_verify", "source"),
    )
    rows: list[list[Value]] = []
    for place in said.planned.to_dict("records"):
        near = reached.get(str(place["planned_id"]), ())
        lacking = [g for r in near for g in gaps.get((str(r["park_id"]), str(r["item"])), ())]
        parks = dict.fromkeys(clean(g["park_name"]) for g in lacking)
        rows.append(
            [
                clean(place["name"]) or clean(place["planned_id"]),
                words.item(place["item"]),
                besides.status(place),
                clean(place["opening"]) or None,
                number(place["beds"]),
                number(place["seats"]),
                words.join(parks) or words.t("workbook.parks_none"),
                _workers(lacking, "short"),
                _workers(lacking, "unverified"),
                clean(place["source"]),
            ]
        )
    return _grid(ids, rows, words)


def _workers(gaps: Sequence[Row], status: str) -> Value:
    """Sum workers not served over parks; of several gaps of one park the largest counts."""
    by_park: dict[str, float] = {}
    for gap in gaps:
        lacking = number(gap["workers_unserved"])
        if gap["status"] == status and lacking is not None:
            park = str(gap["park_id"])
            by_park[park] = max(by_park.get(park, 0.0), lacking)
    return sum(by_park.values()) if by_park else None


def shuttles_grid(results: Results, words: Words) -> Grid | None:
    """List the shuttle lines; None where there is none."""
    if results.beside.shuttles.empty:
        return None
    names = dict(zip(results.parks["park_id"], results.parks["name"], strict=True))
    ids = (
        *("park_name", "shuttle_line", "enterprise", "stops", "departure_times"),
        *("departures", "seats", "seats_day"),
    )
    rows: list[list[Value]] = [
        [
            clean(names.get(row["park_id"], row["park_id"])),
            *(clean(row[c]) or None for c in ("line", "enterprise", "stops")),
            words.join(clean(row["times"]).split(";")),
            *(number(row[c]) for c in ("departures", "seats", "seats_day")),
        ]
        for row in results.beside.shuttles.to_dict("records")
    ]
    return _grid(ids, rows, words)


def duties_grid(results: Results, words: Words) -> Grid | None:
    """List what each department answers for; None where nobody said."""
    if results.beside.duties.empty:
        return None
    ids = (
        *("department", "item", "duty", "parks_short", "workers_unserved", "additions", "unit"),
        *("parks_unverified", "contact"),
    )
    figures = {"additions": "short_by"}
    rows: list[list[Value]] = []
    for row in results.beside.duties.to_dict("records"):
        cells: list[Value] = []
        for name in ids:
            value = row[figures.get(name, name)]
            if name == "item":
                cells.append(words.item(value))
            elif isinstance(value, str):
                cells.append(clean(value))
            else:
                cells.append(number(value))
        rows.append(cells)
    return _grid(ids, rows, words)


def _grid(ids: Sequence[str], rows: Sequence[Sequence[Value]], words: Words) -> Grid:
    """Put headings over a table; a column of which no row says anything is left out."""
    told = [i for i, name in enumerate(ids) if any(row[i] is not None for row in rows)]
    return Grid(
        [ids[i] for i in told],
        [words.t(f"column.{ids[i]}") for i in told],
        [[row[i] for i in told] for row in rows],
    )


def with_departments(grid: Grid, items: Sequence[object], besides: Besides) -> Grid:
    """Add the departments after the item of each row; `items` are the rows' ids."""
    at = list(grid.ids).index("item") + 1
    named = [besides.departments(item) or None for item in items]
    return Grid(
        [*grid.ids[:at], "department", *grid.ids[at:]],
        [*grid.headings[:at], besides.t("column.department"), *grid.headings[at:]],
        [[*row[:at], name, *row[at:]] for row, name in zip(grid.rows, named, strict=True)],
    )
