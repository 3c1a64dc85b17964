"""A run that judges by several standards: each alone, side by side, and the main one untouched."""

from __future__ import annotations

import filecmp
import json
import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from tests.gtfs import write_feed
from tests.towns import Town, degrees, judged, village

from parkgap import rerun
from parkgap.errors import InputError, StandardError
from parkgap.pipeline import compute
from parkgap.publish.text import Text
from parkgap.replay import prepare
from parkgap.several import counterparts
from parkgap.standard import Standard, load
from parkgap.standards import HERE, text_of
from parkgap.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from parkgap.results import Results

MAIN, GB, SHOPS, TD = "cn-industrial-15min", "gb50180-2018", "mofcom-2021", "tdt1062-2021"
ALSO = f'[standard]\nalso = ["{GB}", "{SHOPS}", "{TD}"]\n'


def said(results: Results, standard: str, park: str = "P") -> dict[str, object]:
    """One row of the comparison."""
    rows = results.comparison
    (row,) = rows[(rows["park_id"] == park) & (rows["standard"] == standard)].to_dict("records")
    return {str(k): v for k, v in row.items()}


def items(row: dict[str, object]) -> set[str]:
    return set(str(row["short"]).split("; ")) - {""}


# --- where they disagree ---------------------------------------------------------------------


def test_standards_disagree_where_their_limits_do(tmp_path: Path) -> None:
    # From the firm it is 120 m to the main street: the pharmacy is 420 m away (6.3 minutes), the
    # market 570 m (8.5 minutes), the bank 870 m.
    town = village()
    town.settings = ALSO
    town.node(300, 0, amenity="pharmacy", name="Drugs")
    town.node(-450, 0, amenity="marketplace", name="Market")
    town.node(750, 0, amenity="bank", name="Bank")
    results = town.results(tmp_path)
    # pharmacy: 8 min in two of them, 300 m in TD/T 1062; GB 50180 has none
    assert judged(results, "P", "pharmacy")["status"] == "met"
    assert "pharmacy" not in items(said(results, SHOPS))
    assert "pharmacy" in items(said(results, TD))
    assert "pharmacy" not in {i.id for i in load(GB).items}
    # market: 800 m of the study's own; 8 minutes (536 m) and 500 m elsewhere
    assert judged(results, "P", "fresh_market")["status"] == "met"
    for other in (GB, SHOPS, TD):
        assert "fresh_market" in items(said(results, other))
    # bank: 800 m and, in GB 50180, 500 and 1000 m; the others ask for none
    assert judged(results, "P", "bank_atm")["status"] == "short"
    assert "bank_branch" in items(said(results, GB))
    # The 150 people of a quarter hour's circle: only the pharmacy, 0.10 of all weight.
    shops = said(results, SHOPS)
    assert (shops["score"], shops["score_low"], shops["score_high"]) == pytest.approx((10,) * 3)
    assert (shops["short_count"], shops["items_count"]) == (11, 12)
    # TD/T 1062 is met in nothing, nor GB 50180, whose rail cannot exist here
    assert [said(results, s)["score"] for s in (TD, GB)] == [0, 0]
    assert said(results, GB)["items_count"] == 17


def test_each_row_says_how_much_is_not_confirmed(tmp_path: Path) -> None:
    town = village()
    town.settings = ALSO
    results = town.results(tmp_path)
    # GB 50180 without rail (0.2 of a category of 0.125): all but schools and green is recalled.
    whole = 1 - 0.2 * 0.125
    assert said(results, GB)["weight_unconfirmed"] == pytest.approx(
        0.75 * 1 / whole - 0.025 / whole
    )
    assert [said(results, s)["weight_unconfirmed"] for s in (SHOPS, TD)] == [0, 0]
    assert results.comparison["standard"].tolist() == [MAIN, GB, SHOPS, TD]


# --- each by itself ----------------------------------------------------------------------------


def wide(tmp_path: Path) -> str:
    """Write a standard that asks the map for more than the shipped ones: land, rails, buildings."""
    text = text_of(HERE / f"{TD}.yaml").replace(f"id: {TD}", "id: wide")
    rule = "    rule_of: cn-industrial-15min/primary_care\n"
    own = (
        "    rule: {any: [{amenity: clinic}, {building: civic}, {landuse: allotments}, "
        "{railway: signal}, {place: farm}, {amenity: pub, brewery: yes}], "
        "name_adds: 宿舍|canteen|clinic}\n"
    ).replace("brewery: yes", 'brewery: "yes"')
    assert rule in text
    tmp_path.mkdir(parents=True, exist_ok=True)
    (tmp_path / "wide.yaml").write_text(text.replace(rule, own), encoding="utf-8")
    return "wide.yaml"


