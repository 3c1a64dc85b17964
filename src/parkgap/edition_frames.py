"""Which frames of a run's results are published, by which schema: for rules that hold for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from parkgap import frames

if TYPE_CHECKING:
    from parkgap.frames import Schema
    from parkgap.results import Results

#: What gives a withheld number of workers back, where the headcount is told.
SHARES = ("satisfaction_low", "satisfaction_high", "served_share")

#: Where each published frame stands in the results; those of no schema are in `UNDECLARED`.
PUBLISHED: Mapping[str, Schema] = {
    "parks": frames.PARKS,
    "gates": frames.GATES,
    "facilities": frames.FACILITIES,
    "completeness": frames.COMPLETENESS,
    "assessment": frames.ASSESSMENT,
    "ranking": frames.RANKING,
    "shortfall": frames.SHORTFALL,
    "rollup": frames.ROLLUP,
    "nearby": frames.NEARBY,
    "certainty": frames.CERTAINTY,
    "areas": frames.REACH_AREAS,
    "comparison": frames.COMPARISON,
    "clusters": frames.CLUSTERS,
    "whatif": frames.PLAN,
    "beside.planned": frames.PLANNED,
    "beside.pipeline": frames.PIPELINE,
    "beside.timetable": frames.TIMETABLE,
    "beside.stock": frames.STOCK,
    "beside.shuttles": frames.SHUTTLE_LINES,
    "beside.owners": frames.OWNERS,
    "beside.duties": frames.DUTIES,
    "beside.transit": frames.TRANSIT,
    "beside.departures": frames.DEPARTURES,
    "beside.stop_departures": frames.STOP_DEPARTURES,
    "beside.capacity": frames.CAPACITY,
    "plans.housing": frames.HOUSING,
    "plans.beds": frames.BEDS,
    "plans.sites": frames.SITES,
    "plans.curve": frames.COVER_CURVE,
    "plans.lodging": frames.LODGING,
    "plans.lodging_checks": frames.LODGING_CHECKS,
    "plans.doubtful": frames.DOUBTFUL_HOMES,
    "around.home_cells": frames.HOME_CELLS,
    "around.open_shifts": frames.OPEN_SHIFTS,
    "around.open_hours": frames.OPEN_HOURS,
    "firm.parks": frames.STABILITY,
    "firm.sets": frames.WEIGHT_SETS,
    "firm.to_check": frames.TO_CHECK,
}
#: Walks to planned places: no figure of people, no place.
UNDECLARED = frozenset({"beside.planned_near"})


def frame_of(results: Results, path: str) -> pd.DataFrame:
    """Take one published frame."""
    value: Any = results
    for name in path.split("."):
        value = getattr(value, name)
    found: pd.DataFrame = value
    return found


def published(results: Results) -> Iterator[tuple[str, Schema, pd.DataFrame]]:
    """Give every published frame that has rows: where it stands, its schema, the frame."""
    for path, schema in PUBLISHED.items():
        frame = frame_of(results, path)
        if len(frame):
            yield path, schema, frame


def with_frames(results: Results, changed: Mapping[str, pd.DataFrame]) -> Results:
    """Put changed frames into results."""
    own: dict[str, Any] = {path: frame for path, frame in changed.items() if "." not in path}
    for group in ("beside", "plans", "firm", "around"):
        inner = {p.split(".")[1]: f for p, f in changed.items() if p.startswith(f"{group}.")}
        if inner:
            own[group] = replace(getattr(results, group), **inner)
    return replace(results, **own)


def to_multiples(figures: pd.Series, step: int) -> pd.Series:
    """Round figures to multiples of a step; what is not 0 to at least one of it.

    Examples
    --------
    >>> import pandas as pd
    >>> to_multiples(pd.Series([0.0, 3.0, 14.0, 15.0, 26.0, float("nan")]), 10).tolist()
    [0.0, 10.0, 10.0, 20.0, 30.0, nan]
    """
    rough = pd.Series(np.floor(figures / step + 0.5) * step)
    return rough.where(figures <= 0, rough.clip(lower=step))
