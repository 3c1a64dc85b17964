"""Which shifts a park's workers work: the park's own, or those of their enterprise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]

#: What tells shifts apart; shifts of one pattern are free at the same times.
PATTERN = ("start", "end", "break_start", "break_minutes", "workdays")
#: Of the table that says who works which shift.
COLUMNS = ("park_id", "enterprise_id", "shift", "share", "pattern")
NO_PATTERN = -1  # of a crew whose times nobody gave: every hour counts
OTHERS = "others"  # that crew, where enterprises of its park have shifts

_NOTHING = 1e-9  # share of workers that is rounding


def told_apart(shifts: pd.DataFrame) -> pd.DataFrame:
    """Give shifts of one name but other times in one park names of their own.

    Parameters
    ----------
    shifts
        Frame of :data:`parkgap.frames.SHIFTS`.

    Returns
    -------
    DataFrame
        The same; an enterprise's shift that would be mistaken for another has its id behind it.
    """
    if not len(shifts) or shifts["enterprise_id"].isna().all():
        return shifts
    number = shifts.groupby(list(PATTERN), dropna=False).ngroup()
    kinds = number.groupby([shifts["park_id"], shifts["shift"]]).transform("nunique")
    unlike = (kinds > 1) & shifts["enterprise_id"].notna()
    named = shifts["shift"] + " · " + shifts["enterprise_id"].fillna("")
    return shifts.assign(shift=shifts["shift"].where(~unlike, named))


def shift_names(shifts: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Name the shifts of each park that has any, in the order of the table.

    Parameters
    ----------
    shifts
        Frame of :data:`parkgap.frames.SHIFTS`, its names told apart.
    """
    groups = shifts.groupby("park_id", sort=True)["shift"]
    return {str(park): tuple(dict.fromkeys(map(str, names))) for park, names in groups}


def crews_of(
    shifts: pd.DataFrame, pattern: Ints, parks: pd.DataFrame, enterprises: pd.DataFrame
) -> pd.DataFrame:
    """Say who works which shift.

    Parameters
    ----------
    shifts
        Frame of :data:`parkgap.frames.SHIFTS`, its names told apart.
    pattern
        Of the times of each, shape (shifts,).
    parks, enterprises
        Frames of the schemas of these names.

    Returns
    -------
    DataFrame
        `COLUMNS`.  Rows of an enterprise are of the workers at its place.  Those without are of
        everybody else in the park: an enterprise of unknown place is among them, by its workers.
        In a park of which only enterprises have shifts these are `OTHERS`, at no known times.
    """
    columns = ["park_id", "enterprise_id", "shift", "share"]
    rows = shifts[columns].assign(pattern=pattern).reset_index(drop=True)
    own = rows["enterprise_id"].notna()
    if not own.any():
        return rows
    rows = _with_others(rows)
    own = rows["enterprise_id"].notna()
    lost = enterprises[enterprises["lon"].isna() & (enterprises["workers"] > 0)]
    lost = lost[lost["enterprise_id"].isin(rows.loc[own, "enterprise_id"])]
    if lost.empty:
        return rows
    part = _part_of_rest(lost, parks, enterprises)
    rows = pd.concat([rows, _copied(rows, part["park_id"], enterprises)], ignore_index=True)
    own = rows["enterprise_id"].notna()
    moved = rows.merge(part, on="enterprise_id", how="left")["part"].to_numpy()
    stay = 1.0 - part.groupby("park_id")["part"].sum()
    left = rows["park_id"].map(stay).fillna(1.0).to_numpy()
    share = rows["share"].to_numpy() * np.where(own, np.where(np.isnan(moved), 1.0, moved), left)
    rows = rows.assign(share=share)
    rows.loc[~np.isnan(moved), "enterprise_id"] = None
    rows = rows[rows["share"] > _NOTHING]
    keys = ["park_id", "enterprise_id", "shift", "pattern"]
    summed = rows.groupby(keys, dropna=False, sort=False)["share"].sum().reset_index()
    return summed.astype({"enterprise_id": object})[list(COLUMNS)]


def _with_others(rows: pd.DataFrame) -> pd.DataFrame:
    """Give everybody else a crew in parks of which only enterprises have shifts."""
    shared = rows.loc[rows["enterprise_id"].isna(), "park_id"]
    bare = rows.loc[~rows["park_id"].isin(shared), "park_id"].unique()
    blank = {"enterprise_id": None, "shift": OTHERS, "share": 1.0, "pattern": NO_PATTERN}
    if not len(bare):
        return rows
    return pd.concat([rows, pd.DataFrame({"park_id": bare, **blank})], ignore_index=True)


def _copied(rows: pd.DataFrame, park_ids: pd.Series, enterprises: pd.DataFrame) -> pd.DataFrame:
    """The park's shifts for each of its enterprises of known place that has none of its own."""
    placed = enterprises[enterprises["lon"].notna() & enterprises["park_id"].isin(park_ids)]
    placed = placed[~placed["enterprise_id"].isin(rows["enterprise_id"])]
    shared = rows[rows["enterprise_id"].isna()].drop(columns="enterprise_id")
    return shared.merge(placed[["park_id", "enterprise_id"]], on="park_id")[list(COLUMNS)]


def _part_of_rest(
    lost: pd.DataFrame, parks: pd.DataFrame, enterprises: pd.DataFrame
) -> pd.DataFrame:
    """Part of enterprises of unknown place in the workers whose place is unknown."""
    declared = enterprises.groupby("park_id")["workers"].sum()
    placed = enterprises[enterprises["lon"].notna()].groupby("park_id")["workers"].sum()
    head = parks.set_index("park_id")["workers"].astype(float)
    whole = pd.Series(
        np.fmax(head.reindex(declared.index).to_numpy(dtype=float), declared.to_numpy()),
        index=declared.index,
    )
    rest = whole - placed.reindex(declared.index).fillna(0.0)
    part = lost["workers"].to_numpy() / rest.reindex(lost["park_id"]).to_numpy()
    return lost[["park_id", "enterprise_id"]].assign(part=part).reset_index(drop=True)
