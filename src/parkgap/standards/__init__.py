"""The standards that come with parkgap, and how a standard's file is read.

A standard is a YAML file (see ``docs/standard.md``).  Reading one takes most of a second
where ruamel.yaml has no compiled parser, so a shipped standard has a copy of its content
beside it as JSON, kept with the text's SHA-256: the copy is used only while the YAML is
the very text that it was made from.  :func:`freeze` refreshes it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from parkgap.errors import Problem, StandardError

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent

Steps = tuple[str | int, ...]
"""A place in a standard's file: keys and positions from the top."""


def names() -> list[str]:
    """Names of the shipped standards, sorted."""
    return sorted(p.stem for p in HERE.glob("*.yaml"))


def text_of(path: Path) -> str:
    """Read a standard's text (UTF-8, with or without a byte order mark; any line ends).

    Raises
    ------
    StandardError
        The file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise StandardError(
            Problem(
                what="标准文件不是 UTF-8 / the standard's file is not UTF-8",
                file=path,
                value=f"byte {error.start}",
                remedy="另存为 UTF-8 / save it again with the encoding UTF-8",
            )
        ) from error
    except OSError as error:
        what = f"标准文件读不出 / the standard's file cannot be read: {error.strerror}"
        raise StandardError(Problem(what=what, file=path)) from error


def content(path: Path, text: str) -> object:
    """Plain Python content of a standard's text: dicts, lists, strings and numbers.

    Raises
    ------
    StandardError
        The text is not YAML, or gives one key twice; the message has the line.
    """
    copy = path.with_suffix(".json")
    if path.parent == HERE and copy.is_file():
        kept = json.loads(copy.read_text(encoding="utf-8"))
        if kept["sha256"] == _digest(text):
            return kept["content"]
    return _parse(path, text, "safe")


def lines(path: Path, text: str, places: Sequence[Steps]) -> list[int]:
    """Line (from 1) of each place in a standard's text; where a place is missing, its parent's."""
    document = _parse(path, text, "rt")
    return [_line(document, steps) for steps in places]


def freeze() -> list[Path]:
    """Refresh the JSON copy of every shipped standard; return the files written."""
    written = []
    for name in names():
        path = HERE / f"{name}.yaml"
        text = text_of(path)
        kept = {"sha256": _digest(text), "content": _parse(path, text, "safe")}
        copy = path.with_suffix(".json")
        line = json.dumps(kept, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        copy.write_text(line + "\n", encoding="utf-8", newline="\n")
        written.append(copy)
    return written


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _parse(path: Path, text: str, kind: str) -> object:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ=kind).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        said = " ".join(f"{error.context or ''} {error.problem or ''}".split())
        raise StandardError(
            Problem(what=f"不是有效的 YAML / not valid YAML: {said}", file=place)
        ) from error
    except YAMLError as error:
        what = f"不是有效的 YAML / not valid YAML: {str(error).splitlines()[0]}"
        raise StandardError(Problem(what=what, file=path)) from error


def _line(document: object, steps: Steps) -> int:
    node, line = document, 0
    for step in steps:
        marks = getattr(node, "lc", None)
        try:
            line = (marks.key(step) if isinstance(node, dict) else marks.item(step))[0]  # type: ignore[union-attr]
            node = node[step]  # type: ignore[index]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line + 1
