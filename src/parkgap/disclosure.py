"""What published figures tell of one contributor: rules and bounds, as plain mathematics.

Source of the terms: A. Hundepool et al., *Statistical Disclosure Control*, Wiley 2012, chapter 4
(tables of magnitudes: minimum frequency, p % rule, feasibility intervals, secondary suppression).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Fewer contributors than this stand behind no published figure: two know each other's part.
CONTRIBUTORS = 3
_SLACK = 1e-6


def is_disclosive(total: float, parts: Floats, share: float) -> bool:
    """Tell whether a total lets the largest known contributor be estimated too closely.

    Parameters
    ----------
    total
        What would be published.
    parts
        Known contributions to it; the rest of the total is nobody's in particular.
    share
        p of the p % rule, as a share: whoever knows the second largest part may not find the
        largest to within that.

    Returns
    -------
    True where there are parts, and fewer than :data:`CONTRIBUTORS` of them, or where what neither
    of the two largest gave is less than `share` of the largest.

    Examples
    --------
    >>> is_disclosive(1000, np.array([400.0, 300.0, 300.0]), 0.1)
    False
    >>> is_disclosive(1000, np.array([900.0, 60.0, 40.0]), 0.1)
    True
    >>> is_disclosive(1000, np.array([400.0, 600.0]), 0.1), is_disclosive(1000, np.array([]), 0.1)
    (True, False)
    """
    known = np.sort(parts[parts > 0])[::-1]
    if not len(known) or np.isnan(total):
        return False
    if len(known) < CONTRIBUTORS:
        return True
    return bool(total - known[0] - known[1] < share * known[0] - _SLACK)


def bounds(
    matrix: Floats, low: Floats, high: Floats, upper: Floats, cell: int
) -> tuple[float, float]:
    """Find between which values a withheld figure must lie, by linear programming (HiGHS).

    Parameters
    ----------
    matrix
        What is published of the withheld figures, one row a relation; shape (rows, cells).
    low, high
        Between which values each relation lies, shape (rows,).
    upper
        The most that each figure can be (inf: nobody knows), shape (cells,); none is negative.
    cell
        The figure.

    Returns
    -------
    Least and greatest value; inf where it has no bound.
    """
    from scipy.optimize import linprog

    goal = np.zeros(matrix.shape[1])
    goal[cell] = 1.0
    limits = [(0.0, None if np.isinf(u) else u) for u in upper]
    known = [np.isfinite(high), np.isfinite(low)]
    system = np.vstack([matrix[known[0]], -matrix[known[1]]])
    right = np.concatenate([high[known[0]], -low[known[1]]]) + _SLACK
    ends = []
    for sign in (1.0, -1.0):
        found = linprog(sign * goal, A_ub=system, b_ub=right, bounds=limits, method="highs")
        solved = found.status == 0 and found.fun is not None
        ends.append(sign * float(found.fun or 0.0) if solved else -sign * np.inf)
    return max(float(ends[0]), 0.0), float(ends[1])


def margin(values: Floats, upper: Floats, share: float) -> Floats:
    """How far from each figure, on either side, its bounds must lie.

    A figure, and what is left of the most that it can be, may each be one contributor's.
    """
    rest = np.where(np.isinf(upper), 0.0, upper - values)
    return np.asarray(share * np.maximum(values, rest), dtype=float)


def is_loose(value: float, ends: tuple[float, float], upper: float, room: float) -> bool:
    """Tell whether bounds leave a figure enough room, or as much as there can be."""
    least, most = max(value - room, 0.0), min(value + room, upper)
    return ends[0] <= least + _SLACK * max(1.0, value) and ends[1] >= most - _SLACK * max(1.0, most)


def sums_to_withhold(
    values: Floats,
    upper: Floats,
    hidden: Bools,
    rows: Sequence[Ints],
    share: float,
    parts: Ints | None = None,
) -> Bools:
    """Choose the sums that must be withheld so that no withheld summand can be worked out.

    Parameters
    ----------
    values
        The summands, shape (cells,).
    upper
        The most that each can be, as far as is published, shape (cells,).
    hidden
        The summands that are withheld, shape (cells,).
    rows
        Of each sum its summands, as places among the cells, without repetition.
    share
        As in :func:`is_disclosive`.
    parts
        Pairs of cells of which the first is a part of the second, shape (pairs, 2).

    Returns
    -------
    Shape (rows,).  A sum goes whose withheld summands are fewer than :data:`CONTRIBUTORS`, or of
    which the p % rule does not hold; then, one by one, the smallest sum (the first of equals) that
    bounds a withheld summand more closely than `share`.  Deterministic.
    """
    gone = np.zeros(len(rows), dtype=bool)
    inner = [row[hidden[row]] for row in rows]
    for i, own in enumerate(inner):
        if len(own):
            gone[i] = is_disclosive(float(values[own].sum()), values[own], share)
    system = _System(values, upper, margin(values, upper, share), inner, parts)
    # A sum that goes makes no summand tighter: none is looked at twice.
    for cell in np.flatnonzero(hidden).tolist():
        while not gone.all() and system.is_tight(cell, gone):
            with_it = [i for i, own in enumerate(inner) if not gone[i] and cell in own]
            near = with_it or [i for i, own in enumerate(inner) if not gone[i] and len(own)]
            gone[min(near, key=lambda i: (len(inner[i]), i))] = True
    return gone


@dataclass
class _System:
    """Sums over withheld summands; what follows from those that are told."""

    values: Floats
    upper: Floats
    room: Floats
    inner: Sequence[Ints]
    parts: Ints | None
    _told: bytes = b""

    def is_tight(self, cell: int, gone: Bools) -> bool:
        """Tell whether the sums told bound a summand too closely."""
        if gone.tobytes() != self._told:
            self._told = gone.tobytes()
            self._build(gone)
        at = int(np.searchsorted(self._cells, cell))
        if at >= len(self._cells) or self._cells[at] != cell or self._loose[at]:
            return False
        own, most = self.values[self._cells], self.upper[self._cells]
        ends = bounds(self._matrix, self._low, self._high, most, at)
        return not is_loose(float(own[at]), ends, float(most[at]), float(self.room[cell]))

    def _build(self, gone: Bools) -> None:
        told = [own for own, lost in zip(self.inner, gone, strict=True) if not lost and len(own)]
        cells = np.unique(np.concatenate(told)) if told else np.empty(0, dtype=np.int64)
        pairs = np.empty((0, 2), dtype=np.int64) if self.parts is None else self.parts
        pairs = pairs[np.isin(pairs, cells).all(axis=1)]
        matrix = np.zeros((len(told), len(cells)))
        for row, own in enumerate(told):
            matrix[row, np.searchsorted(cells, own)] = 1.0
        figures = self.values[cells]
        self._loose = exchanged(matrix, figures, self.upper[cells], self.room[cells])
        # Of a part and its whole, an exchange must keep the order too: let the programme see.
        self._loose &= ~np.isin(cells, pairs)
        less = np.zeros((len(pairs), len(cells)))
        less[np.arange(len(pairs)), np.searchsorted(cells, pairs[:, 0])] = 1.0
        less[np.arange(len(pairs)), np.searchsorted(cells, pairs[:, 1])] = -1.0
        total = matrix @ figures
        self._cells, self._matrix = cells, np.vstack([matrix, less])
        self._low = np.concatenate([total, np.full(len(pairs), -np.inf)])
        self._high = np.concatenate([total, np.zeros(len(pairs))])


def exchanged(matrix: Floats, values: Floats, upper: Floats, room: Floats) -> Bools:
    """Figures that are loose because others stand in the very same relations, shape (cells,).

    Figures whose columns are multiples of one another can be exchanged: what one has less, those
    others may have more, weighted, and no relation tells.  No programme need be solved for them.

    Parameters
    ----------
    matrix, values, upper, room
        As for :func:`bounds` and :func:`is_loose`.
    """
    weight = np.linalg.norm(matrix, axis=0) if len(matrix) else np.zeros(len(values))
    free = weight == 0  # in no relation at all
    weight = np.where(free, 1.0, weight)
    _, group = np.unique(np.round(matrix / weight, 9).T, axis=0, return_inverse=True)
    group = group.ravel()
    spare = weight * np.where(np.isinf(upper), 0.0, upper - values)
    endless = np.isinf(upper)
    others = np.bincount(group, endless)[group] - endless > 0
    down = np.where(others, np.inf, np.bincount(group, spare)[group] - spare)
    held = weight * values
    up = np.bincount(group, held)[group] - held
    low = weight * np.minimum(room, values)
    high = weight * np.where(endless, room, np.minimum(room, upper - values))
    return np.asarray(free | ((down >= low) & (up >= high)), dtype=bool)
