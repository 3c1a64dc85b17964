"""The assumptions that a rank is tried under, and what was judged under each of them.

A scenario is one combination of walking speed, limit of the last band, and strictness of counts.
It changes tests and nothing else, so that whoever judges needs to know no more than other tests.
Which values are tried stands in the standard (its figures); see docs/method.md, "Rank".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.standard import Item, Standard, Test

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LAST_BAND = "d15"
_ALL = "all"


@dataclass(frozen=True)
class Scenario:
    """Factors on the tests; 1 is what the standard states.

    Attributes
    ----------
    speed
        On limits in minutes: who walks faster gets farther in them.
    limit
        On limits in metres of the band d15; those in minutes are 15 minutes at any speed.
    count
        On counts above 1; 0 asks for presence alone.
    """

    speed: float = 1.0
    limit: float = 1.0
    count: float = 1.0


def scenario_grid(standard: Standard) -> tuple[Scenario, ...]:
    """Every combination of what the standard says may be otherwise; as stated first.

    Notes
    -----
    Speeds are ``walk_speed`` (default, low, high); limits of the last band the figures
    ``strict_d15`` and ``suburban_d15`` beside ``bands.d15``; strictness of counts the figures
    ``presence_count`` and ``relaxed_count``.  What a standard's file does not name is not varied.
    """
    speed = standard.walk_speed.v
    speeds = [standard.walk_speed_low.v / speed, standard.walk_speed_high.v / speed]
    band = standard.bands[LAST_BAND].v
    limits = [standard.figure(n) for n in ("strict_d15", "suburban_d15")]
    counts = [standard.figure(n) for n in ("presence_count", "relaxed_count")]
    levels = (
        _levels(speeds),
        _levels([v / band for v in limits if v is not None]),
        _levels([v for v in counts if v is not None]),
    )
    return tuple(Scenario(*factors) for factors in product(*levels))


def _levels(factors: Sequence[float]) -> list[float]:
    return list(dict.fromkeys([1.0, *factors]))


def under(item: Item, scenario: Scenario) -> tuple[Test, ...]:
    """Give an item's tests as a scenario has them."""
    return tuple(
        test.model_copy(
            update={
                "limit": test.limit * _factor(test, scenario),
                "count": max(1, math.ceil(round(test.count * scenario.count, 9))),
            }
        )
        for test in item.tests
    )


def _factor(test: Test, scenario: Scenario) -> float:
    if test.unit == "min":
        return scenario.speed
    return scenario.limit if test.band == LAST_BAND else 1.0


def variants(item: Item, scenarios: Sequence[Scenario]) -> tuple[list[tuple[Test, ...]], Ints]:
    """Give an item's distinct tests under some scenarios: most leave most items alone.

    Returns
    -------
    Distinct tests in the order in which they first appear, and which of them each scenario has,
    shape (scenarios,).
    """
    distinct: dict[tuple[tuple[float, int], ...], int] = {}
    tests: list[tuple[Test, ...]] = []
    which = []
    for scenario in scenarios:
        own = under(item, scenario)
        key = tuple((t.limit, t.count) for t in own)
        if key not in distinct:
            distinct[key] = len(tests)
            tests.append(own)
        which.append(distinct[key])
    return tests, np.array(which, dtype=np.int64)


def scenario_standard(standard: Standard, scenario: Scenario) -> Standard:
    """Give the standard with its tests as a scenario has them, all else the same."""
    categories = tuple(
        category.model_copy(
            update={
                "items": tuple(
                    item.model_copy(update={"tests": under(item, scenario)})
                    for item in category.items
                )
            }
        )
        for category in standard.categories
    )
    return standard.model_copy(update={"categories": categories})


def widest_m(standard: Standard) -> float:
    """Metres on the flat that any test reaches under any scenario."""
    grid = scenario_grid(standard)
    reached = (
        standard.metres(test) * max(_factor(test, scenario) for scenario in grid)
        for item in standard.items
        for test in item.tests
    )
    return max(reached, default=0.0)


