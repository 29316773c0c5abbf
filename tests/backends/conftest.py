"""An HTTP server on loopback that answers with exactly the bytes a test gives it.

With it the dialects of the providers: what each is asked, and the bytes that it answers with.
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import parse_headers
from typing import Any, ClassVar

import pytest

from copilot.backends.anthropic import AnthropicChat
from copilot.backends.gemini import GeminiChat
from copilot.backends.ollama import OllamaChat
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Backend, Usage

# A piece of an answer: bytes to send, or what to do with the connection.
Piece = bytes | Callable[[socketserver.StreamRequestHandler], None]
Pieces = Sequence[Piece]
# "GET /v1/models" to the pieces of a whole HTTP answer, each sent by itself; then it hangs up. A
# function gives them anew for each request.
Routes = Mapping[str, Pieces | Callable[[], Pieces]]


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

        def make(
            base_url: str, model: str = "", api_key: str | None = None, **more: Any
        ) -> OpenAIChat:
            backend = OpenAIChat(base_url, model, api_key, **more)
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
            pieces = routes.get(what, ())
            # A client that has heard enough hangs up.
            with suppress(ConnectionError):
                for piece in pieces() if callable(pieces) else pieces:
                    if callable(piece):
                        piece(self)
                    else:
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


# The dialects


def _event(document: Any, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(document, ensure_ascii=False)}\n\n".encode()


class OpenAIDialect:
    """Of OpenAI, and of vLLM, llama.cpp and many more."""

    name = "openai"
    chat = "POST /v1/chat/completions"
    usage: Usage | None = Usage(12, 3, 8, 2)
    reasons: ClassVar[dict[str, str]] = {
        "stop": "stop",
        "length": "length",
        "content_filter": "refused",
    }
    stop = "stop"

    def open(self, base: str, key: str | None = None, **more: Any) -> Backend:
        return OpenAIChat(f"{base}/v1", "small", key, **more)

    def begin(self) -> bytes:
        return _event({"choices": [{"delta": {"role": "assistant", "content": None}}]})

    def text(self, text: str) -> bytes:
        return _event({"choices": [{"delta": {"content": text}, "finish_reason": None}]})

    def thought(self, text: str) -> bytes:
        return _event({"choices": [{"delta": {"reasoning_content": text}}]})

    def end(self, reason: str = "stop", *, usage: bool = True) -> bytes:
        details = {"cached_tokens": 8, "cache_write_tokens": 2}
        tokens = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": details}
        told = _event({"choices": [], "usage": tokens}) if usage else b""
        stop = _event({"choices": [{"delta": {}, "finish_reason": reason}]})
        return stop + told + b"data: [DONE]\n\n"

    def error(self, message: str, kind: str = "server_error") -> dict[str, Any]:
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}

    def failed(self, message: str, kind: str = "server_error") -> bytes:
        return _event(self.error(message, kind))

    def strange(self) -> bytes:
        return _event({"choices": 5})


class AnthropicDialect(OpenAIDialect):
    """Of Anthropic's Messages."""

    name = "anthropic"
    chat = "POST /v1/messages"
    reasons: ClassVar[dict[str, str]] = {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "max_tokens": "length",
        "model_context_window_exceeded": "window",
        "refusal": "refused",
        "pause_turn": "pause_turn",
    }
    stop = "end_turn"

    def open(self, base: str, key: str | None = None, **more: Any) -> Backend:
        return AnthropicChat(base, "small", key, **more)

    def begin(self, *, usage: bool = True) -> bytes:
        tokens = {"input_tokens": 2, "cache_read_input_tokens": 8, "output_tokens": 1}
        tokens["cache_creation_input_tokens"] = 2
        message: dict[str, Any] = {"type": "message", "content": []}
        message["usage"] = tokens if usage else None
        start = _event({"type": "message_start", "message": message}, "message_start")
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text"}}
        return start + _event(block, "content_block_start") + _event({"type": "ping"}, "ping")

    def text(self, text: str) -> bytes:
        return self._delta({"type": "text_delta", "text": text})

    def thought(self, text: str) -> bytes:
        return self._delta({"type": "thinking_delta", "thinking": text})

    def _delta(self, delta: dict[str, str]) -> bytes:
        event = {"type": "content_block_delta", "index": 0, "delta": delta}
        return _event(event, "content_block_delta")

    def end(self, reason: str = "end_turn", *, usage: bool = True) -> bytes:
        delta = {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}}
        told = {"usage": {"output_tokens": 3}} if usage else {}
        return (
            _event({"type": "content_block_stop", "index": 0}, "content_block_stop")
            + _event(delta | told, "message_delta")
            + _event({"type": "message_stop"}, "message_stop")
        )

    def error(self, message: str, kind: str = "api_error") -> dict[str, Any]:
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "r"}

    def strange(self) -> bytes:
        return _event({"type": "content_block_delta", "delta": 7})


