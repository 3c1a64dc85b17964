"""Doubt the declared datum of every table that has enough points, by the map itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from parkgap import geo
from parkgap.errors import Problem
from parkgap.sources import datum_fit
from parkgap.sources.shapes import middles

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.sources.extract import Extract

_CELL, _OFF = 0.02, 0.025  # degrees; no two of the datums lie farther apart than _OFF
_PLACED = (
    *("parks", "gates", "enterprises", "residences", "facilities", "housing_stock", "projects"),
    *("shuttles", "bus_lines", "land", "plan"),
)


@dataclass
class Doubts:
    """What the map says against the declared datums.

    Attributes
    ----------
    errors
        Tables whose declared datum can hardly be right.
    warnings
        Tables of which another datum is suspected, or that were vouched for.
    fits
        For each table that was measured: declared and best datum, points, share and medians.
    """

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    fits: list[dict[str, Any]] = field(default_factory=list)


def doubts(
    frames: Mapping[str, pd.DataFrame | None],
    sections: Mapping[str, Any],
    read: Callable[..., Extract],
) -> Doubts:
    """Measure for every table of enough points which datum fits the map best.

    Parameters
    ----------
    frames
        Tables by their section's name, as they were read.
    sections
        Their sections of ``study.toml``; ``facilities`` is a list of them.
    read
        Reads what of the map reaches into a window (WGS-84): called as ``read(window, layers)``
        where there is a table that can be measured.
    """
    found = Doubts()
    placed = [
        (source, lon, lat)
        for source, lon, lat in _points(frames, sections)
        if datum_fit.measurable(lon, lat, source.crs or "WGS84")
    ]
    if not placed:
        return found
    around = _around(np.concatenate([p[1] for p in placed]), np.concatenate([p[2] for p in placed]))
    reference = datum_fit.Reference.of(read(around, ("ways", "buildings")))
    for source, lon, lat in placed:
        fit = datum_fit.fit(lon, lat, source.crs or "WGS84", reference)
        if fit is None:
            continue
        found.fits.append(
            {
                "file": source.file,
                "sheet": source.sheet,
                "declared": fit.declared,
                "best": fit.best,
                "points": fit.count,
                "share": round(fit.share, 3),
                "declared_m": round(fit.declared_m, 1),
                "best_m": round(fit.best_m, 1),
            }
        )
        if fit.suspect:
            certain = fit.certain and not source.crs_sure
            said = datum_fit.problem(fit, source.file, source.sheet)
            (found.errors if certain else found.warnings).append(said)
    return found


def _around(lon: geo.Floats, lat: geo.Floats) -> shapely.Geometry:
    """Cells of the map in which the points may lie, whichever datum they are in."""
    use = ~(np.isnan(lon) | np.isnan(lat))
    cell = np.unique(np.floor(np.column_stack([lon[use], lat[use]]) / _CELL), axis=0) * _CELL
    low, high = cell - _OFF, cell + _CELL + _OFF
    return shapely.union_all(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))


def _points(
    frames: Mapping[str, pd.DataFrame | None], sections: Mapping[str, Any]
) -> list[tuple[Any, geo.Floats, geo.Floats]]:
    """List the tables whose datum can be measured, with their points in WGS-84."""
    found: list[tuple[Any, geo.Floats, geo.Floats]] = []
    for name in _PLACED:
        frame = frames.get(name)
        section = sections.get(name)
        given: Sequence[Any] = section or () if name == "facilities" else [section]
        for source in given:
            if source is None or source.file is None or frame is None or not len(frame):
                continue
            own = frame
            if name == "facilities":
                listed = source.file if source.sheet is None else f"{source.file} [{source.sheet}]"
                own = frame[frame["list_id"] == listed]
            if "geometry" in own.columns:
                lon, lat = middles(np.asarray(own["geometry"].to_numpy(), dtype=object))
            else:
                lon, lat = own["lon"].to_numpy(dtype=float), own["lat"].to_numpy(dtype=float)
            found.append((source, lon, lat))
    return found
