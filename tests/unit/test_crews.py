"""Whose shifts a park's workers work, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from parkgap.crews import NO_PATTERN, OTHERS, crews_of

Row = tuple[str | None, str, float, int]  # enterprise, shift, share, pattern


def crews(shifts: list[Row], lost: dict[str, float], placed: dict[str, float]) -> list[Row]:
    """Say who works what in a park of just the workers of its enterprises."""
    frame = pd.DataFrame(shifts, columns=["enterprise_id", "shift", "share", "pattern"])
    frame["enterprise_id"] = frame["enterprise_id"].astype(object).where(lambda s: s.notna(), None)
    workers = {**lost, **placed}
    firms = pd.DataFrame(
        {
            "enterprise_id": list(workers),
            "park_id": "P",
            "workers": list(workers.values()),
            "lon": [np.nan] * len(lost) + [120.0] * len(placed),
        }
    )
    parks = pd.DataFrame({"park_id": ["P"], "workers": [sum(workers.values())]})
    found = crews_of(frame.assign(park_id="P"), frame["pattern"].to_numpy(), parks, firms)
    return [
        (firm if isinstance(firm, str) else None, shift, round(share, 9), pattern)
        for firm, shift, share, pattern in zip(
            *(found[c] for c in ("enterprise_id", "shift", "share", "pattern")), strict=True
        )
    ]


def test_enterprises_that_nobody_located_leave_no_rounding_to_the_parks_shifts() -> None:
    # Their parts in the workers add up to a hair less than one.
    lost = {"A": 444.0, "B": 623.0, "C": 781.0, "D": 786.0, "E": 3.0}
    own: list[Row] = [(firm, "night", 1.0, 1) for firm in lost]
    assert crews([(None, "day", 1.0, 0), *own], lost, {}) == [(None, "night", 1.0, 1)]


def test_where_only_enterprises_have_shifts_everybody_else_is_a_crew_of_its_own() -> None:
    night: Row = ("A", "night", 1.0, 1)
    assert crews([night], {}, {"A": 60.0, "B": 40.0}) == [night, (None, OTHERS, 1.0, NO_PATTERN)]
    # A, of unknown place, is 60 of the 80 who are not at B.
    assert sorted(crews([night], {"A": 60.0, "C": 20.0}, {"B": 20.0}), key=str) == [
        ("B", OTHERS, 1.0, NO_PATTERN),
        (None, "night", 0.75, 1),
        (None, OTHERS, 0.25, NO_PATTERN),
    ]
