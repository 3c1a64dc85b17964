"""Ask a server one thing at a time: politely, never for ever, and all or nothing.

Every wait has an end: for the connection, for silence on it, and for one question with all its
tries together.  The last one also bounds what no socket timeout does (a name server that
does not answer, a server that sends a byte now and then), because the question is put in a
thread of its own that is given up when the time is over.  Nothing in the process is patched.
"""

from __future__ import annotations

import datetime as dt
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import parkgap

T = TypeVar("T")

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504, 509})
_OK, _MOVED, _ERROR = 200, 300, 400
_PIECE = 1 << 16
_LARGEST = 1 << 31  # bytes unpacked; a tile of the densest city is a tenth of it
_SAID = 200  # characters of a server's own words that are shown


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, in seconds, and how often to ask.

    Attributes
    ----------
    connect_s
        For a connection.
    silence_s
        For the next byte; a server that computes is silent meanwhile.
    total_s
        For one question, its tries and the waits between them together.
    tries
        How often a busy server, or one that breaks off, is asked.
    connect_tries
        How often a server is asked that cannot be reached at all.
    first_wait_s, longest_wait_s
        Before the second try; doubled for each further one up to the longest.
    pause_s
        Between two questions.
    """

    connect_s: float = 10.0
    silence_s: float = 210.0
    total_s: float = 600.0
    tries: int = 5
    connect_tries: int = 3
    first_wait_s: float = 5.0
    longest_wait_s: float = 120.0
    pause_s: float = 1.0


@dataclass(frozen=True)
class Clock:
    """The time, and waiting; tests bring their own."""

    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], dt.datetime] = field(default=lambda: dt.datetime.now(dt.UTC))


@dataclass(frozen=True)
class Question:
    """One request: GET with `query`, or POST with `form`."""

    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    accept: str = "*/*"


@dataclass(frozen=True)
class Reply:
    """A whole answer with status 200: where its body lies, and its content type in lower case."""

    body: Path
    content_type: str


class AnswerError(Exception):
    """Why there is no answer ("zh / en"); `again` where asking once more may help.

    `wait` is how long the server asks to be left alone, in seconds; `reached` is false where
    there was no connection at all.
    """

    def __init__(
        self, what: str, *, again: bool = False, wait: float | None = None, reached: bool = True
    ) -> None:
        super().__init__(what)
        self.what, self.again, self.wait, self.reached = what, again, wait, reached


def user_agent() -> str:
    """Name the program that asks."""
    return f"parkgap/{parkgap.__version__} (15-minute screening of industrial parks)"


class Client:
    """Asks one question after the other.

    Parameters
    ----------
    patience
        Time limits.
    clock
        The time.
    tell
        Called with a sentence ("zh / en") before every wait.
    """

    def __init__(self, patience: Patience, clock: Clock, tell: Callable[[str], None]) -> None:
        self.patience, self.clock, self.tell = patience, clock, tell
        self._asked = False

    def ask(self, question: Question, body: Path, read: Callable[[Reply], T]) -> T:
        """Ask until there is a whole answer that `read` accepts.

        Parameters
        ----------
        question
            What to ask.
        body
            Where the answer's body may lie while `read` looks at it; gone afterwards.
        read
            Takes what is wanted from the answer, or raises :class:`AnswerError`.

        Raises
        ------
        AnswerError
            There is no such answer within the time and the tries allowed.
        """
        limits = self.patience
        if self._asked:
            self.clock.sleep(limits.pause_s)
        self._asked = True
        end = self.clock.seconds() + limits.total_s
        wait, tried = limits.first_wait_s, 0
        while True:
            tried += 1
            try:
                return self._once(question, body, read, end - self.clock.seconds())
            except AnswerError as fault:
                most = limits.tries if fault.reached else limits.connect_tries
                pause = wait if fault.wait is None else fault.wait
                if not fault.again or tried >= most:
                    raise self._last(fault, tried) from fault
                if self.clock.seconds() + pause >= end:
                    raise self._last(fault, tried, pause) from fault
                self.tell(
                    f"{fault.what.split(' / ')[0]}；{pause:.0f} 秒后再问 / "
                    f"{fault.what.split(' / ')[-1]}; asking again in {pause:.0f} s"
                )
            self.clock.sleep(pause)
            wait = min(2 * wait, limits.longest_wait_s)

    def _last(self, fault: AnswerError, tried: int, pause: float | None = None) -> AnswerError:
        """Say how often was asked, and why no more."""
        zh, _, en = fault.what.partition(" / ")
        if tried > 1:
            zh, en = f"{zh}（已问 {tried} 次）", f"{en} (asked {tried} times)"
        if pause is not None:
            total = self.patience.total_s
            zh += f"；还须等 {pause:.0f} 秒，超过 {total:.0f} 秒的总时限"
            en += f"; waiting {pause:.0f} s more would pass the limit of {total:.0f} s"
        return AnswerError(f"{zh} / {en}", again=fault.again, reached=fault.reached)

    def _once(self, question: Question, body: Path, read: Callable[[Reply], T], left: float) -> T:
        part = body.with_name(f"part-{time.monotonic_ns():x}-{body.name}")
        attempt: _Attempt[Reply] = _Attempt(
            lambda given_up: self._load(question, part, given_up, min(left, 3e6))
        )
        try:
            reply = attempt.result(left)
            if reply is None:
                raise AnswerError(
                    f"{self.patience.total_s:g} 秒内未得到完整答复 / "
                    f"no whole answer within {self.patience.total_s:g} s"
                )
            return read(reply)
        finally:
            if attempt.ended:  # else the thread that still writes it takes it away itself
                part.unlink(missing_ok=True)

    def _load(
        self, question: Question, part: Path, given_up: threading.Event, left: float
    ) -> Reply:
        import requests

        limits = self.patience
        headers = {"User-Agent": user_agent(), "Accept": question.accept}
        try:
            with (
                requests.Session() as session,
                session.request(
                    "GET" if question.form is None else "POST",
                    question.url,
                    params=dict(question.query),
                    data=None if question.form is None else dict(question.form),
                    headers=headers,
                    stream=True,
                    # A POST that is sent elsewhere would arrive there without its question.
                    allow_redirects=False,
                    timeout=(min(limits.connect_s, left), min(limits.silence_s, left)),
                ) as response,
            ):
                self._refuse(response)
                size = 0
                with part.open("wb") as file:
                    for piece in response.iter_content(_PIECE):
                        size += len(piece)
                        if given_up.is_set():
                            break
                        if size > _LARGEST:
                            raise AnswerError("答复过大 / the answer is too large")
                        file.write(piece)
                kind = response.headers.get("Content-Type", "").lower()
                return Reply(part, kind)
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ConnectionError) as error:
            raise _unreached(error, question.url, limits) from error
        except requests.exceptions.Timeout as error:
            raise _silent(limits) from error
        except requests.exceptions.RequestException as error:
            raise AnswerError(
                "连接中断，答复不完整 / the connection was cut, the answer is not whole", again=True
            ) from error
        finally:
            if given_up.is_set():
                part.unlink(missing_ok=True)

    def _refuse(self, response: object) -> None:
        """Raise for every status but 200."""
        import requests

        assert isinstance(response, requests.Response)  # noqa: S101  # for the type checker
        status = response.status_code
        if status == _OK:
            return
        if _MOVED <= status < _ERROR:
            to = plain(response.headers.get("Location", ""))
            raise AnswerError(f"服务器已迁至 {to} / the server has moved to {to}")
        said = _words(response)
        raise AnswerError(
            f"服务器答复 HTTP {status}{said} / the server answered HTTP {status}{said}",
            again=status in _BUSY,
            wait=_retry_after(response.headers.get("Retry-After"), self.clock.now()),
        )


class _Attempt(Generic[T]):
    """A call in a thread of its own, which can be given up."""

    def __init__(self, call: Callable[[threading.Event], T]) -> None:
        self._call, self._given_up = call, threading.Event()
        self._results: queue.Queue[T | BaseException] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="parkgap-fetch", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.put(self._call(self._given_up))
        except BaseException as error:  # noqa: BLE001  # handed to whoever waits
            self._results.put(error)

    @property
    def ended(self) -> bool:
        """Whether the call is over, one way or the other."""
        return not self._given_up.is_set()

    def result(self, seconds: float) -> T | None:
        """Wait for the result; None, and given up, where it does not come in time."""
        try:
            found = self._results.get(timeout=max(seconds, 0.0))
        except BaseException as error:  # also where the user interrupts the waiting
            self._given_up.set()
            if isinstance(error, queue.Empty):
                return None
            raise
        if isinstance(found, BaseException):
            raise found
        return found


def plain(text: str) -> str:
    """Make a server's words fit for one line of a console: no control characters, not long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _SAID else f"{line[:_SAID]}…"


