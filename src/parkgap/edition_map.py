"""The public edition's places: nothing sensitive, and no coordinate finer than is allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from parkgap.edition_frames import frame_of, published, with_frames
from parkgap.edition_words import said_of
from parkgap.sensitive import FINEST, Mask, mask_of, outlined_coarsely

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.results import Results
    from parkgap.sensitive import Left

# Columns that name a place which is no row of its own.
_NAMES = (
    *("nearest_name", "place_name", "official_name", "name", "stop", "last_stop", "late_stop"),
    "rail_nearest",
)
_WALK = ("nearest_m", "nearest_min")


def on_public_map(results: Results, left: Left | None) -> Results:
    """Drop sensitive places with their names and walks, and round coordinates.

    The drawn ground is brought to the edition where it is drawn (:mod:`parkgap.survey`).
    """
    mask = mask_of(results.study)
    if mask is None:
        return results
    results, dropped = _without_places(results, left, mask)
    results = _coarse(results, mask)
    ids = set() if left is None else set(left.ids)
    hidden = len(ids | dropped)
    said = [said_of("exactness", grid=f"{10.0**-mask.decimals:g}")]
    if hidden:
        said.append(said_of("sensitive", n=hidden))
    return replace(
        results,
        warnings=(*said, *results.warnings),
        counts={**results.counts, "sensitive_withheld": hidden},
    )


def _without_places(results: Results, left: Left | None, mask: Mask) -> tuple[Results, set[str]]:
    """Take sensitive facilities out of every frame, and their names out of every row."""
    places = results.facilities
    gone = mask.named(places["name"])
    if left is not None:
        spots = shapely.points(places["lon"].to_numpy(float), places["lat"].to_numpy(float))
        gone |= left.inside(np.asarray(spots, dtype=object))
        ids = set(left.ids)
        gone |= places["source_ids"].map(lambda own: not ids.isdisjoint(own)).to_numpy(dtype=bool)
    lost = set(places.loc[gone, "facility_id"].astype(str))
    changed = {}
    for path, _, frame in published(results):
        if path == "parks":  # what is judged is never left out
            continue
        told = frame
        if "facility_id" in frame:
            told = told[~told["facility_id"].isin(list(lost))].reset_index(drop=True)
        if path in ("beside.planned", "plans.lodging", "plans.doubtful"):
            told = told[~mask.named(told["name"])].reset_index(drop=True)
        changed[path] = _unnamed(told, lost, mask)
    keys, nearest = ["park_id", "item", "origin", "shift"], ["nearest_name", *_WALK]
    judged = changed.get("assessment", results.assessment)
    found = results.shortfall[keys].merge(judged[[*keys, *nearest]], on=keys, how="left")
    list_ = changed.get("shortfall", results.shortfall)
    changed["shortfall"] = list_.assign(**{n: found[n].to_numpy() for n in nearest})
    return with_frames(results, changed), lost


def _unnamed(frame: pd.DataFrame, lost: set[str], mask: Mask) -> pd.DataFrame:
    """Empty sensitive names, and ids of sensitive places."""
    told = frame
    for name in (n for n in _NAMES if n in frame):
        own = mask.named(frame[name])
        ident = {"nearest_name": "nearest_id", "place_name": "place_id"}.get(name, "")
        if ident in frame:
            own |= frame[ident].isin(list(lost)).to_numpy(dtype=bool)
            told = told.assign(**{ident: told[ident].mask(own, None)})
        if own.any():
            walk = {n: told[n].mask(own) for n in _WALK if n in told and name == "nearest_name"}
            blank = "" if name == "stop" else None  # a timetable's stop has some name
            told = told.assign(**{name: told[name].mask(own, blank)}, **walk)
    if "evidence" in frame and lost:
        told = told.assign(
            evidence=[" ".join(i for i in e.split() if i not in lost) for e in told["evidence"]]
        )
    return told


def _coarse(results: Results, mask: Mask) -> Results:
    """Round every coordinate of every frame, the outlines drawn, and the data's edge."""
    changed = {
        path: frame.assign(**{n: frame[n].round(mask.decimals) for n in ("lon", "lat")})
        for path, _, frame in published(results)
        if "lon" in frame
    }
    if mask.decimals >= FINEST:
        return with_frames(results, changed)
    for path in ("parks", "areas"):
        frame = frame_of(results, path)
        shapes = outlined_coarsely(frame["geometry"].to_numpy(dtype=object), mask.decimals)
        changed[path] = frame.assign(geometry=shapes)
    edge = np.array([results.coverage], dtype=object)
    return replace(
        with_frames(results, changed), coverage=outlined_coarsely(edge, mask.decimals)[0]
    )
