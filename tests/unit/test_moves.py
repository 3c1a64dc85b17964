"""What a killed run had begun in a result folder is undone by whoever comes next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.faulty_files import tree

from parkgap.publish.folder import Staging
from parkgap.publish.moves import Moves
from parkgap.publish.turn import settle

OLD = {"a.csv": b"old", "gone.csv": b"old", "parks/p.html": b"old"}
NEW = {"a.csv": b"new", "parks/p.html": b"new", "rooms/q.html": b"new"}


@pytest.fixture
def moves(tmp_path: Path) -> Moves:
    """A commit that was noted down and did nothing yet; its process is gone."""
    target, root = tmp_path / "town", tmp_path / ".town.ab3d_f9h.part"
    write(target, OLD)
    found = Moves(root, target)
    write(found.new, NEW)
    found.note(list(NEW), ["gone.csv"])
    return found


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.mark.parametrize("done", range(4))
def test_moves_that_came_to_no_end_are_undone(moves: Moves, done: int) -> None:
    for name in ("a.csv", "rooms/q.html")[:done]:
        moves.put(name)
    if done == 3:
        (moves.target / "gone.csv").unlink()
    settle(moves.target)
    assert tree(moves.target) == OLD
    assert not (moves.target / "rooms").exists()
    assert [p.name for p in moves.target.parent.iterdir()] == ["town"]


def test_a_file_that_is_still_to_be_removed_means_that_it_came_to_no_end(moves: Moves) -> None:
    for name in NEW:
        moves.put(name)
    assert (moves.target / "gone.csv").exists()
    settle(moves.target)
    assert tree(moves.target) == OLD


def test_moves_that_were_all_done_stay(moves: Moves) -> None:
    for name in NEW:
        moves.put(name)
    (moves.target / "gone.csv").unlink()
    settle(moves.target)
    assert tree(moves.target) == NEW
    assert [p.name for p in moves.target.parent.iterdir()] == ["town"]


def test_whoever_is_killed_while_undoing_is_followed_by_another(moves: Moves) -> None:
    moves.put("a.csv")
    moves.put("rooms/q.html")
    (moves.old / "a.csv").replace(moves.target / "a.csv")  # so far the first one came
    assert moves.undo() == []
    assert moves.undo() == []
    assert tree(moves.target) == OLD


def test_half_a_note_means_that_nothing_had_moved(moves: Moves) -> None:
    note = moves.root / "moves.json"
    note.write_bytes(note.read_bytes()[:20])
    settle(moves.target)
    assert tree(moves.target) == OLD
    assert not moves.root.exists()


def test_the_next_run_clears_up_and_lists_nothing_of_the_killed_one(moves: Moves) -> None:
    moves.put("rooms/q.html")
    with Staging(moves.target) as staging:
        (staging.path / "run.json").write_text(json.dumps({"outputs": {}}), encoding="utf-8")
        staging.commit()
    assert set(tree(moves.target)) == {*OLD, "run.json"}
    assert [p.name for p in moves.target.parent.iterdir()] == ["town"]


def test_folders_of_other_results_and_of_users_stay(moves: Moves) -> None:
    parent = moves.target.parent
    names = [
        ".town.b.ab3d_f9h.part",
        ".town.part",
        ".town.longer_name.part",
        ".village.ab3d_f9h.part",
    ]
    for name in names:
        (parent / name).mkdir()
    settle(moves.target)
    assert {p.name for p in parent.iterdir()} == {"town", *names}


def test_a_folder_that_nobody_left_anything_beside_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / "town").mkdir()
    before = tmp_path.stat().st_mtime_ns
    settle(tmp_path / "town")
    settle(tmp_path / "not there")
    assert tmp_path.stat().st_mtime_ns == before
