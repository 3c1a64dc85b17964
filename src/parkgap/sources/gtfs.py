"""Read the files of a GTFS feed as text, and refuse what breaks its rules.

Source: General Transit Feed Specification, *Schedule Reference* (gtfs.org).  Only the files and
columns that are needed are read, so that shapes and fares cost nothing; a fault is named by file
and line, which readers that parse at once cannot.  What the calendar means, and what frequencies
stand for, is left to gtfs-kit (:mod:`parkgap.sources.transit`).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pandas as pd

from parkgap.errors import Problem, TableError
from parkgap.sources.encoding import detect
from parkgap.sources.report import Where
from parkgap.study_files import GTFS_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Unpack

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TIME = r"(\d{1,3}):([0-5]\d):([0-5]\d)"
_NEEDED = {
    "stops": ("stop_id",),
    "routes": ("route_id", "route_type"),
    "trips": ("route_id", "service_id", "trip_id"),
    "stop_times": ("trip_id", "departure_time", "stop_id", "stop_sequence"),
    "calendar": ("service_id", *DAYS, "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs"),
    "agency": ("agency_name",),
}
_OPTIONAL = {
    "stops": ("stop_name", "stop_lat", "stop_lon", "parent_station"),
    "routes": ("route_short_name", "route_long_name"),
    "trips": ("trip_headsign",),
    "stop_times": ("arrival_time", "stop_headsign", "pickup_type"),
}
_KEYS = {"stops": "stop_id", "routes": "route_id", "trips": "trip_id"}
_MUST = ("stops", "routes", "trips", "stop_times")
_DATE = r"(?:19|20|21)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_DATE_RULE = "YYYYMMDD"
_AGAIN = "向发布单位索取完整的 GTFS 文件 / ask its publisher for a sound GTFS feed"


@dataclass(frozen=True)
class Feed:
    """A feed's files as frames of text; the index is the line of each row in its file.

    Attributes
    ----------
    name
        As the user knows it: the archive's or the folder's name.
    tables
        By name, without ``.txt``; empty cells are "", optional columns are there.
    """

    name: str
    tables: Mapping[str, pd.DataFrame]

    def problem(self, table: str, what: str, **where: Unpack[Where]) -> Problem:
        """Say what is wrong with one place of the feed."""
        return Problem(what=what, file=f"{self.name}/{table}.txt", **where)

    def refuse(self, table: str, column: str, wrong: pd.Series, what: str, rule: str) -> None:
        """Refuse the feed if any row is wrong; the first is shown, all are counted.

        Raises
        ------
        TableError
            Some row is.
        """
        if not wrong.any():
            return
        row = int(wrong.index[wrong.to_numpy()][0])
        zh, _, en = what.partition(" / ")
        count = int(wrong.sum())
        if count > 1:
            zh, en = f"{zh}（共 {count} 行）", f"{en} ({count} rows)"
        value = str(self.tables[table].loc[row, column])
        where = Where(row=row, column=column, value=value, rule=rule, remedy=_AGAIN)
        raise TableError(self.problem(table, f"{zh} / {en}", **where))


def read_feed(path: Path, name: str) -> Feed:
    """Read what is needed of a GTFS archive (its files perhaps in one folder), or of a folder.

    Raises
    ------
    TableError
        It is no archive, or a damaged one; a file or column that GTFS asks for is missing; an id
        stands twice; a date, a kind of line or a number is none.
    """
    feed = Feed(name, _read_folder(path, name) if path.is_dir() else _read_archive(path, name))
    tables = feed.tables
    missing = [f"{t}.txt" for t in _MUST if t not in tables]
    if "calendar" not in tables and "calendar_dates" not in tables:
        missing.append("calendar.txt | calendar_dates.txt")
    if missing:
        raise TableError(
            Problem(
                what="GTFS 缺少文件，或文件为空 / files of the GTFS feed are missing or empty",
                file=name,
                value=", ".join(missing),
                rule="stops, routes, trips, stop_times, calendar | calendar_dates",
                remedy=_AGAIN,
            )
        )
    for table, key in _KEYS.items():
        again = tables[table][key].duplicated()
        feed.refuse(table, key, again, "编号重复 / the id stands twice", "唯一 / unique")
    _check_numbers(feed)
    _check_calendar(feed)
    return feed


def _check_numbers(feed: Feed) -> None:
    wrong = ~feed.tables["routes"]["route_type"].str.fullmatch(r"\d{1,4}")
    feed.refuse(
        "routes", "route_type", wrong, "线路类型不是数字 / the kind of line is no number", "0–1702"
    )
    if (rows := feed.tables.get("frequencies")) is None:
        return
    for column in ("start_time", "end_time"):
        bad_times(feed, "frequencies", column, rows[column])
    wrong = ~rows["headway_secs"].str.fullmatch(r"0*[1-9]\d{0,4}")
    what = "发车间隔不是正整数秒 / the headway is no whole number of seconds above 0"
    feed.refuse("frequencies", "headway_secs", wrong, what, "1–99999")


def _check_calendar(feed: Feed) -> None:
    what = "日期无法识别 / not a date"
    columns = {"calendar": ("start_date", "end_date"), "calendar_dates": ("date",)}
    for table, names in columns.items():
        if (rows := feed.tables.get(table)) is None:
            continue
        for name in names:
            wrong = ~rows[name].str.fullmatch(_DATE)
            feed.refuse(table, name, wrong, what, _DATE_RULE)
    if (rows := feed.tables.get("calendar")) is not None:
        for day in DAYS:
            what = "应为 0 或 1 / must be 0 or 1"
            feed.refuse("calendar", day, ~rows[day].isin(["0", "1"]), what, "0, 1")
    if (rows := feed.tables.get("calendar_dates")) is not None:
        wrong = ~rows["exception_type"].isin(["1", "2"])
        what = "应为 1 或 2 / must be 1 or 2"
        feed.refuse("calendar_dates", "exception_type", wrong, what, "1, 2")


def bad_times(feed: Feed, table: str, column: str, times: pd.Series) -> None:
    """Refuse the feed if any of these times is none (``HH:MM:SS``, beyond 24:00 as GTFS has them).

    Raises
    ------
    TableError
        Some is none.
    """
    what = "时刻无法识别 / not a time"
    # A day has few times, and a feed many rows.
    said = pd.Series(times.unique(), dtype=object).astype(str)
    wrong = times.isin(said[~said.str.fullmatch(TIME)])
    feed.refuse(table, column, wrong, what, "HH:MM:SS, 25:10:00 = 01:10 (+1)")


# --- files --------------------------------------------------------------------------------------


def _read_folder(path: Path, name: str) -> dict[str, pd.DataFrame]:
    found: dict[str, pd.DataFrame] = {}
    for table in GTFS_TABLES:
        file = path / f"{table}.txt"
        if file.is_file():
            found |= _table(table, file.read_bytes(), name)
    return found


def _read_archive(path: Path, name: str) -> dict[str, pd.DataFrame]:
    """Read the files of an archive; they may stand in a folder, as zipped by hand.

    Raises
    ------
    TableError
        It is no archive, damaged, or locked; or a file stands in it twice.
    """
    found: dict[str, pd.DataFrame] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in _members(archive, name):
                table = PurePosixPath(member.filename).stem
                found |= _table(table, archive.read(member), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise TableError(
            Problem(
                what="压缩包损坏、加密或不是 zip / the archive is damaged, locked, or no zip file",
                file=name,
                value=str(error) or type(error).__name__,
                remedy=_AGAIN,
            )
        ) from error
    return found


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    wanted = {f"{table}.txt" for table in GTFS_TABLES}
    members = [
        m
        for m in archive.infolist()
        if PurePosixPath(m.filename).name in wanted and not m.filename.startswith("__MACOSX/")
    ]
    if len({PurePosixPath(m.filename).parent for m in members}) > 1:
        raise TableError(
            Problem(
                what="压缩包内有多套 GTFS / the archive holds several feeds",
                file=name,
                value=", ".join(sorted(m.filename for m in members)),
                remedy="分开压缩，在 gtfs 中逐个列出 / zip them apart, and list each in gtfs",
            )
        )
    return members


def _table(table: str, content: bytes, name: str) -> dict[str, pd.DataFrame]:
    """Read one file; no entry where it has no rows, which is as if it were not there.

    Raises
    ------
    TableError
        It cannot be read, or lacks a column.
    """
    whole = Feed(name, {})
    encoding = detect([content])
    if encoding is None:
        what = "文件编码无法识别 / the encoding is unknown"
        raise TableError(whole.problem(table, what, rule="UTF-8", remedy=_AGAIN))
    needed, optional = _NEEDED[table], _OPTIONAL.get(table, ())
    wanted = {*needed, *optional}
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            encoding=encoding,
            usecols=lambda heading: _plain(heading) in wanted,
            skip_blank_lines=False,  # rows keep their line's number
            index_col=False,
        )
    except pd.errors.EmptyDataError:
        return {}
    except (pd.errors.ParserError, UnicodeError, ValueError) as error:
        what = "文件无法按 CSV 读取 / the file cannot be read as CSV"
        said = " ".join(str(error).split())
        raise TableError(whole.problem(table, what, value=said, remedy=_AGAIN)) from error
    frame = frame.rename(columns=_plain)
    lacking = [c for c in needed if c not in frame.columns]
    if lacking:
        what = "缺少列 / columns are missing"
        said = ", ".join(lacking)
        raise TableError(whole.problem(table, what, row=1, value=said, remedy=_AGAIN))
    frame.index = frame.index + 2
    for column in frame.columns:
        if column not in ("stop_name", "trip_headsign"):
            frame[column] = frame[column].str.strip()
    frame = frame[(frame != "").any(axis=1)]
    for column in optional:
        if column not in frame.columns:
            frame[column] = ""
    return {table: frame} if len(frame) else {}


def _plain(heading: str) -> str:
    return re.sub(r"\s+", "", heading.removeprefix("\ufeff")).lower()
