"""The mark of what was recalled and not read: it goes wherever the clause goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

UNCONFIRMED = {"zh": "未经原文核实", "en": "not confirmed in the original text"}


def marked(clause: Mapping[str, str], grade: str) -> dict[str, str]:
    """Mark a citation (`zh` and `en`) of grade M as unconfirmed; others stay as they are.

    The mark is part of the text, so that no list, page or report can show the one without
    the other.

    >>> marked({"zh": "附录B", "en": "App. B"}, "M")
    {'zh': '附录B（未经原文核实）', 'en': 'App. B (not confirmed in the original text)'}
    """
    zh, en = clause["zh"], clause["en"]
    if grade != "M" or UNCONFIRMED["zh"] in zh:
        return {"zh": zh, "en": en}
    return {"zh": f"{zh}（{UNCONFIRMED['zh']}）", "en": f"{en} ({UNCONFIRMED['en']})"}
