"""Flags that several commands have: one wording, one type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

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
PdfOpt = Annotated[
    bool, typer.Option("--pdf", help="另将报告打印为 PDF。 Print the report as PDF too.")
]
SchedulerOpt = Annotated[
    str | None,
    typer.Option("--scheduler", help="Dask 调度器地址 tcp://…。 Address of a Dask scheduler."),
]
