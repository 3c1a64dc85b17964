"""What happened to facilities between two runs: opened, mapped, closed, re-tagged, merged, moved.

Facilities of the two runs are the same where they share a source id (OSM's or a list's), since
the id that stands for a merged place may change.  Nothing is guessed: what the data cannot tell
apart has a code of its own that says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from parkgap import geo
from parkgap.results import Cause

if TYPE_CHECKING:
    import numpy.typing as npt

MOVED_M = 5.0  # below this a point was only drawn more exactly
REDRAWN_M = 50.0  # a new object of the same name and item so near an old one is the old one
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True)
class World:
    """What is known of the two runs besides their facilities.

    Attributes
    ----------
    since, until
        The days of which the two ask (ISO, "" where unknown).
    same_map
        Whether both read the same OpenStreetMap data.
    rules
        Items whose tag rule or merging differs.
    closed
        Ids that the later run's lists call removed.
    """

    since: str
    until: str
    same_map: bool
    rules: frozenset[str] = frozenset()
    closed: Collection[str] = frozenset()


@dataclass(frozen=True)
class Event:
    """Something that happened to one place.

    Attributes
    ----------
    cause
        As it is listed.
    ids
        Ids of the place in either run.
    items
        Items that it concerns.
    sign
        1 where it adds a facility, -1 where it takes one away, 0 where it may do either.
    unsure
        What is to be said instead for a park around which the earlier run did not look there.
    """

    cause: Cause
    ids: tuple[str, ...]
    items: frozenset[str]
    sign: int = 0
    unsure: Cause | None = None


@dataclass(frozen=True)
class Matched:
    """Which facilities of two runs are the same.

    Attributes
    ----------
    same
        Pairs of rows (before, after) that are one to one, shape (n, 2).
    events
        What happened.
    """

    same: npt.NDArray[np.int64]
    events: list[Event] = field(default_factory=list)


def match(before: pd.DataFrame, after: pd.DataFrame, world: World) -> Matched:
    """Find what happened to facilities.

    Parameters
    ----------
    before, after
        Frames of :data:`parkgap.frames.FACILITIES_READ`.
    world
        What tells opening from mapping, and tags from rules.
    """
    pairs = _pairs(before, after)
    n_before = np.bincount(pairs[:, 0], minlength=len(before))
    n_after = np.bincount(pairs[:, 1], minlength=len(after))
    alone = (n_before[pairs[:, 0]] == 1) & (n_after[pairs[:, 1]] == 1)
    same = pairs[alone]
    new, gone = np.flatnonzero(n_after == 0), np.flatnonzero(n_before == 0)
    redrawn = _redrawn(before, after, gone, new)
    old = {"before": before.to_dict("records"), "after": after.to_dict("records")}
    events = list(_joined(old, pairs[~alone]))
    for b, a in redrawn:
        one, other = old["before"][b], old["after"][a]
        cause = _cause("facility_redrawn", (one, other), name=_name(other))
        events.append(Event(cause, _ids(one, other), _items(one, other)))
    new = np.setdiff1d(new, [a for _, a in redrawn])
    gone = np.setdiff1d(gone, [b for b, _ in redrawn])
    events += [_appeared(old["after"][i], world) for i in new.tolist()]
    events += [_vanished(old["before"][i], world) for i in gone.tolist()]
    for b, a in same[_differ(before, after, same)].tolist():
        events += _altered(old["before"][b], old["after"][a], world)
    return Matched(same, events)


def _pairs(before: pd.DataFrame, after: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Rows of the two that share a source id, each pair once, shape (n, 2)."""
    sides = [
        pd.DataFrame({name: np.arange(len(f)), "id": f["source_ids"].to_numpy()})
        .explode("id")
        .dropna()
        for name, f in (("b", before), ("a", after))
    ]
    joined = sides[0].merge(sides[1], on="id")[["b", "a"]].drop_duplicates()
    return joined.sort_values(["b", "a"]).to_numpy(dtype=np.int64).reshape(-1, 2)


