"""Where a park's workers live, as squares of a fixed grid; never a residence's own place."""

from __future__ import annotations

from math import cos, radians
from typing import TYPE_CHECKING, Any

from parkgap.publish.basemap import STEPS
from parkgap.publish.html import text
from parkgap.publish.words import count, decimal, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.publish.shell import Context
    from parkgap.publish.words import Row

_KM = 111.3  # of a degree of latitude
_FINEST, _WIDEST = "0.01", "0.08"  # degrees; see parkgap.assess.home_cells


def _classes(rows: Sequence[Row]) -> list[tuple[float, float | None]]:
    """Classes of people that occur, the smallest first."""
    return sorted({(float(r["least"]), number(r["below"])) for r in rows}, key=lambda c: c[0])


def _people(ctx: Context, least: float, below: float | None) -> str:
    if below is None:
        return ctx.t("parkpage.homes_top", low=count(least))
    return ctx.t("parkpage.homes_class", low=count(least), high=count(below - 1))


def _shade(ctx: Context, least: float) -> int:
    """Number of a class's shade: of all classes that there may be, whatever occurs."""
    steps = least / ctx.results.study.privacy.min_workers
    return sum(steps >= bound for bound in (5, 20, 100))


def home_marks(ctx: Context, park_id: str) -> list[list[Any]]:
    """List a park's squares: west, south, east, north (steps), shade, what their tips say."""
    out: list[list[Any]] = []
    for row in ctx.homes.get(park_id, []):
        west, south, size = (float(row[c]) for c in ("west", "south", "size"))
        corners = [round(v * STEPS) for v in (west, south, west + size, south + size)]
        people = _people(ctx, float(row["least"]), number(row["below"]))
        tip = ctx.t("parkpage.homes_tip", people=people)
        out.append([*corners, _shade(ctx, float(row["least"])), tip, _extent(ctx, south, size)])
    return out


def _extent(ctx: Context, south: float, size: float) -> str:
    """Say how wide and high a square is."""
    high = size * _KM
    wide = high * cos(radians(south))
    return ctx.t("parkpage.homes_size", wide=decimal(wide), high=decimal(high))


def home_switch(ctx: Context, park_id: str) -> str:
    """Build the switch and legend of the squares, and say what is not shown; nothing without."""
    rows = ctx.homes.get(park_id, [])
    if not rows:
        return ""
    t = ctx.t
    entries = []
    for least, below in _classes(rows):
        n = sum(float(r["least"]) == least for r in rows)
        entries.append(
            f'<li><span class="home s{_shade(ctx, least)}" aria-hidden="true"></span>'
            f"{text(_people(ctx, least, below))}"
            f'<span class="n">{text(t("parkpage.homes_n", n=count(n)))}</span></li>'
        )
    few = count(ctx.results.study.privacy.min_workers)
    smallest = min(float(r["size"]) for r in rows)
    extent = _extent(ctx, float(rows[0]["south"]), smallest)
    note = t("parkpage.homes_note", n=few, size=extent, finest=_FINEST, widest=_WIDEST)
    return (
        f'<div class="tools"><h2>{text(t("parkpage.homes"))}</h2><label>'
        f'<input type="checkbox" data-layer="homes"> {text(t("map.show"))}</label></div>'
        f'<ul class="legend">{"".join(entries)}</ul><p class="note">{text(note)}</p>'
    )
