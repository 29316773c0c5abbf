"""Chat completions over real HTTP, from servers that keep the rules and from those that do not."""

from __future__ import annotations

import json
import socket
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import (
    Delta,
    Event,
    Finished,
    Message,
    ModelFacts,
    Reading,
    Request,
    Thinking,
    Usage,
)
from copilot.errors import (
    BudgetExceeded,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    ReplyIncomplete,
    UsageError,
)

Serve = Callable[[Mapping[str, Any]], str]
Connect = Callable[..., OpenAIChat]
Asked = list[dict[str, Any]]
Told = Callable[..., list[Event]]

MODELS = "GET /v1/models"
V1 = "/v1/chat/completions"
CHAT = f"POST {V1}"
KEY = "sk-test-key"
REQUEST = Request((Message("system", "be kind"), Message("user", "hello")), 50)
STOP: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
TOKENS: dict[str, Any] = {"prompt_tokens": 12, "completion_tokens": 3}


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP answer that ends when the server hangs up."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{named}\r\n".encode() + body


def listing(*models: Any) -> list[bytes]:
    return [answer(json.dumps({"object": "list", "data": models}).encode())]


def said(text: str | None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


def stream(*chunks: Any, end: bytes = b"data: [DONE]\n\n") -> bytes:
    lines = (f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in chunks)
    return answer("".join(lines).encode() + end, content_type="text/event-stream")


@pytest.fixture
def told(serve: Serve, connect: Connect) -> Told:
    """Ask a server that answers with these bytes, and return the events."""

    def ask(*pieces: bytes, request: Request = REQUEST) -> list[Event]:
        return [*connect(f"{serve({CHAT: pieces})}/v1", "small").ask(request)]

    return ask


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


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed", "501 No"])
def test_a_server_without_a_list_is_taken_at_its_word(
    serve: Serve, connect: Connect, status: str
) -> None:
    routes = {MODELS: [answer(b"", status)]}
    assert connect(f"{serve(routes)}/v1", "small").facts() == ModelFacts("small")


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
    assert refused.value.hint == "name one with --model (models add: --id): one, t\\x1b[2Jwo"


@pytest.mark.parametrize(
    "body", [b'{"data": []}', b'{"data": 5}', b"[]", b"null", b'{"data": [7]}']
)
def test_no_models_and_none_named(serve: Serve, connect: Connect, body: bytes) -> None:
    with pytest.raises(ModelRefused, match="lists no model") as refused:
        connect(f"{serve({MODELS: [answer(body)]})}/v1").facts()
    assert refused.value.hint == "name one with --model (models add: --id)"


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


# What comes back


def test_the_answer_streams_with_usage(told: Told) -> None:
    usage = TOKENS | {"prompt_tokens_details": {"cached_tokens": 8}}
    role = {"choices": [{"delta": {"role": "assistant", "content": None}}]}
    events = told(stream(role, said("Hel"), said("lo"), said(""), STOP | {"usage": usage}))
    assert events == [Delta("Hel"), Delta("lo"), Finished("stop", Usage(12, 3, 8))]


@pytest.mark.parametrize(
    ("last", "end", "usage"),
    [
        ([STOP, {"choices": [], "usage": TOKENS}], b"data: [DONE]\n\n", Usage(12, 3)),
        ([STOP, {"choices": None, "usage": TOKENS}], b"", Usage(12, 3)),
        ([STOP, {"usage": TOKENS}], b"", Usage(12, 3)),
        ([STOP], b"data: [DONE]\n\n", None),
        ([STOP], b"", None),
        ([STOP], b"data: [DONE]", None),
        ([STOP | {"usage": None}], b"", None),
        ([STOP | {"usage": {}}], b"", None),
        ([STOP | {"usage": {"prompt_tokens": None, "completion_tokens": None}}], b"", None),
        ([STOP | {"usage": TOKENS | {"prompt_tokens_details": None}}], b"", Usage(12, 3)),
        ([STOP | {"usage": TOKENS}, {"choices": [], "usage": None}], b"", Usage(12, 3)),
    ],
)
def test_every_way_to_end(told: Told, last: list[Any], end: bytes, usage: Usage | None) -> None:
    assert told(stream(said("x"), *last, end=end)) == [Delta("x"), Finished("stop", usage)]


def test_nothing_is_read_behind_done(told: Told) -> None:
    events = told(stream(said("x"), STOP, end=b"data: [DONE]\n\ndata: nonsense\n\n"))
    assert events == [Delta("x"), Finished("stop", None)]


def test_odd_characters_arrive_as_they_were_sent(told: Told) -> None:
    text = 'sep\u2028para\u2029next\x85line \x1b[31m\x00 "quoted" \U0001f600\r\n\ttab'
    assert told(stream(said(text), STOP))[0] == Delta(text)


def test_one_byte_at_a_time(told: Told) -> None:
    whole = stream(said("h\u00e9llo \U0001f600"), STOP)
    events = told(*(bytes([byte]) for byte in whole))
    assert events == [Delta("h\u00e9llo \U0001f600"), Finished("stop", None)]


def test_line_ends_comments_and_blank_lines(told: Told) -> None:
    body = stream(said("x"), STOP).replace(b"\n\n", b"\r\n: ping\r\n\r\n\r\n")
    assert told(body) == [Delta("x"), Finished("stop", None)]


def test_progress_in_reading_the_prompt(told: Told) -> None:
    progress = [
        {"choices": [], "prompt_progress": {"total": 90, "cache": 0, "processed": done}}
        for done in (0, 90)
    ]
    assert told(stream(*progress, said("x"), STOP))[:2] == [Reading(0, 90), Reading(90, 90)]


def test_the_limit_of_tokens_is_the_reason(told: Told) -> None:
    cut = {"choices": [{"delta": {"content": "x"}, "finish_reason": "length"}]}
    assert told(stream(cut)) == [Delta("x"), Finished("length", None)]


@pytest.mark.parametrize(
    "whole",
    [
        stream(said("half"), end=b""),
        stream(said("half"), end=b'data: {"choices": [{"delta'),
        answer(b'data: {"choices": [{"delta": {"content": "half"}}]}\n\n', content_length="1000"),
        stream(said("half")),
    ],
    ids=["hung up", "inside an event", "inside the body", "no reason to stop"],
)
def test_a_stream_that_breaks_off(serve: Serve, connect: Connect, whole: bytes) -> None:
    events = connect(f"{serve({CHAT: [whole]})}/v1", "small").ask(REQUEST)
    assert next(events) == Delta("half")
    with pytest.raises(ReplyIncomplete) as broken:
        list(events)
    assert broken.value.partial == "half"


def test_an_error_behind_the_status_of_success(serve: Serve, connect: Connect) -> None:
    error = {"error": {"message": "out of\x1b memory", "code": 500}}
    base = serve({CHAT: [stream(said("half"), error)]})
    events = connect(f"{base}/v1", "small").ask(REQUEST)
    assert next(events) == Delta("half")
    with pytest.raises(ReplyIncomplete, match=r"out of\\x1b memory") as broken:
        list(events)
    assert broken.value.partial == "half"


@pytest.mark.parametrize(
    "chunk",
    [
        [],
        5,
        None,
        {"choices": 5},
        {"choices": [7]},
        {"choices": [{"delta": "text"}]},
        {"choices": [{"delta": {"content": [{"type": "text", "text": "x"}]}}]},
        {"choices": [{"finish_reason": 1}]},
        {"choices": [], "usage": {"prompt_tokens": "many"}},
        {"choices": [], "prompt_progress": {"processed": None, "total": "all"}},
    ],
)
def test_an_event_of_another_shape(told: Told, chunk: Any) -> None:
    with pytest.raises(ModelError, match="no chat completion"):
        told(stream(chunk))


@pytest.mark.parametrize("data", [b"<html>", b"\xff", b"{", b"", b'{"x": ' * 100_000])
def test_an_event_that_is_no_json(told: Told, data: bytes) -> None:
    with pytest.raises(ModelError, match="no chat completion"):
        told(answer(b"data: " + data + b"\n\n"))


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b'{"choices": []}'])
def test_success_without_a_stream(told: Told, body: bytes) -> None:
    with pytest.raises(ModelUnreachable, match="broke off"):
        told(answer(body))


