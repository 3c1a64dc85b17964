"""The overview page: every park shaded by its score, and the ranked table beside the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from parkgap.publish.changespage import link
from parkgap.publish.drawer import drawer
from parkgap.publish.firm import check_panel
from parkgap.publish.housed import overview_housing
from parkgap.publish.html import Cell, table, text
from parkgap.publish.layers import NO_HEADCOUNT, Layer
from parkgap.publish.legend import legend, patterns, shade
from parkgap.publish.rolled import Area, areas, areas_panel, level_choice
from parkgap.publish.several import overview_panel
from parkgap.publish.shell import Context, footer, masthead, no_match, search_box
from parkgap.publish.switch import switch
from parkgap.publish.words import Row, count, decimal, figure_cell, number, string

UNCOUNTED = NO_HEADCOUNT


def is_ranked(row: Row) -> bool:
    """Say whether a park has a rank."""
    return number(row.get("rank")) is not None


def name_of(ctx: Context, park_id: str) -> str:
    """Name a park as its page does."""
    return string(ctx.ranking.get(park_id, {}).get("park_name")) or park_id


def score_text(ctx: Context, row: Row) -> str:
    """Write score and range."""
    if number(row.get("score")) is None:
        return decimal(None)
    span = ctx.words.span(row.get("score_low"), row.get("score_high"), 1)
    return f"{decimal(row.get('score'))}{ctx.words.bracket(span)}"


def tier_text(ctx: Context, row: Row) -> str:
    """Write a park's tier, or why it has none."""
    code = string(row.get("tier"))
    if code:
        return ctx.words.word("tier", code)
    return ctx.t("tier.ranked") if is_ranked(row) else ctx.t("tier.unverified")


def gap_counts(ctx: Context, park_id: str) -> tuple[int, int]:
    """Count the items that are short, and those that are to be verified and not short."""
    rows = ctx.shortfall.get(park_id, [])
    short = {r["item"] for r in rows if r["status"] == "short"}
    unverified = {r["item"] for r in rows if r["status"] == "unverified"} - short
    return len(short), len(unverified)


def counts_text(ctx: Context, park_id: str) -> str:
    """Say how many items are short and how many are to be verified."""
    short, unverified = gap_counts(ctx, park_id)
    return ctx.t("map.row_counts", short=short, unverified=unverified)


def _counts_html(ctx: Context, park_id: str) -> str:
    return "".join(
        f'<span class="counts {kind}">{text(ctx.t(f"map.count_{kind}", n=n))}</span>'
        for kind, n in zip(("short", "unverified"), gap_counts(ctx, park_id), strict=True)
        if n
    )


def tip_lines(ctx: Context, park_id: str) -> list[str]:
    """List what a park's tooltip says."""
    t, row = ctx.t, ctx.ranking.get(park_id, {})
    colon = t("page.colon")
    rank = count(row.get("rank"))
    return [
        name_of(ctx, park_id),
        f"{t('fact.rank')}{colon}{rank}{t('page.comma')}{tier_text(ctx, row)}",
        f"{t('fact.score')}{colon}{score_text(ctx, row)}",
        f"{t('fact.workers')}{colon}{count(row.get('workers'))}",
        counts_text(ctx, park_id),
    ]


def _name_cell(ctx: Context, park_id: str, row: Row, *, drawn: bool) -> Cell:
    """Name a park with the link to its page, where it lies, and what shows it on the map."""
    area = ctx.words.join(
        dict.fromkeys(string(row.get(k)) for k in ("district", "subdistrict", "zone"))
    )
    name = name_of(ctx, park_id)
    said = text(ctx.t("map.locate", name=name))
    locate = f'<button type="button" class="locate" title="{said}" aria-label="{said}"></button>'
    small = (locate if drawn else "") + (f"<bdi>{text(area)}</bdi>" if area else "")
    page = f'<a href="parks/{quote(ctx.pages[park_id])}"><bdi>{text(name)}</bdi></a>'
    return Cell(page + (f"<small>{small}</small>" if small else ""), name)


