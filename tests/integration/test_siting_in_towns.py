"""Sites in towns worked out by hand: where they may stand, whom they serve, what is promised."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from tests.towns import Town, degrees, judged, village

from parkgap import pipeline, sited
from parkgap.assess.siting_needs import foreseen
from parkgap.errors import StudyError
from parkgap.study import load_study

if TYPE_CHECKING:
    from parkgap.results import Results

PARCEL, MEAL = "parcel_point", "canteen_or_meal"
FAR = 250.0


def twins(settings: str = "", number: int = 1) -> Town:
    """Draw two parks 500 m apart on one street, each firm 40 m north of it.

    From either firm it is 40 m to the street: a place on it between x = 240 and x = 260 is within
    300 m of both.
    """
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (500, 0), (1500, 0))
    for name, x in (("P", 0.0), ("Q", 500.0)):
        town.street((x, 0), (x, 40), highway="service")
        town.park(name, (x - 100, 20, x + 100, 220))
        town.firm(f"F{name}", name, (x, 40))
    town.settings = f"[siting]\nnumber = {number}\ngrid_m = 20\n{settings}"
    return town


def looked_at(town: Town, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Compute a town; give the candidates that siting saw, and the walks to them."""
    seen: list[Any] = []
    made = sited.sites_of

    def spy(*given: Any) -> Any:
        seen.append(given)
        return made(*given)

    monkeypatch.setattr(sited, "sites_of", spy)
    town.results(folder)
    ((_, _, _, candidates, walks, _),) = seen
    return candidates, walks


def rows_of(results: Results, item: str) -> list[dict[str, Any]]:
    sites = results.plans.sites
    rows: list[Any] = sites[sites["item"] == item].to_dict("records")
    return rows


def test_one_canteen_serves_two_parks_from_between_them(tmp_path: Path) -> None:
    # A canteen must be within 300 m: only the 20 m in the middle are within reach of both parks.
    # By the counts three within 500 m and five within 1,000 m 1,000 workers need one each.
    results = twins().results(tmp_path)
    (row,) = rows_of(results, MEAL)
    assert (row["order"], row["park_ids"], row["workers_gained"]) == (1, "P;Q", 2000)
    assert row["search_radius_m"] == FAR
    lon, lat = degrees(250, 0)
    # Told to a thousandth of a degree: not farther off than half of it.
    assert abs(row["lon"] - lon) <= 0.0006
    assert abs(row["lat"] - lat) <= 0.0006
    assert row["lon"] == round(row["lon"], 3)
    assert row["gap"] == 0
    curve = results.plans.curve
    assert curve[curve["item"] == MEAL]["workers_served"].tolist() == [0, 2000]
    assert curve[curve["item"] == MEAL]["closes"].tolist() == [1, 1]


def test_score_gained_is_the_weight_of_the_item_that_all_lack(tmp_path: Path) -> None:
    # Nobody had any, everybody has all: 100 x the item's weight among what applies.
    results = twins().results(tmp_path)
    (row,) = rows_of(results, PARCEL)
    a = results.assessment
    weight = a[(a["item"] == PARCEL) & (a["park_id"] == "P")]["weight"].iloc[0]
    assert row["score_gain"] == pytest.approx(100 * weight)


def test_farther_apart_the_one_site_goes_to_the_larger_park(tmp_path: Path) -> None:
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (800, 0), (1500, 0))
    for name, x, workers in (("P", 0.0, 1000), ("Q", 800.0, 1500)):
        town.street((x, 0), (x, 40), highway="service")
        town.park(name, (x - 100, 20, x + 100, 220), workers)
        town.firm(f"F{name}", name, (x, 40), workers)
    town.settings = '[siting]\nnumber = 1\nitems = ["parcel_point"]\n'
    results = town.results(tmp_path)
    site, none = rows_of(results, PARCEL)
    assert (site["park_ids"], site["workers_gained"]) == ("Q", 1500)
    assert (none["site_id"], none["park_ids"], none["reason"]) == ("none/P", "P", "number")
    assert set(results.plans.sites["item"]) == {PARCEL}


