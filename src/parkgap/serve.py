"""A small server on 127.0.0.1 that shows a result folder and renews the open page.

It reads, and nothing else: no upload, no listing, no file outside the folder.  What it adds to a
page it adds on the way; the files on disk stay as they are.
"""

from __future__ import annotations

import json
import os
import re
import socketserver
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

from parkgap.errors import OutputError
from parkgap.publish.html import clean, text

HOST = "127.0.0.1"
EVENTS, SCRIPT = "/_parkgap/events", "/_parkgap/live.js"
_START = "0"  # the version before anything was posted
_MOST_STREAMS = 64
_BEAT_S = 15.0  # a line now and then, so that pages which are gone are noticed
_HOSTS = re.compile(r"(?:127\.0\.0\.1|localhost)(?::\d{1,5})?")
# Our own list: what Windows' registry says of .js may be anything.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".gpkg": "application/geopackage+sqlite3",
}
_OTHER = "application/octet-stream"
# The page's own policy, for reading from disk, forbids the connection that renews it.
_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_HASH = re.compile(rb"'sha256-[A-Za-z0-9+/]{43}='")
# Servers of a study's tiles; nothing else that a policy could say looks like one.
_PICTURES = re.compile(rb"img-src ([^;]*)")
_SERVER = re.compile(rb"https?://[a-z0-9.-]+(?::\d{1,5})?")
_HEAD = 4096

Notice = Sequence[tuple[str, str]]


def policy(hashes: Sequence[str] = (), servers: Sequence[str] = ()) -> str:
    """Allow what a page needs from this server, and the inline scripts that have these hashes.

    Pictures may come from `servers` besides: those of the study's tiles.
    """
    scripts = " ".join(["'self'", *hashes])
    pictures = " ".join(["'self'", "data:", *servers])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        f"img-src {pictures}; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def alive(page: bytes, version: str) -> tuple[bytes, str]:
    """Add the script that renews a page; return the page and the policy to send with it.

    The policy in the page is replaced by one in the header, which keeps of it the hashes of
    inline scripts and the servers of tiles, and nothing else.
    """
    tag = f'<script src="{SCRIPT}" data-version="{text(version)}" defer></script>'.encode()
    found = _POLICY.search(page, 0, _HEAD)
    if found is None:
        return page + tag, policy()
    hashes = [h.decode("ascii") for h in _HASH.findall(found[1])]
    asked = _PICTURES.search(found[1])
    servers = (
        []
        if asked is None
        else [word.decode("ascii") for word in asked[1].split() if _SERVER.fullmatch(word)]
    )
    return page[: found.start()] + tag + page[found.end() :], policy(hashes, servers)


def waiting(version: str, notice: Notice) -> tuple[bytes, str]:
    """Make the page that stands where there are no results yet."""
    said = "".join(f"<p>{text(zh)}<br>{text(en)}</p>" for zh, en in notice)
    page = (
        '<!DOCTYPE html>\n<html lang="zh">\n<head>\n<meta charset="utf-8">\n<title>parkgap</title>'
        '<link rel="icon" href="data:,">\n</head>\n'
        f"<body><h1>尚无结果 / no results yet</h1>{said}</body>\n</html>\n"
    )
    return alive(page.encode(), version)


def locate(root: Path, target: str) -> Path | None:
    """Find the file that a request means; None: there is no such file in the folder.

    Every part of the address must be the exact name of an entry that the folder itself lists, no
    link and not hidden.  So ``..``, drives, streams, devices, short names and other spellings
    lead nowhere, on any system.

    Parameters
    ----------
    root
        The result folder.
    target
        Path of the request, percent-encoded, beginning with ``/``.
    """
    if not target.startswith("/"):
        return None
    try:
        path = unquote_to_bytes(target).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return None
    *folders, name = (path if path != "/" else "/index.html").split("/")[1:]
    here: Path | None = Path(os.path.realpath(root))
    for part in folders:
        here = here and _listed(here, part, folder=True)
    return here and _listed(here, name, folder=False)


def _listed(above: Path, name: str, *, folder: bool) -> Path | None:
    """Find the entry that a folder lists under this very name, a folder or file of its own."""
    try:
        with os.scandir(above) as entries:
            entry = next((e for e in entries if e.name == name), None)
        if entry is None or name.startswith("."):
            return None
        kind = entry.is_dir if folder else entry.is_file
        found = above / entry.name
        # A link is neither; a junction of Windows is a folder, but ends elsewhere.
        own = kind(follow_symlinks=False) and Path(os.path.realpath(found)) == found
    except (OSError, ValueError):
        return None
    return found if own else None


