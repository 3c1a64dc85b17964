"""Open rasters as offices have them: GeoTIFF, VRT, SRTM's .hgt, zipped or not.

Nothing is read here but what a raster says of itself; heights and people are read by
:mod:`parkgap.sources.heights` and :mod:`parkgap.sources.population`.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from parkgap.errors import InputError, Problem
from parkgap.study_files import with_sources

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

_INSIDE = (".hgt", ".tif", ".tiff", ".img", ".bil", ".asc", ".dem", ".vrt")
_ELSEWHERE = re.compile(rb"<Source(?:Filename|Dataset)[^>]*>\s*(?:/vsi|[a-zA-Z]+://)")
_NAMED_ONLY = "一次运行只读研究文件夹内写明的文件 / a run reads the files that the study names"
_EXPORT = "导出为单波段 GeoTIFF / export it as a GeoTIFF of one band"


@contextmanager
def opened(name: str) -> Iterator[DatasetReader]:
    """Open one raster by its GDAL name; one without a place raises no warning."""
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(name) as source:
            yield source


def cells(source: DatasetReader, window: Window, unknown: float) -> npt.NDArray[np.float64]:
    """Read a part of a raster's only band; cells without data become `unknown`.

    Raises
    ------
    InputError
        The file is cut off or broken.
    """
    from rasterio.errors import RasterioError

    try:
        read = source.read(1, window=window, masked=True)
    except (RasterioError, OSError) as error:
        file = Path(source.name).name
        raise InputError(_no_raster(file, None, _plain(error, file))) from error
    return np.asarray(read.astype(np.float64).filled(unknown))


def _plain(error: Exception, file: str) -> str:
    """What GDAL says, in one line and without this machine's folders."""
    return re.sub(r"[\s/]+", " ", re.sub(r"[^\s'\"]*" + re.escape(file), file, str(error))).strip()


def usable(root: Path, files: Sequence[str], column: str) -> tuple[list[str], list[Problem]]:
    """Check rasters by what they say of themselves.

    Parameters
    ----------
    root
        The study's folder.
    files
        As ``study.toml`` names them; a .zip stands for every raster in it.
    column
        The key of ``study.toml``, for the messages.

    Returns
    -------
    names, problems
        GDAL names of the rasters that may be used, and what is wrong with the others.
    """
    names: list[str] = []
    problems: list[Problem] = []
    for file in files:
        try:
            inside = _members(root / file)
        except OSError as error:
            problems.append(_no_raster(file, column, str(error.strerror or error)))
            continue
        if not inside:
            problems.append(_no_raster(file, column, "no raster in it"))
        for name in inside:
            problem = _wrong(name, file, column)
            if problem is None:
                names.append(name)
            else:
                problems.append(problem)
    return names, problems


def _members(path: Path) -> list[str]:
    """GDAL names of the rasters in a file: itself, or what a .zip holds."""
    if path.suffix.lower() != ".zip":
        return [str(path)]
    try:
        with zipfile.ZipFile(path) as archive:
            held = sorted(n for n in archive.namelist() if n.lower().endswith(_INSIDE))
    except zipfile.BadZipFile as error:
        raise OSError(str(error)) from error
    return [f"/vsizip/{path.as_posix()}/{name}" for name in held]


def _no_raster(file: str, column: str | None, why: str) -> Problem:
    return Problem(
        what=f"不是可读的栅格文件，或已损坏（{why}） / "
        f"not a raster that can be read, or broken ({why})",
        file=file,
        column=column,
        rule="GeoTIFF, VRT, .hgt, .zip",
        remedy="重新下载或导出；.hgt 须保留原文件名（如 N35E119.hgt） / "
        "download or export it again; an .hgt must keep its own name (N35E119.hgt)",
    )


def _points_elsewhere(vrt: Path) -> bool:
    """Tell whether a VRT, or one that it is put together from, names what is no file beside it."""
    files = (f for f in with_sources(vrt) if f.suffix.lower() == ".vrt")
    return any(_ELSEWHERE.search(f.read_bytes()) for f in files)


def _hidden_vrt(file: str, column: str, name: str) -> Problem:
    """Refuse a VRT whose tiles nobody would look at when one of them changes."""
    return Problem(
        what="VRT 在压缩包内或扩展名不是 .vrt，其引用的文件无从核对 / a VRT in an archive, or not "
        "called .vrt: the files that it is put together from cannot be watched",
        file=file,
        column=column,
        value=Path(name).name,
        rule=_NAMED_ONLY,
        remedy="解压后在 study.toml 中直接写明 .vrt / unpack it, and name the .vrt in study.toml",
    )


def _wrong(name: str, file: str, column: str) -> Problem | None:
    """Say why a raster cannot be used; None where it can."""
    from rasterio.errors import RasterioError

    is_vrt = file.lower().endswith(".vrt")
    if is_vrt and _points_elsewhere(Path(name)):
        return Problem(
            what="VRT 指向网络或压缩包内的文件 / the VRT points to the net or into an archive",
            file=file,
            column=column,
            rule=_NAMED_ONLY,
            remedy=_EXPORT,
        )
    if not is_vrt and name.lower().endswith(".vrt"):
        return _hidden_vrt(file, column, name)
    try:
        with opened(name) as source:
            if source.driver == "VRT" and not is_vrt:
                return _hidden_vrt(file, column, name)
            if source.count != 1:
                return Problem(
                    what="栅格不是单波段 / the raster has more than one band",
                    file=file,
                    column=column,
                    value=source.count,
                    rule="1",
                    remedy=_EXPORT,
                )
            if source.crs is None or source.transform.is_identity:
                return Problem(
                    what="栅格缺坐标系或位置 / the raster says no coordinate system or no place",
                    file=file,
                    column=column,
                    remedy="在 GIS 中指定坐标系后重新导出 / assign a CRS in a GIS, and export it",
                )
            t = source.transform
            if t.b or t.d or t.a <= 0 or t.e >= 0:
                return Problem(
                    what="栅格是旋转或倒置的 / the raster is rotated or upside down",
                    file=file,
                    column=column,
                    rule="行向东，自北向南 / lines run east, from north to south",
                    remedy="重采样为正北方向后导出 / warp it to north up",
                )
    except (RasterioError, UnicodeDecodeError) as error:
        return _no_raster(file, column, _plain(error, Path(name).name))
    return None
