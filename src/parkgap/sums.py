"""Headcounts that do not add up between the office's tables, with both sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parkgap.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from parkgap.office import Office

_OFF = 0.05  # by which headcounts of two tables may differ


def headcount_doubts(office: Office, sections: Mapping[str, Any]) -> list[Problem]:
    """Warn of parks whose headcounts differ between tables, with both sums.

    Parameters
    ----------
    office
        The tables as they were read.
    sections
        Their sections of ``study.toml``.

    Returns
    -------
    A warning a park and pair of tables.  That a list of homes knows fewer than work there is
    the usual case, and no warning; that a table has more than its park is said by its reader.
    """
    totals = list(_totals(office))
    found = []
    for k, (one, left) in enumerate(totals):
        for other, right in totals[k + 1 :]:
            for key in sorted(left.index.intersection(right.index)):
                a, b = float(left[key]), float(right[key])
                said_by_reader = one == "parks" and other != "beds" and b > a
                usual = other in {"residences", "beds"} and b < a
                if said_by_reader or usual or abs(a - b) <= _OFF * max(a, b):
                    continue
                files = (_file(sections, name) for name in (one, other))
                found.append(
                    Problem(
                        what="两张表的人数不一致 / the headcounts of two tables do not add up",
                        file=", ".join(dict.fromkeys(files)),
                        column="workers",
                        value=f"{key}: {a:.0f} ({_NAMES[one]}) ≠ {b:.0f} ({_NAMES[other]})",
                        rule=f"± {_OFF:.0%}",
                        remedy="核对统计口径和日期 / check whom the tables count, and when",
                    )
                )
    return found


_NAMES = {
    "parks": "parks",
    "enterprises": "enterprises",
    "residences": "residences",
    "beds": "enterprises: beds_occupied",
}


def _totals(office: Office) -> Iterator[tuple[str, pd.Series]]:
    """Workers by park, a series a table."""
    if office.parks is not None:
        yield "parks", office.parks.set_index("park_id")["workers"].dropna()
    for name in ("enterprises", "residences"):
        frame = office.frames[name]
        if len(frame):
            yield name, frame.groupby("park_id")["workers"].sum()
    beds = office.frames["enterprises"].dropna(subset=["beds_occupied"])
    if len(beds):
        yield "beds", beds.groupby("park_id")["beds_occupied"].sum()


def _file(sections: Mapping[str, Any], name: str) -> str:
    source = sections["enterprises" if name == "beds" else name]
    if name == "parks" and sections.get("headcounts") is not None:
        source = sections["headcounts"]
    return str(source.file)
