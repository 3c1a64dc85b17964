"""Where workers live: residences as the office has them, spread over districts, or estimated.

A residence given as a whole street or village says in which part of town people live, not where:
its workers are spread over the people that a population raster has there, else over the homes
mapped there.  For a park of which no residence is known, homes are estimated from the
people around it.  See docs/method.md, "Who starts where".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap import geo
from parkgap.access.spread import Spread, cells

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

HOME_CELL_M = 250.0
ESTATE_HA = 50.0
AROUND_M = 3000.0  # from a park: where its workers are taken to live if nobody knows
ESTIMATED = "estimated"  # of homes: what they are based on
_HOMES = frozenset(
    "house residential apartments detached terrace semidetached_house bungalow dormitory".split()
)


def is_district(residences: pd.DataFrame) -> Bools:
    """Tell residences that are whole streets or villages from dormitories and estates.

    An area larger than `ESTATE_HA` says in which part of town people live, not where: its workers
    are spread over the homes mapped in it.
    """
    shape = residences["geometry"].to_numpy()
    large = np.zeros(len(shape), dtype=bool)
    area = geo.is_area(shape)
    large[area] = geo.hectares(shape[area]) > ESTATE_HA
    return large


def home_areas(parks: pd.DataFrame, residences: pd.DataFrame) -> pd.DataFrame:
    """Say of which areas it must be known how many people live where in them.

    Returns
    -------
    DataFrame
        ``kind, id, geometry`` (WGS-84): residences that are districts, then the surroundings of
        the parks that have no residence, up to `AROUND_M` from their outline.
    """
    homes = residences[residences["workers"] > 0].drop_duplicates(["residence_id", "park_id"])
    districts = homes[is_district(homes)].drop_duplicates("residence_id")
    alone = parks[~parks["park_id"].isin(homes["park_id"])]
    shape = alone["geometry"].to_numpy()
    planar = geo.project(shape)
    bounds = shapely.bounds(shape).reshape(-1, 4)
    wide = AROUND_M / geo.scale((bounds[:, 1] + bounds[:, 3]) / 2)
    return pd.DataFrame(
        {
            "kind": ["home"] * len(districts) + ["park"] * len(alone),
            "id": [*districts["residence_id"], *alone["park_id"]],
            "geometry": np.concatenate(
                [
                    districts["geometry"].to_numpy(dtype=object),
                    geo.unproject(shapely.buffer(planar, wide, quad_segs=16)),
                ]
            ),
        }
    )


def make_homes(
    parks: pd.DataFrame,
    residences: pd.DataFrame,
    buildings: pd.DataFrame,
    people: pd.DataFrame | None,
) -> pd.DataFrame:
    """Make the home origins (columns of :data:`parkgap.frames.ORIGINS`) of all parks.

    Parameters
    ----------
    parks, residences
        Frames of the schemas of these names.
    buildings
        ``osm_id, kind, levels, geometry`` of the extract.
    people
        ``area, key, lon, lat, persons``; `area` is a row of :func:`home_areas`.
    """
    homes = residences[residences["workers"] > 0].reset_index(drop=True)
    point = shapely.point_on_surface(homes["geometry"].to_numpy())
    total = homes.groupby("park_id")["workers"].transform("sum")
    frame = pd.DataFrame(
        {
            "origin_id": homes["residence_id"].to_numpy(),
            "park_id": homes["park_id"].to_numpy(),
            "enterprise_id": None,
            "based_on": homes["kind"].to_numpy(),
            "share": (homes["workers"] / total).to_numpy(dtype=float),
            "lon": shapely.get_x(point),
            "lat": shapely.get_y(point),
            "kind": "home",
        }
    )
    large = np.flatnonzero(is_district(homes))
    counted = _counted(home_areas(parks, residences), people)
    spread = _over_people(homes["residence_id"].to_numpy()[large], counted["home"])
    left = np.setdiff1d(np.arange(len(large)), spread.park)
    mapped = _over_homes(homes["geometry"].to_numpy()[large[left]], buildings)
    parts = [frame]
    for part, row in ((spread, large[spread.park]), (mapped, large[left[mapped.park]])):
        if len(row):
            parts[0] = parts[0][~parts[0].index.isin(row)]
            parts.append(_parted(frame, part, row))
    parts.append(_estimated(parks, counted["park"]))
    used = [p for p in parts if len(p)]
    return pd.concat(used, ignore_index=True) if used else frame


def _parted(frame: pd.DataFrame, spread: Spread, row: Ints) -> pd.DataFrame:
    """Share homes out over the points that stand for them; `row` is the home of each point."""
    parts = frame.loc[row].reset_index(drop=True)
    weight = pd.Series(spread.weight)
    parts["share"] *= weight / weight.groupby(row).transform("sum")
    parts["origin_id"] = parts["origin_id"] + ":" + spread.key
    parts["lon"], parts["lat"] = spread.lon, spread.lat
    return parts


def _counted(areas: pd.DataFrame, people: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    """People by kind of area, with its id."""
    if people is None:
        people = pd.DataFrame({c: [] for c in ("area", "key", "lon", "lat", "persons")})
    row = people["area"].to_numpy(dtype=np.int64)
    named = people.assign(
        kind=areas["kind"].to_numpy(dtype=object)[row], id=areas["id"].to_numpy(dtype=object)[row]
    )
    return {kind: named[named["kind"] == kind] for kind in ("home", "park")}


def _over_people(ids: Objects, people: pd.DataFrame) -> Spread:
    """Spread each area (by its id; one may stand for several homes) over the people in it."""
    rows = pd.DataFrame({"row": np.arange(len(ids)), "id": ids})
    met = rows.merge(people, on="id", how="inner")
    return cells(
        met["row"].to_numpy(dtype=np.int64),
        met["key"].to_numpy(dtype=object),
        met["lon"].to_numpy(dtype=float),
        met["lat"].to_numpy(dtype=float),
        met["persons"].to_numpy(dtype=float),
        "other",
        cell_m=HOME_CELL_M,
    )


def _estimated(parks: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Homes of the parks that have none, in proportion to who lives around them."""
    ids = parks["park_id"].to_numpy(dtype=object)
    spread = _over_people(ids, people)
    weight = pd.Series(spread.weight)
    return pd.DataFrame(
        {
            "origin_id": ids[spread.park] + ":" + spread.key,
            "park_id": ids[spread.park],
            "enterprise_id": None,
            "based_on": ESTIMATED,
            "share": (weight / weight.groupby(spread.park).transform("sum")).to_numpy(dtype=float),
            "lon": spread.lon,
            "lat": spread.lat,
            "kind": "home",
        }
    )


def _over_homes(areas: Objects, buildings: pd.DataFrame) -> Spread:
    """Spread each area over the residential buildings in it, by floor area (dasymetric)."""
    usable = buildings[buildings["kind"].isin(_HOMES)]
    inside = shapely.point_on_surface(usable["geometry"].to_numpy())
    area, row = shapely.STRtree(inside).query(areas, predicate="contains")
    levels = pd.to_numeric(usable["levels"], errors="coerce").fillna(1.0).clip(1, 60).to_numpy()
    floor = geo.hectares(usable["geometry"].to_numpy()[row]) * levels[row]
    keys = usable["osm_id"].to_numpy()[row]
    lon, lat = shapely.get_x(inside[row]), shapely.get_y(inside[row])
    return cells(area, keys, lon, lat, floor, "other", cell_m=HOME_CELL_M)
