"""Each provider's dialect over real HTTP, from servers that keep it and servers that misbehave."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest

from copilot.backends.protocol import (
    Backend,
    Delta,
    Event,
    Finished,
    Message,
    Request,
    Thinking,
)
from copilot.errors import (
    BudgetExceeded,
    CopilotError,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    ReplyIncomplete,
)

KEY = "sk-test-key"
REQUEST = Request((Message("system", "be kind"), Message("user", "hello")), 50)
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\n"

Dialect = Any
Serve = Callable[..., str]
Open = Callable[..., Backend]
Told = Callable[..., list[Event]]


def answer(body: bytes, status: str, **headers: str) -> bytes:
    """A whole HTTP answer that ends when the server hangs up."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{named}\r\n".encode() + body


@pytest.fixture
def told(serve: Serve, open_dialect: Open, dialect: Dialect) -> Told:
    """Ask a server that answers with these bytes, and return the events."""

    def ask(*pieces: Any, key: str | None = None) -> list[Event]:
        backend = open_dialect(dialect, serve({dialect.chat: pieces}), key)
        return list(backend.ask(REQUEST))

    return ask


def whole(dialect: Dialect, *texts: str) -> bytes:
    said: bytes = dialect.begin() + b"".join(map(dialect.text, texts)) + dialect.end(dialect.stop)
    return HEAD + said


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


# Servers that keep the rules, whatever the network makes of their bytes


def test_the_answer_and_its_usage(told: Told, dialect: Dialect) -> None:
    assert told(whole(dialect, "Hel", "lo")) == [
        Delta("Hel"),
        Delta("lo"),
        Finished("stop", dialect.usage),
    ]


def test_without_usage(told: Told, dialect: Dialect) -> None:
    begin = dialect.begin(usage=False) if dialect.name == "anthropic" else dialect.begin()
    end = dialect.end(dialect.stop, usage=False)
    assert told(HEAD + begin + dialect.text("x") + end) == [Delta("x"), Finished("stop", None)]


def test_every_reason_to_stop(serve: Serve, open_dialect: Open, dialect: Dialect) -> None:
    for said, reason in dialect.reasons.items():
        stream = HEAD + dialect.begin() + dialect.text("x") + dialect.end(said)
        backend = open_dialect(dialect, serve({dialect.chat: [stream]}))
        last = list(backend.ask(REQUEST))[-1]
        assert isinstance(last, Finished)
        assert last.reason == reason


def test_one_byte_at_a_time(told: Told, dialect: Dialect) -> None:
    stream = whole(dialect, "h\u00e9llo \U0001f600")
    assert text_of(told(*(bytes([byte]) for byte in stream))) == "h\u00e9llo \U0001f600"


@pytest.mark.parametrize("sign", ["\u00e9", "\u20ac", "\U0001f600"])
def test_a_character_cut_in_two(told: Told, dialect: Dialect, sign: str) -> None:
    stream = whole(dialect, f"<{sign}>")
    cut = stream.index(sign.encode()) + 1
    assert text_of(told(stream[:cut], stream[cut:])) == f"<{sign}>"


def test_an_event_cut_anywhere(told: Told, dialect: Dialect) -> None:
    stream = whole(dialect, "one", "two")
    pieces = [stream[at : at + 7] for at in range(0, len(stream), 7)]
    assert text_of(told(*pieces)) == "onetwo"


def test_line_ends_of_two_bytes(told: Told, dialect: Dialect) -> None:
    stream = whole(dialect, "one", "two").removeprefix(HEAD).replace(b"\n", b"\r\n")
    assert text_of(told(HEAD, stream)) == "onetwo"


def test_comments_and_blank_lines(told: Told, dialect: Dialect) -> None:
    noise = b"\n\r\n\n" if dialect.name == "ollama" else b": keep-alive\n\n\n:\r\nid: 7\nretry: 9\n"
    stream = noise + dialect.begin() + noise + dialect.text("one") + noise + dialect.text("two")
    assert text_of(told(HEAD + stream + noise + dialect.end(dialect.stop))) == "onetwo"


def test_a_last_event_without_its_line_end(told: Told, dialect: Dialect) -> None:
    assert told(whole(dialect, "x").rstrip(b"\n"))[-1] == Finished("stop", dialect.usage)


def test_what_ends_twice_is_finished_once(told: Told, dialect: Dialect) -> None:
    stream = whole(dialect, "x") + dialect.end(dialect.stop)
    assert told(stream) == [Delta("x"), Finished("stop", dialect.usage)]


