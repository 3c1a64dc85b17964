"""The public edition's sums over parks: none may give back a summand that is withheld."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
    cells = _Cells.of_rows(full, told)
    if not cells.hidden.any():
        return after
    frames = {"rollup": after.rollup.copy(), "beside.duties": after.beside.duties.copy()}
    sums = [
        (path, row, name, cells.summands(name, members))
        for path, row, members in _sums(full, before)
        for name in ("workers", "workers_unserved")
        if name in frames[path]
    ]
    # Sums of the same summands are one, whichever list they stand in.
    each = {own.tobytes(): own for _, _, _, own in sums}
    rows = list(each.values())
    gone = dict(
        zip(
            each,
            sums_to_withhold(
                *(cells.figures, cells.upper, cells.hidden, rows, share), parts=cells.parts
            ),
            strict=True,
        )
    )
    for path, row, name, own in sums:
        if gone[own.tobytes()]:
            frames[path].loc[row, name] = np.nan
    return with_frames(after, frames)


@dataclass(frozen=True)
class _Cells:
    """The figures of parks that sums are made of: headcounts, and the unserved of an item.

    Where all of a park's workers are told to be unserved, that is its headcount: one cell.

    Attributes
    ----------
    figures, upper, hidden
        What each is, the most that it can be by what is told, and whether it is withheld.
    of
        By column, the cell of each judged row, shape (rows,); -1: nobody, or nothing is known.
    parts
        Pairs of cells of which the first is a part of the second, shape (pairs, 2).
    """

    figures: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    hidden: Bools
    of: dict[str, Ints]
    parts: Ints

    @classmethod
    def of_rows(cls, full: pd.DataFrame, told: pd.DataFrame) -> _Cells:
        """Make them of judged rows, before and after figures were withheld."""
        workers, lacking = (full[n].to_numpy(dtype=float) for n in ("workers", "workers_unserved"))
        hide = {n: np.isfinite(full[n].to_numpy(dtype=float)) & told[n].isna().to_numpy()
                for n in ("workers", "workers_unserved")}  # fmt: skip
        # A park's headcount is one figure, whichever item's sum it stands in.
        key = pd.MultiIndex.from_arrays([full["park_id"], np.round(workers, 6)])
        head = pd.factorize(key)[0]
        first = np.unique(head, return_index=True)[1]
        known = np.isfinite(workers)
        every = np.isfinite(lacking) & (lacking == workers)
        some = np.isfinite(lacking) & (lacking > 0) & ~every
        part = np.where(some, len(first) + np.cumsum(some) - 1, np.where(every, head, -1))
        most = told["workers"].to_numpy(dtype=float)[some]
        hidden_head = np.zeros(len(first), dtype=bool)
        np.logical_or.at(hidden_head, head, hide["workers"])
        pairs = np.column_stack([part[some], head[some]])
        return cls(
            figures=np.concatenate([np.nan_to_num(workers[first]), lacking[some]]),
            upper=np.concatenate(
                [np.full(len(first), np.inf), np.where(np.isfinite(most), most, np.inf)]
            ),
            hidden=np.concatenate([hidden_head, hide["workers_unserved"][some]]),
            of={"workers": np.where(known, head, -1), "workers_unserved": part},
            parts=pairs[hidden_head[pairs[:, 1]] & hide["workers_unserved"][some]],
        )

    def summands(self, name: str, members: Ints) -> Ints:
        """Cells of a sum, sorted."""
        own = np.unique(self.of[name][members])
        return own[own >= 0]


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
