"""Which files a watch looks at, whether they changed, and when they are quiet.

Nothing here waits or listens: the loop is in :mod:`parkgap.watch`.
"""

from __future__ import annotations

import hashlib
import os
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from parkgap.errors import ParkgapError
from parkgap.study import Study, load_study

STORE = ".parkgap"  # the study's own store: never an input
DEBOUNCE_S = 0.8
_GAP = 3.0  # an empty or vanished file is mid-save more often than meant: wait so much longer
_RACY_S = 2.0  # FAT keeps times to two seconds; a file younger than that is hashed again
_SIDECARS = (".dbf", ".shx", ".prj", ".cpg")

# Size, time of the content, time of anything; None: not there.  File numbers are left out: some
# shares give a new one at every look.
Mark = tuple[int, int, int] | None
Marks = Mapping[Path, Mark]
Digests = Mapping[Path, str]
_UNREADABLE = (-1, 0, 0)


def key(path: str | Path) -> str:
    """Spell a path in one way: folders resolved, the last part not, case as the system has it."""
    here = Path(path)
    return os.path.normcase(Path(os.path.realpath(here.parent)) / here.name)


@dataclass(frozen=True)
class Inputs:
    """The files that a run depends on.

    Attributes
    ----------
    files
        In a fixed order; they need not be there.
    """

    files: tuple[Path, ...]

    @classmethod
    def of(cls, files: Iterable[Path], *, ignored: Iterable[Path | None] = ()) -> Inputs:
        """Take the files that lie in none of the ignored folders, each once.

        An ignored folder in which the first file (``study.toml``) lies is not ignored:
        ``--out`` may name the study's own folder.
        """
        listed = list(dict.fromkeys(files))
        shut = [Path(os.path.realpath(f)) for f in ignored if f is not None]
        real = [Path(os.path.realpath(f.parent)) / f.name for f in listed]
        shut = [s for s in shut if not (real and real[0].is_relative_to(s))]
        kept = (
            f
            for f, r in zip(listed, real, strict=True)
            if not any(r.is_relative_to(s) for s in shut)
        )
        return cls(tuple(kept))

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(key(p) for p in self._places())

    def counts(self, path: str | Path) -> bool:
        """Tell whether a change of `path` matters.

        Only what the study names does.  Excel's ``~$parks.xlsx``, an editor's ``.parks.csv.swp``
        or ``parks.csv~``, the store and the results have other names, and so never do.
        """
        return key(path) in self._keys

    def folders(self) -> tuple[Path, ...]:
        """List the folders to listen in: the nearest that is there, of each file and link's end."""
        found = set()
        for place in self._places():
            above = (p for p in Path(os.path.realpath(place.parent)).parents)
            here = Path(os.path.realpath(place.parent))
            found.add(here if here.is_dir() else next((p for p in above if p.is_dir()), None))
        return tuple(sorted(f for f in found if f is not None))

    def _places(self) -> Iterator[Path]:
        for file in self.files:
            yield file
            if file.is_symlink():
                yield Path(os.path.realpath(file))

    def marks(self) -> Marks:
        """Look at every file without reading it."""
        return {file: mark(file) for file in self.files}


def mark(file: Path) -> Mark:
    """Tell a file's state by what the system keeps of it; None: it is not there."""
    try:
        seen = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # a share that is gone, a folder without rights
        return _UNREADABLE
    return (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


@dataclass
class Hasher:
    """SHA-256 of files; what did not change by its marks is not read again.

    Attributes
    ----------
    now
        Seconds since the epoch.
    """

    now: Callable[[], float] = time.time
    _known: dict[Path, tuple[Mark, str]] = field(default_factory=dict)

    def __call__(self, inputs: Inputs, *, doubted: Callable[[Path], bool] | None = None) -> Digests:
        """Hash every file: "" for one that is not there, "?" for one that cannot be read.

        Parameters
        ----------
        inputs
            The files.
        doubted
            Files to read again whatever their marks say.
        """
        return {
            file: self._digest(file, doubted is not None and doubted(file)) for file in inputs.files
        }

    def _digest(self, file: Path, doubted: bool) -> str:
        before = mark(file)
        if before is None:
            return ""
        known = self._known.get(file)
        if known is not None and known[0] == before and not doubted:
            return known[1]
        started = self.now()
        try:
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            self._known.pop(file, None)
            return "?"
        # A write within the same tick of the disk's clock leaves the marks as they are.
        settled = started - max(before[1], before[2]) / 1e9 > _RACY_S
        if settled and mark(file) == before:
            self._known[file] = (before, digest)
        else:
            self._known.pop(file, None)
        return digest


@dataclass
class Settler:
    """Says how long the files must still be left alone; knows no clock of its own.

    Attributes
    ----------
    quiet
        Seconds without any change after which files count as saved.
    """

    quiet: float = DEBOUNCE_S
    _last: Marks | None = None
    _since: float = 0.0

    def wait(self, marks: Marks, now: float) -> float:
        """Seconds to wait before looking again; 0: nothing changed for long enough.

        An editor that empties a file before it writes, and Excel, which puts a new file in
        the old one's place, leave a moment in which the file is empty or not there: then it
        takes three times as long.  A file that grows (a large copy) is waited for to its end.
        """
        if marks != self._last:
            self._last, self._since = dict(marks), now
        unfinished = any(m is None or m[0] <= 0 for m in marks.values())
        left = self._since + self.quiet * (_GAP if unfinished else 1.0) - now
        return max(0.0, left)


def named_files(toml: Path) -> list[Path]:
    """List what a ``study.toml`` that is refused may name as files.

    Of such a study no one says which keys hold files; every text that looks like a file's name
    is taken, which costs a look at a file that is not there.

    Raises
    ------
    OSError, ValueError
        It cannot be read, or is no TOML.
    """
    data = tomllib.loads(toml.read_bytes().decode("utf-8-sig"))
    return [toml.parent / text for text in _texts(data) if _like_file(text)]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _like_file(text: str) -> bool:
    return (
        1 < len(Path(text).suffix) <= len(".geojson") + 1
        and "://" not in text
        and text.isprintable()
    )


def toml_of(study: Path) -> Path:
    """Name the ``study.toml`` of a study given as its folder or as the file."""
    return study / "study.toml" if study.is_dir() else study


@dataclass
class StudyFiles:
    """Finds the inputs anew each time, since ``study.toml`` may name other files by then.

    Attributes
    ----------
    path
        The study's folder or its ``study.toml``.
    out
        Where the results go, by the loaded study (its name may change).
    """

    path: Path
    out: Callable[[Study], Path]
    folder: Path | None = None
    _last: tuple[Path, ...] = ()

    def __call__(self) -> Inputs:
        """List the files; of a study that is refused, what it names and what it named before."""
        toml = toml_of(self.path)
        try:
            study = load_study(toml)
        except (ParkgapError, OSError):
            files = [toml, *self._last, *self._named(toml)]
        else:
            self.folder = self.out(study)
            files = study.input_files()
            self._last = tuple(files)
        ignored = (self.folder, toml.parent / STORE)
        return Inputs.of(_with_sidecars(files), ignored=ignored)

    @staticmethod
    def _named(toml: Path) -> list[Path]:
        try:
            return named_files(toml)
        except (OSError, ValueError):  # half-saved, or broken
            return []


def _with_sidecars(files: Iterable[Path]) -> Iterator[Path]:
    """Add a shapefile's companions, those too that are yet to come."""
    for file in files:
        yield file
        if file.suffix.lower() == ".shp":
            yield from (file.with_suffix(s) for s in _SIDECARS)
