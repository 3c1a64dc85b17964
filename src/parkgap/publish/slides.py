"""Pictures of the maps for slides: the overview and each park, 16:9, as PNG and as SVG.

They are the report's maps with a title of their own, so that a picture that is cut out and passed
on still says what it shows, of which day, and that it is a screening result.  Letters are
outlines in SVG.  Where no Chinese font is found, words are English and a park is called by its
id: a box would say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from parkgap.memory import give_back
from parkgap.publish.answers import answers
from parkgap.publish.fonts import find_fonts
from parkgap.publish.marks import gates, nearby
from parkgap.publish.overview import is_ranked
from parkgap.publish.pictures import MM, width_of
from parkgap.publish.report_maps import WIDTH, Around, Head, overview_map, park_map
from parkgap.publish.report_parks import park_facts
from parkgap.publish.sheets import title
from parkgap.publish.shell import context
from parkgap.publish.text import Text
from parkgap.publish.words import Words, count, string

if TYPE_CHECKING:
    from pathlib import Path

    from parkgap.publish.answers import Answers
    from parkgap.publish.fonts import Fonts
    from parkgap.publish.pictures import Drawing
    from parkgap.publish.shell import Context
    from parkgap.results import Results

FOLDER, OVERVIEW = "pictures", "overview"
HEIGHT = WIDTH * 9 / 16  # millimetres
PIXELS = 1920  # a slide's width on a common screen
# A hair more, so that rounding downwards does not lose a pixel.
_DPI = PIXELS * MM / WIDTH * (1 + 1e-9)
_BATCH = 20  # pictures after which freed memory is given back
_NO_FONT_ZH = (
    "未找到中文字体（如思源黑体、微软雅黑），pictures/ 中的图以英文标注、园区以编号代替名称；"
    "装上字体后用 --fresh 重新运行"
)
_NO_FONT_EN = (
    "no Chinese font was found (such as Noto Sans CJK): the pictures are labelled in English, "
    "and parks by their ids; install one and run again with --fresh"
)
NO_FONT = (_NO_FONT_ZH, _NO_FONT_EN)


def write_pictures(
    results: Results, folder: Path, fonts: Fonts | None = None
) -> tuple[list[Path], list[tuple[str, str]]]:
    """Write ``pictures/NAME.png`` and ``.svg``; the bytes depend on the results and the fonts.

    Parameters
    ----------
    results
        What the run found; only what is published of it is used.
    folder
        An existing folder to write to.
    fonts
        What labels are drawn with; None: what this machine has.

    Returns
    -------
    paths, notes
        The files written; what the user must know besides (zh, en).

    Raises
    ------
    OSError
        A file cannot be written.
    """
    fonts = fonts or find_fonts()
    ctx = context(results)
    missing = ctx.t.lang == "zh" and not fonts.chinese
    if missing:
        plain = Text("en")
        ctx = replace(ctx, t=plain, words=Words(plain, results.standard))
    written: list[Path] = []
    (folder / FOLDER).mkdir(exist_ok=True)
    for number, (name, drawing) in enumerate(_drawings(ctx, fonts, answers(results)), start=1):
        for kind, content in (("png", drawing.png), ("svg", drawing.svg)):
            path = folder / FOLDER / f"{name}.{kind}"
            path.write_bytes(content)
            written.append(path)
        if number % _BATCH == 0:
            give_back()
    return written, [NO_FONT] if missing else []


def _drawings(ctx: Context, fonts: Fonts, found: Answers) -> Iterator[tuple[str, Drawing]]:
    """Draw the maps one by one; a park without an outline has none."""
    t, results = ctx.t, ctx.results
    screening = t("notice.screening")
    if not fonts.knows(screening):  # English, with the Chinese in brackets
        screening = screening.split(" (")[0]
    dated = f"{t('about.data_date')}{t('page.colon')}{results.data_date or '?'}"
    legend = "legend_site_numbered" if results.study.report.write else "legend_site"
    blank = Head(
        *(title(results), t("page.overview"), f"{screening}  {dated}"),
        plain=string(results.study.name),
        sites=t(f"report.{legend}"),
        dpi=_DPI,
    )
    yield OVERVIEW, overview_map(ctx, fonts, found.sites, (HEIGHT, HEIGHT), blank)
    parks = ctx.park_ids[: results.study.pictures.parks]
    near, open_gates = nearby(ctx, parks), gates(ctx)
    names = picture_names(ctx.pages[p] for p in parks)
    for park, name in zip(parks, names, strict=True):
        sites = [s for s in found.sites if park in s.park_ids]
        around = Around(park, near.get(park, []), open_gates.get(park, []), sites)
        drawing = park_map(ctx, fonts, around, HEIGHT, _park_head(ctx, fonts, park, blank))
        if drawing is not None:
            yield name, drawing


def _park_head(ctx: Context, fonts: Fonts, park: str, blank: Head) -> Head:
    """Title a park's picture: rank and name (its id where no font draws that), main figures."""
    row = ctx.ranking.get(park, {})
    name = string(row.get("park_name"))
    name = name if name and fonts.knows(name) else park
    ranked = is_ranked(row)
    said = ctx.t("report.park_ranked", rank=count(row.get("rank")), name=name) if ranked else name
    facts = _fitting(park_facts(ctx, park, row), ctx.t("page.semicolon"), fonts)
    plain = ctx.pages[park].removesuffix(".html")
    return replace(blank, title=said, line=facts, plain=plain)


def _fitting(facts: list[str], between: str, fonts: Fonts) -> str:
    """Put as many facts into a line as it holds, of those that can be drawn."""
    told = ""
    for fact in facts:
        longer = f"{told}{between}{fact}" if told else fact
        if fonts.knows(fact) and width_of(longer) <= WIDTH - 2:
            told = longer
    return told


def picture_names(pages: Iterable[str]) -> list[str]:
    """Name parks' pictures as their pages; a park whose page is called as the overview, with _.

    >>> picture_names(["SF01.html", "Overview.html"])
    ['SF01', 'Overview_']
    """
    taken, names = {OVERVIEW}, []
    for page in pages:
        name = page.removesuffix(".html")
        while name.casefold() in taken:
            name += "_"
        taken.add(name.casefold())
        names.append(name)
    return names
