"""Small broken inputs, each made by code, each with the exact message that a user must get.

An expected message is written as ``file[sheet]:row:column:value: zh / en``; what is not said is
left empty.  Messages are written by hand from what an office needs to hear; with rule and
remedy they stand in ``golden/faults.txt``.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
import xlsxwriter

Make = Callable[[Path], None]

TOWN = """<?xml version="1.0"?><osm version="0.6" generator="test">
<bounds minlat="35.90" minlon="120.00" maxlat="36.10" maxlon="120.30"/>
<node id="1" lat="36.000" lon="120.100" version="1" timestamp="2026-01-01T00:00:00Z"/>
<node id="2" lat="36.005" lon="120.110" version="1" timestamp="2026-01-01T00:00:00Z"/>
<node id="3" lat="36.010" lon="120.120" version="1" timestamp="2026-01-01T00:00:00Z"/>
<way id="1" version="1" timestamp="2026-01-01T00:00:00Z"><nd ref="1"/><nd ref="2"/><nd ref="3"/>
<tag k="highway" v="residential"/></way></osm>
"""
STUDY = """name = "faults"
as_of = 2026-11-01
[osm]
file = "town.osm"
[parks]
file = "parks.geojson"
"""
WEST = shapely.box(120.100, 36.000, 120.110, 36.010)
EAST = shapely.box(120.120, 36.000, 120.130, 36.010)


@dataclass(frozen=True)
class Fault:
    """One broken study."""

    name: str
    make: Make
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


FAULTS: list[Fault] = []


def fault(name: str, make: Make, *errors: str, warnings: tuple[str, ...] | None = None) -> None:
    """Add a fault to the corpus."""
    FAULTS.append(Fault(name, make, errors, warnings or ()))


def write(folder: Path, name: str, text: str | bytes, encoding: str = "utf-8") -> None:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode(encoding))


def layer(*rows: tuple[dict[str, object], shapely.Geometry | None]) -> str:
    features = [
        {
            "type": "Feature",
            "properties": p,
            "geometry": None if g is None else json.loads(shapely.to_geojson(g)),
        }
        for p, g in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def base(folder: Path) -> None:
    """Write a study that holds together: two parks as polygons, and a street."""
    write(folder, "study.toml", STUDY)
    write(folder, "town.osm", TOWN)
    west = {"id": "P1", "name": "西园", "workers": 1000}
    east = {"id": "P2", "name": "东园", "workers": 500}
    write(folder, "parks.geojson", layer((west, WEST), (east, EAST)))


def study(old: str, new: str) -> Make:
    """Change a part of the study's settings."""

    def make(folder: Path) -> None:
        assert old in STUDY
        write(folder, "study.toml", STUDY.replace(old, new))

    return make


def toml(text: str) -> Make:
    """Add to the study's settings."""
    return lambda folder: write(folder, "study.toml", STUDY + text)


def parks(text: str | bytes, keys: str = 'crs = "WGS84"', name: str = "parks.csv") -> Make:
    """Put a table of parks in the place of the layer."""

    def make(folder: Path) -> None:
        write(folder, "study.toml", STUDY.replace('"parks.geojson"', f'"{name}"\n{keys}'))
        write(folder, name, text)

    return make


def table(section: str, text: str | bytes, keys: str = "", name: str = "t.csv") -> Make:
    """Add a table of another kind."""
    placed = "" if section in {"shifts", "owners", "headcounts"} else 'crs = "WGS84"\n'
    head = f"[[{section}]]" if section == "facilities" else f"[{section}]"

    def make(folder: Path) -> None:
        write(folder, "study.toml", f'{STUDY}{head}\nfile = "{name}"\n{placed}{keys}')
        write(folder, name, text)

    return make


def sheets(section: str, *pages: tuple[str, Sequence[Sequence[object]]], keys: str = "") -> Make:
    """Add a table as a workbook; a pair is a formula and its value."""

    def make(folder: Path) -> None:
        table(section, b"x", keys, "t.xlsx")(folder)
        with xlsxwriter.Workbook(str(folder / "t.xlsx")) as book:
            for title, rows in pages:
                sheet = book.add_worksheet(title)
                for n, row in enumerate(rows):
                    for c, cell in enumerate(row):
                        if isinstance(cell, tuple):
                            sheet.write_formula(n, c, cell[0], value=cell[1])
                        elif cell is not None:
                            sheet.write(n, c, cell)

    return make


