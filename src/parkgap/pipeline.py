"""The order of a run: the only module that knows sources, stages and publishing together."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from parkgap import geo, notes, program
from parkgap.access.candidates import Search
from parkgap.access.facilities import mapped_places
from parkgap.access.lists import centres_and_others, not_yet, open_places, with_canteens
from parkgap.access.lists import gather as gather_lists
from parkgap.access.places import Lists
from parkgap.access.shuttles import shuttle_lines
from parkgap.access.slopes import FASTEST
from parkgap.assess.clusters import find_clusters
from parkgap.assess.nearest import places_of_few
from parkgap.assessing import assess, compare, ground_of
from parkgap.crews import shift_names
from parkgap.editions import released
from parkgap.errors import InputError, Problem, ShardError
from parkgap.frames import EDITS, PLAN
from parkgap.gathered import gather
from parkgap.housing_plan import doubt_shifts, plan_housing
from parkgap.inputs import (
    Tables,
    doubt_datums,
    prepared_of,
    read_tables,
    refuse_elsewhere,
    transit_of,
    wants_of,
    with_extract,
)
from parkgap.memory import give_back
from parkgap.osm_parks import seek_parks
from parkgap.plan_input import Ground, plan_of
from parkgap.plans import settled
from parkgap.publish import basemap
from parkgap.publish.folder import Staging
from parkgap.publish.record import Stage, write_run, write_timings
from parkgap.rasters import Rasters, doubt_heights, doubt_people, open_rasters
from parkgap.rerun import run_key
from parkgap.results import Drawn, Plans, Results
from parkgap.sensitive import Left, Mask, mask_of, sensitive_around
from parkgap.several import Further, load_also
from parkgap.shards import Rules, Shard, Survey, make_shard, split
from parkgap.shown import places_shown
from parkgap.siting_request import Request, request_of
from parkgap.sources.prepared import Prepared, read_window
from parkgap.sources.tables import is_made_up
from parkgap.standard import Standard, load
from parkgap.store import LostPieceError, Memo, Shelf, Store
from parkgap.study import TABLES, sha256
from parkgap.study_files import with_companions, with_sources
from parkgap.town import Town
from parkgap.work import Work, one_by_one

if TYPE_CHECKING:
    from pathlib import Path

    from parkgap.publish.reading import Published
    from parkgap.study import Study

Progress = Callable[[str], None]
Do = Callable[[list[Work]], list[Any]]
_TRIES = 2


@dataclass
class Clock:
    """Times the stages, and tells whoever waits which one is at work."""

    progress: Progress
    stages: list[Stage] = field(default_factory=list)

    @contextmanager
    def __call__(self, name: str) -> Iterator[list[str]]:
        """Time one stage; what it takes from the store it lists."""
        self.progress(name)
        begin = time.perf_counter()
        reused: list[str] = []
        yield reused
        seconds = time.perf_counter() - begin
        self.stages.append(
            Stage(name=name, seconds=seconds, peak_mb=_peak_mb(), reused=tuple(reused))
        )


def _peak_mb() -> float | None:
    """Peak memory of this process in MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024.0


def compute(
    study: Study, clock: Clock | None = None, *, store: Store | None = None, do: Do | None = None
) -> Results:
    """Do everything but write the result folder.

    Raises
    ------
    InputError
        An input is refused.
    ShardError
        A shard failed on its worker, or workers do not find what lies in the store.
    """
    clock = clock or Clock(lambda _: None)
    study = with_extract(study, lambda _done, _all, text: clock.progress(text))
    # Pieces are lost where somebody clears the store meanwhile, or a disk loses a page.  A damaged
    # one is thrown away when it is read, so that the next try makes it again.
    for _ in range(_TRIES):
        with suppress(LostPieceError):
            return _compute(study, clock, store, do)
    try:
        # Lost again: do without a store. Workers of a cluster cannot.
        return _compute(study, clock, store if do is not None else None, do)
    except LostPieceError as error:
        where = "" if store is None else str(store.folder)
        raise ShardError(
            f"{where}：保存的中间结果读不到；所有工作进程须能以同一路径读写此文件夹 / "
            f"{where}: what was put there is not found; all workers must read and write this "
            "folder under the same path"
        ) from error


