"""What ``study.toml`` may say about one input: file, datum, encoding, headings."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from parkgap.toml_text import nearest

_CRS_NAMES = {
    "WGS84": "WGS84",
    "GCJ02": "GCJ02",
    "BD09": "BD09",
    "BD09LL": "BD09",
    "BD09MC": "BD09MC",
    "CGCS2000": "CGCS2000",
}


_SIDES = 4  # of a box
_EAST, _NORTH = 180, 90


def refused(what: str, remedy: str) -> PydanticCustomError:
    """Say why a value is refused ("zh / en"), and what to write instead."""
    return PydanticCustomError("refused", "{what}", {"what": what, "remedy": remedy})


def _crs(text: str) -> str:
    plain = re.sub(r"[\s_-]", "", text).upper()
    if plain in _CRS_NAMES:
        return _CRS_NAMES[plain]
    if re.fullmatch(r"EPSG:\d{4,6}", plain):
        return {"EPSG:4326": "WGS84", "EPSG:4490": "CGCS2000"}.get(plain, plain)
    raise refused(
        "不认识的坐标系 / unknown coordinate system",
        "WGS84, GCJ02 (高德/腾讯), BD09, BD09MC (百度), CGCS2000, EPSG:n",
    )


def _encoding(text: str) -> str:
    try:
        return codecs.lookup(text).name
    except LookupError:
        raise refused("不认识的编码 / unknown encoding", "utf-8, gb18030, big5, cp950") from None


Text = Annotated[str, Field(min_length=1)]
Crs = Annotated[str, AfterValidator(_crs)]
Encoding = Annotated[str, AfterValidator(_encoding)]


class Section(BaseModel):
    """One section of ``study.toml``: frozen, and strict about keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _box(value: object) -> tuple[float, ...]:
    """Check west, south, east, north in WGS-84 degrees."""
    numbers = value if isinstance(value, list | tuple) else ()
    plain = [float(v) for v in numbers if isinstance(v, int | float) and not isinstance(v, bool)]
    remedy = "bbox = [120.05, 35.85, 120.25, 36.05]"
    if len(plain) != _SIDES or len(numbers) != _SIDES:
        raise refused("应为四个数：西、南、东、北 / must be four numbers: w, s, e, n", remedy)
    west, south, east, north = plain
    if not (-_EAST <= west < east <= _EAST and -_NORTH <= south < north <= _NORTH):
        raise refused(
            "应为经纬度，次序为西、南、东、北 / must be degrees in the order west, south, east, "
            "north (longitude first)",
            remedy,
        )
    return west, south, east, north


def _server(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise refused(
            "应为服务器地址，不含密码 / must be a server's address, without user or password",
            "https://…",
        )
    return text.rstrip("/")


def _overpass(text: str) -> str:
    address = _server(text)
    return address if address.endswith("/interpreter") else f"{address}/interpreter"


class Osm(Section):
    """The OpenStreetMap data: an extract in the study's folder, or what to download.

    Attributes
    ----------
    file
        The extract, relative to the study's folder.
    place
        Name of the place to download, with the surroundings that a walk may reach.
    bbox
        Box to download: west, south, east, north in WGS-84 degrees.
    overpass, geocoder
        Servers to ask instead of the public ones.
    """

    file: Text | None = None
    place: Text | None = None
    bbox: Annotated[tuple[float, float, float, float], BeforeValidator(_box)] | None = None
    overpass: Annotated[Text, AfterValidator(_overpass)] | None = None
    geocoder: Annotated[Text, AfterValidator(_server)] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(v is not None for v in (self.file, self.place, self.bbox)) != 1:
            raise refused(
                "须给出 file、place、bbox 之一 / needs one of file, place and bbox",
                'file = "city.osm.pbf"  |  place = "青岛市黄岛区"  |  bbox = [w, s, e, n]',
            )
        useless = [
            key
            for key, useful in (("overpass", self.file is None), ("geocoder", self.place))
            if key in self.model_fields_set and not useful
        ]
        if useless:
            names = ", ".join(useless)
            raise refused(
                f"{names} 在此无意义 / {names} means nothing here",
                "删去该项 / leave it out",
            )
        return self


class FromOsm(Section):
    """Parks taken from OpenStreetMap's land use instead of a table.

    Attributes
    ----------
    landuse
        Values of ``landuse=*`` that count.
    min_area_ha
        Smaller areas (after merging) are no park; hectares.
    named_only
        Leave out areas without a name.
    """

    landuse: Annotated[tuple[Text, ...], Field(min_length=1)] = ("industrial",)
    min_area_ha: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] = 5.0
    named_only: Annotated[bool, Field(strict=True)] = False


#: Fields that say where a row lies: two columns, one column of pairs, or WKT.
PLACE = ("lon", "lat", "lonlat", "wkt")


