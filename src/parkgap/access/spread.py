"""Points that carry weights, gathered in square cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap import geo

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CELL_M = 100.0


@dataclass(frozen=True)
class Spread:
    """Points that carry weights, each within one park."""

    park: Ints
    key: npt.NDArray[np.object_]
    lon: Floats
    lat: Floats
    weight: Floats
    based_on: str


def cells(
    park: Ints,
    key: npt.NDArray[np.object_],
    lon: Floats,
    lat: Floats,
    weight: Floats,
    based_on: str,
    *,
    cell_m: float = CELL_M,
) -> Spread:
    """Gather points in square cells; the heaviest point of a cell stands for it."""
    x, y = geo.mercator(lon, lat)
    # One scale a park, at its southern end, so that its cells are one grid.
    south = pd.Series(lat).groupby(park).transform("min").to_numpy() if len(park) else lat
    size = cell_m / geo.scale(south)
    frame = pd.DataFrame(
        {
            "park": park,
            "ix": np.floor(x / size).astype(np.int64),
            "iy": np.floor(y / size).astype(np.int64),
            "key": key,
            "lon": lon,
            "lat": lat,
            "weight": weight,
        }
    ).sort_values(["park", "ix", "iy", "weight", "key"], ascending=[True, True, True, False, True])
    square = ["park", "ix", "iy"]
    total = frame.groupby(square)["weight"].sum().to_numpy()
    head = frame.drop_duplicates(square)
    return Spread(
        head["park"].to_numpy(),
        head["key"].to_numpy(),
        head["lon"].to_numpy(),
        head["lat"].to_numpy(),
        total,
        based_on,
    )
