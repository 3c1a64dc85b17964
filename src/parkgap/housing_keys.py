"""What ``study.toml`` may say about workers' housing: who needs a bed, and how far a ride goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from parkgap.source_keys import Section, Text, refused

Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]


class NeedShare(Section):
    """Which share of workers need lodging: the lower end, the middle, and the upper end.

    The bureau sets it; there is no default, for no document read gives one.
    """

    low: Share
    mid: Share
    high: Share

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.mid <= self.high:
            raise refused(
                "须满足 low ≤ mid ≤ high / must be low ≤ mid ≤ high",
                "need_share = { low = 0.2, mid = 0.35, high = 0.5 }",
            )
        return self


class Ride(Section):
    """A ride at a stated speed, wherever no timetable leads; without it nobody rides so.

    Attributes
    ----------
    speed_kmh
        Mean speed between doors, stops on the way included, km/h.
    wait_min
        Minutes spent waiting and walking to the vehicle, once a ride.
    detour
        By how much a way is longer than the straight line.
    """

    speed_kmh: Annotated[float, Field(gt=0, le=120, allow_inf_nan=False)]
    wait_min: Annotated[float, Field(ge=0, le=120, allow_inf_nan=False)]
    detour: Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)]


class Housing(Section):
    """The section ``[housing]``.

    Attributes
    ----------
    need_share
        Of all workers of a park for whom nothing better is said.
    need_share_by_shift
        Of the workers of a shift, by its name.
    ride
        A ride at a stated speed.
    persons_per_unit
        Persons of one dwelling: turns beds that are short into dwellings.
    """

    need_share: NeedShare | None = None
    need_share_by_shift: Mapping[Text, NeedShare] = Field(default_factory=dict)
    ride: Ride | None = None
    persons_per_unit: Annotated[float, Field(gt=0, le=20, allow_inf_nan=False)] | None = None