def test_a_listed_plot_is_told_as_a_point_and_taken_before_the_street(tmp_path: Path) -> None:
    town = twins('[land]\nfile = "land.csv"\ncrs = "WGS84"\n')
    lon, lat = degrees(251, -5)
    folder = tmp_path / "plot"
    folder.mkdir()
    with (folder / "land.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([["id", "name", "items", "lon", "lat"], ["L1", "Plot", PARCEL, lon, lat]])
    results = town.results(folder)
    (row,) = rows_of(results, PARCEL)
    assert (row["site_id"], row["place"], row["place_name"]) == ("list:land/L1", "plot", "Plot")
    assert (row["search_radius_m"], row["lon"], row["lat"]) == (0, lon, lat)
    # What the plot is not for goes to the street.
    (meal,) = rows_of(results, MEAL)
    assert (meal["place"], meal["search_radius_m"]) == ("street", FAR)


def test_without_siting_there_is_nothing_of_it(tmp_path: Path) -> None:
    town = twins()
    town.settings = ""
    results = town.results(tmp_path / "town")
    assert results.plans.sites.empty
    assert results.plans.curve.empty
    out = tmp_path / "out"
    pipeline.publish(results, out, pipeline.Clock(lambda _: None))
    assert not (out / "sites.csv").exists()
    assert 'data-layer="sites"' not in (out / "index.html").read_text(encoding="utf-8")


def test_what_was_short_is_judged_as_before_where_sites_are_sought(tmp_path: Path) -> None:
    plain = twins()
    plain.settings = ""
    one, other = plain.results(tmp_path / "plain"), twins().results(tmp_path / "asked")
    for name in ("assessment", "ranking", "shortfall", "rollup", "facilities", "nearby"):
        assert getattr(one, name).to_json() == getattr(other, name).to_json(), name


def test_nothing_stands_in_water_on_a_motorway_or_in_another_factory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = village()
    water, plant = (100, -60, 200, 60), (-300, -60, -150, 60)
    town.area(water, natural="water")
    town.area(plant, landuse="industrial")
    town.area((-100, 20, 100, 220), landuse="industrial")  # the park's own ground is no other's
    town.street((0, 0), (0, -600), highway="trunk")
    town.street((300, 0), (300, -300), bridge="yes")
    town.street((400, 0), (400, -300), tunnel="yes")
    town.street((500, 0), (500, -300), highway="motorway", foot="yes")
    town.settings = "[siting]\ngrid_m = 20\n"
    candidates, _ = looked_at(town, tmp_path, monkeypatch)
    lon, lat = (candidates[c].to_numpy() for c in ("lon", "lat"))
    points = shapely.points(lon, lat)

    def ground(box: tuple[float, float, float, float]) -> Any:
        return shapely.box(*degrees(*box[:2]), *degrees(*box[2:]))

    assert len(candidates) > 50
    for box in (water, plant):
        assert not shapely.contains(ground(box), points).any()
    for x in (0.0, 300.0, 400.0, 500.0):  # the trunk road, the bridge, the tunnel, the motorway
        along = ground((x - 5, -280, x + 5, -20))
        assert not shapely.contains(along, points).any(), x
    # The street on either side of the water is there.
    assert shapely.contains(ground((50, -5, 99, 5)), points).any()
    assert shapely.contains(ground((201, -5, 250, 5)), points).any()
    # 1,500 m along the street, and not a point where nobody walks from the park in time.
    assert shapely.contains(ground((-1200, -5, 1200, 5)), points).sum() > 50


def test_what_is_promised_is_what_the_judge_then_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Parks of several workplaces, shifts, homes at either end: every item, every round.
    found: list[float] = []
    made = sited._Siting._judged_again

    def checked(self: Any, picked: Any) -> Any:
        changes = made(self, picked)
        for p in picked:
            at, item = self.index[p.item], self.standard.item(p.item)
            mass = np.nan_to_num(self.base.workers[:, at] * self.base.weight[:, at])
            mass = mass * self.base.short[:, at]
            for n in range(1, len(p.chosen) + 1):
                built = np.bincount(p.chosen[:n], minlength=p.needs.sites).astype(float)
                then = foreseen(self.assessor, item, p.needs, p.unit_of, built).park
                promised = mass @ np.nan_to_num(then.low - self.base.low[:, at])
                assert promised == pytest.approx(changes[p.item].worth[:n].sum(), abs=1e-9)
                people = np.nan_to_num(self.base.workers[:, at]) * self.base.short[:, at]
                served = people @ np.nan_to_num(then.met - self.base.served[:, at])
                assert served == pytest.approx(changes[p.item].workers[:n].sum(), abs=1e-9)
                found.append(promised)
            assert p.plan.gain[len(p.plan.chosen) - 1] == pytest.approx(
                changes[p.item].worth.sum(), abs=1e-9
            )
        return changes

    monkeypatch.setattr(sited._Siting, "_judged_again", checked)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        town = Town().mapped()
        town.street(*[(float(x), 0.0) for x in range(-1500, 1501, 100)])
        for i, x in enumerate((-800.0, 0.0, 700.0)):
            name = f"P{i}"
            town.street((x, 0), (x, 40), (x, 160), highway="service")
            workers = int(rng.integers(200, 4000))
            town.park(name, (x - 100, 20, x + 100, 220), workers)
            for k, y in enumerate((40.0, 160.0)):
                town.firm(f"{name}{k}", name, (x, y), workers // 2)
            for k in range(int(rng.integers(0, 3))):
                at = (float(rng.integers(-1400, 1400)), 10.0)
                town.home(f"H{i}{k}", name, at, 100.0)
        for k in range(6):
            x = float(rng.integers(-1400, 1400))
            town.node(x, 8.0 + k, amenity=("restaurant", "bank", "pharmacy")[k % 3])
        for name in ("P0", "P1"):
            shift = {"shift": "late", "start": "14:00", "end": "22:00", "share": 0.5}
            for more in ({}, {"shift": "early", "start": "06:00", "end": "14:00"}):
                row = {"park_id": name, **shift, **more, "break_start": "", "break_minutes": 30}
                town.tables.setdefault("shifts", []).append(row)
        town.settings = "[siting]\nnumber = 3\n"
        study = town.write(tmp_path / str(seed))
        file = study.root / "study.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('file = "shifts.csv"\ncrs = "WGS84"', 'file = "shifts.csv"'))
        pipeline.compute(load_study(study.root))
    assert len(found) > 50


def test_a_place_that_serves_few_serves_no_more_in_the_list(tmp_path: Path) -> None:
    # 2,000 workers, one place for 600 of them: the judge says 2,000 served, the allocation 600.
    settings = f'items = ["{PARCEL}"]\ncapacity = {{ {PARCEL} = 600 }}\n'
    results = twins(settings, number=2).results(tmp_path)
    first, second = rows_of(results, PARCEL)
    assert (first["workers_gained"], second["workers_gained"]) == (600, 600)
    assert first["capacity"] == 600


def test_a_budget_buys_what_serves_most_and_says_where_it_ended(tmp_path: Path) -> None:
    town = twins(f'budget = 300\nitems = ["{PARCEL}", "{MEAL}"]\n', number=1)
    town.settings = '[costs]\nfile = "costs.csv"\n\n' + town.settings
    folder = tmp_path / "priced"
    folder.mkdir()
    (folder / "costs.csv").write_text(
        f"item,cost,source\n{PARCEL},200,made up\n{MEAL},300,made up\n", encoding="utf-8"
    )
    results = town.results(folder)
    # A canteen weighs 0.12, parcels 0.08; both together cost 500.
    (meal,) = rows_of(results, MEAL)
    assert (meal["cost"], meal["cost_source"], meal["workers_gained"]) == (300, "made up", 2000)
    assert {r["reason"] for r in rows_of(results, PARCEL)} == {"budget"}
    curve = results.plans.curve
    last = curve[(curve["item"] == MEAL) & (curve["sites"] == 1)].iloc[0]
    assert (last["cost"], last["workers_per_yuan"]) == (300, pytest.approx(2000 / 300))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("budget = 0", "budget = 0"),
        ("budget = 100", "[costs]"),
        ("number = 0", "number = 0"),
        ('items = ["canteen"]', "canteen_or_meal"),
        ("by_item = { shop = 1 }", "siting.by_item"),
        ("only_listed = true", "[land]"),
        ("min_spacing_m = -1", "siting.min_spacing_m"),
        ("colour = 1", "colour"),
    ],
)
def test_what_cannot_be_is_one_clear_message(tmp_path: Path, settings: str, said: str) -> None:
    town = village()
    town.settings = f"[siting]\n{settings}\n"
    with pytest.raises(StudyError) as refused:
        town.results(tmp_path)
    (problem,) = refused.value.problems
    assert said in str(problem)
    assert " / " in problem.what


