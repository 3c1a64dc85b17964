"""What ``parkgap init`` writes: a study that loads as soon as the extract is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from parkgap.cli import app
from parkgap.errors import InputError, OutputError, StudyError
from parkgap.inputs import area_of
from parkgap.sources import tables
from parkgap.study import load_study
from parkgap.template import write_template


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_template_lacks_nothing_but_the_extract(tmp_path: Path, language: str) -> None:
    written = write_template(tmp_path / "new" / "study", language=language)
    folder = tmp_path / "new" / "study"
    assert sorted(written) == sorted(folder.iterdir())
    with pytest.raises(StudyError) as refused:
        load_study(folder)
    (problem,) = refused.value.problems
    assert problem.column == "osm.file"
    (folder / "extract.osm.pbf").write_bytes(b"x")
    study = load_study(folder)
    assert study.language == language


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sample_tables_read_and_say_that_they_are_examples(
    tmp_path: Path, language: str
) -> None:
    write_template(tmp_path, language=language)
    (tmp_path / "extract.osm.pbf").write_bytes(b"x")
    study = load_study(tmp_path)
    assert study.gates and study.enterprises and study.residences and study.shifts  # noqa: PT018
    parks, warnings = tables.read_parks(study.parks, root=study.root)
    assert list(parks["park_id"]) == ["P01"]
    assert parks["workers"][0] == 12000
    assert list(parks["headcount_date"]) == ["2026-06-30"]
    found = [
        warnings,
        tables.read_gates(study.gates, root=study.root, known=parks)[1],
        tables.read_enterprises(study.enterprises, root=study.root, known=parks)[1],
        tables.read_residences(study.residences, root=study.root, known=parks)[1],
        tables.read_shifts(study.shifts, root=study.root, known=parks)[1],
    ]
    for said in found:  # an example row that is left in a table does not go unsaid
        assert sum("example row" in problem.what for problem in said) == 1
    assert sum(len(said) for said in found) == 6  # and that the park is a point


@pytest.mark.parametrize("language", ["zh", "en"])
def test_commented_keys_of_the_template_are_known_ones(tmp_path: Path, language: str) -> None:
    write_template(tmp_path, language=language)
    maps = ("extract.osm.pbf", "N35E119.hgt", "population.tif", "gtfs.zip")
    for name in (*maps, "headcounts.xlsx", "land.csv", "costs.csv"):
        (tmp_path / name).write_bytes(b"x")
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    others = {"from_osm", "place"}  # in the place of a file
    lines = []
    for line in text.splitlines():
        bare = line.removeprefix("# ")
        key = bare.split(" ", 1)[0]
        uncomment = bare.startswith("[") or (" = " in bare and key.isidentifier())
        lines.append(bare if uncomment and key not in others else line)
    (tmp_path / "study.toml").write_text("\n".join(lines), encoding="utf-8")
    study = load_study(tmp_path)
    assert study.as_of is not None
    assert study.parks.encoding == "gb18030"
    assert study.walking.snap_m == 150
    assert study.headcounts is not None
    assert study.reach.limit_m == 1500
    assert study.rasters == ("N35E119.hgt", "population.tif")
    assert study.transit is not None
    assert study.transit.gtfs == ("gtfs.zip",)
    assert study.siting is not None
    assert study.siting.min_spacing_m == 200


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("青岛市黄岛区", "青岛市黄岛区"),
        ("  青岛市\u3000黄岛区\n", "青岛市 黄岛区"),
        ('a"\n[parks]\nfile = "/etc/passwd" # \\', 'a" [parks] file = "/etc/passwd" # \\'),
        ("\\u0041 ''' \"\"\" $x {0} %s </script>", "\\u0041 ''' \"\"\" $x {0} %s </script>"),
    ],
    ids=["plain", "spaces", "another section", "escapes"],
)
def test_a_place_is_what_the_first_run_downloads(
    tmp_path: Path, language: str, said: str, place: str
) -> None:
    result = CliRunner().invoke(
        app, ["init", str(tmp_path / "new"), "--place", said, "--lang", language]
    )
    assert result.exit_code == 0, result.output
    study = load_study(tmp_path / "new")  # nothing is missing: no file to be put there
    assert (study.osm.place, study.osm.file) == (place, None)
    assert study.parks.file == "parks.csv"
    area = area_of(study)
    assert area is not None
    assert area.place == place


@pytest.mark.parametrize("said", ["", " \t", "a\x00b", "\u202e区", "\udcff", "区" * 201])
def test_what_names_no_place_is_refused_before_anything_is_written(
    tmp_path: Path, said: str
) -> None:
    with pytest.raises(InputError, match="name of a place"):
        write_template(tmp_path / "new", place=said)
    assert not (tmp_path / "new").exists()


def test_an_example_has_its_own_map(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    result = CliRunner().invoke(app, ["init", str(folder), "--example", "--place", "黄岛区"])
    assert result.exit_code == 2
    assert not folder.exists()


def test_tables_open_in_excel(tmp_path: Path) -> None:
    for path in write_template(tmp_path, language="zh"):
        if path.suffix == ".csv":
            assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_readme_says_what_to_put_in_and_what_results_are_not(tmp_path: Path) -> None:
    write_template(tmp_path, language="zh")
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "extract.osm.pbf" in text
    assert "筛查结果，不作规划核实或验收依据" in text


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="not empty"):
        write_template(tmp_path, language="en")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(OutputError, match="not a folder"):
        write_template(tmp_path / "mine.txt", language="en")


def test_an_unknown_language_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="language"):
        write_template(tmp_path / "new", language="de")
    assert not (tmp_path / "new").exists()
