"""Needs put together for a whole item are those that a look at group after group finds."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tests.unit.test_items import BREAKFAST, DRUGS, MEAL, SHOP, Group, Place, judge
from tests.unit.test_shifts import OPEN, SHUT, by_shift, times

from parkgap.assess.additions import fewest
from parkgap.assess.gaps import Gaps
from parkgap.assess.groups import SLACK
from parkgap.assess.items import Assessor, Judged

ITEMS = (MEAL, SHOP, DRUGS, BREAKFAST)


def town(seed: int) -> Assessor:
    """A park of five workplaces among twelve sites, with two shifts that have little time."""
    rng = random.Random(seed)  # noqa: S311 - a town, no secret
    places = {f"f{i}": Place([rng.choice(ITEMS)]) for i in range(6)}
    places |= {f"s{i}": Place() for i in range(12)}
    groups = [
        Group("P", 0.2, {n: rng.uniform(20, 1500) for n in rng.sample(sorted(places), 9)})
        for _ in range(5)
    ]
    plain = judge({"P": 9000.0}, places, groups)
    hours = [(OPEN, rng.choice((OPEN, SHUT))) for _ in range(6)]
    return by_shift(plain, times(ITEMS, hours, spare=(rng.uniform(2, 9), rng.choice((0.5, 5.0)))))


def one_by_one(assessor: Assessor, judged: Judged, crews: list[int]) -> int:
    g, groups, counts = assessor.g, assessor.groups, judged.counts
    reach = g.reach[g.reach["target"] >= len(g.facilities)]
    cover, more = [], []
    for group in np.flatnonzero(judged.ends.work & np.isin(groups.crew, crews)):
        walks = reach[reach["origin"] == groups.origin[group]].set_index("target")
        metres, minutes = (
            walks[c].reindex(range(99)).fillna(np.inf).to_numpy() for c in ("metres", "minutes")
        )
        pattern = groups.pattern[[groups.crew[group]]]
        spare = g.times.farthest(judged.item.id, pattern, str(judged.where[group]))
        for t, test in enumerate(judged.item.tests):
            if counts.short[group, t]:
                near = (metres if test.unit == "m" else minutes) <= test.limit + SLACK
                here = np.arange(len(g.origins)) == groups.origin[group]
                cover.append(np.r_[near & (minutes <= spare + SLACK), here])
                more.append(counts.needed[group, t] - counts.found[group, t])
    return fewest(np.array(cover, dtype=bool), np.array(more).astype(np.int64)) if more else 0


@pytest.mark.parametrize("seed", range(12))
def test_additions_are_those_of_needs_looked_at_one_by_one(seed: int) -> None:
    assessor = town(seed)
    gaps = Gaps(assessor.g)
    found = 0
    for item in ITEMS:
        judged = assessor.judge(assessor.standard.item(item))
        for crews in ([0, 1], [0], [1]):
            least = gaps.additions(judged, crews)
            assert least == one_by_one(assessor, judged, crews), (item, crews)
            found += least
    assert found > 0


def test_a_shift_without_any_free_time_is_served_by_no_street_point() -> None:
    # The site serves both workplaces, but who has no break reaches none: one at each of the two.
    walks = {"site": 100.0}
    plain = judge({"P": 100.0}, {"site": Place()}, [Group("P", 0.5, walks), Group("P", 0.5, walks)])
    never = times([DRUGS], [], spare=(-10.0, -10.0))  # breaks of no minutes
    assessor = by_shift(plain, never)
    judged = assessor.judge(assessor.standard.item(DRUGS))
    assert np.isneginf(never.farthest(DRUGS, np.array([0]), "work")).all()
    assert Gaps(assessor.g).additions(judged, [0, 1]) == 2
