"""Anthropic's Messages: the request, its marks for the cache, the model's page."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from copilot.backends.protocol import Backend, Finished, Message, ModelFacts, Request
from copilot.errors import ModelRefused

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
MARK = {"type": "ephemeral"}
LONG = {"type": "ephemeral", "ttl": "1h"}
RULES = Message("system", "rules", (5,))

Serve = Callable[..., str]
Open = Callable[..., Backend]
Asked = list[dict[str, Any]]
Sent = Callable[..., dict[str, Any]]


@pytest.fixture
def sent(serve: Serve, open_dialect: Open, dialect_of: Callable[[str], Any], asked: Asked) -> Sent:
    """Ask, and return the body of the last request."""
    dialect = dialect_of("anthropic")

    def ask(*messages: Message, more: dict[str, Any] | None = None, **fields: Any) -> Any:
        stream = HEAD + dialect.begin() + dialect.text("x") + dialect.end()
        backend = open_dialect(dialect, serve({dialect.chat: [stream]}), "sk-1", **(more or {}))
        list(backend.ask(Request(messages, 50, **fields)))
        return json.loads(asked[-1]["body"])

    return ask


def marks(body: dict[str, Any]) -> list[tuple[str, Any]]:
    """The marked blocks in their order: text and mark."""
    turns = [block for turn in body["messages"] for block in turn["content"]]
    blocks = [*body.get("system", []), *turns]
    return [(b["text"], b["cache_control"]) for b in blocks if "cache_control" in b]


def texts(body: dict[str, Any]) -> list[str]:
    return [block["text"] for turn in body["messages"] for block in turn["content"]]


def test_the_request(sent: Sent, asked: Asked) -> None:
    body = sent(Message("system", "be kind"), Message("user", "hello"), temperature=0.5, seed=7)
    assert body == {
        "model": "small",
        "max_tokens": 50,
        "stream": True,
        "temperature": 0.5,
        "system": [{"type": "text", "text": "be kind"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
    }
    headers = asked[-1]["headers"]
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("sk-1", "2023-06-01")
    assert headers["content-type"] == "application/json"


def test_the_marks_stand_at_the_ends_of_rules_base_overlay_and_conversation(sent: Sent) -> None:
    prompt = Message("user", "base.overlay1.overlay2.task", (5, 14, 23))
    body = sent(RULES, prompt, Message("assistant", "edit"), Message("user", "again"))
    assert texts(body) == ["base.", "overlay1.", "overlay2.", "task", "edit", "again"]
    assert marks(body) == [
        ("rules", MARK),
        ("base.", MARK),
        ("overlay2.", MARK),
        ("again", MARK),
    ]


def test_rules_and_base_are_kept_longer_if_the_user_wants(sent: Sent) -> None:
    prompt = Message("user", "base.overlay.task", (5, 13))
    body = sent(RULES, prompt, more={"cache_ttl": "1h"})
    assert marks(body) == [("rules", LONG), ("base.", LONG), ("overlay.", MARK)]


@pytest.mark.parametrize(
    ("cuts", "pieces", "marked"),
    [
        ((), ["base.task"], []),
        ((5,), ["base.", "task"], ["base."]),
        ((9,), ["base.task"], ["base.task"]),
        ((5, 9), ["base.", "task"], ["base.", "task"]),
    ],
)
def test_a_prompt_without_some_parts(
    sent: Sent, cuts: tuple[int, ...], pieces: list[str], marked: list[str]
) -> None:
    body = sent(Message("user", "base.task", cuts))
    assert texts(body) == pieces
    assert marks(body) == [(text, MARK) for text in marked]
    assert "system" not in body


def test_a_block_is_never_blank(sent: Sent) -> None:
    body = sent(Message("system", " \n", (2,)), Message("user", "\n\nbase.\n \n", (2, 7, 9)))
    assert texts(body) == ["\n\nbase.\n \n"]
    assert "system" not in body


def test_what_the_overlay_gained_leaves_the_blocks_before_it_as_they_were(sent: Sent) -> None:
    before = sent(RULES, Message("user", "base.one.task", (5, 9)))
    after = sent(RULES, Message("user", "base.one.two.task", (5, 9, 13)))
    assert texts(after)[:2] == texts(before)[:2] == ["base.", "one."]


def test_blocks_add_up_to_the_message(sent: Sent) -> None:
    text = "b\u00e4se\n<\U0001f600>\n \noverlay\ntask"
    body = sent(Message("user", text, (5, 9, 11, 19)))
    assert "".join(texts(body)) == text


def test_a_sampling_parameter_that_is_refused_is_left_out_from_then_on(
    serve: Serve, open_dialect: Open, dialect_of: Callable[[str], Any], asked: Asked
) -> None:
    dialect = dialect_of("anthropic")
    refusal = json.dumps(dialect.error("temperature: is not supported by this model")).encode()
    good = HEAD + dialect.begin() + dialect.text("x") + dialect.end()
    answers = [b"HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n" + refusal, good, good]
    backend = open_dialect(dialect, serve({dialect.chat: lambda: [answers.pop(0)]}))
    for _ in range(2):
        list(backend.ask(Request((Message("user", "hi"),), 50, temperature=0.0)))
    sent_bodies = [json.loads(one["body"]) for one in asked]
    assert ["temperature" in body for body in sent_bodies] == [True, False, False]


def test_a_reply_longer_than_the_model_writes_is_asked_for_shorter(
    serve: Serve, open_dialect: Open, dialect_of: Callable[[str], Any], asked: Asked
) -> None:
    dialect = dialect_of("anthropic")
    said = "max_tokens: 9000 > 4096, which is the maximum allowed number of output tokens"
    refusal = json.dumps(dialect.error(said)).encode()
    good = HEAD + dialect.begin() + dialect.text("x") + dialect.end()
    answers = [b"HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n" + refusal, good]
    backend = open_dialect(dialect, serve({dialect.chat: lambda: [answers.pop(0)]}))
    events = list(backend.ask(Request((Message("user", "hi"),), 9000)))
    assert isinstance(events[-1], Finished)
    assert [json.loads(one["body"])["max_tokens"] for one in asked] == [9000, 4096]


@pytest.mark.parametrize(
    ("status", "page", "facts"),
    [
        (
            "200 OK",
            {"id": "small", "max_input_tokens": 1_000_000, "max_tokens": 64_000},
            ModelFacts("small", 1_000_000, max_reply_tokens=64_000),
        ),
        ("200 OK", {"max_input_tokens": None, "max_tokens": "many"}, ModelFacts("small")),
        ("200 OK", [], ModelFacts("small")),
        ("404 Not Found", {"message": "no such page"}, ModelFacts("small")),
        ("405 Not Allowed", {}, ModelFacts("small")),
    ],
)
def test_facts(
    serve: Serve,
    open_dialect: Open,
    dialect_of: Callable[[str], Any],
    status: str,
    page: Any,
    facts: ModelFacts,
) -> None:
    body = json.dumps(page).encode()
    route = [f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n".encode() + body]
    base = serve({"GET /v1/models/small": route})
    assert open_dialect(dialect_of("anthropic"), f"{base}/v1/").facts() == facts


def test_a_model_that_is_not_there(
    serve: Serve, open_dialect: Open, dialect_of: Callable[[str], Any]
) -> None:
    dialect = dialect_of("anthropic")
    body = json.dumps(dialect.error("model: small", "not_found_error")).encode()
    route = [b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n" + body]
    with pytest.raises(ModelRefused, match="404"):
        open_dialect(dialect, serve({"GET /v1/models/small": route})).facts()
