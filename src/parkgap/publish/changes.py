"""What changed between two published runs, and why.

A pure comparison: two runs in, changes out.  Causes stand in the order of how directly they
bear on a row (its facilities first, then its rule, the headcount, parameters, walks, the data,
the program); how much each of several contributed is not measured, and the row says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from parkgap.list_keys import ITEM_OF_STOCK
from parkgap.publish.differences import Differences, counts_lines, differences, grows, limits
from parkgap.publish.events import Event, World, match
from parkgap.publish.plancauses import PlanCauses
from parkgap.publish.sidebyside import (
    STATUS,
    Row,
    by_park,
    empty,
    gates_differ,
    min_workers,
    other,
    outlines_differ,
    say,
    side_by_side,
    unless_few,
)
from parkgap.publish.walks import Walk, changed_walks, least
from parkgap.results import Cause, Change

if TYPE_CHECKING:
    from parkgap.publish.reading import Published

_BEDS = ("beds_short", "beds_short_after_pipeline")
_BEDS_FROM = (
    *("housing_stock", "projects", "parks", "headcounts", "enterprises", "residences", "shifts"),
    *("facilities", "gates", "shuttles", "bus_lines", "transit", "terrain"),
)
_NAMED = 3  # items named behind a rank or score
_FULL = {"met": 1.0, "short": 0.0, "unverified": 0.5}
_EVIDENCE = {"facility_hours"}  # kept for rows that nothing else explains
# How something acts rather than what: none of these is one cause more.
_EFFECTS = frozenset({"certainty", "more", "item", "walk"})


def compare(before: Published, after: Published) -> tuple[Change, ...]:
    """Say what changed from one run to another.

    Parameters
    ----------
    before, after
        The two runs, as published.

    Returns
    -------
    Changes by park (as the later run ranks them, then those that vanished), in a park: ``park``,
    ``rank``, ``tier``, ``score``, ``workers``, then items in the standard's order, then beds.
    """
    return tuple(_Comparison(before, after).changes())


@dataclass(frozen=True)
class _Touched:
    """An item of a park that differs, and why."""

    label: str
    item: str
    one: Row
    two: Row
    causes: tuple[Cause, ...]
    weight: float  # how much of the park's score moved


class _Comparison:
    """Two runs side by side."""

    def __init__(self, before: Published, after: Published) -> None:
        self.before, self.after = before, after
        self.found: Differences = differences(before.record, after.record)
        world = World(
            since=self.found.since,
            until=self.found.until,
            same_map="osm" not in self.found.inputs,
            rules=self.found.tag_rules,
            closed=frozenset(after.frames["closed"]["source_id"]),
        )
        matched = match(before.frames["facilities"], after.frames["facilities"], world)
        both = (before.frames["facilities"], after.frames["facilities"])
        self.plan = PlanCauses.of(before.record, after.record, *both)
        happened = self.plan.events(matched.events)
        self.events: dict[str, list[Event]] = {}
        for event in happened:
            for item in event.items:
                self.events.setdefault(item, []).append(event)
        ids = {i for e in happened for i in e.ids}
        self.metres = least(before.frames["nearby"], after.frames["nearby"], ids)
        self.walks = changed_walks(before, after, matched.same)
        self.ranks = tuple(by_park(run.frames["ranking"]) for run in (before, after))
        self.beds = tuple(
            by_park(run.frames["housing"]) if "housing" in run.frames else {}
            for run in (before, after)
        )
        self.gates = gates_differ(before.frames["gates"], after.frames["gates"])
        self.outlines = outlines_differ(before.frames["outlines"], after.frames["outlines"])
        self.hides = tuple(min_workers(run) for run in (before, after))
        self.few = max(self.hides)
        parameters = self.found.parameters
        self.privacy = [c for c in parameters if c.ids[0].startswith("privacy.")]
        self.parameters = [c for c in parameters if c not in self.privacy]

    def changes(self) -> Iterator[Change]:
        one, two = self.ranks
        touched = self._touched()
        moved = {p for p in two if p in one and self._own(p, touched)} | (one.keys() ^ two.keys())
        for park in two:
            if park not in one:
                yield self._park(park, two[park], appeared=True)
                continue
            yield from self._ranking(
                park, touched.get(park, []), others=len(moved) > (park in moved)
            )
            for row in touched.get(park, []):
                yield from self._item(park, row)
            yield from self._beds(park)
        for park in one:
            if park not in two:
                yield self._park(park, one[park], appeared=False)

    def _own(self, park: str, touched: Mapping[str, list[_Touched]]) -> bool:
        one, two = (ranks[park] for ranks in self.ranks)
        return bool(touched.get(park)) or other(one["workers"], two["workers"])

    # --- parks --------------------------------------------------------------------------------

    def _park(self, park: str, row: Row, *, appeared: bool) -> Change:
        causes = [c for c in self.found.parameters if c.ids[0].startswith("parks.")]
        from_map = self.after.record["parameters"]["parks"].get("from_osm") is not None
        role = "osm" if from_map else "parks"
        if role in self.found.inputs:
            causes.insert(0, _input(role))
        name = str(row["park_name"] or park)
        before, after = (None, name) if appeared else (name, None)
        why = tuple(causes or [Cause("unexplained")])
        return Change(park, name, "park", before, after, why)

    def _ranking(self, park: str, items: Sequence[_Touched], *, others: bool) -> Iterator[Change]:
        one, two = (ranks[park] for ranks in self.ranks)
        name = str(two["park_name"] or park)
        heads = self._headcount(park, one, two)
        for what in ("rank", "tier", "score"):
            if not other(one[what], two[what]):
                continue
            causes = [*_largest(items)]
            causes += [Cause("rule_changed", ("weights",), (("part", "weights"),))] * (
                self.found.weights
            )
            if what != "score":
                causes += heads
                causes += [Cause("other_parks")] if others else []
            if not items:
                planned = [c for c in self.plan.on_park(park) if c.code not in _codes(heads)]
                causes += [*planned, *self.parameters, *self._general()]
            yield Change(park, name, what, say(one[what]), say(two[what]), _several(causes))
        if other(one["workers"], two["workers"]):
            few = [c for c in heads if c.code == "headcount_few"]
            values = (None, None) if few else self._told(one, two)
            counted = self.plan.of_park(park, "plan_headcount")
            counted += [_input(r) for r in ("parks", "headcounts") if r in self.found.inputs]
            why = [*self._hidden(one["workers"], two["workers"]), *counted] or self._general()
            causes = [*few, *why]
            yield Change(park, name, "workers", *values, tuple(causes or [Cause("unexplained")]))

    def _told(self, one: Row, two: Row) -> tuple[str | None, str | None]:
        """Give both headcounts as far as the stricter of the two runs' rules tells them."""
        before, after = (say(unless_few(row["workers"], self.few)) for row in (one, two))
        return before, after

    def _hidden(self, before: Any, after: Any) -> list[Cause]:
        """Name the rule of privacy where it is what empties the figure of one run."""
        strict, lax = (before, after) if self.hides[0] > self.hides[1] else (after, before)
        return self.privacy if empty(strict) and not empty(lax) else []

    def _headcount(self, park: str, one: Row, two: Row) -> list[Cause]:
        """Say how the headcount changed; of a change of few workers only that there was one.

        Where neither figure may be told, nobody can say whether it changed at all.
        """
        before, after = one["workers"], two["workers"]
        if not other(before, after):
            return []
        if not empty(before) and not empty(after) and abs(before - after) < self.few:
            few = Cause("headcount_few", (), (("n", str(self.few)),))
            return [*self.plan.of_park(park, "plan_headcount"), few]
        facts = zip(("before", "after"), self._told(one, two), strict=True)
        told = tuple((k, v) for k, v in facts if v)
        planned = self.plan.of_park(park, "plan_headcount")
        if planned and told:
            return [replace(c, facts=(*c.facts, *told)) for c in planned]
        return [Cause("headcount", (), told)] if told else []

    # --- beds ---------------------------------------------------------------------------------

    def _beds(self, park: str) -> Iterator[Change]:
        """Say what of a park's lack of beds is another; of a change of few workers only that."""
        one, two = (known.get(park) for known in self.beds)
        if one is None or two is None:
            return
        name = str(self.ranks[1][park]["park_name"] or park)
        for what in _BEDS:
            before, after = one[what], two[what]
            if not other(before, after):
                continue
            causes = self._behind_beds(park)
            if not (empty(before) or empty(after)) and abs(before - after) < self.few:
                before, after = None, None
                causes = [Cause("beds_few", (), (("n", str(self.few)),)), *causes]
            if self.privacy:
                before, after = self._without_lax(before, after)
                causes = [*self.privacy, *causes]
            yield Change(park, name, what, say(before), say(after), _several(causes))

    def _behind_beds(self, park: str) -> list[Cause]:
        """List what may be behind another allocation: beds anywhere, and who asks for them."""
        homes = dict.fromkeys(ITEM_OF_STOCK.values())
        events = [e.cause for item in homes for e in self.events.get(item, ())]
        causes = [c for c in events if c.code.startswith("plan_")]
        named = {c.ids for c in causes}
        causes += [c for c in self.plan.of_places("plan_beds") if c.ids not in named]
        causes += self._headcount(park, self.ranks[0][park], self.ranks[1][park])
        causes += self.plan.of_park(park, "plan_shift")
        causes += [c for c in self.parameters if c.ids[0].startswith("housing.")]
        causes += [_input(r) for r in _BEDS_FROM if r in self.found.inputs]
        causes += [Cause("map_data")] if "osm" in self.found.inputs else []
        causes += [*self.found.lapse, *self.found.program]
        causes = list(dict.fromkeys(causes))
        # Beds that another park's workers no longer take, or take now.
        others = any(p != park and self.plan.on_park(p) for p in self.ranks[1])
        return [*causes, *([Cause("other_parks")] if others else [])] or self._general()

    def _without_lax(self, before: Any, after: Any) -> tuple[Any, Any]:
        """Leave out the laxer run's figure: the stricter run's rule might withhold it."""
        return (None, after) if self.hides[0] < self.hides[1] else (before, None)

    # --- items --------------------------------------------------------------------------------

    def _item(self, park: str, row: _Touched) -> Iterator[Change]:
        name = str(self.ranks[1][park]["park_name"] or park)
        for kind in STATUS:
            before, after = row.one.get(kind), row.two.get(kind)
            if not other(before, after):
                continue
            causes = row.causes
            if kind == "found" and self.privacy and _of_homes(row.one, row.two):
                before, after = self._without_lax(before, after)
                causes = _several([*self.privacy, *(c for c in causes if c.code != "unexplained")])
            yield Change(park, name, f"{kind}:{row.label}", say(before), say(after), causes)

    def _touched(self) -> dict[str, list[_Touched]]:
        """Find the items that differ, by park, in the standard's order."""
        both = side_by_side(self.before.frames["assessment"], self.after.frames["assessment"])
        place = {
            item: i
            for run in (self.before, self.after)
            for i, item in enumerate(run.record["standard"]["items"])
        }
        found: dict[str, list[_Touched]] = {}
        for (park, label), (one, two) in both.items():
            if park not in self.ranks[0] or park not in self.ranks[1]:
                continue
            item = str((two or one)["item"])
            heads = self._headcount(park, self.ranks[0][park], self.ranks[1][park])
            causes = self._causes(park, item, one, two, heads)
            row = _Touched(label, item, one, two, causes, abs(_part(two) - _part(one)))
            found.setdefault(park, []).append(row)
        return {
            park: sorted(rows, key=lambda r: (place.get(r.item, len(place)), r.label))
            for park, rows in found.items()
        }

    def _causes(
        self, park: str, item: str, one: Row, two: Row, heads: Sequence[Cause]
    ) -> tuple[Cause, ...]:
        events = self._acting(park, item, one, two)
        causes = [c for c in events if c.code not in _EVIDENCE]
        causes += self.found.rules.get(item, ())
        causes += [c for name, c in self.found.common.items() if self._bears(name, item, one, two)]
        states = {one.get("status"), two.get("status")}
        runs = (self.before.record, self.after.record)
        if any(grows(r, item) for r in runs) or "not_applicable" in states:
            causes += heads
        if any(item in r["standard"].get("timed", ()) for r in runs):
            causes += self.plan.of_park(park, "plan_shift")
        causes += self.parameters
        better = _better(one, two)
        walks = [w for w in self.walks.get((park, item), []) if w.fits(better)]
        reach = sorted({m for r in runs for m in limits(r, item)})
        crossing = [w for w in walks if w.crosses(reach)]
        if crossing or not causes:
            causes += self._walked(park, crossing or [w for w in walks if w.near(reach)])
        if not causes:
            causes += [c for c in events if c.code in _EVIDENCE]
            causes += self._planned(park, item, one, two) or self._ground(one, two)
        causes += self.found.program
        return _several([*causes, *_certainty(one, two)]) if causes else (Cause("unexplained"),)

    def _planned(self, park: str, item: str, one: Row, two: Row) -> list[Cause]:
        """List what of a plan may be behind a row that no place near the workplaces explains.

        From homes it may be any place of the item: which one is near them is not told.
        """
        events = self.events.get(item, ()) if _of_homes(one, two) else ()
        placed = [e.cause for e in events if e.cause.code.startswith("plan_")]
        return [*placed, *self.plan.on_park(park)]

    def _bears(self, name: str, item: str, one: Row, two: Row) -> bool:
        """Tell whether a figure of the whole standard bears on an item's row."""
        after = self.after.record
        if name == "scale_workers":
            return grows(after, item)
        if name == "certainty":
            return "unverified" in (one.get("status"), two.get("status"))
        if name == "walk_speed":
            tests = after["standard"]["items"].get(item, {"tests": {}})["tests"].values()
            return any(unit == "min" for _, unit, _ in tests)
        if name == "hours":  # they bear on items that close, where shifts are told apart
            return any(item in r["standard"].get("timed", ()) for r in (self.before.record, after))
        return name != "weight_sets"

    def _acting(self, park: str, item: str, one: Row, two: Row) -> list[Cause]:
        """List what happened to facilities of an item within reach: what fits the change first."""
        runs = (self.before.record, self.after.record)
        reach = max((m for r in runs for m in limits(r, item)), default=np.inf)
        named = {i for row in (one, two) for i in str(row.get("evidence") or "").split()}
        better = _better(one, two)
        found = []
        for event in self.events.get(item, ()):
            if event.cause.code == "facility_lines" and not any(
                counts_lines(r, item) for r in runs
            ):
                continue
            metres = min((self.metres.get((park, i), np.inf) for i in event.ids), default=np.inf)
            if metres > reach and not named & {*event.ids}:
                continue
            looked = np.isfinite(metres) and park not in self.outlines
            home = "residences" not in self.found.inputs
            cause = event.cause if looked or home or event.unsure is None else event.unsure
            found.append((event.sign * better < 0, event.sign == 0, metres, cause))
        found.sort(key=lambda f: (f[0], f[1], f[2], f[3].code, f[3].ids))
        return [f[3] for f in found]

    def _walked(self, park: str, walks: Sequence[Walk]) -> list[Cause]:
        """Say which walks are others now, and what may lie behind: streets, gates, workplaces."""
        if not walks:
            return []
        causes = [w.cause for w in sorted(walks, key=lambda w: (w.shortest, w.facility))[:_NAMED]]
        if len(walks) > _NAMED:
            causes.append(Cause("more_walks", (), (("n", str(len(walks) - _NAMED)),)))
        causes += [Cause("gates_changed")] if park in self.gates else []
        causes += [Cause("outline_changed")] if park in self.outlines else []
        roles = [r for r in ("enterprises", "osm") if r in self.found.inputs]
        return causes + [Cause("streets") if r == "osm" else _input(r) for r in roles]

    def _ground(self, one: Row, two: Row) -> list[Cause]:
        """List inputs that are others now, where nothing nearer explains a row."""
        homes = ["residences"] if _of_homes(one, two) else []
        roles = ["parks", "gates", "enterprises", *homes, "facilities"]
        causes = [_input(r) for r in roles if r in self.found.inputs]
        causes += [Cause("map_data")] if "osm" in self.found.inputs else []
        return causes or list(self.found.lapse)

    def _general(self) -> list[Cause]:
        """List what bears on every park, where no item of a park explains it."""
        common = [*self.found.common.values()]
        inputs = [_input(r) for r in sorted(self.found.inputs - {"osm"})]
        ground = [Cause("map_data")] if "osm" in self.found.inputs else []
        return [*common, *inputs, *ground, *self.found.program]


