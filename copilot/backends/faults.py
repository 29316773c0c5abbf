"""From a server's refusal to one of our errors, with a sentence for the person."""

from __future__ import annotations

import json
from typing import Any

import httpx

from copilot.errors import BudgetExceeded, CopilotError, ModelRefused, ModelUnreachable
from copilot.text import one_line

_SHOWN_CHARACTERS = 300
# Of llama.cpp (before and while it writes), of OpenAI, of vLLM (older and newer).
_TOO_LONG = (
    "exceed_context_size_error",
    "Context size has been exceeded",
    "context_length_exceeded",
    "maximum context length",
    "model's context length is only",
)
_HINTS = {
    401: "set the key in the variable that the model's api_key_env names",
    403: "the key may not use this model: check its rights",
    404: "check the model's name and base_url: copilot models list",
    429: "too many requests: wait a little and try again",
}


def refusal(status: int, body: bytes, model: str) -> CopilotError:
    """Return the error for an HTTP answer that is no success."""
    said = error_text(body)
    if any(mark in body.decode("utf-8", "replace") for mark in _TOO_LONG):
        return BudgetExceeded(
            f"the prompt does not fit the window of {model}: {said}",
            "leave files out with --exclude, or use a model with a larger window",
        )
    return ModelRefused(f"{model} refused ({status}): {said}", _hint(status))


def _hint(status: int) -> str:
    if 300 <= status < 400:
        return "the server points elsewhere: check base_url, redirects are not followed"
    return _HINTS.get(status, "see the server's log" if status >= 500 else "see docs/models.md")


def unreachable(error: httpx.HTTPError, base_url: str) -> ModelUnreachable:
    """Return the error for a connection that failed or broke."""
    said = one_line(str(error)) or type(error).__name__
    return ModelUnreachable(
        f"no answer from {base_url}: {said}",
        "start the server, or check base_url: copilot models list",
    )


def error_text(body: bytes) -> str:
    """Return what the server said, safe to show and short; bodies may be JSON, HTML or nothing."""
    try:
        said = _message(json.loads(body))
    except (ValueError, RecursionError):
        said = body.decode("utf-8", "replace").strip()
    return shortened(said) or "no reason given"


def shortened(text: str) -> str:
    """Return a server's text safe to show, on one line, and no longer than a person reads."""
    return one_line(text)[:_SHOWN_CHARACTERS]


def _message(document: Any) -> str:
    """Return the message of `{"error": {"message"}}`, `{"error": text}` or `{"message"}`."""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return str(document)
    error = document.get("error", document)
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error
    return error if isinstance(error, str) else json.dumps(error)
