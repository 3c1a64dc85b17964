"""The report's maps: all parks with their ranks, and the ground around one park."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from parkgap.publish import basemap, ground
from parkgap.publish.fonts import Fonts, Labels
from parkgap.publish.overview import UNCOUNTED, is_ranked
from parkgap.publish.parkpage import category_colour
from parkgap.publish.pictures import (
    BLANK,
    DPI,
    GREY,
    INK,
    RULE,
    SIZE,
    Canvas,
    Drawing,
    Key,
    Taken,
    cut,
    draw,
    glyph,
    lay_legend,
    path_of,
    stroke,
    swatch,
    width_of,
)
from parkgap.publish.shell import SCORE_COLOURS, map_marks
from parkgap.publish.text import Text
from parkgap.publish.words import Row, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from parkgap.publish.answers import Site
    from parkgap.publish.ground import Lines, View
    from parkgap.publish.shell import Context

WIDTH = 180.0  # millimetres: the page's width
SITE = "#c2185b"
_MARGIN_M = 450.0  # ground around a park, as on its page
_LABELLED = 40  # ranks and sites named on a map; more would hide the map
_SETTLEMENTS = 12
_AREAS = {"built": "#f3f1ec", "green": "#dcebd2", "water": "#cbe1f1", "building": "#ddd8cf"}
# Pixels: smaller areas are not seen, or are grain; a line is, whatever its length.
_LEAST = {"built": 1.0, "green": 1.0, "water": 1.0, "building": 2.0}
_LINES = {
    "water_line": ("#a9cbe6", 0.8),
    "path_line": ("#d9d4ca", 0.3),
    "minor_line": ("#bdb6a9", 0.5),
    "main_line": ("#968d7d", 1.0),
}
_GATE = ("#3b3226", "#ffffff")
_TITLE, _NOTE = 13.0, 6.5  # points; on a slide twice as large
_APART = 2.0  # millimetres: marks of one kind in a square of this size are drawn as one
_KM = 1000
_STEPS = (50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10_000, 20_000, 50_000, 100_000)


@dataclass(frozen=True)
class Head:
    """What stands above a map that is to be shown by itself: a title, and a line below it.

    Attributes
    ----------
    title, line, note
        Texts: the title, and two lines below it.
    plain
        Instead of a title that no font can draw: an id.
    sites
        What the legend says of recommended sites.
    dpi
        Points an inch of the picture as points.
    """

    title: str
    line: str
    note: str
    plain: str
    sites: str
    dpi: float


@dataclass
class _Sheet:
    """A map in the making: where it lies on the paper, and what of it is taken."""

    page: Canvas
    land: Canvas
    view: View
    box: tuple[float, float, float, float]
    taken: Taken

    def paper(self, points: Any) -> Any:
        """Turn metres of the view, shape (n, 2), into millimetres of the paper."""
        left, bottom, width, height = self.box
        half = np.array([self.view.half_width, self.view.half_height])
        return (np.asarray(points, dtype=float) / half + 1) / 2 * [width, height] + [left, bottom]

    @property
    def inside(self) -> tuple[float, float, float, float]:
        """The map's edges on the paper."""
        left, bottom, width, height = self.box
        return left + 0.5, bottom + 0.5, left + width - 0.5, bottom + height - 0.5


def _sheet(
    figure: Figure,
    ctx: Context,
    labels: Labels,
    keys: Sequence[Key],
    box: Sequence[float],
    head: Head | None = None,
) -> _Sheet:
    """Lay out paper, heading, legend and map around a box (degrees)."""
    from matplotlib.patches import Rectangle

    page = Canvas(figure)
    foot = lay_legend(page, keys, 0.5, page.width)
    top = 0.3 if head is None else _heading(page, labels, head)
    place = (0.3, foot, page.width - 0.6, page.height - foot - top)
    view = ground.view_of(box, _MARGIN_M, place[2] / place[3])
    land = Canvas(figure, place, (view.half_width, view.half_height))
    page.put(Rectangle(place[:2], *place[2:], facecolor="#fbfaf8", linewidth=0, zorder=0))
    frame: dict[str, Any] = {"fill": False, "edgecolor": RULE, "linewidth": 0.8, "zorder": 7}
    page.put(Rectangle(place[:2], *place[2:], **frame))
    sheet = _Sheet(page, land, view, place, Taken([]))
    _frame(sheet, ctx, labels)
    return sheet


