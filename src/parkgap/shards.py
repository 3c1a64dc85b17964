"""Parks in shards: what one is, how parks are put into them, and what is found in one.

A shard is a few parks and what of the map lies within the farthest distance that is looked at
around them and their workers' homes.  No figure depends on how parks are put into shards: the
window is wide enough for every walk, island and completeness window, and what is asked of
the whole map (how densely it is mapped) comes with the prepared extract.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.access.candidates import Search, no_candidates
from parkgap.access.homes import AROUND_M
from parkgap.access.places import Lists
from parkgap.access.slopes import FASTEST, Ground
from parkgap.assess.scenarios import widest_m
from parkgap.frames import DOUBTFUL_HOMES, LAND, REACH, REACH_AREAS, STOPS_MATCHED
from parkgap.sources.surroundings import around

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from parkgap.inputs import Tables
    from parkgap.sources.heights import Heights
    from parkgap.standard import Standard

Bools = npt.NDArray[np.bool_]

BEYOND_M = 2500.0  # kept of the map beyond the farthest that is looked at, metres
_OWN = ("gates", "enterprises", "residences")
_MOST_PARKS = 64
_WIDEST = 0.6  # degrees that a shard's parks may lie apart


@dataclass(frozen=True)
class Rules:
    """What of a study decides who walks where.

    Attributes
    ----------
    standard
        The standard, with the study's overrides.
    language
        ``zh`` prefers Chinese names.
    limit_m, snap_m
        Farthest walk that is shown, and farthest straight leg to a street.
    heights, people
        Elevation rasters, and GDAL's name of the population raster; None: there is none.
    heights_from, people_from
        Name and SHA-256 of each of their files: a tile of SRTM lies where its name says.
    wants
        What of the extract this standard asks for (:func:`parkgap.inputs.wants_of`), where it was
        read for others too; None: all of it.
    search
        How closely candidates for new places are looked for; None: not at all.
    told_from
        Areas of reach begin at workplaces of at least so many workers; None: none are drawn.
    """

    standard: Standard
    language: str
    limit_m: float
    snap_m: float
    heights: Heights | None = None
    people: str | None = None
    heights_from: tuple[tuple[str, str], ...] = ()
    people_from: tuple[tuple[str, str], ...] = ()
    wants: Mapping[str, Any] | None = None
    search: Search | None = None
    told_from: int | None = None

    @property
    def search_m(self) -> float:
        """Farthest walk that is looked for: as far as any test goes, however it is tried."""
        return max(self.limit_m, widest_m(self.standard))

    @property
    def farthest_m(self) -> float:
        """Farthest distance that anything of a park is looked for, metres."""
        farthest = max(self.search_m, self.standard.certainty.window_m.v)
        # Homes may be estimated around a park; downhill a walk leads farther in its time.
        around = 0.0 if self.people is None else AROUND_M
        return around + farthest * (1.0 if self.heights is None else FASTEST)

    def written(self) -> tuple[object, ...]:
        """What a stage's key holds of them."""
        measures = (self.limit_m, self.snap_m, self.heights_from, self.people_from)
        return (self.standard.model_dump_json(), self.language, *measures, self.search)

    @property
    def ground(self) -> Ground | None:
        """What streets must know of the ground; None where there is no elevation model."""
        if self.heights is None:
            return None
        return Ground(self.heights.at, self.heights.step_m, self.standard.steps_floor)


@dataclass(frozen=True)
class Shard:
    """Some parks, and what is known around them besides the map.

    Attributes
    ----------
    own
        Ids of the shard's parks.
    parks
        These, and all others whose ground reaches into the window (the headcount only of its own).
    gates, enterprises
        Of its own parks.
    residences
        Of its own parks; estates of others' workers are in `estates`.
    estates
        Residences given as areas of other parks' workers that reach into the window: their
        streets are their own too.  No headcounts.
    lists
        What the bureaus' lists say of places near its parks, and of those without a position.
    window
        What of the map is read (WGS-84).
    land
        Of :data:`parkgap.frames.LAND`: plots and buildings in the window.
    """

    own: tuple[str, ...]
    parks: pd.DataFrame
    gates: pd.DataFrame
    enterprises: pd.DataFrame
    residences: pd.DataFrame
    estates: pd.DataFrame
    lists: Lists
    window: shapely.Geometry
    land: pd.DataFrame = field(default_factory=LAND.frame)


