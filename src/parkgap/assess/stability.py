"""How firm a rank is: the parks ranked again under a thousand combinations of assumptions.

What is tried, from which distributions, and what the figures mean: docs/method.md, "Rank".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.scenarios import Satisfactions, Scenario
from parkgap.frames import STABILITY, WEIGHT_SETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parkgap.standard import Standard

Ints = npt.NDArray[np.int64]
Ranks = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ASSUMPTIONS = ("weights", "speed", "limits", "counts", "workers")
TIERS = ("upper", "middle", "lower")
MAX_UNVERIFIED = 0.30  # more of the weight than this unverified: the park is not ranked
LOW, HIGH = 0.05, 0.95  # share of the draws between which a rank lies
DRAWS, SEED, CONCENTRATION = 1000, 15, 50.0  # where the standard's file has none
_DIGITS = 11  # of a burden as a share of the largest; beyond them what is equal differs by rounding
_CHUNK = 4_000_000  # cells of draws x parks that are held at once (32 MB)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Draws:
    """Combinations of assumptions.

    Attributes
    ----------
    scenario
        Row of the scenarios, shape (draws,).
    weights
        Weight of every item of the standard, shape (draws, items).
    factor
        For how many persons a worker counts, as a multiple of the standard's own factor, by
        item; shape (draws, items).
    """

    scenario: Ints
    weights: Floats
    factor: Floats

    def alone(self, assumption: str) -> Draws:
        """Vary only the weights, or only the workers' factors; all else is as stated."""
        size, plain = len(self.scenario), np.zeros(len(self.scenario), dtype=np.int64)
        if assumption == "weights":
            return Draws(plain, self.weights, np.ones_like(self.factor))
        return Draws(plain, np.repeat(self.weights[:1], size, axis=0), self.factor)


def draw(standard: Standard, scenarios: Sequence[Scenario]) -> Draws:
    """Draw combinations of assumptions, the same ones whenever they are asked for.

    The first are the published weight sets, the default one first, with all else as stated.
    The others take a scenario (each as likely), a weight set (each as likely) and around it
    category weights from a Dirichlet distribution, and a factor of workers for each kind of
    demand (uniform over its range).
    """
    told = tried(standard, scenarios)
    count, rng = told["draws"], np.random.default_rng(told["seed"])
    centres = _set_weights(standard)
    sets, rest = len(centres), count - len(centres)
    scenario = rng.integers(len(scenarios), size=rest)
    weights = _around(centres, rng.integers(sets, size=rest), standard, rng)
    factor = _factors(standard, rest, rng)
    item = _item_category(standard)
    share = np.array([i.share for i in standard.items])
    every = np.concatenate([centres, weights])
    return Draws(
        np.concatenate([np.zeros(sets, dtype=np.int64), scenario]),
        every[:, item] * share,
        np.concatenate([np.ones((sets, factor.shape[1])), factor]),
    )


def tried(standard: Standard, scenarios: Sequence[Scenario]) -> dict[str, int]:
    """Say how much is tried: number of ``draws`` and of ``scenarios``, and the ``seed``."""
    seed = standard.figure("rank_seed")
    return {
        "draws": max(int(standard.figure("rank_draws") or DRAWS), len(standard.weight_sets)),
        "scenarios": len(scenarios),
        "seed": SEED if seed is None else int(seed),
    }


def _set_weights(standard: Standard) -> Floats:
    """Category weights of the published sets, the default one first, shape (sets, categories)."""
    ids = [c.id for c in standard.categories]
    return np.array([[own[i] for i in ids] for own in standard.weight_sets.values()])


def _item_category(standard: Standard) -> Ints:
    place = {c.id: n for n, c in enumerate(standard.categories)}
    return np.array([place[i.category] for i in standard.items], dtype=np.int64)


def _around(centres: Floats, which: Ints, standard: Standard, rng: np.random.Generator) -> Floats:
    """Draw category weights around the sets; a weight of 0 stays 0."""
    strength = standard.figure("weights_concentration") or CONCENTRATION
    # A Dirichlet draw is one of independent gamma draws over their sum.
    gamma = rng.standard_gamma(strength * centres[which])
    return np.asarray(gamma / np.maximum(gamma.sum(axis=1, keepdims=True), 1e-300))


def _factors(standard: Standard, size: int, rng: np.random.Generator) -> Floats:
    """Draw factors of workers: one for each kind of demand; those at home are as stated."""
    demand = {c.id: c.demand for c in standard.categories}
    drawn: dict[str, Floats] = {}
    for kind, stated in standard.worker_to_resident.items():
        span = standard.span(f"{kind}_range")
        if span is None:
            drawn[kind] = np.ones(size)
        else:
            drawn[kind] = rng.uniform(*span, size=size) / stated.v
    out = np.ones((size, len(standard.items)))
    for column, item in enumerate(standard.items):
        if item.origin != "home":
            out[:, column] = drawn[demand[item.category]]
    return out


