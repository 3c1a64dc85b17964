"""Say in plain text how one item was judged: groups, minutes, hours, and what would meet it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parkgap.publish.cells import clean
from parkgap.publish.words import count, plain

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.details import Detail
    from parkgap.publish.words import Words


def chain(detail: Detail, record: dict[str, Any], words: Words) -> list[str]:
    """Say, line by line, who was judged by what, where they go, and when it is open.

    Parameters
    ----------
    detail
        How the item was judged.
    record
        Its row of :data:`parkgap.frames.ASSESSMENT`.
    """
    t = words.t
    lines = [_crowd(row, words) for row in _rows(detail.crowds)]
    for row in _rows(detail.places):
        walk = words.walk(row["minutes"], row["metres"])
        hours = clean(row["hours"]) if isinstance(row["hours"], str) else t("explain.unknown")
        name = clean(row["name"]) if isinstance(row["name"], str) else t("map.unnamed")
        lines.append(t("explain.place", name=name, id=row["facility_id"], walk=walk, hours=hours))
        lines += ["  " + said for said in _open(row["open"], words)]
    if record["status"] == "short":
        lines.append(t("explain.remedy", count=plain(record["short_by"]), unit=record["unit"]))
    return lines


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _crowd(row: dict[str, Any], words: Words) -> str:
    least, most = plain(row["least"]), plain(row["most"])
    return words.t(
        "explain.crowd",
        end=words.word("origin", row["end"]),
        shift=words.word("shift", row["shift"]),
        workers=count(row["workers"]),
        groups=row["groups"],
        limit=words.limit(row["limit"], row["unit"]),
        found=least if least == most else f"{least}–{most}",
        needed=plain(row["needed"]),
        served=count(row["served"]),
    )


def _open(by_shift: dict[str, dict[str, float]], words: Words) -> list[str]:
    """Say for each shift how long it may stay, in each free time that counts."""
    t, said = words.t, []
    for shift, windows in by_shift.items():
        parts = [
            t(
                f"explain.window.{window}",
                n=t("explain.unknown") if np.isnan(minutes) else f"{minutes:.0f}",
            )
            for window, minutes in windows.items()
        ]
        shown = t("page.semicolon").join(parts)
        said.append(t("explain.open", shift=words.word("shift", shift), said=shown))
    return said
