"""Rasters for tests, written with rasterio or, as SRTM's, byte by byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio import Affine

Array = npt.NDArray[np.float64]


def tif(
    path: Path,
    values: object,
    *,
    west: float,
    north: float,
    cell: float | tuple[float, float],
    crs: str | None = "EPSG:4326",
    nodata: float | None = None,
    dtype: str = "float32",
) -> str:
    """Write a GeoTIFF of one band (more for a stack); its name."""
    array = np.asarray(values, dtype=dtype)
    array = array if array.ndim == 3 else array[None]
    dx, dy = cell if isinstance(cell, tuple) else (cell, cell)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=array.shape[2],
        height=array.shape[1],
        count=array.shape[0],
        dtype=dtype,
        crs=crs,
        transform=Affine(dx, 0.0, west, 0.0, -dy, north),
        nodata=nodata,
    ) as target:
        target.write(array)
    return path.name


def hgt(path: Path, values: object) -> str:
    """Write a tile of SRTM: 1201 x 1201 big-endian integers, rows from the north; its name."""
    array = np.asarray(values)
    assert array.shape == (1201, 1201)
    path.write_bytes(array.astype(">i2").tobytes())
    return path.name
