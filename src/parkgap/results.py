"""What one run found, as frames: the hand-over from the stages to `publish`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parkgap import frames

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import shapely

    from parkgap.details import Detail
    from parkgap.standard import Standard
    from parkgap.study import Study


def _no_walks() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"park_id": [], "planned_id": [], "metres": [], "minutes": []}).astype(
        {"park_id": object, "planned_id": object}
    )


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
        Rows (id, name, lon, lat, kind) of settlements and quarters to label.
    ids
        OSM ids of each layer, by its name: what two shards both see is drawn once.
    """

    streets: npt.NDArray[np.object_]
    street_class: npt.NDArray[np.object_]
    water: npt.NDArray[np.object_]
    green: npt.NDArray[np.object_]
    built: npt.NDArray[np.object_]
    buildings: npt.NDArray[np.object_]
    places: pd.DataFrame
    ids: Mapping[str, npt.NDArray[np.object_]]


@dataclass(frozen=True)
class Drawn:
    """The base map as scripts: the overview's, and the sheets around the parks.

    Attributes
    ----------
    overview
        Content of ``overview.js``.
    sheets
        Name and content of every sheet.
    """

    overview: str
    sheets: Mapping[str, str]


@dataclass(frozen=True)
class Beside:
    """What the office's lists say beside the assessment; empty where it has no such list.

    Attributes
    ----------
    planned, pipeline, timetable, stock, shuttles, owners, duties, capacity
        Frames of :mod:`parkgap.frames`: ``PLANNED``, ``PIPELINE``, ``TIMETABLE``, ``STOCK``,
        ``SHUTTLE_LINES``, ``OWNERS``, ``DUTIES`` and ``CAPACITY``.
    planned_near
        Planned places within reach of each park's workplaces, as `Results.nearby`: columns
        ``park_id, planned_id, metres, minutes``.
    transit, departures, stop_departures
        Public transport of the parks: frames of these schemas.
    """

    planned: pd.DataFrame = field(default_factory=frames.PLANNED.frame)
    pipeline: pd.DataFrame = field(default_factory=frames.PIPELINE.frame)
    timetable: pd.DataFrame = field(default_factory=frames.TIMETABLE.frame)
    stock: pd.DataFrame = field(default_factory=frames.STOCK.frame)
    shuttles: pd.DataFrame = field(default_factory=frames.SHUTTLE_LINES.frame)
    owners: pd.DataFrame = field(default_factory=frames.OWNERS.frame)
    duties: pd.DataFrame = field(default_factory=frames.DUTIES.frame)
    planned_near: pd.DataFrame = field(default_factory=_no_walks)
    transit: pd.DataFrame = field(default_factory=frames.TRANSIT.frame)
    departures: pd.DataFrame = field(default_factory=frames.DEPARTURES.frame)
    stop_departures: pd.DataFrame = field(default_factory=frames.STOP_DEPARTURES.frame)
    capacity: pd.DataFrame = field(default_factory=frames.CAPACITY.frame)


@dataclass(frozen=True)
class Firm:
    """How firm the ranks are, and what finding out would change.

    Attributes
    ----------
    parks, sets, to_check
        Frames of :mod:`parkgap.frames`: ``STABILITY``, ``WEIGHT_SETS`` and ``TO_CHECK``.
    tried
        What was tried, for ``run.json``: number of draws and scenarios, seed.
    """

    parks: pd.DataFrame = field(default_factory=frames.STABILITY.frame)
    sets: pd.DataFrame = field(default_factory=frames.WEIGHT_SETS.frame)
    to_check: pd.DataFrame = field(default_factory=frames.TO_CHECK.frame)
    tried: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Plans:
    """What is planned from the gaps; empty where the study does not ask for it.

    Attributes
    ----------
    housing, beds, sites, curve
        Frames of :mod:`parkgap.frames`: ``HOUSING``, ``BEDS``, ``SITES`` and ``COVER_CURVE``.
    lodging, lodging_checks, doubtful
        Beside the beds: ``LODGING``, ``LODGING_CHECKS`` and ``DOUBTFUL_HOMES``.
    """

    housing: pd.DataFrame = field(default_factory=frames.HOUSING.frame)
    beds: pd.DataFrame = field(default_factory=frames.BEDS.frame)
    sites: pd.DataFrame = field(default_factory=frames.SITES.frame)
    curve: pd.DataFrame = field(default_factory=frames.COVER_CURVE.frame)
    lodging: pd.DataFrame = field(default_factory=frames.LODGING.frame)
    lodging_checks: pd.DataFrame = field(default_factory=frames.LODGING_CHECKS.frame)
    doubtful: pd.DataFrame = field(default_factory=frames.DOUBTFUL_HOMES.frame)


