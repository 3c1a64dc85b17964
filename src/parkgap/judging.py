"""Judge every park, or take from the store what was judged of the same before.

What is said of a park depends on the park, on what its workers reach, and on the standard; not
on other parks.  So each park is judged again only when one of these has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.detail import detail
from parkgap.assess.groups import Ground
from parkgap.assess.items import Assessor
from parkgap.assess.outcomes import lacking_core
from parkgap.assess.ranking import rank_parks, shortfalls
from parkgap.assess.rollup import roll_up
from parkgap.assess.scenarios import Satisfactions, Scenario, joined
from parkgap.assess.trials import satisfactions
from parkgap.details import Detail
from parkgap.frames import ASSESSMENT
from parkgap.park_facts import common_facts, dealt, park_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.standard import Item, Standard
    from parkgap.store import Memo

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]

_TEXTS = [c.name for c in ASSESSMENT.columns if c.kind == "str"]
_NUMBERS = [c.name for c in ASSESSMENT.columns if c.kind == "float"]


@dataclass(frozen=True)
class Judged:
    """What was found of one park.

    Attributes
    ----------
    texts, numbers
        Its rows of :data:`parkgap.frames.ASSESSMENT`, by kind of column: (rows, columns), None and
        NaN for what is empty.  A frame a park would take longer to write than the park to judge.
    lacking
        Share of its workers who lack at least one core item, confirmed.
    """

    texts: Objects
    numbers: Floats
    lacking: float


@dataclass(frozen=True)
class Judge:
    """Judges parks by a standard; remembers what it found.

    Attributes
    ----------
    ground, standard
        What to judge, by what.
    language, min_workers
        As for :class:`parkgap.assess.items.Assessor`.
    memo
        What was judged before.
    additions
        Whether the fewest additions are worked out; without them nothing may be kept.
    """

    ground: Ground
    standard: Standard
    language: str
    min_workers: int
    memo: Memo
    additions: bool = True
    _keys: dict[str, str] = field(default_factory=dict)
    _last: dict[tuple[int, ...], Assessor] = field(init=False, default_factory=dict, compare=False)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Make ``assessment, ranking, shortfall, rollup`` of all parks, few workers and all."""
        g = self.ground
        judged = self._all()
        assessment = _joined(judged)
        lacking = np.array([j.lacking for j in judged])
        return {
            "assessment": assessment,
            "ranking": rank_parks(assessment, g.parks, self.standard, lacking),
            "shortfall": shortfalls(assessment, g.parks),
            "rollup": roll_up(
                assessment, g.parks, self, self.standard, min_workers=self.min_workers
            ),
        }

    def assessment(self) -> pd.DataFrame:
        """Make the assessment of all parks alone."""
        return _joined(self._all())

    def keys(self) -> list[str]:
        """Name what each park was judged from, once it was judged."""
        return [self._keys[p] for p in self._ids]

    @property
    def whole(self) -> Assessor:
        """What judges all parks at once."""
        return self._whole

    def satisfactions(self, scenarios: Sequence[Scenario]) -> Satisfactions:
        """Judge every park under other assumptions: satisfaction and status alone."""
        tried = self.memo.key("scenarios", (list(scenarios),))
        keys = [self.memo.key("trials", (tried, self._keys[p])) for p in self._ids]
        new = [i for i, key in enumerate(keys) if not self.memo.knows("trials", key)]
        made = {}
        if new:
            judged = satisfactions(self._of(new), scenarios)
            parts = (judged.of_parks(np.array([i])) for i in range(len(new)))
            made = dict(zip(new, parts, strict=True))

        def one(row: int) -> Satisfactions:
            if row in made:
                return made[row]
            return satisfactions(self._of([row]), scenarios)

        return joined(
            [self.memo.under("trials", key, partial(one, i)) for i, key in enumerate(keys)]
        )

    def detail(self, park: str, item: str) -> Detail:
        """Lay open how one item of one park was judged."""
        row = np.array([self._ids.index(park)], dtype=np.int64)
        return detail(self._assessor(only(self.ground, row)), item)

    @property
    def _ids(self) -> list[str]:
        return [str(i) for i in self.ground.parks["park_id"]]

    @property
    def zh(self) -> bool:
        """Whether units are told in Chinese."""
        return self.language == "zh"

    def fewest_for(self, item: Item, park_ids: list[str]) -> int:
        """Fewest additions that meet the confirmed gaps of several parks at once."""
        inputs = (item.id, [self._keys[p] for p in park_ids], self._shared_sites(park_ids))
        return self.memo("area", inputs, lambda: self._whole.fewest_for(item, park_ids)).value

    def _shared_sites(self, park_ids: list[str]) -> list[Ints]:
        """Sites within reach of each park, numbered over all of them: which of them they share."""
        row = {p: i for i, p in enumerate(self._ids)}
        sites = [self._sites[row[p]] for p in park_ids]
        _, number = np.unique(np.concatenate(sites), return_inverse=True)
        return np.split(number.astype(np.int64), np.cumsum([len(s) for s in sites])[:-1])

    @cached_property
    def _sites(self) -> list[Ints]:
        """Sites within reach of each park, ascending."""
        g = self.ground
        target, origin = g.reach["target"].to_numpy(), g.reach["origin"].to_numpy()
        site = target >= len(g.facilities)
        pairs = pd.DataFrame({"park": g.origin_park[origin[site]], "target": target[site]})
        pairs = pairs.drop_duplicates().sort_values(["park", "target"])
        rows = dealt(pairs["park"].to_numpy(), len(g.parks))
        return [pairs["target"].to_numpy()[own] for own in rows]

    @cached_property
    def _whole(self) -> Assessor:
        return self._assessor(self.ground)

    def _assessor(self, ground: Ground) -> Assessor:
        return Assessor(ground, self.standard, language=self.language, min_workers=self.min_workers)

    def _of(self, rows: Sequence[int]) -> Assessor:
        """Assessor of some parks; the last one stays at hand, for it has counted already."""
        key = tuple(rows)
        if key == tuple(range(len(self.ground.parks))):
            return self._whole
        if key not in self._last:
            self._last.clear()
            self._last[key] = self._assessor(only(self.ground, np.array(rows, dtype=np.int64)))
        return self._last[key]

    def _all(self) -> list[Judged]:
        """Judge every park, in their order; those that are new together, for that is faster."""
        rules = (self.standard.model_dump_json(), self.language, self.min_workers)
        common = self.memo.key("rules", (rules, common_facts(self.ground)))
        ids = self._ids
        keys = [self.memo.key("park", (common, own)) for own in park_facts(self.ground)]
        self._keys.update(zip(ids, keys, strict=True))
        new = [i for i, key in enumerate(keys) if not self.memo.knows("park", key)]
        made = dict(zip(new, self._judge(new), strict=True)) if new else {}
        # One that turns out to be damaged is judged after all, by itself.
        return [
            self.memo.under("park", key, partial(self._made, made, i)) for i, key in enumerate(keys)
        ]

    def _made(self, made: dict[int, Judged], row: int) -> Judged:
        return made[row] if row in made else self._judge([row])[0]

    def _judge(self, rows: Sequence[int]) -> list[Judged]:
        assessor = self._of(rows)
        ground = assessor.g
        frame = assessor.assess(additions=self.additions)
        core = [assessor.judge(i) for i in self.standard.items if i.core]
        lacking = lacking_core(ground, [(j.item, j.counts, j.ends) for j in core])
        texts = np.column_stack([frame[c].to_numpy(dtype=object) for c in _TEXTS])
        texts[pd.isna(texts)] = None
        numbers = frame[_NUMBERS].to_numpy(dtype=float)
        park = pd.Index(ground.parks["park_id"]).get_indexer(frame["park_id"])
        parts = dealt(park, len(ground.parks))
        return [
            Judged(texts[own], numbers[own], share)
            for own, share in zip(parts, lacking.tolist(), strict=True)
        ]


