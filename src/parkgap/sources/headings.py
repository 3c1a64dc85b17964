"""Find the columns of a table: as ``study.toml`` maps them, else by their usual headings."""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parkgap.sources.raw import RawTable
    from parkgap.sources.report import Report

_DBF_BYTES = 10  # no heading of a dBASE table is longer
_PARK = (
    *("park_id", "园区编号", "所属园区编号", "园区代码", "園區編號", "所屬園區編號"),
    *("park", "所属园区", "园区", "园区名称", "所屬園區", "園區", "園區名稱"),
)
_ID = ("id", "编号", "编码", "代码", "統一編號", "編號", "代碼", "code")
_NAME = ("name", "名称", "名稱")
_WORKERS = (
    *("workers", "headcount", "employees", "人数", "人數", "职工人数", "员工人数", "从业人数"),
    *(
        "职工数",
        "员工数",
        "从业人员",
        "从业人员数",
        "用工人数",
        "就业人数",
        "産業工人",
        "产业工人数",
    ),
    *("員工人數", "從業人數", "員工數"),
)
_PLACE = {
    "wkt": ("wkt", "geom", "geometry", "the_geom", "几何", "wkt坐标", "空间坐标"),
    "lon": (
        *("lon", "lng", "longitude", "经度", "經度", "座标经度", "座標經度", "坐标经度"),
        *("lon_wgs84", "lng_wgs84", "gcj_lon", "gcj_lng", "bd_lon", "bd_lng", "x", "x坐标"),
    ),
    "lat": (
        *("lat", "latitude", "纬度", "緯度", "座标纬度", "座標緯度", "坐标纬度"),
        *("lat_wgs84", "gcj_lat", "bd_lat", "y", "y坐标"),
    ),
    # After the two: "坐标(纬度)" without its brackets is "坐标".
    "lonlat": ("lonlat", "lnglat", "location", "经纬度", "經緯度", "坐标", "座標", "经纬度坐标"),
}
_SOURCE = {"source": ("source", "来源", "数据来源", "资料来源", "來源", "資料來源")}

_LAND = ("site_ha", "support_ha", "floor_m2", "support_floor_m2")
_ITEM = ("item", "指标", "指标编号", "设施类型", "设施类别", "类别", "类型")
_ACCESS = ("access", "开放范围", "服务对象", "开放对象", "是否对外")
_STATUS = ("status", "状态", "现状", "运营状态", "建设情况")
_OPEN = ("open_date", "开业日期", "启用日期", "投用日期", "开放日期", "开业时间")
_HOURS = ("hours", "营业时间", "开放时间", "服务时间", "opening_hours")
_SEATS = ("seats", "座位", "座位数", "餐位", "餐位数", "床位数", "容量")
_AREA = ("area_m2", "建筑面积", "面积", "营业面积", "面积平方米")
_UNITS = ("units", "套数", "房源套数", "总套数", "间数")
_BEDS = ("beds", "床位", "床位数", "总床位", "总床位数")
_LINE = ("line", "线路", "线路名称", "班车线路", "路线", "route")
_STOP = ("stop", "站点", "站名", "站点名称", "停靠站", "车站")
_ORDER = ("order", "顺序", "站序", "序号")