class Table(Section):
    """How to read one table; `columns` maps the program's names to the table's headings.

    Attributes
    ----------
    crs
        Declared datum: WGS84, GCJ02, BD09, BD09MC, CGCS2000 or EPSG:n; wins over the file's own.
    crs_sure
        The datum was verified by hand: that another one fits the streets better is no error.
    encoding
        Text encoding; wins over what the file says or looks like.
    sheet, layer
        Sheet of a workbook, layer of a GeoPackage; the first by default.
    header
        Row of the headings, counted from 1; found by itself where it is not said.
    """

    KNOWN: ClassVar[tuple[str, ...]] = ()

    crs: Crs | None = None
    crs_sure: Annotated[bool, Field(strict=True)] = False
    encoding: Encoding | None = None
    sheet: Text | None = None
    header: Annotated[int, Field(strict=True, ge=1)] | None = None
    layer: Text | None = None
    columns: Mapping[str, Text] = Field(default_factory=dict)

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, columns: Mapping[str, str]) -> Mapping[str, str]:
        for key in columns:
            if key not in cls.KNOWN:
                raise refused(
                    f"columns 中不认识的字段 {key!r} / unknown field {key!r} in columns",
                    nearest(key, cls.KNOWN),
                )
        return columns


class FileTable(Table):
    """How to read a table that lies in a file of the study's folder."""

    file: Text


class ParksTable(Table):
    """The parks: a table or a map layer, or OpenStreetMap's land use."""

    KNOWN: ClassVar[tuple[str, ...]] = (
        *("id", "name", "zone", "district", "subdistrict", "workers"),
        *("headcount_basis", "headcount_date", "area_ha", *PLACE, "source"),
        *("site_ha", "support_ha", "floor_m2", "support_floor_m2"),
    )

    file: Text | None = None
    from_osm: FromOsm | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.from_osm is None):
            raise refused(
                "园区须给出 file 或 from_osm 之一 / parks need either file or from_osm",
                'file = "parks.xlsx"  |  from_osm = { landuse = ["industrial"] }',
            )
        useless = self.model_fields_set - {"file", "from_osm"}
        if self.from_osm is not None and useless:
            raise refused(
                f"{', '.join(sorted(useless))} 与 from_osm 同用无意义 / "
                f"{', '.join(sorted(useless))} mean nothing beside from_osm",
                "删去该项 / leave it out",
            )
        return self


class HeadcountsTable(FileTable):
    """Headcounts of parks whose outlines come from a map: matched by id, else by name."""

    KNOWN: ClassVar[tuple[str, ...]] = (
        *("id", "name", "zone", "district", "subdistrict", "workers"),
        *("headcount_basis", "headcount_date", "source"),
    )


class GatesTable(FileTable):
    """Gates of parks: where a park has any, only these are open."""

    KNOWN: ClassVar[tuple[str, ...]] = ("id", "park_id", "name", *PLACE, "source")


class EnterprisesTable(FileTable):
    """Firms in parks, at their actual workplace."""

    KNOWN: ClassVar[tuple[str, ...]] = (
        *(*GatesTable.KNOWN, "workers", "address", "dispatched", "peak", "peak_months"),
        *("canteen_seats", "canteen_hours", "beds_own", "beds_occupied", "lodging_need"),
    )


class ResidencesTable(FileTable):
    """Where workers of a park live."""

    KNOWN: ClassVar[tuple[str, ...]] = (*GatesTable.KNOWN, "workers", "kind")


class ShiftsTable(FileTable):
    """Shifts of a park's workers.

    Attributes
    ----------
    calendar
        Whose public holidays hold: CN (mainland China, with make-up workdays) or none (plain
        weeks); None: CN where most of the parks lie in mainland China.
    """

    KNOWN: ClassVar[tuple[str, ...]] = (
        *("park_id", "shift", "start", "end", "hours"),
        *("break_start", "break_minutes", "share", "workdays", "source"),
    )

    calendar: Literal["CN", "none"] | None = None


def _paths(value: object) -> object:
    """Take one path for a list of one."""
    return (value,) if isinstance(value, str) else value


class Terrain(Section):
    """Heights of the ground: one elevation raster, or several tiles of one."""

    dem: Annotated[tuple[Text, ...], BeforeValidator(_paths), Field(min_length=1)]


class Population(Section):
    """Where people live: a raster of persons a cell."""

    raster: Text


class PlanTable(FileTable):
    """The plan of a what-if, as it is opened; no section of ``study.toml``."""


class WhatIf(Section):
    """The plan that a what-if tries: named on the command line, never in ``study.toml``.

    Attributes
    ----------
    file
        The plan as results name it: its place in the study's folder, else its name alone.
    crs
        Datum of its coordinates; None: the file says it.
    path
        Where it lies; not part of the parameters, as it may be this machine's own.
    """

    file: Text
    crs: Crs | None = None
    path: Path | None = Field(default=None, exclude=True)


class Transit(Section):
    """Timetables of public transport as GTFS: archives, or folders of their files.

    Attributes
    ----------
    gtfs
        One feed, or several.
    crs
        Datum of the stops; GTFS itself asks for WGS-84.
    """

    gtfs: Annotated[tuple[Text, ...], BeforeValidator(_paths), Field(min_length=1)]
    crs: Crs = "WGS84"
