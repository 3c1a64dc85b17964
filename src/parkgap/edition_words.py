"""What the readers of an edition are told of what it withholds."""

from __future__ import annotations

from parkgap.publish.text import Text


def said_of(key: str, **facts: object) -> tuple[str, str]:
    """Say a sentence of ``edition`` in Chinese and English."""
    return Text("zh")(f"edition.{key}", **facts), Text("en")(f"edition.{key}", **facts)


def word_of(language: str, key: str) -> str:
    """Say a word of ``edition`` in one language."""
    return Text(language)(f"edition.{key}")
