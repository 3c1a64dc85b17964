"""What is said of a ``study.toml`` that is refused: where, which value, what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from parkgap.errors import Problem
from parkgap.toml_text import SAID, line_of, nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Key = tuple[str, ...]
#: Section whose values may hold keys of services: never repeated on a screen or in a log.
_UNSAID = "basemap"
#: The model's own fields, which no ``study.toml`` may set.
OWN_FIELDS = frozenset({"path", "whatif"})
_LOOK = (
    "对照 parkgap init DIR --example 写出的样例改正 / "
    "compare it with the sample that parkgap init DIR --example writes"
)
_DOUBLE = (
    "每张清单写一节，用双方括号：[[facilities]] / "
    "a section a list, in double brackets: [[facilities]]"
)


def broken(file: Path, message: str) -> Problem:
    """Say why a file is no TOML, and on which line."""
    line = re.search(r"at line (\d+)", message)
    remedy = (
        "路径用正斜杠，或整个放进单引号 / write paths with forward slashes, or in single quotes"
        if "escape" in message or "hex" in message
        else "文字要加引号，日期写作 2026-11-01 / quote text, write dates as 2026-11-01"
    )
    return Problem(
        what=f"不是有效的 TOML（{message}） / not valid TOML ({message})",
        file=file.name,
        row=int(line[1]) if line else None,
        remedy=remedy,
    )


def _known_at(key: Key, model: type[BaseModel]) -> list[str]:
    """List the keys that may stand beside the one at `key`."""
    for part in key[:-1]:
        if part.isdigit() or part not in model.model_fields:  # one of a list, or a user's word
            continue
        inner = model.model_fields[part].annotation
        options = getattr(inner, "__args__", (inner,))
        model = next(o for o in options if isinstance(o, type) and issubclass(o, BaseModel))
    return [name for name in model.model_fields if name not in OWN_FIELDS]


def unknown_key(
    key: Key, value: object, model: type[BaseModel], file: Path, lines: Mapping[Key, int]
) -> Problem:
    """Say that a key is not known, and which known one is nearest."""
    return Problem(
        what="不认识的项 / unknown key",
        file=file.name,
        row=line_of(lines, key),
        column=".".join(key),
        value=None if isinstance(value, dict) or key[0] == _UNSAID else value,
        remedy=nearest(key[-1], _known_at(key, model)),
    )


def refusal(
    detail: ErrorDetails, model: type[BaseModel], file: Path, lines: Mapping[Key, int]
) -> Problem:
    """Say what the model refused, where it stands, and what to write instead."""
    key = tuple(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return unknown_key(key, detail["input"], model, file, lines)
    context = dict(detail.get("ctx", {}))
    context["expected_zh"] = str(context.get("expected", "")).replace(" or ", " 或 ")
    value = detail["input"]
    shown = value if isinstance(value, (str, int, float, date, list)) else None
    if key and key[0] == _UNSAID and key[-1] != "datum":
        shown = None
    text = SAID.get(detail["type"], "{msg}")
    return Problem(
        what=detail["msg"]
        if detail["type"] == "refused"
        else text.format(msg=detail["msg"], **context),
        file=file.name,
        row=line_of(lines, key),
        column=".".join(key) or None,
        value=shown,
        remedy=_DOUBLE if key == ("facilities",) else context.get("remedy") or _LOOK,
    )
