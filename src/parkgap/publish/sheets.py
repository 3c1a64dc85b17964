"""What the workbook's sheets say: the same figures, in words of the study's language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import parkgap
from parkgap.frames import CHANGES, HOUSING, RANKING, ROLLUP, SCHEMAS, SHORTFALL, SITES, Schema
from parkgap.publish.causes import cause_text, value_text, what_text
from parkgap.publish.cells import clean, values
from parkgap.publish.notices import whatif_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from parkgap.publish.words import Words
    from parkgap.results import Results

Value = str | float | int | None
Fact = tuple[str, Value]

# Codes of these columns have words of their own, in the table of texts named here.
_CODES = {
    "basis": "basis",
    "effect": "effect",
    "headcount_basis": "headcount_basis",
    "late_shift": "shift",
    "level": "area_level",
    "kind": "completeness",
    "limit_unit": "unit",
    "mode": "mode",
    "moved_by": "assumption",
    "origin": "origin",
    "shift": "shift",
    "status": "status",
    "status_300": "status",
    "status_500": "status",
    "tier": "tier",
    "unit": "unit",
    "window": "window",
    "weight_set": "weight_set",
}


# Lists that are CSV files too, and all schemas, by name.
_LISTS = {s.name: s for s in (RANKING, SHORTFALL, ROLLUP, HOUSING, SITES, CHANGES)}
_SCHEMAS = {s.name: s for s in SCHEMAS}


@dataclass(frozen=True)
class Grid:
    """A table to be laid out: ids and headings of its columns, and its rows.

    `doc` names the texts (``workbook.doc.DOC``) that say what its columns mean, `own` says it of
    columns that no text knows, and `called` gives the published names of columns that are called
    otherwise here.
    """

    ids: Sequence[str]
    headings: Sequence[str]
    rows: Sequence[Sequence[Value]]
    doc: str = "beside"
    own: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)


def stamp(results: Results) -> dt.date:
    """Give the date that files carry: the day asked about, else the data's, never today."""
    for given in (results.study.as_of, results.data_date):
        try:
            return dt.date.fromisoformat(str(given)[:10])
        except ValueError:
            continue
    return dt.date(2000, 1, 1)


def title(results: Results) -> str:
    """Give the study's heading."""
    return clean(results.study.title) or clean(results.study.name)


def notices(results: Results, words: Words) -> list[str]:
    """Give what must stand on every result, under its title."""
    edition = "notice.internal" if results.study.edition == "internal" else "about.public"
    lines = [*whatif_mark(results.study, words.t)]
    lines += [words.t("notice.screening"), words.t(edition)]
    return [*lines, words.t("notice.made_up")] if results.made_up else lines


# --- published frames, with words for codes -----------------------------------------------------


def published(schema: Schema, frame: Any, words: Words, first: Sequence[str] = ()) -> Grid:
    """Give a published frame with words for its codes; `first` names the leading columns."""
    ids = [*first, *(n for n in schema.names if n not in first)]
    columns = {c.name: c for c in schema.columns}
    said = [translator(i, words) for i in ids]
    rows = [
        [say(v) if isinstance(v, str) else v for say, v in zip(said, row, strict=True)]
        for row in values(frame, [columns[i] for i in ids])
    ]
    return Grid(ids, [words.t(f"column.{i}") for i in ids], rows)


def translator(column: str, words: Words) -> Callable[[str], str]:
    """Give the function that turns a column's codes into words; other text stays as it is."""
    t = words.t
    known: dict[str, Callable[[str], str]] = {
        "category": words.category,
        "item": words.item,
        "tests": lambda v: t("page.semicolon").join(words.tests(v)),
        "lines": lambda v: words.join(v.split(";")),
        "departures_by_hour": lambda v: words.join(_hour(part, words) for part in v.split(";")),
        "reason_unverified": lambda v: words.join(
            words.word("reason", code) for code in words.reasons(v)
        ),
    }
    if column in ("core_missing", "top_gaps"):  # names of items hold the commas of lists
        return lambda v: t("page.semicolon").join(words.item(i.strip()) for i in v.split(";"))
    if column in _CODES:
        return lambda v: words.word(_CODES[column], v)
    return known.get(column, lambda v: v)


def _hour(part: str, words: Words) -> str:
    """Say how many leave in an hour, which is written as "05=2"."""
    hour, _, count = part.partition("=")
    return words.t("format.in_hour", hour=hour, n=count) if count else part


# --- the summary ---------------------------------------------------------------------------------


def summary(results: Results, words: Words) -> list[tuple[str, list[Fact]]]:
    """Give the blocks (heading, facts) of the first sheet; a fact is a label and a value."""
    t = words.t
    warned: list[Fact] = [
        (str(n), clean(t.pick(zh, en))) for n, (zh, en) in enumerate(results.warnings, start=1)
    ]
    counts: list[Fact] = [
        (t.get(f"workbook.counts_of.{key}", clean(key)), int(value))
        for key, value in results.counts.items()
    ]
    blocks = [
        (t("workbook.worst"), worst(results, words)),
        (t("workbook.result"), _figures(results, words)),
        (t("section.about"), _about(results, words)),
        (t("section.warnings"), warned),
        (t("workbook.counts"), counts),
    ]
    return [(heading, facts) for heading, facts in blocks if facts]


def _about(results: Results, words: Words) -> list[Fact]:
    standard, t = results.standard, words.t
    changed = t("section.overrides")
    overrides: list[Fact] = [
        (changed, f"{clean(key)} = {clean(value)}") for key, value in standard.overrides.items()
    ]
    rules = f"{standard.id}{t('page.comma')}{t('about.version')} {standard.version}"
    unknown = t("about.unknown_date")
    return [
        (t("about.data_date"), clean(results.data_date) or unknown),
        (t("about.as_of"), clean(results.study.as_of) or clean(results.data_date) or unknown),
        (
            t("about.standard"),
            clean(t.pick(standard.title_zh, standard.title_en)) + words.bracket(rules),
        ),
        *(overrides or [(changed, t("section.overrides_none"))]),
        (t("workbook.made_by"), f"parkgap {parkgap.__version__}"),
        (t("workbook.licence"), t("notice.odbl_long")),
        (t("workbook.privacy"), t("notice.privacy")),
        (t("basis.assumption"), t("notice.assumption")),
    ]


def _figures(results: Results, words: Words) -> list[Fact]:
    ranking, rows, t = results.ranking, results.shortfall, words.t
    short = rows["status"] == "short"
    figures = {
        "parks_all": len(ranking),
        "parks_ranked": int(ranking["rank"].notna().sum()),
        "parks_to_verify": int((ranking["tier"] == "unverified").sum()),
        "parks_unknown": int((ranking["tier"] == "unknown_headcount").sum()),
        "parks_short": int(rows.loc[short, "park_id"].nunique()),
        "workers_known": round(float(ranking["workers"].sum())),
        "gaps_short": int(short.sum()),
        "gaps_unverified": int((~short).sum()),
    }
    listed: list[Fact] = [(t(f"workbook.{k}"), v) for k, v in figures.items()]
    return [*listed, (t("status.unverified"), t("notice.not_missing"))]


def worst(results: Results, words: Words) -> list[Fact]:
    """Name the parks of the first three ranks, each with its score and largest confirmed gaps."""
    t = words.t
    ranked = results.ranking[results.ranking["rank"].notna()]
    ranked = ranked.sort_values(["rank", "park_id"], kind="stable").head(3)
    columns = {c.name: c for c in RANKING.columns}
    ids = ("rank", "park_id", "park_name", "score", "score_low", "score_high", "workers")
    facts: list[Fact] = []
    for row in values(ranked, [columns[i] for i in ids]):
        rank, park_id, name, score, low, high, workers = row
        parts = [t("workbook.worst_score", score=score, low=low, high=high)]
        if workers is not None:
            parts.append(t("format.workers", n=f"{workers:,}"))
        parts += _largest_gaps(results, str(park_id), words)
        said = f"{name}{t('page.colon')}{t('page.semicolon').join(parts)}"
        facts.append((t("workbook.worst_name", rank=rank), said))
    return facts or [(t("page.none"), t("workbook.worst_none"))]


def _largest_gaps(results: Results, park_id: str, words: Words) -> list[str]:
    rows = results.shortfall
    # ids went through `clean` on their way here, so they are compared cleaned
    rows = rows[(rows["park_id"].map(clean) == park_id) & (rows["status"] == "short")]
    rows = rows.sort_values("priority", kind="stable").drop_duplicates("item").head(3)
    columns = {c.name: c for c in SHORTFALL.columns}
    gaps = []
    for item, n, unit in values(rows, [columns[i] for i in ("item", "short_by", "unit")]):
        missing = words.t("format.short_by", n=n, unit=words.word("unit", unit))
        gaps.append(f"{words.item(item)} {missing.strip()}")
    return gaps


def changes_grid(results: Results, words: Words) -> Grid:
    """Give what changed since an earlier run, in words."""
    ids = ("park_id", "park_name", "what", "before", "after", "cause")
    rows: list[list[Value]] = [
        [
            clean(c.park_id),
            clean(c.park_name),
            what_text(c.what, words),
            _figure(c.what, value_text(c.what, c.before, words)),
            _figure(c.what, value_text(c.what, c.after, words)),
            cause_text(c, words),
        ]
        for c in results.changes
    ]
    headings = [words.t(f"column.{i}" if i.startswith("park") else f"changed.{i}") for i in ids]
    return Grid(ids, headings, rows)


def _figure(what: str, shown: str) -> Value:
    """Take a figure as a number, so that it can be sorted; a park's name is none."""
    if what == "park":
        return shown
    try:
        return float(shown)
    except ValueError:
        return shown


# --- the standard, and the dictionary ----------------------------------------------------------