def test_events_of_other_kinds_are_passed_over(told: Told, dialect: Dialect) -> None:
    other = {"type": "new_kind", "object": "extra", "obfuscation": "xxxx", "created": 1}
    line = json.dumps(other).encode()
    odd = line + b"\n" if dialect.name == "ollama" else b"event: new\ndata: " + line + b"\n\n"
    stream = HEAD + dialect.begin() + odd + dialect.text("x") + odd + dialect.end(dialect.stop)
    assert told(stream) == [Delta("x"), Finished("stop", dialect.usage)]


def test_odd_characters_arrive_as_they_were_sent(told: Told, dialect: Dialect) -> None:
    text = 'sep\u2028para\u2029next\x85line \x1b[31m\x00\x07 "quoted" \U0001f600\r\n\ttab\u202e'
    assert text_of(told(whole(dialect, text))) == text


def test_a_pair_of_halves_in_two_pieces_is_one_character(told: Told, dialect: Dialect) -> None:
    stream = whole(dialect, "a<high>", "<low>b").replace(b"<high>", rb"\ud83d")
    assert text_of(told(stream.replace(b"<low>", rb"\ude00"))) == "a\U0001f600b"


def test_half_a_character_stays_half_a_one(told: Told, dialect: Dialect) -> None:
    stream = whole(dialect, "a<low>b").replace(b"<low>", rb"\ude00")
    assert text_of(told(stream)) == "a\ude00b"


def test_thoughts_in_tags_stay_apart_too(told: Told, dialect: Dialect) -> None:
    stream = dialect.text("<think>\nhm</th") + dialect.text("ink>\n\n") + dialect.text("x")
    events = told(HEAD + dialect.begin() + stream + dialect.end(dialect.stop))
    assert text_of(events) == "x"
    assert "".join(e.text for e in events if isinstance(e, Thinking)) == "\nhm"


def test_thoughts_stay_apart(told: Told, dialect: Dialect) -> None:
    stream = HEAD + dialect.begin() + dialect.thought("hm") + dialect.text("x")
    events = told(stream + dialect.end(dialect.stop))
    assert events == [Thinking("hm"), Delta("x"), Finished("stop", dialect.usage)]


def test_an_empty_answer(told: Told, dialect: Dialect) -> None:
    stream = HEAD + dialect.begin() + dialect.end(dialect.stop)
    assert told(stream) == [Finished("stop", dialect.usage)]


# Streams that break


@pytest.mark.parametrize("cut", [b"", HEAD[:20], HEAD], ids=["nothing", "in the head", "no event"])
def test_a_connection_that_breaks_before_the_first_piece(told: Told, cut: bytes) -> None:
    with pytest.raises(ModelUnreachable) as failed:
        told(cut)
    assert failed.value.passing


def test_a_stream_that_breaks_off_keeps_what_arrived(told: Told, dialect: Dialect) -> None:
    with pytest.raises(ReplyIncomplete, match="broke off") as broken:
        told(HEAD + dialect.begin() + dialect.text("half of ") + dialect.text("it"))
    assert broken.value.partial == "half of it"
    assert not broken.value.passing


def test_a_stream_that_breaks_inside_an_event(told: Told, dialect: Dialect) -> None:
    with pytest.raises(ReplyIncomplete) as broken:
        told(HEAD + dialect.begin() + dialect.text("half") + dialect.text("lost")[:-9])
    assert broken.value.partial == "half"


def test_a_body_shorter_than_said(told: Told, dialect: Dialect) -> None:
    head = HEAD.replace(b"Connection: close", b"Content-Length: 99999")
    with pytest.raises(ReplyIncomplete) as broken:
        told(head + dialect.begin() + dialect.text("half"))
    assert broken.value.partial == "half"


def test_a_reset_amid_the_stream(serve: Serve, open_dialect: Open, dialect: Dialect) -> None:
    heard = threading.Event()

    def reset(handler: Any) -> None:
        assert heard.wait(60)
        # With no time to linger, closing sends a reset.
        handler.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.request.close()

    pieces = [HEAD + dialect.begin() + dialect.text("half"), reset]
    events = open_dialect(dialect, serve({dialect.chat: pieces})).ask(REQUEST)
    assert next(events) == Delta("half")
    heard.set()
    with pytest.raises(ReplyIncomplete) as broken:
        list(events)
    assert broken.value.partial == "half"


def test_an_error_behind_success_before_the_first_piece(told: Told, dialect: Dialect) -> None:
    with pytest.raises(ModelRefused, match=r"out of\\x1b memory"):
        told(HEAD + dialect.begin() + dialect.failed("out of\x1b memory"))


