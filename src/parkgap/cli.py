"""The command line: flags, progress, exit codes; no logic of its own.

Exit codes: 0 done; 1 input or data refused; 2 usage; 3 done, but a park is under ``--fail-under``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

import parkgap
from parkgap.errors import InputError, ParkgapError, ShardError

if TYPE_CHECKING:
    from parkgap.rerun import Means, Summary
    from parkgap.study import Study

app = typer.Typer(
    name="parkgap",
    help="园区生活配套体检：参照 15 分钟生活圈标准。 "
    "What industrial parks lack for their workers, by the 15-minute life circle.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
standards = typer.Typer(
    help="标准：查看、检查、导出。 Standards: list, show, check, export.", no_args_is_help=True
)
app.add_typer(standards, name="standard")

Lang = Literal["zh", "en"]
StudyArg = Annotated[
    Path, typer.Argument(help="研究文件夹或 study.toml。 A study folder or its study.toml.")
]
OutOpt = Annotated[
    Path | None,
    typer.Option(
        "--out", help="结果文件夹，默认 maps/<名称>。 Result folder, default maps/<name>."
    ),
]
LangOpt = Annotated[Lang | None, typer.Option("--lang", help="结果语言。 Language of the results.")]
JsonOpt = Annotated[bool, typer.Option("--json", help="以 JSON 输出。 Print JSON.")]
QuietOpt = Annotated[bool, typer.Option("-q", "--quiet", help="只输出错误。 Print errors only.")]
VerboseOpt = Annotated[
    bool, typer.Option("-v", "--verbose", help="输出各步骤耗时。 Print the time of each stage.")
]
FailOpt = Annotated[
    float | None,
    typer.Option(
        "--fail-under",
        min=0,
        max=100,
        help="任一园区 score_high 低于此值则退出码为 3。 "
        "Exit with 3 where a park's score_high is lower.",
    ),
]


FreshOpt = Annotated[
    bool, typer.Option("--fresh", help="不用以前的计算结果。 Use nothing computed before.")
]
WorkersOpt = Annotated[
    int,
    typer.Option("--workers", min=0, help="并行的进程数。 Processes that share the work."),
]
SchedulerOpt = Annotated[
    str | None,
    typer.Option("--scheduler", help="Dask 调度器地址 tcp://…。 Address of a Dask scheduler."),
]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="版本。 Print the version.")] = False,
) -> None:
    if version:
        typer.echo(parkgap.__version__)
        raise typer.Exit


@app.command()
def demo(
    out: OutOpt = None,
    lang: LangOpt = None,
    as_json: JsonOpt = False,
    quiet: QuietOpt = False,
    verbose: VerboseOpt = False,
) -> None:
    """运行内置示例（人数虚构）。 Run the embedded study: a real town, made-up headcounts."""
    from parkgap.rerun import Means

    # The embedded study may lie where nothing can be written.
    means = Means(store=(Path("maps") if out is None else out.parent) / ".parkgap" / "demo")
    with _refusals(as_json):
        _run(_demo_folder(), out, lang, means, as_json=as_json, quiet=quiet, verbose=verbose)


@app.command()
def run(
    study: StudyArg = Path(),
    out: OutOpt = None,
    lang: LangOpt = None,
    as_json: JsonOpt = False,
    quiet: QuietOpt = False,
    verbose: VerboseOpt = False,
    fail_under: FailOpt = None,
    fresh: FreshOpt = False,
    workers: WorkersOpt = 0,
    scheduler: SchedulerOpt = None,
) -> None:
    """评估研究并写出地图和清单。 Assess a study; write maps and lists."""
    from parkgap.rerun import Means

    means = Means(fresh=fresh, workers=workers, scheduler=scheduler)
    shown = {"as_json": as_json, "quiet": quiet, "verbose": verbose}
    with _refusals(as_json):
        _run(study, out, lang, means, **shown, fail_under=fail_under)


@app.command("store")
def store_command(
    study: StudyArg = Path(),
    clear: Annotated[
        bool, typer.Option("--clear", help="清除保存的计算结果。 Throw away what is kept.")
    ] = False,
    older: Annotated[
        float | None,
        typer.Option(
            "--older-than",
            min=0,
            help="只清除这么多天未用的。 Only what was of no use for so many days.",
        ),
    ] = None,
    as_json: JsonOpt = False,
) -> None:
    """查看或清除保存的计算结果。 Show, or clear, what was computed before."""
    from parkgap.rerun import Means, store_of

    with _refusals(as_json):
        kept = store_of(_load(study, None), Means())
        if clear or older is not None:
            count, size = kept.clear((older or 0.0) * 86_400.0)
            said = {"removed": count, "bytes": size}
            text = f"已清除 {count} 项，{size / 1e6:.1f} MB / removed {count} entries"
        else:
            entries = kept.entries()
            stages: dict[str, list[int]] = {}
            for entry in entries:
                stages.setdefault(entry.stage, []).append(entry.bytes)
            said = {"entries": len(entries), "bytes": sum(e.bytes for e in entries)}
            lines = [f"{kept.folder}: {said['bytes'] / 1e6:.1f} MB"]
            lines += [f"{len(v):6}  {sum(v) / 1e6:9.1f} MB  {k}" for k, v in sorted(stages.items())]
            text = "\n".join(lines)
        _print_json(said) if as_json else typer.echo(text)


@app.command()
def check(
    study: StudyArg = Path(),
    lang: LangOpt = None,
    as_json: JsonOpt = False,
    quiet: QuietOpt = False,
) -> None:
    """检查全部输入，一次列出所有问题。 Check every input; list everything that is wrong."""
    from parkgap.check import check_study
    from parkgap.sources.report import texts

    with _refusals(as_json):
        with _progress(quiet=as_json or quiet) as tell:
            found = check_study(study, tell=tell)
        if as_json:
            _print_json(found.as_json())
        else:
            zh = (lang or found.language) == "zh"
            for head, problems in (
                ("错误 " if zh else "Error: ", found.errors),
                ("注意 " if zh else "Warning: ", found.warnings),
            ):
                for problem in problems:
                    typer.echo(head + texts(problem)[0 if zh else 1], err=True)
            if not quiet:
                _print_tables(found.tables, zh=zh)
                typer.echo(
                    f"{len(found.errors)} 个错误，{len(found.warnings)} 个警告"
                    if zh
                    else f"{len(found.errors)} errors, {len(found.warnings)} warnings"
                )
        if found.errors:
            raise typer.Exit(1)


@app.command()
def fetch(
    study: StudyArg = Path(),
    refresh: Annotated[
        bool, typer.Option("--refresh", help="重新下载最新数据。 Download the newest data again.")
    ] = False,
    as_json: JsonOpt = False,
    quiet: QuietOpt = False,
) -> None:
    """下载研究区地图（[osm] place 或 bbox）。 Download the map that [osm] place or bbox names."""
    with _refusals(as_json):
        loaded = _load(study, None)
        from parkgap.inputs import fetch_extract

        def tell(done: int, total: int, text: str) -> None:
            if not (quiet or as_json):
                typer.echo(f"[{done}/{total or '?'}] {text}", err=True)

        snapshot = fetch_extract(loaded, refresh=refresh, tell=tell)
        if snapshot is None:
            if not quiet:
                typer.echo(
                    f"研究自带地图文件，无需下载 / the study has its own map: {loaded.osm.file}"
                )
            return
        facts = snapshot.manifest
        if as_json:
            _print_json({"path": str(snapshot.path), **facts})
        elif not quiet:
            tiles, size = len(facts["tiles"]), facts["bytes"] / 1e6
            typer.echo(
                f"{snapshot.path}\n数据日期 {snapshot.data_date}，{tiles} 块，{size:.1f} MB / "
                f"data of {snapshot.data_date}, {tiles} tiles, {size:.1f} MB"
            )


@app.command()
def explain(
    study: StudyArg,
    park: Annotated[str, typer.Argument(help="园区编号或名称。 Park id or name.")],
    item: Annotated[str | None, typer.Argument(help="指标编号。 Item id.")] = None,
    lang: LangOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """逐项说明需要、找到和条款。 Say what was needed and found, by name and clause."""
    from parkgap.publish.explain import explain_park

    with _refusals(as_json):
        loaded = _load(study, lang)
        from parkgap.pipeline import Clock, compute
        from parkgap.rerun import Means, store_of

        with _progress(quiet=as_json) as tell:
            results = compute(loaded, Clock(tell), store=store_of(loaded, Means()))
        typer.echo(explain_park(results, park, item, as_json=as_json))


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="新的研究文件夹。 The new study folder.")
    ],
    lang: Annotated[
        Lang, typer.Option("--lang", help="模板语言。 Language of the template.")
    ] = "zh",
    example: Annotated[
        bool,
        typer.Option(
            "--example",
            help="写一个虚构的示范区，可立即运行。 Write a made-up district that runs at once.",
        ),
    ] = False,
) -> None:
    """新建研究文件夹（含样表）。 Make a study folder with commented sample files."""
    from parkgap.example import write_example
    from parkgap.template import write_template

    with _refusals(as_json=False):
        write = write_example if example else write_template
        for path in write(folder, language=lang):
            typer.echo(str(path))


@standards.command("list")
def standard_list(as_json: JsonOpt = False) -> None:
    """列出内置标准。 List the shipped standards."""
    from parkgap import standard

    with _refusals(as_json):
        rows = [(name, standard.load(name)) for name in standard.available()]
        if as_json:
            _print_json(
                [
                    {"id": n, "version": s.version, "zh": s.title_zh, "en": s.title_en}
                    for n, s in rows
                ]
            )
            return
        for name, s in rows:
            typer.echo(f"{name}  {s.version}  {s.title_zh} / {s.title_en}")


@standards.command("show")
def standard_show(
    source: Annotated[
        str, typer.Argument(help="标准名称或文件。 Name or file of a standard.")
    ] = "cn-industrial-15min",
    lang: Annotated[Lang, typer.Option("--lang")] = "zh",
) -> None:
    """显示限值、数量、条款、依据。 Show limits, counts, clauses and basis."""
    from parkgap import standard

    with _refusals(as_json=False):
        typer.echo(standard.explain(standard.load(_source(source)), lang))


@standards.command("check")
def standard_check(
    source: Annotated[str, typer.Argument(help="标准名称或文件。 Name or file of a standard.")],
) -> None:
    """检查标准文件，列出全部问题。 Check a standard's file; list everything that is wrong."""
    from parkgap import standard

    with _refusals(as_json=False):
        loaded = standard.load(_source(source))
        typer.echo(f"{loaded.id} {loaded.version}: {len(loaded.items)} 项通过检查 / items pass")