def _heading(page: Canvas, labels: Labels, head: Head) -> float:
    """Write a title and the line below it; return the height that they took."""
    room, top = page.width - 2.0, page.height
    page.say(1.0, top - 4.2, cut(labels(head.title, head.plain), room, _TITLE), fontsize=_TITLE)
    page.say(1.0, top - 9.6, cut(head.line, room, SIZE))
    page.say(1.0, top - 13.4, cut(head.note, room, _NOTE), fontsize=_NOTE, color=GREY)
    return 16.0


def _frame(sheet: _Sheet, ctx: Context, labels: Labels) -> None:
    """Write on the map what must stand on it, and its scale; north is up."""
    west, south, east, north = sheet.inside
    english = Text("en")
    # what stands on a map must be readable on it, also where no Chinese can be drawn
    plain = {
        ctx.t("notice.internal"): english("notice.internal").split(" (")[0],
        ctx.t("notice.made_up"): english("notice.made_up"),
    }
    back = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
    bold = {"color": "#8a1c10", "fontsize": 6.5, "bbox": back, "zorder": 9}
    for row, mark in enumerate(map_marks(ctx)):
        text = labels(mark, plain.get(mark, ""))
        y = north - 2.2 - 3.4 * row
        sheet.page.say(west + 1.2, y, text, **bold)
        sheet.taken.boxes.append((west, y - 1.8, west + 2.4 + width_of(text, 6.5), north))
    credit = ctx.t("notice.odbl")
    sheet.page.say(east - 1.2, south + 1.6, credit, ha="right", fontsize=5.5, bbox=back, zorder=9)
    sheet.taken.boxes.append((east - 2.4 - width_of(credit, 5.5), south, east, south + 3.2))
    _scale(sheet, west + 2.0, south + 2.2)


def _scale(sheet: _Sheet, x: float, y: float) -> None:
    per_metre = sheet.box[2] / (2 * sheet.view.half_width)
    metres = max((s for s in _STEPS if s * per_metre <= sheet.box[2] / 5), default=_STEPS[0])
    long = metres * per_metre
    said = f"{metres} m" if metres < _KM else f"{metres / _KM:g} km"
    said += " · N ↑"
    back = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
    sheet.page.line([x, x + long], [y, y], color=INK, linewidth=1.6, zorder=9)
    sheet.page.say(x + long + 1.2, y + 0.1, said, fontsize=6.5, bbox=back, zorder=8)
    sheet.taken.boxes.append((x - 1, y - 2, x + long + 4 + width_of(said), y + 2.2))


def _ground(sheet: _Sheet, sheets: Iterable[Mapping[str, Lines]]) -> None:
    """Draw land, water and streets."""
    from matplotlib.patches import PathPatch

    layers = ground.seen(sheets, sheet.view)
    looks: list[tuple[str, dict[str, Any]]] = [
        *((name, {"facecolor": colour, "linewidth": 0}) for name, colour in _AREAS.items()),
        *(
            (name, {"fill": False, "edgecolor": colour, "linewidth": width})
            for name, (colour, width) in _LINES.items()
        ),
    ]
    for order, (name, look) in enumerate(looks):
        if name in layers:
            lines = sheet.land.snapped(layers[name], least=_LEAST.get(name, 0.0))
            if len(lines.starts):
                sheet.land.put(PathPatch(path_of(lines), zorder=1 + order / 10, **look))


# --- all parks -------------------------------------------------------------------------------


