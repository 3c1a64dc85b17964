"""Turn what stages hand on into bytes and back: the same value gives the same bytes.

Frames, arrays, geometries and the frozen dataclasses that hold them are written as a small
JSON tree and the buffers that it refers to; texts, lists and geometries as Arrow columns.
Nothing is unpickled: reading makes only what is listed here and parkgap's own dataclasses,
so that a file that somebody else wrote can at worst be refused.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

if TYPE_CHECKING:
    import pyarrow as pa

Buffer = bytes | memoryview
_ALIGN = 64  # buffers begin at multiples of this, as Arrow wants it
_PACKAGE = "parkgap."


class CodecError(TypeError):
    """A value that has no written form (a fault of the program), or bytes that are none."""


# --- writing ------------------------------------------------------------------------------------


def encode(value: Any) -> list[Buffer]:
    """Write a value as buffers; joined, they are what :func:`decode` reads.

    Parameters
    ----------
    value
        None, bool, int, float, str, date, tuple, list, dict with text keys, frozenset of texts,
        numpy array (numbers, booleans, or objects that are texts, lists of texts or geometries),
        pandas Series or DataFrame of such columns, shapely geometry, or a dataclass of parkgap.

    Raises
    ------
    CodecError
        Something in it is none of these.
    """
    buffers: list[Buffer] = []
    tree = _write(value, buffers)
    sizes = [len(b) if isinstance(b, bytes) else b.nbytes for b in buffers]
    head = json.dumps([tree, sizes], separators=(",", ":"), ensure_ascii=True).encode()
    head = len(head).to_bytes(8, "little") + head
    out: list[Buffer] = [head + bytes(-len(head) % _ALIGN)]
    for buffer, size in zip(buffers, sizes, strict=True):
        out.append(buffer)
        if size % _ALIGN:
            out.append(bytes(-size % _ALIGN))
    return out


def digest(value: Any) -> str:
    """SHA-256 of a value's written form: equal for values that no stage could tell apart."""
    sha = hashlib.sha256()
    for buffer in encode(value):
        sha.update(buffer)
    return sha.hexdigest()


def _write(value: Any, buffers: list[Buffer]) -> Any:
    """Write one value: what JSON knows as it is, everything else as ``{"kind": ...}``."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | np.integer | np.floating | np.bool_):
        plain = value.item() if isinstance(value, np.generic) else value
        return plain if isinstance(plain, bool | int) else {"float": repr(float(plain))}
    if isinstance(value, list):
        return [_write(v, buffers) for v in value]
    if isinstance(value, tuple):
        return {"tuple": [_write(v, buffers) for v in value]}
    if isinstance(value, Mapping):
        return {"dict": [[_text(k), _write(v, buffers)] for k, v in value.items()]}
    if isinstance(value, frozenset):
        return {"set": sorted(_text(v) for v in value)}
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return {"date": value.isoformat()}
    return _write_table(value, buffers)


def _write_table(value: Any, buffers: list[Buffer]) -> Any:
    if isinstance(value, np.ndarray):
        return _write_array(value, buffers)
    if isinstance(value, pd.DataFrame):
        columns = [[_text(n), _write_series(value[n], buffers)] for n in value.columns]
        return {"frame": columns, "rows": len(value), "index": _index(value.index, buffers)}
    if isinstance(value, pd.Series):
        own = _write_series(value, buffers)
        return {"series": own, "name": value.name, "index": _index(value.index, buffers)}
    if isinstance(value, shapely.Geometry):
        return {"geometry": _put(shapely.to_wkb(value), buffers)}
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith(_PACKAGE):
        kind = f"{type(value).__module__}:{type(value).__qualname__}"
        own = {
            f.name: _write(getattr(value, f.name), buffers)
            for f in dataclasses.fields(value)
            if f.init
        }
        return {"data": kind, "fields": own}
    raise CodecError(f"no written form for {type(value).__name__}")


def _text(key: object) -> str:
    if not isinstance(key, str):
        raise CodecError(f"keys and names are texts, not {type(key).__name__}")
    return key


def _put(buffer: Buffer, buffers: list[Buffer]) -> int:
    buffers.append(buffer)
    return len(buffers) - 1


def _write_array(value: npt.NDArray[Any], buffers: list[Buffer]) -> Any:
    if value.dtype.kind in "biuf":
        flat = np.ascontiguousarray(value)
        place = _put(flat.reshape(-1).view(np.uint8).data if flat.size else b"", buffers)
        return {"array": place, "type": flat.dtype.str, "shape": list(value.shape)}
    if value.dtype.kind == "U":
        own = _write_objects(value.astype(object).reshape(-1), buffers)
        return {"objects": own, "shape": list(value.shape), "fixed": True}
    if value.dtype.kind == "O":
        return {"objects": _write_objects(value.reshape(-1), buffers), "shape": list(value.shape)}
    raise CodecError(f"no written form for an array of {value.dtype}")


def _write_objects(value: npt.NDArray[np.object_], buffers: list[Buffer]) -> Any:
    """Write texts, lists of texts, or geometries, with None and NaN told apart."""
    import pyarrow as pa

    first = next((v for v in value if v is not None and v == v), None)  # noqa: PLR0124 - NaN
    if isinstance(first, shapely.Geometry):
        wkb = shapely.to_wkb(value)
        return {"of": "geometry", "at": _put_arrow(pa.array(wkb, pa.large_binary()), buffers)}
    kind = "list" if isinstance(first, list | tuple) else "text"
    lacking = np.asarray(pd.isna(value))
    missing = np.asarray(value != value, dtype=bool) if kind == "text" else lacking  # noqa: PLR0124 - NaN
    nan = _put(np.packbits(missing).data, buffers) if kind == "text" and missing.any() else None
    types = {"list": pa.large_list(pa.large_string()), "text": pa.large_string()}
    try:
        array = pa.array(value, types[kind], from_pandas=kind == "text")
    except UnicodeEncodeError:  # a lone surrogate, of which a broken name may have one
        if kind == "list":
            raise CodecError("a list of texts with a lone surrogate") from None
        kind = "bytes"
        raw = [
            None if gone else v.encode("utf-8", "surrogatepass")
            for v, gone in zip(value, lacking, strict=True)
        ]
        array = pa.array(raw, pa.large_binary())
    except (pa.ArrowTypeError, pa.ArrowInvalid, TypeError) as error:
        raise CodecError(f"objects of several kinds: {error}") from error
    return {"of": kind, "at": _put_arrow(array, buffers), "nan": nan}


def _put_arrow(array: pa.Array, buffers: list[Buffer]) -> Any:
    """Put away an array that begins at its buffers' begin: a stream of its own costs more."""
    own = array.buffers()[: array.type.num_buffers]
    places = [None if b is None else _put(memoryview(b), buffers) for b in own]
    inner = _put_arrow(array.values, buffers) if array.type.num_fields else None
    return [len(array), places, inner]


