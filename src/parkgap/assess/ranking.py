"""From judged items to scores, ranks and lists.

Formulas and their reasons: docs/method.md, "Score", "Rank".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.stability import MAX_UNVERIFIED
from parkgap.details import ALL
from parkgap.frames import RANKING, SHORTFALL
from parkgap.standard import Standard

Floats = npt.NDArray[np.float64]

_TOP = 3
_DIGITS = 9  # beyond them, what is equal differs by rounding alone


def rank_parks(
    assessment: pd.DataFrame,
    parks: pd.DataFrame,
    standard: Standard,
    lacking_core: Floats,
) -> pd.DataFrame:
    """Score and rank the parks.

    Parameters
    ----------
    assessment, parks
        Frames of these schemas.
    standard
        For core items.
    lacking_core
        Share of each park's workers who lack a core item, shape (parks,).

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.RANKING`: ranked parks first, by rank; then those of unknown
        headcount, by severity; then those to be verified, by workers x unverified weight.
    """
    assessment = whole(assessment)
    frame = parks[
        ["park_id", "name", "zone", "district", "subdistrict", "workers", "headcount_basis"]
    ].rename(columns={"name": "park_name"})
    frame = frame.set_index("park_id", drop=False)
    frame.index.name = None
    scores = _scores(assessment).reindex(frame.index)
    frame = frame.join(scores)
    frame["weight_unverified"] = frame["weight_unverified"].fillna(0.0)
    frame["workers_lacking_core"] = np.round(lacking_core * frame["workers"])
    gaps = _gaps(assessment)
    frame["core_missing"] = _joined(
        gaps[gaps["item"].isin([i.id for i in standard.items if i.core])], frame.index
    )
    frame["top_gaps"] = _joined(gaps.groupby("park_id").head(_TOP), frame.index)
    known = frame["workers"].notna()
    sure = frame["weight_unverified"] <= MAX_UNVERIFIED
    burden = burdens(assessment).reindex(frame.index).fillna(0.0)
    severity = _severity(assessment).reindex(frame.index).fillna(0.0)
    frame["rank"] = _order(burden.where(known & sure), frame["park_id"])
    frame["rank_severity"] = _order(severity.where(sure), frame["park_id"])
    # As firm as can be: other assumptions are tried later (assess/stability.py).
    frame["rank_low"] = frame["rank_high"] = frame["rank"]
    frame["tier"] = _tiers(frame["rank"], known, sure)
    block = np.select([known & sure, sure], [0, 1], 2)
    waiting = (frame["workers"] * frame["weight_unverified"]).fillna(0.0)
    first = np.select(
        [block == 0, block == 1],
        [frame[c].astype("Float64").fillna(0.0).astype(float) for c in ("rank", "rank_severity")],
        -waiting,
    )
    second = -frame["weight_unverified"].to_numpy()
    order = np.lexsort((frame["park_id"].to_numpy(dtype=str), second, first, block))
    return RANKING.check(frame.iloc[order].reset_index(drop=True)[RANKING.names])


def whole(assessment: pd.DataFrame) -> pd.DataFrame:
    """Rows of whole parks, all their shifts together."""
    return assessment[assessment["shift"] == ALL]


def finest(assessment: pd.DataFrame) -> pd.DataFrame:
    """Rows of single shifts where there are any, else of the whole park: nobody stands in two."""
    keys = pd.MultiIndex.from_frame(assessment[["park_id", "item"]])
    single = (assessment["shift"] != ALL).to_numpy()
    return assessment[single | ~keys.isin(keys[single])]


def _scores(a: pd.DataFrame) -> pd.DataFrame:
    """Scores by park: 100 x weighted satisfaction over what applies."""
    use = a[(a["status"] != "not_applicable") & (a["weight"] > 0)]
    park = use["park_id"]

    def mean(column: str, rows: pd.Series) -> pd.Series:
        part = use[rows]
        weight = part.groupby("park_id")["weight"].sum()
        return (part[column] * part["weight"]).groupby(part["park_id"]).sum() / weight

    every = pd.Series(data=True, index=use.index)
    low = 100.0 * mean("satisfaction_low", every)
    # An unverified item counts as met; of a short one only what may be hidden behind a gate.
    high = 100.0 * mean("satisfaction_high", every)
    middle = (use["satisfaction_low"] + use["satisfaction_high"]) / 2
    use = use.assign(middle=middle)
    unverified = use["weight"].where(use["status"] == "unverified", 0.0).groupby(park).sum()
    return pd.DataFrame(
        {
            "score": (low + high) / 2,
            "score_low": low,
            "score_high": high,
            "weight_unverified": unverified,
            "score_work": 100.0 * mean("middle", use["origin"] == "work"),
            "score_home": 100.0 * mean("middle", use["origin"] == "home"),
        }
    )


def _gaps(a: pd.DataFrame) -> pd.DataFrame:
    """Confirmed gaps of scored items, the heaviest first within each park."""
    gaps = a[(a["status"] == "short") & (a["weight"] > 0)]
    loss = gaps["weight"] * (1.0 - gaps["satisfaction_high"])
    gaps = gaps.assign(loss=loss.round(_DIGITS))
    return gaps.sort_values(["park_id", "loss", "item"], ascending=[True, False, True])


def _joined(gaps: pd.DataFrame, index: pd.Index) -> pd.Series:
    return gaps.groupby("park_id")["item"].agg("; ".join).reindex(index).fillna("")


def _severity(a: pd.DataFrame) -> pd.Series:
    """Sum over confirmed gaps of mandatory items of weight x (1 - satisfaction)."""
    gaps = a[(a["status"] == "short") & (a["level"] == "mandatory")]
    return (gaps["weight"] * (1.0 - gaps["satisfaction_high"])).groupby(gaps["park_id"]).sum()


def burdens(assessment: pd.DataFrame) -> pd.Series:
    """Sum up each park's confirmed gaps of mandatory items: weight x lack x workers judged.

    Workers judged are all of them at work, the known residents at home.  A park without such a
    gap has no row.
    """
    a = assessment
    gaps = a[(a["status"] == "short") & (a["level"] == "mandatory")]
    loss = gaps["weight"] * (1.0 - gaps["satisfaction_high"]) * gaps["workers"]
    return loss.groupby(gaps["park_id"]).sum()


def _order(value: pd.Series, ids: pd.Series) -> pd.Series:
    """Rank 1 for the largest; ties by id, so that a rank is one number; <NA> stays."""
    order = np.lexsort((ids.to_numpy(dtype=str), -value.fillna(-1.0).to_numpy().round(_DIGITS)))
    rank = np.empty(len(value), dtype=np.int64)
    rank[order] = np.arange(1, len(value) + 1)
    return pd.Series(rank, index=value.index).where(value.notna()).astype("Int64")


def _tiers(rank: pd.Series, known: pd.Series, sure: pd.Series) -> npt.NDArray[np.object_]:
    count = int(rank.notna().sum())
    place = rank.astype("Int64").fillna(1).to_numpy(dtype=np.int64) - 1
    named = np.array(["upper", "middle", "lower"], dtype=object)[3 * place // max(count, 1)]
    return np.where(known & sure, named, np.where(sure, "unknown_headcount", "unverified"))


def shortfalls(assessment: pd.DataFrame, parks: pd.DataFrame) -> pd.DataFrame:
    """List what is short or unverified, worst first (:data:`parkgap.frames.SHORTFALL`).

    Where shifts fare differently, those that lack something stand there instead of the whole
    park, so that no worker is counted twice.

    Confirmed gaps come by weight x (1 - satisfaction) x workers, then (headcount unknown) without
    the workers; what is unverified follows by the same measure of what may be lacking.
    """
    rows = assessment[
        assessment["status"].isin(["short", "unverified"]) & (assessment["level"] != "shown")
    ]
    rows = finest(rows)
    names = parks.set_index("park_id")["name"]
    satisfied = rows["satisfaction_high"].where(rows["status"] == "short", rows["satisfaction_low"])
    loss = rows["weight"] * (1.0 - satisfied)
    order = np.lexsort(
        (
            rows["shift"].to_numpy(dtype=str),
            rows["item"].to_numpy(dtype=str),
            rows["park_id"].to_numpy(dtype=str),
            -loss.to_numpy().round(_DIGITS),
            -(loss * rows["workers"]).fillna(0.0).to_numpy().round(_DIGITS),
            rows["workers"].isna().to_numpy(),
            (rows["status"] != "short").to_numpy(),
        )
    )
    frame = rows.iloc[order].reset_index(drop=True)
    frame["priority"] = np.arange(1, len(frame) + 1)
    frame["park_name"] = frame["park_id"].map(names)
    return SHORTFALL.check(frame[SHORTFALL.names])


def without_few(frame: pd.DataFrame, min_workers: int) -> pd.DataFrame:
    """Empty every figure of workers that stands for fewer than `min_workers` of them."""
    columns = [c for c in ("workers", "workers_unserved", "workers_lacking_core") if c in frame]
    shown = frame[columns]
    return frame.assign(**shown.mask((shown > 0) & (shown < min_workers)))


def sum_told(figures: pd.Series, min_workers: int) -> float:
    """Sum figures of workers, unless one of them is withheld.

    The other summands are published one by one, so that a sum with a withheld one
    (0 < figure < `min_workers`, as in :func:`without_few`) would give it away by subtraction.
    As every such sum is empty, no published sum contains what is not published, and no
    combination of sums does.

    Returns
    -------
    float
        NaN where a figure is withheld, or none is known; unknown ones are left out.
    """
    if bool(((figures > 0) & (figures < min_workers)).any()):
        return float("nan")
    return float(figures.sum(min_count=1))
