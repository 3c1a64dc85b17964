"""What a shard walks to, as one list; and the walks there taken apart again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from parkgap import geo
from parkgap.access.gates import Targets
from parkgap.access.snap import Snaps, concat

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.access.candidates import Candidates
    from parkgap.access.places import Places
    from parkgap.access.streets import Streets


def apart(reach: pd.DataFrame, existing: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the walks to what is planned from the others, so that no stage can count them."""
    coming = (reach["target"] >= existing).to_numpy()
    to_planned = reach[coming]
    to_planned = to_planned.assign(target=to_planned["target"] - existing)
    return reach[~coming].reset_index(drop=True), to_planned.reset_index(drop=True)


def targets_of(places: Places, streets: Streets, candidates: Candidates | None) -> Targets:
    """Facilities first, then sites of additions, what is planned, and candidates, as one list."""
    sites, planned, at = places.sites, places.planned, places.planned_at
    count, existing = len(places.frame), len(places.frame) + len(places.sites)
    points = shapely.points(*sites.xy(streets))
    to_come = geo.points(planned["lon"].to_numpy(float), planned["lat"].to_numpy(float))
    beyond = existing + len(planned)
    new = None if candidates is None else candidates.snaps
    where = np.empty((0, 2)) if candidates is None else candidates.frame[["x", "y"]].to_numpy()
    at_new = geo.planar_points(where[:, 0], where[:, 1])
    # A site on a park's own street is no public one: only walks inside the park lead to it.
    open_to_all = streets.public_pieces()
    public = sites.take(np.isin(sites.piece, open_to_all))
    new = None if new is None else new.take(np.isin(new.piece, open_to_all))
    return Targets(
        public=concat(
            [
                places.entrances,
                Snaps(public.of + count, public.piece, public.t, public.leg),
                Snaps(at.of + existing, at.piece, at.t, at.leg),
                *([] if new is None else [Snaps(new.of + beyond, new.piece, new.t, new.leg)]),
            ]
        ),
        shape=np.concatenate(
            [places.shape, np.atleast_1d(np.asarray(points, dtype=object)), to_come, at_new]
        ),
        door_of=places.doors[0],
        door=places.doors[1],
    )
