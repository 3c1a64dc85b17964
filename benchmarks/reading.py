"""Reading an extract: parkgap's reader against an empty pass of osmium over the same file.

The empty pass assembles areas as well and does nothing with what it is given: no reader
in Python can be quicker.  Imports are not counted.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import osmium

from parkgap import standard
from parkgap.sources.osm_file import read_extract


def empty_pass(extract: Path) -> int:
    """Stream the file with areas; return the number of objects."""
    count = 0
    for _ in osmium.FileProcessor(str(extract)).with_areas():
        count += 1
    return count


def full_read(extract: Path) -> int:
    """Read the file the way a run does; return the number of objects kept."""
    keys = {
        key
        for item in standard.load().items
        for condition in (*item.rule.any, *item.rule.exclude)
        for key in condition
    }
    return len(read_extract(extract, place_keys=keys).objects)


def main() -> None:
    """Time one of the two on the file named; print a JSON line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("way", choices=("empty", "parkgap"))
    parser.add_argument("extract", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    job = {"empty": empty_pass, "parkgap": full_read}[given.way]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, count = [], 0
    for _ in range(given.repeat):
        began = time.perf_counter()
        count = job(given.extract)
        seconds.append(time.perf_counter() - began)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6
    print(json.dumps({"seconds": min(seconds), "grown_mb": grown, "objects": count}))


if __name__ == "__main__":
    main()
