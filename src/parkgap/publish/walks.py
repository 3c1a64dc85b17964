"""Which walks from a park's workplaces to the same facility are longer or shorter than before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from parkgap.results import Cause

if TYPE_CHECKING:
    import numpy.typing as npt

    from parkgap.publish.reading import Published

SAME_M = 1.0  # walks that differ by less are the same, drawn anew
_TINY = 1e-6


@dataclass(frozen=True)
class Walk:
    """The walk from a park's nearest workplace to one facility in two runs; inf: out of reach."""

    facility: str
    name: str
    before: float
    after: float

    @property
    def shortest(self) -> float:
        """The shorter of the two."""
        return min(self.before, self.after)

    def crosses(self, limits: Sequence[float]) -> bool:
        """Tell whether some limit lies between the two."""
        low, high = sorted((self.before, self.after))
        return any(low <= limit + _TINY < high for limit in limits)

    def near(self, limits: Sequence[float]) -> bool:
        """Tell whether the walk is within the farthest limit in either run."""
        return bool(limits) and self.shortest <= max(limits) + _TINY

    def fits(self, better: float) -> bool:
        """Tell whether it may be behind a change for the better (> 0) or for the worse (< 0)."""
        return (self.before - self.after) * better > 0 if better else True

    @property
    def cause(self) -> Cause:
        """Say it as a cause."""
        facts = (
            ("name", self.name),
            ("before", _metres(self.before)),
            ("after", _metres(self.after)),
        )
        return Cause("walk_changed", (self.facility,), tuple((k, v) for k, v in facts if v))


def _metres(value: float) -> str:
    return f"{value:.0f}" if np.isfinite(value) else ""


def least(
    before: pd.DataFrame, after: pd.DataFrame, ids: Collection[str]
) -> dict[tuple[str, str], float]:
    """Give the shorter walk of the two runs, by park and facility id, for the given ids."""
    both = pd.concat([f[f["facility_id"].isin(ids)] for f in (before, after)])
    shortest = both.groupby(["park_id", "facility_id"], as_index=False)["metres"].min()
    keys = zip(shortest["park_id"], shortest["facility_id"], strict=True)
    return dict(zip(keys, shortest["metres"].tolist(), strict=True))


def changed_walks(
    before: Published, after: Published, same: npt.NDArray[np.int64]
) -> dict[tuple[str, str], list[Walk]]:
    """Find walks to facilities that both runs have and whose length differs, by park and item.

    Parameters
    ----------
    before, after
        The runs.
    same
        Rows of their facilities that are the same place, shape (n, 2).

    Returns
    -------
    None where the runs withhold other workplaces (``privacy.min_workers``): what only one of them
    tells cannot be told from what changed.
    """
    if len({r.record["parameters"]["privacy"]["min_workers"] for r in (before, after)}) > 1:
        return {}  # a walk from where few work is told by one of the two alone: it did not change
    old, new = (run.frames["facilities"] for run in (before, after))
    names = pd.DataFrame(
        {
            "old": old["facility_id"].to_numpy()[same[:, 0]],
            "facility_id": new["facility_id"].to_numpy()[same[:, 1]],
            "name": new["name"].to_numpy()[same[:, 1]],
            "items": new["items"].to_numpy()[same[:, 1]],
        }
    )
    known = names[["old", "facility_id"]]
    one = before.frames["nearby"].rename(columns={"facility_id": "old"}).merge(known, on="old")
    two = after.frames["nearby"].merge(known[["facility_id"]], on="facility_id")
    keys = ["park_id", "facility_id"]
    both = one[[*keys, "metres"]].merge(two[[*keys, "metres"]], on=keys, how="outer")
    lengths = ["metres_x", "metres_y"]
    # What one of the two did not look for is no other walk.
    looked = min(float(r.record["parameters"]["reach"]["limit_m"]) for r in (before, after))
    both[lengths] = both[lengths].where(both[lengths] <= looked)
    metres = both[lengths].fillna(np.inf).to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        moved = np.abs(metres[:, 0] - metres[:, 1]) > SAME_M
    listed = both[moved].merge(names, on="facility_id").explode("items")
    parks = set(before.frames["ranking"]["park_id"]) & set(after.frames["ranking"]["park_id"])
    found: dict[tuple[str, str], list[Walk]] = {}
    for row in listed[listed["park_id"].isin(parks)].to_dict("records"):
        name = row["name"] if isinstance(row["name"], str) else ""
        ends = [float("inf") if pd.isna(row[m]) else float(row[m]) for m in lengths]
        walk = Walk(str(row["facility_id"]), name, *ends)
        found.setdefault((str(row["park_id"]), str(row["items"])), []).append(walk)
    return found
