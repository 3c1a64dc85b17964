"""From what a run has found to who gets which bed: joins ways, needs, and housing.

Stands above ``access`` and ``assess``, which do not import each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from parkgap.access import rides
from parkgap.access.lists import facility_rows, housing_there, planned_ids, proven
from parkgap.assess.few_beds import without_few_beds
from parkgap.assess.housing import AFTER, NONE, NOW, house
from parkgap.assess.lodging import asks, lodging
from parkgap.assess.lodging_checks import lodging_checks
from parkgap.errors import Problem
from parkgap.frames import LODGING
from parkgap.list_keys import HOME_KINDS, ITEM_OF_STOCK

if TYPE_CHECKING:
    import numpy.typing as npt

    from parkgap.study import Study
    from parkgap.town import Town

_ITEM = ITEM_OF_STOCK["dormitory"]
_HOUSES = ["stock_id", "name", "access", "when", "beds", "ready", "placed", "lon", "lat"]


def plan_housing(town: Town) -> dict[str, pd.DataFrame]:
    """Say who lacks a bed, and what of it may be told.

    Returns
    -------
    dict
        Of :class:`parkgap.results.Plans`: ``housing, beds, lodging, lodging_checks, doubtful``;
        empty where the study asks for no beds.
    """
    rule, tables, few = town.study.housing, town.tables, town.study.privacy.min_workers
    if not asks(rule, tables.enterprises):
        return {}
    who = lodging(
        *(town.parks, tables.enterprises, tables.residences, tables.shifts, rule),
        min_workers=few,
    )
    houses, on_foot = _houses(town, few)
    found = rides.ways(
        _work(town),
        houses[["lon", "lat"]].mask(~houses["placed"]),
        on_foot,
        _lines(town),
        town.parks,
        rides.Pace(
            town.standard.walk_speed.v,
            town.standard.detour,
            town.standard.farthest(town.standard.stop_items),
            None if rule is None else rule.ride,
        ),
    )
    housing, beds = house(
        town.parks,
        who,
        houses,
        rides.of_groups(found, _members(town, who.groups)),
        rides.MODES,
        persons_per_unit=None if rule is None else rule.persons_per_unit,
        supply=_supply(town, who.groups),
    )
    housing, beds = without_few_beds(housing, beds, few)
    stock = tables.housing_stock
    return {
        "housing": housing,
        "beds": beds,
        "lodging": _told(town, houses),
        "lodging_checks": lodging_checks(
            town.parks, stock[stock["kind"].isin(HOME_KINDS)], town.standard
        ),
        "doubtful": town.found.doubtful,
    }


# --- who starts where ----------------------------------------------------------------------------


def _work(town: Town) -> pd.DataFrame:
    """Workplaces, in the order of the origins."""
    origins = town.found.origins
    return origins[origins["kind"] == "work"].reset_index(drop=True)


def _members(town: Town, groups: pd.DataFrame) -> pd.DataFrame:
    """Say where the workers of each group work: ``group, origin, share, enterprise_id``.

    An enterprise of known place works there; everybody else wherever no such enterprise is, or,
    where there is nothing else, all over the park.
    """
    work = _work(town)
    row = pd.Series(np.arange(len(town.parks)), index=town.parks["park_id"])
    at = work.assign(origin=np.arange(len(work)), park=row.reindex(work["park_id"]).to_numpy())
    at = at[["origin", "park", "enterprise_id", "share"]]
    named = groups.reset_index(names="group")[["group", "park", "enterprise_id"]]
    placed = named[named["enterprise_id"].notna()].merge(
        at[at["enterprise_id"].notna()], on=["park", "enterprise_id"]
    )
    others = named[~named["group"].isin(placed["group"])]
    open_to = at[at["enterprise_id"].isna()]
    alone = at[~at["park"].isin(open_to["park"])]
    spread = others.merge(pd.concat([open_to, alone]).drop(columns="enterprise_id"), on="park")
    columns = ["group", "origin", "share", "enterprise_id"]
    both = pd.concat([placed[columns], spread[columns]])
    return both.sort_values(["group", "origin"], ignore_index=True)


def _lines(town: Town) -> rides.Lines:
    """Take the vehicles, and the walks from workplaces to where they stop."""
    found, tables = town.found, town.tables
    stops = pd.concat([found.timetable["facility_id"], found.matched["facility_id"]])
    at = found.facilities.index[found.facilities["facility_id"].isin(stops)]
    walks = _from_work(town, found.reach)
    walks = walks[walks["target"].isin(at)]
    ids = found.facilities["facility_id"].reindex(walks["target"]).to_numpy()
    walks = walks.assign(facility_id=ids)[["origin", "facility_id", "metres", "minutes"]]
    return rides.Lines(
        *(tables.shuttles, tables.bus_lines, town.transit.stops, town.transit.calls),
        *(found.timetable, found.matched, walks),
    )


def _from_work(town: Town, walks: pd.DataFrame) -> pd.DataFrame:
    """Take the walks from workplaces; ``origin`` is then a row of :func:`_work`."""
    work = (town.found.origins["kind"] == "work").to_numpy()
    row = np.cumsum(work) - 1
    own: pd.DataFrame = walks[work[walks["origin"].to_numpy()]]
    return own.assign(origin=row[own["origin"].to_numpy()])


# --- where they may be housed --------------------------------------------------------------------


def _houses(town: Town, few: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List all housing, and the walks there: ``origin, place, minutes``."""
    found = town.found
    now = _existing(town, few)
    coming = _coming(town)
    mapped = _mapped(town)
    houses = pd.concat([now, coming, mapped], ignore_index=True)
    houses["placed"] = houses["placed"].astype(bool)
    houses[["lon", "lat", "beds"]] = houses[["lon", "lat", "beds"]].astype(float)
    parts = []
    for walks, column in ((found.reach, "facility"), (found.to_planned, "planned")):
        place = houses[column].dropna().astype(np.int64)
        to = pd.DataFrame({"place": place.index, "target": place.to_numpy()})
        there = _from_work(town, walks).merge(to, on="target")
        parts.append(there[["origin", "place", "minutes"]])
    return houses[_HOUSES], pd.concat(parts, ignore_index=True)


