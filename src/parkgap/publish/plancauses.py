"""What a plan did, as causes of changes: instead of "opened", "closed" or "other headcount"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from parkgap.publish.events import Event
from parkgap.results import Cause

if TYPE_CHECKING:
    import pandas as pd

Record = Mapping[str, Any]

_CODES = {
    "add": "plan_added",
    "close": "plan_closed",
    "move": "plan_moved",
    "retime": "plan_retimed",
    "beds": "plan_beds",
    "headcount": "plan_headcount",
    "shift": "plan_shift",
}
_BUILT = "list:plan/"
# The events of a facility that a row of each kind accounts for.
_EVENTS = {
    "plan_added": ("facility_opened", "facility_listed", "facility_new", "facility_redrawn"),
    "plan_beds": ("facility_opened", "facility_listed", "facility_new", "facility_redrawn"),
    "plan_closed": (
        *("facility_closed", "facility_delisted", "facility_gone", "facility_removed"),
        "facility_redrawn",
    ),
    "plan_moved": ("facility_moved",),
    "plan_retimed": ("facility_hours",),
}


@dataclass(frozen=True)
class PlanCauses:
    """The rows of the later run's plan, where it tries another one than the earlier run.

    Attributes
    ----------
    places
        Id of a facility in either run, to the causes that are about it.
    parks
        Park, to the causes that are about its people.
    """

    places: Mapping[str, Sequence[Cause]] = field(default_factory=dict)
    parks: Mapping[str, Sequence[Cause]] = field(default_factory=dict)

    @classmethod
    def of(cls, before: Record, after: Record, *facilities: pd.DataFrame) -> PlanCauses:
        """Read the plan of a record.

        Parameters
        ----------
        before, after
            The two records.
        facilities
            Of both runs (:data:`parkgap.frames.FACILITIES_READ`): a plan may name any id of a
            place.
        """
        plan = after.get("whatif")
        if plan is None or plan == before.get("whatif"):
            return cls()
        ids: dict[str, set[str]] = {}
        for frame in facilities:
            for key, several in zip(frame["facility_id"], frame["source_ids"], strict=True):
                for one in several:
                    ids.setdefault(one, set()).add(str(key))
        named = {_place(row["action"], str(row["target"])) for row in plan["rows"]}
        built = [i for i in ids if i.startswith(_BUILT) and i not in named]
        places: dict[str, list[Cause]] = {}
        parks: dict[str, list[Cause]] = {}
        for row in plan["rows"]:
            code, target = _CODES[row["action"]], str(row["target"])
            facts = (("file", str(plan["file"])), ("row", str(row["row"])))
            if row["park_id"] is not None:
                cause = Cause(code, (str(row["park_id"]),), facts)
                parks.setdefault(str(row["park_id"]), []).append(cause)
                continue
            at = _place(row["action"], target)
            for key in sorted({k for i in (at, *_parts(at, built)) for k in ids.get(i, {i})}):
                places.setdefault(key, []).append(Cause(code, (key,), facts))
        return cls(places, parks)

    def events(self, events: Sequence[Event]) -> list[Event]:
        """Let the plan's rows stand for what happened to the places that they name."""
        return [self._event(event) for event in events]

    def _event(self, event: Event) -> Event:
        for cause in (c for i in event.ids for c in self.places.get(i, ())):
            if event.cause.code in _EVENTS[cause.code]:
                said = dict(event.cause.facts)
                facts = tuple((k, said[k]) for k in ("name", "n", "before", "after") if k in said)
                return replace(
                    event, cause=replace(cause, facts=(*cause.facts, *facts)), unsure=None
                )
        return event

    def of_park(self, park: str, code: str) -> list[Cause]:
        """List what the plan does to a park's headcounts, or its shifts."""
        return [c for c in self.parks.get(park, ()) if c.code == code]

    def of_places(self, code: str) -> list[Cause]:
        """List what the plan does of one kind to places, wherever they are."""
        return [c for _, causes in sorted(self.places.items()) for c in causes if c.code == code]

    def on_park(self, park: str) -> list[Cause]:
        """List all that it does to a park's people."""
        return list(self.parks.get(park, ()))


def _place(action: str, target: str) -> str:
    """Give the id under which a place of the plan is a facility."""
    if action == "add":
        return f"{_BUILT}{target}"
    return f"list:housing_stock/{target}" if action == "beds" else target


def _parts(key: str, built: Sequence[str]) -> list[str]:
    """Ids of the places that a planned neighbourhood centre is made of."""
    return [i for i in built if i.startswith(f"{key}/")]
