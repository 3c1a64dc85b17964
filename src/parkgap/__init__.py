"""parkgap: what industrial parks lack for their workers within a 15-minute walk.

The same from Python as from the command line::

    study = parkgap.load_study("my-study")
    frames = parkgap.run(study)
    frames = parkgap.read_results("maps/my-study")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from parkgap.study import Study

__version__ = "0.1.0"
__all__ = ["__version__", "load_study", "read_results", "run"]


def load_study(path: str | Path) -> Study:
    """Read and check ``study.toml``; see :func:`parkgap.study.load_study`."""
    from parkgap.study import load_study as load

    return load(Path(path))


def run(
    study: Study,
    out: str | Path | None = None,
    *,
    fresh: bool = False,
    workers: int = 0,
    scheduler: str | None = None,
) -> dict[str, pd.DataFrame]:
    """Run a study and write its results; what has not changed is not done again.

    Parameters
    ----------
    study
        A loaded study.
    out
        Result folder; ``maps/<study name>`` below the current directory by default.
    fresh
        Use nothing that was computed before.
    workers
        Processes that share the work; 0: this one alone.
    scheduler
        Address of a Dask scheduler whose workers do it instead.

    Returns
    -------
    The lists, as :func:`read_results` reads them.

    Raises
    ------
    InputError
        An input is refused; nothing was written.
    OutputError
        The results cannot be written; earlier ones are intact.
    ShardError
        A part of the work failed on a worker; nothing was replaced.
    """
    from parkgap.rerun import Means
    from parkgap.rerun import run as rerun

    folder = Path(out) if out is not None else Path("maps") / study.name
    rerun(study, folder, Means(fresh=fresh, workers=workers, scheduler=scheduler))
    return read_results(folder)


def read_results(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Read a result folder back as typed frames, after checking every file of it.

    Parameters
    ----------
    folder
        A result folder, or its ``run.json``.

    Returns
    -------
    Frames by name: ``ranking``, ``shortfall``, ``rollup``, ``assessment``, ``facilities``,
    ``nearby``, ``gates``, ``outlines``, ``closed``, ``housing`` and ``sites`` where the study asks
    for them, and ``changes`` where the run was compared with an earlier one
    (``docs/data-dictionary.md``).

    Raises
    ------
    InputError
        There are no results, or a file is missing or was changed after the run; it is named.
    """
    from parkgap.publish.reading import read_published

    return dict(read_published(Path(folder)).frames)
