"""Three whole studies for the tests in the browser, each run once a session by the real pipeline.

``real``: the embedded study (a real extract).  ``town``: the made-up Chinese town of
``parkgap init --example``, with every table that there is, more standards, changes against an
earlier run and a what-if.  ``thin``: the real extract's parks and nothing else, as a public
edition.  All have their pages in both languages.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from parkgap import rerun
from parkgap.example import write_example
from parkgap.study import load_study
from parkgap.whatif import try_plan, with_plan

DATA = Path(__file__).resolve().parents[1] / "data" / "neubrandenburg"
NAMES = ("real", "town", "thin")
# Latin letters alone, so that on an English page every Chinese character is a fault.
TITLE = "Neubrandenburg"
REVIEW = "GS(2026)0000 (made up)"

THIN = f"""
name = "thin"
title = "{TITLE}"
language = "en"
both_languages = true
edition = "public"
map_review_no = "{REVIEW}"
[osm]
file = "osm.osm.pbf"
[parks]
from_osm = {{ landuse = ["industrial"], min_area_ha = 4 }}
"""


def build(name: str, folder: Path) -> Path:
    """Run one of the studies; its result folder."""
    makers: dict[str, Callable[[Path], Path]] = {"real": _real, "town": _town, "thin": _thin}
    return makers[name](folder)


def once(name: str, shared: Path) -> Path:
    """Run a study unless another worker of this session did already; its result folder.

    Parameters
    ----------
    name
        One of :data:`NAMES`.
    shared
        A folder that all workers of the session see.
    """
    folder, done = shared / f"pages {name}", shared / f"pages {name}.done"
    with FileLock(shared / f"pages {name}.lock"):
        if not done.is_file():
            done.write_text(str(build(name, folder)), encoding="utf-8")
    return Path(done.read_text(encoding="utf-8"))


def shared_by_workers(base: Path) -> Path:
    """Find the folder that pytest's workers have in common, given the base folder of one."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def changed(study: Path, *pairs: tuple[str, str]) -> Path:
    """Replace texts in ``study.toml``; each must be there."""
    file = study / "study.toml"
    text = file.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    return study


def _real(folder: Path) -> Path:
    study = folder / "study"
    shutil.copytree(DATA, study, ignore=shutil.ignore_patterns(".parkgap", "maps"))
    text = (study / "study.toml").read_text(encoding="utf-8")
    (title,) = [line for line in text.splitlines() if line.startswith("title")]
    changed(study, (title, f'title = "{TITLE}"'))
    rerun.run(load_study(study), folder / "results")
    return folder / "results"


def _thin(folder: Path) -> Path:
    study = folder / "study"
    study.mkdir(parents=True)
    shutil.copy(DATA / "osm.osm.pbf", study)
    (study / "study.toml").write_text(THIN, encoding="utf-8")
    rerun.run(load_study(study), folder / "results")
    return folder / "results"


def _town(folder: Path) -> Path:
    """Run the town before and after half of its listed canteens closed; then try a plan."""
    study, out = folder / "study", folder / "results"
    write_example(study)
    use = 'use = "cn-industrial-15min"'
    changed(study, (use, f'{use}\nalso = ["gb50180-2018", "mofcom-2021"]'))
    off, on = "\n[report]\nwrite = false\n[privacy]", "\n[report]\nparks = 1\n[privacy]"
    changed(study, ("\n[privacy]", off))
    rerun.run(load_study(study), out)
    _halved(study / "canteens.csv")
    both = 'language = "zh"\nboth_languages = true'
    asked = load_study(changed(study, ('language = "zh"', both), (off, on)))
    rerun.run(asked, out)
    try_plan(asked, with_plan(asked, study / "plan.csv", "WGS84"), folder / "whatif", base=out)
    return out


def _halved(table: Path) -> None:
    """Leave the first half of a table's rows and the last two, whatever its encoding.

    The last two are canteens of firms; the plan that is tried names them.
    """
    head, *rows = table.read_bytes().splitlines(keepends=True)
    table.write_bytes(b"".join([head, *rows[: len(rows) // 2], *rows[-2:]]))
