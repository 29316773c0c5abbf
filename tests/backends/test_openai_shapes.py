"""What OpenAI-compatible servers send, over real HTTP: answers, errors, figures, nonsense."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from copilot.backends.protocol import Delta, Event, Finished, Reading, Request, Thinking, Usage
from copilot.errors import BudgetExceeded, ModelError, ModelRefused, ReplyIncomplete
from tests.backends.openai_wire import (
    CHAT,
    REQUEST,
    STOP,
    TOKENS,
    Connect,
    Serve,
    Told,
    answer,
    said,
    stream,
)


@pytest.fixture
def told(serve: Serve, connect: Connect) -> Told:
    """Ask a server that answers with these bytes, and return the events."""

    def ask(*pieces: bytes, request: Request = REQUEST) -> list[Event]:
        return [*connect(f"{serve({CHAT: pieces})}/v1", "small").ask(request)]

    return ask


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
    ],
)
def test_an_event_of_another_shape(told: Told, chunk: Any) -> None:
    with pytest.raises(ModelError, match="no chat completion"):
        told(stream(chunk))


@pytest.mark.parametrize("data", [b"<html>", b"\xff", b"{", b"", b'{"x": ' * 100_000])
def test_an_event_that_is_no_json(told: Told, data: bytes) -> None:
    with pytest.raises(ModelError, match="no chat completion"):
        told(answer(b"data: " + data + b"\n\n"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>hello</html>", "<html>hello</html>"),
        (b"null", "null"),
        (b'{"choices": []}', r'{"choices": \[\]}'),
        (b'{"choices": [{"message":', r'{"choices": \[{"message":'),
    ],
)
def test_success_without_a_stream(told: Told, body: bytes, said: str) -> None:
    with pytest.raises(ModelRefused, match=f"sent no stream of events: {said}$") as refused:
        told(answer(body))
    assert not refused.value.passing
    assert "check base_url" in refused.value.hint


@pytest.mark.parametrize("indent", [None, 2])
def test_an_answer_that_comes_whole(told: Told, indent: int | None) -> None:
    message = {"role": "assistant", "reasoning_content": "hm", "content": "hel\nlo"}
    document = {
        "object": "chat.completion",
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3},
    }
    assert told(answer(json.dumps(document, indent=indent).encode())) == [
        Thinking("hm"),
        Delta("hel\nlo"),
        Finished("stop", Usage(12, 3)),
    ]


def test_a_whole_answer_of_another_shape(told: Told) -> None:
    with pytest.raises(ModelError, match="no chat completion"):
        told(answer(b'{"choices": [{"message": "hello"}]}'))


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": "many"}, None),
        ({"prompt_tokens": -1}, None),
        ({"prompt_tokens": True}, None),
        ({"prompt_tokens": 10**30}, None),
        ([], None),
        ("none", None),
        ({"prompt_tokens": 5.0, "completion_tokens": 1.5}, Usage(5, 0)),
        ({"prompt_tokens": 5, "prompt_tokens_details": 7, "cached_tokens": "2"}, Usage(5, 0)),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": None}}, Usage(5, 0)),
    ],
)
def test_odd_figures_do_not_cost_the_answer(told: Told, usage: Any, read: Usage | None) -> None:
    odd = {"choices": [], "usage": usage, "prompt_progress": {"processed": None, "total": "all"}}
    assert told(stream(said("x"), STOP, odd)) == [Delta("x"), Finished("stop", read)]


def test_an_infinite_figure_does_not_cost_the_answer(told: Told) -> None:
    odd = b'data: {"choices": [], "usage": {"prompt_tokens": 1e999}}\n\n'
    events = stream(said("x"), STOP).replace(b"data: [DONE]", odd + b"data: [DONE]")
    assert told(events) == [Delta("x"), Finished("stop", None)]


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
