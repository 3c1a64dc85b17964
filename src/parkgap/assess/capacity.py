"""Enhanced two-step floating catchment areas (E2SFCA): supply shared by all who can walk to it.

Source: Luo & Qi, *An enhanced two-step floating catchment area (E2SFCA) method for measuring
spatial accessibility to primary care physicians*, Health & Place 15 (2009) 1100-1107; formulas in
docs/method.md, "Capacity and competition".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from parkgap.assess.groups import SLACK

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.standard import Standard

Floats = npt.NDArray[np.float64]

# Minutes of the 5-, 10- and 15-minute circles, each with the standard's figure of its weight.
_FIGURES = {5.0: "e2sfca_w5", 10.0: "e2sfca_w10", 15.0: "e2sfca_w15"}
MINUTES = tuple(_FIGURES)


@dataclass(frozen=True)
class Zones:
    """Zones of a catchment: whoever needs up to so many minutes counts with that weight.

    Attributes
    ----------
    minutes
        Upper ends of the zones, inclusive, ascending, shape (z,).
    weight
        Weight of each zone, shape (z,); beyond the last one it is 0.
    """

    minutes: tuple[float, ...]
    weight: tuple[float, ...]

    def weigh(self, minutes: Floats) -> Floats:
        """Weight of walks of so many minutes, elementwise."""
        upto = np.asarray(self.minutes) + SLACK
        return np.append(self.weight, 0.0)[np.searchsorted(upto, minutes)]


def zones_of(standard: Standard) -> Zones | None:
    """Take the zones' weights from a standard; None where it does not give them all."""
    figures = [standard.figures.get(name) for name in _FIGURES.values()]
    weight = tuple(f.v for f in figures if f is not None and isinstance(f.v, float))
    return Zones(MINUTES, weight) if len(weight) == len(_FIGURES) else None


def e2sfca(
    cost: pd.DataFrame,
    demand: Floats,
    supply: Floats,
    zones: Zones,
    *,
    besides: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Share supplies out over everybody who can walk to them.

    Parameters
    ----------
    cost
        ``demand, supply`` (rows of the two arrays) and ``minutes``, each pair once.
    demand
        Persons at each place of demand, shape (d,).
    supply
        Amount of each supply, all known, shape (s,).
    zones
        How much a walk counts.
    besides
        Persons who use each supply besides, already weighted by their walks, shape (s,).

    Returns
    -------
    ratio
        R(j) = S(j) / sum over k of w(k, j) D(k): amount for each (weighted) person, shape (s,);
        0 where nobody can walk to the supply.
    access
        A(i) = sum over j of w(i, j) R(j), shape (d,): amount that each person at i comes by.
    """
    at, to = cost["demand"].to_numpy(), cost["supply"].to_numpy()
    weight = zones.weigh(cost["minutes"].to_numpy(dtype=float))
    more = np.zeros(len(supply)) if besides is None else besides
    asked: Floats = more + np.bincount(to, weights=weight * demand[at], minlength=len(supply))
    ratio = np.divide(supply, asked, out=np.zeros(len(supply)), where=asked > 0)
    access = np.bincount(at, weights=weight * ratio[to], minlength=len(demand))
    return ratio, access.astype(np.float64)
