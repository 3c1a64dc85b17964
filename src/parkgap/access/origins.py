"""Where workers start to walk: workplaces inside parks, and homes.

Workers of a park are split over its enterprises by their headcount; workers that no enterprise
with a known place accounts for are split over the park's buildings by floor area, in cells
of 100 m; where no building is mapped, over its inner streets by length; where there is
nothing, they start at one point inside.  See docs/method.md, "Who starts where".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap import geo
from parkgap.access.homes import make_homes
from parkgap.access.spread import Spread, cells
from parkgap.access.streets import Streets
from parkgap.frames import ORIGINS

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_NOTHING = 1e-9  # a share smaller than this is rounding
# Buildings nobody goes to work in, or that are no buildings to work in.
_NOT_WORK = frozenset(
    "house residential apartments detached terrace semidetached_house bungalow dormitory garage "
    "garages carport shed hut roof ruins construction static_caravan houseboat greenhouse "
    "farm_auxiliary church chapel mosque temple toilets transformer_tower".split()
)


def make_origins(
    parks: pd.DataFrame,
    enterprises: pd.DataFrame,
    residences: pd.DataFrame,
    buildings: pd.DataFrame,
    streets: Streets,
    people: pd.DataFrame | None = None,
    *,
    owner: Ints | None = None,
) -> pd.DataFrame:
    """Make the origins of all parks' workers.

    Parameters
    ----------
    parks, enterprises, residences
        Frames of the schemas of these names.
    buildings
        ``osm_id, kind, levels, geometry`` of the extract.
    streets
        The network, cut at the parks' edges.
    people
        Who lives in the areas of :func:`parkgap.access.homes.home_areas`: ``area, key, lon, lat,
        persons``; None: nobody has counted.
    owner
        Which of its owners each park is, shape (parks,); None: the first ones, in their order.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.ORIGINS`; shares of a park's work origins sum to 1, and so do
        those of its home origins.
    """
    spread = _choose(
        parks,
        [
            _buildings(parks, buildings),
            _streets(np.arange(len(parks)) if owner is None else owner, streets),
            _points(parks),
        ],
    )
    work = _with_enterprises(parks, enterprises, spread)
    homes = make_homes(parks, residences, buildings, people)
    frame = pd.concat([work, homes], ignore_index=True)
    frame["reached"] = True
    frame = frame.sort_values(list(ORIGINS.sort), ignore_index=True)
    return ORIGINS.check(frame[ORIGINS.names])


def _choose(parks: pd.DataFrame, options: list[Spread]) -> pd.DataFrame:
    """Take for each park the first option that has any point in it."""
    frames = []
    without = np.ones(len(parks), dtype=bool)
    for option in options:
        use = without[option.park]
        frames.append(
            pd.DataFrame(
                {
                    "park": option.park[use],
                    "key": option.key[use],
                    "lon": option.lon[use],
                    "lat": option.lat[use],
                    "weight": option.weight[use],
                    "based_on": option.based_on,
                }
            )
        )
        without[option.park] = False
    spread = pd.concat(frames, ignore_index=True)
    spread["share"] = spread["weight"] / spread.groupby("park")["weight"].transform("sum")
    return spread


def _buildings(parks: pd.DataFrame, buildings: pd.DataFrame) -> Spread:
    usable = buildings[~buildings["kind"].isin(_NOT_WORK)]
    geometry = usable["geometry"].to_numpy()
    inside = shapely.point_on_surface(geometry)
    park, row = shapely.STRtree(inside).query(parks["geometry"].to_numpy(), predicate="contains")
    park, row = _first_park(park, row)
    levels = pd.to_numeric(usable["levels"], errors="coerce").fillna(1.0).clip(1, 60).to_numpy()
    floor = geo.hectares(geometry[row]) * 1e4 * levels[row]
    keep = floor > 0
    point = inside[row]
    return cells(
        park[keep],
        usable["osm_id"].to_numpy()[row][keep],
        shapely.get_x(point)[keep],
        shapely.get_y(point)[keep],
        floor[keep],
        "building",
    )


def _first_park(park: Ints, row: Ints) -> tuple[Ints, Ints]:
    """Where parks overlap, the first one has the building."""
    order = np.lexsort((park, row))
    park, row = park[order], row[order]
    first = np.r_[True, row[1:] != row[:-1]] if len(row) else np.empty(0, bool)
    return park[first], row[first]


def _streets(owner: Ints, streets: Streets) -> Spread:
    row = np.full(
        max(streets.inside["owner"].max(), owner.max()) + 1 if len(streets.inside) else 1, -1
    )
    row[owner[owner < len(row)]] = np.flatnonzero(owner < len(row))
    own = streets.inside[row[streets.inside["owner"].to_numpy()] >= 0]
    piece, park = own["piece"].to_numpy(), row[own["owner"].to_numpy()]
    pieces, nodes = streets.pieces, streets.nodes
    a, b = pieces["a"].to_numpy()[piece], pieces["b"].to_numpy()[piece]
    lon, lat = nodes["lon"].to_numpy(), nodes["lat"].to_numpy()
    key = np.array([f"way/{w}" for w in pieces["way_id"].to_numpy()[piece]], dtype=object)
    metres = pieces["metres"].to_numpy()[piece]
    return cells(park, key, (lon[a] + lon[b]) / 2, (lat[a] + lat[b]) / 2, metres, "street")


def _points(parks: pd.DataFrame) -> Spread:
    point = shapely.point_on_surface(parks["geometry"].to_numpy())
    return Spread(
        np.arange(len(parks)),
        np.full(len(parks), "inside", dtype=object),
        shapely.get_x(point),
        shapely.get_y(point),
        np.ones(len(parks)),
        "polygon",
    )


def _with_enterprises(
    parks: pd.DataFrame, enterprises: pd.DataFrame, spread: pd.DataFrame
) -> pd.DataFrame:
    """Put enterprises at their place; the workers left over stay on the spread points."""
    park_row = pd.Series(np.arange(len(parks)), index=parks["park_id"])
    firms = enterprises[enterprises["park_id"].isin(park_row.index)]
    firms = firms.assign(park=park_row.reindex(firms["park_id"]).to_numpy())
    declared = firms.groupby("park")["workers"].sum().reindex(np.arange(len(parks))).fillna(0.0)
    head = parks["workers"].to_numpy(dtype=float)
    total = np.fmax(np.nan_to_num(head), declared.to_numpy())
    placed = firms[firms["lon"].notna() & firms["lat"].notna() & (firms["workers"] > 0)]
    share = placed["workers"].to_numpy() / total[placed["park"].to_numpy(dtype=int)]
    ids = parks["park_id"].to_numpy()
    at = pd.DataFrame(
        {
            "origin_id": placed["park_id"] + ":" + placed["enterprise_id"],
            "park_id": placed["park_id"],
            "enterprise_id": placed["enterprise_id"],
            "based_on": "enterprise",
            "share": share,
            "lon": placed["lon"].astype(float),
            "lat": placed["lat"].astype(float),
        }
    )
    used = pd.Series(share).groupby(placed["park"].to_numpy()).sum()
    left = 1.0 - used.reindex(np.arange(len(parks))).fillna(0.0).to_numpy()
    rest = spread[left[spread["park"].to_numpy()] > _NOTHING]
    park = rest["park"].to_numpy()
    others = pd.DataFrame(
        {
            "origin_id": ids[park] + ":" + rest["key"].astype(object),
            "park_id": ids[park],
            "enterprise_id": None,
            "based_on": rest["based_on"],
            "share": rest["share"] * left[park],
            "lon": rest["lon"],
            "lat": rest["lat"],
        }
    )
    both = pd.concat([at, others], ignore_index=True) if len(at) else others
    both["kind"] = "work"
    both["origin_id"] = _distinct(both)
    return both


def _distinct(frame: pd.DataFrame) -> pd.Series:
    """One way may stand for several cells of a park: number them."""
    again = frame.groupby(["park_id", "origin_id"]).cumcount()
    return frame["origin_id"].where(again == 0, frame["origin_id"] + "/" + again.astype(str))
