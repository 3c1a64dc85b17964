"""Where a park's workers live, told by squares so wide that nobody is found; see docs/method.md.

The grid is one of degrees, the same for every park and every run.  Whether a square is told by
its quarters follows from what is told of the quarters themselves, so that the choice of the size
says nothing that the squares do not say.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.groups import ESTIMATED
from parkgap.frames import HOME_CELLS

Ints = npt.NDArray[np.int64]

FINEST_DEG = 0.01  # about 1 km
LEVELS = 4  # squares of 0.01, 0.02, 0.04 and 0.08 degrees
#: Lower bounds of the classes, in multiples of the fewest workers that may be told.
CLASSES = (1, 5, 20, 100)
_SPLIT = CLASSES[1]  # a square is told by its quarters where one of them holds so many
_MICRO = 1_000_000  # workers are counted in millionths: sums have no order then


def home_cells(origins: pd.DataFrame, residents: pd.Series, min_workers: int) -> pd.DataFrame:
    """Find the squares that may be told of every park.

    Parameters
    ----------
    origins
        Frame of :data:`parkgap.frames.ORIGINS`; homes that are merely estimated are left out.
    residents
        Workers with a known residence, by park id.
    min_workers
        No square of fewer is told.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.HOME_CELLS`.  The squares of one park never overlap.
    """
    homes = origins[(origins["kind"] == "home") & (origins["based_on"] != ESTIMATED)]
    workers = homes["share"].to_numpy(dtype=float) * residents.reindex(homes["park_id"]).to_numpy(
        dtype=float
    )
    known = np.isfinite(workers) & homes[["lon", "lat"]].notna().all(axis=1).to_numpy()
    homes, workers = homes[known], workers[known]
    park, ids = pd.factorize(homes["park_id"], sort=True)
    cells = pd.DataFrame(
        {
            "park": park,
            "x": _steps(homes["lon"]),
            "y": _steps(homes["lat"]),
            "micro": np.rint(workers * _MICRO).astype(np.int64),
        }
    )
    told = _told(_sums(cells, ["park", "x", "y"]), min_workers)
    size = FINEST_DEG * (1 << told["level"].to_numpy())
    bounds = np.array([*(c * min_workers for c in CLASSES), np.inf])
    of = np.searchsorted(bounds, _people(told["micro"]), side="right") - 1
    below = bounds[of + 1]
    frame = HOME_CELLS.frame(
        {
            "park_id": np.asarray(ids, dtype=object)[told["park"].to_numpy()],
            "west": (told["x"].to_numpy() * size).round(2),
            "south": (told["y"].to_numpy() * size).round(2),
            "size": size.round(2),
            "least": bounds[of],
            "below": np.where(np.isfinite(below), below, np.nan),
        }
    )
    return HOME_CELLS.check(frame.sort_values(list(HOME_CELLS.sort), ignore_index=True))


def _steps(degrees: pd.Series) -> Ints:
    """Number of the finest square that a coordinate lies in, from the origin of degrees."""
    fine = np.rint(degrees.to_numpy(dtype=float) * 1e7).astype(np.int64)
    return np.asarray(fine // round(FINEST_DEG * 1e7), dtype=np.int64)


def _people(micro: pd.Series) -> npt.NDArray[np.float64]:
    """Workers, without the last digits that shares leave."""
    return np.asarray((micro.to_numpy() / _MICRO).round(3), dtype=float)


def _sums(cells: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return cells.groupby(keys, as_index=False, sort=True).agg({"micro": "sum"})


def _told(finest: pd.DataFrame, min_workers: int) -> pd.DataFrame:
    """Choose the squares that are told: ``park, x, y, micro, level``, numbered at their level.

    From the widest down: a square is told by its quarters where one of them holds `_SPLIT` times
    the fewest that may be told, else whole.  Whatever holds too few is not told.
    """
    levels = [finest]
    for _ in range(LEVELS - 1):
        wider = levels[-1].assign(x=levels[-1]["x"] // 2, y=levels[-1]["y"] // 2)
        levels.append(_sums(wider, ["park", "x", "y"]))
    out = []
    left = levels[-1]
    for level in range(LEVELS - 1, -1, -1):
        left = left[_people(left["micro"]) >= min_workers]
        if level == 0:
            out.append(left.assign(level=level))
            break
        parts = levels[level - 1]
        parts = parts.assign(px=parts["x"] // 2, py=parts["y"] // 2)
        great = parts[_people(parts["micro"]) >= _SPLIT * min_workers]
        by_parts = _keys(left, "x", "y").isin(_keys(great, "px", "py"))
        out.append(left[~by_parts].assign(level=level))
        inside = _keys(parts, "px", "py").isin(_keys(left[by_parts], "x", "y"))
        left = parts[inside].drop(columns=["px", "py"])
    return pd.concat(out, ignore_index=True)


def _keys(cells: pd.DataFrame, x: str, y: str) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(cells[["park", x, y]])
