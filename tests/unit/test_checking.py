"""What is to be checked first, from assessments written out by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.unit.test_ranking import DRUGS, GREEN, MEAL, MET, assessed, parks

from parkgap.assess.checking import to_check
from parkgap.assess.ranking import rank_parks, without_few
from parkgap.standard import load

if TYPE_CHECKING:
    import pandas as pd

# Weights: meal 0.5 (work), drugs 0.3 (home), both mandatory; green 0.2 (home), optional.
WORKERS = {"A": 1000.0, "B": 800.0, "C": 500.0, "T": 400.0, "U": math.nan}
DOUBT = ("unverified", 0.0, 1.0)
TOWN = {
    "A": {MEAL: ("short", 0.4, 0.4), DRUGS: MET, GREEN: MET},
    # Half of the pharmacy's need was found.
    "B": {MEAL: ("short", 0.5, 0.5), DRUGS: ("unverified", 0.5, 1.0), GREEN: MET},
    "C": {MEAL: ("short", 0.8, 0.8), DRUGS: MET, GREEN: DOUBT},
    "T": {MEAL: DOUBT, DRUGS: MET, GREEN: MET},
    "U": {MEAL: MET, DRUGS: DOUBT, GREEN: MET},
}


def listed(workers: dict[str, float] = WORKERS, few: int = 10) -> pd.DataFrame:
    frame = assessed(TOWN, workers)
    frame["workers_unserved"] = frame["workers"] * (1 - frame["satisfaction_low"])
    ranking = rank_parks(frame, parks(workers), load(), np.zeros(len(workers)))
    return to_check(frame, without_few(frame, few), ranking).set_index(["park_id", "item"])


def test_what_changes_most_stands_first() -> None:
    # weight x unknown satisfaction x workers: T meal 0.5 x 400 = 200, B drugs 0.3 x 0.5 x 800,
    # which are 120, C green 0.2 x 500 = 100; of U nobody knows the workers.
    found = listed()
    assert found.index.tolist() == [("T", MEAL), ("B", DRUGS), ("C", GREEN), ("U", DRUGS)]
    assert found["order"].tolist() == [1, 2, 3, 4]
    assert found["gain"].tolist()[:3] == pytest.approx([200, 120, 100])
    assert math.isnan(found["gain"].tolist()[3])


def test_whether_the_rank_would_change() -> None:
    # Burdens: A 0.5 x 0.6 x 1000 = 300, B 0.5 x 0.5 x 800 = 200, C 0.5 x 0.2 x 500 = 50.
    # B without a pharmacy: 200 + 120 = 320, before A.  C without green: optional, 50 still.
    # T has half of its weight unverified; checked, it would be ranked: without a meal by
    # 0.5 x 400 = 200, as many as B, whose id comes first.
    found = listed()
    got = found[["effect", "rank_now", "rank_if_missing"]].astype(object)
    assert got.where(got.notna(), None).to_dict("split")["data"] == [
        ["ranked", None, 3],
        ["rank", 2, 1],
        ["score", 3, 3],
        ["score", None, None],
    ]


def test_no_gain_is_told_that_would_give_a_few_workers_away() -> None:
    # Of B's 16 workers 8 are not served: gain over weight and workers would be their share.
    found = listed({**WORKERS, "B": 16.0, "C": 8.0})
    assert math.isnan(found["gain"]["B", DRUGS])
    assert math.isnan(found["gain"]["C", GREEN])
    assert found["gain"]["T", MEAL] == pytest.approx(200)


def test_nothing_unverified_nothing_to_check() -> None:
    frame = assessed({"A": {MEAL: ("short", 0.4, 0.4), DRUGS: MET, GREEN: MET}}, {"A": 10.0})
    ranking = rank_parks(frame, parks({"A": 10.0}), load(), np.zeros(1))
    assert to_check(frame, frame, ranking).empty
