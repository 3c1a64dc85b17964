"""Beds needed against vacant, eligible, existing beds in reach; formulas in docs/method.md, 18."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.beds import Offers, give
from parkgap.frames import BEDS, HOUSING

if TYPE_CHECKING:
    from parkgap.assess.lodging import Lodging

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NOW, AFTER = "now", "after"
NONE = "none"  # of `supply`: nobody listed housing
OWN = "own"
FAR_MIN = 15.0
SLACK = 1e-6
_TENTHS = 10.0
_DIGITS = 9
_LEVELS = ("lodging_need_low", "lodging_need", "lodging_need_high")


@dataclass(frozen=True)
class Given:
    """Beds given: one row a group x house, ``group, house, beds, minutes, mode``.

    Attributes
    ----------
    now, after
        Of what is there, and of what is coming, to those who then still have none.
    farther
        Workers without a bed whom vacant beds beyond the farthest way would take; (parks,).
    """

    now: pd.DataFrame
    after: pd.DataFrame
    farther: Floats


def house(
    parks: pd.DataFrame,
    lodging: Lodging,
    houses: pd.DataFrame,
    ways: pd.DataFrame,
    modes: tuple[str, ...],
    *,
    persons_per_unit: float | None,
    supply: npt.NDArray[np.object_],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give out the vacant beds, and count who is left without.

    Parameters
    ----------
    parks
        Frame of :data:`parkgap.frames.PARKS`.
    lodging
        Who needs a bed.
    houses
        Places of housing: ``stock_id, name, access, when`` (now or after), ``beds`` (vacant, or
        coming; NaN: nobody knows), ``ready, placed``.
    ways
        Ways of the groups of `lodging`: ``group, place`` (row of `houses`), ``minutes, mode`` (row
        of `modes`).
    modes
        Names of the ways.
    persons_per_unit
        Persons of one dwelling; None: nobody said.
    supply
        What is known of the housing of each park, as `housing_basis`, shape (parks,).  Where it is
        "none" nobody is called short: that no bed is listed does not say that there is none.

    Returns
    -------
    housing, beds
        Frames of :data:`parkgap.frames.HOUSING` and ``BEDS``, nothing withheld.
    """
    houses, lodging = _without_doubles(houses, lodging)
    ids = parks["park_id"].to_numpy(dtype=object)
    eligible = _eligible(ids, lodging.groups, houses)
    ways = ways[eligible[ways["group"].to_numpy(), ways["place"].to_numpy()]]
    given = _give_all(ids, lodging, houses, ways, eligible)
    frame = _by_park(parks, lodging, given, persons_per_unit, supply)
    frame["beds_unknown"] = _unknown(lodging, houses, ways, len(parks))
    frame = _ranked(frame, given.now, lodging)
    beds = pd.concat(
        [
            _told(part, when, ids, lodging, houses, modes)
            for part, when in ((given.now, NOW), (given.after, AFTER))
        ],
        ignore_index=True,
    )
    beds = beds.astype(BEDS.frame().dtypes.to_dict()).sort_values(list(BEDS.sort))
    beds = beds[~beds["park_id"].isin(ids[supply == NONE])]
    return HOUSING.check(frame), BEDS.check(beds.reset_index(drop=True))


def _without_doubles(houses: pd.DataFrame, lodging: Lodging) -> tuple[pd.DataFrame, Lodging]:
    """Count an enterprise's beds once, whether the list of housing or its own row names them.

    The list is taken where it knows how many are vacant, else the enterprise's row where that does.
    """
    groups = lodging.groups
    theirs = "enterprise:" + groups["enterprise_id"].astype(object).fillna("").astype(str)
    now = houses["when"] == NOW
    listed = houses.loc[now & houses["beds"].notna(), "access"]
    by_list = theirs.isin(listed)
    own = groups["own_vacant"].mask(by_list, 0.0)
    doubled = (
        now & houses["beds"].isna() & houses["access"].isin(theirs[groups["own_told"] & ~by_list])
    )
    unknown = theirs.isin(houses.loc[now & houses["beds"].isna(), "access"])
    own = own.mask(unknown & own.isna(), 0.0)  # the list's row speaks for both
    houses = houses.assign(beds=houses["beds"].mask(doubled, 0.0))
    return houses, replace(lodging, groups=groups.assign(own_vacant=own))


def _eligible(ids: npt.NDArray[np.object_], groups: pd.DataFrame, houses: pd.DataFrame) -> Bools:
    """Who may move in where, shape (groups, houses)."""
    park = np.array([f"park:{i}" for i in ids], dtype=object)[groups["park"].to_numpy()]
    firm = np.array([f"enterprise:{e}" for e in groups["enterprise_id"]], dtype=object)
    codes = pd.Index(np.unique(np.concatenate([park, firm]).astype(str)))
    asked = codes.get_indexer(houses["access"])[None, :]
    mine = (codes.get_indexer(park)[:, None] == asked) | (codes.get_indexer(firm)[:, None] == asked)
    public = (houses["access"] == "public").to_numpy(dtype=bool)
    return np.asarray((mine & (asked >= 0)) | public, dtype=bool)


