"""The public edition's sums over parks: none may give back a summand that is withheld."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.ranking import whole
from parkgap.assess.rollup import LEVELS
from parkgap.disclosure import sums_to_withhold
from parkgap.edition_frames import with_frames

if TYPE_CHECKING:
    from parkgap.results import Results

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
#: A sum: which list, its row there, and the rows of the judged that it sums.
_Sum = tuple[str, int, Ints]


def safe_sums(before: Results, after: Results, share: float) -> Results:
    """Empty the sums over parks from which withheld figures could be worked out.

    Parameters
    ----------
    before, after
        Results before and after the figures of parks were withheld.
    share
        p of the p % rule, as a share.

    Returns
    -------
    `after`, with `rollup` and `duties` emptied where :func:`sums_to_withhold` says so.
    """
    full = whole(before.assessment).reset_index(drop=True)
    told = whole(after.assessment).reset_index(drop=True)
    frames = {"rollup": after.rollup.copy(), "beside.duties": after.beside.duties.copy()}
    sums = list(_sums(full, before))
    for path, row, _ in _unsafe(
        full, told, "workers", [s for s in sums if s[0] == "rollup"], share
    ):
        frames[path].loc[row, "workers"] = np.nan
    # The unserved of one item say nothing of another's.
    items = full["item"].to_numpy(dtype=str)
    for item in np.unique(items):
        own = [s for s in sums if len(s[2]) and items[s[2][0]] == item]
        for path, row, _ in _unsafe(full, told, "workers_unserved", own, share):
            frames[path].loc[row, "workers_unserved"] = np.nan
    return with_frames(after, frames)


def _sums(full: pd.DataFrame, results: Results) -> Iterator[_Sum]:
    """List the sums over parks that are published."""
    judged = (full["status"] != "not_applicable") & (full["level"] != "shown")
    parks = results.parks.set_index("park_id")
    at = {
        key: rows.to_numpy()
        for level in LEVELS
        for key, rows in full.index[judged]
        .to_series()
        .groupby(
            [
                pd.Series(level, index=full.index[judged]),
                full.loc[judged, "park_id"].map(parks[level]),
                full.loc[judged, "item"],
            ]
        )
    }
    keys = zip(*(results.rollup[n] for n in ("level", "area", "item")), strict=True)
    for row, key in enumerate(keys):
        yield "rollup", row, np.asarray(at.get(key, []), dtype=np.int64)
    short = full["status"] == "short"
    for row, item in enumerate(results.beside.duties["item"]):
        yield "beside.duties", row, np.flatnonzero((short & (full["item"] == item)).to_numpy())


def _unsafe(
    full: pd.DataFrame, told: pd.DataFrame, name: str, sums: list[_Sum], share: float
) -> list[_Sum]:
    """Choose the sums of one column that must go."""
    values = full[name].to_numpy(dtype=float)
    hidden = np.isfinite(values) & told[name].isna().to_numpy()
    if not hidden.any() or not sums:
        return []
    upper = np.full(len(values), np.inf)
    if name == "workers":
        # A park's headcount is one figure, whichever item's sum it stands in.
        key = pd.MultiIndex.from_arrays([full["park_id"], np.round(values, 6)])
        cell, first = pd.factorize(key)[0], np.unique(pd.factorize(key)[0], return_index=True)[1]
    else:
        cell = first = np.arange(len(values))
        most = told["workers"].to_numpy(dtype=float)
        upper = np.where(np.isfinite(most), np.fmax(most, values), np.inf)
    seen: dict[bytes, int] = {}
    rows: list[Ints] = []
    place = []
    for _, _, members in sums:
        own = np.unique(cell[members[np.isfinite(values[members])]])
        if own.tobytes() not in seen:
            seen[own.tobytes()] = len(rows)
            rows.append(own)
        place.append(seen[own.tobytes()])
    gone = sums_to_withhold(np.nan_to_num(values[first]), upper[first], hidden[first], rows, share)
    return [one for one, at in zip(sums, place, strict=True) if gone[at]]
