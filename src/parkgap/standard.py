"""The standard: what is judged, against which limit, by which clause.

A standard is data (``standards/*.yaml``, explained in ``docs/standard.md``): categories of
items, each item with a rule that finds its facilities and with tests.  Names are folded
from traditional to simplified characters before a rule's expressions are tried, so
expressions are written in simplified characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parkgap import standards
from parkgap.errors import OutputError, Problem, StandardError
from parkgap.standards.checks import check, level_of
from parkgap.standards.marking import marked
from parkgap.standards.model import (
    Category,
    Certainty,
    Hours,
    Item,
    NeighbourhoodCentre,
    Number,
    Provenance,
    Quantity,
    Rule,
    Source,
    Span,
    Standard,
    Test,
    Visit,
)
from parkgap.standards.overrides import apply
from parkgap.standards.sharing import resolve
from parkgap.standards.text import explain
from parkgap.toml_text import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parkgap.standards.values import Fault

__all__ = [
    "Category",
    "Certainty",
    "Hours",
    "Item",
    "NeighbourhoodCentre",
    "Number",
    "Provenance",
    "Quantity",
    "Rule",
    "Source",
    "Span",
    "Standard",
    "Test",
    "Visit",
    "available",
    "explain",
    "export",
    "load",
]


def available() -> list[str]:
    """Names of the standards that come with parkgap."""
    return standards.names()


def load(
    source: str | Path = "cn-industrial-15min", overrides: Mapping[str, object] | None = None
) -> Standard:
    """Read and check a standard, and apply a study's overrides to it.

    Parameters
    ----------
    source
        Name of a shipped standard, or the path of a file.
    overrides
        Path to value, e.g. ``{"dining.weight": 0.2, "canteen_or_meal.d5.limit": 250}``; the
        paths are listed in :mod:`parkgap.standards.overrides`.  A changed weight scales the
        other weights in proportion, so that the sum stays 1.

    Raises
    ------
    StandardError
        With all problems of the file, each with its line; or all those of the overrides.
    """
    path = _find(source)
    text = standards.text_of(path)
    content, astray = resolve(standards.content(path, text), _shipped, available())
    faults = [*astray, *(check(content) if not astray else [])]
    if faults or not isinstance(content, dict):
        raise StandardError(*_located(path, text, faults))
    if not overrides:
        return _build(content)
    changed = apply(content, overrides)
    problems = [_of_override(name, fault) for name, fault in changed.faults]
    problems += [  # the file is sound: an override is behind each fault
        _of_override(_nearest_place(fault.steps, changed.touched), fault)
        for fault in check(changed.content)
    ]
    if problems:
        raise StandardError(*problems)
    return _build(changed.content, overrides, changed.rescaled)


def export(name: str, path: str | Path) -> None:
    """Write a shipped standard's file to `path` (a new file, or a folder) to be edited.

    Raises
    ------
    StandardError
        No shipped standard has that name.
    OutputError
        The file exists already, or cannot be written.
    """
    if name not in available():
        raise StandardError(_no_such(name))
    target = Path(path)
    if target.is_dir():
        target = target / f"{name}.yaml"
    text = standards.text_of(standards.HERE / f"{name}.yaml")
    try:
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        said = "已存在，不覆盖 / exists already and is not overwritten"
        raise OutputError(f"{target}: {said}") from error
    except OSError as error:
        raise OutputError(f"{target}: 无法写入 / cannot be written: {error.strerror}") from error


# --- problems ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _LineProblem(Problem):
    """A problem of a text file: its row is a line."""

    def __str__(self) -> str:
        return super().__str__().replace(f", row {self.row}", f", line {self.row}", 1)


def _located(path: Path, text: str, faults: Sequence[Fault]) -> list[Problem]:
    rows = standards.lines(path, text, [f.steps for f in faults])
    found = [
        _LineProblem(
            what=f"{_dotted(f.steps)}{f.what}",
            file=path,
            row=row,
            value=f.value,
            rule=f.rule,
            remedy=f.remedy,
        )
        for row, f in sorted(zip(rows, faults, strict=True), key=lambda pair: pair[0])
    ]
    return list(found)


def _of_override(name: str, fault: Fault) -> Problem:
    return Problem(
        what=f"改动 / override {name!r}: {fault.what}",
        value=fault.value,
        rule=fault.rule,
        remedy=fault.remedy,
    )


def _nearest_place(steps: standards.Steps, touched: Mapping[standards.Steps, str]) -> str:
    """Name the override whose place shares the longest beginning with the place of a fault."""

    def shared(other: standards.Steps) -> int:
        same = [a == b for a, b in zip(steps, other, strict=False)]
        return same.index(False) if False in same else len(same)

    return touched[max(touched, key=shared)]


def _dotted(steps: standards.Steps) -> str:
    return ".".join(str(s) for s in steps) + ": " if steps else ""


def _find(source: str | Path) -> Path:
    if isinstance(source, str) and source in available():
        return standards.HERE / f"{source}.yaml"
    path = Path(source)
    if path.is_file():
        return path
    raise StandardError(_no_such(str(source)))


def _shipped(name: str) -> dict[str, Any] | None:
    """Content of a shipped standard, as it is read; None where there is none of that name."""
    if name not in available():
        return None
    path = standards.HERE / f"{name}.yaml"
    content = standards.content(path, standards.text_of(path))
    return content if isinstance(content, dict) else None


def _no_such(name: str) -> Problem:
    return Problem(
        what="查无此标准 / no such standard",
        value=name,
        rule="自带标准的名称，或文件路径 / the name of a shipped standard, or the path of a file",
        remedy=nearest(name, available()),
    )


# --- from the file's content to the model ---------------------------------------------------


def _build(
    content: Mapping[str, Any],
    overrides: Mapping[str, object] | None = None,
    rescaled: Mapping[str, float] | None = None,
) -> Standard:
    categories = tuple(_category(c, content["dedupe"]) for c in content["categories"])
    sets, default = _weight_sets(content["weight_sets"], categories)
    speed = content["walk_speed"]
    return Standard(
        **{key: content[key] for key in ("id", "version", "bands", "certainty", "sources")},
        **{k: content[k] for k in ("scale_workers", "worker_to_resident")},
        title_zh=content["title"]["zh"],
        title_en=content["title"]["en"],
        categories=categories,
        weight_sets=sets,
        default_set=default,
        walk_speed=speed["default"],
        walk_speed_low=speed["low"],
        walk_speed_high=speed["high"],
        hours=content.get("hours"),
        figures=content.get("figures", {}),
        neighbourhood_centre=content.get("neighbourhood_centre"),
        provenance={f"weight_sets.{k}": _origin(s) for k, s in content["weight_sets"].items()},
        overrides=dict(overrides or {}),
        rescaled=dict(rescaled or {}),
    )


def _category(raw: dict[str, Any], dedupe: dict[str, Any]) -> Category:
    weight = raw["weight"]["v"] if "weight" in raw else 0.0
    return Category(
        **{key: raw[key] for key in ("id", "zh", "en", "level", "demand")},
        weight=weight,
        items=tuple(_item(i, raw, weight, dedupe) for i in raw["items"]),
        level_ref=raw.get("level_ref", ()),
        figures=raw.get("figures", {}),
        provenance={"weight": _origin(raw["weight"])} if "weight" in raw else {},
    )


def _item(
    raw: dict[str, Any], category: dict[str, Any], weight: float, dedupe: dict[str, Any]
) -> Item:
    near = {**dedupe, **raw.get("dedupe", {})}
    figures = {"dedupe_m": near["named"], "dedupe_unnamed_m": near["unnamed"], **raw}
    known = ("share", "origin", "dedupe_m", "dedupe_unnamed_m")
    share = raw["share"]["v"] if "share" in raw else 0.0
    lines = raw.get("counts") == "lines"
    plain = ("core", "needs_list", "needs_region", "counts", "of_items", "residence_kind")
    return Item(
        **{key: raw[key] for key in ("id", "zh", "en")},
        **{key: raw[key] for key in plain if key in raw},
        category=category["id"],
        level=level_of(raw, category),
        origin=raw["origin"]["v"],
        share=share,
        weight=weight * share,
        rule=raw.get("rule", {}),
        tests=tuple(_test(raw["id"], band, test) for band, test in raw["tests"].items()),
        unit_zh="条" if lines else "处",
        unit_en="line" if lines else "place",
        dedupe_m=near["named"]["v"],
        dedupe_unnamed_m=near["unnamed"]["v"],
        figures=raw.get("figures", {}),
        provenance={key: _origin(figures[key]) for key in known if key in figures},
    )


def _test(item: str, band: Any, raw: dict[str, Any]) -> Test:
    note = raw.get("note", "")
    notes = note if isinstance(note, dict) else {"zh": note, "en": note}
    clause = marked(raw["clause"], raw["grade"])
    return Test(
        **{key: raw[key] for key in ("limit", "unit", "count", "basis", "grade")},
        id=f"{item}.{band}",
        band=band,
        ref=raw.get("ref", ()),
        clause_zh=clause["zh"],
        clause_en=clause["en"],
        note=notes["en"],
        note_zh=notes["zh"],
    )


def _origin(raw: dict[str, Any]) -> Provenance:
    return Provenance(**{k: raw[k] for k in ("basis", "grade", "ref", "note") if k in raw})


def _weight_sets(
    raw: dict[str, Any], categories: tuple[Category, ...]
) -> tuple[dict[str, dict[str, float]], str]:
    """Category weights of every set, the default one first, and its name."""
    scored = [c.id for c in categories if c.level != "shown"]
    default = next(name for name, entry in raw.items() if entry["weights"] == "own")
    made: dict[str, dict[str, float]] = {}
    for name in (default, *(n for n in raw if n != default)):
        weights = raw[name]["weights"]
        if weights == "own":
            weights = {c.id: c.weight for c in categories}
        elif weights == "equal":
            weights = dict.fromkeys(scored, 1 / len(scored))
        made[name] = {c.id: weights.get(c.id, 0.0) for c in categories}
    return made, default
