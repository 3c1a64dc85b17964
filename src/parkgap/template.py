"""Write an empty study for an office to fill in: what ``parkgap init`` leaves in a folder."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from parkgap.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("zh", "en")
_NAMES = (
    "study.toml",
    "README.md",
    "parks.csv",
    "gates.csv",
    "enterprises.csv",
    "residences.csv",
    "shifts.csv",
)


def write_template(folder: Path, *, language: str = "zh") -> list[Path]:
    """Write a commented ``study.toml``, sample tables and a README for the office.

    Every sample row says in its source that it is an example.  The OpenStreetMap extract is
    not among the files; until it is there, ``load_study`` refuses the study for that alone.

    Parameters
    ----------
    folder
        Made if it is not there; must be empty.
    language
        zh or en.

    Returns
    -------
    The files written, in order.

    Raises
    ------
    OutputError
        The folder is not empty, is a file, or cannot be written.
    ValueError
        The language is neither zh nor en.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be zh or en, not {language!r}")
    samples = files("parkgap") / "templates" / language
    _refuse_if_used(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _NAMES:
            # Bytes, so that a table keeps the mark by which Excel knows it for UTF-8.
            (folder / name).write_bytes((samples / name).read_bytes())
    except OSError as error:
        raise OutputError(
            f"无法写入 {folder}（{error.strerror}） / cannot write to {folder} ({error.strerror})"
        ) from error
    return [folder / name for name in _NAMES]


def _refuse_if_used(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"这是文件，不是文件夹：{folder} / this is a file, not a folder: {folder}"
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(
            f"文件夹不是空的，请换一个：{folder} / the folder is not empty, name another: {folder}"
        )
