"""Several standards in one run: what the further ones need to be judged on the same ground.

Each further standard is surveyed and judged by itself, by the very stages that the study's own
goes through: on the same streets, from the same workplaces and homes, with the same walking speed
and the same measure of completeness.  So none can change what another says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.known import thin_items
from parkgap.errors import Problem, StandardError
from parkgap.frames import PLANNED
from parkgap.gathered import gather
from parkgap.inputs import Tables, wants_of
from parkgap.shards import Survey
from parkgap.standard import Standard, load
from parkgap.town import Town

if TYPE_CHECKING:
    from parkgap.standard import Item
    from parkgap.study import Study
    from parkgap.work import Work

_SHARED = ("detour_no_network", "steps_floor")  # figures that the walks rest on
Bools = npt.NDArray[np.bool_]
Pairs = tuple[tuple[str, str], ...]


def load_also(study: Study, main: Standard) -> tuple[Standard, ...]:
    """Load the standards that a study compares with.

    Raises
    ------
    StandardError
        One is wrong or not there, or two of them (the study's own among them) share an id.
    """
    found: list[Standard] = []
    for source in study.also_sources:
        other = load(source)
        if other.id in {main.id, *(s.id for s in found)}:
            raise StandardError(
                Problem(
                    what="两个标准的 id 相同 / two standards share an id",
                    file=study.path.name,
                    column="standard.also",
                    value=other.id,
                    remedy="改其中一个文件的 id / change the id in one of the files",
                )
            )
        found.append(other)
    return tuple(found)


@dataclass(frozen=True)
class Further:
    """A standard that is judged by beside the study's own.

    Attributes
    ----------
    standard
        As its file has it.
    judged
        As it is judged by: with the study's walking speed and certainty, for the walks and the
        completeness are the same for all; and items that cannot be confirmed short marked so.
    pairs
        Items of the study's own standard, and of this one, that are found by one rule: what the
        office's lists say of the one they say of the other.
    """

    standard: Standard
    judged: Standard
    pairs: Pairs

    @classmethod
    def of(cls, standard: Standard, main: Standard, tables: Tables) -> Further:
        """Fit a standard to a study whose own standard is `main`."""
        pairs = counterparts(main, standard)
        listed = {str(i) for frame in (tables.facilities, tables.projects) for i in frame["item"]}
        return cls(standard, _fitted(standard, main, pairs, listed), pairs)

    def work(self, work: Work) -> Work:
        """Give the same shard's work by this standard; nothing is drawn again."""
        rules = replace(work.rules, standard=self.judged, wants=wants_of(self.judged))
        rules = replace(rules, search=None, told_from=None)
        lists = work.shard.lists
        mine = replace(lists, there=self._translated(lists.there), planned=PLANNED.frame())
        return replace(work, shard=replace(work.shard, lists=mine), rules=rules, cells=None)

    def town(self, town: Town, parts: list[Survey]) -> Town:
        """Give the town as this standard sees it, from the findings of its shards."""
        found = gather(parts, PLANNED.frame(), len(self.judged.items))
        found = replace(found, member=_with_twins(found.member, self.judged))
        known = pd.DataFrame(self.pairs, columns=["item", "other"])
        complete = town.tables.complete.merge(known, on="item")
        complete = complete.drop(columns="item").rename(columns={"other": "item"})
        tables = replace(town.tables, complete=complete)
        return replace(town, standard=self.judged, tables=tables, found=found)

    def thin(self, certainty: pd.DataFrame, main: Standard, origins: pd.DataFrame) -> Bools:
        """Tell where the data is too thin for this standard's items, as the study's own has it.

        An item goes by the category of its counterpart, else by that of its own name; one of a
        category that the study's standard does not know goes by the thinnest.

        Parameters
        ----------
        certainty
            Of :data:`parkgap.frames.CERTAINTY`, by the study's own standard `main`.
        origins
            Of :data:`parkgap.frames.ORIGINS`.

        Returns
        -------
        Shape (origins, items of this standard).
        """
        twin = {other: main.item(own).category for own, other in self.pairs}
        known = {c.id for c in main.categories}
        own = [twin.get(i.id, i.category) for i in self.judged.items]
        return thin_items(certainty, origins, [c if c in known else None for c in own])

    def _translated(self, listed: pd.DataFrame) -> pd.DataFrame:
        """Let the lists' rows speak of this standard's items; others' are left out.

        A row stays one place: of several items by one rule the first takes it, and
        :meth:`town` lets it count for all.
        """
        first = dict(reversed(self.pairs))
        item = listed["item"].map(first)
        return listed.assign(item=item)[item.notna().to_numpy()].reset_index(drop=True)


def counterparts(main: Standard, other: Standard) -> Pairs:
    """Pairs of items (of `main`, of `other`) that are found by the very same rule."""
    return tuple((a.id, b.id) for a in main.items for b in other.items if _alike(a, b))


def _alike(a: Item, b: Item) -> bool:
    return not a.of_items and not b.of_items and (a.rule, a.counts) == (b.rule, b.counts)


def _fitted(standard: Standard, main: Standard, pairs: Pairs, listed: set[str]) -> Standard:
    """Give a standard the study's speed and certainty.

    Where a list names places of an item that this standard finds by a rule of its own, the list
    cannot be read by it, yet what it names may well count: there, not found is not known.
    """
    paired = {other for _, other in pairs}
    told = [main.item(i) for i in sorted(listed) if i in {m.id for m in main.items}]
    conditions = {frozenset(c.items()) for item in told for c in item.rule.any}

    def fitted(item: Item) -> Item:
        own = {frozenset(c.items()) for c in item.rule.any}
        unsure = item.id not in paired and bool(own & conditions)
        return item.model_copy(update={"needs_list": True}) if unsure else item

    categories = tuple(
        c.model_copy(update={"items": tuple(map(fitted, c.items))}) for c in standard.categories
    )
    speeds = ("walk_speed", "walk_speed_low", "walk_speed_high", "certainty")
    figures = {**standard.figures}
    for name in {*figures, *main.figures}:
        if name in _SHARED or name.startswith("certainty_"):
            figures.pop(name, None)
            if name in main.figures:
                figures[name] = main.figures[name]
    same = {name: getattr(main, name) for name in speeds}
    return standard.model_copy(update={**same, "figures": figures, "categories": categories})


def _with_twins(member: npt.NDArray[np.bool_], standard: Standard) -> npt.NDArray[np.bool_]:
    """Let what counts for an item count for all items of the same rule."""
    made = member.copy()
    items = standard.items
    for i, one in enumerate(items):
        same = [j for j, other in enumerate(items) if j == i or _alike(one, other)]
        made[:, i] = member[:, same].any(axis=1)
    return made
