"""A study's changes to a standard: ``{"dining.weight": 0.2, "canteen_or_meal.d5.limit": 250}``.

Each path that may be set, and the place in the file that it means:

======================================  ==================================================
``CATEGORY.weight``                     weight; the other weights are scaled, sum stays 1
``ITEM.share``                          share; the category's other shares are scaled
``ITEM.BAND.limit``, ``.unit``, ``.count``  a test
``ITEM.origin``, ``.core``, ``.needs_list``, ``.needs_region``  how it is judged
``ITEM.name_adds``, ``.name_requires``, ``.name_excludes``  regular expressions of its rule
``ITEM.dedupe.named``, ``.unnamed``     metres within which one name is one place
``bands.BAND``, ``walk_speed.default`` (``.low``, ``.high``), ``scale_workers``,
``worker_to_resident.NAME``, ``certainty.NAME``, ``dedupe.named`` (``.unnamed``)
``hours.before``, ``.after``, ``.rest``, ``.period``, ``.break_length``,
``hours.assumed.CATEGORY``, ``hours.ITEM.stay`` (``.free``)  when workers are free
======================================  ==================================================
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parkgap.standards.marking import marked
from parkgap.standards.values import SHARE, TOLERANCE, Fault, is_number
from parkgap.toml_text import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parkgap.standards import Steps

_FLAGS = ("core", "needs_list", "needs_region")
_OURS = "本研究设定"
_EXPRESSIONS = ("name_adds", "name_requires", "name_excludes")


@dataclass(frozen=True)
class Changed:
    """A standard's content after its overrides.

    Attributes
    ----------
    content
        A changed copy.
    touched
        Place in the content to the override that set it.
    rescaled
        Path of each weight or share that was scaled to keep a sum of 1, with its new value.
    faults
        Overrides that cannot be applied, by path.
    """

    content: dict[str, Any]
    touched: dict[Steps, str]
    rescaled: dict[str, float]
    faults: list[tuple[str, Fault]]


def settable(content: Mapping[str, Any]) -> dict[str, Steps]:
    """Every path that an override may name, with its place in a checked standard's content."""
    paths: dict[str, Steps] = {}
    for i, category in enumerate(content["categories"]):
        if "weight" in category:
            paths[f"{category['id']}.weight"] = ("categories", i, "weight")
        for j, item in enumerate(category["items"]):
            paths.update(_of_item(item, ("categories", i, "items", j)))
    for block in ("bands", "walk_speed", "worker_to_resident", "certainty", "dedupe"):
        for name in content[block]:
            paths[f"{block}.{name}"] = (block, name)
    paths["scale_workers"] = ("scale_workers",)
    return paths | _of_hours(content.get("hours", {}))


def apply(content: Mapping[str, Any], overrides: Mapping[str, object]) -> Changed:
    """Apply overrides to a copy of a checked standard's content.

    The values are not checked here: the changed content is to be checked as any file is.
    """
    changed = Changed(copy.deepcopy(dict(content)), {}, {}, [])
    paths = settable(content)
    for path, value in overrides.items():
        steps = paths.get(path)
        if steps is None:
            changed.faults.append((path, _unknown(path, paths)))
            continue
        _set(changed.content, steps, value)
        changed.touched[steps] = path
    _rescale(changed, content, paths, "weight")
    _rescale(changed, content, paths, "share")
    return changed


def _of_item(item: Mapping[str, Any], at: Steps) -> dict[str, Steps]:
    name = item["id"]
    paths: dict[str, Steps] = {f"{name}.origin": (*at, "origin")}
    if "share" in item:
        paths[f"{name}.share"] = (*at, "share")
    for key in _FLAGS:
        paths[f"{name}.{key}"] = (*at, key)
    for key in _EXPRESSIONS if "rule" in item else ():
        paths[f"{name}.{key}"] = (*at, "rule", key)
    for key in item.get("dedupe", {}):
        paths[f"{name}.dedupe.{key}"] = (*at, "dedupe", key)
    for band in item["tests"]:
        for key in ("limit", "unit", "count"):
            paths[f"{name}.{band}.{key}"] = (*at, "tests", band, key)
    return paths


