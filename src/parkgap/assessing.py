"""Judge a town: what the assessment stands on, what it says, and what stands beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.access.homes import ESTIMATED
from parkgap.access.lists import proven, stock_places, with_canteens
from parkgap.access.merging import park_of
from parkgap.access.supply import supplies
from parkgap.assess.capacity import MINUTES
from parkgap.assess.certainty import References, edge_distance
from parkgap.assess.checking import to_check
from parkgap.assess.coming import duties, within_reach
from parkgap.assess.comparison import compare_standards
from parkgap.assess.competition import competition
from parkgap.assess.groups import Ground, Known
from parkgap.assess.home_cells import home_cells
from parkgap.assess.known import against_study, by_category, fallback_shares, thin_items
from parkgap.assess.nearest import few_at, least_walks, places_of_few
from parkgap.assess.open_when import open_when
from parkgap.assess.ranking import without_few
from parkgap.assess.scenarios import scenario_grid, widest_m
from parkgap.assess.stability import stability, tried, with_stability
from parkgap.assess.transit import Timetables, public_transport
from parkgap.frames import CAPACITY, COMPARISON, HOME_CELLS
from parkgap.judging import Judge
from parkgap.list_keys import MEAL
from parkgap.results import AroundParks, Beside, Firm, Plans
from parkgap.shift_times import crews_and_times
from parkgap.shown import walks_shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parkgap.several import Further
    from parkgap.shards import Survey
    from parkgap.siting_request import Request
    from parkgap.standard import Standard
    from parkgap.store import Memo
    from parkgap.town import Town

Bools = npt.NDArray[np.bool_]


def ground_of(town: Town, memo: Memo) -> Ground:
    """Put together what the judgement by a town's standard stands on."""
    parks, found, standard = town.parks, town.found, town.standard
    origins, facilities = found.origins, found.facilities
    lon, lat = origins["lon"].to_numpy(), origins["lat"].to_numpy()
    shifts, times = crews_and_times(
        *(town.study, town.shifts, parks, town.tables.enterprises, facilities, standard, memo)
    )
    hidden = few_at(origins, town.tables.enterprises, town.study.privacy.min_workers)
    known = known_of(town, hidden)
    return Ground(
        parks=parks,
        origins=origins,
        facilities=facilities,
        reach=found.reach,
        member=found.member,
        park_of=park_of(facilities, parks),
        edge_m=edge_distance(lon, lat, town.prepared.coverage),
        completeness=known.mapping[["park_id", "kind", "thin", "cut"]],
        thin=thin_items(known.kinds, origins, [i.category for i in standard.items]),
        residents=_residents(parks, town.tables.residences, origins),
        stretch=town.stretch,
        beside=found.beside,
        region_has=_region_has(town),
        proven=proven(town.tables.complete, parks, standard, town.day),
        unplaced=_unplaced(town),
        hidden=hidden,
        shifts=shifts,
        times=times,
        known=known,
    )


def _unplaced(town: Town) -> Bools:
    """Items of which a park has a place that nobody located, shape (parks, items)."""
    _, parks = with_canteens(town.listed, town.tables.enterprises, town.standard)
    meal = np.array([i.id == MEAL for i in town.standard.items], dtype=bool)
    here = town.parks["park_id"].isin(list(parks)).to_numpy(dtype=bool)
    return np.asarray(here[:, None] & meal, dtype=bool)


def known_of(town: Town, hidden: Bools) -> Known:
    """Tell what lies near each park, and how well its surroundings are mapped."""
    found = town.found
    fallbacks = fallback_shares(found.completeness, found.origins, found.straight, found.gates)
    mapping = against_study(found.completeness, fallbacks, References.of(town.standard))
    near = _shown(town, found.reach)
    nearby = least_walks(near, found.origins, found.facilities["facility_id"], hidden)
    few = town.study.privacy.min_workers
    secret = places_of_few(found.facilities, town.tables.enterprises, few)
    nearby = nearby[~nearby["facility_id"].isin(list(secret))].reset_index(drop=True)
    kinds = by_category(mapping, found.facilities, nearby, town.standard)
    return Known(mapping, nearby, kinds)


