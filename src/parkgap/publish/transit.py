"""Public transport in words: a park's panel, and the workbook's sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parkgap.frames import DEPARTURES, STOP_DEPARTURES, TRANSIT
from parkgap.publish.html import Cell, definitions, table, text
from parkgap.publish.sheets import Grid, published
from parkgap.publish.words import NONE, Row, count, figure_cell, number, percent, plain, string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.frames import Schema
    from parkgap.publish.sheets import Value
    from parkgap.publish.shell import Context
    from parkgap.publish.words import Words
    from parkgap.results import Results
    from parkgap.standard import Number, Standard

_SUPERSEDED = "GB50220"  # key of the document among the standard's sources
_RADII = (("300", "share_300m"), ("500", "share_500m"))


def transit_panel(ctx: Context, park_id: str) -> str:
    """Show how a park is served by public transport; nothing where nobody knows of any."""
    t, said = ctx.t, ctx.results.beside
    rows = said.transit[said.transit["park_id"] == park_id].to_dict("records")
    if not rows:
        return ""
    row: Row = rows[0]
    facts = [*_cover(ctx, row), _rail(ctx, row)]
    notes = [t("section.transit_cover", clause=_clause(ctx))]
    if number(row["rail_stations"]) is not None:
        notes.append(t("section.transit_rail", metres=plain(ctx.results.standard.rail_radius)))
    grid = ""
    if string(row["service_day"]):
        facts += _service(ctx, row)
        notes += _timed(ctx, row)
        if number(row["stops_timed"]):
            windows = said.departures[said.departures["park_id"] == park_id]
            grid = _windows(ctx, windows.to_dict("records"))
    told = "".join(f'<p class="note">{text(note)}</p>' for note in notes)
    return (
        f'<section class="panel"><h2>{text(t("section.transit"))}</h2>'
        f"{definitions(facts)}{told}{grid}</section>\n"
    )


def _figures(standard: Standard) -> dict[str, Number]:
    items = (*standard.stop_items, *standard.station_items)
    return {k: v for item in items for k, v in standard.item(item).figures.items()}


def _cover(ctx: Context, row: Row) -> list[tuple[str, str]]:
    t, figures = ctx.t, _figures(ctx.results.standard)
    facts = []
    for metres, name in _RADII:
        shown = text(percent(row[f"share_{metres}"]))
        if string(row[f"status_{metres}"]) and name in figures:
            asked = t("fact.cover_asked", share=percent(figures[name].v))
            basis = ctx.words.word("basis", figures[name].basis)
            shown += f" {ctx.words.chip(row[f'status_{metres}'])} <small>{text(asked)}"
            shown += f"{text(ctx.words.bracket(basis))}</small>"
        facts.append((t("fact.cover", metres=metres), shown))
    return facts


def _clause(ctx: Context) -> str:
    """Cite where the shares that are asked for come from."""
    figures, standard = _figures(ctx.results.standard), ctx.results.standard
    refs = [ref for _, name in _RADII if name in figures for ref in figures[name].ref]
    if not refs or _SUPERSEDED in refs:
        return ctx.t("fact.cover_clause")
    return ctx.words.join(dict.fromkeys(standard.sources[r].doc for r in refs))


def _rail(ctx: Context, row: Row) -> tuple[str, str]:
    t = ctx.t
    label = t("fact.rail", metres=plain(ctx.results.standard.rail_radius))
    if number(row["rail_stations"]) is None:
        return label, f"{NONE} <small>{text(t('fact.rail_none'))}</small>"
    share = t("fact.rail_share", share=percent(row["share_rail"]))
    nearest = string(row["rail_nearest"])
    told = ctx.words.join([share, nearest] if nearest else [share])
    return label, f"{text(count(row['rail_stations']))} <small><bdi>{text(told)}</bdi></small>"


def _service(ctx: Context, row: Row) -> list[tuple[str, str]]:
    t = ctx.t
    lines = f" <small>{text(t('fact.lines_day', n=count(row['lines_day'])))}</small>"
    known = number(row["departures_day"]) is not None
    facts = [(t("fact.departures_day"), text(count(row["departures_day"])) + lines * known)]
    if known and string(row["late_shift"]):
        shift = ctx.words.word("shift", row["late_shift"])
        label = t("fact.late", shift=shift, end=string(row["late_end"]))
        told = ctx.words.join(s for s in map(string, (row["late_line"], row["late_stop"])) if s)
        last = string(row["late_last"])
        shown = text(last) if last else text(t("fact.late_none"))
        facts.append((label, f"{shown} <small><bdi>{text(told)}</bdi></small>" if told else shown))
    return facts


def _timed(ctx: Context, row: Row) -> list[str]:
    t = ctx.t
    day, source = (string(row[c]).replace(";", ", ") for c in ("service_day", "timetable_source"))
    metres = plain(ctx.besides.stop_m)
    notes = [t("section.transit_timed", source=source, day=day, metres=metres)]
    if not number(row["stops_timed"]):
        notes.append(t("section.transit_unknown"))
    elif number(row["stops_untimed"]):
        notes.append(t("section.transit_untimed", n=count(row["stops_untimed"])))
    return notes


def _windows(ctx: Context, rows: Sequence[Row]) -> str:
    """Build the table of departures around the changes of shift, or by the hour."""
    t, words = ctx.t, ctx.words
    columns = ("shift", "window", "departures_hour", "lines_hour", "next_departure")
    figures = {"departures_hour", "lines_hour"}
    headings = [(t(f"column.{c}"), "num" if c in figures else "") for c in columns]
    headings.append((t("column.last_departure"), ""))
    body = []
    for row in sorted(rows, key=lambda r: (r["shift"], r["window"] != "before_start")):
        shift, window = words.word("shift", row["shift"]), words.word("window", row["window"])
        hour = f"{string(row['window_begin'])}–{string(row['window_end'])}"
        last = string(row["last_departure"])
        told = words.join(s for s in map(string, (row["last_line"], row["last_stop"])) if s)
        small = f"<small><bdi>{text(told)}</bdi></small>" if told else ""
        upcoming = string(row["next_departure"])
        cells = [
            Cell(f"<bdi>{text(shift)}</bdi>", shift),
            Cell(f"{text(window)}<small>{text(hour)}</small>", hour, "nowrap"),
            *(figure_cell(row[c], count(row[c])) for c in ("departures_hour", "lines_hour")),
            Cell(text(upcoming or NONE), upcoming or None),
            Cell(text(last or NONE) + small, last or None),
        ]
        body.append(("", cells))
    return table(headings, body, caption=t("sheet.departures"), ident="departures")


def departures_said(results: Results, words: Words, park_id: object) -> list[str]:
    """Say in a sentence each what leaves around a park's shifts; nothing where nobody knows."""
    t, frame = words.t, results.beside.departures
    rows = frame[(frame["park_id"] == park_id) & (frame["window"] != "hour")]
    said = []
    for row in rows.dropna(subset=["departures_hour"]).to_dict("records"):
        sentence = t(
            "explain.departures",
            shift=words.word("shift", row["shift"]),
            window=words.word("window", row["window"]),
            begin=row["window_begin"],
            end=row["window_end"],
            n=count(row["departures_hour"]),
        )
        last = string(row["last_departure"])
        parts = [sentence, t("explain.last_departure", last=last)] if last else [sentence]
        said.append(t("page.comma").join(parts))
    return said