@dataclass(frozen=True)
class Survey:
    """What was found for one shard; rows refer to its own frames.

    Attributes
    ----------
    origins
        Frame of :data:`parkgap.frames.ORIGINS`.
    straight
        For each origin, whether its inner part is a straight line times the detour.
    facilities
        Frame of :data:`parkgap.frames.FACILITIES`: those near its parks and homes.
    member
        Whether a facility counts for an item, shape (facilities, items).
    off_street
        Facilities without a street within the snap limit, shape (facilities,).
    reach
        ``origin, target, metres, minutes, metres_worst, minutes_worst``; targets beyond the
        facilities are sites.
    sites
        ``x, y`` (Mercator metres) of the candidate sites.
    beside
        ``origin, facility, metres`` of what the mapped network does not lead to.
    gates, completeness
        Frames of these schemas.
    planned
        Of :data:`parkgap.frames.PLANNED`: what the lists say is coming.
    on_street
        Whether a planned place stands at a street, shape (planned,).
    to_planned
        Walks to what is planned, which no stage counts: as `reach`; ``target`` is its row.
    timetable
        Of :data:`parkgap.frames.TIMETABLE`.
    lost_stops
        Rows of the office's timetable that belong to no stop.
    people
        Areas that were looked up in the population raster, and those in which people live.
    closed
        Ids of what a list calls removed, sorted.
    catchments
        For each facility ``floor_m2`` (of its own building or area; NaN: it is none), and
        ``zone_0, zone_1, ...``: residents in each zone of minutes (NaN: nobody was counted).
    climbed
        Streets around its parks by cells of `CELL`: ``x, y, metres, known_m`` (of those, with known
        heights).
    matched
        Of :data:`parkgap.frames.STOPS_MATCHED`.
    doubtful
        Of :data:`parkgap.frames.DOUBTFUL_HOMES`.
    candidates, to_candidates
        Where something might be put (:func:`parkgap.access.candidates.no_candidates`), and walks
        there, as `reach`; ``target`` is its row.
    areas
        Of :data:`parkgap.frames.REACH_AREAS`.
    """

    origins: pd.DataFrame
    straight: Bools
    facilities: pd.DataFrame
    member: Bools
    off_street: Bools
    reach: pd.DataFrame
    sites: pd.DataFrame
    beside: pd.DataFrame
    gates: pd.DataFrame
    completeness: pd.DataFrame
    planned: pd.DataFrame
    on_street: Bools
    to_planned: pd.DataFrame
    timetable: pd.DataFrame
    lost_stops: int
    people: tuple[int, int]
    closed: tuple[str, ...]
    climbed: pd.DataFrame
    catchments: pd.DataFrame
    matched: pd.DataFrame = field(default_factory=STOPS_MATCHED.frame)
    doubtful: pd.DataFrame = field(default_factory=DOUBTFUL_HOMES.frame)
    candidates: pd.DataFrame = field(default_factory=no_candidates)
    to_candidates: pd.DataFrame = field(default_factory=REACH.frame)
    areas: pd.DataFrame = field(default_factory=REACH_AREAS.frame)


def window_of(shapes: list[npt.NDArray[np.object_]], rules: Rules) -> shapely.Geometry:
    """Window (WGS-84) around parks, homes, gates and firms that no walk or measure leaves."""
    every = np.concatenate(shapes)
    every = every[~(shapely.is_missing(every) | shapely.is_empty(every))]
    return around(every, rules.farthest_m + BEYOND_M)


