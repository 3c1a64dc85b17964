"""How firm a rank is: against ranks counted draw by draw in plain Python, and by hand."""

from __future__ import annotations

import math
import tracemalloc
from statistics import pvariance

import numpy as np
import pandas as pd
import pytest

from parkgap.assess.scenarios import Satisfactions, scenario_grid
from parkgap.assess.stability import ASSUMPTIONS, draw, stability, tried, with_stability
from parkgap.frames import RANKING
from parkgap.standard import Number, Standard, load

MEAL, PARCEL, CULTURE = "canteen_or_meal", "parcel_point", "culture"
MOST_UNVERIFIED = 0.30
Frames = tuple[pd.DataFrame, pd.DataFrame]


def standard_with(**figures: float) -> Standard:
    standard = load()
    numbers = {k: Number(v=v, basis="assumption", grade="A") for k, v in figures.items()}
    return standard.model_copy(update={"figures": {**standard.figures, **numbers}})


def random_town(standard: Standard, parks: int, shifts: int = 1, seed: int = 3) -> Satisfactions:
    """Judge made-up parks under every scenario, with whatever statuses come."""
    rng = np.random.default_rng(seed)
    items = [i for i, item in enumerate(standard.items) if item.level != "shown"]
    scenarios = len(scenario_grid(standard))
    item = np.repeat(items, shifts)
    shape = (scenarios, parks, len(item))
    own = rng.dirichlet(np.ones(shifts), size=(parks, len(items))).reshape(parks, -1)
    share = np.where(rng.random(shape[1:]) < 0.1, 0.0, own)
    low = rng.random(shape)
    unverified = (rng.random(shape) < 0.22) & (share > 0)
    short = (rng.random(shape) < 0.5) & ~unverified & (share > 0)
    high = np.where(short, low + (1 - low) * 0.2, 1.0)
    workers = np.repeat(rng.integers(10, 500, (parks, 1)).astype(float), len(item), axis=1)
    workers[rng.random(workers.shape) < 0.02] = math.nan
    ids = tuple(f"P{n}" for n in rng.permutation(parks))
    return Satisfactions(ids, item, share, workers, low, high, short, unverified)


def ranked_by_hand(
    known: Satisfactions,
    standard: Standard,
    scenario: int,
    weights: np.ndarray,
    factor: np.ndarray,
    ids: list[str],
) -> dict[str, int]:
    """Rank some parks in one draw; parks of which too much is unverified have none."""
    burdens = {}
    for park, name in enumerate(known.park_ids):
        if name not in ids:
            continue
        whole = hidden = burden = 0.0
        for column, item in enumerate(known.item):
            weight = weights[item] * known.share[park, column]
            whole += weight
            if known.unverified[scenario, park, column]:
                hidden += weight
            gap = known.short[scenario, park, column]
            people = known.workers[park, column] * factor[item]
            if gap and standard.items[item].level == "mandatory" and not math.isnan(people):
                burden += weight * (1 - known.high[scenario, park, column]) * people
        if hidden / whole <= MOST_UNVERIFIED:
            burdens[name] = burden / whole
    order = sorted(burdens, key=lambda name: (-burdens[name], name))
    return {name: place for place, name in enumerate(order, 1)}


def ranking_of(known: Satisfactions, standard: Standard) -> pd.DataFrame:
    """Make the published ranking: the first draw's, over all parks."""
    draws = draw(standard, scenario_grid(standard))
    rank = ranked_by_hand(
        known, standard, 0, draws.weights[0], draws.factor[0], list(known.park_ids)
    )
    columns: dict[str, object] = {
        c.name: [""] * len(known.park_ids) if c.kind == "str" else [math.nan] * len(known.park_ids)
        for c in RANKING.columns
        if c.kind != "int"
    }
    frame = RANKING.frame(
        columns
        | {"park_id": list(known.park_ids)}
        | {"rank": [rank.get(p, pd.NA) for p in known.park_ids]}
        | {n: [pd.NA] * len(known.park_ids) for n in ("rank_low", "rank_high", "rank_severity")}
    )
    return frame.assign(tier=np.where(frame["rank"].notna(), "upper", "unverified"))


def tried_out(known: Satisfactions, standard: Standard) -> Frames:
    ranking = ranking_of(known, standard)
    return stability(known, scenario_grid(standard), ranking, standard)


