"""What is open when each shift is free: made in ``access/hours.py``, used by the assessment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: Free time of a shift: before it, its break, after it, its days of rest, and, for who is at
#: home, all the time between it and the next: when somebody sleeps nobody knows.
WINDOWS = ("before", "break", "after", "rest", "between")
# Walks that come off a free time of their own: out, and back.  Before a shift one comes by the
# place on the way to work and has only the walk from it; after it only the walk to it.
_OUT = np.array([0.0, 1.0, 1.0, 1.0, 1.0])
_BACK = np.array([1.0, 1.0, 0.0, 1.0, 1.0])
_EVERY = tuple(range(len(WINDOWS)))


@dataclass(frozen=True)
class Openness:
    """Of each place, shift pattern and free time; arrays (places, patterns, windows).

    A place is surely closed only where `known`; where it is neither `known` nor `assumed`,
    nobody knows.

    Attributes
    ----------
    minutes
        Open minutes of the free time on its typical day (the lower median over the days of the
        period that have it: it has at least so much on more than half of them; of days of rest,
        that it has in most weeks on one of them at least); 0: closed.
    known
        Whether that follows from stated hours (and a stated break).
    assumed
        Not `known`, and `minutes` (above 0) are open by the standard's assumption, or surely
        open of hours that are otherwise unsure.
    opens, closes
        Of the longest stretch on the typical day: minutes from the free time's beginning; 0, 0
        where there is none.
    length
        Minutes of the free time, shape (patterns, windows); 0 where a pattern has none (no day
        of rest).
    """

    minutes: Floats
    known: Bools
    assumed: Bools
    opens: Floats
    closes: Floats
    length: Floats

    def time_there(
        self, places: Ints, pattern: int, walk_min: Floats, windows: Sequence[int] = _EVERY
    ) -> Floats:
        """Minutes that can be spent at places at one go, shape (places, windows asked for).

        The walk comes off: out and back in a break, between shifts or on a day of rest, back
        before a shift, out after it.  Negative where the walk alone takes longer.

        Parameters
        ----------
        places, walk_min
            Rows of places, and minutes of walk to each.
        pattern
            The shift pattern.
        windows
            Numbers of the free times.
        """
        own = list(windows)
        arrive = walk_min[:, None] * _OUT[own]
        leave = self.length[pattern, own] - walk_min[:, None] * _BACK[own]
        opens, closes = (v[:, pattern, own][places] for v in (self.opens, self.closes))
        return np.asarray(np.minimum(closes, leave) - np.maximum(opens, arrive), dtype=float)

    def could_stay(self, pattern: int, walk_min: Floats, windows: Sequence[int] = _EVERY) -> Floats:
        """Minutes that could be spent at a place that never closes, shape (walks, windows).

        Where even these are too few the free time is too short, whatever the hours.
        """
        own = list(windows)
        length = self.length[pattern, own]
        whole = length - walk_min[:, None] * (_OUT + _BACK)[own]
        return np.asarray(np.where(length > 0, whole, -np.inf), dtype=float)