def test_a_park_without_a_street_has_a_row_that_says_so(tmp_path: Path) -> None:
    town = twins()
    town.park("X", (2500, 2500, 2700, 2700), 500)
    results = town.results(tmp_path)
    reasons = {r["reason"] for r in results.plans.sites.to_dict("records") if r["park_ids"] == "X"}
    # Nothing is confirmed short where no street leads: then there is nothing to site either.
    short = results.assessment[results.assessment["park_id"] == "X"]["status"]
    assert ("short" in set(short)) == bool(reasons)


def test_published_sites_are_those_of_the_frames(tmp_path: Path) -> None:
    results = twins().results(tmp_path / "town")
    out = tmp_path / "out"
    pipeline.publish(results, out, pipeline.Clock(lambda _: None))
    with (out / "sites.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(results.plans.sites)
    head = "site_id,item,lon,lat,search_radius_m,park_ids,workers_gained,score_gain,order"
    assert ",".join(rows[0])[: len(head)] == head
    page = (out / "index.html").read_text(encoding="utf-8")
    begin = page.index('id="parkgap-data"')
    data = json.loads(page[page.index(">", begin) + 1 : page.index("</script>", begin)])
    assert {s["r"] for s in data["sites"]} == {FAR}


def test_where_no_public_street_is_near_a_park_builds_inside_for_its_own(tmp_path: Path) -> None:
    # The only street ends at the gate, 400 m from the firm: 300 m from the firm everything is the
    # park's own drive.  1,000 workers need one canteen in 300 m, three in 500 m, five in 1,000 m
    # of which the drive alone can hold the first.
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (1500, 0))
    town.street((0, 0), (0, 400), highway="service", access="private")
    town.park("P", (-100, 10, 100, 500), workers=1000)
    town.firm("F", "P", (0, 400), workers=1000)
    town.settings += '[siting]\nnumber = 5\nitems = ["canteen_or_meal"]\n'
    results = town.results(tmp_path)
    sites = results.plans.sites
    assert judged(results, "P", "canteen_or_meal")["status"] == "short"
    assert sites["reason"].isna().all()
    assert set(sites["place"]) == {"inside"}
    assert set(sites["access"]) == {"park:P"}
    assert sites["workers_gained"].sum() == 1000


