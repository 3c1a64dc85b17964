"""From gaps to sites: which are chosen, what they change, and what so many cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap import geo
from parkgap.access.candidates import KINDS
from parkgap.assess.resited import Built, Gains, Measures, allocated, by_round, gains, grown
from parkgap.assess.siting import Plan, Spots, in_order, parks_helped, plan, within_budget
from parkgap.assess.siting_needs import Needs, foreseen, needs_of, paired_as_one, stacked
from parkgap.assess.siting_program import Rule
from parkgap.frames import COVER_CURVE, SITES
from parkgap.judging import Judge
from parkgap.list_keys import CENTRE
from parkgap.siting_request import NO_SITE, Request, is_place
from parkgap.store import Memo

if TYPE_CHECKING:
    from parkgap.assess.groups import Ground
    from parkgap.assess.items import Assessor

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SEARCH_M = 250.0  # radius of the area to look in, where nobody listed a plot
_DIGITS = 3  # of degrees: the middle of a search area is told to about 100 m
_LOW = 1e-9


@dataclass(frozen=True)
class Sited:
    """Frames of :data:`parkgap.frames.SITES` and ``COVER_CURVE``."""

    sites: pd.DataFrame
    curve: pd.DataFrame


@dataclass(frozen=True)
class Picked:
    """What was chosen for one item: candidates in the order to build; and how far it goes."""

    item: str
    needs: Needs
    unit_of: Ints
    plan: Plan
    chosen: Ints
    bound: str  # what keeps it from going on: number, budget or spacing


def sites_of(
    request: Request,
    judge: Judge,
    assessment: pd.DataFrame,
    candidates: pd.DataFrame,
    walks: pd.DataFrame,
    memo: Memo,
) -> Sited:
    """Choose sites, and judge the study again with them.

    Parameters
    ----------
    request
        What is asked for.
    judge
        Has judged the study as it is.
    assessment
        What it said (:data:`parkgap.frames.ASSESSMENT`).
    candidates, walks
        As :attr:`parkgap.shards.Survey.candidates` and ``to_candidates``.
    memo
        What was found before.
    """
    inputs = (request, judge.keys(), judge.standard.model_dump_json(), candidates, walks)
    few = (judge.language, judge.min_workers)

    def make() -> Sited:
        return _Siting(request, judge, assessment, candidates, walks).made()

    return memo("siting", (*inputs, *few), make).value


class _Siting:
    """Holds what the steps share."""

    def __init__(
        self,
        request: Request,
        judge: Judge,
        assessment: pd.DataFrame,
        candidates: pd.DataFrame,
        walks: pd.DataFrame,
    ) -> None:
        self.request, self.judge, self.standard = request, judge, judge.standard
        self.ground: Ground = judge.ground
        self.assessor: Assessor = judge.whole
        self.candidates, self.walks = candidates, walks
        self.inside: Bools = (~candidates["public"]).to_numpy(dtype=bool)
        self.parks = self.ground.parks["park_id"]
        self.index = {i.id: n for n, i in enumerate(self.standard.items)}
        self.base = Measures.of(assessment, self.parks, self.standard)
        rank = candidates["kind"].map({k: n for n, k in enumerate(KINDS)})
        k = float(geo.scale(candidates["lat"].median())) if len(candidates) else 1.0
        self.spots = Spots(
            candidates["x"].to_numpy(float) * k,
            candidates["y"].to_numpy(float) * k,
            np.array(rank.to_numpy(), dtype=np.int64),
        )

    def made(self) -> Sited:
        """Choose, judge again, and put the frames together."""
        picked = self._within_budget([self._pick(i) for i in self.request.items if self._wanted(i)])
        centre = self._centre()
        changes = self._judged_again(picked)
        rows = [row for p in picked for row in self._rows(p, changes[p.item])]
        if centre is not None and len(centre.chosen):
            rows += self._rows(centre, self._centre_gains(centre))
        rows += [row for p in picked for row in self._without(p, changes[p.item])]
        rows += [r for i in self.request.items if not self._wanted(i) for r in self._never(i)]
        curve = [row for p in picked for row in self._curve(p, changes[p.item])]
        return Sited(_frame(SITES, rows), _frame(COVER_CURVE, curve))

    def _wanted(self, item: str) -> bool:
        return bool(
            is_place(self.standard.item(item)) and self.base.short[:, self.index[item]].any()
        )

    # --- choosing -----------------------------------------------------------------------------

    def _rule(self, item: str) -> Rule:
        r = self.request
        return Rule(r.spacing_m, r.capacity.get(item, np.inf), r.gap)

    def _burden(self, item: str) -> Floats:
        """Workers x weight of each park that is short of an item; 0 for others, and unknown."""
        at = self.index[item]
        mass = np.nan_to_num(self.base.workers[:, at] * self.base.weight[:, at])
        return np.where(self.base.short[:, at], mass, 0.0)

    def _allowed(self, item: str) -> Bools:
        listed = self.candidates["items"].to_numpy()
        allowed = np.array([len(own) == 0 or item in own for own in listed], dtype=bool)
        # A neighbourhood centre is open to the public, or it is none.
        return allowed & ~self.inside if item == CENTRE else allowed

    def _needs(self, item: str, allowed: Bools) -> tuple[Needs, Ints]:
        return needs_of(
            *(self.assessor, self.standard.item(item), self._burden(item), self.walks, allowed)
        )

    def _pick(self, item: str) -> Picked:
        needs, unit_of = self._needs(item, self._allowed(item))
        rule, most = self._rule(item), self.request.number[item]
        used = paired_as_one(needs) if np.isfinite(rule.capacity) else needs
        found = plan(used, self.spots, most, rule)
        full = len(found.chosen) - 1
        bound = "spacing" if rule.spacing_m > 0 and full < most else "number"
        return Picked(item, needs, unit_of, found, in_order(needs, found.chosen[full]), bound)

    def _within_budget(self, picked: list[Picked]) -> list[Picked]:
        """Deal the budget out among the items; one of unknown cost gets nothing of it."""
        budget, cost = self.request.budget, self.request.cost
        if budget is None:
            return picked
        own = [p for p in picked if p.item in cost]
        numbers = within_budget([p.plan.gain for p in own], [cost[p.item] for p in own], budget)
        left = dict(zip((p.item for p in own), numbers, strict=True))
        out = []
        for p in picked:
            count = left.get(p.item, 0)
            if count < len(p.plan.chosen) - 1:
                bound = "budget" if p.item in cost else "no_cost"
                chosen = in_order(p.needs, p.plan.chosen[count])
                out.append(replace(p, chosen=chosen, bound=bound))
            else:
                out.append(p)
        return out

    def _centre(self) -> Picked | None:
        """Choose combined sites: one place for every function that is an item."""
        centre = self.standard.neighbourhood_centre
        if not self.request.centre or centre is None:
            return None
        items = [i for i in self._functions() if self._wanted(i)]
        most = self.request.number[CENTRE]
        cost, budget = self.request.cost.get(CENTRE), self.request.budget
        if budget is not None:
            most = 0 if cost is None else min(most, int(budget // cost))
        if not items or most == 0:
            return None
        allowed = self._allowed(CENTRE)
        needs = stacked([self._needs(i, allowed)[0] for i in items])
        found = plan(needs, self.spots, most, self._rule(CENTRE))
        chosen = in_order(needs, found.chosen[-1])
        return Picked(CENTRE, needs, np.empty(0, np.int64), found, chosen, "number")

    def _functions(self) -> list[str]:
        centre = self.standard.neighbourhood_centre
        items = () if centre is None else centre.functions.values()
        return [i for i in dict.fromkeys(items) if i is not None and i in self.index]

    # --- judged again -------------------------------------------------------------------------

    def _again(self, built: Built) -> list[Measures]:
        """Judge the study again after every round, by the same judge, keeping nothing."""
        if not len(built.candidate):
            return []
        at = self.candidates[["lon", "lat"]]
        ground = grown(self.ground, self.walks, at, built)

        def judged(one: Ground) -> Measures:
            memo = Memo(None, self.judge.memo.program)
            again = Judge(
                *(one, self.standard, self.judge.language, self.judge.min_workers, memo),
                additions=False,
            )
            return Measures.of(again.assessment(), self.parks, self.standard)

        return by_round(ground, built, int(built.round.max()), judged)

    def _judged_again(self, picked: list[Picked]) -> dict[str, Gains]:
        """What the sites of each item change, one of every item being built a round."""
        columns = len(self.standard.items)
        each = [
            Built(
                p.chosen,
                np.eye(columns, dtype=bool)[[self.index[p.item]] * len(p.chosen)],
                1 + np.arange(len(p.chosen)),
            )
            for p in picked
        ]
        after = self._again(_joined(each, columns))
        people = self.assessor.workers
        out = {}
        for p in picked:
            found = gains(self.base, after[: len(p.chosen)], self.index[p.item], people)
            out[p.item] = self._with_room(p, found)
        return out

    def _with_room(self, picked: Picked, found: Gains) -> Gains:
        """No more workers than can be given a place, where places take only so many."""
        capacity = self.request.capacity.get(picked.item, np.inf)
        if np.isinf(capacity):
            return found
        needs, most = paired_as_one(picked.needs), [0.0]
        for n in range(1, len(picked.chosen) + 1):
            built = np.bincount(picked.chosen[:n], minlength=needs.sites).astype(float)
            most.append(allocated(needs, built, capacity))
        whole = np.minimum(np.cumsum(found.workers), np.array(most[1:]))
        return replace(found, workers=np.diff(whole, prepend=0.0))

    def _centre_gains(self, centre: Picked) -> Gains:
        """What combined sites change by themselves: of the workers, the most of any function."""
        items = [i for i in self._functions() if self._wanted(i)]
        member = np.zeros((len(centre.chosen), len(self.standard.items)), dtype=bool)
        member[:, [self.index[i] for i in self._functions()]] = True
        after = self._again(Built(centre.chosen, member, 1 + np.arange(len(centre.chosen))))
        people = self.assessor.workers
        each = [gains(self.base, after, self.index[i], people) for i in items]
        return Gains(
            np.max([g.workers for g in each], axis=0),
            np.sum([g.score for g in each], axis=0),
            np.sum([g.worth for g in each], axis=0),
            np.min([g.fewest for g in each], axis=0),
            np.any([g.parks for g in each], axis=0),
        )

    # --- rows ---------------------------------------------------------------------------------

    def _told(self, found: Gains) -> Bools:
        """Whether each gain is none or large enough to be told; so must be every park's part."""
        few = self.judge.min_workers
        whole = np.round(found.workers)
        return np.asarray(~((whole > 0) & (whole < few)) & (found.fewest >= few), dtype=bool)

    def _rows(self, picked: Picked, found: Gains) -> list[dict[str, Any]]:
        rows = []
        again: dict[str, int] = {}
        ids = self.parks.to_numpy(dtype=object)
        tell = self._told(found)
        gap = float(picked.plan.gap[min(len(picked.chosen), len(picked.plan.gap) - 1)])
        for n, site in enumerate(picked.chosen.tolist()):
            at = self.candidates.iloc[site]
            listed = isinstance(at["land_id"], str)
            lon, lat = (
                float(v) if listed else round(float(v), _DIGITS) for v in at[["lon", "lat"]]
            )
            name = str(at["candidate_id"]) if listed else f"{lon:.{_DIGITS}f},{lat:.{_DIGITS}f}"
            again[name] = again.get(name, 0) + 1
            told = bool(tell[n])
            rows.append(
                {
                    "site_id": name if again[name] == 1 else f"{name}/{again[name]}",
                    "item": picked.item,
                    "lon": lon,
                    "lat": lat,
                    "search_radius_m": 0.0 if listed else SEARCH_M,
                    "park_ids": ";".join(ids[found.parks[n]]),
                    "workers_gained": float(round(found.workers[n])) if told else np.nan,
                    "score_gain": float(found.score[n]) if told else np.nan,
                    "order": n + 1,
                    "place": str(at["kind"]),
                    "place_name": at["name"] if listed else None,
                    "cost": self.request.cost.get(picked.item, np.nan),
                    "cost_source": self.request.cost_source.get(picked.item),
                    "capacity": self.request.capacity.get(picked.item, np.nan),
                    "gap": gap,
                    "access": self._access(site),
                }
            )
        return rows

    def _access(self, site: int) -> str | None:
        """Whom a candidate serves: all; on a park's own streets those who walk there from work.

        None where parks that overlap share the streets.  Who walks there from home is not told.
        """
        if not self.inside[site]:
            return "public"
        origin = self.walks["origin"].to_numpy()[self.walks["target"].to_numpy() == site]
        at_work = self.ground.origins["kind"].to_numpy()[origin] == "work"
        parks = np.unique(self.ground.origin_park[origin[at_work]])
        return f"park:{self.parks.iloc[int(parks[0])]}" if len(parks) == 1 else None

    def _without(self, picked: Picked, found: Gains) -> list[dict[str, Any]]:
        """Rows of the parks that are short and gain nothing, each with its reason."""
        at = self.index[picked.item]
        gained = found.parks.any(axis=0) if len(found.parks) else np.zeros(len(self.parks), bool)
        left = np.flatnonzero(self.base.short[:, at] & ~gained)
        if not len(left):
            return []
        helped = parks_helped(picked.needs, len(self.parks))
        steered = np.zeros(len(self.parks), dtype=bool)
        needs = picked.needs
        lacks = needs.satisfied(np.zeros(needs.sites)) < 1.0 - _LOW
        for end in (needs.a, needs.b[needs.b >= 0]):
            steered[needs.park[end[lacks[end]]]] = True
        out = np.ones(len(self.parks), dtype=bool)
        out[self.ground.origin_park[self.ground.origins["reached"].to_numpy(dtype=bool)]] = False
        unknown = ~(self._burden(picked.item) > 0)
        rows = []
        for park in left.tolist():
            reason = picked.bound
            for why, holds in (
                ("no_headcount", unknown[park]),
                ("no_street", out[park]),
                ("few_workers", not steered[park]),
                ("no_candidate", not helped[park]),
            ):
                if holds:
                    reason = why
                    break
            rows.append(self._no_row(picked.item, park, reason))
        return rows

    def _never(self, item: str) -> list[dict[str, Any]]:
        short = np.flatnonzero(self.base.short[:, self.index[item]])
        return [self._no_row(item, park, NO_SITE) for park in short.tolist()]

    def _no_row(self, item: str, park: int, reason: str) -> dict[str, Any]:
        park_id = str(self.parks.iloc[park])
        return {"site_id": f"none/{park_id}", "item": item, "park_ids": park_id, "reason": reason}

    def _curve(self, picked: Picked, found: Gains) -> list[dict[str, Any]]:
        """How many workers so many sites serve, each number at its best."""
        at, item = self.index[picked.item], self.standard.item(picked.item)
        people = np.nan_to_num(self.base.workers[:, at]) * self.base.short[:, at]
        start = float(people @ np.nan_to_num(self.base.served[:, at]))
        cost = self.request.cost.get(picked.item, np.nan)
        capacity = self.request.capacity.get(picked.item, np.inf)
        rows: list[dict[str, Any]] = []
        # What is withheld could be had from the others' gains and any number that includes it.
        withheld = np.flatnonzero(~self._told(found))
        until = 1 + int(withheld[0]) if len(withheld) else len(picked.plan.chosen)
        if 0 < round(start) < self.judge.min_workers:
            until = 0
        last = np.nan
        for n, chosen in enumerate(picked.plan.chosen):
            built = np.bincount(chosen, minlength=picked.needs.sites).astype(float)
            then = foreseen(self.assessor, item, picked.needs, picked.unit_of, built).park.met
            served = float(people @ np.nan_to_num(then))
            if np.isfinite(capacity) and n:
                room = allocated(paired_as_one(picked.needs), built, capacity)
                served = start + min(served - start, room)
            value = float(round(served))
            few = 0 < abs(value - (0.0 if np.isnan(last) else last)) < self.judge.min_workers
            few |= n >= until
            shown = np.nan if few else value
            last = last if few else value
            spent = n * cost
            rows.append(
                {
                    "item": picked.item,
                    "sites": n,
                    "workers_served": shown,
                    "cost": spent,
                    "workers_per_yuan": (served - start) / spent
                    if n and np.isfinite(spent) and not few
                    else np.nan,
                    "gap": float(picked.plan.gap[n]),
                    "closes": picked.plan.least,
                }
            )
        return rows


def _joined(parts: list[Built], columns: int) -> Built:
    if not parts:
        none = np.empty(0, dtype=np.int64)
        return Built(none, np.empty((0, columns), dtype=bool), none)
    names = ("candidate", "counts_for", "round")
    return Built(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def _frame(schema: Any, rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = {c.name: [_cell(r.get(c.name), c) for r in rows] for c in schema.columns}
    frame: pd.DataFrame = schema.frame(columns)
    frame = frame.sort_values(list(schema.sort), ignore_index=True)
    return schema.check(frame)  # type: ignore[no-any-return]


def _cell(value: Any, column: Any) -> Any:
    if value is None and column.kind == "float":
        return np.nan
    return pd.NA if value is None and column.kind == "int" else value
