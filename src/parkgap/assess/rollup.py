"""Shortfall by district, subdistrict and zone: the fewest additions for the area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from parkgap.assess.ranking import sum_told, whole
from parkgap.frames import ROLLUP
from parkgap.standard import Item, Standard

if TYPE_CHECKING:
    import pandas as pd


class Fewest(Protocol):
    """Finds the fewest additions for several parks at once."""

    @property
    def zh(self) -> bool:
        """Whether units are told in Chinese."""

    def fewest_for(self, item: Item, park_ids: list[str]) -> int:
        """Fewest additions that meet the confirmed gaps of some parks."""


LEVELS = ("district", "subdistrict", "zone")


def roll_up(
    assessment: pd.DataFrame,
    parks: pd.DataFrame,
    assessor: Fewest,
    standard: Standard,
    *,
    min_workers: int,
) -> pd.DataFrame:
    """Sum up by area.

    Parameters
    ----------
    assessment, parks
        Frames of these schemas.
    assessor
        Finds the fewest additions for several parks at once: one facility between two parks
        serves both, so that the area's figure is not the sum of its rows.
    standard
        The items.
    min_workers
        A sum of workers with a figure of fewer is empty (:func:`parkgap.assess.ranking.sum_told`).

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.ROLLUP`; parks that name no area are in none.
    """
    judged = whole(assessment)
    judged = judged[(judged["status"] != "not_applicable") & (judged["level"] != "shown")]
    records = []
    for level in LEVELS:
        area = parks.set_index("park_id")[level].dropna()
        area = area[area.astype(str) != ""]
        rows = judged.assign(area=judged["park_id"].map(area)).dropna(subset=["area"])
        for (name, item), group in rows.groupby(["area", "item"], sort=True):
            short = group[group["status"] == "short"]
            records.append(
                {
                    "level": level,
                    "area": name,
                    "category": group["category"].iat[0],
                    "item": item,
                    "parks": len(group),
                    "parks_short": len(short),
                    "parks_unverified": int((group["status"] == "unverified").sum()),
                    "short_by": additions(short, assessor, standard, str(item)),
                    "unit": group["unit"].iat[0],
                    "workers": sum_told(group["workers"], min_workers),
                    "workers_unserved": sum_told(group["workers_unserved"], min_workers),
                }
            )
    frame = ROLLUP.frame({n: [r[n] for r in records] for n in ROLLUP.names})
    return ROLLUP.check(frame.sort_values(list(ROLLUP.sort), ignore_index=True))


def additions(short: pd.DataFrame, assessor: Fewest, standard: Standard, item: str) -> float:
    """Fewest additions that meet all tests of the parks that are short of an item; NaN for none."""
    if short.empty:
        return np.nan
    if len(short) == 1:
        return float(short["short_by"].to_numpy(dtype=float)[0])
    return float(assessor.fewest_for(standard.item(item), list(short["park_id"])))
