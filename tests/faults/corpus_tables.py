"""Broken tables of gates, firms, homes, shifts and lists; broken maps and standards."""

from __future__ import annotations

from pathlib import Path

import shapely
from tests.faults.corpus import (
    STUDY,
    TOWN,
    Fault,
    Make,
    layer,
    sheets,
    table,
    toml,
    write,
)

MORE: list[Fault] = []


def fault(name: str, make: Make, *errors: str, warnings: tuple[str, ...] = ()) -> None:
    """Add a fault to the corpus."""
    MORE.append(Fault(name, make, errors, warnings))


def rows(
    section: str, head: str, name: str, text: str, *errors: str, warnings: tuple[str, ...] = ()
) -> None:
    """Add a fault of the rows of a table."""
    keys = 'item = "canteen_or_meal"\n' if section == "facilities" else ""
    fault(
        f"{section}: {name}",
        table(section, f"{head}\n{text}", keys),
        *(f"t.csv:{e}" for e in errors),
        warnings=tuple(f"t.csv:{w}" for w in warnings),
    )


def absent(section: str, head: str, *fields: str) -> None:
    """Add the fault that a table lacks each of its necessary columns."""
    fault(
        f"{section}: necessary columns",
        table(section, f"{head}\n"),
        *(f"t.csv:::: 缺少必需的列 {f} / the column {f} is not there" for f in fields),
    )


def ground(folder: Path, names: dict[int, str], *, small: tuple[int, ...] = ()) -> None:
    """Draw industrial land into the map: a square a way, of some 100 ha or (`small`) of 0.9 ha."""
    nodes, ways = "", ""
    for k, (way, name) in enumerate([*names.items(), *((way, "") for way in small)]):
        side = 0.001 if way in small else 0.01
        west, south = 120.1 + 0.02 * k, 36.0
        corners = ((0, 0), (side, 0), (side, side), (0, side))
        refs = [100 * way + n for n in range(4)]
        nodes += "".join(
            f'<node id="{ref}" lat="{south + y:.4f}" lon="{west + x:.4f}" version="1"/>'
            for ref, (x, y) in zip(refs, corners, strict=True)
        )
        ring = "".join(f'<nd ref="{ref}"/>' for ref in (*refs, refs[0]))
        tags = f'<tag k="landuse" v="industrial"/><tag k="name" v="{name}"/>'
        ways += f'<way id="{way}" version="1">{ring}{tags}</way>'
    head, tail = TOWN.split("<way", 1)
    write(folder, "town.osm", f"{head}{nodes}<way{tail.replace('</osm>', '')}{ways}</osm>")


ONLY_HEAD = ":::: 表中只有表头 / the table holds nothing but headings"

# --- gates ---------------------------------------------------------------------------------------

GATES = "编号,园区编号,名称,经度,纬度"
fault(
    "gates: necessary columns",
    table("gates", "a,b\n1,2\n"),
    "t.csv:::: 缺少必需的列 id / the column id is not there",
    "t.csv:::: 缺少必需的列 park_id / the column park_id is not there",
    "t.csv:::: 缺少经纬度列 / there are no columns of longitude and latitude",
)
fault(
    "gates: headings only",
    table("gates", f"{GATES}\n"),
    warnings=("t.csv" + ONLY_HEAD,),
)
for name, text, *said in (
    (
        "a park that is not there",
        "G1,P9,门,120.1,36\n",
        "2:园区编号:P9: 园区表中查无此园区 / no such park in the table of parks",
    ),
    (
        "a park's name with a slip",
        "G1,西圆,门,120.1,36\n",
        "2:园区编号:西圆: 园区表中查无此园区 / no such park in the table of parks",
    ),
    ("no park", "G1,,门,120.1,36\n", "2:园区编号:: 不能为空 / must not be empty"),
    ("no id", ",P1,门,120.1,36\n", "2:编号:: 不能为空 / must not be empty"),
    (
        "an id twice",
        "G1,P1,门,120.1,36\nG1,P2,门,120.12,36\n",
        "3:编号:G1: 重复 / repeated",
    ),
    ("no coordinates", "G1,P1,门,,\n", "2:经度:: 缺少坐标 / no coordinates"),
    (
        "swapped",
        "G1,P1,门,36,120.1\n",
        "2:纬度:120.1: 经度和纬度像是颠倒了 / longitude and latitude look swapped",
    ),
    (
        "at sea",
        "G1,P1,门,123.5,35\n",
        "2:经度:123.5: 坐标落在海里：黄海 / the point lies at sea: the Yellow Sea",
    ),
    (
        "in another country",
        "G1,P1,门,127,37\n",
        "2:经度:127: 坐标落在韩国，园区在中国 / the point lies in South Korea, the parks in China",
    ),
):
    rows("gates", GATES, name, text, *said)
