"""Names as nobody should have, and the made-up town with every name in it replaced by them.

The town of ``parkgap init --example`` has every table that there is.  Its names and ids, those
of its extract and of its timetable are exchanged, the same original always for the same name, so
that what belonged together still does.  A twin has harmless names in the same places: whatever
the pages of the two differ in was done by a name.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import osmium
import xlsxwriter
from python_calamine import CalamineWorkbook

from parkgap.example import write_example
from parkgap.study import safe_name

RAN = "window.__pwned"
# Every one that could run would leave a mark in the page.
NAMES = (
    # markup that runs
    f"<script>{RAN}=1</script>",
    f'<img src=x onerror="{RAN}=2">',
    f"\"'><svg onload={RAN}=3>",
    f"<iframe srcdoc='<script>parent.{RAN[7:]}=4</script>'></iframe>",
    f"<body onload={RAN}=5>",
    f"<details open ontoggle={RAN}=6>x</details>",
    f"<a href='javascript:{RAN}=7'>x</a>",
    f"<math><mi xlink:href='data:x,<script>{RAN}=8</script>'>x",
    f"<object data='data:text/html,<script>{RAN}=9</script>'>",
    f"<form action='javascript:{RAN}=10'><button>x</button></form>",
    f"<style>@import 'javascript:{RAN}=11';*{{display:none!important}}</style>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RAN}=12'>",
    "<base href='https://example.org/'>",
    "<link rel=stylesheet href='https://example.org/x.css'>",
    f"<input autofocus onfocus={RAN}=13>",
    f"<video><source onerror={RAN}=14></video>",
    # ends of what a name may stand in
    f"</script><script>{RAN}=15</script>",
    "</title></textarea></style></noscript></template>",
    "<!--<script>",
    "--><b>out of a comment</b>",
    "]]><![CDATA[",
    "</td></tr></table></div></main>",
    f"' autofocus onfocus='{RAN}=16",
    f'" onmouseover="{RAN}=17" x="',
    f"` onclick={RAN}=18 `",
    # templates and scripts
    f"${{{RAN}=19}}",
    f"`+({RAN}=20)+`",
    f"';{RAN}=21;//",
    f'");{RAN}=22;("',
    "{{ 7*7 }}{% for x in range(9) %}x{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{# comment #}{% raw %}",
    "#{7*7}<%= 7*7 %>%{7*7}",
    "{0.__class__} %s %(x)s $1 \\1",
    f"\\u003cimg src=x onerror={RAN}=23\\u003e",
    f"\\x3cscript\\x3e{RAN}=24",
    f"&lt;script&gt;{RAN}=25&lt;/script&gt; &amp;amp; &#60;",
    f"javascript:{RAN}=26",
    f"data:text/html,<script>{RAN}=27</script>",
    "vbscript:msgbox(1)",
    '{"a":[1,}\\',
    "__proto__",
    "constructor",
    # spreadsheets
    '=HYPERLINK("https://example.org","x")',
    "+1+1",
    "-2+3",
    "@SUM(1,1)",
    "=cmd|'/C calc'!A0",
    "\t=1+1",
    "\r=1+1 after a carriage return",
    "＝1+1 full width",
    "'=1+1 quoted",
    # files, paths, addresses
    "../../../etc/passwd",
    "..\\..\\windows\\system32",
    "C:\\autoexec.bat",
    "/etc/shadow",
    "CON",
    "aux.html",
    "file:///etc/passwd",
    "\\\\server\\share",
    "~/.ssh/id",
    "index.html#park=x?y&z%2e%2e%2f",
    # characters
    "\u202etxt.exe turned around\u202c",
    "\u2066isolate\u2069 and \u200fmark",
    "line\u2028separator\u2029paragraph",
    "two\nlines",
    "nul\x00 bell\x07 escape\x1b[31mred",
    "half \ud83d of an emoji",
    "\U0001f469\u200d\U0001f373\U0001f35c emoji joined",
    "z" + "\u0351\u0312\u0343" * 40 + " combining",
    "\ufeffbyte order mark \ufffe\uffff",
    "\U00020000\U0002a6d6 rare ideographs",
    "مطعم العمال",
    "Ｆｕｌｌｗｉｄｔｈ ＜script＞",
    # databases, documents, sheer size
    "'; DROP TABLE parks;--",
    '" OR ""="',
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "<w:p><w:r><w:t>x</w:t></w:r></w:p>",
    "a; b | c / d, e: f",
    "&",
    "<",
    "长" * 10_000,
    "longword" * 1_250,
)
assert len(NAMES) >= 60
assert len(set(NAMES)) == len(NAMES)

_IDS = (
    "园区编号",
    "企业编号",
    "设施编号",
    "出入口编号",
    "居住点编号",
    "房源编号",
    "项目编号",
    "地块编号",
)
_WORDS = (
    *("名称", "园区名称", "企业名称", "出入口名称", "居住点名称", "房源名称", "项目名称"),
    *("功能区", "行政区", "街道", "人数依据", "地址", "实际地址", "责任部门", "职责", "提供单位"),
    *("班次", "班车线路", "停靠站", "线路", "方向", "站名"),
)
PARKS = ("SF01", "SF02", "SF03", "SF04")
PARK_NAMES = ("示范东风产业园", "示范海晶智造园", "示范南岸工业园", "示范西岭新材料园")
# What everybody sees first: 10,000 characters without and with letters, markup, turned around.
_WORST = (len(NAMES) - 2, len(NAMES) - 1, 1, NAMES.index("\u202etxt.exe turned around\u202c"))
_SAFE = tuple(i for i, name in enumerate(NAMES) if safe_name(name) and name[0] in "=@$'{")
_FEED = ("stop_name", "route_short_name", "route_long_name", "trip_headsign", "agency_name")
_TAGS = ("name", "name:zh", "name:en", "operator", "brand", "ref", "addr:full")
_MADE_UP = "数据来源"


class Renamer:
    """Gives every original name another one, always the same."""

    def __init__(self, word: Callable[[int], str]) -> None:
        self.word = word
        self.given: dict[str, str] = {}

    def __call__(self, original: str) -> str:
        """Give the name that stands for an original one."""
        if not original.strip():
            return original
        if original not in self.given:
            self.given[original] = self.word(len(self.given))
        return self.given[original]

    def access(self, cell: str) -> str:
        """Rename whom a place is open to: ``园区:SF01`` means a park."""
        kind, colon, whom = cell.partition(":")
        return f"{kind}:{self(whom)}" if colon and kind in ("园区", "企业") else cell


def hostile(n: int) -> str:
    """Give the n-th hostile name; after the last one numbered ones."""
    again, place = divmod(n, len(NAMES))
    return NAMES[place] + (f" {again}" if again else "")


def harmless(n: int) -> str:
    """Give the n-th harmless name, none like another."""
    return hashlib.sha256(str(n).encode()).hexdigest()[:8]


def town(folder: Path, word: Callable[[int], str]) -> Path:
    """Write the town with other names; its study folder."""
    write_example(folder)
    new = Renamer(word)
    # A park's id names its page: what cannot name a file is refused (tested apart).
    new.given = dict(zip(PARKS, map(word, _SAFE), strict=False))
    new.given |= dict(zip(PARK_NAMES, map(word, _WORST), strict=True))
    for table in sorted(folder.glob("*.csv")) + sorted(folder.glob("*.xlsx")):
        if table.name != "plan.csv":
            _rename_table(table, new)
    _rename_feed(folder / "gtfs.zip", new)
    _rename_extract(folder / "town.osm.pbf", new)
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    text = re.sub("(?m)^title = .*$", lambda _: f"title = {toml(new('title'))}", text)
    text = text.replace('"夜班" =', f"{toml(new('夜班'))} =").replace("number = 3", "number = 1")
    text = re.sub('issuer = "([^"]*)"', lambda m: f"issuer = {toml(new(m[1]))}", text)
    text = re.sub('area = "([^"]*)"', lambda m: f"area = {toml(new(m[1]))}", text)
    text = re.sub('encoding = "gbk"\n', "", text)
    file.write_text(text + "\n[report]\nparks = 1\n", encoding="utf-8")
    return folder


def toml(text: str) -> str:
    """Write a string of TOML; what the format does not allow is left out."""
    allowed = re.sub("[\x00-\x1f\x7f\ud800-\udfff]", "", text)
    return json.dumps(allowed, ensure_ascii=False)


def _rows(table: Path) -> list[list[str]]:
    if table.suffix == ".csv":
        raw = table.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gbk")
        return list(csv.reader(io.StringIO(text)))
    book = CalamineWorkbook.from_path(table)
    rows = book.get_sheet_by_index(0).to_python()
    return [[_plain(v) for v in row] for row in rows]


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _rename_table(table: Path, new: Renamer) -> None:
    """Rename a table's cells in its place; what its format cannot hold is left out."""
    rows = _rows(table)
    start = next(i for i, row in enumerate(rows) if sum(bool(c) for c in row) > 1)
    head = rows[start]
    for row in rows[start + 1 :]:
        for i, heading in enumerate(head):
            if heading in (*_IDS, *_WORDS):
                row[i] = new(row[i])
            elif heading == "开放范围":
                row[i] = new.access(row[i])
            elif heading == _MADE_UP and row[i]:
                row[i] = f"{row[i]} {new('source')}"
    rows = [[c.encode("utf-8", "replace").decode() for c in row] for row in rows]
    if table.suffix == ".csv":
        with table.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return
    # A cell of a workbook holds 32,767 characters, none of them a control character.
    with xlsxwriter.Workbook(table) as book:
        sheet = book.add_worksheet()
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                sheet.write_string(i, j, cell)


