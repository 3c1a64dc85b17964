"""The fewest additions that would meet what is short.

Every origin that falls short of a test by d needs d more facilities within that test's limit.
A facility put at one site counts for every origin within whose limit the site lies, and for all
of the item's tests at once, so the answer is a covering problem, not a sum.

Sites are street points about 100 m apart around the parks, and the origins themselves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def fewest(cover: Bools, deficit: Ints) -> int:
    """Least number of additions.

    Parameters
    ----------
    cover
        Whether a site (column) lies within the limit of a need (row), shape (needs, sites).
    deficit
        How many more each need wants, at least 1, shape (needs,).

    Returns
    -------
    int
        The optimum of ``min sum(x)`` with ``cover @ x >= deficit`` and whole x >= 0.

    Notes
    -----
    A need that no site covers gets a site of its own.
    Bounds settle most cases; HiGHS (through scipy) proves the rest.
    """
    if len(deficit) == 0:
        return 0
    if cover.shape[1] and cover.all(axis=0).any():
        return int(deficit.max())  # one spot serves every need: the largest of them decides
    lonely = np.flatnonzero(~cover.any(axis=1))
    own = np.zeros((len(deficit), len(lonely)), dtype=bool)
    own[lonely, np.arange(len(lonely))] = True
    cover = np.column_stack([cover, own])
    cover = cover[:, _distinct(cover.T)]
    rows, columns = np.nonzero(cover)
    graph = coo_array(
        (np.ones(len(rows)), (rows, columns + len(deficit))), shape=(sum(cover.shape),) * 2
    )
    _, label = connected_components(graph, directed=False)
    total = 0
    for part in np.unique(label[: len(deficit)]):
        need = label[: len(deficit)] == part
        site = label[len(deficit) :] == part
        total += _connected(cover[np.ix_(need, site)], deficit[need])
    return total


def _connected(cover: Bools, deficit: Ints) -> int:
    cover, deficit = _reduced(cover, deficit)
    low = _packing(cover, deficit)
    high = _greedy(cover, deficit)
    return low if low == high else _exact(cover, deficit, low, high)


def _reduced(cover: Bools, deficit: Ints) -> tuple[Bools, Ints]:
    """Drop needs that another implies and sites that another replaces, until none is left."""
    size = (0, 0)
    while cover.shape != size:
        size = cover.shape
        cover, deficit = _implied(cover, deficit)
        cover = _replaced(cover)
    return cover, deficit


def _implied(cover: Bools, deficit: Ints) -> tuple[Bools, Ints]:
    """Drop needs that another implies: covered by no fewer sites and wanting no more."""
    strongest = np.argsort(-deficit, kind="stable")
    kept = strongest[_distinct(cover[strongest])]
    rows, most = cover[kept], deficit[kept]
    stronger = _inside(rows).T & (most[None, :] >= most[:, None])
    np.fill_diagonal(stronger, val=False)
    keep = ~stronger.any(axis=1)
    return rows[keep], most[keep]


def _replaced(cover: Bools) -> Bools:
    """Drop sites that serve no need which another site does not serve too."""
    cover = cover[:, _distinct(cover.T)]
    inside = _inside(cover.T)
    np.fill_diagonal(inside, val=False)
    return cover[:, ~inside.any(axis=1)]


def _inside(sets: Bools) -> Bools:
    """Whether a set (row) lies in another (column); sets as rows over their members."""
    members = sets.astype(np.float32)  # whole numbers below 2**24, and a fast product
    return np.asarray(members @ members.T == members.sum(axis=1)[:, None])


def _distinct(rows: Bools) -> Ints:
    """First of each set of equal rows, in order."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    if packed.shape[1] == 0:
        return np.arange(min(1, len(rows)))
    _, first = np.unique(
        packed.view(np.dtype((np.void, packed.shape[1]))).ravel(), return_index=True
    )
    return np.sort(first)


def _packing(cover: Bools, deficit: Ints) -> int:
    """Lower bound: needs that share no site cannot share an addition."""
    free = np.ones(cover.shape[1], dtype=bool)
    total = 0
    for row in np.lexsort((cover.sum(axis=1), -deficit)):
        if free[cover[row]].all():
            total += int(deficit[row])
            free[cover[row]] = False
    return total


def _greedy(cover: Bools, deficit: Ints) -> int:
    """Upper bound: put as many as help at the site that helps most, again and again."""
    left = deficit.astype(np.int64).copy()
    total = 0
    while (left > 0).any():
        gain = cover[left > 0].sum(axis=0)
        site = int(gain.argmax())
        helped = cover[:, site] & (left > 0)
        step = int(left[helped].min())
        left[helped] -= step
        total += step
    return total


def _exact(cover: Bools, deficit: Ints, low: int, high: int) -> int:
    from scipy.optimize import Bounds, LinearConstraint, milp  # slow to import, seldom needed

    size = cover.shape[1]
    matrix = np.vstack([cover.astype(float), np.ones(size)])
    bound = LinearConstraint(
        csr_array(matrix), np.r_[deficit, low], np.r_[np.full(len(deficit), np.inf), high]
    )
    solved = milp(
        np.ones(size),
        integrality=np.ones(size, dtype=np.uint8),
        bounds=Bounds(0, float(deficit.max())),
        constraints=[bound],
    )
    return round(solved.fun) if solved.success else high
