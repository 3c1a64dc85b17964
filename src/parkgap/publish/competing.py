"""What is said of capacity: a sheet of the workbook, and a panel of a park's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parkgap.publish.cells import clean
from parkgap.publish.html import Cell, table, text
from parkgap.publish.sheets import Grid
from parkgap.publish.words import NONE, STATUSES, Row, count, figure_cell, number, plain, string

if TYPE_CHECKING:
    from parkgap.publish.sheets import Value
    from parkgap.publish.shell import Context
    from parkgap.publish.words import Words
    from parkgap.results import Results

_IDS = (
    *("park_name", "item", "capacity_unit", "workers", "factor", "residents", "facilities"),
    *("facilities_unknown", "supply", "supply_basis", "per_1000", "needed_per_1000"),
    *("short_per_1000", "short_by", "capacity_status", "capacity_reason", "shared_with"),
    *("clause", "basis"),
)
_FIGURES = frozenset(
    "workers factor residents facilities facilities_unknown supply per_1000 needed_per_1000 "
    "short_per_1000 short_by".split()
)


def capacity_grid(results: Results, words: Words) -> Grid | None:
    """List what each park's workers come by; None where nobody says or asks for anything."""
    frame = results.beside.capacity
    if frame.empty:
        return None
    names = dict(zip(results.parks["park_id"], results.parks["name"], strict=True))
    rows = [[_value(i, row, names, words) for i in _IDS] for row in frame.to_dict("records")]
    return Grid(_IDS, [words.t(f"column.{i}") for i in _IDS], rows)


def _value(column: str, row: Row, names: dict[str, str], words: Words) -> Value:
    if column in _FIGURES:
        return number(row[column])
    said = {
        "park_name": lambda: clean(names.get(row["park_id"], row["park_id"])),
        "item": lambda: words.item(row["item"]),
        "capacity_unit": lambda: words.word("capacity_unit", row["unit"]),
        "supply_basis": lambda: _basis(row, words),
        "capacity_status": lambda: words.word("capacity_status", row["status"]),
        "capacity_reason": lambda: words.join(_reasons(row, words)),
        "shared_with": lambda: words.join(clean(n) for n in _sharing(row, names)),
        "clause": lambda: clean(words.asked(row["item"], row["unit"])),
        "basis": lambda: words.word("basis", row["basis"]),
    }[column]()
    return said or None


def _basis(row: Row, words: Words) -> str:
    parts = string(row["supply_basis"]).split("+")
    return words.join(words.word("supply_basis", p) for p in parts if p)


def _reasons(row: Row, words: Words) -> list[str]:
    found = string(row["reason_unverified"]).split("+")
    return [words.word("capacity_reason", r) for r in found if r]


def _sharing(row: Row, names: dict[str, str]) -> list[str]:
    return [names.get(p, p) for p in string(row["shared_with"]).split("; ") if p]


def capacity_panel(ctx: Context, park_id: str) -> str:
    """Show what the park's workers come by of each item; nothing where nobody says anything."""
    t, words = ctx.t, ctx.words
    frame = ctx.results.beside.capacity
    rows = frame[frame["park_id"] == park_id].to_dict("records")
    if not rows:
        return ""
    parks = ctx.results.parks
    names = dict(zip(parks["park_id"], parks["name"], strict=True))
    headings = [(t("column.item"), ""), (t("column.capacity_status"), "num left")]
    headings += [
        (t(f"column.{c}"), "num")
        for c in ("facilities", "supply", "per_1000", "needed_per_1000", "short_by")
    ]
    headings += [(t("column.shared_with"), ""), (t("column.clause"), "")]
    body = [("", _cells(ctx, row, names)) for row in rows]
    grid = table(headings, body, caption=t("section.capacity"), ident="capacity")
    factors = words.join(dict.fromkeys(plain_factor(r["factor"]) for r in rows))
    note = t("section.capacity_note", factors=factors)
    return (
        f'<section class="panel"><h2>{text(t("section.capacity"))}</h2>'
        f'<p class="note">{text(note)}</p>{grid}</section>\n'
    )


def capacity_lines(results: Results, words: Words, park_id: object, item: str) -> list[str]:
    """Say in a line a unit what the workers of a park come by of an item."""
    frame = results.beside.capacity
    rows = frame[(frame["park_id"] == park_id) & (frame["item"] == item)].to_dict("records")
    names = dict(zip(results.parks["park_id"], results.parks["name"], strict=True))
    return [_line(row, names, words) for row in rows]


def _line(row: Row, names: dict[str, str], words: Words) -> str:
    t, unit = words.t, words.word("capacity_unit", row["unit"])
    parts = [
        t(
            "explain.capacity",
            unit=unit,
            status=words.word("capacity_status", row["status"]),
            per=plain(row["per_1000"]),
            needed=plain(row["needed_per_1000"]),
            factor=plain_factor(row["factor"]),
        )
    ]
    if number(row["short_by"]):
        parts.append(t("explain.capacity_short", n=plain(row["short_by"]), unit=unit))
    shared = words.join(_sharing(row, names))
    parts += [*_reasons(row, words), *([f"{t('column.shared_with')} {shared}"] if shared else [])]
    return t("page.semicolon").join(parts)


def plain_factor(value: object) -> str:
    """Write a factor of persons a worker: 0.5, 0.25, 1."""
    figure = number(value)
    return NONE if figure is None else f"{figure:g}"


def _cells(ctx: Context, row: Row, names: dict[str, str]) -> list[Cell]:
    t, words = ctx.t, ctx.words
    item, unit = words.item(row["item"]), words.word("capacity_unit", row["unit"])
    status = string(row["status"])
    css = status if status in STATUSES else "unknown"
    why = words.join(_reasons(row, words))
    chip = f'<span class="chip {css}">{text(words.word("capacity_status", status))}</span>'
    unknown = number(row["facilities_unknown"])
    blank = t("format.capacity_unknown", n=count(unknown)) if unknown else ""
    who = [name for name in [words.join(_sharing(row, names))] if name]
    if number(row["residents"]):
        who.append(t("format.residents", n=count(row["residents"])))
    badge = words.word("basis", row["basis"])
    clause = f'<span class="badge {string(row["basis"])}">{text(badge)}</span> ' if badge else ""
    return [
        Cell(f"{text(item)}<small>{text(unit)}</small>", item),
        Cell(chip + _small(why), float(STATUSES.index(status)) if status in STATUSES else None),
        Cell(text(count(row["facilities"])) + _small(blank), number(row["facilities"]), "num"),
        Cell(text(plain(row["supply"])) + _small(_basis(row, words)), number(row["supply"]), "num"),
        figure_cell(row["per_1000"], plain(row["per_1000"])),
        figure_cell(row["needed_per_1000"], plain(row["needed_per_1000"])),
        figure_cell(row["short_by"], _short(row, unit)),
        Cell("".join(f"<bdi>{text(w)}</bdi><br>" for w in who).removesuffix("<br>") or NONE, None),
        Cell(f"{clause}{text(words.asked(row['item'], row['unit']))}" or NONE, None, "wide"),
    ]


def _short(row: Row, unit: str) -> str:
    lack = number(row["short_by"])
    return f"{plain(lack)} {unit}" if lack else NONE


def _small(said: str) -> str:
    return f"<small>{text(said)}</small>" if said else ""
