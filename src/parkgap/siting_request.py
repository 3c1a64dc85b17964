"""What ``[siting]``, ``[costs]`` and ``[land]`` ask for, checked against the standard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parkgap.errors import Problem, StudyError
from parkgap.list_keys import CENTRE
from parkgap.toml_text import nearest

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.siting_keys import Siting
    from parkgap.standard import Item, Standard
    from parkgap.study import Study

#: Why an item has no sites at all: lines and rails are not put somewhere, and what is judged by
#: other items' places comes with theirs.
NO_SITE = "no_site"


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes
    ----------
    items
        Ids of the items that may be sited, in the standard's order.
    centre
        Whether a combined site is sought: a neighbourhood centre.
    number, capacity, cost, cost_source
        By item (and :data:`parkgap.list_keys.CENTRE`): most places, workers that one can serve,
        yuan, and who says so.
    budget
        Yuan; None: no budget.
    spacing_m, gap
        As in ``[siting]``.
    """

    items: tuple[str, ...]
    centre: bool
    number: Mapping[str, int]
    capacity: Mapping[str, float]
    cost: Mapping[str, float]
    cost_source: Mapping[str, str]
    budget: float | None
    spacing_m: float
    gap: float


def is_place(item: Item) -> bool:
    """Tell whether an item is met by putting something somewhere."""
    return item.counts == "facilities" and not item.of_items and not item.needs_region


def request_of(study: Study, standard: Standard, costs: pd.DataFrame) -> Request | None:
    """Check what a study asks for; None where it does not ask for sites.

    Parameters
    ----------
    costs
        Of :data:`parkgap.frames.COSTS`.

    Raises
    ------
    StudyError
        It names items that the standard has not, or asks for what cannot be.
    """
    asked = study.siting
    if asked is None:
        return None
    file = study.path.name
    known = [i.id for i in standard.items if i.level != "shown"]
    has_centre = standard.neighbourhood_centre is not None
    allowed = [*known, *([CENTRE] if has_centre else [])]
    items = asked.items or tuple(allowed)
    number = {i: asked.by_item.get(i, 1 if i == CENTRE else asked.number) for i in allowed}
    cost = dict(zip(costs["item"], costs["cost"].astype(float), strict=True))
    capacity = {
        str(i): float(c)
        for i, c in zip(costs["item"], costs["capacity"], strict=True)
        if np.isfinite(c)
    }
    capacity |= asked.capacity
    problems = [
        *_unknown(asked, allowed, file),
        *_no_room(standard, capacity, items, file),
        *_too_dear(asked, cost, items, file),
    ]
    if problems:
        raise StudyError(*problems)
    return Request(
        items=tuple(i for i in known if i in items),
        centre=has_centre and CENTRE in items,
        number=number,
        capacity=capacity,
        cost=cost,
        cost_source=dict(zip(costs["item"], costs["source"], strict=True)),
        budget=asked.budget,
        spacing_m=asked.min_spacing_m,
        gap=asked.gap,
    )


def _unknown(asked: Siting, allowed: list[str], file: str) -> Iterator[Problem]:
    """Name items that cannot be sited because nobody judges by them."""
    named = (("items", asked.items), ("by_item", asked.by_item), ("capacity", asked.capacity))
    for key, ids in named:
        for item in ids:
            if item not in allowed:
                yield Problem(
                    what="标准中查无此计分指标 / the standard scores no such item",
                    file=file,
                    column=f"siting.{key}",
                    value=item,
                    rule="parkgap standard show",
                    remedy=nearest(item, allowed),
                )


def _no_room(
    standard: Standard, capacity: Mapping[str, float], items: tuple[str, ...], file: str
) -> Iterator[Problem]:
    """Name items for which workers cannot be dealt out among new places."""
    several = {
        i.id
        for i in standard.items
        if i.origin == "either" and (len(i.tests) > 1 or any(t.count > 1 for t in i.tests))
    }
    for item in capacity:
        if item in items and (item == CENTRE or item in several):
            yield Problem(
                what="此项不能按容量选址 / capacity cannot be had for this item",
                file=file,
                column="siting.capacity",
                value=item,
                rule="邻里中心兼有多项功能；两端皆可、且有多条要求的指标，职工用哪一处无从分配 / "
                "a neighbourhood centre has several functions; of an item that either end serves "
                "by several tests nobody knows which place a worker uses",
                remedy="删去该项的容量 / leave its capacity out",
            )


def _too_dear(
    asked: Siting, cost: Mapping[str, float], items: tuple[str, ...], file: str
) -> Iterator[Problem]:
    """Refuse a budget that buys nothing."""
    own = [c for i, c in cost.items() if i in items]
    if asked.budget is not None and (not own or min(own) > asked.budget):
        least = min(own, default=None)
        shown = "—" if least is None else f"{least:,.0f}"
        yield Problem(
            what="预算买不起任何一处 / the budget buys not one place",
            file=file,
            column="siting.budget",
            value=asked.budget,
            rule=f"[costs] 中最低单价 {shown} 元 / the lowest cost in [costs] is {shown} yuan",
            remedy="提高预算，或核对单价（元，不是万元） / raise it, or check the costs (in yuan)",
        )
