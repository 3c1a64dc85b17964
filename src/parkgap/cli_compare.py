"""``parkgap compare``, and the flags of ``run`` that name earlier results; no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from parkgap.cli_options import JsonOpt, QuietOpt
from parkgap.console import say_notes

if TYPE_CHECKING:
    from parkgap.replay import Asked
    from parkgap.study import Study

BaseOpt = Annotated[
    Path | None,
    typer.Option(
        "--base",
        help="与此结果文件夹比较，默认为将被替换的结果。 "
        "Results to compare with; default: those that are replaced.",
    ),
]
FromOpt = Annotated[
    Path | None,
    typer.Option(
        "--from", help="按 run.json 原样重做。 Repeat the run of a run.json, or say what differs."
    ),
]


@dataclass(frozen=True)
class Tools:
    """What every command needs: how refusals, progress and JSON are shown."""

    refusals: Callable[[bool], AbstractContextManager[None]]
    progress: Callable[[bool], AbstractContextManager[Callable[[str], None]]]
    print_json: Callable[[object], None]


def find_asked(
    path: Path,
    source: Path | None,
    base: Path | None,
    lang: str | None,
    load: Callable[[Path, str | None], Study],
) -> Asked:
    """Find what is to be run: the study as it is, or as a record says that it was."""
    from parkgap import replay

    if source is None:
        return replay.Asked(load(path, lang), replay.read_base(base))
    if lang is not None:
        raise typer.BadParameter("--lang 与 --from 不能同用 / --lang and --from exclude each other")
    return replay.asked(path, source, base)


def register(app: typer.Typer, tools: Tools) -> None:
    """Add the command to the program."""

    @app.command()
    def compare(
        before: Annotated[
            Path, typer.Argument(metavar="A", help="较早的结果。 The earlier results.")
        ],
        after: Annotated[Path, typer.Argument(metavar="B", help="较新的结果。 The later results.")],
        like_for_like: Annotated[
            bool,
            typer.Option(
                "--like-for-like",
                help="按 B 的规则重判 A，须给 --study。 Judge A by B's rules; needs --study.",
            ),
        ] = False,
        study: Annotated[
            Path | None, typer.Option("--study", help="A 的研究文件夹。 The study folder of A.")
        ] = None,
        standard: Annotated[
            Path | None,
            typer.Option("--standard", help="B 自带的标准文件。 B's own standard file, if any."),
        ] = None,
        out: Annotated[
            Path | None, typer.Option("--out", help="另写 CSV 文件。 Write a CSV file too.")
        ] = None,
        lang: Annotated[
            Literal["zh", "en"] | None,
            typer.Option("--lang", help="输出语言。 Language of what is printed."),
        ] = None,
        as_json: JsonOpt = False,
        quiet: QuietOpt = False,
    ) -> None:
        """比较两次结果：变化与原因。 Compare two results: what changed, and why."""
        if like_for_like != (study is not None):
            raise typer.BadParameter("--like-for-like 与 --study 须同用 / go together")
        if standard is not None and not like_for_like:
            raise typer.BadParameter(
                "--standard 须与 --like-for-like 同用 / --standard needs --like-for-like"
            )
        from parkgap import compare as comparing

        with tools.refusals(as_json):
            if study is None:
                found = comparing.compare_folders(before, after)
            else:
                with tools.progress(quiet or as_json) as tell:
                    found = comparing.compare_like_for_like(
                        before, after, study, standard=standard, tell=tell
                    )
            if out is not None:
                found.write(out, lang)
            say_notes(found.notes, lang or found.after.record["study"]["language"])
            if as_json:
                tools.print_json(found.as_json(lang))
            elif not quiet:
                typer.echo("\n".join(found.lines(lang)))
