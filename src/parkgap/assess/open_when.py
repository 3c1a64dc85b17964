"""What of the places around a park is open when each of its shifts is free, for its page.

Nothing is judged here: :class:`parkgap.assess.groups.Times` says what serves whom, as it says it
to the assessment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.groups import WORK, Ground, Times
from parkgap.assess.outcomes import Kinds
from parkgap.crews import NO_PATTERN
from parkgap.frames import OPEN_HOURS, OPEN_SHIFTS

if TYPE_CHECKING:
    from parkgap.standard import Standard

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]

OPEN, ASSUMED, UNKNOWN, CLOSED, TOO_SHORT, NEVER_ASKED = "oauctn"
_NO_SHIFT = "-"  # of a park that has fewer shifts than others; never published


def told_crews(ground: Ground, min_workers: int) -> pd.DataFrame:
    """List the shifts whose hours are told: ``park`` (row), ``shift``, ``pattern``, ``slot``.

    Those whose times are known, and which are not known to be of few workers; `slot` numbers them
    within their park, in the order of their times.
    """
    groups = ground.groups
    workers = ground.parks["workers"].to_numpy(dtype=float)[groups.park] * groups.part
    few = (workers > 0) & (workers < min_workers)
    use = np.flatnonzero((groups.pattern != NO_PATTERN) & ~few)
    frame = pd.DataFrame(
        {"park": groups.park[use], "shift": groups.name[use], "pattern": groups.pattern[use]}
    )
    frame = frame.sort_values(["park", "pattern"], kind="stable", ignore_index=True)
    return frame.assign(slot=frame.groupby("park").cumcount())


def open_when(
    ground: Ground, nearby: pd.DataFrame, shifts: pd.DataFrame, standard: Standard, min_workers: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell of every place around a park when it serves which shift.

    Parameters
    ----------
    ground
        What is judged; its times are those of the shifts.
    nearby
        Frame of :data:`parkgap.frames.NEARBY`: the walks that pages show.
    shifts
        Frame of :data:`parkgap.frames.SHIFTS`, its names told apart; for the times of day.
    standard
        Its items.
    min_workers
        Shifts of fewer workers are not told.

    Returns
    -------
    Frames of :data:`parkgap.frames.OPEN_SHIFTS` and :data:`parkgap.frames.OPEN_HOURS`, both empty
    where no shift has times.
    """
    crews = told_crews(ground, min_workers)
    if ground.times.openness is None or crews.empty or nearby.empty:
        return OPEN_SHIFTS.frame(), OPEN_HOURS.frame()
    pairs = _pairs(ground, nearby, crews, standard)
    letters = np.full((len(pairs), int(crews["slot"].max()) + 1), _NO_SHIFT, dtype="<U1")
    end = _ends(ground, pairs, standard)
    wanted = pairs[["row", "park", "item"]].assign(end=end).merge(crews, on="park")
    for (item, pattern, where), own in wanted.groupby(["item", "pattern", "end"], sort=True):
        row = own["row"].to_numpy()
        letters[row, own["slot"].to_numpy()] = _states(
            *(ground.times, str(item), int(str(pattern)), str(where)),
            place=pairs["place"].to_numpy()[row],
            minutes=pairs["minutes"].to_numpy(dtype=float)[row],
        )
    joined = ["".join(row).rstrip(_NO_SHIFT) for row in letters.tolist()]
    names = ["park_id", "facility_id", "item"]
    found = OPEN_HOURS.frame({**{n: pairs[n].to_numpy() for n in names}, "states": joined})
    listed = crews.assign(park_id=ground.parks["park_id"].to_numpy(dtype=object)[crews["park"]])
    return (
        OPEN_SHIFTS.check(_timed(listed, shifts)),
        OPEN_HOURS.check(found.sort_values(list(OPEN_HOURS.sort), ignore_index=True)),
    )


def _pairs(
    ground: Ground, nearby: pd.DataFrame, crews: pd.DataFrame, standard: Standard
) -> pd.DataFrame:
    """Places around parks that have shifts, once for each item of the standard they count for."""
    park = pd.Index(ground.parks["park_id"]).get_indexer(nearby["park_id"])
    place = pd.Index(ground.facilities["facility_id"]).get_indexer(nearby["facility_id"])
    rows = nearby.assign(park=park, place=place)[np.isin(park, crews["park"]) & (place >= 0)]
    items = ground.facilities["items"].to_numpy()[rows["place"]]
    rows = rows.assign(item=items).explode("item").dropna(subset="item")
    rows = rows[rows["item"].isin([i.id for i in standard.items])].reset_index(drop=True)
    numbered: pd.DataFrame = rows.assign(row=np.arange(len(rows)))
    return numbered


def _ends(ground: Ground, pairs: pd.DataFrame, standard: Standard) -> Objects:
    """From where workers of the park's workplaces go to places of an item, shape (pairs,)."""
    kinds = Kinds(ground)
    groups = ground.groups
    kind = ground.origins["kind"].to_numpy(dtype=object)[groups.origin]
    at_work = np.flatnonzero(kind == "work")
    of, first = np.unique(groups.park[groups.crew[at_work]], return_index=True)
    out = np.full(len(pairs), WORK, dtype=object)
    for item, own in pairs.groupby("item", sort=True):
        asked = standard.item(str(item))
        where = np.full(len(ground.parks), WORK, dtype=object)
        where[of] = kinds.where(asked, kinds.ends(asked))[at_work[first]]
        out[own["row"].to_numpy()] = where[own["park"].to_numpy()]
    return out


def _states(
    times: Times, item: str, pattern: int, end: str, *, place: Ints, minutes: Floats
) -> npt.NDArray[np.str_]:
    """Tell of some places the state for one item and shift pattern, shape (places,)."""
    if not times.bears_on(item) or times.openness is None:
        return np.full(len(place), NEVER_ASKED, dtype="<U1")
    o = times.openness
    nothing = np.zeros_like(o.known)
    stated = replace(times, openness=replace(o, assumed=nothing))
    endless = replace(times, openness=replace(o, assumed=nothing, known=nothing))
    asked = (item, pattern, end, place, minutes)
    return np.select(
        [
            stated.serving(*asked),
            times.serving(*asked),
            times.serving(*asked, maybe=True),
            endless.serving(*asked, maybe=True),  # if no place ever closed
        ],
        [OPEN, ASSUMED, UNKNOWN, CLOSED],
        TOO_SHORT,
    )


def _timed(crews: pd.DataFrame, shifts: pd.DataFrame) -> pd.DataFrame:
    """Put the times of day to shifts; of one name and park all have the same."""
    clock = shifts.drop_duplicates(["park_id", "shift"])[["park_id", "shift", "start", "end"]]
    timed = crews[["park_id", "shift"]].merge(clock, on=["park_id", "shift"], how="left")
    return timed.fillna({"start": "", "end": ""}).sort_values(
        list(OPEN_SHIFTS.sort), kind="stable", ignore_index=True
    )[OPEN_SHIFTS.names]
