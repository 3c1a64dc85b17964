"""Functional clusters as pages, maps and the workbook show them.

A cluster is called 产业邻里中心 only by the name that an official list gives; and the list of
functions says where it is not confirmed in the original text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parkgap.frames import CLUSTERS
from parkgap.publish.basemap import STEPS
from parkgap.publish.cells import clean, values
from parkgap.publish.html import definitions, text
from parkgap.publish.sheets import Grid
from parkgap.publish.words import NONE, count, string

if TYPE_CHECKING:
    from parkgap.publish.sheets import Value
    from parkgap.publish.shell import Context
    from parkgap.publish.words import Row, Words
    from parkgap.results import Results

COLOUR = "#7b1fa2"
_LISTS = ("functions_found", "functions_missing", "functions_unverified")


def _named(joined: object, words: Words) -> str:
    """Turn function codes joined by ``;`` into words."""
    codes = [code.strip() for code in string(joined).split(";")]
    return words.join(words.word("function", code) for code in codes if code)


def _row(ctx: Context, park_id: str) -> Row | None:
    rows = ctx.results.clusters
    own = rows[rows["park_id"].astype(str) == park_id].to_dict("records")
    return own[0] if own else None


def _radius(results: Results) -> float:
    centre = results.standard.neighbourhood_centre
    figure = None if centre is None else centre.figures.get("cluster_radius")
    return figure.v if figure is not None and isinstance(figure.v, float) else 250.0


def note(results: Results, words: Words) -> str:
    """Say what a cluster is, what it may be called, and what is not confirmed of it."""
    centre = results.standard.neighbourhood_centre
    least = count(results.clusters["functions_least"].max())
    said = words.t("cluster.note", radius=count(_radius(results)), least=least)
    recalled = centre is not None and centre.grade == "M"
    return said + (words.t("cluster.unconfirmed", least=least) if recalled else "")


# --- pages ------------------------------------------------------------------------------------


def cluster_panel(ctx: Context, park_id: str) -> str:
    """Show the best cluster in reach of a park; nothing where the standard knows none."""
    row = _row(ctx, park_id)
    if row is None:
        return ""
    t, words = ctx.t, ctx.words
    of = t("cluster.of", n=count(row["functions"]), m=count(row["functions_all"]))
    why = [words.word("reason", r) for r in words.reasons(row["reason_unverified"])]
    status = words.word("cluster_status", row["status"])
    facts = [
        (t("column.status"), text(status + (words.bracket(words.join(why)) if why else ""))),
        (t("column.functions"), text(of)),
        *((t(f"column.{n}"), text(_named(row[n], words) or NONE)) for n in _LISTS),
    ]
    if string(row["place_id"]):
        name = string(row["place_name"]) or t("map.unnamed")
        walk = words.walk(row["minutes"], row["metres"])
        facts.append((t("column.place_name"), f"<bdi>{text(name)}</bdi> {text(walk)}"))
    official = string(row["official_name"])
    called = t("cluster.official", name=official) if official else t("cluster.not_official")
    facts.append((t("column.official_name"), f"<bdi>{text(called)}</bdi>"))
    return (
        f'<section class="panel"><h2>{text(t("cluster.title"))}</h2>'
        f'<p class="note">{text(note(ctx.results, words))}</p>{definitions(facts)}</section>\n'
    )


def cluster_switch(ctx: Context, park_id: str) -> str:
    """Build the switch of the cluster on a park's map; nothing where none is marked."""
    if not cluster_mark(ctx, park_id):
        return ""
    t = ctx.t
    return (
        f'<div class="tools"><h2>{text(t("cluster.title"))}</h2><label>'
        f'<input type="checkbox" data-layer="cluster" checked> {text(t("map.show"))}</label></div>'
    )


def cluster_mark(ctx: Context, park_id: str) -> dict[str, Any] | None:
    """Give what a park's map draws of its cluster; None where there is surely none."""
    row = _row(ctx, park_id)
    if row is None or row["status"] == "none" or not string(row["place_id"]):
        return None
    t, words = ctx.t, ctx.words
    of = t("cluster.of", n=count(row["functions"]), m=count(row["functions_all"]))
    lines = [
        words.word("cluster_status", row["status"]),
        f"{of}{t('page.colon')}{_named(row['functions_found'], words)}",
        words.walk(row["minutes"], row["metres"]),
    ]
    x, y = (round(float(row[c]) * STEPS) for c in ("lon", "lat"))
    title = string(row["official_name"]) or t("cluster.title")
    return {"x": x, "y": y, "r": _radius(ctx.results), "title": title, "lines": lines}


def cluster_dots(ctx: Context) -> list[tuple[str, str, list[int]]]:
    """List the clusters that were found, as :func:`parkgap.publish.marks.dots` lists places."""
    rows = ctx.results.clusters
    found = rows[(rows["status"] == "found") & rows["lon"].notna()]
    if found.empty:
        return []
    at = np.rint(found[["lon", "lat"]].to_numpy(dtype=float) * STEPS).astype(np.int64)
    moves = np.diff(np.unique(at, axis=0), axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return [(ctx.t("cluster.title"), COLOUR, [int(v) for v in moves.ravel()])]


# --- the workbook -----------------------------------------------------------------------------


def clusters_grid(results: Results, words: Words) -> Grid | None:
    """Give the clusters for the workbook; None where the standard knows none."""
    if results.clusters.empty:
        return None
    ids = (
        *("park_name", "status", "reason_unverified", "functions", *_LISTS),
        *("place_name", "metres", "minutes", "official_name"),
    )
    columns = {c.name: c for c in CLUSTERS.columns}
    rows: list[list[Value]] = []
    for row in values(results.clusters, [columns[i] for i in ids]):
        cells: dict[str, Value] = dict(zip(ids, row, strict=True))
        cells["status"] = words.word("cluster_status", cells["status"])
        reasons = [words.word("reason", r) for r in words.reasons(cells["reason_unverified"])]
        cells["reason_unverified"] = words.join(reasons) or None
        for name in _LISTS:
            cells[name] = _named(cells[name], words) or None
        cells["official_name"] = clean(cells["official_name"]) or None
        rows.append(list(cells.values()))
    return Grid(ids, [words.t(f"column.{i}") for i in ids], rows, doc=CLUSTERS.name)
