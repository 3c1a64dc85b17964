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
        io.open = builtins.open = self._open
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
        return file.read()


@dataclass
class Disk:
    """A folder that can be brought back to what it was a moment ago.

    Files come back as the same files (not as copies), so that a process that has one open can
    go on writing to it.

    Parameters
    ----------
    folder
        The folder.
    kept
        An empty folder beside, for links to its files.
    known
        What was read before, by which file it was, when written, and its size.
    """

    folder: Path
    kept: Path
    known: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    _files: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _folders: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Take in what lies there now."""
        self._files, self._folders = {}, []
        for at, _, names in os.walk(self.folder):
            self._folders.append(at)
            for name in names:
                path = os.path.join(at, name)  # noqa: PTH118 - thousands of times
                self._files[path] = about = _about(path)
                if about not in self.known:
                    self.known[about] = _read(Path(path))
                    link = self.kept / str(about[0])
                    if not link.exists():
                        _REAL["link"](path, link)

    def state(self) -> str:
        """Name what was last seen.

        What is being written beside its place is abandoned by whoever comes next, whatever of
        it is there, unless moves into the result folder had begun: it does not count, nor do
        folders, which come before what is put into them.
        """
        beside = {f for f in self._folders if f.endswith(".part")}
        begun = {f for f in beside if os.path.join(f, "moves.json") in self._files}  # noqa: PTH118
        found = set()
        for path, about in self._files.items():
            name = re.sub(r"\.[0-9a-z_]{8,16}\.part", ".part", path)
            staged = any(path.startswith(f) for f in beside - begun)
            if not staged and not path.endswith((".part", ".lock", "timings.json")):
                found.add((name, hashlib.sha256(self.known[about]).hexdigest()))
        return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()

    def seen(self) -> tuple[list[str], dict[str, bytes]]:
        """Folders and files that were last seen."""
        return self._folders, {path: self.known[about] for path, about in self._files.items()}

    def restore(self) -> None:
        """Bring the folder back to what was last seen."""
        for at, folders, names in os.walk(self.folder, topdown=False):
            for name in names:
                path = os.path.join(at, name)  # noqa: PTH118
                if path not in self._files or _about(path)[0] != self._files[path][0]:
                    _REAL["unlink"](path)
            for name in folders:
                if os.path.join(at, name) not in self._folders:  # noqa: PTH118
                    _REAL["rmdir"](os.path.join(at, name))  # noqa: PTH118
        for path in self._folders:
            if not os.path.isdir(path):  # noqa: PTH112
                _REAL["mkdir"](path)
        for path, about in self._files.items():
            if not os.path.exists(path):  # noqa: PTH110
                _REAL["link"](self.kept / str(about[0]), path)
            if _about(path) != about:
                with _OPEN(path, "r+b") as file:
                    file.write(self.known[about])
                    file.truncate()
                os.utime(path, ns=(about[1], about[1]))


def _about(path: str) -> tuple[int, int, int]:
    """Which file it is, when it was written, and its size."""
    found = os.stat(path)  # noqa: PTH116
    return found.st_ino, found.st_mtime_ns, found.st_size
