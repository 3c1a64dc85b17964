"""Moving staged files into a result folder so that a stop at any moment can be made good.

Before the first file moves, everything that is to be replaced is kept beside, what is to move is
written down, and both are on the disk.  Whoever comes next, after a kill or a power cut, reads
that and puts the earlier results back; to do so twice, or to be stopped at it, is harmless.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_JOURNAL = "moves.json"
_NO_SYNC = {errno.EINVAL, errno.EBADF, getattr(errno, "ENOTSUP", errno.EINVAL)}
_BUSY_S = (0.05, 0.1, 0.2, 0.4, 0.8)  # a virus scanner lets go of a new file by then


@dataclass(frozen=True)
class Moves:
    """The moves of one commit.

    Parameters
    ----------
    root
        The staging folder: ``new`` holds what is to move, ``old`` what it replaces.
    target
        The result folder.
    """

    root: Path
    target: Path

    @property
    def new(self) -> Path:
        """Where the staged files lie."""
        return self.root / "new"

    @property
    def old(self) -> Path:
        """Where the earlier files are kept."""
        return self.root / "old"

    @property
    def _journal(self) -> Path:
        return self.root / _JOURNAL

    def note(self, new: Sequence[str], gone: Sequence[str]) -> None:
        """Keep what is to be replaced or removed, and write down what is to be done."""
        had = [n for n in (*new, *gone) if (self.target / n).exists()]
        for name in had:
            _keep_copy(self.target / name, self.old / name)
        for name in new:
            _sync_file(self.new / name)
        _sync_folders([self.old / n for n in had], self.root)
        _sync_folders([self.new / n for n in new], self.root)
        text = json.dumps({"new": list(new), "gone": list(gone), "had": had})
        # Half of it is no JSON: no move had begun then.
        with self._journal.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self.root)

    def put(self, name: str) -> None:
        """Move one staged file into its place."""
        place = self.target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        move(self.new / name, place)

    def close(self, names: Iterable[str]) -> None:
        """Note that all moves are done and on the disk."""
        _sync_folders([self.target / n for n in names], self.target)
        with contextlib.suppress(OSError):  # that all is done can be seen
            self._journal.unlink()

    def undo(self, *, done_too: bool = False) -> list[str]:
        """Put back what was there before moves that came to no end.

        Parameters
        ----------
        done_too
            Put it back even where all had moved.

        Returns
        -------
        Names for which that failed; their earlier files stay in `old`.
        """
        noted = self._noted()
        if noted is None or (self._all_done(noted) and not done_too):
            return []
        names, had = [*noted["new"], *noted["gone"]], set(noted["had"])
        lost = []
        for name in names:
            kept, place = self.old / name, self.target / name
            try:
                if name not in had:
                    place.unlink(missing_ok=True)
                elif kept.exists() and not same(kept, place):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    move(kept, place)
            except OSError:
                lost.append(name)
        drop_empty(self.target, (n for n in names if n not in had))
        if not lost:
            with contextlib.suppress(OSError):
                _sync_folders([self.target / n for n in names], self.target)
                self._journal.unlink()
        return lost

    def _noted(self) -> dict[str, list[str]] | None:
        """Read what was written down; None where no move had begun."""
        try:
            noted = json.loads(self._journal.read_text(encoding="utf-8"))
            return {key: [str(n) for n in noted[key]] for key in ("new", "gone", "had")}
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _all_done(self, noted: dict[str, list[str]]) -> bool:
        waiting = any((self.new / n).exists() for n in noted["new"])
        return not waiting and not any((self.target / n).exists() for n in noted["gone"])


def same(one: Path, other: Path) -> bool:
    """Tell whether two files have the same bytes."""
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def move(source: Path, to: Path) -> None:
    """Move a file, in place of another; patient with programs that look at it for a moment."""
    for wait in _BUSY_S:
        try:
            source.replace(to)
        except PermissionError:
            if os.name != "nt":  # only Windows minds that somebody reads it
                raise
            time.sleep(wait)
        else:
            return
    source.replace(to)


def drop_empty(target: Path, names: Iterable[str]) -> None:
    """Remove folders below `target` that held the named files and are empty now."""
    above = {p for n in names for p in (target / n).parents if target in p.parents}
    for folder in sorted(above, reverse=True):
        with contextlib.suppress(OSError):  # an empty folder harms nobody
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _keep_copy(path: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        copy.hardlink_to(path)
    except OSError:  # some file systems (exFAT, network shares) know no hard links
        shutil.copy2(path, copy)
        _sync_file(copy)


def _sync_file(path: Path) -> None:
    # Windows flushes only what may be written to.
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folders(paths: Iterable[Path], top: Path) -> None:
    """Bring to the disk which files the folders from those of `paths` up to `top` hold."""
    folders = {p for path in paths for p in path.parents if p == top or top in p.parents}
    for folder in sorted(folders, reverse=True):
        if folder.is_dir():
            _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # which knows no such thing
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(handle)
