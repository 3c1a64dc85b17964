"""Open map layers (GeoJSON, GeoPackage, shapefile, also zipped, KML) as raw tables.

GeoJSON needs no GDAL; the others import pyogrio, which is slow, only when they come.
"""

from __future__ import annotations

import codecs
import json
import re
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from parkgap.errors import Problem, TableError
from parkgap.sources import encoding as encodings
from parkgap.sources.raw import RawTable, decoded_text, refuse, with_warning

if TYPE_CHECKING:
    from collections.abc import Callable

    from parkgap.source_keys import Table

_LDID = {0x4D: "gb18030", 0x4F: "cp950", 0x78: "cp950", 0x7A: "gb18030"}
_SIDECARS = (".dbf", ".shx", ".prj", ".cpg")
_MOST_BYTES = 2_000_000_000  # of a zipped layer: what GDAL takes from one shapefile
_RAW = "ISO-8859-1"  # every byte is a character of it, so it carries any other encoding


def read_geojson(path: Path, file: str, table: Table) -> RawTable:
    """Read GeoJSON; rows are features, headings the properties in order of appearance."""
    import numpy as np
    import shapely.geometry
    from shapely.errors import ShapelyError

    content = decoded_text(path, file, table)
    try:
        data = json.loads(content)
        features = data["features"] if data["type"] == "FeatureCollection" else [data]
        crs = _geojson_crs(data)
        properties = [dict(feature["properties"] or {}) for feature in features]
        shapes = [feature["geometry"] for feature in features]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        refuse(
            file,
            f"不是有效的 GeoJSON（{error}） / not valid GeoJSON ({error})",
            rule="FeatureCollection",
            remedy="从 GIS 软件重新导出 / export it again from the GIS",
        )
    geometry = np.full(len(shapes), None, dtype=object)
    broken = []
    for i, shape in enumerate(shapes):
        try:
            geometry[i] = shapely.geometry.shape(shape) if shape else None
        except (ValueError, KeyError, TypeError, AttributeError, ShapelyError) as error:
            broken.append(
                Problem(
                    what=f"几何无法读取（{error}） / the geometry cannot be read ({error})",
                    file=file,
                    row=i + 1,
                    remedy="重新绘制该要素 / draw the feature again",
                )
            )
    if broken:
        raise TableError(*broken)
    headings = tuple(dict.fromkeys(key for entry in properties for key in entry))
    columns: list[list[object]] = [[e.get(name) for e in properties] for name in headings]
    rows = list(range(1, len(shapes) + 1))
    return RawTable(file, None, headings, columns, rows, geometry, crs)


def _geojson_crs(data: dict[str, Any]) -> str:
    """Read the member ``crs`` of older GeoJSON; today's is always WGS-84 (RFC 7946)."""
    if not data.get("crs"):
        return "WGS84"
    name = str(data["crs"]["properties"]["name"])
    if name.upper().endswith("CRS84"):
        return "WGS84"
    code = re.search(r"EPSG:(?:[^:]*:)?(\d+)$", name, re.IGNORECASE)
    return f"EPSG:{code[1]}" if code else name


def read_layer(path: Path, file: str, table: Table) -> RawTable:
    """Read a GeoPackage's layer."""
    import pyogrio

    layers = [str(name) for name, _ in _guarded(file, lambda: pyogrio.list_layers(path))]
    if not layers:
        refuse(file, "文件中无图层 / there is no layer", remedy="重新导出 / export it again")
    layer = table.layer or layers[0]
    if layer not in layers:
        refuse(
            file,
            "找不到这个图层 / no such layer",
            value=layer,
            rule=", ".join(layers),
            remedy="改正 study.toml 中的 layer / correct `layer` in study.toml",
        )
    raw = _vector(path, file, layer=layer)
    if table.layer is None and len(layers) > 1:
        return with_warning(
            raw,
            "有多个图层，只读了第一个 / several layers; only the first was read",
            layer,
            "在 study.toml 中写明 layer / say `layer` in study.toml",
        )
    return raw


