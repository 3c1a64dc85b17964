"""Check the rows of a table against each other and against the parks."""

from __future__ import annotations

import difflib
import hashlib
import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap.sources import cells as read
from parkgap.sources import shapes
from parkgap.study import safe_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parkgap.source_keys import Table
    from parkgap.sources.report import Cells

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

MOST_WORKERS = 1_000_000  # three times the largest factory town there is
SHARES_OFF = 0.001  # by which a park's shares may miss 1 (as three thirds do)
_DAY = 1440  # minutes
_UNSAFE = re.compile(r'[<>:"/\\|?*]')


def floats(values: Sequence[float | None]) -> Floats:
    """Turn read numbers into an array; nan where there is none."""
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def headcounts(table: Cells, *, required: bool) -> Floats:
    """Read the column ``workers``; negative and absurd numbers are errors."""
    workers = floats(table.read("workers", read.number, required=required))
    for i in np.flatnonzero((workers < 0) | (workers > MOST_WORKERS)):
        table.error(
            int(i),
            "workers",
            "人数不合理 / an absurd headcount",
            rule=f"0 ≤ n ≤ {MOST_WORKERS:,}",
            remedy="核对人数和单位（人，不是万人） / check the number and its unit (persons)",
        )
    return workers


def ids(table: Cells, *, beside: Sequence[str | None] | None = None) -> list[str | None]:
    """Read the column ``id``; a repeated one (together with `beside`) is an error."""
    found = table.read("id", read.text, required=True)
    keys = found if beside is None else list(zip(found, beside, strict=True))
    duplicates(table, "id", keys)
    return found


def duplicates(table: Cells, field: str, keys: Sequence[object]) -> None:
    """Note every row whose key stood in an earlier row."""
    first: dict[object, int] = {}
    for i, key in enumerate(keys):
        if key is None or (isinstance(key, tuple) and None in key):
            continue
        if key in first:
            table.error(
                i,
                field,
                "编号重复 / repeated",
                rule=f"第 {table.raw.rows[first[key]]} 行已有 / "
                f"it stands in row {table.raw.rows[first[key]]} already",
                remedy="改为唯一的编号 / make it unique",
            )
        first.setdefault(key, i)


def park_ids(table: Cells, names: Sequence[str | None]) -> list[str | None]:
    """Read or make the parks' ids: the column ``id``, else the names.

    An id names a page (``parks/<id>.html``), so it must be fit for a file's name, and differ
    from the others by more than upper and lower case.  A name that two parks share is told
    apart by a hash of where they lie, never by the row.
    """
    if "id" in table:
        found = table.read("id", read.text, required=True)
        for i, key in enumerate(found):
            if key is not None and not safe_name(key):
                table.error(
                    i,
                    "id",
                    "编号不能用作文件名 / the id cannot name a file",
                    rule=r'不含 \ / : * ? " < > |，首尾无点，至多 80 字 / '
                    r'no \ / : * ? " < > |, no dot at either end, at most 80 characters',
                    remedy="如改为 A-01 / write A-01, for example",
                )
    else:
        found = [name and _as_id(name) for name in names]
        shared = {name for name in found if name is not None and found.count(name) > 1}
        found = [
            f"{name}-{_place_hash(table, i)}" if name in shared else name
            for i, name in enumerate(found)
        ]
        if "name" in table:
            table.read("name", read.text, required=True)
            table.report.warning(
                "缺少编号列，以园区名称为编号 / there is no column of ids; names are taken as ids",
                remedy="给每个园区一个固定的编号 / give every park a fixed id",
            )
    duplicates(table, "id" if "id" in table else "name", [k and k.casefold() for k in found])
    return found


def _as_id(name: str) -> str:
    plain = _UNSAFE.sub("-", name).strip(". ")[:70].rstrip(". ")
    return plain if safe_name(plain) else f"-{plain}"


