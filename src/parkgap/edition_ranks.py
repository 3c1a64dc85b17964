"""Ranks of the public edition: parks whose headcount is withheld are not ranked by it.

Where such a park stood among the others would bound its headcount by theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.edition_frames import with_frames

if TYPE_CHECKING:
    from collections.abc import Collection

    from parkgap.results import Results

Ints = npt.NDArray[np.int64]


def without_ranks(results: Results, hidden: Collection[str]) -> Results:
    """Take some parks out of every order by burden, and close the gaps.

    The severity, in which no headcount enters, still ranks them.
    """
    changed = {"ranking": _ranking(results.ranking, hidden)}
    at = _places(results.ranking, hidden)
    firm = results.firm.parks
    left = firm[~firm["park_id"].isin(list(hidden))].reset_index(drop=True)
    if len(left):
        changed["firm.parks"] = _interval(left, at).sort_values(
            ["rank", "park_id"], ignore_index=True
        )
    else:
        changed["firm.parks"] = left
    for path, by in (("firm.sets", "weight_set"), ("comparison", "standard")):
        frame = results.firm.sets if path == "firm.sets" else results.comparison
        if len(frame):
            changed[path] = _each(frame, by, hidden)
    checks = results.firm.to_check
    if len(checks):
        changed["firm.to_check"] = _checks(checks, at, hidden)
    housing = results.plans.housing
    if len(housing):
        changed["plans.housing"] = _housing(housing)
    return with_frames(results, changed)


def _places(frame: pd.DataFrame, hidden: Collection[str]) -> Ints:
    """Ranks that are taken out, sorted."""
    gone = frame.loc[frame["park_id"].isin(list(hidden)), "rank"].dropna()
    return np.sort(gone.to_numpy(dtype=np.int64))


def _closed(rank: pd.Series, at: Ints) -> pd.Series:
    """Ranks less those before them that are taken out."""
    values = rank.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    before = np.searchsorted(at, np.nan_to_num(values), side="left")
    return pd.Series(values - before, index=rank.index).astype("Float64").astype("Int64")


def _interval(frame: pd.DataFrame, at: Ints) -> pd.DataFrame:
    """Close the gaps of a rank, and of the interval around it."""
    rank = _closed(frame["rank"], at)
    low, high = (_closed(frame[n], at).clip(lower=1) for n in ("rank_low", "rank_high"))
    names = {"rank": rank, "rank_low": low.where(low < rank, rank)}
    names["rank_high"] = high.where(high > rank, rank)
    kinds = {n: frame[n].dtype for n in names}
    return frame.assign(**names).astype(kinds)


def _ranking(ranking: pd.DataFrame, hidden: Collection[str]) -> pd.DataFrame:
    """Rank the others; the hidden stand with those of unknown headcount, by severity."""
    own = ranking["park_id"].isin(list(hidden))
    kept = _interval(ranking, _places(ranking, hidden))
    names = ["rank", "rank_low", "rank_high"]
    kept = kept.assign(**kept[names].mask(own))
    sure = ranking["tier"] != "unverified"
    kept["tier"] = kept["tier"].mask(own & sure, "withheld")
    block = np.select([kept["rank"].notna(), sure], [0, 1], 2)
    by = kept["rank_severity"].astype("Float64").to_numpy(dtype=float, na_value=np.inf)
    first = np.select(
        [block == 0, block == 1],
        [kept["rank"].astype("Float64").to_numpy(dtype=float, na_value=0.0), by],
        np.where(own, np.inf, np.arange(len(kept))),  # unverified: as they stood
    )
    order = np.lexsort(
        (kept["park_id"].to_numpy(dtype=str), -kept["weight_unverified"], first, block)
    )
    return kept.iloc[order].reset_index(drop=True)


def _each(frame: pd.DataFrame, by: str, hidden: Collection[str]) -> pd.DataFrame:
    """Close the gaps under every weight set, or standard."""
    own = frame["park_id"].isin(list(hidden))
    told = frame["rank"].mask(own)
    found = frame.assign(rank=told.groupby(frame[by]).rank(method="first").astype("Int64"))
    if "tier" in frame:
        sure = frame["tier"].notna() & (frame["tier"] != "unverified")
        found["tier"] = frame["tier"].mask(own & sure, "withheld")
    return found


def _checks(checks: pd.DataFrame, at: Ints, hidden: Collection[str]) -> pd.DataFrame:
    """Say of the others' ranks what checking would change; of the hidden only the score."""
    own = checks["park_id"].isin(list(hidden))
    now = _closed(checks["rank_now"], at).mask(own)
    missing = _closed(checks["rank_if_missing"], at).mask(own)
    same = (checks["effect"] == "rank") & (now == missing).fillna(value=False)
    effect = checks["effect"].mask(own | same, "score")
    return checks.assign(rank_now=now, rank_if_missing=missing, effect=effect)


def _housing(housing: pd.DataFrame) -> pd.DataFrame:
    """Order the parks by beds short as far as these are told."""
    told = housing["rank"].mask(housing["beds_short"].isna())
    rank = told.rank(method="first").astype("Int64")
    order = np.lexsort(
        (housing["park_id"].to_numpy(dtype=str), rank.astype("Float64").fillna(np.inf))
    )
    return housing.assign(rank=rank).iloc[order].reset_index(drop=True)
