"""``study.toml``: everything wrong is told at once, nothing is silently ignored."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import parkgap
from parkgap.errors import InputError, StudyError
from parkgap.replay import prepare
from parkgap.standard import load as load_standard
from parkgap.standards.digest import digest
from parkgap.study import Study, load_study

MINIMAL = """\
name = "huangdao"

[osm]
file = "town.osm.pbf"

[parks]
file = "parks.csv"
crs = "gcj-02"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("town.osm.pbf", "parks.csv"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "study.toml").write_text(MINIMAL, encoding="utf-8")
    return tmp_path


def problems(folder: Path, text: str) -> dict[str | None, str]:
    """Load a study that must be refused; what is said, by key."""
    (folder / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as refused:
        load_study(folder)
    return {p.column: str(p) for p in refused.value.problems}


def load(folder: Path, text: str) -> Study:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return load_study(folder)


def test_defaults_are_the_promised_ones(folder: Path) -> None:
    study = load_study(folder)
    assert (study.name, study.title, study.language) == ("huangdao", "huangdao", "zh")
    assert (study.as_of, study.edition, study.map_review_no) == (None, "internal", None)
    assert (study.standard.use, dict(study.standard.set)) == ("cn-industrial-15min", {})
    assert study.privacy.min_workers == 10
    assert (study.walking.snap_m, study.reach.limit_m) == (150.0, 1500.0)
    assert study.gates is None
    assert study.shifts is None
    assert study.parks.crs == "GCJ02"
    assert study.osm_path == folder / "town.osm.pbf"
    assert study.root == folder


def test_folder_and_file_name_the_same_study(folder: Path) -> None:
    assert load_study(folder) == load_study(folder / "study.toml") == load_study(str(folder))


def test_everything_that_is_read_is_kept(folder: Path) -> None:
    for name in ("gates.xlsx", "shifts.csv", "own.yaml"):
        (folder / name).write_bytes(b"x")
    study = load(
        folder,
        'name = "a"\ntitle = "甲"\nlanguage = "en"\nas_of = 2026-11-01\nedition = "public"\n'
        'map_review_no = "鲁S(2026)012号"\n[osm]\nfile = "town.osm.pbf"\n'
        '[parks]\nfile = "parks.csv"\ncrs = "EPSG:4547"\nencoding = "GBK"\n'
        'columns = { id = "编号", workers = "职工人数" }\n'
        '[gates]\nfile = "gates.xlsx"\nsheet = "门"\n[shifts]\nfile = "shifts.csv"\n'
        '[standard]\nuse = "own.yaml"\nset = { "dining.weight" = 0.2 }\n'
        "[privacy]\nmin_workers = 30\n[walking]\nsnap_m = 80\n[reach]\nlimit_m = 2000.0\n",
    )
    assert study.as_of == dt.date(2026, 11, 1)
    assert study.map_review_no == "鲁S(2026)012号"
    assert study.parks.crs == "EPSG:4547"
    assert study.parks.encoding == "gbk"
    assert dict(study.parks.columns) == {"id": "编号", "workers": "职工人数"}
    assert study.gates is not None
    assert study.gates.sheet == "门"
    assert study.standard_source == folder / "own.yaml"
    assert dict(study.standard.set) == {"dining.weight": 0.2}
    assert (study.privacy.min_workers, study.walking.snap_m, study.reach.limit_m) == (30, 80, 2000)
    names = [p.name for p in study.input_files()]
    assert names == [
        "study.toml",
        "town.osm.pbf",
        "parks.csv",
        "gates.xlsx",
        "shifts.csv",
        "own.yaml",
    ]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("wgs84", "WGS84"),
        ("WGS-84", "WGS84"),
        ("EPSG:4326", "WGS84"),
        ("gcj02", "GCJ02"),
        ("BD-09", "BD09"),
        ("bd09ll", "BD09"),
        ("CGCS 2000", "CGCS2000"),
        ("epsg:4490", "CGCS2000"),
        ("EPSG: 3826", "EPSG:3826"),
    ],
)
def test_a_datum_may_be_spelled_as_people_spell_it(folder: Path, said: str, kept: str) -> None:
    assert load(folder, MINIMAL.replace("gcj-02", said)).parks.crs == kept


