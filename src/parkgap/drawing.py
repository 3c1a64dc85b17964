"""The ground that the maps are drawn on, taken from the extract itself."""

from __future__ import annotations

import numpy as np
import shapely

from parkgap import geo
from parkgap.results import Base
from parkgap.sources.extract import Extract

_MAIN = frozenset(
    "motorway trunk primary secondary tertiary motorway_link trunk_link primary_link "
    "secondary_link tertiary_link".split()
)
_PATHS = frozenset("footway path steps cycleway bridleway corridor track pedestrian".split())
_NO_STREET = frozenset("construction proposed platform abandoned razed".split())
_GREEN = frozenset(
    "park garden golf_course nature_reserve forest grass meadow recreation_ground cemetery "
    "village_green allotments wood scrub heath grassland".split()
)
_WATER = frozenset("water bay riverbank dock reservoir basin river canal stream coastline".split())
_BUILT = frozenset("residential commercial industrial retail".split())


def base_of(extract: Extract) -> Base:
    """Sort streets, water, green and built-up land of an extract for drawing."""
    ways = extract.ways
    part = np.repeat(np.arange(len(ways.offset) - 1), np.diff(ways.offset))
    lines = np.asarray(
        shapely.linestrings(np.column_stack([ways.lon, ways.lat]), indices=part), dtype=object
    )
    highway = ways.tags["highway"]
    drawn = ~highway.isin(_NO_STREET).to_numpy()
    group = np.select(
        [highway.isin(_MAIN).to_numpy(), highway.isin(_PATHS).to_numpy()],
        ["main", "path"],
        "minor",
    )
    ground = extract.ground
    value, shape = ground["value"], ground["geometry"].to_numpy()
    solid = geo.is_area(shape)
    objects = extract.objects
    named = objects[objects["place"].notna() & objects["name"].notna()]
    ids = ground["osm_id"].to_numpy()
    # Parts of a way that the extract cuts are told apart.
    part_of = ways.tags.groupby("way_id").cumcount().astype(str).to_numpy(dtype=object)
    way = "way/" + ways.tags["way_id"].astype(str).to_numpy(dtype=object) + "." + part_of
    water, green = value.isin(_WATER).to_numpy(), value.isin(_GREEN).to_numpy() & solid
    built = value.isin(_BUILT).to_numpy() & solid
    labels = named.rename(columns={"place": "kind", "osm_id": "id"})
    return Base(
        streets=lines[drawn],
        street_class=group[drawn].astype(object),
        water=shape[water],
        green=shape[green],
        built=shape[built],
        buildings=extract.buildings["geometry"].to_numpy(),
        places=labels[["id", "name", "lon", "lat", "kind"]].reset_index(drop=True),
        ids={
            "streets": way[drawn],
            "water": ids[water],
            "green": ids[green],
            "built": ids[built],
        },
    )
