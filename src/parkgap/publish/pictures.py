"""How a picture of the report is drawn: paper in millimetres, labels that are never boxes.

matplotlib is imported when a picture is drawn, and each figure is given up before the next, so
that a report of many pictures takes the memory of one.
"""

from __future__ import annotations

import gc
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from parkgap.publish.fonts import Fonts, Labels
from parkgap.publish.ground import Lines
from parkgap.publish.report import width_of as line_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path as Outline


MM = 25.4  # per inch
DPI = 200  # of the pictures in the document: sharp when printed, and a page stays below 1 MB
INK, GREY, RULE = "#1f2933", "#5b6168", "#c9ced4"
BLANK = "#eceff2"  # what is not known: this, hatched
SIZE = 7.5  # points; labels of pictures
_POINTS = 72.0  # per inch
_COLOURS, _COMPRESSED = 256, 6


@dataclass(frozen=True)
class Drawing:
    """A picture: as vectors and as points, what its numbered labels stand for, millimetres."""

    svg: bytes
    png: bytes
    told: tuple[str, ...]
    width: float
    height: float


def draw(
    fonts: Fonts,
    width: float,
    height: float,
    paint: Callable[[Figure, Labels], None],
    *,
    dpi: float = DPI,
) -> Drawing:
    """Draw a picture; the same bytes every time.

    Parameters
    ----------
    fonts
        What labels are drawn with.
    width, height
        Size in millimetres.
    paint
        Paints on the empty figure.
    dpi
        Points an inch of the picture as points.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "font.family": list(fonts.families),
        "font.size": SIZE,
        "svg.hashsalt": "parkgap",
        "svg.fonttype": "path",  # letters as outlines: no reader needs the font
        "hatch.linewidth": 0.7,
        "text.hinting": "none",
        "axes.edgecolor": RULE,
        "axes.labelcolor": INK,
        "text.color": INK,
        "text.parse_math": False,  # a $ in a name is a $
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.unicode_minus": False,
    }
    labels, svg = Labels(fonts), io.BytesIO()
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width / MM, height / MM), dpi=dpi, facecolor="white")
        paint(figure, labels)
        png = _png(figure)
        dates = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(svg, format="svg", metadata=dates)
        figure.clear()
    del figure, paint
    # a figure is a knot of cycles, which a run otherwise leaves lying
    gc.collect(1)
    return Drawing(_lean(svg.getvalue()), png, tuple(labels.told), width, height)


def _lean(svg: bytes) -> bytes:
    """Leave out the blanks between the points of paths: a fifth of a map."""
    for step in (b"M", b"L", b"C", b"Q"):
        svg = svg.replace(b" \n" + step + b" ", step)
    return svg


def _png(figure: Figure) -> bytes:
    """Write a figure as points, of as few colours as a map has: a third of the time and bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    size = canvas.get_width_height()
    seen = Image.frombytes("RGB", size, bytes(canvas.buffer_rgba()), "raw", "RGBX")
    out = io.BytesIO()
    flat = seen.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    flat.save(out, format="png", dpi=(figure.dpi, figure.dpi), compress_level=_COMPRESSED)
    return out.getvalue()


# --- words on paper --------------------------------------------------------------------------


def width_of(text: str, size: float = SIZE) -> float:
    """Width of a label in millimetres, about."""
    return line_width(text, size)


