"""What the reader of the results must be told besides: counts and warnings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from parkgap.access.homes import ESTIMATED, is_district
from parkgap.edition_words import said_of
from parkgap.shift_times import calendar_of, hour_warnings

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.errors import Problem
    from parkgap.inputs import Tables
    from parkgap.shards import Survey
    from parkgap.sources.prepared import Prepared
    from parkgap.standard import Standard
    from parkgap.study import Study

Warnings = list[tuple[str, str]]


def count(prepared: Prepared, found: Survey, parks: pd.DataFrame) -> dict[str, int]:
    """Count what was read and made, in a fixed order."""
    return {
        "parks": len(parks),
        "origins": len(found.origins),
        "facilities": len(found.facilities),
        "facilities_off_street": int(found.off_street.sum()),
        **prepared.counts,
    }


def _bilingual(problem: Problem) -> tuple[str, str]:
    from parkgap.sources.tables import texts

    return texts(problem)


def warn(
    study: Study,
    standard: Standard,
    prepared: Prepared,
    parks: pd.DataFrame,
    found: Survey,
    tables: Tables,
    *,
    shuttles_withheld: int = 0,
) -> Warnings:
    """Say what the reader of the results must know, in Chinese and English."""
    origins = found.origins
    warnings = _of_rows(study, tables)
    if prepared.coverage_from == "hull":
        warnings.append(
            (
                "提取文件未声明范围，按完整道路的外包凸多边形判断数据边界。",
                "The extract declares no box; the hull of its complete ways is the data's edge.",
            )
        )
    cut = prepared.counts["ways_cut_at_edge"]
    if cut:
        warnings.append(
            (
                f"{cut} 条道路在数据边缘缺少节点，保留到边缘为止。",
                f"{cut} streets lack nodes at the data's edge and are kept up to it.",
            )
        )
    straight = int((found.straight & origins["reached"].to_numpy()).sum())
    if straight:
        warnings.append(
            (
                f"{straight} 个工作地点未见通往出入口的内部道路，按直线乘绕行系数计。",
                f"{straight} workplaces: no inner street to a gate is mapped, straight line.",
            )
        )
    unknown = int(parks["workers"].isna().sum())
    if unknown:
        warnings.append(
            (
                f"{unknown} 个园区职工人数未知，只排轻重，不排影响人数。",
                f"The headcount of {unknown} parks is unknown; they are ranked by severity only.",
            )
        )
    outside = parks[~shapely.intersects(parks["geometry"].to_numpy(), prepared.coverage)]
    if len(outside):
        names = _some(outside["name"])
        warnings.append(
            (
                f"{len(outside)} 个园区在地图数据范围之外，无从判断：{names}",
                f"{len(outside)} parks lie outside the map data and cannot be judged: {names}",
            )
        )
    lost = origins[~origins["reached"] & ~origins["park_id"].isin(outside["park_id"])]
    if len(lost):
        names = _some(lost["park_id"].drop_duplicates())
        warnings.append(
            (
                f"{len(lost)} 个出发点 {study.walking.snap_m:g} 米内未见道路，待核实：{names}",
                (
                    f"{len(lost)} origins have no street within {study.walking.snap_m:g} m "
                    f"and are unverified: {names}"
                ),
            )
        )
    gates = found.gates[found.gates["kind"] == "nearest_street"]
    if len(gates):
        names = _some(gates["park_id"].drop_duplicates())
        count = gates["park_id"].nunique()
        warnings.append(
            (
                f"{count} 个园区未见道路穿过边界，按最近道路出行：{names}",
                f"{count} parks, no street across their edge: nearest street taken: {names}",
            )
        )
    guessed = origins.loc[origins["based_on"] == ESTIMATED, "park_id"].drop_duplicates()
    if len(guessed):
        names = _some(guessed)
        warnings.append(
            (
                f"{len(guessed)} 个园区未提供居住地，由人口栅格推算周边分布：{names}",
                (
                    f"residences of {len(guessed)} parks are estimated from the population "
                    f"raster: {names}"
                ),
            )
        )
    warnings += _of_tables(study, found, tables, shuttles_withheld)
    return [*warnings, *_shifts(study, standard, parks, found, tables)]


def _of_rows(study: Study, tables: Tables) -> Warnings:
    """Say what is odd in rows of tables: in public not what stands there, of homes never."""
    if study.edition == "public":
        return [said_of("rows", n=len(tables.warnings))] if tables.warnings else []
    homes = None if study.residences is None else study.residences.file
    return [
        _bilingual(replace(p, value=None) if homes and p.file and str(p.file) in homes else p)
        for p in tables.warnings
    ]


def _of_tables(study: Study, found: Survey, tables: Tables, shuttles_withheld: int) -> Warnings:
    """Say what of the office's tables was taken otherwise than it stands, or not at all."""
    warnings: Warnings = []
    spread = int(is_district(tables.residences).sum())
    if spread:
        counted = study.population is not None
        by = ("住宅建筑面积", "homes") if not counted else ("人口栅格", "people of the raster")
        warnings.append(
            (
                f"{spread} 处居住地为较大片区，其职工按片区内{by[0]}推算分布。",
                f"{spread} residences are whole districts: workers spread over the {by[1]} there.",
            )
        )
    lost_stops = found.lost_stops
    if lost_stops:
        warnings.append(
            (
                f"公交时刻表中 {lost_stops} 行缺少坐标且按站名对应不上地图站点，未使用。",
                (
                    f"{lost_stops} rows of the bus timetable have no position and no mapped stop "
                    "of their name; they are not used."
                ),
            )
        )
    if shuttles_withheld:
        few = study.privacy.min_workers
        warnings.append(
            (
                f"{shuttles_withheld} 条班车线路可能只涉及不足 {few} 名职工，为保护隐私不列出。",
                (
                    f"{shuttles_withheld} shuttle lines may carry fewer than {few} workers "
                    "and are withheld."
                ),
            )
        )
    return warnings


def _some(names: pd.Series, most: int = 8) -> str:
    """Name a few, count the rest."""
    shown = ", ".join(names.astype(str).head(most))
    return shown if len(names) <= most else f"{shown} … (+{len(names) - most})"


def _shifts(
    study: Study, standard: Standard, parks: pd.DataFrame, found: Survey, tables: Tables
) -> Warnings:
    """Say what is not known of opening hours, where shifts ask for them."""
    if tables.shifts.empty:
        return []
    if standard.hours is None or study.as_of is None:
        return [
            (
                "未按营业时间分班次判断：标准未规定时间，或数据未注明日期（可设 as_of）。",
                (
                    "Opening hours are not judged by shift: the standard says nothing of hours, "
                    "or the data bears no date (as_of gives one)."
                ),
            )
        ]
    calendar = calendar_of(study, parks)
    return hour_warnings(found.facilities, standard, study.as_of, calendar)
