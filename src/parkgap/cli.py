"""The command line: flags, progress, exit codes; no logic of its own.

Exit codes: 0 done; 1 input or data refused; 2 usage; 3 done, but a park is under ``--fail-under``;
4 a part of a run on workers failed, the earlier results stand.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import parkgap
from parkgap.cli_compare import BaseOpt, FromOpt, Tools, find_asked, register
from parkgap.cli_options import (
    FailOpt,
    FreshOpt,
    JsonOpt,
    Lang,
    LangOpt,
    OutOpt,
    PdfOpt,
    QuietOpt,
    SchedulerOpt,
    StudyArg,
    VerboseOpt,
    WorkersOpt,
)
from parkgap.cli_whatif import register as register_whatif
from parkgap.console import (
    Shown,
    print_json,
    print_tables,
    progress,
    refusals,
    report,
    say_notes,
)
from parkgap.errors import InputError
from parkgap.whatif import default_out

if TYPE_CHECKING:
    from parkgap.rerun import Means
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
    with refusals(as_json):
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
    pdf: PdfOpt = False,
    base: BaseOpt = None,
    source: FromOpt = None,
) -> None:
    """评估研究并写出地图和清单。 Assess a study; write maps and lists."""
    from parkgap.rerun import Means

    means = Means(fresh=fresh, workers=workers, scheduler=scheduler, pdf=pdf)
    shown = {"as_json": as_json, "quiet": quiet, "verbose": verbose}
    with refusals(as_json):
        _run(study, out, lang, means, **shown, fail_under=fail_under, base=base, source=source)


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

    with refusals(as_json):
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
        print_json(said) if as_json else typer.echo(text)


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

    with refusals(as_json):
        with progress(quiet=as_json or quiet) as tell:
            found = check_study(study, tell=tell)
        if as_json:
            print_json(found.as_json())
        else:
            zh = (lang or found.language) == "zh"
            for head, problems in (
                ("错误 " if zh else "Error: ", found.errors),
                ("注意 " if zh else "Warning: ", found.warnings),
            ):
                for problem in problems:
                    typer.echo(head + texts(problem)[0 if zh else 1], err=True)
            if not quiet:
                print_tables(found.tables, zh=zh)
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
    with refusals(as_json):
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
            print_json({"path": str(snapshot.path), **facts})
        elif not quiet:
            tiles, size = len(facts["tiles"]), facts["bytes"] / 1e6
            typer.echo(
                f"{snapshot.path}\n数据日期 {snapshot.data_date}，{tiles} 块，{size:.1f} MB / "
                f"data of {snapshot.data_date}, {tiles} tiles, {size:.1f} MB"
            )


@app.command()
def watch(
    study: StudyArg = Path(),
    out: OutOpt = None,
    lang: LangOpt = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="在本机网页中显示结果。 Show the results on 127.0.0.1.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="网页端口，默认任取。 Its port; any free one."),
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="打开浏览器。 Open the browser.")
    ] = False,
    poll: Annotated[
        bool, typer.Option("--poll", help="网络盘：逐个查看文件。 For network drives.")
    ] = False,
    quiet: QuietOpt = False,
) -> None:
    """监视输入文件，改动后自动重新运行。 Run again whenever an input changes; Ctrl-C ends it."""
    from parkgap.watch_study import Desk, watch_study

    with refusals(as_json=False):
        watch_study(
            study,
            lambda loaded: out if out is not None else Path("maps") / loaded.name,
            Desk(
                lambda said, kind: (
                    None if quiet and kind != "broken" else typer.echo(" / ".join(said), err=True)
                ),
                lambda: progress(quiet=quiet),
                typer.launch if open_page else None,
            ),
            language=lang,
            port=(port or 0) if serve or port is not None else None,
            poll=poll,
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

    with refusals(as_json):
        loaded = _load(study, lang)
        from parkgap.pipeline import Clock, compute
        from parkgap.rerun import Means, store_of

        with progress(quiet=as_json) as tell:
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
    place: Annotated[
        str | None,
        typer.Option(
            "--place",
            help="首次运行时按此地名下载地图，如 青岛市黄岛区。 "
            "Place whose map the first run downloads.",
        ),
    ] = None,
) -> None:
    """新建研究文件夹（含样表）。 Make a study folder with commented sample files."""
    from parkgap.example import write_example
    from parkgap.template import write_template

    if example and place is not None:
        raise typer.BadParameter("--place / --example: 二者取一 / one of the two")
    with refusals(as_json=False):
        written = (
            write_example(folder, language=lang)
            if example
            else write_template(folder, language=lang, place=place)
        )
        for path in written:
            typer.echo(str(path))


@standards.command("list")
def standard_list(as_json: JsonOpt = False) -> None:
    """列出内置标准。 List the shipped standards."""
    from parkgap import standard

    with refusals(as_json):
        rows = [(name, standard.load(name)) for name in standard.available()]
        if as_json:
            print_json(
                [
                    {
                        "id": n,
                        "version": s.version,
                        "zh": s.title_zh,
                        "en": s.title_en,
                        "tests": sum(len(i.tests) for i in s.items),
                        "unconfirmed": len(s.unconfirmed),
                    }
                    for n, s in rows
                ]
            )
            return
        for name, s in rows:
            typer.echo(f"{name}  {s.version}  {s.title_zh} / {s.title_en}")
            tests, doubtful = sum(len(i.tests) for i in s.items), len(s.unconfirmed)
            if doubtful:
                typer.echo(
                    f"    {tests} 条检验中 {doubtful} 条未经原文核实 / "
                    f"{doubtful} of {tests} tests are not confirmed in the original text"
                )


@standards.command("show")
def standard_show(
    source: Annotated[
        str, typer.Argument(help="标准名称或文件。 Name or file of a standard.")
    ] = "cn-industrial-15min",
    lang: Annotated[Lang, typer.Option("--lang")] = "zh",
) -> None:
    """显示限值、数量、条款、依据。 Show limits, counts, clauses and basis."""
    from parkgap import standard

    with refusals(as_json=False):
        typer.echo(standard.explain(standard.load(_source(source)), lang))


@standards.command("check")
def standard_check(
    source: Annotated[str, typer.Argument(help="标准名称或文件。 Name or file of a standard.")],
) -> None:
    """检查标准文件，列出全部问题。 Check a standard's file; list everything that is wrong."""
    from parkgap import standard

    with refusals(as_json=False):
        loaded = standard.load(_source(source))
        typer.echo(f"{loaded.id} {loaded.version}: {len(loaded.items)} 项通过检查 / items pass")


