"""``parkgap.gpkg``: parks, gates, facilities and the lists, for QGIS and for later comparison.

Only this module imports pyogrio, which takes a third of a second and brings geopandas
with it, and only when it writes.  Residences, and the origins of walks, never go in.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parkgap.errors import OutputError
from parkgap.frames import (
    ASSESSMENT,
    BEDS,
    CAPACITY,
    CHANGES,
    CLOSED,
    CLUSTERS,
    DEPARTURES,
    DOUBTFUL_HOMES,
    FACILITIES,
    GATES,
    HOUSING,
    LODGING,
    LODGING_CHECKS,
    NEARBY,
    RANKING,
    REACH_AREAS,
    SHORTFALL,
    SITES,
    STOP_DEPARTURES,
    TRANSIT,
    Column,
    Schema,
)
from parkgap.list_keys import CENTRE
from parkgap.publish.causes import changes_frame, packed
from parkgap.publish.cells import clean, values
from parkgap.publish.crs import projected
from parkgap.publish.notices import whatif_mark
from parkgap.publish.sheets import stamp, title
from parkgap.publish.text import LANGUAGES, Text
from parkgap.publish.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from parkgap.results import Results

_NOT_PLACE = [n for n in FACILITIES.names if n not in ("lon", "lat", "category")]

_DATE = "OGR_CURRENT_DATE"
_FULL_BYTES = 100_000  # less room than this is a full disk
# A journal and waiting for the disk guard a database that somebody works on; this one is
# written once, in a staging folder.
_FAST = {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "OFF"}


@dataclass(frozen=True)
class _Layer:
    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    geometry: npt.NDArray[np.object_] | None  # shapely, WGS-84; None: a table without
    geometry_type: str | None


def write_geopackage(results: Results, path: Path) -> Path:
    """Write the GeoPackage; the bytes depend on the results alone.

    Geometry is in WGS-84 (EPSG:4326), or in CGCS2000 where ``[gis] crs`` asks for it; columns
    named lon and lat are WGS-84 degrees in any case.  The table ``layer_styles`` holds how QGIS
    draws each layer (:mod:`parkgap.publish.qml`); layers are titled in both languages.

    Layers: ``parks`` (outlines with the columns of the ranking), ``gates``, ``reach_areas`` (what
    is reached on foot from the parks' workplaces, where anything is), ``facilities`` (those open
    to the public, as points), ``clusters`` (the best functional cluster of each park that has any
    function in reach); where they are known, ``stop_departures`` (stops of the timetables) and the
    tables ``transit`` and ``departures``.  Tables without geometry:
    ``shortfall``; ``capacity`` where anything is known or asked for of it; where the study asks for
    beds, ``housing``, ``lodging``, ``doubtful_homes``, ``beds`` and ``lodging_checks``; and what a
    later run is compared with (:mod:`parkgap.publish.reading`): ``facilities_own`` (those not
    open to the public, without name and place), ``assessment``, ``nearby``, ``closed``, and
    ``changes`` where this run was compared with an earlier one.

    Raises
    ------
    OutputError
        The file cannot be written.
    OSError
        The disk is full.
    """
    from pyogrio import raw
    from pyogrio.errors import (
        DataLayerError,
        DataSourceError,
    )
    from shapely import to_wkb

    path.unlink(missing_ok=True)
    metadata, crs = _metadata(results), results.study.gis.crs
    rows: dict[str, int] = {}
    try:
        with gdal_options({**_FAST, _DATE: f"{stamp(results)}T00:00:00.000Z"}):
            for number, layer in enumerate(_layers(results)):
                data, masks = _fields(layer)
                raw.write(
                    str(path),
                    geometry=None
                    if layer.geometry is None
                    else to_wkb(projected(layer.geometry, crs)),
                    field_data=data,
                    field_mask=masks,
                    fields=[c.name for c in layer.columns],
                    layer=layer.name,
                    driver="GPKG",
                    geometry_type=layer.geometry_type,
                    crs=None if layer.geometry is None else crs,
                    promote_to_multi=layer.geometry_type == "MultiPolygon",
                    append=number > 0,
                    dataset_metadata=None if number else metadata,
                    layer_metadata=metadata,
                    layer_options={
                        "DESCRIPTION": metadata["NOTICE"],
                        "IDENTIFIER": layer_title(layer.name),
                    },
                )
                rows[layer.name] = len(layer.rows)
            rows["layer_styles"] = _write_styles(path, results, rows)
        _check(path, rows)
    except (DataSourceError, DataLayerError, sqlite3.Error) as error:
        if path.parent.is_dir() and shutil.disk_usage(path.parent).free < _FULL_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise OutputError(f"{path}：无法写入 / cannot be written: {error}") from error
    return path


def layer_title(name: str) -> str:
    """Title a layer in both languages; one that has no words of its own by its name."""
    said = [Text(lang).get(f"gpkg_layer.{name}", "") for lang in LANGUAGES]
    return " / ".join(dict.fromkeys(s for s in said if s)) or name


def _write_styles(path: Path, results: Results, layers: Mapping[str, int]) -> int:
    """Write the table in which QGIS looks for styles; return how many it holds."""
    import numpy as np
    from pyogrio import raw

    # styles are those of the pages, whose layers are read from what is published here
    from parkgap.publish.qml import GEOMETRY, style_of

    words = Words(Text(results.study.language), results.standard)
    styles = [(n, s) for n in layers for s in [style_of(n, words)] if s is not None]
    size = len(styles)
    texts = {
        "f_table_catalog": [""] * size,
        "f_table_schema": [""] * size,
        "f_table_name": [n for n, _ in styles],
        "f_geometry_column": [GEOMETRY] * size,
        "styleName": ["parkgap"] * size,
        "styleQML": [s for _, s in styles],
        "styleSLD": [""] * size,
        "description": [layer_title(n) for n, _ in styles],
        "owner": [""] * size,
        "ui": [""] * size,
    }
    data = [np.array(v, dtype=object) for v in texts.values()]
    day = np.datetime64(stamp(results).isoformat(), "ms")
    raw.write(
        str(path),
        geometry=None,
        field_data=[*data, np.ones(size, dtype=bool), np.full(size, day)],
        fields=[*texts, "useAsDefault", "update_time"],
        layer="layer_styles",
        driver="GPKG",
        append=True,
        layer_options={"FID": "id"},
    )
    return size


def _check(path: Path, rows: Mapping[str, int]) -> None:
    """Look at what was written: GDAL says nothing where the last pages find no room.

    Raises
    ------
    sqlite3.Error
        The file is damaged, or rows are missing.
    """
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
        (said,) = base.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise sqlite3.DatabaseError(said)
        for layer, count in rows.items():
            (found,) = base.execute(f'SELECT count(*) FROM "{layer}"').fetchone()  # noqa: S608 - ours
            if found != count:
                raise sqlite3.DatabaseError(f"{layer}: {found} of {count} rows")


def _layers(results: Results) -> Iterator[_Layer]:

    words = Words(Text(results.study.language), results.standard)

    parks = results.parks.set_index("park_id")["geometry"]
    ranked = results.ranking["park_id"].tolist()
    yield _Layer(
        "parks",
        RANKING.columns,
        values(results.ranking, RANKING.columns),
        _objects([parks[p] for p in ranked]),
        "MultiPolygon",
    )
    yield _points("gates", GATES, results.gates, ("gate_id", "park_id", "kind"))
    if len(results.areas):
        shown = [c for c in REACH_AREAS.columns if c.kind != "geometry"]
        shapes = _objects(results.areas["geometry"].to_numpy())
        rows = values(results.areas, shown)
        yield _Layer(REACH_AREAS.name, shown, rows, shapes, "MultiPolygon")

    public = results.facilities[results.facilities["access"] == "public"]
    layer = _points("facilities", FACILITIES, public, [*_NOT_PLACE, "category"])
    yield _named(layer, "category", "category_name", words.categories)

    placed = results.clusters[results.clusters["lon"].notna()]
    if len(placed):
        own = [n for n in CLUSTERS.names if n not in ("lon", "lat")]
        layer = _points("clusters", CLUSTERS, placed, own)
        known = {s: words.word("cluster_status", s) for s in ("found", "none", "unverified")}
        yield _named(layer, "status", "status_name", known)

    sites = results.plans.sites[results.plans.sites["order"].notna()]
    if len(sites):
        own = [n for n in SITES.names if n not in ("lon", "lat", "reason")]
        yield _named(
            _points("sites", SITES, sites, own),
            *("item", "item_name", {**words.items, CENTRE: words.t("site.centre")}),
        )

    table = values(results.shortfall, SHORTFALL.columns)
    layer = _Layer("shortfall", SHORTFALL.columns, table, None, None)
    layer = _named(layer, "item", "item_name", words.items)
    statuses = {s: words.word("status", s) for s in ("short", "unverified")}
    yield _named(layer, "status", "status_name", statuses)
    yield from _transit(results)
    capacity = results.beside.capacity
    if len(capacity):
        pairs = zip(capacity["item"], capacity["unit"], strict=True)
        clauses = [words.asked(item, unit) for item, unit in pairs]
        said = values(capacity.assign(clause=clauses), CAPACITY.columns)
        layer = _Layer("capacity", CAPACITY.columns, said, None, None)
        yield _named(layer, "item", "item_name", words.items)
    yield from _housing(results)
    yield from _records(results)


def _housing(results: Results) -> Iterator[_Layer]:
    """Give beds: parks and places of housing as shapes, who gets which and the checks as tables."""
    plans = results.plans
    if len(plans.housing):
        shape = results.parks.set_index("park_id")["geometry"]
        shapes = _objects([shape[p] for p in plans.housing["park_id"]])
        rows = values(plans.housing, HOUSING.columns)
        yield _Layer("housing", HOUSING.columns, rows, shapes, "MultiPolygon")
    placed = plans.lodging[plans.lodging["lon"].notna()]
    for schema, frame in ((LODGING, placed), (DOUBTFUL_HOMES, plans.doubtful)):
        if len(frame):
            keep = [n for n in schema.names if n not in ("lon", "lat")]
            yield _points(schema.name, schema, frame, keep)
    for schema, frame in ((BEDS, plans.beds), (LODGING_CHECKS, plans.lodging_checks)):
        if len(frame):
            yield _Layer(schema.name, schema.columns, values(frame, schema.columns), None, None)


def _transit(results: Results) -> Iterator[_Layer]:
    """Give public transport: parks and hours as tables, the timetables' stops as points."""
    said = results.beside
    for schema, frame in ((TRANSIT, said.transit), (DEPARTURES, said.departures)):
        if len(frame):
            yield _Layer(schema.name, schema.columns, values(frame, schema.columns), None, None)
    if len(said.stop_departures):
        keep = [n for n in STOP_DEPARTURES.names if n not in ("lon", "lat")]
        yield _points(STOP_DEPARTURES.name, STOP_DEPARTURES, said.stop_departures, keep)


