"""From a server's refusal to one of our errors, with a sentence for the person."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any

from copilot.backends.httpx_alone import httpx
from copilot.backends.overflow import Overflow, overflow_in
from copilot.backends.waits import is_per_day, wait_of
from copilot.errors import (
    BudgetExceeded,
    CopilotError,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnreachable,
)
from copilot.text import one_line

NAME_ONE = "name one with --model (models add: --id; models warm and probe: as NAME)"
_SHOWN_CHARACTERS = 300
_NO_HEADERS: Mapping[str, str] = {}
# An error behind the status of success has the status 200 here; llama.cpp says 500 while it writes.
_MAY_BE_TOO_LONG = frozenset({200, 400, 413, 422, 500})
_TOO_LARGE = 413
_REFUSED = frozenset({400, 422})
_BUSY = frozenset({429, 503, 529})
_PASSING = frozenset({408, 409, 500, 502, 504, *_BUSY})
# The words of providers for the same, where the status is that of success.
_BUSY_TYPES = frozenset(
    {"overloaded_error", "rate_limit_error", "rate_limit_exceeded", "RESOURCE_EXHAUSTED"}
)
_OVERLOADED = frozenset({"overloaded_error", "overloaded"})
_PASSING_TYPES = frozenset(
    {"api_error", "timeout_error", "server_error", "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"}
)
_NO_CREDIT = (
    "insufficient_quota",
    "insufficient balance",
    "billing_error",
    "billing_hard_limit",
    "credit balance is too low",
)
# Google says so with the status 400.
_WRONG_KEY = ("api_key_invalid", "api key not valid")
_REPLY_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxoutputtokens")
_HINTS = {
    401: "name the variable that holds its key: --api-key-env, or api_key_env in its table",
    402: "the account has no credit left: see the provider's billing page",
    403: "the key may not use this model: check its rights",
    404: "check the model's name and base_url: copilot models list",
    429: "too many requests: wait a little and try again",
    529: "the provider is overloaded: wait a little and try again",
}
_SECONDS_TOLD = 10


def refusal(
    status: int, body: bytes, model: str, headers: Mapping[str, str] = _NO_HEADERS
) -> CopilotError:
    """Return the error for an HTTP answer that is no success, or holds an error all the same.

    `headers` are asked by lower-case names.
    """
    document = parsed(body)
    status = _inner_status(document) if status == 200 else status
    text = body.decode("utf-8", "replace")
    too_long = overflow_in(text, document) if status in _MAY_BE_TOO_LONG else None
    if too_long is not None or status == _TOO_LARGE:
        return _over_the_window(too_long or Overflow(), error_text(body), model, status)
    how = "failed" if status == 200 else f"refused ({status})"
    message = f"{model} {how}: {error_text(body)}"
    known = _known_hint(status, text.lower())
    return ModelRefused(message, known) if known else _judged(status, document, message, headers)


def _known_hint(status: int, text: str) -> str:
    """Return what to do about money, a key or a reply's limit, where a refusal is about those."""
    if status == 402 or any(word in text for word in _NO_CREDIT):
        return _HINTS[402]
    if any(word in text for word in _WRONG_KEY):
        return _HINTS[401]
    if status in _REFUSED and any(word in text for word in _REPLY_LIMITS):
        return "set max_reply_tokens in the model's table to what it can write"
    return ""


def _judged(status: int, document: Any, message: str, headers: Mapping[str, str]) -> ModelError:
    """Return the error of a refusal that is not about the prompt's size or about money."""
    words = _words(document)
    wait = wait_of(headers, document, datetime.now(UTC))
    is_busy = status in _BUSY or bool(words & _BUSY_TYPES)
    passing = is_busy or status in _PASSING or (status == 200 and bool(words & _PASSING_TYPES))
    passing = _said(headers.get("x-should-retry"), passing)
    if is_busy or (passing and wait is not None):
        per_day = is_per_day(document)
        hint = "the quota of the day is used up" if per_day else _busy_hint(status, words, wait)
        busy = ModelBusy(message, hint, wait, per_day=per_day)
        busy.passing = passing and not per_day
        return busy
    refused = ModelRefused(message, _hint(status))
    refused.passing = passing
    return refused


def _busy_hint(status: int, words: set[str], wait: float | None) -> str:
    """Return the hint, with the wait that the server asks for where that is not a short one."""
    is_told = status in _HINTS or status in _PASSING
    hint = _hint(status if is_told else 529 if words & _OVERLOADED else 429)
    if wait is None or wait < _SECONDS_TOLD:
        return hint
    return hint.replace("wait a little", f"wait {_span(wait)}, as it asks,")


def _span(seconds: float) -> str:
    """Return a time as a person says it, rounded up."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds > 2 * size:
            return f"{ceil(seconds / size)} {unit}"
    return f"{ceil(seconds)} seconds"


def _over_the_window(overflow: Overflow, said: str, model: str, status: int) -> BudgetExceeded:
    message = f"the prompt does not fit the window of {model}: {said}"
    if status == _TOO_LARGE:
        message = f"the request is too large for the server of {model} ({status}): {said}"
    return BudgetExceeded(
        message,
        "leave files out with --exclude, or use a model with a larger window",
        overflow.limit,
        overflow.got,
    )


def _said(word: str | None, usual: bool) -> bool:
    return {"true": True, "false": False}.get((word or "").lower(), usual)


def _inner_status(document: Any) -> int:
    """Return the status that an error behind the status of success names, 200 for none."""
    error = _error(document)
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 200


def _words(document: Any) -> set[str]:
    """Return the type, code and status of an error."""
    error = _error(document)
    if not isinstance(error, dict):
        return set()
    return {str(error.get(name)) for name in ("type", "code", "status")}


def _hint(status: int) -> str:
    if 300 <= status < 400:
        return "the server points elsewhere: check base_url, redirects are not followed"
    return _HINTS.get(status, "see the server's log" if status >= 500 else "see docs/models.md")


def unreachable(error: httpx.HTTPError, base_url: str) -> ModelUnreachable:
    """Return the error for a connection that failed or broke."""
    said = one_line(str(error)) or type(error).__name__
    failed = ModelUnreachable(
        f"no answer from {base_url}: {said}",
        "start the server, or check base_url: copilot models list",
    )
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    failed.passing = isinstance(error, httpx.TransportError) and cause is None
    return failed


def error_text(body: bytes) -> str:
    """Return what the server said, safe to show and short; bodies may be JSON, HTML or nothing."""
    document = parsed(body)
    text = body.decode("utf-8", "replace").strip()
    return shortened(text if document is None and text != "null" else _message(document)) or (
        "no reason given"
    )


def shortened(text: str) -> str:
    """Return a server's text safe to show, on one line, and no longer than a person reads."""
    return one_line(text[: _SHOWN_CHARACTERS * 4])[:_SHOWN_CHARACTERS]


def parsed(body: bytes) -> Any:
    """Return the JSON of a body, None for what is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _error(document: Any) -> Any:
    """Return what lies under `error`; some put that into a list of one, some name it not at all."""
    if isinstance(document, list) and document:
        document = document[0]
    return document.get("error", document) if isinstance(document, dict) else document


def _message(document: Any) -> str:
    """Return the message of `{"error": {"message"}}`, `{"error": text}` or `{"message"}`."""
    error = _error(document)
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error
    return error if isinstance(error, str) else json.dumps(error)
