"""From a page to the same page in the other language."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from parkgap.publish.html import text
from parkgap.publish.shell import Context, context
from parkgap.results import Results

SCRIPT = "switch.js"


def contexts(results: Results, second: Results | None) -> list[tuple[str, Context]]:
    """Prepare the pages of each language, with the folder that they lie in.

    Those of the study's own language lie in the result folder, the others in one that is called
    as their language is ("en", "zh").  Changes are codes; both languages word the same ones.
    """
    own = context(results)
    if second is None:
        return [("", own)]
    folder = f"{second.study.language}/"
    other = context(replace(second, changes=results.changes, compared_with=results.compared_with))
    return [
        ("", replace(own, other=folder)),
        (folder, replace(other, home="../", other="../")),
    ]


def switch(ctx: Context, page: str) -> str:
    """Build the link to a page in the other language (HTML); "" where there is none.

    Parameters
    ----------
    ctx
        What the page is made from.
    page
        The page, relative to the folder of its language.
    """
    if ctx.other is None:
        return ""
    code, up = ctx.t("page.other_lang"), "../" * page.count("/")
    return (
        f'<nav class="language" aria-label="{text(ctx.t("page.language"))}">'
        f'<a href="{up}{ctx.other}{quote(page)}" lang="{code}" hreflang="{code}" data-switch>'
        f"{text(ctx.t('page.other_language'))}</a></nav>"
    )
