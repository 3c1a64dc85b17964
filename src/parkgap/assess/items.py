"""Judge every park by every item of the standard, over all shifts and shift by shift.

Per test it is counted what a group of workers reaches within the limit while it is open to them
(:mod:`parkgap.assess.counting`); a test that is not met is *confirmed* short only where the data
could have shown it, whichever gate is open; :mod:`parkgap.assess.outcomes` sums up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.counting import Counter, Rows
from parkgap.assess.gaps import Gaps
from parkgap.assess.groups import Ground
from parkgap.assess.outcomes import Counts, Ends, Judgement, Kinds, judge
from parkgap.assess.records import Subjects, records
from parkgap.details import ALL
from parkgap.frames import ASSESSMENT
from parkgap.standard import Item, Standard

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

_SAME = 1e-9  # outcomes of shifts that differ by less are one


@dataclass(frozen=True)
class Judged:
    """One item, counted and summed up."""

    item: Item
    rows: Rows
    where: Objects
    counts: Counts
    ends: Ends
    found: Judgement
    absent: bool


class Assessor:
    """Judges; holds what all items share.

    Parameters
    ----------
    ground, standard
        What to judge, by what.
    language
        ``zh`` or ``en``, for units and clauses.
    min_workers
        Figures of homes are taken only from groups of at least this size; shifts of fewer workers
        have no rows of their own.
    """

    def __init__(
        self, ground: Ground, standard: Standard, *, language: str, min_workers: int
    ) -> None:
        self.g = ground
        self.standard = standard
        self.zh = language == "zh"
        self.min_workers = min_workers
        self.counter = Counter(ground, standard)
        self.groups = ground.groups
        self.workers = self.counter.workers
        self.residents = self.counter.residents
        self._kinds = Kinds(ground)
        self._judged: dict[str, Judged] = {}
        self._gaps = Gaps(ground)
        self.ids = ground.facilities["facility_id"].to_numpy()
        self.names = ground.facilities["name"].to_numpy()

    def judge(self, item: Item) -> Judged:
        """Count for one item and sum up, once."""
        if item.id not in self._judged:
            rows = self.counter.rows(item)
            ends = self._kinds.ends(item)
            where = self._kinds.where(item, ends)
            counts = self.counter.counts(item, rows, where)
            self._judged[item.id] = Judged(
                *(item, rows, where, counts, ends, judge(self.groups, counts, ends)),
                absent=item.needs_region and item.id not in self.g.region_has,
            )
        return self._judged[item.id]

    def applies(self, judged: Judged) -> Bools:
        """Whether an item applies to each park: somebody is judged, and it can exist there."""
        nobody = np.isnan(judged.found.park.low) | (self.workers == 0) | judged.absent
        return np.asarray(~nobody, dtype=bool)

    def people(self, judged: Judged) -> Floats:
        """Workers judged of each park, NaN where nobody knows, shape (parks,)."""
        size = len(self.g.parks)
        park = self.g.origin_park
        origin = np.unique(self.groups.origin[judged.ends.home])
        at_home = np.bincount(
            park[origin], self.g.origins["share"].to_numpy()[origin], minlength=size
        )
        at_work = np.isfinite(judged.found.low_at["work"][1])
        return np.where(at_work, self.workers, self.residents * at_home)

    # --- rows -------------------------------------------------------------------------------

    def assess(self, *, additions: bool = True) -> pd.DataFrame:
        """Return the frame of :data:`parkgap.frames.ASSESSMENT`: every park by every item.

        Without `additions`, ``short_by`` stays empty.
        """
        judged = [self.judge(item) for item in self.standard.items]
        subjects = [self._subjects(one) for one in judged]
        made = [records(self, *own) for own in zip(judged, subjects, strict=True)]
        columns = {n: np.concatenate([own[n] for own in made]) for n in ASSESSMENT.names}
        which = np.repeat(np.arange(len(judged)), [len(own.park) for own in subjects])
        park, crew = (np.concatenate([getattr(s, n) for s in subjects]) for n in ("park", "crew"))
        short = np.flatnonzero(columns["status"] == "short") if additions else np.empty(0, int)
        # Park by park, so that the walks from one park to its sites are laid out once.
        for row in short[np.argsort(park[short], kind="stable")]:
            crews = self.groups.crews_of(park[row]) if crew[row] < 0 else [int(crew[row])]
            columns["short_by"][row] = self._gaps.additions(judged[which[row]], crews)
        frame = pd.DataFrame(columns)
        frame["weight"] = self._effective(frame)
        frame = frame.sort_values(list(ASSESSMENT.sort), ignore_index=True)
        return ASSESSMENT.check(frame)

    def _effective(self, frame: pd.DataFrame) -> pd.Series:
        """Weights over what applies to each park: those of whole parks sum to 1 for it."""
        own = frame["item"].map({i.id: i.weight for i in self.standard.items})
        own = own.where(frame["status"] != "not_applicable", 0.0)
        total = own.where(frame["shift"] == ALL, 0.0).groupby(frame["park_id"]).transform("sum")
        return (own / total.where(total > 0, 1.0)).astype("float64")

    def _subjects(self, judged: Judged) -> Subjects:
        """Every park; and each crew of the parks whose shifts fare differently.

        None of a park in which a shift has a figure of few workers: those of the others, and of
        the whole park, would give it away.
        """
        groups, crew = self.groups, judged.found.crew
        values = np.column_stack([crew.low, crew.high, crew.met, crew.short])
        first = groups.first_crew[:-1][groups.park]
        unlike = (np.abs(values - values[first]) > _SAME).any(axis=1)
        people = self.people(judged)[groups.park] * groups.part
        told = (people, np.round(people * (1.0 - crew.met)))
        few = np.any([(figure > 0) & (figure < self.min_workers) for figure in told], axis=0)
        size = len(self.g.parks)
        shown = np.bincount(groups.park, unlike, minlength=size) > 0
        shown &= np.bincount(groups.park, few, minlength=size) == 0
        crews = np.flatnonzero(shown[groups.park])
        return Subjects(
            park=np.concatenate([np.arange(size), groups.park[crews]]),
            crew=np.concatenate([np.full(size, -1), crews]),
        )

    # --- what would meet it -----------------------------------------------------------------

    def fewest_for(self, item: Item, park_ids: list[str]) -> int:
        """Fewest additions that meet the confirmed gaps of several parks at once."""
        where = {p: i for i, p in enumerate(self.g.parks["park_id"])}
        crews = chain.from_iterable(self.groups.crews_of(where[p]) for p in park_ids)
        return self._gaps.additions(self.judge(item), crews)