@dataclass(frozen=True)
class AroundParks:
    """What the parks' pages alone show; empty where a study does not know it.

    Attributes
    ----------
    home_cells, open_shifts, open_hours
        Frames of :mod:`parkgap.frames`: ``HOME_CELLS``, ``OPEN_SHIFTS`` and ``OPEN_HOURS``.
    """

    home_cells: pd.DataFrame = field(default_factory=frames.HOME_CELLS.frame)
    open_shifts: pd.DataFrame = field(default_factory=frames.OPEN_SHIFTS.frame)
    open_hours: pd.DataFrame = field(default_factory=frames.OPEN_HOURS.frame)


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
    drawn
        The base map.
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
    beside
        What the office's lists say besides.
    inputs
        Input file name (relative to the study) to SHA-256.
    run
        Name of the run: a SHA-256 of everything that it was made from.
    plans
        Beds and sites.
    firm
        How firm the ranks are.
    detail
        Lays open how an item (second) of a park (first, both ids) was judged; not published.
    certainty
        Of :data:`parkgap.frames.CERTAINTY`: how well each category is mapped.
    closed
        Ids of facilities that an official list calls removed, sorted.
    changes
        What differs from an earlier run, and why; empty where nothing does.
    compared_with
        Facts of that earlier run for ``run.json``; None: there was none to compare with.
    also
        Further standards that were judged by.
    comparison
        Frame of :data:`parkgap.frames.COMPARISON`: all standards side by side; empty where there
        is only one.
    clusters
        Frame of :data:`parkgap.frames.CLUSTERS`: the best functional cluster of each park.
    around
        What the parks' pages alone show.
    whatif
        Frame of :data:`parkgap.frames.PLAN`: the plan that was tried (``study.whatif`` names it).
    areas
        Frame of :data:`parkgap.frames.REACH_AREAS`: what is reached on foot from each park.
    shifts
        Park id to the names of its shifts; parks without a table of shifts are not in it.
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
    drawn: Drawn
    coverage: shapely.Geometry
    data_date: str
    made_up: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[tuple[str, str], ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    run: str = ""
    beside: Beside = field(default_factory=Beside)
    plans: Plans = field(default_factory=Plans)
    firm: Firm = field(default_factory=Firm)
    certainty: pd.DataFrame = field(default_factory=frames.CERTAINTY.frame)
    closed: tuple[str, ...] = ()
    detail: Callable[[str, str], Detail] | None = field(default=None, compare=False)
    changes: tuple[Change, ...] = ()
    compared_with: Mapping[str, object] | None = None
    settled: bool = False
    also: tuple[Standard, ...] = ()
    comparison: pd.DataFrame = field(default_factory=frames.COMPARISON.frame)
    clusters: pd.DataFrame = field(default_factory=frames.CLUSTERS.frame)
    whatif: pd.DataFrame = field(default_factory=frames.PLAN.frame)
    around: AroundParks = field(default_factory=AroundParks)
    areas: pd.DataFrame = field(default_factory=frames.REACH_AREAS.frame)
    shifts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
