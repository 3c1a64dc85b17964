"""What of an extract one standard asks for, where it was read for several at once.

An extract is read once for all standards of a run.  Objects that only one of them asks for must
not reach another: a name alone can make a facility of anything that was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parkgap.sources.osm_file import tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_FIXED = ("osm_id", "lon", "lat", "geometry", "edited")


def narrowed(objects: pd.DataFrame, wants: Mapping[str, Any] | None) -> pd.DataFrame:
    """Take the objects, and their tags, that a reading for one standard alone would have kept.

    Parameters
    ----------
    objects
        Objects of an extract that was read for several (the collector's choice, widened).
    wants
        What the one asks for, as :func:`parkgap.sources.osm_file.read_extract` takes it; None:
        everything.

    Returns
    -------
    Rows and columns of `objects`, in their order.
    """
    if wants is None:
        return objects
    tags, keys, values = tags_of(wants["place_keys"], wants["place_values"], wants["tag_keys"])
    place = objects[[k for k in objects.columns if k in keys]].notna().any(axis=1)
    for key, known in values.items():
        place |= objects[key].isin(list(known))
    kind = objects["osm_id"].str.partition("/")[0]
    building = objects["building"]
    named = building.notna() & (building != "no") & objects["name"].notna()
    # A street is taken for a place only where a tag says so, whatever its name.
    named &= ~((kind == "way") & objects["highway"].notna())
    keep = place | named | ((kind == "node") & objects["place"].notna())
    columns = [c for c in objects.columns if c in _FIXED or c in tags]
    found: pd.DataFrame = objects.loc[keep, columns].reset_index(drop=True)
    return found
