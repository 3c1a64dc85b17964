"""How many workers of each park need lodging, and how many of them have it already.

The need is what enterprises say themselves, else a share that the bureau sets: by shift, else for
all workers.  Without any of these it is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.list_keys import HOME_KINDS

if TYPE_CHECKING:
    from parkgap.housing_keys import Housing, NeedShare

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEVELS = ("low", "mid", "high")
_MID = LEVELS.index("mid")
_DORMITORY = "dormitory"
_UNKNOWN = (
    "住宿需求未知：企业未填报，也未设定比例 / need unknown: no firm states it, no share is set"
)
_NO_HEADCOUNT = "职工人数未知 / headcount unknown"
_UNTOLD = "其余职工未设定比例，需求未知 / no share is set for the other workers: need unknown"
_FIRMS = "企业填报（{n}家） / stated by enterprises ({n})"
_SHARE = "职工 × {share} / workers × {share}"
_REST = "其余职工 × {share} / other workers × {share}"
_ASSUMED = "比例为本研究设定（假设） / shares are set by the study (assumption)"
_HOUSED_UNKNOWN = "已安置人数未知，未扣除 / who is housed is not known: none deducted"
_HOUSED_FEW = "已安置不足{few}人，未扣除 / fewer than {few} housed: none deducted"


@dataclass(frozen=True)
class Lodging:
    """Who needs a bed.

    Attributes
    ----------
    need
        Workers who need lodging by park: lower end, middle, upper end; NaN: unknown.
        Shape (parks, 3), whole persons.
    housed
        Of those (of the middle), who has lodging already; NaN: nobody said, or only a few have,
        and none is deducted.  Shape (parks,).
    basis
        What the need rests on, "zh / en", shape (parks,).
    groups
        Workers who are lodged together: ``park`` (row), ``enterprise_id`` (None: the park's
        others), ``beds`` (most beds that they can take), ``own_vacant`` (vacant beds of the
        enterprise's own, for them alone; NaN: it has beds, nobody knows how many are vacant),
        ``own_told`` (it has beds, and says how many are taken).
    """

    need: Floats
    housed: Floats
    basis: list[str]
    groups: pd.DataFrame

    @property
    def lacking(self) -> Floats:
        """Workers who need a bed and have none (middle), shape (parks,); NaN: unknown."""
        return np.asarray(self.need[:, _MID] - np.nan_to_num(self.housed), dtype=np.float64)


def asks(rule: Housing | None, enterprises: pd.DataFrame) -> bool:
    """Tell whether a study asks for beds at all: a section, or a firm that says what it needs."""
    return rule is not None or bool(enterprises["lodging_need"].notna().any())


def lodging(
    parks: pd.DataFrame,
    enterprises: pd.DataFrame,
    residences: pd.DataFrame,
    shifts: pd.DataFrame,
    rule: Housing | None,
    *,
    min_workers: int,
) -> Lodging:
    """Work out who needs a bed.

    Parameters
    ----------
    parks, enterprises, residences, shifts
        Frames of these schemas.
    rule
        The section ``[housing]``.
    min_workers
        The study's ``privacy.min_workers``: of fewer who are housed none is deducted, and where
        fewer live that many beds count as occupied, so that no figure tells of them.
    """
    row = pd.Series(np.arange(len(parks)), index=parks["park_id"])
    firms = enterprises.assign(park=row.reindex(enterprises["park_id"]).to_numpy())
    firms = firms[firms["park"].notna()].astype({"park": np.int64}).reset_index(drop=True)
    stated = firms[firms["lodging_need"].notna()]
    size = len(parks)
    said = _sum(stated["park"], stated["lodging_need"], size)
    counted = _sum(stated["park"], stated["workers"], size)
    number = np.bincount(stated["park"], minlength=size)
    workers = parks["workers"].to_numpy(dtype=float)
    # What firms say of more workers than the park has holds for all of it.
    others = np.maximum(workers - counted, 0.0)
    share, of_firm, shares_said = _shares(parks, firms, shifts, rule, others)
    rest = np.where((others == 0)[:, None], 0.0, others[:, None] * share)
    need = _whole(said[:, None] + rest)
    basis = [
        _basis(int(n), float(w), bool(o > 0), text, known=bool(k))
        for n, w, o, text, k in zip(
            number, workers, others, shares_said, ~np.isnan(need[:, _MID]), strict=True
        )
    ]
    told = _housed(parks, firms, residences)
    few = (told > 0) & (told < min_workers)
    housed = np.where(few, np.nan, told)
    housed = np.fmin(housed, np.where(np.isnan(housed), np.nan, need[:, _MID]))
    why = [
        _HOUSED_FEW.format(few=min_workers) if f else _HOUSED_UNKNOWN * bool(np.isnan(t))
        for f, t in zip(few, told, strict=True)
    ]
    known = ~np.isnan(need[:, _MID])
    basis = [_join([b, w * bool(k)]) for b, w, k in zip(basis, why, known, strict=True)]
    groups = _groups(firms, need[:, _MID], of_firm, min_workers)
    return Lodging(need, housed, basis, groups)


def _sum(park: pd.Series, amount: pd.Series, size: int) -> Floats:
    weights = amount.to_numpy(dtype=float)
    return np.asarray(np.bincount(park, weights=weights, minlength=size), dtype=np.float64)


def _whole(persons: Floats) -> Floats:
    """Round to whole persons, halves up; what is a hair below a half is one."""
    return np.asarray(np.floor(np.round(persons, 6) + 0.5), dtype=np.float64)


# --- the share that the bureau sets --------------------------------------------------------------


def _shares(
    parks: pd.DataFrame,
    firms: pd.DataFrame,
    shifts: pd.DataFrame,
    rule: Housing | None,
    others: Floats,
) -> tuple[Floats, Floats, list[str]]:
    """Give the share of the workers of whom no enterprise states a need, and what it is made of.

    Returns
    -------
    share
        Low, mid, high of each park's `others`; NaN: none is set.  Shape (parks, 3).
    of_firm
        The middle of each enterprise, shape (firms,).
    said
        What `share` is made of, shape (parks,).
    """
    share = np.full((len(parks), len(LEVELS)), np.nan)
    of_firm, said = np.full(len(firms), np.nan), [""] * len(parks)
    if rule is None:
        return share, of_firm, said
    rows = firms["park"].to_numpy()
    rota = _rota(shifts) if rule.need_share_by_shift else {}
    work, stated = firms["workers"].to_numpy(dtype=float), firms["lodging_need"].notna().to_numpy()
    for i, park in enumerate(parks["park_id"]):
        common = rota.get((str(park), ""), {"": 1.0})
        crews: dict[str, float] = {}
        own = 0.0
        for f in np.flatnonzero(rows == i):
            theirs = rota.get((str(park), str(firms["enterprise_id"].iloc[f])))
            of_firm[f] = _of_crews(theirs or common, rule)[0][_MID]
            if theirs is not None and not stated[f]:
                own += work[f]
                _add(crews, theirs, work[f])
        # Whoever has no shifts of an enterprise's works the park's.
        _add(crews, common, max(float(np.nan_to_num(others[i])) - own, 0.0))
        share[i], said[i] = _of_crews(crews if sum(crews.values()) > 0 else common, rule)
    return share, of_firm, said


def _rota(shifts: pd.DataFrame) -> dict[tuple[str, str], dict[str, float]]:
    """Shares of the shifts of each park ("") and enterprise."""
    out: dict[tuple[str, str], dict[str, float]] = {}
    ids = (shifts["park_id"].astype(str), shifts["enterprise_id"].fillna("").astype(str))
    for park, firm, shift, part in zip(*ids, shifts["shift"], shifts["share"], strict=True):
        out.setdefault((park, firm), {})[str(shift)] = float(part)
    return out


def _add(crews: dict[str, float], rota: dict[str, float], workers: float) -> None:
    for shift, part in rota.items():
        crews[shift] = crews.get(shift, 0.0) + part * workers


def _of_crews(crews: dict[str, float], rule: Housing) -> tuple[Floats, str]:
    """Give the mean share of who works which shift ("": nobody says which), and word it."""
    general, by_shift = rule.need_share, rule.need_share_by_shift
    whole = sum(crews.values())
    parts = [(name, crews[name] / whole) for name in sorted(crews) if crews[name] > 0]
    if not any(name in by_shift for name, _ in parts):
        return _levels(general), "" if general is None else _shown(general)
    known = [(name, part, by_shift.get(name, general)) for name, part in parts]
    if any(of is None for _, _, of in known):  # of some shift nobody said anything
        return _levels(None), ""
    mean = sum((part * _levels(of) for _, part, of in known), np.zeros(len(LEVELS)))
    said = [f"{name} {part:.0%} × {_shown(of)}".strip() for name, part, of in known if of]
    return mean, _plain(", ".join(said))


def _levels(share: NeedShare | None) -> Floats:
    if share is None:
        return np.full(len(LEVELS), np.nan)
    return np.array([share.low, share.mid, share.high])


def _shown(share: NeedShare) -> str:
    return "/".join(f"{v:g}" for v in _levels(share))


def _plain(said: str) -> str:
    """Write names of the study into a text of two languages, which `` / `` parts."""
    return " ".join(said.split()).replace(" / ", "/")


def _basis(firms: int, workers: float, others: bool, share: str, *, known: bool) -> str:
    """Say what a park's need rests on ("zh / en")."""
    parts = [_FIRMS.format(n=firms)] if firms else []
    if not known:
        if np.isnan(workers):
            parts.append(_NO_HEADCOUNT)
        else:
            parts.append(_UNTOLD if firms else _UNKNOWN)
        return _join(parts)
    if others and share:
        parts += [(_REST if firms else _SHARE).format(share=share), _ASSUMED]
    return _join(parts)


def _join(parts: list[str]) -> str:
    """Join sentences of two languages, language by language."""
    halves = [part.split(" / ", 1) for part in parts if part]
    return f"{'；'.join(h[0] for h in halves)} / {'; '.join(h[1] for h in halves)}"


# --- who is housed already -----------------------------------------------------------------------


def _housed(parks: pd.DataFrame, firms: pd.DataFrame, residences: pd.DataFrame) -> Floats:
    """Count who lives in workers' housing, shape (parks,); NaN where nobody said anything.

    Dormitories among the residences and beds that enterprises say are occupied may be the same
    people: the larger of the two counts.  Rental housing and talent apartments are nobody's own.
    """
    size = len(parks)
    row = pd.Series(np.arange(size), index=parks["park_id"])
    homes = residences.assign(park=row.reindex(residences["park_id"]).to_numpy())
    homes = homes[homes["park"].notna()].astype({"park": np.int64})
    dorm = homes[homes["kind"] == _DORMITORY]
    rented = homes[homes["kind"].isin(HOME_KINDS) & (homes["kind"] != _DORMITORY)]
    beds = firms[firms["beds_occupied"].notna()]
    both = np.maximum(
        _sum(dorm["park"], dorm["workers"], size), _sum(beds["park"], beds["beds_occupied"], size)
    )
    told = np.zeros(size, dtype=bool)
    told[homes["park"].to_numpy()] = True
    told[beds["park"].to_numpy()] = True
    return np.where(told, _whole(both + _sum(rented["park"], rented["workers"], size)), np.nan)


# --- groups --------------------------------------------------------------------------------------


def _groups(firms: pd.DataFrame, need: Floats, share: Floats, min_workers: int) -> pd.DataFrame:
    """Part each park's need into its enterprises' and the others'."""
    own = firms["lodging_need"].to_numpy(dtype=float)
    park = firms["park"].to_numpy()
    by_share = firms["workers"].to_numpy(dtype=float) * share
    each = _whole(np.where(np.isnan(own), by_share, own))
    each = np.where(np.isnan(need[park]), 0.0, np.nan_to_num(each))
    rest = np.maximum(np.nan_to_num(need) - np.bincount(park, weights=each, minlength=len(need)), 0)
    occupied = firms["beds_occupied"].to_numpy(dtype=float)
    live = np.where((occupied > 0) & (occupied < min_workers), min_workers, occupied)
    # Of so few none was deducted from the park's need either.
    housed = np.where(occupied >= min_workers, occupied, 0.0)
    vacant = np.floor(np.maximum(firms["beds_own"].to_numpy(dtype=float) - live, 0.0))
    has = np.nan_to_num(firms["beds_own"].to_numpy(dtype=float)) > 0
    frame = pd.DataFrame(
        {
            "park": np.concatenate([park, np.arange(len(need))]),
            "enterprise_id": [*firms["enterprise_id"], *([None] * len(need))],
            "beds": np.concatenate([np.maximum(each - housed, 0.0), rest]),
            "own_vacant": np.concatenate([np.where(has, vacant, 0.0), np.zeros(len(need))]),
            "own_told": np.concatenate([has & ~np.isnan(vacant), np.zeros(len(need), dtype=bool)]),
        }
    )
    frame["order"] = frame["enterprise_id"].isna()
    frame = frame.sort_values(["park", "order", "enterprise_id"], ignore_index=True)
    return frame.drop(columns="order")