def crowded() -> Town:
    """A village with what only one or the other standard asks for."""
    town = village()
    town.node(300, 0, amenity="pharmacy", name="Drugs")
    town.node(120, 0, shop="convenience", name="Shop")
    town.node(200, 0, amenity="restaurant", name="Meal")
    town.node(250, 0, highway="bus_stop", name="Stop")
    # Read for the wide standard alone; their names would make them canteens of the other.
    town.area((-300, 5, -280, 25), building="civic", name="职工食堂")
    town.area((-340, 5, -320, 25), building="civic", operator="职工食堂")
    town.area((400, 5, 420, 25), landuse="allotments", name="邮政")
    town.node(-220, 5, railway="signal", name="Clinic", building="yes")
    town.node(-600, 5, place="farm", name="Farm clinic")
    town.area((500, 5, 520, 25), building="dormitory", name="Clinic house")
    town.park("Q", (600, 20, 800, 220))
    town.street((700, 0), (700, 120), highway="service")
    town.firm("G", "Q", (700, 120))
    return town


def test_judged_beside_another_a_standard_says_what_it_says_alone(tmp_path: Path) -> None:
    town = crowded()

    def table(own: str, also: str) -> pd.DataFrame:
        folder = tmp_path / own
        wide(folder)
        town.settings = f'[standard]\nuse = "{own}"\nalso = ["{also}"]'
        both = town.results(folder)
        town.settings = f'[standard]\nuse = "{own}"'
        alone = town.results(folder)
        for name in ("assessment", "ranking", "shortfall", "rollup", "facilities", "nearby"):
            pd.testing.assert_frame_equal(getattr(both, name), getattr(alone, name))
        rows = both.comparison
        first = rows[rows["standard"] == both.standard.id]
        assert first["score"].tolist() == alone.ranking["score"].tolist()
        return rows.sort_values(["park_id", "standard"], ignore_index=True)

    # The two studies judge by the same two standards: their tables say the same.
    main = table(MAIN, "wide.yaml")
    assert len(main) == 4
    pd.testing.assert_frame_equal(main, table("wide.yaml", MAIN))
    assert main["score"].nunique() > 2


def files(folder: Path) -> dict[str, bytes]:
    found = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def test_the_comparison_changes_no_byte_of_what_the_study_says(tmp_path: Path) -> None:
    town = crowded()
    wide(tmp_path / "s")
    out = {}
    for name, also in (("one", ""), ("many", f'also = ["{GB}", "{SHOPS}", "wide.yaml"]')):
        town.settings = f"[standard]\n{also}"
        rerun.run(town.write(tmp_path / "s"), tmp_path / name, rerun.Means())
        out[name] = files(tmp_path / name)
    assert set(out["one"]) == set(out["many"])
    differ = {n for n in out["one"] if out["one"][n] != out["many"][n]}
    pages = {n for n in differ if n.startswith("parks/")}
    assert differ - pages == {"run.json", "timings.json", "index.html", "parkgap.xlsx"}
    assert len(pages) == 2
    # without the panel, and the entry that leads to it, a page is what it was
    title = "Standards side by side"
    panel = re.compile(f"<section[^>]*><h2>{title}.*?</section>\n", re.DOTALL)
    entry = re.compile(f'<li><a href="[^"]*">{title}</a></li>')
    for page in ("index.html", *sorted(pages)):
        text, panels = panel.subn("", out["many"][page].decode())
        text, entries = entry.subn("", text)
        assert (panels, entries) == (1, int(page in pages))
        assert text.split() == out["one"][page].decode().split()
    again = json.loads(out["many"]["run.json"])
    assert [s["id"] for s in again["also"]] == [GB, SHOPS, "wide"]
    assert json.loads(out["one"]["run.json"])["also"] == []


# --- the office's lists --------------------------------------------------------------------------


