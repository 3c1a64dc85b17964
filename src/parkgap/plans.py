"""What a plan makes of a study: tables in, tables out, before anything is computed.

What the office's tables say is changed in them.  A place of the map, or one that a list and the
map share, cannot be: what happens to it is handed on as edits, which are made where facilities are
put together (:mod:`parkgap.access.edits`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from parkgap.access.lists import PLAN_LIST, gather, not_yet, open_places
from parkgap.frames import EDITS, HOUSING_STOCK, OFFICIAL, SHIFTS
from parkgap.list_keys import CENTRE, ITEM_OF_STOCK, MEAL
from parkgap.sources.plan_actions import OF_PLACES, STOCK
from parkgap.sources.plan_shifts import owners

if TYPE_CHECKING:
    from parkgap.inputs import Tables
    from parkgap.standard import Standard

At = Mapping[str, tuple[float, float]]
#: What the basis of a headcount says that a plan gives.
BASIS = "plan"
_ENTERPRISES = "list:enterprises/"


@dataclass(frozen=True)
class Tried:
    """A study with a plan in it.

    Attributes
    ----------
    tables
        The office's tables as the plan would have them.
    edits
        Of :data:`parkgap.frames.EDITS`.
    """

    tables: Tables
    edits: pd.DataFrame


def try_plan(plan: pd.DataFrame, tables: Tables, standard: Standard, day: str, at: At) -> Tried:
    """Put a plan into a study's tables.

    Parameters
    ----------
    plan
        Frame of :data:`parkgap.frames.PLAN`, checked against these tables.
    tables
        The study's own; left as they are.
    standard
        Gives the functions of a neighbourhood centre, and the items of housing.
    day
        The day that is asked about (ISO), or "".
    at
        Longitude and latitude of the places that the plan names.

    Notes
    -----
    An enterprise's headcount changes its park's by the difference, unless the plan says that too.
    """
    given = {str(a): rows for a, rows in plan.groupby("action", sort=True)}
    none = plan[:0]
    edits: list[dict[str, Any]] = []
    tables = _headcounts(tables, given.get("headcount", none))
    tables = _shifts(tables, given.get("shift", none))
    coming = _Coming.of(tables, standard, day)
    for action in OF_PLACES:
        for record in given.get(action, none).to_dict("records"):
            row: dict[str, Any] = {str(k): v for k, v in record.items()}
            tables, edit = coming.change(tables, row)
            if edit:
                lon, lat = at.get(str(row["target"]), (np.nan, np.nan))
                edits.append({**_edit(str(row["target"]), action, lon, lat), **edit})
    tables, new = _beds(tables, given.get("beds", none))
    added = _added(given.get("add", none), standard)
    if len(added):
        facilities = pd.concat([tables.facilities, added], ignore_index=True)
        tables = replace(tables, facilities=_typed(OFFICIAL, facilities))
        ids = "list:" + added["list_id"] + "/" + added["row_id"]
        new += zip(ids, added["lon"], added["lat"], strict=True)
    edits += [_edit(key, "new", lon, lat) for key, lon, lat in new]
    frame = EDITS.frame({n: [e[n] for e in edits] for n in EDITS.names})
    return Tried(tables, EDITS.check(frame.sort_values(list(EDITS.sort), ignore_index=True)))


def settled(
    tables: Tables, edits: pd.DataFrame, facilities: pd.DataFrame, closed: Collection[str]
) -> Tables:
    """Let the stock of housing follow the places that it was joined with.

    Whoever closes or moves a mapped dormitory means the housing that a list has there, too.

    Parameters
    ----------
    tables, edits
        As of :class:`Tried`.
    facilities
        What came of them: frame of :data:`parkgap.frames.FACILITIES`.
    closed
        All ids of the places that were closed.
    """
    stock = tables.housing_stock
    if edits.empty or stock.empty:
        return tables
    moves = edits[edits["action"] == "move"].set_index("target")[["to_lon", "to_lat"]]
    ids = facilities["source_ids"].explode()
    moved = facilities.loc[ids.index[ids.isin(moves.index)].unique(), ["lon", "lat", "source_ids"]]
    places = moved.explode("source_ids").set_index("source_ids")
    own = pd.Series(STOCK + stock["stock_id"].to_numpy(dtype=object), index=stock.index)
    for column in ("lon", "lat"):
        at = pd.concat([places[column], moves[f"to_{column}"]])
        to = own.map(at[~at.index.duplicated()]).astype(float)
        stock = stock.assign(**{column: to.fillna(stock[column])})
    kept = stock[~own.isin(list(closed))].reset_index(drop=True)
    return replace(tables, housing_stock=_typed(HOUSING_STOCK, kept))


def _edit(target: str, action: str, lon: float, lat: float) -> dict[str, Any]:
    none = {"to_lon": np.nan, "to_lat": np.nan, "hours": None}
    return {"target": target, "action": action, "lon": float(lon), "lat": float(lat), **none}


def _typed(schema: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Bring a frame to a schema's types and order, and check it."""
    frame = frame.reindex(columns=schema.names).astype(schema.frame().dtypes.to_dict())
    frame = frame.sort_values(list(schema.sort), kind="stable", ignore_index=True)
    checked: pd.DataFrame = schema.check(frame)
    return checked