def _place_hash(table: Cells, i: int) -> str:
    if table.raw.geometry is not None:
        place = shapely.to_wkb(table.raw.geometry[i]) or b""
    else:
        place = f"{table.values('lon')[i]} {table.values('lat')[i]}".encode()
    return hashlib.sha256(place).hexdigest()[:6]


def known_parks(table: Cells, parks: pd.DataFrame) -> list[str | None]:
    """Read the column ``park_id``; a park's name will do where only one park has it."""
    known = set(parks["park_id"])
    counts = parks["name"].value_counts()
    by_name = {n: k for n, k in zip(parks["name"], parks["park_id"], strict=True) if counts[n] == 1}
    found: list[str | None] = []
    for i, said in enumerate(table.read("park_id", read.text, required=True)):
        key = said if said in known else by_name.get(said or "")
        if said is not None and key is None:
            close = difflib.get_close_matches(said, [*known, *by_name], n=1, cutoff=0.5)
            table.error(
                i,
                "park_id",
                "园区表中查无此园区 / no such park in the table of parks",
                rule="园区编号须与园区表一致 / the id must be one of the table of parks",
                remedy=f"是否为 {close[0]!r}？ / did you mean {close[0]!r}?"
                if close
                else "改正编号，或补充园区表 / correct the id, or add the park",
            )
        found.append(key)
    return found


def positions(table: Cells, source: Table, *, required: bool) -> tuple[Floats, Floats]:
    """Read positions in WGS-84 degrees, from the layer's geometry or lon and lat; shape (n,).

    A polygon stands for a point inside it.  Nan: the row has no position (an error where
    `required`).
    """
    n = len(table)
    nothing = np.full(n, np.nan)
    if table.raw.geometry is not None:
        crs = shapes.system(table, source)
        if crs is None:
            return nothing, nothing
        points = shapely.point_on_surface(
            shapes.areas(table, table.raw.geometry, crs, required=required)
        )
        return shapely.get_x(points), shapely.get_y(points)
    missing = [field for field in ("lon", "lat") if field not in table]
    if missing:
        if required or len(missing) == 1:
            table.report.error(
                "缺少经纬度列 / there are no columns of longitude and latitude",
                rule=", ".join(missing),
                remedy='columns = { lon = "经度", lat = "纬度" } | '
                + ", ".join(table.raw.headings),
            )
        return nothing, nothing
    lon = floats(table.read("lon", read.number))
    lat = floats(table.read("lat", read.number))
    for i in np.flatnonzero(np.isnan(lon) | np.isnan(lat)):
        empty = [f for f in ("lon", "lat") if read.known(table.values(f)[i]) is None]
        if empty and (required or len(empty) == 1):
            table.error(
                int(i), empty[0], "缺少坐标 / no coordinates", remedy="填写经纬度 / fill them in"
            )
    if np.isnan(lon).all():
        return nothing, nothing
    crs = shapes.system(table, source)
    return (nothing, nothing) if crs is None else shapes.points(table, lon, lat, crs)


def near(
    table: Cells,
    park_ids: Sequence[str | None],
    geometry: Shapes,
    parks: pd.DataFrame,
    limit_m: float,
) -> None:
    """Warn of rows that lie farther than `limit_m` from their park; swapped points are errors."""
    of_park = dict(zip(parks["park_id"], parks["geometry"], strict=True))
    target = np.array([of_park.get(key or "") for key in park_ids], dtype=object)
    usable = ~shapely.is_missing(target) & ~shapely.is_missing(geometry)
    usable &= ~np.isnan(shapely.bounds(geometry)).any(axis=1)
    if not usable.any():
        return
    metres = np.zeros(len(target))
    metres[usable] = shapes.metres_to(geometry[usable], target[usable])
    for i in np.flatnonzero(metres > limit_m).tolist():
        if _swapped_is_near(geometry[i], target[i], limit_m):
            table.error(
                int(i),
                "lon" if "lon" in table else "geometry",
                "经度和纬度颠倒了 / longitude and latitude are swapped",
                remedy="对调经度列与纬度列 / swap the two columns",
            )
            continue
        table.report.warning(
            "位置离所属园区很远 / it lies far from its park",
            row=table.raw.rows[i],
            value=f"{park_ids[i]}: {metres[i]:.0f} m",
            rule=f"≤ {limit_m:.0f} m",
            remedy="核对坐标、坐标系和园区编号 / check coordinates, crs and park id",
        )


