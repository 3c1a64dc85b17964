"""Taking turns at a result folder: one run at a time puts its files in place.

Whoever has the turn also clears up after runs that were killed: it puts back what one of them
had half replaced, and removes what they had staged.  The operating system ends a killed
run's turn; the lock file is gone when nobody has the turn, and goes with the next one else.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from parkgap.errors import OutputError
from parkgap.publish.moves import Moves

Tell = Callable[[str], None]

_WAIT_S = 3600.0  # for a run that puts its results there
_STALE_S = 86_400.0
_NO_LOCKS = {
    getattr(errno, name)
    for name in ("ENOSYS", "ENOLCK", "EOPNOTSUPP", "ENOTSUP", "EINVAL")
    if hasattr(errno, name)
}


def staging_parent(target: Path) -> Path:
    """Beside the target; inside it where that is another disk or may not be written to."""
    beside = target.parent
    same_disk = beside.stat().st_dev == target.stat().st_dev
    return beside if same_disk and os.access(beside, os.W_OK) else target


def staging_prefix(target: Path) -> str:
    """What the names of a result folder's staging folders begin with."""
    return f".{target.name}."


@contextmanager
def turn(target: Path, tell: Tell = lambda _: None) -> Iterator[None]:
    """Have a result folder alone; what killed runs left is cleared up first.

    Parameters
    ----------
    target
        The result folder, resolved; it exists.
    tell
        Called with a sentence where another run has the turn.

    Raises
    ------
    OutputError
        Another run does not come to its end, or earlier files cannot be put back.
    OSError
        The lock file cannot be made.
    """
    from filelock import FileLock, Timeout

    file = _lock_file(target)
    lock = FileLock(file, mode=0o666, fallback_to_soft=False)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tell("等待另一个运行写完结果 / waiting for another run to finish its results")
            lock.acquire(timeout=_WAIT_S)
    except Timeout as error:
        raise OutputError(
            f"{target}：另一个运行一直占用此结果文件夹，请先结束它 / "
            f"{target}: another run keeps this result folder; end it first"
        ) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        # This file system knows no locks: no more than what is surely nobody's is cleared up.
        _clear_up(target, _STALE_S)
        yield
        return
    try:
        _clear_up(target, 0.0)
        yield
    finally:
        # Windows removes no open file; the lock does it there when it is released.
        if os.name != "nt":
            with contextlib.suppress(OSError):
                file.unlink()
        with contextlib.suppress(OSError):
            lock.release()


def settle(target: Path, tell: Tell = lambda _: None) -> None:
    """Wait for a run that is putting its files in place, and clear up after killed ones.

    Costs nothing where there is neither.  Whoever may only read the folder reads it as it is.

    Raises
    ------
    OutputError
        As :func:`turn`.
    """
    target = target.resolve()
    if not target.is_dir():
        return
    try:
        if not _lock_file(target).exists() and not _leftovers(target):
            return
        with turn(target, tell):
            pass
    except OutputError:
        raise
    except OSError:
        return


def _lock_file(target: Path) -> Path:
    return staging_parent(target) / f".{target.name}.lock"


def _leftovers(target: Path) -> list[Path]:
    """Staging folders of a result folder, whoever's they are."""
    # The form of mkdtemp's names: those of a folder "a.b" are none of a folder "a".
    form = re.compile(re.escape(staging_prefix(target)) + r"[a-z0-9_]{8}\.part")
    found = []
    for parent in (target.parent, target):
        with contextlib.suppress(OSError):
            found += [p for p in parent.iterdir() if form.fullmatch(p.name) and p.is_dir()]
    return sorted(found)


def _clear_up(target: Path, older_than_s: float) -> None:
    now = time.time()
    for root in _leftovers(target):
        try:
            if now - root.stat().st_mtime < older_than_s:
                continue
        except OSError:
            continue
        if lost := Moves(root, target).undo():
            raise lost_files(target, root, lost)
        shutil.rmtree(root, ignore_errors=True)


def lost_files(target: Path, root: Path, lost: list[str]) -> OutputError:
    """Say that earlier files could not be put back, and where they are."""
    names, kept = ", ".join(lost), Moves(root, target).old
    return OutputError(
        f"{target}：替换结果时出错，未能还原 {names}；原文件保存在 {kept} / "
        f"{target}: replacing the results failed, and these could not be put "
        f"back: {names}; the earlier files are kept in {kept}"
    )