@standards.command("export")
def standard_export(
    name: Annotated[str, typer.Argument(help="内置标准名称。 Name of a shipped standard.")],
    path: Annotated[Path, typer.Argument(help="写到此文件。 File to write.")],
) -> None:
    """导出内置标准供修改。 Export a shipped standard for editing."""
    from parkgap import standard

    with refusals(as_json=False):
        standard.export(name, path)
        typer.echo(str(path))


def _source(text: str) -> str | Path:
    from parkgap.study_files import is_standard_file

    return Path(text) if is_standard_file(text) else text


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
    base: Path | None = None,
    source: Path | None = None,
) -> None:
    asked = find_asked(path, source, base, lang, _load)
    study = asked.study
    folder = out if out is not None else default_out(study)
    from parkgap import rerun

    say_notes(asked.notes, study.language)
    with progress(quiet=quiet or as_json) as tell:
        outcome = rerun.run(study, folder, means, asked=asked, tell=tell)
    report(study, folder, outcome, Shown(as_json, quiet, verbose, fail_under))


_TOOLS = Tools(refusals, lambda quiet: progress(quiet=quiet), print_json)
register(app, _TOOLS)
register_whatif(app, _TOOLS, _load)


def main() -> None:
    """Run the command line; a console that lacks a character shows a stand-in for it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # A run makes millions of objects and few cycles: looking for cycles at Python's default of
    # every 700 new objects takes a tenth of its time.
    gc.set_threshold(50_000, 20, 100)
    try:
        app()
    finally:
        gc.freeze()  # nor is a last look for them worth anything when the process ends
