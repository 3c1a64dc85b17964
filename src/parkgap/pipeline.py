"""The order of a run: the only module that knows sources, stages and publishing together."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from parkgap import notes
from parkgap.access import facilities as fac
from parkgap.access.gates import Targets, Walks, compounds, walk_all
from parkgap.access.official import open_places, proven
from parkgap.access.origins import make_origins
from parkgap.access.parks import parks_from_ground
from parkgap.access.places import Mapped, Places, find_places
from parkgap.access.snap import Snaps, concat
from parkgap.access.streets import Streets, build_streets
from parkgap.assess.certainty import beside_network, completeness, edge_distance
from parkgap.assess.groups import Ground
from parkgap.assess.items import Assessor
from parkgap.assess.ranking import lacking_core, rank_parks, shortfalls, without_few
from parkgap.assess.rollup import roll_up
from parkgap.drawing import base_of
from parkgap.errors import ExtractError, InputError, Problem
from parkgap.inputs import (
    Tables,
    doubt_datums,
    hashes,
    read_osm,
    read_tables,
    window_of,
    with_extract,
)
from parkgap.publish.folder import Staging
from parkgap.publish.record import Stage, write_run, write_timings
from parkgap.results import Results
from parkgap.source_keys import FromOsm
from parkgap.standard import Standard, load

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from parkgap.publish.reading import Published
    from parkgap.sources.osm_file import Extract
    from parkgap.study import Study

Progress = Callable[[str], None]


@dataclass
class Clock:
    """Times the stages, and tells whoever waits which one is at work."""

    progress: Progress
    stages: list[Stage] = field(default_factory=list)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time one stage."""
        self.progress(name)
        begin = time.perf_counter()
        yield
        seconds = time.perf_counter() - begin
        self.stages.append(Stage(name=name, seconds=seconds, peak_mb=_peak_mb()))