# --- sheets of the workbook -----------------------------------------------------------------------


def transit_grids(results: Results, words: Words) -> dict[str, Grid]:
    """Give the sheets of public transport that there are, by the keys of their names."""
    said = results.beside
    if said.transit.empty:
        return {}
    named: tuple[tuple[str, Schema, object], ...] = (
        ("transit", TRANSIT, said.transit),
        ("departures", DEPARTURES, said.departures),
        ("stop_departures", STOP_DEPARTURES, said.stop_departures),
    )
    names = dict(zip(results.parks["park_id"], results.parks["name"], strict=True))
    found = {}
    for key, schema, frame in named:
        grid = _with_names(published(schema, frame, words), names, words)
        if grid.rows:
            found[key] = _told(grid)
    return found


def _with_names(grid: Grid, names: dict[str, str], words: Words) -> Grid:
    """Put the parks' names in the place of their ids."""
    if "park_id" not in grid.ids:
        return grid
    at = list(grid.ids).index("park_id")
    ids = [*grid.ids[:at], "park_name", *grid.ids[at + 1 :]]
    headings = [*grid.headings[:at], words.t("column.park_name"), *grid.headings[at + 1 :]]
    rows: list[list[Value]] = [
        [*row[:at], names.get(str(row[at]), row[at]), *row[at + 1 :]] for row in grid.rows
    ]
    return Grid(ids, headings, rows)


def _told(grid: Grid) -> Grid:
    """Leave out columns of which no row says anything."""
    kept = [i for i in range(len(grid.ids)) if any(row[i] is not None for row in grid.rows)]
    return Grid(
        [grid.ids[i] for i in kept],
        [grid.headings[i] for i in kept],
        [[row[i] for i in kept] for row in grid.rows],
    )
