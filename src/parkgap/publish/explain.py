"""Say in plain text, item by item, what was needed, what was found, and by which clause."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from parkgap.details import ALL
from parkgap.errors import InputError, Problem
from parkgap.list_keys import ITEM_OF_STOCK
from parkgap.publish.beside import Besides
from parkgap.publish.chain import chain
from parkgap.publish.competing import capacity_lines
from parkgap.publish.housed import housing_lines
from parkgap.publish.notices import whatif_mark
from parkgap.publish.text import Text
from parkgap.publish.transit import departures_said
from parkgap.publish.words import Words

if TYPE_CHECKING:
    from parkgap.results import Results
    from parkgap.standard import Item


def explain_park(
    results: Results, park: str, item: str | None = None, *, as_json: bool = False
) -> str:
    """Explain one park, or one item of it with the whole chain behind it.

    Parameters
    ----------
    results
        What the run found.
    park
        Id or name of the park.
    item
        Id or name of an item; None: all.
    as_json
        Return JSON instead of text.

    Raises
    ------
    InputError
        There is no such park or item; the nearest known one is suggested.
    """
    row = _park(results, park)
    items = {i.id: i for i in results.standard.items}
    rows = results.assessment[results.assessment["park_id"] == row["park_id"]]
    if item is not None:
        rows = rows[rows["item"] == _item(results, item)]
    text = Text(results.study.language)
    besides = Besides(results, Words(text, results.standard))
    if as_json:
        return _as_json(row, rows, besides, results.beside.capacity)
    zh = results.study.language == "zh"
    near = results.nearby[results.nearby["park_id"] == row["park_id"]].set_index("facility_id")
    names = results.facilities.set_index("facility_id")["name"]
    lines = _head(results, row, text)
    order = {i: n for n, i in enumerate(items)}
    records = [{str(k): v for k, v in r.items()} for r in rows.to_dict("records")]
    for record in sorted(records, key=lambda r: order[str(r["item"])]):
        one = items[str(record["item"])]
        name = f"{one.zh if zh else one.en} [{one.id}]{_shift(record, besides.words)}"
        lines += ["", f"{name}  {text('status.' + str(record['status']))}"]
        said = _body(record, near, names, text) + _besides(record, one, names, besides)
        if item is not None and record["shift"] == ALL and results.detail is not None:
            said += chain(results.detail(str(row["park_id"]), one.id), record, besides.words)
        if record["shift"] == ALL:
            said += capacity_lines(results, besides.words, row["park_id"], one.id)
            if one.id == ITEM_OF_STOCK["dormitory"]:
                said += housing_lines(results, besides.words, row["park_id"])
        lines += ["  " + line for line in said]
    lines += ["", text("notice.screening")]
    return "\n".join(lines)


def _shift(record: dict[str, Any], words: Words) -> str:
    """Name the shift of a row that speaks of one alone."""
    return "" if record["shift"] == ALL else words.bracket(words.word("shift", record["shift"]))


def _as_json(
    row: dict[str, object], rows: pd.DataFrame, besides: Besides, capacity: pd.DataFrame
) -> str:
    plain = json.loads(rows.to_json(orient="records", force_ascii=False))
    shared = capacity[capacity["park_id"] == row["park_id"]]
    for record in plain:
        if names := besides.departments(record["item"]):
            record["department"] = names
        if coming := besides.coming(record["park_id"], record["item"]):
            record["coming"] = coming
        own = shared[shared["item"] == record["item"]].drop(columns=["park_id", "item"])
        if len(own):
            record["capacity"] = json.loads(own.to_json(orient="records", force_ascii=False))
    found = {"park": row["park_id"], "items": plain}
    if buses := [besides.shuttle(s) for s in besides.shuttles(row["park_id"])]:
        found["shuttles"] = buses
    plans = besides.results.plans
    for name, frame in (("housing", plans.housing), ("beds", plans.beds)):
        own = frame[frame["park_id"] == row["park_id"]].drop(columns="park_id")
        if len(own):
            found[name] = json.loads(own.to_json(orient="records", force_ascii=False))
    return json.dumps(found, ensure_ascii=False, indent=1)


def _besides(
    record: dict[str, Any], item: Item, names: pd.Series[Any], besides: Besides
) -> list[str]:
    """Say what the office's lists add to an item: departments, times, beds, what is coming."""
    text = besides.t
    nearest = record["nearest_id"] if isinstance(record["nearest_id"], str) else ""
    places = dict.fromkeys([*str(record["evidence"] or "").split(), *nearest.split()])
    out = []
    for place in places if item.id in besides.stop_items else ():
        if times := besides.departures(place):
            said = text("page.semicolon").join(times)
            out.append(text("explain.times", stop=_name(names, place), said=said))
    for place in places if item.category == "housing" else ():
        if beds := besides.beds(place):
            said = text("page.semicolon").join(beds)
            out.append(
                text("explain.beds", said=f"{_name(names, place)}{text('page.colon')}{said}")
            )
    if record["status"] in ("short", "unverified"):
        out += besides.coming(record["park_id"], record["item"])
    if item.id in besides.stop_items:
        out += [
            text("explain.shuttle", said=besides.shuttle(row))
            for row in besides.shuttles(record["park_id"])
        ]
        out += departures_said(besides.results, besides.words, record["park_id"])
    if departments := besides.departments(item.id):
        out.append(text("explain.department", names=departments))
    return out