def test_an_error_amid_the_stream(told: Told, dialect: Dialect) -> None:
    with pytest.raises(ReplyIncomplete, match="out of memory") as broken:
        told(HEAD + dialect.begin() + dialect.text("half") + dialect.failed("out of memory"))
    assert broken.value.partial == "half"


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        ("openai", "rate_limit_exceeded"),
        ("anthropic", "overloaded_error"),
        ("anthropic", "rate_limit_error"),
        ("gemini", "RESOURCE_EXHAUSTED"),
    ],
)
def test_overload_behind_success(
    serve: Serve, open_dialect: Open, dialect_of: Callable[[str], Dialect], provider: str, kind: str
) -> None:
    dialect = dialect_of(provider)
    pieces = [HEAD + dialect.begin() + dialect.failed("slow down", kind)]
    with pytest.raises(ModelBusy, match="slow down") as busy:
        list(open_dialect(dialect, serve({dialect.chat: pieces})).ask(REQUEST))
    assert busy.value.passing


def test_an_error_as_plain_json_behind_success(told: Told, dialect: Dialect) -> None:
    body = json.dumps(
        dialect.error("out of memory"), indent=None if dialect.name == "ollama" else 1
    )
    with pytest.raises(ModelRefused, match="out of memory"):
        told(HEAD + body.encode())


def test_an_event_of_another_shape(told: Told, dialect: Dialect) -> None:
    with pytest.raises(ModelError, match="no chat completion"):
        told(HEAD + dialect.begin() + dialect.strange())


@pytest.mark.parametrize("data", [b"<html>", b"\xff", b"{", b"[" * 100_000], ids=repr)
def test_an_event_that_is_no_json(told: Told, dialect: Dialect, data: bytes) -> None:
    prefix = b"" if dialect.name == "ollama" else b"data: "
    with pytest.raises(ModelError, match="no chat completion"):
        told(HEAD + prefix + data + b"\n\n")


def test_a_page_instead_of_a_stream(told: Told) -> None:
    with pytest.raises(ModelError, match=r"Sign in|<html>") as refused:
        told(HEAD + b"<html>\n<h1>Sign in</h1>\n</html>\n")
    assert not refused.value.passing


@pytest.mark.parametrize("odd", [b'"many"', b"-3", b"null", b"[]", b"1.5", b"1e999", b"true"])
def test_odd_figures_do_not_cost_the_answer(told: Told, dialect: Dialect, odd: bytes) -> None:
    begin, end = (re.sub(rb": [1-9]\d*", b": " + odd, part) for part in _framed(dialect))
    events = told(HEAD + begin + dialect.text("x") + end)
    assert text_of(events) == "x"
    assert events[-1] == Finished("stop", None)


def _framed(dialect: Dialect) -> tuple[bytes, bytes]:
    return dialect.begin(), dialect.end(dialect.stop)


def test_a_line_that_does_not_end(told: Told, dialect: Dialect) -> None:
    flood = (b"data: " + b"x" * 2**20 for _ in range(20))
    with pytest.raises(ModelError, match="more than 16 MB"):
        told(HEAD, *(piece.replace(b"data: ", b"") for piece in flood))


# Refusals


@pytest.mark.parametrize(
    ("status", "kind", "passing"),
    [
        ("400 Bad", ModelRefused, False),
        ("401 Unauthorized", ModelRefused, False),
        ("402 Payment Required", ModelRefused, False),
        ("403 Forbidden", ModelRefused, False),
        ("404 Not Found", ModelRefused, False),
        ("408 Timeout", ModelRefused, True),
        ("409 Conflict", ModelRefused, True),
        ("422 Unprocessable", ModelRefused, False),
        ("429 Slow Down", ModelBusy, True),
        ("500 Oh", ModelRefused, True),
        ("501 Not Implemented", ModelRefused, False),
        ("502 Bad Gateway", ModelRefused, True),
        ("503 Unavailable", ModelBusy, True),
        ("504 Timeout", ModelRefused, True),
        ("529 Overloaded", ModelBusy, True),
        ("307 Elsewhere", ModelRefused, False),
    ],
)
def test_each_status(
    told: Told, dialect: Dialect, status: str, kind: type[CopilotError], passing: bool
) -> None:
    body = json.dumps(dialect.error("because", "some_error")).encode()
    with pytest.raises(ModelRefused) as refused:
        told(answer(body, status, location="http://127.0.0.1:1/"), key=KEY)
    assert type(refused.value) is kind
    assert refused.value.message == f"small refused ({status[:3]}): because"
    assert refused.value.passing is passing


@pytest.mark.parametrize("status", ["413 Too Large", "502 Bad Gateway", "503 Unavailable"])
def test_a_refusal_in_html(told: Told, status: str) -> None:
    page = b"<html>\r\n<head><title>413</title></head>\r\n<body>nginx</body></html>"
    with pytest.raises(CopilotError) as refused:
        told(answer(page, status, content_type="text/html"))
    assert isinstance(refused.value, BudgetExceeded) == status.startswith("413")
    assert "\n" not in refused.value.message
    assert status[:3] in refused.value.message


