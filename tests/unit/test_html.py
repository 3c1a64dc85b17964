"""Escaping, page names, and the page's own lock: what is hostile stays text."""

from __future__ import annotations

import hashlib
import html
import json
import re
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkgap.publish.html import (
    Cell,
    clean,
    page,
    page_name,
    page_names,
    script_json,
    table,
    text,
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("</script><script>", "&lt;/script&gt;&lt;script&gt;"),
        ("a \"b\" 'c' & `d`", "a &quot;b&quot; &#x27;c&#x27; &amp; &#96;d&#96;"),
        ("${x} {{ 7*7 }}", "${x} {{ 7*7 }}"),  # harmless: no template sees it
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("a\u2028b", "a b"),
        ("\ud800", "\ufffd"),
        ("食堂 Größe 🍜", "食堂 Größe 🍜"),
        (None, "None"),
        (12, "12"),
    ],
)
def test_text_shows_hostile_names_as_text(raw: object, shown: str) -> None:
    assert text(raw) == shown


@given(st.text())
def test_escaped_text_reads_back_as_the_cleaned_one(raw: str) -> None:
    escaped = text(raw)
    assert not set(escaped) & set("<>\"'`")
    assert html.unescape(escaped) == clean(raw)
    escaped.encode("utf-8")


HOSTILE_JSON = [
    "</script>",
    "<!--",
    "\u2028\u2029",
    "a&b",
    "'\"`${}",
    "\x00\u202e\ud800",
    "\\u0041",
]


def test_script_json_holds_nothing_that_ends_a_script() -> None:
    out = script_json({"names": HOSTILE_JSON, "n": [1, 2.5, None, True]})
    assert not set(out) & set("<>&\u2028\u2029\x00\u202e\ud800")
    read = json.loads(out)
    assert read["n"] == [1, 2.5, None, True]
    assert read["names"][0] == "</script>"
    assert read["names"][5] == "\ufffd\ufffd\ufffd"
    assert read["names"][6] == "\\u0041"


# Letters, marks, figures, punctuation, symbols, spaces; no controls, formats, line separators.
harmless = st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs")))


@given(st.recursive(harmless | st.integers() | st.none(), lambda c: st.lists(c, max_size=4)))
def test_script_json_keeps_harmless_values(value: object) -> None:
    assert json.loads(script_json(value)) == value


@given(st.text())
def test_script_json_reads_back_as_the_cleaned_text(value: str) -> None:
    assert clean(json.loads(script_json(value))) == clean(value)


def test_script_json_refuses_figures_that_are_none() -> None:
    with pytest.raises(ValueError, match="JSON"):
        script_json([float("nan")])


# --- page names -------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", ["way-12", "P01", "nb_03.a", "001"])
def test_a_safe_id_names_its_page(plain: str) -> None:
    assert page_name(plain) == f"{plain}.html"


@pytest.mark.parametrize(
    "unsafe",
    [
        "../../etc/passwd",
        "a/b",
        "a\\b",
        "C:x",
        "con",
        "NUL",
        "com1",
        "aux.txt",
        ".hidden",
        "trailing.",
        "trailing ",
        "海尔工业园",
        "",
        "x" * 300,
        "a\x00b",
        "<img>",
        "..",
    ],
)
def test_an_unsafe_id_gets_a_slug_and_a_hash(unsafe: str) -> None:
    name = page_name(unsafe)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*~[0-9a-f]{10}\.html", name)
    assert len(name) < 90
    assert hashlib.sha256(unsafe.encode()).hexdigest()[:10] in name
    assert not re.match(r"(con|nul|aux|com1)[.~]", name, re.IGNORECASE)


@given(st.lists(st.text(max_size=8), unique=True))
def test_pages_never_share_a_file_even_where_case_is_ignored(ids: list[str]) -> None:
    names = page_names(ids)
    assert list(names) == ids
    assert len({n.casefold() for n in names.values()}) == len(ids)


def test_only_ids_that_differ_by_case_get_a_hash() -> None:
    names = page_names(["P1", "p1", "P2"])
    assert names["P2"] == "P2.html"
    assert re.fullmatch(r"P1~[0-9a-f]{16}\.html", names["P1"])
    assert re.fullmatch(r"p1~[0-9a-f]{16}\.html", names["p1"])


# --- tables and pages -------------------------------------------------------------------------


def test_a_table_escapes_headings_and_keeps_unknown_out_of_the_order() -> None:
    rows = [("", [Cell(text("<b>"), "<b>"), Cell("—", None, "num")])]
    out = table([("<i>", ""), ("n", "num")], rows, caption='a"b', ident="t")
    assert "&lt;i&gt;" in out
    assert '<th scope="row" data-v="&lt;b&gt;">&lt;b&gt;</th>' in out
    assert '<td class="num">—</td>' in out
    assert 'aria-label="a&quot;b"' in out


def test_a_page_allows_no_script_but_its_own() -> None:
    out = page(
        lang="zh-CN",
        title="</title><script>",
        css=["assets/a.css"],
        js=["assets/a.js"],
        body="<main></main>",
        data={"name": "</script>"},
        script="draw();\r\nmore();",
        kind="overview",
    )
    assert "<title>&lt;/title&gt;&lt;script&gt;</title>" in out
    inline = re.findall(r"<script>(.*?)</script>", out, re.DOTALL)
    assert inline == ["draw();\nmore();"]
    digest = b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
    policy = re.search(r'Policy" content="([^"]*)"', out)
    assert policy is not None
    scripts = next(p for p in policy[1].split("; ") if p.startswith("script-src"))
    assert scripts == f"script-src 'self' file: 'sha256-{digest}'"
    assert policy[1].startswith("default-src 'none'")
