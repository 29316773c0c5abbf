"""A grammar goes to each server in the field that this server reads, and to no other server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Message, Request

GRAMMAR = 'root ::= "a"\n'
REQUEST = Request((Message("user", "hello"),), 50, grammar=GRAMMAR)
FIELDS = ("grammar", "structured_outputs", "guided_grammar", "ebnf")
VLLM = {"structured_outputs": {"grammar": GRAMMAR}}
OLD_VLLM = {"guided_grammar": GRAMMAR}
SGLANG = {"ebnf": GRAMMAR}
LLAMA = {"grammar": GRAMMAR}

Serve = Callable[[Mapping[str, Any]], str]


def answer(document: Any) -> list[bytes]:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    return [head + json.dumps(document).encode()]


STREAM = [
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}\n\n'
]


@pytest.fixture
def sent(
    serve: Serve, connect: Callable[..., OpenAIChat], asked: list[dict[str, Any]]
) -> Callable[..., dict[str, Any]]:
    """Ask a server that says this of itself, and return the fields with a grammar."""

    def ask(model: Mapping[str, Any], *, grammar: str = "auto", **pages: Any) -> dict[str, Any]:
        routes: dict[str, Any] = {f"GET /{name}": answer(page) for name, page in pages.items()}
        routes["GET /v1/models"] = answer({"data": [{"id": "one", **model}]})
        routes["POST /v1/chat/completions"] = STREAM
        backend = connect(f"{serve(routes)}/v1", grammar=grammar)
        facts = backend.facts()
        list(backend.ask(REQUEST))
        body = json.loads(asked[-1]["body"])
        found = {name: body[name] for name in FIELDS if name in body}
        assert facts.follows_grammar == bool(found)
        return found

    return ask


@pytest.mark.parametrize(
    ("model", "pages", "fields"),
    [
        ({"owned_by": "llamacpp"}, {}, LLAMA),
        ({"owned_by": "vllm", "max_model_len": 9}, {"version": {"version": "0.12.0"}}, VLLM),
        ({"owned_by": "vllm", "max_model_len": 9}, {"version": {"version": "0.11.0rc2"}}, VLLM),
        ({"owned_by": "vllm", "max_model_len": 9}, {"version": {"version": "0.10.2"}}, OLD_VLLM),
        ({"owned_by": "vllm", "max_model_len": 9}, {"version": {"version": "0.9.1"}}, OLD_VLLM),
        ({"owned_by": "vllm", "max_model_len": 9}, {"version": {"version": "dev"}}, VLLM),
        ({"owned_by": "vllm", "max_model_len": 9}, {"version": []}, VLLM),
        ({"owned_by": "vllm", "max_model_len": 9}, {}, VLLM),
        ({"owned_by": "sglang", "max_model_len": 9}, {}, SGLANG),
        ({"owned_by": "us", "max_model_len": 9}, {"version": {"version": "1.0.0"}}, VLLM),
        ({"owned_by": "us", "max_model_len": 9}, {"get_model_info": {"model_path": "m"}}, SGLANG),
        ({"owned_by": "us", "max_model_len": 9}, {}, {}),
        ({"owned_by": "us"}, {"version": {"version": "1.0.0"}}, {}),
        ({"owned_by": ["vllm"]}, {}, {}),
    ],
)
def test_a_server_is_known_by_what_it_says_of_itself(
    sent: Callable[..., dict[str, Any]],
    model: dict[str, Any],
    pages: dict[str, Any],
    fields: dict[str, Any],
) -> None:
    assert sent(model, **pages) == fields


@pytest.mark.parametrize(
    ("setting", "fields"),
    [("llama.cpp", LLAMA), ("vllm", VLLM), ("sglang", SGLANG), ("none", {})],
)
@pytest.mark.parametrize("owner", ["llamacpp", "us"])
def test_the_setting_comes_before_what_the_server_says(
    sent: Callable[..., dict[str, Any]], setting: str, fields: dict[str, Any], owner: str
) -> None:
    assert sent({"owned_by": owner}, grammar=setting) == fields


def test_a_server_without_a_list_takes_the_grammar_that_is_set(
    serve: Serve, connect: Callable[..., OpenAIChat], asked: list[dict[str, Any]]
) -> None:
    missing = [b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n"]
    base = serve({"GET /v1/models": missing, "POST /v1/chat/completions": STREAM})
    backend = connect(f"{base}/v1", "one", grammar="sglang")
    assert backend.facts().grammar == "sglang"
    list(backend.ask(REQUEST))
    assert json.loads(asked[-1]["body"])["ebnf"] == GRAMMAR


def test_hosted_servers_are_asked_for_nothing_but_their_list(
    serve: Serve, connect: Callable[..., OpenAIChat], asked: list[dict[str, Any]]
) -> None:
    listed = answer({"data": [{"id": "one", "owned_by": "system"}]})
    connect(f"{serve({'GET /v1/models': listed})}/v1").facts()
    assert [one["what"] for one in asked] == ["GET /v1/models"]
