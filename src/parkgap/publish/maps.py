"""The HTML maps: an overview of all parks and one page a park, made to open without a net.

Everything a page loads lies in the result folder: Leaflet, our scripts, one style sheet, and
the base map's sheets in ``assets``.  folium makes the maps (:mod:`parkgap.publish.skeleton`);
what is drawn on them stands as data in the page and is put there by the scripts of
``assets``, so that no name passes through a template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from parkgap.publish import basemap, changespage
from parkgap.publish.areas import area_marks
from parkgap.publish.clusters import cluster_dots, cluster_mark
from parkgap.publish.homes import home_marks
from parkgap.publish.housed import housing_dots, housing_marks
from parkgap.publish.html import page, page_name, page_names, text
from parkgap.publish.layers import layer_data, layers, looks
from parkgap.publish.marks import dots, gates, items, nearby, planned
from parkgap.publish.overview import is_ranked, name_of, overview_body, tip_lines
from parkgap.publish.parkpage import category_colour, park_body
from parkgap.publish.shell import Context, map_marks
from parkgap.publish.shifts import shift_data
from parkgap.publish.sites import site_marks
from parkgap.publish.switch import SCRIPT as SWITCH
from parkgap.publish.switch import contexts
from parkgap.publish.tiles import SCRIPTS as TILE_SCRIPTS
from parkgap.publish.tiles import tile_data, tile_hosts
from parkgap.publish.words import count

if TYPE_CHECKING:
    from parkgap.publish.skeleton import Skeleton
    from parkgap.results import Results

__all__ = ["page_name", "page_names", "write_maps"]

SCRIPTS = (  # in order
    *("core.js", "links.js", "ground.js", "areas.js", "parks.js", "places.js", "shifts.js"),
    *("tables.js", "layers.js", "beside.js", "printing.js", "placelist.js", "parkpage.js"),
    *("page.js", SWITCH),
)
ASSETS = (
    "leaflet/leaflet.js",
    "leaflet/leaflet.css",
    "leaflet/LICENSE",
    "leaflet/NOTICE.md",
    "leaflet/images/layers.png",
    "leaflet/images/layers-2x.png",
    "leaflet/images/marker-icon.png",
    "parkgap.css",
    *SCRIPTS,
)
_TEXTS = {
    "zoom_in": "map.zoom_in",
    "zoom_out": "map.zoom_out",
    "close": "map.close",
    "unnamed": "map.unnamed",
    "walk": "map.walk",
    "walk_note": "map.walk_note",
    "minutes": "format.minutes",
    "metres": "format.metres",
    "lines": "map.lines",
    "hours": "map.hours",
    "opening": "map.opening",
    "osm_id": "map.osm_id",
    "colon": "page.colon",
    "semicolon": "page.semicolon",
    "gate": "glyph.gate",
    "range": "format.range",
    "none": "page.none",
    "to_verify": "layer.to_verify",
    "unranked": "map.legend_unverified",
    "unshaded": "layer.unshaded",
    "shown_n": "map.shown_n",
    "parks_n": "map.parks_n",
}
VIEW_M = (450.0, 450.0)  # ground around a park in its page's first view

Bounds = tuple[float, float, float, float]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Geometries = np.ndarray[Any, np.dtype[np.object_]]
_Marks = tuple[list[list[Any]], list[list[Any]]]  # facilities, gates


def write_maps(results: Results, folder: Path, second: Results | None = None) -> list[Path]:
    """Write ``index.html``, ``parks/*.html`` and what they load, below `folder`.

    The same results give the same bytes.

    Parameters
    ----------
    results
        What the run found; geometry in WGS-84 degrees.
    folder
        Where to write; it and its subfolders are made.
    second
        The same in the other language: its pages are written into ``en/`` (or ``zh/``), load the
        same files, and both link to one another.

    Returns
    -------
    list of Path
        Every file written, in a fixed order.

    Raises
    ------
    OutputError
        folium asked for a file that is not among the shipped ones.
    OSError
        A file cannot be written.
    """
    tiled = getattr(results.study, "basemap", None) is not None
    written = _write_assets(folder, ASSETS + (TILE_SCRIPTS if tiled else ()))
    drawn = {"overview.js": results.drawn.overview, **results.drawn.sheets}
    written += [_write(folder / "assets/base" / name, drawn[name]) for name in sorted(drawn)]
    for below, ctx in contexts(results, second):
        written += _write_pages(ctx, folder / below, drawn)
    return written


def _write_pages(ctx: Context, folder: Path, drawn: Container[str]) -> list[Path]:
    """Write the pages of one language; `drawn` names the base map's sheets that there are."""
    from parkgap.publish import skeleton  # folium takes long to import

    ground = _ground(ctx)
    index = _overview(ctx, skeleton.render("overview"), ground)
    written = [_write(folder / "index.html", index)]
    if ctx.results.changes:
        path = folder / changespage.FILE
        written.append(_write(path, changespage.changes_page(ctx)))
    bones = skeleton.render("park")
    near, open_gates = nearby(ctx), gates(ctx)
    for park in ctx.park_ids:
        names = [basemap.sheet_name(cell) for cell in ground.cells.get(park, [])]
        marks = (near.get(park, []), open_gates.get(park, []))
        html = _park(ctx, bones, ground, park, marks, [name for name in names if name in drawn])
        written.append(_write(folder / "parks" / ctx.pages[park], html))
    return written


# --- files ------------------------------------------------------------------------------------


def _write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def _write_assets(folder: Path, names: Sequence[str]) -> list[Path]:
    """Copy what the pages load."""
    source = resources.files("parkgap.publish").joinpath("assets")
    return [
        _write(folder / "assets" / name, source.joinpath(*name.split("/")).read_bytes())
        for name in names
    ]


# --- geometry ---------------------------------------------------------------------------------


def _has_shape(geometry: object) -> bool:
    """Say whether a park can be drawn."""
    return isinstance(geometry, BaseGeometry) and not geometry.is_empty


def _total(shapes: Geometries, results: Results) -> Bounds:
    """Find the first view: around all parks, else around the data."""
    coverage = np.array([results.coverage], dtype=object)
    return basemap.extent_of(shapes) or basemap.extent_of(coverage) or (-1.0, -1.0, 1.0, 1.0)


def _boxes(bounds: Floats) -> Geometries:
    return np.asarray(shapely.box(*bounds.T), dtype=object)


def _outline(shape: object) -> dict[str, Any]:
    """Write a park's outline as rings relative to the origin of degrees."""
    simple = shapely.simplify(np.array([shape], dtype=object), 1e-5)
    counts, moves = basemap.encode(basemap.rings(simple), (0, 0))
    return {"n": counts, "d": moves}


def _coverage(results: Results) -> list[list[int]] | None:
    """Write the edge of the data, coarsely."""
    if not _has_shape(results.coverage):
        return None
    simple = shapely.simplify(np.array([results.coverage], dtype=object), 5e-4)
    counts, moves = basemap.encode(basemap.rings(simple), (0, 0))
    return [counts, moves] if counts else None


@dataclass(frozen=True)
class _Ground:
    """Where the drawn parks lie, and what is drawn around each.

    Attributes
    ----------
    place
        Park id to its place among the drawn parks.
    bounds, windows
        Box of each drawn park, and of the ground around it; shape (n, 4), degrees.
    outlines
        Each park's outline as the pages draw it.
    cells
        Park id to the sheets of the base map that its page loads.
    """

    place: dict[str, int]
    bounds: Floats
    windows: Floats
    outlines: list[dict[str, Any]]
    cells: dict[str, list[tuple[int, int]]]

    def around(self, park: str) -> list[str]:
        """List the parks whose box meets this park's window, itself last (drawn on top)."""
        west, south, east, north = self.windows[self.place[park]]
        b = self.bounds
        meets = (b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)
        return [p for p, i in self.place.items() if meets[i] and p != park] + [park]


def _ground(ctx: Context) -> _Ground:
    """Find where the parks lie that have an outline."""
    parks = ctx.results.parks
    geometry = dict(zip(parks["park_id"].map(str), parks["geometry"], strict=True))
    drawn = [p for p in ctx.park_ids if _has_shape(geometry[p])]
    shapes = np.array([geometry[p] for p in drawn], dtype=object)
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    windows = basemap.windows(bounds, basemap.WIDE_M)
    return _Ground(
        place={park: i for i, park in enumerate(drawn)},
        bounds=bounds,
        windows=windows,
        outlines=[_outline(shape) for shape in shapes],
        cells={p: basemap.cells(w) for p, w in zip(drawn, windows, strict=True)},
    )


# --- pages ------------------------------------------------------------------------------------


def _credit(ctx: Context) -> str:
    """Say whose the drawn ground is, and of which day."""
    day = ctx.results.data_date
    dated = ctx.t("page.semicolon") + ctx.t("map.data_of", day=day) if day else ""
    return f"{ctx.t('notice.odbl')}{dated}"


def _page(ctx: Context, bones: Skeleton, kind: str, **parts: Any) -> str:
    """Put a page together; `parts` holds title, body, data and its base sheets."""
    up = ctx.home + ("../" if kind == "park" else "")
    data = {
        "page": kind,
        "marks": map_marks(ctx),
        "credit": _credit(ctx),
        "t": {k: ctx.t(key) for k, key in _TEXTS.items()}
        | {"map_label": ctx.t("map.map_label", title=parts["title"])},
        **tile_data(ctx),
        **parts["data"],
    }
    scripts = (*(TILE_SCRIPTS if tile_hosts(ctx) else ()), *SCRIPTS[1:])
    files = [*bones.js, SCRIPTS[0], *scripts, *(f"base/{name}" for name in parts["sheets"])]
    return page(
        lang=ctx.t("page.html_lang"),
        title=parts["title"],
        css=[f"{up}assets/{name}" for name in (*bones.css, "parkgap.css")],
        js=[f"{up}assets/{name}" for name in files],
        body=parts["body"],
        data=data,
        script=bones.script,
        kind=kind,
        hosts=tile_hosts(ctx),
    )


def _overview(ctx: Context, bones: Skeleton, ground: _Ground) -> str:
    """Make the overview page."""
    spots = [*dots(ctx), *cluster_dots(ctx), *housing_dots(ctx)]
    found, rows = layers(ctx), {park: i for i, park in enumerate(ctx.park_ids)}
    parks = []
    for park, place in ground.place.items():
        row = ctx.ranking.get(park, {})
        parks.append(
            ground.outlines[place]
            | {
                "lines": tip_lines(ctx, park),
                "url": f"parks/{ctx.pages[park]}",
                "row": rows[park],
                "rank": count(row.get("rank")) if is_ranked(row) else "",
            }
        )
    data = {
        "bounds": [round(v, 6) for v in _total(_boxes(ground.bounds), ctx.results)],
        "coverage": _coverage(ctx.results),
        "parks": parks,
        "rows": list(rows),
        "looks": looks(),
        "layers": layer_data(found),
        "notes": {group: ctx.t(f"layer.note_{group}") for group in ("all", "end", "cat", "shift")},
        "dots": [{"colour": colour, "d": moves} for _, colour, moves in spots],
    }
    if sites := site_marks(ctx):
        data["sites"] = sites
    legend = [(label, colour, len(moves) // 2) for label, colour, moves in spots]
    body = overview_body(ctx, ground.place, legend, bones.html, found)
    title = ctx.results.study.title
    return _page(ctx, bones, "overview", title=title, body=body, data=data, sheets=["overview.js"])


def _park(
    ctx: Context, bones: Skeleton, ground: _Ground, park: str, marks: _Marks, sheets: list[str]
) -> str:
    """Make one park's page."""
    shapes: list[dict[str, Any]] = []
    element, box = bones.html, _total(_boxes(np.empty((0, 4))), ctx.results)
    if park in ground.place:
        own = ground.bounds[[ground.place[park]]]
        box = _total(_boxes(basemap.windows(own, VIEW_M)), ctx.results)
        for other in ground.around(park):
            name = {"name": name_of(ctx, other), "url": ctx.pages[other], "this": other == park}
            shapes.append(ground.outlines[ground.place[other]] | name)
    else:
        element += f'<p class="no-map">{text(ctx.t("map.no_map"))}</p>'
    near, park_gates = marks
    shifts = shift_data(ctx, park, near)
    sentences = [ctx.t(f"map.access_{who}") for who in ("park", "park_other", "enterprise")]
    data = {
        "bounds": [round(v, 6) for v in box],
        "parks": shapes,
        "items": items(ctx, park, near),
        "cats": _categories(ctx),
        "access": ["", *sentences],
        "f": near,
        "gates": park_gates,
    }
    if areas := area_marks(ctx, park):
        data["areas"] = areas
    coming = planned(ctx, park)
    if coming:
        data["planned"] = coming
    if shifts is not None:
        data["shifts"] = shifts
    if homes := home_marks(ctx, park):
        data["homes"] = homes
    if beds := housing_marks(ctx, park):
        data["beds"] = beds
    cluster = cluster_mark(ctx, park)
    if cluster is not None:
        data["cluster"] = cluster
    if sites := site_marks(ctx, park):
        data["sites"] = sites
    counts = np.bincount([entry[3] for entry in near], minlength=len(ctx.words.categories))
    kinds = Counter(gate[2] for gate in park_gates)
    progress = Counter(ctx.besides.status(row) for row in ctx.besides.planned_near(park))
    body = park_body(ctx, park, counts.tolist(), kinds, element, progress)
    return _page(ctx, bones, "park", title=name_of(ctx, park), body=body, data=data, sheets=sheets)


def _categories(ctx: Context) -> list[dict[str, str]]:
    """Give each category's colour, ink, letter and name."""
    out = []
    for place, (category, label) in enumerate(ctx.words.categories.items()):
        fill, ink = category_colour(place)
        look = {"colour": fill, "ink": ink, "glyph": ctx.words.glyph(category)}
        out.append(look | {"label": label})
    return out