# --- who gets which bed --------------------------------------------------------------------------


def _give_all(
    ids: npt.NDArray[np.object_],
    lodging: Lodging,
    houses: pd.DataFrame,
    ways: pd.DataFrame,
    eligible: Bools,
) -> Given:
    groups = lodging.groups
    most = _whole(groups["beds"])
    park_of = groups["park"].to_numpy(dtype=np.int64)
    park_most = _whole(pd.Series(lodging.lacking))
    beds = _whole(houses["beds"])
    now = (houses["when"] == NOW).to_numpy(dtype=bool)
    # An enterprise's own beds are houses of their own, at no distance: it lodges its people first.
    own = _whole(groups["own_vacant"])
    at = np.flatnonzero(own)
    supply = np.concatenate([np.where(now, beds, 0), own[at]])
    pairs = pd.concat(
        [
            ways[now[ways["place"].to_numpy()]].rename(columns={"place": "house"}),
            pd.DataFrame(
                {"group": at, "house": len(houses) + np.arange(len(at)), "minutes": np.nan}
            ).assign(mode=-1),
        ],
        ignore_index=True,
    )
    first = _give(pairs, park_of, most, park_most, supply)
    used = _used(first, len(groups), len(ids), len(supply), park_of)
    left, park_left, supply_left = most - used[0], park_most - used[1], supply - used[2]
    coming = ways[~now[ways["place"].to_numpy()]].rename(columns={"place": "house"})
    after = _give(coming, park_of, left, park_left, np.where(now, 0, beds))
    # Wherever beds are still vacant: nobody asks for the way, so that those open to the same people
    # are one place. None of them is in reach of who still needs one, else it had been given.
    still = np.flatnonzero(
        now & houses["placed"].to_numpy(dtype=bool) & (supply_left[: len(now)] > 0)
    )
    asked = houses["access"].to_numpy(dtype=str)[still]
    _, first_of, pool = np.unique(asked, return_index=True, return_inverse=True)
    group, place = np.nonzero(eligible[:, still[first_of]] & (left > 0)[:, None])
    far = pd.DataFrame({"group": group, "house": place, "minutes": 0.0, "mode": -1})
    vacant = np.bincount(pool, weights=supply_left[still], minlength=len(first_of))
    farther = _give(far, park_of, left, park_left, vacant.astype(np.int64))
    took = np.bincount(
        park_of[farther["group"].to_numpy(dtype=np.int64)],
        weights=farther["beds"],
        minlength=len(ids),
    ).astype(np.float64)
    return Given(first, after, took)


def _whole(figures: pd.Series) -> Ints:
    """Whole beds; what is not known is none that can be given."""
    return np.asarray(np.floor(figures.fillna(0.0).to_numpy(dtype=float) + SLACK), dtype=np.int64)


def _give(
    pairs: pd.DataFrame, park_of: Ints, group_most: Ints, park_most: Ints, house_most: Ints
) -> pd.DataFrame:
    """Give out beds over some pairs; those that get any."""
    group = pairs["group"].to_numpy(dtype=np.int64)
    place = pairs["house"].to_numpy(dtype=np.int64)
    can = (group_most[group] > 0) & (house_most[place] > 0) & (park_most[park_of[group]] > 0)
    pairs = pairs[can].sort_values(["group", "house"], ignore_index=True)
    cost = np.rint(pairs["minutes"].fillna(0.0).to_numpy(dtype=float) * _TENTHS)
    beds = give(
        Offers(
            pairs["group"].to_numpy(dtype=np.int64),
            pairs["house"].to_numpy(dtype=np.int64),
            cost.astype(np.int64),
            park_of,
            group_most,
            park_most,
            house_most,
        )
    )
    return pairs.assign(beds=beds.astype(float))[beds > 0].reset_index(drop=True)


def _used(
    given: pd.DataFrame, groups: int, parks: int, houses: int, park_of: Ints
) -> tuple[Ints, Ints, Ints]:
    """Beds used by group, by park and by house."""
    group, place = (given[c].to_numpy(dtype=np.int64) for c in ("group", "house"))
    beds = given["beds"].to_numpy()

    def sums(of: Ints, size: int) -> Ints:
        return np.bincount(of, weights=beds, minlength=size).astype(np.int64)

    return sums(group, groups), sums(park_of[group], parks), sums(place, houses)


# --- what it means for each park -----------------------------------------------------------------


