"""The result folder: staged, then replaced file by file; nothing is ever lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from parkgap.errors import OutputError
from parkgap.publish.folder import Replaced, Staging

OLD = {"index.html": "old index", "ranking.csv": "old ranking", "parks/a.html": "old a"}


def record(names: list[str]) -> str:
    return json.dumps({"outputs": {n: {"sha256": "0" * 64} for n in names}})


def publish(target: Path, files: dict[str, str], listed: list[str] | None = None) -> Replaced:
    """Publish `files` and a run.json that lists them."""
    with Staging(target) as staging:
        write(staging.path, files)
        text = record(sorted(files) if listed is None else listed)
        (staging.path / "run.json").write_text(text, encoding="utf-8")
        return staging.commit()


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def read(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): p.read_text(encoding="utf-8")
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "maps" / "huangdao"
    publish(folder, OLD)
    return folder


def refuse(monkeypatch: pytest.MonkeyPatch, *names: str, times: int = 99) -> None:
    """Make os.replace refuse to put anything in place of these files, as Windows does."""
    real, left = os.replace, {"n": times}

    def replace(source: Any, to: Any) -> None:
        if Path(to).name in names and left["n"] > 0:
            left["n"] -= 1
            raise PermissionError(errno.EACCES, "in use", str(to))
        real(source, to)

    monkeypatch.setattr(os, "replace", replace)


def test_a_new_folder_gets_every_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "maps" / "huangdao"
    done = publish(target, OLD)
    assert read(target) == {**OLD, "run.json": record(sorted(OLD))}
    assert done == Replaced(("index.html", "parks/a.html", "ranking.csv", "run.json"), (), ())
    assert [p.name for p in target.parent.iterdir()] == ["huangdao"]


def test_files_are_replaced_one_by_one_and_run_json_last(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[str] = []
    real = os.replace

    def replace(source: Any, to: Any) -> None:
        moved.append(Path(to).relative_to(target).as_posix())
        # What is no longer of the results is gone before their record comes, and not earlier.
        assert (target / "gone.csv").exists() is (Path(to).name != "run.json")
        real(source, to)

    publish(target, {**OLD, "gone.csv": "x"})
    monkeypatch.setattr(os, "replace", replace)
    publish(target, {"a.csv": "new", "timings.json": "{}", "zone.csv": "new"})
    assert moved == ["a.csv", "zone.csv", "timings.json", "run.json"]
    assert not (target / "gone.csv").exists()


def test_files_with_the_same_bytes_are_left_untouched(target: Path) -> None:
    before = {p: p.stat() for p in target.rglob("*") if p.is_file()}
    done = publish(target, {**OLD, "ranking.csv": "new ranking"})
    assert done.written == ("ranking.csv",)
    assert done.unchanged == ("index.html", "parks/a.html", "run.json")
    for path, stat in before.items():
        now = path.stat()
        untouched = (now.st_ino, now.st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)
        assert untouched is (path.name != "ranking.csv")


def test_only_listed_files_of_the_earlier_run_are_removed(target: Path) -> None:
    write(target, {"minutes.docx": "mine", "parks/own.html": "mine"})
    done = publish(target, {"index.html": "new"})
    assert done.removed == ("parks/a.html", "ranking.csv")
    assert set(read(target)) == {"index.html", "minutes.docx", "parks/own.html", "run.json"}


def test_a_folder_that_is_empty_after_removal_goes_too(target: Path) -> None:
    publish(target, {"index.html": "new"})
    assert not (target / "parks").exists()


def test_a_record_that_names_files_outside_the_folder_is_not_believed(
    target: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "maps" / "outside.csv"
    write(tmp_path / "elsewhere", {"deep.csv": "mine"})
    outside.write_text("mine", encoding="utf-8")
    (target / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    names = ["../outside.csv", str(outside), "link/deep.csv", "parks/../../outside.csv", ""]
    (target / "run.json").write_text(record(names), encoding="utf-8")
    assert publish(target, OLD).removed == ()
    assert outside.read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "elsewhere" / "deep.csv").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"outputs": 3}', '{"outputs": ["index.html"]}', "{"])
def test_a_damaged_record_removes_nothing(target: Path, text: str) -> None:
    (target / "run.json").write_text(text, encoding="utf-8")
    assert publish(target, {"a.csv": "x"}).removed == ()
    assert {"index.html", "ranking.csv", "parks/a.html"} < set(read(target))


def test_every_file_that_is_open_elsewhere_is_named_before_anything_moves(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(target)
    real = Path.open

    def locked(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if "+" in mode and self.name in ("ranking.csv", "a.html"):
            raise PermissionError(errno.EACCES, "in use", str(self))
        return real(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(OutputError) as caught:
        publish(target, dict.fromkeys(OLD, "new"))
    message = str(caught.value)
    assert str(target / "ranking.csv") in message
    assert str(target / "parks" / "a.html") in message
    assert "index.html" not in message
    assert "请关闭后重新运行" in message
    assert "close them and run again" in message
    assert read(target) == before
    assert [p.name for p in target.parent.iterdir()] == ["huangdao"]


@pytest.mark.parametrize("name", ["index.html", "ranking.csv", "a.html", "run.json"])
def test_a_file_that_refuses_in_the_middle_leaves_all_as_it_was(
    target: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = read(target)
    refuse(monkeypatch, name)
    files = {"index.html": "new", "parks/a.html": "new", "ranking.csv": "new", "new/b.html": "new"}
    with pytest.raises(OutputError, match=name):
        publish(target, files)
    assert read(target) == before
    assert not (target / "new").exists()
    assert [p.name for p in target.parent.iterdir()] == ["huangdao"]


def test_removed_files_come_back_when_the_record_cannot_be_replaced(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(target)
    refuse(monkeypatch, "run.json")
    with pytest.raises(OutputError):
        publish(target, {"index.html": "new"})
    assert read(target) == before


def test_an_interruption_in_the_middle_leaves_all_as_it_was(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(target)
    real = os.replace

    def interrupted(source: Any, to: Any) -> None:
        if "new" in Path(source).parts and Path(to).name == "ranking.csv":
            raise KeyboardInterrupt
        real(source, to)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(target, dict.fromkeys(OLD, "new"))
    assert read(target) == before


def test_what_cannot_be_put_back_is_kept_and_its_place_is_said(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def broken(source: Any, to: Any) -> None:
        restoring = "old" in Path(source).parts
        if restoring or Path(to).name == "run.json":
            raise PermissionError(errno.EACCES, "in use", str(to))
        real(source, to)

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OutputError, match=r"could not be put back: index\.html") as caught:
        publish(target, {**OLD, "index.html": "new"}, listed=[])
    kept = Path(str(caught.value).rsplit("kept in ", 1)[1])
    assert (kept / "index.html").read_text(encoding="utf-8") == "old index"


def test_copies_are_kept_where_hard_links_are_unknown(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    before = read(target)
    refuse(monkeypatch, "ranking.csv")
    with pytest.raises(OutputError, match=r"ranking\.csv"):
        publish(target, dict.fromkeys(OLD, "new"))
    assert read(target) == before


def test_a_full_disk_while_writing_leaves_all_as_it_was(target: Path) -> None:
    before = read(target)

    def fill() -> None:
        with Staging(target) as staging:
            write(staging.path, {"index.html": "half"})
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="磁盘空间不足") as caught:
        fill()
    assert "disk is full" in str(caught.value)
    assert read(target) == before
    assert [p.name for p in target.parent.iterdir()] == ["huangdao"]


def test_a_full_disk_while_keeping_copies_leaves_all_as_it_was(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = read(target)
    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(OutputError, match="disk is full"):
        publish(target, dict.fromkeys(OLD, "new"))
    assert read(target) == before


def test_errors_of_other_places_pass_through_unchanged(target: Path) -> None:
    before = read(target)

    def stumble() -> None:
        with Staging(target) as staging:
            write(staging.path, {"index.html": "half"})
            Path("no such input.csv").read_text(encoding="utf-8")

    with pytest.raises(FileNotFoundError):
        stumble()
    assert read(target) == before


def test_leaving_without_commit_leaves_no_trace(tmp_path: Path) -> None:
    with Staging(tmp_path / "maps" / "new") as staging:
        write(staging.path, {"index.html": "half"})
        assert staging.path.is_relative_to(tmp_path / "maps")
        assert not staging.path.is_relative_to(tmp_path / "maps" / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "maps").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="另选 --out"), Staging(tmp_path / "maps"):
        pass
    assert read(tmp_path) == {"maps": "mine"}


def test_staging_moves_inside_where_its_parent_may_not_be_written(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = target.parent
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != parent)
    with Staging(target) as staging:
        assert staging.path.is_relative_to(target)
        write(staging.path, {**OLD, "run.json": record(sorted(OLD)), "index.html": "new"})
        staging.commit()
    assert read(target) == {**OLD, "index.html": "new", "run.json": record(sorted(OLD))}
