"""``report.docx``: the report for the meeting, as a Word document.

Fonts are named for Chinese and Latin letters both (``w:eastAsia``); the reader's own are used.  The
parts are zipped again with fixed dates, so that the bytes depend on the report alone.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from parkgap.publish.report import (
    BULLET,
    CELL,
    HEADINGS,
    LEADING,
    LOOKS,
    WIDTH,
    Bullets,
    Heading,
    Paragraph,
    Picture,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parkgap.publish.report import Block, Report

_CHINESE, _LATIN = "Microsoft YaHei", "Calibri"
_ZIPPED = (1980, 1, 1, 0, 0, 0)
_MARGIN = 15.0
_INK, _GREY, _ALARM, _HEAD, _RULE = "1F2933", "5B6168", "8A1C10", "E3ECF4", "C9CED4"
_COLOURS = {"mark": _ALARM, "meta": _GREY, "note": _GREY}
_TWIPS = 56.6929  # a millimetre
_NAMES = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def write_docx(report: Report, path: Path) -> Path:
    """Write the document.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path.write_bytes(_zipped(_Writer(report).written()))
    return path


def _zipped(content: bytes) -> bytes:
    """Zip the parts again: in their order, with one date."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in given.namelist():
            part = zipfile.ZipInfo(name, _ZIPPED)
            # pictures are compressed already
            part.compress_type = (
                zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            )
            part.create_system = 0  # the same on every system
            made.writestr(part, given.read(name))
    return out.getvalue()


class _Writer:
    """Writes one document; holds it while it is made."""

    def __init__(self, report: Report) -> None:
        import docx

        self.report = report
        self.document: Any = docx.Document()
        self._set_up()

    def written(self) -> bytes:
        for block in self.report.blocks:
            self._put(block)
        out = io.BytesIO()
        self.document.save(out)
        return out.getvalue()

    def _put(self, block: Block) -> None:
        match block:
            case Heading():
                self._heading(block)
            case Paragraph(text, look):
                self._paragraph(text, look)
            case Bullets(lines):
                for line in lines:
                    self.document.add_paragraph(line, style="List Bullet")
            case Table():
                self._table(block)
            case Picture():
                self._picture(block)

    # --- styles ---

    def _set_up(self) -> None:
        from docx.shared import Mm

        report, document = self.report, self.document
        (section,) = document.sections
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(_MARGIN)
        section.top_margin, section.bottom_margin = Mm(13), Mm(15)
        section.header_distance, section.footer_distance = Mm(6), Mm(7)
        styles = document.styles
        self._style(styles["Normal"], LOOKS["body"])
        self._style(styles["List Bullet"], BULLET)
        for level, look in HEADINGS.items():
            name = "Title" if level == 1 else f"Heading {level - 1}"
            self._style(styles[name], look)
            styles[name].font.bold = True
            styles[name].paragraph_format.keep_with_next = True
        self._plain_title(styles["Title"])
        self._language(styles)
        said = document.core_properties
        said.title, said.author, said.last_modified_by = report.title[:255], "parkgap", "parkgap"
        said.comments, said.language = report.foot[:255], "zh-CN" if report.lang == "zh" else "en"
        said.created = said.modified = dt.datetime.combine(report.stamp, dt.time())
        self._footer(section)

    def _style(self, style: Any, look: tuple[float, float, float]) -> None:
        from docx.oxml.ns import qn
        from docx.shared import Pt, RGBColor

        size, before, after = look
        style.font.size = Pt(size)
        style.font.color.rgb = RGBColor.from_string(_INK)
        style.font.name = _CHINESE if self.report.lang == "zh" else _LATIN
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)  # a theme's font would win over the named
        fonts.set(qn("w:eastAsia"), _CHINESE)
        form = style.paragraph_format
        form.space_before, form.space_after = Pt(before), Pt(after)
        form.line_spacing = Pt(size * LEADING)

    @staticmethod
    def _plain_title(style: Any) -> None:
        from docx.oxml.ns import qn

        for border in style.element.pPr.findall(qn("w:pBdr")):
            style.element.pPr.remove(border)

    def _language(self, styles: Any) -> None:
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        run = styles["Normal"].element.get_or_add_rPr()
        tag = OxmlElement("w:lang")
        # Latin letters and figures are no Chinese: else they are broken anywhere
        tag.set(qn("w:val"), "en-US")
        tag.set(qn("w:eastAsia"), "zh-CN")
        run.append(tag)

    def _footer(self, section: Any) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        line = section.footer.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = line.add_run(f"{self.report.foot}    ")
        run.font.size = Pt(7.5)
        self._field(line, "PAGE")

    @staticmethod
    def _field(line: Any, code: str) -> None:
        """Insert a field that the word processor fills in."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn
        from docx.shared import Pt

        for kind in ("begin", "instr", "end"):
            run = line.add_run()
            run.font.size = Pt(7.5)
            if kind == "instr":
                tag = OxmlElement("w:instrText")
                tag.text = code
            else:
                tag = OxmlElement("w:fldChar")
                tag.set(qn("w:fldCharType"), kind)
            run._r.append(tag)  # noqa: SLF001 - python-docx has no fields

    # --- blocks ---

    def _heading(self, block: Heading) -> None:
        style = "Title" if block.level == 1 else f"Heading {block.level - 1}"
        line = self.document.add_paragraph(block.text, style=style)
        line.paragraph_format.page_break_before = block.new_page

    def _paragraph(self, text: str, look: str) -> None:
        from docx.shared import Pt, RGBColor

        size, before, after = LOOKS[look]
        line = self.document.add_paragraph()
        run = line.add_run(text)
        run.font.size = Pt(size)
        run.font.color.rgb = RGBColor.from_string(_COLOURS.get(look, _INK))
        run.font.bold = look in ("mark", "caption") or None
        form = line.paragraph_format
        form.space_before, form.space_after = Pt(before), Pt(after)
        form.line_spacing = Pt(size * LEADING)

    def _picture(self, block: Picture) -> None:
        from docx.shared import Mm, Pt

        shape = self.document.add_picture(io.BytesIO(block.png), width=Mm(min(block.width, WIDTH)))
        shape._inline.docPr.set("descr", block.alt)  # noqa: SLF001 - no other way to describe it
        for side in ("distT", "distB", "distL", "distR"):  # LibreOffice takes none for 3 mm
            shape._inline.set(side, "0")  # noqa: SLF001 - no other way to set it
        form = self.document.paragraphs[-1].paragraph_format
        form.space_before = form.space_after = Pt(0)
        form.line_spacing = 1.0  # else it would be cut to the height of a line
        form.keep_with_next = True  # its caption follows

    def _table(self, block: Table) -> None:
        """Write a table as XML in one go: through python-docx a cell costs a millisecond."""
        from docx.oxml import parse_xml
        from docx.shared import Pt

        body = self.document.element.body
        body.insert(len(body) - 1, parse_xml(_table_xml(block)))  # before the section's end
        # a table that follows another at once would be one with it
        form = self.document.add_paragraph().paragraph_format
        form.space_after, form.line_spacing = Pt(0), Pt(4)


