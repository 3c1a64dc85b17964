"""The panels of a page in order, each with a place to jump to, and the list that jumps there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parkgap.publish.html import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.publish.shell import Context

_SECTION = '<section class="'
_TITLE = re.compile(r"<h2[^>]*>(.*?)</h2>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")

#: Id of a panel, and its HTML; "" where a study has nothing for it.
Panels = list[tuple[str, str]]


def panels_html(panels: Sequence[tuple[str, str]]) -> str:
    """Put panels one below the other; each can be jumped to by its id."""
    return "\n".join(
        html.replace(_SECTION, f'<section id="{ident}" class="', 1)
        for ident, html in panels
        if html
    )


def contents(ctx: Context, panels: Sequence[tuple[str, str]]) -> str:
    """List the panels that a page has, by their headings (HTML, escaped already)."""
    entries = []
    for ident, html in panels:
        title = _TITLE.search(html)
        if title is not None:
            entries.append(f'<li><a href="#{ident}">{_TAG.sub("", title[1])}</a></li>')
    label = text(ctx.t("parkpage.contents"))
    return f'<nav class="contents" aria-label="{label}"><ul>{"".join(entries)}</ul></nav>'
