"""The maps' skeleton, rendered by folium, with every outside address replaced by a local file.

Imports folium (about a second): import this module where a map is written, not before.

No park, facility or study name goes through here.  branca renders an element's template
and then reads the outcome as a template once more, so that a name such as ``{{ ... }}``
would run as code while the page is being made.
"""

from __future__ import annotations

from dataclasses import dataclass

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink, Link, MacroElement
from folium.template import Template

from parkgap.errors import OutputError

# folium's links by its own names; a file below ``assets``.
LOCAL = {"leaflet": "leaflet/leaflet.js", "leaflet_css": "leaflet/leaflet.css"}
# Needed by folium's popups and icons alone, of which the pages use none: they draw their own.
UNUSED = frozenset(
    {
        "jquery",
        "bootstrap",
        "awesome_markers",
        "bootstrap_css",
        "glyphicons_css",
        "awesome_markers_font_css",
        "awesome_markers_css",
        "awesome_rotate_css",
    }
)


class Drawing(MacroElement):
    """Hands the finished Leaflet map over to ``assets/page.js``, which draws on it."""

    _template = Template(
        "{% macro script(this, kwargs) %}parkgap.draw({{ this._parent.get_name() }});{% endmacro %}"
    )


@dataclass(frozen=True)
class Skeleton:
    """What folium contributes to a page.

    Attributes
    ----------
    css, js
        Files below ``assets`` to load, in order.
    html
        The map's element.
    script
        What makes the map; to run after the files of `js`.
    """

    css: tuple[str, ...]
    js: tuple[str, ...]
    html: str
    script: str


def pin_ids(element: Element, prefix: str) -> None:
    """Give an element and all below it ids that do not differ from run to run."""
    stack, number = [element], 0
    while stack:
        top = stack.pop()
        top._id = f"{prefix}{number}"  # noqa: SLF001  # branca has no public name for either
        number += 1
        stack.extend(reversed(top._children.values()))  # noqa: SLF001


def local_links(figure: Figure) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Turn a rendered figure's links into files of ours: style sheets, scripts.

    Raises
    ------
    OutputError
        A link has no local file: the page would need the net.
    """
    css: list[str] = []
    js: list[str] = []
    for name, child in figure.header._children.items():  # noqa: SLF001
        if not isinstance(child, Link) or name in UNUSED:
            continue
        if name not in LOCAL:
            raise OutputError(f"the map asks for {child.url}, of which there is no local copy")
        if isinstance(child, CssLink):
            css.append(LOCAL[name])
        elif isinstance(child, JavascriptLink):
            js.append(LOCAL[name])
    return tuple(css), tuple(js)


def render(kind: str) -> Skeleton:
    """Render the skeleton of one kind of page ("overview" or "park") with folium.

    Raises
    ------
    OutputError
        folium asked for a file that is not among ours.
    """
    drawn = folium.Map(
        location=[0, 0],  # the page's own data moves the view before anything is drawn
        tiles=None,
        prefer_canvas=True,
        zoom_control=False,
        zoomSnap=0.5,
        maxZoom=19,
        minZoom=4,
    )
    drawn.add_child(Drawing())  # type: ignore[no-untyped-call]  # branca types no constructor
    figure = drawn.get_root()
    if not isinstance(figure, Figure):
        raise TypeError(f"folium put the map into {type(figure).__name__}, not into a Figure")
    pin_ids(figure, kind)
    figure.render()
    css, js = local_links(figure)
    return Skeleton(css, js, figure.html.render().strip(), figure.script.render().strip())