rows(
    "gates",
    GATES,
    "far from its park",
    "G1,P1,门,120.105,36.03\n",
    warnings=("2::P1: 2219 m: 位置离所属园区很远 / it lies far from its park",),
)
fault(
    "gates: the sample's row is still there",
    table("gates", f"{GATES},来源\nG1,P1,门,120.105,36.0,示例行\n"),
    warnings=("t.csv:2:来源:示例行: 示例行还在 / the example row is still there",),
)
rows(
    "gates",
    GATES,
    "a row of sums",
    "G1,P1,门,120.105,36.0\n合计,,,1,\n",
    warnings=("3::合计: 合计行，未读入 / a row of sums; it was left out",),
)
rows(
    "gates",
    GATES,
    "a note under the rows",
    "G1,P1,门,120.105,36.0\n注：2025年底,,,,\n",
    warnings=("3::注：2025年底: 注释行，未读入 / a note, not a row; it was left out",),
)
fault(
    "gates: two sheets",
    sheets(
        "gates",
        ("门", [GATES.split(","), ["G1", "P1", "门", 120.105, 36.0]]),
        ("说明", [["x"]]),
    ),
    warnings=(
        "t.xlsx[门]:::门: 有多个工作表，只读了第一个 / several sheets; only the first was read",
    ),
)
fault(
    "gates: a formula without a value",
    sheets("gates", ("门", [GATES.split(","), ["G1", "P1", "门", ("=A1", ""), 36.0]])),
    "t.xlsx[门]:2:经度:: 公式未算出值 / the formula has no value",
)
fault(
    "gates: a formula that gives an error",
    sheets("gates", ("门", [GATES.split(","), ["G1", "P1", "门", ("=1/0", "#DIV/0!"), 36.0]])),
    "t.xlsx[门]:2:经度:: 公式出错（#DIV/0!） / the formula gives an error (#DIV/0!)",
)
fault(
    "gates: an id that a formula does not find",
    sheets("gates", ("门", [GATES.split(","), [("=NA()", "#N/A"), "P1", "门", 120.105, 36.0]])),
    "t.xlsx[门]:2:编号:: 公式出错（#N/A） / the formula gives an error (#N/A)",
)
fault(
    "gates: lines",
    table(
        "gates",
        layer(({"id": "G1", "park_id": "P1"}, shapely.LineString([(120.1, 36), (120.2, 36)]))),
        name="t.geojson",
    ),
    "t.geojson:1::: 几何为空或不是点、面 / the geometry is empty, or neither point nor polygon",
)

# --- enterprises ---------------------------------------------------------------------------------

FIRMS = "编号,园区编号,在岗人数,派遣人数,高峰人数,食堂座位,自有床位,已住床位,经度,纬度"
absent("enterprises", "a,b", "id", "park_id", "workers")
for name, text, *said in (
    ("no headcount", "E1,P1,,,,,,,,\n", "2:在岗人数:: 不能为空 / must not be empty"),
    (
        "a negative headcount",
        "E1,P1,-1,,,,,,,\n",
        "2:在岗人数:-1: 人数不合理 / an absurd headcount",
    ),
    ("a headcount in words", "E1,P1,若干,,,,,,,\n", "2:在岗人数:若干: 不是数字 / not a number"),
    (
        "more dispatched than there are",
        "E1,P1,100,150,,,,,,\n",
        "2:派遣人数:150: 部分大于整体 / a part is more than its whole",
    ),
    (
        "more beds occupied than there are",
        "E1,P1,100,,,,50,60,,\n",
        "2:已住床位:60: 部分大于整体 / a part is more than its whole",
    ),
    ("negative seats", "E1,P1,100,,,-20,,,,\n", "2:食堂座位:-20: 数值不合理 / an absurd number"),
    ("a peak in words", "E1,P1,100,,很多,,,,,\n", "2:高峰人数:很多: 不是数字 / not a number"),
    ("half a position", "E1,P1,100,,,,,,120.1,\n", "2:纬度:: 缺少坐标 / no coordinates"),
    (
        "an id twice",
        "E1,P1,100,,,,,,,\nE1,P2,100,,,,,,,\n",
        "3:编号:E1: 重复 / repeated",
    ),
):
    rows("enterprises", FIRMS, name, text, *said)
