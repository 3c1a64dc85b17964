"""Recommended sites as pages, maps and the workbook show them.

Without a list of land a site is an area to look in, drawn as such; a point only from the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parkgap.frames import COVER_CURVE, SITES
from parkgap.list_keys import CENTRE
from parkgap.publish.basemap import STEPS
from parkgap.publish.cells import clean, values
from parkgap.publish.housed import access_said
from parkgap.publish.html import Cell, table, text
from parkgap.publish.sheets import Grid
from parkgap.publish.words import NONE, count, decimal, figure_cell, number, string

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from parkgap.publish.sheets import Value
    from parkgap.publish.shell import Context
    from parkgap.publish.words import Row, Words
    from parkgap.results import Results

COLOUR = "#c2410c"
# The same names mean something else on other sheets.
_CALLED = {"order": "build_order", "place_name": "land_name"}
_PUBLISHED = {called: name for name, called in _CALLED.items()}
_CODES = {"place": "site_place", "reason": "site_reason"}


def item_name(item: object, words: Words) -> str:
    """Name what a site is for: an item, or a combined one."""
    return words.t("site.centre") if item == CENTRE else words.item(string(item))


def built(results: Results) -> pd.DataFrame:
    """Rows that are sites, and not the reason why there is none."""
    return results.plans.sites[results.plans.sites["order"].notna()]


# --- maps -------------------------------------------------------------------------------------


def site_marks(ctx: Context, park_id: str | None = None) -> list[dict[str, Any]]:
    """Give what a map draws of the sites (of those from which one park gains)."""
    rows = built(ctx.results)
    if park_id is not None:
        rows = rows[[park_id in string(p).split(";") for p in rows["park_ids"]]]
    spots: dict[tuple[int, int, float], dict[str, Any]] = {}
    for row in rows.to_dict("records"):
        x, y = (round(float(row[c]) * STEPS) for c in ("lon", "lat"))
        r = float(row["search_radius_m"])
        title = string(row["place_name"]) or ctx.t("site.area" if r else "site.plot")
        spot = spots.setdefault((x, y, r), {"x": x, "y": y, "r": r, "title": title, "lines": []})
        spot["lines"].append(_line(ctx, row))
    return list(spots.values())


def _line(ctx: Context, row: Row) -> str:
    t = ctx.t
    gained = number(row["workers_gained"])
    said = t("site.line", item=item_name(row["item"], ctx.words), order=count(row["order"]))
    return said if gained is None else said + t("site.gained", n=count(gained))


def site_switch(ctx: Context, park_id: str | None = None) -> str:
    """Build the switch of the sites on a map; nothing where there are none."""
    marks = site_marks(ctx, park_id)
    if not marks:
        return ""
    t = ctx.t
    return (
        f'<div class="tools"><h2>{text(t("site.title"))}</h2><label>'
        f'<input type="checkbox" data-layer="sites" checked> {text(t("map.show"))}</label></div>'
    )


# --- a park's page ----------------------------------------------------------------------------


def sites_panel(ctx: Context, park_id: str) -> str:
    """Show the sites from which a park gains, and why it has none; nothing where none is asked."""
    rows = ctx.results.plans.sites
    mine = rows[[park_id in string(p).split(";") for p in rows["park_ids"]]]
    if mine.empty:
        return ""
    t, words = ctx.t, ctx.words
    shown = ("item", "order", "place", "search_radius_m", "workers_gained", "score_gain")
    headings = [
        (t(f"column.{_CALLED.get(n, n)}"), kind)
        for n, kind in zip(shown, ("", "num", "", "num", "num", "num"), strict=True)
    ]
    body = []
    for row in mine.to_dict("records"):
        name = item_name(row["item"], words)
        reason = string(row["reason"])
        where = words.word("site_reason", reason) if reason else _where(row, words)
        cells = [
            Cell(text(name), name),
            figure_cell(row["order"], count(row["order"])),
            Cell(f"<bdi>{text(where)}</bdi>", where),
            figure_cell(row["search_radius_m"], count(row["search_radius_m"])),
            figure_cell(row["workers_gained"], count(row["workers_gained"])),
            figure_cell(row["score_gain"], decimal(row["score_gain"], 2)),
        ]
        body.append(("", cells))
    grid = table(headings, body, caption=t("site.title"), ident="sites")
    return (
        f'<section class="panel"><h2>{text(t("site.title"))}</h2>'
        f'<p class="note">{text(note(words))}</p>{grid}</section>\n'
    )


def _where(row: Row, words: Words) -> str:
    place = words.word("site_place", row["place"])
    name = string(row["place_name"])
    return f"{name}{words.bracket(place)}" if name else place or NONE


def note(words: Words) -> str:
    """Say what a site is, and on what its figures rest."""
    return words.t("site.note")


# --- the workbook -----------------------------------------------------------------------------


def sites_grids(results: Results, words: Words) -> dict[str, Grid | None]:
    """Give the sites, and what so many serve, for the workbook; None where there are none."""
    return {"sites": _sites_grid(results, words), "curve": _curve_grid(results, words)}


def _sites_grid(results: Results, words: Words) -> Grid | None:
    if results.plans.sites.empty:
        return None
    ids = ["item", "order", *(n for n in SITES.names if n not in ("item", "order"))]
    columns = {c.name: c for c in SITES.columns}
    named = results.ranking
    names = dict(zip(named["park_id"], named["park_name"], strict=True))
    rows: list[list[Value]] = []
    for row in values(results.plans.sites, [columns[i] for i in ids]):
        cells: dict[str, Value] = dict(zip(ids, row, strict=True))
        cells["item"] = item_name(cells["item"], words)
        for name, codes in _CODES.items():
            if isinstance(cells[name], str):
                cells[name] = words.word(codes, str(cells[name]))
        if isinstance(cells["park_ids"], str):
            cells["park_ids"] = named_parks(cells["park_ids"], names, words)
        if cells["access"] is not None:
            cells["access"] = access_said(cells["access"], words, names)
        rows.append(list(cells.values()))
    called = [_CALLED.get(i, i) for i in ids]
    return Grid(called, [_heading(i, words) for i in called], rows, doc="sites", called=_PUBLISHED)


def named_parks(joined: str, names: Mapping[str, str], words: Words) -> str:
    """Name the parks of a list of ids, each with its id behind it."""
    said = []
    for park in joined.split(";"):
        name = string(names.get(park))
        said.append(f"{name}{words.bracket(park)}" if name and name != park else park)
    return words.t("page.semicolon").join(said)


def _curve_grid(results: Results, words: Words) -> Grid | None:
    if results.plans.curve.empty:
        return None
    rows = [
        [item_name(row[0], words), *row[1:]]
        for row in values(results.plans.curve, COVER_CURVE.columns)
    ]
    headings = [_heading(i, words) for i in COVER_CURVE.names]
    return Grid(COVER_CURVE.names, headings, rows, doc="cover_curve")


def _heading(column: str, words: Words) -> str:
    return clean(words.t(f"column.{column}"))