def _records(results: Results) -> Iterator[_Layer]:
    """Give the tables that only a later comparison reads."""
    facilities = as_published(results.facilities)
    own = facilities[facilities["access"] != "public"]
    for schema, frame, keep in (
        (FACILITIES, own, [*_NOT_PLACE, "category"]),
        (ASSESSMENT, results.assessment, ASSESSMENT.names),
        (NEARBY, results.nearby, NEARBY.names),
        (CLOSED, CLOSED.frame({"source_id": list(results.closed)}), CLOSED.names),
    ):
        columns = [c for c in schema.columns if c.name in keep]
        name = "facilities_own" if schema is FACILITIES else schema.name
        yield _Layer(name, columns, values(frame, columns), None, None)
    if results.compared_with is not None:
        words = Words(Text(results.study.language), results.standard)
        rows = values(changes_frame(results.changes, words), CHANGES.columns)
        coded = Column("cause_codes", "str", "the causes as JSON")
        table = [[*row, packed(c)] for row, c in zip(rows, results.changes, strict=True)]
        yield _Layer("changes", [*CHANGES.columns, coded], table, None, None)


def as_published(facilities: pd.DataFrame) -> pd.DataFrame:
    """Take name, place, and which enterprise it is, from what is not open to the public."""
    own = facilities["access"] != "public"
    access = facilities["access"].str.replace("^enterprise:.*$", "enterprise", regex=True)
    hidden = facilities[["lon", "lat"]].mask(own)
    return facilities.assign(name=facilities["name"].mask(own, None), access=access, **hidden)