def _compute(study: Study, clock: Clock, store: Store | None, do: Do | None) -> Results:
    """Compute everything, and let go of what the edition may tell."""
    found = _found(study, clock, store, do)
    with clock("edition"):
        return released(*found)


def _found(
    study: Study, clock: Clock, store: Store | None, do: Do | None
) -> tuple[Results, pd.DataFrame, Left | None]:
    """Compute results; with the enterprises behind them, and what no public map shows."""
    memo, shelf, inputs = Memo(store, program.fingerprint()), Shelf(store), study.hashes()
    standard, also = _standards(study, clock)
    tables, prepared = _read(study, (standard, *also), clock, memo, shelf)
    refuse_elsewhere(study, tables.parks, prepared)
    with clock("datums"):
        tables = doubt_datums(study, tables, partial(read_window, prepared, shelf))
    rasters, rules, request = _rules(study, standard, also, tables.costs)
    day = study.as_of.isoformat() if study.as_of is not None else prepared.date
    with _stage(clock, memo, "transit"):
        transit = transit_of(study, day, memo)
    ground = Ground(tables, transit.stops, rules, prepared, day, shelf, memo)
    plan, tables, parks, edits = _plan(study, ground, clock)
    tables = _doubted(study, tables, transit.warnings)
    _still(study, inputs)
    further = [Further.of(other, standard, tables) for other in also]
    centres, tables = _centres(tables, standard, day)
    lists = replace(_lists(tables, standard, day, transit.stops), edits=edits)
    shards = [make_shard(own, parks, tables, lists, rules) for own in _groups(parks, lists)]
    view = _view(parks, prepared)
    works = [_work(s, rules, prepared, view, shelf, memo, mask_of(study)) for s in shards]
    works += [f.work(w) for f in further for w in works]
    with _stage(clock, memo, "reach"):
        done = (do or one_by_one)(works)
    with clock("gather"):
        surveys = [[d.found for d in part] for part in _batched(done, len(shards))]
        found = gather(surveys[0], lists.planned, len(standard.items))
        drawn = _drawn([d.drawn for d in done[: len(shards)]], view)
    known, said = _heights(study, rasters, found)
    tables = replace(
        settled(tables, edits, found.facilities, found.closed), warnings=(*tables.warnings, *said)
    )
    shuttles, lost = shuttle_lines(
        tables.shuttles, tables.enterprises, parks, min_workers=study.privacy.min_workers
    )
    dated = _dated(study, prepared.date)
    town = Town(
        *(dated, standard, tables, prepared, parks, found, shuttles, transit, lists.there, day),
        stretch=FASTEST if known else 1.0,
    )
    with _stage(clock, memo, "assess"):
        judged = ground_of(town, memo)
        frames, beside = assess(town, judged, memo, request)
    with _stage(clock, memo, "compare"):
        frames["clusters"] = find_clusters(judged, standard, centres)
        frames["comparison"] = compare(town, further, surveys[1:], frames, memo)
    found = places_shown(
        *(found, np.concatenate([t["geometry"].to_numpy() for t in (parks, tables.residences)])),
        frames["assessment"],
        limit_m=study.reach.limit_m,
        search_m=rules.search_m,
        secret=places_of_few(found.facilities, tables.enterprises, study.privacy.min_workers),
    )
    return (
        Results(
            study=dated,
            standard=standard,
            parks=parks,
            gates=found.gates,
            facilities=found.facilities,
            drawn=drawn,
            coverage=prepared.coverage,
            data_date=prepared.date,
            made_up=tables.made_up or is_made_up(transit.stops, plan),
            counts=notes.count(prepared, found, parks),
            warnings=tuple(
                notes.warn(
                    *(dated, standard, prepared, parks, found, tables), shuttles_withheld=lost
                )
            ),
            inputs=inputs,
            run=run_key(study, inputs),
            beside=beside,
            plans=_planned(town, clock, memo, frames.pop("plans", Plans())),
            closed=found.closed,
            areas=found.areas,
            also=also,
            whatif=plan,
            shifts=shift_names(town.shifts),
            **frames,
        ),
        tables.enterprises,
        sensitive_around(mask_of(study), prepared, shelf, found.facilities),
    )


