"""Functional clusters: points round which most functions of a neighbourhood centre lie.

A cluster (功能集聚点) is a point with at least `min_types` of the functions within `cluster_radius`
metres, straight; docs/method.md, "Functional clusters", says which points are looked at and why
none is missed.  It is called 产业邻里中心 only where an official list says so.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap import geo
from parkgap.assess.discs import Places, best_between
from parkgap.assess.groups import REASONS, SLACK, Ground
from parkgap.frames import CLUSTERS

if TYPE_CHECKING:
    from parkgap.standard import NeighbourhoodCentre, Standard

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

REACH_MIN = 15.0  # minutes on foot from a workplace: the circle that the study asks about
_RADIUS_M, _LEAST = 250.0, 8.0  # where a standard's figures do not say


@dataclass(frozen=True)
class _Every:
    """All places with functions: where they are, and what they show, shape (places, functions)."""

    lon: Floats
    lat: Floats
    kinds: Bools
    radius: float


@dataclass(frozen=True)
class _Walks:
    """Least walk from any workplace of a park to each place, sorted by park and place.

    `place` is the row among the places with functions; `sure` where it is within the limit
    whichever gate is open.
    """

    park: Ints
    place: Ints
    metres: Floats
    minutes: Floats
    sure: Bools


def find_clusters(ground: Ground, standard: Standard, centres: pd.DataFrame) -> pd.DataFrame:
    """Find the best cluster in reach of each park.

    Parameters
    ----------
    ground
        What the judgement stands on; only places open to the public are looked at.
    standard
        Its ``neighbourhood_centre`` names the functions, and the items that show them.
    centres
        ``name, lon, lat`` (WGS-84; NaN: not known) of what an official list calls a
        neighbourhood centre.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.CLUSTERS`, a row a park in the order of ``ground.parks``; empty
        where the standard knows no neighbourhood centre.
    """
    centre = standard.neighbourhood_centre
    if centre is None or not centre.functions:
        return CLUSTERS.frame()
    serves = _serves(ground, standard, centre)
    rows = np.flatnonzero(serves.any(axis=1))
    frame = ground.facilities.iloc[rows]
    lon, lat = (frame[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    every = _Every(lon, lat, serves[rows], _figure(centre, "cluster_radius"))
    walks = _walks(ground, rows)
    cuts = np.searchsorted(walks.park, np.arange(len(ground.parks) + 1))
    unknown, reasons = _unknown(ground, standard, centre, serves)
    least = int(_figure(centre, "min_types"))
    found = [
        _park(every, _taken(walks, slice(a, b)), int(unknown[p].sum()), least)
        for p, (a, b) in enumerate(pairwise(cuts.tolist()))
    ]
    ids = frame["facility_id"].to_numpy(), frame["name"].to_numpy()
    records = [
        _record(best, list(centre.functions), least, unknown[p], reasons[p], ids)
        for p, best in enumerate(found)
    ]
    made = pd.DataFrame.from_records(records)
    made["park_id"] = ground.parks["park_id"].to_numpy()
    made["park_name"] = ground.parks["name"].to_numpy()
    made["official_name"] = _official(made, centres, every.radius)
    typed = made[CLUSTERS.names].astype(CLUSTERS.frame().dtypes.to_dict())
    return CLUSTERS.check(typed)


def _figure(centre: NeighbourhoodCentre, name: str) -> float:
    figure = centre.figures.get(name)
    known = figure.v if figure is not None and isinstance(figure.v, float) else None
    return known if known is not None else {"cluster_radius": _RADIUS_M, "min_types": _LEAST}[name]


def _serves(ground: Ground, standard: Standard, centre: NeighbourhoodCentre) -> Bools:
    """Which places show which functions, shape (facilities, functions)."""
    index = {item.id: i for i, item in enumerate(standard.items)}
    columns = [None if item is None else index[item] for item in centre.functions.values()]
    none = np.zeros(len(ground.facilities), dtype=bool)
    shown = [none if c is None else ground.member[:, c] for c in columns]
    public = (ground.facilities["access"] == "public").to_numpy(dtype=bool)
    return np.asarray(np.column_stack(shown) & public[:, None], dtype=bool)


def _walks(ground: Ground, rows: Ints) -> _Walks:
    """Least walks from workplaces within the limit to the places in `rows`."""
    origin, target = (ground.reach[c].to_numpy() for c in ("origin", "target"))
    at_work = (ground.origins["kind"] == "work").to_numpy(dtype=bool)
    place = np.full(len(ground.facilities) + 1, -1)
    place[rows] = np.arange(len(rows))
    here = place[np.minimum(target, len(ground.facilities))]
    near = ground.reach["minutes"].to_numpy() <= REACH_MIN + SLACK
    use = at_work[origin] & (here >= 0) & near
    park = pd.Index(ground.parks["park_id"]).get_indexer(ground.origins["park_id"])
    frame = pd.DataFrame({"park": park[origin[use]], "place": here[use]})
    for name in ("metres", "minutes", "minutes_worst"):
        frame[name] = ground.reach[name].to_numpy()[use]
    least = frame.groupby(["park", "place"], as_index=False).min()
    return _Walks(
        park=least["park"].to_numpy(),
        place=least["place"].to_numpy(),
        metres=least["metres"].to_numpy(),
        minutes=least["minutes"].to_numpy(),
        sure=(least["minutes_worst"] <= REACH_MIN + SLACK).to_numpy(dtype=bool),
    )


# --- the best point of a park --------------------------------------------------------------------


@dataclass(frozen=True)
class _Best:
    """The best point in reach of a park: the place nearest to it, and what is there.

    `place` is a row of the places with functions; `gate` where it hangs on which gate is open.
    """

    status: str
    gate: bool = False
    place: int = -1
    x: float = np.nan
    y: float = np.nan
    shows: Bools | None = None
    metres: float = np.nan
    minutes: float = np.nan


def _park(every: _Every, walks: _Walks, unknown: int, least: int) -> _Best:
    """Find the best point in reach; say whether there is a cluster, none, or nobody knows."""
    if not len(walks.place):
        return _Best("unverified" if unknown >= least else "none")
    best = _point(every, walks, unknown, least)
    enough = int(best.shows.sum()) >= least if best.shows is not None else False
    if not walks.sure.all() and enough:
        # Some walks hang on which gate is open: is there a cluster without them?
        certain = _taken(walks, np.flatnonzero(walks.sure))
        again = _point(every, certain, unknown, least) if len(certain.place) else None
        if again is None or again.shows is None or int(again.shows.sum()) < least:
            return replace(best, status="unverified", gate=True)
        best = again
    if enough:
        return replace(best, status="found")
    most = 0 if best.shows is None else int(best.shows.sum())
    return replace(best, status="unverified" if most + unknown >= least else "none")


def _point(every: _Every, walks: _Walks, unknown: int, least: int) -> _Best:
    """Find the point round which most functions lie, of the places that are walked to."""
    rows = walks.place
    places = Places.of(every.lon[rows], every.lat[rows], every.kinds[rows], every.radius)
    x, y, shows = places.x, places.y, places.within()
    near: Ints = np.arange(len(rows))
    most, bound = int(shows.sum(axis=1).max()), int(places.bound().max())
    if most < least and (bound >= least or most + unknown < least <= bound + unknown):
        # Whether there is a cluster may hang on a point between the places.
        between = best_between(places, most)
        if between is not None:
            x, y, shows = between
            near = np.asarray(places.tree.query(np.column_stack([x, y]))[1], dtype=np.int64)
    order = np.lexsort((rows[near], walks.minutes[near], -shows.sum(axis=1)))
    at = int(order[0])
    place = int(near[at])
    return _Best(
        status="",
        place=int(rows[place]),
        x=float(x[at]),
        y=float(y[at]),
        shows=shows[at],
        metres=float(walks.metres[place]),
        minutes=float(walks.minutes[place]),
    )


def _taken(walks: _Walks, rows: Ints | slice) -> _Walks:
    names = (f.name for f in fields(_Walks))
    return _Walks(**{n: getattr(walks, n)[rows] for n in names})


# --- what is not known -----------------------------------------------------------------------


def _unknown(
    ground: Ground, standard: Standard, centre: NeighbourhoodCentre, serves: Bools
) -> tuple[Bools, list[list[str]]]:
    """Functions of which a park cannot be said to lack any, shape (parks, functions); and why."""
    g = ground
    size = (len(g.parks), len(centre.functions))
    index = {item.id: i for i, item in enumerate(standard.items)}
    items = [None if i is None else standard.item(i) for i in centre.functions.values()]
    proven = np.zeros(size, dtype=bool)
    if g.proven is not None:
        for f, item in enumerate(items):
            proven[:, f] = item is not None and g.proven[:, index[item.id]]
    park = pd.Index(g.parks["park_id"]).get_indexer(g.origins["park_id"])
    work = (g.origins["kind"] == "work").to_numpy(dtype=bool)
    flags = g.completeness[g.completeness["kind"] == "work"].set_index("park_id")[["thin", "cut"]]
    thin, cut = flags.reindex(g.parks["park_id"]).fillna(value=True).to_numpy(dtype=bool).T
    limit_m = REACH_MIN * standard.walk_speed.v * g.stretch + _figure(centre, "cluster_radius")
    clipped, lost = cut.copy(), np.zeros(size[0], dtype=bool)
    clipped[park[work & (g.edge_m < limit_m)]] = True
    lost[park[work & ~g.origins["reached"].to_numpy(dtype=bool)]] = True
    why = {
        "no_street": np.tile(lost[:, None], size[1]),
        "island": _islands(g, serves, park, limit_m, size[0]),
        "edge": np.tile(clipped[:, None], size[1]),
        "needs_list": np.array([bool(i and i.needs_list) for i in items])[None, :] & ~proven,
        "thin_data": np.tile(thin[:, None], size[1]) & ~proven,
    }
    unknown = np.zeros(size, dtype=bool)
    unknown[:, [i is None for i in items]] = True
    for reason in why.values():
        unknown |= reason
    named = [[r for r in REASONS if r in why and why[r][p].any()] for p in range(size[0])]
    return unknown, named


def _islands(g: Ground, serves: Bools, park: Ints, limit_m: float, size: int) -> Bools:
    """Functions of places near a park that the mapped streets do not lead to."""
    near = g.beside["metres"].to_numpy() <= limit_m
    out = np.zeros((size, serves.shape[1]), dtype=bool)
    at = park[g.beside["origin"].to_numpy()[near]]
    np.logical_or.at(out, at, serves[g.beside["facility"].to_numpy()[near]])
    return out


# --- rows ------------------------------------------------------------------------------------


def _record(
    best: _Best,
    functions: list[str],
    least: int,
    unknown: Bools,
    reasons: list[str],
    ids: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]],
) -> dict[str, object]:
    shows = np.zeros(len(functions), dtype=bool) if best.shows is None else best.shows
    there = best.place >= 0
    lon, lat = geo.degrees(np.array([best.x]), np.array([best.y]))
    why = [r for r in REASONS if r in reasons or (r == "gate" and best.gate)]

    def listed(which: Bools) -> str:
        return "; ".join(f for f, use in zip(functions, which, strict=True) if use)

    return {
        "status": best.status,
        "reason_unverified": "+".join(why) or None if best.status == "unverified" else None,
        "functions": int(shows.sum()),
        "functions_all": len(functions),
        "functions_least": least,
        "functions_found": listed(shows),
        "functions_missing": listed(~shows & ~unknown),
        "functions_unverified": listed(~shows & unknown),
        "place_id": ids[0][best.place] if there else None,
        "place_name": ids[1][best.place] if there else None,
        "lon": float(lon[0]) if there else np.nan,
        "lat": float(lat[0]) if there else np.nan,
        "metres": best.metres,
        "minutes": best.minutes,
    }


def _official(made: pd.DataFrame, centres: pd.DataFrame, radius: float) -> list[str | None]:
    """Name of the listed centre nearest to each cluster, within its radius; None: no such name."""
    placed = centres[centres["lon"].notna() & centres["lat"].notna()]
    names = placed["name"].to_numpy()
    lon, lat = (placed[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    out: list[str | None] = [None] * len(made)
    at_lon, at_lat = (made[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    for row in np.flatnonzero((made["status"] == "found").to_numpy() & (len(placed) > 0)):
        here = [np.full(len(placed), v[row]) for v in (at_lon, at_lat)]
        far = geo.lengths(here[0], here[1], lon, lat)
        if far.min() <= radius + SLACK:
            out[int(row)] = str(names[int(far.argmin())])
    return out
