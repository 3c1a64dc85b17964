"""The report's pages of single parks, and its appendix: method, assumptions, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from parkgap.publish.answers import total
from parkgap.publish.districts import Area, areas
from parkgap.publish.findings import Given, item_name, park_name, picture, place_text
from parkgap.publish.housed import SUPPLY, basis_said
from parkgap.publish.marks import gates, nearby
from parkgap.publish.overview import is_ranked, tier_text
from parkgap.publish.report import (
    HEIGHT,
    Block,
    Bullets,
    Heading,
    Paragraph,
    Table,
    fitting,
    height_of,
    short,
)
from parkgap.publish.report_maps import Around, park_map
from parkgap.publish.words import NONE, STATUSES, Row, count, number, percent, plain, string

if TYPE_CHECKING:
    from parkgap.publish.shell import Context

_SITES = 5  # told on a park's page
_MAP = 88.0  # millimetres: its height
_WIDTHS = (0.17, 0.11, 0.085, 0.095, 0.085, 0.14, 0.09, 0.225)
_AREAS, _AREA_GAPS = 30, 5


def park_pages(given: Given) -> Iterator[Block]:
    """Give a page for each of the ten worst parks: ranked ones, then as the ranking goes on."""
    ctx = given.ctx
    worst = ctx.park_ids[: ctx.results.study.report.parks]
    near, open_gates = nearby(ctx, worst), gates(ctx)
    for park in worst:
        sites = [s for s in given.answers.sites if park in s.park_ids]
        around = Around(park, near.get(park, []), open_gates.get(park, []), sites)
        head, lines = list(_head(given, around)), _besides(given, park)
        after = [Bullets(lines)] if lines else []
        yield from head
        room = HEIGHT - sum(height_of(block) for block in [*head, *after])
        yield from _table(given, park, room)
        yield from after


def _head(given: Given, around: Around) -> Iterator[Block]:
    """Give a park's name, main figures and map."""
    ctx, park = given.ctx, around.park
    row, name = ctx.ranking.get(park, {}), park_name(ctx, park)
    rank = count(row.get("rank")) if is_ranked(row) else ""
    title = ctx.t("report.park_ranked", rank=rank, name=name) if rank else name
    yield Heading(title, 2, new_page=True)
    yield Paragraph(ctx.t("page.semicolon").join(park_facts(ctx, park, row)), "body")
    drawing = park_map(ctx, given.fonts, around, _MAP)
    if drawing is not None:
        alt = ctx.t("report.alt_park", name=name)
        yield from picture(ctx, drawing, alt, _caption(ctx, around, name))


def _caption(ctx: Context, around: Around, name: str) -> str:
    return ctx.t("report.figure_park_sites" if around.sites else "report.figure_park", name=name)


def park_facts(ctx: Context, park: str, row: Row) -> list[str]:
    """Say a park's main figures, the more important first."""
    t, words = ctx.t, ctx.words
    basis = words.word("headcount_basis", row.get("headcount_basis"))
    area = words.join(
        dict.fromkeys(
            short(row.get(k)) for k in ("district", "subdistrict", "zone") if string(row.get(k))
        )
    )
    scores = words.span(row.get("score_low"), row.get("score_high"), 1)
    ranks = words.span(row.get("rank_low"), row.get("rank_high"), 0)
    facts = [
        ("workers", words.join([count(row.get("workers")), short(basis)])),
        ("score_range", scores),
        ("rank_range", ranks if is_ranked(row) else tier_text(ctx, row)),
        ("workers_lacking_core", count(row.get("workers_lacking_core"))),
        ("weight_unverified", percent(row.get("weight_unverified"))),
        ("area", area),
    ]
    colon = t("page.colon")
    return [f"{t(f'fact.{k}')}{colon}{v}" for k, v in facts if v and v != NONE]


def _table(given: Given, park: str, room: float) -> Iterator[Block]:
    """Give what a park is short of and what is to be verified, as far as the page holds it."""
    ctx, t = given.ctx, given.ctx.t
    rows = _merged(ctx.shortfall.get(park, []))
    if not rows:
        yield Paragraph(t("section.shortfall_none"))
        return
    headings = [
        *(t("column.item"), t("column.status"), t("report.found_of")),
        *(t("column.additions"), t("column.limit"), t("column.nearest_name")),
        *(t("column.workers_unserved"), t("report.clause_basis")),
    ]
    more = Paragraph(t("report.more_rows", n=len(rows)), "note")
    room -= height_of(Table(headings, [], _WIDTHS)) + height_of(more)
    shown = fitting([_row(ctx, row) for row in rows], _WIDTHS, room)
    yield Table(headings, shown, _WIDTHS, frozenset({2, 3, 4, 6}))
    if len(rows) > len(shown):
        yield Paragraph(t("report.more_rows", n=len(rows) - len(shown)), "note")


