"""What people type into cells."""

from __future__ import annotations

import datetime as dt
import doctest
from collections.abc import Callable

import pytest

from parkgap.sources import cells, headings
from parkgap.sources.cells import CellError


@pytest.mark.parametrize("module", [cells, headings])
def test_examples(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (" 黄岛\n产业园 ", "黄岛 产业园"),
        ("\ufeffP1\u200b", "P1"),
        (101.0, "101"),
        (101.5, "101.5"),
        (7, "7"),
        (float("nan"), None),
        ("   ", None),
        (None, None),
        ("e\u0301", "é"),
        ("0012", "0012"),
    ],
)
def test_text(cell: object, expected: str | None) -> None:
    assert cells.text(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (1200, 1200.0),
        ("1,200", 1200.0),
        ("１２００", 1200.0),
        ("1，200人", 1200.0),
        ("12,345,678.5", 12345678.5),
        ("1.2万", 12000.0),
        ("85 ha", 85.0),
        ("-3", -3.0),
        ("1e3", 1000.0),
        ("", None),
        ("暂无", None),
        ("—", None),
        ("N/A", None),
        (float("nan"), None),
    ],
)
def test_number(cell: object, expected: float | None) -> None:
    assert cells.number(cell) == expected


@pytest.mark.parametrize(
    "cell", ["约1200", "12,00", "1200-1500", "abc", True, float("inf"), "1.2.3"]
)
def test_what_is_no_number_is_refused(cell: object) -> None:
    with pytest.raises(CellError):
        cells.number(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(0.4, 0.4), ("40%", 0.4), ("33.3％", 0.333), ("0", 0.0), (1, 1.0), (None, None)],
)
def test_share(cell: object, expected: float | None) -> None:
    assert cells.share(cell) == expected


@pytest.mark.parametrize("cell", [40, "140%", -0.1, "half"])
def test_what_is_no_share_is_refused(cell: object) -> None:
    with pytest.raises(CellError):
        cells.share(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("8:00", "08:00"),
        ("08：30", "08:30"),
        ("22:00:00", "22:00"),
        ("24:00", "00:00"),
        ("0:00", "00:00"),
        ("8点30分", "08:30"),
        ("22时", "22:00"),
        (dt.time(7, 30), "07:30"),
        (dt.timedelta(days=1), "00:00"),
        (dt.timedelta(hours=6), "06:00"),
        (dt.date(1900, 1, 1), "00:00"),  # 24:00 in a workbook's cell formatted as hh:mm
        (dt.datetime(1899, 12, 31), "00:00"),  # noqa: DTZ001 - a workbook knows no zones
        (0.9166666667, "22:00"),
        (1.0, "00:00"),
        ("", None),
    ],
)
def test_clock(cell: object, expected: str | None) -> None:
    assert cells.clock(cell) == expected


@pytest.mark.parametrize("cell", ["25:00", "24:01", "8:60", "8", "800", "08:30:30", 8.0, "早八点"])
def test_what_is_no_time_of_day_is_refused(cell: object) -> None:
    with pytest.raises(CellError):
        cells.clock(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-06-30", "2026-06-30"),
        ("2026/6/3", "2026-06-03"),
        ("2026年6月", "2026-06"),
        ("2026年6月30日", "2026-06-30"),
        (2025.0, "2025"),
        (dt.date(2026, 6, 30), "2026-06-30"),
        (dt.datetime(2026, 6, 30, 8), "2026-06-30"),  # noqa: DTZ001
        ("不详", None),
    ],
)
def test_day(cell: object, expected: str | None) -> None:
    assert cells.day(cell) == expected


@pytest.mark.parametrize("cell", ["2026-13-01", "去年", "30.06.2026"])
def test_what_is_no_date_is_refused(cell: object) -> None:
    with pytest.raises(CellError):
        cells.day(cell)


@pytest.mark.parametrize("reader", [cells.number, cells.share, cells.clock, cells.day])
def test_refusals_say_rule_and_remedy_in_both_languages(
    reader: Callable[[object], object],
) -> None:
    with pytest.raises(CellError) as refused:
        reader("?!")
    assert " / " in refused.value.what
    assert " / " in refused.value.remedy
    assert refused.value.rule
