"""Say in plain text, item by item, what was needed, what was found, and by which clause."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

import pandas as pd

from parkgap.errors import InputError, Problem
from parkgap.publish.text import Text

if TYPE_CHECKING:
    from parkgap.results import Results


def explain_park(results: Results, park: str, item: str | None = None, *, as_json: bool = False) -> str:
    """Explain one park, or one item of it.

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
    if as_json:
        plain = json.loads(rows.to_json(orient="records", force_ascii=False))
        return json.dumps({"park": row["park_id"], "items": plain}, ensure_ascii=False, indent=1)
    text = Text(results.study.language)
    zh = results.study.language == "zh"
    near = results.nearby[results.nearby["park_id"] == row["park_id"]].set_index("facility_id")
    names = results.facilities.set_index("facility_id")["name"]
    lines = _head(results, row, text)
    order = {i: n for n, i in enumerate(items)}
    for record in sorted(rows.to_dict("records"), key=lambda r: order[str(r["item"])]):
        one = items[str(record["item"])]
        lines += ["", f"{one.zh if zh else one.en} [{one.id}]  {text('status.' + str(record['status']))}"]
        lines += ["  " + line for line in _body(record, near, names, text, zh=zh)]
    lines += ["", text("notice.screening")]
    return "\n".join(lines)


def _head(results: Results, row: dict[str, object], text: Text) -> list[str]:
    rank = results.ranking[results.ranking["park_id"] == row["park_id"]].iloc[0]
    zh = results.study.language == "zh"
    workers = "—" if pd.isna(rank["workers"]) else f"{rank['workers']:,.0f}"
    head = [f"{row['name']} [{row['park_id']}]"]
    if results.made_up:
        head.append(text("notice.made_up"))
    score = f"{rank['score_low']:.1f}–{rank['score_high']:.1f}"
    place = "—" if pd.isna(rank["rank"]) else str(rank["rank"])
    if zh:
        head.append(f"职工 {workers}；得分 {score}；位次 {place}；待核实权重 {rank['weight_unverified']:.0%}")
    else:
        head.append(f"workers {workers}; score {score}; rank {place}; unverified weight {rank['weight_unverified']:.0%}")
    kinds = results.gates[results.gates["park_id"] == row["park_id"]]["kind"].value_counts()
    head.append(("出入口：" if zh else "gates: ") + ", ".join(f"{text('gate.' + k)} {n}" for k, n in sorted(kinds.items())))
    return head


def _body(record: dict[str, object], near: pd.DataFrame, names: pd.Series, text: Text, *, zh: bool) -> list[str]:
    if record["status"] == "not_applicable":
        return [str(record["clause"])]
    says = {
        "tests": "需要（找到/需要，最不利的一组职工）" if zh else "needed (found/needed, worst-served group)",
        "served": "已满足职工比例" if zh else "share of workers served",
        "short": "至少还需" if zh else "short by at least",
        "why": "待核实原因" if zh else "unverified because",
        "found": "找到" if zh else "found",
        "nearest": "最近" if zh else "nearest",
        "clause": "条款" if zh else "clause",
    }
    out = [f"{says['tests']}: {record['tests']}"]
    out.append(f"{says['served']}: {record['served_share']:.0%}")
    if record["status"] == "short":
        out.append(f"{says['short']}: {record['short_by']:g} {record['unit']}")
    if record["status"] == "unverified":
        why = [text("reason." + code) for code in str(record["reason_unverified"]).split("+")]
        out.append(f"{says['why']}: {', '.join(why)}")
    found = []
    for facility in str(record["evidence"]).split():
        walk = ""
        if record["origin"] == "work" and facility in near.index:
            walk = f", {near.at[facility, 'metres']:.0f} m, {near.at[facility, 'minutes']:.1f} min"
        found.append(f"{_name(names, facility)} ({facility}{walk})")
    if found:
        out.append(f"{says['found']}: " + "; ".join(found))
    if isinstance(record["nearest_id"], str):
        metres = "" if pd.isna(record["nearest_m"]) else f"{record['nearest_m']:.0f} m, "
        out.append(f"{says['nearest']}: {_name(names, str(record['nearest_id']))}, {metres}{record['nearest_min']:.1f} min")
    out.append(f"{says['clause']}: {record['clause']} ({record['basis']})")
    return out


def _name(names: pd.Series, facility: str) -> str:
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
                what="没有这个园区 / there is no such park",
                value=wanted,
                remedy=f"是否为 {', '.join(close)}？ / did you mean one of these?" if close else None,
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
            what="没有这项指标 / there is no such item",
            value=wanted,
            remedy=f"是否为 {', '.join(close)}？ / did you mean one of these?" if close else ", ".join(known),
        )
    )