def read_shapefile(path: Path, file: str, table: Table) -> RawTable:
    """Read a shapefile; its text comes over as bytes, and is decoded here.

    What GDAL can recode depends on how it was built; Python's codecs are always there.
    """
    raw = _vector(path, file, encoding=_RAW)
    texts = [heading.encode(_RAW) for heading in raw.headings]
    texts += [
        cell.encode(_RAW) for column in raw.columns for cell in column if isinstance(cell, str)
    ]
    said = _cpg(path)
    name = table.encoding or (said if said and encodings.readable(texts, said) else None)
    name = name or encodings.detect(texts, hint=_dbf_language(path))
    if name is None or not encodings.readable(texts, name):
        refuse(
            file,
            "属性表（.dbf）的文字编码读不出来 / the text of the .dbf cannot be decoded",
            value=table.encoding,
            rule="utf-8, gb18030, big5",
            remedy='在 study.toml 中写明 encoding / say `encoding = "gb18030"` in study.toml',
        )

    def decoded(cell: object) -> object:
        return encodings.decode(cell.encode(_RAW), name) if isinstance(cell, str) else cell

    found = RawTable(
        file,
        None,
        tuple(str(decoded(heading)) for heading in raw.headings),
        [[decoded(cell) for cell in column] for column in raw.columns],
        raw.rows,
        raw.geometry,
        raw.crs,
    )
    if said and table.encoding is None and name != said:
        return with_warning(
            found,
            ".cpg 与文字不符，已改用能读通的编码 / "
            "the .cpg does not fit the text; the encoding that reads it was used",
            f"{said} → {name}",
            "在 study.toml 中写明 encoding / say `encoding` in study.toml",
        )
    return found


def read_zip(path: Path, file: str, table: Table) -> RawTable:
    """Read a zipped shapefile: the parts are laid out in a folder that goes away again."""
    try:
        with zipfile.ZipFile(path) as packed, tempfile.TemporaryDirectory() as folder:
            parts = _parts(packed, file, table)
            for part in parts:
                # By a name of our own: what a zip calls its members cannot be trusted.
                inside = Path(folder) / f"layer{PurePosixPath(part.filename).suffix.lower()}"
                inside.write_bytes(packed.read(part))
            return read_shapefile(Path(folder) / "layer.shp", file, table)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        refuse(
            file,
            f"压缩包损坏或有密码（{error}） / the zip file is broken or has a password ({error})",
            remedy="重新压缩，不设密码 / zip it again without a password",
        )


def _parts(packed: zipfile.ZipFile, file: str, table: Table) -> list[zipfile.ZipInfo]:
    """Choose the members of a zip that make up one shapefile."""
    members = {name: info for info in packed.infolist() if (name := _member(info)) is not None}
    stems = [name[:-4] for name in members if name.endswith(".shp")]
    wanted = [s for s in stems if table.layer in {s, PurePosixPath(s).name}]
    if table.layer is not None and not wanted:
        refuse(
            file,
            "找不到这个图层 / no such layer",
            value=table.layer,
            rule=", ".join(stems),
            remedy="改正 study.toml 中的 layer / correct `layer` in study.toml",
        )
    if not stems or (len(stems) > 1 and not wanted):
        refuse(
            file,
            "压缩包中应恰有一个 .shp / the zip file must hold exactly one .shp",
            value=", ".join(stems) or None,
            remedy="只压缩一个图层，或写明 layer / zip one layer, or say `layer` in study.toml",
        )
    stem = (wanted or stems)[0]
    parts = [members[stem + s] for s in (".shp", *_SIDECARS) if stem + s in members]
    if sum(part.file_size for part in parts) > _MOST_BYTES:
        refuse(
            file,
            "压缩包解开后过大 / the zip file is too large when unpacked",
            rule=f"≤ {_MOST_BYTES // 10**9} GB",
            remedy="裁剪后重新导出 / cut the layer and export it again",
        )
    return parts