def assess(
    town: Town, ground: Ground, memo: Memo, request: Request | None = None
) -> tuple[dict[str, Any], Beside]:
    """Judge, rank, and gather what stands beside; figures of few workers are left out."""
    few = town.study.privacy.min_workers
    judge = Judge(ground, town.standard, town.study.language, few, memo)
    frames = judge.frames()
    shown: dict[str, Any] = {n: without_few(frame, few) for n, frame in frames.items()}
    firm = _firm(judge, frames, shown["assessment"])
    shown |= {"firm": firm, "ranking": with_stability(shown["ranking"], firm.parks)}
    known = ground.known or known_of(town, ground.hidden)
    if request is not None:
        shown["plans"] = _plans(town, judge, frames["assessment"], request, memo)
    shown |= {
        "detail": judge.detail,
        "completeness": known.mapping,
        "certainty": known.kinds,
        "nearby": known.nearby,
        "around": _around(town, ground, known),
    }
    beside = _beside(town, shown["shortfall"], frames["assessment"], judge)
    stops = _thin_stops(known.mapping, known.kinds, town.standard)
    return shown, _with_transit(beside, town, known.nearby, stops, rail=bool(ground.region_has))


def _around(town: Town, ground: Ground, known: Known) -> AroundParks:
    """Tell what the parks' pages alone show; of homes nothing in the public edition."""
    few, internal = town.study.privacy.min_workers, town.study.edition == "internal"
    homes = home_cells(ground.origins, ground.residents, few) if internal else HOME_CELLS.frame()
    hours = open_when(ground, known.nearby, town.shifts, town.standard, few)
    return AroundParks(homes, *hours)


def _plans(
    town: Town, judge: Judge, assessment: pd.DataFrame, request: Request, memo: Memo
) -> Plans:
    """Choose where to build, as the study asks."""
    from parkgap.sited import sites_of

    found = town.found
    made = sites_of(request, judge, assessment, found.candidates, found.to_candidates, memo)
    return Plans(sites=made.sites, curve=made.curve)


def compare(
    town: Town,
    further: Sequence[Further],
    parts: Sequence[list[Survey]],
    frames: Mapping[str, Any],
    memo: Memo,
) -> pd.DataFrame:
    """Judge by the further standards too, and put all side by side; empty where there is none.

    Parameters
    ----------
    town
        As the study's own standard sees it.
    further, parts
        The other standards, and of each what its shards found.
    frames
        What the study's own standard says.
    memo
        What was judged before.
    """
    if not further:
        return COMPARISON.frame()
    few, judged = town.study.privacy.min_workers, []
    for one, surveys in zip(further, parts, strict=True):
        ground = ground_of(one.town(town, surveys), memo)
        thin = one.thin(frames["certainty"], town.standard, ground.origins)
        ground = replace(ground, thin=thin)
        own = Judge(ground, one.judged, town.study.language, few, memo).frames()
        judged.append((one.standard, own["ranking"], own["assessment"]))
    return compare_standards([(town.standard, frames["ranking"], frames["assessment"]), *judged])


