"""Thoughts in tags: at the begin of an answer, however the stream cuts it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.backends.protocol import Delta, Event, Finished, Thinking
from copilot.backends.thoughts import thoughts_apart

END = Finished("stop", None)


def apart(*pieces: str) -> tuple[str, str]:
    """Return the thoughts and the answer of a reply that comes in these pieces."""
    events = [*thoughts_apart(iter([*map(Delta, pieces), END]))]
    assert events[-1] == END
    thoughts = "".join(event.text for event in events if isinstance(event, Thinking))
    return thoughts, "".join(event.text for event in events if isinstance(event, Delta))


@pytest.mark.parametrize(
    ("reply", "thoughts", "answer"),
    [
        ("<think>hm</think>yes", "hm", "yes"),
        ("\n <think>\nhm\n</think>\n\n  yes\n", "\nhm\n", "  yes\n"),
        ("<THINK>hm</Think>yes", "hm", "yes"),
        ("<thinking>a < b </think> c</thinking>\nyes", "a < b </think> c", "yes"),
        ("<reasoning>hm</reasoning>yes", "hm", "yes"),
        ("<think></think>yes", "", "yes"),
        ("<think>one</think><think>two</think>", "one", "<think>two</think>"),
        ("<think>it never ends </thi", "it never ends </thi", ""),
        (
            "the tag <think>x</think> is for thoughts",
            "",
            "the tag <think>x</think> is for thoughts",
        ),
        ("<thin", "", "<thin"),
        ("<b>x</b>", "", "<b>x</b>"),
        ("  \n", "", "  \n"),
        (" " * 3000 + "<think>x</think>", "", " " * 3000 + "<think>x</think>"),
        ("<think>\u0130\u0130</think>yes", "\u0130\u0130", "yes"),
        ("", "", ""),
    ],
)
def test_thoughts_are_set_apart(reply: str, thoughts: str, answer: str) -> None:
    assert apart(reply) == (thoughts, answer)
    assert apart(*reply) == (thoughts, answer)


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "/", "think>", "\n", " ", "a"])),
    st.lists(st.integers(0, 60)),
)
def test_pieces_make_no_difference(parts: list[str], cuts: list[int]) -> None:
    reply = "".join(parts)
    at = sorted({0, *(cut for cut in cuts if cut < len(reply)), len(reply)})
    assert apart(*(reply[a:b] for a, b in pairwise(at))) == apart(reply)


def test_thoughts_are_passed_on_as_they_come() -> None:
    def stream() -> Iterator[Event]:
        yield Delta("<think>a long thought")
        raise ConnectionError

    events = thoughts_apart(stream())
    assert next(events) == Thinking("a long thought"[: -len("<think>")])


def test_thoughts_that_the_server_sets_apart_stay_so() -> None:
    events: list[Event] = [Thinking("hm"), Delta("<think>"), Delta("x</think>y"), END]
    assert [*thoughts_apart(iter(events))] == [Thinking("hm"), Thinking("x"), Delta("y"), END]
