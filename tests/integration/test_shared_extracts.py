"""What real extracts may and may not say: where the data ends, where it is thin, where it is rich.

Each promise is proved on the embedded town; where the real inputs lie beside the checkout, it
is proved on Las Palmas and on Beijing's BDA too.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import osmium
import pytest
from tests.towns import Box, corners, judged, statuses

from parkgap.pipeline import compute
from parkgap.study import load_study

if TYPE_CHECKING:
    from parkgap.results import Results

DRUGS = "pharmacy"
# Blocks of some 100 m in the middle of either town, with pharmacies around them.
MARKET = (13.2600, 53.5566, 13.2610, 53.5572)
CANTERAS = (-15.4365, 28.1364, -15.4353, 28.1372)


def around(box: Box, metres: float) -> Box:
    """Widen a box in degrees by metres on every side."""
    up = metres / 111_200
    aside = up / math.cos(math.radians(box[1]))
    return box[0] - aside, box[1] - up, box[2] + aside, box[3] + up


def crop(source: Path, box: Box, target: Path) -> Path:
    """Cut an extract: the box's nodes, and ways and relations with at least one of them.

    As `osmium extract --strategy simple` does it, which leaves ways without some of their nodes;
    the header tells the box.
    """
    west, south, east, north = box
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(west, south, east, north))
    kept: dict[str, set[int]] = {"n": set(), "w": set(), "r": set()}
    with osmium.SimpleWriter(str(target), header=header) as writer:
        for thing in osmium.FileProcessor(str(source)):
            if isinstance(thing, osmium.osm.Node):
                at = thing.location
                inside = west <= at.lon <= east and south <= at.lat <= north
                kind = "n"
            elif isinstance(thing, osmium.osm.Way):
                inside = any(n.ref in kept["n"] for n in thing.nodes)
                kind = "w"
            elif isinstance(thing, osmium.osm.Relation):
                inside = any(m.ref in kept[m.type] for m in thing.members)
                kind = "r"
            else:
                continue
            if inside:
                kept[kind].add(thing.id)
                writer.add(thing)
    return target


def without_pharmacies(source: Path, target: Path) -> Path:
    """Copy an extract, all but its pharmacies."""
    is_one = osmium.filter.TagFilter(
        ("amenity", "pharmacy"), ("healthcare", "pharmacy"), ("shop", "chemist")
    )
    reader = osmium.FileProcessor(str(source))
    with osmium.SimpleWriter(str(target), header=reader.header) as writer:
        for _ in reader.with_filter(is_one).handler_for_filtered(writer):
            pass
    return target


def results(osm: Path, *, parks: dict[str, Box] | None = None) -> Results:
    """Run a study of an extract with boxes for parks, else with those that are mapped."""
    lines = [f'name = "here"\n[osm]\nfile = "{osm.name}"\n[parks]']
    if parks is None:
        lines.append("from_osm = { min_area_ha = 1.0 }")
    else:
        features = [
            {
                "type": "Feature",
                "properties": {"park_id": name, "workers": 1000},
                "geometry": {"type": "Polygon", "coordinates": [corners(box)]},
            }
            for name, box in parks.items()
        ]
        layer = {"type": "FeatureCollection", "features": features}
        (osm.parent / "parks.geojson").write_text(json.dumps(layer), encoding="utf-8")
        lines.append('file = "parks.geojson"')
    (osm.parent / "study.toml").write_text("\n".join(lines), encoding="utf-8")
    return compute(load_study(osm.parent))


def assert_nothing_is_short(found: Results) -> None:
    assert "unverified" in statuses(found)
    assert "short" not in statuses(found)
    assert not (found.shortfall["status"] == "short").any()
    assert found.ranking["rank"].isna().all()
    assert (found.ranking["core_missing"] == "").all()
    assert (found.ranking["score_high"] >= found.ranking["score_low"]).all()


# --- the embedded town ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def embedded(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cut the embedded town to 2.5 km around its market: what a park there can know of it."""
    folder = tmp_path_factory.mktemp("embedded")
    source = checkout / "data" / "neubrandenburg" / "osm.osm.pbf"
    return crop(source, around(MARKET, 2500), folder / "town.osm.pbf")


def test_pharmacies_taken_out_of_a_well_mapped_town_are_short(
    embedded: Path, tmp_path: Path
) -> None:
    before = results(embedded, parks={"market": MARKET})
    assert judged(before, "market", DRUGS)["status"] == "met"
    after = results(
        without_pharmacies(embedded, tmp_path / "town.osm.pbf"), parks={"market": MARKET}
    )
    found = judged(after, "market", DRUGS)
    assert (found["status"], found["found"], found["needed"]) == ("short", 0, 1)
    assert math.isnan(found["nearest_m"])
    assert found["workers_unserved"] == 1000


def test_the_embedded_town_cropped_to_500_m_around_a_park_shows_nothing_short(
    embedded: Path, tmp_path: Path
) -> None:
    small = crop(embedded, around(MARKET, 500), tmp_path / "town.osm.pbf")
    found = results(small, parks={"market": MARKET})
    assert found.counts["ways_cut_at_edge"] > 0
    assert_nothing_is_short(found)
    assert judged(found, "market", DRUGS)["status"] == "met"  # what is found is found


# --- the real inputs -----------------------------------------------------------------------------


def test_las_palmas_without_pharmacies_is_short_of_them(shared: Path, tmp_path: Path) -> None:
    source = shared / "las-palmas" / "osm.osm.pbf"
    found = results(
        without_pharmacies(source, tmp_path / "town.osm.pbf"), parks={"canteras": CANTERAS}
    )
    drugs = judged(found, "canteras", DRUGS)
    assert (drugs["status"], drugs["found"]) == ("short", 0)
    # The rest of the town is still there.
    assert judged(found, "canteras", "canteen_or_meal")["status"] == "met"


def test_las_palmas_cropped_to_500_m_around_a_park_shows_nothing_short(
    shared: Path, tmp_path: Path
) -> None:
    source = shared / "las-palmas" / "osm.osm.pbf"
    tarahales = (-15.4544, 28.0895, -15.4504, 28.0948)  # way/773899851, an industrial area
    found = results(crop(source, around(tarahales, 500), tmp_path / "town.osm.pbf"))
    assert found.counts["ways_cut_at_edge"] > 0
    assert_nothing_is_short(found)


def test_beijing_bda_which_nobody_mapped_shows_nothing_short(shared: Path, tmp_path: Path) -> None:
    osm = tmp_path / "town.osm"
    osm.write_bytes((shared / "beijing-bda" / "osm.osm").read_bytes())
    found = results(osm)
    assert len(found.parks) > 5
    assert found.completeness["thin"].all()
    assert_nothing_is_short(found)
    assert (found.ranking["tier"] == "unverified").all()
