"""What is coming, beside what is short: planned places within reach, and whose duty it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap import geo
from parkgap.assess.groups import SLACK
from parkgap.assess.ranking import sum_told, whole
from parkgap.assess.rollup import Fewest, additions
from parkgap.frames import DUTIES, PIPELINE
from parkgap.standard import Item, Standard

Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]


def within_reach(
    shortfall: pd.DataFrame,
    planned: pd.DataFrame,
    walks: pd.DataFrame,
    origins: pd.DataFrame,
    standard: Standard,
    *,
    off_street: Bools,
    min_workers: int,
    residents: pd.Series,
    hidden: Bools,
) -> pd.DataFrame:
    """Find for every row of the shortfall what is planned within its binding limit.

    Parameters
    ----------
    shortfall, planned, origins
        Frames of these schemas.
    walks
        Walks from origins to what is planned: ``origin, target, metres, minutes``, rows of the
        frames of origins and of `planned`.
    standard
        For the items that one item is judged by, and to turn minutes to metres.
    off_street
        Planned places with a position and no street within the snap limit, shape (planned,).
    min_workers, residents
        A walk from homes is told only of groups of so many; residents known, by park.
    hidden
        Workplaces from which no walk is told, shape (origins,).

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.PIPELINE`.  A place that stands at no street has no walk yet:
        it is there if it lies within the limit in a straight line, without figures.
    """
    if planned.empty:
        return PIPELINE.frame()
    park = origins["park_id"].to_numpy()
    share = origins["share"].to_numpy(dtype=float)
    work = (origins["kind"] == "work").to_numpy()
    living = share * residents.reindex(park).to_numpy(dtype=float)
    told = np.where(work, ~hidden, living >= min_workers - SLACK)
    at, to = walks["origin"].to_numpy(), walks["target"].to_numpy()
    keep = told[at] & _open_to(planned["access"].to_numpy(dtype=object)[to], origins.iloc[at])
    walks = walks.assign(
        park_id=park[at],
        kind=np.where(work[at], "work", "home"),
        item=planned["item"].to_numpy(dtype=object)[to],
    )[keep]
    by_park = {str(k): group for k, group in walks.groupby("park_id")}
    lonely = planned[off_street]
    found = []
    for row in shortfall.dropna(subset=["limit"]).to_dict("records"):
        item = standard.item(row["item"])
        kind = "home" if row["origin"] == "home" else "work"
        counts = item.of_items or (item.id,)
        near = by_park.get(row["park_id"], walks[:0])
        unit = "metres" if row["limit_unit"] == "m" else "minutes"
        near = near[
            (near["kind"] == kind)
            & near["item"].isin(counts)
            & (near[unit] <= row["limit"] + SLACK)
        ]
        least = near.groupby("target")[["metres", "minutes"]].min()
        # Within the limit in metres, but not in minutes: up a steep hill.
        least = least.where(np.isfinite(least))
        rest = lonely[lonely["item"].isin(counts)]
        if len(rest):
            metres = row["limit"] * (1.0 if unit == "metres" else standard.walk_speed.v)
            here = origins[(park == row["park_id"]) & told & (work == (kind == "work"))]
            rest = rest[_within(rest, here, metres)]
        blank = pd.DataFrame(np.nan, index=rest.index, columns=least.columns)
        both = pd.concat([f for f in (least, blank) if len(f)] or [least])
        if kind == "home":
            both = both.assign(metres=np.nan, minutes=np.ceil(both["minutes"]))
        said = {"park_id": row["park_id"], "item": row["item"], "origin": kind}
        found.append(both.assign(**said, planned_id=planned["planned_id"].reindex(both.index)))
    found = [f for f in found if len(f)]
    if not found:
        return PIPELINE.frame()
    frame = pd.concat(found, ignore_index=True)[PIPELINE.names]
    frame = frame.drop_duplicates(list(PIPELINE.key))
    return PIPELINE.check(frame.sort_values(list(PIPELINE.sort), ignore_index=True))


def _open_to(access: Objects, origins: pd.DataFrame) -> Bools:
    """Whether a place of this access is open to who starts at the origin, pair by pair."""
    park = ("park:" + origins["park_id"]).to_numpy(dtype=object)
    firm = ("enterprise:" + origins["enterprise_id"].fillna("")).to_numpy(dtype=object)
    return np.asarray((access == "public") | (access == park) | (access == firm), dtype=bool)


def _within(planned: pd.DataFrame, origins: pd.DataFrame, metres: float) -> Bools:
    """Planned places within straight metres of an origin to which they are open: (planned,)."""
    x, y = geo.mercator(planned["lon"].to_numpy(dtype=float), planned["lat"].to_numpy(dtype=float))
    ox, oy = geo.mercator(origins["lon"].to_numpy(), origins["lat"].to_numpy())
    k = geo.scale(planned["lat"].to_numpy(dtype=float))
    far = np.hypot(x[:, None] - ox, y[:, None] - oy) * k[:, None]
    may = _open_to(planned["access"].to_numpy(dtype=object)[:, None], origins)
    return np.asarray(((far <= metres) & may).any(axis=1), dtype=bool)


def duties(
    assessment: pd.DataFrame,
    owners: pd.DataFrame,
    assessor: Fewest,
    standard: Standard,
    *,
    min_workers: int,
) -> pd.DataFrame:
    """Sum up by department what it answers for; the fewest additions are those of a roll-up.

    Parameters
    ----------
    assessment, owners
        Frames of these schemas.
    assessor, standard, min_workers
        As for :func:`parkgap.assess.rollup.roll_up`.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.DUTIES`: an item of which no park is short stands there too.
    """
    judged, records = whole(assessment), []
    for owner in owners.to_dict("records"):
        item: Item = standard.item(owner["item"])
        rows = judged[judged["item"] == item.id]
        short = rows[rows["status"] == "short"]
        records.append(
            {
                "department": owner["department"],
                "category": item.category,
                "item": item.id,
                "duty": owner["duty"],
                "contact": owner["contact"],
                "parks_short": float(len(short)),
                "workers_unserved": sum_told(short["workers_unserved"], min_workers),
                "short_by": additions(short, assessor, standard, item.id),
                "unit": item.unit_zh if assessor.zh else item.unit_en,
                "parks_unverified": float((rows["status"] == "unverified").sum()),
            }
        )
    frame = DUTIES.frame({n: [r[n] for r in records] for n in DUTIES.names})
    return DUTIES.check(frame.sort_values(list(DUTIES.sort), ignore_index=True))
