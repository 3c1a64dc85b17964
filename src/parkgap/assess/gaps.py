"""What is confirmed short of an item, and the fewest additions that would meet it.

A *need* is one test that a group fails for sure: so many places more within the test's limit of
where the group starts from, and no farther than its free time allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from parkgap.assess.additions import fewest
from parkgap.assess.groups import SLACK, Ground
from parkgap.assess.outcomes import ROUNDING

if TYPE_CHECKING:
    from parkgap.assess.items import Judged

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

# Columns of needs: row of the origin; whether the limit is metres (else minutes), and the limit;
# farthest walk (minutes) that the free time allows; places lacking.
_ORIGIN, _IN_METRES, _LIMIT, _SPARE, _MORE = range(5)


@dataclass(frozen=True)
class _Needs:
    """What groups lack at one end: a table (needs, 5), and where each crew's part begins.

    Sorted by crew, then by origin; a crew that is not confirmed short has none.
    """

    table: Floats
    first: Ints

    def of(self, crew: int) -> Floats:
        return self.table[self.first[crew] : self.first[crew + 1]]


@dataclass(frozen=True)
class _Costs:
    """Metres and minutes (origins, sites) to every site that one of the origins reaches."""

    origin: Ints
    metres: Floats
    minutes: Floats


class Gaps:
    """Finds the fewest additions; holds what all items share.

    Parameters
    ----------
    ground
        What is judged; of its reach the walks to candidate sites are looked at.
    """

    def __init__(self, ground: Ground) -> None:
        self.g = ground
        target = ground.reach["target"].to_numpy()
        sites = np.flatnonzero(target >= len(ground.facilities))
        columns = ("origin", "target", "metres", "minutes")
        self._sites = [ground.reach[c].to_numpy()[sites] for c in columns]
        size = len(ground.origins)
        self._first = np.searchsorted(self._sites[0], np.arange(size + 1))
        self._needs: dict[str, tuple[_Needs, ...]] = {}
        self._known: dict[bytes, int] = {}
        self._costs: dict[bytes, _Costs] = {}

    def additions(self, judged: Judged, crews: Iterable[int]) -> int:
        """Fewest additions that meet the confirmed gaps of some crews.

        An item judged from either end is met by meeting it at the end that takes fewer.  What is
        added is open whenever it is needed; shifts that start from one place share it.
        """
        ends = self._ends(judged)
        # A crew that is confirmed short is so at every end from which it is judged.
        gaps = [[part for part in (end.of(c) for end in ends) if len(part)] for c in crews]
        gaps = [parts for parts in gaps if parts]
        if not gaps:
            return 0
        several = range(max(len(parts) for parts in gaps))
        choices = [[parts[min(end, len(parts) - 1)] for parts in gaps] for end in several]
        if len(choices) > 1 and len(gaps) > 1:
            # Each crew at the end that takes fewer for it alone.
            cheaper = [
                min(parts, key=lambda own: self._cover(judged, [own]))
                for parts in zip(*choices, strict=True)
            ]
            choices.append(cheaper)
        return min(self._cover(judged, parts) for parts in choices)

    def _ends(self, judged: Judged) -> tuple[_Needs, ...]:
        """Needs of all crews that are confirmed short, at work and at home."""
        item, counts, groups = judged.item, judged.counts, self.g.groups
        if item.id not in self._needs:
            tests = np.array([(t.unit == "m", t.limit) for t in item.tests], dtype=float)
            lacking = (judged.found.crew.short > ROUNDING)[groups.crew]
            spare = self._spare(judged)
            made = []
            for _, use in judged.ends.used:
                group, test = np.nonzero(counts.short & (lacking & use)[:, None])
                more = counts.needed[group, test] - counts.found[group, test]
                columns = (groups.origin[group], *tests[test].T, spare[group], more)
                first = np.searchsorted(groups.crew[group], np.arange(len(groups.park) + 1))
                made.append(_Needs(np.column_stack(columns), first))
            self._needs[item.id] = tuple(made)
        return self._needs[item.id]

    def _spare(self, judged: Judged) -> Floats:
        """Farthest walk (minutes) that the free times of every group allow, shape (groups,)."""
        pattern = self.g.groups.pattern[self.g.groups.crew]
        kinds, which = np.unique(pattern, return_inverse=True)
        out = np.full(len(pattern), np.inf)
        for end in set(judged.where):
            own = judged.where == end
            out[own] = self.g.times.farthest(judged.item.id, kinds, str(end))[which[own]]
        return out

    def _cover(self, judged: Judged, parts: list[Floats]) -> int:
        """Fewest additions for the needs of some crews."""
        needs = parts[0] if len(parts) == 1 else _binding(np.concatenate(parts))
        if judged.item.counts == "lines":
            return int(needs[:, _MORE].max())  # one line can be led past every gate
        # Single shifts often lack the very same as the whole park, and one item as another.
        key = needs.tobytes()
        if key not in self._known:
            self._known[key] = self._fewest(needs)
        return self._known[key]

    def _fewest(self, needs: Floats) -> int:
        origin = needs[:, _ORIGIN].astype(np.int64)
        costs = self._site_costs(origin)
        where = np.searchsorted(costs.origin, origin)
        limit, spare = needs[:, _LIMIT, None] + SLACK, needs[:, _SPARE, None] + SLACK
        cover = costs.metres[where] <= limit
        in_minutes = needs[:, _IN_METRES] == 0
        if in_minutes.any():
            cover[in_minutes] = (costs.minutes[where] <= limit)[in_minutes]
        if (spare != np.inf).any():
            cover &= costs.minutes[where] <= spare
        # The origin itself is a site too, one for all its tests; but limits are nested, so that it
        # adds nothing where a street point lies within the tightest.
        alone = ~cover.any(axis=1)
        if alone.any():
            cover = np.column_stack([cover, origin[:, None] == np.unique(origin[alone])])
        return fewest(cover, needs[:, _MORE].astype(np.int64))

    def _site_costs(self, origin: Ints) -> _Costs:
        """Lay out the walks from all origins of some origins' parks; those of the last stay."""
        of = self.g.origin_park[origin]
        parks = of[:1] if (of == of[0]).all() else np.unique(of)
        key = parks.tobytes()
        if key not in self._costs:
            own = np.flatnonzero(np.isin(self.g.origin_park, parks))
            size = self._first[own + 1] - self._first[own]
            line = np.repeat(np.arange(len(own)), size)
            part = np.repeat(self._first[own] - np.cumsum(size) + size, size) + np.arange(
                size.sum()
            )
            _, target, *costs = self._sites
            site, column = np.unique(target[part], return_inverse=True)
            dense = np.full((2, len(own), len(site)), np.inf)
            for layer, cost in zip(dense, costs, strict=True):
                layer[line, column] = cost[part]
            self._costs = {key: _Costs(own, *dense)}
        return self._costs[key]


def _binding(needs: Floats) -> Floats:
    """Drop what a larger need of the same origin and test implies, with less time to spare."""
    order = np.lexsort(
        (-needs[:, _MORE], *(needs[:, c] for c in (_SPARE, _LIMIT, _IN_METRES, _ORIGIN)))
    )
    needs = needs[order]
    keys = needs[:, : _LIMIT + 1]
    first = np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)]
    rising = np.cumsum(first) * (needs[:, _MORE].max() + 1) + needs[:, _MORE]
    largest = np.maximum.accumulate(rising)
    return np.asarray(needs[first | np.r_[True, rising[1:] > largest[:-1]]])
