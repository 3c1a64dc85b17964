"""Join the office's timetables with the mapped stops: which lines stop there, and when."""

from __future__ import annotations

import re

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
    items = standard.items
    for_stops = np.array([i.id == "bus_stop" or i.counts == "lines" for i in items], dtype=bool)
    if bus_lines.empty or not for_stops.any():
        return facilities, member, TIMETABLE.frame(), 0
    stops = np.flatnonzero(member[:, for_stops].any(axis=1))
    row, at = _matched(facilities.iloc[stops], bus_lines)
    at = stops[at]
    placed = bus_lines["lon"].notna().to_numpy()
    alone = np.setdiff1d(np.flatnonzero(placed), row)
    group = _one_stop_each(bus_lines.iloc[alone])
    own = _own(bus_lines.iloc[alone], group, np.flatnonzero(for_stops), standard)
    row = np.concatenate([row, alone])
    at = np.concatenate([at, len(facilities) + group])
    both = pd.concat([facilities, own], ignore_index=True) if len(own) else facilities.copy()
    called = bus_lines["line"].to_numpy()
    by_stop = pd.Series(called[row]).groupby(at).agg(list)
    both["lines"] = [
        distinct_lines([*lines, *by_stop.get(i, [])]) for i, lines in enumerate(both["lines"])
    ]
    member = np.vstack([member, np.tile(for_stops, (len(own), 1))])
    times = bus_lines.iloc[row].assign(facility_id=both["facility_id"].to_numpy()[at])
    times = times[TIMETABLE.names].drop_duplicates(list(TIMETABLE.key))
    lost = len(bus_lines) - len(np.unique(row))
    return (
        FACILITIES.check(both[FACILITIES.names]),
        member,
        TIMETABLE.check(times.sort_values(list(TIMETABLE.sort), ignore_index=True)),
        lost,
    )


def _matched(stops: pd.DataFrame, bus_lines: pd.DataFrame) -> tuple[Ints, Ints]:
    """Pairs (row of `bus_lines`, row of `stops`) that are one stop."""
    if stops.empty:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    given = bus_lines["stop"].to_numpy()
    mapped = stops["name"].to_numpy()
    placed = np.flatnonzero(bus_lines["lon"].notna().to_numpy())
    found, at, metres = near(stops, bus_lines.iloc[placed])
    row = placed[found]
    alike = likeness(given[row], mapped[at], plain_stop)
    fits = (alike >= LIKENESS) | (np.isnan(alike) & (metres <= NAMELESS_M))
    by_name = _together(stops)
    spare = np.flatnonzero(bus_lines["lon"].isna().to_numpy())
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


def _own(rows: pd.DataFrame, group: Ints, of: Ints, standard: Standard) -> pd.DataFrame:
    """Make a facility of each stop that no map has; its first row stands for it."""
    _, first = np.unique(group, return_index=True)
    ids = (
        "list:bus_lines/"
        + rows["line"]
        + "/"
        + rows["direction"].fillna("-")
        + "/"
        + rows["order"].map("{:g}".format)
    ).to_numpy(dtype=object)
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
            "source_ids": [sorted(ids[group == g]) for g in range(len(first))],
        }
    )
