"""Gemini's `streamGenerateContent`.

Its cache is implicit, where the same beginning is found again, or explicit, where it has a name.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from copilot.backends.answers import decoded, figure, kept, unfinished
from copilot.backends.faults import parsed, shortened
from copilot.backends.gemini_caches import GeminiCaches, Held, StablePart, stable_part
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
from copilot.backends.server import Mend, Server
from copilot.backends.sse import event_data
from copilot.backends.wall import OPEN, Wall
from copilot.errors import ModelRefused

# Of a cache that is gone, of another model, or not of this key.
_NO_CACHE = frozenset({400, 403, 404})
_REASONS = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "refused",
    "RECITATION": "refused",
    "BLOCKLIST": "refused",
    "PROHIBITED_CONTENT": "refused",
    "IMAGE_SAFETY": "refused",
    "SPII": "refused",
}


class _Part(msgspec.Struct):
    text: str | None = None
    thought: bool | None = None
    function_call: Any = msgspec.field(default=None, name="functionCall")


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct):
    content: _Content | None = None
    finish_reason: str | None = msgspec.field(default=None, name="finishReason")


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: Any = None


class GeminiChat:
    """A model under `/models/`; `base_url` ends in the version of the interface.

    With `cache_seconds`, the prompt's base is kept in an explicit cache for so long after each
    question; the names of such caches are noted in the folder `notes`.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None = None,
        *,
        wall: Wall = OPEN,
        cache_seconds: int = 0,
        notes: Path | None = None,
    ) -> None:
        headers = {"x-goog-api-key": api_key} if api_key else {}
        self._server = Server(base_url, headers, wall)
        self._model = model.removeprefix("models/")
        self._path = f"/models/{quote(self._model, safe='')}"
        self._caches = (
            GeminiCaches(self._server, self._model, cache_seconds, notes) if cache_seconds else None
        )

    def close(self) -> None:
        self._server.close()

    def facts(self) -> ModelFacts:
        """Ask for the model's own page. Raises ModelError."""
        status, body = self._server.fetch("GET", self._path, self._model)
        if not 200 <= status < 300:
            raise self._server.refused(status, body, self._model)
        page = parsed(body)
        told = page if isinstance(page, dict) else {}
        window, reply = told.get("inputTokenLimit"), told.get("outputTokenLimit")
        return ModelFacts(
            self._model,
            window if isinstance(window, int) else None,
            max_reply_tokens=reply if isinstance(reply, int) else None,
        )

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Stream the answer. Raises ModelError, BudgetExceeded, ReplyIncomplete."""
        return kept(self._asked(request), self._model)

    def _asked(self, request: Request) -> Generator[Event, None, None]:
        part = stable_part(request.messages) if self._caches else None
        if self._caches is None or part is None:
            yield from self._streamed(_body(request, request.messages))
            return
        held = self._caches.held(part)
        body = full = _body(request, request.messages)
        if held.name:
            body = {**_body(request, part.turns), "cachedContent": held.name}
        for event in self._streamed(body, partial(_without_cache, self._caches, part, full)):
            yield _with_written(event, held)

    def _streamed(self, body: dict[str, Any], mend: Mend | None = None) -> Iterator[Event]:
        path = f"{self._path}:streamGenerateContent?alt=sse"
        with self._server.stream(path, body, self._model, mend) as chunks:
            yield from _events(chunks, self._model)


def _without_cache(
    caches: GeminiCaches,
    part: StablePart,
    full: dict[str, Any],
    status: int,
    said: bytes,
    sent: dict[str, Any],
) -> dict[str, Any] | None:
    """Return the whole request where the server does not know the cache that it was asked with."""
    if "cachedContent" not in sent or status not in _NO_CACHE or b"cached" not in said.lower():
        return None
    caches.lost(part)
    return full


def _with_written(event: Event, held: Held) -> Event:
    """Add what a cache took when it was made to the usage of the answer it was made for."""
    if not isinstance(event, Finished) or event.usage is None or held.written is None:
        return event
    return replace(event, usage=replace(event.usage, cache_written=held.written))


def _body(request: Request, messages: Sequence[Message]) -> dict[str, Any]:
    system = [{"text": m.content} for m in messages if m.role == "system" and m.content]
    body: dict[str, Any] = {
        "contents": [
            {
                "role": "model" if message.role == "assistant" else "user",
                "parts": [{"text": message.content}],
            }
            for message in messages
            if message.role != "system"
        ],
        "generationConfig": {"maxOutputTokens": request.max_reply_tokens},
    }
    if system:
        body["systemInstruction"] = {"parts": system}
    if request.temperature is not None:
        body["generationConfig"]["temperature"] = request.temperature
    if request.seed is not None:
        body["generationConfig"]["seed"] = request.seed
    return body


def _events(chunks: Iterator[bytes], model: str) -> Generator[Event, None, None]:
    """Turn the stream into events; it has no mark of its own for the end."""
    reason, is_begun, calls = "", False, False
    usage: Usage | None = None
    stray = bytearray()
    for data in event_data(chunks, stray):
        is_begun = True
        answer = decoded(data, _Answer, model)
        usage = _usage(answer.usage_metadata) or usage
        blocked = answer.prompt_feedback and answer.prompt_feedback.block_reason
        if blocked:
            raise ModelRefused(
                f"{model} refused the prompt: {shortened(blocked)}",
                "say the task in other words, or leave the files out that it may be about",
            )
        for candidate in (answer.candidates or [])[:1]:
            yield from _pieces(candidate.content)
            reason = candidate.finish_reason or reason
            calls = calls or _calls(candidate.content)
    if not reason:
        raise unfinished(model, bytes(stray), is_begun=is_begun)
    yield Finished("tool_calls" if calls else _REASONS.get(reason, reason), usage)


def _calls(content: _Content | None) -> bool:
    parts = (content.parts if content else None) or []
    return any(part.function_call is not None for part in parts)


def _pieces(content: _Content | None) -> Iterator[Event]:
    for part in (content.parts if content else None) or []:
        if part.text:
            yield Thinking(part.text) if part.thought else Delta(part.text)


def _usage(told: Any) -> Usage | None:
    """Read the figures; Google leaves out those that are zero."""
    prompt = figure(told, "promptTokenCount")
    if prompt is None:
        return None
    reply = (figure(told, "candidatesTokenCount") or 0) + (figure(told, "thoughtsTokenCount") or 0)
    return Usage(prompt, reply, figure(told, "cachedContentTokenCount") or 0)