def _doubted(study: Study, tables: Tables, said: tuple[Problem, ...]) -> Tables:
    """Add what is odd of the timetables, and of shifts that no park has."""
    odd = doubt_shifts(study, tables.shifts)
    return replace(tables, warnings=(*tables.warnings, *said, *odd))


def _planned(town: Town, clock: Clock, memo: Memo, sited: Plans) -> Plans:
    """Plan beds beside the sites, as far as the study asks for it."""
    with _stage(clock, memo, "housing"):
        return replace(sited, **plan_housing(town))


def _standards(study: Study, clock: Clock) -> tuple[Standard, tuple[Standard, ...]]:
    """Load the standards that judge: the study's own, and those that it compares with."""
    with clock("standard"):
        standard = load(study.standard_source, dict(study.standard.set))
        return standard, load_also(study, standard)


def _plan(
    study: Study, ground: Ground, clock: Clock
) -> tuple[pd.DataFrame, Tables, pd.DataFrame, pd.DataFrame]:
    """Read the plan of a what-if; with the tables, parks and edits that it makes of the study."""
    plan, tables, edits = PLAN.frame(), ground.tables, EDITS.frame()
    if study.whatif is not None:
        with _stage(clock, ground.memo, "plan"):
            planned = plan_of(study, ground)
        said = (*planned.tried.tables.warnings, *planned.warnings)
        plan, edits = planned.plan, planned.tried.edits
        tables = replace(planned.tried.tables, warnings=said)
    return plan, tables, tables.parks.sort_values("park_id", ignore_index=True), edits


def _batched(done: list[Any], size: int) -> list[list[Any]]:
    """Part a list into lists of one length."""
    return [done[i : i + size] for i in range(0, len(done), size)]


def _rules(
    study: Study, standard: Standard, also: Sequence[Standard], costs: pd.DataFrame
) -> tuple[Rasters, Rules, Request | None]:
    """Open the rasters, say by which rules shards are surveyed, and for what sites are sought."""
    request = request_of(study, standard, costs)
    rasters = open_rasters(study.terrain, study.population, study.root)
    if rasters.problems:  # tables from the store were read beside other rasters
        raise InputError(*rasters.problems)
    rules = Rules(
        *(standard, study.language, study.reach.limit_m, study.walking.snap_m),
        *(rasters.heights, rasters.people),
        *_made_of(study),
        wants=wants_of(standard) if also or study.edition == "public" else None,
        search=None
        if study.siting is None
        else Search(study.siting.grid_m, study.siting.only_listed),
        told_from=study.privacy.min_workers,
    )
    return rasters, rules, request


def _still(study: Study, inputs: dict[str, str]) -> None:
    """Refuse a run whose inputs were changed while they were read: it would be of no one state."""
    changed = [name for name, digest in study.hashes().items() if inputs.get(name) != digest]
    if changed:
        raise InputError(
            Problem(
                what="读取期间文件被改动 / the file was changed while it was read",
                file=", ".join(changed),
                remedy="保存完毕后重新运行 / run again when it is saved",
            )
        )


@contextmanager
def _stage(clock: Clock, memo: Memo, name: str) -> Iterator[None]:
    """Time a stage, and note what of it came from the store."""
    before = len(memo.reused)
    with clock(name) as reused:
        yield
        reused.extend(_counted(memo.reused[before:]))


