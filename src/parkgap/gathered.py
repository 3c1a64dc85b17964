"""Several shards' findings as if they had been one.

What several shards see is one thing, whichever of them saw it first; rows are renumbered in the
order of ids.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.frames import DOUBTFUL_HOMES, REACH, REACH_AREAS, STOPS_MATCHED, TIMETABLE
from parkgap.shards import Survey


def gather(parts: list[Survey], planned: pd.DataFrame, items: int) -> Survey:
    """Put shards together as if they had been one.

    Parameters
    ----------
    parts
        The shards' findings.
    planned
        All that is planned, wherever it is.
    items
        Number of the standard's items.

    Notes
    -----
    A facility or site that several shards see is one; rows are renumbered in the order of ids.
    """
    origins, origin_row = _stacked([p.origins for p in parts], ["park_id", "kind", "origin_id"])
    facilities, facility_row = _union([p.facilities for p in parts])
    member = np.zeros((len(facilities), items), dtype=bool)
    off = np.zeros(len(facilities), dtype=bool)
    for part, row in zip(parts, facility_row, strict=True):
        member[row], off[row] = part.member, part.off_street
    sites, site_row = _sites([p.sites for p in parts])
    straight = np.zeros(len(origins), dtype=bool)
    coming = pd.Index(planned["planned_id"])
    on_street = np.zeros(len(planned), dtype=bool)
    reach, beside, to_planned, to_candidates = [], [], [], []
    candidates, candidate_row = _candidates([p.candidates for p in parts])
    for part, o, f, s, c in zip(
        parts, origin_row, facility_row, site_row, candidate_row, strict=True
    ):
        straight[o] = part.straight
        target = np.concatenate([f, s + len(facilities)])
        reach.append(
            part.reach.assign(
                origin=o[part.reach["origin"].to_numpy()],
                target=target[part.reach["target"].to_numpy()],
            )
        )
        row = coming.get_indexer(part.planned["planned_id"])
        on_street[row[part.on_street]] = True
        to_planned.append(
            part.to_planned.assign(
                origin=o[part.to_planned["origin"].to_numpy()],
                target=row[part.to_planned["target"].to_numpy()],
            )
        )
        to_candidates.append(
            part.to_candidates.assign(
                origin=o[part.to_candidates["origin"].to_numpy()],
                target=c[part.to_candidates["target"].to_numpy()],
            )
        )
        beside.append(
            part.beside.assign(
                origin=o[part.beside["origin"].to_numpy()],
                facility=f[part.beside["facility"].to_numpy()],
            )
        )
    return Survey(
        origins=origins,
        straight=straight,
        facilities=facilities,
        member=member,
        off_street=off,
        reach=REACH.check(_sorted(reach, list(REACH.sort))),
        sites=sites,
        beside=_sorted(beside, ["origin", "facility"]),
        gates=_sorted([p.gates for p in parts], ["park_id", "gate_id"]),
        completeness=_sorted([p.completeness for p in parts], ["park_id", "kind"]),
        planned=planned,
        on_street=on_street,
        to_planned=_sorted(to_planned, ["origin", "target"]),
        timetable=_once(_sorted([p.timetable for p in parts], list(TIMETABLE.key))),
        lost_stops=sum(p.lost_stops for p in parts),
        people=(sum(p.people[0] for p in parts), sum(p.people[1] for p in parts)),
        closed=tuple(sorted({i for p in parts for i in p.closed})),
        climbed=_once(_sorted([p.climbed for p in parts], ["x", "y"])),
        matched=_once(_sorted([p.matched for p in parts], list(STOPS_MATCHED.sort))),
        doubtful=_once(_sorted([p.doubtful for p in parts], list(DOUBTFUL_HOMES.sort))),
        catchments=_known([p.catchments for p in parts], facility_row, len(facilities)),
        candidates=candidates,
        to_candidates=_sorted(to_candidates, list(REACH.sort)),
        areas=_sorted([p.areas for p in parts], list(REACH_AREAS.sort)),
    )


def _known(
    frames: list[pd.DataFrame], rows: list[npt.NDArray[np.int64]], size: int
) -> pd.DataFrame:
    """Put figures of facilities together: several shards that know one know the same."""
    whole = np.full((size, frames[0].shape[1]), np.nan)
    for frame, row in zip(frames, rows, strict=True):
        whole[row] = np.fmax(whole[row], frame.to_numpy(dtype=float))
    return pd.DataFrame(whole, columns=frames[0].columns)


def _once(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop_duplicates(ignore_index=True)


def _sorted(frames: list[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    whole = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    return whole.sort_values(by, ignore_index=True)


def _stacked(
    frames: list[pd.DataFrame], by: list[str]
) -> tuple[pd.DataFrame, list[npt.NDArray[np.int64]]]:
    """Stack frames in a fixed order; with the row that each row of each frame got."""
    whole = pd.concat(frames, ignore_index=True)
    order = whole.sort_values(by).index.to_numpy()
    row = np.empty(len(whole), dtype=np.int64)
    row[order] = np.arange(len(whole))
    cuts = np.cumsum([len(f) for f in frames])[:-1]
    return whole.iloc[order].reset_index(drop=True), np.split(row, cuts)


def _union(
    frames: list[pd.DataFrame],
) -> tuple[pd.DataFrame, list[npt.NDArray[np.int64]]]:
    """Join facilities by id; mapped ones first, by number, then those of lists."""
    whole = pd.concat(frames, ignore_index=True)
    code, ids = pd.factorize(whole["facility_id"])
    first = np.full(len(ids), -1)
    first[code[::-1]] = np.arange(len(whole))[::-1]
    order = np.array(sorted(range(len(ids)), key=lambda i: _id_key(str(ids[i]))), dtype=np.int64)
    row = np.empty(len(ids), dtype=np.int64)
    row[order] = np.arange(len(ids))
    cuts = np.cumsum([len(f) for f in frames])[:-1]
    return whole.iloc[first[order]].reset_index(drop=True), np.split(row[code], cuts)


def _id_key(facility_id: str) -> tuple[int, int, str]:
    kind, _, number = facility_id.partition("/")
    place = ("node", "way", "relation").index(kind) if kind in ("node", "way", "relation") else 3
    return (place, int(number), "") if place < 3 else (place, 0, facility_id)  # noqa: PLR2004


def _candidates(
    frames: list[pd.DataFrame],
) -> tuple[pd.DataFrame, list[npt.NDArray[np.int64]]]:
    """Join candidates by id, in its order."""
    whole = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    ids = whole["candidate_id"].to_numpy(dtype=str)
    _, first, row = np.unique(ids, return_index=True, return_inverse=True)
    cuts = np.cumsum([len(f) for f in frames])[:-1]
    joined = whole.iloc[first].reset_index(drop=True)
    return joined, np.split(row.ravel().astype(np.int64), cuts)


def _sites(
    frames: list[pd.DataFrame],
) -> tuple[pd.DataFrame, list[npt.NDArray[np.int64]]]:
    """Join candidate sites by place."""
    whole = pd.concat(frames, ignore_index=True)
    at, row = np.unique(whole[["x", "y"]].to_numpy(), axis=0, return_inverse=True)
    cuts = np.cumsum([len(f) for f in frames])[:-1]
    return pd.DataFrame(at, columns=["x", "y"]), np.split(row.ravel().astype(np.int64), cuts)
