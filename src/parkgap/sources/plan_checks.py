"""Check the rows of a plan against the study and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parkgap.sources import cells as read
from parkgap.sources import checks
from parkgap.sources.headings import there_are, usual_headings
from parkgap.sources.plan_actions import OF_PLACES, PLACED, READ, STOCK, TOLD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parkgap.sources.plan import KnownToPlan
    from parkgap.sources.report import Cells

Texts = list[str | None]


def absent(table: Cells, field: str, actions: Sequence[str]) -> None:
    """Say that a column is missing which some rows need."""
    zh, en = there_are(table.raw).split(" / ", 1)
    table.report.error(
        f"缺少必需的列 {field} / the column {field} is not there",
        value=", ".join(dict.fromkeys(actions)),
        rule=usual_headings("plan", field),
        remedy=f"补上该列；{zh} / add it; {en}",
    )


def empty(table: Cells, i: int, field: str, action: str) -> None:
    """Say that a cell is empty which the row's action needs."""
    layer = field in PLACED and table.raw.geometry is not None
    if field not in table and not layer:
        said = [p for p in table.report.errors if p.row is None and field in p.what]
        if not said:
            absent(table, field, [action])
        return
    table.error(
        i,
        field,
        f"动作 {action} 须填此格 / the action {action} needs this cell",
        remedy="填写此格 / fill it in",
    )


def check_beds(
    known: KnownToPlan, table: Cells, actions: Texts, given: Mapping[str, list[Any]], ids: Texts
) -> None:
    """Check new housing: its kind, and that its id is free."""
    taken = set(known.stock["stock_id"])
    for i, action in enumerate(actions):
        if action != "beds" or given["target"][i] is not None:
            continue
        errors = {(p.row, p.column) for p in table.report.errors}
        if given["kind"][i] is None:
            if "kind" not in table:
                absent(table, "kind", [action])
            elif (table.raw.rows[i], table.heading("kind")) not in errors:
                empty(table, i, "kind", action)
        if ids[i] in taken:
            table.error(
                i,
                "id" if given["id"][i] is not None else "name",
                "房源表中已有此编号 / the stock has this id already",
                remedy="改床位数则填 target，新房源则换编号 / "
                "for other beds there, write it as target; for new housing, another id",
            )


def check_headcounts(
    known: KnownToPlan,
    table: Cells,
    actions: Texts,
    given: Mapping[str, list[Any]],
    targets: Texts,
    parks: Texts,
) -> None:
    """Refuse enterprises' headcounts that leave their park with fewer than none.

    Where the plan gives a park's own and its enterprises have more between them, that is told.
    """
    rows = {t: i for i, (a, t) in enumerate(zip(actions, targets, strict=True)) if a == "headcount"}
    said = {t: given["workers"][i] for t, i in rows.items() if t is not None}
    firms = known.enterprises
    planned = ("enterprise:" + firms["enterprise_id"].astype(str)).map(said).astype(float)
    more = (planned - firms["workers"]).groupby(firms["park_id"]).sum(min_count=1)
    own = ("park:" + known.parks["park_id"].astype(str)).map(said).astype(float)
    now = known.parks["workers"] + known.parks["park_id"].map(more)
    negative = set(known.parks["park_id"][own.isna() & (now < 0)])
    left = dict(zip(known.parks["park_id"], now, strict=True))
    for target, i in rows.items():
        if parks[i] in negative and target != f"park:{parks[i]}":
            table.error(
                i,
                "workers",
                "园区职工人数将成负数 / the park's headcount would be below zero",
                rule=f"{parks[i]}: {left[parks[i]]:g}",
                remedy="同时写明园区人数 / say the park's own headcount too",
            )
    total = planned.fillna(firms["workers"]).groupby(firms["park_id"]).sum()
    for park, workers in zip(known.parks["park_id"], own, strict=True):
        if workers < total.get(park, 0.0):  # no figures: warnings are published
            table.warning(
                rows[f"park:{park}"],
                "workers",
                "少于该园区各企业人数合计 / less than the park's enterprises have between them",
                remedy="一并写明企业人数 / say the enterprises' headcounts too",
            )


def check_repeated(table: Cells, actions: Texts, targets: Texts, shifts: Texts) -> None:
    """Note rows that do the same thing twice, or something to a place that is closed."""
    keys = [
        None if a is None or t is None else (a, t, s or "")
        for a, t, s in zip(actions, targets, shifts, strict=True)
    ]
    people = "park_id" if "park_id" in table else "target"
    told = table.values("target")
    keys = [
        None if a == "beds" and read.text(cell) is None else key
        for key, a, cell in zip(keys, actions, told, strict=True)
    ]
    for shown, kinds in (("target", (*OF_PLACES, "beds")), (people, ("headcount", "shift"))):
        mine = [k if a in kinds else None for k, a in zip(keys, actions, strict=True)]
        checks.duplicates(table, shown, mine)
    gone = {t for a, t in zip(actions, targets, strict=True) if a == "close"}
    for i, (action, target) in enumerate(zip(actions, targets, strict=True)):
        closed = action in OF_PLACES and action != "close" and target in gone
        if closed or (action == "beds" and f"{STOCK}{target}" in gone):
            table.error(
                i,
                "target",
                "同一计划中已关闭此处 / the same plan closes this place",
                remedy="删去其中一行 / delete one of the rows",
            )


def check_unread(table: Cells, actions: Texts) -> None:
    """Warn of filled cells that a row's action does not read."""
    fields = [f for f in TOLD if f in table]
    for field in fields:
        for i, cell in enumerate(table.values(field)):
            action = actions[i]
            if action is None or field in READ[action] or read.known(cell) is None:
                continue
            table.warning(
                i,
                field,
                f"动作 {action} 不读此格 / the action {action} does not read this cell",
            )
