"""A download is whole or it is not there; it is polite, it ends, and it leaves nothing behind."""

from __future__ import annotations

import gzip
import json
import re
import socket
import time
from email.utils import format_datetime
from pathlib import Path

import osmium
import pytest
import shapely
from tests.overpass_server import BASE, Answer, FakeClock, Server, serving, wrap
from tests.towns import Town, degrees

from parkgap.errors import ExtractError, OutputError
from parkgap.sources import overpass
from parkgap.sources.http import Patience
from parkgap.sources.osm_file import read_extract
from parkgap.sources.overpass import Area, Servers, fetch, tile_boxes, widen
from parkgap.sources.snapshot import Snapshot

# The town's box, some 18 x 11 km at 36 degrees north: two tiles side by side.
BOX = (*degrees(-8000, -2000), *degrees(8000, 2000))
AREA = Area(bbox=BOX)
QUICK = Patience(connect_s=2, silence_s=0.3, total_s=8, tries=3, connect_tries=2, first_wait_s=1)
PAGE = b"<!DOCTYPE html><html><head><title>x</title></head><body><p>Error: busy</p></body></html>"


def draw() -> Town:
    """Draw a street and a park across both tiles, a shop in each, a line that comes from afar."""
    town = Town()
    town.street((-7000, 0), (-10, 0), (10, 0), (7000, 0), name="Long Road")
    town.street((100, 100), (200, 100))
    town.node(-3000, 10, shop="kiosk")
    stop = town.node(3000, 10, public_transport="platform", highway="bus_stop")
    outer = town.area((-500, 300, 500, 900))
    inner = town.area((300, 400, 400, 500))
    town.relation([(outer, "outer"), (inner, "inner")], type="multipolygon", landuse="industrial")
    far = town.street((60000, 0), (61000, 0))
    town.relation([(stop, "platform"), (far, "")], type="route", route="bus", ref="7")
    return town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw().write_osm(tmp_path_factory.mktemp("town") / "town.osm")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "study" / ".parkgap" / "osm"


def get(
    server: Server, folder: Path, area: Area = AREA, clock: FakeClock | None = None, **more: object
) -> Snapshot:
    patience = Patience(**{**vars(QUICK), **more})
    return fetch(
        area,
        folder,
        Servers(server.overpass, server.url),
        patience=patience,
        clock=(clock or FakeClock()).clock,
    )


def kept(folder: Path) -> list[str]:
    """Everything on disk, tiles by their number alone."""
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    return sorted(re.sub(r"^tiles-\w+/", "tiles/", n) for n in names)


def refused(server: Server, folder: Path, **more: object) -> str:
    with pytest.raises(ExtractError) as error:
        get(server, folder, **more)  # type: ignore[arg-type]
    (problem,) = error.value.problems
    assert "parkgap fetch" in str(problem.remedy)
    return str(problem)


def test_a_whole_answer_becomes_a_map_that_reads_like_the_town(town: Path, folder: Path) -> None:
    with serving(town) as server:
        snapshot = get(server, folder)
    # Two tiles, which share the long road and the park: each object is there once.
    assert len(server.asked) == 2
    ids = [(o.type_str(), o.id) for o in osmium.FileProcessor(str(snapshot.path))]
    assert len(ids) == len(set(ids))
    order = {"n": 0, "w": 1, "r": 2}
    assert ids == sorted(ids, key=lambda i: (order[i[0]], i[1]))
    mine, theirs = (
        read_extract(f, place_keys=["shop"], place_values={}) for f in (snapshot.path, town)
    )
    near = theirs.ways.tags["way_id"] != 5  # the way of the line that lies far off
    assert mine.ways.tags["way_id"].tolist() == theirs.ways.tags["way_id"][near].tolist()
    assert mine.counts["ways_cut_at_edge"] == 0
    assert mine.objects["osm_id"].tolist() == theirs.objects["osm_id"].tolist()
    assert mine.routes["members"].tolist() == theirs.routes["members"].tolist()
    (park,) = mine.ground["geometry"]
    assert shapely.equals(park, theirs.ground["geometry"].iloc[0])
    assert shapely.get_num_interior_rings(shapely.get_geometry(park, 0)) == 1
    assert mine.coverage_from == "header"
    assert tuple(round(v, 7) for v in shapely.bounds(mine.coverage)) == BOX
    assert mine.date == BASE[:10]


