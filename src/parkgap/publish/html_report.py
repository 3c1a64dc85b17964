"""``report.html``: the same report as one page that needs nothing else, and prints as A4.

Pictures are vectors inside the page.  They are shown as images, in which no browser runs or loads
anything; all text goes through :func:`parkgap.publish.html.text`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import TYPE_CHECKING

from parkgap.publish.html import text
from parkgap.publish.report import Bullets, Heading, Paragraph, Picture, Table

if TYPE_CHECKING:
    from pathlib import Path

    from parkgap.publish.report import Block, Report

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
_STYLE = """\
@page { size: A4; margin: 13mm 15mm 15mm }
html { background: #e9ecef; color: #1f2933 }
body { font: 9.5pt/1.4 "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC",
  "SimHei", sans-serif; margin: 0; overflow-wrap: anywhere }
html[lang="en"] body { font-family: Calibri, Carlito, "Helvetica Neue", Arial, "Microsoft YaHei",
  "PingFang SC", "Noto Sans CJK SC", "SimHei", sans-serif }
main { background: #fff; box-sizing: border-box; margin: 1rem auto; max-width: 210mm;
  padding: 13mm 15mm }
h1 { font-size: 19pt; line-height: 1.2; margin: 0 0 4pt }
h2 { font-size: 13pt; line-height: 1.2; margin: 8pt 0 3pt; break-after: avoid }
h3 { font-size: 11pt; margin: 7pt 0 2pt; break-after: avoid }
h2.new { border-top: 1px solid #c9ced4; margin-top: 18pt; padding-top: 12pt }
p { margin: 0 0 3pt } p.lead { font-size: 10pt }
p.mark { color: #8a1c10; font-weight: bold; margin: 0 }
p.meta, p.note { color: #5b6168; font-size: 8.3pt }
p.caption { font-size: 8.5pt; font-weight: bold; margin: 4pt 0 2pt; break-after: avoid }
ul { margin: 0 0 3pt; padding-left: 14pt } li { font-size: 9pt; margin: 0 0 1pt }
img { display: block; height: auto; max-width: 100%; break-after: avoid; break-inside: avoid }
img + p.caption { break-after: auto }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: 0 0 4pt; table-layout: fixed; width: 100% }
th, td { border: 1px solid #c9ced4; font-size: 8pt; line-height: 1.25; padding: 1pt 3pt;
  text-align: left; unicode-bidi: plaintext; vertical-align: top }
th { background: #e3ecf4 } tr { break-inside: avoid } td.num { text-align: right }
@media screen and (max-width: 700px) { main { margin: 0; padding: 1rem }
  table { min-width: 40rem } }
@media print { html { background: none } main { margin: 0; max-width: none; padding: 0 }
  .wide { overflow: visible }
  h2.new { border: 0; break-before: page; margin-top: 0; padding-top: 0 } }
"""
_LANG = {"zh": "zh-CN", "en": "en"}


def write_html(report: Report, path: Path) -> Path:
    """Write the page.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    head = (
        f'<!DOCTYPE html>\n<html lang="{_LANG[report.lang]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{text(report.title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n"
        "<body>\n<main>\n"
    )
    with path.open("wb") as file:  # piece by piece: the pictures are most of it
        file.write(head.encode("utf-8"))
        for block in report.blocks:
            file.write(f"{_block(block)}\n".encode())
        file.write(b"</main>\n</body>\n</html>\n")
    return path


def _block(block: Block) -> str:
    match block:
        case Heading(words, level, new_page):
            css = ' class="new"' if new_page else ""
            return f"<h{level}{css}>{text(words)}</h{level}>"
        case Paragraph(words, look):
            return f'<p class="{look}">{text(words)}</p>'
        case Bullets(lines):
            return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"
        case Table():
            return _table(block)
        case Picture(svg, _, width, alt, _):
            data = b64encode(svg).decode("ascii")
            return (
                f'<img style="width:{width:g}mm" alt="{text(alt)}" '
                f'src="data:image/svg+xml;base64,{data}">'
            )


def _table(block: Table) -> str:
    columns = "".join(f'<col style="width:{100 * w:.1f}%">' for w in block.widths)
    head = "".join(f'<th scope="col">{text(h)}</th>' for h in block.headings)
    body = "\n".join(f"<tr>{_cells(row, block.figures)}</tr>" for row in block.rows)
    return (
        f'<div class="wide" tabindex="0"><table><colgroup>{columns}</colgroup>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _cells(row: Iterable[str], figures: frozenset[int]) -> str:
    return "".join(
        f'<td class="num">{text(cell)}</td>' if place in figures else f"<td>{text(cell)}</td>"
        for place, cell in enumerate(row)
    )