def _member(info: zipfile.ZipInfo) -> str | None:
    """Name a member as its writer did, its extension in lower case; None: not wanted."""
    name = info.filename
    if info.is_dir() or name.startswith("__MACOSX/"):
        return None
    if not info.flag_bits & 0x800 and not name.isascii():
        raw = name.encode("cp437", "replace")  # what zipfile takes for the old code page
        name = encodings.decode(raw, encodings.detect([raw]) or "gb18030") or name
    suffix = PurePosixPath(name).suffix
    return name[: len(name) - len(suffix)] + suffix.lower()


def read_kml(path: Path, file: str, table: Table) -> RawTable:
    """Read KML or KMZ: its folders, one after the other, or the one that `layer` names."""
    import numpy as np
    import pyogrio

    layers = [str(name) for name, _ in _guarded(file, lambda: pyogrio.list_layers(path))]
    if table.layer is not None and table.layer not in layers:
        refuse(
            file,
            "找不到这个图层 / no such layer",
            value=table.layer,
            rule=", ".join(layers),
            remedy="改正 study.toml 中的 layer / correct `layer` in study.toml",
        )
    chosen = [table.layer] if table.layer is not None else layers
    found = [_vector(path, file, layer=name) for name in chosen]
    headings = tuple(dict.fromkeys(h for one in found for h in one.headings))
    columns: list[list[object]] = [[] for _ in headings]
    for one in found:
        own = dict(zip(one.headings, one.columns, strict=True))
        for column, heading in zip(columns, headings, strict=True):
            column.extend(own.get(heading, [None] * len(one.rows)))
    # The driver adds fields (id, begin, icon, ...) that the file may not have.
    filled = [n for n, column in enumerate(columns) if any(c not in (None, "") for c in column)]
    shapes = [one.geometry for one in found if one.geometry is not None]
    geometry = np.concatenate(shapes) if shapes else np.empty(0, dtype=object)
    return RawTable(
        file,
        None,
        tuple(headings[n] for n in filled),
        [columns[n] for n in filled],
        list(range(1, len(geometry) + 1)),
        geometry,
        "WGS84",
    )


def _cpg(path: Path) -> str | None:
    """Name the codec that a shapefile's .cpg asks for."""
    beside = path.with_suffix(".cpg")
    if not beside.is_file():
        return None
    said = beside.read_text(encoding="ascii", errors="replace").strip()
    number = re.search(r"\d+$", said) if not said.upper().startswith("UTF") else None
    for name in (said, f"cp{number[0]}" if number else said):
        try:
            return codecs.lookup(name).name
        except LookupError:
            continue
    return None


def _dbf_language(path: Path) -> str | None:
    beside = path.with_suffix(".dbf")
    if not beside.is_file():
        return None
    with beside.open("rb") as stream:
        head = stream.read(30)
    return _LDID.get(head[29]) if len(head) == 30 else None  # noqa: PLR2004 - its header


def _vector(path: Path, file: str, **options: str) -> RawTable:
    """Read geometry and attributes of one layer, through bare arrays."""
    import pyogrio.raw
    import shapely

    meta, _, shapes, values = _guarded(
        file, lambda: pyogrio.raw.read(path, force_2d=True, **options)
    )
    headings = tuple(str(name) for name in meta["fields"])
    columns = [column.tolist() for column in values]
    geometry = None
    if shapes is not None:
        geometry = _guarded(file, lambda: shapely.from_wkb(shapes))
    rows = list(
        range(1, len(columns[0] if columns else geometry if geometry is not None else ()) + 1)
    )
    return RawTable(file, None, headings, columns, rows, geometry, meta["crs"])


def _guarded(file: str, call: Callable[[], Any]) -> Any:
    """Call a library that reads map layers; what it cannot read becomes a message."""
    from pyogrio.errors import DataLayerError, DataSourceError
    from shapely import GEOSException

    try:
        return call()
    except (DataSourceError, DataLayerError, GEOSException) as error:
        refuse(
            file,
            f"图层无法读取（{error}） / the layer cannot be read ({error})",
            remedy="检查文件是否完整（.shp 须有 .shx、.dbf） / "
            "check that the file is whole (.shp needs its .shx and .dbf)"
            if file.lower().endswith((".shp", ".zip"))
            else "检查文件是否完整，或重新导出 / check that the file is whole, or export it again",
        )
