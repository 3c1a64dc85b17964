"""Check the rows of a table against each other and against the parks."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap.crews import OTHERS
from parkgap.details import ALL
from parkgap.sources import cells as read
from parkgap.study import safe_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parkgap.sources.report import Cells

Floats = npt.NDArray[np.float64]
MOST_WORKERS = 1_000_000  # three times the largest factory town there is
SHARES_OFF = 0.001  # by which a park's shares may miss 1 (as three thirds do)
_DAY = 1440  # minutes
_UNITS = {
    "persons": "人",
    "beds": "床",
    "seats": "座",
    "minutes": "分钟",
    "m2": "平方米",
    "units": "套",
    "beds_vacant": "床",
}
_OSM_ID = re.compile(r"(way|relation)[-/]\d+")
_UNSAFE = re.compile(r'[<>:"/\\|?*]')


def headcounts(table: Cells, *, required: bool) -> Floats:
    """Read the column ``workers``; negative and absurd numbers are errors."""
    workers = table.numbers("workers", read.number, required=required)
    for i in np.flatnonzero((workers < 0) | (workers > MOST_WORKERS)):
        table.error(
            int(i),
            "workers",
            "人数不合理 / an absurd headcount",
            rule=f"0 ≤ n ≤ {MOST_WORKERS:,}",
            remedy="核对人数和单位（人，不是万人） / check the number and its unit (persons)",
        )
    return workers


def amounts(table: Cells, field: str, most: float, *, unit: str, required: bool = False) -> Floats:
    """Read a column of numbers that are not negative; negative and absurd ones are errors."""
    found = table.numbers(field, read.number, required=required)
    for i in np.flatnonzero((found < 0) | (found > most)).tolist():
        table.error(
            i,
            field,
            "数值不合理 / an absurd number",
            rule=f"0 ≤ n ≤ {most:,.0f} {_UNITS.get(unit, unit)}".strip()
            + f" / 0 ≤ n ≤ {most:,.0f} {unit}".rstrip(),
            remedy="核对数值和单位 / check the number and its unit",
        )
    return found


def not_more(table: Cells, part: str, parts: Floats, whole: str, wholes: Floats) -> None:
    """Note rows of which a part is more than its whole."""
    for i in np.flatnonzero(parts > wholes).tolist():
        table.error(
            i,
            part,
            "部分大于整体 / a part is more than its whole",
            rule=f"{table.heading(part)} ≤ {table.heading(whole)} = {wholes[i]:g}",
            remedy="核对两列 / check both columns",
        )


def ids(table: Cells, *, beside: Sequence[str | None] | None = None) -> list[str | None]:
    """Read the column ``id``; a repeated one (together with `beside`) is an error."""
    found = table.read("id", read.text, required=True)
    keys = found if beside is None else list(zip(found, beside, strict=True))
    duplicates(table, "id", keys)
    return found


def duplicates(table: Cells, field: str, keys: Sequence[object]) -> None:
    """Note every row whose key stood in an earlier row."""
    if len(set(keys)) == len(keys):
        return
    first: dict[object, int] = {}
    for i, key in enumerate(keys):
        if key is None or (isinstance(key, tuple) and None in key):
            continue
        if key in first:
            table.error(
                i,
                field,
                "重复 / repeated",
                rule=f"第 {table.raw.rows[first[key]]} 行已有 / "
                f"it stands in row {table.raw.rows[first[key]]} already",
                remedy="改为唯一的，或删去重复的行 / make it unique, or delete the repeated row",
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
                    rule=r'不含 \/:*?"<>|，不用 con 等系统保留名，首尾无点，至多 80 字 / '
                    r'none of \/:*?"<>|, no reserved name such as con, no dot at either end, '
                    "at most 80 characters",
                    remedy="如改为 A-01 / write A-01, for example",
                )
    else:
        found = named(table, names)
        if "name" in table:
            table.read("name", read.text, required=True)
            table.report.warning(
                "缺少编号列，以园区名称为编号 / there is no column of ids; names are taken as ids",
                remedy="给每个园区一个固定的编号 / give every park a fixed id",
            )
    duplicates(table, "id" if "id" in table else "name", [k and k.casefold() for k in found])
    return found


def named(table: Cells, names: Sequence[str | None]) -> list[str | None]:
    """Make ids of names; a name that rows share is told apart by a hash of where they lie."""
    found = [name and _as_id(name) for name in names]
    shared = {name for name, count in Counter(found).items() if name and count > 1}
    return [
        f"{name}-{_place_hash(table, i)}" if name in shared else name
        for i, name in enumerate(found)
    ]


def _as_id(name: str) -> str:
    plain = _UNSAFE.sub("-", name).strip(". ")[:70].rstrip(". ")
    return plain if safe_name(plain) else f"-{plain}"


def _place_hash(table: Cells, i: int) -> str:
    if table.raw.geometry is not None:
        place = shapely.to_wkb(table.raw.geometry[i]) or b""
    else:
        fields = ("lon", "lat") if "lonlat" not in table else ("lonlat",)
        place = " ".join(str(table.values(field)[i]) for field in fields).encode()
    return hashlib.sha256(place).hexdigest()[:6]


def spellings(parks: pd.DataFrame) -> dict[str, str]:
    """Ids of parks by how they may be written: those from OpenStreetMap also as way/1."""
    found = {key: key for key in parks["park_id"].tolist()}
    if "sought" in parks.attrs:
        found |= {key.replace("-", "/", 1): key for key in parks["park_id"].tolist()}
    return found


def known_parks(table: Cells, parks: pd.DataFrame | None) -> list[str | None]:
    """Read the column ``park_id``; a park's name will do where only one park has it.

    A row of a park that has no place itself (``parks.attrs["unplaced"]``) is left out with a
    warning.  None: the parks are not known, and nothing is checked.
    """
    if parks is None:
        return table.read("park_id", read.text, required=True)
    known = spellings(parks)
    counts = Counter(parks["name"])
    by_name = {n: k for n, k in zip(parks["name"], parks["park_id"], strict=True) if counts[n] == 1}
    sought = parks.attrs.get("sought")
    unplaced = {name for pair in parks.attrs.get("unplaced", ()) for name in pair}
    remedies: dict[str, str] = {}
    found: list[str | None] = []
    for i, said in enumerate(table.read("park_id", read.text, required=True)):
        key = known.get(said or "") or by_name.get(said or "")
        found.append(key)
        if said is None or key is not None:
            continue
        if said in unplaced:
            table.left_out.add(i)
            table.warning(
                i,
                "park_id",
                "所属园区缺少坐标，该行未用 / its park has no coordinates; the row is not used",
                remedy="在园区表中填写坐标 / fill in the coordinates of the park",
            )
            continue
        if said not in remedies:
            remedies[said] = _nearest(said, [*known, *by_name], sought=sought is not None)
        table.error(
            i,
            "park_id",
            "园区表中查无此园区 / no such park in the table of parks"
            if sought is None
            else "地图用地中查无此园区 / no such park among those of the map's land use",
            rule="园区编号须与园区表一致 / the id must be one of the table of parks"
            if sought is None
            else sought,
            remedy=remedies[said],
        )
    return found


def _nearest(said: str, known: Sequence[str], *, sought: bool) -> str:
    close = difflib.get_close_matches(said, known, n=1, cutoff=0.5)
    if close and sought and _OSM_ID.fullmatch(said):
        return (
            f"是否为 {close[0]!r}？若编号无误，减小 min_area_ha / "
            f"did you mean {close[0]!r}? if the id is right, lower min_area_ha"
        )
    if close:
        return f"是否为 {close[0]!r}？ / did you mean {close[0]!r}?"
    if sought:
        return (
            "编号照抄 ranking.csv（如 way-34719816），或减小 min_area_ha / "
            "copy the id from ranking.csv (such as way-34719816), or lower min_area_ha"
        )
    return "改正编号，或补充园区表 / correct the id, or add the park"


def sums(
    table: Cells, park_ids: Sequence[str | None], workers: Floats, parks: pd.DataFrame | None
) -> None:
    """Warn where the rows of a park add up to more workers than the park has."""
    if parks is None:
        return
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


def shift_names(table: Cells, names: Sequence[str | None]) -> None:
    """Note names that the results give to a row of every shift, and to who has none known."""
    for i, name in enumerate(names):
        if name in (ALL, OTHERS):
            table.error(
                i,
                "shift",
                f"“{name}”不能作班次名称 / no shift may be called “{name}”",
                remedy="换一个名称，如 白班 / give it another name, such as day",
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


def known_firms(
    table: Cells,
    firm_ids: Sequence[str | None],
    park_ids: Sequence[str | None],
    firms: pd.DataFrame | None,
) -> None:
    """Note rows of enterprises that nobody knows, or that stand in another park.

    Parameters
    ----------
    firm_ids, park_ids
        Of each row; empty: of no enterprise.
    firms
        Frame of ``frames.ENTERPRISES``; None: nothing is checked.
    """
    if firms is None:
        return
    of = dict(zip(firms["enterprise_id"], firms["park_id"], strict=True))
    for i, (key, park) in enumerate(zip(firm_ids, park_ids, strict=True)):
        if key is None or of.get(key) == park is not None:
            continue
        table.error(
            i,
            "enterprise_id",
            "企业表中该园区无此企业 / the table of enterprises has no such one in that park",
            remedy="改正编号，或补充企业表 / correct the id, or add the enterprise",
        )


def shift_shares(
    table: Cells,
    whose: Sequence[tuple[str | None, str]],
    shares: Sequence[float | None],
) -> None:
    """Note parks and enterprises whose shares do not sum to 1.

    Parameters
    ----------
    whose
        Park and enterprise ("": of none) of each row.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for i, (park, firm) in enumerate(whose):
        if park is not None:
            groups.setdefault((park, firm), []).append(i)
    for (park, firm), members in groups.items():
        key = f"{park} / {firm}" if firm else park
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
