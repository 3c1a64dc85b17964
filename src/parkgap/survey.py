"""Who can walk to what around some parks: everything up to the assessment, for one shard."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap.access.candidates import Candidates, find_candidates
from parkgap.access.candidates import Ground as MappedGround
from parkgap.access.catchments import residents_by_zone
from parkgap.access.gates import Walks, compounds, walk_all, ways_out
from parkgap.access.homes import ESTIMATED, home_areas
from parkgap.access.origins import make_origins
from parkgap.access.places import Mapped, Places, find_places
from parkgap.access.slopes import FASTEST
from parkgap.access.streets import Streets, build_streets
from parkgap.access.supply import floor_areas, shared_with_residents
from parkgap.areas_of_reach import draw_areas
from parkgap.assess.capacity import MINUTES
from parkgap.assess.certainty import References, beside_network, completeness, windows_around
from parkgap.assess.groups import SLACK
from parkgap.inputs import as_written
from parkgap.publish.basemap import outlined, sheets
from parkgap.sensitive import Mask, public_base
from parkgap.shards import Rules, Shard, Survey
from parkgap.shown import walks_shown
from parkgap.sources.prepared import Prepared, read_window
from parkgap.sources.surroundings import around
from parkgap.sources.wanted import narrowed
from parkgap.store import Kept, Memo
from parkgap.targets import apart, targets_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parkgap.sources.extract import Extract
    from parkgap.sources.prepared import Shelf

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

CELL = 1 / 64  # degrees, under 1.8 km
_DRAWN_LAYERS = ("objects", "ways", "buildings", "ground")


def survey(
    shard: Shard, rules: Rules, prepared: Prepared, shelf: Shelf, memo: Memo
) -> Kept[Survey]:
    """Find out who of a shard can walk to what; or take it from the store.

    Raises
    ------
    LostPieceError
        A piece of the prepared extract is gone; it must be prepared again.
    """
    inputs = surveyed_from(shard, rules, prepared)
    return memo("survey", inputs, lambda: _survey(shard, rules, prepared, shelf, memo))


def surveyed_from(shard: Shard, rules: Rules, prepared: Prepared) -> tuple[object, ...]:
    """Name everything that the survey of a shard depends on."""
    names = _pieces_in(prepared, shard.window)
    known = (names, prepared.coverage, prepared.whole, prepared.date)
    return shard, rules.written(), rules.told_from, *known


def _pieces_in(prepared: Prepared, window: shapely.Geometry) -> list[str]:
    """Names of the pieces that reach into a window: by content, so that they stand for it."""
    pieces = prepared.pieces
    boxes = shapely.box(*pieces[["west", "south", "east", "north"]].to_numpy().T)
    return list(pieces["name"][shapely.intersects(window, boxes)])


def _survey(shard: Shard, rules: Rules, prepared: Prepared, shelf: Shelf, memo: Memo) -> Survey:
    extract = read_window(prepared, shelf, shard.window)
    own = shard.parks["park_id"].isin(shard.own)
    parks = shard.parks[own].reset_index(drop=True)
    context = shard.parks.drop(columns=["workers", "headcount_basis", "headcount_date", "source"])
    grounds = compounds(shard.parks, pd.concat([shard.residences, shard.estates]))
    mine = grounds["id"].isin({*shard.own, *shard.residences["residence_id"]}).to_numpy()
    standard = rules.standard
    ways = extract.ways
    streets = memo(
        "streets",
        (
            *(ways, extract.doors, grounds["geometry"], prepared.whole.streets_m),
            *(standard.walk_speed.v, standard.steps_floor, rules.heights_from),
        ),
        lambda: build_streets(
            ways.tags,
            ways.offset,
            ways.node,
            ways.lon,
            ways.lat,
            speed=standard.walk_speed.v,
            doors=extract.doors,
            owners=grounds["geometry"].to_numpy(),
            ground=rules.ground,
            whole_m=prepared.whole.streets_m,
        ),
    )
    people, asked = _people(parks, shard.residences, rules.people)
    origins = make_origins(
        parks,
        shard.enterprises,
        shard.residences,
        extract.buildings,
        streets.value,
        people,
        owner=np.flatnonzero(own.to_numpy()),
    )
    homes = shard.residences[["park_id", "residence_id", "geometry"]]
    mapped = (narrowed(extract.objects, rules.wants), extract.doors, extract.routes)
    places = memo(
        "facilities",
        (streets, rules.written(), mapped, context, list(shard.own), homes, shard.lists),
        lambda: find_places(
            Mapped(*mapped),
            standard,
            streets.value,
            parks=shard.parks,
            around=np.concatenate([parks["geometry"].to_numpy(), homes["geometry"].to_numpy()]),
            lists=shard.lists,
            language=rules.language,
            limit_m=rules.search_m,
            snap_m=rules.snap_m,
        ),
    )
    candidates = _candidates(shard, rules, streets, extract, parks, memo)
    known = (streets.value, origins, grounds, shard.gates)
    steps: dict[str, Any] = {"snap_m": rules.snap_m, "detour": standard.detour, "own": mine}
    out = cache(partial(ways_out, *known, **steps))  # the walks and the areas begin there
    asked_for = None if candidates is None else candidates.value
    walks = memo(
        "reach",
        (
            *(
                streets,
                places,
                candidates,
                origins.drop(columns=["share", "reached"]),
                grounds,
                mine,
            ),
            *(shard.gates, rules.search_m, rules.snap_m, standard.detour),
        ),
        lambda: walk_all(
            *known,
            targets_of(places.value, streets.value, asked_for),
            limit_m=rules.search_m,
            out=out(),
            **steps,
        ),
    )
    areas = draw_areas(shard, rules, (streets, origins, grounds, mine), out, extract.ground, memo)
    floor = floor_areas(places.value.frame, extract.objects, extract.buildings)
    caught = _catchments(shard, rules, origins, (streets, places, walks), floor, memo)
    found = _Found(
        *(origins, streets.value, places.value, walks.value, caught),
        candidates=asked_for,
    )
    counted = (asked, 0 if people is None else people["area"].nunique())
    put = _put(parks, shard, rules, prepared, extract, found, counted)
    return replace(put, areas=areas)


def _people(
    parks: pd.DataFrame, residences: pd.DataFrame, raster: str | None
) -> tuple[pd.DataFrame | None, int]:
    """Look up who lives in large residences and around parks without any; in how many areas."""
    if raster is None:
        return None, 0
    from parkgap.sources.population import people_in

    areas = home_areas(parks, residences)
    return people_in(raster, areas["geometry"].to_numpy()), len(areas)


@dataclass(frozen=True)
class _Found:
    """What the stages of one shard have made."""

    origins: pd.DataFrame
    streets: Streets
    places: Places
    walks: Walks
    catchments: pd.DataFrame
    candidates: Candidates | None


def _candidates(
    shard: Shard,
    rules: Rules,
    streets: Kept[Streets],
    extract: Extract,
    parks: pd.DataFrame,
    memo: Memo,
) -> Kept[Candidates] | None:
    """Find where something might be put; None where the study does not ask."""
    search = rules.search
    if search is None:
        return None
    standard = rules.standard
    limits = [standard.metres(t) for i in standard.scored for t in i.tests]
    around_ = np.concatenate([f["geometry"].to_numpy() for f in (parks, shard.residences)])
    outlines = shard.parks["geometry"].to_numpy()
    mapped = MappedGround(extract.ground, extract.buildings, extract.objects, extract.ways.tags)
    inside = streets.value.inside  # of parks first, then of homes
    asked = (search, max(limits, default=0.0) * (1.0 if rules.heights is None else FASTEST))

    def find() -> Candidates:
        return find_candidates(
            *(streets.value, mapped, shard.land, outlines, around_),
            inner=inside[inside["owner"] < len(outlines)],
            search=search,
            limit_m=asked[1],
            snap_m=rules.snap_m,
        )

    return memo("candidates", (streets, mapped, shard.land, outlines, around_, *asked), find)


def _catchments(
    shard: Shard,
    rules: Rules,
    origins: pd.DataFrame,
    made: tuple[Kept[Streets], Kept[Places], Kept[Walks]],
    floor_m2: Floats,
    memo: Memo,
) -> pd.DataFrame:
    """Measure the facilities, and count who lives around those whose supply workers share."""
    streets, places, walks = made
    frame = places.value.frame
    zones = np.full((len(frame), len(MINUTES)), np.nan)
    raster = rules.people
    if raster is not None:
        work = (origins["kind"] == "work").to_numpy()
        near = walks.value.reach
        near = near[work[near["origin"].to_numpy()] & (near["minutes"] <= MINUTES[-1] + SLACK)]
        reached = np.isin(np.arange(len(frame)), near["target"].to_numpy())
        wanted = reached & shared_with_residents(
            frame, places.value.member, shard.lists.there, floor_m2, rules.standard
        )

        def count() -> Floats:
            from parkgap.sources.population import extent_of, people_at

            return residents_by_zone(
                *(streets.value, places.value.entrances, wanted, MINUTES),
                ask=partial(people_at, raster),
                around=around,
                extent=extent_of(raster),
            )

        zones = memo("residents", (streets, places, wanted, rules.people_from), count).value
    said = {f"zone_{z}": zones[:, z] for z in range(len(MINUTES))}
    return pd.DataFrame({"floor_m2": floor_m2, **said})


def _put(
    parks: pd.DataFrame,
    shard: Shard,
    rules: Rules,
    prepared: Prepared,
    extract: Extract,
    found: _Found,
    people: tuple[int, int],
) -> Survey:
    """Put a shard's findings together."""
    origins, streets, places, walks = found.origins, found.streets, found.places, found.walks
    stretch = 1.0 if rules.heights is None else FASTEST
    beside_m = rules.search_m * stretch
    windows = _windows(parks, shard.residences, origins)
    known = completeness(
        windows.assign(people=_people_in(windows, parks, rules)),
        places=places.mapped,
        buildings=extract.buildings["geometry"].to_numpy(),
        levels=pd.to_numeric(extract.buildings["levels"], errors="coerce").to_numpy(dtype=float),
        streets=streets.measured(),
        coverage=extract.coverage,
        rule=rules.standard.certainty,
        references=References.of(rules.standard),
        day=float(dt.date.fromisoformat(prepared.date).toordinal()) if prepared.date else math.nan,
        whole=(prepared.whole.places, prepared.whole.buildings_ha),
    )
    x, y = places.sites.xy(streets)
    off = np.ones(len(places.frame), dtype=bool)
    off[places.entrances.of] = False
    count, existing = len(places.frame) + len(places.sites), len(places.planned)
    reach, beyond = apart(walks.reach, count)
    to_planned, to_candidates = apart(beyond, existing)
    on_street = np.zeros(len(places.planned), dtype=bool)
    on_street[places.planned_at.of] = True
    on_street[to_planned["target"].to_numpy()] = True
    return Survey(
        origins=origins.assign(reached=walks.reached),
        straight=walks.straight,
        facilities=places.frame,
        member=places.member,
        off_street=off,
        reach=reach,
        sites=pd.DataFrame({"x": x, "y": y}),
        beside=beside_network(origins, places.frame, _on_network(places, streets), beside_m),
        gates=walks.gates,
        completeness=known,
        planned=places.planned,
        on_street=on_street,
        to_planned=to_planned,
        timetable=places.timetable,
        lost_stops=places.lost_stops,
        people=people,
        closed=places.closed,
        climbed=_climbed(streets, parks, rules),
        matched=places.matched,
        doubtful=places.doubtful,
        catchments=found.catchments,
        **_sited(found, to_candidates, rules),
    )


