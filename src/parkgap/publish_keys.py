"""What ``study.toml`` may say about the public edition: what no public map shows, how exactly."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from parkgap.source_keys import Section, Text, refused

#: What public maps leave out by default.  Military installations and units: article 3 of
#: 公开地图内容表示若干规定 (2003).  All else is an assumption that the map review may correct.
SENSITIVE = (
    *("landuse=military", "military=*", "building=military", "building=bunker"),
    *("amenity=prison", "power=plant", "power=substation", "power=line", "power=minor_line"),
    *("power=tower", "man_made=pipeline", "man_made=storage_tank", "man_made=water_works"),
    *("man_made=petroleum_well", "man_made=gasometer", "man_made=communications_tower"),
)
SENSITIVE_NAMES = ("部队", "武警", "军事", "军区", "监狱", "看守所", "戒毒所")


class Publish(Section):
    """The public edition: what it leaves out of maps and lists, and how exact its places are.

    Attributes
    ----------
    sensitive
        Tags ``key=value`` (``*``: any value) of what is left out, with all that lies inside it.
    sensitive_names
        Parts of names; what has one is left out.
    decimals
        Of published coordinates, degrees: 4 are some 11 m, 5 some 1 m.
    """

    sensitive: tuple[Text, ...] = SENSITIVE
    sensitive_names: tuple[Text, ...] = SENSITIVE_NAMES
    decimals: Annotated[int, Field(strict=True, ge=2, le=5)] = 4

    @field_validator("sensitive")
    @classmethod
    def _tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        for tag in tags:
            key, _, value = tag.partition("=")
            if not key.strip() or not value.strip():
                raise refused(
                    "不是 OSM 标签 / not a tag of OpenStreetMap",
                    "key=value 或 key=*，如 landuse=military / "
                    "key=value or key=*, such as landuse=military",
                )
        return tags

    @property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """Key and value of each tag, sorted."""
        parts = (tag.partition("=") for tag in self.sensitive)
        return tuple(sorted({(key.strip(), value.strip()) for key, _, value in parts}))
