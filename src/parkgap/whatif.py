"""``parkgap whatif``: a study with a plan as if carried out, against the study as it is."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from parkgap.errors import InputError, Problem

if TYPE_CHECKING:
    from parkgap.rerun import Means, Outcome
    from parkgap.study import Study

Tell = Callable[[str], None]
Said = tuple[str, str]

_FOLDER = Path("maps")
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_LONGEST = 60  # characters of a plan's name in that of its result folder
_LANGUAGES = ("zh", "en")


def default_out(study: Study) -> Path:
    """Say where results land: ``maps/<name>``, of a what-if ``maps/<name>-whatif-<plan>``."""
    if study.whatif is None:
        return _FOLDER / study.name
    stem = _UNSAFE.sub("-", Path(study.whatif.file).stem).strip(". ")[:_LONGEST].rstrip(". ")
    return _FOLDER / f"{study.name}-whatif-{stem or 'plan'}"


def with_plan(study: Study, plan: Path, crs: str | None = None) -> Study:
    """Return the study with a plan to try.

    Parameters
    ----------
    study
        A loaded study.
    plan
        The plan's file.
    crs
        Datum of its coordinates, as in ``study.toml``; None: the file says it, or has none.

    Raises
    ------
    InputError
        There is no such file, or no such datum.
    """
    from pydantic import ValidationError

    from parkgap.study import WhatIf

    if not plan.is_file():
        raise InputError(
            Problem(
                what="这是文件夹，不是文件 / this is a folder, not a file"
                if plan.is_dir()
                else "找不到计划文件 / the plan is not there",
                file=plan,
                remedy="核对文件名 / check the file's name",
            )
        )
    whole, root = plan.resolve(), study.root.resolve()
    name = whole.relative_to(root).as_posix() if whole.is_relative_to(root) else plan.name
    try:
        whatif = WhatIf(file=name, crs=crs, path=plan)
    except ValidationError:
        raise InputError(
            Problem(
                what="不认识的坐标系 / unknown coordinate system",
                column="--crs",
                value=crs,
                rule="WGS84, GCJ02, BD09, BD09MC, CGCS2000, EPSG:n",
                remedy="改正 --crs / correct --crs",
            )
        ) from None
    return study.model_copy(update={"whatif": whatif})


@dataclass(frozen=True)
class Tried:
    """What trying a plan did.

    Attributes
    ----------
    outcome
        Of the run with the plan.
    base
        The folder of the study as it is.
    renewed
        Whether that had to be run first.
    """

    outcome: Outcome
    base: Path
    renewed: bool


def try_plan(
    study: Study,
    planned: Study,
    out: Path,
    base: Path | None = None,
    means: Means | None = None,
    *,
    tell: Tell = lambda _: None,
    say: Callable[[Said], None] = lambda _: None,
) -> Tried:
    """Run a plan into a folder, against the results of the study as it is.

    Parameters
    ----------
    study, planned
        The study as it is, and with the plan (:func:`with_plan`).
    out
        Result folder of the what-if.
    base
        That of the study as it is; None: its usual one.  Results that are missing are made first,
        and so are outdated ones in the usual folder; in a named one they may be somebody's archive.
    means
        With what.
    tell, say
        Called with the name of each stage, and with what the user must know (zh, en).

    Raises
    ------
    InputError
        An input or the plan is refused, or `base` holds something else; nothing was written there.
    OutputError
        The results cannot be written; the earlier ones are intact.
    """
    from parkgap import rerun
    from parkgap.inputs import with_extract
    from parkgap.publish.turn import settle
    from parkgap.replay import Asked, read_base

    means = means or rerun.Means()
    here = default_out(study) if base is None else base
    _apart(study, here, out)
    study = with_extract(study, lambda _done, _all, text: tell(text))
    planned = planned.model_copy(update={"osm": study.osm})
    settle(here, tell)
    # A base in the other language says the same: causes and figures have none.
    spoken = [study.model_copy(update={"language": lang}) for lang in _LANGUAGES]
    renewed = not any(rerun.unchanged(one, here) for one in spoken)
    if renewed:
        if base is not None:
            _not_kept(base)
        say(
            (
                f"现状结果缺失或已过期，先运行现状：{here}",
                f"The results of the present state are missing or out of date; run first: {here}",
            )
        )
        rerun.run(study, here, means, tell=tell)
    settle(out, tell)
    if not means.fresh and _is_done(planned, out, here):
        return Tried(rerun.Outcome(folder=out, reused=True), here, renewed)
    asked = Asked(planned, read_base(here))
    return Tried(rerun.run(planned, out, means, asked=asked, tell=tell), here, renewed)


def _apart(study: Study, base: Path, out: Path) -> None:
    """Refuse to write a what-if over its base, or a base over somebody else's results."""
    from parkgap import rerun

    record = rerun.record_of(base)
    name = record.get("study", {}).get("name", study.name)
    if "whatif" in record or name != study.name:
        raise InputError(
            Problem(
                what="此处不是本研究的现状结果 / these are not results of this study as it is",
                file=base / "run.json",
                value=record.get("whatif", {}).get("file") or name,
                rule=f"study.name = {study.name}",
                remedy="换一个 --base，或省略 / name another --base, or leave it out",
            )
        )
    if out.resolve() == base.resolve():
        raise InputError(
            Problem(
                what="方案结果与现状结果不能是同一文件夹 / "
                "the results of the plan and of the present state need two folders",
                column="--out",
                value=out.as_posix(),
                remedy="换一个 --out / name another --out",
            )
        )


def _not_kept(base: Path) -> None:
    """Refuse to write over results that somebody named and that are of an earlier state."""
    from parkgap.publish.record import RUN_FILE

    if (base / RUN_FILE).exists():  # a damaged record is somebody's, too
        raise InputError(
            Problem(
                what="现状结果已过期或被改动，不予覆盖 / "
                "these results are out of date or were changed, and are not replaced",
                file=base / "run.json",
                remedy="先运行 parkgap run STUDY --out DIR，或省略 --base / "
                "run parkgap run STUDY --out DIR first, or leave --base out",
            )
        )


def _is_done(planned: Study, out: Path, base: Path) -> bool:
    """Tell whether a folder holds this plan's results against this very base."""
    from parkgap import rerun

    compared = rerun.record_of(out).get("compared_with") or {}
    same = compared.get("seal") == rerun.record_of(base).get("seal")
    return same and rerun.unchanged(planned, out)


def changes_of(folder: Path) -> list[dict[str, str]]:
    """Read the rows of a folder's ``changes.csv``; none where nothing changed."""
    from parkgap.publish.cells import unguard

    path = folder / "changes.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{k: unguard(v) for k, v in row.items()} for row in csv.DictReader(file)]
