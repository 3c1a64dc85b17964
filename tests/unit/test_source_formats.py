"""Every accepted format gives the same cells, and a broken file is refused with its name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
import xlsxwriter

from parkgap.errors import TableError
from parkgap.source_keys import ParksTable, Table
from parkgap.sources.formats import read_raw
from parkgap.sources.raw import RawTable
from parkgap.sources.tables import read_parks

HEADINGS = ("编号", "园区名称", "职工人数")
ROWS = (("P1", "黄岛,西区", "1200"), ("P2", "城阳", ""))
CSV = '编号,园区名称,职工人数\r\nP1,"黄岛,西区",1200\r\n\r\nP2,城阳,\r\n'
SQUARE = shapely.box(120.0, 36.0, 120.01, 36.01)


def cells(raw: RawTable) -> list[tuple[str, ...]]:
    """Rows of a raw table as text."""
    return [
        tuple("" if c is None else str(c) for c in row) for row in zip(*raw.columns, strict=True)
    ]


def refusal(folder: Path, file: str, table: Table | None = None) -> str:
    with pytest.raises(TableError) as refused:
        read_raw(file, table or Table(), folder)
    assert file in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(CSV.encode(encoding))
    raw = read_raw("a.csv", Table(), tmp_path)
    assert raw.headings == HEADINGS
    assert cells(raw) == list(ROWS)
    assert raw.rows == [2, 4]  # as a text editor and Excel number them


def test_csv_in_big5(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("編號,園區名稱\n1,臺中產業園區\n".encode("cp950"))
    raw = read_raw("a.csv", Table(), tmp_path)
    assert (raw.headings, cells(raw)) == (("編號", "園區名稱"), [("1", "臺中產業園區")])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_every_usual_delimiter(tmp_path: Path, delimiter: str) -> None:
    text = CSV.replace('"黄岛,西区"', "黄岛").replace(",", delimiter)
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert read_raw("a.csv", Table(), tmp_path).headings == HEADINGS


def test_the_declared_encoding_wins(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("名称\nÄrzte\n".encode())
    raw = read_raw("a.csv", Table(encoding="latin-1"), tmp_path)
    assert cells(raw) == [("Ã\x84rzte",)]


def test_a_csv_that_the_declared_encoding_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV.encode("gb18030"))
    assert "encoding" in refusal(tmp_path, "a.csv", Table(encoding="utf-8"))


def test_more_cells_than_headings_are_refused_not_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,4,5\n6,7,8\n", encoding="utf-8")
    said = refusal(tmp_path, "a.csv")
    assert "row 3" in said
    assert "row 4" in said


def test_an_open_quote_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n1,"2\n3,4\n', encoding="utf-8")
    assert "CSV" in refusal(tmp_path, "a.csv")


@pytest.mark.parametrize("content", [b"", b"\n \n,,\n"])
def test_an_empty_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert "empty" in refusal(tmp_path, "a.csv")


def test_a_missing_file_and_an_unknown_format_are_refused(tmp_path: Path) -> None:
    assert "not there" in refusal(tmp_path, "a.csv")
    (tmp_path / "a.doc").write_bytes(b"x")
    assert ".xlsx" in refusal(tmp_path, "a.doc")


def workbook(path: Path, *, top: int = 0, sheets: tuple[str, ...] = ("园区",)) -> None:
    """Write the rows into the last sheet, starting at row `top`."""
    with xlsxwriter.Workbook(str(path)) as book:
        for name in sheets:
            sheet = book.add_worksheet(name)
            if name == sheets[-1]:
                for n, row in enumerate((HEADINGS, *ROWS)):
                    sheet.write_row(top + n, 0, row)


def test_workbook(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx")
    raw = read_raw("a.xlsx", Table(), tmp_path)
    assert (raw.headings, cells(raw), raw.rows) == (HEADINGS, list(ROWS), [2, 3])
    assert raw.sheet == "园区"
    assert raw.warnings == ()


def test_rows_of_a_workbook_keep_their_numbers_below_empty_ones(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", top=4)
    assert read_raw("a.xlsx", Table(), tmp_path).rows == [6, 7]


def test_the_named_sheet_is_read(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", sheets=("说明", "园区"))
    assert read_raw("a.xlsx", Table(sheet="园区"), tmp_path).headings == HEADINGS
    assert "说明, 园区" in refusal(tmp_path, "a.xlsx", Table(sheet="园"))
    assert "empty" in refusal(tmp_path, "a.xlsx")  # the first sheet, where none is named


def test_one_of_several_sheets_is_said(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", sheets=("b", "a"))
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        book.add_worksheet("first").write_row(0, 0, HEADINGS)
        book.add_worksheet("second")
    (warning,) = read_raw("a.xlsx", Table(), tmp_path).warnings
    assert warning.value == "first"


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx")
    whole = (tmp_path / "a.xlsx").read_bytes()
    (tmp_path / "a.xlsx").write_bytes(whole[: len(whole) // 2])
    assert "workbook" in refusal(tmp_path, "a.xlsx")


def geojson(path: Path, *features: object, **more: object) -> None:
    collection = {"type": "FeatureCollection", "features": features, **more}
    path.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")


def feature(**properties: object) -> dict[str, object]:
    shape = json.loads(shapely.to_geojson(SQUARE))
    return {"type": "Feature", "properties": properties, "geometry": shape}


def test_geojson(tmp_path: Path) -> None:
    geojson(tmp_path / "a.geojson", feature(编号="P1"), feature(编号="P2", 名称="城阳"))
    raw = read_raw("a.geojson", Table(), tmp_path)
    assert raw.headings == ("编号", "名称")
    assert cells(raw) == [("P1", ""), ("P2", "城阳")]
    assert raw.geometry is not None
    assert raw.geometry[0].equals(SQUARE)
    assert (raw.crs, raw.rows) == ("WGS84", [1, 2])


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "WGS84"),
        ("urn:ogc:def:crs:EPSG::4549", "EPSG:4549"),
        ("EPSG:3826", "EPSG:3826"),
    ],
)
def test_the_older_crs_member_of_geojson(tmp_path: Path, name: str, crs: str) -> None:
    geojson(tmp_path / "a.geojson", feature(), crs={"type": "name", "properties": {"name": name}})
    assert read_raw("a.geojson", Table(), tmp_path).crs == crs


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"type": "FeatureCollection"}', '{"type": "FeatureCollection", "features": [1]}'],
)
def test_broken_geojson_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.geojson").write_text(text, encoding="utf-8")
    assert "GeoJSON" in refusal(tmp_path, "a.geojson")


def test_a_broken_geometry_is_refused_with_its_feature(tmp_path: Path) -> None:
    bad = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [1]}}
    geojson(tmp_path / "a.geojson", feature(), bad)
    assert "row 2" in refusal(tmp_path, "a.geojson")


def write_layer(
    path: Path, encoding: str | None = None, *, name: str = "名称", **options: object
) -> None:
    """Write two squares with pyogrio, the peer that most GIS users have."""
    import pyogrio.raw

    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array([SQUARE, SQUARE], dtype=object)),
        [np.array(["P1", "P2"], dtype=object), np.array(["黄岛园区", "城阳园区"], dtype=object)],
        np.array(["编号", name], dtype=object),
        geometry_type="Polygon",
        crs="EPSG:4490",
        encoding=encoding,
        **options,
    )


def test_geopackage(tmp_path: Path) -> None:
    write_layer(tmp_path / "a.gpkg", layer="园区")
    raw = read_raw("a.gpkg", ParksTable(file="a.gpkg"), tmp_path)
    assert raw.headings == ("编号", "名称")
    assert cells(raw) == [("P1", "黄岛园区"), ("P2", "城阳园区")]
    assert raw.crs == "EPSG:4490"
    assert raw.geometry is not None
    assert raw.geometry[1].equals(SQUARE)
    assert "园区" in refusal(tmp_path, "a.gpkg", Table(layer="企业"))


def test_one_of_several_layers_is_said(tmp_path: Path) -> None:
    write_layer(tmp_path / "a.gpkg", layer="园区")
    write_layer(tmp_path / "a.gpkg", layer="旧园区", append=True)
    (warning,) = read_raw("a.gpkg", Table(), tmp_path).warnings
    assert warning.value == "园区"
    assert read_raw("a.gpkg", Table(layer="旧园区"), tmp_path).warnings == ()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("cpg", [True, False])
def test_shapefile_with_and_without_cpg(tmp_path: Path, encoding: str, *, cpg: bool) -> None:
    write_layer(tmp_path / "a.shp", encoding)
    if not cpg:
        (tmp_path / "a.cpg").unlink()
    raw = read_raw("a.shp", Table(), tmp_path)
    assert raw.headings == ("编号", "名称")
    assert cells(raw) == [("P1", "黄岛园区"), ("P2", "城阳园区")]
    assert raw.warnings == ()


@pytest.mark.filterwarnings("ignore")  # GDAL says, in broken UTF-8, that it cuts the heading
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("declared", [{}, {"name": "产业园区名称"}])
def test_headings_that_a_shapefile_cuts_are_still_found(
    tmp_path: Path, encoding: str, declared: dict[str, str]
) -> None:
    write_layer(tmp_path / "a.shp", encoding, name="产业园区名称" if declared else "园区名称")
    parks, _ = read_parks(ParksTable(file="a.shp", columns=declared), root=tmp_path)
    assert list(parks["name"]) == ["黄岛园区", "城阳园区"]


def test_a_cpg_that_lies_is_not_believed(tmp_path: Path) -> None:
    write_layer(tmp_path / "a.shp", "gb18030")
    (tmp_path / "a.cpg").write_text("UTF-8", encoding="ascii")
    raw = read_raw("a.shp", Table(), tmp_path)
    assert cells(raw)[0] == ("P1", "黄岛园区")
    assert ".cpg" in raw.warnings[0].what


def test_the_declared_encoding_of_a_shapefile_wins(tmp_path: Path) -> None:
    write_layer(tmp_path / "a.shp", "gb18030")
    (tmp_path / "a.cpg").unlink()
    expected = "黄岛园区".encode("gb18030").decode("cp1252")
    assert cells(read_raw("a.shp", Table(encoding="cp1252"), tmp_path))[0][1] == expected
    assert "encoding" in refusal(tmp_path, "a.shp", Table(encoding="utf-8"))


@pytest.mark.parametrize("name", ["a.shp", "a.gpkg"])
def test_broken_layers_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not a layer at all")
    assert "layer" in refusal(tmp_path, name)


def test_tables_and_geojson_need_no_gdal(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name,lon,lat\nP1,a,120,36\n", encoding="utf-8")
    geojson(tmp_path / "a.geojson", feature(id="P1"))
    code = (
        "import sys; from pathlib import Path; from parkgap.source_keys import ParksTable as T\n"
        "from parkgap.sources.tables import read_parks\n"
        "root = Path(sys.argv[1])\n"
        "read_parks(T(file='a.csv', crs='WGS84'), root=root)\n"
        "read_parks(T(file='a.geojson'), root=root)\n"
        "sys.exit(', '.join({'geopandas', 'pyogrio', 'pyproj'} & set(sys.modules)) or None)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