def _joined(judged: Sequence[Judged]) -> pd.DataFrame:
    """Make the frame of :data:`parkgap.frames.ASSESSMENT` of all parks."""
    texts, numbers = (np.concatenate([getattr(j, n) for j in judged]) for n in ("texts", "numbers"))
    columns = dict(zip(_TEXTS, texts.T, strict=True)) | dict(zip(_NUMBERS, numbers.T, strict=True))
    frame = pd.DataFrame({name: columns[name] for name in ASSESSMENT.names})
    return ASSESSMENT.check(frame.sort_values(list(ASSESSMENT.sort), ignore_index=True))


def only(ground: Ground, rows: Ints) -> Ground:
    """Take of the ground what concerns some parks (rows of ``ground.parks``)."""
    parks = ground.parks.iloc[rows].reset_index(drop=True)
    mine = ground.origins["park_id"].isin(parks["park_id"]).to_numpy()
    origin = np.where(mine, np.cumsum(mine) - 1, -1)
    park = np.full(len(ground.parks) + 1, -1)  # the last for what stands in none
    park[rows] = np.arange(len(rows))
    parts = {}
    for name in ("reach", "beside"):
        frame = getattr(ground, name)
        use = mine[frame["origin"].to_numpy()]
        frame = frame[use].reset_index(drop=True)
        parts[name] = frame.assign(origin=origin[frame["origin"].to_numpy()])
    return replace(
        ground,
        parks=parks,
        origins=ground.origins[mine].reset_index(drop=True),
        park_of=park[ground.park_of],
        edge_m=ground.edge_m[mine],
        hidden=ground.hidden[mine],
        thin=None if ground.thin is None else ground.thin[mine],
        unplaced=None if ground.unplaced is None else ground.unplaced[rows],
        proven=None if ground.proven is None else ground.proven[rows],
        **parts,
    )
