"""Each dialect over HTTP that is unusual, or broken, below the events of the stream."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from copilot.backends.answers import MOST_BYTES
from copilot.backends.protocol import Backend, Delta, Event, Finished, Message, Request
from copilot.errors import (
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    ReplyIncomplete,
)

REQUEST = Request((Message("user", "hello"),), 50)
CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
HEAD = CLOSE + b"\r\n"

Dialect = Any
Told = Callable[..., list[Event]]


@pytest.fixture
def told(serve: Callable[..., str], open_dialect: Callable[..., Backend], dialect: Dialect) -> Told:
    """Ask a server that answers with these bytes, and return the events."""

    def ask(*pieces: Any) -> list[Event]:
        backend = open_dialect(dialect, serve({dialect.chat: pieces}))
        return list(backend.ask(REQUEST))

    return ask


def stream_of(dialect: Dialect, *texts: str) -> bytes:
    stream: bytes = dialect.begin() + b"".join(map(dialect.text, texts))
    return stream + bytes(dialect.end(dialect.stop))


def chunked(pieces: Iterable[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


# What is unusual, but allowed


def test_chunks_of_one_byte(told: Told, dialect: Dialect) -> None:
    stream = stream_of(dialect, "h\u00e9l", "lo")
    body = chunked(bytes([byte]) for byte in stream) + b"0\r\n\r\n"
    assert text_of(told(CLOSE + b"Transfer-Encoding: chunked\r\n\r\n" + body)) == "h\u00e9llo"


def test_chunks_with_extensions_and_trailers(told: Told, dialect: Dialect) -> None:
    stream = stream_of(dialect, "hello")
    body = b"%x;name=value\r\n%s\r\n0\r\nx-later: 1\r\n\r\n" % (len(stream), stream)
    assert text_of(told(CLOSE + b"Transfer-Encoding: chunked\r\n\r\n" + body)) == "hello"


def test_a_body_that_is_packed_although_nobody_asked(told: Told, dialect: Dialect) -> None:
    packed = gzip.compress(stream_of(dialect, "hel", "lo"))
    half = len(packed) // 2
    assert text_of(
        told(CLOSE + b"Content-Encoding: gzip\r\n\r\n", packed[:half], packed[half:])
    ) == ("hello")


def test_an_answer_of_http_1_0(told: Told, dialect: Dialect) -> None:
    assert text_of(told(b"HTTP/1.0 200 OK\r\n\r\n" + stream_of(dialect, "hello"))) == "hello"


def test_a_hint_before_the_answer(told: Told, dialect: Dialect) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert text_of(told(early + HEAD + stream_of(dialect, "hello"))) == "hello"


def test_a_byte_order_mark_in_front(told: Told, dialect: Dialect) -> None:
    stream = dialect.text("hello") + dialect.end(dialect.stop)
    assert text_of(told(HEAD + b"\xef\xbb\xbf" + stream)) == "hello"


def test_a_status_of_success_with_another_number(told: Told, dialect: Dialect) -> None:
    head = HEAD.replace(b"200 OK", b"201 Created")
    assert text_of(told(head + stream_of(dialect, "hello"))) == "hello"


# What is broken


@pytest.mark.parametrize("size", [b"zz\r\n", b"-5\r\n", b"ffffffffffffffffffff\r\n"])
def test_a_chunk_of_no_size(told: Told, dialect: Dialect, size: bytes) -> None:
    body = chunked([dialect.begin() + dialect.text("half")]) + size
    with pytest.raises(ReplyIncomplete) as broken:
        told(CLOSE + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    assert broken.value.partial == "half"


def test_chunks_without_the_last_one(told: Told, dialect: Dialect) -> None:
    body = chunked([dialect.begin() + dialect.text("half")])
    with pytest.raises(ReplyIncomplete) as broken:
        told(CLOSE + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    assert broken.value.partial == "half"


def test_a_body_that_is_not_packed_as_it_says(told: Told, dialect: Dialect) -> None:
    with pytest.raises(ModelUnreachable, match="no answer from"):
        told(CLOSE + b"Content-Encoding: gzip\r\n\r\n" + stream_of(dialect, "hello"))


def test_success_without_a_body(told: Told, dialect: Dialect) -> None:
    with pytest.raises(ModelUnreachable, match="before the first word") as broken:
        told(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    assert broken.value.passing


@pytest.mark.parametrize(
    "head",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x-flood: y\r\n" * 20_000 + b"\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
    ],
    ids=["another protocol", "no status", "no header", "no length", "headers flood", "zeros"],
)
def test_what_is_no_http(told: Told, head: bytes) -> None:
    with pytest.raises(ModelUnreachable, match="no answer from"):
        told(head)


def test_comments_without_an_answer(told: Told, dialect: Dialect) -> None:
    noise = b"\n" if dialect.name == "ollama" else b": keep-alive\n\n"
    with pytest.raises(ModelUnreachable, match="before the first word") as broken:
        told(HEAD, *[noise * 1000] * 20)
    assert broken.value.passing


@pytest.mark.parametrize("spoilt", [b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80\xed", b"\x00"])
def test_text_that_is_no_utf_8(told: Told, dialect: Dialect, spoilt: bytes) -> None:
    bad = dialect.text("<here>").replace(b"<here>", spoilt)
    with pytest.raises(ReplyIncomplete) as broken:
        told(HEAD + dialect.begin() + dialect.text("half") + bad + dialect.end(dialect.stop))
    assert broken.value.partial == "half"


def test_a_model_that_does_not_stop_writing(told: Told, dialect: Dialect) -> None:
    megabytes = 4
    event = dialect.text("x" * megabytes * 2**20)
    with pytest.raises(ReplyIncomplete, match="does not stop writing") as flood:
        told(HEAD + dialect.begin(), *[event] * (MOST_BYTES // len(event) + 2))
    assert len(flood.value.partial) > MOST_BYTES


def test_an_event_that_came_twice_is_said_twice(told: Told, dialect: Dialect) -> None:
    stream = HEAD + dialect.begin() + dialect.text("x") * 2 + dialect.end(dialect.stop)
    events = told(stream)
    assert text_of(events) == "xx"
    assert sum(isinstance(event, Finished) for event in events) == 1


# Refusals of odd shapes


@pytest.mark.parametrize(
    "document",
    [
        {"error": 7},
        {"error": []},
        {"error": {}},
        {"error": {"message": None}},
        {"error": {"message": {"text": "no"}}},
        {"error": {"code": "odd", "type": 5, "message": "no"}},
        {"detail": [{"loc": ["body"], "msg": "no"}]},
        [{"error": {"message": "no"}}],
        "no",
        None,
    ],
    ids=repr,
)
def test_a_refusal_of_another_shape(told: Told, dialect: Dialect, document: Any) -> None:
    body = json.dumps(document).encode()
    with pytest.raises(ModelRefused, match=r"small refused \(400\): .") as refused:
        told(HEAD.replace(b"200 OK", b"400 Bad Request") + body)
    assert not refused.value.passing


@pytest.mark.parametrize("wait", ["nan", "inf", "-5", "1e308", "9" * 400, "\u0661"])
def test_a_wait_that_is_none(told: Told, dialect: Dialect, wait: str) -> None:
    head = b"HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: %s\r\n\r\n" % wait.encode()
    with pytest.raises(ModelBusy) as busy:
        told(head + json.dumps(dialect.error("slow down")).encode())
    assert busy.value.retry_after is None or 0 <= busy.value.retry_after <= 1e9


def test_a_refusal_that_breaks_off(told: Told, dialect: Dialect) -> None:
    head = HEAD.replace(b"200 OK", b"500 Oh").replace(
        b"\r\n\r\n", b"\r\nContent-Length: 999\r\n\r\n"
    )
    with pytest.raises(ModelError, match="500"):
        told(head + json.dumps(dialect.error("no")).encode()[:-3])
