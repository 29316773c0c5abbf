"""Gemini's streamGenerateContent: the request, blocked prompts, errors in odd places."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from copilot.backends.protocol import Backend, Finished, Message, ModelFacts, Request, Usage
from copilot.errors import BudgetExceeded, ModelRefused

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
REQUEST = Request((Message("user", "hello"),), 50)

Serve = Callable[..., str]
Open = Callable[..., Backend]
Asked = list[dict[str, Any]]


@pytest.fixture
def gemini(
    serve: Serve, open_dialect: Open, dialect_of: Callable[[str], Any]
) -> Callable[..., Backend]:
    """Make a backend whose server answers with these pieces."""
    dialect = dialect_of("gemini")
    return lambda *pieces: open_dialect(dialect, serve({dialect.chat: pieces}), "sk-1")


def data(document: Any) -> bytes:
    return f"data: {json.dumps(document)}\r\n\r\n".encode()


DONE = data({"candidates": [{"finishReason": "STOP"}]})


def test_the_request(gemini: Callable[..., Backend], asked: Asked) -> None:
    messages = (
        Message("system", "rules"),
        Message("user", "base task", (5,)),
        Message("assistant", "edit"),
        Message("user", "again"),
    )
    list(gemini(HEAD + DONE).ask(Request(messages, 50, 0.5, 'root ::= "x"', "key", 7)))
    assert json.loads(asked[0]["body"]) == {
        "systemInstruction": {"parts": [{"text": "rules"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "base task"}]},
            {"role": "model", "parts": [{"text": "edit"}]},
            {"role": "user", "parts": [{"text": "again"}]},
        ],
        "generationConfig": {"maxOutputTokens": 50, "temperature": 0.5, "seed": 7},
    }
    assert asked[0]["headers"]["x-goog-api-key"] == "sk-1"


def test_a_tools_call_is_told_as_such(gemini: Callable[..., Backend]) -> None:
    part = {"functionCall": {"name": "read", "args": {}}}
    called = data({"candidates": [{"content": {"parts": [part]}}]})
    last = list(gemini(HEAD + called + DONE).ask(REQUEST))[-1]
    assert last == Finished("tool_calls", None)


def test_usage_is_the_last_and_zero_is_left_out(gemini: Callable[..., Backend]) -> None:
    first = data({"usageMetadata": {"promptTokenCount": 9}})
    last = data({"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4}})
    events = list(gemini(HEAD + first + DONE + last).ask(REQUEST))
    assert events == [Finished("stop", Usage(9, 4, 0))]


def test_a_blocked_prompt(gemini: Callable[..., Backend]) -> None:
    blocked = {"promptFeedback": {"blockReason": "SAF\x1bETY"}, "usageMetadata": {}}
    with pytest.raises(ModelRefused, match=r"refused the prompt: SAF\\x1bETY") as refused:
        list(gemini(HEAD + data(blocked)).ask(REQUEST))
    assert not refused.value.passing


@pytest.mark.parametrize("in_a_list", [True, False])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_error_without_a_field_name(
    gemini: Callable[..., Backend], in_a_list: bool, indent: int | None
) -> None:
    error: Any = {"error": {"code": 500, "message": "went wrong", "status": "INTERNAL"}}
    body = json.dumps([error] if in_a_list else error, indent=indent).encode()
    with pytest.raises(ModelRefused, match="went wrong") as refused:
        list(gemini(HEAD + body).ask(REQUEST))
    assert refused.value.passing


def test_a_refusal_in_a_list(gemini: Callable[..., Backend]) -> None:
    said = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    body = json.dumps([{"error": {"code": 400, "message": said}}]).encode()
    with pytest.raises(BudgetExceeded) as refused:
        list(gemini(b"HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n" + body).ask(REQUEST))
    assert (refused.value.limit, refused.value.got) == (1_048_576, 1_200_000)


@pytest.mark.parametrize(
    ("page", "facts"),
    [
        (
            {"inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536},
            ModelFacts("small", 1_048_576, max_reply_tokens=65_536),
        ),
        ({"inputTokenLimit": "many"}, ModelFacts("small")),
        ([], ModelFacts("small")),
    ],
)
def test_facts(
    serve: Serve,
    open_dialect: Open,
    dialect_of: Callable[[str], Any],
    page: Any,
    facts: ModelFacts,
) -> None:
    base = serve({"GET /v1beta/models/small": [HEAD + json.dumps(page).encode()]})
    assert open_dialect(dialect_of("gemini"), base).facts() == facts
