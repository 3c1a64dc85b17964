"""Areas that a list is declared complete for, against those that the parks lie in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from parkgap.errors import Problem

if TYPE_CHECKING:
    import pandas as pd

LEVELS = ("district", "subdistrict", "zone")  # whose names an area may be
_LIKE = 50.0  # rapidfuzz ratio, 0 to 100: names less alike than that are no misspelling
_NAMED = 8  # areas that one message names


def area_doubts(parks: pd.DataFrame | None, sections: Mapping[str, Any]) -> list[Problem]:
    """Warn of declarations of completeness for an area in which no park lies.

    Parameters
    ----------
    parks
        Frame of :data:`parkgap.frames.PARKS`; None: not known, nothing is said.
    sections
        ``facilities``, a list, and ``housing_stock`` of ``study.toml``.

    Returns
    -------
    A warning for each such declaration, with the parks' area that is spelled most alike.  It
    proves nothing: what is not on the list stays unverified, which nobody would notice.
    """
    if parks is None or not len(parks):
        return []
    names = sorted({str(n) for level in LEVELS for n in parks[level].dropna() if str(n)})
    declared = [*(sections.get("facilities") or ()), sections.get("housing_stock")]
    return [
        _nowhere(source, names)
        for source in declared
        if source is not None and source.complete is not None and source.complete.area not in names
    ]


def _nowhere(source: Any, names: list[str]) -> Problem:
    from rapidfuzz import fuzz, process

    area = source.complete.area
    near = process.extractOne(area, names, scorer=fuzz.ratio, score_cutoff=_LIKE)
    known = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    return Problem(
        what="没有园区位于清单声明完整的片区，该声明不起作用 / "
        "no park lies in the area for which the list is declared complete; it proves nothing",
        file=source.file,
        sheet=source.sheet,
        column="complete.area",
        value=area,
        rule=f"须与园区表的区县、街道或分区之一完全相同（{known or '表中未填'}） / "
        "exactly as the parks' table has it, a district, subdistrict or zone "
        f"({known or 'it names none'})",
        remedy=None if near is None else f"是否为“{near[0]}”？ / did you mean '{near[0]}'?",
    )
