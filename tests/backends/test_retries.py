"""Asking again: how often, after what, how long after; and never once something was shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from copilot.backends.protocol import (
    Backend,
    Delta,
    Event,
    Finished,
    Message,
    ModelFacts,
    Request,
    Waiting,
)
from copilot.backends.retries import (
    LONGEST_LOADING_SECONDS,
    LONGEST_WAIT_SECONDS,
    Retrying,
)
from copilot.errors import ModelBusy, ModelError, ModelRefused, ModelUnreachable, ReplyIncomplete

REQUEST = Request((Message("user", "hello"),), 50)
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

Dialect = Any
Serve = Callable[..., str]
Open = Callable[..., Backend]


def refused(status: str, body: bytes = b"{}", **headers: str) -> bytes:
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{named}\r\n".encode() + body


@pytest.fixture
def retrying(serve: Serve, open_dialect: Open) -> Callable[..., tuple[Retrying, list[float]]]:
    """Make a backend whose server gives these answers in turn; its waits are noted, not slept."""

    def make(dialect: Dialect, *answers: bytes, draw: float = 0.0) -> tuple[Retrying, list[float]]:
        left = list(answers)
        waits: list[float] = []
        base = serve({dialect.chat: lambda: [left.pop(0)]})
        return Retrying(open_dialect(dialect, base), waits.append, lambda: draw), waits

    return make


def good(dialect: Dialect) -> bytes:
    stream: bytes = dialect.begin() + dialect.text("x") + dialect.end(dialect.stop)
    return HEAD + stream


@pytest.mark.parametrize(
    "first",
    [
        refused("408 Timeout"),
        refused("409 Conflict"),
        refused("429 Slow Down"),
        refused("500 Oh"),
        refused("502 Bad", b"<html>"),
        refused("503 Away"),
        refused("504 Late"),
        refused("529 Overloaded"),
        b"",
        HEAD,
    ],
    ids=["408", "409", "429", "500", "502", "503", "504", "529", "hung up", "nothing"],
)
def test_what_passes_is_asked_again(
    retrying: Callable[..., Any], dialect: Dialect, first: bytes
) -> None:
    backend, waits = retrying(dialect, first, good(dialect))
    waiting, *events = list(backend.ask(REQUEST))
    assert isinstance(waiting, Waiting)
    assert waiting.seconds == 0.5
    assert "small" in waiting.why or "no answer" in waiting.why
    assert events == [Delta("x"), Finished("stop", dialect.usage)]
    assert waits == [0.5]


@pytest.mark.parametrize("status", ["400 Bad", "401 No", "402 Pay", "403 No", "404 No", "422 Odd"])
def test_what_does_not_pass_is_not(
    retrying: Callable[..., Any], dialect: Dialect, status: str
) -> None:
    backend, waits = retrying(dialect, refused(status), good(dialect))
    with pytest.raises(ModelRefused):
        list(backend.ask(REQUEST))
    assert waits == []


def test_it_gives_up_after_two_more_tries(
    retrying: Callable[..., Any], dialect: Dialect, asked: list[Any]
) -> None:
    backend, waits = retrying(dialect, *[refused("500 Oh")] * 3, good(dialect))
    with pytest.raises(ModelRefused, match="500"):
        list(backend.ask(REQUEST))
    assert waits == [0.5, 1.0]
    assert len(asked) == 3
    assert asked[0]["body"] == asked[2]["body"]


def test_nothing_is_asked_again_once_something_was_shown(
    retrying: Callable[..., Any], dialect: Dialect
) -> None:
    half = HEAD + dialect.begin() + dialect.text("half")
    backend, waits = retrying(dialect, half, good(dialect))
    events = backend.ask(REQUEST)
    assert next(events) == Delta("half")
    with pytest.raises(ReplyIncomplete) as broken:
        list(events)
    assert (broken.value.partial, waits) == ("half", [])


def test_nor_once_thoughts_were_shown(retrying: Callable[..., Any], dialect: Dialect) -> None:
    half = HEAD + dialect.begin() + dialect.thought("hm")
    backend, waits = retrying(dialect, half, good(dialect))
    with pytest.raises(ReplyIncomplete) as broken:
        list(backend.ask(REQUEST))
    assert (broken.value.partial, waits) == ("", [])


@pytest.mark.parametrize(
    ("headers", "draw", "wait"),
    [
        ({"retry_after": "7"}, 0.0, 7.0),
        ({"retry_after": "7"}, 1.0, 7.125),
        ({"retry_after_ms": "20"}, 0.0, 0.02),
        ({"retry_after": "120"}, 0.0, 120.0),
        ({"retry_after": "0"}, 0.0, 0.5),
        ({"retry_after": "-3"}, 0.0, 0.5),
        ({}, 0.0, 0.5),
        ({}, 1.0, 0.375),
    ],
)
def test_it_waits_as_long_as_asked(
    retrying: Callable[..., Any],
    dialect_of: Callable[[str], Dialect],
    headers: dict[str, str],
    draw: float,
    wait: float,
) -> None:
    dialect = dialect_of("openai")
    backend, waits = retrying(
        dialect, refused("429 Slow", b"{}", **headers), good(dialect), draw=draw
    )
    assert list(backend.ask(REQUEST))[-1] == Finished("stop", dialect.usage)
    assert waits == [wait]


def test_a_wait_of_more_than_two_minutes_is_not_waited(
    retrying: Callable[..., Any], dialect: Dialect
) -> None:
    backend, waits = retrying(dialect, refused("429 Slow", retry_after="121"), good(dialect))
    with pytest.raises(ModelBusy) as busy:
        list(backend.ask(REQUEST))
    assert busy.value.retry_after == 121 > LONGEST_WAIT_SECONDS
    assert waits == []


def _google(*details: Any) -> bytes:
    error = {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": details}
    return json.dumps([{"error": error}]).encode()


def test_gemini_names_its_wait_in_the_body(
    retrying: Callable[..., Any], dialect_of: Callable[[str], Dialect]
) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "45.8s"}
    dialect = dialect_of("gemini")
    backend, waits = retrying(dialect, refused("429 Slow", _google(info)), good(dialect))
    assert list(backend.ask(REQUEST))[-1] == Finished("stop", dialect.usage)
    assert waits == [45.8]


def test_a_quota_of_the_day_is_not_waited_for(
    retrying: Callable[..., Any], dialect_of: Callable[[str], Dialect]
) -> None:
    info = {"retryDelay": "3s"}
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
    dialect = dialect_of("gemini")
    body = _google({"violations": [violation]}, info)
    backend, waits = retrying(dialect, refused("429 Slow", body), good(dialect))
    with pytest.raises(ModelBusy) as busy:
        list(backend.ask(REQUEST))
    assert (busy.value.per_day, waits) == (True, [])


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("429 Slow", {"code": "insufficient_quota", "message": "no money"}),
        ("402 Pay", {"message": "Insufficient Balance"}),
        ("400 Bad", {"type": "billing_error", "message": "no money"}),
    ],
)
def test_an_empty_account_is_not_asked_again(
    retrying: Callable[..., Any],
    dialect_of: Callable[[str], Dialect],
    status: str,
    error: dict[str, str],
) -> None:
    dialect = dialect_of("openai")
    body = json.dumps({"error": error}).encode()
    backend, waits = retrying(dialect, refused(status, body, retry_after="1"), good(dialect))
    with pytest.raises(ModelRefused, match=r"(?i)no money|balance") as caught:
        list(backend.ask(REQUEST))
    assert "no credit" in caught.value.hint
    assert waits == []


class _Failing:
    """A backend of another's making: it fails each time, and its streams have no `close`."""

    def __init__(self, passing: bool) -> None:
        self.passing, self.tries, self.is_closed = passing, 0, False

    def facts(self) -> ModelFacts:
        return ModelFacts("failing")

    def ask(self, request: Request) -> Iterator[Event]:
        return map(self._fail, request.messages)

    def _fail(self, message: Message) -> Event:
        assert message.content == "hello"
        self.tries += 1
        error = ModelUnreachable("away")
        error.passing = self.passing
        raise error

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (1, 2), (4, 5)])
def test_the_number_of_tries_can_be_set(retries: int, tries: int) -> None:
    failing, waits = _Failing(passing=True), list[float]()
    with pytest.raises(ModelError, match="away"):
        list(Retrying(failing, waits.append, lambda: 0.0, retries).ask(REQUEST))
    assert failing.tries == tries
    assert waits == [0.5, 1.0, 2.0, 4.0][:retries]