@dataclass(frozen=True)
class _Ground:
    """What all draws share; parks in the order of their ids.

    `loss` (scenarios, parks, items): lack x workers over confirmed gaps of mandatory items;
    `applies` (parks, items): part of the item's weight that applies; `hidden` (scenarios, parks,
    items): of that, unverified.
    """

    loss: Floats
    applies: Floats
    hidden: Floats

    @classmethod
    def of(cls, known: Satisfactions, standard: Standard) -> _Ground:
        count = len(standard.items)
        to_item = np.zeros((len(known.item), count))
        to_item[np.arange(len(known.item)), known.item] = 1.0
        mandatory = np.array([i.level == "mandatory" for i in standard.items])[known.item]
        lack = np.where(known.short & mandatory, 1.0 - known.high, 0.0)
        weight = known.share * np.nan_to_num(known.workers)
        return cls(
            (lack * weight) @ to_item,
            known.share @ to_item,
            np.where(known.unverified, known.share, 0.0) @ to_item,
        )

    def ranks(self, draws: Draws) -> Ranks:
        """Rank the parks in each draw; 0 for too much unverified; shape (draws, parks)."""
        out = np.zeros((len(draws.scenario), len(self.applies)), dtype=np.int32)
        for scenario, rows in _by_scenario(draws, len(self.applies)):
            weights = draws.weights[rows]
            whole = np.maximum(weights @ self.applies.T, 1e-300)
            burden = (weights * draws.factor[rows]) @ self.loss[scenario].T / whole
            hidden = weights @ self.hidden[scenario].T / whole
            out[rows] = _ranked(burden, hidden <= MAX_UNVERIFIED + _ROUNDING)
        return out


