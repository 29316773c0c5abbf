"""How far a model is with an answer."""

from __future__ import annotations

import pytest

from copilot.backends.protocol import Delta, Event, Finished, Reading, Thinking, Waiting
from copilot.tui.clock import Clock


def test_silent_server_is_taken_to_read() -> None:
    assert Clock(100.0).line(161.5) == "1:01 reading the prompt"


def test_progress_is_a_bar_with_the_time_left() -> None:
    clock = Clock(0.0)
    clock.hear(Reading(2_000, 10_000), 1.0)
    assert clock.line(1.0) == (
        "0:01 reading the prompt · [####................] 20% · 2,000 of 10,000 tokens"
    )
    clock.hear(Reading(4_000, 10_000), 11.0)
    assert clock.line(11.0).endswith("40% · 4,000 of 10,000 tokens · 0:30 left")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Thinking("hm"), "thinking"),
        (Delta("x"), "answering"),
        (Finished("stop", None), "placing the edits"),
        (Waiting(4.0, "busy\x1b[2J"), "busy\\x1b[2J; trying again in 4 s"),
    ],
)
def test_what_the_model_does_is_named(event: Event, said: str) -> None:
    clock = Clock(0.0)
    clock.hear(Reading(1, 2), 0.0)
    clock.hear(event, 1.0)
    assert clock.line(2.0) == f"0:02 {said}"


def test_progress_without_a_total_has_no_bar() -> None:
    clock = Clock(0.0)
    clock.hear(Reading(0, 0), 0.0)
    assert clock.line(0.0) == "0:00 reading the prompt"
