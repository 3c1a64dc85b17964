"""Measure parkgap beside its peers, in one run on one machine; print Markdown.

    make bench                            all but the longest; half an hour on two slow cores
    ... benchmarks/run.py --copies 5 20   growth with data and workers, reading and reach, too
    ... benchmarks/run.py --parks 100     growth with parks up to x100 (x10 by itself)
    ... benchmarks/run.py --only reach

Each part puts its tables, with day and load, into benchmarks/work/figures, and ``--save``
gathers what lies there into README.md.  Nothing here is a test: no check depends on a time.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import assessing
import copies
import growth
import inputs
import to_xml
from again import again
from measure import Cost, measure
from peers_reach import compare_all
from studies import cold, make_study, stages
from tables import Row, markdown

HERE = Path(__file__).resolve().parent
WORK = HERE / "work"
FIGURES = WORK / "figures"
PARTS = ("whole", "again", "reading", "reach", "data", "workers", "parks", "overview", "assessing")
BEGIN, END = "<!-- measured: written by run.py --save -->", "<!-- /measured -->"
PACKAGES = (
    *("parkgap", "osmium", "numpy", "scipy", "pandas", "shapely", "pyarrow", "distributed"),
    *("folium", "osmnx", "networkx", "rustworkx", "igraph", "pandana", "cityseer"),
)


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


def whole(extract: Path) -> str:
    """Compare the whole run, cold, with what a user would write today."""
    study, out = make_study(WORK, "las-palmas", extract), WORK / "maps" / "las-palmas"
    ours = min((cold(study, out) for _ in range(3)), key=lambda cost: cost.cpu_s)
    rows: list[Row] = [("parkgap run, cold, all results", *_figures(ours, ours))]
    steps = [(s["name"], f"{s['seconds']:.2f}", f"{s['peak_mb']:.0f}") for s in stages(out)]
    everything, streets = WORK / "everything.osm", WORK / "streets.osm"
    if not everything.is_file():
        to_xml.convert(extract, everything)
        to_xml.convert(extract, streets, streets_only=True)
    notes = []
    for label, graph in (("the extract itself", everything), ("its streets alone", streets)):
        cost = measure(
            [sys.executable, HERE / "osmnx_way.py", graph, everything, WORK / "osmnx-maps"]
        )
        rows.append((f"osmnx way, graph from {label}", *_figures(cost, ours)))
        notes.append(f"- graph from {label}: {json.dumps(json.loads(cost.output)['seconds'])}")
    head = ("Las Palmas, 24 parks", "wall s", "CPU s", "times parkgap's CPU", "peak MB")
    told = [
        f"### The whole run\n\n{markdown(head, rows)}",
        "The stages of the last of parkgap's runs, wall seconds and peak memory when each ended:",
        markdown(("stage", "wall s", "peak MB"), steps),
        "Wall seconds of the osmnx way by step:",
        "\n".join(notes),
    ]
    return "\n\n".join(told)


def _figures(cost: Cost, ours: Cost) -> Row:
    times = f"{cost.cpu_s / ours.cpu_s:.0f}"
    return f"{cost.seconds:.1f}", f"{cost.cpu_s:.1f}", times, f"{cost.peak_mb:.0f}"


def reading(extracts: dict[int, Path]) -> str:
    """Compare parkgap's two readers with an empty pass of osmium."""
    rows: list[Row] = []
    for times, file in extracts.items():
        repeat = "3" if times == 1 else "1"
        empty = 0.0
        for way in ("empty", "prepare", "read_extract"):
            told = measure([sys.executable, HERE / "reading.py", way, file, "--repeat", repeat])
            one = json.loads(told.output)
            empty = empty or one["cpu_s"]
            rows.append(
                (
                    f"{way}, x{times}",
                    f"{one['seconds']:.2f}",
                    f"{one['cpu_s']:.2f}",
                    f"{one['cpu_s'] / empty:.1f}",
                    f"{one['grown_mb']:.0f}",
                )
            )
    head = ("reading", "wall s", "CPU s", "times the empty pass's CPU", "MB grown")
    return f"### Reading\n\n{markdown(head, rows)}"


