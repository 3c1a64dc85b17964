"""What a park's page says of buses: its enterprises' shuttles, and lines at the stops nearby."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parkgap.publish.html import Cell, table, text
from parkgap.publish.words import NONE, count, figure_cell, plain, string

if TYPE_CHECKING:
    from parkgap.publish.shell import Context


def shuttles_panel(ctx: Context, park_id: str) -> str:
    """Show the shuttle lines of the park's enterprises; nothing where there is none."""
    t, besides = ctx.t, ctx.besides
    rows = besides.shuttles(park_id)
    if not rows:
        return ""
    names = ("shuttle_line", "enterprise", "stops", "departure_times")
    headings = [(t(f"column.{n}"), "") for n in names]
    headings += [(t("column.seats"), "num"), (t("column.seats_day"), "num")]
    body = []
    for row in rows:
        told = [string(row[c]) for c in ("line", "enterprise", "stops")]
        told.append(besides.times(row["times"]))
        cells = [Cell(f"<bdi>{text(said or NONE)}</bdi>", said or None) for said in told]
        cells += [figure_cell(row[c], count(row[c])) for c in ("seats", "seats_day")]
        body.append(("", cells))
    grid = table(headings, body, caption=t("section.shuttles"), ident="shuttles")
    return _panel(t("section.shuttles"), grid, t("section.shuttles_note"))


def timetable_panel(ctx: Context, park_id: str) -> str:
    """Show the timetable's lines at the stops nearby; nothing where there is none."""
    t, rows = ctx.t, ctx.besides.stops(park_id)
    if not rows:
        return ""
    headings = [
        (t("column.stop"), ""),
        (t("column.walk"), "num"),
        (t("column.line"), ""),
        (t("column.direction"), ""),
        (t("column.service"), ""),
        (t("column.headway"), "num"),
    ]
    body = []
    for stop, row in rows:
        said = [string(stop["name"]) or string(row["stop"]), string(row["line"])]
        way, service = string(row["direction"]), f"{row['first']}–{row['last']}"
        walk = t("format.metres", n=count(stop["metres"]))
        cells = [
            Cell(f"<bdi>{text(said[0])}</bdi>", said[0]),
            figure_cell(stop["metres"], walk),
            Cell(f"<bdi>{text(said[1])}</bdi>", said[1]),
            Cell(f"<bdi>{text(way or NONE)}</bdi>", way or None),
            Cell(text(service), service, "nowrap"),
            figure_cell(row["headway"], t("format.headway", n=plain(row["headway"]))),
        ]
        body.append(("", cells))
    grid = table(headings, body, caption=t("section.timetable"), ident="timetable")
    note = t("section.timetable_note", metres=plain(ctx.besides.stop_m))
    return _panel(t("section.timetable"), grid, note)


def _panel(title: str, grid: str, note: str) -> str:
    return (
        f'<section class="panel"><h2>{text(title)}</h2><p class="note">{text(note)}</p>'
        f"{grid}</section>\n"
    )
