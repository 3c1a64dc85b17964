"""The least walk from a park's workplaces to each place, as a look at every walk finds it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from parkgap.assess.nearest import least_walks


@pytest.mark.parametrize("seed", range(5))
def test_the_least_of_all_walks_from_workplaces_that_may_be_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    origins = pd.DataFrame(
        {
            "park_id": rng.choice(["b", "a10", "a9"], size=12),
            "kind": rng.choice(["work", "work", "home"], size=12),
        }
    )
    hidden = rng.random(12) < 0.2
    ids = pd.Series(["z", "y", "x10", "x9", "东"], name="facility_id")
    rows = [(o, t) for o in range(12) for t in range(7) if rng.random() < 0.5]
    minutes = rng.integers(1, 20, len(rows)).astype(float)
    minutes[rng.random(len(rows)) < 0.2] = np.inf  # up a hill, farther than was looked for
    reach = pd.DataFrame(rows, columns=["origin", "target"]).assign(
        metres=rng.integers(1, 9, len(rows)) * 100.0, minutes=minutes
    )
    expected: dict[tuple[str, str], tuple[float, float]] = {}
    kinds, parks = origins["kind"].tolist(), origins["park_id"].tolist()
    for (origin, target), far, near in zip(rows, reach["metres"], minutes.tolist(), strict=True):
        if kinds[origin] != "work" or hidden[origin] or target >= len(ids):
            continue
        key = (parks[origin], ids.tolist()[target])
        metres, least = expected.get(key, (np.inf, np.inf))
        expected[key] = (min(metres, far), min(least, near))
    found = least_walks(reach, origins, ids, hidden)
    rest = sorted((park, far, place, near) for (park, place), (far, near) in expected.items())
    assert found["park_id"].tolist() == [r[0] for r in rest]
    assert found["facility_id"].tolist() == [r[2] for r in rest]
    assert found["metres"].tolist() == [r[1] for r in rest]
    assert found["minutes"].fillna(np.inf).tolist() == [r[3] for r in rest]


def test_no_walks_give_an_empty_table() -> None:
    origins = pd.DataFrame({"park_id": ["P"], "kind": ["work"]})
    reach = pd.DataFrame({"origin": [0], "target": [3], "metres": [1.0], "minutes": [1.0]})
    ids = pd.Series([], name="facility_id", dtype=object)
    found = least_walks(reach, origins, ids, np.zeros(1, dtype=bool))
    assert list(found.columns) == ["park_id", "facility_id", "metres", "minutes"]
    assert len(found) == 0
