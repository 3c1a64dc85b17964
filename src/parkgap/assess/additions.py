"""The fewest additions that would meet what is short.

Every origin that falls short of a test by d needs d more facilities within that test's limit.
A facility put at one site counts for every origin within whose limit the site lies, and for all
of the item's tests at once, so the answer is a covering problem, not a sum.

Sites are street points about 100 m apart around the parks, and the origins themselves.

A study asks some thousand problems, most of a dozen needs.  So a site is written as the set of
needs that it serves, a whole number with a bit a need, and a need as the set of its sites: few
sites differ then, and what is in what is one operation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_ROUNDING = 1e-9  # of a sum of fractions before it is rounded up


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
    sites = _distinct(cover)
    sites |= {1 << int(need) for need in np.flatnonzero(~cover.any(axis=1))}
    return sum(_connected(*part) for part in _parts(*_reduced(sites, deficit.tolist())))


# --- sets as whole numbers ----------------------------------------------------------------------


def _distinct(cover: Bools) -> set[int]:
    """Different sets of needs (rows) that sites (columns) serve."""
    packed = np.packbits(cover, axis=0, bitorder="little").T
    size, data = packed.shape[1], packed.tobytes()
    rows = {data[i : i + size] for i in range(0, len(data), size)}
    return {int.from_bytes(row, "little") for row in rows}


def _members(own: int) -> Iterator[int]:
    """Members of a set, ascending."""
    while own:
        last = own & -own
        yield last.bit_length() - 1
        own ^= last


def _turned(sets: Iterable[int], size: int) -> list[int]:
    """For each member below `size` the set of the sets that have it."""
    out = [0] * size
    for n, own in enumerate(sets):
        for member in _members(own):
            out[member] |= 1 << n
    return out


# --- less to solve ------------------------------------------------------------------------------


def _reduced(sites: Iterable[int], deficit: Sequence[int]) -> tuple[list[int], list[int]]:
    """Drop needs that another implies and sites that another replaces, until none is left.

    Takes sites as sets of needs, returns needs as sets of the sites that are left.
    """
    wanted = list(deficit)
    while True:
        kept = _largest(sites)
        size = len(wanted)
        needs, wanted = _binding(_turned(kept, size), wanted)
        if len(needs) == size:
            return needs, wanted
        sites = _turned(needs, len(kept))


def _largest(sites: Iterable[int]) -> list[int]:
    """Sites that serve some need which no other site serves along with all their others."""
    kept: list[int] = []
    for own in sorted(set(sites), key=lambda s: (-s.bit_count(), s)):
        for other in kept:  # no any(): it would take twice as long
            if own & other == own:
                break
        else:
            kept.append(own)
    return kept


def _binding(needs: Sequence[int], deficit: Sequence[int]) -> tuple[list[int], list[int]]:
    """Needs that no other implies: one whose sites are all theirs too, and that wants no less."""
    kept: list[int] = []
    wanted = []
    order = sorted((-more, own.bit_count(), own) for own, more in zip(needs, deficit, strict=True))
    for less, _, own in order:
        for other in kept:
            if own & other == other:
                break
        else:
            kept.append(own)
            wanted.append(-less)
    return kept, wanted


def _parts(
    needs: Sequence[int], deficit: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Needs that share sites, if only by way of others; the sites of each part numbered anew."""
    parts: list[tuple[int, list[int]]] = []
    for row, own in enumerate(needs):
        sites, rows, apart = own, [row], []
        for part in parts:
            if part[0] & own:
                sites, rows = sites | part[0], part[1] + rows
            else:
                apart.append(part)
        parts = [*apart, (sites, rows)]
    for sites, rows in parts:
        number = {site: n for n, site in enumerate(_members(sites))}
        yield (
            tuple(sum(1 << number[s] for s in _members(needs[row])) for row in rows),
            tuple(deficit[row] for row in rows),
        )


# --- solving ------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)  # the very same few needs are short again and again
def _connected(needs: tuple[int, ...], deficit: tuple[int, ...]) -> int:
    """Least number of additions for needs as sets of sites."""
    sites = _turned(needs, max(own.bit_length() for own in needs))
    high = _greedy(sites, deficit)
    low = _packing(needs, deficit)
    if low < high:
        low = max(low, _shared(needs, sites, deficit))
    return low if low == high else _exact(needs, deficit, low, high)


def _packing(needs: Sequence[int], deficit: Sequence[int]) -> int:
    """Lower bound: needs that share no site cannot share an addition."""
    taken = total = 0
    for less, _, own in sorted(
        (-more, own.bit_count(), own) for own, more in zip(needs, deficit, strict=True)
    ):
        if not own & taken:
            total -= less
            taken |= own
    return total


def _shared(needs: Sequence[int], sites: Sequence[int], deficit: Sequence[int]) -> int:
    """Lower bound: an addition for a need serves at most so many others, wherever it is put."""
    served = [site.bit_count() for site in sites]
    total = math.fsum(
        more / max(served[s] for s in _members(own))
        for own, more in zip(needs, deficit, strict=True)
    )
    return math.ceil(total - _ROUNDING)


def _greedy(sites: Sequence[int], deficit: Sequence[int]) -> int:
    """Upper bound: put as many as help at the site that helps most, again and again."""
    left, lacking, total = list(deficit), (1 << len(deficit)) - 1, 0
    while lacking:
        helped = list(_members(max((site & lacking for site in sites), key=int.bit_count)))
        step = min(left[need] for need in helped)
        for need in helped:
            left[need] -= step
            if not left[need]:
                lacking ^= 1 << need
        total += step
    return total


def _exact(needs: Sequence[int], deficit: Sequence[int], low: int, high: int) -> int:
    from scipy.optimize import Bounds, LinearConstraint, milp  # slow to import, seldom needed
    from scipy.sparse import csr_array

    size = max(own.bit_length() for own in needs)
    pairs = np.array([(n, site) for n, own in enumerate(needs) for site in _members(own)])
    every = np.column_stack([np.full(size, len(needs)), np.arange(size)])
    row, column = np.concatenate([pairs, every]).T
    matrix = csr_array((np.ones(len(row)), (row, column)), shape=(len(needs) + 1, size))
    bound = LinearConstraint(
        matrix, np.r_[deficit, low], np.r_[np.full(len(deficit), np.inf), high]
    )
    solved = milp(
        np.ones(size),
        integrality=np.ones(size, dtype=np.uint8),
        bounds=Bounds(0, float(max(deficit))),
        constraints=[bound],
    )
    return round(solved.fun) if solved.success else high
