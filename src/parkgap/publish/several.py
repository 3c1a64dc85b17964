"""Several standards side by side, as the pages and the workbook show them.

Every place that shows a standard's figures says what of the standard is not confirmed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from parkgap.publish.cells import clean, values
from parkgap.publish.html import Cell, table, text
from parkgap.publish.sheets import Grid
from parkgap.publish.words import NONE, Words, count, decimal, number, percent, string

if TYPE_CHECKING:
    from parkgap.frames import Schema
    from parkgap.publish.sheets import Value
    from parkgap.publish.shell import Context
    from parkgap.publish.words import Row
    from parkgap.results import Results
    from parkgap.standard import Standard


def standards_of(results: Results) -> dict[str, Standard]:
    """Give all standards that were judged by, by id, the study's own first."""
    return {s.id: s for s in (results.standard, *results.also)}


def title_of(standard: Standard, words: Words) -> str:
    """Name a standard with id and version."""
    version = f"{standard.id}{words.t('page.comma')}{standard.version}"
    return words.t.pick(standard.title_zh, standard.title_en) + words.bracket(version)


def unconfirmed(standard: Standard, words: Words) -> str:
    """Say which tests of a standard are not confirmed in the original text."""
    t, own = words.t, Words(words.t, standard)
    doubtful = standard.unconfirmed
    if not doubtful:
        return t("several.unconfirmed_none")
    items = dict.fromkeys(own.item(test.id.partition(".")[0]) for test in doubtful)
    tests = sum(len(item.tests) for item in standard.items)
    return t("several.unconfirmed", n=len(doubtful), m=tests, items=words.join(items))


# --- pages ------------------------------------------------------------------------------------


def _notes(ctx: Context) -> str:
    lines = "".join(
        f"<li><strong>{text(title_of(s, ctx.words))}</strong>{text(ctx.t('page.colon'))}"
        f"{text(unconfirmed(s, ctx.words))}</li>"
        for s in standards_of(ctx.results).values()
    )
    return f'<p class="note">{text(ctx.t("several.note"))}</p><ul class="note">{lines}</ul>'


def _rows(results: Results) -> dict[str, dict[str, Row]]:
    """Rows of the comparison by park and standard."""
    found: dict[str, dict[str, Row]] = {}
    for row in results.comparison.to_dict("records"):
        found.setdefault(str(row["park_id"]), {})[str(row["standard"])] = row
    return found


def _panel(ctx: Context, grid: str) -> str:
    title = text(ctx.t("several.title"))
    return f'<section class="panel"><h2>{title}</h2>{_notes(ctx)}{grid}</section>\n'


def overview_panel(ctx: Context) -> str:
    """Show what every standard says of every park; nothing where there is only one standard."""
    if ctx.results.comparison.empty:
        return ""
    t, standards, rows = ctx.t, standards_of(ctx.results), _rows(ctx.results)
    headings = [(t("column.park_name"), "")]
    headings += [(s.id, "num") for s in standards.values()]
    body = []
    for park in ctx.park_ids:
        own = rows.get(park, {})
        name = string(next((r["park_name"] for r in own.values()), "")) or park
        link = f'<a href="parks/{quote(ctx.pages[park])}"><bdi>{text(name)}</bdi></a>'
        cells = [Cell(link, name), *(_score(ctx, own.get(s)) for s in standards)]
        body.append(("", cells))
    return _panel(ctx, table(headings, body, caption=t("several.title"), ident="standards"))


def _score(ctx: Context, row: Row | None) -> Cell:
    """Give score and range, and below them rank and what is short."""
    if row is None:
        return Cell(NONE)
    span = ctx.words.span(row["score_low"], row["score_high"], 1)
    said = ctx.t(
        "several.cell",
        rank=count(row["rank"]),
        short=count(row["short_count"]),
        unverified=count(row["unverified_count"]),
        items=count(row["items_count"]),
    )
    shown = f"{text(decimal(row['score']))}<small>{text(span)}</small><small>{text(said)}</small>"
    return Cell(shown, number(row["score"]), "num")


def park_panel(ctx: Context, park_id: str) -> str:
    """Show what every standard says of one park; nothing where there is only one standard."""
    own = _rows(ctx.results).get(park_id) if len(ctx.results.comparison) else None
    if not own:
        return ""
    t = ctx.t
    names = ("standard", "rank", "score", "short", "unverified_count", "weight_unconfirmed")
    numeric = ("rank", "score", "unverified_count", "weight_unconfirmed")
    headings = [(t(f"column.{n}"), "num" if n in numeric else "") for n in names]
    body = []
    for name, standard in standards_of(ctx.results).items():
        row = own[name]
        span = ctx.words.span(row["score_low"], row["score_high"], 1)
        title = t.pick(standard.title_zh, standard.title_en)
        tier = ctx.words.word("tier", row["tier"])
        of = t("several.of", n=count(row["short_count"]), m=count(row["items_count"]))
        listed = Words(t, standard).listed(row["short"]) or NONE
        cells = [
            Cell(f"{text(title)}<small>{text(name)}</small>", title, "wide"),
            _figure(row["rank"], count(row["rank"]), tier),
            _figure(row["score"], decimal(row["score"]), span),
            Cell(f"{text(listed)}<small>{text(of)}</small>", number(row["short_count"]), "wide"),
            _figure(row["unverified_count"], count(row["unverified_count"])),
            _figure(row["weight_unconfirmed"], percent(row["weight_unconfirmed"])),
        ]
        body.append(("", cells))
    return _panel(ctx, table(headings, body, caption=t("several.title"), ident="standards"))


def _figure(value: object, shown: str, below: str = "") -> Cell:
    small = f"<small>{text(below)}</small>" if below else ""
    return Cell(f"{text(shown)}{small}", number(value), "num")


# --- the workbook -----------------------------------------------------------------------------


def comparison_grid(results: Results, words: Words, schema: Schema) -> Grid | None:
    """Give the comparison for the workbook; None where there is only one standard.

    Parameters
    ----------
    results, words
        What is published, in which language.
    schema
        :data:`parkgap.frames.COMPARISON`.
    """
    if results.comparison.empty:
        return None
    standards = standards_of(results)
    named = {name: Words(words.t, s) for name, s in standards.items()}
    ids = [n for n in schema.names if n != "park_id"]
    place = {n: i for i, n in enumerate(ids)}
    rows: list[list[Value]] = []
    columns = {c.name: c for c in schema.columns}
    for row in values(results.comparison, [columns[i] for i in ids]):
        name = str(row[place["standard"]])
        cells = list(row)
        cells[place["standard"]] = clean(title_of(standards[name], words))
        cells[place["short"]] = named[name].listed(row[place["short"]]) or None
        cells[place["tier"]] = words.word("tier", row[place["tier"]])
        rows.append(cells)
    return Grid(ids, [words.t(f"column.{i}") for i in ids], rows, doc=schema.name)


def unconfirmed_grid(results: Results, words: Words) -> Grid:
    """Say of every standard what is not confirmed in the original text."""
    rows: list[list[Value]] = [
        [clean(title_of(s, words)), unconfirmed(s, words)] for s in standards_of(results).values()
    ]
    headings = [words.t("column.standard"), words.t("several.what_unconfirmed")]
    return Grid(("standard", "note"), headings, rows)
