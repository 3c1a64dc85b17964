"""Give beds to workers: as many as can be, then the least time on the way, then a fixed order.

A linear programme whose constraints are nested (a group in its park, a bed in its house), so that
its corners are whole numbers.  HiGHS solves it (dual simplex, one thread, no limit of time) twice:
the second time on what the first left open, by its dual values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_NONE = 1e-6  # of a whole number: rounding
_DUAL = 0.01  # dual values are whole numbers of beds or of tenths of a minute


@dataclass(frozen=True)
class Offers:
    """Who may be given a bed where.

    Attributes
    ----------
    group, house
        Pairs of a group of workers and a house, by row; shape (pairs,).
    cost
        Tenths of a minute between the two, whole; shape (pairs,).
    park_of
        Park of each group, shape (groups,).
    group_most, park_most, house_most
        Beds that each can take or has, whole.
    """

    group: Ints
    house: Ints
    cost: Ints
    park_of: Ints
    group_most: Ints
    park_most: Ints
    house_most: Ints


def give(offers: Offers) -> Ints:
    """Give out the beds.

    Returns
    -------
    Beds of each pair, shape (pairs,).  Of all ways to give the most beds, one of the least total
    time; of these, the one that serves the first parks and houses first.

    Raises
    ------
    RuntimeError
        HiGHS finds no optimum: a fault of the program, since giving nothing is always possible.
    """
    size = len(offers.group)
    if size == 0:
        return np.zeros(0, dtype=np.int64)
    rows, most = _limits(offers)
    equal = np.zeros(len(most), dtype=bool)
    free = np.arange(size)
    beds = np.zeros(size)
    # One bed more moves others along a chain that visits no row twice: so much the ways of them all
    # can grow at most, and a bed weighs more.
    bed = 1 + int(offers.cost.max()) * len(most)
    for aim in (offers.cost.astype(float) - bed, _order(offers)):
        if len(free) == 0:
            break
        found, reduced, dual = _solve(aim[free], rows[:, free], most, equal)
        beds[:] = 0.0
        beds[free] = found
        # The order of parks and houses chooses among the optima alone.
        free = free[np.abs(reduced) < _DUAL]
        equal |= np.abs(dual) > _DUAL
    whole = np.rint(beds)
    if np.abs(whole - beds).max() > _NONE:
        raise RuntimeError("beds are not whole")
    return whole.astype(np.int64)


def _order(offers: Offers) -> Floats:
    """Weights that rise with the group, and make late houses cheaper for late groups."""
    houses = len(offers.house_most)
    return (offers.group * (2 * houses) - offers.group * offers.house).astype(float)


def _limits(offers: Offers) -> tuple[csr_array, Floats]:
    """Rows of groups, parks and houses over the pairs, and the most beds of each."""
    from scipy.sparse import csr_array

    pair = np.arange(len(offers.group))
    groups, parks = len(offers.group_most), len(offers.park_most)
    row = np.concatenate(
        [offers.group, groups + offers.park_of[offers.group], groups + parks + offers.house]
    )
    most = np.concatenate([offers.group_most, offers.park_most, offers.house_most])
    matrix = csr_array(
        (np.ones(3 * len(pair)), (row, np.tile(pair, 3))), shape=(len(most), len(pair))
    )
    used = np.unique(row)
    return matrix[used], most[used].astype(float)


def _solve(
    aim: Floats, rows: csr_array, most: Floats, equal: Bools
) -> tuple[Floats, Floats, Floats]:
    """Solve one step; the beds, their reduced costs, and the dual values of the rows."""
    from scipy.optimize import linprog as solver

    linprog: Any = solver

    some, none = rows[equal], rows[~equal]
    found = linprog(
        aim,
        A_ub=none if none.shape[0] else None,
        b_ub=most[~equal] if none.shape[0] else None,
        A_eq=some if some.shape[0] else None,
        b_eq=most[equal] if some.shape[0] else None,
        bounds=(0, None),
        method="highs-ds",
    )
    if found.status != 0:
        raise RuntimeError(f"HiGHS: {found.message}")
    dual = np.zeros(len(most))
    if none.shape[0]:
        dual[~equal] = found.ineqlin.marginals
    if some.shape[0]:
        dual[equal] = found.eqlin.marginals
    return np.asarray(found.x), np.asarray(found.lower.marginals), dual
