"""The study judged again with sites added: what they change is what that assessment says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from parkgap.assess.groups import Ground
from parkgap.assess.ranking import whole
from parkgap.assess.siting_needs import Needs, always_open
from parkgap.standard import Standard

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_MET = 1e-9


@dataclass(frozen=True)
class Built:
    """Places to build: candidate, the items that each counts for, and in which round it is built.

    Shapes (places,), (places, items of the standard), (places,); rounds count from 1.
    """

    candidate: Ints
    counts_for: Bools
    round: Ints


@dataclass(frozen=True)
class Measures:
    """What an assessment says of whole parks; arrays of shape (parks, items), NaN where nothing."""

    served: Floats
    low: Floats
    high: Floats
    weight: Floats
    workers: Floats
    short: Bools

    @classmethod
    def of(cls, assessment: pd.DataFrame, parks: pd.Series, standard: Standard) -> Measures:
        """Lay the rows of whole parks out."""
        rows = whole(assessment)
        at = pd.Index(parks).get_indexer(pd.Index(rows["park_id"]))
        ids = [i.id for i in standard.items]
        item = pd.Index(ids).get_indexer(pd.Index(rows["item"]))

        def grid(values: pd.Series) -> Floats:
            out = np.full((len(parks), len(ids)), np.nan)
            out[at, item] = values.to_numpy(dtype=float)
            return out

        return cls(
            served=grid(rows["served_share"]),
            low=grid(rows["satisfaction_low"]),
            high=grid(rows["satisfaction_high"]),
            weight=grid(rows["weight"]),
            workers=grid(rows["workers"]),
            short=grid((rows["status"] == "short").astype(float)) == 1.0,
        )

    @property
    def middle(self) -> Floats:
        """Satisfaction that the score is made of."""
        return (self.low + self.high) / 2


def grown(ground: Ground, walks: pd.DataFrame, at: pd.DataFrame, built: Built) -> Ground:
    """Add the places as facilities that are open to all and never close; none counts yet.

    Parameters
    ----------
    ground
        As it is.
    walks
        To candidates (:data:`parkgap.frames.REACH`; ``target`` is the candidate).
    at
        ``lon, lat`` of the candidates.
    built
        What is built.
    """
    count, more = len(ground.facilities), len(built.candidate)
    order = np.argsort(built.candidate, kind="stable")
    chosen = built.candidate[order]
    target = walks["target"].to_numpy()
    first = np.searchsorted(chosen, target)
    times = np.searchsorted(chosen, target, side="right") - first
    row = np.repeat(np.arange(len(walks)), times)
    step = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    new = walks.iloc[row].assign(target=count + order[np.repeat(first, times) + step])
    old = ground.reach
    moved = old.assign(target=old["target"] + more * (old["target"] >= count))
    reach = pd.concat([moved, new], ignore_index=True)
    reach = reach.sort_values(["origin", "target"], ignore_index=True)
    sites = pd.DataFrame(
        {
            "facility_id": [f"site/{i}" for i in range(more)],
            "items": [[] for _ in range(more)],
            "category": "",
            "lon": at["lon"].to_numpy()[built.candidate],
            "lat": at["lat"].to_numpy()[built.candidate],
            "access": "public",
            "lines": [[] for _ in range(more)],
            "source": "plan",
            "source_ids": [[] for _ in range(more)],
        }
    )
    sites = sites.reindex(columns=ground.facilities.columns).astype({"name": object})
    return replace(
        ground,
        facilities=pd.concat([ground.facilities, sites.astype(object)], ignore_index=True),
        reach=reach,
        member=np.concatenate([ground.member, np.zeros_like(built.counts_for)]),
        park_of=np.concatenate([ground.park_of, np.full(more, -1)]),
        times=always_open(ground.times, more),
    )


def by_round(
    ground: Ground, built: Built, rounds: int, judge: Callable[[Ground], Measures]
) -> list[Measures]:
    """Judge a ground (:func:`grown`) with what is built after 1, 2, ... rounds."""
    old = len(ground.member) - len(built.counts_for)
    out = []
    for n in range(1, rounds + 1):
        member = ground.member.copy()
        member[old:] = built.counts_for & (built.round <= n)[:, None]
        out.append(judge(replace(ground, member=member)))
    return out


@dataclass(frozen=True)
class Gains:
    """What each round adds for one item in the parks that are short of it.

    `workers` served, points of all workers' mean score, workers x weight x satisfaction (what
    siting maximises), and fewest workers of any park that gains some, shape (rounds,); and which
    parks gain, (rounds, parks).
    """

    workers: Floats
    score: Floats
    worth: Floats
    fewest: Floats
    parks: Bools


def gains(base: Measures, after: Sequence[Measures], item: int, headcount: Floats) -> Gains:
    """Compare the rounds' assessments of one item (its column), in the parks short of it.

    Parameters
    ----------
    headcount
        Workers of each park, NaN where unknown, shape (parks,).
    """
    short = base.short[:, item]
    people = np.nan_to_num(base.workers[:, item])
    weight = base.weight[:, item]
    share = np.nan_to_num(headcount) / max(float(np.nansum(headcount)), 1.0)
    steps = [base, *after]
    rows = []
    for before, now in pairwise(steps):
        served = np.where(short, now.served[:, item] - before.served[:, item], 0.0)
        low = np.where(short, now.low[:, item] - before.low[:, item], 0.0)
        middle = np.where(short, now.middle[:, item] - before.middle[:, item], 0.0)
        each = np.round(people * served)
        rows.append(
            (
                float(people @ served),
                float(100.0 * (share * weight) @ middle),
                float((people * weight) @ low),
                float(each[each > 0].min(initial=np.inf)),
                (served > _MET) | (low > _MET),
            )
        )
    figures = np.array([row[:-1] for row in rows], dtype=float).reshape(-1, 4)
    parks = np.array([row[-1] for row in rows], dtype=bool).reshape(-1, len(short))
    workers, score, worth, fewest = figures.T
    return Gains(workers, score, worth, fewest, parks)


def allocated(needs: Needs, built: Floats, capacity: float) -> float:
    """Most workers who can be given the places that they lack, each place taking so many.

    A plain linear program of who uses which place, apart from the one that chose the sites.

    Parameters
    ----------
    needs
        Every term of one unit (:func:`parkgap.assess.siting_needs.paired_as_one`).
    built
        Places at each candidate.
    capacity
        Workers that one place can take.
    """
    from scipy.optimize import linprog

    load = np.bincount(needs.a, needs.load, minlength=len(needs.sure))
    met = (needs.satisfied(built) >= 1 - _MET) & (needs.satisfied(built * 0.0) < 1 - _MET)
    unit = np.flatnonzero(met)
    entry = np.flatnonzero(met[needs.unit] & (built[needs.site] > 0))
    if not len(entry):
        return 0.0
    number = np.cumsum(met) - 1
    used, place = np.unique(needs.site[entry], return_inverse=True)
    own, test = np.nonzero(needs.sure[unit] < needs.needed[unit])
    row_of = np.full((len(unit), needs.sure.shape[1]), -1)
    row_of[own, test] = np.arange(len(own))
    size, shares = len(unit), len(entry)
    by, of = np.nonzero(needs.reaches[entry])
    row = row_of[number[needs.unit[entry[by]]], of]
    lack = (needs.needed - needs.sure)[unit][own, test]
    keep = row >= 0
    rows = np.concatenate([np.arange(len(own)), row[keep], len(own) + place])
    columns = np.concatenate([own, size + by[keep], size + np.arange(shares)])
    values = np.concatenate([lack, np.full(int(keep.sum()), -1.0), load[needs.unit[entry]]])
    shape = (len(own) + len(used), size + shares)
    right = np.concatenate([np.zeros(len(own)), capacity * built[used]])
    cost = np.concatenate([-load[unit], np.zeros(shares)])
    most = np.concatenate([np.ones(size), built[needs.site[entry]]])
    solve: Any = linprog  # takes sparse matrices and bounds as arrays, which its types do not say
    found = solve(
        cost,
        A_ub=csr_array((values, (rows, columns)), shape=shape),
        b_ub=right,
        bounds=np.column_stack([np.zeros(size + shares), most]),
        method="highs",
    )
    return -float(found.fun)
