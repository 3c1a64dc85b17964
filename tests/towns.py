"""Little towns for tests: drawn in metres, written as an extract and a study's tables.

A test draws its map with x to the east and y to the north, in metres around one point; the
builder turns metres into degrees by an azimuthal equidistant projection (pyproj), which has
nothing in common with the program's own geometry.  Places are good to a centimetre, the
resolution of OpenStreetMap.  Points at the same place are the same node, so that streets
that share a corner are joined, and streets that only cross are not.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import numpy as np
import pyproj

from parkgap.study import Study, load_study

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.results import Results

LON, LAT = 120.0, 36.0
SPEED = 67.0  # metres a minute: the standard's walking speed
Point = tuple[float, float]
Box = tuple[float, float, float, float]


@lru_cache(maxsize=4)
def _plane(lon: float, lat: float) -> pyproj.Proj:
    return pyproj.Proj(proj="aeqd", lon_0=lon, lat_0=lat, ellps="WGS84")


def degrees(x: float, y: float, lon: float = LON, lat: float = LAT) -> Point:
    """Longitude and latitude of a point given in metres around (lon, lat)."""
    found = _plane(lon, lat)(x, y, inverse=True)
    return round(float(found[0]), 7), round(float(found[1]), 7)


def corners(box: Box) -> list[Point]:
    """Corners of a box (west, south, east, north), anticlockwise, the first one again."""
    w, s, e, n = box
    return [(w, s), (e, s), (e, n), (w, n), (w, s)]


@dataclass
class Town:
    """A town on the drawing board.

    Attributes
    ----------
    extent
        What the extract says that it covers (its ``<bounds>``); None: it does not say.
    language, head, settings
        Further lines of ``study.toml``: before its sections, and after them.
    report
        Whether its run writes the report, which takes longer than all else of a little town.
    """

    extent: Box | None = (-4000, -4000, 4000, 4000)
    language: str = "en"
    head: str = ""
    settings: str = ""
    report: bool = False
    nodes: dict[Point, dict[str, str]] = field(default_factory=dict)
    missing: set[Point] = field(default_factory=set)
    ways: list[tuple[list[Point], dict[str, str]]] = field(default_factory=list)
    relations: list[tuple[list[tuple[str, str]], dict[str, str]]] = field(default_factory=list)
    parks: list[dict[str, object]] = field(default_factory=list)
    tables: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    # --- the map -----------------------------------------------------------------------------

    def node(self, x: float, y: float, **tags: str) -> str:
        """Put a node with tags (``public_transport``; a colon is written ``__``); its OSM id."""
        at = self._at((x, y))
        self.nodes[at].update(_tags(tags))
        return f"node/{self._node_id(at)}"

    def way(self, *points: Point, **tags: str) -> str:
        """Draw a way through points; its OSM id."""
        self.ways.append(([self._at(p) for p in points], _tags(tags)))
        return f"way/{len(self.ways)}"

    def street(self, *points: Point, highway: str = "residential", **tags: str) -> str:
        """Draw a street."""
        return self.way(*points, highway=highway, **tags)

    def area(self, box: Box, **tags: str) -> str:
        """Draw a closed way around a box."""
        return self.way(*corners(box), **tags)

    def relation(self, members: Iterable[tuple[str, str]], **tags: str) -> str:
        """Gather (OSM id, role) in a relation; its OSM id."""
        self.relations.append((list(members), _tags(tags)))
        return f"relation/{len(self.relations)}"

    def cut_off(self, x: float, y: float) -> Point:
        """Leave a node out of the extract; ways that have it are cut there."""
        at = self._at((x, y))
        self.missing.add(at)
        return at

    def mapped(self, west: float = -400, south: float = -900) -> Town:
        """Map the town densely, by things that no item asks for: 40 florists, 10 ha of houses.

        They cover 800 x 300 m from the given corner, off every street that a test draws.
        """
        for i in range(40):
            self.node(west + 20.0 * i, south, shop="florist")
        for i in range(4):
            left = west + 200.0 * i
            self.area((left, south + 50, left + 125, south + 250), building="yes")
        return self

    # --- the office's tables -----------------------------------------------------------------

    def park(self, park_id: str, box: Box, workers: float | None = 1000, **columns: str) -> None:
        """Lay out a park."""
        self.parks.append({"park_id": park_id, "workers": workers, "box": box, **columns})

    def gate(self, gate_id: str, park_id: str, at: Point) -> None:
        """Write a gate into the table of gates."""
        self._row("gates", at, id=gate_id, park_id=park_id)

    def firm(self, firm_id: str, park_id: str, at: Point, workers: float = 1000) -> None:
        """Put a firm, and with it the workplace of its workers."""
        self._row("enterprises", at, id=firm_id, park_id=park_id, workers=workers)

    def home(
        self, home_id: str, park_id: str, at: Point, workers: float = 500, kind: str = "other"
    ) -> None:
        """Put a residence of a park's workers."""
        self._row("residences", at, id=home_id, park_id=park_id, workers=workers, kind=kind)

    # --- on disk -----------------------------------------------------------------------------

    def write(self, folder: Path) -> Study:
        """Write extract, tables and ``study.toml``, and load the study."""
        folder.mkdir(parents=True, exist_ok=True)
        self.write_osm(folder / "town.osm")
        features = [
            {
                "type": "Feature",
                "properties": {k: v for k, v in park.items() if k != "box"},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[degrees(*p) for p in corners(park["box"])]],  # type: ignore[arg-type]
                },
            }
            for park in self.parks
        ]
        layer = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
        (folder / "parks.geojson").write_text(layer, encoding="utf-8")
        toml = [
            'name = "town"',
            f'language = "{self.language}"',
            self.head,
            '[osm]\nfile = "town.osm"',
            '[parks]\nfile = "parks.geojson"\ncrs = "WGS84"',
        ]
        for name, rows in self.tables.items():
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
            toml.append(f'[{name}]\nfile = "{name}.csv"\ncrs = "WGS84"')
        plain = "" if self.report else "[report]\nwrite = false"
        text = "\n".join([*toml, self.settings, plain, ""])
        (folder / "study.toml").write_text(text, encoding="utf-8")
        return load_study(folder)

    def write_osm(self, file: Path) -> Path:
        """Write the extract alone, as OSM XML."""
        out = ["<?xml version='1.0' encoding='UTF-8'?>", '<osm version="0.6" generator="test">']
        if self.extent is not None:
            (w, s), (e, n) = degrees(*self.extent[:2]), degrees(*self.extent[2:])
            out.append(f'<bounds minlon="{w}" minlat="{s}" maxlon="{e}" maxlat="{n}"/>')
        stamp = 'version="1" timestamp="2025-03-01T12:00:00Z"'
        for at, tags in self.nodes.items():
            if at not in self.missing:
                lon, lat = degrees(*at)
                head = f'<node id="{self._node_id(at)}" {stamp} lon="{lon:.7f}" lat="{lat:.7f}">'
                out += [head, *_tag_lines(tags), "</node>"]
        for number, (points, tags) in enumerate(self.ways, 1):
            refs = [f'<nd ref="{self._node_id(p)}"/>' for p in points]
            out += [f'<way id="{number}" {stamp}>', *refs, *_tag_lines(tags), "</way>"]
        for number, (members, tags) in enumerate(self.relations, 1):
            lines = []
            for osm_id, role in members:
                kind, ref = osm_id.split("/")
                lines.append(f'<member type="{kind}" ref="{ref}" role="{role}"/>')
            out += [f'<relation id="{number}" {stamp}>', *lines, *_tag_lines(tags), "</relation>"]
        file.write_text("\n".join([*out, "</osm>"]), encoding="utf-8")
        return file

    def results(self, folder: Path) -> Results:
        """Write the study and do everything but publish."""
        from parkgap.pipeline import compute  # the extract's tests need no stages

        return compute(self.write(folder))

    def _at(self, at: Point) -> Point:
        place = (round(float(at[0]), 2), round(float(at[1]), 2))
        self.nodes.setdefault(place, {})
        return place

    def _node_id(self, at: Point) -> int:
        return list(self.nodes).index(at) + 1

    def _row(self, table: str, at: Point, **columns: object) -> None:
        lon, lat = degrees(*at)
        self.tables.setdefault(table, []).append({**columns, "lon": lon, "lat": lat})


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {key.replace("__", ":"): value for key, value in tags.items()}


