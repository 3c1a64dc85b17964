"""A park's page: its map, what it is short of, why something is not known, and the grounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from parkgap.publish.areas import area_switch
from parkgap.publish.buses import shuttles_panel, timetable_panel
from parkgap.publish.clusters import cluster_panel, cluster_switch
from parkgap.publish.competing import capacity_panel
from parkgap.publish.contents import Panels, contents, panels_html, place_list
from parkgap.publish.firm import firm_panel, thin_categories
from parkgap.publish.homes import home_switch
from parkgap.publish.housed import housing_panel, housing_switch
from parkgap.publish.html import Cell, table, text
from parkgap.publish.overview import UNCOUNTED, counts_text, name_of, tier_text
from parkgap.publish.several import park_panel
from parkgap.publish.shell import (
    CATEGORY_COLOURS,
    OTHER_COLOUR,
    Context,
    footer,
    masthead,
    no_match,
    search_box,
)
from parkgap.publish.shifts import shift_choice
from parkgap.publish.sites import site_switch, sites_panel
from parkgap.publish.switch import switch
from parkgap.publish.transit import transit_panel
from parkgap.publish.words import (
    NONE,
    REASONS,
    STATUSES,
    Row,
    count,
    decimal,
    figure_cell,
    number,
    percent,
    plain,
    string,
)

GAPS = ("short", "unverified")
GATE_KINDS = ("given", "mapped", "derived", "nearest_street")


def category_colour(place: int) -> tuple[str, str]:
    """Choose fill and ink of the standard's category number `place`."""
    return CATEGORY_COLOURS[place] if place < len(CATEGORY_COLOURS) else OTHER_COLOUR


def _facts(ctx: Context, park_id: str) -> str:
    """Build the strip of a park's main figures."""
    t, words, row = ctx.t, ctx.words, ctx.ranking.get(park_id, {})
    ranks = words.span(row.get("rank_low"), row.get("rank_high"), 0)
    scores = words.span(row.get("score_low"), row.get("score_high"), 1)
    basis = words.word("headcount_basis", row.get("headcount_basis"))
    severity = f"{t('fact.rank_severity')} {count(row.get('rank_severity'))}"
    # label, figure, what stands small below it
    figures = [
        ("rank", count(row.get("rank")), [tier_text(ctx, row), f"{t('fact.rank_range')} {ranks}"]),
        ("score", decimal(row.get("score")), [f"{t('fact.score_range')} {scores}", severity]),
        ("score_work", decimal(row.get("score_work")), []),
        ("score_home", decimal(row.get("score_home")), []),
        ("workers", count(row.get("workers")), [basis]),
        ("workers_lacking_core", count(row.get("workers_lacking_core")), []),
        ("weight_unverified", percent(row.get("weight_unverified")), [counts_text(ctx, park_id)]),
    ]
    cards = [
        f'<div><dt>{text(t(f"fact.{key}"))}</dt><dd><span class="big">{text(shown)}</span>'
        + "".join(f"<small>{text(note)}</small>" for note in notes if note)
        + "</dd></div>"
        for key, shown, notes in figures
    ]
    cards += [
        f'<div class="long"><dt>{text(t(f"fact.{key}"))}</dt>'
        f"<dd>{text(words.listed(row.get(key)) or NONE)}</dd></div>"
        for key in ("core_missing", "top_gaps")
    ]
    return (
        f'<section class="panel facts"><h2 class="hidden">{text(t("section.summary"))}</h2>'
        f"<dl>{''.join(cards)}</dl></section>"
    )


def _planned_layer(ctx: Context, planned: Mapping[str, int]) -> str:
    """Build the switch of what is planned; nothing where nothing is."""
    if not planned:
        return ""
    t = ctx.t
    entries = "".join(
        f'<li><span class="planned" aria-hidden="true"></span>{text(status)}'
        f'<span class="n">{count(n)}</span></li>'
        for status, n in planned.items()
    )
    return (
        f'<div class="tools"><h2>{text(t("map.planned"))}</h2><label>'
        f'<input type="checkbox" data-layer="planned" checked> {text(t("map.show"))}</label></div>'
        f'<ul class="legend">{entries}</ul>'
    )