def _by_park(
    parks: pd.DataFrame,
    lodging: Lodging,
    given: Given,
    persons_per_unit: float | None,
    supply: npt.NDArray[np.object_],
) -> pd.DataFrame:
    size, park_of = len(parks), lodging.groups["park"].to_numpy(dtype=np.int64)
    known = ~np.isnan(lodging.lacking) & (supply != NONE)

    def beds(part: pd.DataFrame) -> Floats:
        of = park_of[part["group"].to_numpy(dtype=np.int64)]
        sums = np.bincount(of, weights=part["beds"], minlength=size)
        return np.where(known, sums, np.nan)

    allocated, coming = beds(given.now), beds(given.after)
    short = lodging.lacking - allocated
    units = np.full(size, np.nan)
    if persons_per_unit is not None:
        units = np.ceil(np.round(short / persons_per_unit, _DIGITS))
    far = beds(given.now[given.now["minutes"] > FAR_MIN + SLACK])
    return HOUSING.frame(
        {
            "rank": pd.array([None] * size, dtype="Int64"),
            "park_id": parks["park_id"].to_numpy(),
            "park_name": parks["name"].to_numpy(),
            "district": parks["district"].to_numpy(),
            "workers": parks["workers"].to_numpy(dtype=float),
            **{name: lodging.need[:, i] for i, name in enumerate(_LEVELS)},
            "need_basis": lodging.basis,
            "housed": lodging.housed,
            "beds_allocated": allocated,
            "beds_short": short,
            "units_short": units,
            "beds_unknown": np.zeros(size, dtype=np.int64),
            "beds_pipeline": coming,
            "beds_short_after_pipeline": short - coming,
            "workers_over_15min": far,
            "workers_over_45min": np.where(known, given.farther, np.nan),
            "housing_basis": supply,
        }
    )


def _unknown(lodging: Lodging, houses: pd.DataFrame, ways: pd.DataFrame, size: int) -> Ints:
    """Places in reach of each park of which nobody knows the vacant beds."""
    blind = (houses["beds"].isna() & (houses["when"] == NOW)).to_numpy(dtype=bool)
    seen = ways[blind[ways["place"].to_numpy()]]
    park_of = lodging.groups["park"].to_numpy(dtype=np.int64)
    pairs = pd.DataFrame({"park": park_of[seen["group"].to_numpy()], "place": seen["place"]})
    own = park_of[lodging.groups["own_vacant"].isna().to_numpy()]
    parks = np.concatenate([pairs.drop_duplicates()["park"].to_numpy(dtype=np.int64), own])
    return np.bincount(parks, minlength=size).astype(np.int64)


def _ranked(frame: pd.DataFrame, now: pd.DataFrame, lodging: Lodging) -> pd.DataFrame:
    """Rank by workers without a bed, then by the mean way of those given one, then by id."""
    park_of = lodging.groups["park"].to_numpy(dtype=np.int64)
    led = now[now["minutes"].notna()]
    of = park_of[led["group"].to_numpy(dtype=np.int64)]
    size = len(frame)
    total = np.bincount(of, weights=led["beds"] * led["minutes"], minlength=size)
    count = np.bincount(of, weights=led["beds"], minlength=size)
    mean = np.round(np.divide(total, count, out=np.zeros(size), where=count > 0), _DIGITS)
    short = frame["beds_short"].to_numpy(dtype=float)
    known = ~np.isnan(short)
    ids = frame["park_id"].to_numpy(dtype=str)
    order = np.lexsort((ids, -mean, -np.nan_to_num(short), ~known))
    rank = np.empty(size, dtype=np.int64)
    rank[order] = np.arange(1, size + 1)
    frame["rank"] = pd.Series(rank, index=frame.index).where(known).astype("Int64")
    return frame.iloc[order].reset_index(drop=True)


def _told(
    part: pd.DataFrame,
    when: str,
    ids: npt.NDArray[np.object_],
    lodging: Lodging,
    houses: pd.DataFrame,
    modes: tuple[str, ...],
) -> pd.DataFrame:
    """Beds by park and house; of several ways the one of most beds is named."""
    named = (*modes, OWN)
    about = houses[["stock_id", "name", "ready"]].assign(public=houses["access"] == "public")
    about = about.assign(name=about["name"].where(about["public"], None))
    rows = part.merge(about, left_on="house", right_index=True, how="left")
    parks = lodging.groups["park"].to_numpy()[rows["group"].to_numpy(dtype=np.int64)]
    rows = rows.assign(
        park_id=ids[parks],
        stock_id=rows["stock_id"].fillna(OWN),
        public=rows["public"].fillna(value=False).astype(bool),
        mode=rows["mode"].astype(np.int64) % len(named),
        way=rows["beds"] * rows["minutes"],
    )
    keys = ["park_id", "stock_id"]
    by_mode = rows.groupby([*keys, "mode"])["beds"].sum().reset_index()
    by_mode = by_mode.sort_values([*keys, "beds", "mode"], ascending=[True, True, False, True])
    main = by_mode.drop_duplicates(keys)[[*keys, "mode"]]
    sums = rows.groupby(keys, as_index=False).agg(
        beds=("beds", "sum"), way=("way", "sum"), public=("public", "first")
    )
    told = sums.merge(main, on=keys).merge(
        rows.drop_duplicates(keys)[[*keys, "name", "ready"]], on=keys
    )
    minutes = np.floor(told["way"] / told["beds"] + 0.5)
    return told.assign(
        when=when,
        minutes=minutes.where(told["public"]),
        basis=np.where(told["mode"] == 0, "source", "assumption"),
        mode=told["mode"].map(dict(enumerate(named))),
    )[BEDS.names]