def _tag_lines(tags: Mapping[str, str]) -> list[str]:
    return [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]


# --- reading results -----------------------------------------------------------------------------


def judged(results: Results, park_id: str, item: str) -> pd.Series:
    """Look up the assessment of one park by one item."""
    a = results.assessment
    (found,) = np.flatnonzero((a["park_id"] == park_id) & (a["item"] == item))
    return a.iloc[int(found)]


def walk(results: Results, park_id: str, facility_id: str) -> float | None:
    """Metres from the nearest workplace of a park to a facility; None: not within reach."""
    near = results.nearby
    here = (near["park_id"] == park_id) & (near["facility_id"] == facility_id)
    found = near["metres"].to_numpy(dtype=float)[here.to_numpy()]
    return float(found[0]) if len(found) else None


def statuses(results: Results, park_id: str | None = None) -> set[str]:
    """Statuses of all scored items (of one park)."""
    a = results.assessment[results.assessment["level"] != "shown"]
    return set(a["status"] if park_id is None else a[a["park_id"] == park_id]["status"])


def scored(results: Results, park_id: str) -> pd.Series:
    """Look up the ranking's row of one park."""
    (found,) = np.flatnonzero(results.ranking["park_id"] == park_id)
    return results.ranking.iloc[int(found)]


def village(**park: object) -> Town:
    """Draw a main street, and one park north of it with one drive, one gate and one firm.

    ::

                 +-----------+ y 220
                 |     F     | F firm (0, 120)
                 |     |     |
                 +-----G-----+ y 20, x -100 to 100
        ===============+=============== main street, y 0, x -1500 to 1500

    From the firm it is 100 m to the gate and 20 m more to the main street, so that a place at
    the main street's x is 120 + |x| m away.  The town is densely mapped.
    """
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (1500, 0))
    town.street((0, 0), (0, 120), highway="service")
    town.park("P", (-100, 20, 100, 220), **park)  # type: ignore[arg-type]
    town.firm("F", "P", (0, 120))
    return town


def points(values: Sequence[float], y: float = 0.0) -> list[Point]:
    """Points along a street that runs east."""
    return [(x, y) for x in values]