def _counted(names: list[str]) -> list[str]:
    """Name what was taken from the store, with how often."""
    return [name if n == 1 else f"{name} x{n}" for name, n in sorted(Counter(names).items())]


def _table_inputs(study: Study, standard: Standard) -> tuple[object, ...]:
    """What the tables are made from: all that is said about them, their files, and the items."""
    said = study.model_dump(mode="json", include={*TABLES, "facilities"})
    files = [sha256(path) for path in study.table_files()]
    return (json.dumps(said, sort_keys=True), files, standard.model_dump_json())


def _made_of(study: Study) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Name and SHA-256 of every file of the elevation rasters, and of the population raster."""
    heights = () if study.terrain is None else study.terrain.dem
    people = () if study.population is None else (study.population.raster,)

    def files(rasters: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        paths = with_companions(
            path for name in rasters for path in with_sources(study.root / name)
        )
        return tuple((path.name, sha256(path)) for path in paths)

    return files(heights), files(people)


def _centres(tables: Tables, standard: Standard, day: str) -> tuple[pd.DataFrame, Tables]:
    """Take official neighbourhood centres out of the lists: they count for no item."""
    centres, others = centres_and_others(tables.facilities, standard, day)
    return centres, replace(tables, facilities=others)


def _lists(tables: Tables, standard: Standard, day: str, stops: pd.DataFrame) -> Lists:
    """Part what the lists say into what is there on the day and what is to come."""
    listed = gather_lists(tables.facilities, tables.projects, tables.housing_stock, standard)
    there, _ = with_canteens(open_places(listed, day), tables.enterprises, standard)
    return Lists(there, not_yet(listed, day), tables.bus_lines, stops)


def _groups(parks: pd.DataFrame, lists: Lists) -> list[tuple[str, ...]]:
    """Put parks into shards; all into one where stops are told by name alone.

    A name without a position is a stop's where only one stop has it, which no part of a study
    can know.
    """
    unplaced = bool(lists.bus_lines["lon"].isna().any())
    return split(parks, most=len(parks), widest=360.0) if unplaced else split(parks)


def _work(
    shard: Shard,
    rules: Rules,
    prepared: Prepared,
    view: basemap.Box,
    shelf: Shelf,
    memo: Memo,
    mask: Mask | None,
) -> Work:
    own = shard.parks["park_id"].isin(shard.own)
    cells = basemap.cells_around(shard.parks["geometry"].to_numpy()[own])
    return Work(shard, rules, prepared, cells, basemap.tolerance_of(view), mask, shelf, memo)


def _view(parks: pd.DataFrame, prepared: Prepared) -> basemap.Box:
    """First view of the overview."""
    coverage = np.array([prepared.coverage], dtype=object)
    shapes = parks["geometry"].to_numpy()
    return basemap.extent_of(shapes) or basemap.extent_of(coverage) or (-1.0, -1.0, 1.0, 1.0)


def _drawn(parts: list[Any], view: basemap.Box) -> Drawn:
    """Put the shards' drawings together: what several of them see once, in the order of ids."""
    outline = pd.concat([p.outline for p in parts], ignore_index=True)
    place = outline["layer"].map({name: i for i, name in enumerate(basemap.OUTLINED)})
    outline = outline.assign(place=place).drop_duplicates(["place", "id"])
    labels = pd.concat([p.labels for p in parts], ignore_index=True).drop_duplicates("id")
    sheets = {name: text for p in parts for name, text in p.sheets.items()}
    ordered = outline.sort_values(["place", "id"], ignore_index=True)
    return Drawn(basemap.overview(ordered, labels, view).content, sheets)


def _dated(study: Study, date: str) -> Study:
    """Name that day in the results."""
    if study.as_of is not None or not date:
        return study
    return study.model_copy(update={"as_of": dt.date.fromisoformat(date)})


