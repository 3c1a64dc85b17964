"""A stand-in for Overpass and Nominatim on this machine, for tests.

It answers a query for a box from a little town's map, as an Overpass server would: ways that
touch the box with all their nodes, places in it, multipolygons with all their ways.  A test
puts other answers in front: errors, remarks, bodies that break off, silence.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import osmium

from parkgap.sources.http import Clock

BASE = "2025-06-01T08:00:00Z"
NOTE = "The data is made available under ODbL."
Box = tuple[float, float, float, float]


@dataclass
class FakeClock:
    """A clock that only waiting moves."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)
    start: dt.datetime = dt.datetime(2025, 6, 2, 9, 0, tzinfo=dt.UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def now(self) -> dt.datetime:
        return self.start + dt.timedelta(seconds=self.seconds)

    @property
    def clock(self) -> Clock:
        return Clock(seconds=lambda: self.seconds, sleep=self.sleep, now=self.now)


@dataclass
class Answer:
    """What the server says to one request.

    Attributes
    ----------
    length
        Content-Length that is claimed; None: the true one.
    hold
        Say nothing at all, after the headers if these are wanted (`headers_first`).
    trickle
        Send the body byte by byte, for ever.
    """

    body: bytes = b""
    status: int = 200
    kind: str = "application/osm3s+xml"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    hold: bool = False
    headers_first: bool = False
    trickle: bool = False


class Server:
    """The stand-in: `script` answers first, then the map does."""

    def __init__(self, town: Path | None) -> None:
        self.town = town
        self.base = BASE
        self.script: list[Answer | None] = []
        self.places: object = []
        self.asked: list[Box] = []
        self.searched: list[dict[str, str]] = []
        self.agents: list[str] = []
        self.at_once = self.most_at_once = 0
        self.over = threading.Event()
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"stand_in": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        host, port = self.http.server_address[:2]
        self.url = f"http://{host if isinstance(host, str) else host.decode()}:{port}"

    @property
    def overpass(self) -> str:
        return f"{self.url}/api/interpreter"

    def answer(self, path: str, text: str) -> Answer:
        """Answer one request."""
        with self._lock:
            said = self.script.pop(0) if self.script else None
        if said is not None:
            return said
        if path.startswith("/search"):
            return Answer(json.dumps(self.places).encode(), kind="application/json")
        return Answer(self.map_of(box_of(text)))

    def map_of(self, box: Box) -> bytes:
        """Write the map of a box as Overpass does."""
        if self.town is None:
            return wrap("", self.base)
        return wrap(cut(self.town, box), self.base)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the requests that are under way."""
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield
        finally:
            with self._lock:
                self.at_once -= 1


def box_of(query: str) -> Box:
    """Read the box out of a query; in it south comes first."""
    found = re.search(r"way\(([-\d.]+),([-\d.]+),([-\d.]+),([-\d.]+)\)", query)
    assert found, query
    south, west, north, east = map(float, found.groups())
    return west, south, east, north


def wrap(body: str, base: str = BASE) -> bytes:
    """Put objects into the frame of an Overpass answer."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<osm version="0.6" generator="Overpass API 0.7.62.1 084b4234">\n'
        f'<note>{NOTE}</note>\n<meta osm_base="{base}"/>\n{body}\n</osm>\n'
    ).encode()


def cut(town: Path, box: Box) -> str:
    """Write the objects of a box: plain loops over the whole file, as slow as it is clear."""
    west, south, east, north = box
    things = [_Thing.of(o) for o in osmium.FileProcessor(str(town))]
    at = {t.id: t.at for t in things if t.kind == "n"}
    inside = {n for n, (x, y) in at.items() if west <= x <= east and south <= y <= north}
    kept = {("n", t.id) for t in things if t.kind == "n" and t.tagged and t.id in inside}
    for t in things:
        if t.kind == "w":
            xs, ys = zip(*(at[ref] for _, ref in t.refs), strict=True)
            if max(xs) >= west and min(xs) <= east and max(ys) >= south and min(ys) <= north:
                kept.add(("w", t.id))
    for t in things:
        if t.kind == "r" and set(t.refs) & (kept | {("n", n) for n in inside}):
            kept.add(("r", t.id))
            kept |= {r for r in t.refs if t.area and r[0] == "w"}
    for t in things:
        if t.kind == "w" and ("w", t.id) in kept:
            kept |= set(t.refs)
    target = town.with_name("cut.osm")
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for o in osmium.FileProcessor(str(town)):
            if (o.type_str(), o.id) in kept:
                writer.add(o)
    text = target.read_text(encoding="utf-8")
    return re.sub(r"(?s)^.*?<osm[^>]*>|</osm>\s*$|<osm[^>]*/>\s*$", "", text)


@dataclass(frozen=True)
class _Thing:
    """An object, as far as cutting needs it."""

    kind: str
    id: int
    at: tuple[float, float]
    tagged: bool
    refs: tuple[tuple[str, int], ...]
    area: bool

    @classmethod
    def of(cls, o: object) -> _Thing:
        at, refs, area = (0.0, 0.0), [], False
        if isinstance(o, osmium.osm.Node):
            at = (o.location.lon, o.location.lat)
        elif isinstance(o, osmium.osm.Way):
            refs = [("n", n.ref) for n in o.nodes]
        elif isinstance(o, osmium.osm.Relation):
            refs = [(m.type, m.ref) for m in o.members]
            area = o.tags.get("type") == "multipolygon"
        assert isinstance(o, osmium.osm.Node | osmium.osm.Way | osmium.osm.Relation)
        return cls(o.type_str(), o.id, at, len(o.tags) > 0, tuple(refs), area)


class _Handler(BaseHTTPRequestHandler):
    stand_in: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        form = parse_qs(self.rfile.read(size).decode("utf-8"))
        text = form.get("data", [""])[0]
        self.stand_in.asked.append(box_of(text))
        self._say(text)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.stand_in.searched.append({k: v[0] for k, v in query.items()})
        self._say("")

    def _say(self, text: str) -> None:
        stand_in = self.stand_in
        stand_in.agents.append(self.headers.get("User-Agent", ""))
        with stand_in.counted():
            said = stand_in.answer(self.path, text)
            if said.hold and not said.headers_first:
                stand_in.over.wait(30)
                return
            self.send_response(said.status)
            self.send_header("Content-Type", said.kind)
            length = len(said.body) if said.length is None else said.length
            self.send_header("Content-Length", str(length))
            for key, value in said.headers.items():
                self.send_header(key, value)
            self.send_header("Connection", "close")
            self.close_connection = True
            self.end_headers()
            with suppress(OSError):  # whoever asked may have gone
                self._body(said)

    def _body(self, said: Answer) -> None:
        if said.hold:
            self.stand_in.over.wait(30)
        while said.trickle and not self.stand_in.over.wait(0.02):
            self.wfile.write(b" ")
        self.wfile.write(said.body)

    def log_message(self, *_: object) -> None:
        """Say nothing on the screen."""


@contextmanager
def serving(town: Path | None = None) -> Iterator[Server]:
    """Run a stand-in as long as the block lasts."""
    server = Server(town)
    thread = threading.Thread(target=server.http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.http.shutdown()
        server.http.server_close()
        thread.join(5)