def test_an_official_list_speaks_to_every_standard_that_has_the_item(tmp_path: Path) -> None:
    town = village()
    town.head = "as_of = 2026-01-01"
    town.settings = ALSO + '[[facilities]]\nfile = "list.csv"\ncrs = "WGS84"'
    rows = [("Drugs of the bureau", "pharmacy", 100), ("Kinder", "childcare_kindergarten", 150)]
    lines = [f"{name},{item},{lon},{lat}" for name, item, x in rows for lon, lat in [degrees(x, 0)]]
    (tmp_path / "list.csv").write_text("\n".join(["name,item,lon,lat", *lines]), encoding="utf-8")
    results = compute(town.write(tmp_path))
    assert judged(results, "P", "pharmacy")["status"] == "met"
    # 220 m, 3.3 minutes: the same place counts for the others' pharmacies
    for other in (SHOPS, TD):
        assert "pharmacy" not in items(said(results, other))
    # GB 50180 has kindergartens by a rule of its own, which a list of childcare and kindergartens
    # does not answer; but it names one, and nothing may be called missing that may be there.
    assert "kindergarten" not in items(said(results, GB))
    assert said(results, GB)["unverified_count"] == 1


def test_pairs_are_items_found_by_one_rule() -> None:
    main = load(MAIN)
    pairs = dict(counterparts(main, load(SHOPS)))
    assert pairs["canteen_or_meal"] == "fast_food"
    assert pairs["sport"] == "fitness"
    assert "repair_print" not in pairs
    assert "dorm_convenience" not in pairs


# --- what is kept, and what is refused ---------------------------------------------------------


def test_a_changed_standard_is_judged_again_and_nothing_else(tmp_path: Path) -> None:
    town = village()
    town.node(300, 0, amenity="pharmacy", name="Drugs")
    town.settings = '[standard]\nalso = ["own.yaml"]'
    text = text_of(HERE / f"{TD}.yaml")
    folder = tmp_path / "s"
    folder.mkdir()

    def run(content: str) -> tuple[Results, list[str]]:
        (folder / "own.yaml").write_text(content, encoding="utf-8")
        from parkgap.pipeline import Clock

        clock = Clock(lambda _: None)
        results = compute(town.write(folder), clock, store=Store(tmp_path / "store"))
        return results, [name for stage in clock.stages for name in stage.reused]

    first, _ = run(text)
    assert "pharmacy" in items(said(first, TD))
    again, reused = run(text)
    assert again.comparison.equals(first.comparison)
    assert {"survey x2", "park"} <= set(reused)
    tests = text.index("id: pharmacy")
    wider = text[:tests] + text[tests:].replace("limit: 300", "limit: 450", 1)
    changed, reused = run(wider)
    assert "pharmacy" not in items(said(changed, TD))
    assert changed.ranking.equals(first.ranking)
    assert "survey" in " ".join(reused)
    assert "prepared" in " ".join(reused)


