"""What ``study.toml`` may say about files for other programs: GIS and slides."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from parkgap.gauss_kruger import CGCS2000, WGS84, zone_of
from parkgap.source_keys import Section, Text, refused

_NAMES = {"WGS84": WGS84, "CGCS2000": CGCS2000}
_OFFSET = re.compile(r"GCJ0?2|BD0?9(LL|MC)?|火星.*|百度.*")
_MAY = (
    "EPSG:4326 (WGS84), EPSG:4490 (CGCS2000), EPSG:4491–4554 (CGCS2000 高斯-克吕格 / Gauss-Krüger)"
)


def _gis_crs(text: str) -> str:
    plain = re.sub(r"[\s_-]", "", text).upper()
    if _OFFSET.fullmatch(plain):
        raise refused(
            "GCJ-02、BD-09 是带偏移的互联网地图坐标，不能作为成果坐标系 / "
            "GCJ-02 and BD-09 are offset: no results are written in them",
            _MAY,
        )
    number = re.fullmatch(r"EPSG:(\d{4,6})", plain)
    epsg = _NAMES.get(plain, int(number[1]) if number else 0)
    if epsg in (WGS84, CGCS2000) or zone_of(epsg) is not None:
        return f"EPSG:{epsg}"
    raise refused(
        "不支持的成果坐标系 / results are not written in this coordinate system",
        _MAY,
    )


class GisChoice(Section):
    """The coordinate system of ``parkgap.gpkg``; CSV and pages stay in WGS-84 degrees."""

    crs: Annotated[Text, AfterValidator(_gis_crs)] = "EPSG:4326"


class PicturesChoice(Section):
    """Pictures for slides: whether they are written, and of how many parks (None: of all)."""

    write: Annotated[bool, Field(strict=True)] = False
    parks: Annotated[int, Field(strict=True, ge=0, le=10_000)] | None = None
