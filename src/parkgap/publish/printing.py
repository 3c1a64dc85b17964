"""How the workbook's sheets are printed: paper, pages side by side, what heads and foots them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from parkgap.publish.cells import clean
from parkgap.publish.notices import whatif_mark
from parkgap.publish.sheets import title
from parkgap.publish.words import string

if TYPE_CHECKING:
    from parkgap.publish.text import Text
    from parkgap.results import Results

A3, A4 = 8, 9  # Excel's numbers
# Columns' widths, in digits of about 1.9 mm, that fit between the margins of a landscape sheet
# (277 and 400 mm) at full size.
_ROOM = {A4: 146.0, A3: 210.0}
_LEAST = 0.65  # at this scale 10 points become 6.5, which is still read
_LONGEST = 250  # characters of a header or footer with its codes; Excel takes 255


def paper_for(width: float) -> tuple[int, int]:
    """Choose paper, and how many pages stand side by side, for columns of a total width.

    Examples
    --------
    >>> paper_for(200), paper_for(320), paper_for(480)
    ((9, 1), (8, 1), (8, 2))
    """
    for paper in (A4, A3):
        if width * _LEAST <= _ROOM[paper]:
            return paper, 1
    return A3, math.ceil(width * _LEAST / _ROOM[A3])


def edition(results: Results, t: Text) -> str:
    """Say which edition this is: not reviewed, or with the number of its map review."""
    study = results.study
    if study.edition == "public":
        return t("notice.public", number=string(getattr(study, "map_review_no", None)) or "—")
    return t("notice.internal")


def header(results: Results, t: Text, sheet: str) -> str:
    """Head a printed sheet: the study, that it is a what-if or made up, and the sheet's name."""
    marks = [*whatif_mark(results.study, t), *([t("notice.made_up")] if results.made_up else [])]
    right = f"&R{_plain(sheet)}"
    left = f"&L{_plain(title(results)[:80])}"
    middle = f"&C&8{_plain(' '.join(marks))}" if marks else ""
    return f"{left}{middle[: _LONGEST - len(left) - len(right)]}{right}"


def footer(results: Results, t: Text) -> str:
    """Foot a printed sheet: edition, what it is not, whose data, and the page's number."""
    said = "  ".join([edition(results, t), t("notice.screening"), t("notice.odbl")])
    page = f"&R&8{t('workbook.page')}"
    return f"&L&8{_plain(said)}"[: _LONGEST - len(page)] + page


def _plain(text: str) -> str:
    """Keep what begins a code in headers and footers as text."""
    return clean(text).replace("&", "&&")
