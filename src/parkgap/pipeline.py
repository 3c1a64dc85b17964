"""The order of a run: the only module that knows sources, stages and publishing together."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from parkgap import geo
from parkgap.access import facilities as fac
from parkgap.access.gates import Targets, Walks, compounds, walk_all
from parkgap.access.origins import make_origins
from parkgap.access.parks import parks_from_ground
from parkgap.access.snap import Snapper, Snaps, concat
from parkgap.access.streets import PUBLIC, Streets, build_streets
from parkgap.assess.certainty import completeness, edge_distance
from parkgap.assess.groups import Ground
from parkgap.assess.items import Assessor
from parkgap.assess.ranking import lacking_core, rank_parks, shortfalls, without_few
from parkgap.assess.rollup import roll_up
from parkgap.errors import ExtractError, InputError, Problem
from parkgap.frames import ENTERPRISES, GATES_GIVEN, RESIDENCES, SHIFTS
from parkgap.publish.folder import Staging
from parkgap.publish.record import TIMINGS_FILE, Stage, write_run, write_timings
from parkgap.results import Base, Results
from parkgap.sources.osm_file import Extract, read_extract
from parkgap.standard import Standard, load

if TYPE_CHECKING:
    from parkgap.study import Study

Progress = Callable[[str], None]
Warnings = list[tuple[str, str]]

# Keys whose every value is a place of some kind; other keys count only with a value the standard names.
PLACE_KEYS = ("amenity", "shop", "leisure", "office", "healthcare", "tourism", "craft")
_WIDE_KEYS = ("building", "landuse", "highway", "railway", "place", "residential", "public_transport")
CANDIDATE_M = 100.0  # grid of the sites at which additions are thought of


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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024.0


@dataclass(frozen=True)
class Tables:
    """The office's tables; empty frames where the study has none."""

    parks: pd.DataFrame | None
    gates: pd.DataFrame
    enterprises: pd.DataFrame
    residences: pd.DataFrame
    shifts: pd.DataFrame
    warnings: tuple[Problem, ...]


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
    with clock("standard"):
        standard = load(study.standard_source, dict(study.standard.set))
    with clock("tables"):
        tables = read_tables(study)
    with clock("osm"):
        extract = _extract(study, standard)
    parks = _parks(study, tables, extract)
    warnings: Warnings = [_bilingual(p) for p in tables.warnings]
    grounds = compounds(parks, tables.residences)
    with clock("streets"):
        streets = build_streets(
            extract.ways.tags,
            extract.ways.offset,
            extract.ways.node,
            extract.ways.lon,
            extract.ways.lat,
            speed=standard.walk_speed.v,
            doors=extract.doors,
            owners=grounds["geometry"].to_numpy(),
        )
        origins = make_origins(parks, tables.enterprises, tables.residences, extract.buildings, streets)
    with clock("facilities"):
        places = _facilities(study, standard, extract, parks, tables.residences, streets)
    with clock("reach"):
        walks = _walks(study, standard, streets, origins, grounds, tables, places)
        origins["reached"] = walks.reached
    with clock("assess"):
        found = _assess(study, standard, extract, parks, tables, streets, origins, places, walks)
    with clock("base"):
        base = _base(extract, streets)
    _warn(warnings, study, extract, parks, origins, walks, tables)
    return Results(
        study=study,
        standard=standard,
        parks=parks,
        gates=walks.gates,
        facilities=places.frame,
        base=base,
        coverage=extract.coverage,
        data_date=extract.date,
        made_up=_made_up(tables),
        counts=_counts(extract, streets, places, origins, parks),
        warnings=tuple(warnings),
        inputs=_hashes(study),
        **found,
    )


# --- reading ---------------------------------------------------------------------------------


