"""Shuttle buses of enterprises: what may be said of them beside public transport.

A shuttle serves its enterprise alone; it is in no count of stops or lines.
"""

from __future__ import annotations

import pandas as pd
import shapely

from parkgap import geo
from parkgap.frames import SHUTTLE_LINES

_AT_PARK_M = 150.0  # a stop at most so far from a park's edge is that park's


def shuttle_lines(
    shuttles: pd.DataFrame, enterprises: pd.DataFrame, parks: pd.DataFrame, *, min_workers: int
) -> tuple[pd.DataFrame, int]:
    """Put each shuttle line in one row, with its seats a day.

    Its park is that of its enterprise, else the park at which it stops.

    Stops lie where its riders live, so that a line of a few riders would show where they do.  A
    line is named only if its enterprise is known to have `min_workers` workers or its buses as many
    seats a day, and neither of the two is known to be less.  Stops have no coordinates here, and
    nothing says how many get on at one of them.

    Parameters
    ----------
    shuttles, enterprises, parks
        Frames of these schemas.
    min_workers
        The study's ``privacy.min_workers``.

    Returns
    -------
    lines
        Of :data:`parkgap.frames.SHUTTLE_LINES`.
    withheld
        How many lines are not named.
    """
    firms = enterprises[["enterprise_id", "park_id", "name", "workers"]]
    told = shuttles.assign(at_park=at_park(shuttles, parks))
    told = told.merge(firms, on="enterprise_id", how="left")
    records, withheld = [], 0
    keys = ["line", "enterprise_id"]
    for _, group in told.groupby(keys, sort=True, dropna=False):
        rows = group.sort_values("order", kind="stable")
        first = rows.iloc[0]
        times = str(first["times"]).split(";")
        seats = float(rows["seats"].max())
        sizes = pd.Series([first["workers"], seats * len(times)], dtype=float).dropna()
        if sizes.empty or sizes.min() < min_workers:
            withheld += 1
            continue
        where = rows["park_id"].dropna() if rows["park_id"].notna().any() else rows["at_park"]
        names = [n for n in (first["name"], first["enterprise_id"]) if isinstance(n, str)]
        records += [
            {
                "park_id": park,
                "line": first["line"],
                "enterprise": names[0] if names else "",
                "stops": " > ".join(rows["stop"]),
                "times": ";".join(times),
                "departures": float(len(times)),
                "seats": seats,
                "seats_day": seats * len(times),
            }
            for park in sorted(set(where.dropna()))
        ]
    frame = SHUTTLE_LINES.frame({n: [r[n] for r in records] for n in SHUTTLE_LINES.names})
    frame = frame.drop_duplicates(list(SHUTTLE_LINES.key))
    frame = frame.sort_values(list(SHUTTLE_LINES.sort), ignore_index=True)
    return SHUTTLE_LINES.check(frame), withheld


def at_park(shuttles: pd.DataFrame, parks: pd.DataFrame) -> pd.Series:
    """Find the park at which each stop lies (several: the first), by row of `shuttles`."""
    placed = shuttles[shuttles["lon"].notna()]
    lat = placed["lat"].to_numpy(dtype=float)
    points = geo.points(placed["lon"].to_numpy(dtype=float), lat)
    tree = shapely.STRtree(geo.project(parks["geometry"].to_numpy()))
    row, park = tree.query(points, predicate="dwithin", distance=_AT_PARK_M / geo.scale(lat))
    found = pd.Series(parks["park_id"].to_numpy()[park], index=placed.index[row], dtype=object)
    return found.groupby(level=0).min().reindex(shuttles.index)
