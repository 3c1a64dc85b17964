"""What of a search is published: it may go farther than walks are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parkgap.access.places import near

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from parkgap.shards import Survey


def walks_shown(walks: pd.DataFrame, limit_m: float, speed: float) -> pd.DataFrame:
    """Keep the walks within the limit: in metres, or in the minutes that these take on the flat.

    Parameters
    ----------
    walks
        With columns ``metres, minutes``.
    limit_m, speed
        Farthest walk that is shown, and metres a minute on the flat.
    """
    shown = (walks["metres"] <= limit_m) | (walks["minutes"] <= limit_m / speed)
    return walks if bool(shown.all()) else walks[shown].reset_index(drop=True)


def places_shown(
    found: Survey,
    around: npt.NDArray[np.object_],
    assessment: pd.DataFrame,
    *,
    limit_m: float,
    search_m: float,
    secret: Collection[str] = (),
) -> Survey:
    """Keep the facilities that a search of `limit_m` would have looked at, and those named.

    Parameters
    ----------
    found
        What was found within `search_m`.
    around
        Parks and homes (WGS-84).
    assessment
        Facilities named there stay, however far.
    limit_m, search_m
        Farthest walk that is shown, and that was looked for.
    secret
        Facilities that are not shown at all.

    Returns
    -------
    Survey
        For counts and maps only: its rows no longer fit the tables that refer to them.
    """
    if search_m <= limit_m and not secret:
        return found
    frame = found.facilities
    lon, lat = (frame[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    named = {i for cell in assessment["evidence"] for i in cell.split()}
    named |= set(assessment["nearest_id"].dropna())
    keep = near(lon, lat, around, limit_m) | frame["facility_id"].isin(named).to_numpy()
    keep |= search_m <= limit_m
    keep &= ~frame["facility_id"].isin(list(secret)).to_numpy()
    return replace(
        found,
        facilities=frame[keep].reset_index(drop=True),
        off_street=found.off_street[keep],
    )
