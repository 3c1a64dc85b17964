"""Fetch OpenStreetMap from an Overpass server into a snapshot inside the study.

Tile after tile, one request at a time.  A tile is kept only when its answer is whole: status
200, XML of an Overpass server with its data date, no ``remark``, read to its end by pyosmium.
The snapshot is made when all tiles are there; until then finished tiles wait on disk, and the
next attempt asks for the others alone.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parkgap
from parkgap.errors import ExtractError, Problem
from parkgap.sources.collector import ROUTES
from parkgap.sources.geocode import GEOCODER, Place, find_place
from parkgap.sources.http import AnswerError, Client, Clock, Patience, Question, Reply, plain
from parkgap.sources.snapshot import (
    Box,
    Snapshot,
    Tile,
    Tiles,
    join,
    key_of,
    newest,
    store,
    unwritable,
)

ENDPOINT = "https://overpass-api.de/api/interpreter"
TILE_DEG = 0.1  # some 9 x 11 km: within the memory and time of a public server anywhere
MOST_TILES = 600
RESUME = dt.timedelta(hours=24)  # older tiles of an unfinished download are asked for again
GEOCODING = Patience(silence_s=30.0, total_s=60.0)
_METRES = 110_574.0  # a degree of latitude where it is shortest
_COMPUTE_S = 180  # what a public server grants by default
_MEMORY = 1 << 29
_HEAD = 8192

# Everything with tags in the box; ways with all their nodes wherever these lie; multipolygons
# with all their ways; lines of public transport as they are (their ways may cross a country).
QUERY = """\
[out:xml][timeout:{seconds}][maxsize:{memory}];
node({box})(if:count_tags()>0)->.points;
way({box})->.ways;
rel({box})["type"="multipolygon"]->.areas;
rel({box})["type"="route"]["route"~"^({routes})$"]->.lines;
way(r.areas)->.rings;
(.ways;.rings;)->.drawn;
node(w.drawn)->.corners;
(.points;.corners;.drawn;.areas;.lines;);
out meta;
"""


@dataclass(frozen=True)
class Area:
    """What is to be fetched: a named place with a margin in metres, or a box (WGS-84)."""

    place: str | None = None
    margin_m: float = 0.0
    bbox: Box | None = None

    @property
    def key(self) -> str:
        """Short name of the question, see :mod:`parkgap.sources.snapshot`."""
        return key_of(self.asked)

    @property
    def asked(self) -> dict[str, object]:
        """The question as plain values."""
        if self.bbox is not None:
            return {"bbox": list(self.bbox)}
        return {"place": self.place, "margin_m": self.margin_m}


@dataclass(frozen=True)
class Servers:
    """Which servers are asked."""

    overpass: str = ENDPOINT
    geocoder: str = GEOCODER


Tell = Callable[[int, int, str], None]  # tiles done, tiles in all (0: not known yet), "zh / en"


def current(area: Area, folder: Path) -> Snapshot | None:
    """Find what was fetched before.

    Raises
    ------
    ExtractError
        It was changed since.
    """
    return newest(folder, area.key)


def fetch(
    area: Area,
    folder: Path,
    servers: Servers | None = None,
    *,
    patience: Patience | None = None,
    clock: Clock | None = None,
    tell: Tell = lambda _done, _all, _text: None,
) -> Snapshot:
    """Download an area into a new snapshot.

    Parameters
    ----------
    area
        What to fetch.
    folder
        Of the study's snapshots.
    servers
        Which servers to ask; public ones by default.
    patience
        Time limits for one tile.
    clock
        The time.
    tell
        Called before every tile and every wait.

    Raises
    ------
    ExtractError
        A tile could not be had whole; no snapshot was made, earlier ones are as they were.
    OutputError
        The study's folder cannot be written to.
    """
    servers, clock, limits = servers or Servers(), clock or Clock(), patience or Patience()
    began = clock.now()
    tiles = Tiles(folder, area.key, began - RESUME)
    tiles.prepare()
    box, place = _box(area, servers, tiles.path, patience or GEOCODING, clock, tell)
    grid = tile_boxes(box)
    progress = _Progress(tell, len(grid))
    client = Client(limits, clock, progress.say)
    found: list[Tile] = []
    for number, piece in enumerate(grid, 1):
        progress.done = len(found)
        name = f"{number:04d}-of-{len(grid):04d}"
        tile = tiles.find(name, piece)
        if tile is None:
            progress.say(_tile_title(number, len(grid), piece))
            made = _Download(client, servers.overpass, tiles, clock)
            try:
                tile = made.tile(name, piece)
            except AnswerError as fault:
                raise _failed(fault, servers, number, len(grid), piece, len(found)) from fault
        found.append(tile)
    progress.done = len(found)
    if not any(t.record["held"] for t in found):
        raise _empty(area, box, servers)
    manifest: dict[str, Any] = {
        "asked": area.asked,
        "place": None if place is None else {"name": place.name, "osm_id": place.osm_id},
        "fetched": _second(clock.now()),
        "overpass": servers.overpass,
        "geocoder": None if place is None else servers.geocoder,
        "query": query("{south},{west},{north},{east}"),
        "program": f"parkgap {parkgap.__version__}",
    }
    snapshot = store(folder, area.key, found, box, manifest)
    tiles.clear()
    return snapshot


def _second(when: dt.datetime) -> str:
    return when.astimezone(dt.UTC).replace(microsecond=0).isoformat()


def query(box: str) -> str:
    """Write the question for one tile, its box as ``south,west,north,east``."""
    routes = "|".join(sorted(ROUTES))
    return QUERY.format(box=box, routes=routes, seconds=_COMPUTE_S, memory=_MEMORY)


def tile_boxes(box: Box) -> list[Box]:
    """Cut a box into equal tiles of at most `TILE_DEG` degrees, row by row from the south-west.

    >>> tile_boxes((0.0, 0.0, 0.15, 0.1))
    [(0.0, 0.0, 0.075, 0.1), (0.075, 0.0, 0.15, 0.1)]

    Raises
    ------
    ExtractError
        There would be more than `MOST_TILES`.
    """
    west, south, east, north = box
    columns = max(1, math.ceil((east - west) / TILE_DEG - 1e-9))
    rows = max(1, math.ceil((north - south) / TILE_DEG - 1e-9))
    if columns * rows > MOST_TILES:
        raise ExtractError(
            Problem(
                what="范围过大，不宜逐块下载 / the area is too large to fetch tile by tile",
                value=f"{_shown(box)} ({columns * rows} tiles)",
                rule=f"≤ {MOST_TILES}",
                remedy="缩小范围，或下载整省的提取文件并写在 [osm] file / make it smaller, or "
                "download an extract of the province and name it under [osm] file",
            )
        )
    x = [round(west + (east - west) * i / columns, 7) for i in range(columns + 1)]
    y = [round(south + (north - south) * j / rows, 7) for j in range(rows + 1)]
    return [(x[i], y[j], x[i + 1], y[j + 1]) for j in range(rows) for i in range(columns)]


def widen(box: Box, metres: float) -> Box:
    """Widen a box in degrees by metres on every side, to whole 10⁻⁴ degrees outward."""
    west, south, east, north = box
    up = metres / _METRES
    aside = up / max(0.01, math.cos(math.radians(min(89.0, max(abs(south), abs(north)) + up))))
    return (
        max(-180.0, math.floor((west - aside) * 1e4) / 1e4),
        max(-90.0, math.floor((south - up) * 1e4) / 1e4),
        min(180.0, math.ceil((east + aside) * 1e4) / 1e4),
        min(90.0, math.ceil((north + up) * 1e4) / 1e4),
    )


class _Progress:
    """Tells how far the download is."""

    def __init__(self, tell: Tell, total: int) -> None:
        self.tell, self.total, self.done = tell, total, 0

    def say(self, text: str) -> None:
        self.tell(self.done, self.total, text)


def _box(
    area: Area, servers: Servers, scratch: Path, patience: Patience, clock: Clock, tell: Tell
) -> tuple[Box, Place | None]:
    if area.bbox is not None:
        return area.bbox, None
    if area.place is None:
        raise ValueError("an area is a place or a box")
    progress = _Progress(tell, 0)
    progress.say(f"查找 {area.place} / looking for {area.place}")
    client = Client(patience, clock, progress.say)
    place = find_place(area.place, servers.geocoder, client, scratch)
    progress.say(f"找到 {place.name}（{place.osm_id}） / found {place.name} ({place.osm_id})")
    return widen(place.box, area.margin_m), place


@dataclass(frozen=True)
class _Download:
    """Asks for tiles, and looks at the answers before they are kept."""

    client: Client
    endpoint: str
    tiles: Tiles
    clock: Clock

    def tile(self, name: str, box: Box) -> Tile:
        west, south, east, north = box
        question = Question(
            self.endpoint,
            form={"data": query(f"{south},{west},{north},{east}")},
            accept="application/osm3s+xml, application/xml;q=0.9, text/xml;q=0.8",
        )
        made = self.tiles.path / f"part-{name}.osm.pbf"

        def read(reply: Reply) -> dict[str, Any]:
            base = check_answer(reply)
            try:
                held = join([reply.body], made, box=box, date=base)
            except RuntimeError as error:
                detail = plain(str(error))
                raise AnswerError(
                    f"答复中断，不是完整的 XML（{detail}） / "
                    f"the answer breaks off, it is no whole XML ({detail})",
                    again=True,
                ) from error
            return {"osm_base": base, "held": held > 0}

        try:
            record = self.client.ask(question, self.tiles.path / f"{name}.osm", read)
            return self.tiles.keep(
                name,
                made,
                {
                    **record,
                    "box": list(box),
                    "fetched": _second(self.clock.now()),
                    "overpass": self.endpoint,
                },
            )
        except OSError as error:
            raise unwritable(self.tiles.path, error) from error
        finally:
            made.unlink(missing_ok=True)


def check_answer(reply: Reply) -> str:
    """Refuse what is not the whole answer of an Overpass server; its data's time (UTC, ISO).

    Raises
    ------
    AnswerError
        An error page, another type of content, a remark, or no data date.
    """
    with reply.body.open("rb") as file:
        head = file.read(_HEAD)
    page = re.search(rb"<!doctype html|<html", head, re.IGNORECASE)
    if page or (reply.content_type and "xml" not in reply.content_type):
        kind = plain(reply.content_type) or "HTML"
        raise AnswerError(
            f"答复不是地图数据，而是 {kind} 页面（登录页或错误页？） / "
            f"the answer is no map data but {kind} (a sign-in or error page?)"
        )
    remark = _remark(reply.body)
    if remark is not None:
        raise AnswerError(
            f"服务器只给出部分数据：{remark} / the server gave only a part of the data: {remark}"
        )
    base = re.search(rb'<osm\b[^>]*>.*?<meta\b[^>]*\bosm_base="([^"<]{10,40})"', head, re.DOTALL)
    try:
        when = dt.datetime.fromisoformat(base[1].decode("ascii") if base else "")
    except ValueError:
        raise AnswerError(
            "答复缺少数据日期，不是 Overpass 的完整答复 / "
            "the answer has no data date: it is not a whole answer of an Overpass server",
            again=not head.strip(),
        ) from None
    when = when if when.tzinfo is not None else when.replace(tzinfo=dt.UTC)
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _remark(body: Path) -> str | None:
    """Find a remark anywhere in an answer; in XML no text or value can hold a bare ``<``."""
    before = b""
    with body.open("rb") as file:
        while piece := file.read(1 << 20):
            text = before + piece
            at = text.find(b"<remark")
            if at >= 0:
                words = text[at:] + file.read(_HEAD)
                said = re.sub(rb"(?s)^<remark[^>]*>|</remark>.*", b"", words)
                return plain(said[:_HEAD].decode("utf-8", "replace")) or "remark"
            before = text[-8:]
    return None


def _shown(box: Box) -> str:
    return ", ".join(f"{v:g}" for v in box)


def _tile_title(number: int, total: int, box: Box) -> str:
    return f"第 {number}/{total} 块（{_shown(box)}） / tile {number} of {total} ({_shown(box)})"


def _failed(
    fault: AnswerError, servers: Servers, number: int, total: int, box: Box, done: int
) -> ExtractError:
    zh, _, en = fault.what.partition(" / ")
    shown = _shown(box)
    return ExtractError(
        Problem(
            what=f"第 {number}/{total} 块（{shown}）未取得：{zh} / "
            f"tile {number} of {total} ({shown}) was not fetched: {en}",
            file=servers.overpass,
            rule="不完整的数据一概不用；已下载的地图保持原样 / nothing partial is used; a map "
            "fetched before stays as it was",
            remedy=f"稍后再运行 parkgap fetch：已完成的 {done} 块不再下载；或在 [osm] overpass "
            "换一个服务器，或下载提取文件写在 [osm] file / run parkgap fetch again later: the "
            f"{done} finished tiles are not asked for again; or name another server under "
            "[osm] overpass, or download an extract and name it under [osm] file",
        )
    )


def _empty(area: Area, box: Box, servers: Servers) -> ExtractError:
    return ExtractError(
        Problem(
            what="这个范围内查不到任何地图对象 / the server holds no map objects in this area",
            file=servers.overpass,
            value=area.place or _shown(box),
            remedy="检查 bbox 的次序（西, 南, 东, 北），或换一个覆盖该地区的服务器 / check the "
            "order of bbox (west, south, east, north), or name a server that has this region",
        )
    )
