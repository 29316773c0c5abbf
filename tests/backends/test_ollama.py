"""Ollama's own interface: the context is asked for, and a prompt that was cut is found out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from copilot.backends.protocol import Backend, Finished, Message, ModelFacts, NewTokens, Request
from copilot.errors import BudgetExceeded, ModelRefused

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

Serve = Callable[..., str]
Asked = list[dict[str, Any]]
Ollama = Callable[..., Backend]


@pytest.fixture
def ollama(
    serve: Serve, open_dialect: Callable[..., Backend], dialect_of: Callable[[str], Any]
) -> Ollama:
    """Make a backend whose server has read so many tokens, of a model with this window."""
    dialect = dialect_of("ollama")

    def make(read: int = 10_000, trained: int | None = None, **more: Any) -> Backend:
        done = {"done": True, "done_reason": "stop", "prompt_eval_count": read, "eval_count": 1}
        shape = {"general.architecture": "llama", "llama.context_length": trained}
        routes = {
            dialect.chat: [HEAD + dialect.text("x") + json.dumps(done).encode()],
            "POST /api/show": [HEAD + json.dumps({"model_info": shape}).encode()],
        }
        return open_dialect(dialect, serve(routes), **more)

    return make


def request(tokens: int | None = 10_000, reply: int = 1000, text: str = "hello") -> Request:
    return Request((Message("user", text),), reply, prompt_tokens=tokens)


def test_the_request(ollama: Ollama, asked: Asked) -> None:
    messages = (Message("system", "rules"), Message("user", "base task", (5,)))
    list(ollama().ask(Request(messages, 50, 0.5, seed=7, prompt_tokens=10_000)))
    assert json.loads(asked[0]["body"]) == {
        "model": "small",
        "messages": [
            {"role": "system", "content": "rules"},
            {"role": "user", "content": "base task"},
        ],
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": {"num_ctx": 16_384, "num_predict": 50, "temperature": 0.5, "seed": 7},
    }


@pytest.mark.parametrize(
    ("tokens", "window", "trained", "context"),
    [
        (10_000, None, None, 16_384),
        (1, None, None, 8192),
        (100_000, None, None, 131_072),
        (100_000, None, 65_536, 65_536),
        (100_000, 4096, 65_536, 4096),
        (1, 50_000, None, 50_000),
    ],
)
def test_the_context_is_what_prompt_and_reply_need(
    ollama: Ollama,
    asked: Asked,
    tokens: int,
    window: int | None,
    trained: int | None,
    context: int,
) -> None:
    backend = ollama(tokens, trained, window=window)
    backend.facts()
    list(backend.ask(request(tokens)))
    assert json.loads(asked[-1]["body"])["options"]["num_ctx"] == context


def test_the_context_never_shrinks(ollama: Ollama, asked: Asked) -> None:
    backend = ollama(100_000)
    for tokens in (10_000, 50_000, 10_000):
        list(backend.ask(request(tokens)))
    contexts = [json.loads(one["body"])["options"]["num_ctx"] for one in asked]
    assert contexts == [16_384, 65_536, 65_536]


def test_without_a_count_the_text_is_measured(ollama: Ollama, asked: Asked) -> None:
    list(ollama().ask(request(None, text="x" * 60_000)))
    assert json.loads(asked[0]["body"])["options"]["num_ctx"] == 32_768


@pytest.mark.parametrize(("tokens", "text"), [(10_000, "x"), (None, "x" * 80_000)])
def test_a_count_far_below_what_was_sent_is_marked(
    ollama: Ollama, tokens: int | None, text: str
) -> None:
    last = list(ollama(4096).ask(request(tokens, text=text)))[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.usage, NewTokens)
    assert last.usage.prompt == 4096


@pytest.mark.parametrize("read", [7500, 10_000, 14_000])
def test_another_way_to_count_is_none(ollama: Ollama, read: int) -> None:
    last = list(ollama(read).ask(request(10_000)))[-1]
    assert isinstance(last, Finished)
    assert not isinstance(last.usage, NewTokens)


def test_a_prompt_that_the_server_says_is_too_long(
    serve: Serve, open_dialect: Callable[..., Backend], dialect_of: Callable[[str], Any]
) -> None:
    dialect = dialect_of("ollama")
    said = "the prompt is longer than the context length currently available"
    body = json.dumps({"error": said}).encode()
    base = serve({dialect.chat: [b"HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n" + body]})
    with pytest.raises(BudgetExceeded) as refused:
        list(open_dialect(dialect, base).ask(request()))
    assert (refused.value.limit, refused.value.got) == (None, None)


@pytest.mark.parametrize(
    ("trained", "window", "facts"),
    [
        (131_072, None, ModelFacts("small", 131_072)),
        (131_072, 32_768, ModelFacts("small", 32_768)),
        (None, None, ModelFacts("small")),
    ],
)
def test_facts(ollama: Ollama, trained: int | None, window: int | None, facts: ModelFacts) -> None:
    assert ollama(1, trained, window=window).facts() == facts


def test_a_model_that_is_not_there(
    serve: Serve, open_dialect: Callable[..., Backend], dialect_of: Callable[[str], Any]
) -> None:
    body = b'{"error": "model \'small\' not found"}'
    route = [b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n" + body]
    with pytest.raises(ModelRefused, match="not found") as refused:
        open_dialect(dialect_of("ollama"), serve({"POST /api/show": route})).facts()
    assert refused.value.hint == "ollama pull small"


@pytest.mark.parametrize(("names", "model"), [(["one"], "one"), (["one", "two"], None), ([], None)])
def test_the_only_model_need_not_be_named(
    serve: Serve, names: list[str], model: str | None
) -> None:
    from copilot.backends.ollama import OllamaChat

    tags = json.dumps({"models": [{"name": name} for name in names]}).encode()
    routes = {"GET /api/tags": [HEAD + tags], "POST /api/show": [HEAD + b"{}"]}
    backend = OllamaChat(f"{serve(routes)}/v1")
    if model is None:
        with pytest.raises(ModelRefused, match=f"has {len(names)} models"):
            backend.facts()
    else:
        assert backend.facts() == ModelFacts(model)
    backend.close()


def test_a_tools_call_is_told_as_such(
    serve: Serve, open_dialect: Callable[..., Backend], dialect_of: Callable[[str], Any]
) -> None:
    dialect = dialect_of("ollama")
    call = {"message": {"content": "", "tool_calls": [{"function": {"name": "read"}}]}}
    stream = HEAD + json.dumps(call).encode() + b"\n" + dialect.end("stop")
    backend = open_dialect(dialect, serve({dialect.chat: [stream]}))
    last = list(backend.ask(request(10)))[-1]
    assert isinstance(last, Finished)
    assert last.reason == "tool_calls"
