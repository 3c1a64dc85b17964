"""The words of the results, in Chinese and English, from ``zh.toml`` and ``en.toml``.

Both files hold the same keys in the same order; a test compares them.  A text may hold
``{name}`` placeholders, which the caller fills.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

Lang = Literal["zh", "en"]
LANGUAGES: tuple[Lang, ...] = ("zh", "en")


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Walk nested TOML tables as dotted keys, in the file's order."""
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        else:
            yield name, str(value)


@cache
def _load(lang: str) -> Mapping[str, str]:
    """Read one language's file; the mapping cannot be changed by who gets it."""
    raw = resources.files(__name__).joinpath(f"{lang}.toml").read_text(encoding="utf-8")
    return MappingProxyType(dict(_flat(tomllib.loads(raw))))


class Text:
    """Texts of one language by dotted key.

    Parameters
    ----------
    lang
        "zh" or "en".

    Raises
    ------
    ValueError
        The language is not one of :data:`LANGUAGES`.

    Examples
    --------
    >>> Text("zh")("status.met")
    '已满足'
    >>> Text("en")("map.parks_n", n=3)
    '3 parks'
    """

    def __init__(self, lang: str) -> None:
        if lang not in LANGUAGES:
            raise ValueError(f"language {lang!r} is none of {', '.join(LANGUAGES)}")
        self.lang = lang
        self._texts = _load(lang)

    def __call__(self, key: str, **values: object) -> str:
        """Give the text of `key`, its placeholders filled with `values`.

        Raises
        ------
        KeyError
            There is no such key, or a placeholder has no value.
        """
        text = self._texts[key]
        return text.format(**values) if values else text

    def get(self, key: str, default: str) -> str:
        """Give the text of `key`, or `default` where the files do not know it.

        For keys that hold what a user's own input named (a category, a shift).
        """
        return self._texts.get(key, default)

    def pick(self, zh: str, en: str) -> str:
        """Choose between two given texts by language (for names of a standard)."""
        return zh if self.lang == "zh" else en

    def keys(self) -> tuple[str, ...]:
        """All keys, in the file's order."""
        return tuple(self._texts)