def read_tables(study: Study) -> Tables:
    """Read all tables of a study; everything wrong with any of them comes in one error."""
    from parkgap.sources import tables as read

    problems: list[Problem] = []
    warnings: list[Problem] = []

    def take(call: Callable[[], tuple[pd.DataFrame, list[Problem]]], empty: pd.DataFrame) -> pd.DataFrame:
        try:
            frame, said = call()
        except InputError as error:
            problems.extend(error.problems)
            return empty
        warnings.extend(said)
        return frame

    parks = None
    if study.parks.file is not None:
        source = study.parks
        parks = take(lambda: read.read_parks(source, root=study.root), pd.DataFrame())
        if problems:
            raise InputError(*problems)
    known = parks if parks is not None else pd.DataFrame({"park_id": []})
    readers = {
        "gates": (read.read_gates, GATES_GIVEN),
        "enterprises": (read.read_enterprises, ENTERPRISES),
        "residences": (read.read_residences, RESIDENCES),
        "shifts": (read.read_shifts, SHIFTS),
    }
    frames = {}
    for name, (reader, schema) in readers.items():
        table = getattr(study, name)
        frames[name] = schema.frame()
        if table is not None:
            frames[name] = take(
                lambda reader=reader, table=table: reader(table, root=study.root, parks=known),  # type: ignore[misc]
                schema.frame(),
            )
    if problems:
        raise InputError(*problems)
    return Tables(parks=parks, **frames, warnings=tuple(warnings))


def _extract(study: Study, standard: Standard) -> Extract:
    values: dict[str, set[str]] = {}
    for item in standard.items:
        for condition in item.rule.any:
            for key, value in condition.items():
                # Ordinary homes are shown from land use; every block of flats would be too many.
                if key in _WIDE_KEYS and value != "*" and not (key == "building" and item.level == "shown"):
                    values.setdefault(key, set()).add(value)
    tags = {
        key
        for item in standard.items
        for rule in (item.rule.any, item.rule.exclude)
        for condition in rule
        for key in condition
    }
    return read_extract(
        study.osm_path, place_keys=PLACE_KEYS, place_values=values, tag_keys=tags - {"type", "route"}
    )


def _parks(study: Study, tables: Tables, extract: Extract) -> pd.DataFrame:
    if tables.parks is not None:
        parks = tables.parks.sort_values("park_id", ignore_index=True)
    else:
        rule = study.parks.from_osm
        assert rule is not None  # the study's model holds one of the two
        parks = parks_from_ground(
            extract.ground, rule.landuse, rule.min_area_ha, named_only=rule.named_only
        )
        if parks.empty:
            raise InputError(
                Problem(
                    what="提取文件中没有符合条件的园区 / the extract holds no such park",
                    file=study.osm_path.name,
                    rule=f"landuse = {', '.join(rule.landuse)}, >= {rule.min_area_ha:g} ha",
                    remedy="减小 min_area_ha 或改用园区表 / lower min_area_ha, or give a table of parks",
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
                remedy="换一个覆盖园区的提取文件，或检查园区坐标系 / take an extract that covers the parks, "
                "or check the parks' coordinate system",
            )
        )
    return parks


def _box(shape: shapely.Geometry) -> str:
    return ", ".join(f"{v:.4f}" for v in shapely.bounds(shape))


def _hashes(study: Study) -> dict[str, str]:
    out = {}
    for path in study.input_files():
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        inside = path.resolve().is_relative_to(study.root.resolve())
        name = path.resolve().relative_to(study.root.resolve()).as_posix() if inside else path.name
        out[name] = digest
    return out


# --- places and walks ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Places:
    """Facilities within reach of any origin, where they are entered, and candidate sites."""

    frame: pd.DataFrame
    member: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
    entrances: Snaps
    shape: np.ndarray[tuple[int], np.dtype[np.object_]]
    sites: Snaps
    all_points: tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]
    unreached: int


