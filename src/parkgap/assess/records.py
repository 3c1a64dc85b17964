"""Rows of the assessment: what is told of one item, of every park and of shifts unlike others.

All rows of an item are made at once; of the worst-served group of each row the binding test, what
it found, and what is nearest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from parkgap.assess.groups import REASONS, SLACK
from parkgap.assess.outcomes import Judgement, Outcome
from parkgap.details import ALL
from parkgap.frames import ASSESSMENT

if TYPE_CHECKING:
    from parkgap.assess.items import Assessor, Judged
    from parkgap.standard import Item

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
Columns = dict[str, Objects | Floats]

_EVIDENCE = 10  # facilities named in a row


@dataclass(frozen=True)
class Subjects:
    """Whom rows speak of: whole parks (crew -1), and crews that fare unlike their park's others."""

    park: Ints
    crew: Ints

    def of(self, by_park: npt.NDArray[np.generic], by_crew: npt.NDArray[np.generic]) -> Objects:
        """Values of what rows speak of, shape (rows,)."""
        return np.where(self.crew < 0, by_park[self.park], by_crew[self.crew])


def records(assessor: Assessor, judged: Judged, subjects: Subjects) -> Columns:
    """Make the columns of :data:`parkgap.frames.ASSESSMENT` of one item.

    Parameters
    ----------
    assessor, judged
        Who judged, and what was found.
    subjects
        Whom the rows speak of.

    Returns
    -------
    Columns of shape (rows,), None or NaN for what is empty; `weight` is the item's own.
    """
    groups, crew = assessor.groups, subjects.crew
    found = _outcome(judged.found, subjects)
    applies = assessor.applies(judged)[subjects.park]
    at_work, at_home = (_any(assessor, subjects, use) for _, use in judged.ends.used)
    status = np.where(applies, found.status, "not_applicable").astype(object)
    out = _blank(judged.item, len(crew), zh=assessor.zh)
    out["park_id"] = assessor.g.parks["park_id"].to_numpy(dtype=object)[subjects.park]
    out["origin"] = _origin(judged.item, at_work, at_home, applies)
    out["shift"] = np.where(crew < 0, ALL, groups.name[crew]).astype(object)
    out["status"] = status
    out["reason_unverified"][status == "unverified"] = _why(assessor, judged, subjects)[
        status == "unverified"
    ]
    part = np.where(crew < 0, 1.0, groups.part[crew])
    workers = assessor.people(judged)[subjects.park] * part
    lacking = np.round(workers * (1.0 - found.met)) + 0.0  # nobody, not minus nobody
    few = ~at_work & (lacking > 0) & (lacking < assessor.min_workers)
    figures = {
        "satisfaction_low": found.low,
        "satisfaction_high": np.where(found.high > found.low, found.high, found.low),
        "served_share": found.met,
        "workers": workers,
        "workers_unserved": np.where(few, np.nan, lacking),
    }
    for name, values in figures.items():
        out[name] = np.where(applies, values, np.nan)
    home = _better(judged, subjects)
    group = _worst(assessor, judged, subjects, home)
    told = np.flatnonzero(applies & (group >= 0))
    worst = _Worst(assessor, judged, group[told], subjects.park[told], home[told])
    for name, own in worst.columns().items():
        out[name][told] = own
    return out


def _outcome(found: Judgement, subjects: Subjects) -> Outcome:
    """Outcome of each row: the park's, or the crew's."""
    values = ((one.low, one.high, one.met, one.short) for one in (found.park, found.crew))
    pairs = zip(*values, strict=True)
    return Outcome(*(np.asarray(subjects.of(*p), dtype=float) for p in pairs))


def _any(assessor: Assessor, subjects: Subjects, flags: Bools) -> Bools:
    """Whether any of the groups (groups,) that a row speaks of has a flag, shape (rows,)."""
    groups = assessor.groups
    by_crew = np.bincount(groups.crew, flags, minlength=len(groups.park)) > 0
    by_park = np.bincount(groups.park, by_crew, minlength=len(assessor.g.parks)) > 0
    return np.asarray(subjects.of(by_park, by_crew), dtype=bool)