def test_parks_from_osm(folder: Path) -> None:
    text = 'name = "a"\n[osm]\nfile = "town.osm.pbf"\n[parks]\n'
    study = load(folder, text + 'from_osm = { landuse = ["industrial"] }\n')
    assert study.parks.from_osm is not None
    assert study.parks.from_osm.landuse == ("industrial",)
    assert (study.parks.from_osm.min_area_ha, study.parks.from_osm.named_only) == (5.0, False)
    assert [p.name for p in study.input_files()] == ["study.toml", "town.osm.pbf"]
    both = problems(folder, MINIMAL + 'from_osm = { landuse = ["industrial"] }\n')
    assert "from_osm" in both["parks"]
    neither = problems(folder, text)
    assert "from_osm" in neither["parks"]
    assert "crs" in problems(folder, text + 'from_osm = {}\ncrs = "WGS84"\n')["parks"]
    assert "parks.from_osm.landuse" in problems(folder, text + "from_osm = { landuse = [] }\n")


def test_unknown_keys_suggest_the_nearest_known_one_with_their_line(folder: Path) -> None:
    said = problems(
        folder,
        'name = "a"\nlanguge = "zh"\n[osm]\nfile = "town.osm.pbf"\n'
        '[parks]\nfile = "parks.csv"\nencodng = "gbk"\n[privcy]\nmin_workers = 3\n',
    )
    assert "did you mean 'language'" in said["languge"]
    assert "row 2" in said["languge"]
    assert "did you mean 'encoding'" in said["parks.encodng"]
    assert "row 7" in said["parks.encodng"]
    assert "did you mean 'privacy'" in said["privcy"]
    assert "row 8" in said["privcy"]
    assert set(said) == {"languge", "parks.encodng", "privcy"}


def test_unknown_column_names_suggest_too(folder: Path) -> None:
    said = problems(folder, MINIMAL + 'columns = { worker = "职工人数" }\n')
    assert "did you mean 'workers'" in said["parks.columns"]


def test_all_problems_come_in_one_error(folder: Path) -> None:
    said = problems(
        folder,
        'name = "a/b"\nlanguage = "de"\nedition = "public"\n[osm]\nfile = "twn.osm.pbf"\n'
        '[parks]\nfile = "parks.csv"\ncrs = "GCJ03"\n[privacy]\nmin_workers = 0\n'
        '[walking]\nsnap_m = "far"\n[gates]\nfile = "gates.csv"\n',
    )
    assert set(said) == {
        *("name", "language", "map_review_no", "osm.file", "parks.crs"),
        *("privacy.min_workers", "walking.snap_m", "gates.file"),
    }
    assert "did you mean 'town.osm.pbf'" in said["osm.file"]
    assert "row 14" in said["gates.file"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[survey]\nfile = "a.csv"\n', "survey"),
    ],
)
def test_what_a_later_version_reads_is_refused_not_ignored(
    folder: Path, text: str, key: str
) -> None:
    said = problems(folder, MINIMAL + text)
    assert set(said) == {key}
    assert "does not read this yet" in said[key]
    assert "尚不读取" in said[key]


def test_rasters_are_named_one_or_several_and_must_be_there(folder: Path) -> None:
    said = problems(
        folder,
        MINIMAL
        + '[terrain]\ndem = ["N35E119.hgt", "town.osm.pbf"]\n'
        + '[population]\nraster = "p.tif"\n',
    )
    assert set(said) == {"terrain.dem", "population.raster"}
    assert "N35E119.hgt" in said["terrain.dem"]
    assert "not there" in said["population.raster"]
    for text, key in (
        ("[terrain]\ndem = []\n", "terrain.dem"),
        ("[terrain]\ndem = 3\n", "terrain.dem"),
        ("[terrain]\n", "terrain.dem"),
        ('[terrain]\ndem = "town.osm.pbf"\ndems = 1\n', "terrain.dems"),
        ("[population]\nraster = 1\n", "population.raster"),
    ):
        assert set(problems(folder, MINIMAL + text)) == {key}, text
    tile = '<VRTDataset><SourceFilename relativeToVRT="1">t&amp;1.tif</SourceFilename></VRTDataset>'
    (folder / "d.vrt").write_text(tile, encoding="utf-8")
    (folder / "t&1.tif").write_bytes(b"x")
    (folder / "p.tif").write_bytes(b"x")
    study = load(folder, MINIMAL + '[terrain]\ndem = "d.vrt"\n[population]\nraster = "p.tif"\n')
    assert study.terrain is not None
    assert study.terrain.dem == ("d.vrt",)
    assert [p.name for p in study.input_files()][-3:] == ["d.vrt", "t&1.tif", "p.tif"]


