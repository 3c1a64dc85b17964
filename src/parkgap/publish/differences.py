"""How two runs differ besides their facilities: rules, parameters, inputs, program.

Everything is read from the two records (``run.json``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from parkgap.results import Cause
from parkgap.study import TABLES

Record = Mapping[str, Any]

#: Parameters that say nothing of the question: how results are called and worded, and what the
#: standard's overrides and the inputs' names are (both are compared by what came of them).
_SILENT = frozenset(
    {
        *("name", "title", "language", "edition", "map_review_no", "as_of", "standard", "report"),
        *("both_languages", "pictures", "gis"),
        "whatif",  # compared by what its rows do
    }
)
_NAMES = frozenset({"file", "dem", "raster", "gtfs", "overpass", "geocoder", "source"})
# Sections of a study that name files: tables, lists and rasters.
_FILES = (*TABLES, "facilities", "terrain", "population", "transit")
_DEFAULT_SPEED = 67.0


@dataclass(frozen=True)
class Differences:
    """What differs between two records.

    Attributes
    ----------
    rules
        Item to what of it differs: causes, the weight apart.
    weights
        Whether any weight differs.
    common
        Differing figures of the whole standard, by name.
    tag_rules
        Items whose tag rule or merging differs.
    parameters, program
        As causes.
    inputs
        Roles (``osm``, ``parks``, ...) whose content differs.
    since, until
        The days of the two questions.
    """

    rules: Mapping[str, tuple[Cause, ...]] = field(default_factory=dict)
    weights: bool = False
    common: Mapping[str, Cause] = field(default_factory=dict)
    tag_rules: frozenset[str] = frozenset()
    parameters: tuple[Cause, ...] = ()
    program: tuple[Cause, ...] = ()
    inputs: frozenset[str] = frozenset()
    since: str = ""
    until: str = ""

    @property
    def lapse(self) -> tuple[Cause, ...]:
        """The other day of the question, as a cause (a list's declaration may have lapsed)."""
        if self.since == self.until:
            return ()
        return (Cause("as_of", (), (("before", self.since), ("after", self.until))),)


def differences(before: Record, after: Record) -> Differences:
    """Compare two records."""
    one, two = before["standard"], after["standard"]
    ids = [*two["items"], *(i for i in one["items"] if i not in two["items"])]
    pairs = {i: (one["items"].get(i), two["items"].get(i)) for i in ids}
    rules = {i: tuple(_rule(i, a, b)) for i, (a, b) in pairs.items()}
    return Differences(
        rules={i: causes for i, causes in rules.items() if causes},
        weights=any(a and b and a["weight"] != b["weight"] for a, b in pairs.values()),
        common={
            name: _common(name, one["common"].get(name), value)
            for name, value in two["common"].items()
            if one["common"].get(name) != value
        },
        tag_rules=frozenset(
            i
            for i, (a, b) in pairs.items()
            if a is None or b is None or (a["rule"], a["switches"]) != (b["rule"], b["switches"])
        ),
        parameters=tuple(_parameters(before["parameters"], after["parameters"])),
        program=_program(before, after),
        inputs=changed_inputs(before, after),
        since=str(before["study"]["as_of"] or before["data"]["osm_date"] or ""),
        until=str(after["study"]["as_of"] or after["data"]["osm_date"] or ""),
    )


def same_run(one: Record, two: Record) -> bool:
    """Tell whether two records are of one run: inputs, parameters, standard and program agree.

    How results are called and worded does not count, nor how input files are named.
    """
    found = differences(one, two)
    return (
        _contents(one) == _contents(two)
        and one["standard"]["sha256"] == two["standard"]["sha256"]
        and not (found.parameters or found.program or found.since != found.until)
    )


def _contents(record: Record) -> list[str]:
    """Hashes of the inputs but ``study.toml``, of which the parameters say what it decided."""
    own = record["study"]["file"]
    return sorted(digest for name, digest in record["inputs"].items() if name != own)


def changed_inputs(one: Record, two: Record) -> frozenset[str]:
    """Name the roles whose content differs; a renamed file is no other one."""
    # Where only the later run tries a plan, its rows are the causes.
    roles = ("osm", *_FILES, *(("whatif",) if one["parameters"].get("whatif") else ()))
    return frozenset(r for r in roles if _hashes(one, r) != _hashes(two, r))


def _files(section: Mapping[str, Any]) -> list[str]:
    """Names of the files of one section: a table's, a raster's, or several tiles or feeds."""
    named = [section.get("file"), section.get("raster")]
    for several in (section.get("dem") or (), section.get("gtfs") or ()):
        named += [several] if isinstance(several, str) else several
    return [str(name) for name in named if name]


def _hashes(record: Record, role: str) -> list[str]:
    section = record["parameters"].get(role)
    listed = section if isinstance(section, list) else [section] if section else []
    found: list[str] = []
    for name in (name for one in listed for name in _files(one)):
        stem = str(PurePosixPath(str(name).replace("\\", "/")).with_suffix(""))
        base = PurePosixPath(stem).name
        found += [
            digest
            for known, digest in record["inputs"].items()
            if known.startswith(f"{stem}/")  # a folder's
            or (
                str(PurePosixPath(known).with_suffix("")) in (stem, base)
                and (known.endswith(PurePosixPath(name).suffix) or name.lower().endswith(".shp"))
            )
        ]
    return sorted(found)


def limits(record: Record, item: str) -> list[float]:
    """Limits of an item's tests in metres of flat street."""
    known = record["standard"]["items"].get(item)
    speed = float(record["standard"]["common"].get("walk_speed") or _DEFAULT_SPEED)
    tests = known["tests"].values() if known else ()
    return [float(limit) * (1.0 if unit == "m" else speed) for limit, unit, _ in tests]


def grows(record: Record, item: str) -> bool:
    """Tell whether the headcount matters to what an item needs: some count above 1."""
    known = record["standard"]["items"].get(item)
    return bool(known) and any(count > 1 for _, _, count in known["tests"].values())


def counts_lines(record: Record, item: str) -> bool:
    """Tell whether an item counts lines rather than places."""
    known = record["standard"]["items"].get(item)
    return bool(known) and known["counts"] == "lines"


# --- parts ---------------------------------------------------------------------------------------


def _rule(item: str, one: Record | None, two: Record | None) -> Iterator[Cause]:
    if one is None or two is None:
        yield Cause("rule_changed", (item,), (("part", "new_item" if one is None else "no_item"),))
        return
    for band in dict.fromkeys((*one["tests"], *two["tests"])):
        before, after = one["tests"].get(band), two["tests"].get(band)
        if before != after:
            name = f"{item}.{band}"
            yield _changed("rule_changed", (name,), _test(before), _test(after), "test")
    for part in ("level", "origin", "counts"):
        if one[part] != two[part]:
            yield _changed("rule_changed", (f"{item}.{part}",), one[part], two[part], part)
    for part in ("rule", "switches"):
        if one[part] != two[part]:
            yield Cause("rule_changed", (f"{item}.{part}",), (("part", part),))


def _common(name: str, before: object, after: object) -> Cause:
    if name in (
        "certainty",
        "hours",
        "weight_sets",
    ):  # kept as hashes, which say nothing to a reader
        return Cause("rule_changed", (name,), (("part", name),))
    return _changed("rule_changed", (name,), before, after, name)


def _test(test: list[Any] | None) -> str:
    """Write a test: 1 within 300 m."""
    if test is None:
        return ""
    limit, unit, count = test
    return f"{count} / {limit:g} {unit}"


def _changed(code: str, ids: tuple[str, ...], before: object, after: object, part: str) -> Cause:
    facts = (("part", part), ("before", _value(before)), ("after", _value(after)))
    return Cause(code, ids, tuple((k, v) for k, v in facts if v))


def _value(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parameters(one: Record, two: Record) -> Iterator[Cause]:
    before, after = (dict(_flat(p)) for p in _alike(one, two))
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            facts = (("before", _value(before.get(name))), ("after", _value(after.get(name))))
            yield Cause("parameter", (name,), tuple((k, v) for k, v in facts if v))


def _alike(one: Record, two: Record) -> Iterator[dict[str, Any]]:
    """Keep of the tables what both have: another table is another input, no parameter."""
    lists = [{str(t.get("file")): t for t in r.get("facilities") or ()} for r in (one, two)]
    for record, listed in zip((one, two), lists, strict=True):
        kept = {k: v for k, v in record.items() if k not in _FILES or (one.get(k) and two.get(k))}
        files = {name: t for name, t in listed.items() if name in lists[0] and name in lists[1]}
        yield {**kept, "facilities": files}


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Walk parameters as dotted names; a section that is not there has none."""
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, inner in pairs:
        name = f"{prefix}{key}"
        if (not prefix and key in _SILENT) or key in _NAMES or inner is None:
            continue
        if isinstance(inner, Mapping | list):
            yield from _flat(inner, f"{name}.")
        else:
            yield name, inner


def _program(one: Record, two: Record) -> tuple[Cause, ...]:
    before, after = one["program"]["version"], two["program"]["version"]
    if before == after:
        return ()
    return (Cause("program", (), (("before", str(before)), ("after", str(after)))),)
