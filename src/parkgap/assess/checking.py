"""What is not known, by what finding out on the ground would change most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.ranking import burdens, finest, whole
from parkgap.assess.stability import MAX_UNVERIFIED
from parkgap.frames import TO_CHECK

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_DIGITS = 9  # beyond them, what is equal differs by rounding alone
_FIGURES = ("workers", "workers_unserved")


def to_check(assessment: pd.DataFrame, shown: pd.DataFrame, ranking: pd.DataFrame) -> pd.DataFrame:
    """List what is unverified, by what checking it would change.

    Parameters
    ----------
    assessment
        Of :data:`parkgap.frames.ASSESSMENT`.
    shown
        The same rows, figures of few workers emptied: where one is, no gain is told, since it
        would give the figure back.
    ranking
        Of :data:`parkgap.frames.RANKING`.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.TO_CHECK`.
    """
    parks, keys = whole(assessment), ["park_id", "item"]
    assessment, shown = finest(assessment), finest(shown)
    use = ((assessment["status"] == "unverified") & (assessment["level"] != "shown")).to_numpy()
    rows = assessment[use].reset_index(drop=True)
    if rows.empty:
        return TO_CHECK.frame()
    hidden = shown.loc[use, list(_FIGURES)].isna().any(axis=1).to_numpy()
    doubt = rows["weight"] * (rows["satisfaction_high"] - rows["satisfaction_low"])
    gain = doubt * rows["workers"]
    # Only where nothing else of the item is open does finding out take its weight from the unknown.
    unsure = pd.MultiIndex.from_frame(parks.loc[parks["status"] == "unverified", keys])
    own = pd.MultiIndex.from_frame(rows[keys])
    freed = rows["weight"].where(own.isin(unsure) & ~own.duplicated(keep=False), 0.0)
    now, missing, effect = _effects(rows, freed, assessment, ranking)
    order = np.lexsort(
        (
            rows["shift"].to_numpy(dtype=str),
            rows["item"].to_numpy(dtype=str),
            rows["park_id"].to_numpy(dtype=str),
            -doubt.to_numpy().round(_DIGITS),
            -gain.fillna(-1.0).to_numpy().round(_DIGITS),
        )
    )
    frame = TO_CHECK.frame(
        {n: rows[n].to_numpy() for n in ("park_id", "item", "origin", "shift", "weight")}
        | {"order": np.zeros(len(rows), dtype=np.int64), "effect": effect}
        | {"gain": gain.where(~hidden).round(1).to_numpy()}
        | {"rank_now": _whole(now), "rank_if_missing": _whole(missing)}
    )
    frame = frame.iloc[order].reset_index(drop=True)
    frame["order"] = np.arange(1, len(frame) + 1)
    return TO_CHECK.check(frame)


def _whole(rank: Floats) -> pd.Series:
    return pd.Series(rank).astype("Float64").astype("Int64")


def _effects(
    rows: pd.DataFrame, freed: pd.Series, assessment: pd.DataFrame, ranking: pd.DataFrame
) -> tuple[Floats, Floats, npt.NDArray[np.object_]]:
    """Rank now, rank if the check finds nothing, and what would change, shape (rows,) each."""
    parks = ranking.set_index("park_id")
    own = parks.loc[rows["park_id"]]
    burden = burdens(assessment).reindex(parks.index).fillna(0.0)
    lack = rows["weight"] * (1.0 - rows["satisfaction_low"]) * rows["workers"]
    counts = (rows["level"] == "mandatory").to_numpy()
    more = np.where(counts, lack.fillna(0.0), 0.0)
    ranked = own["rank"].notna().to_numpy()
    left = own["weight_unverified"].to_numpy() - freed.to_numpy()
    would = (own["tier"] == "unverified").to_numpy() & own["workers"].notna().to_numpy()
    would &= left <= MAX_UNVERIFIED
    place = _places(
        burden[parks["rank"].notna()], burden.loc[rows["park_id"]].to_numpy() + more, rows
    )
    now = own["rank"].to_numpy(dtype=float, na_value=np.nan)
    missing = np.where(ranked | would, place, np.nan)
    effect = np.select([would, ranked & (missing != now)], ["ranked", "rank"], "score")
    return now, missing, effect.astype(object)


def _places(burden: pd.Series, value: Floats, rows: pd.DataFrame) -> Floats:
    """Rank that a park would have among the ranked with another burden, shape (rows,).

    Ties go by id, as in the ranking; the park itself, with what it has now, is never counted.
    """
    ids = np.concatenate([burden.index.to_numpy(dtype=str), rows["park_id"].to_numpy(dtype=str)])
    load = np.concatenate([burden.to_numpy(dtype=float), value]).round(_DIGITS)
    is_park = np.arange(len(ids)) < len(burden)
    # A question stands before the park that it is asked about, whose burden is no larger.
    order = np.lexsort((is_park, ids, -load))
    before = np.cumsum(is_park[order])
    place = np.empty(len(ids))
    place[order] = before + 1
    return place[len(burden) :]
