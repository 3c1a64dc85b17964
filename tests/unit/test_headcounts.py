"""Parks that are sought in the map: other tables name them, and a sheet says their headcounts."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from tests.faults.corpus import EAST, STUDY, WEST, base, layer, write
from tests.faults.corpus_tables import ground

from parkgap.check import check_study
from parkgap.errors import InputError
from parkgap.inputs import read_tables
from parkgap.pipeline import compute
from parkgap.study import load_study

FROM_OSM = STUDY.replace('file = "parks.geojson"', "from_osm = { min_area_ha = 5 }")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Three parks of 101 ha each in the map, two of one name far apart, and one of 0.9 ha."""
    base(tmp_path)
    ground(
        tmp_path,
        {7: "西园", 8: "東園（一期）", 9: "工业园", 10: "工业园"},
        small=(11,),
    )
    write(tmp_path, "study.toml", FROM_OSM)
    return tmp_path


def count(folder: Path, *rows: tuple[object, ...]) -> None:
    """Write a bureau's sheet of headcounts, titled, with sums below."""
    with xlsxwriter.Workbook(str(folder / "n.xlsx")) as book:
        sheet = book.add_worksheet("人数")
        sheet.write(0, 0, "各园区从业人员统计表")
        for n, row in enumerate((*rows, ("合计", None, 99))):
            sheet.write_row(n + 1, 0, row)
    write(folder, "study.toml", f'{FROM_OSM}[headcounts]\nfile = "n.xlsx"\n')


def test_a_sheet_gives_headcounts_by_exact_folded_name_or_by_id(study: Path) -> None:
    count(
        study,
        ("园区名称", "园区编号", "从业人员", "统计口径", "行政区"),
        (" 西 园", None, 1200, "年报", "甲区"),
        ("东园(一期)", None, "3,400人", None, None),  # simplified, half-width brackets
        ("工业园", "way-9", 500, None, None),
    )
    sought = compute(load_study(study)).parks.set_index("park_id")
    assert list(sought.index) == ["way-10", "way-7", "way-8", "way-9"]
    assert list(sought["workers"].fillna(-1)) == [-1, 1200, 3400, 500]
    assert sought["headcount_basis"]["way-7"] == "年报"
    assert sought["district"]["way-7"] == "甲区"
    assert sought["district"].isna().sum() == 3
    found = check_study(study)
    assert found.errors == []
    (sums,) = found.warnings
    assert "a row of sums" in sums.what


def test_rows_that_match_no_park_or_several_are_named_and_left_out(study: Path) -> None:
    count(
        study,
        ("园区名称", "从业人员"),
        ("西园", 1200),
        ("西圆", 900),
        ("工业园", 500),
        ("大学城", 1),
    )
    sums, near, several, none = check_study(study).warnings
    assert (near.row, near.value) == (4, "西圆")
    assert "matches no park" in near.what
    assert near.remedy == "是否为 '西园'？ / did you mean '西园'?"
    assert (several.row, several.rule) == (5, "way-10, way-9")
    assert none.row == 6
    assert none.remedy == "补上编号，或核对名称 / add the id, or check the name"
    assert "sums" in sums.what
    assert compute(load_study(study)).parks["workers"].count() == 1


def test_every_table_may_name_parks_of_the_map(study: Path) -> None:
    tables = {
        "gates": "编号,园区编号,经度,纬度\nG1,way-7,120.101,36.000\nG2,way/8,120.120,36.010\n",
        "enterprises": "编号,园区编号,在岗人数\nE1,西园,300\n",
        "residences": "编号,园区编号,类型,居住人数,经度,纬度\nR1,way-7,宿舍,100,120.1,35.99\n",
        "shifts": "园区编号,班次,上班时间,下班时间,比例\nway-7,白,8:00,16:00,1\n",
        "housing_stock": "编号,类型,床位,服务对象\nH1,宿舍,40,park:way-7\n",
    }
    settings = FROM_OSM
    for name, text in tables.items():
        write(study, f"{name}.csv", text)
        crs = "" if name == "shifts" else 'crs = "WGS84"\n'
        settings += f'[{name}]\nfile = "{name}.csv"\n{crs}'
    write(study, "study.toml", settings)
    assert check_study(study).errors == []
    results = compute(load_study(study))
    given = results.gates[results.gates["kind"] == "given"]
    assert [*zip(given["gate_id"], given["park_id"], strict=True)] == [
        ("G1", "way-7"),
        ("G2", "way-8"),
    ]


def test_an_unknown_park_of_the_map_is_refused_by_check_and_by_run(study: Path) -> None:
    write(study, "g.csv", "编号,园区编号,经度,纬度\nG1,way-77,120.1,36\nG2,way-11,120.1,36\n")
    write(study, "study.toml", f'{FROM_OSM}[gates]\nfile = "g.csv"\ncrs = "WGS84"\n')
    errors = check_study(study).errors
    assert [(e.row, e.value, e.rule) for e in errors] == [
        (2, "way-77", "landuse = industrial, ≥ 5 ha"),
        (3, "way-11", "landuse = industrial, ≥ 5 ha"),  # mapped, but smaller
    ]
    assert errors[0].remedy == (
        "是否为 'way-7'？若编号无误，减小 min_area_ha / "
        "did you mean 'way-7'? if the id is right, lower min_area_ha"
    )
    with pytest.raises(InputError) as refused:
        compute(load_study(study))
    assert list(refused.value.problems) == errors


def test_a_sheet_completes_a_layer_and_wins_over_it_with_both_numbers_said(tmp_path: Path) -> None:
    base(tmp_path)
    west: dict[str, object] = {"id": "P1", "name": "西园", "workers": 900}
    east: dict[str, object] = {"id": "P2", "name": "东园"}
    write(tmp_path, "parks.geojson", layer((west, WEST), (east, EAST)))
    write(tmp_path, "n.csv", "园区名称,职工人数,区\n西园,1000,甲区\n东园,500,\n")
    write(tmp_path, "study.toml", f'{STUDY}[headcounts]\nfile = "n.csv"\n')
    tables = read_tables(load_study(tmp_path))
    assert list(tables.parks["workers"]) == [1000, 500]
    (warning,) = tables.warnings
    assert warning.value == "P1: 900 (parks) ≠ 1000 (headcounts)"
    assert [w.value for w in check_study(tmp_path).warnings] == [warning.value]


def test_sums_of_other_tables_are_held_against_the_sheet(study: Path) -> None:
    count(study, ("园区名称", "从业人员"), ("西园", 1200))
    write(study, "e.csv", "编号,园区编号,在岗人数,自有床位,已住床位\nE1,way-7,600,2000,1500\n")
    settings = (study / "study.toml").read_text(encoding="utf-8")
    write(study, "study.toml", f'{settings}[enterprises]\nfile = "e.csv"\n')
    values = [w.value for w in check_study(study).warnings]
    assert values[1:] == [
        "way-7: 1200 (parks) ≠ 600 (enterprises)",
        "way-7: 1200 (parks) ≠ 1500 (enterprises: beds_occupied)",
        "way-7: 600 (enterprises) ≠ 1500 (enterprises: beds_occupied)",
    ]
    said = [en for _, en in compute(load_study(study)).warnings]
    for value in values[1:]:
        assert sum(str(value) in text for text in said) == 1
