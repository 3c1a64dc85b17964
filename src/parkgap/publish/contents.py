"""The panels of a page in order, each with a place to jump to, and the list that jumps there."""

from __future__ import annotations

import json
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


def place_list(ctx: Context, count: int) -> str:
    """Build the panel that lists the facilities of the map; its script fills it when opened.

    Nothing where there are none (`count` of them).
    """
    if not count:
        return ""
    t = ctx.t
    title = t("parkpage.places")
    heads = [t(f"parkpage.{name}") for name in ("place_name", "place_category")]
    heads += [t("column.item"), t("parkpage.place_walk")]
    rows = ctx.words.bracket(t("map.rows_n", n=count))
    return (
        f'<section class="panel"><details><summary><h2>{text(title)}{text(rows)}</h2></summary>'
        f"<noscript>{text(t('notice.no_script'))}</noscript>"
        f'<p class="note">{text(t("map.walk_note"))}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(title)}" '
        f'id="place-list" data-label="{text(title)}" '
        f'data-heads="{text(json.dumps(heads, ensure_ascii=False))}"></div></details></section>'
    )
