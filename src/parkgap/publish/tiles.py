"""Tiles from the net beneath a map: what a page is told of them, and whom it may ask.

Only in studies that ask for it (``[basemap]``).  The drawn ground stays beneath, so that a page
without the net looks as it does in other studies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parkgap.basemap_keys import Basemap
    from parkgap.publish.shell import Context

SCRIPTS = ("datum.js", "tiles.js")  # loaded in studies that ask for tiles, and in no other


def basemap_of(ctx: Context) -> Basemap | None:
    """Give what the study says of tiles; None: nothing."""
    return getattr(ctx.results.study, "basemap", None)


def tile_name(ctx: Context) -> str:
    """Name the tiles, as the switch does."""
    asked = basemap_of(ctx)
    if asked is None or asked.provider is None:
        return ctx.t("tiles.own")
    return ctx.t(f"tiles.{asked.provider}")


def tile_credit(ctx: Context) -> str:
    """Say whose tiles they are."""
    asked = basemap_of(ctx)
    if asked is None:
        return ""
    return asked.credit or ctx.t(f"tiles.{asked.provider}_credit")


def tile_data(ctx: Context) -> dict[str, Any]:
    """Give what a page's script needs to show tiles; nothing where the study asks for none."""
    asked = basemap_of(ctx)
    if asked is None:
        return {}
    tiles = {
        "urls": list(asked.urls),
        "tokens": list(asked.tokens),
        "datum": asked.drawn_in,
        "max": asked.max_zoom,
        "credit": tile_credit(ctx),
    }
    return {"tiles": tiles}


def tile_hosts(ctx: Context) -> tuple[str, ...]:
    """List the servers that the page's policy lets it ask for pictures; mostly none."""
    asked = basemap_of(ctx)
    return () if asked is None else asked.origins
