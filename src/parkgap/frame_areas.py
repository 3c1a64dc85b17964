"""The schema of the areas of reach that park pages and the GeoPackage show."""

from __future__ import annotations

from parkgap.frame_schema import Schema, columns

BANDS = (5, 10, 15)  # minutes: the life circles of GB 50180-2018
#: Ground drawn on both sides of a reached street, metres (assumption).
BESIDE_M = 24.0

REACH_AREAS = Schema(
    "reach_areas",
    "Ground along the streets that a park's people reach on foot from its workplaces.",
    columns(f"""
    park_id str - the park; none where nothing is reached from it
    minutes int min - walk within which the streets are reached: 5, 10 or 15
    area_km2 float km2 - the area as drawn: {BESIDE_M:.0f} m to both sides of the streets that are
        reached, without water
    geometry geometry - multipolygon, one polygon for each part that hangs together; the areas of
        more minutes hold those of fewer
    """),
    key=("park_id", "minutes"),
    sort=("park_id", "minutes"),
)
