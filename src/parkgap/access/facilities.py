"""Which mapped objects count for which items of the standard: tags, and names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from parkgap import geo
from parkgap.standard import Item, Rule, Standard

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

NAME_COLUMNS = ("name", "name:zh", "brand", "operator")
# Keys that make an object a place or a building; a street named after a dormitory is neither.
PLACE_KEYS = ("amenity", "shop", "leisure", "office", "healthcare", "tourism", "craft", "building")
_MOVING = ("highway", "railway", "public_transport")
CAMPUS = frozenset({"university", "college", "school", "kindergarten", "hospital"})


@lru_cache(maxsize=1)
def _simplify() -> Callable[[str], str]:
    # Loaded only where a name is Chinese.
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


def fold_text(text: str) -> str:
    """Fold a name for matching: full to half width, traditional to simplified Chinese."""
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii() and re.search("[\u4e00-\u9fff]", plain):
        plain = _simplify()(plain)
    return plain


def classify(objects: pd.DataFrame, standard: Standard) -> Bools:
    """Say which objects count for which items of the standard.

    Parameters
    ----------
    objects
        Objects of an extract: one column a tag, ``geometry`` (None for nodes), ``lon, lat``.
    standard
        The standard with its tag rules.

    Returns
    -------
    Boolean matrix, shape (objects, items), in the order of ``standard.items``.
    """
    return classify_and_doubt(objects, standard)[0]


def classify_and_doubt(objects: pd.DataFrame, standard: Standard) -> tuple[Bools, Bools]:
    """Classify, and find the mapped dormitories of which nobody can tell whose they are.

    Their own name does not say, and they stand beside one of students, teachers or a hospital
    (within the standard's figure ``doubtful_m``): they count for nothing.

    Returns
    -------
    As :func:`classify`; and which objects are doubtful, shape (objects,).
    """
    names, is_place = _Names.of(objects), _is_place(objects)
    doubt = np.zeros(len(objects), dtype=bool)
    out = np.zeros((len(objects), len(standard.items)), dtype=bool)
    for column, item in enumerate(standard.items):
        if not item.of_items:
            out[:, column] = _matches(objects, item.rule, names, is_place)
    homes = [i for i, item in enumerate(standard.items) if _is_worker_housing(item)]
    if homes:
        campus = _on_campus(objects)
        out[:, homes] &= ~campus[:, None]
        for column in homes:
            doubt |= _doubtful(objects, standard.items[column], out[:, column], campus, names)
        out[np.ix_(doubt, np.array(homes))] = False
    return out, doubt


def _is_place(objects: pd.DataFrame) -> Bools:
    return _has_any(objects, PLACE_KEYS) & ~_has_any(objects, _MOVING)


def _doubtful_m(item: Item) -> float:
    figure = item.figures.get("doubtful_m")
    return figure.v if figure is not None and isinstance(figure.v, float) else 0.0


def _doubtful(objects: pd.DataFrame, item: Item, hit: Bools, campus: Bools, names: _Names) -> Bools:
    """Matches of an item that stand so near to what its rule knows to be somebody else's."""
    rule, metres = item.rule, _doubtful_m(item)
    out = np.zeros(len(objects), dtype=bool)
    if not metres or not hit.any():
        return out
    homes = _any_of(objects, rule.any)
    if rule.name_adds:
        homes |= _is_place(objects) & names.match(rule.name_adds)
    others = homes & (campus | (names.match(rule.name_excludes) if rule.name_excludes else campus))
    asked = hit & ~(names.match(rule.name_sure) if rule.name_sure else np.zeros_like(hit))
    if not others.any() or not asked.any():
        return out
    lon, lat = (objects[c].to_numpy(dtype=float) for c in ("lon", "lat"))
    tree = shapely.STRtree(geo.points(lon[others], lat[others]))
    near = metres / geo.scale(lat[asked])
    row, _ = tree.query(geo.points(lon[asked], lat[asked]), predicate="dwithin", distance=near)
    out[np.flatnonzero(asked)[row]] = True
    return out


def _is_worker_housing(item: Item) -> bool:
    return any(value == "dormitory" for rule in item.rule.any for value in rule.values())


def _has_any(objects: pd.DataFrame, keys: Sequence[str]) -> Bools:
    have = [k for k in keys if k in objects.columns]
    return np.asarray(objects[have].notna().to_numpy().any(axis=1), dtype=bool)


@dataclass(frozen=True)
class _Names:
    """All names of each object, folded, one to a line; each distinct text is kept once.

    `code` is the row of `texts` of each object, shape (objects,).
    """

    code: Ints
    texts: list[str]
    found: dict[str, Bools] = field(default_factory=dict)

    @classmethod
    def of(cls, objects: pd.DataFrame) -> _Names:
        columns = [objects[c].fillna("") for c in NAME_COLUMNS if c in objects.columns]
        joined = columns[0].astype(object)
        for more in columns[1:]:
            joined = joined + "\n" + more
        code, texts = pd.factorize(joined)
        return cls(code, [fold_text(str(t)) for t in texts])

    def match(self, pattern: str) -> Bools:
        """Objects any of whose names the expression is found in, shape (objects,)."""
        if pattern not in self.found:
            search = re.compile(pattern, re.IGNORECASE).search
            hit = np.array([search(t) is not None for t in self.texts], dtype=bool)
            self.found[pattern] = hit[self.code]
        return self.found[pattern]


def _matches(objects: pd.DataFrame, rule: Rule, names: _Names, is_place: Bools) -> Bools:
    hit = _any_of(objects, rule.any)
    if rule.name_requires:
        hit &= names.match(rule.name_requires)
    if rule.name_adds:
        hit |= is_place & names.match(rule.name_adds)
    hit &= ~_any_of(objects, rule.exclude)
    if rule.name_excludes:
        hit &= ~names.match(rule.name_excludes)
    for gone in ("disused", "abandoned"):
        if gone in objects.columns:
            hit &= (objects[gone] != "yes").to_numpy()
    return hit


def _any_of(objects: pd.DataFrame, conditions: Sequence[Mapping[str, str]]) -> Bools:
    hit = np.zeros(len(objects), dtype=bool)
    for condition in conditions:
        every = np.ones(len(objects), dtype=bool)
        for key, value in condition.items():
            if key not in objects.columns:
                every[:] = False
            elif value == "*":
                every &= objects[key].notna().to_numpy()
            else:
                every &= (objects[key] == value).to_numpy()
        hit |= every
    return hit


def _on_campus(objects: pd.DataFrame) -> Bools:
    """Objects inside the grounds of a university, school or hospital: student or staff homes."""
    geometry = objects["geometry"].to_numpy()
    amenity = objects["amenity"] if "amenity" in objects.columns else pd.Series(dtype=object)
    grounds = amenity.isin(CAMPUS).to_numpy() & geo.is_area(geometry)
    out = np.zeros(len(objects), dtype=bool)
    if grounds.any():
        points = geo.lonlat_points(objects["lon"], objects["lat"])
        _, inside = shapely.STRtree(points).query(geometry[grounds], predicate="intersects")
        out[inside] = True
    return out


# Mapped things that say nothing of how well shops and services are mapped.
_FURNITURE = {
    "amenity": frozenset(
        "bench waste_basket parking parking_space parking_entrance bicycle_parking recycling "
        "vending_machine hunting_stand shelter drinking_water waste_disposal grit_bin fountain "
        "clock telephone post_box bbq watering_place grave_yard".split()
    ),
    "leisure": frozenset("swimming_pool garden picnic_table common slipway".split()),
    "tourism": frozenset("information artwork viewpoint picnic_site".split()),
}


def mapped_places(objects: pd.DataFrame) -> Bools:
    """Objects that count as mapped places when completeness is measured, shape (objects,)."""
    keys = [k for k in PLACE_KEYS if k != "building"]
    place = _has_any(objects, keys)
    for key, values in _FURNITURE.items():
        if key in objects.columns:
            place &= ~objects[key].isin(values).to_numpy()
    return place