#: Usual headings by table and field; the first that a table has is taken.
USUAL: dict[str, dict[str, tuple[str, ...]]] = {
    "parks": {
        "id": ("park_id", "园区编号", "园区代码", "園區編號", *_ID),
        "name": ("park_name", "园区名称", "園區名稱", "園區名稱比對", "园区", *_NAME),
        "zone": ("zone", "功能区", "功能區", "功能分区"),
        "district": ("district", "区市", "区县", "行政区", "所属区县", "縣市", "cityname", "区"),
        "subdistrict": ("subdistrict", "街道", "镇街", "街镇", "所属街道", "街道镇", "鄉鎮"),
        "workers": ("园区职工人数", "园区人数", *_WORKERS),
        "headcount_basis": ("headcount_basis", "人数依据", "人数来源", "统计口径"),
        "headcount_date": ("headcount_date", "人数日期", "统计日期", "统计时间", "截至日期"),
        "area_ha": ("area_ha", "面积", "占地面积", "面积公顷", "園區總基地面積", "面積"),
        "site_ha": ("site_ha", "工业用地公顷", "工业用地面积公顷", "项目用地公顷"),
        "support_ha": ("support_ha", "配套用地公顷", "配套用地面积公顷", "生活配套用地公顷"),
        "floor_m2": ("floor_m2", "总建筑面积", "总建筑面积平方米"),
        "support_floor_m2": ("support_floor_m2", "配套建筑面积", "配套建筑面积平方米"),
        **_PLACE,
        **_SOURCE,
    },
    "gates": {
        "id": ("gate_id", "出入口编号", "大门编号", *_ID),
        "park_id": _PARK,
        "name": ("gate_name", "出入口名称", "大门名称", "出入口", *_NAME),
        **_PLACE,
        **_SOURCE,
    },
    "enterprises": {
        "id": ("enterprise_id", "企业编号", "统一社会信用代码", "企業編號", *_ID),
        "park_id": _PARK,
        "name": ("enterprise_name", "企业名称", "单位名称", "公司名称", "企業名稱", *_NAME),
        "workers": ("workers_on_site", "在岗人数", "在岗职工人数", *_WORKERS),
        **_PLACE,
        **_SOURCE,
        "address": ("address", "地址", "实际地址", "经营地址", "生产地址", "详细地址"),
        "dispatched": ("dispatched", "劳务派遣人数", "派遣人数", "劳务派遣", "外包人数"),
        "peak": ("peak", "高峰人数", "旺季人数", "用工高峰人数", "最高用工人数"),
        "peak_months": ("peak_months", "高峰月份", "旺季月份", "旺季", "用工高峰月份"),
        "canteen_seats": ("canteen_seats", "食堂座位", "食堂座位数", "食堂餐位", "餐位数"),
        "canteen_hours": ("canteen_hours", "食堂时间", "食堂开放时间", "食堂营业时间"),
        "beds_own": ("beds_own", "自有床位", "自有床位数", "宿舍床位", "宿舍床位数"),
        "beds_occupied": ("beds_occupied", "已住床位", "已入住床位", "已入住床位数", "入住床位"),
        "lodging_need": ("lodging_need", "住宿需求人数", "需住宿人数", "住宿需求"),
    },
    "residences": {
        "id": ("residence_id", "居住点编号", "宿舍编号", *_ID),
        "park_id": _PARK,
        "name": ("residence_name", "居住点名称", "宿舍名称", "小区名称", *_NAME),
        "kind": ("kind", "类型", "类别", "居住类型", "住房类型", "類型"),
        "workers": ("居住人数", "入住人数", "居住职工人数", *_WORKERS),
        **_PLACE,
        **_SOURCE,
    },
    "shifts": {
        "park_id": _PARK,
        "enterprise_id": ("enterprise_id", "企业编号", "所属企业编号", "企业代码"),
        "hours": ("hours", "班次时间", "上下班时间", "工作时间", "时段", "起止时间"),
        "shift": ("shift", "班次", "班次名称", "班别"),
        "start": ("start", "上班时间", "开始时间", "开始", "上班"),
        "end": ("end", "下班时间", "结束时间", "结束", "下班"),
        "break_start": ("break_start", "休息开始", "休息时间", "用餐时间", "午休开始"),
        "break_minutes": ("break_minutes", "休息分钟", "休息时长", "午休分钟"),
        "share": ("share", "比例", "人数比例", "人数占比", "占比", "职工比例"),
        "workdays": ("workdays", "工作日", "上班日", "出勤日", "工作天", "每周工作日", "班制"),
        **_SOURCE,
    },
    "facilities": {
        "id": ("facility_id", "设施编号", "备案号", "许可证编号", *_ID),
        "name": ("facility_name", "设施名称", "单位名称", "店名", "商户名称", *_NAME),
        "item": _ITEM,
        "address": ("address", "地址", "详细地址", "经营场所"),
        "access": _ACCESS,
        "status": _STATUS,
        "open_date": _OPEN,
        "hours": _HOURS,
        "seats": _SEATS,
        "area_m2": _AREA,
        "removed": ("removed", "已拆除", "已关闭", "已撤销", "是否拆除", "是否关闭"),
        "project_id": ("project_id", "项目编号", "所属项目"),
        **_PLACE,
        **_SOURCE,
    },
    "projects": {
        "id": ("project_id", "项目编号", "项目代码", *_ID),
        "name": ("project_name", "项目名称", *_NAME),
        "item": _ITEM,
        "address": ("address", "地址", "建设地点", "项目地址"),
        "access": _ACCESS,
        "status": ("建设状态", "进度", "项目状态", *_STATUS),
        "open_date": ("竣工日期", "预计竣工", "预计投用", *_OPEN),
        "hours": _HOURS,
        "seats": _SEATS,
        "area_m2": _AREA,
        "units": _UNITS,
        "beds": _BEDS,
        **_PLACE,
        **_SOURCE,
    },
    "housing_stock": {
        "id": ("stock_id", "房源编号", "项目编号", *_ID),
        "name": ("stock_name", "房源名称", "项目名称", "小区名称", *_NAME),
        "provider": ("provider", "提供单位", "运营单位", "产权单位", "管理单位"),
        "kind": ("kind", "类型", "类别", "房源类型", "住房类型", "類型"),
        "units": _UNITS,
        "beds": _BEDS,
        "beds_vacant": ("beds_vacant", "空置床位", "空余床位", "剩余床位", "空床位"),
        "eligible": ("eligible", "申请条件", "准入条件", "面向对象", "供应对象"),
        "address": ("address", "地址", "详细地址", "坐落"),
        "access": _ACCESS,
        "status": _STATUS,
        "ready_date": ("ready_date", "交付日期", "交付时间", "可入住日期", "竣工日期"),
        "as_of": ("as_of", "统计日期", "统计时间", "截至日期", "数据日期"),
        "area_m2": _AREA,
        "usable_m2": ("usable_m2", "使用面积", "居室使用面积", "套内使用面积", "使用面积平方米"),
        **_PLACE,
        **_SOURCE,
    },
    "shuttles": {
        "line": _LINE,
        "enterprise_id": ("enterprise_id", "企业编号", "enterprise", "企业", "企业名称", "单位"),
        "stop": _STOP,
        "order": _ORDER,
        "times": ("times", "发车时间", "班次时间", "时间", "到站时间", "时刻"),
        "seats": ("seats", "座位", "座位数", "核载人数"),
        **_PLACE,
        **_SOURCE,
    },
    "bus_lines": {
        "line": _LINE,
        "direction": ("direction", "方向", "上下行", "行向"),
        "stop": _STOP,
        "order": _ORDER,
        "first": ("first", "首班", "首班车", "首班时间", "首车"),
        "last": ("last", "末班", "末班车", "末班时间", "末车"),
        "headway": ("headway", "发车间隔", "间隔", "间隔分钟", "班距"),
        **_PLACE,
        **_SOURCE,
    },
    "owners": {
        "item": _ITEM,
        "department": ("department", "部门", "责任部门", "牵头部门", "主管部门", "单位"),
        "duty": ("duty", "职责", "责任", "任务", "工作职责"),
        "contact": ("contact", "联系人", "联系方式", "联系电话"),
        **_SOURCE,
    },
    "land": {
        "id": ("land_id", "地块编号", "宗地编号", "房屋编号", "用地编号", *_ID),
        "name": ("land_name", "地块名称", "房屋名称", "楼宇名称", *_NAME),
        "kind": ("kind", "类型", "类别", "用地类型", "類型"),
        "items": ("items", "可建设施", "可设设施", "允许用途", "适建设施", "用途"),
        "area_m2": ("area_m2", "面积", "用地面积", "建筑面积", "面积平方米"),
        **_PLACE,
        **_SOURCE,
    },
    "costs": {
        "item": _ITEM,
        "cost": ("cost", "单价", "造价", "单位造价", "建设费用", "投资", "金额", "元"),
        "capacity": ("capacity", "服务人数", "服务能力", "可服务人数", "容量"),
        **_SOURCE,
    },
}
USUAL["plan"] = {
    "action": ("action", "动作", "操作", "措施", "调整方式", "動作", "措施類型"),
    "target": ("target", "对象", "对象编号", "目标", "目标编号", "调整对象", "對象", "對象編號"),
    "park_id": _PARK,
    "enterprise_id": ("enterprise_id", "企业编号", "企業編號"),
    "item": _ITEM,
    "kind": ("kind", "房源类型", "居住类型", "住房类型"),
    "id": ("site_id", "新编号", "设施编号", *_ID),
    "name": ("设施名称", "房源名称", *_NAME),
    "access": _ACCESS,
    "hours": _HOURS,
    "seats": ("seats", "座位", "座位数", "餐位", "餐位数"),
    "area_m2": _AREA,
    "opening": ("opening", *_OPEN),
    "beds": _BEDS,
    "vacant": ("vacant", "beds_vacant", "空置床位", "空余床位", "剩余床位", "空床位"),
    "workers": _WORKERS,
    "shift": ("shift", "班次", "班次名称", "班别"),
    "start": ("start", "上班时间", "开始时间", "上班"),
    "end": ("end", "下班时间", "结束时间", "下班"),
    "break_start": ("break_start", "break", "休息开始", "用餐时间", "午休开始"),
    "break_minutes": ("break_minutes", "minutes", "休息分钟", "休息时长", "午休分钟"),
    "share": ("share", "比例", "人数比例", "人数占比", "占比", "职工比例"),
    "workdays": ("workdays", "工作日", "上班日", "出勤日", "班制"),
    **_PLACE,
    **_SOURCE,
}
USUAL["headcounts"] = {
    field: names
    for field, names in USUAL["parks"].items()
    if field not in ("area_ha", *_LAND) and field not in _PLACE
}


