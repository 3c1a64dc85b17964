"""Which encoding a Chinese file is in, from no more than a short table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkgap.sources.encoding import decode, detect, readable

SIMPLIFIED = [
    "编号,园区名称,职工人数\nP1,黄岛区董家口化工产业园,1200\n",
    "园区,班次,上班时间\n城阳高新区,夜班,22:00\n",
    "中德生态园",
]
TRADITIONAL = [
    "編號,園區名稱,員工人數\nP1,臺中精密機械科技創新園區,1200\n",
    "縣市,園區名稱\n臺南市,樹谷產業園區（南科液晶電視及產業支援專區）\n",
    "觀塘工業區(港)",
]


@pytest.mark.parametrize("text", SIMPLIFIED)
@pytest.mark.parametrize("encoding", ["gbk", "gb18030"])
def test_simplified_text_of_windows(text: str, encoding: str) -> None:
    assert detect([text.encode(encoding)]) == "gb18030"


@pytest.mark.parametrize("text", TRADITIONAL)
@pytest.mark.parametrize("encoding", ["big5", "cp950"])
def test_traditional_text_of_windows(text: str, encoding: str) -> None:
    assert detect([text.encode(encoding)]) == "cp950"


@pytest.mark.parametrize("text", SIMPLIFIED + TRADITIONAL)
def test_unicode_is_certain(text: str) -> None:
    assert detect([text.encode("utf-8")]) == "utf-8"
    assert detect([text.encode("utf-8-sig")]) == "utf-8-sig"
    assert detect([text.encode("utf-16")]) == "utf-16"


def test_plain_ascii_is_utf8() -> None:
    assert detect([b"id,name\n1,a\n"]) == "utf-8"
    assert detect([]) == "utf-8"


def test_what_no_encoding_reads_is_not_guessed() -> None:
    assert detect([b"\xff\xff\xff\x00"]) is None


def test_a_hint_decides_only_what_the_bytes_leave_open() -> None:
    text = "中德生态园".encode("gb18030")
    assert detect([text], hint="cp950") == "gb18030"
    # Latin-1 text is neither UTF-8 nor, with a lone FF, one of the double-byte sets.
    assert detect(["é".encode("latin-1") * 3 + b"\xff"], hint="latin-1") == "latin-1"


def test_a_field_that_is_cut_in_the_middle_of_a_character_still_reads() -> None:
    cut = "产业园区范围".encode()[:16]  # 16 bytes hold five characters and a third
    assert decode(cut, "utf-8") == "产业园区范"
    assert readable([cut], "utf-8")
    assert decode(b"ab\xe5", "utf-8") is None  # too short to have been cut


@given(st.text("园区编号名称职工人数企业宿舍街道经度纬度来源产业高新开发", min_size=4))
def test_everyday_simplified_text_never_reads_as_big5(text: str) -> None:
    assert detect([text.encode("gb18030")]) in {"gb18030", "utf-8"}