def _blank(item: Item, size: int, *, zh: bool) -> Columns:
    clauses = [t.clause_zh if zh else t.clause_en for t in item.tests]
    same: dict[str, object] = {
        "category": item.category,
        "item": item.id,
        "level": item.level,
        "weight": item.weight,
        "unit": item.unit_zh if zh else item.unit_en,
        "clause": "; ".join(dict.fromkeys(clauses)),
        "basis": item.tests[0].basis if item.tests else "assumption",
        "tests": "",
        "evidence": "",
    }
    return {
        c.name: np.full(size, same.get(c.name, np.nan), dtype=float)
        if c.kind == "float"
        else np.full(size, same.get(c.name), dtype=object)
        for c in ASSESSMENT.columns
    }


def _origin(item: Item, at_work: Bools, at_home: Bools, applies: Bools) -> Objects:
    """From where each row is judged; where nobody is, from where it would be."""
    nowhere = "home" if item.residence_kind else "work"
    both = at_work & at_home
    kinds = [both & applies, at_work, at_home]
    return np.select(kinds, ["either", "work", "home"], nowhere).astype(object)


def _better(judged: Judged, subjects: Subjects) -> Bools:
    """Whether home is the end that is served better: where either counts, it decides."""
    work, home = (
        np.asarray(subjects.of(by_park, by_crew), dtype=float)
        for by_crew, by_park in (judged.found.low_at[n] for n in ("work", "home"))
    )
    return np.asarray(np.isnan(work) | (home > work), dtype=bool)


def _why(assessor: Assessor, judged: Judged, subjects: Subjects) -> Objects:
    """Reasons why unmet tests are not confirmed, in the order of `REASONS`, shape (rows,)."""
    counts, used = judged.counts, judged.ends.work | judged.ends.home
    unmet = counts.found < counts.needed
    why: Bools = np.asarray((counts.reasons & unmet[:, :, None]).any(axis=1), dtype=bool)
    why[:, REASONS.index("gate")] |= (~unmet & ~counts.met).any(axis=1)
    flags = [_any(assessor, subjects, own & used) for own in why.T]
    rows = np.column_stack(flags).tolist()
    texts = ["+".join(r for r, w in zip(REASONS, row, strict=True) if w) for row in rows]
    return np.array(texts, dtype=object)


def _worst(assessor: Assessor, judged: Judged, subjects: Subjects, at_home: Bools) -> Ints:
    """Worst-served group of each row at the end that decides, shape (rows,); -1 for none.

    Of homes only groups of at least `min_workers` workers are looked at.
    """
    g, counts = assessor.groups, judged.counts
    park = g.park[g.crew]
    large = g.share * assessor.residents[park] >= assessor.min_workers - SLACK
    ratio = (np.where(counts.short, counts.found, counts.sure) / counts.needed).min(axis=1)
    order = np.lexsort((-g.share * g.part[g.crew], ratio))
    out = np.full(len(subjects.park), -1)
    for key, own, subject in (
        (park, subjects.crew < 0, subjects.park),
        (g.crew, subjects.crew >= 0, subjects.crew),
    ):
        home = np.zeros(int(key.max(initial=-1)) + 1, dtype=bool)
        home[subject[own]] = at_home[own]
        use = np.where(home[key], judged.ends.home & large, judged.ends.work)
        rows = order[use[order]]
        worst = np.full(len(home), -1)
        # The first of each is written last.
        worst[key[rows[::-1]]] = rows[::-1]
        out[own] = worst[subject[own]]
    return out


