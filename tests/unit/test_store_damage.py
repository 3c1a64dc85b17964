"""The store under adverse conditions: what it holds is right, or it holds nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from parkgap.store import LostPieceError, Shelf, Store

KEY = "ab" * 32


def entry(store: Store) -> Path:
    (found,) = store.folder.rglob("*.entry")
    return found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    assert made.put("stage", KEY, [b"pay", b"load"])
    return made


def test_every_flipped_bit_and_every_cut_is_seen_and_the_entry_thrown_away(store: Store) -> None:
    path = entry(store)
    whole = path.read_bytes()
    harmed = [whole[:n] for n in range(len(whole))]
    harmed += [
        whole[:i] + bytes([whole[i] ^ 1 << bit]) + whole[i + 1 :]
        for i in range(len(whole))
        for bit in (0, 7)
    ]
    for data in [*harmed, whole + b"\0"]:
        path.write_bytes(data)
        assert store.get("stage", KEY) is None
        assert not path.exists()
    path.write_bytes(whole)
    assert bytes(store.get("stage", KEY) or b"") == b"payload"


def test_an_entry_in_the_place_of_another_is_not_taken_for_it(store: Store) -> None:
    other = store.folder / "stage" / "cd" / f"{'cd' * 32}.entry"
    other.parent.mkdir()
    entry(store).rename(other)
    assert store.get("stage", "cd" * 32) is None


def refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def replace(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", replace)


def test_what_cannot_be_kept_is_said_once_and_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, errno.ENOSPC)
    assert not store.put("stage", "cd" * 32, [b"x"])
    assert "No space left" in store.trouble
    assert [p.name for p in store.folder.rglob("*") if p.is_file()] == [f"{KEY}.entry"]


def test_a_damaged_entry_that_cannot_be_replaced_does_not_count_as_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, errno.EACCES)
    assert store.put("stage", KEY, [b"pay", b"load"])  # whole: somebody else made it first
    entry(store).write_bytes(b"damaged")
    assert not store.put("stage", KEY, [b"pay", b"load"])


def test_pieces_that_the_disk_does_not_take_stay_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, errno.ENOSPC)
    shelf = Shelf(Store(tmp_path), memory=0)
    assert shelf.get(shelf.put(["value"])) == ["value"]


def test_a_store_that_is_cleared_by_another_is_filled_again(store: Store) -> None:
    shelf = Shelf(store, memory=0)
    name = shelf.put(["value"])
    size = sum(p.stat().st_size for p in store.folder.rglob("*.entry"))
    assert Store(store.folder).clear() == (2, size)
    assert not store.folder.exists()
    with pytest.raises(LostPieceError):
        shelf.get(name)
    assert shelf.get(shelf.put(["value"])) == ["value"]


def test_clearing_takes_folders_away_between_two_steps_of_writing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.mkdir
    times: list[int] = []

    def mkdir(self: Path, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        if self.name == "cd" and not times:
            times.append(1)
            self.rmdir()

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert store.put("stage", "cd" * 32, [b"x"])
    assert store.trouble == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_what_one_user_keeps_another_may_read(store: Store) -> None:
    umask = os.umask(0)
    os.umask(umask)
    assert entry(store).stat().st_mode & 0o777 == 0o666 & ~umask
