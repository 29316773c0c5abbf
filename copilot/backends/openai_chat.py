"""Chat completions as OpenAI defined them and llama.cpp, vLLM, SGLang and others serve them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec

from copilot.backends.faults import error_text, refusal, shortened, unreachable
from copilot.backends.origins import check_base_url, check_key, is_loopback
from copilot.backends.protocol import (
    Delta,
    Event,
    Finished,
    ModelFacts,
    Reading,
    Request,
    Usage,
)
from copilot.backends.sse import event_data
from copilot.errors import ModelError, ModelRefused, ModelUnreachable

# Reading a prompt of a million tokens can take many minutes before the first byte.
_TIMEOUT = httpx.Timeout(10, read=None, write=300)
_QUICK_TIMEOUT = httpx.Timeout(10)
_LLAMA_CPP = "llamacpp"


class _CachedTokens(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _CachedTokens | None = None


class _Progress(msgspec.Struct):
    processed: int = 0
    total: int = 0


class _Piece(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Piece | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    """One event of the stream; what a server adds of its own is passed over."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    prompt_progress: _Progress | None = None


class OpenAIChat:
    """A server's `/chat/completions` under `base_url` (which ends in `/v1` for most)."""

    def __init__(self, base_url: str, model: str = "", api_key: str | None = None) -> None:
        check_base_url(base_url)
        check_key(api_key)
        self._base_url = base_url.rstrip("/")
        self._model = model
        self._is_llama_cpp = False
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        # A server on this machine is never reached through a proxy.
        self._client = httpx.Client(
            headers=headers, timeout=_TIMEOUT, trust_env=not is_loopback(base_url)
        )

    def close(self) -> None:
        self._client.close()

    def facts(self) -> ModelFacts:
        """Ask `/models`. Raises ModelError if the server does not answer or lacks the model."""
        try:
            answer = self._client.get(f"{self._base_url}/models", timeout=_QUICK_TIMEOUT)
        except httpx.HTTPError as error:
            raise unreachable(error, self._base_url) from error
        if answer.status_code in {404, 405, 501}:
            return ModelFacts(self._model)
        if not answer.is_success:
            raise refusal(answer.status_code, answer.content, self._model or self._base_url)
        return self._chosen(_served_models(answer.content))

    def _chosen(self, served: list[dict[str, Any]]) -> ModelFacts:
        names = [str(model.get("id", "")) for model in served]
        if not self._model and not names:
            raise ModelRefused(f"{self._base_url} lists no model", "name one with --model")
        if not self._model and len(names) > 1:
            raise ModelRefused(
                f"{self._base_url} serves {len(names)} models and none was named",
                f"name one with --model: {shortened(', '.join(names))}",
            )
        self._model = self._model or names[0]
        facts = next((m for m in served if m.get("id") == self._model), None)
        # llama.cpp serves its one model under any name; hosted lists may leave some models out.
        if facts is None and len(served) == 1:
            facts = served[0]
        found = _facts(self._model, facts or {})
        self._is_llama_cpp = found.follows_grammar
        return found

    def ask(self, request: Request) -> Iterator[Event]:
        """Stream the answer. Raises ModelError; a connection that breaks is one too."""
        try:
            with self._client.stream(
                "POST", f"{self._base_url}/chat/completions", json=self._body(request)
            ) as answer:
                if not answer.is_success:
                    raise refusal(answer.status_code, answer.read(), self._model)
                yield from _events(answer.iter_bytes(), self._model)
        except httpx.HTTPError as error:
            raise unreachable(error, self._base_url) from error

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "max_tokens": request.max_reply_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if self._is_llama_cpp:
            body["return_progress"] = True
        if request.grammar is not None:
            body["grammar"] = request.grammar
        return body


def _served_models(body: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ModelUnreachable(
            "the server's list of models is no JSON", "check base_url: it often ends in /v1"
        ) from error
    listed = document.get("data") if isinstance(document, dict) else None
    return [m for m in listed if isinstance(m, dict)] if isinstance(listed, list) else []


def _facts(model: str, served: dict[str, Any]) -> ModelFacts:
    meta = served.get("meta")
    window = (meta.get("n_ctx") if isinstance(meta, dict) else None) or served.get("max_model_len")
    return ModelFacts(
        model,
        window if isinstance(window, int) else None,
        follows_grammar=served.get("owned_by") == _LLAMA_CPP,
    )


def _events(chunks: Iterator[bytes], model: str) -> Iterator[Event]:
    """Turn the stream into events. Usage may come behind the last choice, or never."""
    reason = ""
    usage: Usage | None = None
    for data in event_data(chunks):
        if data.strip() == b"[DONE]":
            break
        chunk = _chunk(data, model)
        usage = _usage(chunk.usage) or usage
        if chunk.prompt_progress:
            yield Reading(chunk.prompt_progress.processed, chunk.prompt_progress.total)
        for choice in chunk.choices or []:
            if choice.delta and choice.delta.content:
                yield Delta(choice.delta.content)
            reason = choice.finish_reason or reason
    if not reason:
        raise ModelUnreachable(
            f"{model} broke off in the middle of its answer", "try again; see the server's log"
        )
    yield Finished(reason, usage)


def _chunk(data: bytes, model: str) -> _Chunk:
    """Parse one event; an error may come after the status said success."""
    try:
        document = json.loads(data)
        if isinstance(document, dict) and document.get("error"):
            raise refusal(200, data, model)
        return msgspec.convert(document, _Chunk)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise ModelError(
            f"{model} sent what is no chat completion: {error_text(data)}",
            "try again; see the server's log",
        ) from error


def _usage(usage: _Usage | None) -> Usage | None:
    if usage is None or usage.prompt_tokens is None:
        return None
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
    return Usage(usage.prompt_tokens, usage.completion_tokens or 0, cached)
