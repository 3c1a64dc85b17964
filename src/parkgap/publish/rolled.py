"""Roll-ups on the overview: a list of districts, subdistricts or functional zones to choose from.

Figures are those of ``rollup.csv`` and of the ranking, which privacy has been through: a sum of
published headcounts tells nothing that its summands do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parkgap.publish.html import Cell, table, text
from parkgap.publish.words import Row, count, number, plain, string

if TYPE_CHECKING:
    from parkgap.publish.shell import Context

LEVELS = ("district", "subdistrict", "zone")
_ITEMS = 4  # short items that a row names; the others are counted


@dataclass(frozen=True)
class Area:
    """One area: its level, name, parks, and the items that are short there, the largest first.

    Attributes
    ----------
    workers
        Of the parks whose headcount is shown; None where none is.
    uncounted
        Parks whose headcount is not known or not shown.
    short
        Pairs (item's name, fewest additions with their unit).
    unverified
        Items that are to be verified somewhere there, and short nowhere.
    """

    level: str
    name: str
    parks: tuple[str, ...]
    workers: float | None
    uncounted: int
    short: tuple[tuple[str, str], ...]
    unverified: int

    @property
    def key(self) -> str:
        """What an address says: ``district:…``."""
        return f"{self.level}:{self.name}"


def areas(ctx: Context) -> list[Area]:
    """List the areas of each level that any park names, by name."""
    return [area for level in LEVELS for area in _of_level(ctx, level)]


def _of_level(ctx: Context, level: str) -> Iterator[Area]:
    members: dict[str, list[str]] = {}
    for park in ctx.park_ids:
        name = string(ctx.ranking.get(park, {}).get(level))
        if name:
            members.setdefault(name, []).append(park)
    if not members:
        return
    frame = ctx.results.rollup
    rows: dict[str, list[Row]] = {}
    for row in frame[frame["level"] == level].to_dict("records"):
        rows.setdefault(str(row["area"]), []).append(row)
    for name in sorted(members):
        yield _area(ctx, level, name, members[name], rows.get(name, []))


def _area(ctx: Context, level: str, name: str, parks: Sequence[str], rows: Sequence[Row]) -> Area:
    heads = [number(ctx.ranking.get(p, {}).get("workers")) for p in parks]
    known = [head for head in heads if head is not None]
    short = [row for row in rows if (number(row["short_by"]) or 0) > 0]
    order = {item: i for i, item in enumerate(ctx.words.items)}
    short.sort(key=lambda r: (-(number(r["parks_short"]) or 0), order.get(str(r["item"]), 0)))
    doubtful = [r for r in rows if not number(r["parks_short"]) and number(r["parks_unverified"])]
    return Area(
        level=level,
        name=name,
        parks=tuple(parks),
        workers=sum(known) if known else None,
        uncounted=len(heads) - len(known),
        short=tuple(
            (ctx.words.item(r["item"]), f"{plain(r['short_by'])} {string(r['unit'])}")
            for r in short
        ),
        unverified=len(doubtful),
    )


def _cells(ctx: Context, area: Area) -> list[Cell]:
    t = ctx.t
    name = (
        f'<button type="button" class="area" aria-pressed="false">'
        f"<bdi>{text(area.name)}</bdi></button>"
    )
    missing = t("rolled.uncounted", n=area.uncounted) if area.uncounted else ""
    workers = text(count(area.workers)) + (f"<small>{text(missing)}</small>" if missing else "")
    named = [f"{what}{t('page.colon')}{much}" for what, much in area.short[:_ITEMS]]
    said = ctx.words.join(named) or t("rolled.none")
    rest = [t("rolled.more", n=len(area.short) - _ITEMS)] if len(area.short) > _ITEMS else []
    rest += [t("rolled.unverified", n=area.unverified)] if area.unverified else []
    small = f"<small>{text(ctx.words.join(rest))}</small>" if rest else ""
    return [
        Cell(name, area.name),
        Cell(text(count(len(area.parks))), len(area.parks), "num"),
        Cell(workers, area.workers, "num"),
        Cell(text(said) + small, len(area.short), "wide"),
    ]


def _attributes(area: Area, place: Mapping[str, int]) -> str:
    """Tell the page's script which area a row is, and which rows of the table are its parks."""
    rows = " ".join(str(place[park]) for park in area.parks)
    return f' data-area="{text(area.key)}" data-rows="{rows}"'


def areas_panel(ctx: Context, found: Sequence[Area], place: Mapping[str, int]) -> str:
    """Build the lists of areas, one a level, hidden until a reader asks for a level.

    Parameters
    ----------
    found
        Of :func:`areas`.
    place
        Park id to its row of the table.
    """
    t = ctx.t
    parts = []
    for level in LEVELS:
        own = [area for area in found if area.level == level]
        if not own:
            continue
        headings = [
            (ctx.words.word("area_level", level), ""),
            (t("rolled.parks"), "num"),
            (t("fact.workers"), "num"),
            (t("rolled.short"), ""),
        ]
        rows = [(_attributes(a, place), _cells(ctx, a)) for a in own]
        title = t("rolled.title", level=ctx.words.word("area_level", level))
        grid = table(headings, rows, caption=title, ident=f"areas-{level}")
        note = f'<p class="note">{text(t("rolled.note"))}</p>'
        parts.append(f'<div class="areas" data-level="{level}" hidden>{grid}{note}</div>\n')
    return "".join(parts)


def level_choice(ctx: Context, found: Sequence[Area]) -> str:
    """Build the choice of area level; nothing where no park names an area."""
    own = [level for level in LEVELS if any(a.level == level for a in found)]
    if not own:
        return ""
    options = "".join(
        f'<option value="{level}">{text(ctx.words.word("area_level", level))}</option>'
        for level in own
    )
    return (
        f"<label>{text(ctx.t('rolled.choose'))} "
        f'<select id="area-level"><option value="">{text(ctx.t("rolled.all"))}</option>'
        f"{options}</select></label>"
    )
