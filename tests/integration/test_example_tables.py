"""Every table of the example is used: without it, some published file is another one."""

from __future__ import annotations

import filecmp
import re
import shutil
from pathlib import Path

import pytest

from parkgap import rerun
from parkgap.errors import StudyError
from parkgap.example import write_example
from parkgap.study import TABLES, load_study

LISTS = ("canteens.csv", "services.xlsx")
RECORDS = {"run.json", "timings.json"}  # these name their inputs, used or not

# What each table is for, seen in a file that a reader opens.  The third park has shuttles and what
# is being built, the first one a timetable and homes from the bureau's list.
SEEN = {
    "headcounts": "ranking.csv",  # the other bureau's count, and on what it rests
    "gates": "parkgap.gpkg",
    "enterprises": "shortfall.csv",
    "residences": "shortfall.csv",
    "shifts": "shortfall.csv",  # what the night shift lacks
    "canteens.csv": "shortfall.csv",
    "services.xlsx": "parks/SF03.html",
    "housing_stock": "ranking.csv",
    "projects": "parks/SF03.html",
    "shuttles": "parks/SF03.html",
    "bus_lines": "parks/SF01.html",
    "transit": "parks/SF01.html",  # departures around the shifts
    "owners": "parkgap.xlsx",
    "land": "sites.csv",
    "costs": "sites.csv",
}
# Tables that say something beside the figures, and change none of them.
FOR_THE_READER = {"projects", "shuttles", "owners", "land", "costs"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example") / "x"
    write_example(folder)
    return folder


@pytest.fixture(scope="module")
def published(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    rerun.run(load_study(study), out)
    return out


def without(text: str, table: str) -> str:
    """Take one table out of ``study.toml``."""
    sections = re.split(r"(?m)^(?=\[)", text)
    named = f'file = "{table}"' if table in LISTS else f"[{table}]"
    kept = [s for s in sections if named not in s]
    assert len(kept) == len(sections) - 1
    return "".join(kept)


def test_all_tables_are_asked_about() -> None:
    assert sorted([*SEEN, "parks"]) == sorted([*TABLES, *LISTS, "transit"])


@pytest.mark.parametrize("table", SEEN)
def test_without_a_table_something_published_is_another(
    study: Path, published: Path, table: str, tmp_path: Path
) -> None:
    place = tmp_path / "study"
    shutil.copytree(study, place)
    text = (place / "study.toml").read_text(encoding="utf-8")
    (place / "study.toml").write_text(without(text, table), encoding="utf-8")
    out = tmp_path / "out"
    rerun.run(load_study(place), out)
    files = [p.relative_to(published).as_posix() for p in published.rglob("*") if p.is_file()]
    files = sorted(set(files) - RECORDS)
    _, changed, gone = filecmp.cmpfiles(published, out, files, shallow=False)
    assert SEEN[table] in [*changed, *gone]
    if table in FOR_THE_READER:
        assert "ranking.csv" not in changed


def test_without_its_parks_a_study_is_refused(study: Path, tmp_path: Path) -> None:
    place = tmp_path / "study"
    shutil.copytree(study, place)
    text = (place / "study.toml").read_text(encoding="utf-8")
    (place / "study.toml").write_text(without(text, "parks"), encoding="utf-8")
    with pytest.raises(StudyError, match="parks"):
        load_study(place)