def _facilities(
    study: Study,
    standard: Standard,
    extract: Extract,
    parks: pd.DataFrame,
    residences: pd.DataFrame,
    streets: Streets,
) -> Places:
    objects = extract.objects
    member = fac.classify(objects, standard)
    frame, facility_of = fac.merge(
        objects,
        member,
        standard,
        routes=extract.routes,
        parks=parks,
        language=study.language,
    )
    around = np.concatenate([parks["geometry"].to_numpy(), residences["geometry"].to_numpy()])
    near = _near(frame["lon"].to_numpy(), frame["lat"].to_numpy(), around, study.reach.limit_m + 500.0)
    facility_of = np.where(facility_of >= 0, np.where(near, np.cumsum(near) - 1, -1)[facility_of], -1)
    frame = frame[near].reset_index(drop=True)
    items = [i.id for i in standard.items]
    counts_for = np.array([[i in row for i in items] for row in frame["items"]], dtype=bool)
    counts_for = counts_for.reshape(len(frame), len(items))
    public = np.flatnonzero(
        streets.edges["access"].to_numpy()[streets.pieces["edge"].to_numpy()] == PUBLIC
    )
    snapper = Snapper(streets, public, study.walking.snap_m)
    entrances = fac.entrances(objects, facility_of, extract.doors, snapper)
    limit = max((t.limit if t.unit == "m" else t.limit * standard.walk_speed.v for i in standard.scored for t in i.tests), default=0.0)
    mapped = fac.mapped_places(objects)
    return Places(
        frame=frame,
        member=counts_for,
        entrances=entrances,
        shape=fac.shapes(objects, facility_of, len(frame)),
        sites=_sites(streets, public, around, limit),
        all_points=tuple(objects[c].to_numpy(dtype=float)[mapped] for c in ("lon", "lat")),
        unreached=len(frame) - len(np.unique(entrances.of)),
    )