# --- causes and values --------------------------------------------------------------------------


def _of_homes(one: Row, two: Row) -> bool:
    """Tell whether a row's figures are, or may be, of a group of people at their homes."""
    return bool({"home", "either"} & {one.get("origin"), two.get("origin")})


def _largest(items: Sequence[_Touched]) -> list[Cause]:
    """Name the items that moved a park most, each with its first causes."""
    moved = sorted((r for r in items if r.weight > 0), key=lambda r: (-r.weight, r.label))
    named = [
        Cause("item", (r.label,), (("item", r.item),), r.causes[:2])
        for r in (moved or items)[:_NAMED]
    ]
    more = len(moved or items) - _NAMED
    return [*named, Cause("more_items", (), (("n", str(more)),))] if more > 0 else named


def _several(causes: Sequence[Cause]) -> tuple[Cause, ...]:
    """Add that several kinds of causes act and their shares are not known, where they do."""
    if not causes:
        return (Cause("unexplained"),)
    unique = list(dict.fromkeys(causes))
    kinds = {_kind(c) for c in unique} - _EFFECTS
    if "plan_headcount" in _codes(unique):  # what is withheld of it is no cause besides
        kinds -= {"headcount"}
    both = any(c.code == "item" for c in unique) and kinds
    return (*unique, Cause("several")) if len(kinds) > 1 or both else tuple(unique)


