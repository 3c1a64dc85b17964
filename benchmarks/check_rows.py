"""Time the check of a table of 200,000 residences: the whole of ``parkgap check``, in its process.

    python benchmarks/check_rows.py [ROWS] [csv|xlsx]

Target: under 8 s and 1 GB.  The rows are made up, and drawn anew from a fixed seed.
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HEADINGS = ("编号", "所属园区", "名称", "类型", "居住人数", "经度", "纬度")
KINDS = ("宿舍", "公租房", "人才公寓", "其他")
PARKS = 40
OSM = """<osm version="0.6"><bounds minlat="35.9" minlon="120.0" maxlat="36.2" maxlon="120.4"/>
<node id="1" lat="36.0" lon="120.1" version="1"/><node id="2" lat="36.1" lon="120.3" version="1"/>
<way id="1" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way></osm>"""
STUDY = """name = "rows"
[osm]
file = "town.osm"
[parks]
file = "parks.csv"
crs = "GCJ02"
[residences]
file = "residences.{kind}"
crs = "GCJ02"
"""


def make(folder: Path, rows: int, kind: str) -> None:
    """Write a study with one long table of residences."""
    rng = np.random.default_rng(7)
    (folder / "town.osm").write_text(OSM, encoding="utf-8")
    (folder / "study.toml").write_text(STUDY.format(kind=kind), encoding="utf-8")
    with (folder / "parks.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("编号", "园区名称", "经度", "纬度"))
        for n in range(PARKS):
            writer.writerow((f"P{n}", f"{n}号园区", 120.05 + 0.007 * n, 36.0))
    lon, lat = rng.uniform(120.0, 120.4, rows), rng.uniform(35.9, 36.2, rows)
    table = [
        (
            *(f"R{n}", f"P{n % PARKS}", f"第{n}号楼", KINDS[n % 4], n % 37),
            *(round(float(lon[n]), 6), round(float(lat[n]), 6)),
        )
        for n in range(rows)
    ]
    if kind == "csv":
        with (folder / "residences.csv").open("w", encoding="gb18030", newline="") as stream:
            csv.writer(stream).writerows((HEADINGS, *table))
        return
    import xlsxwriter

    with xlsxwriter.Workbook(str(folder / "residences.xlsx"), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("居住点")
        for n, row in enumerate((HEADINGS, *table)):
            sheet.write_row(n, 0, row)


def main() -> None:
    """Make the table, check it in a process of its own, and print what that took."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    for kind in sys.argv[2:] or ("csv", "xlsx"):
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), rows, kind)
            code = "from parkgap.cli import main; main()"
            begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                [sys.executable, "-c", code, "check", name], check=False, capture_output=True
            )
            seconds = time.perf_counter() - begin
        # The largest of the processes waited for, so far: kilobytes on Linux.
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{kind:>5}  {rows} rows  {seconds:5.1f} s ({own:.1f} s of processor)  "
            f"{used.ru_maxrss / 1024:5.0f} MB  exit {done.returncode}"
        )
        if done.returncode:
            print(done.stderr.decode()[-2000:])


if __name__ == "__main__":
    main()