def _supply(town: Town, groups: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Say what is known of the housing of each park, shape (parks,): see ``housing_basis``.

    A list says what there is; that there is no more only where it is declared complete.
    """
    standard, tables = town.standard, town.tables
    own = groups.loc[groups["own_told"], "park"].to_numpy(dtype=np.int64)
    basis = np.full(len(town.parks), NONE, dtype=object)
    basis[own] = "own"
    if town.study.housing_stock is not None:
        basis[:] = "listed"
    items = [i.id for i in standard.items]
    if _ITEM in items:
        known = proven(tables.complete, town.parks, standard, town.day)
        basis[known[:, items.index(_ITEM)]] = "complete"
    return basis


def _existing(town: Town, few: int) -> pd.DataFrame:
    """Take the stock of the day; where fewer live than are told of, so many are taken to."""
    stock = town.tables.housing_stock
    stock = stock[stock["kind"].isin(HOME_KINDS) & housing_there(stock, town.day)]
    return stock.assign(
        when=NOW,
        ready=stock["ready_date"],
        beds=vacant_told(stock, few),
        placed=stock["lon"].notna(),
        facility=facility_rows(town.found.facilities, stock["stock_id"])
        .reindex(stock["stock_id"])
        .to_numpy(),
        planned=np.nan,
    )


def vacant_told(stock: pd.DataFrame, few: int) -> pd.Series:
    """Vacant beds that may be given out: of fewer than `few` who live there nobody is told."""
    live = stock["beds"] - stock["beds_vacant"]
    less = (stock["beds"] - few).clip(lower=0.0)
    return stock["beds_vacant"].where(~((live > 0) & (live < few)), less)


def _coming(town: Town) -> pd.DataFrame:
    """Take what the lists say is coming of workers' housing."""
    planned = town.found.planned
    rows = planned[planned["item"] == _ITEM]
    return rows.assign(
        stock_id=planned_ids(rows),
        when=AFTER,
        ready=rows["opening"],
        placed=rows["lon"].notna(),
        facility=np.nan,
        planned=rows.index,
    )


def _mapped(town: Town) -> pd.DataFrame:
    """Take workers' housing that no stock lists: nobody knows its beds, and it counts on foot."""
    items = [i.id for i in town.standard.items]
    found, stock = town.found, town.tables.housing_stock
    if _ITEM not in items:
        return pd.DataFrame(columns=[*_HOUSES, "facility", "planned"])
    listed = found.facilities.index.isin(facility_rows(found.facilities, stock["stock_id"]))
    rows = found.facilities[found.member[:, items.index(_ITEM)] & ~listed]
    return rows.assign(
        stock_id=rows["facility_id"],
        when=NOW,
        ready=None,
        beds=np.nan,
        placed=False,
        facility=rows.index,
        planned=np.nan,
    )


def _told(town: Town, houses: pd.DataFrame) -> pd.DataFrame:
    """List the housing of the office's lists; of what is not open to the public not where it is."""
    stock, planned = town.tables.housing_stock, town.found.planned
    known = stock.set_index("stock_id")
    listed = houses[~houses["stock_id"].isin(town.found.facilities["facility_id"])]
    ids = listed["stock_id"]
    sources = pd.concat([known["source"], planned.set_index(planned_ids(planned))["source"]])
    beds = known["beds"].reindex(ids).to_numpy(dtype=float)
    coming = (listed["when"] == AFTER).to_numpy()
    public = listed["access"] == "public"
    frame = LODGING.frame(
        {
            "stock_id": ids.to_numpy(),
            "name": listed["name"].where(public, None).to_numpy(dtype=object),
            "kind": known["kind"].reindex(ids).to_numpy(dtype=object),
            "when": listed["when"].to_numpy(),
            "ready": listed["ready"].to_numpy(dtype=object),
            "beds": np.where(coming, listed["beds"].to_numpy(dtype=float), beds),
            "beds_vacant": listed["beds"].to_numpy(dtype=float),
            "eligible": known["eligible"].reindex(ids).to_numpy(dtype=object),
            "access": listed["access"].str.replace("^enterprise:.*$", "enterprise", regex=True),
            "lon": listed["lon"].where(public).to_numpy(dtype=float),
            "lat": listed["lat"].where(public).to_numpy(dtype=float),
            "source": sources[~sources.index.duplicated()].reindex(ids).to_numpy(dtype=object),
        }
    )
    return LODGING.check(frame.sort_values(list(LODGING.sort), ignore_index=True))


# --- what is odd ---------------------------------------------------------------------------------


def doubt_shifts(study: Study, shifts: pd.DataFrame) -> list[Problem]:
    """Name shifts of ``[housing] need_share_by_shift`` that no park has: they count for nobody."""
    rule = study.housing
    if rule is None:
        return []
    lost = sorted(set(rule.need_share_by_shift) - set(shifts["shift"]))
    return [
        Problem(
            what="班次表中没有这个班次，其住宿比例未使用 / no park has such a shift; its share of "
            "workers who need lodging is not used",
            file=study.path.name,
            column="housing.need_share_by_shift",
            value=name,
            rule=", ".join(sorted({str(s) for s in shifts["shift"]})) or None,
            remedy="班次名称照抄班次表 / copy the name from the table of shifts",
        )
        for name in lost
    ]
