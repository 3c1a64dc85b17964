"""What was computed is found again by what it was made of, whole or not at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from parkgap import store as store_module
from parkgap.store import Kept, LostPieceError, Memo, Shelf, Store, write_whole

FRAME = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "园"]})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def file_of(store: Store, stage: str) -> Path:
    (path,) = (store.folder / stage).glob("*/*.entry")
    return path


def test_an_entry_comes_back(store: Store) -> None:
    assert store.get("reach", "ab12") is None
    assert store.put("reach", "ab12", [b"one", b"two"])
    found = store.get("reach", "ab12")
    assert found is not None
    assert bytes(found) == b"onetwo"
    assert store.get("streets", "ab12") is None


@pytest.mark.parametrize("keep", [0, 1, 40, 100, -1])
def test_a_shortened_entry_is_thrown_away(store: Store, keep: int) -> None:
    store.put("reach", "ab12", [bytes(range(200))])
    path = file_of(store, "reach")
    path.write_bytes(path.read_bytes()[:keep])
    assert store.get("reach", "ab12") is None
    assert not path.exists()


def test_any_flipped_bit_is_seen(store: Store) -> None:
    store.put("reach", "ab12", [b"payload"])
    path = file_of(store, "reach")
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert store.get("reach", "ab12") is None, place


def test_an_entry_in_anothers_place_is_not_taken(store: Store) -> None:
    store.put("reach", "ab12", [b"payload"])
    path = file_of(store, "reach")
    path.rename(path.with_name("ab99.entry"))
    assert store.get("reach", "ab99") is None


def test_fresh_uses_nothing_and_keeps_what_it_makes(store: Store) -> None:
    store.put("reach", "ab12", [b"old"])
    fresh = Store(store.folder, reads=False)
    assert fresh.get("reach", "ab12") is None
    fresh.put("reach", "ab12", [b"new"])
    found = store.get("reach", "ab12")
    assert found is not None
    assert bytes(found) == b"new"


def test_a_full_disk_leaves_nothing_half_and_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert not store.put("reach", "ab12", [b"payload"])
    assert "No space left" in store.trouble
    assert not [p for p in store.folder.rglob("*") if p.is_file()]


def test_what_stood_there_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    write_whole(path, [b"old"])

    def broken(self: Path, target: Path) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(PermissionError):
        write_whole(path, [b"new"])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_clearing_by_age_keeps_what_was_of_use(store: Store) -> None:
    for key in ("ab12", "cd34"):
        store.put("reach", key, [b"payload"])
    long_ago = time.time() - 10 * 86_400
    old = store.folder / "reach" / "ab" / "ab12.entry"
    os.utime(old, (long_ago, long_ago))
    part = old.with_name(".ab12.entry.x.part")
    part.write_bytes(b"left behind by a run that was killed")
    os.utime(part, (long_ago, long_ago))
    assert [e.key for e in store.entries()] == ["ab12", "cd34"]
    assert store.clear(older_than_s=5 * 86_400) == (1, old_size := store.entries()[-1].bytes)
    assert old_size > len(b"payload")
    assert [e.key for e in store.entries()] == ["cd34"]
    assert not part.exists()
    assert store.get("reach", "cd34") is not None
    store.clear()
    assert not list(store.folder.rglob("*"))


def test_a_stage_runs_once_for_the_same_content(store: Store) -> None:
    calls = []

    def make() -> pd.DataFrame:
        calls.append(1)
        return FRAME

    memo = Memo(store, "v1")
    one = memo("streets", (FRAME, 3), make)
    other = Memo(store, "v1")("streets", (FRAME.copy(), 3), make)
    assert len(calls) == 1
    pd.testing.assert_frame_equal(other.value, FRAME)
    assert one.digest == other.digest
    for changed in ((FRAME.assign(a=[1.0, 3.0]), 3), (FRAME, 4)):
        Memo(store, "v1")("streets", changed, make)
    Memo(store, "v2")("streets", (FRAME, 3), make)  # another program
    Memo(store, "v1")("reach", (FRAME, 3), make)  # another stage
    assert len(calls) == 5


def test_a_stage_after_one_that_made_the_same_does_not_run(store: Store) -> None:
    """Early cut-off: what was made decides, not what it was made of."""
    memo = Memo(store, "v1")
    calls = []

    def second(first: Kept[int]) -> None:
        memo("second", (first,), lambda: calls.append(1))

    second(memo("first", (1,), lambda: 42))
    second(memo("first", (2,), lambda: 42))
    assert calls == [1]


def test_a_damaged_result_is_made_again(store: Store) -> None:
    Memo(store, "v1")("streets", (1,), lambda: FRAME)
    path = file_of(store, "streets")
    path.write_bytes(path.read_bytes()[:-3])
    memo = Memo(store, "v1")
    pd.testing.assert_frame_equal(memo("streets", (1,), lambda: FRAME).value, FRAME)
    assert memo.made == ["streets"]


def test_an_entry_of_a_version_that_wrote_otherwise_is_made_again(store: Store) -> None:
    memo = Memo(store, "v1")
    store.put("streets", memo.key("streets", (1,)), [b"whole, but of no kind that is known"])
    assert memo("streets", (1,), lambda: 5).value == 5


def test_pieces_are_kept_by_content_and_a_lost_one_is_said(store: Store) -> None:
    shelf = Shelf(store, memory=0)
    name = shelf.put(np.arange(3))
    assert shelf.put(np.arange(3)) == name
    assert Shelf(store).get(name).tolist() == [0, 1, 2]
    assert shelf.has([name])
    assert not shelf.has([name, "0" * 64])
    path = file_of(store, "piece")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(LostPieceError):
        Shelf(store).get(name)


def test_without_a_disk_pieces_stay_in_memory(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, payload: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(store_module, "write_whole", refuse)
    shelf = Shelf(store, memory=0)
    assert shelf.get(shelf.put([1, 2])) == [1, 2]
    nowhere = Shelf(None)
    assert nowhere.get(nowhere.put("a")) == "a"


def test_what_was_read_lately_is_not_old(store: Store) -> None:
    store.put("reach", "ab12", [b"payload"])
    long_ago = time.time() - 10 * 86_400
    os.utime(file_of(store, "reach"), (long_ago, long_ago))
    assert store.get("reach", "ab12") is not None
    assert store.clear(older_than_s=5 * 86_400) == (0, 0)


def test_a_part_that_another_run_is_writing_stays(store: Store) -> None:
    store.put("reach", "ab12", [b"payload"])
    part = file_of(store, "reach").with_name(".cd34.entry.0123.part")
    part.write_bytes(b"half")
    an_hour_ago = time.time() - 3600
    os.utime(part, (an_hour_ago, an_hour_ago))
    store.sweep()
    assert part.exists()
