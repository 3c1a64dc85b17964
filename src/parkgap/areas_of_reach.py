"""Draw the areas of reach of a shard's parks; or take them from the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from parkgap.access.areas import reach_areas, water_of
from parkgap.assess.nearest import few_at
from parkgap.frames import REACH_AREAS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from parkgap.access.gates import WaysOut
    from parkgap.access.streets import Streets
    from parkgap.shards import Rules, Shard
    from parkgap.store import Kept, Memo

Bools = npt.NDArray[np.bool_]


def draw_areas(
    shard: Shard,
    rules: Rules,
    made: tuple[Kept[Streets], pd.DataFrame, pd.DataFrame, Bools],
    out: Callable[[], WaysOut],
    ground: pd.DataFrame,
    memo: Memo,
) -> pd.DataFrame:
    """Draw what is reached on foot from each park's workplaces; nothing where nobody asks.

    Parameters
    ----------
    shard, rules
        Some parks, and by which rules.
    made
        The streets; origins; compounds, and which of them are the shard's own.
    out
        How these are left; asked only where the areas are drawn anew.
    ground
        Of the extract: the water in it is cut out.
    memo
        What was drawn before: a headcount that changes draws nothing again.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.REACH_AREAS`.  Workplaces of which no exact walk is told
        (:func:`parkgap.assess.nearest.few_at`) are no start of an area, for its edge would tell
        where they are; homes are never one.
    """
    if rules.told_from is None:
        return REACH_AREAS.frame()
    streets, origins, grounds, mine = made
    work = (origins["kind"] == "work").to_numpy(dtype=bool)
    told = work & ~few_at(origins, shard.enterprises, rules.told_from)
    water = water_of(ground)
    where = origins.drop(columns=["share", "reached"])

    def draw() -> pd.DataFrame:
        plans = [p for p in out().plans if grounds["kind"].iat[p.ground] == "park"]
        ids = [str(grounds["id"].iat[p.ground]) for p in plans]
        return reach_areas(streets.value, plans, ids, told, water)

    measures = (rules.snap_m, rules.standard.detour)
    known = (streets, where, told, grounds, mine, shard.gates, water, *measures)
    return memo("areas", known, draw).value
