"""Everything a run reads, checked, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import shapely

from parkgap import frames
from parkgap.errors import ExtractError, InputError, Problem
from parkgap.office import read_office
from parkgap.rasters import open_rasters
from parkgap.sensitive import mask_of
from parkgap.sources import tables as read
from parkgap.sources.prepared import Prepared, prepare
from parkgap.sources.report import collapse
from parkgap.sources.transit import Transit, read_transit
from parkgap.standard import load
from parkgap.study import TABLES, sha256
from parkgap.sums import headcount_doubts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from parkgap.sources.extract import Extract
    from parkgap.sources.http import Clock, Patience
    from parkgap.sources.overpass import Area, Tell
    from parkgap.sources.snapshot import Snapshot
    from parkgap.standard import Standard
    from parkgap.store import Memo, Shelf
    from parkgap.study import Study

# Keys whose every value is a place of some kind; others only with a value that the standard names.
PLACE_KEYS = ("amenity", "shop", "leisure", "office", "healthcare", "tourism", "craft")
_NAMING = ("facilities", "projects", "owners", "land", "costs")  # sections that name items
_SURROUNDINGS_M = 2000.0  # fetched around a place, metres
_WIDE_KEYS = frozenset(
    "building landuse highway railway place residential public_transport".split()
)


@dataclass(frozen=True)
class Tables:
    """The office's tables, and the parks; empty frames where the study has none."""

    parks: pd.DataFrame
    gates: pd.DataFrame
    enterprises: pd.DataFrame
    residences: pd.DataFrame
    shifts: pd.DataFrame
    warnings: tuple[Problem, ...]
    facilities: pd.DataFrame = field(default_factory=frames.OFFICIAL.frame)
    headcounts: pd.DataFrame = field(default_factory=frames.HEADCOUNTS.frame)
    complete: pd.DataFrame = field(default_factory=frames.COMPLETE.frame)
    housing_stock: pd.DataFrame = field(default_factory=frames.HOUSING_STOCK.frame)
    projects: pd.DataFrame = field(default_factory=frames.PROJECTS.frame)
    shuttles: pd.DataFrame = field(default_factory=frames.SHUTTLES.frame)
    bus_lines: pd.DataFrame = field(default_factory=frames.BUS_LINES.frame)
    owners: pd.DataFrame = field(default_factory=frames.OWNERS.frame)
    land: pd.DataFrame = field(default_factory=frames.LAND.frame)
    costs: pd.DataFrame = field(default_factory=frames.COSTS.frame)

    @property
    def made_up(self) -> bool:
        """Whether any row says that it is made up."""
        given = [getattr(self, f.name) for f in fields(self) if f.name != "warnings"]
        return read.is_made_up(*given)


def read_tables(study: Study, parks: pd.DataFrame | None = None) -> Tables:
    """Read all tables of a study; everything wrong with any of them comes in one error.

    Parameters
    ----------
    parks
        Parks that were sought in the map (``[parks] from_osm``), which the tables refer to.

    Raises
    ------
    InputError
        Everything that is wrong with any table.
    """
    sections = {name: getattr(study, name) for name in (*TABLES, "facilities")}
    # Only lists name items of the standard; without one, it need not be loaded twice.
    named = any(sections[name] for name in _NAMING)
    standard = load(study.standard_source, dict(study.standard.set)) if named else None
    office = read_office(sections, study.root, standard=standard, parks=parks)
    rasters = open_rasters(study.terrain, study.population, study.root)
    if office.errors or rasters.problems:
        raise InputError(*office.errors, *rasters.problems)
    said = [*office.warnings, *headcount_doubts(office, sections)]
    return Tables(
        parks=frames.PARKS.frame() if office.parks is None else office.parks,
        **office.frames,
        warnings=tuple(_plain(p) for p in collapse(said)),
    )


def transit_of(study: Study, day: str, memo: Memo) -> Transit:
    """Read the study's timetables of public transport, or find them read.

    Parameters
    ----------
    day
        The day that is asked about (ISO), or "".

    Raises
    ------
    TableError
        As :func:`parkgap.sources.transit.read_transit`.
    """
    section = study.transit
    if section is None:
        return Transit()
    feeds = [study.root / feed for feed in section.gtfs]
    files = [(path.name, sha256(path)) for path in study.transit_files()]
    inputs = (section.model_dump_json(), files, day)
    return memo("transit", inputs, lambda: read_transit(feeds, day, section.crs)).value


def _plain(problem: Problem) -> Problem:
    """Bring what a problem names to text, as it is shown."""
    value = None if problem.value is None else str(problem.value)
    return replace(problem, file=None if problem.file is None else str(problem.file), value=value)


def doubt_datums(study: Study, tables: Tables, read: Callable[..., Extract]) -> Tables:
    """Measure the declared datums against the map; return the tables with what is suspected.

    Parameters
    ----------
    read
        Reads what of the map reaches into a window, and of it some layers.

    Raises
    ------
    InputError
        A table's declared datum can hardly be right: everything in it would be hundreds of
        metres off.
    """
    from parkgap.datums import doubts

    known = {f.name: getattr(tables, f.name) for f in fields(tables) if f.name != "warnings"}
    sections = {name: getattr(study, name) for name in (*TABLES, "facilities")}
    found = doubts(known, sections, read)
    if found.errors:
        raise InputError(*found.errors)
    return replace(tables, warnings=(*tables.warnings, *found.warnings))


