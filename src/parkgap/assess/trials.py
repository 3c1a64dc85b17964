"""Judge under other assumptions than the standard's: satisfaction and status alone, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from parkgap.assess.outcomes import judge
from parkgap.assess.scenarios import Satisfactions, variants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.assess.items import Assessor
    from parkgap.assess.scenarios import Scenario
    from parkgap.standard import Item, Test

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def satisfactions(assessor: Assessor, scenarios: Sequence[Scenario]) -> Satisfactions:
    """Judge every park by every scored item under each scenario.

    Parameters
    ----------
    assessor
        What stands on its ground is judged.
    scenarios
        The first is what the standard states, so that the first layer is the assessment itself.

    Returns
    -------
    Satisfactions
        One column an item, parks in the order of the ground.
    """
    items = assessor.standard.scored
    parks, shape = assessor.g.parks, (len(scenarios), len(assessor.g.parks), len(items))
    low, high = np.ones(shape), np.ones(shape)
    short, unverified = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    share = np.zeros(shape[1:])
    workers = np.full(shape[1:], np.nan)
    for column, item in enumerate(items):
        tests, which = variants(item, scenarios)
        applies = assessor.applies(assessor.judge(item))
        share[:, column] = applies
        workers[:, column] = np.where(applies, assessor.people(assessor.judge(item)), np.nan)
        judged = [_under(assessor, item, own) for own in tests]
        for out, values in zip(
            (low, high, short, unverified), zip(*judged, strict=True), strict=True
        ):
            out[:, applies, column] = np.array(values)[which][:, applies]
    ids = tuple(str(i) for i in parks["park_id"])
    index = np.array([assessor.counter.index[i.id] for i in items], dtype=np.int64)
    return Satisfactions(ids, index, share, workers, low, high, short, unverified)


def _under(
    assessor: Assessor, item: Item, tests: tuple[Test, ...]
) -> tuple[Floats, Floats, Bools, Bools]:
    """Satisfaction, low and high, and whether short or unverified, each shape (parks,)."""
    judged = assessor.judge(item)
    found = judged.found.park
    if tests != item.tests:
        counts = assessor.counter.counts(
            item.model_copy(update={"tests": tests}), judged.rows, judged.where
        )
        found = judge(assessor.groups, counts, judged.ends).park
    status = found.status
    high = np.fmax(found.low, found.high)
    return found.low, high, status == "short", status == "unverified"
