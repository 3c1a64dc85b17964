"""A published folder compares alike, whatever the coordinate system of its GeoPackage."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import shapely
from tests.towns import village

from parkgap import pipeline
from parkgap.publish.changes import compare
from parkgap.publish.reading import of_results, read_published


def test_a_folder_in_another_system_is_read_back_and_has_not_changed(tmp_path: Path) -> None:
    drawn = village(workers=1234)
    drawn.node(30, 0, amenity="restaurant", name="R")
    drawn.node(33.337, 7.771, amenity="pharmacy", name="A")
    drawn.settings = '[gis]\ncrs = "EPSG:4549"'
    results = pipeline.compute(drawn.write(tmp_path / "s"))
    pipeline.publish(results, tmp_path / "out", pipeline.Clock(lambda _: None))
    read, memory = read_published(tmp_path / "out"), of_results(results)
    for name, key in (("facilities", "facility_id"), ("gates", "gate_id")):
        one, two = (f.frames[name].set_index(key)[["lon", "lat"]] for f in (memory, read))
        pd.testing.assert_frame_equal(one.sort_index(), two.sort_index(), check_exact=True)
    for one, two in zip(
        memory.frames["outlines"]["geometry"], read.frames["outlines"]["geometry"], strict=True
    ):
        assert shapely.hausdorff_distance(one, two) < 1e-7
    assert compare(read, memory) == ()
    assert compare(memory, read) == ()
