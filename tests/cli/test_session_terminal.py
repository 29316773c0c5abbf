"""A plain session in a terminal: its line is edited, and ctrl-c ends what runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture
def slow_model() -> Iterator[str]:
    """Serve a model that begins an answer and goes on with it only when the test ends."""
    goes_on = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(json.dumps({"data": [{"id": "slow"}]}).encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            piece = {"choices": [{"delta": {"content": "It begins"}}]}
            self._say(f"data: {json.dumps(piece)}\n\n".encode())
            goes_on.wait()

        def _say(self, body: bytes) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            goes_on.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def terminal(make_repository: Callable[..., Path], slow_model: str) -> Iterator[Terminal]:
    root = make_repository({"hello.py": "print('hello')\n"}, "app")
    where = ["-R", str(root), "--model", "slow", "--base-url", slow_model]
    made = Terminal(["-m", "copilot", "--plain", *where])
    yield made
    made.process.kill()
    made.process.wait()


def test_ctrl_c_ends_an_answer_and_twice_the_session(terminal: Terminal) -> None:
    terminal.wait_for("> ")
    terminal.type("What is it?\n")
    terminal.wait_for("It begins")
    terminal.type("\x03")
    terminal.wait_for("this answer is partial")
    terminal.wait_for("> ")
    terminal.type("\x03")
    terminal.wait_for("ctrl-c once more leaves")
    terminal.type("\x03")
    assert terminal.end() == 130


def test_what_was_entered_comes_back_and_is_completed(terminal: Terminal) -> None:
    terminal.wait_for("> ")
    terminal.type("/cost\n")
    terminal.wait_for("0 answers")
    terminal.wait_for("> ")
    terminal.type("\x1b[A\n")
    terminal.wait_for("0 answers")
    terminal.wait_for("> ")
    terminal.type("/co\t\t")
    terminal.wait_for("/context")
    terminal.type("\x15/quit\n")
    assert terminal.end() == 0
