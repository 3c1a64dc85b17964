"""Tell how a Chinese text file is encoded.

Libraries that guess encodings fail on short Chinese tables, so the question is put the
other way round: of the few encodings that offices use, which one gives sensible text?
A byte order mark or valid UTF-8 settles it.  Between GB18030 and Big5, which accept much
of each other's bytes, the everyday characters decide: both standards keep those in a
level of their own (GB 2312 level 1: rows B0-D7; Big5 level 1: rows A4-C6), and a text read
in the wrong one falls mostly outside of it.
"""

from __future__ import annotations

import codecs
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DOUBLE = ("gb18030", "cp950")  # in this order where nothing else decides
_CUT = 3  # bytes that may be left of a character that a full dBASE field cuts in two
_SAMPLE = 5000  # characters are plenty to judge by
_FULL = 10  # bytes of the shortest field or heading that is likely to be full


def detect(texts: Sequence[bytes], *, hint: str | None = None) -> str | None:
    """Choose the encoding that reads all of `texts` as sensible text.

    Parameters
    ----------
    texts
        The file's bytes, or the values of its fields.
    hint
        Encoding that the file itself claims; taken only where the bytes do not decide.

    Returns
    -------
    Name of a Python codec, or None where none of them fits.
    """
    for mark, name in _MARKS:
        if texts and texts[0].startswith(mark):
            return name if _reads(texts[0], name) else None
    odd = [t for t in texts if not t.isascii()]
    if not odd:
        return "utf-8"
    if readable(odd, "utf-8"):
        return "utf-8"
    scores = {name: _everyday(odd, name) for name in _DOUBLE if readable(odd, name)}
    if not scores:
        return hint if hint is not None and readable(odd, hint) else None
    best = max(scores.values())
    if hint is not None and scores.get(codecs.lookup(hint).name, -1.0) == best:
        return hint
    return next(name for name, score in scores.items() if score == best)


def readable(texts: Sequence[bytes], encoding: str) -> bool:
    """Tell whether :func:`decode` reads every text."""
    return all(decode(text, encoding) is not None for text in texts)


def decode(text: bytes, encoding: str) -> str | None:
    """Decode `text`; None where it fails.

    A character that the end of a full dBASE field cuts in two is left off.
    """
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as error:
        if len(text) < _FULL or len(text) - error.start > _CUT:
            return None
        try:
            return text[: error.start].decode(encoding)
        except UnicodeDecodeError:
            return None


def _reads(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _everyday(texts: Sequence[bytes], encoding: str) -> float:
    """Share of the non-ASCII characters that are everyday ones in `encoding`."""
    chars = (c for text in texts for c in decode(text, encoding) or "" if not c.isascii())
    sample = [_is_everyday(char, encoding) for char in islice(chars, _SAMPLE)]
    return sum(sample) / len(sample) if sample else 0.0


def _is_everyday(char: str, encoding: str) -> bool:
    pair = char.encode(encoding, errors="ignore")
    if len(pair) != 2:  # noqa: PLR2004 - both sets are of two bytes
        return False
    lead, trail = pair
    symbol = 0xA1 <= lead <= 0xA3  # noqa: PLR2004 - punctuation rows of both sets
    if encoding == "gb18030":
        return trail >= 0xA1 and (symbol or 0xB0 <= lead <= 0xD7)  # noqa: PLR2004
    return symbol or 0xA4 <= lead <= 0xC6  # noqa: PLR2004
