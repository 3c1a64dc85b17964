"""A result folder read back: its record checked, its tables as typed frames.

What was published is all there is to compare with, so a run that is still in memory is brought
to the same form (:func:`of_results`): rounded as published, withheld where published so.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parkgap.errors import InputError, Problem
from parkgap.frames import (
    ASSESSMENT,
    CHANGES,
    CLOSED,
    FACILITIES_READ,
    GATES,
    HOUSING,
    NEARBY,
    OUTLINES,
    RANKING,
    ROLLUP,
    SHORTFALL,
    SITES,
    Column,
    Schema,
)
from parkgap.publish.causes import unpacked
from parkgap.publish.cells import clean, unguard, values
from parkgap.publish.crs import DIGITS, in_degrees
from parkgap.publish.folder import inside
from parkgap.publish.geopackage import as_published, gdal_options
from parkgap.publish.record import RESULT_SCHEMA, RUN_FILE, run_facts, seal

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.results import Change, Results

_CSV = (RANKING, SHORTFALL, ROLLUP)
_PLANS = (HOUSING, SITES)  # where the study asks for them
_TABLES = {"assessment": ASSESSMENT, "nearby": NEARBY, "closed": CLOSED}
_AGAIN = "parkgap run"


@dataclass(frozen=True)
class Published:
    """A run as it was published.

    Attributes
    ----------
    record
        Content of ``run.json``.
    frames
        By name: ``ranking``, ``shortfall``, ``rollup``, ``assessment``, ``facilities``,
        ``nearby``, ``gates``, ``outlines``, ``closed``, ``housing`` and ``sites`` where the study
        asks for them and, from a folder that has it, ``changes``; of the schemas of these names
        (``facilities`` of FACILITIES_READ).
    changes
        What this run itself found changed, with its causes.
    """

    record: Mapping[str, Any]
    frames: Mapping[str, pd.DataFrame]
    changes: tuple[Change, ...] = ()


def read_record(path: Path) -> dict[str, Any]:
    """Read ``run.json`` (or that of a result folder) and check its seal.

    Raises
    ------
    InputError
        It is not there, not a record of parkgap, edited, or of another result schema.
    """
    file = path / RUN_FILE if path.is_dir() else path
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            Problem(
                what="此处未见运行结果 / there are no results of a run here",
                file=file,
                remedy="给出含 run.json 的结果文件夹 / name a result folder, with its run.json",
            )
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(_broken(file, f"{type(error).__name__}")) from None
    if not isinstance(record, dict) or "result_schema" not in record:
        raise InputError(_broken(file, "result_schema"))
    if record["result_schema"] != RESULT_SCHEMA:
        raise InputError(
            Problem(
                what="结果由另一版本的程序写出，格式不同 / "
                "the results were written by another version, in another form",
                file=file,
                value=record["result_schema"],
                rule=f"result_schema = {RESULT_SCHEMA}",
                remedy=f"用本版本重新运行 / {_AGAIN} with this version",
            )
        )
    if record.get("seal") != seal(record):
        raise InputError(_changed(file))
    return record


def read_published(folder: Path) -> Published:
    """Read a result folder, after every file that its record lists was checked.

    Raises
    ------
    InputError
        A listed file is missing or differs (edited, or half replaced); each is named.
    """
    folder = folder if folder.is_dir() else folder.parent
    record = read_record(folder)
    wrong = [
        _changed(folder / name)
        for name, said in sorted(record["outputs"].items())
        if not _whole(folder, name, said["sha256"])
    ]
    if wrong:
        raise InputError(*wrong)
    asked = [s for s in _PLANS if f"{s.name}.csv" in record["outputs"]]
    found = {s.name: _read_csv(folder / f"{s.name}.csv", s) for s in (*_CSV, *asked)}
    layers = _read_layers(folder / "parkgap.gpkg", changed=record["compared_with"] is not None)
    names = dict(zip(found["ranking"]["park_id"], found["ranking"]["park_name"], strict=True))
    codes = layers.pop("cause_codes", ())
    changes = tuple(
        unpacked(row, str(names.get(row["park_id"]) or row["park_id"]), code)
        for row, code in zip(_rows(layers.get("changes")), codes, strict=True)
    )
    return Published(record, {**found, **layers}, changes)


def of_results(results: Results) -> Published:
    """Bring results in memory to the form in which a folder gives them back."""
    import shapely

    frames = {
        "ranking": (RANKING, results.ranking),
        "shortfall": (SHORTFALL, results.shortfall),
        "rollup": (ROLLUP, results.rollup),
        "assessment": (ASSESSMENT, results.assessment),
        "facilities": (FACILITIES_READ, as_published(results.facilities)),
        "nearby": (NEARBY, results.nearby),
        "gates": (GATES, results.gates),
        "closed": (CLOSED, CLOSED.frame({"source_id": list(results.closed)})),
    }
    plans = {"housing": (HOUSING, results.plans.housing), "sites": (SITES, results.plans.sites)}
    frames |= {name: made for name, made in plans.items() if len(made[1])}
    found = {
        name: _typed(schema, list(zip(*values(frame, schema.columns), strict=True)))
        for name, (schema, frame) in frames.items()
    }
    geometry = results.parks.set_index("park_id")["geometry"]
    ids = results.ranking["park_id"].tolist()
    shapes = [geometry[p] for p in ids]
    outlines = [shapely.MultiPolygon([g]) if g.geom_type == "Polygon" else g for g in shapes]
    known = {"park_id": [clean(p) for p in ids], "geometry": outlines}
    found["outlines"] = OUTLINES.frame(known)
    return Published(run_facts(results, results.study.parameters()), found, results.changes)


# --- files -----------------------------------------------------------------------------------


def _whole(folder: Path, name: str, expected: object) -> bool:
    if not inside(folder.resolve(), name):
        return False
    try:
        with (folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == expected
    except OSError:
        return False


def _read_csv(path: Path, schema: Schema) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    columns = [[unguard(row[name]) or None for row in rows] for name in schema.names]
    return _typed(schema, columns)


def _read_layers(path: Path, *, changed: bool) -> dict[str, Any]:
    import pandas as pd
    import shapely
    from pyogrio import raw

    def layer(name: str) -> tuple[dict[str, list[Any]], Any]:
        # GDAL would leave a file of its own beside what it reads.
        with gdal_options({"GDAL_PAM_ENABLED": "NO"}):
            meta, _, geometry, data = raw.read(str(path), layer=name)
        cells = {n: d.tolist() for n, d in zip(meta["fields"], data, strict=True)}
        if geometry is None:
            return cells, None
        return cells, in_degrees(shapely.from_wkb(geometry), meta["crs"])

    def table(schema: Schema, cells: Mapping[str, list[Any]], size: int) -> pd.DataFrame:
        return _typed(schema, [cells.get(n) or [None] * size for n in schema.names])

    found: dict[str, Any] = {}
    for name, schema in _TABLES.items():
        cells, _ = layer(name)
        found[name] = _typed(schema, [cells[n] for n in schema.names])
    for name, schema, key in (
        ("facilities", FACILITIES_READ, "facility_id"),
        ("gates", GATES, "gate_id"),
    ):
        cells, shapes = layer(name)
        points = shapely.get_coordinates(shapes).round(DIGITS)
        cells["lon"], cells["lat"] = points[:, 0].tolist(), points[:, 1].tolist()
        found[name] = table(schema, cells, len(cells[key]))
    own, _ = layer("facilities_own")
    if own["facility_id"]:
        more = table(FACILITIES_READ, own, len(own["facility_id"]))
        found["facilities"] = pd.concat([found["facilities"], more], ignore_index=True)
    cells, shapes = layer("parks")
    outlines = {"park_id": cells["park_id"], "geometry": list(shapes)}
    found["outlines"] = OUTLINES.frame(outlines)
    if changed:
        cells, _ = layer("changes")
        found["changes"] = _typed(CHANGES, [cells[n] for n in CHANGES.names])
        found["cause_codes"] = cells["cause_codes"]
    return found


def _rows(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    if frame is None:
        return []
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _typed(schema: Schema, columns: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Make a frame of a schema from published cells, by column."""
    filled = columns or [[] for _ in schema.columns]
    cells = {c.name: _cells(c, v) for c, v in zip(schema.columns, filled, strict=True)}
    return schema.check(schema.frame(cells))


def _cells(column: Column, given: Sequence[Any]) -> list[Any]:
    known = [None if v is None or v == "" or v != v else v for v in given]  # noqa: PLR0124
    if column.kind == "list":
        return [[] if v is None else str(v).split(";") for v in known]
    if column.kind == "float":
        return [float("nan") if v is None else float(v) for v in known]
    if column.kind == "int":
        return [None if v is None else int(v) for v in known]
    # a published text is empty or unknown alike; a column that may not be empty holds ""
    return [("" if not column.nullable else None) if v is None else str(v) for v in known]


def _broken(file: Path, value: str) -> Problem:
    return Problem(
        what="不是 parkgap 的运行记录 / this is no record of a run of parkgap",
        file=file,
        value=value,
        remedy=_AGAIN,
    )


def _changed(file: Path) -> Problem:
    return Problem(
        what="结果文件缺失或在运行之后被改动，不能作为比较依据 / a file of the results is missing "
        "or was changed after the run; it cannot be compared with",
        file=file,
        rule="SHA-256, run.json",
        remedy=f"重新运行，或还原该文件 / {_AGAIN} again, or put the file back",
    )