def test_a_recorded_run_is_repeated_with_the_standards_that_it_had(tmp_path: Path) -> None:
    town = village()
    town.settings = f'[standard]\nalso = ["{GB}", "own.yaml"]'
    folder = tmp_path / "s"
    folder.mkdir()
    text = text_of(HERE / f"{TD}.yaml")
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    rerun.run(town.write(folder), tmp_path / "out", rerun.Means())
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert prepare(folder, record).study.standard.also == (GB, "own.yaml")
    (folder / "own.yaml").write_text(text.replace("limit: 300", "limit: 301"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        prepare(folder, record)
    said = [str(p) for p in caught.value.problems]
    assert any("own.yaml" in p and "the content is another one" in p for p in said)
    assert any("own.yaml" in p and "the standard is another one" in p for p in said)
    assert not any(GB in p for p in said)


@pytest.mark.parametrize(
    ("also", "message"),
    [
        (f'["{GB}", "{GB}"]', "named twice"),
        (f'["{MAIN}"]', "named twice"),
        ('["gone.yaml"]', "is not there"),
        ('"gb50180-2018"', "also"),
    ],
)
def test_a_wrong_choice_is_refused_with_its_line(tmp_path: Path, also: str, message: str) -> None:
    town = village()
    town.settings = f"[standard]\nalso = {also}"
    with pytest.raises(InputError) as caught:
        town.write(tmp_path)
    (problem,) = caught.value.problems
    assert message in str(problem)
    assert problem.row is not None


def test_a_standard_that_is_not_known_or_known_already_is_refused(tmp_path: Path) -> None:
    town = village()
    town.settings = '[standard]\nalso = ["gb50180"]'
    with pytest.raises(StandardError, match=r"did you mean 'gb50180-2018'"):
        town.results(tmp_path)
    (tmp_path / "own.yaml").write_text(text_of(HERE / f"{GB}.yaml"), encoding="utf-8")
    town.settings = f'[standard]\nalso = ["{GB}", "own.yaml"]'
    with pytest.raises(StandardError, match="share an id"):
        town.results(tmp_path)


def test_overrides_are_of_the_studys_own_standard_alone(tmp_path: Path) -> None:
    town = village()
    town.node(300, 0, amenity="pharmacy", name="Drugs")
    town.settings = f'[standard]\nalso = ["{SHOPS}"]\nset = {{ "pharmacy.d10.limit" = 3 }}'
    results = town.results(tmp_path)
    assert judged(results, "P", "pharmacy")["status"] == "short"
    assert "pharmacy" not in items(said(results, SHOPS))


# --- as it is published ------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_unconfirmed_stands_beside_every_comparison(tmp_path: Path, lang: str) -> None:
    town = village()
    town.language = lang
    town.settings = ALSO
    study = town.write(tmp_path / "s")
    rerun.run(study, tmp_path / "out", rerun.Means())
    t, mark = Text(lang), {"zh": "未经原文核实", "en": "not confirmed in the original text"}[lang]
    (page,) = (tmp_path / "out" / "parks").glob("*.html")
    standards: list[Standard] = [load(n) for n in (GB, SHOPS, TD)]
    book = CalamineWorkbook.from_path(str(tmp_path / "out" / "parkgap.xlsx"))
    rows = book.get_sheet_by_name(t("sheet.standards")).to_python()
    cells = "\n".join(str(c) for row in rows for c in row)
    index = tmp_path / "out" / "index.html"
    for shown in (index.read_text("utf-8"), page.read_text("utf-8"), cells):
        for standard in standards:
            assert t.pick(standard.title_zh, standard.title_en) in shown
        assert mark in shown
        own = t("several.unconfirmed", n=21, m=25, items="|").split("|")[0]
        assert own in shown


def test_workers_judge_every_standard_by_its_own_rules(tmp_path: Path) -> None:
    town = village()
    town.node(100, -5, amenity="pharmacy", name="Drugs")
    town.settings += ALSO
    study = town.write(tmp_path / "s")
    alone = rerun.Means(store=tmp_path / "a")
    two = rerun.Means(store=tmp_path / "b", workers=2)
    for means, out in ((alone, tmp_path / "one"), (two, tmp_path / "two")):
        rerun.run(study, out, means)
    one = tmp_path / "one"
    names = [p.relative_to(one).as_posix() for p in one.rglob("*") if p.is_file()]
    same = [n for n in names if n != "timings.json"]
    assert filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", same, shallow=False)[0] == same


def test_what_the_study_cannot_tell_no_further_standard_calls_short(tmp_path: Path) -> None:
    # Shops by the hundred, and not one stop of a bus: nobody mapped them here.
    town = village()
    for i in range(150):
        town.node(-700 + 8.0 * i, -700 - i % 7, shop="hairdresser", name=f"Hair {i}")
    town.settings += ALSO
    results = town.results(tmp_path)
    assert "thin_data" in str(judged(results, "P", "bus_stop")["reason_unverified"])
    assert "bus_stop" not in items(said(results, GB))


def test_stops_of_a_timetable_are_stops_to_every_standard(tmp_path: Path) -> None:
    town = village()
    town.head = "as_of = 2026-11-03"
    town.settings += '[transit]\ngtfs = "gtfs.zip"\n' + ALSO
    at = [degrees(x, 0) for x in (100, 400, 700, 900)]
    names = zip("ABCX", at, strict=True)
    stops = "\n".join(f"{name},Stop {name},{lat},{lon}" for name, (lon, lat) in names)
    write_feed(
        tmp_path / "s" / "gtfs.zip", {"stops": f"stop_id,stop_name,stop_lat,stop_lon\n{stops}"}
    )
    results = town.results(tmp_path / "s")
    assert judged(results, "P", "bus_stop")["status"] == "met"
    assert "bus_stop" not in items(said(results, GB))


def test_rows_of_single_shifts_are_no_further_items(tmp_path: Path) -> None:
    town = village(workers=1000)
    for x in range(5):
        town.node(100 + 10.0 * x, -5, amenity="restaurant", opening_hours="10:00-21:00")
    plain = town.results(tmp_path / "plain").comparison
    assert plain.empty
    town.settings += ALSO
    without = town.results(tmp_path / "without").comparison
    town.tables["shifts"] = [
        {"park_id": "P", "shift": n, "start": a, "end": b, "share": 0.5}
        for n, a, b in (("day", "08:00", "17:00"), ("night", "22:00", "06:00"))
    ]
    parted = town.results(tmp_path / "parted").comparison
    assert parted["items_count"].tolist() == without["items_count"].tolist()
