"""Run a study, or see at a glance that nothing has changed: stands before everything heavy.

A result folder says in ``run.json`` from what it was made.  Where all of that is as it was and
every file is as it was written, there is nothing to do, and nothing is imported to do it with.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parkgap import program
from parkgap.errors import OutputError
from parkgap.frames import RANKING
from parkgap.publish.cells import unguard
from parkgap.publish.record import RUN_FILE, Stage, seal
from parkgap.publish.turn import settle
from parkgap.replay import Asked
from parkgap.store import FOLDER, Store
from parkgap.study import sha256

if TYPE_CHECKING:
    from parkgap.results import Results
    from parkgap.study import Study

PDF = "report.pdf"
NO_REPORT = (
    "study.toml 中 [report] write = false，不写报告，因此也没有 report.pdf",
    "[report] write = false in study.toml: no report is written, and so no report.pdf",
)
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Means:
    """With what a run is done.

    Attributes
    ----------
    fresh
        Use nothing that was computed before.
    workers
        Processes that share the work; 0: this one alone.
    scheduler
        Address of a Dask scheduler whose workers do it instead.
    store
        Where to keep what was computed; None: in the study's folder.
    pdf
        Print the report too, where the machine has a browser.
    """

    fresh: bool = False
    workers: int = 0
    scheduler: str | None = None
    store: Path | None = None
    pdf: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run did.

    Attributes
    ----------
    folder
        The result folder.
    reused
        True where nothing had changed and nothing was written.
    stages
        What was done, in order.
    trouble
        Why nothing could be kept for the next run, or "".
    notes
        What the user must know besides (zh, en).
    """

    folder: Path
    reused: bool
    stages: tuple[Stage, ...] = ()
    trouble: str = ""
    notes: tuple[tuple[str, str], ...] = ()


def run_key(study: Study, inputs: Mapping[str, str] | None = None) -> str:
    """Name a run by everything that it is made from: inputs, parameters, program.

    Parameters
    ----------
    study
        A loaded study whose map is there.
    inputs
        SHA-256 of its files by name, where they are known.
    """
    made_from = [program.fingerprint(), study.parameters(), dict(inputs or study.hashes())]
    text = json.dumps(made_from, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def record_of(folder: Path) -> dict[str, Any]:
    """Read a folder's ``run.json``; empty where there is none, or it is damaged."""
    try:
        record = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def is_whole(folder: Path, record: Mapping[str, Any]) -> bool:
    """Tell whether a record, and every file that it lists, is as it was written."""
    outputs = record.get("outputs")
    if not isinstance(outputs, dict) or not outputs:
        return False
    try:
        return record.get("seal") == seal(record) and all(
            sha256(folder / name) == about["sha256"] for name, about in outputs.items()
        )
    except (OSError, TypeError, KeyError, ValueError):
        return False


def unchanged(study: Study, folder: Path, *, pdf: bool = False) -> bool:
    """Tell whether a folder holds, whole, the results of a study as it is now (with a PDF)."""
    record = record_of(folder)
    printed = not pdf or not study.report.write or PDF in (record.get("outputs") or {})
    return printed and record.get("run") == run_key(study) and is_whole(folder, record)


def store_of(study: Study, means: Means) -> Store:
    """Open the study's store."""
    folder = study.root / FOLDER if means.store is None else means.store
    return Store(folder, reads=not means.fresh)


def run(
    study: Study,
    out: Path,
    means: Means | None = None,
    *,
    asked: Asked | None = None,
    tell: Tell = lambda _: None,
) -> Outcome:
    """Run a study into a folder, unless that holds its results already.

    Parameters
    ----------
    study
        A loaded study.
    out
        The result folder.
    means
        With what.
    asked
        What else is asked: results to compare with, or a record to repeat.
    tell
        Called with the name of each stage as it begins.

    Raises
    ------
    InputError
        An input is refused; nothing was written.
    OutputError
        The results cannot be written; the earlier ones are intact.
    ShardError
        A part of the work failed on a worker; nothing was written, finished parts are kept.
    """
    means, asked = means or Means(), asked or Asked(study)
    if study.osm.file is None:
        from parkgap.inputs import with_extract

        study = with_extract(study, lambda _done, _all, text: tell(text))
    settle(out, tell)
    plain = asked.base is None and asked.record is None
    said = [NO_REPORT] if means.pdf and not study.report.write else []
    if plain and not means.fresh and unchanged(study, out, pdf=means.pdf):
        return Outcome(folder=out, reused=True, notes=tuple(said))
    from parkgap import pipeline
    from parkgap.bilingual import in_other_language
    from parkgap.cluster import hands

    store = store_of(study, means)
    clock = pipeline.Clock(tell)
    with hands(means.workers, means.scheduler, store, tell) as do:
        found = pipeline.compute(study, clock, store=store, do=do)

        def again(other: Study) -> Results:
            with clock("language"):
                return pipeline.compute(other, pipeline.Clock(tell), store=store, do=do)

        second = in_other_language(study, found, again)
    results = asked.finish(found)
    notes = pipeline.publish(results, out, clock, asked.base, pdf=means.pdf, second=second)
    store.sweep()
    return Outcome(
        folder=out,
        reused=False,
        stages=tuple(clock.stages),
        trouble=store.trouble,
        notes=(*said, *notes),
    )


# --- what a folder says in short -----------------------------------------------------------------


@dataclass(frozen=True)
class Summary:
    """The gist of a result folder.

    Attributes
    ----------
    ranking
        Rows of ``ranking.csv``: texts, and numbers where its schema has numbers; None: unknown.
    counts, warnings
        As in ``run.json``.
    """

    ranking: list[dict[str, Any]]
    counts: dict[str, int]
    warnings: list[dict[str, str]]


def summary(folder: Path) -> Summary:
    """Read the gist of a result folder.

    Raises
    ------
    OutputError
        It was changed by another hand meanwhile.
    """
    settle(folder)
    record = record_of(folder)
    kinds = {c.name: c.kind for c in RANKING.columns}
    try:
        with (folder / "ranking.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [
                {n: _value(kinds[n], v) for n, v in row.items()} for row in csv.DictReader(file)
            ]
        return Summary(rows, record["counts"], record["warnings"])
    except (OSError, KeyError, ValueError) as error:
        raise OutputError(
            f"{folder}：结果被其他程序改动，请重新运行 / "
            f"{folder}: the results were changed by another program; run again"
        ) from error


def _value(kind: str, text: str) -> Any:
    if text == "":
        return None
    if kind == "int":
        return int(text)
    return float(text) if kind == "float" else unguard(text)
