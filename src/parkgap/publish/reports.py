"""Makes the report once, and writes it as ``report.docx`` and ``report.html``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from parkgap.publish.answers import answers
from parkgap.publish.docx_report import write_docx
from parkgap.publish.findings import Given, first_page, marks, second_page
from parkgap.publish.fonts import find_fonts
from parkgap.publish.html_report import write_html
from parkgap.publish.pdf import FILE as PDF
from parkgap.publish.pdf import write_pdf
from parkgap.publish.report import Block, Paragraph, Report, cleaned
from parkgap.publish.report_parks import appendix, park_pages
from parkgap.publish.sheets import stamp, title
from parkgap.publish.shell import context

if TYPE_CHECKING:
    from pathlib import Path

    from parkgap.publish.fonts import Fonts
    from parkgap.results import Results

DOCX, HTML = "report.docx", "report.html"
_NO_FONT_ZH = (
    "未找到中文字体（如思源黑体、微软雅黑），报告图中的中文以编号代替，含义写在图下；"
    "装上字体后用 --fresh 重新运行"
)
_NO_FONT_EN = (
    "no Chinese font was found (such as Noto Sans CJK): labels of the report's pictures are "
    "numbers, explained below each; install one and run again with --fresh"
)
NO_FONT = (_NO_FONT_ZH, _NO_FONT_EN)


def make_report(results: Results, fonts: Fonts | None = None) -> Report:
    """Say what the report says, in the study's language.

    Parameters
    ----------
    results
        What the run found; only what is published of it is used.
    fonts
        What labels of pictures are drawn with; None: what this machine has.
    """
    fonts = fonts or find_fonts()
    ctx = context(results)
    given = Given(ctx, answers(results), fonts)
    return Report(
        title=title(results)[:120],
        lang=ctx.t.lang,
        stamp=stamp(results),
        foot=ctx.t("page.semicolon").join(marks(ctx)),
        blocks=cleaned(_blocks(given)),
        chinese_font=fonts.chinese,
    )


def _blocks(given: Given) -> Iterator[Block]:
    yield from first_page(given)
    yield from second_page(given)
    if not given.fonts.chinese and given.ctx.t.lang == "zh":
        yield Paragraph(given.ctx.t("report.no_font"), "note")
    yield from park_pages(given)
    yield from appendix(given)


def write_report(
    results: Results, folder: Path, *, pdf: bool = False
) -> tuple[list[Path], list[tuple[str, str]]]:
    """Write ``report.docx`` and ``report.html``; the bytes depend on the results and the fonts.

    Parameters
    ----------
    results
        What the run found.
    folder
        An existing folder to write to.
    pdf
        Print it too, as ``report.pdf``, where the machine has a browser.

    Returns
    -------
    paths, notes
        The files written; what the user must know besides (zh, en).

    Raises
    ------
    OSError
        A file cannot be written.
    """
    report = make_report(results)
    notes = [] if report.chinese_font or report.lang != "zh" else [NO_FONT]
    paths = [write_docx(report, folder / DOCX), write_html(report, folder / HTML)]
    if pdf:
        printed = folder / PDF
        note = write_pdf(folder / HTML, printed, report.stamp)
        notes += [] if note is None else [note]
        paths += [printed] if note is None else []
    return paths, notes
