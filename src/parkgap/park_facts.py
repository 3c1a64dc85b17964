"""What the judgement of each park depends on, as arrays that are quickly told apart.

Nothing in it depends on other parks, nor on how anything is numbered over all of them: origins,
places and sites are numbered within the park, and ids stand beside.  Rows with texts are told by
their SHA-256, made once, though many parks may reach a place.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.crews import NO_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parkgap.assess.groups import Ground

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Rows = Ints | slice

_WALKS = (("metres", "metres_worst"), ("minutes", "minutes_worst"))
_ORIGIN = ["origin_id", "kind", "enterprise_id", "based_on", "share", "lon", "lat", "reached"]
_SHIFT = ["shift", "share", "enterprise_id"]
_PLACE = ["facility_id", "name", "access", "lines"]


def common_facts(ground: Ground) -> tuple[Any, ...]:
    """Say what the judgement of every park depends on alike."""
    visits = [(item, list(when), stay) for item, (when, stay) in ground.times.visits.items()]
    return (ground.region_has, ground.stretch, sorted(visits))


def park_facts(ground: Ground) -> Iterator[tuple[Any, ...]]:
    """Say of each park, in their order, everything else that its judgement depends on."""
    g, size = ground, len(ground.parks)
    origin_park = pd.Index(g.parks["park_id"]).get_indexer(g.origins["park_id"])
    origins = [np.arange(len(origin_park))[rows] for rows in dealt(origin_park, size)]
    place_in = np.empty(len(origin_park), dtype=np.int32)  # of each origin, among its park's
    for own in origins:
        place_in[own] = np.arange(len(own))
    walk = {c: g.reach[c].to_numpy() for c in ("origin", "target", *sum(_WALKS, ()))}
    near = {c: g.beside[c].to_numpy() for c in ("origin", "facility", "metres")}
    reach, beside = (dealt(origin_park[w["origin"]], size) for w in (walk, near))
    told_origins, told_places = _told(g.origins[_ORIGIN]), _told(g.facilities[_PLACE])
    known, shifts = _by_park(g.completeness, g.parks), _by_park(g.shifts, g.parks)
    told_known, told_shifts = _told(g.completeness), _told(g.shifts[_SHIFT])
    pattern = g.shifts["pattern"].to_numpy()
    workers = g.parks["workers"].to_numpy(dtype=float)
    residents = g.residents.reindex(g.parks["park_id"]).to_numpy(dtype=float)
    count = len(g.facilities)
    targets = max(count, int(walk["target"].max(initial=-1)) + 1)
    for park, name in enumerate(g.parks["park_id"]):
        own, r, b, times = origins[park], reach[park], beside[park], pattern[shifts[park]]
        met = np.zeros(targets, dtype=bool)
        met[walk["target"][r]] = True
        met[near["facility"][b]] = True
        number = np.cumsum(met, dtype=np.int32) - 1
        seen = np.flatnonzero(met[:count])
        yield (
            *(str(name), workers[park], residents[park], told_origins[own]),
            None if g.thin is None else g.thin[own],
            *(g.edge_m[own], g.hidden[own]),
            *(place_in[walk["origin"][r]], number[walk["target"][r]]),
            *(_pair(walk[best][r], walk[worst][r]) for best, worst in _WALKS),
            *(told_places[seen], g.member[seen], g.park_of[seen] == park),
            *(place_in[near["origin"][b]], number[near["facility"][b]], near["metres"][b]),
            *(told_known[known[park]], told_shifts[shifts[park]], times == NO_PATTERN),
            None if g.proven is None else g.proven[park],
            None if g.unplaced is None else g.unplaced[park],
            g.times.of(times, seen),
        )


def dealt(park: Ints, size: int) -> list[Rows]:
    """Rows that belong to each park, in their order; rows of park -1 to none."""
    ascending = bool((park[1:] >= park[:-1]).all())
    order = np.arange(len(park)) if ascending else np.argsort(park, kind="stable")
    cuts = np.searchsorted(park if ascending else park[order], np.arange(size + 1)).tolist()
    if ascending:  # views instead of copies
        return [slice(*cuts[p : p + 2]) for p in range(size)]
    return [order[cuts[p] : cuts[p + 1]] for p in range(size)]


def _by_park(frame: pd.DataFrame, parks: pd.DataFrame) -> list[Rows]:
    return dealt(pd.Index(parks["park_id"]).get_indexer(frame["park_id"]), len(parks))


def _told(frame: pd.DataFrame) -> Bytes:
    """SHA-256 of each row's values, whatever its number; shape (rows, 32)."""
    rows = zip(*(frame[c].tolist() for c in frame), strict=True)
    # JSON tells apart texts, numbers, none and not a number; it knows no arrays.
    made = [hashlib.sha256(json.dumps(row, default=list).encode()).digest() for row in rows]
    return np.frombuffer(b"".join(made), dtype=np.uint8).reshape(len(frame), 32)


def _pair(
    best: npt.NDArray[np.float64], worst: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], ...]:
    """Walks through the best gate and the worst; one where no gate makes a difference."""
    return (best,) if np.array_equal(best, worst) else (best, worst)
