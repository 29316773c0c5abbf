"""The session's screen in a terminal of its own, against a model on loopback."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

_LEFT = b"\x1b[?1049l"
_CURSOR = b"\x1b[?25h"


@pytest.fixture
def model() -> Iterator[str]:
    """Serve a model that answers every question with one word."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(json.dumps({"data": [{"id": "small"}]}).encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            said = {"choices": [{"delta": {"content": "Xylophone"}}]}
            last = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
            events = [f"data: {json.dumps(event)}\n\n" for event in (said, last)]
            self._say("".join([*events, "data: [DONE]\n\n"]).encode())

        def _say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def screen(make_repository: Callable[..., Path], model: str) -> Iterator[Terminal]:
    root = make_repository({"hello.py": "print('hello')\n"}, "app")
    made = Terminal(["-m", "copilot", "-R", str(root), "--model", "small", "--base-url", model])
    yield made
    made.process.kill()
    made.process.wait()


def test_question_is_answered_and_ctrl_c_twice_gives_the_terminal_back(screen: Terminal) -> None:
    screen.wait_for("enter sends")
    screen.type("What is it?\r")
    screen.wait_for("Xylophone")
    # Below an answer that is whole stands who gave it.
    screen.wait_for("small · ")
    screen.type("\x03")
    screen.wait_for("once more")
    screen.type("\x03")
    assert screen.end() == 0
    assert _LEFT in screen.seen
    assert _CURSOR in screen.seen


def test_signal_gives_the_terminal_back(screen: Terminal) -> None:
    screen.wait_for("enter sends")
    screen.process.send_signal(signal.SIGTERM)
    assert screen.end() == 130
    assert _LEFT in screen.seen
    assert _CURSOR in screen.seen
