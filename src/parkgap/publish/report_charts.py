"""The report's charts: how often what is short, and workers served against number of sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parkgap.publish.pictures import (
    BLANK,
    GREY,
    RULE,
    SIZE,
    Canvas,
    Drawing,
    Key,
    draw,
    lay_legend,
    swatch,
    two_lines,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from parkgap.publish.fonts import Fonts, Labels
    from parkgap.publish.text import Text

WIDTH = 180.0
SHORT = "#d95f0e"
_LEFT = 52.0  # millimetres for the names of items
_RIGHT = 46.0  # for the names of curves
# Okabe and Ito's colours that are dark enough for lines on white; markers tell them apart too.
_COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#000000", "#8a6d00")
_MARKERS = "os^DvP"
_TEN_THOUSAND = 10_000


@dataclass(frozen=True)
class Bar:
    """One item: its name, parks that are short of it, and parks to verify."""

    name: str
    short: int
    unverified: int


def gap_chart(t: Text, fonts: Fonts, bars: Sequence[Bar], height: float) -> Drawing:
    """Draw how many parks are short of each item, and how many are to be verified."""

    def paint(figure: Figure, labels: Labels) -> None:
        page = Canvas(figure)
        keys = [Key(labels(t("status.short")), swatch(SHORT, edge=SHORT))]
        if any(b.unverified for b in bars):
            keys.append(Key(labels(t("status.unverified")), swatch(BLANK, "/////", GREY)))
        foot = lay_legend(page, keys, _LEFT, page.width) + 5.0
        axes = page.axes((_LEFT, foot, page.width - _LEFT - 8, page.height - foot - 1))
        places = range(len(bars))
        axes.barh(places, [b.short for b in bars], height=0.62, color=SHORT)
        style: dict[str, Any] = {"color": BLANK, "hatch": "/////", "edgecolor": GREY}
        left = [b.short for b in bars]
        axes.barh(places, [b.unverified for b in bars], 0.62, left, linewidth=0, **style)
        for n, bar in enumerate(bars):
            ends = [str(bar.short), *([f"+{bar.unverified}"] if bar.unverified else [])]
            said = " ".join(ends)
            axes.text(bar.short + bar.unverified, n, f"  {said}", va="center", fontsize=SIZE)
        names = [two_lines(labels(b.name), _LEFT - 3) for b in bars]
        axes.set_yticks(list(places), names, fontsize=SIZE, linespacing=0.95)
        most = max((b.short + b.unverified for b in bars), default=1)
        axes.set(ylim=(len(bars) - 0.5, -0.5), xlim=(0, most * 1.12 + 0.2))
        _plain(axes)
        axes.grid(visible=False, axis="y")
        axes.tick_params(length=0)

    return draw(fonts, WIDTH, height, paint)


@dataclass(frozen=True)
class Curve:
    """One item: number of sites, workers served with so many, and their cost (yuan) if known."""

    name: str
    sites: Sequence[int]
    served: Sequence[float]
    cost: Sequence[float | None]

    @property
    def priced(self) -> bool:
        """Whether every number of sites has a cost."""
        return all(c is not None for c in self.cost)


def curve_chart(t: Text, fonts: Fonts, curves: Sequence[Curve], height: float) -> Drawing:
    """Draw workers served against number of sites; beside it against cost, where it is given."""
    priced = [c for c in curves if c.priced]

    def paint(figure: Figure, labels: Labels) -> None:
        page = Canvas(figure)
        room = page.width - 16 - (0 if priced else _RIGHT)
        keys = [
            Key(labels(c.name), _line_mark(n))
            for n, c in enumerate(curves[: len(_COLOURS)])
        ]  # fmt: skip
        foot = lay_legend(page, keys, 16, page.width) + 9.0
        wide = (room - 22) / 2 if priced else room
        axes = page.axes((16, foot, wide, page.height - foot - 2))
        for n, curve in enumerate(curves[: len(_COLOURS)]):
            _line(axes, n, curve.sites, curve.served)
        axes.set_xlabel(labels(t("report.axis_sites")))
        axes.set_ylabel(labels(t("report.axis_served")))
        _plain(axes)
        _whole_steps(axes, max(max(c.sites) for c in curves))
        if priced:
            beside = page.axes((16 + wide + 20, foot, wide, page.height - foot - 2))
            for n, curve in enumerate(curves[: len(_COLOURS)]):
                if curve.priced:
                    cost = [(c or 0.0) / _TEN_THOUSAND for c in curve.cost]
                    _line(beside, n, cost, curve.served)
            beside.set_xlabel(labels(t("report.axis_cost")))
            _plain(beside)
            beside.set_xlim(left=0)

    return draw(fonts, WIDTH, height, paint)


def _line(axes: Axes, place: int, x: Sequence[float], y: Sequence[float]) -> None:
    look: dict[str, Any] = {"color": _COLOURS[place], "marker": _MARKERS[place]}
    axes.plot(x, y, linewidth=1.2, markersize=3.6, clip_on=False, **look)


def _line_mark(place: int) -> Any:
    def paint(page: Canvas, x: float, y: float) -> None:
        look: dict[str, Any] = {"color": _COLOURS[place], "marker": _MARKERS[place]}
        ends = [x - 2.3, x, x + 2.3]
        page.line(ends, [y, y, y], linewidth=1.2, markersize=3.6, **look)

    return paint


def _plain(axes: Axes) -> None:
    """Thin lines, whole figures with thousands separators, nothing else."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
    axes.grid(color="#e6e9ed", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(color=RULE, labelsize=SIZE)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    if axes.get_ylim()[0] < axes.get_ylim()[1]:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))


def _whole_steps(axes: Axes, most: int) -> None:
    axes.set_xlim(0, max(most, 1) * 1.02)