def _merged(rows: Sequence[Row]) -> list[dict[Any, Any]]:
    """Put the shifts of one finding together: their workers are others, and add up."""
    alike = (
        "item",
        "origin",
        "status",
        "reason_unverified",
        "needed",
        "found",
        "short_by",
        "limit",
    )
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(string(row[k]) for k in alike), []).append(row)
    return [
        {
            **several[0],
            "shifts": [string(r["shift"]) for r in several],
            "workers_unserved": total(r["workers_unserved"] for r in several),
        }
        for several in found.values()
    ]


def _row(ctx: Context, row: Row) -> list[str]:
    t, words = ctx.t, ctx.words
    shifts = [short(words.word("shift", s), 24) for s in row["shifts"] if s != "all"]
    origin = words.join([words.word("origin", row["origin"]), *shifts])
    reasons = [words.word("reason", r) for r in words.reasons(row.get("reason_unverified"))]
    why = words.bracket(words.join(reasons)) if reasons else ""
    walk = words.walk(row.get("nearest_min"), row.get("nearest_m"))
    name = short(row.get("nearest_name"), 30)
    nearest = NONE if walk == NONE and not name else f"{name or t('map.unnamed')} {walk}"
    missing = number(row.get("short_by"))
    unit = words.word("unit", row.get("unit"))
    basis = words.word("basis", row.get("basis"))
    clause = short(row.get("clause"), 90)
    return [
        f"{item_name(ctx, string(row['item']))}{words.bracket(origin)}",
        words.word("status", row["status"]) + why,
        f"{plain(row.get('found'))}/{plain(row.get('needed'))}",
        NONE if missing is None else f"{plain(missing)} {unit}",
        words.limit(row.get("limit"), row.get("limit_unit")),
        nearest,
        count(row.get("workers_unserved")),
        f"{clause}{words.bracket(basis)}" if basis else clause,
    ]


def _besides(given: Given, park: str) -> list[str]:
    """Say what else is known of a park: beds, sites, why something is unverified."""
    ctx, t = given.ctx, given.ctx.t
    lines = [*_beds_lines(ctx, park)]
    own = [site for site in given.answers.sites if park in site.park_ids]
    for site in own[:_SITES]:
        said = {"label": site.label, "item": item_name(ctx, site.item)}
        said |= {"place": place_text(ctx, site), "workers": count(site.workers)}
        lines.append(t("report.site_line", **said))
    if len(own) > _SITES:
        lines.append(t("report.sites_more", n=len(own) - _SITES))
    for row in given.answers.no_site:
        if park in string(row["park_ids"]).split(";"):
            reason = ctx.words.word("site_reason", row.get("reason")) or NONE
            item = item_name(ctx, string(row["item"]))
            lines.append(t("report.no_site", item=item, parks=park_name(ctx, park), reason=reason))
    reasons = Counter(
        reason
        for row in ctx.shortfall.get(park, [])
        if row["status"] == "unverified"
        for reason in ctx.words.reasons(row.get("reason_unverified"))
    )
    if reasons:
        why = (f"{ctx.words.word('reason', r)} {n}" for r, n in sorted(reasons.items()))
        lines.append(t("report.why") + t("page.colon") + ctx.words.join(why))
    return lines


def _beds_lines(ctx: Context, park: str) -> list[str]:
    frame = ctx.results.plans.housing
    rows = frame[frame["park_id"].map(string) == park].to_dict("records")
    if not rows:
        return []
    t, row = ctx.t, rows[0]
    need = [count(row[f"lodging_need{end}"]) for end in ("_low", "", "_high")]
    said = dict(zip(("low", "middle", "high"), need, strict=True))
    said |= {"housed": count(row["housed"]), "given": count(row["beds_allocated"])}
    said |= {"short": count(row["beds_short"]), "after": count(row["beds_short_after_pipeline"])}
    basis = short(basis_said(row["need_basis"], ctx.words), 120)
    if number(row["beds_short"]) is None:
        if row[SUPPLY] == "none":
            basis = ctx.words.word("housing_basis", "none")
        return [t("report.park_beds_unknown") + ctx.words.bracket(basis)]
    return [t("report.park_beds", **said) + ctx.words.bracket(basis)]


# --- appendix ------------------------------------------------------------------------------------


def appendix(given: Given) -> Iterator[Block]:
    """Give areas, method in short, the assumptions used, and the sources."""
    ctx, t = given.ctx, given.ctx.t
    yield Heading(t("report.appendix"), 2, new_page=True)
    yield from _areas(ctx)
    yield Heading(t("report.method"), 3)
    yield Bullets(_method(given))
    yield Heading(t("report.assumptions"), 3)
    yield Bullets(_assumptions(given))
    yield Table(
        [t("column.item"), t("report.tests_asked"), t("report.clause_basis")],
        _tests(ctx),
        (0.27, 0.25, 0.48),
    )
    yield Heading(t("report.sources"), 3)
    yield Bullets(_sources(ctx))
    warnings = [t.pick(zh, en) for zh, en in ctx.results.warnings]
    if warnings:
        yield Heading(t("section.warnings"), 3)
        yield Bullets(warnings)


