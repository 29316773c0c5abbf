"""Chat completions over real HTTP, from servers that keep the rules and from those that do not."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from copilot.backends.faults import NAME_ONE
from copilot.backends.protocol import Finished, Message, ModelFacts, Request
from copilot.errors import BudgetExceeded, ModelRefused, ModelUnreachable, UsageError
from tests.backends.openai_wire import (
    CHAT,
    KEY,
    MODELS,
    REQUEST,
    STOP,
    V1,
    Asked,
    Connect,
    Serve,
    answer,
    listing,
    stream,
)

# What the server says of its models


@pytest.mark.parametrize(
    ("named", "models", "facts"),
    [
        ("", [{"id": "one"}], ModelFacts("one")),
        ("one", [{"id": "one"}, {"id": "two"}], ModelFacts("one")),
        ("two", [{"id": "one", "max_model_len": 1}, {"id": "two"}], ModelFacts("two")),
        ("unlisted", [{"id": "one", "max_model_len": 1}, {"id": "two"}], ModelFacts("unlisted")),
        ("unlisted", [], ModelFacts("unlisted")),
        ("", [{"id": "one", "max_model_len": 8192}], ModelFacts("one", 8192)),
        (
            "any",
            [{"id": "/models/one.gguf", "owned_by": "llamacpp", "meta": {"n_ctx": 4096}}],
            ModelFacts("any", 4096, "llama.cpp"),
        ),
        ("", [{"id": "one", "max_model_len": "long", "meta": []}], ModelFacts("one")),
        ("one", [None, 7, {"id": 7}, {"id": "one"}], ModelFacts("one")),
    ],
)
def test_facts(
    serve: Serve, connect: Connect, named: str, models: list[Any], facts: ModelFacts
) -> None:
    assert connect(f"{serve({MODELS: listing(*models)})}/v1", named).facts() == facts


@pytest.mark.parametrize(
    ("models", "listed"),
    [([{"id": "one"}, {"id": "two"}], False), ([], False), ([{"id": "file.gguf"}], True)],
)
def test_a_name_that_the_list_does_not_hold_is_told_as_such(
    serve: Serve, connect: Connect, models: list[Any], listed: bool
) -> None:
    facts = connect(f"{serve({MODELS: listing(*models)})}/v1", "typo").facts()
    assert facts.listed is listed


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed", "501 No"])
def test_a_server_without_a_list_is_taken_at_its_word(
    serve: Serve, connect: Connect, status: str
) -> None:
    routes = {MODELS: [answer(b"", status)]}
    facts = connect(f"{serve(routes)}/v1", "small").facts()
    assert facts == ModelFacts("small")
    assert not facts.listed


def test_without_a_list_a_model_has_to_be_named(serve: Serve, connect: Connect) -> None:
    with pytest.raises(ModelRefused, match="no list of models") as refused:
        connect(f"{serve({MODELS: [answer(b'', '404 Not Found')]})}/v1").facts()
    assert "/v1" in refused.value.hint


def test_vllm_serves_what_it_lists_and_nothing_else(serve: Serve, connect: Connect) -> None:
    routes = {MODELS: listing({"id": "one", "owned_by": "vllm"})}
    with pytest.raises(ModelRefused, match="does not serve misspelt") as refused:
        connect(f"{serve(routes)}/v1", "misspelt").facts()
    assert refused.value.hint == "it serves one"


def test_the_model_that_the_list_names_is_the_one_that_is_asked(
    serve: Serve, connect: Connect, asked: Asked
) -> None:
    routes = {MODELS: listing({"id": "one"}), CHAT: [stream(STOP)]}
    backend = connect(f"{serve(routes)}/v1/")
    backend.facts()
    list(backend.ask(REQUEST))
    assert json.loads(asked[-1]["body"])["model"] == "one"


def test_several_models_and_none_named(serve: Serve, connect: Connect) -> None:
    base = serve({MODELS: listing({"id": "one"}, {"id": "t\x1b[2Jwo"})})
    with pytest.raises(ModelRefused) as refused:
        connect(f"{base}/v1").facts()
    assert "2 models" in refused.value.message
    assert refused.value.hint == f"{NAME_ONE}: one, t\\x1b[2Jwo"


@pytest.mark.parametrize(
    "body", [b'{"data": []}', b'{"data": 5}', b"[]", b"null", b'{"data": [7]}']
)
def test_no_models_and_none_named(serve: Serve, connect: Connect, body: bytes) -> None:
    with pytest.raises(ModelRefused, match="lists no model") as refused:
        connect(f"{serve({MODELS: [answer(body)]})}/v1").facts()
    assert refused.value.hint == NAME_ONE


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"\xff", b"[" * 100_000])
def test_a_list_that_is_no_json(serve: Serve, connect: Connect, body: bytes) -> None:
    with pytest.raises(ModelUnreachable) as refused:
        connect(f"{serve({MODELS: [answer(body)]})}/v1").facts()
    assert "/v1" in refused.value.hint


@pytest.mark.parametrize("status", ["401 Unauthorized", "429 Slow Down", "500 Oh", "307 Away"])
@pytest.mark.parametrize("body", [b'{"error": {"message": "no"}}', b"<h1>no</h1>", b""])
def test_a_refused_list(serve: Serve, connect: Connect, status: str, body: bytes) -> None:
    with pytest.raises(ModelRefused, match=f"small refused \\({status[:3]}\\)"):
        connect(f"{serve({MODELS: [answer(body, status)]})}/v1", "small").facts()


def test_a_closed_port(connect: Connect) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        with pytest.raises(ModelUnreachable, match=base):
            connect(base, "small").facts()
        with pytest.raises(ModelUnreachable, match=base):
            list(connect(base, "small").ask(REQUEST))


@pytest.mark.parametrize("piece", [b"", b"HTTP/1.1 200", b"SSH-2.0-OpenSSH_9\r\n"])
def test_a_server_that_does_not_speak_http(serve: Serve, connect: Connect, piece: bytes) -> None:
    backend = connect(f"{serve({MODELS: [piece], CHAT: [piece]})}/v1", "small")
    with pytest.raises(ModelUnreachable, match="no answer from http://127"):
        backend.facts()
    with pytest.raises(ModelUnreachable, match="no answer from http://127"):
        list(backend.ask(REQUEST))


# What is sent


def test_the_request(serve: Serve, connect: Connect, asked: Asked) -> None:
    base = serve({CHAT: [stream(STOP)]})
    list(connect(f"{base}/v1", "small").ask(REQUEST))
    assert json.loads(asked[0]["body"]) == {
        "model": "small",
        "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "hello"},
        ],
        "max_tokens": 50,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_temperature_is_sent_when_given_and_no_grammar_before_the_facts(
    serve: Serve, connect: Connect, asked: Asked
) -> None:
    request = Request((Message("user", "hello"),), 50, temperature=0.0, grammar='root ::= "x"')
    list(connect(f"{serve({CHAT: [stream(STOP)]})}/v1", "small").ask(request))
    body = json.loads(asked[0]["body"])
    assert body["temperature"] == 0.0
    assert "grammar" not in body


def test_the_key_goes_to_its_server(serve: Serve, connect: Connect, asked: Asked) -> None:
    backend = connect(
        f"{serve({MODELS: listing({'id': 'one'}), CHAT: [stream(STOP)]})}/v1", "", KEY
    )
    backend.facts()
    list(backend.ask(REQUEST))
    assert [one["headers"]["authorization"] for one in asked] == [f"Bearer {KEY}"] * 2


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_none_is_sent(
    serve: Serve, connect: Connect, asked: Asked, key: str | None
) -> None:
    list(connect(f"{serve({CHAT: [stream(STOP)]})}/v1", "small", key).ask(REQUEST))
    assert "authorization" not in asked[0]["headers"]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(
    serve: Serve, connect: Connect, asked: Asked, status: str
) -> None:
    thief = serve({MODELS: listing({"id": "one"}), CHAT: [stream(STOP)]})
    routes = {
        what: [answer(b"", status, location=f"{thief}{what.split()[1]}")] for what in (MODELS, CHAT)
    }
    backend = connect(f"{serve(routes)}/v1", "small", KEY)
    with pytest.raises(ModelRefused, match="refused \\(30"):
        backend.facts()
    with pytest.raises(ModelRefused, match="refused \\(30"):
        list(backend.ask(REQUEST))
    assert str(asked[0]["port"]) not in thief
    assert len({one["port"] for one in asked}) == 1


@pytest.fixture
def proxy(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a proxy in the environment that knows one model, and return its address."""
    address = serve({"GET http://model.invalid/v1/models": listing({"id": "behind a proxy"})})
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, address)
        monkeypatch.setenv(name.upper(), address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return address


def test_a_server_here_is_not_asked_through_a_proxy(
    serve: Serve, connect: Connect, proxy: str, asked: Asked
) -> None:
    base = serve({MODELS: listing({"id": "here"})})
    assert connect(f"{base}/v1", "", KEY).facts().model == "here"
    assert all(str(one["port"]) not in proxy for one in asked)


def test_a_server_elsewhere_is_asked_through_the_users_proxy(connect: Connect, proxy: str) -> None:
    assert connect("http://model.invalid/v1").facts().model == "behind a proxy"


@pytest.mark.parametrize(
    ("base", "key"), [("127.0.0.1:8080", "hunter2"), ("http://127.0.0.1:1/v1", "hunter2\n")]
)
def test_wrong_settings_are_told_without_the_key(connect: Connect, base: str, key: str) -> None:
    with pytest.raises(UsageError) as refused:
        connect(base, "small", key)
    assert "hunter2" not in str(refused.value) + refused.value.hint


# Dialects of those who serve it, in what is sent


def test_seed_is_sent_and_the_cache_key_to_openai_alone(
    serve: Serve, connect: Connect, asked: Asked
) -> None:
    request = Request((Message("user", "hi"),), 50, cache_key="base", seed=7)
    list(connect(f"{serve({CHAT: [stream(STOP)]})}/v1", "small").ask(request))
    body = json.loads(asked[0]["body"])
    assert body["seed"] == 7
    assert "prompt_cache_key" not in body


def test_openai_itself_gets_the_cache_key_and_the_new_name_of_the_limit(
    serve: Serve, asked: Asked, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", serve({f"POST http://api.openai.com{V1}": [stream(STOP)]}))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    request = Request((Message("user", "hi"),), 50, cache_key="base")
    list(connect("http://api.openai.com/v1", "small").ask(request))
    body = json.loads(asked[0]["body"])
    assert body["prompt_cache_key"] == "base"
    assert body["max_completion_tokens"] == 50
    assert "max_tokens" not in body


def test_a_deployment_of_azure(serve: Serve, connect: Connect, asked: Asked) -> None:
    path = "/openai/deployments/mine/chat/completions?api-version=2024-10-21"
    base = serve({f"POST {path}": [stream(STOP)]})
    backend = connect(f"{base}/openai/deployments/mine", "mine", KEY, api_version="2024-10-21")
    list(backend.ask(REQUEST))
    assert asked[0]["headers"]["api-key"] == KEY
    assert "authorization" not in asked[0]["headers"]


@pytest.mark.parametrize(
    ("refused", "before", "after"),
    [
        (
            {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead"},
            {"max_tokens": 50, "temperature": 0.0, "seed": 7},
            {"max_completion_tokens": 50, "temperature": 0.0, "seed": 7},
        ),
        (
            {"message": "Only the default is supported", "param": "temperature"},
            {"max_tokens": 50, "temperature": 0.0, "seed": 7},
            {"max_tokens": 50, "seed": 7},
        ),
        (
            {"message": "unknown field seed"},
            {"max_tokens": 50, "temperature": 0.0, "seed": 7},
            {"max_tokens": 50, "temperature": 0.0},
        ),
        (
            {"message": "max_tokens is too large: 50. This model supports at most 20 completion "},
            {"max_tokens": 50, "temperature": 0.0, "seed": 7},
            None,
        ),
        (
            {"message": "max_tokens is too large. It supports at most 20 completion tokens"},
            {"max_tokens": 50, "temperature": 0.0, "seed": 7},
            {"max_tokens": 20, "temperature": 0.0, "seed": 7},
        ),
        ({"message": "something else"}, {"max_tokens": 50, "temperature": 0.0, "seed": 7}, None),
    ],
)
@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable"])
def test_a_parameter_that_is_refused_is_left_out(
    serve: Serve,
    connect: Connect,
    asked: Asked,
    status: str,
    refused: dict[str, Any],
    before: dict[str, Any],
    after: dict[str, Any] | None,
) -> None:
    answers = [answer(json.dumps({"error": refused}).encode(), status), stream(STOP)]
    backend = connect(f"{serve({CHAT: lambda: [answers.pop(0)]})}/v1", "small")
    request = Request((Message("user", "hi"),), 50, temperature=0.0, seed=7)
    if after is None:
        with pytest.raises(ModelRefused):
            list(backend.ask(request))
    else:
        assert list(backend.ask(request)) == [Finished("stop", None)]
    fixed = {"model", "messages", "stream", "stream_options"}
    sent = [json.loads(one["body"]) for one in asked]
    varied = [{name: value for name, value in b.items() if name not in fixed} for b in sent]
    assert varied == [body for body in (before, after) if body is not None]


def test_a_prompt_that_is_too_long_is_no_parameter_refused(
    serve: Serve, connect: Connect, asked: Asked
) -> None:
    said_of_it = "input length and `max_tokens` exceed context limit: 9 + 9 > 10, temperature"
    body = json.dumps({"error": {"message": said_of_it}}).encode()
    backend = connect(f"{serve({CHAT: [answer(body, '400 Bad')]})}/v1", "small")
    with pytest.raises(BudgetExceeded) as refused:
        list(backend.ask(Request((Message("user", "hi"),), 50, temperature=0.0)))
    assert (refused.value.limit, refused.value.got, len(asked)) == (10, 9, 1)