rows(
    "enterprises",
    FIRMS,
    "more workers than the park has",
    "E1,P1,900,,,,,,,\nE2,P1,300,,,,,,,\nE3,P2,500,,,,,,,\n",
    warnings=(
        (
            "::P1: 1200 > 1000: "
            "人数合计超过园区职工人数 / the rows add up to more workers than the park has"
        ),
    ),
)
fault(
    "enterprises: fewer workers than the park has",
    table("enterprises", f"{FIRMS}\nE1,P1,600,,,,,,,\nE2,P2,500,,,,,,,\n"),
    warnings=(
        (
            "parks.geojson, t.csv::workers:P1: 1000 (parks) ≠ 600 (enterprises): "
            "两张表的人数不一致 / the headcounts of two tables do not add up"
        ),
    ),
)

# --- residences ----------------------------------------------------------------------------------

HOMES = "编号,园区编号,类型,居住人数,经度,纬度"
fault(
    "residences: necessary columns",
    table("residences", "a,b\n1,2\n"),
    *(
        f"t.csv:::: 缺少必需的列 {f} / the column {f} is not there"
        for f in ("id", "park_id", "kind", "workers")
    ),
    "t.csv:::: 缺少经纬度列 / there are no columns of longitude and latitude",
)
for name, text, *said in (
    (
        "an unknown kind",
        "R1,P1,帐篷,5,120.1,36\n",
        "2:类型:帐篷: 不认识的居住类型 / unknown kind of residence",
    ),
    ("no kind", "R1,P1,,5,120.1,36\n", "2:类型:: 不能为空 / must not be empty"),
    ("no count", "R1,P1,宿舍,,120.1,36\n", "2:居住人数:: 不能为空 / must not be empty"),
    (
        "the same home twice for one park",
        "R1,P1,宿舍,5,120.1,36\nR1,P1,宿舍,5,120.1,36\n",
        "3:编号:R1: 重复 / repeated",
    ),
    ("no coordinates", "R1,P1,宿舍,5,,\n", "2:经度:: 缺少坐标 / no coordinates"),
    ("0,0", "R1,P1,宿舍,5,0,0\n", "2:纬度:0: 坐标为 0,0 / the coordinates are 0,0"),
    (
        "metres",
        "R1,P1,宿舍,5,519000,3986000\n",
        "2:纬度:3986000: 坐标像是米而不是度 / the coordinates look like metres, not degrees",
    ),
):
    rows("residences", HOMES, name, text, *said)
rows(
    "residences",
    HOMES,
    "far from the park",
    "R1,P1,宿舍,5,121.1,36.005\n",
    warnings=("2::P1: 89256 m: 位置离所属园区很远 / it lies far from its park",),
)
rows(
    "residences",
    HOMES,
    "more than work there",
    "R1,P2,宿舍,600,120.1,36.005\n",
    warnings=(
        (
            "::P2: 600 > 500: "
            "人数合计超过园区职工人数 / the rows add up to more workers than the park has"
        ),
    ),
)

# --- shifts --------------------------------------------------------------------------------------

