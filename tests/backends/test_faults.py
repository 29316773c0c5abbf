"""From what a server says when it refuses to an error a person can act on."""

from __future__ import annotations

import json
import ssl

import httpx
import pytest

from copilot.backends.faults import error_text, refusal, unreachable
from copilot.errors import BudgetExceeded, ExitCode, ModelBusy, ModelRefused, ModelUnreachable

TOO_LONG = {
    "llama.cpp": {
        "error": {
            "code": 400,
            "message": "request (9001 tokens) exceeds the available context size (4096 tokens)",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 9001,
            "n_ctx": 4096,
        }
    },
    "llama.cpp while it writes": {
        "error": {
            "code": 500,
            "message": "Context size has been exceeded.",
            "type": "server_error",
        }
    },
    "vLLM": {
        "object": "error",
        "message": "This model's maximum context length is 4096 tokens. However, you asked",
        "type": "BadRequestError",
        "param": None,
        "code": 400,
    },
    "vLLM, newer": {
        "error": {
            "message": "You passed 9001 input tokens and requested 100 output tokens. "
            "However, the model's context length is only 4096 tokens",
            "type": "BadRequestError",
            "param": "input_tokens",
            "code": 400,
        }
    },
    "OpenAI": {
        "error": {
            "message": "Your input exceeds the limit",
            "type": "invalid_request_error",
            "param": "messages",
            "code": "context_length_exceeded",
        }
    },
}


@pytest.mark.parametrize("server", TOO_LONG)
def test_a_prompt_over_the_window_is_a_matter_of_budget(server: str) -> None:
    error = refusal(400, json.dumps(TOO_LONG[server]).encode(), "small")
    assert isinstance(error, BudgetExceeded)
    assert error.exit_code == ExitCode.BUDGET
    assert "window of small" in error.message
    assert "--exclude" in error.hint


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (301, "redirects are not followed"),
        (401, "api_key_env"),
        (403, "rights"),
        (404, "base_url"),
        (418, "docs/models.md"),
        (429, "wait"),
        (500, "log"),
        (503, "log"),
    ],
)
def test_each_status_has_its_hint(status: int, hint: str) -> None:
    error = refusal(status, b'{"error": {"message": "because"}}', "small")
    assert isinstance(error, ModelRefused)
    assert error.message == f"small refused ({status}): because"
    assert hint in error.hint


@pytest.mark.parametrize(
    ("status", "said", "hint"),
    [
        (400, "Your credit balance is too low to access the Anthropic API.", "no credit left"),
        (400, "API key not valid. Please pass a valid API key.", "--api-key-env"),
        (400, "max_tokens: 100000 > 8192, the maximum for this model", "max_reply_tokens"),
        (422, "maxOutputTokens is out of range", "max_reply_tokens"),
        (500, "max_tokens made us crash", "log"),
    ],
)
def test_what_a_refusal_is_about_has_its_hint(status: int, said: str, hint: str) -> None:
    error = refusal(status, json.dumps({"error": {"message": said}}).encode(), "small")
    assert type(error) is ModelRefused
    assert hint in error.hint


@pytest.mark.parametrize(
    ("seconds", "hint"),
    [
        ("2", "too many requests: wait a little and try again"),
        ("60", "too many requests: wait 60 seconds, as it asks, and try again"),
        ("600.5", "too many requests: wait 11 minutes, as it asks, and try again"),
        ("86400", "too many requests: wait 24 hours, as it asks, and try again"),
        ("600000", "too many requests: wait 7 days, as it asks, and try again"),
    ],
)
def test_a_wait_that_is_not_short_is_told(seconds: str, hint: str) -> None:
    headers = {"retry-after": seconds}
    assert refusal(429, b'{"error": "slow down"}', "small", headers).hint == hint


def test_overload_behind_the_status_of_success_is_told_as_overload() -> None:
    body = b'{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}'
    error = refusal(200, body, "small")
    assert isinstance(error, ModelBusy)
    assert "overloaded: wait a little" in error.hint


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error": {"message": "no key", "code": "x"}}', "no key"),
        (b'{"error": "no key"}', "no key"),
        (b'{"message": "no key"}', "no key"),
        (b'{"detail": "no key"}', "no key"),
        (b'[{"error": {"message": "no key"}}]', "no key"),
        (b'{"error": {"code": 7}}', '{"code": 7}'),
        (b'{"error": null}', "null"),
        (b"[]", "[]"),
        (b"7", "7"),
        (b"", "no reason given"),
        (b" \r\n ", "no reason given"),
        (b"<html>\n<h1>Bad Gateway</h1>", "<html>\\n<h1>Bad Gateway</h1>"),
        (b"no \xff UTF-8", "no \N{REPLACEMENT CHARACTER} UTF-8"),
        (b'{"error": "\\u001b]0;title\\u0007\\u202e\\nline"}', "\\x1b]0;title\\x07\\u202e\\nline"),
    ],
)
def test_text_of_any_body(body: bytes, text: str) -> None:
    assert error_text(body) == text


@pytest.mark.parametrize("body", [b"x" * 100_000, b"[" * 100_000, b'{"error": "' + b"x" * 9999])
def test_text_of_a_huge_body_is_short(body: bytes) -> None:
    assert len(error_text(body)) == 300


def test_unreachable_names_the_address_and_what_went_wrong() -> None:
    error = unreachable(httpx.ConnectError("connection\x1b refused"), "http://127.0.0.1:1/v1")
    assert isinstance(error, ModelUnreachable)
    assert error.message == "no answer from http://127.0.0.1:1/v1: connection\\x1b refused"
    assert "base_url" in error.hint


def test_unreachable_without_a_word_names_the_kind() -> None:
    assert "ReadTimeout" in unreachable(httpx.ReadTimeout(""), "http://h/v1").message


@pytest.mark.parametrize(
    ("code", "kind", "passing"),
    [
        (429, ModelBusy, True),
        (502, ModelRefused, True),
        (401, ModelRefused, False),
        (None, ModelRefused, False),
        ("odd", ModelRefused, False),
        (7, ModelRefused, False),
    ],
)
def test_an_error_behind_success_is_judged_by_its_own_code(
    code: object, kind: type[ModelRefused], passing: bool
) -> None:
    error = refusal(200, json.dumps({"error": {"message": "no", "code": code}}).encode(), "small")
    assert isinstance(error, ModelRefused)
    assert (type(error), error.passing) == (kind, passing)


def test_a_certificate_that_is_wrong_does_not_pass_by_itself() -> None:
    error = httpx.ConnectError("certificate verify failed")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    assert not unreachable(error, "https://h/v1").passing
    assert unreachable(httpx.ConnectError("refused"), "https://h/v1").passing