def _redrawn(
    before: pd.DataFrame,
    after: pd.DataFrame,
    gone: npt.NDArray[np.int64],
    new: npt.NDArray[np.int64],
) -> list[tuple[int, int]]:
    """Pair what vanished with what appeared where name and item agree and it is near; one each."""
    one = before.iloc[gone].assign(b=gone)[["b", "name", "items", "lon", "lat"]]
    two = after.iloc[new].assign(a=new)[["a", "name", "items", "lon", "lat"]]
    both = one.dropna(subset=["name"]).merge(two.dropna(subset=["name"]), on="name")
    if both.empty:
        return []
    shared = [bool({*x} & {*y}) for x, y in zip(both["items_x"], both["items_y"], strict=True)]
    both = both.assign(metres=_metres(both))[shared]
    both = both[both["metres"] <= REDRAWN_M].sort_values(["metres", "b", "a"])
    found: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for b, a in zip(both["b"].tolist(), both["a"].tolist(), strict=True):
        if b not in taken[0] and a not in taken[1]:
            found.append((b, a))
            taken[0].add(b)
            taken[1].add(a)
    return sorted(found)


def _metres(both: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Straight distance of pairs of points; NaN where one of them is not published."""
    lon, lat = (both[[f"{c}_x", f"{c}_y"]].to_numpy(dtype=float) for c in ("lon", "lat"))
    x, y = geo.mercator(lon, lat)
    return np.asarray(np.hypot(x[:, 0] - x[:, 1], y[:, 0] - y[:, 1]) * geo.scale(lat[:, 0]))


def _differ(
    before: pd.DataFrame, after: pd.DataFrame, same: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    one, two = before.iloc[same[:, 0]], after.iloc[same[:, 1]]
    out = np.zeros(len(same), dtype=bool)
    for column in ("items", "lines", "access", "opening_hours"):
        left, right = one[column].map(str).to_numpy(), two[column].map(str).to_numpy()
        out |= left != right
    places = pd.DataFrame(
        {
            **{f"{c}_x": one[c].to_numpy(dtype=float) for c in ("lon", "lat")},
            **{f"{c}_y": two[c].to_numpy(dtype=float) for c in ("lon", "lat")},
        }
    )
    return out | (np.nan_to_num(_metres(places)) > MOVED_M) if len(same) else out


# --- one place ---------------------------------------------------------------------------------

Row = Mapping[Any, Any]


def _joined(rows: Mapping[str, list[dict[Any, Any]]], pairs: npt.NDArray[Any]) -> Iterator[Event]:
    """Say what was merged or split; whatever hangs together by shared ids is one event."""
    left: dict[int, set[int]] = {}
    right: dict[int, set[int]] = {}
    for b, a in pairs.tolist():
        left.setdefault(b, set()).add(a)
        right.setdefault(a, set()).add(b)
    for a, bs in sorted(right.items()):
        if len(bs) > 1:
            olds, new = [rows["before"][b] for b in sorted(bs)], rows["after"][a]
            cause = _cause("facility_merged", (*olds, new), name=_name(new))
            yield Event(cause, _ids(*olds, new), _items(*olds, new))
    for b, those in sorted(left.items()):
        if len(those) > 1:
            old, news = rows["before"][b], [rows["after"][a] for a in sorted(those)]
            cause = _cause("facility_split", (old, *news), name=_name(old))
            yield Event(cause, _ids(old, *news), _items(old, *news))


def _appeared(row: Row, world: World) -> Event:
    """Say why a place is new: opened, mapped, listed, counted by another rule, or not known."""
    listed = [i for i in row["source_ids"] if i.startswith("list:")]
    mapped = [i for i in row["source_ids"] if not i.startswith("list:")]
    date = row["open_date"]
    facts = {"name": _name(row), "date": date if isinstance(date, str) else ""}
    unsure = _cause("facility_new", (row,), **facts)
    items, when = _items(row), _opened(date, world)
    code = "facility_mapped"
    if when is True:
        code = "facility_opened"
    elif when is None:
        code = "facility_new"
    elif listed and not mapped:
        code = "facility_listed"
    elif world.same_map:
        code = "facility_by_rule" if items <= world.rules else "facility_new"
    elif items & world.rules:
        code = "facility_new"
    sure = code in ("facility_opened", "facility_listed")
    cause = _cause(code, (row,), **facts)
    return Event(cause, _ids(row), items, 1, None if sure else unsure)


def _vanished(row: Row, world: World) -> Event:
    ids, items = list(row["source_ids"]), _items(row)
    if any(i in world.closed for i in ids):
        code = "facility_closed"
    elif all(i.startswith("list:") for i in ids):
        code = "facility_delisted"
    elif world.same_map:
        code = "facility_by_rule" if items <= world.rules else "facility_gone"
    else:
        code = "facility_gone" if items & world.rules else "facility_removed"
    cause = _cause(code, (row,), name=_name(row))
    unsure = _cause("facility_gone", (row,), name=_name(row))
    return Event(cause, _ids(row), items, -1, None if code == "facility_closed" else unsure)


def _altered(old: Row, new: Row, world: World) -> Iterator[Event]:
    """Say how a place that both runs have is another one now."""
    ids, both = _ids(old, new), _items(old, new)
    was, now = frozenset(old["items"]), frozenset(new["items"])
    listed = {i for i in new["source_ids"] if i.startswith("list:")} - {*old["source_ids"]}
    facts = {
        "name": _name(new),
        "items_before": ";".join(sorted(was)),
        "items_after": ";".join(sorted(now)),
    }
    for items, sign in ((now - was, 1), (was - now, -1)):
        if not items:
            continue
        if listed and sign > 0:
            code = "facility_listed"
        elif world.same_map:
            code = "facility_by_rule" if items <= world.rules else "facility_reclassified"
        else:
            code = "facility_reclassified" if items & world.rules else "facility_retagged"
        yield Event(_cause(code, (new,), **facts), ids, items, sign)
    for column, code in (("access", "access"), ("lines", "lines"), ("opening_hours", "hours")):
        before, after = _text(old[column]), _text(new[column])
        if before != after:
            said = _cause(f"facility_{code}", (new,), name=_name(new), before=before, after=after)
            yield Event(said, ids, both)
    pair = pd.DataFrame({f"{c}_{s}": [r[c]] for c in ("lon", "lat") for s, r in _sides(old, new)})
    metres = float(_metres(pair.astype(float))[0])
    if metres > MOVED_M:
        said = _cause("facility_moved", (new,), name=_name(new), n=f"{metres:.0f}")
        yield Event(said, ids, both)


def _sides(old: Row, new: Row) -> tuple[tuple[str, Row], tuple[str, Row]]:
    return ("x", old), ("y", new)


def _opened(date: object, world: World) -> bool | None:
    """Tell whether a place opened between the runs; None where its date is too vague to tell.

    A date of a year or month alone stands for all of it.  Unknown dates say "no": then a place
    is new on the map, and no more is known.
    """
    if not isinstance(date, str) or not _DATE.fullmatch(date.strip()):
        return False
    if not world.since or not world.until:
        return None
    text = date.strip()
    first, last = text + "-01-01"[len(text) - 4 :], text + "-12-31"[len(text) - 4 :]
    if last <= world.since:
        return False
    return True if first > world.since and last <= world.until else None


def _cause(code: str, rows: Iterable[Row], **facts: str) -> Cause:
    ids = tuple(dict.fromkeys(str(r["facility_id"]) for r in rows))
    return Cause(code, ids, tuple((k, v) for k, v in facts.items() if v))


def _ids(*rows: Row) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(r["facility_id"]) for r in rows))


def _items(*rows: Row) -> frozenset[str]:
    return frozenset(i for r in rows for i in r["items"])


def _name(row: Row) -> str:
    return row["name"] if isinstance(row["name"], str) else ""


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else ""
