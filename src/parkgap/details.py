"""How one item of one park was judged: made by the assessment, told by ``publish``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: The shift of a row that stands for every shift of a park.
ALL = "all"


@dataclass(frozen=True)
class Detail:
    """How one item of one park was judged.

    Attributes
    ----------
    crowds
        One row an end, a shift and a test: ``end, shift, workers, groups, limit, unit, needed,
        least, most, served`` - groups of workers, what the test asks for at most, the fewest and
        most places that any of them finds open, and the workers for whom it is met whichever gate
        is open (NaN: unknown, or a few of those who live somewhere). Homes of fewer workers than
        are told have no rows.
    places
        The nearest places of the item: ``facility_id, name, metres, minutes`` from the nearest
        workplace, ``hours`` as stated, and ``open``: of each shift, minutes that may be spent
        there in each free time (NaN: not known), as a mapping of shift to mapping of free time.
    """

    crowds: pd.DataFrame
    places: pd.DataFrame
