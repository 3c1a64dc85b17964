"""Public transport of each park beside the figures: area covered by stops, service by timetable.

Nothing here changes a status; stops and lines of the timetables do, since they are facilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap import geo
from parkgap.frames import DEPARTURES, STOP_DEPARTURES, TRANSIT
from parkgap.standard import Standard

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

NEAR_M, FAR_M = 300.0, 500.0  # GB 50220-95: radii within which a stop covers ground, straight
_SEGMENTS = 32  # of a quarter circle
_DAY = 1440.0
_BEGINS = 180.0  # the service day turns at 03:00
_HOUR = 60.0
_HOURS = range(6, 22)  # of the whole day, where a park has no shifts


@dataclass(frozen=True)
class Timetables:
    """What GTFS timetables say; empty frames and no days where the study has none.

    Attributes
    ----------
    stops, calls, matched
        Frames of :data:`parkgap.frames.TRANSIT_STOPS`, ``CALLS`` and ``STOPS_MATCHED``.
    days
        Service days (ISO).
    """

    stops: pd.DataFrame
    calls: pd.DataFrame
    matched: pd.DataFrame
    days: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """Frames of :data:`parkgap.frames.TRANSIT`, ``DEPARTURES`` and ``STOP_DEPARTURES``."""

    transit: pd.DataFrame
    departures: pd.DataFrame
    stops: pd.DataFrame


def public_transport(
    parks: pd.DataFrame,
    facilities: pd.DataFrame,
    nearby: pd.DataFrame,
    shifts: pd.DataFrame,
    completeness: pd.DataFrame,
    timetables: Timetables,
    standard: Standard,
    *,
    rail: bool,
) -> Figures:
    """Say how each park is served.

    Parameters
    ----------
    parks, facilities, nearby, shifts, completeness
        Frames of these schemas; `facilities` hold the timetables' own stops too, and no name of
        `shifts` stands for two times in one park (:func:`parkgap.crews.told_apart`).
    timetables
        What they say.
    standard
        Its walking limits decide which stops are a park's; its shares, whether it is covered.
    rail
        Whether there is urban rail in the region.

    Returns
    -------
    No rows where the study has neither stops nor timetables.
    """
    bus, station = (_kind(facilities, i) for i in (standard.stop_items, standard.station_items))
    if not bus.any() and not station.any() and not timetables.days:
        return Figures(TRANSIT.frame(), DEPARTURES.frame(), STOP_DEPARTURES.frame())
    doubtful = completeness[completeness["thin"] | completeness["cut"]]
    unsure = parks["park_id"].isin(doubtful.loc[doubtful["kind"] == "work", "park_id"]).to_numpy()
    columns = _bus_cover(parks, facilities[bus], unsure, standard)
    columns |= _rail_cover(parks, facilities[station], standard, rail=rail)
    near = _in_reach(nearby, facilities, {"bus": bus, "rail": station}, standard)
    timed = near.merge(timetables.matched, on=["facility_id", "mode"])
    own = _calls_of(timed, timetables)
    served, rows = _service(parks, near, timed, own, shifts, timetables)
    frame = TRANSIT.frame({"park_id": parks["park_id"].to_numpy(), **columns, **served})
    return Figures(
        transit=TRANSIT.check(frame.sort_values("park_id", ignore_index=True)),
        departures=DEPARTURES.check(rows.sort_values(list(DEPARTURES.sort), ignore_index=True)),
        stops=_by_stop(timed, facilities, timetables),
    )


def _kind(facilities: pd.DataFrame, items: tuple[str, ...]) -> Bools:
    """Facilities that count for any of these items, shape (facilities,)."""
    wanted = set(items)
    return np.array([not wanted.isdisjoint(row) for row in facilities["items"]], dtype=bool)


# --- the ground that stops cover ------------------------------------------------------------------


def cover(parks: Objects, lon: Floats, lat: Floats, metres: float) -> tuple[Floats, Ints]:
    """Share of each park's area within so many metres of any point, straight.

    Parameters
    ----------
    parks
        Polygons (WGS-84), shape (n,).
    lon, lat
        Points (WGS-84), shape (m,).
    metres
        The radius; circles are polygons of 128 corners of the circle's area.

    Returns
    -------
    share
        0 to 1, shape (n,).
    count
        Points within the radius of the park, shape (n,).
    """
    plane = geo.project(parks)
    bounds = shapely.bounds(parks)
    radius = metres / geo.scale((bounds[:, 1] + bounds[:, 3]) / 2)
    points = geo.points(lon, lat)
    park, point = shapely.STRtree(points).query(plane, predicate="dwithin", distance=radius)
    order = np.lexsort((point, park))
    park, point = park[order], point[order]
    turn = np.pi / (2 * _SEGMENTS)
    discs = shapely.buffer(
        points[point], radius[park] * np.sqrt(turn / np.sin(turn)), quad_segs=_SEGMENTS
    )
    share = np.zeros(len(parks))
    cuts = np.searchsorted(park, np.arange(len(parks) + 1))
    for i, (begin, end) in enumerate(pairwise(cuts.tolist())):
        if end > begin:
            covered = shapely.intersection(plane[i], shapely.union_all(discs[begin:end]))
            share[i] = min(1.0, float(shapely.area(covered) / shapely.area(plane[i])))
    return share, np.diff(cuts).astype(np.int64)


def _bus_cover(
    parks: pd.DataFrame, stops: pd.DataFrame, unsure: Bools, standard: Standard
) -> dict[str, Any]:
    shapes = parks["geometry"].to_numpy(dtype=object)
    lon, lat = (stops[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    near, _ = cover(shapes, lon, lat, NEAR_M)
    far, count = cover(shapes, lon, lat, FAR_M)
    asked = standard.known_figures(standard.stop_items)
    return {
        "bus_stops": count.astype(float),
        "share_300": near,
        "status_300": _status(near, asked.get("share_300m"), unsure),
        "share_500": far,
        "status_500": _status(far, asked.get("share_500m"), unsure),
    }


def _status(share: Floats, asked: float | None, unsure: Bools) -> Objects:
    """Compare shares with what is asked; where the map is thin or ends, a lack is not confirmed."""
    if asked is None:
        return np.full(len(share), None, dtype=object)
    lack = np.where(unsure, "unverified", "short").astype(object)
    return np.where(share >= asked, "met", lack).astype(object)


def _rail_cover(
    parks: pd.DataFrame, stations: pd.DataFrame, standard: Standard, *, rail: bool
) -> dict[str, Any]:
    count = len(parks)
    if not rail:
        unknown = np.full(count, np.nan)
        return {"rail_stations": unknown, "share_rail": unknown, "rail_nearest": [None] * count}
    radius = standard.rail_radius
    shapes = parks["geometry"].to_numpy(dtype=object)
    lon, lat = (stations[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    share, found = cover(shapes, lon, lat, radius)
    nearest = np.full(count, None, dtype=object)
    if len(stations):
        tree = shapely.STRtree(geo.points(lon, lat))
        park, at = tree.query_nearest(geo.project(shapes), all_matches=False)
        nearest[park] = stations["name"].to_numpy(dtype=object)[at]
    nearest[found == 0] = None
    return {"rail_stations": found.astype(float), "share_rail": share, "rail_nearest": nearest}


# --- service by timetable -------------------------------------------------------------------------


def on_clock(minute: npt.ArrayLike) -> Floats:
    """Bring minutes to the service day that turns at 03:00: 180 up to 1620, elementwise.

    >>> on_clock([360.0, 1500.0, 60.0, 1800.0]).tolist()
    [360.0, 1500.0, 1500.0, 360.0]
    """
    within = np.mod(np.asarray(minute, dtype=float), _DAY)
    return np.asarray(np.where(within < _BEGINS, within + _DAY, within), dtype=np.float64)


def _in_reach(
    nearby: pd.DataFrame, facilities: pd.DataFrame, kinds: dict[str, Bools], standard: Standard
) -> pd.DataFrame:
    """``park_id, facility_id, mode, metres`` of stops within the farthest limit of their items."""
    parts = []
    for mode, items in (("bus", standard.stop_items), ("rail", standard.station_items)):
        here = nearby["facility_id"].isin(facilities["facility_id"][kinds[mode]])
        here &= nearby["metres"] <= standard.farthest(items)
        parts.append(nearby.loc[here, ["park_id", "facility_id", "metres"]].assign(mode=mode))
    return pd.concat(parts, ignore_index=True)


def _calls_of(timed: pd.DataFrame, timetables: Timetables) -> pd.DataFrame:
    """Calls at each park's stops, each once: ``park_id, minute, trip, line, stop`` (its name)."""
    stops = timed.groupby(["park_id", "stop_id", "mode"], as_index=False)["metres"].min()
    names = timetables.stops[["stop_id", "mode", "name"]].rename(columns={"name": "stop"})
    own = stops.merge(names, on=["stop_id", "mode"])
    own = own.merge(timetables.calls, on=["stop_id", "mode"])
    own["minute"] = on_clock(own["minute"])
    order = ["park_id", "minute", "metres", "stop_id", "trip"]
    found: pd.DataFrame = own.sort_values(order, ignore_index=True)
    return found


