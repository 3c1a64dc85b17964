"""What is planned within reach, from walks written out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from parkgap.assess.coming import within_reach
from parkgap.frames import ORIGINS, PLANNED
from parkgap.standard import load

PARCEL = "parcel_point"
INF = float("inf")


def told(
    walks: list[tuple[int, int, float, float]],
    access: list[str],
    *,
    hidden: bool = False,
    limit_unit: str = "m",
) -> list[tuple[object, object, float, float]]:
    """Tell what is planned within 300 m (or minutes) of P and of Q, each with one workplace."""
    origins = ORIGINS.frame(
        {
            "origin_id": ["P:a", "Q:b"],
            "kind": ["work", "work"],
            "park_id": ["P", "Q"],
            "based_on": ["enterprise", "enterprise"],
            "share": [1.0, 1.0],
            "lon": [120.0, 120.0],
            "lat": [36.0, 36.0],
            "reached": [True, True],
        }
    )
    places = len(access)
    planned = PLANNED.frame(
        {
            "planned_id": [f"list:projects/{i}" for i in range(places)],
            "item": [PARCEL] * places,
            "lon": np.full(places, 120.0),
            "lat": np.full(places, 36.0),
            "access": access,
        }
    )
    shortfall = pd.DataFrame(
        {
            "park_id": ["P", "Q"],
            "item": [PARCEL] * 2,
            "origin": ["work"] * 2,
            "limit": [300.0] * 2,
            "limit_unit": [limit_unit] * 2,
        }
    )
    frame = within_reach(
        shortfall,
        planned,
        pd.DataFrame(walks, columns=["origin", "target", "metres", "minutes"]),
        origins,
        load(),
        off_street=np.zeros(places, dtype=bool),
        min_workers=10,
        residents=pd.Series(dtype=float),
        hidden=np.array([hidden, False]),
    )
    rows = frame[["park_id", "planned_id", "metres", "minutes"]]
    return [(r[0], str(r[1])[-1], r[2], r[3]) for r in rows.itertuples(index=False)]


def test_minutes_beyond_the_farthest_are_unknown_not_infinite() -> None:
    ((park, place, metres, minutes),) = told([(0, 0, 250.0, INF)], ["public"])
    assert (park, place, metres) == ("P", "0", 250.0)
    assert np.isnan(minutes)
    assert told([(0, 0, 250.0, INF)], ["public"], limit_unit="min") == []


def test_a_place_of_another_park_is_none_of_this_ones() -> None:
    walks = [(o, t, 100.0, 2.0) for o in (0, 1) for t in (0, 1, 2)]
    access = ["park:P", "park:Q", "public"]
    assert [(park, place) for park, place, *_ in told(walks, access)] == [
        ("P", "0"),
        ("P", "2"),
        ("Q", "1"),
        ("Q", "2"),
    ]


@pytest.mark.parametrize(("hidden", "parks"), [(False, ["P", "Q"]), (True, ["Q"])])
def test_no_walk_is_told_of_a_workplace_that_is_hidden(parks: list[str], *, hidden: bool) -> None:
    walks = [(0, 0, 100.0, 2.0), (1, 0, 100.0, 2.0)]
    assert [park for park, *_ in told(walks, ["public"], hidden=hidden)] == parks
