"""What the part `hours` of a standard must keep to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parkgap.standards.values import POSITIVE, Range, Values, as_list, is_number

if TYPE_CHECKING:
    from collections.abc import Collection

    from parkgap.standards import Steps

WINDOWS = ("before", "break", "after", "rest")
AT: Steps = ("hours",)
_DAY_H, _DAY_MIN = 24, 1440
_PAIR = 2
_LEAST, _MOST = 7, 366  # days: every weekday, at most a year
_DAYS = Range(
    "7 到 366 的整数 / a whole number from 7 to 366", lambda v: _LEAST <= v <= _MOST and v == int(v)
)
_MINUTES = Range("0 到 1440 的数 / a number from 0 to 1440", lambda v: 0 <= v <= _DAY_MIN)


def check_hours(
    values: Values, node: object, categories: Collection[str], items: Collection[str]
) -> None:
    """Note what is wrong with the part `hours`: free times, assumed hours and visits."""
    keys = ("period", "before", "after", "rest", "break_length", "assumed", "items")
    got = values.keys(node, AT, keys)
    for name, range_ in (
        *(("period", _DAYS), ("before", _MINUTES), ("after", _MINUTES)),
        ("break_length", POSITIVE),
    ):
        if name in got:
            values.number(got[name], (*AT, name), range_)
    if "rest" in got:
        _span(values, got["rest"], (*AT, "rest"))
    if "assumed" in got:
        at: Steps = (*AT, "assumed")
        assumed = values.keys(got["assumed"], at, ("default",), categories)
        for name, span in assumed.items():
            _span(values, span, (*at, name))
    if "items" in got:
        at = (*AT, "items")
        for name, visit in values.keys(got["items"], at, (), items).items():
            _visit(values, visit, (*at, name))


def _span(values: Values, node: object, at: Steps) -> None:
    """Check {v: [from, to], u: h, ...}: hours of one day, the first before the second."""
    got = values.sourced(node, at, ("v", "u", "basis", "grade"))
    if not got:
        return
    v = got.get("v")
    good = isinstance(v, list) and len(v) == _PAIR and all(is_number(x) for x in v)
    if not good or not 0 <= as_list(v)[0] < as_list(v)[1] <= _DAY_H:
        rule = "[起, 止]，0 ≤ 起 < 止 ≤ 24 / [from, to], 0 <= from < to <= 24"
        values.fault((*at, "v"), "不是一天中的时段 / no stretch of the day", v, rule)


def _visit(values: Values, node: object, at: Steps) -> None:
    """Check {free: [...], stay: minutes, ...}."""
    got = values.sourced(node, at, ("free", "stay", "basis", "grade"))
    if not got:
        return
    free = got.get("free")
    if not isinstance(free, list) or not free:
        values.fault((*at, "free"), "应为空闲时段的列表 / not a list of free times", free)
    for k, window in enumerate(as_list(free)):
        values.choice(window, (*at, "free", k), WINDOWS, "时段 / unknown free time")
    stay = got.get("stay")
    if not is_number(stay) or not _MINUTES.fits(stay):
        values.fault((*at, "stay"), "不是分钟数 / not minutes", stay, _MINUTES.rule)
