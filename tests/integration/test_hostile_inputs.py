"""Ids that would leave the folder, plans of hostile file names: refused in words, or harmless."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.hostile import NAMES
from tests.towns import Town, village

from parkgap import rerun
from parkgap.errors import InputError
from parkgap.study import load_study, safe_name
from parkgap.whatif import default_out, try_plan, with_plan


def rows(ids: list[str]) -> Town:
    """Draw a village with a row of small parks north of its street, one for each id."""
    town = village()
    town.parks = []
    town.tables = {}
    for i, park_id in enumerate(ids):
        x = -1400 + 36.0 * i
        town.park(park_id, (x, 20, x + 30, 50), 100, name=park_id)
    return town


def usable(name: str) -> bool:
    """Tell whether a file in UTF-8 can hold a name."""
    return not re.search("[\ud800-\udfff\ufffe\uffff]", name)


def test_ids_that_can_name_a_file_name_their_pages_and_nothing_else(tmp_path: Path) -> None:
    ids = [name for name in NAMES if usable(name) and safe_name(name)]
    assert len(ids) > 15
    study = rows(ids).write(tmp_path / "study")
    rerun.run(study, tmp_path / "results")
    found = sorted((tmp_path / "results" / "parks").iterdir())
    assert len(found) == len(ids)
    for file in found:
        assert file.resolve().parent == (tmp_path / "results" / "parks").resolve()
        assert re.fullmatch(r"[A-Za-z0-9_.~-]{1,90}", file.name)
    assert {p.name for p in tmp_path.iterdir()} == {"study", "results"}
    record = json.loads((tmp_path / "results" / "run.json").read_text(encoding="utf-8"))
    assert all((tmp_path / "results" / name).is_file() for name in record["outputs"])


def test_all_other_ids_are_refused_at_once_each_with_its_row(tmp_path: Path) -> None:
    ids = [n for n in NAMES if usable(n) and not safe_name(n) and len(n) < 200]
    assert len(ids) > 30
    study = rows(ids).write(tmp_path / "study")
    with pytest.raises(InputError) as refused:
        rerun.run(study, tmp_path / "results")
    said = [p for p in refused.value.problems if p.file == "parks.geojson"]
    # What a table's reader takes away (controls, breaks, marks of direction) leaves some usable.
    assert len(ids) - 12 <= len(said) <= len(ids)
    message = str(refused.value)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", message)
    assert {p.name for p in tmp_path.iterdir()} == {"study"}


def test_half_a_character_written_in_json_is_shown_as_a_gap(tmp_path: Path) -> None:
    town = rows(["P1"])
    town.parks[0]["name"] = "HALF"
    study = town.write(tmp_path / "study")
    layer = tmp_path / "study" / "parks.geojson"
    text = layer.read_text(encoding="utf-8")
    layer.write_text(text.replace("HALF", "half \\ud83d of it"), encoding="utf-8")
    rerun.run(study, tmp_path / "results")
    page = (tmp_path / "results" / "parks" / "P1.html").read_text(encoding="utf-8")
    assert re.search("half [^<a-z]{0,3} ?of it", page)


class Tags(HTMLParser):
    """Gathers the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(f"@{name}" for name, _ in attrs if name.startswith("on"))}


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=window.__pwned=1>.csv",
        "=1+1 \u202e'\"&#60;{{7*7}}${x}`.csv",
        "..csv",
    ],
)
def test_a_plan_may_be_called_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    study = village().write(tmp_path / "study")
    plan = tmp_path / name
    plan.write_text("action,target,workers\nheadcount,P,2000\n", encoding="utf-8")
    planned = with_plan(load_study(study.path), plan)
    out = default_out(planned)
    assert safe_name(out.name)
    assert (tmp_path / out).resolve().parent == tmp_path / "maps"
    try_plan(study, planned, out)
    assert {p.name for p in tmp_path.iterdir()} == {"study", "maps", name}
    for page in out.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        tags = Tags()
        tags.feed(text)
        assert not tags.found & {"img", "iframe", "@onerror"}
        assert "\u202e" not in text
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["whatif"]
