"""Read the shifts of a plan: what a row leaves empty stays as the park's shift of that name is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parkgap.sources import cells as read
from parkgap.sources import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from parkgap.sources.report import Cells

_TIMES = ("start", "end", "break_start", "break_minutes")
_NEW = ("start", "end")  # what a new shift cannot do without


def read_shift_rows(
    table: Cells,
    targets: Sequence[str | None],
    parks: Sequence[str | None],
    actions: Sequence[str | None],
    shifts: pd.DataFrame,
) -> dict[str, list[Any]]:
    """Read the columns of shifts, completed by the shifts that there are.

    Parameters
    ----------
    targets, parks, actions
        Whose shift a row is (``park:ID`` or ``enterprise:ID``), in which park, and what it does.
    shifts
        Frame of :data:`parkgap.frames.SHIFTS`: the study's own.

    Returns
    -------
    Columns of :data:`parkgap.frames.PLAN`; None in rows that are of no shift.  Noted as errors:
    names and times that cannot be, and shares of a park or enterprise that then do not sum to 1.
    """
    mine = [action == "shift" for action in actions]
    given: dict[str, list[Any]] = {
        "shift": table.read("shift", read.text),
        "start": table.read("start", read.clock),
        "end": table.read("end", read.clock),
        "break_start": table.read("break_start", read.clock),
        "break_minutes": table.read("break_minutes", read.number),
        "share": table.read("share", read.share),
        "workdays": table.read("workdays", read.workdays),
    }
    given = {f: [v if m else None for v, m in zip(c, mine, strict=True)] for f, c in given.items()}
    whose = owners(shifts)
    known = {(who, r["shift"]): r for who, r in zip(whose, shifts.to_dict("records"), strict=True)}
    checks.shift_names(table, given["shift"])
    for i in np.flatnonzero(mine).tolist():
        key = (targets[i], given["shift"][i])
        if key in known:
            there = known[key]
            for field in (*_TIMES, "workdays"):
                value = there[field]
                if given[field][i] is None and value == value and value is not None:  # noqa: PLR0124
                    given[field][i] = value
        elif parks[i] is not None and given["share"][i] == 0:
            table.error(
                i,
                "shift",
                "查无此班次，无从取消 / there is no such shift to give up",
                rule=", ".join(s for who, s in known if who == targets[i]) or None,
                remedy="班次名称照抄班次表 / copy the name from the table of shifts",
            )
        elif parks[i] is not None:
            _new(table, i, given)
    checks.shift_times(table, {f: given[f] for f in _TIMES})
    _shares(table, targets, given, shifts.assign(whose=whose))
    return given


def owners(shifts: pd.DataFrame) -> list[str]:
    """Say whose each shift is: ``enterprise:ID``, else ``park:ID``."""
    return [
        f"enterprise:{firm}" if isinstance(firm, str) else f"park:{park}"
        for firm, park in zip(shifts["enterprise_id"], shifts["park_id"], strict=True)
    ]


def _new(table: Cells, i: int, given: dict[str, list[Any]]) -> None:
    errors = {(p.row, p.column) for p in table.report.errors}
    for field in _NEW:
        if given[field][i] is None and (table.raw.rows[i], table.heading(field)) not in errors:
            table.error(
                i,
                field,
                "新班次须写明上下班时间 / a new shift needs its times",
                remedy="填写此格，或改正班次名称 / fill it in, or correct the shift's name",
            )


def _shares(
    table: Cells,
    targets: Sequence[str | None],
    given: dict[str, list[Any]],
    shifts: pd.DataFrame,
) -> None:
    """Note whose shares do not sum to 1 once the plan's shifts are theirs."""
    rows: dict[str, list[int]] = {}
    for i, target in enumerate(targets):
        if target is not None and given["shift"][i] is not None:
            rows.setdefault(target, []).append(i)
    for target, own in rows.items():
        planned = {given["shift"][i]: given["share"][i] for i in own}
        if any(share is None for share in planned.values()):
            continue
        kept = shifts[(shifts["whose"] == target) & ~shifts["shift"].isin(list(planned))]
        total = float(kept["share"].sum()) + sum(planned.values())
        if abs(total - 1) > checks.SHARES_OFF:
            table.report.error(
                "各班次比例之和不是 1 / the shares of the shifts do not sum to 1",
                row=table.raw.rows[own[0]],
                column=table.heading("share"),
                value=f"{target.partition(':')[2]}: {total:g}",
                rule=f"|Σ − 1| ≤ {checks.SHARES_OFF}",
                remedy="计划未写的班次比例不变，请一并写明 / shifts that the plan does not name "
                "keep their shares: name them too",
            )
