"""The study's rasters: checked before a run, and what is said where they do not cover it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parkgap.errors import Problem
from parkgap.source_keys import Population, Terrain

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from parkgap.sources.heights import Heights

_ALL = 0.999  # of the streets' length: less is worth a sentence


@dataclass(frozen=True)
class Rasters:
    """What may be asked.

    Attributes
    ----------
    heights
        None: the study names no elevation model that can be used.
    people
        GDAL name of the population raster; None: as above.
    problems
        What is wrong with the files.
    """

    heights: Heights | None = None
    people: str | None = None
    problems: list[Problem] = field(default_factory=list)


def open_rasters(terrain: Terrain | None, population: Population | None, root: Path) -> Rasters:
    """Check every raster that ``study.toml`` names; none is read yet.

    Parameters
    ----------
    terrain, population
        The sections; None where the study has none.
    root
        The study's folder.
    """
    if terrain is None and population is None:
        return Rasters()
    from parkgap.sources.heights import heights_of
    from parkgap.sources.rasters import usable

    heights = people = None
    problems: list[Problem] = []
    if terrain is not None:
        names, wrong = usable(root, terrain.dem, "terrain.dem")
        problems += wrong
        heights = heights_of(names) if names else None
    if population is not None:
        names, wrong = usable(root, [population.raster], "population.raster")
        problems += wrong
        if len(names) > 1:
            problems.append(
                Problem(
                    what="压缩包内有多个栅格 / the archive holds several rasters",
                    file=population.raster,
                    column="population.raster",
                    value=len(names),
                    rule="1",
                    remedy="解压后写明其中一个 / unpack it, and name one of them",
                )
            )
        people = names[0] if len(names) == 1 else None
    return Rasters(heights, people, problems)


def doubt_heights(
    terrain: Terrain | None,
    heights: Heights | None,
    known: float | None,
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> list[Problem]:
    """Say where slopes are not known.

    Parameters
    ----------
    terrain, heights
        The section and its rasters.
    known
        Share of the streets (or of their nodes) whose heights are known.
    lon, lat
        Nodes of the streets (WGS-84).
    """
    if terrain is None or heights is None or known is None or known >= _ALL:
        return []
    file = ", ".join(terrain.dem)
    if known > 0:
        return [
            Problem(
                what="部分道路未见高程，按平地计 / "
                "the heights of some streets are not known; they are taken as level",
                file=file,
                column="terrain.dem",
                value=f"{1 - known:.1%}",
                remedy="补充相邻高程瓦片 / add the neighbouring tiles",
            )
        ]
    if heights.covers(lon, lat):
        return [
            Problem(
                what="高程栅格在研究范围内全为无数据，按平地计 / the elevation rasters hold no "
                "data at all where the streets are; the ground is taken as level",
                file=file,
                column="terrain.dem",
                remedy="检查无数据值，或换一份高程数据 / check its no-data value, or replace it",
            )
        ]
    return [
        Problem(
            what="高程栅格不在研究范围内，未使用，按平地计 / the elevation rasters lie somewhere "
            "else and are not used; the ground is taken as level",
            file=file,
            column="terrain.dem",
            remedy="换用覆盖园区的高程瓦片 / take the tiles that cover the parks",
        )
    ]


def doubt_people(population: Population | None, asked: int, found: int) -> list[Problem]:
    """Say where the population raster knows nobody.

    Parameters
    ----------
    population
        The section.
    asked, found
        Areas (large residences, surroundings of parks) that were looked up, and those in which
        people live.
    """
    if population is None or found == asked:
        return []
    where = "population.raster"
    if found:
        return [
            Problem(
                what="人口栅格在部分片区内未见人口，该处未使用 / the population raster has nobody "
                "in some areas; it is not used for them",
                file=population.raster,
                column=where,
                value=f"{asked - found} / {asked}",
                remedy="检查栅格范围和无数据值 / check its extent and its no-data value",
            )
        ]
    return [
        Problem(
            what="人口栅格在研究范围内未见人口，未使用 / the population raster has nobody where "
            "the study is (it lies elsewhere, or holds no data); it is not used",
            file=population.raster,
            column=where,
            remedy="换用覆盖园区的人口栅格 / take a raster that covers the parks",
        )
    ]
