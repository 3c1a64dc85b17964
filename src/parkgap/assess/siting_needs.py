"""What sites can do for whom: groups that lack something, and the candidates that reach them.

A *unit* is an origin, a shift pattern and an end of the day: all groups that share them find the
same places.  A *term* is a part of the objective: workers x weight, on one unit, or on a pair of
which the better end counts.  Formulas: docs/method.md, "Sites".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.groups import HOME, SLACK, Times
from parkgap.assess.outcomes import Judgement, judge

if TYPE_CHECKING:
    from parkgap.assess.items import Assessor, Judged
    from parkgap.standard import Item

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_COSTS = ("metres", "minutes", "metres_worst", "minutes_worst")


@dataclass(frozen=True)
class Needs:
    """One item's (or several items') lacks, and what each candidate would bring.

    Attributes
    ----------
    sure, needed
        What each unit finds whichever gate is open, and needs, shape (units, tests); a test that
        a unit does not have needs 1 and finds 1.
    a, b, weight, load
        Units of each term (b: -1 where there is one alone), its workers x weight, and its workers,
        who share a new place's capacity, shape (terms,).
    unit, site, reaches, metres
        Entries: a candidate within some test's limit of a unit, shape (entries,); which tests,
        (entries, tests); metres to it, NaN from homes, which no choice may lean towards.
    park
        Row of each unit's park, shape (units,).
    sites
        Number of candidates.
    """

    sure: Floats
    needed: Floats
    a: Ints
    b: Ints
    weight: Floats
    load: Floats
    unit: Ints
    site: Ints
    reaches: Bools
    metres: Floats
    park: Ints
    sites: int

    def satisfied(self, built: Floats) -> Floats:
        """Satisfaction of each unit with so many places built at each candidate, (units,)."""
        use = built[self.site] > 0
        found = self.sure.copy()
        more = self.reaches[use] * built[self.site[use]][:, None]
        np.add.at(found, self.unit[use], more)
        return np.asarray(np.minimum(1.0, found / self.needed).min(axis=1, initial=1.0))

    def worth(self, satisfied: Floats) -> float:
        """Workers x weight x satisfaction over all terms."""
        return float(self.weight @ better(satisfied, self.a, self.b))

    def gain(self, built: Floats) -> float:
        """What so many places at each candidate add to :meth:`worth`, if all find room."""
        return self.worth(self.satisfied(built)) - self.worth(self.satisfied(built * 0.0))


def better(satisfied: Floats, a: Ints, b: Ints) -> Floats:
    """Satisfaction of each term: its unit's, or that of the better of two."""
    other = np.where(b >= 0, satisfied[b], 0.0) if len(satisfied) else np.zeros(len(a))
    return np.asarray(np.maximum(satisfied[a], other))


def always_open(times: Times, more: int) -> Times:
    """Add places that never close to those whose hours are known; they come last."""
    o = times.openness
    if o is None:
        return times
    shape = (more, *o.length.shape)
    whole = np.broadcast_to(o.length, shape)
    parts = {
        "minutes": whole,
        "known": whole > 0,
        "assumed": np.zeros(shape, dtype=bool),
        "opens": np.zeros(shape),
        "closes": whole,
    }
    grown = {name: np.concatenate([getattr(o, name), part]) for name, part in parts.items()}
    return replace(times, openness=replace(o, **grown))


def reached(times: Times, item: Item, pattern: int, end: str, walks: dict[str, Floats]) -> Bools:
    """Tell which tests of an item a place at the end of each walk counts for, (walks, tests).

    Whichever gate is open, for a place that never closes: the walk must leave time for a visit.

    Parameters
    ----------
    times
        With one place that never closes (:func:`always_open`): the last.
    item, pattern, end
        The item; the shift pattern and the end of the day of who walks.
    walks
        ``metres_worst`` and ``minutes_worst``, shape (walks,) each.
    """
    metres, minutes = walks["metres_worst"], walks["minutes_worst"]
    last = -1 if times.openness is None else len(times.openness.opens) - 1
    place = np.full(len(minutes), last)
    fits = times.serving(item.id, pattern, end, place, minutes)
    costs = {"m": metres, "min": minutes}
    near = [costs[t.unit] <= t.limit + SLACK for t in item.tests]
    return np.column_stack(near) & fits[:, None]


