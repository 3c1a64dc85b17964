"""Which bus lines stop where: by route relations, and by the office's timetables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from parkgap import geo

Ints = npt.NDArray[np.int64]

_STOP_LINE_M = 60.0  # a stop position lies in the carriageway, its stop beside it


def mapped_lines(
    objects: pd.DataFrame,
    routes: pd.DataFrame,
    sub: pd.DataFrame,
    facility: Ints,
    facilities: pd.DataFrame,
) -> list[list[str]]:
    """Distinct lines at each stop; a line's stop position hands its line to the stop beside it."""
    if routes.empty or facilities.empty:
        return [[] for _ in range(len(facilities))]
    served = routes.dropna(subset=["line"])[["line", "members"]].explode("members").dropna()
    served = served.drop_duplicates()
    direct = pd.DataFrame({"members": sub["osm_id"].to_numpy(), "facility": facility})
    known = served.merge(direct, on="members")[["line", "facility"]]
    stops = facilities["items"].map(lambda i: "bus_stop" in i or "rail_station" in i).to_numpy()
    position = objects[objects["public_transport"] == "stop_position"]
    position = position[~position["osm_id"].isin(sub["osm_id"])]
    if len(position) and stops.any():
        rows = np.flatnonzero(stops)
        fx, fy = geo.mercator(
            facilities["lon"].to_numpy()[rows], facilities["lat"].to_numpy()[rows]
        )
        px, py = geo.mercator(position["lon"].astype(float), position["lat"].astype(float))
        limit = _STOP_LINE_M / float(geo.scale(position["lat"].astype(float)).min())
        # To every stop beside it, not the nearest alone: a new stop takes no line from an old one.
        stop, place = cKDTree(np.column_stack([fx, fy])), cKDTree(np.column_stack([px, py]))
        near = place.sparse_distance_matrix(stop, limit, output_type="coo_matrix")
        beside = pd.DataFrame(
            {"members": position["osm_id"].to_numpy()[near.row], "facility": rows[near.col]}
        )
        known = pd.concat([known, served.merge(beside, on="members")[["line", "facility"]]])
    lines = known.drop_duplicates().sort_values(["facility", "line"])
    by_facility = lines.groupby("facility")["line"].agg(list)
    return [by_facility.get(i, []) for i in range(len(facilities))]
