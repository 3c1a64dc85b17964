"""The choice of a shift on a park's page: what of its places serves whom, as compact letters.

The letters are the assessment's (:mod:`parkgap.assess.open_when`); the page only looks them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parkgap.publish.html import text
from parkgap.publish.words import string

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parkgap.publish.shell import Context
    from parkgap.results import AroundParks

#: From what serves best: a place serves a shift as the best of its items does.
STATES = "onauct"
# States that look different on the map: hours not asked look as open, too short as closed.
_SHOWN = ("o", "a", "u", "c")
_NOT_ASKED = "n"


@dataclass(frozen=True)
class ParkShifts:
    """What pages tell of shifts.

    Attributes
    ----------
    names
        Park id to its shifts as pairs (name, times of day or "").
    states
        Park id to (facility, item) to a letter a shift.
    """

    names: Mapping[str, list[tuple[str, str]]]
    states: Mapping[str, Mapping[tuple[str, str], str]]

    @classmethod
    def of(cls, around: AroundParks) -> ParkShifts:
        """Sort the frames by park."""
        names: dict[str, list[tuple[str, str]]] = {}
        columns = ("park_id", "shift", "start", "end")
        for park, shift, start, end in zip(*(around.open_shifts[c] for c in columns), strict=True):
            times = f"{start}–{end}" if start else ""
            names.setdefault(str(park), []).append((str(shift), times))
        states: dict[str, dict[tuple[str, str], str]] = {}
        columns = ("park_id", "facility_id", "item", "states")
        for park, place, item, said in zip(*(around.open_hours[c] for c in columns), strict=True):
            states.setdefault(str(park), {})[str(place), str(item)] = str(said)
        return cls(names, states)


def _labels(ctx: Context, park_id: str) -> list[tuple[str, str]]:
    """Name a park's shifts: as the address calls them, and as the reader reads them."""
    return [
        (name, f"{shift}{ctx.words.bracket(times)}" if times else shift)
        for name, times in ctx.shifts.names.get(park_id, [])
        for shift in [ctx.words.word("shift", name)]
    ]


def shift_data(ctx: Context, park_id: str, near: list[list[Any]]) -> dict[str, Any] | None:
    """Give a page's script what it looks up; None where nothing is told of shifts.

    Parameters
    ----------
    ctx, park_id
        The park.
    near
        Its facilities (:func:`parkgap.publish.marks.nearby`), items as ids still.

    Returns
    -------
    ``names``; ``codes``, each once; ``of``, the number of each facility's code.  A code has a
    letter a shift for the place as a whole, then, where it has several items, the same for each.
    """
    shifts = ctx.shifts.names.get(park_id)
    if not shifts or not near:
        return None
    states, blank = ctx.shifts.states.get(park_id, {}), _NOT_ASKED * len(shifts)
    codes: dict[str, int] = {}
    of = []
    for entry in near:
        each = [states.get((string(entry[10]), item), blank) for item in entry[4]] or [blank]
        best = "".join(min(letters, key=STATES.index) for letters in zip(*each, strict=True))
        code = best + ("".join(each) if len(each) > 1 else "")
        of.append(codes.setdefault(code, len(codes)))
    words = {s: ctx.t(f"parkpage.state_{s}") for s in STATES}
    said = {k: ctx.t(f"parkpage.{k}") for k in ("open_of", "said", "said_part", "by_shift")}
    said["sep"] = ctx.t("page.semicolon")
    names = [label for _, label in _labels(ctx, park_id)]
    return {"names": names, "words": words, "t": said, "codes": list(codes), "of": of}


def shift_choice(ctx: Context, park_id: str) -> str:
    """Build the choice of a shift, and the legend of what it does; nothing where none is told."""
    labels = _labels(ctx, park_id)
    if not labels or not ctx.shifts.states.get(park_id):
        return ""
    t = ctx.t
    options = "".join(
        f'<option value="{text(name)}">{text(label)}</option>' for name, label in labels
    )
    legend = "".join(
        f'<li><span class="state {s}" aria-hidden="true"></span>'
        f"{text(t('parkpage.look_c') if s == 'c' else t(f'parkpage.state_{s}'))}</li>"
        for s in _SHOWN
    )
    return (
        f'<div class="shifts"><h2><label for="shift">{text(t("parkpage.shift"))}</label></h2>'
        f'<select id="shift"><option value="">{text(t("parkpage.shift_none"))}</option>'
        f'{options}</select><div id="shift-legend" hidden>'
        f'<p id="shift-said" class="note" role="status"></p>'
        f'<ul class="legend">{legend}</ul>'
        f'<p class="note">{text(t("parkpage.shift_note", assumed=_assumed(ctx)))}</p></div></div>'
    )


def _assumed(ctx: Context) -> str:
    """Say from when to when places of unknown hours are taken to be open, by category."""
    hours = ctx.results.standard.hours
    if hours is None:
        return ""
    usual = hours.assumed_of("").v
    said = [_span(usual)]
    for category, label in ctx.words.categories.items():
        own = hours.assumed_of(category).v
        if own != usual:
            said.append(f"{label} {_span(own)}")
    return ctx.words.join(said)


def _span(hours: tuple[float, float]) -> str:
    return "–".join(f"{int(h)}:{round(h % 1 * 60):02d}" for h in hours)
