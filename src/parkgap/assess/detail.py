"""Lay open how one item of one park was judged: by which groups, along which walks, when open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.groups import SLACK, WORK
from parkgap.crews import NO_PATTERN
from parkgap.details import Detail
from parkgap.openness import WINDOWS

if TYPE_CHECKING:
    from parkgap.assess.items import Assessor, Judged

Ints = npt.NDArray[np.int64]
_PLACES = 8  # nearest places that are told


def detail(assessor: Assessor, item_id: str) -> Detail:
    """Lay open one item of the only park that an assessor stands on."""
    judged = assessor.judge(assessor.standard.item(item_id))
    return Detail(_crowds(assessor, judged), _places(assessor, judged))


def _crowds(assessor: Assessor, judged: Judged) -> pd.DataFrame:
    groups, counts, rows = assessor.groups, judged.counts, []
    for end, use in judged.ends.used:
        whole = assessor.workers[0] if end == "work" else assessor.residents[0]
        for crew, shift in enumerate(groups.name):
            of = groups.of_crew(crew)
            of = of[use[of]]
            people = whole * groups.part[crew] * groups.share[of]
            if not len(of):
                continue
            for t, test in enumerate(judged.item.tests):
                served = float(people[counts.met[of, t]].sum())
                rows.append(
                    {
                        "end": end,
                        "shift": shift,
                        "groups": len(of),
                        "workers": float(people.sum()),
                        "limit": test.limit,
                        "unit": test.unit,
                        "needed": float(counts.needed[of, t].max()),
                        "least": float(counts.sure[of, t].min()),
                        "most": float(counts.found[of, t].max()),
                        "served": served if np.isfinite(whole) else np.nan,
                    }
                )
    return _told(pd.DataFrame(rows), assessor.min_workers)


def _told(crowds: pd.DataFrame, min_workers: int) -> pd.DataFrame:
    """Leave out ends at which a shift is of few workers, and figures that would give few away.

    Of one shift alone nothing is left out: the others, and the whole, would tell.
    """
    if crowds.empty:
        return crowds
    few = crowds["workers"].between(0, min_workers, inclusive="neither")
    crowds = crowds[~few.groupby(crowds["end"]).transform("any")]
    rest = crowds["workers"] - crowds["served"]
    part = crowds["served"].where(crowds["served"] < rest, rest)
    close = part.between(SLACK, min_workers - SLACK, inclusive="neither")
    keys = [crowds[c] for c in ("end", "limit", "unit")]
    hidden = close.groupby(keys).transform("any")
    return crowds.assign(served=crowds["served"].mask(hidden)).reset_index(drop=True)


def _places(assessor: Assessor, judged: Judged) -> pd.DataFrame:
    """Nearest places, by the least walk from any workplace that may be told."""
    told = (assessor.g.origins["kind"] == "work").to_numpy(dtype=bool) & ~assessor.g.hidden
    walks = pd.DataFrame(
        {
            "place": judged.rows.facility,
            "metres": judged.rows.metres,
            "minutes": judged.rows.minutes,
        }
    )[told[judged.rows.origin]]
    near = walks.groupby("place", as_index=False).min().sort_values(["metres", "place"])
    near = near.head(_PLACES).reset_index(drop=True)
    place = near["place"].to_numpy(dtype=np.int64)
    facilities = assessor.g.facilities.iloc[place]
    return pd.DataFrame(
        {
            "facility_id": facilities["facility_id"].to_numpy(),
            "name": facilities["name"].to_numpy(),
            "metres": near["metres"].to_numpy(),
            "minutes": near["minutes"].to_numpy(),
            "hours": facilities["opening_hours"].to_numpy(dtype=object),
            "open": _open(assessor, judged, place, near["minutes"].to_numpy(dtype=float)),
        }
    )


def _open(
    assessor: Assessor, judged: Judged, place: Ints, minutes: npt.NDArray[np.float64]
) -> list[dict[str, dict[str, float]]]:
    """Minutes that each shift may spend at each place in each free time that counts."""
    times, groups = assessor.g.times, assessor.groups
    out: list[dict[str, dict[str, float]]] = [{} for _ in place]
    if times.openness is None or not times.bears_on(judged.item.id):
        return out
    here = judged.where[judged.ends.work]
    windows, _ = times.visit(judged.item.id, str(here[0]) if len(here) else WORK)
    walk = np.where(np.isfinite(minutes), minutes, np.nan)
    for shift, pattern in zip(groups.name, groups.pattern, strict=True):
        if pattern == NO_PATTERN:
            continue
        stay = times.openness.time_there(place, int(pattern), walk)
        told = (times.openness.known | times.openness.assumed)[place, int(pattern)]
        stay = np.where(told, np.maximum(stay, 0.0), np.nan)
        for own, row in zip(out, stay, strict=True):
            own[str(shift)] = {WINDOWS[w]: float(row[w]) for w in windows}
    return out
