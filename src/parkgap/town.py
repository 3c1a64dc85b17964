"""What the stages have made of the inputs by the time an assessment begins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from parkgap.crews import told_apart

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.inputs import Tables
    from parkgap.shards import Survey
    from parkgap.sources.prepared import Prepared
    from parkgap.sources.transit import Transit
    from parkgap.standard import Standard
    from parkgap.study import Study


@dataclass(frozen=True)
class Town:
    """A study's ground as one standard sees it.

    Attributes
    ----------
    study
        With the day of the data where it names none.
    day
        The day that is asked about (ISO), "" where nobody says.
    shuttles
        Lines that may be told.
    transit
        Timetables.
    listed
        What the office's lists say exists on the day.
    stretch
        Factor by which a walk may lead farther than on the flat.
    """

    study: Study
    standard: Standard
    tables: Tables
    prepared: Prepared
    parks: pd.DataFrame
    found: Survey
    shuttles: pd.DataFrame
    transit: Transit
    listed: pd.DataFrame
    day: str
    stretch: float

    @cached_property
    def shifts(self) -> pd.DataFrame:
        """The table of shifts, in which no name of one park stands for two times."""
        return told_apart(self.tables.shifts)
