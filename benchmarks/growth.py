"""What growth costs: more map, more parks, more workers."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from studies import cold, differing, hashes, make_study, megabytes, scattered
from tables import Row, markdown

HEAD = ("", "parks", "wall s", "CPU s", "times", "peak MB", "store MB", "results MB")
_LOADED = re.compile(r'<(?:script|link)[^>]* (?:src|href)="([^"#:]+)"')


def by_data(work: Path, extracts: dict[int, Path]) -> str:
    """Run copies of a town side by side, cold, in one process."""
    studies = {
        times: make_study(work, f"data-{times}", extract) for times, extract in extracts.items()
    }
    return f"### Growth with data\n\n{_growth(work, studies)}"


def by_parks(work: Path, extract: Path, factors: tuple[int, ...], base: int = 6) -> str:
    """Run more and more parks on the same map, cold, in one process."""
    every = scattered(extract, base * max(factors))
    studies = {
        times: make_study(work, f"parks-{times}", extract, every[: base * times])
        for times in factors
    }
    return f"### Growth with parks, on one map\n\n{_growth(work, studies)}"


def _growth(work: Path, studies: dict[int, Path]) -> str:
    """Run studies that are so many times as large as the first, and compare what they cost."""
    rows: list[Row] = []
    first = 0.0
    for times, study in studies.items():
        out = work / "maps" / study.name
        cost = cold(study, out)
        first = first or cost.cpu_s
        rows.append(
            (
                f"x{times}",
                _parks(out),
                f"{cost.seconds:.0f}",
                f"{cost.cpu_s:.1f}",
                f"{cost.cpu_s / first:.1f}",
                f"{cost.peak_mb:.0f}",
                f"{megabytes(study / '.parkgap'):.0f}",
                f"{megabytes(out):.0f}",
            )
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return markdown(HEAD, rows)


def by_workers(work: Path, extract: Path, times: int, workers: int = 2) -> str:
    """Run copies on a Dask cluster of this machine; compare with what one process wrote."""
    study, alone = work / f"data-{times}", work / "maps" / f"data-{times}"
    if not (alone / "run.json").is_file():
        cold(make_study(work, study.name, extract), alone)
    out = work / "maps" / f"data-{times}-workers-{workers}"
    cost = cold(study, out, "--workers", str(workers))
    unlike = differing(hashes(alone), hashes(out))
    said = ", ".join(unlike) or "none"
    rows: list[Row] = [
        (
            f"x{times}, {workers} workers",
            f"{cost.seconds:.0f}",
            f"{cost.cpu_s:.1f}",
            f"{cost.peak_mb:.0f}",
            len(hashes(out)),
            said,
        )
    ]
    head = ("", "wall s", "CPU s", "peak MB of all", "files", "files that differ from one process")
    return f"### On a Dask cluster of this machine\n\n{markdown(head, rows)}"


def overview(out: Path) -> str:
    """Weigh the overview page of a result folder and everything that it loads."""
    page = out / "index.html"
    text = page.read_text(encoding="utf-8")
    loaded = [p for name in _LOADED.findall(text) if (p := (out / name)).is_file()]
    size = sum(p.stat().st_size for p in (page, *loaded)) / 1e6
    row: Row = (out.name, _parks(out), f"{page.stat().st_size / 1e6:.2f}", f"{size:.2f}")
    head = ("results", "parks", "index.html MB", "with what it loads MB")
    return f"### The overview\n\n{markdown(head, [row])}"


def _parks(out: Path) -> int:
    return len((out / "ranking.csv").read_text(encoding="utf-8-sig").splitlines()) - 1
