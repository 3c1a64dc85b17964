"""What names a park's judgement: everything that it depends on, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.unit.test_items import DRUGS, MEAL, SHOP, Group, Place, judge
from tests.unit.test_shifts import OPEN, SHUT, by_shift, times

from parkgap.assess.groups import Ground
from parkgap.codec import digest
from parkgap.park_facts import common_facts, park_facts


def town(order: str = "PQ") -> Ground:
    """Two parks; Q reaches one place of three, P two, of which one is Q's too."""
    places = {"a": Place([DRUGS]), "b": Place([SHOP, MEAL]), "c": Place([MEAL]), "door": Place()}
    groups = {
        "P": Group("P", 1.0, {"a": 300.0, "b": (500.0, 700.0), "door": 0.0}),
        "Q": Group("Q", 1.0, {"b": 100.0, "door": 90.0}),
    }
    people = dict.fromkeys(order, 1000.0)
    plain = judge(people, places, [groups[p] for p in order], residents={"P": 400})
    ground = by_shift(plain, times([MEAL], [(OPEN, SHUT), (OPEN, OPEN), (SHUT, OPEN)])).g
    beside = pd.DataFrame({"origin": [order.index("P")], "facility": [2], "metres": [50.0]})
    flags = np.zeros((2, ground.member.shape[1]), dtype=bool)
    origins = ground.origins.assign(origin_id=ground.origins["park_id"] + " door")
    return replace(ground, origins=origins, beside=beside, thin=flags, proven=flags, unplaced=flags)


def named(ground: Ground) -> dict[str, str]:
    return {about[0]: digest((common_facts(ground), about)) for about in park_facts(ground)}


def set_in(frame: pd.DataFrame, column: str, value: object, row: int = 0) -> pd.DataFrame:
    values = frame[column].to_list()
    values[row] = value
    return frame.assign(**{column: pd.Series(values, dtype=frame[column].dtype)})


def flipped(ground: Ground, name: str) -> Ground:
    flags = getattr(ground, name).copy()
    flags[0] = ~flags[0]
    return replace(ground, **{name: flags})


def hours(ground: Ground, name: str) -> Ground:
    openness = ground.times.openness
    assert openness is not None
    values = getattr(openness, name).copy()
    values[0] = ~values[0] if values.dtype == bool else values[0] + 1
    return replace(
        ground, times=replace(ground.times, openness=replace(openness, **{name: values}))
    )


# Of P alone: its own row, its walks, its shifts, or the place that only P reaches.
OF_P: dict[str, Callable[[Ground], Ground]] = {
    "workers": lambda g: replace(g, parks=set_in(g.parks, "workers", 1001.0)),
    "residents": lambda g: replace(g, residents=g.residents + 1),
    **{
        f"origin's {column}": lambda g, c=column, v=value: replace(  # type: ignore[misc]
            g, origins=set_in(g.origins, c, v)
        )
        for column, value in {
            "origin_id": "o9",
            "kind": "home",
            "enterprise_id": "E",
            "based_on": "park",
            "share": 0.5,
            "lon": 1.0,
            "lat": 1.0,
            "reached": False,
        }.items()
    },
    **{
        f"place's {column}": lambda g, c=column, v=value: replace(  # type: ignore[misc]
            g, facilities=set_in(g.facilities, c, v)
        )
        for column, value in {
            "facility_id": "z",
            "name": "药店",
            "access": "park:P",
            "lines": ["1"],
        }.items()
    },
    **{
        f"walk's {column}": lambda g, c=column: replace(g, reach=set_in(g.reach, c, 1.5))  # type: ignore[misc]
        for column in ("metres", "minutes", "metres_worst", "minutes_worst")
    },
    "walk's target": lambda g: replace(g, reach=set_in(g.reach, "target", 2)),
    "walk beside": lambda g: replace(g, beside=g.beside.assign(metres=51.0)),
    "place beside": lambda g: replace(g, beside=g.beside.assign(facility=1)),
    "completeness": lambda g: replace(g, completeness=set_in(g.completeness, "thin", value=True)),
    "edge": lambda g: replace(g, edge_m=np.array([5.0, g.edge_m[1]])),
    "hidden": lambda g: flipped(g, "hidden"),
    "thin": lambda g: flipped(g, "thin"),
    "proven": lambda g: flipped(g, "proven"),
    "unplaced": lambda g: flipped(g, "unplaced"),
    "member": lambda g: flipped(g, "member"),
    "park of a place": lambda g: replace(g, park_of=np.array([0, -1, -1])),
    "shift": lambda g: replace(g, shifts=set_in(g.shifts, "shift", "E")),
    "share": lambda g: replace(g, shifts=set_in(g.shifts, "share", 0.9)),
    "shift's enterprise": lambda g: replace(g, shifts=set_in(g.shifts, "enterprise_id", "E")),
    "no times": lambda g: replace(g, shifts=set_in(g.shifts, "pattern", -1)),
    "other times": lambda g: replace(g, shifts=set_in(g.shifts, "pattern", 1)),
    **{
        f"hours' {name}": lambda g, n=name: hours(g, n)  # type: ignore[misc]
        for name in ("known", "assumed", "opens", "closes", "length")
    },
}
OF_ALL: dict[str, Callable[[Ground], Ground]] = {
    "region": lambda g: replace(g, region_has=frozenset({"metro"})),
    "stretch": lambda g: replace(g, stretch=1.2),
    "visits": lambda g: replace(g, times=replace(g.times, visits={MEAL: ((1,), 7.0)})),
}


@pytest.mark.parametrize("what", OF_P)
def test_a_name_changes_with_everything_that_is_judged_of_a_park(what: str) -> None:
    before, after = named(town()), named(OF_P[what](town()))
    assert after["P"] != before["P"]
    assert after["Q"] == before["Q"]


@pytest.mark.parametrize("what", OF_ALL)
def test_every_name_changes_with_what_bears_on_all_parks(what: str) -> None:
    before, after = named(town()), named(OF_ALL[what](town()))
    assert all(after[park] != before[park] for park in "PQ")


def test_a_name_does_not_depend_on_how_parks_and_origins_are_numbered() -> None:
    assert named(town("QP")) == named(town("PQ"))


def test_a_name_does_not_depend_on_places_and_sites_that_the_park_does_not_reach() -> None:
    ground = town()
    # One place more, ahead of all others, which nobody reaches; and one site more.
    more = replace(
        ground,
        facilities=pd.concat([ground.facilities[2:], ground.facilities], ignore_index=True),
        member=np.concatenate([ground.member[2:], ground.member]),
        park_of=np.r_[-1, ground.park_of],
        reach=ground.reach.assign(
            target=np.where(ground.reach["target"] < 3, 1, 2) + ground.reach["target"]
        ),
        beside=ground.beside.assign(facility=ground.beside["facility"] + 1),
    )
    openness = ground.times.openness
    assert openness is not None
    wider = {
        name: np.concatenate([getattr(openness, name)[2:], getattr(openness, name)])
        for name in ("minutes", "known", "assumed", "opens", "closes")
    }
    more = replace(more, times=replace(more.times, openness=replace(openness, **wider)))
    assert named(more) == named(ground)
