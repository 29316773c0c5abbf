"""The events of a chat completion's stream, in the dialects of those who serve it."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

import msgspec

from copilot.backends.answers import broke_off, nonsense
from copilot.backends.faults import error_text, parsed, refusal
from copilot.backends.protocol import Delta, Event, Finished, Reading, Thinking, Usage
from copilot.backends.sse import event_data

_REASONS = {"content_filter": "refused", "end_turn": "stop", "eos": "stop", "max_tokens": "length"}


class _Details(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Usage(msgspec.Struct):
    """OpenAI's fields; then DeepSeek's, Moonshot's, and those of gateways to Anthropic."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    prompt_cache_hit_tokens: int | None = None
    cached_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None

    def told(self) -> Usage | None:
        if self.prompt_tokens is None:
            return None
        details = self.prompt_tokens_details or _Details()
        cached = _first(
            details.cached_tokens,
            self.prompt_cache_hit_tokens,
            self.cached_tokens,
            self.cache_read_input_tokens,
        )
        written = _first(details.cache_write_tokens, self.cache_creation_input_tokens)
        return Usage(self.prompt_tokens, self.completion_tokens or 0, cached, written)


class _Progress(msgspec.Struct):
    processed: int = 0
    total: int = 0


class _Piece(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    delta: _Piece | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    """One event of the stream; what a server adds of its own is passed over."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    prompt_progress: _Progress | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(_Chunk)


def events(chunks: Iterator[bytes], model: str) -> Generator[Event, None, None]:
    """Turn the stream into events. Usage may come behind the last choice, or never."""
    reason = ""
    usage: Usage | None = None
    stray = bytearray()
    for data in event_data(chunks, stray):
        if data.strip() == b"[DONE]":
            break
        chunk = _chunk(data, model)
        usage = (chunk.usage.told() if chunk.usage else None) or usage
        if chunk.prompt_progress:
            yield Reading(chunk.prompt_progress.processed, chunk.prompt_progress.total)
        for choice in chunk.choices or []:
            yield from _pieces(choice.delta)
            reason = "refused" if choice.delta and choice.delta.refusal else reason
            reason = reason or choice.finish_reason or ""
    if not reason:
        raise _unfinished(bytes(stray), model)
    yield Finished(_REASONS.get(reason, reason), usage)


def _pieces(delta: _Piece | None) -> Iterator[Event]:
    if delta is None:
        return
    thought = delta.reasoning_content or delta.reasoning
    if thought:
        yield Thinking(thought)
    said = delta.content or delta.refusal
    if said:
        yield Delta(said)


def _unfinished(stray: bytes, model: str) -> Exception:
    """Return the error for a stream without an end; some send an error as plain JSON."""
    document = parsed(stray) if stray else None
    if isinstance(document, dict) and document.get("error"):
        return refusal(200, stray, model)
    return broke_off(model)


def _chunk(data: bytes, model: str) -> _Chunk:
    """Parse one event; an error may come after the status said success."""
    try:
        chunk = _decoded(data)
    except (ValueError, RecursionError) as error:
        raise nonsense(model, error_text(data)) from error
    if chunk.error:
        raise refusal(200, data, model)
    return chunk


def _decoded(data: bytes) -> _Chunk:
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError:
        # Half a character, as an escape: Python's own parser lets it pass.
        return msgspec.convert(json.loads(data), _Chunk)


def _first(*figures: int | None) -> int | None:
    return next((figure for figure in figures if figure is not None), None)
