"""Two runs side by side: which rows, gates and outlines differ, and how a figure of one is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from parkgap.publish.reading import Published

Row = Mapping[str, Any]
#: Columns of an item's row whose change is listed.
STATUS = ("status", "found", "short_by")


def side_by_side(
    before: pd.DataFrame, after: pd.DataFrame
) -> dict[tuple[str, str], tuple[Row, Row]]:
    """Pair the rows that differ in what is reported or in satisfaction, by park and label."""
    frames = [f[f["level"] != "shown"] for f in (before, after)]
    twice = {
        (p, i)
        for f in frames
        for p, i in f.loc[f.duplicated(["park_id", "item"]), ["park_id", "item"]].itertuples(
            index=False
        )
    }
    sides = []
    for frame in frames:
        keys = zip(frame["park_id"], frame["item"], frame["origin"], frame["shift"], strict=True)
        labels = [(p, f"{i}@{o}@{s}" if (p, i) in twice else i) for p, i, o, s in keys]
        index = pd.MultiIndex.from_tuples(labels, names=["park", "label"])
        sides.append(frame.set_index(index))
    every = sides[1].index.union(sides[0].index, sort=True)
    columns = [*STATUS, "satisfaction_low", "satisfaction_high"]
    one, two = (side[columns].reindex(every) for side in sides)
    same = (one == two) | (one.isna() & two.isna())
    differ = every[~same.all(axis=1).to_numpy()]
    rows = [s.loc[s.index.isin(differ)] for s in sides]
    known = [dict(zip(r.index, r.to_dict("records"), strict=True)) for r in rows]
    return {key: (known[0].get(key, {}), known[1].get(key, {})) for key in differ}


def by_park(ranking: pd.DataFrame) -> dict[str, Row]:
    """Give the rows of a list of parks by park."""
    return {str(r["park_id"]): r for r in ranking.to_dict("records")}  # type: ignore[misc]


def gates_differ(before: pd.DataFrame, after: pd.DataFrame) -> frozenset[str]:
    """Parks one of whose gates is new, gone, of another kind or elsewhere (by 1e-6 degrees)."""
    sides = []
    for frame in (before, after):
        places = frame[["park_id", "kind"]].assign(
            lon=frame["lon"].round(6), lat=frame["lat"].round(6)
        )
        sides.append(set(places.itertuples(index=False, name=None)))
    return frozenset(str(gate[0]) for gate in sides[0] ^ sides[1])


def outlines_differ(before: pd.DataFrame, after: pd.DataFrame) -> frozenset[str]:
    """Parks of both runs whose outline is another (by 1e-9 degrees)."""
    import shapely

    both = before.merge(after, on="park_id")
    one, two = (shapely.normalize(both[f"geometry_{s}"].to_numpy()) for s in "xy")
    same = shapely.equals_exact(one, two, tolerance=1e-9)
    return frozenset(both["park_id"].to_numpy()[~same])


def min_workers(run: Published) -> int:
    """Read below how many workers a run withholds a figure."""
    return int(run.record["parameters"]["privacy"]["min_workers"])


# --- values ---------------------------------------------------------------------------------------


def empty(value: Any) -> bool:
    """Tell whether a cell is empty."""
    return value is None or bool(pd.isna(value))


def other(one: Any, two: Any) -> bool:
    """Tell whether two cells differ; empty ones do not."""
    if empty(one) or empty(two):
        return empty(one) != empty(two)
    return bool(one != two)


def unless_few(workers: Any, few: int) -> Any:
    """Give a headcount, or None where it stands for fewer than `few` workers."""
    return None if not empty(workers) and 0 < workers < few else workers


def say(value: Any) -> str | None:
    """Write a cell as a change lists it; None where it is empty."""
    if empty(value):
        return None
    if isinstance(value, str):
        return value
    return f"{float(value):g}" if abs(float(value)) < 1e5 else f"{float(value):.0f}"  # noqa: PLR2004
