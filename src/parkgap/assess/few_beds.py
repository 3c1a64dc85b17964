"""What of the beds may be told: nothing that stands for fewer workers than are told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parkgap.frames import BEDS, HOUSING

if TYPE_CHECKING:
    import pandas as pd

# The parts of the need, and of who is short, in the order in which they are withheld.
_NEED = ("beds_allocated", "housed", "beds_short")
_SHORT = ("beds_short_after_pipeline", "beds_pipeline")
_PERSONS = (
    *("lodging_need_low", "lodging_need", "lodging_need_high", *_NEED, *_SHORT),
    *("workers", "workers_over_15min", "workers_over_45min"),
)


def without_few_beds(
    housing: pd.DataFrame, beds: pd.DataFrame, min_workers: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Empty what stands for fewer than `min_workers` workers, and what it would follow from.

    The need is who is housed, who is given a bed, and who is not; who is not is who will be given
    one and who will not.  Where one of such parts is withheld, as many others are as it takes for
    the withheld ones to be `min_workers` together.  Ways between a park and a house are not told
    of a few.

    Parameters
    ----------
    housing, beds
        Frames of :data:`parkgap.frames.HOUSING` and ``BEDS``.
    min_workers
        The study's ``privacy.min_workers``.
    """
    told = housing[list(_PERSONS)]
    hide = (told > 0) & (told < min_workers)
    _complete(hide, told, _NEED, min_workers)
    hide["beds_short_after_pipeline"] |= hide["beds_short"]
    _complete(hide, told, _SHORT, min_workers)
    shown = housing.assign(**told.mask(hide))
    shown["units_short"] = shown["units_short"].mask(hide["beds_short"])
    blank = (beds["beds"] < min_workers) | _next(beds, min_workers)
    for when, column in (("now", "beds_allocated"), ("after", "beds_pipeline")):
        closed = housing.loc[hide[column], "park_id"]
        blank |= beds["park_id"].isin(closed) & (beds["when"] == when)
    figures = beds.assign(
        beds=beds["beds"].mask(blank), minutes=beds["minutes"].mask(beds["beds"] < min_workers)
    )
    return HOUSING.check(shown), BEDS.check(figures)


def _complete(
    hide: pd.DataFrame, told: pd.DataFrame, parts: tuple[str, ...], min_workers: int
) -> None:
    """Withhold further parts of a sum (in place) until what is withheld of it is enough."""
    values, names = told[list(parts)].fillna(0.0), list(parts)
    for part in parts:
        hidden = hide[names]
        lacks = hidden.any(axis=1) & (values.where(hidden, 0.0).sum(axis=1) < min_workers)
        hide[part] |= lacks


def _next(beds: pd.DataFrame, min_workers: int) -> pd.Series:
    """Rows that a withheld one of the same park would follow from: the next larger is withheld."""
    by = [beds["park_id"], beds["when"]]
    small = beds["beds"] < min_workers
    hidden = beds["beds"].where(small, 0.0).groupby(by).transform("sum")
    larger = beds["beds"].mask(small)
    first = larger.groupby(by).transform("min") == larger
    again = first & beds.assign(first=first).groupby(by)["first"].cumsum().gt(1)
    return (hidden > 0) & (hidden < min_workers) & first & ~again
