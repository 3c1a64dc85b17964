"""Write the example study: a made-up Chinese district that uses every table there is.

``parkgap init DIR --example`` leaves it in a folder; it runs at once, without a network.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import NamedTuple

from parkgap.errors import OutputError
from parkgap.example_rasters import FILES, write_rasters
from parkgap.example_town import (
    EXTENT,
    MADE_UP,
    PARKS,
    XY,
    Box,
    Town,
    build,
    line_stops,
    lonlat,
    ring,
)
from parkgap.example_transit import FILE as GTFS
from parkgap.example_transit import write_gtfs
from parkgap.template import LANGUAGES

Cell = str | float | int | None
Rows = Sequence[Sequence[Cell]]

_FIRST_ID = 900_000_000_000_000  # far beyond any object that OpenStreetMap has
_DRAWN = "2026-10-31T00:00:00Z"
_SOURCE = "数据来源"
_CLOSED = 7  # row of the canteens' list
_LAST_AND_HEADWAY = (("21:00", 12), ("21:00", 15), ("21:00", 15), ("18:30", 40), ("21:00", 20))
# Hectares of industrial land, and of that for administration and living, where anybody counted.
_LAND = {"SF01": (60, 3.6), "SF03": (62, 6.2)}
_TITLE = {"zh": "示范区产业园区生活配套体检（虚构示例）", "en": "Demonstration district (made up)"}


def write_example(folder: Path, *, language: str = "zh") -> list[Path]:
    """Write the made-up district; the same bytes every time.

    Parameters
    ----------
    folder
        Made if it is not there; must be empty.
    language
        Of the results and the README, zh or en; the tables are Chinese.

    Returns
    -------
    The files written, in order.

    Raises
    ------
    OutputError
        The folder is not empty, is a file, or cannot be written.
    ValueError
        The language is neither zh nor en.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be zh or en, not {language!r}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(
            f"须为空的新文件夹：{folder} / must be a new or empty folder: {folder}",
        )
    town = build()
    tables = _tables(town)
    texts = {
        "study.toml": _text("study.toml", language),
        "README.md": _text(f"README.{language}.md", language),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_bytes(text.encode())
        for table in tables:
            if table.sheet:
                _write_xlsx(folder / table.name, table)
            else:
                (folder / table.name).write_bytes(_csv(table).encode(table.encoding))
        _write_osm(folder / "town.osm.pbf", town)
        write_rasters(folder, town)
        write_gtfs(folder)
    except OSError as error:
        raise OutputError(
            f"无法写入 {folder}（{error.strerror}） / cannot write to {folder} ({error.strerror})"
        ) from error
    return [folder / n for n in (*texts, *(t.name for t in tables), "town.osm.pbf", *FILES, GTFS)]


def _text(name: str, language: str) -> str:
    text = (files("parkgap") / "templates" / "example" / name).read_text(encoding="utf-8")
    return Template(text).substitute(mark=MADE_UP, language=language, title=_TITLE[language])


# --- tables -------------------------------------------------------------------------------------


class _Table(NamedTuple):
    name: str
    headings: str  # apart by spaces; the source's comes last, by itself
    rows: Rows
    encoding: str = "utf-8-sig"
    sheet: str = ""


def _tables(town: Town) -> list[_Table]:
    """Fill every table that a study may name, in the order of ``study.toml``; and a plan to try."""
    return [
        *(_parks(), _headcounts(), _gates(), _enterprises(), _residences(), _shifts()),
        *(_canteens(town), _services(town), _housing(), _projects()),
        *(_shuttles(), _bus_lines(), _owners(), _land(), _costs(), _plan()),
    ]


def _at(x: float, y: float, crs: str = "GCJ02") -> XY:
    """Degrees of a place in a declared datum, to a centimetre."""
    from parkgap.sources.datum import from_wgs84

    lon, lat = lonlat(x, y)
    east, north = from_wgs84([lon], [lat], crs)
    return round(float(east[0]), 7), round(float(north[0]), 7)


def _parks() -> _Table:
    rows = [
        (
            *(p.id, p.name, p.zone, "示范区", p.subdistrict, p.workers, MADE_UP, "2026-06-30"),
            *_LAND.get(p.id, (None, None)),
            _wkt(p.box),
        )
        for p in PARKS
    ]
    headings = (
        "园区编号 园区名称 功能区 行政区 街道 职工人数 人数依据 统计日期 "
        "工业用地公顷 配套用地公顷 几何"
    )
    return _Table("parks.csv", headings, rows)


def _headcounts() -> _Table:
    """Count the workers by the parks' names alone, as a sheet of another bureau does."""
    rows = [(p.name, p.workers, "年报（虚构）", "2026-06-30") for p in PARKS]
    return _Table("headcounts.xlsx", "园区名称 从业人员数 人数依据 统计日期", rows, sheet="人数")


def _gates() -> _Table:
    """List gates; the fourth park has none in the table, so they are derived from its streets."""
    rows = [
        ("SF01-G1", "SF01", "南门", *_at(-600, 400, "WGS84")),
        ("SF01-G2", "SF01", "东门", *_at(-200, 800, "WGS84")),
        ("SF01-G3", "SF01", "北门", *_at(-600, 1200, "WGS84")),
        ("SF01-G4", "SF01", "西门", *_at(-1000, 800, "WGS84")),
        ("SF02-G1", "SF02", "南大门", *_at(3200, 400, "WGS84")),
        ("SF03-G1", "SF03", "北门", *_at(800, -300, "WGS84")),
    ]
    return _Table("gates.csv", "出入口编号 园区编号 出入口名称 经度 纬度", rows)


def _enterprises() -> _Table:
    """Put four firms into every park; their workers add up to the park's."""
    rows: list[tuple[Cell, ...]] = []
    trades = ("精密机械", "电子科技", "食品", "纺织")
    for park in PARKS:
        west, south, east, north = park.box
        for i, (trade, share) in enumerate(zip(trades, (40, 30, 20, 10), strict=True)):
            n = park.workers * share // 100
            x = west + (east - west) * (1 + 2 * (i % 2)) // 4
            y = south + (north - south) * (1 + 2 * (i // 2)) // 4
            canteen: tuple[Cell, ...] = (None, None)
            if i == 0 and park.id != "SF04":
                canteen = (180, "10:30-13:00; 17:00-19:00")
            beds: tuple[Cell, ...] = (n // 5, n // 6) if i == 0 else (None, None)
            rows.append(
                (
                    *(f"{park.id}-E{i + 1}", park.id, f"虚构{park.name[2:4]}{trade}有限公司"),
                    *(f"示范区{park.subdistrict}工业路{i + 1}号", n, n // 10, n + n // 8, "9-12"),
                    *(*canteen, *beds, *_at(x, y)),
                )
            )
    headings = (
        "企业编号 园区编号 企业名称 实际地址 在岗人数 劳务派遣人数 高峰人数 高峰月份 "
        "食堂座位数 食堂开放时间 自有床位 已住床位 经度 纬度"
    )
    return _Table("enterprises.xlsx", headings, rows, sheet="企业用工")


def _residences() -> _Table:
    """List homes; the fourth park has none, so they are estimated from the population raster."""
    rows = [
        ("R01", "SF01", "老城公租房一期", "公租房", 1400, *_at(650, 850)),
        ("R02", "SF01", "老城租房片区", "租房", 3200, *_at(1450, 1250)),
        ("R03", "SF02", "海晶职工宿舍", "职工宿舍", 1300, *_at(2680, 492)),
        ("R04", "SF02", "河东租房片区", "租房", 2500, *_at(2150, 850)),
        ("R05", "SF03", "南岸职工宿舍", "职工宿舍", 3100, *_at(230, -430)),
        ("R06", "SF03", "南村租房片区", "租房", 1500, *_at(-650, -550)),
    ]
    headings = "居住点编号 园区编号 居住点名称 类型 居住人数 经度 纬度"
    return _Table("residences.csv", headings, rows, "gbk")


def _shifts() -> _Table:
    day = ("白班", "08:00", "17:30", "12:00", 60, 1.0, "周一至周五")
    round_the_clock = (
        ("早班", "06:00", "14:00", "10:00", 30, 0.4, "做六休一"),
        ("中班", "14:00", "22:00", "18:00", 30, 0.35, "做六休一"),
        ("夜班", "22:00", "06:00", "02:00", 30, 0.25, "做六休一"),
    )
    rows = [
        (park.id, *shift)
        for park in PARKS
        for shift in (round_the_clock if park.id == "SF03" else (day,))
    ]
    headings = "园区编号 班次 上班时间 下班时间 休息开始 休息分钟 比例 工作日"
    return _Table("shifts.csv", headings, rows)


def _canteens(town: Town) -> _Table:
    """List every second eating place of the map, under a branch's name and a little aside."""
    meals = [
        p
        for p in town.places
        if p[2].get("amenity") in ("restaurant", "fast_food") and "食堂" not in p[2]["name"]
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            *(f"SP{i + 1:04d}", f"{tags['name']}（示范店）", f"示范区老城街道{i + 1}号", "公共"),
            # One has closed since; the map still has it.
            *("已关闭" if i == _CLOSED else "营业", "06:00-21:00", 30 + i % 5 * 10),
            *_at(x + 6, y - 4),
        )
        for i, (x, y, tags) in enumerate(meals[::2])
    ]
    own = (("海晶智造园职工食堂", "SF02", 3215, 700), ("东风产业园职工食堂", "SF01", -585, 810))
    rows += [
        (
            *(f"ST{i + 1:04d}", name, "园区内", f"园区:{park}", "营业", "06:00-19:30", 600),
            *_at(x, y),
        )
        for i, (name, park, x, y) in enumerate(own)
    ]
    headings = "设施编号 名称 地址 开放范围 运营状态 营业时间 座位数 经度 纬度"
    return _Table("canteens.csv", headings, rows, "gbk")


def _services(town: Town) -> _Table:
    """List pharmacies and shops that the map has too, and one parcel point being built."""
    rows: list[tuple[Cell, ...]] = []
    for item, code, (key, value) in (
        ("pharmacy", "YD", ("amenity", "pharmacy")),
        ("convenience_store", "BL", ("shop", "convenience")),
    ):
        found = [p for p in town.places if p[2].get(key) == value][::3]
        rows += [
            (f"{code}{i + 1:03d}", tags["name"], item, "公共", "现有", None, *_at(x + 5, y + 3))
            for i, (x, y, tags) in enumerate(found)
        ]
    planned = ("YZ001", "南岸园区驿站", "parcel_point", "公共", "在建", "2027-03-01")
    rows.append((*planned, *_at(900, -495)))
    headings = "设施编号 名称 指标 开放范围 运营状态 启用日期 经度 纬度"
    return _Table("services.xlsx", headings, rows, sheet="便民设施")


def _housing() -> _Table:
    told = ("企业职工", "公共", "现有", "2024-05-01", "2026-06-30")
    # How many beds the last one has, nobody has told the bureau.
    unknown = ("H04", "东风青年公寓", "示范区住建局（虚构）", "保障性租赁住房", 160, None, None)
    stock = (
        (("H01", "老城公租房一期", "示范区住建局（虚构）", "公租房", 700, 1600, 120), (650, 850)),
        (("H02", "示范人才公寓", "示范城投（虚构）", "人才公寓", 240, 480, 60), (1150, 450)),
        (("H03", "南岸职工宿舍", "南岸园区公司（虚构）", "宿舍", 520, 3200, 100), (230, -430)),
        (unknown, (-60, 820)),
    )
    # The dormitory has less floor a person than the least usable area.
    areas = {"H01": (38_000, None), "H02": (14_400, 9_600), "H03": (12_000, None)}
    rows = [
        (*what, *told, *areas.get(str(what[0]), (None, None)), *_at(*xy, "CGCS2000"))
        for what, xy in stock
    ]
    headings = (
        "房源编号 房源名称 提供单位 房源类型 套数 床位 空置床位 "
        "供应对象 开放范围 状态 交付日期 统计日期 建筑面积 使用面积 经度 纬度"
    )
    return _Table("housing_stock.xlsx", headings, rows, sheet="保障房源")


def _projects() -> _Table:
    centre = ("X01", "南岸产业邻里中心", "service_point", "在建", "2027-06-30", 2400, None, None)
    homes = ("X02", "西岭蓝领公寓", "worker_housing", "规划", "2028-12-31", 9000, 300, 900)
    rows = [(*centre, *_at(700, -250)), (*homes, *_at(-4150, 260))]
    headings = "项目编号 项目名称 指标 建设状态 预计竣工 建筑面积 套数 床位 经度 纬度"
    return _Table("projects.csv", headings, rows)


def _shuttles() -> _Table:
    stops = (
        ("南村", "05:20;13:20;21:20", (-650, -550)),
        ("南岸路", "05:35;13:35;21:35", (850, -215)),
        ("南岸工业园北门", "05:40;13:40;21:40", (800, -310)),
    )
    rows = [
        ("南岸班车", "SF03-E1", stop, i + 1, times, 45, *_at(*xy))
        for i, (stop, times, xy) in enumerate(stops)
    ]
    headings = "班车线路 企业编号 停靠站 站序 发车时间 座位数 经度 纬度"
    return _Table("shuttles.csv", headings, rows)


def _bus_lines() -> _Table:
    """List every line of the map, without its 路, and one that the map does not have."""
    rows = [
        (
            line.removesuffix("路"),
            "上行",
            stop,
            i + 1,
            "06:00",
            last,
            gap,
            *_at(x + 12, y + 8, "BD09"),
        )
        for (line, stops), (last, gap) in zip(line_stops(), _LAST_AND_HEADWAY, strict=True)
        for i, (stop, x, y) in enumerate(stops)
    ]
    new = (("南岸工业园西站", (288, -640)), ("南岸路西口站", (-1550, -195)))
    rows += [
        ("示6路", "上行", stop, i + 1, "06:30", "18:30", 60, *_at(*xy, "BD09"))
        for i, (stop, xy) in enumerate(new)
    ]
    headings = "线路 方向 站名 站序 首班 末班 发车间隔 经度 纬度"
    return _Table("bus_lines.xlsx", headings, rows, sheet="公交时刻")


def _owners() -> _Table:
    rows = [
        ("canteen_or_meal", "示范区商务局（虚构）", "引导园区餐饮布点"),
        ("worker_housing", "示范区住建局（虚构）", "公租房、人才公寓筹集与配租"),
        ("bus_stop", "示范区交通局（虚构）", "公交线路和站点"),
        ("bus_lines", "示范区交通局（虚构）", "公交线路和站点"),
        ("parcel_point", "示范区邮政管理局（虚构）", "快递末端网点"),
        ("pharmacy", "示范区卫健局（虚构）", "药店与社区卫生"),
    ]
    return _Table("owners.csv", "指标 责任部门 职责", rows)


def _plan() -> _Table:
    """Propose a row of every action that a what-if knows, in the fourth and the third park."""
    headings = (
        "动作 对象编号 园区编号 指标 名称 房源类型 经度 纬度 开放范围 营业时间 座位数 "
        "床位 空置床位 人数 班次 上班时间 下班时间 比例"
    )
    blank: dict[str, Cell] = dict.fromkeys(headings.split())

    def row(action: str, **cells: Cell) -> tuple[Cell, ...]:
        return tuple({**blank, "动作": action, **cells}.values())

    canteen: dict[str, Cell] = dict(zip(("经度", "纬度"), _at(-4150, 250), strict=True))
    canteen |= {"指标": "canteen_or_meal", "名称": "西岭公共食堂", "开放范围": "公共"}
    moved: dict[str, Cell] = dict(zip(("经度", "纬度"), _at(2650, 320), strict=True))
    homes: dict[str, Cell] = dict(zip(("经度", "纬度"), _at(1000, -230), strict=True))
    homes |= {"名称": "南岸蓝领公寓", "房源类型": "公租房", "床位": 600, "空置床位": 600}
    night: dict[str, Cell] = {"班次": "夜班", "比例": 0.15}
    rows = [
        row("新增", **canteen, 营业时间="06:00-22:00", 座位数=400),
        row("移动", 对象编号="list:services.xlsx/YD001", **moved),
        row("关闭", 对象编号="list:services.xlsx/BL001"),
        row("调整时间", 对象编号="list:canteens.csv/ST0001", 营业时间="00:00-24:00"),
        row("床位", **homes),
        row("床位", 对象编号="H03", 床位=3400, 空置床位=300),
        row("人数", 园区编号="SF02", 人数=5600),
        row("班次", 园区编号="SF03", **night),
        row("班次", 园区编号="SF03", 班次="早班", 比例=0.5),
    ]
    return _Table("plan.csv", headings, rows)


def _land() -> _Table:
    """List ground where something may be put; a plot takes anything, a building what it can."""
    rows = [
        ("D01", "西岭镇闲置地块", "地块", None, 3200, *_at(-4150, 320)),
        ("D02", "南岸路闲置厂房", "建筑", "canteen_or_meal; breakfast", 1800, *_at(780, -240)),
        ("D03", "海晶路商铺", "建筑", "convenience_store; pharmacy", 240, *_at(3230, 330)),
    ]
    return _Table("land.csv", "地块编号 名称 类型 可建设施 面积 经度 纬度", rows)


def _costs() -> _Table:
    rows = [
        ("canteen_or_meal", 1_200_000, None),
        ("breakfast", 200_000, None),
        ("convenience_store", 350_000, None),
        ("parcel_point", 150_000, None),
        ("bus_stop", 80_000, None),
        ("pharmacy", 400_000, None),
        ("supermarket", 2_500_000, None),
        ("service_point", 600_000, None),
        ("neighbourhood_centre", 12_000_000, None),
    ]
    return _Table("costs.csv", "指标 单价 服务人数", rows)


def _wkt(box: Box) -> str:
    pairs = ", ".join(f"{lon:.7f} {lat:.7f}" for lon, lat in (lonlat(*p) for p in ring(box)))
    return f"POLYGON (({pairs}))"


# --- files --------------------------------------------------------------------------------------


def _csv(table: _Table) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*table.headings.split(), _SOURCE])
    writer.writerows([*row, MADE_UP] for row in table.rows)
    return text.getvalue()


def _write_xlsx(path: Path, table: _Table) -> None:
    """Write a workbook as offices do: a merged title over the headings."""
    import xlsxwriter

    headings = [*table.headings.split(), _SOURCE]
    with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
        # A fixed date, without which no two files would be the same; a workbook knows no zones.
        book.set_properties({"created": dt.datetime(2026, 1, 1), "title": MADE_UP})  # noqa: DTZ001
        page = book.add_worksheet(table.sheet)
        title = book.add_format({"bold": True, "align": "center"})
        page.merge_range(0, 0, 0, len(headings) - 1, f"示范区{table.sheet}表（{MADE_UP}）", title)
        page.write_row(1, 0, headings, book.add_format({"bold": True}))
        for i, row in enumerate(table.rows):
            page.write_row(i + 2, 0, [*row, MADE_UP])
        page.set_column(0, len(headings) - 1, 14)


def _write_osm(path: Path, town: Town) -> None:
    """Write the map; ids are beyond those of OpenStreetMap, so that no link leads astray."""
    import osmium
    from osmium.osm.mutable import Node, Relation, Way

    header = osmium.io.Header()
    header.set("generator", f"parkgap ({MADE_UP})")
    header.set("osmosis_replication_timestamp", _DRAWN)
    header.add_box(osmium.osm.Box(*lonlat(*EXTENT[:2]), *lonlat(*EXTENT[2:])))
    at: dict[tuple[float, float], int] = {}
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for i, (x, y, tags) in enumerate(town.places):
            tagged = {**tags, "source": MADE_UP}
            writer.add_node(Node(id=_FIRST_ID + i, location=lonlat(x, y), tags=tagged))
        for xy in (xy for way, _ in town.lines for xy in way):
            if xy not in at:
                at[xy] = _FIRST_ID + len(town.places) + len(at)
                writer.add_node(Node(id=at[xy], location=lonlat(*xy)))
        for i, (way, tags) in enumerate(town.lines):
            nodes = [at[xy] for xy in way]
            tagged = {**tags, "source": MADE_UP}
            writer.add_way(Way(id=_FIRST_ID + i, nodes=nodes, tags=tagged))
        for i, (line, stops) in enumerate(town.routes):
            members = [("n", _FIRST_ID + stop, "platform") for stop in stops]
            tagged = {"type": "route", "route": "bus", "ref": line, "name": line, "source": MADE_UP}
            writer.add_relation(Relation(id=_FIRST_ID + i, members=members, tags=tagged))
