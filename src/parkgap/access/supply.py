"""How much a facility offers: what a list says, else how large its own building is.

What nobody has said is unknown and stays so: no default stands for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap import geo
from parkgap.frames import ENTERPRISES, SUPPLY
from parkgap.list_keys import ITEM_OF_STOCK, MEAL

if TYPE_CHECKING:
    from parkgap.standard import Standard

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

AREA = "area_per_1000"  # the figure of an item that is asked for by floor area
_UNITS = {"seats": "seats", "area_m2": "m2", "beds": "beds"}
_SHARED = frozenset(
    "house residential apartments detached terrace semidetached_house bungalow dormitory "
    "office hotel mixed mixed_use".split()
)


def floor_areas(facilities: pd.DataFrame, objects: pd.DataFrame, buildings: pd.DataFrame) -> Floats:
    """Measure facilities that are a building or an area by themselves.

    Parameters
    ----------
    facilities
        Frame of :data:`parkgap.frames.FACILITIES`.
    objects, buildings
        Of the extract.

    Returns
    -------
    Floor area in m2: footprint x levels (1 where unmapped; 1 also where the building is one of
    homes or offices, of which the place has the ground floor at most), of several outlines the
    largest; NaN where a facility is a point.  Shape (facilities,).
    """
    shape = objects["geometry"].to_numpy()
    area = objects[geo.is_area(shape)]
    built = buildings.drop_duplicates("osm_id").set_index("osm_id").reindex(area["osm_id"])
    levels = pd.to_numeric(built["levels"], errors="coerce").fillna(1.0).clip(1, 60)
    levels = levels.mask(built["kind"].isin(_SHARED), 1.0)
    floor = geo.hectares(area["geometry"].to_numpy()) * 1e4 * levels.to_numpy()
    known = pd.Series(np.round(floor, 1), index=area["osm_id"]).groupby(level=0).max()
    ids = facilities["source_ids"].explode()
    of = pd.Series(known.reindex(ids).to_numpy(), index=ids.index).groupby(level=0).max()
    return np.asarray(of.reindex(facilities.index).to_numpy(dtype=float))


def supplies(
    facilities: pd.DataFrame,
    member: Bools,
    listed: pd.DataFrame,
    enterprises: pd.DataFrame,
    floor_m2: Floats,
    standard: Standard,
) -> pd.DataFrame:
    """Gather what is known of what facilities offer.

    Parameters
    ----------
    facilities, member
        Frame of :data:`parkgap.frames.FACILITIES` with the lists joined, and what each counts for.
    listed
        What the lists say exists: of :data:`parkgap.frames.LISTED`.
    enterprises
        Frame of :data:`parkgap.frames.ENTERPRISES`, for their own canteens.
    floor_m2
        As of :func:`floor_areas`.
    standard
        For the items that are asked for by floor area.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.SUPPLY`.  Where two lists differ on one place, the smaller amount.
    """
    declared = _declared(facilities, listed)
    gone = listed["removed"].to_numpy(dtype=bool) & (listed["item"] == MEAL).to_numpy()
    canteens = _canteens(facilities, enterprises, declared, listed.loc[gone, "access"], standard)
    told = pd.concat([declared, canteens], ignore_index=True) if len(canteens) else declared
    said = set(zip(told["facility_id"], told["item"], told["unit"], strict=True))
    parts = [told]
    ids = facilities["facility_id"].to_numpy()
    lines = np.array([len(x) for x in facilities["lines"]], dtype=float)
    for column, item in enumerate(standard.items):
        own = member[:, column].astype(bool)
        if AREA in item.figures:
            use = own & (floor_m2 > 0)
            use &= np.array([(i, item.id, "m2") not in said for i in ids], dtype=bool)
            parts.append(_frame(ids[use], item.id, "m2", floor_m2[use], "building"))
        if item.counts == "lines":
            use = own & (lines > 0)
            parts.append(_frame(ids[use], item.id, "line_stops", lines[use], "mapped"))
    whole = pd.concat([p for p in parts if len(p)] or [SUPPLY.frame()], ignore_index=True)
    return SUPPLY.check(whole.sort_values(list(SUPPLY.sort), ignore_index=True))


def shared_with_residents(
    facilities: pd.DataFrame,
    member: Bools,
    listed: pd.DataFrame,
    floor_m2: Floats,
    standard: Standard,
) -> Bools:
    """Tell the public facilities with a known supply that residents ask for too, (facilities,).

    Beds are not: workers' housing is for workers.
    """
    known = supplies(facilities, member, listed, ENTERPRISES.frame(), floor_m2, standard)
    ids = known.loc[known["unit"] != "beds", "facility_id"]
    shared = facilities["facility_id"].isin(ids) & (facilities["access"] == "public")
    return np.asarray(shared.to_numpy(dtype=bool))


def _frame(
    ids: npt.NDArray[np.object_], item: str, unit: str, n: Floats, basis: str
) -> pd.DataFrame:
    said = {"item": [item] * len(ids), "unit": [unit] * len(ids), "basis": [basis] * len(ids)}
    return SUPPLY.frame({"facility_id": ids, "amount": n, **said})


def _declared(facilities: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """What the lists say of the facilities that their rows became."""
    rows = listed[~listed["removed"].to_numpy(dtype=bool)]
    if rows.empty:
        return SUPPLY.frame()
    named = rows.assign(source_ids="list:" + rows["list_id"] + "/" + rows["row_id"])
    ids = facilities[["facility_id", "source_ids"]].explode("source_ids")
    found = named[["source_ids", "item", *_UNITS]].merge(ids, on="source_ids")
    long = found.melt(["facility_id", "item"], list(_UNITS), "unit", "amount").dropna()
    long = long[long["amount"] > 0]
    unit = long["unit"].map(_UNITS)
    # A list of housing has its beds in the column of seats.
    unit = unit.mask((unit == "seats") & long["item"].isin(set(ITEM_OF_STOCK.values())), "beds")
    long = long.assign(unit=unit, amount=long["amount"].astype(float), basis="declared")
    key = list(SUPPLY.key)
    least = long.sort_values([*key, "amount"]).drop_duplicates(key)
    return least[SUPPLY.names].reset_index(drop=True)


def _canteens(
    facilities: pd.DataFrame,
    enterprises: pd.DataFrame,
    declared: pd.DataFrame,
    removed: pd.Series,
    standard: Standard,
) -> pd.DataFrame:
    """Enterprises' own canteens: a listed one takes its seats, else it stands by itself.

    One that a list calls `removed` (its `access`) has no seats.
    """
    own = enterprises[enterprises["canteen_seats"] > 0]
    own = own[~("enterprise:" + own["enterprise_id"].astype(str)).isin(removed)]
    if own.empty or MEAL not in [i.id for i in standard.items]:
        return SUPPLY.frame()
    access = ("enterprise:" + own["enterprise_id"]).to_numpy(dtype=object)
    meals = facilities[np.array([MEAL in items for items in facilities["items"]], dtype=bool)]
    listed = meals.drop_duplicates("access").set_index("access")["facility_id"]
    ids = np.array([listed.get(a, a) for a in access], dtype=object)
    said = declared[(declared["item"] == MEAL) & (declared["unit"] == "seats")]["facility_id"]
    new = ~pd.Series(ids, dtype=object).isin(said).to_numpy()
    seats = own["canteen_seats"].to_numpy(dtype=float)
    return _frame(ids[new], MEAL, "seats", seats[new], "declared")
