"""The plan of a what-if, read and checked against everything that the study has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parkgap.access.facilities import CAMPUS, classify
from parkgap.access.lists import gather, not_yet, open_places, with_canteens
from parkgap.access.timetables import row_ids
from parkgap.errors import InputError, Problem
from parkgap.plans import At, Tried, try_plan
from parkgap.shards import BEYOND_M, split
from parkgap.source_keys import PlanTable
from parkgap.sources.list_columns import Known
from parkgap.sources.plan import KnownToPlan, of_plan, read_plan
from parkgap.sources.prepared import read_window
from parkgap.sources.surroundings import around
from parkgap.sources.wanted import narrowed

if TYPE_CHECKING:
    import pandas as pd
    import shapely

    from parkgap.inputs import Tables
    from parkgap.shards import Rules
    from parkgap.sources.prepared import Prepared
    from parkgap.standard import Standard
    from parkgap.store import Memo, Shelf
    from parkgap.study import Study

_OSM = ("node/", "way/", "relation/")


@dataclass(frozen=True)
class Ground:
    """What a plan is tried on.

    Attributes
    ----------
    tables, stops
        The study's tables, and its stops with timetables (:data:`parkgap.frames.TRANSIT_STOPS`).
    rules, prepared
        By which rules, on which map.
    day
        The day that is asked about (ISO), or "".
    """

    tables: Tables
    stops: pd.DataFrame
    rules: Rules
    prepared: Prepared
    day: str
    shelf: Shelf
    memo: Memo

    @property
    def standard(self) -> Standard:
        """The study's own standard."""
        return self.rules.standard

    def find(self, ids: Sequence[str]) -> At:
        """Find the places of some ids: of the lists, or of the map around the parks."""
        known = {i: self.listed[i] for i in ids if i in self.listed}
        asked = sorted({i for i in ids if i.startswith(_OSM)})
        return {**known, **self._mapped(asked)} if asked else known

    @cached_property
    def listed(self) -> dict[str, tuple[float, float]]:
        """Every place of the lists and timetables, by id; NaN where nobody placed it."""
        tables = self.tables
        rows = gather(tables.facilities, tables.projects, tables.housing_stock, self.standard)
        there, _ = with_canteens(open_places(rows, self.day), tables.enterprises, self.standard)
        there = there[~there["removed"].to_numpy(dtype=bool)]
        coming = not_yet(rows, self.day)
        parts = [
            ("list:" + there["list_id"] + "/" + there["row_id"], there),
            (coming["planned_id"], coming),
            ("list:" + self.stops["stop_id"], self.stops),
            (row_ids(tables.bus_lines), tables.bus_lines),
        ]
        return {
            str(key): (float(lon), float(lat))
            for ids, frame in parts
            for key, lon, lat in zip(ids, frame["lon"], frame["lat"], strict=True)
        }

    def _mapped(self, ids: list[str]) -> At:
        prepared, pieces = self.prepared, self.prepared.pieces
        parks = self.tables.parks
        shapes = parks.set_index("park_id")["geometry"]
        windows = [
            around(shapes[list(own)].to_numpy(), self.rules.farthest_m + BEYOND_M)
            for own in split(parks)
        ]
        objects = sorted(pieces["name"][pieces["layer"] == "objects"])
        inputs = (ids, objects, windows, self.rules.written())

        def look() -> dict[str, list[float]]:
            found: dict[str, list[float]] = {}
            for window in windows:
                extract = read_window(prepared, self.shelf, window, ("objects",))
                found |= places_of(narrowed(extract.objects, self.rules.wants), ids, self.standard)
            return found

        found: Mapping[str, list[float]] = self.memo("targets", inputs, look).value
        return {key: (lon, lat) for key, (lon, lat) in found.items()}


def places_of(
    objects: pd.DataFrame, ids: Collection[str], standard: Standard
) -> dict[str, list[float]]:
    """Find which ids are mapped places that count for an item: longitude and latitude.

    Parameters
    ----------
    objects
        Objects of an extract.
    ids
        OSM ids (node/1).
    """
    mine = objects["osm_id"].isin(list(ids))
    grounds = objects["amenity"].isin(CAMPUS) if "amenity" in objects.columns else mine
    few = objects[mine | grounds].reset_index(drop=True)
    if few.empty:
        return {}
    counts = classify(few, standard).any(axis=1) & few["osm_id"].isin(list(ids)).to_numpy()
    found = few[counts]
    return {
        str(key): [float(lon), float(lat)]
        for key, lon, lat in zip(found["osm_id"], found["lon"], found["lat"], strict=True)
    }


@dataclass(frozen=True)
class Planned:
    """A plan that was read, and the study with it.

    Attributes
    ----------
    plan
        Frame of :data:`parkgap.frames.PLAN`.
    tried
        Tables and edits.
    warnings
        What the user should know.
    """

    plan: pd.DataFrame
    tried: Tried
    warnings: tuple[Problem, ...]


def plan_of(study: Study, ground: Ground) -> Planned:
    """Read the plan of a study's what-if, and put it into the tables.

    Raises
    ------
    TableError
        Everything that is wrong with the plan.
    InputError
        Its datum can hardly be right.
    """
    whatif, path = study.whatif, study.plan_path
    if whatif is None or path is None:
        raise ValueError("this study tries no plan")
    tables, standard = ground.tables, ground.standard
    lists = Known.of(standard, tables.parks, tables.enterprises)
    if standard.neighbourhood_centre is not None:
        lists = lists.with_centres()
    found: dict[str, tuple[float, float]] = {}

    def find(ids: Sequence[str]) -> At:
        found.update(ground.find(ids))
        return found

    known = KnownToPlan(
        lists=lists,
        parks=tables.parks,
        enterprises=tables.enterprises,
        shifts=tables.shifts,
        stock=tables.housing_stock,
        coverage=ground.prepared.coverage,
        find=find,
    )
    source = PlanTable(file=path.name, crs=whatif.crs)
    plan, warnings = read_plan(source, root=path.parent, known=known)
    tried = try_plan(plan, tables, standard, ground.day, found)
    warnings = [*warnings, *_doubts(plan, source, ground), *_later(plan, source, ground.day)]
    return Planned(plan, tried, tuple(warnings))


def _doubts(plan: pd.DataFrame, source: PlanTable, ground: Ground) -> list[Problem]:
    """Measure the declared datum against the map, as that of every table."""
    from parkgap.datums import doubts

    def read(window: shapely.Geometry, layers: Collection[str]) -> Any:
        return read_window(ground.prepared, ground.shelf, window, layers)

    found = doubts({"plan": plan}, {"plan": source}, read)
    if found.errors:
        raise InputError(*map(of_plan, found.errors))
    return [of_plan(w) for w in found.warnings]


def _later(plan: pd.DataFrame, source: PlanTable, day: str) -> list[Problem]:
    """Say what opens after the day that is asked about: it is coming, not there."""
    dates = plan["opening"].astype(object).where(plan["opening"].notna(), "")
    late = (dates.astype(str) + "-99-99").str.slice(0, 10) > day
    rows = plan["row"][late & plan["opening"].notna() & (day != "")]
    if rows.empty:
        return []
    return [
        Problem(
            what="启用日期晚于评估日期，只列为即将建成，不计入 / "
            "it opens after the day that is asked about: shown as coming, not counted",
            file=source.file,
            row=int(row),
            column="opening",
            value=str(plan.loc[plan["row"] == row, "opening"].iloc[0]),
            rule=f"as_of = {day}",
            remedy="要计入则留空启用日期 / leave the date empty to have it counted",
        )
        for row in np.asarray(rows)
    ]
