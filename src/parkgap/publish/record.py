"""The record of a run: what went in, what came out, and how long it took.

``run.json`` holds nothing that differs between two runs on the same inputs: no clock, no
machine, no absolute path.  What does differ is in ``timings.json``.  ``seal`` is the hash of
everything else in it, so that an edited record is noticed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import parkgap
from parkgap.publish.text import LANGUAGES, Text
from parkgap.standards.digest import digest, summary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from parkgap.results import Results

RUN_FILE = "run.json"
TIMINGS_FILE = "timings.json"
RESULT_SCHEMA = "3"
#: What a record says of each row of a plan.
PLAN_FACTS = ("row", "action", "target", "park_id")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What one stage of a run cost.

    Attributes
    ----------
    name
        The stage.
    seconds
        Wall time.
    peak_mb
        Peak memory of the process when it ended; None where it is not known.
    reused
        What was taken from an earlier run instead of computed.
    """

    name: str
    seconds: float
    peak_mb: float | None = None
    reused: tuple[str, ...] = ()


def write_run(
    results: Results,
    folder: Path,
    outputs: Iterable[Path],
    parameters: Mapping[str, object],
) -> Path:
    """Write ``run.json``.

    Parameters
    ----------
    results
        What the run found.
    folder
        The (staged) result folder.
    outputs
        Files of `folder` that the run made, absolute or relative to it; each is hashed.
        ``run.json`` and ``timings.json`` are left out: the one cannot hold its own hash,
        the other differs from run to run.
    parameters
        What was set for this run.  Paths in it are kept as given if they are relative;
        of absolute ones only the last part is kept.

    Raises
    ------
    ValueError
        An output lies outside `folder`.
    """
    record = {
        **run_facts(results, parameters),
        "compared_with": results.compared_with,
        "outputs": _hashes(folder, outputs),
    }
    return _write(folder / RUN_FILE, {**record, "seal": seal(_plain(record))})


def run_facts(results: Results, parameters: Mapping[str, object]) -> dict[str, Any]:
    """Give what ``run.json`` says of a run, but its outputs, as plain JSON values."""
    study, standard = results.study, results.standard
    record = {
        "result_schema": RESULT_SCHEMA,
        "run": results.run,
        "program": {"name": "parkgap", "version": parkgap.__version__},
        "notice": _both("notice.screening"),
        "licence": _both("notice.odbl_long"),
        "study": {
            "file": study.path.name,
            "name": study.name,
            "title": study.title,
            "language": study.language,
            "edition": study.edition,
            "as_of": study.as_of,
        },
        "standard": {
            "id": standard.id,
            "version": standard.version,
            "title": {"zh": standard.title_zh, "en": standard.title_en},
            "overrides": standard.overrides,
            "sha256": digest(standard),
            **summary(standard),
        },
        "also": [
            {
                "id": other.id,
                "version": other.version,
                "title": {"zh": other.title_zh, "en": other.title_en},
                "sha256": digest(other),
            }
            for other in results.also
        ],
        **_plan(results),
        "data": {"osm_date": results.data_date or None, "made_up": results.made_up},
        "inputs": results.inputs,
        "parameters": parameters,
        "counts": results.counts,
        "ranks_tried": results.firm.tried,
        "warnings": [{"zh": zh, "en": en} for zh, en in results.warnings],
    }
    plain: dict[str, Any] = _plain(record)
    return plain


def _plan(results: Results) -> dict[str, Any]:
    """Say which plan was tried, and what each of its rows is about; no figures of it, no firm."""
    whatif, plan = results.study.whatif, results.whatif
    if whatif is None:
        return {}
    plan = plan.assign(target=plan["target"].mask(plan["park_id"].notna(), None))
    cells = (plan[n].astype(object).where(plan[n].notna(), None) for n in PLAN_FACTS)
    rows = [dict(zip(PLAN_FACTS, row, strict=True)) for row in zip(*cells, strict=True)]
    return {"whatif": {"file": whatif.file, "rows": rows}}


def seal(record: Mapping[str, object]) -> str:
    """SHA-256 of a record's plain values, its own seal aside."""
    rest = {k: v for k, v in record.items() if k != "seal"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write_timings(folder: Path, stages: Iterable[Stage]) -> Path:
    """Write ``timings.json``: seconds and peak memory per stage, and what was reused."""
    listed = list(stages)
    peaks = [s.peak_mb for s in listed if s.peak_mb is not None]
    record = {
        "seconds": round(sum(s.seconds for s in listed), 3),
        "peak_mb": round(max(peaks), 1) if peaks else None,
        "stages": [
            {
                **asdict(s),
                "seconds": round(s.seconds, 3),
                "peak_mb": None if s.peak_mb is None else round(s.peak_mb, 1),
            }
            for s in listed
        ],
    }
    return _write(folder / TIMINGS_FILE, record)


def _both(key: str) -> dict[str, str]:
    return {lang: Text(lang)(key) for lang in LANGUAGES}


def _hashes(folder: Path, outputs: Iterable[Path]) -> dict[str, dict[str, object]]:
    root = folder.resolve()
    found: dict[str, dict[str, object]] = {}
    for output in outputs:
        path = (root / output).resolve()
        name = path.relative_to(root).as_posix()
        if name in (RUN_FILE, TIMINGS_FILE):
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[name] = {"sha256": digest, "bytes": path.stat().st_size}
    return found


def _write(path: Path, record: Mapping[str, object]) -> Path:
    text = json.dumps(_plain(record), ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    # lone surrogates (a broken name in a table) have no UTF-8; \udXXX is what JSON offers
    path.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace", newline="\n")
    return path


def _plain(value: Any) -> Any:
    """Turn what models and frames hold into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(v) for v in value), key=repr)
    if hasattr(value, "model_dump"):  # a pydantic model
        return _plain(value.model_dump())
    return _scalar(value.item() if hasattr(value, "item") else value)  # numpy's scalars


def _scalar(value: object) -> str | bool | int | float | None:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return value.name if value.is_absolute() else value.as_posix()
    return str(value)