SHIFTS = "园区编号,班次,上班时间,下班时间,休息开始,休息分钟,比例"
absent("shifts", "a,b", "park_id", "shift", "share", "start", "end")
for name, text, *said in (
    ("25 o'clock", "P1,白,8:00,25:00,,,1\n", "2:下班时间:25:00: 时刻写法有误 / not a time of day"),
    ("61 minutes", "P1,白,8:61,16:00,,,1\n", "2:上班时间:8:61: 时刻写法有误 / not a time of day"),
    ("a bare hour", "P1,白,8,16:00,,,1\n", "2:上班时间:8: 时刻写法有误 / not a time of day"),
    ("a word", "P1,白,早上,16:00,,,1\n", "2:上班时间:早上: 时刻写法有误 / not a time of day"),
    ("no start", "P1,白,,16:00,,,1\n", "2:上班时间:: 不能为空 / must not be empty"),
    (
        "no length",
        "P1,白,8:00,8:00,,,1\n",
        "2:下班时间:8:00: 上下班时刻相同 / the shift ends when it starts",
    ),
    (
        "24:00 to 0:00",
        "P1,白,24:00,0:00,,,1\n",
        "2:下班时间:0:00: 上下班时刻相同 / the shift ends when it starts",
    ),
    (
        "a break after work",
        "P1,白,8:00,16:00,18:00,30,1\n",
        "2:休息分钟:30: 休息时间不在班次之内 / the break does not fit in the shift",
    ),
    (
        "a break that runs over the end",
        "P1,夜,22:00,6:00,5:45,30,1\n",
        "2:休息分钟:30: 休息时间不在班次之内 / the break does not fit in the shift",
    ),
    (
        "a negative break",
        "P1,白,8:00,16:00,12:00,-30,1\n",
        "2:休息分钟:-30: 休息时间不在班次之内 / the break does not fit in the shift",
    ),
    (
        "shares under one",
        "P1,白,8:00,16:00,,,0.6\nP1,夜,22:00,6:00,,,0.3\n",
        "2:比例:P1: 0.9: 各班次比例之和不是 1 / the shares of a park's shifts do not sum to 1",
    ),
    (
        "shares over one",
        "P1,白,8:00,16:00,,,60%\nP1,夜,22:00,6:00,,,60%\n",
        "2:比例:P1: 1.2: 各班次比例之和不是 1 / the shares of a park's shifts do not sum to 1",
    ),
    (
        "60 for 60 %",
        "P1,白,8:00,16:00,,,60\n",
        "2:比例:60: 比例超出 0–1 / the share is outside 0 to 1",
    ),
    (
        "a negative share",
        "P1,白,8:00,16:00,,,-0.5\n",
        "2:比例:-0.5: 比例超出 0–1 / the share is outside 0 to 1",
    ),
    (
        "a shift twice",
        "P1,白,8:00,16:00,,,0.5\nP1,白,16:00,0:00,,,0.5\n",
        "3:班次:白: 重复 / repeated",
    ),
    (
        "a park that is not there",
        "P7,白,8:00,16:00,,,1\n",
        "2:园区编号:P7: 园区表中查无此园区 / no such park in the table of parks",
    ),
):
    rows("shifts", SHIFTS, name, text, *said)
for name, cell in (("no days", "三班倒"), ("an eighth day", "1-8"), ("every day a day off", "0/7")):
    rows(
        "shifts",
        f"{SHIFTS},工作日",
        name,
        f"P1,白,8:00,16:00,,,1,{cell}\n",
        f"2:工作日:{cell}: 工作日写法有误 / not days of work",
    )
fault(
    "shifts: half a stretch of time",
    table("shifts", "园区编号,班次,起止时间,比例\nP1,白,8:00起,1\n"),
    "t.csv:2:起止时间:8:00起: 不是一段时间 / not a stretch of time",
)

# --- lists ---------------------------------------------------------------------------------------

