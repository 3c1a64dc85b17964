"""The walks that may be told one by one: none from where only a few people work.

Exact walks from one place to several facilities say where the place is.  Where a park has other
workplaces, they speak for it (docs/method.md, 11, Privacy).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Bools = npt.NDArray[np.bool_]


def few_at(origins: pd.DataFrame, enterprises: pd.DataFrame, min_workers: int) -> Bools:
    """Find the workplaces from which no exact walk may be told.

    Parameters
    ----------
    origins, enterprises
        Frames of these schemas.
    min_workers
        Enterprises of fewer workers are hidden; those of one place count together.

    Returns
    -------
    Shape (origins,).  Where a park has no workplace but hidden ones, none of them is: then the
    park itself, which is published, is where so few work.  What workers are spread over
    (buildings, streets) is on every map and tells of nobody.
    """
    small = _small(enterprises, min_workers)
    firm = (origins["based_on"] == "enterprise").to_numpy(dtype=bool)
    hidden = firm & origins["enterprise_id"].isin(small).to_numpy(dtype=bool)
    speak = (origins["kind"] == "work").to_numpy(dtype=bool) & ~hidden
    others = origins["park_id"].isin(origins.loc[speak, "park_id"]).to_numpy(dtype=bool)
    return np.asarray(hidden & others, dtype=bool)


def _small(enterprises: pd.DataFrame, min_workers: int) -> pd.Series:
    """Ids of enterprises of few workers; those of one place count together."""
    placed = enterprises.dropna(subset=["lon", "lat"])
    together = placed.groupby(["lon", "lat"])["workers"].transform("sum")
    return placed.loc[together < min_workers, "enterprise_id"]


def places_of_few(
    facilities: pd.DataFrame, enterprises: pd.DataFrame, min_workers: int
) -> frozenset[str]:
    """Ids of facilities that are there for an enterprise of few workers: they tell where it is."""
    access = "enterprise:" + _small(enterprises, min_workers).astype(str)
    return frozenset(facilities.loc[facilities["access"].isin(access), "facility_id"])


def least_walks(
    reach: pd.DataFrame, origins: pd.DataFrame, ids: pd.Series, hidden: Bools
) -> pd.DataFrame:
    """Find the least walk from any workplace of a park to each target.

    Parameters
    ----------
    reach
        ``origin, target, metres, minutes``; rows of `origins`, and of `ids` or beyond its end.
    origins
        Of :data:`parkgap.frames.ORIGINS`.
    ids
        Ids of the targets, under their column's name; targets beyond its end are left out.
    hidden
        Workplaces that are left out, shape (origins,): see :func:`few_at`.

    Returns
    -------
    DataFrame
        ``park_id``, the ids, ``metres, minutes``; sorted by park, metres and id.
    """
    origin, target = reach["origin"].to_numpy(), reach["target"].to_numpy()
    work = (origins["kind"] == "work").to_numpy(dtype=bool) & ~hidden
    use = np.flatnonzero(work[origin] & (target < len(ids)))
    # Numbers in the order of the ids stand for them: of texts the walks would be too many.
    park, parks = pd.factorize(origins["park_id"], sort=True)
    place, places = pd.factorize(ids, sort=True)
    minutes = reach["minutes"].to_numpy()[use]
    frame = pd.DataFrame(
        {
            "pair": park[origin[use]] * len(places) + place[target[use]],
            "metres": reach["metres"].to_numpy()[use],
            # Within the limit in metres, but not in minutes: up a steep hill.
            "minutes": np.where(np.isfinite(minutes), minutes, np.nan),
        }
    )
    least = frame.groupby("pair", sort=False).min()
    of, to = np.divmod(least.index.to_numpy(), max(len(places), 1))
    order = np.lexsort((to, least["metres"].to_numpy(), of))
    return pd.DataFrame(
        {
            "park_id": np.asarray(parks, dtype=object)[of[order]],
            str(ids.name): np.asarray(places, dtype=object)[to[order]],
            "metres": least["metres"].to_numpy()[order],
            "minutes": least["minutes"].to_numpy()[order],
        }
    )