def needs_of(
    assessor: Assessor, item: Item, burden: Floats, walks: pd.DataFrame, allowed: Bools
) -> tuple[Needs, Ints]:
    """Gather what one item lacks in some parks; and the unit of each group (-1: of none).

    Parameters
    ----------
    assessor
        Has judged the item.
    burden
        Workers x weight of each park that is short of it; 0 for the others, shape (parks,).
    walks
        To candidates, as :data:`parkgap.frames.REACH`, sorted by origin.
    allowed
        Whether the item may stand at each candidate, shape (candidates,).
    """
    judged, groups = assessor.judge(item), assessor.groups
    told = _told(assessor, judged)
    park = groups.park[groups.crew]
    rows = np.flatnonzero((judged.ends.work | judged.ends.home) & (burden[park] > 0))
    pattern = groups.pattern[groups.crew[rows]]
    home = judged.where[rows] == HOME
    key = pd.DataFrame(
        {"origin": groups.origin[rows], "pattern": pattern, "end": judged.where[rows].astype(str)}
    )
    number = key.groupby(["origin", "pattern", "end"], sort=True).ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    units = key.iloc[first].reset_index(drop=True)
    unit_of = np.full(len(groups.origin), -1)
    unit_of[rows] = number
    a, b, weight, load = _terms(assessor, judged, burden, unit_of, told)
    entry = _entries(assessor, item, units, walks, allowed)
    size = len(units)
    at_home = np.zeros(size, dtype=bool)
    at_home[number] = home
    metres = np.where(at_home[entry[0]], np.nan, entry[3])
    needs = Needs(
        sure=judged.counts.sure[rows[first]],
        needed=judged.counts.needed[rows[first]],
        a=a,
        b=b,
        weight=weight,
        load=load,
        unit=entry[0],
        site=entry[1],
        reaches=entry[2],
        metres=metres,
        park=assessor.g.origin_park[units["origin"].to_numpy()],
        sites=len(allowed),
    )
    return needs, unit_of


def foreseen(
    assessor: Assessor, item: Item, needs: Needs, unit_of: Ints, built: Floats
) -> Judgement:
    """Judge an item as if so many places stood at each candidate, by the counts alone."""
    judged = assessor.judge(item)
    use = built[needs.site] > 0
    more = np.zeros_like(needs.sure)
    np.add.at(more, needs.unit[use], needs.reaches[use] * built[needs.site[use]][:, None])
    mine = unit_of >= 0
    sure = judged.counts.sure.copy()
    sure[mine] += more[unit_of[mine]]
    counts = replace(judged.counts, sure=sure, found=np.maximum(judged.counts.found, sure))
    return judge(assessor.groups, counts, judged.ends)


def _told(assessor: Assessor, judged: Judged) -> Bools:
    """Groups that may steer a site: not those of few, whom it would locate, shape (groups,)."""
    g, groups = assessor.g, assessor.groups
    residents = assessor.residents[g.origin_park]
    few_home = g.origins["share"].to_numpy(dtype=float) * residents < assessor.min_workers - SLACK
    quiet = np.where(judged.ends.home, few_home[groups.origin], g.hidden[groups.origin])
    return np.asarray(~quiet.astype(bool))


def _terms(
    assessor: Assessor, judged: Judged, burden: Floats, unit_of: Ints, told: Bools
) -> tuple[Ints, Ints, Floats, Floats]:
    """Terms of the objective, those of the same units as one: units a, b, weight, and workers."""
    groups, size = assessor.groups, len(assessor.groups.park)
    shares, ends = {}, {}
    for name, use in judged.ends.used:
        rows = np.flatnonzero(use)
        crew = groups.crew[rows]
        total = np.bincount(crew, groups.share[rows], minlength=size)
        shares[name] = np.where(use, groups.share / np.where(total > 0, total, 1.0)[groups.crew], 0)
        ends[name] = (rows, total > 0)
    people = np.nan_to_num(assessor.people(judged))
    both = ends["work"][1] & ends["home"][1]
    parts: list[tuple[Ints, Ints, Floats, Floats]] = []
    for name in ("work", "home"):
        rows = ends[name][0]
        rows = rows[(unit_of[rows] >= 0) & ~both[groups.crew[rows]] & told[rows]]
        part = groups.part[groups.crew[rows]] * shares[name][rows]
        park = groups.park[groups.crew[rows]]
        parts.append(
            (unit_of[rows], np.full(len(rows), -1), burden[park] * part, people[park] * part)
        )
    for one_crew in np.flatnonzero(both & (burden[groups.park] > 0)).tolist():
        own = groups.of_crew(one_crew)
        w, h = (own[judged.ends.used[i][1][own] & told[own]] for i in range(2))
        one, other = (v.ravel() for v in np.meshgrid(w, h, indexing="ij"))
        part = groups.part[one_crew] * shares["work"][one] * shares["home"][other]
        at = int(groups.park[one_crew])
        parts.append((unit_of[one], unit_of[other], burden[at] * part, people[at] * part))
    a, b, weight, load = (np.concatenate(c) for c in zip(*parts, strict=True))
    frame = pd.DataFrame({"a": a, "b": b, "weight": weight, "load": load})
    frame = frame.groupby(["a", "b"], as_index=False, sort=True).sum()
    a, b, weight, load = (frame[c].to_numpy() for c in ("a", "b", "weight", "load"))
    return a, b, weight, load