PLACES = "编号,名称,开放范围,状态,开业日期,座位,面积,已拆除,经度,纬度"
for name, text, *said in (
    ("no name and no id", ",甲,,,,,,,120.1,36\n", "2:编号:: 不能为空 / must not be empty"),
    (
        "an id twice",
        "1,甲,,,,,,,120.1,36\n1,乙,,,,,,,120.1,36\n",
        "3:编号:1: 重复 / repeated",
    ),
    (
        "an unknown access",
        "1,甲,内部,,,,,,120.1,36\n",
        "2:开放范围:内部: 不认识的开放范围 / unknown access",
    ),
    (
        "access of a park that is not there",
        "1,甲,园区:P9,,,,,,120.1,36\n",
        "2:开放范围:园区:P9: 查无此园区或企业 / no such park or enterprise",
    ),
    (
        "an unknown status",
        "1,甲,,待定,,,,,120.1,36\n",
        "2:状态:待定: 不认识的状态 / unknown status",
    ),
    ("a date in words", "1,甲,,,明年,,,,120.1,36\n", "2:开业日期:明年: 日期写法有误 / not a date"),
    ("negative seats", "1,甲,,,,-1,,,120.1,36\n", "2:座位:-1: 数值不合理 / an absurd number"),
    ("an area in words", "1,甲,,,,,大,,120.1,36\n", "2:面积:大: 不是数字 / not a number"),
    (
        "neither yes nor no",
        "1,甲,,,,,,也许,120.1,36\n",
        "2:已拆除:也许: 不是“是”或“否” / neither yes nor no",
    ),
    ("half a position", "1,甲,,,,,,,120.1,\n", "2:纬度:: 缺少坐标 / no coordinates"),
    (
        "at sea",
        "1,甲,,,,,,,123.5,35\n",
        "2:经度:123.5: 坐标落在海里：黄海 / the point lies at sea: the Yellow Sea",
    ),
):
    rows("facilities", PLACES, name, text, *said)
fault(
    "facilities: an item that the standard has not",
    table("facilities", "编号,名称,经度,纬度\n1,甲,120.1,36\n", 'item = "casino"\n'),
    "t.csv::item:casino: 标准中查无此指标 / no such item in the standard",
)
fault(
    "facilities: items row by row, one unknown",
    table(
        "facilities",
        "编号,名称,类别,经度,纬度\n1,甲,canteen_or_meal,120.1,36\n2,乙,赌场,120.1,36\n",
    ),
    "t.csv:3:类别:赌场: 标准中查无此指标 / no such item in the standard",
)
fault(
    "facilities: no item said anywhere",
    table("facilities", "编号,名称,经度,纬度\n1,甲,120.1,36\n"),
    "t.csv:::: 缺少必需的列 item / the column item is not there",
)
fault(
    "facilities: no coordinates",
    table("facilities", "编号,名称\n1,甲\n2,乙\n", 'item = "canteen_or_meal"\n'),
    warnings=(
        (
            "t.csv:::2 × : 2, 3: 缺少坐标，不能定位，未计入 / "
            "no coordinates; cannot be placed; not counted"
        ),
    ),
)
NOWHERE = (
    "t.csv::complete.area:区: 没有园区位于清单声明完整的片区，该声明不起作用 / "
    "no park lies in the area for which the list is declared complete; it proves nothing"
)
fault(
    "facilities: a complete list of places that cannot be placed",
    table(
        "facilities",
        "编号,名称,经度,纬度\n1,甲,120.1,36\n2,乙,,\n",
        'item = "canteen_or_meal"\ncomplete = { area = "区", issuer = "局", as_of = 2026-06-30 }\n',
    ),
    warnings=(
        (
            "t.csv:::1 × : 3: 缺少坐标，不能定位，未计入 / "
            "no coordinates; cannot be placed; not counted"
        ),
        (
            "t.csv::complete:canteen_or_meal: "
            "清单中有不能定位的设施，其完整性声明对下列指标不作数 / the list names places that "
            "cannot be placed; its declaration of completeness does not hold for these items"
        ),
        NOWHERE,
    ),
)
fault(
    "facilities: a declaration that has lapsed",
    table(
        "facilities",
        "编号,名称,经度,纬度\n1,甲,120.1,36\n",
        'item = "canteen_or_meal"\ncomplete = { area = "区", issuer = "局", as_of = 2024-06-30 }\n',
    ),
    warnings=(
        (
            "t.csv::complete.as_of:2024-06-30: 清单的完整性声明已过期或晚于体检日 / "
            "the list's declaration of completeness has lapsed, or is later than the study"
        ),
        NOWHERE,
    ),
)

STOCK = "编号,类型,套数,床位,空置床位,开放范围,状态,交付日期,经度,纬度"
for name, text, *said in (
    ("no kind", "1,,,,,,,,120.1,36\n", "2:类型:: 不能为空 / must not be empty"),
    (
        "more vacant than there are",
        "1,宿舍,,50,60,,,,120.1,36\n",
        "2:空置床位:60: 部分大于整体 / a part is more than its whole",
    ),
    ("negative beds", "1,宿舍,,-5,,,,,120.1,36\n", "2:床位:-5: 数值不合理 / an absurd number"),
    (
        "a date in words",
        "1,宿舍,,,,,,年底,120.1,36\n",
        "2:交付日期:年底: 日期写法有误 / not a date",
    ),
    (
        "an id twice",
        "1,宿舍,,,,,,,120.1,36\n1,宿舍,,,,,,,120.1,36\n",
        "3:编号:1: 重复 / repeated",
    ),
):
    rows("housing_stock", STOCK, name, text, *said)