def _layers(
    ctx: Context,
    park_id: str,
    counts: Sequence[int],
    gates: Mapping[str, int],
    planned: Mapping[str, int],
) -> str:
    """Build the switches of the map's layers, which are its legend too."""
    t, words = ctx.t, ctx.words
    entries = []
    for i, (category, label) in enumerate(words.categories.items()):
        if not counts[i]:
            continue
        fill, ink = category_colour(i)
        on = "" if words.category_levels[category] == "shown" else " checked"
        entries.append(
            f'<li><label><input type="checkbox" data-layer="c{i}"{on}>'
            f'<span class="dot" style="background:{fill};color:{ink}" aria-hidden="true">'
            f"{text(words.glyph(category))}</span>{text(label)}</label>"
            f'<span class="n" data-count="{i}">{count(counts[i])}</span></li>'
        )
    if not entries:
        entries.append(f'<li class="empty">{text(t("section.facilities_none"))}</li>')
    kinds = (
        "".join(
            f'<li><span class="gate {kind}" aria-hidden="true">{text(t("glyph.gate"))}</span>'
            f'{text(t(f"gate.{kind}"))}<span class="n">{count(gates[kind])}</span></li>'
            for kind in GATE_KINDS
            if gates.get(kind)
        )
        or f'<li class="empty">{text(t("section.gates_none"))}</li>'
    )
    return (
        f'<div class="layers">{shift_choice(ctx, park_id)}'
        f'<div class="tools"><h2>{text(t("map.facilities"))}</h2><span>'
        f'<button type="button" class="small" data-all="1">{text(t("map.all_on"))}</button> '
        f'<button type="button" class="small" data-all="0">{text(t("map.all_off"))}</button>'
        f'</span></div><ul class="legend">{"".join(entries)}</ul>'
        f'<div class="tools"><h2>{text(t("map.legend_gates"))}</h2><label>'
        f'<input type="checkbox" data-layer="gates" checked> {text(t("map.show"))}</label></div>'
        f'<ul class="legend">{kinds}</ul>{area_switch(ctx, park_id)}{_planned_layer(ctx, planned)}'
        f"{cluster_switch(ctx, park_id)}{housing_switch(ctx, park_id)}"
        f"{site_switch(ctx, park_id)}{home_switch(ctx, park_id)}</div>"
    )


def _item_cell(ctx: Context, row: Row) -> Cell:
    words = ctx.words
    item = words.item(row["item"])
    coming = ctx.besides.coming(row["park_id"], row["item"]) if row["status"] in GAPS else ()
    notes = "".join(f'<small class="coming"><bdi>{text(said)}</bdi></small>' for said in coming)
    category = f"<small>{text(words.category(row['category']))}</small>"
    return Cell(f"{text(item)}{category}{notes}", item)


def _department_cell(ctx: Context, row: Row) -> Cell:
    names = ctx.besides.departments(row["item"])
    return Cell(f"<bdi>{text(names or NONE)}</bdi>", names or None)


def _origin_cell(ctx: Context, row: Row) -> Cell:
    origin = ctx.words.word("origin", row["origin"])
    shift = ctx.words.word("shift", row["shift"])
    shown = f"{text(origin)}<small><bdi>{text(shift)}</bdi></small>"
    return Cell(shown, f"{origin} {shift}", "nowrap")


def _status_cell(ctx: Context, row: Row) -> Cell:
    status = string(row["status"])
    reasons = [ctx.words.word("reason", r) for r in ctx.words.reasons(row.get("reason_unverified"))]
    why = f"<small>{text(ctx.words.join(reasons))}</small>" if reasons else ""
    order = STATUSES.index(status) if status in STATUSES else len(STATUSES)
    return Cell(ctx.words.chip(status) + why, float(order))