def test_a_refusal_without_end(told: Told, dialect: Dialect) -> None:
    flood = [b"x" * 2**16] * 64
    with pytest.raises(ModelRefused) as refused:
        told(answer(b"", "500 Oh"), *flood)
    assert len(refused.value.message) < 400


def test_a_refusal_that_repeats_the_key(told: Told, dialect: Dialect) -> None:
    body = json.dumps(dialect.error(f"wrong key {KEY}")).encode()
    with pytest.raises(ModelRefused) as refused:
        told(answer(body, "401 Unauthorized"), key=KEY)
    assert refused.value.message.endswith("wrong key [key]")


def test_a_closed_port(open_dialect: Open, dialect: Dialect) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(ModelUnreachable, match=base) as failed:
            list(open_dialect(dialect, base).ask(REQUEST))
    assert failed.value.passing


_WAITS = [
    ({"retry_after": "7"}, 7.0),
    ({"retry_after": "0.5"}, 0.5),
    ({"retry_after_ms": "1500"}, 1.5),
    ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
    ({"retry_after": "Thu, 01 Jan 2026 00:00:30 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 30),
    ({"retry_after": "soon"}, None),
    ({}, None),
    (
        {
            "x_ratelimit_remaining_requests": "5",
            "x_ratelimit_reset_requests": "12ms",
            "x_ratelimit_remaining_tokens": "0",
            "x_ratelimit_reset_tokens": "1m30s",
        },
        90.0,
    ),
    (
        {
            "anthropic_ratelimit_input_tokens_remaining": "0",
            "anthropic_ratelimit_input_tokens_reset": "2026-01-01T00:00:20Z",
            "anthropic_ratelimit_requests_remaining": "9",
            "anthropic_ratelimit_requests_reset": "2026-01-01T00:01:00Z",
            "date": "Thu, 01 Jan 2026 00:00:00 GMT",
        },
        20.0,
    ),
]


@pytest.mark.parametrize(("headers", "wait"), _WAITS)
def test_each_kind_of_wait(
    told: Told, dialect: Dialect, headers: dict[str, str], wait: float | None
) -> None:
    body = json.dumps(dialect.error("slow down")).encode()
    with pytest.raises(ModelBusy) as busy:
        told(answer(body, "429 Too Many Requests", **headers))
    assert (busy.value.retry_after, busy.value.per_day) == (wait, False)


@pytest.mark.parametrize(("word", "passing"), [("true", True), ("false", False)])
def test_the_server_says_whether_to_come_again(
    told: Told, dialect: Dialect, word: str, passing: bool
) -> None:
    status = "400 Bad" if passing else "500 Oh"
    with pytest.raises(ModelRefused) as refused:
        told(answer(json.dumps(dialect.error("no")).encode(), status, x_should_retry=word))
    assert refused.value.passing is passing


# Hanging, and hanging up


@pytest.mark.parametrize("when", ["before the stream", "before the first piece", "amid the stream"])
def test_closing_the_answer_ends_the_request(
    serve: Serve, open_dialect: Open, dialect: Dialect, when: str
) -> None:
    reached, gone = threading.Event(), threading.Event()

    def hang(handler: Any) -> None:
        reached.set()
        # Returns when the client hangs up, and not before.
        if handler.rfile.read(1) == b"":
            gone.set()

    pieces: dict[str, list[Any]] = {
        "before the stream": [hang],
        "before the first piece": [HEAD + dialect.begin(), hang],
        "amid the stream": [HEAD + dialect.begin() + dialect.text("half"), hang],
    }
    backend = open_dialect(dialect, serve({dialect.chat: pieces[when]}))
    events: Any = backend.ask(REQUEST)
    if when == "amid the stream":
        assert next(events) == Delta("half")
        assert reached.wait(60)
        events.close()
    else:
        heard: list[Exception] = []

        def listen() -> None:
            try:
                list(events)
            except CopilotError as error:
                heard.append(error)

        listener = threading.Thread(target=listen)
        listener.start()
        assert reached.wait(60)
        backend.close()
        listener.join(60)
        assert not listener.is_alive()
        assert [type(error) for error in heard] == [ModelUnreachable]
        assert not heard[0].passing  # type: ignore[attr-defined]
    assert gone.wait(60)


def test_a_closed_backend_says_so(serve: Serve, open_dialect: Open, dialect: Dialect) -> None:
    backend = open_dialect(dialect, serve({dialect.chat: [whole(dialect, "x")]}))
    backend.close()
    with pytest.raises(ModelUnreachable, match="was closed"):
        list(backend.ask(REQUEST))
