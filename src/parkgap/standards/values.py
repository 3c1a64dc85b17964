"""Kinds of values in a standard's file, and how each is checked.

What is said to the user is Chinese and English, with " / " between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from parkgap.toml_text import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from parkgap.standards import Steps

GRADES = ("R", "S", "M", "A")  # from the surest to our own choice
BASIS_OF = {"R": "source", "S": "source", "M": "assumption", "A": "assumption"}
TOLERANCE = 1e-6  # of sums that must be 1
PROVENANCE = frozenset({"basis", "grade", "ref", "note"})
_PAIR = 2


@dataclass(frozen=True)
class Fault:
    """One broken rule, at a place of the file."""

    steps: Steps
    what: str
    value: object = None
    rule: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class Range:
    """Which numbers fit somewhere, and how that is said."""

    rule: str
    fits: Callable[[float], bool]


ANY = Range("数字 / a number", lambda _: True)
POSITIVE = Range("大于 0 的数 / a number above 0", lambda v: v > 0)
NOT_NEGATIVE = Range("不小于 0 的数 / a number of 0 or more", lambda v: v >= 0)
SHARE = Range("0 到 1 的数 / a number from 0 to 1", lambda v: 0 <= v <= 1)


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a finite number (true and false are none)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def as_dict(node: object) -> dict[Any, Any]:
    """Give a mapping as it is, and an empty one for anything else."""
    return node if isinstance(node, dict) else {}


def as_list(node: object) -> list[Any]:
    """Give a list as it is, and an empty one for anything else."""
    return node if isinstance(node, list) else []


class Values:
    """Collects the faults of values; `sources` are the keys that a ref may name."""

    def __init__(self, sources: Mapping[str, Any]) -> None:
        self.sources = sources
        self.faults: list[Fault] = []

    def fault(
        self,
        at: Steps,
        what: str,
        value: object = None,
        rule: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Keep one fault."""
        self.faults.append(Fault(at, what, value, rule, remedy))

    def keys(
        self, node: object, at: Steps, required: Iterable[str], optional: Iterable[str] = ()
    ) -> dict[Any, Any]:
        """Check that a mapping has the keys it needs and no others; {} where it is no mapping."""
        required = set(required)
        got = self.mapping(node, at)
        if isinstance(node, dict):
            known = sorted(required.union(optional))
            for key in node:
                if key not in known:
                    what = f"未知的键 {key!r} / unknown key {key!r}"
                    self.fault((*at, key), what, remedy=nearest(str(key), known))
            for key in sorted(required.difference(node)):
                self.fault(at, f"缺少 {key!r} / key {key!r} is missing")
        return got

    def mapping(self, node: object, at: Steps) -> dict[Any, Any]:
        """Check that a node is a mapping, of whatever keys; {} where it is none."""
        if not isinstance(node, dict):
            self.fault(at, "应为键值对 / not a mapping of keys and values", node)
        return as_dict(node)

    def flag(self, value: object, at: Steps) -> None:
        """Check true or false."""
        if not isinstance(value, bool):
            self.fault(at, "应为 true 或 false / neither true nor false", value)

    def text(self, value: object, at: Steps) -> None:
        """Check a text that says something."""
        if not isinstance(value, str) or not value.strip():
            remedy = "写成带引号的文字 / write it in quotes"
            self.fault(at, "应为文字 / not a text", value, remedy=remedy)

    def both(self, node: object, at: Steps) -> None:
        """Check a text in both languages."""
        got = self.keys(node, at, ("zh", "en"))
        for key in ("zh", "en"):
            if key in got:
                self.text(got[key], (*at, key))

    def choice(self, value: object, at: Steps, known: Iterable[str], noun: str) -> None:
        """Check a word against those that are known."""
        known = list(known)
        if not isinstance(value, str) or value not in known:
            self.fault(at, f"未知的{noun}", value, remedy=nearest(str(value), known))

    def total(self, at: Steps, noun: str, values: Iterable[Any]) -> None:
        """Check that weights or shares, plain or {v: ...}, sum to 1."""
        plain = [v.get("v") if isinstance(v, dict) else v for v in values]
        numbers = [v for v in plain if is_number(v) and SHARE.fits(v)]
        if len(numbers) < len(plain):
            return  # said already where each is checked
        total = math.fsum(numbers)
        if abs(total - 1) > TOLERANCE:
            change = f"{1 - total:+.4g}"
            self.fault(
                at,
                f"{noun} do not sum to 1",
                round(total, 6),
                "合计为 1 / their sum is 1",
                f"合计应改变 {change} / change them by {change} in all",
            )

    def numbers(
        self,
        node: object,
        at: Steps,
        names: Collection[str],
        range_: Range,
    ) -> None:
        """Check a mapping of just these names to numbers."""
        got = self.keys(node, at, names)
        for name in names:
            if name in got:
                self.number(got[name], (*at, name), range_)

    def number(self, node: object, at: Steps, range_: Range, *, unit: bool = True) -> None:
        """Check one {v, u, basis, grade, ref, note}; a share or weight has no unit."""
        v = self._figure(node, at, unit=unit).get("v")
        if not is_number(v) or not range_.fits(v):
            self.fault((*at, "v"), "不是合适的数 / not a number that fits", v, range_.rule)

    def figures(self, got: Mapping[str, Any], at: Steps) -> None:
        """Check the numbers that are only kept: one, a pair for a range, or null for unknown."""
        if "figures" not in got:
            return
        at = (*at, "figures")
        for name, node in self.mapping(got["figures"], at).items():
            got = self._figure(node, (*at, name), unit=True, more={"clause"})
            if "clause" in got:
                self.both(got["clause"], (*at, name, "clause"))
            v = got.get("v")
            values = v if isinstance(v, list) and len(v) == _PAIR else [v]
            if v is not None and not all(is_number(x) for x in values):
                what = "不是数、两数或 null / no number, pair or null"
                self.fault((*at, name, "v"), what, v)

    def _figure(
        self, node: object, at: Steps, *, unit: bool, more: Collection[str] = ()
    ) -> dict[Any, Any]:
        needed = {"v", "basis", "grade", *(("u",) if unit else ())}
        got = self.sourced(node, at, needed, ("u", *more))
        if "u" in got:
            self.text(got["u"], (*at, "u"))
        return got

    def sourced(
        self,
        node: object,
        at: Steps,
        needed: Collection[str],
        more: Collection[str] = (),
    ) -> dict[Any, Any]:
        """Check keys as `keys` does, and with them where a figure comes from."""
        got = self.keys(node, at, needed, {*more, *PROVENANCE})
        if got:
            self.provenance(got, at)
        return got

    def provenance(self, got: Mapping[str, Any], at: Steps) -> None:
        """Check basis, grade, ref and note against one another and against the sources."""
        basis, grade = got.get("basis"), got.get("grade")
        self.choice(basis, (*at, "basis"), ("source", "assumption"), "依据 / unknown basis")
        self.choice(grade, (*at, "grade"), GRADES, "等级 / unknown grade")
        if isinstance(got.get("note"), dict) and "limit" in got:  # a test's, which is shown
            self.both(got["note"], (*at, "note"))
        elif "note" in got:
            self.text(got["note"], (*at, "note"))
        refs = self.refs(got.get("ref", []), (*at, "ref"))
        if grade not in GRADES or basis not in BASIS_OF.values():
            return
        if BASIS_OF[str(grade)] != basis:
            self.fault(
                (*at, "basis"),
                f"依据与等级不符 / basis {basis} with grade {grade}",
                basis,
                "R、S 为 source，M、A 为 assumption / R and S are source, M and A assumption",
            )
        elif basis == "source" and (refs or not got.get("ref")):  # unknown ones are said
            self._sourced(str(grade), refs, at)

    def _sourced(self, grade: str, refs: Collection[str], at: Steps) -> None:
        if not refs:
            rule = "须注明出处 / a source is named"
            self.fault((*at, "ref"), "有据而无出处 / basis source without a ref", rule=rule)
            return
        grades = [as_dict(self.sources[ref]).get("grade") for ref in refs]
        best = min((GRADES.index(g) for g in grades if g in GRADES), default=0)
        if GRADES.index(grade) < best:
            what = "等级高于其出处 / graded better than any of its sources"
            rule = f"至多 {GRADES[best]} / at best {GRADES[best]}"
            self.fault((*at, "grade"), what, grade, rule)

    def refs(self, node: object, at: Steps) -> list[str]:
        """Check a list of keys of the sources and return those that are there."""
        if not isinstance(node, list):
            remedy = "写成 [A, B] / write [A, B]"
            self.fault(at, "应为出处列表 / not a list of sources", node, remedy=remedy)
            return []
        for k, ref in enumerate(node):
            if not isinstance(ref, str) or ref not in self.sources:
                what = "出处不在 sources 中 / a ref that is not in sources"
                self.fault((*at, k), what, ref, remedy=nearest(str(ref), list(self.sources)))
        return [r for r in node if isinstance(r, str) and r in self.sources]
