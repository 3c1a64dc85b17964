"""Which bus lines stop where: by route relations, and by the office's timetables."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from parkgap import geo
from parkgap.access.facilities import fold_text

Ints = npt.NDArray[np.int64]

_FROM = re.compile(r"^(公交|公共汽车|bus)(?=.)")
_WAY = re.compile(r"\([^)]*(上行|下行|方向|往|->|→)[^)]*\)|:.*$")
_KIND = re.compile(r"路?(公交车?|公交线路|公共汽车|车)?$")
_STOP_LINE_M = 60.0  # a stop position lies in the carriageway, its stop beside it


def line_key(name: str) -> str:
    """Bring a bus line's name to the form by which it is one line, however it is written.

    >>> line_key("示1路"), line_key("示1"), line_key("公交 示１路（上行）"), line_key("1号线")
    ('示1', '示1', '示1', '1号线')
    """
    text = _WAY.sub("", re.sub(r"\s+", "", fold_text(name)).casefold())
    return _KIND.sub("", _FROM.sub("", text)) or text


def distinct_lines(names: Iterable[str]) -> list[str]:
    """Name every line once, as the first that names it, in order of their names."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(line_key(name), name)
    return sorted(found.values())


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
        k = geo.scale(position["lat"].astype(float))
        limit = _STOP_LINE_M / float(k.min())  # wide enough for all of them
        # To every stop beside it, not the nearest alone: a new stop takes no line from an old one.
        stop, place = cKDTree(np.column_stack([fx, fy])), cKDTree(np.column_stack([px, py]))
        near = place.sparse_distance_matrix(stop, limit, output_type="coo_matrix")
        within = near.data * k[near.row] <= _STOP_LINE_M
        row, col = near.row[within], near.col[within]
        beside = pd.DataFrame(
            {"members": position["osm_id"].to_numpy()[row], "facility": rows[col]}
        )
        known = pd.concat([known, served.merge(beside, on="members")[["line", "facility"]]])
    lines = known.drop_duplicates().sort_values(["facility", "line"])
    by_facility = lines.groupby("facility")["line"].agg(list)
    return [distinct_lines(by_facility.get(i, [])) for i in range(len(facilities))]
