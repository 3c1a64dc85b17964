"""What a row of a plan may do: the words for it, and which cells each action reads and needs."""

from __future__ import annotations

from parkgap.sources import cells as read
from parkgap.sources.headings import plain

ACTIONS = {
    "add": ("add", "build", "新增", "增加", "新建", "增设"),
    "move": ("move", "移动", "迁移", "搬迁", "移動"),
    "close": ("close", "关闭", "撤销", "拆除", "取消", "關閉"),
    "retime": ("retime", "hours", "调整时间", "调整营业时间", "延长营业", "調整時間"),
    "beds": ("beds", "床位", "增加床位", "调整床位"),
    "headcount": ("headcount", "workers", "人数", "职工人数", "调整人数", "人數"),
    "shift": ("shift", "班次", "调整班次"),
}
_ACTION_OF = {plain(name): action for action, names in ACTIONS.items() for name in names}
OF_PLACES = ("close", "move", "retime")
STOCK = "list:housing_stock/"
# What an action reads besides what every row may say; other filled cells are told.
READ = {
    "add": ("lon", "lat", "access", "hours", "seats", "area_m2", "opening"),
    "move": ("target", "lon", "lat"),
    "close": ("target",),
    "retime": ("target", "hours"),
    "beds": ("target", "kind", "lon", "lat", "access", "opening", "beds", "vacant"),
    "headcount": ("target", "enterprise_id", "workers"),
    "shift": (
        *("target", "enterprise_id", "shift", "start", "end", "break_start", "break_minutes"),
        *("share", "workdays"),
    ),
}
TOLD = tuple(dict.fromkeys(f for fields in READ.values() for f in fields))
# What an action cannot do without.
NEEDS = {
    "add": ("item",),
    "move": ("target",),
    "close": ("target",),
    "retime": ("target", "hours"),
    "beds": ("beds", "vacant"),
    "headcount": ("workers",),
    "shift": ("shift", "share"),
}
PLACED = ("lon", "lat", "lonlat", "wkt")


def words() -> tuple[str, str]:
    """List the actions in both languages."""
    zh = "、".join(f"{names[2 if a != 'beds' else 1]}" for a, names in ACTIONS.items())
    return f"写明动作：{zh}", f"say the action: {', '.join(ACTIONS)}"


def action_of(cell: object) -> str | None:
    """Read what a row does."""
    said = read.text(cell)
    if said is None:
        return None
    found = _ACTION_OF.get(plain(said))
    if found is None:
        zh, en = words()
        raise read.CellError("不认识的动作 / unknown action", ", ".join(ACTIONS), f"{zh} / {en}")
    return found
