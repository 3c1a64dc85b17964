"""Public transport by timetable: which vehicle leaves which stop when, on one working day.

GTFS feeds are read by :mod:`parkgap.sources.gtfs`; what their calendars mean on a day, and the
runs that ``frequencies.txt`` stands for, are worked out by gtfs-kit (MIT).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.errors import Problem, TableError
from parkgap.frames import CALLS, TRANSIT_STOPS
from parkgap.sources.datum import to_wgs84
from parkgap.sources.gtfs import DAYS, TIME, Feed, bad_times, read_feed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Floats = npt.NDArray[np.float64]

AHEAD = 14  # days from the question's within which a working day is sought
_WEEKDAYS = 5
_WEEK = 7
_EAST, _NORTH = 180.0, 90.0
# Kinds of line (route_type, with the extended kinds that Europe's feeds use).
_BUS = frozenset({3, 11, *range(700, 710), 711, *range(714, 717), 800})
_RAIL = frozenset({0, 1, 5, 12, 109, *range(400, 406), *range(900, 907)})
MODES = ("bus", "rail")


@dataclass(frozen=True)
class Transit:
    """What the timetables say.

    Attributes
    ----------
    stops, calls
        Frames of :data:`parkgap.frames.TRANSIT_STOPS` and ``CALLS``.
    days
        Service day of each feed (ISO), in the order of the feeds.
    warnings
        What is odd but usable.
    """

    stops: pd.DataFrame = field(default_factory=TRANSIT_STOPS.frame)
    calls: pd.DataFrame = field(default_factory=CALLS.frame)
    days: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()


def read_transit(feeds: Sequence[Path], as_of: str, crs: str = "WGS84") -> Transit:
    """Read the departures of one working day.

    The day is, of Mondays to Fridays within 14 days from `as_of`, the one with most runs (several:
    the first); where the feed has none then, that of its own last full week, which is warned of.

    Parameters
    ----------
    feeds
        Archives, or folders.
    as_of
        The day that is asked about (ISO; "": unknown).
    crs
        Datum of the stops.

    Raises
    ------
    TableError
        A feed is broken: every feed's first fault, with file, line, value and rule.
    """
    parts: list[Transit] = []
    problems: list[Problem] = []
    for path, name in zip(feeds, _names(feeds), strict=True):
        try:
            parts.append(_read(read_feed(path, name), as_of, crs))
        except TableError as error:
            problems += error.problems
    if problems:
        raise TableError(*problems)
    first, calls = 0, []
    for part in parts:
        calls.append(part.calls.assign(trip=part.calls["trip"] + first))
        first += int(part.calls["trip"].max()) + 1 if len(part.calls) else 0
    return Transit(
        stops=TRANSIT_STOPS.check(pd.concat([p.stops for p in parts], ignore_index=True)),
        calls=CALLS.check(pd.concat(calls, ignore_index=True)),
        days=tuple(day for p in parts for day in p.days),
        warnings=tuple(w for p in parts for w in p.warnings),
    )


def _names(feeds: Sequence[Path]) -> list[str]:
    """Name feeds by their files, numbered where several are called alike."""
    taken: dict[str, int] = {}
    names = []
    for path in feeds:
        taken[path.name] = taken.get(path.name, 0) + 1
        names.append(path.name if taken[path.name] == 1 else f"{path.name} ({taken[path.name]})")
    return names


def _read(feed: Feed, as_of: str, crs: str) -> Transit:
    warnings: list[Problem] = []
    trips = _trips(feed, warnings)
    kit = _kit(feed)
    day = _service_day(feed, kit, trips, as_of, warnings)
    running = trips[trips["service_id"].isin(kit.get_active_services(day))]
    times = feed.tables["stop_times"]
    times = times[times["trip_id"].isin(running["trip_id"])]
    lost = ~times["stop_id"].isin(feed.tables["stops"]["stop_id"])
    if lost.any():
        what = "停靠的站点不在 stops.txt，未使用 / stops that stops.txt does not have; not used"
        warnings.append(feed.problem("stop_times", what, value=str(int(lost.sum()))))
    calls = _calls(feed, kit, running, times[~lost])
    stops = _stops(feed, calls, crs)
    iso = dt.datetime.strptime(day, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a calendar's day
    return Transit(stops, _of_feed(feed, calls), (iso,), tuple(warnings))


def _trips(feed: Feed, warnings: list[Problem]) -> pd.DataFrame:
    """Trips of urban lines, with line, kind and the number of runs that each stands for."""
    routes = feed.tables["routes"]
    kind = routes["route_type"].astype(int)
    mode = np.select([kind.isin(_BUS), kind.isin(_RAIL)], MODES, "")
    other = routes[mode == ""]
    if len(other):
        what = (
            "长途、铁路、轮渡等线路未使用 / lines that are no urban transport (coaches, "
            "long-distance trains, ferries) are not used"
        )
        kinds = ", ".join(sorted(set(other["route_type"]), key=int))
        rule = f"route_type {kinds}"
        warnings.append(feed.problem("routes", what, value=str(len(other)), rule=rule))
    line = routes["route_short_name"].mask(routes["route_short_name"] == "")
    line = line.fillna(routes["route_long_name"].mask(routes["route_long_name"] == ""))
    line = line.fillna(routes["route_id"])
    known = pd.DataFrame({"route_id": routes["route_id"], "line": line, "mode": mode})
    trips = feed.tables["trips"].merge(known, on="route_id", how="left")
    lost = int(trips["mode"].isna().sum())
    if lost:
        what = "车次的线路不在 routes.txt，未使用 / trips of lines that routes.txt lacks; not used"
        warnings.append(feed.problem("trips", what, value=str(lost)))
    trips = trips[trips["mode"].isin(MODES)]
    return trips.assign(runs=_runs(feed, trips["trip_id"]))


def _runs(feed: Feed, trip_ids: pd.Series) -> Floats:
    """Runs that each trip stands for: 1, or by its frequencies."""
    rows = feed.tables.get("frequencies")
    if rows is None:
        return np.ones(len(trip_ids))
    span = _seconds(rows["end_time"]) - _seconds(rows["start_time"])
    every = rows["headway_secs"].astype(float)
    runs = pd.Series(np.ceil(np.maximum(span, 0.0) / every), index=rows.index)
    by_trip = runs.groupby(rows["trip_id"]).sum()
    return np.asarray(trip_ids.map(by_trip).fillna(1.0), dtype=np.float64)


def _kit(feed: Feed) -> Any:
    """Hand the calendar to gtfs-kit, with numbers where it wants numbers."""
    import gtfs_kit

    tables = feed.tables
    calendar = tables.get("calendar")
    if calendar is not None:
        calendar = calendar.assign(**{day: calendar[day].astype(int) for day in DAYS})
    dates = tables.get("calendar_dates")
    if dates is not None:
        dates = dates.assign(exception_type=dates["exception_type"].astype(int))
    return gtfs_kit.Feed(dist_units="m", calendar=calendar, calendar_dates=dates)


def _service_day(
    feed: Feed, kit: Any, trips: pd.DataFrame, as_of: str, warnings: list[Problem]
) -> str:
    """Choose the working day (YYYYMMDD) that is read.

    Raises
    ------
    TableError
        Nothing runs on any day.
    """
    runs = trips.groupby("service_id")["runs"].sum()

    def busiest(days: Sequence[dt.date]) -> str | None:
        texts = [day.strftime("%Y%m%d") for day in days]
        counts = [float(runs.reindex(kit.get_active_services(t)).sum()) for t in texts]
        best = int(np.argmax(counts)) if counts else 0
        return texts[best] if counts and counts[best] > 0 else None

    asked = dt.date.fromisoformat(as_of[:10]) if as_of else None
    if asked is not None:
        ahead = [asked + dt.timedelta(days=i) for i in range(AHEAD)]
        if (day := busiest([d for d in ahead if d.weekday() < _WEEKDAYS])) is not None:
            return day
    for days in _last_weeks(feed):
        if (day := busiest(days)) is not None:
            warnings.append(_other_day(feed, as_of, day))
            return day
    raise TableError(
        feed.problem(
            "trips",
            "时刻表中无任何一天有公交车次 / no urban transport runs on any day of the timetable",
            rule="calendar.txt, calendar_dates.txt",
            remedy="检查服务日历 / check the calendar of services",
        )
    )


def _last_weeks(feed: Feed) -> Iterator[list[dt.date]]:
    """Mondays to Fridays of the last full week up to each end of a service, the latest first.

    At last, for feeds of less than a week or of weekends alone, all days that they name.
    """
    ends: set[str] = set()
    named: set[str] = set()
    if (calendar := feed.tables.get("calendar")) is not None:
        ends |= set(calendar["end_date"])
        named |= {*calendar["start_date"], *calendar["end_date"]}
    if (dates := feed.tables.get("calendar_dates")) is not None:
        added = set(dates.loc[dates["exception_type"] == "1", "date"])
        ends, named = ends | added, named | added
    weeks = []
    for text in sorted(ends, reverse=True):
        end = _day(text)
        if end is not None:
            sunday = end - dt.timedelta(days=(end.weekday() + 1) % _WEEK)
            weeks.append(sunday - dt.timedelta(days=_WEEK - 1))
    for monday in dict.fromkeys(weeks):
        yield [monday + dt.timedelta(days=i) for i in range(_WEEKDAYS)]
    last = [day for day in map(_day, sorted(named)) if day is not None]
    yield sorted({day + dt.timedelta(days=i) for day in last for i in range(-_WEEK, _WEEK)})


def _day(text: str) -> dt.date | None:
    """Read a calendar's day; None for one that no month has (31 June)."""
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a calendar's day
    except ValueError:
        return None