def prepared_of(
    study: Study,
    standards: Sequence[Standard],
    memo: Memo,
    shelf: Shelf,
    is_place: Callable[[pd.DataFrame], npt.NDArray[np.bool_]],
) -> Prepared:
    """Read the study's extract, as far as the standards want to know, or find it prepared.

    Parameters
    ----------
    standards
        All that judge: the extract is read once for them.
    memo, shelf
        What was computed before, and where the pieces lie.
    is_place
        Tells the mapped places among objects.
    """
    wants, mask = wants_of(*standards), mask_of(study)
    if mask is not None:
        wants = mask.wanted(wants)

    def make() -> Prepared:
        return prepare(study.osm_path, shelf, is_place=is_place, **wants)

    inputs = ("extract", sha256(study.osm_path), as_written(wants))
    found = memo("prepared", inputs, make).value
    # Pieces may have been thrown away meanwhile; the same content makes the same names again.
    return found if shelf.has(found.pieces["name"]) else make()


def as_written(wants: Mapping[str, Any]) -> dict[str, Any]:
    """Bring what :func:`wants_of` says to lists, in a fixed order: part of a stage's key."""
    values = {k: sorted(v) for k, v in sorted(wants["place_values"].items())}
    return {**wants, "tag_keys": sorted(wants["tag_keys"]), "place_values": values}


def wants_of(*standards: Standard) -> dict[str, Any]:
    """Say which objects and tags of an extract any of some standards asks for."""
    values: dict[str, set[str]] = {}
    items = [item for standard in standards for item in standard.items]
    for item in items:
        for condition in item.rule.any:
            for key, value in condition.items():
                # Ordinary homes are shown from land use; every block of flats would be too many.
                if (
                    key in _WIDE_KEYS
                    and value != "*"
                    and not (key == "building" and item.level == "shown")
                ):
                    values.setdefault(key, set()).add(value)
    tags = {
        key
        for item in items
        for rule in (item.rule.any, item.rule.exclude)
        for condition in rule
        for key in condition
    }
    return {"place_keys": PLACE_KEYS, "place_values": values, "tag_keys": tags - {"type", "route"}}


def area_of(study: Study) -> Area | None:
    """Say what the study downloads; None where it brings its own extract."""
    from parkgap.sources.overpass import Area

    osm = study.osm
    if osm.bbox is not None:
        return Area(bbox=osm.bbox)
    if osm.place is None:
        return None
    # Walks from parks at the place's boundary, and the window in which mapping is measured.
    return Area(place=osm.place, margin_m=max(_SURROUNDINGS_M, study.reach.limit_m + 500.0))


def fetch_extract(
    study: Study,
    *,
    refresh: bool = False,
    tell: Tell | None = None,
    patience: Patience | None = None,
    clock: Clock | None = None,
) -> Snapshot | None:
    """Download the study's map if it has none yet, or if asked to.

    Parameters
    ----------
    study
        A loaded study.
    refresh
        Download again although there is a snapshot.
    tell
        Called with tiles done, tiles in all, and a sentence ("zh / en").
    patience, clock
        Time limits of one tile, and the time.

    Returns
    -------
    The snapshot that a run reads; None where the study brings its own extract.

    Raises
    ------
    ExtractError
        The download failed, nothing of it is kept but whole tiles; or the snapshot was changed.
    OutputError
        The study's folder cannot be written to.
    """
    area = area_of(study)
    if area is None:
        return None
    from parkgap.sources import overpass, snapshot
    from parkgap.sources.geocode import GEOCODER

    folder = study.root / snapshot.FOLDER
    if not refresh and (found := overpass.current(area, folder)) is not None:
        return found
    osm = study.osm
    servers = overpass.Servers(osm.overpass or overpass.ENDPOINT, osm.geocoder or GEOCODER)
    return overpass.fetch(
        area, folder, servers, patience=patience, clock=clock, tell=tell or (lambda *_: None)
    )


def with_extract(study: Study, tell: Tell | None = None) -> Study:
    """Return the study with the map to read named in ``osm.file``; downloads it the first time.

    Raises
    ------
    ExtractError
        As :func:`fetch_extract`.
    """
    if study.osm.file is not None:
        return study
    snapshot = fetch_extract(study, tell=tell)
    return study if snapshot is None else _reading(study, snapshot)


def downloaded(study: Study) -> Study:
    """Return the study with the map to read named in ``osm.file``, if it was downloaded before.

    Raises
    ------
    ExtractError
        The map was changed since.
    """
    area = area_of(study)
    if area is None:
        return study
    from parkgap.sources import overpass, snapshot

    found = overpass.current(area, study.root / snapshot.FOLDER)
    return study if found is None else _reading(study, found)


def _reading(study: Study, snapshot: Snapshot) -> Study:
    name = snapshot.path.relative_to(study.root).as_posix()
    return study.model_copy(update={"osm": study.osm.model_copy(update={"file": name})})


def refuse_elsewhere(study: Study, parks: pd.DataFrame, prepared: Prepared) -> None:
    """Refuse an extract that lies somewhere else.

    Raises
    ------
    ExtractError
        It covers no park.
    """
    box = shapely.box(*shapely.total_bounds(parks["geometry"].to_numpy()))
    if not shapely.intersects(shapely.union_all(parks["geometry"].to_numpy()), prepared.coverage):
        raise ExtractError(
            Problem(
                what="地图数据与园区不重叠 / the map data and the parks do not overlap",
                file=study.osm_path.name,
                value=f"OSM {_box(prepared.coverage)}; parks {_box(box)}",
                rule="经度最小, 纬度最小, 经度最大, 纬度最大 / west, south, east, north",
                remedy="换一个覆盖园区的提取文件，或检查园区坐标系 / "
                "take an extract that covers the parks, or check the parks' coordinate system",
            )
        )


def _box(shape: shapely.Geometry) -> str:
    return ", ".join(f"{v:.4f}" for v in shapely.bounds(shape))