fault(
    "housing stock: a declaration that has lapsed",
    table(
        "housing_stock",
        f"{STOCK}\n1,宿舍,,50,6,,,,120.1,36\n",
        'complete = { area = "区", issuer = "局", as_of = 2024-06-30 }\n',
    ),
    warnings=(
        (
            "t.csv::complete.as_of:2024-06-30: 清单的完整性声明已过期或晚于体检日 / "
            "the list's declaration of completeness has lapsed, or is later than the study"
        ),
        NOWHERE,
    ),
)

PROJECTS = "项目编号,项目名称,指标,状态,竣工日期,经度,纬度"
absent("projects", "a,b", "id", "item", "status")
for name, text, *said in (
    (
        "an unknown item",
        "1,甲,赌场,在建,2027-01,120.1,36\n",
        "2:指标:赌场: 标准中查无此指标 / no such item in the standard",
    ),
    (
        "an unknown status",
        "1,甲,canteen_or_meal,快了,2027-01,120.1,36\n",
        "2:状态:快了: 不认识的状态 / unknown status",
    ),
):
    rows("projects", PROJECTS, name, text, *said)

BUSES = "线路,站点,站序,发车时间,座位,经度,纬度"
absent("shuttles", "a,b", "line", "stop", "times")
for name, text, *said in (
    ("no times", "1,甲站,1,,45,120.1,36\n", "2:发车时间:: 不能为空 / must not be empty"),
    (
        "a time in words",
        "1,甲站,1,7:30;下班后,45,120.1,36\n",
        "2:发车时间:7:30;下班后: 时刻写法有误 / not a time of day",
    ),
    (
        "a stop's place twice",
        "1,甲站,1,7:30,45,120.1,36\n1,乙站,1,7:40,45,120.1,36\n",
        "3:站序:1: 重复 / repeated",
    ),
    (
        "seats of a ship",
        "1,甲站,1,7:30,4500,120.1,36\n",
        "2:座位:4500: 数值不合理 / an absurd number",
    ),
):
    rows("shuttles", BUSES, name, text, *said)

LINES = "线路,方向,站点,站序,首班,末班,发车间隔,经度,纬度"
absent("bus_lines", "a,b", "line", "stop", "first", "last", "headway")
for name, text, *said in (
    (
        "no headway",
        "1,上行,甲站,1,6:00,22:00,0,120.1,36\n",
        "2:发车间隔:0: 发车间隔为 0 / the time between departures is 0",
    ),
    (
        "headway not said",
        "1,上行,甲站,1,6:00,22:00,,120.1,36\n",
        "2:发车间隔:: 不能为空 / must not be empty",
    ),
    (
        "the last one at 26 o'clock",
        "1,上行,甲站,1,6:00,26:00,10,120.1,36\n",
        "2:末班:26:00: 时刻写法有误 / not a time of day",
    ),
):
    rows("bus_lines", LINES, name, text, *said)

absent("owners", "a,b", "item", "department")
for name, text, *said in (
    (
        "an unknown item",
        "赌场,文旅局\n",
        "2:指标:赌场: 标准中查无此指标 / no such item in the standard",
    ),
    ("nobody", "canteen_or_meal,\n", "2:部门:: 不能为空 / must not be empty"),
    (
        "the same twice",
        "canteen_or_meal,商务局\ncanteen_or_meal,商务局\n",
        "3:部门:商务局: 重复 / repeated",
    ),
):
    rows("owners", "指标,部门", name, text, *said)

# --- parks that are sought in the map, and their headcounts ---------------------------------------

FROM_OSM = STUDY.replace('file = "parks.geojson"', "from_osm = {}")
MAPPED = {7: "西园", 8: "东园", 9: "工业园", 10: "工业园"}
COUNTS = "园区编号,园区名称,从业人员"