def _found_cell(ctx: Context, row: Row) -> Cell:
    inside = number(row.get("found_inside"))
    note = f"{ctx.t('column.found_inside')} {plain(inside)}" if inside else ""
    return Cell(
        text(plain(row.get("found"))) + (f"<small>{text(note)}</small>" if note else ""),
        number(row.get("found")),
        "num",
    )


def _limit_cell(ctx: Context, row: Row) -> Cell:
    """Show the binding limit, and below it each test where there is more than one."""
    tests = ctx.words.tests(row.get("tests"))
    each = "".join(f"<small>{text(test)}</small>" for test in tests) if len(tests) > 1 else ""
    limit = ctx.words.limit(row.get("limit"), row.get("limit_unit"))
    return Cell(text(limit) + each, number(row.get("limit")), "num")


def _nearest_cell(ctx: Context, row: Row) -> Cell:
    name = string(row.get("nearest_name"))
    walk = ctx.words.walk(row.get("nearest_min"), row.get("nearest_m"))
    if walk == NONE and not name:
        return Cell(NONE)
    name = name or ctx.t("map.unnamed")
    return Cell(
        f"<bdi>{text(name)}</bdi><small>{text(walk)}</small>", number(row.get("nearest_min"))
    )


def _clause_cell(ctx: Context, row: Row) -> Cell:
    basis = string(row.get("basis"))
    css = "badge assumption" if basis == "assumption" else "badge"
    badge = f'<span class="{css}">{text(ctx.words.word("basis", basis))}</span> ' if basis else ""
    return Cell(f"{badge}{text(string(row.get('clause')))}", string(row.get("clause")), "wide")


def _unit(row: Row, shown: str) -> str:
    unit = string(row.get("unit"))
    return f"{shown} {unit}" if unit and shown != NONE else shown


def shortfall_table(ctx: Context, park_id: str) -> str:
    """Build the table of what is short or to be verified, worst first."""
    t, rows = ctx.t, ctx.shortfall.get(park_id, [])
    if not rows:
        return f'<p class="empty">{text(t("section.shortfall_none"))}</p>'
    headings = [
        (t("column.status"), "num left"),
        (t("column.item"), ""),
        (t("column.origin"), ""),
        (t("column.needed"), "num"),
        (t("column.found"), "num"),
        (t("column.short_by"), "num"),
        (t("column.limit"), "num"),
        (t("column.nearest_name"), "num left"),
        (t("column.workers_unserved"), "num"),
        *([(t("column.department"), "")] if ctx.besides.has_owners else []),
        (t("column.clause"), ""),
    ]
    body = [
        (
            "",
            [
                _status_cell(ctx, row),
                _item_cell(ctx, row),
                _origin_cell(ctx, row),
                figure_cell(row.get("needed"), plain(row.get("needed"))),
                _found_cell(ctx, row),
                figure_cell(row.get("short_by"), _unit(row, plain(row.get("short_by")))),
                _limit_cell(ctx, row),
                _nearest_cell(ctx, row),
                figure_cell(row.get("workers_unserved"), count(row.get("workers_unserved"))),
                *([_department_cell(ctx, row)] if ctx.besides.has_owners else []),
                _clause_cell(ctx, row),
            ],
        )
        for row in rows
    ]
    caption = t("section.shortfall")
    return table(headings, body, caption=caption, ident="main-table", header_column=1)


