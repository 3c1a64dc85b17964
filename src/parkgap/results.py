"""What one run found, as frames: the hand-over from the stages to `publish`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import shapely

    from parkgap.standard import Standard
    from parkgap.study import Study


@dataclass(frozen=True)
class Base:
    """The drawn ground of the maps, from the extract itself; all geometry in WGS-84 degrees.

    Attributes
    ----------
    streets
        LineStrings of walkable streets (unfolded ways), shape (n,).
    street_class
        For each street: "main", "minor" or "path", shape (n,).
    water, green, built
        Polygons (or lines, for rivers in `water`), shape (k,) each.
    buildings
        Polygons of all buildings, shape (b,); a page draws those near its park.
    places
        Rows (name, lon, lat, kind) of settlements and quarters to label.
    """

    streets: npt.NDArray[np.object_]
    street_class: npt.NDArray[np.object_]
    water: npt.NDArray[np.object_]
    green: npt.NDArray[np.object_]
    built: npt.NDArray[np.object_]
    buildings: npt.NDArray[np.object_]
    places: pd.DataFrame


@dataclass(frozen=True)
class Cause:
    """One reason of a change.

    Attributes
    ----------
    code
        What happened, e.g. ``facility_opened``; the words are ``cause.CODE`` of the texts.
    ids
        What it happened to: facilities (OSM or list ids), an item, a parameter.
    facts
        What the words need besides, language-neutral: name to value, in a fixed order.
    inner
        Reasons of this reason (an item's, behind a rank).
    """

    code: str
    ids: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    inner: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Change:
    """One thing that differs between two runs; a row of :data:`parkgap.frames.CHANGES`.

    Attributes
    ----------
    park_id, park_name
        The park.
    what, before, after
        As in the frame: codes and plain numbers, None where empty.
    causes
        Why, the most direct first.
    """

    park_id: str
    park_name: str
    what: str
    before: str | None
    after: str | None
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class Results:
    """Everything that is published, before it is written.

    Attributes
    ----------
    study, standard
        What was asked, and by which rules.
    parks, gates, facilities, completeness, assessment, ranking, shortfall, rollup
        Frames of the schemas of the same names in :mod:`parkgap.frames`.
    nearby
        Facilities within reach of each park's workplaces: columns ``park_id, facility_id,
        metres, minutes`` (the least over its workplaces), for the park pages.
    base
        The drawn ground.
    coverage
        The area that the data covers.
    data_date
        Date of the OpenStreetMap data, ISO, or "".
    made_up
        True where any table says that it is made up; every page says so then.
    counts
        What was read and made: name to number, in a fixed order.
    warnings
        Sentences (zh, en) for the user, in a fixed order.
    inputs
        Input file name (relative to the study) to SHA-256.
    closed
        Ids of facilities that an official list calls removed, sorted.
    changes
        What differs from an earlier run, and why; empty where nothing does.
    compared_with
        Facts of that earlier run for ``run.json``; None: there was none to compare with.
    settled
        True where `changes` are final: a repeated run is not compared with what it replaces.
    """

    study: Study
    standard: Standard
    parks: pd.DataFrame
    gates: pd.DataFrame
    facilities: pd.DataFrame
    completeness: pd.DataFrame
    assessment: pd.DataFrame
    ranking: pd.DataFrame
    shortfall: pd.DataFrame
    rollup: pd.DataFrame
    nearby: pd.DataFrame
    base: Base
    coverage: shapely.Geometry
    data_date: str
    made_up: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[tuple[str, str], ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    closed: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    compared_with: Mapping[str, object] | None = None
    settled: bool = False
