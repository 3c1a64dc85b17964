"""What a user would write today: osmnx, networkx, and one folium marker a place.

It finds the industrial areas of an extract, snaps places to the nearest street corner,
walks 1,500 m from every corner of a park's edge, counts places by kind, and draws one map
a park and one of all.  It is the yardstick that parkgap is measured against, written the
way the libraries' own guides do it, with no trick that makes it slower: scikit-learn and
matplotlib are hidden, because osmnx would import them and nothing here needs them.

No hours, no entrances, no shifts, no statuses, no offline maps: it does far less.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

for _unneeded in ("sklearn", "matplotlib"):
    sys.modules[_unneeded] = None  # type: ignore[assignment]

import folium
import geopandas as gpd
import networkx as nx
import osmnx as ox

PLACES: dict[str, bool | str | list[str]] = {
    "amenity": True,
    "shop": True,
    "leisure": True,
    "healthcare": True,
    "office": True,
    "tourism": True,
    "public_transport": True,
    "highway": ["bus_stop"],
}
LIMIT_M = 1500.0
LEAST_HA = 1.0


def parks_of(extract: Path, crs: Any) -> gpd.GeoDataFrame:
    """Return the industrial areas of 1 ha or more, in the plane `crs`."""
    areas = ox.features_from_xml(extract, tags={"landuse": "industrial"})
    areas = areas[areas.geom_type.isin(["Polygon", "MultiPolygon"])].to_crs(crs)
    return areas[areas.area >= LEAST_HA * 1e4]


def places_of(extract: Path, crs: Any) -> gpd.GeoDataFrame:
    """Return the places as points in the plane `crs`, with the column ``kind``."""
    places = ox.features_from_xml(extract, tags=PLACES).to_crs(crs)
    places["geometry"] = places.centroid
    kind = places["amenity"]
    for key in list(PLACES)[1:]:
        kind = kind.fillna(places[key])
    places["kind"] = kind
    return places


def edge_corners(graph: nx.MultiDiGraph[int], park: Any) -> list[int]:
    """Return the street corners nearest to the vertices of a park's outline, each once."""
    outline = (
        park.exterior.coords if park.geom_type == "Polygon" else park.convex_hull.exterior.coords
    )
    x, y = zip(*outline, strict=True)
    return sorted(set(ox.distance.nearest_nodes(graph, x, y)))


def walk(graph: nx.MultiDiGraph[int], corners: list[int]) -> dict[int, float]:
    """Return metres to every street corner within the limit, from the nearest of `corners`."""
    best: dict[int, float] = {}
    for corner in corners:
        metres = nx.single_source_dijkstra_path_length(
            graph, corner, cutoff=LIMIT_M, weight="length"
        )
        for node, length in metres.items():
            if length < best.get(node, float("inf")):
                best[node] = length
    return best


def draw(parks: gpd.GeoDataFrame, places: gpd.GeoDataFrame, page: Path) -> None:
    """Draw `parks` with one marker for every one of `places`, and save the page."""
    middle = parks.union_all().centroid
    drawn = folium.Map([middle.y, middle.x], zoom_start=15)
    folium.GeoJson(parks[["geometry"]].to_json()).add_to(drawn)
    names = places["name"].fillna("")
    at = zip(places.geometry.y, places.geometry.x, strict=True)
    for point, name, kind in zip(at, names, places["kind"], strict=True):
        folium.Marker(point, popup=name, tooltip=kind).add_to(drawn)
    drawn.save(page)


def study(streets: Path, extract: Path, out: Path) -> dict[str, Any]:
    """Do the whole job; return seconds a step, and counts."""
    seconds: dict[str, float] = {}
    began = time.perf_counter()

    def lap(step: str) -> None:
        seconds[step] = round(time.perf_counter() - began - sum(seconds.values()), 2)

    graph = ox.project_graph(ox.graph_from_xml(streets, bidirectional=True))
    lap("streets")
    crs = graph.graph["crs"]
    parks = parks_of(extract, crs)
    lap("parks")
    places = places_of(extract, crs)
    lap("places")
    places["corner"] = ox.distance.nearest_nodes(graph, places.geometry.x, places.geometry.y)
    lap("snapping")
    reached = [walk(graph, edge_corners(graph, park)) for park in parks.geometry]
    lap("walking")
    found = [places[places["corner"].isin(list(metres))] for metres in reached]
    counts = [near["kind"].value_counts().to_dict() for near in found]
    lap("counting")
    out.mkdir(parents=True, exist_ok=True)
    parks_ll, places_ll = parks.to_crs(4326), places.to_crs(4326)
    for row, near in enumerate(found):
        draw(parks_ll.iloc[[row]], places_ll.loc[near.index], out / f"park-{row}.html")
    lap("park maps")
    draw(parks_ll, places_ll, out / "index.html")
    lap("overview map")
    (out / "counts.json").write_text(json.dumps(counts, ensure_ascii=False), encoding="utf-8")
    return {
        "seconds": seconds,
        "parks": len(parks),
        "places": len(places),
        "found": sum(len(near) for near in found),
        "nodes": len(graph),
        "edges": graph.number_of_edges(),
    }


def main() -> None:
    """Run on the files named on the command line; print a JSON line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("streets", type=Path, help=".osm that the street graph is read from")
    parser.add_argument("extract", type=Path, help=".osm that parks and places are read from")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    print(json.dumps(study(given.streets, given.extract, given.out)))


if __name__ == "__main__":
    main()
