"""How QGIS draws the layers of the GeoPackage: a style in QML for each, as it writes them itself.

QGIS keeps styles of a GeoPackage in its table ``layer_styles`` and takes the one marked as default
when the layer is opened.  Properties of symbols are written twice, as ``Option`` (QGIS 3.26 and
later) and as ``prop`` (earlier ones), as QGIS 3.16 to 3.28 do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from parkgap.publish.cells import clean
from parkgap.publish.overview import UNCOUNTED
from parkgap.publish.parkpage import category_colour
from parkgap.publish.shell import SCORE_COLOURS

if TYPE_CHECKING:
    from parkgap.publish.text import Text
    from parkgap.publish.words import Words

GEOMETRY = "geom"  # GDAL's name for the column of a GeoPackage
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_VERSION = "3.22.0"
_EDGE, _GREY, _BLANK, _SITE, _BEDS = "#3b3226", "#5b6168", "#eceff2", "#c2185b", "#0072b2"
_UNCOUNTED = f'"tier" IN ({", ".join(repr(t) for t in UNCOUNTED)})'
_RANKED = f'("rank" IS NOT NULL OR {_UNCOUNTED})'
_GATES = {
    "given": "square",
    "mapped": "square",
    "derived": "diamond",
    "nearest_street": "cross_fill",
}
_BED_STEPS = (0, 100, 500, 1000)  # beds short; for the legend only


@dataclass(frozen=True)
class _Symbol:
    """A symbol: its kind (fill, marker), and the layers drawn on one another."""

    kind: str
    layers: Sequence[tuple[str, Mapping[str, str]]]


@dataclass(frozen=True)
class _Rule:
    """A rule of a renderer: which rows (an expression; none: all), what they are called."""

    symbol: _Symbol
    label: str
    filter: str = ""


def style_of(layer: str, words: Words) -> str | None:
    """Give the style of a layer as QML; None where it has none of its own.

    Parameters
    ----------
    layer
        Name of the layer.
    words
        The study's language.
    """
    t = words.t
    made = {
        "parks": lambda: _qml(_parks(t), label="park_name"),
        "facilities": lambda: _qml(_facilities(words)),
        "gates": lambda: _qml(_gates(t)),
        "sites": lambda: _qml([_Rule(_marker("diamond", _SITE, 4.0), t("report.legend_site"))]),
        "housing": lambda: _qml(_housing(t), label="park_name"),
        "lodging": lambda: _qml([_Rule(_marker("square", _BEDS, 3.4), t("sheet.lodging"))]),
        "doubtful_homes": lambda: _qml(
            [_Rule(_marker("square", _BLANK, 3.0, edge=_GREY), t("sheet.doubtful_homes"))]
        ),
        "clusters": lambda: _qml([_Rule(_marker("star", "#e69f00", 4.6), t("sheet.clusters"))]),
        "stop_departures": lambda: _qml(
            [_Rule(_marker("triangle", "#009e73", 3.0), t("sheet.stop_departures"))]
        ),
        "reach_areas": lambda: _qml(_reach(t)),
    }
    return made[layer]() if layer in made else None


# --- layers --------------------------------------------------------------------------------------


def _parks(t: Text) -> list[_Rule]:
    """Shade parks by score as the maps do; those that are not ranked are hatched or dotted."""
    width = 100 // len(SCORE_COLOURS)
    rules = [
        _Rule(
            _fill(colour),
            t("map.legend_class", low=width * i, high=width * (i + 1)),
            f'{_RANKED} AND "score" >= {width * i}'
            + (f' AND "score" < {width * (i + 1)}' if i + 1 < len(SCORE_COLOURS) else ""),
        )
        for i, colour in enumerate(SCORE_COLOURS)
    ]
    unranked = f"NOT {_RANKED}"
    hatched = _Symbol("fill", [_area(_BLANK, _GREY), _pattern("f_diagonal", _GREY)])
    dotted = _Symbol("fill", [_pattern("dense6", _GREY)])
    blank = _Symbol("fill", [_area(_BLANK, _GREY), _pattern("dense6", _GREY)])
    return [
        *rules,
        _Rule(hatched, t("report.legend_unverified"), unranked),
        _Rule(
            dotted,
            t("map.legend_withheld"),
            f'{_UNCOUNTED} AND "score" IS NOT NULL',
        ),
        _Rule(blank, t("gpkg_layer.no_score"), f'{_RANKED} AND "score" IS NULL'),
    ]


def _facilities(words: Words) -> list[_Rule]:
    return [
        _Rule(_marker("circle", category_colour(place)[0], 2.4), name, _is("category", category))
        for place, (category, name) in enumerate(words.categories.items())
    ]


def _gates(t: Text) -> list[_Rule]:
    return [
        _Rule(_marker(shape, _EDGE, 2.4), t(f"gate.{kind}"), _is("kind", kind))
        for kind, shape in _GATES.items()
    ]


def _housing(t: Text) -> list[_Rule]:
    """Shade parks by beds that are short; unknown is hatched."""
    shades = ("#eff3ff", "#bdd7e7", "#6baed6", "#2171b5")
    rules = [_Rule(_fill("#ffffff"), t("gpkg_layer.beds_enough"), '"beds_short" = 0')]
    for i, low in enumerate(_BED_STEPS):
        high = _BED_STEPS[i + 1] if i + 1 < len(_BED_STEPS) else None
        upper = "" if high is None else f' AND "beds_short" <= {high}'
        label = t("gpkg_layer.beds_over", low=low) if high is None else f"{low + 1}–{high}"
        rules.append(_Rule(_fill(shades[i]), label, f'"beds_short" > {low}{upper}'))
    hatched = _Symbol("fill", [_area(_BLANK, _GREY), _pattern("f_diagonal", _GREY)])
    return [*rules, _Rule(hatched, t("gpkg_layer.beds_unknown"), '"beds_short" IS NULL')]


def _reach(t: Text) -> list[_Rule]:
    """Shade areas of reach: each lies over the wider ones, and lets the ground through."""
    return [
        _Rule(
            _fill(_BEDS, edge=_BEDS, alpha=45),
            t("format.minutes", n=minutes),
            f'"minutes" = {minutes}',
        )
        for minutes in (15, 10, 5)
    ]


def _is(column: str, code: str) -> str:
    quoted = code.replace("'", "''")
    return f"\"{column}\" = '{quoted}'"


# --- symbols -------------------------------------------------------------------------------------


def _colour(given: str, alpha: int = 255) -> str:
    """Write a colour as QGIS does: red, green, blue, opacity.

    >>> _colour("#0a0B0c")
    '10,11,12,255'
    """
    parts = [int(given[i : i + 2], 16) for i in (1, 3, 5)]
    return ",".join(str(v) for v in [*parts, alpha])


def _area(
    fill: str, edge: str = _EDGE, *, style: str = "solid", alpha: int = 255
) -> tuple[str, Mapping[str, str]]:
    return (
        "SimpleFill",
        {
            "color": _colour(fill, alpha),
            "joinstyle": "bevel",
            "outline_color": _colour(edge),
            "outline_style": "solid",
            "outline_width": "0.26",
            "outline_width_unit": "MM",
            "style": style,
        },
    )


def _pattern(style: str, colour: str) -> tuple[str, Mapping[str, str]]:
    return _area(colour, colour, style=style)


def _fill(colour: str, *, edge: str = _EDGE, alpha: int = 255) -> _Symbol:
    return _Symbol("fill", [_area(colour, edge, alpha=alpha)])


def _marker(shape: str, colour: str, size: float, *, edge: str = "#ffffff") -> _Symbol:
    look = {
        "angle": "0",
        "color": _colour(colour),
        "name": shape,
        "outline_color": _colour(edge),
        "outline_style": "solid",
        "outline_width": "0.2",
        "outline_width_unit": "MM",
        "scale_method": "diameter",
        "size": f"{size}",
        "size_unit": "MM",
    }
    return _Symbol("marker", [("SimpleMarker", look)])


# --- XML -----------------------------------------------------------------------------------------


def _qml(rules: Sequence[_Rule], *, label: str | None = None) -> str:
    root = ET.Element(
        "qgis",
        version=_VERSION,
        styleCategories="Symbology|Labeling",
        labelsEnabled="0" if label is None else "1",
    )
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        type="RuleRenderer",
        symbollevels="0",
        enableorderby="0",
        forceraster="0",
    )
    listed = ET.SubElement(renderer, "rules", key="{parkgap-rules}")
    for number, rule in enumerate(rules):
        said = {"key": f"{{parkgap-{number}}}", "symbol": str(number), "label": clean(rule.label)}
        ET.SubElement(listed, "rule", said | ({"filter": rule.filter} if rule.filter else {}))
    symbols = ET.SubElement(renderer, "symbols")
    for number, rule in enumerate(rules):
        _symbol(symbols, str(number), rule.symbol)
    if label is not None:
        _labels(root, label)
    geometry = ET.SubElement(root, "layerGeometryType")
    geometry.text = "2" if rules[0].symbol.kind == "fill" else "0"
    ET.indent(root, " ")
    return _DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _symbol(parent: ET.Element, name: str, symbol: _Symbol) -> None:
    made = ET.SubElement(
        parent, "symbol", type=symbol.kind, name=name, alpha="1", clip_to_extent="1", force_rhr="0"
    )
    for kind, look in symbol.layers:
        drawn = {"class": kind, "enabled": "1", "locked": "0", "pass": "0"}
        layer = ET.SubElement(made, "layer", drawn)
        options = ET.SubElement(layer, "Option", type="Map")
        for key, value in look.items():
            ET.SubElement(options, "Option", name=key, value=value, type="QString")
        for key, value in look.items():
            ET.SubElement(layer, "prop", k=key, v=value)


def _labels(root: ET.Element, column: str) -> None:
    labels = ET.SubElement(root, "labeling", type="simple")
    settings = ET.SubElement(labels, "settings", calloutType="simple")
    text = ET.SubElement(
        settings,
        "text-style",
        fieldName=column,
        isExpression="0",
        fontSize="9",
        fontSizeUnit="Point",
        textColor=_colour("#1f2933"),
        textOpacity="1",
    )
    buffer = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM"}
    buffer |= {"bufferColor": _colour("#ffffff"), "bufferOpacity": "1"}
    ET.SubElement(text, "text-buffer", buffer)
    ET.SubElement(settings, "placement", placement="0", polygonPlacementFlags="2")
    ET.SubElement(settings, "rendering", drawLabels="1", obstacle="1")
