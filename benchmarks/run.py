"""Measure parkgap beside its peers, in one run on one machine; print Markdown.

    make bench                        everything; some ten minutes on two slow cores
    ... benchmarks/run.py --copies 20 growth too; the copies take five minutes to make
    ... benchmarks/run.py --only reach

Work files go to benchmarks/work.  Nothing here is a test: no check depends on a time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import copies
import inputs
import to_xml
from measure import Cost, measure
from peers_reach import compare_all

HERE = Path(__file__).resolve().parent
WORK = HERE / "work"
PARTS = ("whole", "reading", "reach")
BEGIN, END = "<!-- measured: written by run.py --save -->", "<!-- /measured -->"
STUDY = """\
name = "las-palmas"
title = "Las Palmas"
language = "en"

[osm]
file = "{file}"

[parks]
from_osm = {{ landuse = ["industrial"], min_area_ha = 1 }}
"""
PACKAGES = (
    *("parkgap", "osmium", "numpy", "scipy", "pandas", "shapely", "folium"),
    *("osmnx", "networkx", "rustworkx", "pandana", "cityseer"),
)


def markdown(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    """Write a Markdown table; the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def machine() -> str:
    """Say what the figures were measured on."""
    model = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.is_file():
        names = [n for n in cpu.read_text(encoding="utf-8").splitlines() if "model name" in n]
        model = names[0].split(":", 1)[1].strip() if names else model
    packages = []
    for package in PACKAGES:
        try:
            packages.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            packages.append(f"{package} (not installed)")
    cores = f"{os.cpu_count()} cores, {model}"
    return f"{cores}; Python {platform.python_version()}; {', '.join(packages)}."


def cold_run(study: Path, repeat: int) -> Cost:
    """Run `parkgap run` on a study with no store and no results; the quickest of several."""
    program = Path(sys.executable).parent / "parkgap"
    costs = []
    for _ in range(repeat):
        shutil.rmtree(study / ".parkgap", ignore_errors=True)
        shutil.rmtree(WORK / "maps" / study.name, ignore_errors=True)
        costs.append(measure([program, "run", study, "--out", WORK / "maps" / study.name]))
    return min(costs, key=lambda cost: cost.seconds)


def make_study(name: str, extract: Path) -> Path:
    """Write the folder of a study: every industrial area of 1 ha or more in `extract`."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(extract, folder / extract.name)
    (folder / "study.toml").write_text(STUDY.format(file=extract.name), encoding="utf-8")
    return folder


def whole(extract: Path, big: Path | None) -> str:
    """Compare the whole run, cold, with what a user would write today."""
    ours = cold_run(make_study("las-palmas", extract), repeat=3)
    rows = [("parkgap run, cold, all results", f"{ours.seconds:.1f}", f"{ours.peak_mb:.0f}", "1")]
    everything, streets = WORK / "everything.osm", WORK / "streets.osm"
    if not everything.is_file():
        to_xml.convert(extract, everything)
        to_xml.convert(extract, streets, streets_only=True)
    notes = []
    for label, graph in (("the extract itself", everything), ("its streets alone", streets)):
        cost = measure(
            [sys.executable, HERE / "osmnx_way.py", graph, everything, WORK / "osmnx-maps"]
        )
        times = f"{cost.seconds / ours.seconds:.0f}"
        rows.append(
            (f"osmnx way, graph from {label}", f"{cost.seconds:.0f}", f"{cost.peak_mb:.0f}", times)
        )
        notes.append(f"- graph from {label}: {json.dumps(json.loads(cost.output)['seconds'])}")
    if big is not None:
        grown = cold_run(make_study(big.name.split(".")[0], big), repeat=1)
        times = f"{grown.seconds / ours.seconds:.1f}"
        rows.append(
            (f"parkgap run on {big.name}", f"{grown.seconds:.1f}", f"{grown.peak_mb:.0f}", times)
        )
    table = markdown(("Las Palmas, 24 parks", "wall s", "peak MB", "times parkgap"), rows)
    return f"### The whole run\n\n{table}\n\nSeconds of the osmnx way by step:\n\n" + "\n".join(
        notes
    )


def reading(extract: Path, big: Path | None) -> str:
    """Compare parkgap's reader with an empty pass of osmium."""
    rows: list[tuple[object, ...]] = []
    for file in (extract, *([big] if big else [])):
        repeat = 3 if file == extract else 1
        found = {
            way: json.loads(
                measure(
                    [sys.executable, HERE / "reading.py", way, file, "--repeat", str(repeat)]
                ).output
            )
            for way in ("empty", "parkgap")
        }
        empty = found["empty"]["seconds"]
        rows += [
            (
                f"{way}, {file.name}",
                f"{one['seconds']:.2f}",
                f"{one['grown_mb']:.0f}",
                f"{one['seconds'] / empty:.1f}",
            )
            for way, one in found.items()
        ]
    head = ("reading", "s", "MB grown", "times the empty pass")
    return f"### Reading\n\n{markdown(head, rows)}"


