"""Model servers on loopback that say what a test scripted, when it lets them."""

from __future__ import annotations

import json
import select
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from copilot.backends.ensembles.asking import THREAD_NAME, Patience
from copilot.backends.ensembles.members import Member, Report
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Delta, Event, Finished, Message, Request

USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 10,
    "prompt_tokens_details": {"cached_tokens": 40},
}


@dataclass(frozen=True)
class Says:
    """An answer. `hold` is waited for before its first token; `hangs`: none ever comes."""

    text: str = ""
    status: int = 200
    reason: str = "stop"
    hold: threading.Event | None = None
    hangs: bool = False
    reads: bool = False
    usage: Mapping[str, Any] | None = field(default_factory=lambda: USAGE)


@dataclass
class Server:
    """A running server: what it was asked, and whether a client left in the middle."""

    url: str
    bodies: list[dict[str, Any]]
    left: threading.Event

    def prompts(self) -> list[str]:
        """The last message of each question."""
        return [str(body["messages"][-1]["content"]) for body in self.bodies]


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server that gives these answers, then the last for ever; `window` in its list."""
    with ExitStack() as stack:
        yield lambda *answers, window=None: stack.enter_context(_running([*answers], window))


class _Http(ThreadingHTTPServer):
    """Gives `answers` one after another, the last for ever."""

    def __init__(self, answers: list[Says], window: int | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        url = f"http://127.0.0.1:{self.server_port}/v1"
        self.record = Server(url, [], threading.Event())
        self.listed = {"id": "m", "max_model_len": window}
        self.over = threading.Event()
        self._answers, self._lock = answers, threading.Lock()

    def answer_to(self, body: dict[str, Any]) -> Says:
        with self._lock:
            self.record.bodies.append(body)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that has heard enough hangs up.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"data": [self.server.listed]}).encode())

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["content-length"]))
        # Who leaves while sending has asked nothing.
        if data:
            self._answer(self.server.answer_to(json.loads(data)))

    def _answer(self, said: Says) -> None:
        self.send_response(said.status)
        self.end_headers()
        if said.status != 200:
            self.wfile.write(b'{"error": {"message": "out of order"}}')
            return
        if said.reads:
            self._send({"choices": [], "prompt_progress": {"processed": 5, "total": 10}})
        if said.hangs:
            self._wait_until_left()
            return
        if said.hold:
            said.hold.wait()
        for piece in said.text.splitlines(keepends=True):
            self._send({"choices": [{"delta": {"content": piece}}]})
        self._send({"choices": [{"delta": {}, "finish_reason": said.reason}]})
        self._send({"choices": [], "usage": said.usage})

    def _wait_until_left(self) -> None:
        while not self.server.over.is_set():
            if select.select([self.connection], [], [], 0.05)[0]:
                self.server.record.left.set()
                return

    def _send(self, chunk: Any) -> None:
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def _running(answers: list[Says], window: int | None) -> Iterator[Server]:
    with _Http(answers, window) as http:
        holds = [said.hold for said in answers if said.hold]
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield http.record
        finally:
            for hold in (http.over, *holds):
                hold.set()
            http.shutdown()
            thread.join()


@pytest.fixture
def member() -> Callable[..., Member]:
    """Make a member that asks a server."""

    def make(name: str, server: Server, **more: Any) -> Member:
        return Member(name, lambda: OpenAIChat(server.url, "m"), **more)

    return make


@pytest.fixture
def request_of() -> Callable[..., Request]:
    """Make a question whose prompt is long and stable, with a task behind it."""

    def make(task: str = "the task", **more: Any) -> Request:
        user = "the repository\n" * 3
        said = (Message("system", "rules"), Message("user", user + task, (len(user),)))
        return Request(said, 500, **more)

    return make


@pytest.fixture
def hear() -> Callable[[Iterator[Event]], tuple[str, Finished]]:
    """Read an answer to its end: the text, and how it ended."""

    def read(events: Iterator[Event]) -> tuple[str, Finished]:
        *begun, end = events
        assert isinstance(end, Finished)
        return "".join(event.text for event in begun if isinstance(event, Delta)), end

    return read


class Clock:
    """A deadline that comes when the test says so."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.cancelled = 0
        self.ring: Callable[[], None] = lambda: None
        self.is_late_at_once = False

    def alarm(self, seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
        self.seconds.append(seconds)
        self.ring = ring
        if self.is_late_at_once:
            ring()
        return self._cancel

    def _cancel(self) -> None:
        self.cancelled += 1

    def patience(self, quorum: int = 1) -> Patience:
        return Patience(quorum, 30, self.alarm)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reports() -> list[Report]:
    """What was told, in order."""
    return []


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Check that each thread that a test started has ended, or ends as its server does."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith(THREAD_NAME):
            thread.join(20)
            assert not thread.is_alive(), thread.name


@pytest.fixture
def says() -> type[Says]:
    """What a server answers."""
    return Says
