"""Broken rasters, each with the exact message that a user must get (see corpus.py)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.faults.corpus import Fault, Make, packed, toml, write
from tests.rasters import tif

RASTERS: list[Fault] = []
CELL = 0.001
NO_RASTER = "不是可读的栅格文件，或已损坏 / not a raster that can be read, or broken"
ELSEWHERE = (
    "高程栅格不在研究范围内，未使用，按平地计 / the elevation rasters lie somewhere else "
    "and are not used; the ground is taken as level"
)


def dem(name: str, make: Callable[[Path], object]) -> Make:
    """Name an elevation raster in a study that holds together otherwise, and make it."""

    def whole(folder: Path) -> None:
        make(folder)
        toml(f'[terrain]\ndem = "{name}"\n')(folder)

    return whole


def raster(name: str, shape: tuple[int, ...] = (300, 300), **more: object) -> Callable[[Path], str]:
    """Write a raster around the parks."""
    place: dict[str, object] = {"west": 120.0, "north": 36.15, "cell": CELL, **more}
    return lambda folder: tif(folder / name, np.full(shape, 5.0), **place)  # type: ignore[arg-type]


def cut(folder: Path) -> None:
    """Write a raster, and lose the end of it."""
    path = folder / "a.tif"
    tif(path, np.full((600, 600), 5.0), west=119.8, north=36.3, cell=CELL)
    path.write_bytes(path.read_bytes()[:300_000])


def people(folder: Path) -> None:
    """Take two bands for one."""
    raster("p.tif", (2, 300, 300))(folder)
    toml('[population]\nraster = "p.tif"\n')(folder)


def fault(name: str, make: Make, *errors: str, warnings: tuple[str, ...] = ()) -> None:
    """Add a fault to the corpus."""
    RASTERS.append(Fault(name, make, errors, warnings))


fault(
    "elevation raster not there",
    toml('[terrain]\ndem = ["N36E120.hgt"]\n'),
    "study.toml:8:terrain.dem:N36E120.hgt: 找不到文件 / the file is not there",
)
fault(
    "no elevation raster named",
    toml("[terrain]\ndem = []\n"),
    "study.toml:8:terrain.dem:[]: 不能为空 / must not be empty",
)
fault(
    "text for an elevation raster",
    dem("a.tif", lambda folder: write(folder, "a.tif", "x")),
    f"a.tif::terrain.dem:: {NO_RASTER}",
)
fault(
    "tile of SRTM under another name",
    dem("heights.hgt", lambda folder: write(folder, "heights.hgt", bytes(2 * 1201 * 1201))),
    f"heights.hgt::terrain.dem:: {NO_RASTER}",
)
fault(
    "archive without a raster",
    dem("a.zip", lambda folder: write(folder, "a.zip", packed(readme=b"x"))),
    f"a.zip::terrain.dem:: {NO_RASTER}",
)
fault(
    "archive that is none",
    dem("a.zip", lambda folder: write(folder, "a.zip", b"PK")),
    f"a.zip::terrain.dem:: {NO_RASTER}",
)
fault("raster cut off", dem("a.tif", cut), f"a.tif:::: {NO_RASTER}")
fault(
    "elevation raster of three bands",
    dem("a.tif", raster("a.tif", (3, 300, 300))),
    "a.tif::terrain.dem:3: 栅格不是单波段 / the raster has more than one band",
)
fault(
    "raster without a coordinate system",
    dem("a.tif", raster("a.tif", crs=None)),
    "a.tif::terrain.dem:: 栅格缺坐标系或位置 / the raster says no coordinate system or no place",
)
fault(
    "virtual raster that points to the net",
    dem(
        "a.vrt",
        lambda folder: write(
            folder, "a.vrt", "<VRTDataset><SourceFilename>http://a/b</SourceFilename></VRTDataset>"
        ),
    ),
    "a.vrt::terrain.dem:: VRT 指向网络或压缩包内的文件 / "
    "the VRT points to the net or into an archive",
)
fault(
    "population raster of two bands",
    people,
    "p.tif::population.raster:2: 栅格不是单波段 / the raster has more than one band",
)
fault(
    "elevation raster of another place",
    dem("a.tif", raster("a.tif", west=10.0)),
    warnings=(f"a.tif::terrain.dem:: {ELSEWHERE}",),
)
