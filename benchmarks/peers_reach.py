"""Walk from every origin to every place within a limit, with each of several engines.

Every engine gets the same arrays (see inputs.py) and owes the same table: origin, place,
metres, along streets from the point *on* an edge to the point *on* an edge, both straight
legs counted, two points on one edge walked directly.  Its time runs from those arrays to
that table, building its own graph included; importing it is not counted.  Each table is
compared with that of plain scipy, row by row, so that a quick wrong answer loses.

The peers search from nodes only.  So origins are put into the graph as nodes of their own,
and places are read off the two ends of their edge; both are shared code, and count for
every peer.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from measure import measure

Arrays = dict[str, Any]
Row = tuple[Any, Any]  # nodes reached from one origin, and metres to them
LEAST_M = 1e-9  # scipy would drop an edge of no length


# --- shared by all peers ----------------------------------------------------------------------


def with_origins(data: Arrays) -> Arrays:
    """Put every origin into the graph as a node of its own, parting its edge.

    Returns
    -------
    dict of arrays
        ``size`` (number of nodes; origin i is node ``base + i``), ``base``, and ``u, v, metres``
        of two-way edges with a < b, the shortest of parallel ones.
    """
    base = len(data["x"])
    edge, along = data["origin_edge"], data["origin_u"]
    parted = np.zeros(len(data["u"]), dtype=bool)
    parted[edge] = True
    cut = np.flatnonzero(parted)
    # The stops along each parted edge, in order: its first end, its origins, its other end.
    stop_edge = np.concatenate([cut, edge, cut])
    stop_at = np.concatenate([np.zeros(len(cut)), along, data["metres"][cut]])
    stop = np.concatenate([data["u"][cut], base + np.arange(len(edge)), data["v"][cut]])
    rank = np.concatenate([np.zeros(len(cut)), np.ones(len(edge)), np.full(len(cut), 2)])
    order = np.lexsort((rank, stop_at, stop_edge))
    stop_edge, stop_at, stop = stop_edge[order], stop_at[order], stop[order]
    pair = np.flatnonzero(stop_edge[1:] == stop_edge[:-1])
    a = np.concatenate([data["u"][~parted], stop[pair]])
    b = np.concatenate([data["v"][~parted], stop[pair + 1]])
    metres = np.concatenate([data["metres"][~parted], stop_at[pair + 1] - stop_at[pair]])
    a, b = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((metres, b, a))
    a, b, metres = a[order], b[order], metres[order]
    first = np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])] & (a != b)
    return {
        "u": a[first],
        "v": b[first],
        "metres": np.maximum(metres[first], LEAST_M),
        "base": base,
        "size": base + len(edge),
    }


def table(data: Arrays, graph: Arrays, rows: Iterable[Row]) -> pd.DataFrame:
    """Turn what each origin reached into the table that is owed.

    Parameters
    ----------
    data, graph
        The inputs, and the graph with origins.
    rows
        For every origin in order: nodes reached and metres to them.
    """
    limit = float(data["limit"])
    edge = data["place_edge"]
    u, v = data["u"][edge], data["v"][edge]
    by_edge = np.argsort(edge, kind="stable")
    sorted_edge = edge[by_edge]
    far = np.full(graph["size"], np.inf)
    origins, places, metres = [], [], []
    for origin, (nodes, reached) in enumerate(rows):
        far[nodes] = reached
        walk = np.minimum(far[u] + data["place_u"], far[v] + data["place_v"])
        far[nodes] = np.inf
        own = data["origin_edge"][origin]
        same = by_edge[slice(*np.searchsorted(sorted_edge, [own, own + 1]))]
        direct = np.abs(data["place_u"][same] - data["origin_u"][origin])
        walk[same] = np.minimum(walk[same], direct)
        walk += data["place_leg"] + data["origin_leg"][origin]
        hit = np.flatnonzero(walk <= limit)
        origins.append(np.full(len(hit), origin))
        places.append(hit)
        metres.append(walk[hit])
    return pd.DataFrame(
        {
            "origin": np.concatenate(origins),
            "place": np.concatenate(places),
            "metres": np.concatenate(metres),
        }
    )


# --- engines ----------------------------------------------------------------------------------


def scipy_engine(data: Arrays) -> pd.DataFrame:
    """Plain scipy: whole rows of the whole graph, 64 origins at a time.  The reference."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    graph = with_origins(data)
    size = graph["size"]
    matrix = coo_array((graph["metres"], (graph["u"], graph["v"])), shape=(size, size)).tocsr()

    def rows() -> Iterator[Row]:
        for start in range(graph["base"], size, 64):
            nodes = np.arange(start, min(start + 64, size))
            for row in dijkstra(matrix, directed=False, indices=nodes, limit=float(data["limit"])):
                near = np.flatnonzero(np.isfinite(row))
                yield near, row[near]

    return table(data, graph, rows())


