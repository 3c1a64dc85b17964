"""What a standard was when it was applied: one hash of all of it, and what two may differ in.

A result folder keeps both in ``run.json``, so that a later run can say which rule is another
one now without having the older file.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parkgap.standards.model import Item, Standard

_SHORT = 16  # digits of a hash that only tells same from other


def digest(standard: Standard) -> str:
    """SHA-256 of the whole standard with the study's overrides in it.

    How the overrides were written down does not matter, only what came of them.
    """
    return _sha(standard.model_dump(mode="json", exclude={"overrides", "rescaled"}))


def summary(standard: Standard) -> dict[str, Any]:
    """What judges, as plain values: ``items`` by id, ``timed`` items, and ``common`` figures.

    Of an item: weight, level, origin, what is counted, tests by band, and short hashes of its
    tag rule (``rule``) and of its other switches (``switches``).
    """
    return {
        "items": {item.id: _item(item) for item in standard.items},
        "timed": sorted(standard.hours.items) if standard.hours is not None else [],
        "common": {
            "walk_speed": standard.walk_speed.v,
            "scale_workers": standard.scale_workers.v,
            "detour": standard.detour,
            "certainty": _sha(
                {n: standard.certainty[n].v for n in type(standard.certainty).model_fields}
            )[:_SHORT],
            "hours": _sha(None if standard.hours is None else standard.hours.model_dump())[:_SHORT],
            "weight_sets": _sha(standard.weight_sets)[:_SHORT],
        },
    }


def _item(item: Item) -> dict[str, Any]:
    rule = {"rule": item.rule.model_dump(mode="json"), "of": item.of_items}
    switches = (item.core, item.needs_list, item.residence_kind, item.needs_region)
    near = (item.dedupe_m, item.dedupe_unnamed_m)
    return {
        "weight": round(item.weight, 9),
        "level": item.level,
        "origin": item.origin,
        "counts": item.counts,
        "tests": {t.band: [t.limit, t.unit, t.count] for t in item.tests},
        "rule": _sha(rule)[:_SHORT],
        "switches": _sha([switches, near])[:_SHORT],
    }


def _sha(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
