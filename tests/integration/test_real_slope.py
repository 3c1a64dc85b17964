"""A steep street of Bayreuth: its minutes follow from SRTM's heights as the formula says.

Nothing of the program's geometry or rasters is used for the expected figures: the tile's numbers
are read as they lie in the file, lengths are pyproj's on the ellipsoid.
"""

from __future__ import annotations

import gzip
import math
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
import pytest

from parkgap.access.slopes import Ground
from parkgap.access.streets import build_streets
from parkgap.sources.heights import heights_of
from parkgap.sources.osm_file import read_extract

STREET = 35578564  # Waldhüttenstraße, uphill as it is drawn
SPEED, SIDE = 67.0, 1200  # metres a minute; cells of a degree (SRTM, three seconds)
Place = tuple[float, float]


def tile(path: Path) -> npt.NDArray[np.float64]:
    """Numbers of an .hgt: big-endian metres, rows from north to south, both edges included."""
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        numbers = np.frombuffer(archive.read(name), dtype=">i2").astype(float)
    return numbers.reshape(SIDE + 1, SIDE + 1)


def height(cells: npt.NDArray[np.float64], lon: float, lat: float) -> float:
    """Gaussian mean around four corners, then bilinear.

    Its standard deviation is half the longer side of a cell, 46 m: more than 20 m, and more of a
    cell across than along, for a cell is 93 m long and 60 m wide here.
    """
    row, column = (50 - lat) * SIDE, (lon - 11) * SIDE
    geod = pyproj.Geod(ellps="WGS84")
    tall = geod.inv(lon, lat, lon, lat + 1 / SIDE)[2]
    wide = geod.inv(lon, lat, lon + 1 / SIDE, lat)[2]
    down_weight, across_weight = (
        {d: math.exp(-0.5 * (d / sigma) ** 2) for d in (-2, -1, 0, 1, 2)}
        for sigma in (0.5, 0.5 * tall / wide)
    )
    total = sum(down_weight.values()) * sum(across_weight.values())

    def smooth(r: int, c: int) -> float:
        near = (
            (w * v, float(cells[r + i, c + j]))
            for i, w in down_weight.items()
            for j, v in across_weight.items()
        )
        return sum(weight * z for weight, z in near) / total

    r, c = math.floor(row), math.floor(column)
    down, right = row - r, column - c
    north = smooth(r, c) * (1 - right) + smooth(r, c + 1) * right
    south = smooth(r + 1, c) * (1 - right) + smooth(r + 1, c + 1) * right
    return north * (1 - down) + south * down


def minutes(cells: npt.NDArray[np.float64], along: list[Place], step: float) -> float:
    """Time along places in their order: every stretch in equal parts of at most `step` metres."""
    geod, spent = pyproj.Geod(ellps="WGS84"), 0.0
    for (x0, y0), (x1, y1) in pairwise(along):
        metres = geod.inv(x0, y0, x1, y1)[2]
        parts = max(1, math.ceil(metres / step))
        at = [(x0 + (x1 - x0) * k / parts, y0 + (y1 - y0) * k / parts) for k in range(parts + 1)]
        for low, high in pairwise(height(cells, *p) for p in at):
            slope = (high - low) / (metres / parts)
            speed = SPEED * math.exp(-3.5 * (abs(slope + 0.05) - 0.05))
            spent += metres / parts / speed
    return spent


def test_uphill_and_downhill_minutes_of_a_real_street(shared: Path, tmp_path: Path) -> None:
    source = shared / "bayreuth"
    town = tmp_path / "town.osm"
    town.write_bytes(gzip.decompress((source / "osm.osm.gz").read_bytes()))
    ways = read_extract(town, place_keys=("amenity",)).ways
    (row,) = np.flatnonzero(ways.tags["way_id"] == STREET)
    part = slice(ways.offset[row], ways.offset[row + 1])
    along = list(zip(ways.lon[part].tolist(), ways.lat[part].tolist(), strict=True))
    cells = tile(source / "N49E011.hgt.zip")
    # The heights themselves: 334 m where the street begins, 377 m where it ends (the cells there).
    ends = [cells[round((50 - y) * SIDE), round((x - 11) * SIDE)] for x, y in (along[0], along[-1])]
    assert ends == [334, 377]

    inner = [f"/vsizip/{source / n}.hgt.zip/{n}.hgt" for n in ("N49E011", "N50E011")]
    heights = heights_of(inner)
    for x, y in (along[0], along[-1]):
        asked = heights.at(np.array([x]), np.array([y]))[0]
        assert asked == pytest.approx(height(cells, x, y), abs=0.05)
    streets = build_streets(
        *(ways.tags, ways.offset, ways.node, ways.lon, ways.lat),
        speed=SPEED,
        ground=Ground(heights.at, heights.step_m, 0.5),
    )
    own = streets.pieces[streets.pieces["way_id"] == STREET]
    # Which end a piece begins at is the edge's affair: up is the sum of the slower ways.
    ids = streets.nodes["node_id"].to_numpy()
    order = {n: i for i, n in enumerate(ways.node[part].tolist())}
    first, last = ids[own["a"].to_numpy()], ids[own["b"].to_numpy()]
    along_way = np.array([order[a] < order[b] for a, b in zip(first, last, strict=True)])
    there, back = own["minutes"].to_numpy(), own["minutes_back"].to_numpy()
    up = np.where(along_way, there, back).sum()
    down = np.where(along_way, back, there).sum()
    assert own["known"].all()
    assert up == pytest.approx(minutes(cells, along, heights.step_m), rel=2e-3)
    assert down == pytest.approx(minutes(cells, along[::-1], heights.step_m), rel=2e-3)
    flat = own["metres"].sum() / SPEED
    # 43 m on 355 m: some 12 % up is half as slow again, and down hardly slower than level.
    assert up > 1.4 * flat
    assert 0.9 * flat < down < 1.2 * flat
