"""Areas: what each district, subdistrict and functional zone lacks, side by side.

A functional zone is no district; the levels overlap, and figures of different areas are not to
be added up: one place may serve two of them, and every park is in an area of each level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parkgap.frames import ROLLUP
from parkgap.publish.cells import clean, empty, values
from parkgap.publish.sheets import Grid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from parkgap.publish.sheets import Value
    from parkgap.publish.words import Words
    from parkgap.results import Results

LEVELS = ("district", "subdistrict", "zone")
FIXED = ("level", "area", "parks", "parks_short", "workers", "items_short", "items_unverified")
_Rows = dict[tuple[str, str], dict[str, dict[str, "Value"]]]


@dataclass(frozen=True)
class Area:
    """An area.

    Attributes
    ----------
    level, name
        One of `LEVELS`, and its name.
    parks, parks_short
        Its parks, and those with a confirmed gap.
    workers
        Sum of the published headcounts of its parks; None: none is known.
    items
        Its rows of the roll-up, by item.
    """

    level: str
    name: str
    parks: int
    parks_short: int
    workers: float | None
    items: Mapping[str, Mapping[str, Value]]


def areas(results: Results) -> list[Area]:
    """List the areas that the study's parks name, level by level; from published figures alone."""
    rows: _Rows = {}
    for cells in values(results.rollup, ROLLUP.columns):
        row = dict(zip(ROLLUP.names, cells, strict=True))
        key = (str(row["level"]), str(row["area"]))
        rows.setdefault(key, {})[str(row["item"])] = row
    short = set(results.shortfall.loc[results.shortfall["status"] == "short", "park_id"])
    place = {level: i for i, level in enumerate(LEVELS)}
    found = []
    for level, name in sorted(rows, key=lambda k: (place.get(k[0], len(place)), k[1])):
        parks = _parks(results.ranking, level, name)
        known = [float(w) for w in parks["workers"] if not empty(w)]
        found.append(
            Area(
                *(level, name, len(parks), int(parks["park_id"].isin(short).sum())),
                workers=sum(known) if known else None,
                items=rows[level, name],
            )
        )
    return found


def _parks(ranking: pd.DataFrame, level: str, name: str) -> pd.DataFrame:
    return ranking[[clean(v) == name for v in ranking[level]]]


def short_items(found: Sequence[Area], words: Words) -> list[str]:
    """List the items of which some area is confirmed short, in the standard's order."""
    short = {i for a in found for i, row in a.items.items() if row["parks_short"]}
    known = [i for i in words.items if i in short]
    return known + sorted(short - set(known))


def areas_grid(results: Results, words: Words) -> Grid | None:
    """Lay areas against items: the fewest additions of each; None where parks name no area."""
    found = areas(results)
    if not found:
        return None
    items, t = short_items(found, words), words.t
    units = {
        i.id: t.pick(i.unit_zh, i.unit_en) for c in results.standard.categories for i in c.items
    }
    rows: list[list[Value]] = []
    for area in found:
        shown = area.items.values()
        rows.append(
            [
                *(words.word("area_level", area.level), area.name, area.parks, area.parks_short),
                None if area.workers is None else round(area.workers),
                sum(1 for row in shown if row["parks_short"]),
                sum(1 for row in shown if row["parks_unverified"] and not row["parks_short"]),
                *(_additions(area, item) for item in items),
            ]
        )
    headings = [t(f"column.{i}") for i in FIXED]
    headings += [words.item(i) + words.bracket(units[i]) if i in units else i for i in items]
    own = {i: t("workbook.doc.areas.additions") for i in items}
    return Grid([*FIXED, *items], headings, rows, doc="areas", own=own)


def _additions(area: Area, item: str) -> Value:
    """Fewest additions of an item in an area; None where it is not confirmed short there."""
    row = area.items.get(item)
    return row["short_by"] if row is not None and row["parks_short"] else None
