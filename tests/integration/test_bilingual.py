"""Pages in both languages: what each says is what a run in its language says, to the letter."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.towns import Town, village

from parkgap import rerun
from parkgap.bilingual import in_other_language
from parkgap.errors import InputError
from parkgap.study import Study

LINK = re.compile('<nav class="language"[^>]*>.*?</nav>')
ASSETS = re.compile("(?:[.][.]/)+assets/")
BOTH = "both_languages = true"


def town(**how: Any) -> Town:
    """Draw a village with a canteen that has a name in either language, and one without hours."""
    out = village()
    out.node(50, -5, amenity="restaurant", name="Mensa", name__zh="职工食堂", name__en="Canteen")
    out.node(90, -5, shop="convenience", name="Kiosk")
    for key, value in how.items():
        setattr(out, key, value)
    return out


def pages(folder: Path) -> dict[str, str]:
    """Read the pages of one language: without the switch, wherever their files lie."""
    found = [folder / "index.html", *sorted((folder / "parks").glob("*.html"))]
    texts = {p.relative_to(folder).as_posix(): p.read_text(encoding="utf-8") for p in found}
    return {name: ASSETS.sub("assets/", LINK.sub("", text)) for name, text in texts.items()}


def test_each_languages_pages_are_those_of_a_run_in_it(tmp_path: Path) -> None:
    study = town(language="zh", head=BOTH).write(tmp_path / "study")
    rerun.run(study, tmp_path / "both")
    own, other = pages(tmp_path / "both"), pages(tmp_path / "both" / "en")
    for lang, seen in (("zh", own), ("en", other)):
        alone = study.model_copy(update={"language": lang, "both_languages": False})
        rerun.run(alone, tmp_path / lang)
        assert pages(tmp_path / lang) == seen
    assert "职工食堂" in own["parks/P.html"]
    assert "Canteen" in other["parks/P.html"]
    # The lists and everything else stay in the study's own language, once.
    files = {p.relative_to(tmp_path / "both").as_posix() for p in (tmp_path / "both").rglob("*")}
    assert not [f for f in files if f.startswith("en/") and not f.endswith((".html", "parks"))]
    record = json.loads((tmp_path / "both" / "run.json").read_text(encoding="utf-8"))
    assert {"en/index.html", "en/parks/P.html"} <= set(record["outputs"])


def test_a_study_in_one_language_has_no_switch_and_leaves_none_behind(tmp_path: Path) -> None:
    study = town(language="en", head=BOTH).write(tmp_path / "study")
    rerun.run(study, tmp_path / "out")
    assert (tmp_path / "out" / "zh" / "index.html").is_file()
    rerun.run(study.model_copy(update={"both_languages": False}), tmp_path / "out")
    assert not (tmp_path / "out" / "zh").exists()
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "data-switch" not in text
    # The pages changed, the findings did not: there is nothing to list.
    assert not (tmp_path / "out" / "changes.csv").exists()


def test_inputs_that_change_between_the_two_are_refused(tmp_path: Path) -> None:
    study = town(head=BOTH).write(tmp_path)
    first = town(head=BOTH).results(tmp_path / "same")

    def later(_: Study) -> Any:
        changed = town(head=BOTH)
        changed.node(130, -5, amenity="pharmacy")
        return changed.results(tmp_path / "later")

    with pytest.raises(InputError, match="changed while it was read"):
        in_other_language(study, first, later)
