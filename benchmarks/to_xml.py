"""Turn an extract into the plain XML that osmnx reads.

osmnx reads no .osm.pbf, and stops with an error where a way names a node that the extract
lacks, as ways at the edge of a cut extract do.  Such nodes are left out of their ways here.
That joins their neighbours by a straight line; parkgap breaks the way there instead.  For
measuring time the difference does not matter.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import osmium


def convert(source: Path, target: Path, *, streets_only: bool = False) -> tuple[int, int]:
    """Write `source` as XML to `target`; return the numbers of ways kept and nodes left out.

    Parameters
    ----------
    source
        An OpenStreetMap file in any format that osmium reads.
    target
        The ``.osm`` file to write.
    streets_only
        Keep ways with a ``highway`` tag only, and no relations: what a careful user gives
        to ``graph_from_xml``, which takes every way of the file for a street.
    """
    ways, dropped = 0, 0
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for entity in osmium.FileProcessor(str(source)).with_locations():
            if isinstance(entity, osmium.osm.Way):
                if streets_only and "highway" not in entity.tags:
                    continue
                known = [node.ref for node in entity.nodes if node.location.valid()]
                dropped += len(entity.nodes) - len(known)
                if len(known) < 2:  # noqa: PLR2004 (a line has two ends)
                    continue
                ways += 1
                writer.add_way(entity.replace(nodes=known))
            elif isinstance(entity, osmium.osm.Node):
                writer.add_node(entity)
            elif isinstance(entity, osmium.osm.Relation) and not streets_only:
                writer.add_relation(entity)
    return ways, dropped


def main() -> None:
    """Convert the file named on the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--streets-only", action="store_true")
    given = parser.parse_args()
    ways, dropped = convert(given.source, given.target, streets_only=given.streets_only)
    print(f"{ways} ways kept, {dropped} references to missing nodes left out")


if __name__ == "__main__":
    main()
