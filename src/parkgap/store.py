"""What was computed before, by what it was computed from.

An entry is one file, named by its stage and key.  It is written beside its place and moved
there when it is whole, so that a killed run or a full disk leaves an entry or none; it carries
its own SHA-256, and one that does not match (a power cut may leave such) is thrown away, never
used.  Two runs that make the same entry at once make the same bytes.  Nothing here is locked: an
entry may be gone at any moment, and whoever needs it makes it again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from parkgap.codec import Buffer

T = TypeVar("T")

FOLDER = Path(".parkgap") / "store"
_MAGIC = b"parkgap store 1\n"
_SUFFIX = ".entry"
_PART = ".part"
_PIECE = "piece"
_STALE_S = 86_400.0  # a part this old was left behind by a run that was killed
_DIGEST = 32


@dataclass(frozen=True)
class Entry:
    """One kept result: its stage, key and size in bytes, and when it was last of use."""

    stage: str
    key: str
    bytes: int
    used: float


@dataclass
class Store:
    """A folder of entries.

    Parameters
    ----------
    folder
        Where they lie; made at the first writing.
    reads
        False (``--fresh``): nothing that was kept is used; what is made is kept all the same.

    Attributes
    ----------
    trouble
        Why something could not be kept (no space, no right), the first time; the run goes on.
    """

    folder: Path
    reads: bool = True
    trouble: str = field(default="", init=False)

    def _path(self, stage: str, key: str) -> Path:
        return self.folder / stage / key[:2] / f"{key}{_SUFFIX}"

    def get(self, stage: str, key: str) -> memoryview | None:
        """Return the payload of an entry; None where there is none, or a damaged one."""
        return self.whole(stage, key) if self.reads else None

    def knows(self, stage: str, key: str) -> bool:
        """Tell whether there is an entry, whole or not."""
        return self._path(stage, key).is_file()

    def whole(self, stage: str, key: str) -> memoryview | None:
        """Return the payload of an entry even where nothing kept is to be used (`reads`)."""
        path = self._path(stage, key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        head = _head(stage, key)
        at = len(head) + _DIGEST
        view = memoryview(data)
        if data[: len(head)] == head and hashlib.sha256(view[at:]).digest() == data[len(head) : at]:
            with contextlib.suppress(OSError):
                os.utime(path)
            return view[at:]
        with contextlib.suppress(OSError):
            path.unlink()
        return None

    def put(self, stage: str, key: str, payload: Sequence[Buffer]) -> bool:
        """Keep a payload; False where the disk does not take it (see `trouble`)."""
        path = self._path(stage, key)
        sha = bytes.fromhex(_sha_of(payload)[0])
        for again in (True, False):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, [_head(stage, key), sha, *payload])
            except FileNotFoundError as error:  # somebody clears the store, and took the folder
                if not again:
                    return self._refused(path, error)
            except OSError as error:
                # Windows: somebody else has it open, and made it first.
                return self.whole(stage, key) is not None or self._refused(path, error)
            else:
                break
        return True

    def _refused(self, path: Path, error: OSError) -> bool:
        self.trouble = self.trouble or f"{path.parent}: {error.strerror or error}"
        return False

    # --- looking after it -------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """List what is kept, by stage and key."""
        found = []
        for path in self._files(_SUFFIX):
            with contextlib.suppress(OSError):
                about = path.stat()
                name = path.name.removesuffix(_SUFFIX)
                found.append(Entry(path.parts[-3], name, about.st_size, about.st_mtime))
        return found

    def _files(self, suffix: str) -> list[Path]:
        """List the store's files; folders that somebody clears away meanwhile have none."""
        return sorted(
            Path(folder, name)
            for folder, _, names in os.walk(self.folder)
            for name in names
            if name.endswith(suffix) and Path(folder).parent.parent == self.folder
        )

    def clear(self, older_than_s: float = 0.0) -> tuple[int, int]:
        """Throw away what was of no use for so long; return entries and bytes thrown away.

        Parts that a killed run left behind go too.
        """
        now = time.time()
        count = size = 0
        for entry in self.entries():
            if now - entry.used >= older_than_s:
                with contextlib.suppress(OSError):
                    self._path(entry.stage, entry.key).unlink()
                    count, size = count + 1, size + entry.bytes
        self.sweep()
        for folder, _, _ in os.walk(self.folder, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()  # only where it is empty
        return count, size

    def sweep(self) -> None:
        """Remove parts that a killed run left behind."""
        now = time.time()
        for part in self._files(_PART):
            with contextlib.suppress(OSError):
                if now - part.stat().st_mtime >= _STALE_S:
                    part.unlink()


def _sha_of(payload: Sequence[Buffer]) -> tuple[str, int]:
    """SHA-256 of a payload, and its size in bytes."""
    sha, size = hashlib.sha256(), 0
    for buffer in payload:
        sha.update(buffer)
        size += memoryview(buffer).nbytes
    return sha.hexdigest(), size


def _head(stage: str, key: str) -> bytes:
    """What an entry begins with, so that one in the wrong place is not taken for another."""
    head = _MAGIC + f"{stage} {key}\n".encode()
    return head + bytes(-(len(head) + _DIGEST) % 64)


def write_whole(path: Path, payload: Sequence[Buffer]) -> None:
    """Write a file so that after a kill it is there whole, or not at all.

    Raises
    ------
    OSError
        It could not be written; what stood there before still does.
    """
    # Not mkstemp: what one user of a shared folder keeps, others may read.
    part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}{_PART}")
    try:
        with part.open("xb") as file:
            file.writelines(payload)
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