def _areas(ctx: Context) -> Iterator[Block]:
    """Sum up by area, where a level has several: parks, workers, the heaviest gaps of each."""
    t, found = ctx.t, areas(ctx.results)
    levels = Counter(a.level for a in found)
    rows = [_area_row(ctx, area) for area in found if levels[area.level] > 1]
    if not rows:
        return
    yield Heading(t("sheet.areas"), 3)
    headings = [t("report.area"), t("column.parks"), t("column.workers"), t("report.area_gaps")]
    yield Table(headings, rows[:_AREAS], (0.24, 0.09, 0.11, 0.56), frozenset({1, 2}))
    yield Paragraph(t("report.areas_note"), "note")
    if len(rows) > _AREAS:
        yield Paragraph(t("report.more_areas", n=len(rows) - _AREAS), "note")


def _area_row(ctx: Context, area: Area) -> list[str]:
    gaps = [row for row in area.items.values() if row["parks_short"]]
    gaps.sort(key=lambda g: (-(number(g["workers_unserved"]) or 0.0), string(g["item"])))
    said = [_area_gap(ctx, gap) for gap in gaps[:_AREA_GAPS]]
    more = len(gaps) - len(said)
    if more > 0:
        said.append(ctx.t("report.more_area_gaps", n=more))
    return [
        f"{short(area.name)}{ctx.words.bracket(ctx.t(f'area_level.{area.level}'))}",
        count(area.parks),
        count(area.workers),
        ctx.t("page.semicolon").join(said) or NONE,
    ]


def _area_gap(ctx: Context, gap: Mapping[Any, Any]) -> str:
    unit = ctx.words.word("unit", gap["unit"])
    return f"{item_name(ctx, string(gap['item']))} {plain(gap['short_by'])} {unit}"


def _method(given: Given) -> list[str]:
    ctx, t = given.ctx, given.ctx.t
    lines = [t(f"report.method_{key}") for key in ("walk", "judge", "unverified", "rank", "fewest")]
    if given.answers.beds is not None:
        lines.append(t("report.method_beds"))
    if given.answers.sites:
        lines.append(t("report.method_sites"))
    lines += [
        f"{ctx.words.word('status', s)}{t('page.colon')}{t(f'status_help.{s}')}" for s in STATUSES
    ]
    return [*lines, t("notice.not_missing"), t("notice.privacy")]


def _assumptions(given: Given) -> list[str]:
    ctx, t = given.ctx, given.ctx.t
    changed = dict(ctx.results.standard.overrides)
    said = [f"{k} = {v}" for k, v in changed.items()] or [t("section.overrides_none")]
    lines = [t("section.overrides") + t("page.colon") + t("page.semicolon").join(said)]
    bases = dict.fromkeys(string(v) for v in ctx.results.plans.housing["need_basis"])
    lines += [
        t("report.need_basis") + t("page.colon") + basis_said(b, ctx.words)
        for b in list(bases)[:5]
        if b
    ]
    return [*lines, t("notice.assumption"), t("report.assumption_tests")]


def _tests(ctx: Context) -> list[list[str]]:
    """List every item's tests: limits and counts, clauses, basis."""
    t, words = ctx.t, ctx.words
    rows = []
    for category in ctx.results.standard.categories:
        for item in category.items:
            if item.level == "shown" or not item.tests:
                continue
            unit = t.pick(item.unit_zh, item.unit_en)
            asked = [f"{words.limit(x.limit, x.unit)} {plain(x.count)} {unit}" for x in item.tests]
            clauses: dict[str, None] = {}
            for x in item.tests:
                clause = t.pick(x.clause_zh, x.clause_en)
                clauses[f"{clause}{words.bracket(words.word('basis', x.basis))}"] = None
            rows.append(
                [
                    words.item(item.id),
                    t("page.semicolon").join(asked),
                    t("page.semicolon").join(clauses),
                ]
            )
    return rows


def _sources(ctx: Context) -> list[str]:
    """Name the documents that the items' tests cite, with how surely each was read."""
    t, standard = ctx.t, ctx.results.standard
    tests = [x for c in standard.categories for i in c.items if i.level != "shown" for x in i.tests]
    cited = {ref for test in tests for ref in test.ref}
    known = {key: source for key, source in standard.sources.items() if key in cited}
    grades = [g for g in "RSMA" if any(s.grade == g for s in known.values())]
    colon, semicolon = t("page.colon"), t("page.semicolon")
    lines = [t("notice.odbl_long")]
    lines += [f"[{source.grade}] {source.doc}" for source in known.values()]
    lines.append(semicolon.join(f"[{g}] {t(f'workbook.grade_{g}')}" for g in grades))
    inputs = sorted(ctx.results.inputs)
    if inputs:
        lines.append(t("report.inputs") + colon + ctx.words.join(short(n) for n in inputs[:30]))
    return [line for line in lines if line]
