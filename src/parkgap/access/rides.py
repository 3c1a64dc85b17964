"""How workers get to housing: on foot, by their firm's shuttle, by bus, by GTFS, at a stated speed.

Minutes lead from door to door.  A walk is one of the table of walks; a ride is the walk to a stop,
the wait, the way in one vehicle (nobody changes), and the walk from the other stop.  Walks from
work to a timetable's stops are of such a table too; all others are straight lines.
Nothing here is a table of people: a way leads from an origin to a place, for all there or, by its
shuttle, for those of one enterprise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap import geo
from parkgap.access.shuttles import at_park

if TYPE_CHECKING:
    from parkgap.housing_keys import Ride

Floats = npt.NDArray[np.float64]

#: Ways, the plainest first: of two that take as long, the earlier is told.
MODES = ("walk", "shuttle", "bus", "gtfs", "speed")
WALK_MIN, RIDE_MIN = 15.0, 45.0
SLACK = 1e-6  # minutes: at the limit is within it
_DAY = 1440.0
_WAY = ["origin", "place", "minutes", "mode", "whose"]
_CALL = ["line", "direction", "stop", "first", "last", "headway"]
_HOME, _WORK = ["place", "stop", "home_min"], ["origin", "stop", "work_min"]


@dataclass(frozen=True)
class Lines:
    """What is known of vehicles.

    Attributes
    ----------
    shuttles, bus_lines
        Frames of :data:`parkgap.frames.SHUTTLES` and ``BUS_LINES``.
    stops, calls
        Frames of ``TRANSIT_STOPS`` and ``CALLS``.
    timetable, matched
        Frames of ``TIMETABLE`` and ``STOPS_MATCHED``: at which facilities they stop.
    on_foot
        Walks from workplaces there, along streets: ``origin, facility_id, metres, minutes``.
    """

    shuttles: pd.DataFrame
    bus_lines: pd.DataFrame
    stops: pd.DataFrame
    calls: pd.DataFrame
    timetable: pd.DataFrame
    matched: pd.DataFrame
    on_foot: pd.DataFrame

    def from_work(self, at: pd.DataFrame, farthest: float) -> pd.DataFrame:
        """Walk from workplaces to stops: `at` says which ``stop`` is which ``facility_id``."""
        walks = self.on_foot[self.on_foot["metres"] <= farthest + SLACK]
        least = walks.merge(at, on="facility_id").groupby(["origin", "stop"])["minutes"].min()
        return least.reset_index().set_axis(_WORK, axis=1)


@dataclass(frozen=True)
class Pace:
    """How fast people get on.

    Attributes
    ----------
    walk
        Walking speed, metres a minute.
    detour
        Factor on a straight line where no street was followed.
    stop_m
        Farthest walk to a stop, metres.
    ride
        A ride at a stated speed; None: nobody stated one.
    """

    walk: float
    detour: float
    stop_m: float
    ride: Ride | None


def ways(
    origins: pd.DataFrame,
    places: pd.DataFrame,
    on_foot: pd.DataFrame,
    lines: Lines,
    parks: pd.DataFrame,
    pace: Pace,
) -> pd.DataFrame:
    """Find the quickest way from each workplace to each place of housing within 45 minutes.

    Parameters
    ----------
    origins
        Workplaces: ``park_id, lon, lat``; a way names them by row.
    places
        Housing: ``lon, lat`` (WGS-84 degrees; NaN: nobody knows where); named by row.
    on_foot
        Walks: ``origin, place, minutes``, along streets.
    lines, parks
        Vehicles; and frame of :data:`parkgap.frames.PARKS`, for shuttles of no enterprise.
    pace
        Speeds.

    Returns
    -------
    DataFrame
        ``origin, place, minutes, mode`` (row of :data:`MODES`) ``, whose`` (the enterprise whose
        people alone may take it; None: all), sorted; a pair out of reach has no row.
    """
    walked = on_foot[on_foot["minutes"] <= WALK_MIN + SLACK]
    found = [walked.assign(mode=0, whose=None)]
    for mode, part in (
        (1, _by_shuttle(origins, places, lines.shuttles, parks, pace)),
        (2, _by_bus(places, lines, pace)),
        (3, _by_gtfs(places, lines, pace)),
        (4, _at_speed(origins, places, pace.ride)),
    ):
        found.append(part[part["minutes"] <= RIDE_MIN + SLACK].assign(mode=mode))
    every = pd.concat([f[_WAY] for f in found if len(f)] or found)[_WAY]
    every = every.sort_values(["origin", "place", "minutes", "mode"], kind="stable")
    return every.drop_duplicates(["origin", "place", "whose"]).reset_index(drop=True)


# --- parts of a ride -----------------------------------------------------------------------------


def _near(points: pd.DataFrame, stops: pd.DataFrame, pace: Pace) -> pd.DataFrame:
    """Walk straight, times the detour, from points to stops: ``point, stop, minutes`` (rows)."""
    at = np.flatnonzero(points["lon"].notna().to_numpy())
    to = np.flatnonzero(stops["lon"].notna().to_numpy())
    a, b = points.iloc[at], stops.iloc[to]
    i, j, metres = _within(a, b, pace.stop_m / pace.detour)
    minutes = metres * pace.detour / pace.walk
    return pd.DataFrame({"point": at[i], "stop": to[j], "minutes": minutes})


def _within(
    a: pd.DataFrame, b: pd.DataFrame, metres: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Pairs of points (``lon, lat``) at most so many metres apart, straight."""
    nothing = np.empty(0, dtype=np.int64)
    if a.empty or b.empty or metres < 0:
        return nothing, nothing, np.empty(0)
    one = [a[c].to_numpy(dtype=float) for c in ("lon", "lat")]
    two = [b[c].to_numpy(dtype=float) for c in ("lon", "lat")]
    # Over tens of kilometres the scale at either end is not quite that of the middle.
    widest = 1.01 * metres / geo.scale(one[1])
    tree = shapely.STRtree(geo.points(*two))
    i, j = tree.query(geo.points(*one), predicate="dwithin", distance=widest)
    apart = geo.lengths(one[0][i], one[1][i], two[0][j], two[1][j])
    keep = apart <= metres + SLACK
    order = np.lexsort((j[keep], i[keep]))
    return i[keep][order], j[keep][order], apart[keep][order]


