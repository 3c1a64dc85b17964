"""Reading an extract: parkgap's two ways against an empty pass of osmium over the same file.

The empty pass assembles areas as well and does nothing with what it is given: no reader
in Python can be quicker.  ``prepare`` is what a run does: it puts the map away in pieces, on
the disk.  ``read_extract`` makes frames in memory.  Imports are not counted.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import osmium

from parkgap import standard
from parkgap.access.facilities import mapped_places
from parkgap.inputs import prepared_of
from parkgap.sources.osm_file import read_extract
from parkgap.store import Memo, Shelf, Store
from parkgap.study import load_study

STUDY = """\
name = "reading"
language = "en"
[osm]
file = "{}"
[parks]
from_osm = {{ landuse = ["industrial"] }}
"""


def empty_pass(extract: Path) -> int:
    """Stream the file with areas; return the number of objects."""
    count = 0
    for _ in osmium.FileProcessor(str(extract)).with_areas():
        count += 1
    return count


def full_read(extract: Path) -> int:
    """Read the file into frames; return the number of objects kept."""
    keys = {
        key
        for item in standard.load().items
        for condition in (*item.rule.any, *item.rule.exclude)
        for key in condition
    }
    return len(read_extract(extract, place_keys=keys).objects)


def full_prepare(extract: Path) -> int:
    """Put the file away in pieces in a store, as a run does; return their number."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "study.toml"
        file.write_text(STUDY.format(extract.resolve().as_posix()), encoding="utf-8")
        store = Store(folder / "store")
        study, rules = load_study(file), standard.load()
        prepared = prepared_of(study, [rules], Memo(store, ""), Shelf(store), mapped_places)
        return len(prepared.pieces)


WAYS = {"empty": empty_pass, "prepare": full_prepare, "read_extract": full_read}


def main() -> None:
    """Time one of them on the file named; print a JSON line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("extract", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    job = WAYS[given.way]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu, count = [], [], 0
    for _ in range(given.repeat):
        began, used = time.perf_counter(), time.process_time()
        count = job(given.extract)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6
    told = {"seconds": min(wall), "cpu_s": min(cpu), "grown_mb": grown, "objects": count}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
