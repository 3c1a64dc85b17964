"""Heights are the rasters' own: smoothed as stated, seamless, unknown where nobody knows."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from pyproj import Transformer
from tests.rasters import Array, hgt, tif

from parkgap.errors import InputError
from parkgap.sources.heights import Heights, heights_of
from parkgap.sources.rasters import usable

LON, LAT = 120.0, 36.0
CELL = 1 / 3600  # degrees: 31 m to the north, 25 m to the east there
NORTH_M, EAST_M = 30.82, 25.03  # metres of a cell, from the WGS-84 radii at 36 N


def dem(folder: Path, *names: str) -> Heights:
    found, problems = usable(folder, names, "terrain.dem")
    assert not problems
    return heights_of(found)


def ask(heights: Heights, *points: tuple[float, float]) -> list[float]:
    lon, lat = np.array(points, dtype=float).T
    return [float(z) for z in heights.at(lon, lat)]


def gaussian(values: Array, row: int, col: int) -> float:
    """The stated smoothing of one cell, worked out weight by weight: sigma 20 m."""
    total = weight = 0.0
    for r in range(values.shape[0]):
        for c in range(values.shape[1]):
            far = ((r - row) * NORTH_M) ** 2 + ((c - col) * EAST_M) ** 2
            near = abs(r - row) <= 2 and abs(c - col) <= 3  # three sigma
            if near and np.isfinite(values[r, c]):
                w = float(np.exp(-far / (2 * 20.0**2)))
                total, weight = total + w * values[r, c], weight + w
    return total / weight


def test_a_plane_keeps_its_heights_and_its_slope(tmp_path: Path) -> None:
    # 100 m at the corner, rising 3 m a cell to the east and falling 2 m a cell to the south.
    rows, cols = np.mgrid[0:60, 0:60]
    name = tif(tmp_path / "a.tif", 100 + 3 * cols - 2 * rows, west=LON, north=LAT, cell=CELL)
    inside = [(20.3, 20.9), (30.0, 30.0), (33.75, 25.5)]  # cells from the corner, right and down
    points = [(LON + c * CELL, LAT - r * CELL) for c, r in inside]
    expected = [100 + 3 * (c - 0.5) - 2 * (r - 0.5) for c, r in inside]
    assert ask(dem(tmp_path, name), *points) == pytest.approx(expected, abs=1e-3)


def test_one_wild_cell_is_smoothed_by_a_gaussian_of_twenty_metres(tmp_path: Path) -> None:
    values = np.full((40, 40), 50.0)
    values[20, 20] = 90.0
    name = tif(tmp_path / "a.tif", values, west=LON, north=LAT, cell=CELL)
    at = [
        (LON + (c + 0.5) * CELL, LAT - (r + 0.5) * CELL) for r, c in ((20, 20), (20, 21), (21, 20))
    ]
    found = ask(dem(tmp_path, name), *at)
    expected = [gaussian(values, r, c) for r, c in ((20, 20), (20, 21), (21, 20))]
    assert found == pytest.approx(expected, abs=0.03)
    assert 60 < found[0] < 75


def test_cells_without_data_have_no_part_in_any_height(tmp_path: Path) -> None:
    values = np.full((40, 40), 50.0)
    values[:, 25:] = -9999.0
    values[5, 5] = 3e38  # undeclared nonsense
    name = tif(tmp_path / "a.tif", values, west=LON, north=LAT, cell=CELL, nodata=-9999.0)
    heights = dem(tmp_path, name)
    known, beside, beyond = ask(
        heights,
        (LON + 6.5 * CELL, LAT - 5.5 * CELL),
        (LON + 24.9 * CELL, LAT - 20.5 * CELL),
        (LON + 26.5 * CELL, LAT - 20.5 * CELL),
    )
    assert (known, beside) == pytest.approx((50.0, 50.0))
    assert np.isnan(beyond)
    assert np.isnan(ask(heights, (LON - 1, LAT), (LON, LAT + 1))).all()


def test_two_adjoining_tiles_of_srtm_are_one_surface_without_a_seam(tmp_path: Path) -> None:
    # A plane over both: 0.5 m a cell to the east, 0.25 m a cell to the north; tiles share a column.
    line, col = np.mgrid[0:1201, 0:1201]
    for west in (0, 1):
        plane = np.round(20 + 0.5 * (col + 1200 * west) + 0.25 * (1200 - line))
        hgt(tmp_path / f"N36E{120 + west}.hgt", plane)
    both = dem(tmp_path, "N36E120.hgt", "N36E121.hgt")
    turned = dem(tmp_path, "N36E121.hgt", "N36E120.hgt")
    lon = 121 + np.linspace(-6, 6, 97) / 1200
    lat = np.full(97, 36.5)
    found = both.at(lon, lat)
    # Exact to the rounding of the stored integers, and never a step beyond a plane's.
    assert found == pytest.approx(20 + 0.5 * (lon - 120) * 1200 + 0.25 * 600, abs=0.75)
    assert np.abs(np.diff(found)).max() < 0.2
    assert turned.at(lon, lat) == pytest.approx(found, abs=1e-9)


def test_abutting_tiles_of_a_survey_are_one_surface_too(tmp_path: Path) -> None:
    # Pixels of areas do not overlap: between the last middle of one and the first of the next.
    rows, cols = np.mgrid[0:50, 0:100]
    plane = 10.0 + cols + 2 * rows
    tif(tmp_path / "whole.tif", plane, west=LON, north=LAT, cell=CELL)
    tif(tmp_path / "a.tif", plane[:, :47], west=LON, north=LAT, cell=CELL)
    tif(tmp_path / "b.tif", plane[:, 47:], west=LON + 47 * CELL, north=LAT, cell=CELL)
    lon = LON + np.linspace(40, 55, 61) * CELL
    lat = np.full(61, LAT - 25.2 * CELL)
    whole = dem(tmp_path, "whole.tif").at(lon, lat)
    assert dem(tmp_path, "a.tif", "b.tif").at(lon, lat) == pytest.approx(whole, abs=1e-6)
    assert whole == pytest.approx(10 + np.linspace(39.5, 54.5, 61) + 2 * 24.7, abs=1e-3)


def test_a_gap_in_one_tile_is_filled_by_another_that_knows(tmp_path: Path) -> None:
    low, high = np.full((40, 40), 10.0), np.full((40, 40), 20.0)
    low[:, 20:] = high[:, :10] = -9999.0
    for name, values in (("a.tif", low), ("b.tif", high)):
        tif(tmp_path / name, values, west=LON, north=LAT, cell=CELL, nodata=-9999.0)
    points = [(LON + (c + 0.5) * CELL, LAT - 20.5 * CELL) for c in (3, 30)]
    assert ask(dem(tmp_path, "a.tif", "b.tif"), *points) == pytest.approx([10.0, 20.0])
    # Where both know, the one named first is taken.
    middle = (LON + 15.5 * CELL, LAT - 20.5 * CELL)
    assert ask(dem(tmp_path, "a.tif", "b.tif"), middle) == pytest.approx([10.0], abs=0.1)
    assert ask(dem(tmp_path, "b.tif", "a.tif"), middle) == pytest.approx([20.0], abs=0.1)


def test_blocks_of_a_large_raster_meet_without_a_seam(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    values = rng.uniform(0, 200, (600, 600))
    name = tif(tmp_path / "a.tif", values, west=LON, north=LAT, cell=CELL)
    heights = dem(tmp_path, name)
    # Left and right of the middle of cell 512, where the second block begins.
    points = [(LON + (512.5 + d) * CELL, LAT - 300.3 * CELL) for d in (-1e-6, 1e-6)]
    left, right = ask(heights, *points)
    assert left == pytest.approx(right, abs=0.01)
    # Asked alone or with others, a place has one height.
    alone = ask(heights, points[0])
    assert alone == pytest.approx([left], abs=1e-9)


def test_any_coordinate_system_is_asked_in_its_own(tmp_path: Path) -> None:
    # UTM zone 50 N: 1 m higher for every 100 m to the north.
    to = Transformer.from_crs("EPSG:4326", "EPSG:32650", always_xy=True)
    x, y = to.transform(LON, LAT)
    rows, _ = np.mgrid[0:100, 0:100]
    name = tif(
        tmp_path / "a.tif",
        500 - 0.3 * rows,
        west=x - 1500,
        north=y + 1500,
        cell=30.0,
        crs="EPSG:32650",
    )
    there = to.transform(np.array([x, x + 200]), np.array([y, y + 700]), direction="INVERSE")
    found = dem(tmp_path, name).at(*there)
    assert found == pytest.approx([500 - 0.3 * 49.5, 500 - 0.3 * (49.5 - 700 / 30)], abs=1e-3)


def vrt(path: Path, tile: Path | str) -> Path:
    """Write a VRT of one tile of 9 x 9 cells, named by its whole path or beside it."""
    beside = int(isinstance(tile, str))
    path.write_text(
        '<VRTDataset rasterXSize="9" rasterYSize="9"><SRS>EPSG:4326</SRS>'
        f"<GeoTransform>{LON}, {CELL}, 0, {LAT}, 0, {-CELL}</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="{beside}">{tile}</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>",
        encoding="utf-8",
    )
    return path


def test_zipped_tiles_and_virtual_rasters_are_read(tmp_path: Path) -> None:
    hgt(tmp_path / "N36E120.hgt", np.full((1201, 1201), 77))
    with zipfile.ZipFile(tmp_path / "N36E120.hgt.zip", "w") as archive:
        archive.write(tmp_path / "N36E120.hgt", "N36E120.hgt")
        archive.writestr("readme.txt", "x")
    assert ask(dem(tmp_path, "N36E120.hgt.zip"), (120.5, 36.5)) == pytest.approx([77.0])
    tif(tmp_path / "a.tif", np.full((9, 9), 5.0), west=LON, north=LAT, cell=CELL)
    vrt(tmp_path / "a.vrt", "a.tif")
    at = (LON + 4.5 * CELL, LAT - 4.5 * CELL)
    assert ask(dem(tmp_path, "a.vrt"), at) == pytest.approx([5.0])


def test_what_cannot_be_used_is_named_with_its_reason(tmp_path: Path) -> None:
    flat = np.zeros((4, 4))
    (tmp_path / "text.tif").write_text("no raster", encoding="utf-8")
    (tmp_path / "broken.zip").write_bytes(b"PK nothing")
    (tmp_path / "remote.vrt").write_text(
        "<VRTDataset><SourceFilename>/vsicurl/http://x/y.tif</SourceFilename></VRTDataset>",
        encoding="utf-8",
    )
    (tmp_path / "over.vrt").write_text(
        '<VRTDataset><SourceFilename relativeToVRT="1">remote.vrt</SourceFilename></VRTDataset>',
        encoding="utf-8",
    )
    tif(tmp_path / "tile.tif", np.full((9, 9), 5.0), west=LON, north=LAT, cell=CELL)
    vrt(tmp_path / "tiles.tif", tmp_path / "tile.tif")
    with zipfile.ZipFile(tmp_path / "index.zip", "w") as archive:
        archive.write(vrt(tmp_path / "index.vrt", tmp_path / "tile.tif"), "index.vrt")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    tif(tmp_path / "nowhere.tif", flat, west=5, north=5, cell=1, crs=None)
    tif(tmp_path / "bands.tif", np.zeros((3, 4, 4)), west=LON, north=LAT, cell=CELL)
    (tmp_path / "renamed.hgt").write_bytes(bytes(2 * 1201 * 1201))
    said = {
        "text.tif": "not a raster",
        "broken.zip": "not a raster",
        "empty.zip": "not a raster",
        "renamed.hgt": "keep its own name",
        "remote.vrt": "points to the net",
        "over.vrt": "points to the net",
        "tiles.tif": "cannot be watched",
        "index.zip": "cannot be watched",
        "nowhere.tif": "no coordinate system",
        "bands.tif": "more than one band",
    }
    names, problems = usable(tmp_path, list(said), "terrain.dem")
    assert not names
    assert {str(p.file) for p in problems} == set(said)
    for problem in problems:
        assert said[str(problem.file)] in str(problem)
        assert problem.column == "terrain.dem"
        assert str(tmp_path) not in str(problem)


def test_a_raster_that_was_cut_off_is_refused_not_taken_as_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tif(path, np.ones((400, 400)), west=LON, north=LAT, cell=CELL)
    path.write_bytes(path.read_bytes()[:200_000])
    names, problems = usable(tmp_path, ["a.tif"], "terrain.dem")
    assert not problems
    with pytest.raises(InputError, match=r"a\.tif.*broken"):
        ask(heights_of(names), (LON + 200 * CELL, LAT - 390 * CELL))


def test_a_street_of_bayreuth_has_the_heights_of_the_tile_s_own_bytes(shared: Path) -> None:
    # SRTM, 3": cells of 93 x 60 m there; sigma is half the longer side, 46 m.
    with zipfile.ZipFile(shared / "bayreuth" / "N49E011.hgt.zip") as archive:
        raw = archive.read(archive.namelist()[0])
    ground = np.frombuffer(raw, ">i2").reshape(1201, 1201).astype(float)
    row, col = 67, 696  # 49.944 N, 11.58 E: in the town
    metres = (92.67, 59.83)  # of a cell there: meridian and parallel, WGS-84
    total = weight = 0.0
    for r in range(row - 1, row + 2):
        for c in range(col - 2, col + 3):
            far = ((r - row) * metres[0]) ** 2 + ((c - col) * metres[1]) ** 2
            w = float(np.exp(-far / (2 * (metres[0] / 2) ** 2)))
            total, weight = total + w * ground[r, c], weight + w
    heights = dem(shared / "bayreuth", "N49E011.hgt.zip", "N50E011.hgt.zip")
    assert ask(heights, (11 + col / 1200, 50 - row / 1200)) == pytest.approx(
        [total / weight], abs=0.05
    )
