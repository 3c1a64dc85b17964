"""What workers come by of seats, floor area and beds that they share with all who walk there.

Stands beside the counts and changes none of them.  See docs/method.md, "Capacity and competition".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from parkgap.assess.capacity import Zones, e2sfca, zones_of
from parkgap.assess.groups import SLACK
from parkgap.frames import CAPACITY

if TYPE_CHECKING:
    from parkgap.assess.groups import Ground
    from parkgap.standard import Item, Standard

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

RESIDENT = "on_site_resident"  # factor of whoever lives there
UNITS = ("seats", "m2", "beds", "line_stops")
#: Why capacity is not known, in their fixed order.
REASONS = (
    *("no_headcount", "unknown_supply", "estimated_supply", "no_population", "others_headcount"),
    *("no_norm", "no_street", "island", "edge", "needs_list", "thin_data"),
)
_LAST_BIT = 1e-9  # a logarithm that is whole but for its last bit
_DIGITS = 9


@dataclass(frozen=True)
class Needed:
    """What a standard asks for: so much for 1,000 persons (or workers), and where that stands.

    The clause is in Chinese and in English; what is published has that of its language.
    """

    per_1000: float
    per_worker: bool
    clause: str
    basis: str


def needed_of(item: Item, standard: Standard) -> dict[str, Needed]:
    """Take what is asked for of an item, by unit; of a range the lower end."""
    found = {}
    for unit, name in item.asked.items():
        figure = item.figures[name]
        if figure.least is not None:
            clause = " / ".join(dict.fromkeys(standard.cited(figure)))
            found[unit] = Needed(figure.least, name.endswith("_workers"), clause, figure.basis)
    return found


def competition(
    ground: Ground,
    supply: pd.DataFrame,
    catchments: pd.DataFrame,
    standard: Standard,
    *,
    min_workers: int,
) -> pd.DataFrame:
    """Share the supply of every item out over workers and residents.

    Parameters
    ----------
    ground
        Parks, origins, facilities and walks, as for the counts.
    supply
        Frame of :data:`parkgap.frames.SUPPLY`.
    catchments
        For each facility ``zone_0, zone_1, zone_2``: residents in each zone; NaN: unknown.
    standard
        Zones' weights, factors, and what is asked for.
    min_workers
        Parks of fewer workers have no figures, and count as so many in those of others.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.CAPACITY`; empty where the standard gives no weights.
    """
    zones = zones_of(standard)
    if zones is None or ground.parks.empty:
        return CAPACITY.frame()
    town = _Town(ground, supply, catchments, standard, zones, min_workers)
    parts = [part for item in standard.items for part in town.item(item)]
    frame = pd.concat(parts, ignore_index=True) if parts else CAPACITY.frame()
    # Where nothing is asked for, and nothing is known, there is nothing to say.
    frame = frame[frame["needed_per_1000"].notna() | frame["supply"].notna()]
    return CAPACITY.check(frame.sort_values(list(CAPACITY.sort), ignore_index=True))


@dataclass(frozen=True)
class _Case:
    """One item in one unit: walks (``demand, supply, minutes``) to its supplies, and these."""

    item: Item
    column: int  # of the item in the tables of members
    unit: str
    needed: Needed | None
    by_workers: bool  # asked for by workers alone, each a whole person
    factor: float
    walks: pd.DataFrame
    amount: Floats
    basis: Objects
    rows: Ints  # of the facilities; those of enterprises' own canteens have none (-1)


class _Town:
    """What all items share."""

    def __init__(
        self,
        ground: Ground,
        supply: pd.DataFrame,
        catchments: pd.DataFrame,
        standard: Standard,
        zones: Zones,
        min_workers: int,
    ) -> None:
        self.g, self.supply, self.standard, self.zones = ground, supply, standard, zones
        self.min_workers = min_workers
        g = ground
        self.zoned = catchments[[f"zone_{z}" for z in range(len(zones.minutes))]].to_numpy(float)
        self.ids = pd.Index(g.facilities["facility_id"])
        self.access = g.facilities["access"].to_numpy(dtype=object)
        self.park = pd.Index(g.parks["park_id"]).get_indexer(g.origins["park_id"])
        self.work = (g.origins["kind"] == "work").to_numpy()
        share = np.where(self.work, g.origins["share"].to_numpy(dtype=float), 0.0)
        whole = np.bincount(self.park, weights=share, minlength=len(g.parks))
        self.share = np.divide(share, whole[self.park], out=share, where=whole[self.park] > 0)
        self.workers = g.parks["workers"].to_numpy(dtype=float)
        few = (self.workers > 0) & (self.workers < min_workers)
        self.few: Bools = np.asarray(few)
        # A figure of others must not tell how many these few are.
        self.counted = np.where(few, float(min_workers), np.nan_to_num(self.workers))
        near = g.reach[self.work[g.reach["origin"].to_numpy()]]
        self.firm = ("enterprise:" + g.origins["enterprise_id"].fillna("")).to_numpy(dtype=object)
        near = near[(near["target"] < len(g.facilities)) & (near["minutes"] <= self._farthest)]
        self.near = near[self._open_to(near)]
        self.flags = g.completeness[g.completeness["kind"] == "work"].set_index("park_id")

    @property
    def _farthest(self) -> float:
        return self.zones.minutes[-1] + SLACK

    def _open_to(self, walks: pd.DataFrame) -> Bools:
        """Public places are everybody's; a park's or an enterprise's only its own people's."""
        access = self.access[walks["target"].to_numpy()]
        at = walks["origin"].to_numpy()
        park = ("park:" + self.g.origins["park_id"]).to_numpy(dtype=object)[at]
        own = (access == park) | (access == self.firm[at])
        return np.asarray((access == "public") | own, dtype=bool)

    # --- one item ---

    def item(self, item: Item) -> list[pd.DataFrame]:
        """Rows of one item, a frame a unit; none where nobody says or asks for anything."""
        if item.of_items or item.residence_kind is not None or item.origin == "home":
            return []
        needed = needed_of(item, self.standard)
        offered = self.supply[self.supply["item"] == item.id]
        known = set(offered["unit"])
        units = [u for u in UNITS if u in needed or u in known]
        return [self._rows(self._case(item, u, needed.get(u), offered)) for u in units]

    def _case(self, item: Item, unit: str, needed: Needed | None, offered: pd.DataFrame) -> _Case:
        column = [i.id for i in self.standard.items].index(item.id)
        rows = np.flatnonzero(self.g.member[:, column])
        own = [i for i in offered["facility_id"].drop_duplicates() if i not in self.ids]
        ids = pd.Index([*self.ids[rows], *own])
        here = offered[offered["unit"] == unit].set_index("facility_id").reindex(ids)
        place = np.full(len(self.ids), -1)
        place[rows] = np.arange(len(rows))
        near = self.near[place[self.near["target"].to_numpy()] >= 0]
        walks = pd.DataFrame(
            {
                "demand": near["origin"].to_numpy(),
                "supply": place[near["target"].to_numpy()],
                "minutes": near["minutes"].to_numpy(),
            }
        )
        if own:
            at = ids.get_indexer(pd.Index(self.firm))
            inside = np.flatnonzero((at >= len(rows)) & self.work)
            # An enterprise's own canteen stands where its people work.
            more = pd.DataFrame({"demand": inside, "supply": at[inside], "minutes": 0.0})
            walks = pd.concat([walks, more], ignore_index=True)
        demand = next(c.demand for c in self.standard.categories if c.id == item.category)
        by_workers = unit == "beds" or (needed is not None and needed.per_worker)
        factor = 1.0 if by_workers else self.standard.worker_to_resident[demand].v
        return _Case(
            *(item, column, unit, needed, by_workers, factor, walks),
            amount=here["amount"].to_numpy(dtype=float),
            basis=here["basis"].to_numpy(dtype=object),
            rows=np.concatenate([rows, np.full(len(own), -1)]),
        )

    def _residents(self, case: _Case) -> Floats:
        """Residents in each zone of each supply, shape (supplies, z); NaN: unknown."""
        out = np.zeros((len(case.amount), self.zoned.shape[1]))
        if case.by_workers:
            return out
        real = np.flatnonzero(case.rows >= 0)
        real = real[self.access[case.rows[real]] == "public"]
        out[real] = self.zoned[case.rows[real]]
        return out

    def _rows(self, case: _Case) -> pd.DataFrame:
        known = np.isfinite(case.amount)
        living = self._residents(case)
        weight = np.asarray(self.zones.weight)
        factor = self.standard.worker_to_resident[RESIDENT].v
        demand = self.share * self.counted[self.park] * case.factor
        _, access = e2sfca(
            case.walks,
            demand,
            np.where(known, case.amount, 0.0),
            self.zones,
            besides=np.nan_to_num(living) @ weight * factor,
        )
        reached = self._reached(case)
        figures: dict[str, Any] = self._figures(case, access)
        figures |= _supplied(case, reached, living)
        figures |= self._judged(case, figures, reached, living)
        # Of what nobody has said nothing is made, not even nought.
        blank = np.isnan(figures["supply"]) & (figures["facilities_unknown"] > 0)
        figures["per_1000"] = np.where(blank, np.nan, figures["per_1000"])
        for name in ("short_per_1000", "short_by"):
            figures[name] = np.where(figures["status"] == "short", figures[name], np.nan)
        ids = self.g.parks["park_id"].to_numpy(dtype=object)
        needed = case.needed
        frame = pd.DataFrame(
            {
                "park_id": ids,
                "category": case.item.category,
                "item": case.item.id,
                "unit": case.unit,
                "factor": case.factor,
                "shared_with": _sharers(reached, ids),
                "clause": "" if needed is None else needed.clause,
                "basis": None if needed is None else needed.basis,
                **figures,
            }
        )
        return frame[CAPACITY.names].astype(CAPACITY.frame().dtypes.to_dict())

    def _reached(self, case: _Case) -> csr_array:
        """Whether workers of a park reach a supply, sparse, shape (parks, supplies)."""
        at = self.park[case.walks["demand"].to_numpy()], case.walks["supply"].to_numpy()
        size = len(self.g.parks), len(case.amount)
        pairs = np.unique(np.column_stack(at), axis=0).astype(np.int64)
        return csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=size)

    # --- figures ---

    def _figures(self, case: _Case, access: Floats) -> dict[str, Floats]:
        """Means over a park's workplaces, in steps that may be told."""
        size = len(self.workers)

        def mean(values: Floats) -> Floats:
            summed = np.bincount(self.park, weights=self.share * values, minlength=size)
            return summed.astype(np.float64)

        own = 1000.0 * case.factor * access  # for 1,000 workers
        per = mean(own)
        asked = np.full(size, np.nan)
        lack = np.full(size, np.nan)
        if case.needed is not None:
            asked[:] = case.needed.per_1000 * case.factor
            lack = mean(np.maximum(0.0, asked[0] - own))
        step = _step(np.fmax(per, asked), self.workers, self.min_workers)
        hidden = self.few | ~(self.workers > 0)
        per, lack = (np.where(hidden, np.nan, _to_step(v, step)) for v in (per, lack))
        return {
            "workers": np.where(self.few, np.nan, self.workers),
            "per_1000": per,
            "needed_per_1000": asked,
            "short_per_1000": lack,
            "short_by": lack * self.workers / 1000.0,
        }

    def _judged(
        self, case: _Case, figures: dict[str, Any], reached: csr_array, living: Floats
    ) -> dict[str, Objects]:
        """Status and reasons of each park, shape (parks,) each."""
        doubts = self._doubts(case, reached, living)
        workers, lack = self.workers, np.nan_to_num(figures["short_per_1000"])
        blind = np.isnan(workers)
        unknown = figures["facilities_unknown"] > 0
        if self.g.unplaced is not None:
            unknown |= self.g.unplaced[:, case.column]
        short = ~blind & (lack > 0)
        # More people would make it shorter still, and more places less short.
        applies = {
            **dict.fromkeys(("estimated_supply", "no_street", "island", "edge"), short),
            **dict.fromkeys(("needs_list", "thin_data"), short),
            **dict.fromkeys(("no_population", "others_headcount"), ~blind & ~short),
        }
        doubts["edge"] = np.where(short, doubts["edge"], doubts["residents_edge"])
        applies["edge"] = ~blind
        if case.needed is None:
            applies = dict.fromkeys(applies, np.zeros(len(workers), dtype=bool))
        why = {name: doubts[name] & when for name, when in applies.items()}
        why |= {"no_headcount": blind, "unknown_supply": unknown}
        unsure = np.logical_or.reduce(list(why.values()))
        idle = workers == 0
        done = "not_applicable" if case.needed is None else "met"
        status = np.select(
            [idle, unsure, short], ["not_applicable", "unverified", "short"], done
        ).astype(object)
        why["no_norm"] = (status == "not_applicable") & ~idle
        said = [[r for r in REASONS if r in why and why[r][p]] for p in range(len(workers))]
        text = [None if i else "+".join(r) or None for i, r in zip(idle, said, strict=True)]
        return {"status": status, "reason_unverified": np.array(text, dtype=object)}

    def _doubts(self, case: _Case, reached: csr_array, living: Floats) -> dict[str, Bools]:
        """What keeps a park's answer from being sure, shape (parks,) each."""
        g, size = self.g, len(self.workers)
        known = np.isfinite(case.amount)
        far_m = self.zones.minutes[-1] * self.standard.walk_speed.v * g.stretch
        flags = self.flags[["thin", "cut"]].reindex(g.parks["park_id"]).fillna(value=True)
        thin, cut = flags.to_numpy(dtype=bool).T
        proven = np.zeros(size, dtype=bool) if g.proven is None else g.proven[:, case.column]
        beside = g.beside[self.work[g.beside["origin"].to_numpy()]]
        beside = beside[g.member[beside["facility"].to_numpy(), case.column]]
        beside = beside[beside["metres"] <= far_m + SLACK]

        near_edge = np.where(self.work, g.edge_m, np.inf)

        def any_of(origins: Ints) -> Bools:
            return np.asarray(np.bincount(self.park[origins], minlength=size) > 0)

        def any_supply(flag: Bools) -> Bools:
            return np.asarray(reached @ (flag & known).astype(float) > 0)

        crowd = np.asarray(reached.T @ np.isnan(self.workers).astype(float) > 0)
        guessed = np.array([b == "building" for b in case.basis], dtype=bool)
        uncounted = np.asarray(np.isnan(living).any(axis=1), dtype=bool)
        lost = self.work & ~g.origins["reached"].to_numpy(dtype=bool)
        return {
            "estimated_supply": any_supply(guessed),
            "no_population": any_supply(uncounted),
            "others_headcount": any_supply(crowd),
            "no_street": any_of(np.flatnonzero(lost)),
            "island": any_of(beside["origin"].to_numpy()),
            "edge": cut | any_of(np.flatnonzero(near_edge < far_m)),
            # Residents who walk from beyond the map to a place that is within 15 minutes.
            "residents_edge": (reached @ known.astype(float) > 0)
            & any_of(np.flatnonzero(near_edge < 2 * far_m))
            & (not case.by_workers),
            "needs_list": ~proven if case.item.needs_list else np.zeros(size, dtype=bool),
            "thin_data": thin & ~proven,
        }


def _supplied(case: _Case, reached: csr_array, living: Floats) -> dict[str, Any]:
    """What each park's workers reach before it is shared, and who lives around it."""
    known = np.isfinite(case.amount)
    told = reached @ known.astype(float)
    every = reached @ np.ones(len(known))
    basis = np.full(len(every), "", dtype=object)
    for name in sorted({str(b) for b in case.basis[known]}):
        has = reached @ (known & (case.basis == name)).astype(float) > 0
        basis[has] = [f"{b}+{name}" if b else name for b in basis[has]]
    return {
        "residents": _most(reached[:, np.flatnonzero(known)], living[known].sum(axis=1)),
        "facilities": every,
        "facilities_unknown": every - told,
        "supply": np.where(told > 0, reached @ np.where(known, case.amount, 0.0), np.nan),
        "supply_basis": np.array([b or None for b in basis], dtype=object),
    }


def _most(reached: csr_array, value: Floats) -> Floats:
    """Largest value of the supplies that each park reaches; NaN where one is, or it has none."""
    out = np.full(reached.shape[0], np.nan)
    has = np.flatnonzero(np.diff(reached.indptr))
    if len(has):
        out[has] = np.maximum.reduceat(value[reached.indices], reached.indptr[has])
    return np.asarray(np.round(out))


def _sharers(reached: csr_array, ids: Objects) -> list[str]:
    """Name the other parks that reach any of the same supplies, for each park."""
    both = (reached @ reached.T).tocsr()
    both.sort_indices()
    cuts = [both.indices[a:b] for a, b in pairwise(both.indptr)]
    return ["; ".join(str(ids[o]) for o in row if o != park) for park, row in enumerate(cuts)]


def _step(value: Floats, workers: Floats, min_workers: int) -> Floats:
    """Steps in which figures are told: 1, 2 or 5 times a power of ten, shape of `value`.

    So coarse that fewer than `min_workers` workers more or less cannot be told from a figure, even
    where nobody but this park's `workers` uses what it is of.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        least = value * min_workers / workers
        power = 10.0 ** np.floor(np.log10(least) + _LAST_BIT)
        head = least / power
    steps = np.array([1.0, 2.0, 5.0, 10.0])
    step = steps[np.minimum(np.searchsorted(steps, head - _LAST_BIT), len(steps) - 1)] * power
    return np.asarray(np.where(np.isfinite(step) & (step > 0), step, 1.0))


def _to_step(value: Floats, step: Floats) -> Floats:
    return np.asarray(np.round(np.rint(value / step) * step, _DIGITS))
