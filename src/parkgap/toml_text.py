"""Where a key stands in a TOML text, and what to say about it."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def line_numbers(text: str) -> dict[tuple[str, ...], int]:
    """Find the line of every section and key (good enough for a message)."""
    found: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    repeated: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[(\[?)\s*([^\]]+?)\s*\]", line):
            section = tuple(part.strip().strip("\"'") for part in header[2].split("."))
            found.setdefault(section, number)
            if header[1]:  # one of a list of sections: they are told apart by their number
                count = repeated.get(section, 0)
                repeated[section] = count + 1
                section = (*section, str(count))
                found.setdefault(section, number)
        elif key := re.match(r"""\s*("[^"]+"|'[^']+'|[\w.-]+)\s*=""", line):
            quoted = key[1][0] in "\"'"
            parts = (key[1].strip("\"'"),) if quoted else tuple(key[1].split("."))
            found.setdefault((*section, *parts), number)
    return found


def line_of(lines: Mapping[tuple[str, ...], int], key: tuple[str, ...]) -> int | None:
    """Look up the line of a key, else of what it stands in."""
    for end in range(len(key), 0, -1):
        if key[:end] in lines:
            return lines[key[:end]]
    return None


def nearest(key: str, known: Sequence[str]) -> str:
    """Suggest the known key that was probably meant, else list them all."""
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if close:
        return f"是否想写 {close[0]!r}？ / did you mean {close[0]!r}?"
    return f"可用：{', '.join(known)} / known: {', '.join(known)}"


# What pydantic found, in Chinese and English, by its error type.
SAID = {
    "missing": "缺少必填项 / required, but not there",
    "literal_error": "只能取以下之一：{expected_zh} / must be one of: {expected}",
    "greater_than": "必须大于 {gt} / must be greater than {gt}",
    "greater_than_equal": "不得小于 {ge} / must be at least {ge}",
    "less_than_equal": "不得大于 {le} / must be at most {le}",
    "string_type": "应为文字 / must be text",
    "string_too_short": "不能为空 / must not be empty",
    "too_short": "不能为空 / must not be empty",
    "float_type": "应为数字 / must be a number",
    "finite_number": "应为有限的数 / must be a finite number",
    "int_type": "应为整数 / must be a whole number",
    "bool_type": "应为 true 或 false / must be true or false",
    "model_type": "应为一节（[名称]） / must be a section ([name])",
    "date_type": "应为日期，如 2026-11-01 / must be a date such as 2026-11-01",
    "date_from_datetime_parsing": "应为日期，如 2026-11-01 / must be a date such as 2026-11-01",
    "date_from_datetime_inexact": "应为日期，不含时刻 / must be a date without a time of day",
    "mapping_type": "应为 {{ 键 = 值 }} / must be {{ key = value }}",
    "tuple_type": "应为列表 / must be a list",
}
