"""Read the plan of a what-if: what is built, moved, closed, re-timed, and who works when.

As every table, a plan is taken whole or refused with every reason.  A published ``sites.csv`` is
a plan as it stands: each site is built.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from parkgap import frames
from parkgap.errors import InputError, Problem, TableError
from parkgap.sources import cells as read
from parkgap.sources import checks, places
from parkgap.sources.headings import plain, there_are, usual_headings
from parkgap.sources.list_columns import Known, accesses, item_of
from parkgap.sources.plan_actions import (
    NEEDS,
    OF_PLACES,
    PLACED,
    READ,
    STOCK,
    action_of,
    words,
)
from parkgap.sources.plan_checks import (
    absent,
    check_beds,
    check_headcounts,
    check_repeated,
    check_unread,
    empty,
)
from parkgap.sources.plan_shifts import read_shift_rows
from parkgap.sources.reading import Read, finish, open_table, sources
from parkgap.sources.tables import kind

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from parkgap.source_keys import PlanTable
    from parkgap.sources.report import Cells

Floats = checks.Floats
_ALWAYS = "24/7"
Texts = list[str | None]
#: Longitude and latitude of the places of some ids; of an id that nobody has there is none.
Find = Callable[[Sequence[str]], Mapping[str, tuple[float, float]]]


@dataclass(frozen=True)
class KnownToPlan:
    """What the rows of a plan may refer to.

    Attributes
    ----------
    lists
        Items, parks and enterprises that a row of a list may name.
    parks, enterprises, shifts, stock
        The study's tables (``PARKS``, ``ENTERPRISES``, ``SHIFTS``, ``HOUSING_STOCK``).
    coverage
        What the map covers (WGS-84).
    find
        Finds facilities, and places that are coming, by their ids.
    """

    lists: Known
    parks: pd.DataFrame
    enterprises: pd.DataFrame
    shifts: pd.DataFrame
    stock: pd.DataFrame
    coverage: shapely.Geometry
    find: Find


def read_plan(source: PlanTable, *, root: Path, known: KnownToPlan) -> Read:
    """Read a plan.

    Parameters
    ----------
    source
        File and declared datum.
    root
        The folder in which it lies.
    known
        What its rows may refer to.

    Returns
    -------
    Frame of :data:`parkgap.frames.PLAN`, positions in WGS-84, and warnings.

    Raises
    ------
    TableError
        Everything that is wrong with it.
    """
    try:
        table = open_table(source.file, source, root, "plan", (), None)
        frame, warnings = finish(frames.PLAN, _Plan(table, source, known).columns(), table)
    except InputError as error:
        raise TableError(*map(of_plan, error.problems)) from None
    return frame, [of_plan(w) for w in warnings]


def of_plan(problem: Problem) -> Problem:
    """Give a remedy that works for a plan, which no ``study.toml`` describes."""
    said = problem.remedy or ""
    if "study.toml" not in said:
        return problem
    remedy = "改正表头 / correct the headings"
    if "crs" in said:
        remedy = "用 --crs 写明坐标系 / say the coordinate system by --crs"
    elif "encoding" in said:
        remedy = "另存为 UTF-8 / save it as UTF-8"
    elif "sheet" in said or "layer" in said:
        remedy = (
            "把计划放在第一个工作表或图层 / put the plan on the first sheet, or in the first layer"
        )
    return replace(problem, remedy=remedy)


class _Plan:
    """One plan as it is read: its table, what it may refer to, and what each row does."""

    def __init__(self, table: Cells, source: PlanTable, known: KnownToPlan) -> None:
        self.table, self.known = table, known
        headings = {plain(heading) for heading in table.raw.headings}
        self.sites = "action" not in table and plain("site_id") in headings and "item" in table
        if self.sites and source.crs is None and table.raw.crs is None:
            source = source.model_copy(update={"crs": "WGS84"})  # as sites.csv is published
        self.source = source

    def columns(self) -> dict[str, object]:
        """Read every column, and check the rows against the study and one another."""
        table, known = self.table, self.known
        actions = self.actions()
        lon, lat = self.positions()
        if self.sites:
            actions = self.built(lon)
        given = self.cells()
        self.needed(actions, given)
        if self.sites:
            self.sites_named(actions, given)
        self.placed(actions, given, lon, lat)
        ids = self.new_ids(actions, given)
        targets, parks = self.targets(actions, given, ids)
        check_beds(known, table, actions, given, ids)
        check_headcounts(known, table, actions, given, targets, parks)
        shifts = read_shift_rows(table, targets, parks, actions, known.shifts)
        check_repeated(table, actions, targets, shifts["shift"])
        if not self.sites:
            check_unread(table, actions)
        new = [
            a == "add" or (a == "beds" and t is None)
            for a, t in zip(actions, given["target"], strict=True)
        ]
        kept = {
            **{f: self.only(given[f], actions, f) for f in ("hours", "opening", "kind")},
            **{f: self.only(given[f], actions, f) for f in ("seats", "area_m2", "beds")},
            **{f: self.only(given[f], actions, f) for f in ("vacant", "workers")},
            **{
                f: [v if n else None for v, n in zip(given[f], new, strict=True)]
                for f in ("item", "name", "access")
            },
        }
        kept["item"] = [
            v if a == "add" else None for v, a in zip(given["item"], actions, strict=True)
        ]
        moved = [a == "move" or n for a, n in zip(actions, new, strict=True)]
        return {
            "row": list(table.raw.rows),
            "action": actions,
            "target": targets,
            "park_id": parks,
            "lon": np.where(moved, lon, np.nan),
            "lat": np.where(moved, lat, np.nan),
            **kept,
            **shifts,
            "source": sources(table),
        }

    # --- cells ------------------------------------------------------------------------------

    def actions(self) -> Texts:
        """Read what each row does."""
        table = self.table
        if "action" in table:
            return table.read("action", action_of, required=True)
        if not self.sites and len(table):
            table.report.error(
                "缺少必需的列 action / the column action is not there",
                rule=usual_headings("plan", "action"),
                remedy=f"{words()[0]}；{there_are(table.raw).split(' / ', 1)[0]} / "
                f"{words()[1]}; {there_are(table.raw).split(' / ', 1)[1]}",
            )
        return [None] * len(table)

    def built(self, lon: Floats) -> Texts:
        """Build every site of a published list; rows that only say why there is none are told."""
        for i in np.flatnonzero(np.isnan(lon)).tolist():
            if i not in self.table.noted:
                self.table.left_out.add(i)
                self.table.warning(
                    i,
                    "id",
                    "该行不是选址（没有坐标），未用 / the row is no site (no position); not used",
                )
        return [None if np.isnan(x) else "add" for x in lon]

    def positions(self) -> tuple[Floats, Floats]:
        """Read positions; where there are any, the datum must be known."""
        table, source = self.table, self.source
        said = any(
            read.known(cell) is not None
            for f in ("lon", "lat", "lonlat")
            for cell in table.values(f)
        )
        if (said or "wkt" in table) and source.crs is None and table.raw.crs is None:
            table.report.error(
                "未说明坐标系 / the coordinate system is not said",
                rule="WGS84, GCJ02, BD09, CGCS2000, EPSG:n",
                remedy="加 --crs，如 --crs GCJ02（高德、腾讯） / add --crs, such as --crs WGS84",
            )
            self.placeless = True
            nothing = np.full(len(table), np.nan)
            return nothing, nothing
        self.placeless = False
        lon, lat = places.positions(table, source, required=False)
        places.abroad(table, lon, lat, self.known.parks)
        return lon, lat

    def cells(self) -> dict[str, list[Any]]:
        """Read the cells that are no position and of no shift."""
        table = self.table
        most = {"seats": "seats", "area_m2": "m2", "beds": "beds", "vacant": "beds"}
        amounts = {f: checks.amounts(table, f, 1e6, unit=u).tolist() for f, u in most.items()}
        checks.not_more(
            *(table, "vacant", np.array(amounts["vacant"], dtype=float)),
            *("beds", np.array(amounts["beds"], dtype=float)),
        )
        return {
            "target": table.read("target", read.text),
            "park_id": table.read("park_id", read.text),
            "enterprise_id": table.read("enterprise_id", read.text),
            "id": table.read("id", read.text),
            "name": table.read("name", read.text),
            "item": table.read("item", partial(item_of, known=self.known.lists)),
            "kind": table.read("kind", kind),
            "access": accesses(table, self.known.lists),
            # Sites were chosen as open whenever a shift is free, if nobody says other hours.
            "hours": [
                h or (_ALWAYS if self.sites else None) for h in table.read("hours", read.known)
            ],
            "opening": table.read("opening", read.day),
            "workers": checks.headcounts(table, required=False).tolist(),
            "shift": table.read("shift", read.text),
            "share": table.read("share", read.share),
            **amounts,
        }

    def only(self, cells: list[Any], actions: Texts, field: str) -> list[Any]:
        """Keep the cells of rows whose action reads them."""
        return [
            v if a is not None and field in READ[a] else None
            for v, a in zip(cells, actions, strict=True)
        ]

    # --- what is lacking --------------------------------------------------------------------

    def needed(self, actions: Texts, given: Mapping[str, list[Any]]) -> None:
        """Note what a row cannot do without: a column once, a cell row by row."""
        wanted: dict[str, list[int]] = {}
        for i, action in enumerate(actions):
            for field in NEEDS[action] if action is not None else ():
                wanted.setdefault(field, []).append(i)
        for field, rows in wanted.items():
            if field not in self.table:
                absent(self.table, field, [str(actions[i]) for i in rows])
                continue
            errors = {(p.row, p.column) for p in self.table.report.errors}
            for i in rows:
                place = (self.table.raw.rows[i], self.table.heading(field))
                if _blank(given[field][i]) and place not in errors:
                    empty(self.table, i, field, str(actions[i]))

    def sites_named(self, actions: Texts, given: Mapping[str, list[Any]]) -> None:
        """Note sites without an id: nothing else tells two of one item apart."""
        errors = {p.row for p in self.table.report.errors}
        for i, (action, key) in enumerate(zip(actions, given["id"], strict=True)):
            if action is not None and key is None and self.table.raw.rows[i] not in errors:
                empty(self.table, i, "id", action)

    def placed(
        self,
        actions: Texts,
        given: Mapping[str, list[Any]],
        lon: Floats,
        lat: Floats,
    ) -> None:
        """Note what is new or moved and lies nowhere, or where no map is."""
        table = self.table
        if self.placeless or any(p.rule in ("lon", "lat", "lon, lat") for p in table.report.errors):
            return  # the datum or a column is lacking, which was said once for all rows
        errors = {p.row for p in table.report.errors if p.column is not None}
        where = next((f for f in PLACED if f in table), None)
        for i, action in enumerate(actions):
            new_beds = action == "beds" and given["target"][i] is None
            if not (action in ("add", "move") or new_beds):
                continue
            if np.isnan(lon[i]):
                if table.raw.rows[i] not in errors and i not in table.noted:
                    empty(self.table, i, where or "lon", str(action))
            elif not shapely.contains_xy(self.known.coverage, lon[i], lat[i]):
                box = ", ".join(f"{v:.4f}" for v in shapely.bounds(self.known.coverage))
                table.error(
                    i,
                    where or "geometry",
                    "位置在地图数据范围之外 / the position lies outside the map data",
                    rule=f"经度最小, 纬度最小, 经度最大, 纬度最大：{box} / "
                    f"west, south, east, north: {box}",
                    remedy="核对坐标和坐标系（--crs） / check the position and its system (--crs)",
                )

    # --- ids --------------------------------------------------------------------------------

    def new_ids(self, actions: Texts, given: Mapping[str, list[Any]]) -> Texts:
        """Give new places ids: their own, else their names, else their items."""
        new = [
            a == "add" or (a == "beds" and t is None)
            for a, t in zip(actions, given["target"], strict=True)
        ]
        said = zip(given["id"], given["name"], given["item"], given["kind"], strict=True)
        names = [
            (i or n or item or k) if is_new else None
            for (i, n, item, k), is_new in zip(said, new, strict=True)
        ]
        if self.sites:  # one site may be good for several items
            pairs = [
                (s, i) if a else None
                for s, i, a in zip(given["id"], given["item"], actions, strict=True)
            ]
            checks.duplicates(self.table, "id", pairs)
            return _site_ids(given["id"], given["item"])
        ids = checks.named(self.table, names)
        ids = [
            own if own is not None and is_new else made
            for own, made, is_new in zip(given["id"], ids, new, strict=True)
        ]
        shown = "id" if "id" in self.table else "name"
        keys = [None if i is None else (a, i) for a, i in zip(actions, ids, strict=True)]
        checks.duplicates(self.table, shown, keys)
        return ids

    def targets(
        self,
        actions: Texts,
        given: Mapping[str, list[Any]],
        ids: Texts,
    ) -> tuple[Texts, Texts]:
        """Find what each row is about: target and park."""
        targets: Texts = list(ids)
        parks: Texts = [None] * len(actions)
        asked = [t for a, t in zip(actions, given["target"], strict=True) if a in OF_PLACES and t]
        there = self.known.find(asked) if asked else {}
        for i, action in enumerate(actions):
            said = given["target"][i]
            if action in OF_PLACES and said is not None:
                targets[i] = said
                if said not in there:
                    self.unknown(i, "target", "查无此设施 / no such facility", _COPY)
            elif action == "beds" and said is not None:
                targets[i] = said.removeprefix(STOCK)
                if targets[i] not in set(self.known.stock["stock_id"]):
                    self.unknown(
                        *(i, "target", "房源表中查无此房源 / no such housing in the stock"),
                        _close_to(said, self.known.stock["stock_id"]),
                    )
            elif action in ("headcount", "shift"):
                targets[i], parks[i] = self.whose(i, action, given)
        return targets, parks

    def whose(
        self,
        i: int,
        action: str,
        given: Mapping[str, list[Any]],
    ) -> tuple[str | None, str | None]:
        """Find the park or enterprise whose headcount or shift a row is."""
        firms = self.known.enterprises
        park_of = dict(zip(firms["enterprise_id"], firms["park_id"], strict=True))
        fields = ("enterprise_id", "target", "park_id")
        field = next((f for f in fields if given[f][i] is not None), None)
        if field is None:
            empty(self.table, i, "park_id" if "park_id" in self.table else "target", action)
            return None, None
        said = str(given[field][i])
        firm, park = said.removeprefix("enterprise:"), said.removeprefix("park:")
        as_park = None if field == "enterprise_id" else self.park(park)
        if as_park is not None and said != f"enterprise:{firm}":
            return self.agreed(i, field, given, f"park:{as_park}", as_park)
        if firm in park_of:
            return self.agreed(i, field, given, f"enterprise:{firm}", park_of[firm])
        every = [*self.known.parks["park_id"], *park_of]
        what = "查无此园区或企业 / no such park or enterprise"
        self.unknown(i, field, what, _close_to(said, every))
        return None, None

    def agreed(
        self, i: int, field: str, given: Mapping[str, list[Any]], target: str, park: str
    ) -> tuple[str | None, str | None]:
        """Give whose a row is, unless another of its cells names somebody else."""
        for other in ("target", "park_id"):
            said = given[other][i]
            if other == field or said is None:
                continue
            own = target.startswith("enterprise:") and said.removeprefix("enterprise:") == (
                target.removeprefix("enterprise:")
            )
            if not own and self.park(said.removeprefix("park:")) != park:
                self.table.error(
                    i,
                    other,
                    "与同行另一格所指不同 / another cell of the row names somebody else",
                    rule=f"{self.table.heading(field)} = {given[field][i]}（{park}） / "
                    f"{self.table.heading(field)} = {given[field][i]} (park {park})",
                    remedy="改正其一，或删去其一 / correct one of them, or delete it",
                )
                return None, None
        return target, park

    def park(self, said: str) -> str | None:
        """Find a park by its id, else by a name that no other park has."""
        parks = self.known.parks
        found = checks.spellings(parks).get(said)
        if found is None:
            named = parks.loc[parks["name"] == said, "park_id"].tolist()
            found = named[0] if len(named) == 1 else None
        return found

    def unknown(self, i: int, field: str, what: str, remedy: str) -> None:
        """Say that nobody has an id."""
        self.table.error(
            i,
            field,
            what,
            rule="编号须与结果和表格中的一致 / the id must be one of the results and tables",
            remedy=remedy,
        )


_COPY = (
    "编号照抄 parkgap.gpkg 的 facility_id，如 node/1、list:… / "
    "copy the facility_id of parkgap.gpkg, such as node/1 or list:…"
)


def _site_ids(sites: Texts, items: Texts) -> Texts:
    """Give the sites of a published list their own ids, with the item where one has several."""
    counts = Counter(sites)
    return [
        site if site is None or counts[site] == 1 else f"{site}-{item}"
        for site, item in zip(sites, items, strict=True)
    ]


def _close_to(said: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(said, [str(k) for k in known], n=1, cutoff=0.5)
    if close:
        return f"是否为 {close[0]!r}？ / did you mean {close[0]!r}?"
    return "改正编号 / correct the id"


def _blank(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN
