"""Workers' housing in words: sheets, panels, map layers, and what ``explain`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parkgap.frames import BEDS, DOUBTFUL_HOMES, HOUSING, LODGING, LODGING_CHECKS
from parkgap.publish.basemap import STEPS
from parkgap.publish.cells import clean, values
from parkgap.publish.html import Cell, definitions, table, text
from parkgap.publish.sheets import Grid
from parkgap.publish.words import NONE, Row, count, figure_cell, number, plain, string

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from parkgap.frames import Schema
    from parkgap.publish.sheets import Value
    from parkgap.publish.shell import Context
    from parkgap.publish.words import Words
    from parkgap.results import Results

COLOUR = "#00695c"
OWN = "own"
SUPPLY = "housing_basis"
_FACTS = (
    *("lodging_need", "housed", "beds_allocated", "beds_short", "units_short", "beds_pipeline"),
    *("beds_short_after_pipeline", "beds_unknown", "workers_over_15min", "workers_over_45min"),
)
_TABLE = (
    *("lodging_need", "housed", "beds_allocated", "beds_short", "beds_pipeline"),
    *("beds_short_after_pipeline", "beds_unknown"),
)


def basis_said(said: object, words: Words) -> str:
    """Take the study's language of a text of both ("zh / en")."""
    zh, _, en = string(said).partition(" / ")
    return words.t.pick(zh, en)


def _words(words: Words, **groups: str) -> dict[str, Callable[[object], str]]:
    return {column: _said(words, group) for column, group in groups.items()}


def _said(words: Words, group: str) -> Callable[[object], str]:
    return lambda code: words.word(group, code)


# --- sheets of the workbook -----------------------------------------------------------------------


def housing_grids(results: Results, words: Words) -> dict[str, Grid | None]:
    """Make the sheets of beds; None where the study asks for none."""
    plans, t = results.plans, words.t
    named = results.ranking
    names = dict(zip(named["park_id"], named["park_name"], strict=True))
    basis = _words(words, basis="basis")
    housing = _grid(
        HOUSING,
        plans.housing,
        words,
        {
            "need_basis": lambda v: basis_said(v, words),
            **_words(words, housing_basis="housing_basis"),
        },
        first=("rank", "park_name"),
    )
    beds = _grid(
        BEDS,
        plans.beds.assign(park_name=plans.beds["park_id"].map(names)),
        words,
        {
            **_words(words, way_mode="lodging_mode", when="lodging_when"),
            **_words(words, basis="lodging_basis"),
            "stock_id": lambda v: t("housing.own_beds") if v == OWN else clean(v),
        },
        {"name": "stock_name", "minutes": "way_min", "mode": "way_mode"},
        first=("park_name",),
        added=("park_name",),
    )
    lodging = _grid(
        LODGING,
        plans.lodging,
        words,
        {
            **_words(words, stock_kind="lodging_kind", when="lodging_when"),
            "access": lambda v: access_said(v, words, names),
        },
        {"name": "stock_name", "kind": "stock_kind"},
    )
    checks = _grid(
        LODGING_CHECKS,
        plans.lodging_checks,
        words,
        {
            **_words(words, subject="lodging_subject", figure="lodging_figure"),
            **_words(words, status="lodging_status", unit="lodging_unit"),
            **basis,
        },
        {"subject_id": "place_id", "limit": "check_limit"},
    )
    doubtful = _grid(DOUBTFUL_HOMES, plans.doubtful, words, {})
    return {
        "housing": housing,
        "beds": beds,
        "lodging": lodging,
        "lodging_checks": checks,
        "doubtful_homes": doubtful,
    }


def access_said(said: object, words: Words, names: dict[str, str]) -> str:
    """Word who may use a place; a park by its name."""
    code = string(said)
    if code.startswith("park:"):
        park = code.removeprefix("park:")
        return clean(names.get(park, park))
    return words.word("lodging_access", code)


def _grid(
    schema: Schema,
    frame: pd.DataFrame,
    words: Words,
    said: dict[str, Callable[[object], str]],
    renamed: dict[str, str] | None = None,
    *,
    first: Sequence[str] = (),
    added: Sequence[str] = (),
) -> Grid | None:
    """Lay out a frame: `said` turns codes into words, `renamed` gives columns other headings."""
    if frame.empty:
        return None
    renamed = renamed or {}
    columns = {c.name: c for c in schema.columns}
    names = [*first, *(n for n in schema.names if n not in first)]
    known = values(frame, [columns[n] for n in names if n not in added])
    extra = {n: [clean(v) for v in frame[n]] for n in added}
    ids = [renamed.get(n, n) for n in names]
    rows: list[list[Value]] = []
    for i, cells in enumerate(known):
        own = iter(cells)
        row: list[Value] = [extra[n][i] if n in extra else next(own) for n in names]
        rows.append(
            [
                said[c](v) if c in said and v is not None else v
                for c, v in zip(ids, row, strict=True)
            ]
        )
    return Grid(ids, [words.t(f"column.{i}") for i in ids], rows, doc="housing")


# --- pages ----------------------------------------------------------------------------------------


def _park(ctx: Context, park_id: str) -> Row | None:
    frame = ctx.results.plans.housing
    own = frame[frame["park_id"].astype(str) == park_id].to_dict("records")
    return own[0] if own else None


def _given(ctx: Context, park_id: str) -> list[Row]:
    frame = ctx.results.plans.beds
    return list(frame[frame["park_id"].astype(str) == park_id].to_dict("records"))


def _assumed(ctx: Context) -> list[str]:
    """Say what was set by the study."""
    t, rule = ctx.t, ctx.results.study.housing
    ride = None if rule is None else rule.ride
    if ride is None:
        lines = [t("housing.no_ride")]
    else:
        said = {"speed": plain(ride.speed_kmh), "wait": plain(ride.wait_min)}
        lines = [t("housing.ride", detour=f"{ride.detour:g}", **said)]
    if rule is not None and rule.persons_per_unit is not None:
        lines.append(t("housing.per_unit", n=f"{rule.persons_per_unit:g}"))
    return lines


def _notes(lines: Sequence[str]) -> str:
    return "".join(f'<p class="note">{text(line)}</p>' for line in lines if line)


def housing_panel(ctx: Context, park_id: str) -> str:
    """Show who of a park lacks a bed; nothing where the study asks for none."""
    row = _park(ctx, park_id)
    if row is None:
        return ""
    t = ctx.t
    facts = [(t("column.rank"), text(count(row["rank"])))]
    for column in _FACTS:
        shown = text(count(row[column]))
        if column == "lodging_need" and number(row[column]) is not None:
            span = ctx.words.span(row["lodging_need_low"], row["lodging_need_high"], 0)
            shown += f" <small>{text(ctx.words.bracket(span))}</small>"
        if column != "units_short" or number(row[column]) is not None:
            facts.append((t(f"column.{column}"), shown))
    facts.append((t("column.need_basis"), text(basis_said(row["need_basis"], ctx.words))))
    facts.append((t("column.housing_basis"), text(ctx.words.word("housing_basis", row[SUPPLY]))))
    notes = [t("housing.note"), *_unknown(ctx, [row]), *_assumed(ctx), _doubtful(ctx)]
    return (
        f'<section class="panel"><h2>{text(t("housing.title"))}</h2>'
        f"{_notes(notes)}{definitions(facts)}{_beds_table(ctx, park_id)}</section>\n"
    )


def _unknown(ctx: Context, rows: Sequence[Row]) -> list[str]:
    """Say what is not known of the need and of the beds of some parks."""
    t, said = ctx.t, []
    if all(number(row["lodging_need"]) is None for row in rows):
        said.append(t("housing.unknown"))
    none = sum(row[SUPPLY] == "none" for row in rows)
    if none == len(rows):
        said.append(t("housing.no_list"))
    elif none:
        said.append(t("housing.some_no_list", n=none))
    if any(row[SUPPLY] in ("own", "listed") for row in rows):
        said.append(t("housing.at_most"))
    return said


def _doubtful(ctx: Context) -> str:
    found = len(ctx.results.plans.doubtful)
    return ctx.t("housing.doubtful", n=count(found)) if found else ""


def _beds_table(ctx: Context, park_id: str) -> str:
    t, rows = ctx.t, _given(ctx, park_id)
    if not rows:
        return ""
    headings = [
        (t("column.stock_name"), ""),
        (t("column.when"), ""),
        (t("column.beds"), "num"),
        (t("column.way_min"), "num"),
        (t("column.way_mode"), ""),
        (t("column.basis"), ""),
    ]
    body = []
    for row in rows:
        name, mode = _name(ctx, row), ctx.words.word("lodging_mode", row["mode"])
        when = ctx.words.word("lodging_when", row["when"])
        ready = string(row["ready"]) if row["when"] != "now" else ""
        small = f"<small>{text(ready)}</small>" if ready else ""
        basis = ctx.words.word("lodging_basis", row["basis"])
        cells = [
            Cell(f"<bdi>{text(name)}</bdi>", name),
            Cell(text(when) + small, when),
            figure_cell(row["beds"], count(row["beds"])),
            figure_cell(row["minutes"], count(row["minutes"])),
            Cell(text(mode), mode),
            Cell(f'<span class="badge {string(row["basis"])}">{text(basis)}</span>', basis),
        ]
        body.append(("", cells))
    return table(headings, body, caption=t("sheet.beds"), ident="beds")


def _name(ctx: Context, row: Row) -> str:
    if row["stock_id"] == OWN:
        return ctx.t("housing.own_beds")
    return string(row["name"]) or f"{string(row['stock_id'])}{ctx.t('housing.not_public')}"


