"""A street is a park's own where it lies inside the park, not where it runs along its edge."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from parkgap import geo
from parkgap.access.pieces import Raw, inside_of

# A square of 100 m at the equator, with a slit from the north down to its middle.
SLIT = shapely.Polygon([(0, 0), (100, 0), (100, 100), (51, 100), (50, 50), (49, 100), (0, 100)])


def drawn(*pieces: tuple[tuple[float, float], tuple[float, float]]) -> Raw:
    """Draw pieces, each with nodes of its own, in Mercator metres (which are true ones there)."""
    x, y = np.array(pieces, dtype=float).reshape(-1, 2).T
    lon, lat = geo.degrees(x, y)
    a = np.arange(0, len(x), 2)
    return Raw(a, a + 1, np.zeros(len(a), dtype=np.int64), np.arange(len(x)), lon, lat, x, y)


@pytest.mark.parametrize(
    ("piece", "inside"),
    [
        (((10, 10), (90, 10)), True),
        (((0, 10), (50, 10)), True),  # from the edge inwards
        (((0, 10), (100, 10)), True),  # from edge to edge
        (((20, 49.99), (80, 49.99)), True),  # only its middle touches the edge
        (((10, 0.01), (90, 0.01)), False),  # along the edge
        (((10, -10), (90, -10)), False),
    ],
)
def test_only_a_piece_along_the_edge_is_outside(
    piece: tuple[tuple[float, float], tuple[float, float]], inside: bool
) -> None:
    found = inside_of(drawn(piece), np.array([SLIT], dtype=object))
    assert len(found) == int(inside)


def test_pieces_of_many_parks_are_those_that_plain_distances_tell() -> None:
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 400, (60, 2)).round()
    parks = np.array([shapely.box(x, y, x + 60, y + 60) for x, y in corner], dtype=object)
    start = rng.uniform(0, 460, (500, 2)).round()  # on whole metres, so that some lie on edges
    ends = start + rng.choice([[0, 20], [20, 0], [20, 20]], 500)
    raw = drawn(*((tuple(p), tuple(q)) for p, q in zip(start, ends, strict=True)))
    expected = set()
    for number, both in enumerate(np.stack([start, ends], axis=1)):
        line = shapely.LineString(both)
        points = [line.interpolate(0.5, normalized=True), *map(shapely.Point, line.coords)]
        for owner, park in enumerate(parks):
            away = max(p.distance(park.exterior) for p in points)
            if park.contains(points[0]) and away > 0.5:
                expected.add((number, owner))
    found = inside_of(raw, parks)
    assert set(found.itertuples(index=False, name=None)) == expected
    assert list(found["piece"]) == sorted(found["piece"])


@pytest.mark.parametrize(("off", "inside"), [(0.8, False), (1.2, True)])
def test_half_a_metre_is_a_true_one_in_the_north(off: float, inside: bool) -> None:
    # At 60 N a Mercator metre is cos 60 / sqrt(1 - e2 sin2 60) = 0.5013 m: 0.40 m and 0.60 m.
    south = 8362698.55
    park = shapely.box(0, south, 400, south + 400)
    piece = ((50.0, south + off), (150.0, south + off))
    assert len(inside_of(drawn(piece), np.array([park], dtype=object))) == int(inside)


@pytest.mark.parametrize("piece", [((10, 0), (90, 0.8)), ((10, 0.8), (90, 0))])
def test_either_end_away_from_the_edge_is_inside(
    piece: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    # Its middle is 0.4 m from the edge, one end on it, the other 0.8 m away.
    assert len(inside_of(drawn(piece), np.array([SLIT], dtype=object))) == 1