def test_the_manifest_says_what_was_asked_of_whom_and_when(town: Path, folder: Path) -> None:
    with serving(town) as server:
        snapshot = get(server, folder)
        facts = json.loads(snapshot.path.with_name(snapshot.path.name[:-8] + ".json").read_bytes())
    assert facts == dict(snapshot.manifest)
    assert snapshot.path.name.startswith("20250602T0900")
    assert facts["asked"] == {"bbox": list(BOX)}
    assert facts["overpass"] == server.overpass
    assert facts["data_date"] == BASE
    assert facts["fetched"].startswith("2025-06-02T09:00")
    assert "out meta" in facts["query"]
    assert facts["box"] == list(BOX)
    assert [t["box"] for t in facts["tiles"]] == [list(b) for b in tile_boxes(BOX)]
    assert "ODbL" in facts["licence"]
    assert kept(folder) == sorted([snapshot.path.name, snapshot.path.name[:-8] + ".json"])


def test_one_request_at_a_time_with_a_name_and_a_pause(town: Path, folder: Path) -> None:
    clock = FakeClock()
    with serving(town) as server:
        get(server, folder, clock=clock, pause_s=1.5)
    assert server.most_at_once == 1
    assert clock.slept == [1.5]
    assert all(a.startswith("parkgap/") for a in server.agents)


@pytest.mark.parametrize("by_date", [False, True])
def test_a_busy_server_is_asked_again_when_it_says(
    town: Path, folder: Path, *, by_date: bool
) -> None:
    clock = FakeClock()
    when = format_datetime(clock.start.replace(second=4), usegmt=True) if by_date else "4"
    with serving(town) as server:
        server.script = [Answer(PAGE, 429, "text/html", {"Retry-After": when})]
        get(server, folder, clock=clock, pause_s=0)
    assert len(server.asked) == 3
    assert server.asked[0] == server.asked[1]
    assert clock.slept[0] == pytest.approx(4)


def test_waits_grow_and_end(town: Path, folder: Path) -> None:
    clock = FakeClock()
    busy = Answer(PAGE, 504, "text/html")
    with serving(town) as server:
        server.script = [busy] * 9
        said = refused(server, folder, clock=clock, tries=4, first_wait_s=1, total_s=60)
    assert clock.slept == [1, 2, 4]
    assert len(server.asked) == 4
    assert "tile 1 of 2" in said
    assert "第 1/2 块" in said
    assert "504" in said
    assert "Error: busy" in said
    assert "<" not in said
    assert kept(folder) == []


def test_a_wait_that_passes_the_limit_is_not_waited_for(town: Path, folder: Path) -> None:
    clock = FakeClock()
    with serving(town) as server:
        server.script = [Answer(PAGE, 429, "text/html", {"Retry-After": "3600"})]
        said = refused(server, folder, clock=clock)
    assert clock.slept == []
    assert len(server.asked) == 1
    assert "3600" in said


