"""What is assumed, on one drawer of the overview: each with its figure and its basis."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from parkgap.publish.html import Cell, table, text
from parkgap.publish.layers import MAX_UNVERIFIED
from parkgap.publish.words import count, percent, plain, string
from parkgap.standards.model import Number, Span

if TYPE_CHECKING:
    from parkgap.publish.shell import Context

_CHINESE = re.compile("[\u3400-\u9fff]")
Line = tuple[str, str, str, str]  # what, figure, basis, where it stands


def _cited(ctx: Context, figure: Number | Span) -> tuple[str, str]:
    """Say the basis of a standard's figure, and where it stands.

    Its clause; else the documents that it names; else the standard.  On an English page a document
    of Chinese name is told by its key in the standard, by which ``parkgap standard show`` knows it.
    """
    standard, basis = ctx.results.standard, str(figure.basis)
    if isinstance(figure, Number) and figure.clause_zh:
        return basis, ctx.t.pick(figure.clause_zh, figure.clause_en)
    known = {ref: standard.sources[ref].doc for ref in figure.ref if ref in standard.sources}
    docs = [ctx.t.pick(doc, ref if _CHINESE.search(doc) else doc) for ref, doc in known.items()]
    return basis, "; ".join(docs) or ctx.t.pick(standard.title_zh, standard.title_en)


def _hours(span: Span) -> str:
    """Write hours of the day: 07:00 to 20:00."""
    low, high = (f"{int(h):02d}:{round(h % 1 * 60):02d}" for h in span.v)
    return f"{low}–{high}"


def _walking(ctx: Context) -> Iterator[Line]:
    t, standard = ctx.t, ctx.results.standard
    speed = plain(standard.walk_speed.v)
    yield (t("assumed.speed"), t("assumed.per_min", n=speed), *_cited(ctx, standard.walk_speed))
    low, high = plain(standard.walk_speed_low.v), plain(standard.walk_speed_high.v)
    tried = t("assumed.per_min", n=t("format.range", low=low, high=high))
    ends = [_cited(ctx, f) for f in (standard.walk_speed_low, standard.walk_speed_high)]
    basis = "assumption" if any(b == "assumption" for b, _ in ends) else ends[0][0]
    where = "; ".join(dict.fromkeys(w for _, w in ends))
    yield (t("assumed.speed_range"), tried, basis, where)
    for name, figure in standard.bands.items():
        what = t("assumed.band", n=name.removeprefix("d"))
        yield (what, t("format.metres", n=plain(figure.v)), *_cited(ctx, figure))
    scale = standard.scale_workers
    yield (t("assumed.scale"), t("format.workers", n=count(scale.v)), *_cited(ctx, scale))


def _openness(ctx: Context) -> Iterator[Line]:
    t, hours = ctx.t, ctx.results.standard.hours
    if hours is None or not ctx.results.shifts:
        return  # without shifts nothing is judged by hours
    for category, span in hours.assumed.items():
        kind = t("assumed.other_kinds") if category == "default" else ctx.words.category(category)
        yield (t("assumed.open", kind=kind), _hours(span), *_cited(ctx, span))
    for name in ("before", "after", "break_length"):
        figure = getattr(hours, name)
        yield (t(f"assumed.{name}"), t("format.minutes", n=plain(figure.v)), *_cited(ctx, figure))
    yield (t("assumed.rest"), _hours(hours.rest), *_cited(ctx, hours.rest))


def _thresholds(ctx: Context) -> Iterator[Line]:
    t, study = ctx.t, ctx.results.study
    own = "assumption", t("assumed.program")
    yield (t("assumed.unverified"), percent(MAX_UNVERIFIED), *own)
    settings = (
        ("privacy", "min_workers", "format.workers"),
        ("walking", "snap_m", "format.metres"),
        ("reach", "limit_m", "format.metres"),
    )
    for section, key, unit in settings:
        said = getattr(study, section, None)
        value = getattr(said, key, None)
        if said is not None and value is not None:
            # by its value: a run that is repeated from its record has every key set
            fields = getattr(type(said), "model_fields", {})
            given = key in fields and value != fields[key].default
            basis = "" if given else "assumption"
            yield (t(f"assumed.{key}"), t(unit, n=plain(value)), basis, f"[{section}] {key}")


def _headcounts(ctx: Context) -> Iterator[Line]:
    t = ctx.t
    rows = [ctx.ranking.get(park, {}) for park in ctx.park_ids]
    bases = Counter(string(row.get("headcount_basis")) for row in rows)
    unsaid = bases.pop("", 0)
    for basis in sorted(bases):
        said = ctx.words.word("headcount_basis", basis)
        what = f"{t('fact.headcount_basis')}{t('page.colon')}{said}"
        yield (what, t("map.parks_n", n=bases[basis]), "", t("assumed.tables"))
    if unsaid:
        yield (t("assumed.no_basis"), t("map.parks_n", n=unsaid), "", t("assumed.tables"))


def _overrides(ctx: Context) -> Iterator[Line]:
    t = ctx.t
    for name, value in ctx.results.standard.overrides.items():
        what = f"{t('section.overrides')}{t('page.colon')}{name}"
        yield (what, string(value), "", "study.toml")


def assumptions(ctx: Context) -> list[Line]:
    """List what is assumed: walking, hours, thresholds, headcounts, and what the study changed."""
    parts = (_overrides, _walking, _openness, _thresholds, _headcounts)
    return [line for part in parts for line in part(ctx)]


def drawer(ctx: Context) -> str:
    """Build the drawer, closed at first; its table can be reached by ``#assumptions``."""
    t = ctx.t
    headings = [(t(f"assumed.head_{name}"), "") for name in ("what", "figure", "basis", "where")]
    rows = []
    for what, figure, basis, where in assumptions(ctx):
        said = ctx.words.word("basis", basis) if basis else t("assumed.given")
        css = f"badge {basis}" if basis else "badge"
        rows.append(
            (
                "",
                [
                    Cell(f"<bdi>{text(what)}</bdi>", what),
                    Cell(f"<bdi>{text(figure)}</bdi>", figure),
                    Cell(f'<span class="{css}">{text(said)}</span>', said),
                    Cell(f"<bdi>{text(where)}</bdi>", where, "wide"),
                ],
            )
        )
    grid = table(headings, rows, caption=t("assumed.title"), ident="assumptions-table")
    return (
        f'<details class="panel drawer" id="assumptions"><summary>{text(t("assumed.title"))}'
        f"</summary><p>{text(t('assumed.note'))}</p>{grid}</details>\n"
    )