def _of_hours(hours: Mapping[str, Any]) -> dict[str, Steps]:
    plain = [name for name in hours if name not in ("assumed", "items")]
    paths: dict[str, Steps] = {f"hours.{name}": ("hours", name) for name in plain}
    for name in hours.get("assumed", {}):
        paths[f"hours.assumed.{name}"] = ("hours", "assumed", name)
    for name in hours.get("items", {}):
        for key in ("free", "stay"):
            paths[f"hours.{name}.{key}"] = ("hours", "items", name, key)
    return paths


def _unknown(path: str, paths: Mapping[str, Steps]) -> Fault:
    first = str(path).split(".")[0]
    same = [p for p in paths if p.split(".")[0] == first]
    what = "查无此设置 / no such setting"
    return Fault((), what, path, remedy=nearest(str(path), same or list(paths)))


def _set(content: Any, steps: Steps, value: object) -> None:
    """Set a value; a number keeps its unit but no longer its source."""
    node = content
    for step in steps[:-1]:
        node = node[step]
    key = steps[-1]
    old = node.get(key)
    if isinstance(old, dict):
        note = f"本研究设定，标准为 {old['v']} / set by the study; the standard has {old['v']}"
        node[key] = {**old, "v": value, "basis": "assumption", "grade": "A", "note": note}
    elif "clause" in node and value != old:
        _set_test(node, str(key), value)
    elif "stay" in node and value != old:
        node["note"] = f"本研究设定，标准为 {old} / set by the study; the standard has {old}"
        node[key] = value
    else:
        node[key] = value


def _set_test(test: dict[str, Any], key: str, value: object) -> None:
    """Set a test's limit, unit or count; its clause no longer stands behind it: say so."""
    clause = marked(test["clause"], test["grade"])
    zh, en = clause["zh"], clause["en"]
    if not zh.startswith(_OURS):
        zh = f"{_OURS}（标准原依据：{zh}）"
        en = f"Set by the study (the standard cites: {en})"
    said = {"zh": f"标准原为 {key} {test[key]}", "en": f"the standard has {key} {test[key]}"}
    earlier = test.get("note", {})
    if isinstance(earlier, str):
        earlier = {"zh": earlier, "en": earlier}
    note = {k: "; ".join(n for n in (text, earlier.get(k)) if n) for k, text in said.items()}
    test |= {key: value, "basis": "assumption", "grade": "A", "note": note}
    test["clause"] = {"zh": zh, "en": en}


def _rescale(
    changed: Changed, content: Mapping[str, Any], paths: Mapping[str, Steps], what: str
) -> None:
    """Scale the weights (or a category's shares) that were not set so that the sum is 1 again."""
    groups: dict[Steps, dict[str, Steps]] = {}
    for path, steps in paths.items():
        if steps[-1] == what:
            groups.setdefault(steps[:-2], {})[path] = steps
    for members in groups.values():
        nodes = {path: _node(changed.content, steps) for path, steps in members.items()}
        fixed = {p for p in nodes if members[p] in changed.touched}
        values = {p: n["v"] for p, n in nodes.items()}
        if not fixed or not all(is_number(values[p]) and SHARE.fits(values[p]) for p in fixed):
            continue  # nothing to do, or a value that the check refuses
        left = 1 - math.fsum(values[p] for p in fixed)
        others = math.fsum(v for p, v in values.items() if p not in fixed)
        if left < -TOLERANCE or (others <= 0 and left > TOLERANCE):
            fault = Fault(
                (),
                f"合计无法为 1 / with it the {what}s cannot sum to 1",
                round(1 - left, 6),
                "合计为 1，其余按比例调整 / their sum is 1, the others are scaled",
            )
            changed.faults.append((min(fixed), fault))
            for path in fixed:  # so that the check does not say it again
                nodes[path].update(_node(content, members[path]))
            continue
        for path, node in nodes.items():
            if path not in fixed and others > 0:
                old = node["v"]
                node["v"] = max(0.0, old * left / others)
                because = ", ".join(sorted(fixed))
                node["note"] = (
                    f"由 {old} 按比例调整 / scaled from {old}, as the study set {because}"
                )
                changed.rescaled[path] = node["v"]


def _node(content: Any, steps: Steps) -> dict[str, Any]:
    for step in steps:
        content = content[step]
    return content  # type: ignore[no-any-return]