def test_timetables_are_archives_or_folders_and_inputs(folder: Path) -> None:
    for text, key in (
        ("[transit]\n", "transit.gtfs"),
        ("[transit]\ngtfs = []\n", "transit.gtfs"),
        ('[transit]\ngtfs = ["town.osm.pbf", "gone.zip"]\n', "transit.gtfs"),
        ('[transit]\ngtfs = "town.osm.pbf"\ngtf = 1\n', "transit.gtf"),
        ('[transit]\ngtfs = "town.osm.pbf"\ncrs = "here"\n', "transit.crs"),
    ):
        assert set(problems(folder, MINIMAL + text)) == {key}, text
    (folder / "a.zip").write_bytes(b"x")
    (folder / "feed").mkdir()
    for name in ("stops.txt", "agency.txt", "shapes.txt", "notes.md"):
        (folder / "feed" / name).write_bytes(b"x")
    study = load(folder, MINIMAL + '[transit]\ngtfs = ["a.zip", "feed"]\n')
    # Of a folder what is read; another shape of a line is no other timetable.
    assert list(study.named_files())[-3:] == ["a.zip", "feed/agency.txt", "feed/stops.txt"]
    one = load(folder, MINIMAL + '[transit]\ngtfs = "a.zip"\n')
    assert one.transit is not None
    assert one.transit.gtfs == ("a.zip",)


def test_what_stands_beside_a_raster_or_a_tile_is_an_input(folder: Path) -> None:
    names = ("t.asc", "T.PRJ", "t.asc.aux.xml", "p.tif", "p.tfw", "p.txt", "p.aux.xml", "d.vrt.prj")
    for name in names:
        (folder / name).write_bytes(b"x")
    tile = '<VRTDataset><SourceFilename relativeToVRT="1">t.asc</SourceFilename></VRTDataset>'
    (folder / "d.vrt").write_text(tile, encoding="utf-8")
    study = load(folder, MINIMAL + '[terrain]\ndem = "d.vrt"\n[population]\nraster = "p.tif"\n')
    assert [p.name for p in study.raster_files()] == [
        *("d.vrt", "t.asc", "T.PRJ", "t.asc.aux.xml"),
        *("p.tif", "p.tfw"),
    ]


def test_the_tiles_of_a_vrt_of_vrts_are_inputs(folder: Path) -> None:
    def vrt(name: str, tag: str, *tiles: str) -> None:
        named = "".join(f'<{tag} relativeToVRT="1">{t}</{tag}>' for t in tiles)
        (folder / name).write_text(f"<VRTDataset>{named}</VRTDataset>", encoding="utf-8")

    (folder / "a.tif").write_bytes(b"x")
    vrt("all.vrt", "SourceFilename", "part.vrt", "part.vrt")
    vrt("part.vrt", "SourceDataset", "a.tif", f"../{folder.name}/all.vrt")  # and back again
    study = load(folder, MINIMAL + '[terrain]\ndem = "all.vrt"\n')
    assert [p.name for p in study.raster_files()] == ["all.vrt", "part.vrt", "a.tif"]


def test_files_of_one_name_outside_the_study_are_recorded_both(tmp_path: Path) -> None:
    inner = tmp_path / "study"
    for part in ("study", "north", "south"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "dem.tif").write_bytes(part.encode())
    for name in ("town.osm.pbf", "parks.csv"):
        (inner / name).write_bytes(b"x")
    dems = '[terrain]\ndem = ["../north/dem.tif", "../south/dem.tif", "dem.tif"]\n'
    study = load(inner, MINIMAL + dems)
    names = ["study.toml", "town.osm.pbf", "parks.csv", "dem.tif (2)", "dem.tif (3)", "dem.tif"]
    assert list(study.hashes()) == names
    record = {
        "inputs": study.hashes(),
        "parameters": study.parameters(),
        "study": {"file": "study.toml"},
        "standard": {"sha256": digest(load_standard(study.standard.use))},
        "program": {"version": parkgap.__version__},
    }
    assert prepare(inner, record).notes == ()
    (tmp_path / "north" / "dem.tif").write_bytes(b"another")
    with pytest.raises(InputError) as refused:
        prepare(inner, record)
    assert [p.file for p in refused.value.problems] == ["dem.tif (2)"]