# --- new places ------------------------------------------------------------------------------


def _added(rows: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """Make rows of a list (OFFICIAL) of what is built.

    A neighbourhood centre is one place of every function that the standard has an item for.
    """
    items = [i.id for i in standard.items]
    centre = standard.neighbourhood_centre
    made: list[dict[str, Any]] = []
    for row in rows.to_dict("records"):
        own = {
            "list_id": PLAN_LIST,
            "row_id": row["target"],
            "status": "existing",
            "open_date": row["opening"],
            "removed": False,
            "project_id": None,
            **{n: row[n] for n in ("item", "name", "lon", "lat", "access", "hours", "seats")},
            **{n: row[n] for n in ("area_m2", "source")},
        }
        made.append(own)
        if row["item"] == CENTRE and CENTRE not in items and centre is not None:
            parts = dict.fromkeys(i for i in centre.functions.values() if i in items)
            made += [{**own, "item": i, "row_id": f"{own['row_id']}/{i}"} for i in parts]
    return _typed(OFFICIAL, pd.DataFrame(made, columns=OFFICIAL.names))


def _beds(tables: Tables, rows: pd.DataFrame) -> tuple[Tables, list[tuple[str, float, float]]]:
    """Change the beds of the stock, and put new housing into it; with the new ones' ids."""
    stock = tables.housing_stock.set_index("stock_id", drop=False)
    fresh = rows["lon"].notna()
    for row in rows[~fresh].to_dict("records"):
        stock.loc[row["target"], ["beds", "beds_vacant"]] = [row["beds"], row["vacant"]]
    if not len(rows):
        return tables, []
    names = {"target": "stock_id", "vacant": "beds_vacant", "opening": "ready_date"}
    made = rows[fresh].rename(columns=names).assign(status="existing")
    parts = [stock.reset_index(drop=True), made.reindex(columns=HOUSING_STOCK.names)]
    both = pd.concat([p for p in parts if len(p)], ignore_index=True)
    new = list(zip(STOCK + made["stock_id"], made["lon"], made["lat"], strict=True))
    return replace(tables, housing_stock=_typed(HOUSING_STOCK, both)), new


# --- places that there are ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Coming:
    """Which places of the lists are no facilities of the map's day, so that rows alone change.

    Attributes
    ----------
    alone
        Ids of what is coming, of what nobody placed, and of official centres.
    items
        Ids of the standard's items.
    """

    alone: frozenset[str]
    items: frozenset[str]

    @classmethod
    def of(cls, tables: Tables, standard: Standard, day: str) -> _Coming:
        listed = gather(tables.facilities, tables.projects, tables.housing_stock, standard)
        there = open_places(listed, day)
        apart = there[there["lon"].isna() | (there["item"] == CENTRE)]
        ids = [*("list:" + apart["list_id"] + "/" + apart["row_id"])]
        ids += not_yet(listed, day)["planned_id"].tolist()
        return cls(frozenset(ids), frozenset(i.id for i in standard.items))

    def change(self, tables: Tables, row: Mapping[str, Any]) -> tuple[Tables, dict[str, Any]]:
        """Close, move or re-time a place: in its table, or (what is returned) by an edit."""
        target, action = str(row["target"]), row["action"]
        if action == "close":
            return self._close(tables, target)
        said = {"hours": row["hours"]}
        if action == "move":
            said = {"lon": row["lon"], "lat": row["lat"]}
        if target in self.alone:
            return _changed(tables, target, said), {}
        return tables, said if action == "retime" else {"to_lon": row["lon"], "to_lat": row["lat"]}

    def _close(self, tables: Tables, target: str) -> tuple[Tables, dict[str, Any]]:
        if target.startswith(_ENTERPRISES):
            firm = f"enterprise:{target.removeprefix(_ENTERPRISES)}"
            return _without_canteens(tables, pd.Series([firm])), {}
        if target.startswith(STOCK):
            return self._close_housing(tables, target), {}
        facilities, projects = tables.facilities, tables.projects
        ids = "list:" + facilities["list_id"] + "/" + facilities["row_id"]
        if target not in self.alone:
            # The canteen that a list has of a firm is the firm's own: its seats go with it.
            meals = facilities[(ids == target) & (facilities["item"] == MEAL)]
            return _without_canteens(tables, meals["access"]), {"hours": None}
        if (ids == target).any():
            unplaced = (facilities["lon"].isna() & (facilities["status"] == "existing")).to_numpy()
            mine = (ids == target).to_numpy()
            facilities = facilities.assign(removed=facilities["removed"] | (mine & unplaced))
            facilities = facilities[~mine | unplaced].reset_index(drop=True)
            return replace(tables, facilities=facilities), {}
        mine = (("list:projects/" + projects["project_id"]) == target).to_numpy()
        named = facilities["project_id"].isin(projects.loc[mine, "project_id"])
        named &= facilities["item"].isin(projects.loc[mine, "item"])
        return replace(
            tables,
            projects=projects[~mine].reset_index(drop=True),
            facilities=facilities[~named].reset_index(drop=True),
        ), {}

    def _close_housing(self, tables: Tables, target: str) -> Tables:
        """Take housing out of the stock; the place of the map that it is is closed by a list."""
        stock = tables.housing_stock
        mine = (stock["stock_id"] == target.removeprefix(STOCK)).to_numpy()
        (row,) = stock[mine].to_dict("records")
        rest = replace(tables, housing_stock=stock[~mine].reset_index(drop=True))
        item = ITEM_OF_STOCK[str(row["kind"])]
        if target in self.alone or item not in self.items:
            return rest
        list_id = STOCK.removeprefix("list:").rstrip("/")
        gone = {
            **{n: row.get(n) for n in OFFICIAL.names},
            "list_id": list_id,
            "row_id": row["stock_id"],
            "item": item,
            "removed": True,
            "open_date": row["ready_date"],
        }
        both = pd.concat([rest.facilities, pd.DataFrame([gone])], ignore_index=True)
        return replace(rest, facilities=_typed(OFFICIAL, both))


def _without_canteens(tables: Tables, access: pd.Series) -> Tables:
    """Take the canteens of the enterprises that `access` names (``enterprise:ID``) away."""
    firms = tables.enterprises
    own = firms["enterprise_id"].radd("enterprise:").isin(access)
    return replace(tables, enterprises=firms.assign(canteen_seats=firms["canteen_seats"].mask(own)))


def _changed(tables: Tables, target: str, said: Mapping[str, Any]) -> Tables:
    """Change a row of a list, a project or the stock."""
    made: dict[str, Any] = {}
    for name in ("facilities", "projects", "housing_stock"):
        frame: pd.DataFrame = getattr(tables, name)
        ids = _list_ids(name, frame)
        mine = (ids == target).to_numpy()
        for column in (c for c in said if c in frame.columns and mine.any()):
            frame = frame.assign(**{column: frame[column].mask(mine, said[column])})
        made[name] = frame
    return replace(tables, **made)


def _list_ids(name: str, frame: pd.DataFrame) -> pd.Series:
    if name == "facilities":
        return "list:" + frame["list_id"] + "/" + frame["row_id"]
    key = "project_id" if name == "projects" else "stock_id"
    return f"list:{name}/" + frame[key]


# --- people --------------------------------------------------------------------------------------


def _headcounts(tables: Tables, rows: pd.DataFrame) -> Tables:
    """Set headcounts; an enterprise's moves its park's along, where the plan leaves that open."""
    if not len(rows):
        return tables
    parks, firms = tables.parks.copy(), tables.enterprises.copy()
    of = rows.set_index("target")["workers"]
    own = of[of.index.str.startswith("enterprise:")]
    workers = firms["enterprise_id"].radd("enterprise:").map(own)
    more = (workers - firms["workers"]).groupby(firms["park_id"]).sum(min_count=1)
    firms["workers"] = workers.fillna(firms["workers"])
    few = (firms["lodging_need"] > workers).to_numpy()
    firms["lodging_need"] = firms["lodging_need"].mask(few, workers)
    said = parks["park_id"].radd("park:").map(of)
    moved = parks["workers"] + parks["park_id"].map(more)
    changed = said.notna() | moved.notna()
    parks["workers"] = said.fillna(moved).fillna(parks["workers"])
    parks["headcount_basis"] = parks["headcount_basis"].mask(changed, BASIS)
    parks["headcount_date"] = parks["headcount_date"].mask(changed, None)
    return replace(tables, parks=parks, enterprises=firms)


def _shifts(tables: Tables, rows: pd.DataFrame) -> Tables:
    """Put shifts in the place of those of their name; a share of 0 gives one up."""
    if not len(rows):
        return tables
    firm = rows["target"].where(rows["target"].str.startswith("enterprise:"))
    rows = rows.assign(enterprise_id=firm.str.removeprefix("enterprise:").astype(object))
    rows["enterprise_id"] = rows["enterprise_id"].where(rows["enterprise_id"].notna(), None)
    named = set(zip(rows["target"], rows["shift"], strict=True))
    shifts = tables.shifts
    kept = [k not in named for k in zip(owners(shifts), shifts["shift"], strict=True)]
    new = rows[rows["share"] > 0].reindex(columns=SHIFTS.names)
    parts = [p for p in (shifts[kept], new) if len(p)]
    both = pd.concat(parts, ignore_index=True) if parts else SHIFTS.frame()
    return replace(tables, shifts=_typed(SHIFTS, both))