def _service(
    parks: pd.DataFrame,
    near: pd.DataFrame,
    timed: pd.DataFrame,
    own: pd.DataFrame,
    shifts: pd.DataFrame,
    timetables: Timetables,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Columns of ``TRANSIT`` that a timetable fills, and the rows of ``DEPARTURES``."""
    if not timetables.days:
        unknown: dict[str, Any] = {}
        for column in TRANSIT.columns[TRANSIT.names.index("service_day") :]:
            blank = np.nan if column.kind == "float" else None
            unknown[column.name] = [blank] * len(parks)
        return unknown, DEPARTURES.frame()
    calls = dict(iter(own.groupby("park_id")))
    # An enterprise's shift may have its park's name: it then has its times, too.
    shifts = shifts.drop_duplicates(["park_id", "shift"])
    worked = dict(iter(shifts.groupby("park_id")))
    reached = near.groupby("park_id")["facility_id"].nunique()
    known = timed.groupby("park_id")["facility_id"].nunique()
    facts: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for park in parks["park_id"]:
        mine = calls.get(park, own.iloc[:0])
        told = _of_shifts(park, mine, worked[park]) if park in worked else _of_hours(park, mine)
        rows += told
        stops = int(known.get(park, 0))
        facts.append(
            {
                "service_day": ";".join(sorted(set(timetables.days))),
                "timetable_source": ";".join(sorted(set(timetables.stops["source"]))),
                "stops_timed": float(stops),
                "stops_untimed": float(int(reached.get(park, 0)) - stops),
                "departures_day": _count(mine["trip"], stops),
                "lines_day": _count(mine["line"], stops),
                **_late(told),
            }
        )
    columns = {name: [fact[name] for fact in facts] for name in facts[0]} if facts else {}
    return columns, DEPARTURES.frame({n: [r.get(n) for r in rows] for n in DEPARTURES.names})


def _count(values: pd.Series, stops: int) -> float:
    """Count distinct values; unknown where no stop has a timetable."""
    return float(values.nunique()) if stops else np.nan


def _window(
    park: str, shift: str, window: str, begin: float, calls: pd.DataFrame
) -> dict[str, Any]:
    inside = np.mod(calls["minute"].to_numpy() - begin, _DAY) < _HOUR
    there = len(calls) > 0
    return {
        "park_id": park,
        "shift": shift,
        "window": window,
        "window_begin": _said(begin),
        "window_end": _said(begin + _HOUR),
        "departures_hour": float(calls["trip"][inside].nunique()) if there else np.nan,
        "lines_hour": float(calls["line"][inside].nunique()) if there else np.nan,
    }


def _of_hours(park: str, calls: pd.DataFrame) -> list[dict[str, Any]]:
    return [_window(park, "all", "hour", hour * _HOUR, calls) for hour in _HOURS]


def _of_shifts(park: str, calls: pd.DataFrame, shifts: pd.DataFrame) -> list[dict[str, Any]]:
    """The hour before each shift's start and the one after its end, with the last departure."""
    rows = []
    for shift in shifts.sort_values("shift").to_dict("records"):
        name, start, end = str(shift["shift"]), _minute(shift["start"]), _minute(shift["end"])
        rows.append(_window(park, name, "before_start", start - _HOUR, calls))
        rows.append({**_window(park, name, "after_end", end, calls), **_after(end, calls)})
    return rows


def _after(end: float, calls: pd.DataFrame) -> dict[str, Any]:
    """The next departure after an end, and the last one of its service day."""
    if calls.empty:
        return {}
    minute = calls["minute"].to_numpy()
    wait = np.mod(minute - end, _DAY)
    found: dict[str, Any] = {"next_departure": _said(minute[int(np.argmin(wait))])}
    later = minute >= float(on_clock(end))
    if later.any():
        # Rows stand by minute, then by walk: of the last minute, the stop that is nearest.
        last = calls.iloc[int(np.searchsorted(minute, minute[-1]))]
        stop = last["stop"] if isinstance(last["stop"], str) else None
        found |= {
            "last_departure": _said(last["minute"]),
            "last_line": last["line"],
            "last_stop": stop,
        }
    return found


def _late(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the shift that ends latest finds; nothing where a park has no shifts."""
    ends = [row for row in rows if row["window"] == "after_end"]
    late = max(ends, key=lambda r: float(on_clock(_minute(r["window_begin"]))), default={})
    return {
        "late_shift": late.get("shift"),
        "late_end": late.get("window_begin"),
        "late_last": late.get("last_departure"),
        "late_line": late.get("last_line"),
        "late_stop": late.get("last_stop"),
    }


def _minute(clock: object) -> float:
    """Minutes of HH:MM."""
    hours, minutes = str(clock).split(":")[:2]
    return float(int(hours) * 60 + int(minutes)) % _DAY


def _said(minute: float) -> str:
    """HH:MM of the clock.

    >>> _said(1510.5), _said(-60.0)
    ('01:10', '23:00')
    """
    hours, minutes = divmod(int(minute % _DAY), 60)
    return f"{hours:02d}:{minutes:02d}"


def _by_stop(timed: pd.DataFrame, facilities: pd.DataFrame, timetables: Timetables) -> pd.DataFrame:
    """Departures at each stop of a timetable that is within the walk of any park."""
    if timed.empty:
        return STOP_DEPARTURES.frame()
    key = ["stop_id", "mode"]
    place = facilities[["facility_id", "lon", "lat"]].rename(columns={"lon": "x", "lat": "y"})
    pairs = timed[["facility_id", *key]].drop_duplicates().merge(place, on="facility_id")
    pairs = pairs.merge(timetables.stops, on=key)
    pairs["off"] = geo.lengths(*(pairs[c].to_numpy(dtype=float) for c in ("lon", "lat", "x", "y")))
    one = pairs.sort_values([*key, "off", "facility_id"]).drop_duplicates(key)
    calls = timetables.calls.merge(one[key], on=key)
    calls["minute"] = on_clock(calls["minute"])
    calls["hour"] = (calls["minute"] % _DAY // _HOUR).astype(int)
    found = calls.groupby(key)["minute"].agg(["size", "min", "max"]).reset_index()
    hours = calls.groupby([*key, calls["minute"] // _HOUR, "hour"]).size()
    said = pd.Series(
        [f"{hour:02d}={n}" for hour, n in zip(hours.index.get_level_values(3), hours, strict=True)],
        index=hours.index,
    )
    by_hour = said.groupby(level=[0, 1]).agg(";".join).rename("by_hour").reset_index()
    whole = one.merge(found, on=key).merge(by_hour, on=key).sort_values(key, ignore_index=True)
    return STOP_DEPARTURES.check(
        STOP_DEPARTURES.frame(
            {
                **{c: whole[c].to_numpy() for c in (*key, "facility_id", "lon", "lat")},
                "departures_by_hour": whole["by_hour"].to_numpy(),
                "stop": whole["name"].to_numpy(dtype=object),
                "lines": [";".join(names) for names in whole["lines"]],
                "departures_day": whole["size"].to_numpy(dtype=float),
                "first_departure": [_said(m) for m in whole["min"]],
                "last_departure": [_said(m) for m in whole["max"]],
            }
        )
    )