@standards.command("export")
def standard_export(
    name: Annotated[str, typer.Argument(help="内置标准名称。 Name of a shipped standard.")],
    path: Annotated[Path, typer.Argument(help="写到此文件。 File to write.")],
) -> None:
    """导出内置标准供修改。 Export a shipped standard for editing."""
    from parkgap import standard

    with _refusals(as_json=False):
        standard.export(name, path)
        typer.echo(str(path))


def _source(text: str) -> str | Path:
    return Path(text) if text.lower().endswith((".yaml", ".yml")) else text


def _load(path: Path, lang: str | None) -> Study:
    from parkgap.study import load_study

    study = load_study(path)
    return study if lang is None else study.model_copy(update={"language": lang})


def _demo_folder() -> Path:
    """Find the embedded study: inside the installed package, or beside it in a checkout."""
    package = Path(parkgap.__file__).parent
    places = (package / "data" / "neubrandenburg", package.parents[1] / "data" / "neubrandenburg")
    for place in places:
        if (place / "study.toml").is_file():
            return place
    raise InputError(
        "内置示例不在安装包中，请重新安装 / the embedded study is missing; install parkgap again"
    )


def _run(
    path: Path,
    out: Path | None,
    lang: str | None,
    means: Means,
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    fail_under: float | None = None,
) -> None:
    study = _load(path, lang)
    folder = out if out is not None else Path("maps") / study.name
    from parkgap import rerun

    with _progress(quiet=quiet or as_json) as tell:
        outcome = rerun.run(study, folder, means, tell=tell)
    if verbose and not as_json:
        for stage in outcome.stages:
            reused = f"  ({', '.join(stage.reused)})" if stage.reused else ""
            typer.echo(f"{stage.seconds:7.2f} s  {stage.name}{reused}", err=True)
    if outcome.trouble and not quiet:
        typer.echo(
            f"计算结果未能保存，下次将重新计算 / nothing could be kept for the next run: "
            f"{outcome.trouble}",
            err=True,
        )
    found = rerun.summary(folder)
    if as_json:
        _print_json(_summary(found, folder) | {"unchanged": outcome.reused})
    elif not quiet:
        _print_summary(study, found, folder)
        if outcome.reused:
            typer.echo(
                "输入未变，结果未改动。"
                if study.language == "zh"
                else "Nothing has changed; the results are as they were."
            )
    if fail_under is not None:
        high = {r["park_id"]: r["score_high"] for r in found.ranking}
        low = [park for park, score in high.items() if score is not None and score < fail_under]
        if low:
            typer.echo(f"score_high < {fail_under:g}: {', '.join(low)}", err=True)
            raise typer.Exit(3)


