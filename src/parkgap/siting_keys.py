"""What ``study.toml`` may say about building: how much, where, and at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from parkgap.source_keys import PLACE, FileTable, Section, Text, refused

Number = Annotated[int, Field(strict=True, ge=0, le=1000)]
Share = Annotated[float, Field(strict=True, ge=0, le=0.5, allow_inf_nan=False)]
Amount = Annotated[float, Field(gt=0, le=1e15, allow_inf_nan=False)]
Spacing = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Grid = Annotated[float, Field(ge=20, le=500, allow_inf_nan=False)]


class LandTable(FileTable):
    """Plots and buildings where something may be put: a row each, as a point or an area."""

    KNOWN: ClassVar[tuple[str, ...]] = ("id", "name", "kind", "items", "area_m2", *PLACE, "source")


class CostsTable(FileTable):
    """What one new place of an item costs, and how many workers it can serve."""

    KNOWN: ClassVar[tuple[str, ...]] = ("item", "cost", "capacity", "source")


class Siting(Section):
    """Asks for sites.

    Attributes
    ----------
    items
        Items to find sites for, and ``neighbourhood_centre``; empty: all that are short.
    number, by_item
        Most new places of an item, and of single items.
    budget
        What all of them may cost, yuan; with ``[costs]``.
    capacity
        Workers that a new place of an item can serve; wins over ``[costs]``.
    min_spacing_m
        Least metres (straight) between new places of one item; 0: several may stand at one site.
    grid_m
        Candidates on streets are about so far apart.
    gap
        Proven distance to the optimum that is good enough, a share of what is gained.
    only_listed
        Only plots and buildings of ``[land]`` are candidates.
    """

    items: tuple[Text, ...] = ()
    number: Number = 5
    by_item: Mapping[str, Number] = Field(default_factory=dict)
    budget: Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)] | None = None
    capacity: Mapping[str, Amount] = Field(default_factory=dict)
    min_spacing_m: Spacing = 0.0
    grid_m: Grid = 70.0
    gap: Share = 0.0
    only_listed: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.budget == 0 or (self.number == 0 and not any(self.by_item.values())):
            key = "budget" if self.budget == 0 else "number"
            raise refused(
                f"{key} = 0，什么也建不了 / with {key} = 0 nothing can be built",
                "删去 [siting]，或写大于 0 的数 / leave [siting] out, or write more than 0",
            )
        return self
