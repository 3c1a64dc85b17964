"""Fonts for the report's pictures: one that knows Chinese is sought on the machine.

None is shipped: a Chinese font weighs more than the program.  Where none is found, labels that
cannot be drawn become numbers, and the text beside the picture says what they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# By preference; matched against names of files, since a cached list of families may be stale.
_CHINESE = (
    r"NotoSansCJK(sc|SC)?-Regular\.",
    r"NotoSansSC-(Regular|VF)\.",
    r"NotoSansSC\[",
    r"SourceHanSans(SC|CN|HWSC)?-(Regular|VF)\.",
    r"msyh\.",
    r"PingFang\.",
    r"simhei\.",
    r"(Hiragino|STHeiti|wqy-)",
    r"simsun\.",
    r"NotoSerifCJK(sc|SC)?-Regular\.",
    r"(SourceHanSerif|NotoSerifSC)",
)
# Headings and the words that this program's Chinese texts are made of; a subset may lack some.
_NEEDED = "园区职工缺食堂床位选址审图号"
PLAIN = "DejaVu Sans"  # comes with matplotlib


@dataclass(frozen=True)
class Fonts:
    """What labels of pictures are drawn with.

    Attributes
    ----------
    families
        Families to ask, in order.
    chinese
        Whether one of them knows Chinese.
    knows
        Tells whether every character of a text can be drawn.
    """

    families: tuple[str, ...]
    chinese: bool
    knows: Callable[[str], bool]


def installed() -> list[str]:
    """List the font files of this machine, as the system knows them now."""
    from matplotlib.font_manager import findSystemFonts

    return findSystemFonts()


def find_fonts(files: Iterable[str] | None = None) -> Fonts:
    """Find a font that knows Chinese, and tell what can be drawn.

    Parameters
    ----------
    files
        Font files to choose from; None: all of this machine.
    """
    found = _chinese(installed() if files is None else files)
    plain = _open(_plain_file())
    known = [face for face in (None if found is None else found[1], plain) if face is not None]

    def knows(text: str) -> bool:
        return all(any(face.get_char_index(ord(c)) for face in known) for c in text if c != "\n")

    families = (PLAIN,) if found is None else (found[0], PLAIN)
    return Fonts(families, found is not None, knows)


def _plain_file() -> str:
    import matplotlib as mpl

    return str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


def _open(file: str) -> Any:
    """Open the first face of a font file; None where it is damaged."""
    from matplotlib.ft2font import FT2Font

    try:
        return FT2Font(file)
    except (OSError, RuntimeError):  # FreeType's errors are plain RuntimeErrors
        return None


def _chinese(files: Iterable[str]) -> tuple[str, Any] | None:
    """Choose the best Chinese font: name of its family, and its face."""
    named = sorted((Path(f).name, f) for f in files)
    for pattern in _CHINESE:
        for name, file in named:
            if not re.match(pattern, name):
                continue
            face = _open(file)
            if face is not None and all(face.get_char_index(ord(c)) for c in _NEEDED):
                return _family(file), face
    return None


def _family(file: str) -> str:
    """Tell matplotlib of a font file, and give its family; of a collection, the mainland's."""
    from matplotlib.font_manager import fontManager

    def entries() -> list[Any]:
        return [e for e in fontManager.ttflist if e.fname == file]

    if not entries():
        fontManager.addfont(file)
    names = sorted({e.name for e in entries() if "Mono" not in e.name})
    mainland = [n for n in names if re.search(r"\b(SC|CN)\b", n)]
    return str((mainland or names)[0])


@dataclass
class Labels:
    """The labels of one picture: as text where it can be drawn, else as numbers.

    Attributes
    ----------
    fonts
        What can be drawn.
    told
        What the numbers stand for, in their order.
    """

    fonts: Fonts
    told: list[str] = field(default_factory=list)

    def __call__(self, text: str, *others: str) -> str:
        """Give what to draw: the first of the texts that can be drawn, else a number."""
        for one in (text, *others):
            if one and self.fonts.knows(one):
                return one
        if text not in self.told:
            self.told.append(text)
        return f"[{self.told.index(text) + 1}]"