def driveways(*parks: tuple[str, float, tuple[float, float]], south: float = 10.0) -> Town:
    """Draw parks with a private drive each (name, its x, west and east of the park)."""
    town = Town().mapped()
    town.street((-1500, 0), *[(x, 0.0) for _, x, _ in parks], (1500, 0))
    for name, x, (west, east) in parks:
        town.street((x, 0), (x, 400), highway="service", access="private")
        town.park(name, (west, south, east, 500), workers=1000)
        town.firm(f"F{name}", name, (x, 400), workers=1000)
    return town


def test_a_neighbours_drive_takes_no_place_from_a_parks_own(tmp_path: Path) -> None:
    # Two drives 4 m apart, in the same cells: the one serves P's people alone, the other Q's.
    town = driveways(("P", -2.0, (-100.0, 0.0)), ("Q", 2.0, (0.0, 100.0)))
    town.settings += '[siting]\nnumber = 5\nitems = ["canteen_or_meal"]\n'
    sites = town.results(tmp_path).plans.sites
    assert sites["reason"].isna().all()
    assert set(sites["access"]) == {"park:P", "park:Q"}
    assert sites["workers_gained"].sum() == 2000


def test_nothing_stands_on_the_stretch_of_a_drive_outside_its_park(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # From outside it is not open, and inside the park it is not: no walk would lead there.
    town = driveways(("P", 0.0, (-100.0, 100.0)), south=100.0)
    town.settings += "[siting]\ngrid_m = 20\n"
    candidates, walks = looked_at(town, tmp_path, monkeypatch)
    inside = np.flatnonzero(candidates["kind"] == "inside")
    assert len(inside) > 5
    assert set(inside) <= set(walks["target"])
    park = shapely.box(*degrees(-100, 100), *degrees(100, 500))
    lon, lat = (candidates[c].to_numpy()[inside] for c in ("lon", "lat"))
    assert shapely.contains_xy(park, lon, lat).all()


def test_a_park_within_another_shares_what_stands_inside_with_it(tmp_path: Path) -> None:
    # Whoever is meant, it is not everybody.
    town = driveways(("P", 0.0, (-100.0, 100.0)))
    town.park("Q", (-90, 10, 90, 500), workers=1000)
    town.firm("FQ", "Q", (0, 400), workers=1000)
    town.settings += '[siting]\nnumber = 5\nitems = ["canteen_or_meal"]\n'
    sites = town.results(tmp_path).plans.sites
    assert set(sites["place"]) == {"inside"}
    assert set(sites["park_ids"]) == {"P;Q"}
    assert sites["access"].isna().all()


def test_a_neighbourhood_centre_is_open_to_all(tmp_path: Path) -> None:
    # A parcel point may stand on the park's own drive, what is to be a centre may not.
    town = driveways(("P", 0.0, (-100.0, 100.0)))
    town.settings += f'[siting]\nitems = ["neighbourhood_centre", "{MEAL}"]\n'
    sites = town.results(tmp_path).plans.sites
    centre = sites[sites["item"] == "neighbourhood_centre"]
    assert set(sites[sites["item"] == MEAL]["place"]) == {"inside"}
    assert "inside" not in set(centre["place"])


def test_vacant_ground_inside_a_park_is_as_far_as_its_people_have_to_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 60 m along the public street that runs through the park, and 80 m from it to the ground.
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (1500, 0))
    town.park("P", (-100, -50, 100, 300))
    town.firm("F", "P", (0, 0))
    town.area((60, 80, 62, 120), landuse="brownfield")
    town.settings = "[siting]\n"
    candidates, walks = looked_at(town, tmp_path, monkeypatch)
    (vacant,) = np.flatnonzero(candidates["kind"] == "vacant")
    (metres,) = walks["metres"][walks["target"] == vacant]
    assert metres == pytest.approx(141, abs=2)