def _write_series(series: pd.Series, buffers: list[Buffer]) -> Any:
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind == "M":
            raise CodecError("dates are kept as texts")
        return _write_array(series.to_numpy(), buffers)
    if str(dtype) == "str":
        return {"str": _write_objects(series.to_numpy(dtype=object), buffers)}
    if str(dtype) in {"Int64", "Float64", "boolean"}:
        gone = series.isna().to_numpy()
        plain = series.fillna(False if str(dtype) == "boolean" else 0).to_numpy(
            dtype={"Int64": "int64", "Float64": "float64", "boolean": "bool"}[str(dtype)]
        )
        own = [_write_array(plain, buffers), _write_array(gone, buffers)]
        return {"masked": own, "type": str(dtype)}
    raise CodecError(f"no written form for a column of {dtype}")


def _index(index: pd.Index, buffers: list[Buffer]) -> Any:
    if isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1:
        return None
    if isinstance(index, pd.MultiIndex):
        raise CodecError("a frame with several indexes")
    return {"values": _write_series(index.to_series(), buffers), "name": index.name}


# --- reading ------------------------------------------------------------------------------------


def decode(data: Buffer) -> Any:
    """Read back what :func:`encode` wrote.

    Arrays may share memory with `data` and are then not writeable.

    Raises
    ------
    CodecError
        The bytes are none that it wrote.
    """
    view = memoryview(data)
    try:
        tree, buffers = _parts(view)
        return _read(tree, buffers)
    except CodecError:
        raise
    except Exception as error:
        raise CodecError(f"not readable: {error}") from error


def _parts(view: memoryview) -> tuple[Any, list[memoryview]]:
    """Take the tree and the buffers apart."""
    size = int.from_bytes(view[:8], "little")
    tree, sizes = json.loads(bytes(view[8 : 8 + size]))
    at = 8 + size
    at += -at % _ALIGN
    buffers = []
    for length in sizes:
        if at + length > len(view):
            raise CodecError("cut short")
        buffers.append(view[at : at + length])
        at += length + -length % _ALIGN
    return tree, buffers


def _read(tree: Any, buffers: list[memoryview]) -> Any:
    if isinstance(tree, list):
        return [_read(v, buffers) for v in tree]
    if not isinstance(tree, dict):
        return tree
    for kind, reader in _READERS.items():
        if kind in tree:
            return reader(tree, buffers)
    raise CodecError(f"unknown kind: {sorted(tree)}")


