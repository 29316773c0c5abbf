"""One answer of several: a judge, and a model where the judge is undecided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from copilot.backends.ensembles.best_of import BestOf, Judgement, choice_in
from copilot.backends.ensembles.members import EnsembleUsage, Member, Report
from copilot.backends.ensembles.mixture import Synthesis
from copilot.backends.ensembles.panel import Panel
from copilot.backends.protocol import Event, Finished, Request

Hear = Callable[[Iterator[Event]], tuple[str, Finished]]
WORDS, CHOOSE = "Sum up: {{answers}}", "Choose: {{answers}}"


@pytest.fixture
def best_of(
    serve: Callable[..., Any], member: Callable[..., Member], says: type[Any], reports: list[Report]
) -> Iterator[Callable[..., tuple[BestOf, Any]]]:
    """Make a best-of of two members, `one` and `two`, with an aggregator that answers `said`."""
    made: list[BestOf] = []

    def make(said: Any | None, best: tuple[int, ...] | None) -> tuple[BestOf, Any]:
        server = serve(says(said) if isinstance(said, str) else said) if said else None
        members = [member(name, serve(says(name, reason="length"))) for name in ("one", "two")]
        aggregator = member("last", server) if server else None
        panel = Panel(members, None, reports.append)
        shown = tuple(f"diff {number}" for number in best or ())
        judged = None if best is None else lambda _answers: Judgement(best, shown)
        made.append(BestOf(panel, Synthesis(WORDS, aggregator), CHOOSE, judged))
        return made[-1], server

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("said", "best", "given", "calls"),
    [
        (None, (1,), "two", 2),
        (None, (1, 0), "two", 2),
        ("2", (0, 1), "two", 3),
        ("**1**", (0, 1), "one", 3),
        ("3", (0, 1), "one", 3),
        ("2", (1, 0), "one", 3),
        ("2", (0,), "one", 2),
        (None, None, "one", 2),
        ("summed up", None, "summed up", 3),
    ],
)
def test_which_answer_is_given(
    best_of: Callable[..., tuple[BestOf, Any]],
    request_of: Callable[..., Request],
    hear: Hear,
    said: str | None,
    best: tuple[int, ...] | None,
    given: str,
    calls: int,
) -> None:
    text, end = hear(best_of(said, best)[0].ask(request_of()))
    assert text == given
    assert end.reason == ("stop" if given == "summed up" else "length")
    assert isinstance(end.usage, EnsembleUsage)
    assert len(end.usage.calls) == calls


def test_the_choice_is_asked_for_on_the_same_prompt(
    best_of: Callable[..., tuple[BestOf, Any]],
    request_of: Callable[..., Request],
    hear: Hear,
    reports: list[Report],
) -> None:
    backend, server = best_of("2", (0, 1))
    hear(backend.ask(request_of()))
    (prompt,) = server.prompts()
    assert prompt.startswith(request_of().messages[1].content + "\n\nChoose: <answer-")
    assert prompt.index("diff 0") < prompt.index("diff 1")
    assert "grammar" not in server.bodies[0]
    assert [str(one) for one in reports[-2:]] == [
        "last (choice): answered: chose 2 of 2",
        "two: chosen",
    ]


def test_a_choice_that_fails_is_the_first(
    best_of: Callable[..., tuple[BestOf, Any]],
    request_of: Callable[..., Request],
    hear: Hear,
    reports: list[Report],
    says: type[Any],
) -> None:
    backend, _ = best_of(says(status=500), (1, 0))
    assert hear(backend.ask(request_of()))[0] == "two"
    assert "out of order; the first is taken" in reports[-2].why


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ("2", 2),
        (" Number 1.\n", 1),
        ("<think>1 or 3?</think>3", 3),
        ("1, not 2", None),
        ("0", None),
        ("4", None),
        ("", None),
        ("none", None),
        ("9" * 5000, None),
        ("²", None),
    ],
)
def test_a_choice_is_one_number(reply: str, choice: int | None) -> None:
    assert choice_in(reply, 3) == choice
