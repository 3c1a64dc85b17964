"""Certainty on the gathered tables: against the study's other parks, and category by category.

The formulas and their reasons stand in docs/method.md, "Completeness".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.certainty import References
from parkgap.assess.groups import ESTIMATED
from parkgap.frames import CERTAINTY, COMPLETENESS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parkgap.standard import Standard

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ENOUGH = 8  # windows of a kind: of fewer no distribution can be told
_WHOLE, _WORST = " all", " any"  # columns beside those of categories, whose ids have no blanks
EXPECTED = 5.0  # facilities of a category: where fewer are to be expected, none says nothing
_NORMAL = 1.4826  # the median absolute deviation of a normal distribution, turned over
_LEAST_SPREAD = 0.25  # in logarithms: parks that are much alike make no outliers of one another
_FRESH, _OLD = 3.0, 10.0  # years of the latest edits between which certainty halves


def against_study(frame: pd.DataFrame, fallbacks: Floats, references: References) -> pd.DataFrame:
    """Judge each window's mapping by the study's other windows too, and say how sure it is.

    Parameters
    ----------
    frame
        Of :data:`parkgap.frames.COMPLETENESS`, all parks.
    fallbacks
        Share of what stands for something better, shape (rows,) (:func:`fallback_shares`).
    references
        How far from the others is too far.

    Returns
    -------
    DataFrame
        Of the same schema.  A window is never less thin for what others are like.
    """
    spread = np.full(len(frame), np.nan)
    for kind in ("work", "home"):
        rows = np.flatnonzero((frame["kind"] == kind).to_numpy())
        if len(rows) >= ENOUGH:
            floor = np.maximum(frame["floor_ha"].to_numpy()[rows], 1e-9)
            places = np.log((frame["places"].to_numpy()[rows] + 1.0) / floor)
            streets = np.log((frame["streets_km"].to_numpy()[rows] + 0.1) / floor)
            spread[rows] = (_robust(places) + _robust(streets)) / 2
    spread = np.round(spread, 2)
    far = spread < -(np.inf if references.outlier is None else references.outlier)
    age = np.nan_to_num(frame["edit_age"].to_numpy(), nan=0.0)
    fresh = 1.0 - 0.5 * np.clip((age - _FRESH) / (_OLD - _FRESH), 0.0, 1.0)
    certainty = frame["index"].to_numpy() * fresh * (1.0 - fallbacks / 2)
    return COMPLETENESS.check(
        frame.assign(
            spread=spread,
            fallbacks=np.round(fallbacks, 3),
            certainty=np.round(certainty, 3),
            thin=frame["thin"].to_numpy() | far,
        )
    )


def _robust(values: Floats) -> Floats:
    """Distance from the median in robust standard deviations."""
    off = values - np.median(values)
    return np.asarray(off / max(_NORMAL * float(np.median(np.abs(off))), _LEAST_SPREAD))


def fallback_shares(
    frame: pd.DataFrame, origins: pd.DataFrame, straight: Bools, gates: pd.DataFrame
) -> Floats:
    """Share of what is not known but stands in for it, shape (rows of `frame`,).

    At work the mean of the share of gates that are derived (or the nearest street) and of the
    share of workplaces whose walk to a gate is a straight line; at home the share of homes that are
    estimated.  Places are counted, not workers: else the headcount of a single firm could be had.

    Parameters
    ----------
    frame
        Of :data:`parkgap.frames.COMPLETENESS`.
    origins, gates
        Frames of these schemas.
    straight
        Origins whose inner part is a straight line, shape (origins,).
    """
    derived = gates["kind"].isin(["derived", "nearest_street"]).groupby(gates["park_id"]).mean()
    work = (origins["kind"] == "work").to_numpy()
    guessed = (origins["based_on"] == ESTIMATED).to_numpy()

    def share(rows: Bools, flag: Bools) -> Floats:
        found = pd.Series(flag[rows]).groupby(origins["park_id"].to_numpy()[rows]).mean()
        return np.asarray(found.reindex(frame["park_id"]).fillna(1.0), dtype=float)

    at_work = derived.reindex(frame["park_id"]).fillna(1.0).to_numpy() + share(work, straight)
    return np.asarray(np.where(frame["kind"] == "work", at_work / 2, share(~work, guessed)))


def by_category(
    frame: pd.DataFrame, facilities: pd.DataFrame, reached: pd.DataFrame, standard: Standard
) -> pd.DataFrame:
    """Measure the mapping category by category.

    Parameters
    ----------
    frame
        Of :data:`parkgap.frames.COMPLETENESS`.
    facilities
        Of :data:`parkgap.frames.FACILITIES`: all that the study looks at.
    reached
        ``park_id, facility_id``: facilities within the farthest walk from each park's workplaces.
    standard
        Categories, and the share of facilities that each has in well-mapped towns.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.CERTAINTY`.
    """
    of = {i.id: i.category for i in standard.scored}
    ids = [c.id for c in standard.categories if any(i.level != "shown" for i in c.items)]
    has = _member(facilities["items"], of, ids)
    # What only a list or a timetable has says nothing of how well the map is kept.
    drawn = [any(not str(i).startswith("list:") for i in own) for own in facilities["source_ids"]]
    mapped = _mapped(has[np.array(drawn, dtype=bool)], ids, References.of(standard))
    row = pd.Index(facilities["facility_id"]).get_indexer(pd.Index(reached["facility_id"]))
    near = pd.DataFrame(has[row], columns=ids).groupby(reached["park_id"].to_numpy()).sum()
    count = near.reindex(frame["park_id"]).fillna(0).to_numpy(dtype=float)
    at_home = (frame["kind"] == "home").to_numpy()
    size, index = len(ids), frame["index"].to_numpy()[:, None] * mapped
    out = CERTAINTY.frame(
        {
            "park_id": np.repeat(frame["park_id"].to_numpy(dtype=object), size),
            "kind": np.repeat(frame["kind"].to_numpy(dtype=object), size),
            "category": np.tile(np.array(ids, dtype=object), len(frame)),
            "facilities": np.where(at_home[:, None], np.nan, count).ravel(),
            "mapped": np.tile(np.round(mapped, 3), len(frame)),
            "index": np.round(index, 3).ravel(),
            "certainty": np.round(frame["certainty"].to_numpy()[:, None] * mapped, 3).ravel(),
            "thin": (
                frame["thin"].to_numpy()[:, None] | (index < standard.certainty.index_min.v)
            ).ravel(),
        }
    )
    return CERTAINTY.check(out.sort_values(list(CERTAINTY.sort), ignore_index=True))


def _member(items: pd.Series, category: Mapping[str, str], ids: list[str]) -> Bools:
    """Whether a facility counts for a category, shape (facilities, categories)."""
    listed = items.explode()
    column = pd.Index(ids).get_indexer(pd.Index(listed.map(category)))
    size = np.array([max(len(own), 1) for own in items], dtype=np.int64)
    row = np.repeat(np.arange(len(items)), size)
    has = np.zeros((len(items), len(ids)), dtype=bool)
    has[row[column >= 0], column[column >= 0]] = True
    return has


def _mapped(has: Bools, ids: list[str], references: References) -> Floats:
    """Share of what is to be expected of each category in the whole study, shape (categories,).

    1 where so few are to be expected that their absence says nothing.
    """
    every = float(has.any(axis=1).sum())
    expected = np.array([references.shares.get(c, 0.0) for c in ids]) * every
    enough = expected >= EXPECTED
    return np.where(enough, np.minimum(1.0, has.sum(axis=0) / np.where(enough, expected, 1.0)), 1.0)


def thin_items(
    certainty: pd.DataFrame, origins: pd.DataFrame, categories: Sequence[str | None]
) -> Bools:
    """Tell for which origins the data is too thin to say that an item is missing.

    Parameters
    ----------
    certainty
        Of :data:`parkgap.frames.CERTAINTY`.
    origins
        Of :data:`parkgap.frames.ORIGINS`.
    categories
        Of each item; None: it goes by the thinnest of all.

    Returns
    -------
    Shape (origins, items); true where a window was not measured.  Items of a category that is
    only shown go by the window as a whole.
    """
    table = certainty.pivot_table(
        index=["park_id", "kind"], columns="category", values="thin", aggfunc="all"
    )
    keys = pd.MultiIndex.from_arrays([origins["park_id"], origins["kind"]])
    parts = table.assign(**{_WHOLE: table.all(axis=1), _WORST: table.any(axis=1)})
    parts = parts.reindex(keys).fillna(value=True)
    named = [_WORST if c is None else c if c in table else _WHOLE for c in categories]
    flags = [parts[name].to_numpy(dtype=bool) for name in named]
    return np.column_stack(flags) if flags else np.empty((len(origins), 0), dtype=bool)
