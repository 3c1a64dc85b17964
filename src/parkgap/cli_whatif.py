"""``parkgap whatif``: flags and words; no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from parkgap.console import Shown, report, say_notes

if TYPE_CHECKING:
    from parkgap.cli_compare import Tools
    from parkgap.study import Study


def register(app: typer.Typer, tools: Tools, load: Callable[[Path, str | None], Study]) -> None:
    """Add the command to the program."""

    @app.command()
    def whatif(
        study: Annotated[
            Path, typer.Argument(help="研究文件夹或 study.toml。 A study folder or its study.toml.")
        ],
        plan: Annotated[
            Path,
            typer.Argument(
                metavar="PLAN", help="计划：CSV、Excel 或 GeoJSON。 The plan: CSV, Excel, GeoJSON."
            ),
        ],
        crs: Annotated[
            str | None,
            typer.Option(
                "--crs",
                help="计划中坐标的坐标系，如 GCJ02。 Datum of the plan's coordinates, as WGS84.",
            ),
        ] = None,
        out: Annotated[
            Path | None,
            typer.Option(
                "--out",
                help="结果文件夹，默认 maps/<名称>-whatif-<计划>。 "
                "Result folder, default maps/<name>-whatif-<plan>.",
            ),
        ] = None,
        base: Annotated[
            Path | None,
            typer.Option(
                "--base",
                help="现状结果文件夹，默认 maps/<名称>；缺失则先运行现状。 Results of the "
                "present state, default maps/<name>; made first if missing.",
            ),
        ] = None,
        lang: Annotated[
            Literal["zh", "en"] | None,
            typer.Option("--lang", help="结果语言。 Language of the results."),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出。 Print JSON.")] = False,
        quiet: Annotated[
            bool, typer.Option("-q", "--quiet", help="只输出错误。 Print errors only.")
        ] = False,
        verbose: Annotated[
            bool,
            typer.Option("-v", "--verbose", help="输出各步骤耗时。 Print the time of each stage."),
        ] = False,
        fail_under: Annotated[
            float | None,
            typer.Option(
                "--fail-under",
                min=0,
                max=100,
                help="任一园区 score_high 低于此值则退出码为 3。 "
                "Exit with 3 where a park's score_high is lower.",
            ),
        ] = None,
        fresh: Annotated[
            bool,
            typer.Option("--fresh", help="不用以前的计算结果。 Use nothing computed before."),
        ] = False,
        workers: Annotated[
            int,
            typer.Option("--workers", min=0, help="并行的进程数。 Processes that share the work."),
        ] = 0,
    ) -> None:
        """方案推演：假设计划已实施再评估，并与现状比较。 Try a plan against the present state."""
        from parkgap import whatif as trying
        from parkgap.rerun import Means

        with tools.refusals(as_json):
            present, worded = load(study, None), load(study, lang)
            planned = trying.with_plan(worded, plan, crs)
            folder = trying.default_out(planned) if out is None else out
            with tools.progress(quiet or as_json) as tell:
                tried = trying.try_plan(
                    *(present, planned, folder, base, Means(fresh=fresh, workers=workers)),
                    tell=tell,
                    say=lambda said: None if quiet else say_notes([said], planned.language),
                )
            changes = trying.changes_of(folder)
            if not (quiet or as_json):
                _say(changes, tried.base, zh=planned.language == "zh")
            report(
                *(planned, folder, tried.outcome),
                Shown(as_json, quiet, verbose, fail_under),
                {"base": tried.base.as_posix(), "base_run": tried.renewed, "changes": changes},
            )


def _say(changes: list[dict[str, str]], base: Path, *, zh: bool) -> None:
    """Say how much the plan changes."""
    parks = len({row["park_id"] for row in changes})
    typer.echo(
        f"与现状（{base.as_posix()}）相比：{parks} 个园区，{len(changes)} 项变化"
        if zh
        else f"Against the present state ({base.as_posix()}): {parks} parks, {len(changes)} changes"
    )
