"""Repeat a recorded run exactly, or say which of its inputs is no longer the same."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import parkgap
from parkgap.basemap_keys import Basemap
from parkgap.errors import InputError, Problem, StandardError
from parkgap.study import Study

if TYPE_CHECKING:
    from parkgap.publish.reading import Published
    from parkgap.results import Results

Note = tuple[str, str]
_KEPT_OSM = ("place", "bbox", "overpass", "geocoder")


@dataclass(frozen=True)
class Asked:
    """What ``parkgap run`` is to do.

    Attributes
    ----------
    study
        The study.
    base
        Results to compare with; None: those that stand in the target folder.
    record, recorded
        Of a repeated run: its ``run.json``; and itself as published, whose changes are taken over.
    notes
        What the user must know (zh, en).
    """

    study: Study
    base: Published | None = None
    record: Mapping[str, Any] | None = None
    recorded: Published | None = None
    notes: tuple[Note, ...] = ()

    def finish(self, results: Results) -> Results:
        """Make repeated results those of the record.

        Inputs are recorded as they were then (``study.toml`` did not decide anything), and the
        comparison is the recorded one: with what lies in the target folder it has nothing to do.
        """
        if self.record is None:
            return results
        from parkgap.publish.compared import carried

        inputs, run = dict(self.record["inputs"]), str(self.record["run"])
        results = replace(results, inputs=inputs, run=run, settled=self.base is None)
        return results if self.recorded is None else carried(results, self.recorded)


def read_base(path: Path | None) -> Published | None:
    """Read the results that ``--base`` names, before anything is computed."""
    if path is None:
        return None
    from parkgap.publish.reading import read_published

    return read_published(path)


def asked(study: Path, source: Path, base: Path | None) -> Asked:
    """Prepare the repetition of the run that `source` (a ``run.json``, or its folder) records.

    Raises
    ------
    InputError
        As :func:`prepare`; or the record was edited; or `base` is not what it was compared with.
    """
    from parkgap.publish.reading import read_record

    record = read_record(source)
    replay = prepare(study, record)
    known = read_base(base)
    recorded, note = earlier_changes(source, record, known)
    notes = (*replay.notes, *([note] if note else []))
    return Asked(replay.study, known, record, recorded, notes)


@dataclass(frozen=True)
class Replay:
    """A recorded run, ready to be repeated.

    Attributes
    ----------
    study
        The study as it was asked then.
    record
        Its ``run.json``.
    notes
        What the user must know (zh, en): the program or ``study.toml`` is another one now.
    """

    study: Study
    record: Mapping[str, Any]
    notes: tuple[Note, ...]

    def finish(self, results: Results) -> Results:
        """Record the inputs as they were: ``study.toml`` did not decide anything."""
        return replace(results, inputs=dict(self.record["inputs"]))


def prepare(study: Path, record: Mapping[str, Any]) -> Replay:
    """Check that a run can be repeated with what a study's folder holds now.

    Parameters
    ----------
    study
        The study's folder, or its ``study.toml``.
    record
        Content of a ``run.json``; it decides parameters and the standard's overrides.

    Raises
    ------
    InputError
        Every input that is missing, new or of other content, and a standard that is another one.
    """
    root = study if study.is_dir() else study.parent
    asked = restore(record, root)
    asked = asked.model_copy(update={"basemap": _basemap(asked.path)})
    problems, toml = _inputs(asked, record)
    problems += _standard(asked, record)
    if problems:
        raise InputError(*problems)
    notes: list[Note] = []
    if toml:
        notes.append(
            (
                f"{toml} 在该次运行之后有改动；参数取自 run.json，不取自该文件。",
                f"{toml} changed since that run; parameters come from run.json, not from it.",
            )
        )
    before = record["program"]["version"]
    if before != parkgap.__version__:
        notes.append(
            (
                f"该次运行用的是 parkgap {before}，现为 {parkgap.__version__}，结果可能不同。",
                (
                    f"That run was made by parkgap {before}, this is {parkgap.__version__}: "
                    "results may differ."
                ),
            )
        )
    return Replay(asked, record, tuple(notes))


def restore(record: Mapping[str, Any], root: Path) -> Study:
    """Make the study of a record again, in a folder."""
    known = {k: v for k, v in record["parameters"].items() if v is not None}
    given = {k: _given(v) if k != "standard" else v for k, v in known.items()}
    if "from_osm" in given["parks"]:
        given["parks"] = {"from_osm": given["parks"]["from_osm"]}
    osm = given["osm"]
    # A downloaded map is named besides the place that was asked for; a study may name but one.
    asked = {k: osm.pop(k) for k in _KEPT_OSM if k in osm and "file" in osm}
    study = Study.model_validate({**given, "path": root / record["study"]["file"]})
    if "bbox" in asked:
        asked["bbox"] = tuple(asked["bbox"])
    return study.model_copy(update={"osm": study.osm.model_copy(update=asked)})


def _basemap(toml: Path) -> Basemap | None:
    """Take the tiles that ``study.toml`` names now: no record tells keys, no result rests on them.

    None where it names none, or cannot be read: maps then have the drawn ground alone.
    """
    try:
        said = tomllib.loads(toml.read_text(encoding="utf-8-sig")).get("basemap")
        return None if said is None else Basemap.model_validate(said)
    except (OSError, ValueError):
        return None


def _given(value: Any) -> Any:
    """Drop what was not set: some keys may not stand beside others, even empty."""
    if isinstance(value, Mapping):
        return {k: _given(v) for k, v in value.items() if v is not None}
    return [_given(v) for v in value] if isinstance(value, list) else value


def _inputs(study: Study, record: Mapping[str, Any]) -> tuple[list[Problem], str | None]:
    """Compare every input with its recorded hash; and name ``study.toml`` where it differs."""
    recorded: dict[str, str] = dict(record["inputs"])
    there = study.named_files()
    own = study.path.name
    problems: list[Problem] = []
    changed = None
    for name, expected in recorded.items():
        path = there.get(name, study.root / name)
        found = _hash(path)
        if found == expected:
            continue
        if name == own:
            changed = own
            continue
        what = (
            "文件已不在 / the file is not there any more"
            if found is None
            else "内容已不同 / the content is another one"
        )
        problems.append(_problem(name, what, value=f"SHA-256 {expected[:16]}…"))
    problems += [
        _problem(name, "该次运行未读入此文件 / that run did not read this file")
        for name in there
        if name not in recorded and name != own
    ]
    return problems, changed


def _standard(study: Study, record: Mapping[str, Any]) -> list[Problem]:
    """Check that the standards are the recorded ones, overrides included."""
    names = (study.standard.use, *study.standard.also)
    sources = (study.standard_source, *study.also_sources)
    version = str(record["program"]["version"])
    problems: list[Problem] = []
    for i, (name, source) in enumerate(zip(names, sources, strict=True)):
        was = record["standard"] if i == 0 else record["also"][i - 1]
        overrides = dict(study.standard.set) if i == 0 else {}
        problems += _one_standard(name, source, overrides, was, version)
    return problems


def _one_standard(
    name: str,
    source: str | Path,
    overrides: Mapping[str, object],
    was: Mapping[str, Any],
    version: str,
) -> list[Problem]:
    from parkgap.standard import load
    from parkgap.standards.digest import digest

    if isinstance(source, Path) and not source.is_file():
        return []  # said among the inputs
    try:
        standard = load(source, overrides)
    except StandardError as error:
        return list(error.problems)
    if digest(standard) == was["sha256"]:
        return []
    return [
        Problem(
            what="标准已不同 / the standard is another one",
            file=name,
            value=f"{was['id']} {was['version']} → {standard.id} {standard.version}",
            rule=f"SHA-256 {was['sha256'][:16]}…",
            remedy="安装当时的 parkgap 版本 / install the version of parkgap of that run: "
            f"{version}",
        )
    ]


def _problem(name: str, what: str, value: object = None) -> Problem:
    return Problem(
        what=what,
        file=name,
        value=value,
        remedy="还原该文件，或不用 --from 重新运行 / put the file back, or run without --from",
    )


def _hash(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def earlier_changes(
    source: Path, record: Mapping[str, Any], base: Published | None
) -> tuple[Published | None, Note | None]:
    """Find the changes that belong to a recorded run.

    Parameters
    ----------
    source
        Its ``run.json``, or the result folder.
    record
        The content.
    base
        What the user named with ``--base``.

    Returns
    -------
    recorded, note
        The recorded run as published, whose changes are taken over; None where it had none, or
        where `base` is compared with anew.  The note says that they cannot be had.

    Raises
    ------
    InputError
        `base` is not the run that the recorded one was compared with.
    """
    from parkgap.publish.reading import read_published

    facts = record["compared_with"]
    if base is not None:
        if facts is None or facts["seal"] != base.record["seal"]:
            raise InputError(
                Problem(
                    what="--base 不是该次运行当时比较的结果 / --base is not what that run was "
                    "compared with",
                    value=base.record["seal"][:16],
                    rule=None if facts is None else f"seal {facts['seal'][:16]}…",
                    remedy="去掉 --base 或换成当时的结果 / leave --base out, or name those results",
                )
            )
        return None, None
    if facts is None:
        return None, None
    try:
        return read_published(source), None
    except (InputError, OSError):
        return None, (
            (
                "该次运行的变化清单无从重现：请用 --base 给出当时比较的结果，"
                "或把 run.json 留在其结果文件夹内。"
            ),
            (
                "The changes of that run cannot be repeated: name what it was compared with by "
                "--base, or leave run.json in its result folder."
            ),
        )