def overview_housing(ctx: Context) -> str:
    """Show all parks by beds that are short; nothing where the study asks for none."""
    frame, t = ctx.results.plans.housing, ctx.t
    if frame.empty:
        return ""
    headings = [(t("column.rank"), "num"), (t("column.park_name"), "")]
    headings += [(t(f"column.{c}"), "num") for c in _TABLE]
    headings.append((t("column.need_basis"), ""))
    body = []
    rows = frame.to_dict("records")
    for row in rows:
        said = basis_said(row["need_basis"], ctx.words)
        name = string(row["park_name"])
        page = ctx.pages.get(str(row["park_id"]))
        shown = f"<bdi>{text(name)}</bdi>"
        cells = [
            figure_cell(row["rank"], count(row["rank"])),
            Cell(shown if page is None else f'<a href="{_link(page)}">{shown}</a>', name),
            *(figure_cell(row[c], count(row[c])) for c in _TABLE),
            Cell(text(said or NONE), said or None, "wide"),
        ]
        body.append(("", cells))
    grid = table(headings, body, caption=t("housing.title"), ident="housing", header_column=1)
    notes = [t("housing.note"), *_unknown(ctx, rows), *_assumed(ctx), _doubtful(ctx)]
    return (
        f'<section class="panel"><h2>{text(t("housing.title"))}</h2>'
        f"{_notes(notes)}{grid}</section>\n"
    )


def _link(page: str) -> str:
    from urllib.parse import quote

    return f"parks/{quote(page)}"


# --- maps -----------------------------------------------------------------------------------------


def _placed(results: Results) -> pd.DataFrame:
    frame = results.plans.lodging
    return frame[frame["lon"].notna()]


def housing_dots(ctx: Context) -> list[tuple[str, str, list[int]]]:
    """List the places of housing, as :func:`parkgap.publish.marks.dots` lists places."""
    found = _placed(ctx.results)
    if found.empty:
        return []
    at = np.rint(found[["lon", "lat"]].to_numpy(dtype=float) * STEPS).astype(np.int64)
    moves = np.diff(np.unique(at, axis=0), axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return [(ctx.t("housing.map"), COLOUR, [int(v) for v in moves.ravel()])]


def housing_marks(ctx: Context, park_id: str) -> list[list[Any]]:
    """List the housing where workers of a park are given beds: x, y, name, beds, when ready, way.

    Only what is open to the public is on the map.
    """
    t = ctx.t
    rows, placed = _given(ctx, park_id), _placed(ctx.results)
    own = placed[placed["stock_id"].isin([row["stock_id"] for row in rows])]
    at = {str(r["stock_id"]): r for r in own.to_dict("records")}
    out: list[list[Any]] = []
    for row in rows:
        place = at.get(str(row["stock_id"]))
        if place is None:
            continue
        spot = [round(float(place[c]) * STEPS) for c in ("lon", "lat")]
        when = ctx.words.word("lodging_when", row["when"])
        given = f"{when}{t('page.colon')}{_beds(row, ctx.words)}"
        ready = string(row["ready"]) if row["when"] != "now" else ""
        out.append([*spot, _name(ctx, row), given, ready, _way(row, ctx.words)])
    return out


def housing_switch(ctx: Context, park_id: str) -> str:
    """Build the switch of a park's housing on its map; nothing where there is none."""
    if not housing_marks(ctx, park_id):
        return ""
    t = ctx.t
    return (
        f'<div class="tools"><h2><span class="bed" aria-hidden="true"></span>'
        f"{text(t('housing.map'))}</h2><label>"
        f'<input type="checkbox" data-layer="beds" checked> {text(t("map.show"))}</label></div>'
    )


def _beds(row: Row, words: Words) -> str:
    if number(row["beds"]) is None:
        return words.t("housing.beds_few")
    return words.t("housing.beds_given", n=count(row["beds"]))


def _way(row: Row, words: Words) -> str:
    mode = words.word("lodging_mode", row["mode"])
    if number(row["minutes"]) is None:
        return words.t("housing.explain_way_unknown")
    return words.t("housing.way", n=count(row["minutes"]), mode=mode)


# --- explain --------------------------------------------------------------------------------------


def housing_lines(results: Results, words: Words, park_id: object) -> list[str]:
    """Say in a line each what a park's workers need of beds, and who gets which."""
    t, plans = words.t, results.plans
    rows = plans.housing[plans.housing["park_id"] == park_id].to_dict("records")
    out: list[str] = []
    for row in rows:
        figures = {
            "need": "lodging_need",
            "low": "lodging_need_low",
            "high": "lodging_need_high",
            "housed": "housed",
            "given": "beds_allocated",
            "short": "beds_short",
            "after": "beds_short_after_pipeline",
            "unknown": "beds_unknown",
        }
        out.append(t("housing.explain", **{k: count(row[c]) for k, c in figures.items()}))
        out.append(t("housing.explain_basis", said=basis_said(row["need_basis"], words)))
        out.append(t("housing.explain_supply", said=words.word("housing_basis", row[SUPPLY])))
    for row in plans.beds[plans.beds["park_id"] == park_id].to_dict("records"):
        own = row["stock_id"] == OWN
        name = t("housing.own_beds") if own else string(row["name"]) or string(row["stock_id"])
        when = words.word("lodging_when", row["when"])
        said = {"beds": _beds(row, words), "way": _way(row, words)}
        out.append(t("housing.explain_beds", when=when, name=name, **said))
    return out