def _sited(found: _Found, walks: pd.DataFrame, rules: Rules) -> dict[str, pd.DataFrame]:
    """Candidates, and those walks to them that any test could count; nothing where none are."""
    if found.candidates is None:
        return {}
    standard = rules.standard
    limit = standard.farthest(i.id for i in standard.scored)
    near = walks_shown(walks, limit, standard.walk_speed.v)
    return {"candidates": found.candidates.frame, "to_candidates": near}


def _climbed(streets: Streets, parks: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Measure by cells around the parks how much of the streets has known heights.

    Cells are narrower than what the window holds beyond the farthest walk, so that every shard
    that sees one sees all of it.
    """
    lon, lat, metres = streets.measured()
    cell = pd.DataFrame({"x": np.floor(lon / CELL), "y": np.floor(lat / CELL)})
    cell["metres"] = metres
    cell["known_m"] = np.where(streets.pieces["known"], metres, 0.0)
    sums = cell.groupby(["x", "y"], as_index=False).sum()
    low = sums[["x", "y"]].to_numpy() * CELL
    boxes = shapely.box(low[:, 0], low[:, 1], low[:, 0] + CELL, low[:, 1] + CELL)
    core = around(parks["geometry"].to_numpy(), rules.limit_m)
    return sums[shapely.intersects(core, boxes)].reset_index(drop=True)


def _on_network(places: Places, streets: Streets) -> Bools:
    """Facilities with an entrance on a street that is no island, shape (facilities,)."""
    main = streets.pieces["main"].to_numpy()[places.entrances.piece]
    out = np.zeros(len(places.frame), dtype=bool)
    out[places.entrances.of[main]] = True
    return out


def _windows(parks: pd.DataFrame, residences: pd.DataFrame, origins: pd.DataFrame) -> pd.DataFrame:
    """Ground whose mapping is measured: each park, and the homes of its workers together."""
    columns = ["park_id", "kind", "geometry"]
    guessed = origins[origins["based_on"] == ESTIMATED]
    known = residences[~residences["park_id"].isin(guessed["park_id"])]
    homes = [
        (park, "home", shapely.union_all(group.to_numpy()))
        for park, group in known.groupby("park_id")["geometry"]
    ] + [
        (park, "home", shapely.multipoints(group.to_numpy()))
        for park, group in guessed.groupby("park_id")[["lon", "lat"]]
    ]
    work = parks[["park_id", "geometry"]].assign(kind="work")[columns]
    return pd.concat([work, pd.DataFrame(homes, columns=columns)], ignore_index=True)


def _people_in(windows: pd.DataFrame, parks: pd.DataFrame, rules: Rules) -> Floats:
    """People in each window: its park's workers, and who lives there by the raster.

    NaN where neither is known.
    """
    workers = parks.set_index("park_id")["workers"].astype("float64")
    at_work = (windows["kind"] == "work").to_numpy()
    own = np.where(at_work, workers.reindex(windows["park_id"]).to_numpy(), np.nan)
    if rules.people is None or windows.empty:
        return own
    from parkgap.sources.population import people_in

    radius = rules.standard.certainty.window_m.v
    found = people_in(rules.people, windows_around(windows["geometry"].to_numpy(), radius))
    living = np.bincount(found["area"], weights=found["persons"], minlength=len(windows))
    return np.nan_to_num(own) + living


# --- the drawn ground ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """What of the base map a shard's parks lie on.

    Attributes
    ----------
    sheets
        Name and content of each sheet around its parks.
    outline
        ``layer, id, geometry`` of the ground, simplified for the overview.
    labels
        Settlements: ``id, name, lon, lat, kind``.
    """

    sheets: dict[str, str]
    outline: pd.DataFrame
    labels: pd.DataFrame


def draw(
    shard: Shard,
    cells: list[tuple[int, int]],
    tolerance: float,
    prepared: Prepared,
    shelf: Shelf,
    memo: Memo,
    wants: Mapping[str, Any] | None = None,
    mask: Mask | None = None,
) -> Kept[Drawn]:
    """Draw the ground around a shard's parks; or take it from the store.

    Parameters
    ----------
    wants
        What of the extract is drawn, as of :class:`parkgap.shards.Rules`.
    cells
        Sheets that its parks' pages load.
    tolerance
        How coarse the overview's lines may be, degrees.
    mask
        What a public map leaves out; None: nothing.
    """

    def make() -> Drawn:
        extract = read_window(prepared, shelf, shard.window, _DRAWN_LAYERS)
        base = public_base(extract, wants, mask)
        made = {s.name: s.content for s in sheets(base, set(cells))}
        return Drawn(made, outlined(base, tolerance), base.places)

    return memo("drawn", drawn_from(shard, cells, tolerance, prepared, wants, mask), make)


def drawn_from(
    shard: Shard,
    cells: list[tuple[int, int]],
    tolerance: float,
    prepared: Prepared,
    wants: Mapping[str, Any] | None = None,
    mask: Mask | None = None,
) -> tuple[object, ...]:
    """Name everything that the drawing of a shard depends on."""
    names = _pieces_in(prepared, shard.window)
    asked = None if wants is None else as_written(wants)
    return names, shard.window, [list(c) for c in cells], tolerance, asked, mask