def _other_day(feed: Feed, as_of: str, day: str) -> Problem:
    iso = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return Problem(
        what=f"时刻表在体检日起 {AHEAD} 天内无工作日车次，改用其自身的 {iso} / nothing runs on "
        f"working days within {AHEAD} days of the study's day; the feed's own {iso} is taken",
        file=feed.name,
        value=as_of or None,
        remedy="换用体检日有效的时刻表 / take a timetable that holds on the study's day",
    )


# --- departures ---------------------------------------------------------------------------------


def _calls(feed: Feed, kit: Any, trips: pd.DataFrame, times: pd.DataFrame) -> pd.DataFrame:
    """List the departures of a day at which somebody can board.

    Times that the feed leaves out between two known ones are interpolated evenly by stops.  The
    last call of a run, and calls with ``pickup_type`` 1, are no departures.

    Raises
    ------
    TableError
        A time or a place in the sequence is none; or a run's first or last time is unknown.
    """
    times = times.copy()
    given = times["departure_time"].mask(times["departure_time"] == "", times["arrival_time"])
    timed = given != ""
    bad_times(feed, "stop_times", "departure_time", given[timed])
    order = ~times["stop_sequence"].str.fullmatch(r"\d{1,9}")
    what = "站序不是数字 / the place in the sequence is no number"
    feed.refuse("stop_times", "stop_sequence", order, what, "0, 1, 2, …")
    times["sequence"] = times["stop_sequence"].astype(int)
    times["departure_time"], times["arrival_time"] = given, given
    times = times.sort_values(["trip_id", "sequence"], kind="stable")
    trip = times["trip_id"]
    ends = (trip != trip.shift()) | (trip != trip.shift(-1))
    what = "车次首末站缺少时刻 / the first or last stop of a run has no time"
    feed.refuse("stop_times", "departure_time", ends & (given == ""), what, "HH:MM:SS")
    times["last"] = trip != trip.shift(-1)
    whole = _expanded(feed, kit, trips, times)
    whole = whole.sort_values(["trip_id", "sequence"], kind="stable", ignore_index=True)
    seconds = _seconds(whole["departure_time"])
    known = np.flatnonzero(~np.isnan(seconds))
    # The ends of every run are known, so that nothing is carried from one into another.
    seconds = np.interp(np.arange(len(whole)), known, seconds[known]) if len(known) else seconds
    said = trips.set_index("trip_id")
    of = whole["of"]
    sign = whole["stop_headsign"].mask(whole["stop_headsign"] == "", of.map(said["trip_headsign"]))
    calls = pd.DataFrame(
        {
            "stop_id": whole["stop_id"].to_numpy(),
            "mode": of.map(said["mode"]).to_numpy(),
            "line": of.map(said["line"]).to_numpy(),
            "headsign": sign.mask(sign == "", None).to_numpy(dtype=object),
            "trip": pd.factorize(whole["trip_id"])[0].astype(np.int64),
            "minute": np.asarray(seconds, dtype=float) / 60.0,
        }
    )
    boards = ~whole["last"].to_numpy(dtype=bool) & (whole["pickup_type"] != "1").to_numpy()
    return calls[boards].reset_index(drop=True)