def cut_short(body: bytes) -> bytes:
    return body[: len(body) // 2]


def broken_answers(whole: bytes) -> dict[str, tuple[Answer, int, str]]:
    """What may come instead of a map: the answer, how often it is asked for, what is said."""
    remark = wrap('<remark> runtime error: Query timed out in "query" after 180 s. </remark>')
    late = whole.replace(b"</osm>", b"<remark>runtime error: out of memory</remark></osm>")
    half = cut_short(whole)
    xml = "application/osm3s+xml"
    return {
        "remark": (Answer(remark), 1, "Query timed out"),
        "remark behind whole data": (Answer(late), 1, "out of memory"),
        "cut connection": (Answer(half, length=len(whole)), 3, "cut"),
        "truncated body": (Answer(half), 3, "breaks off"),
        "truncated gzip": (
            Answer(cut_short(gzip.compress(whole)), headers={"Content-Encoding": "gzip"}),
            3,
            "(cut|breaks off)",
        ),
        "no gzip at all": (Answer(whole, headers={"Content-Encoding": "gzip"}), 3, "cut"),
        "page with status 200": (Answer(PAGE, kind="text/html; charset=utf-8"), 1, "text/html"),
        "page that says it is XML": (Answer(PAGE, kind=xml), 1, "sign-in or error page"),
        "xhtml": (Answer(b'<html xmlns="x"/>', kind="application/xhtml+xml"), 1, "xhtml"),
        "JSON": (Answer(b'{"elements": []}', kind="application/json"), 1, "json"),
        "empty body": (Answer(b""), 3, "no data date"),
        "another XML": (Answer(b"<?xml version='1.0'?><kml/>"), 1, "no data date"),
        "plain OSM file": (Answer(whole.replace(b"<meta", b"<nometa")), 1, "no data date"),
        "bad request": (Answer(PAGE, 400, "text/html"), 1, "HTTP 400"),
        "not found": (Answer(PAGE, 404, "text/html"), 1, "HTTP 404"),
        "moved": (Answer(b"", 301, headers={"Location": "http://x/"}), 1, "moved to http://x/"),
        "gateway": (Answer(PAGE, 504, "text/html"), 3, "HTTP 504"),
        "silence": (Answer(hold=True), 3, "sent nothing"),
        "silence in the body": (Answer(half, length=9999, hold=True, headers_first=True), 3, ""),
    }


@pytest.mark.parametrize("case", broken_answers(b""))
def test_what_is_not_whole_is_neither_kept_nor_used(town: Path, folder: Path, case: str) -> None:
    with serving(town) as server:
        answer, times, words = broken_answers(server.map_of(BOX))[case]
        server.script = [None, *[answer] * 5]
        said = refused(server, folder)
        assert len(server.asked) == 1 + times
        assert re.search(words, said), said
        assert "tile 2 of 2" in said
        assert kept(folder) == ["tiles/0001-of-0002.json", "tiles/0001-of-0002.osm.pbf"]
        # The finished tile is not asked for again, and now there is a map.
        server.script = []
        second = server.asked[-1]
        server.asked.clear()
        snapshot = get(server, folder)
    assert server.asked == [second]
    assert kept(folder) == sorted([snapshot.path.name, snapshot.path.name[:-8] + ".json"])


def test_one_slip_is_forgiven(town: Path, folder: Path) -> None:
    with serving(town) as server:
        half = cut_short(server.map_of(BOX))
        server.script = [Answer(half, length=9999), Answer(half), Answer(PAGE, 503, "text/html")]
        get(server, folder, tries=4)
    assert len(server.asked) == 5


def test_a_server_that_trickles_ends_with_the_time_allowed(town: Path, folder: Path) -> None:
    with serving(town) as server:
        server.script = [Answer(trickle=True, length=10**9)]
        began = time.monotonic()
        said = refused(server, folder, total_s=0.5)
        assert time.monotonic() - began < 20  # not the stand-in's patience, nor for ever
    assert "no whole answer within 0.5 s" in said
    assert [n for n in kept(folder) if "part-" not in n] == []


def test_a_server_that_is_not_there(folder: Path) -> None:
    clock = FakeClock()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ExtractError, match="cannot be reached"):
        fetch(
            AREA,
            folder,
            Servers(f"http://127.0.0.1:{port}/api/interpreter"),
            patience=QUICK,
            clock=clock.clock,
        )
    assert len(clock.slept) == QUICK.connect_tries - 1
    assert kept(folder) == []


