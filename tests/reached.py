"""What is reached on foot from a park, worked out with networkx and shapely from the frames alone.

Nothing of the program's own searches is used: pieces of street are edges of a networkx graph, once
for the park's own streets and once for the public ones, joined at the gates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pyproj
import shapely
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.access.streets import Streets

SPEED = 67.0  # metres a minute
SNAP_M = 150.0
DETOUR = 1.3
STEP_M = 2.0  # metres from one place looked at to the next, along a street
_MERCATOR = pyproj.Transformer.from_crs(4326, 3395, always_xy=True)


@dataclass
class Network:
    """The streets as a peer sees them."""

    streets: Streets
    public: Any
    lines: Any
    open: Any

    @classmethod
    def of(cls, streets: Streets) -> Network:
        edges, pieces = streets.edges, streets.pieces
        lon, lat = (streets.nodes[c].to_numpy() for c in ("lon", "lat"))
        xy = np.column_stack(_MERCATOR.transform(lon, lat))
        ends = np.stack([xy[pieces["a"].to_numpy()], xy[pieces["b"].to_numpy()]], axis=1)
        everybody = (edges["access"].to_numpy() == 0)[pieces["edge"].to_numpy()]
        lines = np.asarray(shapely.linestrings(ends))
        return cls(streets, graph_of(streets, np.flatnonzero(everybody)), lines, everybody)

    def snap(self, rows: Any, lon: float, lat: float) -> tuple[int, float, float] | None:
        """Nearest of some pieces: its row, the place on it, and the straight metres there."""
        if len(rows) == 0:
            return None
        at = shapely.Point(_MERCATOR.transform(lon, lat))
        near = int(shapely.distance(self.lines[rows], at).argmin())
        line = self.lines[rows][near]
        t = float(shapely.line_locate_point(line, at, normalized=True))
        foot = line.interpolate(t, normalized=True)
        back = pyproj.Transformer.from_crs(3395, 4326, always_xy=True).transform(foot.x, foot.y)
        _, _, metres = pyproj.Geod(ellps="WGS84").inv(lon, lat, *back)
        return (int(rows[near]), t, metres) if metres <= SNAP_M else None


def graph_of(streets: Streets, rows: Any) -> Any:
    """Make a graph of pieces: minutes from node to node, the least of several."""
    graph: Any = nx.DiGraph()
    table = pieces_of(streets, rows)
    for a, b, there, back, ahead, behind in zip(*(table[k] for k in table), strict=True):
        for tail, head, minutes, may in ((a, b, there, ahead), (b, a, back, behind)):
            if may and minutes < graph.get_edge_data(tail, head, {"m": np.inf})["m"]:
                graph.add_edge(tail, head, m=minutes)
    return graph


def pieces_of(streets: Streets, rows: Any) -> dict[str, list[Any]]:
    pieces, edges = streets.pieces.iloc[rows], streets.edges
    edge = pieces["edge"].to_numpy()
    table = {c: pieces[c].tolist() for c in ("a", "b", "minutes", "minutes_back")}
    return table | {c: edges[c].to_numpy()[edge].tolist() for c in ("forward", "backward")}


@dataclass
class Layer:
    """Minutes to nodes of one layer, and places on pieces where walks begin: row, t, minutes."""

    rows: Any
    minutes: dict[int, float]
    begins: list[tuple[int, float, float]]


def search(streets: Streets, graph: Any, begins: list[tuple[int, float, float]]) -> Any:
    """Least minutes from any of some places on pieces to all nodes."""
    at = pieces_of(streets, [row for row, _, _ in begins])
    names = ("a", "b", "minutes", "minutes_back", "forward", "backward")
    for (_, t, begun), a, b, there, back, ahead, behind in zip(
        begins, *(at[n] for n in names), strict=True
    ):
        for node, cost, may in (
            (a, t * back, behind or t == 0),
            (b, (1 - t) * there, ahead or t == 1),
        ):
            if may and begun + cost < graph.get_edge_data("start", node, {"m": np.inf})["m"]:
                graph.add_edge("start", node, m=begun + cost)
    if "start" not in graph:
        return {}
    found = nx.single_source_dijkstra_path_length(graph, "start", cutoff=16.0, weight="m")
    graph.remove_node("start")
    return found


def layers(
    net: Network, owner: int, starts: pd.DataFrame, gates: pd.DataFrame
) -> tuple[Layer, Layer]:
    """Walk from a park's workplaces on its own streets, and out through its gates.

    Parameters
    ----------
    owner
        Which of the streets' owners the park is.
    starts, gates
        ``lon, lat`` of the workplaces; ``lon, lat, kind`` of the park's gates.
    """
    streets = net.streets
    inside = streets.inside
    rows = inside["piece"].to_numpy()[(inside["owner"] == owner).to_numpy()]
    own = graph_of(streets, rows)
    public = np.flatnonzero(net.open)
    ways_in: list[Any] = [_gate(net, owner, rows, public, g) for g in gates.to_dict("records")]
    begins: list[Any] = []
    out: dict[int, float] = {}
    for start in starts.to_dict("records"):
        snapped = net.snap(rows, start["lon"], start["lat"])
        mine = [] if snapped is None else [(*snapped[:2], snapped[2] / SPEED)]
        begins += mine
        cost = search(streets, own, mine)
        reached = {g: _into(streets, w["in"], cost, mine) for g, w in enumerate(ways_in)}
        if not any(np.isfinite(c) for c in reached.values()):
            for g, gate in enumerate(gates.to_dict("records")):
                _, _, metres = pyproj.Geod(ellps="WGS84").inv(
                    start["lon"], start["lat"], gate["lon"], gate["lat"]
                )
                reached[g] = metres * DETOUR / SPEED
        for g, c in reached.items():
            if ways_in[g]["joined"]:
                out[g] = min(out.get(g, np.inf), c)
    inner = Layer(rows, search(streets, own, begins), begins)
    leave = [(*ways_in[g]["out"][:2], c + ways_in[g]["out"][2]) for g, c in out.items() if c < 15.0]
    return inner, Layer(public, search(streets, net.public, leave), leave)


def _gate(net: Network, owner: int, rows: Any, public: Any, gate: Any) -> dict[str, Any]:
    """Say how a gate is got to inside, and on which public piece it opens."""
    streets = net.streets
    if gate["kind"] in ("mapped", "derived"):
        known = streets.gates[streets.gates["owner"] == owner]
        nodes = streets.nodes.iloc[known["node"].to_numpy()]
        far = np.hypot(nodes["lon"] - gate["lon"], nodes["lat"] - gate["lat"]).to_numpy()
        row = known.iloc[int(far.argmin())]
        ends = streets.pieces.iloc[public]
        node = row["node"]
        at_a = np.flatnonzero((ends["a"] == node).to_numpy())
        at = at_a if len(at_a) else np.flatnonzero((ends["b"] == node).to_numpy())
        door = (int(public[at[0]]), 0.0 if len(at_a) else 1.0, 0.0)
        return {"in": int(row["inner"]), "out": door, "joined": bool(row["joined"])}
    snapped = net.snap(public, gate["lon"], gate["lat"])
    assert snapped is not None
    leg = snapped[2] / SPEED if gate["kind"] == "given" else 0.0
    within = net.snap(rows, gate["lon"], gate["lat"])
    joined = bool(streets.pieces["main"].to_numpy()[snapped[0]])
    return {"in": within, "out": (*snapped[:2], leg), "joined": joined}


def _into(streets: Streets, gate: Any, cost: dict[Any, float], mine: list[Any]) -> float:
    """Minutes to a gate on the park's own streets."""
    if gate is None:
        return float("inf")
    if isinstance(gate, int):
        return float(cost.get(gate, np.inf))
    row, t, metres = gate
    at = {k: v[0] for k, v in pieces_of(streets, [row]).items()}
    ways = [
        cost.get(at["a"], np.inf) + t * at["minutes"] if at["forward"] or t == 0 else np.inf,
        cost.get(at["b"], np.inf) + (1 - t) * at["minutes_back"]
        if at["backward"] or t == 1
        else np.inf,
    ]
    for piece, s, begun in mine:
        if piece == row and t >= s and at["forward"]:
            ways.append(begun + (t - s) * at["minutes"])
        if piece == row and t <= s and at["backward"]:
            ways.append(begun + (s - t) * at["minutes_back"])
    return float(min(ways) + metres / SPEED)


