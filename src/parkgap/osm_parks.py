"""Parks that are sought in the map, where the office has no table of their outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parkgap.access.parks import parks_from_ground
from parkgap.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.source_keys import FromOsm
    from parkgap.sources.extract import Extract


def seek_parks(rule: FromOsm, extract: Extract, file: str) -> pd.DataFrame:
    """Take the parks from an extract's land use.

    Parameters
    ----------
    rule
        ``[parks] from_osm``.
    file
        Name of the extract, for the message.

    Returns
    -------
    Frame of schema ``frames.PARKS``; ``attrs["sought"]`` says what was sought, for messages
    about ids that are not among them.

    Raises
    ------
    InputError
        There is none.
    """
    parks = parks_from_ground(
        extract.ground, rule.landuse, rule.min_area_ha, named_only=rule.named_only
    )
    sought = f"landuse = {', '.join(rule.landuse)}, ≥ {rule.min_area_ha:g} ha"
    if parks.empty:
        raise InputError(
            Problem(
                what="地图数据中未找到符合条件的园区 / the map data holds no such park",
                file=file,
                rule=sought,
                remedy="减小 min_area_ha 或改用园区表 / "
                "lower min_area_ha, or give a table of parks",
            )
        )
    parks.attrs["sought"] = sought
    return parks