def test_a_name_that_does_not_resolve(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(ExtractError, match=r"server\.invalid cannot be reached"):
        fetch(
            AREA,
            folder,
            Servers("http://server.invalid/api/interpreter"),
            patience=QUICK,
            clock=FakeClock().clock,
        )


def test_nothing_in_the_process_is_patched(town: Path, folder: Path) -> None:
    before = (socket.socket, socket.getaddrinfo, socket.create_connection)
    timeout = socket.getdefaulttimeout()
    with serving(town) as server:
        server.script = [Answer(PAGE, 504, "text/html")]
        get(server, folder)
    assert (socket.socket, socket.getaddrinfo, socket.create_connection) == before
    assert socket.getdefaulttimeout() == timeout


def test_old_or_damaged_tiles_are_asked_for_again(town: Path, folder: Path) -> None:
    clock = FakeClock()
    with serving(town) as server:
        for change in ("old", "damaged"):
            server.script = [None, Answer(PAGE, 404, "text/html")]
            refused(server, folder, clock=clock)
            if change == "old":
                clock.seconds += 25 * 3600
            else:
                (tile,) = folder.rglob("0001-*.osm.pbf")
                tile.write_bytes(tile.read_bytes()[:-1])
            server.asked.clear()
            get(server, folder, clock=clock)
            assert len(server.asked) == 2


def test_another_question_does_not_find_the_old_map(town: Path, folder: Path) -> None:
    with serving(town) as server:
        first = get(server, folder)
    assert overpass.current(AREA, folder) == first
    west, south, east, north = BOX
    assert overpass.current(Area(bbox=(west, south, east, north + 0.01)), folder) is None
    assert overpass.current(Area(place="x", margin_m=2000), folder) is None


@pytest.mark.parametrize("change", ["cut", "gone", "manifest"])
def test_a_map_that_was_changed_is_refused(town: Path, folder: Path, change: str) -> None:
    with serving(town) as server:
        path = get(server, folder).path
    if change == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif change == "gone":
        path.unlink()
    else:
        path.with_name(path.name[:-8] + ".json").write_text("{", encoding="utf-8")
    with pytest.raises(ExtractError, match="--refresh"):
        overpass.current(AREA, folder)


def test_the_newer_version_of_an_object_wins_and_the_oldest_data_dates_the_map(
    town: Path, folder: Path
) -> None:
    def node(version: int, name: str) -> str:
        lon, lat = degrees(0, 0)
        stamp = f'version="{version}" timestamp="2025-0{version}-01T00:00:00Z"'
        tag = f'<tag k="name" v="{name}"/><tag k="shop" v="x"/>'
        return f'<node id="1" lat="{lat}" lon="{lon}" {stamp}>{tag}</node>'

    with serving(town) as server:
        server.script = [
            Answer(wrap(node(2, "new"))),
            Answer(wrap(node(1, "old"), "2025-05-01T00:00:00Z")),
        ]
        snapshot = get(server, folder)
    (only,) = [o.tags["name"] for o in osmium.FileProcessor(str(snapshot.path))]
    assert only == "new"
    assert snapshot.data_date == "2025-05-01"


def test_an_area_where_nothing_is_mapped_is_no_map(folder: Path) -> None:
    with serving(None) as server, pytest.raises(ExtractError, match="no map objects"):
        get(server, folder)
    assert not [n for n in kept(folder) if not n.startswith("tiles/")]


def test_an_area_that_is_too_large_is_refused_before_anything_is_asked(folder: Path) -> None:
    with serving(None) as server, pytest.raises(ExtractError, match=r"\[osm\] file"):
        get(server, folder, Area(bbox=(110.0, 30.0, 120.0, 40.0)))
    assert server.asked == []


def test_a_folder_that_cannot_be_written_is_named(town: Path, tmp_path: Path) -> None:
    (tmp_path / "osm").write_bytes(b"")
    with serving(town) as server, pytest.raises(OutputError, match="osm"):
        get(server, tmp_path / "osm")
    assert server.asked == []


def test_tiles_cover_the_box_without_gap_or_overlap() -> None:
    box = (119.95, 35.71, 120.3333333, 36.0)
    tiles = tile_boxes(box)
    assert len(tiles) == 4 * 3
    assert max(t[2] - t[0] for t in tiles) <= overpass.TILE_DEG + 1e-7
    union = shapely.union_all([shapely.box(*t) for t in tiles])
    assert shapely.equals(union, shapely.box(*box))
    assert sum(shapely.box(*t).area for t in tiles) == pytest.approx(shapely.box(*box).area)
    assert tile_boxes((0.0, 0.0, 0.01, 0.01)) == [(0.0, 0.0, 0.01, 0.01)]


def test_a_box_is_widened_by_at_least_the_metres() -> None:
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    west, south, east, north = widen((120.0, 36.0, 120.1, 36.2), 2000)
    for lat in (36.0, 36.2):
        assert geod.inv(west, lat, 120.0, lat)[2] >= 2000
        assert geod.inv(east, lat, 120.1, lat)[2] >= 2000
    assert 2000 <= geod.inv(120, south, 120, 36.0)[2] < 2100
    assert 2000 <= geod.inv(120, north, 120, 36.2)[2] < 2100


# --- places --------------------------------------------------------------------------------------


def result(kind: str = "Polygon", importance: float = 0.5, **more: object) -> dict[str, object]:
    (w, s), (e, n) = degrees(-500, -500), degrees(500, 500)
    ring = [[w, s], [e, s], [e, n], [w, n], [w, s]]
    shape: dict[str, object] = {"type": "Point", "coordinates": [w, s]}
    if kind == "Polygon":
        shape = {"type": "Polygon", "coordinates": [ring]}
    return {
        "osm_type": "relation",
        "osm_id": 42,
        "importance": importance,
        "display_name": "黄岛区, 青岛市",
        "geojson": shape,
        **more,
    }


PLACE = Area(place="青岛市黄岛区", margin_m=2000)


def test_a_place_is_fetched_with_its_surroundings(town: Path, folder: Path) -> None:
    with serving(town) as server:
        server.places = [result("Point", 0.9), result(osm_id=41), result(importance=0.7)]
        snapshot = get(server, folder, PLACE)
    assert snapshot.manifest["place"] == {"name": "黄岛区, 青岛市", "osm_id": "relation/42"}
    box = widen((*degrees(-500, -500), *degrees(500, 500)), 2000)
    assert snapshot.manifest["box"] == list(box)
    assert server.searched[0]["q"] == "青岛市黄岛区"
    assert server.asked == tile_boxes(box)


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ([], "no such place"),
        ([result("Point")], "only a point"),
        ([{"geojson": {"type": "Polygon", "coordinates": "x"}}], "only a point"),
        ({"error": "x"}, "no list of places"),
        (["x"], "no list of places"),
    ],
)
def test_a_place_that_is_not_found_says_so(
    town: Path, folder: Path, places: object, words: str
) -> None:
    with serving(town) as server:
        server.places = places
        with pytest.raises(ExtractError, match=words) as error:
            get(server, folder, PLACE)
        assert server.asked == []
    assert "bbox" in str(error.value)
    assert kept(folder) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(PAGE, kind="text/html"), "no list of places"),
        (Answer(PAGE, 429, "text/html"), "HTTP 429"),
        (Answer(hold=True), "sent nothing"),
    ],
)
def test_a_geocoder_that_fails_is_named(
    town: Path, folder: Path, answer: Answer, words: str
) -> None:
    with serving(town) as server:
        server.script = [answer] * 5
        with pytest.raises(ExtractError, match=words) as error:
            get(server, folder, PLACE)
    assert server.url in str(error.value)
