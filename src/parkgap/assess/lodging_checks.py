"""Floor area a person, and support land of a park, against the standard's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from parkgap.frames import LODGING_CHECKS

if TYPE_CHECKING:
    from parkgap.standard import Standard
    from parkgap.standards.model import Number

AREA, SHARE = "m2/person", "share"
_FOUR = 4  # beds of a room of the figure's name
_APARTMENTS = ("public_rental", "talent_apartment")
# Share of a whole: its figures, the part and the whole, and hectares or square metres.
_SHARES = (
    (("support_land_share_old_max", "support_land_share_max"), "support_ha", "site_ha"),
    (("support_floor_share_old_max", "support_floor_share_max"), "support_floor_m2", "floor_m2"),
)
_DIGITS = 9


def lodging_checks(parks: pd.DataFrame, stock: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """Check what can be checked; a place or park of which no area is known has no row.

    Parameters
    ----------
    parks
        Frame of :data:`parkgap.frames.PARKS`.
    stock
        Rows of :data:`parkgap.frames.HOUSING_STOCK`.
    standard
        Its figures.

    Returns
    -------
    DataFrame
        Of :data:`parkgap.frames.LODGING_CHECKS`.  The figures are of usable area: where only the
        floor area is known, too little of it is surely too little, enough of it proves nothing.
    """
    rows = [*_areas(stock, standard), *_shares(parks, standard)]
    parts = [r for r in rows if len(r)]
    if not parts:
        return LODGING_CHECKS.frame()
    frame = pd.concat(parts, ignore_index=True).astype(LODGING_CHECKS.frame().dtypes.to_dict())
    frame = frame.sort_values(list(LODGING_CHECKS.sort), ignore_index=True)
    return LODGING_CHECKS.check(frame[LODGING_CHECKS.names])


def _figures(standard: Standard) -> dict[str, Number]:
    found: dict[str, Number] = {}
    for category in standard.categories:
        for figures in (category.figures, *(item.figures for item in category.items)):
            found |= {k: v for k, v in figures.items() if isinstance(v.v, float)}
    return found


def _clause(number: Number, standard: Standard) -> str:
    docs = [standard.sources[r].doc for r in number.ref if r in standard.sources]
    return "; ".join([*docs, *([str(number.note)] if number.note else [])])


def _areas(stock: pd.DataFrame, standard: Standard) -> list[pd.DataFrame]:
    known, out = _figures(standard), []
    room = stock["beds"] / stock["units"]
    dormitory = stock["kind"] == "dormitory"
    usable = stock["usable_m2"].notna()
    each = (stock["usable_m2"].fillna(stock["area_m2"]) / stock["beds"]).round(_DIGITS)
    there = each.notna() & (stock["beds"] > 0)
    for name, applies in (
        ("dorm_usable_area_min", dormitory),
        ("apartment_usable_area_min", stock["kind"].isin(_APARTMENTS)),
        ("four_person_room_min", dormitory & (room <= _FOUR)),
    ):
        if name not in known:
            continue
        number = known[name]
        rows, limit = stock[there & applies], float(str(number.v))
        value = each[rows.index].to_numpy(dtype=float)
        status = np.where(value < limit, "short", np.where(usable[rows.index], "met", "unverified"))
        out.append(
            pd.DataFrame(
                {
                    "subject": "stock",
                    "subject_id": rows["stock_id"],
                    "name": rows["name"].where(rows["access"] == "public", None),
                    "figure": name,
                    "value": value,
                    "limit": limit,
                    "unit": AREA,
                    "status": status,
                    "room": np.nan,
                    "clause": _clause(number, standard),
                    "basis": number.basis,
                }
            )
        )
    return out


def _shares(parks: pd.DataFrame, standard: Standard) -> list[pd.DataFrame]:
    known, out = _figures(standard), []
    for names, part, whole in _SHARES:
        told = parks[parks[part].notna() & (parks[whole] > 0)]
        share = (told[part] / told[whole]).round(_DIGITS).to_numpy(dtype=float)
        for name in names:
            if name not in known:
                continue
            number = known[name]
            limit = float(str(number.v))
            left = limit * told[whole].to_numpy(dtype=float) - told[part].to_numpy(dtype=float)
            out.append(
                pd.DataFrame(
                    {
                        "subject": "park",
                        "subject_id": told["park_id"],
                        "name": told["name"],
                        "figure": name,
                        "value": share,
                        "limit": limit,
                        "unit": SHARE,
                        "status": np.where(share > limit, "over", "met"),
                        "room": np.where(share > limit, 0.0, np.round(left, 6)),
                        "clause": _clause(number, standard),
                        "basis": number.basis,
                    }
                )
            )
    return out