class GeminiDialect(OpenAIDialect):
    """Of Gemini's streamGenerateContent: no mark for the end."""

    name = "gemini"
    chat = "POST /v1beta/models/small:streamGenerateContent?alt=sse"
    usage = Usage(12, 3, 8)
    reasons: ClassVar[dict[str, str]] = {
        "STOP": "stop",
        "MAX_TOKENS": "length",
        "SAFETY": "refused",
        "RECITATION": "refused",
        "PROHIBITED_CONTENT": "refused",
        "OTHER": "OTHER",
    }
    stop = "STOP"

    def open(self, base: str, key: str | None = None, **more: Any) -> Backend:
        return GeminiChat(f"{base}/v1beta", "small", key, **more)

    def begin(self) -> bytes:
        return b""

    def text(self, text: str) -> bytes:
        return self._part({"text": text})

    def thought(self, text: str) -> bytes:
        return self._part({"text": text, "thought": True})

    def _part(self, part: dict[str, Any]) -> bytes:
        return _event({"candidates": [{"content": {"parts": [part], "role": "model"}}]})

    def end(self, reason: str = "STOP", *, usage: bool = True) -> bytes:
        tokens = {
            "promptTokenCount": 12,
            "cachedContentTokenCount": 8,
            "candidatesTokenCount": 2,
            "thoughtsTokenCount": 1,
        }
        last: dict[str, Any] = {"candidates": [{"content": {}, "finishReason": reason}]}
        return _event(last | ({"usageMetadata": tokens} if usage else {}))

    def error(self, message: str, kind: str = "INTERNAL") -> dict[str, Any]:
        return {"error": {"code": 500, "message": message, "status": kind}}

    def strange(self) -> bytes:
        return _event({"candidates": {"content": 1}})


class OllamaDialect(OpenAIDialect):
    """Of Ollama's own interface: lines of JSON."""

    name = "ollama"
    chat = "POST /api/chat"
    usage = Usage(12, 3)
    reasons: ClassVar[dict[str, str]] = {"stop": "stop", "length": "length", "unload": "unload"}

    def open(self, base: str, key: str | None = None, **more: Any) -> Backend:
        return OllamaChat(base, "small", key, **more)

    def begin(self) -> bytes:
        return b""

    def text(self, text: str) -> bytes:
        return self._line({"message": {"role": "assistant", "content": text}, "done": False})

    def thought(self, text: str) -> bytes:
        message = {"role": "assistant", "content": "", "thinking": text}
        return self._line({"message": message, "done": False})

    def _line(self, document: Any) -> bytes:
        return json.dumps(document, ensure_ascii=False).encode() + b"\n"

    def end(self, reason: str = "stop", *, usage: bool = True) -> bytes:
        last = {"message": {"content": ""}, "done": True, "done_reason": reason}
        return self._line(last | ({"prompt_eval_count": 12, "eval_count": 3} if usage else {}))

    def error(self, message: str, kind: str = "") -> dict[str, Any]:
        del kind
        return {"error": message}

    def failed(self, message: str, kind: str = "") -> bytes:
        return self._line(self.error(message, kind))

    def strange(self) -> bytes:
        return self._line({"message": 5})


_DIALECTS = (OpenAIDialect, AnthropicDialect, GeminiDialect, OllamaDialect)


@pytest.fixture(params=_DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> OpenAIDialect:
    """Each of the dialects in turn."""
    made: OpenAIDialect = request.param()
    return made


@pytest.fixture
def dialect_of() -> Callable[[str], OpenAIDialect]:
    """Get a dialect by its name."""
    made = {kind.name: kind() for kind in _DIALECTS}
    return made.__getitem__


@pytest.fixture
def open_dialect() -> Iterator[Callable[..., Backend]]:
    """Open a dialect's backend at an address; closed after the test."""
    with ExitStack() as stack:

        def make(dialect: OpenAIDialect, base: str, key: str | None = None, **more: Any) -> Backend:
            backend = dialect.open(base, key, **more)
            stack.callback(backend.close)
            return backend

        yield make