def sought(section: str, text: str, *, names: dict[int, str] | None = None) -> Make:
    """Seek the parks in the map, and add a table."""

    def make(folder: Path) -> None:
        ground(folder, MAPPED if names is None else names, small=(11,))
        placed = "" if section == "headcounts" else 'crs = "WGS84"\n'
        write(folder, "study.toml", f'{FROM_OSM}[{section}]\nfile = "t.csv"\n{placed}')
        write(folder, "t.csv", text)

    return make


fault(
    "from_osm: no park in the map",
    sought("gates", f"{GATES}\nG1,way-7,门,120.1,36\n", names={}),
    "town.osm:::: 地图数据中未找到符合条件的园区 / the map data holds no such park",
)
fault(
    "from_osm: a gate of a park that is not in the map",
    sought("gates", f"{GATES}\nG1,way-77,门,120.1,36\nG2,大学城,门,120.1,36\n"),
    "t.csv:2:园区编号:way-77: 地图用地中查无此园区 / "
    "no such park among those of the map's land use",
    "t.csv:3:园区编号:大学城: 地图用地中查无此园区 / "
    "no such park among those of the map's land use",
)
fault(
    "from_osm: a gate of a park that is too small",
    sought("gates", f"{GATES}\nG1,way-11,门,120.1,36\n"),
    "t.csv:2:园区编号:way-11: 地图用地中查无此园区 / "
    "no such park among those of the map's land use",
)
fault(
    "headcounts: no column of workers",
    sought("headcounts", "园区编号,园区名称\nway-7,西园\n"),
    "t.csv:::: 缺少必需的列 workers / the column workers is not there",
)
fault(
    "headcounts: neither ids nor names",
    sought("headcounts", "a,从业人员\nway-7,5\n"),
    "t.csv:::: 编号列和名称列都缺 / there is neither a column of ids nor one of names",
)
for name, text, *said in (
    (
        "none matches",
        ",甲,5\n,乙,6\n",
        ":::: 各行均对不上任何园区 / none of the rows matches a park",
    ),
    ("a park twice", "way-7,,5\n,西园,6\n", ":3:园区名称:西园: 重复 / repeated"),
    (
        "id and name of two parks",
        "way-7,东园,5\n",
        ":2:园区编号:way-7: 编号和名称指向不同的园区 / id and name are those of different parks",
    ),
    ("an absurd one", "way-7,西园,-5\n", ":2:从业人员:-5: 人数不合理 / an absurd headcount"),
    ("words", "way-7,西园,若干\n", ":2:从业人员:若干: 不是数字 / not a number"),
):
    fault(
        f"headcounts: {name}",
        sought("headcounts", f"{COUNTS}\n{text}"),
        *(f"t.csv{one}" for one in said),
    )
fault(
    "headcounts: rows that match no park, or several",
    sought("headcounts", f"{COUNTS}\nway-7,,5\n,东圆,6\n,大学城,7\n,工业园,8\n"),
    warnings=(
        "t.csv:3:园区名称:东圆: 对不上任何园区，该行未用 / it matches no park; the row is not used",
        (
            "t.csv:4:园区名称:大学城: 对不上任何园区，该行未用 / "
            "it matches no park; the row is not used"
        ),
        (
            "t.csv:5:园区名称:工业园: 不止一个园区叫此名，该行未用 / "
            "several parks have this name; the row is not used"
        ),
    ),
)
fault(
    "headcounts: another number than the parks' own",
    table("headcounts", "园区编号,从业人员\nP1,1200\n"),
    warnings=(
        (
            "t.csv::workers:P1: 1000 (parks) ≠ 1200 (headcounts): "
            "两张表的人数不一致 / the headcounts of two tables do not add up"
        ),
    ),
)
fault(
    "enterprises: more beds occupied than workers",
    table("enterprises", f"{FIRMS}\nE1,P1,1000,,,,2000,1500,,\n"),
    warnings=(
        (
            "parks.geojson, t.csv::workers:P1: 1000 (parks) ≠ 1500 (enterprises: beds_occupied): "
            "两张表的人数不一致 / the headcounts of two tables do not add up"
        ),
        (
            "t.csv::workers:P1: 1000 (enterprises) ≠ 1500 (enterprises: beds_occupied): "
            "两张表的人数不一致 / the headcounts of two tables do not add up"
        ),
    ),
)

