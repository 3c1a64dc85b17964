"""Minutes up and down: by hand on a hill, by networkx on random towns, by rule on bridges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.test_reach import LAT, LON, M_LAT, M_LON, SPEED, snap

from parkgap.access.pieces import PUBLIC
from parkgap.access.reach import reach
from parkgap.access.slopes import FASTEST, Ground, pace
from parkgap.access.snap import Snaps
from parkgap.access.streets import Streets, build_streets
from parkgap.sources.collector import STREET_TAGS
from parkgap.sources.heights import heights_of
from parkgap.sources.osm_file import read_extract
from parkgap.sources.rasters import usable

Heights = Callable[[float, float], float]
NAN = float("nan")


def hill(
    ways: Sequence[Mapping[str, Any]],
    at: Mapping[int, tuple[float, float]],
    height: Heights | None,
    *,
    step_m: float = 1e6,
) -> Streets:
    """Build streets in metres around (36 N, 120 E) on ground of the given height."""
    nodes = [n for w in ways for n in w["nodes"]]
    tags = pd.DataFrame(
        [{"way_id": i + 1, **{c: w.get(c) for c in STREET_TAGS}} for i, w in enumerate(ways)],
        columns=["way_id", *STREET_TAGS],
        dtype=object,
    )
    xy = np.array([at[n] for n in nodes], dtype=float)

    def ground(lon: Any, lat: Any) -> Any:
        assert height is not None
        x, y = (lon - LON) / M_LON, (lat - LAT) / M_LAT
        return np.array([height(a, b) for a, b in zip(x, y, strict=True)])

    return build_streets(
        tags,
        np.cumsum([0] + [len(w["nodes"]) for w in ways]),
        np.array(nodes, dtype=np.int64),
        LON + xy[:, 0] * M_LON,
        LAT + xy[:, 1] * M_LAT,
        speed=SPEED,
        ground=None if height is None else Ground(ground, step_m, 0.5),
    )


def minutes(streets: Streets, one: tuple[float, float], two: tuple[float, float]) -> float:
    found = reach(streets, snap(streets, [one]), snap(streets, [two]), limit_m=3000)
    return float(found["minutes"].to_numpy()[0])


Tags = dict[str, Any]
STREET: Tags = {"highway": "residential"}


def test_a_hill_by_hand_takes_longer_up_than_down() -> None:
    # 300 m: level for 100 m, up 10 m in 100 m, down 5 m in 100 m.  With v(s) = 67 exp(-3.5 (|s +
    # 0.05| - 0.05)):
    # there: s = 0, 0.10, -0.05:  exponents 0, 0.35, -0.175:  100/67 (1 + 1.41907 + 0.83946)
    # back:  s = 0.05, -0.10, 0:  exponents 0.175, 0, 0:      100/67 (1.19125 + 1 + 1)
    at = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (300, 0)}
    height = {0: 10.0, 100: 10.0, 200: 20.0, 300: 15.0}
    streets = hill([STREET | {"nodes": [1, 2, 3, 4]}], at, lambda x, _: height[round(x)])
    assert not streets.flat
    assert len(streets.edges) == 1
    there = 100 / 67 * (1 + 1.4190675 + 0.8394570)
    back = 100 / 67 * (1.1912462 + 1 + 1)
    assert minutes(streets, (0, 0), (300, 0)) == pytest.approx(there, rel=1e-5)
    assert minutes(streets, (300, 0), (0, 0)) == pytest.approx(back, rel=1e-5)
    # From the middle of the climb: half of it and the descent; the whole the other way.
    half = 100 / 67 * (0.5 * 1.4190675 + 0.8394570)
    assert minutes(streets, (150, 0), (300, 0)) == pytest.approx(half, rel=1e-5)
    half_back = 100 / 67 * (1.1912462 + 0.5)
    assert minutes(streets, (300, 0), (150, 0)) == pytest.approx(half_back, rel=1e-5)
    # On one edge, from the climb back to the level part.
    assert minutes(streets, (150, 0), (50, 0)) == pytest.approx(100 / 67 * (0.5 + 0.5), rel=1e-5)


def test_a_hill_between_the_ends_of_a_long_piece_is_seen() -> None:
    # 200 m between two nodes of one height, over a top of 10 m: up and down at 10 %.
    streets = hill(
        [STREET | {"nodes": [1, 2]}],
        {1: (0, 0), 2: (200, 0)},
        lambda x, _: 10 - abs(x - 100) / 10,
        step_m=50.0,
    )
    assert minutes(streets, (0, 0), (200, 0)) == pytest.approx(
        100 / 67 * (1.4190675 + 1.0), rel=1e-4
    )


def test_the_speed_is_never_above_119_hundredths_of_the_flats() -> None:
    slopes = np.linspace(-3, 3, 60001)
    assert (1 / pace(slopes)).max() == pytest.approx(np.exp(0.175), abs=1e-9)
    assert round(FASTEST, 4) == 1.1912
    assert pace(np.zeros(1)).tolist() == [1.0]


def test_a_bridge_runs_straight_between_its_ends_and_so_does_a_tunnel() -> None:
    # A valley 30 m deep from x = 100 to 300, a mountain of 50 m from 400 to 600.
    def ground(x: float, _: float) -> float:
        if 150 < x < 250:
            return -30.0
        return 50.0 if 450 < x < 550 else 4.0 if x > 275 else 0.0

    xs = (0, 100, 200, 300, 400, 500, 600)
    at = {i + 1: (float(x), 0.0) for i, x in enumerate(xs)}
    deck, tube = {"bridge": "yes"}, {"tunnel": "yes"}
    ways: list[Tags] = [
        STREET | {"nodes": [1, 2]},
        STREET | deck | {"nodes": [2, 3]},
        STREET | deck | {"bridge": "viaduct", "nodes": [3, 4]},
        STREET | {"nodes": [4, 5]},
        STREET | tube | {"nodes": [5, 6, 7]},
    ]
    streets = hill(ways, at, ground, step_m=10.0)
    # On the deck 4 m in 200 m: 2 %, exponent 0.07 up and -0.07 down; elsewhere level.
    there, back = minutes(streets, (100, 0), (300, 0)), minutes(streets, (300, 0), (100, 0))
    assert there == pytest.approx(200 / 67 * np.exp(0.07), rel=1e-4)
    assert back == pytest.approx(200 / 67 * np.exp(-0.07), rel=1e-4)
    assert minutes(streets, (400, 0), (600, 0)) == pytest.approx(200 / 67, rel=1e-6)
    # A tag that says no is no bridge.
    plain = hill([w | {"bridge": "no"} for w in ways[:4]], at, ground, step_m=10.0)
    assert minutes(plain, (100, 0), (300, 0)) > 2 * there


def test_stairs_up_to_a_footbridge_do_not_pull_it_down() -> None:
    # Embankments of 6 m at both ends; in the middle, stairs from the road below at 0 m.
    at = {1: (0, 0), 2: (100, 0), 3: (150, 0), 4: (200, 0), 5: (300, 0), 6: (150, -20)}
    ways: list[Tags] = [
        STREET | {"nodes": [1, 2]},
        {"highway": "footway", "bridge": "yes", "nodes": [2, 3, 4]},
        STREET | {"nodes": [4, 5]},
        {"highway": "steps", "nodes": [3, 6]},
    ]

    def ground(x: float, _: float) -> float:
        return 0.0 if 120 < x < 180 else 6.0

    streets = hill(ways, at, ground)
    assert minutes(streets, (100, 0), (200, 0)) == pytest.approx(100 / 67, rel=1e-6)
    # The stairs climb 6 m in 20 m, 30 %: the law would say exp(1.05) = 2.86, the floor says 2.
    assert minutes(streets, (150, -20), (150, 0)) == pytest.approx(20 / 67 * 2.0, rel=1e-4)
    # Down: |-0.3 + 0.05| - 0.05 = 0.2, exp(0.7) = 2.01: the floor again.
    assert minutes(streets, (150, 0), (150, -20)) == pytest.approx(20 / 67 * 2.0, rel=1e-4)


def test_a_lift_is_level_and_unknown_ground_too() -> None:
    at = {1: (0, 0), 2: (50, 0), 3: (150, 0), 4: (250, 0)}
    ways: list[Tags] = [
        {"highway": "elevator", "nodes": [1, 2]},
        STREET | {"nodes": [2, 3]},
        STREET | {"nodes": [3, 4]},
    ]
    # 20 m up by lift; then up 10 m; then nobody knows.
    known = {0: 0.0, 50: 20.0, 150: 30.0, 250: NAN}
    streets = hill(ways, at, lambda x, _: known[round(x)])
    assert minutes(streets, (0, 0), (50, 0)) == pytest.approx(50 / 67, rel=1e-6)
    assert minutes(streets, (50, 0), (150, 0)) == pytest.approx(100 / 67 * 1.4190675, rel=1e-5)
    assert minutes(streets, (150, 0), (250, 0)) == pytest.approx(100 / 67, rel=1e-6)
    assert streets.heights_known == pytest.approx(150 / 250, rel=1e-4)
    nothing = hill(ways[1:], at, lambda *_: NAN)
    assert nothing.flat
    assert nothing.heights_known == 0.0


# --- random towns --------------------------------------------------------------------------------


def grid(size: int, gap: float) -> tuple[list[dict[str, Any]], dict[int, tuple[float, float]]]:
    at = {i * size + j + 1: (j * gap, i * gap) for i in range(size) for j in range(size)}
    ways = []
    for i in range(size):
        ways.append(STREET | {"nodes": [i * size + j + 1 for j in range(size)]})
        ways.append(STREET | {"nodes": [j * size + i + 1 for j in range(size)]})
    ways[0] = ways[0] | {"oneway:foot": "yes"}
    ways.append({"highway": "steps", "nodes": [1, size + 2]})
    return ways, at


def oracle(
    streets: Streets, heights: Mapping[tuple[int, int], float], sources: Snaps, targets: Snaps
) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    """Metres and minutes by networkx on the unfolded pieces, times from the heights again."""
    graph: nx.DiGraph[Any] = nx.DiGraph()
    pieces, nodes = streets.pieces, streets.nodes
    edge = streets.edges.iloc[pieces["edge"]].reset_index(drop=True)
    one_end, other_end, length = (pieces[c].to_numpy() for c in ("a", "b", "metres"))
    stops: dict[int, list[tuple[float, str]]] = {}
    for kind, snaps in (("s", sources), ("t", targets)):
        for row, piece, t in zip(snaps.of, snaps.piece, snaps.t, strict=True):
            stops.setdefault(int(piece), []).append((float(t), f"{kind}{row}"))
    spot = [
        (round((lon - LON) / M_LON), round((lat - LAT) / M_LAT))
        for lon, lat in zip(nodes["lon"], nodes["lat"], strict=True)
    ]
    for piece in range(len(pieces)):
        a, b = int(one_end[piece]), int(other_end[piece])
        metres = float(length[piece])
        if edge["access"].iat[piece] != PUBLIC:
            continue
        s = (heights[spot[b]] - heights[spot[a]]) / metres
        time = [metres / (67.0 * float(np.exp(-3.5 * (abs(v + 0.05) - 0.05)))) for v in (s, -s)]
        if pieces["way_id"].iat[piece] == STEPS:
            time = [min(t, metres / 33.5) for t in time]
        line = [(0.0, str(a)), *sorted(stops.get(piece, [])), (1.0, str(b))]
        for (t1, one), (t2, two) in pairwise(line):
            if edge["forward"].iat[piece] or t1 == t2:
                _lower(graph, one, two, (t2 - t1) * metres, (t2 - t1) * time[0])
            if edge["backward"].iat[piece] or t1 == t2:
                _lower(graph, two, one, (t2 - t1) * metres, (t2 - t1) * time[1])
    out: tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]] = ({}, {})
    for unit, found, per in (("m", out[0], 1.0), ("min", out[1], 67.0)):
        for row, leg in zip(sources.of.tolist(), sources.leg.tolist(), strict=True):
            far = nx.single_source_dijkstra_path_length(graph, f"s{row}", weight=unit)
            for target, leg_to in zip(targets.of.tolist(), targets.leg.tolist(), strict=True):
                found[row, target] = far.get(f"t{target}", np.inf) + (leg + leg_to) / per
    return out


SIZE, GAP = 5, 60.0
STEPS = 2 * SIZE + 1


def _lower(graph: nx.DiGraph[Any], one: str, two: str, metres: float, time: float) -> None:
    old = graph.get_edge_data(one, two, {"m": np.inf, "min": np.inf})
    graph.add_edge(one, two, m=min(old["m"], metres), min=min(old["min"], time))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.floats(0, 25), min_size=SIZE * SIZE, max_size=SIZE * SIZE),
    st.lists(st.tuples(st.floats(-20, 260), st.floats(-20, 260)), min_size=2, max_size=6),
    st.floats(60, 400),
)
def test_walks_on_hills_are_those_of_a_plain_search_in_both_units(
    level: list[float], points: list[tuple[float, float]], limit: float
) -> None:
    ways, at = grid(SIZE, GAP)
    heights = {(round(x), round(y)): level[n - 1] for n, (x, y) in at.items()}
    streets = hill(ways, at, lambda x, y: heights[round(x), round(y)])
    half = len(points) // 2
    one, two = snap(streets, points[:half]), snap(streets, points[half:])
    found = reach(streets, one, two, limit_m=limit)
    metres, minutes_ = oracle(streets, heights, one, two)
    pairs = list(zip(found["source"], found["target"], strict=True))
    mine = dict(zip(pairs, found["metres"], strict=True))
    mine_min = dict(zip(pairs, found["minutes"], strict=True))
    top = limit / 67.0
    # Within the limit in either unit, and nothing else; near the very limit either way is right.
    for pair in metres:
        m, t = metres[pair], minutes_[pair]
        if m <= limit - 1e-3 or t <= top - 1e-5:
            assert mine[pair] == pytest.approx(m, abs=1e-3)
            if t <= top - 1e-5:
                assert mine_min[pair] == pytest.approx(t, abs=1e-5)
            if t > top + 1e-5:
                assert np.isinf(mine_min[pair])
        elif m > limit + 1e-3 and t > top + 1e-5:
            assert pair not in mine


@settings(max_examples=25)
@given(
    st.floats(-400, 8000),
    st.lists(st.tuples(st.floats(-20, 260), st.floats(-20, 260)), min_size=2, max_size=4),
)
def test_level_ground_at_any_height_gives_the_minutes_of_no_elevation_model(
    level: float, points: list[tuple[float, float]]
) -> None:
    ways, at = grid(SIZE, GAP)
    flat, plain = hill(ways, at, lambda *_: level, step_m=25.0), hill(ways, at, None)
    assert plain.flat
    assert plain.heights_known is None
    for name in ("minutes", "minutes_back"):
        for frame in ("pieces", "edges"):
            mine = getattr(flat, frame)[name].to_numpy()
            # Minutes on slopes are whole billionths, so that they add up exactly.
            assert mine == pytest.approx(getattr(plain, frame)[name].to_numpy(), abs=1e-8)
    one, two = snap(plain, points[:1]), snap(plain, points[1:])
    a, b = (reach(s, one, two, limit_m=500) for s in (flat, plain))
    assert a["minutes"].to_numpy() == pytest.approx(b["minutes"].to_numpy(), abs=1e-7)


def test_a_street_of_bayreuth_takes_what_the_formula_says_up_and_down(shared: Path) -> None:
    """The steepest long street is timed again from the tile's own bytes, node by node."""
    folder = shared / "bayreuth"
    extract = read_extract(folder / "osm.osm.gz", place_keys=("amenity",))
    ways = extract.ways
    names, problems = usable(folder, ["N49E011.hgt.zip", "N50E011.hgt.zip"], "terrain.dem")
    assert not problems
    heights = heights_of(names)
    streets = build_streets(
        ways.tags,
        ways.offset,
        ways.node,
        ways.lon,
        ways.lat,
        speed=SPEED,
        ground=Ground(heights.at, 1e6, 0.5),
    )
    assert streets.heights_known == 1.0
    edges = streets.edges
    ratio = (edges["minutes"] / edges["minutes_back"]).where(edges["metres"] > 300, 1.0)
    tags = ways.tags.drop_duplicates("way_id").set_index("way_id")
    plain = tags["bridge"].isna() & tags["tunnel"].isna() & (tags["highway"] != "steps")
    ratio = ratio.where(plain.reindex(edges["way_id"]).to_numpy(), 1.0)
    # Above 5 % all slopes have one ratio; by the seam of the tiles one tile's bytes do not do.
    north = streets.nodes["lat"].to_numpy()[streets.junction_node[edges["u"].to_numpy()]]
    ratio = ratio.where(north > 50.01, 1.0)
    steep = int(np.argmax(np.abs(np.log(ratio))))
    first, count = (int(edges[c].to_numpy()[steep]) for c in ("first", "count"))
    rows = streets.pieces.iloc[first : first + count]
    chain = [int(rows["a"].to_numpy()[0]), *rows["b"].tolist()]
    lon, lat = (streets.nodes[c].to_numpy()[chain] for c in ("lon", "lat"))
    z = [_by_bytes(folder, x, y) for x, y in zip(lon, lat, strict=True)]
    up = down = 0.0
    for metres, (a, b) in zip(rows["metres"], pairwise(z), strict=True):
        s = (b - a) / metres
        up += metres / (67 * np.exp(-3.5 * (abs(s + 0.05) - 0.05)))
        down += metres / (67 * np.exp(-3.5 * (abs(-s + 0.05) - 0.05)))
    assert edges["minutes"].iat[steep] == pytest.approx(up, rel=2e-3)
    assert edges["minutes_back"].iat[steep] == pytest.approx(down, rel=2e-3)
    assert abs(up - down) / min(up, down) > 0.2