def _thin_stops(mapping: pd.DataFrame, kinds: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """Completeness as it bears on stops: thin where their category is."""
    categories = {standard.item(i).category for i in standard.stop_items}
    thin = kinds[kinds["category"].isin(categories) & kinds["thin"]]
    keys = pd.MultiIndex.from_frame(mapping[["park_id", "kind"]])
    here = keys.isin(pd.MultiIndex.from_frame(thin[["park_id", "kind"]]))
    return mapping.assign(thin=mapping["thin"] | here)


def _with_transit(
    beside: Beside, town: Town, nearby: pd.DataFrame, known: pd.DataFrame, *, rail: bool
) -> Beside:
    said, found = town.transit, town.found
    figures = public_transport(
        *(town.parks, found.facilities, nearby, town.shifts, known),
        Timetables(said.stops, said.calls, found.matched, said.days),
        town.standard,
        rail=rail,
    )
    return replace(
        beside,
        transit=figures.transit,
        departures=figures.departures,
        stop_departures=figures.stops,
    )


def _firm(judge: Judge, frames: dict[str, pd.DataFrame], shown: pd.DataFrame) -> Firm:
    """Try the ranks under other assumptions, and list what is to be checked on the ground."""
    ranking, standard = frames["ranking"], judge.standard
    scenarios = scenario_grid(standard)
    known = judge.satisfactions(scenarios)
    parks, sets = stability(known, scenarios, ranking, standard)
    listed = to_check(frames["assessment"], shown, ranking)
    return Firm(parks, sets, listed, tried(standard, scenarios))


def _beside(town: Town, shortfall: pd.DataFrame, assessment: pd.DataFrame, judge: Judge) -> Beside:
    """Gather what the lists say besides: nothing of it changes a count."""
    tables, found, few = town.tables, town.found, town.study.privacy.min_workers
    planned = found.planned
    pipeline = within_reach(
        shortfall,
        planned,
        found.to_planned,
        found.origins,
        town.standard,
        off_street=planned["lon"].notna().to_numpy() & ~found.on_street,
        min_workers=few,
        residents=judge.ground.residents,
        hidden=judge.ground.hidden,
    )
    due = duties(assessment, tables.owners, judge, town.standard, min_workers=few)
    return Beside(
        planned=planned,
        pipeline=pipeline,
        timetable=found.timetable,
        stock=stock_places(found.facilities, tables.housing_stock, min_workers=few),
        shuttles=town.shuttles,
        owners=tables.owners,
        duties=without_few(due, few),
        planned_near=least_walks(
            _shown(town, found.to_planned),
            found.origins,
            planned["planned_id"],
            judge.ground.hidden,
        ),
        capacity=_capacity(town, judge.ground),
    )


def _shown(town: Town, walks: pd.DataFrame) -> pd.DataFrame:
    return walks_shown(walks, town.study.reach.limit_m, town.standard.walk_speed.v)


def _capacity(town: Town, ground: Ground) -> pd.DataFrame:
    """Share what facilities offer; none where walks of 15 minutes are not all looked for."""
    found, standard = town.found, town.standard
    searched = max(town.study.reach.limit_m, widest_m(standard))
    if searched < MINUTES[-1] * standard.walk_speed.v:
        return CAPACITY.frame()
    floor = found.catchments["floor_m2"].to_numpy(dtype=float)
    known = (found.facilities, found.member, town.listed, town.tables.enterprises, floor)
    supply = supplies(*known, standard)
    few = town.study.privacy.min_workers
    return competition(ground, supply, found.catchments, standard, min_workers=few)


def _residents(parks: pd.DataFrame, residences: pd.DataFrame, origins: pd.DataFrame) -> pd.Series:
    """Workers whose home is known, by park; all of a park's where homes are estimated."""
    known = residences.groupby("park_id")["workers"].sum()
    guessed = parks["park_id"].isin(origins.loc[origins["based_on"] == ESTIMATED, "park_id"])
    own = parks[guessed].set_index("park_id")["workers"].astype("float64")
    return pd.concat([known.drop(own.index, errors="ignore"), own]) if len(own) else known


def _region_has(town: Town) -> frozenset[str]:
    """Items that need urban rail, where tracks or lines of it are known; a stop alone is none."""
    prepared, stops = town.prepared, town.transit.stops
    lines = prepared.whole.modes & {"subway", "light_rail", "tram"}
    timed = bool((stops["mode"] == "rail").any())
    if not lines and not prepared.counts["urban_rail_tracks"] and not timed:
        return frozenset()
    return frozenset(town.standard.station_items)
