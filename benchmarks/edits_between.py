"""Stands between a tool and a model server on loopback: same terms for all, everything counted.

Each request is passed on with temperature 0, one seed and one limit on the reply, whatever the
tool asked for; the server may use all that it has in its cache.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_PIECE_BYTES = 65_536
_SEED = 1


@dataclass(frozen=True)
class Exchange:
    """One request: its tokens, the seconds until its end, and the reply."""

    prompt_tokens: int
    reply_tokens: int
    seconds: float
    reply: str
    reason: str


@dataclass
class Between:
    """What all tools are allowed, and what one asked; `url` is the base URL to give to it."""

    upstream: str
    reply_tokens: int
    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    busy: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Start another case: nothing was asked."""
        with self.busy:
            self.exchanges = []

    def asked(self) -> list[Exchange]:
        """Return what was asked, when the last answer has ended."""
        with self.busy:
            return list(self.exchanges)

    def on_our_terms(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the request as all tools' requests are sent."""
        ours = {
            "temperature": 0,
            "seed": _SEED,
            "max_tokens": min(body.get("max_tokens") or self.reply_tokens, self.reply_tokens),
            "cache_prompt": True,
        }
        return body | ours


@contextmanager
def between(upstream: str, reply_tokens: int) -> Iterator[Between]:
    """Serve on a free port of 127.0.0.1 what the server at `upstream` answers."""
    case = Between(upstream, reply_tokens)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on(None)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with case.busy:
                self._pass_on(case.on_our_terms(body))

        def _pass_on(self, body: dict[str, Any] | None) -> None:
            parts = urlsplit(upstream)
            connection = HTTPConnection(parts.hostname or "", parts.port)
            path = parts.path + self.path.removeprefix("/v1")
            clock = time.monotonic()
            try:
                content = None if body is None else json.dumps(body)
                headers = {"content-type": "application/json"} if content else {}
                connection.request(self.command, path, content, headers)
                said = self._answer(connection.getresponse())
            except (HTTPException, OSError):
                return
            finally:
                connection.close()
            if body is not None:
                case.exchanges.append(exchange(said, time.monotonic() - clock))

        def _answer(self, answer: HTTPResponse) -> bytes:
            """Hand on an answer piece by piece; its end is the end of the connection."""
            self.send_response(answer.status)
            self.send_header("content-type", answer.getheader("content-type", ""))
            self.end_headers()
            said = bytearray()
            while piece := answer.read1(_PIECE_BYTES):
                said += piece
                self.wfile.write(piece)
            return bytes(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        case.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield case
        finally:
            server.shutdown()
            thread.join()


def exchange(said: bytes, seconds: float) -> Exchange:
    """Read an answer of `/chat/completions`, in one piece or as a stream of events."""
    usage: dict[str, int] = {}
    reply, reason = "", ""
    for chunk in _chunks(said.decode(errors="replace")):
        usage = chunk.get("usage") or usage
        for choice in chunk.get("choices") or ():
            part = choice.get("delta") or choice.get("message") or {}
            reply += part.get("content") or ""
            reason = choice.get("finish_reason") or reason
    prompt, written = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
    return Exchange(prompt, written, seconds, reply, reason)


def _chunks(said: str) -> Iterator[dict[str, Any]]:
    lines = [line.removeprefix("data:") for line in said.splitlines() if line.startswith("data:")]
    for text in lines or [said]:
        with suppress(json.JSONDecodeError):
            chunk = json.loads(text)
            if isinstance(chunk, dict):
                yield chunk
