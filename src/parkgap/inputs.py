"""Everything a run reads, checked, before anything is computed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from parkgap import frames, geo
from parkgap.access.homes import AROUND_M
from parkgap.errors import InputError, Problem
from parkgap.office import read_office, unused
from parkgap.rasters import Rasters, open_rasters
from parkgap.sources import tables as read
from parkgap.sources.cut import Window, around
from parkgap.sources.osm_file import Extract, read_extract
from parkgap.sources.report import collapse
from parkgap.standard import load
from parkgap.study import TABLES

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from parkgap.sources.http import Clock, Patience
    from parkgap.sources.overpass import Area, Tell
    from parkgap.sources.snapshot import Snapshot
    from parkgap.standard import Standard
    from parkgap.study import Study

# Keys whose every value is a place of some kind; others only with a value that the standard names.
PLACE_KEYS = ("amenity", "shop", "leisure", "office", "healthcare", "tourism", "craft")
_NO_TABLE = ("warnings", "rasters")  # of `Tables`
_SURROUNDINGS_M = 2000.0  # fetched around a place, metres
_BEYOND_M = 2500.0  # kept of a large extract beyond the farthest that is looked at, metres
_WIDE_KEYS = frozenset(
    "building landuse highway railway place residential public_transport".split()
)


@dataclass(frozen=True)
class Tables:
    """The office's tables; empty frames where the study has none."""

    parks: pd.DataFrame | None
    gates: pd.DataFrame
    enterprises: pd.DataFrame
    residences: pd.DataFrame
    shifts: pd.DataFrame
    warnings: tuple[Problem, ...]
    facilities: pd.DataFrame = field(default_factory=frames.OFFICIAL.frame)
    complete: pd.DataFrame = field(default_factory=frames.COMPLETE.frame)
    housing_stock: pd.DataFrame = field(default_factory=frames.HOUSING_STOCK.frame)
    projects: pd.DataFrame = field(default_factory=frames.PROJECTS.frame)
    shuttles: pd.DataFrame = field(default_factory=frames.SHUTTLES.frame)
    bus_lines: pd.DataFrame = field(default_factory=frames.BUS_LINES.frame)
    owners: pd.DataFrame = field(default_factory=frames.OWNERS.frame)
    rasters: Rasters = field(default_factory=Rasters)

    @property
    def made_up(self) -> bool:
        """Whether any row says that it is made up."""
        given = [getattr(self, f.name) for f in fields(self) if f.name not in _NO_TABLE]
        return read.is_made_up(*(frame for frame in given if frame is not None))


def read_tables(study: Study) -> Tables:
    """Read all tables of a study; everything wrong with any of them comes in one error."""
    sections = {name: getattr(study, name) for name in (*TABLES, "facilities")}
    # Only lists name items of the standard; without one, it need not be loaded twice.
    named = any(sections[name] for name in ("facilities", "projects", "owners"))
    standard = load(study.standard_source, dict(study.standard.set)) if named else None
    known = frames.PARKS.frame() if study.parks.file is None else None
    office = read_office(sections, study.root, standard=standard, parks=known)
    rasters = open_rasters(study.terrain, study.population, study.root)
    if office.errors or rasters.problems:
        raise InputError(*office.errors, *rasters.problems)
    warnings = [*collapse(office.warnings), *unused(sections)]
    return Tables(parks=office.parks, **office.frames, warnings=tuple(warnings), rasters=rasters)


def doubt_datums(study: Study, tables: Tables, extract: Extract) -> Tables:
    """Measure the declared datums against the map; return the tables with what is suspected.

    Raises
    ------
    InputError
        A table's declared datum can hardly be right: everything in it would be hundreds of
        metres off.
    """
    from parkgap.datums import doubts

    known = {f.name: getattr(tables, f.name) for f in fields(tables) if f.name not in _NO_TABLE}
    sections = {name: getattr(study, name) for name in (*TABLES, "facilities")}
    found = doubts(known, sections, extract)
    if found.errors:
        raise InputError(*found.errors)
    return replace(tables, warnings=(*tables.warnings, *found.warnings))


def window_of(
    study: Study,
    standard: Standard,
    tables: Tables,
    is_place: Callable[[pd.DataFrame], npt.NDArray[np.bool_]],
) -> Window | None:
    """Say what of a large extract the study looks at; None where the parks are sought in it.

    No walk, no completeness window and no island of streets is cut by it: beyond the farthest of
    the three there is as much again as joins what a walk can reach.
    """
    if tables.parks is None:
        return None
    known = [tables.parks, tables.residences]
    shapes = [frame["geometry"].to_numpy() for frame in known]
    for frame in (tables.gates, tables.enterprises):
        placed = frame.dropna(subset=["lon", "lat"])
        shapes.append(geo.lonlat_points(placed["lon"], placed["lat"]))
    every = np.concatenate(shapes)
    limits = [standard.metres(test) for item in standard.scored for test in item.tests]
    farthest = max(study.reach.limit_m, standard.certainty.window_m.v, *limits)
    if study.population is not None:  # homes are estimated around the parks that have none
        farthest += AROUND_M
    every = every[~(shapely.is_missing(every) | shapely.is_empty(every))]
    return Window(around(every, farthest + _BEYOND_M), is_place)


def read_osm(study: Study, standard: Standard, window: Window | None = None) -> Extract:
    """Read the study's extract, as far as the standard and the window want to know."""
    values: dict[str, set[str]] = {}
    for item in standard.items:
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
        for item in standard.items
        for rule in (item.rule.any, item.rule.exclude)
        for condition in rule
        for key in condition
    }
    return read_extract(
        study.osm_path,
        place_keys=PLACE_KEYS,
        place_values=values,
        tag_keys=tags - {"type", "route"},
        window=window,
    )


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
    if snapshot is None:
        return study
    name = snapshot.path.relative_to(study.root).as_posix()
    return study.model_copy(update={"osm": study.osm.model_copy(update={"file": name})})


def hashes(study: Study) -> dict[str, str]:
    """SHA-256 of every input file, by its name relative to the study."""
    out = {}
    for path in study.input_files():
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        inside = path.resolve().is_relative_to(study.root.resolve())
        name = path.resolve().relative_to(study.root.resolve()).as_posix() if inside else path.name
        out[name] = digest
    return out