def forms(heading: str) -> tuple[str, str]:
    """Fold a heading in both ways by which it may be known: whole, and without its brackets."""
    return plain(heading), _bare(heading)


def there_are(raw: RawTable) -> str:
    """List the headings that a table has ("zh / en")."""
    # " / " parts the two languages of a message: a heading of its own must not.
    shown = (" ".join(heading.split()).replace(" / ", "/") for heading in raw.headings)
    headings = ", ".join(shown)
    return f"已有的表头：{headings or '（无）'} / headings: {headings or '(none)'}"


def usual_headings(kind: str, field: str) -> str:
    """List some headings by which a field is known ("zh / en")."""
    some = ", ".join(USUAL[kind][field][:6])
    return f"表头可为 {some} / a heading such as {some}"


def name_them(raw: RawTable, *fields: str) -> str:
    """Say how a heading is told to be a field's, and which headings there are ("zh / en")."""
    own, its = (", ".join(f'{field} = "{word}"' for field in fields) for word in ("本表表头", "…"))
    zh, en = there_are(raw).split(" / ", 1)
    return (
        f"在 study.toml 中写 columns = {{ {own} }}；{zh} / "
        f"say columns = {{ {its} }} in study.toml; {en}"
    )


def wanted(kind: str, declared: Mapping[str, str]) -> frozenset[str]:
    """Folded headings of a table that would be recognised."""
    usual = (name for names in USUAL[kind].values() for name in names)
    return frozenset(map(plain, [*usual, *declared.values()]))


