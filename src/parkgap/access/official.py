"""Join the bureaus' lists with OpenStreetMap: one place, both ids, official attributes first.

A list's place and a mapped one are the same if they are of one category, near each other and
named alike.  A name alone never joins (two branches of a chain), nor does nearness alone unless
one of them has no name and they are of one item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from parkgap import geo
from parkgap.access.facilities import fold_text
from parkgap.frames import FACILITIES
from parkgap.standard import Standard

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MATCH_M = 150.0  # a list's address point lies this far from the mapped place at most
NAMELESS_M = 30.0  # the same where one of the two has no name
LIKENESS = 85.0  # rapidfuzz ratio of the plain names, 0 to 100
_BRACKETS = re.compile(r"[(\[【〔].*?[)\]】〕]")
_COMPANY = re.compile(
    r"(股份|有限|责任|集团|连锁|公司|分公司|总公司|加盟|旗舰|总店|分店|店|门市部)+$"
)
_BUILDING = re.compile(r"(?<=.)([一二三四五六七八九十]+|\d+)号?[楼栋幢]$")
_SIGNS = re.compile(r"[\s·・.,，。、\-—_'\"“”‘’/&]+")


def plain(name: object) -> str:
    """Bring a name to the form that is compared.

    Full to half width, traditional to simplified, without brackets and what is in them, without
    company forms, branch suffixes and numbers of buildings.

    >>> plain("友客便利店（长江路店）"), plain("青島友客商貿有限公司"), plain("南岸宿舍2号楼")
    ('友客便利', '青岛友客商贸', '南岸宿舍')
    """
    if not isinstance(name, str):
        return ""
    text = _SIGNS.sub("", _BRACKETS.sub("", fold_text(name))).casefold()
    short = _COMPANY.sub("", _BUILDING.sub("", text))
    return short or text


def match(
    facilities: pd.DataFrame, member: Bools, official: pd.DataFrame, standard: Standard
) -> Ints:
    """Find the mapped facility of each row of the lists.

    Parameters
    ----------
    facilities, member
        Frame of :data:`parkgap.frames.FACILITIES`, and what each counts for.
    official
        Frame of :data:`parkgap.frames.OFFICIAL`; rows without a place match nothing.
    standard
        For the items' categories.

    Returns
    -------
    Row of `facilities` for each row of `official`, -1 for none, shape (official,).  A facility is
    given to one row of a list, the likest and then the nearest.
    """
    out = np.full(len(official), -1)
    placed = np.flatnonzero(official["lon"].notna().to_numpy())
    if len(placed) == 0 or facilities.empty:
        return out
    pairs = near(facilities, official.iloc[placed])
    row, facility, metres = placed[pairs[0]], pairs[1], pairs[2]
    category = {i.id: i.category for i in standard.items}
    categories = sorted(set(category.values()))
    of_item = np.array([categories.index(category[i.id]) for i in standard.items])
    kinds = np.zeros((len(facilities), len(categories)), dtype=bool)
    for item in range(member.shape[1]):
        kinds[:, of_item[item]] |= member[:, item]
    items = [i.id for i in standard.items]
    wanted = np.array([items.index(i) for i in official["item"]], dtype=np.int64)
    same_kind = kinds[facility, of_item[wanted[row]]]
    same_item = member[facility, wanted[row]]
    alike = likeness(official["name"].to_numpy()[row], facilities["name"].to_numpy()[facility])
    nameless = np.isnan(alike)
    fits = same_kind & (alike >= LIKENESS) | same_item & nameless & (metres <= NAMELESS_M)
    row, facility = row[fits], facility[fits]
    order = np.lexsort((metres[fits], -np.nan_to_num(alike[fits])))
    lists = official["list_id"].to_numpy()
    taken: set[tuple[object, int]] = set()
    for r, f in zip(row[order].tolist(), facility[order].tolist(), strict=True):
        if out[r] < 0 and (lists[r], f) not in taken:
            out[r] = f
            taken.add((lists[r], f))
    return out


def near(facilities: pd.DataFrame, placed: pd.DataFrame) -> tuple[Ints, Ints, Floats]:
    """Pairs (row of `placed`, row of `facilities`) within `MATCH_M`, and true metres."""
    at, lat = _xy(placed)
    to, _ = _xy(facilities)
    if not len(at) or not len(to):
        none = np.empty(0, dtype=np.int64)
        return none, none, np.empty(0)
    reach = MATCH_M / float(geo.scale(np.abs(lat)).min())
    found = cKDTree(at).sparse_distance_matrix(cKDTree(to), reach, output_type="coo_matrix")
    metres = found.data * geo.scale(lat[found.row])
    keep = metres <= MATCH_M
    return (
        found.row[keep].astype(np.int64),
        found.col[keep].astype(np.int64),
        np.asarray(metres[keep]),
    )


def _xy(frame: pd.DataFrame) -> tuple[Floats, Floats]:
    lat = frame["lat"].to_numpy(dtype=float)
    return np.column_stack(geo.mercator(frame["lon"].to_numpy(dtype=float), lat)), lat


def likeness(
    names: npt.NDArray[np.object_],
    others: npt.NDArray[np.object_],
    form: Callable[[object], str] = plain,
) -> Floats:
    """Likeness of pairs of names in their plain form, 0 to 100; NaN where one is missing."""
    from rapidfuzz import fuzz

    one, other = [form(n) for n in names], [form(n) for n in others]
    return np.array(
        [fuzz.ratio(a, b) if a and b else np.nan for a, b in zip(one, other, strict=True)]
    )


def join(
    facilities: pd.DataFrame,
    member: Bools,
    official: pd.DataFrame,
    standard: Standard,
    new: Collection[str] = (),
) -> tuple[pd.DataFrame, Bools, Bools]:
    """Bring the lists into the facilities.

    Parameters
    ----------
    facilities, member, official, standard
        As for :func:`match`; `official` holds what exists, or is removed
        (:func:`parkgap.access.lists.open_places`).
    new
        Ids of rows that are no place that is mapped already, whatever lies near.

    Returns
    -------
    facilities
        The mapped ones first, in their order, with official name, access and hours where a list
        has them; then the lists' own, ids ``list:LIST/ROW``.  ``source_ids`` keeps both ids.
    member
        What each counts for, shape (facilities, items).
    closed
        Facilities that a list calls removed, shape (facilities,).
    """
    if official.empty:
        return facilities, member, np.zeros(len(facilities), dtype=bool)
    of = match(facilities, member, official, standard)
    items = [i.id for i in standard.items]
    wanted = np.array([items.index(i) for i in official["item"]], dtype=np.int64)
    removed = official["removed"].to_numpy(dtype=bool)
    ids = ("list:" + official["list_id"] + "/" + official["row_id"]).to_numpy()
    of[np.isin(ids.astype(str), list(new))] = -1
    closed = np.zeros(len(facilities), dtype=bool)
    closed[of[removed & (of >= 0)]] = True
    known = np.flatnonzero((of >= 0) & ~removed)
    facilities, member = facilities.copy(), member.copy()
    # By name of the type: an empty column would become one of numbers.
    facilities["source_ids"] = pd.Series(
        [list(i) for i in facilities["source_ids"]], index=facilities.index, dtype=object
    )
    member[of[known], wanted[known]] = True
    closed[of[known]] = False
    for row in known.tolist():
        _override(facilities, int(of[row]), official.iloc[row], str(ids[row]))
    new = np.flatnonzero((of < 0) & ~removed & official["lon"].notna().to_numpy())
    added = _own(official.iloc[new], ids[new], standard)
    own = np.zeros((len(new), len(items)), dtype=bool)
    own[np.arange(len(new)), wanted[new]] = True
    both = pd.concat([facilities, added], ignore_index=True) if len(added) else facilities
    member = np.vstack([member, own])
    listed = [[items[i] for i in np.flatnonzero(row)] for row in member]
    both["items"] = pd.Series(listed, index=both.index, dtype=object)
    return FACILITIES.check(both[FACILITIES.names]), member, np.r_[closed, np.zeros(len(new), bool)]


def closed_ids(facilities: pd.DataFrame, closed: Bools, official: pd.DataFrame) -> tuple[str, ...]:
    """Name what a list calls removed: all ids of the places it closes, and its own rows; sorted."""
    gone = official[official["removed"].to_numpy(dtype=bool)]
    rows = ("list:" + gone["list_id"] + "/" + gone["row_id"]).tolist()
    mapped = [i for ids in facilities["source_ids"].to_numpy()[closed] for i in ids]
    return tuple(sorted({*mapped, *rows}))


def _override(facilities: pd.DataFrame, row: int, official: pd.Series, own_id: str) -> None:
    """Let the list's name, access and hours stand before the mapped ones."""
    for column, value in (
        ("name", official["name"]),
        ("access", official["access"]),
        ("opening_hours", official["hours"]),
        ("open_date", official["open_date"]),
        ("source", official["source"]),
    ):
        if isinstance(value, str) and value:
            facilities.at[row, column] = value
    ids: list[str] = facilities["source_ids"].to_numpy()[row]
    ids.append(own_id)


def _own(official: pd.DataFrame, ids: npt.NDArray[np.object_], standard: Standard) -> pd.DataFrame:
    """Make facilities of rows that OpenStreetMap does not have."""
    category = {i.id: i.category for i in standard.items}
    return FACILITIES.frame(
        {
            "facility_id": ids,
            "name": official["name"].to_numpy(),
            "items": [[i] for i in official["item"]],
            "category": [category[i] for i in official["item"]],
            "lon": official["lon"].to_numpy(dtype=float),
            "lat": official["lat"].to_numpy(dtype=float),
            "access": official["access"].to_numpy(),
            "lines": [[] for _ in ids],
            "opening_hours": official["hours"].to_numpy(),
            "open_date": official["open_date"].to_numpy(),
            "source": official["source"].to_numpy(),
            "source_ids": [[i] for i in ids],
        }
    )
