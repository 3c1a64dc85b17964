"""The result folder: written beside itself first, then replaced file by file.

Nobody ever sees half a result.  All files are made in a staging folder; only when every
one of them is whole, and every file that it is to replace can be written, does the first
one move.  ``run.json`` moves last, so that a reader who finds its hashes right knows that
he has one run before him.  One run at a time has the folder (:mod:`parkgap.publish.turn`), and
what a killed one had begun is undone by the next (:mod:`parkgap.publish.moves`).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from parkgap.errors import OutputError
from parkgap.publish.moves import Moves, drop_empty, same
from parkgap.publish.record import RUN_FILE, TIMINGS_FILE
from parkgap.publish.turn import Tell, lost_files, staging_parent, staging_prefix, turn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


@dataclass(frozen=True)
class Replaced:
    """What :meth:`Staging.commit` did; names are relative to the folder, with ``/``."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


class Staging:
    """A result folder in the making; leaving the block without ``commit`` discards it.

    Parameters
    ----------
    target
        The result folder; made, with its parents, where it is missing.
    tell
        Called with a sentence where another run has the folder, and this one waits.

    Attributes
    ----------
    path
        Where to write, while the block lasts.

    Raises
    ------
    OutputError
        The folder cannot be made, a file in it cannot be replaced (every such file is
        named), or the disk is full.  Earlier results are then as they were.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     with Staging(Path(parent) / "study") as staging:
    ...         _ = (staging.path / "run.json").write_text("{}", encoding="utf-8")
    ...         done = staging.commit()
    >>> done.written
    ('run.json',)
    """

    def __init__(self, target: Path, tell: Tell = lambda _: None) -> None:
        self.target = target.resolve()
        self._tell = tell
        self._held = ExitStack()
        self._root: Path | None = None
        self._made: list[Path] = []
        self._keep = False

    @property
    def path(self) -> Path:
        """The folder to write to."""
        return self._part("new")

    def _part(self, name: str) -> Path:
        if self._root is None:
            raise RuntimeError("a Staging is only usable inside its with block")
        return self._root / name

    def __enter__(self) -> Staging:
        if self.target.exists() and not self.target.is_dir():
            raise OutputError(
                f"{self.target}：此处已有同名文件，无法作为结果文件夹；请改名或另选 --out / "
                f"{self.target}: a file of this name is in the way; rename it, or choose "
                "another --out"
            )
        self._made = [p for p in (self.target, *self.target.parents) if not p.exists()]
        try:
            self.target.mkdir(parents=True, exist_ok=True)
            self._held.enter_context(turn(self.target, self._tell))
            self.target.mkdir(exist_ok=True)  # the run before may have taken its own away again
            parent = staging_parent(self.target)
            prefix = staging_prefix(self.target)
            self._root = Path(tempfile.mkdtemp(prefix=prefix, suffix=".part", dir=parent))
            self.path.mkdir()
        except OutputError:
            self._discard()
            raise
        except OSError as error:
            self._discard()
            raise _refused(self.target, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        mine = isinstance(error, OSError) and self._concerns(error)
        self._discard()
        if mine and isinstance(error, OSError):
            raise _refused(self.target, error) from error

    def _concerns(self, error: OSError) -> bool:
        """Tell whether writing into the staging folder failed, rather than reading elsewhere."""
        if isinstance(error, OutputError):
            return False
        # A write that fails names no file; nothing else is written meanwhile.
        if error.errno in _FULL or error.filename is None:
            return True
        return self._root is not None and str(self._root) in str(error.filename)

    def commit(self) -> Replaced:
        """Put the staged files in place of the old ones, ``run.json`` last.

        Files with the same bytes are left untouched.  A file that an earlier run listed in
        its ``run.json`` and that this one no longer makes is removed; no other file is.
        """
        staged = _in_order(_files(self.path))
        old = [n for n in staged if same(self.path / n, self.target / n)]
        new = [n for n in staged if n not in set(old)]
        # where a file system ignores case, A.html and a.html are one file
        taken = {os.path.normcase(n) for n in staged}
        gone = [n for n in _listed(self.target) if os.path.normcase(n) not in taken]
        _check_writable(self.target, [*new, *gone])
        self._replace(new, gone)
        drop_empty(self.target, gone)
        return Replaced(tuple(new), tuple(old), tuple(gone))

    def _replace(self, new: list[str], gone: list[str]) -> None:
        """Move `new` into place and take `gone` away; undo all of it at the first refusal."""
        moves = Moves(self._part("."), self.target)
        name = ""
        last = [n for n in new if n == RUN_FILE]
        try:
            moves.note(new, gone)
            for name in [n for n in new if n != RUN_FILE]:
                moves.put(name)
            for name in gone:
                (self.target / name).unlink()
            for name in last:
                moves.put(name)
            moves.close([*new, *gone])
        except BaseException as error:
            if lost := moves.undo(done_too=True):
                self._keep = True
                raise lost_files(self.target, moves.root, lost) from error
            if isinstance(error, OSError):
                raise _refused(self.target / name, error) from error
            raise

    def _discard(self) -> None:
        if self._root is not None and not self._keep:
            shutil.rmtree(self._root, ignore_errors=True)
        self._root = None
        for folder in self._made[:1]:
            with contextlib.suppress(OSError):  # only where it is empty
                folder.rmdir()
        self._held.close()
        for folder in self._made[1:]:  # deepest first
            with contextlib.suppress(OSError):
                folder.rmdir()


def _files(folder: Path) -> list[str]:
    return [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]


def _in_order(names: Iterable[str]) -> list[str]:
    """Sort names, the timings and then the record of the run at the end."""
    return sorted(names, key=lambda n: (n == RUN_FILE, n == TIMINGS_FILE, n))


def _listed(target: Path) -> list[str]:
    """Files of the earlier run that are still there, by its own record.

    The record may be damaged or someone else's, so nothing outside the folder is believed.
    """
    try:
        outputs = json.loads((target / RUN_FILE).read_text(encoding="utf-8"))["outputs"]
        names = [str(n) for n in outputs] if isinstance(outputs, dict) else []
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return sorted(n for n in names if inside(target, n) and (target / n).is_file())


def inside(target: Path, name: str) -> bool:
    """Tell whether a name lies within a (resolved) folder, whoever wrote it."""
    pure = PurePosixPath(name)
    if not name or "\\" in name or ":" in name or pure.is_absolute() or ".." in pure.parts:
        return False
    folder = (target / name).parent.resolve()
    return folder == target or target in folder.parents


def _check_writable(target: Path, names: Iterable[str]) -> None:
    """Refuse before the first file moves; every file in the way is named at once."""
    blocked: list[str] = []
    for name in names:
        path = target / name
        if not path.exists():
            continue
        try:
            # Excel and Word hold a file so that nobody else may open it for writing.
            with path.open("r+b"):
                pass
        except OSError:
            blocked.append(str(path))
    if blocked:
        raise _locked(blocked)


def _locked(paths: list[str]) -> OutputError:
    names = "\n  ".join(paths)
    return OutputError(
        "以下文件无法写入，可能正在 Excel 等程序中打开；请关闭后重新运行，原有结果没有改动 / "
        "these files cannot be written, they may be open in Excel or another program; close "
        f"them and run again, earlier results are unchanged:\n  {names}"
    )


def _refused(path: Path, error: OSError) -> OutputError:
    if error.errno in _FULL:
        return OutputError(
            f"{path}：磁盘空间不足；请清理磁盘后重新运行，原有结果没有改动 / "
            f"{path}: the disk is full; make room and run again, earlier results are unchanged"
        )
    if isinstance(error, PermissionError):
        return _locked([str(path)])
    return OutputError(
        f"{path}：无法写入（{error.strerror or error}）；原有结果没有改动 / "
        f"{path}: cannot be written ({error.strerror or error}); earlier results are unchanged"
    )
