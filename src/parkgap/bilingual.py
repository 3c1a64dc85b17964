"""The same study in the other language, for the pages that can be switched between the two.

Clauses, evidence and the names of places are worded while a park is judged, so that pages in
another language are made from a run in that language: streets, tables and the extract come from
the store, and what is judged is judged again.  Nothing is translated afterwards, and a page says
to the letter what it would say had the whole study been run in its language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parkgap.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from parkgap.results import Results
    from parkgap.study import Study

OTHER = {"zh": "en", "en": "zh"}


def in_other_language(
    study: Study, results: Results, compute: Callable[[Study], Results]
) -> Results | None:
    """Compute a study once more in the other language; None where it does not ask for that.

    Parameters
    ----------
    study
        The study as it was asked.
    results
        What was found, in its own language.
    compute
        Computes a study.

    Raises
    ------
    InputError
        An input was changed since `results` were computed: the two would be of two states.
    """
    if not study.both_languages:
        return None
    second = compute(study.model_copy(update={"language": OTHER[study.language]}))
    if second.inputs != results.inputs:
        raise InputError(
            Problem(
                what="读取期间文件被改动 / the file was changed while it was read",
                file=", ".join(sorted(dict(second.inputs.items() ^ results.inputs.items()))),
                remedy="保存完毕后重新运行 / run again when it is saved",
            )
        )
    return second