def all_items_table(ctx: Context, park_id: str) -> str:
    """Build the table of every item judged, whatever its status, with each of its tests."""
    t, rows = ctx.t, ctx.assessment.get(park_id, [])
    if not rows:
        return ""
    headings = [
        (t("column.item"), ""),
        (t("column.level"), ""),
        (t("column.origin"), ""),
        (t("column.status"), "num left"),
        (t("column.needed"), "num"),
        (t("column.found"), "num"),
        (t("column.nearest_name"), "num left"),
        (t("column.served_share"), "num"),
        (t("column.tests"), ""),
        (t("column.clause"), ""),
    ]
    places = {c: i for i, c in enumerate(ctx.words.categories)}
    ordered = sorted(rows, key=lambda r: places.get(string(r["category"]), len(places)))
    body = []
    for row in ordered:
        level = ctx.words.word("level", row.get("level"))
        tests = ctx.words.tests(row.get("tests"))
        cells = [
            _item_cell(ctx, row),
            Cell(text(level), level, "nowrap"),
            _origin_cell(ctx, row),
            _status_cell(ctx, row),
            figure_cell(row.get("needed"), plain(row.get("needed"))),
            _found_cell(ctx, row),
            _nearest_cell(ctx, row),
            figure_cell(row.get("served_share"), percent(row.get("served_share"))),
            Cell("<br>".join(text(test) for test in tests) or NONE, None, "nowrap"),
            _clause_cell(ctx, row),
        ]
        body.append(("", cells))
    grid = table(headings, body, caption=t("section.all_items"), ident="all-items")
    return (
        f'<section class="panel"><details><summary><h2>{text(t("section.all_items"))}'
        f"{text(ctx.words.bracket(t('map.rows_n', n=len(rows))))}</h2></summary>"
        f'<div class="head">{search_box(ctx, "all-items", t("map.search_rows"))}</div>'
        f"{grid}{no_match(ctx, 'all-items')}</details></section>"
    )


def _why(ctx: Context, park_id: str) -> str:
    """Say in plain words why items of this park are unverified, reason by reason."""
    t, words = ctx.t, ctx.words
    concerned: dict[str, dict[str, None]] = {}
    for row in ctx.assessment.get(park_id) or ctx.shortfall.get(park_id, []):
        if row["status"] == "unverified":
            for reason in words.reasons(row.get("reason_unverified")):
                concerned.setdefault(reason, {})[words.item(row["item"])] = None
    blocks = []
    ranking = ctx.ranking.get(park_id, {})
    tier = string(ranking.get("tier"))
    if number(ranking.get("rank")) is None and tier in ("unverified", *UNCOUNTED):
        share = percent(ranking.get("weight_unverified"))
        blocks.append(f"<p><strong>{text(t(f'tier_help.{tier}', share=share))}</strong></p>")
    known = [r for r in REASONS if r in concerned]
    for reason in known + [r for r in concerned if r not in REASONS]:
        items = list(concerned[reason])
        help_text = (
            t(f"reason_help.{reason}") if reason in REASONS else t("reason_help.other", code=reason)
        )
        blocks.append(
            f"<h3>{text(words.word('reason', reason))} "
            f'<span class="count">{len(items)}</span></h3><p>{text(help_text)}</p>'
            f"<p>{text(t('section.why_items'))}{text(t('page.colon'))}{text(words.join(items))}</p>"
        )
    if not blocks:
        blocks.append(f'<p class="empty">{text(t("section.why_none"))}</p>')
    body = "".join(blocks)
    return f'<section class="panel why"><h2>{text(t("section.why"))}</h2>{body}</section>'