def two_lines(text: str, room: float, size: float = SIZE) -> str:
    """Break a text that is too wide for `room` (millimetres) in two, and cut what still is."""
    if width_of(text, size) <= room:
        return text
    places = [m.end() for m in re.finditer(r"[\s、，,/；;（()）-]+", text[:-1])]
    middle = min(places or [len(text) // 2], key=lambda p: abs(p - len(text) / 2))
    return "\n".join(cut(part.strip(), room, size) for part in (text[:middle], text[middle:]))


def cut(text: str, room: float, size: float) -> str:
    """Cut a text that is too wide for `room` (millimetres)."""
    text = text[: int(room / width_of("i", size)) + 2]  # an endless name takes no time
    while len(text) > 1 and width_of(text, size) > room:
        text = text[:-2].rstrip() + "…"
    return text


class Canvas:
    """A part of a figure with its own units: the paper in millimetres, or ground in metres.

    No axes are made for it: they would cost more than what is drawn on them.

    Parameters
    ----------
    figure
        The figure.
    box
        Where the part lies on the paper: left, bottom, width, height in millimetres; None: all.
    half
        Half its width and height in its own units, (0, 0) in its middle; None: millimetres from
        its lower left corner.  What reaches beyond such a part is cut off.
    """

    def __init__(
        self,
        figure: Figure,
        box: Sequence[float] | None = None,
        half: Sequence[float] | None = None,
    ) -> None:
        from matplotlib.patches import Rectangle
        from matplotlib.transforms import Affine2D

        self.figure = figure
        self.width, self.height = (float(v) * MM for v in figure.get_size_inches())
        inches = Affine2D().scale(1 / MM) + figure.dpi_scale_trans
        self.transform: Any = inches
        self.clip: Any = None
        if box is not None and half is not None:
            left, bottom, width, height = box
            scale = (width / 2 / half[0], height / 2 / half[1])
            self.scale = Affine2D().scale(*scale).translate(left + width / 2, bottom + height / 2)
            self.transform = self.scale + inches
            self.clip = Rectangle((left, bottom), width, height, transform=inches)

    def put(self, artist: Any) -> None:
        """Draw something in the canvas's units."""
        artist.set_transform(self.transform)
        self.figure.add_artist(artist)
        if self.clip is not None:
            artist.set_clip_path(self.clip)

    def line(self, x: Any, y: Any, **style: Any) -> None:
        """Draw a line, or its points where `style` names a marker."""
        from matplotlib.lines import Line2D

        self.put(Line2D(x, y, **style))

    def say(self, x: float, y: float, text: str, **style: Any) -> None:
        """Write one text at a place."""
        look = {"va": "center", "fontsize": SIZE, "zorder": 8, **style}
        self.figure.text(x, y, text, transform=self.transform, **look)

    def stamp(
        self,
        points: Any,
        colours: tuple[str, str],
        letter: Outline,
        *,
        size: float = 6.2,
        shape: str = "o",
    ) -> None:
        """Put coloured marks with a letter on them at points, shape (n, 2); `size` in points."""
        fill, ink = colours
        x, y = np.asarray(points, dtype=float).reshape(-1, 2).T
        edge = {"markeredgecolor": "white", "markeredgewidth": 0.5, "linestyle": "none"}
        self.line(x, y, marker=shape, markersize=size, markerfacecolor=fill, zorder=6, **edge)
        bare = {"markeredgewidth": 0, "markerfacecolor": ink, "linestyle": "none"}
        self.line(x, y, marker=letter, markersize=size * 0.72, zorder=6, **bare)

    def axes(self, box: Sequence[float]) -> Axes:
        """Make axes for a chart at a place of the paper: left, bottom, width, height."""
        left, bottom, width, height = box
        w, h = self.width, self.height
        return self.figure.add_axes((left / w, bottom / h, width / w, height / h))

    def snapped(self, lines: Lines, *, least: float = 0.0) -> Lines:
        """Move points to tenths of a point of the vector picture, and leave out repeated ones.

        So is what is smaller than `least` pixels (of the picture as points) both ways.  No eye can
        tell, and the file is half as large.
        """
        points, starts = lines.points, lines.starts
        if not len(starts):
            return lines
        high = self.height / MM * _POINTS
        paper = self.scale.transform(points) * (_POINTS / MM)
        if least:
            span = np.maximum.reduceat(paper, starts) - np.minimum.reduceat(paper, starts)
            seen = (span >= least * _POINTS / DPI).any(axis=1)
            counts = np.diff(np.r_[starts, len(paper)])
            paper, counts = paper[np.repeat(seen, counts)], counts[seen]
            starts = np.cumsum(counts) - counts
        paper[:, 1] = high - paper[:, 1]  # vector pictures count from above
        paper = np.round(paper, 1)
        first = np.zeros(len(paper), dtype=bool)
        first[starts] = True
        keep = first | (np.diff(paper, axis=0, prepend=np.nan) != 0).any(axis=1)
        paper[:, 1] = high - paper[:, 1]
        back = self.scale.inverted().transform(paper[keep] * (MM / _POINTS))
        return Lines(np.asarray(back), np.flatnonzero(first[keep]))


@dataclass(frozen=True)
class Key:
    """One entry of a legend: its label, and what paints its mark at (page, x, y)."""

    label: str
    paint: Callable[[Canvas, float, float], None]


def lay_legend(page: Canvas, keys: Sequence[Key], left: float, right: float) -> float:
    """Paint a legend along the foot of the paper; return the height that it took."""
    rows: list[list[tuple[Key, float]]] = [[]]
    x = left
    for key in keys:
        room = 6.5 + width_of(key.label) + 3.5
        if x + room > right and rows[-1]:
            rows.append([])
            x = left
        rows[-1].append((key, x))
        x += room
    for number, row in enumerate(reversed(rows)):
        y = 2.6 + 4.6 * number
        for key, at in row:
            key.paint(page, at + 2.5, y)
            page.say(at + 6.0, y, key.label)
    return 4.6 * len(rows) + 1.0 if keys else 0.0


def swatch(fill: str, hatch: str | None = None, edge: str = "#3b3226") -> Callable[..., None]:
    """Give what paints a little box."""

    def paint(page: Canvas, x: float, y: float) -> None:
        from matplotlib.patches import Rectangle

        for ground, lines in ((fill, None), *((("none", hatch),) if hatch else ())):
            style: dict[str, Any] = {"facecolor": ground, "edgecolor": edge, "linewidth": 0.5}
            page.put(Rectangle((x - 2.3, y - 1.3), 4.6, 2.6, hatch=lines, **style))

    return paint


def stroke(colour: str, width: float, style: str = "-") -> Callable[..., None]:
    """Give what paints a piece of line."""

    def paint(page: Canvas, x: float, y: float) -> None:
        page.line([x - 2.3, x + 2.3], [y, y], color=colour, linewidth=width, linestyle=style)

    return paint


# --- marks -----------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def glyph(text: str, families: tuple[str, ...]) -> Outline:
    """Take a short text as an outline around (0, 0), to be used as a marker many times."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path as Outline
    from matplotlib.textpath import TextPath

    path = TextPath((0, 0), text, size=1.0, prop=FontProperties(family=list(families)))
    points = np.asarray(path.vertices, dtype=float)
    if not len(points):
        return Outline(np.zeros((1, 2)))
    return Outline(points - (points.min(axis=0) + points.max(axis=0)) / 2, path.codes)


def path_of(lines: Lines) -> Outline:
    """Make one path of many lines."""
    from matplotlib.path import Path as Outline

    codes = np.full(len(lines.points), Outline.LINETO, dtype=np.uint8)
    codes[lines.starts] = Outline.MOVETO
    return Outline(lines.points, codes)


@dataclass
class Taken:
    """Boxes (millimetres) that labels take, so that none covers another."""

    boxes: list[tuple[float, float, float, float]]

    def free(self, box: tuple[float, float, float, float]) -> bool:
        """Tell whether a box (left, bottom, right, top) meets none of them."""
        left, bottom, right, top = box
        return all(
            right <= b[0] or left >= b[2] or top <= b[1] or bottom >= b[3] for b in self.boxes
        )

    def take(
        self, x: float, y: float, size: tuple[float, float], inside: Sequence[float]
    ) -> tuple[float, float] | None:
        """Find room near a point for a label of this size (width, height); None: there is none.

        Tried are the place itself and eight around it, near ones first, within `inside`.
        """
        wide, high = size
        west, south, east, north = inside
        around = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)]
        for far in (1.0, 1.8):
            for dx, dy in around:
                cx, cy = x + dx * far * (wide + 0.6), y + dy * far * (high + 0.6)
                box = (cx - wide / 2, cy - high / 2, cx + wide / 2, cy + high / 2)
                fits = box[0] >= west and box[2] <= east and box[1] >= south and box[3] <= north
                if fits and self.free(box):
                    self.boxes.append(box)
                    return cx, cy
        return None
