"""Figures and names as the pages say them: number formats, the standard's and statuses' words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from parkgap.publish.html import Cell, text
from parkgap.publish.text import Text

if TYPE_CHECKING:
    from parkgap.standard import Standard

Row = Mapping[Any, Any]
NONE = "—"  # em dash: unknown
STATUSES = ("short", "unverified", "met", "not_applicable")
_UNIT = re.compile(r"(?<=\d) (m|min):")
REASONS = (
    "edge",
    "gate",
    "thin_data",
    "needs_list",
    "no_lines",
    "island",
    "no_street",
    "estimated_homes",
    "hours",
    "unplaced",
)


def number(value: object) -> float | None:
    """Take a cell of a frame as a finite number; None where it is empty (NaN, NA, inf)."""
    try:
        figure = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return figure if math.isfinite(figure) else None


def string(value: object) -> str:
    """Take a cell of a frame as a string; "" where it is empty."""
    if isinstance(value, str):
        return value
    if value is None or value != value or type(value).__name__ == "NAType":  # noqa: PLR0124
        return ""
    return str(value)


def count(value: object) -> str:
    """Format whole figures with thousands separators; an em dash for unknown ones."""
    figure = number(value)
    return NONE if figure is None else f"{figure:,.0f}"


def decimal(value: object, digits: int = 1) -> str:
    """Format a figure to so many decimals; an em dash for unknown ones."""
    figure = number(value)
    return NONE if figure is None else f"{figure:,.{digits}f}"


def plain(value: object) -> str:
    """Format a figure with no decimals where it is whole, else with one."""
    figure = number(value)
    if figure is None:
        return NONE
    return f"{figure:,.1f}".removesuffix(".0")


def percent(value: object) -> str:
    """Format a share (0 to 1) in per cent."""
    figure = number(value)
    return NONE if figure is None else f"{100 * figure:.0f}%"


def figure_cell(value: object, shown: str) -> Cell:
    """Make a table cell of a number."""
    return Cell(text(shown), number(value), "num")


class Words:
    """The words of one language for one standard."""

    def __init__(self, t: Text, standard: Standard) -> None:
        self.t, self._standard = t, standard
        self.categories = {c.id: t.pick(c.zh, c.en) for c in standard.categories}
        self.category_levels = {c.id: str(c.level) for c in standard.categories}
        items = [(c.id, i) for c in standard.categories for i in c.items]
        self.items = {i.id: t.pick(i.zh, i.en) for _, i in items}
        self.item_category = {i.id: c for c, i in items}
        self.item_levels = {i.id: str(i.level) for _, i in items}
        self._clauses = {
            i.id: t("page.semicolon").join(
                dict.fromkeys(t.pick(test.clause_zh, test.clause_en) for test in i.tests)
            )
            for _, i in items
        }

    def item(self, item_id: object) -> str:
        """Name an item; its id where the standard does not know it."""
        return self.items.get(string(item_id), string(item_id))

    def category(self, category_id: object) -> str:
        """Name a category; its id where the standard does not know it."""
        return self.categories.get(string(category_id), string(category_id))

    def clause(self, item_id: str) -> str:
        """Cite the clauses behind an item's tests."""
        return self._clauses.get(item_id, "")

    def asked(self, item_id: object, unit: object) -> str:
        """Cite what asks for so much of an item per 1,000 persons; "" where nothing does."""
        if string(item_id) not in self.items:
            return ""
        item = self._standard.item(string(item_id))
        name = item.asked.get(string(unit))
        return "" if name is None else self.t.pick(*self._standard.cited(item.figures[name]))

    def glyph(self, category_id: str) -> str:
        """Give the letter that marks a category on the map."""
        return self.t.get(f"glyph.{category_id}", self.category(category_id)[:1] or "?")

    def listed(self, joined: object) -> str:
        """Turn item ids joined by ``;`` into their names; other text stays as it is."""
        parts = [p.strip() for p in string(joined).split(";")]
        return self.t("page.list_comma").join(self.item(p) for p in parts if p)

    def word(self, group: str, value: object) -> str:
        """Translate a code (status, origin, gate, ...); the code itself where unknown."""
        code = string(value)
        return self.t.get(f"{group}.{code.replace(' ', '_')}", code)

    def chip(self, status: object) -> str:
        """Show a status as a coloured mark with its words (escaped HTML)."""
        code = string(status)
        css = code if code in STATUSES else "unknown"
        return f'<span class="chip {css}">{text(self.word("status", code))}</span>'

    def reasons(self, joined: object) -> list[str]:
        """Split reason codes joined by ``+``, in their fixed order."""
        found = [r.strip() for r in string(joined).split("+") if r.strip()]
        known = {r: i for i, r in enumerate(REASONS)}
        return sorted(set(found), key=lambda r: (known.get(r, len(REASONS)), r))

    def limit(self, value: object, unit: object) -> str:
        """Write a test's limit in its clause's own unit."""
        if number(value) is None:
            return NONE
        code = string(unit)
        if code in ("m", "min"):
            return self.t(f"format.limit_{code}", n=plain(value))
        return f"≤ {plain(value)} {code}"

    def tests(self, joined: object) -> list[str]:
        """Split the tests of an item ("300 m: 0/1; 500 m: 1/3"), units in this language."""
        unit = {code: self.t(f"unit.{code}") for code in ("m", "min")}
        parts = [p.strip() for p in string(joined).split(";")]
        return [_UNIT.sub(lambda m: f" {unit[m[1]]}:", p) for p in parts if p]

    def walk(self, minutes: object, metres: object) -> str:
        """Write a walk as minutes and metres, as far as each is known."""
        parts = []
        if number(minutes) is not None:
            parts.append(self.t("format.minutes", n=plain(minutes)))
        if number(metres) is not None:
            parts.append(self.t("format.metres", n=count(metres)))
        return self.t("page.list_comma").join(parts) or NONE

    def span(self, low: object, high: object, digits: int) -> str:
        """Write a range; one figure where both ends are the same."""
        a, b = decimal(low, digits), decimal(high, digits)
        return a if a == b else self.t("format.range", low=a, high=b)

    def bracket(self, inner: str) -> str:
        """Put text in the language's brackets."""
        return f"{self.t('page.open_bracket')}{inner}{self.t('page.close_bracket')}"

    def join(self, parts: Iterable[str]) -> str:
        """Join parts that are not empty, as a list."""
        return self.t("page.list_comma").join(p for p in parts if p)
