"""Which files a watch looks at, whether they changed, and when they are quiet."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.towns import Town, village

from parkgap.study import Study
from parkgap.watched import Hasher, Inputs, Settler, StudyFiles, key, mark, named_files

OLD = 1_700_000_000  # seconds since the epoch: long before any test


def aged(file: Path, text: str, at: int = OLD) -> Path:
    """Write a file whose content is of an old day."""
    file.write_text(text, encoding="utf-8")
    os.utime(file, (at, at))
    return file


@pytest.fixture
def study(tmp_path: Path) -> Study:
    town: Town = village()
    return town.write(tmp_path / "studies" / "town")


def looked(study: Study, out: Path) -> tuple[StudyFiles, Callable[[Study], Path]]:
    where = lambda loaded: out / loaded.name  # noqa: E731
    return StudyFiles(study.root, where), where


# --- which paths count ----------------------------------------------------------------------------


def test_every_input_counts_and_study_toml_itself(study: Study, tmp_path: Path) -> None:
    inputs = looked(study, tmp_path)[0]()
    names = ["study.toml", "town.osm", "parks.geojson", "enterprises.csv"]
    assert [f.name for f in inputs.files] == names
    assert all(inputs.counts(str(study.root / n)) for n in names)
    assert inputs.folders() == (study.root.resolve(),)


@pytest.mark.parametrize(
    "name",
    [
        "~$parks.geojson",
        ".~lock.parks.geojson#",
        ".parks.geojson.swp",
        "parks.geojson~",
        "#parks.geojson#",
        ".#parks.geojson",
        "parks.geojson.tmp",
        "4913",
        "A1B2C300",
        ".parkgap/parks.geojson",
        "old/parks.geojson",
        "notes.txt",
    ],
)
def test_locks_backups_and_what_the_study_does_not_name_never_count(
    study: Study, tmp_path: Path, name: str
) -> None:
    assert not looked(study, tmp_path)[0]().counts(study.root / name)


def test_inputs_outside_the_study_are_listened_to_where_they_lie(tmp_path: Path) -> None:
    study = village().write(tmp_path / "a" / "town")
    other = tmp_path / "shared tables"
    other.mkdir()
    (study.root / "parks.geojson").rename(other / "parks.geojson")
    text = study.path.read_text(encoding="utf-8")
    named = text.replace('"parks.geojson"', '"../../shared tables/parks.geojson"')
    study.path.write_text(named, encoding="utf-8")
    inputs = StudyFiles(study.root, lambda _: tmp_path / "out")()
    assert inputs.counts(other / "parks.geojson")
    assert not inputs.counts(study.root / "parks.geojson")
    assert inputs.folders() == tuple(sorted((study.root.resolve(), other.resolve())))


def test_both_ends_of_a_link_count(tmp_path: Path) -> None:
    real = aged(tmp_path / "real.csv", "1")
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "parks.csv"
    link.symlink_to(real)
    inputs = Inputs.of([link])
    assert inputs.counts(link)
    assert inputs.counts(real)
    assert set(inputs.folders()) == {tmp_path.resolve(), (tmp_path / "links").resolve()}


def test_a_path_is_the_same_through_a_linked_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    assert key(tmp_path / "link" / "x.csv") == key(tmp_path / "real" / ".." / "real" / "x.csv")


def test_files_in_the_results_and_in_the_store_are_ignored(tmp_path: Path) -> None:
    files = [
        tmp_path / "study.toml",
        tmp_path / "maps" / "town" / "ranking.csv",
        tmp_path / ".parkgap" / "osm" / "map.osm.pbf",
        tmp_path / "maps of ours" / "parks.csv",
    ]
    kept = Inputs.of(files, ignored=[tmp_path / "maps", tmp_path / ".parkgap", None])
    assert kept.files == (files[0], files[3])


def test_results_in_the_studys_own_folder_do_not_blind_the_watch(tmp_path: Path) -> None:
    files = [tmp_path / "study.toml", tmp_path / "parks.csv"]
    assert Inputs.of(files, ignored=[tmp_path]).files == tuple(files)


def test_a_folder_that_is_gone_is_listened_for_above(tmp_path: Path) -> None:
    assert Inputs.of([tmp_path / "gone" / "too" / "x.csv"]).folders() == (tmp_path.resolve(),)


def test_the_files_are_found_anew_when_study_toml_changes(study: Study, tmp_path: Path) -> None:
    look = looked(study, tmp_path)[0]
    look()
    (study.root / "gates.csv").write_text("id,park_id,lon,lat\n", encoding="utf-8")
    with study.path.open("a", encoding="utf-8") as toml:
        toml.write('[gates]\nfile = "gates.csv"\ncrs = "WGS84"\n')
    assert look().counts(study.root / "gates.csv")


def test_a_file_that_is_named_but_not_there_yet_counts(study: Study, tmp_path: Path) -> None:
    with study.path.open("a", encoding="utf-8") as toml:
        toml.write('[gates]\nfile = "../gates.xlsx"\ncrs = "WGS84"\n')
    look = looked(study, tmp_path)[0]  # refused: gates.xlsx is missing
    assert look().counts(study.root.parent / "gates.xlsx")
    assert look().counts(study.root / "town.osm")


def test_a_broken_study_toml_leaves_the_files_of_before(study: Study, tmp_path: Path) -> None:
    look = looked(study, tmp_path)[0]
    before = look().files
    study.path.write_text('name = "tow', encoding="utf-8")
    assert look().files == before
    study.path.unlink()
    assert look().files == before


def test_names_of_files_are_told_from_other_texts(tmp_path: Path) -> None:
    toml = tmp_path / "study.toml"
    toml.write_text(
        'title = "v. 2: parks"\n[osm]\nfile = "a.osm.pbf"\noverpass = "https://x.org/api.php"\n'
        '[[facilities]]\nfile = "c.csv"\n[terrain]\ndem = ["N35.hgt", "N36.hgt"]\n',
        encoding="utf-8",
    )
    names = [f.name for f in named_files(toml)]
    assert names == ["a.osm.pbf", "c.csv", "N35.hgt", "N36.hgt"]


def test_companions_of_a_shapefile_count_before_they_are_there(
    study: Study, tmp_path: Path
) -> None:
    text = study.path.read_text(encoding="utf-8").replace("parks.geojson", "parks.shp")
    study.path.write_text(text, encoding="utf-8")
    (study.root / "parks.shp").touch()
    inputs = looked(study, tmp_path)[0]()
    assert all(inputs.counts(study.root / f"parks.{end}") for end in ("dbf", "shx", "prj", "cpg"))


# --- whether they changed -------------------------------------------------------------------------


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    file = aged(tmp_path / "a.csv", "一")
    gone = tmp_path / "b.csv"
    expected = hashlib.sha256("一".encode()).hexdigest()
    assert Hasher()(Inputs((file, gone))) == {file: expected, gone: ""}


def test_a_touched_file_has_the_same_digest(tmp_path: Path) -> None:
    file = aged(tmp_path / "a.csv", "1")
    inputs, hashed = Inputs((file,)), Hasher()
    before, marks = hashed(inputs), inputs.marks()
    os.utime(file, (OLD + 9, OLD + 9))
    assert inputs.marks() != marks
    assert hashed(inputs) == before


def frozen_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every file look the same for ever, as on a disk whose clock has not moved."""
    monkeypatch.setattr("parkgap.watched.mark", lambda _: (1, OLD * 10**9, OLD * 10**9))