def _swapped_is_near(shape: shapely.Geometry, park: shapely.Geometry, limit_m: float) -> bool:
    x, y = shapely.get_x(shape), shapely.get_y(shape)
    if np.isnan(x) or abs(x) > 85:  # noqa: PLR2004 - beyond it there is no Mercator
        return False
    swapped = np.array([shapely.Point(y, x)], dtype=object)
    return bool(shapes.metres_to(swapped, np.array([park], dtype=object))[0] <= limit_m)


def sums(
    table: Cells, park_ids: Sequence[str | None], workers: Floats, parks: pd.DataFrame
) -> None:
    """Warn where the rows of a park add up to more workers than the park has."""
    known = dict(zip(parks["park_id"], parks["workers"], strict=True))
    rows = pd.DataFrame({"park": list(park_ids), "workers": workers})
    total = rows.groupby("park")["workers"].sum()
    for key, found in total.items():
        if found > known.get(str(key), np.nan):
            table.report.warning(
                "人数合计超过园区职工人数 / the rows add up to more workers than the park has",
                value=f"{key}: {found:.0f} > {known[str(key)]:.0f}",
                remedy="核对两张表的口径 / check that both tables count the same people",
            )


def shift_times(table: Cells, columns: Mapping[str, Sequence[object]]) -> None:
    """Note shifts without length, and breaks that do not fit in their shift."""
    keys = ("start", "end", "break_start", "break_minutes")
    for i, (start, end, begin, length) in enumerate(zip(*(columns[k] for k in keys), strict=True)):
        if start is None or end is None:
            continue
        lasts = (_minutes(end) - _minutes(start)) % _DAY
        if lasts == 0:
            table.error(
                i,
                "end",
                "上下班时刻相同 / the shift ends when it starts",
                remedy="核对班次时间 / check the times",
            )
            continue
        pause = float(str(length)) if length is not None else 0.0
        after = (_minutes(begin) - _minutes(start)) % _DAY if begin is not None else 0
        if pause < 0 or (length is not None and pause == 0) or after + pause > lasts:
            table.error(
                i,
                "break_minutes" if length is not None else "break_start",
                "休息时间不在班次之内 / the break does not fit in the shift",
                rule=f"{start}–{end}",
                remedy="核对休息开始与时长（分钟） / check the break's start and minutes",
            )


def _minutes(clock: object) -> int:
    hours, minutes = str(clock).split(":")
    return int(hours) * 60 + int(minutes)


def shift_shares(
    table: Cells, park_ids: Sequence[str | None], shares: Sequence[float | None]
) -> None:
    """Note parks whose shares do not sum to 1."""
    groups: dict[str, list[int]] = {}
    for i, key in enumerate(park_ids):
        if key is not None:
            groups.setdefault(key, []).append(i)
    for key, members in groups.items():
        known = [share for i in members if (share := shares[i]) is not None]
        total = sum(known)
        if len(known) == len(members) and abs(total - 1) > SHARES_OFF:
            table.report.error(
                "各班次比例之和不是 1 / the shares of a park's shifts do not sum to 1",
                row=table.raw.rows[members[0]],
                column=table.heading("share"),
                value=f"{key}: {total:g}",
                rule=f"|Σ − 1| ≤ {SHARES_OFF}",
                remedy="核对各班次比例 / check the shares",
            )
