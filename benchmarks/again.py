"""What a second run costs: nothing changed, and one park's headcount changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from studies import (
    cold,
    differing,
    hashes,
    make_study,
    mapped_parks,
    megabytes,
    run,
    stages,
    write_parks,
)
from tables import Row, markdown

HEAVY = ("geopandas", "pandas", "numpy", "shapely", "scipy", "osmium", "pyarrow", "rasterio")


def again(work: Path, extract: Path, repeat: int = 5) -> str:
    """Run a study, then one with a changed headcount, and each again with nothing changed."""
    parks = mapped_parks(extract)
    study, out = make_study(work, "headcounts", extract, parks), work / "maps" / "headcounts"
    first = cold(study, out)
    same = min((run(study, out) for _ in range(repeat)), key=lambda c: c.cpu_s)
    loaded = [name for name in HEAVY if name in imported(study, out)]

    before, times = hashes(out), _written_at(out)
    fresh = work / "maps" / "headcounts-fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(out, fresh)  # so that what changed is told in both
    parks[0] = replace(parks[0], workers=parks[0].workers + 1000)
    write_parks(study / "parks.geojson", parks)
    changed = run(study, out)
    rewritten = _rewritten(times, _written_at(out))
    reused = {s["name"]: s["reused"] for s in stages(out) if s["reused"]}
    anew = run(study, fresh, "--fresh")
    wanted = differing(before, hashes(fresh))
    unlike = differing(hashes(out), hashes(fresh))
    kinds = (
        ("cold", first),
        ("nothing changed", same),
        ("one headcount changed", changed),
        ("the same, --fresh", anew),
    )
    rows: list[Row] = [
        (name, f"{c.seconds:.2f}", f"{c.cpu_s:.2f}", f"{c.peak_mb:.0f}") for name, c in kinds
    ]
    verdict = "the same" if rewritten == wanted else "NOT the same"
    told = [
        f"### The second run, {len(parks)} parks from a table with made-up headcounts",
        markdown(("run", "wall s", "CPU s", "peak MB"), rows),
        f"Nothing changed: of {', '.join(HEAVY)} it imports {', '.join(loaded) or 'none'}.",
        (
            f"One headcount changed: {len(rewritten)} of {len(before)} files rewritten, "
            f"{len(wanted)} differ after a fresh run; the two lists are {verdict}, and "
            f"{len(unlike)} files differ between the two folders. Rewritten: "
            f"{', '.join(f'`{n}`' for n in rewritten)}. Taken from the store: "
            f"`{json.dumps(reused)}`."
        ),
        f"The store: {megabytes(study / '.parkgap'):.0f} MB; results: {megabytes(out):.1f} MB.",
    ]
    return "\n\n".join(told)


def imported(study: Path, out: Path) -> set[str]:
    """Name the top modules that an unchanged run imports."""
    program = Path(sys.executable).parent / "parkgap"
    told = subprocess.run(
        [sys.executable, "-X", "importtime", program, "run", study, "--out", out],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    ).stderr.decode("utf-8", "replace")
    lines = [li.rpartition("|")[2].strip() for li in told.splitlines() if li.startswith("import")]
    return {name.partition(".")[0] for name in lines}


def _written_at(folder: Path) -> dict[str, int]:
    return {
        p.relative_to(folder).as_posix(): p.stat().st_mtime_ns
        for p in folder.rglob("*")
        if p.is_file() and p.name != "timings.json"
    }


def _rewritten(before: dict[str, int], after: dict[str, int]) -> list[str]:
    return sorted(n for n in {*before, *after} if before.get(n) != after.get(n))
