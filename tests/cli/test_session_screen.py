"""The session's screen in a terminal of its own, against a model on loopback."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

_PATIENCE_SECONDS = 60
_LEFT = b"\x1b[?1049l"
_CURSOR = b"\x1b[?25h"


class Screen:
    """A copilot in a terminal of 24 rows and 80 columns."""

    def __init__(self, arguments: list[str]) -> None:
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "copilot", *arguments],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )
        os.close(inner)
        self.seen = b""

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def wait_for(self, text: str) -> None:
        """Wait until this is drawn; what was drawn before it is forgotten."""
        while text.encode() not in self.seen:
            ready, _, _ = select.select([self._terminal], [], [], _PATIENCE_SECONDS)
            assert ready, self.seen
            try:
                self.seen += os.read(self._terminal, 65536)
            except OSError:
                pytest.fail(f"it ended before {text!r}: {self.seen!r}")
        self.seen = self.seen.partition(text.encode())[2]

    def end(self) -> int:
        """Wait for the end, and return the exit code."""
        with suppress(OSError):
            while data := os.read(self._terminal, 65536):
                self.seen += data
        code = self.process.wait(_PATIENCE_SECONDS)
        os.close(self._terminal)
        return code


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
def screen(make_repository: Callable[..., Path], model: str) -> Iterator[Screen]:
    root = make_repository({"hello.py": "print('hello')\n"}, "app")
    made = Screen(["-R", str(root), "--model", "small", "--base-url", model])
    yield made
    made.process.kill()
    made.process.wait()


def test_question_is_answered_and_ctrl_c_twice_gives_the_terminal_back(screen: Screen) -> None:
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


def test_signal_gives_the_terminal_back(screen: Screen) -> None:
    screen.wait_for("enter sends")
    screen.process.send_signal(signal.SIGTERM)
    assert screen.end() == 130
    assert _LEFT in screen.seen
    assert _CURSOR in screen.seen
