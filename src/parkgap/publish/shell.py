"""What all pages share: what they are made from, the heading, the words at the foot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parkgap.publish.beside import Besides
from parkgap.publish.html import definitions, page_names, text
from parkgap.publish.notices import whatif_mark
from parkgap.publish.shifts import ParkShifts
from parkgap.publish.text import Text
from parkgap.publish.words import STATUSES, Row, Words, string

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.results import Results

# ColorBrewer's YlOrBr in five classes, dark for low scores: sequential, safe for the
# colour-blind, and apart from the ground's blue, green and grey.
SCORE_COLOURS = ("#993404", "#d95f0e", "#fe9929", "#fed98e", "#ffffd4")
SCORE_INKS = ("#ffffff", "#ffffff", "#000000", "#000000", "#000000")
# Okabe and Ito's colours for the first categories of a standard; the others share a grey
# and are told apart by their letter.
CATEGORY_COLOURS = (
    ("#d55e00", "#ffffff"),
    ("#0072b2", "#ffffff"),
    ("#009e73", "#ffffff"),
    ("#e69f00", "#000000"),
    ("#cc79a7", "#000000"),
    ("#56b4e9", "#000000"),
)
OTHER_COLOUR = ("#5b6168", "#ffffff")


def bucket(frame: pd.DataFrame) -> dict[str, list[Row]]:
    """Sort a frame's rows by park, order kept."""
    found: dict[str, list[Row]] = {}
    for row in frame.to_dict("records"):
        found.setdefault(str(row["park_id"]), []).append(row)
    return found


@dataclass(frozen=True)
class Context:
    """What the pages of one run are made from.

    Attributes
    ----------
    results
        What was found.
    t, words
        The study's language.
    pages
        Park id to the file name of its page.
    ranking
        Park id to its row of the ranking.
    shortfall, assessment, completeness
        Park id to its rows.
    besides
        What the office's lists say besides.
    firm, sets, certainty
        Park id to its rows of how firm its rank is, of the weight sets, and of the categories.
    homes
        Park id to its rows of the squares in which its workers live.
    shifts
        What is told of the parks' shifts.
    home, other
        From the folder of these pages to the result folder, and to that of the pages in the other
        language; None: there are none.
    """

    results: Results
    t: Text
    words: Words
    pages: Mapping[str, str]
    ranking: Mapping[str, Row]
    shortfall: Mapping[str, list[Row]]
    assessment: Mapping[str, list[Row]]
    completeness: Mapping[str, list[Row]]
    besides: Besides
    firm: Mapping[str, list[Row]]
    sets: Mapping[str, list[Row]]
    certainty: Mapping[str, list[Row]]
    homes: Mapping[str, list[Row]]
    shifts: ParkShifts
    home: str = ""
    other: str | None = None

    @property
    def park_ids(self) -> list[str]:
        """Every park once: as ranked, then those that the ranking does not hold."""
        known = dict.fromkeys(str(p) for p in self.results.parks["park_id"])
        ranked = [p for p in self.ranking if p in known]
        return ranked + [p for p in known if p not in self.ranking]


def context(results: Results) -> Context:
    """Prepare what all pages need, once."""
    t = Text(results.study.language)
    words = Words(t, results.standard)
    return Context(
        results=results,
        t=t,
        words=words,
        besides=Besides(results, words),
        pages=page_names(str(p) for p in results.parks["park_id"]),
        ranking={park: rows[0] for park, rows in bucket(results.ranking).items()},
        shortfall=bucket(results.shortfall),
        assessment=bucket(results.assessment),
        completeness=bucket(results.completeness),
        firm=bucket(results.firm.parks),
        sets=bucket(results.firm.sets),
        certainty=bucket(results.certainty),
        homes=bucket(results.around.home_cells),
        shifts=ParkShifts.of(results.around),
    )


