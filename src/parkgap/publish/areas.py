"""Areas of reach as a park's page shows them: its map's layer, and the switch with the legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parkgap.frame_areas import BESIDE_M
from parkgap.publish import basemap
from parkgap.publish.html import text
from parkgap.publish.words import count, decimal

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.publish.shell import Context


def _own(ctx: Context, park_id: str) -> pd.DataFrame:
    """Rows of one park, the widest area first."""
    areas = ctx.results.areas
    own: pd.DataFrame = areas[areas["park_id"].astype(str) == park_id]
    return own.sort_values("minutes", ascending=False)


def area_marks(ctx: Context, park_id: str) -> list[dict[str, object]]:
    """Give what a park's map draws of its areas, the widest first; nothing where none is known.

    ``n, d`` are rings as of :func:`parkgap.publish.basemap.encode`; ``label`` stands on the edge.
    """
    out: list[dict[str, object]] = []
    for row in _own(ctx, park_id).to_dict("records"):
        counts, moves = basemap.encode(basemap.rings(np.array([row["geometry"]])), (0, 0))
        minutes = int(row["minutes"])
        label = ctx.t("format.minutes", n=count(minutes))
        out.append({"m": minutes, "label": label, "n": counts, "d": moves})
    return out


def area_switch(ctx: Context, park_id: str) -> str:
    """Build the switch of the areas, which is their legend too; nothing where none is known."""
    t, rows = ctx.t, _own(ctx, park_id).iloc[::-1].to_dict("records")
    if not rows:
        return ""
    entries = "".join(
        f'<li><span class="reach m{int(row["minutes"])}" aria-hidden="true"></span>'
        f"{text(t('reach_area.within', minutes=count(row['minutes'])))}"
        f'<span class="n">{text(t("reach_area.km2", n=decimal(row["area_km2"], 2)))}</span></li>'
        for row in rows
    )
    note = t("reach_area.note", metres=count(BESIDE_M))
    return (
        f'<div class="tools"><h2>{text(t("reach_area.title"))}</h2><label>'
        f'<input type="checkbox" data-layer="areas" checked> {text(t("map.show"))}</label></div>'
        f'<ul class="legend">{entries}</ul><p class="small">{text(note)}</p>'
    )
