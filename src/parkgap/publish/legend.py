"""How parks look on the overview, and the legend that says so, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from parkgap.publish.html import text
from parkgap.publish.layers import (
    CLASSES,
    HATCH,
    HATCHED,
    NONE,
    UNCOUNTED,
    Layer,
    looks,
    overall_look,
)
from parkgap.publish.shell import SCORE_COLOURS, SCORE_INKS, Context
from parkgap.publish.sites import site_switch
from parkgap.publish.tiles import basemap_of, tile_name
from parkgap.publish.words import Row, count

_PAPER = "#eceff2"


def patterns() -> str:
    """Define the patterns of unranked parks: hatched, and each score class with dots on it."""
    dots = [("pg-dotted", _PAPER, "#6c757d")] + [
        (f"pg-dotted-{i}", fill, ink)
        for i, (fill, ink) in enumerate(zip(SCORE_COLOURS, SCORE_INKS, strict=True))
    ]
    marks = "".join(
        f'<pattern id="{name}" width="7" height="7" patternUnits="userSpaceOnUse">'
        f'<rect width="7" height="7" fill="{fill}"/>'
        f'<circle cx="3.5" cy="3.5" r="1.4" fill="{ink}"/></pattern>'
        for name, fill, ink in dots
    )
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true" focusable="false">'
        '<defs><pattern id="pg-hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="7" height="7" fill="{_PAPER}"/>'
        f'<rect width="2.6" height="7" fill="#8a939c"/></pattern>{marks}</defs></svg>'
    )


def shade(row: Row) -> tuple[str, str]:
    """Choose a park's fill and ink by its whole score (:func:`layers.overall_look`)."""
    return looks()[overall_look(row)]


def _choice(ctx: Context, found: Sequence[Layer]) -> str:
    """Build the choice of layer; nothing where there is but one."""
    if len(found) == 1:
        return ""
    groups = []
    for group, own in groupby(found, key=lambda layer: layer.group):
        options = "".join(
            f'<option value="{text(layer.id)}">{text(layer.label)}</option>' for layer in own
        )
        label = ctx.t(f"layer.group_{group}")
        groups.append(
            options if group == "all" else f'<optgroup label="{text(label)}">{options}</optgroup>'
        )
    label = text(ctx.t("layer.choose"))
    return (
        f'<label class="layer">{label} <select id="layer" autocomplete="off">'
        f"{''.join(groups)}</select></label>"
    )


def _uncounted(ctx: Context) -> str:
    """Say why parks are ranked by no headcount: nobody knows it, or the edition withholds it."""
    hidden = any(row.get("tier") == "withheld" for row in ctx.ranking.values())
    return ctx.t("map.legend_withheld" if hidden else "map.legend_unknown")


def _classes(ctx: Context) -> str:
    """List what each look means; the page's script writes how many parks have it."""
    t = ctx.t
    entries = [
        (str(i), colour, t("map.legend_class", low=20 * i, high=20 * i + 20), "")
        for i, colour in enumerate(SCORE_COLOURS)
    ]
    dotted = " ".join(str(i) for i in (*range(CLASSES, 2 * CLASSES), UNCOUNTED))
    fills = looks()
    entries += [
        (str(HATCHED), fills[HATCHED][0], t("map.legend_unverified"), ""),
        (dotted, fills[CLASSES + 2][0], _uncounted(ctx), ""),
        (str(NONE), fills[NONE][0], t("layer.none"), " hidden"),
    ]
    return "".join(
        f'<li data-looks="{which}"{hidden}><svg class="swatch" aria-hidden="true">'
        f'<rect width="22" height="14" fill="{fill}"/></svg>'
        f"<span{' class=unranked' if fill == HATCH else ''}>{text(label)}</span>"
        f'<span class="n"></span></li>'
        for which, fill, label, hidden in entries
    )


def _tile_switch(ctx: Context) -> str:
    """Build the switch of the tiles; nothing where the study asks for none."""
    if basemap_of(ctx) is None:
        return ""
    return (
        '<div class="tools"><label><input type="checkbox" data-layer="tiles" checked> '
        f"{text(tile_name(ctx))}</label></div>"
    )


def legend(ctx: Context, dots: Sequence[tuple[str, str, int]], found: Sequence[Layer]) -> str:
    """Build the choice of layer and the map's legend.

    Parameters
    ----------
    dots
        Category, colour and number of the facilities that can be switched on.
    found
        What parks can be shaded by, of which the first is shown at first.
    """
    t = ctx.t
    switches = "".join(
        f'<li><label><input type="checkbox" data-layer="c{i}">'
        f'<span class="spot" style="background:{colour}"></span>{text(label)}</label>'
        f'<span class="n">{count(n)}</span></li>'
        for i, (label, colour, n) in enumerate(dots)
    )
    places = (
        f"<details><summary>{text(t('map.places'))}</summary>"
        f'<ul class="legend">{switches}</ul></details>'
        if dots
        else ""
    )
    return (
        f'<div class="map-key">{_choice(ctx, found)}<details class="map-legend" open>'
        f"<summary>{text(t('map.legend_score'))}<span id='layer-name'></span></summary>"
        f'<div class="inner"><p id="layer-note">{text(t("layer.note_all"))}</p>'
        f'<ul class="legend">{_classes(ctx)}</ul>{_tile_switch(ctx)}{site_switch(ctx)}{places}'
        "</div></details></div>"
    )
