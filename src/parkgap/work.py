"""The work of one shard, and who does it: this process, or the workers of a Dask cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parkgap.shards import Rules, Shard, Survey
from parkgap.store import Memo, Shelf
from parkgap.survey import Drawn, draw, drawn_from, survey, surveyed_from

if TYPE_CHECKING:
    from parkgap.sensitive import Mask
    from parkgap.sources.prepared import Prepared


@dataclass(frozen=True)
class Work:
    """Everything that one shard's work needs.

    Attributes
    ----------
    shard, rules, prepared
        What to survey, by which rules, on which map.
    cells, tolerance
        What to draw: sheets of the base map, and how coarse the overview may be; no cells: nothing
        (a further standard is judged on the same ground).
    mask
        What a public map leaves out; None: nothing.
    """

    shard: Shard
    rules: Rules
    prepared: Prepared
    cells: list[tuple[int, int]] | None
    tolerance: float
    mask: Mask | None
    shelf: Shelf = field(compare=False)
    memo: Memo = field(compare=False)


@dataclass(frozen=True)
class Done:
    """What came of it."""

    found: Survey
    drawn: Drawn | None


def do_one(work: Work) -> Done:
    """Do one shard's work."""
    found = survey(work.shard, work.rules, work.prepared, work.shelf, work.memo)
    if work.cells is None:
        return Done(found.value, None)
    ground = (work.prepared, work.shelf, work.memo, work.rules.wants, work.mask)
    return Done(found.value, draw(work.shard, work.cells, work.tolerance, *ground).value)


def is_kept(work: Work) -> bool:
    """Tell whether the store holds all that a shard's work would make, whole or not."""
    made = [("survey", surveyed_from(work.shard, work.rules, work.prepared))]
    if work.cells is not None:
        ground = (work.prepared, work.rules.wants, work.mask)
        made.append(("drawn", drawn_from(work.shard, work.cells, work.tolerance, *ground)))
    memo = work.memo
    return all(memo.knows(stage, memo.key(stage, inputs)) for stage, inputs in made)


def one_by_one(works: list[Work]) -> list[Done]:
    """Do the work of all shards in this process, one after the other."""
    return [do_one(work) for work in works]
