"""What leaves the program: the one place where results become those of an edition.

No publisher knows of editions but for the mark that it prints.  Everything that is said of people
passes :func:`released` first; which columns speak of people, the schemas say
(:attr:`parkgap.frames.Column.counts`).  Rules and reasons: docs/method.md, "What is withheld".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.ranking import finest, whole
from parkgap.assess.rollup import LEVELS
from parkgap.edition_firms import Firms, without_firms
from parkgap.edition_frames import SHARES, frame_of, published, to_multiples, with_frames
from parkgap.edition_map import on_public_map

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parkgap.results import Results
    from parkgap.sensitive import Left

Bools = npt.NDArray[np.bool_]

_COUNTS = frozenset({"workers", "part", "sum"})


def released(results: Results, enterprises: pd.DataFrame, left: Left | None = None) -> Results:
    """Withhold from results what their edition may not tell.

    Parameters
    ----------
    results
        As computed, figures of few workers left out where they arise.
    enterprises
        Of :data:`parkgap.frames.ENTERPRISES`, with which they were computed.
    left
        Sensitive features around the parks; None in the internal edition.

    Returns
    -------
    Results
        Every number of workers empty, 0, or at least ``privacy.min_workers``; of homes none that
        changes by fewer.  Of the public edition besides: nothing that tells one enterprise's
        headcount, nothing sensitive, coordinates rounded.
    """
    few = results.study.privacy.min_workers
    results = _without_few(_of_homes(results, few), few)
    if results.study.edition != "public":
        return results
    share = results.study.privacy.p_percent / 100
    results = without_firms(results, Firms.of(results.parks, enterprises, share))
    return on_public_map(results, left)


# --- few workers, in every edition ---------------------------------------------------------------


def _without_few(results: Results, few: int) -> Results:
    """Empty every number of workers that stands for fewer than `few`, whoever left it there.

    Where it is emptied, so are the shares that would give it back.
    """
    changed = {}
    for path, schema, frame in published(results):
        names = [c.name for c in schema.columns if c.counts in _COUNTS and c.unit == "persons"]
        if path != "whatif" and names:
            told = frame[names]
            small = (told > 0) & (told < few)
            if small.to_numpy().any():
                changed[path] = frame.assign(**told.mask(small))
    results = with_frames(results, changed)
    return replace(results, assessment=without_shares(results.assessment))


def without_shares(assessment: pd.DataFrame) -> pd.DataFrame:
    """Empty the shares from which a withheld number of workers could be worked out.

    Where a headcount is shown and the few who are not served are not, their share of it would
    give them away.
    """
    hidden = assessment["workers"].notna() & assessment["workers_unserved"].isna()
    shares = list(SHARES)
    return assessment.assign(**assessment[shares].mask(hidden))


def _of_homes(results: Results, few: int) -> Results:
    """Tell of homes nothing of fewer than `few`, nor what two runs would tell of as many.

    Rows judged from homes are rounded to multiples of `few`; where fewer are served, or are not,
    nobody is told how many.  Sums of such rows are rounded too, and empty where a part is.
    """
    rows = results.assessment
    homes = ((rows["origin"] == "home") & rows["workers"].notna()).to_numpy()
    if not homes.any():
        return results
    lacking, all_of = rows["workers_unserved"], rows["workers"]
    served = all_of - lacking
    hide = homes & ((served > 0) & (served < few)).to_numpy()
    workers = all_of.where(~homes, to_multiples(all_of, few))
    unserved = lacking.where(~homes, to_multiples(lacking, few).clip(upper=workers)).mask(hide)
    told = rows.assign(workers=workers, workers_unserved=unserved)
    share = (1.0 - unserved / workers).where(homes & (workers > 0).to_numpy())
    told["served_share"] = told["served_share"].mask(homes, share)
    steps = (workers / few).where(workers > 0)
    for name in SHARES[:2]:
        rough = ((told[name] * steps).round() / steps).mask(hide)
        told[name] = told[name].mask(homes, rough)
    lost = hide & lacking.notna().to_numpy()
    changed = {"assessment": told, "shortfall": _as_judged(results.shortfall, told)}
    flags = {"homes": homes, "lost": lost}
    for path in ("rollup", "beside.duties"):
        changed[path] = _sums_of_homes(frame_of(results, path), results.parks, rows, flags, few)
    return with_frames(results, changed)


def _as_judged(shortfall: pd.DataFrame, assessment: pd.DataFrame) -> pd.DataFrame:
    """Bring the list's numbers of workers to what the assessment tells."""
    keys, names = ["park_id", "item", "origin", "shift"], ["workers", "workers_unserved"]
    found = shortfall[keys].merge(finest(assessment)[[*keys, *names]], on=keys, how="left")
    return shortfall.assign(**{n: found[n].to_numpy(dtype=float) for n in names})


def _sums_of_homes(
    sums: pd.DataFrame,
    parks: pd.DataFrame,
    rows: pd.DataFrame,
    flags: Mapping[str, Bools],
    few: int,
) -> pd.DataFrame:
    """Round sums in which anybody is judged at home; empty those with a part that was emptied."""
    if sums.empty:
        return sums
    own = whole(rows.assign(**flags))
    keys = ["level", "area", "item"] if "level" in sums else ["item"]
    found = (
        pd.concat(
            own.assign(level=level, area=own["park_id"].map(parks.set_index("park_id")[level]))
            for level in LEVELS
        )
        if "level" in sums
        else own
    )
    any_of = sums[keys].merge(
        found.groupby(keys)[["homes", "lost"]].any().reset_index(), on=keys, how="left"
    )
    homes, lost = (any_of[n].eq(other=True).to_numpy() for n in ("homes", "lost"))
    names = [n for n in ("workers", "workers_unserved") if n in sums]
    told = sums.assign(**{n: sums[n].mask(homes, to_multiples(sums[n], few)) for n in names})
    return told.assign(workers_unserved=told["workers_unserved"].mask(lost))
