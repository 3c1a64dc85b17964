"""The public edition's scores: so coarse that no withheld satisfaction follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.ranking import burdens, whole
from parkgap.disclosure import bounds, exchanged, is_loose, margin
from parkgap.edition_frames import with_frames

if TYPE_CHECKING:
    from collections.abc import Collection

    from parkgap.results import Results

Floats = npt.NDArray[np.float64]

STEPS = (1.0, 5.0, 10.0)  # points; coarser than that a score says nothing
_ROUNDING = 1e-9
_SCORES = ("score", "score_low", "score_high", "score_work", "score_home")


@dataclass(frozen=True)
class _Unknown:
    """The withheld satisfactions of one park as the unknowns of a linear system.

    Attributes
    ----------
    shares
        What they are, shape (n,).
    low, high
        Unknown of each withheld row's two satisfactions, shape (rows,).
    """

    shares: Floats
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> _Unknown:
        """Make them; where both are one figure, they are one unknown."""
        low, high = (rows[f"satisfaction_{n}"].to_numpy(dtype=float) for n in ("low", "high"))
        apart = np.abs(high - low) > _ROUNDING
        at = np.arange(len(rows))
        second = np.where(apart, len(rows) + np.cumsum(apart) - 1, at)
        return cls(np.concatenate([low, high[apart]]), at, second)

    def relation(self, low: Floats, high: Floats) -> Floats:
        """Write a weighted sum of satisfactions as a row of the system."""
        row = np.zeros(len(self.shares))
        np.add.at(row, self.low, low)
        np.add.at(row, self.high, high)
        return row


def coarse_scores(
    before: Results, after: Results, share: float, sole: Collection[str]
) -> tuple[Results, frozenset[str]]:
    """Round the scores of parks of which satisfactions are withheld.

    To whole points, else to 5 or 10, else they are withheld too: so that linear programming over
    all that is told of a park (five scores, and its rank between those whose burden is told)
    bounds none of the withheld more closely than `share` on either side.

    Parameters
    ----------
    before, after
        Results before and after satisfactions were withheld.
    share
        p of the p % rule, as a share.
    sole
        Parks that are not ranked.

    Returns
    -------
    results, tight
        And the parks whose rank alone would tell too much: they must not be ranked.
    """
    full, told = whole(before.assessment), whole(after.assessment)
    use = (full["status"] != "not_applicable") & (full["weight"] > 0)
    full, told = full[use.to_numpy()], told[use.to_numpy()]
    hidden = (full["satisfaction_low"].notna() & told["satisfaction_low"].isna()).to_numpy()
    concerned = full.loc[hidden, "park_id"].unique()
    if not len(concerned):
        return after, frozenset()
    between = _between(before, full, hidden, sole)
    ranking = after.ranking.set_index("park_id")
    tight: set[str] = set()
    scores = ranking[list(_SCORES)].astype("float64").copy()
    for park in concerned:
        own = (full["park_id"] == park).to_numpy()
        rows, gone = full[own], hidden[own]
        limits = between.get(park)
        step = next(
            (s for s in STEPS if _all_loose(rows, gone, scores.loc[park], s, limits, share)), None
        )
        if step is None and not _all_loose(rows, gone, scores.loc[park], None, limits, share):
            tight.add(str(park))
            step = next(
                (s for s in STEPS if _all_loose(rows, gone, scores.loc[park], s, None, share)), None
            )
        rough = scores.loc[park] * np.nan if step is None else rounded(scores.loc[park], step)
        scores.loc[park] = rough
    changed = {
        "ranking": after.ranking.assign(
            **scores.loc[after.ranking["park_id"]].reset_index(drop=True)
        )
    }
    for path, frame in (("firm.sets", after.firm.sets), ("comparison", after.comparison)):
        if len(frame):
            names = [n for n in _SCORES if n in frame]
            own = frame["park_id"].isin(list(concerned))
            changed[path] = frame.assign(**frame[names].mask(own))
    return with_frames(after, changed), frozenset(tight)


def rounded(scores: pd.Series, step: float) -> pd.Series:
    """Round scores down to multiples of a step: 100 stays what lacks nothing.

    Examples
    --------
    >>> rounded(pd.Series([99.4, 100.0, 37.0]), 5.0).tolist()
    [95.0, 100.0, 35.0]
    """
    return pd.Series(np.floor(scores / step + _ROUNDING) * step)


def _all_loose(
    rows: pd.DataFrame,
    gone: npt.NDArray[np.bool_],
    scores: pd.Series,
    step: float | None,
    limits: tuple[float, float] | None,
    share: float,
) -> bool:
    """Tell whether nothing withheld of a park is bounded too closely by its scores and rank."""
    own = rows[gone]
    unknown = _Unknown.of(own)
    matrix, low, high = [], [], []
    if step is not None:
        for name in _SCORES:
            row, known = _relation(rows, gone, unknown, name)
            if row.any() and np.isfinite(scores[name]):
                rough = float(rounded(scores[[name]], step).iloc[0])
                matrix.append(row)
                low.append(rough - known)
                high.append(rough + step - known)
    if limits is not None:
        gap = ((own["status"] == "short") & (own["level"] == "mandatory")).to_numpy()
        weight = (own["weight"] * own["workers"]).fillna(0.0).to_numpy(dtype=float) * gap
        if weight.any():  # limits are of the sum of weight x workers x satisfaction
            matrix.append(unknown.relation(np.zeros(len(own)), weight))
            low.append(limits[0])
            high.append(limits[1])
    if not matrix:
        return True
    upper = np.ones(len(unknown.shares))
    room = margin(unknown.shares, upper, share)
    system = (np.array(matrix), np.array(low), np.array(high), upper)
    sure = exchanged(system[0], unknown.shares, upper, room)
    return all(
        is_loose(float(unknown.shares[at]), bounds(*system, int(at)), 1.0, float(room[at]))
        for at in np.flatnonzero(~sure)
    )


def _relation(
    rows: pd.DataFrame, gone: npt.NDArray[np.bool_], unknown: _Unknown, name: str
) -> tuple[Floats, float]:
    """Write one score as a row of the system; with what the told satisfactions add to it."""
    part = np.ones(len(rows), dtype=bool)
    if name in ("score_work", "score_home"):
        part = (rows["origin"] == name.removeprefix("score_")).to_numpy()
    weight = rows["weight"].to_numpy(dtype=float) * part
    total = weight.sum()
    if total <= 0:
        return np.zeros(len(unknown.shares)), 0.0
    each = 100.0 * weight / total
    of_low = {"score_low": 1.0, "score_high": 0.0}.get(name, 0.5)
    low, high = each * of_low, each * (1.0 - of_low)
    known = ~gone
    said = sum(
        float((w[known] * rows[n].to_numpy(dtype=float)[known]).sum())
        for w, n in ((low, "satisfaction_low"), (high, "satisfaction_high"))
    )
    return unknown.relation(low[gone], high[gone]), said


def _between(
    before: Results, full: pd.DataFrame, hidden: npt.NDArray[np.bool_], sole: Collection[str]
) -> dict[str, tuple[float, float]]:
    """Say of each ranked park between what its rank bounds what is withheld.

    Of the nearest parks before and behind whose whole burden is told: between theirs its own lies.
    The bounds are of the sum of weight x workers x satisfaction over its withheld gaps.
    """
    ranked = before.ranking.dropna(subset=["rank"]).sort_values("rank")
    ranked = ranked[~ranked["park_id"].isin(list(sole))]
    ids = ranked["park_id"].tolist()
    burden = burdens(full).reindex(ids).fillna(0.0).to_numpy()
    gap = ((full["status"] == "short") & (full["level"] == "mandatory")).to_numpy() & hidden
    own = full[gap]
    loss = own["weight"] * own["workers"]
    sums = {
        "whole": loss.groupby(own["park_id"]).sum().reindex(ids).fillna(0.0).to_numpy(),
        "met": (loss * own["satisfaction_high"])
        .groupby(own["park_id"])
        .sum()
        .reindex(ids)
        .fillna(0.0)
        .to_numpy(),
    }
    told = sums["whole"] == 0
    found = {}
    for at, park in enumerate(ids):
        if told[at]:
            continue
        ahead = burden[:at][told[:at]]
        behind = burden[at + 1 :][told[at + 1 :]]
        most = float(ahead[-1]) if len(ahead) else np.inf
        least = float(behind[0]) if len(behind) else 0.0
        # burden = told + whole - met
        rest = burden[at] - sums["whole"][at] + sums["met"][at]
        low = rest + sums["whole"][at] - most if np.isfinite(most) else 0.0
        found[str(park)] = (float(low), float(rest + sums["whole"][at] - least))
    return found