def test_a_park_of_few_is_not_told_by_what_is_gained_with_it(tmp_path: Path) -> None:
    # Q's four workers are withheld everywhere, P's 1,000 are not: nor may their sum be told.
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (500, 0), (1500, 0))
    for name, x, workers in (("P", 0.0, 1000), ("Q", 500.0, 4)):
        town.street((x, 0), (x, 40), highway="service")
        town.park(name, (x - 100, 20, x + 100, 220), workers)
        town.firm(f"F{name}", name, (x, 40), workers)
    town.settings = f'[siting]\nnumber = 1\ngrid_m = 20\nitems = ["{PARCEL}"]\n'
    results = town.results(tmp_path)
    (row,) = rows_of(results, PARCEL)
    assert row["park_ids"] == "P;Q"
    assert np.isnan(row["workers_gained"])
    assert np.isnan(row["score_gain"])
    curve = results.plans.curve
    assert curve["workers_served"].tolist() == pytest.approx([0, np.nan], nan_ok=True)


def test_few_who_are_served_already_are_not_told_by_what_is_served_then(tmp_path: Path) -> None:
    # Three live beside a pharmacy, 997 far from it: those who gain, taken from those who are served
    # then, would leave the three.
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (1000, 0), (1500, 0))
    town.street((0, 0), (0, 40), highway="service")
    town.park("P", (-100, 20, 100, 220), 1000)
    town.firm("F", "P", (0, 40), 1000)
    town.node(-1200, 8, amenity="pharmacy")
    town.home("A", "P", (-1200, 5), 3)
    town.home("B", "P", (1000, 5), 997)
    town.settings = '[siting]\nnumber = 1\nitems = ["pharmacy"]\n'
    results = town.results(tmp_path)
    (row,) = rows_of(results, "pharmacy")
    assert row["workers_gained"] == 997
    assert results.plans.curve["workers_served"].isna().all()


