"""Open GeoParquet, and plain Parquet with columns of coordinates, as raw tables.

Specification: GeoParquet 1.1 (https://geoparquet.org/releases/v1.1.0/).  Geometry is WKB or one
of the native encodings of GeoArrow; the coordinate system is PROJJSON, OGC:CRS84 where nothing
is said, and unknown where it is said to be null.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from parkgap.sources.raw import RawTable, refuse, with_warning

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from parkgap.source_keys import Table

#: Native encodings: how deep the lists of coordinates are nested.
_NATIVE = {
    "point": 0,
    "multipoint": 1,
    "linestring": 1,
    "polygon": 2,
    "multilinestring": 2,
    "multipolygon": 3,
}


def read_geoparquet(path: Path, file: str, table: Table) -> RawTable:
    """Read a Parquet file; rows are numbered from 1, as features of a layer are.

    Columns of bytes and nested columns (such as the covering ``bbox``) are left out; of several
    columns of geometry the primary one is read, or the one that `layer` names.

    Raises
    ------
    TableError
        It is no Parquet file, is cut off, or its metadata ``geo`` does not hold together.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as opened:
            found = opened.read()
    except (FileNotFoundError, PermissionError):
        raise
    except (pa.ArrowException, OSError) as error:
        refuse(
            file,
            f"不是完整的 Parquet 文件（{error}） / not a whole Parquet file ({error})",
            remedy="从 GIS 软件重新导出 / export it again from the GIS",
        )
    said = (found.schema.metadata or {}).get(b"geo")
    if said is None:
        return _tabulate(found, file)
    columns, primary = _geo(said, file)
    chosen = table.layer or primary
    there = [name for name in columns if name in found.schema.names]
    if chosen not in there:
        refuse(
            file,
            "找不到这个几何列 / no such column of geometry",
            value=chosen,
            rule=", ".join(there or found.schema.names),
            remedy="从 GIS 软件重新导出 / export it again from the GIS"
            if table.layer is None
            else "改正 study.toml 中的 layer / correct `layer` in study.toml",
        )
    shapes = _shapes(found.column(chosen), columns[chosen], file)
    raw = _tabulate(found, file, columns, shapes, _crs(columns[chosen], file))
    if table.layer is None and len(columns) > 1:
        return with_warning(
            raw,
            "有多个几何列，只读了主几何列 / several columns of geometry; the primary one was read",
            chosen,
            "在 study.toml 中写明 layer / say `layer` in study.toml",
        )
    return raw


def _geo(said: bytes, file: str) -> tuple[dict[str, dict[str, Any]], str]:
    """Read the metadata ``geo``: what it says of each column of geometry, and the primary one."""
    try:
        data = json.loads(said)
        columns = {str(name): dict(facts) for name, facts in data["columns"].items()}
        encodings = [facts["encoding"] for facts in columns.values()]
        primary = data["primary_column"]
        if not columns or not all(isinstance(word, str) for word in (*encodings, primary)):
            raise ValueError("columns, encoding, primary_column")  # noqa: TRY301 - told below
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        refuse(
            file,
            f"文件中的 geo 元数据有误（{error}） / the file's metadata `geo` is wrong ({error})",
            rule="GeoParquet 1.0, 1.1",
            remedy="从 GIS 软件重新导出 / export it again from the GIS",
        )
    return columns, primary


