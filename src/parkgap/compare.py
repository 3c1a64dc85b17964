"""``parkgap compare A B``: what differs between two result folders, also by the rules of today."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parkgap.errors import InputError, OutputError, Problem
from parkgap.replay import prepare
from parkgap.study import StandardChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from parkgap.publish.reading import Published
    from parkgap.publish.words import Words
    from parkgap.results import Change
    from parkgap.standard import Standard
    from parkgap.study import Study


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Attributes
    ----------
    before, after
        The runs; `before` is judged by the rules of `after` where asked.
    changes
        What differs.
    by_rules
        What the rules alone changed in the earlier year's results (like for like).
    notes
        What the user must know (zh, en).
    standard
        The later run's standard, for its names; None where it is not here any more.
    """

    before: Published
    after: Published
    changes: tuple[Change, ...]
    by_rules: tuple[Change, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    standard: Standard | None = None

    def words(self, language: str | None) -> Words:
        """Words of a language (default: the later run's)."""
        from parkgap.publish.text import Text
        from parkgap.publish.words import Words
        from parkgap.standard import load

        text = Text(language or self.after.record["study"]["language"])
        return Words(text, self.standard or load())

    def write(self, path: Path, language: str | None) -> None:
        """Write the changes as CSV, by way of a file beside it.

        Raises
        ------
        OutputError
            The file cannot be written, or `path` is a folder.
        """
        if path.is_dir():
            raise OutputError(
                f"{path}：这是文件夹，请给出 CSV 文件名 / "
                f"{path}: this is a folder; name a CSV file, please"
            )
        from parkgap.publish.tables import write_changes

        part = path.with_name(f".{path.name}.part")
        try:
            write_changes(part, self.changes, self.words(language))
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            said = error.strerror or error
            raise OutputError(f"{path}：无法写入 / cannot be written: {said}") from error

    def as_json(self, language: str | None) -> dict[str, Any]:
        """Give the comparison for programs."""
        from parkgap.publish.causes import as_json

        words = self.words(language)
        return {
            "before": _facts(self.before),
            "after": _facts(self.after),
            "changes": [as_json(c, words) for c in self.changes],
            "by_rules": [as_json(c, words) for c in self.by_rules],
            "notes": [{"zh": zh, "en": en} for zh, en in self.notes],
        }

    def lines(self, language: str | None) -> list[str]:
        """Say the comparison in plain text, park by park."""
        from parkgap.publish.causes import cause_text, value_text, what_text
        from parkgap.publish.cells import clean

        words = self.words(language)
        if not self.changes:
            out = [words.t("changed.none")]
        else:
            parks = len({c.park_id for c in self.changes})
            out = [words.t("changed.count", parks=parks, rows=len(self.changes))]
        if self.by_rules:
            out.append(words.t("changed.by_rules", n=len(self.by_rules)))
        park = None
        for c in self.changes:
            if c.park_id != park:
                park = c.park_id
                out += ["", f"{clean(c.park_name)} [{clean(c.park_id)}]"]
            values = (value_text(c.what, v, words) for v in (c.before, c.after))
            out.append(f"  {what_text(c.what, words)}  {' → '.join(values)}")
            out += [f"      {line}" for line in cause_text(c, words).split("; ")]
        return [*out, "", words.t("notice.screening")]


def _facts(run: Published) -> dict[str, Any]:
    record = run.record
    return {
        "seal": record.get("seal"),
        "as_of": record["study"]["as_of"],
        "standard": {k: record["standard"][k] for k in ("id", "version", "sha256")},
        "program": record["program"]["version"],
    }


def compare_folders(before: Path, after: Path) -> Comparison:
    """Compare two result folders (or their ``run.json``).

    Raises
    ------
    InputError
        One of them is no result folder, or was changed after its run.
    """
    from parkgap.publish.changes import compare
    from parkgap.publish.reading import read_published

    one, two = read_published(before), read_published(after)
    return Comparison(one, two, compare(one, two), standard=_shipped(two.record))


def compare_like_for_like(
    before: Path,
    after: Path,
    study: Path,
    *,
    standard: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Judge the inputs of `before` by the standard and parameters of `after`, then compare.

    Parameters
    ----------
    before, after
        Result folders, or their ``run.json``.
    study
        The study's folder of `before`, with the inputs that it read.
    standard
        The standard's file of `after`, where that is not a shipped one.
    tell
        Called with the name of each stage as it begins.

    Raises
    ------
    InputError
        The inputs are not those of `before`, or the standard is not that of `after`.
    """
    from parkgap.pipeline import Clock, compute
    from parkgap.publish.changes import compare
    from parkgap.publish.reading import of_results, read_published

    one, two = read_published(before), read_published(after)
    given = one.record["parameters"]
    # Standards that were only compared with say nothing of the rows that are compared here.
    alone = {**given, "standard": {**given["standard"], "also": []}}
    own = {"standard": _unchecked(one.record, study), "parameters": alone}
    replay = prepare(study, {**one.record, **own})
    rules, loaded = _rules(two.record, standard)
    asked = _judged_by(replay.study, two.record, rules)
    results = replay.finish(compute(asked, Clock(tell)))
    again = of_results(results)
    return Comparison(
        again, two, compare(again, two), compare(one, again), replay.notes, standard=loaded
    )


def _unchecked(record: Mapping[str, Any], study: Path) -> dict[str, Any]:
    """Let the earlier standard be whatever it is now: it is not applied again."""
    from parkgap.replay import restore
    from parkgap.standard import load
    from parkgap.standards.digest import digest

    old = restore(record, study if study.is_dir() else study.parent)
    source = old.standard_source
    if isinstance(source, Path) and not source.is_file():
        return dict(record["standard"])
    try:
        return {**record["standard"], "sha256": digest(load(source, dict(old.standard.set)))}
    except InputError:
        return dict(record["standard"])


def _judged_by(study: Study, record: Mapping[str, Any], rules: StandardChoice) -> Study:
    """Put the rules of another run in place of a study's own; its inputs and its day stay."""
    from parkgap.replay import restore

    other = restore(record, study.root)
    update: dict[str, Any] = {
        "standard": rules,
        **{name: getattr(other, name) for name in ("walking", "reach", "privacy", "language")},
    }
    if study.parks.from_osm is not None and other.parks.from_osm is not None:
        update["parks"] = other.parks
    return study.model_copy(update=update)


def _rules(record: Mapping[str, Any], file: Path | None) -> tuple[StandardChoice, Standard]:
    """Find the standard of a record: shipped, or in the file that the user named."""
    from parkgap.standard import available, load
    from parkgap.standards.digest import digest

    chosen = record["parameters"]["standard"]
    use = str(chosen["use"])
    if file is None and use not in available():
        raise InputError(
            Problem(
                what="较新结果用的是自带标准文件 / the later run used a standard's file of its own",
                value=use,
                remedy="用 --standard 给出该文件 / name that file by --standard",
            )
        )
    source: str | Path = use if file is None else file.resolve()
    loaded = load(source, dict(chosen["set"]))
    if digest(loaded) != record["standard"]["sha256"]:
        was = record["standard"]
        raise InputError(
            Problem(
                what="此标准不是较新结果所用的标准 / this is not the standard of the later run",
                file=str(use if file is None else file),
                value=f"{loaded.id} {loaded.version}",
                rule=f"{was['id']} {was['version']}, SHA-256 {was['sha256'][:16]}…",
                remedy="给出当时的标准文件，或重新运行较新的研究 / "
                "name that standard's file, or run the later study again",
            )
        )
    return StandardChoice(use=str(source), set=chosen["set"]), loaded


def _shipped(record: Mapping[str, Any]) -> Standard | None:
    """Load the standard of a record for its names, where it is a shipped one; no override is."""
    from parkgap.standard import available, load

    use = str(record["parameters"]["standard"]["use"])
    return load(use) if use in available() else None