def _words(response: object) -> str:
    """What an error page says, without its markup."""
    import requests

    assert isinstance(response, requests.Response)  # noqa: S101  # for the type checker
    try:
        page = next(response.iter_content(_PIECE), b"").decode("utf-8", "replace")
    except requests.exceptions.RequestException:
        return ""
    page = re.sub(r"(?is)<(head|style|script)\b.*?</\1>", " ", page)
    said = plain(re.sub(r"(?s)<[^>]*>", " ", page))
    return f" ({said})" if said else ""


def _retry_after(value: str | None, now: dt.datetime) -> float | None:
    """Read Retry-After, in seconds or as a date (RFC 9110, 10.2.3); None where it is neither."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=dt.UTC)
    return max(0.0, (then - now).total_seconds())


def _unreached(error: Exception, url: str, limits: Patience) -> AnswerError:
    """Tell a server that cannot be reached from one that broke off or fell silent."""
    import requests

    text = repr(error)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return AnswerError(
            f"{limits.connect_s:g} 秒内连接不上 {urlsplit(url).netloc} / "
            f"no connection to {urlsplit(url).netloc} within {limits.connect_s:g} s",
            again=True,
            reached=False,
        )
    if isinstance(error, requests.exceptions.SSLError):
        return AnswerError(
            f"{urlsplit(url).netloc} 的证书不受信任 / "
            f"the certificate of {urlsplit(url).netloc} is not trusted",
            reached=False,
        )
    if "Read timed out" in text:
        return _silent(limits)
    if "Connection aborted" in text or "IncompleteRead" in text or "Reset" in text:
        return AnswerError(
            "连接中断，答复不完整 / the connection was cut, the answer is not whole", again=True
        )
    return AnswerError(
        f"连接不上 {urlsplit(url).netloc} / {urlsplit(url).netloc} cannot be reached",
        again=True,
        reached=False,
    )


def _silent(limits: Patience) -> AnswerError:
    return AnswerError(
        f"服务器 {limits.silence_s:g} 秒未发来数据 / "
        f"the server sent nothing for {limits.silence_s:g} s",
        again=True,
    )