@dataclass
class Places:
    """Places along the streets: metres around a point, and the least minutes to them."""

    xy: Any
    minutes: Any

    def near(self, within: float) -> cKDTree:
        """Places that are reached in so many minutes."""
        return cKDTree(self.xy[self.minutes <= within])


def places_along(net: Network, walked: tuple[Layer, Layer], plane: pyproj.Proj, box: Any) -> Places:
    """Look at every street in a box (degrees) every few metres."""
    streets = net.streets
    lon, lat = (streets.nodes[c].to_numpy() for c in ("lon", "lat"))
    a, b = (streets.pieces[c].to_numpy() for c in ("a", "b"))
    west, south, east, north = box
    here = (np.maximum(lon[a], lon[b]) >= west) & (np.minimum(lon[a], lon[b]) <= east)
    here &= (np.maximum(lat[a], lat[b]) >= south) & (np.minimum(lat[a], lat[b]) <= north)
    rows = np.flatnonzero(here)
    steps = np.ceil(streets.pieces["metres"].to_numpy()[rows] / STEP_M).astype(int) + 1
    of = np.repeat(np.arange(len(rows)), steps)
    t = (np.arange(len(of)) - np.repeat(np.cumsum(steps) - steps, steps)) / np.maximum(
        steps - 1, 1
    )[of]
    least = np.full(len(of), np.inf)
    table = {k: np.array(v) for k, v in pieces_of(streets, rows).items()}
    for layer in walked:
        mine = np.isin(rows, layer.rows)
        at = {e: np.array([layer.minutes.get(n, np.inf) for n in table[e].tolist()]) for e in "ab"}
        ahead = np.where(table["forward"] & mine, at["a"], np.inf)[of] + t * table["minutes"][of]
        behind = np.where(table["backward"] & mine, at["b"], np.inf)[of]
        least = np.minimum(least, np.minimum(ahead, behind + (1 - t) * table["minutes_back"][of]))
        for piece, s, begun in layer.begins:
            here = rows[of] == piece
            on = t[here] - s
            forward = np.where(table["forward"][of[here]] & (on >= 0), on, np.inf)
            back = np.where(table["backward"][of[here]] & (on <= 0), -on, np.inf)
            cost = np.minimum(
                forward * table["minutes"][of[here]], back * table["minutes_back"][of[here]]
            )
            least[here] = np.minimum(least[here], begun + cost)
    where = [c[a[rows]][of] * (1 - t) + c[b[rows]][of] * t for c in (lon, lat)]
    return Places(np.column_stack(plane(*where)), least)