def _read(
    study: Study, standards: Sequence[Standard], clock: Clock, memo: Memo, shelf: Shelf
) -> tuple[Tables, Prepared]:
    """Read the map and the tables: parks that are sought in the map are known to the tables."""
    rule = study.parks.from_osm

    def read_map() -> Prepared:
        with _stage(clock, memo, "osm"):
            return prepared_of(study, standards, memo, shelf, mapped_places)

    def read_office(sought: pd.DataFrame | None = None) -> Tables:
        with _stage(clock, memo, "tables"):
            inputs = (*_table_inputs(study, standards[0]), sought)
            return memo("tables", inputs, lambda: read_tables(study, sought)).value

    if rule is None:  # what is wrong with a table is said before the map is read
        tables = read_office()
        return tables, read_map()
    prepared = read_map()
    ground = read_window(prepared, shelf, layers=("ground",))
    return read_office(seek_parks(rule, ground, study.osm_path.name)), prepared


def _heights(study: Study, rasters: Rasters, found: Survey) -> tuple[bool, list[Problem]]:
    """Say whether any height is known where people walk, and what the rasters do not know."""
    if rasters.heights is None:
        return False, doubt_people(study.population, *found.people)
    whole, known = found.climbed["metres"].sum(), found.climbed["known_m"].sum()
    lon, lat = geo.degrees(found.sites["x"].to_numpy(), found.sites["y"].to_numpy())
    share = float(known / whole) if whole > 0 else None
    said = doubt_heights(study.terrain, rasters.heights, share, lon, lat)
    return bool(known > 0), [*said, *doubt_people(study.population, *found.people)]


def publish(
    results: Results,
    out: Path,
    clock: Clock,
    base: Published | None = None,
    *,
    pdf: bool = False,
    second: Results | None = None,
) -> list[tuple[str, str]]:
    """Write the result folder: staged, then replaced file by file, ``run.json`` last.

    What changed since `base`, or since the results that stand there, is written too.  With `pdf`
    the report is printed besides; of `second` the pages are written in the other language.  The
    notes (zh, en) say what could not be done: those results read, labels written in Chinese, the
    report printed; and which parks lie outside the zone of the GeoPackage.
    """
    from parkgap.publish.compared import with_changes
    from parkgap.publish.crs import zone_doubts
    from parkgap.publish.geopackage import write_geopackage
    from parkgap.publish.maps import write_maps
    from parkgap.publish.tables import write_csv
    from parkgap.publish.workbook import write_workbook

    doubts = zone_doubts(results.parks["geometry"], results.study.gis.crs)
    with Staging(out, clock.progress) as staging:
        # Under the folder's lock: no other run moves what is read.
        with clock("changes"):
            results, note = with_changes(results, out, base)
        notes = doubts if note is None else [note, *doubts]
        with clock("maps"):
            written = write_maps(results, staging.path, second)
        with clock("lists"):
            written += write_csv(results, staging.path)
        with clock("workbook"):
            written.append(write_workbook(results, staging.path / "parkgap.xlsx"))
        if results.study.report.write:
            from parkgap.publish.reports import write_report  # matplotlib takes long to import

            give_back()
            with clock("report"):
                paths, said = write_report(results, staging.path, pdf=pdf)
            written, notes = [*written, *paths], [*notes, *said]
        if results.study.pictures.write:
            from parkgap.publish.slides import write_pictures

            with clock("pictures"):
                paths, said = write_pictures(results, staging.path)
            written, notes = [*written, *paths], [*notes, *said]
        give_back()
        with clock("geopackage"):
            written.append(write_geopackage(results, staging.path / "parkgap.gpkg"))
        with clock("record"):
            write_run(results, staging.path, written, results.study.parameters())
        write_timings(staging.path, clock.stages)
        staging.commit()
    return notes