def _peak_mb() -> float | None:
    """Peak memory of this process in MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024.0


@dataclass(frozen=True)
class _Town:
    """What the stages have made of the inputs by the time the assessment begins."""

    study: Study
    standard: Standard
    tables: Tables
    extract: Extract
    parks: pd.DataFrame
    streets: Streets
    origins: pd.DataFrame
    places: Places
    walks: Walks


def run(study: Study, out: Path, *, progress: Progress = lambda _: None) -> Results:
    """Run a study and write its result folder.

    Parameters
    ----------
    study
        A loaded study.
    out
        The result folder; replaced file by file when everything is ready.
    progress
        Called with the name of each stage as it begins.

    Raises
    ------
    InputError
        An input is refused; nothing was written.
    OutputError
        The results cannot be written; the earlier ones are intact.
    """
    clock = Clock(progress)
    results = compute(study, clock)
    publish(results, out, clock)
    return results


def compute(study: Study, clock: Clock | None = None) -> Results:
    """Do everything but write."""
    clock = clock or Clock(lambda _: None)
    study = with_extract(study, lambda _done, _all, text: clock.progress(text))
    town = _survey(study, clock)
    with clock("assess"):
        found = _assess(town)
    with clock("base"):
        base = base_of(town.extract)
    return Results(
        study=_dated(study, town.extract.date),
        standard=town.standard,
        parks=town.parks,
        gates=town.walks.gates,
        facilities=town.places.frame,
        base=base,
        coverage=town.extract.coverage,
        data_date=town.extract.date,
        made_up=town.tables.made_up,
        counts=notes.count(town.extract, town.streets, town.places, town.origins, town.parks),
        warnings=tuple(
            notes.warn(study, town.extract, town.parks, town.origins, town.walks, town.tables)
        ),
        inputs=hashes(study),
        closed=town.places.closed,
        **found,  # type: ignore[arg-type]  # frames alone, by their fields' names
    )


def _day(study: Study, extract: Extract) -> str:
    """Day of which is asked (ISO): the study's, else the data's own, never today; "": unknown."""
    return study.as_of.isoformat() if study.as_of is not None else extract.date


def _dated(study: Study, date: str) -> Study:
    """Name that day in the results."""
    if study.as_of is not None or not date:
        return study
    return study.model_copy(update={"as_of": dt.date.fromisoformat(date)})


def _survey(study: Study, clock: Clock) -> _Town:
    """Read the inputs and find out who can walk to what."""
    with clock("standard"):
        standard = load(study.standard_source, dict(study.standard.set))
    with clock("tables"):
        tables = read_tables(study)
    with clock("osm"):
        window = window_of(study, standard, tables, fac.mapped_places)
        extract = read_osm(study, standard, window)
    parks = _parks(study, tables, extract)
    tables = doubt_datums(study, tables, extract)
    grounds = compounds(parks, tables.residences)
    ways = extract.ways
    with clock("streets"):
        streets = build_streets(
            ways.tags,
            ways.offset,
            ways.node,
            ways.lon,
            ways.lat,
            speed=standard.walk_speed.v,
            doors=extract.doors,
            owners=grounds["geometry"].to_numpy(),
        )
        origins = make_origins(
            parks, tables.enterprises, tables.residences, extract.buildings, streets
        )
    with clock("facilities"):
        places = find_places(
            Mapped(extract.objects, extract.doors, extract.routes),
            standard,
            streets,
            parks=parks,
            residences=tables.residences,
            official=open_places(tables.facilities, _day(study, extract)),
            language=study.language,
            limit_m=study.reach.limit_m,
            snap_m=study.walking.snap_m,
        )
    with clock("reach"):
        walks = walk_all(
            streets,
            origins,
            grounds,
            tables.gates,
            _targets(places, streets),
            limit_m=study.reach.limit_m,
            snap_m=study.walking.snap_m,
            detour=standard.detour,
        )
    origins = origins.assign(reached=walks.reached)
    return _Town(study, standard, tables, extract, parks, streets, origins, places, walks)


def _parks(study: Study, tables: Tables, extract: Extract) -> pd.DataFrame:
    """Take the parks from their table, or from the extract's land use.

    Raises
    ------
    InputError
        There is none, or the extract lies somewhere else.
    """
    if tables.parks is not None:
        parks = tables.parks.sort_values("park_id", ignore_index=True)
    else:
        rule = study.parks.from_osm or FromOsm()
        parks = parks_from_ground(
            extract.ground, rule.landuse, rule.min_area_ha, named_only=rule.named_only
        )
        if parks.empty:
            raise InputError(
                Problem(
                    what="提取文件中未找到符合条件的园区 / the extract holds no such park",
                    file=study.osm_path.name,
                    rule=f"landuse = {', '.join(rule.landuse)}, >= {rule.min_area_ha:g} ha",
                    remedy="减小 min_area_ha 或改用园区表 / "
                    "lower min_area_ha, or give a table of parks",
                )
            )
    box = shapely.box(*shapely.total_bounds(parks["geometry"].to_numpy()))
    if not shapely.intersects(shapely.union_all(parks["geometry"].to_numpy()), extract.coverage):
        raise ExtractError(
            Problem(
                what="地图数据与园区不重叠 / the map data and the parks do not overlap",
                file=study.osm_path.name,
                value=f"OSM {_box(extract.coverage)}; parks {_box(box)}",
                rule="经度最小, 纬度最小, 经度最大, 纬度最大 / west, south, east, north",
                remedy="换一个覆盖园区的提取文件，或检查园区坐标系 / "
                "take an extract that covers the parks, or check the parks' coordinate system",
            )
        )
    return parks


def _box(shape: shapely.Geometry) -> str:
    return ", ".join(f"{v:.4f}" for v in shapely.bounds(shape))


def _targets(places: Places, streets: Streets) -> Targets:
    """Facilities first, then the candidate sites, as one list of what is walked to."""
    sites, count = places.sites, len(places.frame)
    points = shapely.points(*sites.xy(streets))
    # A site on a park's own street is no public one: only walks inside the park lead to it.
    public = sites.take(np.isin(sites.piece, streets.public_pieces()))
    return Targets(
        public=concat(
            [places.entrances, Snaps(public.of + count, public.piece, public.t, public.leg)]
        ),
        shape=np.concatenate([places.shape, np.atleast_1d(np.asarray(points, dtype=object))]),
        door_of=places.doors[0],
        door=places.doors[1],
    )


def _assess(town: _Town) -> dict[str, pd.DataFrame]:
    parks, origins, facilities = town.parks, town.origins, town.places.frame
    residences, extract, standard = town.tables.residences, town.extract, town.standard
    known = completeness(
        _windows(parks, residences),
        places=town.places.mapped,
        buildings=extract.buildings["geometry"].to_numpy(),
        streets=town.streets.measured(),
        coverage=extract.coverage,
        rule=standard.certainty,
        beyond=(extract.beyond.places, extract.beyond.buildings_ha),
    )
    lon, lat = origins["lon"].to_numpy(), origins["lat"].to_numpy()
    ground = Ground(
        parks=parks,
        origins=origins,
        facilities=facilities,
        reach=town.walks.reach,
        member=town.places.member,
        park_of=fac.park_of(facilities, parks),
        edge_m=edge_distance(lon, lat, extract.coverage),
        completeness=known,
        residents=residences.groupby("park_id")["workers"].sum(),
        beside=beside_network(origins, facilities, _on_network(town), town.study.reach.limit_m),
        region_has=_region_has(extract, standard),
        proven=proven(town.tables.complete, parks, standard, _day(town.study, extract)),
    )
    few = town.study.privacy.min_workers
    assessor = Assessor(ground, standard, language=town.study.language, min_workers=few)
    assessment = assessor.assess()
    core = {i.id: (str(i.origin), assessor.judge(i)) for i in standard.items if i.core}
    frames = {
        "assessment": assessment,
        "ranking": rank_parks(assessment, parks, standard, lacking_core(ground, core)),
        "shortfall": shortfalls(assessment, parks),
        "rollup": roll_up(assessment, parks, assessor, standard),
    }
    shown = {name: without_few(frame, few) for name, frame in frames.items()}
    return shown | {"completeness": known, "nearby": _nearby(town.walks, origins, facilities)}


def _on_network(town: _Town) -> npt.NDArray[np.bool_]:
    """Facilities with an entrance on a street that is no island, shape (facilities,)."""
    entrances = town.places.entrances
    main = town.streets.pieces["main"].to_numpy()[entrances.piece]
    out = np.zeros(len(town.places.frame), dtype=bool)
    out[entrances.of[main]] = True
    return out


def _region_has(extract: Extract, standard: Standard) -> frozenset[str]:
    """Items that need urban rail, where tracks or lines of it are mapped; a stop alone is none."""
    lines = bool(extract.routes["mode"].isin({"subway", "light_rail", "tram"}).any())
    if not lines and not extract.counts["urban_rail_tracks"]:
        return frozenset()
    return frozenset(item.id for item in standard.items if item.needs_region)


def _windows(parks: pd.DataFrame, residences: pd.DataFrame) -> pd.DataFrame:
    """Ground whose mapping is measured: each park, and the homes of its workers together."""
    columns = ["park_id", "kind", "geometry"]
    homes = [
        (park, "home", shapely.union_all(group.to_numpy()))
        for park, group in residences.groupby("park_id")["geometry"]
    ]
    work = parks[["park_id", "geometry"]].assign(kind="work")[columns]
    return pd.concat([work, pd.DataFrame(homes, columns=columns)], ignore_index=True)


def _nearby(walks: Walks, origins: pd.DataFrame, facilities: pd.DataFrame) -> pd.DataFrame:
    """Least walk from any workplace of a park to each facility."""
    reach = walks.reach
    origin, target = reach["origin"].to_numpy(), reach["target"].to_numpy()
    work = (origins["kind"] == "work").to_numpy()
    use = work[origin] & (target < len(facilities))
    frame = pd.DataFrame(
        {
            "park_id": origins["park_id"].to_numpy()[origin[use]],
            "facility_id": facilities["facility_id"].to_numpy()[target[use]],
            "metres": reach["metres"].to_numpy()[use],
            "minutes": reach["minutes"].to_numpy()[use],
        }
    )
    least = frame.groupby(["park_id", "facility_id"], as_index=False).min()
    return least.sort_values(["park_id", "metres", "facility_id"], ignore_index=True)


def publish(
    results: Results, out: Path, clock: Clock, base: Published | None = None
) -> tuple[str, str] | None:
    """Write the result folder: staged, then replaced file by file, ``run.json`` last.

    What changed since `base`, or since the results that stand there, is written too; the note
    (zh, en) says where the latter could not be read.
    """
    from parkgap.publish.compared import with_changes
    from parkgap.publish.geopackage import write_geopackage
    from parkgap.publish.maps import write_maps
    from parkgap.publish.tables import write_csv
    from parkgap.publish.workbook import write_workbook

    with clock("changes"):
        results, note = with_changes(results, out, base)
    with Staging(out) as staging:
        with clock("maps"):
            written = write_maps(results, staging.path)
        with clock("lists"):
            written += write_csv(results, staging.path)
        with clock("workbook"):
            written.append(write_workbook(results, staging.path / "parkgap.xlsx"))
        with clock("geopackage"):
            written.append(write_geopackage(results, staging.path / "parkgap.gpkg"))
        with clock("record"):
            write_run(results, staging.path, written, results.study.parameters())
        write_timings(staging.path, clock.stages)
        staging.commit()
    return note
