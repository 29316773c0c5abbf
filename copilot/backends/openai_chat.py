"""Chat completions as OpenAI defined them and llama.cpp, vLLM, SGLang and others serve them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from copilot.backends.faults import error_text, refusal, unreachable
from copilot.backends.origins import is_loopback
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
from copilot.errors import ModelError, ModelRefused, ModelUnreachable, UsageError

# Reading a prompt of a million tokens can take many minutes before the first byte.
_TIMEOUT = httpx.Timeout(10, read=None, write=300)
_QUICK_TIMEOUT = httpx.Timeout(10)
_LLAMA_CPP = "llamacpp"


class OpenAIChat:
    """A server's `/chat/completions` under `base_url` (which ends in `/v1` for most)."""

    def __init__(self, base_url: str, model: str = "", api_key: str | None = None) -> None:
        if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
            raise UsageError(f"not a base URL: {base_url!r}", "such as http://127.0.0.1:8080/v1")
        self._base_url = base_url.rstrip("/")
        self._model = model
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
        if not self._model and len(names) != 1:
            raise ModelRefused(
                f"{self._base_url} serves {len(names)} models and none was named",
                f"name one with --model: {error_text(', '.join(names).encode())}",
            )
        self._model = self._model or names[0]
        facts = next((m for m in served if m.get("id") == self._model), None)
        # llama.cpp serves its one model under any name; hosted lists may leave some models out.
        if facts is None and len(served) == 1:
            facts = served[0]
        return _facts(self._model, facts or {})

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
        if request.grammar is not None:
            body |= {"grammar": request.grammar, "return_progress": True}
        return body


def _served_models(body: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(body)
    except ValueError as error:
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
        usage = _usage(chunk.get("usage")) or usage
        progress = chunk.get("prompt_progress")
        if isinstance(progress, dict):
            yield Reading(int(progress.get("processed", 0)), int(progress.get("total", 0)))
        for choice in chunk.get("choices") or []:
            text = (choice.get("delta") or {}).get("content")
            if text:
                yield Delta(text)
            reason = choice.get("finish_reason") or reason
    if not reason:
        raise ModelUnreachable(
            f"{model} broke off in the middle of its answer", "try again; see the server's log"
        )
    yield Finished(reason, usage)


def _chunk(data: bytes, model: str) -> dict[str, Any]:
    """Parse one event; an error may come after the status said success."""
    try:
        chunk = json.loads(data)
    except ValueError as error:
        raise ModelError(
            f"{model} sent what is no JSON: {error_text(data)}", "try again"
        ) from error
    if not isinstance(chunk, dict) or chunk.get("error"):
        raise refusal(200, data, model)
    return chunk


def _usage(usage: Any) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0)), cached)