def standard_grid(results: Results, words: Words) -> Grid:
    """Give every test of the standard, with limit, clause, basis and grade."""
    t = words.t
    own = ("test", "band", "count", "count_unit", "grade", "refs", "note")
    ids = (
        *("category", "item", "level", "origin", "weight", "test", "limit", "limit_unit"),
        *("count", "count_unit", "clause", "basis", "grade", "refs", "band", "note"),
    )
    rows: list[list[Value]] = []
    for category in results.standard.categories:
        for item in category.items:
            head: list[Value] = [
                words.category(category.id),
                words.item(item.id),
                words.word("level", item.level),
                words.word("origin", item.origin),
                round(float(item.weight), 4),
            ]
            unit = t.pick(item.unit_zh, item.unit_en)
            tests = [_test(test, unit, words) for test in item.tests]
            rows += [[*head, *test] for test in tests or [[None] * (len(ids) - len(head))]]
    headings = [t(f"workbook.{i}" if i in own else f"column.{i}") for i in ids]
    return Grid(ids, headings, rows)


def _test(test: Any, unit: str, words: Words) -> list[Value]:
    return [
        test.id,
        test.limit,
        words.word("unit", test.unit),
        test.count,
        unit,
        words.t.pick(test.clause_zh, test.clause_en),
        words.word("basis", test.basis),
        test.grade,
        "; ".join(test.ref),
        words.word("band", test.band),
        words.t.pick(test.note_zh, test.note),
    ]


def source_grids(results: Results, words: Words) -> tuple[Grid, Grid]:
    """Give the documents that the standard cites, and what their grades mean."""
    t = words.t
    ids = ("source_id", "source_doc", "source_read", "grade")
    sources: list[list[Value]] = [
        [key, source.doc, clean(source.read_at), source.grade]
        for key, source in results.standard.sources.items()
    ]
    grades: list[list[Value]] = [[g, t(f"workbook.grade_{g}")] for g in "RSMA"]
    return (
        Grid(ids, [t(f"workbook.{i}") for i in ids], sources),
        Grid(("grade", "source_doc"), [t("workbook.grade"), t("workbook.grades")], grades),
    )


def dictionary_grid(
    words: Words,
    lists: Sequence[tuple[str, Grid]] = (),
    *,
    departments: bool = False,
    changes: bool = False,
    checks: Sequence[str] = (),
) -> Grid:
    """Say what every column of the published tables means.

    Parameters
    ----------
    words
        The study's language.
    lists
        Names and tables of the sheets of the office's lists.
    departments
        Whether the lists of gaps have a column of departments.
    changes
        Whether there is a sheet of changes.
    checks
        Columns that the list of what is unverified has besides.
    """
    t = words.t
    gaps = words.join((t("sheet.shortfall"), t("workbook.unverified")))
    rows: list[list[Value]] = []
    for schema, sheet in (
        (RANKING, t("sheet.ranking")),
        (SHORTFALL, gaps),
        (ROLLUP, t("sheet.rollup")),
        *([(CHANGES, t("sheet.changes"))] if changes else []),
    ):
        rows += [
            [
                *(sheet, f"{schema.name}.csv", c.name),
                t.get(f"column.{c.name}", t.get(f"changed.{c.name}", c.name)),
                _unit(schema.name, c.name, words),
                t(f"workbook.doc.{schema.name}.{c.name}"),
            ]
            for c in schema.columns
        ]
    rows += [[t("workbook.unverified"), *_explained(i, "to_check", words)] for i in checks]
    if changes:
        rows.append([t("sheet.changes"), *_explained("park_name", CHANGES.name, words)])
    if departments:
        rows.append([gaps, *_explained("department", "beside", words)])
    for sheet, grid in lists:
        for i, heading in zip(grid.ids, grid.headings, strict=True):
            if i in grid.own:
                rows.append([sheet, None, i, heading, None, grid.own[i]])
            else:
                rows.append([sheet, *_explained(i, grid.doc, words, grid.called.get(i))])
    ids = ("table", "file", "field", "heading", "unit", "meaning")
    headings = [t("column.unit" if i == "unit" else f"workbook.{i}") for i in ids]
    return Grid(ids, headings, rows)


def _explained(column: str, doc: str, words: Words, called: str | None = None) -> list[Value]:
    """Explain a column: its CSV (if it is in one), name, heading, unit and meaning."""
    name, t = called or column, words.t
    file = f"{doc}.csv" if doc in _LISTS and name in _LISTS[doc].names else None
    said = t(f"workbook.doc.{doc}.{column}")
    return [file, name, t(f"column.{column}"), _unit(doc, name, words), said]


def _unit(doc: str, column: str, words: Words) -> str | None:
    """Name the unit of a column of a schema; None where it has none."""
    schema = _SCHEMAS.get(doc)
    units = {} if schema is None else {c.name: c.unit for c in schema.columns}
    unit = units.get(column) or ""
    return words.t.get(f"unit.{unit.replace(' ', '_')}", unit) or None