def _expanded(feed: Feed, kit: Any, trips: pd.DataFrame, times: pd.DataFrame) -> pd.DataFrame:
    """Put the runs that frequencies stand for in the place of their pattern (gtfs-kit).

    Column ``of`` names the trip that each run belongs to.
    """
    times = times.assign(of=times["trip_id"])
    rows = feed.tables.get("frequencies")
    if rows is None or not (rows := rows[rows["trip_id"].isin(times["trip_id"])]).size:
        return times
    whole = kit.copy()
    whole.trips = trips[["trip_id"]]
    whole.stop_times = times
    whole.frequencies = rows.assign(headway_secs=rows["headway_secs"].astype(int))
    return pd.DataFrame(whole.expand_frequencies().stop_times)


def _seconds(times: pd.Series) -> Floats:
    """Seconds after midnight of ``HH:MM:SS``; NaN where there is none, shape (n,)."""
    code, said = pd.factorize(times.astype(object), use_na_sentinel=False)
    parts = pd.Series(said, dtype=object).astype(str).str.extract(TIME)
    hours, minutes, seconds = (parts[i].astype(float).to_numpy() for i in range(3))
    return np.asarray(hours * 3600.0 + minutes * 60.0 + seconds, dtype=float)[code]


def _stops(feed: Feed, calls: pd.DataFrame, crs: str) -> pd.DataFrame:
    """Stops with departures, and their lines; one without a position has its station's.

    Raises
    ------
    TableError
        A position is none, or there is none.
    """
    stops = feed.tables["stops"]
    station = stops.drop_duplicates("stop_id").set_index("stop_id")
    used = stops[stops["stop_id"].isin(calls["stop_id"])]
    placed = {}
    for column, most in (("stop_lon", _EAST), ("stop_lat", _NORTH)):
        text = used[column].mask(used[column] == "", used["parent_station"].map(station[column]))
        value = pd.to_numeric(text, errors="coerce")
        # Plane coordinates are checked once they are degrees.
        wrong = value.isna() | ((value.abs() > most) & (crs in ("WGS84", "GCJ02", "BD09")))
        what = "站点坐标缺失或无效 / the stop has no valid position"
        feed.refuse("stops", column, wrong, what, f"−{most:g} … {most:g}")
        placed[column] = value.to_numpy(dtype=float)
    lon, lat = to_wgs84(placed["stop_lon"], placed["stop_lat"], crs)
    frame = pd.DataFrame(
        {
            "stop_id": used["stop_id"].to_numpy(),
            "name": used["stop_name"].str.strip().mask(used["stop_name"] == "").to_numpy(object),
            "lon": lon,
            "lat": lat,
        }
    )
    lines = calls.groupby(["stop_id", "mode"])["line"].agg(lambda names: sorted(set(names)))
    found = lines.rename("lines").reset_index().merge(frame, on="stop_id")
    found["stop_id"] = f"{feed.name}/" + found["stop_id"]
    agency = feed.tables.get("agency")
    by = [] if agency is None else [a for a in agency["agency_name"] if a]
    source = ": ".join([feed.name, *([", ".join(dict.fromkeys(by))] if by else [])])
    found = found.assign(source=source).sort_values(["stop_id", "mode"], ignore_index=True)
    return TRANSIT_STOPS.frame({n: found[n].to_numpy() for n in TRANSIT_STOPS.names})


def _of_feed(feed: Feed, calls: pd.DataFrame) -> pd.DataFrame:
    """Name stops with their feed, in the frame's order."""
    named = calls.assign(stop_id=f"{feed.name}/" + calls["stop_id"])
    named = named.drop_duplicates(list(CALLS.key)).sort_values(list(CALLS.sort), ignore_index=True)
    return CALLS.frame({n: named[n].to_numpy() for n in CALLS.names})