def reach(extract: Path, count: int) -> str:
    """Compare the reach stage with its peers, on one town and, if asked, on many side by side."""
    parts = ["### Reach"]
    for number in (1, *([count] if count > 1 else [])):
        file = WORK / f"reach-{number}.npz"
        data = inputs.make(extract, number)
        np.savez(file, **data)
        results = compare_all(file, WORK, repeat=3 if number == 1 else 1)
        rows: list[tuple[object, ...]] = [
            (
                one["engine"],
                f"{one['seconds']:.2f}",
                f"{one['ms_origin']:.2f}",
                f"{one['peak_mb']:.0f}",
                one["rows"],
                one["missing"],
                one["extra"],
                f"{one['off_m']:.2g}",
            )
            for one in sorted(results, key=lambda one: one["seconds"])
        ]
        head = ("engine", "s", "ms an origin", "peak MB", "rows", "missing", "extra", "off by m")
        parts.append(
            f"{len(data['origin_edge'])} origins, {len(data['place_edge'])} places, "
            f"{len(data['x'])} junctions, {len(data['u'])} streets, {data['limit']:.0f} m; "
            "graph building included, imports not:"
        )
        parts.append(markdown(head, rows))
    return "\n\n".join(parts)


def find_extract(given: Path | None) -> Path:
    """Return the extract to measure on, or stop and say where it was looked for."""
    shared = Path(os.environ.get("PARKGAP_SHARED") or HERE.parents[1] / "shared" / "data")
    extract = given or shared / "las-palmas" / "osm.osm.pbf"
    if not extract.is_file():
        sys.exit(
            f"no extract at {extract}; name one with --extract, or its folder's "
            "parent with PARKGAP_SHARED"
        )
    return extract


def save(text: str) -> None:
    """Put the figures between the marks in benchmarks/README.md."""
    readme = HERE / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Measure, print, and save if asked."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--extract", type=Path, help="instead of the Las Palmas extract")
    parser.add_argument("--only", choices=PARTS, action="append", help="leave the others out")
    parser.add_argument("--copies", type=int, default=0, help="also on so many copies at once")
    parser.add_argument("--save", action="store_true", help="write benchmarks/README.md")
    given = parser.parse_args()
    extract = find_extract(given.extract)
    WORK.mkdir(exist_ok=True)
    big = WORK / f"copies-{given.copies}.osm.pbf" if given.copies > 1 else None
    if big is not None and not big.is_file():
        copies.copy(extract, big, given.copies)
    jobs: dict[str, Callable[[], str]] = {
        "whole": lambda: whole(extract, big),
        "reading": lambda: reading(extract, big),
        "reach": lambda: reach(extract, given.copies),
    }
    text = "\n\n".join(
        [machine(), *(job() for part, job in jobs.items() if part in (given.only or PARTS))]
    )
    print(text)
    if given.save:
        save(text)


if __name__ == "__main__":
    main()
