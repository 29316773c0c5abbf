"""An HTTP server on loopback that answers with exactly the bytes a test gives it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import parse_headers
from typing import Any

import pytest

from copilot.backends.openai_chat import OpenAIChat

# "GET /v1/models" to the pieces of a whole HTTP answer, each sent by itself; then it hangs up.
Routes = Mapping[str, Sequence[bytes]]


@pytest.fixture
def asked() -> list[dict[str, Any]]:
    """What the servers of this test were asked, in order: `what`, `port`, `headers`, `body`."""
    return []


@pytest.fixture
def serve(asked: list[dict[str, Any]]) -> Iterator[Callable[[Routes], str]]:
    """Start a server for some routes and return its address, such as http://127.0.0.1:4711.

    It hangs up without a word on everything else.
    """
    with ExitStack() as stack:
        yield lambda routes: stack.enter_context(_running(routes, asked))


@pytest.fixture
def connect() -> Iterator[Callable[..., OpenAIChat]]:
    """Make backends that are closed after the test."""
    with ExitStack() as stack:

        def make(base_url: str, model: str = "", api_key: str | None = None) -> OpenAIChat:
            backend = OpenAIChat(base_url, model, api_key)
            stack.callback(backend.close)
            return backend

        yield make


@contextmanager
def _running(routes: Routes, asked: list[dict[str, Any]]) -> Iterator[str]:
    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            what = self.rfile.readline().decode("latin-1").rpartition(" ")[0]
            headers = parse_headers(self.rfile)
            body = self.rfile.read(int(headers.get("content-length", 0)))
            asked.append({"what": what, "port": port, "headers": dict(headers), "body": body})
            # A client that has heard enough hangs up.
            with suppress(ConnectionError):
                for piece in routes.get(what, ()):
                    self.wfile.write(piece)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.shutdown()
            thread.join()