def _near(
    lon: np.ndarray[tuple[int], np.dtype[np.float64]],
    lat: np.ndarray[tuple[int], np.dtype[np.float64]],
    around: np.ndarray[tuple[int], np.dtype[np.object_]],
    metres: float,
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Points within so many metres of any of the shapes."""
    planar = geo.project(around)
    bounds = shapely.bounds(around)
    k = geo.scale(np.abs(bounds[:, [1, 3]]).max(axis=1))
    points = shapely.points(*geo.mercator(lon, lat))
    _, hit = shapely.STRtree(points).query(planar, predicate="dwithin", distance=metres / k)
    near = np.zeros(len(points), dtype=bool)
    near[hit] = True
    return near


def _sites(
    streets: Streets,
    public: np.ndarray[tuple[int], np.dtype[np.int64]],
    around: np.ndarray[tuple[int], np.dtype[np.object_]],
    metres: float,
) -> Snaps:
    """Candidate sites: public street nodes near parks and homes, one in each cell of 100 m."""
    a = streets.pieces["a"].to_numpy()[public]
    node, first = np.unique(a, return_index=True)
    nodes = streets.nodes
    lon, lat = nodes["lon"].to_numpy()[node], nodes["lat"].to_numpy()[node]
    near = _near(lon, lat, around, metres)
    node, piece = node[near], public[first[near]]
    size = CANDIDATE_M / geo.scale(lat[near])
    # The grid's rows follow a scale of their own per 0.01 degree, so that no study's extent moves it.
    band = np.floor(lat[near] * 100).astype(np.int64)
    step = CANDIDATE_M / geo.scale(band / 100)
    del size
    cell = np.column_stack(
        [
            band,
            np.floor(nodes["x"].to_numpy()[node] / step).astype(np.int64),
            np.floor(nodes["y"].to_numpy()[node] / step).astype(np.int64),
        ]
    )
    order = np.argsort(nodes["node_id"].to_numpy()[node], kind="stable")
    _, one = np.unique(cell[order], axis=0, return_index=True)
    chosen = piece[order[np.sort(one)]]
    zero = np.zeros(len(chosen))
    return Snaps(np.arange(len(chosen)), chosen, zero, zero)


def _walks(
    study: Study,
    standard: Standard,
    streets: Streets,
    origins: pd.DataFrame,
    grounds: pd.DataFrame,
    tables: Tables,
    places: Places,
) -> Walks:
    count = len(places.frame)
    sites = places.sites
    x, y = sites.xy(streets)
    targets = Targets(
        public=concat([places.entrances, Snaps(sites.of + count, sites.piece, sites.t, sites.leg)]),
        shape=np.concatenate([places.shape, shapely.points(x, y)]),
    )
    detour = standard.figures["detour_no_network"].v if "detour_no_network" in standard.figures else 1.3
    return walk_all(
        streets,
        origins,
        grounds,
        tables.gates,
        targets,
        limit_m=study.reach.limit_m,
        snap_m=study.walking.snap_m,
        detour=float(detour),  # type: ignore[arg-type]
    )


# --- judging -----------------------------------------------------------------------------------


def _assess(
    study: Study,
    standard: Standard,
    extract: Extract,
    parks: pd.DataFrame,
    tables: Tables,
    streets: Streets,
    origins: pd.DataFrame,
    places: Places,
    walks: Walks,
) -> dict[str, pd.DataFrame]:
    known = completeness(
        _windows(parks, tables.residences),
        places=places.all_points,  # type: ignore[arg-type]
        buildings=extract.buildings["geometry"].to_numpy(),
        streets=_street_points(streets),
        coverage=extract.coverage,
        rule=standard.certainty,
    )
    ground = Ground(
        parks=parks,
        origins=origins,
        facilities=places.frame,
        reach=walks.reach,
        member=places.member,
        park_of=fac.park_of(places.frame, parks),
        edge_m=edge_distance(origins["lon"].to_numpy(), origins["lat"].to_numpy(), extract.coverage),
        completeness=known,
        residents=tables.residences.groupby("park_id")["workers"].sum(),
        limit_m=study.reach.limit_m,
    )
    assessor = Assessor(
        ground, standard, language=study.language, min_workers=study.privacy.min_workers
    )
    assessment = assessor.assess()
    core = {i.id: (i.origin, assessor.judge(i)) for i in standard.items if i.core}
    ranking = rank_parks(assessment, parks, standard, lacking_core(ground, core))
    few = study.privacy.min_workers
    return {
        "completeness": known,
        "assessment": without_few(assessment, few),
        "ranking": without_few(ranking, few),
        "shortfall": without_few(shortfalls(assessment, parks), few),
        "rollup": without_few(roll_up(assessment, parks, assessor, standard), few),
        "nearby": _nearby(walks, origins, places.frame),
    }


def _windows(parks: pd.DataFrame, residences: pd.DataFrame) -> pd.DataFrame:
    work = parks[["park_id", "geometry"]].assign(kind="work")
    homes = [
        {"park_id": park, "kind": "home", "geometry": shapely.union_all(group.to_numpy())}
        for park, group in residences.groupby("park_id")["geometry"]
    ]
    return pd.concat([work, pd.DataFrame(homes, columns=["park_id", "kind", "geometry"])], ignore_index=True)


def _street_points(streets: Streets) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    a = streets.pieces["a"].to_numpy()
    nodes = streets.nodes
    return nodes["lon"].to_numpy()[a], nodes["lat"].to_numpy()[a], streets.pieces["metres"].to_numpy()


def _nearby(walks: Walks, origins: pd.DataFrame, facilities: pd.DataFrame) -> pd.DataFrame:
    """Least walk from any workplace of a park to each facility."""
    reach = walks.reach
    work = (origins["kind"] == "work").to_numpy()
    use = work[reach["origin"].to_numpy()] & (reach["target"] < len(facilities)).to_numpy()
    part = reach[use]
    frame = pd.DataFrame(
        {
            "park_id": origins["park_id"].to_numpy()[part["origin"]],
            "facility_id": facilities["facility_id"].to_numpy()[part["target"]],
            "metres": part["metres"].to_numpy(),
            "minutes": part["minutes"].to_numpy(),
        }
    )
    least = frame.groupby(["park_id", "facility_id"], as_index=False).min()
    return least.sort_values(["park_id", "metres", "facility_id"], ignore_index=True)


# --- what is drawn and said --------------------------------------------------------------------------

_MAIN = frozenset("motorway trunk primary secondary tertiary motorway_link trunk_link primary_link secondary_link tertiary_link".split())
_PATHS = frozenset("footway path steps cycleway bridleway corridor track pedestrian".split())
_GREEN = frozenset(
    "park garden golf_course nature_reserve forest grass meadow recreation_ground cemetery "
    "village_green allotments wood scrub heath grassland".split()
)
_WATER = frozenset("water bay riverbank dock reservoir basin river canal stream coastline".split())
_BUILT = frozenset("residential commercial industrial retail".split())


def _base(extract: Extract, streets: Streets) -> Base:
    ways = extract.ways
    lines = shapely.linestrings(
        np.column_stack([ways.lon, ways.lat]),
        indices=np.repeat(np.arange(len(ways.offset) - 1), np.diff(ways.offset)),
    )
    kind = ways.tags["highway"].to_numpy()
    drawn = ~np.isin(kind.astype(str), ["construction", "proposed", "platform", "abandoned", "razed"])
    group = np.where(np.isin(kind.astype(str), list(_MAIN)), "main", np.where(np.isin(kind.astype(str), list(_PATHS)), "path", "minor"))
    value = extract.ground["value"]
    shape = extract.ground["geometry"].to_numpy()
    solid = shapely.get_dimensions(shape) == 2
    places = extract.objects[extract.objects["place"].notna() & extract.objects["name"].notna()]
    return Base(
        streets=lines[drawn],
        street_class=group[drawn].astype(object),
        water=shape[value.isin(_WATER).to_numpy()],
        green=shape[(value.isin(_GREEN)).to_numpy() & solid],
        built=shape[(value.isin(_BUILT)).to_numpy() & solid],
        buildings=extract.buildings["geometry"].to_numpy(),
        places=places.rename(columns={"place": "kind"})[["name", "lon", "lat", "kind"]].reset_index(drop=True),
    )


def _made_up(tables: Tables) -> bool:
    from parkgap.sources.tables import is_made_up

    frames = [tables.gates, tables.enterprises, tables.residences, tables.shifts]
    if tables.parks is not None:
        frames.insert(0, tables.parks)
    return is_made_up(*frames)


def _counts(extract: Extract, streets: Streets, places: Places, origins: pd.DataFrame, parks: pd.DataFrame) -> dict[str, int]:
    return {
        "parks": len(parks),
        "origins": len(origins),
        "facilities": len(places.frame),
        "facilities_off_street": places.unreached,
        "street_edges": len(streets.edges),
        "street_islands": streets.islands,
        **extract.counts,
    }


def _bilingual(problem: Problem) -> tuple[str, str]:
    text = str(problem)
    return text, text


def _warn(
    warnings: Warnings,
    study: Study,
    extract: Extract,
    parks: pd.DataFrame,
    origins: pd.DataFrame,
    walks: Walks,
    tables: Tables,
) -> None:
    """Say what the reader of the results must know."""
    if extract.coverage_from == "hull":
        warnings.append(
            (
                "提取文件未声明范围，按完整道路的外包凸多边形判断数据边界。",
                "The extract declares no box; the hull of its complete ways is taken as the data's edge.",
            )
        )
    unknown = int(parks["workers"].isna().sum())
    if unknown:
        warnings.append(
            (
                f"{unknown} 个园区职工人数未知，只排轻重，不排影响人数。",
                f"The headcount of {unknown} parks is unknown; they are ranked by severity only.",
            )
        )
    lost = origins[~origins["reached"]]
    if len(lost):
        names = ", ".join(dict.fromkeys(lost["park_id"]))
        warnings.append(
            (
                f"{len(lost)} 个出发点在 {study.walking.snap_m:g} 米内没有道路，相关判断待核实：{names}",
                f"{len(lost)} origins have no street within {study.walking.snap_m:g} m and are unverified: {names}",
            )
        )
    near = walks.gates[walks.gates["kind"] == "nearest_street"]["park_id"].unique()
    if len(near):
        warnings.append(
            (
                f"{len(near)} 个园区没有道路穿过边界，按最近道路出行：{', '.join(near)}",
                f"No street passes the edge of {len(near)} parks; they are left for the nearest street: {', '.join(near)}",
            )
        )
    if len(tables.shifts):
        warnings.append(
            (
                "本版本尚未按营业时间分班次判断：设施不论何时营业均计入。",
                "Opening hours are not judged by shift in this version: a facility counts whatever its hours.",
            )
        )


def publish(results: Results, out: Path, clock: Clock) -> None:
    """Write the result folder: staged, then replaced file by file, ``run.json`` last."""
    from parkgap.publish.geopackage import write_geopackage
    from parkgap.publish.maps import write_maps
    from parkgap.publish.tables import write_csv
    from parkgap.publish.workbook import write_workbook

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


__all__ = ["TIMINGS_FILE", "Clock", "compute", "publish", "read_tables", "run"]