def networkx_engine(data: Arrays) -> pd.DataFrame:
    """networkx: one bounded search an origin."""
    import networkx as nx

    graph = with_origins(data)
    streets: nx.Graph[int] = nx.Graph()
    streets.add_weighted_edges_from(
        zip(graph["u"].tolist(), graph["v"].tolist(), graph["metres"].tolist(), strict=True)
    )

    def rows() -> Iterator[Row]:
        for node in range(graph["base"], graph["size"]):
            found = nx.single_source_dijkstra_path_length(
                streets, node, cutoff=float(data["limit"]), weight="weight"
            )
            yield np.fromiter(found, dtype=np.int64), np.fromiter(found.values(), dtype=float)

    return table(data, graph, rows())


def rustworkx_engine(data: Arrays) -> pd.DataFrame:
    """rustworkx: a search that its visitor stops at the limit, since it has no limit itself."""
    import rustworkx as rx
    from rustworkx.visit import DijkstraVisitor, StopSearch

    limit = float(data["limit"])

    class Bounded(DijkstraVisitor):  # type: ignore[misc]
        def __init__(self) -> None:
            self.nodes: list[int] = []
            self.metres: list[float] = []

        def discover_vertex(self, v: int, score: float) -> None:
            if score > limit:
                raise StopSearch
            self.nodes.append(v)
            self.metres.append(score)

    graph = with_origins(data)
    streets = rx.PyGraph(multigraph=False)
    streets.add_nodes_from(range(graph["size"]))
    streets.add_edges_from(
        list(zip(graph["u"].tolist(), graph["v"].tolist(), graph["metres"].tolist(), strict=True))
    )

    def rows() -> Iterator[Row]:
        for node in range(graph["base"], graph["size"]):
            found = Bounded()
            rx.dijkstra_search(streets, [node], float, found)
            yield np.array(found.nodes), np.array(found.metres)

    return table(data, graph, rows())


def igraph_engine(data: Arrays) -> pd.DataFrame:
    """igraph: it knows no limit, so a search goes on to the end of the network."""
    import igraph

    graph = with_origins(data)
    pairs = np.column_stack([graph["u"], graph["v"]])
    streets = igraph.Graph(n=graph["size"], edges=pairs)
    metres = graph["metres"].tolist()
    limit = float(data["limit"])

    def rows() -> Iterator[Row]:
        for start in range(graph["base"], graph["size"], 16):
            nodes = range(start, min(start + 16, graph["size"]))
            for row in streets.distances(source=nodes, weights=metres):
                far = np.array(row)
                near = np.flatnonzero(far <= limit)
                yield near, far[near]

    return table(data, graph, rows())


def _coordinates(data: Arrays) -> tuple[Any, Any]:
    """Return x and y of every node; of an origin, those of an end of its edge (never used)."""
    end = data["u"][data["origin_edge"]]
    return np.r_[data["x"], data["x"][end]], np.r_[data["y"], data["y"][end]]


def pandana_engine(data: Arrays) -> pd.DataFrame:
    """pandana: contraction hierarchies, all nodes in range of all origins in one call."""
    import pandana

    graph = with_origins(data)
    x, y = (pd.Series(c) for c in _coordinates(data))
    net = pandana.Network(
        x, y, pd.Series(graph["u"]), pd.Series(graph["v"]), pd.DataFrame({"m": graph["metres"]})
    )
    nodes = np.arange(graph["base"], graph["size"])
    found = net.nodes_in_range(nodes, float(data["limit"])).sort_values("source", kind="stable")
    source = found["source"].to_numpy()
    start = np.searchsorted(source, nodes)
    end = np.searchsorted(source, nodes, side="right")
    reached, metres = found["destination"].to_numpy(), found["m"].to_numpy()
    return table(
        data, graph, ((reached[a:b], metres[a:b]) for a, b in zip(start, end, strict=True))
    )


def cityseer_engine(data: Arrays) -> pd.DataFrame:
    """cityseer: its shortest-path tree; one second is one metre, the limit a whole number."""
    from cityseer import rustalgos

    graph = with_origins(data)
    net = rustalgos.graph.NetworkStructure()
    x, y = _coordinates(data)
    for node, (at_x, at_y) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        net.add_street_node(str(node), at_x, at_y, live=True, weight=1.0)
    edges = zip(graph["u"].tolist(), graph["v"].tolist(), graph["metres"].tolist(), strict=True)
    for row, (a, b, metres) in enumerate(edges):
        net.add_transport_edge(a, b, row, str(a), str(b), metres)
        net.add_transport_edge(b, a, row, str(b), str(a), metres)
    seconds = int(np.ceil(data["limit"]))

    def rows() -> Iterator[Row]:
        for node in range(graph["base"], graph["size"]):
            visited, tree = net.dijkstra_tree_shortest(node, seconds, 1.0)
            yield np.array(visited), np.array([tree[n].agg_seconds for n in visited])

    return table(data, graph, rows())


