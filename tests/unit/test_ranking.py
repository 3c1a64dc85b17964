"""Scores, ranks and the list of gaps, from assessments written out by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from parkgap.assess.ranking import rank_parks, shortfalls
from parkgap.frames import ASSESSMENT, PARKS
from parkgap.standard import Standard, load

if TYPE_CHECKING:
    import pandas as pd

MEAL, DRUGS, GREEN = "canteen_or_meal", "pharmacy", "public_green"
UNKNOWN = math.nan
# Item: weight, level, from where it is judged.
ITEMS = {
    MEAL: (0.5, "mandatory", "work"),
    DRUGS: (0.3, "mandatory", "home"),
    GREEN: (0.2, "optional", "home"),
}
MET = ("met", 1.0, 1.0)


@pytest.fixture(scope="module")
def standard() -> Standard:
    return load()


def parks(workers: dict[str, float]) -> pd.DataFrame:
    count = len(workers)
    text = {c.name: [""] * count for c in PARKS.columns if c.kind in ("str", "geometry")}
    return PARKS.frame(
        text | {"park_id": list(workers), "name": list(workers), "workers": list(workers.values())}
    )


def assessed(
    rows: dict[str, dict[str, tuple[str, float, float]]],
    workers: dict[str, float],
    judged: dict[tuple[str, str], float] | None = None,
) -> pd.DataFrame:
    """Write an assessment: per park and item (status, satisfaction low, high)."""
    records = [
        {
            "park_id": park,
            "item": item,
            "category": "any",
            "origin": origin,
            "shift": "all",
            "level": level,
            "weight": weight,
            "status": found[item][0],
            "satisfaction_low": found[item][1],
            "satisfaction_high": found[item][2],
            "workers": (judged or {}).get((park, item), workers[park]),
        }
        for park, found in rows.items()
        for item, (weight, level, origin) in ITEMS.items()
    ]
    columns: dict[str, object] = {
        c.name: [r.get(c.name, "" if c.kind == "str" else math.nan) for r in records]
        for c in ASSESSMENT.columns
    }
    return ASSESSMENT.frame(columns)


WORKERS = {"A": 1000, "B": 100, "C": 500, "T1": 300, "T2": 1000, "T3": 100, "U": UNKNOWN}
TOWN = {
    "A": {MEAL: ("short", 0.5, 0.5), DRUGS: MET, GREEN: ("short", 0.0, 0.0)},
    "B": {MEAL: ("short", 0.0, 0.0), DRUGS: ("short", 0.0, 0.0), GREEN: MET},
    # Of the pharmacy's lack a fifth may be hidden behind a gate; 400 of 500 have a known home.
    "C": {MEAL: MET, DRUGS: ("short", 0.0, 0.2), GREEN: ("unverified", 0.0, 1.0)},
    "T1": {MEAL: ("unverified", 0.0, 1.0), DRUGS: MET, GREEN: MET},
    "T2": {MEAL: MET, DRUGS: ("unverified", 0.0, 1.0), GREEN: ("unverified", 0.0, 1.0)},
    "T3": {MEAL: ("unverified", 0.0, 1.0), DRUGS: ("unverified", 0.0, 1.0), GREEN: MET},
    "U": {MEAL: ("short", 0.0, 0.0), DRUGS: MET, GREEN: MET},
}
JUDGED = {("C", DRUGS): 400.0}


@pytest.fixture(scope="module")
def ranking(standard: Standard) -> pd.DataFrame:
    frame = assessed(TOWN, WORKERS, JUDGED)
    # The least known stand first in the table of parks, so that no order is kept by chance.
    turned = parks(dict(reversed(WORKERS.items())))
    return rank_parks(frame, turned, standard, np.array([1.0, 0.0, 0.0, 0.0, 0.8, 1.0, 0.5]))


def test_scores_are_weighted_satisfaction(ranking: pd.DataFrame) -> None:
    # A: 0.5 x 0.5 + 0.3.  B: 0.2.  C: low 0.5; high 0.5 + 0.3 x 0.2 + 0.2 = 0.76.
    # T1: low 0.5, high 1.  The score is the mean of low and high.
    want = {
        "A": (55, 55, 55, 0.0),
        "B": (20, 20, 20, 0.0),
        "C": (50, 63, 76, 0.2),
        "T1": (50, 75, 100, 0.5),
        "T2": (50, 75, 100, 0.5),
        "T3": (20, 60, 100, 0.8),
        "U": (50, 50, 50, 0.0),
    }
    got = ranking.set_index("park_id")
    columns = ["score_low", "score", "score_high", "weight_unverified"]
    for park, values in want.items():
        assert got[columns].to_dict("index")[park] == pytest.approx(
            dict(zip(columns, values, strict=True))
        )
    # C at work: the meal alone.  C at home: (0.3 x 0.1 + 0.2 x 0.5) / 0.5.
    assert (got["score_work"]["C"], got["score_home"]["C"]) == pytest.approx((100, 26))


def test_rank_is_by_burden_and_severity_leaves_workers_out(ranking: pd.DataFrame) -> None:
    # Burden over mandatory items: A 0.5 x 0.5 x 1000 = 250, C 0.3 x 0.8 x 400 = 96,
    # B 0.8 x 100 = 80.  Severity: B 0.8, U 0.5, A 0.25, C 0.24.
    got = ranking.set_index("park_id")
    assert got["rank"].dropna().to_dict() == {"A": 1, "C": 2, "B": 3}
    assert got["rank_severity"].dropna().to_dict() == {"B": 1, "U": 2, "A": 3, "C": 4}
    assert got.loc[["A", "C", "B"], "tier"].tolist() == ["upper", "middle", "lower"]


def test_what_is_not_known_is_not_ranked_and_stands_below(ranking: pd.DataFrame) -> None:
    # Unknown headcounts are a block of their own; then those to be verified, by workers x
    # unverified weight: T2 500, T1 150, T3 80.
    assert ranking["park_id"].tolist() == ["A", "C", "B", "U", "T2", "T1", "T3"]
    last = ranking.set_index("park_id").loc[["T2", "T1", "T3", "U"]]
    assert last["rank"].isna().all()
    assert last["tier"].tolist() == ["unverified"] * 3 + ["unknown_headcount"]
    assert last.loc[["T2", "T1", "T3"], "rank_severity"].isna().all()


def test_gaps_are_named_and_workers_without_core_items_counted(ranking: pd.DataFrame) -> None:
    got = ranking.set_index("park_id")
    assert got["core_missing"].to_dict() == {
        "A": MEAL, "B": f"{MEAL}; {DRUGS}", "C": DRUGS, "T1": "", "T2": "", "T3": "", "U": MEAL,
    }  # fmt: skip
    assert got.loc["A", "top_gaps"] == f"{MEAL}; {GREEN}"  # 0.5 x 0.5, then 0.2 x 1
    assert got.loc[["A", "B", "C"], "workers_lacking_core"].tolist() == [500, 100, 400]
    assert np.isnan(got["workers_lacking_core"]["U"])


def test_thirty_percent_unverified_is_still_ranked(standard: Standard) -> None:
    rows = {"P": {MEAL: ("short", 0.0, 0.0), DRUGS: ("unverified", 0.0, 1.0), GREEN: MET}}
    ranking = rank_parks(assessed(rows, {"P": 10}), parks({"P": 10}), standard, np.zeros(1))
    assert ranking["rank"].tolist() == [1]


def test_thin_data_never_lifts_a_park(standard: Standard) -> None:
    # The same lack, once confirmed and once not known: the confirmed one stands first.
    rows = {
        "Known": {MEAL: ("short", 0.0, 0.0), DRUGS: MET, GREEN: MET},
        "Thin": {MEAL: ("unverified", 0.0, 1.0), DRUGS: ("unverified", 0.0, 1.0), GREEN: MET},
    }
    workers = {"Known": 10.0, "Thin": 10_000.0}
    ranking = rank_parks(assessed(rows, workers), parks(workers), standard, np.zeros(2))
    assert ranking["park_id"].tolist() == ["Known", "Thin"]


def test_gaps_are_listed_worst_first_and_unverified_ones_below() -> None:
    # weight x lack x workers.  Confirmed: A meal 250, A green 200, C drugs 96, B meal 50,
    # B drugs 30, then U, whose workers nobody knows.  Unverified: T2 drugs 300, T2 green 200,
    # T1 meal 150, C green 100, T3 meal 50, T3 drugs 30.
    listed = shortfalls(assessed(TOWN, WORKERS, JUDGED), parks(WORKERS))
    want = [
        *[("A", MEAL), ("A", GREEN), ("C", DRUGS), ("B", MEAL), ("B", DRUGS), ("U", MEAL)],
        *[("T2", DRUGS), ("T2", GREEN), ("T1", MEAL), ("C", GREEN), ("T3", MEAL), ("T3", DRUGS)],
    ]
    assert list(zip(listed["park_id"], listed["item"], strict=True)) == want
    assert listed["priority"].tolist() == list(range(1, 13))
    assert listed["status"].tolist() == ["short"] * 6 + ["unverified"] * 6
