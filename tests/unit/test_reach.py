"""Walks agree with a plain Dijkstra on the unfolded streets, and with figures by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parkgap import geo
from parkgap.access.pieces import PUBLIC
from parkgap.access.reach import reach
from parkgap.access.snap import Snapper, Snaps
from parkgap.access.streets import Streets, build_streets
from parkgap.sources.collector import STREET_TAGS
from parkgap.sources.osm_file import read_extract

SPEED = 67.0
SECOND = 1.0 / 60.0  # minutes
EMBEDDED = Path(__file__).parents[2] / "data" / "neubrandenburg" / "osm.osm.pbf"
LON, LAT = 120.0, 36.0
# One metre in degrees there, from the WGS-84 radii of curvature (M 6357.5 km, N 6385.6 km at 36 N).
_PHI = np.radians(LAT)
_W = 1 - 0.0066943799901413165 * np.sin(_PHI) ** 2
M_LAT = float(np.degrees(1 / (6378137.0 * (1 - 0.0066943799901413165) / _W**1.5)))
M_LON = float(np.degrees(1 / (6378137.0 / np.sqrt(_W) * np.cos(_PHI))))


def town(ways: Sequence[Mapping[str, Any]], at: Mapping[int, tuple[float, float]]) -> Streets:
    """Build streets from nodes in metres around (36 N, 120 E) and ways with tags."""
    nodes = [n for w in ways for n in w["nodes"]]
    tags = pd.DataFrame(
        [{"way_id": i + 1, **{c: w.get(c) for c in STREET_TAGS}} for i, w in enumerate(ways)],
        columns=["way_id", *STREET_TAGS],
        dtype=object,
    )
    xy = np.array([at[n] for n in nodes], dtype=float).reshape(-1, 2)
    return build_streets(
        tags,
        np.cumsum([0] + [len(w["nodes"]) for w in ways]),
        np.array(nodes, dtype=np.int64),
        LON + xy[:, 0] * M_LON,
        LAT + xy[:, 1] * M_LAT,
        speed=SPEED,
    )


def snap(streets: Streets, points: list[tuple[float, float]], limit: float = 150.0) -> Snaps:
    """Snap points given in metres around (36 N, 120 E)."""
    xy = np.array(points, dtype=float).reshape(-1, 2)
    public = np.flatnonzero(streets.edges["access"].to_numpy()[streets.pieces["edge"]] == PUBLIC)
    place = geo.points(LON + xy[:, 0] * M_LON, LAT + xy[:, 1] * M_LAT)
    return Snapper(streets, public, limit).nearest(place)


def table(
    streets: Streets, sources: Snaps, targets: Snaps, limit: float
) -> dict[tuple[int, int], float]:
    found = reach(streets, sources, targets, limit_m=limit)
    return {
        (s, t): m
        for s, t, m in zip(found["source"], found["target"], found["minutes"], strict=True)
    }


def plain(
    streets: Streets, sources: Snaps, targets: Snaps, limit: float
) -> dict[tuple[int, int], float]:
    """Minutes by networkx on the unfolded pieces, each snap a node of its own."""
    graph: nx.DiGraph[Any] = nx.DiGraph()
    pieces, edges = streets.pieces, streets.edges
    edge = edges.iloc[pieces["edge"]]
    on_piece: dict[int, list[tuple[float, str]]] = {}
    for kind, snaps in (("s", sources), ("t", targets)):
        for row, piece, t in zip(snaps.of, snaps.piece, snaps.t, strict=True):
            on_piece.setdefault(int(piece), []).append((float(t), f"{kind}{row}"))
    rows = zip(
        pieces["a"],
        pieces["b"],
        pieces["metres"],
        edge["forward"],
        edge["backward"],
        edge["access"],
        strict=True,
    )
    for piece, (a, b, metres, forward, backward, access) in enumerate(rows):
        if access != PUBLIC:
            continue
        stops = [(0.0, a), *sorted(on_piece.get(piece, [])), (1.0, b)]
        for (t1, one), (t2, two) in pairwise(stops):
            step = (t2 - t1) * metres
            if forward or step == 0:
                _lower(graph, one, two, step)
            if backward or step == 0:
                _lower(graph, two, one, step)
    out = {}
    leg_t = dict(zip(targets.of.tolist(), targets.leg.tolist(), strict=True))
    for row, leg in zip(sources.of.tolist(), sources.leg.tolist(), strict=True):
        far = nx.single_source_dijkstra_path_length(graph, f"s{row}", cutoff=limit, weight="m")
        for target, leg_to in leg_t.items():
            metres = far.get(f"t{target}", np.inf) + leg + leg_to
            if metres <= limit:
                out[row, target] = metres / SPEED
    return out


def _lower(graph: nx.DiGraph[Any], one: object, two: object, metres: float) -> None:
    if not graph.has_edge(one, two) or graph[one][two]["m"] > metres:
        graph.add_edge(one, two, m=metres)


def same(
    mine: dict[tuple[int, int], float], theirs: dict[tuple[int, int], float], limit: float
) -> None:
    """Assert equality within a second; pairs at the very limit may fall on either side."""
    edge = limit / SPEED - 1e-6
    assert {k for k, v in mine.items() if v < edge} <= set(theirs)
    assert {k for k, v in theirs.items() if v < edge} <= set(mine)
    worst = max((abs(mine[k] - theirs[k]) for k in mine.keys() & theirs.keys()), default=0.0)
    assert worst < SECOND


# --- by hand ------------------------------------------------------------------------------------


def test_both_part_lengths_and_both_legs_count() -> None:
    # A straight street of 400 m. From (100, 30) to (350, -20): 30 + 250 + 20 = 300 m.
    streets = town([{"highway": "residential", "nodes": [1, 2]}], {1: (0, 0), 2: (400, 0)})
    found = reach(streets, snap(streets, [(100, 30)]), snap(streets, [(350, -20)]), limit_m=1000)
    assert found["metres"].tolist() == pytest.approx([300.0], abs=0.05)
    assert found["minutes"].tolist() == pytest.approx([300.0 / 67.0], abs=SECOND)


def test_two_snaps_on_one_edge_go_straight_or_round_whichever_is_shorter() -> None:
    # A U of 10 + 1000 + 10 m whose ends are joined by a street of 20 m: from 5 m up one leg to 5 m
    # up the other it is 5 + 20 + 5 = 30 m round the bottom, not 1010 m along the U.
    at = {1: (0, 0), 2: (0, 500), 3: (20, 500), 4: (20, 0)}
    streets = town(
        [
            {"highway": "residential", "nodes": [1, 2, 3, 4]},
            {"highway": "residential", "nodes": [4, 1]},
            {"highway": "residential", "nodes": [1, 5]},
            {"highway": "residential", "nodes": [4, 6]},
        ],
        at | {5: (-50, 0), 6: (70, 0)},
    )
    one, two = snap(streets, [(0, 5)]), snap(streets, [(20, 5)])
    assert reach(streets, one, two, limit_m=2000)["metres"].tolist() == pytest.approx(
        [30.0], abs=0.05
    )
    # On the U itself, 100 m apart: along the edge.
    two = snap(streets, [(0, 105)])
    assert reach(streets, one, two, limit_m=2000)["metres"].tolist() == pytest.approx(
        [100.0], abs=0.05
    )


def test_parallel_streets_take_the_shorter_and_scipy_does_not_add_them_up() -> None:
    # 1 to 2: straight 100 m, and round 300 m.
    at = {1: (0, 0), 2: (100, 0), 3: (0, 100), 4: (100, 100), 5: (-40, 0), 6: (140, 0)}
    streets = town(
        [
            {"highway": "residential", "nodes": [5, 1, 2, 6]},
            {"highway": "residential", "nodes": [1, 3, 4, 2]},
        ],
        at,
    )
    found = reach(streets, snap(streets, [(-40, 0)]), snap(streets, [(140, 0)]), limit_m=900)
    assert found["metres"].tolist() == pytest.approx([180.0], abs=0.05)


def test_escalator_runs_one_way() -> None:
    # Up the escalator 50 m; from its top back to its foot only round: 200 + 50 + 200 = 450 m.
    at = {1: (0, 0), 2: (0, 50), 3: (200, 50), 4: (200, 0)}
    streets = town(
        [
            {"highway": "steps", "conveying": "forward", "nodes": [1, 2]},
            {"highway": "footway", "nodes": [2, 3, 4, 1]},
        ],
        at,
    )
    foot, top = snap(streets, [(-0.0, -1)]), snap(streets, [(0, 51)])
    up = reach(streets, foot, top, limit_m=2000)["metres"].iat[0]
    down = reach(streets, top, foot, limit_m=2000)["metres"].iat[0]
    assert up == pytest.approx(52.0, abs=0.1)
    assert down == pytest.approx(452.0, abs=0.1)


def test_two_points_at_one_place_of_a_one_way_edge_are_together() -> None:
    streets = town(
        [{"highway": "steps", "conveying": "backward", "nodes": [1, 2]}], {1: (0, 0), 2: (0, 50)}
    )
    here = snap(streets, [(3, 20)])
    assert reach(streets, here, here, limit_m=500)["metres"].tolist() == pytest.approx(
        [6.0], abs=0.05
    )


def test_an_island_is_out_of_reach_and_has_no_row() -> None:
    at = {1: (0, 0), 2: (100, 0), 3: (0, 20), 4: (100, 20)}
    streets = town(
        [{"highway": "residential", "nodes": [1, 2]}, {"highway": "residential", "nodes": [3, 4]}],
        at,
    )
    assert streets.islands == 2
    assert reach(streets, snap(streets, [(50, -1)]), snap(streets, [(50, 21)]), limit_m=5000).empty


def test_a_ring_without_a_junction_is_kept_and_walked_the_shorter_way() -> None:
    # A square of 4 x 100 m; corner to the middle of the far side: 100 + 50 = 150 m either way.
    at = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100)}
    streets = town([{"highway": "footway", "nodes": [1, 2, 3, 4, 1]}], at)
    assert len(streets.edges) == 1
    found = reach(streets, snap(streets, [(20, 0)]), snap(streets, [(0, 20)]), limit_m=900)
    assert found["metres"].tolist() == pytest.approx([40.0], abs=0.05)


def test_what_lies_beyond_the_snap_limit_is_left_out() -> None:
    streets = town([{"highway": "residential", "nodes": [1, 2]}], {1: (0, 0), 2: (100, 0)})
    assert snap(streets, [(50, 149), (50, 151)]).of.tolist() == [0]


def test_a_junction_of_bridges_that_share_no_node_is_none() -> None:
    at = {1: (-100, 0), 2: (100, 0), 3: (0, -100), 4: (0, 100)}
    streets = town(
        [
            {"highway": "residential", "nodes": [1, 2]},
            {"highway": "residential", "bridge": "yes", "nodes": [3, 4]},
        ],
        at,
    )
    assert reach(streets, snap(streets, [(-90, 0)]), snap(streets, [(0, 90)]), limit_m=5000).empty


# --- against networkx ---


@st.composite
def towns(draw: st.DrawFn) -> tuple[Streets, list[tuple[float, float]]]:
    """Random towns: one-way steps, parallel ways, islands, loops, rings."""
    count = draw(st.integers(3, 14))
    place = st.tuples(st.integers(0, 40), st.integers(0, 40))
    spots = draw(st.lists(place, min_size=count, max_size=count, unique=True))
    at = {i: (25.0 * x, 25.0 * y) for i, (x, y) in enumerate(spots)}
    way = st.fixed_dictionaries(
        {
            "highway": st.sampled_from(["residential", "footway", "steps", "service"]),
            "oneway:foot": st.sampled_from([None, None, None, "yes", "-1"]),
            "access": st.sampled_from([None, None, None, "private"]),
            "nodes": st.lists(st.integers(0, count - 1), min_size=2, max_size=6),
        }
    )
    ways = draw(st.lists(way, min_size=1, max_size=14))
    ways.append({"highway": "residential", "nodes": [0, 1]})
    if draw(st.booleans()):  # a ring that touches nothing
        at |= {100: (0.0, -300.0), 101: (60.0, -300.0), 102: (60.0, -240.0)}
        ways.append({"highway": "footway", "nodes": [100, 101, 102, 100]})
    spot = st.tuples(st.floats(-60, 1060), st.floats(-360, 1060))
    return town(ways, at), draw(st.lists(spot, min_size=2, max_size=10))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(towns(), st.sampled_from([120.0, 600.0, 3000.0]))
def test_generated_towns_agree_with_networkx(
    made: tuple[Streets, list[tuple[float, float]]], limit: float
) -> None:
    streets, points = made
    half = len(points) // 2
    sources, targets = snap(streets, points[:half]), snap(streets, points[half:])
    same(table(streets, sources, targets, limit), plain(streets, sources, targets, limit), limit)


def check_extract(path: Path, pairs: int) -> None:
    """Random pairs of an extract: as many as asked that lie within 1500 m of each other."""
    extract = read_extract(path, place_keys=["amenity"])
    w = extract.ways
    streets = build_streets(
        w.tags, w.offset, w.node, w.lon, w.lat, speed=SPEED, doors=extract.doors
    )
    rng = np.random.default_rng(7)
    west, south, east, north = shapely.bounds(extract.coverage)
    public = np.flatnonzero(streets.edges["access"].to_numpy()[streets.pieces["edge"]] == PUBLIC)
    snapper = Snapper(streets, public, 150.0)
    middle = streets.nodes.iloc[rng.integers(0, len(streets.nodes), 40)]
    lon = np.repeat(middle["lon"].to_numpy(), 40) + rng.normal(0, 0.006, 1600)
    lat = np.repeat(middle["lat"].to_numpy(), 40) + rng.normal(0, 0.004, 1600)
    keep = (lon > west) & (lon < east) & (lat > south) & (lat < north)
    snaps = snapper.nearest(geo.points(lon[keep], lat[keep]))
    source = rng.choice(len(snaps), 40, replace=False)
    sources, targets = snaps.take(source), snaps.take(np.setdiff1d(np.arange(len(snaps)), source))
    mine, theirs = (f(streets, sources, targets, 1500.0) for f in (table, plain))
    assert len(theirs) >= pairs
    same(mine, theirs, 1500.0)


def test_a_thousand_pairs_of_the_embedded_town_agree_with_networkx() -> None:
    check_extract(EMBEDDED, 1000)


@pytest.mark.shared
def test_a_thousand_pairs_of_las_palmas_agree_with_networkx(shared: Path) -> None:
    check_extract(shared / "las-palmas" / "osm.osm.pbf", 1000)