def _by_scenario(draws: Draws, parks: int) -> Iterator[tuple[int, Ints]]:
    """Give the draws scenario by scenario, few enough at a time to be held in memory."""
    most = max(_CHUNK // max(parks, 1), 1)
    for scenario in np.unique(draws.scenario):
        rows = np.flatnonzero(draws.scenario == scenario)
        for begin in range(0, len(rows), most):
            yield int(scenario), rows[begin : begin + most]


def _ranked(burden: Floats, sure: Bools) -> Ranks:
    """Rank along the parks: 1 for the largest, ties by their order; 0 where not sure."""
    top = np.maximum(burden.max(axis=1, keepdims=True, initial=0.0), 1e-300)
    value = np.where(sure, np.round(burden / top, _DIGITS), -1.0)
    order = np.argsort(-value, axis=1, kind="stable")
    rank = np.empty(burden.shape, dtype=np.int32)
    np.put_along_axis(rank, order, np.arange(1, burden.shape[1] + 1, dtype=np.int32)[None], axis=1)
    return np.where(sure, rank, 0).astype(np.int32)


def stability(
    known: Satisfactions,
    scenarios: Sequence[Scenario],
    ranking: pd.DataFrame,
    standard: Standard,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Try the ranks under other assumptions.

    Parameters
    ----------
    known
        What was judged under each scenario.
    scenarios
        These scenarios, the one as stated first.
    ranking
        Of :data:`parkgap.frames.RANKING`; only the parks that have a rank there take part.
    standard
        For weights, levels and what is varied.

    Returns
    -------
    tuple of DataFrame
        Of :data:`parkgap.frames.STABILITY`, one row a ranked park, and of
        :data:`parkgap.frames.WEIGHT_SETS`, one row a park and published weight set.
    """
    rank = ranking.set_index("park_id")["rank"].dropna().astype("int64").sort_index()
    row = {park: n for n, park in enumerate(known.park_ids)}
    chosen = known.of_parks(np.array([row[p] for p in rank.index], dtype=np.int64))
    ground = _Ground.of(chosen, standard)
    draws = draw(standard, scenarios)
    ranks = ground.ranks(draws)
    base: Ints = np.asarray(rank.to_numpy(), dtype=np.int64)
    low, high, share = _spans(ranks, base)
    tier, tier_share = _tiers(ranks, base)
    spread = np.column_stack([_spread(ground, draws, scenarios, a) for a in ASSUMPTIONS])
    frame = STABILITY.frame(
        {
            "park_id": rank.index.to_numpy(dtype=object),
            "rank": base,
            "rank_low": low,
            "rank_high": high,
            "tier": tier,
            "tier_share": np.round(tier_share, 3),
            "ranked_share": np.round(share, 3),
            "moved_by": _moved_by(spread),
            **{f"moved_{a}": np.round(spread[:, n], 3) for n, a in enumerate(ASSUMPTIONS)},
        }
    )
    frame = frame.sort_values(["rank", "park_id"], ignore_index=True)
    sets = _set_scores(known, standard, pd.DataFrame(ranks.T, index=rank.index))
    return STABILITY.check(frame), WEIGHT_SETS.check(sets)


def _spans(ranks: Ranks, base: Ints) -> tuple[Ints, Ints, Floats]:
    """Ranks that 5 and 95 % of a park's draws do not exceed, and in how many it has a rank.

    The published rank is always within.
    """
    count = (ranks > 0).sum(axis=0)
    last = np.where(ranks > 0, ranks, np.iinfo(np.int32).max)
    last.sort(axis=0)
    column = np.arange(ranks.shape[1])
    ends = [
        last[np.maximum(np.ceil(q * count - _ROUNDING).astype(np.int64) - 1, 0), column]
        for q in (LOW, HIGH)
    ]
    low, high = (np.where(count > 0, end, base) for end in ends)
    return np.minimum(low, base), np.maximum(high, base), count / max(len(ranks), 1)


def _tiers(ranks: Ranks, base: Ints) -> tuple[npt.NDArray[np.object_], Floats]:
    """Third in which a park stands most often, and in which share of its draws; ties: as ranked."""
    size = np.maximum((ranks > 0).sum(axis=1, keepdims=True), 1)
    third = np.where(ranks > 0, 3 * (ranks - 1) // size, -1)
    often = np.stack([(third == n).sum(axis=0) for n in range(len(TIERS))]).astype(float)
    own = 3 * (base - 1) // max(len(base), 1)
    often[own, np.arange(len(base))] += 0.5
    best = often.argmax(axis=0)
    held = (third == best).sum(axis=0) / np.maximum((ranks > 0).sum(axis=0), 1)
    return np.array(TIERS, dtype=object)[best], held


def _spread(
    ground: _Ground, draws: Draws, scenarios: Sequence[Scenario], assumption: str
) -> Floats:
    """Standard deviation of each park's rank where one assumption varies and no other does."""
    if assumption in ("weights", "workers"):
        ranks = ground.ranks(draws.alone(assumption))
    else:
        ranks = ground.ranks(_levels(draws, scenarios, assumption))
    count = np.maximum((ranks > 0).sum(axis=0), 1)
    mean = ranks.sum(axis=0) / count
    square = np.where(ranks > 0, (ranks - mean) ** 2, 0.0).sum(axis=0) / count
    return np.asarray(np.sqrt(square))


def _levels(draws: Draws, scenarios: Sequence[Scenario], assumption: str) -> Draws:
    """Take each level of one of the scenarios' factors, with all else as stated."""
    name = {"speed": "speed", "limits": "limit", "counts": "count"}[assumption]
    others = [n for n in ("speed", "limit", "count") if n != name]
    rows = [n for n, s in enumerate(scenarios) if all(getattr(s, o) == 1.0 for o in others)]
    size = len(rows)
    return Draws(
        np.array(rows, dtype=np.int64),
        np.repeat(draws.weights[:1], size, axis=0),
        np.ones((size, draws.factor.shape[1])),
    )


def _moved_by(spread: Floats) -> npt.NDArray[np.object_]:
    """Name the assumption that moves a park most; None where none does."""
    most = np.round(spread, 9).argmax(axis=1)
    named: npt.NDArray[np.object_] = np.array(ASSUMPTIONS, dtype=object)[most]
    named[spread.max(axis=1, initial=0.0) <= _ROUNDING] = None
    return named


def _set_scores(known: Satisfactions, standard: Standard, ranks: pd.DataFrame) -> pd.DataFrame:
    """Scores under each published weight set, all else as stated, and ranks where there are any."""
    weights = np.array(
        [[standard.weights(s)[i.id] for i in standard.items] for s in standard.weight_sets]
    )[:, known.item]
    whole = weights @ known.share.T
    with np.errstate(invalid="ignore"):
        low, high = (
            100.0 * (weights @ (known.share * level[0]).T) / np.where(whole > 0, whole, np.nan)
            for level in (known.low, known.high)
        )
    count, parks = whole.shape
    rank = ranks.iloc[:, :count].reindex(list(known.park_ids)).to_numpy(dtype=float).T
    frame = WEIGHT_SETS.frame(
        {
            "park_id": np.tile(np.array(known.park_ids, dtype=object), count),
            "weight_set": np.repeat(np.array(list(standard.weight_sets), dtype=object), parks),
            "score": ((low + high) / 2).ravel(),
            "score_low": low.ravel(),
            "score_high": high.ravel(),
            "rank": pd.array(np.where(rank > 0, rank, np.nan).ravel(), dtype="Float64").astype(
                "Int64"
            ),
        }
    )
    return frame.sort_values(list(WEIGHT_SETS.sort), ignore_index=True)


def with_stability(ranking: pd.DataFrame, firm: pd.DataFrame) -> pd.DataFrame:
    """Put ``rank_low``, ``rank_high`` and the tier of ranked parks into the ranking.

    Parameters
    ----------
    ranking
        Of :data:`parkgap.frames.RANKING`.
    firm
        Of :data:`parkgap.frames.STABILITY`.
    """
    own = firm.set_index("park_id").reindex(ranking["park_id"])
    ranked = ranking["rank"].notna().to_numpy()
    return ranking.assign(
        rank_low=own["rank_low"].to_numpy(dtype=object),
        rank_high=own["rank_high"].to_numpy(dtype=object),
        tier=np.where(ranked, own["tier"].to_numpy(dtype=object), ranking["tier"]),
    ).astype({"rank_low": "Int64", "rank_high": "Int64"})