def plain(heading: str) -> str:
    r"""Fold a heading for comparison: half-width, lower case, no spaces, marks or brackets.

    >>> plain(" 园区名称\n（全称）"), plain("Park-ID")
    ('园区名称全称', 'parkid')
    """
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", heading).casefold())


def _bare(heading: str) -> str:
    """Fold a heading without what stands in brackets (mostly a unit)."""
    return plain(re.sub(r"[(\[【].*?[)\]】]", "", unicodedata.normalize("NFKC", heading)))


def match(
    raw: RawTable,
    kind: str,
    declared: Mapping[str, str],
    required: Sequence[str],
    report: Report,
) -> dict[str, int]:
    """Find a column for every field of a table.

    Parameters
    ----------
    kind
        A key of `USUAL`.
    declared
        Field to heading, from ``study.toml``; wins over usual headings.
    required
        Fields without which the table means nothing.
    report
        Takes note of headings that are not there, or are there twice.

    Returns
    -------
    Field to number of its column; fields without one are left out.
    """
    cut = raw.file.lower().endswith(".shp")
    full = [plain(heading) for heading in raw.headings]
    bare = [_bare(heading) for heading in raw.headings]
    found: dict[str, int] = {}
    for field, heading in declared.items():
        wanted = _spellings([heading], cut=cut)
        at = [i for i, name in enumerate(full) if name in wanted]
        if len(at) == 1:
            found[field] = at[0]
            continue
        close = difflib.get_close_matches(heading, raw.headings, n=1, cutoff=0.4)
        report.error(
            "表头重复 / the heading is there twice" if at else "找不到这一列 / no such column",
            column=heading,
            rule=f"columns.{field}",
            remedy=f"是否为 {close[0]!r}？ / did you mean {close[0]!r}?"
            if close and not at
            else there_are(raw),
        )
    taken = set(found.values())
    for field, names in USUAL[kind].items():
        if field in declared:
            continue
        wanted = _spellings(names, cut=cut)
        options = [*_at(wanted, full), *_at(wanted, bare)]
        free = [i for i in options if i not in taken]
        if free:
            found[field] = free[0]
            taken.add(free[0])
    if {"lon", "lat"} <= set(found) and "lonlat" not in declared:
        found.pop("lonlat", None)
    for field in required:
        if field not in found and field not in declared:
            report.error(
                f"缺少必需的列 {field} / the column {field} is not there",
                rule=usual_headings(kind, field),
                remedy=name_them(raw, field),
            )
    return found


def _spellings(names: Sequence[str], *, cut: bool) -> list[str]:
    """Fold names for comparison; `cut`: also as a shapefile cuts them, to ten bytes."""
    found = [plain(name) for name in names]
    if cut:
        for encoding in ("utf-8", "gb18030", "cp950"):
            short = [n.encode(encoding, "ignore")[:_DBF_BYTES] for n in names]
            found += [plain(n.decode(encoding, "ignore")) for n in short]
    return found


def _at(wanted: Sequence[str], headings: Sequence[str]) -> list[int]:
    return [headings.index(name) for name in wanted if name in headings]
