"""A standard in plain text, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parkgap.errors import Problem, StandardError
from parkgap.standards.marking import UNCONFIRMED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parkgap.standards.model import (
        Category,
        Hours,
        Item,
        Provenance,
        Span,
        Standard,
        Test,
        Visit,
    )

# Every character must exist in cp936, the code page of a Chinese Windows console.
_WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "caution": "筛查结果，不作规划核实或验收依据。",
        "basis": "依据等级：R 读到原文或引文；S 转引；M 凭记忆；A 自定。R、S 为有据，M、A 为假设。",
        "scale": "大于1的数量按 {workers:g} 名职工计，随人数增减；只要求“有”的，始终为1。",
        "speed": "步行速度 {v:g} 米/分钟（{low:g}—{high:g}）。",
        "weight": "权重",
        "sets": "权重方案：",
        "overrides": "本研究的改动：",
        "rescaled": "随之按比例调整：",
        "core": "基本项",
        "needs_list": "须有官方名单才能确认不足",
        "needs_region": "区域内全无则不适用",
        "of_items": "看下列设施：",
        "source": "有据",
        "assumption": "假设",
        "unconfirmed": UNCONFIRMED["zh"],
        "mandatory": "必配",
        "optional": "选配",
        "shown": "仅展示",
        "work": "从工作地",
        "home": "从住处",
        "either": "工作地或住处",
        "sources": "出处：",
        "sep": "，",
        "m": "{limit:g} 米内",
        "min": "步行 {limit:g} 分钟内",
        "count": "{count} {unit}",
        "free": "空闲时段：班前 {before:g} 分钟、班中休息、班后 {after:g} 分钟、"
        "休息日 {start:g}—{end:g} 点",
        "assumed": "营业时间未知时按 {start:g}—{end:g} 点开放计，其余时间视为不详",
        "assumed_of": "营业时间未知时按 {start:g}—{end:g} 点开放计",
        "visit": "{windows}须开放，停留 {stay:g} 分钟",
        "and": "、",
        "before": "班前",
        "break": "班中休息",
        "after": "班后",
        "rest": "休息日",
    },
    "en": {
        "caution": "Screening result; not a basis for planning verification or acceptance.",
        "basis": "Grades: R read in the text or a quotation of it; S second-hand; M recalled; "
        "A our choice. R and S are sourced, M and A are assumptions.",
        "scale": "Counts above 1 are for {workers:g} workers and grow with the headcount; "
        "mere presence stays 1.",
        "speed": "Walking speed {v:g} m/min ({low:g}-{high:g}).",
        "weight": "weight",
        "sets": "Weight sets: ",
        "overrides": "Changed by the study: ",
        "rescaled": "Scaled in proportion: ",
        "core": "core item",
        "needs_list": "a gap is confirmed by an official list only",
        "needs_region": "not applicable where the region has none",
        "of_items": "judged by: ",
        "source": "source",
        "assumption": "assumption",
        "unconfirmed": UNCONFIRMED["en"],
        "mandatory": "mandatory",
        "optional": "optional",
        "shown": "shown only",
        "work": "from work",
        "home": "from home",
        "either": "from work or home",
        "sources": "Sources:",
        "sep": ", ",
        "m": "within {limit:g} m",
        "min": "within {limit:g} min on foot",
        "count": "{count} {unit}",
        "free": "Free time: {before:g} min before a shift, its break, {after:g} min after it, "
        "{start:g}-{end:g} o'clock on days of rest",
        "assumed": "Where hours are unknown, open {start:g}-{end:g} o'clock, and unknown otherwise",
        "assumed_of": "where hours are unknown, open {start:g}-{end:g} o'clock",
        "visit": "open {windows}, for a stay of {stay:g} min",
        "and": ", ",
        "before": "before",
        "break": "in the break",
        "after": "after",
        "rest": "on days of rest",
    },
}


def explain(standard: Standard, lang: str) -> str:
    """Write a standard out: every item's tests with limit, count, clause, basis and grade.

    Parameters
    ----------
    standard
        The standard, with its overrides.
    lang
        ``zh`` or ``en``.

    Raises
    ------
    StandardError
        Another language was asked for.
    """
    if lang not in _WORDS:
        raise StandardError(
            Problem(what="不支持的语言 / no such language", value=lang, rule="zh, en")
        )
    words = _WORDS[lang]
    out = [*_head(standard, lang, words)]
    for category in standard.categories:
        out += ["", *_category(category, standard.hours, lang, words)]
    out += ["", words["sources"]]
    for key, source in standard.sources.items():
        out.append(f"  {key} [{source.grade}] {source.doc} ({source.read_at})")
    return "\n".join(out) + "\n"


def _head(standard: Standard, lang: str, words: dict[str, str]) -> Iterator[str]:
    title = standard.title_zh if lang == "zh" else standard.title_en
    yield f"{standard.id} {standard.version}  {title}"
    yield words["caution"]
    yield words["basis"]
    yield words["scale"].format(workers=standard.scale_workers.v) + _origin(
        standard.scale_workers, words
    )
    yield words["speed"].format(
        v=standard.walk_speed.v,
        low=standard.walk_speed_low.v,
        high=standard.walk_speed_high.v,
    ) + _origin(standard.walk_speed, words)
    if standard.hours is not None:
        yield from _hours(standard.hours, words)
    yield words["sets"] + words["sep"].join(standard.weight_sets)
    if standard.overrides:
        said = [f"{path} = {value}" for path, value in standard.overrides.items()]
        yield words["overrides"] + words["sep"].join(said)
    if standard.rescaled:
        said = [f"{path} = {value:.4g}" for path, value in standard.rescaled.items()]
        yield words["rescaled"] + words["sep"].join(said)


def _hours(hours: Hours, words: dict[str, str]) -> Iterator[str]:
    start, end = hours.rest.v
    yield words["free"].format(
        before=hours.before.v, after=hours.after.v, start=start, end=end
    ) + _origin(hours.rest, words)
    yield _assumed(hours.assumed["default"], words["assumed"], words)


def _assumed(span: Span, text: str, words: dict[str, str]) -> str:
    return text.format(start=span.v[0], end=span.v[1]) + _origin(span, words)


def _category(
    category: Category, hours: Hours | None, lang: str, words: dict[str, str]
) -> Iterator[str]:
    name = category.zh if lang == "zh" else category.en
    line = f"[{category.id}] {name}{words['sep']}{words[category.level]}"
    if category.level != "shown":
        line += f"{words['sep']}{words['weight']} {category.weight:.4g}"
        line += _origin(category.provenance["weight"], words)
    yield line
    if hours is not None and category.id in hours.assumed:
        yield "  " + _assumed(hours.assumed[category.id], words["assumed_of"], words)
    for item in category.items:
        yield from _item(item, lang, words)
        if hours is not None and item.id in hours.items:
            yield "    " + _visit(hours.items[item.id], words)


def _item(item: Item, lang: str, words: dict[str, str]) -> Iterator[str]:
    said = [words[item.level], words[item.origin]]
    if item.level != "shown":
        said.insert(1, f"{words['weight']} {item.weight:.4g}")
    said += [words[key] for key in ("core", "needs_list", "needs_region") if getattr(item, key)]
    if item.of_items:
        said.append(words["of_items"] + " ".join(item.of_items))
    name = item.zh if lang == "zh" else item.en
    yield f"  {item.id} {name} ({words['sep'].join(said)})"
    for test in item.tests:
        yield from _test(test, item, lang, words)


def _visit(visit: Visit, words: dict[str, str]) -> str:
    windows = words["and"].join(words[w] for w in visit.free)
    return words["visit"].format(windows=windows, stay=visit.stay) + _origin(visit, words)


def _test(test: Test, item: Item, lang: str, words: dict[str, str]) -> Iterator[str]:
    unit = item.unit_zh if lang == "zh" else item.unit_en
    if lang == "en" and test.count > 1:
        unit += "s"
    count = words["count"].format(count=test.count, unit=unit)
    limit = words[test.unit].format(limit=test.limit)
    clause = test.clause_zh if lang == "zh" else test.clause_en
    said = f"{limit} {count}" if lang == "zh" else f"{count} {limit}"
    yield f"    {test.band:<4}{said}  {clause}{_origin(test, words)}"
    note = test.note_zh if lang == "zh" else test.note
    if note:
        yield f"        {note}"


def _origin(figure: Provenance, words: dict[str, str]) -> str:
    parts = [words[figure.basis], figure.grade, *figure.ref]
    if figure.grade == "M":
        parts.append(words["unconfirmed"])
    return f" [{' '.join(parts)}]"
