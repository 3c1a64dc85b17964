"""The HTML maps: an overview of all parks and one page a park, made to open without a net.

Everything a page loads lies in the result folder: Leaflet, one script, one style sheet, and
the base map's sheets in ``assets``.  folium makes the maps (:mod:`parkgap.publish.skeleton`);
what is drawn on them stands as data in the page and is put there by ``parkgap.js``, so that
no name passes through a template.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from parkgap.publish import basemap
from parkgap.publish.html import page, page_name, page_names, text
from parkgap.publish.marks import dots, gates, items, nearby
from parkgap.publish.overview import is_ranked, name_of, overview_body, shade, tip_lines
from parkgap.publish.parkpage import category_colour, park_body
from parkgap.publish.shell import Context, context, map_marks
from parkgap.publish.words import count

if TYPE_CHECKING:
    import numpy.typing as npt

    from parkgap.publish.skeleton import Skeleton
    from parkgap.results import Results

__all__ = ["page_name", "page_names", "write_maps"]

ASSETS = (
    "leaflet/leaflet.js",
    "leaflet/leaflet.css",
    "leaflet/LICENSE",
    "leaflet/NOTICE.md",
    "leaflet/images/layers.png",
    "leaflet/images/layers-2x.png",
    "leaflet/images/marker-icon.png",
    "parkgap.js",
    "parkgap.css",
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
    "osm_id": "map.osm_id",
    "colon": "page.colon",
    "gate": "glyph.gate",
}
VIEW_M = 450.0  # ground around a park in its page's first view

Bounds = tuple[float, float, float, float]


def write_maps(results: Results, folder: Path) -> list[Path]:
    """Write ``index.html``, ``parks/*.html`` and what they load, below `folder`.

    The same results give the same bytes.

    Parameters
    ----------
    results
        What the run found; geometry in WGS-84 degrees.
    folder
        Where to write; it and its subfolders are made.

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
    from parkgap.publish import skeleton  # folium takes long to import

    ctx = context(results)
    written = _write_assets(folder)
    geometry = dict(zip(results.parks["park_id"].map(str), results.parks["geometry"], strict=True))
    drawn = [p for p in ctx.park_ids if _has_shape(geometry[p])]
    shapes = np.array([geometry[p] for p in drawn], dtype=object)
    bounds = shapely.bounds(shapes).reshape(-1, 4)

    sheet = basemap.overview(results.base, _total(bounds, results))
    written.append(_write(folder / "assets/base" / sheet.name, sheet.content))
    written.append(
        _write(folder / "index.html", _overview(ctx, skeleton.render("overview"), drawn, shapes))
    )

    windows = dict(zip(drawn, basemap.windows(bounds), strict=True))
    cells = {park: basemap.cells(window) for park, window in windows.items()}
    wanted = {cell for group in cells.values() for cell in group}
    for sheet in basemap.sheets(results.base, wanted):
        written.append(_write(folder / "assets/base" / sheet.name, sheet.content))

    bones = skeleton.render("park")
    ground = _Ground(drawn, shapes, bounds, windows, cells)
    near, open_gates = nearby(ctx), gates(ctx)
    for park in ctx.park_ids:
        content = _park(ctx, bones, ground, park, near.get(park, []), open_gates.get(park, []))
        written.append(_write(folder / "parks" / ctx.pages[park], content))
    return written


# --- files ------------------------------------------------------------------------------------


def _write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def _write_assets(folder: Path) -> list[Path]:
    """Copy what every page loads."""
    source = resources.files("parkgap.publish").joinpath("assets")
    return [
        _write(folder / "assets" / name, source.joinpath(*name.split("/")).read_bytes())
        for name in ASSETS
    ]


# --- geometry ---------------------------------------------------------------------------------


def _has_shape(geometry: object) -> bool:
    """Say whether a park can be drawn."""
    return isinstance(geometry, BaseGeometry) and not geometry.is_empty


def _total(bounds: npt.NDArray[np.float64], results: Results) -> Bounds:
    """Find the first view: around all parks, else around the data."""
    box = bounds if len(bounds) else np.atleast_2d(shapely.bounds(results.coverage))
    west, south = box[:, 0].min(), box[:, 1].min()
    east, north = box[:, 2].max(), box[:, 3].max()
    if not np.isfinite([west, south, east, north]).all():
        return (-1.0, -1.0, 1.0, 1.0)
    pad = 0.002
    return (float(west) - pad, float(south) - pad, float(east) + pad, float(north) + pad)


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


class _Ground:
    """Where the drawn parks lie, and which sheets of the base map each page loads."""

    def __init__(
        self,
        parks: list[str],
        shapes: npt.NDArray[np.object_],
        bounds: npt.NDArray[np.float64],
        windows: dict[str, npt.NDArray[np.float64]],
        cells: dict[str, list[tuple[int, int]]],
    ) -> None:
        self.parks, self.bounds, self.windows, self.cells = parks, bounds, windows, cells
        self.place = {park: i for i, park in enumerate(parks)}
        self.outlines = [_outline(shape) for shape in shapes]

    def around(self, park: str) -> list[int]:
        """List the parks whose box meets this park's window, itself last (drawn on top)."""
        west, south, east, north = self.windows[park]
        b = self.bounds
        meets = (b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)
        own = self.place[park]
        return [int(i) for i in np.flatnonzero(meets) if i != own] + [own]


# --- pages ------------------------------------------------------------------------------------


def _page(ctx: Context, bones: Skeleton, kind: str, **parts: Any) -> str:
    """Put a page together; `parts` holds title, body, data and its base sheets."""
    up = "../" if kind == "park" else ""
    data = {
        "page": kind,
        "marks": map_marks(ctx),
        "credit": ctx.t("notice.odbl"),
        "t": {k: ctx.t(key) for k, key in _TEXTS.items()}
        | {"map_label": ctx.t("map.map_label", title=parts["title"])},
        **parts["data"],
    }
    files = [*bones.js, "parkgap.js", *(f"base/{name}" for name in parts["sheets"])]
    return page(
        lang=ctx.t("page.html_lang"),
        title=parts["title"],
        css=[f"{up}assets/{name}" for name in (*bones.css, "parkgap.css")],
        js=[f"{up}assets/{name}" for name in files],
        body=parts["body"],
        data=data,
        script=bones.script,
        kind=kind,
    )


def _overview(
    ctx: Context, bones: Skeleton, drawn: list[str], shapes: npt.NDArray[np.object_]
) -> str:
    """Make the overview page."""
    spots = dots(ctx)
    parks = []
    for park, shape in zip(drawn, shapes, strict=True):
        row = ctx.ranking.get(park, {})
        fill, ink = shade(row)
        parks.append(
            _outline(shape)
            | {
                "lines": tip_lines(ctx, park),
                "url": f"parks/{ctx.pages[park]}",
                "fill": fill,
                "ink": ink,
                "rank": count(row.get("rank")) if is_ranked(row) else "",
            }
        )
    data = {
        "bounds": [round(v, 6) for v in _total(shapely.bounds(shapes).reshape(-1, 4), ctx.results)],
        "coverage": _coverage(ctx.results),
        "parks": parks,
        "dots": [{"colour": colour, "d": moves} for _, colour, moves in spots],
    }
    places = {park: i for i, park in enumerate(drawn)}
    legend = [(label, colour, len(moves) // 2) for label, colour, moves in spots]
    body = overview_body(ctx, places, legend, bones.html)
    title = ctx.results.study.title
    return _page(ctx, bones, "overview", title=title, body=body, data=data, sheets=["overview.js"])


def _park(
    ctx: Context,
    bones: Skeleton,
    ground: _Ground,
    park: str,
    near: list[list[Any]],
    park_gates: list[list[Any]],
) -> str:
    """Make one park's page."""
    shapes = []
    box: Bounds = _total(np.empty((0, 4)), ctx.results)
    if park in ground.place:
        box = _total(basemap.windows(ground.bounds[[ground.place[park]]], VIEW_M), ctx.results)
        for i in ground.around(park):
            other = ground.parks[i]
            name = {"name": name_of(ctx, other), "url": ctx.pages[other], "this": other == park}
            shapes.append(ground.outlines[i] | name)
    categories = list(ctx.words.categories)
    data = {
        "bounds": [round(v, 6) for v in box],
        "parks": shapes,
        "items": items(ctx, park, near),
        "cats": [
            dict(zip(("colour", "ink"), category_colour(i), strict=True))
            | {"glyph": ctx.words.glyph(c)}
            for i, c in enumerate(categories)
        ],
        "access": [
            "",
            ctx.t("map.access_park"),
            ctx.t("map.access_park_other"),
            ctx.t("map.access_enterprise"),
        ],
        "f": near,
        "gates": park_gates,
    }
    counts = np.bincount([entry[3] for entry in near], minlength=len(categories)).tolist()
    kinds: dict[str, int] = {}
    for gate in park_gates:
        kinds[gate[2]] = kinds.get(gate[2], 0) + 1
    element = bones.html
    if park not in ground.place:
        element += f'<p class="no-map">{text(ctx.t("map.no_map"))}</p>'
    body = park_body(ctx, park, counts, kinds, element)
    sheets = [basemap.sheet_name(cell) for cell in ground.cells.get(park, [])]
    return _page(ctx, bones, "park", title=name_of(ctx, park), body=body, data=data, sheets=sheets)
