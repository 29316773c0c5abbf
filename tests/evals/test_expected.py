"""What a run will take is told before: tokens, the cache's share, money, time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.ask import Answer
from copilot.backends.protocol import Usage
from copilot.evals.expected import Expected, expected, rate_of
from copilot.evals.model import Recipe


def _recipe(tokens: int = 4000, *, depth: float | None = None, apart: bool = False) -> Recipe:
    return Recipe("needle", "single", tokens, tokens, 0, 42, "qwen3", "s", depth, apart)


def _price(prompt: int, cached: int, reply: int) -> float:
    return (prompt - cached) * 1e-3 + cached * 1e-4 + reply * 1e-2


def test_the_questions_of_a_haystack_share_it() -> None:
    batch = (_recipe(), _recipe(), _recipe())
    found = expected([batch, batch], 100, _price, "USD", 100.0)
    assert (found.requests, found.haystacks) == (6, 2)
    assert found.prompt_tokens == 6 * 3900
    assert found.cached_tokens == 4 * 3600
    assert found.cost == pytest.approx(2 * _price(3900, 0, 100) + 4 * _price(3900, 3600, 100))
    assert found.seconds == pytest.approx((6 * 3900 - 4 * 3600) / 100)
    assert found.said == (
        "6 questions about 2 haystacks: 23,400 tokens, of which the cache should hold 14,400; "
        "at most $16.44; about 90 s to read"
    )


def test_a_needle_that_moves_leaves_what_stands_before_it() -> None:
    batch = tuple(_recipe(depth=depth) for depth in (1.0, 0.5, 0.0))
    found = expected([batch], 100, _price, "USD", None)
    assert found.cached_tokens == 1950
    assert found.seconds is None


def test_haystacks_apart_share_nothing() -> None:
    batch = (_recipe(apart=True), _recipe(apart=True))
    assert expected([batch], 100, _price, "USD", None).cached_tokens == 0


def test_what_has_no_price_has_no_cost() -> None:
    found = expected([(_recipe(),)], 100, lambda *_: None, "USD", None)
    assert found.cost is None
    assert found.said == "1 question about 1 haystack: 3,900 tokens"


@given(
    st.lists(
        st.lists(st.tuples(st.integers(500, 9000), st.none() | st.floats(0, 1)), min_size=1),
        max_size=5,
    )
)
def test_no_more_is_cached_than_is_sent(drawn: list[list[tuple[int, float | None]]]) -> None:
    batches = [[_recipe(tokens, depth=depth) for tokens, depth in batch] for batch in drawn]
    found = expected(batches, 1024, _price, "USD", 10.0)
    assert 0 <= found.cached_tokens <= found.prompt_tokens
    assert found.requests == sum(map(len, batches))
    assert found.seconds is not None
    assert found.seconds >= 0


def _answer(usage: Usage | None, first: float | None) -> Answer:
    return Answer(datetime(2026, 1, 1, tzinfo=UTC), "", "stop", usage, 9.0, first)


@pytest.mark.parametrize(
    ("answer", "rate"),
    [
        (_answer(Usage(1000, 1, 0), 10.0), 100.0),
        # All but a few came from a cache: how fast it reads cannot be told.
        (_answer(Usage(1000, 1, 990), 10.0), None),
        (_answer(None, 10.0), None),
        (_answer(Usage(1000, 1), None), None),
        (None, None),
    ],
)
def test_the_rate_is_that_of_what_was_read_anew(answer: Answer | None, rate: float | None) -> None:
    assert rate_of([], "digest", answer) == rate


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (119, "119 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_times_are_said_in_their_unit(seconds: float, said: str) -> None:
    assert Expected(1, 1, 9, 0, None, "USD", seconds).said.endswith(f"about {said} to read")
