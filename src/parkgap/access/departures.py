"""Bring the stops of GTFS timetables into the facilities: which is which, and which lines call."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.access.timetables import Nearness, join_stops
from parkgap.frames import STOPS_MATCHED
from parkgap.standard import Standard

Bools = npt.NDArray[np.bool_]

# A feed says where its pole stands; a map's stop is there, or across the street by the same name.
NEARNESS = Nearness(alike=60.0, nameless=30.0, other=30.0)


def join_departures(
    facilities: pd.DataFrame, member: Bools, stops: pd.DataFrame, standard: Standard
) -> tuple[pd.DataFrame, Bools, pd.DataFrame]:
    """Give the lines of GTFS timetables to the stops at which they call.

    A timetable's stop is every mapped one within 60 m whose name is alike, and every one within
    30 m; where there is none, it is a stop of its own.  Buses call at bus stops, urban rail at
    rail stations.

    Parameters
    ----------
    facilities, member
        Frame of :data:`parkgap.frames.FACILITIES`, and what each counts for.
    stops
        Frame of :data:`parkgap.frames.TRANSIT_STOPS`.
    standard
        For the items that stops and stations count for.

    Returns
    -------
    facilities, member
        With the timetables' own stops (ids ``list:FEED/STOP``) at the end, and in ``lines`` the
        union of all sources, each line once.
    matched
        Frame of :data:`parkgap.frames.STOPS_MATCHED`.
    """
    found = [STOPS_MATCHED.frame()]
    for mode, ids in (("bus", standard.stop_items), ("rail", standard.station_items)):
        items = np.array([i.id in ids for i in standard.items], dtype=bool)
        own = stops[stops["mode"] == mode]
        if own.empty or not items.any():
            continue
        rows = own.rename(columns={"name": "stop", "lines": "line"}).explode("line")
        row_id = ("list:" + rows["stop_id"]).to_numpy(dtype=object)
        joined = join_stops(facilities, member, rows, row_id, items, standard, NEARNESS)
        facilities, member = joined.facilities, joined.member
        pairs = pd.DataFrame(
            {
                "facility_id": facilities["facility_id"].to_numpy()[joined.at],
                "stop_id": rows["stop_id"].to_numpy()[joined.row],
                "mode": mode,
            }
        )
        found.append(pairs.drop_duplicates())
    matched = pd.concat(found, ignore_index=True)
    matched = matched.sort_values(list(STOPS_MATCHED.sort), ignore_index=True)
    return facilities, member, STOPS_MATCHED.check(matched)