def _rename_feed(feed: Path, new: Renamer) -> None:
    with zipfile.ZipFile(feed) as old:
        files = {name: old.read(name).decode("utf-8-sig") for name in old.namelist()}
    with zipfile.ZipFile(feed, "w") as out:
        for name, text in files.items():
            rows = list(csv.reader(io.StringIO(text)))
            for row in rows[1:]:
                for i, heading in enumerate(rows[0]):
                    if heading in _FEED:
                        row[i] = new(row[i]).encode("utf-8", "replace").decode()
            stream = io.StringIO()
            csv.writer(stream).writerows(rows)
            out.writestr(name, stream.getvalue())


def _rename_extract(extract: Path, new: Renamer) -> None:
    """Rename what the map calls things; every ninth of the named also has hours that are none."""
    renamed = extract.with_name("renamed.osm.pbf")
    reader = osmium.FileProcessor(str(extract))
    with osmium.SimpleWriter(str(renamed), header=reader.header) as writer:
        for i, thing in enumerate(reader):
            found = {key: thing.tags[key] for key in _TAGS if key in thing.tags}
            changed = {key: _of_osm(new(value)) for key, value in found.items()}
            if "name" in found and i % 9 == 0:
                changed["opening_hours"] = _of_osm(new(f"hours {i}"))
            assert not isinstance(thing, osmium.osm.Area | osmium.osm.Changeset)
            writer.add(thing.replace(tags=dict(thing.tags) | changed) if changed else thing)
    renamed.replace(extract)


def _of_osm(text: str) -> str:
    """Take out what the format cannot hold: NUL, halves of characters, more than 255 of them."""
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return text if len(text) <= 255 else text[:245] + text[-10:]