@dataclass(frozen=True)
class _Worst:
    """The worst-served group of each row, its park, and whether it starts from home."""

    assessor: Assessor
    judged: Judged
    group: Ints
    park: Ints
    home: Bools

    def columns(self) -> Columns:
        """Figures of the binding test, what it found, and what is nearest, shape (rows,)."""
        item, counts = self.judged.item, self.judged.counts
        needed, found = counts.needed[self.group], counts.found[self.group]
        test = self._binding()
        of = np.arange(len(test))
        told = [(t.limit, t.unit, t.basis) for t in item.tests]
        texts = [
            "; ".join(
                f"{t.limit:g} {t.unit}: {f:g}/{n:g}"
                for t, f, n in zip(item.tests, some, wanted, strict=True)
            )
            for some, wanted in zip(found.tolist(), needed.tolist(), strict=True)
        ]
        own: Columns = {
            "needed": needed[of, test],
            "found": found[of, test],
            "limit": np.array([x[0] for x in told], dtype=float)[test],
            "limit_unit": np.array([x[1] for x in told], dtype=object)[test],
            "basis": np.array([x[2] for x in told], dtype=object)[test],
            "tests": np.array(texts, dtype=object),
        }
        return own | self._within(test) | self._nearest()

    def _binding(self) -> Ints:
        """The test of which the least is met; of equals, that of the tightest limit."""
        counts, group = self.judged.counts, self.group
        least = np.where(counts.short[group], counts.found[group], counts.sure[group])
        order = np.argsort([t.limit for t in self.judged.item.tests], kind="stable")
        ratio = (least / counts.needed[group])[:, order]
        return np.asarray(order[np.where(np.isnan(ratio), np.inf, ratio).argmin(axis=1)])

    def _within(self, test: Ints) -> Columns:
        """What lies within the limits and is open: named, and counted inside the park."""
        assessor, item, rows = self.assessor, self.judged.item, self.judged.rows
        owner, walk = rows.of_each(assessor.groups.origin[self.group])
        open_then = self._open(owner, walk)
        within = [rows.within(t)[walk] & open_then for t in item.tests]
        size, place = len(self.group), rows.facility[walk]
        seen = np.any(within, axis=0)
        ids = assessor.ids[place[seen]]
        cuts = np.searchsorted(owner[seen], np.arange(size + 1)).tolist()
        evidence = [" ".join(ids[a : min(b, a + _EVIDENCE)]) for a, b in pairwise(cuts)]
        own: Columns = {"evidence": np.array(evidence, dtype=object)}
        if item.counts == "facilities":
            inside = assessor.g.park_of[place] == self.park[owner]
            inside &= np.array(within)[test[owner], np.arange(len(owner))]
            own["found_inside"] = np.bincount(owner[inside], minlength=size).astype(float)
        return own

    def _open(self, owner: Ints, walk: Ints) -> Bools:
        """Whether each walk leads to a place that is open when the row's group is free."""
        assessor, judged = self.assessor, self.judged
        pattern = assessor.groups.pattern[assessor.groups.crew[self.group]][owner]
        where = judged.where[self.group][owner]
        out = np.zeros(len(walk), dtype=bool)
        for end in set(where):
            for one in np.unique(pattern):
                own = np.flatnonzero((pattern == one) & (where == end))
                best, *_ = assessor.counter.serving(
                    *(judged.item, judged.rows, judged.where, int(one), str(end))
                )
                out[own] = best[walk[own]]
        return out

    def _nearest(self) -> Columns:
        """The nearest place, and the walk there; rough from homes and from where few work."""
        assessor, rows = self.assessor, self.judged.rows
        origin = assessor.groups.origin[self.group]
        walk, any_there = rows.nearest(origin)
        rough = self.home | assessor.g.hidden[origin]
        out: Columns = {
            "nearest_id": np.full(len(origin), None, dtype=object),
            "nearest_name": np.full(len(origin), None, dtype=object),
            "nearest_m": np.full(len(origin), np.nan),
            "nearest_min": np.full(len(origin), np.nan),
        }
        place, rough = rows.facility[walk], rough[any_there]
        # Within the limit in metres, but not in minutes: up a steep hill.
        far = np.where(np.isfinite(rows.minutes[walk]), rows.minutes[walk], np.nan)
        out["nearest_id"][any_there] = assessor.ids[place]
        out["nearest_name"][any_there] = assessor.names[place]
        out["nearest_m"][any_there] = np.where(rough, np.nan, rows.metres[walk])
        out["nearest_min"][any_there] = np.where(rough, np.ceil(far), far)
        return out