def _completeness(ctx: Context, park_id: str) -> str:
    """Show how well the surroundings are mapped."""
    t, rows = ctx.t, ctx.completeness.get(park_id, [])
    title = f"<h2>{text(t('section.completeness'))}</h2>"
    if not rows:
        none = text(t("section.completeness_none"))
        return f'<section class="panel">{title}<p class="empty">{none}</p></section>'
    headings = [
        (t("column.kind"), ""),
        (t("column.places"), "num"),
        (t("column.buildings_ha"), "num"),
        (t("column.streets_km"), "num"),
        (t("column.edit_age"), "num"),
        (t("column.fallbacks"), "num"),
        (t("column.index"), "num"),
        (t("column.certainty"), "num"),
        (t("column.thin"), ""),
        (t("column.cut"), ""),
    ]
    body = []
    for row in rows:
        kind = ctx.words.word("completeness", row["kind"])
        thin = t("completeness.thin_yes" if row["thin"] else "completeness.thin_no")
        cut = t("completeness.cut_yes" if row["cut"] else "completeness.cut_no")
        cells = [
            Cell(text(kind), kind),
            figure_cell(row["places"], count(row["places"])),
            figure_cell(row["buildings_ha"], decimal(row["buildings_ha"])),
            figure_cell(row["streets_km"], decimal(row["streets_km"])),
            figure_cell(row.get("edit_age"), decimal(row.get("edit_age"))),
            figure_cell(row.get("fallbacks"), percent(row.get("fallbacks"))),
            figure_cell(row["index"], decimal(row["index"], 2)),
            figure_cell(row.get("certainty"), decimal(row.get("certainty"), 2)),
            Cell(text(thin), thin),
            Cell(text(cut), cut),
        ]
        body.append(("", cells))
    grid = table(headings, body, caption=t("section.completeness"), ident="completeness")
    return f'<section class="panel">{title}{grid}{thin_categories(ctx, park_id)}</section>'


def _area(ctx: Context, park_id: str) -> str:
    row = ctx.ranking.get(park_id, {})
    parts: Iterable[str] = (string(row.get(k)) for k in ("district", "subdistrict", "zone"))
    return ctx.words.join(dict.fromkeys(parts))


def park_body(
    ctx: Context,
    park_id: str,
    counts: Sequence[int],
    gates: Mapping[str, int],
    map_html: str,
    planned: Mapping[str, int],
) -> str:
    """Build a park page's body.

    Parameters
    ----------
    ctx
        What the pages are made from.
    park_id
        The park.
    counts
        Number of facilities in reach, by the standard's categories.
    gates
        Number of gates by kind.
    map_html
        The map's element, from folium.
    planned
        Number of planned places on the map, by how far they have come.
    """
    t = ctx.t
    sub = ctx.words.join([_area(ctx, park_id), park_id])
    back = f'<nav><a href="../index.html">{text(t("page.back"))}</a></nav>'
    back += switch(ctx, f"parks/{ctx.pages[park_id]}")
    study = f"{ctx.results.study.title}{t('page.semicolon')}{sub}"
    panels = _panels(ctx, park_id, sum(counts))
    return (
        f"{masthead(ctx, name_of(ctx, park_id), study, back)}\n"
        f"<main>{_facts(ctx, park_id)}{contents(ctx, panels)}"
        f'<div class="split"><div class="panel mapbox">{map_html}'
        f"<noscript>{text(t('notice.no_script'))}</noscript></div>\n"
        f'<div class="panel side">{_layers(ctx, park_id, counts, gates, planned)}</div></div>\n'
        f"{panels_html(panels)}</main>\n{footer(ctx)}"
    )


def _panels(ctx: Context, park_id: str, places: int) -> Panels:
    """Make the panels below the map: what is short, what helps, why it is not known, the rest."""
    t = ctx.t
    shortfall = (
        f'<section class="panel"><div class="head"><h2>{text(t("section.shortfall"))}</h2>'
        f"{search_box(ctx, 'main-table', t('map.search_rows'))}</div>"
        f"{shortfall_table(ctx, park_id)}{no_match(ctx, 'main-table')}</section>"
    )
    return [
        ("shortfall", shortfall),
        ("beds", housing_panel(ctx, park_id)),
        ("where-to-build", sites_panel(ctx, park_id)),
        ("why", _why(ctx, park_id)),
        ("capacity", capacity_panel(ctx, park_id)),
        ("cluster", cluster_panel(ctx, park_id)),
        ("transit", transit_panel(ctx, park_id)),
        ("shuttles", shuttles_panel(ctx, park_id)),
        ("timetable", timetable_panel(ctx, park_id)),
        ("standards", park_panel(ctx, park_id)),
        ("firmness", firm_panel(ctx, park_id)),
        ("mapping", _completeness(ctx, park_id)),
        ("places", place_list(ctx, places)),
        ("every-item", all_items_table(ctx, park_id)),
    ]
