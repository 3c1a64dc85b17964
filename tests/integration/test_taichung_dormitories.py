"""Taichung's 86 mapped dormitories, followed one by one: whose are they?

The extract is Tunghai University, its affiliated school and a hospital beside an industrial park.
"""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import Geod
from shapely import Point, Polygon

from parkgap.access.facilities import classify_and_doubt
from parkgap.inputs import wants_of
from parkgap.sources.osm_file import read_extract
from parkgap.standard import load

GEOD = Geod(ellps="WGS84")
# By the task's own words, and what the names say besides; both scripts.
STUDENTS = re.compile("[男女]生宿舍|[学學]生宿舍")
STAFF = re.compile("教[师師]宿舍|教[职職]|校[长長]|醫護|医护|醫師|医师")
BESIDE_M = 150.0
GROUNDS = {"university", "college", "school", "hospital"}


class Dormitory:
    """One object with the value ``dormitory``, and where it lies (the mean of its nodes)."""

    def __init__(
        self, osm_id: str, tags: dict[str, str], points: list[tuple[float, float]]
    ) -> None:
        self.id, self.tags, self.name = osm_id, tags, tags.get("name", "")
        self.at: Any = tuple(np.mean(np.array(points), axis=0)) if points else None


def read(path: Path) -> tuple[list[Dormitory], list[Polygon], set[str]]:
    """Read dormitories, grounds of schools and hospitals, and objects cut at the edge, by hand."""
    with gzip.open(path) as file:
        root = ET.parse(file).getroot()  # noqa: S314 - the project's own copy
    node = {
        n.get("id"): (float(n.get("lon", 0)), float(n.get("lat", 0))) for n in root.iter("node")
    }
    way = {w.get("id"): [nd.get("ref") for nd in w.iter("nd")] for w in root.iter("way")}
    dormitories, grounds, cut = [], [], set()
    for kind in ("node", "way", "relation"):
        for thing in root.iter(kind):
            tags = {t.get("k", ""): t.get("v", "") for t in thing.iter("tag")}
            ident = str(thing.get("id"))
            refs: list[str | None] = [ident] if kind == "node" else way.get(ident, [])
            whole = True
            if kind == "relation":
                ways = [m.get("ref") for m in thing.iter("member") if m.get("type") == "way"]
                whole = all(w in way for w in ways)
                refs = [r for w in ways for r in way.get(w, [])]
            whole &= all(r in node for r in refs)
            points = [node[r] for r in refs if r in node]
            if "dormitory" in tags.values():
                dormitories.append(Dormitory(f"{kind}/{ident}", tags, points))
                if not whole:
                    cut.add(f"{kind}/{ident}")
            elif tags.get("amenity") in GROUNDS and kind == "way" and whole and refs[0] == refs[-1]:
                grounds.append(Polygon(points))
    return dormitories, grounds, cut


def test_none_of_the_universitys_and_the_hospitals_is_workers_housing(shared: Path) -> None:
    path = shared / "taichung" / "osm.osm.gz"
    dormitories, grounds, cut = read(path)
    assert len(dormitories) == 86

    def whose(d: Dormitory) -> str:
        if d.id in cut:
            return "cut"
        if any(g.contains(Point(d.at)) for g in grounds):
            return "grounds"
        if STUDENTS.search(d.name):
            return "students"
        if STAFF.search(d.name):
            return "staff"
        return "community" if d.tags.get("amenity") == "community_centre" else "doubtful"

    by = {d.id: whose(d) for d in dormitories}
    standard = load("cn-industrial-15min")
    extract = read_extract(path, **wants_of(standard))
    member, doubt = classify_and_doubt(extract.objects, standard)
    column = [i.id for i in standard.items].index("worker_housing")
    ids = extract.objects["osm_id"].to_numpy(dtype=object)
    known = set(ids) & set(by)
    # What lacks nodes at the extract's edge has no place, and is no facility of any kind.
    assert known == {i for i, of in by.items() if of != "cut"}
    assert set(ids[member[:, column]]) & set(by) == set()
    assert set(ids[doubt]) == {i for i, of in by.items() if of == "doubtful"}
    others = [d for d in dormitories if by[d.id] in {"grounds", "students", "staff"}]
    for d in dormitories:
        if by[d.id] == "doubtful" and d.at is not None:
            metres = [GEOD.inv(*d.at, *o.at)[2] for o in others if o.at is not None]
            assert min(metres) <= BESIDE_M + 5, d.name  # middles of areas differ by little
    # 30 of students and 29 of teachers and heads by name; 3 on the grounds of the hospital and the
    # school; 2 community centres in dormitories; 11 cut at the edge (all students' or teachers' by
    # name); 11 that nobody can tell: six nameless, 宿舍30/32/33棟, 男單身宿舍 twice.
    assert Counter(by.values()) == {
        "students": 30,
        "staff": 29,
        "grounds": 3,
        "community": 2,
        "cut": 11,
        "doubtful": 11,
    }
    assert all(STUDENTS.search(d.name) or STAFF.search(d.name) for d in dormitories if d.id in cut)
    assert sum(1 for d in dormitories if by[d.id] == "doubtful" and not d.name) == 6
