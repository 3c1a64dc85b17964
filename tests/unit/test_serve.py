"""The server of `parkgap watch`: what it shows, what it tells, and to whom it says no."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from parkgap.errors import OutputError
from parkgap.publish.html import page
from parkgap.serve import HOST, Hub, Pages, _listed, locate

PRIVATE = "第三方不得读取"
INLINE = "window.drawn = true;"
WAIT_S = 20.0  # the longest that any wait below may take; none is expected to


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A result folder with a secret beside it, and every way out that a folder can hold."""
    root = tmp_path / "maps" / "town"
    (root / "parks").mkdir(parents=True)
    html = page(
        lang="zh-CN", title="t", css=[], js=[], body="<p>图</p>", data={}, script=INLINE, kind="x"
    )
    (root / "index.html").write_text(html, encoding="utf-8")
    (root / "parks" / "way-1.html").write_text("<p>plain page</p>", encoding="utf-8")
    (root / "parks" / "甲 园.html").write_text("<p>named page</p>", encoding="utf-8")
    (root / "ranking.csv").write_text("rank\n1\n", encoding="utf-8")
    (root / ".hidden").write_text(PRIVATE, encoding="utf-8")
    (tmp_path / "maps" / "secret.txt").write_text(PRIVATE, encoding="utf-8")
    (root / "link.txt").symlink_to(tmp_path / "maps" / "secret.txt")
    (root / "out").symlink_to(tmp_path / "maps", target_is_directory=True)
    return root


@pytest.fixture
def pages(root: Path) -> Iterator[Pages]:
    with Pages() as pages:
        pages.post("v1", [], root)
        yield pages


def ask(
    pages: Pages, target: str, method: str = "GET", **headers: str
) -> tuple[HTTPResponse, bytes]:
    """Ask over a plain connection, which changes nothing of the target."""
    connection = HTTPConnection(HOST, pages.port, timeout=WAIT_S)
    given = {"Host": f"{HOST}:{pages.port}"} | {k.replace("_", "-"): v for k, v in headers.items()}
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in given.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    # A stream of events has no end: whether it began is the answer.
    endless = (answer.getheader("Content-Type") or "").startswith("text/event-stream")
    body = b"" if endless else answer.read()
    answer.close()
    connection.close()
    return answer, body


def raw(pages: Pages, request: bytes) -> bytes:
    """Send bytes as they are, and take all that comes back."""
    with socket.create_connection((HOST, pages.port), timeout=WAIT_S) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


class Stream:
    """The events of one open page."""

    def __init__(self, pages: Pages, **headers: str) -> None:
        self.connection = HTTPConnection(HOST, pages.port, timeout=WAIT_S)
        self.connection.request("GET", "/_parkgap/events", headers=headers)
        self.answer = self.connection.getresponse()

    def next(self) -> dict[str, object] | None:
        """Wait for the next event; None: the stream has ended."""
        while line := self.answer.fp.readline():
            if line.startswith(b"data: "):
                return dict(json.loads(line[6:]))
        return None

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


# --- what it shows --------------------------------------------------------------------------------


def test_it_listens_on_this_machine_alone(pages: Pages) -> None:
    assert pages.url == f"http://127.0.0.1:{pages.port}/"
    assert pages._server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("target", "kind", "part"),
    [
        ("/", "text/html; charset=utf-8", "图"),
        ("/index.html?x=../..", "text/html; charset=utf-8", "图"),
        ("/parks/way-1.html#a", "text/html; charset=utf-8", "plain page"),
        ("/parks/%E7%94%B2%20%E5%9B%AD.html", "text/html; charset=utf-8", "named page"),
        ("/ranking.csv", "text/csv; charset=utf-8", "rank\n1\n"),
    ],
)
def test_files_of_the_folder_are_shown(pages: Pages, target: str, kind: str, part: str) -> None:
    answer, body = ask(pages, target)
    assert answer.status == 200
    assert answer.getheader("Content-Type") == kind
    assert part in body.decode()
    assert int(answer.getheader("Content-Length") or 0) == len(body)
    assert answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"


def test_a_file_that_is_no_page_is_served_byte_for_byte(pages: Pages, root: Path) -> None:
    blob = bytes(range(256)) * 300
    (root / "parkgap.gpkg").write_bytes(blob)
    assert ask(pages, "/parkgap.gpkg")[1] == blob


def test_only_the_served_page_has_the_script(pages: Pages, root: Path) -> None:
    before = (root / "index.html").read_bytes()
    body = ask(pages, "/")[1].decode()
    assert '<script src="/_parkgap/live.js" data-version="v1" defer></script>' in body
    assert (root / "index.html").read_bytes() == before
    assert b"_parkgap" not in before
    plain = ask(pages, "/parks/way-1.html")[1].decode()
    assert plain.startswith("<p>plain page</p><script src=")


