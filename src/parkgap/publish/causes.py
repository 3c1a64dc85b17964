"""Changes in words: a cause is a code, ids, and what it means in the study's language.

The code and the ids are for programs and stay the same in every language; the words stand in
brackets behind them.  In the GeoPackage causes are kept as JSON too, so that a run that is
repeated in another language says them anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from parkgap.frames import CHANGES
from parkgap.publish.cells import clean
from parkgap.results import Cause, Change

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.publish.words import Words

# Facts that are codes, and the table of texts that has their words.
_WORDS = {"role": "input_role", "part": "cause_part"}
_LISTS = ("items_before", "items_after")
_REASONS = ("reasons_before", "reasons_after")


def changes_frame(changes: Iterable[Change], words: Words) -> pd.DataFrame:
    """Make the frame of :data:`parkgap.frames.CHANGES`, causes in the language of `words`."""
    listed = list(changes)
    return CHANGES.frame(
        {
            "park_id": [c.park_id for c in listed],
            "what": [c.what for c in listed],
            "before": [c.before for c in listed],
            "after": [c.after for c in listed],
            "cause": [cause_text(c, words) for c in listed],
        }
    )


def cause_text(change: Change, words: Words) -> str:
    """Write all causes of a change, joined by ``;``."""
    return "; ".join(_one(cause, words) for cause in change.causes)


def _one(cause: Cause, words: Words) -> str:
    head = " ".join((cause.code, *(_plain(i) for i in cause.ids)))
    said = said_of(cause, words)
    return head + words.bracket(said) if said else head


def said_of(cause: Cause, words: Words) -> str:
    """Say a cause in words alone."""
    facts = {name: _fact(name, value, words) for name, value in cause.facts}
    blank = dict.fromkeys(_PLACEHOLDERS, "—")
    key = f"cause.{cause.code}"
    if "before" not in facts and "after" not in facts:
        key = f"{key}_plain" if words.t.get(f"{key}_plain", "") else key
    said = words.t(key, **{**blank, **facts})
    if cause.inner:
        inner = words.t("page.comma").join(_one(c, words) for c in cause.inner)
        said = f"{said}{words.t('page.colon')}{inner}"
    return said


_PLACEHOLDERS = (
    *("name", "date", "before", "after", "items_before", "items_after", "n", "part", "role"),
    *("item", "reasons_before", "reasons_after", "file", "row"),
)


def _fact(name: str, value: str, words: Words) -> str:
    if name == "item":
        return _plain(words.item(value.partition("@")[0]))
    if name in _LISTS:
        return _plain(words.listed(value)) or "—"
    if name in _REASONS:
        return words.join(words.word("reason", c) for c in words.reasons(value)) or "—"
    if name in _WORDS:
        return words.word(_WORDS[name], value)
    return _plain(value) or "—"


def _plain(value: str) -> str:
    """Take the separator of causes out of names: a reader may split at it."""
    return clean(value).replace(";", ",").replace("；", "，")


def what_text(what: str, words: Words) -> str:
    """Name what changed: ``status:bus_stop`` becomes "status: bus stop"."""
    kind, _, item = what.partition(":")
    said = words.t(f"changed.{kind}")
    return f"{said}{words.t('page.colon')}{words.item(item.partition('@')[0])}" if item else said


def value_text(what: str, value: str | None, words: Words) -> str:
    """Say a value of a change: statuses and tiers in words, figures as they are."""
    if value is None:
        return "—"
    kind = what.partition(":")[0]
    return words.word(kind, value) if kind in ("status", "tier") else clean(value)


# --- kept in the GeoPackage --------------------------------------------------------------------


def packed(change: Change) -> str:
    """Write the causes of a change as JSON."""
    listed = [_list(c) for c in change.causes]
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":"))


def unpacked(row: Mapping[str, Any], park_name: str, codes: str) -> Change:
    """Undo :func:`packed` for a row of CHANGES."""
    vanished = row["what"] == "park" and row["after"] is None
    return Change(
        park_id=str(row["park_id"]),
        park_name=str(row["before"]) if vanished else park_name,
        what=str(row["what"]),
        before=row["before"],
        after=row["after"],
        causes=tuple(_cause(c) for c in json.loads(codes)),
    )


def as_json(change: Change, words: Words) -> dict[str, object]:
    """Give a change for programs: codes, and the words beside them."""
    return {
        "park_id": change.park_id,
        "park_name": clean(change.park_name),
        "what": change.what,
        "before": change.before,
        "after": change.after,
        "cause": cause_text(change, words),
        "causes": [_as_dict(c) for c in change.causes],
    }


def _as_dict(cause: Cause) -> dict[str, object]:
    found: dict[str, object] = {"code": cause.code, "ids": list(cause.ids), **dict(cause.facts)}
    return {**found, "causes": [_as_dict(c) for c in cause.inner]} if cause.inner else found


def _list(cause: Cause) -> list[Any]:
    return [
        cause.code,
        [clean(i) for i in cause.ids],
        [[k, clean(v)] for k, v in cause.facts],
        [_list(c) for c in cause.inner],
    ]


def _cause(given: list[Any]) -> Cause:
    code, ids, facts, inner = given
    pairs = tuple((str(k), str(v)) for k, v in facts)
    return Cause(str(code), tuple(map(str, ids)), pairs, tuple(_cause(c) for c in inner))
