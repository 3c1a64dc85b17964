"""What published figures tell of one contributor: rules and bounds, as plain mathematics.

Source of the terms: A. Hundepool et al., *Statistical Disclosure Control*, Wiley 2012, chapter 4
(tables of magnitudes: minimum frequency, p % rule, feasibility intervals, secondary suppression).
"""

from __future__ import annotations

from collections.abc import Sequence

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
    system = np.vstack([matrix, -matrix])
    right = np.concatenate([high, -low]) + _SLACK
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
    values: Floats, upper: Floats, hidden: Bools, rows: Sequence[Ints], share: float
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
            gone[i] = is_disclosive(float(values[own].sum()), values[own], share) or bool(
                np.count_nonzero(values[own] > 0) < CONTRIBUTORS
            )
    room = margin(values, upper, share)
    while (tight := _tight(values, upper, room, inner, gone)) is not None:
        with_it = [i for i, own in enumerate(inner) if not gone[i] and tight in own]
        gone[min(with_it, key=lambda i: (len(inner[i]), i))] = True
    return gone


def _tight(
    values: Floats, upper: Floats, room: Floats, inner: Sequence[Ints], gone: Bools
) -> int | None:
    """Find the first withheld summand that the sums told bound too closely."""
    told = [i for i, own in enumerate(inner) if not gone[i] and len(own)]
    if not told:
        return None
    cells = np.unique(np.concatenate([inner[i] for i in told]))
    matrix = np.zeros((len(told), len(cells)))
    for row, i in enumerate(told):
        matrix[row, np.searchsorted(cells, inner[i])] = 1.0
    own, most = values[cells], upper[cells]
    loose = _exchanged(matrix, own, most, room[cells])
    total = matrix @ own
    for at in np.flatnonzero(~loose):
        ends = bounds(matrix, total, total, most, int(at))
        if not is_loose(float(own[at]), ends, float(most[at]), float(room[cells[at]])):
            return int(cells[at])
    return None


def _exchanged(matrix: Floats, values: Floats, upper: Floats, room: Floats) -> Bools:
    """Figures that are loose because others stand in the very same sums, shape (cells,).

    What one of them has less, those others may have more, and no sum tells: no programme need be
    solved.
    """
    _, group = np.unique(matrix.T, axis=0, return_inverse=True)
    group = group.ravel()
    spare = np.where(np.isinf(upper), np.inf, upper - values)
    down = np.bincount(group, np.where(np.isinf(spare), 0.0, spare))[group]
    endless = np.bincount(group, np.isinf(spare))[group] - np.isinf(spare) > 0
    down = np.where(endless, np.inf, down - np.where(np.isinf(spare), 0.0, spare))
    up = np.bincount(group, values)[group] - values
    return np.asarray(
        (down >= np.minimum(room, values)) & (up >= np.minimum(room, spare)), dtype=bool
    )
