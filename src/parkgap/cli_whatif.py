"""``parkgap whatif``: flags and words; no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parkgap.cli_options import (
    FailOpt,
    FreshOpt,
    JsonOpt,
    LangOpt,
    QuietOpt,
    StudyArg,
    VerboseOpt,
    WorkersOpt,
)
from parkgap.console import Shown, report, say_notes

if TYPE_CHECKING:
    from parkgap.cli_compare import Tools
    from parkgap.study import Study


def register(app: typer.Typer, tools: Tools, load: Callable[[Path, str | None], Study]) -> None:
    """Add the command to the program."""

    @app.command()
    def whatif(
        study: StudyArg,
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
        lang: LangOpt = None,
        as_json: JsonOpt = False,
        quiet: QuietOpt = False,
        verbose: VerboseOpt = False,
        fail_under: FailOpt = None,
        fresh: FreshOpt = False,
        workers: WorkersOpt = 0,
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
