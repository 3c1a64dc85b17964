"""What the maps mark besides parks, as plain lists for the pages' data: facilities and gates.

Coordinates are whole steps of 1e-5 degrees.  Residences are never among the marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parkgap.publish.basemap import STEPS
from parkgap.publish.parkpage import category_colour
from parkgap.publish.words import count, plain, string

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt
    import pandas as pd

    from parkgap.publish.shell import Context

_LINES_SHOWN = 12  # bus lines named in one popup


def _steps(values: pd.Series) -> npt.NDArray[np.int64]:
    return np.rint(values.to_numpy(dtype=np.float64) * STEPS).astype(np.int64)


def dots(ctx: Context) -> list[tuple[str, str, list[int]]]:
    """List every facility around any park by category: label, colour, relative x, y pairs."""
    facilities = ctx.results.facilities
    near = facilities[facilities["facility_id"].isin(ctx.results.nearby["facility_id"])]
    out = []
    for place, (category, label) in enumerate(ctx.words.categories.items()):
        mine = near[near["category"] == category]
        if len(mine):
            points = np.unique(np.column_stack([_steps(mine["lon"]), _steps(mine["lat"])]), axis=0)
            moves = np.diff(points, axis=0, prepend=0).ravel().tolist()
            out.append((label, category_colour(place)[0], moves))
    return out


def _access(park: str, access: str) -> int:
    """Choose the sentence that says whom a facility is open to, by its number; 0 says nothing."""
    if access.startswith("park:"):
        return 1 if access == f"park:{park}" else 2
    return 3 if access.startswith("enterprise:") else 0


def _listed(value: Any) -> list[str]:
    """Take a list column's cell as strings; empty where it holds none."""
    return [] if value is None or isinstance(value, float) else [str(v) for v in value]


def nearby(ctx: Context, parks: Collection[str] | None = None) -> dict[str, list[list[Any]]]:
    """List the facilities in reach of each park's workplaces, the farthest first.

    Of the parks named; None: of all.

    Each as name, x, y, category, items, metres, minutes, access, lines, hours, id, scored, and
    what the lists say besides (times of buses, beds), where they do; items as ids still
    (:func:`items` puts places for them).
    """
    results, near = ctx.results, ctx.results.nearby
    near = near if parks is None else near[near["park_id"].map(str).isin(parks)]
    merged = near.merge(results.facilities, on="facility_id", how="inner")
    merged = merged[merged["category"].isin(list(ctx.words.categories))]
    merged = merged.sort_values(
        ["park_id", "minutes", "facility_id"], ascending=[True, False, True], kind="stable"
    )
    category = {c: i for i, c in enumerate(ctx.words.categories)}
    levels = ctx.words.item_levels
    columns = ["park_id", "name", "category", "items", "metres", "minutes", "access", "lines"]
    columns += ["opening_hours", "facility_id"]
    values: list[list[Any]] = [merged[c].tolist() for c in columns]
    values += [_steps(merged["lon"]).tolist(), _steps(merged["lat"]).tolist()]
    found: dict[str, list[list[Any]]] = {}
    for park, name, kind, item_ids, metres, minutes, access, lines, hours, ident, x, y in zip(
        *values, strict=True
    ):
        item_list = _listed(item_ids)
        entry = [
            string(name),
            x,
            y,
            category[kind],
            item_list,
            count(metres),
            plain(minutes),
            _access(str(park), string(access)),
            ctx.words.join(_listed(lines)[:_LINES_SHOWN]),
            string(hours),
            string(ident),
            int(any(levels.get(i) != "shown" for i in item_list)),
        ]
        if said := [*ctx.besides.departures(ident)[:_LINES_SHOWN], *ctx.besides.beds(ident)]:
            entry.append(said)
        found.setdefault(str(park), []).append(entry)
    return found


def planned(ctx: Context, park: str) -> list[list[Any]]:
    """List what is planned around a park as x, y, name, what it will be, opening, walk."""
    out = []
    for row in ctx.besides.planned_near(park):
        what = f"{ctx.besides.status(row)}{ctx.t('page.colon')}{ctx.words.item(row['item'])}"
        spot = [round(float(row[c]) * STEPS) for c in ("lon", "lat")]
        said = [string(row["name"]), what, string(row["opening"]), ctx.besides.walk(row)]
        out.append([*spot, *said])
    return out


def gates(ctx: Context) -> dict[str, list[list[Any]]]:
    """List each park's gates as x, y, kind, what the kind means."""
    frame = ctx.results.gates
    spots = (_steps(frame["lon"]).tolist(), _steps(frame["lat"]).tolist())
    found: dict[str, list[list[Any]]] = {}
    for park, kind, x, y in zip(frame["park_id"], frame["kind"], *spots, strict=True):
        found.setdefault(str(park), []).append([x, y, str(kind), ctx.words.word("gate", kind)])
    return found


def items(ctx: Context, park: str, near: list[list[Any]]) -> list[list[str]]:
    """Name the items of the facilities in reach, with their clauses; put places for ids."""
    clauses = {string(row["item"]): string(row["clause"]) for row in ctx.assessment.get(park, [])}
    known: dict[str, int] = {}
    for entry in near:
        entry[4] = [known.setdefault(item, len(known)) for item in entry[4]]
    return [[ctx.words.item(i), clauses.get(i) or ctx.words.clause(i)] for i in known]
