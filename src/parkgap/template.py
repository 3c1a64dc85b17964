"""Write an empty study for an office to fill in: what ``parkgap init`` leaves in a folder."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from parkgap.errors import InputError, OutputError, Problem

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("zh", "en")
_LONGEST = 200  # of a place's name, characters
_NAMES = (
    "study.toml",
    "README.md",
    "parks.csv",
    "gates.csv",
    "enterprises.csv",
    "residences.csv",
    "shifts.csv",
)


def write_template(folder: Path, *, language: str = "zh", place: str | None = None) -> list[Path]:
    """Write a commented ``study.toml``, sample tables and a README for the office.

    Every sample row says in its source that it is an example.  The OpenStreetMap extract is
    not among the files; until it is there, ``load_study`` refuses the study for that alone.

    Parameters
    ----------
    folder
        Made if it is not there; must be empty.
    language
        zh or en.
    place
        What the study's map is to be downloaded for (``[osm] place``) the first time that it
        runs; nothing is asked of any server here.

    Returns
    -------
    The files written, in order.

    Raises
    ------
    InputError
        The place is no text that a server could look up.
    OutputError
        The folder is not empty, is a file, or cannot be written.
    ValueError
        The language is neither zh nor en.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be zh or en, not {language!r}")
    samples = files("parkgap") / "templates" / language
    content = {name: (samples / name).read_bytes() for name in _NAMES}
    if place is not None:
        content["study.toml"] = _placed(content["study.toml"].decode(), place).encode()
    _refuse_if_used(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _NAMES:
            # Bytes, so that a table keeps the mark by which Excel knows it for UTF-8.
            (folder / name).write_bytes(content[name])
    except OSError as error:
        raise OutputError(
            f"无法写入 {folder}（{error.strerror}） / cannot write to {folder} ({error.strerror})"
        ) from error
    return [folder / name for name in _NAMES]


def _placed(text: str, place: str) -> str:
    """Let ``[osm]`` of a template name a place in the place of a file."""
    place = " ".join(place.split())
    if not place or len(place) > _LONGEST or not place.isprintable():
        raise InputError(
            Problem(
                what="地名无法使用 / not usable as the name of a place",
                column="--place",
                value=place.encode("ascii", "backslashreplace").decode()[:_LONGEST],
                rule=f"1–{_LONGEST} 个可见字符 / 1 to {_LONGEST} visible characters",
                remedy="写全省、市、区，如 --place 青岛市黄岛区 / "
                "write province, city and district: --place 青岛市黄岛区",
            )
        )
    bare = place.replace("\\", "\\\\").replace('"', '\\"')  # of a basic string of TOML
    lines = text.splitlines(keepends=True)
    for n, line in enumerate(lines):
        if line.startswith('file = "extract.osm.pbf"'):
            lines[n] = f"# {line}"
        elif line.startswith("# place = "):
            lines[n] = f'place = "{bare}"  #{line.partition("  #")[2]}'
    return "".join(lines)


def _refuse_if_used(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"这是文件，不是文件夹：{folder} / this is a file, not a folder: {folder}"
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(
            f"文件夹不是空的，请换一个：{folder} / the folder is not empty, name another: {folder}"
        )
