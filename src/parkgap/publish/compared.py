"""Where the changes of a run come from: a named base, or the results that it is to replace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parkgap.errors import InputError
from parkgap.publish.changes import compare
from parkgap.publish.differences import same_run
from parkgap.publish.reading import Published, of_results, read_published, read_record
from parkgap.publish.record import RUN_FILE, run_facts
from parkgap.publish.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parkgap.results import Results

Note = tuple[str, str]


def with_changes(
    results: Results, out: Path, base: Published | None = None
) -> tuple[Results, Note | None]:
    """Add to results what changed since an earlier run.

    Parameters
    ----------
    results
        What was found.
    out
        The result folder as it stands, before it is replaced.
    base
        The run to compare with; None: the one in `out`, if it is of the same study and came from
        other inputs.  If it is of the very same run, its own changes are carried over.

    Returns
    -------
    results, note
        The note (zh, en) says why the earlier results could not be used, None where they could
        or there are none.
    """
    if base is not None:
        return _compared(results, base)
    if results.settled or not (out / RUN_FILE).is_file():
        return results, None
    try:
        record = read_record(out)
        if record["study"]["name"] != results.study.name:
            return results, None
        if ("whatif" in record) != (results.study.whatif is not None):
            return results, None  # a plan was tried there, or is here: nothing became of it
        if same_run(record, run_facts(results, results.study.parameters())):
            if record["compared_with"] is None:
                return results, None
            return carried(results, read_published(out)), None
        return _compared(results, read_published(out))
    except InputError as error:
        return results, _unusable(error)


def carried(results: Results, earlier: Published) -> Results:
    """Take over the changes that the same run found before."""
    facts = earlier.record["compared_with"]
    return replace(results, changes=earlier.changes, compared_with=facts)


def _compared(results: Results, base: Published) -> tuple[Results, Note | None]:
    """Compare, unless the earlier run told what the edition of this one withholds."""
    if results.study.edition == "public" and base.record["study"]["edition"] != "public":
        return results, (Text("zh")("edition.base"), Text("en")("edition.base"))
    changes = compare(base, of_results(results))
    return replace(results, changes=changes, compared_with=_facts(base.record)), None


def _facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Say which run was compared with: what it was made from, and its seal; no paths."""
    standard = record["standard"]
    return {
        "seal": record["seal"],
        "program": record["program"]["version"],
        "as_of": record["study"]["as_of"],
        "osm_date": record["data"]["osm_date"],
        "standard": {k: standard[k] for k in ("id", "version", "sha256")},
        "inputs": record["inputs"],
    }


def _unusable(error: InputError) -> Note:
    files = ", ".join(
        dict.fromkeys(Path(p.file).name for p in error.problems if p.file is not None)
    )
    return (
        f"结果文件夹中上次的结果未能用作比较（{files}），本次不写变化清单。",
        (
            f"The earlier results in the folder cannot be compared with ({files}); "
            "no list of changes is written."
        ),
    )