def reach(extract: Path, counts: list[int]) -> str:
    """Compare the reach stage with its peers, on one town and, if asked, on many side by side."""
    parts = ["### Reach"]
    for number in counts:
        file = WORK / f"reach-{number}.npz"
        data = inputs.make(extract, number)
        np.savez(file, **data)
        results = compare_all(file, WORK, repeat=3 if number == 1 else 1)
        rows: list[Row] = [
            (
                one["engine"],
                f"{one['seconds']:.2f}",
                f"{one['cpu_s']:.2f}",
                f"{one['ms_origin']:.2f}",
                f"{one['peak_mb']:.0f}",
                one["rows"],
                one["missing"],
                one["extra"],
                f"{one['off_m']:.2g}",
            )
            for one in sorted(results, key=lambda one: one["cpu_s"])
        ]
        head = (
            *("engine", "wall s", "CPU s", "CPU ms an origin", "peak MB"),
            *("rows", "missing", "extra", "off by m"),
        )
        parts.append(
            f"x{number}: {len(data['origin_edge'])} origins, {len(data['place_edge'])} places, "
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


def copied(extract: Path, counts: list[int]) -> dict[int, Path]:
    """Return the extract and copies of it side by side, by their number; make what lacks."""
    found = {1: extract}
    for count in sorted(counts):
        found[count] = WORK / f"copies-{count}.osm.pbf"
        if not found[count].is_file():
            part = WORK / f"part-{count}.osm.pbf"
            copies.copy(extract, part, count)
            part.replace(found[count])
    return found


def save() -> None:
    """Put the figures of all parts between the marks in benchmarks/README.md."""
    readme = HERE / "README.md"
    told = [machine()]
    told += [p.read_text("utf-8") for n in PARTS if (p := FIGURES / f"{n}.md").is_file()]
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    text = "\n\n".join(told)
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


def main() -> None:
    """Measure, print, and save if asked."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--extract", type=Path, help="instead of the Las Palmas extract")
    parser.add_argument("--only", choices=PARTS, action="append", help="leave the others out")
    parser.add_argument("--copies", type=int, nargs="*", default=[], help="also on so many copies")
    parser.add_argument("--parks", type=int, default=10, help="so many times the parks, at most")
    parser.add_argument("--save", action="store_true", help="write benchmarks/README.md")
    given = parser.parse_args()
    extract = find_extract(given.extract)
    FIGURES.mkdir(parents=True, exist_ok=True)
    extracts = copied(extract, given.copies)
    most = max(extracts)
    factors = tuple(n for n in (1, 10, 100) if n <= given.parks)
    jobs: dict[str, Callable[[], str]] = {
        "whole": lambda: whole(extract),
        "again": lambda: again(WORK, extract),
        "reading": lambda: reading({n: extracts[n] for n in sorted({1, most})}),
        "reach": lambda: reach(extract, sorted({1, most})),
        "data": lambda: growth.by_data(WORK, extracts),
        "workers": lambda: growth.by_workers(WORK, extracts[most], most),
        "parks": lambda: growth.by_parks(WORK, extract, factors),
        "overview": lambda: growth.overview(WORK / "maps" / f"data-{most}"),
        "assessing": lambda: assessing.by_shifts(WORK, extract),
    }
    for part, job in jobs.items():
        if part in (given.only or PARTS):
            before = os.getloadavg()[0]
            text = job()
            load = f"load {before:.1f} before, {os.getloadavg()[0]:.1f} after"
            told = f"{text}\n\n*{dt.datetime.now(dt.UTC).date().isoformat()}; {load}.*"
            (FIGURES / f"{part}.md").write_text(told, encoding="utf-8")
            print(f"{told}\n", flush=True)
    if given.save:
        save()


if __name__ == "__main__":
    main()
