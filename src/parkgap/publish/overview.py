"""The overview page: every park shaded by its score, and the ranked table beside the map."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from parkgap.publish.changespage import link
from parkgap.publish.firm import check_panel
from parkgap.publish.housed import overview_housing
from parkgap.publish.html import Cell, table, text
from parkgap.publish.several import overview_panel
from parkgap.publish.shell import (
    SCORE_COLOURS,
    SCORE_INKS,
    Context,
    footer,
    masthead,
    no_match,
    search_box,
)
from parkgap.publish.sites import site_switch
from parkgap.publish.switch import switch
from parkgap.publish.words import Row, count, decimal, figure_cell, number, string

UNCOUNTED = ("unknown_headcount", "withheld")  # only the headcount keeps them from a rank
HATCH, DOTTED = "url(#pg-hatch)", "url(#pg-dotted)"
_BLANK = "#eceff2"


def dotted(place: int) -> str:
    """Name the pattern of a score class for parks of unknown headcount: its colour, dotted."""
    return f"url(#pg-dotted-{place})"


def _patterns() -> str:
    """Define the patterns of unranked parks: hatched, and each score class with dots on it."""
    dots = [("pg-dotted", _BLANK, "#6c757d")] + [
        (f"pg-dotted-{i}", fill, ink)
        for i, (fill, ink) in enumerate(zip(SCORE_COLOURS, SCORE_INKS, strict=True))
    ]
    marks = "".join(
        f'<pattern id="{name}" width="7" height="7" patternUnits="userSpaceOnUse">'
        f'<rect width="7" height="7" fill="{fill}"/>'
        f'<circle cx="3.5" cy="3.5" r="1.4" fill="{ink}"/></pattern>'
        for name, fill, ink in dots
    )
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true" focusable="false">'
        '<defs><pattern id="pg-hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="7" height="7" fill="{_BLANK}"/>'
        f'<rect width="2.6" height="7" fill="#8a939c"/></pattern>{marks}</defs></svg>'
    )


def is_ranked(row: Row) -> bool:
    """Say whether a park has a rank."""
    return number(row.get("rank")) is not None


def shade(row: Row) -> tuple[str, str]:
    """Choose a park's fill and ink.

    By score where it is ranked; the same with dots where only the headcount keeps it from a
    rank; hatched grey where too much is to be verified, whatever the score: thin data must
    not look like a good park.
    """
    score = number(row.get("score"))
    if not is_ranked(row) and row.get("tier") not in UNCOUNTED:
        return HATCH, "#000000"
    if score is None:
        return DOTTED, "#000000"
    place = min(max(int(score // 20), 0), len(SCORE_COLOURS) - 1)
    return SCORE_COLOURS[place] if is_ranked(row) else dotted(place), SCORE_INKS[place]


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


def _row(ctx: Context, park_id: str, drawn: int | None) -> tuple[str, Sequence[Cell]]:
    """Build a park's row of the table; `drawn` is its place among the drawn parks."""
    row = ctx.ranking.get(park_id, {})
    area = ctx.words.join(
        dict.fromkeys(string(row.get(k)) for k in ("district", "subdistrict", "zone"))
    )
    name = name_of(ctx, park_id)
    link = f'<a href="parks/{quote(ctx.pages[park_id])}"><bdi>{text(name)}</bdi></a>'
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
        Cell(link + (f"<small><bdi>{text(area)}</bdi></small>" if area else ""), name),
        Cell(
            f"{swatch}{text(decimal(row.get('score')))}<small>{text(scores)}</small>",
            number(row.get("score")),
            "num",
        ),
        Cell(
            text(tier_text(ctx, row)) + _counts_html(ctx, park_id),
            tier_text(ctx, row),
            "status",
        ),
        figure_cell(row.get("workers"), count(row.get("workers"))),
        Cell(text(gaps or "—"), gaps or None, "wide"),
    ]
    return ("" if drawn is None else f' data-park="{drawn}"'), cells


def ranking_table(ctx: Context, drawn: dict[str, int]) -> str:
    """Build the table of parks; rows that are drawn light up their park on the map."""
    t = ctx.t
    headings = [
        (t("fact.rank"), "num"),
        (t("column.park_name"), ""),
        (t("fact.score"), "num"),
        (t("fact.status"), ""),
        (t("fact.workers"), "num"),
        (t("fact.top_gaps"), ""),
    ]
    rows = [_row(ctx, park, drawn.get(park)) for park in ctx.park_ids]
    return table(headings, rows, caption=t("section.parks"), ident="main-table", header_column=1)


def _uncounted(ctx: Context) -> str:
    """Say why parks are ranked by no headcount: nobody knows it, or the edition withholds it."""
    hidden = any(row.get("tier") == "withheld" for row in ctx.ranking.values())
    return ctx.t("map.legend_withheld" if hidden else "map.legend_unknown")


def _legend(ctx: Context, dots: Sequence[tuple[str, str, int]]) -> str:
    """Build the map's legend: score classes, unranked parks, facilities to switch on."""
    t = ctx.t
    entries = [
        (colour, t("map.legend_class", low=20 * i, high=20 * i + 20))
        for i, colour in enumerate(SCORE_COLOURS)
    ]
    entries += [(HATCH, t("map.legend_unverified")), (dotted(2), _uncounted(ctx))]
    classes = "".join(
        f'<li><svg class="swatch" aria-hidden="true"><rect width="22" height="14" '
        f'fill="{fill}"/></svg>{text(label)}</li>'
        for fill, label in entries
    )
    switches = "".join(
        f'<li><label><input type="checkbox" data-layer="c{i}">'
        f'<span class="spot" style="background:{colour}"></span>{text(label)}</label>'
        f'<span class="n">{count(n)}</span></li>'
        for i, (label, colour, n) in enumerate(dots)
    )
    places = (
        f"<details><summary>{text(t('map.places'))}</summary>"
        f'<ul class="legend">{switches}</ul></details>'
        if dots
        else ""
    )
    return (
        f'<details class="map-legend" open><summary>{text(t("map.legend_score"))}</summary>'
        f'<div class="inner"><ul class="legend">{classes}</ul>{site_switch(ctx)}{places}</div>'
        "</details>"
    )


def overview_body(
    ctx: Context, drawn: dict[str, int], dots: Sequence[tuple[str, str, int]], map_html: str
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
    """
    t, study = ctx.t, ctx.results.study
    total = t("map.parks_n", n=count(len(ctx.park_ids)))
    nav = link(ctx) + switch(ctx, "index.html")
    return (
        f"{masthead(ctx, study.title, t('page.overview'), nav)}\n{_patterns()}\n"
        f'<main><div class="split"><div class="panel mapbox">{map_html}{_legend(ctx, dots)}'
        f"<noscript>{text(t('notice.no_script'))}</noscript></div>\n"
        f'<div class="panel side"><div class="head"><h2>{text(t("section.parks"))}</h2>'
        f'<span class="sub">{text(total)}</span>'
        f"{search_box(ctx, 'main-table', t('map.search'))}</div>\n"
        f"{ranking_table(ctx, drawn)}{no_match(ctx, 'main-table')}</div></div>\n"
        f"{overview_housing(ctx)}{overview_panel(ctx)}{check_panel(ctx)}</main>\n"
        f"{footer(ctx)}"
    )
