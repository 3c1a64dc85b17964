"""What one standard takes from another by reference, so that nothing is written down twice.

``head_of: STANDARD`` at the top takes every block of the head that the file does not have itself
(:data:`HEAD`); ``rule_of: STANDARD/ITEM`` at an item takes the tag rule of a shipped standard's
item, and what goes with it: the distances within which a name is one place, and what is counted.
Whatever the taken numbers cite comes along.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from parkgap.standards.values import Fault, as_dict, as_list
from parkgap.toml_text import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from parkgap.standards import Steps

HEAD = ("bands", "walk_speed", "scale_workers", "worker_to_resident", "certainty", "dedupe")
_FIGURES = ("detour_no_network", "steps_floor")  # of the head: what the walks rest on
_WITH_RULE = ("dedupe", "counts")


def resolve(
    content: object, shipped: Callable[[str], Mapping[str, Any] | None], names: list[str]
) -> tuple[object, list[Fault]]:
    """Put what a standard's content refers to in its place.

    Parameters
    ----------
    content
        A standard's content as it is read; it is not changed.
    shipped
        Gives the content of a shipped standard; None where there is none of that name.
    names
        Names of the shipped standards, for suggestions.

    Returns
    -------
    content, faults
        A copy without references, and the references that lead nowhere.
    """
    if not isinstance(content, dict):
        return content, []
    made = copy.deepcopy(content)
    faults: list[Fault] = []
    sources = made.get("sources")
    if "head_of" in made:
        name = made.pop("head_of")
        other = shipped(name) if isinstance(name, str) else None
        if other is None:
            faults.append(_unknown(("head_of",), name, names))
        else:
            _take_head(made, other)
    for steps, item in _items(made):
        if "rule_of" in item:
            fault = _take_rule(item, (*steps, "rule_of"), shipped, names, sources)
            faults += [] if fault is None else [fault]
    return made, faults


def _items(content: Mapping[str, Any]) -> Iterator[tuple[Steps, dict[str, Any]]]:
    for i, category in enumerate(as_list(content.get("categories"))):
        for j, item in enumerate(as_list(as_dict(category).get("items"))):
            if isinstance(item, dict):
                yield ("categories", i, "items", j), item


def _take_head(made: dict[str, Any], other: Mapping[str, Any]) -> None:
    taken = {key: copy.deepcopy(other[key]) for key in HEAD if key not in made}
    figures = {k: v for k in _FIGURES if (v := as_dict(other.get("figures")).get(k)) is not None}
    made.update(taken)
    made["figures"] = {**copy.deepcopy(figures), **as_dict(made.get("figures"))}
    _take_sources(made.get("sources"), other, [taken, figures])


def _take_rule(
    item: dict[str, Any],
    at: Steps,
    shipped: Callable[[str], Mapping[str, Any] | None],
    names: list[str],
    sources: object,
) -> Fault | None:
    said = item.pop("rule_of")
    name, _, wanted = said.partition("/") if isinstance(said, str) else ("", "", "")
    other = shipped(name)
    if other is None:
        return _unknown(at, said, names)
    known = {str(i.get("id")): i for _, i in _items(other) if "rule" in i}
    if wanted not in known:
        what = "所指标准无此项目或其无 rule / that standard has no such item with a rule of its own"
        close = nearest(wanted, list(known))
        return Fault(at, what, said, "rule_of: STANDARD/ITEM", close)
    if "rule" in item or "of_items" in item:
        what = "rule_of 不与 rule、of_items 并用 / rule_of beside rule or of_items"
        return Fault(at, what, said)
    own = {key: copy.deepcopy(known[wanted][key]) for key in _WITH_RULE if key in known[wanted]}
    item.update({key: value for key, value in own.items() if key not in item})
    item["rule"] = copy.deepcopy(known[wanted]["rule"])
    _take_sources(sources, other, [own])
    return None


def _take_sources(sources: object, other: Mapping[str, Any], taken: list[Any]) -> None:
    """Let the documents that taken numbers cite stand among the sources."""
    if isinstance(sources, dict):
        for ref in _refs(taken):
            if ref in other["sources"]:
                sources.setdefault(ref, copy.deepcopy(other["sources"][ref]))


def _refs(node: object) -> Iterator[str]:
    for value in as_list(node):
        yield from _refs(value)
    for key, value in as_dict(node).items():
        if key == "ref":
            yield from (r for r in as_list(value) if isinstance(r, str))
        else:
            yield from _refs(value)


def _unknown(at: Steps, name: object, names: list[str]) -> Fault:
    return Fault(
        at,
        "所指的不是自带标准 / a reference to no shipped standard",
        name,
        ", ".join(names),
        nearest(str(name).partition("/")[0], names),
    )
