"""Where a place is: its boundary, from a Nominatim server.

osmnx would ask the same question, but waits and asks again for ever where the server is busy,
keeps answers in the current folder, and is set up through module-wide settings; so the
question is asked here, and only its rule for choosing (the most important result that is an
area) is the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from parkgap.errors import ExtractError, Problem
from parkgap.sources.http import AnswerError, Client, Question, Reply, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

GEOCODER = "https://nominatim.openstreetmap.org"
_RESULTS = "10"
_LARGEST = 50_000_000  # bytes; a country's coastline is a tenth of it


@dataclass(frozen=True)
class Place:
    """A place that was found: its full name, its OSM id (relation/1), its box in WGS-84."""

    name: str
    osm_id: str
    box: tuple[float, float, float, float]


def find_place(place: str, geocoder: str, client: Client, scratch: Path) -> Place:
    """Ask a Nominatim server for the boundary of a place.

    Parameters
    ----------
    place
        Its name as people write it ("青岛市黄岛区").
    geocoder
        Address of the server, without ``/search``.
    client
        Asks it.
    scratch
        Folder where the answer may lie for a moment.

    Raises
    ------
    ExtractError
        No answer, or no area of that name.
    """
    question = Question(
        f"{geocoder.rstrip('/')}/search",
        query={
            "q": place,
            "format": "jsonv2",
            "polygon_geojson": "1",
            "limit": _RESULTS,
            "accept-language": "zh,en",
        },
        accept="application/json",
    )
    try:
        results = client.ask(question, scratch / "place.json", _results)
        found = _choose(results)
    except AnswerError as fault:
        raise ExtractError(
            Problem(
                what=fault.what,
                file=geocoder,
                value=place,
                remedy="改写地名（加上省、市），或改用 bbox = [西, 南, 东, 北] / write the place's "
                "name in full, or give bbox = [west, south, east, north] instead",
            )
        ) from fault
    return found


def _results(reply: Reply) -> list[Mapping[str, Any]]:
    if reply.body.stat().st_size > _LARGEST:
        raise AnswerError("地名服务的答复过大 / the geocoder's answer is too large")
    try:
        found = json.loads(reply.body.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(r, dict) for r in found):
        raise AnswerError("地名服务的答复不是地名列表 / the geocoder's answer is no list of places")
    return found


def _choose(results: list[Mapping[str, Any]]) -> Place:
    """Take the most important result that is an area."""
    if not results:
        raise AnswerError("找不到这个地名 / there is no such place")
    for result in sorted(results, key=_importance, reverse=True):
        shape = result.get("geojson")
        if not isinstance(shape, dict) or shape.get("type") not in ("Polygon", "MultiPolygon"):
            continue
        try:
            outline = shapely.from_geojson(json.dumps(shape))
            west, south, east, north = (float(v) for v in outline.bounds)
        except (shapely.errors.GEOSException, ValueError):
            continue
        osm_id = f"{plain(str(result.get('osm_type', '')))}/{plain(str(result.get('osm_id', '')))}"
        name = plain(str(result.get("display_name", "")))
        return Place(name, osm_id, (west, south, east, north))
    raise AnswerError("这个地名只有点位，未见边界 / the place is only a point, no area was found")


def _importance(result: Mapping[str, Any]) -> float:
    try:
        return float(result.get("importance") or 0.0)
    except (TypeError, ValueError):
        return 0.0