@pytest.mark.parametrize("shifts", [1, 3])
def test_ranks_are_those_counted_draw_by_draw(shifts: int) -> None:
    standard = standard_with(rank_draws=90)
    grid = scenario_grid(standard)
    known = random_town(standard, 12, shifts)
    frame, sets = tried_out(known, standard)
    ids = frame["park_id"].tolist()
    assert 5 < len(ids) < 12  # some are ranked, some are not
    draws = draw(standard, grid)
    each = [
        ranked_by_hand(known, standard, int(s), w, f, ids)
        for s, w, f in zip(draws.scenario, draws.weights, draws.factor, strict=True)
    ]
    assert any(len(e) < len(ids) for e in each)  # in some draws more of them are left out
    assert len(each) == 90
    for row in frame.to_dict("records"):
        own = sorted(e[row["park_id"]] for e in each if row["park_id"] in e)
        base = each[0][row["park_id"]]
        low, high = (own[math.ceil(q * len(own)) - 1] for q in (0.05, 0.95))
        assert row["rank"] == base
        assert (row["rank_low"], row["rank_high"]) == (min(low, base), max(high, base))
        assert row["ranked_share"] == pytest.approx(len(own) / 90, abs=6e-4)
        thirds = [3 * (e[row["park_id"]] - 1) // len(e) for e in each if row["park_id"] in e]
        often = max(thirds.count(n) for n in range(3))
        named = ("upper", "middle", "lower").index(row["tier"])
        assert thirds.count(named) == often
        assert row["tier_share"] == pytest.approx(often / len(own), abs=6e-4)
    for number, name in enumerate(standard.weight_sets):
        own_set = sets[sets["weight_set"] == name].set_index("park_id")["rank"].dropna()
        assert own_set.to_dict() == each[number]


def test_what_moves_a_park_is_what_varied_alone_spreads_its_ranks_most() -> None:
    standard = standard_with(rank_draws=40)
    grid = scenario_grid(standard)
    known = random_town(standard, 9)
    frame, _ = tried_out(known, standard)
    ids = frame["park_id"].tolist()
    draws = draw(standard, grid)
    plain = np.ones(len(standard.items))
    own = draws.weights[0]
    alone = {
        "weights": [(0, w, plain) for w in draws.weights],
        "speed": [(n, own, plain) for n, s in enumerate(grid) if s.limit == s.count == 1],
        "limits": [(n, own, plain) for n, s in enumerate(grid) if s.speed == s.count == 1],
        "counts": [(n, own, plain) for n, s in enumerate(grid) if s.speed == s.limit == 1],
        "workers": [(0, own, f) for f in draws.factor],
    }
    assert [len(v) for v in alone.values()] == [40, 3, 3, 3, 40]
    spread: dict[str, dict[str, float]] = {p: {} for p in ids}
    for name, some in alone.items():
        each = [ranked_by_hand(known, standard, *one, ids) for one in some]
        for park in ids:
            spread[park][name] = math.sqrt(pvariance([e[park] for e in each if park in e]))
    for row in frame.to_dict("records"):
        by_hand = spread[row["park_id"]]
        assert [row[f"moved_{a}"] for a in ASSUMPTIONS] == pytest.approx(
            [by_hand[a] for a in ASSUMPTIONS], abs=6e-4
        )
        assert row["moved_by"] == max(by_hand, key=lambda a: by_hand[a])


# --- by hand ---------------------------------------------------------------------------------


def lacking(
    standard: Standard, rows: dict[str, set[str]], items: tuple[str, ...] = (MEAL, PARCEL)
) -> Satisfactions:
    """Judge parks of 1,000 workers that wholly lack some items, whatever is assumed."""
    ids = [i.id for i in standard.items]
    short = np.array([[i in lack for i in items] for lack in rows.values()])
    every = np.repeat(short[None], len(scenario_grid(standard)), axis=0)
    satisfied = 1.0 - every
    return Satisfactions(
        park_ids=tuple(rows),
        item=np.array([ids.index(i) for i in items]),
        share=np.ones(short.shape),
        workers=np.full(short.shape, 1000.0),
        low=satisfied.copy(),
        high=satisfied.copy(),
        short=every,
        unverified=np.zeros(every.shape, dtype=bool),
    )


def test_the_published_weight_sets_alone() -> None:
    # Meal against parcels: 0.16 x 0.75 = 0.12 to 0.08 where the article's weights count;
    # 0.1334 x 0.75 = 0.1 to 0.1333 where the six it names weigh the same; 0.75 to 1 where all do.
    standard = standard_with(rank_draws=3)
    known = lacking(standard, {"both": {MEAL, PARCEL}, "meal": {MEAL}, "parcel": {PARCEL}})
    frame, sets = tried_out(known, standard)
    got = frame.set_index("park_id")
    assert got["rank"].to_dict() == {"both": 1, "meal": 2, "parcel": 3}
    assert got["rank_low"].to_dict() == {"both": 1, "meal": 2, "parcel": 2}
    assert got["rank_high"].to_dict() == {"both": 1, "meal": 3, "parcel": 3}
    # Under two sets of three parcels come before meals.
    assert got["tier"].to_dict() == {"both": "upper", "meal": "lower", "parcel": "middle"}
    assert got["tier_share"].to_dict() == {"both": 1.0, "meal": 0.667, "parcel": 0.667}
    assert got["moved_by"].to_dict() == {"both": None, "meal": "weights", "parcel": "weights"}
    # Ranks 2, 3 and 3: a variance of 2/9.
    assert got["moved_weights"]["meal"] == pytest.approx(math.sqrt(2) / 3, abs=6e-4)
    score = sets.set_index(["park_id", "weight_set"])["score"]
    assert score["both", "all_equal"] == 0
    assert score["meal", "article_first"] == pytest.approx(100 * 0.08 / 0.20)
    assert score["meal", "all_equal"] == pytest.approx(100 * 1 / 1.75)
    assert score["parcel", "all_equal"] == pytest.approx(100 * 0.75 / 1.75)


def test_as_often_here_as_there_is_where_the_published_rank_stands() -> None:
    # Two sets, under one of which meals weigh more, under the other parcels.
    standard = standard_with(rank_draws=2)
    sets = {k: standard.weight_sets[k] for k in ("article_first", "all_equal")}
    standard = standard.model_copy(update={"weight_sets": sets})
    frame, _ = tried_out(lacking(standard, {"meal": {MEAL}, "parcel": {PARCEL}}), standard)
    got = frame.set_index("park_id")
    assert got["tier"].to_dict() == {"meal": "upper", "parcel": "middle"}
    assert got["tier_share"].to_dict() == {"meal": 0.5, "parcel": 0.5}


def test_a_park_that_lacks_more_of_everything_never_moves() -> None:
    standard = load()
    known = random_town(standard, 8)
    worst = list(known.park_ids).index("P5")
    known.unverified[:] = False
    known.short[:, worst] = known.share[worst] > 0
    known.share[:] = 1 / 1
    known.workers[:] = 100.0
    known.workers[worst] = 101.0
    known.high[:, worst] = 0.0
    known.short[:, worst] = True
    frame, _ = tried_out(known, standard)
    row = frame.iloc[0]
    assert (row["park_id"], row["rank"], row["rank_low"], row["rank_high"]) == ("P5", 1, 1, 1)
    assert (row["tier"], row["tier_share"], row["moved_by"]) == ("upper", 1.0, None)
    assert (frame["rank_high"] > frame["rank_low"]).any()  # others do


def test_one_walking_speed_that_alone_changes_the_order_is_named() -> None:
    standard = load()
    known = lacking(standard, {"A": {MEAL}, "B": {MEAL}})
    slow = [n for n, s in enumerate(scenario_grid(standard)) if s.speed < 1]
    known.high[slow, 0, 0] = 0.5  # who walks slowly lacks less at A: made up, to turn the order
    known.low[slow, 0, 0] = 0.5
    frame, _ = tried_out(known, standard)
    got = frame.set_index("park_id")
    assert got["rank"].to_dict() == {"A": 1, "B": 2}
    assert got["rank_low"].to_dict() == {"A": 1, "B": 1}
    assert got["rank_high"].to_dict() == {"A": 2, "B": 2}
    assert got["moved_by"].tolist() == ["speed", "speed"]
    # Rank 2 at one of three speeds: a variance of 2/9; nothing else moves either.
    assert got["moved_speed"].tolist() == [0.471, 0.471]
    assert (got[["moved_weights", "moved_limits", "moved_counts", "moved_workers"]] == 0).all(
        axis=None
    )
    # At one of three speeds the order is turned, so that A stays where it is more often than not.
    assert got["tier"].to_dict() == {"A": "upper", "B": "middle"}
    assert got["tier_share"]["A"] == pytest.approx(2 / 3, abs=0.06)


def test_for_how_many_persons_a_worker_counts_moves_parks_too() -> None:
    # Meals count for workers by day (0.3 to 1.0 persons), as parcels do: no factor turns them.
    # A service point is asked for by 0.1 to 0.5.
    standard = standard_with(rank_draws=200)
    rows = {"meal": {MEAL}, "desk": {"service_point"}}
    known = lacking(standard, rows, (MEAL, "service_point"))
    known.workers[1] = 4500.0  # 0.12 x 1000 to 0.03 x 4500: the desk weighs a little more
    frame, _ = tried_out(known, standard)
    got = frame.set_index("park_id")
    assert got["rank"].to_dict() == {"desk": 1, "meal": 2}
    assert (got["moved_workers"] > 0.4).all()
    assert (got[["moved_speed", "moved_limits", "moved_counts"]] == 0).all(axis=None)


def test_a_park_too_uncertain_has_no_rank_and_moves_nobody() -> None:
    standard = load()
    known = lacking(standard, {"A": {MEAL}, "B": {PARCEL}, "X": {MEAL, PARCEL}})
    known.short[:, 2, 1], known.unverified[:, 2, 1] = False, True  # 0.08 of 0.20: 40 %
    frame, sets = tried_out(known, standard)
    assert sorted(frame["park_id"]) == ["A", "B"]
    assert frame["rank_high"].max() == 2
    own = sets[sets["park_id"] == "X"]
    assert own["score_low"].tolist() == own["score_high"].tolist() == [0, 0, 0]
    assert own["rank"].isna().all()


def test_without_any_ranked_park_there_is_nothing_to_try() -> None:
    standard = load()
    known = lacking(standard, {"X": {MEAL, PARCEL}})
    known.short[:], known.unverified[:] = False, True
    frame, sets = tried_out(known, standard)
    assert frame.empty
    assert len(sets) == len(standard.weight_sets)


# --- what is drawn ---------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    standard = load()
    known = random_town(standard, 20)
    first, again = ([f.to_csv() for f in tried_out(known, own)] for own in (standard, load()))
    assert first == again
    other = [f.to_csv() for f in tried_out(known, standard_with(rank_seed=16))]
    assert other[0] != first[0]
    assert other[1] == first[1]  # what the published sets give is not drawn


def test_draws_keep_to_their_ranges() -> None:
    standard = standard_with(rank_draws=4000)
    grid = scenario_grid(standard)
    draws = draw(standard, grid)
    assert tried(standard, grid) == {"draws": 4000, "scenarios": 27, "seed": 15}
    assert draws.weights.sum(axis=1) == pytest.approx(np.ones(4000))
    for number, name in enumerate(standard.weight_sets):
        stated = standard.weights(name)
        assert draws.weights[number] == pytest.approx([stated[i.id] for i in standard.items])
    assert (draws.scenario[:3] == 0).all()
    assert (draws.factor[:3] == 1).all()
    # Each scenario about 148 times of 3997.
    assert np.bincount(draws.scenario[3:], minlength=27) == pytest.approx(np.full(27, 148), abs=50)
    # Dining: 0.16, 0.1334 or 1/12 by set, each as likely; within a set, Dirichlet of 50 has a
    # variance of m (1 - m) / 51.
    column = [i.id for i in standard.items].index(MEAL)
    dining = draws.weights[3:, column] / 0.75
    means = [0.16, 0.1334, 1 / 12]
    inner = sum(m * (1 - m) / 51 for m in means) / 3
    assert dining.mean() == pytest.approx(sum(means) / 3, abs=0.003)
    assert dining.var() == pytest.approx(inner + pvariance(means), rel=0.1)
    # A worker by day counts for 0.3 to 1.0 persons where 0.5 is stated; who lives there for one.
    factor = draws.factor[3:, column]
    assert 0.6 <= factor.min() < 0.61
    assert 1.99 < factor.max() <= 2.0
    assert factor.mean() == pytest.approx(1.3, abs=0.03)
    home = [i.id for i in standard.items].index(CULTURE)
    assert (draws.factor[:, home] == 1).all()


def test_five_hundred_parks_fit_into_100_mb() -> None:
    standard = load()
    known = random_town(standard, 500, shifts=3)
    known.unverified[:] = False
    ranking = RANKING.frame().reindex(range(500)).assign(park_id=list(known.park_ids))
    ranking["rank"] = pd.array(np.arange(1, 501), dtype="Int64")
    tracemalloc.start()
    stability(known, scenario_grid(standard), ranking, standard)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def test_intervals_and_tiers_enter_the_ranking_of_ranked_parks_alone() -> None:
    standard = standard_with(rank_draws=3)
    known = lacking(standard, {"meal": {MEAL}, "parcel": {PARCEL}, "X": {MEAL, PARCEL}})
    known.short[:, 2, 1], known.unverified[:, 2, 1] = False, True
    ranking = ranking_of(known, standard).fillna({"weight_unverified": 0.0})
    frame, _ = stability(known, scenario_grid(standard), ranking, standard)
    got = RANKING.check(with_stability(ranking, frame)).set_index("park_id")
    assert got["rank_low"].dropna().to_dict() == {"meal": 1, "parcel": 1}
    assert got["rank_high"].dropna().to_dict() == {"meal": 2, "parcel": 2}
    assert got["tier"].to_dict() == {"meal": "middle", "parcel": "upper", "X": "unverified"}
    assert str(got["rank_low"].dtype) == "Int64"