def _summary(found: Summary, folder: Path) -> dict[str, object]:
    return {
        "folder": folder.as_posix(),
        "parks": len(found.ranking),
        "ranked": sum(r["rank"] is not None for r in found.ranking),
        "counts": found.counts,
        "warnings": found.warnings,
        "ranking": found.ranking,
    }


def _print_summary(study: Study, found: Summary, folder: Path) -> None:
    from parkgap.standard import load

    zh = study.language == "zh"
    ranked = [r for r in found.ranking if r["rank"] is not None]
    for text in found.warnings:
        typer.echo(("注意：" if zh else "Note: ") + text["zh" if zh else "en"], err=True)
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


def _print_tables(tables: list[dict[str, Any]], *, zh: bool) -> None:
    """Say which heading of every table was matched to what."""
    for table in tables:
        sheet = f" [{table['sheet']}]" if table["sheet"] is not None else ""
        rows = f"{table['rows']} 行" if zh else f"{table['rows']} rows"
        typer.echo(f"[{table['section']}] {table['file']}{sheet}: {rows}")
        pairs = (f"{k} = {' '.join(str(v).split())}" for k, v in table["columns"].items())
        typer.echo(f"    {'; '.join(pairs)}")


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


@contextmanager
def _refusals(as_json: bool) -> Iterator[None]:
    """Turn what parkgap refuses into one message and exit code 1."""
    try:
        yield
    except ParkgapError as error:
        if as_json:
            problems: Sequence[object] = (error,)
            if isinstance(error, InputError | ShardError):
                problems = error.problems
            _print_json({"errors": [str(p) for p in problems]})
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
            _print_json({"errors": [text]})
        else:
            typer.echo(text, err=True)
        raise typer.Exit(1) from None


_STAGES = {
    "standard": "读取标准 standard",
    "tables": "读取表格 tables",
    "osm": "读取地图数据 OpenStreetMap",
    "reach": "路网、设施、步行可达 streets, facilities, reach",
    "gather": "汇总 gather",
    "assess": "评估 assess",
    "maps": "地图 maps",
    "lists": "清单 lists",
    "workbook": "工作簿 workbook",
    "geopackage": "GeoPackage",
    "record": "记录 record",
}


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
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


def main() -> None:
    """Run the command line; a console that lacks a character shows a stand-in for it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()
