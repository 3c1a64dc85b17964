"""What the lists say of a day: what is there, what is coming, and what may not be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pyproj import Geod
from shapely.geometry import box
from tests.unit.test_official import ITEMS, LAT, LON, M_LON, MEAL, STANDARD, listed, mapped

from parkgap.access.lists import gather, not_yet, open_places, stock_places
from parkgap.access.official import join
from parkgap.access.shuttles import shuttle_lines
from parkgap.access.stops import distinct_lines, line_key
from parkgap.access.timetables import join_timetable
from parkgap.frames import BUS_LINES, ENTERPRISES, HOUSING_STOCK, PARKS, PROJECTS, SHUTTLES, Schema
from parkgap.list_keys import holds

if TYPE_CHECKING:
    import pandas as pd

HOMES = "worker_housing"


def rows(schema: Schema, *given: dict[str, object]) -> pd.DataFrame:
    """Rows of a schema; what is not given is empty."""
    blank = {c.name: np.nan if c.kind == "float" else None for c in schema.columns}
    full = [{**blank, "source": "表.xlsx", **g} for g in given]
    return schema.frame({n: [r[n] for r in full] for n in schema.names})


def project(key: str = "X1", **given: object) -> dict[str, object]:
    place = {"name": "南岸驿站", "item": MEAL, "access": "public", "lon": LON, "lat": LAT}
    return {"project_id": key, "status": "under_construction", **place, **given}


def home(key: str = "H1", **given: object) -> dict[str, object]:
    place = {
        "name": "青年公寓",
        "kind": "public_rental",
        "access": "public",
        "lon": LON,
        "lat": LAT,
    }
    return {"stock_id": key, "status": "existing", **place, **given}


def parted(
    day: str, *projects: dict[str, object], stock: tuple[dict[str, object], ...] = ()
) -> tuple[list[str], ...]:
    """Row ids that are there on a day, and those that are to come."""
    both = gather(listed(), rows(PROJECTS, *projects), rows(HOUSING_STOCK, *stock), STANDARD)
    coming = [str(i).rsplit("/", 1)[1] for i in not_yet(both, day)["planned_id"]]
    return open_places(both, day)["row_id"].tolist(), coming


@pytest.mark.parametrize(
    ("opens", "day", "there"),
    [
        ("2026-11-02", "2026-11-01", False),  # the day after
        ("2026-11-01", "2026-11-01", True),
        ("2026-10-31", "2026-11-01", True),  # the day before
        ("2026-11", "2026-11-29", False),  # some day in November: not before it is over
        ("2026-11", "2026-12-01", True),
        ("2026", "2026-12-31", False),
        (None, "2026-11-01", False),
        ("2026-10-31", "", False),  # nobody knows what day it is
    ],
)
@pytest.mark.parametrize("status", ["under_construction", "planned"])
def test_a_project_counts_from_its_opening_day_and_is_never_both(
    opens: str | None, day: str, there: bool, status: str
) -> None:
    here, coming = parted(day, project(status=status, open_date=opens))
    assert (here, coming) == ((["X1"], []) if there else ([], ["X1"]))


def test_what_says_that_it_exists_waits_for_its_day_too() -> None:
    assert parted("2026-11-01", project(status="existing")) == (["X1"], [])
    assert parted("2026-11-01", project(status="existing", open_date="2026-11-02")) == ([], ["X1"])
    both = gather(listed(), rows(PROJECTS, project(status="existing", open_date="2027")),
                  rows(HOUSING_STOCK), STANDARD)  # fmt: skip
    assert not_yet(both, "2026-11-01")["status"].tolist() == ["to_open"]


@pytest.mark.parametrize(
    ("status", "ready", "there"),
    [
        ("existing", None, True),
        ("existing", "2026-11-01", True),
        ("existing", "2026-11-02", False),
        ("planned", "2020-01-01", False),  # a promise that was not kept is no bed
        ("under_construction", None, False),
    ],
)
def test_housing_counts_if_it_exists_and_is_ready(
    status: str, ready: str | None, there: bool
) -> None:
    here, coming = parted("2026-11-01", stock=(home(status=status, ready_date=ready),))
    assert (here, coming) == ((["H1"], []) if there else ([], ["H1"]))


def test_a_list_row_that_names_a_project_is_that_project() -> None:
    planned = listed({"status": "planned", "project_id": "X1", "row_id": "7"})
    built = listed({"status": "existing", "project_id": "X1", "row_id": "7"})
    projects, none = rows(PROJECTS, project()), rows(HOUSING_STOCK)
    assert gather(planned, projects, none, STANDARD)["row_id"].tolist() == ["X1"]
    assert gather(built, projects, none, STANDARD)["row_id"].tolist() == ["7"]
    nowhere = rows(PROJECTS, project(lon=np.nan, lat=np.nan))
    assert gather(planned, nowhere, none, STANDARD)["row_id"].tolist() == ["7"]


def test_a_dormitory_in_both_is_one_and_unknown_beds_stay_unknown() -> None:
    frame, member = mapped(("way/1", "南岸职工宿舍2号楼", HOMES, 40.0))
    stock = rows(
        HOUSING_STOCK,
        home("H1", name="南岸职工宿舍", kind="dormitory"),
        home("H2", name="青年公寓", beds=300.0, beds_vacant=20.0, lon=LON + 700 * M_LON),
        home("H3", name="村居", kind="other", lon=LON + 900 * M_LON),
        home("H4", name="小宿舍", beds=12.0, beds_vacant=5.0, lon=LON + 1200 * M_LON),
    )
    both, counts, _ = join(
        frame, member, gather(listed(), rows(PROJECTS), stock, STANDARD), STANDARD
    )
    assert both["facility_id"].tolist() == [
        "way/1",
        *(f"list:housing_stock/H{n}" for n in (2, 3, 4)),
    ]
    assert both["name"].tolist()[0] == "南岸职工宿舍"
    assert counts[:, ITEMS.index(HOMES)].tolist() == [True, True, False, True]
    assert counts[2, ITEMS.index("any_housing")]
    beds = stock_places(both, stock, min_workers=10)
    assert beds["stock_id"].tolist() == ["H2", "H3", "H4", "H1"]
    # Nobody knows of the first; seven people live in the fourth: its vacant beds would show that.
    assert beds["beds"].fillna(-1).tolist() == [300, -1, 12, -1]
    assert beds["beds_vacant"].fillna(-1).tolist() == [20, -1, -1, -1]


@pytest.mark.parametrize(
    ("said", "day", "valid"),
    [
        ("2025-11-01", "2026-11-01", True),
        ("2025-10-31", "2026-11-01", False),
        ("2026-11-02", "2026-11-01", False),
        ("2024-02-29", "2025-02-28", True),
        ("2024-02-29", "2025-03-01", False),
        ("2026-06-30", "", True),
    ],
)
def test_a_declaration_holds_for_twelve_months(said: str, day: str, valid: bool) -> None:
    assert holds(said, day) is valid


# --- timetables -----------------------------------------------------------------------------------


def call(
    line: str, stop: str, east: float | None = 0.0, order: int = 1, **more: object
) -> dict[str, object]:
    place = {} if east is None else {"lon": LON + east * M_LON, "lat": LAT}
    times = {"first": "06:00", "last": "21:00", "headway": 12.0, "direction": "上行"}
    return {"line": line, "stop": stop, "order": float(order), **times, **place, **more}


def test_a_line_is_one_however_it_is_written() -> None:
    for name in (
        "示1路",
        "示1",
        "示1 路",
        "示１路",
        "公交示1路",
        "示1路（上行）",
        "示1路: 甲 → 乙",
    ):
        assert line_key(name) == "示1", name
    # A metro line, an express and a branch are other lines.
    assert len({line_key(n) for n in ("1路", "1号线", "K1路", "11路", "1路区间")}) == 5
    assert distinct_lines(["示1路", "示2", "示1", "示2路"]) == ["示1路", "示2"]


def test_a_timetable_gives_its_lines_to_the_stops_on_both_sides() -> None:
    frame, member = mapped(
        ("node/1", "人民路", "bus_stop", 0.0),
        ("node/2", "人民路", "bus_stop", 120.0),
        ("node/3", "市场", "bus_stop", 20.0),
    )
    frame["lines"] = [["示1路"], [], []]
    table = rows(BUS_LINES, call("示1", "人民路站", 10.0), call("示2路", "人民路（公交站）", 10.0))
    both, counts, times, lost = join_timetable(frame, member, table, STANDARD)
    assert both["facility_id"].tolist() == ["node/1", "node/2", "node/3"]
    assert both["lines"].tolist() == [["示1路", "示2路"], ["示1", "示2路"], []]
    assert (len(counts), lost) == (3, 0)
    assert times[["facility_id", "line"]].to_numpy().tolist() == [
        ["node/1", "示1"],
        ["node/1", "示2路"],
        ["node/2", "示1"],
        ["node/2", "示2路"],
    ]


def test_a_stop_that_no_map_has_is_a_stop_of_its_own_once() -> None:
    frame, member = mapped(("node/1", "人民路", "bus_stop", 151.0))
    table = rows(
        BUS_LINES,
        call("6路", "人民路", 0.0),  # a metre too far from the mapped one
        call("7路", "人民路站", 40.0),  # near enough, and by that not the table's own
        call("8路", "工业园", 3.0, direction=None),
        call("9路", "工业园站", 30.0),
    )
    both, counts, _, lost = join_timetable(frame, member, table, STANDARD)
    assert lost == 0
    assert both["facility_id"].tolist() == [
        "node/1",
        "list:bus_lines/6路/上行/1",
        "list:bus_lines/8路/-/1",
    ]
    assert both["lines"].tolist() == [["7路"], ["6路"], ["8路", "9路"]]
    for item in ("bus_stop", "bus_lines"):
        assert counts[1:, ITEMS.index(item)].all()


def test_a_row_without_a_position_goes_by_its_name_where_that_is_one_place() -> None:
    frame, member = mapped(
        ("node/1", "人民路", "bus_stop", 0.0),
        ("node/2", "人民路", "bus_stop", 90.0),
        ("node/3", "市场", "bus_stop", 0.0),
        ("node/4", "市场", "bus_stop", 5000.0),
    )
    table = rows(BUS_LINES, call("1路", "人民路站", None), call("1路", "市场", None, 2))
    both, _, _, lost = join_timetable(frame, member, table, STANDARD)
    assert both["lines"].tolist() == [["1路"], ["1路"], [], []]
    assert lost == 1


# --- shuttles -------------------------------------------------------------------------------------


def shuttles(**given: object) -> dict[str, object]:
    return {"line": "班车", "stop": "南村", "order": 1.0, "times": "05:20;13:20", **given}


@pytest.mark.parametrize(("metres", "beside"), [(140.0, True), (149.9, True), (160.0, False)])
@pytest.mark.parametrize("elsewhere", [0.0, 36.0, 70.0])
def test_a_stop_at_the_park_is_so_by_true_metres(
    metres: float, elsewhere: float, *, beside: bool
) -> None:
    # At 60 degrees a metre of the map's plane is half a metre; elsewhere other stops lie.
    geod = Geod(ellps="WGS84")
    park = {"park_id": "P", "name": "P", "geometry": box(LON, 59.99, LON + 0.01, 60.0)}
    _, north, _ = geod.fwd(LON + 0.005, 60.0, 0.0, metres)
    table = rows(
        SHUTTLES,
        shuttles(seats=45.0, lon=LON + 0.005, lat=north),
        shuttles(seats=45.0, stop="远处", order=2.0, lon=LON, lat=elsewhere),
    )
    lines, _ = shuttle_lines(table, rows(ENTERPRISES), rows(PARKS, park), min_workers=10)
    assert lines["park_id"].tolist() == (["P"] if beside else [])


@pytest.mark.parametrize(
    ("workers", "seats", "told"),
    [
        (500.0, 45.0, True),
        (500.0, np.nan, True),
        (None, 45.0, True),  # nobody lists the firm; 90 seats a day
        (9.0, 45.0, False),  # a firm of nine, however large its bus
        (500.0, 4.0, False),  # eight seats a day: whoever rides is one of eight
        (500.0, 5.0, True),
        (None, np.nan, False),  # nothing is known of how many ride
    ],
)
def test_a_shuttle_of_a_few_is_withheld(workers: float | None, seats: float, told: bool) -> None:
    parks = rows(
        PARKS, {"park_id": "P", "name": "P", "geometry": box(LON, LAT, LON + 0.01, LAT + 0.01)}
    )
    firm: dict[str, object] = {
        "enterprise_id": "E",
        "park_id": "P",
        "name": "甲厂",
        "workers": workers,
    }
    firms = rows(ENTERPRISES, *([firm] if workers is not None else []))
    owner = "E" if workers is not None else None
    table = rows(
        SHUTTLES,
        shuttles(
            enterprise_id=owner, seats=seats, stop="厂门", order=2.0, lon=LON, lat=LAT - 0.001
        ),
        shuttles(enterprise_id=owner, seats=seats),
    )
    lines, withheld = shuttle_lines(table, firms, parks, min_workers=10)
    assert (len(lines), withheld) == ((1, 0) if told else (0, 1))
    if told:
        row = lines.iloc[0]
        assert (row["park_id"], row["stops"], row["departures"]) == ("P", "南村 > 厂门", 2)
        assert np.isnan(seats) or row["seats_day"] == 2 * seats
        assert row["enterprise"] == ("" if workers is None else "甲厂")