def _crs(facts: dict[str, Any], file: str) -> str | None:
    """Read the coordinate system of a column, as pyproj knows it."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if "crs" not in facts:
        return "WGS84"  # OGC:CRS84, longitude first
    said = facts["crs"]
    if said is None:
        return None
    try:
        system = CRS.from_json_dict(said)
    except (CRSError, TypeError, ValueError, AttributeError):
        refuse(
            file,
            "geo 元数据中的坐标系不是 PROJJSON / the coordinate system in `geo` is no PROJJSON",
            value=str(said)[:80],
            remedy="从 GIS 软件重新导出 / export it again from the GIS",
        )
    known = system.to_authority(min_confidence=100)
    if known == ("OGC", "CRS84"):
        return "WGS84"
    return ":".join(known) if known is not None else str(system.to_wkt())


def _shapes(column: pa.ChunkedArray, facts: dict[str, Any], file: str) -> npt.NDArray[np.object_]:
    """Read geometry in the plane (heights are dropped), shape (n,); None where there is none."""
    import numpy as np
    import pyarrow as pa
    import shapely

    encoding = str(facts["encoding"])
    if encoding != "WKB" and encoding not in _NATIVE:
        refuse(
            file,
            "不认识的几何编码 / an unknown encoding of geometry",
            value=encoding,
            rule=", ".join(("WKB", *_NATIVE)),
            remedy="按 WKB 编码重新导出 / export it again, encoded as WKB",
        )
    try:
        if encoding != "WKB":
            return _native(column, encoding)
        cells = np.array([*column.to_pylist(), None], dtype=object)[:-1]
        return np.asarray(shapely.force_2d(shapely.from_wkb(cells)), dtype=object)
    except (
        *(shapely.GEOSException, pa.ArrowException),
        *(TypeError, ValueError, KeyError, AttributeError),
    ) as error:
        refuse(
            file,
            f"几何无法读取（{error}） / the geometry cannot be read ({error})",
            rule=f"encoding = {encoding}",
            remedy="从 GIS 软件重新导出 / export it again from the GIS",
        )


def _native(column: pa.ChunkedArray, encoding: str) -> npt.NDArray[np.object_]:
    """Read one of GeoArrow's encodings: structs of x and y in lists, as deep as the type."""
    import numpy as np
    import shapely

    there = np.asarray(column.is_valid().combine_chunks())
    level = column.drop_null().combine_chunks()
    offsets = []
    for _ in range(_NATIVE[encoding]):
        # Lengths, not the offsets themselves: those of a slice do not begin with 0.
        lengths = np.asarray(level.value_lengths(), dtype=np.int64)
        offsets.append(np.concatenate([[0], np.cumsum(lengths)]))
        level = level.flatten()
    x, y = (level.field(axis).to_numpy(zero_copy_only=False) for axis in ("x", "y"))
    kind = shapely.GeometryType[encoding.upper()]
    found = np.full(len(there), None, dtype=object)
    found[there] = shapely.from_ragged_array(
        kind, np.column_stack([x, y]), tuple(reversed(offsets)) or None
    )
    return found


def _tabulate(
    found: pa.Table,
    file: str,
    geometry: Collection[str] = (),
    shapes: npt.NDArray[np.object_] | None = None,
    crs: str | None = None,
) -> RawTable:
    """Make a raw table of the columns that are neither geometry, nested nor bytes."""
    import pyarrow.types as kinds

    fields = list(enumerate(found.schema))
    nested = {at for at, field in fields if kinds.is_nested(field.type)}
    binary = (kinds.is_binary, kinds.is_large_binary, kinds.is_fixed_size_binary)
    raw = {at for at, field in fields if any(is_kind(field.type) for is_kind in binary)}
    kept = [(at, f) for at, f in fields if at not in nested | raw and f.name not in geometry]
    made = RawTable(
        file,
        None,
        tuple(field.name for _, field in kept),
        [found.column(at).to_pylist() for at, _ in kept],
        list(range(1, found.num_rows + 1)),
        shapes,
        crs,
    )
    lost = [field.name for at, field in fields if at in raw and field.name not in geometry]
    if not lost:
        return made
    return with_warning(
        made,
        "二进制列，未读入 / a column of bytes; it was left out",
        ", ".join(lost),
        "若为几何，另存为 GeoParquet；若为文字，按文本导出 / "
        "if it is geometry, save as GeoParquet; if text, export it as such",
    )
