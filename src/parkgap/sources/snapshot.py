"""Downloaded maps inside a study: dated, with a manifest, whole or not there at all.

``.parkgap/osm/<when>-<key>.osm.pbf`` is the map, ``….json`` beside it the manifest, written last: a
map without its manifest does not exist.  ``tiles-<key>/`` holds the tiles of a download that
is not finished.  `key` stands for what was asked (place or box), so that another question
never finds an old answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import osmium

from parkgap.errors import ExtractError, OutputError, Problem

FOLDER = Path(".parkgap") / "osm"
FORMAT = 1
_MAP = ".osm.pbf"
_LIKE = re.compile(r"\d{8}T\d{6}Z-(?P<key>[0-9a-f]{12})\.json")

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Snapshot:
    """A downloaded map: the file, and its manifest."""

    path: Path
    manifest: Mapping[str, Any]

    @property
    def data_date(self) -> str:
        """Day of the oldest data in it, ISO."""
        return str(self.manifest["data_date"])[:10]


def key_of(asked: Mapping[str, object]) -> str:
    """Name what was asked for by twelve hexadecimal digits."""
    text = json.dumps({"format": FORMAT, **asked}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def newest(folder: Path, key: str) -> Snapshot | None:
    """Find the newest snapshot of a question; None where there is none.

    Raises
    ------
    ExtractError
        The manifest is broken, or the map is not the one that was downloaded.
    """
    found = sorted(p for p in folder.glob(f"*-{key}.json") if _LIKE.fullmatch(p.name))
    if not found:
        return None
    manifest_file = found[-1]
    try:
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
        path = folder / f"{manifest_file.stem}{_MAP}"
        whole = digest(path) == manifest["sha256"]
        str(manifest["data_date"])
    except (OSError, ValueError, KeyError, TypeError):
        whole, manifest, path = False, {}, manifest_file
    if not whole:
        raise ExtractError(
            Problem(
                what="已下载的地图不完整或被改动 / the downloaded map is not whole, or was changed",
                file=path,
                remedy="parkgap fetch --refresh",
            )
        )
    return Snapshot(path, manifest)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Tile:
    """A tile that was fetched whole: its map and what is known of it."""

    path: Path
    record: Mapping[str, Any]


class Tiles:
    """The finished tiles of a download, kept on disk until all of them are there.

    Parameters
    ----------
    folder
        Of the snapshots.
    key
        What was asked.
    oldest
        Tiles fetched before this time (UTC) are not used any more.
    """

    def __init__(self, folder: Path, key: str, oldest: dt.datetime) -> None:
        self.path = folder / f"tiles-{key}"
        self._oldest = oldest

    def prepare(self) -> None:
        """Make the folder, and clear away what a broken-off download left half done."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for part in self.path.glob("part-*"):
                part.unlink(missing_ok=True)
        except PermissionError:
            pass  # still held by a download that is given up; it takes its part away itself
        except OSError as error:
            raise unwritable(self.path, error) from error

    def find(self, name: str, box: Box) -> Tile | None:
        """Look up a finished tile; None where it is not there, too old or damaged."""
        path = self.path / f"{name}{_MAP}"
        try:
            record = json.loads(path.with_name(f"{name}.json").read_text(encoding="utf-8"))
            fits = (
                record["box"] == list(box)
                and dt.datetime.fromisoformat(record["fetched"]) >= self._oldest
                and record["sha256"] == digest(path)
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Tile(path, record) if fits else None

    def keep(self, name: str, made: Path, record: Mapping[str, Any]) -> Tile:
        """Keep a tile; its record comes last."""
        path = self.path / f"{name}{_MAP}"
        whole = {**record, "sha256": digest(made), "bytes": made.stat().st_size}
        try:
            made.replace(path)
            _write_json(path.with_name(f"{name}.json"), whole)
        except OSError as error:
            raise unwritable(path, error) from error
        return Tile(path, whole)

    def clear(self) -> None:
        """Take all tiles away."""
        for path in self.path.glob("*"):
            path.unlink(missing_ok=True)
        if self.path.is_dir():
            self.path.rmdir()


def store(
    folder: Path, key: str, tiles: Iterable[Tile], box: Box, manifest: Mapping[str, Any]
) -> Snapshot:
    """Join tiles into one map that declares `box`, and keep it with its manifest.

    What several tiles hold is there once, in its newest version.  ``data_date`` is that of the
    oldest tile.

    Raises
    ------
    OutputError
        The study's folder cannot be written to.
    """
    tiles = list(tiles)
    date = min(str(t.record["osm_base"]) for t in tiles)
    stamp = dt.datetime.fromisoformat(str(manifest["fetched"])).strftime("%Y%m%dT%H%M%SZ")
    path = folder / f"{stamp}-{key}{_MAP}"
    part = folder / f"part-{stamp}-{key}{_MAP}"
    try:
        join([t.path for t in tiles], part, box=box, date=date)
        whole = {
            **manifest,
            "format": FORMAT,
            "box": list(box),
            "data_date": date,
            "file": path.name,
            "sha256": digest(part),
            "bytes": part.stat().st_size,
            "tiles": [dict(t.record) for t in tiles],
            "licence": "© OpenStreetMap contributors, ODbL 1.0",
        }
        part.replace(path)
        _write_json(path.with_name(f"{stamp}-{key}.json"), whole)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        part.unlink(missing_ok=True)
    return Snapshot(path, whole)


def join(parts: Iterable[Path], target: Path, *, box: Box | None, date: str | None) -> int:
    """Write OpenStreetMap files into one, sorted, each object once; how many bytes they held.

    Raises
    ------
    RuntimeError
        A part is broken or cut off.
    OSError
        `target` cannot be written.
    """
    header = osmium.io.Header()
    header.set("generator", "parkgap")
    if box is not None:
        header.add_box(osmium.osm.Box(*box))
    if date is not None:
        header.set("osmosis_replication_timestamp", date)
    reader = osmium.MergeInputReader()
    size = sum(reader.add_file(str(part)) for part in parts)
    try:
        with osmium.SimpleWriter(str(target), header=header, overwrite=True) as writer:
            reader.apply(writer, simplify=True)
    except RuntimeError as error:
        raise OSError(0, str(error)) from error
    return size


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    part = path.with_name(f"part-{path.name}")
    text = json.dumps(value, ensure_ascii=False, indent=1)
    part.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    part.replace(path)


def unwritable(path: Path, error: OSError) -> OutputError:
    """Say that the study's folder cannot be written to."""
    why = error.strerror or error
    return OutputError(f"无法写入 {path}（{why}） / cannot write to {path} ({why})")
