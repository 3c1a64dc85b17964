"""Parks from OpenStreetMap, where the office has no table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from parkgap import geo
from parkgap.frames import PARKS

if TYPE_CHECKING:
    import pandas as pd

MERGE_M = 50.0  # areas of one name closer than this are one park, parted by a street


def parks_from_ground(
    ground: pd.DataFrame, landuse: tuple[str, ...], min_area_ha: float, *, named_only: bool = False
) -> pd.DataFrame:
    """Make parks of land-use areas.

    Parameters
    ----------
    ground
        ``osm_id, key, value, name, geometry`` of an extract.
    landuse
        Values of ``landuse`` to take.
    min_area_ha
        Smaller ones (after areas of one name have been joined) are no parks.
    named_only
        Leave out areas without a name.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.PARKS`, headcounts unknown; ids are OSM ids with ``-`` for ``/``.
    """
    geometry = ground["geometry"].to_numpy()
    use = (ground["key"] == "landuse") & ground["value"].isin(landuse)
    use &= geo.is_area(geometry)
    if named_only:
        use &= ground["name"].notna()
    areas = ground[use].drop_duplicates("osm_id")
    if areas.empty:
        return PARKS.frame()
    shape = areas["geometry"].to_numpy()
    planar = geo.project(shape)
    bounds = shapely.bounds(shape)
    k = geo.scale((bounds[:, 1] + bounds[:, 3]) / 2)
    name = areas["name"].fillna("").to_numpy(dtype=str)
    i, j = shapely.STRtree(planar).query(planar, predicate="dwithin", distance=MERGE_M / k)
    same = (name[i] == name[j]) & (name[i] != "")
    graph = coo_array(
        (np.ones(same.sum(), dtype=np.int8), (i[same], j[same])), shape=(len(areas),) * 2
    )
    _, group = connected_components(graph, directed=False)
    part = areas["osm_id"].str.partition("/")
    order = np.lexsort(
        (part[2].astype("int64").to_numpy(), part[0].to_numpy(dtype=str) != "way", group)
    )
    first = order[np.r_[True, np.diff(group[order]) > 0]]
    joined = [shapely.union_all(shape[group == group[f]]) for f in first]
    osm_id = areas["osm_id"].to_numpy()[first]
    frame = PARKS.frame(
        {
            "park_id": [i.replace("/", "-") for i in osm_id],
            "name": [n or i for n, i in zip(name[first], osm_id, strict=True)],
            "workers": np.full(len(first), np.nan),
            "source": [f"OSM {i}" for i in osm_id],
            "geometry": joined,
        }
        | {
            c: [None] * len(first)
            for c in ("zone", "district", "subdistrict", "headcount_basis", "headcount_date")
        }
    )
    frame = frame[geo.hectares(frame["geometry"].to_numpy()) >= min_area_ha]
    return PARKS.check(frame.sort_values("park_id", ignore_index=True))
