"""Standards side by side: what each says of every park, in one table.

The figures are those that each standard's own assessment gives; nothing is averaged over
standards, for their items, weights and limits are made for different people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from parkgap.assess.ranking import whole
from parkgap.frames import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.standard import Standard

_RANKED = ("rank", "tier", "score", "score_low", "score_high", "weight_unverified")


def compare_standards(
    judged: Sequence[tuple[Standard, pd.DataFrame, pd.DataFrame]],
) -> pd.DataFrame:
    """Put the assessments by several standards side by side.

    Parameters
    ----------
    judged
        Each standard with its frames of :data:`parkgap.frames.RANKING` and
        :data:`parkgap.frames.ASSESSMENT`; the study's own standard first.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.COMPARISON`: parks in the order of the first ranking, and of each
        the standards in the order given.
    """
    parts = [_one(*each).assign(place=place) for place, each in enumerate(judged)]
    order = {str(p): i for i, p in enumerate(judged[0][1]["park_id"])}
    every = pd.concat(parts, ignore_index=True)
    every = every.assign(at=every["park_id"].map(order))
    every = every.sort_values(["at", "place"], ignore_index=True)
    return COMPARISON.check(every[COMPARISON.names].astype(COMPARISON.frame().dtypes.to_dict()))


def _one(standard: Standard, ranking: pd.DataFrame, assessment: pd.DataFrame) -> pd.DataFrame:
    """Say what one standard says of every park."""
    frame = ranking[["park_id", "park_name", *_RANKED]].set_index("park_id", drop=False)
    frame.index.name = None
    scored = [item.id for item in standard.scored]
    at = {item: i for i, item in enumerate(scored)}
    rows = whole(assessment)
    rows = rows[rows["item"].isin(scored) & (rows["status"] != "not_applicable")]
    rows = rows.assign(at=rows["item"].map(at)).sort_values(["park_id", "at"])
    short = rows[rows["status"] == "short"]
    waiting = rows[rows["status"] == "unverified"]
    recalled = {t.id.partition(".")[0] for t in standard.unconfirmed}
    doubtful = rows["weight"].where(rows["item"].isin(recalled), 0.0)

    def number(part: pd.DataFrame) -> pd.Series:
        return part.groupby("park_id").size().reindex(frame.index).fillna(0).astype("int64")

    return frame.assign(
        standard=standard.id,
        short=short.groupby("park_id")["item"].agg("; ".join).reindex(frame.index).fillna(""),
        short_count=number(short),
        unverified_count=number(waiting),
        items_count=number(rows),
        weight_unconfirmed=doubtful.groupby(rows["park_id"]).sum().reindex(frame.index).fillna(0.0),
    )
