"""Ollama's own `/api/chat`: lines of JSON, and a context that is as large as we ask for.

Its OpenAI-compatible interface cannot set the context's size, and cuts a longer prompt without a
word; here the size is asked for, and a count that speaks for a cut all the same is marked.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from copilot.backends.answers import decoded, figure, kept, unfinished
from copilot.backends.faults import NAME_ONE, error_text, parsed, shortened
from copilot.backends.lines import split_lines
from copilot.backends.protocol import (
    Delta,
    Event,
    Finished,
    ModelFacts,
    NewTokens,
    Request,
    Thinking,
    Usage,
)
from copilot.backends.server import Server
from copilot.backends.wall import OPEN, Wall
from copilot.errors import ModelRefused

# Another size loads the model anew and loses its cache: few sizes, and none smaller than the last.
_STEP_TOKENS = 8192
# The model's tokens may be more than ours by this, and its template takes some.
_MORE_TOKENS = 1.25
_TEMPLATE_TOKENS = 256
_LEAST_CHARACTERS_A_TOKEN = 3
_MOST_CHARACTERS_A_TOKEN = 8
# Tokenizers for code differ by less.
_LEAST_READ = 0.75


class _Said(msgspec.Struct):
    content: str | None = None
    thinking: str | None = None
    tool_calls: Any = None


class _Line(msgspec.Struct):
    message: _Said | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: Any = None
    eval_count: Any = None


class OllamaChat:
    """A model of an Ollama server; `window` is the context's size where the user set one."""

    def __init__(
        self,
        base_url: str,
        model: str = "",
        api_key: str | None = None,
        *,
        wall: Wall = OPEN,
        window: int | None = None,
    ) -> None:
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        root = base_url.rstrip("/").removesuffix("/v1").removesuffix("/api")
        self._server = Server(root, headers, wall)
        self._model = model
        self._set_window = window
        self._most_tokens: int | None = None
        self._context = 0

    def close(self) -> None:
        self._server.close()

    def facts(self) -> ModelFacts:
        """Ask for the model's shape. Raises ModelError, with the way to a model that is missing."""
        self._model = self._model or self._only_model()
        status, body = self._server.fetch("POST", "/api/show", self._model, {"model": self._model})
        if status == 404:
            raise ModelRefused(
                f"{self._server.base_url} has no model {self._model}: {error_text(body)}",
                f"ollama pull {self._model}",
            )
        if not 200 <= status < 300:
            raise self._server.refused(status, body, self._model)
        self._most_tokens = _context_length(parsed(body))
        return ModelFacts(self._model, self._set_window or self._most_tokens)

    def _only_model(self) -> str:
        status, body = self._server.fetch("GET", "/api/tags", self._server.base_url)
        if not 200 <= status < 300:
            raise self._server.refused(status, body, self._server.base_url)
        document = parsed(body)
        listed = document.get("models") if isinstance(document, dict) else None
        models = [m for m in listed if isinstance(m, dict)] if isinstance(listed, list) else []
        names = [str(model.get("name", "")) for model in models]
        if len(names) != 1:
            raise ModelRefused(
                f"{self._server.base_url} has {len(names)} models and none was named",
                f"{NAME_ONE}: {shortened(', '.join(names))}" if names else "ollama pull",
            )
        return names[0]

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Stream the answer. Raises ModelError, BudgetExceeded, ReplyIncomplete."""
        return kept(self._asked(request), self._model)

    def _asked(self, request: Request) -> Generator[Event, None, None]:
        with self._server.stream("/api/chat", self._body(request), self._model) as chunks:
            for event in _events(chunks, self._model):
                yield _doubted(event, request) if isinstance(event, Finished) else event

    def _body(self, request: Request) -> dict[str, Any]:
        options: dict[str, Any] = {
            "num_ctx": self._context_for(request),
            "num_predict": request.max_reply_tokens,
        }
        if request.temperature is not None:
            options["temperature"] = request.temperature
        if request.seed is not None:
            options["seed"] = request.seed
        return {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "stream": True,
            "truncate": False,
            "shift": False,
            "options": options,
        }

    def _context_for(self, request: Request) -> int:
        """Return the tokens of context to ask for: the setting, or what this needs, rounded up."""
        if self._set_window:
            return self._set_window
        known = request.prompt_tokens
        tokens = known or _characters(request) // _LEAST_CHARACTERS_A_TOKEN
        needed = int(tokens * _MORE_TOKENS) + _TEMPLATE_TOKENS + request.max_reply_tokens
        rounded = -(-needed // _STEP_TOKENS) * _STEP_TOKENS
        self._context = max(self._context, rounded)
        return min(self._context, self._most_tokens or self._context)


def _doubted(finished: Finished, request: Request) -> Finished:
    """Mark a count of far fewer tokens than were sent; older servers leave out what they held."""
    usage = finished.usage
    sent = request.prompt_tokens or _characters(request) // _MOST_CHARACTERS_A_TOKEN
    if usage is None or usage.prompt >= _LEAST_READ * sent:
        return finished
    return replace(finished, usage=NewTokens(usage.prompt, usage.reply))


def _characters(request: Request) -> int:
    return sum(len(message.content) for message in request.messages)


def _context_length(page: Any) -> int | None:
    """Return the window that the model was trained for, as `/api/show` tells it."""
    told = page.get("model_info") if isinstance(page, dict) else None
    if not isinstance(told, dict):
        return None
    lengths = (size for name, size in told.items() if str(name).endswith(".context_length"))
    return next((size for size in lengths if isinstance(size, int) and size > 0), None)


def _events(chunks: Iterator[bytes], model: str) -> Generator[Event, None, None]:
    is_begun = calls = False
    for data in split_lines(chunks):
        if not data.strip():
            continue
        line = decoded(data, _Line, model)
        is_begun = True
        if line.message and line.message.thinking:
            yield Thinking(line.message.thinking)
        if line.message and line.message.content:
            yield Delta(line.message.content)
        calls = calls or bool(line.message and line.message.tool_calls)
        if line.done:
            reason = "tool_calls" if calls else line.done_reason or "stop"
            yield Finished(reason, _counted(line))
            return
    raise unfinished(model, b"", is_begun=is_begun)


def _counted(line: _Line) -> Usage | None:
    told = msgspec.to_builtins(line)
    read = figure(told, "prompt_eval_count")
    return None if read is None else Usage(read, figure(told, "eval_count") or 0)
