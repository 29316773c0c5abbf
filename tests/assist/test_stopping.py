"""An answer is stopped from another thread, and the model can be asked on."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from copilot.assist.stopping import Stoppable, Stopped
from copilot.backends import catalogue
from copilot.backends.embedded import EmbeddedChat
from copilot.backends.protocol import (
    Backend,
    Delta,
    Event,
    Finished,
    Message,
    ModelFacts,
    Request,
)
from copilot.backends.pull import local_path
from copilot.errors import ModelUnreachable

ANY = Request((Message("user", "Count to a thousand."),), 400, 0.0)


class Endless:
    """Says the same word until it is closed, and then fails as a lost connection does."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.facts_asked = 0

    def facts(self) -> ModelFacts:
        self.facts_asked += 1
        return ModelFacts("endless")

    def ask(self, _request: Request) -> Generator[Event, None, None]:
        yield Delta("word ")
        self.closed.wait(60)
        raise ModelUnreachable("the connection broke", "ask anew")

    def close(self) -> None:
        self.closed.set()


def stopped_after_a_word(backend: Stoppable) -> list[str]:
    """Stop an answer from another thread once its first word is here; return what came."""
    heard: list[str] = []

    def listen() -> None:
        for event in backend.ask(ANY):
            if isinstance(event, Delta) and not heard:
                threading.Thread(target=backend.stop).start()
            heard.extend([event.text] if isinstance(event, Delta) else [])

    with pytest.raises(Stopped):
        listen()
    return heard


def test_what_cannot_hang_up_is_closed_and_opened_anew() -> None:
    opened: list[Endless] = []
    prepared: list[Backend] = []

    def opener() -> Endless:
        opened.append(Endless())
        return opened[-1]

    backend = Stoppable(opener)
    backend.prepare(prepared.append)
    assert stopped_after_a_word(backend) == ["word "]
    with pytest.raises(Stopped):
        list(backend.ask(ANY))
    assert [one.closed.is_set() for one in opened] == [True]

    backend.begin()
    events = backend.ask(ANY)
    assert next(events) == Delta("word ")
    assert [one.closed.is_set() for one in opened] == [True, False]
    assert prepared == opened
    assert opened[1].facts_asked == 1
    backend.close()
    assert opened[1].closed.is_set()


def test_an_error_of_its_own_is_none_of_a_stop() -> None:
    broken = Endless()
    broken.close()
    with pytest.raises(ModelUnreachable):
        list(Stoppable(lambda: broken).ask(ANY))


@pytest.mark.xdist_group("llama")
def test_the_embedded_engine_stays(models_dir: Path) -> None:
    path = local_path(catalogue.find("qwen2.5-coder-0.5b"), models_dir)
    assert path is not None
    chat = EmbeddedChat("small", path, 512)
    backend = Stoppable(lambda: chat)
    assert stopped_after_a_word(backend)
    backend.begin()
    short = Request((Message("user", "Is water wet?"),), 5, 0.0, 'root ::= "yes" | "no"')
    events = list(backend.ask(short))
    assert "".join(e.text for e in events if isinstance(e, Delta)) in {"yes", "no"}
    assert isinstance(events[-1], Finished)
    backend.close()