@dataclass(frozen=True)
class Satisfactions:
    """What was judged under each scenario; a column is an item, or an item in one shift.

    Attributes
    ----------
    park_ids
        The parks.
    item
        Row of ``standard.items`` of each column, shape (columns,).
    share
        Part of the item's weight that a column has: 0 where it does not apply, 1 where one
        column is the whole item, else the shift's share of workers; shape (parks, columns).
    workers
        Workers judged, NaN where nobody knows; shape (parks, columns).
    low, high
        Satisfaction with what was found, and with what is not confirmed taken as met; 1 where
        the share is 0; shape (scenarios, parks, columns).
    short, unverified
        Status, shape (scenarios, parks, columns).
    """

    park_ids: tuple[str, ...]
    item: Ints
    share: Floats
    workers: Floats
    low: Floats
    high: Floats
    short: Bools
    unverified: Bools

    def of_parks(self, rows: Ints) -> Satisfactions:
        """Take some parks, in the order of `rows`."""
        return replace(
            self,
            park_ids=tuple(self.park_ids[r] for r in rows),
            share=self.share[rows],
            workers=self.workers[rows],
            **{n: getattr(self, n)[:, rows] for n in _JUDGED},
        )


_JUDGED = ("low", "high", "short", "unverified")


def joined(parts: Sequence[Satisfactions]) -> Satisfactions:
    """Put parks together that were judged apart, under the same scenarios, in the same columns."""
    first = parts[0]
    return replace(
        first,
        park_ids=tuple(i for p in parts for i in p.park_ids),
        share=np.concatenate([p.share for p in parts]),
        workers=np.concatenate([p.workers for p in parts]),
        **{n: np.concatenate([getattr(p, n) for p in parts], axis=1) for n in _JUDGED},
    )


def of_assessment(
    assessment: pd.DataFrame, park_ids: Sequence[str], standard: Standard
) -> Satisfactions:
    """Read one scenario, that which was judged, out of the frame of the assessment.

    Parameters
    ----------
    assessment
        Of :data:`parkgap.frames.ASSESSMENT`, workers not withheld.
    park_ids
        Order of the parks.
    standard
        For the order of the items.
    """
    ids = [i.id for i in standard.items]
    scored = assessment[assessment["level"] != "shown"]
    names = scored["item"] + "\n" + scored["shift"]
    columns = sorted(names.unique(), key=lambda n: (ids.index(n.split("\n")[0]), n))
    column = pd.Index(columns).get_indexer(pd.Index(names))
    park = pd.Index(list(park_ids)).get_indexer(pd.Index(scored["park_id"]))
    shape = (len(park_ids), len(columns))
    item = np.array([ids.index(n.split("\n")[0]) for n in columns], dtype=np.int64)
    applies = (scored["status"] != "not_applicable").to_numpy()

    def laid(values: npt.NDArray[np.float64], blank: float) -> Floats:
        out = np.full(shape, blank)
        out[park[applies], column[applies]] = values[applies]
        return out

    weight = laid(scored["weight"].to_numpy(dtype=float), 0.0)
    status = scored["status"].to_numpy()
    return Satisfactions(
        park_ids=tuple(park_ids),
        item=item,
        share=_shares(weight, item, laid(np.ones(len(scored)), 0.0)),
        workers=laid(scored["workers"].to_numpy(dtype=float), np.nan),
        low=laid(scored["satisfaction_low"].to_numpy(dtype=float), 1.0)[None],
        high=laid(scored["satisfaction_high"].to_numpy(dtype=float), 1.0)[None],
        short=laid((status == "short").astype(float), 0.0)[None] > 0,
        unverified=laid((status == "unverified").astype(float), 0.0)[None] > 0,
    )


def _shares(weight: Floats, item: Ints, applies: Floats) -> Floats:
    """Part of its item's weight that each column has; even where the item weighs nothing."""
    same = (item[:, None] == item).astype(float)
    whole = weight @ same
    count = np.maximum(applies @ same, 1.0)
    return np.where(whole > 0, weight / np.where(whole > 0, whole, 1.0), applies / count)
