"""What a standard is once it is read: frozen models, each figure with where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from parkgap.standards.marking import marked

RAIL_M = 800.0  # GB/T 51328-2018 Table 9.3.3, where a standard's file names no radius
Level = Literal["mandatory", "optional", "shown"]
Origin = Literal["work", "home", "either"]
Window = Literal["before", "break", "after", "rest"]


#: Figures of an item that ask for so much per 1,000 persons, and in which unit.
ASKED = {
    "area_per_1000": "m2",
    "seats_per_1000": "seats",
    "seats_per_1000_workers": "seats",
    "beds_per_1000_workers": "beds",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Provenance(_Frozen):
    """Where a figure comes from: `ref` names keys of the standard's sources."""

    basis: Literal["source", "assumption"]
    grade: Literal["R", "S", "M", "A"]
    ref: tuple[str, ...] = ()
    note: str = ""


class Number(Provenance):
    """A figure with its unit `u`; `v` is a pair for a range and None where nobody knows it.

    A file gives the citation as ``clause: {zh, en}``; both are empty where it gives none.
    """

    v: float | tuple[float, float] | None
    u: str = ""
    clause_zh: str = ""
    clause_en: str = ""

    @model_validator(mode="before")
    @classmethod
    def _cited(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "clause" not in data:
            return data
        clause = marked(data["clause"], data["grade"])
        rest = {key: value for key, value in data.items() if key != "clause"}
        return {**rest, "clause_zh": clause["zh"], "clause_en": clause["en"]}

    @property
    def least(self) -> float | None:
        """The figure, of a range its lower end."""
        return min(self.v) if isinstance(self.v, tuple) else self.v


class Quantity(Number):
    """A figure that is one known number."""

    v: float


class Rule(_Frozen):
    """Which objects of OpenStreetMap are facilities of an item.

    Names are ``name``, ``name:zh``, ``brand`` and ``operator``, folded to simplified
    characters; an expression is searched for anywhere in each of them.

    Attributes
    ----------
    any
        Conditions joined by OR; the tags inside one are joined by AND; ``"*"`` is any value.
    exclude
        Conditions that drop a match, however it came about.
    name_adds
        Expression that makes a match of an object with a place or building key.
    name_requires
        Expression that some name must fit for a match by `any`.
    name_excludes
        Expression that drops a match where any name fits it.
    name_sure
        Expression of names that leave no doubt, whatever stands nearby.
    """

    any: tuple[dict[str, str], ...] = ()
    exclude: tuple[dict[str, str], ...] = ()
    name_adds: str | None = None
    name_requires: str | None = None
    name_excludes: str | None = None
    name_sure: str | None = None


class Test(Provenance):
    """A limit in its clause's own unit, metres of street or minutes on foot, and a count.

    The citation and the note come in Chinese (`clause_zh`, `note_zh`) and in English.
    """

    __test__: ClassVar[bool] = False  # not a test case for pytest

    id: str
    limit: float
    unit: Literal["m", "min"]
    count: int
    band: Literal["d5", "d10", "d15"]
    clause_zh: str
    clause_en: str
    note_zh: str = ""


class Item(_Frozen):
    """What is judged and listed.

    Attributes
    ----------
    share, weight
        Share of its category's weight, and of the whole; 0 for a shown item.
    counts
        Whether facilities are counted, or the distinct lines that stop at them.
    needs_list
        OpenStreetMap alone cannot prove absence.
    of_items
        Judged by the facilities of these items instead of a rule of its own.
    residence_kind
        Only walks from residences of this kind are judged.
    needs_region
        Not applicable where the whole region has none.
    dedupe_m, dedupe_unnamed_m
        Metres within which one name, or none, is one place.
    figures
        Numbers kept with their sources; no test rests on them (docs/standard.md says which are
        read).
    provenance
        Of `share`, `origin`, `dedupe_m` and `dedupe_unnamed_m`.
    """

    id: str
    category: str
    zh: str
    en: str
    level: Level
    origin: Origin
    share: float
    weight: float
    rule: Rule
    tests: tuple[Test, ...]
    counts: Literal["facilities", "lines"] = "facilities"
    unit_zh: str
    unit_en: str
    core: bool = False
    needs_list: bool = False
    of_items: tuple[str, ...] = ()
    residence_kind: str | None = None
    needs_region: bool = False
    dedupe_m: float
    dedupe_unnamed_m: float
    figures: dict[str, Number] = {}
    provenance: dict[str, Provenance] = {}

    @property
    def asked(self) -> dict[str, str]:
        """Unit to the name of the known figure that asks for so much of it per 1,000 persons."""
        known = {name for name, figure in self.figures.items() if figure.least is not None}
        return {unit: name for name, unit in ASKED.items() if name in known}


class Category(_Frozen):
    """A group of items with a weight in the whole; 0 where its items are only shown."""

    id: str
    zh: str
    en: str
    level: Level
    weight: float
    items: tuple[Item, ...]
    demand: str
    level_ref: tuple[str, ...] = ()
    figures: dict[str, Number] = {}
    provenance: dict[str, Provenance] = {}


class Source(_Frozen):
    """A document, where it was read, and how surely (grade)."""

    doc: str
    read_at: str
    grade: Literal["R", "S", "M", "A"]


class Certainty(_Frozen):
    """When what is not found counts as not known; readable by name or by key."""

    window_m: Quantity
    places_min: Quantity
    places_per_ha: Quantity
    study_share: Quantity
    home_m: Quantity
    built_share: Quantity
    index_min: Quantity

    def __getitem__(self, name: str) -> Quantity:
        """One number by its name."""
        if name not in Certainty.model_fields:
            raise KeyError(name)
        return getattr(self, name)  # type: ignore[no-any-return]


class Span(Provenance):
    """A stretch of the day, from and to o'clock (hours, 0 to 24)."""

    v: tuple[float, float]
    u: str = "h"


class Visit(Provenance):
    """When an item is used, and how many minutes a visit takes without the walk."""

    free: tuple[Window, ...]
    stay: float


class Hours(_Frozen):
    """When workers are free, and what is taken to be open then.

    Attributes
    ----------
    period
        Days that are looked at, from the study's day.
    before, after
        Minutes before and after a shift.
    rest
        Free time on a day of rest.
    break_length
        Minutes of a break whose length nobody gave.
    assumed
        Category (or ``default``) to the hours of places whose own nobody knows.
    items
        Item to its visits; an item that is not here has no hours.
    """

    period: Quantity
    before: Quantity
    after: Quantity
    rest: Span
    break_length: Quantity
    assumed: dict[str, Span]
    items: dict[str, Visit]

    def assumed_of(self, category: str) -> Span:
        """Hours that a place of a category is taken to have where its own are unknown."""
        return self.assumed.get(category, self.assumed["default"])


class NeighbourhoodCentre(Provenance):
    """The functions of a 产业邻里中心, each with the item that shows it (None: no item)."""

    functions: dict[str, str | None]
    figures: dict[str, Number] = {}


class Standard(_Frozen):
    """A checked standard, with a study's overrides applied.

    Attributes
    ----------
    weight_sets
        Name of a set to category weights (0 where shown only); the first is `default_set`.
    hours
        When workers are free; None: nothing is judged by its hours.
    overrides
        What the study set, as it was given.
    rescaled
        Weights and shares that were scaled because of it, by path.
    """

    id: str
    version: str
    title_zh: str
    title_en: str
    categories: tuple[Category, ...]
    weight_sets: dict[str, dict[str, float]]
    default_set: str
    bands: dict[str, Quantity]
    walk_speed: Quantity
    walk_speed_low: Quantity
    walk_speed_high: Quantity
    scale_workers: Quantity
    worker_to_resident: dict[str, Quantity]
    certainty: Certainty
    hours: Hours | None = None
    sources: dict[str, Source]
    figures: dict[str, Number] = {}
    neighbourhood_centre: NeighbourhoodCentre | None = None
    provenance: dict[str, Provenance] = {}
    overrides: dict[str, Any] = {}
    rescaled: dict[str, float] = {}

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item, in the file's order."""
        return tuple(item for category in self.categories for item in category.items)

    @property
    def scored(self) -> tuple[Item, ...]:
        """Items that enter the score: mandatory and optional ones."""
        return tuple(item for item in self.items if item.level != "shown")

    @property
    def stop_items(self) -> tuple[str, ...]:
        """Ids of the items that a bus stop counts for: the stop itself, and lines at stops."""
        return tuple(i.id for i in self.items if i.id == "bus_stop" or i.counts == "lines")

    @property
    def station_items(self) -> tuple[str, ...]:
        """Ids of the items that a rail station counts for: those that need rail in the region."""
        return tuple(i.id for i in self.items if i.needs_region)

    @property
    def rail_radius(self) -> float:
        """Metres within which a rail station covers ground, straight."""
        return self.known_figures(self.station_items).get("radius", RAIL_M)

    def known_figures(self, item_ids: Iterable[str]) -> dict[str, float]:
        """Figures kept with these items that are one known number."""
        return {
            name: number.v
            for i in item_ids
            for name, number in self.item(i).figures.items()
            if isinstance(number.v, float)
        }

    def cited(self, figure: Number) -> tuple[str, str]:
        """Where a figure stands, in Chinese and in English.

        Its clause; else the documents that it names; else this standard itself.
        """
        if figure.clause_zh:
            return figure.clause_zh, figure.clause_en
        docs = "; ".join(self.sources[ref].doc for ref in figure.ref if ref in self.sources)
        return docs or self.title_zh, docs or self.title_en

    def farthest(self, item_ids: Iterable[str]) -> float:
        """Farthest limit of any test of these items, metres; 0 where there is none."""
        tests = [t for i in item_ids for t in self.item(i).tests]
        return max((self.metres(t) for t in tests), default=0.0)

    @property
    def unconfirmed(self) -> tuple[Test, ...]:
        """Tests that rest on what was recalled and not read (grade M), in the file's order."""
        return tuple(t for item in self.items for t in item.tests if t.grade == "M")

    def item(self, item_id: str) -> Item:
        """One item by its id; KeyError where there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)

    @property
    def detour(self) -> float:
        """Factor on a straight line where there is no network (1 where the file has none)."""
        figure = self.figures.get("detour_no_network")
        return figure.v if figure is not None and isinstance(figure.v, float) else 1.0

    @property
    def steps_floor(self) -> float:
        """Least speed on steps as a share of the flat's (half where the file has none)."""
        figure = self.figures.get("steps_floor")
        return figure.v if figure is not None and isinstance(figure.v, float) else 0.5

    def figure(self, name: str) -> float | None:
        """One number of `figures`; None where the file has none of that name."""
        number = self.figures.get(name)
        return number.v if number is not None and isinstance(number.v, float) else None

    def span(self, name: str) -> tuple[float, float] | None:
        """One range of `figures`; None where the file has none of that name."""
        number = self.figures.get(name)
        return number.v if number is not None and isinstance(number.v, tuple) else None

    def metres(self, test: Test) -> float:
        """Limit of a test in metres of flat street."""
        return test.limit if test.unit == "m" else test.limit * self.walk_speed.v

    def needed(self, test: Test, workers: float | None) -> int:
        """How many facilities a test needs for a headcount (persons; None or NaN: unknown).

        Presence stays 1.  A larger count is for a park of `scale_workers` workers and grows
        with the headcount, never below 1; an unknown headcount takes it as stated.
        """
        if test.count == 1 or workers is None or math.isnan(workers):
            return test.count
        return max(1, math.ceil(test.count * workers / self.scale_workers.v))

    def weights(self, set_name: str) -> dict[str, float]:
        """Weight of every item under a weight set (KeyError: no such set); they sum to 1."""
        categories = self.weight_sets[set_name]
        return {item.id: categories[item.category] * item.share for item in self.items}