def _points(name: str, schema: Schema, frame: pd.DataFrame, keep: Sequence[str]) -> _Layer:
    import shapely

    columns = [c for c in schema.columns if c.name in keep]
    points = shapely.points(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float))
    return _Layer(name, columns, values(frame, columns), _objects(points), "Point")


def _objects(geometry: Any) -> npt.NDArray[np.object_]:
    import numpy as np

    found = np.empty(len(geometry), dtype=object)
    found[:] = geometry
    return found


def _named(layer: _Layer, code: str, column: str, names: Mapping[str, str]) -> _Layer:
    """Add, right after a column of codes, what they are called in the study's language."""
    at = [c.name for c in layer.columns].index(code)
    added = Column(column, "str", f"{code} in the study's language", nullable=True)
    columns = [*layer.columns[: at + 1], added, *layer.columns[at + 1 :]]
    rows = [[*r[: at + 1], clean(names.get(str(r[at]), r[at])), *r[at + 1 :]] for r in layer.rows]
    return _Layer(layer.name, columns, rows, layer.geometry, layer.geometry_type)


def _fields(layer: _Layer) -> tuple[list[Any], list[Any]]:
    """One array a column, and its mask: true where the value is unknown (NULL)."""
    import numpy as np

    kinds: dict[str, Any] = {"int": np.int32, "float": np.float64}
    data, masks = [], []
    for at, column in enumerate(layer.columns):
        cells = [row[at] for row in layer.rows]
        mask = np.array([v is None for v in cells], dtype=bool)
        kind = kinds.get(column.kind, object)
        blank: object = None if kind is object else 0
        data.append(np.array([blank if v is None else v for v in cells], dtype=kind))
        masks.append(mask)
    return data, masks


def _metadata(results: Results) -> dict[str, str]:
    """Say what must be said about the data, in both languages, under GDAL's plain keys."""
    study, standard = results.study, results.standard
    found = {"TITLE": title(results)}
    texts = {"NOTICE": "notice.screening", "LICENCE": "notice.odbl_long"}
    internal = study.edition == "internal"
    texts["EDITION"] = "notice.internal" if internal else "about.public"
    if results.made_up:
        texts["MADE_UP"] = "notice.made_up"
    for name, key in texts.items():
        found[name] = " / ".join(Text(lang)(key) for lang in LANGUAGES)
    said = [mark for lang in LANGUAGES for mark in whatif_mark(study, Text(lang))]
    if said:
        found["WHAT_IF"] = " / ".join(said)
    found["DATA_DATE"] = results.data_date
    found["STANDARD"] = f"{standard.id} {standard.version}"
    return found


@contextmanager
def gdal_options(options: Mapping[str, str]) -> Iterator[None]:
    """Set GDAL options, and put back what the caller had."""
    from pyogrio import get_gdal_config_option, set_gdal_config_options

    before = {name: get_gdal_config_option(name) for name in options}
    set_gdal_config_options(dict(options))
    try:
        yield
    finally:
        set_gdal_config_options(before)
