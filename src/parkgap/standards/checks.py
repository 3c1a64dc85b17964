"""What a standard must keep to; all faults are found in one pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from parkgap.standards.hours import check_hours
from parkgap.standards.values import (
    NOT_NEGATIVE,
    POSITIVE,
    PROVENANCE,
    SHARE,
    Fault,
    Values,
    as_dict,
    as_list,
    is_number,
)
from parkgap.toml_text import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parkgap.standards import Steps

LEVELS = ("mandatory", "optional", "shown")
ORIGINS = ("work", "home", "either")
BANDS = ("d5", "d10", "d15")
RESIDENCE_KINDS = ("dormitory", "public_rental", "talent_apartment", "other")
CERTAINTY = (
    *("window_m", "places_min", "places_per_ha", "study_share", "home_m", "built_share"),
    "index_min",
)
SPEEDS = ("default", "low", "high")

# fmt: off
_TOP = (
    "id", "version", "title", "bands", "walk_speed", "scale_workers", "worker_to_resident",
    "certainty", "dedupe", "weight_sets", "categories", "sources",
)
_TOP_OPTIONAL = ("figures", "hours", "neighbourhood_centre")
_ITEM_OPTIONAL = (
    "level", "share", "core", "needs_list", "needs_region", "counts", "of_items",
    "residence_kind", "rule", "dedupe", "figures",
)
# fmt: on
_EXPRESSIONS = ("name_adds", "name_requires", "name_excludes", "name_sure")


def check(data: object) -> list[Fault]:
    """Find all faults of a standard's content, in the order of the file's parts."""
    return _Checker(data).run()


def level_of(item: Mapping[str, Any], category: Mapping[str, Any]) -> Any:
    """Level of an item: its own, else its category's."""
    return item.get("level", category.get("level"))