# --- stages that remember -----------------------------------------------------------------------


@dataclass(frozen=True)
class Kept(Generic[T]):
    """A stage's result, and the SHA-256 of its written form."""

    value: T
    digest: str


@dataclass
class Memo:
    """Runs stages, or takes from the store what they made of the same inputs.

    Parameters
    ----------
    store
        None: nothing is kept.
    program
        What of the program and its libraries a result depends on (:mod:`parkgap.program`).

    Attributes
    ----------
    reused, made
        Names of the stages taken from the store, and of those run; in order.
    """

    store: Store | None
    program: str
    reused: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def key(self, stage: str, inputs: tuple[object, ...]) -> str:
        """Name what a stage makes of some inputs."""
        from parkgap.codec import digest

        return digest((stage, self.program, inputs))

    def __call__(self, stage: str, inputs: tuple[object, ...], make: Callable[[], T]) -> Kept[T]:
        """Run a stage, or find what it made before.

        Parameters
        ----------
        stage
            Its name.
        inputs
            Everything that its result depends on (a :class:`Kept` by its digest).
        make
            Runs it.
        """
        key = self.key(stage, tuple(i.digest if isinstance(i, Kept) else i for i in inputs))
        return self._under(stage, key, make)

    def knows(self, stage: str, key: str) -> bool:
        """Tell whether something is kept under a key, whole or not."""
        return self.store is not None and self.store.reads and self.store.knows(stage, key)

    def under(self, stage: str, key: str, make: Callable[[], T]) -> T:
        """As calling it, with the key at hand."""
        return self._under(stage, key, make).value

    def _under(self, stage: str, key: str, make: Callable[[], T]) -> Kept[T]:
        from parkgap.codec import CodecError, decode, encode

        found = None if self.store is None else self.store.get(stage, key)
        if found is not None:
            with contextlib.suppress(CodecError):  # of a version that wrote otherwise
                value: T = decode(found)
                self.reused.append(stage)
                return Kept(value, hashlib.sha256(found).hexdigest())
        value = make()
        payload = encode(value)
        self.made.append(stage)
        if self.store is not None:
            self.store.put(stage, key, payload)
        return Kept(value, _sha_of(payload)[0])


# --- pieces, by content -------------------------------------------------------------------------


class LostPieceError(LookupError):
    """A piece that was kept is gone or damaged; whatever it is of must be made again."""


class Shelf:
    """Keeps values by their content.

    Parameters
    ----------
    store
        Where they lie; None: in memory alone.
    memory
        Bytes of values that stay at hand.
    """

    def __init__(self, store: Store | None, memory: int = 256_000_000) -> None:
        self._store, self._free = store, memory
        self._near: dict[str, Any] = {}

    def put(self, value: object) -> str:
        """Keep a value; return its name, the SHA-256 of its written form."""
        from parkgap.codec import encode

        payload = encode(value)
        name, size = _sha_of(payload)
        kept = self._store is not None and self._store.put(_PIECE, name, payload)
        # What the disk does not take must stay, whatever it takes.
        if name not in self._near and (not kept or size <= self._free):
            self._near[name] = value
            self._free -= size
        return name

    def get(self, name: str) -> Any:
        """Return what was kept; callers do not change it.

        Raises
        ------
        LostPieceError
            It is gone or damaged.
        """
        from parkgap.codec import CodecError, decode

        if name in self._near:
            return self._near[name]
        found = None if self._store is None else self._store.whole(_PIECE, name)
        if found is None:
            raise LostPieceError(name)
        try:
            value = decode(found)
        except CodecError as error:
            raise LostPieceError(name) from error
        if found.nbytes <= self._free:
            self._near[name] = value
            self._free -= found.nbytes
        return value

    def has(self, names: Iterable[str]) -> bool:
        """Tell whether every piece is there (whole or not)."""
        return all(
            n in self._near or (self._store is not None and self._store.knows(_PIECE, n))
            for n in names
        )
