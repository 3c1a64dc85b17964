"""What is judged under all scenarios at once is what the standard so changed judges by itself."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.test_items import (
    BREAKFAST,
    DRUGS,
    EITHER,
    MARKET,
    MEAL,
    SHOP,
    STANDARD,
    Group,
    Place,
    judge,
)
from tests.unit.test_shifts import OPEN, SHUT, UNKNOWN, by_shift, times

from parkgap.assess.items import Assessor
from parkgap.assess.ranking import whole
from parkgap.assess.scenarios import of_assessment, scenario_grid, scenario_standard
from parkgap.assess.trials import satisfactions

ITEMS = (MEAL, SHOP, DRUGS, BREAKFAST, MARKET, EITHER)


def town(seed: int) -> Assessor:
    """Two parks, their homes, thirty places; walks, thin data and hours at random."""
    rng = random.Random(seed)  # noqa: S311 - a town, no secret
    places = {f"f{i}": Place([rng.choice(ITEMS)]) for i in range(30)} | {"door": Place()}

    def walks() -> dict[str, float]:
        near = rng.sample(range(30), 12)
        return {f"f{i}": rng.uniform(50, 1500) for i in near} | {"door": 0.0}

    groups = [
        Group(p, 0.5, walks(), kind=k, based_on="other" if k == "home" else "enterprise")
        for p in "PQ"
        for k in ("work", "home")
        for _ in range(2)
    ]
    thin = [("Q", "home")] if rng.random() < 0.5 else []
    people = {"P": 4000.0, "Q": 900.0}
    return judge(people, places, groups, thin=thin, residents={"P": 3000, "Q": 900})


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shifts", [False, True])
def test_every_scenario_is_the_standard_so_changed(seed: int, *, shifts: bool) -> None:
    assessor = town(seed)
    if shifts:
        rng = random.Random(seed)  # noqa: S311 - a town, no secret
        hours = [(OPEN, rng.choice((OPEN, SHUT, UNKNOWN))) for _ in range(30)]
        assessor = by_shift(assessor, times(ITEMS, hours))
    grid = scenario_grid(STANDARD)
    together = satisfactions(assessor, grid)
    assert len(grid) == 27
    for i, scenario in enumerate(grid):
        alone = Assessor(
            replace(assessor.g),
            scenario_standard(STANDARD, scenario),
            language="en",
            min_workers=1,
        )
        one = of_assessment(whole(alone.assess()), together.park_ids, STANDARD)
        order = [list(together.item).index(c) for c in one.item]
        applies = one.share > 0
        assert (applies == (together.share[:, order] > 0)).all()
        for name in ("low", "high", "short", "unverified"):
            found = getattr(together, name)[i][:, order]
            expected = getattr(one, name)[0]
            assert np.allclose(found[applies], expected[applies], atol=1e-12), (scenario, name)
        assert np.allclose(together.workers[:, order][applies], one.workers[applies])
