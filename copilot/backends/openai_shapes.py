"""The events of a chat completion's stream, in the dialects of those who serve it."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

import msgspec

from copilot.backends.answers import figure, nonsense, unfinished
from copilot.backends.faults import error_text, parsed, refusal
from copilot.backends.protocol import Delta, Event, Finished, Reading, Thinking, Usage
from copilot.backends.sse import event_data

_REASONS = {"content_filter": "refused", "end_turn": "stop", "eos": "stop", "max_tokens": "length"}


class _Piece(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    """A piece of the answer, or all of it where a server does not stream."""

    delta: _Piece | None = None
    message: _Piece | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    """One event of the stream; what a server adds of its own is passed over.

    Figures that are none must not cost the answer: they are looked at one by one.
    """

    choices: list[_Choice] | None = None
    usage: Any = None
    prompt_progress: Any = None
    error: Any = None


_DECODER = msgspec.json.Decoder(_Chunk)


def events(chunks: Iterator[bytes], model: str) -> Generator[Event, None, None]:
    """Turn the stream into events. Usage may come behind the last choice, or never.

    An answer that is sent whole, for want of a stream, is one too.
    """
    reason, is_begun = "", False
    usage: Usage | None = None
    stray = bytearray()
    for chunk in _chunks(chunks, stray, model):
        is_begun = True
        usage = _counted(chunk.usage) or usage
        yield from _progress(chunk.prompt_progress)
        for choice in chunk.choices or []:
            piece = choice.delta or choice.message
            yield from _pieces(piece)
            reason = "refused" if piece and piece.refusal else reason
            reason = reason or choice.finish_reason or ""
    if not reason:
        raise unfinished(model, bytes(stray), is_begun=is_begun)
    yield Finished(_REASONS.get(reason, reason), usage)


def _chunks(chunks: Iterator[bytes], stray: bytearray, model: str) -> Iterator[_Chunk]:
    """Parse the events of a stream, or the one document that a server sent in its place."""
    is_begun = False
    for data in event_data(chunks, stray):
        if data.strip() == b"[DONE]":
            return
        is_begun = True
        yield _chunk(data, model)
    document = parsed(bytes(stray)) if stray and not is_begun else None
    if isinstance(document, dict) and document.get("choices"):
        yield _chunk(bytes(stray), model)


def _counted(told: Any) -> Usage | None:
    """Read OpenAI's figures; then DeepSeek's, Moonshot's, and those of gateways to Anthropic."""
    prompt = figure(told, "prompt_tokens")
    if prompt is None:
        return None
    details = told.get("prompt_tokens_details")
    cached = _first(
        figure(details, "cached_tokens"),
        figure(told, "prompt_cache_hit_tokens"),
        figure(told, "cached_tokens"),
        figure(told, "cache_read_input_tokens"),
    )
    if cached is not None and cached > prompt:
        # Not a part of what was read: whatever it means, it is no share of that.
        cached = None
    written = _first(
        figure(details, "cache_write_tokens"), figure(told, "cache_creation_input_tokens")
    )
    return Usage(prompt, figure(told, "completion_tokens") or 0, cached, written)


def _progress(told: Any) -> Iterator[Event]:
    done, total = figure(told, "processed"), figure(told, "total")
    if done is not None and total:
        yield Reading(done, total)


def _pieces(piece: _Piece | None) -> Iterator[Event]:
    if piece is None:
        return
    thought = piece.reasoning_content or piece.reasoning
    if thought:
        yield Thinking(thought)
    said = piece.content or piece.refusal
    if said:
        yield Delta(said)


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