def parkgap_engine(data: Arrays) -> pd.DataFrame:
    """parkgap: its own reach stage, from the same arrays to the same table."""
    from parkgap.access.reach import walks
    from parkgap.access.snap import Ends
    from parkgap.access.streets import search_graph

    def ends(of: str) -> Ends:
        edge, leg = data[f"{of}_edge"], data[f"{of}_leg"]
        along = data[f"{of}_u"]
        to_u, to_v = along + leg, data[f"{of}_v"] + leg
        two_way = np.ones(len(edge), dtype=bool)
        return Ends(
            edge=edge,
            u=data["u"][edge],
            v=data["v"][edge],
            to_u=to_u,
            to_v=to_v,
            from_u=to_u,
            from_v=to_v,
            along=along,
            along_back=along,
            leg=leg,
            forward=two_way,
            backward=two_way,
        )

    metres = data["metres"]
    graph = search_graph(data["u"], data["v"], metres, metres, len(data["x"]))
    limit = float(data["limit"])
    found = walks(
        graph,
        (data["x"], data["y"]),
        ends("origin"),
        (data["origin_x"], data["origin_y"]),
        ends("place"),
        (data["place_x"], data["place_y"]),
        np.arange(len(data["place_edge"])),
        limit=limit,
        limit_m=limit,
    )
    return pd.DataFrame({"origin": found.source, "place": found.target, "metres": found.cost})


ENGINES: dict[str, Callable[[Arrays], pd.DataFrame]] = {
    "scipy": scipy_engine,
    "parkgap": parkgap_engine,
    "networkx": networkx_engine,
    "rustworkx": rustworkx_engine,
    "igraph": igraph_engine,
    "pandana": pandana_engine,
    "cityseer": cityseer_engine,
}


IMPORTS = {
    "scipy": "scipy.sparse.csgraph",
    "cityseer": "cityseer.rustalgos",
    "parkgap": "parkgap.access.reach",
}


# --- measuring and comparing --------------------------------------------------------------------


def compare(got: pd.DataFrame, reference: pd.DataFrame) -> dict[str, float]:
    """Return rows missing and extra, and the greatest difference in metres."""
    both = reference.merge(got, on=["origin", "place"], how="outer", suffixes=("", "_got"))
    shared = both.dropna()
    return {
        "rows": len(got),
        "missing": int(both["metres_got"].isna().sum()),
        "extra": int(both["metres"].isna().sum()),
        "off_m": float((shared["metres"] - shared["metres_got"]).abs().max()),
    }


def one(name: str, inputs: Path, out: Path, repeat: int) -> None:
    """Run one engine in this process; write its table and print its least cost."""
    with np.load(inputs) as stored:
        data = {key: stored[key] for key in stored.files}
    importlib.import_module(IMPORTS.get(name, name))
    seconds, cpu, found = [], [], pd.DataFrame()
    for _ in range(repeat):
        began, used = time.perf_counter(), time.process_time()
        found = ENGINES[name](data)
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    found.sort_values(["origin", "place"]).to_pickle(out)
    origins = len(data["origin_edge"])
    per_origin = min(cpu) / origins * 1000
    print(json.dumps({"seconds": min(seconds), "cpu_s": min(cpu), "ms_origin": per_origin}))


def compare_all(inputs: Path, work: Path, *, repeat: int = 3) -> list[dict[str, Any]]:
    """Run every engine that is installed, each in a process of its own.

    Parameters
    ----------
    inputs
        An .npz of inputs.py.
    work
        Folder for the tables.
    repeat
        Runs of each engine; the quickest counts.

    Returns
    -------
    list of dict
        ``engine, seconds, cpu_s, ms_origin`` (of processor time), ``peak_mb, rows, missing,
        extra, off_m``; scipy first.
    """
    work.mkdir(parents=True, exist_ok=True)
    results = []
    for name in ENGINES:
        if importlib.util.find_spec(name) is None:
            print(f"{name} is not installed", file=sys.stderr)
            continue
        out = work / f"reach-{name}.pkl"
        cost = measure(
            [sys.executable, __file__, inputs, "--one", name, "--out", out, "--repeat", str(repeat)]
        )
        # Our own file of a moment ago, so unpickling it is safe.
        found = pd.read_pickle(out)  # noqa: S301
        reference = found if name == "scipy" else pd.read_pickle(work / "reach-scipy.pkl")  # noqa: S301
        results.append(
            {
                "engine": name,
                **json.loads(cost.output.splitlines()[-1]),  # pandana prints, too
                "peak_mb": cost.peak_mb,
                **compare(found, reference),
            }
        )
    return results


def main() -> None:
    """Compare all engines on an .npz of inputs.py, or run one of them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "work")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", choices=ENGINES)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.one:
        one(given.one, given.inputs, given.out, given.repeat)
    else:
        print(pd.DataFrame(compare_all(given.inputs, given.work, repeat=given.repeat)).to_string())


if __name__ == "__main__":
    main()
