"""What the commands show on the console: summaries, refusals, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from parkgap.errors import InputError, ParkgapError, ShardError

if TYPE_CHECKING:
    from parkgap.rerun import Outcome, Summary
    from parkgap.study import Study


def summary(found: Summary, folder: Path) -> dict[str, object]:
    """Give the gist of a result folder as plain values."""
    return {
        "folder": folder.as_posix(),
        "parks": len(found.ranking),
        "ranked": sum(r["rank"] is not None for r in found.ranking),
        "counts": found.counts,
        "warnings": found.warnings,
        "ranking": found.ranking,
    }


def print_summary(study: Study, found: Summary, folder: Path) -> None:
    """Print warnings, the first three parks, and where the results are."""
    from parkgap.publish.notices import whatif_mark
    from parkgap.publish.text import Text
    from parkgap.standard import load

    zh = study.language == "zh"
    ranked = [r for r in found.ranking if r["rank"] is not None]
    for text in found.warnings:
        typer.echo(("注意：" if zh else "Note: ") + text["zh" if zh else "en"], err=True)
    for mark in whatif_mark(study, Text(study.language)):
        typer.echo(mark)
    count = len(found.ranking)
    head = (
        f"{count} 个园区，{len(ranked)} 个已排序" if zh else f"{count} parks, {len(ranked)} ranked"
    )
    typer.echo(head)
    standard = load(study.standard_source, dict(study.standard.set))
    names = {i.id: i.zh if zh else i.en for i in standard.items}
    for row in ranked[:3]:
        gaps = "; ".join(names.get(g, g) for g in (row["top_gaps"] or "").split("; ") if g)
        low, high = row["score_low"], row["score_high"]
        typer.echo(f"{row['rank']:>3}  {row['park_name']}  {low:.0f}–{high:.0f}  {gaps}")
    typer.echo(("结果：" if zh else "Results: ") + str(folder / "index.html"))
    typer.echo(
        "筛查结果，不作规划核实或验收依据。"
        if zh
        else "A screening result, not a planning verification or acceptance."
    )


@dataclass(frozen=True)
class Shown:
    """How the outcome of a run is shown, and below which score it counts as failed."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    fail_under: float | None = None


def report(
    study: Study,
    folder: Path,
    outcome: Outcome,
    shown: Shown,
    besides: Mapping[str, object] | None = None,
) -> None:
    """Say what a run did; exits with 3 where a park is below the score that was asked for.

    Parameters
    ----------
    besides
        What else is told as JSON.
    """
    from parkgap import rerun

    say_notes(outcome.notes, study.language)
    if shown.verbose and not shown.as_json:
        for stage in outcome.stages:
            reused = f"  ({', '.join(stage.reused)})" if stage.reused else ""
            typer.echo(f"{stage.seconds:7.2f} s  {stage.name}{reused}", err=True)
    if outcome.trouble and not shown.quiet:
        typer.echo(
            f"计算结果未能保存，下次将重新计算 / nothing could be kept for the next run: "
            f"{outcome.trouble}",
            err=True,
        )
    found = rerun.summary(folder)
    if shown.as_json:
        said = summary(found, folder) | {"unchanged": outcome.reused}
        print_json(said | dict(besides or {}))
    elif not shown.quiet:
        print_summary(study, found, folder)
        if outcome.reused:
            typer.echo(
                "输入未变，结果未改动。"
                if study.language == "zh"
                else "Nothing has changed; the results are as they were."
            )
    _fail(found, shown.fail_under)


def _fail(found: Summary, fail_under: float | None) -> None:
    if fail_under is None:
        return
    high = {r["park_id"]: r["score_high"] for r in found.ranking}
    unknown = [park for park, score in high.items() if score is None]
    if unknown:
        typer.echo(
            "score_high 未知或已隐去，未按 --fail-under 检查 / unknown or withheld, not tested: "
            f"{', '.join(unknown)}",
            err=True,
        )
    low = [park for park, score in high.items() if score is not None and score < fail_under]
    if low:
        typer.echo(f"score_high < {fail_under:g}: {', '.join(low)}", err=True)
        raise typer.Exit(3)


def say_notes(notes: Iterable[tuple[str, str]], language: str) -> None:
    """Say what the user must know besides, on stderr."""
    for zh, en in notes:
        typer.echo(f"注意：{zh}" if language == "zh" else f"Note: {en}", err=True)


def print_tables(tables: list[dict[str, Any]], *, zh: bool) -> None:
    """Say which heading of every table was matched to what."""
    for table in tables:
        sheet = f" [{table['sheet']}]" if table["sheet"] is not None else ""
        rows = f"{table['rows']} 行" if zh else f"{table['rows']} rows"
        typer.echo(f"[{table['section']}] {table['file']}{sheet}: {rows}")
        pairs = (f"{k} = {' '.join(str(v).split())}" for k, v in table["columns"].items())
        typer.echo(f"    {'; '.join(pairs)}")


def print_json(value: object) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


@contextmanager
def refusals(as_json: bool) -> Iterator[None]:
    """Turn what parkgap refuses into one message and exit code 1."""
    try:
        yield
    except ParkgapError as error:
        if as_json:
            problems: Sequence[object] = (error,)
            if isinstance(error, InputError | ShardError):
                problems = error.problems
            print_json({"errors": [str(p) for p in problems]})
        else:
            typer.echo(str(error), err=True)
        raise typer.Exit(4 if isinstance(error, ShardError) else 1) from None
    except OSError as error:
        # The disk or its rights, outside of the result folder: the scratch folder, say.
        where = f"{error.filename}：" if error.filename else ""
        why = error.strerror or str(error)
        text = (
            f"{where}文件操作失败，原有结果没有改动（{why}） / "
            f"a file operation failed, earlier results are unchanged ({why})"
        )
        if as_json:
            print_json({"errors": [text]})
        else:
            typer.echo(text, err=True)
        raise typer.Exit(1) from None


_STAGES = {
    "standard": "读取标准 standard",
    "tables": "读取表格 tables",
    "osm": "读取地图数据 OpenStreetMap",
    "reach": "路网、设施、步行可达 streets, facilities, reach",
    "gather": "汇总 gather",
    "language": "另一种语言的网页 pages in the other language",
    "assess": "评估 assess",
    "changes": "变化 changes",
    "maps": "地图 maps",
    "lists": "清单 lists",
    "workbook": "工作簿 workbook",
    "report": "报告 report",
    "pictures": "图片 pictures",
    "geopackage": "GeoPackage",
    "record": "记录 record",
}


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show which stage is at work, on stderr, where somebody watches."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("parkgap", total=len(_STAGES))

        def tell(stage: str) -> None:
            # What is no stage is news from the download: a server's words, not markup.
            said = _STAGES.get(stage) or escape(stage)
            bar.update(task, description=said, advance=int(stage in _STAGES))

        yield tell
