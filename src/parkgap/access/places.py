"""What is walked to: facilities near the parks, their entrances, and candidate sites."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.access import facilities as fac
from parkgap.access.departures import join_departures
from parkgap.access.edits import edit, new_ids
from parkgap.access.entrances import door_points, entrances, shapes
from parkgap.access.merging import merge
from parkgap.access.official import closed_ids, join
from parkgap.access.snap import Snapper, Snaps, concat
from parkgap.access.streets import Streets
from parkgap.access.timetables import join_timetable
from parkgap.frames import DOUBTFUL_HOMES, EDITS, STOPS_MATCHED
from parkgap.standard import Standard

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

SITE_M = 100.0  # grid of the sites at which additions are thought of
_MARGIN_M = (
    500.0  # an area whose middle lies this much farther may still have its edge within reach
)


@dataclass(frozen=True)
class Places:
    """Facilities within reach of any origin, where they are entered, and candidate sites.

    Attributes
    ----------
    frame
        Of :data:`parkgap.frames.FACILITIES`.
    member
        Whether a facility counts for an item, shape (facilities, items of the standard).
    entrances
        Snaps; ``of`` is the facility's row.
    shape
        Outline or point of each facility (Mercator), shape (facilities,).
    doors
        Entrances mapped on outlines: the facility's row, and the point (Mercator).
    sites
        Snaps of candidate sites; ``of`` numbers them.
    mapped
        Longitudes, latitudes and days of the last edit of all mapped places of the extract, for
        completeness.
    off_street
        How many facilities have no street within the snap limit.
    planned
        Of :data:`parkgap.frames.PLANNED`: what the lists say is coming; never counted.
    planned_at
        Snaps of what is planned and has a position; ``of`` is its row.
    timetable
        Of :data:`parkgap.frames.TIMETABLE`.
    lost_stops
        Rows of the office's timetable that belong to no stop.
    closed
        Ids of what a list calls removed, sorted.
    matched
        Of :data:`parkgap.frames.STOPS_MATCHED`.
    doubtful
        Of :data:`parkgap.frames.DOUBTFUL_HOMES`: what is no facility, for nobody knows whose it is.
    """

    frame: pd.DataFrame
    member: Bools
    entrances: Snaps
    shape: Objects
    doors: tuple[Ints, Objects]
    sites: Snaps
    mapped: tuple[Floats, Floats, Floats]
    off_street: int
    planned: pd.DataFrame
    planned_at: Snaps
    timetable: pd.DataFrame
    lost_stops: int
    closed: tuple[str, ...] = ()
    matched: pd.DataFrame = field(default_factory=STOPS_MATCHED.frame)
    doubtful: pd.DataFrame = field(default_factory=DOUBTFUL_HOMES.frame)


@dataclass(frozen=True)
class Mapped:
    """Objects, doors and routes of an extract (:class:`parkgap.sources.extract.Extract`)."""

    objects: pd.DataFrame
    doors: pd.DataFrame
    routes: pd.DataFrame


@dataclass(frozen=True)
class Lists:
    """What the bureaus' lists say of the day (:mod:`parkgap.access.lists`).

    `there` of :data:`parkgap.frames.LISTED`: what exists or is removed; `planned` of
    :data:`parkgap.frames.PLANNED`; `bus_lines` of :data:`parkgap.frames.BUS_LINES`; `stops` of
    :data:`parkgap.frames.TRANSIT_STOPS`; `edits` of :data:`parkgap.frames.EDITS`: what a plan does
    to them.
    """

    there: pd.DataFrame
    planned: pd.DataFrame
    bus_lines: pd.DataFrame
    stops: pd.DataFrame
    edits: pd.DataFrame = field(default_factory=EDITS.frame)


def find_places(
    mapped: Mapped,
    standard: Standard,
    streets: Streets,
    *,
    parks: pd.DataFrame,
    around: Objects,
    lists: Lists,
    language: str,
    limit_m: float,
    snap_m: float,
) -> Places:
    """Classify, merge, and snap what lies within reach of parks and homes.

    Parameters
    ----------
    mapped
        What is mapped.
    standard, streets
        The rules, and the network to snap to.
    parks
        ``park_id, geometry``: whose a place inside is.
    around
        Parks and homes (WGS-84): what lies farther from all of them is left out.
    lists
        What the bureaus' lists say.
    language
        ``zh`` prefers Chinese names.
    limit_m, snap_m
        Farthest walk, and farthest straight leg to a street.
    """
    objects = mapped.objects
    member, doubt = fac.classify_and_doubt(objects, standard)
    frame, facility_of = merge(
        objects, member, standard, routes=mapped.routes, parks=parks, language=language
    )
    items = [i.id for i in standard.items]
    counts_for = np.array([[i in row for i in items] for row in frame["items"]], dtype=bool)
    mapped_count = len(frame)
    frame, counts_for, closed = join(
        *(frame, counts_for.reshape(mapped_count, len(items)), lists.there, standard),
        new=new_ids(lists.edits),
    )
    shut = closed_ids(frame, closed, lists.there)
    frame, counts_for, times, lost = join_timetable(frame, counts_for, lists.bus_lines, standard)
    frame, counts_for, matched = join_departures(frame, counts_for, lists.stops, standard)
    closed = np.r_[closed, np.zeros(len(frame) - len(closed), dtype=bool)]
    planned = edit(frame, lists.edits)
    frame, moved = planned.facilities, planned.moved
    shut = tuple(sorted({*shut, *(i for ids in frame["source_ids"][planned.closed] for i in ids)}))
    closed |= planned.closed
    lon, lat = (frame[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    close = near(lon, lat, around, limit_m) & ~closed
    kept = np.where(close, np.cumsum(close) - 1, -1)
    # -1, no facility, stays -1; what a plan moves has neither its outline nor its doors any more.
    facility_of = np.append(np.where(moved, -1, kept), -1)[facility_of]
    # What only a list has lies where the list says; it is reached from the street nearest to it.
    listed = close & (moved | (np.arange(len(frame)) >= mapped_count))
    own, own_points = kept[listed], geo.points(lon[listed], lat[listed])
    frame, counts_for = frame[close].reset_index(drop=True), counts_for[close]
    public = streets.public_pieces()
    snapper = Snapper(streets, public, snap_m)
    at_doors = door_points(objects, facility_of, mapped.doors)
    at_list = snapper.nearest(own_points)
    entered = concat(
        [
            entrances(objects, facility_of, at_doors, snapper),
            Snaps(own[at_list.of], at_list.piece, at_list.t, at_list.leg),
        ]
    )
    shape = shapes(objects, facility_of, len(frame))
    shape[own] = own_points
    limits = [standard.metres(t) for i in standard.scored for t in i.tests]
    counted = fac.mapped_places(objects)
    lon, lat, edited = (objects[c].to_numpy(dtype=float)[counted] for c in ("lon", "lat", "edited"))
    return Places(
        frame=frame,
        member=counts_for,
        entrances=entered,
        shape=shape,
        doors=at_doors,
        sites=_sites(streets, around, max(limits, default=0.0)),
        mapped=(lon, lat, edited),
        off_street=len(frame) - len(np.unique(entered.of)),
        planned=lists.planned,
        planned_at=_planned_at(lists.planned, snapper),
        timetable=times[times["facility_id"].isin(frame["facility_id"])].reset_index(drop=True),
        lost_stops=lost,
        closed=shut,
        matched=matched[matched["facility_id"].isin(frame["facility_id"])].reset_index(drop=True),
        doubtful=_doubtful(objects[doubt], around, limit_m),
    )


def _doubtful(rows: pd.DataFrame, around: Objects, limit_m: float) -> pd.DataFrame:
    """List the dormitories within reach of which nobody knows whose they are."""
    lon, lat = (rows[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    rows = rows[near(lon, lat, around, limit_m)] if len(rows) else rows
    named = rows["name"] if "name" in rows else rows["osm_id"].map(lambda _: None)
    found = {"place_id": rows["osm_id"].to_numpy(), "name": named.to_numpy(dtype=object)}
    frame = DOUBTFUL_HOMES.frame({**found, **{c: rows[c].to_numpy() for c in ("lon", "lat")}})
    return DOUBTFUL_HOMES.check(frame.sort_values("place_id", ignore_index=True))


def _planned_at(planned: pd.DataFrame, snapper: Snapper) -> Snaps:
    """Snap what is planned to the street nearest to it; without a position it is nowhere."""
    placed = np.flatnonzero(planned["lon"].notna().to_numpy())
    lon, lat = (planned[c].to_numpy(dtype=float)[placed] for c in ("lon", "lat"))
    snaps = snapper.nearest(geo.points(lon, lat))
    return Snaps(placed[snaps.of], snaps.piece, snaps.t, snaps.leg)


def near(lon: Floats, lat: Floats, around: Objects, limit_m: float) -> Bools:
    """Find the places that a walk of so many metres from any of the shapes (WGS-84) may reach."""
    return close_to(lon, lat, around, limit_m + _MARGIN_M)


def close_to(lon: Floats, lat: Floats, around: Objects, metres: float) -> Bools:
    """Find the points within so many straight metres of any of the shapes (WGS-84)."""
    bounds = shapely.bounds(around)
    k = geo.scale(np.abs(bounds[:, [1, 3]]).max(axis=1))
    points = geo.points(lon, lat)
    tree = shapely.STRtree(points)
    _, hit = tree.query(geo.project(around), predicate="dwithin", distance=metres / k)
    near = np.zeros(len(points), dtype=bool)
    near[hit] = True
    return near


def _sites(streets: Streets, around: Objects, metres: float) -> Snaps:
    """Candidate sites: street nodes near parks and homes, one in each cell of 100 m.

    Public streets, and those inside parks, where a canteen may stand for the park's own people.
    """
    use = np.union1d(streets.public_pieces(), streets.inside["piece"].to_numpy())
    node, first = np.unique(streets.pieces["a"].to_numpy()[use], return_index=True)
    nodes = streets.nodes.iloc[node]
    lat = nodes["lat"].to_numpy()
    near = close_to(nodes["lon"].to_numpy(), lat, around, metres)
    nodes, piece = nodes[near], use[first[near]]
    # One scale per band of 0.01 degrees of latitude: no study's extent moves the grid.
    band = np.floor(lat[near] * 100).astype(np.int64)
    step = SITE_M / geo.scale(band / 100)
    column, row = (np.floor(nodes[c].to_numpy() / step).astype(np.int64) for c in ("x", "y"))
    order = np.argsort(nodes["node_id"].to_numpy(), kind="stable")
    _, one = np.unique(np.column_stack([band, column, row])[order], axis=0, return_index=True)
    chosen = piece[order[np.sort(one)]]
    zero = np.zeros(len(chosen))
    return Snaps(np.arange(len(chosen)), chosen, zero, zero)