def _head(results: Results, row: dict[str, object], text: Text) -> list[str]:
    rank = results.ranking[results.ranking["park_id"] == row["park_id"]].iloc[0]
    head = [f"{row['name']} [{row['park_id']}]"]
    head += whatif_mark(results.study, text)
    if results.made_up:
        head.append(text("notice.made_up"))
    head.append(
        text(
            "explain.head",
            workers="—" if pd.isna(rank["workers"]) else f"{rank['workers']:,.0f}",
            low=f"{rank['score_low']:.1f}",
            high=f"{rank['score_high']:.1f}",
            rank="—" if pd.isna(rank["rank"]) else str(rank["rank"]),
            unverified=f"{rank['weight_unverified']:.0%}",
        )
    )
    kinds = results.gates[results.gates["park_id"] == row["park_id"]]["kind"]
    counts = sorted(Counter(str(kind) for kind in kinds).items())
    counted = [f"{text('gate.' + kind)} {count}" for kind, count in counts]
    return [*head, text("explain.gates", gates=", ".join(counted) or "—")]


def _body(
    record: dict[str, Any], near: pd.DataFrame, names: pd.Series[Any], text: Text
) -> list[str]:
    if record["status"] == "not_applicable":
        return [str(record["clause"])]
    out = [
        text("explain.tests", tests=record["tests"] or "—"),
        text("explain.served", share=f"{record['served_share']:.0%}"),
    ]
    if record["status"] == "short":
        out.append(text("explain.short", count=f"{record['short_by']:g}", unit=record["unit"]))
    if record["status"] == "unverified":
        why = [text("reason." + code) for code in str(record["reason_unverified"]).split("+")]
        out.append(text("explain.why", reasons=", ".join(why)))
    found = []
    for facility in str(record["evidence"]).split():
        walk = ""
        if record["origin"] == "work" and facility in near.index:
            row = near.loc[facility]
            walk = "".join(f", {part}" for part in _walk(row["metres"], row["minutes"]))
        found.append(f"{_name(names, facility)} ({facility}{walk})")
    if found:
        out.append(text("explain.found", found="; ".join(found)))
    if isinstance(record["nearest_id"], str):
        walk = ", ".join(_walk(record["nearest_m"], record["nearest_min"]))
        out.append(text("explain.nearest", name=_name(names, record["nearest_id"]), walk=walk))
    out.append(
        text("explain.clause", clause=record["clause"], basis=text("basis." + record["basis"]))
    )
    return out


def _name(names: pd.Series[Any], facility: str) -> str:
    name = names.get(facility)
    return str(name) if isinstance(name, str) and name else "—"


def _park(results: Results, wanted: str) -> dict[str, object]:
    parks = results.parks
    hit = parks[(parks["park_id"] == wanted) | (parks["name"] == wanted)]
    if len(hit) == 0:
        known = [*parks["park_id"], *parks["name"]]
        close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.3)
        raise InputError(
            Problem(
                what="未找到这个园区 / there is no such park",
                value=wanted,
                remedy=f"是否为 {', '.join(close)}？ / did you mean one of these?"
                if close
                else None,
            )
        )
    return {str(k): v for k, v in hit.iloc[0].items()}


def _item(results: Results, wanted: str) -> str:
    for item in results.standard.items:
        if wanted in (item.id, item.zh, item.en):
            return item.id
    known = [i.id for i in results.standard.items]
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.3)
    raise InputError(
        Problem(
            what="未找到这项指标 / there is no such item",
            value=wanted,
            remedy=f"是否为 {', '.join(close)}？ / did you mean one of these?"
            if close
            else ", ".join(known),
        )
    )


def _walk(metres: Any, minutes: Any) -> list[str]:
    """Write a walk as far as it is known."""
    parts = [] if pd.isna(metres) else [f"{metres:.0f} m"]
    return parts if pd.isna(minutes) else [*parts, f"{minutes:.1f} min"]
