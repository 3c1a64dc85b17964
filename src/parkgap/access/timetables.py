"""Join timetables with the mapped stops: which lines stop there, and when.

The office's table (:func:`join_timetable`) and GTFS (:mod:`parkgap.access.departures`) are joined
by the same steps; only how near a stop must be differs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from parkgap import geo
from parkgap.access.official import LIKENESS, MATCH_M, NAMELESS_M, likeness, near, plain
from parkgap.access.stops import distinct_lines
from parkgap.frames import FACILITIES, TIMETABLE
from parkgap.standard import Standard

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]

_STOP_WORDS = re.compile(r"(公交车?站台?|公交|站台|站点|站)$")


def plain_stop(name: object) -> str:
    """Bring a stop's name to the form that is compared: as a place's, without "station".

    >>> plain_stop("人民路（公交站）"), plain_stop("人民路站")
    ('人民路', '人民路')
    """
    text = plain(name)
    return _STOP_WORDS.sub("", text) or text


def join_timetable(
    facilities: pd.DataFrame, member: Bools, bus_lines: pd.DataFrame, standard: Standard
) -> tuple[pd.DataFrame, Bools, pd.DataFrame, int]:
    """Give the timetable's lines to the stops at which they call.

    A row's stops are those within `MATCH_M` whose names are alike, on either side of the street;
    nameless ones within `NAMELESS_M`.  A row without a position takes the stops of exactly
    its name, if these lie together.  A row with a position and no such stop is a stop of its own.

    Parameters
    ----------
    facilities, member
        Frame of :data:`parkgap.frames.FACILITIES`, and what each counts for.
    bus_lines
        Frame of :data:`parkgap.frames.BUS_LINES`.
    standard
        For the items that a bus stop counts for.

    Returns
    -------
    facilities, member
        With the table's own stops (ids ``list:bus_lines/LINE/DIRECTION/ORDER``) at the end, and in
        ``lines`` the union of both sources, each line once.
    timetable
        Frame of :data:`parkgap.frames.TIMETABLE`.
    lost
        Rows of the timetable that could not be put anywhere.
    """
    for_stops = np.array([i.id in standard.stop_items for i in standard.items], dtype=bool)
    if bus_lines.empty or not for_stops.any():
        return facilities, member, TIMETABLE.frame(), 0
    row_id = row_ids(bus_lines).to_numpy(dtype=object)
    joined = join_stops(facilities, member, bus_lines, row_id, for_stops, standard, _BY_TABLE)
    row = joined.row
    ids = joined.facilities["facility_id"].to_numpy()[joined.at]
    times = bus_lines.iloc[row].assign(facility_id=ids)
    times = times[TIMETABLE.names].drop_duplicates(list(TIMETABLE.key))
    return (
        joined.facilities,
        joined.member,
        TIMETABLE.check(times.sort_values(list(TIMETABLE.sort), ignore_index=True)),
        len(bus_lines) - len(np.unique(row)),
    )


@dataclass(frozen=True)
class Nearness:
    """How near a mapped stop must be to be a timetable's stop, metres.

    Attributes
    ----------
    alike
        With a name alike to `LIKENESS`.
    nameless
        Where one of the two has no name.
    other
        Whatever the names.
    """

    alike: float
    nameless: float
    other: float = 0.0

    def fits(self, metres: Floats, likeness: Floats) -> Bools:
        """Tell which pairs are one stop; NaN: one of two names is missing, shape (n,)."""
        return np.asarray(
            ((likeness >= LIKENESS) & (metres <= self.alike))
            | (np.isnan(likeness) & (metres <= self.nameless))
            | (metres <= self.other),
            dtype=bool,
        )


_BY_TABLE = Nearness(alike=MATCH_M, nameless=NAMELESS_M)


def row_ids(bus_lines: pd.DataFrame) -> pd.Series:
    """Ids of the stops that only the office's timetable has (:data:`parkgap.frames.BUS_LINES`)."""
    direction, order = bus_lines["direction"].fillna("-"), bus_lines["order"].map("{:g}".format)
    return "list:bus_lines/" + bus_lines["line"] + "/" + direction + "/" + order


@dataclass(frozen=True)
class Joined:
    """Facilities with a timetable's lines.

    Attributes
    ----------
    facilities, member
        As they were, with the timetable's own stops at the end; ``lines`` of both sources.
    row, at
        Pairs: row of the timetable, and row of `facilities` where it calls.
    """

    facilities: pd.DataFrame
    member: Bools
    row: Ints
    at: Ints