@dataclass
class Hub:
    """What the open pages are told; each of them waits here in its own thread."""

    version: str = _START
    notice: tuple[tuple[str, str], ...] = ()
    folder: Path | None = None
    number: int = 0
    closed: bool = False
    streams: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def post(self, version: str, notice: Notice, folder: Path | None = None) -> None:
        """Tell every page; a folder that is None leaves the one before in place."""
        with self.changed:
            self.version = version
            self.notice = tuple((clean(zh), clean(en)) for zh, en in notice)
            self.folder = folder if folder is not None else self.folder
            self.number += 1
            self.changed.notify_all()

    def close(self) -> None:
        """Let every page go."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def wait(self, seen: int, seconds: float) -> tuple[int, str] | None:
        """Wait for news since `seen`; returns `seen` again if there were none; None: closed."""
        with self.changed:
            self.changed.wait_for(lambda: self.closed or self.number != seen, seconds)
            if self.closed:
                return None
            return self.number, json.dumps({"version": self.version, "notice": self.notice})

    def enter(self, step: int) -> bool:
        """Count a page in (1) or out (-1); False: there are too many."""
        with self.changed:
            if step > 0 and self.streams >= _MOST_STREAMS:
                return False
            self.streams += step
            self.changed.notify_all()
            return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    # On Windows this would let another program take the port over.
    allow_reuse_address = os.name == "posix"

    def __init__(self, port: int, hub: Hub) -> None:
        self.hub = hub
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the net for this machine's name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a page that is gone: browsers break off connections all the time."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "parkgap"
    sys_version = ""
    timeout = 30.0
    server: _Server
    _ALLOW: ClassVar[str] = "GET, HEAD"

    def do_GET(self) -> None:
        """Answer with a file of the folder, or with events."""
        if not self._trusted():
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        hub, target = self.server.hub, re.split("[?#]", self.path, maxsplit=1)[0]
        if target == EVENTS:
            self._events(hub)
        elif target == SCRIPT:
            script = files("parkgap").joinpath("serve.js").read_bytes()
            self._send(HTTPStatus.OK, script, _TYPES[".js"], policy())
        else:
            self._file(hub, target)

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self.do_GET()

    def _no(self) -> None:
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _no  # noqa: N815

    def _trusted(self) -> bool:
        """Tell whether a page of this server asks, or the user himself.

        A page of another site could have its name point to 127.0.0.1 (DNS rebinding): then its
        name is in Host.  Ports are not compared, for the sake of tunnels.
        """
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or not _HOSTS.fullmatch(hosts[0].strip().lower()):
            return False
        origin = self.headers.get("Origin")
        if origin is not None and origin.lower() != f"http://{hosts[0].strip().lower()}":
            return False
        site = self.headers.get("Sec-Fetch-Site", "none")
        return site in ("none", "same-origin") or (
            self.headers.get("Sec-Fetch-Mode") == "navigate"
            and self.headers.get("Sec-Fetch-Dest", "document") == "document"
        )

    def _file(self, hub: Hub, target: str) -> None:
        # Read before the file: a page may be called older than it is, never newer.
        with hub.changed:
            version, notice, folder = hub.version, hub.notice, hub.folder
        found = None if folder is None else locate(folder, target)
        try:
            body = None if found is None else found.read_bytes()
        except OSError:  # replaced or removed just now
            body = None
        if found is None or body is None:
            if target in ("/", "/index.html"):
                page, rules = waiting(version, notice)
                self._send(HTTPStatus.SERVICE_UNAVAILABLE, page, _TYPES[".html"], rules)
            else:
                self._refuse(HTTPStatus.NOT_FOUND)
            return
        kind, rules = _TYPES.get(found.suffix.lower(), _OTHER), policy()
        if found.suffix.lower() == ".html":
            body, rules = alive(body, version)
        self._send(HTTPStatus.OK, body, kind, rules)

    def _events(self, hub: Hub) -> None:
        if not hub.enter(1):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        try:
            self._head(HTTPStatus.OK, "text/event-stream", None, policy())
            if self.command == "HEAD":
                return
            self.wfile.write(b"retry: 1000\n\n")
            seen = -1
            while (news := hub.wait(seen, _BEAT_S)) is not None:
                line = ":" if news[0] == seen else f"data: {news[1]}"
                self.wfile.write(f"{line}\n\n".encode())
                seen = news[0]
        finally:
            hub.enter(-1)

    def _refuse(self, status: HTTPStatus) -> None:
        self._send(status, f"{status.value} {status.phrase}\n".encode(), _TYPES[".txt"], policy())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a malformed request in the same way as all others; repeats nothing of it."""
        del message, explain
        self.command = getattr(self, "command", None) or "GET"
        self._refuse(HTTPStatus(code))

    def _head(self, status: HTTPStatus, kind: str, length: int | None, rules: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", self._ALLOW)
        self.send_header("Content-Security-Policy", rules)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, status: HTTPStatus, body: bytes, kind: str, rules: str) -> None:
        self._head(status, kind, len(body), rules)
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Print nothing."""


class Pages:
    """The server, while the block lasts.

    Parameters
    ----------
    port
        Port of 127.0.0.1; 0: any free one.

    Raises
    ------
    OutputError
        The port is taken, or may not be used.
    """

    def __init__(self, port: int = 0) -> None:
        self.hub = Hub()
        try:
            self._server = _Server(port, self.hub)
        except (OSError, OverflowError) as error:
            raise OutputError(
                f"端口 {port} 无法使用（{error}）；请换一个端口 / "
                f"port {port} cannot be used ({error}); choose another"
            ) from None
        # Listening already: whoever comes before the thread runs waits a moment.
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def port(self) -> int:
        """The port that was taken."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """Address of the overview."""
        return f"http://{HOST}:{self.port}/"

    def post(self, version: str, notice: Notice, folder: Path | None = None) -> None:
        """Tell every open page; see :class:`Hub`."""
        self.hub.post(version, notice, folder)

    def __enter__(self) -> Pages:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hub.close()
        self._server.shutdown()
        self._server.server_close()