def _read_array(tree: Any, buffers: list[memoryview]) -> npt.NDArray[Any]:
    values = np.frombuffer(buffers[tree["array"]], dtype=np.dtype(tree["type"]))
    return values.reshape(tree["shape"])


def _read_object_array(tree: Any, buffers: list[memoryview]) -> npt.NDArray[Any]:
    values = _read_objects(tree["objects"], buffers).reshape(tree["shape"])
    return values.astype(str) if tree.get("fixed") else values


def _read_objects(tree: Any, buffers: list[memoryview]) -> npt.NDArray[np.object_]:
    import pyarrow as pa

    kind = tree["of"]
    plain = pa.large_string() if kind in {"text", "list"} else pa.large_binary()
    array = _take_arrow(pa.large_list(plain) if kind == "list" else plain, tree["at"], buffers)
    if kind == "list":
        out = np.empty(len(array), dtype=object)
        out[:] = array.to_pylist()
        return out
    values = np.asarray(array.to_numpy(zero_copy_only=False), dtype=object)
    if kind == "geometry":
        return np.asarray(shapely.from_wkb(values), dtype=object)
    values = values.copy()
    if kind == "bytes":
        values[:] = [None if v is None else v.decode("utf-8", "surrogatepass") for v in values]
    if tree["nan"] is not None:
        bits = np.frombuffer(buffers[tree["nan"]], dtype=np.uint8)
        values[np.unpackbits(bits, count=len(values)).astype(bool)] = np.nan
    return values


def _take_arrow(kind: pa.DataType, at: Any, buffers: list[memoryview]) -> pa.Array:
    import pyarrow as pa

    size, places, inner = at
    own = [None if place is None else pa.py_buffer(buffers[place]) for place in places]
    children = None if inner is None else [_take_arrow(kind.value_type, inner, buffers)]
    array = pa.Array.from_buffers(kind, size, own, children=children)
    array.validate(full=True)  # never a look beyond the buffers
    return array


def _read_column(tree: Any, buffers: list[memoryview]) -> Any:
    """Read a column's values: an array that owns its memory, or pandas' own kind of array."""
    if "str" in tree:
        return pd.array(_read_objects(tree["str"], buffers), dtype="str")
    if "masked" in tree:
        plain, gone = (_read_array(t, buffers).copy() for t in tree["masked"])
        maker = {
            "Int64": pd.arrays.IntegerArray,
            "Float64": pd.arrays.FloatingArray,
            "boolean": pd.arrays.BooleanArray,
        }[tree["type"]]
        return maker(plain, gone)
    return _read(tree, buffers).copy() if "array" in tree else _read(tree, buffers)


def _read_index(tree: Any, rows: int, buffers: list[memoryview]) -> pd.Index:
    if tree is None:
        return pd.RangeIndex(rows)
    index: pd.Index = pd.Index(_read_column(tree["values"], buffers), name=tree["name"])
    return index


def _read_frame(tree: Any, buffers: list[memoryview]) -> pd.DataFrame:
    columns = {name: _read_column(own, buffers) for name, own in tree["frame"]}
    index = _read_index(tree["index"], tree["rows"], buffers)
    # By name and dtype: pandas would guess anew what a column of objects is.
    series = {
        name: pd.Series(values, index=index, dtype=values.dtype) for name, values in columns.items()
    }
    return pd.DataFrame(series, index=index, columns=list(columns))


def _read_series(tree: Any, buffers: list[memoryview]) -> pd.Series:
    values = _read_column(tree["series"], buffers)
    index = _read_index(tree["index"], len(values), buffers)
    series: pd.Series = pd.Series(values, index=index, name=tree["name"], dtype=values.dtype)
    return series


def _read_data(tree: Any, buffers: list[memoryview]) -> Any:
    module, _, name = tree["data"].partition(":")
    if not module.startswith(_PACKAGE):
        raise CodecError(f"not a kind of ours: {tree['data']}")
    kind = getattr(importlib.import_module(module), name, None)
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise CodecError(f"not a kind of ours: {tree['data']}")
    return kind(**{k: _read(v, buffers) for k, v in tree["fields"].items()})


_READERS: dict[str, Callable[[Any, list[memoryview]], Any]] = {
    "float": lambda tree, _: float(tree["float"]),
    "tuple": lambda tree, buffers: tuple(_read(v, buffers) for v in tree["tuple"]),
    "dict": lambda tree, buffers: {k: _read(v, buffers) for k, v in tree["dict"]},
    "set": lambda tree, _: frozenset(tree["set"]),
    "date": lambda tree, _: dt.date.fromisoformat(tree["date"]),
    "frame": _read_frame,
    "series": _read_series,
    "geometry": lambda tree, buffers: shapely.from_wkb(bytes(buffers[tree["geometry"]])),
    "data": _read_data,
    "objects": _read_object_array,
    "array": _read_array,
}