@pytest.mark.parametrize(
    "status", ["400 Bad", "401 Unauthorized", "404 Not Found", "429 Slow Down", "500 Oh"]
)
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": {"message": "no"}}', "no"),
        (b"<h1>no</h1>", "<h1>no</h1>"),
        (b"", "no reason given"),
    ],
)
def test_a_refused_question(told: Told, status: str, body: bytes, reason: str) -> None:
    with pytest.raises(ModelRefused) as refused:
        told(answer(body, status))
    assert refused.value.message == f"small refused ({status[:3]}): {reason}"


def test_a_prompt_over_the_window(told: Told) -> None:
    error = {"error": {"message": "too long", "type": "exceed_context_size_error"}}
    with pytest.raises(BudgetExceeded, match="window of small"):
        told(answer(json.dumps(error).encode(), "400 Bad Request"))
    with pytest.raises(BudgetExceeded, match="window of small"):
        told(stream(error))


# Dialects of those who serve it


@pytest.mark.parametrize(
    ("usage", "cached", "written"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 8}}, 8, None),
        ({"prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 4}}, 8, 4),
        ({"prompt_cache_hit_tokens": 8, "prompt_cache_miss_tokens": 4}, 8, None),
        ({"cached_tokens": 8}, 8, None),
        ({"cache_read_input_tokens": 8, "cache_creation_input_tokens": 4}, 8, 4),
        ({"prompt_tokens_details": {"cached_tokens": 0}}, 0, None),
        ({"prompt_tokens_details": {}}, None, None),
    ],
)
def test_cached_tokens_of_all_dialects(
    told: Told, usage: dict[str, Any], cached: int | None, written: int | None
) -> None:
    events = told(stream(STOP, {"choices": [], "usage": TOKENS | usage}))
    assert events == [Finished("stop", Usage(12, 3, cached, written))]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_of_both_names(told: Told, field: str) -> None:
    thought = {"choices": [{"delta": {field: "hm", "content": None}}]}
    assert told(stream(thought, said("x"), STOP))[:2] == [Thinking("hm"), Delta("x")]


def test_words_of_refusal_are_shown_and_named(told: Told) -> None:
    words = {"choices": [{"delta": {"refusal": "I will not"}}]}
    assert told(stream(words, STOP)) == [Delta("I will not"), Finished("refused", None)]


@pytest.mark.parametrize("error", [None, {}, ""])
def test_an_error_that_is_none(told: Told, error: Any) -> None:
    assert told(stream(said("x") | {"error": error}, STOP))[0] == Delta("x")


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


def test_a_long_reply_takes_no_more_memory_than_its_text(serve: Serve, connect: Connect) -> None:
    tokens = 200_000
    one = f"data: {json.dumps(said('token '))}\n\n".encode()
    pieces = [answer(b""), *[one * 1000] * (tokens // 1000), f"data: {json.dumps(STOP)}".encode()]
    events = connect(f"{serve({CHAT: pieces})}/v1", "small").ask(REQUEST)
    assert next(events) == Delta("token ")
    tracemalloc.start()
    try:
        assert sum(isinstance(event, Delta) for event in events) == tokens - 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The text so far is kept, in up to 4 bytes a character; what streams besides is small.
    assert peak < 4 * tokens * len("token ") + 4_000_000