def _joined(home: pd.DataFrame, work: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Put walks to stops and ways between stops together: the least for each pair.

    `links` are ``a, b, minutes`` between stops, the same in both directions: who rides to work in
    the morning rides back in the evening.
    """
    back = links.rename(columns={"a": "b", "b": "a"})
    both = pd.concat([links, back[["a", "b", "minutes"]]], ignore_index=True)
    both = both.groupby(["a", "b"])["minutes"].min().reset_index()
    ride = home.merge(both, left_on="stop", right_on="a").drop(columns="stop")
    ride = ride.merge(work, left_on="b", right_on="stop")
    total = ride["home_min"] + ride["minutes"] + ride["work_min"]
    return _least(ride["origin"], ride["place"], total)


def _least(origin: object, place: object, minutes: object) -> pd.DataFrame:
    pairs = pd.DataFrame({"origin": origin, "place": place, "minutes": minutes})
    pairs = pairs.astype({"origin": np.int64, "place": np.int64, "minutes": np.float64})
    least = pairs.groupby(["origin", "place"])["minutes"].min().reset_index()
    return least.assign(whose=None)


def _from_home(places: pd.DataFrame, stops: pd.DataFrame, pace: Pace) -> pd.DataFrame:
    return _near(places, stops, pace).set_axis(_HOME, axis=1)


# --- vehicles ------------------------------------------------------------------------------------


def _by_shuttle(
    origins: pd.DataFrame,
    places: pd.DataFrame,
    shuttles: pd.DataFrame,
    parks: pd.DataFrame,
    pace: Pace,
) -> pd.DataFrame:
    """Ride an enterprise's own shuttle; who rides knows its times, and does not wait.

    Beside the way stands ``whose`` it is; one that is nobody's is for the park where it stops.

    Stops of a line are joined by the middle of what its runs take between them, run by run; stops
    that name different numbers of runs are not.
    """
    if shuttles.empty:
        return _least([], [], [])
    stops = shuttles.assign(at_park=at_park(shuttles, parks)).reset_index(drop=True)
    runs = stops["times"].str.split(";").explode()
    clock = runs.str.split(":", expand=True).astype(float)
    times = pd.DataFrame(
        {
            "stop": runs.index,
            "run": runs.groupby(level=0).cumcount().to_numpy(),
            "minute": (clock[0] * 60 + clock[1]).to_numpy(),
        }
    )
    line = pd.factorize(stops["line"] + "\0" + stops["enterprise_id"].fillna(""))[0]
    times["line"] = line[times["stop"]]
    times["runs"] = times.groupby("stop")["run"].transform("size")
    pair = times.merge(times, on=["line", "run", "runs"], suffixes=("_a", "_b"))
    pair = pair[pair["stop_a"] < pair["stop_b"]]
    forth = (pair["minute_b"] - pair["minute_a"]) % _DAY
    pair = pair.assign(minutes=np.minimum(forth, _DAY - forth))
    links = pair.groupby(["stop_a", "stop_b"])["minutes"].median().reset_index()
    links = links.rename(columns={"stop_a": "a", "stop_b": "b"})
    home = _from_home(places, stops, pace)
    work = _near(origins, stops, pace).set_axis(_WORK, axis=1)
    whose = stops["enterprise_id"].astype(object)[work["stop"]].to_numpy()
    park = origins["park_id"].to_numpy()
    here = stops["at_park"].to_numpy()[work["stop"]] == park[work["origin"]]
    work = work.assign(whose=whose)[pd.notna(whose) | here]
    found = [_least([], [], [])]
    for firm, legs in work.groupby("whose", dropna=False):
        part = _joined(home, legs, links)
        found.append(part.assign(whose=None if pd.isna(firm) else firm))
    return pd.concat([f for f in found if len(f)] or found, ignore_index=True)


def _by_bus(places: pd.DataFrame, lines: Lines, pace: Pace) -> pd.DataFrame:
    """Ride a bus of the office's timetable; the wait is half the time between departures.

    A timetable that gives every stop of a line the same first departure tells none between them;
    then the stated speed does, along the stops, or the line is not ridden.
    """
    if lines.bus_lines.empty:
        return _least([], [], [])
    stops = lines.bus_lines.assign(direction=lines.bus_lines["direction"].fillna(""))
    stops = stops.sort_values(["line", "direction", "order"], kind="stable", ignore_index=True)
    line = np.asarray(stops.groupby(["line", "direction"], sort=False).ngroup(), dtype=np.int64)
    passed = _passed(stops, line, pace)
    table = pd.DataFrame(
        {"stop": np.arange(len(stops)), "line": line, "at": passed, "gap": stops["headway"]}
    ).dropna(subset=["at"])
    named = lines.timetable.assign(direction=lines.timetable["direction"].fillna(""))
    at = stops.reset_index(names="stop_row").merge(named, on=_CALL)
    at = at[["stop_row", "facility_id"]].rename(columns={"stop_row": "stop"})
    home, work = _from_home(places, stops, pace), lines.from_work(at, pace.stop_m)
    near = table[table["stop"].isin({*home["stop"], *work["stop"]})]
    pair = near.merge(near, on="line", suffixes=("_a", "_b"))
    pair = pair[pair["stop_a"] < pair["stop_b"]]
    wait = np.maximum(pair["gap_a"], pair["gap_b"]) / 2
    links = pd.DataFrame(
        {"a": pair["stop_a"], "b": pair["stop_b"], "minutes": pair["at_b"] - pair["at_a"] + wait}
    )
    return _joined(home, work, links)


def _passed(stops: pd.DataFrame, line: npt.NDArray[np.int64], pace: Pace) -> Floats:
    """Minutes from the first stop of its line to each stop; NaN where nobody knows."""
    clock = stops["first"].str.split(":", expand=True).astype(float)
    minute = (clock[0] * 60 + clock[1]).to_numpy()
    begin = np.r_[True, line[1:] != line[:-1]]
    step = np.where(begin, 0.0, np.diff(minute, prepend=minute[:1]) % _DAY)
    # A step of half a day is a table that runs backwards.
    told = pd.Series(begin | ((step > 0) & (step < _DAY / 2))).groupby(line).transform("all")
    lon, lat = (stops[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    metres = np.zeros(len(stops))
    metres[1:] = geo.lengths(lon[:-1], lat[:-1], lon[1:], lat[1:])
    metres[begin] = 0.0
    ridden = np.full(len(stops), np.nan)
    if pace.ride is not None:
        ridden = metres * pace.ride.detour * 60.0 / (1000.0 * pace.ride.speed_kmh)
    each = np.where(told.to_numpy(dtype=bool), step, ridden)
    return np.asarray(pd.Series(each).groupby(line).cumsum(skipna=False), dtype=np.float64)


def _by_gtfs(places: pd.DataFrame, lines: Lines, pace: Pace) -> pd.DataFrame:
    """Ride by the GTFS timetable of the service day.

    Between two stops: the middle of what the runs take, and half the mean time between them.  What
    runs once a day is no connection.  A feed's last stops have no departures; the same way back
    stands for them.
    """
    calls = lines.calls
    if calls.empty or lines.stops.empty:
        return _least([], [], [])
    stops = lines.stops.drop_duplicates("stop_id").reset_index(drop=True)
    at = stops[["stop_id"]].reset_index(names="stop").merge(lines.matched, on="stop_id")
    home, work = _from_home(places, stops, pace), lines.from_work(at, pace.stop_m)
    row = pd.Series(np.arange(len(stops)), index=stops["stop_id"])
    known = pd.DataFrame(
        {
            "trip": calls["trip"].to_numpy(),
            "stop": row.reindex(calls["stop_id"]).to_numpy(dtype=float),
            "minute": calls["minute"].to_numpy(),
        }
    ).dropna()
    at_home = known[known["stop"].isin(set(home["stop"]))]
    at_work = known[known["stop"].isin(set(work["stop"]))]
    pair = at_home.merge(at_work, on="trip", suffixes=("_a", "_b"))
    pair = pair.astype({"stop_a": np.int64, "stop_b": np.int64})
    pair = pair[pair["stop_a"] != pair["stop_b"]]
    pair = pair.assign(
        forth=pair["minute_b"] > pair["minute_a"],
        ride=(pair["minute_b"] - pair["minute_a"]).abs(),
        leaves=np.minimum(pair["minute_a"], pair["minute_b"]),
    )
    runs = pair.groupby(["stop_a", "stop_b", "forth"], as_index=False).agg(
        ride=("ride", "median"),
        first=("leaves", "min"),
        last=("leaves", "max"),
        count=("trip", "size"),
    )
    runs = runs[runs["count"] > 1]
    wait = (runs["last"] - runs["first"]) / (runs["count"] - 1) / 2
    links = pd.DataFrame({"a": runs["stop_a"], "b": runs["stop_b"], "minutes": runs["ride"] + wait})
    return _joined(home, work, links)


def _at_speed(origins: pd.DataFrame, places: pd.DataFrame, ride: Ride | None) -> pd.DataFrame:
    """Ride at the stated speed along the straight line times the stated detour."""
    if ride is None:
        return _least([], [], [])
    a_minute = ride.speed_kmh * 1000.0 / 60.0 / ride.detour
    at = np.flatnonzero(places["lon"].notna().to_numpy())
    i, j, metres = _within(origins, places.iloc[at], (RIDE_MIN - ride.wait_min) * a_minute)
    return _least(i, at[j], metres / a_minute + ride.wait_min)


# --- of groups -----------------------------------------------------------------------------------


def of_groups(found: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Take for each group of workers the way of its middle worker.

    Half of a group's workers have at most that way; who does not get there at all has the longest.

    Parameters
    ----------
    found
        As :func:`ways` gives it.
    members
        ``group, origin, share, enterprise_id``: which share of whom works where.

    Returns
    -------
    DataFrame
        ``group, place, minutes`` (tenths of a minute exactly), ``mode``; sorted; where less than
        half gets there is no row.
    """
    whole = members.groupby("group")["share"].sum()
    each = members.merge(found, on="origin")
    each = each[each["whose"].isna() | (each["whose"] == each["enterprise_id"])]
    each = each.sort_values(["minutes", "mode"]).drop_duplicates(["group", "place", "origin"])
    each = each.sort_values(["group", "place", "minutes", "mode", "origin"], ignore_index=True)
    reached = each.groupby(["group", "place"])["share"].cumsum()
    half = each["group"].map(whole) / 2
    middle = each[reached >= half * (1.0 - SLACK)].drop_duplicates(["group", "place"])
    minutes = np.rint(middle["minutes"] * 10.0) / 10.0
    return middle.assign(minutes=minutes)[["group", "place", "minutes", "mode"]].reset_index(
        drop=True
    )
