"""The result folder: written beside itself first, then replaced file by file.

Nobody ever sees half a result.  All files are made in a staging folder; only when every
one of them is whole, and every file that it is to replace can be written, does the first
one move.  ``run.json`` moves last, so that a reader who finds its hashes right knows that
he has one run before him.
"""

from __future__ import annotations

import errno
import filecmp
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from parkgap.errors import OutputError
from parkgap.publish.record import RUN_FILE, TIMINGS_FILE

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

    def __init__(self, target: Path) -> None:
        self.target = target.resolve()
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
            self._root = Path(
                tempfile.mkdtemp(
                    prefix=f".{self.target.name}.", suffix=".part", dir=_staging_parent(self.target)
                )
            )
            self.path.mkdir()
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
        named = error.filename if isinstance(error.filename, str) else ""
        return error.errno in _FULL or (self._root is not None and str(self._root) in named)

    def commit(self) -> Replaced:
        """Put the staged files in place of the old ones, ``run.json`` last.

        Files with the same bytes are left untouched.  A file that an earlier run listed in
        its ``run.json`` and that this one no longer makes is removed; no other file is.
        """
        staged = _in_order(_files(self.path))
        same = [n for n in staged if _same(self.path / n, self.target / n)]
        new = [n for n in staged if n not in set(same)]
        # where a file system ignores case, A.html and a.html are one file
        taken = {os.path.normcase(n) for n in staged}
        gone = [n for n in _listed(self.target) if os.path.normcase(n) not in taken]
        _check_writable(self.target, [*new, *gone])
        self._replace(new, gone)
        _drop_empty(self.target, gone)
        return Replaced(tuple(new), tuple(same), tuple(gone))

    def _replace(self, new: list[str], gone: list[str]) -> None:
        """Move `new` into place and take `gone` away; undo all of it at the first refusal."""
        kept = self._part("old")
        begun: list[str] = []
        name = ""
        last = [n for n in new if n == RUN_FILE]
        try:
            for name in [*new, *gone]:
                _keep_copy(self.target / name, kept / name)
            for name in [n for n in new if n != RUN_FILE]:
                begun.append(name)
                (self.target / name).parent.mkdir(parents=True, exist_ok=True)
                (self.path / name).replace(self.target / name)
            for name in gone:
                begun.append(name)
                (self.target / name).unlink()
            for name in last:
                begun.append(name)
                (self.path / name).replace(self.target / name)
        except BaseException as error:
            lost = _restore(self.target, kept, begun)
            if lost:
                self._keep = True
                names = ", ".join(lost)
                raise OutputError(
                    f"{self.target}：替换结果时出错，未能还原 {names}；原文件保存在 {kept} / "
                    f"{self.target}: replacing the results failed, and these could not be put "
                    f"back: {names}; the earlier files are kept in {kept}"
                ) from error
            if isinstance(error, OSError):
                raise _refused(self.target / name, error) from error
            raise

    def _discard(self) -> None:
        if self._root is not None and not self._keep:
            shutil.rmtree(self._root, ignore_errors=True)
        self._root = None
        for folder in self._made:  # deepest first
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _staging_parent(target: Path) -> Path:
    """Beside the target; inside it where that is another disk or may not be written to."""
    beside = target.parent
    same_disk = beside.stat().st_dev == target.stat().st_dev
    return beside if same_disk and os.access(beside, os.W_OK) else target


def _files(folder: Path) -> list[str]:
    return [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]


def _in_order(names: Iterable[str]) -> list[str]:
    """Sort names, the timings and then the record of the run at the end."""
    return sorted(names, key=lambda n: (n == RUN_FILE, n == TIMINGS_FILE, n))


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


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


def _keep_copy(path: Path, copy: Path) -> None:
    if not path.exists():
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        copy.hardlink_to(path)
    except OSError:  # some file systems (exFAT, network shares) know no hard links
        shutil.copy2(path, copy)


def _restore(target: Path, kept: Path, begun: Iterable[str]) -> list[str]:
    """Put back what was there; return the names for which that failed."""
    lost = []
    for name in begun:
        old = kept / name
        try:
            if not old.exists():
                (target / name).unlink(missing_ok=True)
            elif not _same(old, target / name):
                old.replace(target / name)
        except OSError:
            lost.append(name)
    _drop_empty(target, (n for n in begun if not (target / n).exists()))
    return lost


def _drop_empty(target: Path, names: Iterable[str]) -> None:
    """Remove folders below `target` that held the named files and are empty now."""
    above = {p for n in names for p in (target / n).parents if target in p.parents}
    for folder in sorted(above, reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


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
