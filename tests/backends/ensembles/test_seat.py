"""One backend lent to several members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from copilot.backends.ensembles.members import Member
from copilot.backends.ensembles.seat import Seat, Shared
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Backend, Delta, Request
from copilot.errors import ModelUnreachable


@pytest.fixture
def opened() -> list[Backend]:
    return []


@pytest.fixture
def shared(serve: Callable[..., Any], says: type[Any], opened: list[Backend]) -> Shared:
    server = serve(says("one"), says("two"), says("three"))

    def open_one() -> Backend:
        opened.append(OpenAIChat(server.url, "m"))
        return opened[-1]

    return Shared(open_one)


def text_of(backend: Backend, request: Request) -> str:
    return "".join(event.text for event in backend.ask(request) if isinstance(event, Delta))


def test_it_is_opened_once_and_closed_with_the_last(
    shared: Shared, opened: list[Backend], request_of: Callable[..., Request]
) -> None:
    first, second = shared.lend(), shared.lend()
    assert text_of(first, request_of()) == "one"
    first.close()
    first.close()
    with pytest.raises(ModelUnreachable):
        text_of(first, request_of())
    assert text_of(second, request_of()) == "two"
    second.close()
    assert len(opened) == 1
    with pytest.raises(ModelUnreachable):
        text_of(opened[0], request_of())
    third = shared.lend()
    assert text_of(third, request_of()) == "three"
    third.close()
    assert len(opened) == 2


def test_one_question_at_a_time(shared: Shared, request_of: Callable[..., Request]) -> None:
    first, second = shared.lend(), shared.lend()
    events = first.ask(request_of())
    assert next(events) == Delta("one")
    waiting = second.ask(request_of())
    assert list(events)
    assert next(waiting) == Delta("two")
    first.close()
    second.close()


def test_a_member_has_its_own_sampling(
    serve: Callable[..., Any], says: type[Any], request_of: Callable[..., Request]
) -> None:
    server = serve(says("x"))
    for temperature, seed in ((0.7, 3), (None, None)):
        seat = Seat(Member("m", lambda: OpenAIChat(server.url, "m"), "", temperature, seed))
        list(seat.ask(request_of(temperature=0.1, seed=9, grammar="root ::= [0-9]")))
        seat.close()
    sent = [(body["temperature"], body["seed"]) for body in server.bodies]
    assert sent == [(0.7, 3), (0.1, 9)]
    assert not any("grammar" in body for body in server.bodies)
