"""Answers recorded and given again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    Waiting,
)
from copilot.backends.replay import Recording, ReplayChat, prompt_sha256
from copilot.errors import ModelRefused, ModelUnreachable, UsageError

FIRST = Request((Message("user", "one"),), 50)
SECOND = Request((Message("user", "two"),), 50)
EVENTS: tuple[Event, ...] = (
    Reading(1, 2),
    Thinking("hm"),
    Delta("so\u2028"),
    Delta("\x1b\x00!"),
    Finished("stop", Usage(12, 3, 8, 0)),
)


class _Speaker:
    """A backend that says its events, and then breaks if it is to."""

    def __init__(self, *events: Event, breaks: bool = False) -> None:
        self.events, self.breaks, self.is_closed = events, breaks, False

    def facts(self) -> ModelFacts:
        return ModelFacts("speaker", 4096)

    def ask(self, request: Request) -> Iterator[Event]:
        assert request.messages
        yield from self.events
        if self.breaks:
            raise ModelUnreachable("away")

    def close(self) -> None:
        self.is_closed = True


def test_what_was_recorded_is_given_again(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    speaker = _Speaker(Waiting(1.0, "busy"), *EVENTS)
    recording = Recording(speaker, path)
    assert recording.facts() == ModelFacts("speaker", 4096)
    assert list(recording.ask(FIRST)) == [Waiting(1.0, "busy"), *EVENTS]
    recording.close()
    assert speaker.is_closed
    assert list(ReplayChat(path).ask(FIRST)) == list(EVENTS)


def test_a_broken_answer_is_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with pytest.raises(ModelUnreachable):
        list(Recording(_Speaker(Delta("x"), breaks=True), path).ask(FIRST))
    assert not path.exists()


def test_each_prompt_gets_its_own_answer_in_order(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    for request, text in ((FIRST, "a"), (SECOND, "b"), (FIRST, "c")):
        list(Recording(_Speaker(Delta(text), Finished("stop", None)), path).ask(request))
    replay = ReplayChat(path)
    said = [next(replay.ask(request)) for request in (SECOND, FIRST, FIRST, FIRST)]
    assert said == [Delta("b"), Delta("a"), Delta("c"), Delta("c")]


def test_a_prompt_that_was_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    list(Recording(_Speaker(Finished("stop", None)), path).ask(FIRST))
    with pytest.raises(ModelRefused, match=prompt_sha256(SECOND)[:12]):
        list(ReplayChat(path).ask(SECOND))


def test_an_exchange_without_a_prompt_answers_any(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    events = [{"type": "delta", "text": "hi"}, {"type": "finished", "reason": "length"}]
    lines = [{"model": "big", "window": 1_000_000}, {"events": events}]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    replay = ReplayChat(path)
    assert replay.facts() == ModelFacts("big", 1_000_000)
    for request in (FIRST, SECOND):
        assert list(replay.ask(request)) == [Delta("hi"), Finished("length", None)]
    replay.close()


def test_facts_of_a_file_that_tells_none(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("")
    assert ReplayChat(path).facts() == ModelFacts("run")


@pytest.mark.parametrize("text", ["nonsense", '{"events": 7}', "[]", '{"events": [{}]}'])
def test_a_file_of_another_shape(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"run\.jsonl"):
        ReplayChat(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the recording"):
        ReplayChat(tmp_path / "missing.jsonl")


def test_an_event_of_no_known_type(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"events": [{"type": "dance"}]}')
    with pytest.raises(UsageError, match="dance"):
        list(ReplayChat(path).ask(FIRST))


def test_the_name_of_a_prompt_is_that_of_roles_and_texts() -> None:
    names = {
        prompt_sha256(Request(messages, 1))
        for messages in (
            (Message("user", "ab"),),
            (Message("user", "a"), Message("user", "b")),
            (Message("assistant", "ab"),),
        )
    }
    assert len(names) == 3
    marked = Request((Message("user", "ab", (1,)),), 99, 0.5, cache_key="x")
    assert prompt_sha256(marked) in names
