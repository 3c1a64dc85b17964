"""Everything a run reads, checked, before anything is computed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from parkgap.errors import InputError, Problem
from parkgap.frames import ENTERPRISES, GATES_GIVEN, RESIDENCES, SHIFTS
from parkgap.sources import tables as read
from parkgap.sources.osm_file import Extract, read_extract

if TYPE_CHECKING:
    from parkgap.standard import Standard
    from parkgap.study import Study

# Keys whose every value is a place of some kind; others only with a value that the standard names.
PLACE_KEYS = ("amenity", "shop", "leisure", "office", "healthcare", "tourism", "craft")
_WIDE_KEYS = frozenset(
    "building landuse highway railway place residential public_transport".split()
)


@dataclass(frozen=True)
class Tables:
    """The office's tables; empty frames where the study has none."""

    parks: pd.DataFrame | None
    gates: pd.DataFrame
    enterprises: pd.DataFrame
    residences: pd.DataFrame
    shifts: pd.DataFrame
    warnings: tuple[Problem, ...]

    @property
    def made_up(self) -> bool:
        """Whether any row says that it is made up."""
        frames = (self.gates, self.enterprises, self.residences, self.shifts)
        return read.is_made_up(*frames, *([] if self.parks is None else [self.parks]))


def read_tables(study: Study) -> Tables:
    """Read all tables of a study; everything wrong with any of them comes in one error."""
    problems: list[Problem] = []
    warnings: list[Problem] = []

    def take(
        call: Callable[[], tuple[pd.DataFrame, list[Problem]]], empty: pd.DataFrame
    ) -> pd.DataFrame:
        try:
            frame, said = call()
        except InputError as error:
            problems.extend(error.problems)
            return empty
        warnings.extend(said)
        return frame

    parks = None
    if study.parks.file is not None:
        source = study.parks
        parks = take(lambda: read.read_parks(source, root=study.root), pd.DataFrame())
        if problems:
            raise InputError(*problems)
    known = parks if parks is not None else pd.DataFrame({"park_id": []})
    readers = {
        "gates": (read.read_gates, GATES_GIVEN),
        "enterprises": (read.read_enterprises, ENTERPRISES),
        "residences": (read.read_residences, RESIDENCES),
        "shifts": (read.read_shifts, SHIFTS),
    }
    frames = {}
    for name, (reader, schema) in readers.items():
        table = getattr(study, name)
        frames[name] = schema.frame()
        if table is not None:
            frames[name] = take(
                lambda reader=reader, table=table: reader(table, root=study.root, parks=known),  # type: ignore[misc]
                schema.frame(),
            )
    if problems:
        raise InputError(*problems)
    return Tables(parks=parks, **frames, warnings=tuple(warnings))


def read_osm(study: Study, standard: Standard) -> Extract:
    """Read the study's extract, as far as the standard wants to know."""
    values: dict[str, set[str]] = {}
    for item in standard.items:
        for condition in item.rule.any:
            for key, value in condition.items():
                # Ordinary homes are shown from land use; every block of flats would be too many.
                if (
                    key in _WIDE_KEYS
                    and value != "*"
                    and not (key == "building" and item.level == "shown")
                ):
                    values.setdefault(key, set()).add(value)
    tags = {
        key
        for item in standard.items
        for rule in (item.rule.any, item.rule.exclude)
        for condition in rule
        for key in condition
    }
    return read_extract(
        study.osm_path,
        place_keys=PLACE_KEYS,
        place_values=values,
        tag_keys=tags - {"type", "route"},
    )


def hashes(study: Study) -> dict[str, str]:
    """SHA-256 of every input file, by its name relative to the study."""
    out = {}
    for path in study.input_files():
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        inside = path.resolve().is_relative_to(study.root.resolve())
        name = path.resolve().relative_to(study.root.resolve()).as_posix() if inside else path.name
        out[name] = digest
    return out
