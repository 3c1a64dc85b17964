"""Lay copies of an extract side by side, to see what growth costs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import osmium

STEP_DEGREES = 0.6
STEP_ID = 10**11  # beyond every id that OpenStreetMap has given so far


def copy(source: Path, target: Path, copies: int) -> None:
    """Write `copies` of `source` to `target`, each 0.6 degrees further east, with ids of its own.

    Parameters
    ----------
    source
        An OpenStreetMap file whose objects are sorted (nodes, ways, relations; by id).
    target
        The file to write; its header's box spans all copies.
    copies
        How many, at least 1.
    """
    box = osmium.FileProcessor(str(source)).header.box()
    header = osmium.io.Header()
    if box.valid():
        low, high = box.bottom_left, box.top_right
        east = high.lon + (copies - 1) * STEP_DEGREES
        header.add_box(
            osmium.osm.Box(
                osmium.osm.Location(low.lon, low.lat), osmium.osm.Location(east, high.lat)
            )
        )
    kinds = (osmium.osm.NODE, osmium.osm.WAY, osmium.osm.RELATION)
    with osmium.SimpleWriter(str(target), header=header, overwrite=True) as writer:
        for kind in kinds:  # whole files are sorted by kind, then by id
            for number in range(copies):
                for entity in osmium.FileProcessor(str(source), kind):
                    _write(writer, entity, number)


def _write(writer: osmium.SimpleWriter, entity: Any, number: int) -> None:
    shift = number * STEP_ID
    if entity.is_node():
        at = entity.location
        moved = (at.lon + number * STEP_DEGREES, at.lat)
        writer.add_node(entity.replace(id=entity.id + shift, location=moved))
    elif entity.is_way():
        nodes = [node.ref + shift for node in entity.nodes]
        writer.add_way(entity.replace(id=entity.id + shift, nodes=nodes))
    else:
        members = [(m.type, m.ref + shift, m.role) for m in entity.members]
        writer.add_relation(entity.replace(id=entity.id + shift, members=members))


def main() -> None:
    """Copy the file named on the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--copies", type=int, default=20)
    given = parser.parse_args()
    copy(given.source, given.target, given.copies)


if __name__ == "__main__":
    main()
