"""The studies that are measured: folders with an extract and, where asked, a table of parks.

Headcounts and positions of parks in such a table are made up, and every row says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.affinity import translate

from measure import Cost, measure
from parkgap import geo
from parkgap.access.parks import parks_from_ground
from parkgap.sources.osm_file import read_extract

MADE_UP = "made up for measuring / 虚构，仅供测速"
LEAST_HA = 1.0
SEED = 7
HEAD = """\
name = "{name}"
title = "{name}"
language = "en"

[osm]
file = "{file}"

[parks]
"""
FROM_MAP = 'from_osm = { landuse = ["industrial"], min_area_ha = 1 }\n'
FROM_TABLE = 'file = "parks.geojson"\ncrs = "WGS84"\n'


@dataclass(frozen=True)
class Park:
    """A park of a made-up table: its outline is real, or a real one moved elsewhere."""

    id: str
    name: str
    workers: int
    shape: shapely.Geometry


def make_study(work: Path, name: str, extract: Path, parks: Sequence[Park] | None = None) -> Path:
    """Make the folder of a study anew, without a store; return it.

    Parameters
    ----------
    work, name
        Where, and how it is called.
    extract
        Its map; linked, not copied.
    parks
        Its table of parks; None: industrial areas of 1 ha or more in the map.
    """
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (os.link if _same_disk(extract, folder) else shutil.copy)(extract, folder / extract.name)
    if parks is not None:
        write_parks(folder / "parks.geojson", parks)
    text = HEAD.format(name=name, file=extract.name)
    text += FROM_MAP if parks is None else FROM_TABLE
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def write_parks(path: Path, parks: Sequence[Park]) -> None:
    """Write a table of parks as GeoJSON."""
    rows: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "properties": {
                "id": park.id,
                "name": park.name,
                "workers": park.workers,
                "headcount_basis": MADE_UP,
                "source": MADE_UP,
            },
            "geometry": json.loads(shapely.to_geojson(park.shape)),
        }
        for park in parks
    ]
    layer = {"type": "FeatureCollection", "features": rows}
    path.write_text(json.dumps(layer, ensure_ascii=False, indent=1), encoding="utf-8")


def mapped_parks(extract: Path) -> list[Park]:
    """Take the industrial areas of an extract, with made-up headcounts (30 workers a hectare)."""
    ground = read_extract(extract, place_keys=("amenity",)).ground
    found = parks_from_ground(ground, ("industrial",), LEAST_HA)
    area = geo.hectares(found["geometry"].to_numpy())
    rows = zip(found["park_id"], found["name"], found["geometry"], area, strict=True)
    return [Park(i, name, round(30 * ha), shape) for i, name, shape, ha in rows]


def scattered(extract: Path, count: int) -> list[Park]:
    """Lay `count` parks over an extract: real outlines, each moved to a building drawn by lot.

    The first of a longer list are those of a shorter one, and all are drawn alike, so that a park
    costs the same on average whatever their number.
    """
    kinds = mapped_parks(extract)
    houses = read_extract(extract, place_keys=("amenity",)).buildings["geometry"].to_numpy()
    rng = np.random.default_rng(SEED)
    at = shapely.get_coordinates(shapely.centroid(houses))[rng.integers(len(houses), size=count)]
    parks = []
    for number, place in enumerate(at):
        kind = kinds[number % len(kinds)]
        move = place - shapely.get_coordinates(shapely.centroid(kind.shape))[0]
        shape = translate(kind.shape, *move)
        parks.append(Park(f"P{number:05d}", f"Made-up park {number}", kind.workers, shape))
    return parks


# --- running them -----------------------------------------------------------------------------


def run(study: Path, out: Path, *options: str) -> Cost:
    """Run `parkgap run` in a process of its own."""
    program = Path(sys.executable).parent / "parkgap"
    return measure([program, "run", study, "--out", out, "--quiet", *options])


def cold(study: Path, out: Path, *options: str) -> Cost:
    """Run a study without its store and results."""
    shutil.rmtree(study / ".parkgap", ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)
    return run(study, out, *options)


def stages(out: Path) -> list[dict[str, Any]]:
    """Return the stages of the run that wrote a result folder."""
    told = json.loads((out / "timings.json").read_text(encoding="utf-8"))
    return list(told["stages"])


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a result folder but ``timings.json``."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timings.json"
    }


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Name the files that are in only one of two folders, or differ."""
    return sorted(n for n in {*before, *after} if before.get(n) != after.get(n))


def megabytes(folder: Path) -> float:
    """Sum of the sizes of all files under a folder, in MB."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