def join_stops(
    facilities: pd.DataFrame,
    member: Bools,
    rows: pd.DataFrame,
    row_id: Objects,
    items: Bools,
    standard: Standard,
    nearness: Nearness,
) -> Joined:
    """Give lines to the stops at which they call; what no map has becomes a stop of its own.

    Parameters
    ----------
    facilities, member
        Frame of :data:`parkgap.frames.FACILITIES`, and what each counts for.
    rows
        ``line, stop, lon, lat, source``: a row a line at a stop; without a position it takes the
        stops of exactly its name, if these lie together.
    row_id
        Id of each row, of which the first of a new stop becomes the facility's, shape (rows,).
    items
        Items that such a stop counts for, shape (items of the standard,).
    standard
        For their categories.
    nearness
        How near a stop must be.
    """
    stops = np.flatnonzero(member[:, items].any(axis=1))
    row, at = _matched(facilities.iloc[stops], rows, nearness)
    at = stops[at]
    placed = rows["lon"].notna().to_numpy()
    alone = np.setdiff1d(np.flatnonzero(placed), row)
    group = _one_stop_each(rows.iloc[alone])
    own = _own(rows.iloc[alone], row_id[alone], group, np.flatnonzero(items), standard)
    row = np.concatenate([row, alone])
    at = np.concatenate([at, len(facilities) + group])
    both = pd.concat([facilities, own], ignore_index=True) if len(own) else facilities.copy()
    lines = both["lines"].tolist()
    called: dict[int, list[str]] = {}
    for stop, line in zip(at.tolist(), rows["line"].to_numpy()[row].tolist(), strict=True):
        called.setdefault(stop, []).append(line)
    for stop, names in called.items():
        lines[stop] = distinct_lines([*lines[stop], *names])
    both["lines"] = lines
    return Joined(
        facilities=FACILITIES.check(both[FACILITIES.names]),
        member=np.vstack([member, np.tile(items, (len(own), 1))]),
        row=row,
        at=at,
    )


def _matched(stops: pd.DataFrame, rows: pd.DataFrame, nearness: Nearness) -> tuple[Ints, Ints]:
    """Pairs (row of `rows`, row of `stops`) that are one stop."""
    if stops.empty:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    given = rows["stop"].to_numpy()
    mapped = stops["name"].to_numpy()
    placed = np.flatnonzero(rows["lon"].notna().to_numpy())
    found, at, metres = near(stops, rows.iloc[placed])
    row = placed[found]
    alike = likeness(given[row], mapped[at], plain_stop)
    fits = nearness.fits(metres, alike)
    by_name = _together(stops)
    spare = np.flatnonzero(rows["lon"].isna().to_numpy())
    named = [(r, i) for r in spare.tolist() for i in by_name.get(plain_stop(given[r]), ())]
    more: Ints = np.array(named, dtype=np.int64).reshape(-1, 2)
    return np.concatenate([row[fits], more[:, 0]]), np.concatenate([at[fits], more[:, 1]])


def _together(stops: pd.DataFrame) -> dict[str, list[int]]:
    """Rows of the stops of one name, where they all lie within twice the matching distance."""
    x, y = geo.mercator(stops["lon"].to_numpy(dtype=float), stops["lat"].to_numpy(dtype=float))
    k = geo.scale(stops["lat"].to_numpy(dtype=float))
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(map(plain_stop, stops["name"])):
        if name:
            rows.setdefault(name, []).append(i)
    return {
        name: i
        for name, i in rows.items()
        if np.hypot(np.ptp(x[i]), np.ptp(y[i])) * k[i[0]] <= 2 * MATCH_M
    }


def _one_stop_each(rows: pd.DataFrame) -> Ints:
    """Number the stops that rows without a mapped one stand for, by name and nearness."""
    if rows.empty:
        return np.empty(0, dtype=np.int64)
    one, other, _ = near(rows, rows)
    names = rows["stop"].map(plain_stop).to_numpy()
    same = names[one] == names[other]
    graph = coo_array((np.ones(int(same.sum())), (one[same], other[same])), shape=(len(rows),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _own(
    rows: pd.DataFrame, ids: Objects, group: Ints, of: Ints, standard: Standard
) -> pd.DataFrame:
    """Make a facility of each stop that no map has; its first row stands for it."""
    _, first = np.unique(group, return_index=True)
    head = rows.iloc[first]
    counted = sorted(standard.items[i].id for i in of)
    return FACILITIES.frame(
        {
            "facility_id": ids[first],
            "name": head["stop"].to_numpy(),
            "items": [list(counted) for _ in first],
            "category": [standard.item(counted[0]).category for _ in first],
            "lon": head["lon"].to_numpy(dtype=float),
            "lat": head["lat"].to_numpy(dtype=float),
            "access": ["public"] * len(first),
            "lines": [[] for _ in first],
            "opening_hours": [None] * len(first),
            "source": head["source"].to_numpy(),
            "source_ids": [sorted(set(ids[group == g])) for g in range(len(first))],
        }
    )
