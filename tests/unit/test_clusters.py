"""Functional clusters: at the rim by hand, random towns by brute force, what is not known."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.towns import degrees

from parkgap import frames
from parkgap.assess.clusters import find_clusters
from parkgap.assess.groups import Ground
from parkgap.standard import NeighbourhoodCentre, load

if TYPE_CHECKING:
    from collections.abc import Sequence

STANDARD = load()
CENTRE = STANDARD.neighbourhood_centre or NeighbourhoodCentre(
    functions={}, basis="assumption", grade="M"
)
ITEMS = [i for i in CENTRE.functions.values() if i is not None]  # eleven of the twelve have one
Place = tuple[float, float, str]  # metres east and north, item
NOWHERE = pd.DataFrame({"name": [], "lon": [], "lat": []})


def ground(
    places: Sequence[Place],
    *,
    lat: float = 36.0,
    minutes: Sequence[float] | None = None,
    worst: Sequence[float] | None = None,
    access: Sequence[str] | None = None,
    thin: bool = False,
) -> Ground:
    """One park with one workplace; walks are given, all of one minute by default."""
    n = len(places)
    at = [degrees(x, y, 120.0, lat) for x, y, _ in places]
    facilities = pd.DataFrame(
        {
            "facility_id": [f"node/{i}" for i in range(n)],
            "name": [f"place {i}" for i in range(n)],
            "access": access or ["public"] * n,
            "lon": [p[0] for p in at],
            "lat": [p[1] for p in at],
        }
    )
    member = np.array([[i.id == item for i in STANDARD.items] for _, _, item in places], dtype=bool)
    walks = list(minutes or [1.0] * n)
    return Ground(
        parks=pd.DataFrame({"park_id": ["P"], "name": ["Park"], "workers": [100.0]}),
        origins=pd.DataFrame(
            {"park_id": ["P"], "kind": ["work"], "origin_id": ["o"], "reached": [True]}
        ),
        facilities=facilities,
        reach=pd.DataFrame(
            {
                "origin": np.zeros(n, dtype=np.int64),
                "target": np.arange(n),
                "metres": [67.0 * m for m in walks],
                "minutes": walks,
                "metres_worst": [67.0 * m for m in worst or walks],
                "minutes_worst": list(worst or walks),
            }
        ),
        member=member.reshape(n, len(STANDARD.items)),
        park_of=np.full(n, -1),
        edge_m=np.array([10_000.0]),
        hidden=np.array([False]),
        completeness=pd.DataFrame(
            {"park_id": ["P"], "kind": ["work"], "thin": [thin], "cut": [False]}
        ),
        residents=pd.Series(dtype=float),
    )


def best(known: Ground, centres: pd.DataFrame = NOWHERE) -> dict[str, object]:
    frame = find_clusters(known, STANDARD, centres)
    assert frame.columns.tolist() == frames.CLUSTERS.names
    (row,) = frame.to_dict("records")
    return {str(k): v for k, v in row.items()}


def ring(radius: float, items: Sequence[str], x: float = 0.0, y: float = 0.0) -> list[Place]:
    step = 2 * math.pi / len(items)
    return [
        (x + radius * math.cos(i * step), y + radius * math.sin(i * step), item)
        for i, item in enumerate(items)
    ]


# --- at the rim ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lat", [0.5, 36.0, 60.0])
@pytest.mark.parametrize(("radius", "status", "functions"), [(249, "found", 8), (251, "none", 5)])
def test_a_place_counts_up_to_250_metres_from_the_middle(
    lat: float, radius: float, status: str, functions: int
) -> None:
    # One place in the middle, seven round it.  Only discs about the middle hold all of them; where
    # they are too small, no disc holds more than half of the seven and one, for any more of them
    # lie on more than half of the rim.
    places = [(0.0, 0.0, ITEMS[0]), *ring(radius, ITEMS[1:8])]
    row = best(ground(places, lat=lat))
    assert (row["status"], row["functions"]) == (status, functions)
    if status == "found":
        assert row["place_id"] == "node/0"
        shown = [f for f, item in CENTRE.functions.items() if item in ITEMS[:8]]
        assert row["functions_found"] == "; ".join(shown)


@pytest.mark.parametrize("lat", [36.0, 60.0])
@pytest.mark.parametrize(("radius", "found"), [(249, True), (251, False)])
def test_a_point_between_the_places_is_found_too(lat: float, radius: float, found: bool) -> None:
    # Nothing stands in the middle: round each of eight places on the rim only some lie.
    row = best(ground(ring(radius, ITEMS[:8], 300, -200), lat=lat))
    assert (row["status"] == "found") is found
    if found:
        assert row["functions"] == 8
        lon, place_lat = degrees(300, -200, 120.0, lat)
        assert row["lon"] == pytest.approx(lon, abs=1e-4)
        assert row["lat"] == pytest.approx(place_lat, abs=1e-4)


def test_it_takes_eight_of_the_twelve() -> None:
    assert (CENTRE.figures["min_types"].v, CENTRE.figures["cluster_radius"].v) == (8, 250)
    assert best(ground(ring(100, ITEMS[:8])))["status"] == "found"
    # Seven, and whether there is stationery no map of this standard tells.
    seven = best(ground(ring(100, ITEMS[:7])))
    assert (seven["status"], seven["functions"]) == ("unverified", 7)
    assert seven["functions_unverified"] == "stationery"
    six = best(ground(ring(100, ITEMS[:6])))
    assert (six["status"], six["functions"], six["functions_all"]) == ("none", 6, 12)
    assert six["functions_unverified"] == "stationery"
    missing = {f for f, item in CENTRE.functions.items() if item in ITEMS[6:]}
    assert set(str(six["functions_missing"]).split("; ")) == missing


def test_two_of_a_kind_are_one_function() -> None:
    row = best(ground(ring(100, [*ITEMS[:4], *ITEMS[:4], *ITEMS[:4]])))
    assert (row["status"], row["functions"]) == ("none", 4)


# --- against brute force -------------------------------------------------------------------------


def brute(places: Sequence[Place]) -> int:
    """Most items within 250 m of any point: of each place, and each crossing of two circles."""
    radius, rim = 250.0, 250.02
    points = [(x, y) for x, y, _ in places]
    for (x1, y1, _), (x2, y2, _) in itertools.combinations(places, 2):
        far = math.hypot(x2 - x1, y2 - y1)
        if 0 < far <= 2 * radius:
            up = math.sqrt(radius**2 - far**2 / 4) / far
            mx, my = (x1 + x2) / 2, (y1 + y2) / 2
            dx, dy = up * (x2 - x1), up * (y2 - y1)
            points += [(mx - dy, my + dx), (mx + dy, my - dx)]
    return max(
        len({item for px, py, item in places if math.hypot(px - x, py - y) <= rim})
        for x, y in points
    )


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(2, 45),
    half=st.sampled_from([200, 350, 500, 800]),
    lat=st.sampled_from([0.5, 36.0, 60.0]),
)
def test_random_towns_agree_with_every_point_tried(
    seed: int, size: int, half: float, lat: float
) -> None:
    rng = np.random.default_rng(seed)
    places = [
        (float(x), float(y), ITEMS[int(k)])
        for x, y, k in zip(
            rng.uniform(-half, half, size),
            rng.uniform(-half, half, size),
            rng.integers(0, len(ITEMS), size),
            strict=True,
        )
    ]
    row, most = best(ground(places, lat=lat)), brute(places)
    assert row["status"] == ("found" if most >= 8 else "unverified" if most == 7 else "none")
    # The point that is shown does show as many, and no more than there are.
    shown = int(str(row["functions"]))
    assert shown <= most
    assert shown == most or most > 8 or most < 7
    lon, lat_ = float(str(row["lon"])), float(str(row["lat"]))
    near = {
        item
        for x, y, item in places
        if math.hypot(*_metres(degrees(x, y, 120.0, lat), (lon, lat_))) <= 250.1
    }
    assert len(near) >= shown


def _metres(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """East and north from one point to another, WGS-84, near enough for a check."""
    m = 111_132.954 - 559.822 * math.cos(2 * math.radians(a[1]))
    p = 111_412.84 * math.cos(math.radians(a[1])) - 93.5 * math.cos(3 * math.radians(a[1]))
    return (b[0] - a[0]) * p, (b[1] - a[1]) * m


# --- in reach ------------------------------------------------------------------------------------


def test_only_what_can_be_walked_to_in_a_quarter_of_an_hour_counts() -> None:
    places = ring(100, ITEMS[:8])
    near = [15.0] * 8
    assert best(ground(places, minutes=near))["status"] == "found"
    far = [*near[:7], 15.01]
    row = best(ground(places, minutes=far))
    assert (row["status"], row["functions"]) == ("unverified", 7)
    # the walk that is shown is to the place next to the point
    row = best(ground(places, minutes=[5.0, *[9.0] * 7]))
    assert (row["place_id"], row["minutes"], row["metres"]) == ("node/0", 5, 335)


def test_a_walk_that_hangs_on_an_open_gate_is_not_certain() -> None:
    places = ring(100, ITEMS[:9])
    worst = [*[10.0] * 7, 20.0, 20.0]
    row = best(ground(places, minutes=[10.0] * 9, worst=worst))
    assert (row["status"], row["reason_unverified"]) == ("unverified", "gate")
    row = best(ground(places, minutes=[10.0] * 9, worst=[*[10.0] * 8, 20.0]))
    assert (row["status"], row["functions"], row["reason_unverified"]) == ("found", 8, None)


def test_places_that_are_not_open_to_the_public_neither_count_nor_show() -> None:
    places = ring(100, ITEMS[:8])
    access = [*["public"] * 7, "park:P"]
    row = best(ground(places, access=access))
    assert (row["status"], row["functions"]) == ("unverified", 7)
    inside = best(ground(places, access=["enterprise:E"] * 8))
    assert (inside["status"], inside["place_id"]) == ("none", None)
    assert math.isnan(float(str(inside["lon"])))


# --- what is not known -----------------------------------------------------------------------


def test_thin_data_calls_nothing_missing() -> None:
    row = best(ground(ring(100, ITEMS[:3]), thin=True))
    assert (row["status"], row["reason_unverified"]) == ("unverified", "thin_data")
    assert row["functions_missing"] == ""
    assert len(str(row["functions_unverified"]).split("; ")) == 9
    empty = best(ground([], thin=True))
    assert (empty["status"], empty["functions"], empty["place_id"]) == ("unverified", 0, None)


def test_a_complete_list_makes_absence_real_where_the_map_is_thin() -> None:
    known = ground(ring(100, ITEMS[:3]), thin=True)
    proven = np.ones((1, len(STANDARD.items)), dtype=bool)
    row = best(replace(known, proven=proven))
    assert (row["status"], row["reason_unverified"]) == ("none", None)
    assert row["functions_unverified"] == "stationery"


def test_the_datas_edge_and_islands_of_streets_leave_it_open() -> None:
    known = ground(ring(100, ITEMS[:6]))
    row = best(replace(known, edge_m=np.array([15 * 67 + 249.0])))
    assert (row["status"], row["reason_unverified"]) == ("unverified", "edge")
    assert best(replace(known, edge_m=np.array([15 * 67 + 251.0])))["status"] == "none"
    # A seventh place stands near, off every street that leads there.
    places = [*ring(100, ITEMS[:6]), (50.0, 0.0, ITEMS[6])]
    known = ground(places)
    cut = replace(known, reach=known.reach[known.reach["target"] < 6])
    assert best(cut)["status"] == "none"
    beside = pd.DataFrame({"origin": [0], "facility": [6], "metres": [500.0]})
    row = best(replace(cut, beside=beside))
    assert (row["status"], row["reason_unverified"]) == ("unverified", "island")


# --- what it may be called -----------------------------------------------------------------------


@pytest.mark.parametrize(("metres", "named"), [(249, True), (251, False)])
def test_only_an_official_list_makes_it_a_neighbourhood_centre(metres: float, named: bool) -> None:
    places = [(0.0, 0.0, ITEMS[0]), *ring(100, ITEMS[1:8])]
    lon, lat = degrees(metres, 0, 120.0, 36.0)
    centres = pd.DataFrame(
        {"name": ["Far", "示范产业邻里中心", "No place"], "lon": [lon + 1, lon, np.nan]}
    ).assign(lat=[lat, lat, np.nan])
    row = best(ground(places, minutes=[1.0, *[2.0] * 7]), centres)
    assert row["status"] == "found"
    assert row["official_name"] == ("示范产业邻里中心" if named else None)
    assert best(ground(places))["official_name"] is None
    # A name alone makes no cluster of six functions.
    assert best(ground(ring(100, ITEMS[:6])), centres)["official_name"] is None


def test_a_standard_without_a_neighbourhood_centre_has_none() -> None:
    other = load("mofcom-2021")
    assert find_clusters(ground(ring(100, ITEMS[:8])), other, NOWHERE).empty
