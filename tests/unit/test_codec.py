"""What stages hand on is written and read back without loss, and nothing else is made of bytes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from parkgap.codec import CodecError, decode, digest, encode
from parkgap.errors import Problem
from parkgap.sources.extract import Ways


def again(value: Any) -> Any:
    return decode(b"".join(encode(value)))


def objects(*values: object) -> Any:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


texts = st.text(max_size=8) | st.sampled_from(["", "\x00", "园区", "\ud800", "=1+1", "𝔘"])
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain)
def test_plain_values_come_back(value: Any) -> None:
    assert again(value) == value
    assert type(again(value)) is type(value)


@given(
    hnp.arrays(hnp.scalar_dtypes().filter(lambda d: d.kind in "biuf"), hnp.array_shapes(min_side=0))
)
def test_arrays_come_back_to_the_bit(value: Any) -> None:
    mine = again(value)
    assert mine.dtype == value.dtype
    assert mine.tobytes() == value.tobytes()
    assert mine.shape == value.shape


@given(st.lists(st.none() | st.just(math.nan) | texts, max_size=12))
def test_missing_texts_stay_what_they_were(values: list[Any]) -> None:
    """None and NaN both mean missing, and pandas treats them apart."""
    mine = again(objects(*values))
    assert [(v is None, v != v) for v in mine] == [(v is None, v != v) for v in values]  # noqa: PLR0124
    assert [v for v in mine if isinstance(v, str)] == [v for v in values if isinstance(v, str)]


def test_lists_geometries_and_masked_columns_come_back() -> None:
    frame = pd.DataFrame(
        {
            "lines": objects(["1", "2"], [], ["园区"]),
            "geometry": objects(shapely.Point(0.1, 1 / 3), None, shapely.box(0, 0, 1, 1)),
            "rank": pd.array([1, None, 3], dtype="Int64"),
            "open": pd.array([True, None, False], dtype="boolean"),
            "name": pd.array(["a", None, "丙"], dtype="str"),
            "score": [0.1, math.nan, -0.0],
        }
    )
    mine = again(frame)
    pd.testing.assert_frame_equal(mine.drop(columns="geometry"), frame.drop(columns="geometry"))
    assert mine.dtypes.tolist() == frame.dtypes.tolist()
    assert math.copysign(1, mine["score"][2]) == -1
    assert mine["geometry"][0].wkb == frame["geometry"][0].wkb
    assert mine["geometry"][1] is None
    for column in mine:  # a stage may change its own copy
        if column != "geometry":
            mine[column].to_numpy()
    mine.loc[0, "score"] = 5.0
    assert mine["score"][0] == 5.0


@pytest.mark.parametrize("index", [[3, 1, 2], ["a", "b", "c"]])
def test_an_index_comes_back(index: list[Any]) -> None:
    series = pd.Series([1.0, 2.0, 3.0], index=pd.Index(index, name="park_id"), name="workers")
    pd.testing.assert_series_equal(again(series), series)


def test_dates_and_our_own_dataclasses_come_back() -> None:
    problem = Problem(what="坏 / bad", file="a.csv", row=3)
    assert again((dt.date(2026, 11, 1), problem)) == (dt.date(2026, 11, 1), problem)
    ways = Ways(
        pd.DataFrame({"way_id": [1]}), *(np.arange(2), np.arange(2), np.zeros(2), np.ones(2))
    )
    assert again(ways).node.tolist() == [0, 1]
    shape = shapely.box(0, 0, 1, 1)
    assert again({"a": shape})["a"].equals(shape)
    assert again(frozenset({"b", "a"})) == {"a", "b"}


@dataclasses.dataclass
class Stranger:
    """Not of the package."""

    a: int


@pytest.mark.parametrize(
    "value",
    [
        Stranger(1),
        object(),
        {1: "a"},
        pd.Series(pd.to_datetime(["2026-01-01"])),
        objects("a", 1),
        objects(shapely.Point(), "a"),
        lambda: 1,
    ],
)
def test_what_has_no_written_form_is_refused_aloud(value: Any) -> None:
    with pytest.raises((CodecError, TypeError)):
        encode(value)


def test_bytes_of_another_kind_are_refused_and_run_nothing() -> None:
    whole = b"".join(encode({"a": np.arange(10)}))
    for bad in (b"", b"x" * 100, whole[:40], whole[:-70]):
        with pytest.raises(CodecError):
            decode(bad)
    stranger = b"".join(encode(Problem(what="x"))).replace(
        b"parkgap.errors:Problem", b"pathlib.windows:Path  "
    )
    with pytest.raises(CodecError):
        decode(stranger)


def test_a_digest_tells_values_apart_and_nothing_else() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": objects("x", None)})
    assert digest(frame) == digest(frame.copy())
    assert digest(frame) != digest(frame.rename(columns={"a": "c"}))
    assert digest(frame) != digest(frame.assign(a=[1.0, 2.0 + 2**-51]))
    assert digest(objects("x", None)) != digest(objects("x", math.nan))
    assert digest([1, 2]) != digest((1, 2)) != digest([1, 2.0])