def test_a_listed_plot_on_a_parks_own_drive_serves_its_people(tmp_path: Path) -> None:
    # 400 m from any public street, beside the firm: the office's own list names it.
    town = driveways(("P", 0.0, (-100.0, 100.0)))
    town.settings = '[land]\nfile = "land.csv"\ncrs = "WGS84"\n[siting]\nonly_listed = true\n'
    folder = tmp_path / "plot"
    folder.mkdir()
    lon, lat = degrees(5, 390)
    (folder / "land.csv").write_text(f"id,lon,lat\nL1,{lon},{lat}\n", encoding="utf-8")
    results = town.results(folder)
    row = next(r for r in rows_of(results, MEAL) if r["order"] == 1)
    assert (row["site_id"], row["place"]) == ("list:land/L1", "plot")
    assert (row["access"], row["workers_gained"] > 0) == ("park:P", True)
    assert not any(r["order"] > 0 for r in rows_of(results, "neighbourhood_centre"))


def test_few_who_lack_something_steer_no_site_and_that_is_said(tmp_path: Path) -> None:
    # Four live where no pharmacy is, 996 beside one.
    town = Town().mapped()
    town.street((-1500, 0), (0, 0), (1500, 0))
    town.street((0, 0), (0, 40), highway="service")
    town.park("P", (-100, 20, 100, 220), 1000)
    town.firm("F", "P", (0, 40), 1000)
    town.node(-1200, 8, amenity="pharmacy")
    town.home("A", "P", (-1200, 5), 996)
    town.home("B", "P", (1400, 5), 4)
    town.settings = '[siting]\nitems = ["pharmacy"]\n'
    results = town.results(tmp_path)
    assert judged(results, "P", "pharmacy")["status"] == "short"
    (row,) = rows_of(results, "pharmacy")
    assert row["reason"] == "few_workers"


def test_a_list_of_plots_of_which_none_is_near_is_said_to_help_nobody(tmp_path: Path) -> None:
    town = twins("only_listed = true\n")
    town.settings += '[land]\nfile = "land.csv"\ncrs = "WGS84"\n'
    folder = tmp_path / "far"
    folder.mkdir()
    lon, lat = degrees(250, 2500)
    (folder / "land.csv").write_text(f"id,lon,lat\nL1,{lon},{lat}\n", encoding="utf-8")
    rows = rows_of(town.results(folder), MEAL)
    assert [(r["park_ids"], r["reason"]) for r in rows] == [
        ("P", "no_candidate"),
        ("Q", "no_candidate"),
    ]