# --- the map, the standard, and all at once -----------------------------------------------------


def osm(text: str | bytes, name: str = "town.osm") -> Make:
    """Put another map in the place of the town's."""

    def make(folder: Path) -> None:
        write(folder, "study.toml", STUDY.replace("town.osm", name))
        write(folder, name, text)

    return make


BROKEN = (
    "文件损坏、不完整或不是 OpenStreetMap 数据 / "
    "the file is broken, cut off or not OpenStreetMap data"
)
fault("an empty map", osm(b""), "town.osm:::: 文件为空 / the file is empty")
fault("a map cut in two", osm(TOWN[: len(TOWN) // 2]), f"town.osm:::: {BROKEN}")
fault("a page of HTML for a map", osm("<html><body>504</body></html>"), f"town.osm:::: {BROKEN}")
fault("noise for a .pbf", osm(b"\x00\x01\x02 noise", "town.osm.pbf"), f"town.osm.pbf:::: {BROKEN}")
fault("a .gz that is none", osm(b"not gzip", "town.osm.gz"), f"town.osm.gz:::: {BROKEN}")
fault(
    "a map of nothing",
    osm('<osm version="0.6"></osm>'),
    "town.osm:::: 文件中找不到任何道路、建筑或设施 / "
    "the file holds no streets, buildings or places",
)
fault(
    "a table for a map",
    osm(b"x", "town.csv"),
    "town.csv:::: 扩展名不是 OpenStreetMap 格式 / not an OpenStreetMap file by its name",
)
fault(
    "a map that is elsewhere",
    osm(
        TOWN.replace('lat="36.', 'lat="30.')
        .replace('lat="35', 'lat="29')
        .replace('minlat="35.90"', 'minlat="29.90"')
        .replace('maxlat="36.10"', 'maxlat="30.10"')
    ),
    "town.osm:::OSM 120.0000, 29.9000, 120.3000, 30.1000; "
    "parks 120.1000, 36.0000, 120.1300, 36.0100: "
    "地图数据与园区不重叠 / the map data and the parks do not overlap",
)
fault(
    "an unknown standard",
    toml('[standard]\nuse = "cn-2099"\n'),
    ":::cn-2099: 查无此标准 / no such standard",
)


def everything(folder: Path) -> None:
    """Break the settings, two tables and the map at once."""
    later = '[gates]\nfile = "g.csv"\ncrs = "WGS84"\n[shifts]\nfile = "s.csv"\n[walking]\nx = 1\n'
    write(folder, "study.toml", STUDY.replace('"faults"', '"a/b"') + later)
    write(folder, "g.csv", f"{GATES}\nG1,P9,门,120.1,36\n")
    write(folder, "s.csv", f"{SHIFTS}\nP1,白,8:00,8:00,,,1\n")
    write(folder, "town.osm", b"")


def wrong_parks(folder: Path) -> None:
    """Break the parks and the gates."""
    table("gates", f"{GATES}\nG1,P2,门,120.1,99\nG2,P5,门,120.1,36\n")(folder)
    west, east = shapely.box(120.1, 36, 120.11, 36.01), shapely.box(120.12, 36, 120.13, 36.01)
    rows_ = layer(({"id": "P1", "workers": -1}, west), ({"id": "P2"}, east))
    write(folder, "parks.geojson", rows_)


fault(
    "everything at once",
    everything,
    "study.toml:1:name:a/b: 不能用作文件夹名 / not usable as a folder name",
    "study.toml:13:walking.x:1: 不认识的项 / unknown key",
    "g.csv:2:园区编号:P9: 园区表中查无此园区 / no such park in the table of parks",
    "s.csv:2:下班时间:8:00: 上下班时刻相同 / the shift ends when it starts",
    "town.osm:::: 文件为空 / the file is empty",
)
fault(
    "wrong parks do not hide wrong gates",
    wrong_parks,
    "parks.geojson:1:workers:-1: 人数不合理 / an absurd headcount",
    "t.csv:2:纬度:99: 坐标超出范围 / the coordinates are out of range",
    "t.csv:3:园区编号:P5: 园区表中查无此园区 / no such park in the table of parks",
)
