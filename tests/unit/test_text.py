"""The words of both languages: the same keys, the same placeholders, the promised ones there."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import parkgap
from parkgap import frames
from parkgap.publish.text import LANGUAGES, Text


def test_both_languages_hold_the_same_keys_in_the_same_order() -> None:
    assert Text("zh").keys() == Text("en").keys()


def test_both_languages_take_the_same_placeholders() -> None:
    def fields(text: str) -> set[str | None]:
        return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}

    zh, en = Text("zh"), Text("en")
    assert {k: fields(zh(k)) for k in zh.keys()} == {k: fields(en(k)) for k in en.keys()}  # noqa: SIM118


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_is_empty(lang: str) -> None:
    t = Text(lang)
    assert [k for k in t.keys() if not t(k).strip()] == []  # noqa: SIM118


def test_statuses_are_worded_as_promised() -> None:
    t = Text("zh")
    assert [t(f"status.{s}") for s in ("met", "short", "unverified", "not_applicable")] == [
        "已满足",
        "确认不足",
        "未检出（待核实）",
        "不适用",
    ]
    assert t("notice.screening") == "筛查结果，不作规划核实或验收依据"
    assert t("notice.internal") == "内部资料，未经地图审核，不得公开"
    assert t("notice.odbl") == "© OpenStreetMap contributors, ODbL 1.0"


def test_chinese_never_says_that_a_place_has_none() -> None:
    t = Text("zh")
    assert [k for k in t.keys() if "没有" in t(k)] == []  # noqa: SIM118


def test_chinese_texts_are_chinese_and_english_ones_are_not() -> None:
    chinese = re.compile("[\u4e00-\u9fff]")
    zh, en = Text("zh"), Text("en")
    plain = {k for k in zh.keys() if not chinese.search(zh(k))}  # noqa: SIM118
    assert {k for k in plain if re.search("[A-Za-z]{3}", zh(k).replace("{", "").split("}")[0])} <= {
        "page.html_lang",
        "page.other_language",  # the link to the other language is called as its readers call it
        "notice.odbl",
        "format.range",
        "reason_help.other",
        "cause.item",
    }
    mixed = {k for k in en.keys() if chinese.search(en(k))} - {"page.other_language"}  # noqa: SIM118
    assert {k.split(".")[0] for k in mixed} <= {"notice"}  # the promised Chinese marks stand beside


@pytest.mark.parametrize(
    "schema", [frames.RANKING, frames.SHORTFALL, frames.ROLLUP, frames.COMPLETENESS]
)
def test_every_published_column_has_a_heading(schema: frames.Schema) -> None:
    known = set(Text("zh").keys())
    assert [n for n in schema.names if f"column.{n}" not in known] == []


def test_every_cause_that_the_program_knows_has_words() -> None:
    known = {k.removeprefix("cause.") for k in Text("zh").keys() if k.startswith("cause.")}  # noqa: SIM118
    folder = Path(parkgap.__file__).parent / "publish"
    source = "".join(
        (folder / f"{name}.py").read_text(encoding="utf-8")
        for name in ("events", "changes", "differences", "walks")
    )
    used = set(re.findall(r'(?:Cause|_cause|_changed)\(\s*"(\w+)"', source))
    used |= set(re.findall(r'code = "(\w+)"', source))
    used |= set(re.findall(r'"(facility_\w+)"(?: if| else|,|\n)', source)) - {"facility_id"}
    assert used
    assert used - known == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_cause_holds_what_parts_causes(lang: str) -> None:
    t = Text(lang)
    assert [k for k in t.keys() if k.startswith("cause.") and "; " in t(k)] == []  # noqa: SIM118


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        Text("zh")("status.missing")


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        Text("en")("map.parks_n", m=3)


def test_get_falls_back_for_what_a_user_named() -> None:
    assert Text("zh").get("shift.三班", "三班") == "三班"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="'fr'"):
        Text("fr")


def test_the_data_dictionary_is_that_of_the_schemas(checkout: Path) -> None:
    written = (checkout / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert written == frames.dictionary()
