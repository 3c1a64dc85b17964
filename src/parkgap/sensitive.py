"""What the public edition leaves out of the map: sensitive features, and what lies in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo
from parkgap.drawing import base_of
from parkgap.results import Base
from parkgap.sources.prepared import read_window
from parkgap.sources.wanted import narrowed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from parkgap.sources.extract import Extract
    from parkgap.sources.prepared import Prepared, Shelf
    from parkgap.study import Study

Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

FINEST = 5  # decimals of a degree with which the maps are drawn


@dataclass(frozen=True)
class Mask:
    """What is left out, and how exact the rest is.

    Attributes
    ----------
    tags
        Key and value (``*``: any) of features that are left out with all that lies inside.
    names
        Parts of names; what has one is left out.
    decimals
        Of every coordinate, degrees.
    """

    tags: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    decimals: int

    def named(self, names: pd.Series) -> Bools:
        """Tell whose name says that they are sensitive, shape (n,)."""
        found = np.zeros(len(names), dtype=bool)
        texts = names.where(names.notna(), "").astype(str)
        for part in self.names:
            found |= texts.str.contains(part, regex=False).to_numpy(dtype=bool)
        return found

    def tagged(self, frame: pd.DataFrame) -> Bools:
        """Tell which objects of an extract (a column a tag) have a sensitive tag, shape (n,)."""
        found = np.zeros(len(frame), dtype=bool)
        for key, value in self.tags:
            if key in frame.columns:
                own = frame[key]
                found |= (own.notna() if value == "*" else own == value).to_numpy(dtype=bool)
        return found

    def keyed(self, keys: Sequence[str] | pd.Series, values: pd.Series) -> Bools:
        """Tell the same of features that have one key and value each, shape (n,)."""
        found = np.zeros(len(values), dtype=bool)
        key_of = np.asarray(keys, dtype=object)
        for key, value in self.tags:
            own = (values.notna() if value == "*" else values == value).to_numpy(dtype=bool)
            found |= (key_of == key) & own
        return found

    def wanted(self, wants: Mapping[str, Any]) -> dict[str, Any]:
        """Ask of an extract, besides what `wants` asks for, the sensitive tags."""
        values = {k: set(v) for k, v in wants["place_values"].items()}
        keys = set(wants["place_keys"])
        for key, value in self.tags:
            if value == "*":
                keys.add(key)
            else:
                values.setdefault(key, set()).add(value)
        tags = {*wants["tag_keys"], *(key for key, _ in self.tags)}
        return {"place_keys": sorted(keys), "place_values": values, "tag_keys": tags}


def mask_of(study: Study) -> Mask | None:
    """Say what is left out; None in the internal edition, which shows everything."""
    if study.edition != "public":
        return None
    said = study.publish
    return Mask(said.tags, tuple(sorted(set(said.sensitive_names))), said.decimals)


@dataclass(frozen=True)
class Left:
    """Sensitive features of an extract.

    Attributes
    ----------
    ids
        Their OSM ids, sorted.
    areas
        Those of them that are areas, shape (k,), WGS-84.
    """

    ids: tuple[str, ...]
    areas: Objects

    def inside(self, shapes: Objects) -> Bools:
        """Tell which shapes meet the inside of a sensitive area, shape (n,); touching is not."""
        found = np.zeros(len(shapes), dtype=bool)
        if len(self.areas) and len(shapes):
            tree = shapely.STRtree(self.areas)
            at, area = tree.query(shapes, predicate="intersects")
            touch = shapely.touches(shapes[at], self.areas[area])
            found[at[~touch]] = True
        return found


def find_sensitive(extract: Extract, mask: Mask) -> Left:
    """Find the sensitive features of an extract (layers ``objects, ground, buildings``)."""
    objects, ground, houses = extract.objects, extract.ground, extract.buildings
    parts = [
        (objects, mask.tagged(objects) | mask.named(objects["name"])),
        (ground, mask.keyed(ground["key"], ground["value"]) | mask.named(ground["name"])),
        (houses, mask.keyed(["building"] * len(houses), houses["kind"])),
    ]
    ids = {str(i) for frame, own in parts for i in frame["osm_id"][own]}
    shapes = np.concatenate([frame["geometry"].to_numpy()[own] for frame, own in parts])
    solid = np.asarray([s for s in shapes if s is not None], dtype=object)
    return Left(tuple(sorted(ids)), solid[geo.is_area(solid)] if len(solid) else solid)


def sensitive_around(
    mask: Mask | None, prepared: Prepared, shelf: Shelf, places: pd.DataFrame
) -> Left | None:
    """Find the sensitive features among what is shown of a prepared extract.

    Parameters
    ----------
    mask
        What is sensitive; None: nothing is left out, and nothing looked for.
    prepared, shelf
        The map.
    places
        ``lon, lat`` of what is shown: features that reach into the box around it are found.
    """
    if mask is None:
        return None
    box = shapely.MultiPoint(places[["lon", "lat"]].to_numpy(dtype=float)).envelope
    return find_sensitive(
        read_window(prepared, shelf, box, ("objects", "ground", "buildings")), mask
    )


def without_sensitive(extract: Extract, mask: Mask) -> Extract:
    """Take out of the drawn layers what is sensitive, and what lies in a sensitive area."""
    left = find_sensitive(extract, mask)

    def kept(frame: pd.DataFrame, shapes: Objects) -> pd.DataFrame:
        gone = frame["osm_id"].isin(left.ids).to_numpy(dtype=bool) | left.inside(shapes)
        return frame[~gone].reset_index(drop=True)

    objects = extract.objects
    spots = shapely.points(objects["lon"].to_numpy(float), objects["lat"].to_numpy(float))
    return replace(
        extract,
        objects=kept(objects, np.asarray(spots, dtype=object)),
        ground=kept(extract.ground, extract.ground["geometry"].to_numpy()),
        buildings=kept(extract.buildings, extract.buildings["geometry"].to_numpy()),
    )


def public_base(extract: Extract, wants: Mapping[str, Any] | None, mask: Mask | None) -> Base:
    """Sort what of an extract is drawn, of a public map without what it leaves out.

    Parameters
    ----------
    extract, wants
        The map, and what of its objects the standard asks for (None: all).
    mask
        What is left out; None: nothing.
    """
    shown = extract if mask is None else without_sensitive(extract, mask)
    base = base_of(replace(shown, objects=narrowed(shown.objects, wants)))
    return base if mask is None else coarse(base, find_sensitive(extract, mask), mask)


def coarse(base: Base, left: Left, mask: Mask) -> Base:
    """Bring the drawn ground to the edition's exactness; no street leads through what is left out.

    Outlines of single buildings are left out where they would be wrong by about their own size.
    """
    keep = ~left.inside(base.streets)
    places = base.places.assign(
        lon=base.places["lon"].astype(float).round(mask.decimals),
        lat=base.places["lat"].astype(float).round(mask.decimals),
    )
    exact = mask.decimals >= FINEST
    return replace(
        base,
        streets=rounded(base.streets[keep], mask.decimals),
        street_class=base.street_class[keep],
        water=rounded(base.water, mask.decimals),
        green=rounded(base.green, mask.decimals),
        built=rounded(base.built, mask.decimals),
        buildings=base.buildings if exact else base.buildings[:0],
        places=places,
        ids={**base.ids, "streets": base.ids["streets"][keep]},
    )


def rounded(shapes: Objects, decimals: int) -> Objects:
    """Round every coordinate; what is drawn need not be valid."""
    if decimals >= FINEST or not len(shapes):
        return shapes
    return np.asarray(shapely.transform(shapes, lambda at: np.round(at, decimals)), dtype=object)


def outlined_coarsely(shapes: Objects, decimals: int) -> Objects:
    """Round outlines (polygons, WGS-84) so that they stay valid; one that vanishes is a square."""
    grid = 10.0**-decimals
    found = np.asarray(shapely.set_precision(shapes, grid), dtype=object)
    lost = shapely.is_empty(found) | ~geo.is_area(found)
    middle = shapely.get_coordinates(shapely.centroid(shapes[lost])).round(decimals)
    found[lost] = shapely.box(*(middle - grid).T, *(middle + grid).T)
    return found
