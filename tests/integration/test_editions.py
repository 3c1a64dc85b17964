"""What leaves the program, read back from the disk as somebody else would: made-up towns."""

from __future__ import annotations

import csv
import html
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from python_calamine import CalamineWorkbook
from scipy.optimize import linprog
from tests.towns import Town, degrees

from parkgap import rerun

FEW = 10
# Enterprises: park, distance of each from the main street (up the park's drive), workers.
FIRMS: dict[str, dict[float, int]] = {
    "P1": {120: 1237, 420: 811, 700: 463},
    "P2": {120: 1913},  # alone
    "P3": {120: 2741, 420: 97, 700: 53},  # 53 is less than 10 % of 2,741
    "P4": {120: 733, 420: 641, 700: 577},
    "P5": {120: 1409},
    "P6": {120: 1171},
    "P7": {120: 1867, 420: 1489},  # two, who know each other
}
DISTRICT = {"P1": "East", "P2": "East", "P3": "East", "P5": "East", "P7": "East"}
ZONE = {p: "Coast" for p in FIRMS if p != "P4"}  # East and P6: their difference is P6
# Told: three firms and more, none of which is known by the others.  All else is one firm's.
SHOPS = {"convenience_store": (10, 2110), "canteen_or_meal": (2120,), "bank_atm": (725,),
         "pharmacy": (15,)}  # fmt: skip
SOLE = {"P2", "P3", "P5", "P6", "P7"}