def packed(**members: bytes) -> bytes:
    """Zip some members."""
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


def shapefile(folder: Path, *drop: str) -> None:
    """Write the parks as a shapefile, without some of its parts."""
    import pyogrio.raw

    pyogrio.raw.write(
        folder / "p.shp",
        shapely.to_wkb(np.array([WEST, EAST], dtype=object)),
        [np.array(["P1", "P2"], dtype=object), np.array(["西园", "东园"], dtype=object)],
        np.array(["id", "name"], dtype=object),
        geometry_type="Polygon",
        crs="EPSG:4326",
        encoding="utf-8",
    )
    for suffix in drop:
        (folder / f"p{suffix}").unlink()
    write(folder, "study.toml", STUDY.replace("parks.geojson", "p.shp"))


def geoparquet(
    columns: object, shape: bytes = shapely.to_wkb(WEST), *, primary: str = "geometry"
) -> Make:
    """Put one park in a Parquet file, with what its metadata says of its columns of geometry."""

    def make(folder: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        geo = {"version": "1.1.0", "primary_column": primary, "columns": columns}
        data = pa.table({"id": ["P1"], "name": ["西园"], "geometry": [shape]})
        if columns is not None:
            data = data.replace_schema_metadata({"geo": json.dumps(geo)})
        pq.write_table(data, folder / "p.parquet")
        write(folder, "study.toml", STUDY.replace("parks.geojson", "p.parquet"))

    return make


def folder_for_a_file(folder: Path) -> None:
    """Name a folder where the parks' file should be."""
    (folder / "d").mkdir()
    study("parks.geojson", "d")(folder)


# --- study.toml ----------------------------------------------------------------------------------

fault(
    "no study.toml",
    lambda folder: (folder / "study.toml").unlink(),
    "study.toml:::: 找不到 study.toml / study.toml is not there",
)
fault(
    "study.toml in GBK",
    lambda folder: write(folder, "study.toml", 'name = "黄岛"\n', "gb18030"),
    "study.toml:::: 文件不是 UTF-8 编码 / the file is not UTF-8",
)
fault(
    "text without quotes",
    study('"faults"', "faults"),
    "study.toml:1::: 不是有效的 TOML（Invalid value (at line 1, column 8)） / "
    "not valid TOML (Invalid value (at line 1, column 8))",
)
fault(
    "a Windows path in double quotes",
    study('"town.osm"', r'"C:\Users\town.osm"'),
    "study.toml:4::: 不是有效的 TOML（Invalid hex value (at line 4, column 13)） / "
    "not valid TOML (Invalid hex value (at line 4, column 13))",
)
fault(
    "the same section twice",
    toml('[parks]\nfile = "a.csv"\n'),
    "study.toml:7::: 不是有效的 TOML（Cannot declare ('parks',) twice (at line 7, column 7)） / "
    "not valid TOML (Cannot declare ('parks',) twice (at line 7, column 7))",
)
for number, (key, text, said) in enumerate(
    (
        ("nam", 'nam = "x"\n', "不认识的项 / unknown key"),
        ("colour", 'colour = "red"\n', "不认识的项 / unknown key"),
    )
):
    fault(
        f"an unknown key {number}",
        study("as_of", f"{text}as_of"),
        f"study.toml:2:{key}:{text.split(chr(34))[1]}: {said}",
    )
fault(
    "an unknown section",
    toml("[park]\nx = 1\n"),
    "study.toml:7:park:: 不认识的项 / unknown key",
)
fault(
    "an unknown key of a section",
    toml("[walking]\nsnap = 100\n"),
    "study.toml:8:walking.snap:100: 不认识的项 / unknown key",
)
fault(
    "no name",
    study('name = "faults"\n', ""),
    "study.toml::name:: 缺少必填项 / required, but not there",
)
fault(
    "a name that is no folder",
    study('"faults"', '"a/b"'),
    "study.toml:1:name:a/b: 不能用作文件夹名 / not usable as a folder name",
)
fault(
    "a device's name",
    study('"faults"', '"nul"'),
    "study.toml:1:name:nul: 不能用作文件夹名 / not usable as a folder name",
)
fault(
    "no map",
    study('[osm]\nfile = "town.osm"\n', ""),
    "study.toml::osm:: 缺少必填项 / required, but not there",
)
fault(
    "an empty map section",
    study('file = "town.osm"\n', ""),
    "study.toml:3:osm:: 须给出 file、place、bbox 之一 / needs one of file, place and bbox",
)
fault(
    "a map that is not there",
    study("town.osm", "twon.osm"),
    "study.toml:4:osm.file:twon.osm: 找不到文件 / the file is not there",
)
fault(
    "no parks",
    study('[parks]\nfile = "parks.geojson"\n', ""),
    "study.toml::parks:: 缺少必填项 / required, but not there",
)
fault(
    "parks from nowhere",
    study('file = "parks.geojson"\n', ""),
    "study.toml:5:parks:: 园区须给出 file 或 from_osm 之一 / parks need either file or from_osm",
)
fault(
    "parks that are not there",
    study("parks.geojson", "parks.xlsx"),
    "study.toml:6:parks.file:parks.xlsx: 找不到文件 / the file is not there",
)
fault(
    "a folder in the place of a file",
    folder_for_a_file,
    "study.toml:6:parks.file:d: 这是文件夹，不是文件 / this is a folder, not a file",
)
fault(
    "an unknown datum",
    toml('crs = "Mars"\n'),
    "study.toml:7:parks.crs:Mars: 不认识的坐标系 / unknown coordinate system",
)
fault(
    "an unknown encoding",
    toml('encoding = "GBX"\n'),
    "study.toml:7:parks.encoding:GBX: 不认识的编码 / unknown encoding",
)
fault(
    "an unknown field",
    toml('columns = { worker = "人数" }\n'),
    "study.toml:7:parks.columns:: "
    "columns 中不认识的字段 'worker' / unknown field 'worker' in columns",
)
fault(
    "a heading's row of zero",
    toml("header = 0\n"),
    "study.toml:7:parks.header:0: 不得小于 1 / must be at least 1",
)
fault(
    "an empty sheet name",
    toml('sheet = ""\n'),
    "study.toml:7:parks.sheet:: 不能为空 / must not be empty",
)
fault(
    "yes for true",
    toml('crs_sure = "yes"\n'),
    "study.toml:7:parks.crs_sure:yes: 应为 true 或 false / must be true or false",
)
fault(
    "a language that is not spoken",
    study("as_of", 'language = "de"\nas_of'),
    "study.toml:2:language:de: 只能取以下之一：'zh' 或 'en' / must be one of: 'zh' or 'en'",
)
fault(
    "a country's holidays that are not known",
    toml('[shifts]\nfile = "town.osm"\ncalendar = "US"\n'),
    "study.toml:9:shifts.calendar:US: "
    "只能取以下之一：'CN' 或 'none' / must be one of: 'CN' or 'none'",
)
fault(
    "a public edition without review",
    study("as_of", 'edition = "public"\nas_of'),
    "study.toml::map_review_no:: 公开版须有审图号 / the public edition needs a map review number",
)
fault(
    "nobody to protect",
    toml("[privacy]\nmin_workers = 0\n"),
    "study.toml:8:privacy.min_workers:0: 不得小于 1 / must be at least 1",
)
fault(
    "a text for a number",
    toml('[reach]\nlimit_m = "far"\n'),
    "study.toml:8:reach.limit_m:far: 应为数字 / must be a number",
)
fault(
    "a table that is not there",
    toml('[gates]\nfile = "g.csv"\n'),
    "study.toml:8:gates.file:g.csv: 找不到文件 / the file is not there",
)
fault(
    "a table without a file",
    toml('[gates]\ncrs = "WGS84"\n'),
    "study.toml:7:gates.file:: 缺少必填项 / required, but not there",
)
fault(
    "a list of facilities that is not there",
    toml('[[facilities]]\nfile = "c.csv"\nitem = "canteen_or_meal"\n'),
    "study.toml:8:facilities.0.file:c.csv: 找不到文件 / the file is not there",
)
fault(
    "facilities as one section",
    toml('[facilities]\nfile = "parks.geojson"\n'),
    "study.toml:7:facilities:: 应为列表 / must be a list",
)
fault(
    "completeness without an issuer",
    table(
        "facilities",
        "编号,名称\n1,甲\n",
        'item = "canteen_or_meal"\ncomplete = { area = "黄岛区", as_of = 2026-06-30 }\n',
    ),
    "study.toml:11:facilities.0.complete.issuer:: 缺少必填项 / required, but not there",
)
fault(
    "completeness without a date",
    table(
        "facilities",
        "编号,名称\n1,甲\n",
        'item = "canteen_or_meal"\ncomplete = { area = "黄岛区", issuer = "局", as_of = "夏" }\n',
    ),
    "study.toml:11:facilities.0.complete.as_of:夏: "
    "应为日期，如 2026-11-01 / must be a date such as 2026-11-01",
)
fault(
    "a section of a later version",
    toml('[survey]\nfile = "a.csv"\n'),
    "study.toml:7:survey:: 本版本尚不读取此项 / this version does not read this yet",
)
fault(
    "a standard that is not there",
    toml('[standard]\nuse = "own.yaml"\n'),
    "study.toml:8:standard.use:own.yaml: 找不到文件 / the file is not there",
)

# --- files ---------------------------------------------------------------------------------------

for suffix in ("csv", "txt", "xlsx", "xls", "ods", "geojson", "gpkg", "shp", "zip", "kml"):
    fault(
        f"an empty .{suffix}",
        parks(b"", name=f"p.{suffix}"),
        f"p.{suffix}:::: 文件为空 / the file is empty",
    )
fault(
    "a format that nobody reads",
    parks(b"x", name="p.docx"),
    "p.docx:::: 不支持的文件格式 / a format that is not read",
)
fault(
    "no extension",
    parks(b"x", name="parks"),
    "parks:::: 不支持的文件格式 / a format that is not read",
)
fault(
    "noise for GeoParquet",
    parks(b"PAR1", name="p.parquet"),
    "p.parquet:::: 不是完整的 Parquet 文件 / not a whole Parquet file",
)
fault(
    "GeoParquet whose metadata is none",
    geoparquet("polygons"),
    "p.parquet:::: 文件中的 geo 元数据有误 / the file's metadata `geo` is wrong",
)
fault(
    "GeoParquet of an unknown encoding",
    geoparquet({"geometry": {"encoding": "TWKB"}}),
    "p.parquet:::TWKB: 不认识的几何编码 / an unknown encoding of geometry",
)
fault(
    "GeoParquet whose geometry is no geometry",
    geoparquet({"geometry": {"encoding": "WKB"}}, b"\x01no"),
    "p.parquet:::: 几何无法读取 / the geometry cannot be read",
)
fault(
    "GeoParquet without the column that it names",
    geoparquet({"shape": {"encoding": "WKB"}}, primary="shape"),
    "p.parquet:::shape: 找不到这个几何列 / no such column of geometry",
)
fault(
    "GeoParquet whose system is no PROJJSON",
    geoparquet({"geometry": {"encoding": "WKB", "crs": "EPSG:4490"}}),
    "p.parquet:::EPSG:4490: "
    "geo 元数据中的坐标系不是 PROJJSON / the coordinate system in `geo` is no PROJJSON",
)
fault(
    "GeoParquet that says that its system is unknown",
    geoparquet({"geometry": {"encoding": "WKB", "crs": None}}),
    "p.parquet:::: 未说明坐标系 / the coordinate system is not said",
)
fault(
    "Parquet with bytes and no metadata",
    geoparquet(None),
    "p.parquet:::: 缺少经纬度列 / there are no columns of longitude and latitude",
    warnings=("p.parquet:::geometry: 二进制列，未读入 / a column of bytes; it was left out",),
)
fault(
    "a page of HTML for a workbook",
    parks(b"<html><table><tr><td>1</td></tr></table></html>", name="p.xlsx"),
    "p.xlsx:::: 工作簿损坏 / the workbook is broken",
)
fault(
    "noise for an old workbook",
    parks(b"\xd0\xcf\x11\xe0 not a workbook at all", name="p.xls"),
    "p.xls:::: 工作簿损坏 / the workbook is broken",
)
fault(
    "noise for an .ods",
    parks(b"not an ods", name="p.ods"),
    "p.ods:::: 工作簿损坏 / the workbook is broken",
)
fault(
    "noise for a GeoPackage",
    parks(b"not a layer at all", name="p.gpkg"),
    "p.gpkg:::: 图层无法读取 / the layer cannot be read",
)
fault(
    "noise for a shapefile",
    parks(b"not a layer at all", name="p.shp"),
    "p.shp:::: 图层无法读取 / the layer cannot be read",
)
fault(
    "noise for KML",
    parks(b"<kml><Document><Placemark>", name="p.kml"),
    "p.kml:::: 图层无法读取 / the layer cannot be read",
)
fault(
    "a zip that is none",
    parks(b"PK not a zip", name="p.zip"),
    "p.zip:::: 压缩包损坏或有密码（File is not a zip file） / "
    "the zip file is broken or has a password (File is not a zip file)",
)
fault(
    "a zip without a layer",
    parks(packed(readme__txt=b"x"), name="p.zip"),
    "p.zip:::: 压缩包中应恰有一个 .shp / the zip file must hold exactly one .shp",
)
fault(
    "a zip of two layers",
    parks(packed(a__shp=b"x", b__shp=b"x"), name="p.zip"),
    "p.zip:::a, b: 压缩包中应恰有一个 .shp / the zip file must hold exactly one .shp",
)
fault(
    "a zip without the layer that is named",
    parks(packed(a__shp=b"x"), 'layer = "b"', "p.zip"),
    "p.zip:::b: 找不到这个图层 / no such layer",
)
fault(
    "a shapefile without its .dbf, .shx",
    lambda folder: shapefile(folder, ".shx", ".dbf"),
    "p.shp:::: 图层无法读取 / the layer cannot be read",
)
fault(
    "a shapefile without its datum",
    lambda folder: shapefile(folder, ".prj"),
    "p.shp:::: 未说明坐标系 / the coordinate system is not said",
)
fault(
    "JSON that is none",
    parks(b"{", name="p.geojson"),
    "p.geojson:::: 不是有效的 GeoJSON / not valid GeoJSON",
)
fault(
    "JSON that is no layer",
    parks(b'{"a": 1}', name="p.json"),
    "p.json:::: 不是有效的 GeoJSON（'type'） / not valid GeoJSON ('type')",
)
fault(
    "a layer of nothing",
    parks(layer(), name="p.geojson"),
    "p.geojson:::: 表中一个园区也未列 / the table holds no park",
    "p.geojson:::: 编号列和名称列都缺 / there is neither a column of ids nor one of names",
)
fault(
    "bytes of no encoding",
    parks("编号,名称\n1,甲\n".encode("gb18030") + b"\xff\xff\x81", name="p.csv"),
    "p.csv:::: 文字编码读不出来 / the text cannot be decoded",
)
fault(
    "the wrong encoding declared",
    parks("编号,名称\n1,甲\n".encode("gb18030"), 'crs = "WGS84"\nencoding = "utf-8"'),
    "parks.csv:::utf-8: 文字编码读不出来 / the text cannot be decoded",
)
fault(
    "UTF-16 cut in two",
    parks("编号,名称\n1,甲\n".encode("utf-16")[:-1]),
    "parks.csv:::: 文字编码读不出来 / the text cannot be decoded",
)
fault(
    "an open quote",
    parks('编号,名称,经度,纬度\n1,"甲,120.1,36\n2,乙,120.2,36\n'),
    "parks.csv:2::: 不是完整的 CSV（unexpected end of data） / "
    "not a whole CSV (unexpected end of data)",
)
fault(
    "more cells than headings",
    parks("编号,名称,经度,纬度\n1,甲,120.1,36,9\n2,乙,120.2,36\n3,丙,120.1,36,,8\n"),
    "parks.csv:2::9: 这一行的格数多于表头 / the row has more cells than there are headings",
    "parks.csv:4::8: 这一行的格数多于表头 / the row has more cells than there are headings",
)
fault("blank lines only", parks("\n ,\n,,\n"), "parks.csv:::: 表为空 / the table is empty")
fault(
    "the headings' row is empty",
    parks("\n\n编号,名称\n1,甲\n", 'crs = "WGS84"\nheader = 2'),
    "parks.csv:2::: 表头行是空的 / the row of headings is empty",
)
fault(
    "the headings' row is beyond the end",
    parks("编号,名称\n1,甲\n", 'crs = "WGS84"\nheader = 9'),
    "parks.csv:9::: 表头行是空的 / the row of headings is empty",
)
fault(
    "a sheet that is not there",
    sheets("gates", ("门", [["编号"], ["G1"]]), keys='sheet = "大门"'),
    "t.xlsx:::大门: 找不到这个工作表 / no such sheet",
)
fault(
    "an empty sheet",
    sheets("gates", ("门", []), ("二", [["编号"]])),
    "t.xlsx[门]:::: 表为空 / the table is empty",
)

# --- parks ---------------------------------------------------------------------------------------

HEAD = "编号,园区名称,职工人数,经度,纬度,面积\n"
CIRCLES = (
    "园区只有点位，按面积（无面积则按半径 150 米）画圆代替边界 / parks given as points; "
    "circles of their area (150 m radius where none is given) stand for their outlines"
)


def park_rows(name: str, rows: str, *errors: str, crs: str = "WGS84") -> None:
    """Add a fault of rows of a table of parks."""
    fault(name, parks(HEAD + rows, f'crs = "{crs}"'), *(f"parks.csv:{e}" for e in errors))


fault(
    "columns that nobody knows",
    parks("a,b\n1,2\n"),
    "parks.csv:::: 编号列和名称列都缺 / there is neither a column of ids nor one of names",
    "parks.csv:::: 缺少经纬度列 / there are no columns of longitude and latitude",
)
fault(
    "no column of latitude",
    parks("编号,名称,经度\n1,甲,120.1\n"),
    "parks.csv:::: 缺少经纬度列 / there are no columns of longitude and latitude",
)
fault(
    "a declared column that is not there",
    parks("编号,名称,经度,纬度\n1,甲,120.1,36\n", 'crs = "WGS84"\ncolumns = { workers = "人" }'),
    "parks.csv::人:: 找不到这一列 / no such column",
)
fault(
    "a declared column that is there twice",
    parks(
        "编号,名称,人,人,经度,纬度\n1,甲,1,2,120.1,36\n",
        'crs = "WGS84"\ncolumns = { workers = "人" }',
    ),
    "parks.csv::人:: 表头重复 / the heading is there twice",
)
fault(
    "headings and no park",
    parks(HEAD),
    "parks.csv:::: 表中一个园区也未列 / the table holds no park",
)
fault(
    "no datum",
    parks(HEAD + "P1,甲,1,120.1,36,\n", ""),
    "parks.csv:::: 未说明坐标系 / the coordinate system is not said",
)
fault(
    "a datum that is no system",
    parks(HEAD + "P1,甲,1,120.1,36,\n", 'crs = "EPSG:999999"'),
    "parks.csv:::EPSG:999999: 坐标系无法识别 / the coordinate system is not known",
)
park_rows(
    "a negative headcount",
    "P1,甲,-5,120.1,36,\n",
    "2:职工人数:-5: 人数不合理 / an absurd headcount",
)
park_rows(
    "a headcount of a country",
    "P1,甲,5000000,120.1,36,\n",
    "2:职工人数:5000000: 人数不合理 / an absurd headcount",
)
park_rows(
    "万人 for 人",
    "P1,甲,120万人,120.1,36,\n",
    "2:职工人数:120万人: 人数不合理 / an absurd headcount",
)
for number, said in enumerate(("约一千", "1200/1300", "12 00 x", "#VALUE!", "1,20,0")):
    cell = f'"{said}"' if "," in said else said
    park_rows(
        f"a headcount that is no number {number}",
        f"P1,甲,{cell},120.1,36,\n",
        f"2:职工人数:{said}: 不是数字 / not a number",
    )
park_rows("no id", ",甲,1,120.1,36,\n", "2:编号:: 不能为空 / must not be empty")
park_rows("an id twice", "P1,甲,1,120.1,36,\nP1,乙,1,120.1,36,\n", "3:编号:P1: 重复 / repeated")
park_rows(
    "ids that differ in case only",
    "P1,甲,1,120.1,36,\np1,乙,1,120.1,36,\n",
    "3:编号:p1: 重复 / repeated",
)
for number, said in enumerate(("a/b", "a:b", "con", "a.", "?")):
    park_rows(
        f"an id that names no page {number}",
        f"{said},甲,1,120.1,36,\n",
        f"2:编号:{said}: 编号不能用作文件名 / the id cannot name a file",
    )
fault(
    "a name twice in one place and no ids",
    parks("园区名称,经度,纬度\n甲,120.1,36\n甲,120.1,36\n"),
    "parks.csv:3:园区名称:甲: 重复 / repeated",
)
fault(
    "no name and no ids",
    parks("园区名称,经度,纬度\n,120.1,36\n甲,120.1,36\n"),
    "parks.csv:2:园区名称:: 不能为空 / must not be empty",
)
park_rows("0,0", "P1,甲,1,0,0,\n", "2:纬度:0: 坐标为 0,0 / the coordinates are 0,0")
park_rows(
    "swapped",
    "P1,甲,1,36,120.1,\n",
    "2:纬度:120.1: 经度和纬度像是颠倒了 / longitude and latitude look swapped",
)
park_rows(
    "swapped in the far west",
    "P1,甲,1,43.8,87.6,\n",
    "2:纬度:87.6: 经度和纬度像是颠倒了 / longitude and latitude look swapped",
)
park_rows(
    "metres read as degrees",
    "P1,甲,1,519000,3986000,\n",
    "2:纬度:3986000: 坐标像是米而不是度 / the coordinates look like metres, not degrees",
)
park_rows(
    "metres with the zone's number",
    "P1,甲,1,40519000,3986000,\n",
    "2:纬度:3986000: 坐标像是米而不是度 / the coordinates look like metres, not degrees",
)
park_rows(
    "out of range",
    "P1,甲,1,190,36,\n",
    "2:经度:190: 坐标超出范围 / the coordinates are out of range",
)
park_rows(
    "degrees declared as metres",
    "P1,甲,1,120.1,36,\n",
    "2:经度:120.1: 坐标不在该坐标系的适用范围内 / "
    "the coordinates are outside of where the system is meant for",
    crs="EPSG:4549",
)
park_rows(
    "easting and northing swapped",
    "P1,甲,1,3986000,519000,\n",
    "2:经度:3986000: 坐标不在该坐标系的适用范围内 / "
    "the coordinates are outside of where the system is meant for",
    crs="EPSG:4549",
)
park_rows("no longitude", "P1,甲,1,,36,\n", "2:经度:: 缺少坐标 / no coordinates")
park_rows("no coordinates at all", "P1,甲,1,,,\n", "2:经度:: 缺少坐标 / no coordinates")
park_rows("a word for a longitude", "P1,甲,1,东经,36,\n", "2:经度:东经: 不是数字 / not a number")
park_rows(
    "sixty minutes and more",
    "P1,甲,1,120°75′00″,36,\n",
    "2:经度:120°75′00″: 度分秒写法有误 / not degrees, minutes and seconds",
)
park_rows(
    "a north for an east",
    "P1,甲,1,120°06′00″N,36,\n",
    "2:经度:120°06′00″N: 度分秒写法有误 / not degrees, minutes and seconds",
)
park_rows(
    "in the Yellow Sea",
    "P1,甲,1,120.1,36,\nP2,乙,1,123.5,35,\n",
    "3:经度:123.5: 坐标落在海里：黄海 / the point lies at sea: the Yellow Sea",
)
park_rows(
    "in Japan",
    "P1,甲,1,120.1,36,\nP2,乙,1,120.2,36,\nP3,丙,1,139,36,\n",
    "4:经度:139: 坐标落在日本，园区在中国 / the point lies in Japan, the parks in China",
)
park_rows("a negative area", "P1,甲,1,120.1,36,-3\n", "2:面积:-3: 面积不合理 / an absurd area")
park_rows(
    "square metres for hectares",
    "P1,甲,1,120.1,36,650000\n",
    "2:面积:650000: 面积不合理 / an absurd area",
)
fault(
    "a date that is none",
    parks("编号,名称,统计日期,经度,纬度\nP1,甲,去年,120.1,36\nP2,乙,2026-02-30,120.1,36\n"),
    "parks.csv:2:统计日期:去年: 日期写法有误 / not a date",
    "parks.csv:3:统计日期:2026-02-30: 日期写法有误 / not a date",
)
fault(
    "WKT that is none",
    parks("编号,名称,wkt\nP1,甲,POLYGON((1 2)\nP2,乙,here\n"),
    "parks.csv:2:wkt:POLYGON((1 2): 不是有效的 WKT / not valid WKT",
    "parks.csv:3:wkt:here: 不是有效的 WKT / not valid WKT",
)
fault(
    "a pair that is none",
    parks('编号,名称,经纬度\nP1,甲,120.1\nP2,乙,"120.2,36.0"\n'),
    "parks.csv:2:经纬度:120.1: 不是一对经纬度 / not a pair of longitude and latitude",
)
fault(
    "no park in the map",
    parks(HEAD + "P1,甲,1,104.1,30.6,\n"),
    "town.osm:::OSM 120.0000, 35.9000, 120.3000, 36.1000; "
    "parks 104.0984, 30.5986, 104.1016, 30.6014: "
    "地图数据与园区不重叠 / the map data and the parks do not overlap",
    warnings=(f"parks.csv:::1: {CIRCLES}",),
)

# --- layers of parks -----------------------------------------------------------------------------

BOW = shapely.Polygon([(120.1, 36), (120.11, 36.01), (120.11, 36), (120.1, 36.01)])
SPIKE = shapely.Polygon(
    [(120.1, 36), (120.11, 36), (120.12, 36), (120.11, 36), (120.11, 36.01), (120.1, 36.01)]
)
for name, shape, said in (
    (
        "a bow tie",
        BOW,
        (
            ":1::: 多边形自相交，修复会改变面积 / "
            "the polygon crosses itself; repairing it would change its area"
        ),
    ),
    (
        "a line for a park",
        shapely.LineString([(120.1, 36), (120.2, 36)]),
        ":1::: 几何为空或不是点、面 / the geometry is empty, or neither point nor polygon",
    ),
    (
        "no outline",
        None,
        ":1::: 几何为空或不是点、面 / the geometry is empty, or neither point nor polygon",
    ),
    (
        "an outline in metres",
        shapely.box(519000, 3986000, 520000, 3987000),
        ":1::: 坐标像是米而不是度 / the coordinates look like metres, not degrees",
    ),
    (
        "an outline with its axes swapped",
        shapely.box(36.0, 120.1, 36.01, 120.11),
        ":1::: 经度和纬度像是颠倒了 / longitude and latitude look swapped",
    ),
    (
        "an outline at sea",
        shapely.box(123.0, 35.0, 123.01, 35.01),
        ":1::: 坐标落在海里：黄海 / the point lies at sea: the Yellow Sea",
    ),
):
    fault(
        name,
        parks(layer(({"id": "P1"}, shape)), "", "p.geojson"),
        f"p.geojson{said}",
    )
fault(
    "a geometry that is none",
    parks(
        b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": 1},'
        b' "geometry": {"type": "Blob", "coordinates": []}}]}',
        "",
        "p.geojson",
    ),
    "p.geojson:1::: 几何无法读取（Unknown geometry type: 'blob'） / "
    "the geometry cannot be read (Unknown geometry type: 'blob')",
)
fault(
    "a spike, which is repaired",
    parks(layer(({"id": "P1"}, SPIKE)), "", "p.geojson"),
    warnings=(
        (
            "p.geojson:1::: 多边形有误，已修复，面积变化小于 0.1% / "
            "the polygon was invalid and has been repaired; its area changed by less than 0.1 %"
        ),
    ),
)
