"""What a plan does to places, once the map and the lists are joined into them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Edited:
    """Places as a plan would have them.

    Attributes
    ----------
    facilities
        Frame of :data:`parkgap.frames.FACILITIES`; what moved lies where it moved to.
    closed, moved
        Which of them are closed, and which lie elsewhere than they are mapped, shape (facilities,).
    """

    facilities: pd.DataFrame
    closed: Bools
    moved: Bools


def edit(facilities: pd.DataFrame, edits: pd.DataFrame) -> Edited:
    """Close, move and re-time places.

    Parameters
    ----------
    facilities
        Frame of :data:`parkgap.frames.FACILITIES`, with all that was joined into them.
    edits
        Of :data:`parkgap.frames.EDITS`; a target that is none of the places is another shard's,
        or no place by this standard.
    """
    nothing = np.zeros(len(facilities), dtype=bool)
    if edits.empty or facilities.empty:
        return Edited(facilities, nothing, nothing)
    ids = facilities["source_ids"].explode()
    known = pd.DataFrame({"target": ids.to_numpy(), "row": ids.index.to_numpy()})
    found = edits.merge(known, on="target").sort_values(["row", "target"], kind="stable")
    rows = dict(list(found.groupby("action", sort=True)))
    none = found[:0]
    made = facilities.copy()
    move, retime = rows.get("move", none), rows.get("retime", none)
    for column in ("lon", "lat"):
        at = made[column].to_numpy(dtype=float).copy()
        at[move["row"].to_numpy(dtype=int)] = move[f"to_{column}"].to_numpy(dtype=float)
        made[column] = at
    hours = made["opening_hours"].to_numpy(dtype=object).copy()
    hours[retime["row"].to_numpy(dtype=int)] = retime["hours"].to_numpy(dtype=object)
    made["opening_hours"] = pd.Series(hours, index=made.index, dtype=object)
    closed, moved = nothing.copy(), nothing.copy()
    closed[rows.get("close", none)["row"].to_numpy(dtype=int)] = True
    moved[move["row"].to_numpy(dtype=int)] = True
    return Edited(made, closed, moved)


def new_ids(edits: pd.DataFrame) -> tuple[str, ...]:
    """Ids of what a plan builds."""
    return tuple(edits.loc[edits["action"] == "new", "target"])
