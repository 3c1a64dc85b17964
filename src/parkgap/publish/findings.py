"""The report's first two pages: which parks, how many beds, what, where, for whom, how sure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import parkgap
from parkgap.publish.answers import CENTRE, Answers, Beds, Gap, Site, known_total, total
from parkgap.publish.firm import effect_text
from parkgap.publish.notices import whatif_mark
from parkgap.publish.pictures import Drawing
from parkgap.publish.report import (
    HEIGHT,
    Block,
    Bullets,
    Heading,
    Paragraph,
    Picture,
    Table,
    fitting,
    height_of,
    short,
)
from parkgap.publish.report_charts import Bar, Curve, curve_chart, gap_chart
from parkgap.publish.report_maps import overview_map
from parkgap.publish.shell import edition_mark
from parkgap.publish.words import NONE, Row, count, decimal, number, percent, plain, string

if TYPE_CHECKING:
    from parkgap.publish.fonts import Fonts
    from parkgap.publish.shell import Context

_GAPS_TOLD = 8  # items of the first page at most; the rest stands in the lists
_GAPS_NAMED = 3  # of them in the sentence above the table
_PARK_GAPS = 4
_SITES_TOLD = 2  # an item
_SITES_NAMED = 4  # items in the sentence above the table
_CHECKS = 3
_BARS = 10
_CURVES = 6


@dataclass(frozen=True)
class Given:
    """What the report's parts are made from: the pages' context, answers, fonts."""

    ctx: Context
    answers: Answers
    fonts: Fonts


def item_name(ctx: Context, item: str) -> str:
    """Name an item; a combined site is no item of the standard."""
    return ctx.t("report.centre") if item == CENTRE else short(ctx.words.item(item))


def park_name(ctx: Context, park: object) -> str:
    """Name a park; its id where nobody did."""
    row = ctx.ranking.get(string(park), {})
    return short(string(row.get("park_name")) or string(park))


def picture(ctx: Context, drawing: Drawing, alt: str, caption: str) -> Iterator[Block]:
    """Give a picture with its caption, and what numbered labels in it stand for."""
    yield Picture(drawing.svg, drawing.png, drawing.width, alt, drawing.height)
    yield Paragraph(caption, "caption")
    if drawing.told:
        told = (f"[{n}] {short(text, 90)}" for n, text in enumerate(drawing.told, start=1))
        said = ctx.t("report.numbers") + ctx.t("page.colon")
        yield Paragraph(said + ctx.t("page.semicolon").join(told), "note")


# --- the first page ------------------------------------------------------------------------------


def first_page(given: Given) -> Iterator[Block]:
    """Answer: which three parks, how many beds, what and where, for how many, how sure."""
    before, after = list(_before(given)), list(_after(given))
    yield from before
    if given.answers.gaps:
        room = HEIGHT - sum(height_of(block) for block in [*before, *after])
        yield from _gaps_blocks(given, room)
    yield from after


def _before(given: Given) -> Iterator[Block]:
    """Give title, marks, the answers in sentences, and the worst parks."""
    ctx, found, t = given.ctx, given.answers, given.ctx.t
    yield from _head(ctx)
    yield Heading(t("report.findings"), 2)
    yield Paragraph(_worst_text(ctx, found), "lead")
    if found.beds is not None:
        yield Paragraph(_beds_text(ctx, found.beds), "lead")
    said = [_gaps_text(ctx, found), *([_sites_text(ctx, found)] if found.sites else [])]
    yield Paragraph(sentences(ctx, said), "lead")
    if found.worst:
        yield Paragraph(t("report.table_worst"), "caption")
        yield _worst_table(ctx, found)


def _gaps_blocks(given: Given, room: float) -> Iterator[Block]:
    """Give the table of what is short, as far as `room` (millimetres) holds it, and its note."""
    ctx, found = given.ctx, given.answers
    caption = Paragraph(ctx.t("report.table_gaps"), "caption")
    note = Paragraph(_gaps_note(ctx, found, 0), "note")
    table = _gaps_table(ctx, found)
    empty = Table(table.headings, [], table.widths, table.figures)
    room -= sum(height_of(block) for block in (caption, note, empty))
    rows = fitting(table.rows, table.widths, room)
    yield caption
    yield Table(table.headings, rows, table.widths, table.figures)
    # a combined site stands first, and is no item
    listed = len(rows) - sum(s.item == CENTRE for s in found.sites[:1])
    yield Paragraph(_gaps_note(ctx, found, listed), "note")


def _after(given: Given) -> Iterator[Block]:
    """Say how sure it is, and what to check first."""
    ctx, found, t = given.ctx, given.answers, given.ctx.t
    yield Heading(t("report.sure"), 2)
    first = t("page.semicolon").join(_checks(ctx))
    checks = [t("report.check_first") + t("page.colon") + first] if first else []
    yield Bullets([*_sure_lines(ctx, found), *checks])


def _head(ctx: Context) -> Iterator[Block]:
    t, study, standard = ctx.t, ctx.results.study, ctx.results.standard
    unknown = t("about.unknown_date")
    rules = f"{standard.id}{t('page.comma')}{t('about.version')} {standard.version}"
    facts = [
        (t("about.data_date"), string(ctx.results.data_date) or unknown),
        (t("about.as_of"), string(study.as_of) or unknown),
        (
            t("about.standard"),
            t.pick(standard.title_zh, standard.title_en) + ctx.words.bracket(rules),
        ),
        (t("workbook.made_by"), f"parkgap {parkgap.__version__}"),
    ]
    yield Heading(short(study.title, 120) or short(study.name), 1)
    colon = t("page.colon")
    yield Paragraph(t("page.semicolon").join(f"{k}{colon}{v}" for k, v in facts), "meta")
    for mark in marks(ctx):
        yield Paragraph(mark, "mark")


def marks(ctx: Context) -> list[str]:
    """List what must stand on every result."""
    made_up = [ctx.t("notice.made_up")] if ctx.results.made_up else []
    plan = whatif_mark(ctx.results.study, ctx.t)
    return [*plan, *made_up, edition_mark(ctx), ctx.t("notice.screening")]


def _worst_text(ctx: Context, found: Answers) -> str:
    t = ctx.t
    if not found.worst:
        return t("workbook.worst_none")
    names = [
        t(
            "report.worst_one",
            rank=count(row["rank"]),
            name=park_name(ctx, row["park_id"]),
            workers=count(row["workers"]),
        )
        for row in found.worst
    ]
    workers = count(total(row["workers"] for row in found.worst))
    lacking = count(known_total(ctx.results.ranking["workers_lacking_core"]))
    return t(
        "report.worst",
        n=len(names),
        names=t("page.semicolon").join(names),
        workers=workers,
        lacking=lacking,
    )


def _beds_text(ctx: Context, beds: Beds) -> str:
    t = ctx.t
    low, middle, high = (count(v) for v in beds.need)
    if beds.short is None:
        said = [t("report.beds_unknown", n=beds.parks_unknown)]
    else:
        said = [t("report.beds", short=count(beds.short), worst=count(beds.worst))]
        if beds.at_most:
            said.append(t("housing.at_most"))
    if beds.need[1] is not None:
        said.append(t("report.beds_need", low=low, middle=middle, high=high))
    if beds.short is None:
        return sentences(ctx, said)
    if beds.short_after is not None:
        said.append(t("report.beds_after", n=count(beds.short_after)))
    if beds.parks_unknown:
        said.append(t("report.beds_not_known", n=beds.parks_unknown))
    if beds.parks_doubtful:
        said.append(t("report.beds_doubt", n=beds.parks_doubtful))
    return sentences(ctx, said)


def sentences(ctx: Context, said: Iterable[str]) -> str:
    """Put sentences one after another; Chinese ones need no space between."""
    return (" " if ctx.t.lang == "en" else "").join(s.strip() for s in said)


def _gaps_text(ctx: Context, found: Answers) -> str:
    t = ctx.t
    if not found.gaps:
        return t("report.gaps_none")
    named = []
    for gap in found.gaps[:_GAPS_NAMED]:
        key = "report.gap" if gap.unserved is not None else "report.gap_unknown"
        said = {"n": plain(gap.additions), "unit": ctx.words.word("unit", gap.unit)}
        said |= {"item": item_name(ctx, gap.item), "workers": count(gap.unserved)}
        named.append(t(key, **said))
    return t("report.gaps", n=len(found.gaps), gaps=t("page.semicolon").join(named))


def _sites_text(ctx: Context, found: Answers) -> str:
    items = list(dict.fromkeys(s.item for s in found.sites))
    listed = ctx.words.join(item_name(ctx, i) for i in items[:_SITES_NAMED])
    more = len(items) - _SITES_NAMED
    listed += ctx.t("report.more_items", n=more) if more > 0 else ""
    return ctx.t("report.sites", n=len(found.sites), items=listed)


def _worst_table(ctx: Context, found: Answers) -> Table:
    t = ctx.t
    housing = _by_park(ctx)
    headings = [
        *(t("fact.rank"), t("column.park_name"), t("fact.workers"), t("fact.score")),
        *([t("report.beds_short")] if housing else []),
        t("report.lacks"),
    ]
    rows = []
    for row in found.worst:
        park = string(row["park_id"])
        ranks = ctx.words.span(row["rank_low"], row["rank_high"], 0)
        span = ctx.words.span(row["score_low"], row["score_high"], 1)
        cells = [f"{count(row['rank'])}{ctx.words.bracket(ranks)}", park_name(ctx, park)]
        cells += [count(row["workers"]), f"{decimal(row['score'])}{ctx.words.bracket(span)}"]
        if housing:
            cells.append(count(housing.get(park, {}).get("beds_short")))
        rows.append([*cells, park_gaps(ctx, park)])
    widths = [0.07, 0.19, 0.095, 0.155, *([0.08] if housing else []), 0.0]
    widths[-1] = 1 - sum(widths)
    return Table(headings, rows, widths, frozenset({2, *({4} if housing else {})}))


def _by_park(ctx: Context) -> dict[str, Row]:
    rows = ctx.results.plans.housing.to_dict("records")
    return {string(row["park_id"]): row for row in rows}


def park_gaps(ctx: Context, park: str) -> str:
    """List what a park is confirmed short of, the heaviest first: items and fewest additions."""
    most: dict[str, tuple[float | None, str]] = {}
    for row in ctx.shortfall.get(park, []):
        if row["status"] != "short":
            continue
        n, (known, unit) = number(row["short_by"]), most.get(row["item"], (None, row["unit"]))
        most[row["item"]] = (n if known is None else max(known, n or 0.0), unit)
    said = [
        f"{item_name(ctx, i)} {plain(n)} {ctx.words.word('unit', unit)}"
        for i, (n, unit) in list(most.items())[:_PARK_GAPS]
    ]
    listed = ctx.t("page.semicolon").join(said) or NONE
    more = len(most) - len(said)
    return listed + (ctx.t("report.more_items", n=more) if more > 0 else "")


def _gaps_table(ctx: Context, found: Answers) -> Table:
    t = ctx.t
    headings = [
        *(t("column.item"), t("column.additions"), t("column.parks_short")),
        *(t("column.parks_unverified"), t("column.workers_unserved")),
    ]
    if found.sites:
        headings += [t("report.where"), t("report.gained")]
    combined = [s for s in found.sites if s.item == CENTRE]
    rows = []
    if combined:
        cells = [t("report.centre"), NONE, NONE, NONE, NONE]
        rows.append([*cells, _where(ctx, combined), count(total(s.workers for s in combined))])
    rows += [_gap_row(ctx, found, gap) for gap in found.gaps[:_GAPS_TOLD]]
    if found.sites:
        return Table(
            headings, rows, (0.2, 0.1, 0.09, 0.09, 0.1, 0.32, 0.1), frozenset(range(1, 5)) | {6}
        )
    return Table(headings, rows, (0.4, 0.15, 0.15, 0.15, 0.15), frozenset(range(1, 5)))


def _gap_row(ctx: Context, found: Answers, gap: Gap) -> list[str]:
    unit = ctx.words.word("unit", gap.unit)
    added = NONE if gap.additions is None else f"{plain(gap.additions)} {unit}"
    cells = [item_name(ctx, gap.item), added, count(gap.parks_short)]
    cells += [count(gap.parks_unverified), count(gap.unserved)]
    if found.sites:
        own = [s for s in found.sites if s.item == gap.item]
        gained = count(total(s.workers for s in own)) if own else NONE
        cells += [_where(ctx, own), gained]
    return cells


def _where(ctx: Context, sites: Sequence[Site]) -> str:
    t = ctx.t
    said = [f"{s.label} {place_text(ctx, s, radius=False)}" for s in sites[:_SITES_TOLD]]
    more = len(sites) - len(said)
    rest = t("report.more_sites", n=more) if more > 0 else ""
    return (t("page.semicolon").join(said) or NONE) + rest


def place_text(ctx: Context, site: Site, *, radius: bool = True) -> str:
    """Say where a site lies: near which parks, at what coordinates, within what radius."""
    names = [park_name(ctx, p) for p in site.park_ids[:2]]
    how = "report.inside" if site.inside else "report.near"
    near = ctx.t(how, names=ctx.words.join(names)) if names else ""
    digits = 3 if site.radius_m else 5  # of the middle of a search area no more is meant
    spot = f"{site.lon:.{digits}f}, {site.lat:.{digits}f}"
    if site.radius_m and radius:
        spot = ctx.t("report.place", spot=spot, radius=plain(site.radius_m))
    return near + spot


def _gaps_note(ctx: Context, found: Answers, listed: int) -> str:
    t = ctx.t
    level = t(f"area_level.{found.level}") if found.level else ""
    said = [t(f"report.summed_{found.summed}", level=level), t("report.confirmed_only")]
    more = len(found.gaps) - listed
    if more > 0:
        said.append(t("report.more_gaps", n=more))
    if found.sites:
        radii = sorted({s.radius_m for s in found.sites if s.radius_m})
        radius = ctx.words.join(plain(r) for r in radii)
        said.append(t("report.sites_note", radius=radius) if radii else t("report.plots_note"))
    for row in found.no_site[:_SITES_TOLD]:
        reason = ctx.words.word("site_reason", row.get("reason"))
        parks = ctx.words.join(park_name(ctx, p) for p in string(row["park_ids"]).split(";") if p)
        item = item_name(ctx, string(row["item"]))
        said.append(t("report.no_site", item=item, parks=parks or NONE, reason=reason or NONE))
    if len(found.no_site) > _SITES_TOLD:
        said.append(t("report.more_no_site", n=len(found.no_site) - _SITES_TOLD))
    return sentences(ctx, said)


# --- how sure ------------------------------------------------------------------------------------


def _sure_lines(ctx: Context, found: Answers) -> list[str]:
    t, sure = ctx.t, found.sure
    lines = [
        t(
            "report.sure_items",
            n=count(sure.unverified),
            total=count(sure.judged),
            share=percent(sure.unverified / sure.judged if sure.judged else None),
        ),
        t(
            "report.sure_parks",
            n=count(sure.parks),
            ranked=count(sure.ranked),
            verify=count(sure.to_verify),
            unknown=count(sure.unknown),
        ),
    ]
    firm = [ctx.firm[p][0] for p in (string(r["park_id"]) for r in found.worst) if p in ctx.firm]
    if firm:
        said = [
            t(
                "report.sure_rank",
                name=park_name(ctx, row["park_id"]),
                ranks=ctx.words.span(row["rank_low"], row["rank_high"], 0),
            )
            for row in firm
        ]
        draws = count(ctx.results.firm.tried.get("draws"))
        lines.append(t("report.sure_ranks", draws=draws, ranks=t("page.semicolon").join(said)))
    return lines


def _checks(ctx: Context) -> list[str]:
    rows = ctx.results.firm.to_check.head(_CHECKS).to_dict("records")
    return [
        ctx.t(
            "report.check",
            name=park_name(ctx, row["park_id"]),
            item=item_name(ctx, string(row["item"])),
            effect=effect_text(ctx, row),
        )
        for row in rows
    ]


# --- the second page -----------------------------------------------------------------------------


def second_page(given: Given) -> Iterator[Block]:
    """Show all parks, the most frequent gaps, and what more sites would serve."""
    ctx, found, t = given.ctx, given.answers, given.ctx.t
    yield Heading(t("report.shown"), 2, new_page=True)
    curves = _curves(ctx, found)
    drawing = overview_map(ctx, given.fonts, found.sites, (88.0, 104.0 if curves else 150.0))
    caption = t("report.figure_overview_sites" if found.sites else "report.figure_overview")
    yield from picture(ctx, drawing, t("report.alt_overview"), caption)
    bars = _bars(ctx, found)
    if bars:
        drawing = gap_chart(t, given.fonts, bars, 14 + 4.6 * len(bars))
        alt = t("report.alt_gaps") + t("page.semicolon").join(
            f"{b.name} {b.short} + {b.unverified}" for b in bars
        )
        yield from picture(ctx, drawing, alt, t("report.figure_gaps"))
    if curves:
        drawing = curve_chart(t, given.fonts, curves, 62.0)
        alt = t("report.alt_curve") + t("page.semicolon").join(
            f"{c.name} {c.sites[-1]}: {count(c.served[-1])}" for c in curves
        )
        yield from picture(ctx, drawing, alt, _curve_caption(ctx, curves))


def _bars(ctx: Context, found: Answers) -> list[Bar]:
    often = sorted(found.gaps, key=lambda g: (-g.parks_short, -g.parks_unverified))[:_BARS]
    return [Bar(item_name(ctx, g.item), g.parks_short, g.parks_unverified) for g in often]


def _curves(ctx: Context, found: Answers) -> list[Curve]:
    """Take the curves of the heaviest items."""
    frame = ctx.results.plans.curve.sort_values(["item", "sites"], kind="stable")
    order = {gap.item: n for n, gap in enumerate(found.gaps)}
    curves = [
        (
            order.get(str(item), len(order)),
            Curve(
                name=item_name(ctx, str(item)),
                sites=[int(v) for v in own["sites"]],
                served=[float(v) for v in own["workers_served"]],
                cost=[number(v) for v in own["cost"]],
            ),
        )
        for item, own in frame.groupby("item", sort=True)
    ]
    return [curve for _, curve in sorted(curves, key=lambda c: c[0])[:_CURVES]]


def _curve_caption(ctx: Context, curves: Sequence[Curve]) -> str:
    t, frame = ctx.t, ctx.results.plans.curve
    gap = number(frame["gap"].max())
    key = "report.figure_curve_cost" if any(c.priced for c in curves) else "report.figure_curve"
    # rounded up: what is proven to be within 0.2 % is not proven to be within 0 %
    share = percent(math.ceil(100 * (gap or 0.0)) / 100)
    proven = t("report.curve_gap", share=share) if gap else t("report.curve_optimal")
    return t(key) + proven