def test_the_policy_allows_the_pages_own_script_and_this_server(pages: Pages) -> None:
    answer, body = ask(pages, "/")
    digest = base64.b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()
    rules = dict(
        rule.strip().split(" ", 1)
        for rule in (answer.getheader("Content-Security-Policy") or "").split(";")
    )
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'self' 'sha256-{digest}'"
    assert rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert b"http-equiv" not in body  # it would forbid the connection


def test_a_page_cannot_widen_the_policy(pages: Pages, root: Path) -> None:
    evil = (
        '<meta http-equiv="Content-Security-Policy" content="script-src * \'unsafe-inline\'; '
        'x\r\nSet-Cookie: a=b">'
    )
    (root / "evil.html").write_text(evil, encoding="utf-8", newline="")
    answer, _ = ask(pages, "/evil.html")
    assert answer.getheader("Set-Cookie") is None
    said = answer.getheader("Content-Security-Policy") or ""
    assert "script-src 'self';" in said


def test_head_gives_the_same_header_and_no_body(pages: Pages) -> None:
    for target in ("/", "/ranking.csv", "/_parkgap/live.js", "/nothing"):
        get, body = ask(pages, target)
        head, nothing = ask(pages, target, "HEAD")
        assert nothing == b""
        assert body
        same = [(k, v) for k, v in get.getheaders() if k != "Date"]
        assert [(k, v) for k, v in head.getheaders() if k != "Date"] == same
        assert head.status == get.status
        bare = raw(pages, f"HEAD {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert bare.endswith(b"\r\n\r\n")
        assert bare.count(b"\r\n\r\n") == 1
    head, nothing = ask(pages, "/_parkgap/events", "HEAD")
    assert (head.status, nothing) == (200, b"")


def test_before_the_first_results_a_page_waits_for_them(tmp_path: Path) -> None:
    with Pages() as pages:
        pages.post("v1", [("<b>坏</b>", "<b>bad</b>")])
        answer, body = ask(pages, "/")
        assert answer.status == 503
        text = body.decode()
        assert "&lt;b&gt;坏&lt;/b&gt;" in text
        assert "<b>" not in text
        assert 'data-version="v1"' in text
        assert ask(pages, "/ranking.csv")[0].status == 404


# --- to whom it says no ---------------------------------------------------------------------------

OUTSIDE = [
    "/../secret.txt",
    "/parks/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2E%2E%2Fsecret.txt",
    "/..%2fsecret.txt",
    "/%252e%252e/secret.txt",
    "/..\\secret.txt",
    "/..%5csecret.txt",
    "/parks\\way-1.html",
    "//secret.txt",
    "/./index.html",
    "/parks//way-1.html",
    "/link.txt",
    "/out/secret.txt",
    "/out/town/index.html",
    "/.hidden",
    "/index.html/",
    "/index.html::$DATA",
    "/index.html%00.txt",
    "/INDEX.html",
    "/C:/Windows/win.ini",
    "/con",
    "/parks",
    "/parks/",
    "/%ff",
    "/%",
    "/" + "a" * 5000,
]


@pytest.mark.parametrize("target", OUTSIDE)
def test_nothing_but_listed_files_of_the_folder_is_found(
    pages: Pages, root: Path, target: str
) -> None:
    assert locate(root, target) is None
    line = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    answer = raw(pages, line.encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert PRIVATE.encode() not in answer


def test_an_absolute_path_is_not_found(pages: Pages, root: Path) -> None:
    secret = root.parent / "secret.txt"
    assert secret.is_file()
    for target in (str(secret), f"//{secret}", f"/{secret}", secret.as_uri()):
        line = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        answer = raw(pages, line)
        assert b" 404 " in answer.splitlines()[0], target
        assert PRIVATE.encode() not in answer


@pytest.mark.parametrize("part", ["..", ".", "", "C:", "C:\\Windows", "a\\b", "/etc"])
def test_a_part_is_compared_with_names_and_never_joined(
    root: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    looked: list[str] = []
    scan = os.scandir

    def scandir(folder: Path) -> object:
        looked.append(str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    assert _listed(root, part, folder=True) is None
    assert _listed(root, part, folder=False) is None
    assert set(looked) == {str(root)}


def test_a_folder_that_becomes_a_link_is_not_followed(pages: Pages, root: Path) -> None:
    (root / "parks").rename(root.parent / "moved")
    (root / "parks").symlink_to(root.parent / "moved", target_is_directory=True)
    assert ask(pages, "/parks/way-1.html")[0].status == 404


def test_a_pipe_in_the_folder_is_not_opened(pages: Pages, root: Path) -> None:
    os.mkfifo(root / "pipe.txt")
    assert ask(pages, "/pipe.txt")[0].status == 404


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "127.0.0.1@evil", "", "[::1]"],
)
def test_another_sites_name_for_this_machine_is_refused(pages: Pages, host: str) -> None:
    for target in ("/", "/ranking.csv", "/_parkgap/events", "/_parkgap/live.js"):
        assert ask(pages, target, Host=host)[0].status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9000", "LOCALHOST"])
def test_this_machines_own_names_are_served(pages: Pages, host: str) -> None:
    assert ask(pages, "/", Host=host)[0].status == 200


def test_a_request_without_a_host_or_with_two_is_refused(pages: Pages) -> None:
    for header in (b"", b"Host: localhost\r\nHost: evil.example\r\n"):
        answer = raw(pages, b"GET / HTTP/1.1\r\n" + header + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"403" in raw(pages, b"GET /\r\n\r\n")


def test_other_sites_may_link_here_but_not_embed_or_listen(pages: Pages) -> None:
    assert ask(pages, "/_parkgap/events", Origin="http://evil.example")[0].status == 403
    assert ask(pages, "/_parkgap/events", Origin="null")[0].status == 403
    site = {"Sec_Fetch_Site": "cross-site"}
    assert ask(pages, "/ranking.csv", **site, Sec_Fetch_Mode="no-cors")[0].status == 403
    framed = {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"}
    assert ask(pages, "/", **site, **framed)[0].status == 403
    linked = {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert ask(pages, "/", **site, **linked)[0].status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_but_get_and_head_is_answered(pages: Pages, method: str) -> None:
    answer, _ = ask(pages, "/ranking.csv", method)
    assert answer.status == 405
    assert answer.getheader("Allow") == "GET, HEAD"


@pytest.mark.parametrize("line", [b"BREW / HTTP/1.1\r\n", b"<script>\r\n", b"GET / HTTP/9.9\r\n"])
def test_nonsense_is_refused_and_not_repeated(pages: Pages, line: bytes) -> None:
    answer = raw(pages, line + b"Host: localhost\r\n\r\n")
    assert re.match(rb"(HTTP/1\.1 )?(400|501|505) ", answer)
    assert b"<script>" not in answer
    assert b"BREW" not in answer


def test_a_port_that_is_taken_is_told(pages: Pages) -> None:
    with pytest.raises(OutputError, match=str(pages.port)):
        Pages(pages.port)


# --- what it tells --------------------------------------------------------------------------------


def test_an_open_page_is_told_how_it_stands_and_then_what_is_new(pages: Pages) -> None:
    stream = Stream(pages)
    assert stream.answer.getheader("Content-Type") == "text/event-stream"
    assert stream.next() == {"version": "v1", "notice": []}
    pages.post("v1", [("坏\n\ndata: x", "<b>bad</b>")])
    assert stream.next() == {"version": "v1", "notice": [["坏\n\ndata: x", "<b>bad</b>"]]}
    pages.post("v2", [])
    assert stream.next() == {"version": "v2", "notice": []}
    stream.close()


def test_every_open_page_is_told(pages: Pages) -> None:
    streams = [Stream(pages) for _ in range(5)]
    for stream in streams:
        stream.next()
    pages.post("v2", [])
    assert [s.next() for s in streams] == [{"version": "v2", "notice": []}] * 5
    for stream in streams:
        stream.close()


def test_a_page_read_before_new_results_is_never_called_newer(pages: Pages) -> None:
    old = ask(pages, "/")[1].decode()
    pages.post("v2", [])
    assert 'data-version="v1"' in old
    stream = Stream(pages)
    assert (stream.next() or {})["version"] == "v2"  # the old page loads itself again
    stream.close()
    assert 'data-version="v2"' in ask(pages, "/")[1].decode()


def test_the_end_of_the_watch_ends_the_streams(root: Path) -> None:
    with Pages() as pages:
        stream = Stream(pages)
        stream.next()
    assert stream.next() is None
    stream.close()


def test_pages_that_are_gone_leave_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parkgap.serve._MOST_STREAMS", 2)
    monkeypatch.setattr("parkgap.serve._BEAT_S", 0.01)
    with Pages() as pages:
        streams = [Stream(pages) for _ in range(2)]
        assert [s.answer.status for s in streams] == [200, 200]
        refused = Stream(pages)
        assert refused.answer.status == 503
        refused.close()
        streams[0].close()
        with pages.hub.changed:
            assert pages.hub.changed.wait_for(lambda: pages.hub.streams == 1, WAIT_S)
        again = Stream(pages)
        assert again.answer.status == 200
        again.close()
        streams[1].close()


def test_what_came_between_two_looks_is_not_missed() -> None:
    hub = Hub()
    hub.post("a", [])
    number, text = hub.wait(-1, 0.0) or (0, "")
    assert json.loads(text)["version"] == "a"
    hub.post("b", [])
    hub.post("c", [])
    newer, text = hub.wait(number, WAIT_S) or (0, "")
    assert json.loads(text)["version"] == "c"
    assert (hub.wait(newer, 0.0) or (0, ""))[0] == newer  # nothing new: a beat
    hub.close()
    assert hub.wait(newer, WAIT_S) is None
