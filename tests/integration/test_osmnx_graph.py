"""A graph that osmnx read gives the same walks as ours on the same file."""

from __future__ import annotations

import warnings
from pathlib import Path

import networkx as nx
import numpy as np
import osmium
import pytest
from pyproj import Geod

from parkgap.access.reach import reach
from parkgap.access.snap import Snaps
from parkgap.access.streets import build_streets
from parkgap.sources.osm_file import read_extract

TOWN = Path(__file__).parents[2] / "data" / "neubrandenburg" / "osm.osm.pbf"
BOX = (13.250, 53.550, 13.275, 53.562)
WALKED = {
    "residential",
    "footway",
    "path",
    "steps",
    "living_street",
    "tertiary",
    "secondary",
    "pedestrian",
}


def crop(target: Path) -> None:
    """Write the plain walkable streets whose nodes all lie in the box."""
    west, south, east, north = BOX
    inside: dict[int, osmium.osm.mutable.Node] = {}
    ways: list[tuple[int, list[int], str]] = []
    for o in osmium.FileProcessor(str(TOWN), osmium.osm.NODE | osmium.osm.WAY):
        if isinstance(o, osmium.osm.Node):
            if west < o.location.lon < east and south < o.location.lat < north:
                inside[o.id] = osmium.osm.mutable.Node(
                    id=o.id, location=(o.location.lon, o.location.lat)
                )
            continue
        if not isinstance(o, osmium.osm.Way) or o.tags.get("highway") not in WALKED:
            continue
        refs = [n.ref for n in o.nodes]
        plain = not any(k in o.tags for k in ("access", "foot", "conveying"))
        if plain and all(r in inside for r in refs):
            ways.append((o.id, refs, o.tags["highway"]))
    used = {r for _, refs, _ in ways for r in refs}
    with osmium.SimpleWriter(str(target)) as writer:
        for node in sorted(used):
            writer.add_node(inside[node])
        for number, refs, highway in ways:
            tags = {"highway": highway}
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))


def test_walks_between_nodes_agree_with_the_graph_that_osmnx_reads(tmp_path: Path) -> None:
    osmnx = pytest.importorskip("osmnx")
    file = tmp_path / "crop.osm"
    crop(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = osmnx.graph_from_xml(file, bidirectional=True, simplify=False, retain_all=True)
    # osmnx measures on a sphere: lengths come from pyproj's ellipsoid, the topology is osmnx's.
    geod = Geod(ellps="WGS84")
    at = {n: (d["x"], d["y"]) for n, d in theirs.nodes(data=True)}
    plain: nx.DiGraph[int] = nx.DiGraph()
    for u, v in theirs.edges():
        plain.add_edge(u, v, m=geod.inv(*at[u], *at[v])[2])
    w = read_extract(file, place_keys=["amenity"]).ways
    streets = build_streets(w.tags, w.offset, w.node, w.lon, w.lat, speed=67.0)
    rng = np.random.default_rng(3)
    a, b = streets.pieces["a"].to_numpy(), streets.pieces["b"].to_numpy()
    osm_id = streets.nodes["node_id"].to_numpy()
    rows = rng.choice(len(a), 240, replace=False)
    zeros = np.zeros(120)
    one = Snaps(np.arange(120), rows[:120], zeros, zeros)
    two = Snaps(np.arange(120), rows[120:], zeros + 1.0, zeros)
    found = reach(streets, one, two, limit_m=1500.0)
    mine = {
        (s, t): m
        for s, t, m in zip(found["source"], found["target"], found["minutes"], strict=True)
    }
    compared = 0
    for s, row in enumerate(rows[:120]):
        far = nx.single_source_dijkstra_path_length(
            plain, osm_id[a[row]], cutoff=1500.0, weight="m"
        )
        for t, other in enumerate(rows[120:]):
            metres = far.get(osm_id[b[other]])
            if metres is None or metres > 1499.0:
                continue
            compared += 1
            assert mine[s, t] == pytest.approx(metres / 67.0, abs=1 / 60)
    assert compared >= 1000