def _codes(causes: Sequence[Cause]) -> set[str]:
    return {c.code for c in causes}


def _kind(cause: Cause) -> str:
    kind = cause.code.partition("_")[0]
    return f"{kind} {cause.ids[0]}" if kind == "input" else kind


def _certainty(one: Row, two: Row) -> list[Cause]:
    """Say how certainty changed: for what reason a row is, or was, unverified."""
    before, after = (str(r.get("reason_unverified") or "") for r in (one, two))
    if before == after or "unverified" not in (one.get("status"), two.get("status")):
        return []
    facts = (("reasons_before", before), ("reasons_after", after))
    return [Cause("certainty", (), tuple((k, v) for k, v in facts if v))]


def _input(role: str) -> Cause:
    return Cause("input_changed", (role,), (("role", role),))


def _part(row: Row) -> float:
    """Give the part of the score that an item of a park has."""
    if not row or row.get("status") == "not_applicable":
        return 0.0
    both = [row.get("satisfaction_low"), row.get("satisfaction_high")]
    known = [float(v) for v in both if v is not None and not empty(v)]
    mean = sum(known) / len(known) if known else _FULL.get(str(row.get("status")), 0.0)
    return float(row.get("weight") or 0.0) * mean


def _better(one: Row, two: Row) -> float:
    """Tell by its sign whether a row is better (> 0) or worse (< 0) than before; 0: neither."""
    return _part(two) - _part(one) or _number(two, "found") - _number(one, "found")


def _number(row: Row, name: str) -> float:
    value = row.get(name)
    return 0.0 if empty(value) else float(value)  # type: ignore[arg-type]