def test_closing_ends_a_wait() -> None:
    failing = _Failing(passing=True)
    backend = Retrying(failing)
    events = backend.ask(REQUEST)
    assert isinstance(next(events), Waiting)
    backend.close()
    with pytest.raises(ModelError, match="away"):
        list(events)
    assert failing.is_closed
    assert failing.tries == 2


def test_facts_are_those_of_the_backend() -> None:
    assert Retrying(_Failing(passing=True)).facts() == ModelFacts("failing")


LOADING = refused(
    "503 Service Unavailable",
    b'{"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}',
)
LISTED = refused("200 OK", b'{"data": [{"id": "small"}]}')


@pytest.fixture
def loading(serve: Serve, dialect_of: Callable[[str], Dialect], open_dialect: Open) -> Any:
    """Make a backend whose list of models gives these answers in turn, the last for ever."""

    def make(*answers: bytes) -> tuple[Retrying, list[float], list[str]]:
        left = list(answers)
        waits, said = list[float](), list[str]()
        routes = {"GET /v1/models": lambda: [left.pop(0) if len(left) > 1 else left[0]]}
        backend = open_dialect(dialect_of("openai"), serve(routes))
        return Retrying(backend, waits.append, tell=said.append), waits, said

    return make


def test_a_model_that_is_being_loaded_is_waited_for(loading: Any) -> None:
    backend, waits, said = loading(*[LOADING] * 21, LISTED)
    assert backend.facts() == ModelFacts("small")
    assert sum(waits) == 21
    assert said == [
        f"the server is loading its model: {seconds} s; Ctrl-C ends the wait"
        for seconds in (0, 10, 20)
    ]


def test_loading_is_not_waited_for_without_end(loading: Any) -> None:
    backend, waits, _ = loading(LOADING)
    with pytest.raises(ModelBusy, match="Loading model"):
        backend.facts()
    assert sum(waits) == LONGEST_LOADING_SECONDS


@pytest.mark.parametrize("other", [refused("503 No"), refused("500 Loading model")])
def test_another_refusal_of_the_list_is_not_waited_for(loading: Any, other: bytes) -> None:
    backend, waits, said = loading(LOADING, other)
    with pytest.raises(ModelError):
        backend.facts()
    assert (len(waits), len(said)) == (1, 1)


def test_closing_ends_the_wait_for_loading(loading: Any) -> None:
    backend, waits, _ = loading(LOADING)
    backend.close()
    with pytest.raises(ModelError):
        backend.facts()
    assert waits == []


def test_ctrl_c_ends_the_wait_for_loading(
    serve: Serve, dialect_of: Callable[[str], Dialect], open_dialect: Open
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    base = serve({"GET /v1/models": [LOADING]})
    backend = Retrying(open_dialect(dialect_of("openai"), base), interrupt)
    with pytest.raises(KeyboardInterrupt):
        backend.facts()
