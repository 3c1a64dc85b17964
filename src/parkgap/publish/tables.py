"""The tables of a result as CSV, and the notice that goes with them.

One heading row, the promised columns, UTF-8 with a byte order mark and CRLF, so that a
double click in Windows opens them right.  A comment line above the heading would break
every reader, so what must be said about the data stands in ``NOTICE.txt`` beside them.
The workbook is made in :mod:`parkgap.publish.workbook`; its writer is also found here.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from parkgap.frames import CHANGES, HOUSING, RANKING, ROLLUP, SHORTFALL, SITES, Schema
from parkgap.publish.causes import changes_frame
from parkgap.publish.cells import clean, guard, values
from parkgap.publish.notices import whatif_mark
from parkgap.publish.text import LANGUAGES, Text
from parkgap.publish.words import Words
from parkgap.publish.workbook import write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from parkgap.results import Change, Results

__all__ = ["NOTICE_FILE", "write_csv", "write_workbook"]

NOTICE_FILE = "NOTICE.txt"


def write_csv(results: Results, folder: Path) -> list[Path]:
    """Write ``ranking.csv``, ``shortfall.csv``, ``rollup.csv`` and ``NOTICE.txt``.

    And ``housing.csv`` where the study asks for beds, ``sites.csv`` where it asks for sites and
    something is short, and ``changes.csv`` where the run was compared with an earlier one.

    Unknown is empty, out of reach too; numbers are plain; text that a spreadsheet would
    take for a formula has an apostrophe in front (:func:`parkgap.publish.cells.unguard`
    takes it off again).

    Parameters
    ----------
    results
        What the run found.
    folder
        An existing folder to write to.

    Returns
    -------
    list[Path]
        The files written.
    """
    frames = ((RANKING, results.ranking), (SHORTFALL, results.shortfall), (ROLLUP, results.rollup))
    written = [_write_table(folder / f"{s.name}.csv", s, frame) for s, frame in frames]
    if len(results.plans.housing):
        written.append(_write_table(folder / "housing.csv", HOUSING, results.plans.housing))
    if len(results.plans.sites):
        written.append(_write_table(folder / "sites.csv", SITES, results.plans.sites))
    if results.compared_with is not None:
        written.append(write_changes(folder / "changes.csv", results.changes, _words(results)))
    return [*written, _write_notice(folder / NOTICE_FILE, results)]


def write_changes(path: Path, changes: Iterable[Change], words: Words) -> Path:
    """Write changes as the CSV of :data:`parkgap.frames.CHANGES`."""
    return _write_table(path, CHANGES, changes_frame(changes, words))


def _words(results: Results) -> Words:
    return Words(Text(results.study.language), results.standard)


def _write_table(path: Path, schema: Schema, frame: pd.DataFrame) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(schema.names)
        for row in values(frame, schema.columns):
            writer.writerow([guard(v) if isinstance(v, str) else v for v in row])
    return path


def _write_notice(path: Path, results: Results) -> Path:
    """Say, in both languages, what the tables may be used for and whose data they hold."""
    parts = []
    for lang in LANGUAGES:
        text = Text(lang)
        edition = "notice.internal" if results.study.edition == "internal" else "about.public"
        lines = [
            clean(results.study.title),
            *whatif_mark(results.study, text),
            text("notice.screening"),
            text(edition),
            *([text("notice.made_up")] if results.made_up else []),
            text("about.data_date") + text("page.colon") + (results.data_date or "?"),
            text("notice.odbl_long"),
            "https://opendatacommons.org/licenses/odbl/1-0/",
            text("notice.not_missing"),
            text("workbook.csv_note"),
        ]
        parts.append("\r\n".join(lines))
    body = "\r\n\r\n".join(parts)
    path.write_text(f"{body}\r\n", encoding="utf-8-sig", newline="")
    return path