def _row(ctx: Context, park_id: str, number_of: int, drawn: int | None) -> tuple[str, list[Cell]]:
    """Build a park's row of the table; `drawn` is its place among the drawn parks."""
    row = ctx.ranking.get(park_id, {})
    missing = ctx.words.listed(row.get("core_missing"))
    gaps = ctx.words.listed(row.get("top_gaps")) or missing
    span = ctx.words.span(row.get("rank_low"), row.get("rank_high"), 0)
    scores = ctx.words.span(row.get("score_low"), row.get("score_high"), 1)
    ranked = is_ranked(row)
    swatch = (
        f'<svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" '
        f'stroke="#3b3226" fill="{shade(row)[0]}"/></svg> '
    )
    cells = [
        Cell(
            text(count(row.get("rank"))) + (f"<small>{text(span)}</small>" if ranked else ""),
            number(row.get("rank")),
            "num",
        ),
        _name_cell(ctx, park_id, row, drawn=drawn is not None),
        Cell(
            f"{swatch}{text(decimal(row.get('score')))}<small>{text(scores)}</small>",
            number(row.get("score")),
            "num score",
        ),
        Cell(
            text(tier_text(ctx, row)) + _counts_html(ctx, park_id),
            tier_text(ctx, row),
            "status",
        ),
        figure_cell(row.get("workers"), count(row.get("workers"))),
        Cell(text(gaps or "—"), gaps or None, "wide"),
    ]
    on_map = "" if drawn is None else f' data-park="{drawn}"'
    return f' data-row="{number_of}"{on_map}', cells


def ranking_table(ctx: Context, drawn: Mapping[str, int]) -> str:
    """Build the table of parks; rows that are drawn light up their park on the map."""
    t = ctx.t
    headings = [
        (t("fact.rank"), "num"),
        (t("column.park_name"), ""),
        (t("fact.score"), "num score"),
        (t("fact.status"), ""),
        (t("fact.workers"), "num"),
        (t("fact.top_gaps"), ""),
    ]
    rows = [_row(ctx, park, i, drawn.get(park)) for i, park in enumerate(ctx.park_ids)]
    return table(headings, rows, caption=t("section.parks"), ident="main-table", header_column=1)


def _side(ctx: Context, drawn: Mapping[str, int], found: Sequence[Area]) -> str:
    """Build the panel beside the map: search, areas, table."""
    t = ctx.t
    total = t("map.parks_n", n=count(len(ctx.park_ids)))
    rows = {park: i for i, park in enumerate(ctx.park_ids)}
    narrow = (
        f'<label><input type="checkbox" id="only-view"> {text(t("map.only_view"))}</label>'
        if drawn
        else ""
    )
    return (
        f'<div class="panel side"><div class="head"><h2>{text(t("section.parks"))}</h2>'
        f'<span class="sub" role="status" id="main-table-status">{text(total)}</span>'
        f"{search_box(ctx, 'main-table', t('map.search'))}"
        f'<div class="choices">{level_choice(ctx, found)}{narrow}</div></div>\n'
        f"{areas_panel(ctx, found, rows)}"
        f"{ranking_table(ctx, drawn)}{no_match(ctx, 'main-table')}</div>"
    )


def overview_body(
    ctx: Context,
    drawn: Mapping[str, int],
    dots: Sequence[tuple[str, str, int]],
    map_html: str,
    found: Sequence[Layer],
) -> str:
    """Build the overview's body.

    Parameters
    ----------
    ctx
        What the pages are made from.
    drawn
        Park id to its place among the parks that the map draws.
    dots
        Category, colour and number of the facilities that can be switched on.
    map_html
        The map's element, from folium.
    found
        What parks can be shaded by.
    """
    t, study = ctx.t, ctx.results.study
    jump = f'<a href="#assumptions">{text(t("assumed.title"))}</a>'
    nav = link(ctx) + jump + switch(ctx, "index.html")
    return (
        f"{masthead(ctx, study.title, t('page.overview'), nav)}\n{patterns()}\n"
        f'<main><div class="split"><div class="panel mapbox">{map_html}'
        f"{legend(ctx, dots, found)}"
        f"<noscript>{text(t('notice.no_script'))}</noscript></div>\n"
        f"{_side(ctx, drawn, areas(ctx))}</div>\n"
        f"{overview_housing(ctx)}{overview_panel(ctx)}{check_panel(ctx)}{drawer(ctx)}</main>\n"
        f"{footer(ctx)}"
    )
