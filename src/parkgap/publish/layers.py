"""What the overview can shade parks by: overall, each category, work and home, each shift.

Values are those of the score (docs/method.md, "Layers of the overview"): weighted satisfaction
over the rows that a layer takes, and the share of their weight that is unverified.  More than
:data:`MAX_UNVERIFIED` of it leaves a park hatched, whatever its value: thin data never looks good.
Only published figures enter, so that what privacy withholds from the tables is withheld here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from parkgap.details import ALL
from parkgap.publish.shell import SCORE_COLOURS, SCORE_INKS
from parkgap.publish.words import number, string

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.publish.shell import Context
    from parkgap.publish.words import Row

MAX_UNVERIFIED = 0.30  # as for ranks; a test holds it against the assessment's
_ROUNDING = 1e-9
MOST_SHIFTS = 40  # names of shifts to choose from; a table may have a name for every firm

# How a park looks: a class of score, the same with dots where the headcount is unknown, ...
CLASSES = len(SCORE_COLOURS)
NO_HEADCOUNT = ("unknown_headcount", "withheld")  # only the headcount keeps them from a rank
HATCHED, UNCOUNTED, NONE = 2 * CLASSES, 2 * CLASSES + 1, 2 * CLASSES + 2
HATCH, DOTTED = "url(#pg-hatch)", "url(#pg-dotted)"
_BLANK = "#f4f5f6"

_NEEDED = (
    *("park_id", "category", "item", "origin", "shift", "status", "weight", "workers"),
    *("workers_unserved", "satisfaction_low", "satisfaction_high", "served_share"),
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """One choice of what parks are shaded by.

    Attributes
    ----------
    id, group, label
        Name in addresses (``all``, ``cat:dining``, ``work``, ``shift:夜班``); kind (all, end,
        cat, shift); name for readers.
    score, low, high
        Of each park, in the order of the pages, shape (parks,); NaN: nothing of it applies,
        or it is not known.
    look
        How each park looks, shape (parks,): an index into :func:`looks`.
    """

    id: str
    group: str
    label: str
    score: Floats
    low: Floats
    high: Floats
    look: npt.NDArray[np.int64]


def looks() -> list[tuple[str, str]]:
    """List fill and ink of every look that a park may have."""
    return [
        *zip(SCORE_COLOURS, SCORE_INKS, strict=True),
        *((f"url(#pg-dotted-{i})", ink) for i, ink in enumerate(SCORE_INKS)),
        (HATCH, "#000000"),
        (DOTTED, "#000000"),
        (_BLANK, "#000000"),
    ]


def class_of(score: float) -> int:
    """Give the class of a score from 0 to 100: five of equal width, the best one closed above."""
    return min(max(int(score // (100 / CLASSES)), 0), CLASSES - 1)


def overall_look(row: Row) -> int:
    """Choose how a park looks by its whole score.

    By score where it is ranked; the same with dots where only the headcount keeps it from a
    rank; hatched grey where too much is to be verified, whatever the score.
    """
    ranked = number(row.get("rank")) is not None
    if not ranked and row.get("tier") not in NO_HEADCOUNT:
        return HATCHED
    score = number(row.get("score"))
    if score is None:
        return UNCOUNTED
    return class_of(score) + (0 if ranked else CLASSES)


def _counted(row: Row) -> bool:
    """Say whether a park is judged by its headcount: one that is known, or that gave it a rank."""
    if number(row.get("rank")) is not None:
        return True
    return number(row.get("workers")) is not None and row.get("tier") not in NO_HEADCOUNT


def layers(ctx: Context) -> list[Layer]:
    """List the layers that the study has something for, the whole score first."""
    found = [_overall(ctx)]
    parks = {park: i for i, park in enumerate(ctx.park_ids)}
    judged = _judged(ctx, parks)
    whole = judged[judged["shift"] == ALL]
    counted = np.array([_counted(ctx.ranking.get(p, {})) for p in parks], dtype=bool)
    for ident, group, label, rows in _choices(ctx, judged, whole, parks):
        if len(rows):
            found.append(_layer((ident, group, label), rows, counted))
    return found


def _judged(ctx: Context, parks: Mapping[str, int]) -> pd.DataFrame:
    """Take the rows that enter scores."""
    frame = ctx.results.assessment[list(_NEEDED)]
    frame = frame[(frame["status"] != "not_applicable") & (frame["weight"] > 0)]
    frame = frame[frame["park_id"].map(str).isin(parks)]
    return frame.assign(park=frame["park_id"].map(str).map(parks))


def _choices(
    ctx: Context, judged: pd.DataFrame, whole: pd.DataFrame, parks: Mapping[str, int]
) -> Iterator[tuple[str, str, str, pd.DataFrame]]:
    """Give id, group, label and rows of every layer but the whole score."""
    for end in ("work", "home"):
        yield end, "end", ctx.t(f"layer.{end}"), whole[whole["origin"] == end]
    for category, label in ctx.words.categories.items():
        yield f"cat:{category}", "cat", label, whole[whole["category"] == category]
    for shift in _shifts(judged):
        label = ctx.words.word("shift", shift)
        yield f"shift:{shift}", "shift", label, _of_shift(judged, shift, ctx, parks)


def _shifts(judged: pd.DataFrame) -> list[str]:
    """List the shifts that fare unlike others somewhere, the most common first."""
    single = judged[judged["shift"] != ALL]
    parks = single.groupby("shift")["park"].nunique()
    ordered = sorted(parks.items(), key=lambda found: (-found[1], str(found[0])))
    return [str(name) for name, _ in ordered[:MOST_SHIFTS]]


def _of_shift(
    judged: pd.DataFrame, shift: str, ctx: Context, parks: Mapping[str, int]
) -> pd.DataFrame:
    """Take one shift's rows; where an item does not tell shifts apart, those of the whole park.

    Only of parks that have such a shift.
    """
    have = {parks[p] for p, names in ctx.results.shifts.items() if p in parks and shift in names}
    have |= set(judged.loc[judged["shift"] == shift, "park"])
    rows = judged[judged["park"].isin(have) & judged["shift"].isin([ALL, shift])]
    rows = rows.assign(general=rows["shift"] == ALL)
    return rows.sort_values(["park", "item", "general"], kind="stable").drop_duplicates(
        ["park", "item"]
    )


def _layer(
    named: tuple[str, str, str], rows: pd.DataFrame, counted: npt.NDArray[np.bool_]
) -> Layer:
    """Sum up the rows of a layer by park (docs/method.md, "Layers of the overview")."""
    park, weight = rows["park"].to_numpy(dtype=np.int64), rows["weight"].to_numpy(dtype=float)
    size = len(counted)
    ends = [rows[f"satisfaction_{end}"].to_numpy(dtype=float) for end in ("low", "high")]
    total = np.bincount(park, weight, minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = (100.0 * np.bincount(park, weight * v, minlength=size) / total for v in ends)
        thin = np.bincount(park, weight * (rows["status"] == "unverified"), minlength=size) / total
    score = (low + high) / 2
    known = np.isfinite(score)
    place = np.minimum(np.where(known, score, 0.0) // (100 / CLASSES), CLASSES - 1).astype(np.int64)
    look = np.where(counted, place, place + CLASSES)
    look = np.where(known, look, np.where(total > 0, HATCHED, NONE))
    look = np.where((total > 0) & (thin > MAX_UNVERIFIED + _ROUNDING), HATCHED, look)
    return Layer(*named, score, low, high, look)


def _overall(ctx: Context) -> Layer:
    """Take the whole score from the ranking, as every list has it."""
    rows = [ctx.ranking.get(park, {}) for park in ctx.park_ids]

    def column(name: str) -> Floats:
        values = (number(row.get(name)) for row in rows)
        return np.array([np.nan if v is None else v for v in values], dtype=float)

    look = np.array([overall_look(row) for row in rows], dtype=np.int64)
    score, low, high = column("score"), column("score_low"), column("score_high")
    return Layer("all", "all", ctx.t("layer.all"), score, low, high, look)


def _tenths(values: Floats) -> list[float | None]:
    """Write figures with one decimal, as the table shows them."""
    return [None if not np.isfinite(v) else float(f"{v:.1f}") for v in values]


def layer_data(found: Iterable[Layer]) -> list[dict[str, Any]]:
    """Write layers as compact lists for the page's script, in the order of the table's parks."""
    return [
        {
            "id": layer.id,
            "group": layer.group,
            "label": string(layer.label),
            "s": _tenths(layer.score),
            "l": _tenths(layer.low),
            "h": _tenths(layer.high),
            "k": layer.look.tolist(),
        }
        for layer in found
    ]
