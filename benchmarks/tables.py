"""Markdown tables of figures."""

from __future__ import annotations

from collections.abc import Sequence

Row = tuple[object, ...]


def markdown(head: tuple[str, ...], rows: Sequence[Row]) -> str:
    """Write a table; the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