def _table_xml(block: Table) -> str:
    widths = [round(w * WIDTH * _TWIPS) for w in block.widths]
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    borders = "".join(
        f'<w:{s} w:val="single" w:sz="4" w:space="0" w:color="{_RULE}"/>' for s in sides
    )
    room = "".join(
        f'<w:{side} w:w="{twips}" w:type="dxa"/>'
        for side, twips in (("top", 20), ("left", 60), ("bottom", 20), ("right", 60))
    )
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    rows = [_row_xml(block.headings, widths, frozenset(), head=True)]
    rows += [_row_xml(row, widths, block.figures) for row in block.rows]
    return (
        f'<w:tbl xmlns:w="{_NAMES}"><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblInd w:w="60" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/>'
        f"<w:tblCellMar>{room}</w:tblCellMar></w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
        f"{''.join(rows)}</w:tbl>"
    )


def _row_xml(
    cells: Sequence[str], widths: Sequence[int], figures: frozenset[int], *, head: bool = False
) -> str:
    about = "<w:cantSplit/><w:tblHeader/>" if head else "<w:cantSplit/>"
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{_HEAD}"/>' if head else ""
    look = f'{"<w:b/>" if head else ""}<w:sz w:val="{round(2 * CELL)}"/>'
    said = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr><w:p><w:pPr>'
        f'<w:spacing w:before="0" w:after="0" w:line="{round(20 * CELL * LEADING)}" '
        f'w:lineRule="exact"/>'
        f'<w:jc w:val="{"right" if place in figures else "left"}"/></w:pPr>'
        f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{escape(cell)}</w:t></w:r>'
        "</w:p></w:tc>"
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"<w:tr><w:trPr>{about}</w:trPr>{said}</w:tr>"