def _by_bytes(folder: Path, lon: float, lat: float) -> float:
    """Bilinear between cells, each the Gaussian mean (half a cell) of those around it."""
    import zipfile

    with zipfile.ZipFile(folder / f"N{int(lat)}E011.hgt.zip") as archive:
        raw = np.frombuffer(archive.read(archive.namelist()[0]), ">i2").reshape(1201, 1201)
    row, col = (int(lat) + 1 - lat) * 1200, (lon - 11) * 1200
    north, east = 92.67, 59.8 * np.cos(np.radians(lat)) / np.cos(np.radians(49.95))

    def smooth(r: int, c: int) -> float:
        total = weight = 0.0
        for i in range(-1, 2):
            for j in range(-2, 3):
                w = float(np.exp(-((i * north) ** 2 + (j * east) ** 2) / (2 * (north / 2) ** 2)))
                total, weight = total + w * float(raw[r + i, c + j]), weight + w
        return total / weight

    r, c = int(row), int(col)
    u, v = row - r, col - c
    return (
        (1 - u) * (1 - v) * smooth(r, c)
        + (1 - u) * v * smooth(r, c + 1)
        + u * (1 - v) * smooth(r + 1, c)
        + u * v * smooth(r + 1, c + 1)
    )


@pytest.mark.parametrize("kind", ["steps", "elevator"])
def test_stairs_mapped_as_a_bridge_do_not_pull_the_deck_down(kind: str) -> None:
    at = {
        1: (0, 0),
        2: (100, 0),
        3: (150, 0),
        4: (200, 0),
        5: (300, 0),
        6: (150, -20),
        7: (150, -60),
    }
    ways = [
        STREET | {"nodes": [1, 2]},
        {"highway": "footway", "bridge": "yes", "nodes": [2, 3, 4]},
        STREET | {"nodes": [4, 5]},
        {"highway": kind, "bridge": "yes", "nodes": [3, 6]},
        STREET | {"nodes": [6, 7]},
    ]
    streets = hill(ways, at, lambda x, _: 0.0 if 120 < x < 180 else 6.0)
    assert minutes(streets, (100, 0), (200, 0)) == pytest.approx(100 / 67, rel=1e-6)


def test_a_piece_known_in_part_counts_as_unknown() -> None:
    ways = [STREET | {"nodes": [1, 2]}, STREET | {"nodes": [2, 3]}]
    at = {1: (-100, 0), 2: (0, 0), 3: (200, 0)}
    streets = hill(ways, at, lambda x, _: NAN if x > 120 else 5.0, step_m=50.0)
    assert streets.heights_known == pytest.approx(100 / 300, rel=1e-4)


def test_of_a_piece_known_in_part_the_known_parts_climb() -> None:
    # 200 m in parts of 50: up 10 % to 100 m, then nobody knows; and a street that is known.
    ways = [STREET | {"nodes": [1, 2]}, STREET | {"nodes": [1, 3]}]
    at = {1: (0, 0), 2: (200, 0), 3: (-50, 0)}
    streets = hill(ways, at, lambda x, _: NAN if x > 120 else x / 10, step_m=50.0)
    up = 100 / 67 * (1.4190675 + 1.0)
    assert minutes(streets, (0, 0), (200, 0)) == pytest.approx(up, rel=1e-4)
    assert streets.heights_known == pytest.approx(50 / 250, rel=1e-4)