def split(
    parks: pd.DataFrame, most: int = _MOST_PARKS, widest: float = _WIDEST
) -> list[tuple[str, ...]]:
    """Put parks into shards: few and near enough to be looked at at once.

    Parameters
    ----------
    parks
        ``park_id, geometry`` (WGS-84).
    most, widest
        Parks of a shard, and how far they may lie apart, degrees.

    Returns
    -------
    Ids of each shard's parks, sorted; parted again and again where the gap between their middles
    is widest.
    """
    ids = parks["park_id"].to_numpy()
    order = np.argsort(ids, kind="stable")
    bounds = shapely.bounds(parks["geometry"].to_numpy())[order]
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    todo, done = [np.arange(len(ids))], []
    while todo:
        rows = todo.pop()
        spread = np.ptp(middle[rows], axis=0) if len(rows) else np.zeros(2)
        if len(rows) <= 1 or (len(rows) <= most and spread.max() <= widest):
            done.append(rows)
            continue
        axis = int(spread.argmax())
        along = rows[np.argsort(middle[rows, axis], kind="stable")]
        gap = np.diff(middle[along, axis])
        # Where parks stand evenly, in the middle: a row of shards of one park helps nobody.
        place = np.arange(1, len(along))
        weight = np.minimum(place, len(along) - place)
        at = int(np.argmax(gap * weight)) + 1
        todo += [np.sort(along[:at]), np.sort(along[at:])]
    return sorted(tuple(str(i) for i in ids[order][rows]) for rows in done if len(rows))


def make_shard(
    own: tuple[str, ...],
    parks: pd.DataFrame,
    tables: Tables,
    lists: Lists,
    rules: Rules,
) -> Shard:
    """Take what concerns some parks out of the study's tables.

    Parameters
    ----------
    own
        Ids of the shard's parks.
    parks, tables, lists
        All parks; the study's tables; and what the bureaus' lists say of the day.
    rules
        For the width of the window.
    """
    mine = parks["park_id"].isin(own)
    part = {}
    for name in _OWN:
        table = getattr(tables, name)
        part[name] = table[table["park_id"].isin(own)].reset_index(drop=True)
    shapes = [parks["geometry"].to_numpy()[mine], part["residences"]["geometry"].to_numpy()]
    for name in ("gates", "enterprises"):
        placed = part[name].dropna(subset=["lon", "lat"])
        shapes.append(geo.lonlat_points(placed["lon"], placed["lat"]))
    window = window_of(shapes, rules)
    edits, window = _edits_in(lists.edits, window)
    shapely.prepare(window)
    near = mine | shapely.intersects(window, parks["geometry"].to_numpy())
    context = parks[near].reset_index(drop=True)
    context["workers"] = context["workers"].where(context["park_id"].isin(own))
    others = tables.residences[~tables.residences["park_id"].isin(own)]
    shape = others["geometry"].to_numpy()
    others = others[geo.is_area(shape) & shapely.intersects(window, shape)]

    def near_by(listed: pd.DataFrame) -> pd.DataFrame:
        """Rows in the window, and those without a position, which may be anywhere."""
        lon, lat = (listed[c].to_numpy(dtype=float) for c in ("lon", "lat"))
        here = np.isnan(lon) | shapely.contains_xy(window, np.nan_to_num(lon), np.nan_to_num(lat))
        rows: pd.DataFrame = listed[here].reset_index(drop=True)
        return rows

    return Shard(
        own=own,
        parks=context,
        estates=others.assign(workers=0.0).reset_index(drop=True),
        lists=replace(
            lists,
            edits=edits,
            **{n: near_by(getattr(lists, n)) for n in ("there", "planned", "bus_lines", "stops")},
        ),
        window=window,
        land=near_by(tables.land),
        **part,
    )


def _edits_in(
    edits: pd.DataFrame, window: shapely.Geometry
) -> tuple[pd.DataFrame, shapely.Geometry]:
    """Take the edits that concern a window; it grows by where places that move into it come from.

    No figure depends on how wide a window is, so what a place is can be looked up where it stands.
    """
    if edits.empty:
        return edits, window
    here, comes = (_within(edits, prefix, window) for prefix in ("", "to_"))
    nowhere = edits["lon"].isna().to_numpy()
    arriving = comes & ~here & ~nowhere
    if arriving.any():
        points = geo.lonlat_points(edits["lon"][arriving], edits["lat"][arriving])
        window = shapely.union_all([window, around(points, BEYOND_M)])
    rows: pd.DataFrame = edits[here | comes | nowhere].reset_index(drop=True)
    return rows, window


def _within(frame: pd.DataFrame, prefix: str, window: shapely.Geometry) -> Bools:
    lon, lat = (frame[f"{prefix}{c}"].to_numpy(dtype=float) for c in ("lon", "lat"))
    inside = shapely.contains_xy(window, np.nan_to_num(lon), np.nan_to_num(lat))
    return np.asarray(inside & ~np.isnan(lon), dtype=bool)
