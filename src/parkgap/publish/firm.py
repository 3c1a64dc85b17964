"""How firm ranks are, what is to be checked, and how certain the data: sheets and panels."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from parkgap.frames import CERTAINTY, COMPLETENESS, STABILITY, TO_CHECK, WEIGHT_SETS, Schema
from parkgap.publish.cells import clean, values
from parkgap.publish.html import Cell, table, text
from parkgap.publish.sheets import Grid, translator
from parkgap.publish.words import Row, count, decimal, figure_cell, number, percent, string

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from parkgap.publish.sheets import Value
    from parkgap.publish.shell import Context
    from parkgap.publish.words import Words
    from parkgap.results import Results

MOST = 20  # rows of the overview; the workbook has all
CHECKED = ("order", "effect", "gain", "rank_now", "rank_if_missing")
_KEY = ["park_id", "item", "origin", "shift"]


# --- sheets --------------------------------------------------------------------------------------


def firm_grids(results: Results, words: Words) -> dict[str, Grid | None]:
    """Make the sheets of ranks and certainty; None where there is nothing to say."""
    firm = results.firm
    return {
        "stability": _grid(STABILITY, firm.parks, results, words),
        "weight_sets": _grid(WEIGHT_SETS, firm.sets, results, words),
        "completeness": _grid(COMPLETENESS, results.completeness, results, words),
        "certainty": _grid(CERTAINTY, results.certainty, results, words),
    }


def _grid(schema: Schema, frame: pd.DataFrame, results: Results, words: Words) -> Grid | None:
    """Lay out a frame of parks, names first; codes and yes or no in words."""
    if frame.empty or not set(schema.names) <= set(frame.columns):
        return None
    names = _names(results)
    cut = schema.names.index("park_id") + 1  # the rank stands before the park, if at all
    head, rest = schema.columns[:cut], schema.columns[cut:]
    said = {c.name: translator(c.name, words) for c in schema.columns}
    truth = (words.t("page.no"), words.t("page.yes"))
    rows: list[list[Value]] = []
    for cells in values(frame, [*head, *rest]):
        row: list[Value] = []
        for column, value in zip([*head, *rest], cells, strict=True):
            if column.kind == "bool":
                row.append(truth[bool(value)])
            else:
                row.append(said[column.name](value) if isinstance(value, str) else value)
        row.insert(cut - 1, clean(names.get(str(cells[cut - 1]), "")))
        rows.append(row)
    ids = [c.name for c in (*head, *rest)]
    ids.insert(ids.index("park_id"), "park_name")
    return Grid(ids, [words.t(f"column.{i}") for i in ids], rows, doc=schema.name)


def _names(results: Results) -> Mapping[str, str]:
    parks = results.ranking
    return dict(zip(parks["park_id"].map(clean), parks["park_name"].map(string), strict=True))


def with_checks(grid: Grid, frame: pd.DataFrame, results: Results, words: Words) -> Grid:
    """Order the list of what is unverified by what checking it would change, and say what.

    Parameters
    ----------
    grid, frame
        The list as a table and as the frame that it was made of, row by row.
    results, words
        What was found, and the study's language.
    """
    found = results.firm.to_check
    if found.empty or frame.empty:
        return grid
    columns = [next(c for c in TO_CHECK.columns if c.name == i) for i in CHECKED]
    keys = zip(*(found[k].tolist() for k in _KEY), strict=True)
    told = dict(zip(keys, values(found, columns), strict=True))
    said = [translator(i, words) for i in CHECKED]
    rows = []
    for key, row in zip(
        zip(*(frame[k].tolist() for k in _KEY), strict=True), grid.rows, strict=True
    ):
        own = told.get(key, [None] * len(CHECKED))
        shown = [s(v) if isinstance(v, str) else v for s, v in zip(said, own, strict=True)]
        rows.append([*shown, *row])
    last = len(rows)  # a list that is being sorted says that it is empty
    rows.sort(key=lambda row: row[0] if isinstance(row[0], int) else last)
    ids = [*CHECKED, *grid.ids]
    headings = [words.t(f"column.{i}") for i in CHECKED] + [*grid.headings]
    # what is to be checked next, and of which park, stays in sight
    at = ids.index("park_name")
    order = [0, at, *(n for n in range(1, len(ids)) if n != at)]
    return Grid(
        [ids[n] for n in order],
        [headings[n] for n in order],
        [[row[n] for n in order] for row in rows],
    )


# --- panels --------------------------------------------------------------------------------------


def check_panel(ctx: Context) -> str:
    """Show what checking on the ground would change most; "" where nothing is unverified."""
    t, found = ctx.t, ctx.results.firm.to_check
    if found.empty:
        return ""
    headings = [
        (t("column.order"), "num"),
        (t("column.park_name"), ""),
        (t("column.item"), ""),
        (t("column.reason_unverified"), ""),
        (t("column.gain"), "num"),
        (t("column.effect"), ""),
    ]
    why = _reasons(ctx)
    rows = [("", _check_cells(ctx, row, why)) for row in found.head(MOST).to_dict("records")]
    grid = table(headings, rows, caption=t("section.to_check"), ident="to-check", header_column=1)
    note = t("section.to_check_note", n=min(MOST, len(found)), total=len(found))
    return (
        f'<section class="panel"><h2>{text(t("section.to_check"))}</h2><p>{text(note)}</p>'
        f"{grid}</section>\n"
    )


def _reasons(ctx: Context) -> dict[tuple[str, ...], str]:
    rows = ctx.results.shortfall
    keys = zip(*(rows[k].tolist() for k in _KEY), strict=True)
    return {k: string(v) for k, v in zip(keys, rows["reason_unverified"], strict=True)}


def _check_cells(ctx: Context, row: Row, why: Mapping[tuple[str, ...], str]) -> list[Cell]:
    words, park = ctx.words, str(row["park_id"])
    name = string(ctx.ranking.get(park, {}).get("park_name")) or park
    link = f"<bdi>{text(name)}</bdi>"
    if park in ctx.pages:
        link = f'<a href="parks/{quote(ctx.pages[park])}">{link}</a>'
    reasons = words.reasons(why.get(tuple(row[k] for k in _KEY), ""))
    reason = words.join(words.word("reason", r) for r in reasons)
    effect = effect_text(ctx, row)
    return [
        figure_cell(row["order"], count(row["order"])),
        Cell(link, name),
        Cell(text(words.item(row["item"])), words.item(row["item"])),
        Cell(text(reason), reason),
        figure_cell(row["gain"], decimal(row["gain"])),
        Cell(text(effect), effect),
    ]


def effect_text(ctx: Context, row: Row) -> str:
    """Say what a check could change."""
    effect = string(row["effect"])
    if effect == "score":
        return ctx.t("effect.score")
    ranks = {"now": count(row["rank_now"]), "then": count(row["rank_if_missing"])}
    return ctx.t(f"format.effect_{effect}", **ranks)


def firm_panel(ctx: Context, park_id: str) -> str:
    """Say how firm a park's rank is, and what it would be under each published weight set."""
    t, words = ctx.t, ctx.words
    sets, own = ctx.sets.get(park_id), ctx.firm.get(park_id)
    if not sets:
        return ""
    told = [_firm_text(ctx, own[0])] if own else [t("section.firm_unranked")]
    order = {name: n for n, name in enumerate(ctx.results.standard.weight_sets)}
    headings = [(t("column.weight_set"), ""), (t("fact.score"), "num"), (t("fact.rank"), "num")]
    rows: list[tuple[str, list[Cell]]] = []
    for row in sorted(sets, key=lambda r: order.get(r["weight_set"], len(order))):
        name = words.word("weight_set", row["weight_set"])
        span = words.span(row["score_low"], row["score_high"], 1)
        score = decimal(row["score"]) + (words.bracket(span) if number(row["score"]) else "")
        cells = [
            Cell(text(name), name),
            figure_cell(row["score"], score),
            figure_cell(row["rank"], count(row["rank"])),
        ]
        rows.append(("", cells))
    grid = table(headings, rows, caption=t("column.weight_set"), ident="weight-sets")
    said = "".join(f"<p>{text(line)}</p>" for line in told)
    return f'<section class="panel"><h2>{text(t("section.firm"))}</h2>{said}{grid}</section>\n'


def _firm_text(ctx: Context, row: Row) -> str:
    t, words = ctx.t, ctx.words
    moved = string(row["moved_by"])
    by = t("section.firm_moved", what=words.word("assumption", moved)) if moved else ""
    said = t(
        "section.firm_text",
        draws=count(ctx.results.firm.tried.get("draws")),
        ranks=words.span(row["rank_low"], row["rank_high"], 0),
        share=percent(row["tier_share"]),
        tier=words.word("tier", row["tier"]),
    )
    return said + by


def thin_categories(ctx: Context, park_id: str) -> str:
    """Name the categories of which too little is mapped to say that any is missing (HTML)."""
    rows = ctx.certainty.get(park_id, ())
    thin = [row["category"] for row in rows if row["thin"] and row["kind"] == "work"]
    if not thin:
        return ""
    named = ctx.words.join(ctx.words.category(c) for c in thin)
    said = f"{ctx.t('section.thin_categories')}{ctx.t('page.colon')}{named}"
    return f"<p>{text(said)}</p>"