def _class(row: Row) -> tuple[str, str | None]:
    """Choose a park's fill and hatching, as the overview page does."""
    score = number(row.get("score"))
    if not is_ranked(row) and row.get("tier") not in UNCOUNTED:
        return BLANK, "/////"
    if score is None:
        return BLANK, "...."
    place = min(max(int(score // 20), 0), len(SCORE_COLOURS) - 1)
    return SCORE_COLOURS[place], None if is_ranked(row) else "...."


def overview_map(
    ctx: Context,
    fonts: Fonts,
    sites: Sequence[Site],
    heights: tuple[float, float],
    head: Head | None = None,
) -> Drawing:
    """Draw all parks, shaded by score, with ranks, and the recommended sites.

    The picture is as high as the study asks for, between two heights in millimetres; `head`
    stands above it where it is to be shown by itself.
    """
    parks = ctx.results.parks
    shapes = {
        str(i): g
        for i, g in zip(parks["park_id"], parks["geometry"], strict=True)
        if g is not None and not g.is_empty
    }
    box = basemap.extent_of(np.array(list(shapes.values()), dtype=object))
    box = box or tuple(shapely.bounds(ctx.results.coverage).tolist())
    whole = ground.view_of(box, _MARGIN_M, 1.0)
    east, north = whole.plane(np.array([box[2:]]))[0] + _MARGIN_M
    height = float(np.clip(WIDTH * north / east, *heights))
    layers, settlements = ground.read_sheet(ctx.results.drawn.overview)

    def paint(figure: Figure, labels: Labels) -> None:
        sheet = _sheet(figure, ctx, labels, _score_keys(ctx, labels, sites, head), box, head)
        _ground(sheet, [layers])
        _parks(sheet, ctx, shapes)
        spots = {p: sheet.view.plane(_middle(g))[0] for p, g in shapes.items()}
        for park in [p for p in ctx.park_ids if p in spots][:_LABELLED]:
            rank = number(ctx.ranking.get(park, {}).get("rank"))
            if rank is not None:
                _rank(sheet, spots[park], f"{rank:.0f}")
        _sites(sheet, sites, fonts, areas=False)
        _settlements(sheet, fonts, settlements)

    return draw(fonts, WIDTH, height, paint, dpi=DPI if head is None else head.dpi)


def _score_keys(
    ctx: Context, labels: Labels, sites: Sequence[Site], head: Head | None
) -> list[Key]:
    t = ctx.t
    rows = [ctx.ranking.get(p, {}) for p in ctx.park_ids]
    tiers = {str(r.get("tier")) for r in rows if not is_ranked(r)}
    keys = [
        Key(labels(t("map.legend_class", low=20 * i, high=20 * i + 20)), swatch(colour))
        for i, colour in enumerate(SCORE_COLOURS)
    ]
    if tiers - {*UNCOUNTED}:
        keys.append(Key(labels(t("report.legend_unverified")), swatch(BLANK, "/////", GREY)))
    for tier in sorted(tiers & {*UNCOUNTED}):
        name = "withheld" if tier == "withheld" else "unknown"
        keys.append(Key(labels(t(f"report.legend_{name}")), swatch(BLANK, "....", GREY)))
    return [*keys, *([_site_key(ctx, labels, head)] if sites else [])]


def _site_key(ctx: Context, labels: Labels, head: Head | None) -> Key:
    said = ctx.t("report.legend_site") if head is None else head.sites
    return Key(labels(said), stroke(SITE, 1.4, "--"))


def _parks(sheet: _Sheet, ctx: Context, shapes: dict[str, Any]) -> None:
    """Draw outlines: all of one class at once."""
    from matplotlib.patches import PathPatch

    classes: dict[tuple[str, str | None], list[Any]] = {}
    for park, shape in shapes.items():
        classes.setdefault(_class(ctx.ranking.get(park, {})), []).append(shape)
    for (fill, hatch), several in sorted(classes.items(), key=lambda c: (c[0][0], str(c[0][1]))):
        path = path_of(sheet.land.snapped(ground.outline(several, sheet.view)))
        edge = GREY if hatch else "#3b3226"
        style: dict[str, Any] = {"edgecolor": edge, "linewidth": 0.7, "zorder": 4}
        sheet.land.put(PathPatch(path, facecolor=fill, **style))
        if hatch:  # by itself: hatching without a ground is written once, whatever lies below
            sheet.land.put(PathPatch(path, facecolor="none", hatch=hatch, **style))


def _middle(shape: Any) -> Any:
    return shapely.get_coordinates(shapely.centroid(shape))


def _rank(sheet: _Sheet, spot: Any, text: str) -> None:
    """Write a rank at its park, or beside it with a line to it."""
    x, y = sheet.paper([spot])[0]
    size = (max(4.2, width_of(text) + 2.0), 4.2)
    found = sheet.taken.take(x, y, size, sheet.inside)
    if found is None:
        return
    if found != (x, y):
        sheet.page.line([x, found[0]], [y, found[1]], color=INK, linewidth=0.5)
    back = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": INK, "linewidth": 0.6}
    sheet.page.say(*found, text, ha="center", bbox=back, zorder=8)


def _sites(sheet: _Sheet, sites: Sequence[Site], fonts: Fonts, *, areas: bool) -> None:
    """Mark recommended sites: the area to look in, and its number."""
    from matplotlib.patches import Circle

    half = np.array([sheet.view.half_width, sheet.view.half_height])
    for site in sites[:_LABELLED]:
        spot = sheet.view.plane(np.array([[site.lon, site.lat]]))[0]
        if (np.abs(spot) > half).any():
            continue
        style: dict[str, Any] = {"fill": False, "edgecolor": SITE, "linestyle": "--"}
        if areas and site.radius_m:
            circle = Circle(tuple(spot), site.radius_m, **style)
            circle.set(linewidth=1.1, zorder=6)
            sheet.land.put(circle)
        mark = {"marker": "D", "markersize": 3.2, "color": SITE, "linestyle": "none"}
        sheet.land.line(spot[:1], spot[1:], zorder=6, **mark)
        x, y = sheet.paper([spot])[0]
        size = (width_of(site.label) + 1.8, 3.8)
        found = sheet.taken.take(x, y + 3.2, size, sheet.inside)
        if found is not None and fonts.knows(site.label):
            back = {"facecolor": SITE, "edgecolor": "none", "pad": 1.2}
            look: dict[str, Any] = {"ha": "center", "color": "white", "bbox": back, "zorder": 8}
            sheet.page.line([x, found[0]], [y, found[1]], color=SITE, linewidth=0.5)
            sheet.page.say(*found, site.label, **look)


def _settlements(sheet: _Sheet, fonts: Fonts, places: Sequence[Sequence[Any]]) -> None:
    """Name the greatest settlements where there is room; none that cannot be drawn."""
    shown = 0
    back: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.65, "pad": 0.3}
    for name, lon, lat, _ in places:
        spot = sheet.view.plane(np.array([[lon, lat]]))
        (x, y) = sheet.paper(spot)[0]
        text = " ".join(str(name).split())
        west, south, east, north = sheet.inside
        size = (width_of(text, 6.5) + 1, 3.4)
        if not (west < x < east and south < y < north) or size[0] > sheet.box[2] / 4:
            continue
        box = (x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
        fits = west < box[0] and box[2] < east and sheet.taken.free(box)
        if not fits or not fonts.knows(text):
            continue
        sheet.taken.boxes.append(box)
        sheet.page.say(x, y, text, ha="center", fontsize=6.5, color=GREY, bbox=back, zorder=6)
        shown += 1
        if shown == _SETTLEMENTS:
            return


# --- one park --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Around:
    """What lies around one park: marks of its page (:mod:`parkgap.publish.marks`)."""

    park: str
    facilities: Sequence[Sequence[Any]]
    gates: Sequence[Sequence[Any]]
    sites: Sequence[Site]


def park_map(
    ctx: Context, fonts: Fonts, around: Around, height: float, head: Head | None = None
) -> Drawing | None:
    """Draw a park, its streets and gates, facilities in reach, and sites; None: no outline."""
    parks = ctx.results.parks
    own = parks.loc[parks["park_id"].map(str) == around.park, "geometry"].iloc[0]
    if own is None or own.is_empty:
        return None
    box = shapely.bounds(own).tolist()
    shown = [f for f in around.facilities if f[11]]  # those that are scored

    def paint(figure: Figure, labels: Labels) -> None:
        keys = _park_keys(ctx, labels, shown, around, head)
        sheet = _sheet(figure, ctx, labels, keys, box, head)
        cells = basemap.cells(sheet.view.window)
        names = [basemap.sheet_name(c) for c in cells]
        sheets = ctx.results.drawn.sheets
        _ground(sheet, (ground.read_sheet(sheets[n])[0] for n in names if n in sheets))
        _outlines(sheet, ctx, around.park)
        for place, points in _by_category(sheet, shown).items():
            letter = labels(_letter(ctx, place), str(place + 1))
            sheet.land.stamp(
                _apart(sheet, points), category_colour(place), glyph(letter, fonts.families)
            )
        gates = [[x / basemap.STEPS, y / basemap.STEPS] for x, y, *_ in around.gates]
        if gates:
            mark = glyph(labels(ctx.t("glyph.gate"), "G"), fonts.families)
            spots = _apart(sheet, sheet.view.plane(np.array(gates)))
            sheet.land.stamp(spots, _GATE, mark, size=6.6, shape="s")
        _sites(sheet, around.sites, fonts, areas=True)

    return draw(fonts, WIDTH, height, paint, dpi=DPI if head is None else head.dpi)


def _letter(ctx: Context, place: int) -> str:
    return ctx.words.glyph(list(ctx.words.categories)[place])


def _by_category(sheet: _Sheet, facilities: Sequence[Sequence[Any]]) -> dict[int, Any]:
    """Sort places by category: metres of the view; those outside it are left out."""
    if not facilities:
        return {}
    spots = sheet.view.plane(np.array([[f[1], f[2]] for f in facilities]) / basemap.STEPS)
    half = np.array([sheet.view.half_width, sheet.view.half_height])
    kept = (np.abs(spots) <= half).all(axis=1)
    kinds = np.array([f[3] for f in facilities])
    return {int(k): spots[kept & (kinds == k)] for k in np.unique(kinds[kept])}


def _apart(sheet: _Sheet, spots: Any) -> Any:
    """Keep one of the marks that would cover each other: the last, which is the nearest."""
    squares = np.floor(sheet.paper(spots[::-1]) / _APART)
    _, kept = np.unique(squares, axis=0, return_index=True)
    return spots[::-1][np.sort(kept)[::-1]]


def _park_keys(
    ctx: Context,
    labels: Labels,
    facilities: Sequence[Sequence[Any]],
    around: Around,
    head: Head | None,
) -> list[Key]:
    """List what the map shows: the park, gates, categories, sites."""
    t, names = ctx.t, list(ctx.words.categories)
    keys = [Key(labels(t("report.legend_park")), stroke("#8a1c10", 1.6))]

    def mark(letter: str, colours: tuple[str, str], shape: str) -> Any:
        def paint(page: Canvas, x: float, y: float) -> None:
            page.stamp([(x + 0.6, y)], colours, glyph(letter, labels.fonts.families), shape=shape)

        return paint

    if around.gates:
        letter = labels(t("glyph.gate"), "G")
        keys.append(Key(labels(t("map.legend_gates")), mark(letter, _GATE, "s")))
    for place in sorted({int(f[3]) for f in facilities}):
        letter = labels(_letter(ctx, place), str(place + 1))
        said = labels(ctx.words.category(names[place]))
        keys.append(Key(said, mark(letter, category_colour(place), "o")))
    return [*keys, *([_site_key(ctx, labels, head)] if around.sites else [])]


def _outlines(sheet: _Sheet, ctx: Context, park: str) -> None:
    """Draw the park, and fainter the others in view."""
    from matplotlib.patches import PathPatch

    parks = ctx.results.parks
    shapes = parks["geometry"].to_numpy()
    seen = shapely.intersects(shapes, shapely.box(*sheet.view.window))
    mine = (parks["park_id"].map(str) == park).to_numpy()
    others: dict[str, Any] = {"edgecolor": GREY, "linewidth": 0.7, "linestyle": ":", "zorder": 4}
    own: dict[str, Any] = {"edgecolor": "#8a1c10", "linewidth": 1.6, "zorder": 4.5}
    others["facecolor"], own["facecolor"] = (0.4, 0.4, 0.4, 0.06), (0.6, 0.2, 0.02, 0.10)
    for which, style in ((seen & ~mine, others), (seen & mine, own)):
        if which.any():
            path = path_of(sheet.land.snapped(ground.outline(list(shapes[which]), sheet.view)))
            sheet.land.put(PathPatch(path, **style))
