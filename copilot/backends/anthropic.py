"""Anthropic's Messages API: streamed answers, and up to four marks for its prompt cache.

A cached prefix is found at the end of a block, and looked for at most 20 blocks before a mark. So
what is only ever appended to (the overlay) is sent in blocks of its own: the blocks of the last
request are then still there.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from copilot.backends.answers import decoded, figure, kept, unfinished
from copilot.backends.cuts import pieces, stable_pieces
from copilot.backends.faults import parsed
from copilot.backends.parameters import Parameters
from copilot.backends.protocol import (
    Delta,
    Event,
    Finished,
    Message,
    ModelFacts,
    Request,
    Thinking,
    Usage,
)
from copilot.backends.server import Server
from copilot.backends.sse import event_data
from copilot.backends.wall import OPEN, Wall

_VERSION = "2023-06-01"
_NO_MODEL_PAGE = frozenset({404, 405, 501})
_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "window",
    "refusal": "refused",
}
_READ, _WRITTEN = "input_tokens", "output_tokens"
_CACHED, _CACHE_WRITTEN = "cache_read_input_tokens", "cache_creation_input_tokens"
_COUNTED = (_READ, _WRITTEN, _CACHED, _CACHE_WRITTEN)

Ttl = Literal["5m", "1h"]
_Block = dict[str, Any]


class _Start(msgspec.Struct):
    usage: Any = None


class _Change(msgspec.Struct):
    """Of a block: a piece of text or of thoughts; of the message: why it stopped."""

    text: str | None = None
    thinking: str | None = None
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str = ""
    message: _Start | None = None
    delta: _Change | None = None
    content_block: _Change | None = None
    usage: Any = None


class AnthropicChat:
    """A model behind `/v1/messages`; `cache_ttl` is how long rules and base stay in its cache."""

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None = None,
        *,
        wall: Wall = OPEN,
        cache_ttl: Ttl = "5m",
    ) -> None:
        headers = {"x-api-key": api_key} if api_key else {}
        root = base_url.rstrip("/").removesuffix("/v1")
        self._server = Server(root, headers, wall, {"anthropic-version": _VERSION})
        self._model = model
        self._ttl = cache_ttl
        self._parameters = Parameters()

    def close(self) -> None:
        self._server.close()

    def facts(self) -> ModelFacts:
        """Ask for the model's own page. Raises ModelError."""
        path = f"/v1/models/{quote(self._model, safe='')}"
        status, body = self._server.fetch("GET", path, self._model)
        # A gateway may serve messages alone; of Anthropic's own, an unknown model is an error.
        if status in _NO_MODEL_PAGE and "not_found_error" not in body.decode("utf-8", "replace"):
            return ModelFacts(self._model)
        if not 200 <= status < 300:
            raise self._server.refused(status, body, self._model)
        page = parsed(body)
        told = page if isinstance(page, dict) else {}
        window, reply = _size(told, "max_input_tokens"), _size(told, "max_tokens")
        return ModelFacts(self._model, window, max_reply_tokens=reply)

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Stream the answer. Raises ModelError, BudgetExceeded, ReplyIncomplete."""
        return kept(self._asked(request), self._model)

    def _asked(self, request: Request) -> Generator[Event, None, None]:
        body = self._parameters.applied(_body(request, self._model, self._ttl))
        mend = self._parameters.mend
        with self._server.stream("/v1/messages", body, self._model, mend) as chunks:
            yield from _events(chunks, self._model)


def _size(page: dict[str, Any], name: str) -> int | None:
    size = page.get(name)
    return size if isinstance(size, int) and size > 0 else None


def _body(request: Request, model: str, ttl: Ttl) -> _Block:
    system = [m for m in request.messages if m.role == "system" and m.content.strip()]
    turns = [message for message in request.messages if message.role != "system"]
    body: _Block = {
        "model": model,
        "max_tokens": request.max_reply_tokens,
        "stream": True,
        "messages": [{"role": turn.role, "content": _blocks(turn)} for turn in turns],
    }
    if system:
        body["system"] = [block for message in system for block in _blocks(message)]
    if request.temperature is not None:
        body["temperature"] = request.temperature
    _set_marks(body, system, turns, ttl)
    return body


def _blocks(message: Message) -> list[_Block]:
    return [{"type": "text", "text": text} for text in pieces(message)]


def _set_marks(body: _Block, system: Sequence[Message], turns: Sequence[Message], ttl: Ttl) -> None:
    """Mark the ends of rules, base, overlay and conversation; the longer time comes first."""
    long = {"type": "ephemeral", "ttl": "1h"} if ttl == "1h" else {"type": "ephemeral"}
    short = {"type": "ephemeral"}
    if any(message.cuts for message in system):
        body["system"][-1]["cache_control"] = long
    if turns and turns[0].cuts:
        blocks = body["messages"][0]["content"]
        stable = blocks[: stable_pieces(turns[0], [block["text"] for block in blocks])]
        for block, mark in ((stable[-1:], short), (stable[:1], long)):
            for marked in block:
                marked["cache_control"] = mark
    if len(turns) > 1:
        body["messages"][-1]["content"][-1]["cache_control"] = short


def _events(chunks: Iterator[bytes], model: str) -> Generator[Event, None, None]:
    reason, is_begun = "", False
    counted: dict[str, int] = {}
    stray = bytearray()
    for data in event_data(chunks, stray):
        is_begun = True
        event = decoded(data, _Event, model)
        counted |= _figures(event.usage or (event.message.usage if event.message else None))
        yield from _piece(event)
        if event.type == "message_delta" and event.delta:
            reason = event.delta.stop_reason or reason
        if event.type == "message_stop":
            break
    if not reason:
        raise unfinished(model, bytes(stray), is_begun=is_begun)
    yield Finished(_REASONS.get(reason, reason), _total(counted))


def _piece(event: _Event) -> Iterator[Event]:
    piece = event.delta or event.content_block
    if piece is None or event.type not in {"content_block_delta", "content_block_start"}:
        return
    if piece.thinking:
        yield Thinking(piece.thinking)
    if piece.text:
        yield Delta(piece.text)


def _figures(told: Any) -> dict[str, int]:
    """Read the figures that stand there; they are cumulative, so that later ones count."""
    figures = ((name, figure(told, name)) for name in _COUNTED)
    return {name: tokens for name, tokens in figures if tokens is not None}


def _total(counted: dict[str, int]) -> Usage | None:
    """Sum up what was read: Anthropic counts what its cache held, or took, apart."""
    if _READ not in counted:
        return None
    cached, written = counted.get(_CACHED), counted.get(_CACHE_WRITTEN)
    prompt = counted[_READ] + (cached or 0) + (written or 0)
    return Usage(prompt, counted.get(_WRITTEN, 0), cached, written)