class _Checker(Values):
    def __init__(self, data: object) -> None:
        self.data = data
        self.top = as_dict(data)
        super().__init__(as_dict(self.top.get("sources")))
        self.categories = [as_dict(c) for c in as_list(self.top.get("categories"))]
        items = [as_dict(i) for c in self.categories for i in as_list(c.get("items"))]
        self.items = {i["id"]: i for i in items if isinstance(i.get("id"), str)}
        self.scored = [
            c["id"]
            for c in self.categories
            if isinstance(c.get("id"), str) and c.get("level") != "shown"
        ]

    def run(self) -> list[Fault]:
        top = self.keys(self.data, (), _TOP, _TOP_OPTIONAL)
        if not top:
            return self.faults
        self.head(top)
        self.ids()
        for i, category in enumerate(as_list(top.get("categories"))):
            self.category(category, ("categories", i))
        weights = [c.get("weight") for c in self.categories if c.get("level") != "shown"]
        self.total(("categories",), "各类权重合计不为 1 / weights of categories", weights)
        self.weight_sets(as_dict(top.get("weight_sets")))
        if "neighbourhood_centre" in top:
            self.centre(top["neighbourhood_centre"], ("neighbourhood_centre",))
        for key, source in self.sources.items():
            self.source(source, ("sources", key))
        return self.faults

    # --- the file's head ---------------------------------------------------------------------

    def head(self, top: Mapping[str, Any]) -> None:
        """Check everything above the categories."""
        self.name(top.get("id"), ("id",), r"[a-z0-9][a-z0-9-]*")
        self.text(top.get("version"), ("version",))
        self.both(top.get("title"), ("title",))
        self.numbers(top.get("bands"), ("bands",), BANDS, POSITIVE)
        self.numbers(top.get("walk_speed"), ("walk_speed",), SPEEDS, POSITIVE)
        self.speeds(as_dict(top.get("walk_speed")))
        self.number(top.get("scale_workers"), ("scale_workers",), POSITIVE)
        at: Steps = ("worker_to_resident",)
        for name, node in self.mapping(top.get("worker_to_resident"), at).items():
            self.number(node, (*at, name), POSITIVE)
        self.numbers(top.get("certainty"), ("certainty",), CERTAINTY, POSITIVE)
        self.numbers(top.get("dedupe"), ("dedupe",), ("named", "unnamed"), NOT_NEGATIVE)
        self.figures(top, ())
        if "hours" in top:
            categories = [str(c.get("id")) for c in self.categories]
            check_hours(self, top["hours"], categories, list(self.items))

    def speeds(self, speeds: Mapping[str, Any]) -> None:
        low, middle, high = (as_dict(speeds.get(k)).get("v") for k in ("low", "default", "high"))
        if not (is_number(low) and is_number(middle) and is_number(high)):
            return  # said already
        if not low <= middle <= high:
            rule = f"low ({low}) <= default <= high ({high})"
            what = "步速超出自身范围 / outside its own range"
            self.fault(("walk_speed", "default"), what, middle, rule)

    def name(self, value: object, at: Steps, form: str) -> bool:
        if isinstance(value, str) and re.fullmatch(form, value):
            return True
        self.fault(at, "不是编号 / not an id", value, f"小写字母和数字 / of the form {form}")
        return False

    def ids(self) -> None:
        """Ids of categories and items are paths of overrides: no two are the same."""
        if not self.categories:
            self.fault(("categories",), "缺少类别 / no categories")
        seen: set[str] = set()
        for i, category in enumerate(self.categories):
            places: list[tuple[Steps, Any]] = [(("categories", i, "id"), category.get("id"))]
            for j, item in enumerate(as_list(category.get("items"))):
                places.append((("categories", i, "items", j, "id"), as_dict(item).get("id")))
            for steps, name in places:
                if not self.name(name, steps, "[a-z][a-z0-9_]*"):
                    continue
                if name in seen:
                    rule = "类别与项目的编号互不相同 / no two categories or items share an id"
                    remedy = "改其中一个 / rename one of the two"
                    self.fault(steps, "编号重复 / duplicate id", name, rule, remedy)
                seen.add(name)

    # --- categories, items, tests ------------------------------------------------------------

    def category(self, node: object, at: Steps) -> None:
        shown = as_dict(node).get("level") == "shown"
        needed = ["id", "zh", "en", "level", "demand", "items", *(() if shown else ("weight",))]
        got = self.keys(node, at, needed, ("level_ref", "figures", "weight"))
        if not got:
            return
        for key in ("zh", "en"):
            self.text(got.get(key), (*at, key))
        self.choice(got.get("level"), (*at, "level"), LEVELS, "级别 / unknown level")
        demands = as_dict(self.top.get("worker_to_resident"))
        self.choice(got.get("demand"), (*at, "demand"), demands, "折算 / unknown demand")
        self.refs(got.get("level_ref", []), (*at, "level_ref"))
        self.figures(got, at)
        self.part(got, (*at, "weight"), shown=shown)
        items = as_list(got.get("items"))
        if not items and "items" in got:
            what = "应为项目的列表 / not a list of items"
            self.fault((*at, "items"), what, got["items"])
        for j, item in enumerate(items):
            self.item(item, (*at, "items", j), got)
        scored = [as_dict(i) for i in items if level_of(as_dict(i), got) != "shown"]
        if shown or not items:
            return
        if not scored:
            what = "计分类别缺少计分项目 / a scored category without scored items"
            self.fault((*at, "items"), what, got.get("id"))
        else:
            shares = [i.get("share") for i in scored]
            self.total((*at, "items"), "项目份额合计不为 1 / shares of scored items", shares)

    def part(self, got: Mapping[str, Any], at: Steps, *, shown: bool) -> None:
        """Check a weight or a share: what is only shown has none."""
        key = at[-1]
        if shown and key in got:
            rule = "仅展示者不计分 / what is shown only carries none"
            self.fault(at, f"仅展示却有 {key} / shown, yet with a {key}", rule=rule)
        elif key in got:
            self.number(got[str(key)], at, SHARE, unit=False)

    def item(self, node: object, at: Steps, category: Mapping[str, Any]) -> None:
        shown = level_of(as_dict(node), category) == "shown"
        needed = ["id", "zh", "en", "origin", "tests", *(() if shown else ("share",))]
        got = self.keys(node, at, needed, _ITEM_OPTIONAL)
        if not got:
            return
        for key in ("zh", "en"):
            self.text(got.get(key), (*at, key))
        self.choice(level_of(got, category), (*at, "level"), LEVELS, "级别 / unknown level")
        if category.get("level") == "shown" and not shown:
            what = "仅展示的类别中有计分项目 / a scored item in a category that is only shown"
            self.fault((*at, "level"), what)
        self.part(got, (*at, "share"), shown=shown)
        origin = self.keys(got.get("origin"), (*at, "origin"), ("v", "basis", "grade"), PROVENANCE)
        if origin:
            self.choice(origin.get("v"), (*at, "origin", "v"), ORIGINS, "起点 / unknown origin")
            self.provenance(origin, (*at, "origin"))
        for key in ("core", "needs_list", "needs_region"):
            self.flag(got.get(key, False), (*at, key))
        counted = got.get("counts", "facilities")
        known = ("facilities", "lines")
        self.choice(counted, (*at, "counts"), known, "计数对象 / unknown kind of count")
        self.found_by(got, at)
        if "dedupe" in got:
            self.numbers(got["dedupe"], (*at, "dedupe"), ("named", "unnamed"), NOT_NEGATIVE)
        self.figures(got, at)
        tests = self.mapping(got.get("tests"), (*at, "tests"))
        if got.get("tests") == {}:
            self.fault((*at, "tests"), "缺少检验 / an item without a test", got.get("id"))
        for band, test in tests.items():
            self.test(band, test, (*at, "tests", band))

    def found_by(self, got: Mapping[str, Any], at: Steps) -> None:
        """Check that an item has either a rule of its own or the facilities of other items."""
        if ("rule" in got) == ("of_items" in got):
            what = "须有 rule 或 of_items 之一 / either a rule or of_items, not both or none"
            self.fault(at, what, got.get("id"))
        if "rule" in got:
            self.rule(got["rule"], (*at, "rule"))
        if "of_items" in got:
            self.of_items(got["of_items"], (*at, "of_items"))
        if "residence_kind" in got:
            here = (*at, "residence_kind")
            kind = got["residence_kind"]
            self.choice(kind, here, RESIDENCE_KINDS, "住处种类 / unknown kind of residence")
            if as_dict(got.get("origin")).get("v") != "home":
                what = "起点不是住处 / only walks from home begin at a residence"
                self.fault(here, what, kind, "origin: home")

    def of_items(self, names: object, at: Steps) -> None:
        if not isinstance(names, list) or not names:
            self.fault(at, "应为项目编号的列表 / not a list of item ids", names)
        for k, name in enumerate(as_list(names)):
            there = self.items.get(name) if isinstance(name, str) else None
            if there is None:
                remedy = nearest(str(name), list(self.items))
                self.fault((*at, k), "未知的项目 / unknown item", name, remedy=remedy)
            elif "of_items" in there:
                rule = "所指项目须有自己的 rule / the items named have rules of their own"
                self.fault((*at, k), "循环引用 / of_items of of_items", name, rule)

    def rule(self, node: object, at: Steps) -> None:
        got = self.keys(node, at, (), ("any", "exclude", *_EXPRESSIONS))
        for key in ("any", "exclude"):
            conditions = got.get(key, [])
            if not isinstance(conditions, list):
                what = "应为条件的列表 / not a list of conditions"
                self.fault((*at, key), what, conditions)
            for k, condition in enumerate(as_list(conditions)):
                self.condition(condition, (*at, key, k))
        if not got.get("any") and (not got.get("name_adds") or "name_requires" in got):
            what = "空的规则什么也找不到 / an empty rule matches nothing"
            remedy = "在 any 中加条件 / add a condition to any, such as {amenity: pharmacy}"
            self.fault(at, what, remedy=remedy)
        for key in _EXPRESSIONS:
            if key in got:
                self.expression(got[key], (*at, key))

    def condition(self, node: object, at: Steps) -> None:
        what = "不是标签条件 / not a tag condition"
        remedy = (
            '写成 {amenity: pharmacy}，"yes" 须加引号，"*" 为任意值 / '
            'write {amenity: pharmacy}, quote "yes", any value is "*"'
        )
        if not isinstance(node, dict) or not node:
            self.fault(at, what, node, remedy=remedy)
        for key, value in as_dict(node).items():
            if not (isinstance(key, str) and key and isinstance(value, str) and value):
                self.fault((*at, key), what, value, remedy=remedy)
            elif "|" in value:
                remedy = "每个值写一条 / write one condition for each value"
                self.fault((*at, key), what, value, remedy=remedy)

    def expression(self, value: object, at: Steps) -> None:
        if not isinstance(value, str) or not value:
            self.fault(at, "不是正则表达式 / not a regular expression", value)
            return
        try:
            empty = re.compile(value).search("")
        except re.error as error:
            what = f"正则表达式有误 / a regular expression that does not compile: {error}"
            self.fault(at, what, value)
            return
        if empty:
            what = "任何名称都符合 / a regular expression that every name fits"
            remedy = "去掉空的分支 / take out the empty alternative"
            self.fault(at, what, value, remedy=remedy)

    def test(self, band: object, node: object, at: Steps) -> None:
        bands = as_dict(self.top.get("bands"))
        if band not in bands or band not in BANDS:
            remedy = nearest(str(band), list(bands))
            self.fault(at, "查无此圈层 / a band that is not there", band, remedy=remedy)
        needed = ("limit", "unit", "count", "basis", "grade", "clause")
        got = self.keys(node, at, needed, PROVENANCE)
        if not got:
            return
        limit, count = got.get("limit"), got.get("count")
        if not is_number(limit) or not POSITIVE.fits(limit):
            self.fault((*at, "limit"), "不是限值 / not a limit", limit, POSITIVE.rule)
        self.choice(got.get("unit"), (*at, "unit"), ("m", "min"), "单位 / unknown unit")
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            rule = "不小于 1 的整数 / a whole number of 1 or more"
            self.fault((*at, "count"), "不是数量 / not a count", count, rule)
        self.both(got.get("clause"), (*at, "clause"))
        self.provenance(got, at)

    # --- weight sets, centre, sources ---------------------------------------------------------

    def weight_sets(self, sets: Mapping[Any, Any]) -> None:
        own = [n for n, s in sets.items() if as_dict(s).get("weights") == "own"]
        if len(own) != 1:
            rule = "恰有一个为 own / exactly one set is `weights: own`"
            what = "默认权重方案不是一个 / not one default set"
            self.fault(("weight_sets",), what, ", ".join(map(str, own)), rule)
        for name, entry in sets.items():
            at: Steps = ("weight_sets", name)
            got = self.sourced(entry, at, ("weights", "basis", "grade"))
            weights = got.get("weights")
            if got and weights not in ("own", "equal"):
                self.weight_set(weights, (*at, "weights"))

    def weight_set(self, node: object, at: Steps) -> None:
        weights = self.keys(node, at, self.scored)
        for key, value in weights.items():
            if key in self.scored and not (is_number(value) and SHARE.fits(value)):
                self.fault((*at, key), "不是权重 / not a weight", value, SHARE.rule)
        if set(weights) == set(self.scored):
            noun = f"方案 {at[1]} 的权重合计不为 1 / weights of the set {at[1]}"
            self.total(at, noun, weights.values())

    def centre(self, node: object, at: Steps) -> None:
        got = self.sourced(node, at, ("functions", "basis", "grade"), ("figures",))
        self.figures(got, at)
        functions = self.mapping(got.get("functions"), (*at, "functions"))
        for name, item in functions.items():
            if item is not None:
                here = (*at, "functions", name)
                self.choice(item, here, self.items, "项目 / unknown item")

    def source(self, node: object, at: Steps) -> None:
        got = self.keys(node, at, ("doc", "read_at", "grade"))
        if got:
            self.text(got.get("doc"), (*at, "doc"))
            self.text(got.get("read_at"), (*at, "read_at"))
            self.choice(
                got.get("grade"), (*at, "grade"), ("R", "S", "M", "A"), "等级 / unknown grade"
            )
