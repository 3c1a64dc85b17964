"""What the bureaus' lists say of one day: what is there, what is coming, what is surely not.

Official lists, projects and housing stock are brought to one form; a row exists on the day, or
is removed, or stands in the pipeline, never two of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.areas import LEVELS
from parkgap.frames import LISTED, PLANNED, STOCK
from parkgap.list_keys import CENTRE, ITEM_OF_STOCK, MEAL, holds

if TYPE_CHECKING:
    from parkgap.standard import Standard

Bools = npt.NDArray[np.bool_]

# Their rows' list_id; the others' are file names.
_PROJECTS, _STOCK, _ENTERPRISES = "projects", "housing_stock", "enterprises"
#: The same of what a plan builds.
PLAN_LIST = "plan"


def gather(
    official: pd.DataFrame,
    projects: pd.DataFrame,
    stock: pd.DataFrame,
    standard: Standard,
) -> pd.DataFrame:
    """Bring all lists to one form.

    Parameters
    ----------
    official, projects, stock
        Frames of :data:`parkgap.frames.OFFICIAL`, ``PROJECTS`` and ``HOUSING_STOCK``.
    standard
        Housing of a kind that it has no item for is left out.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.LISTED`.  A list's row that names a project of the table, for the
        same item, is that project: one of the two stays, the list's if it says that the place
        exists, or alone has a position.
    """
    own = projects.assign(list_id=_PROJECTS, row_id=projects["project_id"], removed=False)
    housing = stock.assign(
        list_id=_STOCK,
        row_id=stock["stock_id"],
        item=stock["kind"].map(ITEM_OF_STOCK),
        open_date=stock["ready_date"],
        removed=False,
    )
    housing = housing[housing["item"].isin([i.id for i in standard.items])]
    key = ["project_id", "item"]
    both = official[key].merge(own[[*key, "lon"]], on=key, how="left")["lon"]
    named = pd.MultiIndex.from_frame(official[key]).isin(pd.MultiIndex.from_frame(own[key]))
    wins = named & (
        (official["status"] == "existing").to_numpy()
        | official["removed"].to_numpy(dtype=bool)
        | (official["lon"].notna().to_numpy() & both.isna().to_numpy())
    )
    replaced = pd.MultiIndex.from_frame(own[key]).isin(
        pd.MultiIndex.from_frame(official.loc[wins, key])
    )
    parts = [official[~named | wins], own[~replaced], housing]
    frames = [p.reindex(columns=LISTED.names) for p in parts if len(p)]
    if not frames:
        return LISTED.frame()
    merged = pd.concat(frames, ignore_index=True)
    return LISTED.check(merged.astype(LISTED.frame().dtypes.to_dict()))


def centres_and_others(
    official: pd.DataFrame, standard: Standard, as_of: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part official neighbourhood centres, which count for no item, from the other rows.

    Returns
    -------
    centres, others
        Rows of `official` (:data:`parkgap.frames.OFFICIAL`): the centres that exist on the day,
        and all rows of items.
    """
    if CENTRE in {item.id for item in standard.items}:  # a standard may make an item of it
        return official[:0], official
    is_centre = (official["item"] == CENTRE).to_numpy(dtype=bool)
    rows = official[is_centre]
    there = _there(rows, as_of) & ~rows["removed"].to_numpy(dtype=bool)
    return rows[there].reset_index(drop=True), official[~is_centre].reset_index(drop=True)


def _day(dates: pd.Series) -> pd.Series:
    """Bring dates to days that compare; of a month or a year the last one ("2027": 2027-99-99)."""
    return (dates.astype(object).where(dates.notna(), "").astype(str) + "-99-99").str.slice(0, 10)


def _there(listed: pd.DataFrame, as_of: str) -> Bools:
    """Rows that exist on a day (ISO; "": those that say so without a date), shape (rows,)."""
    dated = listed["open_date"].notna().to_numpy()
    opened = dated & (_day(listed["open_date"]) <= as_of).to_numpy() & (as_of != "")
    says_so = (listed["status"] == "existing").to_numpy()
    # Of housing the status decides too: a bed that was promised for last month is no bed.
    by_day = (listed["list_id"] != _STOCK).to_numpy()
    waits = dated & ~opened & (as_of != "")
    return np.asarray((says_so & ~waits) | (opened & by_day), dtype=bool)


def housing_there(stock: pd.DataFrame, as_of: str) -> Bools:
    """Find the rows of the housing stock that exist on a day (ISO), shape (rows,)."""
    return _there(stock.assign(list_id=_STOCK, open_date=stock["ready_date"]), as_of)


def facility_rows(facilities: pd.DataFrame, stock_ids: pd.Series) -> pd.Series:
    """Find the row of the facility that each row of the stock became, by id; others are not in."""
    ids = facilities["source_ids"].explode()
    row = pd.Series(ids.index, index=ids.to_numpy())
    wanted = f"list:{_STOCK}/" + stock_ids.astype(str)
    found = row[row.index.isin(wanted)]
    found.index = found.index.str.removeprefix(f"list:{_STOCK}/")
    return found[~found.index.duplicated()]


def planned_ids(planned: pd.DataFrame) -> pd.Series:
    """Name what is planned (:data:`parkgap.frames.PLANNED`) as the stock does, if it stands there.

    Else as it is: ``list:projects/ID``.
    """
    return planned["planned_id"].str.removeprefix(f"list:{_STOCK}/")


def open_places(listed: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Take the rows that exist on a day (ISO), and those that are removed.

    What is planned or being built counts from its opening day, not before; a month or a year
    counts from its last day.
    """
    removed: Bools = listed["removed"].to_numpy(dtype=bool)
    return listed[_there(listed, as_of) | removed]


def with_canteens(
    there: pd.DataFrame, enterprises: pd.DataFrame, standard: Standard
) -> tuple[pd.DataFrame, frozenset[str]]:
    """Add enterprises' own canteens to what the lists say of a day.

    Parameters
    ----------
    there
        Of :data:`parkgap.frames.LISTED`: what exists or is removed.
    enterprises
        Of :data:`parkgap.frames.ENTERPRISES`.
    standard
        Whether there is an item for meals.

    Returns
    -------
    there, unplaced
        With a place for the people of each enterprise of known place whose canteen no list places
        or calls removed; and the parks of those that have one nobody knows where.
    """
    if MEAL not in [i.id for i in standard.items]:
        return there, frozenset()
    # What a plan builds stands beside a firm's own canteen; a list's row is that canteen.
    meals = there[(there["item"] == MEAL) & (there["list_id"] != PLAN_LIST)]
    told = meals.loc[meals["removed"].astype(bool) | meals["lon"].notna(), "access"]
    own = enterprises[enterprises["canteen_seats"] > 0]
    own = own.assign(access="enterprise:" + own["enterprise_id"].astype(str))
    own = own[~own["access"].isin(told)]
    unplaced = frozenset(own.loc[own["lon"].isna(), "park_id"].astype(str))
    own = own[own["lon"].notna()]
    if own.empty:
        return there, unplaced
    rows = own.assign(
        list_id=_ENTERPRISES,
        row_id=own["enterprise_id"],
        item=MEAL,
        status="existing",
        hours=own["canteen_hours"],
        seats=own["canteen_seats"],
        removed=False,
    )
    both = pd.concat([there, rows.reindex(columns=LISTED.names)], ignore_index=True)
    return LISTED.check(both.astype(LISTED.frame().dtypes.to_dict())), unplaced


def not_yet(listed: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Take the rows that are still to come on a day: a frame of :data:`~parkgap.frames.PLANNED`."""
    rows = listed[~_there(listed, as_of) & ~listed["removed"].to_numpy(dtype=bool)]
    frame = PLANNED.frame(
        {
            "planned_id": ("list:" + rows["list_id"] + "/" + rows["row_id"]).to_numpy(),
            "status": rows["status"].replace("existing", "to_open").to_numpy(),
            "opening": rows["open_date"].to_numpy(),
            **{
                c: rows[c].to_numpy()
                for c in ("name", "item", "lon", "lat", "access", "seats", "beds", "source")
            },
        }
    )
    return PLANNED.check(frame.sort_values("planned_id", ignore_index=True))


def stock_places(
    facilities: pd.DataFrame, stock: pd.DataFrame, *, min_workers: int
) -> pd.DataFrame:
    """Find the facility that each existing row of the stock became.

    Beds less vacant beds are people who live there: of fewer than `min_workers` it is not told how
    many beds are vacant.

    Parameters
    ----------
    facilities
        Frame of :data:`parkgap.frames.FACILITIES` into which the lists were joined.
    stock
        Frame of :data:`parkgap.frames.HOUSING_STOCK`.
    min_workers
        The study's ``privacy.min_workers``.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.STOCK`.
    """
    ids = facilities[["facility_id", "source_ids"]].explode("source_ids")
    known = stock.assign(source_ids=f"list:{_STOCK}/" + stock["stock_id"])
    found = known.merge(ids, on="source_ids")[STOCK.names]
    found = found.astype(STOCK.frame().dtypes.to_dict())
    taken = found["beds"] - found["beds_vacant"]
    found["beds_vacant"] = found["beds_vacant"].mask((taken > 0) & (taken < min_workers))
    return STOCK.check(found.sort_values(list(STOCK.sort), ignore_index=True))


def proven(complete: pd.DataFrame, parks: pd.DataFrame, standard: Standard, as_of: str) -> Bools:
    """Say where a complete list makes absence real.

    Parameters
    ----------
    complete
        Frame of :data:`parkgap.frames.COMPLETE`.
    parks
        A declaration holds for parks whose district, subdistrict or zone is its area.
    standard, as_of
        The items, and the day of the question (ISO): a declaration lapses after 12 months.

    Returns
    -------
    Shape (parks, items of the standard).
    """
    items = [i.id for i in standard.items]
    out = np.zeros((len(parks), len(items)), dtype=bool)
    for row in complete.to_dict("records"):
        if row["item"] not in items or not holds(str(row["as_of"]), as_of):
            continue
        inside = np.zeros(len(parks), dtype=bool)
        for level in LEVELS:
            inside |= (parks[level] == row["area"]).to_numpy(dtype=bool)
        out[inside, items.index(str(row["item"]))] = True
    return out