def test_a_map_to_download_is_named_by_place_or_box(folder: Path) -> None:
    by_place = load(
        folder,
        MINIMAL.replace(
            'file = "town.osm.pbf"', 'place = "青岛市黄岛区"\ngeocoder = "http://a.b/"'
        ),
    )
    assert (by_place.osm.place, by_place.osm.geocoder) == ("青岛市黄岛区", "http://a.b")
    text = MINIMAL.replace(
        'file = "town.osm.pbf"', 'bbox = [120, 35.5, 121, 36]\noverpass = "https://a.b/api/"'
    )
    by_box = load(folder, text)
    assert by_box.osm.bbox == (120.0, 35.5, 121.0, 36.0)
    assert by_box.osm.overpass == "https://a.b/api/interpreter"
    assert [p.name for p in by_box.input_files()] == ["study.toml", "parks.csv"]
    with pytest.raises(StudyError, match="parkgap fetch"):
        _ = by_box.osm_path


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ("", "osm"),
        ('file = "town.osm.pbf"\nplace = "青岛"', "osm"),
        ('place = "青岛"\nbbox = [1, 2, 3, 4]', "osm"),
        ('file = "town.osm.pbf"\noverpass = "https://a.b"', "osm"),
        ('bbox = [1, 2, 3, 4]\ngeocoder = "https://a.b"', "osm"),
        ('place = ""', "osm.place"),
        ("bbox = [36, 120, 37, 121]", "osm.bbox"),  # latitude first
        ("bbox = [121, 36, 120, 37]", "osm.bbox"),
        ("bbox = [120, 36, 121]", "osm.bbox"),
        ('bbox = "120,36,121,37"', "osm.bbox"),
        ("bbox = [120, 36, 121, nan]", "osm.bbox"),
        ("bbox = [true, 2, 3, 4]", "osm.bbox"),
        ('place = "青岛"\noverpass = "overpass-api.de"', "osm.overpass"),
        ('place = "青岛"\noverpass = "file:///etc/passwd"', "osm.overpass"),
        ('place = "青岛"\noverpass = "https://me:secret@a.b"', "osm.overpass"),
    ],
)
def test_what_cannot_be_downloaded_is_refused(folder: Path, lines: str, key: str) -> None:
    said = problems(folder, MINIMAL.replace('file = "town.osm.pbf"', lines))
    assert set(said) == {key}


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "a\\\\b", "con", "NUL.txt", "x.", " ", "a:b", "长" * 81]
)
def test_names_that_are_no_folder_are_refused(folder: Path, name: str) -> None:
    assert "name" in problems(folder, MINIMAL.replace("huangdao", name))


def test_the_public_edition_needs_a_map_review_number(folder: Path) -> None:
    assert "审图号" in problems(folder, 'edition = "public"\n' + MINIMAL)["map_review_no"]


@pytest.mark.parametrize(
    "line",
    ["as_of = 2026-11-01T08:00:00", 'as_of = "soon"', "title = 3", 'osm = "town.osm.pbf"'],
)
def test_values_of_the_wrong_type_are_refused(folder: Path, line: str) -> None:
    text = MINIMAL
    if line.startswith("osm"):
        text = text.replace('[osm]\nfile = "town.osm.pbf"\n', "")
    assert line.split(" ", 1)[0] in problems(folder, line + "\n" + text)


@pytest.mark.parametrize("number", ["nan", "inf", "0", "-5", "1e9", "true"])
def test_distances_must_be_plain_positive_numbers(folder: Path, number: str) -> None:
    assert "reach.limit_m" in problems(folder, MINIMAL + f"[reach]\nlimit_m = {number}\n")


def test_broken_toml_names_its_line(folder: Path) -> None:
    said = problems(folder, MINIMAL + "language = zh\n")
    assert "row 9" in said[None]
    assert "single quotes" in problems(folder, MINIMAL.replace("parks.csv", "a\\parks.csv"))[None]


def test_a_file_that_is_not_utf8_is_refused_with_the_remedy(folder: Path) -> None:
    (folder / "study.toml").write_bytes(('title = "黄岛"\n' + MINIMAL).encode("gb18030"))
    with pytest.raises(StudyError, match="UTF-8"):
        load_study(folder)


def test_notepads_byte_order_mark_and_line_ends_do_no_harm(folder: Path) -> None:
    text = MINIMAL.replace("\n", "\r\n")
    (folder / "study.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_study(folder).name == "huangdao"


def test_no_study_there(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="parkgap init"):
        load_study(tmp_path)


def test_the_models_own_path_cannot_be_set(folder: Path) -> None:
    assert "path" in problems(folder, 'path = "elsewhere"\n' + MINIMAL)


def test_parameters_hold_everything_but_the_machines_paths(folder: Path) -> None:
    parameters = load_study(folder).parameters()
    assert parameters["parks"]["crs"] == "GCJ02"
    assert str(folder) not in str(parameters)


def test_a_study_is_frozen(folder: Path) -> None:
    study = load_study(folder)
    with pytest.raises(ValidationError):
        study.name = "other"


def test_a_shapefiles_companions_are_inputs(folder: Path) -> None:
    for suffix in ("shp", "dbf", "shx", "prj"):
        (folder / f"parks.{suffix}").write_bytes(b"x")
    study = load(folder, MINIMAL.replace("parks.csv", "parks.shp"))
    names = [p.name for p in study.input_files()]
    assert names[2:] == ["parks.shp", "parks.dbf", "parks.shx", "parks.prj"]


def test_reading_a_study_loads_nothing_heavy() -> None:
    code = (
        "import sys, parkgap.study; heavy = {'pandas', 'numpy', 'shapely', 'pyproj', 'osmium'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
