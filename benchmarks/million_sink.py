"""A server on loopback that keeps the last prompt it is sent, and answers with one word."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WINDOW = 1_100_000
_MODEL = "sink"
_ANSWER = (
    {"choices": [{"delta": {"content": "Read."}}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
)


@dataclass
class Sink:
    """`prompt` holds the contents of all messages of the last request, joined."""

    url: str
    prompt: str = ""


@contextmanager
def listening() -> Iterator[Sink]:
    """Serve `/v1/models` and `/v1/chat/completions` until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(json.dumps({"data": [{"id": _MODEL, "max_model_len": WINDOW}]}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            sink.prompt = "".join(message["content"] for message in body["messages"])
            events = [*map(json.dumps, _ANSWER), "[DONE]"]
            self._answer("".join(f"data: {event}\n\n" for event in events), "text/event-stream")

        def _answer(self, text: str, kind: str = "application/json") -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink = Sink(f"http://127.0.0.1:{server.server_port}/v1")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