def test_a_file_written_just_now_is_read_again_whatever_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = aged(tmp_path / "a.csv", "1")
    frozen_marks(monkeypatch)
    inputs, hashed = Inputs((file,)), Hasher(now=lambda: OLD + 1.0)
    hashed(inputs)
    file.write_text("2", encoding="utf-8")
    assert hashed(inputs)[file] == hashlib.sha256(b"2").hexdigest()


def test_an_old_file_is_read_again_only_where_an_event_told_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = aged(tmp_path / "a.csv", "1")
    frozen_marks(monkeypatch)
    inputs, hashed = Inputs((file,)), Hasher(now=lambda: OLD + 60.0)
    first = hashed(inputs)
    file.write_text("2", encoding="utf-8")
    assert hashed(inputs) == first
    heard = hashed(inputs, doubted=lambda f: f == file)
    assert heard[file] == hashlib.sha256(b"2").hexdigest()


def test_a_file_that_cannot_be_read_is_neither_there_nor_gone(tmp_path: Path) -> None:
    folder = tmp_path / "folder.csv"  # open() refuses it, as Windows does a locked file
    folder.mkdir()
    assert Hasher()(Inputs((folder,))) == {folder: "?"}
    assert mark(tmp_path / "gone") is None


# --- when they are quiet --------------------------------------------------------------------------

FILE = Path("parks.csv")


def at(size: int, seconds: int = 0) -> dict[Path, tuple[int, int, int] | None]:
    return {FILE: (size, seconds, seconds)}


def test_quiet_counts_from_the_last_change() -> None:
    settler = Settler(quiet=0.8)
    assert settler.wait(at(10), 100.0) == pytest.approx(0.8)
    assert settler.wait(at(10), 100.5) == pytest.approx(0.3)
    assert settler.wait(at(20), 100.7) == pytest.approx(0.8)  # another part is written
    assert settler.wait(at(20), 101.4) == pytest.approx(0.1)
    assert settler.wait(at(20), 101.6) == 0.0


def test_the_same_size_with_another_time_is_a_change() -> None:
    settler = Settler(quiet=0.8)
    settler.wait(at(10, 1), 0.0)
    assert settler.wait(at(10, 2), 0.7) == pytest.approx(0.8)


@pytest.mark.parametrize("moment", [at(0), {FILE: None}], ids=["emptied", "renamed away"])
def test_a_moment_within_a_save_is_waited_through(
    moment: dict[Path, tuple[int, int, int] | None],
) -> None:
    settler = Settler(quiet=0.8)
    assert settler.wait(moment, 0.0) == pytest.approx(2.4)
    assert settler.wait(moment, 1.0) == pytest.approx(1.4)
    assert settler.wait(at(50), 2.0) == pytest.approx(0.8)  # here it is
    assert settler.wait(at(50), 2.8) == pytest.approx(0.0)


def test_a_file_that_stays_empty_is_taken_as_it_is_in_the_end() -> None:
    settler = Settler(quiet=0.8)
    settler.wait(at(0), 0.0)
    assert settler.wait(at(0), 2.41) == 0.0


def test_a_growing_copy_is_waited_for_to_its_end() -> None:
    settler = Settler(quiet=0.8)
    for second in range(600):
        assert settler.wait(at(second + 1, second), float(second) / 2) > 0
    assert settler.wait(at(600, 599), 599 / 2 + 0.81) == 0.0
