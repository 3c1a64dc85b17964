"""Files that fail: at every operation on the disk, the process is killed, or told of an error.

Everything that changes the disk is one operation: making, renaming, linking, removing a file or
folder, opening a file to write, every write that reaches the system (not those into Python's
buffers), every flush to the disk, closing.  What C code writes by itself (GDAL) is one operation
before and one after.  Only for a process that is forked for the purpose and ends with it.
"""

from __future__ import annotations

import builtins
import errno
import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_MADE = ("replace", "rename", "link", "unlink", "remove", "mkdir", "rmdir", "fsync")
_OPEN, _OS_OPEN = io.open, os.open
_REAL = {name: getattr(os, name) for name in _MADE}


class Operations:
    """Stands between Python and the system, and calls `watch` before every operation.

    Parameters
    ----------
    watch
        Called with the operation's name, and once more for a write of which half is done.
    """

    def __init__(self, watch: Callable[[str], None]) -> None:
        self.watch: Callable[[str], None] | None = watch
        self.open: list[_Raw] = []

    def reach(self, name: str) -> None:
        """Come to an operation; what the watcher does itself is none."""
        watch, self.watch = self.watch, None
        if watch is not None:
            watch(name)  # in a child that is to see an error, it raises, and never watches again
            self.watch = watch

    def install(self) -> None:
        """Begin, for the rest of this process."""
        for name in _MADE:
            setattr(os, name, self._wrapped(name, _REAL[name]))
        io.open = builtins.open = self._open  # type: ignore[assignment]
        os.open = self._os_open
        shutil._use_fd_functions = False  # type: ignore[attr-defined]  # handles of folders outlive them
        import pyogrio.raw

        write = pyogrio.raw.write

        def gdal(*args: Any, **kwargs: Any) -> Any:
            self.reach("gdal begins")
            done = write(*args, **kwargs)
            self.reach("gdal is done")
            return done

        pyogrio.raw.write = gdal

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        at = 1 if name in {"replace", "rename", "link"} else 0

        def faulty(*args: Any, **kwargs: Any) -> Any:
            self.reach(f"{name} {_name(args[at])}")
            return real(*args, **kwargs)

        return faulty

    def _os_open(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & _WRITES:
            self.reach(f"open {_name(path)}")
        return _OS_OPEN(path, flags, *args, **kwargs)

    def _open(
        self, file: Any, mode: str = "r", buffering: int = -1, *args: Any, **kwargs: Any
    ) -> Any:
        if self.watch is None or not set(mode) & set("wax+"):
            return _OPEN(file, mode, buffering, *args, **kwargs)
        self.reach(f"open {_name(file)}")
        raw = _Raw(self, file, mode.replace("b", "").replace("t", ""))
        kind = io.BufferedRandom if "+" in mode else io.BufferedWriter
        whole: Any = raw if buffering == 0 else kind(raw)
        return whole if "b" in mode else io.TextIOWrapper(whole, *args, **kwargs)


class _Raw(io.FileIO):
    """A file whose every write is an operation, done half and then whole."""

    def __init__(self, operations: Operations, file: Any, mode: str) -> None:
        super().__init__(file, mode)
        self._operations = operations
        operations.open.append(self)

    def write(self, data: Any) -> int:
        self._operations.reach(f"write {_name(self.name)}")
        if self._operations.watch is not None:
            at = self.tell()
            super().write(memoryview(data)[: len(data) // 2])
            self._operations.reach(f"half of a write {_name(self.name)}")
            self.seek(at)
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        self._operations.reach(f"truncate {_name(self.name)}")
        return super().truncate(size)

    def close(self) -> None:
        try:
            if not self.closed:
                self._operations.reach(f"close {_name(self.name)}")
        finally:
            if self in self._operations.open:
                self._operations.open.remove(self)
            super().close()


def _name(file: Any) -> str:
    return Path(file).name if isinstance(file, str | os.PathLike) else ""


# --- processes -----------------------------------------------------------------------------------


def say_to(folder: Path) -> None:
    """Send what this process says to files, from now on."""
    for stream, name in ((1, "stdout"), (2, "stderr")):
        handle = _OS_OPEN(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, stream)
        os.close(handle)
    # pytest has put others in their place
    sys.stdout, sys.stderr = (_OPEN(i, "w", closefd=False, encoding="utf-8") for i in (1, 2))


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, and what it said on stderr."""

    code: int
    said: str


def forked(work: Callable[[], int], said: Path) -> Ended:
    """Do something in a forked process and wait for it.

    Parameters
    ----------
    work
        Gives the exit code; an exception that it lets pass is told as Python would, with code 99.
    said
        Folder for what it says.
    """
    return ended(start(work, said), said)


def start(work: Callable[[], int], said: Path) -> int:
    """Begin something in a forked process; its number."""
    said.mkdir(exist_ok=True)
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        say_to(said)
        code = work()
    except BaseException:  # noqa: BLE001 - told, not swallowed
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def ended(child: int, said: Path) -> Ended:
    """Wait for a process."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with _OPEN(said / "stderr", encoding="utf-8", errors="replace") as file:
        return Ended(code, file.read())


# --- the disk ------------------------------------------------------------------------------------


def tree(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder, by name."""
    return {
        Path(at, name).relative_to(folder).as_posix(): _read(Path(at, name))
        for at, _, names in os.walk(folder)
        for name in names
    }


def _read(path: Path) -> bytes:
    with _OPEN(path, "rb") as file:
        return file.read()  # type: ignore[no-any-return]


def state(folder: Path) -> str:
    """Name what lies in a folder.

    What is being written beside its place is abandoned by whoever comes next, whatever of it is
    there: it counts as one, unless moves into the result folder had begun.
    """
    found = set()
    for at, folders, names in os.walk(folder):
        here = Path(at).relative_to(folder)
        for name in list(folders):
            path = Path(at, name)
            if name.endswith(".part") and not (path / "moves.json").exists():
                folders.remove(name)
                found.add((str(here), "staging", ""))
            else:
                found.add((_plain(here / name), "", ""))
        for name in names:
            kept = not name.endswith((".part", ".lock"))
            about = hashlib.sha256(_read(Path(at, name))).hexdigest() if kept else ""
            if name not in {"timings.json", "stdout", "stderr"}:
                found.add((_plain(here / name), "file", about))
    return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()


def _plain(path: Path) -> str:
    return re.sub(r"\.[0-9a-z_]{8,16}\.part", ".part", str(path))


@dataclass
class Snapshot:
    """A folder as it is at one moment, to which it can be brought back.

    Files come back as the same files (not as copies), so that a process that has one open can
    go on writing to it.
    """

    folder: Path
    open: list[tuple[io.FileIO, int]]
    _links: Path = field(init=False)
    _bytes: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._links = Path(tempfile.mkdtemp(dir=self.folder.parent))
        self._bytes = tree(self.folder)
        self._folders = [Path(at).relative_to(self.folder) for at, _, _ in os.walk(self.folder)]
        for i, name in enumerate(self._bytes):
            os.link(self.folder / name, self._links / str(i))

    def restore(self) -> None:
        """Bring the folder back, and let go of the snapshot."""
        shutil.rmtree(self.folder)
        for folder in self._folders:
            os.makedirs(self.folder / folder, exist_ok=True)  # noqa: PTH103 - as it was, links too
        for i, (name, data) in enumerate(self._bytes.items()):
            path = self.folder / name
            os.link(self._links / str(i), path)
            if _read(path) != data:
                with _OPEN(path, "r+b") as file:
                    file.write(data)
                    file.truncate()
        for file, at in self.open:
            file.seek(at)
        self.drop()

    def drop(self) -> None:
        """Let go of the snapshot."""
        shutil.rmtree(self._links)
