"""How far around the parks a study looks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from parkgap import geo


def around(shapes: npt.NDArray[np.object_], metres: float) -> shapely.Geometry:
    """Boxes (WGS-84) that reach `metres` beyond each shape on every side, joined.

    Parameters
    ----------
    shapes
        Geometries in WGS-84 degrees, shape (n,), none of them empty.
    metres
        Distance on the ground.
    """
    west, south, east, north = shapely.bounds(shapes).T
    left, bottom = geo.mercator(west, south)
    right, top = geo.mercator(east, north)
    # The scale grows towards the poles: taken beyond the far edge, so never too little.
    far = np.minimum(np.maximum(np.abs(south), np.abs(north)) + metres / 1e5, 89.0)
    wide = metres / geo.scale(far)
    low = geo.degrees(left - wide, bottom - wide)
    high = geo.degrees(right + wide, top + wide)
    return shapely.union_all(shapely.box(*low, *high))
