"""E2SFCA against pysal's `access` on the same cost tables, and by hand."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkgap.assess.capacity import Zones, e2sfca, zones_of
from parkgap.standard import load

ZONES = Zones((5.0, 10.0, 15.0), (1.0, 0.68, 0.22))


def peer(cost: pd.DataFrame, demand: Any, supply: Any) -> Any:
    """Access at each place of demand by `access.fca.two_stage_fca`, with its own step decay."""
    from access import fca, weights

    def frame(name: str, values: Any) -> pd.DataFrame:
        index = pd.Index(range(len(values)), name="geoid")
        return pd.DataFrame({name: values}, index=index)

    table = cost.rename(columns={"demand": "origin", "supply": "dest", "minutes": "cost"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = fca.two_stage_fca(
            frame("demand", demand),
            frame("supply", supply),
            table,
            demand_index=True,
            demand_name="demand",
            supply_name="supply",
            weight_fn=weights.step_fn({5: 1.0, 10: 0.68, 15: 0.22}),
        )
    return found.reindex(range(len(demand))).fillna(0.0).to_numpy()


@st.composite
def towns(draw: st.DrawFn) -> tuple[pd.DataFrame, Any, Any]:
    d, s = draw(st.integers(1, 8)), draw(st.integers(1, 6))
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, d - 1), st.integers(0, s - 1)),
            min_size=1,
            unique=True,
        )
    )
    minutes = draw(st.lists(st.floats(0, 20), min_size=len(pairs), max_size=len(pairs)))
    people = st.floats(1, 1e5)
    demand = draw(st.lists(people, min_size=d, max_size=d))
    supply = draw(st.lists(st.floats(0, 1e4), min_size=s, max_size=s))
    at, to = np.array(pairs).T
    cost = pd.DataFrame({"demand": at, "supply": to, "minutes": minutes})
    return cost, np.array(demand), np.array(supply)


@settings(max_examples=150, deadline=None)
@given(towns())
def test_it_agrees_with_pysal_access_on_any_cost_table(
    town: tuple[pd.DataFrame, Any, Any],
) -> None:
    cost, demand, supply = town
    # A limit is inclusive to a millionth of a minute here, and to the last bit there.
    cost["minutes"] = cost["minutes"].round(3)
    _, found = e2sfca(cost, demand, supply, ZONES)
    assert found == pytest.approx(peer(cost, demand, supply), rel=1e-9, abs=1e-9)


def test_a_large_table_agrees_too() -> None:
    rng = np.random.default_rng(5)
    at, to = np.divmod(rng.choice(400 * 90, 9000, replace=False), 90)
    cost = pd.DataFrame({"demand": at, "supply": to, "minutes": rng.uniform(0, 17, 9000).round(3)})
    demand, supply = rng.uniform(1, 500, 400), rng.uniform(0, 300, 90)
    _, found = e2sfca(cost, demand, supply, ZONES)
    assert found == pytest.approx(peer(cost, demand, supply), rel=1e-9, abs=1e-9)


def test_two_kitchens_by_hand() -> None:
    # Kitchen 0 (90 seats): 100 people at 5 minutes, 200 at 10 -> 90 / (100 + 0.68 * 200) = 90/236.
    # Kitchen 1 (22 seats): 200 people at 15 minutes, and 6 others -> 22 / (0.22 * 200 + 6) = 0.44.
    # The 100 come by 90/236; the 200 by 0.68 * 90/236 + 0.22 * 0.44.  At 15.1 minutes: nothing.
    cost = pd.DataFrame(
        {"demand": [0, 1, 1, 0], "supply": [0, 0, 1, 1], "minutes": [5.0, 10.0, 15.0, 15.1]}
    )
    ratio, found = e2sfca(
        cost, np.array([100.0, 200.0]), np.array([90.0, 22.0]), ZONES, besides=np.array([0.0, 6.0])
    )
    assert ratio.tolist() == pytest.approx([90 / 236, 0.44])
    assert found.tolist() == pytest.approx([90 / 236, 0.68 * 90 / 236 + 0.22 * 0.44])


def test_what_nobody_can_walk_to_is_shared_out_to_nobody() -> None:
    cost = pd.DataFrame({"demand": [0], "supply": [0], "minutes": [16.0]})
    ratio, found = e2sfca(cost, np.array([10.0]), np.array([50.0]), ZONES)
    assert (ratio.tolist(), found.tolist()) == ([0.0], [0.0])


def test_all_that_is_offered_is_handed_out_once() -> None:
    # Sum of D(i) A(i) over everybody is the sum of S(j), whatever the zones, if all are in reach.
    rng = np.random.default_rng(3)
    at, to = np.divmod(np.arange(20 * 6), 6)
    cost = pd.DataFrame({"demand": at, "supply": to, "minutes": rng.uniform(0, 15, 120)})
    demand, supply = rng.uniform(1, 50, 20), rng.uniform(1, 99, 6)
    _, found = e2sfca(cost, demand, supply, ZONES)
    assert demand @ found == pytest.approx(supply.sum(), rel=1e-12)


def test_the_weights_are_the_standards() -> None:
    assert zones_of(load("cn-industrial-15min")) == ZONES