def _entries(
    assessor: Assessor, item: Item, units: pd.DataFrame, walks: pd.DataFrame, allowed: Bools
) -> tuple[Ints, Ints, Bools, Floats]:
    """Candidates that count for any test of any unit: unit, candidate, tests, metres."""
    times = always_open(assessor.g.times, 1)
    origin, target = walks["origin"].to_numpy(), walks["target"].to_numpy()
    costs = {c: walks[c].to_numpy() for c in _COSTS}
    may = allowed[target] if len(allowed) else np.zeros(len(target), dtype=bool)
    found: list[tuple[Ints, Ints, Bools, Floats]] = []
    for (pattern, end), own in _by_times(units):
        unit = np.full(len(assessor.g.origins), -1)
        unit[own["origin"].to_numpy()] = own.index.to_numpy()
        near = np.flatnonzero((unit[origin] >= 0) & may)
        reaches = reached(times, item, pattern, end, {c: costs[c][near] for c in _COSTS})
        hit = reaches.any(axis=1)
        near = near[hit]
        found.append((unit[origin[near]], target[near], reaches[hit], costs["metres"][near]))
    if not found:
        none = np.empty(0, dtype=np.int64)
        return none, none, np.empty((0, len(item.tests)), dtype=bool), np.empty(0)
    unit, site, reaches, metres = (np.concatenate(c) for c in zip(*found, strict=True))
    order = np.lexsort((site, unit))
    return unit[order], site[order], reaches[order], metres[order]


def _by_times(units: pd.DataFrame) -> list[tuple[tuple[int, str], pd.DataFrame]]:
    """Units by shift pattern and end of the day."""
    parts: Any = units.groupby(["pattern", "end"], sort=True)
    return [((int(pattern), str(end)), own) for (pattern, end), own in parts]


def stacked(parts: list[Needs]) -> Needs:
    """Put the needs of several items together that one site would serve at once."""
    tests = max(p.sure.shape[1] for p in parts)
    first = np.cumsum([0, *(len(p.sure) for p in parts[:-1])])

    def wide(values: npt.NDArray[np.generic], blank: float) -> npt.NDArray[np.generic]:
        width = ((0, 0), (0, tests - values.shape[1]))
        return np.pad(values, width, constant_values=blank)

    moved = [np.where(p.b >= 0, p.b + f, -1) for p, f in zip(parts, first, strict=True)]
    return Needs(
        sure=np.concatenate([wide(p.sure, 1.0) for p in parts]),
        needed=np.concatenate([wide(p.needed, 1.0) for p in parts]),
        load=np.concatenate([p.load for p in parts]),
        a=np.concatenate([p.a + f for p, f in zip(parts, first, strict=True)]),
        b=np.concatenate(moved),
        weight=np.concatenate([p.weight for p in parts]),
        unit=np.concatenate([p.unit + f for p, f in zip(parts, first, strict=True)]),
        site=np.concatenate([p.site for p in parts]),
        reaches=np.concatenate([wide(p.reaches, 0.0) for p in parts]),
        metres=np.concatenate([p.metres for p in parts]),
        park=np.concatenate([p.park for p in parts]),
        sites=parts[0].sites,
    )


def paired_as_one(needs: Needs) -> Needs:
    """Take each pair of ends for one unit that either end's places serve.

    Exact where every unit has one test that asks for one place: the better of two ends is met
    where any place serves either.
    """
    if not (needs.b >= 0).any():
        return needs
    size = len(needs.a)
    by_unit = pd.DataFrame({"unit": needs.unit, "row": np.arange(len(needs.unit))})
    term = np.concatenate([np.arange(size), np.flatnonzero(needs.b >= 0)])
    unit = np.concatenate([needs.a, needs.b[needs.b >= 0]])
    joined = pd.DataFrame({"term": term, "unit": unit}).merge(by_unit, on="unit")
    joined["site"] = needs.site[joined["row"]]
    joined = joined.sort_values(["term", "site", "row"]).drop_duplicates(["term", "site"])
    row = joined["row"].to_numpy()
    other = np.where(needs.b >= 0, needs.b, needs.a)
    return replace(
        needs,
        sure=np.maximum(needs.sure[needs.a], needs.sure[other]),
        needed=needs.needed[needs.a],
        a=np.arange(size),
        b=np.full(size, -1),
        unit=joined["term"].to_numpy(),
        site=needs.site[row],
        reaches=needs.reaches[row],
        metres=needs.metres[row],
        park=needs.park[needs.a],
    )
