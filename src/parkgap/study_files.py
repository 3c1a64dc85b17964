"""The files that a study names: which there are, and what is said of one that is not there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

from parkgap.errors import Problem, StudyError
from parkgap.toml_text import line_of

RASTERS = (("terrain", "dem"), ("population", "raster"))
FEEDS = ("transit", "gtfs")
#: What is read of a GTFS feed, each with ``.txt``.
GTFS_TABLES = (
    *("agency", "calendar", "calendar_dates", "frequencies"),
    *("routes", "stop_times", "stops", "trips"),
)
_SIDECARS = (".dbf", ".shx", ".prj", ".cpg")
# What GDAL reads beside a raster: by its stem, and by its whole name.
_OF_STEM = (".prj", ".hdr", ".wld", ".tfw", ".tifw", ".blw", ".ige")
_OF_NAME = (".aux.xml", ".msk")
_VRT_SOURCE = re.compile(r"<Source(?:Filename|Dataset)[^>]*>([^<]+)</Source")


def text_of(file: Path) -> str:
    """Read ``study.toml``, with line ends as TOML has them.

    Raises
    ------
    StudyError
        It is not there, or not UTF-8.
    """
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise StudyError(
            Problem(
                what="找不到 study.toml / study.toml is not there",
                file=file,
                remedy="parkgap init DIR",
            )
        ) from None
    except UnicodeDecodeError:
        raise StudyError(
            Problem(
                what="文件不是 UTF-8 编码 / the file is not UTF-8",
                file=file,
                remedy="在记事本中另存为 UTF-8 / save it as UTF-8",
            )
        ) from None


def is_standard_file(use: str) -> bool:
    """Tell the user's own standard from the name of a shipped one."""
    return use.lower().endswith((".yaml", ".yml"))


def _may_be(name: str, section: str) -> bool:
    """Tell whether a file that is there may be meant: a map, a standard, or a table."""
    is_map = name.lower().endswith((".pbf", ".osm", ".osm.gz", ".osm.bz2"))
    own = is_standard_file(name)
    return {"osm": is_map, "standard": own}.get(section, not (is_map or own))


def with_sidecars(file: Path) -> list[Path]:
    """Add the companions of a shapefile."""
    if file.suffix.lower() != ".shp":
        return [file]
    beside = [file.with_suffix(s) for s in _SIDECARS]
    return [file, *(b for b in beside if b.is_file())]


def with_sources(file: Path) -> list[Path]:
    """Add the tiles that a VRT is put together from, and those of a VRT among them."""
    found = [file]
    seen = {file.resolve()}
    for path in found:  # which grows
        if path.suffix.lower() != ".vrt":
            continue
        named = _VRT_SOURCE.findall(path.read_text(encoding="utf-8", errors="replace"))
        for name in named:
            tile = path.parent / unescape(name.strip())
            if tile.resolve() not in seen and tile.is_file():
                seen.add(tile.resolve())
                found.append(tile)
    return found


def feed_files(feed: Path) -> list[Path]:
    """List the files of a GTFS feed: the archive, or those that are read of a folder."""
    if not feed.is_dir():
        return [feed]
    files = [feed / f"{table}.txt" for table in GTFS_TABLES]
    return [file for file in files if file.is_file()]


def with_companions(rasters: Iterable[Path]) -> list[Path]:
    """Add what says where each raster lies and which of its cells count, named as on disk."""
    found: list[Path] = []
    listed: dict[Path, dict[str, list[Path]]] = {}
    for file in rasters:
        there = listed.setdefault(file.parent, {})
        if not there and file.parent.is_dir():
            for path in sorted(file.parent.iterdir()):
                there.setdefault(path.name.casefold(), []).append(path)
        stem, name = file.stem.casefold(), file.name.casefold()
        wanted = [*(stem + s for s in _OF_STEM), *(name + s for s in _OF_NAME)]
        beside = [p for w in wanted if w != name for p in there.get(w, ())]
        found += [file, *(p for p in beside if p.is_file())]
    return list(dict.fromkeys(found))


def missing_files(
    data: Mapping[str, Any],
    tables: Iterable[str],
    file: Path,
    lines: Mapping[tuple[str, ...], int],
) -> list[Problem]:
    """Name every file that ``study.toml`` names and that is not there.

    Parameters
    ----------
    data
        What it says.
    tables
        Its sections of one table each.
    file, lines
        The ``study.toml`` itself, and the lines of its keys.
    """
    problems = []
    lists = data.get("facilities")
    listed = [
        (("facilities", str(i), "file"), table)
        for i, table in enumerate(lists if isinstance(lists, list) else [])
    ]
    own = (("osm", "file"), *((t, "file") for t in tables), *RASTERS, FEEDS)
    named = (*own, ("standard", "use"), ("standard", "also"))
    for place, table in [*((place, data.get(place[0])) for place in named), *listed]:
        value = table.get(place[-1]) if isinstance(table, dict) else None
        # The rasters' tiles, the feeds and the further standards may be lists.
        for name in value if isinstance(value, list) else [value]:
            if not isinstance(name, str) or not name.strip():
                continue
            if place[0] == "standard" and not is_standard_file(name):
                continue
            wanted = file.parent / name.strip()
            if not (wanted.is_file() or (place == FEEDS and wanted.is_dir())):
                problems.append(_missing(name, place, file, lines))
    return problems


def _missing(
    name: str, place: tuple[str, ...], file: Path, lines: Mapping[tuple[str, ...], int]
) -> Problem:
    """Say that a file is not there, and what might have been meant."""
    wanted = file.parent / name.strip()
    there = wanted.parent.iterdir() if wanted.parent.is_dir() else ()
    files = sorted(p.name for p in there if p.is_file() and _may_be(p.name, place[0]))
    close = difflib.get_close_matches(wanted.name, files, n=1)
    return Problem(
        what="这是文件夹，不是文件 / this is a folder, not a file"
        if wanted.is_dir()
        else "找不到文件 / the file is not there",
        file=file.name,
        row=line_of(lines, place),
        column=".".join(place),
        value=name,
        remedy=f"写明文件夹里的哪个文件，如 {name}/… / name a file inside it: {name}/…"
        if wanted.is_dir()
        else f"是否为 {close[0]!r}？ / did you mean {close[0]!r}?"
        if close
        else "把文件放入研究文件夹 / put the file into the study's folder",
    )