def town(edition: str = "public", *, report: bool = False, extra: str = "") -> Town:
    """Parks along one street, 700 m apart, with shops, a barracks and a prison."""
    made = Town(language="en").mapped()
    made.report = report
    made.head = f'as_of = 2026-11-01\nedition = "{edition}"\n' + (
        'map_review_no = "GS(2026)1"\n' if edition == "public" else ""
    )
    made.settings = f"[privacy]\nmin_workers = {FEW}\n{extra}"
    xs = [700.0 * i for i in range(len(FIRMS))]
    made.street(*[(x, 0.0) for x in (-400.0, *xs, xs[-1] + 400.0)])
    for x, (park, firms) in zip(xs, FIRMS.items(), strict=True):
        far = max(firms)
        made.street((x, 0), *[(x, y) for y in firms], highway="service")
        made.park(
            park,
            (x - 60, 20, x + 60, far + 40),
            workers=sum(firms.values()),
            district=DISTRICT.get(park, "West"),
            zone=ZONE.get(park, "Hills"),
        )
        for y, workers in firms.items():
            made.firm(f"{park}-{y:.0f}", park, (x, y), workers=workers)
    made.node(10, -5, shop="convenience", name="Corner")
    made.node(2110, -5, shop="convenience", name="Kiosk")
    made.node(2120, -5, amenity="restaurant", name="Noodles")
    made.node(15, -6, amenity="pharmacy", name="Barracks pharmacy")
    made.area((0, -30, 30, -5.5), landuse="military", name="Barracks")
    made.area((1400, -80, 1480, -30), amenity="prison", name="North Hill")
    made.node(725, -5, amenity="bank", name="监狱储蓄所")
    return made


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public result folder."""
    folder = tmp_path_factory.mktemp("public")
    rerun.run(town(report=True).write(folder / "town"), folder / "out")
    return folder / "out"


def tables(out: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every table of a result folder: lists, sheets, layers."""
    for path in sorted(out.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield path.name, list(csv.DictReader(stream))
    book = CalamineWorkbook.from_path(out / "parkgap.xlsx")
    for title in book.sheet_names:
        rows = book.get_sheet_by_name(title).to_python()
        yield f"xlsx {title}", [{str(n): v for n, v in enumerate(r)} for r in rows]
    with closing(sqlite3.connect(out / "parkgap.gpkg")) as base:
        base.row_factory = sqlite3.Row
        for (name,) in base.execute("SELECT table_name FROM gpkg_contents").fetchall():
            yield f"gpkg {name}", [dict(r) for r in base.execute(f'SELECT * FROM "{name}"')]  # noqa: S608


def texts(out: Path) -> Iterator[tuple[str, str]]:
    """Everything that can be read in a result folder, but the drawn coordinates."""
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.suffix in (".html", ".csv", ".txt") or name == "run.json":
            text = path.read_text(encoding="utf-8-sig")
            if name == "run.json":  # sizes and hashes of files are no figures
                facts = json.loads(text)
                del facts["outputs"], facts["inputs"]
                text = json.dumps(facts, ensure_ascii=False)
            if path.suffix == ".html":
                text = re.sub(r'"d":\[[-0-9,]*\]', "", text)
                text = re.sub(r"data:[^\"']*", "", text)
            yield name, html.unescape(text)
    with zipfile.ZipFile(out / "report.docx") as packed:
        body = packed.read("word/document.xml").decode()
        yield "report.docx", html.unescape(re.sub(r"<[^>]*>", " ", body))
    for name, rows in tables(out):
        cells = (v for row in rows for v in row.values() if not isinstance(v, bytes))
        yield name, "\n".join(str(v) for v in cells if v is not None)


def spelled(count: float) -> re.Pattern[str]:
    """A number as pages and lists write it."""
    return re.compile(rf"(?<![\d.,/-])({count:.0f}|{count:,.0f})(?![\d.,]| m\b)")


# --- one enterprise's headcount ------------------------------------------------------------------


def test_no_headcount_of_an_enterprise_stands_in_any_public_file(told: Path) -> None:
    single = [w for firms in FIRMS.values() for w in firms.values() if w > 200]
    hidden = [sum(FIRMS[p].values()) for p in SOLE]
    near = {10 * round(v / 10) for v in (*single, *hidden)}
    for name, text in texts(told):
        for count in {*single, *hidden, *near}:
            found = spelled(count).search(text)
            assert found is None, (name, text[max(found.start() - 60, 0) : found.end() + 20])


def known(out: Path) -> list[tuple[dict[str, float], float, float]]:
    """Linear relations between enterprises' headcounts that the files tell: row, least, most.

    Read from the files alone; who can walk to what is everybody's to see: the firms that a row's
    unserved are, are those farther up the drive than the shops are.
    """
    found: list[tuple[dict[str, float], float, float]] = []

    def say(firms: dict[str, float], figure: Any) -> None:
        if figure not in (None, ""):
            found.append((firms, float(figure) - FEW / 2, float(figure) + FEW / 2))

    def all_of(*parks: str) -> dict[str, float]:
        return {f"{p}-{y:.0f}": 1.0 for p in parks for y in FIRMS[p]}

    every = {"district": lambda p: DISTRICT.get(p, "West"), "zone": lambda p: ZONE.get(p, "Hills")}
    for name, rows in tables(out):
        for row in rows:
            if "park_id" in row and row["park_id"] in FIRMS:
                park = str(row["park_id"])
                if row.get("origin") in (None, "", "work", "either"):
                    say(all_of(park), row.get("workers"))
                part = row.get("workers_unserved")
                if part not in (None, "") and float(part) > 0:
                    # At worst it is any one of the firms, or all but one.
                    whole = sum(FIRMS[park].values())
                    if abs(float(part) - whole) <= FEW:
                        say(all_of(park), part)
                    else:
                        pytest.fail(f"{name}: {row}")
            elif row.get("level") in every:
                parks = [p for p in FIRMS if every[str(row["level"])](p) == row["area"]]
                say(all_of(*parks), row["workers"])
                if row["workers_unserved"] not in (None, ""):
                    lost = [lacking(out, p, str(row["item"])) for p in parks]
                    say({n: v for own in lost for n, v in own.items()}, row["workers_unserved"])
    return found


def lacking(out: Path, park: str, item: str) -> dict[str, float]:
    """The enterprises of a park that an item does not serve, as anybody can see on the map."""
    with closing(sqlite3.connect(out / "parkgap.gpkg")) as base:
        said = 'SELECT status, workers_unserved, "limit", limit_unit FROM assessment'
        said += " WHERE park_id=? AND item=? AND shift='all'"
        status, unserved, limit, unit = base.execute(said, (park, item)).fetchone()
    if status == "not_applicable" or unserved == 0:
        return {}
    if unserved is not None:  # what is told of a park is all or nothing
        return {f"{park}-{y:.0f}": 1.0 for y in FIRMS[park]}
    metres = limit * (67.0 if unit == "min" else 1.0)
    x = 700.0 * list(FIRMS).index(park)
    nearest = min((abs(x - at) for at in SHOPS.get(item, ())), default=np.inf)
    return {f"{park}-{y:.0f}": 1.0 for y in FIRMS[park] if nearest + y + 5 > metres}


def test_no_headcount_can_be_worked_out_of_all_that_is_told(told: Path) -> None:
    """By linear programming: the figures leave every firm's headcount open by 10 % and more."""
    relations = known(told)
    names = [f"{p}-{y:.0f}" for p, firms in FIRMS.items() for y in firms]
    truth = np.array([w for firms in FIRMS.values() for w in firms.values()], dtype=float)
    matrix = np.array([[row.get(n, 0.0) for n in names] for row, _, _ in relations])
    low, high = (np.array([r[i] for r in relations]) for i in (1, 2))
    assert len(relations) > 20
    assert (matrix @ truth >= low - 0.5 * FEW * 2).all()  # the relations are true
    assert (matrix @ truth <= high + 0.5 * FEW * 2).all()
    system, right = np.vstack([matrix, -matrix]), np.concatenate([high + FEW, FEW - low])
    for at, name in enumerate(names):
        goal = np.zeros(len(names))
        goal[at] = 1.0
        ends = []
        for sign in (1, -1):
            made = linprog(sign * goal, A_ub=system, b_ub=right, bounds=(0, None), method="highs")
            ends.append(sign * float(made.fun or 0.0) if made.status == 0 else np.inf)
        least, most = ends
        assert least <= 0.9 * truth[at] + 1, name
        assert most >= 1.1 * truth[at] - 1, name


def test_what_is_told_of_parks_is_what_may_be_told(told: Path) -> None:
    rows = {r["park_id"]: r for n, t in tables(told) if n == "ranking.csv" for r in t}
    assert {p for p, r in rows.items() if r["workers"] == ""} == SOLE
    assert {p for p, r in rows.items() if r["tier"] == "withheld"} <= SOLE
    assert rows["P1"]["workers"] == "2510"  # 2,511
    assert rows["P4"]["workers"] == "1950"
    assert all(rows[p]["rank"] == "" for p in SOLE)
    ranks = sorted(int(r["rank"]) for r in rows.values() if r["rank"])
    assert ranks == list(range(1, len(ranks) + 1))


def test_a_sum_that_would_give_a_park_by_difference_is_withheld(told: Path) -> None:
    sums = {
        (r["level"], r["area"]): r["workers"]
        for n, t in tables(told)
        if n == "rollup.csv"
        for r in t
        if r["item"] == "canteen_or_meal"
    }
    assert sums["district", "West"] == ""  # one withheld park alone
    # East and the coast differ by P6: at most one of them is told.
    assert "" in (sums["district", "East"], sums["zone", "Coast"])
    assert any(sums.values())


def test_public_figures_of_workers_are_empty_nothing_or_enough(told: Path) -> None:
    check_few(told)


def check_few(out: Path) -> None:
    names = re.compile(r"^(workers|workers_.*|housed|lodging_need.*|beds_.*)$")
    seen = 0
    for name, rows in tables(out):
        for row in rows:
            for column, value in row.items():
                if (
                    names.match(str(column))
                    and column != "beds_unknown"
                    and value not in (None, "")
                ):
                    seen += 1
                    assert float(value) == 0 or float(value) >= FEW, (name, column, value)
    assert seen > 20


# --- sensitive features and coordinates ----------------------------------------------------------


def test_sensitive_features_are_in_no_public_file(told: Path) -> None:
    for name, text in texts(told):
        for word in ("Barracks", "North Hill", "监狱储蓄所"):
            assert word not in text, name
    counts = json.loads((told / "run.json").read_text(encoding="utf-8"))["counts"]
    assert counts["sensitive_withheld"] >= 3
    layers = dict(tables(told))
    assert {r["name"] for r in layers["gpkg facilities"]} >= {"Corner", "Kiosk", "Noodles"}


def test_the_ground_within_a_sensitive_area_is_not_drawn(told: Path) -> None:
    west, south = degrees(1400, -80)
    east, north = degrees(1480, -30)
    inside = shapely.box(west + 2e-4, south + 2e-4, east - 2e-4, north - 2e-4)
    for sheet in (told / "assets/base").glob("*.js"):
        data = json.loads(re.search(r"parkgapSheet\((\{.*\}),\[", sheet.read_text())[1])  # type: ignore[index]
        for layer in set(data) - {"o"}:
            counts, moves = data[layer]
            steps = np.array(moves).reshape(-1, 2)
            starts = np.r_[0, np.cumsum(counts)[:-1]]
            ends = np.cumsum(counts)
            for a, b in zip(starts, ends, strict=True):
                line = (np.cumsum(steps[a:b], axis=0) + data["o"]) / 1e5
                assert not shapely.intersects(shapely.LineString(line), inside), (sheet.name, layer)


def test_public_coordinates_are_no_finer_than_is_said(told: Path) -> None:
    with closing(sqlite3.connect(told / "parkgap.gpkg")) as base:
        said = "SELECT table_name, column_name FROM gpkg_geometry_columns"
        for table, column in base.execute(said).fetchall():
            for (blob,) in base.execute(f'SELECT "{column}" FROM "{table}"'):  # noqa: S608
                shape = shapely.from_wkb(blob[8 + 32 * bool(blob[3] & 2) :])
                at = shapely.get_coordinates(shape)
                assert np.allclose(at, at.round(4), atol=1e-9), table
    for name, rows in tables(told):
        for row in rows:
            for axis in ("lon", "lat"):
                if row.get(axis) not in (None, ""):
                    assert abs(float(row[axis]) * 1e4 % 1) in (0, pytest.approx(1, abs=1e-6)), name


def test_the_page_says_what_is_withheld_and_bears_its_review_number(told: Path) -> None:
    for page in (told / "index.html", *(told / "parks").glob("*.html"), told / "report.html"):
        text = page.read_text(encoding="utf-8")
        assert "GS(2026)1" in text
        assert "headcount is withheld" in text, page.name
        assert "sensitive features" in text, page.name


# --- homes ---------------------------------------------------------------------------------------


def settlement(homes: dict[str, tuple[float, float, float]], edition: str = "internal") -> Town:
    """One park, and homes of its workers: name to x, y and workers."""
    made = Town(language="en").mapped()
    made.report = False
    made.head = f'as_of = 2026-11-01\nedition = "{edition}"\n' + (
        'map_review_no = "GS(2026)1"\n' if edition == "public" else ""
    )
    made.settings = f"[privacy]\nmin_workers = {FEW}\n"
    made.street((-1500, 0), (0, 0), (1500, 0))
    for side in (-1200, -900, -600, 600, 900, 1200):
        made.street((side, 0), (side, 600))
    made.street((0, 0), (0, 120), highway="service")
    made.park("P", (-100, 20, 100, 220), workers=500)
    made.node(-1190, -5, shop="convenience", name="Corner")
    made.node(610, -5, leisure="fitness_centre", name="Gym")
    made.node(620, -5, shop="supermarket", name="Market")
    for name, (x, y, workers) in homes.items():
        made.home(name, "P", (x, y), workers=workers)
    return made


HOMES = {"H1": (-1200.0, 500.0, 240.0), "H2": (600.0, 300.0, 150.0), "H3": (1200.0, 400.0, 4.0)}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("homes")
    rerun.run(settlement(HOMES).write(folder / "town"), folder / "out")
    return folder / "out"


@pytest.mark.parametrize("edition", ["internal", "public"])
def test_no_file_holds_the_place_of_a_home(lived: Path, edition: str, tmp_path: Path) -> None:
    out = lived
    if edition == "public":
        rerun.run(settlement(HOMES, edition).write(tmp_path / "town"), tmp_path / "out")
        out = tmp_path / "out"
    check_few(out)
    for x, y, _ in HOMES.values():
        lon, lat = degrees(x, y)
        for path in sorted(out.rglob("*")):
            if path.is_file():
                held = path.read_bytes()
                if path.suffix in (".xlsx", ".docx"):
                    with zipfile.ZipFile(path) as packed:
                        held = b"".join(packed.read(n) for n in packed.namelist())
                for digits in (4, 5, 6, 7):
                    one, two = f"{lon:.{digits}f}".encode(), f"{lat:.{digits}f}".encode()
                    near = [m.start() for m in re.finditer(re.escape(one), held)]
                    assert not any(two in held[max(a - 60, 0) : a + 60] for a in near), path
                pair = np.array([lon, lat], dtype="<f8").tobytes()
                assert pair not in held, path


def home_rows(out: Path) -> dict[str, dict[str, Any]]:
    layers = dict(tables(out))
    return {r["item"]: r for r in layers["gpkg assessment"] if r["origin"] == "home"}


def test_minutes_from_homes_are_whole_and_metres_are_not_told(lived: Path) -> None:
    rows = home_rows(lived)
    assert rows
    for row in rows.values():
        assert row["nearest_m"] is None
        assert row["nearest_min"] is None or row["nearest_min"] == int(row["nearest_min"])


def test_a_home_of_few_may_lie_anywhere_in_a_large_area(lived: Path, tmp_path: Path) -> None:
    """Trilateration: H3's four workers are moved about, and every file stays what it was.

    What is said of homes comes of groups of ten and more; of the few only that they lack what is
    far from all these places.  The places span more than 5 ha.
    """
    places = [(600.0, 590.0), (1200.0, 150.0)]
    for n, (x, y) in enumerate(places):
        moved = settlement({**HOMES, "H3": (x, y, 4.0)}).write(tmp_path / f"t{n}")
        rerun.run(moved, tmp_path / f"o{n}")
        mine, others = home_rows(tmp_path / f"o{n}"), home_rows(lived)
        assert mine == others
    area = shapely.MultiPoint([*places, HOMES["H3"][:2]]).convex_hull.area
    assert area / 1e4 > 5  # ha; nobody else's figures shrink it


def test_of_two_runs_nothing_tells_of_fewer_than_are_told_of(lived: Path, tmp_path: Path) -> None:
    """Three workers move from one home to another, and one is new: no figure differs by 1 to 9."""
    after = {**HOMES, "H1": (*HOMES["H1"][:2], 237.0), "H2": (*HOMES["H2"][:2], 154.0)}
    rerun.run(settlement(after).write(tmp_path / "town"), tmp_path / "out")
    one, two = home_rows(lived), home_rows(tmp_path / "out")
    assert one.keys() == two.keys()
    for item, row in one.items():
        for name in ("workers", "workers_unserved"):
            values = row[name], two[item][name]
            if None not in values:
                moved = abs(values[0] - values[1])
                assert moved == 0 or moved >= FEW, (item, name, values)