def edition_mark(ctx: Context) -> str:
    """Say which edition this is: not reviewed, or with the number of its map review."""
    study = ctx.results.study
    if study.edition == "public":
        return ctx.t("notice.public", number=string(getattr(study, "map_review_no", None)) or "—")
    return ctx.t("notice.internal")


def map_marks(ctx: Context) -> list[str]:
    """List what stands on the map itself, so that a cut-out of it still says it."""
    made_up = [ctx.t("notice.made_up")] if ctx.results.made_up else []
    return [*whatif_mark(ctx.results.study, ctx.t), edition_mark(ctx), *made_up]


def masthead(ctx: Context, title: str, sub: str, nav: str = "") -> str:
    """Build the heading of a page; `nav` is HTML, the rest is escaped here."""
    t = ctx.t
    marks = [("edition", edition_mark(ctx)), ("screening", t("notice.screening"))]
    if ctx.results.made_up:
        marks.insert(0, ("made-up", t("notice.made_up")))
    marks = [*(("whatif", said) for said in whatif_mark(ctx.results.study, t)), *marks]
    shown = "".join(f'<span class="mark {css}">{text(words)}</span>' for css, words in marks)
    return (
        f'<a class="skip" href="#main-table">{text(t("page.skip_to_table"))}</a>\n'
        f'<header><div class="bar"><h1><bdi>{text(title)}</bdi></h1>'
        f'<span class="sub"><bdi>{text(sub)}</bdi></span>{nav}</div>'
        f'<div class="marks">{shown}</div></header>'
    )


def _overrides(ctx: Context) -> str:
    """List the figures of the standard that this study changed."""
    changed = dict(ctx.results.standard.overrides)
    if not changed:
        return text(ctx.t("section.overrides_none"))
    return "<br>".join(f"<code>{text(k)} = {text(v)}</code>" for k, v in changed.items())


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"


def footer(ctx: Context) -> str:
    """Build the foot of a page: data, standard, credit, and what the words mean."""
    t, study, standard = ctx.t, ctx.results.study, ctx.results.standard
    title = t.pick(standard.title_zh, standard.title_en)
    version = f"{standard.id}, {t('about.version')} {standard.version}"
    facts = [
        (t("about.data_date"), text(ctx.results.data_date or t("about.unknown_date"))),
        (t("about.as_of"), text(string(study.as_of) or t("about.unknown_date"))),
        (t("about.standard"), text(f"{title}{ctx.words.bracket(version)}")),
        (t("section.overrides"), _overrides(ctx)),
        (t("about.edition"), text(t(f"about.{study.edition}"))),
    ]
    warnings = [t.pick(zh, en) for zh, en in ctx.results.warnings]
    noted = (
        f"<section class='panel'><h2>{text(t('section.warnings'))}</h2>{_list(warnings)}</section>"
        if warnings
        else ""
    )
    meaning = "".join(
        f"<p>{text(t(f'notice.{key}'))}</p>" for key in ("not_missing", "assumption", "privacy")
    )
    statuses = [(ctx.words.word("status", s), text(t(f"status_help.{s}"))) for s in STATUSES]
    return (
        f'{noted}<section class="panel"><h2>{text(t("section.about"))}</h2>'
        f"{definitions(facts)}</section>\n"
        f'<section class="panel"><h2>{text(t("section.statuses"))}</h2>'
        f"{definitions(statuses)}</section>\n"
        f'<footer><p class="credit">{text(t("notice.odbl_long"))}</p>{meaning}'
        f"<p>{text(t('notice.screening'))}{text(t('page.semicolon'))}{text(edition_mark(ctx))}</p>"
        "</footer>"
    )


def search_box(ctx: Context, table_id: str, label: str) -> str:
    """Build the field that searches a table."""
    return (
        f'<input type="search" data-search="{table_id}" '
        f'placeholder="{text(label)}" aria-label="{text(label)}">'
    )


def no_match(ctx: Context, table_id: str) -> str:
    """Build the line that shows when a search finds nothing."""
    return f'<p class="empty" id="{table_id}-none" hidden>{text(ctx.t("map.search_none"))}</p>'
