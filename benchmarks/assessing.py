"""What the assessment costs with hundreds of parks: shifts, trials of ranks, and all of it."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from studies import MADE_UP, cold, make_study, scattered, stages
from tables import Row, markdown

PARKS = 500
SHIFTS = (
    ("early", "06:00", "14:00", "10:00", 30, 0.4),
    ("late", "14:00", "22:00", "18:00", 30, 0.35),
    ("night", "22:00", "06:00", "02:00", 30, 0.25),
)
HEAD = ("500 parks on one map", "assess s", "whole run CPU s", "MB")


def by_shifts(work: Path, extract: Path, count: int = PARKS) -> str:
    """Run the same parks without shifts and with three, cold."""
    rows: list[Row] = []
    parks = scattered(extract, count)
    for name, shifts in (("plain", ()), ("three shifts", SHIFTS)):
        study = make_study(work, f"assess-{len(shifts)}", extract, parks)
        if shifts:
            _write_shifts(study, [p.id for p in parks])
        out = work / "maps" / study.name
        cost = cold(study, out)
        (seconds,) = (s["seconds"] for s in stages(out) if s["name"] == "assess")
        rows.append((name, f"{seconds:.1f}", f"{cost.cpu_s:.0f}", f"{cost.peak_mb:.0f}"))
        print(rows[-1], file=sys.stderr, flush=True)
    return f"### The assessment of {count} parks\n\n{markdown(HEAD, rows)}"


def _write_shifts(study: Path, parks: list[str]) -> None:
    heads = ("park_id", "shift", "start", "end", "break_start", "break_minutes", "share", "source")
    with (study / "shifts.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(heads)
        writer.writerows((park, *shift, MADE_UP) for park in parks for shift in SHIFTS)
    with (study / "study.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[shifts]\nfile = "shifts.csv"\n')
