"""``changes.html``: what changed since an earlier run and why, park by park."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from parkgap.publish.causes import cause_text, value_text, what_text
from parkgap.publish.cells import clean
from parkgap.publish.html import Cell, page, table, text
from parkgap.publish.shell import Context, footer, masthead
from parkgap.publish.switch import switch
from parkgap.results import Change

FILE = "changes.html"


def link(ctx: Context) -> str:
    """Build the link to the page (HTML); "" where nothing changed."""
    if not ctx.results.changes:
        return ""
    n = len({c.park_id for c in ctx.results.changes})
    key = "changed.link" if ctx.results.study.whatif is None else "changed.link_plan"
    return f'<nav><a href="{FILE}">{text(ctx.t(key, n=n))}</a></nav>'


def changes_page(ctx: Context) -> str:
    """Make the whole page."""
    t = ctx.t
    grouped: dict[str, list[Change]] = {}
    for change in ctx.results.changes:
        grouped.setdefault(change.park_id, []).append(change)
    parts = [_section(ctx, n, rows) for n, rows in enumerate(grouped.values())]
    back = f'<nav><a href="index.html">{text(t("page.back"))}</a></nav>'
    back += switch(ctx, FILE)
    body = (
        f"{masthead(ctx, t('changed.title'), ctx.results.study.title, back)}\n"
        f'<main><section class="panel why"><p>{text(_since(ctx))}</p>'
        f"<p>{text(t('changed.help'))}</p></section>\n{''.join(parts)}</main>\n{footer(ctx)}"
    )
    return page(
        lang=t("page.html_lang"),
        title=f"{t('changed.title')} {ctx.results.study.title}",
        css=[f"{ctx.home}assets/parkgap.css"],
        js=[f"{ctx.home}assets/{name}" for name in ("core.js", "tables.js", "switch.js")],
        body=body,
        data={"page": "changes"},
        script="",
        kind="changes",
    )


def _since(ctx: Context) -> str:
    """Say what was compared with: the day and the program of the earlier run."""
    facts = ctx.results.compared_with or {}
    unknown = ctx.t("about.unknown_date")
    day = facts.get("as_of") or facts.get("osm_date") or unknown
    if ctx.results.study.whatif is not None:
        file, version = clean(ctx.results.study.whatif.file), facts.get("program", "")
        return ctx.t("changed.since_plan", file=file, before=day, version=version)
    now = ctx.results.study.as_of or ctx.results.data_date or unknown
    return ctx.t("changed.since", before=day, after=now, version=facts.get("program", ""))


def _section(ctx: Context, number: int, rows: Sequence[Change]) -> str:
    """Build the part of one park."""
    t, first = ctx.t, rows[0]
    name = f"<bdi>{text(first.park_name)}</bdi>"
    if first.park_id in ctx.pages:
        name = f'<a href="parks/{quote(ctx.pages[first.park_id])}">{name}</a>'
    headings = [(t(f"changed.{key}"), "") for key in ("what", "before", "after", "cause")]
    body = [("", _cells(ctx, change)) for change in rows]
    ident = "main-table" if number == 0 else f"changes-{number}"
    grid = table(headings, body, caption=f"{t('changed.title')} {first.park_name}", ident=ident)
    return f'<section class="panel"><div class="head"><h2>{name}</h2></div>{grid}</section>\n'


def _cells(ctx: Context, change: Change) -> list[Cell]:
    what = what_text(change.what, ctx.words)
    values = [value_text(change.what, v, ctx.words) for v in (change.before, change.after)]
    causes = cause_text(change, ctx.words)
    lines = "<br>".join(f"<bdi>{text(line)}</bdi>" for line in causes.split("; "))
    return [
        Cell(text(what), what),
        *(Cell(f"<bdi>{text(v)}</bdi>", v) for v in values),
        Cell(lines, causes, "wide"),
    ]
